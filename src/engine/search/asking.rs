//! Asking for the account of a key and for its owner, and deciding from what is answered whom to ask
//! next.

use super::{KeyAccount, Search, SearchPhase, is_usable, place::Place};
use crate::engine::{
    Engine, News,
    account::{Account, Stage},
    effect::{RequestId, SessionId, Slot},
    error::Error,
    key_id::{KeyId, account_of},
    request::{Answer, Read},
};
use std::collections::HashMap;

/// So many accounts are asked at once for the owner of a key that may be in any of them.
const AT_ONCE: usize = 16;

/// What AWS is being asked about a key.
#[derive(Clone, Debug, Default)]
pub struct Asking {
    /// Which account it belongs to.
    pub(super) account: Option<(SessionId, RequestId)>,
    /// Who its owner is, in each of these accounts.
    pub(super) owner: Vec<(SessionId, RequestId)>,
    /// What the accounts have said that do not have it.
    pub(super) refused: HashMap<SessionId, Error>,
    /// Nothing tells which account it is in: each one is asked.
    pub(super) everywhere: bool,
    /// A person wants to know it from this account, whatever the ID says.
    pub(super) insisted: bool,
}

/// What came of asking each open account.
#[derive(Clone, Debug)]
pub struct Nowhere {
    /// How many have answered.
    pub(super) asked: usize,
    /// How many could not be asked.
    pub(super) missed: usize,
    /// Why one of them may have it all the same.
    pub(super) doubt: Option<Doubt>,
}

/// Why an account that has not named the owner of a key may have that key.
#[derive(Clone, Debug)]
pub(super) enum Doubt {
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
    /// Asks for the account of a key and, where it is likely which one that is, for the owner at once.
    pub(super) fn search_from(&mut self, slot: Slot, key: KeyId, insisted: bool) -> Option<()> {
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
    pub(in crate::engine) fn key_account_told(
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
    pub(in crate::engine) fn owner_told(
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
                    let (user, last_used) = (user.clone(), Some(last_used.clone()));
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
    pub(in crate::engine) fn continue_search(&mut self) {
        let Some(mut search) = self.search.take() else {
            return;
        };
        if let SearchPhase::Looking(asking) = &mut search.phase {
            asking.forget_lost(self);
        }
        self.decide(&mut search);
        self.look_at_what_is_known(&mut search);
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
}
