//! The record of a change: what commands that change something print of each key.

use super::{
    ExitStatus, columns,
    output::{Column, InAccount, Record},
};
use crate::engine::account::Account;

/// What became of a change to a key, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is done.
    Done,
    /// It was so before: nothing was sent.
    Already,
    /// It was sent, and refused or failed; or it could not be sent.
    Failed,
    /// It was not sent: it was not confirmed, not as reviewed, or something else came before.
    Skipped,
    /// It was sent, and it is not known whether it is done.
    Unknown,
}

impl Outcome {
    /// The word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Already => "already",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
        }
    }

    /// What a command has come to by these: whether all is as it was wanted.
    pub(super) fn status(all: impl IntoIterator<Item = Self>) -> ExitStatus {
        let (mut good, mut bad, mut unknown) = (false, false, false);
        for outcome in all {
            match outcome {
                Self::Done | Self::Already => good = true,
                Self::Failed | Self::Skipped => bad = true,
                Self::Unknown => unknown = true,
            }
        }
        match (unknown, bad, good) {
            (true, ..) => ExitStatus::OutcomeUnknown,
            (_, true, true) => ExitStatus::Incomplete,
            (_, true, false) => ExitStatus::Failed,
            (_, false, _) => ExitStatus::Done,
        }
    }
}

/// Why nothing was done, of all that was to be: what has failed says it before what was left alone for it.
pub(super) fn why_all(records: &[ChangedRecord]) -> String {
    let of = |outcome| {
        let mut records = records.iter().filter(move |it| it.outcome == outcome);
        records.find_map(|it| it.reason.clone())
    };
    of(Outcome::Failed)
        .or_else(|| of(Outcome::Skipped))
        .unwrap_or_else(|| "nothing was done".into())
}

/// What became of a change to a key.
#[derive(Clone, Debug)]
pub(super) struct ChangedRecord {
    /// The account ID.
    pub(super) account: Option<String>,
    /// What the account is called.
    pub(super) account_name: Option<String>,
    /// The user.
    pub(super) user: Option<String>,
    /// The key's ID.
    pub(super) key_id: Option<String>,
    /// What was to be done: `deactivate`, `activate`, `delete`.
    pub(super) action: &'static str,
    /// What became of it.
    pub(super) outcome: Outcome,
    /// The status that the key is known to have afterwards; none where it is not there, or not known.
    pub(super) status: Option<String>,
    /// Why, in words, where it is not simply done.
    pub(super) reason: Option<String>,
    /// AWS's ID of the request.
    pub(super) request_id: Option<String>,
}

impl ChangedRecord {
    /// Of a key of a user of an account, as far as they are known.
    pub(super) fn of(
        account: Option<&Account>,
        user: Option<&str>,
        key: &str,
        action: &'static str,
    ) -> Self {
        let mut record = Self {
            account: account.and_then(Account::id).map(str::to_owned),
            account_name: account
                .and_then(|account| account.identity.name())
                .map(str::to_owned),
            user: user.map(str::to_owned),
            key_id: Some(key.to_owned()),
            action,
            outcome: Outcome::Skipped,
            status: None,
            reason: None,
            request_id: None,
        };
        record.status = record.status_in(account);
        record
    }

    /// The same with what became of it.
    pub(super) fn with(mut self, outcome: Outcome, reason: impl Into<Option<String>>) -> Self {
        self.outcome = outcome;
        self.reason = reason.into();
        self
    }

    /// The status of the key, as far as it is known now.
    pub(super) fn status_in(&self, account: Option<&Account>) -> Option<String> {
        let keys = account?.users.get(self.user.as_deref()?)?.known_keys();
        let mut keys = keys.filter(|key| key.id() == self.key_id.as_deref());
        Some(keys.next()?.status().word().to_owned())
    }
}

impl InAccount for ChangedRecord {
    fn account(&self) -> [&Option<String>; 2] {
        [&self.account, &self.account_name]
    }
}

impl Record for ChangedRecord {
    const SCHEMA: (&'static str, &'static str) = ("iamkeys/changes/1", "changes");

    const COLUMNS: &'static [Column<Self>] = &[
        Column::ACCOUNT,
        Column::ACCOUNT_NAME,
        Column::new("user", "user", |it: &Self| (&it.user).into()),
        Column::new("key_id", "key ID", |it: &Self| (&it.key_id).into()),
        Column::new("action", "action", |it: &Self| it.action.into()),
        Column::new("outcome", "outcome", |it: &Self| it.outcome.word().into()),
        Column::new("status", "status", |it: &Self| (&it.status).into()).or_blank(),
        Column::new("reason", "reason", |it: &Self| (&it.reason).into()).or_blank(),
        Column::new("request_id", "request ID", |it: &Self| {
            (&it.request_id).into()
        })
        .or_blank(),
    ];

    const USUAL: &'static [&'static str] = &columns::CHANGES;

    const OF_TABLE: &'static [&'static str] = &[
        "account_name",
        "user",
        "key_id",
        "action",
        "outcome",
        "status",
        "reason",
    ];

    fn sort_key(&self) -> Vec<String> {
        // As they were done: the sort keeps the order of what is alike.
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_not_known_weighs_more_than_all_others() {
        use Outcome::{Already, Done, Failed, Skipped, Unknown};
        for (all, status) in [
            (&[][..], ExitStatus::Done),
            (&[Done, Done], ExitStatus::Done),
            (&[Already], ExitStatus::Done),
            (&[Done, Failed], ExitStatus::Incomplete),
            (&[Already, Skipped], ExitStatus::Incomplete),
            (&[Failed, Skipped], ExitStatus::Failed),
            (&[Done, Unknown, Failed], ExitStatus::OutcomeUnknown),
            (&[Unknown], ExitStatus::OutcomeUnknown),
        ] {
            assert_eq!(Outcome::status(all.iter().copied()), status, "{all:?}");
        }
    }
    #[test]
    fn in_a_table_an_account_that_is_called_nothing_has_its_id() {
        let mut record = ChangedRecord::of(None, Some("alice"), "AKIAALICE001EXAMPLE1", "delete");
        let told = |record: &ChangedRecord| {
            let value = (Column::ACCOUNT_NAME.value)(record).text();
            (Column::ACCOUNT_NAME.told(record), value)
        };
        assert_eq!(told(&record), ("?".into(), None));
        record.account = Some("123456789012".into());
        // Machines are not told that it is its name.
        assert_eq!(told(&record), ("123456789012".into(), None));
        record.account_name = Some("acme-prod".into());
        assert_eq!(
            told(&record),
            ("acme-prod".into(), Some("acme-prod".into()))
        );
    }
}
