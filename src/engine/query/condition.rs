//! What the fields of a query ask of a user or a key. The answer is none where it is not known: that
//! is no match, and neither is its opposite.

use super::{KeyFacts, UserFacts, glob::Glob};
use crate::engine::model::LastUsed;
use chrono::{DateTime, TimeDelta, Utc};

/// A condition as it was typed: one or more of the same field, of which any is enough (`a|b`), or
/// none may be met (`-`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Either<T> {
    pub(super) not: bool,
    pub(super) any: Vec<T>,
}

impl<T> Either<T> {
    /// Whether it is known to be met.
    pub(super) fn holds(&self, holds: impl Fn(&T) -> Option<bool>) -> bool {
        let mut unknown = false;
        for one in &self.any {
            match holds(one) {
                Some(true) => return !self.not,
                Some(false) => {}
                None => unknown = true,
            }
        }
        self.not && !unknown
    }
}

/// What is asked of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OfUser {
    /// `user:`
    Name(Glob),
    /// `path:`
    Path(Glob),
    /// `keys:`, how many there are.
    Keys(Compare),
    /// `account:`, by what it is called or its ID.
    Account(Glob),
    /// `owner:`, as a tag names them.
    Owner(Glob),
    /// `tag:`, the name of one, and its value.
    Tag(Glob, Option<Glob>),
    /// An administrator, or as good as one.
    Admin,
    /// Under quarantine.
    Quarantined,
}

/// What is asked of a key. Unknown is not a match: no one should find a key among the unused ones,
/// or among those that are not inactive, of which nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OfKey {
    /// `age`, since it was created.
    Age(Span),
    /// `unused`, since it was last used; since it was created if it never was.
    Unused(Span),
    /// `used`, since it was last used, which it was.
    Used(Span),
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
    /// `description:`, what the key is for.
    Description(Glob),
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
    pub(super) fn holds(&self, user: &UserFacts<'_>) -> Option<bool> {
        match self {
            Self::Name(glob) => Some(glob.matches(user.name)),
            Self::Path(glob) => Some(glob.matches(user.path)),
            Self::Keys(compare) => {
                let keys = i64::try_from(user.keys?).ok()?;
                Some(compare.holds(keys))
            }
            Self::Account(glob) => {
                let mut names = user.account.iter().flatten().peekable();
                names.peek()?;
                Some(names.any(|name| glob.matches(name)))
            }
            Self::Owner(glob) => {
                let owner = user.owner?;
                Some(owner.is_some_and(|owner| glob.matches(owner)))
            }
            Self::Tag(name, value) => {
                let is_value = |text: &str| value.as_ref().is_none_or(|value| value.matches(text));
                let mut tags = user.tags?.others()?;
                Some(tags.any(|(of, text)| name.matches(of) && is_value(text)))
            }
            Self::Admin => user.admin,
            Self::Quarantined => user.quarantined,
        }
    }

    /// Whether it cannot be told before the user's keys are known.
    pub(super) fn needs_keys(&self) -> bool {
        matches!(self, Self::Keys(_))
    }
}

impl OfKey {
    pub(super) fn holds(&self, key: &KeyFacts<'_>, now: DateTime<Utc>) -> Option<bool> {
        match self {
            Self::Age(span) => Some(span.holds(now - key.created?)),
            Self::Unused(span) => {
                let since = match key.last_used? {
                    LastUsed::At { time, .. } => *time,
                    LastUsed::Never => key.created?,
                };
                Some(span.holds(now - since))
            }
            Self::Used(span) => match key.last_used? {
                LastUsed::At { time, .. } => Some(span.holds(now - *time)),
                LastUsed::Never => Some(false),
            },
            Self::Active(active) => Some(key.active == Some(*active)),
            Self::Never => Some(*key.last_used? == LastUsed::Never),
            // What only the report tells of may be it.
            Self::Own => (key.own || key.id.is_some()).then_some(key.own),
            Self::Service(start) => match key.last_used? {
                LastUsed::At { service, .. } => Some(begins(service.as_deref()?, start)),
                LastUsed::Never => Some(false),
            },
            Self::Region(start) => match key.last_used? {
                LastUsed::At { region, .. } => Some(begins(region.as_deref()?, start)),
                LastUsed::Never => Some(false),
            },
            Self::Id(part) => Some(contains(key.id?, part)),
            Self::Description(glob) => {
                let text = key.description?;
                Some(text.is_some_and(|text| glob.matches(text)))
            }
        }
    }
}

/// Whether a text begins so, whatever the case.
#[must_use]
pub fn begins(text: &str, start: &str) -> bool {
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
