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
            Value::Text(_) => defused(&text).into_owned(),
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
