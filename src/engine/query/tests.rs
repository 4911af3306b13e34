mod random;

use super::{
    GUIDE, KeyFacts, LONGEST_ERROR, Query, Scratch, UserFacts,
    language::{FIELDS, understand},
};
use crate::engine::{model::LastUsed, text::width, user_tags::UserTags};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("a time")
}

fn ago(days: i64, hours: i64) -> DateTime<Utc> {
    now() - TimeDelta::hours(days * 24 + hours)
}

/// A use so many days ago.
fn used(days: i64, service: &str, region: &str) -> LastUsed {
    let known = |text: &str| (!text.is_empty()).then(|| text.into());
    LastUsed::At {
        time: ago(days, 1),
        service: known(service),
        region: known(region),
    }
}

/// A key of which everything is known, a hundred days and an hour old.
fn key(last_used: &LastUsed) -> KeyFacts<'_> {
    KeyFacts {
        id: Some("AKIADEPLOY01EXAMPLE1"),
        active: Some(true),
        created: Some(ago(100, 1)),
        last_used: Some(last_used),
        own: false,
        description: Some(None),
        ..KeyFacts::default()
    }
}

const DEPLOY: UserFacts<'static> = UserFacts {
    account: [None; 5],
    name: "deploy-bot",
    path: "/ops/machines/",
    keys: Some(1),
    owner: Some(Some("Platform")),
    tags: None,
    admin: None,
    quarantined: None,
    active: None,
    neither: 0,
    password: None,
    mfa: None,
    root: false,
    rules: None,
};

/// Whether the key of `deploy-bot` passes; says also that all ways to ask agree.
fn passes(query: &str, key: &KeyFacts<'_>) -> bool {
    let mut scratch = Scratch::default();
    let query = Query::parse(query);
    assert_eq!(query.errors(), [""; 0]);
    let passes = query.key_passes(&DEPLOY, key, now(), &mut scratch);
    let score = query.key_score(&DEPLOY, key, now(), &mut scratch);
    assert_eq!(score.is_some(), passes);
    assert_eq!(
        query.user_passes(&DEPLOY, [*key], now(), &mut scratch),
        passes
    );
    passes
}

#[track_caller]
fn assert_passes(key: &KeyFacts<'_>, pass: &[&str], fail: &[&str]) {
    for query in pass {
        assert!(passes(query, key), "{query} should match");
    }
    for query in fail {
        assert!(!passes(query, key), "{query} should not match");
    }
}

#[test]
fn age_is_in_whole_days_since_the_key_was_created() {
    let used = used(5, "s3", "us-east-1");
    assert_passes(
        &key(&used),
        &[
            "age>99",
            "age>=100",
            "age=100",
            "age:100",
            "age<101",
            "age<=100",
            "AGE>99",
            "age:>99",
            "age:>=100",
            "age=<101",
            "age>14w",
            "age=100d",
            "age=2401h",
            "age>2400H",
            "age<1y",
            "age>3m",
            "age<4M",
            "age>0",
        ],
        &[
            "age>100",
            "age<100",
            "age=99",
            "age=101",
            "age>=101",
            "age<=99",
            "age>15w",
            "age=3m",
            "age>4m",
            "age=14w",
            "age>=1y",
            "age>2401h",
            "age>99999999999999999999",
            "age>99999999999999999y",
        ],
    );
    let year = KeyFacts {
        created: Some(ago(365, 0)),
        ..key(&used)
    };
    assert_passes(&year, &["age=1y", "age>=1y", "age<2y"], &["age>1y"]);
    // Clocks differ by a little.
    let ahead = KeyFacts {
        created: Some(ago(-2, 0)),
        ..key(&used)
    };
    assert_passes(&ahead, &["age:0", "age<1", "age=0h"], &["age>0"]);
}

#[test]
fn unused_counts_from_the_last_use_or_from_the_creation_of_a_key_never_used() {
    let used = used(46, "s3", "us-east-1");
    assert_passes(
        &key(&used),
        &["unused>45", "unused=46", "unused<8w", "unused>=1105h"],
        &["unused>46", "unused<46", "unused>1y"],
    );
    assert_passes(&key(&LastUsed::Never), &["unused=100"], &["unused>100"]);
}

#[test]
fn used_counts_from_a_use_that_there_was() {
    let week = used(6, "s3", "us-east-1");
    assert_passes(
        &key(&week),
        &["used<7", "used<1w", "used>5", "used=6", "-used<6"],
        &["used<6", "used>7", "-used<7"],
    );
    assert_passes(
        &key(&LastUsed::Never),
        &["-used<7"],
        &["used<7", "used>7", "used<9y"],
    );
}

#[test]
fn a_description_is_found_by_words_and_by_its_field() {
    let key = KeyFacts {
        description: Some(Some("Nightly billing export")),
        ..key(&LastUsed::Never)
    };
    assert_passes(
        &key,
        &[
            "billing",
            "night export bot",
            "description:BILL",
            "description:nightly*",
            "description:*",
            "-description:bob",
        ],
        &[
            "billexport",
            "description:billing*",
            "-description:*",
            "-billing",
        ],
    );
    let none = KeyFacts {
        description: Some(None),
        ..key
    };
    assert_passes(
        &none,
        &["-description:*", "-billing"],
        &["description:*", "billing"],
    );
    // It is not known.
    let unknown = KeyFacts {
        description: None,
        ..key
    };
    assert_passes(
        &unknown,
        &["-billing"],
        &["-description:*", "description:*"],
    );
}

#[test]
fn the_opposite_is_what_is_known_to_be_otherwise() {
    let used = used(5, "s3", "us-east-1");
    assert_passes(
        &key(&used),
        &[
            "-status:inactive",
            "-never",
            "-own",
            "-age<90",
            "-service:sqs|iam",
            "-user:alice",
            "-path:/team/",
            "-keys:2",
            "-id:AKIAWEB",
            "-",
            "bot -",
            // Only what is there letter by letter is taken away.
            "-dpl",
            "-akia01",
        ],
        &[
            "-status:active",
            "-age>90",
            "-service:sqs|s3",
            "-user:dep*",
            "-keys:1",
            "-id:DEPLOY01",
            "-bot",
            "-MACHINES",
            "-deploy01",
            "-alice|bot",
            "bot -ops",
        ],
    );
    // A status that is neither is not inactive.
    let expired = KeyFacts {
        active: None,
        ..key(&used)
    };
    assert_passes(
        &expired,
        &["-status:inactive", "-status:active"],
        &["status:inactive", "status:active"],
    );
    let without_id = KeyFacts {
        id: None,
        ..key(&used)
    };
    assert_passes(&without_id, &[], &["-id:A", "-own", "own"]);
}

#[test]
fn either_is_enough_in_a_word_a_value_or_between_whole_alternatives() {
    let used = used(5, "s3", "us-east-1");
    assert_passes(
        &key(&used),
        &[
            "alice|bot",
            "alice|bot|",
            "|bot",
            "service:sqs|s3",
            "service:s3|",
            "age>365|99",
            "age>365 | bot",
            "age>365 |bot",
            "age>365| bot",
            "bot age>90 | never own",
            "never own | bot age>90",
            // What is still to be typed is no alternative.
            "bot |",
            "| bot",
            "status:inactive | | bot",
        ],
        &[
            "alice|carol",
            "service:sqs|iam",
            "never | own",
            "never |",
            "bot never | own age>90",
        ],
    );
}

#[test]
fn a_user_passes_with_one_key_that_is_not_so() {
    let used = used(1, "s3", "us-east-1");
    let (old, off) = (
        key(&used),
        KeyFacts {
            active: Some(false),
            created: Some(ago(10, 0)),
            ..key(&used)
        },
    );
    let mut scratch = Scratch::default();
    let mut passes = |query: &str, keys: &[KeyFacts<'_>]| {
        let query = Query::parse(query);
        query.user_passes(&DEPLOY, keys.iter().copied(), now(), &mut scratch)
    };
    assert!(passes("-status:inactive", &[off, old]));
    assert!(!passes("-status:inactive", &[off]));
    assert!(!passes("-status:inactive", &[]));
    // One and the same.
    assert!(passes("-status:inactive age>90", &[off, old]));
    assert!(!passes("-status:inactive age<90", &[off, old]));
    assert!(!passes("-status:active age>90", &[off, old]));
    assert!(!passes("status:inactive|active never", &[off, old]));
    // Each alternative is about a key of its own.
    assert!(passes(
        "status:active age<90 | status:inactive age<90",
        &[off, old]
    ));
    assert!(!passes(
        "status:active age<90 | status:inactive age>90",
        &[off, old]
    ));
}

#[test]
fn status_takes_a_beginning_of_active_or_inactive() {
    let used = used(5, "s3", "us-east-1");
    let active = ["status:active", "status:a", "status=Act", "STATUS:ACTIVE"];
    let inactive = ["status:inactive", "status:i", "status:IN"];
    assert_passes(&key(&used), &active, &inactive);
    let off = KeyFacts {
        active: Some(false),
        ..key(&used)
    };
    assert_passes(&off, &inactive, &active);
}

#[test]
fn never_and_own_stand_alone() {
    let used = used(5, "s3", "us-east-1");
    assert_passes(&key(&used), &[], &["never", "NEVER", "own"]);
    let own = KeyFacts {
        own: true,
        ..key(&LastUsed::Never)
    };
    assert_passes(&own, &["never", "Never", "own", "OWN", "never own"], &[]);
}

#[test]
fn the_place_of_the_last_use_is_found_as_it_begins() {
    let s3 = used(5, "s3", "us-east-1");
    assert_passes(
        &key(&s3),
        &["service:s", "service:S3", "region:us-", "region=US-EAST-1"],
        &[
            "service:3",
            "service:s3x",
            "region:east",
            "region:us-east-12",
        ],
    );
    let nowhere = used(5, "", "");
    for last_used in [&nowhere, &LastUsed::Never] {
        assert_passes(
            &key(last_used),
            &[],
            &["service:s", "region:us", "service:N/A"],
        );
    }
}

#[test]
fn users_and_paths_are_patterns_and_ids_are_parts() {
    let used = used(5, "s3", "us-east-1");
    assert_passes(
        &key(&used),
        &[
            "user:deploy",
            "user:BOT",
            "user=dep*",
            "User:*-b?t",
            "path:/ops/*",
            "path:machines",
            "path:/OPS/",
            "id:AKIA",
            "id:deploy01",
            "id=EXAMPLE1",
        ],
        &[
            "user:dep*x",
            "user:bot*",
            "path:ops*",
            "path:/machines/*",
            "id:ploy02",
            "id:AKIA*",
        ],
    );
}

#[test]
fn keys_are_counted() {
    let mut scratch = Scratch::default();
    let mut passing = |query: &str| {
        let query = Query::parse(query);
        let of = |keys| UserFacts { keys, ..DEPLOY };
        let mut passes = |keys| query.user_passes(&of(keys), [], now(), &mut scratch);
        assert!(!passes(None), "nobody knows how many");
        (0..4)
            .filter(|keys| passes(Some(*keys)))
            .collect::<Vec<_>>()
    };
    assert_eq!(passing("keys:2"), [2]);
    assert_eq!(passing("keys=0"), [0]);
    assert_eq!(passing("keys>1"), [2, 3]);
    assert_eq!(passing("Keys>=1"), [1, 2, 3]);
    assert_eq!(passing("keys<2"), [0, 1]);
    assert_eq!(passing("keys<=2 keys>0"), [1, 2]);
}

#[test]
fn what_is_not_known_does_not_match() {
    let nothing = KeyFacts::default();
    assert_passes(
        &nothing,
        &["", "deploy", "user:deploy", "keys:1"],
        &[
            "age>0",
            "age<9999",
            "age:0",
            "unused>45",
            "unused<45",
            "never",
            "own",
            "status:active",
            "status:inactive",
            "service:s3",
            "region:us",
            "id:A",
        ],
    );
    let unknown_use = KeyFacts {
        last_used: None,
        ..key(&LastUsed::Never)
    };
    assert_passes(&unknown_use, &["age>90"], &["unused>45", "never"]);
    let unknown_age = KeyFacts {
        created: None,
        ..key(&LastUsed::Never)
    };
    assert_passes(
        &unknown_age,
        &["never"],
        &["unused>45", "age>45", "-age>45"],
    );
    assert_passes(
        &unknown_use,
        &[],
        &["-never", "-unused>45", "-used<7", "-service:s3"],
    );
}

#[test]
fn one_key_has_to_meet_all_that_is_asked_of_keys() {
    let mut scratch = Scratch::default();
    let used = used(1, "s3", "us-east-1");
    let (old, off) = (
        key(&used),
        KeyFacts {
            id: Some("AKIADEPLOY02EXAMPLE2"),
            active: Some(false),
            created: Some(ago(10, 0)),
            ..key(&used)
        },
    );
    let mut passes = |query: &str, keys: &[KeyFacts<'_>]| {
        let query = Query::parse(query);
        query.user_passes(&DEPLOY, keys.iter().copied(), now(), &mut scratch)
    };
    assert!(passes("age>90 status:active", &[off, old]));
    assert!(!passes("age>90 status:inactive", &[off, old]));
    assert!(!passes("id:DEPLOY02 age>90", &[off, old]));
    // Words are about the user and all their keys.
    assert!(passes("deploy02 age>90", &[off, old]));
    assert!(passes("deploy01 deploy02 bot", &[off, old]));
    assert!(!passes("status:active", &[]));
}

#[test]
fn words_are_found_fuzzily_in_names_and_paths_and_exactly_in_ids() {
    let used = used(5, "s3", "us-east-1");
    assert_passes(
        &key(&used),
        &[
            "",
            "  ",
            "dpl",
            "DEPLOYBOT",
            "opsmach",
            "deploy01",
            "01ex",
            "bot machines akia",
        ],
        &["xyzzy", "dplz", "akia01", "botdeploy", "bot xyzzy"],
    );
}

#[test]
fn letters_with_marks_are_found_without_them() {
    let mut scratch = Scratch::default();
    let mut passes = |query: &str, name: &str, path: &str| {
        let user = UserFacts {
            account: [None; 5],
            name,
            path,
            keys: None,
            owner: None,
            ..DEPLOY
        };
        let query = Query::parse(query);
        let passes = query.user_passes(&user, [], now(), &mut scratch);
        let score = query.user_score(&user, [], now(), &mut scratch);
        assert_eq!(score.is_some(), passes, "{name}");
        passes
    };
    assert!(passes("zurich", "lager-zürich", "/"));
    assert!(passes("zür", "Zürich", "/"));
    assert!(!passes("zür", "zurich", "/"));
    // A sign that is a letter of ASCII in lower case.
    assert!(!passes("\u{212a}", "k", "/"));
    // The path of almost everybody says nothing.
    assert!(!passes("/", "alice", "/"));
    assert!(passes("/", "alice", "/ops/"));
}

#[test]
fn a_better_match_has_a_higher_score() {
    let mut scratch = Scratch::default();
    let mut score = |query: &str, name: &str| {
        let user = UserFacts { name, ..DEPLOY };
        Query::parse(query).user_score(&user, [], now(), &mut scratch)
    };
    assert!(score("web", "web-assets") > score("web", "wide-elbow"));
    assert!(score("bot", "deploy-bot") > score("bot", "b-o-t"));
    assert!(score("machines", "machines") > score("machines", "deploy-bot"));
    assert_eq!(score("", "alice"), Some(0));
    assert_eq!(score("user:ali*", "alice"), Some(0));
    assert_eq!(score("user:bob*", "alice"), None);
}

#[test]
fn errors_say_in_place_what_is_wrong() {
    for (query, error) in [
        ("age>", "age needs a number of days: age>90 age>6m"),
        ("age:", "age needs a number of days: age>90 age>6m"),
        ("age>x", "age needs a number of days: age>90 age>6m"),
        ("age>9x", "age needs a number of days: age>90 age>6m"),
        ("age>9|x", "age needs a number of days: age>90 age>6m"),
        ("age>-1", "age needs a number of days: age>90 age>6m"),
        ("age>1.5y", "age needs a number of days: age>90 age>6m"),
        ("age>d", "age needs a number of days: age>90 age>6m"),
        ("age>>9", "age needs a number of days: age>90 age>6m"),
        ("Unused<=", "unused needs a number of days: unused>45"),
        ("status:", "status is active or inactive: status:inactive"),
        ("status:on", "status is active or inactive: status:inactive"),
        ("status>a", "status is active or inactive: status:inactive"),
        ("user:", "user needs a name: user:ci-*"),
        ("user>x", "user needs a name: user:ci-*"),
        ("path=", "path needs a path: path:/ops/*"),
        ("service:", "service needs a name: service:s3"),
        ("region:", "region needs a name: region:eu-west-1"),
        ("keys:two", "keys needs a number: keys:2 keys>1"),
        ("keys>", "keys needs a number: keys:2 keys>1"),
        ("keys>1d", "keys needs a number: keys:2 keys>1"),
        ("id:", "id needs a part of a key ID: id:AKIA"),
        (">90", "A field comes first: age>90"),
        (":", "A field comes first: age>90"),
        ("never:yes", "never takes no value"),
        ("OWN=", "own takes no value"),
        ("used<", "used needs a number of days: used<7"),
        ("-used<", "used needs a number of days: used<7"),
        (
            "description:",
            "description needs a text: description:billing",
        ),
        (
            "age>365|never",
            "Put spaces around | between conditions: age>365 | never",
        ),
        (
            "alice|own",
            "Put spaces around | between conditions: age>365 | never",
        ),
        (
            "alice|age>90",
            "Put spaces around | between conditions: age>365 | never",
        ),
        (
            "user:alice|status:inactive",
            "Put spaces around | between conditions: age>365 | never",
        ),
        (
            &"a".repeat(513),
            "That word is longer than any name, path or key ID",
        ),
        (
            "foo:bar",
            "No field foo. Fields: age used unused status user path service region keys active inactive finding severity id description account owner tag",
        ),
        (
            "arn:aws:iam::123456789012:user/alice",
            "No field arn. Fields: age used unused status user path service region keys active inactive finding severity id description account owner tag",
        ),
        (
            "something-longer>1",
            "No field something-lo…. Fields: age used unused status user path service region keys active inactive finding severity id description account owner tag",
        ),
    ] {
        let query = Query::parse(query);
        assert_eq!(query.errors(), [error]);
        assert!(query.is_empty(), "{error}: it filters nothing away");
        assert!(width(error) <= LONGEST_ERROR, "{error}");
    }
    let both = Query::parse("age> web foo=");
    assert_eq!(both.errors().len(), 2);
    assert!(both.errors()[0].starts_with("age needs"));
    assert!(!both.is_empty(), "the rest still counts");
}

#[test]
fn the_longest_word_is_found() {
    let mut scratch = Scratch::default();
    let long = "a".repeat(512);
    let name = "-".repeat(100) + &long + "b";
    for word in [long.clone(), format!("{}b", &long[1..])] {
        let query = Query::parse(&word);
        let user = UserFacts {
            account: [None; 5],
            name: &name,
            ..DEPLOY
        };
        let score = query.user_score(&user, [], now(), &mut scratch);
        let highest = query.highest_score(&mut scratch);
        assert!(score.is_some_and(|score| score > 0 && score <= highest));
        assert_eq!(query.highlights(&name, &mut scratch).len(), 512);
    }
}

#[test]
fn no_name_matches_better_than_the_highest_score_also_where_marks_are_combined() {
    let mut scratch = Scratch::default();
    let query = Query::parse("e\u{301}日");
    let user = UserFacts {
        account: [None; 5],
        name: "é日",
        ..DEPLOY
    };
    let score = query.user_score(&user, [], now(), &mut scratch);
    assert!(score.is_some_and(|score| score <= query.highest_score(&mut scratch)));
}

#[test]
fn what_an_error_gives_as_an_example_is_understood() {
    for field in FIELDS {
        let (_, examples) = field.needs.split_once(": ").expect("an example");
        for example in examples.split(' ') {
            assert!(example.starts_with(field.name), "{example}");
            assert!(understand(example).is_ok(), "{example}");
        }
    }
}

#[test]
fn what_the_guide_says_is_understood() {
    for (example, _) in GUIDE {
        let query = Query::parse(example);
        assert_eq!(query.errors(), [""; 0], "{example}");
    }
    let guided: Vec<&str> = GUIDE.iter().map(|(example, _)| *example).collect();
    let guided = guided.join(" ");
    for field in FIELDS {
        assert!(
            guided.contains(field.name),
            "{} is in the guide",
            field.name
        );
    }
}

#[test]
fn users_are_found_by_their_owner_also_those_without_keys() {
    let mut scratch = Scratch::default();
    for (query, platform, none, unknown) in [
        ("owner:platform", true, false, false),
        ("owner:plat*", true, false, false),
        ("owner:web|platform", true, false, false),
        ("owner:web", false, false, false),
        ("-owner:web", true, true, false),
        ("owner:*", true, false, false),
        ("-owner:*", false, true, false),
        // A word is not looked for in it.
        ("platform", false, false, false),
    ] {
        let query = Query::parse(query);
        for (owner, passes) in [
            (Some(Some("Platform")), platform),
            (Some(None), none),
            (None, unknown),
        ] {
            let user = UserFacts { owner, ..DEPLOY };
            let passed = query.user_passes(&user, [], now(), &mut scratch);
            assert_eq!(passed, passes, "{query:?}, {owner:?}");
        }
    }
    assert!(Query::parse("web | -owner:*").asks_tags());
    assert!(!Query::parse("owner").asks_tags());
    assert!(!Query::parse("owner:*").needs_keys());
    assert!(!Query::parse("owner:").errors().is_empty());
}

#[test]
fn tags_are_found_by_name_and_value_and_what_is_not_known_is_neither() {
    let given = [
        ("Team", "Web"),
        ("stage", "prod"),
        ("note", "a=b|c d"),
        ("empty", ""),
    ];
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let tags = UserTags::read(given, Arc::from);
    let many = (0..50).map(|at| (format!("t{at}"), "x".repeat(200)));
    let many = UserTags::read(many, Arc::from);
    let mut scratch = Scratch::default();
    for (query, passes) in [
        ("tag:team", true),
        ("tag:tea", false),
        ("tag:te*", true),
        ("tag:team=web", true),
        ("tag=TEAM=we", true),
        ("tag:team=ops", false),
        ("tag:team=ops|web", true),
        ("tag:team=ops|stage=prod", true),
        ("tag:stage=web|prod", true),
        ("tag:stage=web|ops", false),
        ("tag:owner=x|stage=prod", true),
        ("tag:team=", true),
        ("tag:empty", true),
        ("tag:note=a=b", true),
        ("tag:web", false),
        ("-tag:team", false),
        ("-tag:team=ops", true),
        ("-tag:team=ops|web", false),
    ] {
        let query = Query::parse(query);
        assert_eq!(query.errors(), [""; 0]);
        assert!(query.asks_tags() && query.reads_tags() && !query.needs_keys());
        for (tags, passes) in [(Some(&tags), passes), (Some(&many), false), (None, false)] {
            let user = UserFacts { tags, ..DEPLOY };
            let passed = query.user_passes(&user, [], now(), &mut scratch);
            assert_eq!(passed, passes, "{query:?}, {tags:?}");
        }
    }
    for wrong in ["tag:", "tag:=web", "tag>3"] {
        assert!(!Query::parse(wrong).errors().is_empty(), "{wrong}");
    }
}

#[test]
fn administrators_and_who_is_under_quarantine_are_found_where_that_is_known() {
    let mut scratch = Scratch::default();
    let (yes, no) = (Some(true), Some(false));
    for (query, passing) in [
        ("admin", &[(yes, no), (yes, yes), (yes, None)][..]),
        ("-admin", &[(no, no), (no, yes), (no, None)]),
        ("ADMIN quarantined", &[(yes, yes)]),
        ("-quarantined", &[(no, no), (yes, no), (None, no)]),
        (
            "admin|quarantined",
            &[(yes, no), (yes, yes), (yes, None), (no, yes), (None, yes)],
        ),
        ("-admin|quarantined", &[(no, no)]),
    ] {
        let query = Query::parse(query);
        assert_eq!(query.errors(), [""; 0]);
        assert!(!query.has_words() && !query.needs_keys());
        for admin in [yes, no, None] {
            for quarantined in [yes, no, None] {
                let user = UserFacts {
                    admin,
                    quarantined,
                    ..DEPLOY
                };
                let passed = query.user_passes(&user, [], now(), &mut scratch);
                let expected = passing.contains(&(admin, quarantined));
                assert_eq!(passed, expected, "{query:?}, {admin:?} {quarantined:?}");
            }
        }
    }
    assert!(Query::parse("-admin").asks_power() && !Query::parse("own").asks_power());
    assert!(Query::parse("web | quarantined").asks_quarantine());
    for (wrong, why) in [
        ("admin:yes", "admin takes no value"),
        ("admin|never", "Put spaces around |"),
        ("admin|web", "Put spaces around |"),
    ] {
        let errors = Query::parse(wrong);
        assert!(errors.errors()[0].starts_with(why), "{wrong}: {errors:?}");
    }
}

#[test]
fn a_query_knows_whether_it_needs_keys() {
    for query in [
        "age>90",
        "never",
        "own",
        "id:AKIA",
        "keys:0",
        "web service:s3",
    ] {
        assert!(Query::parse(query).needs_keys(), "{query}");
    }
    for query in ["", "web", "user:ci-*", "path:/ops/", "age>", "keys"] {
        assert!(!Query::parse(query).needs_keys(), "{query}");
    }
    assert!(Query::parse("web own").asks_own());
    assert!(Query::parse("web | -own").asks_own());
    assert!(Query::parse("web | -status:a").needs_keys());
    assert!(Query::parse("web | -description:*").asks_descriptions());
    assert!(!Query::parse("description").asks_descriptions());
    assert!(!Query::parse("web never user:own").asks_own());
}

#[test]
fn a_query_knows_what_narrows_it() {
    let narrows = |new: &str, old: &str| Query::parse(new).narrows(&Query::parse(old));
    for (old, new) in [
        ("", "a"),
        ("", "age>9"),
        ("we", "web"),
        ("we", "Web"),
        ("eb", "web"),
        ("web", "web "),
        ("web", "web as"),
        ("web as", "web ass"),
        ("age>9 we", "age>9 web"),
        ("age>9", "age>9 w"),
        ("age> we", "age>9 web"),
        ("status:", "status:a"),
        ("é", "é x"),
        ("web|bob", "web"),
        ("web|bob", "webs|bobby"),
        ("web | bob", "web as"),
        ("-we", "-we x"),
        ("web |", "web age>9 | web x"),
    ] {
        assert!(narrows(new, old), "{old} to {new}");
    }
    for (old, new) in [
        ("web", "we"),
        ("web", "wb"),
        ("wb", "web"),
        ("age>9", "age>90"),
        ("age>9", "age>"),
        ("user:we", "user:web"),
        ("ow", "own"),
        ("own", "owne"),
        ("ag", "ag:"),
        ("web as", "web"),
        ("web", "web|bob"),
        ("web", "web |b"),
        ("-we", "-web"),
        ("-web", "-we"),
        ("status:a", "-status:a"),
        ("age>9", "age>9|90"),
        // As one letter with its mark, it may be found elsewhere.
        ("e\u{301}", "xe\u{301}"),
    ] {
        assert!(!narrows(new, old), "{old} to {new}");
    }
}

#[test]
fn highlights_are_where_the_words_are() {
    let mut scratch = Scratch::default();
    let mut found = |query: &str, text: &str| Query::parse(query).highlights(text, &mut scratch);
    assert_eq!(found("bot", "deploy-bot"), [7, 8, 9]);
    assert_eq!(found("DB", "deploy-bot"), [0, 7]);
    assert_eq!(found("bot deb", "deploy-bot"), [0, 1, 7, 8, 9]);
    assert_eq!(found("xyz bot", "deploy-bot"), [7, 8, 9]);
    assert_eq!(found("xyz age>90 foo:", "deploy-bot"), [0; 0]);
    assert_eq!(found("-bot", "deploy-bot"), [0; 0]);
    assert_eq!(found("xyz|bot", "deploy-bot"), [7, 8, 9]);
    assert_eq!(found("xyz | bot", "deploy-bot"), [7, 8, 9]);
    // Characters, not bytes, and marks are characters.
    assert_eq!(found("b", "éé-b"), [3]);
    assert_eq!(found("b", "e\u{301}-b"), [3]);
    let found = |query: &str, id: &str| Query::parse(query).highlights_in_id(id);
    assert_eq!(found("kia", "AKIAEXAMPLE"), [1, 2, 3]);
    assert_eq!(found("ax", "AKIAEXAMPLE"), [0; 0]);
    assert_eq!(found("id:exa ak", "AKIAEXAMPLE"), [0, 1, 4, 5, 6]);
    assert_eq!(found("id:xyz", "AKIAEXAMPLE"), [0; 0]);
    assert_eq!(found("-id:exa", "AKIAEXAMPLE"), [0; 0]);
    assert_eq!(found("22EX", "AKIA22EXAMPLE"), [4, 5, 6, 7]);
}

#[test]
fn a_verdict_is_known_or_not_known_and_a_list_shows_what_is_known() {
    let used_today = used(0, "s3", "");
    let known = key(&used_today);
    let unused = LastUsed::Never;
    let least = KeyFacts {
        is_age_least: true,
        ..key(&unused)
    };
    let blank = KeyFacts::default();
    let off = KeyFacts {
        active: Some(false),
        inactive_since: Some(ago(50, 1)),
        ..key(&used_today)
    };
    let (yes, no, open) = (Some(true), Some(false), None);
    let mut scratch = Scratch::default();
    for (text, verdicts) in [
        // Of a known key, of one with an age of at least 100 days, never used, of one of which nothing is
        // known, of an Inactive one, and without a key.
        ("age>90", [yes, yes, open, yes, open]),
        ("age>100", [no, open, open, no, open]),
        ("age<=100", [yes, open, open, yes, open]),
        ("age<100", [no, no, open, no, open]),
        ("age:99", [no, no, open, no, open]),
        ("age:100", [yes, open, open, yes, open]),
        ("-age>90", [no, no, open, no, open]),
        ("-age>100", [yes, open, open, yes, open]),
        ("unused>90", [no, yes, open, no, open]),
        ("unused<200", [yes, open, open, yes, open]),
        ("used<7", [yes, no, open, yes, open]),
        ("inactive>49", [no, no, open, yes, open]),
        ("inactive>=50", [no, no, open, yes, open]),
        ("inactive>50", [no, no, open, open, open]),
        ("inactive<50", [no, no, open, no, open]),
        ("inactive<60", [no, no, open, open, open]),
        ("status:active", [yes, yes, open, no, open]),
        ("keys:1", [yes, yes, yes, yes, yes]),
        ("admin", [open, open, open, open, open]),
        ("root", [no, no, no, no, no]),
        ("-root", [yes, yes, yes, yes, yes]),
        ("password", [open, open, open, open, open]),
        ("active:2", [open, open, open, open, open]),
        ("exempt", [open, open, open, open, open]),
        ("finding:old", [open, open, open, open, open]),
        ("severity>=high", [open, open, open, open, open]),
        // One part that is known not to be met is enough, whatever else is not known.
        ("admin user:web", [no, no, no, no, no]),
        ("admin | user:deploy-bot", [yes, yes, yes, yes, yes]),
        ("admin | user:web", [open, open, open, open, open]),
        ("admin age>90", [open, open, open, open, open]),
        ("admin age>100", [no, open, open, no, open]),
        ("deploy", [yes, yes, yes, yes, yes]),
        ("AKIADEPLOY", [yes, yes, open, yes, open]),
        ("xyz", [no, no, open, no, open]),
        ("-xyz", [yes, yes, open, yes, open]),
        ("-deploy", [no, no, no, no, no]),
        ("", [yes, yes, yes, yes, yes]),
    ] {
        let query = Query::parse(text);
        assert_eq!(query.errors(), [""; 0], "{text}");
        let keys = [Some(&known), Some(&least), Some(&blank), Some(&off), None];
        let of_key = keys.map(|key| query.verdict(&DEPLOY, key, now(), &mut scratch));
        assert_eq!(of_key, verdicts, "{text}");
        for (key, verdict) in keys.into_iter().zip(verdicts) {
            let Some(key) = key.filter(|key| !key.is_age_least) else {
                continue;
            };
            let passes = query.key_passes(&DEPLOY, key, now(), &mut scratch);
            // A word that is not wanted is looked for in what is known, as ever.
            assert!(passes == (verdict == yes) || text == "-xyz", "{text}");
        }
    }
}

#[test]
fn severities_are_compared_and_begin_as_they_are_typed() {
    for (text, error) in [
        ("severity:high", false),
        ("severity>=med", false),
        ("severity<C", false),
        ("severity:", true),
        ("severity:grave", true),
        ("finding:", true),
        ("active:many", true),
        ("inactive>soon", true),
        ("exempt:yes", true),
        ("mfa:no", true),
    ] {
        assert_eq!(!Query::parse(text).errors().is_empty(), error, "{text}");
    }
}

#[test]
fn an_empty_alternative_is_a_fault_of_what_is_said_for_good_and_none_while_one_types() {
    for (text, fault) in [
        (
            "age>800 |",
            "at character 9, |: The alternative behind it is empty",
        ),
        (
            "\u{e9} own|",
            "at character 6, |: The alternative behind it is empty",
        ),
        (
            "| own",
            "at character 1, |: The alternative before it is empty",
        ),
        (
            "age>90 | | own",
            "at character 10, |: The alternative before it is empty",
        ),
        (
            "age>90 | own |",
            "at character 14, |: The alternative behind it is empty",
        ),
        // What is not understood is said first.
        ("| agee>1", "at character 3, agee>1: No field agee"),
        ("age>90 | own", ""),
        ("alice|bob |own", ""),
        ("age>90| own", ""),
        ("", ""),
    ] {
        let found = Query::first_fault(text).unwrap_or_default();
        assert!(
            found.starts_with(fault) && found.is_empty() == fault.is_empty(),
            "{text}: {found}"
        );
    }
    let typed = Query::parse("age>800 |");
    assert_eq!(typed.errors(), [""; 0]);
    assert_eq!(typed, Query::parse("age>800"));
}
