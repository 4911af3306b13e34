//! The credential report: one for the whole account, made on request, which then stays the same for
//! four hours while the account changes.
//!
//! The states, codes and columns are those of the API reference and the user guide of IAM. The rest
//! is as observed: the codes come without a message and a complete report without a description; the
//! last row has no line feed, users are sorted without case and their keys by ID, and a change of
//! a key's status is a change: `last_rotated` is of the latest.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::credentials::{Credential, CredentialKind};
use super::error::ServiceError;
use super::store::{Account, KEYS_PER_USER};
use super::user::{Key, Status};

/// How long it takes to make one, unless set.
const GENERATION_TIME: TimeDelta = TimeDelta::seconds(2);

/// How long a report is valid; no new one is made before.
const VALID_FOR: TimeDelta = TimeDelta::hours(4);

const COLUMNS: &str = "user,arn,user_creation_time,\
    password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,\
    access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
    access_key_1_last_used_region,access_key_1_last_used_service,\
    access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,\
    access_key_2_last_used_region,access_key_2_last_used_service,\
    cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

const NONE: &str = "N/A";
const UNKNOWN: &str = "no_information";
const UNSUPPORTED: &str = "not_supported";

/// The account's report, of which there is never more than one.
#[derive(Debug)]
pub(super) struct Reports {
    pub(super) generation_time: TimeDelta,
    pub(super) latest: Option<Report>,
}

#[derive(Debug)]
pub(super) struct Report {
    /// The table in Base64, as it is sent.
    pub(super) content: String,
    /// When it is, or was, complete.
    pub(super) complete: DateTime<Utc>,
}

impl Default for Reports {
    fn default() -> Self {
        Self {
            generation_time: GENERATION_TIME,
            latest: None,
        }
    }
}

impl Reports {
    /// Adds a report that was complete at a time.
    pub(super) fn put(&mut self, account: &Account, complete: DateTime<Utc>) {
        let content = content(account, complete);
        self.latest = Some(Report { content, complete });
    }

    /// Begins a report, unless a valid one exists; returns the state. The report shows the account
    /// as it is now, and has the time at which it is complete: changes in between are missing
    /// although they are older.
    pub(super) fn generate(&mut self, account: &Account, now: DateTime<Utc>) -> &'static str {
        match &self.latest {
            Some(report) if now < report.complete => "INPROGRESS",
            Some(report) if report.is_valid(now) => "COMPLETE",
            _ => {
                self.latest = Some(Report {
                    content: content(account, now),
                    complete: now + self.generation_time,
                });
                "STARTED"
            }
        }
    }

    pub(super) fn get(&self, now: DateTime<Utc>) -> Result<&Report, ServiceError> {
        let code = match &self.latest {
            None => (410, "ReportNotPresent"),
            Some(report) if now < report.complete => (404, "ReportInProgress"),
            Some(report) if report.is_valid(now) => return Ok(report),
            Some(_) => (410, "ReportExpired"),
        };
        Err(ServiceError::new(code, ""))
    }
}

impl Report {
    fn is_valid(&self, now: DateTime<Utc>) -> bool {
        now - self.complete < VALID_FOR
    }
}

/// The whole table in Base64.
fn content(account: &Account, at: DateTime<Utc>) -> String {
    let mut table = Table {
        rows: csv::Writer::from_writer(Vec::new()),
        at,
    };
    // Writing into memory does not fail.
    let _ = table.write(account);
    let mut text = table.rows.into_inner().unwrap_or_default();
    text.pop();
    BASE64_STANDARD.encode(text)
}

struct Table {
    rows: csv::Writer<Vec<u8>>,
    /// Later changes are not in the report.
    at: DateTime<Utc>,
}

impl Table {
    fn write(&mut self, account: &Account) -> csv::Result<()> {
        self.rows.write_record(COLUMNS.split(','))?;
        let at = self.at;
        let users = || account.users().filter(move |user| user.created <= at);
        let root_keys = account.root_keys();
        // The account is as old as the oldest user or key in it.
        let created = users().map(|user| user.created);
        let created = created.chain(root_keys.iter().map(|key| key.created));
        let created = created.min().unwrap_or(at);
        let root = format!("arn:aws:iam::{}:root", account.id());
        let login = [UNSUPPORTED, UNKNOWN, UNSUPPORTED, UNSUPPORTED, "true"];
        self.row("<root_account>", &root, created, login, root_keys, &[])?;
        for user in users() {
            let mfa = if account.has_mfa(user) {
                "true"
            } else {
                "false"
            };
            let password = account.password(user).map(time);
            let login = match &password {
                Some(changed) => ["true", UNKNOWN, changed, NONE, mfa],
                None => ["false", NONE, NONE, NONE, mfa],
            };
            let arn = account.arn(user);
            let others = account.credentials(&user.name);
            self.row(&user.name, &arn, user.created, login, &user.keys, others)?;
        }
        Ok(())
    }

    /// A row: the first two keys, and the first two certificates.
    fn row(
        &mut self,
        name: &str,
        arn: &str,
        created: DateTime<Utc>,
        login: [&str; 5],
        keys: &[Key],
        others: &[Credential],
    ) -> csv::Result<()> {
        self.fields([name, arn, &time(created)])?;
        self.fields(login)?;
        let mut keys: Vec<_> = keys.iter().filter(|key| key.created <= self.at).collect();
        keys.sort_unstable_by_key(|key| key.id);
        for slot in 0..KEYS_PER_USER {
            match keys.get(slot) {
                Some(key) => self.key(key)?,
                None => self.fields(["false", NONE, NONE, NONE, NONE])?,
            }
        }
        let certificates = others.iter();
        let certificates = certificates.filter(|it| it.kind == CredentialKind::Certificate);
        let at = self.at;
        let mut certificates = certificates.filter(|it| it.created <= at);
        for _ in 0..2 {
            match certificates.next() {
                Some(it) if it.status == Status::Active => {
                    self.fields(["true", &time(it.created)])?;
                }
                Some(it) => self.fields(["false", &time(it.created)])?,
                None => self.fields(["false", NONE])?,
            }
        }
        self.rows.write_record(None::<&[u8]>)
    }

    fn key(&mut self, key: &Key) -> csv::Result<()> {
        let (active, rotated) = match key.status {
            // It was changed later, and had the other status at that time.
            Status::Active if key.rotated > self.at => ("false", key.rotated_before),
            _ if key.rotated > self.at => ("true", key.rotated_before),
            Status::Active => ("true", key.rotated),
            _ => ("false", key.rotated),
        };
        self.fields([active, &time(rotated)])?;
        match &key.last_used {
            // Only the last use is known: it stands for an earlier one.
            Some(used) => self.fields([&*time(used.at.min(self.at)), &used.region, &used.service]),
            None => self.fields([NONE; 3]),
        }
    }

    fn fields<const N: usize>(&mut self, fields: [&str; N]) -> csv::Result<()> {
        fields
            .iter()
            .try_for_each(|field| self.rows.write_field(field))
    }
}

/// `2026-11-21T12:00:00+00:00`
fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, false)
}

#[cfg(test)]
mod tests {
    use super::super::identifier::KeyId;
    use super::super::user::LastUsed;
    use super::*;
    use chrono::TimeZone as _;

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
    fn a_table_is_written_as_aws_writes_it() {
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
        assert_eq!(lines[0], COLUMNS);
        assert_eq!(
            lines[1..],
            [
                "<root_account>,arn:aws:iam::123456789012:root,2026-11-14T08:00:00+00:00,\
                 not_supported,no_information,not_supported,not_supported,true,\
                 false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A",
                "Bob,arn:aws:iam::123456789012:user/people/Bob,2026-11-14T08:00:00+00:00,\
                 true,no_information,2026-11-14T08:00:00+00:00,N/A,true,\
                 false,2026-11-17T06:00:00+00:00,N/A,N/A,N/A,\
                 true,2026-11-16T10:00:00+00:00,2026-11-18T10:00:00+00:00,eu-west-1,s3,\
                 false,N/A,false,N/A",
                "\"ci,x\",\"arn:aws:iam::123456789012:user/ci,x\",2026-11-14T18:00:00+00:00,\
                 false,N/A,N/A,N/A,false,\
                 false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A",
            ]
        );
    }

    #[test]
    fn what_happened_after_the_report_is_not_in_it() {
        let mut account = account();
        let key = account.create_key("bob", at(-50)).unwrap();
        account.update_key(key.as_str(), Status::Inactive, at(-20));
        // Only the last use is known: it stands for an earlier one.
        account.record_use(key, "iam", at(-1));
        let before = text(&account, at(-10));
        account.update_key(key.as_str(), Status::Active, at(-5));
        account.create_key("bob", at(-4)).unwrap();
        account.add_user("late", "/", at(-3)).unwrap();
        assert_eq!(text(&account, at(-10)), before);
        assert!(!before.contains("late"));
        assert!(
            before.contains(",2026-11-18T02:00:00+00:00,us-east-1,iam"),
            "{before}"
        );
        let now = text(&account, at(0));
        assert!(now.contains("late"));
        // Activated again: no longer the time of its creation.
        assert!(
            now.contains("true,2026-11-18T07:00:00+00:00,2026-11-18T11:00:00"),
            "{now}"
        );
    }

    #[test]
    fn a_user_with_more_than_two_keys_is_reported_with_two() {
        let mut account = account();
        for hour in [-9, -8, -7] {
            account.add_new_key("bob", at(hour)).unwrap();
        }
        let table = text(&account, at(0));
        let bob = table.lines().nth(2).unwrap();
        assert_eq!(bob.split(',').count(), 22);
        assert_eq!(bob.matches("true,2026-11-18T0").count(), 2, "{bob}");
    }
}
