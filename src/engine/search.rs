//! Finding a key by its ID, loaded or not, in whichever account it is: AWS names the account of any key
//! and, in that account, the owner, in one call each. The key is then looked for among that user's keys.
//!
//! Both are asked at once where it is likely which account it is: the answer of the owner makes the
//! other one needless. Where AWS does not name the account, it is derived from the ID; where none can be
//! derived, each open account is asked. An account that is still being opened is waited for. `place` says
//! how it stands with the account, and `words` what is said of it all.

mod place;
mod words;

pub use words::{Again, SearchWords};

use super::{
    Engine, News,
    account::{Account, Load, Stage},
    effect::{RequestId, SessionId, Slot},
    error::Error,
    key_id::{KeyId, account_of},
    model::LastUsed,
    request::{Answer, Read},
};
use place::Place;
use std::collections::HashMap;

/// So many accounts are asked at once for the owner of a key that may be in any of them.
const AT_ONCE: usize = 16;

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
        /// The key's last use.
        last_used: LastUsed,
    },
    /// The keys of the owner are being loaded.
    Loading {
        /// The owner.
        user: Box<str>,
        /// The key's last use.
        last_used: LastUsed,
    },
    /// The key is not to be seen among the owner's keys.
    Lost {
        /// The owner.
        user: Box<str>,
        /// Why the owner's keys are not known; `None` where they are.
        error: Option<Box<Error>>,
    },
}

/// What AWS is being asked about a key.
#[derive(Clone, Debug, Default)]
pub struct Asking {
    /// Which account it belongs to.
    account: Option<(SessionId, RequestId)>,
    /// Who its owner is, in each of these accounts.
    owner: Vec<(SessionId, RequestId)>,
    /// What the accounts have said that do not have it.
    refused: HashMap<SessionId, Error>,
    /// Nothing tells which account it is in: each one is asked.
    everywhere: bool,
    /// A person wants to know it from this account, whatever the ID says.
    insisted: bool,
}

/// What came of asking each open account.
#[derive(Clone, Debug)]
pub struct Nowhere {
    /// How many have answered.
    asked: usize,
    /// How many could not be asked.
    missed: usize,
    /// Why one of them may have it all the same.
    doubt: Option<Doubt>,
}

/// Why an account that has not named the owner of a key may have that key.
#[derive(Clone, Debug)]
enum Doubt {
    /// AWS refuses in the same words where asking is not allowed.
    Refusals {
        /// What is asked.
        action: &'static str,
    },
    /// There was no answer.
    NoAnswer {
        /// The first account that gave none.
        session: SessionId,
        /// What came instead.
        error: Box<Error>,
        /// How many others gave none.
        more: usize,
    },
}

impl Asking {
    /// Forgets what no answer comes to any more: its session is over.
    fn forget_lost(&mut self, engine: &Engine) {
        let lives = |(session, request): &(SessionId, RequestId)| {
            let account = engine.fleet.of(*session);
            account.is_some_and(|account| account.loader.is_asking(*request))
        };
        self.account.take_if(|asked| !lives(asked));
        self.owner.retain(lives);
    }
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

    /// Asks for the account of a key and, where it is likely which one that is, for the owner at once.
    fn search_from(&mut self, slot: Slot, key: KeyId, insisted: bool) -> Option<()> {
        let begun = self.fleet.get(slot)?;
        let (session, is_open) = (begun.session, begun.stage == Stage::SignedIn);
        let derived = account_of(key.as_str());
        let likely = match &derived {
            // It may well be the account that is looked at.
            Some(_) if insisted => Some(slot),
            None => Some(slot),
            Some(_) if begun.id().is_none() => Some(slot),
            Some(id) => self.ready(session, id).map(|session| session.slot),
        };
        let likely = likely.filter(|likely| *likely != slot || is_open);
        let asker = if is_open {
            Some(slot)
        } else {
            let accounts = self.fleet.accounts().iter();
            let mut others = accounts.filter(|other| other.is_demo() == begun.is_demo());
            others
                .find(|other| is_usable(other))
                .map(|other| other.session.slot)
        };
        let mut asking = Asking {
            insisted,
            ..Asking::default()
        };
        if let Some(likely) = likely {
            self.ask_owner(likely, &key, &mut asking);
        }
        if let Some(asker) = asker {
            let read = Read::KeyAccount(key.to_string());
            let request = self.read(asker, read)?;
            asking.account = Some((self.fleet.get(asker)?.session, request));
        }
        self.search = Some(Search {
            key,
            session,
            account: derived.map(|id| KeyAccount {
                id: id.into(),
                derived: true,
            }),
            phase: SearchPhase::Looking(asking),
            opened: None,
            again: None,
        });
        Some(())
    }

    fn ask_owner(&mut self, slot: Slot, key: &KeyId, asking: &mut Asking) -> Option<()> {
        let request = self.read(slot, Read::Owner(key.to_string()))?;
        let session = self.fleet.get(slot)?.session;
        asking.owner.push((session, request));
        Some(())
    }

    /// Takes what AWS says of the account of a key, if that is still searched for.
    pub(super) fn key_account_told(
        &mut self,
        request: RequestId,
        answer: &Result<Answer, Error>,
    ) -> Option<()> {
        let search = self.search.as_mut()?;
        let SearchPhase::Looking(asking) = &mut search.phase else {
            return None;
        };
        asking.account.take_if(|(_, asked)| *asked == request)?;
        if let Ok(Answer::KeyAccount(id)) = answer {
            search.account = Some(KeyAccount {
                id: id.clone(),
                derived: false,
            });
        }
        Some(())
    }

    /// Takes what AWS says of the owner of a key, if that is still searched for.
    pub(super) fn owner_told(
        &mut self,
        request: RequestId,
        answer: &Result<Answer, Error>,
    ) -> Option<()> {
        let search = self.search.as_mut()?;
        let SearchPhase::Looking(asking) = &mut search.phase else {
            return None;
        };
        let mut asked = asking.owner.iter();
        let at = asked.position(|(_, asked)| *asked == request)?;
        let (session, _) = asking.owner.swap_remove(at);
        match answer {
            Ok(Answer::Owner(user, last_used)) => {
                search.session = session;
                search.phase = if user.is_empty() {
                    SearchPhase::Ownerless
                } else {
                    self.news.push(News::OwnerFound);
                    let (user, last_used) = (user.clone(), last_used.clone());
                    SearchPhase::Found { user, last_used }
                };
            }
            Ok(_) => {}
            Err(error) => drop(asking.refused.insert(session, error.clone())),
        }
        Some(())
    }

    /// Takes the search on as far as it goes by itself, and notes whether going on means something else
    /// than before.
    pub(super) fn continue_search(&mut self) {
        let Some(mut search) = self.search.take() else {
            return;
        };
        if let SearchPhase::Looking(asking) = &mut search.phase {
            asking.forget_lost(self);
        }
        self.decide(&mut search);
        if matches!(search.phase, SearchPhase::Away) {
            match self.place_of(&search) {
                Some(Place::Ready(session)) => {
                    let mut asking = Asking::default();
                    self.ask_owner(session.slot, &search.key, &mut asking);
                    search.phase = SearchPhase::Looking(asking);
                }
                Some(Place::Coming(None)) => self.list_profiles_for(&search),
                _ => {}
            }
        }
        let again = self.again_of(&search);
        if again != search.again {
            // A key press means something else from now on.
            self.scene += 1;
            search.again = again;
        }
        self.search = Some(search);
    }

    /// Decides what to do with what was answered so far.
    fn decide(&mut self, search: &mut Search) {
        let SearchPhase::Looking(asking) = &mut search.phase else {
            return;
        };
        if asking.account.is_some() {
            return;
        }
        let Some(KeyAccount { id, derived }) = &search.account else {
            asking.everywhere = true;
            self.ask_everywhere(search);
            return;
        };
        let insisted = asking.insisted && *derived;
        let begun = search.session;
        // Also of one that is not known yet to be another.
        let may_have_it = |session: SessionId| {
            let account = self.fleet.of(session);
            let of_id = |account: &Account| account.id().is_none_or(|known| known == &**id);
            account.is_some_and(of_id) || insisted && session == begun
        };
        asking.owner.retain(|(session, _)| may_have_it(*session));
        if !asking.owner.is_empty() {
            return;
        }
        let mut refused = asking.refused.iter();
        let refused = refused.find(|(session, _)| may_have_it(**session));
        let awaited = refused.is_some_and(|(session, _)| {
            let account = self.fleet.of(*session);
            account.is_some_and(|it| it.id().is_none() && it.identity.caller.is_awaited())
        });
        if awaited {
            // What its answer means depends on which account it is.
            return;
        }
        let refused = refused.map(|(session, error)| (*session, Box::new(error.clone())));
        search.phase = match refused {
            Some((session, error)) => {
                search.session = session;
                SearchPhase::Refused(error)
            }
            None => SearchPhase::Away,
        };
    }

    /// Asks the next of all open accounts, as many at once as may be. Those that are being opened are
    /// waited for.
    fn ask_everywhere(&mut self, search: &mut Search) {
        let SearchPhase::Looking(asking) = &mut search.phase else {
            return;
        };
        let demo = self.is_demo(search.session);
        let (mut coming, mut missed, mut next) =
            (self.more_accounts_are_coming(demo), 0, Vec::new());
        let accounts = self.fleet.accounts().iter();
        for account in accounts.filter(|account| account.is_demo() == demo) {
            let session = account.session;
            let mut asked = asking.owner.iter().map(|(asked, _)| *asked);
            if asking.refused.contains_key(&session) || asked.any(|asked| asked == session) {
                continue;
            }
            match account.stage {
                _ if is_usable(account) => next.push(session.slot),
                Stage::Waiting | Stage::SigningIn => coming = true,
                Stage::SignedIn | Stage::SignedOut(_) => missed += 1,
            }
        }
        coming |= !next.is_empty();
        let room = AT_ONCE.saturating_sub(asking.owner.len());
        for slot in next.into_iter().take(room) {
            self.ask_owner(slot, &search.key, asking);
        }
        if coming || !asking.owner.is_empty() {
            return;
        }
        let mut refused = asking.refused.iter();
        let (asked, only) = (refused.len(), refused.next());
        search.phase = match only {
            Some((session, error)) if asked == 1 && missed == 0 => {
                search.session = *session;
                SearchPhase::Refused(Box::new(error.clone()))
            }
            _ => SearchPhase::Nowhere(Nowhere {
                asked,
                missed,
                doubt: self.doubt(&asking.refused),
            }),
        };
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
    fn search_ended(&mut self, user: Box<str>, last_used: LastUsed) -> Option<()> {
        let Search { key, session, .. } = self.search.take()?;
        if let Some(account) = self.fleet.of_mut(session) {
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
