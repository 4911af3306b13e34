//! What the two lists show, of users and of keys: which rows, in which order, and which of them is
//! selected. One filter decides what is in both; each is sorted in its own way.
//!
//! While answers come in, a list is put in order at most four times a second, however many there
//! are: no one can read rows that move faster, and sorting costs what is loaded.

mod filter;
mod list;
mod offered;
mod scroll;

pub use filter::Filter;
pub use list::List;
pub(super) use offered::Offered;
pub(super) use scroll::{Position, Scroll};

use crate::engine::{
    Attention,
    account::{Inventory, Known, Touched, UserRow, What},
    model::{KeyStatus, LastUsed},
    query::sort::{self, Column, Sort, Value},
};
use chrono::{DateTime, TimeDelta, Utc};
use filter::Edited;

/// While answers come in, a list keeps its order for so long.
const SETTLES_AFTER: TimeDelta = TimeDelta::milliseconds(250);

/// A key among all: the row of its user, and its place among the keys of that user.
pub type KeyPlace = (u32, u16);

/// Which key is selected in the list of all keys, whatever comes before it.
#[derive(Clone, Debug)]
struct Chosen {
    user: Box<str>,
    /// Its ID; `None` of a key that only the report tells of.
    id: Option<String>,
    /// Its place among the keys of its user.
    at: u16,
}

/// What was selected in each list before a filter was typed.
#[derive(Clone, Debug)]
struct Before {
    user: Option<Box<str>>,
    key: Option<Chosen>,
}

/// The two lists of an account. The rows themselves are the engine's.
#[derive(Debug)]
pub struct Lists {
    by_user: List<u32>,
    by_key: List<KeyPlace>,
    /// The list of keys is on screen and kept up to date; otherwise that of users is.
    keys_shown: bool,
    /// The filter was changed since the other list was on screen.
    edited_elsewhere: bool,
    /// Counts how often rows were put in order.
    arrangement: u64,
    /// The arrangement of the inventory that the lists were made from.
    made_from: u64,
    /// How many touched rows of the inventory have been followed.
    followed: usize,
    /// The name of the selected user, which the list stays on whatever happens around it.
    selected: Option<Box<str>>,
    /// The selected one among all keys.
    chosen: Option<Chosen>,
    /// What is typed into the filter, the same for both lists.
    filter: Filter,
    /// What was selected before; only while a filter is typed.
    before: Option<Before>,
    /// When the lists were last put in order.
    settled: DateTime<Utc>,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            by_user: List::new(Sort::by(Column::User)),
            by_key: List::new(Sort::by(Column::Age)),
            keys_shown: false,
            edited_elsewhere: false,
            arrangement: 0,
            made_from: 0,
            followed: 0,
            selected: None,
            chosen: None,
            filter: Filter::default(),
            before: None,
            settled: DateTime::UNIX_EPOCH,
        }
    }
}

/// What the rows of a list are taken from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// Everything that is loaded. The selected row stays although it may not pass any more: it is
    /// not taken from under the person.
    Loaded,
    /// Everything, and the selected row, which the person has gone to.
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

impl Lists {
    /// Changes whenever rows may have come to stand elsewhere: what was drawn before is not what a
    /// click means.
    #[must_use]
    pub fn arrangement(&self) -> u64 {
        self.arrangement
    }

    /// The list of users.
    #[must_use]
    pub fn by_user(&self) -> &List<u32> {
        &self.by_user
    }

    /// The list of keys.
    #[must_use]
    pub fn by_key(&self) -> &List<KeyPlace> {
        &self.by_key
    }

    /// The users on screen, with where they stand in the list. Costs what is on screen.
    pub fn window<'a>(
        &'a self,
        users: &'a Inventory,
    ) -> impl Iterator<Item = (usize, &'a UserRow)> {
        let rows = self.by_user.on_screen();
        rows.filter_map(|at| {
            let row = self.by_user.shown()[at];
            Some((at, users.rows().get(row as usize)?))
        })
    }

    /// The keys on screen, with where they stand and whose they are. Costs what is on screen.
    pub fn keys_window<'a>(
        &'a self,
        users: &'a Inventory,
    ) -> impl Iterator<Item = (usize, &'a UserRow, Known<'a>)> {
        self.by_key.on_screen().filter_map(|at| {
            let (row, key) = key_at(users, self.by_key.shown()[at])?;
            Some((at, row, key))
        })
    }

    /// Whether the list that is shown has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        if self.keys_shown {
            self.by_key.shown().is_empty()
        } else {
            self.by_user.shown().is_empty()
        }
    }

    /// The rows that are being looked at.
    pub(super) fn attention(&self) -> Attention {
        let all = |screens| -> Vec<u32> {
            if self.keys_shown {
                self.by_key.around(screens).map(|(row, _)| row).collect()
            } else {
                self.by_user.around(screens).collect()
            }
        };
        Attention {
            selected: if self.keys_shown {
                self.by_key.selected().map(|(row, _)| row)
            } else {
                self.by_user.selected()
            },
            visible: all(0),
            near: all(1),
        }
    }

    /// The selected user, if one is shown.
    #[must_use]
    pub fn selected<'a>(&self, users: &'a Inventory) -> Option<&'a UserRow> {
        users.rows().get(self.by_user.selected()? as usize)
    }

    /// The selected one among all keys, and whose it is.
    #[must_use]
    pub fn selected_key<'a>(&self, users: &'a Inventory) -> Option<(&'a UserRow, Known<'a>)> {
        key_at(users, self.by_key.selected()?)
    }

    /// Selects a row of the list of users, or the last if there are fewer.
    pub fn select(&mut self, users: &Inventory, at: usize) {
        self.by_user.select(at);
        // With no one shown, the user who was selected is again when they come back.
        if let Some(row) = self.selected(users) {
            self.selected = Some(row.user.name.clone());
        }
    }

    /// Selects a row of the list of keys, or the last if there are fewer.
    pub fn select_key(&mut self, users: &Inventory, at: usize) {
        self.by_key.select(at);
        self.choose(users);
    }

    /// Remembers which key is selected.
    fn choose(&mut self, users: &Inventory) {
        if let Some((_, at)) = self.by_key.selected()
            && let Some((row, key)) = self.selected_key(users)
        {
            self.chosen = Some(Chosen {
                user: row.user.name.clone(),
                id: key.id().map(str::to_owned),
                at,
            });
        }
    }

    /// Moves the selection of the list that is shown by so many rows.
    pub fn step(&mut self, users: &Inventory, by: isize) {
        if self.keys_shown {
            self.select_key(users, self.by_key.cursor().saturating_add_signed(by));
        } else {
            self.select(users, self.by_user.cursor().saturating_add_signed(by));
        }
    }

    /// Whether a user is in the list.
    #[must_use]
    pub fn is_shown(&self, users: &Inventory, name: &str) -> bool {
        let at = users.find(name).and_then(|at| u32::try_from(at).ok());
        at.is_some_and(|at| self.by_user.shown().contains(&at))
    }

    /// Selects a user by name, if they are shown.
    pub fn select_name(&mut self, users: &Inventory, name: &str) {
        self.selected = Some(name.into());
        self.fill_users(users, Basis::GoneTo);
    }

    /// Brings the list of keys up to date, or no longer keeps it so.
    pub fn show_keys(&mut self, users: &Inventory, shown: bool) {
        if self.keys_shown == shown {
            return;
        }
        self.keys_shown = shown;
        // The filter holds here as well: no one has looked at the selected row meanwhile.
        let edited = std::mem::take(&mut self.edited_elsewhere);
        let basis = if edited { Basis::Edited } else { Basis::Loaded };
        if shown {
            self.fill_keys(users, basis);
        } else {
            self.fill_users(users, basis);
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

    /// Begins to type a filter.
    pub fn open_filter(&mut self, users: &Inventory) {
        self.before = Some(Before {
            user: self.selected.clone(),
            key: self.chosen.clone(),
        });
        self.filter.offer(users);
    }

    /// Ends typing the filter, and keeps it and the selected row.
    pub fn keep_filter(&mut self) {
        self.before = None;
        self.filter.close();
    }

    /// Clears the filter; where it was typed, goes back to what was selected before.
    pub fn clear_filter(&mut self, users: &Inventory) {
        let was_empty = self.filter.input.value().is_empty();
        self.edit_filter(users, |filter| filter.input.reset());
        // With the text gone it has gone back already.
        if let Some(before) = self.before.take().filter(|_| was_empty) {
            self.go_back(before);
            if self.keys_shown {
                self.fill_keys(users, Basis::Edited);
            } else {
                self.fill_users(users, Basis::Edited);
            }
        }
        self.filter.close();
    }

    fn go_back(&mut self, before: Before) {
        self.selected = before.user;
        self.chosen = before.key;
    }

    /// Completes the text of the filter with the next of what is offered, or with the one before.
    pub fn complete_filter(&mut self, users: &Inventory, back: bool) {
        if self.filter.complete(back) {
            self.reread_filter(users);
        }
        if self.filter.offered().is_none() {
            self.filter.offer(users);
        }
    }

    /// Changes the filter. While it is typed, the best match is selected, the first of them if there
    /// are several, and what was before while nothing is asked; otherwise the selected row stays
    /// selected as long as it passes.
    pub fn edit_filter(&mut self, users: &Inventory, edit: impl FnOnce(&mut Filter)) {
        edit(&mut self.filter);
        self.reread_filter(users);
        if self.before.is_some() {
            self.filter.offer(users);
        }
    }

    fn reread_filter(&mut self, users: &Inventory) {
        let edited = self.filter.read();
        if edited == Edited::Not {
            return;
        }
        if self.filter.query().is_empty()
            && let Some(before) = self.before.clone()
        {
            self.go_back(before);
        }
        // What is not in order may not be what is loaded.
        let basis = |stale: bool| match edited {
            Edited::Narrower if !stale => Basis::Shown,
            _ => Basis::Edited,
        };
        if self.keys_shown {
            self.fill_keys(users, basis(self.by_key.stale));
            self.by_user.stale = true;
        } else {
            self.fill_users(users, basis(self.by_user.stale));
            self.by_key.stale = true;
        }
        self.edited_elsewhere = true;
    }

    /// Notes the time, and the key that the session is signed in with.
    pub(super) fn note(&mut self, users: &Inventory, now: DateTime<Utc>, own: &str) {
        if self.filter.note(now, own) {
            self.fill(users);
        }
    }

    /// The columns of the list that is shown, and how it is sorted.
    #[must_use]
    pub fn sorted(&self) -> (&'static [Column], Sort) {
        if self.keys_shown {
            (Column::OF_KEYS, self.by_key.sort())
        } else {
            (Column::OF_USERS, self.by_user.sort())
        }
    }

    /// Sorts the list that is shown in another way, and selects what comes first then: to see it is
    /// why one sorts.
    pub fn sort(&mut self, users: &Inventory, sort: Sort) {
        if self.keys_shown {
            self.by_key.set_sort(sort);
            self.fill_keys(users, Basis::Loaded);
            self.select_key(users, 0);
        } else {
            self.by_user.set_sort(sort);
            self.fill_users(users, Basis::Loaded);
            self.select(users, 0);
        }
    }

    /// Follows what an event has changed: at once where rows have changed their places or nothing
    /// more is on its way, and otherwise four times a second.
    pub(super) fn follow(&mut self, users: &Inventory, now: DateTime<Utc>, quiet: bool) {
        if users.arrangement() == self.made_from {
            let (all, touched) = (users.touched_in_all(), users.touched());
            let new = all.saturating_sub(self.followed).min(touched.len());
            for touched in &touched[touched.len() - new..] {
                self.has_news(users, *touched);
            }
        } else {
            self.fill(users);
        }
        self.followed = users.touched_in_all();
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
            self.fill_keys(users, Basis::Loaded);
        } else {
            self.fill_users(users, Basis::Loaded);
        }
    }

    /// What is known of a user has changed: of which keys there are, of the last use of one, or of
    /// what the tags say.
    fn has_news(&mut self, users: &Inventory, touched: Touched) {
        let Some(row) = users.rows().get(touched.row as usize) else {
            return;
        };
        let query = self.filter.query();
        if touched.what == What::Tags {
            let stale = query.reads_tags();
            self.by_user.stale |= stale;
            self.by_key.stale |= stale;
            return;
        }
        let filtered = !query.is_empty();
        let sort = self.by_user.sort().column;
        self.by_user.stale |= filtered || sort != Column::User;
        let by_use = matches!(
            self.by_key.sort().column,
            Column::LastUsed | Column::Service | Column::Region
        );
        let of_keys = matches!(touched.what, What::Keys { .. });
        self.by_key.stale |= of_keys || filtered || by_use;
        // It is looked for, and there may be nothing else to see.
        let none_shown = self.by_user.shown().is_empty() && filtered;
        if none_shown && self.filter.passes(row) {
            self.fill_users(users, Basis::Loaded);
        }
        if let What::Keys { moved } = touched.what {
            self.follow_keys(users, row, moved);
        }
    }

    /// The account has named the keys of a user, where these were shown before.
    fn follow_keys(&mut self, users: &Inventory, row: &UserRow, moved: bool) {
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
        // The selected row would be that of another key, and what is done to one be done to another.
        if self.keys_shown && moved {
            self.fill_keys(users, Basis::Loaded);
        }
    }

    /// Works out anew what is in the lists. Where rows have changed their places this cannot wait.
    fn fill(&mut self, users: &Inventory) {
        self.made_from = users.arrangement();
        // The other list is not looked at: the filter holds there for every row.
        let hidden = self.keys_shown && self.edited_elsewhere;
        let basis = if hidden { Basis::Edited } else { Basis::Loaded };
        self.fill_users(users, basis);
        self.by_key.stale = true;
        if self.keys_shown {
            self.fill_keys(users, Basis::Loaded);
        }
    }

    /// Whether the best match is to be selected, whichever was before.
    fn selects_best(&self, basis: Basis) -> bool {
        basis.is_edit() && self.before.is_some() && !self.filter.query().is_empty()
    }

    fn fill_users(&mut self, users: &Inventory, basis: Basis) {
        let kept = self.selected.as_deref().and_then(|name| users.find(name));
        let kept = kept.and_then(|at| u32::try_from(at).ok());
        let kept = kept.filter(|_| !self.selects_best(basis));
        let (rows, filter) = (users.rows(), &mut self.filter);
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
        self.select(users, self.by_user.cursor());
    }

    fn fill_keys(&mut self, users: &Inventory, basis: Basis) {
        let kept = self.chosen.as_ref().and_then(|chosen| {
            let row = users.find(&chosen.user)?;
            let keys = users.rows()[row].keys.known();
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
        let kept = kept.filter(|_| !self.selects_best(basis));
        let (rows, filter) = (users.rows(), &mut self.filter);
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
        self.choose(users);
    }
}

fn key_at(users: &Inventory, (row, at): KeyPlace) -> Option<(&UserRow, Known<'_>)> {
    let row = users.rows().get(row as usize)?;
    Some((row, row.known_key(usize::from(at))?))
}

/// What a user has in a column. What is the oldest or out of use for the longest has the greatest
/// value.
fn value_of_user(row: &UserRow, at: u32, column: Column) -> Value<'_> {
    match column {
        Column::Keys => row
            .key_count()
            .and_then(|count| i64::try_from(count).ok())
            .map_or(Value::None, Value::Number),
        Column::Age => age(row.foremost().and_then(Known::created)),
        Column::LastUsed => value_of_use(row.foremost().and_then(Known::last_used)),
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
        Column::LastUsed => value_of_use(key.last_used()),
        Column::Service => text(service),
        Column::Region => text(region),
        Column::Status => Value::Number(match key.status() {
            KeyStatus::Active => 0,
            KeyStatus::Inactive => 1,
            KeyStatus::Other(_) => 2,
        }),
    }
}

fn value_of_use(last_used: Option<&LastUsed>) -> Value<'static> {
    match last_used {
        Some(LastUsed::Never) => Value::Number(i64::MAX),
        Some(LastUsed::At { time, .. }) => age(Some(*time)),
        None => Value::None,
    }
}

fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::None, Value::Text)
}

fn age(since: Option<DateTime<Utc>>) -> Value<'static> {
    since.map_or(Value::None, |since| Value::Number(-since.timestamp()))
}
