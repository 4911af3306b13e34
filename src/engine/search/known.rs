//! What tells whose a key is where AWS does not: the keys that are loaded, in this moment or later, and
//! what was done with a key that is no more.

use super::{Search, SearchPhase, is_usable};
use crate::engine::{
    Engine, News,
    account::Account,
    effect::SessionId,
    error::{Error, Kind},
};

impl Engine {
    /// Looks among what is known where AWS has not told whose the key is.
    pub(super) fn look_at_what_is_known(&mut self, search: &mut Search) {
        let given_up = matches!(
            search.phase,
            SearchPhase::Refused(_)
                | SearchPhase::Nowhere(_)
                | SearchPhase::Away
                | SearchPhase::Ownerless
                | SearchPhase::Gone { .. }
        );
        if !given_up {
            return;
        }
        // What AWS knows nothing of is in the list from before.
        let is_gone =
            matches!(&search.phase, SearchPhase::Refused(error) if error.kind == Kind::NotFound);
        if let Some((session, user)) = self.listed_owner(search).filter(|_| !is_gone) {
            search.session = session;
            let last_used = None;
            search.phase = SearchPhase::Found { user, last_used };
            self.news.push(News::OwnerFound);
            return;
        }
        if let SearchPhase::Refused(error) = &search.phase
            && matches!(error.kind, Kind::NotFound | Kind::Denied)
            && !self.waits_for_list(search)
            && let Some(user) = self.former_owner(search)
        {
            search.phase = SearchPhase::Gone { user };
        }
    }

    /// The owner of a key that is among those that are loaded.
    fn listed_owner(&self, search: &Search) -> Option<(SessionId, Box<str>)> {
        let (key, demo) = (search.key.as_str(), self.is_demo(search.session));
        let of_id = |account: &Account| {
            let id = search.account.as_ref().map(|of| &*of.id);
            id.is_none_or(|id| account.id().is_none_or(|known| known == id))
        };
        let mut accounts = self.fleet.accounts().iter();
        accounts.find_map(|account| {
            if account.is_demo() != demo || !is_usable(account) || !of_id(account) {
                return None;
            }
            let mut rows = account.users.rows().iter();
            let owner = rows.find(|row| {
                let mut keys = row.keys.known().into_iter().flatten();
                keys.any(|row| row.key.id == key)
            })?;
            Some((account.session, owner.user.name.clone()))
        })
    }

    /// Whose a key was that is no more, as far as this run or an earlier one has had to do with it.
    fn former_owner(&self, search: &Search) -> Option<Box<str>> {
        let key = search.key.as_str();
        let users = &self.fleet.of(search.session)?.users;
        let mut entries = (0..self.activity.len()).filter_map(|row| self.activity.row(row));
        let done = entries.find(|entry| entry.key.as_deref() == Some(key) && entry.user.is_some());
        if let Some(user) = done.and_then(|entry| entry.user.as_deref()) {
            return users.get(user).map(|row| row.user.name.clone());
        }
        // A rotation has put another key in its place.
        let mut rows = users.rows().iter();
        let owner = rows.find(|row| {
            let mut keys = row.keys.known().into_iter().flatten();
            keys.any(|row| self.rotations.replaced_by(&row.key.id) == Some(key))
        });
        Some(owner?.user.name.clone())
    }

    /// Whether the key may yet be seen among those that are being loaded, where asking for its owner may
    /// not be allowed.
    pub(super) fn waits_for_list(&self, search: &Search) -> bool {
        let may_be_in = |session: SessionId, error: &Error| {
            error.kind == Kind::Denied
                && self.fleet.of(session).is_some_and(|account| {
                    let tally = account.users.tally();
                    let unlisted = account.users.listing.is_loading() || !account.is_listed();
                    let rest = unlisted || tally.unknown > 0 || tally.reported > 0;
                    let granted = account.loader.uses_are_granted();
                    is_usable(account) && !granted && rest && account.is_loading()
                })
        };
        match &search.phase {
            SearchPhase::Refused(error) => may_be_in(search.session, error),
            // Of hundreds of accounts the lists take long: one that comes later is found then.
            _ => false,
        }
    }
}
