//! The two lists: of users, and of keys. One filter decides what is in both; each is sorted in its
//! own way.
//!
//! While answers come in, a list is put in order at most four times a second, however many there
//! are: nobody can read rows that move faster, and sorting costs what is loaded.

use super::{Chosen, KeyPlace, KeyRow, Known, Used, UserRow, Users};
use crate::{
    iam::{KeyStatus, LastUsed},
    state::{
        View,
        filter::{Edited, Filter},
        sort::{self, Column, Sort, Value},
        table::Table,
    },
};
use chrono::{DateTime, TimeDelta, Utc};

/// While answers come in, a list keeps its order for so long.
const SETTLES_AFTER: TimeDelta = TimeDelta::milliseconds(250);

/// A key that is in the list: it stands for its place among the keys of its user.
pub(super) struct Shown {
    id: Option<String>,
    created: Option<DateTime<Utc>>,
}

impl Shown {
    /// The keys of a user.
    pub(super) fn of(row: &UserRow) -> Vec<Self> {
        let shown = |key: Known<'_>| Self {
            id: key.id().map(str::to_owned),
            created: key.created(),
        };
        row.known_keys().map(shown).collect()
    }

    /// Whether it is this one. The report names none: it is the one that was created then.
    fn is(&self, key: &KeyRow) -> bool {
        match &self.id {
            Some(id) => key.key.id == *id,
            None => key.key.created == self.created,
        }
    }
}

/// Puts keys where they were among those of their user: a place in the list of keys goes on standing
/// for the same key. Those that were not there take what places are left.
pub(super) fn in_places(keys: impl Iterator<Item = KeyRow>, before: &[Shown]) -> Vec<KeyRow> {
    let mut left: Vec<Option<KeyRow>> = keys.map(Some).collect();
    let mut take = |was: &Shown| {
        let same = |key: &&mut Option<KeyRow>| key.as_ref().is_some_and(|key| was.is(key));
        left.iter_mut().find(same).and_then(Option::take)
    };
    let mut placed: Vec<Option<KeyRow>> = before.iter().map(&mut take).collect();
    let mut rest = left.into_iter().flatten();
    for place in placed.iter_mut().filter(|place| place.is_none()) {
        *place = rest.next();
    }
    placed.into_iter().flatten().chain(rest).collect()
}

/// What the rows of a list are taken from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// Everything that is loaded. The selected row stays although it may not pass any more: it is
    /// not taken from under the person.
    Loaded,
    /// Everything, and the selected row, which somebody has gone to.
    GoneTo,
    /// Everything, and only what passes.
    Edited,
    /// What is shown already, of which less passes now.
    Shown,
}

impl Basis {
    /// Whether the selected row stays although it does not pass. Where nothing is shown it was
    /// taken away already, by an edit.
    fn spares(self, shown: usize) -> bool {
        self == Self::GoneTo || (self == Self::Loaded && shown > 0)
    }

    fn is_edit(self) -> bool {
        matches!(self, Self::Edited | Self::Shown)
    }
}

impl Users {
    /// Changes whenever rows may have come to stand elsewhere: what was drawn before is not what a
    /// click means.
    #[must_use]
    pub fn arrangement(&self) -> u64 {
        self.arrangement
    }

    /// The list of users.
    #[must_use]
    pub fn by_user(&self) -> &Table<u32> {
        &self.by_user
    }

    /// The list of keys.
    #[must_use]
    pub fn by_key(&self) -> &Table<KeyPlace> {
        &self.by_key
    }

    /// The users on screen, with where they stand in the list. Costs what is on screen.
    pub fn window(&self) -> impl Iterator<Item = (usize, &UserRow)> {
        let rows = self.by_user.on_screen();
        rows.map(|at| (at, &self.rows[self.by_user.shown()[at] as usize]))
    }

    /// The keys on screen, with where they stand and whose they are. Costs what is on screen.
    pub fn keys_window(&self) -> impl Iterator<Item = (usize, &UserRow, Known<'_>)> {
        self.by_key.on_screen().filter_map(|at| {
            let (row, key) = self.key_at(self.by_key.shown()[at])?;
            Some((at, row, key))
        })
    }

    fn key_at(&self, (row, at): KeyPlace) -> Option<(&UserRow, Known<'_>)> {
        let row = self.rows.get(row as usize)?;
        Some((row, row.known_key(usize::from(at))?))
    }

    /// The users whose rows, or the rows of whose keys, are on screen, or would be after so many
    /// screens more in either direction.
    pub(in crate::state) fn around(&self, view: View, screens: usize) -> Vec<&UserRow> {
        let rows: Vec<u32> = match view {
            View::Keys => self.by_key.around(screens).map(|(row, _)| row).collect(),
            View::Users | View::Activity => self.by_user.around(screens).collect(),
        };
        let rows = rows.into_iter();
        rows.filter_map(|at| self.rows.get(at as usize)).collect()
    }

    /// The selected user, if anybody is shown.
    #[must_use]
    pub fn selected(&self) -> Option<&UserRow> {
        self.rows.get(self.by_user.selected()? as usize)
    }

    /// The selected one among all keys, and whose it is.
    #[must_use]
    pub fn selected_key(&self) -> Option<(&UserRow, Known<'_>)> {
        self.key_at(self.by_key.selected()?)
    }

    /// Selects a row of the list of users, or the last if there are fewer.
    pub fn select(&mut self, at: usize) {
        self.by_user.select(at);
        // With nobody shown, whoever was selected is again when they come back.
        if let Some(name) = self.selected().map(|row| row.user.name.clone()) {
            self.selected = Some(name);
        }
    }

    /// Selects a row of the list of keys, or the last if there are fewer.
    pub fn select_key(&mut self, at: usize) {
        self.by_key.select(at);
        self.choose();
    }

    /// Remembers which key is selected.
    fn choose(&mut self) {
        if let Some((_, at)) = self.by_key.selected()
            && let Some((row, key)) = self.selected_key()
        {
            self.chosen = Some(Chosen {
                user: row.user.name.clone(),
                id: key.id().map(str::to_owned),
                at,
            });
        }
    }

    /// Moves the selection by so many rows, of the list of users or of the list of keys.
    pub fn step(&mut self, by: isize) {
        self.select(self.by_user.cursor().saturating_add_signed(by));
    }

    /// Moves the selection in the list of keys by so many rows.
    pub fn step_key(&mut self, by: isize) {
        self.select_key(self.by_key.cursor().saturating_add_signed(by));
    }

    /// Whether a user is in the list.
    #[must_use]
    pub fn is_shown(&self, name: &str) -> bool {
        let at = self.find(name).and_then(|at| u32::try_from(at).ok());
        at.is_some_and(|at| self.by_user.shown().contains(&at))
    }

    /// Selects a user by name, if they are shown.
    pub fn select_name(&mut self, name: &str) {
        self.selected = Some(name.into());
        self.fill_users(Basis::GoneTo);
    }

    /// Brings the list of keys up to date, or no longer keeps it so.
    pub(in crate::state) fn show_keys(&mut self, shown: bool) {
        if self.keys_shown == shown {
            return;
        }
        self.keys_shown = shown;
        // The filter holds here as well: nobody has looked at who is selected here meanwhile.
        let edited = std::mem::take(&mut self.edited_elsewhere);
        let basis = if edited { Basis::Edited } else { Basis::Loaded };
        if shown {
            self.fill_keys(basis);
        } else {
            self.fill_users(basis);
        }
    }

    /// Notes how many rows of each list the screen has room for.
    pub fn set_heights(&mut self, users: usize, keys: usize) {
        self.by_user.set_height(users);
        self.by_key.set_height(keys);
    }

    /// The filter.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Changes the filter. The selected row stays selected while it passes; otherwise the best
    /// match is.
    pub fn edit_filter(&mut self, edit: impl FnOnce(&mut Filter)) {
        edit(&mut self.filter);
        let edited = self.filter.read();
        if edited == Edited::Not {
            return;
        }
        // What is not in order may not be what is loaded.
        let basis = |stale: bool| match edited {
            Edited::Narrower if !stale => Basis::Shown,
            _ => Basis::Edited,
        };
        if self.keys_shown {
            self.fill_keys(basis(self.by_key.stale));
            self.by_user.stale = true;
        } else {
            self.fill_users(basis(self.by_user.stale));
            self.by_key.stale = true;
        }
        self.edited_elsewhere = true;
    }

    /// Notes the time, and the key that the session is signed in with.
    pub(crate) fn note(&mut self, now: DateTime<Utc>, own: &str) {
        if self.filter.note(now, own) {
            self.fill();
        }
    }

    /// Sorts the list of keys, or of users, in another way.
    pub(in crate::state) fn sort(&mut self, keys: bool, sort: Sort) {
        if keys {
            self.by_key.set_sort(sort);
            self.fill_keys(Basis::Loaded);
        } else {
            self.by_user.set_sort(sort);
            self.fill_users(Basis::Loaded);
        }
    }

    /// Marks what is on screen, and the selected user, to be asked for again.
    pub fn refresh_shown(&mut self, view: View) {
        let mut rows: Vec<u32> = match view {
            View::Keys => self.by_key.around(0).map(|(row, _)| row).collect(),
            View::Users | View::Activity => self.by_user.around(0).collect(),
        };
        rows.extend(match view {
            View::Keys => self.by_key.selected().map(|(row, _)| row),
            View::Users | View::Activity => self.by_user.selected(),
        });
        self.refresh(rows);
        // Nobody else asks again for what has failed.
        let failed = |row: &UserRow| row.tally().failed > 0;
        let rows = (0..).zip(&self.rows).filter(|(_, row)| failed(row));
        let rows: Vec<u32> = rows.map(|(at, _)| at).collect();
        self.refresh(rows);
    }

    /// What is known of a user has changed: of which keys there are, or of the last use of one.
    pub(super) fn has_news(&mut self, at: usize, of_keys: bool) {
        let filtered = !self.filter.query().is_empty();
        let sort = self.by_user.sort().column;
        self.by_user.stale |= filtered || sort != Column::User;
        let by_use = matches!(
            self.by_key.sort().column,
            Column::LastUsed | Column::Service | Column::Region
        );
        self.by_key.stale |= of_keys || filtered || by_use;
        // Somebody looks for it, and there may be nothing else to see.
        let nobody = self.by_user.shown().is_empty() && filtered;
        if nobody && self.filter.passes(&self.rows[at]) {
            self.fill_users(Basis::Loaded);
        }
    }

    /// Puts the lists in order, if anything has come that may have another place: at once where
    /// nothing more is on its way, and otherwise four times a second.
    pub(in crate::state) fn settle(&mut self, now: DateTime<Utc>, quiet: bool) {
        let stale = if self.keys_shown {
            self.by_key.stale
        } else {
            self.by_user.stale
        };
        let due = now < self.settled || now - self.settled >= SETTLES_AFTER;
        if !stale || !(quiet || due) {
            return;
        }
        self.settled = now;
        if self.keys_shown {
            self.fill_keys(Basis::Loaded);
        } else {
            self.fill_users(Basis::Loaded);
        }
    }

    /// Works out anew what is in the lists. Where rows have changed their places this cannot wait.
    pub(super) fn fill(&mut self) {
        // The other list is not looked at: the filter holds there for everybody.
        let hidden = self.keys_shown && self.edited_elsewhere;
        self.fill_users(if hidden { Basis::Edited } else { Basis::Loaded });
        self.by_key.stale = true;
        if self.keys_shown {
            self.fill_keys(Basis::Loaded);
        }
    }

    fn fill_users(&mut self, basis: Basis) {
        let kept = self.selected.as_deref().and_then(|name| self.find(name));
        let kept = kept.and_then(|at| u32::try_from(at).ok());
        let (rows, filter) = (&self.rows, &mut self.filter);
        let spares = basis.spares(self.by_user.shown().len());
        self.by_user.show(
            basis.is_edit(),
            |at| Some(*at) == kept,
            |shown, sort| {
                if basis != Basis::Shown {
                    shown.clear();
                    shown.extend((0..).zip(rows).map(|(at, _)| at));
                }
                let keeps = |at| spares && Some(at) == kept;
                if !filter.query().is_empty() {
                    shown.retain(|at| keeps(*at) || filter.passes(&rows[*at as usize]));
                }
                if basis != Basis::Shown && sort != Sort::by(Column::User) {
                    sort::arrange(shown, sort.descending, |at| {
                        value_of_user(&rows[at as usize], at, sort.column)
                    });
                }
                let gone = || !kept.is_some_and(|kept| shown.contains(&kept));
                if basis.is_edit() && gone() {
                    return filter.best(shown.iter().map(|at| &rows[*at as usize]));
                }
                None
            },
        );
        self.arrangement += 1;
        self.select(self.by_user.cursor());
    }

    fn fill_keys(&mut self, basis: Basis) {
        let kept = self.chosen.as_ref().and_then(|chosen| {
            let row = self.find(&chosen.user)?;
            let keys = self.rows[row].keys.known();
            let named = chosen.id.as_ref().zip(keys).and_then(|(id, keys)| {
                let at = keys.iter().position(|row| row.key.id == *id)?;
                u16::try_from(at).ok()
            });
            let at = match (named, &chosen.id) {
                (Some(at), _) => at,
                (None, None) => chosen.at,
                // It is gone.
                (None, Some(_)) => return None,
            };
            Some((u32::try_from(row).ok()?, at))
        });
        let (rows, filter) = (&self.rows, &mut self.filter);
        let spares = basis.spares(self.by_key.shown().len());
        self.by_key.show(
            basis.is_edit(),
            |at| Some(*at) == kept,
            |shown, sort| {
                if basis != Basis::Shown {
                    shown.clear();
                    for (at, row) in (0..).zip(rows) {
                        let keys = u16::try_from(row.key_count().unwrap_or(0)).unwrap_or(u16::MAX);
                        shown.extend((0..keys).map(|key| (at, key)));
                    }
                }
                let key_of = |(row, at): KeyPlace| {
                    let row = &rows[row as usize];
                    Some((row, row.known_key(usize::from(at))?))
                };
                let keeps = |place| spares && Some(place) == kept;
                if !filter.query().is_empty() {
                    shown.retain(|place| {
                        keeps(*place)
                            || key_of(*place).is_some_and(|(row, key)| filter.passes_key(row, key))
                    });
                }
                if basis != Basis::Shown {
                    sort::arrange(shown, sort.descending, |place| {
                        key_of(place).map_or(Value::None, |(_, key)| {
                            value_of_key(key, place.0, sort.column)
                        })
                    });
                }
                let gone = || !kept.is_some_and(|kept| shown.contains(&kept));
                if basis.is_edit() && gone() {
                    let keys = shown.iter().filter_map(|place| key_of(*place));
                    return filter.best_key(keys);
                }
                None
            },
        );
        self.arrangement += 1;
        self.choose();
    }

    /// The account has named the keys of a user, where these were shown before.
    pub(super) fn follow_keys(&mut self, at: usize, before: &[Shown]) {
        let row = &self.rows[at];
        let keys = row.keys.known().map_or(&[][..], Vec::as_slice);
        let Some(chosen) = &mut self.chosen else {
            return;
        };
        if chosen.user != row.user.name {
            return;
        }
        // The selected one may have had no ID.
        if chosen.id.is_none()
            && let Some(row) = keys.get(usize::from(chosen.at)).or(keys.last())
        {
            chosen.id = Some(row.key.id.clone());
        }
        let stay =
            keys.len() >= before.len() && keys.iter().zip(before).all(|(key, was)| was.is(key));
        // The selected row would be that of another key, and what is done to one be done to another.
        if self.keys_shown && !stay {
            self.fill_keys(Basis::Loaded);
        }
    }
}

/// What a user has in a column. What is the oldest or out of use for the longest has the greatest
/// value.
fn value_of_user(row: &UserRow, at: u32, column: Column) -> Value<'_> {
    match column {
        Column::Keys => row
            .key_count()
            .and_then(|count| i64::try_from(count).ok())
            .map_or(Value::None, Value::Number),
        Column::Age => age(row.oldest_active()),
        Column::LastUsed => match row.last_used() {
            Used::Never => Value::Number(i64::MAX),
            Used::At(time) => age(Some(time)),
            Used::Unknown | Used::NoKeys | Used::Failed(_) => Value::None,
        },
        // They are in the order of their names.
        _ => Value::Number(at.into()),
    }
}

fn value_of_key(key: Known<'_>, user: u32, column: Column) -> Value<'_> {
    let (service, region) = match key.last_used() {
        Some(LastUsed::At {
            service, region, ..
        }) => (service.as_deref(), region.as_deref()),
        _ => (None, None),
    };
    match column {
        Column::User | Column::Keys => Value::Number(user.into()),
        Column::Id => text(key.id()),
        Column::Age => age(key.created()),
        Column::LastUsed => match key.last_used() {
            Some(LastUsed::Never) => Value::Number(i64::MAX),
            Some(LastUsed::At { time, .. }) => age(Some(*time)),
            None => Value::None,
        },
        Column::Service => text(service),
        Column::Region => text(region),
        Column::Status => Value::Number(match key.status() {
            KeyStatus::Active => 0,
            KeyStatus::Inactive => 1,
            KeyStatus::Other(_) => 2,
        }),
    }
}

fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::None, Value::Text)
}

fn age(since: Option<DateTime<Utc>>) -> Value<'static> {
    since.map_or(Value::None, |since| Value::Number(-since.timestamp()))
}
