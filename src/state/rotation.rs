//! Rotating a user's key: where one is, derived from the account itself, so that a rotation can be
//! left at any step and taken up days later, by another person or on another machine.
//!
//! Of two keys, the one created later is the new one. What only this run knows (that the secret has
//! been stored, that the key was tried) is remembered in [`Fresh`]; where it does not know, the
//! account's own record of a use says that somebody has the secret and that the key works.

use super::{
    State,
    fresh::{Fresh, Tried},
    modal::Modal,
    store::Ahead,
    users::KeyRow,
};
use crate::{
    effect::Effect,
    iam::{Change, KeyStatus, LastUsed},
};
use chrono::{DateTime, TimeDelta};

/// The dialog of a rotation: everything in it comes from the account and from [`Fresh`].
#[derive(Debug)]
pub struct Rotate {
    /// Whose key is rotated.
    pub user: Box<str>,
    /// The highlighted button: 0 is to leave for now.
    pub button: usize,
    /// Where the secret goes as soon as there is a new key.
    pub ahead: Option<Ahead>,
}

/// A step of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
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

impl Step {
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
    pub step: Step,
    /// What keeps it from going on, where something does.
    pub hindrance: Option<Hindrance>,
    /// The key that goes.
    pub old: Option<&'a KeyRow>,
    /// The key that stays.
    pub new: Option<&'a KeyRow>,
    /// What this run knows of the new key.
    pub fresh: Option<&'a Fresh>,
}

/// What keeps a rotation from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// The keys are not known.
    NotLoaded,
    /// There is no key to rotate.
    NoKey,
    /// There are more keys than an old and a new one, or no more are allowed.
    NoRoom,
    /// The newer key is Inactive: it was rolled back, or switched off.
    NewIsInactive,
    /// The new key was never used, and this run does not have its secret: nobody may have it.
    NobodyMayHaveIt,
    /// AWS does not list the new key yet.
    NotListed,
    /// Whether the new key was ever used is being asked.
    Asking,
    /// Whether the new key was ever used cannot be told.
    UseUnknown,
    /// The new key's secret is in its dialog and nowhere else.
    SecretNowhere,
    /// The new key is being tried.
    Trying,
    /// The new key was tried, and not accepted.
    Refused,
    /// The new key belongs to somebody else than was expected.
    WrongOwner,
    /// The old key was used not long ago.
    StillWarm,
}

/// An Inactive key that was used within this time may still be asked for by something.
pub const WARM: TimeDelta = TimeDelta::days(7);

impl State {
    /// Where the rotation of a user's key stands.
    #[must_use]
    pub fn rotation(&self, user: &str) -> Rotation<'_> {
        let at = |step, hindrance| Rotation {
            step,
            hindrance,
            old: None,
            new: None,
            fresh: None,
        };
        let Some(rows) = self.users.get(user).and_then(|row| row.keys.known()) else {
            return at(Step::Before, Some(Hindrance::NotLoaded));
        };
        let mut by_age: Vec<&KeyRow> = rows.iter().collect();
        // What this run has created is the new one, whatever the clocks say.
        by_age.sort_by_key(|row| {
            let fresh = self.fresh_key(&row.key.id).is_some();
            (fresh, row.key.created.unwrap_or(DateTime::UNIX_EPOCH))
        });
        match by_age[..] {
            [] => at(Step::Before, Some(Hindrance::NoKey)),
            [old] => Rotation {
                old: Some(old),
                ..if self.is_unlisted(user, rows) {
                    at(Step::Create, Some(Hindrance::NotListed))
                } else if self.session.keys_per_user() > 1 {
                    at(Step::Create, None)
                } else {
                    at(Step::Before, Some(Hindrance::NoRoom))
                }
            },
            [old, new] => {
                let fresh = self.fresh_key(&new.key.id);
                let (step, hindrance) = self.between(old, new, fresh);
                Rotation {
                    step,
                    hindrance,
                    old: Some(old),
                    new: Some(new),
                    fresh,
                }
            }
            _ => at(Step::Before, Some(Hindrance::NoRoom)),
        }
    }

    /// Whether this run has deactivated a key, so recently that nothing can be said of it yet.
    #[must_use]
    pub fn was_switched_off(&self, key: &str) -> bool {
        self.switched_off
            .iter()
            .any(|(off, at)| off == key && self.now - *at < WARM)
    }

    /// Whether this run has created a key that AWS does not list yet.
    fn is_unlisted(&self, user: &str, rows: &[KeyRow]) -> bool {
        self.fresh.iter().any(|fresh| {
            !fresh.deleted
                && fresh.user.eq_ignore_ascii_case(user)
                && !rows.iter().any(|row| row.key.id == fresh.key)
        })
    }

    /// Where a rotation stands that has both keys.
    fn between(
        &self,
        old: &KeyRow,
        new: &KeyRow,
        fresh: Option<&Fresh>,
    ) -> (Step, Option<Hindrance>) {
        if new.key.status != KeyStatus::Active {
            return (Step::Before, Some(Hindrance::NewIsInactive));
        }
        // Whoever has switched the old key off: it does not go before the new one is known to work.
        if let Some((step, why)) = self.unready(new, fresh) {
            return (step, why);
        }
        if old.key.status != KeyStatus::Inactive {
            (Step::Deactivate, None)
        } else if self.is_warm(old) || self.was_switched_off(&old.key.id) {
            (Step::Watch, Some(Hindrance::StillWarm))
        } else {
            (Step::Delete, None)
        }
    }

    /// The step of the new key that is not done yet, with what keeps it from being done.
    fn unready(&self, new: &KeyRow, fresh: Option<&Fresh>) -> Option<(Step, Option<Hindrance>)> {
        let used = new.was_used_by_others();
        Some(match fresh {
            Some(fresh) if fresh.stored.is_empty() => {
                let why = if self.secret_of(&fresh.key).is_some() {
                    Hindrance::SecretNowhere
                } else {
                    Hindrance::NobodyMayHaveIt
                };
                (Step::Store, Some(why))
            }
            Some(fresh) => match &fresh.trial {
                Tried::Works(caller) if !self.is_expected(caller, &fresh.user) => {
                    (Step::Check, Some(Hindrance::WrongOwner))
                }
                Tried::Works(_) => return None,
                // Its use says that it works, whatever came of trying it from here.
                _ if used => return None,
                Tried::Trying(..) => (Step::Check, Some(Hindrance::Trying)),
                Tried::NotYet => (Step::Check, None),
                Tried::Refused(_) => (Step::Check, Some(Hindrance::Refused)),
            },
            None if used => return None,
            None if new.last_used.error().is_some() => (Step::Store, Some(Hindrance::UseUnknown)),
            None if new.last_used.known().is_none() => (Step::Store, Some(Hindrance::Asking)),
            None => (Step::Store, Some(Hindrance::NobodyMayHaveIt)),
        })
    }

    /// Whether an Inactive key may still be asked for.
    #[must_use]
    pub fn is_warm(&self, row: &KeyRow) -> bool {
        match row.last_used.known() {
            Some(LastUsed::Never) => false,
            Some(LastUsed::At { time, .. }) => self.now - *time < WARM,
            None => true,
        }
    }

    /// Opens the rotation of the selected user's key, and looks at the account.
    #[must_use]
    pub fn open_rotation(&mut self) -> Vec<Effect> {
        let Some(row) = self.user() else {
            return Vec::new();
        };
        let user = row.user.name.clone();
        self.modals.push(Modal::Rotate(Rotate {
            user,
            button: 0,
            ahead: None,
        }));
        self.look_at_rotation()
    }

    /// Asks for the keys of the rotation on top and their last uses as they are now.
    #[must_use]
    pub fn look_at_rotation(&mut self) -> Vec<Effect> {
        let Some(Modal::Rotate(rotate)) = self.modals.last() else {
            return Vec::new();
        };
        let user = rotate.user.clone();
        let mut effects = vec![self.ask_keys_now(&user).1];
        for key in self.key_ids(&user).unwrap_or_default() {
            effects.push(self.ask_last_used_now(&user, &key).1);
        }
        effects
    }

    /// What can be done about the rotation on top: its buttons beyond the one that leaves it.
    #[must_use]
    pub fn turns(&self, user: &str) -> Vec<Turn> {
        let rotation = self.rotation(user);
        let off = |row: &KeyRow| row.key.status == KeyStatus::Inactive;
        let old_is_off = rotation.old.is_some_and(off);
        let mut turns = Vec::new();
        let go_on = match (rotation.step, rotation.hindrance) {
            (Step::Before, Some(Hindrance::NewIsInactive)) => Some(Turn::DeleteNew),
            (Step::Before, Some(Hindrance::NoRoom)) => {
                self.deletable(user).map(|_| Turn::GoToDeletable)
            }
            (Step::Create, None) => Some(Turn::Create),
            // With the old one off, deleting the new one would leave none that works.
            (Step::Store, Some(Hindrance::NobodyMayHaveIt)) if !old_is_off => Some(Turn::DeleteNew),
            (Step::Deactivate, None) => Some(Turn::Deactivate),
            (Step::Watch | Step::Delete, _) => Some(Turn::Delete),
            _ => None,
        };
        turns.extend(go_on);
        let both = rotation.old.is_some() && rotation.new.is_some();
        let pending = self.changes.iter().any(|pending| {
            pending.session == self.session_number
                && pending.change.user().eq_ignore_ascii_case(user)
        });
        if both && old_is_off {
            turns.push(Turn::Undo);
        }
        let lost = rotation.hindrance == Some(Hindrance::NobodyMayHaveIt);
        let past_store = rotation.step > Step::Store || (lost && old_is_off);
        if both && go_on != Some(Turn::DeleteNew) && past_store {
            turns.push(Turn::RollBack);
        }
        if pending {
            turns.clear();
        }
        turns
    }

    /// Presses a button of the rotation on top.
    #[must_use]
    pub fn press_rotation(&mut self, button: usize) -> Vec<Effect> {
        let Some(Modal::Rotate(rotate)) = self.modals.last() else {
            return Vec::new();
        };
        let user = rotate.user.clone();
        match button.checked_sub(1) {
            None => {
                self.modals.pop();
                Vec::new()
            }
            Some(at) => match self.turns(&user).get(at) {
                Some(turn) => self.take_turn(&user, *turn),
                None => Vec::new(),
            },
        }
    }

    /// Does what the rotation on top needs next, if `which` agrees.
    #[must_use]
    pub fn try_turn(&mut self, which: impl Fn(Turn) -> bool) -> Vec<Effect> {
        let Some(Modal::Rotate(rotate)) = self.modals.last() else {
            return Vec::new();
        };
        let user = rotate.user.clone();
        match self.turns(&user).into_iter().find(|turn| which(*turn)) {
            Some(turn) => self.take_turn(&user, turn),
            None => Vec::new(),
        }
    }

    fn take_turn(&mut self, user: &str, turn: Turn) -> Vec<Effect> {
        let rotation = self.rotation(user);
        let id = |row: Option<&KeyRow>| row.map(|row| row.key.id.clone());
        let (old, new) = (id(rotation.old), id(rotation.new));
        let old_is_active = rotation
            .old
            .is_some_and(|row| row.key.status != KeyStatus::Inactive);
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
        match (turn, old, new) {
            (Turn::Create, ..) => self.ask(Change::Create { user }, None, None),
            (Turn::GoToDeletable, ..) => {
                if let Some(key) = self.deletable(&user).map(|row| row.key.id.clone()) {
                    self.modals.pop();
                    self.go_to_key(&user, &key);
                }
                Vec::new()
            }
            (Turn::Deactivate, Some(old), _) => self.ask(set_active(old, false), None, None),
            (Turn::Delete, Some(old), _) => self.ask(delete(old), None, None),
            (Turn::DeleteNew, _, Some(new)) => self.ask(delete(new), None, None),
            (Turn::RollBack, Some(_), Some(new)) if old_is_active => {
                self.ask(delete(new), None, None)
            }
            (Turn::RollBack, Some(old), Some(new)) => {
                self.ask(set_active(old, true), Some(delete(new)), None)
            }
            // Taking back what was just done has to be quick. What was switched off before, and
            // perhaps for good reason, is asked about.
            (Turn::Undo, Some(old), _) if self.was_switched_off(&old) => {
                let account = self.session.account();
                self.order(set_active(old, true), None, None, account)
            }
            (Turn::Undo, Some(old), _) => self.ask(set_active(old, true), None, None),
            _ => Vec::new(),
        }
    }

    /// Ends the dialog of a rotation whose last change has just been made.
    pub(super) fn rotated(&mut self, change: &Change) {
        let Change::Delete { user, key } = change else {
            return;
        };
        self.note_deleted(key);
        let this = |modal: &Modal| matches!(modal, Modal::Rotate(r) if r.user == *user);
        if !self.modals.iter().any(this) {
            return;
        }
        let left = self.key_ids(user).unwrap_or_default();
        if let [left] = &left[..]
            && left != key
        {
            let text = format!("{user} has one key now: {left}");
            self.modals.retain(|modal| !this(modal));
            self.say(text);
        }
    }
}

/// What can be done about a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Create the new key.
    Create,
    /// Deactivate the old key.
    Deactivate,
    /// Delete the old key.
    Delete,
    /// Delete the newer key, which nobody uses.
    DeleteNew,
    /// Go to a key that could be deleted to make room.
    GoToDeletable,
    /// Activate the old key again.
    Undo,
    /// Activate the old key, delete the new one.
    RollBack,
}
