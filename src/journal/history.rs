//! Reads the text of a journal: which changes were left open, and which lines can be dropped when
//! the file has grown.

use super::event::{self, BEGINNING, CREATE, Ended, Event, Outcome, Remains, Sent};
use crate::engine::{Rotated, findings::Deactivated};
use std::collections::HashMap;

/// A change of an earlier run that needs attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// In which way it was left open.
    pub kind: Kind,
    /// What was sent.
    pub sent: Sent,
    /// The outcome, if there was one. For a lost secret it has the new key's ID.
    pub ended: Option<Ended>,
}

/// A change that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What was sent.
    pub sent: Sent,
    /// The outcome, if there was one.
    pub ended: Option<Ended>,
    /// In which way it is open, if it is: also while it is under way.
    pub open: Option<Kind>,
}

/// In which way a change was left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The run ended before there was a response: the change may have been made or not.
    Interrupted,
    /// The response did not say: the change may have been made or not.
    Unknown,
    /// A key was created, and its secret was neither saved nor deliberately discarded: the secret is
    /// lost.
    SecretLost,
}

/// A line that is no entry any more, but recorded a change that was about to be sent: it may have been
/// made, and nothing tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The number of the line, from 1 on.
    pub line: usize,
    /// Action, user, key and time, as far as they can be read.
    pub text: String,
}

/// The changes in the text of a journal.
#[derive(Debug, Default)]
pub(super) struct History {
    changes: HashMap<String, Change>,
    /// How many lines are no entries of any version.
    pub(super) skipped: usize,
    /// Those of them that recorded a change of which nothing else tells what became of it.
    pub(super) damaged: Vec<Damaged>,
}

/// The entries about one change.
#[derive(Debug, Default)]
struct Change {
    sent: Option<Sent>,
    /// The offset of that entry, for the order.
    at: usize,
    ended: Option<Ended>,
    /// Stored, discarded or settled.
    closed: bool,
}

impl Change {
    /// Whether it is known what became of it, even where it is not known what it was.
    fn is_told(&self) -> bool {
        let ended = self.ended.as_ref();
        // Of a new key, it is open where its secret is.
        let is_over = |ended: &Ended| ended.outcome != Outcome::Unknown && ended.key.is_none();
        self.sent.is_some() || self.closed || ended.is_some_and(is_over)
    }

    fn open(&self) -> Option<Kind> {
        let sent = self.sent.as_ref()?;
        match self.ended.as_ref().map(|ended| ended.outcome) {
            _ if self.closed => None,
            None => Some(Kind::Interrupted),
            Some(Outcome::Unknown) => Some(Kind::Unknown),
            Some(Outcome::Done) if sent.action == CREATE => Some(Kind::SecretLost),
            Some(Outcome::Done | Outcome::Refused) => None,
        }
    }
}

impl History {
    /// Reads a text. Entries that only a later version knows are ignored, and lines that are no
    /// entries are counted. An incomplete last line is ignored, too.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut history = Self::default();
        let mut damaged = Vec::new();
        for (number, at, line) in lines(text) {
            let Some((id, event)) = event::read(line) else {
                let is_complete = at + line.len() < text.len();
                history.skipped += usize::from(is_complete);
                damaged.extend(event::remains(line).map(|remains| (number, remains)));
                continue;
            };
            let change = history.changes.entry(id).or_default();
            match event {
                Event::Sent(sent) => {
                    change.sent = Some(sent);
                    change.at = at;
                }
                Event::Ended(ended) => change.ended = Some(ended),
                Event::Stored(_) | Event::Discarded(_) | Event::Settled(_) => change.closed = true,
                Event::Later => {}
            }
        }
        for (line, Remains { id, text }) in damaged {
            let change = id.and_then(|id| history.changes.get(&id));
            if !change.is_some_and(Change::is_told) {
                history.damaged.push(Damaged { line, text });
            }
        }
        history
    }

    /// All changes, in the order in which they were sent.
    pub(super) fn recorded(mut self) -> Vec<Recorded> {
        let mut all: Vec<(usize, Recorded)> = Vec::new();
        for (_, change) in self.changes.drain() {
            let open = change.open();
            let Change {
                sent: Some(sent),
                at,
                ended,
                ..
            } = change
            else {
                continue;
            };
            all.push((at, Recorded { sent, ended, open }));
        }
        all.sort_unstable_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, recorded)| recorded).collect()
    }

    /// What was left open by runs that are over, in the order in which it was sent.
    pub(super) fn unfinished(&self, is_over: impl Fn(&str) -> bool) -> Vec<Unfinished> {
        let open = self.changes.values().filter_map(|change| {
            let kind = change.open()?;
            let sent = change.sent.clone().filter(|sent| is_over(&sent.run))?;
            let ended = change.ended.clone();
            Some((change.at, Unfinished { kind, sent, ended }))
        });
        let mut open: Vec<_> = open.collect();
        open.sort_unstable_by_key(|(at, _)| *at);
        open.into_iter().map(|(_, unfinished)| unfinished).collect()
    }

    /// The changes that were made, in the order in which they were sent.
    fn made(&self) -> Vec<(&Sent, &Ended)> {
        let done = |change: &&Change| {
            let outcome = change.ended.as_ref().map(|ended| ended.outcome);
            outcome == Some(Outcome::Done)
        };
        let mut done: Vec<&Change> = self.changes.values().filter(done).collect();
        done.sort_unstable_by_key(|change| change.at);
        let done = done.into_iter();
        done.filter_map(|change| Some((change.sent.as_ref()?, change.ended.as_ref()?)))
            .collect()
    }

    /// What the changes that were made tell of deactivations.
    pub(super) fn deactivated(&self) -> Deactivated {
        let mut deactivated = Deactivated::default();
        for (sent, ended) in self.made() {
            match (&sent.key, sent.active) {
                (Some(key), Some(false)) => {
                    deactivated.deactivated(key, sent.account.as_deref(), ended.time);
                }
                (Some(key), Some(true)) => deactivated.activated(key),
                _ => {}
            }
        }
        deactivated
    }

    /// What the changes that were made tell of rotations.
    pub(super) fn rotated(&self) -> Rotated {
        let mut rotated = Rotated::default();
        for (sent, ended) in self.made() {
            if let (Some(old), Some(new)) = (&sent.replaces, &ended.key) {
                // That it was deactivated before the rotation is no part of that.
                rotated.deactivated.remove(old);
                rotated.replaced.insert(new.clone(), old.clone());
            }
            match (&sent.key, sent.active) {
                (Some(key), Some(false)) => {
                    rotated.deactivated.insert(key.clone());
                }
                (Some(key), Some(true)) => {
                    rotated.deactivated.remove(key);
                }
                _ => {}
            }
        }
        rotated
    }

    /// The text without the lines that are no longer needed. Everything that is open stays, and
    /// everything from the first whole line in the last `newest` bytes on. The entries about one
    /// change stay together.
    pub(super) fn shortened(&self, text: &[u8], newest: usize) -> Vec<u8> {
        let from = text.len().saturating_sub(newest);
        let stays = |change: &Change| {
            change.open().is_some() || (change.sent.is_some() && change.at >= from)
        };
        let is_needed = |number, line| match event::read(line) {
            // The change may be open there.
            Some((_, Event::Later)) => true,
            Some((id, _)) => self.changes.get(&id).is_some_and(stays),
            None => {
                let damaged = &self.damaged;
                damaged.binary_search_by_key(&number, |it| it.line).is_ok()
            }
        };
        let mut short = Vec::with_capacity(2 * newest);
        for (number, at, line) in lines(text) {
            if at >= from || is_needed(number, line) {
                short.extend_from_slice(line);
                short.push(b'\n');
            }
        }
        short
    }
}

/// Whether a text may be the beginning of a journal: empty, or with a line that begins like an
/// entry, even if only a part of that was written.
pub(super) fn is_journal(beginning: &[u8]) -> bool {
    beginning.is_empty()
        || lines(beginning).any(|(_, _, line)| {
            line.starts_with(BEGINNING)
                || BEGINNING.starts_with(line)
                // What some file systems leave of a write that a power cut interrupted.
                || line.iter().all(|byte| *byte == 0)
        })
}

/// The lines that are not empty, with their numbers from 1 on and their offsets.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, usize, &[u8])> {
    let lines = text.split(|byte| *byte == b'\n');
    let with_offsets = lines.scan((0, 0), |(number, next), line| {
        let at = *next;
        *number += 1;
        *next += line.len() + 1;
        Some((*number, at, line))
    });
    with_offsets.filter(|(_, _, line)| !line.is_empty())
}
