//! What is not known about a change: what was looked for, what was found, and what can be done.

use super::intend;
use crate::{
    engine::{
        Need, Origin, Resolution,
        model::AccessKey,
        unresolved::{Cause, Finding, Question},
    },
    tui::prelude::*,
};
use chrono::{DateTime, Utc};

/// The dialog of a question what became of a change.
#[derive(Debug)]
pub(in crate::tui) struct QuestionDialog {
    /// The change that it is about.
    origin: Origin,
    /// The highlighted button: 0 is to leave things as they are.
    button: usize,
    /// What was found, and what could be done about it, when this was last looked up.
    seen: Option<(Finding, &'static [Resolution])>,
}

impl QuestionDialog {
    /// A dialog for the question about this change.
    pub(in crate::tui) fn new(origin: Origin) -> Self {
        Self {
            origin,
            button: 0,
            seen: None,
        }
    }
}

impl Dialog for QuestionDialog {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Question
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let question = canvas.engine.question(&self.origin)?;
        let theme = canvas.theme;
        let mut lines = Lines::new(canvas, WIDTH);
        asked(&mut lines, question);
        lines.gap();
        found(&mut lines, question);
        let answered = question.is_answered();
        let leave = if answered { "Close" } else { "Later" };
        let button = |action, verb: &str| Button::of(Context::Question, action, verb);
        let mut buttons = vec![button(Action::Cancel, leave)];
        for how in canvas.engine.resolutions(&self.origin) {
            let action = action_of(*how);
            let mut verb = action.title().to_owned();
            verb[..1].make_ascii_uppercase();
            buttons.push(button(action, &verb));
        }
        let (title, border) = match question.finding {
            Finding::Done => ("It was done", theme.good),
            Finding::NotFound => ("It is gone", theme.accent),
            Finding::InUse => ("The key is in use", theme.accent),
            Finding::NotDone => ("Not done so far", theme.warn),
            Finding::Orphans(_) => ("A key whose secret is lost", theme.bad),
            _ => ("Not known whether it was done", theme.bad),
        };
        let highlighted = self.button.min(buttons.len() - 1);
        Some(Frame::new(title, border, lines).buttons(highlighted, buttons))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        let origin = self.origin.clone();
        if action == Action::Cancel {
            return intend(Intent::PutOff(origin));
        }
        let possible = engine.resolutions(&self.origin).iter().copied();
        // Looking again always is.
        let mut possible = possible.chain([Resolution::LookAgain]);
        match possible.find(|how| action_of(*how) == action) {
            Some(how) => intend(Intent::Resolve(origin, how)),
            None => Vec::new(),
        }
    }

    fn need(&self) -> Option<Need> {
        Some(Need::Question(self.origin.clone()))
    }

    fn awaits(&self, engine: &Engine) -> Option<(Slot, Box<str>)> {
        let question = engine.question(&self.origin)?;
        let account = engine.account_of(question)?;
        Some((account.session.slot, question.change.user().into()))
    }

    fn is_over(&self, engine: &Engine) -> bool {
        !engine.is_before_person(&self.origin)
    }

    fn follow(&mut self, engine: &Engine) -> bool {
        let question = engine.question(&self.origin);
        let resolutions = engine.resolutions(&self.origin);
        let seen = question.map(|question| (question.finding.clone(), resolutions));
        if seen.is_some() && seen != self.seen {
            self.seen = seen;
            // The buttons are others now: none of them was chosen yet.
            self.button = 0;
        }
        false
    }

    fn answers(&self, engine: &Engine) -> Vec<Action> {
        let resolutions = engine.resolutions(&self.origin);
        let resolutions = resolutions.iter().map(|how| action_of(*how));
        [Action::Cancel].into_iter().chain(resolutions).collect()
    }

    fn highlighted(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.button)
    }
}

/// The action that a resolution is chosen by.
fn action_of(how: Resolution) -> Action {
    match how {
        Resolution::LookAgain => Action::LookAgain,
        Resolution::DoAgain => Action::DoAgain,
        Resolution::LetGo => Action::LetGo,
        Resolution::Replace => Action::Replace,
        Resolution::Keep => Action::KeepKey,
    }
}

/// What was asked for, when, and why it is not known what came of it.
fn asked(lines: &mut Lines<'_>, question: &Question) {
    const UNREADABLE: &str = "The answer could not be read";
    let theme = lines.theme;
    let row = question.change.row();
    let what = format!("{} {}", row.verb, row.target);
    lines.marked(theme.glyphs.warn, what, theme.strong);
    let account = question
        .session
        .and_then(|session| lines.canvas.engine.fleet.of(session));
    let account = account.map(|account| account.identity.account());
    if let Some(account) = account.or_else(|| question.account.clone()) {
        lines.marked(" ", format!("in {account}"), theme.dim);
    }
    let sent = moment(lines, question.sent);
    lines.marked(" ", format!("Sent {sent}."), theme.dim);
    lines.below(match &question.cause {
        Cause::Lost(error) => match &error.code {
            Some(code) => format!("AWS failed: {code}: {}", error.message),
            None => format!("{UNREADABLE}: {}", error.message),
        },
        Cause::NoAnswer(Some(said)) => format!("{UNREADABLE}: {said}"),
        Cause::NoAnswer(None) => format!("{UNREADABLE}."),
        Cause::Interrupted => "iamkeys ended before the answer came.".into(),
        Cause::SecretLost(_) => {
            "It was created, and iamkeys ended before its secret was saved anywhere.".into()
        }
    });
}

/// What the account says.
fn found(lines: &mut Lines<'_>, question: &Question) {
    let theme = lines.theme;
    let change = &question.change;
    match &question.finding {
        Finding::Unseen => {
            let text = "It is looked for once it is known which account this is.";
            lines.marked(" ", text, theme.dim);
        }
        Finding::Queued | Finding::Looking(_) => lines.waiting("Looking at the account"),
        Finding::Failed(error) => {
            lines.failed(format!("The account could not be looked at. {error}"));
            lines.below("This stays open, also when you leave iamkeys.");
        }
        Finding::Done => lines.done(change.row().is_so),
        Finding::NotFound => {
            let text = "The account has no such key or user any more: nothing is left to be done.";
            lines.marked(theme.glyphs.done, text, Style::new());
        }
        Finding::InUse => lines.done("The key is in use, so its secret was stored."),
        Finding::NotDone => {
            let text = change.row().is_not_so;
            match change {
                Change::Create { .. } => lines.below(format!("{text} {}", looks_again())),
                _ => lines.below(text),
            }
        }
        Finding::Orphans(orphans) => found_orphans(lines, question, orphans),
    }
}

/// The keys whose secret is lost.
fn found_orphans(lines: &mut Lines<'_>, question: &Question, orphans: &[AccessKey]) {
    for orphan in orphans {
        lines.strong(&orphan.id);
        let created = orphan.created.map(|time| moment(lines, time));
        let created = created.map_or_else(String::new, |when| format!(", created {when}"));
        lines.dim(format!("{}{created}", orphan.status.word()));
    }
    lines.text(match question.cause {
        Cause::SecretLost(_) => "Its secret is lost, unless you copied it by hand.",
        _ => {
            "It was not there before. Unless it was created elsewhere, its secret is lost: AWS \
             returns a secret only once."
        }
    });
    if orphans.len() == 1 {
        let text = "Replacing deletes it and creates another.";
        lines.dim(format!("{text} {}", looks_again()));
    }
}

/// Which key looks again, as a sentence.
fn looks_again() -> String {
    let key = keymap::name(Context::Question, Action::LookAgain);
    format!("{key} looks again.")
}

/// A moment, and how long ago it was.
fn moment(lines: &Lines<'_>, time: DateTime<Utc>) -> String {
    let ago = format::ago(lines.canvas.now - time);
    format!("{} ({ago})", format::exact(time))
}
