//! What is known of a key beyond its row, once a person has asked: who uses it, what it can do, what
//! else its user has, and so what would break without it. Nothing of this is asked for at the start,
//! or for a whole list.

pub mod agent;
mod asking;
pub mod coverage;
pub mod credentials;
pub mod permissions;
pub mod policy;
pub mod revocation;
pub mod sessions;
pub mod trail;
pub mod verdict;
pub mod workload;

pub use agent::Program;
pub use coverage::Unseen;
pub use credentials::{Credential, CredentialKind, OtherCredentials, ServiceUse};
pub use permissions::{NamedPolicy, Permissions};
pub use policy::{Digest, Judged, Judgement, Patterns, Policy, Power, Statement, judge};
pub use sessions::KeySession;
pub use trail::{
    HistoryLimits, KeyTrail, Made, RegionState, RegionTrail, SessionOf, TrailEvent, TrailPage,
    TrailQuery,
};

pub use verdict::Nature;
pub use workload::{Source, Workload, WorkloadId, Workloads};

use super::{RequestId, account::Load, error::Error, leak::Kept, request::Read};
use std::{collections::HashMap, sync::Arc};

/// The events of so many keys and sessions are kept.
const MOST_TRAILS: usize = 32;

/// What is known beyond the lists, of the users and keys of an account that a person has asked about.
#[derive(Debug, Default)]
pub struct Impacts {
    /// How much of the history is asked for.
    pub limits: HistoryLimits,
    /// The regions that are enabled.
    pub regions: Load<Vec<Arc<str>>>,
    /// By name in lower case.
    users: HashMap<Box<str>, UserImpact>,
    /// By key ID, of sessions as well.
    trails: HashMap<Box<str>, KeyTrail>,
    /// How often one was opened.
    opened: u64,
    /// Changes with whatever may have changed a history.
    version: u64,
    /// What the events of a leaked key come to.
    pub(super) derived: Kept,
    /// The event that was asked for last, by its ID, as JSON. One is kept: it may be large.
    event: Option<(Box<str>, Load<Document>)>,
}

/// An event as JSON; `None` where CloudTrail does not have it any more.
pub type Document = Option<Box<str>>;

/// What is known of a user.
#[derive(Debug, Default)]
pub struct UserImpact {
    /// Their policies.
    pub permissions: Load<Permissions>,
    /// What those allow: judged when they come, for a frame has no time for it.
    judged: Option<Judged>,
    /// When services were last called with any of their credentials.
    pub services: Load<Vec<ServiceUse>>,
    /// What else they can sign in with.
    pub credentials: Load<OtherCredentials>,
}

impl UserImpact {
    /// What their policies allow, as far as they are known.
    #[must_use]
    pub fn judged(&self) -> Option<&Judged> {
        self.judged.as_ref()
    }

    /// Files an answer about their policies, and judges it. What was known before stays where it was
    /// refused.
    pub(super) fn file_permissions(
        &mut self,
        user: &str,
        request: RequestId,
        answer: Result<Permissions, Error>,
    ) {
        if self.permissions.file(request, answer) && self.permissions.is_ready() {
            let known = self.permissions.known();
            self.judged = known.map(|known| Judged::of(known, user));
        }
    }
}

impl Impacts {
    /// What is known of a user.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&UserImpact> {
        self.users.get(name.to_ascii_lowercase().as_str())
    }

    /// The events of a key, or of a session, once they are asked for.
    #[must_use]
    pub fn trail(&self, key: &str) -> Option<&KeyTrail> {
        self.trails.get(key)
    }

    /// Changes whenever events may have come or gone.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// The events of a key, and its ID.
    pub(super) fn trail_of(&self, key: &str) -> Option<(&str, &KeyTrail)> {
        let (key, trail) = self.trails.get_key_value(key)?;
        Some((key, trail))
    }

    /// An event, and the key that has signed it.
    pub(super) fn event_at(
        &self,
        key: &str,
        region: &str,
        at: usize,
    ) -> Option<(&str, &TrailEvent)> {
        let (key, trail) = self.trail_of(key)?;
        Some((key, trail.event(region, at)?))
    }

    /// The same, to be asked for or filed.
    pub(super) fn user_mut(&mut self, name: &str) -> &mut UserImpact {
        let name = name.to_ascii_lowercase().into();
        self.users.entry(name).or_default()
    }

    /// The event of this ID as JSON, where it was the last one that was asked for; `None` in it where
    /// CloudTrail does not have it any more.
    #[must_use]
    pub fn event(&self, id: &str) -> Option<&Load<Document>> {
        let (of, event) = self.event.as_ref()?;
        (**of == *id).then_some(event)
    }

    pub(super) fn ask_event(&mut self, id: &str, request: RequestId) {
        let mut event = Load::default();
        event.ask(request);
        self.event = Some((id.into(), event));
    }

    pub(super) fn file_event(
        &mut self,
        id: &str,
        request: RequestId,
        answer: Result<Document, Error>,
    ) {
        if let Some((_, event)) = self.event.as_mut().filter(|(of, _)| **of == *id) {
            event.file(request, answer);
        }
    }

    pub(super) fn trail_mut(&mut self, key: &str) -> Option<&mut KeyTrail> {
        self.version += 1;
        self.trails.get_mut(key)
    }

    /// All events that were asked for, each with the ID of its key or session.
    fn trails(&self) -> impl Iterator<Item = (&str, &KeyTrail)> {
        self.trails.iter().map(|(key, trail)| (&**key, trail))
    }

    /// The history of a key, begun where there is none.
    pub(super) fn add_trail(
        &mut self,
        key: &str,
        begin: impl FnOnce() -> KeyTrail,
    ) -> &mut KeyTrail {
        self.version += 1;
        self.trails.entry(key.into()).or_insert_with(begin)
    }

    pub(super) fn trails_mut(&mut self) -> impl Iterator<Item = (&str, &mut KeyTrail)> {
        self.version += 1;
        self.trails.iter_mut().map(|(key, trail)| (&**key, trail))
    }

    /// Lets go of the events that were looked at longest ago, where there are many. What a person looks
    /// at stays.
    fn forget_old(&mut self) {
        while self.trails.len() > MOST_TRAILS {
            let closed = self.trails.iter().filter(|(_, trail)| !trail.is_open);
            let oldest = closed.min_by_key(|(_, trail)| trail.opened);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            self.trails.remove(&key);
            self.version += 1;
        }
    }

    /// Whether that a read has failed is worth a line of the activity: what is asked again by itself is
    /// not, nor what another region has said.
    pub(super) fn is_news(&self, read: &Read, error: &Error) -> bool {
        let Read::TrailEvents(query) = read else {
            return true;
        };
        let Some(trail) = self.trails.get(&query.key) else {
            return true;
        };
        let same = |of: &Error| of.kind == error.kind && of.code == error.code;
        !trail.will_begin_anew(query, error) && !trail.failed().any(|(_, _, of)| same(of))
    }
}
