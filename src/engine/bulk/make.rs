//! Plans are made of keys that a person has marked, or that another plan has deactivated.

use super::{
    BulkAccount, BulkAction, BulkId, BulkPlan, BulkStage, Entry, EntryState, HeldBack, Reviewed,
    hold::{self, Circumstances},
};
use crate::engine::{
    Engine, READ_ONLY,
    account::{Account, Known, UserRow},
    effect::Slot,
    findings::{Rule, Stays, stays},
    model::{KeyStatus, LastUsed},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

/// A key that goes into a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// Its account.
    pub slot: Slot,
    /// The user who has it.
    pub user: Box<str>,
    /// Its ID.
    pub key: Box<str>,
    /// Why it is in the plan, in words; where there are none, its findings tell, or its age and last use.
    pub why: Option<Box<str>>,
    /// It is exempt: until when and why, in words; where there are none, its exemptions tell.
    pub exempt: Option<Box<str>>,
}

/// A plan in the making.
struct Making {
    plan: BulkPlan,
    accounts: HashMap<Slot, usize>,
    seen: HashSet<(Slot, Box<str>)>,
}

impl Engine {
    /// Makes a plan of marked keys, in place of one that is not under way.
    pub(super) fn make_bulk(&mut self, action: BulkAction, keys: Vec<Marked>) -> Option<()> {
        if let Some(why) = self.why_no_room_for_bulk() {
            self.complain(why);
            return None;
        }
        if keys.is_empty() {
            return None;
        }
        let mut making = self.begin_bulk(action);
        for marked in keys {
            self.add_marked(&mut making, marked);
        }
        making.plan.hold_last_active();
        making.plan.await_exemptions();
        self.bulk = Some(Box::new(making.plan));
        self.bulk_undone = None;
        Some(())
    }

    /// Makes a plan that activates what the present one has deactivated. That one is not lost before it
    /// has begun.
    pub(super) fn undo_bulk(&mut self) -> Option<()> {
        if let Some(why) = self.why_no_undo() {
            self.complain(why);
            return None;
        }
        let done = self.bulk.take()?;
        let mut plan = self.begin_bulk(BulkAction::Activate).plan;
        plan.undoes = true;
        plan.accounts.clone_from(&done.accounts);
        for account in &mut plan.accounts {
            account.begin_anew();
        }
        for entry in done.entries.iter().filter(|entry| entry.can_undo()) {
            let open = self.open_account_of(&plan.accounts[entry.account]);
            let known = open.and_then(|account| known_key(account, &entry.user, &entry.key));
            let reviewed = known.map_or_else(
                // The plan has seen to that, and it is looked at before its step.
                || Reviewed {
                    status: KeyStatus::Inactive,
                    ..entry.reviewed.clone()
                },
                |(row, key)| Reviewed::of(row, key),
            );
            let step = BulkAction::Activate;
            let is_so = hold::is_so(step, &reviewed.status);
            let held_back = is_so.then(|| HeldBack::AlreadySo(reviewed.status.clone()));
            plan.add(Entry {
                account: entry.account,
                user: entry.user.clone(),
                key: entry.key.clone(),
                step,
                why: "deactivated by the plan".into(),
                reviewed,
                included: held_back.is_none(),
                held_back,
                also_held: Vec::new(),
                confirmed: false,
                sent_before: false,
                answer_lost: false,
                difference: None,
                state: EntryState::Pending,
            });
        }
        self.bulk = Some(Box::new(plan));
        self.bulk_undone = Some(done);
        self.find_bulk_accounts();
        Some(())
    }

    /// Why nothing can be undone now.
    fn why_no_undo(&self) -> Option<&'static str> {
        let plan = self.bulk.as_deref()?;
        if self.settings.read_only {
            Some(READ_ONLY)
        } else if plan.is_moving() {
            Some("The plan is under way: pause it first")
        } else if plan.counts.undoable == 0 {
            Some("Nothing was deactivated by this plan")
        } else if !plan.can_undo() {
            Some("The plan has keys left: finish or stop it first")
        } else {
            None
        }
    }

    /// Why no other plan can be made or opened now.
    pub(super) fn why_no_room_for_bulk(&self) -> Option<&'static str> {
        let plan = self.bulk.as_deref();
        let is_left = |plan: &&BulkPlan| plan.stage == BulkStage::Paused && plan.has_work();
        if plan.is_some_and(BulkPlan::is_moving) {
            Some("Another plan is under way")
        } else if plan.as_ref().is_some_and(is_left) {
            Some("Another plan is paused: finish or stop it first")
        } else {
            None
        }
    }

    fn begin_bulk(&mut self, action: BulkAction) -> Making {
        let id = BulkId(self.number());
        let mut callers = self.fleet.accounts().iter();
        let by = callers.find_map(|account| account.identity.caller.known());
        let by = by.map(|caller| caller.arn.clone());
        Making {
            plan: BulkPlan::new(id, action, self.now, by, self.settings.recent.num_days()),
            accounts: HashMap::new(),
            seen: HashSet::new(),
        }
    }

    /// Puts a key in, once.
    fn add_marked(&self, making: &mut Making, marked: Marked) {
        if !making.seen.insert((marked.slot, marked.key.clone())) {
            return;
        }
        let account = self.fleet.get(marked.slot);
        let plan = &mut making.plan;
        let at = *making.accounts.entry(marked.slot).or_insert_with(|| {
            plan.accounts.push(account_of(account));
            plan.accounts.len() - 1
        });
        let known = account.and_then(|account| known_key(account, &marked.user, &marked.key));
        let Some((account, (row, key))) = account.zip(known) else {
            let reviewed = Reviewed::nothing();
            making.plan.add(Entry {
                account: at,
                user: marked.user,
                key: marked.key,
                step: plan_step(making.plan.action),
                why: marked.why.unwrap_or_default(),
                reviewed,
                held_back: Some(HeldBack::Gone),
                also_held: Vec::new(),
                included: false,
                confirmed: false,
                sent_before: false,
                answer_lost: false,
                difference: None,
                state: EntryState::Pending,
            });
            return;
        };
        let reviewed = Reviewed::of(row, key);
        let step = hold::step(making.plan.action, &reviewed.status);
        let holds = match marked.exempt {
            Some(text) => {
                let here = self.circumstances(account, row, key, &reviewed, 0);
                let exempt = HeldBack::Exempt(text);
                let exempt = Some(&exempt);
                hold::holds(
                    step,
                    &reviewed,
                    Circumstances {
                        exempt,
                        ..here.of()
                    },
                )
            }
            None => self.holds_now(account, row, key, step, &reviewed, 0),
        };
        let why = marked.why.or_else(|| findings(account, row, key));
        let why = why.unwrap_or_else(|| why_of(&reviewed, self.now));
        making.plan.add(Entry {
            account: at,
            user: row.user.name.clone(),
            key: marked.key,
            step,
            why,
            reviewed,
            included: holds.is_empty(),
            held_back: holds.first().cloned(),
            also_held: holds.into_iter().skip(1).collect(),
            confirmed: false,
            sent_before: false,
            answer_lost: false,
            difference: None,
            state: EntryState::Pending,
        });
    }

    /// Everything that speaks now for leaving a key out of a plan by which a use within so many days was
    /// recent; in whichever account it is, for at least as long as this person has set.
    pub(super) fn holds_now(
        &self,
        account: &Account,
        row: &UserRow,
        key: Known<'_>,
        step: BulkAction,
        reviewed: &Reviewed,
        recent_days: i64,
    ) -> Vec<HeldBack> {
        let here = self.circumstances(account, row, key, reviewed, recent_days);
        hold::holds(step, reviewed, here.of())
    }

    fn circumstances(
        &self,
        account: &Account,
        row: &UserRow,
        key: Known<'_>,
        reviewed: &Reviewed,
        recent_days: i64,
    ) -> Here {
        let recent = self
            .settings
            .recent
            .max(TimeDelta::days(recent_days.clamp(0, 36_500)));
        let is_own = |id| account.is_own(id) || account.is_made_from(id);
        let grace = account.findings.rules().grace();
        let age = reviewed.created.map(|created| self.now - created);
        Here {
            exempt: match stays(account, row, key, self.now) {
                Stays::Exempt(it) => {
                    let words = format!("until {} {}", it.until, it.why);
                    Some(HeldBack::Exempt(words.trim_end().into()))
                }
                Stays::NotKnown => Some(HeldBack::ExemptionUnknown),
                Stays::No => None,
            },
            own: key.id().is_some_and(is_own),
            recent: match &reviewed.last_used {
                Some(LastUsed::At { time, .. }) => self.now - *time < recent,
                Some(LastUsed::Never) | None => false,
            },
            new: age.is_some_and(|age| age <= TimeDelta::days(grace.into())),
        }
    }
}

/// What holds of a key now.
struct Here {
    exempt: Option<HeldBack>,
    own: bool,
    recent: bool,
    new: bool,
}

impl Here {
    fn of(&self) -> Circumstances<'_> {
        Circumstances {
            exempt: self.exempt.as_ref(),
            own: self.own,
            recent: self.recent,
            new: self.new,
        }
    }
}

/// What is wrong with a key, the gravest first; nothing where no rule finds it.
fn findings(account: &Account, row: &UserRow, key: Known<'_>) -> Option<Box<str>> {
    let at = row.known_keys().position(|other| other.id() == key.id())?;
    let place = account.users.find(&row.user.name)?;
    let place = u32::try_from(place).ok()?;
    let found = account.findings.of(place, u16::try_from(at).ok()?);
    let mut found: Vec<&Rule> = found.collect();
    found.sort_by_key(|rule| Reverse(rule.severity));
    let titles: Vec<&str> = found.iter().map(|rule| &*rule.title).collect();
    (!titles.is_empty()).then(|| titles.join(", ").into())
}

/// What a plan does to a key that is not known.
fn plan_step(action: BulkAction) -> BulkAction {
    match action {
        BulkAction::Delete => BulkAction::Deactivate,
        action => action,
    }
}

fn account_of(account: Option<&Account>) -> BulkAccount {
    let mut of = BulkAccount::new(None, String::new(), None);
    if let Some(account) = account {
        of.open_in(account);
    }
    of
}

/// A key of a user, as far as it is known.
pub(super) fn known_key<'a>(
    account: &'a Account,
    user: &str,
    key: &str,
) -> Option<(&'a UserRow, Known<'a>)> {
    let row = account.users.get(user)?;
    let found = row.known_keys().find(|known| known.id() == Some(key))?;
    Some((row, found))
}

impl Reviewed {
    /// Of a key that is not known.
    pub(super) fn nothing() -> Self {
        Self {
            status: KeyStatus::Inactive,
            created: None,
            last_used: None,
            others: Vec::new(),
            others_active: 0,
        }
    }

    /// What is known of a key of a user.
    pub(super) fn of(row: &UserRow, key: Known<'_>) -> Self {
        let others = || row.known_keys().filter(|other| other.id() != key.id());
        Self {
            status: key.status().clone(),
            created: key.created(),
            last_used: key.last_used().cloned(),
            others: others().filter_map(|it| Some(it.id()?.into())).collect(),
            others_active: others()
                .filter(|other| *other.status() != KeyStatus::Inactive)
                .count(),
        }
    }
}

/// Why a key is in a plan, where nobody has said it and no rule finds it.
fn why_of(reviewed: &Reviewed, now: DateTime<Utc>) -> Box<str> {
    let days = |since: DateTime<Utc>| (now - since).num_days().max(0);
    let age = reviewed.created.map(days);
    match (&reviewed.last_used, age) {
        (Some(LastUsed::Never), Some(age)) => format!("never used, {age}d").into(),
        (Some(LastUsed::Never), None) => "never used".into(),
        (Some(LastUsed::At { time, .. }), _) => match days(*time) {
            0 => "used today".into(),
            days => format!("unused for {days}d").into(),
        },
        (None, Some(age)) => format!("{age}d old").into(),
        (None, None) => "".into(),
    }
}
