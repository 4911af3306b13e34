//! What the tags of users say of the keys of a plan: whether a person has exempted them. Where that is not
//! known when the plan is made it is asked for, and each key that nothing else speaks against is taken in
//! with the answer; one whose answer does not come, or does not tell, stays left out.

use super::{BulkPlan, BulkStage, Entry, EntryState, HeldBack, make::known_key};
use crate::engine::{Engine, account::Account, plan::PlanId, request::Read};

/// What an account has told of the tags of a user, for a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tags {
    /// It has not been asked, or has not answered.
    NotYet,
    /// It has told them.
    Told,
    /// It has not told them: they may say anything.
    NotTold,
}

impl Tags {
    /// As they are known of a user by now.
    pub(super) fn of(account: &Account, user: &str) -> Self {
        let Some(row) = account.users.get(user) else {
            return Self::NotYet;
        };
        let tags = &row.tags;
        if tags.is_ready() {
            Self::Told
        } else if tags.error().is_some() || (tags.is_idle() && account.identity.tags_refused) {
            Self::NotTold
        } else {
            Self::NotYet
        }
    }
}

impl Entry {
    /// Whether it is left out, also for what its user's tags may say.
    fn awaits_exemption(&self) -> bool {
        let mut holds = self.holds();
        !self.included
            && self.state == EntryState::Pending
            && holds.any(|held| *held == HeldBack::ExemptionUnknown)
    }

    /// Whether what the tags of its user say is asked for before its step: it is not where a person has
    /// included it whatever that is, or knowing that it cannot be told.
    pub(super) fn asks_tags(&self, account: &Account) -> bool {
        let is_settled = self.holds().any(|held| match held {
            HeldBack::Exempt(_) => true,
            HeldBack::ExemptionUnknown => account.identity.tags_refused,
            _ => false,
        });
        self.step.takes_away() && !is_settled
    }
}

impl BulkPlan {
    /// Notes of which keys it is asked whether they are exempt.
    pub(super) fn await_exemptions(&mut self) {
        let entries = (0..).zip(&self.entries);
        let waiting = entries.filter(|(_, entry)| entry.awaits_exemption());
        let waiting: Vec<u32> = waiting.map(|(at, _)| at).collect();
        self.comparison.tags = waiting.iter().copied().collect();
        self.comparison.unsure = waiting.into_iter().collect();
    }
}

impl Engine {
    /// Whether the look for a step of the plan asks for the tags of its user.
    pub(in crate::engine) fn bulk_asks_tags(&self, id: PlanId) -> bool {
        let step = self.plan(id);
        let entry = step.and_then(|step| self.bulk()?.entries.get(step.bulk?));
        let account = step.and_then(|step| self.fleet.of(step.session));
        let both = entry.zip(account);
        both.is_some_and(|(entry, account)| entry.asks_tags(account))
    }

    /// Asks for the tags of the next user of whom they are wanted. Says whether there was one.
    pub(super) fn ask_tags_of_next(&mut self) -> bool {
        let Some(plan) = self.bulk.as_deref_mut() else {
            return false;
        };
        let Some(at) = plan.comparison.tags.pop_front() else {
            return false;
        };
        let entry = &plan.entries[at as usize];
        let user = entry.user.clone();
        if !plan.comparison.unsure.contains(&at) {
            return true;
        }
        let of = &plan.accounts[entry.account];
        let slot = of.slot;
        let account = slot.and_then(|slot| self.fleet.get(slot));
        let Some((slot, account)) = slot.zip(account) else {
            return true;
        };
        if Tags::of(account, &user) != Tags::NotYet {
            // Something else has told them meanwhile.
            self.settle_exemptions(&[at]);
            return true;
        }
        // A question that is under way is answered for this one as well.
        let row = account.users.get(&user);
        if row.is_some_and(|row| row.tags.is_idle()) {
            self.read(slot, Read::Tags(user));
        }
        true
    }

    /// Takes in what is known by now not to be exempt, where nothing else speaks against it; these are
    /// keys of one user.
    pub(super) fn settle_exemptions(&mut self, places: &[u32]) -> Option<()> {
        let plan = self.bulk.as_deref_mut()?;
        let unsure = &mut plan.comparison.unsure;
        let mut places: Vec<usize> = places
            .iter()
            .filter(|at| unsure.remove(at))
            .map(|at| *at as usize)
            .collect();
        // Later, what is changed is what was reviewed.
        let is_reviewed = plan.stage == BulkStage::Review;
        places.retain(|at| is_reviewed && plan.entries[*at].awaits_exemption());
        for at in &places {
            self.take_in_if_free(*at);
        }
        let plan = self.bulk.as_deref_mut()?;
        for at in places {
            plan.mark_last_active(at);
            let entry = &plan.entries[at];
            if entry.included && entry.holds().any(|it| *it == HeldBack::LastActive) {
                plan.edit(at, |entry| entry.included = false);
                plan.mark_last_active(at);
            }
        }
        Some(())
    }

    fn take_in_if_free(&mut self, at: usize) -> Option<()> {
        let plan = self.bulk.as_deref()?;
        let entry = &plan.entries[at];
        let account = self.fleet.get(plan.accounts[entry.account].slot?)?;
        let (row, key) = known_key(account, &entry.user, &entry.key)?;
        let holds = self.holds_now(
            account,
            row,
            key,
            entry.step,
            &entry.reviewed,
            plan.recent_days,
        );
        let plan = self.bulk.as_deref_mut()?;
        plan.hash = None;
        plan.edit(at, |entry| {
            entry.included = holds.is_empty();
            entry.set_holds(holds);
        });
        Some(())
    }
}
