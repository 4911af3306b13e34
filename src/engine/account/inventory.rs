//! The users of an account and their keys, as far as they are loaded: from the credential report
//! first, and from the account itself.
//!
//! It tells what the latest event has changed ([`Inventory::touched`], [`Inventory::arrangement`]),
//! so that a list of its rows need not compare them.

mod details;
mod quarantine;

use super::{
    load::Load,
    row::{self, KeyRow, Shown, Tally, UserRow},
    sweep::{Order, Sweep},
};
use crate::engine::{
    effect::RequestId,
    error::{Error, Kind},
    model::{AccessKey, LastUsed, ReportedUser, User},
    request::Read,
    user_tags::UserTags,
};
use chrono::{DateTime, Utc};
use details::Details;
use quarantine::Quarantine;
use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
};

/// A row that the latest event has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Its place among the rows.
    pub row: u32,
    /// What of it.
    pub what: What,
}

/// What of a row has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Perhaps which keys there are.
    Keys {
        /// One stands in another place than before among those of the user.
        moved: bool,
    },
    /// The last use of a key.
    LastUse,
    /// What keys are for, or whose the user is.
    Tags,
}

/// The rows of which something may be otherwise since this was last taken.
#[derive(Debug, Default)]
pub(in crate::engine) struct Dirty {
    /// Any of them, or they may stand elsewhere.
    pub(in crate::engine) all: bool,
    /// These, of which some may be there twice.
    pub(in crate::engine) rows: Vec<u32>,
}

impl Dirty {
    fn row(&mut self, at: usize) {
        if !self.all
            && let Ok(at) = u32::try_from(at)
        {
            self.rows.push(at);
        }
    }

    fn all(&mut self) {
        self.all = true;
        self.rows.clear();
    }
}

/// The users of an account, sorted by name without case.
#[derive(Debug, Default)]
pub struct Inventory {
    rows: Vec<UserRow>,
    /// Counts how often rows have come, gone or changed places.
    arrangement: u64,
    /// Counts how often a row has come to stand elsewhere than before, or was gone.
    displaced: u64,
    touched: Vec<Touched>,
    dirty: Dirty,
    /// How many rows the events before the latest have touched.
    touched_before: usize,
    /// The state of `ListUsers` as a whole.
    pub listing: Load<()>,
    /// Whether a listing has come to its end.
    complete: bool,
    generation: u32,
    tally: Tally,
    sweep: Sweep,
    /// Where the users begin who were not asked for their tags alone.
    untagged: usize,
    details: Details,
    quarantine: Quarantine,
    /// What the report says of users that are not listed yet, by name in lower case.
    awaited: HashMap<Box<str>, ReportedUser>,
    /// Users whose keys were changed in this run, in lower case: the report knows less of them.
    changed: HashSet<Box<str>>,
}

impl Inventory {
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
            let Some(known) = known else {
                self.note_new_user();
                self.push(user);
                self.take_report(self.rows.len() - 1);
                self.take_awaited_details(self.rows.len() - 1);
                continue;
            };
            if !self.rows[known].is_listed() {
                self.note_new_user();
            }
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
                self.note_new_user();
                self.sweep.look_again(known);
            }
            self.take_report(known);
            self.take_awaited_details(known);
        }
        self.sort_from(sorted);
        self.arrangement += 1;
    }

    /// A listing has named a user of whom nothing was known. In the first one all are new.
    fn note_new_user(&mut self) {
        if self.complete {
            self.details.note_new_user();
        }
    }

    fn push(&mut self, user: User) {
        let row = UserRow::new(user, self.generation);
        self.tally.add(row.tally());
        self.dirty.row(self.rows.len());
        self.rows.push(row);
    }

    /// Puts rows in order, of which so many are.
    fn sort_from(&mut self, sorted: usize) {
        let by_name = |a: &UserRow, b: &UserRow| compare(&a.user.name, &b.user.name);
        // AWS lists in order, so that there is usually nothing to do.
        let rows = &self.rows[sorted.saturating_sub(1)..];
        if !rows.is_sorted_by(|a, b| by_name(a, b) == Ordering::Less) {
            self.displaced += 1;
            self.dirty.all();
            self.rows.sort_by(by_name);
            self.rows.dedup_by(|a, b| by_name(a, b) == Ordering::Equal);
            self.count_anew();
        }
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
        self.details.end_listing();
        self.awaited = HashMap::new();
        let generation = self.generation;
        let before = self.rows.len();
        self.rows.retain(|row| row.listing == generation);
        if self.rows.len() < before {
            self.displaced += 1;
            self.dirty.all();
            self.count_anew();
        }
        self.end_details();
        self.arrangement += 1;
    }

    /// Adds a user whom the last use of a key has named, where the listing has not.
    pub fn add_found(&mut self, name: &str) {
        if self.find(name).is_some() {
            return;
        }
        // The listing under way may have passed the name already: only the next one can tell.
        self.push(User {
            name: name.into(),
            path: "/".into(),
            created: DateTime::UNIX_EPOCH,
        });
        self.sort_from(self.rows.len() - 1);
        self.arrangement += 1;
    }

    /// The inventory for a new session in the same account: the report does not know what was changed
    /// in this run.
    #[must_use]
    pub(in crate::engine) fn anew(&mut self) -> Self {
        Self {
            changed: std::mem::take(&mut self.changed),
            ..Self::default()
        }
    }

    /// Changes whenever a row may stand in another place.
    #[must_use]
    pub fn arrangement(&self) -> u64 {
        self.arrangement
    }

    /// Changes whenever a row stands elsewhere than before, or is gone: of rows that have only been
    /// added behind the last one, it does not.
    #[must_use]
    pub fn displaced(&self) -> u64 {
        self.displaced
    }

    /// The rows that the latest event has changed in place.
    #[must_use]
    pub fn touched(&self) -> &[Touched] {
        &self.touched
    }

    /// How many there have been with those of all events before: who looks more often than something
    /// happens knows which of them are new.
    #[must_use]
    pub fn touched_in_all(&self) -> usize {
        self.touched_before + self.touched.len()
    }

    /// Another event begins.
    pub(in crate::engine) fn forget_touched(&mut self) {
        self.touched_before += self.touched.len();
        self.touched.clear();
    }

    /// What rules ask of keys may be otherwise for all rows.
    pub(in crate::engine) fn judge_all_anew(&mut self) {
        self.dirty.all();
    }

    /// What may be otherwise since the last call.
    pub(in crate::engine) fn take_dirty(&mut self) -> Dirty {
        std::mem::take(&mut self.dirty)
    }

    fn touch(&mut self, at: usize, what: What) {
        if let Ok(row) = u32::try_from(at) {
            self.touched.push(Touched { row, what });
        }
    }

    /// All users loaded so far.
    #[must_use]
    pub fn rows(&self) -> &[UserRow] {
        &self.rows
    }

    /// The keys of a user, as far as the account has named them.
    #[must_use]
    pub fn keys(&self, user: &str) -> Option<&[KeyRow]> {
        self.get(user)?.keys.known().map(Vec::as_slice)
    }

    /// Whether all users were listed at least once.
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

    /// The place of a user among the rows, by name without case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.rows
            .binary_search_by(|row| compare(&row.user.name, name))
            .ok()
    }

    /// The same, where it may well be this place: both the report and the list come in order.
    fn find_from(&self, place: usize, name: &str) -> Option<usize> {
        let is_here = |row: &UserRow| row.user.name.eq_ignore_ascii_case(name);
        if self.rows.get(place).is_some_and(is_here) {
            return Some(place);
        }
        self.find(name)
    }

    /// Changes a row, and counts what has become of it.
    fn edit<R>(&mut self, at: usize, edit: impl FnOnce(&mut UserRow) -> R) -> R {
        let row = &mut self.rows[at];
        self.dirty.row(at);
        self.tally.take(row.tally());
        let result = edit(row);
        self.tally.add(row.tally());
        result
    }

    fn edit_user(&mut self, user: &str, edit: impl FnOnce(&mut UserRow)) {
        if let Some(at) = self.find(user) {
            self.edit(at, edit);
        }
    }

    /// Changes what is known of a user's tags.
    fn edit_tags(&mut self, user: &str, edit: impl FnOnce(&mut UserRow)) {
        if let Some(at) = self.find(user) {
            self.edit(at, edit);
            self.touch(at, What::Tags);
        }
    }

    /// Changes what is known of a key's last use; `edit` tells whether it did.
    fn edit_last_used(&mut self, user: &str, key: &str, edit: impl FnOnce(&mut KeyRow) -> bool) {
        let Some(at) = self.find(user) else { return };
        let edited = self.edit(at, |row| {
            let edited = row.key_mut(key).is_some_and(edit);
            row.outgrow_report();
            edited
        });
        if edited {
            self.touch(at, What::LastUse);
        }
    }

    /// Notes that the keys of a user are asked for.
    pub fn ask_keys(&mut self, user: &str, request: RequestId) {
        self.edit_user(user, |row| {
            row.keys.ask(request);
            row.refresh = false;
        });
    }

    /// Notes that the tags of a user are asked for.
    pub fn ask_tags(&mut self, user: &str, request: RequestId) {
        self.edit_user(user, |row| row.tags.ask(request));
    }

    /// Whether each user has to be asked for tags, since those of all at once are refused.
    #[must_use]
    pub fn asks_tags_alone(&self) -> bool {
        let refused = self.details_error();
        refused.is_some_and(|error| error.kind == Kind::Denied)
    }

    /// The next user to be asked for tags, where those of all at once are refused.
    pub(in crate::engine) fn next_untagged(&mut self) -> Option<Read> {
        if !self.complete || !self.asks_tags_alone() {
            return None;
        }
        // What was throttled is idle again, behind this place.
        for _ in 0..2 {
            let rest = self.rows.get(self.untagged..).unwrap_or_default();
            if let Some(at) = rest.iter().position(|row| row.tags.is_idle()) {
                self.untagged += at;
                let user = &self.rows[self.untagged].user.name;
                return Some(Read::Tags(user.clone()));
            }
            self.untagged = 0;
        }
        None
    }

    /// Files the tags of a user.
    pub fn file_tags(&mut self, user: &str, request: RequestId, answer: Result<UserTags, Error>) {
        let told = answer.is_ok();
        let mut filed = false;
        self.edit_tags(user, |row| filed = row.tags.file(request, answer));
        if filed && told {
            self.details.keep_told(user);
        }
    }

    /// Changes a description that is known to have been changed.
    pub fn set_description(
        &mut self,
        user: &str,
        key: &str,
        text: Option<&str>,
        now: DateTime<Utc>,
    ) {
        self.details.keep_changed(user, now);
        self.edit_tags(user, |row| {
            if let Some(known) = row.tags.known_mut() {
                known.describe(key, text);
            }
        });
    }

    /// Changes an exemption that is known to have been changed.
    pub fn set_exemption(
        &mut self,
        user: &str,
        key: Option<&str>,
        text: Option<&str>,
        now: DateTime<Utc>,
    ) {
        self.details.keep_changed(user, now);
        self.edit_tags(user, |row| {
            if let Some(known) = row.tags.known_mut() {
                known.exempt(key, text);
            }
        });
    }

    /// Notes that the last use of a key is asked for.
    pub fn ask_last_used(&mut self, user: &str, key: &str, request: RequestId) {
        // What was refused and is asked again is not told any more.
        self.edit_user(user, |row| {
            if let Some(key) = row.key_mut(key) {
                key.last_used.ask(request);
                key.refresh = false;
            }
        });
    }

    /// A read was throttled: it is asked again when it is its turn.
    pub fn put_back(&mut self, read: &Read, request: RequestId) {
        if let Read::UserDetails(marker) = read {
            self.details.put_back(request, marker.as_ref());
            return;
        }
        if let Read::Quarantined = read {
            self.quarantine.put_back(request);
            return;
        }
        let (Read::Keys(user) | Read::LastUsed(user, _) | Read::Tags(user)) = read else {
            return;
        };
        let Some(at) = self.find(user) else { return };
        let row = &mut self.rows[at];
        if let Read::LastUsed(_, key) = read {
            if let Some(key) = row.key_mut(key) {
                key.refresh |= key.last_used.put_back(request);
            }
        } else if let Read::Keys(_) = read {
            row.refresh |= row.keys.put_back(request);
        } else {
            row.tags.put_back(request);
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
            let mut is_toggled = false;
            let answer = answer.map(|keys| {
                let mut known = row.keys.known().cloned().unwrap_or_default();
                let mut keep = |key: AccessKey| {
                    let Some(at) = known.iter().position(|row| row.key.id == key.id) else {
                        return KeyRow::new(key);
                    };
                    let before = known.swap_remove(at);
                    let toggled = before.key.status != key.status;
                    is_toggled |= toggled;
                    KeyRow {
                        key,
                        inactive_since: before.inactive_since.filter(|_| !toggled),
                        is_toggled: before.is_toggled || toggled,
                        ..before
                    }
                };
                row::in_places(keys.into_iter().map(&mut keep), &before)
            });
            if is_toggled {
                // The report is of before.
                row.reported = None;
            }
            row.keys.file(request, answer)
        });
        if filed {
            self.rows[at].outgrow_report();
            self.sweep.look_again(at);
            let keys = self.rows[at].keys.known().map_or(&[][..], Vec::as_slice);
            let moved = !row::are_in_places(keys, &before);
            self.touch(at, What::Keys { moved });
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
        self.edit_last_used(user, key, |key| key.last_used.file(request, answer));
    }

    /// Whether this is among the keys of a user, as far as they are known.
    #[must_use]
    pub fn has_key(&self, user: &str, key: &str) -> bool {
        let keys = self.keys(user).unwrap_or_default();
        keys.iter().any(|row| row.key.id == key)
    }

    /// Files a last use that was told by another answer than the one to its own question, which
    /// needs not be asked any more.
    pub fn tell_last_used(&mut self, user: &str, key: &str, last_used: LastUsed) {
        self.edit_last_used(user, key, |key| {
            let asks = key.last_used.is_loading();
            if !asks {
                key.last_used = Load::Ready(last_used);
                key.refresh = false;
            }
            !asks
        });
    }

    /// Changes what is known of a user's keys, after a change that is known to have been made. No
    /// report knows of it.
    pub fn edit_keys(&mut self, user: &str, edit: impl FnOnce(&mut Vec<KeyRow>)) {
        self.changed.insert(user.to_ascii_lowercase().into());
        let Some(at) = self.find(user) else { return };
        self.edit(at, |row| {
            row.reported = None;
            row.keys.known_mut().map(edit);
        });
        self.sweep.look_again(at);
        self.arrangement += 1;
    }

    /// Adds a key that was just created.
    pub fn add_key(&mut self, user: &str, key: AccessKey) {
        self.edit_keys(user, |keys| {
            if !keys.iter().any(|row| row.key.id == key.id) {
                keys.push(KeyRow::new(key));
            }
        });
    }

    /// Marks these users to be asked for again, with all their keys, and everyone for whom a request
    /// has failed.
    pub(in crate::engine) fn refresh_with_failed(&mut self, rows: &[u32]) {
        let failed = (0..).zip(&self.rows);
        let failed = failed.filter(|(_, row)| row.tally().failed > 0);
        let failed: Vec<u32> = failed.map(|(at, _)| at).collect();
        for at in rows.iter().chain(&failed) {
            let Some(row) = self.rows.get_mut(*at as usize) else {
                continue;
            };
            row.refresh = true;
            for key in row.keys.known_mut().into_iter().flatten() {
                key.refresh = true;
            }
            // Also if it scrolls away before there is room for it.
            self.sweep.look_again(*at as usize);
        }
    }

    /// Files what the report says of all users. It never replaces what the account has said, nor
    /// what was changed in this run: it is older than both.
    pub fn file_report(&mut self, users: Vec<ReportedUser>) {
        let mut next = 0;
        for user in users {
            let found = self.find_from(next, &user.name);
            next = found.map_or(next, |at| at + 1);
            match found {
                Some(at) if self.rows[at].is_listed() => self.report(at, user),
                None if self.complete => {}
                // Whether this is the user of then only the listing tells.
                Some(_) | None => {
                    let name = user.name.to_ascii_lowercase().into();
                    self.awaited.insert(name, user);
                }
            }
        }
        self.arrangement += 1;
    }

    /// Files what the report has said of a user before they were listed.
    fn take_report(&mut self, at: usize) {
        if self.awaited.is_empty() {
            return;
        }
        let name = self.rows[at].user.name.to_ascii_lowercase();
        if let Some(user) = self.awaited.remove(name.as_str()) {
            self.report(at, user);
        }
    }

    fn report(&mut self, at: usize, user: ReportedUser) {
        let row = &self.rows[at];
        debug_assert_eq!(compare(&row.user.name, &user.name), Ordering::Equal);
        // Another user of the same name, who is gone or new.
        let same = user.created.is_none_or(|time| time == row.user.created);
        let is_changed = || {
            let name = row.user.name.to_ascii_lowercase();
            self.changed.contains(name.as_str())
        };
        // Little is changed in a run, and users are many.
        if same && (self.changed.is_empty() || !is_changed()) {
            self.edit(at, |row| {
                row.login = user.login;
                row.reported = Some(user.keys);
                row.outgrow_report();
            });
        }
    }

    /// Says how much a user can do.
    #[cfg(test)]
    pub(in crate::engine) fn set_power(
        &mut self,
        user: &str,
        power: Option<crate::engine::impact::policy::Power>,
    ) {
        self.edit_user(user, |row| row.power = power);
    }

    /// As if the report had not told which keys a user has.
    #[cfg(test)]
    pub(in crate::engine) fn forget_report_of(&mut self, user: &str) {
        self.edit_user(user, |row| row.reported = None);
    }

    /// What was refused for all users is granted now: there may be more to ask of any of them.
    pub(in crate::engine) fn sweep_again(&mut self) {
        self.sweep = Sweep::default();
    }

    /// The next thing to ask in the background. What is refused to everybody is not asked for any
    /// more: the keys of users, or their last uses.
    pub(in crate::engine) fn next_in_sweep(
        &mut self,
        order: Order,
        keys_refused: bool,
        uses_refused: bool,
    ) -> Option<Read> {
        self.next_of(order, keys_refused, uses_refused, |_| true)
    }

    /// The same of those users only of whom the report does not tell.
    pub(in crate::engine) fn next_unreported(
        &mut self,
        keys_refused: bool,
        uses_refused: bool,
    ) -> Option<Read> {
        let unreported = |row: &UserRow| row.reported.is_none();
        self.next_of(Order::OneByOne, keys_refused, uses_refused, unreported)
    }

    fn next_of(
        &mut self,
        order: Order,
        keys_refused: bool,
        uses_refused: bool,
        is_wanted: impl Fn(&UserRow) -> bool,
    ) -> Option<Read> {
        let wanted = |row: &UserRow| {
            let mut reads = row.to_ask().filter(|_| is_wanted(row));
            reads.find(|read| match read {
                Read::Keys(_) => !keys_refused,
                _ => !uses_refused,
            })
        };
        let rows = &self.rows;
        let at = self
            .sweep
            .first(rows.len(), order, |at| wanted(&rows[at]).is_some())?;
        wanted(&rows[at])
    }
}

/// Names of IAM users compare without case.
fn compare(a: &str, b: &str) -> Ordering {
    a.bytes()
        .map(|b| b.to_ascii_lowercase())
        .cmp(b.bytes().map(|b| b.to_ascii_lowercase()))
}
