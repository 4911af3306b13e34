//! CSV (RFC 4180, with a line feed alone). A field that is not known is empty.
//!
//! A spreadsheet takes a field that begins with one of `= + - @`, a tab or a carriage return for a
//! formula. Such a text gets an apostrophe before it, as OWASP advises against CSV injection; numbers
//! and names of this program's own do not need it.

use super::value::Value;
use crate::engine::text::visible;
use std::borrow::Cow;

/// What a spreadsheet would take for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Writes a line; for a terminal, so that nothing in it drives that.
pub(super) fn write(to: &mut Vec<u8>, values: impl IntoIterator<Item = Value>, is_terminal: bool) {
    let mut line = csv::WriterBuilder::new().from_writer(&mut *to);
    let fields = values.into_iter().map(|value| {
        let text = value.text().unwrap_or_default();
        let text = match value {
            Value::Text(_) | Value::Made(..) => defused(&text).into_owned(),
            _ => text,
        };
        if is_terminal {
            visible(&text).into_owned()
        } else {
            text
        }
    });
    // It is written to memory, in records of one length each.
    let _ = line.write_record(fields);
    let _ = line.flush();
}

/// A text that no spreadsheet takes for a formula.
fn defused(text: &str) -> Cow<'_, str> {
    if text.starts_with(FORMULA) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: Vec<Value>, is_terminal: bool) -> String {
        let mut text = Vec::new();
        write(&mut text, values, is_terminal);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_text_is_no_formula_and_a_number_is_one_still() {
        for (text, written) in [
            ("=1+1", "'=1+1\n"),
            ("+1", "'+1\n"),
            ("-1", "'-1\n"),
            ("@x", "'@x\n"),
            ("\tx", "'\tx\n"),
            ("\rx", "\"'\rx\"\n"),
            ("a=1", "a=1\n"),
            ("a,b", "\"a,b\"\n"),
            ("say \"x\"", "\"say \"\"x\"\"\"\n"),
            ("two\nlines", "\"two\nlines\"\n"),
        ] {
            assert_eq!(line(vec![text.into()], false), written, "{text:?}");
        }
        let values = vec![Value::Number(-3), Value::Null, true.into(), "".into()];
        assert_eq!(line(values, false), "-3,,true,\n");
    }

    #[test]
    fn in_a_terminal_nothing_is_obeyed() {
        assert_eq!(line(vec!["\u{1b}[31m".into()], true), "\u{fffd}[31m\n");
        assert_eq!(line(vec!["\u{1b}[31m".into()], false), "\u{1b}[31m\n");
    }
}
