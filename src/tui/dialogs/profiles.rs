//! The profiles of this machine, to sign in with one of them instead of what did not work.

use super::cancel;
use crate::{
    engine::{self, account::Stage},
    tui::prelude::*,
};

/// The choice of a profile to sign in with.
#[derive(Debug)]
pub(in crate::tui) struct ProfilesDialog {
    slot: Slot,
    /// The highlighted one, among those of the [`Problem`](engine::Problem).
    cursor: usize,
}

impl ProfilesDialog {
    /// Begins with the first.
    pub(in crate::tui) fn new(slot: Slot) -> Self {
        Self { slot, cursor: 0 }
    }

    fn names<'a>(&self, engine: &'a Engine) -> &'a [String] {
        match engine.fleet.get(self.slot).map(|account| &account.stage) {
            Some(Stage::SignedOut(problem)) => &problem.profiles,
            _ => &[],
        }
    }
}

impl Dialog for ProfilesDialog {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Profiles
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let theme = canvas.theme;
        let names = self.names(canvas.engine);
        let mut lines = Lines::new(canvas, 46);
        let cells = lines.cells;
        // With the hints below, so many have room: the selected one is always among them.
        let room = dialog_room(canvas.buffer.area.height, false).saturating_sub(4);
        let first = self.cursor.saturating_sub(room.saturating_sub(1));
        let shown = names.iter().enumerate().skip(first).take(room.max(1));
        for (at, name) in shown {
            let style = theme.row(at == self.cursor, Style::new());
            let name = visible(name);
            let text = shorten_name(&name, cells, theme.glyphs.more);
            let rest = " ".repeat(cells.saturating_sub(width(&text)));
            lines.choice(at, cells, Line::styled(format!("{text}{rest}"), style));
        }
        lines.gap();
        lines.dim(format!("{} of {}", self.cursor + 1, names.len()));
        let all = [(Action::GoOn, "sign in"), (Action::Cancel, "back")];
        lines.hints(Context::Profiles, &all);
        Some(Frame::new("Sign in with a profile", theme.accent, lines))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::GoOn => self.take_row(self.cursor, engine),
            _ => cancel(action),
        }
    }

    fn is_over(&self, engine: &Engine) -> bool {
        self.names(engine).is_empty()
    }

    fn step(&mut self, by: isize, engine: &Engine) {
        let last = self.names(engine).len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    fn take_row(&mut self, row: usize, engine: &Engine) -> Vec<Ask> {
        match self.names(engine).get(row) {
            Some(name) => {
                let target = engine::Target::Profile(name.as_str().into());
                vec![Ask::Close, Ask::SignIn(target)]
            }
            None => Vec::new(),
        }
    }
}
