//! The queue of reads through the real event loop, SDK and endpoint: what the endpoint counts.

mod common;

use chrono::Utc;
use common::{Person, Setup};
use iamkeys::{
    demo::{Account, Call, Delay, Endpoint, Fault, FaultKind, Outcome},
    engine::{Background, Exit, limiter::MOST},
};
use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_mins(1);

/// An account of so many users.
fn account(users: usize) -> Endpoint {
    Endpoint::new(Account::generated(users, Utc::now())).with_report_time(chrono::TimeDelta::zero())
}

fn sweeping(endpoint: &Endpoint) -> Person {
    let setup = Setup {
        size: (120, 30),
        background: Background::All,
        clock: Utc::now,
        ..Setup::default()
    };
    Person::with(endpoint, setup)
}

/// How often each user's keys and each key's last use were asked for; of those, only how often
/// with this outcome.
fn asked(endpoint: &Endpoint, counts: impl Fn(&Call) -> bool) -> BTreeMap<(String, String), usize> {
    let mut asked = BTreeMap::new();
    for call in endpoint.calls().into_iter().filter(counts) {
        let of = match call.action.as_str() {
            "ListAccessKeys" => call.user.clone(),
            "GetAccessKeyLastUsed" => call.key_id.clone(),
            _ => continue,
        };
        let of = of.expect("it names somebody");
        *asked.entry((call.action, of)).or_default() += 1;
    }
    asked
}

/// Each user once, and each key once.
fn everything_once(endpoint: &Endpoint) -> BTreeMap<(String, String), usize> {
    endpoint.account(|account| {
        let mut once = BTreeMap::new();
        for user in account.users() {
            once.insert(("ListAccessKeys".to_owned(), user.name.to_string()), 1);
            for key in &user.keys {
                let id = key.id.as_str().to_owned();
                once.insert(("GetAccessKeyLastUsed".to_owned(), id), 1);
            }
        }
        once
    })
}

/// Waits until the account's other end is as asked.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited for {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn everybody_is_asked_about_once_and_the_screen_counts_them_all() {
    let endpoint = account(1000).with_delay(Delay::Fixed(Duration::from_millis(3)));
    let person = sweeping(&endpoint);
    let expected = everything_once(&endpoint);
    until("the last answer", || {
        asked(&endpoint, |_| true).len() == expected.len()
    });
    let screen = person.loaded();
    assert_eq!(asked(&endpoint, |_| true), expected);
    let (users, keys) = (1000, expected.len() - 1000);
    let count = |number: usize| format!("{},{:03}", number / 1000, number % 1000);
    let (users, keys) = (
        format!("Users {}", count(users)),
        format!("Keys {}", count(keys)),
    );
    assert!(
        screen.contains(&users) && screen.contains(&keys),
        "{screen}"
    );
    assert!(
        !screen.contains("so far") && !screen.contains('~'),
        "{screen}"
    );
    assert!(screen.contains("Activity 0"), "{screen}");
    assert!(
        endpoint.most_at_once() <= MOST + 1,
        "{}",
        endpoint.most_at_once()
    );
}

#[test]
fn whoever_is_selected_during_the_sweep_is_asked_for_next() {
    let endpoint = account(2000);
    let mut person = sweeping(&endpoint);
    until("a part of the sweep", || endpoint.calls().len() > 300);
    // From now on nothing is answered for a while, so that what is asked between the key press and
    // the selected user's keys can be told from what was on its way before.
    let slow = FaultKind::Delay(Duration::from_secs(6));
    for action in ["ListAccessKeys", "GetAccessKeyLastUsed"] {
        endpoint.fault(Fault::new(slow.clone()).action(action));
    }
    let mut seen = (0, Instant::now());
    until("all that there is room for", || {
        let calls = endpoint.calls().len();
        if calls > seen.0 {
            seen = (calls, Instant::now());
        }
        seen.1.elapsed() > Duration::from_millis(500)
    });
    let before = endpoint.calls().len();
    let users = endpoint.account(|account| {
        let names = account.users().map(|user| user.name.to_string());
        names.collect::<Vec<String>>()
    });
    let last = users.iter().max().expect("somebody");
    let found = || {
        let calls = endpoint.calls();
        let of_last = |call: &Call| call.user.as_ref() == Some(last);
        calls[before..].iter().position(of_last)
    };
    assert!(before < 4000, "it is under way");
    let pressed = Instant::now();
    person.press("G");
    until("the selected user", || found().is_some());
    // Not when there was room again.
    assert!(pressed.elapsed() < Duration::from_secs(3));
    assert!(found().unwrap() < 3, "{:?}", &endpoint.calls()[before..]);
    // Nor does quitting wait for what is under way.
    let begun = Instant::now();
    person.press("q");
    assert_eq!(person.exit(), Exit::Quit(Vec::new()));
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[test]
fn nothing_is_lost_nor_shown_as_failed_where_aws_throttles() {
    let endpoint = account(150)
        .with_delay(Delay::Fixed(Duration::from_millis(20)))
        .with_rate(50);
    let mut person = sweeping(&endpoint);
    person.wait("that it is said", |screen| screen.contains("throttl"));
    let expected = everything_once(&endpoint);
    let is_done = |call: &Call| call.outcome == Outcome::Done;
    until("the last answer", || {
        asked(&endpoint, is_done).len() == expected.len()
    });
    let screen = person.loaded();
    assert_eq!(
        asked(&endpoint, is_done),
        expected,
        "each was answered once"
    );
    assert!(
        !screen.contains("so far") && !screen.contains('~'),
        "{screen}"
    );
    assert!(screen.contains("Activity 0"), "{screen}");
    // The others were told to come back, and little of it was wasted.
    let calls = endpoint.calls();
    let (done, others): (Vec<&Call>, Vec<&Call>) = calls.iter().partition(|call| is_done(call));
    for call in &others {
        let Outcome::Refused { code, .. } = &call.outcome else {
            panic!("{call:?}");
        };
        let is_of_report = call.action.ends_with("CredentialReport");
        assert!(code == "Throttling" || is_of_report, "{call:?}");
    }
    assert!(
        others.len() < done.len() / 3,
        "{} of {}",
        others.len(),
        done.len()
    );
    person.press("2");
    let screen = person.see("─ Keys ─");
    assert!(
        !screen.contains("failed") && !screen.contains("refused"),
        "{screen}"
    );
}

#[test]
fn after_quitting_nothing_is_asked_any_more() {
    let endpoint = account(2000).with_delay(Delay::Fixed(Duration::from_millis(3)));
    let mut person = sweeping(&endpoint);
    until("a part of the sweep", || endpoint.calls().len() > 300);
    person.press("q");
    assert_eq!(person.exit(), Exit::Quit(Vec::new()));
    let at_the_end = endpoint.calls().len();
    assert!(at_the_end < 3000, "it was in the middle: {at_the_end}");
    // As long as it takes another program to begin and end.
    let another = account(50);
    let mut person = sweeping(&another);
    until("everybody", || asked(&another, |_| true).len() > 100);
    person.press("q");
    person.exit();
    // Each of the two threads may have been in the midst of sending one.
    let after = endpoint.calls().len() - at_the_end;
    assert!(after <= 2, "{after}");
}
