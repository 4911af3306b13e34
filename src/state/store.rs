//! Putting a new key's secret somewhere: into a profile of the credentials file, or into a file of
//! its own. In a rotation the place can be chosen before there is a key: it is proved writable
//! first, and the secret goes there as soon as there is one.
//!
//! A dialog asks for the place; what is on its way there is remembered in [`Put`]: the dialog may
//! be closed before anybody knows what came of it. What a person does is in `ask`, what becomes
//! known in `news`.

mod ask;
mod news;

use crate::{
    effect::{NewFile, RequestId},
    iam::Caller,
    secret::{credentials::Plan, csv_file::Layout},
};
use chrono::{DateTime, Utc};
use tui_input::Input;

/// Stands in a plan for the ID of a key that is still to be created.
pub const NEW_KEY: &str = "ID-OF-THE-NEW-KEY";

/// Asks where a secret is to go.
#[derive(Debug)]
pub struct Store {
    /// Whose key it is.
    pub user: Box<str>,
    /// Its ID; none while it is still to be created.
    pub key: Option<String>,
    /// The number of its account, where it is known.
    pub number: Option<String>,
    /// What sort of place.
    pub sink: Sink,
    /// The name or path that is typed.
    pub input: Input,
    /// How far it has come.
    pub phase: Phase,
    /// The errand whose answer is waited for.
    waits: Option<RequestId>,
    /// Why it did not work, until something else is typed.
    pub refused: Option<String>,
    /// The highlighted button: 0 is Cancel.
    pub button: usize,
    /// The first line shown of what would change.
    pub scroll: usize,
}

/// What sort of place.
#[derive(Debug)]
pub enum Sink {
    /// A profile of the credentials file.
    Profile(Profiles),
    /// A file of its own, with these columns.
    File(Layout),
}

/// What is known of the credentials file.
#[derive(Debug)]
pub struct Profiles {
    asked: RequestId,
    /// What was found; nothing while it is looked for.
    pub found: Option<Listing>,
    /// The highlighted row of those that match what is typed; none while only that counts.
    pub cursor: Option<usize>,
}

/// The credentials file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Where it is; none where nobody knows.
    pub path: Option<String>,
    /// Its profiles, in its order; or why they are not known.
    pub profiles: Result<Vec<String>, String>,
}

/// How far storing has come.
#[derive(Debug)]
pub enum Phase {
    /// A name or a path is being typed.
    Naming,
    /// What would change is being looked at.
    Planning {
        /// Because it changed after it was shown.
        again: bool,
    },
    /// What would change is shown.
    Agreeing(Box<Agreeing>),
    /// It is being written; or, before there is a key, proved writable, with what was agreed to.
    Putting(Option<Box<Plan>>),
}

/// What would change, to be agreed to.
#[derive(Debug)]
pub struct Agreeing {
    /// What would change; without the key that is there now, which stays outside.
    pub plan: Plan,
    /// Who is there now.
    pub holder: Option<Holder>,
    /// It has changed since it was shown before.
    pub again: bool,
}

/// A key that is in the place where the new one would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its ID.
    pub key: String,
    /// Whose it is.
    pub owner: Owner,
}

/// Whose a key is, in the eyes of the account's endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It is being asked.
    Asking,
    /// It signs requests as this caller.
    Is(Caller),
    /// It is not accepted.
    NotAccepted,
    /// Nobody could be asked, in words.
    NotKnown(String),
}

/// What a dialog says about the key that would be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// There is none.
    Nobody,
    /// It is the one that would be written.
    ThisKey,
    /// It is being asked.
    Asking,
    /// The same user's.
    SameUser,
    /// Somebody else's.
    Another(&'a Caller),
    /// It is not accepted.
    NotAccepted,
    /// Nobody could be asked.
    NotKnown(&'a str),
}

/// What has become known about a place.
#[derive(Debug)]
pub enum News {
    /// The credentials file, and its profiles.
    Profiles(Listing),
    /// What would change, and the ID of the key that is there now; or why it cannot be done.
    Planned(Result<(Box<Plan>, Option<String>), String>),
    /// Whose the key is that is there now.
    Owner(Owner),
    /// It can be written: the whole path; or why not.
    Proven(Result<String, String>),
    /// It is written, or it is not.
    Written(Result<Written, NotWritten>),
}

/// A secret that has been written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The whole path of the file.
    pub path: String,
    /// Why a power cut could still undo it.
    pub unsure: Option<String>,
}

/// Why a secret has not been written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotWritten {
    /// The place is no longer what the person was shown.
    Changed(String),
    /// It cannot be done, in words.
    Refused(String),
}

impl NotWritten {
    /// The words for it.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Changed(words) | Self::Refused(words) => words,
        }
    }
}

/// A place that a secret can be put into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A profile of the credentials file.
    Profile(String),
    /// A file of its own, by its path.
    File(String),
}

impl Place {
    /// The words for it, as the journal has them: `profile ci`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Profile(name) => format!("profile {name}"),
            Self::File(path) => format!("file {path}"),
        }
    }
}

/// A secret on its way to a place.
#[derive(Clone, Debug)]
pub struct Put {
    request: RequestId,
    /// The key.
    pub key: String,
    /// Whose it is.
    pub user: Box<str>,
    /// Where it goes.
    pub place: Place,
    sent: DateTime<Utc>,
}

/// A place that was chosen before there is a key, and has been found writable.
#[derive(Debug)]
pub enum Ahead {
    /// A profile.
    Profile(Box<Plan>),
    /// A file, with its whole path.
    File(NewFile),
}

impl Ahead {
    /// Which place it is.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Profile(plan) => Place::Profile(plan.profile.clone()),
            Self::File(file) => Place::File(file.path.clone()),
        }
    }
}

impl Store {
    /// Whether an answer is waited for.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        let listing = matches!(&self.sink, Sink::Profile(profiles) if profiles.found.is_none());
        let working = matches!(self.phase, Phase::Planning { .. } | Phase::Putting(_));
        listing || working || self.whose() == Whose::Asking
    }

    /// The profiles that match what is typed.
    #[must_use]
    pub fn matches(&self) -> Vec<&str> {
        let Sink::Profile(profiles) = &self.sink else {
            return Vec::new();
        };
        let known = profiles.found.as_ref().map(|found| &found.profiles);
        let Some(Ok(known)) = known else {
            return Vec::new();
        };
        let typed = self.input.value().to_lowercase();
        let known = known.iter().map(String::as_str);
        known
            .filter(|name| name.to_lowercase().contains(&typed))
            .collect()
    }

    /// The name that counts: the highlighted one, or else what is typed.
    #[must_use]
    pub fn name(&self) -> String {
        let chosen = match &self.sink {
            Sink::Profile(profiles) => profiles.cursor,
            Sink::File(_) => None,
        };
        let chosen = chosen.and_then(|at| self.matches().get(at).map(|name| (*name).to_owned()));
        chosen.unwrap_or_else(|| self.input.value().to_owned())
    }

    /// Whether there is a profile of the name that counts; none where nobody knows.
    #[must_use]
    pub fn exists(&self) -> Option<bool> {
        let Sink::Profile(profiles) = &self.sink else {
            return None;
        };
        let known = profiles.found.as_ref()?.profiles.as_ref().ok()?;
        let name = self.name();
        Some(known.contains(&name))
    }

    /// Moves the highlight. Above the first row is the text field.
    pub(crate) fn step(&mut self, by: isize) {
        let rows = self.matches().len();
        let (Phase::Naming, Sink::Profile(profiles)) = (&self.phase, &mut self.sink) else {
            return;
        };
        let at = profiles.cursor.map_or(0, |at| at + 1);
        let at = at.saturating_add_signed(by).min(rows);
        profiles.cursor = at.checked_sub(1);
    }

    /// Takes the highlighted name, or the first that matches, into the text field.
    pub(crate) fn take(&mut self) {
        let cursor = match &self.sink {
            Sink::Profile(profiles) => profiles.cursor.unwrap_or(0),
            Sink::File(_) => return,
        };
        let name = self.matches().get(cursor).map(|name| (*name).to_owned());
        if let Some(name) = name {
            self.input = Input::new(name);
            self.edited();
        }
    }

    /// Takes a row that matches what is typed.
    pub(crate) fn take_row(&mut self, row: usize) {
        if let (Phase::Naming, Sink::Profile(profiles)) = (&self.phase, &mut self.sink) {
            profiles.cursor = Some(row);
            self.take();
        }
    }

    /// Goes over to the other columns.
    pub(crate) fn other_columns(&mut self) {
        if let (Phase::Naming, Sink::File(layout)) = (&self.phase, &mut self.sink) {
            *layout = match layout {
                Layout::Console => Layout::Importable,
                Layout::Importable => Layout::Console,
            };
            self.refused = None;
        }
    }

    /// Something else is typed now.
    pub(crate) fn edited(&mut self) {
        self.refused = None;
        if let Sink::Profile(profiles) = &mut self.sink {
            profiles.cursor = None;
        }
    }

    /// What is shown about the key that would be replaced.
    #[must_use]
    pub fn whose(&self) -> Whose<'_> {
        let Phase::Agreeing(agreeing) = &self.phase else {
            return Whose::Nobody;
        };
        let Some(holder) = &agreeing.holder else {
            return Whose::Nobody;
        };
        if holder.key == agreeing.plan.key_id {
            return Whose::ThisKey;
        }
        match &holder.owner {
            Owner::Asking => Whose::Asking,
            Owner::Is(caller) if self.is_same_user(caller) => Whose::SameUser,
            Owner::Is(caller) => Whose::Another(caller),
            Owner::NotAccepted => Whose::NotAccepted,
            Owner::NotKnown(why) => Whose::NotKnown(why),
        }
    }

    /// Whether a caller is the user of the new key. A role's session may be called like a user.
    fn is_same_user(&self, caller: &Caller) -> bool {
        let is_user = caller
            .arn
            .splitn(6, ':')
            .nth(5)
            .is_some_and(|resource| resource.starts_with("user/"));
        is_user
            && caller.name().eq_ignore_ascii_case(&self.user)
            && self.number.as_deref() == Some(&caller.account)
    }

    /// Back to the name, where something did not work.
    fn back(&mut self, why: Option<String>) {
        self.phase = Phase::Naming;
        self.waits = None;
        self.refused = why;
        self.button = 0;
        self.scroll = 0;
    }
}
