//! The impact of a key: what is asked, in which order, and what is said of what comes.

use crate::desk::{
    Desk, Someone, answer,
    history::{self, CI, KEY, OTHER, SESSION, denied, event, refusal},
    now, people, settings,
};
use crossterm::event::KeyCode;
use iamkeys::engine::{
    Answer, Change, Copied, CopyOutcome, Effect, Error, Event, Intent, Kind, Read, RequestId,
    SignedIn,
    destination::Multiplexer,
    impact::{NamedPolicy, RegionState, TrailPage, TrailQuery},
};

const SIZE: (u16, u16) = (120, 50);

/// The first key of `deploy-bot` is selected.
fn at_key_in(size: (u16, u16)) -> Desk {
    let mut desk = Desk::showing(size, settings(), &people());
    desk.keys("j");
    desk.press(KeyCode::Tab);
    desk
}

fn at_key() -> Desk {
    at_key_in(SIZE)
}

/// The reads that wait for an answer.
fn reads(desk: &mut Desk) -> Vec<(RequestId, Read)> {
    std::iter::from_fn(|| desk.next_read()).collect()
}

/// Regions whose history is asked, of one key.
fn regions_of<'a>(reads: &'a [(RequestId, Read)], key: &str) -> Vec<&'a str> {
    let queries = reads.iter().filter_map(|(_, read)| match read {
        Read::TrailEvents(query) if *query.key == *key => Some(&*query.region),
        _ => None,
    });
    queries.collect()
}

fn told(read: &Read) -> Result<Answer, Error> {
    history::answer(read).unwrap_or_else(|| answer(&people(), read.clone()))
}

/// Answers everything, until nothing is asked any more.
fn tell_all(desk: &mut Desk) {
    tell_with(desk, |_| None);
}

fn tell_with(desk: &mut Desk, other: impl Fn(&Read) -> Option<Result<Answer, Error>>) {
    while let Some((request, read)) = desk.next_read() {
        let answer = other(&read).unwrap_or_else(|| told(&read));
        desk.answered(request, answer);
    }
}

fn opened() -> Desk {
    let mut desk = at_key();
    desk.keys("i");
    tell_all(&mut desk);
    desk
}

fn state<'a>(desk: &'a Desk, region: &str) -> &'a RegionState {
    let trail = desk.account().impacts.trail(KEY).expect("it was asked");
    &trail.regions[region].state
}

fn shows(desk: &Desk, text: &str) {
    let screen = desk.screen();
    let words = screen.split_whitespace();
    let words: Vec<&str> = words
        .filter(|word| !word.chars().all(|c| c == '│'))
        .collect();
    let whole = words.join(" ");
    assert!(whole.contains(text), "{text}\n{screen}");
}

/// What is said of a key that nothing has used.
const NONE: &str = "No management call in the last 90 days";

fn shows_not(desk: &Desk, text: &str) {
    let screen = desk.screen();
    assert!(!screen.contains(text), "{text}\n{screen}");
}

#[test]
fn nothing_is_asked_before_a_person_opens_a_key_and_then_the_likely_regions_first() {
    let mut desk = at_key();
    assert!(desk.account().impacts.trail(KEY).is_none());
    desk.keys("i");
    let asked = reads(&mut desk);
    // It was last used in the region of the global services.
    assert_eq!(regions_of(&asked, KEY), ["us-east-1"]);
    assert_eq!(regions_of(&asked, OTHER), ["us-east-1"]);
    let is_asked = |read: &Read| asked.iter().any(|(_, asked)| asked == read);
    let user = || "deploy-bot".into();
    for read in [
        Read::Regions,
        Read::Permissions(user()),
        Read::OtherCredentials(user()),
        Read::ServicesUsed(user()),
    ] {
        assert!(is_asked(&read), "{read:?}");
    }
    let place = |wanted: &dyn Fn(&Read) -> bool| asked.iter().position(|(_, read)| wanted(read));
    let of_key = |read: &Read| matches!(read, Read::TrailEvents(query) if *query.key == *KEY);
    assert!(place(&of_key) < place(&|read| *read == Read::Permissions(user())));
    let (request, _) = asked
        .iter()
        .find(|(_, read)| *read == Read::Regions)
        .unwrap();
    desk.answered(*request, told(&Read::Regions));
    let then = reads(&mut desk);
    let others = ["ap-south-1", "eu-west-1", "me-south-1"];
    assert_eq!(regions_of(&then, KEY), others);
    assert_eq!(regions_of(&then, OTHER), others);
    assert!(
        matches!(&then[0].1, Read::TrailEvents(query) if *query.key == *KEY),
        "before the key that it is compared with"
    );
}

#[test]
fn the_first_page_is_on_the_screen_and_pages_follow_with_the_same_end() {
    let mut desk = at_key();
    desk.keys("i");
    let mut asked = reads(&mut desk);
    asked.retain(|(_, read)| matches!(read, Read::TrailEvents(_)));
    let query = |read: &Read| match read {
        Read::TrailEvents(query) => query.clone(),
        other => panic!("{other:?}"),
    };
    let first = query(&asked[0].1);
    assert_eq!(
        (first.since, first.until),
        (now() - chrono::TimeDelta::days(90), now())
    );
    desk.wait(5_000);
    desk.answered(asked[0].0, told(&asked[0].1));
    shows(&desk, "GitHub Actions · aws-cli 2.15");
    let next = reads(&mut desk);
    let second = query(&next[0].1);
    let expected = TrailQuery {
        after: Some("page-2".into()),
        ..first
    };
    assert_eq!(second, expected);
    desk.answered(next[0].0, told(&next[0].1));
    shows(&desk, "terraform 1.5");
    assert!(matches!(state(&desk, "us-east-1"), RegionState::Whole));
}

#[test]
fn all_that_is_known_is_said_and_what_was_not_looked_at() {
    let desk = opened();
    for text in [
        "Active · 412 days old",
        "GitHub Actions · aws-cli 2.15",
        "20.57.44.0/24",
        "10.4.12.9 VPC endpoint",
        "9 denied",
        "2 sessions may still be in use",
        "AssumeRole deploy-role (ASIADEPLOYROLE7EXAMP) to 13:00 UTC",
        "AdministratorAccess, by group ops-admins",
        "by deploy-bot, with any key: s3 today",
        "probably a machine: no console password",
        "2 workloads that used it today will fail: GitHub Actions and boto3 in a VPC.",
        "Perhaps others: 1 region has not told everything.",
        "AKIADEPLOY02EXAMPLE2, is already used by GitHub Actions",
        "data events (reading S3 objects",
        "me-south-1 (AccessDenied: cloudtrail:LookupEvents)",
    ] {
        shows(&desk, text);
    }
}

#[test]
fn that_nothing_uses_a_key_is_said_only_where_every_region_has_told_all() {
    let nothing = |read: &Read| match read {
        Read::TrailEvents(_) => Some(Ok(Answer::TrailEvents(TrailPage::default()))),
        _ => None,
    };
    let mut desk = at_key();
    desk.keys("i");
    // One region after the other.
    while let Some((request, read)) = desk.next_read() {
        let trail = desk.account().impacts.trail(KEY).unwrap();
        let all = trail.is_whole() && trail.regions.len() == 4;
        assert_eq!(desk.screen().contains(NONE), all);
        desk.answered(request, nothing(&read).unwrap_or_else(|| told(&read)));
    }
    shows(&desk, NONE);
    shows(
        &desk,
        "Last used 2 hours ago for s3, by a call that the event history does not have",
    );
    // An event that cannot be read may be anything.
    let mut desk = at_key();
    desk.keys("i");
    tell_with(&mut desk, |read| match read {
        Read::TrailEvents(query) if &*query.region == "eu-west-1" => {
            Some(Ok(Answer::TrailEvents(TrailPage {
                unreadable: 1,
                ..TrailPage::default()
            })))
        }
        read => nothing(read),
    });
    shows_not(&desk, NONE);
    shows(&desk, "Not known what uses it: 1 event could not be read");
    // One that refuses, or the list of regions.
    for refused in ["me-south-1", ""] {
        let mut desk = at_key();
        desk.keys("i");
        tell_with(&mut desk, |read| match read {
            Read::TrailEvents(query) if *query.region == *refused => {
                Some(Err(denied("cloudtrail:LookupEvents")))
            }
            Read::Regions if refused.is_empty() => Some(Err(denied("account:ListRegions"))),
            read => nothing(read),
        });
        shows_not(&desk, NONE);
        shows(&desk, "Not known what uses it");
        let missing = if refused.is_empty() {
            "regions other than us-east-1 (AccessDenied: account:ListRegions)"
        } else {
            "me-south-1 (AccessDenied: cloudtrail:LookupEvents)"
        };
        shows(&desk, missing);
    }
}

#[test]
fn a_region_that_hangs_or_throttles_holds_up_no_other_nor_the_lists() {
    let mut desk = at_key();
    desk.keys("i");
    let mut throttled = 0;
    let mut hanging = 0;
    let mut waits = 0;
    loop {
        let Some((request, read)) = desk.next_read() else {
            // Time goes by for what was throttled.
            waits += 1;
            if waits > 200 {
                break;
            }
            desk.wait(1_000);
            desk.send(iamkeys::tui::Message::Tick);
            continue;
        };
        match &read {
            Read::TrailEvents(query) if &*query.region == "ap-south-1" => hanging += 1,
            Read::TrailEvents(query) if &*query.region == "me-south-1" => {
                throttled += 1;
                let error = refusal(
                    "cloudtrail:LookupEvents",
                    "ThrottlingException",
                    Kind::Throttled,
                );
                desk.answered(request, Err(error));
            }
            _ => desk.answered(request, told(&read)),
        }
    }
    assert_eq!(hanging, 2, "one of each key");
    assert!((10..200).contains(&throttled), "{throttled}");
    assert!(matches!(state(&desk, "us-east-1"), RegionState::Whole));
    assert!(matches!(state(&desk, "eu-west-1"), RegionState::Whole));
    assert!(matches!(state(&desk, "ap-south-1"), RegionState::Asking(_)));
    assert!(matches!(
        state(&desk, "me-south-1"),
        RegionState::Failed(..)
    ));
    shows(&desk, "1 region still being asked");
    shows(
        &desk,
        "me-south-1 (ThrottlingException: cloudtrail:LookupEvents)",
    );
    // The lists go on: what is selected next is asked for.
    desk.press(KeyCode::Esc);
    desk.keys("R");
    assert!(
        reads(&mut desk)
            .iter()
            .any(|(_, read)| matches!(read, Read::Users(_)))
    );
}

#[test]
fn no_read_of_the_lists_waits_for_regions_that_hang() {
    let names: Vec<String> = (0..60).map(|at| format!("user-{at:03}")).collect();
    let users: Vec<Someone> = names
        .iter()
        .map(|name| {
            let key = format!("AKIA{}EXAMPLE0", name.replace('-', "").to_uppercase());
            let key: &str = Box::leak(key.into_boxed_str());
            let name: &str = Box::leak(name.clone().into_boxed_str());
            crate::desk::someone(name, &[(key, true, 4, Some(2))])
        })
        .collect();
    let mut desk = Desk::new((80, 24), settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    // The list comes, and the keys of the one who is selected.
    let mut held = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        let selected = read.user().is_none_or(|user| user == "user-000");
        if selected && !matches!(read, Read::UserDetails(_)) {
            desk.answered(request, answer(&users, read));
        } else {
            held.push((request, read));
        }
    }
    desk.keys("i");
    // Thirty regions, of which none answers.
    for (request, read) in reads(&mut desk) {
        match read {
            Read::TrailEvents(_) => {}
            Read::Regions => {
                let regions = (0..30).map(|at| format!("eu-west-{at}").into());
                desk.answered(request, Ok(Answer::Regions(regions.collect())));
            }
            read => desk.answered(request, answer(&users, read)),
        }
    }
    let asked = reads(&mut desk);
    assert_eq!(
        asked
            .iter()
            .filter(|(_, read)| matches!(read, Read::TrailEvents(_)))
            .count(),
        30
    );
    for (request, read) in held {
        desk.answered(request, answer(&users, read));
    }
    let mut answered = 0;
    while let Some((request, read)) = desk.next_read() {
        answered += 1;
        desk.answered(request, answer(&users, read));
    }
    assert!(answered > 0);
    assert_eq!(
        desk.account().users.tally().users,
        18,
        "all that are on the screen"
    );
}

#[test]
fn a_token_that_is_refused_begins_its_region_anew_and_only_once() {
    let mut desk = at_key();
    desk.keys("i");
    let mut begun = 0;
    let mut refusals = 0;
    while let Some((request, read)) = desk.next_read() {
        let answer = match &read {
            Read::TrailEvents(query) if *query.key == *KEY && &*query.region == "us-east-1" => {
                if query.after.is_some() {
                    refusals += 1;
                    let code = "InvalidNextTokenException";
                    Err(refusal("cloudtrail:LookupEvents", code, Kind::Other))
                } else {
                    begun += 1;
                    told(&read)
                }
            }
            read => told(read),
        };
        desk.answered(request, answer);
    }
    assert_eq!((begun, refusals), (2, 2));
    assert!(matches!(state(&desk, "us-east-1"), RegionState::Failed(..)));
    let trail = desk.account().impacts.trail(KEY).unwrap();
    assert_eq!(
        trail.regions["us-east-1"].events.len(),
        47,
        "none of them twice"
    );
    let calls: usize = trail.workloads.rows().iter().map(|row| row.calls).sum();
    assert_eq!(calls, 47 + 30);
    shows(
        &desk,
        "us-east-1 (InvalidNextTokenException: cloudtrail:LookupEvents after 47 events)",
    );
}

/// A region that never ends.
fn endless(read: &Read) -> Option<Result<Answer, Error>> {
    match read {
        Read::TrailEvents(query) if &*query.region == "us-east-1" => {
            let page: i64 = query
                .after
                .as_deref()
                .map_or(0, |after| after.parse().unwrap());
            let events = (0..50).map(|at| {
                event(
                    CI,
                    "20.57.44.10",
                    "s3:ListBuckets",
                    "us-east-1",
                    page * 50 + at,
                )
            });
            Some(Ok(Answer::TrailEvents(TrailPage {
                events: events.collect(),
                unreadable: 0,
                next: Some((page + 1).to_string().into()),
            })))
        }
        _ => None,
    }
}

#[test]
fn ten_pages_are_asked_for_and_older_ones_when_a_person_wants_them() {
    let mut desk = at_key();
    desk.keys("i");
    tell_with(&mut desk, endless);
    let events = |desk: &Desk, key: &str| {
        let trail = desk.account().impacts.trail(key).unwrap();
        trail.regions["us-east-1"].events.len()
    };
    assert_eq!(events(&desk, KEY), 500);
    assert_eq!(events(&desk, OTHER), 50, "of the other key the first page");
    shows(
        &desk,
        "older events of us-east-1: these are the latest 500 of more",
    );
    desk.keys("m");
    tell_with(&mut desk, endless);
    assert_eq!((events(&desk, KEY), events(&desk, OTHER)), (1_000, 50));
    shows(&desk, "the latest 1000 of more");
}

#[test]
fn who_leaves_the_page_asks_for_no_further_pages_and_keeps_what_was_under_way() {
    let mut desk = at_key();
    desk.keys("i");
    let asked = reads(&mut desk);
    desk.press(KeyCode::Esc);
    assert_eq!(desk.screen.open_dialogs(), 0);
    for (request, read) in asked {
        desk.answered(request, endless(&read).unwrap_or_else(|| told(&read)));
    }
    let more = reads(&mut desk);
    assert!(regions_of(&more, KEY).is_empty() && regions_of(&more, OTHER).is_empty());
    assert!(matches!(state(&desk, "us-east-1"), RegionState::More(_)));
    // Whoever comes back goes on where it was.
    desk.keys("i");
    let asked = reads(&mut desk);
    let after = |read: &Read| match read {
        Read::TrailEvents(query) if *query.key == *KEY => query.after.clone(),
        _ => None,
    };
    assert!(
        asked
            .iter()
            .any(|(_, read)| after(read).as_deref() == Some("1"))
    );
    assert!(
        regions_of(&asked, KEY).contains(&"eu-west-1"),
        "not asked before"
    );
}

#[test]
fn r_asks_again_for_what_has_failed_and_else_for_everything() {
    let mut desk = opened();
    desk.keys("R");
    let asked = reads(&mut desk);
    assert_eq!(regions_of(&asked, KEY), ["me-south-1"]);
    assert_eq!(regions_of(&asked, OTHER), ["me-south-1"]);
    // And the key itself: what the title says of it may be old.
    assert!(
        asked
            .iter()
            .any(|(_, read)| *read == Read::Keys("deploy-bot".into()))
    );
    assert_eq!(asked.len(), 4, "{asked:?}");
    for (request, read) in asked {
        let answer = nothing(&read).unwrap_or_else(|| told(&read));
        desk.answered(request, answer);
    }
    shows_not(&desk, "me-south-1 (");
    // Now all is there: later events may be as well.
    desk.wait(600_000);
    desk.keys("R");
    let asked = reads(&mut desk);
    assert_eq!(regions_of(&asked, KEY).len(), 4);
    let until = |read: &Read| match read {
        Read::TrailEvents(query) => Some(query.until),
        _ => None,
    };
    assert!(
        asked
            .iter()
            .filter_map(|(_, read)| until(read))
            .all(|until| until == desk.clock)
    );
    // What is known stays until then, and is not counted twice after it.
    shows(&desk, "terraform 1.5");
    for (request, read) in asked {
        desk.answered(request, told(&read));
    }
    tell_all(&mut desk);
    let trail = desk.account().impacts.trail(KEY).unwrap();
    assert_eq!(trail.workloads.calls(), 47 + 11 + 30);
}

#[test]
fn what_was_refused_says_which_permission_is_missing_and_the_page_stands() {
    let mut desk = at_key();
    desk.keys("i");
    tell_with(&mut desk, |read| {
        let action = match read {
            Read::TrailEvents(_) => "cloudtrail:LookupEvents",
            Read::Regions => "account:ListRegions",
            Read::Permissions(_) => "iam:ListAttachedUserPolicies",
            Read::OtherCredentials(_) => "iam:GetLoginProfile",
            Read::ServicesUsed(_) => "iam:GenerateServiceLastAccessedDetails",
            _ => return None,
        };
        Some(Err(denied(action)))
    });
    for action in [
        "cloudtrail:LookupEvents",
        "account:ListRegions",
        "iam:ListAttachedUserPolicies",
        "iam:GetLoginProfile",
        "iam:GenerateServiceLastAccessedDetails",
    ] {
        shows(&desk, &format!("AccessDenied: {action}"));
    }
    shows(&desk, "Not known what uses it");
    shows(&desk, "person or machine: not known");
    // The regions of both keys were refused in the same words: it is told once of each.
    let activity = &desk.screen.engine.activity;
    let entries = (0..activity.len()).filter_map(|row| activity.row(row));
    let lookups = entries.filter(|entry| entry.action == "cloudtrail:LookupEvents");
    assert!(lookups.count() <= 2);
}

#[test]
fn enter_shows_the_events_of_a_workload_and_the_whole_of_one() {
    let mut desk = opened();
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Enter);
    shows(&desk, "by boto3 1.26 · python 3.8 from 10.4.12.9");
    shows(&desk, "sqs:GetQueueAttributes");
    shows_not(&desk, "ecr:");
    desk.press(KeyCode::Enter);
    let (request, read) = desk.next_read().unwrap();
    let Read::WholeEvent(region, id) = &read else {
        panic!("{read:?}");
    };
    assert_eq!(
        (&**region, id.starts_with("eu-west-1-GetQueueAttributes")),
        ("eu-west-1", true)
    );
    shows(&desk, "Asking for the whole event");
    desk.answered(request, told(&read));
    shows(&desk, "\"eventName\": \"ListBuckets\"");
    for left in [2, 1, 0] {
        desk.press(KeyCode::Esc);
        assert_eq!(desk.screen.open_dialogs(), left);
    }
}

#[test]
fn all_events_are_listed_newest_first_and_those_of_a_session_are_asked_for_when_wanted() {
    let mut desk = opened();
    desk.keys("e");
    shows(&desk, "1 of 88");
    desk.press(KeyCode::Esc);
    // The third workload, the plot, the heading of the sessions, and the one that lives longest.
    desk.keys("jjjjjj");
    assert!(desk.next_read().is_none(), "not before it is wanted");
    desk.press(KeyCode::Enter);
    let asked = reads(&mut desk);
    assert_eq!(regions_of(&asked, SESSION).len(), 4, "{asked:?}");
    for (request, read) in asked {
        desk.answered(request, told(&read));
    }
    shows(&desk, "ecr:PutImage");
}

#[test]
fn a_policy_is_read_by_its_name() {
    let mut desk = opened();
    // Below both sessions.
    desk.keys("jjjjjjjj");
    desk.press(KeyCode::Enter);
    shows(&desk, "Policy AdministratorAccess");
    shows(&desk, "\"Action\": \"*\",");
}

#[test]
fn what_is_known_stands_in_the_confirmations_and_nothing_is_asked_for_it() {
    let mut desk = at_key();
    desk.keys("t");
    desk.serve(&people());
    shows_not(&desk, "Used today by");
    desk.press(KeyCode::Esc);
    desk.keys("i");
    tell_all(&mut desk);
    desk.keys("t");
    let asked = reads(&mut desk);
    assert!(
        asked
            .iter()
            .all(|(_, read)| !matches!(read, Read::TrailEvents(_)))
    );
    shows(&desk, "Used today by GitHub Actions and boto3 in a VPC.");
    for (request, read) in asked {
        desk.answered(request, told(&read));
    }
    desk.keys("y");
    tell_all(&mut desk);
    let (_, change) = desk.next_change().unwrap();
    assert_eq!(
        change,
        Change::SetActive {
            user: "deploy-bot".into(),
            key: KEY.into(),
            active: false
        }
    );
}

#[test]
fn a_rotation_that_is_watched_names_who_still_holds_the_old_key() {
    let mut desk = opened();
    desk.keys("r");
    tell_all(&mut desk);
    desk.keys("y");
    tell_all(&mut desk);
    shows(
        &desk,
        "The old key: used today by GitHub Actions and boto3 in a VPC.",
    );
}

#[test]
fn the_events_are_gone_with_their_session() {
    let mut desk = opened();
    let session = desk.session();
    desk.press(KeyCode::Esc);
    desk.intend(iamkeys::engine::Intent::SignIn(
        session.slot,
        iamkeys::engine::Target::Ambient,
    ));
    assert!(desk.account().impacts.trail(KEY).is_none());
}

#[test]
fn an_answer_to_a_session_that_was_left_counts_for_nothing() {
    let mut desk = at_key();
    desk.keys("i");
    let asked = reads(&mut desk);
    let session = desk.session();
    desk.intend(iamkeys::engine::Intent::SignIn(
        session.slot,
        iamkeys::engine::Target::Ambient,
    ));
    for (request, read) in asked {
        let result = told(&read);
        desk.send(Event::Answer {
            session,
            request,
            result,
            took: std::time::Duration::ZERO,
        });
    }
    assert!(desk.account().impacts.trail(KEY).is_none());
    assert!(!desk.effects.iter().any(|it| matches!(it, Effect::Read(..))));
}

#[test]
fn hostile_events_are_shown_harmless() {
    let mut desk = at_key();
    desk.keys("i");
    let evil = format!("evil\u{1b}]0;x\u{7}{}/1.0", "A".repeat(1_000));
    tell_with(&mut desk, |read| match read {
        Read::TrailEvents(query) if &*query.region == "us-east-1" => {
            let mut bad = event(&evil, "1.2.3.4\u{202e}", "s3:\u{1b}[2J", "us-east-1", 1);
            bad.error = Some("\u{9b}31m".into());
            bad.target = Some("x\ny".into());
            Some(Ok(Answer::TrailEvents(TrailPage {
                events: vec![bad],
                unreadable: 3,
                next: None,
            })))
        }
        _ => None,
    });
    let harmless = |desk: &Desk| {
        let screen = desk.screen();
        let hidden = |c: char| c != '\n' && iamkeys::engine::text::is_hidden(c);
        assert!(!screen.contains(hidden), "{screen}");
    };
    harmless(&desk);
    shows(&desk, "3 events that could not be read");
    desk.keys("e");
    harmless(&desk);
    desk.press(KeyCode::Enter);
    let (request, _) = desk.next_read().unwrap();
    let whole = "{\"a\":\"\u{1b}[2J\u{7}\"}".into();
    desk.answered(request, Ok(Answer::WholeEvent(Some(whole))));
    harmless(&desk);
}

#[test]
fn everything_can_be_read_on_a_small_screen() {
    let mut desk = at_key_in((60, 16));
    desk.keys("i");
    tell_all(&mut desk);
    let mut seen = String::new();
    for _ in 0..40 {
        seen.push_str(&desk.screen());
        desk.keys("j");
    }
    for text in [
        "GitHub Actions · aws-cli 2.15",
        "9 denied",
        "ASIADEPLOYROLE7EXAMP",
        "AdministratorAccess",
        "If deactivated",
        "me-south-1",
    ] {
        assert!(seen.contains(text), "{text}\n{seen}");
    }
}

fn nothing(read: &Read) -> Option<Result<Answer, Error>> {
    match read {
        Read::TrailEvents(_) => Some(Ok(Answer::TrailEvents(TrailPage::default()))),
        _ => None,
    }
}

#[test]
fn an_old_answer_says_until_when_it_tells_and_whoever_comes_back_asks_anew() {
    let mut desk = at_key();
    desk.keys("i");
    tell_with(&mut desk, nothing);
    shows(&desk, NONE);
    shows(&desk, "none in the last 90 days");
    // The page was left open.
    desk.wait(3 * 3_600_000);
    desk.send(iamkeys::tui::Message::Tick);
    shows_not(&desk, "No management call");
    shows_not(&desk, "none in the last 90 days");
    shows(&desk, "Nothing was seen as of 12:00 UTC: R asks again.");
    shows(&desk, "Not known what uses it: this is as of 12:00 UTC.");
    shows(&desk, "anything after 12:00 UTC, when it was asked");
    let words = |desk: &Desk| {
        let engine = &desk.screen.engine;
        engine.impact_words(desk.screen.slot(), KEY)
    };
    assert_eq!(words(&desk), None, "nothing is said of the present");
    desk.press(KeyCode::Esc);
    desk.keys("i");
    let asked = reads(&mut desk);
    for key in [KEY, OTHER] {
        assert_eq!(regions_of(&asked, key).len(), 4);
    }
    let permissions = |(_, read): &(RequestId, Read)| matches!(read, Read::Permissions(_));
    assert!(asked.iter().any(permissions), "what it can do as well");
    shows_not(&desk, NONE);
    for (request, read) in asked {
        if let Read::TrailEvents(query) = &read {
            assert_eq!(query.until, desk.clock);
        }
        desk.answered(request, nothing(&read).unwrap_or_else(|| told(&read)));
    }
    tell_with(&mut desk, nothing);
    shows(&desk, NONE);
    assert!(words(&desk).unwrap().starts_with("no management call"));
    // So soon it is the same.
    desk.press(KeyCode::Esc);
    desk.wait(60_000);
    desk.keys("i");
    assert!(regions_of(&reads(&mut desk), KEY).is_empty());
}

#[test]
fn an_empty_page_is_not_the_last_one() {
    let mut desk = at_key();
    desk.keys("i");
    // Twelve pages without an event: more than are asked for at once.
    let empty = |read: &Read| match read {
        Read::TrailEvents(query) if &*query.region == "us-east-1" => {
            let after = query.after.as_deref();
            let page: usize = after.map_or(0, |after| after.parse().unwrap());
            Some(Ok(Answer::TrailEvents(TrailPage {
                next: (page < 11).then(|| (page + 1).to_string().into()),
                ..TrailPage::default()
            })))
        }
        read => nothing(read),
    };
    while let Some((request, read)) = desk.next_read() {
        shows_not(&desk, "No management call");
        desk.answered(request, empty(&read).unwrap_or_else(|| told(&read)));
    }
    shows_not(&desk, "No management call");
    shows(
        &desk,
        "Not known what uses it: 1 region has not told everything yet.",
    );
    desk.keys("m");
    tell_with(&mut desk, empty);
    shows(&desk, NONE);
}

#[test]
fn a_confirmation_says_who_used_a_key_last_only_where_all_regions_have_told() {
    let mut desk = at_key();
    desk.keys("i");
    let old = |read: &Read| match read {
        Read::TrailEvents(query) if &*query.region == "us-east-1" && *query.key == *KEY => {
            Some(Ok(Answer::TrailEvents(TrailPage {
                events: vec![event(CI, "20.57.44.10", "s3:ListBuckets", "us-east-1", 960)],
                ..TrailPage::default()
            })))
        }
        read => nothing(read),
    };
    let words = |desk: &Desk| {
        let engine = &desk.screen.engine;
        engine.impact_words(desk.screen.slot(), KEY)
    };
    let mut waiting = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        if matches!(&read, Read::TrailEvents(query) if &*query.region == "eu-west-1") {
            waiting.push((request, read));
            continue;
        }
        desk.answered(request, old(&read).unwrap_or_else(|| told(&read)));
    }
    let last = "GitHub Actions, 40 days ago";
    assert_eq!(
        words(&desk),
        Some(format!(
            "the last management call that is known was by {last}; 1 region has not answered yet"
        ))
    );
    for (request, read) in waiting {
        desk.answered(request, old(&read).unwrap());
    }
    // It was used today, by no call that the history has.
    let since = "last used 2 hours ago for s3, by a call that the event history does not have: a data \
                 event, or one of the last minutes";
    assert_eq!(
        words(&desk),
        Some(format!("last management call by {last}; {since}"))
    );
    desk.press(KeyCode::Esc);
    desk.keys("d");
    tell_with(&mut desk, old);
    shows(
        &desk,
        "Last management call by GitHub Actions, 40 days ago; last used 2 hours ago for s3",
    );
    shows_not(&desk, "Last used by");
}

#[test]
fn where_the_boundary_was_refused_none_is_not_said() {
    let mut desk = at_key();
    desk.keys("i");
    tell_with(&mut desk, |read| match (read, told(read)) {
        (Read::Permissions(_), Ok(Answer::Permissions(mut known))) => {
            known.boundary = None;
            known.missing.push(denied("iam:GetUser"));
            Some(Ok(Answer::Permissions(known)))
        }
        _ => None,
    });
    shows(&desk, "boundary: not known (AccessDenied: iam:GetUser)");
    shows_not(&desk, "no boundary");
}

#[test]
fn events_of_many_keys_are_not_kept_for_ever() {
    let mut desk = opened();
    let slot = desk.screen.slot();
    let session = |at: usize| format!("ASIASESSION{at:02}EXAMPLE");
    let open = |desk: &mut Desk, at: usize| {
        desk.intend(Intent::SessionEvents(slot, session(at).into()));
        tell_with(desk, nothing);
    };
    let kept = |desk: &Desk| {
        let impacts = &desk.account().impacts;
        let keys = (0..50).map(session).chain([KEY.into(), OTHER.into()]);
        keys.filter(|key| impacts.trail(key).is_some()).count()
    };
    (0..40).for_each(|at| open(&mut desk, at));
    assert_eq!(kept(&desk), 42, "a person looks at all of them");
    desk.intend(Intent::LeaveEvents(slot));
    assert_eq!(kept(&desk), 32);
    open(&mut desk, 12);
    (40..50).for_each(|at| open(&mut desk, at));
    let impacts = &desk.account().impacts;
    let is_kept = |at| impacts.trail(&session(at)).is_some();
    assert_eq!(kept(&desk), 32);
    assert!(impacts.trail(KEY).is_none() && !is_kept(0) && !is_kept(13));
    assert!(is_kept(12) && is_kept(49), "the latest stay");
}

#[test]
fn what_a_quarantine_denies_is_said_with_what_comes_back_when_it_is_lifted() {
    let mut desk = at_key();
    desk.keys("i");
    tell_with(&mut desk, |read| match (read, told(read)) {
        (Read::Permissions(_), Ok(Answer::Permissions(mut known))) => {
            let mut quarantine = NamedPolicy {
                name: "AWSCompromisedKeyQuarantineV3".into(),
                arn: Some("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3".into()),
                group: None,
                ..known.policies[0].clone()
            };
            let denies = &mut quarantine.policy.as_mut().unwrap().statements[0];
            denies.allows = false;
            let all = ["iam:*", "lambda:*", "ssm:s*"];
            denies.actions.any_of = all.map(Into::into).into();
            known.policies.insert(0, quarantine);
            Some(Ok(Answer::Permissions(known)))
        }
        _ => None,
    });
    shows(
        &desk,
        "everything: AdministratorAccess, by group ops-admins; denied in part now by \
         AWSCompromisedKeyQuarantineV3, which leaves: can read secrets, with \
         secretsmanager:GetSecretValue",
    );
    shows_not(&desk, "nothing that stands out");
    // It is the user's, and tells nothing of which key.
    shows(
        &desk,
        "it attaches this policy when it finds a key of a user in public. Treat each key of \
         deploy-bot as leaked.",
    );
    shows_not(&desk, "its key is public");
}

#[test]
fn that_a_key_can_do_nothing_is_said_of_its_own_policies() {
    let mut desk = at_key();
    desk.keys("i");
    tell_with(&mut desk, |read| match (read, told(read)) {
        (Read::Permissions(_), Ok(Answer::Permissions(mut known))) => {
            known.policies.clear();
            Some(Ok(Answer::Permissions(known)))
        }
        _ => None,
    });
    shows(&desk, "nothing by its own policies");
    shows(
        &desk,
        "conditions, organisation and resource policies are not evaluated",
    );
    shows(&desk, "resource policies (buckets, KMS keys, role trust)");
    shows_not(&desk, "no policy allows anything");
}

#[test]
fn a_last_use_before_the_history_is_no_call_that_it_misses() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jji");
    tell_with(&mut desk, nothing);
    shows(
        &desk,
        "Last used 388 days ago for s3, before the 90 days that the event history covers.",
    );
    shows_not(&desk, "a data event");
}

#[test]
fn nothing_is_counted_where_nothing_was_told() {
    let counted = |desk: &Desk| {
        for count in [
            "0 seen",
            "none seen",
            "Nothing seen",
            "none in the last",
            NONE,
        ] {
            shows_not(desk, count);
        }
    };
    let mut desk = at_key();
    desk.keys("i");
    counted(&desk);
    shows(&desk, "management calls of the last 90 days: not known yet");
    shows(&desk, "Sessions it made not known yet");
    shows(&desk, "Not known yet: the regions are being asked.");
    desk.keys("e");
    counted(&desk);
    shows(&desk, "Not known yet: the regions are being asked.");
    desk.press(KeyCode::Esc);
    for (kind, code, words) in [
        (Kind::Denied, "AccessDenied", "not allowed"),
        (Kind::Server, "InternalError", "not known"),
    ] {
        let mut desk = at_key();
        desk.keys("i");
        tell_with(&mut desk, |read| match read {
            Read::TrailEvents(_) => Some(Err(refusal("cloudtrail:LookupEvents", code, kind))),
            _ => None,
        });
        counted(&desk);
        shows(
            &desk,
            &format!("management calls of the last 90 days: {words}"),
        );
        shows(&desk, &format!("Sessions it made {words}"));
        let other = format!("Whether the other key of deploy-bot, {OTHER}, is used is not known");
        shows(&desk, &other);
        shows_not(&desk, "was not seen in use");
        desk.keys("e");
        counted(&desk);
    }
    // One region has told that there is nothing: of it that is said.
    let mut desk = at_key();
    desk.keys("i");
    tell_with(&mut desk, |read| match read {
        Read::TrailEvents(query) if &*query.region == "us-east-1" => nothing(read),
        Read::TrailEvents(_) => Some(Err(denied("cloudtrail:LookupEvents"))),
        _ => None,
    });
    shows(&desk, "0 seen");
    shows(&desk, "none seen so far: not everything is known");
    shows_not(&desk, NONE);
}

#[test]
fn the_cap_is_said_while_older_events_are_asked_for() {
    let mut desk = at_key();
    desk.keys("i");
    tell_with(&mut desk, endless);
    desk.keys("m");
    let asked = reads(&mut desk);
    assert_eq!(regions_of(&asked, KEY), ["us-east-1"]);
    shows(&desk, "the latest of more, asking for older");
    shows(
        &desk,
        "older events of us-east-1: these are the latest 500 of more",
    );
}

#[test]
fn what_a_session_did_is_not_unchecked_once_it_was_asked() {
    let mut desk = opened();
    shows(&desk, "what its sessions did");
    desk.keys("jjjjjj");
    desk.press(KeyCode::Enter);
    // Nothing has answered yet.
    desk.press(KeyCode::Esc);
    shows(&desk, "what its sessions did");
    let whole = |read: &Read| match read {
        Read::TrailEvents(query) if &*query.region == "me-south-1" => {
            Some(Ok(Answer::TrailEvents(TrailPage::default())))
        }
        _ => None,
    };
    tell_with(&mut desk, whole);
    shows(&desk, "what 1 of its 2 sessions did");
    let slot = desk.screen.slot();
    let token = "ASIADEPLOYTOKEN91ZDX";
    desk.intend(Intent::SessionEvents(slot, token.into()));
    tell_all(&mut desk);
    shows(&desk, "all that 1 of its sessions did");
    desk.intend(Intent::RefreshImpact {
        slot,
        user: "deploy-bot".into(),
        key: token.into(),
    });
    tell_with(&mut desk, whole);
    shows_not(&desk, "its sessions did");
}

/// The people without the key, or without its user.
fn without_key(user_as_well: bool) -> Vec<Someone> {
    let mut people = people();
    if user_as_well {
        people.retain(|user| user.name != "deploy-bot");
        return people;
    }
    let user = people.iter_mut().find(|user| user.name == "deploy-bot");
    let keys = &mut user.expect("the user").keys;
    keys.retain(|(key, _)| key.id != KEY);
    people
}

#[test]
fn a_key_that_is_deleted_meanwhile_is_said_to_be_and_nothing_is_offered_to_do_to_it() {
    for user_as_well in [false, true] {
        let mut desk = opened();
        shows(&desk, "Active · 412 days old");
        let left = without_key(user_as_well);
        desk.keys("R");
        tell_with(&mut desk, |read| match read {
            Read::Keys(user) if user_as_well && **user == *"deploy-bot" => Some(Err(refusal(
                "iam:ListAccessKeys",
                "NoSuchEntity",
                Kind::NotFound,
            ))),
            Read::Keys(_) => Some(answer(&left, read.clone())),
            _ => None,
        });
        shows(&desk, "not there any more");
        shows_not(&desk, "Active ·");
        shows(
            &desk,
            "It is not there any more: nothing can use it. 2 workloads that used it today fail",
        );
        shows_not(&desk, "will fail");
        let footer = desk.screen().lines().last().unwrap_or_default().to_owned();
        for offer in ["deactivate", "delete", "rotate"] {
            assert!(!footer.contains(offer), "{footer}");
        }
        for key in ["t", "d"] {
            desk.keys(key);
            assert_eq!(desk.screen.open_dialogs(), 1);
            shows(&desk, "is not there any more");
        }
    }
}

#[test]
fn a_confirmation_of_what_is_gone_neither_warns_nor_confirms() {
    let mut desk = opened();
    desk.keys("t");
    let left = without_key(false);
    tell_with(&mut desk, |read| match read {
        Read::Keys(_) => Some(answer(&left, read.clone())),
        _ => None,
    });
    let screen = desk.screen();
    assert!(screen.contains("▲ It is not there any more. "), "{screen}");
    for contradiction in [
        "only active key",
        "will fail immediately",
        "Used today",
        "Deactivate y",
        "y Deactivate",
    ] {
        shows_not(&desk, contradiction);
    }
    shows(&desk, "Close");
    desk.keys("y");
    shows(
        &desk,
        "Nothing is left to be done: it is not there any more",
    );
    desk.press(KeyCode::Enter);
    assert_eq!(desk.screen.open_dialogs(), 1, "closed");
    assert!(desk.next_change().is_none());
}

#[test]
fn only_what_does_something_is_offered_and_the_way_back_always_is() {
    let footer = |desk: &Desk| desk.screen().lines().last().unwrap_or_default().to_owned();
    for size in [(60, 16), (80, 24), (120, 50)] {
        let mut desk = at_key_in(size);
        desk.keys("i");
        assert!(footer(&desk).contains("Esc back"), "{}", footer(&desk));
        assert!(!footer(&desk).contains("Enter open"), "nothing is known");
        tell_all(&mut desk);
        assert!(footer(&desk).contains("Enter open"), "a workload");
        let mut opens = 0;
        for _ in 0..14 {
            let is_offered = footer(&desk).contains("Enter open");
            desk.press(KeyCode::Enter);
            let is_open = desk.screen.open_dialogs() > 1;
            assert_eq!(is_open, is_offered, "{}", desk.screen());
            if is_open {
                assert!(!footer(&desk).contains("m more"), "{}", footer(&desk));
                desk.press(KeyCode::Esc);
            } else {
                shows(&desk, "Nothing to open here");
            }
            opens += usize::from(is_open);
            desk.keys("j");
        }
        // Three workloads, the plot, two sessions and a policy.
        assert_eq!(opens, 7);
        assert!(!footer(&desk).contains("Enter open"), "not checked");
        assert!(footer(&desk).contains("Esc back"));
        desk.keys("e");
        assert!(footer(&desk).contains("Esc back"));
        assert!(footer(&desk).contains("Enter open"));
    }
    let settings = iamkeys::tui::Settings {
        engine: iamkeys::engine::Settings {
            read_only: true,
            ..settings().engine
        },
        ..settings()
    };
    let mut desk = Desk::showing(SIZE, settings, &people());
    desk.keys("j");
    desk.press(KeyCode::Tab);
    desk.keys("i");
    tell_with(&mut desk, endless);
    for change in ["deactivate", "delete"] {
        assert!(!footer(&desk).contains(change), "{}", footer(&desk));
    }
    desk.keys("e");
    assert!(
        footer(&desk).contains("m older") || footer(&desk).contains("m more"),
        "{}",
        footer(&desk)
    );
}

#[test]
fn a_title_that_does_not_fit_says_so_and_names_the_account() {
    for (size, title) in [
        ((60, 16), "AKIADEPLOY01EXAMPLE1 in acme-… ─ Active"),
        ((66, 20), "AKIADEPLOY01EXAMPLE1 in acme-prod ─"),
        (
            (80, 24),
            "AKIADEPLOY01EXAMPLE1 of deploy-bot in acme-prod ─",
        ),
    ] {
        let mut desk = at_key_in(size);
        desk.keys("i");
        tell_all(&mut desk);
        let screen = desk.screen();
        assert!(screen.contains(title), "{screen}");
    }
}

/// Which lines the border says are shown, and of how many.
fn lines_shown(desk: &Desk) -> (usize, usize, usize) {
    let screen = desk.screen();
    let place = screen.lines().find_map(|line| {
        let (before, after) = line
            .rsplit_once(" of ")
            .filter(|(_, it)| it.starts_with(|c: char| c.is_ascii_digit()))?;
        let (first, last) = before.rsplit([' ', '─']).next()?.split_once('-')?;
        let all: String = after.chars().take_while(char::is_ascii_digit).collect();
        Some((first.parse().ok()?, last.parse().ok()?, all.parse().ok()?))
    });
    place.unwrap_or_else(|| panic!("it says which lines:\n{screen}"))
}

#[test]
fn a_page_down_shows_the_next_lines_and_skips_none() {
    for size in [(60, 16), (80, 24)] {
        let mut desk = at_key_in(size);
        desk.keys("i");
        tell_all(&mut desk);
        desk.draw();
        let (first, mut last, all) = lines_shown(&desk);
        assert_eq!(first, 1);
        while last < all {
            desk.press(KeyCode::PageDown);
            desk.draw();
            let (first, end, _) = lines_shown(&desk);
            assert!(
                first == last || end == all && first <= last,
                "{first}-{end} after {last}"
            );
            assert!(end > last, "{size:?}: {}", desk.screen());
            // The cursor is in sight.
            assert!(desk.screen().contains('▌'), "{}", desk.screen());
            last = end;
        }
        // What moves the cursor by one keeps the page.
        let before = lines_shown(&desk);
        desk.keys("k");
        desk.draw();
        assert!(
            lines_shown(&desk).0.abs_diff(before.0) <= 6,
            "{}",
            desk.screen()
        );
        let mut first = lines_shown(&desk).0;
        while first > 1 {
            desk.press(KeyCode::PageUp);
            desk.draw();
            let (top, end, _) = lines_shown(&desk);
            assert!(
                end == first || top == 1 && end >= first,
                "{top}-{end} before {first}"
            );
            first = top;
        }
    }
}

#[test]
fn the_leak_is_offered_on_every_row_of_the_smallest_screen() {
    let mut desk = at_key_in((60, 16));
    desk.keys("i");
    tell_all(&mut desk);
    for _ in 0..20 {
        let screen = desk.screen();
        let footer = screen.lines().last().unwrap();
        assert!(footer.contains("! leaked"), "{footer}");
        desk.keys("j");
    }
}

#[test]
fn one_call_is_not_many() {
    let mut desk = at_key_in((60, 16));
    desk.keys("i");
    tell_with(&mut desk, |read| match read {
        Read::TrailEvents(query) => Some(Ok(Answer::TrailEvents(TrailPage {
            events: if &*query.region == "us-east-1" {
                vec![event(
                    CI,
                    "20.57.44.10",
                    "sts:GetCallerIdentity",
                    "us-east-1",
                    3,
                )]
            } else {
                Vec::new()
            },
            next: None,
            unreadable: 0,
        }))),
        _ => None,
    });
    let screen = desk.screen();
    assert!(
        screen.contains("1 call ") && !screen.contains("1 calls"),
        "{screen}"
    );
}

#[test]
fn what_is_said_below_a_dialog_leaves_its_border_whole() {
    let mut desk = at_key_in((80, 24));
    desk.keys("i");
    tell_all(&mut desk);
    desk.send(Event::Copied {
        what: Copied::KeyId,
        key: KEY.into(),
        outcome: CopyOutcome::SentToTerminal(Multiplexer::Tmux),
    });
    let screen = desk.screen();
    assert!(
        screen.contains("OSC 52") && screen.contains("tmux)"),
        "{screen}"
    );
    let whole = format!("╰{}╯", "─".repeat(76));
    assert!(screen.contains(&whole), "{screen}");
}
