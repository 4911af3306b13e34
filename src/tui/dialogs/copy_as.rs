//! The forms in which a new key can be copied.

use super::{cancel, held};
use crate::{
    engine::{Copied, destination::Form},
    tui::prelude::*,
};

/// The choice of a form.
#[derive(Debug)]
pub(super) struct CopyAs {
    /// The key.
    key: String,
    /// The highlighted form, among [`Form::ALL`].
    cursor: usize,
}

impl CopyAs {
    /// The choice for a key, with this form highlighted.
    pub(super) fn new(key: String, cursor: usize) -> Self {
        Self { key, cursor }
    }

    fn copy(&self, form: Form) -> Vec<Ask> {
        let intent = Intent::Copy {
            key: self.key.clone(),
            what: Copied::As(form),
        };
        vec![Ask::Intend(intent), Ask::Close]
    }
}

impl Dialog for CopyAs {
    fn context(&self, _engine: &Engine) -> Context {
        Context::CopyAs
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let theme = canvas.theme;
        let mut lines = Lines::new(canvas, 46);
        let cells = lines.cells;
        for (at, form) in Form::ALL.iter().enumerate() {
            let style = theme.row(at == self.cursor, Style::new());
            let text = format!("{}  {}", at + 1, form.title());
            let line = Line::styled(format!("{text:<cells$}"), style);
            lines.choice(at, cells, line);
        }
        lines.gap();
        let all = [(Action::GoOn, "copy"), (Action::Cancel, "back")];
        lines.hints(Context::CopyAs, &all);
        Some(Frame::new("Copy as", theme.accent, lines))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::GoOn => self.take_row(self.cursor, engine),
            Action::AsPosix => self.copy(Form::Posix),
            Action::AsFish => self.copy(Form::Fish),
            Action::AsPowerShell => self.copy(Form::PowerShell),
            Action::AsProcess => self.copy(Form::Process),
            Action::AsSection => self.copy(Form::Section),
            _ => cancel(action),
        }
    }

    fn is_over(&self, engine: &Engine) -> bool {
        held(engine, &self.key).is_none()
    }

    fn step(&mut self, by: isize, _engine: &Engine) {
        let last = Form::ALL.len() - 1;
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    fn take_row(&mut self, row: usize, _engine: &Engine) -> Vec<Ask> {
        let form = Form::ALL.get(row);
        form.map_or_else(Vec::new, |form| self.copy(*form))
    }
}
