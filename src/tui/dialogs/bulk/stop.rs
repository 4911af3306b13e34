//! Asks before a plan that has begun is ended with keys left.

use crate::{
    engine::{BulkIntent, bulk::BulkId},
    tui::prelude::*,
};

/// The question before a plan is ended: what is left of it is not gone on with by any run.
#[derive(Debug)]
pub(super) struct StopPlan {
    plan: BulkId,
    /// The highlighted button: 0 leaves it as it is.
    button: usize,
}

impl StopPlan {
    pub(super) fn new(plan: BulkId) -> Self {
        Self { plan, button: 0 }
    }
}

impl Dialog for StopPlan {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Confirm
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let plan = canvas.engine.bulk()?;
        let theme = canvas.theme;
        let mut lines = Lines::new(canvas, WIDTH);
        let tally = plan.tally();
        let left = tally.to_do + tally.failed;
        let (done, all) = (format::count(tally.done), format::count(tally.included()));
        lines.strong(format!(
            "{done} of {all} done, {} left",
            format::count(left)
        ));
        lines.gap();
        let pause = keymap::name(Context::BulkPlan, Action::PausePlan);
        lines.text(format!(
            "What is left is not done, and the plan can't be gone on with. {pause} pauses it instead."
        ));
        if plan.is_under_way() {
            lines.dim("A change that was sent already is still answered.");
        }
        let button = |action, verb| Button::of(Context::Confirm, action, verb);
        let buttons = vec![
            button(Action::Cancel, "Keep the plan"),
            button(Action::Confirm, "End it"),
        ];
        Some(Frame::new("End the plan?", theme.warn, lines).buttons(self.button, buttons))
    }

    fn act(&mut self, action: Action, _engine: &Engine) -> Vec<Ask> {
        match action {
            Action::Confirm => {
                vec![Ask::Close, Ask::Intend(Intent::Bulk(BulkIntent::Stop))]
            }
            action => super::super::cancel(action),
        }
    }

    fn is_over(&self, engine: &Engine) -> bool {
        let plan = engine.bulk().filter(|plan| plan.id == self.plan);
        !plan.is_some_and(crate::engine::BulkPlan::has_begun)
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Cancel, Action::Confirm]
    }

    fn highlighted(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.button)
    }
}
