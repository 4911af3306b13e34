//! The list of what was done in this run, and what failed: the newest at the top.

use super::{Canvas, dialog::to_u16, format, pane, theme::Theme};
use crate::{
    message::Target,
    state::activity::{Entry, KEPT, Outcome},
    text::{shorten_name, visible, width, wrap},
};
use chrono::{DateTime, Utc};
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

/// Cells of the columns that do not give way.
const TIME: usize = 8;
const TOOK: usize = 6;
/// A request ID is a UUID.
const REQUEST: usize = 36;
/// The longest action, `GetAccessKeyLastUsed`, and where there is little room most of it.
const ACTION: usize = 20;
const SHORT_ACTION: usize = 15;
/// `AccessDenied`, and `deactivated`.
const RESULT: usize = 12;
/// A key ID and a name of some length; a longer one gives way to more of the result.
const TARGET: usize = 45;

/// From these widths on, there is room for more columns.
const WITH_TOOK: usize = 72;
const WITH_REQUEST: usize = 112;

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let activity = &canvas.state.activity;
    let note = match (activity.offset(), activity.noted()) {
        (0, noted) if noted > KEPT => {
            format!("newest {} of {}", format::count(KEPT), format::count(noted))
        }
        (0, _) => String::new(),
        (newer, _) => format!("{} newer above", format::count(newer)),
    };
    let inside = pane(
        canvas,
        area,
        Line::styled("Activity", theme.strong),
        Line::styled(note, theme.dim),
        theme.accent,
    );
    if activity.is_empty() {
        empty(canvas, inside);
        return;
    }
    let columns = Columns::of(inside.width);
    heading(canvas, inside, &columns);
    let rows = (inside.y + 1..inside.bottom()).zip(activity.window());
    for (y, (row, entry)) in rows {
        let line = Rect::new(inside.x, y, inside.width, 1);
        draw_row(canvas, line, &columns, entry, row == activity.cursor());
        canvas.target(line, Target::Entry(activity.number_of(row)));
        canvas.drawn.rows += 1;
    }
}

/// How many cells each column has; 0 where there is no room for it.
struct Columns {
    action: usize,
    target: usize,
    result: usize,
    took: usize,
    request: usize,
}

impl Columns {
    fn of(width: u16) -> Self {
        let width = usize::from(width);
        let took = if width < WITH_TOOK { 0 } else { TOOK };
        let request = if width < WITH_REQUEST { 0 } else { REQUEST };
        let action = if took == 0 { SHORT_ACTION } else { ACTION };
        // The marker, the symbol, the gaps, and a margin at the right.
        let fixed = 2
            + TIME
            + 1
            + 2
            + action
            + 1
            + 1
            + if took == 0 { 0 } else { took + 1 }
            + if request == 0 { 0 } else { request + 2 }
            + 1;
        let rest = width.saturating_sub(fixed);
        let target = rest.saturating_sub(RESULT).min(TARGET);
        Self {
            action,
            target,
            result: rest - target,
            took,
            request,
        }
    }
}

fn heading(canvas: &mut Canvas<'_>, area: Rect, columns: &Columns) {
    let Columns {
        action,
        target,
        result,
        took,
        request,
    } = *columns;
    let mut titles = vec![format!(
        "  {:<TIME$}   {:<action$} {:<target$} {:<result$}",
        "time UTC", "action", "target", "result"
    )];
    if took > 0 {
        titles.push(format!(" {:>took$}", "took"));
    }
    if request > 0 {
        titles.push(format!("  {:<request$}", "request ID"));
    }
    let line = Line::styled(titles.concat(), canvas.theme.dim);
    canvas.line(area.x, area.y, area.width, &line);
}

fn draw_row(canvas: &mut Canvas<'_>, area: Rect, columns: &Columns, entry: &Entry, selected: bool) {
    let theme = canvas.theme;
    let more = theme.glyphs.more;
    let cell = |text: &str, cells: usize| {
        let text = shorten_name(text, cells, more);
        let pad = " ".repeat(cells.saturating_sub(width(&text)));
        format!("{text}{pad}")
    };
    let marker = if selected { theme.glyphs.marker } else { " " };
    let (symbol, style) = symbol(theme, &entry.result);
    let action = without_service(entry.action);
    let target = target(&visible(&entry.target), columns.target, more);
    let mut spans = vec![
        Span::styled(format!("{marker} "), theme.accent),
        Span::styled(cell(&time(entry.time, canvas.now), TIME), theme.dim),
        Span::styled(format!(" {symbol} "), style),
        Span::raw(cell(action, columns.action)),
        Span::styled(
            format!(" {} ", cell(&target, columns.target)),
            if selected { theme.strong } else { Style::new() },
        ),
        Span::styled(cell(&visible(word(&entry.result)), columns.result), style),
    ];
    if columns.took > 0 {
        let took = format::took(entry.took);
        let text = format!(" {took:>cells$}", cells = columns.took);
        spans.push(Span::styled(text, theme.dim));
    }
    if columns.request > 0 {
        let id = entry.request_id.as_deref().unwrap_or_default();
        let text = format!("  {}", cell(&visible(id), columns.request));
        spans.push(Span::styled(text, theme.dim));
    }
    spans.push(Span::raw(" "));
    if selected {
        // One ground for the whole row: colours on it would be hard to read.
        for span in &mut spans[1..] {
            span.style = theme.selected;
        }
    }
    canvas.line(area.x, area.y, area.width, &Line::from(spans));
}

/// The symbol of an outcome, and its colour.
pub(super) fn symbol(theme: Theme, result: &Outcome) -> (&'static str, Style) {
    match result {
        Outcome::Done(_) => (theme.glyphs.done, theme.good),
        Outcome::Failed(_) => (theme.glyphs.failed, theme.bad),
        Outcome::NotKnown(_) => (theme.glyphs.warn, theme.warn),
    }
}

/// An outcome in a word or two.
fn word(result: &Outcome) -> &str {
    match result {
        Outcome::Done(words) => words,
        Outcome::Failed(error) => error.what(),
        Outcome::NotKnown(_) => "not known",
    }
}

/// The time of a day; of another day than today, which day.
fn time(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let form = if time.date_naive() == now.date_naive() {
        "%H:%M:%S"
    } else {
        "%d %b"
    };
    time.format(form).to_string()
}

/// An action without the service that nearly all have in common.
fn without_service(action: &str) -> &str {
    action.split_once(':').map_or(action, |(_, name)| name)
}

/// A target in so many cells. Of a key and its user, the key gives way down to its last four
/// characters, and then the name: people know keys by their end, and users by their name.
fn target(text: &str, cells: usize, more: &str) -> String {
    const OF: &str = " of ";
    const END: usize = 4;
    /// Beginning and end of a key ID: `AKIA…PLE1`.
    const BOTH_ENDS: usize = 9;
    let key_and_user = text
        .split_once(OF)
        .filter(|(key, _)| !key.contains(' ') && width(text) > cells);
    let Some((key, user)) = key_and_user else {
        return shorten_name(text, cells, more).into_owned();
    };
    let end: String = key
        .chars()
        .skip(key.chars().count().saturating_sub(END))
        .collect();
    let end = format!("{more}{end}");
    let room = cells.saturating_sub(OF.len());
    let for_user = width(user).min(room.saturating_sub(width(&end)));
    let key = match room - for_user {
        room if room >= BOTH_ENDS => shorten_name(key, room, more).into_owned(),
        _ => end,
    };
    let user = shorten_name(user, room.saturating_sub(width(&key)), more);
    format!("{key}{OF}{user}")
}

/// What will stand here.
fn empty(canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let room = usize::from(area.width).saturating_sub(4);
    let text = [
        ("Nothing was changed, and nothing has failed.", Style::new()),
        (
            "Each change you make will stand here, and each call that fails: when, what came of \
             it, its request ID, and the aws command that does the same. Never a secret.",
            theme.dim,
        ),
    ];
    let lines = text
        .into_iter()
        .flat_map(|(text, style)| wrap(text, room).into_iter().map(move |line| (line, style)));
    for (y, (line, style)) in (area.y..area.bottom()).zip(lines) {
        canvas.line(area.x + 2, y, to_u16(room), &Line::styled(line, style));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "AKIADEPLOY01EXAMPLE1 of deploy-bot";

    #[test]
    fn the_end_of_a_key_id_and_the_name_stay_longest() {
        assert_eq!(target(KEY, 34, "…"), KEY);
        assert_eq!(target(KEY, 33, "…"), "AKIADEPLOY01EX…PLE1 of deploy-bot");
        assert_eq!(target(KEY, 23, "…"), "AKIA…PLE1 of deploy-bot");
        assert_eq!(target(KEY, 22, "…"), "…PLE1 of deploy-bot");
        assert_eq!(target(KEY, 17, "…"), "…PLE1 of dep…-bot");
        assert_eq!(target("a key for deploy-bot", 14, "…"), "a key for…-bot");
        assert_eq!(target("all users", 14, "…"), "all users");
    }

    proptest! {
        #[test]
        fn a_target_fits_and_keeps_the_end_of_its_key(
            user in "[a-z-]{1,64}", key in "AKIA[A-Z0-9]{12,40}", cells in 10usize..80
        ) {
            let text = target(&format!("{key} of {user}"), cells, "…");
            prop_assert!(width(&text) <= cells);
            prop_assert!(text.contains(&key[key.len() - 4..]));
        }
    }

    #[test]
    fn the_columns_fill_the_width_and_no_more() {
        for inside in 58..200 {
            let columns = Columns::of(inside);
            let Columns {
                action,
                target,
                result,
                took,
                request,
            } = columns;
            let mut cells = 2 + TIME + 3 + action + 1 + target + 1 + result + 1;
            cells += if took > 0 { 1 + took } else { 0 };
            cells += if request > 0 { 2 + request } else { 0 };
            assert_eq!(cells, usize::from(inside));
            assert!(
                target >= 14 && result >= RESULT,
                "{inside}: {target}, {result}"
            );
        }
    }

    #[test]
    fn of_another_day_the_day_is_told() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-21T00:00:05Z");
        assert_eq!(time(at("2026-11-21T00:00:01Z"), now), "00:00:01");
        assert_eq!(time(at("2026-11-20T23:59:59Z"), now), "20 Nov");
    }
}
