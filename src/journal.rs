//! The journal: which changes were sent, and what became of them, in a file that outlives a crash.
//!
//! A change is written down before it is sent and once more when its outcome is known. What has
//! only the first line was interrupted: by a crash, a power cut, a closed window. The next start
//! shows it and asks the account what became of it. The same goes for a change whose answer was
//! lost, and for a new key whose secret was neither put anywhere nor thrown away knowingly.
//!
//! There is no secret in it, ever: no event has a field for one.
//!
//! # The file
//!
//! Each line is a JSON object in ASCII, with an end of line. `v` is the version of its form, `event`
//! its kind, `id` the change: the ID of the run and a number. What is not known is left out.
//!
//! ```text
//! {"v":1,"event":"sent","id":"20261122T083000Z-5f0c2a9d41b7e368/4","run":"20261122T083000Z-5f0c2a9d41b7e368","time":"2026-11-22T08:31:07.214Z","account":"123456789012","caller":"arn:aws:iam::123456789012:user/alice","action":"iam:CreateAccessKey","user":"deploy-bot","keys_before":["AKIAOLD1EXAMPLE"]}
//! {"v":1,"event":"ended","id":"20261122T083000Z-5f0c2a9d41b7e368/4","time":"2026-11-22T08:31:07.630Z","outcome":"done","key":"AKIANEW1EXAMPLE","request_id":"8f3c…","took_ms":416}
//! {"v":1,"event":"stored","id":"20261122T083000Z-5f0c2a9d41b7e368/4","time":"2026-11-22T08:31:15.002Z","key":"AKIANEW1EXAMPLE","where":"profile deploy"}
//! ```
//!
//! Other events are `discarded` (the secret was thrown away knowingly) and `settled` (what was left
//! open has been answered). A reader passes over fields, events and versions that it does not know,
//! so that an older program can read what a newer one wrote, and counts lines that are no entries.
//! A last line that a power cut tore is no entry; the next one begins on a line of its own.
//!
//! # Several runs at once
//!
//! Any number of programs may use one journal. Beside `journal.jsonl` there are:
//!
//! | file | locked |
//! |---|---|
//! | `journal.jsonl.lock` | while a line is written, and while a journal is opened |
//! | `journal.jsonl.run-ID.lock` | by that run for as long as it lives, so that what it has under way is not taken for interrupted |
//! | `journal.jsonl.new` | never: it takes the journal's place when that has grown, or is left over and goes at the next time |
//!
//! The system gives a lock back however its holder ends. Locks must work where the journal is; on
//! file systems of a network not all do.
//!
//! # Size
//!
//! A file of more than 4 MB is shortened when it is opened: to everything that is open and the
//! newest megabyte.

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
    history::{Kind, Unfinished},
};

use self::{file::Place, history::History, runs::Run};
use chrono::Utc;
use etcetera::BaseStrategy as _;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A file of more bytes than this is shortened when it is opened.
const MOST: usize = 4 * 1024 * 1024;

/// So many bytes of what is not open stay then.
const NEWEST: usize = 1024 * 1024;

/// An open journal. Cheap to clone; the run is over when the last one of it is dropped, or the
/// process has ended.
#[derive(Clone, Debug)]
pub struct Journal {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    place: Place,
    run: Run,
    foreign: usize,
}

impl Journal {
    /// Opens the journal of this path, or begins it, and begins a run. Says what runs that are over
    /// have left open, oldest first; it stays open until it is settled, so two programs that are
    /// started at once are both told.
    ///
    /// It reads the whole file, and may wait some seconds for a lock: call it where that may be.
    ///
    /// # Errors
    /// When there can be no journal, as a sentence for a person. What is there is left alone.
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
        let going_on = runs::going_on(&place, &lock)?;
        let run = Run::begin(&place, Utc::now(), &lock)?;
        let mut history = History::of(&text);
        let unfinished = history.unfinished(|run| !going_on.contains(run));
        if text.len() > most {
            let shortened = place.replace(&history.shortened(&text, newest), &lock);
            // The next start tries again. Until then it is long.
            if let Err(error) = shortened {
                tracing::warn!(%error, "the journal is not shortened");
            }
        }
        let foreign = history.foreign;
        drop(lock);
        let inner = Inner {
            place,
            run,
            foreign,
        };
        let inner = Arc::new(inner);
        Ok((Self { inner }, unfinished))
    }

    /// Writes an event down. When this returns, it is on the disk. Blocks for as long as that
    /// takes, and some seconds at most for whoever else writes.
    ///
    /// # Errors
    /// When it may not be on the disk; nothing that was written before is lost by that.
    pub fn append(&self, event: &Event) -> io::Result<()> {
        Ok(self.inner.place.append(&event::line(event)?)?)
    }

    /// The ID of this run: no other has or had it.
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
        self.inner.foreign
    }
}

/// Where the journal is unless somebody says otherwise: `$XDG_STATE_HOME/iamkeys/journal.jsonl` or
/// `~/.local/state/…`; on macOS `~/Library/Application Support/…`; on Windows `%LOCALAPPDATA%\…`.
///
/// # Errors
/// When it is not known where this person's files are.
pub fn usual_place() -> Result<PathBuf, Error> {
    let places = etcetera::base_strategy::choose_native_strategy().map_err(|_| Error::NoHome)?;
    let state = if cfg!(windows) {
        // The one that stays on this machine.
        places.cache_dir()
    } else {
        places.state_dir().unwrap_or_else(|| places.data_dir())
    };
    // A home that is nowhere in particular would scatter journals over working directories.
    if state.is_relative() {
        return Err(Error::NoHome);
    }
    Ok(state.join("iamkeys").join("journal.jsonl"))
}
