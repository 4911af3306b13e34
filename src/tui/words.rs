//! Sentences that stand in more than one place.

pub(super) use crate::engine::stakes::{in_use, used_at};

use super::{
    action::Action,
    format,
    keymap::{self, Context},
};
use crate::engine::{
    Copied, CopyOutcome, Error, Kind, Remedy, Target,
    account::{Account, Identity, Load},
    destination::{Multiplexer, Why},
    model::LastUsed,
    profiles::portal_label,
    prompt::CodeAsked,
    stakes::use_of,
    text::visible,
    unresolved::{Cause, Finding, Question},
    vault::{Destination, Written},
};
use chrono::{DateTime, Utc};

/// What came of copying, and whether that is good news.
#[must_use]
pub(super) fn copied(what: Copied, outcome: &CopyOutcome) -> (bool, String) {
    let what = what.noun();
    match outcome {
        CopyOutcome::InSystemClipboard => (true, format!("{what} copied to the clipboard")),
        CopyOutcome::SentToTerminal(through) => {
            let through = match through {
                Multiplexer::Tmux => " via tmux",
                Multiplexer::Screen => " via screen",
                Multiplexer::None => "",
            };
            (
                true,
                format!("{what} sent to the terminal's clipboard (OSC 52{through})"),
            )
        }
        CopyOutcome::Unavailable(Why::Off) => {
            (false, format!("{what} not copied: --clipboard off"))
        }
        CopyOutcome::Unavailable(Why::Terminal) => (
            false,
            format!("{what} not copied: no display, and this terminal takes no OSC 52"),
        ),
        CopyOutcome::Failed(error) => (false, format!("{what} not copied: {}", visible(error))),
    }
}

/// What came of writing a secret somewhere, and whether that is good news.
#[must_use]
pub(super) fn written(
    destination: &Destination,
    result: &Result<Written, String>,
) -> (bool, String) {
    match (destination, result) {
        (Destination::Profile(name), Ok(written)) => {
            let text = format!("written to profile {name} in {}", written.path);
            (true, with_doubt(text, written))
        }
        (Destination::File(_) | Destination::Kept(_), Ok(written)) => {
            let text = format!("saved as {}", written.path);
            (true, with_doubt(text, written))
        }
        (Destination::External(_), Ok(written)) => (
            true,
            with_doubt(format!("stored: {}", written.path), written),
        ),
        (_, Err(why)) => (false, format!("{} not written: {why}", destination.words())),
    }
}

fn with_doubt(text: String, written: &Written) -> String {
    match &written.unsure {
        Some(why) => format!("{text}. {why}"),
        None => text,
    }
}

/// The last use of a key, for a card: `used 2 hours ago · s3 · us-east-1`.
#[must_use]
pub(super) fn used(last_used: &Load<LastUsed>, dot: &str, now: DateTime<Utc>) -> String {
    match last_used.known() {
        Some(last_used) => used_with(last_used, dot, now),
        None => match last_used.error() {
            Some(error) if error.kind == Kind::Denied => {
                "last use not known (access denied)".into()
            }
            Some(_) => "last use not known (failed)".into(),
            None => "last use loading".into(),
        },
    }
}

/// What is not known about a user's keys, for their row: one sentence.
#[must_use]
pub(super) fn unknown(question: &Question) -> String {
    let change = &question.change;
    match (&question.cause, &question.finding) {
        (Cause::SecretLost(key), _) => format!("The secret of {key} is lost."),
        (_, Finding::Orphans(keys)) => {
            let keys: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
            format!("The secret of {} is lost.", keys.join(", "))
        }
        _ => format!(
            "Not known whether this was done: {} {}.",
            change.row().verb.to_lowercase(),
            change.target()
        ),
    }
}

/// A last use as a card tells it: when, by which service and where.
#[must_use]
pub(super) fn used_with(last_used: &LastUsed, dot: &str, now: DateTime<Utc>) -> String {
    let (mut text, places) = use_of(last_used, now);
    for place in places {
        text.extend([" ", dot, " ", &*place]);
    }
    text
}

/// As the credential report tells it, which may be hours old.
#[must_use]
pub(super) fn used_by_report(last_used: &LastUsed, dot: &str, now: DateTime<Utc>) -> String {
    format!("{}, says the report", used_with(last_used, dot, now))
}

/// What can be done about an error, as one sentence; empty where nothing can.
#[must_use]
pub(super) fn remedy(error: &Error) -> String {
    let retry = keymap::name(Context::Users, Action::Refresh);
    match error.remedy() {
        Remedy::None => "It may have been deleted elsewhere; the list is fetched again.".into(),
        Remedy::Retry if error.kind == Kind::Throttled => {
            format!("AWS is throttling this account; {retry} tries again.")
        }
        Remedy::Retry if error.kind == Kind::Other => format!("{retry} tries again."),
        Remedy::Retry => format!("The service failed; {retry} tries again."),
        Remedy::AskForPermission => format!("Ask for permission to call {}.", error.action),
        Remedy::AskForPermissionOrMfa => {
            let code = keymap::name(Context::Users, Action::EnterCode);
            format!(
                "A policy denies {}. If it asks for MFA, {code} signs in with a code.",
                error.action
            )
        }
        Remedy::DeleteAKey => {
            "Delete one of the keys first. Inactive keys count toward the limit.".into()
        }
        Remedy::RemoveATag => {
            "A description is a tag, and this user has all the tags it may have: remove one first."
                .into()
        }
        Remedy::RemoveAPolicy => {
            "The inline policies of a user may have 2,048 characters together: remove one first, or \
             attach the managed policy AWSDenyAll for 36 hours."
                .into()
        }
        Remedy::RaiseTheLimit => {
            "This account has reached a limit; its administrator can have it raised.".into()
        }
        Remedy::WaitAMinute => {
            "Something else is changing this user: wait a minute, then do it again.".into()
        }
        Remedy::ReadTheMessage => "AWS does not allow this; its message says why.".into(),
        Remedy::SignInWithMfa => {
            format!("Sign in again, with MFA if a policy asks for it, then press {retry}.")
        }
        Remedy::SignIn => format!("Sign in again, then press {retry}."),
        Remedy::SetTheClock => format!("Set this machine's clock, then press {retry}."),
        Remedy::CheckTheNetwork { retry: true } => {
            format!("Check the network and the endpoint; {retry} tries again.")
        }
        Remedy::CheckTheNetwork { retry: false } => {
            "Check the network and the endpoint, then do it again.".into()
        }
        Remedy::ChooseAJournal => {
            "Start with --no-journal to do without, or --journal PATH.".into()
        }
        Remedy::AllowChanges => "Start without --read-only to change keys.".into(),
    }
}

/// What a list says where the account did not tell.
#[must_use]
pub(super) fn failed(error: &Error) -> &'static str {
    if error.kind == Kind::Denied {
        "denied"
    } else {
        "failed"
    }
}

/// Before what only the credential report tells.
pub(super) const REPORTED: &str = "~";

/// A last use in a list, marked where it is the credential report's: it may be hours old.
#[must_use]
pub(super) fn as_reported(text: &str, reported: bool) -> String {
    format!("{}{text}", if reported { REPORTED } else { "" })
}

/// What has to be known about the root user's keys, which can do everything.
#[must_use]
pub(super) fn root_keys(identity: &Identity, now: DateTime<Utc>) -> String {
    let keys = identity.keys_of_root();
    let what = match keys {
        [] => "an access key".to_owned(),
        [one] if one.active => "an active access key".to_owned(),
        [_] => "an inactive access key".to_owned(),
        several => format!("{} access keys", several.len()),
    };
    let oldest = keys.iter().filter_map(|key| key.rotated).min();
    let age = oldest.map(|time| format!(", {} old", format::long(now - time)));
    let used = keys.iter().filter_map(|key| match key.last_used {
        LastUsed::At { time, .. } => Some(time),
        LastUsed::Never => None,
    });
    let used = match used.max() {
        Some(time) => format!(", used {}", format::ago(now - time)),
        None if keys.is_empty() => String::new(),
        None => ", never used".into(),
    };
    format!("The root user has {what}{}{used}", age.unwrap_or_default())
}

/// How an account is signed in to, in a few words.
#[must_use]
pub(super) fn signed_in_by(account: &Account) -> String {
    let identity = &account.identity;
    match (&identity.role, &identity.profile) {
        (Some(role), _) => match &identity.portal {
            // The portal is that of many, and may be cut off.
            Some(portal) => format!("SSO {role}, {}", portal_label(portal)),
            None => format!("role {role}"),
        },
        (None, Some(profile)) => format!("profile {profile}"),
        (None, None) if account.target == Target::Demo => "demo".into(),
        (None, None) => "environment".into(),
    }
}

/// What stops working without a key, as far as its last use tells.
#[must_use]
pub(super) fn at_stake(last_used: &Load<LastUsed>, now: DateTime<Utc>) -> String {
    const STOPS: &str = "anything using it stops working";
    match last_used.known() {
        Some(LastUsed::Never) => "Never used: nothing is known to use it.".into(),
        Some(LastUsed::At {
            time,
            service,
            region,
        }) => {
            let by = service.as_deref().map(|by| format!(" by {}", visible(by)));
            let place = region.as_deref().map(|at| format!(" in {}", visible(at)));
            let (by, place) = (by.unwrap_or_default(), place.unwrap_or_default());
            format!("Used {}{by}{place}: {STOPS}.", format::ago(now - *time))
        }
        None => format!("Its last use is not known: {STOPS}."),
    }
}

/// What is said in the terminal of the program that gives the code that is asked for, and that has the
/// terminal from now on. Its command may hold a password, and is not named.
pub(super) fn has_terminal(asked: &CodeAsked) -> String {
    let of_profile = match &asked.profile {
        Some(name) => format!(" of profile {name}"),
        None => String::new(),
    };
    format!(
        "iamkeys: mfa_process is running, for device {}{of_profile}. Ctrl-C ends it.",
        asked.serial
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::model::KeyStatus;
    use chrono::TimeDelta;

    #[test]
    fn a_last_use_is_told_with_as_much_as_is_known_of_it() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let told = |service: Option<&str>, region: Option<&str>| {
            let last_used = LastUsed::At {
                time: now - TimeDelta::hours(2),
                service: service.map(Into::into),
                region: region.map(Into::into),
            };
            let last_used = Load::Ready(last_used);
            (
                used(&last_used, "·", now),
                in_use(&KeyStatus::Active, &last_used, now),
            )
        };
        for (service, region, card, sentence) in [
            (
                Some("s3"),
                Some("us-east-1"),
                " · s3 · us-east-1",
                ": s3 in us-east-1",
            ),
            (Some("s3"), None, " · s3", ": s3"),
            (None, Some("us-east-1"), " · us-east-1", ": us-east-1"),
            (None, None, "", ""),
        ] {
            let (of_card, of_sentence) = told(service, region);
            assert_eq!(of_card, format!("used 2 hours ago{card}"));
            let when = "used 2 hours ago (2024-10-03 22:00 UTC)";
            assert_eq!(of_sentence, format!("Active, {when}{sentence}."));
        }
        let never = Load::Ready(LastUsed::Never);
        assert_eq!(used(&never, "·", now), "never used");
        assert_eq!(
            in_use(&KeyStatus::Inactive, &never, now),
            "Inactive, never used."
        );
    }
}
