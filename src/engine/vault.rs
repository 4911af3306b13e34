//! The new keys of this run: their secrets, where each has been put, and whether they have been
//! found to work. A secret is held until the person lets go of it; a dialog or a command only
//! borrows it to put it where a person asked.

mod clipboard;
mod destination;
mod trial;

pub use destination::{
    Agreeing, Choosing, Chosen, Destination, DestinationKind, DestinationNews, Holder, Listing,
    Medium, NEW_KEY, NotWritten, Owner, Phase, Profiles, StoreIn, Whose, Written,
};

use super::{
    Engine, SecretKey,
    account::AccountLabel,
    effect::{ChangeId, Copied, CopyOutcome, Effect, Fact, Note, Origin, SessionId, Slot},
    error::Error,
    leaving::Leaving,
    model::Caller,
    request::Change,
};
use chrono::{DateTime, Utc};
use destination::Writing;

/// The new keys of this run.
#[derive(Debug, Default)]
pub struct Vault {
    keys: Vec<NewKey>,
    /// The destination that is being chosen.
    pub(super) choosing: Option<Choosing>,
    /// Secrets on their way to a profile or a file.
    writing: Vec<Writing>,
    /// The key whose secret was copied to the system's clipboard last, and not cleared yet.
    on_clipboard: Option<String>,
}

/// A key that this run has created.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct NewKey {
    /// The session that it was created in.
    pub session: SessionId,
    /// The change that created it.
    pub change: ChangeId,
    /// The user who has it.
    pub user: Box<str>,
    /// Its ID.
    pub id: String,
    /// The account that it is in.
    pub account: AccountLabel,
    /// When it was created, where AWS has said that.
    pub created: Option<DateTime<Utc>>,
    /// Its secret, until the person lets go of it.
    secret: Option<SecretKey>,
    /// What has been copied so far, the latest of each kind.
    pub copied: Vec<(Copied, CopyOutcome)>,
    /// Where it has been written so far, or why not: the latest of each destination.
    pub written: Vec<(Destination, Result<Written, String>)>,
    /// How often something of it has been copied or written.
    pub done: usize,
    /// It was written after it was copied last.
    written_last: bool,
    /// The secret was cleared from the clipboard since it was copied.
    pub cleared: bool,
    /// Something that is not this key's was copied since.
    replaced: bool,
    /// Where its secret has been put, in words; nothing while it is nowhere.
    pub stored: Vec<String>,
    /// Whether it has been found to work.
    pub tried: Tried,
    /// It was created in a rotation: it is tried as soon as its secret is stored.
    pub(super) rotating: bool,
    /// It takes the place of the key that the session is signed in with.
    pub replaces_own: bool,
    /// A person has thrown its secret away.
    pub(super) discarded: bool,
    /// A person wants its secret thrown away together with the key.
    discard_with_key: bool,
    /// It has been deleted again.
    pub deleted: bool,
    /// What is wrong with the answer that brought it: it may not be the user's, nor its secret whole.
    pub doubt: Option<String>,
}

/// Whether a new key has been found to work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tried {
    /// It was not tried.
    #[default]
    NotYet,
    /// It is being tried: so many times so far, since then.
    Trying(u32, DateTime<Utc>),
    /// It signs requests as this caller.
    Works(Caller),
    /// It was refused until it was not tried any more.
    Refused(Error),
}

/// What came of copying or writing something of a new key.
#[derive(Clone, Copy, Debug)]
pub enum LastDone<'a> {
    /// It was copied.
    Copied(Copied, &'a CopyOutcome),
    /// It was written.
    Written(&'a Destination, &'a Result<Written, String>),
}

/// Where the secret of a new key is beside the vault.
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
    /// A key that was just created.
    pub(super) fn new(
        session: SessionId,
        change: ChangeId,
        user: Box<str>,
        id: String,
        secret: SecretKey,
        account: AccountLabel,
    ) -> Self {
        Self {
            session,
            change,
            user,
            id,
            account,
            created: None,
            secret: Some(secret),
            copied: Vec::new(),
            written: Vec::new(),
            done: 0,
            written_last: false,
            cleared: false,
            replaced: false,
            stored: Vec::new(),
            tried: Tried::NotYet,
            rotating: false,
            replaces_own: false,
            discarded: false,
            discard_with_key: false,
            deleted: false,
            doubt: None,
        }
    }

    /// Whether its secret is still held.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.secret.is_some()
    }

    /// Its secret, while it is held.
    #[must_use]
    pub fn secret(&self) -> Option<&SecretKey> {
        self.secret.as_ref()
    }

    /// What was copied or written last.
    #[must_use]
    pub fn last_done(&self) -> Option<LastDone<'_>> {
        if self.written_last {
            let (destination, result) = self.written.last()?;
            return Some(LastDone::Written(destination, result));
        }
        let (what, outcome) = self.copied.last()?;
        Some(LastDone::Copied(*what, outcome))
    }

    /// Whether the vault has the only copy of its secret, as far as is known.
    #[must_use]
    pub fn is_only_copy(&self) -> bool {
        self.is_held() && self.kept() != Kept::Somewhere
    }

    /// Where the secret is. What was written stays, whatever becomes of the clipboard.
    #[must_use]
    pub fn kept(&self) -> Kept {
        if self.written.iter().any(|(_, result)| result.is_ok()) {
            return Kept::Somewhere;
        }
        self.on_clipboard()
    }

    /// What the clipboard has of it. A clipboard holds one thing: only what was copied last counts.
    #[must_use]
    pub fn on_clipboard(&self) -> Kept {
        let arrived = |outcome: &CopyOutcome| match outcome {
            CopyOutcome::InSystemClipboard => Some(Kept::Somewhere),
            // No terminal answers, many ignore it, and tmux does unless it is told otherwise.
            CopyOutcome::SentToTerminal(_) => Some(Kept::Perhaps),
            CopyOutcome::Unavailable(_) | CopyOutcome::Failed(_) => None,
        };
        let mut copied =
            self.copied.iter().rev().filter_map(|(what, outcome)| {
                arrived(outcome).map(|kept| (what.holds_secret(), kept))
            });
        match copied.next() {
            Some((true, _)) if self.cleared => Kept::Cleared,
            Some((true, _)) if self.replaced => Kept::Replaced,
            Some((true, kept)) => kept,
            Some((false, _)) if copied.any(|(secret, _)| secret) => Kept::Replaced,
            _ => Kept::Nowhere,
        }
    }

    /// Whether it is a key of this user that was not deleted by this run.
    pub(super) fn is_of(&self, slot: Slot, user: &str) -> bool {
        self.session.slot == slot && !self.deleted && self.user.eq_ignore_ascii_case(user)
    }

    fn note_copied(&mut self, what: Copied, outcome: CopyOutcome) {
        self.done += usize::from(outcome.has_arrived());
        self.written_last = false;
        self.cleared &= outcome != CopyOutcome::InSystemClipboard;
        self.replaced &= !outcome.has_arrived();
        self.copied.retain(|(known, _)| *known != what);
        self.copied.push((what, outcome));
    }

    /// Notes what came of writing it somewhere. That it is there already is not undone by a later
    /// failure.
    fn note_written(&mut self, destination: Destination, result: Result<Written, String>) {
        self.done += usize::from(result.is_ok());
        self.written_last = true;
        let is_there = |(known, before): &(Destination, Result<_, _>)| {
            *known == destination && before.is_ok() && result.is_err()
        };
        if !self.written.iter().any(is_there) {
            self.written.retain(|(known, _)| *known != destination);
        }
        self.written.push((destination, result));
    }
}

impl Vault {
    /// Something has replaced what a clipboard had of the other keys.
    fn replace_copies(&mut self, by: &str) {
        for key in self.keys.iter_mut().filter(|key| key.id != by) {
            key.replaced = true;
        }
    }

    /// The keys that this run has created, the oldest first.
    #[must_use]
    pub fn keys(&self) -> &[NewKey] {
        &self.keys
    }

    /// The keys whose secrets are held, the oldest first.
    pub fn held(&self) -> impl Iterator<Item = &NewKey> {
        self.keys.iter().filter(|key| key.is_held())
    }

    /// A key that this run has created.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&NewKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// The destination that is being chosen for a secret.
    #[must_use]
    pub fn choosing(&self) -> Option<&Choosing> {
        self.choosing.as_ref()
    }

    /// Whether something is being tried, written or looked at.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let trying = |key: &NewKey| matches!(key.tried, Tried::Trying(..));
        !self.writing.is_empty()
            || self.keys.iter().any(trying)
            || self.choosing.as_ref().is_some_and(Choosing::is_waiting)
    }

    /// The destinations that the secret of a key is being written to.
    pub fn writing_to(&self, key: &str) -> impl Iterator<Item = &Destination> {
        let of_key = self.writing.iter().filter(move |it| it.key == key);
        of_key.map(|it| &it.destination)
    }

    pub(super) fn add(&mut self, key: NewKey) {
        self.keys.push(key);
    }

    fn key_mut(&mut self, id: &str) -> Option<&mut NewKey> {
        self.keys.iter_mut().find(|key| key.id == id)
    }

    fn secret_of(&self, id: &str) -> Option<SecretKey> {
        self.key(id)?.secret.clone()
    }

    /// Notes which account this is, for the keys that were created before it was known.
    pub(super) fn account_is_known(&mut self, session: SessionId, id: Option<&str>) {
        let unknown = |key: &&mut NewKey| key.session == session && key.account.id.is_none();
        for key in self.keys.iter_mut().filter(unknown) {
            key.account.id = id.map(str::to_owned);
        }
    }

    /// The key whose secret would be lost with the vault: the oldest, if there are several.
    #[must_use]
    pub fn only_copy(&self) -> Option<&NewKey> {
        self.keys.iter().find(|key| key.is_only_copy())
    }
}

impl Engine {
    /// Notes that the secret of a new key has been put somewhere. In a rotation, the key is tried
    /// then: its secret is not held for long.
    pub(super) fn note_stored(&mut self, id: &str, place: &str) -> Option<()> {
        let key = self.vault.key_mut(id)?;
        if key.stored.iter().any(|known| known == place) {
            return None;
        }
        key.stored.push(place.to_owned());
        // What became of the change stays open in the journal while that is not known.
        if key.doubt.is_none() {
            self.effects.push(Effect::Note(Note {
                of: Origin::Here(key.change),
                fact: Fact::Stored {
                    key: id.to_owned(),
                    place: place.to_owned(),
                },
            }));
        }
        if key.rotating {
            self.check_new_key(id)?;
        }
        Some(())
    }

    /// Lets go of a secret that is stored somewhere.
    pub(super) fn release(&mut self, id: &str) {
        if let Some(key) = self.vault.key_mut(id)
            && !key.is_only_copy()
        {
            key.secret = None;
        }
    }

    /// Throws the only copy of a secret away.
    pub(super) fn discard(&mut self, id: &str) {
        self.part_with_secret(id, false);
        if self.vault.key(id).is_some_and(|key| key.discarded) {
            self.complain(format!(
                "{id}: its secret is gone; delete the key, create another"
            ));
        }
    }

    /// Lets go of a secret whose only copy may be here, as a person has decided: they have it, or
    /// they throw it away. A person who wanted to leave leaves then.
    pub(super) fn part_with_secret(&mut self, id: &str, has_it: bool) {
        if has_it {
            // As long as the secret is held: the key may be tried now.
            self.note_stored(id, "by hand");
        }
        let was_on_clipboard = !has_it && self.let_clipboard_go(id);
        if let Some(key) = self.vault.key_mut(id) {
            let was_held = key.secret.take().is_some();
            // With its key deleted, it is not asked for again.
            let matters = key.doubt.is_none() && !key.deleted;
            if !has_it && (was_held || was_on_clipboard) && matters {
                self.effects.push(Effect::Note(Note {
                    of: Origin::Here(key.change),
                    fact: Fact::Discarded { key: id.to_owned() },
                }));
            }
            if !has_it && was_held {
                key.stored.clear();
                key.tried = Tried::NotYet;
                key.discarded = true;
            }
        }
        if let Some(Leaving { leave, .. }) = self.leaving.take() {
            self.leave(leave);
        }
    }

    /// Notes that a key has been deleted. Its secret goes with it where a person has asked for that.
    pub(super) fn note_deleted(&mut self, id: &str) {
        let Some(key) = self.vault.key_mut(id) else {
            return;
        };
        key.deleted = true;
        if key.is_held() && key.discard_with_key {
            self.part_with_secret(id, false);
        }
    }

    /// Whether the account that a new key is in is open, so that the key can be deleted.
    #[must_use]
    pub fn can_delete(&self, id: &str) -> bool {
        let key = self.vault.key(id);
        // One that may not be what was received is looked for in the account first.
        let certain = |key: &NewKey| !key.deleted && key.doubt.is_none();
        key.is_some_and(|key| self.fleet.of(key.session).is_some() && certain(key))
    }

    /// Proposes to delete a key whose secret is thrown away with it: until the key is deleted, the
    /// secret is kept. A person who wanted to leave stays for that.
    pub(super) fn discard_and_delete(&mut self, id: &str) -> Option<()> {
        if !self.can_delete(id) {
            return None;
        }
        self.leaving = None;
        let key = self.vault.key_mut(id)?;
        key.discard_with_key = true;
        let (slot, user) = (key.session.slot, key.user.clone());
        let key = id.to_owned();
        self.propose(slot, Change::Delete { user, key }.into())?;
        Some(())
    }
}
