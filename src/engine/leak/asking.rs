//! What is asked so that it can be told where the response to a leaked key stands: of the key and its
//! user, of the sessions that it has made, and of the owners of the keys that it has made.

use super::{DELAY, seen::events_of};
use crate::engine::{
    Engine,
    account::{Account, Load},
    effect::Slot,
    impact::sessions::{KeySession, later},
    request::Read,
};

/// The events of so many sessions are asked for, of those that were made last: a program may make one
/// with each of its calls.
const MOST_SESSIONS: usize = 10;

impl Engine {
    /// Asks for the events of the sessions that the leaked key that is looked at has made: what they did
    /// it has done.
    pub(in crate::engine) fn sessions_of_leak_came(&mut self, slot: Slot) -> Option<()> {
        let (of, key) = self.leak_open.as_ref()?;
        if *of != slot {
            return None;
        }
        let account = self.fleet.get(slot)?;
        let (_, sessions) = events_of(&account.impacts, key);
        let known = |key: &str| account.impacts.trail(key).is_some();
        let room = MOST_SESSIONS.saturating_sub(sessions.iter().filter(|key| known(key)).count());
        let unknown = sessions.into_iter().filter(|key| !known(key));
        let wanted: Vec<Box<str>> = unknown.take(room).map(Into::into).collect();
        for session in wanted {
            self.open_session(slot, &session);
        }
        Some(())
    }

    /// Goes on with the events of the sessions that were asked for before; with `again`, asks once more
    /// for what has failed of them, and for all of those that may have been used since.
    fn go_on_with_sessions(&mut self, slot: Slot, key: &str, again: bool) -> Option<()> {
        let now = self.now;
        let account = self.fleet.get(slot)?;
        let (events, sessions) = events_of(&account.impacts, key);
        // Of one that was made anew, the last counts.
        let ends = |session: &str| {
            let of_it = events.iter().filter_map(|(_, event)| KeySession::of(event));
            let of_it = of_it.filter(|made| made.key == session);
            of_it.map(|made| made.until).max()
        };
        let known = sessions.into_iter().filter_map(|session| {
            let trail = account.impacts.trail(session)?;
            // What was done shortly before it was asked may not have been told.
            let lives = ends(session).is_none_or(|end| later(end, DELAY) >= trail.until);
            Some((Box::<str>::from(session), lives && !trail.is_asking()))
        });
        let known: Vec<(Box<str>, bool)> = known.collect();
        for (session, lives) in known {
            if again {
                let account = self.fleet.get_mut(slot)?;
                let trail = account.impacts.trail_mut(&session)?;
                if !trail.retry() && lives {
                    trail.begin_anew(now);
                }
            }
            self.open_session(slot, &session);
        }
        Some(())
    }

    /// Asks for what the response to a leaked key needs.
    pub(in crate::engine) fn open_leak(&mut self, slot: Slot, user: &str, key: &str) -> Option<()> {
        self.fleet.get(slot)?;
        self.leak_open = Some((slot, key.into()));
        let listed = self.listed(slot, user, key);
        self.watched.begin(user, key, listed);
        self.open_impact(slot, user, key);
        self.go_on_with_sessions(slot, key, false);
        self.sessions_of_leak_came(slot);
        self.read(slot, Read::Keys(user.into()));
        self.read(slot, Read::LastUsed(user.into(), key.to_owned()));
        Some(())
    }

    /// Asks once more for everything that the response to a leaked key is derived from.
    pub(in crate::engine) fn look_at_leak_again(
        &mut self,
        slot: Slot,
        user: &str,
        key: &str,
    ) -> Option<()> {
        self.refresh_impact(slot, user, key);
        self.go_on_with_sessions(slot, key, true);
        self.open_leak(slot, user, key)?;
        // Where something was refused, that alone is asked once more; where the steps stand is not
        // told by it.
        let account = self.fleet.get(slot)?;
        let known = account.impacts.user(user)?;
        let mut reads = Vec::new();
        if !is_asked(account, &known.permissions) {
            reads.push(Read::Permissions(user.into()));
        }
        if !is_asked(account, &known.credentials) {
            reads.push(Read::OtherCredentials(user.into()));
        }
        self.read_all(slot, reads);
        // Of the keys that it has made: whether they can still be used.
        let leak = self.leak(slot, user, key)?;
        let mut owners: Vec<Box<str>> = leak.keys_made().map(|(_, owner)| owner.into()).collect();
        owners.sort_unstable();
        owners.dedup();
        owners.retain(|owner| !owner.eq_ignore_ascii_case(user));
        let account = self.fleet.get(slot)?;
        owners.retain(|owner| account.users.get(owner).is_some());
        for owner in owners {
            self.read(slot, Read::Keys(owner));
        }
        Some(())
    }
}

/// Whether an answer is awaited.
fn is_asked<T>(account: &Account, load: &Load<T>) -> bool {
    matches!(load, Load::Loading(request, _) if account.loader.is_asking(*request))
}
