//! From the report's CSV to what it says. Row by row: of 100,000 users nothing is kept but the
//! result, in which services and regions are shared.

use super::{Report, ReportedKey, ReportedUser};
use crate::iam::LastUsed;
use chrono::{DateTime, Utc};
use csv::StringRecord;
use std::{collections::HashSet, sync::Arc};

/// The row that is about the account itself. No user can be called so.
const ROOT: &str = "<root_account>";

/// How many keys of a user every report has columns for.
const SLOTS: usize = 2;

/// Reads a whole report, or says what is wrong with it: where, and never what stands there.
pub(super) fn read(content: &[u8], generated: DateTime<Utc>) -> Result<Report, String> {
    // The first row is looked at as what it is.
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(content);
    let mut row = StringRecord::new();
    next(&mut rows, &mut row)?;
    let columns = Columns::of(&row)?;
    let mut report = Report {
        generated,
        root: None,
        users: Vec::new(),
    };
    let mut words = Words::default();
    // A box of exactly the right size is made from this one list.
    let mut keys = Vec::new();
    while next(&mut rows, &mut row)? {
        mend(&mut row, &columns)?;
        let said = columns.keys(&row, &mut keys, &mut words);
        let user = said.and_then(|()| columns.user(&row));
        let line = row.position().map_or(0, csv::Position::line);
        let (name, created) =
            user.map_err(|column| format!("line {line} of the report: {column} makes no sense"))?;
        let keys = keys.drain(..).collect();
        if name == ROOT {
            report.root = Some(keys);
        } else {
            let name = name.into();
            report.users.push(ReportedUser {
                name,
                created,
                keys,
            });
        }
    }
    report.users.shrink_to_fit();
    Ok(report)
}

/// Reads the next row into `row`; whether there is one.
fn next(rows: &mut csv::Reader<&[u8]>, row: &mut StringRecord) -> Result<bool, String> {
    rows.read_record(row).map_err(|error| {
        let line = error.position().map_or(0, csv::Position::line);
        format!("line {line} of the report is no row of its table")
    })
}

/// Puts together again what a comma in a user's name has taken apart. Names may have commas, and
/// nobody says whether AWS quotes them; moto does not. The name and then the ARN, which ends in it,
/// have one field more for each.
fn mend(row: &mut StringRecord, columns: &Columns) -> Result<(), String> {
    let more = row.len().checked_sub(columns.count);
    if more == Some(0) {
        return Ok(());
    }
    let can_be = |more: &usize| more.is_multiple_of(2) && columns.begins_with_the_name;
    let more = more.filter(can_be).ok_or_else(|| {
        let line = row.position().map_or(0, csv::Position::line);
        format!("line {line} of the report is no row of its table")
    })?;
    let fields: Vec<&str> = row.iter().collect();
    let (name, rest) = fields.split_at(more / 2 + 1);
    let (arn, rest) = rest.split_at(more / 2 + 1);
    let mut mended = StringRecord::from(vec![name.join(","), arn.join(",")]);
    mended.extend(rest);
    mended.set_position(row.position().cloned());
    *row = mended;
    Ok(())
}

/// Where the columns are that matter here; there may be any others.
struct Columns {
    /// How many there are.
    count: usize,
    /// The name and the ARN come first.
    begins_with_the_name: bool,
    user: usize,
    created: usize,
    slots: Vec<Slot>,
}

/// The columns of one key, with their names for what may be wrong in them.
struct Slot {
    active: (usize, String),
    rotated: (usize, String),
    used: (usize, String),
    region: usize,
    service: usize,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, String> {
        let find = |name: &str| header.iter().position(|column| column == name);
        let place =
            |name: &str| find(name).ok_or_else(|| format!("the report has no column {name}"));
        let user = place("user")?;
        let created = place("user_creation_time")?;
        let mut slots = Vec::new();
        // There are columns for two keys, and may be for more some day.
        for number in 1.. {
            let name = |what: &str| format!("access_key_{number}_{what}");
            if number > SLOTS && find(&name("active")).is_none() {
                break;
            }
            let named = |what: &str| {
                let name = name(what);
                place(&name).map(|place| (place, name))
            };
            slots.push(Slot {
                active: named("active")?,
                rotated: named("last_rotated")?,
                used: named("last_used_date")?,
                region: place(&name("last_used_region"))?,
                service: place(&name("last_used_service"))?,
            });
        }
        Ok(Self {
            count: header.len(),
            begins_with_the_name: header.iter().take(2).eq(["user", "arn"]),
            user,
            created,
            slots,
        })
    }

    /// The name and the age of whom a row is about, or the column that is wrong.
    fn user<'r>(&self, row: &'r StringRecord) -> Result<(&'r str, Option<DateTime<Utc>>), &str> {
        let name = Some(field(row, self.user)).filter(|name| !name.is_empty());
        let created = time(field(row, self.created)).ok_or("user_creation_time")?;
        Ok((name.ok_or("user")?, created))
    }

    /// The keys of a row, or the column that is wrong.
    fn keys(
        &self,
        row: &StringRecord,
        keys: &mut Vec<ReportedKey>,
        words: &mut Words,
    ) -> Result<(), &str> {
        for slot in &self.slots {
            let (place, name) = &slot.active;
            let active = truth(field(row, *place)).ok_or(&**name)?;
            let (place, name) = &slot.rotated;
            let rotated = time(field(row, *place)).ok_or(&**name)?;
            let (place, name) = &slot.used;
            let used = time(field(row, *place)).ok_or(&**name)?;
            // Without a time of its own and not active there is no key.
            if rotated.is_none() && !active {
                continue;
            }
            let last_used = used.map_or(LastUsed::Never, |time| LastUsed::At {
                time,
                service: words.shared(field(row, slot.service)),
                region: words.shared(field(row, slot.region)),
            });
            keys.push(ReportedKey {
                active,
                rotated,
                last_used,
            });
        }
        Ok(())
    }
}

/// A field of a row, which has as many as there are columns.
fn field(row: &StringRecord, place: usize) -> &str {
    row.get(place).unwrap_or_default()
}

/// Whether a field stands for nothing that there is or that is known.
fn is_nothing(field: &str) -> bool {
    matches!(field, "N/A" | "no_information" | "not_supported" | "")
}

/// What a field says that is true or not; nothing where it says neither.
fn truth(field: &str) -> Option<bool> {
    if field.eq_ignore_ascii_case("true") {
        Some(true)
    } else {
        (field.eq_ignore_ascii_case("false") || is_nothing(field)).then_some(false)
    }
}

/// The time in a field, if it holds one; nothing where it is neither a time nor the word for none.
#[allow(
    clippy::option_option,
    reason = "no time is an answer, and a text is none"
)]
fn time(field: &str) -> Option<Option<DateTime<Utc>>> {
    if is_nothing(field) {
        return Some(None);
    }
    let time = DateTime::parse_from_rfc3339(field).ok()?;
    Some(Some(time.to_utc()))
}

/// The words there have been, of which there are few.
#[derive(Default)]
struct Words(HashSet<Arc<str>>);

impl Words {
    /// The word in a field, if it holds one.
    fn shared(&mut self, field: &str) -> Option<Arc<str>> {
        if is_nothing(field) {
            return None;
        }
        let known = self.0.get(field).cloned();
        Some(known.unwrap_or_else(|| {
            let new: Arc<str> = field.into();
            self.0.insert(new.clone());
            new
        }))
    }
}

#[cfg(test)]
mod tests;
