//! What is known of rotations beside the account itself: which key replaces which, what this run has
//! begun and deactivated, and what the journal tells of earlier runs.

use crate::engine::{
    account::{AccountLabel, KeyRow},
    effect::{ChangeId, Slot},
    model::LastUsed,
    vault::{Chosen, NewKey},
};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};

/// A rotation that was begun in this run. Where it stands is read from the account; this is only
/// what the account cannot know.
#[derive(Debug)]
struct Begun {
    slot: Slot,
    user: Box<str>,
}

/// Where the secret of a user's next key goes as soon as there is one.
#[derive(Debug)]
struct Ahead {
    slot: Slot,
    user: Box<str>,
    chosen: Chosen,
    /// Of which account.
    at: AccountLabel,
    /// It is the key of a rotation.
    in_rotation: bool,
}

impl Ahead {
    fn is_of(&self, slot: Slot, user: &str) -> bool {
        self.slot == slot && self.user.eq_ignore_ascii_case(user)
    }
}

impl Begun {
    fn is_of(&self, slot: Slot, user: &str) -> bool {
        self.slot == slot && self.user.eq_ignore_ascii_case(user)
    }
}

/// What tells that the newer of a user's two keys replaces the older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A rotation has created it, in this run or in an earlier one that the journal tells of.
    Created,
    /// A person has said so in this run.
    Said,
    /// It has taken over: it is used, and the older one was last used before it was created.
    TookOver,
}

/// What the journal tells of rotations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// The keys that a rotation has created, each with the one that it replaces.
    pub replaced: HashMap<String, String>,
    /// The keys that iamkeys has deactivated, and not activated again. Where one is replaced, it was
    /// deactivated after the new one was created.
    pub deactivated: HashSet<String>,
}

/// How this run has deactivated a key.
#[derive(Debug)]
struct Deactivated {
    change: ChangeId,
    at: DateTime<Utc>,
}

/// What this run knows of rotations, and the account does not.
#[derive(Debug, Default)]
pub(in crate::engine) struct Rotations {
    begun: Vec<Begun>,
    /// Where the secrets of keys go that are about to be created: of rotations, and of others.
    ahead: Vec<Ahead>,
    /// The keys that replace another, each with that one.
    replaced: HashMap<String, (String, Evidence)>,
    /// The newer keys of which a person has said that they replace none.
    independent: HashSet<String>,
    /// The keys that this run has deactivated.
    deactivated: HashMap<String, Deactivated>,
    /// The keys that an earlier run has deactivated.
    deactivated_before: HashSet<String>,
}

impl Rotations {
    /// Whether the rotation of a user's key was begun, and is not complete.
    pub(in crate::engine) fn has_begun(&self, slot: Slot, user: &str) -> bool {
        self.begun.iter().any(|it| it.is_of(slot, user))
    }

    /// Begins the rotation of a user's key, if that was not done yet.
    pub(in crate::engine) fn begin(&mut self, slot: Slot, user: &str) {
        if !self.has_begun(slot, user) {
            self.begun.push(Begun {
                slot,
                user: user.into(),
            });
        }
    }

    /// A rotation has created a key that replaces this one.
    pub(in crate::engine) fn created(&mut self, new: &str, old: String) {
        let evidence = Evidence::Created;
        self.replaced.insert(new.to_owned(), (old, evidence));
    }

    /// Takes what the journal tells. What this run has done meanwhile is newer.
    pub(in crate::engine) fn remember(&mut self, rotated: Rotated) {
        let Rotated {
            replaced,
            deactivated,
        } = rotated;
        for (new, old) in replaced {
            let known = (old, Evidence::Created);
            self.replaced.entry(new).or_insert(known);
        }
        self.deactivated_before = deactivated;
    }

    /// A person says that a key replaces this one.
    pub(super) fn say_replaced(&mut self, new: String, old: String) {
        self.independent.remove(&new);
        self.replaced.insert(new, (old, Evidence::Said));
    }

    /// A person says that a key is used beside the older one.
    pub(super) fn say_independent(&mut self, new: String) {
        self.independent.insert(new);
    }

    /// Whether a person has said so.
    pub(super) fn is_independent(&self, new: &str) -> bool {
        self.independent.contains(new)
    }

    /// What is known of whether a key replaces another.
    pub(super) fn evidence(&self, old: &KeyRow, new: &KeyRow) -> Option<Evidence> {
        let known = self.replaced.get(&new.key.id);
        match known.filter(|(replaced, _)| *replaced == old.key.id) {
            Some((_, evidence)) => Some(*evidence),
            None if self.independent.contains(&new.key.id) => None,
            None => took_over(old, new).then_some(Evidence::TookOver),
        }
    }

    /// The key that one is known to replace.
    pub(in crate::engine) fn replaced_by(&self, new: &str) -> Option<&str> {
        let (old, _) = self.replaced.get(new)?;
        Some(old)
    }

    /// Whether a rotation has created a key, in this run or in an earlier one.
    pub(in crate::engine) fn has_created(&self, new: &str) -> bool {
        let known = self.replaced.get(new);
        known.is_some_and(|(_, evidence)| *evidence == Evidence::Created)
    }

    /// Whether a key is known to replace another.
    pub(in crate::engine) fn replaces(&self, key: &str) -> bool {
        self.replaced.contains_key(key)
    }

    /// Whether the old key was deactivated after the new one was there.
    pub(super) fn has_deactivated(&self, old: &str, new: Option<&NewKey>) -> bool {
        let since = |off: &Deactivated| new.is_none_or(|new| off.change > new.change);
        self.deactivated.get(old).is_some_and(since) || self.deactivated_before.contains(old)
    }

    /// A rotation is complete, or a person goes on without it.
    pub(in crate::engine) fn end(&mut self, slot: Slot, user: &str) {
        self.begun.retain(|it| !it.is_of(slot, user));
        self.ahead
            .retain(|it| !it.in_rotation || !it.is_of(slot, user));
    }

    /// Another account is opened in this slot.
    pub(in crate::engine) fn forget(&mut self, slot: Slot) {
        self.begun.retain(|begun| begun.slot != slot);
        self.ahead.retain(|ahead| ahead.slot != slot);
    }

    /// Notes where the secret of the next key of a user goes.
    pub(in crate::engine) fn choose(
        &mut self,
        slot: Slot,
        user: &str,
        at: AccountLabel,
        chosen: Chosen,
    ) {
        self.ahead.retain(|it| !it.is_of(slot, user));
        self.ahead.push(Ahead {
            slot,
            user: user.into(),
            chosen,
            at,
            in_rotation: self.has_begun(slot, user),
        });
    }

    /// Where the secret of the next key of a user goes, if that was chosen in this account.
    pub(super) fn destination(
        &self,
        slot: Slot,
        user: &str,
        here: &AccountLabel,
    ) -> Option<&Chosen> {
        let ahead = self.ahead.iter().find(|it| it.is_of(slot, user))?;
        ahead.at.is_same(here).then_some(&ahead.chosen)
    }

    /// When this run has deactivated a key.
    pub(super) fn deactivated_at(&self, key: &str) -> Option<DateTime<Utc>> {
        Some(self.deactivated.get(key)?.at)
    }

    /// Takes the destination for a key that was just created in an account. One that was chosen for a
    /// user of the same name elsewhere is none.
    pub(in crate::engine) fn take_destination(
        &mut self,
        slot: Slot,
        user: &str,
        at: &AccountLabel,
    ) -> Option<Chosen> {
        let place = self.ahead.iter().position(|it| it.is_of(slot, user))?;
        let ahead = self.ahead.swap_remove(place);
        ahead.at.is_same(at).then_some(ahead.chosen)
    }

    /// Notes that this run has activated or deactivated a key.
    pub(in crate::engine) fn note_active(
        &mut self,
        key: &str,
        active: bool,
        change: ChangeId,
        at: DateTime<Utc>,
    ) {
        self.deactivated_before.remove(key);
        if active {
            self.deactivated.remove(key);
        } else {
            let off = Deactivated { change, at };
            self.deactivated.insert(key.to_owned(), off);
        }
    }
}

/// Whether the newer of two keys is used in place of the older one.
fn took_over(old: &KeyRow, new: &KeyRow) -> bool {
    let Some(LastUsed::At { time, .. }) = old.last_used.known() else {
        return false;
    };
    new.was_used_by_others() && new.key.created.is_some_and(|created| *time < created)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        account::Load,
        effect::RequestId,
        error::Error,
        model::{AccessKey, KeyStatus},
    };
    use chrono::TimeDelta;

    const OLD: &str = "AKIAROTATE01EXAMPLE1";
    const NEW: &str = "AKIAROTATE02EXAMPLE2";

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn used(hours: i64, service: &str) -> Load<LastUsed> {
        Load::Ready(LastUsed::At {
            time: at(hours),
            service: Some(service.into()),
            region: None,
        })
    }

    fn row(id: &str, created: Option<i64>, last_used: Load<LastUsed>) -> KeyRow {
        KeyRow {
            key: AccessKey {
                id: id.into(),
                status: KeyStatus::Active,
                created: created.map(at),
            },
            last_used,
            refresh: false,
            inactive_since: None,
            is_toggled: false,
        }
    }

    #[test]
    fn a_key_has_taken_over_where_the_older_was_last_used_before_it_and_it_is_used() {
        let never = || Load::Ready(LastUsed::Never);
        let unknown = || Load::Failed(Box::new(Error::internal("iam:GetAccessKeyLastUsed")), None);
        for (old, created, new, expected) in [
            (used(99, "s3"), Some(100), used(110, "s3"), true),
            // The old one is used beside it.
            (used(101, "s3"), Some(100), used(110, "s3"), false),
            (used(100, "s3"), Some(100), used(110, "s3"), false),
            // The new one is not used, or was only tried.
            (used(99, "s3"), Some(100), never(), false),
            (used(99, "s3"), Some(100), used(100, "sts"), false),
            (used(99, "s3"), Some(100), used(110, "sts"), true),
            // There was nothing to take over.
            (never(), Some(100), used(110, "s3"), false),
            // What is not known says nothing.
            (unknown(), Some(100), used(110, "s3"), false),
            (used(99, "s3"), Some(100), unknown(), false),
            (used(99, "s3"), Some(100), Load::Idle, false),
            (
                Load::Loading(RequestId(1), None),
                Some(100),
                used(110, "s3"),
                false,
            ),
            (used(99, "s3"), None, used(110, "s3"), false),
        ] {
            let case = format!("{old:?} {created:?} {new:?}");
            let (old, new) = (row(OLD, Some(0), old), row(NEW, created, new));
            let evidence = Rotations::default().evidence(&old, &new);
            let expected = expected.then_some(Evidence::TookOver);
            assert_eq!(evidence, expected, "{case}");
        }
    }

    #[test]
    fn what_is_known_of_two_keys_counts_more_than_their_uses() {
        let old = row(OLD, Some(0), used(99, "s3"));
        let new = row(NEW, Some(100), used(110, "s3"));
        let evidence = |rotations: &Rotations| rotations.evidence(&old, &new);
        let mut rotations = Rotations::default();
        rotations.say_independent(NEW.into());
        assert_eq!(evidence(&rotations), None);
        rotations.say_replaced(NEW.into(), OLD.into());
        assert_eq!(evidence(&rotations), Some(Evidence::Said));
        rotations.created(NEW, OLD.into());
        assert_eq!(evidence(&rotations), Some(Evidence::Created));
        // It has replaced another key, which is not there any more.
        let mut rotations = Rotations::default();
        rotations.created(NEW, "AKIAROTATE00EXAMPLE0".into());
        let beside = row(OLD, Some(0), used(105, "s3"));
        assert_eq!(rotations.evidence(&beside, &new), None);
        // What the journal tells.
        rotations.remember(Rotated {
            replaced: [(NEW.to_owned(), OLD.to_owned())].into(),
            ..Rotated::default()
        });
        assert_eq!(
            rotations.evidence(&beside, &new),
            None,
            "this run knows better"
        );
        let mut rotations = Rotations::default();
        rotations.remember(Rotated {
            replaced: [(NEW.to_owned(), OLD.to_owned())].into(),
            ..Rotated::default()
        });
        assert_eq!(rotations.evidence(&beside, &new), Some(Evidence::Created));
    }
}
