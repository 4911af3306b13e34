//! What is left out of a plan unless a person includes it, and why.

use super::{BulkAction, Reviewed};
use crate::engine::model::{KeyStatus, LastUsed};

/// Why a key is left out of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldBack {
    /// It has the status already that it would get; this one.
    AlreadySo(KeyStatus),
    /// It is no longer there.
    Gone,
    /// It is exempt, in words: until when, and why.
    Exempt(Box<str>),
    /// A session of this program is signed in with it, or was made from it.
    Own,
    /// It was used within the recent days.
    InUse,
    /// No other key of the user is Active, and it was used once: what the user does ends with it.
    LastActive,
    /// It is not known when it was last used.
    UseUnknown,
    /// It was never used, and is younger than the days of grace that a new key has.
    New,
    /// It is not known whether it is exempt: the tags of its user, which tell, could not be read.
    ExemptionUnknown,
}

impl HeldBack {
    /// Whether it is the same reason, whatever its words are.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Whether a person can include it all the same.
    #[must_use]
    pub fn can_be_included(&self) -> bool {
        !matches!(self, Self::AlreadySo(_) | Self::Gone)
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::AlreadySo(status) => format!("already {}", status.word()),
            Self::Gone => "no longer there".into(),
            Self::Exempt(text) => format!("exempt: {text}"),
            Self::Own => "your own key".into(),
            Self::InUse => "in use".into(),
            Self::LastActive => "last active key".into(),
            Self::UseUnknown => "last use not known".into(),
            Self::New => "new, not used yet".into(),
            Self::ExemptionUnknown => "exemption not known".into(),
        }
    }
}

/// What a decision rests on, beside what was reviewed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances<'a> {
    /// That it is exempt, or that this is not known.
    pub exempt: Option<&'a HeldBack>,
    /// It is the key of a session, or one was made from it.
    pub own: bool,
    /// It was used within the recent days.
    pub recent: bool,
    /// It is within the days of grace.
    pub new: bool,
}

/// What a plan does to a key of this status.
pub(super) fn step(action: BulkAction, status: &KeyStatus) -> BulkAction {
    match action {
        // Never what is, or may be, in use: first it is deactivated, and watched.
        BulkAction::Delete if *status != KeyStatus::Inactive => BulkAction::Deactivate,
        action => action,
    }
}

/// Whether a key of this status has the one already that this would give it.
pub(super) fn is_so(step: BulkAction, status: &KeyStatus) -> bool {
    match step {
        BulkAction::Deactivate => *status == KeyStatus::Inactive,
        BulkAction::Activate => *status == KeyStatus::Active,
        BulkAction::Delete => false,
    }
}

/// Why a key is left out: all reasons, the one that weighs most first. Whether it is the last Active key
/// of its user depends on the other keys of the plan: see [`super::last`].
pub(super) fn holds(
    step: BulkAction,
    reviewed: &Reviewed,
    circumstances: Circumstances<'_>,
) -> Vec<HeldBack> {
    if is_so(step, &reviewed.status) {
        return vec![HeldBack::AlreadySo(reviewed.status.clone())];
    }
    if !step.takes_away() {
        return Vec::new();
    }
    let exempt = circumstances.exempt.cloned();
    // What is known weighs more than what is not.
    let is_known = |it: &HeldBack| *it != HeldBack::ExemptionUnknown;
    let unknown = exempt.clone().filter(|it| !is_known(it));
    let exempt = exempt.filter(is_known);
    let own = circumstances.own.then_some(HeldBack::Own);
    let by_use = match &reviewed.last_used {
        None => Some(HeldBack::UseUnknown),
        Some(LastUsed::At { .. }) => circumstances.recent.then_some(HeldBack::InUse),
        // What never worked for anyone stops nothing, once it had its time to begin.
        Some(LastUsed::Never) => circumstances.new.then_some(HeldBack::New),
    };
    let holds = exempt.into_iter().chain(own).chain(by_use);
    holds.chain(unknown).collect()
}
