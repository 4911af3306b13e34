//! What can be typed into the filter, and what is said about the rest.
//!
//! A word is text to be found, unless it has one of `:` `=` `<` `>` in it: then a field stands
//! before the first of these, and a value behind it. `never`, `own`, `admin`, `quarantined`, `root`,
//! `password`, `mfa` and `exempt` stand alone. While a field is half typed it filters nothing away: an empty list would say that no user matches.
//!
//! `-` before a word or a field is its opposite. `|` in a word or a value is any of them, and `-`
//! before that none of them: `alice|bob`, `service:s3|sqs`, `-region:us|eu`. With a space beside it,
//! `|` stands between whole alternatives, each of everything up to the next: `age>90 never | own`.

use super::{
    complete::Seen,
    condition::{AtSeverity, Compare, Either, OfKey, OfUser, Op, Span, begins},
    glob::Glob,
    word::Word,
};
use crate::engine::{
    findings::Severity,
    text::{shorten, visible},
};
use std::borrow::Cow;

/// The most cells that an error takes.
pub const LONGEST_ERROR: usize = 150;

/// What stands between a field and its value.
pub(super) const SIGNS: [char; 4] = [':', '=', '<', '>'];

/// What is asked of a key or a user without a value.
pub(super) const ALONE: [&str; 8] = [
    "never",
    "own",
    "admin",
    "quarantined",
    "root",
    "password",
    "mfa",
    "exempt",
];

/// Said where `|` is between what it cannot stand between without a space.
const SPACES: &str = "Put spaces around | between conditions: age>365 | never";

/// The longest thing there is to be found is a path, of 512 characters (`pathType` in the API
/// reference of IAM). The matcher's scores overflow far beyond that.
const LONGEST_WORD: usize = 512;

/// A part of a query, understood.
#[derive(Debug)]
pub(super) enum Part {
    /// Any of these words.
    Words(Vec<Word>),
    /// None of these words.
    Without(Vec<Word>),
    OfUser(Either<OfUser>),
    OfKey(Either<OfKey>),
}

/// What a field asks, with one value.
#[derive(Debug)]
pub(super) enum Condition {
    OfUser(OfUser),
    OfKey(OfKey),
}

/// What a field is compared with.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    /// How, where it says so: `:` and `=` leave it to the field.
    op: Option<Op>,
    pub(super) text: &'a str,
}

/// The values that a field can be completed with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Values {
    /// Numbers and texts, which cannot be guessed.
    Any,
    /// One of a few.
    OneOf(&'static [&'static str]),
    /// What was seen of the account.
    Seen(Seen),
    /// Tags that were seen: their names, and behind one its values.
    Tags,
}

/// A field: its name, what usually follows that, what is said where its value is missing or wrong,
/// and how it is completed and understood.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) sign: &'static str,
    pub(super) needs: &'static str,
    pub(super) values: Values,
    condition: fn(Value<'_>) -> Option<Condition>,
}

/// The fields, in the order in which they are listed to who names another.
pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "age",
        sign: ">",
        needs: "age needs a number of days: age>90 age>6m",
        values: Values::Any,
        condition: |value| Some(Condition::OfKey(OfKey::Age(value.span()?))),
    },
    Field {
        name: "used",
        sign: "<",
        needs: "used needs a number of days: used<7",
        values: Values::Any,
        condition: |value| Some(Condition::OfKey(OfKey::Used(value.span()?))),
    },
    Field {
        name: "unused",
        sign: ">",
        needs: "unused needs a number of days: unused>45",
        values: Values::Any,
        condition: |value| Some(Condition::OfKey(OfKey::Unused(value.span()?))),
    },
    Field {
        name: "status",
        sign: ":",
        needs: "status is active or inactive: status:inactive",
        values: Values::OneOf(&["active", "inactive"]),
        condition: |value| {
            let text = value.text()?;
            match (begins("active", text), begins("inactive", text)) {
                (true, _) => Some(Condition::OfKey(OfKey::Active(true))),
                (_, true) => Some(Condition::OfKey(OfKey::Active(false))),
                _ => None,
            }
        },
    },
    Field {
        name: "user",
        sign: ":",
        needs: "user needs a name: user:ci-*",
        values: Values::Seen(Seen::Users),
        condition: |value| Some(Condition::OfUser(OfUser::Name(Glob::new(value.text()?)))),
    },
    Field {
        name: "path",
        sign: ":",
        needs: "path needs a path: path:/ops/*",
        values: Values::Seen(Seen::Paths),
        condition: |value| Some(Condition::OfUser(OfUser::Path(Glob::new(value.text()?)))),
    },
    Field {
        name: "service",
        sign: ":",
        needs: "service needs a name: service:s3",
        values: Values::Seen(Seen::Services),
        condition: |value| Some(Condition::OfKey(OfKey::Service(value.text()?.into()))),
    },
    Field {
        name: "region",
        sign: ":",
        needs: "region needs a name: region:eu-west-1",
        values: Values::Seen(Seen::Regions),
        condition: |value| Some(Condition::OfKey(OfKey::Region(value.text()?.into()))),
    },
    Field {
        name: "keys",
        sign: ":",
        needs: "keys needs a number: keys:2 keys>1",
        values: Values::Any,
        condition: |value| Some(Condition::OfUser(OfUser::Keys(value.compare()?))),
    },
    Field {
        name: "active",
        sign: ":",
        needs: "active needs a number of Active keys: active:2 active>1",
        values: Values::Any,
        condition: |value| Some(Condition::OfUser(OfUser::Active(value.compare()?))),
    },
    Field {
        name: "inactive",
        sign: ">",
        needs: "inactive needs a number of days: inactive>90",
        values: Values::Any,
        condition: |value| Some(Condition::OfKey(OfKey::Inactive(value.span()?))),
    },
    Field {
        name: "finding",
        sign: ":",
        needs: "finding needs the ID of a rule: finding:never-used",
        values: Values::Seen(Seen::Findings),
        condition: |value| {
            let glob = Glob::whole(value.text()?);
            Some(Condition::OfKey(OfKey::Finding(glob)))
        },
    },
    Field {
        name: "severity",
        sign: ":",
        needs: "severity is low, medium, high or critical: severity>=high",
        values: Values::OneOf(&["low", "medium", "high", "critical"]),
        condition: |value| {
            let at = AtSeverity {
                op: value.op.unwrap_or(Op::Is),
                severity: Severity::begins(value.text)?,
            };
            Some(Condition::OfKey(OfKey::Severity(at)))
        },
    },
    Field {
        name: "id",
        sign: ":",
        needs: "id needs a part of a key ID: id:AKIA",
        values: Values::Any,
        condition: |value| Some(Condition::OfKey(OfKey::Id(value.text()?.into()))),
    },
    Field {
        name: "description",
        sign: ":",
        needs: "description needs a text: description:billing",
        values: Values::Any,
        condition: |value| {
            Some(Condition::OfKey(OfKey::Description(Glob::new(
                value.text()?,
            ))))
        },
    },
    Field {
        name: "account",
        sign: ":",
        needs: "account needs a name or an ID: account:acme-*",
        values: Values::Seen(Seen::Accounts),
        condition: |value| Some(Condition::OfUser(OfUser::Account(Glob::new(value.text()?)))),
    },
    Field {
        name: "owner",
        sign: ":",
        needs: "owner needs a name: owner:platform",
        values: Values::Seen(Seen::Owners),
        condition: |value| Some(Condition::OfUser(OfUser::Owner(Glob::new(value.text()?)))),
    },
    Field {
        name: TAG,
        sign: ":",
        needs: "tag needs a name: tag:team tag:team=web",
        values: Values::Tags,
        condition: |value| {
            let (name, text) = match value.text()?.split_once('=') {
                Some((name, text)) => (name, Some(text)),
                None => (value.text()?, None),
            };
            // The value is still to be typed.
            let text = text.filter(|text| !text.is_empty());
            (!name.is_empty())
                .then(|| Condition::OfUser(OfUser::Tag(Glob::whole(name), text.map(Glob::new))))
        },
    },
];

/// The field whose value has a name in it.
const TAG: &str = "tag";

/// What can be typed, by example, and what that finds.
pub const GUIDE: &[(&str, &str)] = &[
    ("alice|bob", "either in a name, path, key ID or description"),
    (
        "-web -status:inactive",
        "the opposite: without the word, not inactive",
    ),
    ("age>90 age<6m", "days since creation; or h, d, w, m, y"),
    ("used<7 unused>45", "days since the last use"),
    ("never own exempt", "never used; this session's; exempt"),
    (
        "status:inactive inactive>90",
        "by status; Inactive for so long",
    ),
    ("user:ci-* path:/ops/*", "by name or path, with * and ?"),
    (
        "service:s3|sqs region:eu",
        "by the last use: either service",
    ),
    (
        "keys:2 active:2 id:7EXAMPLE",
        "users by their keys, keys by their ID",
    ),
    (
        "owner:platform -owner:*",
        "by the owner in the user's tags; without one",
    ),
    (
        "tag:team tag:team=web",
        "by another tag: its name, and its value",
    ),
    (
        "admin quarantined",
        "can do everything, or become able to; by AWS",
    ),
    (
        "account:dev description:web",
        "by account; keys by what they are for",
    ),
    (
        "password -mfa root",
        "by the credential report; the root user",
    ),
    (
        "finding:old severity>=high",
        "by a rule of the findings; how severe it is",
    ),
    (
        "age>365 | never own",
        "one or the other: | with a space beside it",
    ),
];

/// The field of this name.
pub(super) fn field(name: &str) -> Option<&'static Field> {
    let mut fields = FIELDS.iter();
    fields.find(|field| field.name.eq_ignore_ascii_case(name))
}

fn stands_alone(word: &str) -> bool {
    ALONE.iter().any(|alone| alone.eq_ignore_ascii_case(word))
}

/// Understands what stands between two spaces in a query.
///
/// # Errors
/// What is wrong with it, in plain words.
pub(super) fn understand(text: &str) -> Result<Part, String> {
    let (not, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let Some(at) = text.find(SIGNS) else {
        return words(not, text);
    };
    let (name, value) = text.split_at(at);
    match field(name) {
        Some(field) => field.part(not, Value::new(value)),
        None if name.is_empty() => Err("A field comes first: age>90".into()),
        None if name.contains('|') => Err(SPACES.into()),
        None if stands_alone(name) => Err(format!("{} takes no value", name.to_ascii_lowercase())),
        None => Err(no_field(name)),
    }
}

fn words(not: bool, text: &str) -> Result<Part, String> {
    let (mut words, mut of_key, mut of_user) = (Vec::new(), Vec::new(), Vec::new());
    for word in text.split('|').filter(|word| !word.is_empty()) {
        match alone(word) {
            Some(Condition::OfKey(condition)) => of_key.push(condition),
            Some(Condition::OfUser(condition)) => of_user.push(condition),
            None if word.len() > LONGEST_WORD => {
                return Err("That word is longer than any name, path or key ID".into());
            }
            None => words.push(Word::new(word)),
        }
    }
    match (words.is_empty(), of_key.is_empty(), of_user.is_empty()) {
        (true, false, true) => Ok(Part::OfKey(Either { not, any: of_key })),
        (true, true, false) => Ok(Part::OfUser(Either { not, any: of_user })),
        (_, true, true) if not => Ok(Part::Without(words)),
        (_, true, true) => Ok(Part::Words(words)),
        _ => Err(SPACES.into()),
    }
}

/// What a word asks that stands alone.
fn alone(word: &str) -> Option<Condition> {
    let at = ALONE
        .iter()
        .position(|alone| alone.eq_ignore_ascii_case(word));
    Some(match ALONE[at?] {
        "never" => Condition::OfKey(OfKey::Never),
        "own" => Condition::OfKey(OfKey::Own),
        "admin" => Condition::OfUser(OfUser::Admin),
        "root" => Condition::OfUser(OfUser::Root),
        "password" => Condition::OfUser(OfUser::Password),
        "mfa" => Condition::OfUser(OfUser::Mfa),
        "exempt" => Condition::OfKey(OfKey::Exempt),
        _ => Condition::OfUser(OfUser::Quarantined),
    })
}

impl Field {
    /// What it asks with a value, or with any of several.
    fn part(&self, not: bool, value: Value<'_>) -> Result<Part, String> {
        let (mut of_user, mut of_key) = (Vec::new(), Vec::new());
        // The name in front of a value goes for those behind it: `tag:team=web|ops`.
        let mut named = None;
        for (at, text) in value.text.split('|').enumerate() {
            let begins_anew = text
                .split_once(SIGNS)
                .is_some_and(|(name, _)| field(name).is_some());
            let is_tag = self.name == TAG;
            if at > 0 && !is_tag && (begins_anew || stands_alone(text)) {
                return Err(SPACES.into());
            }
            // The next value is still to be typed.
            if at > 0 && text.is_empty() {
                continue;
            }
            let mut text = Cow::Borrowed(text);
            if is_tag {
                if let Some((name, _)) = text.split_once('=') {
                    named = Some(name.to_owned());
                } else if let Some(name) = &named {
                    text = format!("{name}={text}").into();
                }
            }
            let condition = (self.condition)(Value {
                text: &text,
                ..value
            });
            match condition.ok_or_else(|| self.needs.to_owned())? {
                Condition::OfUser(condition) => of_user.push(condition),
                Condition::OfKey(condition) => of_key.push(condition),
            }
        }
        Ok(if of_key.is_empty() {
            Part::OfUser(Either { not, any: of_user })
        } else {
            Part::OfKey(Either { not, any: of_key })
        })
    }
}

/// Says which fields there are, and that this is none of them.
fn no_field(name: &str) -> String {
    let fields = FIELDS.iter().map(|field| field.name);
    let fields = format!(". Fields: {}", fields.collect::<Vec<_>>().join(" "));
    let begin = format!("No field {}", visible(name));
    let room = LONGEST_ERROR.saturating_sub(fields.len());
    format!("{}{fields}", shorten(&begin, room, "…"))
}

impl<'a> Value<'a> {
    /// What begins with `:` `=` `<` or `>`. `:` and `=` may stand before a comparison: `age:>90`.
    pub(super) fn new(text: &'a str) -> Self {
        let rest = text.strip_prefix([':', '=']).unwrap_or(text);
        let ops = [
            (">=", Op::AtLeast),
            (">", Op::More),
            ("<=", Op::AtMost),
            ("<", Op::Less),
        ];
        let mut ops = ops.into_iter();
        let compared = ops.find_map(|(sign, op)| Some((op, rest.strip_prefix(sign)?)));
        let (op, text) = compared.map_or((None, rest), |(op, text)| (Some(op), text));
        Self { op, text }
    }

    /// A text, which cannot be compared.
    fn text(self) -> Option<&'a str> {
        (self.op.is_none() && !self.text.is_empty()).then_some(self.text)
    }

    /// A number.
    fn compare(self) -> Option<Compare> {
        let all_digits = self.text.bytes().all(|byte| byte.is_ascii_digit());
        if self.text.is_empty() || !all_digits {
            return None;
        }
        Some(Compare {
            op: self.op.unwrap_or(Op::Is),
            // More than any: nothing has so many.
            number: self.text.parse().unwrap_or(i64::MAX),
        })
    }

    /// A time: days, or what the unit behind it says. A month has 30 days, a year 365.
    fn span(self) -> Option<Span> {
        let (text, factor, hours) = match self.text.strip_suffix(|c: char| c.is_ascii_alphabetic())
        {
            None => (self.text, 1, false),
            Some(text) => match self.text.as_bytes()[text.len()].to_ascii_lowercase() {
                b'h' => (text, 1, true),
                b'd' => (text, 1, false),
                b'w' => (text, 7, false),
                b'm' => (text, 30, false),
                b'y' => (text, 365, false),
                _ => return None,
            },
        };
        let mut compare = Self { text, ..self }.compare()?;
        compare.number = compare.number.saturating_mul(factor);
        Some(Span { compare, hours })
    }
}
