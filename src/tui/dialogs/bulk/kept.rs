//! A plan that an earlier run has left: it can be gone on with.

use super::BulkPage;
use crate::{
    engine::{BulkIntent, Need},
    tui::prelude::*,
};

/// Offers to go on with a plan.
#[derive(Debug, Default)]
pub(in crate::tui) struct KeptPlanDialog {
    /// The highlighted button: 0 is to decide later.
    button: usize,
    /// It asks whether the plan is to be forgotten.
    forgets: bool,
}

impl Dialog for KeptPlanDialog {
    fn context(&self, _engine: &Engine) -> Context {
        Context::KeptPlan
    }

    fn need(&self) -> Option<Need> {
        Some(Need::KeptPlan)
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let kept = canvas.engine.kept_plan()?;
        let document = &kept.document;
        let mut lines = Lines::new(canvas, WIDTH);
        let included = document.keys.iter().filter(|key| key.included).count();
        let keys = format::plural(included, "key");
        lines.strong(format!("{} {keys}", document.action.verb()));
        lines.text(format!("In {}", document.names().join(", ")));
        let (done, made) = (kept.done.len(), format::minute(document.made));
        let by = document.by.as_deref().map(super::short_arn);
        let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
        lines.dim(format!("{done} of them done; made {made}{by}"));
        lines.gap();
        let button = |action, verb| Button::of(Context::KeptPlan, action, verb);
        if self.forgets {
            lines.text("What is not done stays undone, and nothing goes on with it any more.");
            let buttons = vec![
                button(Action::Cancel, "Keep it"),
                button(Action::ForgetPlan, "Forget it"),
            ];
            let frame = Frame::new("Forget this plan?", canvas.theme.warn, lines);
            return Some(frame.buttons(self.button, buttons));
        }
        lines
            .text("It is compared with the account first, and goes on when you have confirmed it.");
        let buttons = vec![
            button(Action::Cancel, "Later"),
            button(Action::GoOnPlan, "Show it"),
            button(Action::ForgetPlan, "Forget it"),
        ];
        let frame = Frame::new("A plan was not finished", canvas.theme.warn, lines);
        Some(frame.buttons(self.button, buttons))
    }

    fn act(&mut self, action: Action, _engine: &Engine) -> Vec<Ask> {
        let intend = |intent| Ask::Intend(Intent::Bulk(intent));
        match action {
            Action::Cancel if self.forgets => {
                *self = Self::default();
                Vec::new()
            }
            Action::Cancel => vec![intend(BulkIntent::Later), Ask::Close],
            // The dialog comes up by itself, and `x` means something else in a list.
            Action::ForgetPlan if !self.forgets => {
                self.forgets = true;
                self.button = 0;
                Vec::new()
            }
            Action::ForgetPlan => vec![intend(BulkIntent::Forget), Ask::Close],
            Action::GoOnPlan if !self.forgets => vec![
                Ask::Close,
                intend(BulkIntent::GoOn),
                Ask::Open(Box::new(BulkPage::default())),
            ],
            _ => Vec::new(),
        }
    }

    fn is_over(&self, engine: &Engine) -> bool {
        !engine.needs().contains(&Need::KeptPlan)
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        if self.forgets {
            return vec![Action::Cancel, Action::ForgetPlan];
        }
        vec![Action::Cancel, Action::GoOnPlan, Action::ForgetPlan]
    }

    fn highlighted(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.button)
    }
}
