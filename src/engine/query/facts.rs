//! What a query has to know, as it is known of an open account.

use super::{KeyFacts, UserFacts};
use crate::engine::{
    account::{Account, Known, UserRow},
    impact::Power,
    model::KeyStatus,
};

impl<'a> UserFacts<'a> {
    /// What is known of a user of an account.
    #[must_use]
    pub fn of(account: &'a Account, row: &'a UserRow) -> Self {
        Self {
            account: account.identity.all_names(),
            name: &row.user.name,
            path: &row.user.path,
            keys: row.key_count(),
            owner: row.known_owner(),
            tags: row.tags.known(),
            admin: row.power.map(Power::is_admin),
            quarantined: account.users.is_quarantined(&row.user.name),
        }
    }
}

impl<'a> KeyFacts<'a> {
    /// What is known of a key of a user.
    #[must_use]
    pub fn of(account: &Account, row: &'a UserRow, key: Known<'a>) -> Self {
        Self {
            id: key.id(),
            active: match key.status() {
                KeyStatus::Active => Some(true),
                KeyStatus::Inactive => Some(false),
                KeyStatus::Other(_) => None,
            },
            created: key.created(),
            last_used: key.last_used(),
            own: key.id().is_some_and(|id| account.is_own(id)),
            description: row.known_description(key),
        }
    }
}
