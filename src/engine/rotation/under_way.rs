//! The rotations under way, of all accounts: those that this run has begun, and those that the accounts
//! show, whoever has begun them and wherever.

use super::{Blocker, Rotation, RotationStep};
use crate::engine::{Engine, effect::Slot};

/// A rotation under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationUnderWay {
    /// The account.
    pub slot: Slot,
    /// The user whose key is rotated.
    pub user: Box<str>,
}

impl Engine {
    /// The rotations under way, in the order of the accounts and of their users. Costs a look at each
    /// user.
    #[must_use]
    pub fn rotations_under_way(&self) -> Vec<RotationUnderWay> {
        let accounts = self.fleet.accounts().iter();
        let all = accounts
            .filter(|account| !account.excluded)
            .flat_map(|account| {
                let slot = account.session.slot;
                let rows = account.users.rows().iter();
                rows.filter(move |row| {
                    let two = row.keys.known().is_some_and(|keys| keys.len() == 2);
                    let name = &row.user.name;
                    self.rotations.has_begun(slot, name)
                        || (two && self.rotation(slot, name).evidence.is_some())
                })
                .map(move |row| RotationUnderWay {
                    slot,
                    user: row.user.name.clone(),
                })
            });
        all.collect()
    }
}

impl Rotation<'_> {
    /// What it waits for, in a few words.
    #[must_use]
    pub fn waits_for(&self) -> &'static str {
        match (self.blocker, self.step) {
            (Some(Blocker::NotLoaded), _) => "the keys to be loaded",
            (Some(Blocker::NoKey), _) => "no key to rotate",
            (Some(Blocker::NoRoom), _) => "room for a new key",
            (Some(Blocker::TwoKeys), _) => "you: say which key replaces the other",
            (Some(Blocker::BothInUse), _) => "both keys are in use",
            (Some(Blocker::NewIsInactive), _) => "the newer key is Inactive",
            (Some(Blocker::SecretMayBeLost), _) => "a secret that may be lost",
            (Some(Blocker::NotListed), _) => "AWS to list the new key",
            (Some(Blocker::Asking), _) => "the last uses to be loaded",
            (Some(Blocker::UseUnknown), _) => "a last use that can't be told",
            (Some(Blocker::SecretNotStored), _) => "the new secret to be saved",
            (Some(Blocker::Trying), _) => "the new key to be accepted",
            (Some(Blocker::Refused), _) => "a new key that was not accepted",
            (Some(Blocker::WrongOwner), _) => "a new key of another user",
            (Some(Blocker::StillWarm), _) => "the old key to stay unused",
            (None, RotationStep::Before | RotationStep::Create) => "you: create the new key",
            (None, RotationStep::Store) => "you: save the new secret",
            (None, RotationStep::Check) => "the new key to be tried",
            (None, RotationStep::Deactivate) => "you: deactivate the old key",
            (None, RotationStep::Watch) => "the old key to stay unused",
            (None, RotationStep::Delete) => "you: delete the old key",
        }
    }
}
