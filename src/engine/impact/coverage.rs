//! How much of the history of a key is known: which regions have told what they have, which have not, and
//! which have more. Nothing that is said of a key is more certain than this.

use super::trail::{KeyTrail, RegionState, RegionTrail};
use crate::engine::{Error, error::Kind};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// What was asked longer ago than this does not tell of the present.
const STALE: TimeDelta = TimeDelta::minutes(5);

/// Why it is not known at all whether there were calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// The regions are being asked, or will be.
    NotYet,
    /// All of them refuse to tell.
    Denied,
    /// None of them could be asked.
    Failed,
}

impl Unseen {
    /// It in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NotYet => "not known yet",
            Self::Denied => "not allowed",
            Self::Failed => "not known",
        }
    }
}

impl KeyTrail {
    /// Until when it tells, where that is so long ago that the present may be another.
    #[must_use]
    pub fn as_of(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        (now - self.until > STALE).then_some(self.until)
    }

    /// How many regions have told no event, and may have some: an empty page may be followed by others.
    #[must_use]
    pub fn unseen(&self) -> usize {
        let regions = self.regions.values();
        regions.filter(|region| region.is_unseen()).count()
    }

    /// How many regions are being asked for the first time, or wait for that: of them nothing is known.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        let regions = self.regions.values();
        regions.filter(|region| region.is_unanswered()).count()
    }

    /// The regions that have not been told whole, with the error.
    pub fn failed(&self) -> impl Iterator<Item = (&Arc<str>, &RegionTrail, &Error)> {
        self.regions
            .iter()
            .filter_map(|(name, region)| match &region.state {
                RegionState::Failed(error, _) => Some((name, region, error)),
                _ => None,
            })
    }

    /// How many calls were seen, as far as anything was told.
    ///
    /// # Errors
    /// Where no region has told anything: why. Then nothing is known, and none is not said.
    pub fn seen(&self) -> Result<usize, Unseen> {
        let mut regions = self.regions.values();
        if regions.any(RegionTrail::has_told) {
            return Ok(self.workloads.calls());
        }
        let errors: Vec<&Error> = self.failed().map(|(.., error)| error).collect();
        Err(if errors.is_empty() || errors.len() < self.regions.len() {
            Unseen::NotYet
        } else if errors.iter().all(|error| error.kind == Kind::Denied) {
            Unseen::Denied
        } else {
            Unseen::Failed
        })
    }

    /// When the latest call was made, of those that are loaded.
    #[must_use]
    pub fn latest(&self) -> Option<DateTime<Utc>> {
        self.workloads.latest()
    }

    /// Whether of a region older events are asked for, or may be.
    #[must_use]
    pub fn has_older(&self) -> bool {
        let mut regions = self.regions.values();
        regions.any(|region| !matches!(region.state, RegionState::Whole | RegionState::Failed(..)))
    }

    /// The regions of which there are older events that can be asked for.
    pub fn capped(&self) -> impl Iterator<Item = (&Arc<str>, &RegionTrail)> {
        let more = |region: &RegionTrail| matches!(region.state, RegionState::More(_));
        self.regions.iter().filter(move |(_, region)| more(region))
    }

    /// The regions of which there are older events than those that are loaded, whether they are being
    /// asked for or not.
    pub fn cut_off(&self) -> impl Iterator<Item = (&Arc<str>, &RegionTrail)> {
        let regions = self.regions.iter();
        regions.filter(|(_, region)| match region.state {
            RegionState::More(_) => true,
            RegionState::Asking(_) => region.pages > 0,
            _ => false,
        })
    }

    /// How many events could not be read.
    #[must_use]
    pub fn unreadable(&self) -> usize {
        self.regions.values().map(|region| region.unreadable).sum()
    }

    /// Whether every region that is asked has told all that it has, and all of that could be read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let whole = |region: &RegionTrail| matches!(region.state, RegionState::Whole);
        !self.regions.is_empty() && self.regions.values().all(whole) && self.unreadable() == 0
    }

    /// Since when all is known, of the regions that were asked: before that, some have more. `None` where
    /// one of them has not answered yet.
    #[must_use]
    pub fn known_since(&self) -> Option<DateTime<Utc>> {
        let mut since = self.since;
        for region in self.regions.values() {
            if region.anew {
                return None;
            }
            let known = match region.state {
                RegionState::Whole => self.since,
                _ => region.events.last()?.at,
            };
            since = since.max(known);
        }
        Some(since).filter(|_| !self.regions.is_empty())
    }

    /// Whether something is asked for.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        let mut regions = self.regions.values();
        regions.any(|region| matches!(region.state, RegionState::Asking(_)))
    }
}

impl RegionTrail {
    /// Whether it has told a page, now or before it was asked anew.
    fn has_told(&self) -> bool {
        self.pages > 0 || !self.events.is_empty()
    }

    /// Whether it has told nothing yet, not even that it refuses to.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        let waits = matches!(self.state, RegionState::Waiting | RegionState::Asking(_));
        waits && self.pages == 0
    }

    fn is_unseen(&self) -> bool {
        let told = matches!(self.state, RegionState::Whole | RegionState::Failed(..));
        self.is_unanswered() || (!told && self.events.is_empty())
    }
}
