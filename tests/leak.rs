//! The response to a leaked key that is cut off between each two of its steps, and taken up by another
//! run: in this process, and with the real program killed in a pseudo terminal. Nothing is kept between
//! the runs but the account.

mod common;
#[cfg(unix)]
#[path = "common/hands.rs"]
mod hands;
#[cfg(unix)]
#[path = "common/pty.rs"]
mod pty;
#[cfg(unix)]
#[path = "common/served.rs"]
mod served;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    Person, Setup, changes, dialog, endpoint, eventually, now,
    rotating::{self, Hands},
};
use iamkeys::{
    demo::{Account, Endpoint, Fault, FaultKind, LastUsed, Status},
    engine::{REVOCATION, Signal, impact::revocation},
};
use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

/// The key that has leaked in the demo's story, and its user.
const KEY: &str = "AKIAQX7DEMO4MOBILE01";
const USER: &str = "mobile-uploads";

/// What it has created.
const MADE: &str = "AKIAQX7DEMO4SVCBKP01";

/// The present of the tests, from which time goes on: runs that follow one another ask the same regions,
/// and wait for what CloudTrail allows in a second.
fn moving() -> DateTime<Utc> {
    static START: OnceLock<Instant> = OnceLock::new();
    let passed = START.get_or_init(Instant::now).elapsed();
    now() + TimeDelta::from_std(passed).unwrap()
}

/// When a session that was made before the revocation has expired.
fn later() -> DateTime<Utc> {
    moving() + TimeDelta::hours(37)
}

fn status(endpoint: &Endpoint, key: &str) -> Option<Status> {
    endpoint.account(|account| account.key(key).map(|(_, key)| key.status))
}

fn policy(endpoint: &Endpoint) -> Option<String> {
    let policy = endpoint.account(|account| account.user_policy(USER, REVOCATION));
    policy.map(|policy| policy.to_string())
}

/// Waits until the page shows this, which the account tells.
fn see(hands: &mut dyn Hands, text: &str) -> String {
    hands.until(text, &|screen| screen.contains(text))
}

/// Waits until the page shows that a step is done.
fn done(hands: &mut dyn Hands, step: &str) {
    see(hands, &format!("✓ {step}"));
}

/// Waits until the page shows that sessions are denied, and that others may not be told yet.
fn denied(hands: &mut dyn Hands) {
    see(hands, "▲ 2 Revoke sessions those made before");
    see(hands, "within the last hour may not be told yet");
}

/// Goes on where the cursor is, and agrees to what a dialog of this title says.
fn agree(hands: &mut dyn Hands, keys: &str, title: &str) {
    hands.keys(keys);
    hands.until(title, &|screen| {
        let asked = dialog(screen, title);
        asked.is_some_and(|asked| asked.contains("Verified with AWS just now"))
    });
    hands.keys("y");
}

/// What starts another run, with such a clock.
type Starts<'a> = dyn Fn(fn() -> DateTime<Utc>) -> Box<dyn Hands> + 'a;

/// Does all of it, each step in a run of its own, at this time.
fn to_the_end(endpoint: &Endpoint, time: DateTime<Utc>, start: &Starts) {
    // Sessions that it made may still run.
    let used = LastUsed {
        at: time - TimeDelta::hours(2),
        service: "sts".into(),
        region: "us-east-1".into(),
    };
    endpoint.account(|account| assert!(account.set_last_used(KEY, Some(used))));
    // It is looked at, and left.
    let mut run = start(moving);
    see(&mut *run, &format!("Leaked {KEY}"));
    see(&mut *run, "Active: whoever has it can use it");
    run.kill();
    assert!(changes(endpoint).is_empty());
    // It is deactivated.
    let mut run = start(moving);
    see(&mut *run, "▌ ▶ 1 Deactivate");
    agree(&mut *run, "<enter>", "Deactivate key");
    done(&mut *run, "1 Deactivate");
    run.kill();
    assert_eq!(status(endpoint, KEY), Some(Status::Inactive));
    // Its sessions are revoked, by somebody else.
    let mut run = start(moving);
    done(&mut *run, "1 Deactivate");
    see(&mut *run, "▌ ▶ 2 Revoke sessions");
    agree(&mut *run, "<enter>", "Revoke sessions");
    // Whether it was used just before it was off is not on record yet.
    denied(&mut *run);
    run.kill();
    let document = policy(endpoint).expect("it is there");
    assert!(revocation::cut_at(&document).is_some(), "{document}");
    // The key that it has created is found among what it did, and deactivated.
    let mut run = start(moving);
    denied(&mut *run);
    let shown = see(&mut *run, "3 What it did");
    assert!(shown.contains("2 Revoke sessions"), "{shown}");
    run.until("what it did", &|screen| screen.contains("1 key created"));
    // The user who was made, and then the key.
    run.keys("gjj");
    see(&mut *run, MADE);
    run.keys("jj");
    see(
        &mut *run,
        &format!("▌ iam CreateAccessKey: {MADE} of svc-backup2, Active"),
    );
    agree(&mut *run, "t", "Deactivate key");
    eventually("the key that was created is off", || {
        status(endpoint, MADE) == Some(Status::Inactive)
    });
    see(&mut *run, "svc-backup2, Inactive");
    run.kill();
}

#[test]
fn a_response_that_was_cut_off_anywhere_is_taken_up_from_the_account() {
    struct Here(Person);
    impl Hands for Here {
        fn keys(&mut self, keys: &str) {
            self.0.press(keys);
        }

        fn until(&mut self, what: &str, is_so: &dyn Fn(&str) -> bool) -> String {
            self.0.wait(what, is_so)
        }

        fn copied(&self) -> Vec<String> {
            Vec::new()
        }

        fn kill(self: Box<Self>) {
            let Self(mut person) = *self;
            person.signal(Signal::Terminate);
            person.exit();
        }
    }
    let endpoint = endpoint();
    let start = |clock: fn() -> DateTime<Utc>| -> Box<dyn Hands> {
        let setup = Setup {
            size: (120, 36),
            leaked: Some(KEY),
            clock,
            ..Setup::default()
        };
        Box::new(Here(Person::with(&endpoint, setup)))
    };
    to_the_end(&endpoint, now(), &start);
    let document = policy(&endpoint).expect("it is there");
    let cut = revocation::cut_at(&document).expect("a time");
    assert!((now()..=moving()).contains(&cut), "{document}");
    assert_eq!(document, &*revocation::document(cut));
    // A day and a half later the policy is removed again.
    let mut run = start(later);
    see(&mut *run, "policy can be removed");
    agree(&mut *run, "gj<enter>", "Remove the revocation");
    eventually("the policy is gone", || policy(&endpoint).is_none());
    see(
        &mut *run,
        "▶ 2 Revoke sessions not revoked: last use on record",
    );
    run.kill();
    let sent = changes(&endpoint);
    assert_eq!(
        sent,
        [
            "UpdateAccessKey",
            "PutUserPolicy",
            "UpdateAccessKey",
            "DeleteUserPolicy"
        ]
    );
}

#[test]
fn what_somebody_else_has_done_is_seen_although_the_events_are_refused() {
    let endpoint = endpoint();
    endpoint.fault(Fault::new(FaultKind::Refuse).action("LookupEvents"));
    let setup = Setup {
        size: (120, 36),
        leaked: Some(KEY),
        ..Setup::default()
    };
    let mut person = Person::with(&endpoint, setup);
    person.see("not revoked: they may last for 36 hours");
    person.see("18 of 18 regions not told:");
    person.see("AccessDeniedException: cloudtrail:LookupEvents");
    let document = revocation::document(now());
    endpoint.account(|account| {
        account
            .put_user_policy(USER, REVOCATION, &document)
            .unwrap();
    });
    person.press("R");
    // Not for done: the key is Active, and can make others.
    person.see("2 Revoke sessions those made before");
    assert!(changes(&endpoint).is_empty());
}

#[cfg(unix)]
#[test]
fn the_real_program_is_killed_between_its_steps_and_goes_on() {
    let time = Utc::now();
    let endpoint = Endpoint::new(Account::demo(time))
        .with_clock(Arc::new(move || time))
        .with_report_time(TimeDelta::zero());
    let served = served::Served::of(&endpoint);
    to_the_end(&endpoint, time, &|_| {
        let start = served.start(None).arg("leaked").arg(KEY);
        Box::new(start.size(120, 36).run())
    });
    assert_eq!(changes(&endpoint).len(), 3);
}
