//! Whose turn it is: a few accounts at once, and one key at a time in each. The account with the most
//! keys begins, and an account that has begun goes on until it is through: so the last one ends as
//! early as can be. To find what is next costs the same, however long the plan is.

use super::{BulkPlan, BulkStage};
use crate::engine::{
    account::Account,
    effect::{SessionId, Slot},
    error::Error,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;

/// So many accounts have a key under way at once.
pub const AT_ONCE: usize = 4;

/// An account that throttles is left alone for so long, and twice as long each time.
const FIRST_WAIT: TimeDelta = TimeDelta::milliseconds(500);

/// A key that was throttled so often in a row pauses its account: something uses up all that AWS allows,
/// and for how long is for a person to judge. Until then it has waited for two minutes at least.
pub(super) const TRIES: u32 = 10;

/// No longer than this.
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(30);

/// An account of a plan.
#[derive(Clone, Debug)]
pub struct BulkAccount {
    /// The slot that it is open in; none where it is not open. A slot may come to hold another account:
    /// then this is none, until the account of this ID is open again.
    pub slot: Option<Slot>,
    /// The account ID, where it is known.
    pub id: Option<String>,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
    /// What it is called.
    pub name: String,
    /// Whether it is production.
    pub production: bool,
    /// Why it is paused, where it is.
    pub paused: Option<Paused>,
    /// How many of its keys are included.
    pub included: usize,
    /// The session that it is, or was, open in: it tells which account is meant where the ID is not
    /// known.
    pub(super) session: Option<SessionId>,
    /// The entries to be done, in their order.
    queue: VecDeque<u32>,
    /// How long it is left alone when it throttles next.
    wait: TimeDelta,
    /// How often its present key was throttled in a row.
    tries: u32,
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
    /// An account that is not open.
    pub(super) fn new(id: Option<String>, name: String, endpoint: Option<String>) -> Self {
        Self {
            slot: None,
            id,
            endpoint,
            name,
            production: false,
            paused: None,
            included: 0,
            session: None,
            queue: VecDeque::new(),
            wait: FIRST_WAIT,
            tries: 0,
        }
    }

    /// Whether this open account is the one: by its ID and endpoint, never by its slot.
    pub(super) fn is(&self, account: &Account) -> bool {
        match &self.id {
            Some(id) => {
                account.identity.account_id() == Some(id)
                    && account.endpoint() == self.endpoint.as_deref()
            }
            None => self.session == Some(account.session),
        }
    }

    /// It is open here now.
    pub(super) fn open_in(&mut self, account: &Account) {
        self.slot = Some(account.session.slot);
        self.session = Some(account.session);
        if self.id.is_none() {
            self.id = account.identity.account_id().map(str::to_owned);
            self.endpoint = account.endpoint().map(str::to_owned);
        }
        account.label().clone_into(&mut self.name);
        self.production = account.identity.is_production();
        self.paused.take_if(|why| *why == Paused::NotOpen);
    }

    /// As it is for a plan that has not begun.
    pub(super) fn begin_anew(&mut self) {
        self.paused = None;
        self.included = 0;
        self.queue.clear();
        self.wait = FIRST_WAIT;
        self.tries = 0;
    }

    /// Whether it has keys whose turn comes.
    pub(super) fn has_work(&self) -> bool {
        // One that is tried again is not in the queue meanwhile.
        self.paused.is_none() && (!self.queue.is_empty() || self.tries > 0)
    }

    /// It is not open any more.
    pub(super) fn close(&mut self) {
        self.slot = None;
        self.paused.get_or_insert(Paused::NotOpen);
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
            account.paused = account.slot.is_none().then_some(Paused::NotOpen);
            account.wait = FIRST_WAIT;
            account.tries = 0;
        }
        let mut busy = vec![false; self.accounts.len()];
        for (at, entry) in (0..).zip(&self.entries) {
            if entry.is_due() {
                self.accounts[entry.account].queue.push_back(at);
            }
            busy[entry.account] |= entry.is_under_way();
        }
        let mut order: Vec<usize> = (0..self.accounts.len())
            .filter(|at| !self.accounts[*at].queue.is_empty() && !busy[*at])
            .collect();
        order.sort_by_key(|at| std::cmp::Reverse(self.accounts[*at].queue.len()));
        self.schedule.waiting = order.into();
        self.schedule.cooling.clear();
    }

    /// An account is open again: what is left of it and confirmed goes on, where the plan does.
    pub(super) fn line_up_again(&mut self, account: usize) {
        let schedule = &self.schedule;
        let cools = schedule.cooling.iter().any(|(at, ..)| *at == account);
        if self.stage != BulkStage::Running || cools || schedule.waiting.contains(&account) {
            return;
        }
        let (mut queue, mut is_busy) = (VecDeque::new(), false);
        for (at, entry) in (0..).zip(&self.entries) {
            if entry.account == account {
                is_busy |= entry.is_under_way();
                if entry.is_due() {
                    queue.push_back(at);
                }
            }
        }
        let has_work = !queue.is_empty();
        self.accounts[account].queue = queue;
        // One whose change is not answered yet goes on with the answer.
        if has_work && !is_busy {
            self.schedule.waiting.push_back(account);
        }
    }

    /// The next key to be looked at, and its account: none while there is no room, or nothing is left.
    pub(super) fn take_turn(&mut self, now: DateTime<Utc>) -> Option<(usize, usize)> {
        let goes_on = self.stage == BulkStage::Running && !self.is_being_kept;
        if !goes_on || self.schedule.busy >= AT_ONCE {
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

    /// A key was throttled, and surely nothing was done: it is tried again after a while, but not without
    /// end. Says whether it is.
    pub(super) fn try_again(&mut self, account: usize, at: usize, now: DateTime<Utc>) -> bool {
        let of = &mut self.accounts[account];
        of.tries += 1;
        if of.tries >= TRIES {
            return false;
        }
        self.cool(account, at, now);
        true
    }

    /// A turn is over, and the account goes on.
    pub(super) fn turn_over(&mut self, account: usize) {
        self.schedule.busy -= 1;
        self.accounts[account].tries = 0;
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
        // What is not known is answered first: only then it is over.
        self.stage = if self.has_work() || self.tally.unknown > 0 {
            BulkStage::Paused
        } else {
            BulkStage::Ended
        };
        true
    }
}
