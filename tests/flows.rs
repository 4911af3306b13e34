//! What a person does, through the real event loop against the embedded endpoint.

mod common;
#[path = "flows/impact.rs"]
mod impact;

use chrono::TimeDelta;
use common::{Person, Setup, carried, endpoint, eventually, go_to, keys_of, now};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEvent};
use crossterm::event::{MouseButton, MouseEventKind};
use iamkeys::{
    demo::{Account, Endpoint, Fault, FaultKind, KeyId, Status},
    engine::{
        Event as Heard, Exit, PromptId, PromptNews, SessionId, Signal, Slot,
        destination::{Route, Why},
        prompt::{Asked, CodeAsked, CodeProgram, Purpose},
    },
    tui::Message,
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};
use tempfile::TempDir;

#[test]
fn the_account_appears_with_users_keys_and_last_uses() {
    let person = Person::at(&endpoint());
    let screen = person.loaded();
    for expected in [
        "acme-prod 123456789012",
        "alice",
        "DEMO",
        "Users 24",
        "deploy-bot",
        "412d",
        "never",
        "AKIAQX7DEMO4ALICE001",
    ] {
        assert!(screen.contains(expected), "{expected} in\n{screen}");
    }
}

#[test]
fn nothing_is_asked_twice_and_only_what_is_visible_is_asked() {
    let person = Person::at(&endpoint());
    person.loaded();
    assert_eq!(person.calls("ListUsers"), 1);
    assert_eq!(person.calls("GetCallerIdentity"), 1);
    assert_eq!(person.calls("ListAccessKeys"), 18, "one per visible user");
    let mut asked: Vec<_> = person
        .endpoint
        .calls()
        .into_iter()
        .filter(|call| call.action == "GetAccessKeyLastUsed")
        .map(|call| call.key_id)
        .collect();
    let all = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), all, "no key twice");
}

#[test]
fn a_large_account_is_listed_in_pages_of_a_thousand() {
    let endpoint = Endpoint::new(Account::generated(2500, now()));
    let person = Person::at(&endpoint);
    person.see("Users 2,500");
    assert_eq!(person.calls("ListUsers"), 3);
}

#[test]
fn creating_and_copying_takes_three_keys_and_sends_exactly_the_secret() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    person.press("c");
    person.see("A new access key for alice");
    person.press("y");
    let screen = person.see("New key for alice");
    assert!(!screen.contains("EXAMPLE/"), "the secret is masked");
    person.press("y");
    person.see("✓ secret sent to the terminal's clipboard (OSC 52)");
    let secret = carried(&person.sent()[0]);
    assert_eq!(person.sent().len(), 1);
    let keys = keys_of(&person.endpoint, "alice");
    assert_eq!(keys.len(), 2);
    let made = &keys[1].0;
    let real = person.endpoint.account(|account| {
        let (_, key) = account.key(made).unwrap();
        key.id.secret()
    });
    assert_eq!(secret, real);
    assert_eq!(person.calls("CreateAccessKey"), 1);
    // Nobody but the person knows whether the terminal took it.
    person.press("<esc>");
    person.see("Have you pasted it?");
    person.press("i");
    person.gone("New key for alice");
    assert!(person.see("2 of 2 keys").contains(made.as_str()));
}

#[test]
fn the_id_and_the_exports_can_be_copied_too() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    person.press("c");
    person.see("Create y");
    person.press("y");
    person.see("Not saved anywhere yet.");
    person.press("i");
    person.see("✓ key ID sent");
    // The ID alone is no copy of the secret.
    person.press("<esc>");
    person.see("Discard the only copy?");
    person.press("<esc>");
    person.gone("Discard the only copy?");
    person.press("e");
    person.see("Copy as");
    person.press("1");
    person.see("✓ exports sent");
    let sent = person.sent();
    let id = carried(&sent[0]);
    let exports = carried(&sent[1]);
    assert!(exports.starts_with(&format!("export AWS_ACCESS_KEY_ID={id}\n")));
    assert!(exports.contains("\nexport AWS_SECRET_ACCESS_KEY="));
    person.press("v");
    let screen = person.see("v hide");
    let secret = exports.trim().rsplit_once('=').unwrap().1;
    assert!(screen.contains(secret), "revealed");
    person.press("v");
    person.gone(secret);
}

#[test]
fn a_secret_that_has_gone_nowhere_is_not_lost_by_any_way_out() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    person.press("c");
    person.see("Create y");
    person.press("y");
    person.see("New key for alice");
    for way_out in ["<esc>", "q", "<c-c>"] {
        person.press(way_out);
        person.see("Discard the only copy?");
        // Keep is highlighted.
        person.press("<enter>");
        person.gone("Discard the only copy?");
        person.see("New key for alice");
    }
    person.signal(Signal::Interrupt);
    person.see("Discard the only copy?");
    person.press("<c-c>");
    person.press("d");
    assert_eq!(person.exit(), Exit::Interrupted(Vec::new()));
}

#[test]
fn a_termination_does_not_ask_and_says_what_is_lost() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    person.press("c");
    person.see("Create y");
    person.press("y");
    person.see("New key for alice");
    person.signal(Signal::Terminate);
    let Exit::Signal(15, lines) = person.exit() else {
        panic!("ended by the signal");
    };
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].starts_with("lost: the secret of AKIA"),
        "{lines:?}"
    );
    assert!(!lines[0].contains("EXAMPLE"), "not the secret itself");
}

#[test]
fn deactivating_takes_two_keys_from_the_key_s_row_and_can_be_undone() {
    let mut person = Person::at(&endpoint());
    go_to(&mut person, "deploy-bot");
    person.press("<tab>");
    person.press("t");
    let screen = person.see("Deactivate key");
    assert!(screen.contains("AKIAQX7DEMO4DEPLOY01 of deploy-bot"));
    assert!(screen.contains("in acme-prod 123456789012"));
    assert!(screen.contains("Active, used 2 hours ago (2026-11-21 10:00 UTC): s3"));
    person.press("y");
    person.see("Inactive");
    let state = |person: &Person| keys_of(&person.endpoint, "deploy-bot")[0].1;
    assert_eq!(state(&person), Status::Inactive);
    person.loaded();
    person.press("t");
    person.see("Activate key");
    person.press("y");
    person.see("Activated AKIA");
    assert_eq!(state(&person), Status::Active);
    assert_eq!(person.calls("UpdateAccessKey"), 2);
}

#[test]
fn the_truth_is_fetched_after_a_change() {
    let mut person = Person::at(&endpoint());
    go_to(&mut person, "deploy-bot");
    let before = person.calls("ListAccessKeys");
    person.press("<tab>t");
    person.see("Deactivate key");
    person.press("y");
    person.see("Inactive");
    person.loaded();
    // Once when the question opened, once after the change.
    assert_eq!(person.calls("ListAccessKeys"), before + 2);
}

#[test]
fn from_the_list_it_has_to_be_plain_which_key_is_meant() {
    let mut person = Person::at(&endpoint());
    go_to(&mut person, "deploy-bot");
    person.press("t");
    person.see("deploy-bot has several keys");
    assert!(!person.screen().contains("Deactivate key"));
}

#[test]
fn cancel_is_highlighted_and_enter_presses_it() {
    let mut person = Person::at(&endpoint());
    go_to(&mut person, "deploy-bot");
    person.press("<tab>t");
    person.see("Deactivate key");
    person.press("<enter>");
    person.gone("Deactivate key");
    assert_eq!(person.calls("UpdateAccessKey"), 0);
    person.press("t");
    person.see("Deactivate key");
    person.press("<tab><enter>");
    person.see("Inactive");
    assert_eq!(person.calls("UpdateAccessKey"), 1);
}

#[test]
fn deleting_a_key_in_use_has_to_be_typed() {
    let mut person = Person::at(&endpoint());
    go_to(&mut person, "deploy-bot");
    person.press("<tab>d");
    person.see("Type the last 4 characters");
    person.press("OY0");
    person.press("<tab><enter>");
    person.see("Type the last 4 characters of the key ID first");
    assert_eq!(person.calls("DeleteAccessKey"), 0);
    person.press("1<enter>");
    person.see("✓ Deleted AKIAQX7DEMO4DEPLOY01 of deploy-bot");
    assert_eq!(keys_of(&person.endpoint, "deploy-bot").len(), 1);
    person.see("1 of 2 keys");
}

#[test]
fn deleting_an_inactive_key_that_was_never_used_asks_for_y() {
    let endpoint = endpoint();
    endpoint.account(|account| {
        account.set_key_status("AKIAQX7DEMO4BATCH001", Status::Inactive);
    });
    let mut person = Person::at(&endpoint);
    go_to(&mut person, "old-batch");
    person.press("d");
    let screen = person.see("Delete key");
    assert!(screen.contains("Inactive, never used."));
    assert!(screen.contains("Delete y"));
    person.press("y");
    person.see("No access keys.");
    assert!(keys_of(&person.endpoint, "old-batch").is_empty());
}

#[test]
fn deleting_offers_to_deactivate_instead() {
    let mut person = Person::at(&endpoint());
    go_to(&mut person, "deploy-bot");
    person.press("<tab>d");
    person.see("Press t to deactivate instead");
    person.press("t");
    let screen = person.see("Deactivate key");
    assert!(screen.contains("AKIAQX7DEMO4DEPLOY01"), "the same key");
    person.press("y");
    person.see("Inactive");
    assert_eq!(person.calls("DeleteAccessKey"), 0);
}

#[test]
fn a_third_key_is_explained_before_it_is_asked_for() {
    let mut person = Person::at(&endpoint());
    go_to(&mut person, "web-assets");
    person.press("c");
    let screen = person.see("No room for another key");
    assert!(screen.contains("Inactive keys count"));
    let inactive = keys_of(&person.endpoint, "web-assets")
        .into_iter()
        .find(|(_, status)| *status == Status::Inactive)
        .unwrap()
        .0;
    assert!(screen.contains(&format!("{inactive} could be deleted")));
    person.press("y");
    person.gone("No room for another key");
    person.press("d");
    person.see(&format!("{inactive} of web-assets"));
    assert_eq!(person.calls("CreateAccessKey"), 0);
}

#[test]
fn the_service_s_own_limit_gets_the_same_words() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    person.press("c");
    person.see("key slots in use");
    // Somebody else was quicker.
    person.endpoint.account(|account| {
        account.add_new_key("alice", now()).unwrap();
    });
    person.press("y");
    person.see("No room for another key");
    assert_eq!(person.calls("CreateAccessKey"), 1);
    person.press("<esc>");
    person.see("2 of 2 keys");
}

#[test]
fn somebody_who_is_gone_is_said_to_be_gone_and_leaves_the_list() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    go_to(&mut person, "bob");
    person.press("t");
    person.see("Verified with AWS just now.");
    person.endpoint.account(|account| {
        let key = account.user("bob").unwrap().keys[0].id.as_str().to_owned();
        account.remove_key(&key);
        account.remove_user("bob");
    });
    person.press("y");
    let screen = person.see("It is gone");
    assert!(screen.contains("NoSuchEntity: iam:UpdateAccessKey"));
    person.press("<esc>");
    person.press("<esc>");
    person.see("Users 23");
    person.press("<esc>");
    person.wait("bob gone from the list", |screen| !screen.contains(" bob "));
}

#[test]
fn a_refusal_names_the_action_and_says_what_to_do() {
    let endpoint = endpoint();
    endpoint.fault(Fault::new(FaultKind::Refuse).action("DeleteAccessKey"));
    let mut person = Person::at(&endpoint);
    go_to(&mut person, "former-intern");
    person.press("d");
    person.see("Delete key");
    let tail = keys_of(&endpoint, "former-intern")[0].0[16..].to_owned();
    if person.screen().contains("Type the last 4") {
        person.press(&tail);
        person.press("<enter>");
    } else {
        person.press("y");
    }
    let screen = person.see("Not done");
    assert!(screen.contains("AccessDenied: iam:DeleteAccessKey"));
    assert!(screen.contains("not authorized to perform"), "{screen}");
    assert!(screen.contains("Ask for permission"));
    assert_eq!(keys_of(&endpoint, "former-intern").len(), 1);
}

#[test]
fn never_used_refused_and_loading_are_three_different_things() {
    let endpoint = endpoint();
    endpoint.fault(Fault::new(FaultKind::Refuse).action("GetAccessKeyLastUsed"));
    endpoint.fault(
        Fault::new(FaultKind::Delay(Duration::from_hours(1)))
            .action("ListAccessKeys")
            .user("bob"),
    );
    let mut person = Person::at(&endpoint);
    let screen = person.see("last use not known (access");
    assert!(screen.contains("denied"), "in the list too:\n{screen}");
    person.press("jjj");
    person.see("Loading the keys");
    endpoint.clear_faults();
    person.press("R");
    person.press("/old-batch<enter>");
    person.see("never used");
}

#[test]
fn what_was_done_is_listed_and_its_command_can_be_copied() {
    let mut person = Person::at(&endpoint());
    go_to(&mut person, "deploy-bot");
    person.press("<tab>t");
    person.see("Deactivate key");
    person.press("y");
    person.see("Inactive");
    person.press("4");
    let screen = person.see("✓ UpdateAccessKey");
    assert!(screen.contains("AKIA…OY01 of deploy-bot deactivated"));
    assert!(screen.contains("4 Activity 1"));
    person.press("<enter>");
    let screen = person.see("What happened");
    assert!(screen.contains("AKIAQX7DEMO4DEPLOY01 of deploy-bot"));
    person.press("y");
    person.see("✓ command sent to the terminal's clipboard (OSC 52)");
    let command = "aws iam update-access-key --user-name deploy-bot \
                   --access-key-id AKIAQX7DEMO4DEPLOY01 --status Inactive";
    assert_eq!(carried(&person.sent()[0]), command);
    // From the list as well.
    person.press("<esc>");
    person.gone("What happened");
    person.press("y");
    person.see("✓ command sent to the terminal's clipboard (OSC 52)");
    assert_eq!(carried(&person.sent()[1]), command);
    assert_eq!(person.sent().len(), 2);
    person.press("<esc>");
    person.see("─ deploy-bot ─");
}

#[test]
fn a_refused_read_is_listed_with_its_request_id() {
    let endpoint = endpoint();
    endpoint.fault(Fault::new(FaultKind::Refuse).action("GetAccountSummary"));
    let setup = Setup {
        size: (120, 36),
        ..Setup::default()
    };
    let mut person = Person::with(&endpoint, setup);
    person.see("4 Activity 1");
    person.press("4");
    let screen = person.see("✗ GetAccountSummary");
    let line = screen.lines().find(|line| line.contains('✗')).unwrap();
    assert!(line.contains("the account"), "{line}");
    assert!(line.contains("AccessDenied"), "{line}");
    let id = line.split_whitespace().rev().nth(1).unwrap();
    let is_one = |id: &str| id.len() == 36 && id.matches('-').count() == 4;
    assert!(is_one(id), "{line}");
    person.press("<enter>");
    let whole = person.see("Request ID  ");
    assert!(whole.contains(&format!("Request ID  {id}")), "{whole}");
    assert!(whole.contains("aws iam get-account-summary"));
}

#[test]
fn the_activity_holds_no_secret() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    person.press("c");
    person.see("A new access key for alice");
    person.press("y");
    person.see("New key for alice");
    person.press("y");
    person.see("✓ secret sent to the terminal's clipboard (OSC 52)");
    let made = keys_of(&person.endpoint, "alice")[1].0.clone();
    let secret = person.endpoint.account(|account| {
        let (_, key) = account.key(&made).unwrap();
        key.id.secret()
    });
    assert_eq!(carried(&person.sent()[0]), secret);
    person.press("<esc>");
    person.see("Have you pasted it?");
    person.press("i");
    person.gone("New key for alice");
    person.press("4");
    let list = person.see("✓ CreateAccessKey");
    assert!(list.contains(&made[16..]), "{list}");
    person.press("<enter>");
    let whole = person.see("What happened");
    assert!(whole.contains(&made), "{whole}");
    person.press("y");
    person.see("✓ command sent");
    let command = carried(&person.sent()[1]);
    assert_eq!(command, "aws iam create-access-key --user-name alice");
    // Not a piece of it, wherever a line may have been broken.
    for screen in [list, whole, person.screen(), command] {
        let text: String = screen.split_whitespace().collect();
        for at in 0..=secret.len() - 8 {
            assert!(!text.contains(&secret[at..at + 8]), "{screen}");
        }
    }
}

#[test]
fn a_refused_list_says_so_in_the_pane_and_the_rest_works() {
    let endpoint = endpoint();
    endpoint.fault(
        Fault::new(FaultKind::Refuse)
            .action("ListAccessKeys")
            .user("alice"),
    );
    let mut person = Person::at(&endpoint);
    let screen = person.loaded();
    assert!(
        screen.contains("AccessDenied: iam:ListAccessKeys"),
        "{screen}"
    );
    assert!(screen.contains("Ask for permission to call"));
    endpoint.clear_faults();
    person.press("R");
    person.see("AKIAQX7DEMO4ALICE001");
}

#[test]
fn refused_users_are_not_no_users() {
    let endpoint = endpoint();
    endpoint.fault(Fault::new(FaultKind::Refuse).action("ListUsers"));
    let mut person = Person::at(&endpoint);
    let screen = person.see("AccessDenied: iam:ListUsers");
    assert!(!screen.contains("no IAM users"));
    endpoint.clear_faults();
    person.press("R");
    person.see("deploy-bot");
}

#[test]
fn an_account_without_users_says_so() {
    let person = Person::at(&Endpoint::new(Account::generated(0, now())));
    person.see("This account has no IAM users.");
}

#[test]
fn a_creation_is_sent_once_and_what_became_of_it_is_looked_up() {
    for (kind, made) in [
        (FaultKind::InternalFailure, false),
        (FaultKind::Unavailable, false),
        (FaultKind::DropBefore, false),
        (FaultKind::DropAfter, true),
        (FaultKind::Cut, true),
        (FaultKind::Garble, true),
        (FaultKind::ErrorAfter(500), true),
    ] {
        let endpoint = endpoint();
        endpoint.fault(Fault::new(kind.clone()).action("CreateAccessKey"));
        let mut person = Person::at(&endpoint);
        person.loaded();
        person.press("c");
        person.see("Create y");
        person.press("y");
        if made {
            let screen = person.see("A key whose secret is lost");
            let orphan = &keys_of(&endpoint, "alice")[1].0;
            assert!(screen.contains(orphan.as_str()), "{kind:?}:\n{screen}");
        } else {
            person.see("No key has appeared so far.");
        }
        assert_eq!(person.calls("CreateAccessKey"), 1, "{kind:?}");
        person.press("<esc>");
        person.gone("Create a key for alice");
        let count = keys_of(&endpoint, "alice").len();
        let screen = person.see(&format!("{count} of 2 keys"));
        // Nobody has answered it: it stays on the user's row.
        assert!(screen.contains("? alice"), "{kind:?}:\n{screen}");
    }
}

#[test]
fn an_orphan_is_replaced_in_one_confirmation() {
    let endpoint = endpoint();
    endpoint.fault(
        Fault::new(FaultKind::DropAfter)
            .action("CreateAccessKey")
            .times(1),
    );
    let mut person = Person::at(&endpoint);
    person.loaded();
    person.press("c");
    person.see("Create y");
    person.press("y");
    person.see("Replace it y");
    let orphan = keys_of(&endpoint, "alice")[1].0.clone();
    person.press("y");
    person.see("Delete the key, create another");
    // Before the look at the account is over, its end may still have to be typed.
    let screen = person.see("Verified with AWS just now.");
    assert!(
        screen.contains(&format!("{orphan} of alice")),
        "one that was never used has not to be typed:\n{screen}"
    );
    person.press("y");
    let screen = person.see("New key for alice");
    let keys = keys_of(&endpoint, "alice");
    assert_eq!(keys.len(), 2);
    assert!(keys.iter().all(|(id, _)| *id != orphan));
    assert!(screen.contains(&keys[1].0));
    person.press("y");
    person.see("secret sent");
    person.press("<esc>");
    person.see("Have you pasted it?");
    person.press("i");
    let screen = person.gone("New key for alice");
    assert!(!screen.contains("? alice"), "answered:\n{screen}");
}

#[test]
fn a_question_that_cannot_be_answered_stays_until_it_is() {
    let endpoint = endpoint();
    let mut person = Person::at(&endpoint);
    person.loaded();
    person.press("c");
    person.see("key slots in use");
    endpoint.fault(Fault::new(FaultKind::DropAfter).action("CreateAccessKey"));
    endpoint.fault(Fault::new(FaultKind::Refuse).action("ListAccessKeys"));
    person.press("y");
    let screen = person.see("The account could not be looked at.");
    assert!(screen.contains("This stays open"));
    person.press("<esc>");
    person.gone("Later Esc");
    person.see("? alice");
    endpoint.clear_faults();
    person.press("o");
    person.see("The account could not be looked at.");
    person.press("R");
    person.see("A key whose secret is lost");
    person.press("k");
    let screen = person.gone("A key whose secret is lost");
    assert!(!screen.contains("? alice"), "somebody knows it:\n{screen}");
}

#[test]
fn a_key_that_has_changed_since_is_asked_about_again() {
    let endpoint = endpoint();
    let mut person = Person::at(&endpoint);
    go_to(&mut person, "grafana");
    endpoint.account(|account| {
        let key = account.user("grafana").unwrap().keys[0].id;
        account.set_key_status(key.as_str(), Status::Inactive);
    });
    // The answer is there before the look at the account is over: it does not count.
    person.press("ty");
    person.see("It has changed since you looked: it was Active");
    assert_eq!(person.calls("UpdateAccessKey"), 0);
    person.press("<esc>");
    person.gone("It has changed since");
}

#[test]
fn reads_that_are_throttled_arrive_all_the_same() {
    let endpoint = endpoint();
    endpoint.fault(
        Fault::new(FaultKind::Throttle)
            .action("ListAccessKeys")
            .times(3),
    );
    endpoint.fault(
        Fault::new(FaultKind::Unavailable)
            .action("ListUsers")
            .times(1),
    );
    let setup = Setup {
        clock: chrono::Utc::now,
        ..Setup::default()
    };
    let person = Person::with(&endpoint, setup);
    let screen = person.loaded();
    assert!(
        screen.contains("Users 24") && !screen.contains("failed"),
        "{screen}"
    );
    assert_eq!(person.calls("ListUsers"), 2);
}

#[test]
fn read_only_refuses_below_the_screen_and_says_so_on_it() {
    let setup = Setup {
        read_only: true,
        ..Setup::default()
    };
    let mut person = Person::with(&endpoint(), setup);
    assert!(person.loaded().contains("READ-ONLY"));
    for key in ["c", "t", "d"] {
        person.press("g");
        person.gone("Read-only: iamkeys");
        person.press(key);
        person.see("Read-only: iamkeys was started with");
    }
    for action in ["CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"] {
        assert_eq!(person.calls(action), 0);
    }
}

#[test]
fn a_paste_is_text_where_text_is_wanted_and_nothing_elsewhere() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    person.event(Event::Paste("cyty".repeat(200)));
    person.see("Paste ignored. f finds a key by its ID.");
    person.press("/");
    person.see("/ ▏");
    person.event(Event::Paste(" dep\x1b\u{202e}loy ".into()));
    let screen = person.see("1 shown");
    assert!(screen.contains("/ deploy▏"), "{screen}");
}

#[test]
fn a_dialog_that_was_not_read_yet_confirms_nothing_and_says_so() {
    let setup = Setup {
        // However long this machine takes over this test.
        to_read: Duration::from_hours(1),
        ..Setup::default()
    };
    let mut person = Person::with(&endpoint(), setup);
    person.loaded();
    person.press(&"cy".repeat(250));
    person.see("Press y again: this dialog had just opened");
    person.press("<tab><enter>");
    person.see("Press Enter again: this dialog had just opened");
    // All else counts.
    person.press("<esc>");
    person.gone("Create key");
    person.press("y");
    person.see("AKIAQX7DEMO4ALICE001: ");
    assert_eq!(person.calls("UpdateAccessKey"), 0);
    assert_eq!(person.calls("CreateAccessKey"), 0);
    // The way out always works.
    person.press("<c-c>");
    assert_eq!(person.exit(), Exit::Interrupted(Vec::new()));
}

#[test]
fn the_time_to_read_counts_from_when_the_terminal_had_the_frame_however_late_that_is_noticed() {
    let to_read = Duration::from_millis(150);
    let setup = Setup {
        to_read,
        ..Setup::default()
    };
    let mut person = Person::with(&endpoint(), setup);
    person.loaded();
    let asked = Instant::now();
    person.keep_frame("Create key in");
    person.press("c");
    eventually("the question on its way", || person.awaits_frame());
    let drawn = Instant::now();
    eventually("time to read it", || drawn.elapsed() >= to_read);
    // From before it was drawn, which is no time to read it in.
    person.frame_was_taken(asked);
    person.press("y");
    person.see("New key");
    assert_eq!(person.calls("CreateAccessKey"), 1);
}

#[test]
fn a_held_key_only_moves() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    let held = |c| {
        let mut key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        key.kind = KeyEventKind::Repeat;
        Event::Key(key)
    };
    person.event(held('c'));
    person.event(held('j'));
    let screen = person.see("▌ backup-agent");
    assert!(!screen.contains("Create key"));
}

#[test]
fn the_selection_stays_on_the_user_through_filter_refresh_and_deletions() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    person.press("/graf<enter>");
    person.see("▌ grafana");
    person.press("<esc>");
    person.see("▌ grafana");
    person.endpoint.account(|account| {
        for user in ["backup-agent", "bob"] {
            let keys: Vec<String> = account
                .user(user)
                .unwrap()
                .keys
                .iter()
                .map(|key| key.id.as_str().to_owned())
                .collect();
            for key in keys {
                account.remove_key(&key);
            }
            assert!(account.remove_user(user));
        }
    });
    person.press("R");
    let screen = person.see("Users 22");
    assert!(screen.contains("▌ grafana"), "{screen}");
}

#[test]
fn filtering_finds_by_name_path_and_key_id() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    // The rest of the users scrolls by, so that their keys are loaded.
    person.press("G");
    person.loaded();
    person.press("/deploy02");
    let screen = person.see("1 shown");
    assert!(screen.contains("▌ deploy-bot"), "by key ID:\n{screen}");
    person.press("<esc>/xyzzy");
    person.see("No users match.");
    person.press("<esc>");
    person.see("Users 24");
}

#[test]
fn help_and_palette_come_from_the_keymap() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    person.press("?");
    let screen = person.see("Keys: users");
    assert!(screen.contains("Create a key"));
    person.press("<esc>");
    person.gone("Keys: users");
    person.press(":");
    person.see("Commands");
    person.press("create");
    person.press("<enter>");
    person.see("A new access key for alice");
}

#[test]
fn details_show_the_exact_times() {
    let mut person = Person::at(&endpoint());
    go_to(&mut person, "deploy-bot");
    person.press("<enter>");
    person.press("<enter>");
    let screen = person.see("Access key ─");
    assert!(
        screen.contains("2026-11-21 10:00:00 UTC, 2 hours ago"),
        "{screen}"
    );
    assert!(
        screen.contains("2025-10-05 12:00:00 UTC, 412 days ago"),
        "{screen}"
    );
}

#[test]
fn where_nothing_can_be_copied_the_dialog_says_how_to_get_the_secret() {
    let setup = Setup {
        clipboard: Route::Unavailable(Why::Terminal),
        ..Setup::default()
    };
    let mut person = Person::with(&endpoint(), setup);
    person.loaded();
    person.press("c");
    person.see("Create y");
    person.press("y");
    let screen = person.see("New key for alice");
    assert!(screen.contains("Press v and select it"), "{screen}");
    person.press("y");
    person.see("secret not copied");
    assert!(person.sent().is_empty());
    person.press("<esc>");
    person.see("Discard the only copy?");
}

#[test]
fn nothing_closes_the_new_key_but_the_person() {
    let endpoint = endpoint();
    let mut person = Person::at(&endpoint);
    person.loaded();
    person.press("c");
    person.see("Create y");
    person.press("y");
    person.see("New key for alice");
    person.resize(40, 10);
    person.see("a new key's secret is waiting");
    person.resize(120, 36);
    person.see("New key for alice");
    endpoint.fault(Fault::new(FaultKind::Refuse));
    person.press("<c-z>");
    while person.suspended() == 0 {
        std::thread::yield_now();
    }
    person.event(Event::Paste("q".into()));
    person.press("qqqq<enter>");
    person.gone("Discard the only copy?");
    person.see("New key for alice");
}

#[test]
fn idle_means_no_frames() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    // A key is answered by a frame; once it is drawn there is nothing left to do.
    person.press("?");
    person.see("Keys: users");
    let frames = person.frames();
    person.press("<esc>");
    person.gone("Keys: users");
    assert_eq!(person.frames(), frames + 1, "one frame for one key");
}

#[test]
fn the_mouse_selects_scrolls_and_presses() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    let mouse = |kind, column, row| {
        Event::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        })
    };
    let click = MouseEventKind::Down(MouseButton::Left);
    person.event(mouse(click, 5, 6));
    person.see("─ billing-export ─");
    person.event(mouse(MouseEventKind::ScrollDown, 5, 6));
    person.see("▌ bob");
    // The first hint of the footer is `t deactivate`.
    person.event(mouse(click, 2, 23));
    let screen = person.see("AKIAQX7DEMO4BOBBY001 of bob");
    let row = screen
        .lines()
        .position(|line| line.contains("Cancel"))
        .unwrap();
    let line: Vec<char> = screen.lines().nth(row).unwrap().chars().collect();
    let text: String = line.iter().collect();
    let column = text[..text.find("Cancel").unwrap()].chars().count();
    person.event(mouse(
        click,
        u16::try_from(column).unwrap(),
        u16::try_from(row).unwrap(),
    ));
    person.gone("A new access key for bob");
}

#[test]
fn quitting_is_quick_and_the_end_of_input_is_an_end() {
    let mut person = Person::at(&endpoint());
    person.press("q");
    assert_eq!(person.exit(), Exit::Quit(Vec::new()));
    let mut person = Person::at(&endpoint());
    person.loaded();
    person.close_input();
    assert_eq!(person.exit(), Exit::InputClosed(Vec::new()));
}

#[test]
fn leaving_waits_for_a_change_and_can_stop_waiting() {
    let endpoint = endpoint();
    endpoint.fault(Fault::new(FaultKind::Delay(Duration::from_hours(1))).action("UpdateAccessKey"));
    let mut person = Person::at(&endpoint);
    go_to(&mut person, "bob");
    person.press("t");
    person.see("Deactivate key");
    person.press("y");
    person.see("deactivating");
    person.press("q");
    let screen = person.see("Waiting for AWS");
    assert!(screen.contains("deactivating AKIA"), "{screen}");
    person.press("<esc>");
    person.gone("Waiting for AWS");
    person.press("q");
    person.see("Waiting for AWS");
    person.press("y");
    let Exit::Quit(lines) = person.exit() else {
        panic!("quit");
    };
    assert!(
        lines[0].starts_with("not known: deactivating AKIA"),
        "{lines:?}"
    );
}

/// A credentials file in a directory of its own, which goes with it.
fn credentials_with(text: Option<&str>) -> (TempDir, &'static Path) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    if let Some(text) = text {
        fs::write(&path, text).unwrap();
    }
    (home, Box::leak(path.into_boxed_path()))
}

/// The program with this credentials file, and a journal beside it.
fn with_credentials(endpoint: &Endpoint, credentials: &'static Path) -> Person {
    let journal = credentials.with_file_name("journal.jsonl");
    let setup = Setup {
        credentials: Some(credentials),
        journal: Some(Box::leak(journal.into_boxed_path())),
        ..Setup::default()
    };
    Person::with(endpoint, setup)
}

/// Creates a key for `new-hire`, who has none, and leaves its dialog open; its ID and secret.
fn new_key(person: &mut Person) -> (String, String) {
    go_to(person, "new-hire");
    person.press("c");
    person.see("Create y");
    person.press("y");
    person.see("New key for new-hire");
    newest(person, "new-hire")
}

/// An active key of a user.
fn active_key(endpoint: &Endpoint, user: &str) -> KeyId {
    endpoint.account(|account| {
        let keys = &account.user(user).unwrap().keys;
        let active = keys.iter().find(|key| key.status == Status::Active);
        active.unwrap().id
    })
}

/// The newest key of a user, and its secret.
fn newest(person: &Person, user: &str) -> (String, String) {
    person.endpoint.account(|account| {
        let key = account.user(user).unwrap().keys.last().unwrap().id;
        (key.as_str().to_owned(), key.secret())
    })
}

/// Chooses a profile, up to what would change.
fn choose(person: &mut Person, profile: &str) {
    person.press("w");
    person.see("Profile: ▏");
    person.press(profile);
    person.see(&format!("{profile}▏"));
    person.press("<enter>");
    person.see("What will change");
}

fn section(profile: &str, key: &str, secret: &str) -> String {
    format!("[{profile}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
}

fn journal_of(credentials: &Path) -> String {
    fs::read_to_string(credentials.with_file_name("journal.jsonl")).unwrap()
}

#[test]
fn a_new_key_is_written_to_a_new_profile_and_counts_as_kept() {
    let (_home, file) = credentials_with(None);
    let mut person = with_credentials(&endpoint(), file);
    let (key, secret) = new_key(&mut person);
    choose(&mut person, "ci");
    let screen = person.see("[ci], in a new file: ");
    assert!(
        screen.contains(&format!("+ aws_access_key_id = {key}")),
        "{screen}"
    );
    assert!(
        screen.contains("+ aws_secret_access_key = [hidden]"),
        "{screen}"
    );
    assert!(!screen.contains(&secret), "{screen}");
    // Cancel is highlighted.
    person.press("<enter>");
    person.gone("What will change");
    assert!(!file.exists(), "nothing is written before somebody agrees");
    person.see("Not saved anywhere yet.");

    choose(&mut person, "ci");
    person.press("y");
    person.see("✓ written to profile ci in");
    assert_eq!(
        fs::read_to_string(file).unwrap(),
        section("ci", &key, &secret)
    );
    // It is somewhere, whatever the clipboard holds.
    person.press("yi");
    person.see("✓ key ID sent");
    person.press("<esc>");
    person.gone("New key for new-hire");
    person.press("4");
    let screen = person.see("✓ write profile");
    assert!(screen.contains("profile ci"), "{screen}");
    person.press("q");
    assert_eq!(person.exit(), Exit::Quit(Vec::new()));
    let journal = journal_of(file);
    assert!(journal.contains("profile ci"), "{journal}");
    assert!(!journal.contains(&secret));
}

#[test]
fn a_profile_that_is_there_can_be_taken_from_the_list() {
    let old = "[one]\nregion = eu-north-1\n\n[two]\nregion = us-east-1\n";
    let (_home, file) = credentials_with(Some(old));
    let mut person = with_credentials(&endpoint(), file);
    let (key, secret) = new_key(&mut person);
    person.press("w");
    person.wait("both profiles", |screen| {
        screen.contains("  one") && screen.contains("  two")
    });
    person.press("t");
    person.gone("  one");
    person.press("<tab>");
    person.see("two▏");
    person.press("<enter>");
    person.see("region = us-east-1");
    person.press("y");
    person.see("✓ written to profile two");
    let new = format!("{old}aws_access_key_id = {key}\naws_secret_access_key = {secret}\n");
    assert_eq!(fs::read_to_string(file).unwrap(), new);
}

#[test]
fn another_user_s_keys_are_named_before_they_are_replaced() {
    let endpoint = endpoint();
    let ci = active_key(&endpoint, "ci-runner");
    let text = section("ci", ci.as_str(), &ci.secret());
    let (_home, file) = credentials_with(Some(&text));
    let mut person = with_credentials(&endpoint, file);
    let (key, secret) = new_key(&mut person);
    choose(&mut person, "ci");
    let screen = person.see("of another user");
    assert!(screen.contains(ci.as_str()), "{screen}");
    assert!(screen.contains("user/"), "{screen}");
    person.see("Replace ci-runner's keys y");
    person.press("<esc>");
    person.gone("What will change");
    assert_eq!(fs::read_to_string(file).unwrap(), text);
    choose(&mut person, "ci");
    person.see("Replace ci-runner's keys y");
    person.press("y");
    person.see("✓ written to profile ci");
    assert_eq!(
        fs::read_to_string(file).unwrap(),
        section("ci", &key, &secret)
    );
}

#[test]
fn the_user_s_own_older_key_is_told_from_another_s() {
    let endpoint = endpoint();
    let old = active_key(&endpoint, "alice");
    let (_home, file) = credentials_with(Some(&section("me", old.as_str(), &old.secret())));
    let mut person = with_credentials(&endpoint, file);
    go_to(&mut person, "alice");
    person.press("c");
    person.see("Create y");
    person.press("y");
    person.see("New key for alice");
    choose(&mut person, "me");
    let screen = person.see("of alice as well");
    assert!(screen.contains("Write y"), "{screen}");
}

#[test]
fn keys_that_are_not_accepted_or_not_known_are_told_apart() {
    let endpoint = endpoint();
    let ci = active_key(&endpoint, "ci-runner");
    let text = section("ci", ci.as_str(), &ci.secret())
        + &section("gone", "AKIAGONE0001EXAMPLE1", "secretEXAMPLE");
    let (_home, file) = credentials_with(Some(&text));
    let mut person = with_credentials(&endpoint, file);
    new_key(&mut person);
    choose(&mut person, "gone");
    person.see("does not accept");
    person.press("b");
    person.see("Profile: gone▏");
    endpoint.fault(Fault::new(FaultKind::DropBefore).action("GetCallerIdentity"));
    for _ in 0.."gone".len() {
        person.press("<backspace>");
    }
    person.press("ci");
    person.see("ci▏");
    person.press("<enter>");
    person.see("is not known");
    assert_eq!(fs::read_to_string(file).unwrap(), text);
}

#[test]
fn what_changed_in_between_is_shown_anew_and_asked_again() {
    let (_home, file) = credentials_with(Some("[ci]\nregion = eu-north-1\n"));
    let mut person = with_credentials(&endpoint(), file);
    let (key, secret) = new_key(&mut person);
    choose(&mut person, "ci");
    person.see("region = eu-north-1");
    fs::write(file, "[ci]\nregion = us-west-2\n").unwrap();
    person.press("y");
    let screen = person.see("It has changed since it was shown");
    assert!(screen.contains("region = us-west-2"), "{screen}");
    assert_eq!(
        fs::read_to_string(file).unwrap(),
        "[ci]\nregion = us-west-2\n"
    );
    person.press("y");
    person.see("✓ written to profile ci");
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains("us-west-2") && text.contains(&key) && text.contains(&secret));
}

#[test]
fn a_profile_that_cannot_be_written_leads_back_to_its_name() {
    let (_home, file) = credentials_with(Some("this is no credentials file"));
    let mut person = with_credentials(&endpoint(), file);
    new_key(&mut person);
    person.press("w");
    person.see("cannot read it");
    person.press("ci");
    person.see("ci▏");
    person.press("<enter>");
    person.see("✗");
    person.see("Profile: ci▏");
    person.press("<esc>");
    person.see("Not saved anywhere yet.");
    person.press("<esc>");
    person.see("Discard the only copy?");
}

#[test]
fn a_new_key_is_saved_as_a_file_and_no_file_is_overwritten() {
    let (_home, file) = credentials_with(None);
    let mut person = with_credentials(&endpoint(), file);
    let (key, secret) = new_key(&mut person);
    let taken = file.with_file_name("taken.csv");
    fs::write(&taken, "mine").unwrap();
    person.press("s");
    person.see("Path: new-hire_accessKeys.csv▏");
    clear(&mut person, "new-hire_accessKeys.csv");
    person.event(Event::Paste(taken.display().to_string()));
    person.see("taken.csv▏");
    person.press("<enter>");
    person.see("is not overwritten");
    assert_eq!(fs::read_to_string(&taken).unwrap(), "mine");
    person.press("<backspace><backspace><backspace>");
    person.press("txt<tab>");
    person.see("aws configure import");
    person.press("<enter>");
    person.see("✓ saved as /");
    let text = fs::read_to_string(taken.with_extension("txt")).unwrap();
    assert_eq!(
        text,
        format!("User Name,Access key ID,Secret access key\r\nnew-hire,{key},{secret}\r\n")
    );
    person.press("<esc>");
    let screen = person.gone("New key for new-hire");
    assert!(!screen.contains("Discard"), "{screen}");
}

fn clear(person: &mut Person, text: &str) {
    for _ in 0..text.len() {
        person.press("<backspace>");
    }
}

#[test]
fn a_place_chosen_ahead_gets_the_secret_as_soon_as_there_is_one() {
    let (_home, file) = credentials_with(None);
    let endpoint = endpoint().with_settling(TimeDelta::zero());
    let mut person = with_credentials(&endpoint, file);
    go_to(&mut person, "old-batch");
    person.press("r");
    person.see("w secret to a profile");
    person.press("w");
    person.see("The key to be created for old-batch");
    person.press("deploy<enter>");
    person.see("aws_access_key_id = the new key's");
    person.press("y");
    person.see("profile deploy: ready to write");
    assert!(!file.exists(), "it was only tried");
    assert_eq!(person.calls("CreateAccessKey"), 0);
    person.press("y");
    person.see("✓ written to profile deploy in");
    let (key, secret) = newest(&person, "old-batch");
    assert_eq!(
        fs::read_to_string(file).unwrap(),
        section("deploy", &key, &secret)
    );
    person.press("<esc>");
    person.gone("New key for old-batch");
    person.see("authenticates as old-batch");
}

#[test]
fn a_place_chosen_ahead_that_fails_leaves_the_secret_where_it_is() {
    let (_home, file) = credentials_with(Some("[deploy]\nregion = eu-north-1\n"));
    let mut person = with_credentials(&endpoint(), file);
    go_to(&mut person, "old-batch");
    person.press("r");
    person.see("w secret to a profile");
    choose(&mut person, "deploy");
    person.press("y");
    person.see("profile deploy: ready to write");
    fs::write(file, "[deploy]\nregion = us-west-2\n").unwrap();
    person.press("y");
    person.see("✗ profile deploy not written");
    person.see("Not saved anywhere yet.");
    assert_eq!(
        fs::read_to_string(file).unwrap(),
        "[deploy]\nregion = us-west-2\n"
    );
    person.press("<esc>");
    person.see("Discard the only copy?");
    person.press("<esc>");
    choose(&mut person, "deploy");
    person.press("y");
    person.see("✓ written to profile deploy");
}

#[test]
fn each_form_goes_to_the_clipboard() {
    let mut person = Person::at(&endpoint());
    let (key, secret) = new_key(&mut person);
    for (form, begins, said) in [
        ("2", "set -gx AWS_ACCESS_KEY_ID ", "lines for fish"),
        ("3", "$Env:AWS_ACCESS_KEY_ID", "lines for PowerShell"),
        ("4", "{\"Version\":1", "credential_process JSON"),
        ("5", "[new-hire]\n", "section"),
        (
            "jj<enter>",
            "$Env:AWS_ACCESS_KEY_ID",
            "lines for PowerShell",
        ),
    ] {
        let before = person.sent().len();
        person.press("e");
        person.see("Copy as");
        person.press(form);
        person.gone("Copy as");
        person.see(&format!("✓ {said} sent"));
        let sent = person.sent();
        let text = carried(&sent[before]);
        assert!(text.starts_with(begins), "{form}");
        assert!(text.contains(&key) && text.contains(&secret), "{form}");
    }
    person.press("<esc>");
    person.see("Have you pasted it?");
    person.press("i");
    person.gone("New key for new-hire");
}

#[test]
fn a_key_is_described_and_the_description_cleared() {
    let endpoint = endpoint();
    let mut person = Person::at(&endpoint);
    go_to(&mut person, "old-batch");
    let key = keys_of(&endpoint, "old-batch")[0].0.clone();
    let said = |endpoint: &Endpoint| {
        endpoint.account(|account| {
            let user = account.user("old-batch").unwrap();
            user.tag(&key).map(|tag| tag.value.clone())
        })
    };
    person.press("n");
    person.see("Describe key");
    person.press("<c-u>");
    person.press("nightly!");
    person.see("! is not allowed");
    person.press("<enter>");
    person.see("Describe key");
    assert_eq!(person.calls("TagUser"), 0);
    person.press("<backspace> backups<enter>");
    person.gone("Describe key");
    person.see("✓ Described");
    person.see("nightly backups");
    assert_eq!(said(&endpoint).as_deref(), Some("nightly backups"));
    person.press("<tab><enter>");
    person.see("For         nightly backups");
    person.press("<esc>n");
    person.see("nightly backups▏");
    person.press("<c-u><enter>");
    person.see("✓ Cleared");
    assert_eq!(said(&endpoint), None);
    assert_eq!(person.calls("UntagUser"), 1);
}

#[test]
fn a_refused_description_is_a_refused_change() {
    let endpoint = endpoint();
    endpoint.fault(Fault::new(FaultKind::Refuse).action("TagUser"));
    endpoint.fault(Fault::new(FaultKind::Refuse).action("ListUserTags"));
    let mut person = Person::at(&endpoint);
    go_to(&mut person, "old-batch");
    person.press("n");
    person.see("may not be read");
    person.press("backups<enter>");
    person.see("Not done");
    person.see("iam:TagUser");
}

/// The key IDs whose last use was asked, in order.
fn uses_asked(person: &Person) -> Vec<String> {
    let calls = person.endpoint.calls().into_iter();
    calls
        .filter(|call| call.action == "GetAccessKeyLastUsed")
        .filter_map(|call| call.key_id)
        .collect()
}

#[test]
fn a_key_is_found_with_one_call_and_its_last_use_is_not_asked_again() {
    let endpoint = Endpoint::new(Account::generated(2500, now()));
    // The last user, whom nothing else would have asked about.
    let (user, key) = endpoint.account(|account| {
        let user = account
            .users()
            .filter(|user| !user.keys.is_empty())
            .max_by_key(|user| user.name.clone())
            .unwrap();
        (user.name.to_string(), user.keys[0].id.to_string())
    });
    let mut person = Person::at(&endpoint);
    person.see("Users 2,500");
    person.loaded();
    let before = uses_asked(&person).len();
    person.press("f");
    person.see("Find a key");
    person.press(&format!("{}<enter>", key.to_lowercase()));
    person.see(&format!("{key} is a key of {user}"));
    person.see(&format!("─ {user} ─"));
    person.loaded();
    let asked = uses_asked(&person);
    assert_eq!(asked[before], key, "nothing was asked before it");
    assert_eq!(asked.iter().filter(|id| **id == key).count(), 1);
    person.press("t");
    person.see("Deactivate key");
    person.press("y");
    person.see("Deactivated");
    let statuses = keys_of(&endpoint, &user);
    assert!(statuses.contains(&(key, Status::Inactive)), "{statuses:?}");
}

#[test]
fn a_key_named_at_the_start_is_found_in_the_demo() {
    let endpoint = endpoint();
    let person = Person::with(
        &endpoint,
        Setup {
            find: Some("AKIAQX7DEMO4ZAPIER01"),
            ..Setup::default()
        },
    );
    person.see("AKIAQX7DEMO4ZAPIER01 is a key of zapier");
    let screen = person.loaded();
    assert!(screen.contains("─ zapier ─"), "{screen}");
    assert!(screen.contains("  grafana "), "{screen}");
    let asked = uses_asked(&person);
    assert_eq!(asked[0], "AKIAQX7DEMO4ZAPIER01");
    assert_eq!(asked.iter().filter(|id| **id == asked[0]).count(), 1);
}

#[test]
fn a_key_that_nobody_has_is_told_as_the_account_answers() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    person.press("fAKIAIOSFODNN7EXAMPLE<enter>");
    person.see("No key AKIAIOSFODNN7EXAMPLE in this account.");
}

#[test]
fn a_program_that_gives_codes_has_the_terminal_to_itself() {
    let mut person = Person::at(&endpoint());
    person.loaded();
    let session = SessionId {
        slot: Slot(0),
        generation: 0,
    };
    let asked = |program| {
        let asked = Asked::Code(CodeAsked {
            profile: Some("prod".into()),
            serial: "arn:aws:iam::123456789012:mfa/alice".into(),
            purpose: Purpose::Session(43_200),
            refused: 0,
            program: Some(program),
        });
        Heard::Prompted {
            session,
            news: PromptNews::Asked(PromptId(1), Box::new(asked)),
        }
    };
    person.hear(asked(CodeProgram::WantsTerminal));
    // Nobody has asked to be signed in.
    person.see("Enter runs it in the terminal");
    person.press("<enter>");
    let line = person.wait_lent();
    assert!(line.contains("mfa/alice of profile prod"), "{line}");
    // What its Ctrl-C and the end of its Ctrl-Z tell this process too; a key, which waits; an answer.
    person.signal(Signal::Interrupt);
    person.message(Message::Resumed);
    // This would be drawn at once.
    person.message(Message::Tick);
    person.press("<enter>");
    person.hear(Heard::NotWritten("no room".into()));
    let failed = CodeProgram::Failed {
        why: "the program was interrupted".into(),
        reads_terminal: false,
    };
    person.hear(asked(failed));
    person.see("A code has 6 digits.");
    let screen = person.see("interrupted");
    assert!(screen.contains("MFA code for prod"), "{screen}");
    // The one that comes late.
    person.signal(Signal::Interrupt);
    person.press("<esc>");
    person.gone("MFA code for prod");
    let [before, after] = person.at_lending()[..] else {
        panic!("lent and taken back once: {:?}", person.at_lending());
    };
    assert_eq!(before, after, "nothing was drawn meanwhile");
}
