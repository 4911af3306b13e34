//! What the fields of a query ask of a user or a key.

use super::{KeyFacts, UserFacts, glob::Glob};
use crate::engine::model::LastUsed;
use chrono::{DateTime, TimeDelta, Utc};

/// What is asked of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OfUser {
    /// `user:`
    Name(Glob),
    /// `path:`
    Path(Glob),
    /// `keys:`, how many there are.
    Keys(Compare),
}

/// What is asked of a key. Unknown is not a match: nobody should find a key among the unused ones
/// of which nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OfKey {
    /// `age`, since it was created.
    Age(Span),
    /// `unused`, since it was last used; since it was created if it never was.
    Unused(Span),
    /// `status:`, active or inactive.
    Active(bool),
    /// `never` used.
    Never,
    /// This session's `own`.
    Own,
    /// `service:` of the last use, as it begins.
    Service(String),
    /// `region:` of the last use, as it begins.
    Region(String),
    /// `id:`, a part of the key ID.
    Id(String),
}

/// A number to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Compare {
    pub(super) op: Op,
    pub(super) number: i64,
}

/// How to compare with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    More,
    AtLeast,
    Less,
    AtMost,
    Is,
}

/// A time to compare with, in whole days or hours. Ages are rounded down, as everywhere on the
/// screen: a key that is shown as 90 days old is not older than 90 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) compare: Compare,
    pub(super) hours: bool,
}

impl Compare {
    fn holds(self, number: i64) -> bool {
        match self.op {
            Op::More => number > self.number,
            Op::AtLeast => number >= self.number,
            Op::Less => number < self.number,
            Op::AtMost => number <= self.number,
            Op::Is => number == self.number,
        }
    }
}

impl Span {
    fn holds(self, age: TimeDelta) -> bool {
        // What lies ahead is now: clocks differ by a little.
        let age = age.max(TimeDelta::zero());
        self.compare.holds(if self.hours {
            age.num_hours()
        } else {
            age.num_days()
        })
    }
}

impl OfUser {
    pub(super) fn holds(&self, user: &UserFacts<'_>) -> bool {
        match self {
            Self::Name(glob) => glob.matches(user.name),
            Self::Path(glob) => glob.matches(user.path),
            Self::Keys(compare) => user
                .keys
                .and_then(|keys| i64::try_from(keys).ok())
                .is_some_and(|keys| compare.holds(keys)),
        }
    }

    /// Whether nobody can say before the user's keys are known.
    pub(super) fn needs_keys(&self) -> bool {
        matches!(self, Self::Keys(_))
    }
}

impl OfKey {
    pub(super) fn holds(&self, key: &KeyFacts<'_>, now: DateTime<Utc>) -> bool {
        let (service, region) = match key.last_used {
            Some(LastUsed::At {
                service, region, ..
            }) => (service.as_deref(), region.as_deref()),
            _ => (None, None),
        };
        match self {
            Self::Age(span) => key.created.is_some_and(|created| span.holds(now - created)),
            Self::Unused(span) => {
                let since = match key.last_used {
                    Some(LastUsed::At { time, .. }) => Some(*time),
                    Some(LastUsed::Never) => key.created,
                    None => None,
                };
                since.is_some_and(|since| span.holds(now - since))
            }
            Self::Active(active) => key.active == Some(*active),
            Self::Never => key.last_used == Some(&LastUsed::Never),
            Self::Own => key.own,
            Self::Service(start) => service.is_some_and(|service| begins(service, start)),
            Self::Region(start) => region.is_some_and(|region| begins(region, start)),
            Self::Id(part) => key.id.is_some_and(|id| contains(id, part)),
        }
    }
}

/// Whether a text begins so, whatever the case.
pub(super) fn begins(text: &str, start: &str) -> bool {
    let begin = text.as_bytes().get(..start.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(start.as_bytes()))
}

/// Whether a text has this part, whatever the case.
pub(super) fn contains(text: &str, part: &str) -> bool {
    find(text, part).is_some()
}

/// Where a text has this part first, whatever the case, in bytes. Written out, as it is what takes
/// the longest where all keys are known.
pub(super) fn find(text: &str, part: &str) -> Option<usize> {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let Some(first) = part.first() else {
        return Some(0);
    };
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let last = text.len().checked_sub(part.len())?;
    let mut from = 0;
    loop {
        let same = |byte: &u8| *byte == lower || *byte == upper;
        let at = from + text[from..=last].iter().position(same)?;
        if text[at..at + part.len()].eq_ignore_ascii_case(part) {
            return Some(at);
        }
        from = at + 1;
        if from > last {
            return None;
        }
    }
}
