//! Changes as plans: steps with their progress. A single change is a plan of one step, and all go
//! the same way: proposed and looked at ([`preflight`](super::preflight)), approved, written into
//! the journal, sent once, and filed. There is no second path to the account.
//!
//! A step follows as soon as the one before is done, and only in the session that the plan was made
//! in. Where the outcome of a step is lost, the plan ends there and a question is opened
//! ([`unresolved`](super::unresolved)).

use super::{
    Engine, SecretKey,
    account::{Account, AccountLabel, KeyRow},
    activity::Entry,
    effect::{ChangeId, Effect, Order, SessionId, Slot},
    error::{Error, Kind},
    model::{AccessKey, KeyStatus, LastUsed},
    preflight::Preflight,
    request::{Change, Changed, Read},
    rotation::RotationAction,
    unresolved::{Question, Settles},
    vault::NewKey,
};
use chrono::{DateTime, Utc};
use std::time::Duration;

/// Tells one plan from all others of this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanId(pub u64);

/// What is to be done, before it is a plan.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    /// The changes, in their order.
    pub steps: Vec<Change>,
    /// The open question that this answers.
    pub settles: Option<Settles>,
    /// What it does for a rotation, if it is for one.
    pub rotation: Option<RotationAction>,
    /// The place of the key in the plan over many keys that this is a step of.
    pub bulk: Option<usize>,
}

impl From<Change> for Proposal {
    fn from(change: Change) -> Self {
        Self {
            steps: vec![change],
            ..Self::default()
        }
    }
}

/// Changes to an account, with their progress.
#[derive(Debug)]
pub struct Plan {
    /// Its number.
    pub id: PlanId,
    /// The session that it is carried out in.
    pub session: SessionId,
    /// The account as it was known when the plan was made.
    pub account: AccountLabel,
    /// The changes, in their order.
    pub steps: Vec<Step>,
    /// The open question that this answers.
    pub settles: Option<Settles>,
    /// What it does for a rotation, if it is for one.
    pub rotation: Option<RotationAction>,
    /// The place of the key in the plan over many keys that this is a step of.
    pub bulk: Option<usize>,
    /// How far it has come.
    pub stage: Stage,
}

/// A change of a plan.
#[derive(Debug)]
pub struct Step {
    /// The change.
    pub change: Change,
    /// How far it has come.
    pub progress: Progress,
}

/// How far a step has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Its turn has not come.
    Waiting,
    /// It was sent and is not answered yet.
    UnderWay(Sent),
    /// It is done.
    Done,
    /// It is surely not done.
    Failed(Error),
}

/// The moment in which a change was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The change's number.
    pub id: ChangeId,
    /// When.
    pub at: DateTime<Utc>,
    /// The IDs of the user's keys before, where they are known.
    pub keys_before: Option<Vec<String>>,
    /// The key that the new one replaces, where a rotation creates it.
    pub replaces: Option<String>,
}

/// How far a plan has come.
#[derive(Debug)]
pub enum Stage {
    /// It waits for approval.
    Proposed(Box<Preflight>),
    /// A step is under way.
    UnderWay,
    /// A step has failed; the person has not seen it yet.
    NotDone,
    /// The user has as many keys as the account allows; the person has not seen it yet.
    NoRoom,
}

impl Plan {
    /// Whether a step is under way.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::UnderWay)
    }

    /// Whether it is approved, and sent as soon as the look at the account shows nothing new.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        self.preflight()
            .is_some_and(|preflight| preflight.approved && preflight.is_looking())
    }

    /// The step that is under way, or was last.
    #[must_use]
    pub fn current(&self) -> &Step {
        let waiting = |step: &Step| matches!(step.progress, Progress::Waiting | Progress::Done);
        let at = self.steps.iter().position(|step| !waiting(step));
        &self.steps[at.unwrap_or_default()]
    }

    /// The next change that is not sent yet.
    fn waiting(&self) -> Option<&Change> {
        let mut steps = self.steps.iter();
        let step = steps.find(|step| step.progress == Progress::Waiting)?;
        Some(&step.change)
    }

    /// The first change.
    #[must_use]
    pub fn first(&self) -> &Change {
        &self.steps[0].change
    }

    /// The change that follows the first, if one does.
    #[must_use]
    pub fn second(&self) -> Option<&Change> {
        self.steps.get(1).map(|step| &step.change)
    }

    /// The user that it concerns.
    #[must_use]
    pub fn user(&self) -> &str {
        self.first().user()
    }

    /// The change that can do the most harm; the first of several.
    #[must_use]
    pub fn most_destructive(&self) -> &Change {
        let last_first = self.steps.iter().rev().map(|step| &step.change);
        let most = last_first.max_by_key(|change| change.row().severity);
        most.unwrap_or(self.first())
    }

    /// The key that can be harmed: the one that is deactivated or deleted, or else activated.
    #[must_use]
    pub fn at_risk(&self) -> Option<&str> {
        self.most_destructive().key()
    }

    /// Whether a key is deleted by it.
    #[must_use]
    pub fn deletes(&self) -> bool {
        let deletes = |step: &Step| matches!(step.change, Change::Delete { .. });
        self.steps.iter().any(deletes)
    }

    /// The look at the account, while it is proposed.
    #[must_use]
    pub fn preflight(&self) -> Option<&Preflight> {
        match &self.stage {
            Stage::Proposed(preflight) => Some(preflight),
            _ => None,
        }
    }

    pub(super) fn preflight_mut(&mut self) -> Option<&mut Preflight> {
        match &mut self.stage {
            Stage::Proposed(preflight) => Some(preflight),
            _ => None,
        }
    }
}

impl Engine {
    /// The plans that are proposed, under way, or not seen to have failed.
    #[must_use]
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// A plan by its number.
    #[must_use]
    pub fn plan(&self, id: PlanId) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id == id)
    }

    pub(super) fn plan_mut(&mut self, id: PlanId) -> Option<&mut Plan> {
        self.plans.iter_mut().find(|plan| plan.id == id)
    }

    /// The changes that were sent and are not answered yet, each with its plan.
    pub fn under_way(&self) -> impl Iterator<Item = (&Plan, &Change)> {
        self.plans
            .iter()
            .filter(|plan| plan.is_under_way())
            .map(|plan| (plan, &plan.current().change))
    }

    /// The change to this key that is under way; without a key, the creation for this user.
    #[must_use]
    pub fn pending_for(&self, slot: Slot, user: &str, key: Option<&str>) -> Option<&Change> {
        let is_it = |change: &&Change| match key {
            None => matches!(change, Change::Create { .. }),
            key => change.key() == key,
        };
        self.changing(slot, user).find(is_it)
    }

    /// The changes to a user's keys that are under way in the present session.
    pub(super) fn changing(&self, slot: Slot, user: &str) -> impl Iterator<Item = &Change> {
        let session = self.fleet.get(slot).map(|account| account.session);
        let here = self.under_way();
        let here = here.filter(move |(plan, _)| Some(plan.session) == session);
        here.map(|(_, change)| change)
            .filter(move |change| change.user().eq_ignore_ascii_case(user))
    }

    /// Whether a change to a user's keys is under way.
    #[must_use]
    pub fn is_changing(&self, slot: Slot, user: &str) -> bool {
        self.changing(slot, user).next().is_some()
    }

    /// The key of a user that could be deleted with the least harm, as far as that is known: one that is
    /// Inactive before one that was never used, then the one that is out of use for longer, then the older.
    #[must_use]
    pub fn deletable(&self, slot: Slot, user: &str) -> Option<&KeyRow> {
        let rows = self.fleet.get(slot)?.users.keys(user)?.iter();
        let is_off = |row: &KeyRow| row.key.status == KeyStatus::Inactive;
        let last_use = |row: &KeyRow| match row.last_used.known() {
            Some(LastUsed::Never) => DateTime::<Utc>::MIN_UTC,
            Some(LastUsed::At { time, .. }) => *time,
            None => DateTime::<Utc>::MAX_UTC,
        };
        let candidates =
            rows.filter(|row| is_off(row) || row.last_used.known() == Some(&LastUsed::Never));
        candidates.min_by_key(|row| (!is_off(row), last_use(row), row.key.created))
    }

    /// Notes a plan that has not been sent.
    pub(super) fn add_plan(
        &mut self,
        slot: Slot,
        proposal: Proposal,
        stage: Stage,
    ) -> Option<PlanId> {
        let id = PlanId(self.number());
        let account = self.fleet.get(slot)?;
        let steps = proposal.steps.into_iter().map(|change| Step {
            change,
            progress: Progress::Waiting,
        });
        self.plans.push(Plan {
            id,
            session: account.session,
            account: AccountLabel::of(account),
            steps: steps.collect(),
            settles: proposal.settles,
            rotation: proposal.rotation,
            bulk: proposal.bulk,
            stage,
        });
        Some(id)
    }

    /// Sends changes without a proposal.
    pub(super) fn send(&mut self, slot: Slot, steps: Vec<Change>) -> Option<()> {
        if self.settings.read_only {
            self.complain(super::READ_ONLY);
            return None;
        }
        steps.first()?;
        let proposal = Proposal {
            steps,
            ..Proposal::default()
        };
        let plan = self.add_plan(slot, proposal, Stage::UnderWay)?;
        self.send_next(plan)
    }

    /// Sends the next step of a plan. Whatever is sent is sent from here.
    pub(super) fn send_next(&mut self, id: PlanId) -> Option<()> {
        let number = ChangeId(self.number());
        let plan = self.plans.iter_mut().find(|plan| plan.id == id)?;
        let account = self.fleet.of(plan.session)?;
        let waiting = |step: &&mut Step| step.progress == Progress::Waiting;
        let step = plan.steps.iter_mut().find(waiting)?;
        let caller = account.identity.caller.known();
        let keys_before = account.key_ids(step.change.user());
        let creates = matches!(step.change, Change::Create { .. });
        let begun = self
            .rotations
            .has_begun(plan.session.slot, step.change.user());
        let replaces = match keys_before.as_deref() {
            Some([old]) if creates && begun => Some(old.clone()),
            _ => None,
        };
        step.progress = Progress::UnderWay(Sent {
            id: number,
            at: self.now,
            keys_before: keys_before.clone(),
            replaces: replaces.clone(),
        });
        let order = Order {
            id: number,
            change: step.change.clone(),
            account: plan.account.id.clone(),
            caller: caller.map(|caller| caller.arn.clone()),
            endpoint: plan.account.endpoint.clone(),
            keys_before,
            replaces,
        };
        plan.stage = Stage::UnderWay;
        let settles = plan.settles.take_if(|it| matches!(it, Settles::Sent(_)));
        self.effects
            .push(Effect::Change(plan.session, Box::new(order)));
        if let Some(Settles::Sent(origin)) = settles {
            self.bulk_asked_again(&origin, number);
            self.settle(&origin, "not done, and asked for again");
        }
        Some(())
    }

    /// Files what came of a change, and asks for the truth.
    pub(super) fn changed(
        &mut self,
        session: SessionId,
        id: ChangeId,
        result: Result<Changed, Error>,
        request_id: Option<String>,
        took: Duration,
    ) -> Option<()> {
        let is_it =
            |step: &Step| matches!(&step.progress, Progress::UnderWay(sent) if sent.id == id);
        let of_it = |plan: &Plan| plan.session == session && plan.steps.iter().any(is_it);
        let at = self.plans.iter().position(of_it)?;
        let plan = &self.plans[at];
        let change = plan.current().change.clone();
        let account = self.fleet.of(session);
        let caller = account.and_then(|account| account.identity.caller.known());
        let by = caller.map(|caller| caller.arn.as_str());
        let label = &plan.account;
        let entry = Entry::of_change(&change, label, by, &result, request_id, took, self.now);
        self.activity.note(entry);
        if matches!(&result, Err(error) if error.kind == Kind::Throttled)
            && let Some(account) = self.fleet.of_mut(session)
        {
            account.limiter.throttled(self.now);
        }
        let result = match result {
            Ok(Changed::Unsure { key, secret, error }) => {
                self.key_received(at, id, key, secret, &error);
                Err(*error)
            }
            result => result,
        };
        if let Some(place) = self.plans[at].bulk {
            self.bulk_changed(at, (place, id), &change, result);
            let known = self.fleet.of(session);
            if known.is_some_and(|account| account.users.get(change.user()).is_some()) {
                self.read(session.slot, change.looked_at_by());
            }
            self.leave_if_nothing_is_under_way();
            return Some(());
        }
        self.bulk_answered(id, &result.as_ref().map(|_| ()).map_err(Error::clone));
        match result {
            // The question asks for the keys itself.
            Err(error) if error.outcome_unknown() => return self.outcome_lost(at, error),
            Err(error) => self.refused(at, &change, error),
            Ok(changed) => self.done(at, id, &change, changed),
        }
        let user: Box<str> = change.user().into();
        let known = |account: &Account| account.users.get(&user).is_some();
        if self.fleet.of(session).is_some_and(known) {
            self.read(session.slot, change.looked_at_by());
        }
        self.leave_if_nothing_is_under_way();
        Some(())
    }

    fn step_ended(&mut self, at: usize, progress: Progress) {
        let under_way = |step: &&mut Step| matches!(step.progress, Progress::UnderWay(_));
        if let Some(step) = self.plans[at].steps.iter_mut().find(under_way) {
            step.progress = progress;
        }
    }

    fn done(&mut self, at: usize, id: ChangeId, change: &Change, changed: Changed) {
        let session = self.plans[at].session;
        let here = self.fleet.of(session).is_some();
        let replaces = match &self.plans[at].current().progress {
            Progress::UnderWay(sent) => sent.replaces.clone(),
            _ => None,
        };
        self.step_ended(at, Progress::Done);
        self.apply(session, change, &changed);
        match changed {
            Changed::Created { key, secret } => {
                let label = self.plans[at].account.clone();
                let created = key.created;
                let mut new = NewKey::new(session, id, change.user().into(), key.id, secret, label);
                new.created = created;
                self.key_created(new, replaces);
            }
            Changed::Done | Changed::Unsure { .. } => {
                if let Change::SetActive { key, active, .. } = change {
                    self.rotations.note_active(key, *active, id, self.now);
                    self.watched.switched(change.user(), key, *active, self.now);
                }
                let row = change.row();
                self.say(format!("{} {}", row.done, row.target));
                // What a plan deletes to make room for another key is no end.
                if here && self.plans[at].waiting().is_none() {
                    self.rotation_step_done(session.slot, change);
                }
            }
        }
        if let Change::Delete { key, .. } = change {
            self.note_deleted(key);
        }
        if let Some(Settles::Done(origin)) = self.plans[at].settles.take() {
            self.settle(&origin, "deleted");
        }
        let id = self.plans[at].id;
        match self.plans[at].waiting().cloned() {
            Some(_) if here => {
                self.send_next(id);
                return;
            }
            // It was meant for the account of then.
            Some(next) => {
                self.not_asked_for("Another session is open: this was not asked for", &next);
            }
            None => {}
        }
        self.plans.remove(at);
    }

    fn not_asked_for(&mut self, why: &str, next: &Change) {
        let row = next.row();
        let verb = row.verb.to_lowercase();
        self.complain(format!("{why}: {verb} {}", row.target));
    }

    /// Ends a plan whose step may or may not be done, and opens the question. The look asks for the
    /// keys itself.
    pub(super) fn outcome_lost(&mut self, at: usize, error: Error) -> Option<()> {
        let plan = self.plans.remove(at);
        let step = plan.current();
        let Progress::UnderWay(sent) = &step.progress else {
            return None;
        };
        let question = Question::lost(&plan, &step.change, sent, error);
        if let Some(next) = plan.waiting() {
            self.not_asked_for("This was not asked for", next);
        }
        self.open_lost(question)
    }

    fn refused(&mut self, at: usize, change: &Change, error: Error) {
        let not_found = error.kind == Kind::NotFound;
        let no_room = error.kind == Kind::Limit && matches!(change, Change::Create { .. });
        let session = self.plans[at].session;
        self.step_ended(at, Progress::Failed(error));
        self.plans[at].stage = if no_room {
            Stage::NoRoom
        } else {
            Stage::NotDone
        };
        self.something_came_up();
        let account = self.fleet.get_mut(session.slot);
        if let Some(account) = account.filter(|_| not_found) {
            if account.users.listing.is_loading() {
                // Its pages may have been made before this was gone.
                account.loader.list_again = true;
            } else {
                self.read(session.slot, Read::Users(None));
            }
        }
    }

    /// Shows what a change is known to have done, until the account has said it itself.
    pub(super) fn apply(&mut self, session: SessionId, change: &Change, changed: &Changed) {
        let now = self.now;
        let Some(account) = self.fleet.of_mut(session) else {
            return;
        };
        let users = &mut account.users;
        match (change, changed) {
            (Change::Create { user }, Changed::Created { key, .. }) => {
                users.add_key(user, AccessKey::clone(key));
            }
            (Change::SetActive { user, key, active }, _) => users.edit_keys(user, |keys| {
                for row in keys.iter_mut().filter(|row| row.key.id == *key) {
                    row.key.status = if *active {
                        KeyStatus::Active
                    } else {
                        KeyStatus::Inactive
                    };
                    row.inactive_since = (!active).then_some(now);
                }
            }),
            (Change::Delete { user, key }, _) => {
                users.edit_keys(user, |keys| keys.retain(|row| row.key.id != *key));
            }
            (Change::SetDescription { user, key, text }, _) => {
                users.set_description(user, key, text.as_deref(), now);
            }
            (Change::SetExemption { user, key, text }, _) => {
                users.set_exemption(user, key.as_deref(), text.as_deref(), now);
            }
            // What is asked for again right after it tells of these.
            (Change::Create { .. }, Changed::Done | Changed::Unsure { .. })
            | (
                Change::RevokeSessions { .. }
                | Change::LiftRevocation { .. }
                | Change::SetCredential { .. }
                | Change::DeleteCredential { .. },
                _,
            ) => {}
        }
    }

    /// A new key is there: its secret goes into the vault, and on to the destination that was chosen for
    /// it, if one was.
    fn key_created(&mut self, mut new: NewKey, replaces: Option<String>) {
        self.something_came_up();
        let (session, user, id) = (new.session, new.user.clone(), new.id.clone());
        let own = |account: &Account| {
            let keys = account.users.keys(&user).unwrap_or_default();
            keys.iter().any(|row| account.is_own(&row.key.id))
        };
        let here = self.fleet.of(session);
        new.replaces_own = here.is_some_and(own);
        new.rotating = replaces.is_some() && here.is_some();
        let here = here.is_some();
        self.vault.add(new);
        if let Some(old) = replaces {
            self.rotations.created(&id, old);
        }
        if here {
            self.store_in_chosen(session, &user, &id);
        }
    }

    /// What may be a new key has come, and something is wrong with it: its secret is held, and goes
    /// nowhere by itself.
    fn key_received(
        &mut self,
        at: usize,
        change: ChangeId,
        key: AccessKey,
        secret: SecretKey,
        error: &Error,
    ) {
        let plan = &self.plans[at];
        let (user, label) = (plan.current().change.user().into(), plan.account.clone());
        let mut new = NewKey::new(plan.session, change, user, key.id, secret, label);
        new.created = key.created;
        new.doubt = Some(error.message.clone());
        self.vault.add(new);
    }

    /// Something needs the person's attention: the program is not left before it was seen.
    pub(super) fn something_came_up(&mut self) {
        self.leaving.take_if(|leaving| leaving.waits_for_changes);
        self.scene += 1;
    }
}
