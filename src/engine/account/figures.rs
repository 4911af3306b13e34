//! What the keys of an account come to, in numbers: how old those are that are in force, and for how
//! long they were not used.

use super::{Account, UserRow};
use crate::engine::model::{KeyStatus, LastUsed};
use chrono::{DateTime, TimeDelta, Utc};

/// The ages that keys are counted by: up to so many days, and older than the last.
pub const AGES: [i64; 5] = [30, 90, 180, 365, 730];

/// The times since the last use that keys are counted by: so many days at most, and longer ago than
/// the last.
pub const USES: [i64; 4] = [1, 7, 45, 90];

/// A key older than this should be rotated, and one that was not used for so long deactivated.
const LIMIT: TimeDelta = TimeDelta::days(90);

/// The numbers of an account, as far as it is loaded. All but the first two are of Active keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Its users.
    pub users: usize,
    /// Its keys.
    pub keys: usize,
    /// Those that are Active.
    pub active: usize,
    /// Active keys by age: see [`AGES`].
    pub by_age: [usize; AGES.len() + 1],
    /// Active keys by their last use: see [`USES`]. The last but one are those of longer ago.
    pub by_use: [usize; USES.len() + 1],
    /// Active keys that were never used.
    pub never: usize,
    /// Active keys whose last use is not known.
    pub use_unknown: usize,
    /// Active keys that are older than 90 days.
    pub old: usize,
    /// Active keys that were not used for more than 90 days; those that never were, since they were
    /// created.
    pub unused: usize,
}

impl Figures {
    /// Counts what is loaded of an account. Costs its keys.
    #[must_use]
    pub fn of(account: &Account, now: DateTime<Utc>) -> Self {
        let mut figures = Self {
            users: account.users.rows().len(),
            keys: account.users.tally().all_keys(),
            ..Self::default()
        };
        let rows = account.users.rows().iter();
        let keys = rows.flat_map(UserRow::known_keys);
        for key in keys.filter(|key| *key.status() == KeyStatus::Active) {
            figures.active += 1;
            let age = key.created().map(|created| now - created);
            if let Some(age) = age {
                figures.by_age[place(age, &AGES)] += 1;
                figures.old += usize::from(age > LIMIT);
            }
            let idle = match key.last_used() {
                Some(LastUsed::At { time, .. }) => {
                    let idle = now - *time;
                    figures.by_use[place(idle, &USES)] += 1;
                    Some(idle)
                }
                Some(LastUsed::Never) => {
                    figures.never += 1;
                    age
                }
                None => {
                    figures.use_unknown += 1;
                    None
                }
            };
            figures.unused += usize::from(idle.is_some_and(|idle| idle > LIMIT));
        }
        figures
    }
}

/// The first of the limits, in days, that a time is within.
fn place(time: TimeDelta, limits: &[i64]) -> usize {
    let within = |limit: &i64| time <= TimeDelta::days(*limit);
    limits.iter().position(within).unwrap_or(limits.len())
}
