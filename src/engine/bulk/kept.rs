//! A plan that is carried out is kept until it has ended, and gone on with by the next run.

use super::{BulkPlan, Document, Entry, EntryState};
use crate::engine::{DEMO, Effect, Engine, READ_ONLY, effect::PlanJob};
use std::collections::HashSet;

/// How far a key of a kept plan has come, for those that are over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptStep {
    /// The account ID.
    pub account: Option<String>,
    /// The key's ID.
    pub key: Box<str>,
}

/// Which plans under way are kept, so that the next run can go on with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keeping {
    /// All but those of the demo.
    #[default]
    Real,
    /// Those of the demo too.
    All,
    /// None: there is no journal to keep them beside.
    Nothing,
}

/// A plan that an earlier run has left.
#[derive(Debug)]
pub struct KeptPlan {
    /// The plan.
    pub document: Document,
    /// The keys of it that are done.
    pub done: Vec<KeptStep>,
    /// The keys of it whose step was sent, by the journal: where one is so already, the plan has done it.
    pub sent: Vec<KeptStep>,
    /// A person wants to decide later.
    pub(in crate::engine) put_off: bool,
}

impl BulkPlan {
    /// The keys that are done, as they are kept.
    #[must_use]
    pub fn done_steps(&self) -> Vec<KeptStep> {
        let entries = self.entries.iter();
        let done = entries.filter(|entry| entry.state == EntryState::Done);
        done.map(|entry| self.kept_step(entry)).collect()
    }

    fn kept_step(&self, entry: &Entry) -> KeptStep {
        KeptStep {
            account: self.accounts[entry.account].id.clone(),
            key: entry.key.clone(),
        }
    }
}

impl Engine {
    /// Whether the plan that is open is kept while it is under way, so that the next run can go on with it.
    #[must_use]
    pub fn keeps_bulk(&self) -> bool {
        self.bulk()
            .is_some_and(|plan| !plan.is_not_kept && self.is_to_be_kept(plan))
    }

    /// Whether a plan is kept where that can be written.
    fn is_to_be_kept(&self, plan: &BulkPlan) -> bool {
        let is_demo = |endpoint: &Option<String>| endpoint.as_deref() == Some(DEMO);
        match self.plan_keeping {
            Keeping::All => true,
            Keeping::Real => !plan.accounts.iter().any(|it| is_demo(&it.endpoint)),
            Keeping::Nothing => false,
        }
    }

    /// The plan that an earlier run has left, if a person has not decided yet what becomes of it.
    #[must_use]
    pub fn kept_plan(&self) -> Option<&KeptPlan> {
        self.kept_plan.as_deref()
    }

    /// Whether a person is to decide now what becomes of the plan that an earlier run has left: once
    /// one of its accounts is open.
    pub(in crate::engine) fn asks_about_kept_plan(&self) -> bool {
        let kept = self.kept_plan().filter(|kept| !kept.put_off);
        kept.is_some_and(|kept| {
            let mut accounts = kept.document.accounts.iter();
            accounts.any(|account| self.account_of_plan(account).is_some())
        })
    }

    /// Goes on with what an earlier run has left.
    pub(super) fn go_on_with_kept(&mut self) -> Option<()> {
        if self.settings.read_only {
            self.complain(READ_ONLY);
            return None;
        }
        let kept = self.kept_plan.as_deref()?;
        let (document, done) = (kept.document.clone(), kept.done.clone());
        match self.open_document(document, &done) {
            Ok(()) => {
                self.note_sent();
                self.kept_plan = None;
                self.effects.push(Effect::Plan(PlanJob::TakeUp));
            }
            Err(why) => self.complain(why),
        }
        Some(())
    }

    /// Notes which keys an earlier run has sent the step of.
    fn note_sent(&mut self) -> Option<()> {
        let sent = &self.kept_plan.as_deref()?.sent;
        let sent: HashSet<(Option<&str>, &str)> = sent
            .iter()
            .map(|step| (step.account.as_deref(), &*step.key))
            .collect();
        let plan = self.bulk.as_deref_mut()?;
        for entry in &mut plan.entries {
            let account = plan.accounts[entry.account].id.as_deref();
            entry.sent_before = sent.contains(&(account, &*entry.key));
        }
        Some(())
    }

    /// Puts the decision about what an earlier run has left off, or takes it that it ends there.
    pub(super) fn leave_kept(&mut self, for_good: bool) -> Option<()> {
        self.kept_plan.as_deref_mut()?.put_off = true;
        if for_good {
            self.kept_plan = None;
            self.effects.push(Effect::Plan(PlanJob::ForgetLeft));
        }
        Some(())
    }

    /// The plan has begun: it is kept until it has ended. A crash must not lose its place, so that no key
    /// begins before it is known to be kept.
    pub(super) fn keep_bulk(&mut self) -> Option<()> {
        let plan = self.bulk()?;
        let document = Box::new(plan.document());
        // It may be gone on with, under another name.
        let done = plan.done_steps();
        let is_waited_for = self.is_to_be_kept(plan);
        self.bulk.as_deref_mut()?.is_being_kept = is_waited_for;
        self.effects
            .push(Effect::Plan(PlanJob::Keep(document, done)));
        Some(())
    }

    /// The plan that is carried out is not kept here: no further key begins.
    pub(super) fn not_kept(&mut self, has_failed: bool) -> Option<()> {
        self.pause_bulk();
        let plan = self.bulk.as_deref_mut()?;
        plan.is_not_kept |= has_failed;
        plan.is_being_kept = false;
        Some(())
    }

    /// A key is done.
    pub(super) fn keep_step(&mut self, at: usize) -> Option<()> {
        let plan = self.bulk()?;
        let step = plan.kept_step(plan.entries.get(at)?);
        self.effects.push(Effect::Plan(PlanJob::Done(step)));
        Some(())
    }
}
