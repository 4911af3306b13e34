//! The list of all keys.

use super::{
    Canvas, filter_line, format,
    found::Finder,
    heading::{self, Heading},
    pane,
    users::{age_style, symbol},
    words,
};
use crate::{
    iam::{KeyStatus, LastUsed},
    message::Target,
    state::{
        load::Load,
        sort::Column,
        users::{Known, UserRow},
    },
    text::{shorten_name, visible, width},
};
use ratatui::{
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
};

/// Cells of the columns beside the user's name: an ID is never cut off.
const ID: usize = 20;
const AGE: usize = 7;
const USED: usize = 12;
const SERVICE: usize = 14;
const REGION: usize = 15;
const STATUS: usize = 8;

/// The marker, the symbol of the status, and a space.
const FRONT: usize = 4;
/// Between a column and the next.
const GAP: usize = 2;

/// From these widths on there is room for more columns.
const WITH_STATUS: usize = 72;
const WITH_SERVICE: usize = 90;
const WITH_REGION: usize = 108;

/// Which columns there is room for.
struct Columns {
    user: usize,
    status: bool,
    service: bool,
    region: bool,
}

impl Columns {
    fn of(area: Rect) -> Self {
        let width = usize::from(area.width);
        let (status, service, region) = (
            width >= WITH_STATUS,
            width >= WITH_SERVICE,
            width >= WITH_REGION,
        );
        let more = |there: bool, cells: usize| if there { GAP + cells } else { 0 };
        let rest = FRONT
            + ID
            + GAP
            + AGE
            + USED
            + more(service, SERVICE)
            + more(region, REGION)
            + more(status, STATUS)
            + 1;
        Self {
            user: width.saturating_sub(rest),
            status,
            service,
            region,
        }
    }
}

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, filter: bool) {
    let theme = canvas.theme;
    let state = canvas.state;
    let table = state.users.by_key();
    let tally = state.users.tally();
    let so_far = if state.is_all_known() { "" } else { " so far" };
    let mut note = match (tally.all_keys(), so_far) {
        (0, " so far") => String::new(),
        (keys, _) => format!("{}{so_far}", format::plural(keys, "key")),
    };
    if !state.users.filter().query().is_empty() {
        let shown = format::count(table.shown().len());
        note = format!("{note} {} {shown} shown", theme.glyphs.dot);
    }
    let mut inside = pane(
        canvas,
        area,
        Line::styled("Keys", theme.strong),
        Line::styled(note, theme.dim),
        theme.accent,
    );
    if filter {
        filter_line::draw(
            canvas,
            Rect {
                height: 1,
                ..inside
            },
        );
        inside.y += 1;
        inside.height = inside.height.saturating_sub(1);
    }
    let columns = Columns::of(inside);
    match state.users.filter().query().errors().first() {
        Some(error) => filter_line::explanation(canvas, inside, error),
        None => headings(canvas, inside, &columns),
    }
    let list = Rect {
        y: inside.y + 1,
        height: inside.height.saturating_sub(1),
        ..inside
    };
    if table.shown().is_empty() {
        empty(canvas, list);
        return;
    }
    let mut finder = Finder::of(state.users.filter().query());
    let first = table.offset();
    for (at, row, key) in state.users.keys_window() {
        let Ok(down) = u16::try_from(at - first) else {
            break;
        };
        let line = Rect::new(list.x, list.y + down, list.width, 1);
        if line.y >= list.bottom() {
            break;
        }
        let selected = at == table.cursor();
        draw_row(canvas, line, &columns, row, key, selected, finder.as_mut());
        canvas.target(line, Target::KeyRow(at));
        canvas.drawn.rows += 1;
    }
}

fn headings(canvas: &mut Canvas<'_>, area: Rect, columns: &Columns) {
    let mut headings = vec![
        Heading::left(Column::Id, "key ID", FRONT, ID),
        Heading::left(Column::User, "user", GAP, columns.user),
        Heading::right(Column::Age, "age", 0, AGE),
        Heading::right(Column::LastUsed, "last used", 0, USED),
    ];
    if columns.service {
        headings.push(Heading::left(Column::Service, "service", GAP, SERVICE));
    }
    if columns.region {
        headings.push(Heading::left(Column::Region, "region", GAP, REGION));
    }
    if columns.status {
        headings.push(Heading::left(Column::Status, "status", GAP, STATUS));
    }
    heading::draw(canvas, area, canvas.state.users.by_key().sort(), &headings);
}

fn draw_row(
    canvas: &mut Canvas<'_>,
    area: Rect,
    columns: &Columns,
    row: &UserRow,
    key: Known<'_>,
    selected: bool,
    mut finder: Option<&mut Finder<'_>>,
) {
    let theme = canvas.theme;
    let strong = if selected { theme.strong } else { Style::new() };
    let mut spans = vec![
        Span::styled(
            format!("{} ", marker(canvas, row, key, selected)),
            theme.accent,
        ),
        symbol(canvas, key),
        Span::raw(" "),
    ];
    let mut name_cells = columns.user;
    match key.id() {
        Some(id) => {
            let id = visible(id);
            // Longer than usual: the name gives way.
            name_cells = name_cells.saturating_sub(width(&id).saturating_sub(ID));
            let finder = finder.as_deref_mut();
            marked(canvas, &mut spans, finder, true, (&id, &id), strong);
            pad(&mut spans, &id, ID);
        }
        None => {
            let (text, style) = match &row.keys {
                Load::Failed(..) => ("?", theme.warn),
                Load::Idle if canvas.state.session.broken.is_some() => ("?", theme.dim),
                _ => (theme.glyphs.loading, theme.dim),
            };
            spans.push(Span::styled(text, style));
            pad(&mut spans, text, ID);
        }
    }
    spans.push(Span::raw(" ".repeat(GAP)));
    let whole = visible(&row.user.name);
    let name = shorten_name(&whole, name_cells, theme.glyphs.more);
    marked(canvas, &mut spans, finder, false, (&whole, &name), strong);
    pad(&mut spans, &name, name_cells);
    let age = key.created().map(|created| canvas.now - created);
    let style = match age {
        Some(age) if *key.status() == KeyStatus::Active => age_style(canvas, age),
        _ => theme.dim,
    };
    let age = age.map(format::short).unwrap_or_default();
    spans.push(Span::styled(format!("{age:>AGE$}"), style));
    let (used, style) = used(canvas, key);
    spans.push(Span::styled(format!("{used:>USED$}"), style));
    let (service, region) = match key.last_used() {
        Some(LastUsed::At {
            service, region, ..
        }) => (service.as_deref(), region.as_deref()),
        _ => (None, None),
    };
    for (there, text, cells) in [
        (columns.service, service, SERVICE),
        (columns.region, region, REGION),
        (columns.status, Some(key.status().word()), STATUS),
    ] {
        if there {
            let text = visible(text.unwrap_or_default()).into_owned();
            let text = shorten_name(&text, cells, theme.glyphs.more).into_owned();
            spans.push(Span::raw(" ".repeat(GAP)));
            let padding = cells.saturating_sub(width(&text));
            spans.push(Span::raw(text + &" ".repeat(padding)));
        }
    }
    if selected {
        // One ground for the whole row: colours on it would be hard to read. Lines are not.
        let taken: usize = spans.iter().map(|span| width(&span.content)).sum();
        let rest = usize::from(area.width).saturating_sub(taken);
        spans.push(Span::raw(" ".repeat(rest)));
        for span in &mut spans[1..] {
            let line = span.style.add_modifier & Modifier::UNDERLINED;
            span.style = theme.selected.add_modifier(line);
        }
    }
    canvas.line(area.x, area.y, area.width, &Line::from(spans));
}

/// What stands before a row: a change under way, an open question, a rotation, or the selection.
fn marker(canvas: &Canvas<'_>, row: &UserRow, key: Known<'_>, selected: bool) -> &'static str {
    let state = canvas.state;
    let name = &row.user.name;
    let pending = key
        .id()
        .is_some_and(|id| state.pending_for(name, Some(id)).is_some());
    if pending {
        canvas.spinner()
    } else if state.question_about(name).is_some() {
        "?"
    } else if selected {
        canvas.theme.glyphs.marker
    } else {
        " "
    }
}

/// A text, with what the filter has found in it.
fn marked(
    canvas: &Canvas<'_>,
    spans: &mut Vec<Span<'static>>,
    finder: Option<&mut Finder<'_>>,
    id: bool,
    (whole, shown): (&str, &str),
    style: Style,
) {
    match finder {
        None => spans.push(Span::styled(shown.to_owned(), style)),
        Some(finder) => spans.extend(finder.spans(id, whole, shown, style, canvas.theme.found)),
    }
}

fn pad(spans: &mut Vec<Span<'static>>, text: &str, cells: usize) {
    spans.push(Span::raw(" ".repeat(cells.saturating_sub(width(text)))));
}

fn used(canvas: &Canvas<'_>, key: Known<'_>) -> (String, Style) {
    let theme = canvas.theme;
    match (key.last_used(), key.error()) {
        (Some(LastUsed::Never), _) => (words::as_reported("never", key.is_reported()), theme.dim),
        (Some(LastUsed::At { time, .. }), _) => {
            let text = format::short(canvas.now - *time);
            (words::as_reported(&text, key.is_reported()), Style::new())
        }
        (None, Some(error)) => (words::failed(error).into(), theme.warn),
        (None, None) => (theme.glyphs.loading.into(), theme.dim),
    }
}

/// Why nothing is shown, and what to press.
fn empty(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let theme = canvas.theme;
    let tally = state.users.tally();
    let mut text: Vec<(String, Style)> = Vec::new();
    if tally.all_keys() > 0 {
        text.push(("No key matches the filter.".into(), Style::new()));
        if tally.unknown > 0 {
            let users = format::plural(tally.unknown, "user");
            text.push((format!("The keys of {users} are not loaded."), theme.dim));
        }
        text.push(("Esc clears it.".into(), theme.dim));
    } else {
        text.push(match &state.users.listing {
            Load::Failed(error, _) => (error.short(), theme.bad),
            Load::Ready(()) if tally.unknown == 0 => {
                ("This account has no access keys.".into(), Style::new())
            }
            _ => ("Loading the keys".into(), theme.dim),
        });
    }
    super::paragraphs(canvas, area, text);
}
