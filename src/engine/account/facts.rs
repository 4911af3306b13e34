//! What a query has to know of the users and keys of an account.

use super::{Account, Known, UserRow};
use crate::engine::{
    findings::Rules,
    impact::Power,
    model::KeyStatus,
    query::{KeyFacts, UserFacts},
};
use chrono::{DateTime, Utc};

/// What is known of an account at a time, for a query.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    account: &'a Account,
    names: [Option<&'a str>; 5],
    rules: &'a Rules,
    now: DateTime<Utc>,
}

impl<'a> Facts<'a> {
    /// Of an account.
    #[must_use]
    pub fn of(account: &'a Account, now: DateTime<Utc>) -> Self {
        Self::by(account, account.findings.rules(), now)
    }

    /// The same by these rules.
    pub(in crate::engine) fn by(
        account: &'a Account,
        rules: &'a Rules,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            account,
            names: account.identity.all_names(),
            rules,
            now,
        }
    }

    /// Of a user.
    #[must_use]
    pub fn user(&self, row: &'a UserRow) -> UserFacts<'a> {
        let statuses = row.statuses();
        UserFacts {
            account: self.names,
            name: &row.user.name,
            path: &row.user.path,
            keys: row.key_count(),
            owner: row.known_owner(),
            tags: row.tags.known(),
            admin: row.power.map(Power::is_admin),
            quarantined: self.account.users.is_quarantined(&row.user.name),
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
            account: self.names,
            rules: Some(self.rules),
            ..UserFacts::default()
        }
    }

    /// Of a key of a user.
    #[must_use]
    pub fn key(&self, row: &'a UserRow, key: Known<'a>) -> KeyFacts<'a> {
        let exempt = self.rules.exempt(row, key.id(), self.now.date_naive());
        self.key_exempt(row, key, exempt.known())
    }

    /// The same, where it is known already which rules exemptions take the key out of.
    pub(in crate::engine) fn key_exempt(
        &self,
        row: &'a UserRow,
        key: Known<'a>,
        exempt: Option<u64>,
    ) -> KeyFacts<'a> {
        KeyFacts {
            id: key.id(),
            active: match key.status() {
                KeyStatus::Active => Some(true),
                KeyStatus::Inactive => Some(false),
                KeyStatus::Other(_) => None,
            },
            created: key.created(),
            is_age_least: key.live().is_none(),
            inactive_since: key.live().and_then(|row| {
                let told = || self.account.deactivated.since(self.account.id(), row);
                row.inactive_since.or_else(told)
            }),
            last_used: key.last_used(),
            own: key.id().is_some_and(|id| self.account.is_own(id)),
            description: row.known_description(key),
            exempt,
        }
    }
}
