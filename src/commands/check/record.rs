//! The record of a finding: a rule, and a key that meets it.

use super::super::{
    columns,
    key::{KeyRecord, age, used},
    output::{Column, Record, Value},
};
use crate::engine::{
    account::{Account, Known, UserRow},
    findings::{ExemptionBy, ROOT_USER, Rule, Severity, Standard, Standing, StatedExemption},
    model::{LastUsed, ReportedKey},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The version of the fields, and what they are called together.
pub(super) const SCHEMA: (&str, &str) = ("iamkeys/findings/1", "findings");

/// Which key is found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of<'a> {
    /// One of a user, with its place among theirs.
    Key(&'a UserRow, usize, Known<'a>),
    /// One of the root user, with its place among theirs and what the report says of it.
    Root(usize, Option<&'a ReportedKey>),
}

/// Whether an exemption takes a key out of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Exempt {
    /// None does.
    No,
    /// That is not known: the tags of the user are not.
    Unknown,
    /// This does.
    By {
        until: NaiveDate,
        why: Box<str>,
        by: ExemptionBy,
    },
}

impl Exempt {
    /// An exemption that counts.
    pub(super) fn of(stated: &StatedExemption) -> Option<Self> {
        match &stated.standing {
            Standing::Holds(exemption) => Some(Self::By {
                until: exemption.until,
                why: exemption.why.clone(),
                by: stated.by,
            }),
            Standing::Expired(_) | Standing::Unreadable(..) => None,
        }
    }

    pub(super) fn until(&self) -> Option<NaiveDate> {
        match self {
            Self::By { until, .. } => Some(*until),
            Self::No | Self::Unknown => None,
        }
    }

    /// Until when and why, as the tag says it.
    pub(super) fn words(&self) -> Option<String> {
        match self {
            Self::By { until, why, .. } => Some(format!("{until} {why}").trim_end().to_owned()),
            Self::No | Self::Unknown => None,
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::No => false.into(),
            Self::Unknown => Value::Null,
            Self::By { until, why, by } => {
                let by = match by {
                    ExemptionBy::Config(_) => "policy",
                    ExemptionBy::KeyTag => "key_tag",
                    ExemptionBy::UserTag => "user_tag",
                };
                let made = json!({"until": until.to_string(), "why": why, "by": by});
                Value::Made(made, self.words().unwrap_or_default())
            }
        }
    }
}

/// A finding.
#[derive(Clone, Debug)]
pub(super) struct FindingRecord {
    pub(super) account: Option<String>,
    pub(super) account_name: Option<String>,
    /// `aws`, or another partition.
    pub(super) partition: String,
    pub(super) user: String,
    pub(super) path: String,
    pub(super) key_id: Option<String>,
    /// Its place among the keys of its user: what tells those without an ID apart.
    pub(super) nth: usize,
    pub(super) status: Option<String>,
    pub(super) created: Option<DateTime<Utc>>,
    pub(super) age_days: Option<i64>,
    pub(super) age_is_minimum: Option<bool>,
    pub(super) last_used: Option<DateTime<Utc>>,
    pub(super) never_used: Option<bool>,
    /// The place of the rule among all, its ID and its title.
    pub(super) place: usize,
    pub(super) rule: String,
    pub(super) title: String,
    pub(super) severity: Severity,
    pub(super) why: String,
    pub(super) remedy: String,
    pub(super) standards: &'static [Standard],
    pub(super) exempt: Exempt,
}

impl FindingRecord {
    pub(super) fn of(
        account: &Account,
        of: Of<'_>,
        (place, rule): (usize, &Rule),
        exempt: Exempt,
        now: DateTime<Utc>,
    ) -> Self {
        let caller = account.identity.caller.known();
        let partition = caller.and_then(|caller| caller.arn.split(':').nth(1));
        let found = Self {
            account: account.id().map(str::to_owned),
            account_name: account.identity.name().map(str::to_owned),
            partition: partition.unwrap_or("aws").to_owned(),
            user: ROOT_USER.to_owned(),
            path: "/".into(),
            key_id: None,
            nth: match of {
                Of::Key(_, at, _) | Of::Root(at, _) => at,
            },
            status: None,
            created: None,
            age_days: None,
            age_is_minimum: None,
            last_used: None,
            never_used: None,
            place,
            rule: rule.id.to_string(),
            title: rule.title.to_string(),
            severity: rule.severity,
            why: rule.why.to_string(),
            remedy: rule.remedy.to_string(),
            standards: rule.standards,
            exempt,
        };
        match of {
            Of::Key(row, at, key) => found.with(KeyRecord::of(account, row, (at, key), now)),
            Of::Root(_, Some(key)) => found.with_reported(key, now),
            Of::Root(_, None) => found,
        }
    }

    fn with(self, key: KeyRecord) -> Self {
        Self {
            user: key.user,
            path: key.path,
            key_id: key.key_id,
            status: Some(key.status),
            created: key.created,
            age_days: key.age_days,
            age_is_minimum: key.age_is_minimum,
            last_used: key.last_used,
            never_used: key.never_used,
            ..self
        }
    }

    fn with_reported(self, key: &ReportedKey, now: DateTime<Utc>) -> Self {
        let (last_used, never_used) = match &key.last_used {
            LastUsed::Never => (None, true),
            LastUsed::At { time, .. } => (Some(*time), false),
        };
        Self {
            status: Some(if key.active { "Active" } else { "Inactive" }.into()),
            age_days: key.rotated.map(|since| (now - since).num_days()),
            age_is_minimum: key.rotated.map(|_| true),
            last_used,
            never_used: Some(never_used),
            ..self
        }
    }

    /// Whether it is about a key of the root user.
    pub(super) fn is_of_root(&self) -> bool {
        self.user == ROOT_USER
    }

    /// The ARN of the user.
    pub(super) fn arn(&self) -> String {
        let (partition, account) = (&self.partition, self.account.as_deref());
        let resource = if self.is_of_root() {
            "root".to_owned()
        } else {
            format!("user{}{}", self.path, self.user)
        };
        format!(
            "arn:{partition}:iam::{}:{resource}",
            account.unwrap_or_default()
        )
    }

    /// What makes it the same finding the next time: the rule and the key, whatever its user is called
    /// by then; where the key is not known, the account, the user, and its place among their keys.
    pub(super) fn fingerprint(&self) -> String {
        let of = match &self.key_id {
            Some(id) => id.clone(),
            None => format!(
                "{}/{}/{}",
                self.account.as_deref().unwrap_or_default(),
                self.user,
                self.nth + 1
            ),
        };
        let mut text = String::new();
        for byte in &Sha256::digest(format!("{of}/{}", self.rule))[..16] {
            // Writing to a text does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// It in a sentence.
    pub(super) fn sentence(&self) -> String {
        let key = match (&self.key_id, self.is_of_root()) {
            (Some(id), _) => format!("access key {id} of user {}", self.user),
            (None, true) => "an access key of the root user".to_owned(),
            (None, false) => format!("an access key of user {}", self.user),
        };
        let name = self.account_name.as_deref();
        let account = match (name, self.account.as_deref()) {
            (Some(name), Some(id)) if name != id => format!("{name} ({id})"),
            (Some(one), _) | (None, Some(one)) => one.to_owned(),
            (None, None) => "an account that is not known".to_owned(),
        };
        let (title, why) = (&self.title, &self.why);
        let end = if title.ends_with('.') { "" } else { "." };
        format!("{title}: {key} in {account}{end} {why}")
    }

    /// Where it stands among all: the gravest first, rule by rule.
    pub(super) fn place(&self) -> Vec<String> {
        let name = self.account_name.clone().unwrap_or_default();
        let severity = Severity::ALL.iter().position(|it| *it == self.severity);
        vec![
            format!("{:02} {:03}", severity.unwrap_or(0), self.place),
            // Accounts may have other limits than the rest, and so another title.
            self.title.clone(),
            u8::from(matches!(self.exempt, Exempt::By { .. })).to_string(),
            name.to_lowercase(),
            self.account.clone().unwrap_or_default(),
            self.user.to_lowercase(),
            self.key_id.clone().unwrap_or_default(),
            self.nth.to_string(),
        ]
    }

    fn standards_value(&self) -> Value {
        let list = self.standards.iter();
        let list = list.map(|it| json!({"standard": it.name, "control": it.control}));
        let text: Vec<String> = self.standards.iter().map(standard).collect();
        Value::Made(list.collect(), text.join("; "))
    }
}

/// What a rule is called in a standard, in words.
pub(super) fn standard(of: &Standard) -> String {
    format!("{} {}", of.name, of.control)
}

impl Record for FindingRecord {
    const SCHEMA: (&'static str, &'static str) = SCHEMA;

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("account", "account ID", |it: &Self| (&it.account).into()),
        Column::new("account_name", "account", |it: &Self| {
            (&it.account_name).into()
        }),
        Column::new("user", "user", |it: &Self| (&it.user).into()),
        Column::new("key_id", "key ID", |it: &Self| (&it.key_id).into()),
        Column::new("rule", "rule", |it: &Self| (&it.rule).into()),
        Column::new("title", "finding", |it: &Self| (&it.title).into()),
        Column::new("severity", "severity", |it: &Self| {
            Value::Name(it.severity.name())
        }),
        Column::new("exempt", "exempt", |it: &Self| it.exempt.value()),
        Column::new("status", "status", |it: &Self| (&it.status).into()),
        Column::new("created", "created", |it: &Self| (&it.created).into()),
        Column::new("age_days", "age", |it: &Self| (&it.age_days).into())
            .words(|it| age(it.age_days, it.age_is_minimum))
            .right(),
        Column::new("age_is_minimum", "at least", |it: &Self| {
            (&it.age_is_minimum).into()
        }),
        Column::new("last_used", "last used", |it: &Self| (&it.last_used).into())
            .words(|it| used(it.last_used, it.never_used)),
        Column::new("never_used", "never used", |it: &Self| {
            (&it.never_used).into()
        }),
        Column::new("why", "why", |it: &Self| (&it.why).into()),
        Column::new("remedy", "what to do", |it: &Self| (&it.remedy).into()),
        Column::new("standards", "standards", Self::standards_value),
    ];

    const USUAL: &'static [&'static str] = &columns::FINDINGS;

    const OF_TABLE: &'static [&'static str] = &[
        "severity",
        "rule",
        "account_name",
        "user",
        "key_id",
        "age_days",
        "last_used",
    ];

    fn sort_key(&self) -> Vec<String> {
        self.place()
    }
}
