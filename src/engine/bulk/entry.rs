//! A key of a plan: what was known of it when the plan was reviewed, and how far it has come.

use super::{BulkAction, HeldBack};
use crate::engine::{
    effect::ChangeId,
    error::Error,
    model::{KeyStatus, LastUsed},
};
use chrono::{DateTime, Utc};

/// A key of a plan.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and any of them may go together"
)]
pub struct Entry {
    /// Where its account stands among those of the plan.
    pub account: usize,
    /// The user who has it.
    pub user: Box<str>,
    /// The key's ID.
    pub key: Box<str>,
    /// What is done to it: a plan that deletes deactivates what is Active.
    pub step: BulkAction,
    /// Why, in words.
    pub why: Box<str>,
    /// What was known of it.
    pub reviewed: Reviewed,
    /// Why it is left out unless a person includes it: what weighs most.
    pub held_back: Option<HeldBack>,
    /// What else speaks for leaving it out.
    pub also_held: Vec<HeldBack>,
    /// Whether it is changed.
    pub included: bool,
    /// Whether a person has confirmed that it is changed.
    pub confirmed: bool,
    /// An earlier run has sent its step, and it is not known what became of it.
    pub(super) sent_before: bool,
    /// The answer to its step was lost, and the account has told what became of it.
    pub answer_lost: bool,
    /// What is different from what was reviewed, as far as that is known before it is looked at.
    pub difference: Option<Skipped>,
    /// How far it has come.
    pub state: EntryState,
}

/// What was known of a key when the plan was reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// Its status.
    pub status: KeyStatus,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// When it was last used; none where that was not known.
    pub last_used: Option<LastUsed>,
    /// The IDs of the user's other keys.
    pub others: Vec<Box<str>>,
    /// How many of them were not Inactive.
    pub others_active: usize,
}

/// How far a key of a plan has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// Its turn has not come.
    Pending,
    /// It is looked at again.
    Looking,
    /// Its change was sent and is not answered yet.
    UnderWay,
    /// It is done.
    Done,
    /// It was not as reviewed, and was left alone.
    Skipped(Skipped),
    /// It is surely not done.
    Failed(Box<Error>),
    /// It is not known whether it is done: what became of this change is an open question.
    OutcomeUnknown(ChangeId),
}

/// How a key was not as reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// The key or its user no longer exists.
    Gone,
    /// It has the status already that it was to get.
    AlreadySo,
    /// Its status is another: this one.
    Status(KeyStatus),
    /// It was used since, at this time.
    UsedSince(DateTime<Utc>),
    /// The user has another key since.
    AnotherKey(Box<str>),
    /// No other key of the user is Active any more.
    NoOther,
    /// Its last use was known, and cannot be told now.
    UseUnknown,
    /// It is not known what became of an earlier change of it.
    Open,
    /// Something speaks for leaving it out that did not when it was reviewed.
    Held(HeldBack),
}

impl Skipped {
    /// In words, as short as a cell.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Gone => "gone".into(),
            Self::AlreadySo => "already so".into(),
            Self::Status(status) => format!("{} now", status.word()),
            Self::UsedSince(_) => "used since".into(),
            Self::AnotherKey(_) => "another key since".into(),
            Self::NoOther => "last active key".into(),
            Self::UseUnknown => "use unknown".into(),
            Self::Open => "earlier change open".into(),
            // Exempt before, it would not have had its turn.
            Self::Held(HeldBack::Exempt(text)) => format!("exempt since: {text}"),
            Self::Held(why) => why.words(),
        }
    }
}

impl Entry {
    /// Everything that speaks for leaving it out, what weighs most first.
    pub fn holds(&self) -> impl Iterator<Item = &HeldBack> {
        self.held_back.iter().chain(&self.also_held)
    }

    /// Whether a person has included it although something speaks for leaving it out.
    #[must_use]
    pub fn is_overriding(&self) -> bool {
        self.included
            && self
                .held_back
                .as_ref()
                .is_some_and(HeldBack::can_be_included)
    }

    /// Why it is held back, in words: what was used within the recent days need not be in use still, so
    /// that is told by the time.
    #[must_use]
    pub fn hold_words(&self, held: &HeldBack, now: DateTime<Utc>) -> String {
        match (held, &self.reviewed.last_used) {
            (HeldBack::InUse, Some(LastUsed::At { time, .. })) => {
                match (now - *time).num_days().max(0) {
                    0 => "used today".into(),
                    days => format!("used {days}d ago"),
                }
            }
            _ => held.words(),
        }
    }

    /// How it is not as reviewed, in words.
    #[must_use]
    pub fn difference_words(&self, difference: &Skipped) -> String {
        match (difference, self.step) {
            (Skipped::AlreadySo, BulkAction::Deactivate) => "already Inactive".into(),
            (Skipped::AlreadySo, BulkAction::Activate) => "already Active".into(),
            _ => difference.words(),
        }
    }

    /// Everything that speaks for leaving it out, in words; none where nothing does.
    #[must_use]
    pub fn held_words(&self, now: DateTime<Utc>) -> Option<String> {
        let words: Vec<String> = self.holds().map(|it| self.hold_words(it, now)).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    pub(super) fn set_holds(&mut self, holds: Vec<HeldBack>) {
        let mut holds = holds.into_iter();
        self.held_back = holds.next();
        self.also_held = holds.collect();
    }

    /// Whether a person has something to decide about it.
    pub(super) fn can_be_held(&self) -> bool {
        self.held_back
            .as_ref()
            .is_none_or(HeldBack::can_be_included)
    }

    /// It is the last Active key of its user, or it is not.
    pub(super) fn set_last_active(&mut self, is_last: bool) {
        if self.holds().any(|it| *it == HeldBack::LastActive) == is_last {
            return;
        }
        let mut holds: Vec<HeldBack> = self.holds().cloned().collect();
        holds.retain(|it| *it != HeldBack::LastActive);
        holds.extend(is_last.then_some(HeldBack::LastActive));
        self.set_holds(holds);
    }

    /// Whether what it is now is what the plan has made of it.
    pub(super) fn was_done(&self, difference: &Skipped) -> bool {
        let is_so = match difference {
            Skipped::AlreadySo => true,
            Skipped::Gone => self.step == BulkAction::Delete,
            _ => false,
        };
        self.sent_before && is_so
    }

    /// Whether nothing is left to be waited for.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(
            self.state,
            EntryState::Done | EntryState::Skipped(_) | EntryState::Failed(_)
        )
    }

    /// Whether it has to be done still: what has surely failed is tried again.
    pub(super) fn is_left(&self) -> bool {
        self.included && matches!(self.state, EntryState::Pending | EntryState::Failed(_))
    }

    /// Whether it is being looked at or changed.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.state, EntryState::Looking | EntryState::UnderWay)
    }

    /// Whether it is next in its turn.
    pub(super) fn is_due(&self) -> bool {
        self.included && self.confirmed && self.state == EntryState::Pending
    }

    /// Whether a plan of its own can take back what was done to it.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        self.state == EntryState::Done && self.step == BulkAction::Deactivate
    }

    /// Why it cannot be left out or taken in now.
    pub(super) fn why_not_toggle(&self, running: bool) -> Option<String> {
        match (&self.state, &self.held_back) {
            (EntryState::Looking | EntryState::UnderWay, _) => Some("It is under way".into()),
            (EntryState::Done, _) => Some(format!("It is {} already", self.step.done())),
            (EntryState::OutcomeUnknown(_), _) => {
                Some("It is not known whether it is done: answer that first".into())
            }
            (EntryState::Skipped(Skipped::Gone), _) => Some("The key no longer exists".into()),
            (EntryState::Skipped(Skipped::AlreadySo), _) => {
                Some(format!("It is {} already", self.step.done()))
            }
            (EntryState::Pending, Some(held)) if !held.can_be_included() => Some(held.words()),
            (EntryState::Pending, _) if running && self.included => None,
            _ if running => Some("Pause the plan first: what is included is confirmed".into()),
            _ => None,
        }
    }
}
