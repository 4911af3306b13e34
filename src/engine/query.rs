//! The filter language, and sorting: which rows of any number of accounts are shown, in which order.
//!
//! A [`Query`] is what was typed, understood: `language` says what can be typed, `condition` and
//! `word` what that asks. It is asked of plain facts, wherever these are from.

mod condition;
mod glob;
mod language;
pub mod sort;
#[cfg(test)]
mod tests;
mod word;

pub use language::LONGEST_ERROR;
pub use word::Scratch;

use super::model::LastUsed;
use chrono::{DateTime, Utc};
use condition::{OfKey, OfUser, find};
use language::Part;
use word::{Wanted, Word};

/// A match in a name counts so many times as much as one in a path or a key ID.
const NAMED: u32 = 2;

/// What is known of a user, for a query.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserFacts<'a> {
    /// The name.
    pub name: &'a str,
    /// The path, `/` for most.
    pub path: &'a str,
    /// How many access keys there are; none while nobody knows.
    pub keys: Option<usize>,
}

/// What is known of a key, for a query. What is none matches nothing that is asked about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyFacts<'a> {
    /// The key ID; the credential report has none.
    pub id: Option<&'a str>,
    /// Whether it is active or inactive; none while nobody knows, and for a status that is neither.
    pub active: Option<bool>,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// When it was last used, or that it never was.
    pub last_used: Option<&'a LastUsed>,
    /// Whether this session is signed in with it.
    pub own: bool,
}

/// What is typed into the filter, understood: words to be found, conditions to be met, and what
/// could not be understood, which filters nothing away. Made once for each edit, not for each row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    words: Vec<Word>,
    of_user: Vec<OfUser>,
    of_key: Vec<OfKey>,
    errors: Vec<String>,
}

impl Query {
    /// Understands a text. Any text is a query.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for part in text.split_whitespace().map(language::understand) {
            match part {
                Ok(Part::Word(word)) => query.words.push(word),
                Ok(Part::OfUser(condition)) => query.of_user.push(condition),
                Ok(Part::OfKey(condition)) => query.of_key.push(condition),
                Err(error) => query.errors.push(error),
            }
        }
        query
    }

    /// Whether everybody passes. There may still be errors.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.of_user.is_empty() && self.of_key.is_empty()
    }

    /// Whether there are words to be found, and so something to highlight.
    #[must_use]
    pub fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// Whether it asks about keys, so that a user whose keys are not known cannot be judged, and
    /// does not pass. Plain text does not count: a name may match it.
    #[must_use]
    pub fn needs_keys(&self) -> bool {
        !self.of_key.is_empty() || self.of_user.iter().any(OfUser::needs_keys)
    }

    /// Whether it asks which key is this session's own.
    #[must_use]
    pub fn asks_own(&self) -> bool {
        self.of_key.contains(&OfKey::Own)
    }

    /// What could not be understood, in the order it was typed, each in one line of at most
    /// [`LONGEST_ERROR`] cells.
    #[must_use]
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    /// Whether only rows that passed `previous` can pass this: as long as neither the rows nor the
    /// time have changed, no other has to be looked at.
    #[must_use]
    pub fn narrows(&self, previous: &Self) -> bool {
        let words = &previous.words;
        words
            .iter()
            .all(|word| self.words.iter().any(|longer| longer.extends(word)))
            && all_in(&previous.of_user, &self.of_user)
            && all_in(&previous.of_key, &self.of_key)
    }

    /// Whether a user passes. Costs a fraction of [`Query::user_score`], which says the same.
    pub fn user_passes<'a>(
        &self,
        user: &UserFacts<'_>,
        keys: impl IntoIterator<Item = KeyFacts<'a>>,
        now: DateTime<Utc>,
        scratch: &mut Scratch,
    ) -> bool {
        self.judge(user, keys, now, scratch, Wanted::Match)
            .is_some()
    }

    /// How well a user with these keys matches: each word the name, the path or one of the key
    /// IDs, and one of the keys all that is asked of keys. The higher the better; nothing where they
    /// do not match. Without words, 0.
    pub fn user_score<'a>(
        &self,
        user: &UserFacts<'_>,
        keys: impl IntoIterator<Item = KeyFacts<'a>>,
        now: DateTime<Utc>,
        scratch: &mut Scratch,
    ) -> Option<u32> {
        self.judge(user, keys, now, scratch, Wanted::Score)
    }

    /// No user and no key has a higher score than this: who looks for the best match need not look
    /// any further.
    pub fn highest_score(&self, scratch: &mut Scratch) -> u32 {
        let highest = self
            .words
            .iter()
            .map(|word| word.highest(&mut scratch.tables));
        highest.fold(0, |sum, score| {
            sum.saturating_add(score.saturating_mul(NAMED))
        })
    }

    /// Whether a key of a user passes. Costs a fraction of [`Query::key_score`], which says the
    /// same.
    pub fn key_passes(
        &self,
        user: &UserFacts<'_>,
        key: &KeyFacts<'_>,
        now: DateTime<Utc>,
        scratch: &mut Scratch,
    ) -> bool {
        self.judge(user, [*key], now, scratch, Wanted::Match)
            .is_some()
    }

    /// How well a key of a user matches: each word the user's name, their path or this key's ID,
    /// and this key all that is asked of keys.
    pub fn key_score(
        &self,
        user: &UserFacts<'_>,
        key: &KeyFacts<'_>,
        now: DateTime<Utc>,
        scratch: &mut Scratch,
    ) -> Option<u32> {
        self.judge(user, [*key], now, scratch, Wanted::Score)
    }

    fn judge<'a>(
        &self,
        user: &UserFacts<'_>,
        keys: impl IntoIterator<Item = KeyFacts<'a>>,
        now: DateTime<Utc>,
        scratch: &mut Scratch,
        wanted: Wanted,
    ) -> Option<u32> {
        if !self.of_user.iter().all(|condition| condition.holds(user)) {
            return None;
        }
        let Scratch { tables, found } = scratch;
        found.clear();
        for word in &self.words {
            let name = word
                .named(user.name, wanted, tables)
                .map(|score| score * NAMED);
            // Almost every path is `/`, which says nothing.
            let path = if user.path.len() > 1 && (name.is_none() || wanted == Wanted::Score) {
                word.named(user.path, wanted, tables)
            } else {
                None
            };
            found.push(name.max(path));
        }
        let mut met = self.of_key.is_empty();
        if wanted == Wanted::Match && met && found.iter().all(Option::is_some) {
            return Some(0);
        }
        for key in keys {
            met = met
                || self
                    .of_key
                    .iter()
                    .all(|condition| condition.holds(&key, now));
            let Some(id) = key.id else { continue };
            for (word, found) in self.words.iter().zip(found.iter_mut()) {
                if found.is_none() || wanted == Wanted::Score {
                    *found = (*found).max(word.identified(id));
                }
            }
        }
        if met {
            found.iter().copied().sum()
        } else {
            None
        }
    }

    /// Which characters of a name or a path the words are found in, counted from 0, in order, each
    /// once.
    #[must_use]
    pub fn highlights(&self, text: &str, scratch: &mut Scratch) -> Vec<usize> {
        let mut marks = Vec::new();
        for word in &self.words {
            word.mark_named(text, &mut scratch.tables, &mut marks);
        }
        in_order(marks.into_iter().map(|at| at as usize).collect())
    }

    /// Which characters of a key ID the words and `id:` are found in, as [`Query::highlights`].
    #[must_use]
    pub fn highlights_in_id(&self, id: &str) -> Vec<usize> {
        let words = self.words.iter().map(|word| &word.text);
        let parts = self.of_key.iter().filter_map(|condition| match condition {
            OfKey::Id(part) => Some(part),
            _ => None,
        });
        let mut places: Vec<usize> = Vec::new();
        for part in words.chain(parts) {
            if let Some(at) = find(id, part) {
                let begin = id[..at].chars().count();
                places.extend(begin..begin + part.chars().count());
            }
        }
        in_order(places)
    }
}

fn in_order(mut places: Vec<usize>) -> Vec<usize> {
    places.sort_unstable();
    places.dedup();
    places
}

fn all_in<T: PartialEq>(some: &[T], others: &[T]) -> bool {
    some.iter().all(|one| others.contains(one))
}
