//! How it stands with the sessions that were made from a leaked key: what the policy of the user says,
//! and what of it is known to hold.

use super::{Leak, derived::Derived};
use crate::engine::{
    Engine,
    error::Error,
    impact::{revocation, sessions::later},
    model::LastUsed,
    request::REVOCATION,
};
use chrono::{DateTime, TimeDelta, Utc};

/// A use of a key is taken to be on record so long after it. AWS documents no bound for how late
/// `GetAccessKeyLastUsed` tells a use: the hour is a margin of ours, and covers what clocks differ by.
const LAG: TimeDelta = TimeDelta::hours(1);

/// Whether a use was before or after a time is not told by less than this: AWS may tell the last use so
/// much too early.
const NEAR: TimeDelta = TimeDelta::minutes(15);

/// How it stands with the sessions of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The user's policies are being asked for.
    Asking,
    /// They cannot be seen: why.
    Unknown(Error),
    /// Nothing denies anything to them.
    None,
    /// Those made before this time are denied everything; they last until the other time at most.
    Denied(DateTime<Utc>, DateTime<Utc>),
    /// The same, and the key was used since, so that there may be others: when.
    Since(DateTime<Utc>, DateTime<Utc>),
    /// Those made before this time are denied everything, and have expired.
    Over(DateTime<Utc>),
    /// There is no such policy, and every session of the key has expired: its last use on record was
    /// then, if there is one, and was read so long after the key was off that none is missing.
    Expired(Option<DateTime<Utc>>),
    /// The same, but for a use so shortly before the key was off, or known to be, that it may not be on
    /// record yet.
    Quiet(Option<DateTime<Utc>>),
    /// A policy of the name says something else.
    Foreign,
}

/// Why sessions may be left although those made before a time are denied everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The key can make others.
    Live,
    /// Whether it can is not known, or not any more.
    StatusUnknown,
    /// When the key was last used is not known, or not any more.
    UseUnknown,
    /// It was used so shortly before that it may have been after: when.
    Near(DateTime<Utc>),
    /// It may have been used so shortly before it was off, or known to be, that this is not on record
    /// yet.
    Lag,
}

impl Leak<'_> {
    /// When the key was last used, where that is known and was not refused since.
    pub(super) fn last_use(&self) -> Option<&LastUsed> {
        let load = &self.row?.last_used;
        load.known().filter(|_| load.error().is_none())
    }

    /// Whether it is known that AWS does not accept the key: what was known before the user's keys were
    /// refused is not.
    #[must_use]
    pub fn is_off(&self) -> bool {
        !self.is_live() && self.keys_error.is_none()
    }

    /// Whether every use of the key is on record: the last one was read so long after the key was known
    /// to be off.
    fn knows_use(&self) -> bool {
        let both = self.off_since.zip(self.use_read);
        self.is_off() && both.is_some_and(|(off, read)| read >= later(off, LAG))
    }

    /// Why sessions may be left, where those made before `cut` are denied everything.
    #[must_use]
    pub fn doubt(&self, cut: DateTime<Utc>) -> Option<Doubt> {
        if !self.is_off() {
            return Some(match self.row {
                Some(_) if self.is_live() => Doubt::Live,
                _ => Doubt::StatusUnknown,
            });
        }
        match self.last_use() {
            None => Some(Doubt::UseUnknown),
            Some(LastUsed::At { time, .. }) if later(*time, NEAR) >= cut => {
                Some(Doubt::Near(*time))
            }
            Some(LastUsed::At { .. } | LastUsed::Never) if self.knows_use() => None,
            Some(LastUsed::At { .. } | LastUsed::Never) => Some(Doubt::Lag),
        }
    }
}

impl Engine {
    /// How it stands with the sessions that were made from a key. Those of roles are not concerned.
    pub(super) fn revocation(&self, leak: &Leak<'_>, events: &Derived) -> Revocation {
        let Some(load) = leak.permissions else {
            return Revocation::Asking;
        };
        // What was known before it was refused may not be so any more.
        if let Some(error) = load.error() {
            return Revocation::Unknown(error.clone());
        }
        let Some(known) = load.known() else {
            return Revocation::Asking;
        };
        let now = self.now;
        // Whatever it was used for, it could have made a session then.
        let told = leak.row.and_then(|row| row.last_used.known());
        let used = match told.or(leak.reported_use) {
            Some(LastUsed::At { time, .. }) => Some(*time),
            _ => None,
        };
        let latest = events.made_last.max(events.used_last).max(used);
        let lives_until = events.lives_until.filter(|until| *until > now);
        if let Some(policy) = known.own_inline(REVOCATION) {
            let Some(document) = policy.document.as_deref() else {
                let needed = "iam:GetUserPolicy";
                let error = known.missing.iter().find(|error| error.action == needed);
                return Revocation::Unknown(error.cloned().unwrap_or(Error::internal(needed)));
            };
            let Some(cut) = revocation::cut_at(document) else {
                return Revocation::Foreign;
            };
            let longest = later(cut, revocation::LONGEST);
            let until = lives_until.map_or(longest, |until| until.max(longest));
            return match latest {
                Some(at) if at >= cut && may_live(at, lives_until, now) => {
                    Revocation::Since(cut, at)
                }
                _ if until <= now => Revocation::Over(cut),
                _ => Revocation::Denied(cut, until),
            };
        }
        if !known.knows_own_inline() {
            let listing = |error: &&Error| error.action == "iam:ListUserPolicies";
            let error = known.missing.iter().find(listing).cloned();
            return error.map_or(Revocation::Asking, Revocation::Unknown);
        }
        // To make a session is a use of the key: without one for as long as a session lasts, and with
        // a key that makes none any more, there is none.
        let lives = lives_until.is_some()
            || latest.is_some_and(|at| later(at, revocation::LONGEST + LAG) > now);
        if lives || !leak.is_off() || leak.last_use().is_none() {
            Revocation::None
        } else if leak.knows_use() {
            Revocation::Expired(latest)
        } else {
            Revocation::Quiet(latest)
        }
    }
}

/// Whether a session may live that was made at a time, or any that is known of until another.
fn may_live(at: DateTime<Utc>, until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    until.is_some() || later(at, revocation::LONGEST) > now
}
