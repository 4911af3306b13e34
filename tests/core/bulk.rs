//! Plans over many keys: what is held back, what is skipped, what an account that fails does to the
//! others, and what no order of answers brings about. The accounts are made up here, and answer what
//! they are asked.

use super::desk::now;
use chrono::{DateTime, TimeDelta, Utc};
use iamkeys::engine::{
    Answer, Background, Change, ChangeId, Changed, Effect, Engine, Error, Event, Exit, Intent,
    Kind, Leave, Need, News, Obstacle, Origin, PlanJob, READ_ONLY, RECENT, Read, Resolution,
    SessionId, Settings, SignedIn, Slot, Target,
    bulk::{
        AT_ONCE, BulkAction, BulkIntent, BulkPlan, BulkStage, BulkTally, Document, Entry,
        EntryState, HeldBack, Keeping, KeptStep, Marked, Paused, PlanNews, Saving, Skipped,
    },
    findings::{ConfigExemption, Exemption, Policy},
    model::{
        AccessKey, AccountsPage, Caller, KeyStatus, LastUsed, Report, Summary, User, UsersPage,
    },
    user_tags::UserTags,
};
use proptest::prelude::*;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

/// A key of a made-up account.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    id: String,
    active: bool,
    age: i64,
    /// Days since its last use.
    used: Option<i64>,
}

fn key(id: &str, active: bool, age: i64, used: Option<i64>) -> Key {
    Key {
        id: id.into(),
        active,
        age,
        used,
    }
}

/// The users of an account, in the order of their names.
type Users = Vec<(String, Vec<Key>)>;

/// Made-up accounts, and the engine that has them open.
struct World {
    engine: Engine,
    accounts: Vec<Users>,
    /// The answers of the next changes to these keys, in their order; what is not named is done.
    faults: HashMap<String, VecDeque<Kind>>,
    /// The same of the next questions which keys a user has.
    look_faults: HashMap<String, VecDeque<Kind>>,
    effects: VecDeque<Effect>,
    /// Every change that was sent.
    sent: Vec<(Slot, Change)>,
    under_way: Vec<(SessionId, ChangeId, Change)>,
    /// What was to be done with plans in files.
    plan_jobs: Vec<String>,
    /// What becomes known of a plan that is to be kept, at once; nothing yet, where there is none.
    keeping: Option<PlanNews>,
    most_under_way: usize,
    /// What users' tags say of exemptions, by the users.
    exempt: HashMap<String, String>,
    /// Why tags are not told.
    tag_fault: Option<Kind>,
    /// The keys that are done, or may be, by the plan of now: none of them is sent again.
    over: HashSet<String>,
    sends_once: bool,
    /// The keys whose status someone else has set.
    touched: HashSet<String>,
    clock: DateTime<Utc>,
}

fn failed(action: &'static str, kind: Kind) -> Error {
    Error {
        action,
        kind,
        code: Some(format!("{kind:?}")),
        message: "some message".into(),
        request_id: None,
    }
}

impl World {
    fn new(accounts: Vec<Users>) -> Self {
        Self::with(accounts, "acme")
    }

    /// Accounts whose aliases begin like this, everything in them loaded.
    fn with(accounts: Vec<Users>, alias: &str) -> Self {
        let engine = Engine::new(Settings {
            read_only: false,
            clear_after: None,
            recent: RECENT,
            background: Background::All,
        });
        let mut world = Self {
            engine,
            faults: HashMap::new(),
            look_faults: HashMap::new(),
            effects: VecDeque::new(),
            sent: Vec::new(),
            under_way: Vec::new(),
            plan_jobs: Vec::new(),
            keeping: Some(PlanNews::IsKept),
            most_under_way: 0,
            exempt: HashMap::new(),
            tag_fault: None,
            over: HashSet::new(),
            sends_once: false,
            touched: HashSet::new(),
            clock: now(),
            accounts,
        };
        for at in 0..world.accounts.len() {
            world.engine.tick(world.clock);
            let (slot, _) = world.engine.open(Target::Ambient);
            world.signed_in(slot, at, &format!("{alias}-{at}"));
        }
        world
    }

    /// A slot is signed in to, in the account of this number; what that begins is done.
    fn signed_in(&mut self, slot: Slot, number: usize, alias: &str) {
        self.sign_in(slot, number);
        self.run_with_alias(alias);
    }

    /// A slot is signed in to, in the account of this number; what that begins is to be done.
    fn sign_in(&mut self, slot: Slot, number: usize) {
        let session = self.engine.fleet[slot].session;
        let result = Ok(Box::new(SignedIn {
            key: format!("AKIASESSION{number:05}EXAMP"),
            caller: Some(Caller {
                account: format!("{:012}", number + 1),
                arn: format!("arn:aws:iam::{:012}:user/admin", number + 1),
            }),
            ..SignedIn::default()
        }));
        self.hear(Event::SignedIn { session, result });
    }

    /// Another account is opened beside the others.
    fn open_another(&mut self, users: Users) {
        let number = self.accounts.len();
        self.accounts.push(users);
        let (slot, effects) = self.engine.open(Target::Ambient);
        self.effects.push_back(effects);
        self.signed_in(slot, number, &format!("acme-{number}"));
    }

    /// A slot is signed in to anew, in the account of this number: these are the users there.
    fn switch(&mut self, slot: Slot, number: usize, users: Users) {
        let effects = self.engine.intend(Intent::SignIn(slot, Target::Ambient));
        self.effects.extend(effects);
        self.accounts[usize::from(slot.0)] = users;
        self.signed_in(slot, number, &format!("acme-{number}"));
    }

    fn run_with_alias(&mut self, alias: &str) {
        while let Some(effect) = self.effects.pop_front() {
            if let Effect::Read(session, request, Read::Alias) = effect {
                let result = Ok(Answer::Alias(Some(alias.to_owned())));
                self.hear(Event::Answer {
                    session,
                    request,
                    result,
                    took: Duration::from_millis(50),
                });
            } else {
                self.take(effect);
            }
        }
    }

    fn hear(&mut self, event: Event) {
        self.engine.tick(self.clock);
        let effects = self.engine.hear(event);
        self.effects.extend(effects);
        let reads = self.engine.plan_reads();
        self.effects.extend(reads);
    }

    fn intend(&mut self, intent: BulkIntent) {
        self.engine.tick(self.clock);
        let effects = self.engine.intend(Intent::Bulk(intent));
        self.effects.extend(effects);
        let reads = self.engine.plan_reads();
        self.effects.extend(reads);
    }

    /// Some time goes by.
    fn wait(&mut self, milliseconds: i64) {
        self.clock += TimeDelta::milliseconds(milliseconds);
        self.engine.tick(self.clock);
        let reads = self.engine.plan_reads();
        self.effects.extend(reads);
    }

    fn users(&mut self, slot: Slot) -> &mut Users {
        &mut self.accounts[usize::from(slot.0)]
    }

    fn answer(&mut self, slot: Slot, read: &Read) -> Result<Answer, Error> {
        if let Read::Keys(user) = read
            && let Some(kind) = self
                .look_faults
                .get_mut(&**user)
                .and_then(VecDeque::pop_front)
        {
            return Err(failed("iam:ListAccessKeys", kind));
        }
        let users = self.users(slot);
        let keys = |name: &str| {
            let found = users.iter().find(|(user, _)| user == name);
            found.map(|(_, keys)| keys.clone()).unwrap_or_default()
        };
        Ok(match read {
            Read::Users(_) => Answer::Users(UsersPage {
                users: users
                    .iter()
                    .map(|(name, _)| User {
                        name: name.as_str().into(),
                        path: "/".into(),
                        created: now() - TimeDelta::days(1000),
                    })
                    .collect(),
                next: None,
            }),
            Read::Keys(user) => Answer::Keys(
                keys(user)
                    .into_iter()
                    .map(|key| AccessKey {
                        id: key.id,
                        status: if key.active {
                            KeyStatus::Active
                        } else {
                            KeyStatus::Inactive
                        },
                        created: Some(now() - TimeDelta::days(key.age)),
                    })
                    .collect(),
            ),
            Read::LastUsed(user, id) => {
                let found = keys(user).into_iter().find(|key| key.id == *id);
                match found {
                    None => return Err(failed("iam:GetAccessKeyLastUsed", Kind::Denied)),
                    Some(Key { used: None, .. }) => Answer::LastUsed(LastUsed::Never),
                    Some(Key {
                        used: Some(days), ..
                    }) => Answer::LastUsed(LastUsed::At {
                        time: now() - TimeDelta::days(days),
                        service: None,
                        region: None,
                    }),
                }
            }
            Read::Tags(user) => {
                if let Some(kind) = self.tag_fault {
                    return Err(failed("iam:ListUserTags", kind));
                }
                let text = self.exempt.get(&**user).cloned();
                let tag = text.map(|text| ("iamkeys:exempt".to_owned(), text));
                Answer::Tags(UserTags::read(tag, Into::into))
            }
            Read::Summary => Answer::Summary(Summary::default()),
            Read::Report => Answer::Report(Box::new(Report {
                generated: now(),
                root: None,
                users: Vec::new(),
            })),
            Read::Accounts(_) => Answer::Accounts(AccountsPage::default()),
            read => return Err(failed(read.row().action, Kind::Denied)),
        })
    }

    /// Carries an effect out; a change stays under way.
    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Read(session, request, read) => {
                let result = self.answer(session.slot, &read);
                self.hear(Event::Answer {
                    session,
                    request,
                    result,
                    took: Duration::from_millis(50),
                });
            }
            Effect::Change(session, order) => {
                let key = order.change.key().unwrap_or_default();
                assert!(
                    !self.sends_once || !self.over.contains(key),
                    "{key} is sent again"
                );
                self.sent.push((session.slot, order.change.clone()));
                self.under_way.push((session, order.id, order.change));
                self.most_under_way = self.most_under_way.max(self.under_way.len());
                let of_account = |slot: Slot| {
                    let here = self.under_way.iter();
                    here.filter(|(session, ..)| session.slot == slot).count()
                };
                assert_eq!(of_account(session.slot), 1, "one at a time in an account");
            }
            Effect::Plan(PlanJob::Keep(document, done)) => {
                let keys = document.keys.len();
                self.plan_jobs.push(match done.len() {
                    0 => format!("keep {keys}"),
                    done => format!("keep {keys}, {done} done"),
                });
                if let Some(answer) = self.keeping.clone() {
                    self.hear(Event::Plan(answer));
                }
            }
            Effect::Plan(PlanJob::Done(step)) => self.plan_jobs.push(format!("done {}", step.key)),
            Effect::Plan(PlanJob::Forget) => self.plan_jobs.push("forget".into()),
            Effect::Plan(PlanJob::ForgetLeft) => self.plan_jobs.push("forget what was left".into()),
            _ => {}
        }
    }

    /// Everything but changes is answered.
    fn look(&mut self) {
        while let Some(effect) = self.effects.pop_front() {
            self.take(effect);
        }
    }

    /// The account answers the change that was sent first, or the one at this place.
    fn answer_change(&mut self, at: usize) {
        let (session, id, change) = self.under_way.remove(at);
        let of_key = change.key().unwrap_or_default().to_owned();
        let fault = self.faults.get_mut(&of_key).and_then(VecDeque::pop_front);
        let lost = fault.is_some_and(|kind| failed("iam", kind).outcome_unknown());
        let mut result = match fault {
            Some(kind) => Err(failed(change.action(), kind)),
            None => Ok(Changed::Done),
        };
        if fault.is_none() || lost {
            let user = change.user().to_owned();
            let users = self.users(session.slot);
            let keys = users.iter_mut().find(|(name, _)| *name == user);
            let keys = &mut keys.expect("the user is there").1;
            match &change {
                _ if !keys.iter().any(|key| key.id == of_key) => {
                    result = Err(failed(change.action(), Kind::NotFound));
                }
                Change::SetActive { active, .. } => {
                    for key in keys.iter_mut().filter(|key| key.id == of_key) {
                        key.active = *active;
                    }
                }
                Change::Delete { .. } => {
                    let status = keys.iter().find(|key| key.id == of_key);
                    assert!(!status.unwrap().active, "an Active key is deleted");
                    keys.retain(|key| key.id != of_key);
                }
                _ => panic!("{change:?}"),
            }
        }
        if lost || result.is_ok() {
            self.over.insert(of_key);
        }
        self.hear(Event::Changed {
            session,
            id,
            result,
            request_id: None,
            took: Duration::from_millis(50),
        });
        self.look();
    }

    /// Everything is answered until the plan goes no further.
    fn run(&mut self) {
        self.look();
        for _ in 0..100_000 {
            if !self.under_way.is_empty() {
                self.answer_change(0);
            } else if self.engine.bulk().is_some_and(BulkPlan::is_moving) {
                self.wait(250);
                self.look();
            } else {
                return;
            }
        }
        panic!("it never ends: {:?}", self.plan().tally());
    }

    fn marked(&self) -> Vec<Marked> {
        let mut marked = Vec::new();
        for (slot, users) in (0..).zip(&self.accounts) {
            for (user, keys) in users {
                marked.extend(keys.iter().map(|key| Marked {
                    slot: Slot(slot),
                    user: user.as_str().into(),
                    key: key.id.as_str().into(),
                    ..Marked::default()
                }));
            }
        }
        marked
    }

    fn make(&mut self, action: BulkAction) {
        let keys = self.marked();
        self.intend(BulkIntent::Make { action, keys });
        self.look();
    }

    fn apply(&mut self) {
        let typed = self.engine.bulk_confirmation();
        let typed = typed.map(|it| it.text()).unwrap_or_default();
        self.intend(BulkIntent::Apply { typed });
    }

    fn plan(&self) -> &BulkPlan {
        self.engine.bulk().expect("a plan")
    }

    fn tally(&self) -> BulkTally {
        self.plan().tally()
    }

    fn entry(&self, id: &str) -> &Entry {
        let mut entries = self.plan().entries().iter();
        entries.find(|entry| &*entry.key == id).expect(id)
    }

    fn at(&self, id: &str) -> usize {
        let mut entries = self.plan().entries().iter();
        entries.position(|entry| &*entry.key == id).expect(id)
    }

    fn key_mut(&mut self, id: &str) -> &mut Key {
        let users = self.accounts.iter_mut().flatten();
        let mut keys = users.flat_map(|(_, keys)| keys);
        keys.find(|key| key.id == id).expect(id)
    }

    fn statuses(&self) -> Vec<(String, bool)> {
        let users = self.accounts.iter().flatten();
        let keys = users.flat_map(|(_, keys)| keys);
        keys.map(|key| (key.id.clone(), key.active)).collect()
    }

    fn sent_to(&self, id: &str) -> usize {
        let sent = self.sent.iter();
        sent.filter(|(_, change)| change.key() == Some(id)).count()
    }
}

/// So many users with a never-used Active key each.
fn batch(account: usize, users: usize) -> Users {
    (0..users)
        .map(|at| {
            let id = format!("AKIA{account:03}N{at:05}EXAMPLE");
            (format!("user-{at:05}"), vec![key(&id, true, 500, None)])
        })
        .collect()
}

fn one(user: &str, keys: Vec<Key>) -> Vec<Users> {
    vec![vec![(user.to_owned(), keys)]]
}

#[test]
fn what_may_be_needed_is_held_back_and_says_why() {
    let own = "AKIASESSION00000EXAMP";
    let users = vec![
        ("batch".into(), vec![key("AKIANEVER", true, 901, None)]),
        (
            "busy".into(),
            vec![
                key("AKIABUSY", true, 412, Some(2)),
                key("AKIAIDLE", true, 812, Some(200)),
            ],
        ),
        ("gone".into(), vec![key("AKIAOFF", false, 300, Some(200))]),
        ("last".into(), vec![key("AKIALAST", true, 300, Some(200))]),
        (
            "me".into(),
            vec![
                key(own, true, 300, Some(200)),
                key("AKIAMINE", true, 300, None),
            ],
        ),
        (
            "vip".into(),
            vec![
                key("AKIAVIP", true, 300, Some(200)),
                key("AKIAVIPTWO", true, 300, None),
            ],
        ),
    ];
    let mut world = World::new(vec![users]);
    let mut keys = world.marked();
    for marked in &mut keys {
        if &*marked.key == "AKIAVIP" {
            marked.exempt = Some("to 2027-01-31 PLAT-212".into());
        }
    }
    keys.push(Marked {
        user: "nobody".into(),
        key: "AKIANOTTHERE".into(),
        ..Marked::default()
    });
    let action = BulkAction::Deactivate;
    world.intend(BulkIntent::Make { action, keys });
    world.look();
    let held = |id: &str| world.entry(id).held_back.clone();
    assert_eq!(held("AKIANEVER"), None, "what never worked stops nothing");
    assert_eq!(held("AKIABUSY"), Some(HeldBack::InUse));
    assert_eq!(held("AKIAIDLE"), None, "the other one stays");
    let so = HeldBack::AlreadySo(KeyStatus::Inactive);
    assert_eq!(held("AKIAOFF"), Some(so));
    assert_eq!(held("AKIALAST"), Some(HeldBack::LastActive));
    assert_eq!(held(own), Some(HeldBack::Own));
    let exempt = HeldBack::Exempt("to 2027-01-31 PLAT-212".into());
    assert_eq!(held("AKIAVIP"), Some(exempt));
    assert_eq!(held("AKIANOTTHERE"), Some(HeldBack::Gone));
    let plan = world.plan();
    let left_out = plan.entries().iter().filter(|entry| !entry.included);
    assert_eq!(left_out.count(), plan.tally().left_out);
    assert_eq!(plan.tally().to_do, 4);
    let why = |id: &str| world.entry(id).why.to_string();
    assert_eq!(
        why("AKIANEVER"),
        "Never used in 45 days, Not used for 90 days, Older than 90 days"
    );
    assert_eq!(
        why("AKIAIDLE"),
        "Not used for 90 days, Older than 90 days, Two Active keys"
    );
    // No rule finds it, as far as is known.
    assert_eq!(why("AKIAOFF"), "unused for 200d");
}

#[test]
fn a_last_use_that_is_not_known_holds_back() {
    let mut world = World::new(one("a", vec![key("AKIAONE", true, 300, None)]));
    // Nothing was loaded of this one: the account that it is in is.
    world.accounts[0].push(("b".into(), vec![key("AKIATWO", true, 300, None)]));
    let keys = world.marked();
    let action = BulkAction::Deactivate;
    world.intend(BulkIntent::Make { action, keys });
    world.look();
    assert_eq!(world.entry("AKIATWO").held_back, Some(HeldBack::Gone));
    assert_eq!(world.entry("AKIAONE").held_back, None);
}

#[test]
fn both_keys_of_a_user_are_not_taken_unasked() {
    let keys = vec![
        key("AKIAONE", true, 900, Some(400)),
        key("AKIATWO", true, 800, Some(300)),
    ];
    let mut world = World::new(one("a", keys));
    world.make(BulkAction::Deactivate);
    assert_eq!(world.entry("AKIAONE").held_back, None);
    assert_eq!(world.entry("AKIATWO").held_back, Some(HeldBack::LastActive));
    // Who includes it by hand knows that the plan takes both.
    world.intend(BulkIntent::Toggle(1));
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 2, "{:?}", world.plan().entries());
}

#[test]
fn one_confirmation_says_how_many_and_names_production() {
    let accounts = vec![batch(0, 3), batch(1, 5)];
    let mut world = World::with(accounts, "acme-prod");
    world.make(BulkAction::Deactivate);
    let asked = world.engine.bulk_confirmation().unwrap();
    assert_eq!(asked.text(), "8 acme-prod-1");
    for typed in ["", "8", "acme-prod-1", "7 acme-prod-1", "8 acme-prod-0"] {
        let typed = typed.to_owned();
        world.intend(BulkIntent::Apply { typed });
        assert_eq!(world.plan().stage, BulkStage::Review);
    }
    let typed = "8 ACME-prod-1 ".to_owned();
    world.intend(BulkIntent::Apply { typed });
    world.run();
    assert_eq!(world.tally().done, 8);
    // Elsewhere the number is enough.
    let mut world = World::new(vec![batch(0, 3)]);
    world.make(BulkAction::Deactivate);
    assert_eq!(world.engine.bulk_confirmation().unwrap().text(), "3");
}

#[test]
fn a_plan_runs_to_its_end_a_few_accounts_at_once_and_sends_each_change_once() {
    let accounts: Vec<Users> = (0..7).map(|at| batch(at, 10 + at)).collect();
    let mut world = World::new(accounts);
    world.make(BulkAction::Deactivate);
    let keys = world.tally().to_do;
    world.apply();
    world.run();
    assert_eq!(world.tally().done, keys);
    assert_eq!(world.plan().stage, BulkStage::Ended);
    assert_eq!(world.most_under_way, AT_ONCE);
    let mut once = HashSet::new();
    let twice = |(_, change): &&(Slot, Change)| !once.insert(change.key().unwrap().to_owned());
    assert_eq!(world.sent.iter().find(twice), None);
    assert!(world.statuses().iter().all(|(_, active)| !active));
    assert_eq!(world.engine.needs(), [], "no dialog of a step comes up");
    let news = world.engine.take_news();
    let ended = format!("Plan: {keys} of {keys} keys deactivated");
    let said = |news: &News| matches!(news, News::Notice { text, bad: false } if *text == ended);
    assert!(news.iter().any(said), "{news:?}");
    assert_eq!(news.len(), 1, "it is said once, and not of each: {news:?}");
}

#[test]
fn what_has_changed_since_the_review_is_skipped() {
    let users = vec![
        ("a".into(), vec![key("AKIAGONE", true, 900, None)]),
        ("b".into(), vec![key("AKIAUSED", true, 900, None)]),
        ("c".into(), vec![key("AKIAOFF", true, 900, None)]),
        ("d".into(), vec![key("AKIAOLD", true, 900, None)]),
        (
            "e".into(),
            vec![
                key("AKIALONE", true, 900, Some(300)),
                key("AKIAOTHER", true, 10, Some(1)),
            ],
        ),
        ("f".into(), vec![key("AKIASAME", true, 900, None)]),
    ];
    let mut world = World::new(vec![users]);
    world.make(BulkAction::Deactivate);
    world.accounts[0][0].1.clear();
    world.key_mut("AKIAUSED").used = Some(0);
    world.key_mut("AKIAOFF").active = false;
    let rotated = key("AKIANEWER", true, 0, None);
    world.accounts[0][3].1.push(rotated);
    world.key_mut("AKIAOTHER").active = false;
    world.apply();
    world.run();
    let state = |id: &str| world.entry(id).state.clone();
    assert_eq!(state("AKIAGONE"), EntryState::Skipped(Skipped::Gone));
    let used = EntryState::Skipped(Skipped::UsedSince(now()));
    assert_eq!(state("AKIAUSED"), used);
    assert_eq!(state("AKIAOFF"), EntryState::Skipped(Skipped::AlreadySo));
    let newer = EntryState::Skipped(Skipped::AnotherKey("AKIANEWER".into()));
    assert_eq!(state("AKIAOLD"), newer);
    assert_eq!(state("AKIALONE"), EntryState::Skipped(Skipped::NoOther));
    assert_eq!(state("AKIASAME"), EntryState::Done);
    assert_eq!(world.sent.len(), 1);
    assert_eq!(world.plan().stage, BulkStage::Ended);
}

#[test]
fn a_use_since_the_review_skips_also_what_was_in_use_then_and_what_is_included_anew_goes() {
    let mut world = World::new(one("a", vec![key("AKIABUSY", true, 900, Some(89))]));
    world.make(BulkAction::Deactivate);
    world.intend(BulkIntent::Toggle(0));
    world.key_mut("AKIABUSY").used = Some(0);
    world.apply();
    world.run();
    let used = EntryState::Skipped(Skipped::UsedSince(now()));
    assert_eq!(world.entry("AKIABUSY").state, used);
    // An ended plan is made anew; here it was reviewed again, in use as it is.
    world.make(BulkAction::Deactivate);
    world.intend(BulkIntent::Toggle(0));
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 1);
}

#[test]
fn a_use_since_the_review_skips_however_short_the_recent_days_are() {
    let mut world = World::new(one("a", vec![key("AKIAONE", true, 900, Some(300))]));
    world.engine.settings.recent = TimeDelta::days(1);
    world.make(BulkAction::Deactivate);
    world.intend(BulkIntent::Toggle(0));
    world.key_mut("AKIAONE").used = Some(200);
    world.apply();
    world.run();
    let used = now() - TimeDelta::days(200);
    let used = EntryState::Skipped(Skipped::UsedSince(used));
    assert_eq!(world.entry("AKIAONE").state, used);
}

#[test]
fn who_has_made_a_plan_says_which_use_was_recent() {
    let keys = || {
        one(
            "a",
            vec![
                key("AKIAONE", true, 900, Some(20)),
                key("AKIATWO", true, 900, None),
            ],
        )
    };
    let mut world = World::new(keys());
    world.engine.settings.recent = TimeDelta::days(30);
    world.make(BulkAction::Deactivate);
    let document = world.document();
    assert_eq!(document.recent_days, 30);
    assert_eq!(document.keys[0].held_back, Some(HeldBack::InUse));
    // Whoever applies it may be stricter, and is not laxer.
    for (days, in_use) in [(10, false), (365, true)] {
        let mut world = World::new(keys());
        world.engine.settings.recent = TimeDelta::days(days);
        let mut document = document.clone();
        document.recent_days = 15;
        document.keys[0].held_back = None;
        document.keys[0].included = true;
        world.open_document(document);
        let held = Skipped::Held(HeldBack::InUse);
        let difference = in_use.then_some(held);
        assert_eq!(world.entry("AKIAONE").difference, difference);
        assert_eq!(
            world.document().recent_days,
            15,
            "it stays what was reviewed"
        );
    }
}

#[test]
fn an_exemption_that_is_written_later_skips_and_can_be_overruled() {
    let mut world = World::new(vec![batch(0, 2)]);
    world.make(BulkAction::Deactivate);
    let document = world.document();
    let mut world = World::new(vec![batch(0, 2)]);
    let text = "2027-01-31 PLAT-212".to_owned();
    world.exempt.insert("user-00001".into(), text);
    world.open_document(document);
    let id = "AKIA000N00001EXAMPLE";
    let exempt = HeldBack::Exempt("until 2027-01-31 PLAT-212".into());
    let difference = Some(Skipped::Held(exempt.clone()));
    assert_eq!(world.entry(id).difference, difference);
    world.apply();
    world.run();
    assert_eq!(world.sent.len(), 1);
    let skipped = EntryState::Skipped(Skipped::Held(exempt.clone()));
    assert_eq!(world.entry(id).state, skipped);
    assert_eq!(world.entry(id).held_back, Some(exempt));
    // And while the plan is carried out, as far as it is known then.
    let mut world = World::new(vec![batch(0, 2)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.engine.use_policy(exempting("user-00001"));
    world.run();
    assert_eq!(world.sent.len(), 1);
    assert!(matches!(
        world.entry(id).state,
        EntryState::Skipped(Skipped::Held(HeldBack::Exempt(_)))
    ));
    // Who has seen it and includes it gets it.
    let mut world = World::new(vec![batch(0, 2)]);
    world.engine.use_policy(exempting("user-00001"));
    world.make(BulkAction::Deactivate);
    assert!(matches!(
        world.entry(id).held_back,
        Some(HeldBack::Exempt(_))
    ));
    let at = world.at(id);
    world.intend(BulkIntent::Toggle(at));
    assert!(world.entry(id).is_overriding());
    assert_eq!(world.plan().asked().overriding, 1);
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 2);
}

#[test]
fn an_exemption_that_is_written_after_the_confirmation_skips_and_says_so() {
    let mut world = World::new(vec![batch(0, 2)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    let text = "2027-01-31 PLAT-212".to_owned();
    world.exempt.insert("user-00001".into(), text);
    world.run();
    let exempt = HeldBack::Exempt("until 2027-01-31 PLAT-212".into());
    let entry = world.entry("AKIA000N00001EXAMPLE");
    let skipped = Skipped::Held(exempt);
    assert_eq!(entry.state, EntryState::Skipped(skipped.clone()));
    let words = entry.difference_words(&skipped);
    assert_eq!(words, "exempt since: until 2027-01-31 PLAT-212");
    assert_eq!((world.tally().done, world.sent.len()), (1, 1));
}

#[test]
fn where_tags_are_not_told_keys_are_held_back_and_can_be_included_by_hand() {
    let mut world = World::new(vec![batch(0, 3)]);
    world.tag_fault = Some(Kind::Denied);
    world.make(BulkAction::Deactivate);
    let unknown = Some(HeldBack::ExemptionUnknown);
    for entry in world.plan().entries() {
        assert_eq!((&entry.held_back, entry.included), (&unknown, false));
    }
    world.intend(BulkIntent::Toggle(1));
    assert_eq!(world.plan().asked().overriding, 1);
    world.apply();
    world.run();
    assert_eq!((world.tally().done, world.sent.len()), (1, 1));
    // Where it was known when the plan was made, and is not any more, that is a difference.
    let mut world = World::new(vec![batch(0, 3)]);
    world.make(BulkAction::Deactivate);
    let document = world.document();
    assert_eq!(world.tally().to_do, 3);
    let mut late = World::new(vec![batch(0, 3)]);
    late.tag_fault = Some(Kind::Denied);
    late.open_document(document);
    late.look();
    let difference = Some(Skipped::Held(HeldBack::ExemptionUnknown));
    let entry = &late.plan().entries()[0];
    assert_eq!(entry.difference, difference);
    // Included once more, it goes.
    late.intend(BulkIntent::Toggle(0));
    late.intend(BulkIntent::Toggle(0));
    late.apply();
    late.run();
    assert_eq!((late.tally().done, late.sent.len()), (1, 1));
    // The same where it is refused only while the plan is carried out.
    world.apply();
    world.tag_fault = Some(Kind::Denied);
    world.run();
    let skipped = Skipped::Held(HeldBack::ExemptionUnknown);
    assert_eq!((world.tally().skipped, world.sent.len()), (3, 0));
    let entry = &world.plan().entries()[0];
    assert_eq!(entry.state, EntryState::Skipped(skipped));
    // Nothing is taken away by activating: nothing is asked.
    let off = vec![key("AKIAOFF", false, 900, None)];
    let mut world = World::new(one("a", off));
    world.tag_fault = Some(Kind::Denied);
    world.make(BulkAction::Activate);
    assert_eq!(world.tally().to_do, 1);
}

#[test]
fn tags_that_cannot_be_read_for_another_reason_pause_the_account() {
    let mut world = World::new(vec![batch(0, 2)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.tag_fault = Some(Kind::Server);
    world.run();
    assert_eq!((world.tally().failed, world.sent.len()), (1, 0));
    assert_eq!(world.plan().stage, BulkStage::Paused);
    world.tag_fault = None;
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 2);
}

#[test]
fn an_exemption_from_another_rule_than_the_gravest_holds_nothing_back() {
    // It is unused (high) and old (medium); the other one is Inactive for long, and nothing else.
    let users = vec![
        (
            "a".to_owned(),
            vec![
                key("AKIAIDLE", true, 900, Some(400)),
                key("AKIATWO", true, 20, Some(1)),
            ],
        ),
        ("b".to_owned(), vec![key("AKIAOFF", false, 900, Some(400))]),
    ];
    for (rule, action, id, is_held) in [
        ("old", BulkAction::Deactivate, "AKIAIDLE", false),
        ("unused-90", BulkAction::Deactivate, "AKIAIDLE", true),
        ("two-active", BulkAction::Delete, "AKIAOFF", false),
        ("unused-90", BulkAction::Delete, "AKIAOFF", false),
    ] {
        let mut world = World::new(vec![users.clone()]);
        let mut policy = exempting("a");
        policy.exemptions[0].user = None;
        policy.exemptions[0].rules = vec![rule.into()];
        world.engine.use_policy(policy);
        world.make(action);
        let held = &world.entry(id).held_back;
        let is_exempt = matches!(held, Some(HeldBack::Exempt(_)));
        assert_eq!(is_exempt, is_held, "{rule} {id}: {held:?}");
        assert_eq!(world.entry(id).included, !is_held, "{rule} {id}: {held:?}");
    }
}

#[test]
fn a_key_that_is_throttled_without_end_pauses_its_account_and_not_the_others() {
    let mut world = World::new(vec![batch(0, 3), batch(1, 3)]);
    let id = "AKIA000N00001EXAMPLE";
    let always = std::iter::repeat_n(Kind::Throttled, 1000).collect();
    world.faults.insert(id.into(), always);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.run();
    assert_eq!(world.plan().stage, BulkStage::Paused);
    assert!(
        matches!(&world.entry(id).state, EntryState::Failed(error) if error.kind == Kind::Throttled)
    );
    assert_eq!(world.sent_to(id), 10, "no more than that");
    assert_eq!((world.tally().done, world.tally().to_do), (4, 1));
    let (account, why) = world.plan().paused().next().expect("it is paused");
    assert_eq!(account.name, "acme-0");
    assert!(matches!(why, Paused::Failed(error) if error.kind == Kind::Throttled));
    // Gone on with, it is counted anew; and what was throttled a few times is done.
    let few = std::iter::repeat_n(Kind::Throttled, 9).collect();
    world.faults.insert(id.into(), few);
    world.apply();
    world.run();
    assert_eq!((world.tally().done, world.sent_to(id)), (6, 20));
}

/// A policy by which the keys of a user are exempt.
fn exempting(user: &str) -> Policy {
    let exemption = Exemption {
        until: now().date_naive() + TimeDelta::days(30),
        why: "PLAT-212".into(),
    };
    Policy {
        exemptions: vec![ConfigExemption {
            key: None,
            user: Some(user.into()),
            account: None,
            rules: Vec::new(),
            exemption,
            line: 1,
        }],
        ..Policy::default()
    }
}

#[test]
fn a_key_that_a_session_is_made_from_since_the_review_is_left() {
    let mine = "AKIASESSION00000EXAMP";
    let mut world = World::new(one("a", vec![key(mine, true, 900, None)]));
    world.make(BulkAction::Deactivate);
    let mut document = world.document();
    document.keys[0].held_back = None;
    document.keys[0].included = true;
    world.open_document(document);
    let own = Skipped::Held(HeldBack::Own);
    assert_eq!(world.entry(mine).difference, Some(own.clone()));
    world.apply();
    world.run();
    assert_eq!(world.entry(mine).state, EntryState::Skipped(own));
    assert!(world.sent.is_empty());
}

#[test]
fn the_last_active_key_is_held_back_in_whichever_order_the_keys_are_marked() {
    let keys = vec![
        key("AKIANEVER", true, 900, None),
        key("AKIAUSED", true, 800, Some(200)),
    ];
    for turned in [false, true] {
        let mut world = World::new(one("a", keys.clone()));
        let mut marked = world.marked();
        if turned {
            marked.reverse();
        }
        let action = BulkAction::Deactivate;
        world.intend(BulkIntent::Make {
            action,
            keys: marked,
        });
        world.look();
        let last = Some(HeldBack::LastActive);
        assert_eq!(world.entry("AKIAUSED").held_back, last, "{turned}");
        assert_eq!(world.entry("AKIANEVER").held_back, None, "{turned}");
        // As the other is left out, it is not the last one any more; taken in again, it is.
        let at = world.at("AKIANEVER");
        world.intend(BulkIntent::Toggle(at));
        assert_eq!(world.entry("AKIAUSED").held_back, None);
        let used = world.at("AKIAUSED");
        world.intend(BulkIntent::Toggle(used));
        assert!(!world.entry("AKIAUSED").is_overriding());
        world.intend(BulkIntent::Toggle(at));
        assert!(world.entry("AKIAUSED").is_overriding(), "{turned}");
        assert_eq!(world.plan().asked().overriding, 1);
    }
}

#[test]
fn a_new_key_has_its_days_of_grace() {
    let keys = vec![
        key("AKIANEW", true, 0, None),
        key("AKIAGRACE", true, 45, None),
        key("AKIAOLD", true, 46, None),
    ];
    let mut world = World::new(one("a", keys));
    world.make(BulkAction::Deactivate);
    assert_eq!(world.entry("AKIANEW").held_back, Some(HeldBack::New));
    assert_eq!(world.entry("AKIAGRACE").held_back, Some(HeldBack::New));
    assert_eq!(world.entry("AKIAOLD").held_back, None);
}

#[test]
fn deleting_takes_what_is_inactive_and_deactivates_the_rest() {
    let users = vec![
        ("a".into(), vec![key("AKIAON", true, 900, None)]),
        ("b".into(), vec![key("AKIAOFF", false, 900, None)]),
        ("c".into(), vec![key("AKIAWOKEN", false, 900, None)]),
    ];
    let mut world = World::new(vec![users]);
    world.make(BulkAction::Delete);
    assert_eq!(world.entry("AKIAON").step, BulkAction::Deactivate);
    assert_eq!(world.entry("AKIAOFF").step, BulkAction::Delete);
    world.apply();
    world.key_mut("AKIAWOKEN").active = true;
    world.run();
    let left = world.statuses();
    assert_eq!(left, [("AKIAON".into(), false), ("AKIAWOKEN".into(), true)]);
    let woken = EntryState::Skipped(Skipped::Status(KeyStatus::Active));
    assert_eq!(world.entry("AKIAWOKEN").state, woken);
    // For it the plan would only deactivate now; for the other one it is for a later plan.
    assert_eq!(world.entry("AKIAWOKEN").step, BulkAction::Deactivate);
}

#[test]
fn a_failure_pauses_its_account_and_no_other() {
    let mut world = World::new(vec![batch(0, 5), batch(1, 5)]);
    let third = "AKIA000N00002EXAMPLE".to_owned();
    world
        .faults
        .insert(third.clone(), VecDeque::from([Kind::Denied]));
    world.make(BulkAction::Deactivate);
    world.apply();
    world.run();
    let tally = world.tally();
    assert_eq!((tally.done, tally.failed, tally.to_do), (7, 1, 2));
    assert_eq!(world.plan().stage, BulkStage::Paused);
    let paused: Vec<&str> = world
        .plan()
        .paused()
        .map(|(account, _)| account.name.as_str())
        .collect();
    assert_eq!(paused, ["acme-0"]);
    // It is granted now: what was refused is tried again.
    assert_eq!(world.engine.bulk_confirmation(), None, "it was confirmed");
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 10);
    assert_eq!(world.sent_to(&third), 2);
}

#[test]
fn an_outcome_that_is_lost_pauses_and_is_never_sent_again() {
    let mut world = World::new(vec![batch(0, 3)]);
    let first = "AKIA000N00000EXAMPLE".to_owned();
    world
        .faults
        .insert(first.clone(), VecDeque::from([Kind::Network]));
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    let (session, id, change) = world.under_way.remove(0);
    let result = Err(failed(change.action(), Kind::Network));
    world.hear(Event::Changed {
        session,
        id,
        result,
        request_id: None,
        took: Duration::ZERO,
    });
    assert_eq!(world.tally().unknown, 1);
    let (_, why) = world.plan().paused().next().unwrap();
    assert_eq!(*why, Paused::OutcomeUnknown);
    let asked = world.engine.needs();
    assert!(matches!(asked[..], [Need::Question(_)]), "{asked:?}");
    // It was made after all, and the account says so.
    world.key_mut(&first).active = false;
    world.look();
    assert_eq!(world.tally().unknown, 0);
    assert_eq!(world.entry(&first).state, EntryState::Done);
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 3);
    assert_eq!(world.sent_to(&first), 1);
}

#[test]
fn throttling_waits_and_loses_nothing() {
    let mut world = World::new(vec![batch(0, 4), batch(1, 4)]);
    for at in 0..4 {
        let often = VecDeque::from([Kind::Throttled, Kind::Throttled, Kind::Busy]);
        world
            .faults
            .insert(format!("AKIA000N{at:05}EXAMPLE"), often);
    }
    world.make(BulkAction::Deactivate);
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 8);
    assert_eq!(world.plan().stage, BulkStage::Ended);
    for at in 0..4 {
        assert_eq!(world.sent_to(&format!("AKIA000N{at:05}EXAMPLE")), 4);
        assert_eq!(world.sent_to(&format!("AKIA001N{at:05}EXAMPLE")), 1);
    }
}

#[test]
fn a_look_that_is_refused_pauses_and_sends_nothing() {
    let mut world = World::new(vec![batch(0, 3)]);
    world.make(BulkAction::Deactivate);
    world
        .look_faults
        .insert("user-00001".into(), VecDeque::from([Kind::Denied]));
    world.apply();
    world.run();
    assert_eq!(world.sent.len(), 1);
    assert_eq!(world.tally().failed, 1);
    assert_eq!(world.plan().stage, BulkStage::Paused);
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 3);
}

#[test]
fn a_pause_sends_nothing_more_and_what_is_under_way_is_answered() {
    let mut world = World::new(vec![batch(0, 5)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    assert_eq!(world.under_way.len(), 1);
    world.intend(BulkIntent::Pause);
    world.answer_change(0);
    assert_eq!(world.sent.len(), 1);
    assert_eq!((world.tally().done, world.tally().to_do), (1, 4));
    // Paused while a key is looked at: it is not sent either.
    world.apply();
    let look = world.effects.pop_front().unwrap();
    world.intend(BulkIntent::Pause);
    world.take(look);
    world.look();
    assert_eq!(world.sent.len(), 1);
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 5);
    assert_eq!(world.sent.len(), 5);
}

#[test]
fn what_is_stopped_stays_stopped() {
    let mut world = World::new(vec![batch(0, 5)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    world.intend(BulkIntent::Stop);
    world.answer_change(0);
    world.apply();
    world.run();
    assert_eq!(world.plan().stage, BulkStage::Ended);
    assert_eq!(world.sent.len(), 1);
}

#[test]
fn a_plan_under_way_makes_room_for_no_other() {
    let mut world = World::new(vec![batch(0, 3)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    let id = world.plan().id;
    world.make(BulkAction::Delete);
    assert_eq!(world.plan().id, id);
    world.intend(BulkIntent::Close);
    assert_eq!(world.plan().id, id);
    world.run();
    world.make(BulkAction::Delete);
    assert_ne!(world.plan().id, id);
}

#[test]
fn a_key_that_is_included_later_is_confirmed_anew() {
    let keys = vec![
        key("AKIABUSY", true, 412, Some(2)),
        key("AKIAIDLE", true, 812, Some(200)),
    ];
    let mut world = World::new(one("a", keys));
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    world.intend(BulkIntent::Pause);
    let busy = world.at("AKIABUSY");
    world.intend(BulkIntent::Toggle(busy));
    world.run();
    assert_eq!(world.plan().stage, BulkStage::Paused);
    let asked = world.engine.bulk_confirmation().unwrap();
    assert_eq!(asked.keys, 1);
    let typed = String::new();
    world.intend(BulkIntent::Apply { typed });
    assert_eq!(world.sent_to("AKIABUSY"), 0);
    world.apply();
    world.run();
    assert_eq!(world.sent_to("AKIABUSY"), 1);
}

#[test]
fn leaving_asks_and_pauses() {
    let mut world = World::new(vec![batch(0, 5)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    let leave = |world: &mut World, intent| {
        let effects = world.engine.intend(intent);
        effects.into_iter().find_map(|effect| match effect {
            Effect::Exit(exit) => Some(exit),
            _ => None,
        })
    };
    assert_eq!(leave(&mut world, Intent::Leave(Leave::Quit)), None);
    assert_eq!(world.engine.obstacle(), Some(Obstacle::Plan));
    assert_eq!(leave(&mut world, Intent::Stay), None);
    assert_eq!(world.plan().stage, BulkStage::Running);
    assert_eq!(leave(&mut world, Intent::Leave(Leave::Quit)), None);
    assert_eq!(leave(&mut world, Intent::LeaveNow), None);
    assert_eq!(world.engine.obstacle(), Some(Obstacle::Changes));
    assert_eq!(world.plan().stage, BulkStage::Paused);
    // The change that is under way is waited for.
    let (session, id, _) = world.under_way.remove(0);
    let effects = world.engine.hear(Event::Changed {
        session,
        id,
        result: Ok(Changed::Done),
        request_id: None,
        took: Duration::ZERO,
    });
    let exit = effects.into_iter().find_map(|effect| match effect {
        Effect::Exit(exit) => Some(exit),
        _ => None,
    });
    let left = "not finished: the plan has 4 keys left to deactivate; the next start offers to go on with it".to_owned();
    assert_eq!(exit, Some(Exit::Quit(vec![left])));
}

#[test]
fn an_answer_while_leaving_is_asked_about_decides_nothing() {
    let mut world = World::new(vec![batch(0, 5)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    drop(world.engine.intend(Intent::Leave(Leave::Quit)));
    assert_eq!(world.engine.obstacle(), Some(Obstacle::Plan));
    // The next key is being looked at then, and nothing is under way.
    let (session, id, _) = world.under_way.remove(0);
    let effects = world.engine.hear(Event::Changed {
        session,
        id,
        result: Ok(Changed::Done),
        request_id: None,
        took: Duration::ZERO,
    });
    assert_eq!(world.engine.under_way().count(), 0);
    let exits = |effect: &Effect| matches!(effect, Effect::Exit(_));
    assert!(!effects.iter().any(exits), "nobody chose to leave");
    assert_eq!(world.engine.obstacle(), Some(Obstacle::Plan), "still asked");
    assert_eq!(world.plan().stage, BulkStage::Running);
    // Who chooses it then leaves at once.
    let effects = world.engine.intend(Intent::LeaveNow);
    assert!(effects.iter().any(exits));
}

#[test]
fn another_session_takes_what_was_looked_at_back() {
    let mut world = World::new(vec![batch(0, 3)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.hear(Event::Plan(PlanNews::IsKept));
    world.effects.clear();
    let effects = world
        .engine
        .intend(Intent::SignIn(Slot(0), Target::Ambient));
    drop(effects);
    assert_eq!(world.plan().stage, BulkStage::Paused);
    assert_eq!(world.engine.plans().len(), 0);
    assert_eq!(world.tally().to_do, 3);
    let (_, why) = world.plan().paused().next().unwrap();
    assert_eq!(*why, Paused::NotOpen);
    assert!(world.sent.is_empty());
}

#[test]
fn under_read_only_a_plan_is_made_saved_and_read_and_not_applied() {
    let mut world = World::new(vec![batch(0, 3)]);
    world.engine.settings.read_only = true;
    world.make(BulkAction::Deactivate);
    assert_eq!(world.tally().to_do, 3);
    let document = world.document();
    let opened = world.open_document(document);
    assert!(matches!(opened, Some(Saving::Done(_))), "{opened:?}");
    world.apply();
    world.run();
    assert_eq!(world.plan().stage, BulkStage::Review);
    assert!(world.sent.is_empty());
    let said = world.engine.take_news();
    let refused = |news: &News| matches!(news, News::Notice { text, .. } if text == READ_ONLY);
    assert!(said.iter().any(refused), "{said:?}");
}

#[test]
fn a_plan_that_is_paused_by_hand_ends_with_its_last_answer() {
    let mut world = World::new(vec![batch(0, 1)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    world.intend(BulkIntent::Pause);
    assert_eq!(world.plan().stage, BulkStage::Paused);
    world.jobs();
    world.run();
    assert_eq!(world.plan().stage, BulkStage::Ended);
    assert_eq!(world.jobs().last().map(String::as_str), Some("forget"));
}

#[test]
fn what_has_done_nothing_is_not_told_as_done() {
    let mut world = World::new(vec![batch(0, 2)]);
    world.make(BulkAction::Deactivate);
    for user in &mut world.accounts[0] {
        user.1.clear();
    }
    world.apply();
    world.engine.take_news();
    world.run();
    assert_eq!((world.tally().done, world.tally().skipped), (0, 2));
    let news = world.engine.take_news();
    let told =
        |news: &News| matches!(news, News::Notice { text, bad: true } if text.contains("0 of 2"));
    assert!(news.iter().any(told), "{news:?}");
}

#[test]
fn leaving_a_paused_plan_asks_too() {
    for (keeping, then) in [
        (Keeping::Real, "the next start offers to go on with it"),
        (Keeping::Nothing, "it is kept nowhere"),
    ] {
        let mut world = World::new(vec![batch(0, 3)]);
        world.hear(Event::Plan(PlanNews::Keeps(keeping)));
        world.make(BulkAction::Deactivate);
        world.apply();
        world.look();
        world.intend(BulkIntent::Pause);
        world.answer_change(0);
        assert_eq!(world.plan().stage, BulkStage::Paused);
        let leave = |world: &mut World, intent| {
            let effects = world.engine.intend(intent);
            effects.into_iter().find_map(|effect| match effect {
                Effect::Exit(exit) => Some(exit),
                _ => None,
            })
        };
        assert_eq!(leave(&mut world, Intent::Leave(Leave::Quit)), None);
        assert_eq!(world.engine.obstacle(), Some(Obstacle::Plan));
        assert_eq!(leave(&mut world, Intent::Stay), None);
        assert_eq!(leave(&mut world, Intent::Leave(Leave::Quit)), None);
        let left = format!("not finished: the plan has 2 keys left to deactivate; {then}");
        let exit = leave(&mut world, Intent::LeaveNow);
        assert_eq!(exit, Some(Exit::Quit(vec![left])));
    }
}

#[test]
fn a_plan_for_the_same_account_elsewhere_says_what_differs() {
    let mut world = World::new(vec![batch(0, 1)]);
    world.make(BulkAction::Deactivate);
    let mut document = world.document();
    document.accounts[0].endpoint = Some("http://127.0.0.1:5000".into());
    let Some(Saving::Failed(why)) = world.open_document(document) else {
        panic!("it is opened");
    };
    assert!(why.contains("at http://127.0.0.1:5000"), "{why}");
    assert!(why.contains("is that of AWS"), "{why}");
}

#[test]
fn undoing_activates_what_the_plan_has_deactivated_and_nothing_else() {
    let users = vec![
        ("a".into(), vec![key("AKIAON", true, 900, None)]),
        ("b".into(), vec![key("AKIAWASOFF", false, 900, None)]),
        ("c".into(), vec![key("AKIAALSO", true, 900, None)]),
    ];
    let mut world = World::new(vec![users]);
    let before = world.statuses();
    world.make(BulkAction::Deactivate);
    world.apply();
    world.run();
    assert_ne!(world.statuses(), before);
    world.intend(BulkIntent::Undo);
    let plan = world.plan();
    assert!(plan.undoes);
    assert_eq!(plan.action, BulkAction::Activate);
    assert_eq!(plan.tally().to_do, 2);
    world.apply();
    world.run();
    assert_eq!(world.statuses(), before);
    world.intend(BulkIntent::Undo);
    assert_eq!(world.plan().action, BulkAction::Activate, "nothing to undo");
}

#[test]
fn finding_what_is_next_costs_the_same_however_long_the_plan_is() {
    let cost = |keys: usize| {
        let mut world = World::new(vec![batch(0, keys / 2), batch(1, keys / 2)]);
        world.make(BulkAction::Deactivate);
        world.apply();
        world.run();
        assert_eq!(world.tally().done, keys);
        world.plan().examined()
    };
    assert_eq!(cost(40), 40);
    assert_eq!(cost(400), 400, "one entry for each key");
}

#[test]
fn ten_thousand_keys_cost_a_look_each_and_come_back() {
    const KEYS: usize = 10_000;
    let mut world = World::new((0..10).map(|at| batch(at, KEYS / 10)).collect());
    let before = world.statuses();
    world.make(BulkAction::Deactivate);
    assert_eq!(world.tally().to_do, KEYS);
    // A thousand of them are left out, and half of those are taken in again.
    for at in (0..KEYS).step_by(10) {
        world.intend(BulkIntent::Toggle(at));
    }
    for at in (0..KEYS).step_by(20) {
        world.intend(BulkIntent::Toggle(at));
    }
    let keys = KEYS - KEYS / 20;
    assert_eq!(
        (world.tally().to_do, world.tally().left_out),
        (keys, KEYS / 20)
    );
    world.apply();
    world.run();
    assert_eq!(
        (world.tally().done, world.plan().stage),
        (keys, BulkStage::Ended)
    );
    assert_eq!(
        world.plan().examined(),
        keys as u64,
        "one look for each key"
    );
    let sent: HashSet<Option<String>> = world
        .sent
        .iter()
        .map(|(_, change)| change.key().map(str::to_owned))
        .collect();
    assert_eq!((world.sent.len(), sent.len()), (keys, keys), "none twice");
    world.intend(BulkIntent::Undo);
    assert_eq!(world.tally().to_do, keys);
    world.apply();
    world.run();
    assert_eq!(world.plan().examined(), keys as u64);
    assert_eq!(world.statuses(), before);
}

#[test]
fn a_plan_whose_place_cannot_be_kept_begins_no_further_key() {
    let mut world = World::new(vec![batch(0, 9)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    assert_eq!(world.sent.len(), 1);
    world.engine.take_news();
    let full = PlanNews::NotKept("no space left on device".into());
    world.hear(Event::Plan(full));
    let news = format!("{:?}", world.engine.take_news());
    assert!(news.contains("cannot be kept"), "{news}");
    world.run();
    let tally = world.tally();
    assert_eq!((tally.done, tally.to_do, world.sent.len()), (1, 8, 1));
    assert_eq!(world.plan().stage, BulkStage::Paused);
    // There is room again: the rest needs no other confirmation, and is kept anew.
    world.plan_jobs.clear();
    world.apply();
    world.run();
    assert_eq!((world.tally().done, world.sent.len()), (9, 9));
    assert_eq!(world.plan_jobs[0], "keep 9, 1 done");
}

#[test]
fn no_key_begins_before_the_plan_is_known_to_be_kept() {
    let accounts: Vec<Users> = (0..AT_ONCE).map(|at| batch(at, 2)).collect();
    let mut world = World::new(accounts);
    world.keeping = None;
    world.make(BulkAction::Deactivate);
    world.apply();
    for _ in 0..20 {
        world.look();
        world.wait(250);
    }
    assert_eq!(world.sent.len(), 0, "the disk has not answered yet");
    assert_eq!(world.plan().stage, BulkStage::Running);
    let full = PlanNews::NotKept("no space left on device".into());
    world.hear(Event::Plan(full.clone()));
    world.run();
    assert_eq!(
        (world.plan().stage, world.sent.len()),
        (BulkStage::Paused, 0)
    );
    // It is full still.
    world.keeping = Some(full);
    world.apply();
    world.run();
    assert_eq!(
        (world.plan().stage, world.sent.len()),
        (BulkStage::Paused, 0)
    );
    world.keeping = Some(PlanNews::IsKept);
    world.apply();
    world.run();
    assert_eq!((world.tally().done, world.sent.len()), (8, 8));
    // Where nothing is kept, nothing is waited for.
    let mut world = World::new(vec![batch(0, 2)]);
    world.keeping = None;
    world.hear(Event::Plan(PlanNews::Keeps(Keeping::Nothing)));
    world.make(BulkAction::Deactivate);
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 2);
}

/// Accounts of a few users with up to three keys each.
fn accounts() -> impl Strategy<Value = Vec<Users>> {
    let one = (any::<bool>(), 0i64..1000, prop::option::of(0i64..400));
    let user = prop::collection::vec(one, 0..4);
    let account = prop::collection::vec(user, 1..5);
    prop::collection::vec(account, 1..6).prop_map(|accounts| {
        let accounts = accounts.into_iter().enumerate();
        let accounts = accounts.map(|(account, users)| {
            let users = users.into_iter().enumerate();
            let users = users.map(|(user, keys)| {
                let keys = keys.into_iter().enumerate();
                let keys = keys.map(|(at, (active, age, used))| {
                    key(
                        &format!("AKIA{account}U{user}K{at}EXAMPLE"),
                        active,
                        age,
                        used,
                    )
                });
                (format!("user-{user}"), keys.collect())
            });
            users.collect()
        });
        accounts.collect()
    })
}

/// What happens while a plan is carried out.
#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    Answer(usize),
    Wait,
    Pause,
    GoOn,
    Toggle(usize),
    /// Someone else does something to a key.
    Activate(usize),
    Deactivate(usize),
    Use(usize),
    Vanish(usize),
    Fail(usize, Kind),
}

fn meanwhile() -> impl Strategy<Value = Meanwhile> {
    let kind = prop::sample::select(vec![
        Kind::Denied,
        Kind::Throttled,
        Kind::NotFound,
        Kind::Busy,
        Kind::Network,
        Kind::Server,
        Kind::Rejected,
    ]);
    prop_oneof![
        8 => (0usize..4).prop_map(Meanwhile::Answer),
        2 => Just(Meanwhile::Wait),
        1 => Just(Meanwhile::Pause),
        2 => Just(Meanwhile::GoOn),
        1 => (0usize..30).prop_map(Meanwhile::Toggle),
        1 => (0usize..30).prop_map(Meanwhile::Activate),
        1 => (0usize..30).prop_map(Meanwhile::Deactivate),
        1 => (0usize..30).prop_map(Meanwhile::Use),
        1 => (0usize..30).prop_map(Meanwhile::Vanish),
        1 => ((0usize..30), kind).prop_map(|(at, kind)| Meanwhile::Fail(at, kind)),
    ]
}

fn action() -> impl Strategy<Value = BulkAction> {
    prop::sample::select(BulkAction::ALL.to_vec())
}

impl World {
    fn happen(&mut self, what: Meanwhile) {
        let ids: Vec<String> = self.statuses().into_iter().map(|(id, _)| id).collect();
        let nth = |at: usize| ids.get(at % ids.len().max(1)).cloned();
        match what {
            Meanwhile::Answer(at) if at < self.under_way.len() => self.answer_change(at),
            Meanwhile::Answer(_) => {}
            Meanwhile::Wait => {
                self.wait(700);
                self.look();
            }
            Meanwhile::Pause => self.intend(BulkIntent::Pause),
            Meanwhile::GoOn => {
                self.apply();
                self.look();
            }
            Meanwhile::Toggle(at) => self.intend(BulkIntent::Toggle(at)),
            Meanwhile::Activate(at) | Meanwhile::Deactivate(at) => {
                // What is on its way to the account is not to meet another change there.
                if let Some(id) = nth(at).filter(|id| !self.is_under_way(id)) {
                    self.key_mut(&id).active = matches!(what, Meanwhile::Activate(_));
                    self.touched.insert(id);
                }
            }
            Meanwhile::Use(at) => {
                if let Some(id) = nth(at) {
                    self.key_mut(&id).used = Some(0);
                }
            }
            Meanwhile::Vanish(at) => {
                for (_, keys) in self.accounts.iter_mut().flatten() {
                    keys.retain(|key| Some(&key.id) != nth(at).as_ref());
                }
            }
            Meanwhile::Fail(at, kind) => {
                if let Some(id) = nth(at) {
                    self.faults.entry(id).or_default().push_back(kind);
                }
            }
        }
    }

    fn is_under_way(&self, id: &str) -> bool {
        let mut changes = self.under_way.iter();
        changes.any(|(_, _, change)| change.key() == Some(id))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// A plan never holds a key twice, deletes no Active key (the made-up account refuses to hear of
    /// it), sends nothing again whose outcome is not known or that is done, and its sums are right.
    #[test]
    fn whatever_happens_meanwhile_nothing_is_done_twice(
        accounts in accounts(),
        action in action(),
        twice in any::<bool>(),
        events in prop::collection::vec(meanwhile(), 0..60),
    ) {
        let mut world = World::new(accounts);
        let mut keys = world.marked();
        if twice {
            keys.extend(world.marked());
        }
        let marked: HashSet<_> = keys.iter().map(|it| (it.slot, it.key.clone())).collect();
        world.intend(BulkIntent::Make { action, keys });
        if world.engine.bulk().is_none() {
            return Ok(());
        }
        prop_assert_eq!(world.plan().entries().len(), marked.len());
        world.sends_once = true;
        world.apply();
        world.look();
        for event in events {
            world.happen(event);
            let mut by_key: HashMap<&str, usize> = HashMap::new();
            for (_, _, change) in &world.under_way {
                *by_key.entry(change.key().unwrap()).or_default() += 1;
            }
            prop_assert!(by_key.values().all(|count| *count == 1));
            prop_assert!(world.under_way.len() <= AT_ONCE);
            let tally = world.tally();
            prop_assert_eq!(tally.included() + tally.left_out, world.plan().entries().len());
            let done = world.plan().entries().iter();
            let done = done.filter(|entry| entry.state == EntryState::Done);
            prop_assert_eq!(done.count(), tally.done);
        }
        // What is left is answered: nothing hangs.
        world.intend(BulkIntent::Pause);
        world.run();
        prop_assert_eq!(world.engine.under_way().count(), 0);
    }

    /// Whatever happens to a plan and beside it, what undoes it activates again what it has deactivated,
    /// and leaves everything else as it is then. (What someone else has set as well may be known as it
    /// was in between, and is left then: it was theirs last.)
    #[test]
    fn undoing_restores_what_was_done_whatever_happened_meanwhile(
        accounts in accounts(),
        action in action(),
        events in prop::collection::vec(meanwhile(), 0..60),
    ) {
        let mut world = World::new(accounts);
        world.make(action);
        if world.engine.bulk().is_none() {
            return Ok(());
        }
        world.apply();
        world.look();
        for event in events {
            world.happen(event);
        }
        world.faults.clear();
        world.look_faults.clear();
        world.intend(BulkIntent::Pause);
        world.run();
        world.intend(BulkIntent::Stop);
        let entries = world.plan().entries().iter();
        let undoable = entries.filter(|entry| entry.can_undo());
        let undoable: HashSet<String> = undoable.map(|it| it.key.to_string()).collect();
        let mut expected = world.statuses();
        for (id, active) in &mut expected {
            *active |= undoable.contains(id);
        }
        let sent = world.sent.len();
        world.intend(BulkIntent::Undo);
        if world.plan().undoes {
            world.apply();
            world.run();
        }
        let touched = world.touched.clone();
        let by_plan = |all: Vec<(String, bool)>| {
            let all = all.into_iter();
            all.filter(|(id, _)| !touched.contains(id)).collect::<Vec<_>>()
        };
        prop_assert_eq!(by_plan(world.statuses()), by_plan(expected));
        let undone = world.sent[sent..].iter();
        prop_assert!(undone.clone().all(|(_, change)| undoable.contains(change.key().unwrap())));
    }

    /// What a plan has deactivated, the plan that undoes it activates again, and nothing else.
    #[test]
    fn undoing_restores_the_statuses(accounts in accounts()) {
        let mut world = World::new(accounts);
        let before = world.statuses();
        world.make(BulkAction::Deactivate);
        if world.engine.bulk().is_none() {
            return Ok(());
        }
        for at in 0..world.plan().entries().len() {
            if !world.plan().entries()[at].included {
                world.intend(BulkIntent::Toggle(at));
            }
        }
        world.apply();
        world.run();
        let off = world.statuses().iter().all(|(_, active)| !active);
        prop_assert!(off, "{:?}", world.plan().entries());
        world.intend(BulkIntent::Undo);
        world.apply();
        world.run();
        prop_assert_eq!(world.statuses(), before);
    }
}

impl World {
    fn document(&self) -> Document {
        self.plan().document()
    }

    fn open_document(&mut self, document: Document) -> Option<Saving> {
        self.intend(BulkIntent::Open("plan.json".into()));
        let news = PlanNews::Opened(Ok(Box::new(document)));
        self.hear(Event::Plan(news));
        self.look();
        self.engine.bulk_opening().cloned()
    }

    /// The jobs that were asked for, as words, since the last call.
    fn jobs(&mut self) -> Vec<String> {
        std::mem::take(&mut self.plan_jobs)
    }
}

#[test]
fn what_is_opened_is_compared_with_the_account_before_anything_is_applied() {
    let users = |changed: bool| -> Vec<Users> {
        let mut users = vec![
            ("a".into(), vec![key("AKIASAME", true, 900, None)]),
            ("b".into(), vec![key("AKIAUSED", true, 900, None)]),
            ("c".into(), vec![key("AKIAOFF", true, 900, None)]),
            ("d".into(), vec![key("AKIAGONE", true, 900, None)]),
        ];
        if changed {
            users[1].1[0].used = Some(1);
            users[2].1[0].active = false;
            users[3].1.clear();
        }
        vec![users]
    };
    let mut world = World::new(users(false));
    world.make(BulkAction::Deactivate);
    let document = world.document();
    assert_eq!(document.keys.len(), 4);
    // Another person, another day.
    let mut world = World::new(users(true));
    let opened = world.open_document(document);
    assert!(matches!(opened, Some(Saving::Done(_))), "{opened:?}");
    assert!(!world.plan().is_comparing());
    let difference = |id: &str| world.entry(id).difference.clone();
    assert_eq!(difference("AKIASAME"), None);
    let used = Skipped::UsedSince(now() - TimeDelta::days(1));
    assert_eq!(difference("AKIAUSED"), Some(used));
    assert_eq!(difference("AKIAOFF"), Some(Skipped::AlreadySo));
    assert_eq!(difference("AKIAGONE"), Some(Skipped::Gone));
    assert_eq!(world.plan().changed_since(), 3);
    assert!(world.sent.is_empty());
    world.apply();
    world.run();
    assert_eq!((world.tally().done, world.tally().skipped), (1, 3));
}

#[test]
fn what_is_opened_before_its_users_are_listed_is_compared_and_applied_all_the_same() {
    let users = || one("a", vec![key("AKIAONE", true, 900, None)]);
    let mut world = World::new(users());
    world.make(BulkAction::Deactivate);
    let document = world.document();
    let mut world = World::new(Vec::new());
    world.accounts = users();
    let (slot, _) = world.engine.open(Target::Ambient);
    world.sign_in(slot, 0);
    // The list of users takes its time.
    world
        .effects
        .retain(|effect| !matches!(effect, Effect::Read(_, _, Read::Users(_))));
    world.run_with_alias("acme-0");
    assert_eq!(world.engine.fleet[Slot(0)].users.rows().len(), 0);
    let opened = world.open_document(document);
    assert!(matches!(opened, Some(Saving::Done(_))), "{opened:?}");
    assert!(!world.plan().is_comparing());
    assert_eq!(world.entry("AKIAONE").difference, None);
    world.apply();
    world.run();
    let state = &world.entry("AKIAONE").state;
    assert_eq!(
        (world.tally().done, world.tally().skipped),
        (1, 0),
        "{state:?}"
    );
}

#[test]
fn a_last_use_that_is_told_before_its_key_is_known_is_asked_again() {
    let users = || one("a", vec![key("AKIAONE", true, 900, None)]);
    let mut world = World::new(users());
    world.make(BulkAction::Deactivate);
    let document = world.document();
    let mut world = World::new(Vec::new());
    world.accounts = users();
    let (slot, _) = world.engine.open(Target::Ambient);
    world.sign_in(slot, 0);
    world
        .effects
        .retain(|effect| !matches!(effect, Effect::Read(_, _, Read::Users(_))));
    world.run_with_alias("acme-0");
    // What the opened plan is compared by is not answered yet.
    world.hear(Event::Plan(PlanNews::Opened(Ok(Box::new(document)))));
    world.effects.clear();
    world.apply();
    world.hear(Event::Plan(PlanNews::IsKept));
    let reads = world.effects.iter().filter_map(|effect| match effect {
        Effect::Read(_, _, read) => Some(read.clone()),
        _ => None,
    });
    let reads: Vec<Read> = reads.collect();
    let is_use = |read: &Read| matches!(read, Read::LastUsed(..));
    assert!(reads.iter().any(is_use), "{reads:?}");
    // The last use comes first.
    world.effects.make_contiguous().reverse();
    world.run();
    assert_eq!((world.tally().done, world.tally().skipped), (1, 0));
}

#[test]
fn what_another_plan_has_deactivated_is_taken_back_by_one_that_says_so() {
    let off = key("AKIAOFF", false, 900, None);
    let mut world = World::new(one("a", vec![off, key("AKIAON", true, 900, None)]));
    let keys = world.marked();
    world.intend(BulkIntent::TakeBack(keys));
    let plan = world.plan();
    assert!(plan.undoes);
    assert_eq!(plan.action, BulkAction::Activate);
    // What is Active is so already.
    assert_eq!((plan.tally().to_do, plan.tally().left_out), (1, 1));
    world.apply();
    world.run();
    assert!(world.statuses().iter().all(|(_, active)| *active));
}

#[test]
fn a_plan_that_was_applied_before_has_nothing_left() {
    let mut world = World::new(vec![batch(0, 3)]);
    world.make(BulkAction::Deactivate);
    let document = world.document();
    world.apply();
    world.run();
    world.open_document(document);
    assert!(world.plan().is_applied_already());
    world.apply();
    world.run();
    assert_eq!(world.sent.len(), 3);
    assert_eq!(world.tally().skipped, 3);
}

#[test]
fn a_plan_for_an_account_that_is_not_open_is_refused() {
    let mut world = World::new(vec![batch(0, 3)]);
    world.make(BulkAction::Deactivate);
    let mut document = world.document();
    document.accounts[0].id = Some("999999999999".into());
    let opened = world.open_document(document.clone());
    let Some(Saving::Failed(why)) = opened else {
        panic!("{opened:?}");
    };
    assert!(why.contains("999999999999"), "{why}");
    document.accounts[0].id = Some("000000000001".into());
    document.accounts[0].endpoint = Some("http://127.0.0.1:1".into());
    let opened = world.open_document(document);
    assert!(matches!(opened, Some(Saving::Failed(_))), "{opened:?}");
}

#[test]
fn keys_of_an_account_that_is_not_open_wait_for_it() {
    let mut elsewhere = batch(1, 3);
    elsewhere[2].1[0].used = Some(2);
    let mut world = World::new(vec![batch(0, 2), elsewhere.clone()]);
    world.make(BulkAction::Deactivate);
    let document = world.document();
    let mut world = World::new(vec![batch(0, 2)]);
    world.open_document(document.clone());
    assert_eq!((world.tally().to_do, world.tally().left_out), (4, 1));
    let held = |world: &World| world.entry("AKIA001N00002EXAMPLE").held_back.clone();
    assert_eq!(held(&world), Some(HeldBack::InUse), "the reason is kept");
    let (account, why) = world.plan().paused().next().unwrap();
    assert_eq!((&*account.name, why), ("acme-1", &Paused::NotOpen));
    assert_eq!(world.engine.bulk_confirmation().unwrap().keys, 2);
    world.apply();
    world.run();
    assert_eq!((world.tally().done, world.tally().to_do), (2, 2));
    assert_eq!(world.plan().stage, BulkStage::Paused);
    assert!(!world.jobs().contains(&"forget".to_owned()), "it is kept");
    // What is kept of it now is as it was reviewed.
    assert_eq!(world.document().keys, document.keys);
    assert!(!world.plan().is_comparing());
    // It is opened later.
    world.open_another(elsewhere);
    assert_eq!(world.plan().paused().count(), 0);
    assert_eq!(held(&world), Some(HeldBack::InUse));
    assert_eq!(world.sent.len(), 2, "its keys were not confirmed yet");
    assert_eq!(world.engine.bulk_confirmation().unwrap().keys, 2);
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 4);
    assert_eq!(world.plan().stage, BulkStage::Ended);
    assert!(world.jobs().contains(&"forget".to_owned()));
}

#[test]
fn a_plan_holds_to_its_account_and_not_to_the_slot() {
    let users = batch(0, 3);
    let mut world = World::new(vec![users.clone()]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    world.intend(BulkIntent::Pause);
    world.answer_change(0);
    let users = std::mem::replace(&mut world.accounts[0], users);
    // Another account with users of the same names.
    world.switch(Slot(0), 7, batch(7, 3));
    world.apply();
    world.run();
    assert_eq!(world.sent.len(), 1);
    let tally = world.tally();
    assert_eq!((tally.to_do, tally.skipped, tally.done), (2, 0, 1));
    assert_eq!(world.plan().stage, BulkStage::Paused);
    world.intend(BulkIntent::Stop);
    world.intend(BulkIntent::Undo);
    world.apply();
    world.run();
    assert_eq!(
        world.sent.len(),
        1,
        "nothing is activated in another account"
    );
    assert_eq!((world.tally().to_do, world.tally().skipped), (1, 0));
    // The right one is opened again.
    world.switch(Slot(0), 0, users);
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 1);
    assert!(world.statuses().iter().all(|(_, active)| *active));
}

#[test]
fn a_session_that_is_renewed_by_signing_in_goes_on_with_the_plan() {
    let users = batch(0, 3);
    let mut world = World::new(vec![users.clone(), batch(1, 30)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    // The other account keeps the plan running meanwhile.
    world.switch(Slot(0), 0, users);
    world.run();
    assert_eq!(world.plan().stage, BulkStage::Ended);
    assert_eq!(world.tally().included(), 33);
    assert_eq!(world.plan().paused().count(), 0);
}

#[test]
fn who_applies_a_plan_does_not_lose_their_own_key_by_it() {
    let mine = "AKIASESSION00000EXAMP";
    let keys = vec![
        key("AKIAFIRST", true, 900, None),
        key(mine, true, 900, None),
    ];
    let mut world = World::new(one("a", keys));
    world.make(BulkAction::Deactivate);
    let mut document = world.document();
    // For who has made it, it was a key like any other.
    document.keys[1].held_back = None;
    document.keys[1].included = true;
    world.open_document(document);
    let entry = world.entry(mine);
    assert_eq!(entry.difference, Some(Skipped::Held(HeldBack::Own)));
    assert_eq!(world.plan().changed_since(), 1);
    world.apply();
    world.run();
    assert_eq!((world.tally().done, world.tally().skipped), (1, 1));
    assert_eq!(world.sent_to(mine), 0);
}

#[test]
fn a_plan_under_way_is_kept_and_gone_on_with_by_the_next_run() {
    let mut world = World::new(vec![batch(0, 5)]);
    world.make(BulkAction::Deactivate);
    assert_eq!(world.jobs(), [""; 0], "nothing is kept of a review");
    world.apply();
    world.look();
    world.answer_change(0);
    world.answer_change(0);
    assert_eq!(
        world.jobs(),
        [
            "keep 5",
            "done AKIA000N00000EXAMPLE",
            "done AKIA000N00001EXAMPLE"
        ]
    );
    let document = world.document();
    let step = |id: &str| KeptStep {
        account: Some("000000000001".into()),
        key: id.into(),
    };
    let done = vec![step("AKIA000N00000EXAMPLE"), step("AKIA000N00001EXAMPLE")];
    // The change under way is answered by nobody: the process is gone, the account has made it.
    let mut accounts = world.accounts.clone();
    accounts[0][2].1[0].active = false;
    let mut world = World::new(accounts);
    world.hear(Event::Plan(PlanNews::Kept(Box::new(document), done)));
    // The journal has it that the third was sent.
    let sent = vec![step("AKIA000N00000EXAMPLE"), step("AKIA000N00002EXAMPLE")];
    world.hear(Event::Plan(PlanNews::WereSent(sent)));
    assert_eq!(world.engine.needs(), [Need::KeptPlan]);
    world.intend(BulkIntent::GoOn);
    assert_eq!(world.plan().stage, BulkStage::Paused);
    assert_eq!(world.tally().done, 2);
    world.look();
    assert_eq!(world.engine.needs(), []);
    assert_eq!(world.tally().done, 3, "the account has it");
    assert_eq!(world.jobs(), ["done AKIA000N00002EXAMPLE"]);
    world.apply();
    world.run();
    assert_eq!(world.sent.len(), 2, "{:?}", world.sent);
    assert_eq!((world.tally().done, world.tally().skipped), (5, 0));
    assert_eq!(
        world.jobs(),
        [
            "keep 5, 3 done",
            "done AKIA000N00003EXAMPLE",
            "done AKIA000N00004EXAMPLE",
            "forget"
        ],
        "what is done is written down with the plan"
    );
    // What earlier runs have done can be undone too.
    world.intend(BulkIntent::Undo);
    assert_eq!(world.tally().to_do, 5);
}

#[test]
fn a_plan_that_was_left_waits_for_its_account_and_can_be_put_off_or_forgotten() {
    let mut world = World::new(vec![batch(0, 2)]);
    world.make(BulkAction::Deactivate);
    let mut document = world.document();
    world.intend(BulkIntent::Close);
    document.accounts[0].id = Some("000000000002".into());
    let news = PlanNews::Kept(Box::new(document.clone()), Vec::new());
    world.hear(Event::Plan(news));
    assert_eq!(world.engine.needs(), [], "another account");
    document.accounts[0].id = Some("000000000001".into());
    let news = || PlanNews::Kept(Box::new(document.clone()), Vec::new());
    world.hear(Event::Plan(news()));
    world.intend(BulkIntent::Later);
    assert_eq!(world.engine.needs(), []);
    assert!(world.engine.kept_plan().is_some());
    assert_eq!(world.jobs(), [""; 0]);
    world.hear(Event::Plan(news()));
    world.intend(BulkIntent::Forget);
    world.look();
    assert!(world.engine.kept_plan().is_none());
    assert_eq!(world.jobs(), ["forget what was left"]);
}

#[test]
fn a_plan_that_is_paused_is_not_lost_to_another() {
    let mut world = World::new(vec![batch(0, 3)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    world.intend(BulkIntent::Pause);
    world.run();
    let id = world.plan().id;
    world.make(BulkAction::Delete);
    assert_eq!(world.plan().id, id);
    world.intend(BulkIntent::Stop);
    world.make(BulkAction::Delete);
    assert_ne!(world.plan().id, id);
}

/// A change whose answer is lost, of a plan of two keys; the account has not made it.
fn lost() -> (World, Origin) {
    let mut world = World::new(vec![batch(0, 2)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    let (session, id, change) = world.under_way.remove(0);
    let result = Err(failed(change.action(), Kind::Network));
    world.hear(Event::Changed {
        session,
        id,
        result,
        request_id: None,
        took: Duration::ZERO,
    });
    assert_eq!(world.tally().unknown, 1);
    (world, Origin::Here(id))
}

const FIRST: &str = "AKIA000N00000EXAMPLE";

#[test]
fn what_is_asked_for_again_after_a_lost_answer_is_done_in_the_plan_too() {
    for fault in [None, Some(Kind::Denied)] {
        let (mut world, origin) = lost();
        world.look();
        assert_eq!(world.tally().unknown, 1);
        let again = Intent::Resolve(origin, Resolution::DoAgain);
        let effects = world.engine.intend(again);
        world.effects.extend(effects);
        world.look();
        let plan = world.engine.plans().first().expect("it is asked").id;
        let typed = String::new();
        let effects = world.engine.intend(Intent::Approve { plan, typed });
        world.effects.extend(effects);
        world.look();
        assert_eq!(world.tally().unknown, 1, "it is asked for");
        if let Some(kind) = fault {
            world.faults.insert(FIRST.into(), VecDeque::from([kind]));
        }
        world.answer_change(0);
        match fault {
            None => assert_eq!(world.entry(FIRST).state, EntryState::Done),
            Some(_) => assert!(matches!(world.entry(FIRST).state, EntryState::Failed(_))),
        }
        assert_eq!(world.tally().unknown, 0);
        world.apply();
        world.run();
        assert_eq!(world.tally().done, 2);
        assert_eq!(world.plan().stage, BulkStage::Ended);
        let sends = if fault.is_some() { 3 } else { 2 };
        assert_eq!(world.sent_to(FIRST), sends);
    }
}

#[test]
fn what_a_person_lets_go_is_left_and_confirmed_anew() {
    let (mut world, origin) = lost();
    let never = VecDeque::from([Kind::Denied; 9]);
    world.look_faults.insert("user-00000".into(), never);
    world.look();
    let effects = world
        .engine
        .intend(Intent::Resolve(origin, Resolution::LetGo));
    world.effects.extend(effects);
    world.look_faults.clear();
    world.look();
    assert_eq!((world.tally().unknown, world.tally().to_do), (0, 2));
    assert_eq!(world.entry(FIRST).state, EntryState::Pending);
    assert!(!world.entry(FIRST).confirmed);
    world.intend(BulkIntent::Apply {
        typed: String::new(),
    });
    world.look();
    assert_eq!(world.sent_to(FIRST), 1, "it is typed first");
    world.apply();
    world.run();
    assert_eq!(world.tally().done, 2);
}

#[test]
fn a_plan_that_has_nothing_left_but_an_answer_ends_with_it() {
    let mut world = World::new(vec![batch(0, 1)]);
    world
        .faults
        .insert(FIRST.into(), VecDeque::from([Kind::Network]));
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    world.answer_change(0);
    world.run();
    assert_eq!(world.entry(FIRST).state, EntryState::Done);
    assert_eq!(world.plan().stage, BulkStage::Ended);
    assert_eq!(world.jobs().last().map(String::as_str), Some("forget"));
    assert!(world.plan().can_undo());
}

#[test]
fn a_plan_with_keys_left_is_not_undone() {
    let mut world = World::new(vec![batch(0, 3)]);
    world.make(BulkAction::Deactivate);
    world.apply();
    world.look();
    world.intend(BulkIntent::Pause);
    world.answer_change(0);
    let id = world.plan().id;
    assert!(!world.plan().can_undo());
    world.intend(BulkIntent::Undo);
    assert_eq!(world.plan().id, id);
    world.intend(BulkIntent::Stop);
    world.intend(BulkIntent::Undo);
    assert_ne!(world.plan().id, id);
}

#[test]
fn closing_what_would_undo_a_plan_brings_that_plan_back() {
    let mut world = World::new(vec![batch(0, 3)]);
    let before = world.statuses();
    world.make(BulkAction::Deactivate);
    world.apply();
    world.run();
    let id = world.plan().id;
    world.intend(BulkIntent::Undo);
    assert!(world.plan().undoes && world.engine.undoes_open_plan());
    world.intend(BulkIntent::Close);
    assert_eq!(world.plan().id, id);
    assert!(world.plan().can_undo());
    world.intend(BulkIntent::Undo);
    world.apply();
    assert!(!world.engine.undoes_open_plan(), "it has begun");
    world.run();
    assert_eq!(world.statuses(), before);
    world.intend(BulkIntent::Close);
    assert!(world.engine.bulk().is_none());
}

#[test]
fn what_is_said_counts_what_was_done_and_not_what_was_meant() {
    let notice = |world: &mut World| {
        let news = world.engine.take_news().into_iter();
        let mut texts = news.filter_map(|news| match news {
            News::Notice { text, .. } => Some(text),
            _ => None,
        });
        texts.find(|text| text.starts_with("Plan: "))
    };
    let mut world = World::new(vec![batch(0, 2)]);
    world.make(BulkAction::Delete);
    assert_eq!(world.plan().steps().words(), "deactivate 2 keys");
    world.apply();
    world.run();
    let said = notice(&mut world);
    assert_eq!(said.as_deref(), Some("Plan: 2 of 2 keys deactivated"));
    let mut users = batch(0, 3);
    users[0].1[0].active = false;
    let mut world = World::new(vec![users]);
    world.make(BulkAction::Delete);
    assert_eq!(
        world.plan().steps().words(),
        "delete 1 and deactivate 2 keys"
    );
    assert_eq!(world.plan().asked().steps, world.plan().steps());
    world.apply();
    world.look();
    world.intend(BulkIntent::Pause);
    world.answer_change(0);
    let left = world.engine.unknown_at_exit();
    assert_eq!(
        left,
        [
            "not finished: the plan has 2 keys left to deactivate; the next start offers to go on with it"
        ]
    );
    world.apply();
    world.run();
    let said = notice(&mut world);
    let all = "Plan: 3 of 3 keys: 1 deleted, 2 deactivated";
    assert_eq!(said.as_deref(), Some(all));
}

#[test]
fn going_on_asks_about_what_is_left_and_not_about_what_is_done() {
    let mut world = World::with(vec![batch(0, 1), batch(1, 3)], "acme-prod");
    let mut fail = |id: &str| {
        let once = VecDeque::from([Kind::Denied]);
        world.faults.insert(id.to_owned(), once);
    };
    fail("AKIA001N00001EXAMPLE");
    world.make(BulkAction::Deactivate);
    let asked = world.plan().asked();
    assert_eq!(asked.accounts, 2);
    assert_eq!(asked.production, ["acme-prod-1", "acme-prod-0"]);
    world.apply();
    world.run();
    let asked = world.plan().asked();
    assert_eq!((asked.accounts, asked.steps.all()), (1, 2));
    assert_eq!(asked.production, ["acme-prod-1"]);
}

#[test]
fn what_is_being_compared_is_not_waited_for_once_its_session_is_over() {
    let mut world = World::new(vec![batch(0, 3)]);
    world.make(BulkAction::Deactivate);
    let document = world.document();
    world.intend(BulkIntent::Open("plan.json".into()));
    let news = PlanNews::Opened(Ok(Box::new(document)));
    world.hear(Event::Plan(news));
    assert!(world.plan().is_comparing());
    world.effects.clear();
    let switch = Intent::SignIn(Slot(0), Target::Ambient);
    drop(world.engine.intend(switch));
    assert!(!world.plan().is_comparing());
}

#[test]
fn the_hash_is_shown_as_long_as_the_plan_is_what_the_file_says() {
    let mut world = World::new(vec![batch(0, 3)]);
    world.make(BulkAction::Deactivate);
    assert_eq!(world.plan().hash(), None);
    let hash = "sha256:0123".to_owned();
    world.hear(Event::Plan(PlanNews::Hash(hash)));
    assert_eq!(world.plan().hash(), Some("sha256:0123"));
    world.intend(BulkIntent::Toggle(0));
    assert_eq!(world.plan().hash(), None);
}
