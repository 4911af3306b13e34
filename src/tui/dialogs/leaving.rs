//! A person wants to leave while changes are under way.

use super::intend;
use crate::{engine::Obstacle, tui::prelude::*};

/// The dialog that waits for changes before the program is left.
#[derive(Debug, Default)]
pub(in crate::tui) struct Leaving {
    /// The highlighted button: 0 is to stay.
    button: usize,
}

impl Dialog for Leaving {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Leaving
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let theme = canvas.theme;
        let mut lines = Lines::new(canvas, WIDTH);
        for (_, change) in canvas.engine.under_way() {
            let row = change.row();
            let text = format!("{} {}", row.doing, row.target);
            lines.marked(canvas.spinner(), text, theme.strong);
        }
        lines.gap();
        lines.text(
            "iamkeys ends as soon as AWS has answered. Leaving now, you will not know whether it was \
             done.",
        );
        let button = |action, verb| Button::of(Context::Leaving, action, verb);
        let buttons = vec![
            button(Action::Stay, "Stay"),
            button(Action::StopWaiting, "Leave now"),
        ];
        Some(Frame::new("Waiting for AWS", theme.warn, lines).buttons(self.button, buttons))
    }

    fn act(&mut self, action: Action, _engine: &Engine) -> Vec<Ask> {
        match action {
            Action::Stay => vec![Ask::Intend(Intent::Stay), Ask::Close],
            Action::StopWaiting => intend(Intent::LeaveNow),
            _ => Vec::new(),
        }
    }

    fn is_over(&self, engine: &Engine) -> bool {
        engine.obstacle() != Some(Obstacle::Changes)
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Stay, Action::StopWaiting]
    }

    fn highlighted(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.button)
    }
}
