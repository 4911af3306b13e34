//! Where the account of a key stands that is searched for: open, being opened, out of reach, or not open;
//! and how it can be opened.

use super::{Search, SearchPhase, is_usable};
use crate::engine::{
    Engine,
    account::{Account, Stage},
    effect::{Effect, SessionId, Slot, Target, Through},
    opening::Listing,
    profiles::{Login, Profile, ProfileKind},
};

/// Where an account stands.
#[derive(Clone, Debug)]
pub(super) enum Place<'a> {
    /// It is open, and can be asked.
    Ready(SessionId),
    /// It is being opened; or, without an account, it is about to be known whether and how it can be.
    Coming(Option<&'a Account>),
    /// It is open, and cannot be asked.
    Unreachable(&'a Account),
    /// Another account was opened by what should have opened it.
    Other(&'a Account),
    /// It is not open, and this opens it.
    NotOpen(Option<Way<'a>>),
}

/// How an account can be opened.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way<'a> {
    /// With this profile.
    Profile(&'a Profile),
    /// With the others of the organisation that this account belongs to, if it is one of them.
    Organisation(Slot),
}

impl Engine {
    /// Where the account of a key stands; `None` where it is not known which one that is.
    pub(super) fn place_of<'a>(&'a self, search: &'a Search) -> Option<Place<'a>> {
        let id = &*search.account.as_ref()?.id;
        if let Some(session) = self.ready(search.session, id) {
            return Some(Place::Ready(session));
        }
        let demo = self.is_demo(search.session);
        let accounts = || {
            let accounts = self.fleet.accounts().iter();
            accounts.filter(move |account| account.is_demo() == demo)
        };
        let being_opened = |account: &Account| {
            let opening = matches!(account.stage, Stage::Waiting | Stage::SigningIn);
            let unknown = account.stage == Stage::SignedIn && account.id().is_none();
            opening || unknown && account.identity.caller.is_awaited()
        };
        let opened = search.opened.and_then(|slot| self.fleet.get(slot));
        let mut of_id = accounts().filter(|account| account.is_of(id));
        if let Some(coming) = of_id.clone().chain(opened).find(|it| being_opened(it)) {
            return Some(Place::Coming(Some(coming)));
        }
        if let Some(account) = of_id.next() {
            return Some(Place::Unreachable(account));
        }
        if let Some(account) = opened {
            return Some(match account.stage {
                Stage::SignedIn => Place::Other(account),
                _ => Place::Unreachable(account),
            });
        }
        // It may be one that is about to be listed, or to say which it is.
        let unknown = accounts().any(|account| account.id().is_none() && being_opened(account));
        let profiles = !demo && self.profiles.list().is_none();
        if unknown || profiles || self.more_accounts_are_coming(demo) {
            return Some(Place::Coming(None));
        }
        let profile = self.profile_of(id).filter(|_| !demo).map(Way::Profile);
        let organisation = || self.not_listed_by(search.session).map(Way::Organisation);
        Some(Place::NotOpen(profile.or_else(organisation)))
    }

    /// The session of an account of this ID that can be asked, the one that a search was begun in before
    /// others. Nothing real is looked for in the demo, and the other way round.
    pub(super) fn ready(&self, begun: SessionId, id: &str) -> Option<SessionId> {
        let demo = self.is_demo(begun);
        let first = self.fleet.of(begun).into_iter();
        let mut all = first.chain(self.fleet.accounts());
        let ready = all.find(|it| it.is_demo() == demo && it.is_of(id) && is_usable(it));
        ready.map(|account| account.session)
    }

    /// Whether nothing in the account of a session is real.
    pub(super) fn is_demo(&self, session: SessionId) -> bool {
        let account = self.fleet.get(session.slot);
        account.is_some_and(Account::is_demo)
    }

    /// Whether there may be accounts that are about to be listed, or opened.
    pub(in crate::engine) fn more_accounts_are_coming(&self, demo: bool) -> bool {
        self.account_lists().iter().any(|list| {
            let Some(source) = self.fleet.get(list.source.slot) else {
                return false;
            };
            let listing = match list.listing {
                Listing::Waiting => !matches!(source.stage, Stage::SignedOut(_)),
                Listing::Loading => source.session == list.source && is_usable(source),
                Listing::Complete => list.has_waiting() && source.identity.caller.is_awaited(),
                Listing::Failed(_) => false,
            };
            listing && source.is_demo() == demo
        })
    }

    /// The account that could list the others of its organisation, which nobody has asked for yet.
    fn not_listed_by(&self, begun: SessionId) -> Option<Slot> {
        let account = self.fleet.get(begun.slot)?;
        let may_list = !matches!(account.target, Target::Member(_)) && is_usable(account);
        (self.account_lists().is_empty() && may_list).then_some(begun.slot)
    }

    /// The profile that opens an account, as the files of this machine tell: the one that most likely
    /// does.
    fn profile_of(&self, id: &str) -> Option<&Profile> {
        let now = self.now;
        let of_id = self.profiles.all().iter().filter(|profile| {
            let account = profile.account.as_ref();
            let usable = !matches!(profile.kind, ProfileKind::Nothing(_));
            // What it has opened counts more than what the files say.
            let open = self.opened_by(&profile.name).and_then(Account::id);
            usable && open.is_none() && account.is_some_and(|account| &*account.id == id)
        });
        of_id.min_by_key(|profile| {
            let needs_login = profile
                .login
                .is_some_and(|login: Login| !login.is_good(now));
            let failed = self.profiles.failure(&profile.name).is_some();
            let derived = profile.account.as_ref().is_some_and(|it| it.derived);
            (failed, needs_login, derived)
        })
    }

    /// The account that was opened with a profile, or was to be.
    fn opened_by(&self, profile: &str) -> Option<&Account> {
        let mut accounts = self.fleet.accounts().iter();
        accounts.find(|it| matches!(&it.target, Target::Profile(name) if **name == *profile))
    }

    /// Reads which profiles there are, where one of them may open the account of a key.
    pub(super) fn list_profiles_for(&mut self, search: &Search) {
        let real = !self.is_demo(search.session);
        if real && self.profiles.list().is_none() && self.profiles.begin() {
            self.effects.push(Effect::ListProfiles);
        }
    }

    /// Opens the account of the key that is searched for, or signs in to it again. The search goes on
    /// there by itself.
    pub(in crate::engine) fn open_for_search(&mut self) -> Option<()> {
        enum Opening {
            Again(Slot, Target),
            Profile(Box<str>),
            Organisation(Slot),
        }
        let search = self.search.as_ref()?;
        let away = matches!(search.phase, SearchPhase::Away);
        let place = self.place_of(search).filter(|_| away)?;
        let opening = match place {
            Place::Unreachable(account) if !account.is_closed() => {
                Opening::Again(account.session.slot, account.target.clone())
            }
            Place::NotOpen(Some(Way::Profile(profile))) => Opening::Profile(profile.name.clone()),
            Place::NotOpen(Some(Way::Organisation(slot))) => Opening::Organisation(slot),
            _ => return None,
        };
        match opening {
            Opening::Again(slot, target) => self.sign_in(slot, target),
            Opening::Organisation(slot) => self.open_list(slot, Through::Role),
            Opening::Profile(name) => {
                let tried = self.opened_by(&name).map(|account| account.session.slot);
                let target = Target::Profile(name);
                let slot = if let Some(slot) = tried {
                    self.sign_in(slot, target);
                    slot
                } else {
                    let (slot, sign_in) = self.open(target);
                    self.effects.push(sign_in);
                    slot
                };
                self.search.as_mut()?.opened = Some(slot);
                Some(())
            }
        }
    }
}
