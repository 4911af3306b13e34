//! Rotating a user's key: where one is, derived from the account itself, so that a rotation can be
//! left at any step and taken up days later, by another person or on another machine.
//!
//! Two keys are two keys, until there is [`Evidence`] that the one created later replaces the other.
//! What only this run knows (that the secret has been stored, that the key was tried) is kept in the
//! vault ([`NewKey`]); where it does not know, the account's own record of a use says that the secret
//! is known somewhere and that the key works.

mod known;
mod under_way;

pub(super) use known::Rotations;
pub use known::{Evidence, Rotated};
pub use under_way::RotationUnderWay;

use super::{
    Engine, News,
    account::{Account, AccountLabel, KeyRow},
    effect::Slot,
    model::{Caller, KeyStatus, LastUsed},
    plan::{Plan, PlanId, Proposal},
    request::{Change, Read},
    vault::{Chosen, NewKey, Tried},
};
use chrono::{DateTime, TimeDelta, Utc};

/// A step of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RotationStep {
    /// See which key is old, and make room.
    Before,
    /// Create the new key.
    Create,
    /// Put its secret somewhere.
    Store,
    /// Try it.
    Check,
    /// Switch the old key off.
    Deactivate,
    /// See whether anything still asks for the old key.
    Watch,
    /// Delete the old key.
    Delete,
}

impl RotationStep {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::Before,
        Self::Create,
        Self::Store,
        Self::Check,
        Self::Deactivate,
        Self::Watch,
        Self::Delete,
    ];

    /// Its name.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Before => "Before",
            Self::Create => "Create",
            Self::Store => "Store",
            Self::Check => "Check",
            Self::Deactivate => "Deactivate",
            Self::Watch => "Watch",
            Self::Delete => "Delete",
        }
    }
}

/// Where a rotation stands.
#[derive(Clone, Debug)]
pub struct Rotation<'a> {
    /// The step that is next.
    pub step: RotationStep,
    /// What keeps it from going on, where something does.
    pub blocker: Option<Blocker>,
    /// What tells that the new key replaces the old one; `None` where two keys are just two keys.
    pub evidence: Option<Evidence>,
    /// The key that goes.
    pub old: Option<&'a KeyRow>,
    /// The key that stays.
    pub new: Option<&'a KeyRow>,
    /// What this run knows of the new key, if it has created it.
    pub new_key: Option<&'a NewKey>,
}

/// What keeps a rotation from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// The keys are not known.
    NotLoaded,
    /// There is no key to rotate.
    NoKey,
    /// There are more keys than an old and a new one, or no more are allowed.
    NoRoom,
    /// There are two keys, and nothing tells that one replaces the other.
    TwoKeys,
    /// There are two keys, and a person has said that both are in use.
    BothInUse,
    /// The newer key is Inactive: it was rolled back, or switched off.
    NewIsInactive,
    /// The new key was never used, and this run does not have its secret: it may be lost.
    SecretMayBeLost,
    /// AWS does not list the new key yet.
    NotListed,
    /// Whether the new key was ever used is being asked.
    Asking,
    /// Whether the new key was ever used cannot be told.
    UseUnknown,
    /// The new key's secret is in its dialog and nowhere else.
    SecretNotStored,
    /// The new key is being tried.
    Trying,
    /// The new key was tried, and not accepted.
    Refused,
    /// The new key belongs to another user than was expected.
    WrongOwner,
    /// The old key was used not long ago.
    StillWarm,
}

/// An Inactive key that was used within this time may still be in demand.
pub const WARM: TimeDelta = TimeDelta::days(7);

impl Engine {
    /// Where the rotation of a user's key stands.
    #[must_use]
    pub fn rotation(&self, slot: Slot, user: &str) -> Rotation<'_> {
        let at = |step, blocker| Rotation {
            step,
            blocker,
            evidence: None,
            old: None,
            new: None,
            new_key: None,
        };
        let account = self.fleet.get(slot);
        let rows = account.and_then(|account| Some((account, account.users.keys(user)?)));
        let Some((account, rows)) = rows else {
            return at(RotationStep::Before, Some(Blocker::NotLoaded));
        };
        let mut by_age: Vec<&KeyRow> = rows.iter().collect();
        // What this run has created is the new one, whatever the clocks say.
        by_age.sort_by_key(|row| {
            let created_here = self.vault.key(&row.key.id).is_some();
            (created_here, row.key.created.unwrap_or_default())
        });
        match by_age[..] {
            [] => at(RotationStep::Before, Some(Blocker::NoKey)),
            [old] => Rotation {
                old: Some(old),
                ..if self.is_unlisted(slot, user, rows) {
                    at(RotationStep::Create, Some(Blocker::NotListed))
                } else if account.identity.keys_per_user() > 1 {
                    at(RotationStep::Create, None)
                } else {
                    at(RotationStep::Before, Some(Blocker::NoRoom))
                }
            },
            [old, new] => {
                let new_key = self.vault.key(&new.key.id);
                let evidence = self.rotations.evidence(old, new);
                let (step, blocker) = if evidence.is_some() {
                    self.between(account, old, new, new_key)
                } else {
                    (RotationStep::Before, Some(self.unclear(old, new)))
                };
                Rotation {
                    evidence,
                    old: Some(old),
                    new: Some(new),
                    new_key,
                    ..at(step, blocker)
                }
            }
            _ => at(RotationStep::Before, Some(Blocker::NoRoom)),
        }
    }

    /// Where the secret of the key goes that a rotation is about to create, if that was chosen.
    #[must_use]
    pub fn destination(&self, slot: Slot, user: &str) -> Option<&Chosen> {
        let here = AccountLabel::of(self.fleet.get(slot)?);
        self.rotations.destination(slot, user, &here)
    }

    /// Whether this run has deactivated a key, so recently that nothing can be said of it yet.
    #[must_use]
    pub fn was_deactivated_here(&self, key: &str) -> bool {
        let at = self.rotations.deactivated_at(key);
        at.is_some_and(|at| self.now - at < WARM)
    }

    /// Why two keys are not known to be an old one and a new one.
    fn unclear(&self, old: &KeyRow, new: &KeyRow) -> Blocker {
        if new.key.status != KeyStatus::Active {
            Blocker::NewIsInactive
        } else if self.rotations.is_independent(&new.key.id) {
            Blocker::BothInUse
        } else if is_use_awaited(old) || is_use_awaited(new) {
            Blocker::Asking
        } else {
            Blocker::TwoKeys
        }
    }

    /// Whether this run has created a key that AWS does not list yet.
    fn is_unlisted(&self, slot: Slot, user: &str, rows: &[KeyRow]) -> bool {
        let listed = |id: &str| rows.iter().any(|row| row.key.id == id);
        let mut keys = self.vault.keys().iter();
        keys.any(|key| key.is_of(slot, user) && key.doubt.is_none() && !listed(&key.id))
    }

    /// Where a rotation stands that has both keys.
    fn between(
        &self,
        account: &Account,
        old: &KeyRow,
        new: &KeyRow,
        new_key: Option<&NewKey>,
    ) -> (RotationStep, Option<Blocker>) {
        if new.key.status != KeyStatus::Active {
            return (RotationStep::Before, Some(Blocker::NewIsInactive));
        }
        // No matter who has deactivated the old key: it does not go before the new one is known to work.
        if let Some(unready) = unready(account, new, new_key) {
            return unready;
        }
        if old.key.status != KeyStatus::Inactive {
            (RotationStep::Deactivate, None)
        } else if self.is_warm(old) || self.was_deactivated_here(&old.key.id) {
            (RotationStep::Watch, Some(Blocker::StillWarm))
        } else {
            (RotationStep::Delete, None)
        }
    }

    /// Until when an Inactive key may still be in demand, as far as that is known.
    #[must_use]
    pub fn warm_until(&self, row: &KeyRow) -> Option<DateTime<Utc>> {
        let used = match row.last_used.known() {
            Some(LastUsed::At { time, .. }) => Some(*time),
            _ => None,
        };
        let off = self.rotations.deactivated_at(&row.key.id);
        used.max(off).map(|since| since + WARM)
    }

    /// Whether an Inactive key may still be in demand.
    #[must_use]
    pub fn is_warm(&self, row: &KeyRow) -> bool {
        self.was_used_within(WARM, &row.last_used)
    }

    /// Begins the rotation of a user's key, or goes on with it: asks for the user's keys and their last
    /// uses as they are now, and tries a new key that was stored before.
    pub(super) fn rotate(&mut self, slot: Slot, user: &str) -> Option<()> {
        let keys = self.fleet.get(slot)?.key_ids(user).unwrap_or_default();
        let user: Box<str> = user.into();
        self.rotations.begin(slot, &user);
        self.read(slot, Read::Keys(user.clone()))?;
        let last_used = |key| Read::LastUsed(user.clone(), key);
        self.read_all(slot, keys.into_iter().map(last_used));
        self.check_stored_keys(slot, &user);
        Some(())
    }

    /// What can be done about a rotation, what goes on with it first.
    #[must_use]
    pub fn rotation_actions(&self, slot: Slot, user: &str) -> Vec<RotationAction> {
        if self.is_changing(slot, user) || self.approved(slot, user).is_some() {
            return Vec::new();
        }
        let rotation = self.rotation(slot, user);
        let off = |row: &KeyRow| row.key.status == KeyStatus::Inactive;
        let old_is_off = rotation.old.is_some_and(off);
        let go_on = match (rotation.step, rotation.blocker) {
            (_, Some(Blocker::TwoKeys | Blocker::BothInUse)) => Some(RotationAction::Replacing),
            (RotationStep::Before, Some(Blocker::NewIsInactive)) => Some(RotationAction::DeleteNew),
            (RotationStep::Before, Some(Blocker::NoRoom)) => {
                let deletable = self.deletable(slot, user);
                deletable.map(|_| RotationAction::GoToDeletable)
            }
            (RotationStep::Create, None) => Some(RotationAction::Create),
            // With the old one off, deleting the new one would leave none that works.
            (RotationStep::Store, Some(Blocker::SecretMayBeLost)) if !old_is_off => {
                Some(RotationAction::DeleteNew)
            }
            (RotationStep::Deactivate, None) => Some(RotationAction::Deactivate),
            (RotationStep::Watch | RotationStep::Delete, _) => Some(RotationAction::Delete),
            _ => None,
        };
        let mut actions = Vec::from_iter(go_on);
        // A key that is Inactive is not in use.
        if rotation.blocker == Some(Blocker::TwoKeys) && !old_is_off {
            actions.push(RotationAction::Independent);
        }
        let both = rotation.evidence.is_some();
        let deactivated = |old: &KeyRow| {
            let rotations = &self.rotations;
            rotations.has_deactivated(&old.key.id, rotation.new_key)
        };
        if both && old_is_off && rotation.old.is_some_and(deactivated) {
            actions.push(RotationAction::Undo);
        }
        let lost = rotation.blocker == Some(Blocker::SecretMayBeLost);
        let past_store = rotation.step > RotationStep::Store || (lost && old_is_off);
        if both && go_on != Some(RotationAction::DeleteNew) && past_store {
            actions.push(RotationAction::RollBack);
        }
        if self.settings.read_only {
            actions.retain(|action| !action.is_change());
        }
        actions
    }

    /// The plan for a user's keys that is approved, and waits for the look at the account.
    #[must_use]
    pub fn approved(&self, slot: Slot, user: &str) -> Option<PlanId> {
        let session = self.fleet.get(slot)?.session;
        let of_user =
            |plan: &&Plan| plan.session == session && plan.user().eq_ignore_ascii_case(user);
        let mut plans = self.plans().iter().filter(of_user);
        Some(plans.find(|plan| plan.is_approved())?.id)
    }

    /// Says so where a rotation cannot create a key now.
    pub(super) fn must_create(&mut self, slot: Slot, user: &str) -> Option<()> {
        let actions = self.rotation_actions(slot, user);
        if !actions.contains(&RotationAction::Create) {
            self.complain("There is no key to be created now");
            return None;
        }
        Some(())
    }

    /// Does what a rotation needs, or takes it back, where that is possible. Where it `approves`, to ask
    /// for a key to be created or deactivated is to approve it, where nothing has to be typed and the look
    /// at the account shows what was known.
    pub(super) fn act_on_rotation(
        &mut self,
        slot: Slot,
        user: &str,
        action: RotationAction,
        approves: bool,
    ) -> Option<()> {
        if !self.rotation_actions(slot, user).contains(&action) {
            return None;
        }
        let rotation = self.rotation(slot, user);
        let id = |row: Option<&KeyRow>| row.map(|row| row.key.id.clone());
        let (old, new) = (id(rotation.old), id(rotation.new));
        let active = |row: &KeyRow| row.key.status != KeyStatus::Inactive;
        let old_is_active = rotation.old.is_some_and(active);
        // What is not on the screen yet has not been seen.
        let confirms = match action {
            RotationAction::Create => true,
            RotationAction::Deactivate => !rotation.old.is_some_and(is_use_awaited),
            _ => false,
        };
        let user: Box<str> = user.into();
        let set_active = |key, active| Change::SetActive {
            user: user.clone(),
            key,
            active,
        };
        let delete = |key| Change::Delete {
            user: user.clone(),
            key,
        };
        let steps = match (action, old, new) {
            (RotationAction::Replacing, Some(old), Some(new)) => {
                self.rotations.say_replaced(new, old);
                self.check_stored_keys(slot, &user);
                return Some(());
            }
            (RotationAction::Independent, _, Some(new)) => {
                self.rotations.say_independent(new);
                return Some(());
            }
            (RotationAction::Create, ..) => vec![Change::Create { user }],
            (RotationAction::Deactivate, Some(old), _) => vec![set_active(old, false)],
            (RotationAction::Delete, Some(old), _) => vec![delete(old)],
            (RotationAction::DeleteNew, _, Some(new)) => vec![delete(new)],
            (RotationAction::RollBack, Some(_), Some(new)) if old_is_active => vec![delete(new)],
            (RotationAction::RollBack, Some(old), Some(new)) => {
                vec![set_active(old, true), delete(new)]
            }
            // Taking back what was just done has to be quick. What was deactivated before, and
            // perhaps for good reason, is asked about.
            (RotationAction::Undo, Some(old), _) if self.was_deactivated_here(&old) => {
                return self.send(slot, vec![set_active(old, true)]);
            }
            (RotationAction::Undo, Some(old), _) => vec![set_active(old, true)],
            // Where the selection goes is the screen's.
            _ => return None,
        };
        let rotation = Some(action);
        let proposal = Proposal {
            steps,
            rotation,
            ..Proposal::default()
        };
        let proposed = self.propose(slot, proposal)?;
        if confirms && approves {
            self.approve(proposed, "")?;
        }
        Some(())
    }

    /// A change to a rotated user's key was made: the rotation ends if one key is left.
    pub(super) fn rotation_step_done(&mut self, slot: Slot, change: &Change) {
        let Change::Delete { user, key } = change else {
            return;
        };
        if !self.rotations.has_begun(slot, user) {
            return;
        }
        let account = self.fleet.get(slot);
        let left = account.and_then(|account| account.key_ids(user));
        if let [left] = &left.unwrap_or_default()[..]
            && left != key
        {
            let text = format!("{user} has one key now: {left}");
            self.rotations.end(slot, user);
            let user = user.clone();
            self.news.push(News::RotationDone { slot, user });
            self.say(text);
        }
    }
}

/// Whether it is not said yet when a key was last used.
fn is_use_awaited(row: &KeyRow) -> bool {
    row.last_used.is_awaited()
}

/// Whether a new key belongs to this user of this account.
#[must_use]
pub(super) fn is_expected(account: &Account, caller: &Caller, user: &str) -> bool {
    let id = account.identity.account_id();
    let owner = caller.user();
    owner.is_some_and(|owner| owner.eq_ignore_ascii_case(user))
        && id.is_none_or(|id| id == caller.account)
}

/// The step of the new key that is not done yet, with what keeps it from being done.
fn unready(
    account: &Account,
    new: &KeyRow,
    new_key: Option<&NewKey>,
) -> Option<(RotationStep, Option<Blocker>)> {
    let used = new.was_used_by_others();
    Some(match new_key {
        Some(key) if key.stored.is_empty() => {
            let why = if key.is_held() {
                Blocker::SecretNotStored
            } else {
                Blocker::SecretMayBeLost
            };
            (RotationStep::Store, Some(why))
        }
        Some(key) => match &key.tried {
            Tried::Works(caller) if !is_expected(account, caller, &key.user) => {
                (RotationStep::Check, Some(Blocker::WrongOwner))
            }
            Tried::Works(_) => return None,
            // Its use says that it works, whatever came of trying it from here.
            _ if used => return None,
            Tried::Trying(..) => (RotationStep::Check, Some(Blocker::Trying)),
            Tried::NotYet => (RotationStep::Check, None),
            Tried::Refused(_) => (RotationStep::Check, Some(Blocker::Refused)),
        },
        None if used => return None,
        None if new.last_used.error().is_some() => (RotationStep::Store, Some(Blocker::UseUnknown)),
        None if new.last_used.known().is_none() => (RotationStep::Store, Some(Blocker::Asking)),
        None => (RotationStep::Store, Some(Blocker::SecretMayBeLost)),
    })
}

/// What can be done about a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationAction {
    /// Take the newer key for the one that replaces the older.
    Replacing,
    /// Take the two keys for keys that are used side by side.
    Independent,
    /// Create the new key.
    Create,
    /// Deactivate the old key.
    Deactivate,
    /// Delete the old key.
    Delete,
    /// Delete the newer key, which is not in use.
    DeleteNew,
    /// Go to a key that could be deleted to make room.
    GoToDeletable,
    /// Activate the old key again.
    Undo,
    /// Activate the old key, delete the new one.
    RollBack,
}

impl RotationAction {
    /// Whether it changes the account.
    #[must_use]
    pub fn is_change(self) -> bool {
        !matches!(
            self,
            Self::Replacing | Self::Independent | Self::GoToDeletable
        )
    }
}
