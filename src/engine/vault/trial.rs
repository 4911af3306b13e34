//! Trying a new key: whether AWS accepts it already, and as which user.

use super::{Tried, Vault};
use crate::engine::{
    Engine,
    account::AccountLabel,
    activity::{Entry, Outcome},
    effect::{Effect, SessionId, Slot, Trial},
    event::TrialNews,
};

impl Vault {
    /// The keys of a user whose secrets are stored, of those that replace another: they are part of
    /// a rotation from now on.
    fn rotate(&mut self, slot: Slot, user: &str, replaces: impl Fn(&str) -> bool) -> Vec<String> {
        let mut stored = Vec::new();
        for key in self.keys.iter_mut().filter(|key| key.is_of(slot, user)) {
            if replaces(&key.id) {
                key.rotating = true;
                stored.extend((!key.stored.is_empty()).then(|| key.id.clone()));
            }
        }
        stored
    }
}

impl Engine {
    /// Tries a new key, if that was not done yet and its secret is held.
    pub(in crate::engine) fn check_new_key(&mut self, id: &str) -> Option<()> {
        let secret = self.vault.secret_of(id)?;
        let key = self.vault.key_mut(id)?;
        if key.tried != Tried::NotYet {
            return None;
        }
        let account = self.fleet.get(key.session.slot)?;
        // No one else sees to it that this key is tried.
        if !key.account.is_same(&AccountLabel::of(account)) {
            return None;
        }
        key.tried = Tried::Trying(0, self.now);
        let trial = Trial {
            key: id.to_owned(),
            secret,
            go_on_as: key.replaces_own.then(|| key.user.to_string()),
            account: account.identity.account_id().map(str::to_owned),
        };
        self.effects.push(Effect::Try(account.session, trial));
        Some(())
    }

    /// Tries the new keys of a user that were stored before their rotation was begun.
    pub(in crate::engine) fn check_stored_keys(&mut self, slot: Slot, user: &str) {
        let rotations = &self.rotations;
        let stored = self.vault.rotate(slot, user, |key| rotations.replaces(key));
        for key in stored {
            self.check_new_key(&key);
        }
    }

    /// What was being tried in a session that is over is not tried any more.
    pub(in crate::engine) fn forget_trials(&mut self, session: SessionId) {
        let of_slot = |key: &&mut super::NewKey| key.session.slot == session.slot;
        for key in self.vault.keys.iter_mut().filter(of_slot) {
            if matches!(key.tried, Tried::Trying(..)) {
                key.tried = Tried::NotYet;
            }
        }
    }

    /// Files how the trial of a new key goes.
    pub(in crate::engine) fn tried(
        &mut self,
        session: SessionId,
        id: &str,
        news: TrialNews,
    ) -> Option<()> {
        let now = self.now;
        let account = self.fleet.of_mut(session)?;
        let key = self.vault.key_mut(id)?;
        // Another account's session has nothing to say of it, and does not go on with it.
        if key.session.slot != session.slot {
            return None;
        }
        let since = match key.tried {
            Tried::Trying(_, since) => since,
            _ => now,
        };
        let signed_in = matches!(news, TrialNews::Accepted(_, true));
        key.tried = match news {
            TrialNews::NotYet(times) => Tried::Trying(times, since),
            TrialNews::Accepted(caller, _) => Tried::Works(caller),
            TrialNews::GivenUp(error) => {
                let mut entry = Entry::of_place(
                    error.action,
                    format!("{id} of {}", key.user),
                    Outcome::Failed(error.clone()),
                    (now - since).to_std().unwrap_or_default(),
                    now,
                );
                entry.request_id.clone_from(&error.request_id);
                self.activity.note(entry);
                Tried::Refused(error)
            }
        };
        if signed_in {
            id.clone_into(&mut account.identity.key);
            self.say(format!("Signed in with {id} from now on"));
        }
        Some(())
    }
}
