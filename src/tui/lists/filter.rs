//! The filter: the text field, and what is made of it.

use super::offered::{Offered, Values};
use crate::engine::{
    account::{Account, Facts, Known, UserRow},
    fleet::Rows,
    query::{Query, Scratch, UserFacts},
};
use chrono::{DateTime, Utc};
use tui_input::Input;

/// The text field, and what is made of it.
#[derive(Default)]
pub struct Filter {
    /// The text field. After a change of its text the query is made anew.
    pub input: Input,
    query: Query,
    /// The text that the query was made of.
    read: String,
    /// When the latest message came, which ages are counted to.
    now: DateTime<Utc>,
    /// How the text can be completed, while it is typed.
    offered: Option<Offered>,
    values: Values,
    /// Made when it is first needed.
    scratch: Option<Box<Scratch>>,
}

/// The best match is looked for among so many of those that pass: how well each matches costs more
/// than whether it does, and where more pass there is still something to be typed.
const RANKED: usize = 200;

/// What an edit has made of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edited {
    /// Nothing: the cursor was moved.
    Not,
    /// Only rows that passed can pass.
    Narrower,
    /// Any row may pass, or no longer pass.
    Otherwise,
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Filter").field(&self.input.value()).finish()
    }
}

impl Filter {
    /// Whether nothing is typed. A text that cannot be understood lets everybody through as well,
    /// and is there to be seen all the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.input.value().trim().is_empty()
    }

    /// What was typed, understood.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// How the text can be completed where the cursor is; nothing while it is not typed.
    #[must_use]
    pub fn offered(&self) -> Option<&Offered> {
        self.offered.as_ref()
    }

    /// Looks how the text can be completed.
    pub(super) fn offer(&mut self, rows: Rows<'_>) {
        self.offered = Offered::to(&self.input, &mut self.values, rows);
    }

    /// Completes the text with the next of what is offered, or with the one before. Says whether
    /// there was anything.
    pub(super) fn complete(&mut self, back: bool) -> bool {
        let Some(offered) = &mut self.offered else {
            return false;
        };
        self.input = offered.take(back);
        if offered.offers().len() == 1 {
            // There is none to go on to: what comes next is offered for the new text.
            self.offered = None;
        }
        true
    }

    /// Offers nothing any more.
    pub(super) fn close(&mut self) {
        self.offered = None;
        self.values = Values::default();
    }

    /// Makes the query of what is typed.
    pub(super) fn read(&mut self) -> Edited {
        if self.read == self.input.value() {
            return Edited::Not;
        }
        self.input.value().clone_into(&mut self.read);
        let before = std::mem::replace(&mut self.query, Query::parse(&self.read));
        if self.query.narrows(&before) {
            Edited::Narrower
        } else {
            Edited::Otherwise
        }
    }

    /// Notes the time. That it goes by is noticed with the next edit.
    pub(super) fn note(&mut self, now: DateTime<Utc>) {
        self.now = now;
    }

    /// Whether a user passes.
    pub(super) fn passes(&mut self, account: &Account, row: &UserRow) -> bool {
        if self.query.is_empty() {
            return true;
        }
        let scratch = self.scratch.get_or_insert_default();
        let facts = Facts::of(account, self.now);
        let keys = row.known_keys().map(|key| facts.key(row, key));
        self.query
            .user_passes(&facts.user(row), keys, self.now, scratch)
    }

    /// Whether a key of a user passes.
    pub(super) fn passes_key(&mut self, account: &Account, row: &UserRow, key: Known<'_>) -> bool {
        let owner = Owner::of(account, row, self.now);
        self.passes_key_of(&owner, key)
    }

    /// The same, where what is known of the user is at hand.
    pub(super) fn passes_key_of<'a>(&mut self, owner: &Owner<'a>, key: Known<'a>) -> bool {
        let scratch = self.scratch.get_or_insert_default();
        let key = owner.facts.key(owner.row, key);
        self.query.key_passes(&owner.user, &key, self.now, scratch)
    }

    /// What is known of a user, for all of their keys.
    pub(super) fn owner<'a>(&self, account: &'a Account, row: &'a UserRow) -> Owner<'a> {
        Owner::of(account, row, self.now)
    }

    /// Which of the first of these users matches best, the first if there are several; nothing
    /// without a query.
    pub(super) fn best<'a>(
        &mut self,
        rows: impl Iterator<Item = (&'a Account, &'a UserRow)>,
    ) -> Option<usize> {
        let scratch = self.scratch.get_or_insert_default();
        let most = self.query.highest_score(scratch);
        let scores = rows.map(|(account, row)| {
            let facts = Facts::of(account, self.now);
            let keys = row.known_keys().map(|key| facts.key(row, key));
            self.query
                .user_score(&facts.user(row), keys, self.now, scratch)
        });
        highest(&self.query, most, scores)
    }

    /// Which of the first of these keys matches best.
    pub(super) fn best_key<'a>(
        &mut self,
        keys: impl Iterator<Item = (&'a Account, &'a UserRow, Known<'a>)>,
    ) -> Option<usize> {
        let scratch = self.scratch.get_or_insert_default();
        let most = self.query.highest_score(scratch);
        let scores = keys.map(|(account, row, key)| {
            let facts = Facts::of(account, self.now);
            let key = facts.key(row, key);
            self.query
                .key_score(&facts.user(row), &key, self.now, scratch)
        });
        highest(&self.query, most, scores)
    }
}

/// What is known of a user, and of the account.
pub(super) struct Owner<'a> {
    row: &'a UserRow,
    facts: Facts<'a>,
    user: UserFacts<'a>,
}

impl<'a> Owner<'a> {
    fn of(account: &'a Account, row: &'a UserRow, now: DateTime<Utc>) -> Self {
        let facts = Facts::of(account, now);
        Self {
            row,
            user: facts.user(row),
            facts,
        }
    }
}

/// The place of the first of the highest scores, of which none is above `most`, among the first
/// ones; nothing where nothing is asked.
fn highest(query: &Query, most: u32, scores: impl Iterator<Item = Option<u32>>) -> Option<usize> {
    if query.is_empty() {
        return None;
    }
    let mut best: Option<(u32, usize)> = None;
    for (place, score) in scores.take(RANKED).enumerate() {
        if let Some(score) = score
            && best.is_none_or(|(highest, _)| score > highest)
        {
            best = Some((score, place));
            if score >= most {
                break;
            }
        }
    }
    best.map(|(_, place)| place)
}
