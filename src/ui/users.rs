//! The list of users.

use super::{
    Canvas, filter_line, format,
    found::Finder,
    heading::{self, Heading},
    pane, words,
};
use crate::{
    iam::KeyStatus,
    message::Target,
    state::{
        Pane, Stage,
        filter::Query,
        load::Load,
        sort::Column,
        users::{Known, Used, UserRow},
    },
    text::{shorten_name, visible, width},
};
use ratatui::{
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
};

/// Cells of the columns beside the name.
const KEYS: usize = 4;
const AGE: usize = 6;
const USED: usize = 8;
/// The bar that shows an age against a year, where there is room for it.
const BAR: usize = 8;
const WITH_BAR: usize = 47;

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, filter: bool) {
    let theme = canvas.theme;
    let state = canvas.state;
    let focused = state.pane == Pane::Users;
    let border = if focused { theme.accent } else { theme.dim };
    let shown = state.users.by_user().shown().len();
    let note = if filter && !state.users.filter().is_empty() {
        // Of keys that nobody knows nothing can be found.
        let query = state.users.filter().query();
        let known = state.is_listed() && (state.is_all_known() || !query.needs_keys());
        let so_far = if known { "" } else { " so far" };
        let text = format!("{} shown{so_far}", format::count(shown));
        Line::styled(text, theme.dim)
    } else {
        Line::default()
    };
    let mut inside = pane(
        canvas,
        area,
        Line::styled("Users", theme.strong),
        note,
        border,
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
    // The lines stay where they are while somebody types: what is wrong takes the heading's.
    match state.users.filter().query().errors().first() {
        Some(error) => filter_line::explanation(canvas, inside, error),
        None => heading(canvas, inside),
    }
    let list = Rect {
        y: inside.y + 1,
        height: inside.height.saturating_sub(1),
        ..inside
    };
    if shown == 0 {
        empty(canvas, list);
        return;
    }
    let cursor = state.users.by_user().cursor();
    let mut finder = Finder::of(state.users.filter().query());
    for (y, (at, row)) in (list.y..list.bottom()).zip(state.users.window()) {
        let line = Rect::new(list.x, y, list.width, 1);
        draw_row(canvas, line, row, at == cursor, focused, finder.as_mut());
        canvas.target(line, Target::User(at));
        canvas.drawn.rows += 1;
    }
}

/// The cells for the name, and whether there is a bar.
fn columns(width: u16) -> (usize, bool) {
    let width = usize::from(width);
    let bar = width >= WITH_BAR;
    // The marker, a gap, and a margin at the right.
    let rest = 2 + 1 + KEYS + if bar { BAR + 1 } else { 0 } + AGE + USED + 1;
    (width.saturating_sub(rest), bar)
}

fn heading(canvas: &mut Canvas<'_>, area: Rect) {
    let (name, bar) = columns(area.width);
    let bar = if bar { BAR + 1 } else { 0 };
    let sort = canvas.state.users.by_user().sort();
    heading::draw(
        canvas,
        area,
        sort,
        &[
            Heading::left(Column::User, "name", 2, name),
            Heading::left(Column::Keys, "keys", 1, KEYS),
            Heading::right(Column::Age, "age", bar, AGE),
            Heading::right(Column::LastUsed, "used", 0, USED),
        ],
    );
}

fn draw_row(
    canvas: &mut Canvas<'_>,
    area: Rect,
    row: &UserRow,
    selected: bool,
    focused: bool,
    finder: Option<&mut Finder<'_>>,
) {
    let theme = canvas.theme;
    let glyphs = theme.glyphs;
    let (name_width, bar) = columns(area.width);
    let pending = canvas
        .state
        .changes
        .iter()
        .any(|p| p.change.user().eq_ignore_ascii_case(&row.user.name));
    let unknown = canvas.state.question_about(&row.user.name).is_some();
    let marker = match (selected, pending, unknown) {
        (_, true, _) => canvas.spinner(),
        (_, _, true) => "?",
        (true, false, false) => glyphs.marker,
        (false, false, false) => " ",
    };
    let whole = visible(&row.user.name);
    let name = shorten_name(&whole, name_width, glyphs.more);
    let pad = " ".repeat(name_width.saturating_sub(width(&name)));
    let (keys, keys_cells) = key_symbols(canvas, row);
    let age = row.oldest_active().map(|created| canvas.now - created);
    let (used, used_style) = used(canvas, row);

    let style = if selected { theme.strong } else { Style::new() };
    let mut spans = vec![Span::styled(format!("{marker} "), theme.accent)];
    match finder {
        None => spans.push(Span::styled(name.into_owned(), style)),
        Some(finder) => spans.extend(finder.spans(false, &whole, &name, style, theme.found)),
    }
    spans.push(Span::styled(format!("{pad} "), style));
    spans.extend(keys);
    spans.push(Span::raw(" ".repeat(KEYS.saturating_sub(keys_cells))));
    let age_style = age.map_or(theme.dim, |age| age_style(canvas, age));
    if bar {
        spans.extend(age_bar(canvas, age, age_style));
        spans.push(Span::raw(" "));
    }
    let age = age.map(format::short).unwrap_or_default();
    spans.push(Span::styled(format!("{age:>AGE$}"), age_style));
    spans.push(Span::styled(format!("{used:>USED$} "), used_style));
    if selected && focused {
        // One ground for the whole row: colours on it would be hard to read. Lines are not.
        for span in &mut spans[1..] {
            let line = span.style.add_modifier & Modifier::UNDERLINED;
            span.style = theme.selected.add_modifier(line);
        }
    }
    canvas.line(area.x, area.y, area.width, &Line::from(spans));
}

pub(super) fn age_style(canvas: &Canvas<'_>, age: chrono::TimeDelta) -> Style {
    if age >= format::VERY_OLD {
        canvas.theme.bad
    } else if age >= format::OLD {
        canvas.theme.warn
    } else {
        Style::new()
    }
}

/// The age against a year.
fn age_bar(
    canvas: &Canvas<'_>,
    age: Option<chrono::TimeDelta>,
    style: Style,
) -> [Span<'static>; 2] {
    let (full, rest) = canvas.theme.glyphs.bar;
    let Some(age) = age else {
        return [Span::raw(" ".repeat(BAR)), Span::raw("")];
    };
    let year = format::VERY_OLD.num_days();
    let cells = age.num_days().clamp(0, year) * i64::try_from(BAR).unwrap_or(0) / year;
    let cells = usize::try_from(cells).unwrap_or(0).clamp(1, BAR);
    let style = if style == Style::new() {
        canvas.theme.good
    } else {
        style
    };
    [
        Span::styled(full.repeat(cells), style),
        Span::styled(rest.repeat(BAR - cells), canvas.theme.dim),
    ]
}

/// The keys as symbols, and the cells they take.
fn key_symbols(canvas: &Canvas<'_>, row: &UserRow) -> (Vec<Span<'static>>, usize) {
    let theme = canvas.theme;
    match (&row.keys, row.key_count()) {
        (_, Some(count)) => {
            let shown = if count > KEYS - 1 { KEYS - 2 } else { count };
            let keys = row.known_keys().take(shown);
            let mut spans: Vec<Span<'static>> = keys.map(|key| symbol(canvas, key)).collect();
            if shown < count {
                spans.push(Span::styled("+", theme.warn));
            }
            let cells = spans.len();
            (spans, cells)
        }
        (Load::Failed(..), None) => (vec![Span::styled("?", theme.warn)], 1),
        // Nobody asks any more.
        (Load::Idle, _) if canvas.state.session.broken.is_some() => {
            (vec![Span::styled("?", theme.dim)], 1)
        }
        (_, None) => {
            let text = theme.glyphs.loading;
            (vec![Span::styled(text, theme.dim)], width(text))
        }
    }
}

/// The status of a key as a symbol.
pub(super) fn symbol(canvas: &Canvas<'_>, key: Known<'_>) -> Span<'static> {
    let theme = canvas.theme;
    match key.status() {
        KeyStatus::Active if key.id().is_some_and(|id| canvas.state.is_own(id)) => {
            Span::styled(theme.glyphs.own, theme.accent)
        }
        KeyStatus::Active => Span::styled(theme.glyphs.active, theme.good),
        KeyStatus::Inactive => Span::styled(theme.glyphs.inactive, theme.dim),
        KeyStatus::Other(_) => Span::styled(theme.glyphs.other, theme.warn),
    }
}

/// The most recent use of any of the keys: a time, `never`, `refused`, or still loading.
fn used(canvas: &Canvas<'_>, row: &UserRow) -> (String, Style) {
    let theme = canvas.theme;
    match row.last_used() {
        Used::NoKeys => (String::new(), theme.dim),
        Used::Unknown if row.key_count().is_none() => (String::new(), theme.dim),
        Used::Unknown => (theme.glyphs.loading.into(), theme.dim),
        Used::Failed(error) => (words::failed(error).into(), theme.warn),
        Used::Never => (words::as_reported("never", row.is_reported()), theme.dim),
        Used::At(time) => {
            let text = format::short(canvas.now - time);
            (words::as_reported(&text, row.is_reported()), Style::new())
        }
    }
}

/// Why nobody is shown, and what to press.
fn empty(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let theme = canvas.theme;
    let text: Vec<(String, Style)> = match &state.users.listing {
        _ if !state.users.rows().is_empty() => vec![
            nobody_matches(canvas),
            (not_seen(state.users.filter().query()).into(), theme.dim),
            ("Esc clears it.".into(), theme.dim),
        ],
        Load::Failed(error, _) => vec![
            (error.short(), theme.bad),
            (error.message.clone(), Style::new()),
            (error.advice(), theme.dim),
        ],
        Load::Ready(()) => vec![("This account has no IAM users.".into(), Style::new())],
        _ if state.stage == Stage::SigningIn => {
            vec![("Looking for credentials".into(), theme.dim)]
        }
        _ => vec![("Loading the users".into(), theme.dim)],
    };
    super::paragraphs(canvas, area, text);
}

/// Nobody passes the filter, of those who are loaded.
fn nobody_matches(canvas: &Canvas<'_>) -> (String, Style) {
    let text = if canvas.state.users.is_complete() {
        "Nobody matches the filter."
    } else {
        "Nobody matches the filter so far."
    };
    (text.into(), Style::new())
}

/// Why somebody may be missing.
fn not_seen(query: &Query) -> &'static str {
    if query.needs_keys() {
        "Only users whose keys were seen can match."
    } else {
        "A key ID is found once the keys of its user were seen."
    }
}
