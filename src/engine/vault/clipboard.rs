//! What this run has put on clipboards: a secret on the system's is cleared after a while, and when
//! the program ends.

use super::Kept;
use crate::engine::{
    Engine, News, SecretKey,
    effect::{Clip, Copied, CopyOutcome, Effect},
};

impl Engine {
    /// Copies something that belongs to a key: its ID, or of a new key what is held of it.
    pub(in crate::engine) fn copy(&mut self, id: &str, what: Copied) -> Option<()> {
        let key = self.vault.key(id);
        let text = match what {
            Copied::KeyId => SecretKey::new(id.into()),
            Copied::Secret => key?.secret()?.clone(),
            // A section needs a name, and no one has chosen one.
            Copied::As(form) => form.text(id, key?.secret()?, &key?.user),
            Copied::Command | Copied::Address => return None,
        };
        let key = id.to_owned();
        self.effects.push(Effect::Copy(Clip { what, key, text }));
        Some(())
    }

    /// Copies the `aws` command of an entry of the activity.
    pub(in crate::engine) fn copy_command(&mut self, number: usize) -> Option<()> {
        let entry = self.activity.entry(number)?;
        let mut command = entry.command.clone();
        if command.is_empty() {
            return None;
        }
        // The command has no option for a role: who pastes it is told which one it takes.
        if let Some(role) = &entry.role {
            command = format!("{command}  # with {role}");
        }
        self.activity.copying(number);
        self.effects.push(Effect::Copy(Clip {
            what: Copied::Command,
            key: String::new(),
            text: SecretKey::new(command),
        }));
        Some(())
    }

    /// Files what came of copying: with the new key that it belongs to, while its secret is held.
    pub(in crate::engine) fn copied(&mut self, what: Copied, key: String, outcome: CopyOutcome) {
        if what == Copied::Command {
            self.activity.copied(outcome.clone());
        }
        if outcome == CopyOutcome::InSystemClipboard {
            self.vault.on_clipboard = what.holds_secret().then(|| key.clone());
        }
        if outcome.has_arrived() {
            self.vault.replace_copies(&key);
        }
        match self.vault.key_mut(&key) {
            Some(new) if new.is_held() => {
                new.note_copied(what, outcome);
                if what.holds_secret() && new.on_clipboard() == Kept::Somewhere {
                    self.note_stored(&key, "clipboard");
                }
            }
            _ => self.news.push(News::Copied { what, key, outcome }),
        }
    }

    /// Clears the clipboard, where it is still this key's secret that was copied last.
    pub(in crate::engine) fn clipboard_due(&mut self, key: String) {
        if self.vault.on_clipboard.as_ref() == Some(&key) {
            self.effects.push(Effect::ClearClipboard(key));
        }
    }

    /// Files what came of clearing the clipboard.
    pub(in crate::engine) fn cleared(&mut self, id: &str, result: Result<bool, String>) {
        if self.vault.on_clipboard.as_deref() != Some(id) {
            return;
        }
        match result {
            Ok(cleared) => {
                self.vault.on_clipboard = None;
                if !cleared {
                    return;
                }
                if let Some(key) = self.vault.key_mut(id) {
                    key.cleared = true;
                }
                self.say(format!("The secret of {id} was cleared from the clipboard"));
            }
            Err(why) => self.complain(format!(
                "The clipboard may still hold the secret of {id}: {why}"
            )),
        }
    }

    /// The key whose secret is on the system's clipboard, and nowhere else that is known, where
    /// leaving clears that.
    #[must_use]
    pub fn only_on_clipboard(&self) -> Option<&str> {
        self.settings.clear_after?;
        let id = self.vault.on_clipboard.as_deref()?;
        let key = self.vault.key(id)?;
        matches!(&key.stored[..], [place] if place == "clipboard").then_some(id)
    }

    /// A person has decided that the secret on the clipboard may go. Says whether it was there.
    pub(super) fn let_clipboard_go(&mut self, id: &str) -> bool {
        let on_clipboard = &mut self.vault.on_clipboard;
        on_clipboard.take_if(|key| key == id).is_some()
    }
}
