//! What is known of the open accounts, and what may be done to them: pure, and without a screen.
//!
//! An [`Intent`] is what a person wants, an [`Event`] is what has happened outside, an [`Effect`] is
//! what must be done outside, as data. [`Engine::intend`] and [`Engine::hear`] take one and give
//! back effects; [`Engine::plan_reads`] adds the reads that there is room for. Between the calls
//! everything can be looked at: a screen is drawn from it, a command prints it, and either can be
//! thrown away and made anew. What a screen has to show by itself is derived too:
//! [`Engine::needs`] lists it, and [`News`] tells what has just happened.
//!
//! It names only the standard library, `chrono`, and a short list of crates of pure data
//! (`tests/purity.rs` reads every path). The caller brings the clock.

pub mod account;
pub mod account_rules;
pub mod activity;
pub mod age;
pub mod bulk;
pub mod destination;
mod effect;
mod error;
mod event;
pub mod findings;
pub mod fleet;
pub mod impact;
mod intent;
pub mod key_id;
pub mod leak;
mod leaving;
pub mod limiter;
mod loader;
pub mod model;
mod opening;
mod plan;
mod preflight;
mod problem;
pub mod profiles;
pub mod prompt;
pub mod query;
mod request;
mod rotation;
mod search;
mod secret_key;
mod session;
pub mod stakes;
pub mod text;
pub mod unresolved;
pub mod user_tags;
pub mod vault;

pub use activity::{Activity, Entry, Outcome};
pub use bulk::{BulkAction, BulkIntent, BulkPlan};
pub use effect::{
    ChangeId, Clip, Copied, CopyOutcome, Effect, Exit, Fact, Member, NewFile, Note, Order, Origin,
    PlanJob, Portal, RequestId, SecretJob, SessionId, Slot, Target, Through, Trial,
};
pub use error::{Error, Kind, Remedy};
pub use event::{Event, Renewed, Signal, SignedIn, TrialNews};
pub use intent::Intent;
pub use key_id::KeyId;
pub use leak::LeakStep;
pub use leaving::{Leave, Obstacle};
pub use loader::{Attention, Background, Parts};
pub use opening::{
    AccountList, DEFAULT_ROLES, Listing, MoreAccounts, Wanted, is_role_name, roles_named,
};
pub use plan::{Plan, PlanId, Progress, Proposal, Stage, Step};
pub use preflight::{Difference, KeyFacts, Preflight};
pub use problem::{Offer, Problem};
pub use prompt::{Means, Prompt, PromptId, PromptNews, Reply};
pub use request::{Answer, Change, ChangeRow, Changed, REVOCATION, Read, ReadRow, Severity};
pub use rotation::{
    Blocker, Evidence, Rotated, Rotation, RotationAction, RotationStep, RotationUnderWay, WARM,
};
pub use search::{Again, KeyAccount, Search, SearchPhase, SearchWords};
pub use secret_key::SecretKey;
pub use unresolved::Resolution;
pub use vault::StoreIn;

use account_rules::AccountRules;
use chrono::{DateTime, TimeDelta, Utc};
use findings::Findings;
use fleet::Fleet;
use leaving::Leaving;
use profiles::Profiles;
use prompt::SentCodes;
use rotation::Rotations;
use std::{collections::HashMap, sync::Arc, time::Duration};
use unresolved::Questions;
use vault::Vault;

/// Stands for the endpoint where what is open is the demo account: nothing in it is real, and it is
/// no account of that ID.
pub const DEMO: &str = "demo";

/// Why a change is refused under `--read-only`.
pub const READ_ONLY: &str = "Read-only: iamkeys was started with --read-only";

/// A key used within this time counts as in use, unless the command line says otherwise.
pub const RECENT: TimeDelta = TimeDelta::days(90);

/// What was decided at the start and does not change.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// No change is proposed or sent.
    pub read_only: bool,
    /// After so many seconds a copied secret is cleared from the system's clipboard; `None` where it
    /// stays.
    pub clear_after: Option<u32>,
    /// A key used within this time counts as in use.
    pub recent: TimeDelta,
    /// What is fetched without being asked for.
    pub background: Background,
}

/// Something that has just happened, and that a person may want to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A sentence: how something went.
    Notice {
        /// What it says.
        text: String,
        /// Whether something failed or was refused.
        bad: bool,
    },
    /// A text was copied, or not, that no dialog of a new key shows.
    Copied {
        /// What it was.
        what: Copied,
        /// The key it belongs to; empty for a command.
        key: String,
        /// How it went.
        outcome: CopyOutcome,
    },
    /// The session cannot be used any more.
    Broken(Slot, Error),
    /// The search for the key that was named at the start has begun.
    SearchBegun(KeyId),
    /// The owner of the key that is searched for is known.
    OwnerFound,
    /// The keys of that owner have come: the key is among them, or it is not.
    SearchEnded {
        /// The key.
        key: KeyId,
        /// Its owner.
        user: Box<str>,
        /// Whether the key is among the owner's keys.
        found: bool,
    },
    /// No key is searched for any more: the session has ended.
    SearchDropped(Slot),
    /// A saved plan was opened.
    PlanOpened,
    /// A rotation is complete: the user has one key again.
    RotationDone {
        /// The account.
        slot: Slot,
        /// The user.
        user: Box<str>,
    },
}

/// Something that a person has to see or to decide. A screen has a dialog for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// A plan waits for an answer, or was not carried out.
    Plan(PlanId),
    /// A new key, whose secret is held until the person lets go of it.
    NewKey(String),
    /// What became of a change is not known.
    Question(Origin),
    /// An earlier run has left a plan over many keys.
    KeptPlan,
    /// Signing in needs something that only a person can give.
    Prompt(SessionId, PromptId),
}

/// The state of everything, for any number of accounts.
#[derive(Debug)]
pub struct Engine {
    /// What does not change.
    pub settings: Settings,
    /// The open accounts.
    pub fleet: Fleet,
    /// The new keys, with their secrets.
    pub vault: Vault,
    /// What was done in this run, and what failed, in whichever account.
    pub activity: Activity,
    /// What is wrong with keys, by a policy.
    pub findings: Findings,
    /// The roles that are tried in the accounts of an organisation, in this order.
    pub roles: Arc<[Box<str>]>,
    account_lists: Vec<AccountList>,
    /// The profiles of this machine, once a person wants to see them.
    pub profiles: Profiles,
    account_rules: Arc<AccountRules>,
    plans: Vec<Plan>,
    /// The plan over many keys that is open.
    bulk: Option<Box<BulkPlan>>,
    /// The plan that the present one undoes, as long as that has not begun.
    bulk_undone: Option<Box<BulkPlan>>,
    /// How saving it goes.
    bulk_saving: Option<bulk::Saving>,
    /// How opening one goes.
    bulk_opening: Option<bulk::Saving>,
    /// The plan that an earlier run has left.
    kept_plan: Option<Box<bulk::KeptPlan>>,
    /// Which plans under way are kept, so that the next run can go on with them.
    plan_keeping: bulk::Keeping,
    questions: Questions,
    rotations: Rotations,
    /// The files of evidence that this run has written, by the key that they are about.
    evidence: HashMap<Box<str>, leak::Writing>,
    /// Since when leaked keys are known to be off, and how recent what is known of their use is.
    watched: leak::Watched,
    /// The leaked key that is looked at.
    leak_open: Option<(Slot, Box<str>)>,
    search: Option<Search>,
    /// The key that is searched for as soon as an account is open: this one, or whichever is first.
    search_first: Option<(Option<Slot>, KeyId)>,
    leaving: Option<Leaving>,
    /// The codes of MFA devices that were sent in the present window.
    codes: SentCodes,
    news: Vec<News>,
    /// The damaged lines of the journal that recorded a change.
    journal_damaged: Vec<String>,
    /// What is to be done outside because of what is being taken in.
    effects: Vec<Effect>,
    scene: u64,
    last_number: u64,
    now: DateTime<Utc>,
    running: Duration,
}

impl Engine {
    /// An engine with no account open.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            fleet: Fleet::default(),
            vault: Vault::default(),
            activity: Activity::default(),
            findings: Findings::default(),
            roles: roles_named(DEFAULT_ROLES),
            account_lists: Vec::new(),
            profiles: Profiles::default(),
            account_rules: Arc::default(),
            plans: Vec::new(),
            bulk: None,
            bulk_undone: None,
            bulk_saving: None,
            bulk_opening: None,
            kept_plan: None,
            plan_keeping: bulk::Keeping::default(),
            questions: Questions::default(),
            rotations: Rotations::default(),
            evidence: HashMap::new(),
            watched: leak::Watched::default(),
            leak_open: None,
            search: None,
            search_first: None,
            leaving: None,
            codes: SentCodes::default(),
            news: Vec::new(),
            journal_damaged: Vec::new(),
            effects: Vec::new(),
            scene: 0,
            last_number: 0,
            now: DateTime::UNIX_EPOCH,
            running: Duration::ZERO,
        }
    }

    /// Opens an account in a slot of its own.
    #[must_use]
    pub fn open(&mut self, target: Target) -> (Slot, Effect) {
        let session = self.fleet.open(target.clone());
        if let Some(account) = self.fleet.get_mut(session.slot) {
            account.identity.rules = self.account_rules.clone();
        }
        (session.slot, Effect::SignIn(session, target))
    }

    /// Says what a person has said of their accounts, of those that are open too.
    pub fn use_account_rules(&mut self, rules: AccountRules) {
        self.account_rules = Arc::new(rules);
        for account in self.fleet.accounts_mut() {
            account.identity.rules = self.account_rules.clone();
        }
    }

    /// What a person has said of their accounts.
    #[must_use]
    pub fn account_rules(&self) -> &AccountRules {
        &self.account_rules
    }

    /// Notes the time: whatever comes next comes now.
    pub fn tick(&mut self, now: DateTime<Utc>) {
        self.now = now;
    }

    /// Notes how long the program has been running, by a clock that cannot be set: what must be
    /// recent is not taken for recent because the time of day was set back.
    pub fn note_running(&mut self, time: Duration) {
        self.running = time;
    }

    /// When the latest intent or event came.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Changes whenever a dialog asks something else by itself: what was drawn before is not what a
    /// key press answers.
    #[must_use]
    pub fn scene(&self) -> u64 {
        self.scene
    }

    /// What has happened since the last call, the oldest first.
    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// What a person has to see or to decide, the oldest first.
    #[must_use]
    pub fn needs(&self) -> Vec<Need> {
        // A plan over many keys answers for its steps.
        let undecided =
            |plan: &&Plan| !plan.is_under_way() && !plan.is_approved() && plan.bulk.is_none();
        let plans = self.plans.iter().filter(undecided);
        let plans = plans.map(|plan| Need::Plan(plan.id));
        let keys = self.vault.held().map(|key| Need::NewKey(key.id.clone()));
        let questions = self.questions.shown().iter().cloned().map(Need::Question);
        let accounts = self.fleet.accounts().iter();
        let prompts = accounts.filter_map(|account| {
            let prompt = account.prompt.as_ref()?;
            Some(Need::Prompt(account.session, prompt.id))
        });
        let kept = self.asks_about_kept_plan().then_some(Need::KeptPlan);
        plans
            .chain(kept)
            .chain(keys)
            .chain(questions)
            .chain(prompts)
            .collect()
    }

    /// The lists of accounts that are opened: of an organisation, of a portal.
    #[must_use]
    pub fn account_lists(&self) -> &[AccountList] {
        &self.account_lists
    }

    /// Whether something is under way, so that a spinner turns.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.fleet
            .accounts()
            .iter()
            .any(|account| account.is_moving(self.now))
            || self.under_way().next().is_some()
            || self.vault.is_busy()
            || self.is_bulk_moving()
            || self.profiles.is_loading()
    }

    /// Says which rows are being looked at, of each account that has any: they are asked for first.
    pub fn look_at(&mut self, attention: HashMap<Slot, Attention>) {
        // Of most accounts no row is looked at, and this comes with every event.
        for account in self.fleet.accounts_mut() {
            let attention = &mut account.loader.attention;
            if !attention.is_empty() {
                *attention = Attention::default();
            }
        }
        for (slot, attention) in attention {
            if let Some(account) = self.fleet.get_mut(slot) {
                account.loader.attention = attention;
            }
        }
    }

    /// The reads that there is room for, over all accounts, of each the most urgent first. The account
    /// with the fewest under way comes first, so that one that loads leaves the others their share; and
    /// those that are not open yet come before all, for of them nothing is to be seen.
    #[must_use]
    pub fn plan_reads(&mut self) -> Vec<Effect> {
        self.schedule_bulk();
        let kept = self.begin_waiting();
        let mut spare = self.fleet.spare().saturating_sub(kept);
        let accounts = self.fleet.accounts();
        // Most events come while there is no room: then few accounts are worth a look.
        let is_worth = |at: &usize| spare > 0 || accounts[*at].has_urgent_reads();
        let mut order: Vec<usize> = (0..accounts.len()).filter(is_worth).collect();
        order.sort_by_key(|at| accounts[*at].reads_under_way());
        let mut stages = accounts.iter().map(|account| &account.stage);
        let opening = stages.any(|stage| *stage == account::Stage::Waiting);
        for at in order {
            let account = &self.fleet.accounts()[at];
            let (slot, urgent) = (account.session.slot, account.has_urgent_reads());
            if spare == 0 && !urgent {
                continue;
            }
            if account.has_looks() {
                self.plan_looks(slot);
                spare = self.fleet.spare().saturating_sub(kept);
            }
            let changing = self.under_way().any(|(plan, _)| plan.session.slot == slot);
            let (background, now) = (self.settings.background, self.now);
            let (number, account) = (&mut self.last_number, &mut self.fleet.accounts_mut()[at]);
            let reads = account.plan_reads(background, changing, opening, spare, now, number);
            if !reads.is_empty() {
                self.effects.extend(reads);
                // Counted over all accounts, which costs more than to see that nothing was asked.
                spare = self.fleet.spare().saturating_sub(kept);
            }
        }
        std::mem::take(&mut self.effects)
    }

    /// Takes notice of what has happened.
    #[must_use]
    pub fn hear(&mut self, event: Event) -> Vec<Effect> {
        self.hear_all([event])
    }

    /// The same of several that have come at once, in their order. What they have touched is told of
    /// all of them together.
    #[must_use]
    pub fn hear_all(&mut self, events: impl IntoIterator<Item = Event>) -> Vec<Effect> {
        for account in self.fleet.accounts_mut() {
            account.users.forget_touched();
        }
        for event in events {
            self.take_in(event);
            self.continue_search();
        }
        self.follow_findings();
        std::mem::take(&mut self.effects)
    }

    /// `None` where an event comes too late to matter.
    fn take_in(&mut self, event: Event) -> Option<()> {
        match event {
            Event::SignedIn { session, result } => self.signed_in(session, result)?,
            Event::Prompted { session, news } => self.prompted(session, news)?,
            Event::Renewed { session, result } => self.renewed(session, result)?,
            Event::RenewedByRequest { session, renewed } => {
                self.fleet.of_mut(session)?.identity.renew(renewed);
            }
            Event::Answer {
                session,
                request,
                result,
                took,
            } => self.answered(session, request, result, took)?,
            Event::Changed {
                session,
                id,
                result,
                request_id,
                took,
            } => self.changed(session, id, result, request_id, took)?,
            Event::Tried { session, key, news } => self.tried(session, &key, news)?,
            Event::Copied { what, key, outcome } => self.copied(what, key, outcome),
            Event::ClipboardDue(key) => self.clipboard_due(key),
            Event::Cleared { key, result } => self.cleared(&key, result),
            Event::Secret { request, news } => self.heard_of_destination(request, news)?,
            Event::EvidenceWritten { key, result, took } => {
                self.evidence_written(&key, result, took);
            }
            Event::Plan(news) => self.heard_of_plans(news),
            Event::Profiles(list) => self.profiles.came(list),
            Event::Deactivated(deactivated) => self.remember_deactivated(deactivated),
            Event::Rotated(rotated) => self.rotations.remember(rotated),
            Event::Journal(Ok(left_open)) => self.remember(left_open),
            Event::Journal(Err(why)) => {
                self.complain(format!("No journal, so nothing can be changed: {why}"));
            }
            Event::JournalDamaged(lines) => {
                let more = lines.len().saturating_sub(1);
                match lines.first() {
                    Some(first) if more > 0 => self.complain(format!("{first} (and {more} more)")),
                    Some(first) => self.complain(first),
                    None => {}
                }
                self.journal_damaged = lines;
            }
            Event::NotWritten(why) => self.complain(format!(
                "The journal is not up to date, and the next start may ask about this: {why}"
            )),
            Event::TaskPanicked => self.complain(
                "A background task failed: internal error. Its report is printed when you quit",
            ),
            Event::Signal(Signal::Interrupt) => self.leave(Leave::Interrupt),
            Event::Signal(signal) => {
                self.exit(|unknown| Exit::Signal(signal.number(), unknown));
            }
            Event::InputClosed => self.exit(Exit::InputClosed),
        }
        Some(())
    }

    /// Does what a person wants, or begins to.
    #[must_use]
    pub fn intend(&mut self, intent: Intent) -> Vec<Effect> {
        self.begin(intent);
        self.continue_search();
        self.follow_findings();
        std::mem::take(&mut self.effects)
    }

    /// `None` where what is wanted cannot be done now, or is done already.
    fn begin(&mut self, intent: Intent) -> Option<()> {
        match intent {
            Intent::SignIn(slot, target) => self.sign_in(slot, target)?,
            Intent::OpenOrganisation(slot) => self.open_list(slot, Through::Role)?,
            Intent::OpenPortal(session, log_in) => self.open_portal(&session, log_in)?,
            Intent::Open(target) => {
                let (_, effect) = self.open(target);
                self.effects.push(effect);
            }
            Intent::OpenWanted(source, wanted) => {
                for wanted in wanted {
                    self.open_wanted(wanted, source, Through::Role, None);
                }
            }
            Intent::Exclude(slot, excluded) => self.fleet.get_mut(slot)?.excluded = excluded,
            Intent::TakeOut(slot) => self.take_out(slot)?,
            Intent::SignInWith(slot, target, means) => self.sign_in_with(slot, target, means)?,
            Intent::Reply(session, prompt, reply) => self.reply(session, prompt, reply)?,
            Intent::CopyAddress(session, prompt) => self.copy_address(session, prompt)?,
            Intent::ListProfiles => {
                if self.profiles.begin() {
                    self.effects.push(Effect::ListProfiles);
                }
            }
            Intent::Refresh(slot) => self.refresh(slot)?,
            Intent::Propose(slot, proposal) => {
                if let [Change::Create { user }] = &proposal.steps[..] {
                    // It is not the key of a rotation, and goes where a person says then.
                    self.rotations.end(slot, user);
                }
                self.propose(slot, proposal)?;
            }
            Intent::Send(slot, steps) => self.send(slot, steps)?,
            Intent::Approve { plan, typed } => self.approve_as_shown(plan, &typed)?,
            Intent::Withdraw(plan) => self.plan_mut(plan)?.preflight_mut()?.approved = false,
            Intent::DeactivateInstead(plan) => self.deactivate_instead(plan)?,
            Intent::Bulk(intent) => self.intend_bulk(intent)?,
            Intent::Close(plan) => {
                self.plans
                    .retain(|known| known.id != plan || known.is_under_way());
            }
            Intent::Rotate(slot, user) => self.rotate(slot, &user)?,
            Intent::RotationAction(slot, user, action) => {
                self.act_on_rotation(slot, &user, action, true)?;
            }
            Intent::ProposeRotationAction(slot, user, action) => {
                self.act_on_rotation(slot, &user, action, false)?;
            }
            Intent::OpenQuestion(origin) => {
                self.questions.show(&origin);
            }
            Intent::PutOff(origin) => self.put_off(&origin)?,
            Intent::Resolve(origin, how) => self.resolve(&origin, how)?,
            Intent::Impact { slot, user, key } => self.open_impact(slot, &user, &key)?,
            Intent::Leak { slot, user, key } => self.open_leak(slot, &user, &key)?,
            Intent::LookAtLeak { slot, user, key } => {
                self.look_at_leak_again(slot, &user, &key)?;
            }
            Intent::LeakStep(slot, user, key, step) => {
                self.act_on_leak(slot, &user, &key, step)?;
            }
            Intent::SaveEvidence {
                slot,
                user,
                key,
                path,
            } => self.save_evidence(slot, &user, &key, path)?,
            Intent::RefreshImpact { slot, user, key } => self.look_at_impact(slot, &user, &key)?,
            Intent::MoreEvents(slot, key) => self.more_events(slot, &key)?,
            Intent::SessionEvents(slot, key) => self.open_session(slot, &key)?,
            Intent::LeaveEvents(slot) => {
                self.leak_open = None;
                self.leave_events(slot)?;
            }
            Intent::Ask(slot, read) => {
                self.read(slot, read)?;
            }
            Intent::Copy { key, what } => self.copy(&key, what)?,
            Intent::CopyCommand(entry) => self.copy_command(entry)?,
            Intent::Release(key) => self.release(&key),
            Intent::HaveIt(key) => self.part_with_secret(&key, true),
            Intent::Discard(key) => self.discard(&key),
            Intent::DiscardAndDelete(key) => self.discard_and_delete(&key)?,
            Intent::ChooseDestination(store) => self.choose_destination(store)?,
            Intent::NameDestination(name) => self.name_destination(name)?,
            Intent::OtherColumns => self.other_columns(),
            Intent::OtherName => self.other_name(),
            Intent::ForgetRefusal => self.vault.choosing.as_mut()?.refused = None,
            Intent::Write => self.write()?,
            Intent::KeepSecret(key) => self.keep_secret(&key)?,
            Intent::StopChoosing => self.vault.choosing = None,
            Intent::SearchFirst(key) => self.search_first = Some((None, key)),
            Intent::Search(slot, key) => self.search_for(slot, key)?,
            Intent::OpenForSearch => self.open_for_search()?,
            Intent::GoToOwner => self.go_to_owner()?,
            Intent::EndSearch => self.search = None,
            Intent::Leave(leave) => self.leave(leave),
            Intent::LeaveNow => self.leave_now(),
            Intent::Stay => self.leaving = None,
        }
        Some(())
    }

    /// A number that no request or change of this run has had.
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn say(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.news.push(News::Notice { text, bad: false });
    }

    /// Complains of an account, which is named where there are several.
    fn complain_of(&mut self, session: SessionId, text: String) {
        let several = self.fleet.accounts().len() > 1;
        let account = self.fleet.of(session).filter(|_| several);
        self.complain(match account {
            Some(account) => format!("{}: {text}", account.label()),
            None => text,
        });
    }

    fn complain(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.news.push(News::Notice { text, bad: true });
    }
}
