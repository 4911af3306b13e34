//! What the page of a leaked key says of the sessions that were made from it, and of those of roles.

use super::words::{Said, times};
use crate::{
    engine::{
        account::Load,
        impact::revocation,
        leak::{Doubt, Leak, Revocation},
    },
    tui::{prelude::*, words},
};
use chrono::{DateTime, Utc};

/// How it stands with them, in a few words.
pub(super) fn revoke(canvas: &Canvas<'_>, leak: &Leak<'_>) -> String {
    let ago = |at: &DateTime<Utc>| format::ago(canvas.now - *at);
    match &leak.revocation {
        Revocation::Asking => "the user's policies are being asked for".into(),
        Revocation::Unknown(error) if leak.permissions.and_then(Load::known).is_some() => {
            format!("not known any more: {}", error.short())
        }
        Revocation::Unknown(error) => format!("not known: {}", error.short()),
        Revocation::None => "not revoked: they may last for 36 hours".into(),
        Revocation::Denied(cut, _) => {
            let doubt = match leak.doubt(*cut) {
                None => String::new(),
                Some(Doubt::Live) => "; the key can make others".into(),
                Some(Doubt::StatusUnknown) => "; whether it makes others is not known".into(),
                Some(Doubt::UseUnknown) => "; whether it made others is not known".into(),
                Some(Doubt::Near(at)) => format!("; it was used {}", format::minute(at)),
                Some(Doubt::Lag) => "; a use within the last hour may not be told yet".into(),
            };
            format!(
                "those made before {} are denied{doubt}",
                format::minute(*cut)
            )
        }
        Revocation::Since(cut, at) => format!(
            "revoked {}, and the key was used after that, {}",
            ago(cut),
            ago(at)
        ),
        Revocation::Over(cut) => {
            let offered = if leak.is_live() {
                "; the key can make others"
            } else {
                ": the policy can be removed"
            };
            format!(
                "those made before {} have expired{offered}",
                format::minute(*cut)
            )
        }
        Revocation::Expired(Some(at)) => {
            format!("all have expired: last use on record {}", ago(at))
        }
        Revocation::Expired(None) => "none: no use on record".into(),
        Revocation::Quiet(Some(at)) => format!(
            "not revoked: last use on record {}, and a later one may not be told yet",
            ago(at)
        ),
        Revocation::Quiet(None) => {
            "not revoked: no use on record, and one may not be told yet".into()
        }
        Revocation::Foreign => "a policy of the name says something else".into(),
    }
}

/// What exactly the policy denies to whom, and what it does not.
fn denied(say: &mut Said<'_, '_>, leak: &Leak<'_>, cut: DateTime<Utc>, until: DateTime<Utc>) {
    say.plain(format!(
        "Everything that policies govern is denied to sessions of {} itself (GetSessionToken, \
         GetFederationToken, console sessions probably too) that were issued before {}; AWS takes some \
         seconds to apply the policy. It does not concern access keys, nor sessions of roles.",
        leak.user,
        format::exact(cut)
    ));
    say.dim(format!(
        "The policy can go after {}: this page then offers to remove it. It can be revoked again, for \
         sessions that were made meanwhile: the last use of a key is told to the minute, and late.",
        format::minute(until)
    ));
}

/// What is said of them where their step is open.
pub(super) fn revoke_details(say: &mut Said<'_, '_>, leak: &Leak<'_>) {
    match &leak.revocation {
        Revocation::Denied(cut, until) => denied(say, leak, *cut, *until),
        Revocation::Since(cut, _) => {
            denied(say, leak, *cut, *cut + revocation::LONGEST);
        }
        Revocation::Over(_) => say.plain(
            "Sessions of a user last for 36 hours at most: there is none left that the policy denies.",
        ),
        Revocation::Quiet(_) => say.plain(
            "A session of a user lasts for 36 hours at most, and none is known to be left. AWS tells the \
             last use of a key late: revoke what may have been made meanwhile, or ask again in an hour.",
        ),
        Revocation::Expired(_) => {
            say.plain(
                "A session of a user lasts for 36 hours at most, and the key makes none any more.",
            );
        }
        Revocation::Foreign => {
            say.warn("It is not what iamkeys writes. Revoking replaces it: read it first.");
        }
        Revocation::Unknown(error) => say.warn(format!(
            "The user's policies could not be read: {}. {}",
            error.short(),
            words::remedy(error)
        )),
        _ => {}
    }
    if !matches!(
        leak.revocation,
        Revocation::Denied(..)
            | Revocation::Since(..)
            | Revocation::Over(_)
            | Revocation::Expired(_)
            | Revocation::Quiet(_)
            | Revocation::Foreign
    ) {
        say.plain(format!(
            "Deactivating does not end them. An inline policy on {} denies everything to those that \
             were made until now; access keys are not affected. It needs iam:PutUserPolicy.",
            leak.user
        ));
    }
    if let Some(error) = leak.row.and_then(|row| row.last_used.error()) {
        let last = "When the key was last used is not known now";
        say.warn(format!("{last}: {}.", error.short()));
    }
    if leak.is_live() {
        say.warn("The key can make new ones: deactivate it first.");
    }
    if leak.roles.is_empty() {
        say.dim(match (leak.seen.events > 0, leak.has_seen_all()) {
            (_, true) => "No role was seen to be assumed with it in the last 90 days.",
            (true, false) => {
                "No role was seen to be assumed with it, as far as its events are loaded. Sessions of \
                 roles would not be ended by this."
            }
            (false, false) => {
                "Whether roles were assumed with it is not known: their sessions are not ended by this."
            }
        });
        return;
    }
    say.warn(
        "Still possible: sessions of roles, which last for up to 12 hours and can renew each other. \
         Revoking those of a role ends everybody's:",
    );
    for role in &leak.roles {
        let ago = format::ago(say.lines.canvas.now - role.last);
        say.plain(format!(
            "{}, {} assumed, last {ago}",
            role.arn,
            times(role.count)
        ));
    }
}
