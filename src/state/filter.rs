//! Which users pass what is typed into the filter.

use super::users::UserRow;
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{Atom, AtomKind, CaseMatching, Normalization},
};
use tui_input::Input;

/// The filter: words that all have to match, each in the name, the path or a key ID.
#[derive(Default)]
pub struct Filter {
    /// The text field.
    pub input: Input,
    /// Made when it is first needed: its tables are large.
    matcher: Option<Box<Matcher>>,
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Filter").field(&self.input.value()).finish()
    }
}

/// A word as it is looked for: fuzzily in what people named, exactly in what nobody did. A few
/// letters in order are found in almost any key ID.
struct Word {
    fuzzy: Atom,
    exact: Atom,
}

impl Word {
    fn new(text: &str) -> Self {
        let atom = |kind| {
            Atom::new(
                text,
                CaseMatching::Ignore,
                Normalization::Smart,
                kind,
                false,
            )
        };
        Self {
            fuzzy: atom(AtomKind::Fuzzy),
            exact: atom(AtomKind::Substring),
        }
    }

    /// How well it matches a row, if it does.
    fn score(&self, row: &UserRow, matcher: &mut Matcher, buffer: &mut Vec<char>) -> Option<u32> {
        let mut score = |atom: &Atom, text: &str| {
            atom.score(Utf32Str::new(text, buffer), matcher)
                .map(u32::from)
        };
        let named = score(&self.fuzzy, &row.user.name).map(|score| score * 2);
        let path = (row.user.path.len() > 1)
            .then(|| score(&self.fuzzy, &row.user.path))
            .flatten();
        let keys = row.keys.known().into_iter().flatten();
        let key = keys.filter_map(|key| score(&self.exact, &key.key.id)).max();
        named.max(path).max(key)
    }
}

impl Filter {
    /// Whether it lets everybody through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.input.value().trim().is_empty()
    }

    fn words(&self) -> Vec<Word> {
        let text = self.input.value();
        text.split_whitespace().map(Word::new).collect()
    }

    /// Whether a row passes.
    pub(super) fn passes(&mut self, row: &UserRow) -> bool {
        let words = self.words();
        words.is_empty()
            || score(&words, row, matcher(&mut self.matcher), &mut Vec::new()).is_some()
    }

    /// Fills `shown` with the rows that pass, in their order. Returns which of the shown matches
    /// best, where there is a filter.
    pub(super) fn apply(&mut self, rows: &[UserRow], shown: &mut Vec<u32>) -> Option<usize> {
        shown.clear();
        let indices = (0..).zip(rows);
        let words = self.words();
        if words.is_empty() {
            shown.extend(indices.map(|(at, _)| at));
            return None;
        }
        let matcher = matcher(&mut self.matcher);
        let mut buffer = Vec::new();
        let mut best: Option<(u32, usize)> = None;
        for (at, row) in indices {
            if let Some(score) = score(&words, row, matcher, &mut buffer) {
                if best.is_none_or(|(highest, _)| score > highest) {
                    best = Some((score, shown.len()));
                }
                shown.push(at);
            }
        }
        best.map(|(_, at)| at)
    }
}

fn matcher(made: &mut Option<Box<Matcher>>) -> &mut Matcher {
    made.get_or_insert_with(|| Box::new(Matcher::new(Config::DEFAULT)))
}

/// How well a row matches all the words, if it does.
fn score(
    words: &[Word],
    row: &UserRow,
    matcher: &mut Matcher,
    buffer: &mut Vec<char>,
) -> Option<u32> {
    let scores = words.iter().map(|word| word.score(row, matcher, buffer));
    scores.sum()
}
