//! How a plan ends, and what becomes of its keys whose outcome was not known.

use super::{BulkPlan, BulkStage, Entry, EntryState, Skipped, Steps};
use crate::engine::{
    Effect, Engine,
    effect::{ChangeId, Origin, PlanJob},
    error::{Error, Kind},
};

impl Engine {
    /// The account has said that a change was made whose outcome was not known.
    pub(in crate::engine) fn bulk_settled(&mut self, origin: &Origin) -> Option<()> {
        let Origin::Here(id) = origin else {
            return None;
        };
        self.bulk_answered(*id, &Ok(()))
    }

    /// What became of a change is asked for once more: it is that change now whose outcome counts.
    pub(in crate::engine) fn bulk_asked_again(
        &mut self,
        origin: &Origin,
        now: ChangeId,
    ) -> Option<()> {
        let Origin::Here(id) = origin else {
            return None;
        };
        let plan = self.bulk.as_deref_mut()?;
        let at = plan.unknown(*id)?;
        plan.set_state(at, EntryState::OutcomeUnknown(now));
        Some(())
    }

    /// A person takes it that a change was not made: its key is left, to be confirmed anew.
    pub(in crate::engine) fn bulk_let_go(&mut self, origin: &Origin) -> Option<()> {
        let Origin::Here(id) = origin else {
            return None;
        };
        let plan = self.bulk.as_deref_mut()?;
        let at = plan.unknown(*id)?;
        plan.edit(at, |entry| {
            entry.state = EntryState::Pending;
            entry.confirmed = false;
        });
        Some(())
    }

    /// It is known now what became of a change whose outcome was not.
    pub(in crate::engine) fn bulk_answered(
        &mut self,
        id: ChangeId,
        result: &Result<(), Error>,
    ) -> Option<()> {
        let plan = self.bulk.as_deref_mut()?;
        let at = plan.unknown(id)?;
        match result {
            Ok(()) => {
                plan.edit(at, |entry| entry.answer_lost = true);
                plan.set_state(at, EntryState::Done);
                self.keep_step(at);
            }
            Err(error) if error.outcome_unknown() => return None,
            Err(error) if error.kind == Kind::NotFound => {
                plan.set_state(at, EntryState::Skipped(Skipped::Gone));
            }
            Err(error) => plan.set_state(at, EntryState::Failed(Box::new(error.clone()))),
        }
        self.end_if_answered();
        Some(())
    }

    /// Ends a plan that had nothing left but an answer.
    pub(super) fn end_if_answered(&mut self) -> Option<()> {
        let plan = self.bulk.as_deref_mut()?;
        let is_over = plan.stage == BulkStage::Paused
            && !plan.is_under_way()
            && !plan.has_work()
            && plan.tally.unknown == 0;
        if is_over {
            plan.stage = BulkStage::Ended;
            self.tell_of_end();
        }
        Some(())
    }

    /// Says how the plan has come to an end or a halt; what has ended is not kept any more.
    pub(super) fn tell_of_end(&mut self) -> Option<()> {
        let plan = self.bulk.as_deref()?;
        if plan.stage == BulkStage::Ended {
            self.effects.push(Effect::Plan(PlanJob::Forget));
        }
        let (text, bad) = summary(plan);
        if bad {
            self.complain(text);
        } else {
            self.say(text);
        }
        self.scene += 1;
        Some(())
    }

    /// What is left of a plan that has begun, for the person who leaves.
    pub(in crate::engine) fn bulk_at_exit(&self) -> Option<String> {
        let plan = self.bulk().filter(|plan| plan.has_begun())?;
        let mut left = Steps::default();
        // What is only being looked at is not begun any more.
        let is_left = |it: &&Entry| it.is_left() || it.state == EntryState::Looking;
        for entry in plan.entries.iter().filter(is_left) {
            *left.of_mut(entry.step) += 1;
        }
        let all = left.all();
        let keys = if all == 1 { "key" } else { "keys" };
        let then = if self.keeps_bulk() {
            "the next start offers to go on with it"
        } else {
            "it is kept nowhere"
        };
        (all > 0).then(|| match left.only() {
            Some(step) => format!(
                "not finished: the plan has {all} {keys} left to {}; {then}",
                step.verb()
            ),
            None => format!(
                "not finished: the plan has left to {}; {then}",
                left.words()
            ),
        })
    }
}

/// How a plan has come to an end, or to a halt; and whether something is wrong.
fn summary(plan: &BulkPlan) -> (String, bool) {
    let tally = plan.tally;
    let count = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let of = format!("{} of {} keys", tally.done, tally.included());
    let done = match plan.steps().only() {
        Some(step) => format!("{of} {}", step.done()),
        None if tally.done > 0 => format!("{of}: {}", plan.steps_done().done_words()),
        None => format!("{of} {}", plan.action.done()),
    };
    let rest = [
        count(tally.skipped, "skipped"),
        count(tally.failed, "failed"),
        count(tally.unknown, "not known"),
        count(tally.to_do, "left"),
    ];
    let parts: Vec<String> = std::iter::once(done)
        .chain(rest.into_iter().flatten())
        .collect();
    let head = if plan.stage == BulkStage::Paused {
        "Paused: "
    } else {
        "Plan: "
    };
    // What has done nothing is not told as if it had.
    let bad = tally.failed + tally.unknown > 0 || tally.done == 0;
    (format!("{head}{}", parts.join(" · ")), bad)
}
