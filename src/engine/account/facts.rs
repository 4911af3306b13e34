//! What a query has to know of the users and keys of an account.

use super::{Account, Known, UserRow};
use crate::engine::{
    findings::Rules,
    impact::Power,
    model::KeyStatus,
    query::{Asked, KeyFacts, UserFacts},
};
use chrono::{DateTime, Utc};

/// What is known of an account at a time, for a query.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    account: &'a Account,
    rules: &'a Rules,
    /// Nobody asks for the rest: of that, nothing is told.
    asked: Asked,
    now: DateTime<Utc>,
}

impl<'a> Facts<'a> {
    /// Of an account.
    #[must_use]
    pub fn of(account: &'a Account, now: DateTime<Utc>) -> Self {
        Self::asked(account, Asked::ALL, now)
    }

    /// The same for a query that asks for no more than this.
    #[must_use]
    pub fn asked(account: &'a Account, asked: Asked, now: DateTime<Utc>) -> Self {
        let rules = account.findings.rules();
        let of_rules = if asked.has(Asked::FINDINGS) {
            rules.asked() | Asked::EXEMPT
        } else {
            Asked::default()
        };
        Self {
            account,
            rules,
            asked: asked | of_rules,
            now,
        }
    }

    /// The same for [keys in their places](Self::key_at): what rules find of them is known.
    #[must_use]
    pub fn of_places(account: &'a Account, asked: Asked, now: DateTime<Utc>) -> Self {
        Self {
            account,
            rules: account.findings.rules(),
            asked,
            now,
        }
    }

    /// The same for these rules, which need not be told what exemptions take keys out of.
    pub(in crate::engine) fn by(
        account: &'a Account,
        rules: &'a Rules,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            account,
            rules,
            asked: rules.asked(),
            now,
        }
    }

    /// What the account is called.
    fn names(&self) -> [Option<&'a str>; 5] {
        if self.asked.has(Asked::ACCOUNT) {
            self.account.identity.all_names()
        } else {
            [None; 5]
        }
    }

    /// Of a user.
    #[must_use]
    pub fn user(&self, row: &'a UserRow) -> UserFacts<'a> {
        let statuses = self.asked.has(Asked::STATUSES).then(|| row.statuses());
        let statuses = statuses.flatten();
        let quarantined = || self.account.users.is_quarantined(&row.user.name);
        UserFacts {
            account: self.names(),
            name: &row.user.name,
            path: &row.user.path,
            keys: row.key_count(),
            owner: row.known_owner(),
            tags: row.tags.known(),
            admin: row.power.map(Power::is_admin),
            quarantined: self
                .asked
                .has(Asked::QUARANTINE)
                .then(quarantined)
                .flatten(),
            active: statuses.map(|(active, _)| active),
            neither: statuses.map_or(0, |(_, neither)| neither),
            password: row.login.has_password(),
            mfa: row.login.has_mfa(),
            root: false,
            rules: Some(self.rules),
        }
    }

    /// Of the root user: nothing but where it is.
    pub(in crate::engine) fn root(&self) -> UserFacts<'a> {
        UserFacts {
            account: self.names(),
            rules: Some(self.rules),
            ..UserFacts::default()
        }
    }

    /// Of a key of a user.
    #[must_use]
    pub fn key(&self, row: &'a UserRow, key: Known<'a>) -> KeyFacts<'a> {
        let exempt = || {
            let today = self.now.date_naive();
            self.rules.exempt(row, key.id(), today).known()
        };
        let exempt = self.asked.has(Asked::EXEMPT).then(exempt).flatten();
        self.key_exempt(row, key, exempt)
    }

    /// Of the key in a place: of its user among all rows, and its own among the keys of the user.
    #[must_use]
    pub fn key_at(&self, place: (u32, u16), row: &'a UserRow, key: Known<'a>) -> KeyFacts<'a> {
        let judged = || self.account.findings.judged(place.0, place.1);
        KeyFacts {
            judged: self.asked.has(Asked::FINDINGS).then(judged),
            ..self.key(row, key)
        }
    }

    /// The same, where it is known already which rules exemptions take the key out of.
    pub(in crate::engine) fn key_exempt(
        &self,
        row: &'a UserRow,
        key: Known<'a>,
        exempt: Option<u64>,
    ) -> KeyFacts<'a> {
        let own = || key.id().is_some_and(|id| self.account.is_own(id));
        let description = || row.known_description(key);
        let off = key
            .live()
            .filter(|row| row.key.status == KeyStatus::Inactive);
        KeyFacts {
            id: key.id(),
            active: match key.status() {
                KeyStatus::Active => Some(true),
                KeyStatus::Inactive => Some(false),
                KeyStatus::Other(_) => None,
            },
            created: key.created(),
            is_age_least: key.live().is_none(),
            inactive_since: off.and_then(|row| {
                let told = || self.account.deactivated.since(self.account.id(), row);
                row.inactive_since.or_else(told)
            }),
            last_used: key.last_used(),
            own: self.asked.has(Asked::OWN) && own(),
            description: self
                .asked
                .has(Asked::DESCRIPTION)
                .then(description)
                .flatten(),
            exempt,
            judged: None,
        }
    }
}
