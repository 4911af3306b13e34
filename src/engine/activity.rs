//! What this run has done, and what it was refused: each call that changed something and each that
//! failed. Never a secret: an entry is made of names, IDs and errors only.

use super::{
    DEMO,
    account::{AccountLabel, Identity},
    effect::CopyOutcome,
    error::Error,
    request::{Change, Changed, Read},
};
use chrono::{DateTime, Utc};
use std::{collections::VecDeque, time::Duration};

/// How many entries are kept. Scrolling through an account that refuses something makes one with
/// every row, and a run may last for days.
pub const KEPT: usize = 1_000;

/// Something that was done, or was to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it ended.
    pub time: DateTime<Utc>,
    /// The action as policies name it, such as `iam:UpdateAccessKey`.
    pub action: &'static str,
    /// What it was done to, in words: `AKIA… of alice`.
    pub target: String,
    /// The account, as it was called then; none for what was done on this machine.
    pub account: Option<Box<str>>,
    /// The user it concerns, where it concerns one.
    pub user: Option<Box<str>>,
    /// The access key it concerns, where it concerns one.
    pub key: Option<Box<str>>,
    /// Who was signed in when it was noted: the ARN, where it was known.
    pub by: Option<Box<str>>,
    /// The role through which it was done, where it was through one: its ARN.
    pub role: Option<Box<str>>,
    /// What came of it.
    pub result: Outcome,
    /// How long it took.
    pub took: Duration,
    /// The service's ID for the request, which AWS support asks for.
    pub request_id: Option<String>,
    /// The equivalent `aws` command; empty where there is none.
    pub command: String,
}

/// What came of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done; the words say what.
    Done(String),
    /// It is surely not done.
    Failed(Error),
    /// It was asked for, and no answer says whether it was done. Neither done nor failed.
    NotKnown(Error),
}

impl Outcome {
    /// The error, if there was one.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Done(_) => None,
            Self::Failed(error) | Self::NotKnown(error) => Some(error),
        }
    }
}

impl Entry {
    /// A change that was sent, by whom, and what came of it.
    pub(super) fn of_change(
        change: &Change,
        account: &AccountLabel,
        by: Option<&str>,
        result: &Result<Changed, Error>,
        request_id: Option<String>,
        took: Duration,
        time: DateTime<Utc>,
    ) -> Self {
        let row = change.row();
        let error = Changed::error(result);
        let request_id = error
            .and_then(|error| error.request_id.clone())
            .or(request_id);
        let (target, key) = match result {
            Ok(Changed::Created { key, .. }) => {
                (format!("{} of {}", key.id, change.user()), Some(&*key.id))
            }
            _ => (row.target, change.key()),
        };
        let key = key.map(Into::into);
        let result = match error {
            None => Outcome::Done(row.done.to_lowercase()),
            Some(error) if error.outcome_unknown() => Outcome::NotKnown(error.clone()),
            Some(error) => Outcome::Failed(error.clone()),
        };
        let endpoint = account.endpoint.as_deref().filter(|at| *at != DEMO);
        Self {
            request_id,
            command: change.command(account.profile.as_deref(), endpoint),
            account: Some(account.words.as_str().into()),
            user: Some(change.user().into()),
            key,
            by: by.map(Into::into),
            role: account.role.clone(),
            ..Self::of_place(row.action, target, result, took, time)
        }
    }

    /// A read that failed.
    pub(super) fn of_read(
        identity: &Identity,
        read: &Read,
        error: &Error,
        took: Duration,
        time: DateTime<Utc>,
    ) -> Self {
        // A read changes nothing: without an answer it has failed, and that is all.
        let result = Outcome::Failed(error.clone());
        Self {
            request_id: error.request_id.clone(),
            command: read.command(identity.profile.as_deref(), identity.endpoint.as_deref()),
            account: Some(identity.account().into()),
            user: read.user().map(Into::into),
            by: identity
                .caller
                .known()
                .map(|caller| caller.arn.as_str().into()),
            role: identity.role_arn(),
            ..Self::of_place(error.action, read.row().target, result, took, time)
        }
    }

    /// Something that was done on this machine.
    pub(super) fn of_place(
        action: &'static str,
        target: String,
        result: Outcome,
        took: Duration,
        time: DateTime<Utc>,
    ) -> Self {
        Self {
            time,
            action,
            target,
            account: None,
            user: None,
            key: None,
            by: None,
            role: None,
            result,
            took,
            request_id: None,
            command: String::new(),
        }
    }
}

/// The newest entries. Each has a number, counted from the first of this run, which stays what it
/// is when others come.
#[derive(Debug, Default)]
pub struct Activity {
    /// The newest last.
    entries: VecDeque<Entry>,
    /// How many there have been.
    noted: usize,
    /// What came of copying the command of an entry, the last time.
    copied: Option<(usize, CopyOutcome)>,
    /// The entry whose command is being copied.
    copying: Option<usize>,
}

impl Activity {
    /// Adds an entry.
    pub(super) fn note(&mut self, entry: Entry) {
        self.noted += 1;
        self.entries.push_back(entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }

    /// Another account is opened: what failed before would be taken for its failures. What this run
    /// has changed, or may have, stays.
    pub(super) fn forget_failures(&mut self) {
        self.entries
            .retain(|entry| !matches!(entry.result, Outcome::Failed(_)));
        *self = Self {
            noted: self.entries.len(),
            entries: std::mem::take(&mut self.entries),
            ..Self::default()
        };
    }

    /// How many entries there have been, kept or not.
    #[must_use]
    pub fn noted(&self) -> usize {
        self.noted
    }

    /// How many entries are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing has happened yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// An entry by its place, the newest first.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<&Entry> {
        let at = self.entries.len().checked_sub(row + 1)?;
        self.entries.get(at)
    }

    /// An entry by its number, if it is still kept.
    #[must_use]
    pub fn entry(&self, number: usize) -> Option<&Entry> {
        self.row(self.row_of(number)?)
    }

    /// The number of the entry in a row.
    #[must_use]
    pub fn number_of(&self, row: usize) -> usize {
        self.noted.saturating_sub(row + 1)
    }

    /// The row of an entry, if it is still kept.
    #[must_use]
    pub fn row_of(&self, number: usize) -> Option<usize> {
        let row = self.noted.checked_sub(number + 1)?;
        (row < self.entries.len()).then_some(row)
    }

    pub(super) fn copying(&mut self, number: usize) {
        self.copying = Some(number);
        self.copied = None;
    }

    pub(super) fn copied(&mut self, outcome: CopyOutcome) {
        self.copied = self.copying.take().map(|number| (number, outcome));
    }

    /// What came of copying the command of an entry, if it was copied last.
    #[must_use]
    pub fn copy_of(&self, number: usize) -> Option<&CopyOutcome> {
        let (copied, outcome) = self.copied.as_ref()?;
        (*copied == number).then_some(outcome)
    }
}
