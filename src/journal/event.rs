//! The entries of the journal: one line each.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::io;

/// The action that returns a new key, and its secret only once.
pub const CREATE: &str = "iam:CreateAccessKey";

/// The format of the lines. It changes only when a reader of the format before would misread them.
pub(super) const VERSION: u32 = 1;

/// What every line begins with.
pub(super) const BEGINNING: &[u8] = br#"{"v":"#;

/// Something to know after a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// A change is about to be sent.
    Sent(Sent),
    /// What became of it.
    Ended(Ended),
    /// The secret of a new key has been saved.
    Stored(Stored),
    /// The user has deliberately discarded the secret of a new key.
    Discarded(Discarded),
    /// What was left open has been answered.
    Settled(Settled),
    /// An event that only a later version knows; never written.
    #[serde(other, skip_serializing)]
    Later,
}

/// A change that is about to be sent, with what is needed to look for it in the account later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Unique among all changes of all runs; see [`Journal::id`](super::Journal::id).
    pub id: String,
    /// The run that sends it; see [`Journal::run`](super::Journal::run).
    pub run: String,
    /// When; written to the millisecond, in UTC.
    #[serde(with = "time")]
    pub time: DateTime<Utc>,
    /// The account ID, if it was known by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The ARN of the caller, if it was known by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// The endpoint, if it is not AWS's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The IAM action, such as [`CREATE`].
    pub action: String,
    /// The user name.
    pub user: String,
    /// The access key ID; none for a key that does not exist yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The new status, if that is what changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// The new description, if that is what changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// For a creation, the IDs of the user's keys before it, if they were known: a key that is not
    /// among them later is the new one, or was created by another program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys_before: Option<Vec<String>>,
    /// For a creation in a rotation, the ID of the key that the new one replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The change.
    pub id: String,
    /// When the response arrived.
    #[serde(with = "time")]
    pub time: DateTime<Utc>,
    /// Whether the change was made.
    pub outcome: Outcome,
    /// The ID of the key that was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The service's error code, such as `AccessDenied`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The error message, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The service's request ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The duration in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
}

/// Whether a change was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was.
    Done,
    /// It certainly was not.
    Refused,
    /// Not known. An outcome that only a later version knows is read as this one, too.
    #[serde(other)]
    Unknown,
}

/// The secret of a new key has been saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The creation.
    pub id: String,
    /// When.
    #[serde(with = "time")]
    pub time: DateTime<Utc>,
    /// The access key ID.
    pub key: String,
    /// Where, such as `clipboard`, `profile NAME` or `file`.
    #[serde(rename = "where")]
    pub place: String,
}

/// The secret of a new key has been discarded deliberately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discarded {
    /// The creation.
    pub id: String,
    /// When.
    #[serde(with = "time")]
    pub time: DateTime<Utc>,
    /// The access key ID.
    pub key: String,
}

/// What was left open has been answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The change.
    pub id: String,
    /// When.
    #[serde(with = "time")]
    pub time: DateTime<Utc>,
    /// The answer, in a word that is for people only, such as `made`.
    pub verdict: String,
}

/// The line for an event, with its end. It is all ASCII, so that the file can be shown in any
/// terminal, and no text in it can control one.
pub(super) fn write(event: &Event) -> io::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Line<'a> {
        v: u32,
        #[serde(flatten)]
        event: &'a Event,
    }
    let mut line = Vec::with_capacity(512);
    let mut writer = serde_json::Serializer::with_formatter(&mut line, Ascii);
    let v = VERSION;
    Line { v, event }.serialize(&mut writer)?;
    line.push(b'\n');
    Ok(line)
}

/// The event of a line and the ID of its change; none where the line is no entry.
pub(super) fn read(line: &[u8]) -> Option<(String, Event)> {
    #[derive(Deserialize)]
    struct Head {
        v: u32,
        #[serde(default)]
        id: String,
    }
    let Head { v, id } = serde_json::from_slice(line).ok()?;
    let event = if v == VERSION {
        serde_json::from_slice(line).ok()?
    } else {
        Event::Later
    };
    (!id.is_empty() || event == Event::Later).then_some((id, event))
}

/// What is left of a line that is no entry, and that recorded a change about to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Remains {
    /// The change, if that can be read.
    pub(super) id: Option<String>,
    /// Action, user, key and time, as far as they can be read.
    pub(super) text: String,
}

/// What is left of a damaged line; none where no change was sent after it: it recorded something else,
/// or its write was cut off, and what is not whole on the disk is not sent.
pub(super) fn remains(line: &[u8]) -> Option<Remains> {
    let whole = serde_json::from_slice::<serde::de::IgnoredAny>(line);
    let cut_off = whole.is_err_and(|error| error.is_eof()) && !line.ends_with(b"}");
    let text = String::from_utf8_lossy(line);
    let records = |what: &&str| text.contains(*what);
    if cut_off
        || [r#""event":"sent""#, r#""action":"iam:"#]
            .iter()
            .all(|it| !records(it))
    {
        return None;
    }
    let field = |name: &str| {
        let (_, rest) = text.split_once(&format!("\"{name}\":\""))?;
        let (value, _) = rest.split_once('"').unwrap_or((rest, ""));
        let value: String = value.chars().take(MOST_OF_A_FIELD).collect();
        Some(value).filter(|value| !value.is_empty())
    };
    let known = ["action", "user", "key", "time"]
        .into_iter()
        .filter_map(field);
    Some(Remains {
        id: field("id"),
        text: known.collect::<Vec<_>>().join(", "),
    })
}

/// Where a field has lost its end, the rest of the line is not all of it.
const MOST_OF_A_FIELD: usize = 64;

/// Compact JSON that escapes everything but printable ASCII.
struct Ascii;

impl serde_json::ser::Formatter for Ascii {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        for c in fragment.chars() {
            if matches!(c, ' '..='~') {
                writer.write_all(&[c as u8])?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

/// Times as in RFC 3339.
mod time {
    use chrono::{DateTime, SecondsFormat, Utc};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(
        time: &DateTime<Utc>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
