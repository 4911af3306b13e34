//! What a query has to know of the users and keys of an account.

use super::{Account, Known, UserRow};
use crate::engine::{
    findings::Rules,
    impact::Power,
    model::KeyStatus,
    query::{KeyFacts, UserFacts},
};
use chrono::{DateTime, NaiveDate, Utc};

/// What is known of an account at a time, for a query.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    account: &'a Account,
    names: [Option<&'a str>; 5],
    today: NaiveDate,
}

impl<'a> Facts<'a> {
    /// Of an account.
    #[must_use]
    pub fn of(account: &'a Account, now: DateTime<Utc>) -> Self {
        Self {
            account,
            names: account.identity.all_names(),
            today: now.date_naive(),
        }
    }

    /// Of a user.
    #[must_use]
    pub fn user(&self, row: &'a UserRow) -> UserFacts<'a> {
        UserFacts {
            account: self.names,
            name: &row.user.name,
            path: &row.user.path,
            keys: row.key_count(),
            owner: row.known_owner(),
            tags: row.tags.known(),
            admin: row.power.map(Power::is_admin),
            quarantined: self.account.users.is_quarantined(&row.user.name),
            active: row.active_keys(),
            password: row.login.has_password(),
            mfa: row.login.has_mfa(),
            root: false,
            rules: Some(self.account.findings.rules()),
        }
    }

    /// Of the root user: nothing but where it is.
    pub(in crate::engine) fn root(&self) -> UserFacts<'a> {
        UserFacts {
            account: self.names,
            rules: Some(self.account.findings.rules()),
            ..UserFacts::default()
        }
    }

    /// Of a key of a user.
    #[must_use]
    pub fn key(&self, row: &'a UserRow, key: Known<'a>) -> KeyFacts<'a> {
        KeyFacts {
            own: self.is_own(key),
            ..self.key_by(self.account.findings.rules(), row, key)
        }
    }

    /// Whether it is the session's own key.
    pub(in crate::engine) fn is_own(&self, key: Known<'_>) -> bool {
        key.id().is_some_and(|id| self.account.is_own(id))
    }

    /// The same, where exemptions take it out of these rules, and it is not asked whether it is the
    /// session's own.
    pub(in crate::engine) fn key_by(
        &self,
        rules: &Rules,
        row: &'a UserRow,
        key: Known<'a>,
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
            inactive_since: key.live().and_then(|row| row.inactive_since),
            last_used: key.last_used(),
            own: false,
            description: row.known_description(key),
            exempt: rules.exempt(row, key.id(), self.today),
        }
    }
}
