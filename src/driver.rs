//! Carries effects out: each becomes a task that ends in one event. There is one connection per
//! session of an account. Reads are dropped when they are not waited for any more; changes never
//! are, and what is on its way to the disk is awaited at the end.

mod clipboard;
mod evidence;
mod journal;
mod plans;
mod secrets;
mod trial;

pub use journal::JournalConfig;
pub use secrets::Credentials;
pub use trial::TrialPace;

use crate::{
    aws::{self, Connection, Done, Embedded, Turns},
    engine::{
        Changed, Clip, CopyOutcome, Effect, Error, Event, Exit, Kind, Means, Order, PlanJob,
        Problem, PromptId, Read, Reply, RequestId, SecretJob, SessionId, SignedIn, Slot, Target,
        Trial, TrialNews, destination::Route, leak::Evidence, limiter,
    },
};
use clipboard::Clipboard;
use futures::FutureExt as _;
use journal::JournalWriter;
use plans::PlanFiles;
pub(crate) use plans::read_text as read_plan;
use secrets::{Outside, Places};
use std::{
    collections::{HashMap, HashSet},
    future::Future,
    io,
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::JoinSet,
};

/// How long files being written may take when the program ends.
const LAST_FILES: Duration = Duration::from_secs(2);

/// The threads that tasks run on.
///
/// # Errors
/// When the system gives none.
pub fn threads() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        // Tasks wait for the network. Each thread more is a megabyte of memory.
        .worker_threads(1)
        // A thread for blocking work ends with it, and need not wake up later to do so.
        .thread_keep_alive(Duration::ZERO)
        .enable_all()
        .build()
}

/// How to reach the accounts.
#[derive(Clone)]
pub struct Accounts {
    /// How to sign in to the ambient one.
    pub options: aws::Options,
    /// Makes the embedded one. May take a while: it is called on a thread of its own.
    pub demo: Arc<dyn Fn() -> Embedded + Send + Sync>,
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

/// What tasks work with, beside the accounts.
#[derive(Clone, Debug)]
pub struct DriverConfig {
    /// Where copied texts go.
    pub route: Route,
    /// Where the journal is kept.
    pub journal: JournalConfig,
    /// How often and how long a new key is tried.
    pub trial_pace: TrialPace,
    /// Where profiles are written to.
    pub credentials: Credentials,
    /// What the demo stores goes into a temporary directory of this run, and nowhere else: its keys
    /// are no real ones, and have no business among those that are.
    pub demo_apart: bool,
    /// How long a secret stays on the system's clipboard; `None` where it is not cleared.
    pub clear_after: Option<Duration>,
}

/// One session of an account: its connection, once it is signed in, and the reads under way.
#[derive(Debug)]
struct Session {
    id: SessionId,
    connection: watch::Sender<Option<Connection>>,
    /// To the task that asks the person something.
    replies: mpsc::UnboundedSender<aws::Answered>,
    reads: JoinSet<()>,
}

/// The tasks of this run.
#[derive(Debug)]
pub struct Driver {
    handle: Handle,
    outbox: mpsc::UnboundedSender<Event>,
    accounts: Accounts,
    /// The calls of all accounts take turns.
    turns: Turns,
    /// The present session of each slot.
    sessions: HashMap<Slot, Session>,
    /// Secrets on their way to a file. Not dropped at the end.
    secrets: JoinSet<()>,
    route: Route,
    clipboard: Clipboard,
    credentials: Credentials,
    demo_apart: bool,
    /// The sessions of the demo account, also those that are over.
    demos: HashSet<SessionId>,
    /// Where those store secrets, once they do; removed at the end.
    demo_directory: Option<TempDir>,
    journal: JournalWriter,
    plans: PlanFiles,
    trial_pace: TrialPace,
}

/// An effect that is not the driver's to carry out: it concerns the owner of the terminal.
#[derive(Debug)]
pub enum Left {
    /// Put a text on the terminal's clipboard.
    Copy(Clip),
    /// End the program.
    Exit(Exit),
}

impl Driver {
    /// Starts nothing yet. Events go to `outbox`.
    #[must_use]
    pub fn new(
        handle: Handle,
        outbox: mpsc::UnboundedSender<Event>,
        accounts: Accounts,
        config: DriverConfig,
    ) -> Self {
        Self {
            clipboard: Clipboard::new(handle.clone(), outbox.clone(), config.clear_after),
            plans: PlanFiles::new(&handle, config.journal.clone(), outbox.clone()),
            journal: JournalWriter::new(handle.clone(), config.journal, outbox.clone()),
            secrets: JoinSet::new(),
            sessions: HashMap::new(),
            handle,
            outbox,
            accounts,
            turns: Turns::new(limiter::MOST),
            route: config.route,
            credentials: config.credentials,
            demo_apart: config.demo_apart,
            demos: HashSet::new(),
            demo_directory: None,
            trial_pace: config.trial_pace,
        }
    }

    /// Carries an effect out, or gives it back if it is not the driver's.
    #[must_use]
    pub fn carry_out(&mut self, effect: Effect) -> Option<Left> {
        match effect {
            Effect::SignIn(session, target) => self.sign_in(session, target, None),
            Effect::SignInWith(session, target, means) => {
                self.sign_in(session, target, Some(means));
            }
            Effect::Reply(session, prompt, reply) => self.reply(session, prompt, reply),
            Effect::ListProfiles => self.list_profiles(),
            Effect::Read(session, request, read) => self.read(session, request, read),
            Effect::Change(session, order) => self.change(session, *order),
            Effect::Try(session, trial) => self.try_key(session, trial),
            Effect::OpenJournal => {
                self.journal.open();
                self.plans.ask(plans::Job::Find);
            }
            Effect::ReadJournal => self.journal.read(),
            Effect::Plan(job) => self.plan(job),
            Effect::Note(note) => self.journal.note(note),
            Effect::Copy(clip) => return self.copy(clip).map(Left::Copy),
            Effect::ClearClipboard(key) => self.clipboard.clear(&key),
            Effect::Secret(session, request, job) => self.secret(session, request, job),
            Effect::WriteEvidence(session, path, evidence) => {
                self.write_evidence(session, path, *evidence);
            }
            Effect::Exit(exit) => return Some(Left::Exit(exit)),
        }
        None
    }

    /// Signs in. Answers still to come from the slot's session before are dropped.
    fn sign_in(&mut self, session: SessionId, target: Target, means: Option<Means>) {
        let outbox = self.outbox.clone();
        let (person, replies) = aws::Person::new(move |news| {
            // No one listens any more: then no one needs to know.
            let _ = outbox.send(Event::Prompted { session, news });
        });
        // The reads of the session before end with it.
        let current = watch::Sender::new(None);
        let begun = Session {
            id: session,
            connection: current.clone(),
            replies,
            reads: JoinSet::new(),
        };
        self.sessions.insert(session.slot, begun);
        let source = match &target {
            Target::Member(member) => self.latest(member.source),
            _ => None,
        };
        let of_demo = source
            .as_ref()
            .is_some_and(|(of, _)| self.demos.contains(of));
        if target == Target::Demo || of_demo {
            self.demos.insert(session);
        }
        let Accounts { options, demo } = self.accounts.clone();
        let turns = self.turns.clone();
        let known_roles = if self.demo_apart && self.demos.contains(&session) {
            aws::KnownRoles::default()
        } else {
            options.known_roles.clone()
        };
        let tell = move |result| Event::SignedIn { session, result };
        let (renewals, mut renewal) = mpsc::unbounded_channel::<aws::Renewals>();
        let work = async move {
            let signed_in = match target {
                Target::Ambient => aws::sign_in_with(&options, means, &person)
                    .await
                    .map_err(Box::new),
                Target::Profile(ref name) => {
                    let profile = Some(name.to_string());
                    let options = aws::Options { profile, ..options };
                    aws::sign_in_with(&options, means, &person)
                        .await
                        .map_err(Box::new)
                }
                Target::Portal(ref portal) => {
                    aws::sign_in_to_portal(&options, portal, means, &person)
                        .await
                        .map_err(Box::new)
                }
                Target::Member(ref member) => {
                    let _turn = turns.take_general().await;
                    match source {
                        Some((_, source)) => {
                            aws::sign_in_to_member(&source, member, &known_roles).await
                        }
                        None => Err(Problem::internal()),
                    }
                    .map_err(Box::new)
                }
                Target::Demo => {
                    let embedded = tokio::task::spawn_blocking(move || demo());
                    let embedded = embedded.await.map_err(|_| Box::new(Problem::internal()));
                    embedded.map(|embedded| aws::sign_in_embedded(embedded, &options))
                }
            };
            match &signed_in {
                Ok(signed_in) => tracing::info!(?target, key = signed_in.key, "signed in"),
                Err(problem) => tracing::error!(?target, problem.title, "not signed in"),
            }
            tell(signed_in.map(|signed_in| {
                current.send_replace(Some(signed_in.connection));
                let by_requests = matches!(signed_in.renewal, Some(aws::Renewals::ByRequests(_)));
                if let Some(renewal) = signed_in.renewal {
                    let _ = renewals.send(renewal);
                }
                Box::new(SignedIn {
                    key: signed_in.key,
                    profile: signed_in.profile,
                    endpoint: signed_in.endpoint,
                    role: signed_in.role,
                    portal: signed_in.portal,
                    caller: signed_in.caller,
                    expires: signed_in.expires,
                    how: signed_in.how,
                    made_from: signed_in.made_from,
                    renewed_by_requests: by_requests,
                })
            }))
        };
        let panicked = move || tell(Err(Box::new(Problem::internal())));
        self.spawn_read(session, work, panicked);
        let outbox = self.outbox.clone();
        self.spawn_beside(session, async move {
            follow(renewal.recv().await?, session, &outbox).await;
            None
        });
    }

    /// Hands an answer to the task that waits for it, if one does.
    fn reply(&mut self, session: SessionId, prompt: PromptId, reply: Reply) {
        let of_slot = self.sessions.get(&session.slot);
        if let Some(current) = of_slot.filter(|current| current.id == session) {
            // What it answers may be over.
            let _ = current.replies.send((prompt, reply));
        }
    }

    /// The session of a slot and its connection, once it is signed in.
    fn latest(&self, slot: Slot) -> Option<(SessionId, Connection)> {
        let session = self.sessions.get(&slot)?;
        Some((session.id, session.connection.borrow().clone()?))
    }

    /// Reads which profiles this machine has.
    fn list_profiles(&self) {
        let outbox = self.outbox.clone();
        self.handle.spawn(async move {
            let work = AssertUnwindSafe(aws::list_profiles()).catch_unwind().await;
            let list = work.unwrap_or_else(|_| {
                let _ = outbox.send(Event::TaskPanicked);
                Err(Problem::internal())
            });
            let list = list.map(Box::new).map_err(Box::new);
            let _ = outbox.send(Event::Profiles(list));
        });
    }

    /// The connection of a session, if that has not been left.
    fn connection(&self, session: SessionId) -> Option<Connection> {
        self.current(session).map(|current| current())
    }

    /// What gives the connection that a session has by then: it may go on with another key.
    fn current(&self, session: SessionId) -> Option<impl Fn() -> Connection + use<>> {
        let of_slot = self.sessions.get(&session.slot);
        let connection = &of_slot.filter(|current| current.id == session)?.connection;
        let (first, later) = (connection.borrow().clone()?, connection.subscribe());
        Some(move || later.borrow().clone().unwrap_or_else(|| first.clone()))
    }

    /// Asks something of an account.
    fn read(&mut self, session: SessionId, request: RequestId, read: Read) {
        let current = self.current(session);
        let action = read.row().action;
        let turns = self.turns.clone();
        let tell = move |result, took| Event::Answer {
            session,
            request,
            result,
            took,
        };
        let work = async move {
            let begun = Instant::now();
            let result = match current {
                Some(current) => Connection::ask(current, read.clone(), &turns).await,
                None => Err(Error::internal(action)),
            };
            let took = begun.elapsed();
            match &result {
                Ok(_) => tracing::debug!(?read, ?took, "answered"),
                Err(error) => tracing::warn!(
                    ?read, ?took, %error, request_id = error.request_id, "not answered"
                ),
            }
            tell(result, took)
        };
        let panicked = move || tell(Err(Error::internal(action)), Duration::ZERO);
        self.spawn_read(session, work, panicked);
    }

    /// Changes an account. The task is never dropped.
    fn change(&mut self, session: SessionId, order: Order) {
        let connection = self.connection(session);
        let outbox = self.outbox.clone();
        let journal = self.journal.clone();
        self.handle.spawn(async move {
            let begun = Instant::now();
            let row = order.change.row();
            let (action, verb, target) = (row.action, row.verb, row.target);
            let work = async {
                let connection = connection.ok_or_else(|| Error::internal(action))?;
                journal
                    .sent(&order)
                    .await
                    .map_err(|why| no_journal(action, &why))?;
                tracing::info!(verb, %target, "sent");
                connection.change(&order.change).await
            };
            let result = AssertUnwindSafe(work).catch_unwind().await;
            let result = result.unwrap_or_else(|_| {
                let _ = outbox.send(Event::TaskPanicked);
                Err(Error {
                    message: "internal error; it may have been sent before".into(),
                    kind: Kind::InvalidResponse,
                    ..Error::internal(action)
                })
            });
            let took = begun.elapsed();
            match &result {
                Ok(Done {
                    changed: Changed::Unsure { error, .. },
                    request_id,
                }) => tracing::error!(verb, %target, ?took, %error, request_id, "not known"),
                Ok(_) => tracing::info!(verb, %target, ?took, "done"),
                Err(error) => tracing::error!(
                    verb, %target, ?took, %error, request_id = error.request_id, "not done"
                ),
            }
            let (result, request_id) = match result {
                Ok(done) => (Ok(done.changed), done.request_id),
                Err(error) => (Err(error), None),
            };
            // On its way to the disk, and nothing that the person has to wait for: a new secret
            // least of all. Until it is there, a crash reads as an interruption.
            journal.ended(&order, &result, request_id.clone(), took);
            let _ = outbox.send(Event::Changed {
                session,
                id: order.id,
                result,
                request_id,
                took,
            });
        });
    }

    /// Tries whether a new key is accepted already.
    fn try_key(&mut self, session: SessionId, trial: Trial) {
        let Some(current) = self.sessions.get(&session.slot) else {
            return;
        };
        let (connection, current) = (self.connection(session), current.connection.clone());
        let (outbox, pace, key) = (self.outbox.clone(), self.trial_pace, trial.key.clone());
        let given_up = move |key| Event::Tried {
            session,
            key,
            news: TrialNews::GivenUp(Error::internal("sts:GetCallerIdentity")),
        };
        let panicked = key.clone();
        let work = async move {
            match connection {
                Some(connection) => {
                    trial::run(session, connection, trial, pace, current, outbox).await
                }
                None => given_up(key),
            }
        };
        self.spawn_read(session, work, move || given_up(panicked));
    }

    /// Copies a text to the system's clipboard, or says why there is none. What goes to the
    /// terminal's is given back: the owner of the terminal writes it.
    fn copy(&mut self, clip: Clip) -> Option<Clip> {
        match self.route {
            Route::System => self.clipboard.copy(clip),
            Route::Terminal(_) => return Some(clip),
            Route::Unavailable(why) => {
                let Clip { what, key, .. } = clip;
                let outcome = CopyOutcome::Unavailable(why);
                let _ = self.outbox.send(Event::Copied { what, key, outcome });
            }
        }
        None
    }

    /// Reads or writes a place that a secret can be put into.
    fn secret(&mut self, session: SessionId, request: RequestId, job: SecretJob) {
        while self.secrets.try_join_next().is_some() {}
        let outbox = self.outbox.clone();
        let told = outbox.clone();
        let tell = move |news| {
            let _ = told.send(Event::Secret { request, news });
        };
        let (places, connection) = (self.places(session), self.connection(session));
        let outside = Outside {
            programs: self.accounts.options.programs.clone(),
            kept_in: self.state_directory(),
        };
        let work = secrets::run(job, places, outside, connection, outbox, tell);
        self.secrets.spawn_on(work, &self.handle);
    }

    /// Writes what is known of a leaked key.
    fn write_evidence(&mut self, session: SessionId, path: String, evidence: Evidence) {
        while self.secrets.try_join_next().is_some() {}
        let (places, outbox) = (self.places(session), self.outbox.clone());
        self.secrets.spawn_on(
            async move {
                let begun = Instant::now();
                let key = evidence.key.clone();
                let work = move || evidence::write(&path, &evidence, &places);
                let result = tokio::task::spawn_blocking(work).await;
                let result = result.unwrap_or_else(|_| {
                    let _ = outbox.send(Event::TaskPanicked);
                    Err("internal error (please report it)".into())
                });
                let took = begun.elapsed();
                // No one listens any more: then no one needs to know.
                let _ = outbox.send(Event::EvidenceWritten { key, result, took });
            },
            &self.handle,
        );
    }

    /// Saves, opens or keeps a plan over many keys.
    fn plan(&mut self, job: PlanJob) {
        let sessions = self.sessions.values().map(|session| session.id);
        let all: Vec<SessionId> = sessions.collect();
        // One account that is real, and files are too.
        let real = all.iter().find(|session| !self.demos.contains(session));
        let places = match real.or(all.first()) {
            Some(session) => self.places(*session),
            None => Places::real(self.credentials.clone()),
        };
        self.plans.ask(plans::Job::Do(job, places));
    }

    /// The directory of the journal, or the one where it would usually be.
    fn state_directory(&self) -> Result<PathBuf, String> {
        let named = self.journal.path();
        let path = named.map_or_else(crate::journal::usual_place, Ok);
        let path = path.map_err(|error| error.to_string())?;
        let path = std::path::absolute(path).map_err(|error| error.to_string())?;
        let directory = path.parent().map(Path::to_owned);
        directory.ok_or_else(|| "the journal is in no directory".into())
    }

    /// Where a session puts secrets.
    fn places(&mut self, session: SessionId) -> Places {
        if !self.demo_apart || !self.demos.contains(&session) {
            return Places::real(self.credentials.clone());
        }
        if let Some(directory) = &self.demo_directory {
            return Places::only_in(directory.path());
        }
        match tempfile::Builder::new().prefix("iamkeys-demo-").tempdir() {
            Ok(directory) => Places::only_in(self.demo_directory.insert(directory).path()),
            Err(error) => Places::none(&error),
        }
    }

    /// Where copied texts go.
    #[must_use]
    pub fn route(&self) -> Route {
        self.route
    }

    /// Stops every read at once, and what gets credentials for them, and waits for what is on its way
    /// to the disk.
    pub async fn finish(&mut self) {
        // While what waits for them is still there: they get a moment to end by themselves.
        self.accounts.options.programs.end();
        self.sessions.clear();
        let files = async {
            while self.secrets.join_next().await.is_some() {}
            self.plans.finish().await;
            self.accounts.options.known_roles.save().await;
        };
        if tokio::time::timeout(LAST_FILES, files).await.is_err() {
            tracing::error!("the last files took too long");
        }
        // With all that the demo has stored in it.
        self.demo_directory = None;
        self.clipboard.finish().await;
        self.journal.finish().await;
    }

    /// Runs a task that is dropped with its session.
    fn spawn_read(
        &mut self,
        session: SessionId,
        work: impl Future<Output = Event> + Send + 'static,
        panicked: impl FnOnce() -> Event + Send + 'static,
    ) {
        let outbox = self.outbox.clone();
        self.spawn_beside(session, async move {
            match AssertUnwindSafe(work).catch_unwind().await {
                Ok(event) => Some(event),
                Err(_) => {
                    let _ = outbox.send(Event::TaskPanicked);
                    Some(panicked())
                }
            }
        });
    }

    /// Runs a task that is dropped with its session, and that nothing waits for.
    fn spawn_beside(
        &mut self,
        session: SessionId,
        work: impl Future<Output = Option<Event>> + Send + 'static,
    ) {
        let outbox = self.outbox.clone();
        let Some(current) = self.sessions.get_mut(&session.slot) else {
            return;
        };
        // Finished tasks stay in the set until it is looked at.
        while current.reads.try_join_next().is_some() {}
        let task = async move {
            let event = AssertUnwindSafe(work).catch_unwind().await;
            let event = event.unwrap_or(Some(Event::TaskPanicked));
            if let Some(event) = event {
                // No one listens any more: then no one needs to know.
                let _ = outbox.send(event);
            }
        };
        current.reads.spawn_on(task, &self.handle);
    }
}

/// The most events that are taken in before anything else is looked at: a key, a signal, a frame.
const BATCH: usize = 256;

/// An event, and those that wait behind it: what follows from them is worked out once for all.
pub fn with_waiting(first: Event, inbox: &mut mpsc::UnboundedReceiver<Event>) -> Vec<Event> {
    let mut events = vec![first];
    while events.len() < BATCH
        && let Ok(event) = inbox.try_recv()
    {
        events.push(event);
    }
    events
}

/// Tells of the credentials that a session goes on with, as long as it runs.
async fn follow(
    renewals: aws::Renewals,
    session: SessionId,
    outbox: &mpsc::UnboundedSender<Event>,
) {
    match renewals {
        aws::Renewals::Beside(renewal) => {
            let tell = |result| drop(outbox.send(Event::Renewed { session, result }));
            renewal.run(tell).await;
        }
        aws::Renewals::ByRequests(mut latest) => {
            while let Some(renewed) = latest.next().await {
                tracing::info!(key = renewed.key, "renewed by a request");
                let _ = outbox.send(Event::RenewedByRequest { session, renewed });
            }
        }
    }
}

/// What a mutex holds: a panic elsewhere leaves nothing half done in it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn no_journal(action: &'static str, why: &str) -> Error {
    Error {
        kind: Kind::NoJournal,
        message: format!("not sent: the journal could not be written: {why}"),
        ..Error::internal(action)
    }
}
