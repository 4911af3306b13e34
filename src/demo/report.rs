//! The credential report: one for the whole account, made when somebody asks,
//! which then stays as it is for four hours whatever happens to the account.
//!
//! The states, codes and columns are those of the API reference and the user
//! guide of IAM. What these leave open is as it has been seen of the service:
//! the codes come without a sentence, a report that is there without a
//! description; the last row has no line feed, users are sorted without case and
//! their keys by ID, and inactive keys keep their `last_rotated`.

use std::fmt::Write as _;
use std::io;
use std::mem;

use base64::prelude::BASE64_STANDARD;
use base64::write::EncoderStringWriter;
use bytes::Bytes;
use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc};

use super::actions::Request;
use super::refusal::Refusal;
use super::store::{Account, KEYS_PER_USER};
use super::user::{Key, Status, User};

/// How long a report lasts; there is no new one before.
const LASTS: TimeDelta = TimeDelta::hours(4);

/// How long it takes to make one.
const TAKES: TimeDelta = TimeDelta::seconds(2);

const COLUMNS: [&str; 22] = [
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
];

/// What there is not.
const NONE: &str = "N/A";

/// What may be, and has never been seen.
const UNKNOWN: &str = "no_information";

/// What root cannot have, or not so that it would be told.
const UNSUPPORTED: &str = "not_supported";

/// The account's reports, of which there is never more than one.
#[derive(Debug)]
pub(super) struct Reports {
    pub(super) takes: TimeDelta,
    latest: Option<Report>,
}

#[derive(Debug)]
struct Report {
    /// The table, in Base64 as it is sent: made once, for all who ask.
    content: Bytes,
    /// When it is, or was, complete.
    complete: DateTime<Utc>,
}

/// How a request for a new report finds the one there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Started,
    InProgress,
    Complete,
}

impl Default for Reports {
    fn default() -> Self {
        Self {
            takes: TAKES,
            latest: None,
        }
    }
}

impl Reports {
    /// Puts a report there that was complete at a time.
    pub(super) fn put(&mut self, account: &Account, complete: DateTime<Utc>) {
        let content = content(account, complete);
        self.latest = Some(Report { content, complete });
    }

    /// Begins a report, unless there is one. It tells of the account as it is
    /// now, and bears the time at which it is complete: what happens in between
    /// is not in it, although it is older.
    fn generate(&mut self, account: &Account, now: DateTime<Utc>) -> State {
        match &self.latest {
            Some(report) if now < report.complete => State::InProgress,
            Some(report) if report.lasts(now) => State::Complete,
            _ => {
                self.latest = Some(Report {
                    content: content(account, now),
                    complete: now + self.takes,
                });
                State::Started
            }
        }
    }

    fn get(&self, now: DateTime<Utc>) -> Result<&Report, Refusal> {
        match &self.latest {
            None => Err(Refusal::report(410, "ReportNotPresent")),
            Some(report) if now < report.complete => Err(Refusal::report(404, "ReportInProgress")),
            Some(report) if report.lasts(now) => Ok(report),
            Some(_) => Err(Refusal::report(410, "ReportExpired")),
        }
    }
}

impl Report {
    fn lasts(&self, now: DateTime<Utc>) -> bool {
        now - self.complete < LASTS
    }
}

#[allow(clippy::unnecessary_wraps, reason = "all actions have one shape")]
pub(super) fn generate_credential_report(request: &mut Request<'_>) -> Result<(), Refusal> {
    let state = request.reports.generate(request.account, request.now);
    let (word, description) = match state {
        State::Started => (
            "STARTED",
            Some("No report exists. Starting a new report generation task"),
        ),
        State::InProgress => ("INPROGRESS", None),
        State::Complete => ("COMPLETE", None),
    };
    if let Some(description) = description {
        request.result.text("Description", description);
    }
    request.result.text("State", word);
    Ok(())
}

pub(super) fn get_credential_report(request: &mut Request<'_>) -> Result<(), Refusal> {
    let report = request.reports.get(request.now)?;
    request.result.shared("Content", &report.content);
    request.result.text("ReportFormat", "text/csv");
    request.result.time("GeneratedTime", report.complete);
    Ok(())
}

/// The whole table in Base64. It is encoded as it grows: that of 100,000 users
/// has 27 MB, and 36 MB then.
fn content(account: &Account, at: DateTime<Utc>) -> Bytes {
    let encoder = EncoderStringWriter::new(&BASE64_STANDARD);
    let mut table = Table::new(encoder, at);
    // Writing into a string does not fail.
    let _ = table.write(account);
    let encoder = table.rows.into_inner().map(|unended| unended.inner);
    encoder.map_or_else(|_| Bytes::new(), |encoder| encoder.into_inner().into())
}

/// Writes the rows of a report, without leaving anything behind for each.
struct Table<W: io::Write> {
    rows: csv::Writer<Unended<W>>,
    /// What has happened since is not in the report.
    at: DateTime<Utc>,
    /// For fields that have to be put together.
    field: String,
}

impl<W: io::Write> Table<W> {
    fn new(inner: W, at: DateTime<Utc>) -> Self {
        let unended = Unended { inner, held: false };
        Self {
            rows: csv::Writer::from_writer(unended),
            at,
            field: String::new(),
        }
    }

    fn write(&mut self, account: &Account) -> csv::Result<()> {
        self.rows.write_record(COLUMNS)?;
        let users = || account.users().filter(|user| user.created <= self.at);
        // The account is as old as what is oldest in it.
        let made = users().map(|user| user.created);
        let made = made.chain(account.root_keys().iter().map(|key| key.created));
        let made = made.min().unwrap_or(self.at);
        let mut keys = Vec::new();
        self.root(account, made, &mut keys)?;
        for user in account.users() {
            if user.created <= self.at {
                self.user(account, user, &mut keys)?;
            }
        }
        Ok(())
    }

    fn root<'a>(
        &mut self,
        account: &'a Account,
        made: DateTime<Utc>,
        keys: &mut Vec<&'a Key>,
    ) -> csv::Result<()> {
        self.rows.write_field("<root_account>")?;
        let arn = format!("arn:aws:iam::{}:root", account.id());
        self.rows.write_field(arn)?;
        self.time(made)?;
        for field in [UNSUPPORTED, UNKNOWN, UNSUPPORTED, UNSUPPORTED, "true"] {
            self.rows.write_field(field)?;
        }
        self.keys(account.root_keys(), keys)
    }

    fn user<'a>(
        &mut self,
        account: &Account,
        user: &'a User,
        keys: &mut Vec<&'a Key>,
    ) -> csv::Result<()> {
        self.rows.write_field(user.name.as_bytes())?;
        self.field.clear();
        account.write_arn(&mut self.field, user);
        self.rows.write_field(&self.field)?;
        self.time(user.created)?;
        // Nothing is known of passwords here: people have one, and MFA with it.
        if user.path.starts_with("/people/") {
            self.rows.write_field("true")?;
            self.rows.write_field(UNKNOWN)?;
            self.time(user.created)?;
            self.rows.write_field(NONE)?;
            self.rows.write_field("true")?;
        } else {
            for field in ["false", NONE, NONE, NONE, "false"] {
                self.rows.write_field(field)?;
            }
        }
        self.keys(&user.keys, keys)
    }

    /// The first two keys, no certificates, and the end of the row.
    fn keys<'a>(&mut self, all: &'a [Key], keys: &mut Vec<&'a Key>) -> csv::Result<()> {
        keys.clear();
        keys.extend(all.iter().filter(|key| key.created <= self.at));
        keys.sort_unstable_by_key(|key| key.id);
        for slot in 0..KEYS_PER_USER {
            match keys.get(slot) {
                Some(key) => self.key(key)?,
                None => {
                    for field in ["false", NONE, NONE, NONE, NONE] {
                        self.rows.write_field(field)?;
                    }
                }
            }
        }
        for field in ["false", NONE, "false", NONE] {
            self.rows.write_field(field)?;
        }
        self.rows.write_record(None::<&[u8]>)
    }

    fn key(&mut self, key: &Key) -> csv::Result<()> {
        // One that came back later was out of use at that time.
        let back = key.rotated <= self.at;
        let active = back && key.status == Status::Active;
        self.rows
            .write_field(if active { "true" } else { "false" })?;
        self.time(if back { key.rotated } else { key.created })?;
        match &key.last_used {
            Some(used) => {
                // Of several uses only the last is remembered.
                self.time(used.at.min(self.at))?;
                self.rows.write_field(used.region.as_bytes())?;
                self.rows.write_field(used.service.as_bytes())
            }
            None => [NONE; 3]
                .iter()
                .try_for_each(|none| self.rows.write_field(none)),
        }
    }

    /// `2026-11-21T12:00:00+00:00`
    fn time(&mut self, time: DateTime<Utc>) -> csv::Result<()> {
        self.field.clear();
        // Three times as fast as a format that has to be read each time.
        let _ = write!(
            self.field,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+00:00",
            time.year(),
            time.month(),
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
        );
        self.rows.write_field(&self.field)
    }
}

/// Passes on what is written but for the line feed at the very end.
struct Unended<W> {
    inner: W,
    held: bool,
}

impl<W: io::Write> io::Write for Unended<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        if mem::take(&mut self.held) {
            self.inner.write_all(b"\n")?;
        }
        let kept = bytes.strip_suffix(b"\n");
        self.inner.write_all(kept.unwrap_or(bytes))?;
        self.held = kept.is_some();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::identifier::KeyId;
    use super::super::user::LastUsed;
    use super::*;
    use base64::Engine as _;
    use chrono::TimeZone as _;
    use std::time::Instant;

    fn at(hours: i64) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 18, 12, 0, 0).unwrap() + TimeDelta::hours(hours)
    }

    fn key(id: &str, hours: i64) -> Key {
        Key::new(KeyId::parse(id).unwrap(), at(hours))
    }

    fn text(account: &Account, time: DateTime<Utc>) -> String {
        let bytes = BASE64_STANDARD.decode(content(account, time)).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn account() -> Account {
        let mut account = Account::empty("123456789012", None);
        account.add_user("Bob", "/people/", at(-100)).unwrap();
        account.add_user("ci,x", "/", at(-90)).unwrap();
        account
    }

    #[test]
    fn a_table_is_written_as_the_service_writes_it() {
        let mut account = account();
        // The older key has the greater ID, and the second place.
        let mut older = key("AKIAQX7DEMO4BOBBY002", -50);
        older.last_used = Some(LastUsed {
            at: at(-2),
            service: "s3".into(),
            region: "eu-west-1".into(),
        });
        account.add_key("bob", older).unwrap();
        let younger = key("AKIAQX7DEMO4BOBBY001", -40);
        let id = younger.id;
        account.add_key("bob", younger).unwrap();
        account.update_key(id.as_str(), Status::Inactive, at(-30));
        let table = text(&account, at(0));
        let lines: Vec<_> = table.split('\n').collect();
        assert_eq!(lines[0], COLUMNS.join(","));
        assert_eq!(
            lines[1..],
            [
                "<root_account>,arn:aws:iam::123456789012:root,2026-11-14T08:00:00+00:00,\
                 not_supported,no_information,not_supported,not_supported,true,\
                 false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A",
                "Bob,arn:aws:iam::123456789012:user/people/Bob,2026-11-14T08:00:00+00:00,\
                 true,no_information,2026-11-14T08:00:00+00:00,N/A,true,\
                 false,2026-11-16T20:00:00+00:00,N/A,N/A,N/A,\
                 true,2026-11-16T10:00:00+00:00,2026-11-18T10:00:00+00:00,eu-west-1,s3,\
                 false,N/A,false,N/A",
                "\"ci,x\",\"arn:aws:iam::123456789012:user/ci,x\",2026-11-14T18:00:00+00:00,\
                 false,N/A,N/A,N/A,false,\
                 false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A",
            ]
        );
    }

    #[test]
    fn only_the_last_line_feed_is_left_out() {
        for pieces in [&["a\nb\n"][..], &["a", "\n", "b\n"], &["a\n", "b", "\n"]] {
            let mut out = Unended {
                inner: Vec::new(),
                held: false,
            };
            for piece in pieces {
                io::Write::write_all(&mut out, piece.as_bytes()).unwrap();
            }
            assert_eq!(out.inner, b"a\nb", "{pieces:?}");
        }
    }

    #[test]
    fn what_happened_after_the_report_is_not_in_it() {
        let mut account = account();
        let key = account.create_key("bob", at(-50)).unwrap();
        account.update_key(key.as_str(), Status::Inactive, at(-20));
        let before = text(&account, at(-10));
        account.update_key(key.as_str(), Status::Active, at(-5));
        account.create_key("bob", at(-4)).unwrap();
        account.add_user("late", "/", at(-3)).unwrap();
        assert_eq!(text(&account, at(-10)), before);
        assert!(!before.contains("late"));
        let now = text(&account, at(0));
        assert!(now.contains("late"));
        // Activated again: no longer the time of its creation.
        assert!(now.contains("true,2026-11-18T07:00:00+00:00,N/A"), "{now}");
    }

    #[test]
    fn a_user_with_more_than_two_keys_is_told_of_with_two() {
        let mut account = account();
        for hour in [-9, -8, -7] {
            account.add_new_key("bob", at(hour)).unwrap();
        }
        let table = text(&account, at(0));
        let bob = table.lines().nth(2).unwrap();
        assert_eq!(bob.split(',').count(), COLUMNS.len());
        assert_eq!(bob.matches("true,2026-11-18T0").count(), 2, "{bob}");
    }

    #[test]
    fn the_report_of_a_hundred_thousand_users_is_written_without_a_wait() {
        let account = Account::generated(100_000, at(0));
        let started = Instant::now();
        let content = content(&account, at(0));
        let took = started.elapsed();
        assert!(content.len() > 20_000_000, "{}", content.len());
        // A second without optimisation; this is to notice a slip to quadratic.
        assert!(took.as_secs() < 20, "{took:?}");
    }
}
