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
    /// How many keys there are; none while nobody knows.
    count: Option<usize>,
    keys: Vec<Key>,
}

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    active: Option<bool>,
    created: Option<DateTime<Utc>>,
    last_used: Option<LastUsed>,
    own: bool,
    /// Whether anybody knows what it is for.
    described: bool,
    description: Option<String>,
}

impl Somebody {
    fn facts(&self) -> UserFacts<'_> {
        UserFacts {
            account: [None; 5],
            name: &self.name,
            path: &self.path,
            keys: self.count,
            owner: None,
            ..UserFacts::default()
        }
    }

    fn keys(&self) -> impl Iterator<Item = KeyFacts<'_>> + Clone {
        self.keys.iter().map(|key| KeyFacts {
            id: key.id.as_deref(),
            active: key.active,
            created: key.created,
            last_used: key.last_used.as_ref(),
            own: key.own,
            description: key.described.then_some(key.description.as_deref()),
            ..KeyFacts::default()
        })
    }
}

/// A part of a query, as somebody means it.
#[derive(Clone, Debug)]
enum Meant {
    /// The opposite.
    Not(Box<Meant>),
    Word(String),
    Words(Vec<String>),
    Used(&'static str, i64, &'static str),
    Services(Vec<String>),
    Description(String),
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
            Self::Not(part) => format!("-{}", part.typed()),
            Self::Word(word) => word.clone(),
            Self::Words(words) => words.join("|"),
            Self::Used(op, number, unit) => format!("used{op}{number}{unit}"),
            Self::Services(texts) => format!("service:{}", texts.join("|")),
            Self::Description(glob) => format!("description:{glob}"),
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

    fn is_of_key(&self) -> bool {
        match self {
            Self::Not(part) => part.is_of_key(),
            Self::Word(_) | Self::Words(_) | Self::User(_) | Self::Path(_) | Self::Keys(..) => {
                false
            }
            _ => true,
        }
    }

    /// What it asks of one key; nothing where nobody knows.
    fn of_key(&self, key: &Key) -> Option<bool> {
        let last_used = || key.last_used.as_ref();
        let begins =
            |text: Option<&str>, start: &str| Some(lower(text?).starts_with(&lower(start)));
        let service = |start: &str| match last_used()? {
            LastUsed::At { service, .. } => begins(service.as_deref(), start),
            LastUsed::Never => Some(false),
        };
        Some(match self {
            Self::Not(part) => !part.of_key(key)?,
            Self::Age(op, number, unit) => {
                compare(op, age(key.created?, unit), number * days(unit))
            }
            Self::Unused(op, number, unit) => {
                let since = match last_used()? {
                    LastUsed::Never => key.created?,
                    LastUsed::At { time, .. } => *time,
                };
                compare(op, age(since, unit), number * days(unit))
            }
            Self::Used(op, number, unit) => match last_used()? {
                LastUsed::Never => false,
                LastUsed::At { time, .. } => compare(op, age(*time, unit), number * days(unit)),
            },
            Self::Status(active) => key.active == Some(*active),
            Self::Never => matches!(last_used()?, LastUsed::Never),
            Self::Own if key.id.is_none() && !key.own => return None,
            Self::Own => key.own,
            Self::Service(text) => service(text)?,
            Self::Services(texts) => {
                let known: Vec<Option<bool>> = texts.iter().map(|text| service(text)).collect();
                if known.contains(&None) && !known.contains(&Some(true)) {
                    return None;
                }
                known.contains(&Some(true))
            }
            Self::Region(text) => match last_used()? {
                LastUsed::At { region, .. } => begins(region.as_deref(), text)?,
                LastUsed::Never => false,
            },
            Self::Id(text) => lower(key.id.as_ref()?).contains(&lower(text)),
            Self::Description(pattern) => {
                let text = key.description.as_ref();
                key.described
                    .then(|| text.is_some_and(|text| matches(pattern, text)))?
            }
            _ => true,
        })
    }

    /// What it asks of the user; nothing where nobody knows.
    fn of_user(&self, user: &Somebody) -> Option<bool> {
        let has_path = user.path.len() > 1;
        let exact = |word: &str| {
            let ids = user.keys.iter().filter_map(|key| key.id.as_ref());
            let descriptions = user.keys.iter().filter_map(|key| key.description.as_ref());
            ids.chain(descriptions)
                .any(|text| lower(text).contains(&lower(word)))
        };
        let found = |word: &String| {
            in_order(&lower(word), &lower(&user.name))
                || has_path && in_order(&lower(word), &lower(&user.path))
                || exact(word)
        };
        let contained = |word: &String| {
            lower(&user.name).contains(&lower(word))
                || has_path && lower(&user.path).contains(&lower(word))
                || exact(word)
        };
        Some(match self {
            Self::Not(part) => match &**part {
                Self::Word(word) => !contained(word),
                Self::Words(words) => !words.iter().any(contained),
                part => !part.of_user(user)?,
            },
            Self::Word(word) => found(word),
            Self::Words(words) => words.iter().any(found),
            Self::User(pattern) => matches(pattern, &user.name),
            Self::Path(pattern) => matches(pattern, &user.path),
            Self::Keys(op, number) => compare(op, i64::try_from(user.count?).unwrap(), *number),
            _ => true,
        })
    }
}

/// Whether a user passes, by the letter.
fn plainly(query: &[Vec<Meant>], user: &Somebody) -> bool {
    let passes = |parts: &Vec<Meant>| {
        let of_keys = || parts.iter().filter(|part| part.is_of_key());
        let has_all = |key: &Key| of_keys().all(|part| part.of_key(key) == Some(true));
        let mut of_user = parts.iter().filter(|part| !part.is_of_key());
        of_user.all(|part| part.of_user(user) == Some(true))
            && (of_keys().next().is_none() || user.keys.iter().any(has_all))
    };
    let mut asked = query.iter().filter(|parts| !parts.is_empty()).peekable();
    asked.peek().is_none() || asked.any(passes)
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

fn days(unit: &str) -> i64 {
    match unit {
        "w" => 7,
        "m" => 30,
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
        .prop_filter("it is a word to be found", |name| {
            !["own", "never"].contains(&&*lower(name)) && !name.starts_with('-')
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
        prop::option::weighted(0.5, prop::option::weighted(0.7, "[abAB ]{1,8}")),
    )
        .prop_map(|(id, active, created, last_used, own, description)| Key {
            id,
            active,
            created,
            last_used,
            own,
            described: description.is_some(),
            description: description.flatten(),
        })
}

fn somebody() -> impl Strategy<Value = Somebody> {
    let path = prop_oneof![Just("/".to_owned()), "/[abAB]{1,4}/"];
    let keys = prop::collection::vec(key(), 0..4);
    (name(), path, prop::bool::weighted(0.8), keys).prop_map(|(name, path, known, keys)| Somebody {
        name,
        path,
        count: known.then_some(keys.len()),
        keys: if known { keys } else { Vec::new() },
    })
}

fn meant() -> impl Strategy<Value = Meant> {
    let not = |part| Meant::Not(Box::new(part));
    prop_oneof![3 => plain_part(), 1 => plain_part().prop_map(not)]
}

fn plain_part() -> impl Strategy<Value = Meant> {
    let op = || select(vec![">", ">=", "<", "<=", "=", ":", ":>"]);
    let unit = || select(vec!["", "d", "h", "w", "m", "y"]);
    let number = || select(vec![0i64, 1, 2, 7, 24, 168, 365]);
    let glob = || "[abAB*?/]{1,5}";
    prop_oneof![
        4 => prop_oneof![name(), "(AKI)?[AaBb01]{1,3}"].prop_map(Meant::Word),
        2 => (op(), number(), unit()).prop_map(|(op, n, unit)| Meant::Age(op, n, unit)),
        2 => (op(), number(), unit()).prop_map(|(op, n, unit)| Meant::Unused(op, n, unit)),
        1 => (op(), number(), unit()).prop_map(|(op, n, unit)| Meant::Used(op, n, unit)),
        1 => prop::collection::vec(name(), 1..3).prop_map(Meant::Words),
        1 => prop::collection::vec(service(), 1..3).prop_map(Meant::Services),
        1 => "[ab*?]{1,4}".prop_map(Meant::Description),
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

fn query(alternatives: &[Vec<Meant>]) -> Query {
    let typed = |parts: &Vec<Meant>| {
        let typed: Vec<String> = parts.iter().map(Meant::typed).collect();
        typed.join(" ")
    };
    let typed: Vec<String> = alternatives.iter().map(typed).collect();
    let query = Query::parse(&typed.join(" | "));
    assert_eq!(query.errors(), [""; 0], "{typed:?}");
    query
}

/// Text that is a query.
fn parts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        5 => meant().prop_map(|part| part.typed()),
        1 => Just("|".to_owned()),
    ];
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.join(" "))
}

/// Text that is often nearly a query.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(" ".to_owned()),
        select(vec![
            "age",
            "unused",
            "status",
            "never",
            "own",
            "user",
            "path",
            "service",
            "region",
            "keys",
            "id",
            "used",
            "description",
            "-",
            "|",
            ":",
            "=",
            ">",
            "<",
            ">=",
            "*",
            "?",
            "9",
            "d",
            "y",
            "in",
            "é",
            "e\u{301}",
            "İ",
            "\u{212a}",
            "日",
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
        alternatives in prop::collection::vec(prop::collection::vec(meant(), 0..4), 1..4),
        user in somebody(),
    ) {
        let mut scratch = Scratch::default();
        let query = query(&alternatives);
        let expected = plainly(&alternatives, &user);
        let passes = query.user_passes(&user.facts(), user.keys(), now(), &mut scratch);
        prop_assert_eq!(passes, expected);
        let score = query.user_score(&user.facts(), user.keys(), now(), &mut scratch);
        prop_assert_eq!(score.is_some(), expected);
        prop_assert!(score.unwrap_or(0) <= query.highest_score(&mut scratch));
        for key in &user.keys {
            // A key passes as a user would who has only this one, but as many.
            let alone = Somebody { keys: vec![key.clone()], ..user.clone() };
            let facts = alone.keys().next().expect("it has one");
            let expected = plainly(&alternatives, &alone);
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
        words in prop::collection::vec("[abAé1][abAé1-]{0,3}", 1..3),
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
