//! What can be typed into the filter, and what is said about the rest.
//!
//! A word is text to be found, unless it has one of `:` `=` `<` `>` in it: then a field stands
//! before the first of these, and a value behind it. `never` and `own` stand alone. While a field
//! is half typed it filters nothing away: an empty list would say that nobody matches.

use super::{
    condition::{Compare, OfKey, OfUser, Op, Span, begins},
    glob::Glob,
    word::Word,
};
use crate::engine::text::{shorten, visible};

/// The most cells that an error takes.
pub const LONGEST_ERROR: usize = 70;

/// The longest thing there is to be found is a path, of 512 characters (`pathType` in the API
/// reference of IAM). The matcher's scores overflow far beyond that.
const LONGEST_WORD: usize = 512;

/// A part of a query, understood.
#[derive(Debug)]
pub(super) enum Part {
    Word(Word),
    OfUser(OfUser),
    OfKey(OfKey),
}

/// What a field is compared with.
#[derive(Clone, Copy)]
struct Value<'a> {
    /// How, where it says so: `:` and `=` leave it to the field.
    op: Option<Op>,
    text: &'a str,
}

/// A field: its name, what is said where its value is missing or wrong, and how it is understood.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) needs: &'static str,
    part: fn(Value<'_>) -> Option<Part>,
}

/// The fields, in the order in which they are listed to who names another.
pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "age",
        needs: "age needs a number of days: age>90",
        part: |value| Some(Part::OfKey(OfKey::Age(value.span()?))),
    },
    Field {
        name: "unused",
        needs: "unused needs a number of days: unused>45",
        part: |value| Some(Part::OfKey(OfKey::Unused(value.span()?))),
    },
    Field {
        name: "status",
        needs: "status is active or inactive: status:inactive",
        part: |value| {
            let text = value.text()?;
            match (begins("active", text), begins("inactive", text)) {
                (true, _) => Some(Part::OfKey(OfKey::Active(true))),
                (_, true) => Some(Part::OfKey(OfKey::Active(false))),
                _ => None,
            }
        },
    },
    Field {
        name: "user",
        needs: "user needs a name: user:ci-*",
        part: |value| Some(Part::OfUser(OfUser::Name(Glob::new(value.text()?)))),
    },
    Field {
        name: "path",
        needs: "path needs a path: path:/ops/*",
        part: |value| Some(Part::OfUser(OfUser::Path(Glob::new(value.text()?)))),
    },
    Field {
        name: "service",
        needs: "service needs a name: service:s3",
        part: |value| Some(Part::OfKey(OfKey::Service(value.text()?.into()))),
    },
    Field {
        name: "region",
        needs: "region needs a name: region:eu-west-1",
        part: |value| Some(Part::OfKey(OfKey::Region(value.text()?.into()))),
    },
    Field {
        name: "keys",
        needs: "keys needs a number: keys:2 keys>1",
        part: |value| Some(Part::OfUser(OfUser::Keys(value.compare()?))),
    },
    Field {
        name: "id",
        needs: "id needs a part of a key ID: id:AKIA",
        part: |value| Some(Part::OfKey(OfKey::Id(value.text()?.into()))),
    },
];

/// Understands a word of a query.
///
/// # Errors
/// What is wrong with it, in plain words.
pub(super) fn understand(word: &str) -> Result<Part, String> {
    let Some(at) = word.find([':', '=', '<', '>']) else {
        return Ok(match word {
            _ if word.eq_ignore_ascii_case("never") => Part::OfKey(OfKey::Never),
            _ if word.eq_ignore_ascii_case("own") => Part::OfKey(OfKey::Own),
            _ if word.len() > LONGEST_WORD => {
                return Err("That word is longer than any name, path or key ID".into());
            }
            _ => Part::Word(Word::new(word)),
        });
    };
    let (name, value) = word.split_at(at);
    let named = |field: &&Field| field.name.eq_ignore_ascii_case(name);
    match FIELDS.iter().find(named) {
        Some(field) => (field.part)(Value::new(value)).ok_or_else(|| field.needs.into()),
        None if name.is_empty() => Err("A field comes first: age>90".into()),
        None if ["never", "own"]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(name)) =>
        {
            Err(format!("{} takes no value", name.to_ascii_lowercase()))
        }
        None => Err(no_field(name)),
    }
}

/// Says which fields there are, and that this is none of them, as far as there is room for it.
fn no_field(name: &str) -> String {
    let fields = FIELDS.iter().map(|field| field.name);
    let fields = format!(": {}", fields.collect::<Vec<_>>().join(" "));
    let begin = format!("No field {}", visible(name));
    let room = LONGEST_ERROR.saturating_sub(fields.len());
    format!("{}{fields}", shorten(&begin, room, "…"))
}

impl<'a> Value<'a> {
    /// What begins with `:` `=` `<` or `>`. `:` and `=` may stand before a comparison: `age:>90`.
    fn new(text: &'a str) -> Self {
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

    /// A time: days, or what the unit behind it says.
    fn span(self) -> Option<Span> {
        let (text, factor, hours) = match self.text.strip_suffix(|c: char| c.is_ascii_alphabetic())
        {
            None => (self.text, 1, false),
            Some(text) => match self.text.as_bytes()[text.len()].to_ascii_lowercase() {
                b'h' => (text, 1, true),
                b'd' => (text, 1, false),
                b'w' => (text, 7, false),
                b'y' => (text, 365, false),
                _ => return None,
            },
        };
        let mut compare = Self { text, ..self }.compare()?;
        compare.number = compare.number.saturating_mul(factor);
        Some(Span { compare, hours })
    }
}
