//! What this run has done, and what it was refused: each call that changed something and each that
//! failed, the newest first. Never a secret: an entry is made of names, IDs and errors only.

use super::{DEMO, State, changes::Pending, modal::Modal, scroll::Scroll, session::Session};
use crate::{
    effect::{ChangeId, Read},
    iam::{Changed, Error, command_of},
    message::{Answer, CopyOutcome},
};
use chrono::{DateTime, Utc};
use std::{collections::VecDeque, time::Duration};

/// How many entries are kept. Whoever scrolls through an account that refuses something makes one
/// with every row, and a run may last for days.
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
    /// A change that was sent, with what came of it.
    fn of_change(
        pending: &Pending,
        result: &Result<Changed, Error>,
        request_id: Option<String>,
        took: Duration,
        time: DateTime<Utc>,
    ) -> Self {
        let change = &pending.change;
        // Of the session that it was sent in, which may be over.
        let endpoint = pending.endpoint.as_deref().filter(|at| *at != DEMO);
        let request_id = match result {
            Ok(_) => request_id,
            Err(error) => error.request_id.clone().or(request_id),
        };
        let target = match result {
            Ok(Changed::Created { key, .. }) => format!("{} of {}", key.id, change.user()),
            _ => change.target(),
        };
        let result = match result {
            Ok(_) => Outcome::Done(change.done().to_lowercase()),
            Err(error) if error.outcome_unknown() => Outcome::NotKnown(error.clone()),
            Err(error) => Outcome::Failed(error.clone()),
        };
        Self {
            time,
            action: change.action(),
            target,
            result,
            took,
            request_id,
            command: change.command(pending.profile.as_deref(), endpoint),
        }
    }

    /// A read that failed; nothing for one that was answered.
    fn of_read(
        session: &Session,
        answer: &Answer,
        took: Duration,
        time: DateTime<Utc>,
    ) -> Option<Self> {
        let error = answer.error()?;
        let read = asked(answer);
        Some(Self {
            time,
            action: error.action,
            target: target_of(&read),
            // A read changes nothing: without an answer it has failed, and that is all.
            result: Outcome::Failed(error.clone()),
            took,
            request_id: error.request_id.clone(),
            command: command_of(
                &read,
                session.profile.as_deref(),
                session.endpoint.as_deref(),
            ),
        })
    }
}

/// The newest entries, and which of them is selected. Rows count from the newest, entries from the
/// first of this run: a row holds another entry as soon as something happens.
#[derive(Debug, Default)]
pub struct Activity {
    /// The newest last.
    entries: VecDeque<Entry>,
    /// How many there have been.
    noted: usize,
    /// The selected row, and which are on screen.
    scroll: Scroll,
}

impl Activity {
    /// Adds an entry above all others. The selection stays on the entry it is on, and that entry
    /// where it is on the screen as long as there is more than fits.
    pub fn note(&mut self, entry: Entry) {
        if !self.entries.is_empty() {
            self.scroll.shift();
        }
        self.noted += 1;
        self.entries.push_back(entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
        self.select(self.scroll.cursor());
    }

    /// How many entries there have been in this run, kept or not.
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

    /// The entry of a row.
    fn row(&self, row: usize) -> Option<&Entry> {
        let at = self.entries.len().checked_sub(row + 1)?;
        self.entries.get(at)
    }

    /// The selected entry.
    #[must_use]
    pub fn selected(&self) -> Option<&Entry> {
        self.row(self.scroll.cursor())
    }

    /// The entries on screen, each with its row. Costs what is on screen.
    pub fn window(&self) -> impl Iterator<Item = (usize, &Entry)> {
        let rows = self.scroll.rows(self.entries.len());
        rows.filter_map(|row| Some((row, self.row(row)?)))
    }

    /// The selected row.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.scroll.cursor()
    }

    /// The first row on screen: so many entries are newer than what is shown.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.scroll.offset()
    }

    /// Which entry of this run a row holds. Unlike the row, this stays what it is.
    #[must_use]
    pub fn number_of(&self, row: usize) -> usize {
        self.noted.saturating_sub(row + 1)
    }

    /// Selects an entry by its number, if it is still kept.
    pub fn select_number(&mut self, number: usize) {
        if let Some(row) = self.noted.checked_sub(number + 1)
            && row < self.entries.len()
        {
            self.select(row);
        }
    }

    /// Selects a row, or the last if there are fewer.
    pub(super) fn select(&mut self, row: usize) {
        self.scroll.select(row, self.entries.len());
    }

    /// Moves the selection by so many rows.
    pub fn step(&mut self, by: isize) {
        self.select(self.scroll.cursor().saturating_add_signed(by));
    }

    /// Notes how many rows the screen has room for.
    pub fn set_height(&mut self, height: usize) {
        self.scroll.set_height(height, self.entries.len());
    }

    /// How many rows the screen has room for.
    #[must_use]
    pub fn height(&self) -> usize {
        self.scroll.height()
    }
}

/// An entry being read whole. It is a copy: the list goes on behind it.
#[derive(Debug)]
pub struct Whole {
    /// The entry.
    pub entry: Entry,
    /// The first line shown.
    pub scroll: usize,
    /// What came of copying its command, the last time.
    pub copied: Option<CopyOutcome>,
}

impl State {
    /// Notes what came of a change. Comes before the change is filed: then it is nobody's any more.
    pub(crate) fn note_change(
        &mut self,
        id: ChangeId,
        result: &Result<Changed, Error>,
        request_id: Option<String>,
        took: Duration,
        now: DateTime<Utc>,
    ) {
        let pending = self.changes.iter().find(|pending| pending.id == id);
        if let Some(pending) = pending {
            let entry = Entry::of_change(pending, result, request_id, took, now);
            self.activity.note(entry);
        }
    }

    /// Notes a read that failed.
    pub(crate) fn note_read(&mut self, answer: &Answer, took: Duration, now: DateTime<Utc>) {
        if let Some(entry) = Entry::of_read(&self.session, answer, took, now) {
            self.activity.note(entry);
        }
    }

    /// The entry that is being read, or else the selected one.
    #[must_use]
    pub fn entry_meant(&self) -> Option<&Entry> {
        match self.dialogs().last() {
            Some(Modal::Entry(whole)) => Some(&whole.entry),
            _ => self.activity.selected(),
        }
    }

    /// Opens the selected entry whole.
    pub fn read_entry(&mut self) {
        if let Some(entry) = self.activity.selected().cloned() {
            self.modals.push(Modal::Entry(Box::new(Whole {
                entry,
                scroll: 0,
                copied: None,
            })));
        }
    }
}

/// The question that this is the answer to. Which page of the users it was is not told; the
/// command for it asks for all of them.
fn asked(answer: &Answer) -> Read {
    match answer {
        Answer::Caller(_) => Read::Caller,
        Answer::Alias(_) => Read::Alias,
        Answer::Summary(_) => Read::Summary,
        Answer::Users(_) => Read::Users(None),
        Answer::Keys(user, _) => Read::Keys(user.clone()),
        Answer::LastUsed(user, key, _) => Read::LastUsed(user.clone(), key.clone()),
        Answer::Owner(key, _) => Read::Owner(key.clone()),
        Answer::Descriptions(user, _) => Read::Descriptions(user.clone()),
        Answer::Report(_) => Read::Report,
    }
}

/// What a read is about, in words.
fn target_of(read: &Read) -> String {
    match read {
        Read::Caller => "this session".into(),
        Read::Alias | Read::Summary => "the account".into(),
        Read::Users(_) | Read::Report => "all users".into(),
        Read::Keys(user) | Read::Descriptions(user) => user.to_string(),
        Read::LastUsed(user, key) => format!("{key} of {user}"),
        Read::Owner(key) => key.clone(),
    }
}
