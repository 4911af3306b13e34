//! The record of a user: what `iamkeys users` prints.

use super::{
    key::{DETAILS, KEYS, USES, age, used},
    output::{Column, InAccount, NOTHING, Record},
};
use crate::engine::{
    Parts,
    account::{Account, Known, UserRow},
    impact::Power,
    model::{KeyStatus, LastUsed},
};
use chrono::{DateTime, Utc};

/// What has to be asked for who is under quarantine.
const QUARANTINE: Parts = Parts {
    quarantine: true,
    ..NOTHING
};

/// And for how much their policies allow.
const POWER: Parts = Parts {
    details: true,
    power: true,
    ..NOTHING
};

/// What is known of a user.
#[derive(Clone, Debug)]
pub(super) struct UserRecord {
    account: Option<String>,
    account_name: Option<String>,
    user: String,
    path: String,
    created: DateTime<Utc>,
    keys: Option<usize>,
    active_keys: Option<usize>,
    age_days: Option<i64>,
    age_is_minimum: Option<bool>,
    last_used: Option<DateTime<Utc>>,
    never_used: Option<bool>,
    owner: Option<String>,
    admin: Option<bool>,
    quarantined: Option<bool>,
}

impl UserRecord {
    /// What is known of a user of an account.
    pub(super) fn of(account: &Account, row: &UserRow, now: DateTime<Utc>) -> Self {
        let keys = row.key_count();
        let active = row
            .known_keys()
            .filter(|key| *key.status() == KeyStatus::Active);
        let oldest = active
            .clone()
            .filter_map(|key| Some((key.created()?, key.live().is_none())))
            .min();
        let uses: Option<Vec<&LastUsed>> = row.known_keys().map(Known::last_used).collect();
        let uses = uses.filter(|_| keys.is_some());
        let last_used = uses.as_ref().and_then(|uses| {
            let times = uses.iter().filter_map(|last_used| match last_used {
                LastUsed::At { time, .. } => Some(*time),
                LastUsed::Never => None,
            });
            times.max()
        });
        Self {
            account: account.id().map(str::to_owned),
            account_name: account.identity.name().map(str::to_owned),
            user: row.user.name.to_string(),
            path: row.user.path.to_string(),
            created: row.user.created,
            keys,
            active_keys: keys.map(|_| active.count()),
            age_days: oldest.map(|(since, _)| (now - since).num_days()),
            age_is_minimum: oldest.map(|(_, is_minimum)| is_minimum),
            last_used,
            // Of who has no key there is nothing to say.
            never_used: uses
                .filter(|uses| !uses.is_empty())
                .map(|_| last_used.is_none()),
            owner: row
                .known_owner()
                .map(|owner| owner.unwrap_or_default().to_owned()),
            admin: row.power.map(Power::is_admin),
            quarantined: account.users.is_quarantined(&row.user.name),
        }
    }
}

impl InAccount for UserRecord {
    fn account(&self) -> [&Option<String>; 2] {
        [&self.account, &self.account_name]
    }
}

impl Record for UserRecord {
    const SCHEMA: (&'static str, &'static str) = ("iamkeys/users/1", "users");

    const COLUMNS: &'static [Column<Self>] = &[
        Column::ACCOUNT,
        Column::ACCOUNT_NAME,
        Column::new("user", "user", |user: &Self| (&user.user).into()),
        Column::new("path", "path", |user: &Self| (&user.path).into()),
        Column::new("created", "created", |user: &Self| (&user.created).into()),
        Column::new("keys", "keys", |user: &Self| (&user.keys).into())
            .right()
            .needs(KEYS),
        Column::new("active_keys", "active", |user: &Self| {
            (&user.active_keys).into()
        })
        .right()
        .needs(KEYS),
        Column::new("age_days", "age", |user: &Self| (&user.age_days).into())
            .words(|user| match user.active_keys {
                Some(0) => String::new(),
                _ => age(user.age_days, user.age_is_minimum),
            })
            .right()
            .needs(KEYS),
        Column::new("age_is_minimum", "at least", |user: &Self| {
            (&user.age_is_minimum).into()
        })
        .needs(KEYS),
        Column::new("last_used", "last used", |user: &Self| {
            (&user.last_used).into()
        })
        .words(|user| match user.keys {
            Some(0) => String::new(),
            _ => used(user.last_used, user.never_used),
        })
        .needs(USES),
        Column::new("never_used", "never used", |user: &Self| {
            (&user.never_used).into()
        })
        .needs(USES),
        Column::new("owner", "owner", |user: &Self| (&user.owner).into()).needs(DETAILS),
        Column::new("admin", "admin", |user: &Self| (&user.admin).into()).needs(POWER),
        Column::new("quarantined", "quarantined", |user: &Self| {
            (&user.quarantined).into()
        })
        .needs(QUARANTINE),
    ];

    const USUAL: &'static [&'static str] = &super::columns::USERS;

    const OF_TABLE: &'static [&'static str] = &[
        "account_name",
        "user",
        "keys",
        "active_keys",
        "age_days",
        "last_used",
        "owner",
        "admin",
    ];

    fn sort_key(&self) -> Vec<String> {
        vec![
            self.account_name.clone().unwrap_or_default().to_lowercase(),
            self.account.clone().unwrap_or_default(),
            self.user.to_lowercase(),
        ]
    }
}
