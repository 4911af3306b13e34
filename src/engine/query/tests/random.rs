//! Any query over any facts, against what it plainly means; and any text at all.

use super::{KeyFacts, LONGEST_ERROR, Query, Scratch, UserFacts, now};
use crate::engine::{model::LastUsed, text::width};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::{prelude::*, sample::select};

/// A user that somebody has made up.
#[derive(Clone, Debug)]
struct Somebody {
    name: String,
    path: String,
    known: bool,
    keys: Vec<Key>,
}

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    active: Option<bool>,
    created: Option<DateTime<Utc>>,
    last_used: Option<LastUsed>,
    own: bool,
}

impl Somebody {
    fn facts(&self) -> UserFacts<'_> {
        UserFacts {
            name: &self.name,
            path: &self.path,
            keys: self.known.then_some(self.keys.len()),
        }
    }

    fn keys(&self) -> impl Iterator<Item = KeyFacts<'_>> {
        self.keys.iter().map(|key| KeyFacts {
            id: key.id.as_deref(),
            active: key.active,
            created: key.created,
            last_used: key.last_used.as_ref(),
            own: key.own,
        })
    }
}

/// A part of a query, as somebody means it.
#[derive(Clone, Debug)]
enum Meant {
    Word(String),
    Age(&'static str, i64, &'static str),
    Unused(&'static str, i64, &'static str),
    Status(bool),
    Never,
    Own,
    User(String),
    Path(String),
    Service(String),
    Region(String),
    Id(String),
    Keys(&'static str, i64),
}

impl Meant {
    /// As it is typed.
    fn typed(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Age(op, number, unit) => format!("age{op}{number}{unit}"),
            Self::Unused(op, number, unit) => format!("unused{op}{number}{unit}"),
            Self::Status(true) => "status:act".into(),
            Self::Status(false) => "status:inactive".into(),
            Self::Never => "never".into(),
            Self::Own => "own".into(),
            Self::User(glob) => format!("user:{glob}"),
            Self::Path(glob) => format!("path={glob}"),
            Self::Service(text) => format!("service:{text}"),
            Self::Region(text) => format!("region:{text}"),
            Self::Id(text) => format!("id:{text}"),
            Self::Keys(op, number) => format!("keys{op}{number}"),
        }
    }

    /// What it asks of one key; nothing if it asks nothing of keys.
    fn of_key(&self, key: &Key) -> Option<bool> {
        let used = match &key.last_used {
            Some(LastUsed::At {
                time,
                service,
                region,
            }) => Some((*time, service.clone(), region.clone())),
            _ => None,
        };
        let begins = |text: Option<std::sync::Arc<str>>, start: &str| {
            text.is_some_and(|text| lower(&text).starts_with(&lower(start)))
        };
        Some(match self {
            Self::Age(op, number, unit) => key
                .created
                .is_some_and(|created| compare(op, age(created, unit), number * days(unit))),
            Self::Unused(op, number, unit) => {
                let since = match key.last_used {
                    None => None,
                    Some(LastUsed::Never) => key.created,
                    Some(LastUsed::At { time, .. }) => Some(time),
                };
                since.is_some_and(|since| compare(op, age(since, unit), number * days(unit)))
            }
            Self::Status(active) => key.active == Some(*active),
            Self::Never => matches!(key.last_used, Some(LastUsed::Never)),
            Self::Own => key.own,
            Self::Service(text) => used.is_some_and(|(_, service, _)| begins(service, text)),
            Self::Region(text) => used.is_some_and(|(_, _, region)| begins(region, text)),
            Self::Id(text) => {
                let id = key.id.as_ref();
                id.is_some_and(|id| lower(id).contains(&lower(text)))
            }
            _ => return None,
        })
    }

    /// What it asks of the user.
    fn of_user(&self, user: &Somebody) -> bool {
        match self {
            Self::Word(word) => {
                let ids = user.keys.iter().filter_map(|key| key.id.as_ref());
                in_order(&lower(word), &lower(&user.name))
                    || user.path.len() > 1 && in_order(&lower(word), &lower(&user.path))
                    || ids.into_iter().any(|id| lower(id).contains(&lower(word)))
            }
            Self::User(pattern) => matches(pattern, &user.name),
            Self::Path(pattern) => matches(pattern, &user.path),
            Self::Keys(op, number) => {
                user.known && compare(op, i64::try_from(user.keys.len()).unwrap(), *number)
            }
            _ => true,
        }
    }
}

/// Whether a user passes, by the letter.
fn plainly(query: &[Meant], user: &Somebody) -> bool {
    let of_keys: Vec<&Meant> = query
        .iter()
        .filter(|part| part.of_key(&nobodys()).is_some())
        .collect();
    query.iter().all(|part| part.of_user(user))
        && (of_keys.is_empty()
            || user
                .keys
                .iter()
                .any(|key| of_keys.iter().all(|part| part.of_key(key) == Some(true))))
}

fn nobodys() -> Key {
    Key {
        id: None,
        active: None,
        created: None,
        last_used: None,
        own: false,
    }
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

fn days(unit: &str) -> i64 {
    match unit {
        "w" => 7,
        "y" => 365,
        _ => 1,
    }
}

fn age(since: DateTime<Utc>, unit: &str) -> i64 {
    let seconds = (now() - since).num_seconds().max(0);
    seconds / if unit == "h" { 3600 } else { 86_400 }
}

fn compare(op: &str, a: i64, b: i64) -> bool {
    match op {
        ">" | ":>" => a > b,
        ">=" => a >= b,
        "<" => a < b,
        "<=" => a <= b,
        _ => a == b,
    }
}

fn in_order(word: &str, text: &str) -> bool {
    let mut rest = text.chars();
    word.chars().all(|letter| rest.any(|c| c == letter))
}

fn matches(pattern: &str, text: &str) -> bool {
    fn whole(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            (['*', rest @ ..], text) => (0..=text.len()).any(|at| whole(rest, &text[at..])),
            (['?', rest @ ..], [_, text @ ..]) => whole(rest, text),
            ([a, rest @ ..], [b, text @ ..]) => a == b && whole(rest, text),
            _ => false,
        }
    }
    let around = if pattern.contains('*') { "" } else { "*" };
    let pattern: Vec<char> = lower(&format!("{around}{pattern}{around}"))
        .chars()
        .collect();
    whole(&pattern, &lower(text).chars().collect::<Vec<_>>())
}

/// Few letters, so that what is asked for is often there.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[abAB-]{1,8}", 1 => "[a-zA-Z0-9+.@_-]{1,20}"]
        .prop_filter("it is no condition", |name| {
            !["own", "never"].contains(&&*lower(name))
        })
}

fn id() -> impl Strategy<Value = String> {
    "AKIA[AB01]{1,6}"
}

/// Times of which many are right where a day, a week or a year ends.
fn time() -> impl Strategy<Value = DateTime<Utc>> {
    let days = select(vec![0, 1, 2, 6, 7, 8, 13, 14, 364, 365, 366, 730]);
    (days, select(vec![-3600, -1, 0, 1, 3600, 40_000]))
        .prop_map(|(days, seconds)| now() - TimeDelta::days(days) - TimeDelta::seconds(seconds))
}

fn service() -> impl Strategy<Value = String> {
    select(vec!["s3", "sts", "S3", "sqs"]).prop_map(Into::into)
}

fn region() -> impl Strategy<Value = String> {
    select(vec!["us-east-1", "us-west-2", "eu-west-1"]).prop_map(Into::into)
}

fn key() -> impl Strategy<Value = Key> {
    let used = prop_oneof![
        1 => Just(LastUsed::Never),
        3 => (time(), prop::option::of(service()), prop::option::of(region()))
            .prop_map(|(time, service, region): (_, Option<String>, Option<String>)| LastUsed::At {
                time,
                service: service.map(Into::into),
                region: region.map(Into::into),
            }),
    ];
    (
        prop::option::weighted(0.8, id()),
        prop::option::weighted(0.8, any::<bool>()),
        prop::option::weighted(0.8, time()),
        prop::option::weighted(0.8, used),
        prop::bool::weighted(0.3),
    )
        .prop_map(|(id, active, created, last_used, own)| Key {
            id,
            active,
            created,
            last_used,
            own,
        })
}

fn somebody() -> impl Strategy<Value = Somebody> {
    let path = prop_oneof![Just("/".to_owned()), "/[abAB]{1,4}/"];
    let keys = prop::collection::vec(key(), 0..4);
    (name(), path, prop::bool::weighted(0.8), keys).prop_map(|(name, path, known, keys)| Somebody {
        name,
        path,
        keys: if known { keys } else { Vec::new() },
        known,
    })
}

fn meant() -> impl Strategy<Value = Meant> {
    let op = || select(vec![">", ">=", "<", "<=", "=", ":", ":>"]);
    let unit = || select(vec!["", "d", "h", "w", "y"]);
    let number = || select(vec![0i64, 1, 2, 7, 24, 168, 365]);
    let glob = || "[abAB*?/]{1,5}";
    prop_oneof![
        4 => prop_oneof![name(), "(AKI)?[AaBb01]{1,3}"].prop_map(Meant::Word),
        2 => (op(), number(), unit()).prop_map(|(op, n, unit)| Meant::Age(op, n, unit)),
        2 => (op(), number(), unit()).prop_map(|(op, n, unit)| Meant::Unused(op, n, unit)),
        1 => any::<bool>().prop_map(Meant::Status),
        1 => Just(Meant::Never),
        1 => Just(Meant::Own),
        1 => glob().prop_map(Meant::User),
        1 => glob().prop_map(Meant::Path),
        1 => select(vec!["s", "S3", "st", "s3x"]).prop_map(|s| Meant::Service(s.into())),
        1 => select(vec!["us", "EU-", "us-east-1", "east"]).prop_map(|s| Meant::Region(s.into())),
        1 => "[AaBb01]{1,3}".prop_map(Meant::Id),
        1 => (op(), 0i64..4).prop_map(|(op, n)| Meant::Keys(op, n)),
    ]
}

fn query(parts: &[Meant]) -> Query {
    let typed: Vec<String> = parts.iter().map(Meant::typed).collect();
    let query = Query::parse(&typed.join(" "));
    assert_eq!(query.errors(), [""; 0], "{typed:?}");
    query
}

/// Text that is a query.
fn parts() -> impl Strategy<Value = String> {
    let part = meant().prop_map(|part| part.typed());
    prop::collection::vec(part, 0..3).prop_map(|parts| parts.join(" "))
}

/// Text that is often nearly a query.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(" ".to_owned()),
        select(vec![
            "age", "unused", "status", "never", "own", "user", "path", "service", "region", "keys",
            "id", ":", "=", ">", "<", ">=", "*", "?", "9", "d", "y", "in", "é", "e\u{301}", "İ",
            "\u{212a}", "日",
        ])
        .prop_map(Into::into),
        "[a-c]{0,3}",
        any::<char>().prop_map(Into::into),
    ];
    prop_oneof![
        4 => prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_query_lets_through_whom_it_plainly_should(
        parts in prop::collection::vec(meant(), 0..4),
        user in somebody(),
    ) {
        let mut scratch = Scratch::default();
        let query = query(&parts);
        let expected = plainly(&parts, &user);
        let passes = query.user_passes(&user.facts(), user.keys(), now(), &mut scratch);
        prop_assert_eq!(passes, expected);
        let score = query.user_score(&user.facts(), user.keys(), now(), &mut scratch);
        prop_assert_eq!(score.is_some(), expected);
        prop_assert!(score.unwrap_or(0) <= query.highest_score(&mut scratch));
        for key in &user.keys {
            // A key passes as a user would who has only this one, but as many.
            let alone = Somebody { keys: vec![key.clone()], ..user.clone() };
            let facts = alone.keys().next().expect("it has one");
            let (counts, rest): (Vec<Meant>, Vec<Meant>) = parts
                .iter()
                .cloned()
                .partition(|part| matches!(part, Meant::Keys(..)));
            let expected = plainly(&counts, &user) && plainly(&rest, &alone);
            let passes = query.key_passes(&user.facts(), &facts, now(), &mut scratch);
            prop_assert_eq!(passes, expected);
            let score = query.key_score(&user.facts(), &facts, now(), &mut scratch);
            prop_assert_eq!(score.is_some(), expected);
        }
    }

    #[test]
    fn nobody_passes_a_narrower_query_who_did_not_pass_the_wider(
        before in prop_oneof![text(), parts()],
        typed in prop_oneof![text(), parts()],
        goes_on: bool,
        named: bool,
        user in somebody(),
    ) {
        let mut scratch = Scratch::default();
        let after = if goes_on { format!("{before}{typed}") } else { typed };
        let (wide, narrow) = (Query::parse(&before), Query::parse(&after));
        // Often somebody who is found.
        let name = if named { after } else { user.name.clone() };
        let user = Somebody { name, ..user };
        if narrow.narrows(&wide) {
            let mut passes = |query: &Query| {
                query.user_passes(&user.facts(), user.keys(), now(), &mut scratch)
            };
            prop_assert!(passes(&wide) || !passes(&narrow));
        }
    }

    #[test]
    fn any_text_is_a_query_of_any_row(typed in text(), user in somebody(), name in text()) {
        let mut scratch = Scratch::default();
        let user = Somebody { name, ..user };
        let query = Query::parse(&typed);
        let passes = query.user_passes(&user.facts(), user.keys(), now(), &mut scratch);
        let score = query.user_score(&user.facts(), user.keys(), now(), &mut scratch);
        prop_assert_eq!(score.is_some(), passes);
        prop_assert!(score.unwrap_or(0) <= query.highest_score(&mut scratch));
        prop_assert!(passes || !query.is_empty());
        for error in query.errors() {
            prop_assert!(width(error) <= LONGEST_ERROR, "{}", error);
            prop_assert!(!error.contains('\n'));
        }
    }

    #[test]
    fn highlights_spell_the_words(
        words in prop::collection::vec("[abAé1-]{1,4}", 1..3),
        name in "[abAéB1日-]{0,12}",
        any_name: String,
    ) {
        let mut scratch = Scratch::default();
        for name in [&name, &any_name] {
            let chars: Vec<char> = name.chars().collect();
            let query = Query::parse(&words.join(" "));
            for places in [
                query.highlights(name, &mut scratch),
                query.highlights_in_id(name),
            ] {
                prop_assert!(places.is_sorted_by(|a, b| a < b));
                prop_assert!(places.iter().all(|at| *at < chars.len()));
            }
            for word in &words {
                let query = Query::parse(word);
                let spell = |places: &[usize]| {
                    lower(&places.iter().map(|at| chars[*at]).collect::<String>())
                };
                let plain = name.is_ascii() && word.is_ascii();
                let places = query.highlights(name, &mut scratch);
                if plain {
                    prop_assert_eq!(!places.is_empty(), in_order(&lower(word), &lower(name)));
                }
                if plain && !places.is_empty() {
                    prop_assert_eq!(spell(&places), lower(word));
                }
                let places = query.highlights_in_id(name);
                if plain {
                    prop_assert_eq!(!places.is_empty(), lower(name).contains(&lower(word)));
                }
                if plain && !places.is_empty() {
                    prop_assert_eq!(spell(&places), lower(word));
                    prop_assert!(places.windows(2).all(|pair| pair[0] + 1 == pair[1]));
                }
            }
        }
    }
}
