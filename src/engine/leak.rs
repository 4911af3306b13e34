//! The response to a leaked key: where one is, derived from the account itself, so that it can be left
//! at any step and taken up by another person or on another machine.
//!
//! The steps are those of AWS's runbook: the key is deactivated and not deleted (it is evidence), the
//! sessions that were made from it are revoked, what it did is looked through, everything else that
//! its user can sign in with is looked at, and what used it gets another key. What only this run knows
//! is which files of evidence it has written.

mod acting;
mod asking;
mod derived;
pub mod evidence;
pub mod harm;
mod quarantine;
mod revoked;
mod seen;
mod watch;

pub(super) use derived::Kept;
pub use evidence::{Evidence, Written};
pub use harm::{Harm, HarmKind};
pub use quarantine::Quarantine;
pub use revoked::{Doubt, Revocation};
pub use seen::{Seen, SessionSeen, Uncovered};
pub use watch::LastListed;
pub(super) use watch::Watched;

use super::{
    Engine,
    account::{KeyRow, Known, Load, UserRow},
    effect::Slot,
    error::Error,
    impact::{Credential, OtherCredentials, Permissions},
    model::{KeyStatus, LastUsed},
    request::Change,
};
use chrono::{DateTime, TimeDelta, Utc};
use derived::Derived;
use seen::{events_of, seen};

/// So long after a call CloudTrail may not show it yet.
const DELAY: TimeDelta = TimeDelta::minutes(15);

/// A step of the response to a leak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeakStep {
    /// Switch the key off.
    Deactivate,
    /// Deny everything to the sessions that were made from it.
    Revoke,
    /// See what it did.
    Harm,
    /// See what else its user can sign in with.
    Others,
    /// Give what used it another key, and answer AWS.
    Replace,
    /// Keep what is known of it.
    Evidence,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// The account shows that it is done.
    Done,
    /// The account shows that it is not done.
    Open,
    /// A person has to judge it: the account cannot tell.
    Judge,
    /// It cannot be told, or not yet.
    Unknown,
}

/// A role that was assumed with the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleUsed<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// When it was assumed last.
    pub last: DateTime<Utc>,
    /// How often.
    pub count: usize,
}

/// Where the response to a leaked key stands.
#[derive(Clone, Debug)]
pub struct Leak<'a> {
    /// The user.
    pub user: &'a str,
    /// The key's ID.
    pub key: &'a str,
    /// The key; none where it is not among the user's, as far as they are known.
    pub row: Option<&'a KeyRow>,
    /// The user's keys; none where they are not known.
    pub keys: Option<&'a [KeyRow]>,
    /// Why the user's keys could not be asked for once more: what is known of them may not be so any more.
    pub keys_error: Option<&'a Error>,
    /// Since when this run knows that the key is off; it may be so for longer.
    pub off_since: Option<DateTime<Utc>>,
    /// When the last use that is known of the key was read.
    pub use_read: Option<DateTime<Utc>>,
    /// Until when a session that it has made lives at the latest, a role's as well, as far as its events
    /// tell.
    pub sessions_until: Option<DateTime<Utc>>,
    /// Whether AWS has put the user under quarantine.
    pub quarantine: Quarantine<'a>,
    /// The user's policies.
    pub permissions: Option<&'a Load<Permissions>>,
    /// What else the user can sign in with.
    pub credentials: Option<&'a Load<OtherCredentials>>,
    /// How it stands with the sessions.
    pub revocation: Revocation,
    /// The roles that were assumed with it, the last one first.
    pub roles: Vec<RoleUsed<'a>>,
    /// What it and its sessions have done, the worst first.
    pub harm: Vec<Harm<'a>>,
    /// How far its events are loaded.
    pub seen: Seen<'a>,
    /// The keys of the user that replace it: a rotation has created them, or a person has said so.
    pub rotated_to: Vec<&'a str>,
    /// Those of them that a rotation has created.
    pub created_for_it: Vec<&'a str>,
    /// The files of evidence that this run has written, or is writing.
    pub evidence: Option<&'a Writing>,
    /// The changes to what the user has that are under way.
    pub pending: Vec<&'a Change>,
    /// What the key was when AWS last listed it in this run.
    pub last_listed: Option<&'a LastListed>,
    /// When the key was last used by the credential report, where nothing else tells.
    pub reported_use: Option<&'a LastUsed>,
}

/// Files of evidence on their way to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writing {
    /// They are being written.
    Begun,
    /// They are written.
    Done(Written),
    /// They are not: why.
    Failed(String),
}

/// Something else that the user can sign in with.
#[derive(Clone, Copy, Debug)]
pub enum Other<'a> {
    /// Another access key.
    Key(&'a KeyRow),
    /// What is no access key.
    Credential(&'a Credential),
}

impl LeakStep {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [
        Self::Deactivate,
        Self::Revoke,
        Self::Harm,
        Self::Others,
        Self::Replace,
        Self::Evidence,
    ];

    /// Its name.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Deactivate => "Deactivate",
            Self::Revoke => "Revoke sessions",
            Self::Harm => "What it did",
            Self::Others => "Everything else",
            Self::Replace => "Replace",
            Self::Evidence => "Evidence",
        }
    }
}

impl<'a> Leak<'a> {
    /// Whether the key is known not to be there any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.row.is_none() && self.keys.is_some()
    }

    /// When the key was created; of one that is gone what was known of it.
    #[must_use]
    pub fn created(&self) -> Option<DateTime<Utc>> {
        match self.row {
            Some(row) => row.key.created,
            None => self.last_listed?.created,
        }
    }

    /// Whether AWS may still accept the key.
    #[must_use]
    pub fn is_live(&self) -> bool {
        let off = self
            .row
            .is_some_and(|row| row.key.status == KeyStatus::Inactive);
        !off && !self.is_gone()
    }

    /// The keys that it has created, each with its user.
    pub fn keys_made(&self) -> impl Iterator<Item = (&str, &str)> {
        self.harm.iter().filter_map(Harm::key)
    }

    /// Whether it has created this key.
    #[must_use]
    pub fn has_made(&self, key: &str) -> bool {
        self.keys_made().any(|(made, _)| made == key)
    }

    /// What else the user can sign in with, as far as it is known: other access keys first.
    #[must_use]
    pub fn others(&self) -> Vec<Other<'a>> {
        let others = self.keys.unwrap_or_default().iter();
        let others = others.filter(|row| row.key.id != self.key).map(Other::Key);
        let known = self.credentials.and_then(Load::known);
        let items = known.into_iter().flat_map(|known| &known.items);
        others.chain(items.map(Other::Credential)).collect()
    }

    /// What of the other credentials could not be listed.
    #[must_use]
    pub fn others_missing(&self) -> &'a [Error] {
        let known = self.credentials.and_then(Load::known);
        known.map_or(&[], |known| &known.missing)
    }

    /// Another key of the user that is Active and newer: what may take the place of this one. One that
    /// is known to, where there is one.
    #[must_use]
    pub fn replacement(&self) -> Option<&'a KeyRow> {
        let created = self.row.and_then(|row| row.key.created);
        let made_by_it: Vec<&str> = self.keys_made().map(|(key, _)| key).collect();
        let newer = self.keys?.iter().filter(|row| {
            row.key.id != self.key
                && row.key.status == KeyStatus::Active
                && created.is_none_or(|created| row.key.created > Some(created))
                && !made_by_it.contains(&row.key.id.as_str())
        });
        newer.max_by_key(|row| self.is_rotated_to(row))
    }

    fn is_rotated_to(&self, row: &KeyRow) -> bool {
        self.rotated_to.contains(&row.key.id.as_str())
    }

    /// Whether such a key is known not to be one that whoever has the leaked key has made, with it or
    /// with what it gave them: a rotation has created it, or all that the leaked key did when it was
    /// created is seen, and gave nobody another way in.
    #[must_use]
    pub fn is_trusted(&self, replacement: &KeyRow) -> bool {
        let id = replacement.key.id.as_str();
        self.created_for_it.contains(&id) || self.clears(replacement)
    }

    /// How a step stands. Nothing is taken for done that the account has not shown.
    #[must_use]
    pub fn state(&self, step: LeakStep) -> StepState {
        match step {
            LeakStep::Deactivate => match (self.row, self.is_live()) {
                (_, false) if self.is_off() => StepState::Done,
                (Some(_), true) => StepState::Open,
                (None, true) | (_, false) => StepState::Unknown,
            },
            LeakStep::Revoke => match &self.revocation {
                Revocation::Asking | Revocation::Unknown(_) => StepState::Unknown,
                Revocation::Expired(_) => StepState::Done,
                Revocation::Denied(cut, _) => match self.doubt(*cut) {
                    None => StepState::Done,
                    Some(Doubt::Live) => StepState::Open,
                    Some(_) => StepState::Judge,
                },
                Revocation::None
                | Revocation::Since(..)
                | Revocation::Over(_)
                | Revocation::Quiet(_)
                | Revocation::Foreign => StepState::Open,
            },
            LeakStep::Harm if !self.harm.is_empty() => StepState::Judge,
            LeakStep::Harm if self.has_seen_all() => match self.uncovered() {
                None => StepState::Done,
                Some(_) => StepState::Judge,
            },
            LeakStep::Harm => StepState::Unknown,
            LeakStep::Others => {
                let known = self.credentials.is_some_and(|load| {
                    load.known().is_some() && load.error().is_none() && self.keys_error.is_none()
                });
                if self.others().iter().any(Other::is_live) {
                    StepState::Judge
                } else if self.keys.is_some() && known && self.others_missing().is_empty() {
                    StepState::Done
                } else {
                    StepState::Unknown
                }
            }
            LeakStep::Replace => match self.replacement() {
                Some(row) if self.is_trusted(row) && self.keys_error.is_none() => StepState::Done,
                _ => StepState::Judge,
            },
            LeakStep::Evidence => match self.evidence {
                Some(Writing::Done(_)) => StepState::Done,
                _ => StepState::Judge,
            },
        }
    }

    /// The change that a step needs, while it is under way.
    #[must_use]
    pub fn pending_in(&self, step: LeakStep) -> Option<&'a Change> {
        let is_it = |change: &&&Change| match step {
            LeakStep::Deactivate => change.key() == Some(self.key),
            LeakStep::Revoke => matches!(
                change,
                Change::RevokeSessions { .. } | Change::LiftRevocation { .. }
            ),
            _ => false,
        };
        self.pending.iter().find(is_it).copied()
    }

    /// The change to something else that the user can sign in with, while it is under way.
    #[must_use]
    pub fn pending_to(&self, other: &Other<'_>) -> Option<&'a Change> {
        let is_it = |change: &&&Change| match (other, change) {
            (Other::Key(row), change) => change.key() == Some(row.key.id.as_str()),
            (
                Other::Credential(it),
                Change::SetCredential { kind, id, .. } | Change::DeleteCredential { kind, id, .. },
            ) => *kind == it.kind && *id == it.id,
            _ => false,
        };
        self.pending.iter().find(is_it).copied()
    }

    /// Whether only time can tell more of a step.
    fn is_waiting(&self, step: LeakStep) -> bool {
        let lags = matches!(self.revocation, Revocation::Denied(cut, _) if self.doubt(cut) == Some(Doubt::Lag));
        step == LeakStep::Revoke && lags
    }

    /// The step that is next: the first that is known not to be done, else the first that is not known
    /// to be. One of which only time can tell more comes last.
    #[must_use]
    pub fn step(&self) -> LeakStep {
        let first = |state| {
            LeakStep::ALL
                .into_iter()
                .find(|step| self.state(*step) == state)
        };
        first(StepState::Open)
            .or_else(|| {
                let steps = LeakStep::ALL.into_iter();
                let open = |step: &LeakStep| self.state(*step) != StepState::Done;
                let mut open = steps.filter(open);
                open.clone()
                    .find(|step| !self.is_waiting(*step))
                    .or_else(|| open.next())
            })
            .unwrap_or(LeakStep::Evidence)
    }
}

impl Other<'_> {
    /// Whether it can be used, as far as that is known. A password and an MFA device have no status.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match self {
            Self::Key(row) => row.key.status != KeyStatus::Inactive,
            Self::Credential(credential) => credential.active != Some(false),
        }
    }

    /// What switches it off, or on again; none for what has no status.
    #[must_use]
    pub fn toggle(&self, user: &str) -> Option<Change> {
        Some(match self {
            Self::Key(row) => Change::SetActive {
                user: user.into(),
                key: row.key.id.clone(),
                active: row.key.status == KeyStatus::Inactive,
            },
            Self::Credential(credential) => Change::SetCredential {
                user: user.into(),
                kind: credential.kind.clone(),
                id: credential.id.clone(),
                active: !credential.active?,
            },
        })
    }

    /// What deletes it.
    #[must_use]
    pub fn delete(&self, user: &str) -> Change {
        match self {
            Self::Key(row) => Change::Delete {
                user: user.into(),
                key: row.key.id.clone(),
            },
            Self::Credential(credential) => Change::DeleteCredential {
                user: user.into(),
                kind: credential.kind.clone(),
                id: credential.id.clone(),
            },
        }
    }
}

impl Engine {
    /// Where the response to a leaked key stands.
    #[must_use]
    pub fn leak<'a>(&'a self, slot: Slot, user: &'a str, key: &'a str) -> Option<Leak<'a>> {
        let account = self.fleet.get(slot)?;
        let keys = account.users.keys(user);
        let keys_error = account.users.get(user).and_then(|row| row.keys.error());
        let row = keys.and_then(|keys| keys.iter().find(|row| row.key.id == key));
        let known = account.impacts.user(user);
        let permissions = known.map(|known| &known.permissions);
        let impacts = &account.impacts;
        let derived = Derived::of(impacts, key);
        let rotated_to = keys.unwrap_or_default().iter().map(|row| &*row.key.id);
        let of_this = |new: &&str| self.rotations.replaced_by(new) == Some(key);
        let rotated_to: Vec<&str> = rotated_to.filter(of_this).collect();
        let created = rotated_to.iter().copied();
        let created = created.filter(|new| self.rotations.has_created(new));
        let mut known_keys = account
            .users
            .get(user)
            .into_iter()
            .flat_map(UserRow::known_keys);
        let reported = known_keys.find(|it| it.id() == Some(key) && it.is_reported());
        let reported_use = reported.and_then(Known::last_used);
        let mut leak = Leak {
            user,
            key,
            row,
            keys,
            keys_error,
            off_since: self.watched.off_since(key),
            use_read: self.watched.use_read(key),
            sessions_until: derived.any_lives_until,
            quarantine: Quarantine::of(account, user),
            permissions,
            credentials: known.map(|known| &known.credentials),
            revocation: Revocation::Asking,
            roles: derived.roles(impacts),
            harm: derived.harm(impacts),
            seen: seen(impacts, key, &derived.sessions),
            created_for_it: created.collect(),
            rotated_to,
            evidence: self.evidence.get(key),
            pending: self.changing(slot, user).collect(),
            reported_use,
            last_listed: self.watched.last(key),
        };
        leak.revocation = self.revocation(&leak, &derived);
        Some(leak)
    }

    /// Where the response stands whose page is open in an account.
    #[must_use]
    pub fn leak_in_sight(&self, slot: Slot) -> Option<Leak<'_>> {
        let (of, key) = self.leak_open.as_ref()?;
        let user = self.watched.user_of(key)?;
        self.leak(slot, user, key).filter(|_| *of == slot)
    }
}
