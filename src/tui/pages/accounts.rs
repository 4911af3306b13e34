//! The open accounts: how each is signed in to, how many users and keys it has, how old these are, and
//! why one cannot be reached. None is left out.

use crate::{
    engine::{
        account::{
            Stage,
            figures::{AGES, Figures, USES},
        },
        fleet::{Fleet, Scope},
        query::sort::{Column as SortColumn, Sort},
    },
    tui::{
        lists::Scroll,
        prelude::*,
        widgets::{
            filter_line,
            table::{Column, MARKER, Row, Table},
        },
    },
};
use chrono::{DateTime, TimeDelta, Utc};
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
        let words: Vec<&str> = words.split_whitespace().collect();
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
            draw_account(canvas, below, slot, figures);
        }
    }

    fn draw_list(&self, canvas: &mut Canvas<'_>, area: Rect, filter: bool, typing: bool) {
        let theme = canvas.theme;
        let fleet = &canvas.engine.fleet;
        let all = fleet.accounts().len();
        let lost = fleet.accounts().iter();
        let lost = lost.filter(|account| is_lost(account)).count();
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

/// Whether nothing can be asked of an account.
fn is_lost(account: &Account) -> bool {
    matches!(account.stage, Stage::SignedOut(_)) || account.identity.broken.is_some()
}

const ID: usize = 12;
const VIA: usize = 22;
const NUMBER: usize = 7;
const BAR: usize = 20;
const SMALL: usize = 6;
const UNUSED: usize = 8;

/// What there is room for in a row.
#[derive(Clone, Copy, Debug)]
struct Columns {
    name: usize,
    via: bool,
    users: bool,
    bar: usize,
}

impl Columns {
    fn of(width: usize) -> Self {
        let (via, users) = (width >= 96, width >= 68);
        let bar = if width >= 116 { BAR } else { 0 };
        let mut taken = MARKER + 2 + ID + NUMBER + SMALL + UNUSED + SMALL + 1;
        taken += if via { 2 + VIA } else { 0 };
        taken += if users { NUMBER } else { 0 };
        taken += if bar > 0 { 3 + bar } else { 0 };
        Self {
            name: width.saturating_sub(taken).min(40),
            via,
            users,
            bar,
        }
    }

    fn table(self, sort: Sort) -> Table {
        let mut columns = vec![
            Column::left("account", 0, self.name).by(SortColumn::Account),
            Column::left("ID", 2, ID),
        ];
        if self.via {
            columns.push(Column::left("signed in by", 2, VIA));
        }
        if self.users {
            columns.push(Column::right("users", 0, NUMBER).by(SortColumn::Users));
        }
        columns.push(Column::right("keys", 0, NUMBER).by(SortColumn::Keys));
        if self.bar > 0 {
            columns.push(Column::left("age of Active keys", 3, self.bar));
        }
        columns.extend([
            Column::right("old", 0, SMALL).by(SortColumn::Old),
            Column::right("unused", 0, UNUSED).by(SortColumn::Unused),
            Column::right("root", 0, SMALL),
        ]);
        Table {
            columns,
            sort: Some(sort),
            focused: true,
        }
    }

    fn row(
        self,
        canvas: &Canvas<'_>,
        account: &Account,
        figures: Option<&Figures>,
        (at, selected, narrowed): (usize, bool, bool),
    ) -> Row {
        let theme = canvas.theme;
        let glyphs = theme.glyphs;
        let name = visible(account.label());
        let name = shorten_name(&name, self.name, glyphs.more).into_owned();
        let style = if account.excluded {
            theme.dim
        } else {
            theme.account(&account.identity)
        };
        let id = visible(account.id().unwrap_or_default()).into_owned();
        let mut cells = vec![
            vec![Span::styled(name, style)],
            vec![Span::styled(id, theme.dim)],
        ];
        match (state(canvas, account), figures) {
            (None, Some(figures)) => self.numbers(canvas, account, figures, &mut cells),
            (Some((text, style)), _) => {
                // The columns of numbers stand close to what is before them.
                let gap = if self.via { "" } else { "  " };
                cells.push(vec![Span::raw(gap), Span::styled(text, style)]);
            }
            (None, None) => {}
        }
        Row {
            marker: match (selected, narrowed) {
                (true, _) => glyphs.marker,
                (false, true) => glyphs.active,
                (false, false) => " ",
            },
            cells,
            selected,
            target: Target::Account(at),
        }
    }

    fn numbers(
        self,
        canvas: &Canvas<'_>,
        account: &Account,
        figures: &Figures,
        cells: &mut Vec<Vec<Span<'static>>>,
    ) {
        let theme = canvas.theme;
        if self.via {
            let via = visible(&words::signed_in_by(account)).into_owned();
            let via = shorten(&via, VIA, theme.glyphs.more).into_owned();
            cells.push(vec![Span::styled(via, theme.dim)]);
        }
        let so_far = !account.is_listed();
        let number = |count: usize, style: Style| {
            let text = match (count, so_far) {
                (0, true) => theme.glyphs.loading.to_owned(),
                (count, _) => format::count(count),
            };
            vec![Span::styled(text, style)]
        };
        if self.users {
            cells.push(number(figures.users, Style::new()));
        }
        let keys_so_far = figures.keys == 0 && !account.is_all_known();
        cells.push(if keys_so_far {
            vec![Span::styled(theme.glyphs.loading, theme.dim)]
        } else {
            vec![Span::raw(format::count(figures.keys))]
        });
        if self.bar > 0 {
            cells.push(age_bar(canvas, figures, self.bar));
        }
        let harm = |count: usize, style: Style| {
            let (text, style) = match count {
                0 => (String::new(), theme.dim),
                count => (format::count(count), style),
            };
            vec![Span::styled(text, style)]
        };
        cells.push(harm(figures.old, theme.warn));
        cells.push(harm(figures.unused, theme.warn));
        let identity = &account.identity;
        let known = identity.root_keys().is_some() || identity.report.known().is_some();
        cells.push(if identity.root_has_keys() {
            let text = format!("{} key", theme.glyphs.warn);
            vec![Span::styled(text, theme.bad)]
        } else if known {
            vec![Span::styled("none", theme.dim)]
        } else {
            vec![Span::styled("?", theme.dim)]
        });
    }
}

/// What is said of an account in place of its numbers; none where there are some.
fn state(canvas: &Canvas<'_>, account: &Account) -> Option<(String, Style)> {
    let theme = canvas.theme;
    let glyphs = theme.glyphs;
    Some(match &account.stage {
        Stage::Waiting => ("waits for its turn".into(), theme.dim),
        Stage::SigningIn => (format!("{} signing in", canvas.spinner()), theme.dim),
        Stage::SignedOut(problem) => {
            let title = visible(&problem.title);
            if account.is_closed() {
                (title.into_owned(), theme.dim)
            } else {
                (format!("{} {title}", glyphs.warn), theme.warn)
            }
        }
        Stage::SignedIn => {
            if let Some(error) = &account.identity.broken {
                let text = format!("{} {}", glyphs.warn, visible(&error.short()));
                return Some((text, theme.bad));
            }
            let listing = &account.users.listing;
            let nothing = account.users.rows().is_empty();
            match listing.error().filter(|_| nothing) {
                Some(error) => {
                    let text = format!("{} {}", glyphs.warn, visible(&error.short()));
                    (text, theme.warn)
                }
                None if nothing && listing.is_loading() => {
                    (format!("{} listing users", canvas.spinner()), theme.dim)
                }
                None => return None,
            }
        }
    })
}

/// The ages of the Active keys as a bar: its parts are as long as there are keys of an age.
fn age_bar(canvas: &Canvas<'_>, figures: &Figures, cells: usize) -> Vec<Span<'static>> {
    let theme = canvas.theme;
    let [month, quarter, half, year, two, older] = figures.by_age;
    let [young, old, very_old] = theme.glyphs.ages;
    let parts = [
        (month + quarter, young, theme.good),
        (half + year, old, theme.warn),
        (two + older, very_old, theme.bad),
    ];
    let all: usize = parts.iter().map(|(count, ..)| count).sum();
    if all == 0 {
        return Vec::new();
    }
    let mut spans = Vec::new();
    let (mut seen, mut drawn) = (0, 0);
    for (count, part, style) in parts {
        seen += count;
        // What is there at all has a cell.
        let to = (seen * cells / all)
            .max(drawn + usize::from(count > 0))
            .min(cells);
        spans.push(Span::styled(part.repeat(to - drawn), style));
        drawn = to;
    }
    spans
}

/// The selected account: why it cannot be reached, or its keys by age and by last use.
fn draw_account(canvas: &mut Canvas<'_>, area: Rect, slot: Slot, figures: Option<&Figures>) {
    let theme = canvas.theme;
    let Some(account) = canvas.engine.fleet.get(slot) else {
        return;
    };
    let title = Line::styled(
        visible(account.label()).into_owned(),
        theme.account(&account.identity),
    );
    let note = match figures {
        Some(figures) if figures.keys > 0 => {
            let keys = format::plural(figures.keys, "key");
            format!("{keys}, {} Active", format::count(figures.active))
        }
        _ => String::new(),
    };
    let note = Line::styled(note, theme.dim);
    let inside = canvas.pane(area, title, note, theme.dim);
    if let Stage::SignedOut(problem) = &account.stage {
        let style = if account.is_closed() {
            theme.dim
        } else {
            theme.warn
        };
        let mut text = vec![
            (problem.title.clone(), style),
            (problem.what.clone(), Style::new()),
        ];
        text.extend(problem.details.iter().map(|line| (line.clone(), theme.dim)));
        text.extend(
            problem
                .advice
                .iter()
                .map(|line| (line.clone(), Style::new())),
        );
        canvas.paragraphs(inside, text);
        return;
    }
    let Some(figures) = figures.filter(|figures| figures.active > 0) else {
        let text = if account.is_all_known() {
            "This account has no Active keys."
        } else {
            "Loading the keys"
        };
        canvas.paragraphs(inside, vec![(text.into(), theme.dim)]);
        return;
    };
    let half = inside.width / 2;
    let left = Rect {
        width: half,
        ..inside
    };
    let right = Rect {
        x: inside.x + half,
        width: inside.width - half,
        ..inside
    };
    let ages = [
        "to 30 days",
        "to 90 days",
        "to 180 days",
        "to 1 year",
        "to 2 years",
        "older",
    ];
    debug_assert_eq!(ages.len(), AGES.len() + 1);
    let styles = [
        theme.good, theme.good, theme.warn, theme.warn, theme.bad, theme.bad,
    ];
    let by_age = ages.into_iter().zip(figures.by_age).zip(styles);
    let by_age = by_age.map(|((label, count), style)| (label, count, style));
    plot(canvas, left, "age of Active keys", by_age.collect());
    let uses = [
        "today",
        "this week",
        "to 45 days",
        "to 90 days",
        "longer ago",
    ];
    debug_assert_eq!(uses.len(), USES.len() + 1);
    let styles = [theme.good, theme.good, theme.good, theme.warn, theme.bad];
    let by_use = uses.into_iter().zip(figures.by_use).zip(styles);
    let mut by_use: Vec<_> = by_use
        .map(|((label, count), style)| (label, count, style))
        .collect();
    by_use.push(("never", figures.never, theme.bad));
    if figures.use_unknown > 0 {
        by_use.push(("not loaded", figures.use_unknown, theme.dim));
    }
    plot(canvas, right, "last used", by_use);
    let y = inside.bottom().saturating_sub(1);
    if account.identity.root_has_keys() {
        let text = words::root_keys(&account.identity, canvas.now);
        let text = format!("{} {text}", theme.glyphs.warn);
        let room = usize::from(inside.width).saturating_sub(4);
        let text = shorten(&text, room, theme.glyphs.more).into_owned();
        canvas.line(
            inside.x + 2,
            y,
            inside.width,
            &Line::styled(text, theme.bad),
        );
    }
}

/// Cells of the label of a bar, and of its number.
const LABEL: usize = 13;
const COUNT: usize = 7;

/// Bars side by side, each with its label and its number.
fn plot(canvas: &mut Canvas<'_>, area: Rect, title: &str, bars: Vec<(&str, usize, Style)>) {
    let theme = canvas.theme;
    let (full, _) = theme.glyphs.bar;
    let room = usize::from(area.width)
        .saturating_sub(LABEL + COUNT + 4)
        .min(40);
    let most = bars
        .iter()
        .map(|(_, count, _)| *count)
        .max()
        .unwrap_or(0)
        .max(1);
    let title = Line::styled(title.to_owned(), theme.strong);
    canvas.line(area.x + 2, area.y, area.width.saturating_sub(2), &title);
    for (y, (label, count, style)) in (area.y + 1..area.bottom()).zip(bars) {
        let length = (count * room).div_ceil(most);
        let line = Line::from(vec![
            Span::styled(format!("{label:>LABEL$}  "), theme.dim),
            Span::styled(full.repeat(length), style),
            Span::raw(format!(" {}", format::count(count))),
        ]);
        canvas.line(area.x, y, area.width, &line);
    }
}
