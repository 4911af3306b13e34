//! A row of the accounts: its numbers, or why there are none.

use crate::{
    engine::{
        account::{Stage, figures::Figures},
        query::sort::{Column as SortColumn, Sort},
    },
    tui::{
        prelude::*,
        widgets::table::{Column, MARKER, Row, Table},
    },
};

const ID: usize = 12;
const NAME: usize = 40;
const VIA: usize = 22;
/// The most of how an account is signed in to.
const WIDE_VIA: usize = 40;
const NUMBER: usize = 7;
const BAR: usize = 20;
const SMALL: usize = 6;
const UNUSED: usize = 8;

/// What there is room for in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    name: usize,
    via: usize,
    users: bool,
    bar: usize,
}

impl Columns {
    pub(super) fn of(width: usize) -> Self {
        let via = if width >= 96 { VIA } else { 0 };
        let users = width >= 68;
        let bar = if width >= 116 { BAR } else { 0 };
        let mut taken = MARKER + 2 + ID + NUMBER + SMALL + UNUSED + SMALL + 1;
        taken += if via > 0 { 2 + via } else { 0 };
        taken += if users { NUMBER } else { 0 };
        taken += if bar > 0 { 3 + bar } else { 0 };
        let room = width.saturating_sub(taken);
        let name = room.min(NAME);
        let more = (room - name).min(WIDE_VIA - VIA);
        Self {
            name,
            via: if via > 0 { via + more } else { 0 },
            users,
            bar,
        }
    }

    pub(super) fn table(self, sort: Sort) -> Table {
        let mut columns = vec![
            Column::left("account", 0, self.name).by(SortColumn::Account),
            Column::left("ID", 2, ID),
        ];
        if self.via > 0 {
            columns.push(Column::left("signed in by", 2, self.via));
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

    pub(super) fn row(
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
                let gap = if self.via > 0 { "" } else { "  " };
                cells.push(vec![Span::raw(gap), Span::styled(text, style)]);
            }
            (None, None) => {}
        }
        Row {
            marker: match (selected, narrowed) {
                (true, _) => glyphs.marker,
                _ if account.excluded => glyphs.failed,
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
        if self.via > 0 {
            let via = visible(&words::signed_in_by(account)).into_owned();
            let via = shorten(&via, self.via, theme.glyphs.more).into_owned();
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
        // Of keys that are not known none is counted: there may be more.
        let known = account.is_all_known();
        let busy = account.is_busy();
        let none_yet = if busy { theme.glyphs.loading } else { "?" };
        cells.push(vec![match (figures.keys, known) {
            (0, false) => Span::styled(none_yet, theme.dim),
            (keys, false) => Span::raw(format!("{}+", format::count(keys))),
            (keys, true) => Span::raw(format::count(keys)),
        }]);
        if self.bar > 0 {
            cells.push(age_bar(canvas, figures, self.bar));
        }
        let harm = |count: usize, all: bool| {
            let (text, style) = match (count, all) {
                (0, true) => (String::new(), theme.dim),
                (0, false) => (none_yet.to_owned(), theme.dim),
                (count, true) => (format::count(count), theme.warn),
                (count, false) => (format!("{}+", format::count(count)), theme.warn),
            };
            vec![Span::styled(text, style)]
        };
        cells.push(harm(figures.old, known));
        cells.push(harm(figures.unused, known && figures.use_unknown == 0));
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
