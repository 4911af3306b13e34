//! What an earlier run has left, beside the plan that is to be carried out or taken back now.

use super::{Document, DocumentKey};
use std::collections::HashSet;

/// What a plan that an earlier run has left is to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// Another plan.
    Other,
    /// What takes it back.
    TakesBack,
    /// It, with other keys included.
    Otherwise,
    /// It.
    Same,
}

impl Document {
    /// What a plan that an earlier run has left is to this one.
    #[must_use]
    pub fn judge_left(&self, left: &Self) -> Left {
        if self.is_like(left) {
            let mut keys = self.keys.iter().zip(&left.keys);
            return if keys.all(|(key, left)| key.has_begun_as(left)) {
                Left::Same
            } else {
                Left::Otherwise
            };
        }
        let known: HashSet<_> = self.ids().collect();
        if left.undoes && left.ids().all(|id| known.contains(&id)) {
            Left::TakesBack
        } else {
            Left::Other
        }
    }

    /// Whether both were made as one plan, whatever is included in them.
    fn is_like(&self, other: &Self) -> bool {
        let made = |it: &Self| (it.action, it.made, it.undoes);
        made(self) == made(other) && self.by == other.by && self.ids().eq(other.ids())
    }

    /// The keys, each with the account ID and the endpoint.
    fn ids(&self) -> impl Iterator<Item = (Option<&str>, Option<&str>, &str)> {
        self.keys.iter().map(|key| {
            let account = self.accounts.get(key.account);
            let id = account.and_then(|account| account.id.as_deref());
            let endpoint = account.and_then(|account| account.endpoint.as_deref());
            (id, endpoint, &*key.key)
        })
    }
}

impl DocumentKey {
    /// Whether what is left does to the key what this does; one that something speaks against since was
    /// left out when it began.
    fn has_begun_as(&self, left: &Self) -> bool {
        if !self.included {
            return !left.included;
        }
        if !left.included {
            return left.held_back.is_some() && left.held_back != self.held_back;
        }
        self.step == left.step && self.reviewed == left.reviewed
    }
}
