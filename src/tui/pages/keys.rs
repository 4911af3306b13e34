//! The list of all keys of the account.

use super::{cells, marks, unmatched::not_seen};
use crate::{
    engine::{
        account::{Known, Load},
        query::sort::Column as SortColumn,
    },
    tui::{
        lists::Lists,
        prelude::*,
        widgets::{
            filter_line,
            found::Finder,
            table::{Column, MARKER, Row, Table},
        },
    },
};

/// Cells of the columns beside the user's name: an ID is never cut off.
const ID: usize = 20;
const AGE: usize = 7;
const USED: usize = 12;

/// The marker, the symbol of the status, and a space.
const FRONT: usize = 4;
/// Between a column and the next.
const GAP: usize = 2;
/// So much of a user's name is enough where there is more to show: what belongs together stays
/// together.
const USER: usize = 36;

/// What is said of a key at the right of its age and last use, where there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extra {
    Service,
    Region,
    Status,
    Created,
    Path,
    Description,
}

/// An extra column: its title, its cells, and from which width on it is there. The last takes what
/// is left.
type ExtraColumn = (Extra, &'static str, usize, usize);

/// In their order on the screen.
const EXTRAS: [ExtraColumn; 6] = [
    (Extra::Service, "service", 14, 90),
    (Extra::Region, "region", 15, 108),
    (Extra::Status, "status", 8, 72),
    (Extra::Created, "created", 10, 134),
    (Extra::Path, "path", 16, 176),
    (Extra::Description, "description", 11, 150),
];

/// What there is room for in a row.
struct Columns {
    user: usize,
    /// The cells for the account, where there are several.
    account: Option<usize>,
    used: bool,
    extras: Vec<ExtraColumn>,
}

impl Columns {
    fn of(area: Rect, several: bool) -> Self {
        let whole = usize::from(area.width);
        let account = several.then_some(match whole {
            ..72 => 10,
            72..100 => 12,
            _ => 18,
        });
        let width = whole.saturating_sub(account.map_or(0, |cells| GAP + cells));
        let there = |extra: &ExtraColumn| width >= extra.3;
        let mut extras: Vec<ExtraColumn> = EXTRAS.into_iter().filter(there).collect();
        let taken: usize = extras.iter().map(|(_, _, cells, _)| GAP + cells).sum();
        // Where there is little room, the account takes the place of the last use.
        let with_use = account.is_none() || whole >= 72;
        let used_cells = if with_use { USED } else { 0 };
        let rest = width.saturating_sub(FRONT + ID + GAP + AGE + used_cells + taken + 1);
        let mut user = rest;
        if let Some((Extra::Description, _, cells, _)) = extras.last_mut() {
            user = rest.min(USER);
            *cells += rest - user;
        }
        Self {
            user,
            account,
            used: with_use,
            extras,
        }
    }
}

/// Draws the page.
pub(in crate::tui) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    lists: &Lists,
    filter: bool,
    typing: bool,
) {
    let theme = canvas.theme;
    let rows = canvas.rows;
    let list = lists.by_key();
    let tally = rows.tally();
    let so_far = if rows.is_all_known() { "" } else { " so far" };
    let mut note = match (tally.all_keys(), so_far) {
        (0, " so far") => String::new(),
        (keys, _) => format!("{}{so_far}", format::plural(keys, "key")),
    };
    let query = lists.filter().query();
    if !query.is_empty() {
        let shown = format::count(list.shown().len());
        // That not all keys are known is said already.
        let so_far = if so_far.is_empty() && !rows.can_judge(query) {
            " so far"
        } else {
            ""
        };
        note = format!("{note} {} {shown} shown{so_far}", theme.glyphs.dot);
    }
    let mut note = vec![Span::styled(note, theme.dim)];
    if !canvas.marks.is_empty() {
        let dot = format!(" {} ", theme.glyphs.dot);
        note.insert(0, Span::styled(dot, theme.dim));
        note.insert(0, Span::styled(canvas.marked(), theme.accent));
    }
    if tally.denied > 0 {
        let users = format::plural(tally.denied, "user");
        let text = format!("those of {users} denied");
        note.insert(
            0,
            Span::styled(format!(" {} ", theme.glyphs.dot), theme.dim),
        );
        note.insert(0, Span::styled(text, theme.warn));
    }
    let title = Line::styled("Keys", theme.strong);
    let inside = canvas.pane(area, title, Line::from(note), theme.accent);
    let inside = filter_line::draw(canvas, inside, lists, filter, typing);
    let columns = Columns::of(inside, canvas.rows.only().is_none());
    let table = columns.table(lists);
    table.headings(canvas, inside);
    let body = Rect {
        y: inside.y + 1,
        height: inside.height.saturating_sub(1),
        ..inside
    };
    if list.shown().is_empty() {
        empty(canvas, body, lists);
        return;
    }
    let mut finder = Finder::of(query);
    let cursor = list.cursor();
    let window = lists.keys_window(canvas.rows);
    let rows: Vec<Row> = window
        .map(|(at, account, row, key)| {
            let place = (at, at == cursor);
            let of = (account, row, key);
            key_row(canvas, &columns, of, place, finder.as_mut())
        })
        .collect();
    table.rows(canvas, body, rows.into_iter(), list.position());
}

impl Columns {
    fn table(&self, lists: &Lists) -> Table {
        let mut columns = vec![
            Column::left("", 0, FRONT - MARKER),
            Column::left("key ID", 0, ID).by(SortColumn::Id),
            Column::left("user", GAP, self.user).by(SortColumn::User),
        ];
        columns.extend(
            self.account
                .map(|cells| Column::left("account", GAP, cells).by(SortColumn::Account)),
        );
        columns.extend([Column::right("age", 0, AGE).by(SortColumn::Age)]);
        if self.used {
            columns.push(Column::right("last used", 0, USED).by(SortColumn::LastUsed));
        }
        columns.extend(self.extras.iter().map(|(extra, title, cells, _)| {
            let column = Column::left(title, GAP, *cells);
            match extra {
                Extra::Service => column.by(SortColumn::Service),
                Extra::Region => column.by(SortColumn::Region),
                Extra::Status => column.by(SortColumn::Status),
                Extra::Created | Extra::Path | Extra::Description => column,
            }
        }));
        Table {
            columns,
            sort: Some(lists.by_key().sort()),
            focused: true,
        }
    }
}

fn key_row(
    canvas: &Canvas<'_>,
    columns: &Columns,
    (account, row, key): (&Account, &UserRow, Known<'_>),
    (at, selected): (usize, bool),
    mut finder: Option<&mut Finder<'_>>,
) -> Row {
    let theme = canvas.theme;
    let strong = if selected { theme.strong } else { Style::new() };
    let mut name_cells = columns.user;
    let id = match key.id() {
        Some(id) => {
            let id = visible(id);
            // Longer than usual: the name gives way.
            name_cells = name_cells.saturating_sub(width(&id).saturating_sub(ID));
            found(canvas, finder.as_deref_mut(), true, (&id, &id), strong)
        }
        None => {
            let (text, style) = match &row.keys {
                Load::Failed(..) => ("?", theme.warn),
                Load::Idle if account.identity.broken.is_some() => ("?", theme.dim),
                _ => (theme.glyphs.loading, theme.dim),
            };
            vec![Span::styled(text, style)]
        }
    };
    let whole = visible(&row.user.name);
    let mark = marks::behind_name(canvas, account, row, &whole, name_cells);
    let mark_cells = mark.as_ref().map_or(0, Span::width);
    let name = shorten_name(&whole, name_cells - mark_cells, theme.glyphs.more);
    let mut name_spans = found(canvas, finder, false, (&whole, &name), strong);
    name_spans.extend(mark);
    let padding = name_cells.saturating_sub(width(&name) + mark_cells);
    name_spans.push(Span::raw(" ".repeat(padding)));
    let (age, style) = cells::age(canvas, key);
    let (used, used_style) = cells::used(canvas, key);
    let mark = canvas.mark(account.session.slot, key.id());
    let symbol = vec![canvas.key_symbol(account, key), mark];
    let mut cells = vec![symbol, id, name_spans];
    cells.extend(
        columns
            .account
            .map(|room| cells::account(canvas, account, room)),
    );
    cells.push(vec![Span::styled(age, style)]);
    if columns.used {
        cells.push(vec![Span::styled(used, used_style)]);
    }
    let (service, region) = match key.last_used() {
        Some(LastUsed::At {
            service, region, ..
        }) => (service.as_deref(), region.as_deref()),
        _ => (None, None),
    };
    let created = key.created().map(format::day);
    for (extra, _, room, _) in &columns.extras {
        let (text, style) = match extra {
            Extra::Service => (service, Style::new()),
            Extra::Region => (region, Style::new()),
            Extra::Status => (Some(key.status().word()), Style::new()),
            Extra::Created => (created.as_deref(), theme.dim),
            Extra::Path => (row.user.path_below_root(), theme.dim),
            Extra::Description => (key.id().and_then(|id| row.description(id)), theme.dim),
        };
        let text = visible(text.unwrap_or_default());
        let text = match extra {
            Extra::Description => shorten(&text, *room, theme.glyphs.more),
            _ => shorten_name(&text, *room, theme.glyphs.more),
        };
        cells.push(vec![Span::styled(text.into_owned(), style)]);
    }
    Row {
        marker: marker(canvas, (account, row, key), selected),
        cells,
        selected,
        target: Target::KeyRow(at),
    }
}

/// What stands before a row: a change under way, an open question, or the selection.
fn marker(
    canvas: &Canvas<'_>,
    (account, row, key): (&Account, &UserRow, Known<'_>),
    selected: bool,
) -> &'static str {
    let (engine, slot, name) = (canvas.engine, account.session.slot, &row.user.name);
    let pending = key
        .id()
        .is_some_and(|id| engine.pending_for(slot, name, Some(id)).is_some());
    if pending {
        canvas.spinner()
    } else if engine.question_about(slot, name).is_some() {
        "?"
    } else if selected {
        canvas.theme.glyphs.marker
    } else {
        " "
    }
}

/// A text, with what the filter has found in it.
fn found(
    canvas: &Canvas<'_>,
    finder: Option<&mut Finder<'_>>,
    id: bool,
    (whole, shown): (&str, &str),
    style: Style,
) -> Vec<Span<'static>> {
    match finder {
        None => vec![Span::styled(shown.to_owned(), style)],
        Some(finder) => finder
            .spans(id, whole, shown, style, canvas.theme.found)
            .collect(),
    }
}

/// Why no key is shown, and what to press.
fn empty(canvas: &mut Canvas<'_>, area: Rect, lists: &Lists) {
    let account = canvas.account;
    let theme = canvas.theme;
    let tally = account.users.tally();
    let mut text: Vec<(String, Style)> = Vec::new();
    if tally.all_keys() > 0 {
        text.push(("No keys match.".into(), Style::new()));
        if tally.unknown > 0 {
            let users = format::plural(tally.unknown, "user");
            text.push((format!("The keys of {users} are not loaded."), theme.dim));
        }
        let query = lists.filter().query();
        if query.asks_tags() || query.asks_power() || query.asks_quarantine() {
            text.push((not_seen(account, query), theme.dim));
        }
        let clear = keymap::name(Context::AllKeys, Action::ClearFilter);
        text.push((format!("{clear} clears it."), theme.dim));
    } else {
        let said = match &account.users.listing {
            Load::Failed(error, _) => (error.short(), theme.bad),
            Load::Ready(()) if tally.unknown == 0 => {
                ("This account has no access keys.".into(), Style::new())
            }
            _ if tally.denied > 0 && tally.denied == tally.unknown => {
                let users = format::plural(tally.denied, "user");
                let said = "AccessDenied: iam:ListAccessKeys";
                text.push((said.into(), theme.bad));
                (
                    format!("The keys of {users} cannot be listed."),
                    Style::new(),
                )
            }
            _ => ("Loading the keys".into(), theme.dim),
        };
        text.push(said);
    }
    canvas.paragraphs(area, text);
}

/// How many keys there are, and whether that is all of them.
pub(super) fn count(rows: Rows<'_>) -> String {
    let keys = rows.tally().all_keys();
    let listed =
        |account: &Account| account.users.tally().unknown == 0 && account.users.listing.is_ready();
    match (keys, rows.reachable().all(listed)) {
        (keys, true) => format::count(keys),
        (0, false) => "?".into(),
        (keys, false) => format!("{} so far", format::count(keys)),
    }
}
