//! What must be done outside: data only, carried out by [`crate::runtime`] and [`crate::app`].

use crate::{
    iam::Change,
    secret::{SecretKey, credentials::Plan, csv_file::Layout, forms::Form},
};

/// Tells one request from all others of this run, so that a late answer to an old question is
/// known for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// Tells one change from all others of this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangeId(pub u64);

/// Something to be done outside the pure core. Each read and each change ends in exactly one
/// message that carries its number.
#[derive(Debug)]
pub enum Effect {
    /// Sign in, and forget every answer that belongs to the session before.
    SignIn(Target),
    /// Ask something of the account.
    Read(RequestId, Read),
    /// Change the account. Not dropped at quit.
    Change(Box<Order>),
    /// Try whether a new key is accepted already.
    Try(Trial),
    /// Open the journal, and tell what earlier runs have left open.
    OpenJournal,
    /// Write something about a change into the journal.
    Note(Note),
    /// Put a text on a clipboard.
    Copy(Clip),
    /// Clear the system's clipboard, if it still holds the secret of this key.
    ClearClipboard(String),
    /// Do something about a place that a secret can be put into.
    Store(RequestId, Errand),
    /// Stop this process until the shell continues it.
    Suspend,
    /// End the event loop.
    Exit(Exit),
}

/// A change on its way to the account, with what has to be remembered of the moment it was sent in,
/// should nobody ever learn what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub id: ChangeId,
    /// What is asked for.
    pub change: Change,
    /// The account's number, where it is known.
    pub account: Option<String>,
    /// Who asks: the ARN, where it is known.
    pub caller: Option<String>,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
    /// The IDs of the user's keys before, where they are known: a key that is there afterwards and
    /// not among them has appeared.
    pub keys_before: Option<Vec<String>>,
}

/// A new key to be tried: nothing is asked of it but who it belongs to.
#[derive(Debug)]
pub struct Trial {
    /// Its ID.
    pub key: String,
    /// Its secret.
    pub secret: SecretKey,
    /// The user as whom the session goes on signed in with it, once it is accepted; none where it
    /// does not.
    pub go_on_as: Option<String>,
    /// The account it has to belong to then, where that is known.
    pub account: Option<String>,
}

/// Something that has become known about a change after its own outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Which change.
    pub of: Origin,
    /// What has become known.
    pub fact: Fact,
}

/// What can become known about a change after its own outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The secret of the new key has been put somewhere, in words: `clipboard`, `profile ci`.
    Stored {
        /// The new key.
        key: String,
        /// Where.
        place: String,
    },
    /// A person has thrown the secret of the new key away.
    Discarded {
        /// The new key.
        key: String,
    },
    /// What was not known has been answered, in words.
    Settled(String),
}

/// The change that something is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// One of this run.
    Here(ChangeId),
    /// One of an earlier run, by its ID in the journal.
    Earlier(String),
}

/// Which account to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one of the ambient credentials.
    Ambient,
    /// The embedded one.
    Demo,
}

/// A question to the account that changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Who is signed in.
    Caller,
    /// The account's alias.
    Alias,
    /// How many keys a user may have, and whether root has any.
    Summary,
    /// One page of users, after this marker.
    Users(Option<String>),
    /// The keys of a user.
    Keys(Box<str>),
    /// The last use of a user's key.
    LastUsed(Box<str>, String),
    /// Whose a key is, and its last use.
    Owner(String),
    /// What the keys of a user are for.
    Descriptions(Box<str>),
    /// The credential report, made first where there is none: that takes seconds, or minutes.
    Report,
}

/// Something to be done about a place that a secret can be put into. Whatever blocks is done on a
/// thread of its own.
#[derive(Debug)]
pub enum Errand {
    /// Tell where the credentials file is, and which profiles it has.
    Profiles,
    /// Tell what would change if this key went into this profile, and then whose the key is that is
    /// there now.
    Plan {
        /// The profile.
        profile: String,
        /// The ID of the key that would go there.
        key: String,
    },
    /// See whether a profile can be written, for a key that is still to be created.
    ProveProfile(String),
    /// Carry a plan out.
    WriteProfile {
        /// What a person has agreed to.
        plan: Box<Plan>,
        /// The secret of the key in it.
        secret: SecretKey,
    },
    /// See whether a file can be made, for a key that is still to be created.
    ProveFile(NewFile),
    /// Make a file with a key in it.
    WriteFile {
        /// The file.
        file: NewFile,
        /// The key's ID.
        key: String,
        /// Its secret.
        secret: SecretKey,
    },
}

/// A file to be made for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Where, as it was typed.
    pub path: String,
    /// What its columns are.
    pub layout: Layout,
    /// Whose key it is.
    pub user: Box<str>,
}

/// A text on its way to a clipboard.
#[derive(Debug)]
pub struct Clip {
    /// What it is.
    pub what: Copied,
    /// The key it belongs to; empty for a command.
    pub key: String,
    /// The text.
    pub text: SecretKey,
}

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// The secret access key.
    Secret,
    /// The access key ID.
    KeyId,
    /// Both, in this form.
    As(Form),
    /// The `aws` command for something that was done.
    Command,
}

impl Copied {
    /// The noun for it.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::KeyId => "key ID",
            Self::As(Form::Posix) => "exports",
            Self::As(Form::Fish) => "lines for fish",
            Self::As(Form::PowerShell) => "lines for PowerShell",
            Self::As(Form::Process) => "credential_process JSON",
            Self::As(Form::Section) => "section",
            Self::Command => "command",
        }
    }

    /// Whether the secret itself went along.
    #[must_use]
    pub fn holds_secret(self) -> bool {
        match self {
            Self::Secret => true,
            Self::As(form) => matches!(
                form,
                Form::Posix | Form::Fish | Form::PowerShell | Form::Process | Form::Section
            ),
            Self::KeyId | Self::Command => false,
        }
    }
}

/// Why the event loop ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The person quit. What is still unknown is printed once the terminal is back.
    Quit(Vec<String>),
    /// Interrupted with Ctrl-C or SIGINT.
    Interrupted(Vec<String>),
    /// Told to end by a signal of this number.
    Signal(u8, Vec<String>),
    /// The terminal's input has ended.
    InputClosed(Vec<String>),
}
