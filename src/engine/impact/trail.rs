//! The event history of CloudTrail, as far as it is about one key: management calls of the last 90
//! days, of one region each.

use super::{sessions::Sessions, workload::Workloads};
use crate::engine::{Error, RequestId};
use chrono::{DateTime, TimeDelta, Utc};
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

/// How far back the event history of CloudTrail goes.
pub const HISTORY: TimeDelta = TimeDelta::days(90);

/// So many pages of a region are asked for before a person has to want more.
pub const PAGES: usize = 10;

/// The code of the error where a page token is not taken (any more).
const TOKEN_REFUSED: &str = "InvalidNextToken";

/// The events of one key, as far as they are loaded.
#[derive(Debug, Default)]
pub struct KeyTrail {
    /// Events from then on are asked for.
    pub since: DateTime<Utc>,
    /// And until then: when it was first asked.
    pub until: DateTime<Utc>,
    /// By region: those that are asked, or will be.
    pub regions: BTreeMap<Arc<str>, RegionTrail>,
    /// The events, folded into what has made them.
    pub workloads: Workloads,
    /// The sessions that some of them have made.
    pub(super) sessions: Sessions,
    /// So far back it goes, where that is not all the way.
    pub(in crate::engine) limited_to: Option<TimeDelta>,
    /// Whether a person looks at it: otherwise no further pages are asked for.
    pub(in crate::engine) is_open: bool,
    /// So many pages of each region are asked for.
    pub(in crate::engine) limit: usize,
    /// Changes with every page.
    pub(in crate::engine) version: u64,
    /// Grows with each key that is opened: the one that was opened longest ago has the least.
    pub(in crate::engine) opened: u64,
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
    /// The events are those of an earlier question: those of the next page take their place.
    pub(in crate::engine) anew: bool,
    /// A page token was refused, and the region begun anew: once is enough.
    pub(in crate::engine) begun_anew: bool,
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

/// How much of the history is asked for: all of it, unless less is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryLimits {
    /// The events of the last so many days.
    pub days: Option<u8>,
    /// Those of these regions; of all that are enabled where none are named.
    pub regions: Option<Arc<[Arc<str>]>>,
}

impl KeyTrail {
    /// The history of the 90 days before this moment.
    #[must_use]
    pub fn until(now: DateTime<Utc>) -> Self {
        Self::within(now, None)
    }

    /// The history of so many days before this moment.
    pub(in crate::engine) fn within(now: DateTime<Utc>, days: Option<u8>) -> Self {
        let mut trail = Self {
            limited_to: days.map(|days| TimeDelta::days(days.into())),
            ..Self::default()
        };
        trail.begin(now);
        trail
    }

    fn begin(&mut self, now: DateTime<Utc>) {
        self.since = now - self.limited_to.map_or(HISTORY, |time| time.min(HISTORY));
        self.until = now;
    }

    /// How many days it tells of.
    #[must_use]
    pub fn days(&self) -> i64 {
        (self.until - self.since).num_days()
    }

    /// All events that are loaded, of one region after the other.
    pub fn events(&self) -> impl Iterator<Item = &TrailEvent> {
        self.regions.values().flat_map(|region| &region.events)
    }

    /// One of them.
    #[must_use]
    pub fn event(&self, region: &str, at: usize) -> Option<&TrailEvent> {
        self.regions.get(region)?.events.get(at)
    }

    /// Changes whenever events have come.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The regions are to be asked as well.
    pub(in crate::engine) fn add_regions(&mut self, regions: impl IntoIterator<Item = Arc<str>>) {
        for region in regions {
            self.regions.entry(region).or_default();
        }
    }

    /// What is to be asked of a region now, where it is.
    pub(in crate::engine) fn query(&self, key: &str, name: &Arc<str>) -> Option<TrailQuery> {
        let region = self.regions.get(name).filter(|_| self.is_open)?;
        let after = match &region.state {
            RegionState::Waiting => None,
            RegionState::More(token) if region.pages < self.limit => Some(token.clone()),
            _ => return None,
        };
        Some(TrailQuery {
            key: key.into(),
            region: name.clone(),
            since: self.since,
            until: self.until,
            after,
        })
    }

    /// Notes that a page is asked for.
    pub(in crate::engine) fn ask(&mut self, query: &TrailQuery, request: RequestId) {
        let region = self.regions.entry(query.region.clone()).or_default();
        region.state = RegionState::Asking(request);
    }

    /// Files a page. An answer to another question than the latest counts for nothing.
    pub(in crate::engine) fn file(
        &mut self,
        request: RequestId,
        query: &TrailQuery,
        answer: Result<TrailPage, Error>,
    ) {
        let Some(region) = self.regions.get_mut(&query.region) else {
            return;
        };
        if !matches!(region.state, RegionState::Asking(asked) if asked == request) {
            return;
        }
        let page = match answer {
            Ok(page) => page,
            Err(error) if region.is_begun_anew_after(query, &error) => {
                region.begun_anew = true;
                region.begin_anew();
                return;
            }
            Err(error) => {
                region.state = RegionState::Failed(error, query.after.clone());
                return;
            }
        };
        region.state = page.next.map_or(RegionState::Whole, RegionState::More);
        self.version += 1;
        if std::mem::take(&mut region.anew) && !region.events.is_empty() {
            region.events = page.events;
            region.unreadable = page.unreadable;
            region.pages = 1;
            self.fold_anew();
            return;
        }
        if region.pages == 0 {
            region.unreadable = 0;
        }
        region.pages += 1;
        region.unreadable += page.unreadable;
        for event in &page.events {
            self.workloads.fold(event, self.since);
        }
        let first = region.events.len();
        self.sessions.fold(&query.region, first, &page.events);
        region.events.extend(page.events);
    }

    pub(super) fn fold_anew(&mut self) {
        let mut workloads = Workloads::default();
        let mut sessions = Sessions::default();
        for (name, region) in &self.regions {
            sessions.fold(name, 0, &region.events);
            for event in &region.events {
                workloads.fold(event, self.since);
            }
        }
        (self.workloads, self.sessions) = (workloads, sessions);
    }

    /// Whether it is known of a failed page that it will be asked for again by itself.
    pub(in crate::engine) fn will_begin_anew(&self, query: &TrailQuery, error: &Error) -> bool {
        let region = self.regions.get(&query.region);
        region.is_some_and(|region| region.is_begun_anew_after(query, error))
    }

    /// What has failed is to be asked for again. Says whether something has.
    pub(in crate::engine) fn retry(&mut self) -> bool {
        let mut any = false;
        for region in self.regions.values_mut() {
            if let RegionState::Failed(_, token) = &mut region.state {
                any = true;
                region.begun_anew = false;
                region.state = match token.take() {
                    Some(token) => RegionState::More(token),
                    None => RegionState::Waiting,
                };
                // The page that has failed is one that was wanted.
                self.limit = self.limit.max(region.pages + 1);
            }
        }
        any
    }

    /// What was asked and is not being asked any more, is to be asked again.
    pub(in crate::engine) fn forget_lost(&mut self, is_asked: impl Fn(RequestId) -> bool) {
        for region in self.regions.values_mut() {
            if matches!(region.state, RegionState::Asking(request) if !is_asked(request)) {
                region.begin_anew();
            }
        }
    }

    /// All is to be asked for anew, until this moment. What is known stays until then.
    pub(in crate::engine) fn begin_anew(&mut self, now: DateTime<Utc>) {
        self.begin(now);
        for region in self.regions.values_mut() {
            region.begun_anew = false;
            region.begin_anew();
        }
    }
}

impl RegionTrail {
    fn is_begun_anew_after(&self, query: &TrailQuery, error: &Error) -> bool {
        let code = error.code.as_deref().unwrap_or_default();
        query.after.is_some() && !self.begun_anew && code.starts_with(TOKEN_REFUSED)
    }

    fn begin_anew(&mut self) {
        self.anew = true;
        self.pages = 0;
        self.state = RegionState::Waiting;
    }
}
