//! The frame of a dialog: centred, as large as its text, with buttons at the bottom.

use super::{Canvas, layout::dialog_room, pane};
use crate::{message::Target, text::width};
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Clear, Widget},
};

/// What a dialog shows.
pub(super) struct Dialog<'a> {
    /// Its title.
    pub title: String,
    /// The style of its border.
    pub border: Style,
    /// How wide the text inside may be; it is at most the screen's width.
    pub width: u16,
    /// The text, a line each, with what can be clicked in it.
    pub lines: Vec<Row<'a>>,
    /// The first line shown, where not all fit.
    pub scroll: usize,
    /// The buttons' words; the first leaves things as they are.
    pub buttons: Vec<Button>,
    /// Which one is highlighted.
    pub highlighted: usize,
}

/// A button.
pub(super) struct Button {
    /// The verb.
    pub verb: String,
    /// The key that presses it.
    pub key: Option<String>,
    /// Whether it can be pressed now.
    pub enabled: bool,
}

/// A line of a dialog.
#[derive(Default)]
pub(super) struct Row<'a> {
    /// What it says.
    pub line: Line<'a>,
    /// What a click on a part of it does: first cell, width, target.
    pub targets: Vec<(u16, u16, Target)>,
    /// It only divides: the first to go where there is little room.
    pub divides: bool,
}

impl Row<'_> {
    /// Whether it goes where there is too little room.
    pub(super) fn can_go(&self) -> bool {
        self.divides || self.line.width() == 0
    }
}

impl<'a, T: Into<Line<'a>>> From<T> for Row<'a> {
    fn from(line: T) -> Self {
        Self {
            line: line.into(),
            ..Self::default()
        }
    }
}

/// The room for text inside a dialog on this screen.
pub(super) fn inner_width(screen: Rect, wanted: u16) -> u16 {
    wanted.min(screen.width.saturating_sub(8))
}

impl Dialog<'_> {
    /// Draws it over what is there.
    pub(super) fn draw(mut self, canvas: &mut Canvas<'_>, screen: Rect) {
        let text_width = inner_width(screen, self.width);
        let buttons = if self.buttons.is_empty() { 0 } else { 2 };
        let room = dialog_room(screen.height, buttons > 0);
        // A line of air at the top and the bottom, as long as there is room.
        let spare = |lines: usize| room.saturating_sub(lines);
        while spare(self.lines.len()) == 0 && drop_a_divider(&mut self.lines) {}
        let air = u16::from(spare(self.lines.len()) >= 2);
        let visible = self.lines.len().min(room);
        let height = to_u16(visible + buttons + 2) + 2 * air;
        let width = text_width + 6;
        let area = Rect {
            x: screen.x + (screen.width - width.min(screen.width)) / 2,
            y: screen.y + (screen.height - height.min(screen.height)) / 2,
            width: width.min(screen.width),
            height: height.min(screen.height),
        };
        Clear.render(area, canvas.buffer);
        let title = Line::styled(self.title, canvas.theme.strong);
        let scrolled = self.lines.len() > visible;
        let most = self.lines.len() - visible;
        let scroll = self.scroll.min(most);
        let note = if scrolled {
            let line = format!(
                "{}-{} of {}",
                scroll + 1,
                scroll + visible,
                self.lines.len()
            );
            Line::styled(line, canvas.theme.dim)
        } else {
            Line::default()
        };
        let inside = pane(canvas, area, title, note, self.border);
        let x = inside.x + 2;
        let mut y = inside.y + air;
        for row in self.lines.into_iter().skip(scroll).take(visible) {
            canvas.line(x, y, text_width, &row.line);
            for (from, cells, target) in row.targets {
                canvas.target(Rect::new(x + from, y, cells, 1), target);
            }
            y += 1;
        }
        if !self.buttons.is_empty() {
            let row = Rect::new(inside.x, y + 1, inside.width, 1);
            draw_buttons(canvas, row, &self.buttons, self.highlighted);
        }
    }
}

/// Takes out the last line that says nothing; says whether there was one.
fn drop_a_divider(lines: &mut Vec<Row<'_>>) -> bool {
    match lines.iter().rposition(Row::can_go) {
        Some(at) => {
            lines.remove(at);
            true
        }
        None => false,
    }
}

fn draw_buttons(canvas: &mut Canvas<'_>, area: Rect, buttons: &[Button], highlighted: usize) {
    let theme = canvas.theme;
    let words =
        |button: &Button| width(&button.verb) + button.key.as_ref().map_or(0, |key| 1 + width(key));
    let words: usize = buttons.iter().map(words).sum();
    // Where there is little room, the buttons are narrower and closer together.
    let wide = words + 7 * buttons.len() <= usize::from(area.width);
    let (side, gap) = if wide { ("  ", 3) } else { (" ", 1) };
    let lines: Vec<Line<'_>> = buttons
        .iter()
        .enumerate()
        .map(|(at, button)| {
            let base = match (at == highlighted, button.enabled) {
                (true, _) => theme.selected,
                (false, true) => theme.strong,
                (false, false) => theme.dim,
            };
            let mut spans = vec![Span::styled(format!("{side}{}", button.verb), base)];
            if let Some(key) = &button.key {
                let style = if at == highlighted {
                    base
                } else {
                    theme.accent
                };
                spans.push(Span::styled(format!(" {key}"), style));
            }
            spans.push(Span::styled(side, base));
            Line::from(spans)
        })
        .collect();
    let total: usize = lines.iter().map(Line::width).sum::<usize>() + gap * (lines.len() - 1);
    let mut x = area.x + area.width.saturating_sub(to_u16(total)) / 2;
    for (at, line) in lines.iter().enumerate() {
        let end = canvas.line(x, area.y, area.right().saturating_sub(x), line);
        canvas.target(Rect::new(x, area.y, end - x, 1), Target::Button(at));
        x = end + to_u16(gap);
    }
}

/// A number of cells; more than a screen has where it does not fit.
pub(super) fn to_u16(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
