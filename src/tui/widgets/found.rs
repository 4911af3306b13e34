//! Where in a text the words of the filter are, for those on the screen.

use crate::engine::query::{Query, Scratch};
use ratatui::{style::Style, text::Span};
use std::cmp::Ordering;

/// Finds in names what the filter's words have found. Made once for a frame, and only where there
/// are words.
pub(in crate::tui) struct Finder<'a> {
    query: &'a Query,
    scratch: Scratch,
}

impl<'a> Finder<'a> {
    pub(in crate::tui) fn of(query: &'a Query) -> Option<Self> {
        query.has_words().then(|| Self {
            query,
            scratch: Scratch::default(),
        })
    }

    /// A name or a key ID as it is shown, in the style of the row and of what was found.
    pub(in crate::tui) fn spans(
        &mut self,
        id: bool,
        whole: &str,
        shown: &str,
        style: Style,
        found: Style,
    ) -> impl Iterator<Item = Span<'static>> + use<> {
        let parts = self.parts(id, whole, shown).into_iter();
        parts.map(move |(part, is_found)| {
            Span::styled(part, if is_found { style.patch(found) } else { style })
        })
    }

    /// A text as it is shown, in parts that were found or not.
    fn parts(&mut self, id: bool, name: &str, shown: &str) -> Vec<(String, bool)> {
        let found = if id {
            self.query.highlights_in_id(name)
        } else {
            self.query.highlights(name, &mut self.scratch)
        };
        let from = shortened(name, shown);
        let mut parts: Vec<(String, bool)> = Vec::new();
        for (at, c) in shown.chars().enumerate() {
            let is_found = from(at).is_some_and(|at| found.binary_search(&at).is_ok());
            match parts.last_mut() {
                Some((part, same)) if *same == is_found => part.push(c),
                _ => parts.push((c.into(), is_found)),
            }
        }
        parts
    }
}

/// Which character of a text it was that is shown at a place; none where the mark is that stands
/// for those left out.
fn shortened(text: &str, shown: &str) -> impl Fn(usize) -> Option<usize> + use<> {
    let (all, left) = (text.chars().count(), shown.chars().count());
    let same = text.chars().zip(shown.chars());
    let mark = same.take_while(|(a, b)| a == b).count();
    move |at| match at.cmp(&mark) {
        Ordering::Less => Some(at),
        Ordering::Equal => None,
        Ordering::Greater => (at + all).checked_sub(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::text::shorten_name;

    /// The parts of a name, what was found in brackets.
    fn found(query: &str, name: &str, cells: usize) -> String {
        let query = Query::parse(query);
        let mut finder = Finder::of(&query).expect("there are words");
        let parts = finder.parts(false, name, &shorten_name(name, cells, "…"));
        let parts = parts.into_iter().map(
            |(part, found)| {
                if found { format!("[{part}]") } else { part }
            },
        );
        parts.collect()
    }

    #[test]
    fn what_was_found_is_marked_also_where_a_name_is_cut() {
        assert_eq!(found("bot", "deploy-bot", 20), "deploy-[bot]");
        assert_eq!(found("de bot", "deploy-bot", 20), "[de]ploy-[bot]");
        assert_eq!(found("xyz", "deploy-bot", 20), "deploy-bot");
        assert_eq!(found("port", "billing-export", 12), "billing…[port]");
        assert_eq!(found("bill", "billing-export", 12), "[bill]ing…port");
        // What is left out is marked nowhere.
        assert_eq!(found("exp", "billing-export", 12), "billing…[p]ort");
        assert_eq!(found("g-ex", "billing-export", 12), "billin[g]…port");
        assert_eq!(found("bill", "billing-export", 5), "[bill]…");
    }

    #[test]
    fn without_words_nothing_is_looked_for() {
        for query in ["", "age>90 own", "foo:"] {
            assert!(Finder::of(&Query::parse(query)).is_none(), "{query}");
        }
    }
}
