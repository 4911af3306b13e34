//! The users of the account, as far as they are loaded; which of them are shown, and which one is
//! selected.

use super::{filter::Filter, load::Load, scroll::Scroll};
use crate::effect::RequestId;
use crate::iam::{AccessKey, Error, KeyStatus, LastUsed, User};
use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Ordering;

/// A user and what is known of their keys.
#[derive(Clone, Debug)]
pub struct UserRow {
    /// The user.
    pub user: User,
    /// Their keys.
    pub keys: Load<Vec<KeyRow>>,
    /// What their keys are for, as the AWS console keeps it: key IDs and texts. Asked for where
    /// somebody looks; a refusal is no error, there is just nothing to show.
    pub descriptions: Load<Vec<(String, String)>>,
    /// Their keys are to be asked for again when there is room.
    pub refresh: bool,
    /// The listing that named this user last.
    listing: u32,
}

/// A key and its last use.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// The key.
    pub key: AccessKey,
    /// When it was last used.
    pub last_used: Load<LastUsed>,
    /// The last use is to be asked for again when there is room.
    pub refresh: bool,
}

impl KeyRow {
    fn new(key: AccessKey) -> Self {
        Self {
            key,
            last_used: Load::Idle,
            refresh: false,
        }
    }
}

impl KeyRow {
    /// Whether somebody has the secret and the key works, as its last use says. What is not proof:
    /// that iamkeys itself has asked who it belongs to, right after it was created.
    #[must_use]
    pub fn was_used_by_others(&self) -> bool {
        matches!(self.last_used.known(), Some(LastUsed::At { .. }))
            && !is_trial(&self.last_used, self.key.created)
    }
}

/// Whether a last use is that iamkeys has asked who a new key belongs to.
#[must_use]
pub fn is_trial(last_used: &Load<LastUsed>, created: Option<DateTime<Utc>>) -> bool {
    match last_used.known() {
        Some(LastUsed::At { time, service, .. }) => {
            service.as_deref() == Some("sts")
                && created.is_some_and(|created| *time - created < TRIED)
        }
        _ => false,
    }
}

/// A new key is tried from here within this time of its creation.
const TRIED: TimeDelta = TimeDelta::minutes(10);

impl UserRow {
    /// What a key is for, where somebody has said so.
    #[must_use]
    pub fn description(&self, key: &str) -> Option<&str> {
        let known = self.descriptions.known()?;
        let (_, text) = known.iter().find(|(of, _)| of == key)?;
        Some(text)
    }

    /// When the oldest active key was created.
    #[must_use]
    pub fn oldest_active(&self) -> Option<DateTime<Utc>> {
        self.keys
            .known()?
            .iter()
            .filter(|row| row.key.status == KeyStatus::Active)
            .filter_map(|row| row.key.created)
            .min()
    }
}

/// The list of users.
#[derive(Debug, Default)]
pub struct Users {
    /// Sorted by name without case.
    rows: Vec<UserRow>,
    /// The rows that pass the filter, as indices.
    shown: Vec<u32>,
    /// The name of the selected user, which it stays on whatever happens around it.
    selected: Option<Box<str>>,
    /// Where the selected user is among the shown, and which of these are on screen.
    scroll: Scroll,
    /// What is typed into the filter.
    filter: Filter,
    /// The state of `ListUsers` as a whole.
    pub listing: Load<()>,
    /// Whether a listing has come to its end.
    complete: bool,
    generation: u32,
    /// Users whose keys are known, and the keys of all of them.
    known: (usize, usize),
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
                let row = &mut self.rows[known];
                if row.user.created != user.created {
                    // Another user of the same name: nothing known of the old one is true of it.
                    row.keys = Load::Idle;
                    row.descriptions = Load::Idle;
                }
                row.user = user;
                row.listing = self.generation;
            } else {
                self.rows.push(UserRow {
                    user,
                    keys: Load::Idle,
                    descriptions: Load::Idle,
                    refresh: false,
                    listing: self.generation,
                });
            }
        }
        // AWS lists in order, so that there is usually nothing to do.
        if !self.rows[sorted.saturating_sub(1)..]
            .is_sorted_by(|a, b| compare(&a.user.name, &b.user.name) == Ordering::Less)
        {
            self.rows
                .sort_by(|a, b| compare(&a.user.name, &b.user.name));
            self.rows
                .dedup_by(|a, b| compare(&a.user.name, &b.user.name) == Ordering::Equal);
        }
        self.rebuild();
    }

    /// The last page has come: who was not named is gone.
    pub fn end_listing(&mut self) {
        self.complete = true;
        let generation = self.generation;
        self.rows.retain(|row| row.listing == generation);
        let known = self.rows.iter().filter_map(|row| row.keys.known());
        self.known = known.fold((0, 0), |(users, keys), of| (users + 1, keys + of.len()));
        self.rebuild();
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

    /// How many users pass the filter.
    #[must_use]
    pub fn shown_count(&self) -> usize {
        self.shown.len()
    }

    /// The rows on screen, with their place among the shown. Costs what is on screen.
    pub fn window(&self) -> impl Iterator<Item = (usize, &UserRow)> {
        let rows = self.scroll.rows(self.shown.len());
        rows.map(|at| (at, &self.rows[self.shown[at] as usize]))
    }

    /// Users and keys whose keys are known: how many of each.
    #[must_use]
    pub fn known(&self) -> (usize, usize) {
        self.known
    }

    /// Where the selected user is among the shown.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.scroll.cursor()
    }

    /// The first row on screen.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.scroll.offset()
    }

    /// The selected user, if anybody is shown.
    #[must_use]
    pub fn selected(&self) -> Option<&UserRow> {
        let row = &self.rows[*self.shown.get(self.scroll.cursor())? as usize];
        Some(row)
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

    /// Selects a row of the shown, or the last if there are fewer.
    pub fn select(&mut self, at: usize) {
        self.scroll.select(at, self.shown.len());
        // With nobody shown, whoever was selected is again when they come back.
        if let Some(name) = self.selected().map(|row| row.user.name.clone()) {
            self.selected = Some(name);
        }
    }

    /// Moves the selection by so many rows.
    pub fn step(&mut self, by: isize) {
        self.select(self.scroll.cursor().saturating_add_signed(by));
    }

    /// Whether a user passes the filter.
    #[must_use]
    pub fn is_shown(&self, name: &str) -> bool {
        let at = self.find(name).and_then(|at| u32::try_from(at).ok());
        at.is_some_and(|at| self.shown.binary_search(&at).is_ok())
    }

    /// Selects a user by name, if they are shown.
    pub fn select_name(&mut self, name: &str) {
        self.selected = Some(name.into());
        self.rebuild();
    }

    /// Notes how many rows the screen has room for.
    pub fn set_height(&mut self, height: usize) {
        self.scroll.set_height(height, self.shown.len());
    }

    /// How many rows the screen has room for.
    #[must_use]
    pub fn height(&self) -> usize {
        self.scroll.height()
    }

    /// The filter.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Changes the filter. The selected user stays selected while they pass; otherwise the best
    /// match is.
    pub fn edit_filter(&mut self, edit: impl FnOnce(&mut Filter)) {
        edit(&mut self.filter);
        self.rebuild();
    }

    /// Notes that the keys of a user are asked for.
    pub fn ask_keys(&mut self, user: &str, request: RequestId) {
        if let Some(at) = self.find(user) {
            self.rows[at].keys.ask(request);
            self.rows[at].refresh = false;
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
        if let Some(row) = self.key_mut(user, key) {
            row.last_used.ask(request);
            row.refresh = false;
        }
    }

    /// Files the keys of a user. What is known of a key's last use stays with it.
    pub fn file_keys(
        &mut self,
        user: &str,
        request: RequestId,
        answer: Result<Vec<AccessKey>, Error>,
    ) {
        let Some(at) = self.find(user) else { return };
        let load = &mut self.rows[at].keys;
        let before = load.known().map(Vec::len);
        let answer = match answer {
            Ok(keys) => {
                let mut known: Vec<KeyRow> = load.known().cloned().unwrap_or_default();
                Ok(keys
                    .into_iter()
                    .map(
                        |key| match known.iter().position(|row| row.key.id == key.id) {
                            Some(at) => KeyRow {
                                key,
                                ..known.swap_remove(at)
                            },
                            None => KeyRow::new(key),
                        },
                    )
                    .collect::<Vec<_>>())
            }
            Err(error) => Err(error),
        };
        if load.file(request, answer) {
            self.recount(at, before);
            // With its key IDs known, this row may pass the filter after all; no other row may.
            let shown = u32::try_from(at).is_ok_and(|at| self.shown.binary_search(&at).is_ok());
            if self.filter.passes(&self.rows[at]) != shown {
                self.rebuild();
            }
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
        if let Some(row) = self.key_mut(user, key) {
            row.last_used.file(request, answer);
        }
    }

    /// Changes what is known of a user's keys, after a change that is known to have been made.
    pub fn edit_keys(&mut self, user: &str, edit: impl FnOnce(&mut Vec<KeyRow>)) {
        let Some(at) = self.find(user) else { return };
        let before = self.rows[at].keys.known().map(Vec::len);
        if let Some(keys) = self.rows[at].keys.known_mut() {
            edit(keys);
            self.recount(at, before);
        }
    }

    /// Adds a key that was just created.
    pub fn add_key(&mut self, user: &str, key: AccessKey) {
        self.edit_keys(user, |keys| {
            if !keys.iter().any(|row| row.key.id == key.id) {
                keys.push(KeyRow::new(key));
            }
        });
    }

    /// Marks what is on screen, and the selected user, to be asked for again.
    pub fn refresh_shown(&mut self) {
        let mut rows: Vec<usize> = self
            .window()
            .map(|(at, _)| self.shown[at] as usize)
            .collect();
        rows.extend(self.shown.get(self.scroll.cursor()).map(|at| *at as usize));
        for at in rows {
            self.rows[at].refresh = true;
            for key in self.rows[at].keys.known_mut().into_iter().flatten() {
                key.refresh = true;
            }
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

    fn recount(&mut self, at: usize, before: Option<usize>) {
        let after = self.rows[at].keys.known().map(Vec::len);
        let (users, keys) = self.known;
        self.known = (
            users + usize::from(after.is_some()) - usize::from(before.is_some()),
            keys + after.unwrap_or(0) - before.unwrap_or(0),
        );
    }

    /// Works out anew which rows are shown, and finds the selected user among them.
    fn rebuild(&mut self) {
        let best = self.filter.apply(&self.rows, &mut self.shown);
        let at = self.selected.as_deref().and_then(|name| {
            let row = u32::try_from(self.find(name)?).ok()?;
            self.shown.binary_search(&row).ok()
        });
        match (at, best) {
            (Some(at), _) => self.scroll.select(at, self.shown.len()),
            // The selected user is gone or filtered out: the best match, or whoever stands there.
            (None, Some(best)) => self.select(best),
            (None, None) => self.select(self.scroll.cursor()),
        }
    }
}

/// Names of IAM users compare without case.
fn compare(a: &str, b: &str) -> Ordering {
    a.bytes()
        .map(|b| b.to_ascii_lowercase())
        .cmp(b.bytes().map(|b| b.to_ascii_lowercase()))
}
