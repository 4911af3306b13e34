//! Saying what a key is for: a text beside the key, kept where the console keeps it.

use super::{State, modal::Modal};
use crate::{
    effect::Effect,
    iam::{Change, model::description_problem},
};
use tui_input::Input;

/// Asks what a key is for.
#[derive(Debug)]
pub struct Describe {
    /// Whose key it is.
    pub user: Box<str>,
    /// Its ID.
    pub key: String,
    /// The account it is in, in words.
    pub account: String,
    /// The text.
    pub input: Input,
    /// Somebody has typed: what the account says now no longer goes into the field.
    pub touched: bool,
}

impl Describe {
    /// Why AWS would refuse what is typed.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        description_problem(self.input.value())
    }
}

impl State {
    /// The description of a key: of one that has none, nothing inside; nothing where it is not
    /// known.
    #[must_use]
    pub fn description_of(&self, user: &str, key: &str) -> Option<Option<&str>> {
        let row = self.users.get(user)?;
        row.descriptions.known()?;
        Some(row.description(key))
    }

    /// Asks what the selected key is for, and for what it is said to be for now.
    #[must_use]
    pub fn ask_description(&mut self) -> Vec<Effect> {
        let Some((user, row)) = self.key_meant() else {
            return Vec::new();
        };
        let key = row.key.id;
        let now = self.description_of(&user, &key).flatten();
        let input = Input::new(now.unwrap_or_default().to_owned());
        let (_, effect) = self.ask_descriptions_now(&user);
        self.modals.push(Modal::Describe(Box::new(Describe {
            user,
            key,
            account: self.session.account(),
            input,
            touched: false,
        })));
        vec![effect]
    }

    /// Brings what the account says into a dialog that nobody has typed in yet.
    pub(crate) fn described(&mut self, user: &str) {
        let known = self
            .users
            .get(user)
            .and_then(|row| row.descriptions.known());
        let Some(known) = known else { return };
        for modal in &mut self.modals {
            if let Modal::Describe(describe) = modal
                && !describe.touched
                && describe.user.eq_ignore_ascii_case(user)
            {
                let text = known.iter().find(|(of, _)| *of == describe.key);
                let text = text.map(|(_, text)| text.clone());
                describe.input = Input::new(text.unwrap_or_default());
            }
        }
    }

    /// Saves the description on top, where it is another one that AWS would take.
    #[must_use]
    pub fn save_description(&mut self) -> Vec<Effect> {
        let Some(Modal::Describe(describe)) = self.modals.last() else {
            return Vec::new();
        };
        // It is explained in place.
        if describe.problem().is_some() {
            return Vec::new();
        }
        let (user, key) = (describe.user.clone(), describe.key.clone());
        let account = describe.account.clone();
        let text = Some(describe.input.value().trim().to_owned()).filter(|text| !text.is_empty());
        if let Some(change) = self.pending_for(&user, Some(&key)) {
            let text = format!("{} is under way", change.doing());
            self.complain(text);
            return Vec::new();
        }
        let same = match self.description_of(&user, &key) {
            Some(now) => now == text.as_deref(),
            // Nothing to be cleared that anybody knows of.
            None => text.is_none(),
        };
        self.modals.pop();
        if same {
            return Vec::new();
        }
        self.order(Change::Describe { user, key, text }, None, None, account)
    }
}
