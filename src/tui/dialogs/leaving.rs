//! A person wants to leave while changes are under way, or a plan over many keys is.

use super::intend;
use crate::{
    engine::{Obstacle, bulk::BulkStage},
    tui::prelude::*,
};

/// The dialog that waits for changes before the program is left.
#[derive(Debug)]
pub(in crate::tui) struct Leaving {
    /// What is in the way.
    obstacle: Obstacle,
    /// The highlighted button: 0 is to stay.
    button: usize,
}

impl Leaving {
    pub(in crate::tui) fn new(obstacle: Obstacle) -> Self {
        Self {
            obstacle,
            button: 0,
        }
    }

    /// What is said where it is a plan: it can be gone on with.
    fn draw_plan(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let plan = canvas.engine.bulk()?;
        let theme = canvas.theme;
        let mut lines = Lines::new(canvas, WIDTH);
        let tally = plan.tally();
        let is_running = plan.stage == BulkStage::Running;
        let (done, keys) = (tally.ended(), tally.included());
        let (done, keys) = (format::count(done), format::count(keys));
        if is_running {
            let doing = plan.steps().only().unwrap_or(plan.action).doing();
            let text = format!("{doing} keys: {done} of {keys}");
            lines.marked(canvas.spinner(), text, theme.strong);
            lines.gap();
            lines.text("It is paused, and iamkeys ends once the changes under way are answered.");
        } else {
            let left = format::plural(tally.to_do + tally.failed, "key");
            lines.strong(format!("Paused: {done} of {keys} done, {left} left"));
            lines.gap();
        }
        if canvas.engine.keeps_bulk() {
            lines.text("The next start offers to go on with it.");
        } else {
            lines.warn("Kept nowhere: the next start can't go on with it.");
        }
        let button = |action, verb| Button::of(Context::Leaving, action, verb);
        let leave = if is_running {
            "Pause and leave"
        } else {
            "Leave"
        };
        let buttons = vec![
            button(Action::Stay, "Stay"),
            button(Action::StopWaiting, leave),
        ];
        Some(Frame::new("Leave the plan?", theme.warn, lines).buttons(self.button, buttons))
    }
}

impl Dialog for Leaving {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Leaving
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        if self.obstacle == Obstacle::Plan {
            return self.draw_plan(canvas);
        }
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
        engine.obstacle().as_ref() != Some(&self.obstacle)
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Stay, Action::StopWaiting]
    }

    fn highlighted(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.button)
    }
}
