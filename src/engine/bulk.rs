//! Plans over many keys: reviewed as one list, confirmed once, and carried out key by key.
//!
//! There is no second path to the account. For each key one ordinary [`Plan`](super::Plan) is made,
//! with its look at the account; it approves itself where that look shows what was reviewed, and is
//! dropped with the reason where it does not (`apply`). What is held back until a person includes it
//! is decided when the plan is made (`hold`, `last`), looked for again when it is opened (`compare`) and
//! before each step, and which account takes its turn in `schedule`: a few
//! accounts at once, one key at a time in each. The first surprise in an account pauses that account.
//!
//! One such plan is open at a time: what undoes it is a plan of its own, which takes its place.

mod accounts;
mod apply;
mod asked;
mod compare;
mod document;
mod entry;
mod exempt;
mod hold;
mod kept;
mod last;
mod left;
mod make;
mod outcomes;
mod schedule;

pub use asked::{Asked, Confirmation, Steps};
pub use document::{Document, DocumentAccount, DocumentKey, PlanNews, Saving};
pub use entry::{Entry, EntryState, Reviewed, Skipped};
pub use hold::HeldBack;
pub use kept::{Keeping, KeptPlan, KeptStep};
pub use left::Left;
pub use make::Marked;
pub use schedule::{AT_ONCE, BulkAccount, Paused};

use super::{
    Effect, Engine,
    effect::{ChangeId, PlanJob},
    request::Change,
};
use chrono::{DateTime, Utc};
use compare::{ByUser, Comparison};
use document::Counts;
use schedule::Schedule;
use std::collections::HashMap;

/// Tells one plan over many keys from all others of this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BulkId(pub u64);

/// What is done to the keys of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BulkAction {
    /// Make them Inactive.
    Deactivate,
    /// Make them Active.
    Activate,
    /// Delete those that are Inactive, and deactivate the others: deleting these is for a later plan.
    Delete,
}

impl BulkAction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Deactivate, Self::Activate, Self::Delete];

    /// The verb.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Deactivate => "deactivate",
            Self::Activate => "activate",
            Self::Delete => "delete",
        }
    }

    /// The verb while it is under way.
    #[must_use]
    pub fn doing(self) -> &'static str {
        match self {
            Self::Deactivate => "deactivating",
            Self::Activate => "activating",
            Self::Delete => "deleting",
        }
    }

    /// The verb once it is done.
    #[must_use]
    pub fn done(self) -> &'static str {
        match self {
            Self::Deactivate => "deactivated",
            Self::Activate => "activated",
            Self::Delete => "deleted",
        }
    }

    /// Whether something that works with the key stops working once it is done.
    #[must_use]
    pub fn takes_away(self) -> bool {
        self != Self::Activate
    }

    /// The change that does it to a key.
    #[must_use]
    pub fn change(self, user: &str, key: &str) -> Change {
        let (user, key) = (Box::from(user), key.to_owned());
        match self {
            Self::Deactivate | Self::Activate => Change::SetActive {
                user,
                key,
                active: self == Self::Activate,
            },
            Self::Delete => Change::Delete { user, key },
        }
    }
}

/// What a person wants of a plan over many keys.
#[derive(Clone, Debug)]
pub enum BulkIntent {
    /// Make a plan of these keys, in place of one that is not under way.
    Make {
        /// What is done to them.
        action: BulkAction,
        /// The keys.
        keys: Vec<Marked>,
    },
    /// Make a plan that activates these keys again, which another plan has deactivated, in place of one that
    /// is not under way.
    TakeBack(Vec<Marked>),
    /// Leave the key at this place out, or take it in again.
    Toggle(usize),
    /// Begin, or go on after a pause: this was typed to confirm it, where that is asked for. What has
    /// surely failed is tried again.
    Apply {
        /// What was typed: see [`Confirmation`].
        typed: String,
    },
    /// Begin no further key.
    Pause,
    /// Begin no further key, and end the plan.
    Stop,
    /// Make a plan that activates what this one has deactivated.
    Undo,
    /// Put a plan away that is not under way.
    Close,
    /// Save the plan under a path, as it was typed. It makes a new file.
    Save(String),
    /// Open a saved plan, in place of one that is not under way: the path as it was typed.
    Open(String),
    /// Make this the plan, in place of one that is not under way: it was read from a file.
    Take(Box<Document>),
    /// Go on with the plan that an earlier run has left.
    GoOn,
    /// Decide later what becomes of the plan that an earlier run has left.
    Later,
    /// Do not go on with the plan that an earlier run has left.
    Forget,
}

/// How far a plan over many keys has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkStage {
    /// It is reviewed: nothing was changed.
    Review,
    /// It is carried out.
    Running,
    /// It goes on when a person says so: they have paused it, or all accounts that have something left
    /// are paused.
    Paused,
    /// Nothing is left of it, or it was stopped.
    Ended,
}

/// How many keys of a plan are how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BulkTally {
    /// Included, and not done yet; those under way too.
    pub to_do: usize,
    /// Left out: held back, or by a person.
    pub left_out: usize,
    /// Done.
    pub done: usize,
    /// Skipped, as they were not as reviewed.
    pub skipped: usize,
    /// Surely not done: refused, or not sent.
    pub failed: usize,
    /// It is not known whether they are done.
    pub unknown: usize,
}

impl BulkTally {
    fn of(&mut self, entry: &Entry) -> &mut usize {
        match &entry.state {
            EntryState::Pending if !entry.included => &mut self.left_out,
            EntryState::Pending | EntryState::Looking | EntryState::UnderWay => &mut self.to_do,
            EntryState::Done => &mut self.done,
            EntryState::Skipped(_) => &mut self.skipped,
            EntryState::Failed(_) => &mut self.failed,
            EntryState::OutcomeUnknown(_) => &mut self.unknown,
        }
    }

    /// How many keys the plan was to change: all but those left out.
    #[must_use]
    pub fn included(self) -> usize {
        self.to_do + self.ended()
    }

    /// How many are over, one way or another.
    #[must_use]
    pub fn ended(self) -> usize {
        self.done + self.skipped + self.failed + self.unknown
    }
}

/// A plan over many keys.
#[derive(Debug)]
pub struct BulkPlan {
    /// Its number.
    pub id: BulkId,
    /// What is done to the keys.
    pub action: BulkAction,
    /// How far it has come.
    pub stage: BulkStage,
    /// When it was made.
    pub made: DateTime<Utc>,
    /// Who has made it: an ARN, where it is known.
    pub by: Option<String>,
    /// It takes back what another plan has done.
    pub undoes: bool,
    entries: Vec<Entry>,
    /// The accounts that the keys are in.
    accounts: Vec<BulkAccount>,
    /// The entries by their key IDs.
    by_key: HashMap<Box<str>, Vec<u32>>,
    by_user: ByUser,
    tally: BulkTally,
    schedule: Schedule,
    comparison: Comparison,
    counts: Counts,
    /// A key that was used within so many days counted as in use.
    recent_days: i64,
    /// The hash of the file that it was opened from or saved to, as long as it is what that says.
    hash: Option<Box<str>>,
    /// It was to be kept, and could not be.
    is_not_kept: bool,
    /// It is to be kept, and it is not known yet that it is: no key begins before.
    is_being_kept: bool,
    /// The entries that have become over, each time that one has, in that order.
    over: Vec<u32>,
}

impl BulkPlan {
    fn new(
        id: BulkId,
        action: BulkAction,
        made: DateTime<Utc>,
        by: Option<String>,
        recent_days: i64,
    ) -> Self {
        Self {
            id,
            action,
            stage: BulkStage::Review,
            made,
            by,
            undoes: false,
            entries: Vec::new(),
            accounts: Vec::new(),
            by_key: HashMap::new(),
            by_user: HashMap::new(),
            tally: BulkTally::default(),
            schedule: Schedule::default(),
            comparison: Comparison::default(),
            counts: Counts::default(),
            recent_days,
            hash: None,
            is_not_kept: false,
            is_being_kept: false,
            over: Vec::new(),
        }
    }

    /// The keys, in the order in which they were marked.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The accounts that they are in.
    #[must_use]
    pub fn accounts(&self) -> &[BulkAccount] {
        &self.accounts
    }

    /// The account of a key.
    #[must_use]
    pub fn account_of(&self, entry: &Entry) -> &BulkAccount {
        &self.accounts[entry.account]
    }

    /// The hash over what was reviewed, where it was opened from a file or saved to one and says the same
    /// still.
    #[must_use]
    pub fn hash(&self) -> Option<&str> {
        self.hash.as_deref()
    }

    /// How many keys are how far.
    #[must_use]
    pub fn tally(&self) -> BulkTally {
        self.tally
    }

    /// How many accounts have keys that are changed.
    #[must_use]
    pub fn accounts_changed(&self) -> usize {
        self.accounts.iter().filter(|it| it.included > 0).count()
    }

    /// The accounts that are paused, each with why.
    pub fn paused(&self) -> impl Iterator<Item = (&BulkAccount, &Paused)> {
        let accounts = self.accounts.iter();
        accounts.filter_map(|account| Some((account, account.paused.as_ref()?)))
    }

    /// Whether a key is being looked at or changed.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.schedule.busy() > 0
    }

    /// Whether its first key waits until it is known that the plan is kept.
    #[must_use]
    pub fn is_being_kept(&self) -> bool {
        self.is_being_kept
    }

    /// Whether it goes on by itself.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.stage == BulkStage::Running || self.is_under_way()
    }

    /// How often an account or an entry was looked at to find out what is next: a measure of what
    /// scheduling costs.
    #[must_use]
    pub fn examined(&self) -> u64 {
        self.schedule.examined()
    }

    /// The places of the keys that have become done, skipped or failed, after so many that had; one that
    /// was tried again may be there twice.
    pub fn over_after(&self, many: usize) -> impl Iterator<Item = usize> {
        let new = self.over.get(many..).unwrap_or_default();
        new.iter().map(|at| *at as usize)
    }

    /// Where the key stands whose turn came last.
    #[must_use]
    pub fn latest(&self) -> usize {
        self.schedule.latest()
    }

    /// Whether anything was changed by it, or could have been.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        matches!(self.stage, BulkStage::Running | BulkStage::Paused)
    }

    /// Whether a key has something left to be done.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.tally.to_do + self.tally.failed > 0
    }

    /// Whether a key has something left to be done, and its account is open.
    pub(super) fn can_be_done(&self, entry: &Entry) -> bool {
        entry.is_left() && self.accounts[entry.account].slot.is_some()
    }

    /// Whether it is over, or was stopped, and has deactivated something, so that there is something to
    /// undo.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        let has_left = self.has_work() || self.tally.unknown > 0;
        let is_left = self.stage == BulkStage::Paused && has_left;
        !self.is_moving() && !is_left && self.counts.undoable > 0
    }

    fn add(&mut self, entry: Entry) {
        let at = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        *self.tally.of(&entry) += 1;
        self.counts.count(&entry, true);
        self.accounts[entry.account].included += usize::from(entry.included);
        self.by_key.entry(entry.key.clone()).or_default().push(at);
        self.by_user.entry(entry.user.clone()).or_default().push(at);
        self.entries.push(entry);
    }

    /// Changes an entry; the sums follow.
    fn edit(&mut self, at: usize, edit: impl FnOnce(&mut Entry)) {
        let Some(entry) = self.entries.get_mut(at) else {
            return;
        };
        *self.tally.of(entry) -= 1;
        self.counts.count(entry, false);
        let account = &mut self.accounts[entry.account];
        account.included -= usize::from(entry.included);
        let was_over = entry.is_over();
        edit(entry);
        if entry.is_over() && !was_over {
            self.over.extend(u32::try_from(at));
        }
        account.included += usize::from(entry.included);
        *self.tally.of(entry) += 1;
        self.counts.count(entry, true);
    }

    /// The entry whose change this was, as long as its outcome is not known.
    fn unknown(&self, id: ChangeId) -> Option<usize> {
        if self.tally.unknown == 0 {
            return None;
        }
        let mut entries = self.entries.iter();
        entries.position(|entry| entry.state == EntryState::OutcomeUnknown(id))
    }

    fn set_state(&mut self, at: usize, state: EntryState) {
        self.edit(at, |entry| entry.state = state);
    }
}

impl Engine {
    /// The plan over many keys that is open.
    #[must_use]
    pub fn bulk(&self) -> Option<&BulkPlan> {
        self.bulk.as_deref()
    }

    /// Whether closing the plan brings the one back that it would have undone.
    #[must_use]
    pub fn undoes_open_plan(&self) -> bool {
        self.bulk_undone.is_some()
    }

    /// Does what a person wants of a plan over many keys.
    pub(super) fn intend_bulk(&mut self, intent: BulkIntent) -> Option<()> {
        match intent {
            BulkIntent::Make { action, keys } => self.make_bulk(action, keys)?,
            BulkIntent::TakeBack(keys) => {
                self.make_bulk(BulkAction::Activate, keys)?;
                self.bulk.as_deref_mut()?.undoes = true;
            }
            BulkIntent::Toggle(at) => self.toggle_entry(at)?,
            BulkIntent::Apply { typed } => self.apply_bulk(&typed)?,
            BulkIntent::Pause => self.pause_bulk()?,
            BulkIntent::Stop => self.stop_bulk()?,
            BulkIntent::Undo => self.undo_bulk()?,
            BulkIntent::Close => self.close_bulk()?,
            BulkIntent::Save(path) => self.save_bulk(path)?,
            BulkIntent::Open(path) => {
                self.bulk_opening = Some(Saving::Begun);
                self.effects.push(Effect::Plan(PlanJob::Open(path)));
            }
            BulkIntent::Take(document) => {
                self.bulk_opening = Some(match self.open_document(*document, &[]) {
                    Ok(()) => Saving::Done(String::new()),
                    Err(why) => Saving::Failed(why),
                });
            }
            BulkIntent::GoOn => self.go_on_with_kept()?,
            BulkIntent::Later => self.leave_kept(false)?,
            BulkIntent::Forget => self.leave_kept(true)?,
        }
        Some(())
    }

    /// Leaves a key out, or takes it in again; what was skipped or has failed is reviewed anew then.
    fn toggle_entry(&mut self, at: usize) -> Option<()> {
        let plan = self.bulk.as_deref()?;
        let entry = plan.entries.get(at)?;
        let running = plan.stage == BulkStage::Running;
        if plan.stage == BulkStage::Ended {
            self.complain("This plan has ended");
            return None;
        }
        if let Some(why) = entry.why_not_toggle(running) {
            self.complain(why);
            return None;
        }
        if entry.difference.is_some() && !entry.included {
            // Including it is a decision about what it is now.
            self.review_anew(at);
        }
        self.bulk.as_deref_mut()?.edit(at, |entry| {
            entry.included = !(entry.included && entry.state == EntryState::Pending);
            entry.state = EntryState::Pending;
            entry.confirmed &= entry.included;
        });
        let plan = self.bulk.as_deref_mut()?;
        if let Ok(at) = u32::try_from(at) {
            // It is decided by hand.
            plan.comparison.unsure.remove(&at);
        }
        plan.mark_last_active(at);
        plan.hash = None;
        Some(())
    }

    /// Puts the plan away, unless something of it is under way.
    fn close_bulk(&mut self) -> Option<()> {
        if self.bulk.as_deref()?.is_moving() {
            self.complain("The plan is under way: pause it first");
            return None;
        }
        // One that undoes another and has not begun: what it would have undone still can be.
        self.bulk = self.bulk_undone.take();
        self.find_bulk_accounts();
        Some(())
    }
}
