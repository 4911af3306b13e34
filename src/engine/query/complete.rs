//! How a text of the filter can go on where the cursor is: fields at the beginning of a word, values
//! behind a field.

pub use super::condition::begins;
use super::language::{ALONE, FIELDS, Field, SIGNS, Value, Values, field};
use std::ops::Range;

/// The most values that are offered: no one goes through more.
pub const MOST_OFFERED: usize = 50;

/// What of an account can be named, as far as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The names of users.
    Users,
    /// Their paths.
    Paths,
    /// The services that keys were last used with.
    Services,
    /// The regions that they were last used in.
    Regions,
    /// The owners of users.
    Owners,
    /// The names of tags.
    TagNames,
    /// Names and values of tags: `team=web`.
    Tags,
    /// The accounts.
    Accounts,
    /// The rules that find keys.
    Findings,
}

/// What can stand in a place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The place, in characters.
    pub place: Range<usize>,
    /// What can stand there; never empty. What is there already begins each of them, unless it is a
    /// field that there is not.
    pub offers: Vec<String>,
}

/// How a text can go on at the cursor, which stands before this character. `seen` says what begins
/// so, whatever the case; it is not asked for more than [`MOST_OFFERED`].
pub fn complete(
    text: &str,
    cursor: usize,
    seen: impl FnOnce(Seen, &str) -> Vec<String>,
) -> Option<Completion> {
    let at = text
        .char_indices()
        .nth(cursor)
        .map_or(text.len(), |(at, _)| at);
    let (before, after) = text.split_at(at);
    // In the middle of a word nothing can go on.
    if after.starts_with(|c: char| !c.is_whitespace()) {
        return None;
    }
    let part = before
        .rsplit(char::is_whitespace)
        .next()?
        .trim_start_matches('|');
    let part = part.strip_prefix('-').unwrap_or(part);
    // Where a part of `part` stands, which ends so many bytes before the cursor.
    let place = |begins: &str, left: usize| {
        let end = before.len() - left;
        let count = |to: usize| before[..to].chars().count();
        count(end - begins.len())..count(end)
    };
    let (typed, place, offers) = match part.split_once(SIGNS) {
        None => (part, place(part, 0), fields(part)),
        Some((name, _)) => {
            let value = Value::new(&part[name.len()..]).text;
            match field(name) {
                Some(field) => {
                    let typed = value.rsplit('|').next().unwrap_or(value);
                    (typed, place(typed, 0), values(field, typed, seen))
                }
                None => {
                    let named = &part[..part.len() - value.len()];
                    ("", place(named, value.len()), fields(""))
                }
            }
        }
    };
    let mut offers = offers;
    offers.retain(|offer| !offer.eq_ignore_ascii_case(typed));
    offers.truncate(MOST_OFFERED);
    (!offers.is_empty()).then_some(Completion { place, offers })
}

/// The fields that begin so, with what follows them, and what stands alone.
fn fields(typed: &str) -> Vec<String> {
    let fields = FIELDS
        .iter()
        .map(|field| format!("{}{}", field.name, field.sign));
    let all = fields.chain(ALONE.map(str::to_owned));
    all.filter(|offer| begins(offer, typed)).collect()
}

fn values(field: &Field, typed: &str, seen: impl FnOnce(Seen, &str) -> Vec<String>) -> Vec<String> {
    match field.values {
        Values::Any => Vec::new(),
        Values::OneOf(values) => {
            let values = values.iter().filter(|value| begins(value, typed));
            values.map(|value| (*value).to_owned()).collect()
        }
        Values::Seen(what) => seen(what, typed),
        Values::Tags if typed.contains('=') => seen(Seen::Tags, typed),
        Values::Tags => seen(Seen::TagNames, typed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is offered for a text with the cursor at its end, with what is before the offer.
    fn offered(text: &str) -> Vec<String> {
        let seen = |seen, start: &str| {
            let all: &[&str] = match seen {
                Seen::Users => &["alice", "alan", "bob"],
                Seen::Paths => &["/", "/ops/"],
                Seen::Services => &["s3", "sqs"],
                Seen::Regions => &["eu-west-1"],
                Seen::Owners => &["platform"],
                Seen::Accounts => &["acme-prod"],
                Seen::Findings => &["never-used", "old"],
                Seen::TagNames => &["stage", "team"],
                Seen::Tags => &["stage=prod", "team=ops", "team=web"],
            };
            let all = all.iter().filter(|one| begins(one, start));
            all.map(|one| (*one).to_owned()).collect()
        };
        let cursor = text.chars().count();
        let Some(Completion { place, offers }) = complete(text, cursor, seen) else {
            return Vec::new();
        };
        let chars: Vec<char> = text.chars().collect();
        let text = |range: &[char]| range.iter().collect::<String>();
        let (before, after) = (text(&chars[..place.start]), text(&chars[place.end..]));
        let offers = offers.into_iter();
        offers
            .map(|offer| format!("{before}{offer}{after}"))
            .collect()
    }

    #[test]
    fn fields_are_offered_where_a_word_begins_and_values_behind_them() {
        for (text, offers) in [
            ("st", &["status:"][..]),
            ("ST", &["status:"]),
            ("u", &["used<", "unused>", "user:"]),
            ("-us", &["-used<", "-user:"]),
            ("é ag", &["é age>"]),
            ("own|", &[]),
            ("own", &["owner:"]),
            ("-owner:p", &["-owner:platform"]),
            ("own |ne", &["own |never"]),
            ("n", &["never"]),
            ("in", &["inactive>"]),
            ("finding:n", &["finding:never-used"]),
            ("severity:h", &["severity:high"]),
            ("tag:t", &["tag:team"]),
            ("-tag:team=", &["-tag:team=ops", "-tag:team=web"]),
            ("adm", &["admin"]),
            ("p", &["path:", "password"]),
            ("never", &[]),
            ("xyz", &[]),
            ("status:", &["status:active", "status:inactive"]),
            ("-status:I", &["-status:inactive"]),
            ("status:active", &[]),
            (
                "status:active|",
                &["status:active|active", "status:active|inactive"],
            ),
            ("user:al", &["user:alice", "user:alan"]),
            ("user:alice|b", &["user:alice|bob"]),
            ("bob service=s", &["bob service=s3", "bob service=sqs"]),
            ("region:", &["region:eu-west-1"]),
            ("path:/o", &["path:/ops/"]),
            ("age>", &[]),
            ("id:", &[]),
        ] {
            assert_eq!(offered(text), offers, "{text}");
        }
    }

    #[test]
    fn all_fields_are_offered_for_an_empty_word_and_for_one_that_there_is_not() {
        let all = FIELDS.len() + ALONE.len();
        assert_eq!(offered("").len(), all);
        assert_eq!(offered("alice ").len(), all);
        let offers = offered("é foo:bar");
        assert_eq!(offers.len(), all);
        assert!(offers.contains(&"é user:bar".to_owned()), "{offers:?}");
    }

    #[test]
    fn in_the_middle_of_a_word_nothing_is_offered() {
        let seen = |_, _: &str| Vec::new();
        assert_eq!(complete("status", 2, seen), None);
        let offered = complete("st alice", 2, seen).expect("it is at the end of a word");
        assert_eq!(
            (offered.place, offered.offers),
            (0..2, vec!["status:".to_owned()])
        );
    }
}
