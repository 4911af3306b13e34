//! The filter: the text field, and what is made of it.

use super::{
    gather::Part,
    offered::{Offered, Values},
    values,
};
use crate::engine::{
    account::{Account, Facts, Known, UserRow},
    findings::RuleIds,
    fleet::{KeyPlace, Rows, UserPlace},
    query::{
        Asked, Query, Scratch,
        sort::{Column, Value},
    },
};
use chrono::{DateTime, Utc};
use tui_input::Input;

/// The text field, and what is made of it.
#[derive(Default)]
pub struct Filter {
    /// The text field. After a change of its text the query is made anew.
    pub input: Input,
    query: Query,
    /// What the query asks for that costs something to look up.
    asked: Asked,
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
    pub(super) fn read(&mut self, rules: &RuleIds) -> Edited {
        if self.read == self.input.value() {
            return Edited::Not;
        }
        self.input.value().clone_into(&mut self.read);
        let query = Query::parse(&self.read).by_rules(rules);
        self.asked = query.asked();
        let before = std::mem::replace(&mut self.query, query);
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

    /// The users that pass, of these, and one that need not, each with what it is sorted by.
    pub(super) fn users<'a>(
        &self,
        part: Part<'a>,
        column: Column,
        spared: Option<UserPlace>,
        passing: &mut Vec<(Value<'a>, UserPlace)>,
    ) {
        let mut scratch = Scratch::default();
        let facts = Facts::of_places(part.account, self.asked, self.now);
        for (place, user) in part.users() {
            let passes = self.query.is_empty() || {
                let keys = (0..).zip(user.known_keys());
                let keys = keys.map(|(key, known)| facts.key_at((place.row, key), user, known));
                let of_user = facts.user(user);
                self.query
                    .user_passes(&of_user, keys, self.now, &mut scratch)
            };
            if passes || spared == Some(place) {
                let value = values::of_user(part.account, user, column);
                passing.push((value, place));
            }
        }
    }

    /// The keys that pass, of these users, and one that need not, each with what it is sorted by.
    pub(super) fn keys<'a>(
        &self,
        part: Part<'a>,
        column: Column,
        spared: Option<KeyPlace>,
        passing: &mut Vec<(Value<'a>, KeyPlace)>,
    ) {
        let mut scratch = Scratch::default();
        let facts = Facts::of_places(part.account, self.asked, self.now);
        for (of, user) in part.users() {
            let of_user = facts.user(user);
            if self.query.rules_out(&of_user) && spared.map(KeyPlace::user) != Some(of) {
                continue;
            }
            for (key, known) in (0..).zip(user.known_keys()) {
                let UserPlace { slot, row } = of;
                let place = KeyPlace { slot, row, key };
                let passes = self.query.is_empty() || {
                    let of_key = facts.key_at((row, key), user, known);
                    self.query
                        .key_passes(&of_user, &of_key, self.now, &mut scratch)
                };
                if passes || spared == Some(place) {
                    let value = values::of_key(part.account, user, known, column);
                    passing.push((value, place));
                }
            }
        }
    }

    /// Whether a user passes.
    pub(super) fn passes(&mut self, account: &Account, row: &UserRow) -> bool {
        if self.query.is_empty() {
            return true;
        }
        let facts = Facts::asked(account, self.asked, self.now);
        let keys = row.known_keys().map(|key| facts.key(row, key));
        let scratch = self.scratch.get_or_insert_default();
        self.query
            .user_passes(&facts.user(row), keys, self.now, scratch)
    }

    /// Whether a key of a user passes.
    pub(super) fn passes_key(&mut self, account: &Account, row: &UserRow, key: Known<'_>) -> bool {
        let facts = Facts::asked(account, self.asked, self.now);
        let of_key = facts.key(row, key);
        let scratch = self.scratch.get_or_insert_default();
        self.query
            .key_passes(&facts.user(row), &of_key, self.now, scratch)
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
            let facts = Facts::asked(account, self.asked, self.now);
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
            let facts = Facts::asked(account, self.asked, self.now);
            let key = facts.key(row, key);
            self.query
                .key_score(&facts.user(row), &key, self.now, scratch)
        });
        highest(&self.query, most, scores)
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
