//! The last Active key of a user, as far as a plan decides it: where it takes every Active key away, what
//! the user does ends with the one that was used most recently. That one is held back, in whichever order
//! the keys were marked. A key that was never used stops nothing.

use super::{BulkAction, BulkPlan, Entry, EntryState, HeldBack};
use crate::engine::model::LastUsed;
use chrono::{DateTime, Utc};

impl Entry {
    /// Whether it is Active, and the plan makes it Inactive.
    fn takes(&self) -> bool {
        let done = !matches!(self.state, EntryState::Skipped(_));
        self.included && self.step == BulkAction::Deactivate && done
    }

    fn used(&self) -> Option<DateTime<Utc>> {
        match &self.reviewed.last_used {
            Some(LastUsed::At { time, .. }) => Some(*time),
            Some(LastUsed::Never) | None => None,
        }
    }
}

impl BulkPlan {
    /// The entries of the user of this one.
    fn of_same_user(&self, at: usize) -> Vec<usize> {
        let Entry { account, user, .. } = &self.entries[at];
        let places = self.by_user.get(user).into_iter().flatten();
        let places = places.map(|at| *at as usize);
        let here = places.filter(|at| self.entries[*at].account == *account);
        here.collect()
    }

    /// Whether no entry of the same user stands before this one.
    fn is_first_of_user(&self, at: usize) -> bool {
        let Entry { account, user, .. } = &self.entries[at];
        let mut places = self.by_user.get(user).into_iter().flatten();
        let first = places.find(|at| self.entries[**at as usize].account == *account);
        first.is_some_and(|first| *first as usize == at)
    }

    /// Holds the last Active key of each user back, before anything was included by hand.
    pub(super) fn hold_last_active(&mut self) {
        for at in 0..self.entries.len() {
            // Once for each user.
            if !self.is_first_of_user(at) {
                continue;
            }
            let of_user = self.of_same_user(at);
            self.mark_last_active(at);
            let is_last = |it: &HeldBack| *it == HeldBack::LastActive;
            for at in of_user {
                if self.entries[at].included && self.entries[at].holds().any(is_last) {
                    self.edit(at, |entry| entry.included = false);
                }
            }
            self.mark_last_active(at);
        }
    }

    /// Says of the keys of a user which one is the last Active one, or would be once it is included.
    pub(super) fn mark_last_active(&mut self, at: usize) {
        let of_user = self.of_same_user(at);
        let taken = of_user.iter().filter(|at| self.entries[**at].takes());
        let latest = taken.clone().max_by_key(|at| self.entries[**at].used());
        let (latest, taken) = (latest.copied(), taken.count());
        for at in of_user {
            let entry = &self.entries[at];
            let others_taken = taken - usize::from(entry.takes());
            let is_alone = entry.reviewed.others_active <= others_taken;
            let is_it = !entry.takes() || latest == Some(at);
            let is_last = entry.step == BulkAction::Deactivate
                && entry.can_be_held()
                && entry.used().is_some()
                && is_alone
                && is_it;
            self.entries[at].set_last_active(is_last);
        }
    }
}
