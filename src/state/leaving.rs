//! Leaving the program, and parting with a secret: what would be lost is asked about first, and what
//! stays open is told.

use super::{
    State,
    modal::{Modal, Then},
};
use crate::effect::{Effect, Exit, Fact, Note, Origin};

impl State {
    /// Leaves, unless a secret or a change would be lost: then asks first.
    #[must_use]
    pub fn leave(&mut self, exit: fn(Vec<String>) -> Exit) -> Vec<Effect> {
        self.filtering = false;
        self.disarm();
        if let Some(Modal::Discard(discard)) = self.modals.last_mut() {
            // Asked already; what follows the answer may be more now.
            discard.then = Then::Leave(exit);
            return Vec::new();
        }
        if let Some(key) = self.only_copy() {
            self.modals.push(Modal::discard(key, Then::Leave(exit)));
            return Vec::new();
        }
        if self.ask_to_paste(exit) {
            return Vec::new();
        }
        if !self.changes.is_empty() {
            if !self.modals.iter().any(|m| matches!(m, Modal::Leaving(_))) {
                self.modals.push(Modal::leaving(exit));
            }
            return Vec::new();
        }
        vec![Effect::Exit(exit(self.unknown_at_exit()))]
    }

    /// The key whose secret is nowhere but in its dialog: the topmost, if there are several.
    #[must_use]
    pub fn only_copy(&self) -> Option<String> {
        self.modals.iter().rev().find_map(Modal::only_copy)
    }

    /// Closes the dialog of a new key that may be the only place of its secret, as a person has
    /// decided: they have it, or they throw it away.
    #[must_use]
    pub fn part_with_secret(&mut self, key: &str, has_it: bool) -> Vec<Effect> {
        let is_it = |modal: &Modal| matches!(modal, Modal::NewKey(new) if new.id == key);
        // As long as the dialog holds it: the key may be tried now.
        let mut effects = if has_it {
            self.note_stored(key, "by hand")
        } else {
            self.let_clipboard_go(key)
        };
        let Some(at) = self.modals.iter().position(is_it) else {
            return effects;
        };
        let Modal::NewKey(new) = self.modals.remove(at) else {
            return effects;
        };
        if !has_it {
            self.note_discarded(key);
            self.complain(format!(
                "{key}: its secret is gone; delete the key, create another"
            ));
            effects.push(Effect::Note(Note {
                of: Origin::Here(new.change),
                fact: Fact::Discarded { key: new.id },
            }));
        }
        effects
    }

    /// What nobody will know once the program has ended now: one line each.
    #[must_use]
    pub fn unknown_at_exit(&self) -> Vec<String> {
        let changes = self.changes.iter().map(|pending| {
            format!(
                "not known: {} {} was under way",
                pending.change.doing(),
                pending.change.target()
            )
        });
        let secrets = self.modals.iter().filter_map(|modal| match modal {
            Modal::NewKey(new) if modal.holds_only_copy() => Some(format!(
                "lost: the secret of {} of {} was stored nowhere; delete that key",
                new.id, new.user
            )),
            _ => None,
        });
        let pasted = self.only_on_clipboard().map(|key| {
            format!("cleared: the secret of {key} was on the clipboard, and stored nowhere else")
        });
        changes
            .chain(secrets)
            .chain(pasted)
            .chain(self.open_at_exit())
            .collect()
    }
}
