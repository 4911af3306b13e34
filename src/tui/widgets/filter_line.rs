//! The filter, as it is typed, and what is wrong with it.

use crate::tui::{lists::Lists, prelude::*};

/// Draws the text of the filter, with the cursor while it is typed, into the first line of an area
/// if it is to be shown; returns the rest of the area.
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
    let theme = canvas.theme;
    let input = &lists.filter().input;
    let room = usize::from(area.width).saturating_sub(5);
    let skip = input.visual_scroll(room);
    let text: String = visible(input.value()).chars().skip(skip).collect();
    let mut spans = vec![Span::styled(" / ", theme.accent)];
    if typing {
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
    Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    }
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
