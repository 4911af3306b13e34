//! The dialogs. Each is a variant with everything it needs; the top of the stack gets the keys.

use super::{
    confirm::Confirm,
    describe::Describe,
    find::Find,
    rotation::Rotate,
    store::{Phase, Place, Sink, Store, Written},
};
use crate::{
    effect::{ChangeId, Copied, Exit, Origin},
    iam::{Change, Error},
    keymap::Context,
    message::CopyOutcome,
    secret::SecretKey,
    state::activity::Whole,
};
use tui_input::Input;

/// A dialog.
#[derive(Debug)]
pub enum Modal {
    /// Asks before a change.
    Confirm(Box<Confirm>),
    /// Something is not known: shows it, and what can be done.
    Question(Asked),
    /// The rotation of a user's key.
    Rotate(Rotate),
    /// The user has as many keys as there may be.
    Full(Full),
    /// A key that was just created, with its secret.
    NewKey(Box<NewKey>),
    /// The forms in which a new key can be copied.
    CopyAs(CopyAs),
    /// Asks where the secret of a new key is to go.
    Store(Box<Store>),
    /// Asks what a key is for.
    Describe(Box<Describe>),
    /// Asks which key to find.
    Find(Box<Find>),
    /// Asks before the only copy of a secret is thrown away.
    Discard(Discard),
    /// Waits for changes before leaving.
    Leaving(Leaving),
    /// Tells what went wrong with a change.
    Failure(Box<Failure>),
    /// Everything about a key.
    Details {
        /// Whose.
        user: Box<str>,
        /// Its ID.
        key: String,
        /// The first line shown.
        scroll: usize,
    },
    /// An entry of what has happened, whole.
    Entry(Box<Whole>),
    /// The keys of a place.
    Help {
        /// The place.
        of: Context,
        /// The first line shown.
        scroll: usize,
    },
    /// All actions by name.
    Palette(Palette),
}

/// The user has as many keys as there may be. Which ones is read from the account as it is known
/// at the moment: AWS may have refused because of a key that was not listed yet.
#[derive(Debug)]
pub struct Full {
    /// The user.
    pub user: Box<str>,
    /// The highlighted button: 0 is Cancel.
    pub button: usize,
}

/// Something that is not known, shown.
#[derive(Debug)]
pub struct Asked {
    /// Which question it is.
    pub origin: Origin,
    /// The highlighted button: 0 is to leave things as they are.
    pub button: usize,
}

/// A key that was just created. The only thing that closes this is the person.
#[derive(Debug)]
pub struct NewKey {
    /// The change that created it.
    pub change: ChangeId,
    /// Whose key it is.
    pub user: Box<str>,
    /// Its ID.
    pub id: String,
    /// The account it is in, in words.
    pub account: String,
    /// The account's number, where it was known.
    pub number: Option<String>,
    /// Its secret: the only copy.
    pub secret: SecretKey,
    /// The secret is shown.
    pub revealed: bool,
    /// What has been copied so far, the latest of each kind.
    pub done: Vec<(Copied, CopyOutcome)>,
    /// Where it has been written so far, or why not: the latest of each place.
    pub placed: Vec<(Place, Result<Written, String>)>,
    /// The secret was cleared from the clipboard since.
    pub cleared: bool,
}

/// Where the secret of a new key is beside its dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nowhere.
    Nowhere,
    /// It was on the clipboard, until something else was copied from here.
    Replaced,
    /// It was on the clipboard, until that was cleared.
    Cleared,
    /// It was sent to a terminal, which may well have ignored it and does not say.
    Perhaps,
    /// Somewhere.
    Somewhere,
}

impl NewKey {
    /// Where the secret is. What was written stays, whatever becomes of the clipboard.
    #[must_use]
    pub fn kept(&self) -> Kept {
        if self.placed.iter().any(|(_, result)| result.is_ok()) {
            return Kept::Somewhere;
        }
        self.copied()
    }

    /// What the clipboard has of it. A clipboard holds one thing: only what was copied last counts.
    #[must_use]
    pub fn copied(&self) -> Kept {
        let arrived = |outcome: &CopyOutcome| match outcome {
            CopyOutcome::InSystemClipboard => Some(Kept::Somewhere),
            // No terminal answers, many ignore it, and tmux does unless it is told otherwise.
            CopyOutcome::SentToTerminal(_) => Some(Kept::Perhaps),
            CopyOutcome::Unavailable(_) | CopyOutcome::Failed(_) => None,
        };
        let mut copied =
            self.done.iter().rev().filter_map(|(what, outcome)| {
                arrived(outcome).map(|kept| (what.holds_secret(), kept))
            });
        match copied.next() {
            Some((true, _)) if self.cleared => Kept::Cleared,
            Some((true, kept)) => kept,
            Some((false, _)) if copied.any(|(secret, _)| secret) => Kept::Replaced,
            _ => Kept::Nowhere,
        }
    }

    /// Notes what came of copying.
    pub fn note(&mut self, what: Copied, outcome: CopyOutcome) {
        self.cleared &= outcome != CopyOutcome::InSystemClipboard;
        self.done.retain(|(known, _)| *known != what);
        self.done.push((what, outcome));
    }

    /// Notes what came of writing it somewhere. That it is there already is not undone by a later
    /// failure.
    pub fn note_put(&mut self, place: Place, result: Result<Written, String>) {
        let is_there = |(known, before): &(Place, Result<_, _>)| {
            *known == place && before.is_ok() && result.is_err()
        };
        if !self.placed.iter().any(is_there) {
            self.placed.retain(|(known, _)| *known != place);
        }
        self.placed.push((place, result));
    }
}

/// The forms in which a new key can be copied.
#[derive(Debug)]
pub struct CopyAs {
    /// The key.
    pub key: String,
    /// The highlighted form, among [`Form::ALL`](crate::secret::forms::Form::ALL).
    pub cursor: usize,
}

/// Asks before the only copy of a secret is thrown away.
#[derive(Debug)]
pub struct Discard {
    /// The key whose secret it is.
    pub key: String,
    /// What follows.
    pub then: Then,
    /// The highlighted button: 0 is to keep it.
    pub button: usize,
}

/// What follows when a secret has been thrown away.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    /// Nothing: back to the list.
    Stay,
    /// The program is left.
    Leave(fn(Vec<String>) -> Exit),
}

/// Waits for changes before leaving.
#[derive(Debug)]
pub struct Leaving {
    /// How the program will be left.
    pub exit: fn(Vec<String>) -> Exit,
    /// The highlighted button: 0 is to stay.
    pub button: usize,
}

/// What went wrong with a change.
#[derive(Debug)]
pub struct Failure {
    /// What was to be done.
    pub change: Change,
    /// What happened instead.
    pub error: Error,
}

/// The command palette.
#[derive(Debug, Default)]
pub struct Palette {
    /// What is typed.
    pub input: Input,
    /// The highlighted row.
    pub cursor: usize,
}

impl Modal {
    /// The place whose keys count in it.
    #[must_use]
    pub fn context(&self) -> Context {
        match self {
            Self::Confirm(confirm) if confirm.typed.is_some() => Context::Typed,
            Self::Confirm(_) => Context::Confirm,
            Self::Question(_) => Context::Question,
            Self::Rotate(_) => Context::Rotate,
            Self::Full(_) => Context::Full,
            Self::NewKey(_) => Context::NewKey,
            Self::CopyAs(_) => Context::CopyAs,
            Self::Store(store) => match (&store.phase, &store.sink) {
                (Phase::Naming, Sink::Profile(_)) => Context::Profile,
                (Phase::Naming, Sink::File(_)) => Context::File,
                _ => Context::Plan,
            },
            Self::Describe(_) => Context::Describe,
            Self::Find(_) => Context::Find,
            Self::Discard(_) => Context::Discard,
            Self::Leaving(_) => Context::Leaving,
            Self::Failure(_) | Self::Details { .. } | Self::Help { .. } => Context::Reading,
            Self::Entry(_) => Context::Entry,
            Self::Palette(_) => Context::Palette,
        }
    }

    /// Whether closing it would lose a secret that is nowhere else.
    #[must_use]
    pub fn holds_only_copy(&self) -> bool {
        matches!(self, Self::NewKey(new) if new.kept() != Kept::Somewhere)
    }

    /// The key whose secret closing it would lose.
    #[must_use]
    pub fn only_copy(&self) -> Option<String> {
        match self {
            Self::NewKey(new) if self.holds_only_copy() => Some(new.id.clone()),
            _ => None,
        }
    }

    /// Asks before the secret of a key is thrown away.
    #[must_use]
    pub fn discard(key: String, then: Then) -> Self {
        let button = 0;
        Self::Discard(Discard { key, then, button })
    }

    /// Shows what is not known.
    #[must_use]
    pub fn question(origin: Origin) -> Self {
        Self::Question(Asked { origin, button: 0 })
    }

    /// Waits for changes before leaving.
    #[must_use]
    pub fn leaving(exit: fn(Vec<String>) -> Exit) -> Self {
        Self::Leaving(Leaving { exit, button: 0 })
    }

    /// The highlighted button, and how many there are; nothing where there are none. What a
    /// question or a rotation has depends on the account: so many `ways` to go on.
    pub(super) fn buttons(&mut self, ways: usize) -> Option<(&mut usize, usize)> {
        match self {
            Self::Question(asked) => Some((&mut asked.button, ways + 1)),
            Self::Rotate(rotate) => Some((&mut rotate.button, ways + 1)),
            Self::Confirm(confirm) => Some((&mut confirm.button, 2)),
            Self::Store(store) if matches!(store.phase, Phase::Agreeing(_)) => {
                Some((&mut store.button, 2))
            }
            Self::Full(full) => Some((&mut full.button, 2)),
            Self::Discard(discard) => Some((&mut discard.button, 3)),
            Self::Leaving(leaving) => Some((&mut leaving.button, 2)),
            _ => None,
        }
    }
}
