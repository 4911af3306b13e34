//! A document that is read as it is: a policy, or an event of CloudTrail, as JSON.

use crate::tui::prelude::*;

/// More lines than this of a document are not shown: nobody reads them here.
const MOST: usize = 20_000;

/// What is read.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A policy of a user, by its place among them; the boundary has none.
    Policy(Box<str>, Option<usize>),
    /// An event, by its ID, and what it is called.
    Event(Box<str>, String),
}

/// A document.
#[derive(Debug)]
pub(super) struct Document {
    slot: Slot,
    what: What,
    /// The first line shown.
    scroll: usize,
}

impl Document {
    /// This one.
    pub(super) fn new(slot: Slot, what: What) -> Self {
        let scroll = 0;
        Self { slot, what, scroll }
    }

    fn write(&self, lines: &mut Lines<'_>) -> String {
        let impacts = lines.canvas.engine.fleet.get(self.slot);
        let impacts = impacts.map(|account| &account.impacts);
        let gone = "This was asked in another session: go back, and open it again.";
        match &self.what {
            What::Policy(user, at) => {
                let known = impacts.and_then(|impacts| impacts.user(user));
                let known = known.and_then(|known| known.permissions.known());
                let policy = known.and_then(|known| match at {
                    Some(at) => known.policies.get(*at),
                    None => known.boundary.as_ref(),
                });
                let Some(policy) = policy else {
                    lines.text(gone);
                    return "Policy".into();
                };
                if let Some(arn) = &policy.arn {
                    lines.dim(&**arn);
                }
                if let Err(why) = &policy.policy {
                    lines.warn(format!("Not understood: {why}"));
                }
                match &policy.document {
                    Some(document) => json(lines, document),
                    None => lines.text("What it says could not be read."),
                }
                format!("Policy {}", visible(&policy.name))
            }
            What::Event(id, title) => {
                let event = impacts.and_then(|impacts| impacts.event(id));
                match event.map(|event| (event.known(), event.error())) {
                    None => lines.text(gone),
                    Some((_, Some(error))) => {
                        lines.failed(error.short());
                        lines.text(&error.message);
                        lines.text(words::remedy(error));
                    }
                    Some((None, None)) => lines.waiting("Asking for the whole event"),
                    Some((Some(None), None)) => {
                        lines.text("CloudTrail does not have this event any more.");
                    }
                    Some((Some(Some(document)), None)) => json(lines, document),
                }
                title.clone()
            }
        }
    }
}

impl Dialog for Document {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Reading
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, 100);
        let title = self.write(&mut lines);
        Some(Frame::new(title, canvas.theme.accent, lines).reading(self.scroll))
    }

    fn scroll(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.scroll)
    }
}

/// Writes JSON, indented; what is none stays as it is.
fn json(lines: &mut Lines<'_>, document: &str) {
    let mut left = MOST;
    for line in super::json::indented(document) {
        let blanks = line.len() - line.trim_start().len();
        let (margin, text) = line.split_at(blanks.min(lines.cells / 2));
        let room = lines.cells - margin.len();
        for part in crate::tui::widgets::dialog::pieces(&visible(text), room) {
            if left == 0 {
                lines.dim("The rest is not shown.");
                return;
            }
            left -= 1;
            lines.push(Line::raw(format!("{margin}{part}")));
        }
    }
}
