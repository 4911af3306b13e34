//! Finding a key by its ID, loaded or not: AWS names the owner of a key in one call, and there the
//! selection goes.
//!
//! The user is gone to at once, the key is selected as soon as the user's keys are known, and until
//! then nothing is done to another key of that user. Who moves away meanwhile stays where they went.

mod words;

use super::{Pane, State, View, modal::Modal};
use crate::{
    effect::{Effect, Read, RequestId},
    iam::{
        Error, KeyId, LastUsed,
        key_id::{NotAKey, account_of, holds_secret},
    },
};
use std::mem;
use tui_input::Input;

/// Asks which key to find, and tells what became of it.
#[derive(Default)]
pub struct Find {
    /// What is typed.
    pub input: Input,
    /// How far it has come.
    pub phase: Phase,
}

/// A secret may be pasted where an ID belongs: what is typed is not printed.
impl std::fmt::Debug for Find {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Find")
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// How far finding a key has come.
#[derive(Debug, Default)]
pub enum Phase {
    /// It is being typed.
    #[default]
    Typing,
    /// What was typed is no ID of a long-lived key. A secret is not in the field any more.
    NotAKey(NotAKey),
    /// By its ID the key belongs to another account; AWS was not asked.
    Elsewhere {
        /// The key.
        key: KeyId,
        /// That account, derived from the ID.
        account: String,
    },
    /// AWS is asked whose it is.
    Looking {
        /// The question.
        request: RequestId,
        /// The key.
        key: KeyId,
    },
    /// AWS did not tell.
    Refused {
        /// The key.
        key: KeyId,
        /// What it said instead.
        error: Box<Error>,
    },
    /// AWS knows the key and names no user.
    Ownerless(KeyId),
    /// AWS has told, while another dialog was in front.
    Found {
        /// The key.
        key: KeyId,
        /// Whose it is.
        user: Box<str>,
        /// Its last use.
        last_used: LastUsed,
    },
    /// AWS has named the owner, among whose keys it is not to be seen.
    Lost {
        /// The key.
        key: KeyId,
        /// Whose it is.
        user: Box<str>,
        /// Why the keys of that user are not told; none where they are.
        error: Option<Box<Error>>,
    },
}

/// What is selected, and what is in front of it.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    view: View,
    pane: Pane,
    dialogs: usize,
    filtering: bool,
    user: Option<Box<str>>,
    key: Option<String>,
}

/// A key whose owner is known, and selected, and whose keys are on their way.
#[derive(Debug)]
pub(super) struct Sought {
    key: KeyId,
    user: Box<str>,
    last_used: LastUsed,
    /// Where the person was when the owner was gone to; none once they have moved.
    place: Option<Place>,
}

impl Find {
    /// Begins with this in the field.
    fn of(key: &KeyId, phase: Phase) -> Modal {
        let input = Input::new(key.as_str().to_owned());
        Modal::Find(Box::new(Self { input, phase }))
    }

    /// Notes that the text has changed: what was said of it is over. A secret goes at once.
    pub fn edited(&mut self) {
        self.phase = Phase::Typing;
        if holds_secret(self.input.value()) {
            self.refuse_secret();
        }
    }

    /// Takes everything out of the field, and says why.
    pub fn refuse_secret(&mut self) {
        self.input = Input::default();
        self.phase = Phase::NotAKey(NotAKey::Secret);
    }

    /// Whether the answer to a question is waited for.
    fn waits_for(&self, answered: RequestId) -> bool {
        matches!(&self.phase, Phase::Looking { request, .. } if *request == answered)
    }
}

impl State {
    /// Looks for this key as soon as somebody is signed in.
    pub fn find_first(&mut self, key: KeyId) {
        self.find_first = Some(key);
    }

    /// Looks for the key that was named at the start, if nobody has yet.
    pub(crate) fn begin_find(&mut self) -> Vec<Effect> {
        let Some(key) = self.find_first.take() else {
            return Vec::new();
        };
        self.modals.push(Find::of(&key, Phase::Typing));
        self.ask_owner(key)
    }

    /// Asks for the ID of a key.
    pub fn ask_which_key(&mut self) {
        self.modals.push(Modal::Find(Box::default()));
    }

    /// Nobody is signed in any more, or in another account: what is looked for is not found here.
    /// Where signing in has failed, it is looked for after the next time.
    pub(crate) fn put_find_off(&mut self, again: bool) {
        self.sought = None;
        for modal in mem::take(&mut self.modals) {
            match modal {
                Modal::Find(find) => {
                    let looked =
                        matches!(find.phase, Phase::Looking { .. } | Phase::Refused { .. });
                    if again && looked {
                        self.find_first = KeyId::read(find.input.value()).ok();
                    }
                }
                other => self.modals.push(other),
            }
        }
    }

    /// Looks for what is typed; where AWS has answered already, goes there.
    #[must_use]
    pub(crate) fn find_key(&mut self) -> Vec<Effect> {
        let here = self.session.number().map(str::to_owned);
        let Some(Modal::Find(find)) = self.modals.last_mut() else {
            return Vec::new();
        };
        let told = match mem::take(&mut find.phase) {
            looking @ Phase::Looking { .. } => {
                find.phase = looking;
                return Vec::new();
            }
            Phase::Found {
                key,
                user,
                last_used,
            } => {
                self.modals.pop();
                return self.arrive(key, &user, last_used);
            }
            // Who asks once more wants to know it from AWS.
            Phase::Elsewhere { .. } | Phase::Refused { .. } => true,
            _ => false,
        };
        let key = match KeyId::read(find.input.value()) {
            Ok(key) => key,
            Err(NotAKey::Secret) => {
                find.refuse_secret();
                return Vec::new();
            }
            Err(why) => {
                find.phase = Phase::NotAKey(why);
                return Vec::new();
            }
        };
        find.input = Input::new(key.as_str().to_owned());
        match account_of(key.as_str()).filter(|account| Some(account) != here.as_ref()) {
            Some(account) if here.is_some() && !told => {
                find.phase = Phase::Elsewhere { key, account };
                Vec::new()
            }
            _ => self.ask_owner(key),
        }
    }

    /// Asks AWS whose a key is, for the dialog on top.
    fn ask_owner(&mut self, key: KeyId) -> Vec<Effect> {
        let (request, effect) = self.read(Read::Owner(key.to_string()));
        if let Some(Modal::Find(find)) = self.modals.last_mut() {
            find.phase = Phase::Looking { request, key };
        }
        vec![effect]
    }

    /// Takes what AWS says of the owner of a key. Where nobody waits for it any more, nothing moves.
    #[must_use]
    pub(crate) fn owner_told(
        &mut self,
        request: RequestId,
        answer: Result<(Box<str>, LastUsed), Error>,
    ) -> Vec<Effect> {
        let in_front = self.modals.len().saturating_sub(1);
        let waiting = self.modals.iter_mut().enumerate().find_map(|(at, modal)| {
            let Modal::Find(find) = modal else {
                return None;
            };
            find.waits_for(request).then_some((at, find))
        });
        let Some((at, find)) = waiting else {
            return Vec::new();
        };
        let Phase::Looking { key, .. } = mem::take(&mut find.phase) else {
            return Vec::new();
        };
        // Enter means something else from now on.
        self.scene += 1;
        find.phase = match answer {
            Ok((user, _)) if user.is_empty() => Phase::Ownerless(key),
            Ok((user, last_used)) if at == in_front => {
                self.modals.pop();
                return self.arrive(key, &user, last_used);
            }
            Ok((user, last_used)) => Phase::Found {
                key,
                user,
                last_used,
            },
            Err(error) => Phase::Refused {
                key,
                error: Box::new(error),
            },
        };
        Vec::new()
    }

    /// Goes to the owner of a key, and to the key as soon as the owner's keys are known.
    fn arrive(&mut self, key: KeyId, user: &str, last_used: LastUsed) -> Vec<Effect> {
        self.users.add_found(user);
        let user: Box<str> = match self.users.get(user) {
            Some(row) => row.user.name.clone(),
            None => user.into(),
        };
        self.show_keys_of(&user);
        self.selected_key = Some(key.to_string());
        if self.users.has_key(&user, key.as_str()) {
            self.users.tell_last_used(&user, key.as_str(), last_used);
            self.sought = None;
            self.say(format!("{key} is a key of {user}"));
            return Vec::new();
        }
        let (_, effect) = self.ask_keys_now(&user);
        self.sought = Some(Sought {
            key,
            user,
            last_used,
            place: Some(self.place()),
        });
        vec![effect]
    }

    /// The keys of a user have come, or have not: the one that is sought among them is where the
    /// selection is already.
    pub(crate) fn sought_among(&mut self, user: &str) {
        let Some(sought) = self.sought.take_if(|it| it.user.eq_ignore_ascii_case(user)) else {
            return;
        };
        let (key, owner) = (sought.key.as_str(), &*sought.user);
        if self.users.has_key(owner, key) {
            self.users.tell_last_used(owner, key, sought.last_used);
            if sought.place.is_some() {
                self.say(format!("{key} is a key of {owner}"));
            }
            return;
        }
        let keys = self.users.get(owner).map(|row| &row.keys);
        if keys.is_some_and(super::load::Load::is_loading) {
            // Somebody has asked anew: that answer will tell.
            self.sought = Some(sought);
            return;
        }
        let error = keys.and_then(super::load::Load::error).cloned();
        if self.selected_key.as_deref() == Some(key) {
            // What is selected instead is a key that nobody has looked for.
            self.selected_key = None;
            self.pane = Pane::Users;
        }
        if sought.place.is_some() {
            let (key, user) = (sought.key, sought.user);
            let shown = key.clone();
            let error = error.map(Box::new);
            self.show(Find::of(&shown, Phase::Lost { key, user, error }));
        }
    }

    /// Notes whether somebody has moved since the owner of a key was gone to.
    pub(crate) fn note_place(&mut self) {
        let here = self.place();
        if let Some(sought) = &mut self.sought
            && sought.place.as_ref() != Some(&here)
        {
            sought.place = None;
        }
    }

    fn place(&self) -> Place {
        Place {
            view: self.view,
            pane: self.pane,
            dialogs: self.modals.len(),
            filtering: self.filtering,
            user: self.user().map(|row| row.user.name.clone()),
            key: self.selected_key.clone(),
        }
    }

    /// The key that is sought where the selection is: what is done now would be done to another.
    pub(super) fn sought_here(&self) -> Option<&KeyId> {
        let sought = self.sought.as_ref()?;
        let here = self.view == View::Users
            && self.user().is_some_and(|row| row.user.name == sought.user)
            && self.selected_key.as_deref() == Some(sought.key.as_str());
        here.then_some(&sought.key)
    }
}
