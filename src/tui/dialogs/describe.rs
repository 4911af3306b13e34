//! What a key is for, being typed.

use super::cancel;
use crate::{
    engine::{SessionId, key_id::looks_like_a_secret, model::description_problem},
    tui::{dialogs::LONG_LIMIT, prelude::*},
};

/// Asks what a key is for.
#[derive(Debug)]
pub(in crate::tui) struct Describe {
    session: SessionId,
    user: Box<str>,
    key: String,
    /// The account in words, as it was known when this was opened.
    account: String,
    /// The text.
    input: Input,
    /// The text was edited: what the account says no longer goes into the field.
    touched: bool,
}

impl Describe {
    /// Begins with the present description, as far as it is known.
    pub(in crate::tui) fn new(
        session: SessionId,
        user: Box<str>,
        key: String,
        account: String,
        now_text: Option<&str>,
    ) -> Self {
        Self {
            session,
            user,
            key,
            account,
            input: Input::new(now_text.unwrap_or_default().to_owned()),
            touched: false,
        }
    }

    /// Why AWS would refuse what is typed.
    fn problem(&self) -> Option<String> {
        description_problem(self.input.value())
    }

    /// The present description, as far as it is known.
    #[allow(
        clippy::option_option,
        reason = "to be known to have none is an answer"
    )]
    fn present<'a>(&self, engine: &'a Engine) -> Option<Option<&'a str>> {
        let account = engine.fleet.of(self.session)?;
        account.description_of(&self.user, &self.key)
    }

    /// Saves what is typed, where it is another description that AWS would take.
    fn save(&self, engine: &Engine) -> Vec<Ask> {
        // It is explained in place.
        if self.problem().is_some() {
            return Vec::new();
        }
        // It was meant for the account that it names.
        if engine.fleet.of(self.session).is_none() {
            let text = "Another session is open now: nothing was saved";
            return vec![Ask::Complain(text.into())];
        }
        if let Some(change) = engine.pending_for(self.session.slot, &self.user, Some(&self.key)) {
            let text = format!("{} is under way", change.row().doing);
            return vec![Ask::Complain(text)];
        }
        let text = Some(self.input.value().trim().to_owned()).filter(|text| !text.is_empty());
        // Where no description is known, there is none that could be cleared.
        if self.present(engine).unwrap_or_default() == text.as_deref() {
            return vec![Ask::Close];
        }
        let change = Change::SetDescription {
            user: self.user.clone(),
            key: self.key.clone(),
            text,
        };
        let send = Intent::Send(self.session.slot, vec![change]);
        vec![Ask::Close, Ask::Intend(send)]
    }
}

impl Dialog for Describe {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Describe
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, WIDTH);
        let problem = self.problem();
        let may_save = problem.is_none();
        lines.strong(&self.key);
        lines.dim(format!("of {} in {}", self.user, self.account));
        lines.gap();
        lines.field("For", &self.input);
        match (problem, self.present(canvas.engine)) {
            (Some(problem), _) => lines.failed(problem),
            (None, None) => {
                let account = canvas.engine.fleet.of(self.session);
                let refused = account.is_some_and(|it| it.identity.tags_refused);
                lines.dim(if refused {
                    "What it says now may not be read. Saving replaces it."
                } else {
                    "What it says now is not known yet."
                });
            }
            (None, Some(None)) => lines.dim("No description."),
            (None, Some(Some(now))) => {
                let empty = self.input.value().trim().is_empty();
                let clears = if empty { ". Empty clears it." } else { "" };
                lines.dim(format!("Now: {now}{clears}"));
            }
        }
        lines.gap();
        lines.text(
            "Everybody who may see the user can read it: it is a tag, as the console makes it.",
        );
        let button = |action, verb| Button::of(Context::Describe, action, verb);
        let save = button(Action::GoOn, "Save").only_if(may_save);
        let buttons = vec![button(Action::Cancel, "Cancel"), save];
        Some(Frame::new("Describe key", canvas.theme.accent, lines).buttons(1, buttons))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::GoOn => self.save(engine),
            _ => cancel(action),
        }
    }

    fn follow(&mut self, engine: &Engine) -> bool {
        if let Some(now) = self.present(engine)
            && !self.touched
            && self.input.value() != now.unwrap_or_default()
        {
            self.input = Input::new(now.unwrap_or_default().to_owned());
        }
        false
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Cancel, Action::GoOn]
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn limit(&self) -> usize {
        LONG_LIMIT
    }

    fn edited(&mut self, _engine: &Engine) -> Vec<Ask> {
        self.touched = true;
        if !looks_like_a_secret(self.input.value()) {
            return Vec::new();
        }
        self.input = Input::default();
        let text = "That looks like a secret, and everybody could read it: taken out again";
        vec![Ask::Complain(text.into())]
    }
}
