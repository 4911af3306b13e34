//! The impact of a key, through the real event loop against the embedded endpoint.

use crate::common::{Person, Setup, endpoint, go_to};
use iamkeys::demo::{self, Fault, FaultKind, Outcome, Payload};
use std::time::Duration;

const ROOM: (u16, u16) = (120, 60);

fn at_deploy_bot(person: &mut Person) {
    go_to(person, "deploy-bot");
    person.press("<tab>");
    person.press("i");
}

#[test]
fn who_uses_a_key_is_shown_and_no_region_is_asked_faster_than_it_answers() {
    let endpoint = endpoint();
    let setup = Setup {
        size: ROOM,
        ..Setup::default()
    };
    let mut person = Person::with(&endpoint, setup);
    assert_eq!(person.calls("LookupEvents"), 0);
    at_deploy_bot(&mut person);
    person.see("GitHub Actions · aws-cli 2.15");
    person.see("everything: AdministratorAccess");
    person.see("VPC endpoint");
    person.see("is already used by GitHub Actions");
    let looked_up = endpoint.calls().into_iter();
    let looked_up: Vec<_> = looked_up
        .filter(|call| call.action == "LookupEvents")
        .collect();
    assert!(looked_up.iter().all(|call| call.outcome == Outcome::Done));
    // Which is sent first is decided in the engine; which arrives first is not.
    let home = |call: &demo::Call| call.region.as_deref() == Some("us-east-1");
    assert!(looked_up.iter().any(home));
    person.press("<enter>");
    person.see("Events of AKIAQX7DEMO4DEPLOY01");
    person.press("<enter>");
    person.see("\"eventName\":");
}

#[test]
fn secrets_in_events_reach_no_screen() {
    let endpoint = endpoint();
    endpoint.fault(Fault::new(FaultKind::Event(Payload::Secret)).action("LookupEvents"));
    let setup = Setup {
        size: ROOM,
        ..Setup::default()
    };
    let mut person = Person::with(&endpoint, setup);
    at_deploy_bot(&mut person);
    let no_secret = |screen: &str| {
        assert!(
            !screen.contains("wJalr") && !screen.contains("bPxRf"),
            "{screen}"
        );
    };
    no_secret(&person.see("that used it today will fail: redacted"));
    person.press("e");
    person.see("Events of AKIAQX7DEMO4DEPLOY01");
    no_secret(&person.see("[redacted]"));
    person.press("<enter>");
    no_secret(&person.see("\"note\": \"[redacted]\""));
}

#[test]
fn one_region_denied_and_one_hanging_leave_the_others_and_are_named() {
    let endpoint = endpoint();
    let lookup = |kind| Fault::new(kind).action("LookupEvents");
    endpoint.fault(lookup(FaultKind::Refuse).in_region("eu-west-1"));
    let long = Duration::from_hours(1);
    endpoint.fault(lookup(FaultKind::Delay(long)).in_region("eu-central-1"));
    let setup = Setup {
        size: ROOM,
        ..Setup::default()
    };
    let mut person = Person::with(&endpoint, setup);
    at_deploy_bot(&mut person);
    person.see("GitHub Actions · aws-cli 2.15");
    // On however many lines.
    let whole = |screen: &str| {
        let words = screen.split_whitespace();
        let words: Vec<&str> = words.filter(|word| *word != "││").collect();
        words.join(" ")
    };
    person.wait("the two regions are named", |screen| {
        let whole = whole(screen);
        whole.contains("1 region still being asked")
            && whole.contains("eu-west-1 (AccessDeniedException: cloudtrail:LookupEvents)")
    });
    // And the lists go on.
    person.press("<esc>");
    person.press("<esc>");
    let listed = || {
        let calls = endpoint.calls().into_iter();
        calls.filter(|call| call.action == "ListUsers").count()
    };
    let before = listed();
    person.press("R");
    person.wait("the list is asked for again", |_| listed() > before);
}
