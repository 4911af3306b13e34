//! How it stands with the sessions that were made from a leaked key: what the policy of the user says,
//! and what of it is known to hold.

use super::Leak;
use crate::engine::{
    Engine, error::Error, impact::revocation, model::LastUsed, request::REVOCATION,
};
use chrono::{DateTime, TimeDelta, Utc};

/// A use of a key is on record this long after it at the latest, with all that clocks differ by.
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
    /// There is no such policy, and every session of the key has expired: it was last used then, if
    /// ever.
    Expired(Option<DateTime<Utc>>),
    /// A policy of the name says something else.
    Foreign,
}

/// Why sessions may be left although those made before a time are denied everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The key can make others.
    Live,
    /// Whether it can is not known (any more).
    StatusUnknown,
    /// When the key was last used is not known (any more).
    UseUnknown,
    /// It was used so shortly before that it may have been after: when.
    Near(DateTime<Utc>),
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
            Some(LastUsed::At { time, .. }) if *time + NEAR >= cut => Some(Doubt::Near(*time)),
            Some(LastUsed::At { .. } | LastUsed::Never) => None,
        }
    }
}

impl Engine {
    /// How it stands with the sessions that were made from a key.
    ///
    /// `made` is when a session of the user was made last, as far as its events tell: a role's are not
    /// concerned.
    pub(super) fn revocation(&self, leak: &Leak<'_>, made: Option<DateTime<Utc>>) -> Revocation {
        let Some(load) = leak.permissions else {
            return Revocation::Asking;
        };
        // What was known before it was refused may be so no more.
        if let Some(error) = load.error() {
            return Revocation::Unknown(error.clone());
        }
        let Some(known) = load.known() else {
            return Revocation::Asking;
        };
        if let Some(policy) = known.own_inline(REVOCATION) {
            let Some(document) = policy.document.as_deref() else {
                let error = known.missing.first().cloned();
                return Revocation::Unknown(error.unwrap_or(Error::internal("iam:GetUserPolicy")));
            };
            let Some(cut) = revocation::cut_at(document) else {
                return Revocation::Foreign;
            };
            let until = cut + revocation::LONGEST;
            // Whatever it was used for, it could have made a session then.
            let used = match leak.row.and_then(|row| row.last_used.known()) {
                Some(LastUsed::At { time, .. }) => Some(*time),
                _ => None,
            };
            let latest = made.max(used);
            return match latest {
                Some(at) if at >= cut && at + revocation::LONGEST > self.now => {
                    Revocation::Since(cut, at)
                }
                _ if until <= self.now => Revocation::Over(cut),
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
        let longest = revocation::LONGEST + LAG;
        match (leak.is_off(), leak.last_use()) {
            (true, Some(LastUsed::Never)) => Revocation::Expired(None),
            (true, Some(LastUsed::At { time, .. })) if self.now - *time > longest => {
                Revocation::Expired(Some(*time))
            }
            _ => Revocation::None,
        }
    }
}
