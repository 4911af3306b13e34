//! Whose turn it is: a few accounts at once, and one key at a time in each. The account with the most
//! keys begins, and an account that has begun goes on until it is through: so the last one ends as
//! early as can be. To find what is next costs the same, however long the plan is.

use super::{BulkPlan, BulkStage, EntryState};
use crate::engine::{effect::Slot, error::Error};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;

/// So many accounts have a key under way at once.
pub const AT_ONCE: usize = 4;

/// An account that throttles is left alone for so long, and twice as long each time.
const FIRST_WAIT: TimeDelta = TimeDelta::milliseconds(500);

/// No longer than this.
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(30);

/// An account of a plan.
#[derive(Clone, Debug)]
pub struct BulkAccount {
    /// Its slot; none where it is not open.
    pub slot: Option<Slot>,
    /// The account ID, where it is known.
    pub id: Option<String>,
    /// What it is called.
    pub name: String,
    /// Whether it is production.
    pub production: bool,
    /// Why it is paused, where it is.
    pub paused: Option<Paused>,
    /// How many of its keys are included.
    pub included: usize,
    /// The entries to be done, in their order.
    queue: VecDeque<u32>,
    /// How long it is left alone when it throttles next.
    wait: TimeDelta,
}

/// Why an account of a plan is paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paused {
    /// A look or a change has failed.
    Failed(Box<Error>),
    /// It is not known whether a change was made.
    OutcomeUnknown,
    /// It is not open, or not signed in to.
    NotOpen,
}

impl Paused {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Failed(error) => error.short(),
            Self::OutcomeUnknown => "the outcome of a change is not known".into(),
            Self::NotOpen => "not signed in".into(),
        }
    }
}

impl BulkAccount {
    pub(super) fn new(
        slot: Option<Slot>,
        id: Option<String>,
        name: String,
        production: bool,
    ) -> Self {
        Self {
            slot,
            id,
            name,
            production,
            paused: None,
            included: 0,
            queue: VecDeque::new(),
            wait: FIRST_WAIT,
        }
    }
}

/// Which accounts wait for their turn.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// Those whose turn comes, the next one first.
    waiting: VecDeque<usize>,
    /// Those that are left alone for a while: since when, and until when.
    cooling: Vec<(usize, DateTime<Utc>, DateTime<Utc>)>,
    /// How many have a key under way.
    busy: usize,
    /// The entry whose turn came last.
    latest: usize,
    examined: u64,
}

impl Schedule {
    pub(super) fn busy(&self) -> usize {
        self.busy
    }

    pub(super) fn examined(&self) -> u64 {
        self.examined
    }

    pub(super) fn latest(&self) -> usize {
        self.latest
    }

    fn is_idle(&self) -> bool {
        self.busy == 0 && self.waiting.is_empty() && self.cooling.is_empty()
    }
}

impl BulkPlan {
    /// Puts everything that is left in its queue. Costs what the plan holds, once each time a person
    /// begins it or goes on.
    pub(super) fn line_up(&mut self) {
        for account in &mut self.accounts {
            account.queue.clear();
            account.paused = None;
            account.wait = FIRST_WAIT;
        }
        for (at, entry) in (0..).zip(&self.entries) {
            if entry.is_due() {
                self.accounts[entry.account].queue.push_back(at);
            }
        }
        let busy = |at: &usize| {
            let under_way = |entry: &super::Entry| {
                entry.account == *at
                    && matches!(entry.state, EntryState::Looking | EntryState::UnderWay)
            };
            self.schedule.busy > 0 && self.entries.iter().any(under_way)
        };
        let mut order: Vec<usize> = (0..self.accounts.len())
            .filter(|at| !self.accounts[*at].queue.is_empty() && !busy(at))
            .collect();
        order.sort_by_key(|at| std::cmp::Reverse(self.accounts[*at].queue.len()));
        self.schedule.waiting = order.into();
        self.schedule.cooling.clear();
    }

    /// The next key to be looked at, and its account: none while there is no room, or nothing is left.
    pub(super) fn take_turn(&mut self, now: DateTime<Utc>) -> Option<(usize, usize)> {
        if self.stage != BulkStage::Running || self.schedule.busy >= AT_ONCE {
            return None;
        }
        let schedule = &mut self.schedule;
        if !schedule.cooling.is_empty() {
            schedule.examined += schedule.cooling.len() as u64;
            let waiting = &mut schedule.waiting;
            schedule.cooling.retain(|(account, since, until)| {
                // The clock may have been set back.
                let is_over = now >= *until || now < *since;
                if is_over {
                    waiting.push_back(*account);
                }
                !is_over
            });
        }
        while let Some(account) = schedule.waiting.pop_front() {
            let queue = &mut self.accounts[account].queue;
            while let Some(at) = queue.pop_front() {
                schedule.examined += 1;
                let at = at as usize;
                if self.entries[at].is_due() {
                    schedule.busy += 1;
                    schedule.latest = at;
                    return Some((account, at));
                }
            }
        }
        None
    }

    /// Gives a turn back that could not be taken, for a while.
    pub(super) fn cool(&mut self, account: usize, at: usize, now: DateTime<Utc>) {
        self.schedule.busy -= 1;
        let of = &mut self.accounts[account];
        if let Ok(at) = u32::try_from(at) {
            of.queue.push_front(at);
        }
        let until = now + of.wait;
        of.wait = (of.wait * 2).min(LONGEST_WAIT);
        self.schedule.cooling.push((account, now, until));
    }

    /// A turn is over, and the account goes on.
    pub(super) fn turn_over(&mut self, account: usize) {
        self.schedule.busy -= 1;
        self.accounts[account].wait = FIRST_WAIT;
        self.schedule.waiting.push_front(account);
    }

    /// A turn is over, and the account goes no further.
    pub(super) fn pause_account(&mut self, account: usize, why: Paused) {
        self.schedule.busy -= 1;
        self.accounts[account].paused = Some(why);
    }

    /// Ends what has nothing left, and pauses what cannot go on by itself. Says whether something has
    /// come to an end.
    pub(super) fn settle(&mut self) -> bool {
        if self.stage != BulkStage::Running || !self.schedule.is_idle() {
            return false;
        }
        let left = self.paused().next().is_some() && self.has_work();
        self.stage = if left {
            BulkStage::Paused
        } else {
            BulkStage::Ended
        };
        true
    }
}
