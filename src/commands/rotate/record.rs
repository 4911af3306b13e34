//! The record of a rotation. No secret is in it.

use crate::{
    cli::Until,
    commands::{
        columns,
        output::{Column, InAccount, Record, Value},
    },
    engine::account::Account,
};

/// How far a rotation has come.
#[derive(Clone, Debug)]
pub(super) struct RotationRecord {
    account: Option<String>,
    account_name: Option<String>,
    /// The user; empty where only the key was named, and it was not found.
    user: String,
    /// The key that goes.
    pub(super) old_key_id: Option<String>,
    /// The key that stays.
    pub(super) new_key_id: Option<String>,
    /// The last step that is done.
    pub(super) step: Option<Until>,
    /// What it waits for, in words; empty where it is complete.
    pub(super) waits_for: &'static str,
    /// Where this run has put the secret, in words.
    pub(super) stored_in: Option<String>,
    /// What it has come to: `done`, `waiting`, `kept`, `lost`, `failed`, `skipped`,
    /// `interrupted`, `unknown`.
    pub(super) outcome: &'static str,
    /// Why, where it is not done.
    pub(super) reason: Option<String>,
}

impl RotationRecord {
    pub(super) fn of(account: Option<&Account>, user: &str) -> Self {
        Self {
            account: account.and_then(Account::id).map(str::to_owned),
            account_name: account
                .and_then(|account| account.identity.name())
                .map(str::to_owned),
            user: user.to_owned(),
            old_key_id: None,
            new_key_id: None,
            step: None,
            waits_for: "",
            stored_in: None,
            outcome: "skipped",
            reason: None,
        }
    }

    fn step(&self) -> Option<String> {
        let name = match self.step? {
            Until::Create => "create",
            Until::Store => "store",
            Until::Check => "check",
            Until::Deactivate => "deactivate",
            Until::Watch => "watch",
            Until::Delete => "delete",
        };
        Some(name.to_owned())
    }

    fn waits_for(&self) -> Option<String> {
        Some(self.waits_for.to_owned()).filter(|words| !words.is_empty())
    }

    /// It in a line.
    pub(super) fn words(&self) -> String {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        format!(
            "rotation of {}: {}, {} to {}, step {}, waits for {}",
            self.user,
            self.outcome,
            or(&self.old_key_id),
            or(&self.new_key_id),
            or(&self.step()),
            or(&self.waits_for()),
        )
    }
}

impl InAccount for RotationRecord {
    fn account(&self) -> [&Option<String>; 2] {
        [&self.account, &self.account_name]
    }
}

impl Record for RotationRecord {
    const SCHEMA: (&'static str, &'static str) = ("iamkeys/rotations/1", "rotations");

    const COLUMNS: &'static [Column<Self>] = &[
        Column::ACCOUNT,
        Column::ACCOUNT_NAME,
        Column::new("user", "user", |it: &Self| match &*it.user {
            "" => Value::Null,
            user => user.into(),
        }),
        Column::new("old_key_id", "old key", |it: &Self| (&it.old_key_id).into()).or_blank(),
        Column::new("new_key_id", "new key", |it: &Self| (&it.new_key_id).into()).or_blank(),
        Column::new("step", "step done", |it: &Self| (&it.step()).into()).or_blank(),
        Column::new("waits_for", "waits for", |it: &Self| {
            (&it.waits_for()).into()
        })
        .or_blank(),
        Column::new("stored_in", "stored in", |it: &Self| (&it.stored_in).into()).or_blank(),
        Column::new("outcome", "outcome", |it: &Self| it.outcome.into()),
        Column::new("reason", "reason", |it: &Self| (&it.reason).into()).or_blank(),
    ];

    const USUAL: &'static [&'static str] = &columns::ROTATIONS;

    const OF_TABLE: &'static [&'static str] = &[
        "account_name",
        "user",
        "old_key_id",
        "new_key_id",
        "step",
        "waits_for",
        "outcome",
        "reason",
    ];

    fn sort_key(&self) -> Vec<String> {
        Vec::new()
    }
}
