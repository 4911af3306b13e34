//! Where a plan is saved, or opened from, being typed.

use super::super::cancel;
use crate::{
    engine::{BulkIntent, bulk::Saving},
    tui::{dialogs::LONG_LIMIT, prelude::*},
};

/// Asks for the path of a plan.
#[derive(Debug)]
pub(in crate::tui) struct PlanFile {
    input: Input,
    saves: bool,
    /// It was asked for: the dialog closes when it is saved.
    begun: bool,
}

impl PlanFile {
    /// Begins with a name that tells the day.
    pub(super) fn save(engine: &Engine) -> Self {
        let name = format!("plan-{}.json", format::day(engine.now()));
        Self {
            input: Input::new(name),
            saves: true,
            begun: false,
        }
    }

    /// Asks for one that was saved.
    pub(in crate::tui) fn open() -> Self {
        Self {
            input: Input::default(),
            saves: false,
            begun: false,
        }
    }

    /// How it goes, once it was asked for.
    fn state<'a>(&self, engine: &'a Engine) -> Option<&'a Saving> {
        let state = if self.saves {
            engine.bulk_saving()
        } else {
            engine.bulk_opening()
        };
        state.filter(|_| self.begun)
    }

    fn go_on(&mut self, engine: &Engine) -> Vec<Ask> {
        let path = self.input.value().trim().to_owned();
        if path.is_empty() {
            return vec![Ask::Complain("Type the path of a file first".into())];
        }
        if self.state(engine) == Some(&Saving::Begun) {
            return Vec::new();
        }
        self.begun = true;
        super::intend(Intent::Bulk(if self.saves {
            BulkIntent::Save(path)
        } else {
            BulkIntent::Open(path)
        }))
    }
}

impl Dialog for PlanFile {
    fn context(&self, _engine: &Engine) -> Context {
        Context::PlanFile
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, 68);
        lines.field("Path:", &self.input);
        if self.saves {
            lines.dim("A new file, readable by you only. It holds no secret.");
            lines.dim("Another person can review it, and apply it with their own session.");
        } else {
            lines.dim("It is compared with the accounts before anything can be applied.");
        }
        match self.state(canvas.engine) {
            Some(Saving::Failed(why)) => lines.failed(why),
            Some(Saving::Begun) => lines.waiting("One moment"),
            _ => {}
        }
        lines.gap();
        let verb = if self.saves { "save" } else { "open" };
        let all = [(Action::GoOn, verb), (Action::Cancel, "back")];
        lines.hints(Context::PlanFile, &all);
        let title = if self.saves {
            "Save the plan"
        } else {
            "Open a plan"
        };
        Some(Frame::new(title, canvas.theme.accent, lines))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::GoOn => self.go_on(engine),
            action => cancel(action),
        }
    }

    fn is_over(&self, engine: &Engine) -> bool {
        matches!(self.state(engine), Some(Saving::Done(_)))
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn limit(&self) -> usize {
        LONG_LIMIT
    }

    fn edited(&mut self, _engine: &Engine) -> Vec<Ask> {
        self.begun = false;
        Vec::new()
    }
}
