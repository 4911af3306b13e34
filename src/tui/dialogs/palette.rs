//! The command palette: the actions of a page, to be looked for by name.

use super::cancel;
use crate::tui::{palette, prelude::*};

/// How many cells a key has at the right.
const KEY: usize = 8;

/// The command palette.
#[derive(Debug)]
pub(in crate::tui) struct Palette {
    /// The places of the page whose actions it offers.
    places: &'static [Context],
    /// What is typed.
    input: Input,
    /// The highlighted row.
    cursor: usize,
}

impl Palette {
    /// The actions of the page that has these places.
    pub(in crate::tui) fn new(places: &'static [Context]) -> Self {
        Self {
            places,
            input: Input::default(),
            cursor: 0,
        }
    }

    fn rows(&self, engine: &Engine) -> Vec<Action> {
        let mut rows = palette::rows(self.places, self.input.value());
        rows.retain(|action| !(engine.settings.read_only && action.is_change()));
        rows
    }
}

impl Dialog for Palette {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Palette
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let theme = canvas.theme;
        let mut lines = Lines::new(canvas, WIDTH);
        let cells = lines.cells;
        let name = keymap::name(self.places[0], Action::Palette);
        lines.field(&name, &self.input);
        lines.gap();
        let above = lines.count(false);
        let rows = self.rows(canvas.engine);
        if rows.is_empty() {
            lines.dim("No action is called that.");
        }
        // The rows that fit, around the highlighted one.
        let height = usize::from(canvas.buffer.area.height);
        let room = height.saturating_sub(8).clamp(3, 14);
        let first = (self.cursor + 1).saturating_sub(room);
        for (at, action) in rows.iter().enumerate().skip(first).take(room) {
            let key = palette::key(self.places, *action);
            let key = key.map_or_else(String::new, |key| key.to_string());
            let text = action.help();
            let before = cells - KEY;
            let why_not = (canvas.why_not)(*action);
            let style = why_not.map_or(Style::new(), |_| theme.dim);
            let style = theme.row(at == self.cursor, style);
            let line = Line::styled(format!("{text:<before$}{key:>KEY$}"), style);
            lines.choice(at, cells, line);
        }
        // As large with few rows as with many: nothing jumps while one types.
        lines.pad(above + room);
        Some(Frame::new("Commands", theme.accent, lines))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::Press => self.take_row(self.cursor, engine),
            _ => cancel(action),
        }
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn edited(&mut self, _engine: &Engine) -> Vec<Ask> {
        self.cursor = 0;
        Vec::new()
    }

    fn step(&mut self, by: isize, engine: &Engine) {
        let last = self.rows(engine).len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    fn take_row(&mut self, row: usize, engine: &Engine) -> Vec<Ask> {
        match self.rows(engine).get(row) {
            Some(action) => vec![Ask::Close, Ask::Act(*action)],
            None => Vec::new(),
        }
    }
}
