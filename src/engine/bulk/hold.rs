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
}

impl HeldBack {
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
        }
    }
}

/// What a decision rests on, beside what was reviewed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances<'a> {
    /// The exemption in words, where there is one.
    pub exempt: Option<&'a str>,
    /// It is the key of a session, or one was made from it.
    pub own: bool,
    /// It was used within the recent days.
    pub recent: bool,
    /// How many other Active keys the user has that this plan leaves Active.
    pub others_stay: usize,
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

/// Why a key is left out: the reason that weighs most.
pub(super) fn held_back(
    step: BulkAction,
    reviewed: &Reviewed,
    circumstances: Circumstances<'_>,
) -> Option<HeldBack> {
    if is_so(step, &reviewed.status) {
        return Some(HeldBack::AlreadySo(reviewed.status.clone()));
    }
    if !step.takes_away() {
        return None;
    }
    if let Some(text) = circumstances.exempt {
        return Some(HeldBack::Exempt(text.into()));
    }
    if circumstances.own {
        return Some(HeldBack::Own);
    }
    match &reviewed.last_used {
        None => Some(HeldBack::UseUnknown),
        Some(LastUsed::At { .. }) if circumstances.recent => Some(HeldBack::InUse),
        // What never worked for anyone stops nothing.
        Some(LastUsed::Never) => None,
        Some(LastUsed::At { .. }) => {
            let last = step == BulkAction::Deactivate && circumstances.others_stay == 0;
            last.then_some(HeldBack::LastActive)
        }
    }
}
