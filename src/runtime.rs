//! Carries effects out: each becomes a task that ends in one message. Reads are dropped when
//! nobody waits for them any more; changes never are.

mod board;
mod ledger;
mod report;
mod store;
mod trial;

pub use ledger::Keep;
pub use report::{ReportPace, fetch_report};
pub use store::Credentials;
pub use trial::Pace;

use board::Board;
use ledger::Ledger;

use crate::{
    demo::Endpoint,
    effect::{Clip, Errand, Note, Order, Read, RequestId, Target, Trial},
    iam::{self, Account, Done, Error, Kind, SignedIn},
    message::{Answer, Message, Session},
    secret::clipboard::Route,
    state::{fresh::TrialNews, store::News},
};
use futures::FutureExt as _;
use std::{
    future::Future,
    io,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};
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

/// How to get at the accounts.
#[derive(Clone)]
pub struct Accounts {
    /// How to sign in to the ambient one.
    pub options: iam::Options,
    /// Makes the embedded one. May take a while: it is called on a thread of its own.
    pub demo: Arc<dyn Fn() -> Endpoint + Send + Sync>,
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

/// The tasks of this run.
#[derive(Debug)]
pub struct Runtime {
    handle: Handle,
    outbox: mpsc::UnboundedSender<Message>,
    accounts: Accounts,
    account: watch::Sender<Option<Account>>,
    reads: JoinSet<()>,
    /// Secrets on their way to a file. Not dropped at the end.
    errands: JoinSet<()>,
    route: Route,
    board: Board,
    credentials: Credentials,
    ledger: Ledger,
    pace: Pace,
}

/// What tasks work with, beside the accounts.
#[derive(Clone, Debug)]
pub struct Means {
    /// Where copied texts go.
    pub route: Route,
    /// Where the journal is kept.
    pub keep: Keep,
    /// How often and how long a new key is tried.
    pub pace: Pace,
    /// Where profiles are written to.
    pub credentials: Credentials,
    /// How long a secret stays on the system's clipboard; none where nobody clears it.
    pub clear_after: Option<Duration>,
}

impl Runtime {
    /// Starts nothing yet. Messages go to `outbox`.
    #[must_use]
    pub fn new(
        handle: Handle,
        outbox: mpsc::UnboundedSender<Message>,
        accounts: Accounts,
        means: Means,
    ) -> Self {
        let Means {
            route,
            keep,
            pace,
            credentials,
            clear_after,
        } = means;
        Self {
            board: Board::new(handle.clone(), outbox.clone(), clear_after),
            credentials,
            errands: JoinSet::new(),
            ledger: Ledger::new(handle.clone(), keep, outbox.clone()),
            pace,
            handle,
            outbox,
            accounts,
            account: watch::Sender::new(None),
            reads: JoinSet::new(),
            route,
        }
    }

    /// Signs in. Answers still to come from the session before are dropped.
    pub fn sign_in(&mut self, target: Target) {
        self.reads.abort_all();
        self.account.send_replace(None);
        let accounts = self.accounts.clone();
        let account = self.account.clone();
        let work = async move {
            let signed_in = match target {
                Target::Ambient => iam::sign_in(&accounts.options).await.map_err(Box::new),
                Target::Demo => {
                    let make = accounts.demo;
                    let endpoint = tokio::task::spawn_blocking(move || make()).await;
                    match endpoint {
                        Ok(endpoint) => Ok(iam::sign_in_to_demo(&endpoint, &accounts.options)),
                        Err(_) => Err(Box::new(iam::Problem::internal())),
                    }
                }
            };
            match &signed_in {
                Ok(signed_in) => tracing::info!(?target, key = signed_in.key, "signed in"),
                Err(problem) => tracing::error!(?target, problem.title, "not signed in"),
            }
            Message::SignedIn(signed_in.map(|signed_in| {
                let SignedIn {
                    account: new,
                    key,
                    profile,
                    endpoint,
                } = signed_in;
                account.send_replace(Some(new));
                Box::new(Session {
                    key,
                    profile,
                    endpoint,
                })
            }))
        };
        self.spawn_read(work, || {
            Message::SignedIn(Err(Box::new(iam::Problem::internal())))
        });
    }

    /// Asks something of the account.
    pub fn read(&mut self, request: RequestId, read: Read) {
        let account = self.account.borrow().clone();
        let asked = read.clone();
        let work = async move {
            let begun = Instant::now();
            let asked = read.clone();
            let answer = match account {
                Some(account) => answer(&account, read).await,
                None => failed(read),
            };
            let took = begun.elapsed();
            match answer.error() {
                None => tracing::debug!(?asked, ?took, "answered"),
                Some(error) => tracing::warn!(
                    ?asked, ?took, %error, request_id = error.request_id, "not answered"
                ),
            }
            Message::Answer {
                request,
                answer,
                took,
            }
        };
        self.spawn_read(work, move || Message::Answer {
            request,
            answer: failed(asked),
            took: Duration::ZERO,
        });
    }

    /// Changes the account. The task is nobody's to drop.
    pub fn change(&mut self, order: Order) {
        let account = self.account.borrow().clone();
        let outbox = self.outbox.clone();
        let ledger = self.ledger.clone();
        self.handle.spawn(async move {
            let begun = Instant::now();
            let change = &order.change;
            let (verb, target) = (change.verb(), change.target());
            let work = async {
                let account = account.ok_or_else(|| internal("iamkeys", Kind::Other))?;
                ledger
                    .sent(&order)
                    .await
                    .map_err(|why| no_journal(change.action(), &why))?;
                tracing::info!(verb, %target, "sent");
                account.change(change).await
            };
            let result = AssertUnwindSafe(work).catch_unwind().await;
            let result = result.unwrap_or_else(|_| {
                let _ = outbox.send(Message::TaskPanicked);
                Err(Error {
                    message: "a defect of iamkeys; it may have been sent before".into(),
                    ..internal("iamkeys", Kind::Garbled)
                })
            });
            let took = begun.elapsed();
            match &result {
                Ok(_) => tracing::info!(verb, %target, ?took, "done"),
                Err(error) => tracing::error!(
                    verb, %target, ?took, %error, request_id = error.request_id, "not done"
                ),
            }
            let (result, request_id) = match result {
                Ok(Done {
                    changed,
                    request_id,
                }) => (Ok(changed), request_id),
                Err(error) => (Err(error), None),
            };
            // On its way to the disk, and nothing that the person has to wait for: a new secret
            // least of all. Until it is there, a crash reads as an interruption.
            ledger.ended(&order, &result, request_id.clone(), took);
            let _ = outbox.send(Message::Changed {
                id: order.id,
                result,
                request_id,
                took,
            });
        });
    }

    /// Tries whether a new key is accepted already.
    pub fn try_key(&mut self, trial: Trial) {
        let account = self.account.borrow().clone();
        let (session, outbox, pace) = (self.account.clone(), self.outbox.clone(), self.pace);
        let key = trial.key.clone();
        let given_up = move |key| Message::Tried {
            key,
            news: TrialNews::GivenUp(internal("sts:GetCallerIdentity", Kind::Other)),
        };
        let of_panic = key.clone();
        let work = async move {
            match account {
                Some(account) => trial::run(account, trial, pace, session, outbox).await,
                None => given_up(key),
            }
        };
        self.spawn_read(work, move || given_up(of_panic));
    }

    /// Writes something about a change into the journal.
    pub fn note(&mut self, note: Note) {
        self.ledger.note(note);
    }

    /// Opens the journal, and tells what earlier runs have left open.
    pub fn open_journal(&mut self) {
        self.ledger.open();
    }

    /// Puts a text on the system's clipboard. What goes to the terminal's is written by whoever
    /// owns the terminal.
    pub fn copy_to_system(&mut self, clip: Clip) {
        self.board.copy(clip);
    }

    /// Clears the system's clipboard, if it still holds the secret of this key.
    pub fn clear_clipboard(&mut self, key: &str) {
        self.board.clear(key);
    }

    /// Does something about a place that a secret can be put into.
    pub fn store(&mut self, request: RequestId, errand: Errand) {
        while self.errands.try_join_next().is_some() {}
        let outbox = self.outbox.clone();
        let told = outbox.clone();
        let tell = move |news: News| {
            let _ = told.send(Message::Store { request, news });
        };
        let (credentials, account) = (self.credentials.clone(), self.account.borrow().clone());
        let work = store::run(errand, credentials, account, outbox, tell);
        self.errands.spawn_on(work, &self.handle);
    }

    /// Where copied texts go.
    #[must_use]
    pub fn route(&self) -> Route {
        self.route
    }

    /// Stops every read at once, and waits for what is on its way to the disk.
    pub async fn finish(&mut self) {
        self.reads.abort_all();
        let files = async { while self.errands.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_FILES, files).await.is_err() {
            tracing::error!("the last files took too long");
        }
        self.board.finish().await;
        self.ledger.finish().await;
    }

    fn spawn_read(
        &mut self,
        work: impl Future<Output = Message> + Send + 'static,
        if_it_panics: impl FnOnce() -> Message + Send + 'static,
    ) {
        // Finished tasks stay in the set until somebody looks.
        while self.reads.try_join_next().is_some() {}
        let outbox = self.outbox.clone();
        let task = async move {
            let message = match AssertUnwindSafe(work).catch_unwind().await {
                Ok(message) => message,
                Err(_) => {
                    let _ = outbox.send(Message::TaskPanicked);
                    if_it_panics()
                }
            };
            // Nobody listens any more: then nobody needs to know.
            let _ = outbox.send(message);
        };
        self.reads.spawn_on(task, &self.handle);
    }
}

async fn answer(account: &Account, read: Read) -> Answer {
    match read {
        Read::Caller => Answer::Caller(account.caller().await),
        Read::Alias => Answer::Alias(account.alias().await),
        Read::Summary => Answer::Summary(account.summary().await),
        Read::Users(marker) => Answer::Users(account.users(marker).await),
        Read::Keys(user) => {
            panic_if_told("keys");
            let keys = account.keys(&user).await;
            Answer::Keys(user, keys)
        }
        Read::LastUsed(user, key) => {
            let answer = account.last_used(&key).await;
            Answer::LastUsed(user, key, answer)
        }
        Read::Owner(key) => {
            let owner = account.owner(&key).await;
            Answer::Owner(key, owner)
        }
        Read::Descriptions(user) => {
            let answer = account.descriptions(&user).await;
            Answer::Descriptions(user, answer)
        }
        Read::Report => {
            let report = fetch_report(account, ReportPace::default()).await;
            Answer::Report(report.map(Box::new))
        }
    }
}

/// Panics in the place that `IAMKEYS_PANIC` names: `keys`, in the task that lists a user's keys, or
/// `paste`, in the event loop when something is pasted. Tests of the real program see what becomes
/// of the terminal and of a secret then; a release build knows no such thing.
pub(crate) fn panic_if_told(place: &str) {
    let told = cfg!(debug_assertions)
        && std::env::var_os("IAMKEYS_PANIC").is_some_and(|wanted| wanted == place);
    assert!(!told, "told to panic by IAMKEYS_PANIC={place}");
}

/// The answer to a question that could not even be asked.
fn failed(read: Read) -> Answer {
    let error = |action| internal(action, Kind::Other);
    match read {
        Read::Caller => Answer::Caller(Err(error("sts:GetCallerIdentity"))),
        Read::Alias => Answer::Alias(Err(error("iam:ListAccountAliases"))),
        Read::Summary => Answer::Summary(Err(error("iam:GetAccountSummary"))),
        Read::Users(_) => Answer::Users(Err(error("iam:ListUsers"))),
        Read::Keys(user) => Answer::Keys(user, Err(error("iam:ListAccessKeys"))),
        Read::LastUsed(user, key) => {
            Answer::LastUsed(user, key, Err(error("iam:GetAccessKeyLastUsed")))
        }
        Read::Owner(key) => Answer::Owner(key, Err(error("iam:GetAccessKeyLastUsed"))),
        Read::Descriptions(user) => Answer::Descriptions(user, Err(error("iam:ListUserTags"))),
        Read::Report => Answer::Report(Err(error("iam:GetCredentialReport"))),
    }
}

fn no_journal(action: &'static str, why: &str) -> Error {
    Error {
        action,
        kind: Kind::NoJournal,
        code: None,
        message: format!("nothing was sent, for it could not be written down: {why}"),
        request_id: None,
    }
}

fn internal(action: &'static str, kind: Kind) -> Error {
    Error {
        action,
        kind,
        code: None,
        message: "a defect of iamkeys kept it from being asked".into(),
        request_id: None,
    }
}
