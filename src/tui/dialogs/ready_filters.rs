//! Filters that are often needed, to be chosen from.

use super::cancel;
use crate::{engine::query::ready::READY, tui::prelude::*};

/// How many cells a name has.
const NAME: usize = 20;

/// The choice of a ready filter.
#[derive(Debug, Default)]
pub(in crate::tui) struct ReadyFilters {
    /// The highlighted one, among [`READY`].
    cursor: usize,
}

impl Dialog for ReadyFilters {
    fn context(&self, _engine: &Engine) -> Context {
        Context::ReadyFilters
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let theme = canvas.theme;
        let mut lines = Lines::new(canvas, 46);
        let cells = lines.cells;
        for (at, ready) in READY.iter().enumerate() {
            let style = theme.row(at == self.cursor, Style::new());
            let text = format!("{:<NAME$}{}", ready.name, ready.text);
            let line = Line::styled(format!("{text:<cells$}"), style);
            lines.choice(at, cells, line);
        }
        lines.gap();
        let filter = keymap::name(Context::Users, Action::Filter);
        lines.dim(format!("{filter} edits it in the list."));
        lines.gap();
        let all = [(Action::GoOn, "filter"), (Action::Cancel, "back")];
        lines.hints(Context::ReadyFilters, &all);
        Some(Frame::new("Ready filters", theme.accent, lines))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::GoOn => self.take_row(self.cursor, engine),
            _ => cancel(action),
        }
    }

    fn step(&mut self, by: isize, _engine: &Engine) {
        let last = READY.len() - 1;
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    fn take_row(&mut self, row: usize, _engine: &Engine) -> Vec<Ask> {
        match READY.get(row) {
            Some(ready) => vec![Ask::Close, Ask::Filter(ready.text)],
            None => Vec::new(),
        }
    }
}
