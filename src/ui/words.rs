//! Sentences that stand in more than one place.

use crate::{
    effect::Copied,
    iam::{KeyStatus, Kind, LastUsed},
    message::CopyOutcome,
    secret::{clipboard::Why, osc52::Multiplexer},
    state::{
        load::Load,
        questions::{Cause, Finding, Question},
    },
    text::visible,
    ui::format,
};
use chrono::{DateTime, Utc};

/// What came of copying, and whether that is good news.
#[must_use]
pub fn copied(what: Copied, outcome: &CopyOutcome) -> (bool, String) {
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

/// The last use of a key, for a card: `used 2 hours ago · s3 · us-east-1`.
#[must_use]
pub fn used(last_used: &Load<LastUsed>, dot: &str, now: DateTime<Utc>) -> String {
    match last_used.known() {
        Some(LastUsed::Never) => "never used".into(),
        Some(LastUsed::At {
            time,
            service,
            region,
        }) => {
            let when = format!("used {}", format::ago(now - *time));
            let places = [service, region].into_iter().flatten();
            let places = places.map(|place| format!(" {dot} {}", visible(place)));
            when + &places.collect::<String>()
        }
        None => match last_used.error() {
            Some(error) if error.kind == Kind::Denied => "last use not known (refused)".into(),
            Some(_) => "last use not known (failed)".into(),
            None => "last use loading".into(),
        },
    }
}

/// What is not known about a user's keys, for their row: one sentence.
#[must_use]
pub fn unknown(question: &Question) -> String {
    let change = &question.change;
    match (&question.cause, &question.finding) {
        (Cause::SecretLost(key), _) => format!("Nobody has the secret of {key}."),
        (_, Finding::Orphans(keys)) => {
            let keys: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
            format!("Nobody has the secret of {}.", keys.join(", "))
        }
        _ => format!(
            "Not known whether this was done: {} {}.",
            change.verb().to_lowercase(),
            change.target()
        ),
    }
}

/// Status and last use of a key, for a confirmation: one sentence.
#[must_use]
pub fn in_use(status: &KeyStatus, last_used: &Load<LastUsed>, now: DateTime<Utc>) -> String {
    format!("{}, {}.", visible(status.word()), used_at(last_used, now))
}

/// The last use of a key with its moment, for who decides by it.
#[must_use]
pub fn used_at(last_used: &Load<LastUsed>, now: DateTime<Utc>) -> String {
    match last_used.known() {
        Some(LastUsed::Never) => "never used".into(),
        Some(LastUsed::At {
            time,
            service,
            region,
        }) => {
            let when = format!(
                "used {} ({})",
                format::ago(now - *time),
                format::minute(*time)
            );
            match (service, region) {
                (Some(service), Some(region)) => {
                    format!("{when}: {} in {}", visible(service), visible(region))
                }
                (Some(place), None) | (None, Some(place)) => format!("{when}: {}", visible(place)),
                (None, None) => when,
            }
        }
        None if last_used.error().is_some() => "its last use is not known".into(),
        None => "its last use is not loaded yet".into(),
    }
}
