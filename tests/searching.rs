//! A key is found in whichever account of an organisation it is, through the real event loop against the
//! embedded endpoint.

mod common;

use chrono::TimeDelta;
use common::{Person, Setup, dialog, now};
use crossterm::event::Event;
use iamkeys::demo::{Endpoint, Fault, FaultKind, Status};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

const DEV: &str = "111122223333";
/// A key of `ci-dev` in acme-dev.
const OF_DEV: &str = "AKIAQX7DEMO4DVCI0001";
/// A key of `kafka-connect` in acme-data.
const OF_DATA: &str = "AKIAQX7DEMO4DTKAFK01";
/// A key of `www` in acme-legacy, which lets nobody in.
const OF_LEGACY: &str = "AKIAQX7DEMO4LGWWW001";
/// A key of `cron` in acme-old, which is closed.
const OF_OLD: &str = "AKIAQX7DEMO4LDCRON01";
/// The example in AWS's own documents: it tells no account.
const NOBODYS: &str = "AKIAIOSFODNN7EXAMPLE";

fn organisation() -> Endpoint {
    Endpoint::demo_organisation(now())
        .with_clock(Arc::new(now))
        .with_report_time(TimeDelta::zero())
}

/// `GetAccessKeyInfo` is not allowed, and so nothing tells the account of the demo's IDs.
fn without_info() -> Endpoint {
    let endpoint = organisation();
    endpoint.fault(Fault::new(FaultKind::Refuse).action("GetAccessKeyInfo"));
    endpoint
}

fn all(find: Option<&'static str>) -> Setup {
    Setup {
        all_accounts: true,
        find,
        ..Setup::default()
    }
}

/// Pastes an ID where no text is typed.
fn paste(person: &mut Person, key: &str) {
    person.event(Event::Paste(key.into()));
}

/// All accounts are open that can be.
fn opened(endpoint: &Endpoint) -> Person {
    let person = Person::with(endpoint, all(None));
    person.see("Users 40");
    person.loaded();
    person
}

/// Waits until the dialog says this, on however many lines.
fn hear(person: &Person, text: &str) {
    person.wait(text, |screen| {
        let dialog = dialog(screen, "Find a key");
        dialog.is_some_and(|words| words.contains(text))
    });
}

/// How often the owner of a key was asked for, in each account.
fn asked(person: &Person, key: &str) -> BTreeMap<String, usize> {
    let mut asked = BTreeMap::new();
    for call in person.endpoint.calls() {
        if call.action == "GetAccessKeyLastUsed" && call.key_id.as_deref() == Some(key) {
            *asked.entry(call.account.unwrap_or_default()).or_default() += 1;
        }
    }
    asked
}

#[test]
fn a_key_named_at_the_start_waits_until_its_account_is_open_and_an_action_with_it() {
    let endpoint = organisation();
    // It takes a while until the organisation is listed.
    let slow = FaultKind::Delay(Duration::from_millis(300));
    endpoint.fault(Fault::new(slow).action("organizations:ListAccounts"));
    let mut person = Person::with(&endpoint, all(Some(OF_DEV)));
    person.see("Find a key");
    person.press("t");
    person.see("Deactivate key");
    let screen = person.see(&format!("{OF_DEV} of ci-dev"));
    assert!(screen.contains("acme-dev 111122223333"), "{screen}");
    person.see("Verified with AWS just now");
    person.press("y");
    person.see("Deactivated");
    let status = endpoint.in_account(DEV, |account| account.key(OF_DEV).unwrap().1.status);
    assert_eq!(status, Status::Inactive);
    assert_eq!(person.calls("GetAccessKeyInfo"), 1);
}

#[test]
fn the_demo_s_organisation_is_opened_for_a_key_in_it() {
    for size in [(80, 24), (60, 16)] {
        let endpoint = organisation();
        let setup = Setup {
            size,
            ..Setup::default()
        };
        let mut person = Person::with(&endpoint, setup);
        person.loaded();
        paste(&mut person, OF_DEV);
        hear(
            &person,
            &format!(
                "{OF_DEV} belongs to account {DEV}, which is not open. Enter opens the accounts of \
                 the organisation and looks there."
            ),
        );
        assert_eq!(person.calls("AssumeRole"), 0, "nothing is opened unasked");
        person.press("<enter>");
        person.gone("Find a key");
        person.see("─ ci-dev ─");
        let screen = person.see(OF_DEV);
        assert!(screen.contains("Active"), "{screen}");
    }
}

#[test]
fn a_key_of_an_account_that_lets_nobody_in_is_told_with_the_reason() {
    for size in [(80, 24), (60, 16)] {
        let setup = Setup { size, ..all(None) };
        let mut person = Person::with(&organisation(), setup);
        person.loaded();
        paste(&mut person, OF_LEGACY);
        hear(
            &person,
            &format!(
                "{OF_LEGACY} belongs to account acme-legacy 777788889999, which cannot be reached: \
                 no role to assume: tried iamkeys-audit, OrganizationAccountAccessRole, \
                 AWSControlTowerExecution. Enter signs in there again."
            ),
        );
        person.press("<esc>");
        person.gone("Find a key");
        paste(&mut person, OF_OLD);
        hear(
            &person,
            &format!(
                "{OF_OLD} belongs to account acme-old 999900001111, which cannot be reached: \
                 suspended."
            ),
        );
        assert!(asked(&person, OF_OLD).keys().all(|id| id == "123456789012"));
    }
}

#[test]
fn an_account_that_lets_someone_in_after_all_is_signed_in_to_again() {
    let endpoint = organisation();
    let closed = Fault::new(FaultKind::Refuse).action("AssumeRole");
    endpoint.fault(closed.in_account(DEV));
    let mut person = Person::with(&endpoint, all(Some(OF_DEV)));
    hear(&person, "acme-dev 111122223333, which cannot be reached");
    endpoint.clear_faults();
    person.press("<enter>");
    person.see("─ ci-dev ─");
    person.see(OF_DEV);
}

#[test]
fn a_key_is_shown_where_the_screen_shows_another_account_or_leaves_its_own_out() {
    // Narrowed to acme-dev, with its seven users; acme-data comes before it.
    let mut person = opened(&organisation());
    person.press("0");
    person.see("acme-sandbox");
    person.press("gj<enter>");
    person.see("Users 7");
    paste(&mut person, OF_DATA);
    person.see("─ kafka-connect ─");
    person.see(OF_DATA);
    // Its account is left out.
    let mut person = opened(&organisation());
    person.press("0");
    person.see("acme-sandbox");
    person.press("gx1");
    person.see("Users 31");
    paste(&mut person, OF_DATA);
    person.see("─ kafka-connect ─");
    let screen = person.see(OF_DATA);
    assert!(screen.contains("acme-data 444455556666"), "{screen}");
}

#[test]
fn where_nothing_tells_the_account_each_one_is_asked_once() {
    let endpoint = without_info();
    let mut person = opened(&endpoint);
    paste(&mut person, OF_DATA);
    person.see("─ kafka-connect ─");
    person.gone("Find a key");
    paste(&mut person, NOBODYS);
    hear(
        &person,
        &format!("No key {NOBODYS} in the 4 accounts that were asked."),
    );
    hear(&person, "2 accounts could not be reached.");
    let asked = asked(&person, NOBODYS);
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert!(asked.values().all(|times| *times == 1), "{asked:?}");
    // One of them does not answer: it may be there.
    person.press("<esc>");
    let fails = Fault::new(FaultKind::Code {
        status: 418,
        code: "Teapot".into(),
        message: "short and stout".into(),
    });
    endpoint.fault(fails.action("GetAccessKeyLastUsed").in_account(DEV));
    paste(&mut person, NOBODYS);
    hear(&person, "acme-dev 111122223333 did not tell: Teapot");
    hear(&person, "Enter asks again.");
}

#[test]
fn a_key_named_at_the_start_is_looked_for_in_accounts_as_they_open() {
    let endpoint = without_info();
    let mut person = Person::with(&endpoint, all(Some(OF_DATA)));
    person.see("─ kafka-connect ─");
    person.see(OF_DATA);
    person.press("t");
    person.see("Deactivate key");
}

#[test]
fn of_hundreds_of_accounts_sixteen_are_asked_at_once() {
    let endpoint = Endpoint::generated(100, 1, now()).with_clock(Arc::new(now));
    endpoint.fault(Fault::new(FaultKind::Refuse).action("GetAccessKeyInfo"));
    let person = Person::with(&endpoint, all(Some(NOBODYS)));
    hear(&person, "No key AKIAIOSFODNN7EXAMPLE in the ");
    let asked = asked(&person, NOBODYS);
    assert!(asked.len() > 80, "{}", asked.len());
    assert!(asked.values().all(|times| *times == 1), "{asked:?}");
}
