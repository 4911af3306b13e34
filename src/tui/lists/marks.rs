//! The keys that a person has marked: by account and ID, so that they stay marked however the lists
//! are sorted, filtered and refreshed.

use crate::engine::{Slot, bulk::Marked};
use std::collections::{HashMap, HashSet};

/// The marked keys.
#[derive(Debug, Default)]
pub(in crate::tui) struct Marks {
    /// In the order in which they were marked.
    keys: Vec<Marked>,
    ids: HashMap<Slot, HashSet<Box<str>>>,
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
        let ids = &self.ids;
        let has = |marked: &Marked| {
            let ids = ids.get(&marked.slot);
            ids.is_some_and(|ids| ids.contains(&marked.key))
        };
        self.keys.retain(has);
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

    /// Unmarks all.
    pub(in crate::tui) fn clear(&mut self) {
        self.keys.clear();
        self.ids.clear();
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
