//! A plan over many keys of many accounts, carried out by the engine and the driver of the screen at the
//! embedded organisation, which counts what it is asked.

use crate::{
    parts::Bench,
    table::{count, millis, seconds, told},
};
use chrono::Utc;
use iamkeys::{
    aws,
    demo::{Delay, Endpoint, Role},
    driver::{Accounts, Driver, DriverConfig, JournalConfig, TrialPace, threads, with_waiting},
    engine::{
        Background, Effect, Engine, Event, Intent, RECENT, Settings, Slot, Target,
        bulk::{AT_ONCE, BulkAction, BulkIntent, BulkStage, Marked},
        destination::{Multiplexer, Route},
    },
    secret::credentials::CredentialsFile,
};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Runtime,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

/// Longer than anything takes that is waited for here.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often the clock is looked at while something is under way, as the screen does.
const TICK: Duration = Duration::from_millis(25);

/// What comes one after the other for a key of the account that is signed in to: a look, which asks three
/// things at once (the keys, the last use, the tags of the user), and its change.
const TURNS: u32 = 2;

/// The same where a role is assumed: each change has a session of its own, which is begun for it.
const TURNS_BY_ROLE: u32 = 3;

/// Measures it.
pub(crate) fn run(bench: &Bench) {
    let (accounts, each) = bench.planned;
    let endpoint = organisation(accounts, each * 2);
    let delay = Delay::Fixed(bench.latency);
    let endpoint = endpoint.with_delay(delay);
    let mut run = Run::start(&endpoint);
    run.open_all(accounts);
    let made = Instant::now();
    let keys = run.make(each);
    let made = made.elapsed();
    assert_eq!(keys, accounts * each);
    let before = Calls::of(&endpoint);
    let begun = Instant::now();
    run.apply();
    run.until("the end of the plan", |engine| {
        engine
            .bulk()
            .is_some_and(|plan| plan.stage == BulkStage::Ended)
    });
    let time = begun.elapsed();
    let calls = Calls::of(&endpoint);
    let done = run.engine.bulk().expect("a plan").tally().done;
    assert_eq!(done, keys, "each key is deactivated");

    let of = format!("{} keys of {accounts} accounts", count(keys));
    let bound = bound(accounts, each, bench.latency);
    let target = format!("≤ {}", seconds(bound.mul_f64(1.2)));
    let met = time <= bound.mul_f64(1.2);
    bench.judge(
        &format!("a plan that deactivates {of}"),
        &seconds(time),
        &target,
        met,
    );
    let what = format!("{AT_ONCE} accounts at once, in each: look, session, change");
    told(&what, &seconds(bound));
    let [changes, twice] = [calls.changes.values().sum::<usize>(), calls.twice()];
    let measured = format!("{}, {twice} twice", count(changes));
    let met = changes == keys && twice == 0;
    bench.judge("changes sent, seen there", &measured, "no key twice", met);
    assert!(met, "{measured}");
    let looks = calls.looks - before.looks;
    assert!(looks >= keys, "one before each change: {looks}");
    assert!(looks <= 2 * keys, "and one after it: {looks}");
    told("looks before and after them", &count(looks));
    told("making that plan", &millis(made));
}

/// How long it takes at least: so many accounts go on at once, each does one key after the other, and the
/// next account begins where one has ended.
fn bound(accounts: usize, each: usize, latency: Duration) -> Duration {
    let each = u32::try_from(each).expect("not so many");
    let mut lanes = [Duration::ZERO; AT_ONCE];
    for account in 0..accounts {
        let turns = if account == 0 { TURNS } else { TURNS_BY_ROLE };
        let first = lanes.iter_mut().min().expect("some");
        *first += latency * turns * each;
    }
    lanes.into_iter().max().expect("some")
}

/// An organisation whose accounts can be changed by who opens them.
fn organisation(accounts: usize, users: usize) -> Endpoint {
    let endpoint = Endpoint::generated(accounts, users, Utc::now());
    let ids = endpoint.account_ids();
    for id in &ids[1..] {
        let role = Role::new("iamkeys-audit").trusting(&ids[0]);
        endpoint.in_account(id, |account| account.add_role(role));
    }
    endpoint
}

/// What the endpoint was asked.
struct Calls {
    /// How often each key was changed.
    changes: HashMap<String, usize>,
    /// How often the keys of a user were asked for.
    looks: usize,
}

impl Calls {
    fn of(endpoint: &Endpoint) -> Self {
        let mut calls = Self {
            changes: HashMap::new(),
            looks: 0,
        };
        for call in endpoint.calls() {
            match call.action.as_str() {
                "UpdateAccessKey" => {
                    let key = call.key_id.unwrap_or_default().clone();
                    *calls.changes.entry(key).or_default() += 1;
                }
                "ListAccessKeys" => calls.looks += 1,
                _ => {}
            }
        }
        calls
    }

    fn twice(&self) -> usize {
        self.changes.values().filter(|times| **times > 1).count()
    }
}

/// An engine and a driver, without a screen.
struct Run {
    engine: Engine,
    slot: Slot,
    driver: Driver,
    runtime: Runtime,
    inbox: UnboundedReceiver<Event>,
    started: Instant,
    _folder: tempfile::TempDir,
}

impl Run {
    fn start(endpoint: &Endpoint) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let runtime = threads().expect("threads");
        let (outbox, inbox) = unbounded_channel();
        let embedded = endpoint.clone();
        let accounts = Accounts {
            options: aws::Options::default(),
            demo: Arc::new(move || aws::Embedded {
                http_client: embedded.http_client(),
                credentials: embedded.sdk_credentials(),
            }),
        };
        let config = DriverConfig {
            route: Route::Terminal(Multiplexer::None),
            journal: JournalConfig {
                path: Ok(Some(folder.path().join("journal.jsonl"))),
                demo_too: true,
            },
            trial_pace: TrialPace {
                pause: TICK,
                patience: PATIENCE,
            },
            credentials: Ok(CredentialsFile::at(folder.path().join("credentials"))),
            demo_apart: false,
            clear_after: None,
        };
        let driver = Driver::new(runtime.handle().clone(), outbox, accounts, config);
        let mut engine = Engine::new(Settings {
            read_only: false,
            clear_after: None,
            recent: RECENT,
            background: Background::All,
        });
        engine.tick(Utc::now());
        let (slot, sign_in) = engine.open(Target::Demo);
        let mut run = Self {
            engine,
            slot,
            driver,
            runtime,
            inbox,
            started: Instant::now(),
            _folder: folder,
        };
        run.carry_out(vec![sign_in, Effect::OpenJournal]);
        run
    }

    /// Opens all accounts, and waits until every key of each is known.
    fn open_all(&mut self, accounts: usize) {
        self.until("the first account", |engine| !engine.is_busy());
        self.intend(Intent::OpenOrganisation(self.slot));
        self.until("all accounts", |engine| {
            let open = engine.fleet.accounts();
            let known = iamkeys::engine::account::Account::is_all_known;
            open.len() == accounts && open.iter().all(known) && !engine.is_busy()
        });
    }

    /// Makes a plan that deactivates so many keys of each account; says how many those are.
    fn make(&mut self, each: usize) -> usize {
        let mut keys = Vec::new();
        for account in self.engine.fleet.accounts() {
            let rows = account.users.rows().iter();
            let all = rows.flat_map(|row| row.known_keys().map(move |key| (row, key)));
            let active = all.filter_map(|(row, key)| {
                let id = key.id()?;
                let is_active = *key.status() == iamkeys::engine::model::KeyStatus::Active;
                (is_active && !account.is_own(id)).then(|| Marked {
                    slot: account.session.slot,
                    user: row.user.name.clone(),
                    key: id.into(),
                    ..Marked::default()
                })
            });
            keys.extend(active.take(each));
        }
        let action = BulkAction::Deactivate;
        self.intend(Intent::Bulk(BulkIntent::Make { action, keys }));
        let entries = self.engine.bulk().expect("a plan").entries().iter();
        let held: Vec<usize> = (entries.enumerate())
            .filter(|(_, entry)| !entry.included)
            .map(|(at, _)| at)
            .collect();
        for at in held {
            self.intend(Intent::Bulk(BulkIntent::Toggle(at)));
        }
        self.engine.bulk().expect("a plan").tally().to_do
    }

    fn apply(&mut self) {
        let typed = self.engine.bulk_confirmation().expect("it is asked");
        let typed = typed.text();
        self.intend(Intent::Bulk(BulkIntent::Apply { typed }));
    }

    fn intend(&mut self, intent: Intent) {
        self.note_time();
        let effects = self.engine.intend(intent);
        self.carry_out(effects);
    }

    fn note_time(&mut self) {
        self.engine.note_running(self.started.elapsed());
        self.engine.tick(Utc::now());
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        let reads = self.engine.plan_reads();
        for effect in effects.into_iter().chain(reads) {
            let _ = self.driver.carry_out(effect);
        }
    }

    /// Runs until something is so.
    fn until(&mut self, what: &str, holds: impl Fn(&Engine) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(&self.engine) {
            assert!(Instant::now() < until, "waited for {what}");
            let inbox = &mut self.inbox;
            let next = async { timeout(TICK, inbox.recv()).await };
            let event = self.runtime.block_on(next);
            self.note_time();
            let effects = match event {
                Ok(event) => {
                    let event = event.expect("the driver is there");
                    let events = with_waiting(event, &mut self.inbox);
                    self.engine.hear_all(events)
                }
                Err(_) => Vec::new(),
            };
            self.carry_out(effects);
        }
    }
}
