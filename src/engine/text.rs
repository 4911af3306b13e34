//! Text that came from outside, made safe and fitting for a terminal.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Stands for a character that a terminal would obey or hide instead of showing it.
const HIDDEN: char = '\u{fffd}';

/// Makes everything in a text visible: control characters, bidirectional overrides and zero-width
/// characters become `�`, so that they can neither drive the terminal nor disguise a name.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return text.into();
    }
    let shown = |c| if is_hidden(c) { HIDDEN } else { c };
    text.chars().map(shown).collect()
}

/// Whether a character acts on the terminal or the text around it, or cannot be seen.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{00ad}' | '\u{e0000}'..='\u{e0fff}')
        || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        // Includes combining marks: harmless in prose, but IAM's names are ASCII, and a mark on
        // another letter is how one name is made to look like another.
        || c.width() == Some(0)
}

/// How many cells a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// Shortens a text to at most `cells`, ending in `mark` if anything had to go.
#[must_use]
pub fn shorten<'a>(text: &'a str, cells: usize, mark: &str) -> Cow<'a, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    let room = cells.saturating_sub(width(mark));
    let mut used = 0;
    let mut short: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect();
    if width(mark) <= cells {
        short.push_str(mark);
    }
    Cow::Owned(short)
}

/// Shortens a name in the middle, so that names that differ at their end still do.
#[must_use]
pub fn shorten_name<'a>(name: &'a str, cells: usize, mark: &str) -> Cow<'a, str> {
    const END: usize = 4;
    if width(name) <= cells || cells < 2 * END {
        return shorten(name, cells, mark);
    }
    let skip = name.chars().count().saturating_sub(END);
    let end: String = name.chars().skip(skip).collect();
    let begin = shorten(name, cells.saturating_sub(width(&end)), mark);
    Cow::Owned(format!("{begin}{end}"))
}

/// Shortens a path at its beginning: its end tells one file from another.
#[must_use]
pub fn shorten_path<'a>(path: &'a str, cells: usize, mark: &str) -> Cow<'a, str> {
    if width(path) <= cells {
        return Cow::Borrowed(path);
    }
    let room = cells.saturating_sub(width(mark));
    let mut used = 0;
    let fits = |(_, c): &(usize, char)| {
        used += c.width().unwrap_or(0);
        used <= room
    };
    let from = path.char_indices().rev().take_while(fits).last();
    let end = from.map_or("", |(at, _)| &path[at..]);
    shorten(&format!("{mark}{end}"), cells, "")
        .into_owned()
        .into()
}

/// Breaks a text at spaces into lines of at most `cells`; a longer word is broken anywhere.
#[must_use]
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && width(&line) + 1 + width(word) > cells {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            if width(&line) + c.width().unwrap_or(0) > cells {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A number with its thousands apart.
#[must_use]
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 user`, `24 users`.
#[must_use]
pub fn plural(number: usize, thing: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {thing}{s}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(7500), "7,500");
        assert_eq!(count(100_000), "100,000");
        assert_eq!(plural(1, "key"), "1 key");
    }
    use proptest::prelude::*;

    #[test]
    fn what_could_drive_or_deceive_is_shown_as_a_mark() {
        assert_eq!(visible("deploy-bot"), "deploy-bot");
        assert_eq!(visible("a\x1b[2Jb\x07\u{9b}c"), "a�[2Jb��c");
        assert_eq!(visible("adm\u{202e}nim\u{200b}\u{2066}x"), "adm�nim��x");
        assert_eq!(visible("e\u{301}"), "e�");
        assert_eq!(visible("日本"), "日本");
    }

    #[test]
    fn names_give_way_with_a_mark() {
        assert_eq!(shorten("billing-export", 12, "…"), "billing-exp…");
        assert_eq!(shorten("short", 12, "…"), "short");
        assert_eq!(shorten("日本語", 4, "…"), "日…");
        assert_eq!(shorten("abc", 0, "…"), "");
        assert_eq!(shorten_name("billing-export", 12, "…"), "billing…port");
        assert_eq!(shorten_name("billing-export", 14, "…"), "billing-export");
        assert_eq!(shorten_name("billing-export", 5, "…"), "bill…");
        assert_eq!(shorten_path("/home/alice/key.csv", 12, "…"), "…ice/key.csv");
        assert_eq!(shorten_path("key.csv", 7, "…"), "key.csv");
        assert_eq!(shorten_path("日本語", 5, "…"), "…本語");
        assert_eq!(shorten_path("key.csv", 0, "…"), "");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert!(wrap("", 5).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left_and_nothing_is_too_wide(text: String, cells in 1usize..40) {
            let shown = visible(&text);
            prop_assert!(!shown.chars().any(is_hidden));
            prop_assert!(width(&shorten(&shown, cells, "…")) <= cells);
            prop_assert!(width(&shorten_name(&shown, cells, "…")) <= cells);
            prop_assert!(width(&shorten_path(&shown, cells, "…")) <= cells);
            for line in wrap(&shown, cells.max(2)) {
                prop_assert!(width(&line) <= cells.max(2));
            }
        }
    }
}
