//! What can be asked of an account: each read and each change, with one row of facts each. Loader,
//! driver, activity, journal, confirmations and the equivalent `aws` command all take what they say
//! from that row, so that a new request without its words does not compile.

mod command;
mod exemption;
mod read;
mod response;

pub use read::{Answer, Read, ReadRow};

use super::{SecretKey, error::Error, impact::CredentialKind, model::AccessKey};
use command::{Parameter, Value, command};
use exemption::exemption_row;
use response::{credential_row, sessions_row};
use std::borrow::Cow;

/// The name of the inline policy that denies everything to the sessions of a user that were made before
/// a time.
pub const REVOCATION: &str = "iamkeys-revoke-older-sessions";

/// A change to the account, complete in itself: what its confirmation shows when it is approved travels
/// unchanged from there to the wire. It is fixed when the confirmation opens, but for the time in a
/// revocation: as long as that is read, it moves on, and is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Create an access key.
    Create {
        /// The user who gets it.
        user: Box<str>,
    },
    /// Activate or deactivate a key.
    SetActive {
        /// The user who has the key.
        user: Box<str>,
        /// The key's ID.
        key: String,
        /// Whether it is to be Active.
        active: bool,
    },
    /// Delete a key for good.
    Delete {
        /// The user who has the key.
        user: Box<str>,
        /// The key's ID.
        key: String,
    },
    /// Describe a key as the console does it: in a tag of the user whose key is the key's ID.
    SetDescription {
        /// The user who has the key.
        user: Box<str>,
        /// The key's ID.
        key: String,
        /// The description; `None` removes the tag. An empty one is a tag without a value, which is
        /// not the same.
        text: Option<String>,
    },
    /// Exempt a key, or all keys of a user, from findings: in a tag of the user.
    SetExemption {
        /// The user.
        user: Box<str>,
        /// The key's ID; `None` for all keys of the user.
        key: Option<String>,
        /// Until when, and why, as the tag says it; `None` removes the tag.
        text: Option<String>,
    },
    /// Deny everything to the sessions of a user that were made before a time: with an inline policy of
    /// the name [`REVOCATION`]. Access keys are not concerned.
    RevokeSessions {
        /// The user.
        user: Box<str>,
        /// The policy.
        document: Box<str>,
    },
    /// Remove that policy.
    LiftRevocation {
        /// The user.
        user: Box<str>,
    },
    /// Activate or deactivate another credential of a user.
    SetCredential {
        /// The user.
        user: Box<str>,
        /// What it is.
        kind: CredentialKind,
        /// Its ID.
        id: Box<str>,
        /// Whether it is to be Active.
        active: bool,
    },
    /// Delete another credential of a user; an MFA device is taken from them.
    DeleteCredential {
        /// The user.
        user: Box<str>,
        /// What it is.
        kind: CredentialKind,
        /// Its ID; a password has none.
        id: Box<str>,
    },
}

/// What came of a change that succeeded.
#[derive(Debug)]
pub enum Changed {
    /// A key was created. This is the only copy of its secret.
    Created {
        /// The key.
        key: AccessKey,
        /// Its secret.
        secret: SecretKey,
    },
    /// Something has come back that does not look like the key that was asked for. It may have been
    /// created all the same: the account has to tell, as after an answer that was lost. What was
    /// received is the only copy, should it be right.
    Unsure {
        /// The key, as far as it can be told.
        key: AccessKey,
        /// The secret as it was received.
        secret: SecretKey,
        /// What is wrong with it: an error whose outcome is unknown.
        error: Box<Error>,
    },
    /// The account is as it was asked to be.
    Done,
}

impl Changed {
    /// The error of a change, or of what has come back of it.
    #[must_use]
    pub fn error(result: &Result<Self, Error>) -> Option<&Error> {
        match result {
            Err(error) => Some(error),
            Ok(Self::Unsure { error, .. }) => Some(error),
            Ok(_) => None,
        }
    }
}

/// How much harm a change can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Everything that worked goes on working.
    Harmless,
    /// What uses the key stops working, until it is activated again.
    Interrupts,
    /// The key is gone.
    Destroys,
}

/// The facts about a change.
#[derive(Clone, Debug)]
pub struct ChangeRow<'a> {
    /// The action, as policies name it.
    pub action: &'static str,
    /// What it is done to, in words: `AKIA… of alice`, `a key for alice`.
    pub target: String,
    /// How much harm it can do.
    pub severity: Severity,
    /// The verb, as buttons and titles say it.
    pub verb: &'static str,
    /// The verb while it is under way.
    pub doing: &'static str,
    /// The verb once it is done.
    pub done: &'static str,
    /// What follows from it.
    pub consequence: &'static str,
    /// Whether it can be undone.
    pub undo: &'static str,
    /// What is said where its answer was lost and the account shows that it was done.
    pub is_so: &'static str,
    /// What is said there where the account does not show it yet.
    pub is_not_so: &'static str,
    /// What is sent with it.
    parameters: Vec<Parameter<'a>>,
}

impl Change {
    /// Its row.
    #[must_use]
    pub fn row(&self) -> ChangeRow<'_> {
        let (user, key) = (self.user(), self.key().unwrap_or_default());
        let target = format!("{key} of {user}");
        let user_name = ("UserName", Value::Text(user));
        let key_id = ("AccessKeyId", Value::Text(key));
        match self {
            Self::Create { .. } => ChangeRow {
                action: "iam:CreateAccessKey",
                target: format!("a key for {user}"),
                severity: Severity::Harmless,
                verb: "Create",
                doing: "creating",
                done: "Created",
                consequence: "AWS returns the secret only once. Copy or save it as soon as the key is created.",
                undo: "You can delete the key again.",
                is_so: "A key has appeared.",
                is_not_so: "No key has appeared so far. AWS may take some seconds to show one.",
                parameters: vec![user_name],
            },
            Self::SetActive { active: true, .. } => ChangeRow {
                action: "iam:UpdateAccessKey",
                target,
                severity: Severity::Harmless,
                verb: "Activate",
                doing: "activating",
                done: "Activated",
                consequence: "It will work again within seconds.",
                undo: "You can deactivate it again.",
                is_so: "AWS confirms: Active.",
                is_not_so: "The key is not Active, so far.",
                parameters: vec![user_name, key_id, ("Status", Value::Text("Active"))],
            },
            Self::SetActive { .. } => ChangeRow {
                action: "iam:UpdateAccessKey",
                target,
                severity: Severity::Interrupts,
                verb: "Deactivate",
                doing: "deactivating",
                done: "Deactivated",
                consequence: "Anything using it will fail immediately.",
                undo: "You can reactivate it.",
                is_so: "AWS confirms: Inactive.",
                is_not_so: "The key is not Inactive, so far.",
                parameters: vec![user_name, key_id, ("Status", Value::Text("Inactive"))],
            },
            Self::Delete { .. } => ChangeRow {
                action: "iam:DeleteAccessKey",
                target,
                severity: Severity::Destroys,
                verb: "Delete",
                doing: "deleting",
                done: "Deleted",
                consequence: "",
                undo: "This can't be undone.",
                is_so: "The account no longer has it.",
                is_not_so: "The key is still there, so far.",
                parameters: vec![user_name, key_id],
            },
            Self::SetDescription { text: None, .. } => ChangeRow {
                action: "iam:UntagUser",
                // It is not the key that is cleared.
                target: format!("the description of {target}"),
                severity: Severity::Harmless,
                verb: "Clear",
                doing: "clearing",
                done: "Cleared",
                consequence: "The key has no description any more.",
                undo: "You can describe it again.",
                is_so: "The key has no description.",
                is_not_so: "The key still has a description, so far.",
                parameters: vec![user_name, ("TagKeys", Value::List(key.into()))],
            },
            Self::SetDescription { text: Some(it), .. } => ChangeRow {
                action: "iam:TagUser",
                target,
                severity: Severity::Harmless,
                verb: "Describe",
                doing: "describing",
                done: "Described",
                consequence: "Anyone who may list the user's tags can read it.",
                undo: "You can change it again.",
                is_so: "The account has this description.",
                is_not_so: "The description is another, so far.",
                parameters: vec![user_name, ("Tags", Value::Tag(key.into(), it))],
            },
            Self::SetExemption { user, key, text } => {
                exemption_row(user, key.as_deref(), text.as_deref())
            }
            Self::RevokeSessions { user, document } => sessions_row(user, Some(document)),
            Self::LiftRevocation { user } => sessions_row(user, None),
            Self::SetCredential {
                user,
                kind,
                id,
                active,
            } => credential_row(user, kind, id, Some(*active)),
            Self::DeleteCredential { user, kind, id } => credential_row(user, kind, id, None),
        }
    }

    /// What the journal notes of it besides action, user and key: whether something is to be Active, and
    /// a text.
    #[must_use]
    pub fn noted(&self) -> (Option<bool>, Option<Cow<'_, str>>) {
        match self {
            Self::SetActive { active, .. } => (Some(*active), None),
            Self::SetDescription { text, .. } => (None, text.as_deref().map(Cow::from)),
            // That it says whether it is to be is what tells it from a description.
            Self::SetExemption { text, .. } => {
                (Some(text.is_some()), text.as_deref().map(Cow::from))
            }
            Self::RevokeSessions { document, .. } => (None, Some(Cow::from(&**document))),
            Self::SetCredential {
                kind, id, active, ..
            } => (Some(*active), Some(kind.noted(id).into())),
            Self::DeleteCredential { kind, id, .. } => (None, Some(kind.noted(id).into())),
            Self::Create { .. } | Self::Delete { .. } | Self::LiftRevocation { .. } => (None, None),
        }
    }

    /// The read that tells whether it was done, where its answer was lost.
    #[must_use]
    pub fn told_by(&self) -> Read {
        let user = self.user().into();
        match self {
            Self::SetDescription { .. } | Self::SetExemption { .. } => Read::Tags(user),
            Self::Create { .. } | Self::SetActive { .. } | Self::Delete { .. } => Read::Keys(user),
            Self::RevokeSessions { .. } | Self::LiftRevocation { .. } => Read::Permissions(user),
            Self::SetCredential { .. } | Self::DeleteCredential { .. } => {
                Read::OtherCredentials(user)
            }
        }
    }

    /// The read that shows, before it is sent, whether what it is done to is as it was.
    #[must_use]
    pub fn looked_at_by(&self) -> Read {
        match self.told_by() {
            // Whose tags they are depends on the key.
            Read::Tags(user) => Read::Keys(user),
            read => read,
        }
    }

    /// The change that an action in the journal stands for; `None` where this version knows no such
    /// action, or a part is missing. The reverse of [`Change::noted`].
    #[must_use]
    pub fn of_action(
        action: &str,
        user: &str,
        key: Option<String>,
        active: Option<bool>,
        text: Option<String>,
    ) -> Option<Self> {
        let user: Box<str> = user.into();
        Some(match action {
            "iam:CreateAccessKey" => Self::Create { user },
            "iam:UpdateAccessKey" => Self::SetActive {
                user,
                key: key?,
                active: active?,
            },
            "iam:DeleteAccessKey" => Self::Delete { user, key: key? },
            "iam:TagUser" | "iam:UntagUser" if active.is_some() => {
                Self::SetExemption { user, key, text }
            }
            "iam:TagUser" | "iam:UntagUser" => Self::SetDescription {
                user,
                key: key?,
                text,
            },
            "iam:PutUserPolicy" => Self::RevokeSessions {
                user,
                document: text?.into(),
            },
            "iam:DeleteUserPolicy" => Self::LiftRevocation { user },
            action => {
                let text = text.unwrap_or_default();
                let (kind, id) = CredentialKind::of_action(action, &text)?;
                let id = id.into();
                match active {
                    Some(active) => Self::SetCredential {
                        user,
                        kind,
                        id,
                        active,
                    },
                    None => Self::DeleteCredential { user, kind, id },
                }
            }
        })
    }

    /// The action, as policies name it.
    #[must_use]
    pub fn action(&self) -> &'static str {
        self.row().action
    }

    /// What it is done to, in words.
    #[must_use]
    pub fn target(&self) -> String {
        self.row().target
    }

    /// The user it concerns.
    #[must_use]
    pub fn user(&self) -> &str {
        match self {
            Self::Create { user }
            | Self::SetActive { user, .. }
            | Self::Delete { user, .. }
            | Self::SetDescription { user, .. }
            | Self::SetExemption { user, .. }
            | Self::RevokeSessions { user, .. }
            | Self::LiftRevocation { user }
            | Self::SetCredential { user, .. }
            | Self::DeleteCredential { user, .. } => user,
        }
    }

    /// The access key it concerns; `None` for one that does not exist yet, and where it concerns none.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Create { .. }
            | Self::RevokeSessions { .. }
            | Self::LiftRevocation { .. }
            | Self::SetCredential { .. }
            | Self::DeleteCredential { .. } => None,
            Self::SetActive { key, .. }
            | Self::Delete { key, .. }
            | Self::SetDescription { key, .. } => Some(key),
            Self::SetExemption { key, .. } => key.as_deref(),
        }
    }

    /// Whether it is about another credential than an access key.
    #[must_use]
    pub fn is_of_credential(&self) -> bool {
        matches!(
            self,
            Self::SetCredential { .. } | Self::DeleteCredential { .. }
        )
    }

    /// Whether something that works with the key stops working once it is done.
    #[must_use]
    pub fn takes_away(&self) -> bool {
        self.row().severity > Severity::Harmless
    }

    /// The equivalent `aws` command.
    #[must_use]
    pub fn command(&self, profile: Option<&str>, endpoint: Option<&str>) -> String {
        let row = self.row();
        command(row.action, &row.parameters, profile, endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes() -> Vec<Change> {
        let (user, key) = (Box::<str>::from("alice"), "AKIAEXAMPLE".to_owned());
        let set = |active| Change::SetActive {
            user: user.clone(),
            key: key.clone(),
            active,
        };
        let describe = |text: Option<&str>| Change::SetDescription {
            user: user.clone(),
            key: key.clone(),
            text: text.map(str::to_owned),
        };
        let exempt = |key: Option<&str>, text: Option<&str>| Change::SetExemption {
            user: user.clone(),
            key: key.map(str::to_owned),
            text: text.map(str::to_owned),
        };
        let bedrock = || CredentialKind::ServiceSpecific("bedrock.amazonaws.com".into());
        let credential = |kind, id: &str, active: Option<bool>| match active {
            Some(active) => Change::SetCredential {
                user: user.clone(),
                kind,
                id: id.into(),
                active,
            },
            None => Change::DeleteCredential {
                user: user.clone(),
                kind,
                id: id.into(),
            },
        };
        vec![
            Change::Create { user: user.clone() },
            set(true),
            set(false),
            Change::Delete {
                user: user.clone(),
                key: key.clone(),
            },
            describe(Some("backup")),
            describe(None),
            exempt(Some("AKIAEXAMPLE"), Some("2027-01-31 PLAT-212")),
            exempt(None, None),
            Change::RevokeSessions {
                user: user.clone(),
                document: crate::engine::impact::revocation::document(
                    chrono::DateTime::from_timestamp(1_795_000_000, 0).expect("a time"),
                ),
            },
            Change::LiftRevocation { user: user.clone() },
            credential(CredentialKind::SshKey, "APKAEXAMPLE", Some(true)),
            credential(CredentialKind::Certificate, "CERTEXAMPLE", Some(false)),
            credential(bedrock(), "ACCAEXAMPLE", Some(false)),
            credential(CredentialKind::Password, "", None),
            credential(
                CredentialKind::MfaDevice,
                "arn:aws:iam::123456789012:mfa/alice",
                None,
            ),
            credential(CredentialKind::SshKey, "APKAEXAMPLE", None),
            credential(CredentialKind::Certificate, "CERTEXAMPLE", None),
            credential(bedrock(), "ACCAEXAMPLE", None),
        ]
    }

    #[test]
    fn a_change_is_told_in_words() {
        let told: Vec<String> = changes()
            .iter()
            .map(|change| {
                let row = change.row();
                format!("{}, {}, {} {}", row.verb, row.doing, row.done, row.target)
            })
            .collect();
        assert_eq!(
            told,
            [
                "Create, creating, Created a key for alice",
                "Activate, activating, Activated AKIAEXAMPLE of alice",
                "Deactivate, deactivating, Deactivated AKIAEXAMPLE of alice",
                "Delete, deleting, Deleted AKIAEXAMPLE of alice",
                "Describe, describing, Described AKIAEXAMPLE of alice",
                "Clear, clearing, Cleared the description of AKIAEXAMPLE of alice",
                "Exempt, exempting, Exempted AKIAEXAMPLE of alice",
                "Remove, removing, Removed the exemption of the keys of alice",
                "Revoke, revoking, Revoked the sessions of alice",
                "Remove, removing, Removed the revocation of the sessions of alice",
                "Activate, activating, Activated SSH key APKAEXAMPLE of alice",
                "Deactivate, deactivating, Deactivated signing certificate CERTEXAMPLE of alice",
                "Deactivate, deactivating, Deactivated bedrock credential ACCAEXAMPLE of alice",
                "Delete, deleting, Deleted the console password of alice",
                "Deactivate, deactivating, Deactivated MFA device arn:aws:iam::123456789012:mfa/alice of alice",
                "Delete, deleting, Deleted SSH key APKAEXAMPLE of alice",
                "Delete, deleting, Deleted signing certificate CERTEXAMPLE of alice",
                "Delete, deleting, Deleted bedrock credential ACCAEXAMPLE of alice",
            ]
        );
    }

    #[test]
    fn what_a_lost_answer_leaves_is_told_as_the_account_shows_it() {
        let told: Vec<_> = changes()
            .iter()
            .map(|change| (change.row().is_so, change.row().is_not_so))
            .collect();
        assert_eq!(
            told[4..6],
            [
                (
                    "The account has this description.",
                    "The description is another, so far."
                ),
                (
                    "The key has no description.",
                    "The key still has a description, so far."
                ),
            ]
        );
    }

    #[test]
    fn only_what_destroys_cannot_be_undone() {
        for change in changes() {
            let row = change.row();
            let never = row.undo.contains("can't");
            assert_eq!(never, row.severity == Severity::Destroys, "{row:?}");
        }
    }

    #[test]
    fn what_the_journal_notes_of_a_change_gives_the_change_back() {
        for change in changes() {
            let (active, text) = change.noted();
            let text = text.map(Cow::into_owned);
            let key = change.key().map(str::to_owned);
            let back = Change::of_action(change.action(), change.user(), key, active, text);
            assert_eq!(back, Some(change));
        }
        assert_eq!(
            Change::of_action("iam:NewAction", "alice", None, None, None),
            None
        );
    }
}
