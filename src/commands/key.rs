//! The record of a key: what `iamkeys list` and `iamkeys find` print.

use super::output::{Column, InAccount, Record, Value};
use crate::engine::{
    Parts,
    account::{Account, Known, UserRow},
    findings::Rule,
    model::LastUsed,
};
use chrono::{DateTime, Utc};

/// What has to be asked for the keys.
pub(super) const KEYS: Parts = Parts {
    keys: true,
    ..super::output::NOTHING
};

/// And for their last uses.
pub(super) const USES: Parts = Parts { uses: true, ..KEYS };

/// For the tags of users, and how much their policies allow.
pub(super) const DETAILS: Parts = Parts {
    details: true,
    tags: true,
    ..super::output::NOTHING
};

/// For what rules find: all that one of them may ask.
pub(super) const FINDINGS: Parts = Parts {
    summary: false,
    tags: true,
    ..Parts::ALL
};

/// What is known of a key.
#[derive(Clone, Debug)]
pub(super) struct KeyRecord {
    pub(super) account: Option<String>,
    pub(super) account_name: Option<String>,
    pub(super) user: String,
    pub(super) key_id: Option<String>,
    pub(super) status: String,
    pub(super) created: Option<DateTime<Utc>>,
    pub(super) age_days: Option<i64>,
    pub(super) age_is_minimum: Option<bool>,
    pub(super) last_used: Option<DateTime<Utc>>,
    pub(super) never_used: Option<bool>,
    pub(super) service: Option<String>,
    pub(super) region: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) findings: Option<Vec<String>>,
    pub(super) findings_unknown: Vec<String>,
    pub(super) exempt: Option<bool>,
    pub(super) path: String,
    pub(super) description: Option<String>,
}

impl KeyRecord {
    /// What is known of a key of a user of an account.
    pub(super) fn of(
        account: &Account,
        row: &UserRow,
        (at, key): (usize, Known<'_>),
        now: DateTime<Utc>,
    ) -> Self {
        let (findings, findings_unknown) = findings(account, row, at);
        let exempt = place(account, row, at).and_then(|(user, key)| {
            let findings = &account.findings;
            findings.is_exempt(user, key)
        });
        let since = key.created();
        // The report tells of the latest activation: the key may be older.
        let is_minimum = key.live().is_none();
        let (last_used, never_used, service, region) = match key.last_used() {
            None => (None, None, None, None),
            Some(LastUsed::Never) => (None, Some(true), None, None),
            Some(LastUsed::At {
                time,
                service,
                region,
            }) => (Some(*time), Some(false), service.clone(), region.clone()),
        };
        Self {
            account: account.id().map(str::to_owned),
            account_name: account.identity.name().map(str::to_owned),
            user: row.user.name.to_string(),
            key_id: key.id().map(str::to_owned),
            status: key.status().word().to_owned(),
            created: since.filter(|_| !is_minimum),
            age_days: since.map(|since| (now - since).num_days()),
            age_is_minimum: since.map(|_| is_minimum),
            last_used,
            never_used,
            service: service.map(|it| it.to_string()),
            region: region.map(|it| it.to_string()),
            // That no tag names an owner is known, and no null.
            owner: row
                .known_owner()
                .map(|owner| owner.unwrap_or_default().to_owned()),
            findings,
            findings_unknown,
            exempt,
            path: row.user.path.to_string(),
            description: row
                .known_description(key)
                .map(|text| text.unwrap_or_default().to_owned()),
        }
    }
}

/// The place of a user in the account, and of a key among those of the user.
fn place(account: &Account, row: &UserRow, at: usize) -> Option<(u32, u16)> {
    let user = account.users.find(&row.user.name)?;
    Some((u32::try_from(user).ok()?, u16::try_from(at).ok()?))
}

/// The rules that find a key, by its place among those of its user, and those of which that is not known.
/// Where none is known to find it and one may, it is not known whether there is any.
fn findings(account: &Account, row: &UserRow, at: usize) -> (Option<Vec<String>>, Vec<String>) {
    let Some((user, key)) = place(account, row, at) else {
        return (None, Vec::new());
    };
    let id = |rule: &Rule| rule.id.to_string();
    let found: Vec<String> = account.findings.of(user, key).map(id).collect();
    let unknown: Vec<String> = account.findings.unknown(user, key).map(id).collect();
    let is_known = !found.is_empty() || unknown.is_empty();
    (is_known.then_some(found), unknown)
}

/// An age in a table: at least so much, where only the report is known.
pub(super) fn age(days: Option<i64>, is_minimum: Option<bool>) -> String {
    match (days, is_minimum) {
        (None, _) => "?".into(),
        (Some(days), Some(true)) => format!("≥{days}"),
        (Some(days), _) => days.to_string(),
    }
}

/// A last use in a table.
pub(super) fn used(last_used: Option<DateTime<Utc>>, never: Option<bool>) -> String {
    match (last_used, never) {
        (Some(time), _) => Value::Time(time).words(),
        (None, Some(true)) => "never".into(),
        (None, _) => "?".into(),
    }
}

impl InAccount for KeyRecord {
    fn account(&self) -> [&Option<String>; 2] {
        [&self.account, &self.account_name]
    }
}

impl Record for KeyRecord {
    const SCHEMA: (&'static str, &'static str) = ("iamkeys/keys/1", "keys");

    const COLUMNS: &'static [Column<Self>] = &[
        Column::ACCOUNT,
        Column::ACCOUNT_NAME,
        Column::new("user", "user", |key: &Self| (&key.user).into()),
        Column::new("key_id", "key ID", |key: &Self| (&key.key_id).into()).needs(KEYS),
        Column::new("status", "status", |key: &Self| (&key.status).into()).needs(KEYS),
        Column::new("created", "created", |key: &Self| (&key.created).into()).needs(KEYS),
        Column::new("age_days", "age", |key: &Self| (&key.age_days).into())
            .words(|key| age(key.age_days, key.age_is_minimum))
            .right()
            .needs(KEYS),
        Column::new("age_is_minimum", "at least", |key: &Self| {
            (&key.age_is_minimum).into()
        })
        .needs(KEYS),
        Column::new("last_used", "last used", |key: &Self| {
            (&key.last_used).into()
        })
        .words(|key| used(key.last_used, key.never_used))
        .needs(USES),
        Column::new("never_used", "never used", |key: &Self| {
            (&key.never_used).into()
        })
        .needs(USES),
        Column::new("service", "service", |key: &Self| (&key.service).into())
            .or_blank()
            .needs(USES),
        Column::new("region", "region", |key: &Self| (&key.region).into())
            .or_blank()
            .needs(USES),
        Column::new("owner", "owner", |key: &Self| (&key.owner).into()).needs(Parts {
            details: true,
            tags: true,
            ..KEYS
        }),
        Column::new("findings", "findings", |key: &Self| (&key.findings).into()).needs(FINDINGS),
        Column::new("findings_unknown", "not known", |key: &Self| {
            Value::List(key.findings_unknown.clone())
        })
        .needs(FINDINGS),
        Column::new("exempt", "exempt", |key: &Self| (&key.exempt).into()).needs(Parts {
            details: true,
            ..KEYS
        }),
        Column::new("path", "path", |key: &Self| (&key.path).into()),
        Column::new("description", "description", |key: &Self| {
            (&key.description).into()
        })
        .needs(Parts {
            details: true,
            tags: true,
            ..KEYS
        }),
    ];

    const USUAL: &'static [&'static str] = &[
        "account",
        "account_name",
        "user",
        "key_id",
        "status",
        "created",
        "age_days",
        "age_is_minimum",
        "last_used",
        "never_used",
        "service",
        "region",
        "owner",
        "findings",
        "findings_unknown",
        "exempt",
    ];

    const OF_TABLE: &'static [&'static str] = &[
        "account_name",
        "user",
        "key_id",
        "status",
        "age_days",
        "last_used",
        "service",
        "region",
        "owner",
    ];

    fn sort_key(&self) -> Vec<String> {
        vec![
            self.account_name
                .as_deref()
                .unwrap_or_default()
                .to_lowercase(),
            self.account.clone().unwrap_or_default(),
            self.user.to_lowercase(),
            self.key_id.clone().unwrap_or_default(),
            self.created.map(|it| it.to_rfc3339()).unwrap_or_default(),
        ]
    }
}
