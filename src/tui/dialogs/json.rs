//! JSON as it is read: indented, and never broken inside of a word.

use crate::tui::{prelude::*, widgets::dialog::pieces};

/// Breaks JSON into lines, two blanks a level. Nothing is lost but blanks between its parts, so that
/// also what only looks like JSON can be read.
pub(super) fn indented(document: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut level = 0_usize;
    let (mut quoted, mut escaped) = (false, false);
    let mut chars = document.chars().filter(|c| *c != '\r').peekable();
    let end = |line: &mut String, level: usize, lines: &mut Vec<String>| {
        if !line.trim().is_empty() {
            lines.push(std::mem::take(line).trim_end().to_owned());
        }
        // As deep as anybody writes: what is deeper stays at the edge.
        *line = "  ".repeat(level.min(40));
    };
    while let Some(c) = chars.next() {
        if quoted {
            line.push(c);
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                quoted = true;
                line.push(c);
            }
            '{' | '[' => {
                line.push(c);
                let close = if c == '{' { '}' } else { ']' };
                while chars.peek().is_some_and(|next| next.is_whitespace()) {
                    chars.next();
                }
                if chars.peek() == Some(&close) {
                    chars.next();
                    line.push(close);
                } else {
                    level += 1;
                    end(&mut line, level, &mut lines);
                }
            }
            '}' | ']' => {
                level = level.saturating_sub(1);
                end(&mut line, level, &mut lines);
                line.push(c);
            }
            ',' => {
                line.push(c);
                end(&mut line, level, &mut lines);
            }
            ':' => line.push_str(": "),
            c if c.is_whitespace() => {}
            c => line.push(c),
        }
    }
    end(&mut line, 0, &mut lines);
    lines
}

/// The same in as few lines as can still be read: what holds one thing only stays in one line, as far as
/// there is room, and the one thing in a list begins where the list does. A line that is too long goes on
/// in the next one between two parts of it.
pub(super) fn compact(document: &str, cells: usize) -> Vec<String> {
    let mut lines = indented(&visible(document));
    fold(&mut lines, cells);
    open_together(&mut lines);
    lines.iter().flat_map(|line| broken(line, cells)).collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Joins what holds one thing only with what it holds, from the inside out.
fn fold(lines: &mut Vec<String>, cells: usize) {
    let whole = |[open, held, close]: &[String; 3]| {
        let opens = open.ends_with(['{', '[']) && !held.ends_with(['{', '[', ',']);
        let closes = close.trim_start().starts_with(['}', ']']) && indent(close) == indent(open);
        if !opens || !closes {
            return None;
        }
        let whole = format!("{open}{}{}", held.trim(), close.trim());
        (width(&whole) <= cells).then_some(whole)
    };
    // What is joined may close what is before it: each line is looked at once for each join.
    let mut folded: Vec<String> = Vec::with_capacity(lines.len());
    for line in lines.drain(..) {
        folded.push(line);
        while let Some(joined) = folded.last_chunk().and_then(whole) {
            folded.truncate(folded.len() - 3);
            folded.push(joined);
        }
    }
    *lines = folded;
}

/// Lets the one object in a list begin where the list does, and end with it.
fn open_together(lines: &mut Vec<String>) {
    let mut from = 0;
    while let Some(found) = lines.iter().skip(from).position(|line| line.ends_with('[')) {
        let at = from + found;
        from = at + 1;
        if lines.get(from).is_none_or(|line| line.trim() != "{") {
            continue;
        }
        let inner = indent(&lines[from]);
        let close = lines
            .iter()
            .skip(from + 1)
            .position(|line| indent(line) <= inner);
        let Some(close) = close.map(|close| close + from + 1) else {
            continue;
        };
        let end = lines.get(close + 1).map(|line| line.trim().to_owned());
        let Some(end) = end.filter(|end| end.starts_with(']') && lines[close].trim() == "}") else {
            continue;
        };
        lines[at].push('{');
        let edge = " ".repeat(indent(&lines[at]));
        lines[close] = format!("{edge}}}{end}");
        lines.remove(close + 1);
        for line in &mut lines[from + 1..close] {
            let less = indent(line).min(2);
            line.replace_range(..less, "");
        }
        lines.remove(from);
    }
}

/// Breaks a line that is too long behind the name of what it says, and anywhere only where that is too
/// long as well.
fn broken(line: &str, cells: usize) -> Vec<String> {
    if width(line) <= cells {
        return vec![line.to_owned()];
    }
    let margin = indent(line).min(cells / 2);
    let text = line.trim_start();
    let end = text.find("\": ").map_or(0, |at| at + 2);
    let (name, value) = text.split_at(end);
    let mut lines = Vec::new();
    let mut margin = " ".repeat(margin);
    if !name.is_empty() {
        lines.push(format!("{margin}{name}"));
        margin.push_str("  ");
    }
    let room = cells.saturating_sub(margin.len());
    let value = pieces(value.trim_start(), room);
    lines.extend(value.iter().map(|part| format!("{margin}{part}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_is_indented_and_texts_in_it_stay_as_they_are() {
        let compact = r#"{"a":[1,{"b":"x, {y}: \"z\""}],"c":{},"d":[ ]}"#;
        let lines = indented(compact);
        assert_eq!(
            lines,
            [
                "{",
                r#"  "a": ["#,
                "    1,",
                "    {",
                r#"      "b": "x, {y}: \"z\"""#,
                "    }",
                "  ],",
                r#"  "c": {},"#,
                r#"  "d": []"#,
                "}"
            ]
        );
        assert_eq!(indented(&lines.join("\n")), lines, "once is enough");
    }

    #[test]
    fn the_policy_of_a_revocation_is_whole_and_broken_only_between_its_parts() {
        let cut = chrono::DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let policy = crate::engine::impact::revocation::document(cut);
        assert_eq!(
            compact(&policy, 72),
            [
                "{",
                r#"  "Version": "2012-10-17","#,
                r#"  "Statement": [{"#,
                r#"    "Effect": "Deny","#,
                r#"    "Action": "*","#,
                r#"    "Resource": "*","#,
                r#"    "Condition": {"#,
                r#"      "DateLessThan": {"aws:TokenIssueTime": "2026-11-18T11:06:40Z"}"#,
                "    }",
                "  }]",
                "}"
            ]
        );
        let narrow = compact(&policy, 52);
        assert_eq!(narrow.len(), 13, "{narrow:#?}");
        for cells in [40, 52, 72] {
            let lines = compact(&policy, cells);
            assert!(lines.iter().all(|line| width(line) <= cells), "{lines:#?}");
            for word in [
                "\"Statement\"",
                "\"aws:TokenIssueTime\":",
                "\"2026-11-18T11:06:40Z\"",
            ] {
                assert!(lines.iter().any(|line| line.contains(word)), "{lines:#?}");
            }
            let bare: String = lines.concat().chars().filter(|c| *c != ' ').collect();
            assert_eq!(bare, *policy);
        }
    }

    proptest! {
        #[test]
        fn as_few_lines_lose_nothing_either(
            text in "[\\[\\]{},:\"\\\\a1 ]{0,80}", cells in 4usize..60
        ) {
            let bare = |text: &str| -> String {
                text.chars().filter(|c| !c.is_whitespace()).collect()
            };
            prop_assert_eq!(bare(&compact(&text, cells).concat()), bare(&text));
        }

        #[test]
        fn nothing_but_blanks_is_lost(text in "[\\[\\]{},:\"\\\\a1 \n]{0,80}") {
            let bare = |text: &str| -> String {
                text.chars().filter(|c| !c.is_whitespace()).collect()
            };
            prop_assert_eq!(bare(&indented(&text).concat()), bare(&text));
        }
    }
}
