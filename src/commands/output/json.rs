//! JSON. What drives a terminal or cannot be seen is escaped in it, which changes no value: a document
//! can be looked at in a terminal, wherever its texts come from.

use super::{
    super::incomplete::{Gap, OpenedAccount},
    Format, Record, columns_of,
    value::Column,
};
use crate::engine::text::is_hidden;
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use std::io;

/// A record as an object, with its columns in order.
struct Line<'a, R: 'static> {
    columns: &'a [&'static Column<R>],
    record: &'a R,
}

/// A record in a document of another kind, with its usual columns.
#[derive(Debug)]
pub(in crate::commands) struct Object<R>(R);

impl<R: Record> Object<R> {
    pub(in crate::commands) fn of(record: R) -> Self {
        Self(record)
    }

    /// It in words, column after column.
    pub(in crate::commands) fn words(&self) -> Vec<(&'static str, String)> {
        let columns = columns_of::<R>(&[], Format::Json).into_iter();
        let words = columns.map(|column| {
            let words = column.told(&self.0);
            (column.title, words)
        });
        words.collect()
    }
}

impl<R: Record> Serialize for Object<R> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let columns = &columns_of::<R>(&[], Format::Json);
        let record = &self.0;
        Line { columns, record }.serialize(to)
    }
}

impl<R> Serialize for Line<'_, R> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.columns.len()))?;
        for column in self.columns {
            map.serialize_entry(column.name, &(column.value)(self.record))?;
        }
        map.end()
    }
}

/// Records as a list of objects.
pub(in crate::commands) struct Rows<'a, R: 'static> {
    pub(in crate::commands) columns: &'a [&'static Column<R>],
    pub(in crate::commands) records: &'a [R],
}

impl<R> Serialize for Rows<'_, R> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let columns = self.columns;
        let lines = self.records.iter().map(|record| Line { columns, record });
        to.collect_seq(lines)
    }
}

/// All records with what belongs to all of them.
pub(super) struct Envelope<'a, R: 'static> {
    /// Why the command has failed as a whole.
    pub(super) error: Option<&'a str>,
    pub(super) columns: &'a [&'static Column<R>],
    pub(super) rows: &'a [R],
    pub(super) accounts: &'a [OpenedAccount],
    pub(super) gaps: &'a [Gap],
}

impl<R: Record> Serialize for Envelope<'_, R> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (schema, name) = R::SCHEMA;
        let objects = Rows {
            columns: self.columns,
            records: self.rows,
        };
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("schema", schema)?;
        map.serialize_entry("error", &self.error)?;
        // Of accounts themselves that would be the same twice.
        if name != "accounts" {
            map.serialize_entry("accounts", self.accounts)?;
        }
        map.serialize_entry(name, &objects)?;
        map.serialize_entry("incomplete", self.gaps)?;
        map.end()
    }
}

/// A document that people can read as well.
pub(in crate::commands) fn pretty(document: &impl Serialize) -> Vec<u8> {
    written(document, Visible(PrettyFormatter::new()))
}

/// A document in one line.
pub(in crate::commands) fn line_of(document: &impl Serialize) -> Vec<u8> {
    written(document, Visible(CompactFormatter))
}

/// Writes a record as a line.
pub(super) fn write_line<R: Record>(to: &mut Vec<u8>, columns: &[&'static Column<R>], record: &R) {
    to.extend(line_of(&Line { columns, record }));
}

fn written(document: &impl Serialize, formatter: impl Formatter) -> Vec<u8> {
    let mut text = Vec::new();
    let mut to = serde_json::Serializer::with_formatter(&mut text, formatter);
    // Memory takes it, and every key is a text.
    let _ = document.serialize(&mut to);
    text.push(b'\n');
    text
}

/// Escapes what would drive a terminal or cannot be seen.
struct Visible<F>(F);

impl<F: Formatter> Formatter for Visible<F> {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        to: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| is_hidden(*c)) {
            to.write_all(&fragment.as_bytes()[plain..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(to, "\\u{unit:04x}")?;
            }
            plain = at + c.len_utf8();
        }
        to.write_all(&fragment.as_bytes()[plain..])
    }

    fn begin_array<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.begin_array(to)
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_array(to)
    }

    fn begin_array_value<W: io::Write + ?Sized>(
        &mut self,
        to: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(to, first)
    }

    fn end_array_value<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_array_value(to)
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.begin_object(to)
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_object(to)
    }

    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        to: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(to, first)
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.begin_object_value(to)
    }

    fn end_object_value<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_object_value(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_is_escaped_and_is_the_same_all_the_same() {
        for text in [
            "plain",
            "a \"quoted\" \\ text",
            "\u{1b}[31m \u{7f} \u{9b}31m \r\n\t",
            "\u{202e}txt.exe \u{200b} \u{feff} \u{e0041}",
            "e\u{301} – 備份 🔑",
        ] {
            let line = line_of(&text);
            let written = String::from_utf8(line).unwrap();
            let shown = written.trim_end_matches('\n');
            assert!(!shown.chars().any(is_hidden), "{written:?}");
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
            assert_eq!(pretty(&text), written.as_bytes());
        }
    }
}
