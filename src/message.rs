//! What has happened: a key press, an answer, a signal.

use crate::{
    effect::{ChangeId, Copied, RequestId},
    iam::{AccessKey, Caller, Changed, Error, LastUsed, Problem, Report, Summary, UsersPage},
    secret::{osc52::Multiplexer, route::Why},
    state::{fresh::TrialNews, questions::Question, sort::Column, store::News},
};
use crossterm::event::KeyEvent;
use std::time::Duration;

/// Something that has happened. A message that carries a secret moves it.
#[derive(Debug)]
pub enum Message {
    /// A key was pressed.
    Key(KeyPress),
    /// A text was pasted.
    Paste(String),
    /// The mouse was clicked on something.
    Click(Target),
    /// The wheel was turned, by so many rows; negative is up.
    Scroll(isize),
    /// The terminal has this size now, in columns and rows.
    Resize(u16, u16),
    /// The terminal was used by somebody else; all of it must be drawn again.
    Resumed,
    /// Signed in, or not.
    SignedIn(Result<Box<Session>, Box<Problem>>),
    /// An answer to a read.
    Answer {
        /// The read.
        request: RequestId,
        /// What the account says.
        answer: Answer,
        /// How long it took.
        took: Duration,
    },
    /// What came of a change.
    Changed {
        /// The change.
        id: ChangeId,
        /// What came of it.
        result: Result<Changed, Error>,
        /// The service's ID for the request, where it succeeded; an error has it itself.
        request_id: Option<String>,
        /// How long it took.
        took: Duration,
    },
    /// What came of copying a text of this key.
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
    /// What came of clearing the system's clipboard: whether it still held the secret.
    Cleared {
        /// The key whose secret it was.
        key: String,
        /// Whether it was still there and is not any more; or why nobody knows.
        result: Result<bool, String>,
    },
    /// What came of an errand to a place that a secret can be put into.
    Store {
        /// The errand.
        request: RequestId,
        /// The news.
        news: News,
    },
    /// The journal is open, with what earlier runs have left open; or why there is none.
    Journal(Result<Vec<Question>, String>),
    /// What came of a change, or what has become known about one, is not in the journal: why.
    NotWritten(String),
    /// How the trial of a new key goes.
    Tried {
        /// The key.
        key: String,
        /// The news.
        news: TrialNews,
    },
    /// A task of ours panicked; its report is printed at the end.
    TaskPanicked,
    /// A signal told the process to end.
    Signal(Signal),
    /// The terminal gives no more input.
    InputClosed,
    /// Time for the next picture of a spinner.
    Tick,
}

/// A key press, and how closely it followed others.
#[derive(Clone, Copy, Debug)]
pub struct KeyPress {
    /// The key.
    pub key: KeyEvent,
    /// How many keys came right before it, faster than a person presses and sees: 0 for one that
    /// was pressed with the screen in view.
    pub run: usize,
}

/// Something on the screen that can be clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A row of the list of users.
    User(usize),
    /// A card of the key pane.
    Key(usize),
    /// A row of the list of all keys.
    KeyRow(usize),
    /// The heading of a column.
    Column(Column),
    /// An entry of what has happened, by its number: its row changes with the next one.
    Entry(usize),
    /// A tab, a hint of the footer, or of a dialog.
    Action(crate::action::Action),
    /// A button of a dialog.
    Button(usize),
    /// A row of a list in a dialog: of the palette, of profiles, of forms.
    PaletteRow(usize),
}

/// The facts of a session that has just begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// The key ID that requests are signed with.
    pub key: String,
    /// The profile's name, where one was named.
    pub profile: Option<String>,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
}

/// The answer to a [`crate::effect::Read`].
#[derive(Debug)]
pub enum Answer {
    /// Who is signed in.
    Caller(Result<Caller, Error>),
    /// The account's alias.
    Alias(Result<Option<String>, Error>),
    /// How many keys a user may have, and whether root has any.
    Summary(Result<Summary, Error>),
    /// A page of users.
    Users(Result<UsersPage, Error>),
    /// The keys of a user.
    Keys(Box<str>, Result<Vec<AccessKey>, Error>),
    /// The last use of a user's key.
    LastUsed(Box<str>, String, Result<LastUsed, Error>),
    /// Whose a key is, and its last use; the name is empty where AWS names nobody.
    Owner(String, Result<(Box<str>, LastUsed), Error>),
    /// What the keys of a user are for: key IDs and texts.
    Descriptions(Box<str>, Result<Vec<(String, String)>, Error>),
    /// The credential report.
    Report(Result<Box<Report>, Error>),
}

impl Answer {
    /// What went wrong, if something did.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Caller(answer) => answer.as_ref().err(),
            Self::Alias(answer) => answer.as_ref().err(),
            Self::Summary(answer) => answer.as_ref().err(),
            Self::Users(answer) => answer.as_ref().err(),
            Self::Keys(_, answer) => answer.as_ref().err(),
            Self::LastUsed(_, _, answer) => answer.as_ref().err(),
            Self::Owner(_, answer) => answer.as_ref().err(),
            Self::Descriptions(_, answer) => answer.as_ref().err(),
            Self::Report(answer) => answer.as_ref().err(),
        }
    }
}

/// How copying went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyOutcome {
    /// The system's clipboard has it.
    InSystemClipboard,
    /// It was sent to the terminal, through this, and no terminal answers.
    SentToTerminal(Multiplexer),
    /// There is no way to copy here.
    Unavailable(Why),
    /// The clipboard refused it.
    Failed(String),
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
    /// SIGHUP: nobody is there any more.
    HangUp,
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
        }
    }
}
