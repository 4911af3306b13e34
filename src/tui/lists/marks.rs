//! The keys that a person has marked: by account and ID, so that they stay marked however the lists
//! are sorted, filtered and refreshed.

use crate::engine::{
    BulkPlan, SessionId, Slot,
    bulk::{BulkId, Marked},
    fleet::Fleet,
};
use std::collections::{HashMap, HashSet, hash_map::Entry};

/// The marked keys.
#[derive(Debug, Default)]
pub(in crate::tui) struct Marks {
    /// In the order in which they were marked.
    keys: Vec<Marked>,
    ids: HashMap<Slot, HashSet<Box<str>>>,
    /// Whose keys they are: a slot may be signed in to another account.
    accounts: HashMap<Slot, Whose>,
    /// The plan whose keys were taken off: what is marked since is for another.
    taken: Option<BulkId>,
}

/// The account of a slot, as it was when keys in it were marked.
#[derive(Debug)]
struct Whose {
    session: SessionId,
    /// The account ID, once it is known.
    id: Option<String>,
}

impl Marks {
    /// The keys, in the order in which they were marked.
    #[must_use]
    pub(in crate::tui) fn keys(&self) -> &[Marked] {
        &self.keys
    }

    /// How many keys are marked.
    #[must_use]
    pub(in crate::tui) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether none is.
    #[must_use]
    pub(in crate::tui) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a key is marked.
    #[must_use]
    pub(in crate::tui) fn has(&self, slot: Slot, key: &str) -> bool {
        self.ids.get(&slot).is_some_and(|ids| ids.contains(key))
    }

    /// Marks keys. Says how many were not before.
    pub(in crate::tui) fn mark(&mut self, keys: impl IntoIterator<Item = Marked>) -> usize {
        let before = self.keys.len();
        for marked in keys {
            let ids = self.ids.entry(marked.slot).or_default();
            if ids.insert(marked.key.clone()) {
                self.keys.push(marked);
            }
        }
        self.keys.len() - before
    }

    /// Unmarks these keys.
    fn unmark(&mut self, keys: &[Marked]) {
        for marked in keys {
            if let Some(ids) = self.ids.get_mut(&marked.slot) {
                ids.remove(&marked.key);
            }
        }
        self.keep_marked();
    }

    /// Marks keys that belong together; where all of them are marked, unmarks them.
    pub(in crate::tui) fn toggle(&mut self, keys: Vec<Marked>) {
        let has = |marked: &Marked| self.has(marked.slot, &marked.key);
        if keys.iter().all(has) {
            self.unmark(&keys);
        } else {
            self.mark(keys);
        }
    }

    /// Unmarks the keys of a plan, once: what is marked since is for another one.
    pub(in crate::tui) fn take_away(&mut self, plan: &BulkPlan) {
        if self.taken.replace(plan.id) == Some(plan.id) || self.is_empty() {
            return;
        }
        for entry in plan.entries() {
            let slot = plan.account_of(entry).slot;
            if let Some(ids) = slot.and_then(|slot| self.ids.get_mut(&slot)) {
                ids.remove(&entry.key);
            }
        }
        self.keep_marked();
    }

    /// Unmarks the keys of slots that another account was opened in since.
    pub(in crate::tui) fn leave_other_accounts(&mut self, fleet: &Fleet) {
        if self.is_empty() {
            return;
        }
        let slots: Vec<Slot> = self.ids.keys().copied().collect();
        for slot in slots {
            let account = fleet.get(slot);
            let id = account.and_then(|account| account.identity.account_id());
            let is_same = match (account, self.accounts.entry(slot)) {
                (None, _) => false,
                (Some(account), Entry::Vacant(place)) => {
                    place.insert(Whose {
                        session: account.session,
                        id: id.map(str::to_owned),
                    });
                    true
                }
                (Some(account), Entry::Occupied(mut place)) => {
                    let whose = place.get_mut();
                    match (&whose.id, id) {
                        (Some(before), Some(now)) => before == now,
                        // It is being signed in to: whose it is will be seen.
                        (Some(_), None) => true,
                        (None, now) => {
                            whose.id = now.map(str::to_owned);
                            whose.session == account.session
                        }
                    }
                }
            };
            if !is_same {
                self.ids.remove(&slot);
                self.accounts.remove(&slot);
                self.keep_marked();
            }
        }
    }

    /// Drops what is not marked any more.
    fn keep_marked(&mut self) {
        self.ids.retain(|_, ids| !ids.is_empty());
        let ids = &self.ids;
        self.accounts.retain(|slot, _| ids.contains_key(slot));
        let has = |marked: &Marked| {
            let ids = ids.get(&marked.slot);
            ids.is_some_and(|ids| ids.contains(&marked.key))
        };
        self.keys.retain(has);
    }

    /// Unmarks all.
    pub(in crate::tui) fn clear(&mut self) {
        self.keys.clear();
        self.ids.clear();
        self.accounts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(slot: u16, key: &str) -> Marked {
        Marked {
            slot: Slot(slot),
            key: key.into(),
            ..Marked::default()
        }
    }

    #[test]
    fn what_belongs_together_is_marked_as_a_whole_and_unmarked_as_a_whole() {
        let mut marks = Marks::default();
        marks.toggle(vec![key(0, "one")]);
        marks.toggle(vec![key(0, "one"), key(0, "two")]);
        assert_eq!(marks.len(), 2);
        marks.toggle(vec![key(0, "one"), key(0, "two")]);
        assert!(marks.is_empty());
        assert!(!marks.has(Slot(0), "one"));
    }

    #[test]
    fn the_same_id_in_another_account_is_another_key() {
        let mut marks = Marks::default();
        assert_eq!(marks.mark([key(0, "one"), key(1, "one"), key(0, "one")]), 2);
        marks.toggle(vec![key(0, "one")]);
        assert!(marks.has(Slot(1), "one") && !marks.has(Slot(0), "one"));
    }
}
