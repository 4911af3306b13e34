//! The keys that this run has created: where their secrets have been put, and whether they have
//! been found to work. The account itself does not say.

use super::{
    State,
    activity::{Entry, Outcome},
    changes::Pending,
    modal::Modal,
};
use crate::{
    effect::{ChangeId, Effect, Fact, Note, Origin, Trial},
    iam::{Caller, Error},
    secret::SecretKey,
};
use chrono::{DateTime, Utc};

/// What this run knows of a key that it has created.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The change that created it.
    pub change: ChangeId,
    /// Whose it is.
    pub user: Box<str>,
    /// Its ID.
    pub key: String,
    /// Where its secret has been put, in words; nothing while it is nowhere.
    pub stored: Vec<String>,
    /// Whether it has been found to work.
    pub trial: Tried,
    /// It takes the place of the key that this session is signed in with.
    pub replaces_own: bool,
    /// It has been deleted again.
    pub deleted: bool,
}

/// Whether a new key has been found to work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tried {
    /// Nobody has tried.
    #[default]
    NotYet,
    /// It is being tried: so many times so far, since then.
    Trying(u32, DateTime<Utc>),
    /// It signs requests as this caller.
    Works(Caller),
    /// It was refused until nobody tried any more.
    Refused(Error),
}

/// How a trial of a new key goes.
#[derive(Clone, Debug)]
pub enum TrialNews {
    /// It is not accepted yet; it was tried so many times.
    NotYet(u32),
    /// It is accepted, as this caller; whether the session goes on with it.
    Accepted(Caller, bool),
    /// It was not accepted in all that time.
    GivenUp(Error),
}

impl State {
    /// What this run knows of a key, if it has created it.
    #[must_use]
    pub fn fresh_key(&self, key: &str) -> Option<&Fresh> {
        self.fresh.iter().find(|fresh| fresh.key == key)
    }

    /// Whether a new key belongs to this user of this account.
    pub(super) fn is_expected(&self, caller: &Caller, user: &str) -> bool {
        caller.name().eq_ignore_ascii_case(user)
            && self
                .session
                .number()
                .is_none_or(|number| number == caller.account)
    }

    /// Remembers a key that was just created: whether it takes the place of this session's own.
    pub(super) fn remember_fresh(&mut self, pending: &Pending, key: &str) {
        let user = pending.change.user();
        let same_session = pending.session == self.session_number;
        let replaces_own = same_session
            && self
                .key_ids(user)
                .is_some_and(|ids| ids.iter().any(|id| self.is_own(id)));
        self.fresh.push(Fresh {
            change: pending.id,
            user: user.into(),
            key: key.into(),
            stored: Vec::new(),
            trial: Tried::NotYet,
            replaces_own,
            deleted: false,
        });
    }

    /// Notes that the secret of a new key has been put somewhere. In a rotation, the key is tried
    /// then: nobody holds its secret for long.
    #[must_use]
    pub(crate) fn note_stored(&mut self, key: &str, place: &str) -> Vec<Effect> {
        let Some(fresh) = self.fresh.iter_mut().find(|fresh| fresh.key == key) else {
            return Vec::new();
        };
        if fresh.stored.iter().any(|known| known == place) {
            return Vec::new();
        }
        fresh.stored.push(place.to_owned());
        let note = Effect::Note(Note {
            of: Origin::Here(fresh.change),
            fact: Fact::Stored {
                key: key.to_owned(),
                place: place.to_owned(),
            },
        });
        let mut effects = vec![note];
        effects.extend(self.try_fresh(key));
        effects
    }

    /// Notes that the secret of a new key is nowhere any more.
    pub(super) fn note_discarded(&mut self, key: &str) {
        if let Some(fresh) = self.fresh.iter_mut().find(|fresh| fresh.key == key) {
            fresh.stored.clear();
            fresh.trial = Tried::NotYet;
        }
    }

    /// Notes that a key has been deleted.
    pub(super) fn note_deleted(&mut self, key: &str) {
        if let Some(fresh) = self.fresh.iter_mut().find(|fresh| fresh.key == key) {
            fresh.deleted = true;
        }
    }

    /// What was being tried in the session before is not tried any more.
    pub(super) fn forget_trials(&mut self) {
        for fresh in &mut self.fresh {
            if matches!(fresh.trial, Tried::Trying(..)) {
                fresh.trial = Tried::NotYet;
            }
        }
    }

    /// Tries a new key that is part of a rotation, if nobody has yet.
    fn try_fresh(&mut self, key: &str) -> Option<Effect> {
        let secret = self.secret_of(key)?;
        let now = self.now;
        let modals = &self.modals;
        let fresh = self.fresh.iter_mut().find(|fresh| fresh.key == key)?;
        let rotating = |modal: &Modal| matches!(modal, Modal::Rotate(r) if r.user == fresh.user);
        if fresh.trial != Tried::NotYet || !modals.iter().any(rotating) {
            return None;
        }
        fresh.trial = Tried::Trying(0, now);
        Some(Effect::Try(Trial {
            key: key.to_owned(),
            secret,
            go_on_as: fresh.replaces_own.then(|| fresh.user.to_string()),
            account: self.session.number().map(str::to_owned),
        }))
    }

    /// The secret of a new key whose dialog is open.
    pub(super) fn secret_of(&self, key: &str) -> Option<SecretKey> {
        self.modals.iter().find_map(|modal| match modal {
            Modal::NewKey(new) if new.id == key => Some(new.secret.clone()),
            _ => None,
        })
    }

    /// Files how the trial of a new key goes.
    pub(crate) fn tried(&mut self, key: &str, news: TrialNews) {
        let now = self.now;
        let Some(fresh) = self.fresh.iter_mut().find(|fresh| fresh.key == key) else {
            return;
        };
        let since = match fresh.trial {
            Tried::Trying(_, since) => since,
            _ => now,
        };
        let mut signed_in = false;
        fresh.trial = match news {
            TrialNews::NotYet(times) => Tried::Trying(times, since),
            TrialNews::Accepted(caller, with_it) => {
                signed_in = with_it;
                Tried::Works(caller)
            }
            TrialNews::GivenUp(error) => {
                self.activity.note(Entry {
                    time: now,
                    action: error.action,
                    target: format!("{key} of {}", fresh.user),
                    result: Outcome::Failed(error.clone()),
                    took: (now - since).to_std().unwrap_or_default(),
                    request_id: error.request_id.clone(),
                    command: String::new(),
                });
                Tried::Refused(error)
            }
        };
        if signed_in {
            key.clone_into(&mut self.session.key);
            self.say(format!("Signed in with {key} from now on"));
        }
    }
}
