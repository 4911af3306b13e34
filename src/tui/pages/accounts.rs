//! The open accounts: how each is signed in to, how many users and keys it has, how old these are, and
//! why one cannot be reached. None is left out.

mod one;
mod rows;

use crate::{
    engine::{
        account::{Stage, figures::Figures},
        fleet::{Fleet, Scope},
        query::sort::{Column as SortColumn, Sort},
    },
    tui::{lists::Scroll, prelude::*, widgets::filter_line},
};
use chrono::{DateTime, TimeDelta, Utc};
use rows::Columns;
use std::{cmp::Ordering, collections::HashMap};

/// While answers come in, what was counted stays for so long.
const SETTLES_AFTER: TimeDelta = TimeDelta::milliseconds(250);

/// The columns that the accounts can be sorted by.
pub(in crate::tui) const SORTS: &[SortColumn] = &[
    SortColumn::Account,
    SortColumn::Users,
    SortColumn::Keys,
    SortColumn::Old,
    SortColumn::Unused,
];

/// What the page remembers: which account is selected, in which order they stand, and what was counted
/// of each.
#[derive(Debug)]
pub(in crate::tui) struct AccountsPage {
    scroll: Scroll,
    pub sort: Sort,
    /// What the names, IDs and reasons are filtered by.
    pub filter: Input,
    /// In the order of the screen.
    slots: Vec<Slot>,
    selected: Option<Slot>,
    counted: HashMap<Slot, Counted>,
    settled: DateTime<Utc>,
}

/// What was counted of an account, and when it had changed last.
#[derive(Debug)]
struct Counted {
    stamp: (u32, u64, usize),
    figures: Figures,
}

impl Default for AccountsPage {
    fn default() -> Self {
        Self {
            scroll: Scroll::default(),
            sort: Sort::by(SortColumn::Account),
            filter: Input::default(),
            slots: Vec::new(),
            selected: None,
            counted: HashMap::new(),
            settled: DateTime::UNIX_EPOCH,
        }
    }
}

fn stamp(account: &Account) -> (u32, u64, usize) {
    let users = &account.users;
    let generation = account.session.generation;
    (generation, users.arrangement(), users.touched_in_all())
}

impl AccountsPage {
    /// The selected account.
    pub(in crate::tui) fn selected(&self) -> Option<Slot> {
        self.slots.get(self.scroll.cursor()).copied()
    }

    /// Selects a row, or the last if there are fewer.
    pub(in crate::tui) fn select(&mut self, row: usize) {
        self.scroll.select(row, self.slots.len());
        self.selected = self.selected();
    }

    /// Selects an account.
    pub(in crate::tui) fn select_slot(&mut self, slot: Slot) {
        self.selected = Some(slot);
        if let Some(at) = self.slots.iter().position(|known| *known == slot) {
            self.scroll.select(at, self.slots.len());
        }
    }

    /// Forgets the accounts that were taken out. The next one is selected in the place of one. Says
    /// whether there was any.
    pub(in crate::tui) fn forget_gone(&mut self, fleet: &Fleet) -> bool {
        let (before, counted) = (self.slots.len(), self.counted.len());
        self.slots.retain(|slot| fleet.get(*slot).is_some());
        self.counted.retain(|slot, _| fleet.get(*slot).is_some());
        if self.slots.len() < before {
            self.select(self.scroll.cursor());
        }
        // A filter hides a row, and its figures stay.
        self.slots.len() < before || self.counted.len() < counted
    }

    /// Moves the selection by so many rows.
    pub(in crate::tui) fn step(&mut self, by: isize) {
        self.select(self.scroll.cursor().saturating_add_signed(by));
    }

    /// Notes how many rows the screen has room for.
    pub(in crate::tui) fn set_height(&mut self, height: usize) {
        self.scroll.set_height(height, self.slots.len());
    }

    /// How many rows the screen has room for.
    pub(in crate::tui) fn height(&self) -> usize {
        self.scroll.height()
    }

    /// Puts the accounts in another order.
    pub(in crate::tui) fn sort(&mut self, fleet: &Fleet, sort: Sort) {
        self.sort = sort;
        self.arrange(fleet);
        self.select(0);
    }

    /// Follows what has come: at most four times a second while more is on its way.
    pub(in crate::tui) fn follow(&mut self, fleet: &Fleet, now: DateTime<Utc>, quiet: bool) {
        let due = now < self.settled || now - self.settled >= SETTLES_AFTER;
        let more = fleet.accounts().len() != self.counted.len();
        if !(due || quiet || more) {
            return;
        }
        self.settled = now;
        for account in fleet.accounts() {
            let slot = account.session.slot;
            let known = self.counted.get(&slot);
            if known.is_none_or(|known| known.stamp != stamp(account)) {
                let counted = Counted {
                    stamp: stamp(account),
                    figures: Figures::of(account, now),
                };
                self.counted.insert(slot, counted);
            }
        }
        self.arrange(fleet);
    }

    /// Puts the accounts in order that the filter lets through.
    pub(in crate::tui) fn arrange(&mut self, fleet: &Fleet) {
        let words = self.filter.value().to_lowercase();
        // As in the other lists.
        let words = words.split_whitespace();
        let words = words.map(|word| word.strip_prefix("account:").unwrap_or(word));
        let words: Vec<&str> = words.collect();
        let shown = fleet.accounts().iter();
        let shown = shown.filter(|account| passes(account, &words));
        self.slots.clear();
        self.slots.extend(shown.map(|account| account.session.slot));
        let number = |slot: &Slot| {
            let figures = &self.counted.get(slot)?.figures;
            Some(match self.sort.column {
                SortColumn::Users => figures.users,
                SortColumn::Keys => figures.keys,
                SortColumn::Old => figures.old,
                SortColumn::Unused => figures.unused,
                _ => return None,
            })
        };
        let by_name = |a: &Slot, b: &Slot| {
            let [a, b] = [a, b].map(|slot| fleet[*slot].label().to_ascii_lowercase());
            a.cmp(&b)
        };
        let by_number = |a: &Slot, b: &Slot| number(a).cmp(&number(b));
        let descending = self.sort.descending;
        let turn = |order: Ordering| if descending { order.reverse() } else { order };
        let mut slots = std::mem::take(&mut self.slots);
        slots.sort_by(|a, b| match self.sort.column {
            SortColumn::Account => turn(by_name(a, b)),
            _ => turn(by_number(a, b)).then_with(|| by_name(a, b)),
        });
        self.slots = slots;
        match self.selected {
            Some(slot) => self.select_slot(slot),
            None => self.select(0),
        }
    }

    /// Draws the page.
    pub(in crate::tui) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        list: Rect,
        below: Rect,
        filter: bool,
        typing: bool,
    ) {
        self.draw_list(canvas, list, filter, typing);
        if !below.is_empty()
            && let Some(slot) = self.selected()
        {
            let figures = self.counted.get(&slot).map(|counted| &counted.figures);
            one::draw(canvas, below, slot, figures);
        }
    }

    fn draw_list(&self, canvas: &mut Canvas<'_>, area: Rect, filter: bool, typing: bool) {
        let theme = canvas.theme;
        let fleet = &canvas.engine.fleet;
        let all = fleet.accounts().len();
        let lost = fleet.accounts().iter();
        let lost = lost.filter(|account| account.is_lost()).count();
        let mut note = format::count(all);
        if lost > 0 {
            note = format!("{note} {} {lost} not reachable", theme.glyphs.dot);
        }
        if !self.filter.value().trim().is_empty() {
            let shown = format::count(self.slots.len());
            note = format!("{note} {} {shown} shown", theme.glyphs.dot);
        }
        let title = Line::styled("Accounts", theme.strong);
        let note = Line::styled(note, theme.dim);
        let mut inside = canvas.pane(area, title, note, theme.accent);
        if filter {
            let examples = format!("prod {0} 1234 {0} no role", theme.glyphs.dot);
            inside = filter_line::draw_text(canvas, inside, &self.filter, typing, &examples, None);
        }
        let columns = Columns::of(usize::from(inside.width));
        let table = columns.table(self.sort);
        table.headings(canvas, inside);
        let body = Rect {
            y: inside.y + 1,
            height: inside.height.saturating_sub(1),
            ..inside
        };
        let cursor = self.scroll.cursor();
        let shown = self.scroll.rows(self.slots.len());
        let mut rows = Vec::new();
        for at in shown {
            let slot = self.slots[at];
            let Some(account) = fleet.get(slot) else {
                continue;
            };
            let counted = self.counted.get(&slot);
            let figures = counted.map(|counted| &counted.figures);
            let narrowed = canvas.scope == Scope::One(slot);
            let place = (at, at == cursor, narrowed);
            rows.push(columns.row(canvas, account, figures, place));
        }
        if rows.is_empty() {
            let clear = keymap::name(Context::Filter, Action::ClearFilter);
            let text = vec![
                ("No accounts match.".to_owned(), Style::new()),
                (format!("{clear} clears it."), theme.dim),
            ];
            canvas.paragraphs(body, text);
        }
        let position = self.scroll.position(self.slots.len());
        table.rows(canvas, body, rows.into_iter(), position);
    }
}

/// Whether each of these words, in lower case, is in what an account is called, in its ID, in how it is
/// signed in to, or in why it cannot be reached.
fn passes(account: &Account, words: &[&str]) -> bool {
    if words.is_empty() {
        return true;
    }
    let state = match &account.stage {
        Stage::SignedOut(problem) => problem.title.clone(),
        _ => words::signed_in_by(account),
    };
    let names = account.identity.all_names().into_iter().flatten();
    let mut text = format!(
        "{} {} {state}",
        account.label(),
        account.id().unwrap_or_default()
    );
    for name in names {
        text.push(' ');
        text.push_str(name);
    }
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word))
}
