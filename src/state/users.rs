//! The users of the account, as far as they are loaded; which of them and of their keys are shown,
//! and which are selected.

mod lists;
mod report;
mod row;
mod sweep;

pub use row::{KeyRow, Known, Tally, Used, UserRow, is_trial};

use super::{
    filter::Filter,
    load::Load,
    sort::{Column, Sort},
    table::Table,
};
use crate::effect::{Read, RequestId};
use crate::iam::{AccessKey, Error, LastUsed, ReportedUser, User};
use chrono::{DateTime, Utc};
use lists::Shown;
use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
};
use sweep::Sweep;

/// A key among all: the row of its user, and its place among the keys of that user.
pub type KeyPlace = (u32, u16);

/// Which key is selected in the list of all keys, whatever comes before it.
#[derive(Clone, Debug)]
struct Chosen {
    user: Box<str>,
    /// Its ID; none of a key that only the report tells of.
    id: Option<String>,
    /// Its place among the keys of its user.
    at: u16,
}

/// The users, and two lists of what there is: one of users, one of keys.
#[derive(Debug)]
pub struct Users {
    /// Sorted by name without case.
    rows: Vec<UserRow>,
    by_user: Table<u32>,
    by_key: Table<KeyPlace>,
    /// The list of keys is on screen and kept up to date; otherwise that of users is.
    keys_shown: bool,
    /// The filter was changed since the other list was on screen.
    edited_elsewhere: bool,
    /// Counts how often rows were put in order.
    arrangement: u64,
    /// The name of the selected user, which the list stays on whatever happens around it.
    selected: Option<Box<str>>,
    /// The selected one among all keys.
    chosen: Option<Chosen>,
    /// What is typed into the filter, the same for both lists.
    filter: Filter,
    /// The state of `ListUsers` as a whole.
    pub listing: Load<()>,
    /// Whether a listing has come to its end.
    complete: bool,
    generation: u32,
    tally: Tally,
    sweep: Sweep,
    /// What the report says of users that are not listed yet, by name in lower case.
    awaited: HashMap<Box<str>, ReportedUser>,
    /// Users whose keys were changed in this run, in lower case: the report knows less of them.
    changed: HashSet<Box<str>>,
    /// When the lists were last put in order.
    settled: DateTime<Utc>,
}

impl Default for Users {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            by_user: Table::new(Sort::by(Column::User)),
            by_key: Table::new(Sort::by(Column::Age)),
            keys_shown: false,
            edited_elsewhere: false,
            arrangement: 0,
            selected: None,
            chosen: None,
            filter: Filter::default(),
            listing: Load::Idle,
            complete: false,
            generation: 0,
            tally: Tally::default(),
            sweep: Sweep::default(),
            awaited: HashMap::new(),
            changed: HashSet::new(),
            settled: DateTime::UNIX_EPOCH,
        }
    }
}

impl Users {
    /// Begins to list anew. What is loaded stays until the end of the listing says otherwise.
    pub fn begin_listing(&mut self, request: RequestId) {
        self.generation += 1;
        self.listing.ask(request);
    }

    /// Adds a page. Users that are known keep what is known of them.
    pub fn add_page(&mut self, users: Vec<User>) {
        let sorted = self.rows.len();
        for user in users {
            let known = self.rows[..sorted]
                .binary_search_by(|row| compare(&row.user.name, &user.name))
                .ok();
            if let Some(known) = known {
                let generation = self.generation;
                let is_new = self.edit(known, |row| {
                    // Nothing was known of a user whom only a key's last use has named.
                    if row.is_listed() && row.user.created != user.created {
                        // Another user of the same name: nothing known of the old one is true of it.
                        *row = UserRow::new(user, generation);
                        return true;
                    }
                    row.user = user;
                    row.listing = generation;
                    false
                });
                if is_new {
                    self.sweep.look_again(known);
                }
                self.take_report(known);
            } else {
                let row = UserRow::new(user, self.generation);
                self.tally.add(row.tally());
                self.rows.push(row);
                self.take_report(self.rows.len() - 1);
            }
        }
        self.sort_from(sorted);
        self.fill();
    }

    /// Puts rows in order, of which so many are.
    fn sort_from(&mut self, sorted: usize) {
        // AWS lists in order, so that there is usually nothing to do.
        if self.rows[sorted.saturating_sub(1)..]
            .is_sorted_by(|a, b| compare(&a.user.name, &b.user.name) == Ordering::Less)
        {
            return;
        }
        self.rows
            .sort_by(|a, b| compare(&a.user.name, &b.user.name));
        self.rows
            .dedup_by(|a, b| compare(&a.user.name, &b.user.name) == Ordering::Equal);
        self.count_anew();
    }

    /// Rows have changed their places, or are gone.
    fn count_anew(&mut self) {
        self.tally = Tally::default();
        for row in &self.rows {
            self.tally.add(row.tally());
        }
        self.sweep_again();
    }

    /// The last page has come: who was not named is gone.
    pub fn end_listing(&mut self) {
        self.complete = true;
        self.awaited = HashMap::new();
        let generation = self.generation;
        let before = self.rows.len();
        self.rows.retain(|row| row.listing == generation);
        if self.rows.len() < before {
            self.count_anew();
        }
        self.fill();
    }

    /// Adds a user whom the last use of a key has named, where the listing has not.
    pub fn add_found(&mut self, name: &str) {
        if self.find(name).is_some() {
            return;
        }
        let user = User {
            name: name.into(),
            path: "/".into(),
            created: DateTime::UNIX_EPOCH,
        };
        // The listing under way may have passed the name already: only the next one can tell.
        let row = UserRow::new(user, self.generation);
        self.tally.add(row.tally());
        self.rows.push(row);
        self.sort_from(self.rows.len() - 1);
        self.fill();
    }

    /// A new session in the same account: what was changed in this run is known of it.
    #[must_use]
    pub(super) fn anew(&mut self) -> Self {
        Self {
            changed: std::mem::take(&mut self.changed),
            ..Self::default()
        }
    }

    /// All users loaded so far.
    #[must_use]
    pub fn rows(&self) -> &[UserRow] {
        &self.rows
    }

    /// Whether everybody was listed at least once.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// How much of the account is loaded.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// A user by name, without case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&UserRow> {
        self.find(name).map(|at| &self.rows[at])
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.rows
            .binary_search_by(|row| compare(&row.user.name, name))
            .ok()
    }

    /// Changes a row, and counts what has become of it.
    fn edit<R>(&mut self, at: usize, edit: impl FnOnce(&mut UserRow) -> R) -> R {
        let row = &mut self.rows[at];
        self.tally.take(row.tally());
        let result = edit(row);
        self.tally.add(row.tally());
        result
    }

    /// Notes that the keys of a user are asked for.
    pub fn ask_keys(&mut self, user: &str, request: RequestId) {
        if let Some(at) = self.find(user) {
            self.edit(at, |row| {
                row.keys.ask(request);
                row.refresh = false;
            });
        }
    }

    /// Notes that the descriptions of a user's keys are asked for.
    pub fn ask_descriptions(&mut self, user: &str, request: RequestId) {
        if let Some(at) = self.find(user) {
            self.rows[at].descriptions.ask(request);
        }
    }

    /// Files the descriptions of a user's keys.
    pub fn file_descriptions(
        &mut self,
        user: &str,
        request: RequestId,
        answer: Result<Vec<(String, String)>, Error>,
    ) {
        if let Some(at) = self.find(user) {
            self.rows[at].descriptions.file(request, answer);
        }
    }

    /// Changes a description that is known to have been changed.
    pub fn describe(&mut self, user: &str, key: &str, text: Option<&str>) {
        let Some(at) = self.find(user) else { return };
        if let Some(known) = self.rows[at].descriptions.known_mut() {
            known.retain(|(of, _)| of != key);
            known.extend(text.map(|text| (key.to_owned(), text.to_owned())));
        }
    }

    /// Notes that the last use of a key is asked for.
    pub fn ask_last_used(&mut self, user: &str, key: &str, request: RequestId) {
        let Some(at) = self.find(user) else { return };
        // What was refused and is asked again is not told any more.
        self.edit(at, |row| {
            let mut keys = row.keys.known_mut().into_iter().flatten();
            if let Some(row) = keys.find(|row| row.key.id == key) {
                row.last_used.ask(request);
                row.refresh = false;
            }
        });
    }

    /// A read was throttled: it is asked again when it is its turn.
    pub fn put_back(&mut self, read: &Read, request: RequestId) {
        let (Read::Keys(user) | Read::LastUsed(user, _) | Read::Descriptions(user)) = read else {
            return;
        };
        let Some(at) = self.find(user) else { return };
        let row = &mut self.rows[at];
        match read {
            Read::Keys(_) => row.refresh |= row.keys.put_back(request),
            Read::Descriptions(_) => {
                row.descriptions.put_back(request);
            }
            _ => {}
        }
        if let Read::LastUsed(_, key) = read
            && let Some(key) = self.key_mut(user, key)
        {
            key.refresh |= key.last_used.put_back(request);
        }
        self.sweep.look_again(at);
    }

    /// Files the keys of a user. What is known of a key's last use stays with it.
    pub fn file_keys(
        &mut self,
        user: &str,
        request: RequestId,
        answer: Result<Vec<AccessKey>, Error>,
    ) {
        let Some(at) = self.find(user) else { return };
        let before = Shown::of(&self.rows[at]);
        let filed = self.edit(at, |row| {
            let answer = answer.map(|keys| {
                let mut known = row.keys.known().cloned().unwrap_or_default();
                let keep = |key: AccessKey| match known.iter().position(|row| row.key.id == key.id)
                {
                    Some(at) => KeyRow {
                        key,
                        ..known.swap_remove(at)
                    },
                    None => KeyRow::new(key),
                };
                lists::in_places(keys.into_iter().map(keep), &before)
            });
            row.keys.file(request, answer)
        });
        if filed {
            self.rows[at].outgrow_report();
            self.sweep.look_again(at);
            self.has_news(at, true);
            self.follow_keys(at, &before);
        }
    }

    /// Files the last use of a key.
    pub fn file_last_used(
        &mut self,
        user: &str,
        key: &str,
        request: RequestId,
        answer: Result<LastUsed, Error>,
    ) {
        let Some(at) = self.find(user) else { return };
        let filed = self.edit(at, |row| {
            let mut keys = row.keys.known_mut().into_iter().flatten();
            let key = keys.find(|row| row.key.id == key);
            let filed = key.is_some_and(|key| key.last_used.file(request, answer));
            row.outgrow_report();
            filed
        });
        if filed {
            self.has_news(at, false);
        }
    }

    /// Whether this is among the keys of a user, as far as they are known.
    #[must_use]
    pub fn has_key(&self, user: &str, key: &str) -> bool {
        let keys = self.get(user).and_then(|row| row.keys.known());
        keys.is_some_and(|keys| keys.iter().any(|row| row.key.id == key))
    }

    /// Files a last use that was told by another answer than the one to its own question, which
    /// needs not be asked any more.
    pub fn tell_last_used(&mut self, user: &str, key: &str, last_used: LastUsed) {
        let Some(at) = self.find(user) else { return };
        let told = self.edit(at, |row| {
            let mut keys = row.keys.known_mut().into_iter().flatten();
            let key = keys.find(|row| row.key.id == key && !row.last_used.is_loading());
            let told = key.is_some();
            if let Some(key) = key {
                key.last_used = Load::Ready(last_used);
                key.refresh = false;
            }
            row.outgrow_report();
            told
        });
        if told {
            self.has_news(at, false);
        }
    }

    /// Changes what is known of a user's keys, after a change that is known to have been made. No
    /// report knows of it.
    pub fn edit_keys(&mut self, user: &str, edit: impl FnOnce(&mut Vec<KeyRow>)) {
        self.changed.insert(user.to_ascii_lowercase().into());
        let Some(at) = self.find(user) else { return };
        self.edit(at, |row| {
            row.reported = None;
            if let Some(keys) = row.keys.known_mut() {
                edit(keys);
            }
        });
        self.sweep.look_again(at);
        self.fill();
    }

    /// Adds a key that was just created.
    pub fn add_key(&mut self, user: &str, key: AccessKey) {
        self.edit_keys(user, |keys| {
            if !keys.iter().any(|row| row.key.id == key.id) {
                keys.push(KeyRow::new(key));
            }
        });
    }

    /// Marks these users to be asked for again, with all their keys.
    fn refresh(&mut self, rows: impl IntoIterator<Item = u32>) {
        for at in rows {
            let row = &mut self.rows[at as usize];
            row.refresh = true;
            for key in row.keys.known_mut().into_iter().flatten() {
                key.refresh = true;
            }
            // Also if it scrolls away before there is room for it.
            self.sweep.look_again(at as usize);
        }
    }

    fn key_mut(&mut self, user: &str, key: &str) -> Option<&mut KeyRow> {
        let at = self.find(user)?;
        self.rows[at]
            .keys
            .known_mut()?
            .iter_mut()
            .find(|row| row.key.id == key)
    }

    /// What was refused to everybody is granted now: there may be more to ask of anybody.
    pub(super) fn sweep_again(&mut self) {
        self.sweep = Sweep::default();
    }

    /// The next thing to ask in the background. What is refused to everybody is not asked for any
    /// more: the keys of users, or their last uses.
    pub(super) fn next_in_sweep(&mut self, keys_refused: bool, uses_refused: bool) -> Option<Read> {
        let wanted = |row: &UserRow| {
            row.to_ask().find(|read| match read {
                Read::Keys(_) => !keys_refused,
                _ => !uses_refused,
            })
        };
        let rows = &self.rows;
        let at = self
            .sweep
            .first(rows.len(), |at| wanted(&rows[at]).is_some())?;
        wanted(&rows[at])
    }
}

/// Names of IAM users compare without case.
fn compare(a: &str, b: &str) -> Ordering {
    a.bytes()
        .map(|b| b.to_ascii_lowercase())
        .cmp(b.bytes().map(|b| b.to_ascii_lowercase()))
}
