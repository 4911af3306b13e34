//! What must be done outside, as data: carried out by the driver. Each read and each change ends in
//! exactly one [`Event`](super::Event) that carries its number.

use super::{
    SecretKey,
    bulk::{Document, KeptStep},
    destination::{External, Form, Found, Layout, Multiplexer, NewSecret, ProfilePlan, Why},
    leak::Evidence,
    prompt::{Means, PromptId, Reply},
    request::{Change, Read},
};
use std::sync::Arc;

/// Tells one request from all others of this run, so that a late answer to an old question is
/// known for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// Tells one change from all others of this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangeId(pub u64);

/// Where an open account stands among the open accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u16);

/// One signed-in session of an open account. Signing in again begins another generation: an answer
/// to a session that has been left is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId {
    /// The account's slot.
    pub slot: Slot,
    /// Counts the sessions of the slot.
    pub generation: u32,
}

/// Something to be done outside the engine.
#[derive(Debug)]
pub enum Effect {
    /// Sign in, and drop every read of the slot's session before.
    SignIn(SessionId, Target),
    /// The same, by other means than the usual ones.
    SignInWith(SessionId, Target, Means),
    /// Hand an answer to the task of the session that waits for it.
    Reply(SessionId, PromptId, Reply),
    /// Read which profiles this machine has. Ends in one [`Event::Profiles`](super::Event::Profiles).
    ListProfiles,
    /// Ask something of the account.
    Read(SessionId, RequestId, Read),
    /// Change the account. Not dropped at quit.
    Change(SessionId, Box<Order>),
    /// Try whether a new key is accepted already.
    Try(SessionId, Trial),
    /// Open the journal, and tell what earlier runs have left open.
    OpenJournal,
    /// Read what the journal tells of deactivations, and leave it as it is. Ends in one
    /// [`Event::Deactivated`](super::Event::Deactivated).
    ReadJournal,
    /// Write something about a change into the journal.
    Note(Note),
    /// Put a text on a clipboard.
    Copy(Clip),
    /// Clear the system's clipboard, if it still holds the secret of this key.
    ClearClipboard(String),
    /// Read or write a place that a secret can be put into; the session tells whose key is there.
    Secret(SessionId, RequestId, SecretJob),
    /// Write what is known of a leaked key into two new files: the path as it was typed. Ends in one
    /// [`Event::EvidenceWritten`](super::Event::EvidenceWritten). Not dropped at quit.
    WriteEvidence(SessionId, String, Box<Evidence>),
    /// Save, open or keep a plan over many keys.
    Plan(PlanJob),
    /// End the program.
    Exit(Exit),
}

/// Something to be done about a plan over many keys, in files.
#[derive(Debug)]
pub enum PlanJob {
    /// Write it to a new file: the path as it was typed. Ends in
    /// [`PlanNews::Saved`](super::bulk::PlanNews).
    Save(String, Box<Document>),
    /// Read it from a file: the path as it was typed. Ends in
    /// [`PlanNews::Opened`](super::bulk::PlanNews).
    Open(String),
    /// Look what earlier runs have left of this plan, which is to be carried out or taken back: what fits it
    /// best becomes what is left. Ends in [`PlanNews::Looked`](super::bulk::PlanNews).
    Look(Box<Document>),
    /// It is carried out from now on: keep it beside the journal, with what is done of it already. Ends in
    /// [`PlanNews::IsKept`](super::bulk::PlanNews), or in why it is not.
    Keep(Box<Document>, Vec<KeptStep>),
    /// A key of the kept plan is done.
    Done(KeptStep),
    /// The kept plan has ended.
    Forget,
    /// Go on with the plan that an earlier run has left: it is the kept one from now on. Ends in
    /// [`PlanNews::IsKept`](super::bulk::PlanNews), or in why it is not.
    TakeUp,
    /// The plan that an earlier run has left is not wanted any more. Said where another process carries it
    /// out.
    ForgetLeft,
}

/// A change on its way to the account, with what has to be remembered of the moment it was sent in,
/// should it never be learnt what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub id: ChangeId,
    /// What is asked for.
    pub change: Change,
    /// The account ID, where it is known.
    pub account: Option<String>,
    /// Who asks: the ARN, where it is known.
    pub caller: Option<String>,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
    /// The IDs of the user's keys before, where they are known: a key that is there afterwards and
    /// not among them has appeared.
    pub keys_before: Option<Vec<String>>,
    /// The key that the new one replaces, where a rotation creates it.
    pub replaces: Option<String>,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one of the ambient credentials.
    Ambient,
    /// The one of this profile, whatever else says who signs in.
    Profile(Box<str>),
    /// The embedded one.
    Demo,
    /// One that another open account leads to.
    Member(Box<Member>),
    /// The first one that a login to an SSO portal opens.
    Portal(Portal),
}

/// An SSO portal (IAM Identity Center) that is signed in to without a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portal {
    /// The name of its `sso-session` in the config file, or its start URL.
    pub session: Box<str>,
    /// The names of the roles that are taken before others, the first one first.
    pub roles: Arc<[Box<str>]>,
    /// The IDs of the accounts that are open already: another one is taken where there is one.
    pub open: Arc<[Box<str>]>,
}

impl Target {
    /// The same, with the role tried first that was signed in with before.
    #[must_use]
    pub fn with_role_first(mut self, role: Option<&str>) -> Self {
        let roles = match &mut self {
            Self::Member(member) => &mut member.roles,
            Self::Portal(portal) => &mut portal.roles,
            Self::Ambient | Self::Profile(_) | Self::Demo => return self,
        };
        if let Some(role) = role {
            let others = roles.iter().filter(|other| &***other != role);
            let first = std::iter::once(Box::from(role));
            *roles = first.chain(others.cloned()).collect();
        }
        self
    }
}

/// How to open an account that another one leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The account ID.
    pub account: Box<str>,
    /// The names of the roles that may be there: the first that can be assumed is, or that the login
    /// has there. A portal that has none of them gives another.
    pub roles: Arc<[Box<str>]>,
    /// The open account that leads there.
    pub source: Slot,
    /// What of it does.
    pub through: Through,
    /// The ARN of who opens it, without the name of a session, where that is known.
    pub opener: Option<Box<str>>,
    /// What the session is called in the account's records, where it is not known yet who opens it.
    pub session: Box<str>,
}

/// What of an open account leads to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Through {
    /// Its credentials, which assume a role there.
    #[default]
    Role,
    /// The login that it was signed in by: the SSO portal gives credentials of a role there.
    Portal,
}

/// Something to be done about a place that a secret can be put into.
#[derive(Debug)]
pub enum SecretJob {
    /// Tell where the credentials file is, and which profiles it has.
    Profiles {
        /// Tell also which of them hold this key.
        holding: Option<String>,
    },
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
        plan: Box<ProfilePlan>,
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
    /// See whether a key could go there, and what is there already; nothing is written.
    Look(External),
    /// Put a key there.
    Put {
        /// Where.
        external: External,
        /// What was found there, and agreed to.
        found: Found,
        /// The key.
        key: NewSecret,
    },
    /// Keep a key in a new file beside the journal: it has gone nowhere else.
    Keep(NewSecret),
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
    /// The key it belongs to; empty for a command or an address.
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
    /// The address of the page that one logs in on.
    Address,
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
            Self::Address => "address",
        }
    }

    /// Whether the secret itself went along.
    #[must_use]
    pub fn holds_secret(self) -> bool {
        matches!(self, Self::Secret | Self::As(_))
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

impl CopyOutcome {
    /// Whether a clipboard has it, or may well have it.
    #[must_use]
    pub fn has_arrived(&self) -> bool {
        matches!(self, Self::InSystemClipboard | Self::SentToTerminal(_))
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
