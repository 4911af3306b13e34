//! Changes: under way, and what came of them.

use super::{
    State,
    modal::{Failure, Full, Modal, NewKey},
    questions::{Question, Settles},
    users::KeyRow,
};
use crate::{
    effect::{ChangeId, Effect, Order},
    iam::{AccessKey, Change, Changed, Error, KeyStatus, Kind, LastUsed},
    secret::SecretKey,
};
use chrono::{DateTime, Utc};

/// A change that was sent and not answered yet.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its number.
    pub id: ChangeId,
    /// What was asked for.
    pub change: Change,
    /// What follows as soon as it is done.
    pub then: Option<Change>,
    /// The open question that is answered when it is done.
    pub settles: Option<Settles>,
    /// The account it is made in, in words.
    pub account: String,
    /// The account's number, where it is known.
    pub number: Option<String>,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
    /// The profile it is signed with, where one was named.
    pub profile: Option<String>,
    /// When it was sent.
    pub sent: DateTime<Utc>,
    /// The IDs of the user's keys before, where they are known.
    pub before: Option<Vec<String>>,
    /// The session it was sent in. What is shown of another one is another account's.
    pub session: u64,
}

impl State {
    /// The key of a user that could be deleted with the least harm, as far as that is known.
    #[must_use]
    pub fn deletable(&self, user: &str) -> Option<&KeyRow> {
        let rows = self.users.get(user)?.keys.known()?;
        let never = |row: &&KeyRow| matches!(row.last_used.known(), Some(LastUsed::Never));
        rows.iter()
            .find(|row| row.key.status == KeyStatus::Inactive)
            .or_else(|| rows.iter().find(never))
    }

    /// Sends a change.
    #[must_use]
    pub fn order(
        &mut self,
        change: Change,
        then: Option<Change>,
        settles: Option<Settles>,
        account: String,
    ) -> Vec<Effect> {
        let id = ChangeId(self.number());
        let answers = settles.clone();
        let pending = Pending {
            id,
            then,
            settles,
            account,
            number: self.session.number().map(str::to_owned),
            endpoint: self.endpoint().map(str::to_owned),
            profile: self.session.profile.clone(),
            sent: self.now,
            before: self.key_ids(change.user()),
            session: self.session_number,
            change,
        };
        let order = Order {
            id,
            change: pending.change.clone(),
            account: pending.number.clone(),
            caller: self.session.caller.known().map(|caller| caller.arn.clone()),
            endpoint: pending.endpoint.clone(),
            keys_before: pending.before.clone(),
        };
        self.changes.push(pending);
        let mut effects = vec![Effect::Change(Box::new(order))];
        if let Some(Settles::Sent(origin)) = answers {
            effects.extend(self.settle(&origin, "not done, and asked for again"));
        }
        effects
    }

    /// Whether a change to this key is under way.
    #[must_use]
    pub fn pending_for(&self, user: &str, key: Option<&str>) -> Option<&Change> {
        self.changes
            .iter()
            .filter(|pending| pending.session == self.session_number)
            .map(|pending| &pending.change)
            .find(|change| change.key() == key && change.user().eq_ignore_ascii_case(user))
    }

    /// Files what came of a change, and asks for the truth.
    #[must_use]
    pub fn changed(&mut self, id: ChangeId, result: Result<Changed, Error>) -> Vec<Effect> {
        let Some(at) = self.changes.iter().position(|pending| pending.id == id) else {
            return Vec::new();
        };
        let pending = self.changes.remove(at);
        let user: Box<str> = pending.change.user().into();
        let same_session = pending.session == self.session_number;
        let mut effects = match result {
            // The question asks for the keys itself.
            Err(error) if error.outcome_unknown() => {
                return self.lost(&pending, error);
            }
            Err(error) => self.refused(pending.change, error),
            Ok(changed) => self.done(pending, changed),
        };
        if same_session && self.users.get(&user).is_some() {
            effects.push(self.ask_keys_now(&user).1);
        }
        effects.extend(self.left_if_nothing_is_under_way());
        effects
    }

    fn done(&mut self, pending: Pending, changed: Changed) -> Vec<Effect> {
        let mut effects = Vec::new();
        if pending.session == self.session_number {
            self.apply(&pending.change, &changed);
        }
        match changed {
            Changed::Created { key, secret } => {
                let id = key.id.clone();
                self.remember_fresh(&pending, &id);
                self.show_new_key(&pending, key, secret);
                effects.extend(self.put_ahead(&pending, &id));
            }
            Changed::Done => {
                if let Change::SetActive { key, active, .. } = &pending.change {
                    self.switched_off.retain(|(known, _)| known != key);
                    if !active {
                        self.switched_off.push((key.clone(), self.now));
                    }
                }
                self.say(format!(
                    "{} {}",
                    pending.change.done(),
                    pending.change.target()
                ));
                if pending.session == self.session_number {
                    self.rotated(&pending.change);
                }
            }
        }
        if let Some(Settles::Done(origin)) = &pending.settles {
            effects.extend(self.settle(origin, "deleted"));
        }
        match pending.then {
            // It was meant for the account of then.
            Some(next) if pending.session == self.session_number => {
                effects.extend(self.order(next, None, None, pending.account));
            }
            Some(next) => self.complain(format!(
                "Another session is open: this was not asked for: {} {}",
                next.verb().to_lowercase(),
                next.target()
            )),
            None => {}
        }
        effects
    }

    /// Opens the question what became of a change whose answer was lost. The look asks for the
    /// keys itself.
    fn lost(&mut self, pending: &Pending, error: Error) -> Vec<Effect> {
        if let Some(next) = &pending.then {
            self.complain(format!(
                "This was not asked for: {} {}",
                next.verb().to_lowercase(),
                next.target()
            ));
        }
        self.open_lost(Question::lost(pending, error))
    }

    fn show_new_key(&mut self, pending: &Pending, key: AccessKey, secret: SecretKey) {
        self.show(Modal::NewKey(Box::new(NewKey {
            change: pending.id,
            user: pending.change.user().into(),
            id: key.id,
            account: pending.account.clone(),
            number: pending.number.clone(),
            secret,
            revealed: false,
            done: Vec::new(),
            placed: Vec::new(),
            cleared: false,
        })));
    }

    fn refused(&mut self, change: Change, error: Error) -> Vec<Effect> {
        let user: Box<str> = change.user().into();
        let gone = error.kind == Kind::Gone;
        let no_room = error.kind == Kind::Limit && matches!(change, Change::Create { .. });
        self.show(if no_room {
            Modal::Full(Full { user, button: 0 })
        } else {
            Modal::Failure(Box::new(Failure { change, error }))
        });
        if !gone {
            return Vec::new();
        }
        if self.users.listing.is_loading() {
            // Its pages may have been made before this was gone.
            self.list_again = true;
            return Vec::new();
        }
        vec![self.list_users(None)]
    }

    /// Shows what a change is known to have done, until the account has said it itself.
    fn apply(&mut self, change: &Change, changed: &Changed) {
        match (change, changed) {
            (Change::Create { user }, Changed::Created { key, .. }) => {
                self.users.add_key(user, key.clone());
            }
            (Change::SetActive { user, key, active }, _) => self.users.edit_keys(user, |keys| {
                for row in keys.iter_mut().filter(|row| row.key.id == *key) {
                    row.key.status = if *active {
                        KeyStatus::Active
                    } else {
                        KeyStatus::Inactive
                    };
                }
            }),
            (Change::Delete { user, key }, _) => self
                .users
                .edit_keys(user, |keys| keys.retain(|row| row.key.id != *key)),
            (Change::Describe { user, key, text }, _) => {
                self.users.describe(user, key, text.as_deref());
            }
            (Change::Create { .. }, Changed::Done) => {}
        }
    }

    /// Opens a dialog that nobody has asked for: under the one that somebody is answering, so that
    /// no key goes where it was not meant to. It comes up when that one is closed. The program is
    /// not left before it was seen.
    pub(super) fn show(&mut self, modal: Modal) {
        self.modals
            .retain(|modal| !matches!(modal, Modal::Leaving(_)));
        if self.filtering {
            self.say("There is news: Enter shows it");
        }
        // A rotation or a question waits for what came of the change that it has asked for.
        let awaited = match self.modals.last() {
            Some(Modal::Rotate(rotate)) => self.is_about(&modal, &rotate.user),
            Some(Modal::Question(asked)) => self
                .question(&asked.origin)
                .is_some_and(|question| self.is_about(&modal, question.change.user())),
            _ => false,
        };
        self.scene += 1;
        let under = self.modals.len().saturating_sub(usize::from(!awaited));
        self.modals.insert(under, modal);
    }

    /// Whether a dialog tells what came of a change to this user's keys.
    fn is_about(&self, modal: &Modal, user: &str) -> bool {
        let about = match modal {
            Modal::NewKey(new) => &new.user,
            Modal::Failure(failure) => failure.change.user(),
            Modal::Full(full) => &full.user,
            Modal::Question(asked) => match self.question(&asked.origin) {
                Some(question) => question.change.user(),
                None => return false,
            },
            _ => return false,
        };
        about.eq_ignore_ascii_case(user)
    }

    /// Leaves, if that was only waiting for changes.
    fn left_if_nothing_is_under_way(&mut self) -> Vec<Effect> {
        if !self.changes.is_empty() {
            return Vec::new();
        }
        let leaving = self.modals.iter().find_map(|modal| match modal {
            Modal::Leaving(leaving) => Some(leaving.exit),
            _ => None,
        });
        match leaving {
            Some(exit) => vec![Effect::Exit(exit(self.unknown_at_exit()))],
            None => Vec::new(),
        }
    }
}
