//! The journal: which changes were sent and what their outcomes were, in a file that survives a
//! crash.
//!
//! A change is written before it is sent, and again when its outcome is known. A change with only
//! the first line was interrupted: by a crash, a power cut, a closed window. The next start shows
//! it and looks in the account whether it was made. The same goes for a change whose response was
//! lost, and for a new key whose secret was neither saved nor deliberately discarded.
//!
//! The journal never contains a secret: no event has a field for one.
//!
//! # The file
//!
//! Each line is a JSON object in ASCII, with an end of line. `v` is the version of the format,
//! `event` the kind of entry, `id` the change: the ID of the run and a number. What is not known is
//! left out.
//!
//! ```text
//! {"v":1,"event":"sent","id":"20261122T083000Z-5f0c2a9d41b7e368/4","run":"20261122T083000Z-5f0c2a9d41b7e368","time":"2026-11-22T08:31:07.214Z","account":"123456789012","caller":"arn:aws:iam::123456789012:user/alice","action":"iam:CreateAccessKey","user":"deploy-bot","keys_before":["AKIAOLD1EXAMPLE"]}
//! {"v":1,"event":"ended","id":"20261122T083000Z-5f0c2a9d41b7e368/4","time":"2026-11-22T08:31:07.630Z","outcome":"done","key":"AKIANEW1EXAMPLE","request_id":"8f3c…","took_ms":416}
//! {"v":1,"event":"stored","id":"20261122T083000Z-5f0c2a9d41b7e368/4","time":"2026-11-22T08:31:15.002Z","key":"AKIANEW1EXAMPLE","where":"profile deploy"}
//! ```
//!
//! `replaces` in the creation of a key names the one that it replaces in a rotation.
//!
//! Other events are `discarded` (the secret was discarded deliberately) and `settled` (what was left
//! open has been answered). A reader ignores fields, events and versions that it does not know, so
//! that an older program can read what a newer one wrote, and counts lines that are no entries. A
//! last line that a power cut tore is no entry; the next one begins on a line of its own. A line that
//! was whole and is damaged now, and that recorded a change about to be sent, is told of at each start
//! until it is removed: only a person can look whether that change was made.
//!
//! # Several runs at once
//!
//! Any number of programs may use one journal. Beside `journal.jsonl` there are:
//!
//! | file | locked |
//! |---|---|
//! | `journal.jsonl.lock` | while a line is written, and while a journal is opened |
//! | `journal.jsonl.run-ID.lock` | by that run until it ends, so that its changes in progress are not taken for interrupted |
//! | `journal.jsonl.new` | never: it replaces a journal that has grown; a leftover is removed the next time |
//!
//! The system releases a lock however its process ends. Locks must work where the journal is; on
//! some network file systems they do not.
//!
//! # Size
//!
//! A file of more than 4 MB is shortened when it is opened, to everything that is open and the newest
//! megabyte.

mod error;
mod event;
mod file;
mod history;
mod runs;
mod step;

#[cfg(test)]
mod tests;

pub use self::{
    error::Error,
    event::{CREATE, Discarded, Ended, Event, Outcome, Sent, Settled, Stored},
    history::{Damaged, Kind, Recorded, Unfinished},
};

pub(crate) use self::file::{end, open_private, sync_directory};
use self::{error::refused, file::Place, history::History, runs::Run};
use crate::engine::{Rotated, findings::Deactivated};
use etcetera::BaseStrategy as _;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// A larger file is shortened when it is opened.
const MOST: usize = 4 * 1024 * 1024;

/// How many of the newest bytes stay then, in addition to what is open.
const NEWEST: usize = 1024 * 1024;

/// An open journal. Cheap to clone; the run is over when the last clone is dropped, or the process
/// has ended.
#[derive(Clone, Debug)]
pub struct Journal {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    place: Place,
    run: Run,
    skipped: usize,
    damaged: Vec<Damaged>,
    rotated: Rotated,
    deactivated: Deactivated,
}

impl Journal {
    /// Opens or makes the journal at this path, and starts a run. Returns what runs that are over
    /// have left open, oldest first. It stays open until it is settled, so two programs that are
    /// started at the same time are both told.
    ///
    /// Reads the whole file, and may wait some seconds for a lock: call it where blocking is
    /// allowed.
    ///
    /// # Errors
    /// When there can be no journal, as a sentence for the user. An existing file is unchanged.
    pub fn open(path: &Path) -> Result<(Self, Vec<Unfinished>), Error> {
        Self::open_shortening(path, MOST, NEWEST)
    }

    fn open_shortening(
        path: &Path,
        most: usize,
        newest: usize,
    ) -> Result<(Self, Vec<Unfinished>), Error> {
        let place = Place::make(path)?;
        let lock = place.lock()?;
        let text = place.read(&lock)?;
        let live = runs::live(&place, &lock)?;
        let run = Run::begin(&place, SystemTime::now().into(), &lock)?;
        let history = History::of(&text);
        let unfinished = history.unfinished(|run| !live.contains(run));
        if text.len() > most {
            let shortened = place.replace(&history.shortened(&text, newest), &lock);
            // The next start tries again.
            if let Err(error) = shortened {
                tracing::warn!(%error, "the journal is not shortened");
            }
        }
        drop(lock);
        let rotated = history.rotated();
        let deactivated = history.deactivated();
        let inner = Arc::new(Inner {
            place,
            run,
            skipped: history.skipped,
            damaged: history.damaged,
            rotated,
            deactivated,
        });
        Ok((Self { inner }, unfinished))
    }

    /// Writes an event. When this returns, it is on the disk. Blocks for as long as that takes, and
    /// some seconds at most for other processes that write.
    ///
    /// # Errors
    /// When it may not be on the disk. No earlier entry is lost.
    pub fn append(&self, event: &Event) -> Result<(), Error> {
        let Inner { place, .. } = &*self.inner;
        let line = event::write(event).map_err(refused("be written", &place.journal))?;
        place.append(&line)
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.place.journal
    }

    /// The ID of this run, unique among all runs.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.inner.run.id
    }

    /// The ID for a change that has this number in this run.
    #[must_use]
    pub fn id(&self, number: u64) -> String {
        format!("{}/{number}", self.run())
    }

    /// How many lines of the file were no entries when it was opened.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.inner.skipped
    }

    /// Those of them that recorded a change which may have been made.
    #[must_use]
    pub fn damaged(&self) -> &[Damaged] {
        &self.inner.damaged
    }

    /// What it told of rotations when it was opened.
    #[must_use]
    pub fn rotated(&self) -> Rotated {
        self.inner.rotated.clone()
    }

    /// What it told of deactivations when it was opened.
    #[must_use]
    pub fn deactivated(&self) -> Deactivated {
        self.inner.deactivated.clone()
    }
}

/// The changes that the journal at this path records, the oldest first, and how many of its lines are no
/// entries. Nothing is made, changed or locked: a journal that is not there records nothing.
///
/// # Errors
/// When it cannot be read, or is no journal.
pub fn read(path: &Path) -> Result<(Vec<Recorded>, usize), Error> {
    let history = history_of(path)?;
    let skipped = history.skipped;
    Ok((history.recorded(), skipped))
}

/// What the journal at this path tells of deactivations, read as [`read`] does.
///
/// # Errors
/// When it cannot be read, or is no journal.
pub fn deactivated(path: &Path) -> Result<Deactivated, Error> {
    Ok(history_of(path)?.deactivated())
}

fn history_of(path: &Path) -> Result<History, Error> {
    use std::io::{ErrorKind, Read as _};
    let mut file = match file::open(std::fs::File::options().read(true), path) {
        Ok(file) => file,
        Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            return Ok(History::default());
        }
        Err(error) => return Err(error),
    };
    let mut text = Vec::new();
    file.read_to_end(&mut text)
        .map_err(refused("be read", path))?;
    if !history::is_journal(&text) {
        return Err(Error::NotAJournal(path.to_owned()));
    }
    Ok(History::of(&text))
}

/// The default path: `$XDG_STATE_HOME/iamkeys/journal.jsonl` or `~/.local/state/…`; on macOS
/// `~/Library/Application Support/…`; on Windows `%LOCALAPPDATA%\…`.
///
/// # Errors
/// When the user's home directory is not known.
pub fn usual_place() -> Result<PathBuf, Error> {
    let places = etcetera::base_strategy::choose_native_strategy().map_err(|_| Error::NoHome)?;
    let state = if cfg!(windows) {
        // The directory that is not copied to other machines.
        places.cache_dir()
    } else {
        places.state_dir().unwrap_or_else(|| places.data_dir())
    };
    // A relative home directory would put a journal into every working directory.
    if state.is_relative() {
        return Err(Error::NoHome);
    }
    Ok(state.join("iamkeys").join("journal.jsonl"))
}
