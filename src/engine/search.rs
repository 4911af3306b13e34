//! Finding a key by its ID, loaded or not, in whichever account it is: AWS names the account of any key
//! and, in that account, the owner, in one call each. The key is then looked for among that user's keys.
//!
//! Both are asked at once where it is likely which account it is: the answer of the owner makes the
//! other one needless. Where AWS does not name the account, it is derived from the ID; where none can be
//! derived, each open account is asked. An account that is still being opened is waited for. `asking` does
//! that, `known` looks among what is loaded where AWS does not tell, `place` says how it stands with the
//! account, and `words` what is said of it all.

mod asking;
mod known;
mod place;
mod words;

pub use words::{Again, SearchWords};

use super::{
    Engine, News,
    account::{Account, Load, Stage},
    effect::{SessionId, Slot},
    error::Error,
    key_id::KeyId,
    model::LastUsed,
    request::Read,
};
use asking::{Asking, Nowhere};
use place::Place;

/// A key that is searched for.
#[derive(Clone, Debug)]
pub struct Search {
    /// The key.
    pub key: KeyId,
    /// The session that it is searched in: the one that it was begun in, and as soon as another account
    /// has answered for it, that one's.
    pub session: SessionId,
    /// The account that the key belongs to, as far as AWS or the ID tells.
    pub account: Option<KeyAccount>,
    /// How far the search has come.
    pub phase: SearchPhase,
    /// The account that was opened for it: which one it is, is not known before it is open.
    opened: Option<Slot>,
    /// What going on did when it was last looked at.
    again: Option<Again>,
}

/// The account that a key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAccount {
    /// The account ID.
    pub id: Box<str>,
    /// It is derived from the key ID, and AWS has not said so.
    pub derived: bool,
}

/// How far the search for a key has come.
#[derive(Clone, Debug)]
pub enum SearchPhase {
    /// AWS is asked.
    Looking(Asking),
    /// It is known which account it is in. That one is being opened, or cannot be asked.
    Away,
    /// The account did not tell, and said this instead.
    Refused(Box<Error>),
    /// None of the open accounts has it, and nothing tells which has.
    Nowhere(Nowhere),
    /// AWS knows the key and names no user.
    Ownerless,
    /// AWS has named the owner.
    Found {
        /// The owner.
        user: Box<str>,
        /// The key's last use; none where the owner was seen in the list, and not asked for.
        last_used: Option<LastUsed>,
    },
    /// The keys of the owner are being loaded.
    Loading {
        /// The owner.
        user: Box<str>,
        /// The key's last use, where it was told.
        last_used: Option<LastUsed>,
    },
    /// AWS does not know it any more; what was done with it in this run or an earlier one tells whose it
    /// was.
    Gone {
        /// The owner.
        user: Box<str>,
    },
    /// The key is not to be seen among the owner's keys.
    Lost {
        /// The owner.
        user: Box<str>,
        /// Why the owner's keys are not known; `None` where they are.
        error: Option<Box<Error>>,
    },
}

impl Engine {
    /// The key that is searched for.
    #[must_use]
    pub fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    /// The search, while AWS has named the owner and the owner's keys are on their way.
    #[must_use]
    pub fn search_is_loading(&self) -> Option<(&KeyId, &str)> {
        let search = self.search.as_ref()?;
        match &search.phase {
            SearchPhase::Loading { user, .. } => Some((&search.key, user)),
            _ => None,
        }
    }

    /// The key whose owner is not named yet, also before the account is open. In whichever account it
    /// is: there is one search at a time.
    #[must_use]
    pub fn search_is_looking(&self, slot: Slot) -> Option<&KeyId> {
        match (&self.search, &self.search_first) {
            (Some(search), _) => self.goes_on(search).then_some(&search.key),
            (None, Some((of, key))) => of.is_none_or(|of| of == slot).then_some(key),
            (None, None) => None,
        }
    }

    /// Whether a search goes on by itself until the owner is named.
    fn goes_on(&self, search: &Search) -> bool {
        match &search.phase {
            SearchPhase::Looking(_) => true,
            SearchPhase::Away => matches!(
                self.place_of(search),
                Some(Place::Ready(_) | Place::Coming(_))
            ),
            SearchPhase::Refused(_) => self.waits_for_list(search),
            _ => false,
        }
    }

    /// Whether the search waits for the account in this slot: what signing in there asks, it asks for
    /// the sake of the search.
    #[must_use]
    pub fn search_awaits(&self, slot: Slot) -> bool {
        let search = self.search.as_ref();
        let away = search.filter(|search| matches!(search.phase, SearchPhase::Away));
        match away.and_then(|search| self.place_of(search)) {
            Some(Place::Coming(Some(account))) => account.session.slot == slot,
            _ => false,
        }
    }

    /// Searches for the key that was named at the start, or that was searched for in this slot before
    /// its session broke.
    pub(super) fn begin_search(&mut self, slot: Slot) {
        let here = |(of, _): &mut (Option<Slot>, KeyId)| of.is_none_or(|of| of == slot);
        if let Some((_, key)) = self.search_first.take_if(here) {
            self.news.push(News::SearchBegun(key.clone()));
            self.search_from(slot, key, false);
        }
    }

    /// The session in a slot has ended, or another account is open there: what is searched for is not
    /// found there. Where signing in has failed, the search begins anew after the next time. A search
    /// in another account goes on, and so does one that waits for this one.
    pub(super) fn put_search_off(&mut self, slot: Slot, again: bool) {
        let search = self.search.as_ref();
        let goes_on = search.is_some_and(|search| match &search.phase {
            _ if search.session.slot != slot => true,
            SearchPhase::Looking(asking) => {
                let mut owner = asking.owner.iter();
                owner.any(|(session, _)| session.slot != slot)
            }
            SearchPhase::Away => self.goes_on(search),
            _ => false,
        });
        if goes_on {
            return;
        }
        if let Some(search) = self.search.take() {
            let asked = matches!(
                search.phase,
                SearchPhase::Looking(_) | SearchPhase::Refused(_)
            );
            if again && asked {
                self.search_first = Some((Some(slot), search.key));
            }
        }
        self.news.push(News::SearchDropped(slot));
    }

    /// Searches for a key, from the account in a slot. One that by its ID alone is another account's is
    /// asked for here only if the person insists: by searching once more.
    pub(super) fn search_for(&mut self, slot: Slot, key: KeyId) -> Option<()> {
        let search = self.search.as_ref().filter(|search| search.key == key);
        let insisted = match search {
            Some(search) if self.goes_on(search) => return None,
            Some(search) => match search.phase {
                // Searching once more asks AWS.
                SearchPhase::Refused(_) => true,
                SearchPhase::Away => self.again_of(search) == Some(Again::AskAnyway),
                _ => false,
            },
            None => false,
        };
        self.search_from(slot, key, insisted)
    }

    /// Loads the keys of the owner that was found, unless the key is among them already.
    pub(super) fn go_to_owner(&mut self) -> Option<()> {
        let search = self.search.as_mut()?;
        let SearchPhase::Found { user, last_used } = &search.phase else {
            return None;
        };
        let users = &mut self.fleet.of_mut(search.session)?.users;
        users.add_found(user);
        let listed = users.get(user).map(|row| &row.user.name);
        let (user, last_used) = (listed.unwrap_or(user).clone(), last_used.clone());
        if users.has_key(&user, search.key.as_str()) {
            return self.search_ended(user, last_used);
        }
        let slot = search.session.slot;
        search.phase = SearchPhase::Loading {
            user: user.clone(),
            last_used,
        };
        self.read(slot, Read::Keys(user)).map(|_| ())
    }

    /// The key is among its owner's keys.
    fn search_ended(&mut self, user: Box<str>, last_used: Option<LastUsed>) -> Option<()> {
        let Search { key, session, .. } = self.search.take()?;
        let account = self.fleet.of_mut(session);
        if let Some((account, last_used)) = account.zip(last_used) {
            account.users.tell_last_used(&user, key.as_str(), last_used);
        }
        let found = true;
        self.news.push(News::SearchEnded { key, user, found });
        Some(())
    }

    /// The keys of a user have come, or have not: the one that is searched for may be among them.
    pub(super) fn keys_came(&mut self, session: SessionId, of: &str) -> Option<()> {
        let search = self.search.as_mut()?;
        let SearchPhase::Loading { user, last_used } = &search.phase else {
            return None;
        };
        if search.session != session || !user.eq_ignore_ascii_case(of) {
            return None;
        }
        let users = &self.fleet.of(session)?.users;
        let (user, last_used) = (user.clone(), last_used.clone());
        if users.has_key(&user, search.key.as_str()) {
            return self.search_ended(user, last_used);
        }
        let keys = users.get(&user).map(|row| &row.keys);
        if keys.is_some_and(Load::is_loading) {
            // They were asked for anew: that answer will tell.
            return None;
        }
        let error = keys.and_then(Load::error).cloned();
        search.phase = SearchPhase::Lost {
            user: user.clone(),
            error: error.map(Box::new),
        };
        let (key, found) = (search.key.clone(), false);
        self.news.push(News::SearchEnded { key, user, found });
        Some(())
    }
}

/// Whether something can be asked of an account.
fn is_usable(account: &Account) -> bool {
    account.stage == Stage::SignedIn && account.identity.broken.is_none()
}
