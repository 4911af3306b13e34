//! How the last thing went: at the bottom, over the border of the panes or below a dialog, where it
//! hides nothing that can be pressed.

use crate::tui::prelude::*;

/// A line that tells how the last thing went, until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it says.
    pub text: String,
    /// Whether something failed or was refused.
    pub bad: bool,
}

/// No notice takes more lines: those of the hints and of the border above.
const LINES: usize = 2;

/// Cells at the end of the border that may hold the position in a list.
const POSITION: usize = 18;

/// How many lines a notice takes, on a screen so wide.
pub(in crate::tui) fn height(canvas: &Canvas<'_>, width: u16, notice: &Notice) -> u16 {
    let mark = mark(canvas.theme, notice);
    to_u16(wrapped(notice, room(width, mark)).len().clamp(1, LINES))
}

fn mark(theme: Theme, notice: &Notice) -> &'static str {
    if notice.bad {
        theme.glyphs.warn
    } else {
        theme.glyphs.done
    }
}

/// A margin, a space, the mark and a space before; a space and a margin behind.
fn room(cells: u16, mark: &str) -> usize {
    usize::from(cells).saturating_sub(6 + width(mark))
}

fn wrapped(notice: &Notice, room: usize) -> Vec<String> {
    wrap(&visible(&notice.text), room)
}

/// Draws a notice: on the border of the panes, unless a `dialog` is in front; where that does not
/// suffice, in place of the hints as well.
pub(in crate::tui) fn draw(canvas: &mut Canvas<'_>, hints: Rect, notice: &Notice, dialog: bool) {
    let theme = canvas.theme;
    let mark = mark(theme, notice);
    let style = if notice.bad { theme.warn } else { theme.good };
    // Nothing of the border's own look is left.
    let style = Style::reset().patch(style);
    let room = room(hints.width, mark);
    let mut lines = wrapped(notice, room);
    if lines.len() > LINES {
        let rest = lines.split_off(LINES - 1).join(" ");
        lines.push(shorten(&rest, room, theme.glyphs.more).into_owned());
    }
    let cells = lines.iter().map(|line| width(line)).max().unwrap_or(0);
    // Half of the position in a list says nothing.
    let cells = if cells + POSITION > room { room } else { cells };
    let last = if dialog || lines.len() > 1 {
        let nothing = " ".repeat(usize::from(hints.width));
        canvas.line(hints.x, hints.y, hints.width, &Line::raw(nothing));
        hints
    } else {
        Rect {
            y: hints.y.saturating_sub(1),
            ..hints
        }
    };
    let above = u16::try_from(lines.len()).unwrap_or(1);
    for (at, text) in lines.iter().enumerate() {
        let mark = if at == 0 { mark } else { " " };
        let rest = " ".repeat(cells - width(text));
        let text = format!(" {mark} {text}{rest} ");
        let y = (last.y + 1 + to_u16(at)).saturating_sub(above);
        canvas.line(last.x + 2, y, last.width, &Line::styled(text, style));
    }
}
