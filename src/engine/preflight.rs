//! The look at the account before a change. It is taken the moment a plan is proposed, and once more
//! when it is approved late: what is shown may be hours old, and the person decides by it.

use super::{
    Engine, READ_ONLY,
    account::{Account, KeyRow, Load, is_trial},
    effect::{RequestId, SessionId, Slot},
    error::{Error, Kind},
    impact::{Credential, NamedPolicy},
    model::{KeyStatus, LastUsed},
    plan::{Plan, PlanId, Proposal, Stage},
    request::{Change, REVOCATION, Read},
    rotation::WARM,
    unresolved::Settles,
    vault::{Kept, NewKey},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// A look at the account is as good as new for this long.
const FRESH: Duration = Duration::from_secs(1);

/// How many characters of a key ID are typed to confirm what is hard to undo.
const TYPED: usize = 4;

/// What a look at the account has shown of a proposed plan.
#[derive(Debug, Default)]
pub struct Preflight {
    /// What is known of the key that can be harmed; `None` where no key can.
    pub key: Option<KeyFacts>,
    /// The request for the user's keys, or for what else is changed, if that is not answered yet.
    keys: Option<RequestId>,
    /// The request for the last use of the key, if that is not answered yet.
    last_used: Option<RequestId>,
    /// The request for the user's tags, which may exempt the key, if that is not answered yet.
    tags: Option<RequestId>,
    /// Why the tags were not told.
    pub(super) tags_failed: Option<Error>,
    /// The IDs of the user's keys when the look began, where they were known.
    before: Option<Vec<String>>,
    /// The other credential that is changed, as it was when the look began; `Some(None)` where it was
    /// known not to be there.
    #[allow(
        clippy::option_option,
        reason = "to be known not to be there is an answer"
    )]
    credential: Option<Option<Credential>>,
    /// The policy that is put or removed, in the same way: what it said.
    #[allow(
        clippy::option_option,
        reason = "to be known not to be there is an answer"
    )]
    policy: Option<Option<Box<str>>>,
    /// The account could not be looked at.
    pub failed: Option<Error>,
    /// What is different from what was known: it has to be read before it is answered.
    pub difference: Option<Difference>,
    /// When the look was over.
    looked: Option<Moment>,
    /// It was approved before the look was over: that counts if nothing turns out different.
    pub approved: bool,
    /// The end of the key ID that has to be typed, where pressing a key is too easy.
    pub typed: Option<String>,
    /// Counts how often the person was asked anew: an answer to the question before is none to this
    /// one.
    pub asked: u32,
}

/// What the account says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its status.
    pub status: KeyStatus,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// When it was last used, as far as that is known.
    pub last_used: Load<LastUsed>,
    /// It is the key that this session is signed in with.
    pub own: bool,
    /// How many other keys of the user are active.
    pub others_active: usize,
}

/// What has changed since the plan was proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The key or its user no longer exists.
    NotFound,
    /// Another session is open now.
    OtherSession,
    /// The key has another status now; this was the one known before.
    Status(KeyStatus),
    /// The key has been used, and had not been for long.
    Used,
    /// Keys have appeared.
    Appeared(Vec<String>),
    /// The last use could be told before and cannot be told now.
    UseUnknown,
    /// No other key of the user is active any more.
    NoOther,
    /// The policy that revokes the user's sessions has come, gone, or says something else now.
    Policy,
}

/// A point in time by both clocks.
#[derive(Clone, Copy, Debug)]
struct Moment {
    time: DateTime<Utc>,
    running: Duration,
}

impl Moment {
    /// Whether less than `limit` has passed since then, by either clock: the time of day may have
    /// been set back since, and the other clock stands still while the machine sleeps.
    fn is_within(self, limit: Duration, since: Self) -> bool {
        let by_day = (self.time - since.time).to_std();
        let by_run = self.running.checked_sub(since.running);
        by_day.is_ok_and(|age| age < limit) && by_run.is_some_and(|age| age < limit)
    }
}

impl Preflight {
    /// Whether the account is being looked at.
    #[must_use]
    pub fn is_looking(&self) -> bool {
        self.keys.is_some() || self.last_used.is_some() || self.tags.is_some()
    }

    /// Whether there is nothing left to be done.
    #[must_use]
    pub fn is_void(&self) -> bool {
        matches!(
            self.difference,
            Some(Difference::NotFound | Difference::OtherSession)
        )
    }

    /// Whether this is all that has to be typed to approve.
    #[must_use]
    pub fn accepts(&self, typed: &str) -> bool {
        !self.is_void()
            && self
                .typed
                .as_ref()
                .is_none_or(|wanted| typed.eq_ignore_ascii_case(wanted))
    }

    /// Whether the look is over, and so recent that it still holds.
    fn holds(&self, now: Moment) -> bool {
        self.failed.is_some()
            || self
                .looked
                .is_some_and(|looked| now.is_within(FRESH, looked))
    }

    fn ask_anew(&mut self) {
        self.approved = false;
        self.asked += 1;
    }
}

impl Engine {
    fn moment(&self) -> Moment {
        Moment {
            time: self.now,
            running: self.running,
        }
    }

    /// Makes a plan of a proposal, and looks at the account meanwhile. Where it is known that there
    /// is no room for the key that would be created, that is said instead.
    pub(super) fn propose(&mut self, slot: Slot, proposal: Proposal) -> Option<PlanId> {
        if self.settings.read_only {
            self.complain(READ_ONLY);
            return None;
        }
        let change = proposal.steps.first()?;
        if is_full(self.fleet.get(slot)?, change) {
            self.add_plan(slot, proposal, Stage::NoRoom)?;
            return None;
        }
        let id = self.add_plan(slot, proposal, Stage::Proposed(Box::default()))?;
        self.look(id);
        Some(id)
    }

    /// Looks at the account for a proposed plan.
    pub(super) fn look(&mut self, id: PlanId) -> Option<()> {
        let plan = self.plan(id)?;
        let (session, user) = (plan.session, Box::<str>::from(plan.user()));
        let key = plan.at_risk().map(str::to_owned);
        let account = self.fleet.of(session)?;
        let before = account.key_ids(&user);
        let credential = credential(account, plan.first()).map(Option::<&Credential>::cloned);
        let policy = policy(account, plan.first());
        let policy = policy.map(|known| known.and_then(|policy| policy.document.clone()));
        let facts = key.as_ref().and_then(|key| facts(account, &user, key));
        let first = plan.first().looked_at_by();
        let keys = self.read(session.slot, first);
        // What a person decides by hand is seen by that person; a plan over many keys sees to it itself.
        let tags = self.bulk_asks_tags(id).then(|| Read::Tags(user.clone()));
        let tags = tags.and_then(|tags| self.read(session.slot, tags));
        let last_used = key.and_then(|key| self.read(session.slot, Read::LastUsed(user, key)));
        let preflight = self.plan_mut(id)?.preflight_mut()?;
        preflight.before = before;
        preflight.credential = credential;
        preflight.policy = policy;
        preflight.keys = keys;
        preflight.last_used = last_used;
        preflight.tags = tags;
        preflight.tags_failed = None;
        preflight.difference = None;
        if preflight.key.is_none() {
            preflight.key = facts;
        }
        self.set_typed(id)
    }

    /// Decides whether something has to be typed: where what is taken away may be in use, or is
    /// what this session is signed in with.
    fn set_typed(&mut self, id: PlanId) -> Option<()> {
        let plan = self.plan(id)?;
        let (key, preflight) = (plan.at_risk()?, plan.preflight()?);
        let account = self.fleet.of(plan.session);
        let own = account.is_some_and(|it| it.is_own(key) || it.is_made_from(key));
        let deletes = plan.deletes();
        // A key whose secret is lost is active, and harms no one as long as it was never used.
        // So does one whose secret had gone nowhere before it was discarded, or is discarded with it.
        let goes_with_it = |key: &NewKey| key.is_held() && key.kept() == Kept::Nowhere;
        let untouched =
            |key: &NewKey| (key.discarded || goes_with_it(key)) && key.copied.is_empty();
        let discarded = self.vault.key(key).is_some_and(untouched);
        let orphan = discarded || matches!(plan.settles, Some(Settles::Done(_)));
        let in_use = preflight.key.as_ref().is_none_or(|facts| {
            // It was there just now, and no one else had its secret.
            let unknown = discarded && facts.last_used.known().is_none();
            let used = !unknown && self.is_recent(&facts.last_used);
            used || (facts.status != KeyStatus::Inactive && !orphan)
        });
        let takes_away = plan.most_destructive().takes_away();
        let must = (own && takes_away) || (deletes && in_use);
        let skip = key.chars().count().saturating_sub(TYPED);
        let typed = must.then(|| key.chars().skip(skip).collect());
        self.plan_mut(id)?.preflight_mut()?.typed = typed;
        Some(())
    }

    /// Whether a key was used recently, as far as that can be told: what is not known counts.
    #[must_use]
    pub fn is_recent(&self, last_used: &Load<LastUsed>) -> bool {
        self.was_used_within(self.settings.recent, last_used)
    }

    pub(super) fn was_used_within(&self, time: TimeDelta, last_used: &Load<LastUsed>) -> bool {
        match last_used.known() {
            Some(LastUsed::Never) => false,
            Some(LastUsed::At { time: at, .. }) => self.now - *at < time,
            None => true,
        }
    }

    /// Turns a plan that deletes a key into one that deactivates the same key.
    pub(super) fn deactivate_instead(&mut self, id: PlanId) -> Option<()> {
        let plan = self.plan_mut(id)?;
        let Stage::Proposed(preflight) = &mut plan.stage else {
            return None;
        };
        let inactive = |facts: &KeyFacts| facts.status == KeyStatus::Inactive;
        if let [step] = &mut plan.steps[..]
            && let Change::Delete { user, key } = &step.change
            && !preflight.key.as_ref().is_none_or(inactive)
        {
            step.change = Change::SetActive {
                user: user.clone(),
                key: key.clone(),
                active: false,
            };
            preflight.approved = false;
            self.set_typed(id)?;
        }
        Some(())
    }

    /// Takes an approval: sends the plan, or waits for the look at the account to end.
    pub(super) fn approve(&mut self, id: PlanId, typed: &str) -> Option<()> {
        let now = self.moment();
        let preflight = self.plan_mut(id)?.preflight_mut()?;
        if !preflight.accepts(typed) {
            return None;
        }
        if !preflight.is_looking() && preflight.holds(now) {
            return self.send_next(id);
        }
        preflight.approved = true;
        if !preflight.is_looking() {
            // It was read for long, or the person has been away: it is looked at once more.
            self.look(id)?;
        }
        Some(())
    }

    /// Takes every approval back that waits for a look: a person who wants to leave is not waiting
    /// for it any more.
    pub(super) fn withdraw_all(&mut self) {
        for preflight in self.plans.iter_mut().filter_map(Plan::preflight_mut) {
            preflight.approved = false;
        }
    }

    /// Makes every proposal of a session void: that session is over.
    pub(super) fn void_proposals(&mut self, session: SessionId) {
        self.bulk_session_left(session);
        let plans = self.plans.iter_mut();
        let plans = plans.filter(|plan| plan.session == session);
        for preflight in plans.filter_map(Plan::preflight_mut) {
            *preflight = Preflight {
                key: preflight.key.take(),
                typed: preflight.typed.take(),
                asked: preflight.asked,
                difference: Some(Difference::OtherSession),
                ..Preflight::default()
            };
            preflight.ask_anew();
        }
        self.scene += 1;
    }

    /// Takes an answer for the looks that wait for it. An approval given before counts now, if
    /// nothing has turned out different.
    pub(super) fn preflights_hear(
        &mut self,
        session: SessionId,
        request: RequestId,
        read: &Read,
        failure: Option<&Error>,
    ) -> Option<()> {
        let account = self.fleet.of(session)?;
        if account.loader.is_superseded(request, read) {
            return None;
        }
        let (user, key) = match read {
            Read::Keys(user) => (user, None),
            Read::LastUsed(user, key) => (user, Some(key.as_str())),
            Read::Permissions(user) | Read::OtherCredentials(user) | Read::Tags(user) => {
                (user, None)
            }
            _ => return None,
        };
        let mut answered = Vec::new();
        for plan in self.plans.iter_mut().filter(|plan| plan.session == session) {
            let is_tags = matches!(read, Read::Tags(_));
            let is_key = match key {
                None => is_tags || plan.first().looked_at_by().is_kind_of(read),
                Some(_) => plan.at_risk() == key,
            };
            let is_it = is_key && plan.user().eq_ignore_ascii_case(user);
            let id = plan.id;
            let waits = plan.preflight_mut().map(|preflight| match key {
                None if is_tags => &mut preflight.tags,
                None => &mut preflight.keys,
                Some(_) => &mut preflight.last_used,
            });
            let waits = waits.filter(|_| is_it);
            if waits.is_some_and(|it| it.take_if(|asked| request >= *asked).is_some()) {
                answered.push(id);
            }
        }
        for id in answered {
            self.looked(id, failure);
        }
        Some(())
    }

    /// A read of the look for a plan was answered: takes what it shows, and sends the plan if it was
    /// approved and is still the same.
    fn looked(&mut self, id: PlanId, failure: Option<&Error>) -> Option<()> {
        let now = self.moment();
        let is_bulk = self.plan(id)?.bulk.is_some();
        let preflight = self.plan_mut(id)?.preflight_mut()?;
        match failure {
            Some(error) if error.kind == Kind::NotFound => {
                preflight.difference = Some(Difference::NotFound);
            }
            Some(error) if is_bulk && error.action == "iam:ListUserTags" => {
                preflight.tags_failed = Some(error.clone());
            }
            // That a last use cannot be told is a fact like any other.
            Some(error) if error.action != "iam:GetAccessKeyLastUsed" => {
                preflight.failed = Some(error.clone());
            }
            _ => {}
        }
        if preflight.is_looking() {
            return None;
        }
        preflight.looked = Some(now);
        if is_bulk {
            return self.bulk_looked(id);
        }
        let plan = self.plan(id)?;
        let account = self.fleet.of(plan.session);
        let unseen = account.and_then(|account| unseen(account, plan.first()));
        if let Some(error) = unseen {
            let preflight = self.plan_mut(id)?.preflight_mut()?;
            preflight.failed.get_or_insert(error);
        }
        let plan = self.plan(id)?;
        let account = self.fleet.of(plan.session);
        if account.is_some_and(|account| is_full(account, plan.first())) {
            self.scene += 1;
            self.plan_mut(id)?.stage = Stage::NoRoom;
            return None;
        }
        let same = self.compare(id) == Some(true);
        let preflight = self.plan_mut(id)?.preflight_mut()?;
        if same && preflight.approved {
            return self.send_next(id);
        }
        preflight.approved = false;
        if !same {
            self.scene += 1;
        }
        Some(())
    }

    /// Compares what the account says now with what was known; says whether an approval that was
    /// given before still answers the same question.
    fn compare(&mut self, id: PlanId) -> Option<bool> {
        let plan = self.plan(id)?;
        let preflight = plan.preflight()?;
        let account = self.fleet.of(plan.session)?;
        let key = plan.at_risk();
        let now = key.and_then(|key| facts(account, plan.user(), key));
        let mut difference = preflight.difference.clone();
        if preflight.failed.is_none() && difference.is_none() {
            difference = self.difference(account, plan, preflight, now.as_ref());
        }
        let typed = preflight.typed.is_some();
        let preflight = self.plan_mut(id)?.preflight_mut()?;
        preflight.difference = difference;
        if now.is_some() {
            preflight.key = now;
        }
        self.set_typed(id);
        let preflight = self.plan_mut(id)?.preflight_mut()?;
        let same = typed == preflight.typed.is_some()
            && preflight.difference.is_none()
            && preflight.failed.is_none();
        if !same {
            preflight.ask_anew();
        }
        Some(same)
    }

    /// What is different from what was known, if it matters.
    fn difference(
        &self,
        account: &Account,
        plan: &Plan,
        preflight: &Preflight,
        now: Option<&KeyFacts>,
    ) -> Option<Difference> {
        match (&preflight.key, now) {
            (_, None) if plan.at_risk().is_some() => {
                // Where the user's keys are not known, nor is it that the key is gone.
                let known = match account.users.get(plan.user()) {
                    Some(row) => row.keys.is_ready(),
                    None => account.users.is_complete(),
                };
                known.then_some(Difference::NotFound)
            }
            (Some(before), Some(now)) => {
                let unknown = before.last_used.known().is_some() && now.last_used.error().is_some();
                let used_within = |time| {
                    let within = |facts: &KeyFacts| self.was_used_within(time, &facts.last_used);
                    within(now) && !within(before)
                };
                // A rotation tells a key that was in use this week from one that was not.
                let used = used_within(self.settings.recent)
                    || (plan.rotation.is_some() && used_within(WARM));
                let alone = now.others_active == 0 && before.others_active > 0;
                if before.status != now.status {
                    Some(Difference::Status(before.status.clone()))
                } else if unknown {
                    Some(Difference::UseUnknown)
                } else if used && !is_trial(&now.last_used, now.created) {
                    Some(Difference::Used)
                } else {
                    let stops = alone && plan.most_destructive().takes_away();
                    stops.then_some(Difference::NoOther)
                }
            }
            (None, None) if plan.first().is_of_credential() => {
                let now = credential(account, plan.first())?;
                let before = preflight.credential.as_ref().map(Option::as_ref);
                match (before, now) {
                    (_, None) => Some(Difference::NotFound),
                    (Some(Some(before)), Some(now)) if before.active != now.active => {
                        Some(Difference::Status(before.status()))
                    }
                    _ => None,
                }
            }
            (None, None) if !matches!(plan.first(), Change::Create { .. }) => {
                let now = policy(account, plan.first())?;
                let lifts = matches!(plan.first(), Change::LiftRevocation { .. });
                let said = now.map(|policy| policy.document.as_deref());
                match &preflight.policy {
                    _ if lifts && now.is_none() => Some(Difference::NotFound),
                    Some(before) if before.as_deref() != said.flatten() => Some(Difference::Policy),
                    _ => None,
                }
            }
            (None, None) => {
                let before = preflight.before.as_ref()?;
                let mut new = account.key_ids(plan.user())?;
                new.retain(|id| !before.contains(id));
                (!new.is_empty()).then_some(Difference::Appeared(new))
            }
            _ => None,
        }
    }
}

/// Whether there is no room for the key that a change would create.
fn is_full(account: &Account, change: &Change) -> bool {
    let Change::Create { user } = change else {
        return false;
    };
    let count = account.users.keys(user).map(<[KeyRow]>::len);
    count.is_some_and(|count| count >= account.identity.keys_per_user())
}

/// What is known of the other credential that a change is about: `None` where it is not known, or the
/// change is about none.
#[allow(
    clippy::option_option,
    reason = "to be known not to be there is an answer"
)]
fn credential<'a>(account: &'a Account, change: &Change) -> Option<Option<&'a Credential>> {
    let (Change::SetCredential { user, kind, id, .. }
    | Change::DeleteCredential { user, kind, id }) = change
    else {
        return None;
    };
    let known = account.impacts.user(user)?.credentials.known()?;
    let found = known.get(kind, id);
    (found.is_some() || known.knows(kind)).then_some(found)
}

/// What is known of the policy that a change puts or removes, in the same way.
#[allow(
    clippy::option_option,
    reason = "to be known not to be there is an answer"
)]
fn policy<'a>(account: &'a Account, change: &Change) -> Option<Option<&'a NamedPolicy>> {
    let (Change::RevokeSessions { user, .. } | Change::LiftRevocation { user }) = change else {
        return None;
    };
    let known = account.impacts.user(user)?.permissions.known()?;
    let found = known.own_inline(REVOCATION);
    (found.is_some() || known.knows_own_inline()).then_some(found)
}

/// Why a look that was answered has not shown what a change is about: a read of several parts succeeds
/// where some of them are refused.
fn unseen(account: &Account, change: &Change) -> Option<Error> {
    let user = account.impacts.user(change.user());
    let of = |missing: &[Error], action| {
        let refused = missing.iter().find(|error| error.action == action);
        refused.cloned().unwrap_or_else(|| Error {
            action,
            kind: Kind::InvalidResponse,
            code: None,
            message: "AWS has not told it".into(),
            request_id: None,
        })
    };
    match change {
        Change::SetCredential { kind, .. } | Change::DeleteCredential { kind, .. }
            if credential(account, change).is_none() =>
        {
            let load = user.map(|user| &user.credentials);
            let missing = load.and_then(|load| load.known()).map(|it| &it.missing[..]);
            let error = load.and_then(Load::error).cloned();
            Some(error.unwrap_or_else(|| of(missing.unwrap_or_default(), kind.list_action())))
        }
        Change::RevokeSessions { .. } | Change::LiftRevocation { .. } => {
            let action = match policy(account, change) {
                None => "iam:ListUserPolicies",
                // It is there, and nobody has seen what it says.
                Some(Some(found)) if found.document.is_none() => "iam:GetUserPolicy",
                Some(_) => return None,
            };
            let load = user.map(|user| &user.permissions);
            let missing = load.and_then(|load| load.known()).map(|it| &it.missing[..]);
            let error = load.and_then(Load::error).cloned();
            Some(error.unwrap_or_else(|| of(missing.unwrap_or_default(), action)))
        }
        _ => None,
    }
}

/// What is known of a key.
fn facts(account: &Account, user: &str, key: &str) -> Option<KeyFacts> {
    let rows = account.users.keys(user)?;
    let row = rows.iter().find(|row| row.key.id == key)?;
    let active = |row: &&KeyRow| row.key.status != KeyStatus::Inactive;
    Some(KeyFacts {
        status: row.key.status.clone(),
        created: row.key.created,
        last_used: row.last_used.clone(),
        own: account.is_own(key),
        others_active: rows.iter().filter(active).count() - usize::from(active(&row)),
    })
}
