//! A word of plain text, and where it is found.

use super::condition::{contains, find};
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{Atom, AtomKind, CaseMatching, Normalization},
};

/// What looking for words needs room for. Its tables are large: make one and keep it.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) tables: Tables,
    /// For each word of an alternative, how well it matches the row that is looked at.
    pub(super) found: Vec<Option<u32>>,
}

/// The matcher's.
#[derive(Debug)]
pub(super) struct Tables {
    matcher: Matcher,
    chars: Vec<char>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            matcher: Matcher::new(Config::DEFAULT),
            chars: Vec::new(),
        }
    }
}

/// What is wanted of a match: that there is one costs a fraction of how good it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Whether it matches; its score is 0.
    Match,
    /// How well.
    Score,
}

/// What each letter found in a key ID or a description counts, about as in a name.
const IDENTIFIED: u32 = 20;

/// A word as it is looked for: fuzzily in names and paths, exactly in the rest. A few
/// letters in order are found in almost any key ID, and in any long description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As it was typed, its ASCII letters in lower case.
    pub(super) text: String,
    fuzzy: Atom,
}

impl Word {
    pub(super) fn new(text: &str) -> Self {
        let fuzzy = Atom::new(
            text,
            CaseMatching::Ignore,
            Normalization::Smart,
            AtomKind::Fuzzy,
            false,
        );
        Self {
            text: text.to_ascii_lowercase(),
            fuzzy,
        }
    }

    /// Whether every text in which this word is found has the other word in it, too. Said only of
    /// ASCII, where it is plain.
    pub(super) fn extends(&self, other: &Self) -> bool {
        self == other
            || self.text.is_ascii() && other.text.is_ascii() && self.text.contains(&other.text)
    }

    /// How well it matches a name or a path.
    pub(super) fn named(&self, text: &str, wanted: Wanted, tables: &mut Tables) -> Option<u32> {
        match is_in_order(&self.text, text) {
            Some(false) => None,
            Some(true) if wanted == Wanted::Match => Some(0),
            _ => score(&self.fuzzy, text, tables),
        }
    }

    /// How well it matches a key ID or a description. The matcher is not asked: its version 0.3.1
    /// misses what begins with two digits and goes on with letters.
    pub(super) fn identified(&self, text: &str) -> Option<u32> {
        find(text, &self.text).map(|_| self.identified_score())
    }

    /// Whether a text has exactly this word in it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        contains(text, &self.text)
    }

    fn identified_score(&self) -> u32 {
        let letters = u32::try_from(self.text.chars().count()).unwrap_or(u32::MAX);
        letters.saturating_mul(IDENTIFIED)
    }

    /// No name has a higher score for it: one that begins with it has as high a one. Known only of
    /// ASCII: of a mark that is a character of its own the matcher takes the letter alone.
    pub(super) fn highest(&self, tables: &mut Tables) -> u32 {
        if !self.text.is_ascii() {
            return u32::MAX;
        }
        let name = score(&self.fuzzy, &self.text, tables).unwrap_or(u32::MAX);
        name.max(self.identified_score())
    }

    /// Adds which characters of a name or a path it is found in.
    pub(super) fn mark_named(&self, text: &str, tables: &mut Tables, marks: &mut Vec<u32>) {
        let text = haystack(text, &mut tables.chars);
        let _ = self.fuzzy.indices(text, &mut tables.matcher, marks);
    }
}

/// Whether a text has the letters of a word in their order; nothing where that cannot be said by
/// looking at bytes. The word is in lower case. Most rows fail here, in a fraction of the time that
/// a score takes.
fn is_in_order(word: &str, text: &str) -> Option<bool> {
    if !word.is_ascii() {
        // Letters that ASCII does not have are not in it.
        return text.is_ascii().then_some(false);
    }
    let mut rest = text.as_bytes();
    for letter in word.bytes() {
        let upper = letter.to_ascii_uppercase();
        let same = |byte: &u8| *byte == letter || *byte == upper;
        let Some(at) = rest.iter().position(same) else {
            // Other letters may be taken for this one.
            return text.is_ascii().then_some(false);
        };
        rest = &rest[at + 1..];
    }
    Some(true)
}

fn score(atom: &Atom, text: &str, tables: &mut Tables) -> Option<u32> {
    let text = haystack(text, &mut tables.chars);
    atom.score(text, &mut tables.matcher).map(u32::from)
}

/// A text as the matcher takes it. Not as the matcher would make it: that leaves out the marks on
/// letters, and the places of what is found would not be those of characters.
fn haystack<'a>(text: &'a str, chars: &'a mut Vec<char>) -> Utf32Str<'a> {
    if text.is_ascii() {
        Utf32Str::Ascii(text.as_bytes())
    } else {
        chars.clear();
        chars.extend(text.chars());
        Utf32Str::Unicode(chars)
    }
}
