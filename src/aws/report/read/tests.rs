use super::*;
use chrono::{SecondsFormat, TimeZone as _};
use proptest::{collection::vec, option, prelude::*, sample};

const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,\
                      password_last_changed,password_next_rotation,mfa_active,\
                      access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
                      access_key_1_last_used_region,access_key_1_last_used_service,\
                      access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,\
                      access_key_2_last_used_region,access_key_2_last_used_service,\
                      cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

/// The columns without which a report is none.
const NEEDED: [&str; 12] = [
    "user",
    "user_creation_time",
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
];

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap()
}

fn parse(rows: &str) -> Result<Report, String> {
    read(format!("{HEADER}\n{rows}").as_bytes(), now())
}

fn used(time: DateTime<Utc>, service: Option<&str>, region: Option<&str>) -> LastUsed {
    LastUsed::At {
        time,
        service: service.map(Into::into),
        region: region.map(Into::into),
    }
}

#[test]
fn a_report_as_aws_writes_it_is_read() {
    let report = parse(
        "<root_account>,arn:aws:iam::123456789012:root,2020-02-29T08:00:00+00:00,not_supported,\
         2026-11-20T08:11:09+00:00,not_supported,not_supported,true,\
         true,2020-03-01T08:00:00+00:00,2026-11-21T11:45:00+00:00,N/A,s3,\
         false,N/A,N/A,N/A,N/A,false,N/A,false,N/A\n\
         alice,arn:aws:iam::123456789012:user/alice,2021-01-02T03:04:05Z,TRUE,no_information,\
         2021-01-02T03:04:05Z,N/A,TRUE,\
         FALSE,2021-01-03T00:00:00Z,N/A,N/A,N/A,\
         TRUE,2026-11-01T00:00:00Z,2026-11-21T01:00:00Z,eu-west-1,ec2,FALSE,N/A,FALSE,N/A\n\
         \"a,b\",\"arn:aws:iam::123456789012:user/a,b\",2022-01-02T03:04:05Z,false,N/A,N/A,N/A,\
         false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A",
    )
    .unwrap();
    let at = |y, m, d, h| Utc.with_ymd_and_hms(y, m, d, h, 0, 0).unwrap();
    assert_eq!(report.generated, now());
    let at_noon = at(2026, 11, 21, 11) + chrono::TimeDelta::minutes(45);
    let root = ReportedKey {
        active: true,
        rotated: Some(at(2020, 3, 1, 8)),
        last_used: used(at_noon, Some("s3"), None),
    };
    assert_eq!(report.root.as_deref(), Some(&[root][..]));
    let [alice, comma] = &*report.users else {
        panic!("two users: {report:?}");
    };
    assert_eq!((&*alice.name, &*comma.name), ("alice", "a,b"));
    // An inactive key keeps its time, and so is a key.
    let inactive = ReportedKey {
        active: false,
        rotated: Some(at(2021, 1, 3, 0)),
        last_used: LastUsed::Never,
    };
    let active = ReportedKey {
        active: true,
        rotated: Some(at(2026, 11, 1, 0)),
        last_used: used(at(2026, 11, 21, 1), Some("ec2"), Some("eu-west-1")),
    };
    assert_eq!(*alice.keys, [inactive, active]);
    assert!(comma.keys.is_empty());
}

#[test]
fn a_name_with_commas_that_nobody_has_quoted_is_put_together_again() {
    let row = |name: &str| {
        format!(
            "{name},arn:aws:iam::123456789012:user/{name},2022-01-02T03:04:05Z,false,N/A,N/A,N/A,\
             false,true,2026-11-01T00:00:00Z,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A\n"
        )
    };
    let report = parse(&(row("a,b") + &row("plain") + &row(",x,,"))).unwrap();
    let names: Vec<&str> = report.users.iter().map(|user| &*user.name).collect();
    assert_eq!(names, ["a,b", "plain", ",x,,"]);
    assert!(report.users.iter().all(|user| user.keys.len() == 1));
}

#[test]
fn an_account_may_have_nobody_in_it_and_no_root() {
    for rows in ["", "\n", "\r\n"] {
        let report = parse(rows).unwrap();
        assert_eq!((report.root, report.users), (None, Vec::new()));
    }
    // As spreadsheets write it.
    let with_mark = format!("\u{feff}{HEADER}\r\n");
    assert!(read(with_mark.as_bytes(), now()).is_ok());
}

#[test]
fn a_missing_column_is_named() {
    for missing in NEEDED {
        let header = HEADER.replacen(missing, "something_else", 1);
        let error = read(header.as_bytes(), now()).unwrap_err();
        assert_eq!(error, format!("the report has no column {missing}"));
    }
    let error = read(b"", now()).unwrap_err();
    assert_eq!(error, "the report has no column user");
    let page = b"<html><body>Sign in</body></html>";
    assert!(read(page, now()).is_err());
}

#[test]
fn a_row_that_makes_no_sense_is_named_and_not_shown() {
    let row = |place: usize, value: &str| {
        let mut row = vec!["N/A"; HEADER.split(',').count()];
        row[0] = "alice";
        row[place] = value;
        parse(&format!("{}\n", row.join(","))).map(|_| ())
    };
    for (place, column, value) in [
        (0, "user", ""),
        (2, "user_creation_time", "yesterday"),
        (8, "access_key_1_active", "yes"),
        (9, "access_key_1_last_rotated", "2026-13-01T00:00:00Z"),
        (10, "access_key_1_last_used_date", "2026-11-01"),
        (13, "access_key_2_active", "1"),
        (14, "access_key_2_last_rotated", "1795000000"),
        (15, "access_key_2_last_used_date", "2026-11-01T00:00:00"),
    ] {
        let error = row(place, value).unwrap_err();
        let expected = format!("line 2 of the report: {column} makes no sense");
        assert_eq!(error, expected, "{value}");
        assert_eq!(row(place, "bob").is_ok(), place == 0);
    }
    // What is not looked at may be anything.
    assert_eq!(row(3, "maybe"), Ok(()));
    for broken in ["alice,short\n", "alice,\"open\n"] {
        let error = parse(broken).unwrap_err();
        assert!(
            error.starts_with("line 2 of the report is no row"),
            "{error}"
        );
    }
    let mut odd = HEADER.as_bytes().to_vec();
    odd.extend(b"\n\xff");
    odd.extend(vec![b','; 21]);
    let error = read(&odd, now()).unwrap_err();
    assert!(error.contains("no row of its table"), "{error}");
}

#[test]
fn keys_beyond_the_second_are_read_where_there_are_columns_for_them() {
    let third = "access_key_3_active,access_key_3_last_rotated,access_key_3_last_used_date,\
                 access_key_3_last_used_region,access_key_3_last_used_service";
    let row = format!("alice{}", ",N/A".repeat(21));
    let text = format!("{HEADER},{third}\n{row},true,2026-11-01T00:00:00Z,N/A,N/A,N/A");
    let report = read(text.as_bytes(), now()).unwrap();
    assert_eq!(report.users[0].keys.len(), 1);
    // Half of them are not enough.
    let text = format!("{HEADER},access_key_3_active\n{row},true");
    let error = read(text.as_bytes(), now()).unwrap_err();
    assert_eq!(error, "the report has no column access_key_3_last_rotated");
}

#[test]
fn services_and_regions_are_shared() {
    let row = |name: &str| {
        let key = "true,2026-11-01T00:00:00Z,2026-11-02T00:00:00Z,eu-west-1,s3";
        format!("{name}{},{key},{key},N/A,N/A,N/A,N/A\n", ",N/A".repeat(7))
    };
    let report = parse(&(row("a") + &row("b"))).unwrap();
    let services: Vec<_> = report
        .users
        .iter()
        .flat_map(|user| &user.keys)
        .map(|key| match &key.last_used {
            LastUsed::At { service, .. } => service.clone().unwrap(),
            LastUsed::Never => panic!("used"),
        })
        .collect();
    assert_eq!(services.len(), 4);
    assert!(services.iter().all(|it| Arc::ptr_eq(it, &services[0])));
}

/// How a report is written, which says nothing.
#[derive(Clone, Debug)]
struct Style {
    /// What is false, and what is true.
    truths: [&'static str; 2],
    zulu: bool,
    line_end: csv::Terminator,
    /// The last row has one too.
    ended: bool,
    /// The order of the columns: whichever is greater comes later.
    order: Vec<u32>,
    /// Columns in between that nobody has heard of.
    extra: usize,
    nothing: &'static str,
    /// The only key of a user is the second.
    behind: bool,
}

impl Style {
    fn truth(&self, truth: bool) -> String {
        self.truths[usize::from(truth)].into()
    }

    fn time(&self, time: Option<DateTime<Utc>>) -> String {
        time.map_or_else(
            || self.nothing.into(),
            |time| time.to_rfc3339_opts(SecondsFormat::Secs, self.zulu),
        )
    }

    fn key(&self, key: Option<&ReportedKey>) -> [String; 5] {
        let nothing = || self.nothing.to_owned();
        let Some(key) = key else {
            let none = self.truth(false);
            return [none, nothing(), nothing(), nothing(), nothing()];
        };
        let (time, region, service) = match &key.last_used {
            LastUsed::Never => (None, None, None),
            LastUsed::At {
                time,
                service,
                region,
            } => (Some(*time), region.as_deref(), service.as_deref()),
        };
        [
            self.truth(key.active),
            self.time(key.rotated),
            self.time(time),
            region.unwrap_or(self.nothing).into(),
            service.unwrap_or(self.nothing).into(),
        ]
    }

    fn row(
        &self,
        name: &str,
        made: Option<DateTime<Utc>>,
        login: Login,
        keys: &[ReportedKey],
    ) -> Vec<String> {
        let (first, second) = match keys {
            [only] if self.behind => (None, Some(only)),
            _ => (keys.first(), keys.get(1)),
        };
        let mut row = vec![name.to_owned(), self.time(made)];
        row.extend(self.key(first));
        row.extend(self.key(second));
        row.extend(
            [login.has_password(), login.has_mfa()]
                .map(|told| told.map_or_else(|| self.nothing.to_owned(), |yes| self.truth(yes))),
        );
        row.extend(vec!["\"x\", y\n".to_owned(); self.extra]);
        row
    }

    fn write(&self, report: &Report) -> Vec<u8> {
        let mut header: Vec<String> = NEEDED.iter().map(|&name| name.into()).collect();
        header.extend(["password_enabled", "mfa_active"].map(String::from));
        header.extend((0..self.extra).map(|number| format!("extra_{number}")));
        let mut rows = vec![header];
        if let Some(keys) = &report.root {
            rows.push(self.row(ROOT, None, Login::default(), keys));
        }
        let users = report.users.iter();
        rows.extend(users.map(|user| self.row(&user.name, user.created, user.login, &user.keys)));
        let mut writer = csv::WriterBuilder::new()
            .terminator(self.line_end)
            .from_writer(Vec::new());
        let mut places: Vec<usize> = (0..rows[0].len()).collect();
        places.sort_by_key(|&place| self.order[place]);
        for row in rows {
            let fields = places.iter().map(|&place| &row[place]);
            writer.write_record(fields).unwrap();
        }
        let mut text = writer.into_inner().unwrap();
        if !self.ended {
            text.truncate(text.trim_ascii_end().len());
        }
        text
    }
}

fn style() -> impl Strategy<Value = Style> {
    let truths = sample::select(vec![
        ["false", "true"],
        ["FALSE", "TRUE"],
        ["False", "True"],
    ]);
    let line_end = sample::select(vec![csv::Terminator::CRLF, csv::Terminator::Any(b'\n')]);
    let nothing = sample::select(vec!["N/A", "no_information", "not_supported", ""]);
    let order = vec(any::<u32>(), 22);
    let rest = (any::<(bool, bool, bool)>(), order, 0..8_usize);
    (truths, line_end, nothing, rest).prop_map(|(truths, line_end, nothing, rest)| {
        let ((zulu, ended, behind), order, extra) = rest;
        Style {
            truths,
            zulu,
            line_end,
            ended,
            order,
            extra,
            nothing,
            behind,
        }
    })
}

fn times() -> impl Strategy<Value = DateTime<Utc>> {
    // To the end of the year 9999: beyond it, the format has no way to say it.
    (0..253_402_300_800_i64).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap())
}

fn word() -> impl Strategy<Value = Option<Arc<str>>> {
    let words = ["s3", "ec2", "us-east-1", "eu-central-1", "odd, \"one\""];
    option::of(sample::select(words.to_vec()).prop_map(Arc::from))
}

fn key() -> impl Strategy<Value = ReportedKey> {
    let used = (times(), word(), word()).prop_map(|(time, service, region)| LastUsed::At {
        time,
        service,
        region,
    });
    let used = prop_oneof![Just(LastUsed::Never), used];
    let here = prop_oneof![
        (any::<bool>(), times().prop_map(Some)),
        // Active is enough to be a key.
        Just((true, None)),
    ];
    (here, used).prop_map(|((active, rotated), last_used)| ReportedKey {
        active,
        rotated,
        last_used,
    })
}

fn keys() -> impl Strategy<Value = Box<[ReportedKey]>> {
    vec(key(), 0..=2).prop_map(Vec::into_boxed_slice)
}

fn report() -> impl Strategy<Value = Report> {
    let login = [option::of(any::<bool>()), option::of(any::<bool>())];
    let user = ("[\\w+=,.@-]{1,64}", option::of(times()), login, keys());
    let user = user.prop_map(|(name, created, [password, mfa], keys)| ReportedUser {
        name: name.into(),
        created,
        login: Login::new(password, mfa),
        keys,
    });
    (times(), option::of(keys()), vec(user, 0..12)).prop_map(|(generated, root, users)| Report {
        generated,
        root,
        users,
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_however_it_is_written(report in report(), style in style()) {
        let text = style.write(&report);
        let again = read(&text, report.generated);
        prop_assert_eq!(again.as_ref(), Ok(&report), "{}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, now());
        let mut rows = HEADER.as_bytes().to_vec();
        rows.push(b'\n');
        rows.extend(&bytes);
        let _ = read(&rows, now());
    }

    #[test]
    fn no_damage_makes_it_panic(
        report in report(),
        style in style(),
        damage in vec((any::<sample::Index>(), any::<u8>()), 1..6),
        end in any::<sample::Index>(),
    ) {
        let mut text = style.write(&report);
        for (place, byte) in damage {
            let place = place.index(text.len());
            text[place] = byte;
        }
        let _ = read(&text, report.generated);
        text.truncate(end.index(text.len()));
        let _ = read(&text, report.generated);
    }
}
