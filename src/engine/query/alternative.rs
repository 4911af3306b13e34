//! What stands between two `|` of a query, and who passes it: one and the same key has to meet all
//! that it asks of keys.

use super::{
    KeyFacts, Scratch, UserFacts, both,
    condition::{Either, Judging, OfKey, OfUser},
    language::Part,
    word::{Wanted, Word},
};
use chrono::{DateTime, Utc};

/// A match in a name counts so many times as much as one in a path or a key ID.
pub(super) const NAMED: u32 = 2;

/// What is asked together: all of it is to be found and met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Alternative {
    /// Of each of these, any word is to be found.
    pub(super) words: Vec<Vec<Word>>,
    /// None of these is to be found, not even as a part.
    pub(super) without: Vec<Word>,
    pub(super) of_user: Vec<Either<OfUser>>,
    pub(super) of_key: Vec<Either<OfKey>>,
}

impl Alternative {
    /// Asks this, too.
    pub(super) fn add(&mut self, part: Part) {
        match part {
            Part::Words(words) if words.is_empty() => {}
            Part::Words(words) => self.words.push(words),
            Part::Without(words) => self.without.extend(words),
            Part::OfUser(condition) => self.of_user.push(condition),
            Part::OfKey(condition) => self.of_key.push(condition),
        }
    }

    /// Whether who passes this passes the other.
    pub(super) fn narrows(&self, other: &Self) -> bool {
        let extends = |longer: &[Word], words: &[Word]| {
            let extends = |word: &Word| words.iter().any(|shorter| word.extends(shorter));
            longer.iter().all(extends)
        };
        let found = |words: &Vec<Word>| self.words.iter().any(|longer| extends(longer, words));
        other.words.iter().all(found)
            && all_in(&other.without, &self.without)
            && all_in(&other.of_user, &self.of_user)
            && all_in(&other.of_key, &self.of_key)
    }

    /// Whether a user meets what is asked of users beside words.
    #[inline]
    pub(super) fn admits(&self, user: &UserFacts<'_>) -> bool {
        let asked = |condition: &Either<OfUser>| {
            condition.holds(|one| one.holds(user, Judging::AtFaceValue))
        };
        self.of_user.iter().all(asked)
    }

    /// Whether a user with these keys passes, or how well they match; nothing where they do not.
    #[inline]
    pub(super) fn judge<'a>(
        &self,
        user: &UserFacts<'_>,
        keys: impl Iterator<Item = KeyFacts<'a>> + Clone,
        now: DateTime<Utc>,
        scratch: &mut Scratch,
        wanted: Wanted,
    ) -> Option<u32> {
        if !self.admits(user) {
            return None;
        }
        let meets = |key: &KeyFacts<'_>| {
            let holds = |one: &OfKey| one.holds(user, key, now, Judging::AtFaceValue);
            self.of_key.iter().all(|condition| condition.holds(holds))
        };
        // That costs less than to look for words.
        let is_met = self.of_key.is_empty() || keys.clone().any(|key| meets(&key));
        if !is_met {
            return None;
        }
        // Almost every path is `/`, which says nothing.
        let path = (user.path.len() > 1).then_some(user.path);
        let unwanted = |text: &str| self.without.iter().any(|word| word.is_in(text));
        if unwanted(user.name) || path.is_some_and(unwanted) {
            return None;
        }
        let Scratch { tables, found } = scratch;
        found.clear();
        for words in &self.words {
            let mut best = None;
            for word in words {
                let name = word
                    .named(user.name, wanted, tables)
                    .map(|score| score * NAMED);
                let path = path.filter(|_| name.is_none() || wanted == Wanted::Score);
                let path = path.and_then(|path| word.named(path, wanted, tables));
                best = best.max(name).max(path);
            }
            found.push(best);
        }
        let is_found = wanted == Wanted::Match && found.iter().all(Option::is_some);
        if self.without.is_empty() && is_found {
            return Some(0);
        }
        for key in keys {
            let mut look_in = |text: &str| {
                for (words, found) in self.words.iter().zip(found.iter_mut()) {
                    if found.is_none() || wanted == Wanted::Score {
                        for word in words {
                            *found = (*found).max(word.identified(text));
                        }
                    }
                }
                !unwanted(text)
            };
            if !key.id.is_none_or(&mut look_in) || !key.description.flatten().is_none_or(look_in) {
                return None;
            }
        }
        found.iter().copied().sum()
    }
}

impl Alternative {
    /// Whether a key is known to meet all that is asked beside words, or known not to; without a key,
    /// one of which nothing is known.
    #[inline]
    pub(super) fn conditions_verdict(
        &self,
        user: &UserFacts<'_>,
        key: Option<&KeyFacts<'_>>,
        now: DateTime<Utc>,
    ) -> Option<bool> {
        match self.user_verdict(user) {
            Some(false) => Some(false),
            of_user => both(of_user, self.key_verdict(user, key, now)),
        }
    }

    /// What is known by what is asked of the user.
    #[inline]
    pub(super) fn user_verdict(&self, user: &UserFacts<'_>) -> Option<bool> {
        all_of(&self.of_user, |condition| {
            condition.verdict(|one| one.holds(user, Judging::Strictly))
        })
    }

    /// What is known by what is asked of keys; without a key, of one of which nothing is known.
    #[inline]
    pub(super) fn key_verdict(
        &self,
        user: &UserFacts<'_>,
        key: Option<&KeyFacts<'_>>,
        now: DateTime<Utc>,
    ) -> Option<bool> {
        all_of(&self.of_key, |condition| {
            let key = key?;
            condition.verdict(|one| one.holds(user, key, now, Judging::Strictly))
        })
    }

    /// Whether the words are known to be found, or known not to be.
    pub(super) fn words_verdict(
        &self,
        user: &UserFacts<'_>,
        key: Option<&KeyFacts<'_>>,
        scratch: &mut Scratch,
    ) -> Option<bool> {
        let path = (user.path.len() > 1).then_some(user.path);
        let id = key.and_then(|key| key.id);
        let description = key.and_then(|key| key.description);
        let all_told = id.is_some() && description.is_some();
        let texts = [id, description.flatten()];
        let tables = &mut scratch.tables;
        let mut verdict = Some(true);
        for words in &self.words {
            let mut is_found = |word: &Word| {
                let mut named = |text: &str| word.named(text, Wanted::Match, tables).is_some();
                named(user.name)
                    || path.is_some_and(named)
                    || texts.iter().flatten().any(|text| word.is_in(text))
            };
            let found = words.iter().any(&mut is_found);
            verdict = both(verdict, (found || all_told).then_some(found));
        }
        for word in &self.without {
            let names = [Some(user.name), path];
            let mut all = names.iter().chain(&texts).flatten();
            let found = all.any(|text| word.is_in(text));
            verdict = both(verdict, (found || all_told).then_some(!found));
        }
        verdict
    }
}

fn all_in<T: PartialEq>(some: &[T], others: &[T]) -> bool {
    some.iter().all(|one| others.contains(one))
}

/// Whether all are known to be met, or one is known not to be.
#[inline]
fn all_of<T>(conditions: &[T], verdict_of: impl Fn(&T) -> Option<bool>) -> Option<bool> {
    let mut verdict = Some(true);
    for condition in conditions {
        verdict = both(verdict, verdict_of(condition));
        if verdict == Some(false) {
            break;
        }
    }
    verdict
}
