//! The changes that the response to a leak needs beside those to keys: sessions are revoked by a policy,
//! and what else a user can sign in with is switched off or deleted.

use super::{ChangeRow, REVOCATION, Severity, command::Value};
use crate::engine::impact::CredentialKind;

/// The row of the policy that revokes the sessions of a user: that it is put, or without one removed.
pub(super) fn sessions_row<'a>(user: &'a str, document: Option<&'a str>) -> ChangeRow<'a> {
    let user_name = ("UserName", Value::Text(user));
    match document {
        Some(document) => ChangeRow {
            action: "iam:PutUserPolicy",
            target: format!("the sessions of {user}"),
            severity: Severity::Interrupts,
            verb: "Revoke",
            doing: "revoking",
            done: "Revoked",
            consequence: "Sessions of this user made before the time in the policy are denied all that policies govern, console sessions probably too. Not access keys, nor sessions of roles.",
            undo: "You can remove the policy again.",
            is_so: "The user has the policy.",
            is_not_so: "The user does not have the policy, so far.",
            parameters: vec![
                user_name,
                ("PolicyName", Value::Text(REVOCATION)),
                ("PolicyDocument", Value::Text(document)),
            ],
        },
        None => ChangeRow {
            action: "iam:DeleteUserPolicy",
            target: format!("the revocation of the sessions of {user}"),
            severity: Severity::Harmless,
            verb: "Remove",
            doing: "removing",
            done: "Removed",
            consequence: "Sessions that it still denies work again until they expire.",
            undo: "You can revoke them again.",
            is_so: "The user does not have the policy any more.",
            is_not_so: "The user still has the policy, so far.",
            parameters: vec![user_name, ("PolicyName", Value::Text(REVOCATION))],
        },
    }
}

/// The row of another credential than an access key: that it is made Active or Inactive, or deleted.
pub(super) fn credential_row<'a>(
    user: &'a str,
    kind: &'a CredentialKind,
    id: &'a str,
    active: Option<bool>,
) -> ChangeRow<'a> {
    let user_name = ("UserName", Value::Text(user));
    match active {
        Some(active) => {
            let (verb, doing, done) = if active {
                ("Activate", "activating", "Activated")
            } else {
                ("Deactivate", "deactivating", "Deactivated")
            };
            let status = if active { "Active" } else { "Inactive" };
            ChangeRow {
                action: kind.update_action(),
                target: kind.target(id, user),
                severity: if active {
                    Severity::Harmless
                } else {
                    Severity::Interrupts
                },
                verb,
                doing,
                done,
                consequence: if active {
                    "It will work again within seconds."
                } else {
                    "Anything using it will fail immediately."
                },
                undo: if active {
                    "You can deactivate it again."
                } else {
                    "You can reactivate it."
                },
                is_so: "AWS confirms its status.",
                is_not_so: "Its status is another, so far.",
                parameters: vec![
                    user_name,
                    (kind.id_parameter(), Value::Text(id)),
                    ("Status", Value::Text(status)),
                ],
            }
        }
        // The device stays, or what is left of it: it is not the user's any more.
        None if *kind == CredentialKind::MfaDevice => ChangeRow {
            action: kind.delete_action(),
            target: kind.target(id, user),
            severity: Severity::Destroys,
            verb: "Deactivate",
            doing: "deactivating",
            done: "Deactivated",
            consequence: "One MFA device less protects this user's sign-in.",
            undo: "iamkeys can't enable it again: whoever has the device can.",
            is_so: "The user does not have it any more.",
            is_not_so: "The user still has it, so far.",
            parameters: vec![user_name, (kind.id_parameter(), Value::Text(id))],
        },
        None => ChangeRow {
            action: kind.delete_action(),
            target: kind.target(id, user),
            severity: Severity::Destroys,
            verb: "Delete",
            doing: "deleting",
            done: "Deleted",
            consequence: "",
            undo: "This can't be undone.",
            is_so: "The user does not have it any more.",
            is_not_so: "The user still has it, so far.",
            parameters: if *kind == CredentialKind::Password {
                vec![user_name]
            } else {
                vec![user_name, (kind.id_parameter(), Value::Text(id))]
            },
        },
    }
}
