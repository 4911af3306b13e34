//! What every part of the screen draws with, and what it tells of what it has laid out.

use super::{Settings, action::Action, guard::View, lists::Marks, message::Target, theme::Theme};
use crate::engine::{
    Engine, Slot,
    account::{Account, Known},
    fleet::{Rows, Scope},
    model::KeyStatus,
    text::{shorten, visible, wrap},
};
use chrono::{DateTime, Utc};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    symbols::border,
    text::{Line, Span},
    widgets::{Block, Widget as _},
};
use std::ops::Range;

/// What a frame holds beside its cells.
#[derive(Debug, Default)]
pub struct Drawn {
    /// What can be clicked, the topmost last.
    pub targets: Vec<(Rect, Target)>,
    /// What a key answers on it; `None` where the terminal is too small to tell.
    pub view: Option<View>,
    /// Which order of the lists it shows: see [`Lists::arrangement`](super::Lists::arrangement).
    pub arrangement: u64,
    /// How many rows of lists were built: what is visible, never all there is.
    pub rows: usize,
    /// How far the dialog on top can be scrolled.
    pub scroll_limit: usize,
    /// Which of its lines are shown, and how many it has.
    pub lines: (Range<usize>, usize),
    /// Which of its rows the cursor is on, where it follows the lines that are shown.
    pub cursor: Option<usize>,
}

impl Drawn {
    /// What is at a place of the screen.
    #[must_use]
    pub fn at(&self, column: u16, row: u16) -> Option<&Target> {
        self.targets
            .iter()
            .rev()
            .find(|(area, _)| area.contains((column, row).into()))
            .map(|(_, target)| target)
    }
}

/// What every part of the screen draws with.
pub(super) struct Canvas<'a> {
    pub buffer: &'a mut Buffer,
    pub engine: &'a Engine,
    /// The account of what is selected.
    pub account: &'a Account,
    /// The users and keys of all accounts that are shown.
    pub rows: Rows<'a>,
    /// Which accounts these are.
    pub scope: Scope,
    pub settings: &'a Settings,
    pub now: DateTime<Utc>,
    pub theme: Theme,
    /// Which picture of the spinner is shown.
    pub turn: usize,
    /// Why an action is not possible here and now.
    pub why_not: &'a dyn Fn(Action) -> Option<String>,
    /// So many lines at the bottom are taken beside that of the hints, from a dialog that keeps those.
    pub below: u16,
    /// The marked keys.
    pub marks: &'a Marks,
    pub drawn: Drawn,
}

impl Canvas<'_> {
    /// The slot of the account of what is selected.
    pub(super) fn slot(&self) -> Slot {
        self.account.session.slot
    }

    /// Writes a line; what does not fit is cut off.
    pub(super) fn line(&mut self, x: u16, y: u16, width: u16, line: &Line<'_>) -> u16 {
        let area = self.buffer.area;
        if y >= area.bottom() || x >= area.right() {
            return x;
        }
        self.buffer
            .set_line(x, y, line, width.min(area.right() - x))
            .0
    }

    /// Writes a line that ends at the right edge of the area.
    pub(super) fn line_right(&mut self, area: Rect, line: &Line<'_>) {
        let width = u16::try_from(line.width())
            .unwrap_or(u16::MAX)
            .min(area.width);
        self.line(area.right() - width, area.y, width, line);
    }

    /// Notes that something can be clicked.
    pub(super) fn target(&mut self, area: Rect, target: Target) {
        self.drawn.targets.push((area, target));
    }

    /// The present picture of the spinner.
    pub(super) fn spinner(&self) -> &'static str {
        let frames = self.theme.glyphs.spinner;
        frames[self.turn % frames.len()]
    }

    /// The status of a key as a symbol.
    pub(super) fn key_symbol(&self, account: &Account, key: Known<'_>) -> Span<'static> {
        let (glyphs, theme) = (self.theme.glyphs, &self.theme);
        match key.status() {
            KeyStatus::Active if key.id().is_some_and(|id| account.is_own(id)) => {
                Span::styled(glyphs.own, theme.accent)
            }
            KeyStatus::Active => Span::styled(glyphs.active, theme.good),
            KeyStatus::Inactive => Span::styled(glyphs.inactive, theme.dim),
            KeyStatus::Other(_) => Span::styled(glyphs.other, theme.warn),
        }
    }

    /// Whether a key is marked, as a symbol of one cell.
    pub(super) fn mark(&self, slot: Slot, key: Option<&str>) -> Span<'static> {
        if key.is_some_and(|key| self.marks.has(slot, key)) {
            Span::styled(self.theme.glyphs.done, self.theme.accent)
        } else {
            Span::raw(" ")
        }
    }

    /// How many keys are marked, for the border of a list; empty where none is.
    pub(super) fn marked(&self) -> String {
        match self.marks.len() {
            0 => String::new(),
            marked => format!("{} marked", super::format::count(marked)),
        }
    }

    /// Takes everything drawn so far into the background. What is there cannot be clicked any more.
    pub(super) fn step_back(&mut self) {
        let style = self.theme.background;
        for cell in &mut self.buffer.content {
            cell.set_style(style);
        }
        self.drawn.targets.clear();
    }

    /// Draws a border with a title at the left and a note at the right; returns what is inside.
    pub(super) fn pane(
        &mut self,
        area: Rect,
        title: Line<'_>,
        note: Line<'_>,
        style: Style,
    ) -> Rect {
        self.bordered(area, self.theme.glyphs.border, title, note, style)
    }

    /// The same with a border of one's own.
    pub(super) fn bordered(
        &mut self,
        area: Rect,
        border: border::Set<'static>,
        title: Line<'_>,
        note: Line<'_>,
        style: Style,
    ) -> Rect {
        let block = Block::bordered().border_set(border).border_style(style);
        let inside = block.inner(area);
        block.render(area, self.buffer);
        let room = area.width.saturating_sub(4);
        let note_width = u16::try_from(note.width()).unwrap_or(u16::MAX);
        let title_room = if note_width == 0 {
            room
        } else {
            room.saturating_sub(note_width + 3)
        };
        if title.width() > 0 {
            let most = usize::from(title_room.saturating_sub(2));
            let title = shortened(title, most, self.theme.glyphs.more);
            let end = self.line(area.x + 2, area.y, title_room, &spaced(title));
            if note_width > 0 && end + note_width + 2 < area.right() {
                let x = area.right() - note_width - 4;
                self.line(x, area.y, note_width + 2, &spaced(note));
            }
        }
        inside
    }

    /// Writes what is said where a list has nothing to show, as far as there is room.
    pub(super) fn paragraphs(&mut self, area: Rect, text: Vec<(String, Style)>) {
        let room = usize::from(area.width).saturating_sub(4);
        let mut y = area.y;
        for (text, style) in text {
            for line in wrap(&visible(&text), room) {
                if y < area.bottom() {
                    let width = area.width.saturating_sub(3);
                    self.line(area.x + 2, y, width, &Line::styled(line, style));
                    y += 1;
                }
            }
        }
    }
}

/// A title that fits: what is cut off is marked.
fn shortened<'a>(mut line: Line<'a>, cells: usize, more: &str) -> Line<'a> {
    let mut left = cells;
    for span in &mut line.spans {
        let wide = span.width();
        if wide > left {
            span.content = shorten(&span.content, left, more).into_owned().into();
        }
        left = left.saturating_sub(wide);
    }
    line
}

/// Puts a space before and after.
fn spaced(mut line: Line<'_>) -> Line<'_> {
    line.spans.insert(0, Span::raw(" "));
    line.spans.push(Span::raw(" "));
    line
}
