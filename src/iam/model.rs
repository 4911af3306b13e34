//! What an account holds, in our own words: plain data without a trace of the SDK.

use crate::secret::SecretKey;
use chrono::{DateTime, Utc};

/// Access keys a user may have unless the account says otherwise (`AccessKeysPerUserQuota` of
/// `GetAccountSummary`). Inactive keys count.
pub const DEFAULT_KEYS_PER_USER: usize = 2;

/// An IAM user, as `ListUsers` tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name, spelled as AWS spells it. Two names that differ only in case are the same user.
    pub name: Box<str>,
    /// The path, `/` for most.
    pub path: Box<str>,
    /// When the user was made.
    pub created: DateTime<Utc>,
}

/// An access key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// The access key ID, usually 20 characters.
    pub id: String,
    /// Whether AWS accepts it.
    pub status: KeyStatus,
    /// When it was created. AWS leaves this out only where it does not know.
    pub created: Option<DateTime<Utc>>,
}

/// Whether a key is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// Requests signed with it are accepted.
    Active,
    /// Refused until it is activated again. It still counts against the quota.
    Inactive,
    /// A status that AWS has added since: shown as it is, treated as one that may be in use.
    Other(String),
}

impl KeyStatus {
    /// The word AWS and this program use for it.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
            Self::Other(word) => word,
        }
    }
}

/// What `GetAccessKeyLastUsed` says of a key. AWS records a use once in 15 minutes, may lag by
/// several more, and has kept track since 2015-04-22.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastUsed {
    /// AWS has no use of this key on record.
    Never,
    /// The latest use on record.
    At {
        /// When.
        time: DateTime<Utc>,
        /// By which service, such as `s3`; none where AWS answers `N/A`.
        service: Option<String>,
        /// In which region; none where AWS answers `N/A`.
        region: Option<String>,
    },
}

/// Who the session is signed in as (`sts:GetCallerIdentity`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account's number, 12 digits.
    pub account: String,
    /// The ARN of the user or the assumed role.
    pub arn: String,
}

impl Caller {
    /// The part of the ARN that a person recognises: a user's name, or `role/session`.
    #[must_use]
    pub fn name(&self) -> &str {
        let resource = self.arn.splitn(6, ':').nth(5).unwrap_or(&self.arn);
        match resource.split_once('/') {
            Some(("user", path)) => path.rsplit('/').next().unwrap_or(path),
            Some(("assumed-role" | "federated-user", name)) => name,
            _ => resource,
        }
    }
}

/// One page of `ListUsers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsersPage {
    /// The users of this page, in the service's order.
    pub users: Vec<User>,
    /// What to ask the next page with; none at the end.
    pub next: Option<String>,
}

/// Something to be changed in the account, complete in itself: it is fixed when a confirmation
/// opens and travels unchanged from there to the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Create an access key.
    Create {
        /// For whom.
        user: Box<str>,
    },
    /// Deactivate a key, or activate it again.
    SetActive {
        /// Whose key it is.
        user: Box<str>,
        /// The key's ID.
        key: String,
        /// To which side.
        active: bool,
    },
    /// Delete a key for good.
    Delete {
        /// Whose key it is.
        user: Box<str>,
        /// The key's ID.
        key: String,
    },
}

impl Change {
    /// The user it concerns.
    #[must_use]
    pub fn user(&self) -> &str {
        match self {
            Self::Create { user } | Self::SetActive { user, .. } | Self::Delete { user, .. } => {
                user
            }
        }
    }

    /// The key it concerns; none for a key that does not exist yet.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Create { .. } => None,
            Self::SetActive { key, .. } | Self::Delete { key, .. } => Some(key),
        }
    }

    /// Whether something that worked before works no longer once it is done.
    #[must_use]
    pub fn takes_away(&self) -> bool {
        matches!(
            self,
            Self::Delete { .. } | Self::SetActive { active: false, .. }
        )
    }

    /// The verb, as buttons and titles say it.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Create { .. } => "Create",
            Self::SetActive { active: true, .. } => "Activate",
            Self::SetActive { active: false, .. } => "Deactivate",
            Self::Delete { .. } => "Delete",
        }
    }

    /// The verb for something under way.
    #[must_use]
    pub fn doing(&self) -> &'static str {
        match self {
            Self::Create { .. } => "creating",
            Self::SetActive { active: true, .. } => "activating",
            Self::SetActive { active: false, .. } => "deactivating",
            Self::Delete { .. } => "deleting",
        }
    }

    /// The verb for something that is done.
    #[must_use]
    pub fn done(&self) -> &'static str {
        match self {
            Self::Create { .. } => "Created",
            Self::SetActive { active: true, .. } => "Activated",
            Self::SetActive { active: false, .. } => "Deactivated",
            Self::Delete { .. } => "Deleted",
        }
    }

    /// What it is done to, in words: `AKIA… of alice`, `a key for alice`.
    #[must_use]
    pub fn target(&self) -> String {
        match self.key() {
            Some(key) => format!("{key} of {}", self.user()),
            None => format!("a key for {}", self.user()),
        }
    }
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
    /// The account is as it was asked to be.
    Done,
}

/// A change that was made, and what AWS support would ask for.
#[derive(Debug)]
pub struct Done {
    /// What came of it.
    pub changed: Changed,
    /// The service's ID for the request; none where an endpoint gives none.
    pub request_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_named_as_a_person_would() {
        let name = |arn: &str| {
            Caller {
                account: String::new(),
                arn: arn.into(),
            }
            .name()
            .to_owned()
        };
        assert_eq!(name("arn:aws:iam::123456789012:user/alice"), "alice");
        assert_eq!(name("arn:aws:iam::123456789012:user/eng/a/alice"), "alice");
        assert_eq!(
            name("arn:aws:sts::123456789012:assumed-role/Admin/alice"),
            "Admin/alice"
        );
        assert_eq!(name("arn:aws-cn:iam::123456789012:root"), "root");
        assert_eq!(name("odd"), "odd");
    }
}
