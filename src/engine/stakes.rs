//! What is at stake where a change is confirmed, in words: on the screen and in the terminal of a
//! command.

use super::{
    Difference, Engine, KeyFacts, LeakStep, Plan, Preflight, Severity,
    account::Load,
    age::ago,
    leak::StepState,
    model::{KeyStatus, LastUsed},
    text::visible,
};
use chrono::{DateTime, Utc};
use std::borrow::Cow;

/// How much a sentence of a confirmation weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It is told.
    Told,
    /// It is marked, and harms nobody.
    Noted,
    /// It warns.
    Warning,
    /// Something will be lost.
    Danger,
    /// It goes on with the one before.
    Below,
}

/// A sentence of a confirmation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stake {
    /// How much it weighs.
    pub weight: Weight,
    /// What it says.
    pub text: String,
}

impl Engine {
    /// What is at stake in a plan about a key: its state, and what follows. `instead` says how an Active
    /// key that would be deleted is deactivated instead; nothing where that is said elsewhere.
    #[must_use]
    pub fn stakes(&self, plan: &Plan, facts: &KeyFacts, instead: &str) -> Vec<Stake> {
        let mut stakes = Vec::new();
        let mut say = |weight, text: String| stakes.push(Stake { weight, text });
        let in_use = in_use(&facts.status, &facts.last_used, self.now());
        let is_off = facts.status == KeyStatus::Inactive;
        let row = plan.most_destructive().row();
        // Nothing uses a key that was never used.
        let never = matches!(facts.last_used.known(), Some(LastUsed::Never));
        let follows = if never && row.severity == Severity::Interrupts {
            row.undo.to_owned()
        } else {
            format!("{} {}", row.consequence, row.undo)
        };
        match row.severity {
            Severity::Harmless => {
                say(Weight::Told, in_use);
                say(Weight::Told, follows);
                return stakes;
            }
            Severity::Interrupts => {
                say(Weight::Warning, in_use);
                say(Weight::Below, follows);
            }
            Severity::Destroys => {
                let weight = if is_off && never {
                    Weight::Noted
                } else {
                    Weight::Danger
                };
                say(weight, in_use);
                let then = match plan.second() {
                    None if is_off || instead.is_empty() => String::new(),
                    None => format!(" {instead}"),
                    Some(second) => format!(" Then another key is created for {}.", second.user()),
                };
                say(Weight::Below, format!("{}{then}", row.undo));
            }
        }
        let key = plan.at_risk().unwrap_or_default();
        // Who uses it, where that is known.
        if let Some(words) = self.impact_words(plan.session.slot, key) {
            say(Weight::Below, sentence(&words));
        }
        if facts.others_active == 0 {
            let user = plan.user();
            let text = if is_off {
                format!("No other key of {user} is active.")
            } else {
                format!("It is the only active key of {user}.")
            };
            say(Weight::Warning, text);
        }
        if facts.own {
            let text = "iamkeys is signed in with it: the session ends.";
            say(Weight::Danger, text.into());
        }
        let account = self.fleet.of(plan.session);
        if account.is_some_and(|account| account.is_made_from(key)) {
            let text = "iamkeys' session was made from it, and cannot be renewed without it.";
            say(Weight::Danger, text.into());
        }
        stakes
    }

    /// What is different from what was known when a plan was proposed.
    #[must_use]
    pub fn different(&self, difference: &Difference, plan: &Plan, preflight: &Preflight) -> String {
        let facts = preflight.key.as_ref();
        let new = plan.at_risk().and_then(|key| self.vault.key(key));
        let text = match difference {
            // AWS may take some seconds to list a key that was created a moment ago.
            Difference::NotFound if new.is_some_and(|new| !new.deleted) => {
                "AWS does not list the new key, or not yet. It may still exist: look again in some seconds."
            }
            Difference::Status(before) => {
                let before = before.word();
                return match facts.map(|facts| facts.status.word()) {
                    Some(now) => format!(
                        "It has changed since you looked: it was {before}, and is {now} now. Decide \
                         again."
                    ),
                    None => format!(
                        "It has changed since you looked: it was {before}, and is not any more. Decide \
                         again."
                    ),
                };
            }
            Difference::Appeared(keys) => {
                return format!("Since you looked, {} has appeared.", keys.join(" and "));
            }
            Difference::Policy => {
                "Since you looked, the policy that revokes this user's sessions has changed. Decide again."
            }
            Difference::NotFound => {
                let leak = self.leak_in_sight(plan.session.slot);
                let is_leaked = leak.as_ref().filter(|it| plan.at_risk() == Some(it.key));
                return match is_leaked {
                    // Sessions outlive the key that has made them.
                    Some(leak) if leak.state(LeakStep::Revoke) != StepState::Done => {
                        "It is not there any more. What sessions it has made may live on: revoke them."
                            .into()
                    }
                    _ => "It is not there any more. Nothing is left to be done.".into(),
                };
            }
            Difference::OtherSession => {
                "Another session is open now. Close this, and look at the account again."
            }
            Difference::NoOther => {
                "Since you looked, the other key has been switched off or deleted. Decide again."
            }
            Difference::Used => "It has been used since you looked. Decide again.",
            Difference::UseUnknown => "Its last use can no longer be told. Decide again.",
        };
        text.into()
    }
}

/// A sentence of a few words that stand alone.
#[must_use]
pub fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    let first = rest.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(rest).chain(['.']).collect()
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
        Some(last_used) => {
            let (mut when, places) = use_of(last_used, now);
            if let LastUsed::At { time, .. } = last_used {
                let minute = time.format("%Y-%m-%d %H:%M UTC").to_string();
                when.extend([" (", &minute, ")"]);
            }
            match places {
                places if places.is_empty() => when,
                places => format!("{when}: {}", places.join(" in ")),
            }
        }
        None if last_used.error().is_some() => "its last use is not known".into(),
        None => "its last use is not loaded yet".into(),
    }
}

/// A last use in words, and where it was: service and region, as far as AWS told them.
#[must_use]
pub fn use_of(last_used: &LastUsed, now: DateTime<Utc>) -> (String, Vec<Cow<'_, str>>) {
    match last_used {
        LastUsed::Never => ("never used".into(), Vec::new()),
        LastUsed::At {
            time,
            service,
            region,
        } => {
            let places = [service, region].into_iter().flatten();
            let when = format!("used {}", ago(now - *time));
            (when, places.map(|place| visible(place)).collect())
        }
    }
}
