//! How records are printed: as a table for people, as one JSON document, as a JSON object a line, or as
//! CSV. Lines go out as soon as they are known; a table and a document are put in order and printed at
//! the end.

mod csv;
mod json;
mod looks;
mod table;
mod value;
mod writer;

pub(super) use json::{Object, Rows, line_of, pretty};
pub(super) use looks::Looks;
pub(super) use value::{Column, InAccount, NOTHING, Value};
pub(super) use writer::{Writer, Written};

use super::incomplete::{Gap, OpenedAccount};
use clap::ValueEnum;

/// The form that something is printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table, for people
    Table,
    /// One JSON document, with what could not be seen
    Json,
    /// A JSON object a line, each as soon as it is known
    Jsonl,
    /// CSV with a heading, each line as soon as it is known
    Csv,
}

impl Format {
    /// The form of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    /// The one that was asked for; or else what suits the reader: a table is for people.
    pub(super) fn chosen(asked: Option<Self>, looks: Looks) -> Self {
        match asked {
            Some(format) => format,
            None if looks.is_terminal => Self::Table,
            None => Self::Jsonl,
        }
    }

    /// Whether lines go out one by one.
    pub(super) fn streams(self) -> bool {
        matches!(self, Self::Jsonl | Self::Csv)
    }
}

/// What can be printed, a line or a row each.
pub(super) trait Record: Sized + 'static {
    /// The version of the fields, and what they are called together: `iamkeys/keys/1` and `keys`.
    const SCHEMA: (&'static str, &'static str);
    /// All columns.
    const COLUMNS: &'static [Column<Self>];
    /// Those that are printed unless others are asked for, or more than these.
    const USUAL: &'static [&'static str];
    /// The same of a table, which has little room.
    const OF_TABLE: &'static [&'static str];

    /// What it is put in order by.
    fn sort_key(&self) -> Vec<String>;
}

/// The columns of these names; the usual ones where none are named.
pub(super) fn columns_of<R: Record>(names: &[String], format: Format) -> Vec<&'static Column<R>> {
    let usual = match format {
        Format::Table => R::OF_TABLE,
        _ => R::USUAL,
    };
    let find = |name: &str| R::COLUMNS.iter().find(|column| column.name == name);
    if names.is_empty() {
        return usual.iter().filter_map(|name| find(name)).collect();
    }
    let mut columns: Vec<&'static Column<R>> = Vec::new();
    for column in names.iter().filter_map(|name| find(name)) {
        // An object has no field twice.
        if !columns.iter().any(|known| known.name == column.name) {
            columns.push(column);
        }
    }
    columns
}

/// Prints records.
pub(super) struct Printer<R: Record> {
    columns: Vec<&'static Column<R>>,
    format: Format,
    looks: Looks,
    writer: Writer,
    /// Lines that are about to go out.
    lines: Vec<u8>,
    /// Whether the heading is written.
    has_heading: bool,
    /// What waits to be put in order.
    rows: Vec<R>,
    count: usize,
    /// Why the command has failed as a whole.
    error: Option<String>,
}

impl<R: Record> Printer<R> {
    pub(super) fn new(
        columns: Vec<&'static Column<R>>,
        format: Format,
        looks: Looks,
        writer: Writer,
    ) -> Self {
        Self {
            columns,
            format,
            looks,
            writer,
            lines: Vec::new(),
            has_heading: false,
            rows: Vec::new(),
            count: 0,
            error: None,
        }
    }

    /// The command has failed as a whole: a document says why. What was said first counts.
    pub(super) fn fail(&mut self, why: impl Into<String>) {
        self.error.get_or_insert_with(|| why.into());
    }

    /// Whether a person is to be told that there is nothing: a table without rows says nothing.
    pub(super) fn is_empty_table(&self) -> bool {
        self.format == Format::Table && self.count == 0
    }

    /// Takes a record.
    pub(super) fn print(&mut self, record: R) {
        self.count += 1;
        match self.format {
            Format::Table | Format::Json => self.rows.push(record),
            Format::Jsonl => json::write_line(&mut self.lines, &self.columns, &record),
            Format::Csv => {
                self.write_heading();
                let values = self.columns.iter().map(|column| (column.value)(&record));
                csv::write(&mut self.lines, values, self.looks.is_terminal);
            }
        }
    }

    fn write_heading(&mut self) {
        if !std::mem::replace(&mut self.has_heading, true) {
            let names = self.columns.iter().map(|column| column.name);
            csv::write(&mut self.lines, names.map(Value::name), false);
        }
    }

    /// Lets go of the lines that are ready.
    pub(super) fn flush(&mut self) {
        if !self.lines.is_empty() {
            self.writer.write(std::mem::take(&mut self.lines));
        }
    }

    /// Prints what has waited, and what belongs to all of it.
    pub(super) fn finish(&mut self, accounts: &[OpenedAccount], gaps: &[Gap]) {
        self.rows.sort_by_cached_key(Record::sort_key);
        match self.format {
            Format::Table => {
                let text = table::of(&self.columns, &self.rows, self.looks);
                self.lines.extend(text.into_bytes());
            }
            Format::Json => {
                let document = json::Envelope {
                    error: self.error.as_deref(),
                    columns: &self.columns,
                    rows: &self.rows,
                    accounts,
                    gaps,
                };
                self.lines.extend(pretty(&document));
            }
            Format::Csv => self.write_heading(),
            Format::Jsonl => {}
        }
        self.flush();
    }
}

/// What is printed where a command has failed before it could ask anything: a document that says why. In the
/// other forms nothing stands for that.
pub(super) fn failed<R: Record>(
    format: Format,
    columns: &[&'static Column<R>],
    why: &str,
) -> Vec<u8> {
    if format != Format::Json {
        return Vec::new();
    }
    pretty(&json::Envelope {
        error: Some(why),
        columns,
        rows: &[],
        accounts: &[],
        gaps: &[],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{
        changed::ChangedRecord, columns, key::KeyRecord, plan::PlanRecord, user::UserRecord,
    };

    #[test]
    fn a_column_that_is_named_twice_is_there_once() {
        let names = ["user", "key_id", "user"].map(String::from);
        let columns = columns_of::<KeyRecord>(&names, Format::Jsonl);
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        assert_eq!(names, ["user", "key_id"]);
    }

    #[test]
    fn each_column_that_can_be_named_is_there_and_no_other() {
        fn names<R: Record>() -> Vec<&'static str> {
            R::COLUMNS.iter().map(|column| column.name).collect()
        }
        fn are_known<R: Record>() -> bool {
            let known = |name: &&'static str| names::<R>().contains(name);
            R::USUAL.iter().all(known) && R::OF_TABLE.iter().all(known)
        }
        assert_eq!(names::<KeyRecord>(), columns::KEYS);
        assert_eq!(names::<UserRecord>(), columns::USERS);
        assert_eq!(names::<ChangedRecord>(), columns::CHANGES);
        assert_eq!(names::<PlanRecord>(), columns::PLAN);
        assert!(are_known::<PlanRecord>());
        assert!(
            are_known::<KeyRecord>() && are_known::<UserRecord>() && are_known::<ChangedRecord>()
        );
    }

    #[test]
    fn the_form_suits_the_reader_unless_it_is_asked_for() {
        let looks = |is_terminal| Looks {
            is_terminal,
            colour: false,
        };
        assert_eq!(Format::chosen(None, looks(true)), Format::Table);
        assert_eq!(Format::chosen(None, looks(false)), Format::Jsonl);
        for format in [Format::Table, Format::Json, Format::Jsonl, Format::Csv] {
            assert_eq!(Format::chosen(Some(format), looks(true)), format);
        }
        assert_eq!(Format::named("csv"), Some(Format::Csv));
        assert_eq!(Format::named("xml"), None);
    }
}
