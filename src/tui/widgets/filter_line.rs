//! The filter, as it is typed, and what is wrong with it.

use crate::tui::{
    canvas::Canvas,
    lists::{Lists, Offered},
    prelude::*,
};

/// Draws the text of the filter into the first line of an area, if it is to be shown; while it is
/// typed, with the cursor and how it can go on. Returns the rest of the area.
pub(in crate::tui) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    lists: &Lists,
    shown: bool,
    typing: bool,
) -> Rect {
    if !shown {
        return area;
    }
    let filter = lists.filter();
    let examples = format!("alice {} age>90 unused>45", canvas.theme.glyphs.dot);
    let offered = filter.offered();
    draw_text(canvas, area, &filter.input, typing, &examples, offered)
}

/// Draws such a text; while it is typed, with the cursor, and with examples where there is none yet.
pub(in crate::tui) fn draw_text(
    canvas: &mut Canvas<'_>,
    area: Rect,
    input: &Input,
    typing: bool,
    examples: &str,
    offered: Option<&Offered>,
) -> Rect {
    let theme = canvas.theme;
    let room = usize::from(area.width).saturating_sub(5);
    let skip = input.visual_scroll(room);
    let mut text: String = visible(input.value()).chars().skip(skip).collect();
    if skip > 0 {
        // What comes before has no room: a filter that seems whole would be another one.
        let rest = text.chars().skip(1);
        text = theme.glyphs.more.chars().chain(rest).collect();
    }
    let mut spans = vec![Span::styled(" / ", theme.accent)];
    if typing {
        let at = input.cursor().saturating_sub(skip);
        let (before, after) = (
            text.chars().take(at).collect::<String>(),
            text.chars().skip(at).collect::<String>(),
        );
        spans.push(Span::raw(before));
        spans.push(Span::styled(theme.glyphs.cursor, theme.accent));
        if text.is_empty() {
            spans.push(Span::styled(examples.to_owned(), theme.dim));
        } else if let Some(offered) = offered {
            let rest = visible(offered.rest()).into_owned();
            spans.push(Span::styled(rest, theme.dim));
            spans.push(Span::raw(after));
            let taken: usize = spans.iter().map(Span::width).sum();
            let room = usize::from(area.width).saturating_sub(taken);
            spans.extend(offers(&theme, offered, room));
        } else {
            spans.push(Span::raw(after));
        }
    } else {
        spans.push(Span::raw(text));
    }
    canvas.line(area.x, area.y, area.width, &Line::from(spans));
    Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// What else is offered, from the one that is taken on, as far as there is room.
fn offers(theme: &Theme, offered: &Offered, room: usize) -> Vec<Span<'static>> {
    let all = offered.offers();
    let from = offered.taken().unwrap_or(0);
    let mut spans = Vec::new();
    let mut room = room.saturating_sub(2);
    if all.len() < 2 {
        return spans;
    }
    for (at, offer) in (0..).zip(all).skip(from).chain((0..).zip(all).take(from)) {
        let offer = visible(offer);
        let Some(rest) = room.checked_sub(width(&offer) + 2) else {
            break;
        };
        room = rest;
        let taken = offered.taken() == Some(at);
        let style = if taken { theme.accent } else { theme.dim };
        spans.push(Span::raw("  "));
        spans.push(Span::styled(offer.into_owned(), style));
    }
    spans
}

/// What is wrong with the filter, as lines on a screen of so many columns.
pub(in crate::tui) fn explained(error: &str, columns: u16) -> Vec<String> {
    wrap(error, usize::from(columns).saturating_sub(4))
}

/// Draws what is wrong with the filter.
pub(in crate::tui) fn explanation(canvas: &mut Canvas<'_>, area: Rect, error: &str) {
    let theme = canvas.theme;
    let lines = explained(error, area.width);
    for (at, (y, text)) in (area.y..area.bottom()).zip(lines).enumerate() {
        let mark = if at == 0 { theme.glyphs.warn } else { " " };
        let text = format!(" {mark} {text}");
        canvas.line(area.x, y, area.width, &Line::styled(text, theme.warn));
    }
}
