//! Exemptions: keys that a person has decided to leave as they are, until a day, for a reason. They
//! stand in the config, or in the account itself as a tag on the user, where the whole team has them.

use super::rules::Rules;
use crate::engine::{account::UserRow, user_tags::UserTags};
use chrono::NaiveDate;

/// The tag of a user that exempts all keys of the user. With `:` and a key ID behind it, it exempts
/// that key alone.
pub const EXEMPT_TAG: &str = "iamkeys:exempt";

/// The name of the tag that exempts a key of a user, or all of them.
#[must_use]
pub fn exemption_tag(key: Option<&str>) -> String {
    match key {
        Some(key) => format!("{EXEMPT_TAG}:{key}"),
        None => EXEMPT_TAG.to_owned(),
    }
}

/// The key that the name of a tag exempts: none for all keys of the user. Nothing where it is another
/// tag. AWS takes names of tags that differ by case for the same.
#[allow(
    clippy::option_option,
    reason = "all keys is an answer, and another tag is none"
)]
pub(in crate::engine) fn exempted_by(tag: &str) -> Option<Option<&str>> {
    let begin = tag.get(..EXEMPT_TAG.len())?;
    if !begin.eq_ignore_ascii_case(EXEMPT_TAG) {
        return None;
    }
    match &tag[EXEMPT_TAG.len()..] {
        "" => Some(None),
        rest => rest.strip_prefix(':').map(Some),
    }
}

/// Until when something is exempt, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// The last day.
    pub until: NaiveDate,
    /// The reason.
    pub why: Box<str>,
}

impl Exemption {
    /// Reads what a tag says: a date, and the reason behind it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (date, why) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let until = Self::date(date)?;
        Ok(Self {
            until,
            why: why.trim().into(),
        })
    }

    /// Reads a date.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn date(text: &str) -> Result<NaiveDate, String> {
        if text.is_empty() {
            return Err("a date comes first: 2027-01-31".into());
        }
        // `chrono` takes signs, spaces and single digits, too.
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        date.filter(|_| is_like_date(text))
            .ok_or_else(|| format!("{text:?} is not a date like 2027-01-31"))
    }

    /// The date that the reason begins with, also one that there is not: somebody has typed it behind
    /// another.
    #[must_use]
    pub fn other_date(&self) -> Option<&str> {
        let first = self.why.split_whitespace().next();
        first.filter(|word| is_like_date(word))
    }

    /// As a tag says it.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} {}", self.until, self.why).trim_end().to_owned()
    }

    /// Whether it counts on a day.
    #[must_use]
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        day <= self.until
    }
}

/// Whether a text has the shape of a date.
fn is_like_date(text: &str) -> bool {
    let shape = text
        .bytes()
        .map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    shape.eq(*b"0000-00-00")
}

/// Where an exemption stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExemptionBy {
    /// In this line of the config file.
    Config(usize),
    /// In a tag about the key.
    KeyTag,
    /// In a tag about all keys of the user.
    UserTag,
}

impl ExemptionBy {
    /// Where it stands, in words.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Config(line) => format!("config line {line}"),
            Self::KeyTag => "tag of this key".into(),
            Self::UserTag => "tag of the user".into(),
        }
    }
}

/// Whether an exemption counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Holds(Exemption),
    /// Its last day is over.
    Expired(Exemption),
    /// Its text cannot be read: what it says, and what is wrong with it. It does not count.
    Unreadable(Box<str>, String),
}

/// An exemption of a key, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedExemption {
    /// Where it stands.
    pub by: ExemptionBy,
    /// Whether it counts.
    pub standing: Standing,
    /// The rules that it takes the key out of, a bit each.
    pub(super) rules: u64,
}

impl StatedExemption {
    fn new(by: ExemptionBy, exemption: Exemption, rules: u64, today: NaiveDate) -> Self {
        let standing = if exemption.holds_on(today) {
            Standing::Holds(exemption)
        } else {
            Standing::Expired(exemption)
        };
        Self {
            by,
            standing,
            rules,
        }
    }

    /// Whether it counts for a rule.
    #[must_use]
    pub fn holds_for(&self, rule: usize) -> bool {
        self.held() & (1 << rule) != 0
    }

    /// The rules that it takes the key out of today, a bit each.
    pub(super) fn held(&self) -> u64 {
        match self.standing {
            Standing::Holds(_) => self.rules,
            Standing::Expired(_) | Standing::Unreadable(..) => 0,
        }
    }
}

/// What the config says of a key of a user.
pub(super) fn stated_in_config(
    rules: &Rules,
    user: &str,
    key: Option<&str>,
    today: NaiveDate,
) -> impl Iterator<Item = StatedExemption> {
    let config = rules.exemptions_in_config(user, key);
    config.map(move |(it, mask)| {
        let by = ExemptionBy::Config(it.line);
        StatedExemption::new(by, it.exemption.clone(), mask, today)
    })
}

/// The exemptions of a key, also those that do not count; of a key that only the credential report
/// tells of, those of its user.
#[must_use]
pub fn exemptions_of(
    rules: &Rules,
    row: &UserRow,
    key: Option<&str>,
    today: NaiveDate,
) -> Vec<StatedExemption> {
    let config = stated_in_config(rules, &row.user.name, key, today);
    let mut all: Vec<StatedExemption> = config.collect();
    for (of, text) in row.tags.known().into_iter().flat_map(UserTags::exemptions) {
        if !is_about(of, key) {
            continue;
        }
        let by = match of {
            Some(_) => ExemptionBy::KeyTag,
            None => ExemptionBy::UserTag,
        };
        let mask = rules.exemptible();
        all.push(match Exemption::read(text) {
            Ok(exemption) => StatedExemption::new(by, exemption, mask, today),
            Err(why) => StatedExemption {
                by,
                standing: Standing::Unreadable(text.into(), why),
                rules: mask,
            },
        });
    }
    all
}

/// Whether a tag about this key, or about all, is about that key.
fn is_about(of: Option<&str>, key: Option<&str>) -> bool {
    match (of, key) {
        (None, _) => true,
        (Some(of), Some(key)) => of.eq_ignore_ascii_case(key),
        (Some(_), None) => false,
    }
}

/// What exemptions take a key out of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Exempt {
    /// The rules, a bit each, as far as is known.
    pub(in crate::engine) from: u64,
    /// There may be more: the tags of its user are not known, or one of them exempts a key by its ID, and
    /// the credential report has none.
    pub(in crate::engine) may_be_more: bool,
}

impl Exempt {
    /// The rules, a bit each; none where it is not known whether there are any.
    pub(in crate::engine) fn known(self) -> Option<u64> {
        (self.from != 0 || !self.may_be_more).then_some(self.from)
    }
}

/// What exemptions take a key out of on a day.
#[inline]
pub(in crate::engine) fn exempt_from(
    rules: &Rules,
    row: &UserRow,
    key: Option<&str>,
    today: NaiveDate,
) -> Exempt {
    let mut exempt = Exempt::default();
    if rules.has_exemptions() {
        for (it, of) in rules.exemptions_in_config(&row.user.name, key) {
            if it.exemption.holds_on(today) {
                exempt.from |= of;
            }
        }
    }
    let Some(tags) = row.tags.known() else {
        exempt.may_be_more = true;
        return exempt;
    };
    for (of, text) in tags.exemptions() {
        let holds = || Exemption::read(text).is_ok_and(|it| it.holds_on(today));
        if is_about(of, key) {
            if holds() {
                exempt.from |= rules.exemptible();
            }
        } else if key.is_none() && holds() {
            exempt.may_be_more = true;
        }
    }
    exempt
}
