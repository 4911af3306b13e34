//! The record of a new key. Its secret is in none.

use crate::{
    commands::{
        columns,
        output::{Column, InAccount, Record},
    },
    engine::account::Account,
};
use chrono::{DateTime, Utc};

/// What became of the creation of a key.
#[derive(Clone, Debug)]
pub(super) struct NewKeyRecord {
    account: Option<String>,
    account_name: Option<String>,
    user: String,
    /// The key's ID; none where there is none, or that is not known.
    pub(super) key_id: Option<String>,
    /// When it was created.
    pub(super) created: Option<DateTime<Utc>>,
    /// Where its secret is, in words.
    pub(super) stored_in: Option<String>,
    outcome: &'static str,
    reason: Option<String>,
    /// AWS's ID of the request.
    pub(super) request_id: Option<String>,
}

impl NewKeyRecord {
    pub(super) fn of(account: Option<&Account>, user: &str) -> Self {
        Self {
            account: account.and_then(Account::id).map(str::to_owned),
            account_name: account
                .and_then(|account| account.identity.name())
                .map(str::to_owned),
            user: user.to_owned(),
            key_id: None,
            created: None,
            stored_in: None,
            outcome: "skipped",
            reason: None,
            request_id: None,
        }
    }

    /// The same with what became of it: `done`, `kept`, `lost`, `failed`, `skipped`, `unknown`.
    pub(super) fn with(mut self, outcome: &'static str, reason: impl Into<Option<String>>) -> Self {
        self.outcome = outcome;
        self.reason = reason.into();
        self
    }
}

impl NewKeyRecord {
    /// Why there is none, in words.
    pub(super) fn reason(&self) -> String {
        self.reason.clone().unwrap_or_default()
    }
}

impl InAccount for NewKeyRecord {
    fn account(&self) -> [&Option<String>; 2] {
        [&self.account, &self.account_name]
    }
}

impl Record for NewKeyRecord {
    const SCHEMA: (&'static str, &'static str) = ("iamkeys/new_keys/1", "new_keys");

    const COLUMNS: &'static [Column<Self>] = &[
        Column::ACCOUNT,
        Column::ACCOUNT_NAME,
        Column::new("user", "user", |it: &Self| (&it.user).into()),
        Column::new("key_id", "key ID", |it: &Self| (&it.key_id).into()).or_blank(),
        Column::new("created", "created", |it: &Self| (&it.created).into()),
        Column::new("stored_in", "stored in", |it: &Self| (&it.stored_in).into()).or_blank(),
        Column::new("outcome", "outcome", |it: &Self| it.outcome.into()),
        Column::new("reason", "reason", |it: &Self| (&it.reason).into()).or_blank(),
        Column::new("request_id", "request ID", |it: &Self| {
            (&it.request_id).into()
        })
        .or_blank(),
    ];

    const USUAL: &'static [&'static str] = &columns::NEW_KEYS;

    const OF_TABLE: &'static [&'static str] = &[
        "account_name",
        "user",
        "key_id",
        "stored_in",
        "outcome",
        "reason",
    ];

    fn sort_key(&self) -> Vec<String> {
        Vec::new()
    }
}
