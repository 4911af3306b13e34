//! What the two lists show, of users and of keys: which rows, in which order, and which of them is
//! selected. One filter decides what is in both; each is sorted in its own way.
//!
//! While answers come in, a list is put in order at most four times a second, however many there
//! are: no one can read rows that move faster, and sorting costs what is loaded.

mod filter;
mod gather;
mod list;
mod marks;
mod offered;
mod scroll;
mod seen;
pub(super) mod values;

pub use filter::Filter;
pub use list::List;
pub(super) use marks::Marks;
pub(super) use offered::Offered;
pub(super) use scroll::{Position, Scroll};

use crate::engine::{
    Attention, Slot,
    account::{Account, Known, UserRow, What},
    fleet::{KeyPlace, Rows, UserPlace},
    query::sort::{self, Column, Sort},
};
use chrono::{DateTime, TimeDelta, Utc};
use filter::Edited;
use gather::gather;
use seen::{Change, Seen};
use std::collections::HashMap;

/// While answers come in, a list keeps its order for so long.
const SETTLES_AFTER: TimeDelta = TimeDelta::milliseconds(250);

/// A user, whatever comes before them in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    slot: Slot,
    user: Box<str>,
}

/// Which key is selected in the list of all keys, whatever comes before it.
#[derive(Clone, Debug)]
struct Chosen {
    of: Named,
    /// Its ID; `None` of a key that only the report tells of.
    id: Option<String>,
    /// Its place among the keys of its user.
    at: u16,
}

/// What was selected in each list before a filter was typed.
#[derive(Clone, Debug)]
struct Before {
    user: Option<Named>,
    key: Option<Chosen>,
}

/// The two lists. The rows themselves are the engine's.
#[derive(Debug)]
pub struct Lists {
    by_user: List<UserPlace>,
    by_key: List<KeyPlace>,
    /// The list of keys is on screen and kept up to date; otherwise that of users is.
    keys_shown: bool,
    /// The filter was changed since the other list was on screen.
    edited_elsewhere: bool,
    /// Counts how often rows were put in order.
    arrangement: u64,
    /// What the lists were made from.
    seen: Seen,
    /// The selected user, whom the list stays on whatever happens around them.
    selected: Option<Named>,
    /// The selected one among all keys.
    chosen: Option<Chosen>,
    /// What is typed into the filter, the same for both lists.
    filter: Filter,
    /// What was selected before; only while a filter is typed.
    before: Option<Before>,
    /// When the lists were last put in order.
    settled: DateTime<Utc>,
    /// The marked keys.
    pub(super) marks: Marks,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            by_user: List::new(Sort::by(Column::User)),
            by_key: List::new(Sort::by(Column::Age)),
            keys_shown: false,
            edited_elsewhere: false,
            arrangement: 0,
            seen: Seen::default(),
            selected: None,
            chosen: None,
            filter: Filter::default(),
            before: None,
            settled: DateTime::UNIX_EPOCH,
            marks: Marks::default(),
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
    pub fn by_user(&self) -> &List<UserPlace> {
        &self.by_user
    }

    /// The list of keys.
    #[must_use]
    pub fn by_key(&self) -> &List<KeyPlace> {
        &self.by_key
    }

    /// The users on screen, with where they stand in the list, and the account of each. Costs what is
    /// on screen.
    pub fn window<'a>(
        &'a self,
        rows: Rows<'a>,
    ) -> impl Iterator<Item = (usize, &'a Account, &'a UserRow)> {
        self.by_user.on_screen().filter_map(move |at| {
            let place = self.by_user.shown()[at];
            Some((at, rows.account(place.slot)?, rows.user(place)?))
        })
    }

    /// The keys on screen, with where they stand, and the account and the user of each. Costs what is
    /// on screen.
    pub fn keys_window<'a>(
        &'a self,
        rows: Rows<'a>,
    ) -> impl Iterator<Item = (usize, &'a Account, &'a UserRow, Known<'a>)> {
        self.by_key.on_screen().filter_map(move |at| {
            let place = self.by_key.shown()[at];
            let (row, key) = rows.key(place)?;
            Some((at, rows.account(place.slot)?, row, key))
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

    /// The rows that are being looked at, of each account that has any.
    pub(super) fn attention(&self) -> HashMap<Slot, Attention> {
        let mut all: HashMap<Slot, Attention> = HashMap::new();
        let selected = if self.keys_shown {
            self.by_key.selected().map(KeyPlace::user)
        } else {
            self.by_user.selected()
        };
        if let Some(UserPlace { slot, row }) = selected {
            all.entry(slot).or_default().selected = Some(row);
        }
        for UserPlace { slot, row } in self.around(0) {
            all.entry(slot).or_default().visible.push(row);
        }
        for UserPlace { slot, row } in self.around(1) {
            all.entry(slot).or_default().near.push(row);
        }
        all
    }

    /// The users whose rows are on screen, and so many screens around it.
    fn around(&self, screens: usize) -> Vec<UserPlace> {
        if self.keys_shown {
            self.by_key.around(screens).map(KeyPlace::user).collect()
        } else {
            self.by_user.around(screens).collect()
        }
    }

    /// The account of the selected row, if one is shown.
    #[must_use]
    pub fn selected_slot(&self) -> Option<Slot> {
        if self.keys_shown {
            self.by_key.selected().map(|place| place.slot)
        } else {
            self.by_user.selected().map(|place| place.slot)
        }
    }

    /// The selected user, if one is shown.
    #[must_use]
    pub fn selected<'a>(&self, rows: Rows<'a>) -> Option<&'a UserRow> {
        rows.user(self.by_user.selected()?)
    }

    /// The selected one among all keys, and whose it is.
    #[must_use]
    pub fn selected_key<'a>(&self, rows: Rows<'a>) -> Option<(&'a UserRow, Known<'a>)> {
        rows.key(self.by_key.selected()?)
    }

    /// Selects a row of the list of users, or the last if there are fewer.
    pub fn select(&mut self, rows: Rows<'_>, at: usize) {
        self.by_user.select(at);
        // With no one shown, the user who was selected is again when they come back.
        if let Some(place) = self.by_user.selected()
            && let Some(row) = rows.user(place)
        {
            self.selected = Some(Named {
                slot: place.slot,
                user: row.user.name.clone(),
            });
        }
    }

    /// Selects a row of the list of keys, or the last if there are fewer.
    pub fn select_key(&mut self, rows: Rows<'_>, at: usize) {
        self.by_key.select(at);
        self.choose(rows);
    }

    /// Remembers which key is selected.
    fn choose(&mut self, rows: Rows<'_>) {
        if let Some(place) = self.by_key.selected()
            && let Some((row, key)) = rows.key(place)
        {
            self.chosen = Some(Chosen {
                of: Named {
                    slot: place.slot,
                    user: row.user.name.clone(),
                },
                id: key.id().map(str::to_owned),
                at: place.key,
            });
        }
    }

    /// Moves the selection of the list that is shown by so many rows.
    pub fn step(&mut self, rows: Rows<'_>, by: isize) {
        if self.keys_shown {
            self.select_key(rows, self.by_key.cursor().saturating_add_signed(by));
        } else {
            self.select(rows, self.by_user.cursor().saturating_add_signed(by));
        }
    }

    /// Whether a user of an account is in the list.
    #[must_use]
    pub fn is_shown(&self, rows: Rows<'_>, slot: Slot, name: &str) -> bool {
        let place = rows.find(slot, name);
        place.is_some_and(|place| self.by_user.shown().contains(&place))
    }

    /// Selects a user of an account by name, if they are shown.
    pub fn select_name(&mut self, rows: Rows<'_>, slot: Slot, name: &str) {
        self.selected = Some(Named {
            slot,
            user: name.into(),
        });
        self.fill_users(rows, Basis::GoneTo);
    }

    /// Brings the list of keys up to date, or no longer keeps it so.
    pub fn show_keys(&mut self, rows: Rows<'_>, shown: bool) {
        if self.keys_shown == shown {
            return;
        }
        self.keys_shown = shown;
        // The filter holds here as well: no one has looked at the selected row meanwhile.
        let edited = std::mem::take(&mut self.edited_elsewhere);
        let basis = if edited { Basis::Edited } else { Basis::Loaded };
        if shown {
            self.fill_keys(rows, basis);
        } else {
            self.fill_users(rows, basis);
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
    pub fn open_filter(&mut self, rows: Rows<'_>) {
        self.before = Some(Before {
            user: self.selected.clone(),
            key: self.chosen.clone(),
        });
        self.filter.offer(rows);
    }

    /// Ends typing the filter, and keeps it and the selected row.
    pub fn keep_filter(&mut self) {
        self.before = None;
        self.filter.close();
    }

    /// Clears the filter; where it was typed, goes back to what was selected before.
    pub fn clear_filter(&mut self, rows: Rows<'_>) {
        let was_empty = self.filter.input.value().is_empty();
        self.edit_filter(rows, |filter| filter.input.reset());
        // With the text gone it has gone back already.
        if let Some(before) = self.before.take().filter(|_| was_empty) {
            self.go_back(before);
            if self.keys_shown {
                self.fill_keys(rows, Basis::Edited);
            } else {
                self.fill_users(rows, Basis::Edited);
            }
        }
        self.filter.close();
    }

    fn go_back(&mut self, before: Before) {
        self.selected = before.user;
        self.chosen = before.key;
    }

    /// Completes the text of the filter with the next of what is offered, or with the one before.
    pub fn complete_filter(&mut self, rows: Rows<'_>, back: bool) {
        if self.filter.complete(back) {
            self.reread_filter(rows);
        }
        if self.filter.offered().is_none() {
            self.filter.offer(rows);
        }
    }

    /// Changes the filter. While it is typed, the best match is selected, the first of them if there
    /// are several, and what was before while nothing is asked; otherwise the selected row stays
    /// selected as long as it passes.
    pub fn edit_filter(&mut self, rows: Rows<'_>, edit: impl FnOnce(&mut Filter)) {
        edit(&mut self.filter);
        self.reread_filter(rows);
        if self.before.is_some() {
            self.filter.offer(rows);
        }
    }

    fn reread_filter(&mut self, rows: Rows<'_>) {
        let edited = self.filter.read(rows.rule_ids());
        if edited == Edited::Not {
            return;
        }
        if self.filter.query().is_empty()
            && let Some(before) = self.before.clone()
        {
            self.go_back(before);
        }
        // What is not in order may not be what is loaded. And where most is shown, all of it is gone
        // through sooner as it stands in memory than in the order of the list.
        let all = rows.count_users();
        let basis = |stale: bool, shown: usize| match edited {
            Edited::Narrower if !stale && shown < all / 4 => Basis::Shown,
            _ => Basis::Edited,
        };
        if self.keys_shown {
            self.fill_keys(rows, basis(self.by_key.stale, self.by_key.shown().len()));
            self.by_user.stale = true;
        } else {
            self.fill_users(rows, basis(self.by_user.stale, self.by_user.shown().len()));
            self.by_key.stale = true;
        }
        self.edited_elsewhere = true;
    }

    /// Whether a key passes the filter.
    pub(super) fn passes_key(&mut self, account: &Account, row: &UserRow, key: Known<'_>) -> bool {
        self.filter.query().is_empty() || self.filter.passes_key(account, row, key)
    }

    /// The columns of the list that is shown, and how it is sorted.
    #[must_use]
    pub fn sorted(&self) -> (&'static [Column], Sort) {
        match (self.keys_shown, self.seen.several()) {
            (true, false) => (Column::OF_KEYS, self.by_key.sort()),
            (true, true) => (Column::OF_KEYS_OF_ALL, self.by_key.sort()),
            (false, false) => (Column::OF_USERS, self.by_user.sort()),
            (false, true) => (Column::OF_USERS_OF_ALL, self.by_user.sort()),
        }
    }

    /// Sorts the list that is shown in another way, and selects what comes first then: to see it is
    /// why one sorts.
    pub fn sort(&mut self, rows: Rows<'_>, sort: Sort) {
        if self.keys_shown {
            self.by_key.set_sort(sort);
            self.fill_keys(rows, Basis::Loaded);
            self.select_key(rows, 0);
        } else {
            self.by_user.set_sort(sort);
            self.fill_users(rows, Basis::Loaded);
            self.select(rows, 0);
        }
    }

    /// Follows what has changed: at once where rows have come to stand elsewhere or nothing more is on
    /// its way, and otherwise four times a second.
    pub(super) fn follow(&mut self, rows: Rows<'_>, now: DateTime<Utc>, quiet: bool) {
        self.filter.note(now);
        let asks_own = self.filter.query().asks_own();
        let mut touched = Vec::new();
        match self.seen.look(rows, asks_own, &mut touched) {
            Some(Change::Places) => self.fill(rows),
            Some(Change::More) => {
                self.by_user.stale = true;
                self.by_key.stale = true;
            }
            None => {}
        }
        for (place, what) in touched {
            self.has_news(rows, place, what);
        }
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
            self.fill_keys(rows, Basis::Loaded);
        } else {
            self.fill_users(rows, Basis::Loaded);
        }
    }

    /// What is known of a user has changed: of which keys there are, of the last use of one, or of
    /// what the tags say.
    fn has_news(&mut self, rows: Rows<'_>, place: UserPlace, what: What) {
        let Some((account, row)) = rows.account(place.slot).zip(rows.user(place)) else {
            return;
        };
        let query = self.filter.query();
        if what == What::Tags {
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
        let of_keys = matches!(what, What::Keys { .. });
        self.by_key.stale |= of_keys || filtered || by_use;
        // It is looked for, and there may be nothing else to see.
        let none_shown = self.by_user.shown().is_empty() && filtered;
        if none_shown && self.filter.passes(account, row) {
            self.fill_users(rows, Basis::Loaded);
        }
        if let What::Keys { moved } = what {
            self.follow_keys(rows, place.slot, row, moved);
        }
    }

    /// The account has named the keys of a user, where these were shown before.
    fn follow_keys(&mut self, rows: Rows<'_>, slot: Slot, row: &UserRow, moved: bool) {
        let keys = row.keys.known().map_or(&[][..], Vec::as_slice);
        let Some(chosen) = &mut self.chosen else {
            return;
        };
        if chosen.of.slot != slot || chosen.of.user != row.user.name {
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
            self.fill_keys(rows, Basis::Loaded);
        }
    }

    /// Works out anew what is in the lists. Where rows have changed their places this cannot wait.
    fn fill(&mut self, rows: Rows<'_>) {
        // The other list is not looked at: the filter holds there for every row.
        let hidden = self.keys_shown && self.edited_elsewhere;
        let basis = if hidden { Basis::Edited } else { Basis::Loaded };
        self.fill_users(rows, basis);
        self.by_key.stale = true;
        if self.keys_shown {
            self.fill_keys(rows, Basis::Loaded);
        }
    }

    /// Whether the best match is to be selected, whichever was before.
    fn selects_best(&self, basis: Basis) -> bool {
        basis.is_edit() && self.before.is_some() && !self.filter.query().is_empty()
    }

    fn fill_users(&mut self, rows: Rows<'_>, basis: Basis) {
        let named = self.selected.as_ref();
        let kept = named.and_then(|named| rows.find(named.slot, &named.user));
        let kept = kept.filter(|_| !self.selects_best(basis));
        let filter = &mut self.filter;
        let spared = kept.filter(|_| basis.spares(self.by_user.shown().len()));
        self.by_user.show(
            basis.is_edit(),
            |place| Some(*place) == kept,
            |shown, sort| {
                let user = |place: UserPlace| rows.account(place.slot).zip(rows.user(place));
                if basis == Basis::Shown {
                    // The order stays.
                    shown.retain(|place| {
                        user(*place).is_some_and(|(account, row)| filter.passes(account, row))
                    });
                } else {
                    let valued = gather(rows, |part, passing| {
                        filter.users(part, sort.column, spared, passing);
                    });
                    shown.clear();
                    // The users of one account are in the order of their names.
                    if sort == Sort::by(Column::User) && rows.only().is_some() {
                        shown.extend(valued.into_iter().map(|(_, place)| place));
                    } else {
                        shown.extend(sort::in_order(valued, sort.descending));
                    }
                }
                let gone = || !kept.is_some_and(|kept| shown.contains(&kept));
                if basis.is_edit() && gone() {
                    return filter.best(shown.iter().filter_map(|place| user(*place)));
                }
                None
            },
        );
        self.arrangement += 1;
        self.select(rows, self.by_user.cursor());
    }

    fn fill_keys(&mut self, rows: Rows<'_>, basis: Basis) {
        let kept = self.chosen.as_ref().and_then(|chosen| {
            let UserPlace { slot, row } = rows.find(chosen.of.slot, &chosen.of.user)?;
            let keys = rows.user(UserPlace { slot, row })?.keys.known();
            let named = chosen.id.as_ref().zip(keys).and_then(|(id, keys)| {
                let at = keys.iter().position(|row| row.key.id == *id)?;
                u16::try_from(at).ok()
            });
            let key = match (named, &chosen.id) {
                (Some(at), _) => at,
                (None, None) => chosen.at,
                // It is gone.
                (None, Some(_)) => return None,
            };
            Some(KeyPlace { slot, row, key })
        });
        let kept = kept.filter(|_| !self.selects_best(basis));
        let filter = &mut self.filter;
        let spared = kept.filter(|_| basis.spares(self.by_key.shown().len()));
        self.by_key.show(
            basis.is_edit(),
            |place| Some(*place) == kept,
            |shown, sort| {
                let key_of = |place: KeyPlace| {
                    let (row, key) = rows.key(place)?;
                    Some((rows.account(place.slot)?, row, key))
                };
                if basis == Basis::Shown {
                    // The order stays.
                    shown.retain(|place| {
                        key_of(*place)
                            .is_some_and(|(account, row, key)| filter.passes_key(account, row, key))
                    });
                } else {
                    let valued = gather(rows, |part, passing| {
                        filter.keys(part, sort.column, spared, passing);
                    });
                    shown.clear();
                    shown.extend(sort::in_order(valued, sort.descending));
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
        self.choose(rows);
    }
}
