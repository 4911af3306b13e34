//! What the keys do where the cursor is on the page of a leaked key, and why they do nothing there.

use crate::{
    engine::{
        LeakStep,
        impact::CredentialKind,
        leak::{Leak, Other, Revocation},
    },
    tui::prelude::*,
};

/// What `r` does.
pub(super) const ROTATE: &str = "rotate";

/// What is being done while a change is under way.
pub(super) fn doing(change: &Change) -> &'static str {
    match change {
        Change::SetActive { active: true, .. } | Change::SetCredential { active: true, .. } => {
            "activating"
        }
        Change::RevokeSessions { .. } => "revoking",
        Change::LiftRevocation { .. } => "removing the policy",
        Change::Delete { .. } => "deleting",
        Change::DeleteCredential { kind, .. } if *kind != CredentialKind::MfaDevice => "deleting",
        Change::SetActive { .. }
        | Change::SetCredential { .. }
        | Change::DeleteCredential { .. } => "deactivating",
        Change::Create { .. } | Change::SetDescription { .. } | Change::SetExemption { .. } => {
            "changing"
        }
    }
}

/// Why nothing else is done meanwhile.
pub(super) fn under_way(change: &Change) -> String {
    format!("A change to it is under way: {}", doing(change))
}

/// What the key that goes on does here.
#[derive(Clone, Copy)]
pub(super) struct Press {
    pub verb: &'static str,
    /// It leads to a change, which `--read-only` refuses.
    pub is_change: bool,
}

/// What the key that goes on does here; none where it does nothing.
pub(super) fn press(
    engine: &Engine,
    slot: Slot,
    leak: &Leak<'_>,
    (step, item): (LeakStep, Option<usize>),
) -> Option<Press> {
    let change = |verb| Press {
        verb,
        is_change: true,
    };
    let look = |verb| Press {
        verb,
        is_change: false,
    };
    Some(match (step, item) {
        (LeakStep::Deactivate, _) => {
            engine.leak_change(leak, step)?;
            change("deactivate")
        }
        (LeakStep::Revoke, _) => {
            engine.leak_change(leak, step)?;
            change(match leak.revocation {
                Revocation::Over(_) if !leak.is_live() => "remove the policy",
                Revocation::Over(_) | Revocation::Denied(..) | Revocation::Since(..) => {
                    "revoke again"
                }
                _ => "revoke",
            })
        }
        (LeakStep::Harm, Some(at)) => {
            let (key, user) = leak.harm[at].key()?;
            if super::has_key(engine, slot, user, key) {
                look("deal with it")
            } else {
                look("look for it")
            }
        }
        (LeakStep::Others, Some(at)) => match leak.others()[at] {
            Other::Key(row) if leak.has_made(&row.key.id) => look("deal with it"),
            Other::Key(_) => look("go to the key"),
            other if leak.pending_to(&other).is_some() => return None,
            Other::Credential(credential) => change(match credential.active {
                Some(true) => "deactivate",
                Some(false) => return None,
                None if credential.kind == CredentialKind::MfaDevice => "deactivate",
                None => "delete",
            }),
        },
        (LeakStep::Replace, _) => change(ROTATE),
        (LeakStep::Evidence, _) => look("save"),
        (LeakStep::Harm | LeakStep::Others, None) => return None,
    })
}

/// Whether an MFA device is there: it is deactivated, and not deleted.
pub(super) fn is_mfa(leak: &Leak<'_>, place: (LeakStep, Option<usize>)) -> bool {
    let (LeakStep::Others, Some(at)) = place else {
        return false;
    };
    let others = leak.others();
    matches!(others[at], Other::Credential(it) if it.kind == CredentialKind::MfaDevice)
}

/// Why a step needs nothing now.
pub(super) fn nothing_to_do(leak: &Leak<'_>, step: LeakStep) -> String {
    match (step, &leak.revocation) {
        (LeakStep::Deactivate, _) if leak.is_gone() => "The user does not have this key".into(),
        (LeakStep::Deactivate, _) if leak.row.is_some() => "It is Inactive already".into(),
        (LeakStep::Deactivate, _) => "The user's keys are not known yet".into(),
        _ => "The user's policies are not known yet".into(),
    }
}
