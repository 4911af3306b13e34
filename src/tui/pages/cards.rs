//! The keys of the selected user, a card each: users have two, so there is room for the whole
//! truth.

use super::marks;
use crate::{
    engine::{
        Evidence, RotationStep,
        account::{Known, Load},
    },
    tui::prelude::*,
};
use chrono::{DateTime, Utc};

/// Draws the cards of a user, one of which is selected.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    user: Option<&UserRow>,
    cursor: usize,
    focused: bool,
) {
    let theme = canvas.theme;
    let account = canvas.account;
    let border = if focused { theme.accent } else { theme.dim };
    let Some(user) = user else {
        canvas.pane(area, Line::default(), Line::default(), border);
        return;
    };
    let note = match (&user.keys, user.keys.known()) {
        (Load::Failed(..), Some(_)) => Line::styled("not refreshed", theme.warn),
        (_, Some(keys)) => {
            let quota = account.identity.keys_per_user();
            Line::styled(format!("{} of {quota} keys", keys.len()), theme.dim)
        }
        _ => Line::default(),
    };
    let name = visible(&user.user.name);
    let room = usize::from(area.width)
        .saturating_sub(8)
        .saturating_sub(note.width());
    let name = shorten_name(&name, room, theme.glyphs.more).into_owned();
    let inside = canvas.pane(area, Line::styled(name, theme.strong), note, border);

    let mut y = inside.y;
    let width = usize::from(inside.width).saturating_sub(1);
    let cards: Vec<Vec<Line<'static>>> = user
        .known_keys()
        .filter_map(|key| Some((key, key.live()?)))
        .enumerate()
        .map(|(at, (key, row))| card(canvas, width, (user, key, row), at == cursor, focused))
        .collect();
    let below = below(canvas, user);
    let rows = cards.iter().map(|card| card.len() + 1).sum::<usize>() + below.len();
    let path = user.user.path_below_root().map(|path| {
        let path = visible(path);
        shorten_name(&path, width.saturating_sub(4), theme.glyphs.more).into_owned()
    });
    let owner = user.known_owner().flatten();
    // A line of its own is not taken from the keys.
    let owner = owner.filter(|_| path.is_some() || rows < usize::from(inside.height));
    let owner = owner.map(|owner| format!("owner {}", visible(owner)));
    let about: Vec<String> = path.into_iter().chain(owner).collect();
    if !about.is_empty() {
        let about = format!("    {}", about.join(&format!(" {} ", theme.glyphs.dot)));
        let about = shorten(&about, width, theme.glyphs.more).into_owned();
        canvas.line(inside.x, y, inside.width, &Line::styled(about, theme.dim));
        y += 1;
    }
    for (text, style) in marks::over_cards(canvas, user) {
        for line in wrap(&text, width.saturating_sub(4)) {
            let line = Line::styled(line, style);
            canvas.line(inside.x + 4, y, inside.width.saturating_sub(4), &line);
            y += 1;
        }
    }
    // Scroll by whole cards until the selected one is visible.
    let room = usize::from(inside.bottom() - y);
    let mut first = 0;
    while first < cursor
        && cards[first..=cursor]
            .iter()
            .map(|card| card.len() + 1)
            .sum::<usize>()
            > room + 1
    {
        first += 1;
    }
    for (at, card) in cards.into_iter().enumerate().skip(first) {
        let top = y;
        for line in card {
            if y < inside.bottom() {
                canvas.line(inside.x, y, inside.width, &line);
                y += 1;
            }
        }
        canvas.target(
            Rect::new(inside.x, top, inside.width, y - top),
            Target::Key(at),
        );
        y += 1;
    }
    for (text, style) in below {
        for line in wrap(&text, width.saturating_sub(5)) {
            if y < inside.bottom() {
                canvas.line(
                    inside.x + 4,
                    y,
                    inside.width.saturating_sub(4),
                    &Line::styled(line, style),
                );
                y += 1;
            }
        }
    }
}

/// What the report says of a key, without its ID: one sentence.
fn by_report(canvas: &Canvas<'_>, key: Known<'_>) -> String {
    let symbol = canvas.key_symbol(canvas.account, key).content;
    let age = key.created().map(|created| canvas.now - created);
    let used = key.last_used();
    let dot = canvas.theme.glyphs.dot;
    let parts = [
        Some(format!("{symbol} {}", key.status().word())),
        age.map(format::old),
        used.map(|used| words::used_with(used, dot, canvas.now)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What is said below the cards, or instead of them.
fn below(canvas: &Canvas<'_>, user: &UserRow) -> Vec<(String, Style)> {
    let theme = canvas.theme;
    let (engine, slot) = (canvas.engine, canvas.slot());
    let key = |action| keymap::name(Context::Keys, action);
    let mut text = Vec::new();
    if engine.pending_for(slot, &user.user.name, None).is_some() {
        text.push((format!("{} creating a key", canvas.spinner()), theme.accent));
    }
    if let Some(question) = engine.question_about(slot, &user.user.name) {
        text.push((format!("? {}", words::unknown(question)), theme.warn));
        text.push((
            format!("{} shows what is known", key(Action::OpenQuestion)),
            theme.dim,
        ));
    }
    if let Some(stands) = rotating(canvas, &user.user.name) {
        let glyph = theme.glyphs.turning;
        text.push((format!("{glyph} rotating: {stands}"), theme.accent));
        let does = if engine.settings.read_only {
            "shows it"
        } else {
            "to continue"
        };
        text.push((format!("{} {does}", key(Action::Rotate)), theme.dim));
    }
    match (&user.keys, user.keys.known()) {
        (Load::Failed(error, known), _) => {
            text.push((
                format!("{} {}", theme.glyphs.warn, visible(&error.short())),
                theme.warn,
            ));
            text.push((visible(&error.message).into_owned(), Style::new()));
            text.push((words::remedy(error), theme.dim));
            if known.is_some() {
                text.push(("Showing earlier data, refresh failed.".into(), theme.dim));
            }
        }
        (_, Some(keys)) if keys.is_empty() && text.is_empty() => {
            text.push(("No access keys.".into(), Style::new()));
            if !engine.settings.read_only {
                text.push((format!("{} creates one.", key(Action::Create)), theme.dim));
            }
        }
        (_, Some(_)) => {}
        (Load::Idle, None) if canvas.account.identity.broken.is_some() => {
            text.push(("Not loaded: the session has ended.".into(), theme.warn));
        }
        (_, None) => text.push(("Loading the keys".into(), theme.dim)),
    }
    if user.keys.known().is_none() {
        let reported: Vec<Known<'_>> = user.known_keys().collect();
        if !reported.is_empty() {
            text.push((String::new(), Style::new()));
            text.push(("The report says:".into(), theme.dim));
        }
        text.extend(
            reported
                .into_iter()
                .map(|key| (by_report(canvas, key), Style::new())),
        );
    }
    text
}

/// How the rotation of a user's key stands, where one is under way: two keys alone are two keys.
fn rotating(canvas: &Canvas<'_>, user: &str) -> Option<&'static str> {
    let rotation = canvas.engine.rotation(canvas.slot(), user);
    let evidence = rotation.evidence?;
    let warm = |row| canvas.engine.is_warm(row);
    Some(match rotation.step {
        RotationStep::Watch => "the old key is off, and was in use not long ago",
        RotationStep::Delete => "the old key is off, and can be deleted",
        RotationStep::Deactivate if evidence == Evidence::TookOver => {
            "the new key is in use, and the old one no longer"
        }
        RotationStep::Deactivate if rotation.old.is_some_and(warm) => "the old key is still in use",
        RotationStep::Deactivate => "the old key can be switched off",
        RotationStep::Store | RotationStep::Check => "the new key is there",
        RotationStep::Before | RotationStep::Create => return None,
    })
}

/// One key: ID and status, age, last use, and its life as a line.
fn card(
    canvas: &Canvas<'_>,
    cells: usize,
    (user, known, row): (&UserRow, Known<'_>, &KeyRow),
    selected: bool,
    focused: bool,
) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let glyphs = theme.glyphs;
    let key = &row.key;
    let (symbol, symbol_style) = match key.status {
        KeyStatus::Active if canvas.account.is_own(&key.id) => (glyphs.own, theme.accent),
        KeyStatus::Active => (glyphs.active, theme.good),
        KeyStatus::Inactive => (glyphs.inactive, theme.dim),
        KeyStatus::Other(_) => (glyphs.other, theme.warn),
    };
    let mut pending = canvas.engine.under_way().map(|(_, change)| change);
    let pending = pending.find(|change| change.key() == Some(&key.id));
    let status = match pending {
        Some(change) => format!("{} {}", canvas.spinner(), change.row().doing),
        None => visible(key.status.word()).into_owned(),
    };
    let marker = if selected { glyphs.marker } else { " " };
    let id = visible(&key.id).into_owned();
    let id_style = if selected && focused {
        theme.select(theme.strong)
    } else {
        theme.strong
    };
    let head = vec![
        Span::styled(format!("{marker} "), theme.accent),
        Span::styled(symbol, symbol_style),
        canvas.mark(canvas.slot(), Some(&key.id)),
    ];

    let mut lines = Vec::new();
    let gap = cells.saturating_sub(4 + width(&id) + width(&status));
    if gap > 0 {
        let mut spans = head;
        spans.push(Span::styled(id, id_style));
        spans.push(Span::raw(" ".repeat(gap)));
        spans.push(Span::styled(status, symbol_style));
        lines.push(Line::from(spans));
    } else {
        // Longer than usual: neither the ID nor the status is ever cut off.
        let mut spans = head;
        for part in wrap(&id, cells.saturating_sub(4)) {
            spans.push(Span::styled(part, id_style));
            lines.push(Line::from(std::mem::replace(
                &mut spans,
                vec![Span::raw("    ")],
            )));
        }
        spans.push(Span::styled(status, symbol_style));
        lines.push(Line::from(spans));
    }
    if let Some(text) = user.description(&key.id) {
        let text = visible(text);
        let text = shorten(&text, cells.saturating_sub(4), glyphs.more).into_owned();
        lines.push(Line::from(vec![
            Span::raw("    "),
            Span::styled(text, Style::new()),
        ]));
    }
    lines.push(age_line(canvas, row));
    let own = match &canvas.account {
        account if account.is_own(&key.id) => Some("this session is signed in with it"),
        account if account.is_made_from(&key.id) => Some("this session was made from it"),
        _ => None,
    };
    if let Some(own) = own {
        lines.push(Line::from(vec![
            Span::raw("    "),
            Span::styled(own, theme.accent),
        ]));
    }
    let last_used = match known.last_used().filter(|_| known.is_reported()) {
        Some(last_used) => words::used_by_report(last_used, glyphs.dot, canvas.now),
        None => words::used(&row.last_used, glyphs.dot, canvas.now),
    };
    let used_style = match &row.last_used {
        Load::Failed(_, None) => theme.warn,
        load if load.known().is_none() => theme.dim,
        _ => Style::new(),
    };
    for part in wrap(&last_used, cells.saturating_sub(4)) {
        lines.push(Line::from(vec![
            Span::raw("    "),
            Span::styled(part, used_style),
        ]));
    }
    let oldest = user.known_keys().filter_map(Known::created).min();
    if let Some(life) = life_line(canvas, cells, known, oldest) {
        lines.push(life);
    }
    lines
}

fn age_line(canvas: &Canvas<'_>, row: &KeyRow) -> Line<'static> {
    let theme = canvas.theme;
    let mut spans = vec![Span::raw("    ")];
    match row.key.created {
        Some(created) => {
            let age = canvas.now - created;
            spans.push(Span::raw(format::old(age)));
            if age >= format::OLD && row.key.status != KeyStatus::Inactive {
                let style = if age >= format::VERY_OLD {
                    theme.bad
                } else {
                    theme.warn
                };
                let text = format!("  {} older than 90 days", theme.glyphs.warn);
                spans.push(Span::styled(text, style));
            }
        }
        None => spans.push(Span::styled("age not known", theme.dim)),
    }
    Line::from(spans)
}

/// From its creation to now, with a mark at its last use: `2025-10-05 ├─────◆─┤ now`. All keys of a
/// user share one scale, which begins with the oldest: the younger a key, the shorter its line.
fn life_line(
    canvas: &Canvas<'_>,
    cells: usize,
    key: Known<'_>,
    oldest: Option<DateTime<Utc>>,
) -> Option<Line<'static>> {
    let theme = canvas.theme;
    let (begin, middle, mark, end) = theme.glyphs.life;
    let created = key.created()?;
    let room = cells.checked_sub(4 + 10 + 1 + 2 + 4)?;
    if room < 6 {
        return None;
    }
    let from = oldest.unwrap_or(created);
    let cell = |time| cell_of(time, (from, canvas.now), room);
    let start = cell(created);
    let mut spans = vec![Span::styled(
        format!("    {} {}{begin}", format::day(created), " ".repeat(start)),
        theme.dim,
    )];
    match key.last_used() {
        Some(LastUsed::At { time, .. }) => {
            let at = cell(*time).max(start);
            spans.push(Span::styled(middle.repeat(at - start), theme.dim));
            spans.push(Span::styled(mark, theme.accent));
            spans.push(Span::styled(middle.repeat(room - 1 - at), theme.dim));
        }
        _ => spans.push(Span::styled(middle.repeat(room - start), theme.dim)),
    }
    spans.push(Span::styled(format!("{end} now"), theme.dim));
    Some(Line::from(spans))
}

/// The cell of a time, of so many between two others.
fn cell_of(
    time: DateTime<Utc>,
    (from, now): (DateTime<Utc>, DateTime<Utc>),
    cells: usize,
) -> usize {
    let life = (now - from).num_seconds().max(1);
    let until = (time - from).num_seconds().clamp(0, life);
    let last = i64::try_from(cells.saturating_sub(1)).unwrap_or(0);
    usize::try_from(until * last / life).unwrap_or(0)
}
