//! Reads a journal's text: what was left open, and which lines may go when the file has grown.
//!
//! Most lines are of changes that ended well, and of these only the names and numbers are looked
//! at, without a copy. What is open is read in full.

use super::event::{BEGINNING, Ended, Outcome, Sent, VERSION};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    io::BufRead as _,
    iter,
};

/// A change of an earlier run that somebody must look after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// What is not known, or not there.
    pub kind: Kind,
    /// What was sent.
    pub sent: Sent,
    /// What became of it, as far as was known. For a lost secret it has the new key's ID.
    pub ended: Option<Ended>,
}

/// In which way a change was left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The run ended before there was an answer: it may have been made or not.
    Interrupted,
    /// The answer did not say: it may have been made or not.
    Unknown,
    /// A key was created, and its secret was neither put anywhere nor thrown away knowingly:
    /// nobody has it.
    SecretLost,
}

/// What a journal's text says.
#[derive(Debug, Default)]
pub(super) struct History<'a> {
    changes: HashMap<Cow<'a, str>, Change<'a>>,
    /// Lines that are no entries of any version.
    pub(super) foreign: usize,
}

/// The lines about one change.
#[derive(Debug, Default)]
struct Change<'a> {
    sent: Option<&'a [u8]>,
    /// Where in the text that is, for the order.
    at: usize,
    creates: bool,
    ended: Option<&'a [u8]>,
    outcome: Option<Outcome>,
    /// Stored, discarded or settled.
    closed: bool,
}

impl Change<'_> {
    fn open(&self) -> Option<Kind> {
        self.sent?;
        match self.outcome {
            _ if self.closed => None,
            None => Some(Kind::Interrupted),
            Some(Outcome::Unknown) => Some(Kind::Unknown),
            Some(Outcome::Done) if self.creates => Some(Kind::SecretLost),
            Some(Outcome::Done | Outcome::Refused) => None,
        }
    }
}

/// As much of an entry as is needed to put it into its place.
#[derive(Deserialize)]
struct Head<'a> {
    v: u32,
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow, default)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    action: Cow<'a, str>,
    outcome: Option<Outcome>,
}

impl Head<'_> {
    /// Whether this version knows what it says.
    fn is_known(&self) -> bool {
        let events = ["sent", "ended", "stored", "discarded", "settled"];
        self.v == VERSION && events.contains(&&*self.event)
    }
}

impl<'a> History<'a> {
    /// Reads a text. Entries that only a later version knows are passed over; lines that are none
    /// are counted. A last line that was not written to its end is neither.
    pub(super) fn of(text: &'a [u8]) -> Self {
        let mut history = Self::default();
        for (at, line) in lines(text) {
            if !history.add(at, line) && text.get(at + line.len()).is_some() {
                history.foreign += 1;
            }
        }
        history
    }

    /// Whether the line is an entry.
    fn add(&mut self, at: usize, line: &'a [u8]) -> bool {
        let Ok(head) = serde_json::from_slice::<Head<'a>>(line) else {
            return false;
        };
        let event = &*head.event;
        if !head.is_known() {
            return true;
        }
        if head.id.is_empty() || (event == "ended" && head.outcome.is_none()) {
            return false;
        }
        let change = self.changes.entry(head.id).or_default();
        match event {
            "sent" => {
                change.sent = Some(line);
                change.at = at;
                change.creates = head.action == super::CREATE;
            }
            "ended" => {
                change.ended = Some(line);
                change.outcome = head.outcome;
            }
            _ => change.closed = true,
        }
        true
    }

    /// What was left open by runs that are over, in the order in which it was sent.
    pub(super) fn unfinished(&mut self, is_over: impl Fn(&str) -> bool) -> Vec<Unfinished> {
        let mut open: Vec<_> = self
            .changes
            .values()
            .filter_map(|change| Some((change.at, change.open()?, change.sent?, change.ended)))
            .collect();
        open.sort_unstable_by_key(|(at, ..)| *at);
        let mut unfinished = Vec::new();
        for (_, kind, sent, ended) in open {
            match entry::<Sent>(sent) {
                Some(sent) if is_over(&sent.run) => unfinished.push(Unfinished {
                    kind,
                    sent,
                    ended: ended.and_then(entry),
                }),
                Some(_) => {}
                None => self.foreign += 1,
            }
        }
        unfinished
    }

    /// The text without what nobody needs any more: whatever is open stays, and everything from
    /// the first whole line in the last `newest` bytes on. What is said of a change stays together.
    pub(super) fn shortened(&self, text: &[u8], newest: usize) -> Vec<u8> {
        let from = text.len().saturating_sub(newest);
        let open = self.changes.iter().filter(|(_, change)| {
            change.open().is_some() || change.sent.is_some() && change.at >= from
        });
        let open: HashSet<&str> = open.map(|(id, _)| &**id).collect();
        let mut short = Vec::with_capacity(2 * newest);
        for (at, line) in lines(text) {
            let stays = || {
                let head = serde_json::from_slice::<Head<'_>>(line);
                // What only a later version knows may be open there.
                head.is_ok_and(|head| !head.is_known() || open.contains(&*head.id))
            };
            if at >= from || stays() {
                short.extend_from_slice(line);
                short.push(b'\n');
            }
        }
        short
    }
}

/// Whether a text may be the beginning of a journal: empty, or with a line that begins as an entry
/// does, however little of it was written.
pub(super) fn is_journal(beginning: &[u8]) -> bool {
    beginning.is_empty()
        || lines(beginning).any(|(_, line)| {
            line.starts_with(BEGINNING)
                || BEGINNING.starts_with(line)
                // What some file systems leave of a write that a power cut interrupted.
                || line.iter().all(|byte| *byte == 0)
        })
}

/// The lines that are not empty, and where they begin.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = text;
    let all = iter::from_fn(move || {
        let at = text.len() - rest.len();
        // Much faster than looking at one byte after the other.
        let length = rest.skip_until(b'\n').ok().filter(|length| *length > 0)?;
        let line = &text[at..at + length];
        Some((at, line.strip_suffix(b"\n").unwrap_or(line)))
    });
    all.filter(|(_, line)| !line.is_empty())
}

fn entry<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    serde_json::from_slice(line).ok()
}
