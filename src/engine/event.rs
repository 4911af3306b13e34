//! What has happened outside: an answer, the outcome of a change, a signal. An event that belongs to
//! a session carries it, and one that carries a secret moves it.

use super::{
    bulk::PlanNews,
    effect::{ChangeId, Copied, CopyOutcome, RequestId, SessionId},
    error::Error,
    findings::Deactivated,
    leak::Written,
    model::Caller,
    problem::Problem,
    profiles::ProfileList,
    prompt::PromptNews,
    request::{Answer, Changed},
    rotation::Rotated,
    unresolved::Question,
    vault::DestinationNews,
};
use chrono::{DateTime, Utc};
use std::time::Duration;

/// Something that has happened outside.
#[derive(Debug)]
pub enum Event {
    /// Signed in, or not.
    SignedIn {
        /// The session.
        session: SessionId,
        /// Its credentials, or why there are none.
        result: Result<Box<SignedIn>, Box<Problem>>,
    },
    /// Signing in needs something that only a person can give, or does not any more.
    Prompted {
        /// The session.
        session: SessionId,
        /// What is asked.
        news: PromptNews,
    },
    /// Credentials that were about to expire were renewed, or not: in words, why.
    Renewed {
        /// The session.
        session: SessionId,
        /// The new ones.
        result: Result<Renewed, String>,
    },
    /// A request has got other credentials for itself and those that follow.
    RenewedByRequest {
        /// The session.
        session: SessionId,
        /// The new ones.
        renewed: Renewed,
    },
    /// The profiles of this machine, or why they cannot be read.
    Profiles(Result<Box<ProfileList>, Box<Problem>>),
    /// An answer to a read.
    Answer {
        /// The session that it was asked in.
        session: SessionId,
        /// The read.
        request: RequestId,
        /// What the account says.
        result: Result<Answer, Error>,
        /// How long it took.
        took: Duration,
    },
    /// What came of a change.
    Changed {
        /// The session that it was sent in.
        session: SessionId,
        /// The change.
        id: ChangeId,
        /// What came of it.
        result: Result<Changed, Error>,
        /// The service's ID for the request, where it succeeded; an error has it itself.
        request_id: Option<String>,
        /// How long it took.
        took: Duration,
    },
    /// How the trial of a new key goes.
    Tried {
        /// The session that it was begun in.
        session: SessionId,
        /// The key.
        key: String,
        /// The news.
        news: TrialNews,
    },
    /// What came of copying a text.
    Copied {
        /// What it was.
        what: Copied,
        /// The key it belongs to; empty for a command.
        key: String,
        /// How it went.
        outcome: CopyOutcome,
    },
    /// The system's clipboard has held the secret of this key for as long as it was to.
    ClipboardDue(String),
    /// What came of clearing the system's clipboard.
    Cleared {
        /// The key whose secret was there.
        key: String,
        /// Whether it was still there and is not any more; or why that is not known.
        result: Result<bool, String>,
    },
    /// What has become known of a place that a secret can be put into.
    Secret {
        /// The job.
        request: RequestId,
        /// The news.
        news: DestinationNews,
    },
    /// Files with what is known of a leaked key are written, or not: why.
    EvidenceWritten {
        /// The key.
        key: String,
        /// The files.
        result: Result<Written, String>,
        /// How long it took.
        took: Duration,
    },
    /// What has become known of plans over many keys, in files.
    Plan(PlanNews),
    /// What the journal tells of deactivations by earlier runs: nothing, where there is none.
    Deactivated(Deactivated),
    /// What the journal tells of the rotations of earlier runs.
    Rotated(Rotated),
    /// The journal is open, with what earlier runs have left open; or why there is none.
    Journal(Result<Vec<Question>, String>),
    /// Lines of the journal are damaged that recorded changes, which may have been made: for each, what
    /// can still be read.
    JournalDamaged(Vec<String>),
    /// What came of a change, or has become known about one, is not in the journal: why.
    NotWritten(String),
    /// A background task panicked; its report is printed at the end.
    TaskPanicked,
    /// A signal told the process to end.
    Signal(Signal),
    /// The terminal gives no more input.
    InputClosed,
}

/// The facts of a session that has just begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedIn {
    /// The key ID that requests are signed with.
    pub key: String,
    /// The profile's name, where one was named.
    pub profile: Option<String>,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
    /// The name of the role that was assumed for this account, or that a portal has given, where one
    /// was.
    pub role: Option<Box<str>>,
    /// The SSO portal whose login it was signed in by, by its session or start URL, where it was.
    pub portal: Option<Box<str>>,
    /// Who is signed in, where that is known without asking.
    pub caller: Option<Caller>,
    /// When the credentials expire, where they do.
    pub expires: Option<DateTime<Utc>>,
    /// How it was signed in, in a word or two: `keys with MFA`, `role deploy`.
    pub how: String,
    /// The ID of the long-lived key that the session was made from, where it was.
    pub made_from: Option<String>,
    /// Whether it is the next request that renews the credentials when they have expired.
    pub renewed_by_requests: bool,
}

/// Credentials in place of those that were about to expire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// The key ID that requests are signed with from now on.
    pub key: String,
    /// When they expire, where they do.
    pub expires: Option<DateTime<Utc>>,
}

/// How the trial of a new key goes.
#[derive(Clone, Debug)]
pub enum TrialNews {
    /// It is not accepted yet; it was tried so many times.
    NotYet(u32),
    /// It is accepted, as this caller; whether the session goes on with it.
    Accepted(Caller, bool),
    /// It was not accepted in all that time.
    GivenUp(Error),
}

/// A signal that ends the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: asks, as Ctrl-C does.
    Interrupt,
    /// SIGTERM, or the like.
    Terminate,
    /// SIGQUIT: ends as SIGTERM does, and leaves no core.
    Quit,
    /// SIGHUP: the terminal is gone.
    HangUp,
    /// Another one that would end the process, by its number: ends as SIGTERM does.
    Other(u8),
}

impl Signal {
    /// Its number, from which the exit code is made.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::HangUp => 1,
            Self::Interrupt => 2,
            Self::Quit => 3,
            Self::Terminate => 15,
            Self::Other(number) => number,
        }
    }
}
