//! What is in a plan is compared with the accounts before it is applied: each key shows what is different
//! from what was reviewed, as far as that is known, and the rest is asked for.

use super::{
    BulkAction, BulkPlan, BulkStage, Entry, EntryState, Reviewed, Skipped, exempt::Tags, hold,
};
use crate::engine::{
    Engine,
    account::Account,
    effect::{SessionId, Slot},
    error::Error,
    request::Read,
};
use std::collections::{HashMap, HashSet, VecDeque};

/// What is to be compared with the accounts.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) queue: VecDeque<u32>,
    /// Those whose user's keys were asked for, and whose last use is to be.
    pub(super) asked: HashSet<u32>,
    /// Those that an earlier run has done, as long as it is not known that they still are so.
    pub(super) restored: HashSet<u32>,
    /// Those of which it is not known whether a tag makes them exempt.
    pub(super) tags: VecDeque<u32>,
    /// Those that are taken in once it is known that none does.
    pub(super) unsure: HashSet<u32>,
}

impl BulkPlan {
    /// Whether something is still to be compared with the accounts.
    #[must_use]
    pub fn is_comparing(&self) -> bool {
        let Comparison {
            queue, asked, tags, ..
        } = &self.comparison;
        !(queue.is_empty() && asked.is_empty() && tags.is_empty())
    }

    /// Whether everything that it is compared by was asked for, also what is not answered.
    #[must_use]
    pub fn has_asked(&self) -> bool {
        self.comparison.queue.is_empty() && self.comparison.tags.is_empty()
    }
}

impl Engine {
    /// Compares what is opened with the accounts, and asks for what is not known, as far as there is
    /// room.
    pub(in crate::engine) fn compare_bulk(&mut self) {
        // Half the room is for others.
        while self.fleet.spare() > crate::engine::limiter::MOST / 2 {
            let Some(plan) = self.bulk.as_deref_mut() else {
                return;
            };
            let Some(at) = plan.comparison.queue.pop_front() else {
                if !self.ask_tags_of_next() {
                    return;
                }
                continue;
            };
            let entry = &plan.entries[at as usize];
            let Some(slot) = plan.accounts[entry.account].slot else {
                continue;
            };
            if entry.state != EntryState::Pending && !plan.comparison.restored.contains(&at) {
                continue;
            }
            let user = entry.user.clone();
            plan.comparison.asked.insert(at);
            // Another key of the user may have had them asked for.
            if !self.is_naming_keys(slot, &user) {
                self.read(slot, Read::Keys(user));
            }
        }
    }

    /// Whether the keys of a user are being asked for.
    fn is_naming_keys(&self, slot: Slot, user: &str) -> bool {
        let account = self.fleet.get(slot);
        let row = account.and_then(|account| account.users.get(user));
        row.is_some_and(|row| row.keys.is_loading())
    }

    /// An answer tells of keys of the plan: what is different from what was reviewed is noted.
    pub(in crate::engine) fn bulk_hears(&mut self, session: SessionId, read: &Read) -> Option<()> {
        let plan = self.bulk.as_deref()?;
        if plan.stage == BulkStage::Ended {
            return None;
        }
        let places: Vec<u32> = match read {
            Read::LastUsed(_, key) => plan.by_key.get(key.as_str())?.clone(),
            Read::Keys(user) | Read::Tags(user) => plan.by_user.get(&**user)?.clone(),
            _ => return None,
        };
        let of_keys = matches!(read, Read::Keys(_));
        if matches!(read, Read::Tags(_)) {
            let plan = self.bulk.as_deref()?;
            let account = |at: &u32| &plan.accounts[plan.entries[*at as usize].account];
            let here = places.iter().copied();
            let here: Vec<u32> = here
                .filter(|at| account(at).session == Some(session))
                .collect();
            self.settle_exemptions(&here);
        }
        for at in places {
            self.compare_entry(session, at as usize);
            if of_keys {
                self.ask_use_of(session, at);
            }
        }
        Some(())
    }

    /// Asks for the last use of a key that is to be compared, once the account has named it.
    fn ask_use_of(&mut self, session: SessionId, at: u32) -> Option<()> {
        let plan = self.bulk.as_deref()?;
        if self.is_naming_keys(session.slot, &plan.entries[at as usize].user) {
            // A later answer counts.
            return None;
        }
        let plan = self.bulk.as_deref_mut()?;
        let entry = &plan.entries[at as usize];
        let here = plan.accounts[entry.account].session == Some(session);
        if !here || !plan.comparison.asked.remove(&at) || !entry.step.takes_away() {
            return None;
        }
        if entry.state == EntryState::Done {
            return None;
        }
        let (user, key) = (entry.user.clone(), entry.key.to_string());
        let account = self.fleet.of(session)?;
        let asks_tags = entry.asks_tags(account) && !account.identity.tags_refused;
        if account.users.has_key(&user, &key) {
            self.read(session.slot, Read::LastUsed(user.clone(), key));
            if asks_tags {
                // It may have been made exempt since.
                self.read(session.slot, Read::Tags(user));
            }
        }
        Some(())
    }

    /// A key that an earlier run has done, and that is not so any more, is not done: someone has taken it
    /// back since.
    fn compare_restored(&mut self, session: SessionId, at: usize) -> Option<()> {
        let place = u32::try_from(at).ok()?;
        let plan = self.bulk.as_deref()?;
        let entry = plan.entries.get(at)?;
        if !plan.comparison.restored.contains(&place) {
            return None;
        }
        let account = self.fleet.of(session)?;
        let row = account.users.get(&entry.user)?;
        if !row.keys.is_ready() {
            return None;
        }
        let is_delete = entry.step == BulkAction::Delete;
        let since = match super::make::known_key(account, &entry.user, &entry.key) {
            None => (!is_delete).then_some(Skipped::Gone),
            Some((_, key)) => {
                let status = &key.live()?.key.status;
                let is_so = !is_delete && hold::is_so(entry.step, status);
                (!is_so).then(|| Skipped::Status(status.clone()))
            }
        };
        let plan = self.bulk.as_deref_mut()?;
        plan.comparison.restored.remove(&place);
        if let Some(since) = since {
            plan.set_state(at, EntryState::Skipped(since));
        }
        Some(())
    }

    /// Whether an account tells the status of a key of the plan now, or that it is not there.
    #[must_use]
    pub fn knows_key(&self, entry: &Entry) -> bool {
        let account = self.account_of_entry(entry);
        account.is_some_and(|account| match account.users.get(&entry.user) {
            Some(row) => row.keys.is_ready(),
            None => account.users.is_complete(),
        })
    }

    /// Whether all that a key of the plan is compared by is known now.
    #[must_use]
    pub fn is_compared(&self, entry: &Entry) -> bool {
        let known = self
            .account_of_entry(entry)
            .and_then(|account| super::make::known_key(account, &entry.user, &entry.key));
        let needs_use = entry.step.takes_away() && entry.difference.is_none();
        let wants_use = known.is_some_and(|(_, key)| {
            key.live()
                .is_none_or(|live| live.last_used.known().is_none())
        });
        self.knows_key(entry) && !(needs_use && wants_use)
    }

    /// Why the keys of the user of a key of the plan are not known.
    #[must_use]
    pub fn why_not_known(&self, entry: &Entry) -> Option<&Error> {
        let account = self.account_of_entry(entry)?;
        account.users.get(&entry.user)?.keys.error()
    }

    fn account_of_entry(&self, entry: &Entry) -> Option<&Account> {
        self.open_account_of(self.bulk()?.account_of(entry))
    }

    /// Notes what is different of a key that waits for its turn.
    fn compare_entry(&mut self, session: SessionId, at: usize) -> Option<()> {
        let plan = self.bulk.as_deref()?;
        let entry = plan.entries.get(at)?;
        let here = plan.accounts[entry.account].session == Some(session);
        if here && entry.state == EntryState::Done {
            return self.compare_restored(session, at);
        }
        if !here || entry.state != EntryState::Pending {
            return None;
        }
        let account = self.fleet.of(session)?;
        let row = account.users.get(&entry.user);
        let difference = match super::make::known_key(account, &entry.user, &entry.key) {
            None => match row {
                Some(row) => row.keys.is_ready().then_some(Skipped::Gone),
                None => account.users.is_complete().then_some(Skipped::Gone),
            },
            Some((row, key)) => {
                let mut now = Reviewed::of(row, key);
                let is_known = key
                    .live()
                    .is_some_and(|live| live.last_used.known().is_some());
                if !is_known && !hold::is_so(entry.step, &now.status) {
                    // What was reviewed is not contradicted by what is not known yet.
                    now.last_used.clone_from(&entry.reviewed.last_used);
                }
                let tags = Tags::of(account, &entry.user);
                self.difference_since(at, (account, row, key), &now, (false, tags))
            }
        };
        let is_done = difference.as_ref().is_some_and(|it| entry.was_done(it));
        let plan = self.bulk.as_deref_mut()?;
        if is_done {
            plan.set_state(at, EntryState::Done);
            self.keep_step(at);
            self.end_if_answered();
        } else {
            plan.edit(at, |entry| entry.difference = difference);
        }
        Some(())
    }
}

/// Entries by their users.
pub(super) type ByUser = HashMap<Box<str>, Vec<u32>>;
