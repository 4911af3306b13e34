//! The event history of CloudTrail, as far as it is about one key: management calls of the last 90
//! days, of one region each.

use crate::engine::{Error, RequestId};
use chrono::{DateTime, Utc};
use std::{collections::BTreeMap, sync::Arc};

/// Which events are asked for: those that one key has signed in one region, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailQuery {
    /// The access key ID; that of a session (`ASIA…`) as well.
    pub key: Box<str>,
    /// The region whose history is asked.
    pub region: Arc<str>,
    /// Events from then on.
    pub since: DateTime<Utc>,
    /// Events until then. With the same end a page token stays valid.
    pub until: DateTime<Utc>,
    /// The token that the page before has ended with.
    pub after: Option<Box<str>>,
}

/// A page of events, at most 50.
#[derive(Debug, Default)]
pub struct TrailPage {
    /// The events that could be read, the newest first.
    pub events: Vec<TrailEvent>,
    /// How many others there are: not JSON, or without a name or a time.
    pub unreadable: usize,
    /// The token of the next page, where there is one.
    pub next: Option<Box<str>>,
}

/// A management call that CloudTrail has recorded. Texts that many events share are shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailEvent {
    /// CloudTrail's ID of it.
    pub id: Box<str>,
    /// When the call was made.
    pub at: DateTime<Utc>,
    /// The action without its service: `PutObject`.
    pub action: Arc<str>,
    /// The service as policies name it, mostly: `s3` of `s3.amazonaws.com`.
    pub service: Arc<str>,
    /// The region that was called.
    pub region: Arc<str>,
    /// What the client says of itself; empty where it says nothing. At most 1 KB.
    pub agent: Arc<str>,
    /// Where it came from: an address, or the name of an AWS service that acted for the caller.
    pub source: Arc<str>,
    /// The VPC endpoint that it came through.
    pub vpc_endpoint: Option<Arc<str>>,
    /// The code of the error that it ended with, such as `AccessDenied`.
    pub error: Option<Arc<str>>,
    /// Whether it may have changed something.
    pub is_write: bool,
    /// What it was about, as its parameters name it: a user, a role, a bucket.
    pub target: Option<Arc<str>>,
    /// What it gave or made, of those actions that matter after a leak.
    pub made: Option<Box<Made>>,
}

/// What a call gave or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// Temporary credentials.
    Session {
        /// Their key ID, `ASIA…`.
        key: Box<str>,
        /// Until when they are valid, where the event tells.
        until: Option<DateTime<Utc>>,
        /// Whose they are.
        of: SessionOf,
    },
    /// An access key.
    Key {
        /// Its ID.
        key: Box<str>,
        /// The user who has it.
        user: Box<str>,
    },
    /// Something else, by its name or ID.
    Thing(Box<str>),
}

/// Whose a session is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionOf {
    /// The user's own (`GetSessionToken`).
    User,
    /// One that the user has federated, by its name (`GetFederationToken`).
    Federated(Box<str>),
    /// A role's, by its ARN (`AssumeRole`).
    Role(Box<str>),
}

/// The events of one key, as far as they are loaded.
#[derive(Debug)]
pub struct KeyTrail {
    /// Events from then on are asked for.
    pub since: DateTime<Utc>,
    /// And until then: when it was first asked.
    pub until: DateTime<Utc>,
    /// By region: those that are asked, or will be.
    pub regions: BTreeMap<Arc<str>, RegionTrail>,
}

/// The events of one region.
#[derive(Debug, Default)]
pub struct RegionTrail {
    /// Those that are loaded, the newest first.
    pub events: Vec<TrailEvent>,
    /// How many could not be read.
    pub unreadable: usize,
    /// How many pages are loaded.
    pub pages: usize,
    /// How far it has come.
    pub state: RegionState,
}

/// How far the history of a region is loaded.
#[derive(Debug, Default)]
pub enum RegionState {
    /// Its turn has not come.
    #[default]
    Waiting,
    /// A page is asked for.
    Asking(RequestId),
    /// There is more, after this token, and no one has asked for it.
    More(Box<str>),
    /// All of it.
    Whole,
    /// The last page was refused or lost, that after this token.
    Failed(Error, Option<Box<str>>),
}

impl KeyTrail {
    /// All events that are loaded, of one region after the other.
    pub fn events(&self) -> impl Iterator<Item = &TrailEvent> {
        self.regions.values().flat_map(|region| &region.events)
    }
}
