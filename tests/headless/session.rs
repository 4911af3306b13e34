//! A run of the program without a screen: an engine, a driver, and what carries events from one to
//! the other. It never sleeps: it waits for events, and for requests at the endpoint.

use chrono::{DateTime, TimeDelta, Utc};
use iamkeys::{
    aws,
    demo::{Account, Endpoint, Role, Status},
    driver::{Accounts, Driver, DriverConfig, JournalConfig, Left, TrialPace, threads},
    engine::{
        Background, Change, Effect, Engine, Event, Exit, Intent, Need, News, Order, Plan, PlanId,
        Preflight, RECENT, Settings, Slot, Target, account,
        destination::{Multiplexer, Route},
    },
    secret::credentials::CredentialsFile,
};
use std::{
    collections::VecDeque,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    runtime::Runtime,
    sync::{
        mpsc::{UnboundedReceiver, unbounded_channel},
        watch,
    },
    time::{Instant, timeout_at},
};

/// No condition is waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(30);

/// What outlives a run: the account, its clock, the credentials file and the journal.
pub(crate) struct World {
    pub(crate) endpoint: Endpoint,
    clock: Arc<Mutex<DateTime<Utc>>>,
    /// Changes with each request that the endpoint has taken.
    requests: watch::Sender<()>,
    folder: TempDir,
}

impl World {
    /// The demo account, in which a new key is accepted after four seconds.
    pub(crate) fn new() -> Self {
        Self::of(|now| Endpoint::new(Account::demo(now)))
    }

    /// An organisation of so many accounts with so many users each, in which everything is allowed.
    pub(crate) fn generated(accounts: usize, users: usize) -> Self {
        let world = Self::of(|now| Endpoint::generated(accounts, users, now));
        let ids = world.endpoint.account_ids();
        for id in &ids[1..] {
            // The role that is there only looks.
            let role = Role::new("iamkeys-audit").trusting(&ids[0]);
            world
                .endpoint
                .in_account(id, |account| account.add_role(role));
        }
        world
    }

    fn of(endpoint: impl FnOnce(DateTime<Utc>) -> Endpoint) -> Self {
        // The journal has the real time, and keys are as old as the account says.
        let now = Utc::now();
        let clock = Arc::new(Mutex::new(now));
        let requests = watch::Sender::new(());
        let (time, arrived) = (Arc::clone(&clock), requests.clone());
        let endpoint = endpoint(now)
            .with_report_time(TimeDelta::zero())
            .with_settling(TimeDelta::seconds(4))
            .with_clock(Arc::new(move || {
                arrived.send_replace(());
                *time.lock().unwrap()
            }));
        Self {
            endpoint,
            clock,
            requests,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        *self.clock.lock().unwrap()
    }

    pub(crate) fn advance(&self, time: TimeDelta) {
        *self.clock.lock().unwrap() += time;
    }

    /// A user's keys in the account, oldest first, and whether they are active.
    pub(crate) fn keys_of(&self, user: &str) -> Vec<(String, bool)> {
        self.endpoint.account(|account| {
            let keys = account.user(user).expect("there is this user").keys.iter();
            let key = |key: &iamkeys::demo::Key| {
                (key.id.as_str().to_owned(), key.status == Status::Active)
            };
            keys.map(key).collect()
        })
    }

    /// How many requests of this action the endpoint has had.
    pub(crate) fn calls(&self, action: &str) -> usize {
        let calls = self.endpoint.calls();
        calls.iter().filter(|call| call.action == action).count()
    }

    fn journal_path(&self) -> PathBuf {
        self.folder.path().join("journal.jsonl")
    }

    /// The folder of the journal and of what is kept beside it.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The journal's text.
    pub(crate) fn journal(&self) -> String {
        fs::read_to_string(self.journal_path()).unwrap_or_default()
    }

    fn credentials_path(&self) -> PathBuf {
        self.folder.path().join("credentials")
    }

    /// The key ID and secret in a profile of the credentials file.
    pub(crate) fn profile(&self, name: &str) -> Option<(String, String)> {
        let text = fs::read_to_string(self.credentials_path()).ok()?;
        let section = text.split('[').find_map(|section| {
            let (title, body) = section.split_once(']')?;
            (title == name).then_some(body)
        })?;
        let value = |name: &str| {
            section.lines().find_map(|line| {
                let (key, value) = line.split_once('=')?;
                (key.trim() == name).then(|| value.trim().to_owned())
            })
        };
        Some((value("aws_access_key_id")?, value("aws_secret_access_key")?))
    }

    /// Begins another run.
    pub(crate) fn start(&self) -> Session<'_> {
        Session::new(self)
    }
}

/// A run.
pub(crate) struct Session<'a> {
    pub(crate) world: &'a World,
    pub(crate) engine: Engine,
    pub(crate) slot: Slot,
    driver: Driver,
    runtime: Runtime,
    inbox: UnboundedReceiver<Event>,
    requests: watch::Receiver<()>,
    /// What the engine has asked for and nothing has carried out yet: a run that is killed here
    /// never does.
    pending: VecDeque<Effect>,
    /// The changes that were handed to the driver.
    pub(crate) orders: Vec<Order>,
    /// The journal is open, or there is none.
    pub(crate) journal: Option<bool>,
    pub(crate) news: Vec<News>,
    pub(crate) exit: Option<Exit>,
}

impl<'a> Session<'a> {
    fn new(world: &'a World) -> Self {
        let runtime = threads().unwrap();
        let (outbox, inbox) = unbounded_channel();
        let endpoint = world.endpoint.clone();
        let accounts = Accounts {
            options: aws::Options::default(),
            demo: Arc::new(move || aws::Embedded {
                http_client: endpoint.http_client(),
                credentials: endpoint.sdk_credentials(),
            }),
        };
        let config = DriverConfig {
            route: Route::Terminal(Multiplexer::None),
            journal: JournalConfig {
                path: Ok(Some(world.journal_path())),
                demo_too: true,
            },
            trial_pace: TrialPace {
                pause: Duration::from_millis(5),
                patience: PATIENCE,
            },
            credentials: Ok(CredentialsFile::at(world.credentials_path())),
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
        engine.tick(world.now());
        let (slot, sign_in) = engine.open(Target::Demo);
        Self {
            world,
            engine,
            slot,
            driver,
            runtime,
            inbox,
            requests: world.requests.subscribe(),
            pending: VecDeque::from([sign_in, Effect::OpenJournal]),
            orders: Vec::new(),
            journal: None,
            news: Vec::new(),
            exit: None,
        }
    }

    pub(crate) fn account(&self) -> &account::Account {
        self.engine.fleet.get(self.slot).expect("it is open")
    }

    /// Wants something. What follows from it is carried out when something is waited for.
    pub(crate) fn intend(&mut self, intent: Intent) {
        self.engine.tick(self.world.now());
        let effects = self.engine.intend(intent);
        self.take(effects);
    }

    /// Tells the engine of something.
    pub(crate) fn hear(&mut self, event: Event) {
        if let Event::Journal(opened) = &event {
            self.journal = Some(opened.is_ok());
        }
        self.engine.tick(self.world.now());
        let effects = self.engine.hear(event);
        self.take(effects);
    }

    fn take(&mut self, effects: Vec<Effect>) {
        self.pending.extend(effects);
        self.pending.extend(self.engine.plan_reads());
        self.news.extend(self.engine.take_news());
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.pending.pop_front() {
            if let Effect::Change(_, order) = &effect {
                self.orders.push(Order::clone(order));
            }
            match self.driver.carry_out(effect) {
                Some(Left::Exit(exit)) => self.exit = Some(exit),
                Some(Left::Copy(clip)) => panic!("nothing copies here: {clip:?}"),
                None => {}
            }
        }
    }

    /// Carries out what is to be done and hears what comes of it, until a condition holds.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            self.carry_out();
            if holds(self) {
                return;
            }
            let (inbox, requests) = (&mut self.inbox, &mut self.requests);
            let event = self.runtime.block_on(async {
                timeout_at(deadline, async {
                    tokio::select! {
                        biased;
                        // Something has arrived at the endpoint: the condition may be about that,
                        // and holds before the answer is heard.
                        _ = requests.changed() => None,
                        event = inbox.recv() => Some(event.expect("the driver is there")),
                    }
                })
                .await
            });
            let Ok(event) = event else {
                panic!(
                    "waited for {what}\nplans: {:#?}\nquestions: {:#?}\nkeys: {:#?}\nnews: {:#?}",
                    self.engine.plans(),
                    self.engine.questions(),
                    self.engine.vault.keys(),
                    self.news
                );
            };
            if let Some(event) = event {
                self.hear(event);
            }
        }
    }

    /// Waits until everything that was asked is answered, and the journal is open.
    pub(crate) fn until_quiet(&mut self) {
        self.until("everything loaded", |session| {
            session.journal.is_some()
                && session.account().is_listed()
                && session.account().identity.caller.is_ready()
                && !session.engine.is_busy()
                && session.pending.is_empty()
        });
    }

    /// The plan that waits for an answer: there is just one.
    pub(crate) fn proposed(&self) -> PlanId {
        let proposed = |plan: &&Plan| plan.preflight().is_some();
        let plans: Vec<&Plan> = self.engine.plans().iter().filter(proposed).collect();
        let [plan] = plans[..] else {
            panic!("not one plan: {plans:#?}");
        };
        plan.id
    }

    pub(crate) fn preflight(&self, plan: PlanId) -> &Preflight {
        let plan = self.engine.plan(plan).expect("it is there");
        plan.preflight().expect("it is proposed")
    }

    /// Waits until the account was looked at for a plan.
    pub(crate) fn until_looked(&mut self, plan: PlanId) {
        self.until("the look at the account", |session| {
            !session.preflight(plan).is_looking()
        });
    }

    /// Approves a plan as its dialog asks for it. What is sent is not carried out yet.
    pub(crate) fn approve(&mut self, plan: PlanId) {
        let typed = self.preflight(plan).typed.clone().unwrap_or_default();
        self.intend(Intent::Approve { plan, typed });
    }

    /// The changes that were handed to the driver.
    pub(crate) fn sent(&self) -> Vec<&Change> {
        self.orders.iter().map(|order| &order.change).collect()
    }

    pub(crate) fn needs(&self) -> Vec<Need> {
        self.engine.needs()
    }

    /// Ends the run as a kill does: nothing is finished, and nothing more is carried out.
    pub(crate) fn kill(self) {
        let Self {
            driver,
            runtime,
            engine,
            ..
        } = self;
        drop((driver, engine));
        // What has a thread of its own (a file that is being written) ends; no other run holds the
        // journal's lock afterwards.
        runtime.shutdown_timeout(PATIENCE);
    }

    /// Leaves as a person does, and says what was told at the end.
    pub(crate) fn quit(mut self) -> Exit {
        self.intend(Intent::Leave(iamkeys::engine::Leave::Quit));
        self.until("the exit", |session| session.exit.is_some());
        self.runtime.block_on(self.driver.finish());
        let exit = self.exit.take().expect("it was waited for");
        self.kill();
        exit
    }
}
