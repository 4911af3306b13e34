//! The response to a leaked key: where one is, derived from the account itself, so that it can be left
//! at any step and taken up by another person or on another machine.
//!
//! The steps are those of AWS's runbook: the key is deactivated and not deleted (it is evidence), the
//! sessions that were made from it are revoked, what it did is looked through, everything else that
//! its user can sign in with is looked at, and what used it gets another key. What only this run knows
//! is which files of evidence it has written.

pub mod evidence;
pub mod harm;

pub use evidence::{Evidence, Written};
pub use harm::{Harm, HarmKind};

use super::{
    Engine, READ_ONLY,
    account::{Account, KeyRow, Load},
    effect::Slot,
    error::Error,
    impact::{
        Credential, KeyTrail, Made, OtherCredentials, Permissions, RegionState, SessionOf,
        TrailEvent, revocation,
    },
    model::{KeyStatus, LastUsed},
    plan::Proposal,
    request::{Change, REVOCATION, Read},
};
use chrono::{DateTime, TimeDelta, Utc};
use harm::harm_in;
use std::collections::HashMap;

/// A use of a key is on record this long after it at the latest, with all that clocks differ by.
const LAG: TimeDelta = TimeDelta::hours(1);

/// The events of so many sessions are asked for, of those that were made last: a program may make one
/// with each of its calls.
const MOST_SESSIONS: usize = 10;

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

/// How it stands with the sessions of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The user's policies are being asked for.
    Asking,
    /// They cannot be seen: why.
    Unknown(Error),
    /// Nothing denies anything to them.
    None,
    /// Those made before this time are denied everything; they last until the other time at most.
    Denied(DateTime<Utc>, DateTime<Utc>),
    /// The same, and the key was used since, so that there may be others: when.
    Since(DateTime<Utc>, DateTime<Utc>),
    /// Those made before this time are denied everything, and have expired.
    Over(DateTime<Utc>),
    /// There is no such policy, and every session of the key has expired: it was last used then, if
    /// ever.
    Expired(Option<DateTime<Utc>>),
    /// A policy of the name says something else.
    Foreign,
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

/// How far the events of the key are loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen<'a> {
    /// How many events are loaded.
    pub events: usize,
    /// How many regions are asked, or will be.
    pub regions: usize,
    /// Of how many all is loaded.
    pub whole: usize,
    /// Those of which there is more than was asked for.
    pub capped: Vec<&'a str>,
    /// Those that were refused or failed, and why.
    pub failed: Vec<(&'a str, &'a Error)>,
    /// How many events could not be read.
    pub unreadable: usize,
    /// How many of its sessions there are whose own events were not asked for.
    pub sessions_unseen: usize,
    /// Which regions there are was refused.
    pub regions_refused: Option<&'a Error>,
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
    /// The files of evidence that this run has written, or is writing.
    pub evidence: Option<&'a Writing>,
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

    /// Whether AWS may still accept the key.
    #[must_use]
    pub fn is_live(&self) -> bool {
        let off = self
            .row
            .is_some_and(|row| row.key.status == KeyStatus::Inactive);
        !off && !self.is_gone()
    }

    /// The name of the policy by which AWS has put the user under quarantine.
    #[must_use]
    pub fn quarantine(&self) -> Option<&'a str> {
        self.permissions?.known()?.quarantine()
    }

    /// The keys that it has created, each with its user.
    pub fn keys_made(&self) -> impl Iterator<Item = (&str, &str)> {
        self.harm.iter().filter_map(Harm::key)
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

    /// Another key of the user that is Active and newer: what takes the place of this one.
    #[must_use]
    pub fn replacement(&self) -> Option<&'a KeyRow> {
        let created = self.row.and_then(|row| row.key.created);
        let made_by_it: Vec<&str> = self.keys_made().map(|(key, _)| key).collect();
        self.keys?.iter().find(|row| {
            row.key.id != self.key
                && row.key.status == KeyStatus::Active
                && created.is_none_or(|created| row.key.created > Some(created))
                && !made_by_it.contains(&row.key.id.as_str())
        })
    }

    /// Whether the events of all regions that are asked are loaded, and nothing is known to be missing.
    #[must_use]
    pub fn has_seen_all(&self) -> bool {
        let Seen {
            regions,
            whole,
            unreadable,
            sessions_unseen,
            regions_refused,
            ..
        } = &self.seen;
        *regions > 0
            && whole == regions
            && *unreadable == 0
            && *sessions_unseen == 0
            && regions_refused.is_none()
    }

    /// How a step stands. Nothing is taken for done that the account has not shown.
    #[must_use]
    pub fn state(&self, step: LeakStep) -> StepState {
        match step {
            LeakStep::Deactivate => match (self.row, self.is_live()) {
                (_, false) => StepState::Done,
                (Some(_), true) => StepState::Open,
                (None, true) => StepState::Unknown,
            },
            LeakStep::Revoke => match &self.revocation {
                Revocation::Asking | Revocation::Unknown(_) => StepState::Unknown,
                Revocation::Denied(..) | Revocation::Expired(_) => StepState::Done,
                Revocation::None
                | Revocation::Since(..)
                | Revocation::Over(_)
                | Revocation::Foreign => StepState::Open,
            },
            LeakStep::Harm if !self.harm.is_empty() => StepState::Judge,
            LeakStep::Harm if self.has_seen_all() => StepState::Done,
            LeakStep::Harm => StepState::Unknown,
            LeakStep::Others => {
                let known = self.credentials.and_then(Load::known).is_some();
                if self.others().iter().any(Other::is_live) {
                    StepState::Judge
                } else if self.keys.is_some() && known && self.others_missing().is_empty() {
                    StepState::Done
                } else {
                    StepState::Unknown
                }
            }
            LeakStep::Replace if self.replacement().is_some() => StepState::Done,
            LeakStep::Replace => StepState::Judge,
            LeakStep::Evidence => match self.evidence {
                Some(Writing::Done(_)) => StepState::Done,
                _ => StepState::Judge,
            },
        }
    }

    /// The step that is next: the first that is known not to be done, else the first that is not known
    /// to be.
    #[must_use]
    pub fn step(&self) -> LeakStep {
        let first = |state| {
            LeakStep::ALL
                .into_iter()
                .find(|step| self.state(*step) == state)
        };
        first(StepState::Open)
            .or_else(|| {
                let mut steps = LeakStep::ALL.into_iter();
                steps.find(|step| self.state(*step) != StepState::Done)
            })
            .unwrap_or(LeakStep::Evidence)
    }

    /// What was not looked at, or could not be, in whole sentences.
    #[must_use]
    pub fn not_checked(&self, since: Option<DateTime<Utc>>) -> Vec<String> {
        let seen = &self.seen;
        let mut said = vec![
            "Data events: reading S3 objects, invoking functions or models, items of tables."
                .into(),
            match since {
                Some(since) => format!("Anything before {}.", since.format("%Y-%m-%d")),
                None => "The event history was not asked for.".into(),
            },
            "Calls of the last 15 minutes: CloudTrail may not show them yet.".into(),
            "Policies of resources and of the organisation.".into(),
        ];
        if let Some(error) = seen.regions_refused {
            said.push(format!(
                "Other regions: which there are is not known ({}).",
                error.short()
            ));
        }
        for (region, error) in &seen.failed {
            said.push(format!("Events in {region} ({}).", error.short()));
        }
        let asked = seen.regions - seen.whole - seen.capped.len() - seen.failed.len();
        if asked > 0 {
            said.push(format!(
                "Events of {asked} regions that had not answered yet."
            ));
        }
        for region in &seen.capped {
            said.push(format!(
                "Older events in {region}: only the latest were asked for."
            ));
        }
        if seen.unreadable > 0 {
            said.push(format!(
                "{} events that could not be read.",
                seen.unreadable
            ));
        }
        if seen.sessions_unseen > 0 {
            said.push(format!(
                "What {} of its sessions did: their events were not asked for.",
                seen.sessions_unseen
            ));
        }
        let missing = self
            .permissions
            .and_then(Load::known)
            .map(|it| &*it.missing);
        for error in missing
            .unwrap_or_default()
            .iter()
            .chain(self.others_missing())
        {
            said.push(format!("{}.", error.short()));
        }
        said
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

/// Events, each with the session that has signed it; none where the key itself has.
type Signed<'a> = (Option<&'a str>, &'a TrailEvent);

/// The events of a key and of its sessions, and those sessions: the ones that were made last first.
fn events_of<'a>(account: &'a Account, key: &str) -> (Vec<Signed<'a>>, Vec<Box<str>>) {
    let mut events: Vec<Signed<'a>> = Vec::new();
    let mut made: HashMap<&'a str, DateTime<Utc>> = HashMap::new();
    let mut open: Vec<(Option<&'a str>, &'a KeyTrail)> = Vec::new();
    open.extend(account.impacts.trail(key).map(|trail| (None, trail)));
    while let Some((session, trail)) = open.pop() {
        for event in trail.events() {
            events.push((session, event));
            if let Some(Made::Session { key, .. }) = event.made.as_deref()
                && event.error.is_none()
                && made.insert(key, event.at).is_none()
            {
                let trail = account.impacts.trail(key);
                open.extend(trail.map(|trail| (Some(&**key), trail)));
            }
        }
    }
    let mut sessions: Vec<(&str, DateTime<Utc>)> = made.into_iter().collect();
    sessions.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let sessions = sessions.into_iter().map(|(key, _)| key.into());
    (events, sessions.collect())
}

/// The sessions that a key has made: when, and whose they are.
fn sessions_in<'a>(events: &[Signed<'a>]) -> impl Iterator<Item = (DateTime<Utc>, &'a SessionOf)> {
    events
        .iter()
        .filter_map(|(_, event)| match event.made.as_deref() {
            Some(Made::Session { of, .. }) if event.error.is_none() => Some((event.at, of)),
            _ => None,
        })
}

/// The roles that were assumed, the last one first.
fn roles_in<'a>(events: &[Signed<'a>]) -> Vec<RoleUsed<'a>> {
    let mut roles: Vec<RoleUsed<'a>> = Vec::new();
    for (at, of) in sessions_in(events) {
        let SessionOf::Role(arn) = of else {
            continue;
        };
        match roles.iter_mut().find(|role| role.arn == &**arn) {
            Some(role) => {
                role.count += 1;
                role.last = role.last.max(at);
            }
            None => roles.push(RoleUsed {
                arn,
                last: at,
                count: 1,
            }),
        }
    }
    roles.sort_by(|a, b| b.last.cmp(&a.last).then(a.arn.cmp(b.arn)));
    roles
}

/// Whether an answer is awaited.
fn is_asked<T>(account: &Account, load: &Load<T>) -> bool {
    matches!(load, Load::Loading(request, _) if account.loader.is_asking(*request))
}

/// How far the events of a key are loaded.
fn seen<'a>(account: &'a Account, key: &str, sessions_unseen: usize) -> Seen<'a> {
    let mut seen = Seen {
        sessions_unseen,
        regions_refused: account.impacts.regions.error(),
        ..Seen::default()
    };
    let Some(trail) = account.impacts.trail(key) else {
        return seen;
    };
    for (name, region) in &trail.regions {
        seen.regions += 1;
        seen.events += region.events.len();
        seen.unreadable += region.unreadable;
        match &region.state {
            RegionState::Whole => seen.whole += 1,
            RegionState::More(_) => seen.capped.push(name),
            RegionState::Failed(error, _) => seen.failed.push((name, error)),
            RegionState::Waiting | RegionState::Asking(_) => {}
        }
    }
    seen
}

impl Engine {
    /// Where the response to a leaked key stands.
    #[must_use]
    pub fn leak<'a>(&'a self, slot: Slot, user: &'a str, key: &'a str) -> Option<Leak<'a>> {
        let account = self.fleet.get(slot)?;
        let keys = account.users.keys(user);
        let row = keys.and_then(|keys| keys.iter().find(|row| row.key.id == key));
        let known = account.impacts.user(user);
        let permissions = known.map(|known| &known.permissions);
        let (events, sessions) = events_of(account, key);
        let unseen = sessions
            .iter()
            .filter(|key| account.impacts.trail(key).is_none());
        let sessions_unseen = unseen.count();
        let mut leak = Leak {
            user,
            key,
            row,
            keys,
            permissions,
            credentials: known.map(|known| &known.credentials),
            revocation: Revocation::Asking,
            roles: roles_in(&events),
            harm: harm_in(events.iter().copied()),
            seen: seen(account, key, sessions_unseen),
            evidence: self.evidence.get(key),
        };
        leak.revocation = self.revocation(&leak, &events);
        Some(leak)
    }

    /// How it stands with the sessions that were made from a key.
    fn revocation(&self, leak: &Leak<'_>, events: &[(Option<&str>, &TrailEvent)]) -> Revocation {
        let Some(load) = leak.permissions else {
            return Revocation::Asking;
        };
        let Some(known) = load.known() else {
            return load.error().map_or(Revocation::Asking, |error| {
                Revocation::Unknown(error.clone())
            });
        };
        if let Some(policy) = known.own_inline(REVOCATION) {
            let Some(document) = policy.document.as_deref() else {
                let error = known.missing.first().cloned();
                return Revocation::Unknown(error.unwrap_or(Error::internal("iam:GetUserPolicy")));
            };
            let Some(cut) = revocation::cut_at(document) else {
                return Revocation::Foreign;
            };
            let until = cut + revocation::LONGEST;
            // A role's sessions are not those of the user, and are not concerned.
            let of_user = sessions_in(events).filter(|(_, of)| !matches!(of, SessionOf::Role(_)));
            let made = of_user.map(|(at, _)| at).max();
            // Whatever it was used for, it could have made a session then.
            let used = match leak.row.and_then(|row| row.last_used.known()) {
                Some(LastUsed::At { time, .. }) => Some(*time),
                _ => None,
            };
            let latest = made.max(used);
            return match latest {
                Some(at) if at >= cut && at + revocation::LONGEST > self.now => {
                    Revocation::Since(cut, at)
                }
                _ if until <= self.now => Revocation::Over(cut),
                _ => Revocation::Denied(cut, until),
            };
        }
        if !known.knows_own_inline() {
            let listing = |error: &&Error| error.action == "iam:ListUserPolicies";
            let error = known.missing.iter().find(listing).cloned();
            return error.map_or(Revocation::Asking, Revocation::Unknown);
        }
        // To make a session is a use of the key: without one for as long as a session lasts, and with
        // a key that makes none any more, there is none.
        let longest = revocation::LONGEST + LAG;
        let last_used = leak.row.and_then(|row| row.last_used.known());
        match (leak.is_live(), last_used) {
            (false, Some(LastUsed::Never)) => Revocation::Expired(None),
            (false, Some(LastUsed::At { time, .. })) if self.now - *time > longest => {
                Revocation::Expired(Some(*time))
            }
            _ => Revocation::None,
        }
    }

    /// Asks for the events of the sessions that the leaked key that is looked at has made: what they did
    /// it has done.
    pub(super) fn sessions_of_leak_came(&mut self, slot: Slot) -> Option<()> {
        let (of, key) = self.leak_open.as_ref()?;
        if *of != slot {
            return None;
        }
        let account = self.fleet.get(slot)?;
        let (_, sessions) = events_of(account, key);
        let known = |key: &str| account.impacts.trail(key).is_some();
        let room = MOST_SESSIONS.saturating_sub(sessions.iter().filter(|key| known(key)).count());
        let unknown = sessions.iter().filter(|key| !known(key));
        let wanted: Vec<Box<str>> = unknown.take(room).cloned().collect();
        for session in wanted {
            self.open_session(slot, &session);
        }
        Some(())
    }

    /// Asks for what the response to a leaked key needs.
    pub(super) fn open_leak(&mut self, slot: Slot, user: &str, key: &str) -> Option<()> {
        self.fleet.get(slot)?;
        self.leak_open = Some((slot, key.into()));
        self.open_impact(slot, user, key);
        self.sessions_of_leak_came(slot);
        self.read(slot, Read::Keys(user.into()));
        self.read(slot, Read::LastUsed(user.into(), key.to_owned()));
        Some(())
    }

    /// Asks once more for everything that the response to a leaked key is derived from.
    pub(super) fn look_at_leak_again(&mut self, slot: Slot, user: &str, key: &str) -> Option<()> {
        self.refresh_impact(slot, user, key);
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

    /// The change that a step of the response needs now; none where it needs none.
    #[must_use]
    pub fn leak_change(&self, leak: &Leak<'_>, step: LeakStep) -> Option<Change> {
        let user = || Box::<str>::from(leak.user);
        match (step, &leak.revocation) {
            (LeakStep::Deactivate, _) => {
                let row = leak
                    .row
                    .filter(|row| row.key.status != KeyStatus::Inactive)?;
                Some(Change::SetActive {
                    user: user(),
                    key: row.key.id.clone(),
                    active: false,
                })
            }
            (LeakStep::Revoke, Revocation::Over(_)) => {
                Some(Change::LiftRevocation { user: user() })
            }
            // Where it cannot be seen whether the policy is there, it is put all the same: it is the
            // same policy.
            (LeakStep::Revoke, Revocation::Asking) => None,
            (LeakStep::Revoke, Revocation::Denied(..)) => None,
            (LeakStep::Revoke, _) => Some(Change::RevokeSessions {
                user: user(),
                document: revocation::document(self.now),
            }),
            _ => None,
        }
    }

    /// Proposes what a step of the response needs.
    pub(super) fn act_on_leak(
        &mut self,
        slot: Slot,
        user: &str,
        key: &str,
        step: LeakStep,
    ) -> Option<()> {
        if self.settings.read_only {
            self.complain(READ_ONLY);
            return None;
        }
        let change = self.leak_change(&self.leak(slot, user, key)?, step)?;
        self.propose(slot, Proposal::from(change))?;
        Some(())
    }
}
