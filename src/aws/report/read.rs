//! From the report's CSV to what it says. Row by row: of 100,000 users nothing is kept but the
//! result, in which services and regions are shared.

use crate::engine::model::{LastUsed, Login, Report, ReportedKey, ReportedUser};
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
        let line = row.position().map_or(0, csv::Position::line);
        let wrong = |column| {
            let column = field(&columns.header, column);
            format!("line {line} of the report: {column} makes no sense")
        };
        let user = columns.user(&row, &mut keys, &mut words);
        let (name, created) = user.map_err(wrong)?;
        let login = columns.login(&row);
        let keys = keys.drain(..).collect();
        if name == ROOT {
            report.root = Some(keys);
        } else {
            report.users.push(ReportedUser {
                name: name.into(),
                created,
                login,
                keys,
            });
        }
    }
    report.users.shrink_to_fit();
    Ok(report)
}

/// Reads the next row into `row`; whether there is one.
fn next(rows: &mut csv::Reader<&[u8]>, row: &mut StringRecord) -> Result<bool, String> {
    rows.read_record(row)
        .map_err(|error| no_row(error.position()))
}

fn no_row(position: Option<&csv::Position>) -> String {
    let line = position.map_or(0, csv::Position::line);
    format!("line {line} of the report is no row of its table")
}

/// Puts together again what a comma in a user's name has taken apart. Names may have commas, and
/// it is not documented whether AWS quotes them; moto does not. The name and then the ARN, which ends in
/// it, have one field more for each.
fn mend(row: &mut StringRecord, columns: &Columns) -> Result<(), String> {
    let more = match row.len().checked_sub(columns.header.len()) {
        Some(0) => return Ok(()),
        Some(more)
            if more.is_multiple_of(2) && columns.header.iter().take(2).eq(["user", "arn"]) =>
        {
            more
        }
        _ => return Err(no_row(row.position())),
    };
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
    header: StringRecord,
    user: usize,
    created: usize,
    /// Those without which the report is still of use: of the password, of MFA.
    login: [Option<usize>; 2],
    slots: Vec<Slot>,
}

/// The columns of one key.
struct Slot {
    active: usize,
    rotated: usize,
    used: usize,
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
            slots.push(Slot {
                active: place(&name("active"))?,
                rotated: place(&name("last_rotated"))?,
                used: place(&name("last_used_date"))?,
                region: place(&name("last_used_region"))?,
                service: place(&name("last_used_service"))?,
            });
        }
        Ok(Self {
            header: header.clone(),
            user,
            created,
            login: ["password_enabled", "mfa_active"].map(find),
            slots,
        })
    }

    /// Whether who a row is about has a password, and an MFA device; none where it does not say.
    fn login(&self, row: &StringRecord) -> Login {
        let [password, mfa] = self.login.map(|column| {
            let field = field(row, column?);
            truth(field).filter(|_| !is_nothing(field))
        });
        Login::new(password, mfa)
    }

    /// The name and the age of whom a row is about, whose keys are added to `keys`; or the column
    /// that is wrong.
    fn user<'r>(
        &self,
        row: &'r StringRecord,
        keys: &mut Vec<ReportedKey>,
        words: &mut Words,
    ) -> Result<(&'r str, Option<DateTime<Utc>>), usize> {
        let time = |column| time(field(row, column)).ok_or(column);
        for slot in &self.slots {
            let active = truth(field(row, slot.active)).ok_or(slot.active)?;
            let rotated = time(slot.rotated)?;
            let used = time(slot.used)?;
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
        let created = time(self.created)?;
        match field(row, self.user) {
            "" => Err(self.user),
            name => Ok((name, created)),
        }
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
