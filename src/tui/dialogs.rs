//! The dialogs, one file each: what it remembers (a cursor, a text), what its keys mean, and how it
//! is drawn. A dialog holds no facts: what it shows it looks up in the engine, and what it wants it
//! asks of the screen ([`Ask`]).

mod bulk;
mod code;
mod confirm;
mod copy_as;
mod describe;
mod details;
mod discard;
mod document;
mod entry;
mod events;
mod exempt;
mod failure;
mod filter_guide;
mod find;
mod full;
mod help;
mod impact;
mod json;
mod leak;
mod leaving;
mod login;
mod new_key;
mod palette;
mod plan;
mod question;
mod ready_filters;
mod rotate;
mod rotations;
mod store;
mod switch;

pub(super) use bulk::{BulkPage, ChooseAction, KeptPlanDialog, PlanFile};
pub(super) use code::CodeDialog;
pub(super) use describe::Describe;
pub(super) use details::Details;
pub(super) use discard::Discard;
pub(super) use entry::WholeEntry;
pub(super) use exempt::Exempt;
pub(super) use find::Find;
pub(super) use help::Help;
pub(super) use impact::Impact;
pub(super) use leak::LeakPage;
pub(super) use leaving::Leaving;
pub(super) use login::LoginDialog;
pub(super) use new_key::NewKeyDialog;
pub(super) use palette::Palette;
pub(super) use plan::PlanDialog;
pub(super) use question::QuestionDialog;
pub(super) use ready_filters::ReadyFilters;
pub(super) use rotate::Rotate;
pub(super) use rotations::RotationsPage;
pub(super) use store::Store;
pub(super) use switch::Switch;

use super::prelude::*;
use crate::engine::{
    self, Need, Obstacle,
    prompt::{Asked, Means},
    vault::NewKey,
};
use std::{any::Any, fmt};

/// The most that a text field takes, in bytes.
pub(super) const PASTE_LIMIT: usize = 128;

/// The most that one takes for a path or a description: more than either may have, so that what is
/// too long can be said to be.
pub(super) const LONG_LIMIT: usize = 2048;

/// What a dialog asks of the screen.
#[derive(Debug)]
pub(super) enum Ask {
    /// Tell the engine.
    Intend(Intent),
    /// Close this dialog.
    Close,
    /// Sign in to another account in place of the one that is shown.
    SignIn(engine::Target),
    /// The same, by other means than the usual ones.
    SignInWith(engine::Target, Means),
    /// Show another account that is open.
    Show(Slot),
    /// Open another above it.
    Open(Box<dyn Dialog>),
    /// Filter the list behind it by this text.
    Filter(&'static str),
    /// Do an action of the page behind it.
    Act(Action),
    /// Go to a key of the account that is shown.
    GoToKey {
        slot: Slot,
        user: Box<str>,
        key: String,
    },
    /// Say that something is not possible.
    Complain(String),
    /// Say how something goes.
    Say(String),
}

/// A dialog.
pub(super) trait Dialog: fmt::Debug + Any {
    /// The place whose keys count in it.
    fn context(&self, engine: &Engine) -> Context;

    /// How it looks; `None` where what it is about is over, and it is about to close.
    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame>;

    /// What an action means in it. Moving among buttons and rows and editing text come by the methods
    /// below; `Cancel` closes it unless it says otherwise.
    fn act(&mut self, action: Action, _engine: &Engine) -> Vec<Ask> {
        cancel(action)
    }

    /// Whether an action that counts in it does something now: what does nothing is not offered.
    fn offers(&self, _action: Action, _engine: &Engine) -> bool {
        true
    }

    /// Whether what can be pressed in it stays in sight below what is told of the last thing: it is as
    /// wide as the screen, and has no buttons.
    fn keeps_hints(&self) -> bool {
        false
    }

    /// Whether it states all that it is going to: what is being loaded was not read yet. One that asks
    /// about nothing that is still loading always does.
    fn is_complete(&self, _engine: &Engine) -> bool {
        true
    }

    /// The need of the engine that it was opened for; `None` where a person has opened it.
    fn need(&self) -> Option<Need> {
        None
    }

    /// Whether the program that waits for the terminal to answer it may have that now.
    fn gives_terminal(&self, _engine: &Engine) -> bool {
        false
    }

    /// The account and the user whose change it waits for: what comes of that change is shown above
    /// it at once.
    fn awaits(&self, _engine: &Engine) -> Option<(Slot, Box<str>)> {
        None
    }

    /// Whether what it shows is over, so that it closes by itself.
    fn is_over(&self, _engine: &Engine) -> bool {
        false
    }

    /// Takes notice of what has changed: an answer to what it asked before is none to what it asks
    /// now. Says whether it asks something else without the engine having said so.
    fn follow(&mut self, _engine: &Engine) -> bool {
        false
    }

    /// Takes notice of what has just happened. Says whether that needs not be said elsewhere.
    fn hear(&mut self, _news: &News) -> bool {
        false
    }

    /// It is not in sight: an answer that waits for something is taken back.
    fn cover(&self, _engine: &Engine) -> Option<Intent> {
        None
    }

    /// What its buttons do. The first leaves things as they are.
    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Cancel]
    }

    /// The highlighted button, where one can move among them.
    fn highlighted(&mut self, _engine: &Engine) -> Option<&mut usize> {
        None
    }

    /// The highlighted button, and how many there are; `None` where one cannot move among them.
    fn buttons(&mut self, engine: &Engine) -> Option<(&mut usize, usize)> {
        let count = self.answers(engine).len();
        Some((self.highlighted(engine)?, count))
    }

    /// Presses a button.
    fn press(&mut self, button: usize, engine: &Engine) -> Vec<Ask> {
        match self.answers(engine).get(button) {
            Some(action) => self.act(*action, engine),
            None => Vec::new(),
        }
    }

    /// What the highlighted button does.
    fn pressed(&mut self, engine: &Engine) -> Option<Action> {
        let (button, _) = self.buttons(engine)?;
        let button = *button;
        self.answers(engine).get(button).copied()
    }

    /// Presses the highlighted button with the keyboard.
    fn enter(&mut self, button: usize, engine: &Engine) -> Vec<Ask> {
        self.press(button, engine)
    }

    /// The text field that letters go to.
    fn field(&mut self) -> Option<&mut Input> {
        None
    }

    /// How many bytes the text field takes.
    fn limit(&self) -> usize {
        PASTE_LIMIT
    }

    /// The text was edited.
    fn edited(&mut self, _engine: &Engine) -> Vec<Ask> {
        Vec::new()
    }

    /// A text is about to be pasted.
    ///
    /// # Errors
    /// When it must not go into the field: what that asks of the screen.
    fn takes_paste(&mut self, _text: &str, _engine: &Engine) -> Result<(), Vec<Ask>> {
        Ok(())
    }

    /// Whether the letter of an action is text at this moment.
    fn takes_as_text(&self, _action: Action, _engine: &Engine) -> bool {
        false
    }

    /// The first line shown, where it is a text that can be scrolled.
    fn scroll(&mut self, _engine: &Engine) -> Option<&mut usize> {
        None
    }

    /// It was drawn so.
    fn drawn(&mut self, _drawn: &Drawn, _engine: &Engine) {}

    /// Moves by what is shown of it, on or back. Says whether it knows how much that is.
    fn turn_page(&mut self, _on: bool, _engine: &Engine) -> bool {
        false
    }

    /// Moves among rows by so many.
    fn step(&mut self, _by: isize, _engine: &Engine) {}

    /// Chooses a row, as a click does.
    fn take_row(&mut self, _row: usize, _engine: &Engine) -> Vec<Ask> {
        Vec::new()
    }
}

/// What an action means where only `Cancel` does.
fn cancel(action: Action) -> Vec<Ask> {
    match action {
        Action::Cancel => vec![Ask::Close],
        _ => Vec::new(),
    }
}

/// Tells the engine one thing.
fn intend(intent: Intent) -> Vec<Ask> {
    vec![Ask::Intend(intent)]
}

/// A new key, while its secret is held.
fn held<'a>(engine: &'a Engine, key: &str) -> Option<&'a NewKey> {
    engine.vault.key(key).filter(|key| key.is_held())
}

/// The dialog for something that the engine needs a person for.
pub(super) fn for_need(need: &Need, engine: &Engine) -> Box<dyn Dialog> {
    match need {
        Need::Plan(plan) => Box::new(PlanDialog::new(*plan)),
        Need::KeptPlan => Box::new(KeptPlanDialog::default()),
        Need::NewKey(key) => Box::new(NewKeyDialog::new(key.clone())),
        Need::Question(origin) => Box::new(QuestionDialog::new(origin.clone())),
        Need::Prompt(session, id) => {
            let asked = engine.prompt(*session, *id).map(|prompt| &prompt.asked);
            match asked {
                Some(Asked::Login(_)) => Box::new(LoginDialog::new(*session, *id)),
                Some(Asked::Code(_)) | None => Box::new(CodeDialog::new(*session, *id)),
            }
        }
    }
}

/// The dialog for what is in the way of a person who wants to leave.
pub(super) fn for_obstacle(obstacle: Obstacle) -> Box<dyn Dialog> {
    match obstacle {
        Obstacle::Secret(key) => Box::new(Discard::new(key)),
        obstacle @ (Obstacle::Changes | Obstacle::Plan) => Box::new(Leaving::new(obstacle)),
    }
}
