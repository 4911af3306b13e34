//! What this run has put on the system's clipboard: a secret there is cleared after a while, and
//! when the program ends.

use super::{
    State,
    modal::{Modal, Then},
};
use crate::{
    effect::{Copied, Effect, Exit, Fact, Note, Origin},
    message::CopyOutcome,
};

impl State {
    /// Notes what came of a copy: which key's secret the system's clipboard holds since.
    pub(crate) fn note_copy(&mut self, what: Copied, key: &str, outcome: &CopyOutcome) {
        if *outcome == CopyOutcome::InSystemClipboard {
            self.on_clipboard = what.holds_secret().then(|| key.to_owned());
        }
    }

    /// Clears the clipboard, where it is still this key's secret that was copied last.
    #[must_use]
    pub(crate) fn clipboard_due(&mut self, key: String) -> Vec<Effect> {
        if self.on_clipboard.as_ref() == Some(&key) {
            vec![Effect::ClearClipboard(key)]
        } else {
            Vec::new()
        }
    }

    /// Files what came of clearing the clipboard.
    pub(crate) fn cleared(&mut self, key: &str, result: Result<bool, String>) {
        if self.on_clipboard.as_deref() != Some(key) {
            return;
        }
        match result {
            Ok(cleared) => {
                self.on_clipboard = None;
                if !cleared {
                    return;
                }
                for modal in &mut self.modals {
                    if let Modal::NewKey(new) = modal
                        && new.id == key
                    {
                        new.cleared = true;
                    }
                }
                self.say(format!(
                    "The secret of {key} was cleared from the clipboard"
                ));
            }
            Err(why) => self.complain(format!(
                "The clipboard may still hold the secret of {key}: {why}"
            )),
        }
    }

    /// The key whose secret is on the system's clipboard, and nowhere else that is known, where
    /// leaving clears that.
    #[must_use]
    pub fn only_on_clipboard(&self) -> Option<&str> {
        self.settings.clear_after?;
        let key = self.on_clipboard.as_deref()?;
        let fresh = self.fresh.iter().find(|fresh| fresh.key == key)?;
        matches!(&fresh.stored[..], [place] if place == "clipboard").then_some(key)
    }

    /// Asks before the clipboard is cleared on the way out, where that loses a secret.
    pub(super) fn ask_to_paste(&mut self, exit: fn(Vec<String>) -> Exit) -> bool {
        let Some(key) = self.only_on_clipboard().map(str::to_owned) else {
            return false;
        };
        self.modals.push(Modal::discard(key, Then::Leave(exit)));
        true
    }

    /// A person has decided that the secret on the clipboard may go.
    pub(super) fn let_clipboard_go(&mut self, key: &str) -> Vec<Effect> {
        if self.on_clipboard.as_deref() != Some(key) {
            return Vec::new();
        }
        self.on_clipboard = None;
        let fresh = self.fresh.iter().find(|fresh| fresh.key == key);
        let note = fresh.map(|fresh| {
            Effect::Note(Note {
                of: Origin::Here(fresh.change),
                fact: Fact::Discarded {
                    key: key.to_owned(),
                },
            })
        });
        note.into_iter().collect()
    }
}
