//! The filter language, and sorting: which rows of any number of accounts are shown, in which order.
//!
//! A [`Query`] is what was typed, understood: `language` says what can be typed, `alternative`,
//! `condition` and `word` what that asks, `complete` how a text can go on. It is asked of plain facts,
//! wherever these are from.

mod alternative;
mod asked;
pub mod complete;
mod condition;
pub(in crate::engine) mod glob;
mod language;
pub mod ready;
pub mod sort;
#[cfg(test)]
mod tests;
mod word;

pub use asked::Asked;
pub use condition::Judging;
pub use language::{GUIDE, LONGEST_ERROR};
pub use word::Scratch;

use super::{
    findings::{RuleIds, Rules},
    model::LastUsed,
    text::visible,
    user_tags::UserTags,
};
use alternative::{Alternative, NAMED};
use chrono::{DateTime, Utc};
use condition::{Either, OfKey, OfUser, find};
use word::{Wanted, Word};

/// What is known of a user, for a query.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserFacts<'a> {
    /// The name.
    pub name: &'a str,
    /// The path, `/` for most.
    pub path: &'a str,
    /// What the account is called, and its ID, as far as that is known.
    pub account: [Option<&'a str>; 5],
    /// How many access keys there are; none while that is not known.
    pub keys: Option<usize>,
    /// Whose the user is, or that no tag says so; none while that is not known.
    pub owner: Option<Option<&'a str>>,
    /// The tags; none while they are not known.
    pub tags: Option<&'a UserTags>,
    /// Whether their policies make an administrator of the user; none while that is not known.
    pub admin: Option<bool>,
    /// Whether AWS has put the user under quarantine; none while that is not known.
    pub quarantined: Option<bool>,
    /// How many of the keys are Active; none while that is not known.
    pub active: Option<usize>,
    /// How many are neither Active nor Inactive, so that it is not known whether AWS accepts them.
    pub neither: usize,
    /// Whether the user has a password for the console; none while that is not known.
    pub password: Option<bool>,
    /// Whether the user has an MFA device; none while that is not known.
    pub mfa: Option<bool>,
    /// Whether this is the root user, who is in no list.
    pub root: bool,
    /// The rules of the account; none where nobody asks for findings.
    pub rules: Option<&'a Rules>,
}

/// What is known of a key, for a query. What is none matches nothing that is asked about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyFacts<'a> {
    /// The key ID; the credential report has none.
    pub id: Option<&'a str>,
    /// Whether it is active or inactive; none for a status that is neither.
    pub active: Option<bool>,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// It may have been created earlier: only the credential report tells of it, in which a key that
    /// was activated again looks younger than it is.
    pub is_age_least: bool,
    /// Since when it has been Inactive at the latest, where that is known.
    pub inactive_since: Option<DateTime<Utc>>,
    /// When it was last used, or that it never was.
    pub last_used: Option<&'a LastUsed>,
    /// Whether this session is signed in with it.
    pub own: bool,
    /// What it is for, or that it has no description; none while that is not known.
    pub description: Option<Option<&'a str>>,
    /// The rules of the account that an exemption takes it out of, a bit each; none while that is not
    /// known.
    pub exempt: Option<u64>,
    /// What the rules of the account have found; where there is none, they are asked.
    pub judged: Option<Judged>,
}

/// What rules have found of a key, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Those that find it.
    pub found: u64,
    /// Those of which that is not known.
    pub unknown: u64,
}

/// What is typed into the filter, understood: words to be found, conditions to be met, and what
/// could not be understood, which filters nothing away. Made once for each edit, not for each row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Who passes one of these passes; without any, everybody does.
    alternatives: Vec<Alternative>,
    errors: Vec<String>,
}

/// What stands between spaces, with the byte where it begins.
fn parts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let parts = text.split_whitespace();
    // Each is a part of this very text.
    parts.map(|part| (part.as_ptr() as usize - text.as_ptr() as usize, part))
}

/// The first `|` with nothing on a side of it, and which side that is. While somebody types, that is still to
/// come; what is said for good, as in a rule or a command, is meant otherwise.
fn empty_alternative(text: &str) -> Option<(usize, &'static str)> {
    let mut asks = false;
    let mut bar = None;
    for (at, part) in parts(text) {
        if part.starts_with('|') {
            if !asks {
                return Some((at, "before"));
            }
            asks = false;
            bar = Some(at);
        }
        if part.trim_matches('|').is_empty() {
            continue;
        }
        asks = true;
        if part.ends_with('|') {
            asks = false;
            bar = Some(at + part.len() - 1);
        }
    }
    bar.filter(|_| !asks).map(|at| (at, "behind"))
}

impl Query {
    /// Understands a text. Any text is a query.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let mut alternative = Alternative::default();
        for text in text.split_whitespace() {
            let part = text.trim_matches('|');
            if text.starts_with('|') {
                query.add(&mut alternative);
            }
            if part.is_empty() {
                continue;
            }
            match language::understand(part) {
                Ok(part) => alternative.add(part),
                Err(error) => query.errors.push(error),
            }
            if text.ends_with('|') {
                query.add(&mut alternative);
            }
        }
        query.add(&mut alternative);
        query
    }

    /// Refuses what asks for findings by rules that there are not: it filters nothing away, and is among
    /// the errors.
    #[must_use]
    pub fn by_rules(mut self, rules: &RuleIds) -> Self {
        let Self {
            alternatives,
            errors,
        } = &mut self;
        for alternative in &mut *alternatives {
            for condition in &mut alternative.of_key {
                condition.any.retain(|one| {
                    let OfKey::Finding(pattern) = one else {
                        return true;
                    };
                    let problem = rules.problem(pattern);
                    let is_rule = problem.is_none();
                    errors.extend(problem);
                    is_rule
                });
            }
            alternative.of_key.retain(|it| !it.any.is_empty());
        }
        alternatives.retain(|one| *one != Alternative::default());
        self
    }

    /// What of a text is not understood first, and where that stands.
    #[must_use]
    pub fn first_fault(text: &str) -> Option<String> {
        Self::first_fault_of(text, Self::parse)
    }

    /// The same where these are the rules.
    #[must_use]
    pub fn first_fault_by_rules(text: &str, rules: &RuleIds) -> Option<String> {
        Self::first_fault_of(text, |part| Self::parse(part).by_rules(rules))
    }

    fn first_fault_of(text: &str, understand: impl Fn(&str) -> Self) -> Option<String> {
        let place = |byte: usize| text[..byte].chars().count() + 1;
        let fault = parts(text).find_map(|(at, part)| {
            let query = understand(part);
            let error = query.errors().first()?;
            let place = place(at);
            Some(format!("at character {place}, {}: {error}", visible(part)))
        });
        fault.or_else(|| {
            let (at, side) = empty_alternative(text)?;
            let place = place(at);
            Some(format!(
                "at character {place}, |: The alternative {side} it is empty"
            ))
        })
    }

    /// Adds an alternative, unless it is still to be typed.
    fn add(&mut self, alternative: &mut Alternative) {
        let alternative = std::mem::take(alternative);
        if alternative != Alternative::default() {
            self.alternatives.push(alternative);
        }
    }

    /// Whether everybody passes. There may still be errors.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alternatives.is_empty()
    }

    /// Whether there are words to be found, and so something to highlight.
    #[must_use]
    pub fn has_words(&self) -> bool {
        self.words().next().is_some()
    }

    /// The words to be found.
    fn words(&self) -> impl Iterator<Item = &Word> {
        let words = self.alternatives.iter().flat_map(|one| &one.words);
        words.flatten()
    }

    /// What is asked of keys.
    fn of_key(&self) -> impl Iterator<Item = &Either<OfKey>> {
        self.alternatives.iter().flat_map(|one| &one.of_key)
    }

    /// Whether it asks about keys, so that a user whose keys are not known cannot be judged, and
    /// does not pass. Plain text does not count: a name may match it.
    #[must_use]
    pub fn needs_keys(&self) -> bool {
        let mut of_user = self.alternatives.iter().flat_map(|one| &one.of_user);
        let needs = |condition: &Either<OfUser>| condition.any.iter().any(OfUser::needs_keys);
        self.of_key().next().is_some() || of_user.any(needs)
    }

    /// Whether it has plain words, wanted or not: they are found fuzzily, or in what is not shown, and so
    /// are of no use to a rule.
    #[must_use]
    pub fn has_plain_words(&self) -> bool {
        let mut alternatives = self.alternatives.iter();
        alternatives.any(|one| !one.words.is_empty() || !one.without.is_empty())
    }

    /// Whether it asks for findings, which a rule cannot.
    #[must_use]
    pub fn asks_findings(&self) -> bool {
        let is = |condition: &OfKey| matches!(condition, OfKey::Finding(_) | OfKey::Severity(_));
        self.of_key().any(|condition| condition.any.iter().any(is))
    }

    /// Whether it asks what only the credential report says.
    #[must_use]
    pub fn asks_report(&self) -> bool {
        self.asks_of_user(|condition| matches!(condition, OfUser::Password | OfUser::Mfa))
    }

    /// Whether it asks since when keys are Inactive: the credential report may tell.
    #[must_use]
    pub fn asks_inactive(&self) -> bool {
        let is = |condition: &OfKey| matches!(condition, OfKey::Inactive(_));
        self.of_key().any(|condition| condition.any.iter().any(is))
    }

    /// Whether it asks for the root user.
    #[must_use]
    pub fn asks_root(&self) -> bool {
        self.asks_of_user(|condition| matches!(condition, OfUser::Root))
    }

    /// Whether none but the root user can pass.
    #[must_use]
    pub fn asks_root_alone(&self) -> bool {
        let is_it = |condition: &Either<OfUser>| {
            !condition.not && condition.any.iter().all(|it| matches!(it, OfUser::Root))
        };
        let mut all = self.alternatives.iter();
        !self.is_empty() && all.all(|one| one.of_user.iter().any(is_it))
    }

    /// Whether it asks which key is this session's own.
    #[must_use]
    pub fn asks_own(&self) -> bool {
        self.of_key()
            .any(|condition| condition.any.contains(&OfKey::Own))
    }

    /// Whether what tags say can decide who passes: words are looked for in what keys are for, too.
    #[must_use]
    pub fn reads_tags(&self) -> bool {
        let mut alternatives = self.alternatives.iter();
        self.asks_tags() || alternatives.any(|one| !one.words.is_empty() || !one.without.is_empty())
    }

    /// Whether it asks when keys were last used, by what or where.
    #[must_use]
    pub fn asks_uses(&self) -> bool {
        let is = |condition: &OfKey| {
            matches!(
                condition,
                OfKey::Unused(_)
                    | OfKey::Used(_)
                    | OfKey::Never
                    | OfKey::Service(_)
                    | OfKey::Region(_)
            )
        };
        self.of_key().any(|condition| condition.any.iter().any(is))
    }

    /// Whether it asks what keys are for.
    #[must_use]
    pub fn asks_descriptions(&self) -> bool {
        let is = |condition: &OfKey| matches!(condition, OfKey::Description(_));
        self.of_key().any(|condition| condition.any.iter().any(is))
    }

    /// Whether it asks what only tags say: what keys are for, whose users are, or for the tags.
    #[must_use]
    pub fn asks_tags(&self) -> bool {
        let is = |condition: &OfUser| matches!(condition, OfUser::Owner(_) | OfUser::Tag(..));
        let exempt = |condition: &Either<OfKey>| condition.any.contains(&OfKey::Exempt);
        self.asks_descriptions() || self.asks_of_user(is) || self.of_key().any(exempt)
    }

    /// Whether it asks who is an administrator.
    #[must_use]
    pub fn asks_power(&self) -> bool {
        self.asks_of_user(|condition| matches!(condition, OfUser::Admin))
    }

    /// Whether it asks who is under quarantine.
    #[must_use]
    pub fn asks_quarantine(&self) -> bool {
        self.asks_of_user(|condition| matches!(condition, OfUser::Quarantined))
    }

    fn asks_of_user(&self, is: impl Fn(&OfUser) -> bool) -> bool {
        let mut of_user = self.alternatives.iter().flat_map(|one| &one.of_user);
        of_user.any(|condition| condition.any.iter().any(&is))
    }

    /// Whether it asks in which account a key is.
    #[must_use]
    pub fn asks_account(&self) -> bool {
        self.asks_of_user(|condition| matches!(condition, OfUser::Account(_)))
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
        let narrows =
            |one: &Alternative| previous.alternatives.iter().any(|other| one.narrows(other));
        previous.is_empty() || !self.is_empty() && self.alternatives.iter().all(narrows)
    }

    /// Whether no key of a user can pass, whatever is known of it, by what is asked of the user.
    #[must_use]
    pub fn rules_out(&self, user: &UserFacts<'_>) -> bool {
        !self.is_empty() && self.alternatives.iter().all(|one| !one.admits(user))
    }

    /// Whether a user passes. Costs a fraction of [`Query::user_score`], which says the same.
    pub fn user_passes<'a>(
        &self,
        user: &UserFacts<'_>,
        keys: impl IntoIterator<Item = KeyFacts<'a>, IntoIter: Clone>,
        now: DateTime<Utc>,
        scratch: &mut Scratch,
    ) -> bool {
        self.judge(user, keys, now, scratch, Wanted::Match)
            .is_some()
    }

    /// How well a user with these keys matches: each word the name, the path, or the ID or the
    /// description of one of the keys, and one and the same key all that is asked of keys. The higher
    /// the better; nothing where they do not match. Without words, 0.
    pub fn user_score<'a>(
        &self,
        user: &UserFacts<'_>,
        keys: impl IntoIterator<Item = KeyFacts<'a>, IntoIter: Clone>,
        now: DateTime<Utc>,
        scratch: &mut Scratch,
    ) -> Option<u32> {
        self.judge(user, keys, now, scratch, Wanted::Score)
    }

    /// No user and no key has a higher score than this: who looks for the best match need not look
    /// any further.
    pub fn highest_score(&self, scratch: &mut Scratch) -> u32 {
        let tables = &mut scratch.tables;
        let mut highest = |words: &Vec<Word>| {
            let highest = words.iter().map(|word| word.highest(tables)).max();
            highest.unwrap_or(0).saturating_mul(NAMED)
        };
        let scores = self.alternatives.iter().map(|one| {
            one.words
                .iter()
                .fold(0u32, |sum, words| sum.saturating_add(highest(words)))
        });
        scores.max().unwrap_or(0)
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
        self.judge(user, one(key), now, scratch, Wanted::Match)
            .is_some()
    }

    /// How well a key of a user matches: each word the user's name, their path, or this key's ID or
    /// description, and this key all that is asked of keys.
    pub fn key_score(
        &self,
        user: &UserFacts<'_>,
        key: &KeyFacts<'_>,
        now: DateTime<Utc>,
        scratch: &mut Scratch,
    ) -> Option<u32> {
        self.judge(user, one(key), now, scratch, Wanted::Score)
    }

    /// Whether a key is known to meet this, or known not to; none where what is known does not tell.
    /// Without a key it is asked of the user's keys, of which nothing is known.
    ///
    /// Unlike a list, which shows what the report says of a key for what it is, this knows of an age
    /// that it is at least that.
    pub fn verdict(
        &self,
        user: &UserFacts<'_>,
        key: Option<&KeyFacts<'_>>,
        now: DateTime<Utc>,
        scratch: &mut Scratch,
    ) -> Option<bool> {
        let words = |one: &Alternative| one.words_verdict(user, key, scratch);
        self.decide(user, key, now, words)
    }

    /// The same of a query without words: nothing is needed for them.
    pub(in crate::engine) fn conditions_verdict(
        &self,
        user: &UserFacts<'_>,
        key: Option<&KeyFacts<'_>>,
        now: DateTime<Utc>,
    ) -> Option<bool> {
        self.decide(user, key, now, |_| Some(true))
    }

    /// Whether it has no alternatives: then a key meets it that meets [`Query::key_verdict`], and whose
    /// user meets [`Query::user_verdict`].
    pub(in crate::engine) fn is_plain(&self) -> bool {
        self.alternatives.len() == 1
    }

    /// Whether it has no alternatives and asks keys to be Active, or Inactive.
    pub(in crate::engine) fn asks_status(&self, active: bool) -> bool {
        let is_it =
            |condition: &Either<OfKey>| !condition.not && condition.any == [OfKey::Active(active)];
        self.is_plain() && self.of_key().any(is_it)
    }

    /// What is known of the keys of a user by what is asked of the user alone. Of alternatives nothing
    /// is.
    #[inline]
    pub(in crate::engine) fn user_verdict(&self, user: &UserFacts<'_>) -> Option<bool> {
        let [only] = &self.alternatives[..] else {
            return None;
        };
        only.user_verdict(user)
    }

    /// What is known of a key by what is asked of keys alone.
    #[inline]
    pub(in crate::engine) fn key_verdict(
        &self,
        user: &UserFacts<'_>,
        key: &KeyFacts<'_>,
        now: DateTime<Utc>,
    ) -> Option<bool> {
        let [only] = &self.alternatives[..] else {
            return None;
        };
        only.key_verdict(user, Some(key), now)
    }

    #[inline]
    fn decide(
        &self,
        user: &UserFacts<'_>,
        key: Option<&KeyFacts<'_>>,
        now: DateTime<Utc>,
        mut words: impl FnMut(&Alternative) -> Option<bool>,
    ) -> Option<bool> {
        if self.is_empty() {
            return Some(true);
        }
        let mut verdict = Some(false);
        for alternative in &self.alternatives {
            let conditions = alternative.conditions_verdict(user, key, now);
            let of_words = if conditions == Some(false) {
                Some(true)
            } else {
                words(alternative)
            };
            match both(conditions, of_words) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => verdict = None,
            }
        }
        verdict
    }

    fn judge<'a>(
        &self,
        user: &UserFacts<'_>,
        keys: impl IntoIterator<Item = KeyFacts<'a>, IntoIter: Clone>,
        now: DateTime<Utc>,
        scratch: &mut Scratch,
        wanted: Wanted,
    ) -> Option<u32> {
        if self.is_empty() {
            return Some(0);
        }
        let keys = keys.into_iter();
        let mut best = None;
        for alternative in &self.alternatives {
            let score = alternative.judge(user, keys.clone(), now, scratch, wanted);
            if wanted == Wanted::Match && score.is_some() {
                return score;
            }
            best = best.max(score);
        }
        best
    }

    /// Which characters of a name or a path the words are found in, counted from 0, in order, each
    /// once.
    #[must_use]
    pub fn highlights(&self, text: &str, scratch: &mut Scratch) -> Vec<usize> {
        let mut marks = Vec::new();
        for word in self.words() {
            word.mark_named(text, &mut scratch.tables, &mut marks);
        }
        in_order(marks.into_iter().map(|at| at as usize).collect())
    }

    /// Which characters of a key ID the words and `id:` are found in, as [`Query::highlights`].
    #[must_use]
    pub fn highlights_in_id(&self, id: &str) -> Vec<usize> {
        let words = self.words().map(|word| &word.text);
        let asked = self.of_key().filter(|condition| !condition.not);
        let asked = asked.flat_map(|condition| &condition.any);
        let parts = asked.filter_map(|condition| match condition {
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

/// Whether both are so: what one is known not to be, both are not.
fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// One key alone.
fn one<'a, 'b>(key: &'b KeyFacts<'a>) -> impl Iterator<Item = KeyFacts<'a>> + Clone + use<'a, 'b> {
    std::slice::from_ref(key).iter().copied()
}

fn in_order(mut places: Vec<usize>) -> Vec<usize> {
    places.sort_unstable();
    places.dedup();
    places
}
