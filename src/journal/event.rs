//! What the journal says: one entry is one line.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::io;

/// The action whose outcome is a key, and a secret that is told only once.
pub const CREATE: &str = "iam:CreateAccessKey";

/// The form of the lines. It changes only when a reader of the form before would misread them.
pub(super) const VERSION: u32 = 1;

/// What every line begins with.
pub(super) const BEGINNING: &[u8] = br#"{"v":"#;

/// Something that is worth knowing after a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// A change is about to be sent.
    Sent(Sent),
    /// What became of it.
    Ended(Ended),
    /// The secret of a new key has been put somewhere.
    Stored(Stored),
    /// The person has thrown the secret of a new key away, knowingly.
    Discarded(Discarded),
    /// What was left open has been answered.
    Settled(Settled),
}

/// A change that is about to be sent: what must be known to ask the account about it later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Tells it from all other changes of all runs; see [`Journal::id`](super::Journal::id).
    pub id: String,
    /// The run that sends it; see [`Journal::run`](super::Journal::run).
    pub run: String,
    /// When; written to the millisecond, in UTC.
    #[serde(with = "time")]
    pub time: DateTime<Utc>,
    /// The account's number, if it was known by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The ARN of whoever is signed in, if it was known by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// The endpoint, where it is not AWS's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The action as policies name it, such as [`CREATE`].
    pub action: String,
    /// The user it concerns.
    pub user: String,
    /// The key it concerns; none for a key that does not exist yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether the key shall be active, where that is what changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// What the key shall be described as, where that is what changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// For a creation, the IDs of the keys the user had, if they were known: a key that is not
    /// among them later is the one that was asked for, or somebody else's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys_before: Option<Vec<String>>,
}

impl Sent {
    /// Whether it makes a key.
    #[must_use]
    pub fn creates(&self) -> bool {
        self.action == CREATE
    }
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The change.
    pub id: String,
    /// When the answer was there.
    #[serde(with = "time")]
    pub time: DateTime<Utc>,
    /// Whether it was made.
    pub outcome: Outcome,
    /// The ID of the key that was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The service's code for what went wrong, such as `AccessDenied`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What went wrong, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The service's ID for the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
}

/// Whether a change was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was.
    Done,
    /// Surely not.
    Refused,
    /// It is not known. So is every outcome that only a later version has a name for.
    #[serde(other)]
    Unknown,
}

/// The secret of a new key has been put somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The creation.
    pub id: String,
    /// When.
    #[serde(with = "time")]
    pub time: DateTime<Utc>,
    /// The key's ID.
    pub key: String,
    /// Where, such as `clipboard`, `profile NAME` or `file`.
    #[serde(rename = "where")]
    pub place: String,
}

/// The secret of a new key has been thrown away, knowingly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discarded {
    /// The creation.
    pub id: String,
    /// When.
    #[serde(with = "time")]
    pub time: DateTime<Utc>,
    /// The key's ID.
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
    /// How, in a word that nothing depends on, such as `made`.
    pub verdict: String,
}

/// The line for an event, with its end. It is all ASCII, so that the file can be looked at in any
/// terminal, and none of it can drive one.
pub(super) fn line(event: &Event) -> io::Result<Vec<u8>> {
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

/// Compact JSON that escapes whatever is not printable ASCII.
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

/// Times as RFC 3339 has them.
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
        let time = DateTime::parse_from_rfc3339(&text).map_err(D::Error::custom)?;
        Ok(time.to_utc())
    }
}
