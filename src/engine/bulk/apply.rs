//! A plan over many keys is carried out: for each key an ordinary plan, which approves itself where
//! the look before it shows what was reviewed.

use super::{
    BulkAccount, BulkAction, BulkPlan, BulkStage, EntryState, HeldBack, Paused, Reviewed, Skipped,
    exempt::Tags, hold, make::known_key,
};
use crate::engine::{
    Effect, Engine, READ_ONLY,
    account::{Account, Known, UserRow, is_trial},
    effect::{ChangeId, PlanJob},
    error::{Error, Kind},
    model::{KeyStatus, LastUsed},
    plan::{PlanId, Proposal, Stage},
    request::{Change, Changed},
};

/// What a look at a key before its step says.
enum Verdict {
    /// It is as reviewed.
    Same,
    /// It is not.
    Skip(Skipped),
    /// AWS asks for fewer calls: it is looked at again.
    Wait(Error),
    /// What is known now does not tell: it is looked at again at once.
    Again,
    /// It could not be looked at.
    Failed(Error),
}

/// Whether something is asked again that has failed like this: surely nothing was done, and nothing is
/// wrong with it.
fn is_passing(error: &Error) -> bool {
    matches!(error.kind, Kind::Throttled | Kind::Busy)
}

impl Engine {
    /// Begins a plan, or goes on with it.
    pub(super) fn apply_bulk(&mut self, typed: &str) -> Option<()> {
        if self.settings.read_only {
            self.complain(READ_ONLY);
            return None;
        }
        let plan = self.bulk.as_deref()?;
        if !matches!(plan.stage, BulkStage::Review | BulkStage::Paused) {
            return None;
        }
        if !plan.has_work() {
            self.complain("No key is included");
            return None;
        }
        if !plan.entries.iter().any(|entry| plan.can_be_done(entry)) {
            self.complain("The accounts of the keys that are left are not open");
            return None;
        }
        let confirmation = self.bulk_confirmation();
        if confirmation.is_some_and(|it| !it.accepts(typed)) {
            return None;
        }
        let plan = self.bulk.as_deref_mut()?;
        let mut skipped = Vec::new();
        for at in 0..plan.entries.len() {
            if plan.can_be_done(&plan.entries[at]) {
                plan.edit(at, |entry| match entry.difference.take() {
                    // It was not counted in what was confirmed.
                    Some(why) => {
                        entry.state = EntryState::Skipped(why);
                        skipped.push(at);
                    }
                    None => {
                        entry.state = EntryState::Pending;
                        entry.confirmed = true;
                    }
                });
            }
        }
        for at in skipped {
            self.review_anew(at);
        }
        let plan = self.bulk.as_deref_mut()?;
        plan.stage = BulkStage::Running;
        plan.line_up();
        self.bulk_undone = None;
        self.keep_bulk();
        self.schedule_bulk();
        Some(())
    }

    /// Begins no further key.
    pub(in crate::engine) fn pause_bulk(&mut self) -> Option<()> {
        let plan = self.bulk.as_deref_mut()?;
        if plan.stage == BulkStage::Running {
            plan.stage = BulkStage::Paused;
        }
        Some(())
    }

    /// Begins no further key, and ends the plan.
    pub(super) fn stop_bulk(&mut self) -> Option<()> {
        let plan = self.bulk.as_deref_mut()?;
        if matches!(plan.stage, BulkStage::Running | BulkStage::Paused) {
            plan.stage = BulkStage::Ended;
            self.effects.push(Effect::Plan(PlanJob::Forget));
        }
        Some(())
    }

    /// Whether a plan goes on by itself, so that the clock matters.
    pub(in crate::engine) fn is_bulk_moving(&self) -> bool {
        self.bulk.as_deref().is_some_and(BulkPlan::is_moving)
    }

    /// The accounts in which a plan that is under way waits, or goes on more slowly, as AWS throttles.
    pub fn throttling_bulk(&self) -> impl Iterator<Item = &BulkAccount> {
        let plan = self.bulk().filter(|plan| plan.stage == BulkStage::Running);
        let accounts = plan.into_iter().flat_map(BulkPlan::accounts);
        accounts.filter(|account| {
            let open = self.open_account_of(account);
            let is_slowed = open.is_some_and(|open| open.limiter.limit().is_some());
            account.has_work() && is_slowed
        })
    }

    /// Looks at the next keys, as far as there is room.
    pub(in crate::engine) fn schedule_bulk(&mut self) {
        self.compare_bulk();
        while let Some((account, at)) = self.next_turn() {
            self.look_at_entry(account, at);
        }
        let Some(plan) = self.bulk.as_deref_mut() else {
            return;
        };
        if plan.settle() {
            self.tell_of_end();
        } else {
            // Paused by hand, its last answers may leave nothing to go on with.
            self.end_if_answered();
        }
    }

    fn next_turn(&mut self) -> Option<(usize, usize)> {
        let now = self.now;
        self.bulk.as_deref_mut()?.take_turn(now)
    }

    /// Looks at a key before its step.
    fn look_at_entry(&mut self, account: usize, at: usize) -> Option<()> {
        let now = self.now;
        let entry = &self.bulk()?.entries[at];
        let change = entry.step.change(&entry.user, &entry.key);
        let open = self.open_account_of(&self.bulk()?.accounts[account]);
        let slot = open.map(|open| open.session.slot);
        let open = slot.and_then(|slot| self.fleet.get_mut(slot));
        let plan = self.bulk.as_deref_mut()?;
        let Some(open) = open else {
            plan.pause_account(account, Paused::NotOpen);
            return None;
        };
        open.limiter.look(now);
        if !open.limiter.allows() {
            plan.cool(account, at, now);
            return None;
        }
        let slot = open.session.slot;
        plan.set_state(at, EntryState::Looking);
        let proposal = Proposal {
            bulk: Some(at),
            ..Proposal::from(change)
        };
        let id = self.add_plan(slot, proposal, Stage::Proposed(Box::default()))?;
        self.look(id)
    }

    /// The look at a key is over: its change is sent, or it is left alone.
    pub(in crate::engine) fn bulk_looked(&mut self, id: PlanId) -> Option<()> {
        let at = self.plan(id)?.bulk?;
        let verdict = self.verdict(id, at)?;
        if matches!(verdict, Verdict::Again) {
            return self.look(id);
        }
        let now = self.now;
        let plan = self.bulk.as_deref_mut()?;
        let account = plan.entries[at].account;
        let goes_on = plan.stage == BulkStage::Running;
        if goes_on && matches!(verdict, Verdict::Same) {
            plan.set_state(at, EntryState::UnderWay);
            return self.send_next(id);
        }
        self.plans.retain(|known| known.id != id);
        match verdict {
            // It was paused meanwhile.
            Verdict::Same => {
                plan.set_state(at, EntryState::Pending);
                plan.turn_over(account);
            }
            Verdict::Again => {
                plan.set_state(at, EntryState::Pending);
                plan.cool(account, at, now);
            }
            Verdict::Wait(error) => self.throttled_entry(account, at, error),
            Verdict::Skip(why) if plan.entries[at].was_done(&why) => {
                plan.set_state(at, EntryState::Done);
                plan.turn_over(account);
                self.keep_step(at);
            }
            Verdict::Skip(why) => {
                plan.set_state(at, EntryState::Skipped(why));
                plan.turn_over(account);
                self.review_anew(at);
            }
            Verdict::Failed(error) => {
                let error = Box::new(error);
                plan.set_state(at, EntryState::Failed(error.clone()));
                plan.pause_account(account, Paused::Failed(error));
                self.scene += 1;
            }
        }
        self.schedule_bulk();
        Some(())
    }

    /// A look or a change was throttled: the key is looked at again after a while, or its account is paused.
    fn throttled_entry(&mut self, account: usize, at: usize, error: Error) {
        let now = self.now;
        let Some(plan) = self.bulk.as_deref_mut() else {
            return;
        };
        plan.set_state(at, EntryState::Pending);
        if plan.try_again(account, at, now) {
            return;
        }
        let error = Box::new(error);
        plan.set_state(at, EntryState::Failed(error.clone()));
        plan.pause_account(account, Paused::Failed(error));
        self.scene += 1;
    }

    /// Compares what the account says of a key now with what was reviewed.
    fn verdict(&self, id: PlanId, at: usize) -> Option<Verdict> {
        let step = self.plan(id)?;
        let (preflight, session) = (step.preflight()?, step.session);
        let plan = self.bulk()?;
        let entry = plan.entries.get(at)?;
        if preflight.is_void() {
            return Some(Verdict::Skip(Skipped::Gone));
        }
        if let Some(error) = &preflight.failed {
            return Some(if is_passing(error) {
                Verdict::Wait(error.clone())
            } else {
                Verdict::Failed(error.clone())
            });
        }
        let account = self.fleet.of(session)?;
        let Some((row, key)) = known_key(account, &entry.user, &entry.key) else {
            return Some(Verdict::Skip(Skipped::Gone));
        };
        // What the report says may be hours old.
        let live = key.live()?;
        let error = live.last_used.error();
        if let Some(error) = error.filter(|error| is_passing(error)) {
            return Some(Verdict::Wait(error.clone()));
        }
        if entry.step.takes_away() && live.last_used.is_awaited() {
            // It was told before the key itself was known, and so of no key.
            return Some(Verdict::Again);
        }
        let tags = match &preflight.tags_failed {
            Some(error) if is_passing(error) => return Some(Verdict::Wait(error.clone())),
            Some(error) if error.kind != Kind::Denied => {
                return Some(Verdict::Failed(error.clone()));
            }
            _ => Tags::of(account, &entry.user),
        };
        if tags == Tags::NotYet && entry.asks_tags(account) {
            // They were told before the user was known, and so of none.
            return Some(Verdict::Again);
        }
        let mut now = Reviewed::of(row, key);
        now.last_used = live.last_used.known().filter(|_| error.is_none()).cloned();
        let trial = is_trial(&live.last_used, live.key.created);
        Some(
            match self.difference_since(at, (account, row, key), &now, (trial, tags)) {
                Some(why) => Verdict::Skip(why),
                None => Verdict::Same,
            },
        )
    }

    /// What is different from what was reviewed, if it matters.
    pub(super) fn difference_since(
        &self,
        at: usize,
        (account, row, key): (&Account, &UserRow, Known<'_>),
        now: &Reviewed,
        (trial, tags): (bool, Tags),
    ) -> Option<Skipped> {
        let plan = self.bulk()?;
        let entry = &plan.entries[at];
        let before = &entry.reviewed;
        if hold::is_so(entry.step, &now.status) {
            return Some(Skipped::AlreadySo);
        }
        if self.has_open_change(account.session.slot, &entry.key) {
            return Some(Skipped::Open);
        }
        // Whatever else is said: what is not Inactive is never deleted.
        let deletes_active = entry.step == BulkAction::Delete && now.status != KeyStatus::Inactive;
        if now.status != before.status || deletes_active {
            return Some(Skipped::Status(now.status.clone()));
        }
        if !entry.step.takes_away() {
            return None;
        }
        let mut new = now.others.iter();
        if let Some(new) = new.find(|other| !before.others.contains(other)) {
            return Some(Skipped::AnotherKey(new.clone()));
        }
        match (&before.last_used, &now.last_used) {
            (Some(_), None) => return Some(Skipped::UseUnknown),
            // Also where it was in use when it was reviewed: that may have been for the last time.
            (before, Some(LastUsed::At { time, .. })) if !trial => {
                let reviewed = match before {
                    Some(LastUsed::At { time, .. }) => Some(*time),
                    Some(LastUsed::Never) => None,
                    None => Some(plan.made),
                };
                if reviewed.is_none_or(|reviewed| reviewed < *time) {
                    return Some(Skipped::UsedSince(*time));
                }
            }
            _ => {}
        }
        // Exemptions are written later, and who applies a plan may not be who has made it.
        let holds = self.holds_now(account, row, key, entry.step, now, plan.recent_days);
        let was_exempt = entry
            .holds()
            .any(|held| matches!(held, HeldBack::Exempt(_)));
        let is_new = |held: &HeldBack| match held {
            HeldBack::InUse if trial => false,
            // Whoever has included it although it is exempt need not know whether it still is; and what
            // was not asked for yet is no difference.
            HeldBack::ExemptionUnknown if was_exempt || tags == Tags::NotYet => false,
            HeldBack::Exempt(_) | HeldBack::Own | HeldBack::InUse | HeldBack::ExemptionUnknown => {
                !entry.holds().any(|known| known.is_like(held))
            }
            _ => false,
        };
        if let Some(held) = holds.into_iter().find(is_new) {
            return Some(Skipped::Held(held));
        }
        // Who has agreed that both are taken away knows that the last one is.
        let goes_too = |other: &str| {
            let places = plan.by_key.get(other).into_iter().flatten();
            let mut entries = places.map(|at| &plan.entries[*at as usize]);
            entries.any(|other| other.account == entry.account && other.included)
        };
        let alone = now.others_active == 0 && before.others_active > 0;
        let stops = alone && entry.step == BulkAction::Deactivate;
        (stops && !before.others.iter().any(|other| goes_too(other))).then_some(Skipped::NoOther)
    }

    /// What was skipped is reviewed as it is now: including it again is a decision about that.
    pub(super) fn review_anew(&mut self, at: usize) -> Option<()> {
        let plan = self.bulk.as_deref()?;
        let entry = plan.entries.get(at)?;
        let account = self.fleet.get(plan.accounts[entry.account].slot?)?;
        let (row, key) = known_key(account, &entry.user, &entry.key)?;
        let reviewed = Reviewed::of(row, key);
        let step = hold::step(plan.action, &reviewed.status);
        let holds = self.holds_now(account, row, key, step, &reviewed, plan.recent_days);
        let plan = self.bulk.as_deref_mut()?;
        plan.edit(at, |entry| {
            entry.reviewed = reviewed;
            entry.step = step;
            entry.set_holds(holds);
            entry.difference = None;
            entry.confirmed = false;
        });
        plan.mark_last_active(at);
        Some(())
    }

    /// What came of the change to a key of the plan.
    pub(in crate::engine) fn bulk_changed(
        &mut self,
        place: usize,
        (at, id): (usize, ChangeId),
        change: &Change,
        result: Result<Changed, Error>,
    ) -> Option<()> {
        let session = self.plans[place].session;
        let now = self.now;
        let error = match result {
            Err(error) if error.outcome_unknown() => {
                let plan = self.bulk.as_deref_mut()?;
                let account = plan.entries[at].account;
                plan.set_state(at, EntryState::OutcomeUnknown(id));
                plan.pause_account(account, Paused::OutcomeUnknown);
                self.outcome_lost(place, error);
                self.schedule_bulk();
                return Some(());
            }
            Err(error) => Some(error),
            Ok(changed) => {
                self.apply(session, change, &changed);
                if let Change::SetActive { key, active, .. } = change {
                    self.rotations.note_active(key, *active, id, now);
                }
                if let Change::Delete { key, .. } = change {
                    self.note_deleted(key);
                }
                None
            }
        };
        self.plans.remove(place);
        let plan = self.bulk.as_deref_mut()?;
        let account = plan.entries[at].account;
        match error {
            None => {
                plan.set_state(at, EntryState::Done);
                plan.turn_over(account);
                self.keep_step(at);
            }
            Some(error) if is_passing(&error) => self.throttled_entry(account, at, error),
            Some(error) if error.kind == Kind::NotFound => {
                plan.set_state(at, EntryState::Skipped(Skipped::Gone));
                plan.turn_over(account);
            }
            Some(error) => {
                let error = Box::new(error);
                plan.set_state(at, EntryState::Failed(error.clone()));
                plan.pause_account(account, Paused::Failed(error));
                self.scene += 1;
            }
        }
        self.schedule_bulk();
        Some(())
    }
}
