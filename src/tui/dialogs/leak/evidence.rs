//! Where the evidence on a leaked key goes, being typed.

use crate::{
    engine::leak::Writing,
    tui::{dialogs::LONG_LIMIT, prelude::*},
};

/// Asks for the name of the two files.
#[derive(Debug)]
pub(in crate::tui::dialogs) struct EvidenceDialog {
    slot: Slot,
    user: Box<str>,
    key: Box<str>,
    input: Input,
    /// The files are being written, or were: it closes when they are.
    begun: bool,
}

impl EvidenceDialog {
    /// Begins with a name that tells the key and the day.
    pub(in crate::tui::dialogs) fn new(slot: Slot, user: &str, key: &str, engine: &Engine) -> Self {
        let name = format!("leak-{key}-{}", format::day(engine.now()));
        Self {
            slot,
            user: user.into(),
            key: key.into(),
            input: Input::new(name),
            begun: false,
        }
    }

    fn writing<'a>(&'a self, engine: &'a Engine) -> Option<&'a Writing> {
        engine.leak(self.slot, &self.user, &self.key)?.evidence
    }

    fn go_on(&mut self, engine: &Engine) -> Vec<Ask> {
        let path = self.input.value().trim().to_owned();
        if path.is_empty() || matches!(self.writing(engine), Some(Writing::Begun)) {
            return Vec::new();
        }
        self.begun = true;
        super::intend(Intent::SaveEvidence {
            slot: self.slot,
            user: self.user.clone(),
            key: self.key.clone(),
            path,
        })
    }
}

impl Dialog for EvidenceDialog {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Evidence
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, 68);
        lines.strong(format!("{} of {}", self.key, self.user));
        lines.gap();
        lines.field("Path:", &self.input);
        let writing = self.writing(canvas.engine).filter(|_| self.begun);
        match writing {
            Some(Writing::Failed(why)) => lines.failed(why),
            Some(Writing::Begun) => lines.waiting("Writing"),
            _ => lines.dim("With .json and .md behind it: two new files, readable by you only."),
        }
        lines.gap();
        let account = canvas.engine.fleet.get(self.slot);
        lines.dim(if account.is_some_and(Account::is_demo) {
            "In the demo: into a temporary directory, removed when iamkeys ends."
        } else {
            "Relative to the working directory. Nothing that is there is replaced."
        });
        lines.gap();
        let all = [(Action::GoOn, "save"), (Action::Cancel, "back")];
        lines.hints(Context::Evidence, &all);
        Some(Frame::new("Save evidence", canvas.theme.accent, lines))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::GoOn => self.go_on(engine),
            action => super::super::cancel(action),
        }
    }

    fn is_over(&self, engine: &Engine) -> bool {
        self.begun && matches!(self.writing(engine), Some(Writing::Done(_)))
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
