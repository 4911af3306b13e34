//! The changes that the steps of the response to a leaked key propose. Its sessions are revoked with a
//! policy in which a time stands: it moves on while it is read, so that what is sent is what was shown.

use super::{Leak, LeakStep, Revocation};
use crate::engine::{
    Engine, READ_ONLY,
    effect::Slot,
    impact::revocation,
    model::KeyStatus,
    plan::{PlanId, Proposal, Step},
    request::Change,
};
use chrono::{DateTime, TimeDelta, Utc};

/// A proposal to revoke sessions that is read for so long is made anew, for those made until then.
const READING: TimeDelta = TimeDelta::minutes(1);

impl Engine {
    /// The change that a step of the response needs now; none where it needs none.
    #[must_use]
    pub fn leak_change(&self, leak: &Leak<'_>, step: LeakStep) -> Option<Change> {
        let user = || Box::<str>::from(leak.user);
        // What is under way is not asked for twice.
        if leak.pending_in(step).is_some() {
            return None;
        }
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
            (LeakStep::Revoke, Revocation::Over(_)) if !leak.is_live() => {
                Some(Change::LiftRevocation { user: user() })
            }
            // Where it cannot be seen whether the policy is there, it is put all the same: it is the
            // same policy.
            (LeakStep::Revoke, Revocation::Asking) => None,
            (LeakStep::Revoke, _) => Some(Change::RevokeSessions {
                user: user(),
                document: revocation::document(self.now),
            }),
            _ => None,
        }
    }

    /// Makes the proposals to revoke sessions anew that were read for so long that others may have been
    /// made meanwhile: what is sent is what was shown when it was approved, so that it is shown first.
    /// Comes when all else of a moment is done, and before it is drawn.
    pub fn cut_proposals_now(&mut self) {
        let now = self.now;
        for plan in &mut self.plans {
            if plan.preflight().is_none() || plan.is_approved() {
                continue;
            }
            for step in &mut plan.steps {
                if let Change::RevokeSessions { document, .. } = &mut step.change
                    && is_old(document, now)
                {
                    *document = revocation::document(now);
                    self.scene += 1;
                }
            }
        }
    }

    /// Whether a proposal is open that changes with time, so that it has to be drawn anew.
    #[must_use]
    pub fn has_cut_proposal(&self) -> bool {
        let revokes = |step: &Step| matches!(step.change, Change::RevokeSessions { .. });
        let mut open = self.plans.iter().filter(|plan| plan.preflight().is_some());
        open.any(|plan| plan.steps.iter().any(revokes))
    }

    /// Approves a proposal, as it is shown. One to revoke sessions that nobody has drawn anew for long
    /// is shown anew first, with the time that it has now.
    pub(in crate::engine) fn approve_as_shown(&mut self, plan: PlanId, typed: &str) -> Option<()> {
        let now = self.now;
        let shown = self.plan(plan)?;
        let mut changes = shown.steps.iter().map(|step| &step.change);
        let is_late = changes.any(|change| {
            matches!(change, Change::RevokeSessions { document, .. } if is_old(document, now))
        });
        if is_late && shown.preflight().is_some() {
            self.say("The time in the policy is another now: decide again");
            self.cut_proposals_now();
            return Some(());
        }
        self.approve(plan, typed)
    }

    /// Proposes what a step of the response needs.
    pub(in crate::engine) fn act_on_leak(
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

/// Whether such a policy was made so long ago that other sessions may have been made since.
fn is_old(document: &str, now: DateTime<Utc>) -> bool {
    revocation::cut_at(document).is_some_and(|cut| now - cut >= READING)
}
