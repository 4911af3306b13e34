//! The list of users.

use super::{Canvas, format, pane};
use crate::{
    iam::{KeyStatus, Kind, LastUsed},
    message::Target,
    state::{
        Pane, Stage,
        load::Load,
        users::{KeyRow, UserRow},
    },
    text::{shorten_name, visible, width, wrap},
};
use ratatui::{
    layout::Rect,
    style::Style,
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
    let shown = state.users.shown_count();
    let note = if filter && !state.users.filter().is_empty() {
        Line::styled(format!("{} shown", format::count(shown)), theme.dim)
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
        filter_line(
            canvas,
            Rect {
                height: 1,
                ..inside
            },
        );
        inside.y += 1;
        inside.height = inside.height.saturating_sub(1);
    }
    heading(canvas, inside);
    let list = Rect {
        y: inside.y + 1,
        height: inside.height.saturating_sub(1),
        ..inside
    };
    if shown == 0 {
        empty(canvas, list);
        return;
    }
    let cursor = state.users.cursor();
    for (y, (at, row)) in (list.y..list.bottom()).zip(state.users.window()) {
        let line = Rect::new(list.x, y, list.width, 1);
        draw_row(canvas, line, row, at == cursor, focused);
        canvas.target(line, Target::User(at));
        canvas.drawn.rows += 1;
    }
}

fn filter_line(canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let input = &canvas.state.users.filter().input;
    let room = usize::from(area.width).saturating_sub(5);
    let skip = input.visual_scroll(room);
    let text: String = visible(input.value()).chars().skip(skip).collect();
    let mut spans = vec![Span::styled(" / ", theme.accent)];
    if canvas.state.filtering {
        let at = input.cursor().saturating_sub(skip);
        let (before, after) = (
            text.chars().take(at).collect::<String>(),
            text.chars().skip(at).collect::<String>(),
        );
        spans.push(Span::raw(before));
        spans.push(Span::styled(theme.glyphs.cursor, theme.accent));
        spans.push(Span::raw(after));
    } else {
        spans.push(Span::raw(text));
    }
    canvas.line(area.x, area.y, area.width, &Line::from(spans));
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
    let sorted = canvas.theme.glyphs.sorted;
    let text = format!(
        "  {:<name$} {:<KEYS$}{:>bar$}{:>AGE$}{:>USED$}",
        format!("name {sorted}"),
        "keys",
        "",
        "age",
        "used"
    );
    canvas.line(
        area.x,
        area.y,
        area.width,
        &Line::styled(text, canvas.theme.dim),
    );
}

fn draw_row(canvas: &mut Canvas<'_>, area: Rect, row: &UserRow, selected: bool, focused: bool) {
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
    let name = visible(&row.user.name);
    let name = shorten_name(&name, name_width, glyphs.more);
    let pad = " ".repeat(name_width.saturating_sub(width(&name)));
    let (keys, keys_cells) = key_symbols(canvas, row);
    let age = row.oldest_active().map(|created| canvas.now - created);
    let (used, used_style) = used(canvas, row);

    let mut spans = vec![
        Span::styled(format!("{marker} "), theme.accent),
        Span::styled(
            format!("{name}{pad} "),
            if selected { theme.strong } else { Style::new() },
        ),
    ];
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
        // One ground for the whole row: colours on it would be hard to read.
        for span in &mut spans[1..] {
            span.style = theme.selected;
        }
    }
    canvas.line(area.x, area.y, area.width, &Line::from(spans));
}

fn age_style(canvas: &Canvas<'_>, age: chrono::TimeDelta) -> Style {
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
    match (&row.keys, row.keys.known()) {
        (_, Some(keys)) => {
            let shown = if keys.len() > KEYS - 1 {
                KEYS - 2
            } else {
                keys.len()
            };
            let mut spans: Vec<Span<'static>> = keys[..shown]
                .iter()
                .map(|row| match row.key.status {
                    KeyStatus::Active if canvas.state.is_own(&row.key.id) => {
                        Span::styled(theme.glyphs.own, theme.accent)
                    }
                    KeyStatus::Active => Span::styled(theme.glyphs.active, theme.good),
                    KeyStatus::Inactive => Span::styled(theme.glyphs.inactive, theme.dim),
                    KeyStatus::Other(_) => Span::styled(theme.glyphs.other, theme.warn),
                })
                .collect();
            if shown < keys.len() {
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

/// The most recent use of any of the keys: a time, `never`, `refused`, or still loading.
fn used(canvas: &Canvas<'_>, row: &UserRow) -> (String, Style) {
    let theme = canvas.theme;
    let failed = |kind: Kind| {
        let word = if kind == Kind::Denied {
            "refused"
        } else {
            "failed"
        };
        (word.to_owned(), theme.warn)
    };
    let keys: &[KeyRow] = match (&row.keys, row.keys.known()) {
        (_, Some(keys)) => keys,
        (Load::Failed(error, _), None) => return failed(error.kind),
        (_, None) => return (String::new(), theme.dim),
    };
    if keys.is_empty() {
        return (String::new(), theme.dim);
    }
    if keys
        .iter()
        .any(|key| key.last_used.known().is_none() && key.last_used.error().is_none())
    {
        return (theme.glyphs.loading.into(), theme.dim);
    }
    let latest = keys
        .iter()
        .filter_map(|key| match key.last_used.known() {
            Some(LastUsed::At { time, .. }) => Some(*time),
            _ => None,
        })
        .max();
    let error = keys
        .iter()
        .filter(|key| key.last_used.known().is_none())
        .find_map(|key| key.last_used.error());
    match (latest, error) {
        (_, Some(error)) => failed(error.kind),
        (Some(time), None) => (format::short(canvas.now - time), Style::new()),
        (None, None) => ("never".into(), theme.dim),
    }
}

/// Why nobody is shown, and what to press.
fn empty(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let theme = canvas.theme;
    let text: Vec<(String, Style)> = match &state.users.listing {
        _ if !state.users.rows().is_empty() => vec![
            nobody_matches(canvas),
            (
                "A key ID is found once the keys of its user were seen.".into(),
                theme.dim,
            ),
            ("Esc clears it.".into(), theme.dim),
        ],
        Load::Failed(error, _) => vec![
            (error.short(), theme.bad),
            (error.message.clone(), Style::new()),
            (error.advice(), theme.dim),
        ],
        Load::Ready(_) => vec![("This account has no IAM users.".into(), Style::new())],
        _ if state.stage == Stage::SigningIn => {
            vec![("Looking for credentials".into(), theme.dim)]
        }
        _ => vec![("Loading the users".into(), theme.dim)],
    };
    let mut y = area.y;
    for (text, style) in text {
        for line in wrap(&visible(&text), usize::from(area.width).saturating_sub(4)) {
            if y < area.bottom() {
                canvas.line(
                    area.x + 2,
                    y,
                    area.width.saturating_sub(3),
                    &Line::styled(line, style),
                );
                y += 1;
            }
        }
    }
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
