//! What the fields of a query ask of a user or a key. The answer is none where it is not known: that
//! is no match, and neither is its opposite.

use super::{KeyFacts, UserFacts, glob::Glob};
use crate::engine::{findings::Severity, model::LastUsed};
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
        self.verdict(holds) == Some(true)
    }

    /// Whether it is known to be met, or known not to be.
    pub(super) fn verdict(&self, holds: impl Fn(&T) -> Option<bool>) -> Option<bool> {
        let mut verdict = Some(self.not);
        for one in &self.any {
            match holds(one) {
                Some(true) => return Some(!self.not),
                Some(false) => {}
                None => verdict = None,
            }
        }
        verdict
    }
}

/// How an age is taken of which it is only known that it is at least that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judging {
    /// For what it is: a list shows it so.
    AtFaceValue,
    /// For what is known by it.
    Strictly,
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
    /// `active:`, how many of the keys are.
    Active(Compare),
    /// With a `password` for the console.
    Password,
    /// With an `mfa` device.
    Mfa,
    /// The `root` user.
    Root,
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
    /// `inactive`, since it became so.
    Inactive(Span),
    /// Taken out of findings by an exemption.
    Exempt,
    /// `finding:`, the ID of a rule.
    Finding(Glob),
    /// `severity:`, that of a rule.
    Severity(AtSeverity),
}

/// A severity to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AtSeverity {
    pub(super) op: Op,
    pub(super) severity: Severity,
}

impl AtSeverity {
    fn holds(self, severity: Severity) -> bool {
        self.op.holds(severity, self.severity)
    }
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

impl Op {
    #[allow(clippy::needless_pass_by_value, reason = "a number or as small as one")]
    fn holds<T: Ord>(self, one: T, other: T) -> bool {
        match self {
            Self::More => one > other,
            Self::AtLeast => one >= other,
            Self::Less => one < other,
            Self::AtMost => one <= other,
            Self::Is => one == other,
        }
    }
}

impl Compare {
    fn holds(self, number: i64) -> bool {
        self.op.holds(number, self.number)
    }

    /// The same of a number that is one of these.
    fn holds_between(self, least: i64, most: i64) -> Option<bool> {
        let mut numbers = least..=most;
        let first = self.holds(numbers.next()?);
        numbers.all(|it| self.holds(it) == first).then_some(first)
    }

    /// The same of a number that may be greater.
    fn holds_of_least(self, least: i64) -> Option<bool> {
        match self.op {
            Op::More | Op::AtLeast => self.holds(least).then_some(true),
            Op::Less | Op::AtMost => (!self.holds(least)).then_some(false),
            Op::Is => (least > self.number).then_some(false),
        }
    }
}

impl Span {
    fn holds(self, age: TimeDelta) -> bool {
        self.compare.holds(self.count(age))
    }

    /// The same of an age that may be greater.
    fn holds_of_least(self, age: TimeDelta) -> Option<bool> {
        self.compare.holds_of_least(self.count(age))
    }

    fn count(self, age: TimeDelta) -> i64 {
        // What lies ahead is now: clocks differ by a little.
        let age = age.max(TimeDelta::zero());
        if self.hours {
            age.num_hours()
        } else {
            age.num_days()
        }
    }
}

impl OfUser {
    pub(super) fn holds(&self, user: &UserFacts<'_>, judging: Judging) -> Option<bool> {
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
            Self::Active(compare) => {
                let active = i64::try_from(user.active?).ok()?;
                let most = match judging {
                    Judging::AtFaceValue => active,
                    Judging::Strictly => active + i64::try_from(user.neither).ok()?,
                };
                compare.holds_between(active, most)
            }
            Self::Password => user.password,
            Self::Mfa => user.mfa,
            Self::Root => Some(user.root),
        }
    }

    /// Whether it cannot be told before the user's keys are known.
    pub(super) fn needs_keys(&self) -> bool {
        matches!(self, Self::Keys(_) | Self::Active(_))
    }
}

impl OfKey {
    pub(super) fn holds(
        &self,
        user: &UserFacts<'_>,
        key: &KeyFacts<'_>,
        now: DateTime<Utc>,
        judging: Judging,
    ) -> Option<bool> {
        let since_creation = |span: &Span| {
            let age = now - key.created?;
            if key.is_age_least && judging == Judging::Strictly {
                span.holds_of_least(age)
            } else {
                Some(span.holds(age))
            }
        };
        match self {
            Self::Age(span) => since_creation(span),
            Self::Unused(span) => match key.last_used? {
                LastUsed::At { time, .. } => Some(span.holds(now - *time)),
                LastUsed::Never => since_creation(span),
            },
            Self::Used(span) => match key.last_used? {
                LastUsed::At { time, .. } => Some(span.holds(now - *time)),
                LastUsed::Never => Some(false),
            },
            Self::Active(active) => match (key.active, judging) {
                // It is neither, as far as a list goes; whether AWS accepts it is not known.
                (None, Judging::Strictly) => None,
                (is_active, _) => Some(is_active == Some(*active)),
            },
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
            // It has been Inactive for at least that long: until now nothing says when it became so
            // to the minute.
            Self::Inactive(span) => match (key.active, judging) {
                (Some(false), _) => span.holds_of_least(now - key.inactive_since?),
                (None, Judging::Strictly) => None,
                _ => Some(false),
            },
            Self::Exempt => Some(key.exempt? != 0),
            Self::Finding(glob) => {
                let rules = user.rules?;
                rules.finds_any(user, key, now, |rule| glob.matches(&rule.id))
            }
            Self::Severity(at) => {
                let rules = user.rules?;
                rules.finds_any(user, key, now, |rule| at.holds(rule.severity))
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
