//! The pure core: what happens when answers come late, twice or after the fact, and what no
//! sequence of events can bring about.

mod asking;
#[path = "../desk/mod.rs"]
mod desk;
mod rotation;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use desk::{Desk, Someone, answer, now, page, people, planned, settings, someone};
use iamkeys::{
    effect::{self, Copied, Effect, Errand, Exit, Fact, Note, Origin, Read, RequestId},
    iam::{AccessKey, Caller, Change, Changed, Error, KeyStatus, Kind},
    keymap,
    message::{Answer, CopyOutcome, KeyPress, Message, Signal, Target},
    secret::{SecretKey, clipboard::Route, osc52::Multiplexer},
    state::{
        Pane, Settings, Stage, View,
        activity::{Entry, KEPT, Outcome},
        fetch::MAX_READS,
        fresh::TrialNews,
        modal::Modal,
        questions::{Cause, Finding, Question},
        store::{Listing, News, NotWritten, Owner, Written},
    },
    text, ui,
};
use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};
use std::{fs, path::Path, time::Duration};

const SIZE: (u16, u16) = (80, 24);

fn error(kind: Kind) -> Error {
    Error {
        action: "iam:ListAccessKeys",
        kind,
        code: Some("SomeCode".into()),
        message: "some message".into(),
        request_id: Some("11111111-2222".into()),
    }
}

fn created(id: &str) -> Changed {
    Changed::Created {
        key: AccessKey {
            id: id.into(),
            status: KeyStatus::Active,
            created: Some(now()),
        },
        secret: SecretKey::new("DEMO/secret/EXAMPLE/0123456789012345678x".into()),
    }
}

fn exits(desk: &Desk) -> Vec<Exit> {
    desk.effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Exit(exit) => Some(exit.clone()),
            _ => None,
        })
        .collect()
}

/// A desk with the new-key dialog of alice open.
fn with_new_key() -> Desk {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("cy");
    desk.serve(&people());
    let (id, change) = desk.next_change().unwrap();
    assert_eq!(
        change,
        Change::Create {
            user: "alice".into()
        }
    );
    desk.changed(id, Ok(created("AKIANEWKEY01EXAMPLE1")));
    desk
}

#[test]
fn the_selected_user_is_asked_for_first_and_never_more_than_there_is_room_for() {
    let names: Vec<String> = (0..500).map(|at| format!("user-{at:03}")).collect();
    let users: Vec<Someone> = names
        .iter()
        .map(|name| someone(Box::leak(name.clone().into_boxed_str()), &[]))
        .collect();
    let mut desk = Desk::new((80, 60), settings());
    desk.effects.clear();
    desk.send(Message::SignedIn(Ok(Box::default())));
    desk.keys("jjjjj");
    // The page arrives; what was pressed before it had nothing to move in.
    while let Some((request, read)) = desk.next_read() {
        let is_users = matches!(read, Read::Users(_));
        desk.answered(request, answer(&users, read));
        if is_users {
            break;
        }
    }
    let asked: Vec<Read> = std::iter::from_fn(|| desk.next_read())
        .map(|(_, read)| read)
        .filter(|read| matches!(read, Read::Keys(_)))
        .collect();
    assert_eq!(asked[0], Read::Keys("user-000".into()));
    assert!(asked.len() <= MAX_READS);
    assert!(desk.state.reads_under_way() <= MAX_READS);
}

#[test]
fn only_what_is_visible_is_asked_for() {
    let names: Vec<String> = (0..500).map(|at| format!("user-{at:03}")).collect();
    let users: Vec<Someone> = names
        .iter()
        .map(|name| someone(Box::leak(name.clone().into_boxed_str()), &[]))
        .collect();
    let desk = Desk::showing(SIZE, settings(), &users);
    assert_eq!(desk.state.users.known().0, 18);
}

#[test]
fn a_late_answer_from_before_a_change_does_not_undo_it_on_screen() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jjjj");
    desk.keys("R");
    // The refresh is asked before the change …
    let mut early = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        early.push((request, read));
    }
    desk.keys("ty");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.changed(id, Ok(Changed::Done));
    // … and answered after it, with how things were.
    for (request, read) in early {
        desk.answered(request, answer(&people(), read));
    }
    assert_eq!(desk.state.keys()[0].key.status, KeyStatus::Inactive);
    // The question asked after the change is the one that counts.
    let (request, read) = desk.next_read().unwrap();
    assert_eq!(read, Read::Keys("old-batch".into()));
    desk.answered(request, answer(&people(), read));
    assert_eq!(desk.state.keys()[0].key.status, KeyStatus::Active);
}

#[test]
fn an_answer_to_an_earlier_session_is_nobody_s() {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.send(Message::SignedIn(Ok(Box::default())));
    let (request, read) = desk.next_read().unwrap();
    assert_eq!(read, Read::Users(None));
    let _ = desk.state.sign_in(effect::Target::Demo);
    desk.send(Message::SignedIn(Ok(Box::default())));
    desk.answered(request, answer(&people(), read));
    assert!(desk.state.users.rows().is_empty());
}

#[test]
fn a_deletion_under_an_open_dialog_takes_the_row_and_not_the_dialog() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("R");
    desk.press(KeyCode::Char('j'));
    desk.press(KeyCode::Tab);
    desk.keys("d");
    let mut without: Vec<Someone> = people();
    without.remove(1);
    desk.serve(&without);
    assert!(
        desk.state.users.get("deploy-bot").is_none(),
        "gone from the list"
    );
    let screen = desk.screen();
    assert!(screen.contains("AKIADEPLOY01EXAMPLE1 of deploy-bot"));
    assert!(screen.contains("It is not there any more."), "{screen}");
    desk.keys("PLE1");
    desk.press(KeyCode::Enter);
    assert!(desk.next_change().is_none(), "nothing is left to delete");
}

#[test]
fn a_key_that_turns_out_to_be_gone_is_said_to_be_and_listed_again() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jjjjty");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    let gone = Error {
        code: Some("NoSuchEntity".into()),
        ..error(Kind::Gone)
    };
    desk.changed(id, Err(gone));
    assert!(desk.screen().contains("It is gone"));
    let asked: Vec<Read> = std::iter::from_fn(|| desk.next_read())
        .map(|(_, read)| read)
        .collect();
    assert!(asked.contains(&Read::Users(None)), "{asked:?}");
}

#[test]
fn a_change_answered_twice_counts_once() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("cy");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.changed(id, Ok(created("AKIANEWKEY01EXAMPLE1")));
    desk.changed(id, Ok(created("AKIANEWKEY02EXAMPLE2")));
    assert_eq!(desk.state.modals.len(), 1);
}

#[test]
fn leaving_waits_for_the_change_and_then_leaves() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jjjjty");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.keys("q");
    assert!(desk.screen().contains("Waiting for AWS"));
    assert!(exits(&desk).is_empty());
    desk.changed(id, Ok(Changed::Done));
    assert_eq!(exits(&desk), [Exit::Quit(Vec::new())]);
}

#[test]
fn leaving_stops_for_a_secret_that_arrives_meanwhile() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("cy");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.keys("q");
    desk.changed(id, Ok(created("AKIANEWKEY01EXAMPLE1")));
    assert!(exits(&desk).is_empty());
    assert!(desk.screen().contains("New key for alice"));
    assert!(!desk.screen().contains("Waiting for AWS"));
}

#[test]
fn leaving_stops_for_a_failure_that_arrives_meanwhile() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jjjjty");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.keys("q");
    desk.changed(id, Err(error(Kind::Denied)));
    assert!(exits(&desk).is_empty());
    assert!(desk.screen().contains("Not done"));
}

#[test]
fn two_secrets_are_both_asked_about() {
    let mut desk = with_new_key();
    // A second creation was under way already.
    let id = iamkeys::effect::ChangeId(9_999);
    desk.state.changes.push(iamkeys::state::changes::Pending {
        id,
        change: Change::Create {
            user: "new-hire".into(),
        },
        then: None,
        settles: None,
        account: "acme-prod 123456789012".into(),
        number: None,
        endpoint: None,
        profile: None,
        sent: now(),
        before: None,
        session: 0,
    });
    desk.changed(id, Ok(created("AKIANEWKEY02EXAMPLE2")));
    desk.send(Message::Signal(Signal::Interrupt));
    desk.keys("d");
    assert!(exits(&desk).is_empty());
    assert!(desk.screen().contains("Discard the only copy?"));
    desk.keys("d");
    assert_eq!(exits(&desk), [Exit::Interrupted(Vec::new())]);
}

fn copied(desk: &mut Desk, what: Copied, outcome: CopyOutcome) {
    desk.send(Message::Copied {
        what,
        key: "AKIANEWKEY01EXAMPLE1".into(),
        outcome,
    });
}

#[test]
fn a_clipboard_holds_one_thing_and_the_key_id_is_not_the_secret() {
    let sent = || CopyOutcome::InSystemClipboard;
    let mut desk = with_new_key();
    copied(&mut desk, Copied::Secret, sent());
    copied(&mut desk, Copied::KeyId, sent());
    assert!(
        desk.screen().contains("not the secret"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Esc);
    assert!(desk.screen().contains("Discard the only copy?"));
    desk.press(KeyCode::Esc);
    copied(&mut desk, Copied::Secret, sent());
    desk.press(KeyCode::Esc);
    assert!(desk.state.modals.is_empty(), "it is on the clipboard again");
}

#[test]
fn what_a_terminal_may_have_ignored_is_asked_about() {
    for through in [Multiplexer::None, Multiplexer::Tmux, Multiplexer::Screen] {
        let mut desk = with_new_key();
        let sent = CopyOutcome::SentToTerminal(through);
        copied(&mut desk, Copied::Secret, sent);
        let notes = |desk: &Desk| {
            let is_note = |effect: &&Effect| matches!(effect, Effect::Note(_));
            desk.effects.iter().filter(is_note).count()
        };
        assert_eq!(notes(&desk), 0, "nobody knows yet whether it is anywhere");
        desk.press(KeyCode::Esc);
        let screen = desk.screen();
        assert!(screen.contains("Have you pasted it?"), "{screen}");
        desk.keys("i");
        assert!(desk.state.modals.is_empty());
        assert_eq!(notes(&desk), 1);
    }
}

#[test]
fn who_says_that_they_have_the_secret_is_believed_and_the_journal_is_told() {
    let mut desk = with_new_key();
    desk.press(KeyCode::Esc);
    desk.keys("i");
    assert!(desk.state.modals.is_empty());
    let notes: Vec<&Note> = desk
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Note(note) => Some(note),
            _ => None,
        })
        .collect();
    assert!(
        matches!(&notes[..], [Note { fact: Fact::Stored { key, place }, .. }]
            if key == "AKIANEWKEY01EXAMPLE1" && place == "by hand"),
        "{notes:?}"
    );
}

#[test]
fn no_click_closes_a_new_key() {
    for target in [
        Target::Button(0),
        Target::Button(1),
        Target::PaletteRow(0),
        Target::User(2),
    ] {
        let mut desk = with_new_key();
        desk.send(Message::Click(target));
        assert!(desk.screen().contains("New key for alice"));
        assert_eq!(desk.state.users.cursor(), 0, "nor does it reach behind it");
    }
}

#[test]
fn a_new_key_does_not_take_the_letters_of_somebody_typing() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("cy");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.keys("/de");
    desk.changed(id, Ok(created("AKIANEWKEY01EXAMPLE1")));
    desk.keys("vqe");
    assert_eq!(desk.state.users.filter().input.value(), "devqe");
    assert!(
        desk.effects
            .iter()
            .all(|effect| !matches!(effect, Effect::Copy(_)))
    );
    desk.press(KeyCode::Enter);
    assert!(desk.screen().contains("New key for alice"));
    assert!(desk.screen().contains("•••"), "still hidden");
}

#[test]
fn a_dialog_that_nobody_asked_for_waits_under_the_one_being_answered() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("cy");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.keys("d");
    desk.keys("PL");
    desk.changed(id, Ok(created("AKIANEWKEY01EXAMPLE1")));
    desk.keys("E1");
    desk.press(KeyCode::Enter);
    desk.serve(&people());
    let (_, change) = desk.next_change().unwrap();
    assert_eq!(change.key(), Some("AKIAALICE001EXAMPLE1"));
    assert!(desk.screen().contains("New key for alice"));
}

#[test]
fn discarding_takes_the_secret_that_was_asked_about() {
    let mut desk = with_new_key();
    desk.press(KeyCode::Esc);
    assert!(
        desk.screen()
            .contains("AKIANEWKEY01EXAMPLE1 has gone nowhere")
    );
    let id = iamkeys::effect::ChangeId(9_999);
    desk.state.changes.push(iamkeys::state::changes::Pending {
        id,
        change: Change::Create {
            user: "new-hire".into(),
        },
        then: None,
        settles: None,
        account: String::new(),
        number: None,
        endpoint: None,
        profile: None,
        sent: now(),
        before: None,
        session: 0,
    });
    desk.changed(id, Ok(created("AKIANEWKEY02EXAMPLE2")));
    desk.keys("d");
    let left: Vec<String> = held(&desk).0;
    assert_eq!(left, ["AKIANEWKEY02EXAMPLE2"]);
}

#[test]
fn the_key_to_be_deleted_is_gone_to_also_behind_a_filter() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("G");
    desk.keys("c");
    assert!(
        desk.screen()
            .contains("AKIAWEBAST02EXAMPLE2 could be deleted")
    );
    // A filter that hides the user, as when AWS's refusal comes later.
    desk.state
        .users
        .edit_filter(|filter| filter.input = "alice".into());
    desk.keys("y");
    desk.keys("d");
    assert!(
        desk.screen().contains("AKIAWEBAST02EXAMPLE2 of web-assets"),
        "{}",
        desk.screen()
    );
}

#[test]
fn half_a_list_says_that_it_is_half() {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.send(Message::SignedIn(Ok(Box::default())));
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::Users(None) => Answer::Users(Ok(page(&people(), Some("next")))),
            Read::Users(Some(_)) => Answer::Users(Err(error(Kind::Throttled))),
            read => answer(&people(), read),
        };
        desk.answered(request, answer);
    }
    assert!(
        desk.screen().contains("The list is incomplete"),
        "{}",
        desk.screen()
    );
    desk.keys("j");
    assert!(
        desk.screen().contains("Users 6, incomplete"),
        "{}",
        desk.screen()
    );
    desk.keys("R");
    desk.serve(&people());
    desk.keys("j");
    assert!(!desk.screen().contains("incomplete"));
}

#[test]
fn a_refusal_for_want_of_room_is_believed_before_the_list() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("cy");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.changed(id, Err(error(Kind::Limit)));
    assert!(
        desk.screen().contains("AWS says that alice has as many"),
        "{}",
        desk.screen()
    );
    let mut users = people();
    let mut second = users[0].keys[0].clone();
    second.0.id = "AKIAALICE002EXAMPLE2".into();
    second.0.status = KeyStatus::Inactive;
    users[0].keys.push(second);
    desk.serve(&users);
    let screen = desk.screen();
    assert!(
        screen.contains("alice has 2 keys, and this account allows 2"),
        "{screen}"
    );
    assert!(
        screen.contains("AKIAALICE002EXAMPLE2 could be deleted"),
        "{screen}"
    );
}

#[test]
fn a_pasted_command_does_not_run() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    for (run, c) in ":quit".chars().enumerate() {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        desk.send(Message::Key(KeyPress { key, run }));
    }
    let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
    desk.send(Message::Key(KeyPress { key: enter, run: 5 }));
    assert!(exits(&desk).is_empty());
    desk.press(KeyCode::Enter);
    assert_eq!(exits(&desk), [Exit::Quit(Vec::new())]);
}

#[test]
fn on_a_terminal_too_small_to_show_a_question_none_is_answered() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("t");
    desk.send(Message::Resize(40, 10));
    desk.keys("y");
    desk.press(KeyCode::Esc);
    desk.keys("cydyq");
    assert!(desk.next_change().is_none());
    assert!(exits(&desk).is_empty());
    desk.send(Message::Resize(80, 24));
    assert!(desk.screen().contains("Deactivate key"), "still asked");
    let mut desk = with_new_key();
    desk.send(Message::Resize(40, 10));
    desk.keys("qd");
    desk.send(Message::Resize(80, 24));
    assert!(desk.screen().contains("New key for alice"));
}

#[test]
fn a_filter_that_nobody_passes_does_not_lose_the_selection() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jjj");
    let before = desk.state.user().unwrap().user.name.clone();
    desk.keys("/###");
    assert!(desk.state.user().is_none());
    desk.press(KeyCode::Esc);
    assert_eq!(desk.state.user().unwrap().user.name, before);
}

#[test]
fn help_scrolls_to_its_end_and_no_further() {
    let mut desk = Desk::showing((60, 16), settings(), &people());
    desk.keys("?");
    desk.keys("G");
    let end = desk.screen();
    assert!(end.contains("Suspend"), "{end}");
    desk.keys("k");
    assert_ne!(desk.screen(), end, "one back is one back");
    desk.keys("g");
    assert!(desk.screen().contains("Create an access key"));
}

#[test]
fn keys_that_come_too_fast_confirm_nothing() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jjjjt");
    desk.serve(&people());
    let key = KeyEvent::new(KeyCode::Char('y'), KeyModifiers::NONE);
    desk.send(Message::Key(KeyPress { key, run: 1 }));
    assert!(desk.next_change().is_none());
    assert!(desk.screen().contains("Deactivate key"), "still asked");
    desk.keys("y");
    assert!(desk.next_change().is_some());
}

#[test]
fn a_typed_confirmation_is_not_answered_by_enter_pasted_along() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("d");
    desk.serve(&people());
    for (run, c) in "PLE1".chars().enumerate() {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        desk.send(Message::Key(KeyPress { key, run }));
    }
    let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
    desk.send(Message::Key(KeyPress { key: enter, run: 4 }));
    assert!(desk.next_change().is_none());
    desk.press(KeyCode::Enter);
    assert!(desk.next_change().is_some());
}

#[test]
fn the_session_s_own_key_is_typed_even_if_it_looks_unused() {
    let users = [someone(
        "alice",
        &[("AKIAALICE001EXAMPLE1", false, 12, None)],
    )];
    let mut desk = Desk::showing(SIZE, settings(), &users);
    desk.keys("d");
    let screen = desk.screen();
    assert!(screen.contains("Type its last four characters"), "{screen}");
    assert!(screen.contains("iamkeys is signed in with it"));
}

#[test]
fn a_last_use_that_nobody_could_tell_counts_as_use() {
    let users = [someone(
        "bob",
        &[("AKIABOB00001EXAMPLE1", false, 900, None)],
    )];
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.send(Message::SignedIn(Ok(Box::default())));
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::LastUsed(user, key) => Answer::LastUsed(user, key, Err(error(Kind::Denied))),
            read => answer(&users, read),
        };
        desk.answered(request, answer);
    }
    desk.keys("d");
    assert!(desk.screen().contains("Type its last four characters"));
}

#[test]
fn a_session_that_expires_keeps_the_screen_and_asks_no_more() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("R");
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::Users(_) => Answer::Users(Err(error(Kind::Expired))),
            Read::Keys(user) => Answer::Keys(user, Err(error(Kind::Expired))),
            Read::LastUsed(user, key) => Answer::LastUsed(user, key, Err(error(Kind::Expired))),
            read => answer(&people(), read),
        };
        desk.answered(request, answer);
    }
    assert_eq!(desk.state.stage, Stage::Browsing);
    let screen = desk.screen();
    assert!(
        screen.contains("deploy-bot"),
        "what was known stays:\n{screen}"
    );
    desk.keys("j");
    let later = desk.screen();
    assert!(
        later.contains("R signs in again"),
        "it is said as long as it is so:\n{later}"
    );
    desk.keys("R");
    assert!(
        desk.effects
            .iter()
            .any(|effect| matches!(effect, Effect::SignIn(effect::Target::Ambient))),
        "R signs in again"
    );
}

#[test]
fn mfa_is_recognised_by_sts_knowing_what_iam_does_not() {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.send(Message::SignedIn(Ok(Box::default())));
    let mut users = None;
    while let Some((request, read)) = desk.next_read() {
        match read {
            Read::Users(_) => users = Some(request),
            read => desk.answered(request, answer(&people(), read)),
        }
    }
    let refused = Error {
        action: "iam:ListUsers",
        ..error(Kind::BadCredentials)
    };
    desk.answered(users.unwrap(), Answer::Users(Err(refused)));
    assert!(desk.screen().contains("This session lacks MFA"));
}

#[test]
fn more_than_two_keys_are_all_there() {
    let ids: Vec<String> = (0..8)
        .map(|at| format!("AKIAMANY000{at}EXAMPLE{at}"))
        .collect();
    let keys: Vec<(&str, bool, i64, Option<i64>)> = ids
        .iter()
        .map(|id| (id.as_str(), true, 10, Some(1)))
        .collect();
    let users = [someone("many", &keys)];
    let mut desk = Desk::showing(SIZE, settings(), &users);
    desk.press(KeyCode::Tab);
    for id in &ids {
        assert!(desk.screen().contains(id), "{id} in\n{}", desk.screen());
        desk.keys("j");
    }
}

#[test]
fn neither_key_id_nor_status_is_ever_cut_off() {
    let long = "AKIA".to_owned() + &"X".repeat(120) + "WXYZ";
    let users = [someone("long", &[(&long, false, 10, None)])];
    for width in [60, 76, 80, 100, 120] {
        let mut desk = Desk::showing((width, 24), settings(), &users);
        desk.press(KeyCode::Tab);
        let screen = desk.screen();
        assert!(screen.contains("WXYZ"), "{width}:\n{screen}");
        assert!(screen.contains("Inactive"), "{width}:\n{screen}");
    }
}

/// Everything that a service can put on the screen, as hostile as it gets.
fn hostile() -> Vec<Someone> {
    let mut users = people();
    users[0].name = "alice\u{1b}[2J\u{202e}\u{200b}";
    users[0].path = "/\u{1b}]0;gotcha\u{7}/";
    users[0].keys[0].0.id = "AKIA\u{9b}31m\u{2066}EXAMPLE1".into();
    users[0].keys[0].0.status = KeyStatus::Other("Act\u{1b}c\u{feff}ive".into());
    users[0].keys[0].1 = iamkeys::iam::LastUsed::At {
        time: now(),
        service: Some("s3\u{1b}[31m".into()),
        region: Some("us\u{200d}-east-1\r".into()),
    };
    users
}

#[test]
fn text_from_the_service_reaches_no_screen_unfiltered() {
    let check = |desk: &Desk, where_: &str| {
        let (width, height) = desk.state.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        ui::draw(&mut buffer, &desk.state, now());
        for cell in &buffer.content {
            let symbol = cell.symbol();
            assert!(
                !symbol.chars().any(text::is_hidden),
                "{symbol:?} in {where_}"
            );
        }
    };
    for size in [(60, 16), SIZE, (120, 36)] {
        let mut desk = Desk::showing(size, settings(), &hostile());
        check(&desk, "the list");
        assert!(desk.screen().contains('\u{fffd}'), "it is shown as a mark");
        for keys in ["c", "t", "d", "/", "?"] {
            desk.keys(keys);
            check(&desk, keys);
            desk.press(KeyCode::Esc);
        }
        desk.press(KeyCode::Tab);
        desk.press(KeyCode::Enter);
        check(&desk, "details");
        desk.press(KeyCode::Esc);
        desk.keys("ty");
        desk.serve(&hostile());
        let (id, _) = desk.next_change().unwrap();
        let bad = Error {
            code: Some("Bad\u{1b}[H".into()),
            message: "no\u{202e}pe\u{1b}[2J".into(),
            request_id: Some("\u{1b}c".into()),
            ..error(Kind::Other)
        };
        desk.changed(id, Err(bad.clone()));
        check(&desk, "a failure");
        desk.press(KeyCode::Esc);
        desk.keys("3");
        check(&desk, "the activity");
        let list = desk.screen();
        assert!(size.0 < 80 || list.contains("of alice�[2J"), "{list}");
        desk.press(KeyCode::Enter);
        check(&desk, "an entry");
        let whole = desk.screen();
        assert!(whole.contains("EXAMPLE1 of alice�[2J��"), "{whole}");
        assert!(whole.contains("--cli-input-json"), "escaped there: {whole}");
        desk.press(KeyCode::Esc);
        desk.keys("1");
        desk.keys("cy");
        desk.serve(&hostile());
        let (id, _) = desk.next_change().unwrap();
        let made = Changed::Created {
            key: AccessKey {
                id: "AKIA\u{1b}[8mX".into(),
                status: KeyStatus::Active,
                created: None,
            },
            secret: SecretKey::new("sec\u{1b}[31mret".into()),
        };
        desk.changed(id, Ok(made));
        desk.keys("v");
        check(&desk, "a new key");
        let caller = Caller {
            account: "1\u{1b}[2J2".into(),
            arn: "arn:aws:iam::1:user/\u{202e}x".into(),
        };
        desk.state.session.caller = iamkeys::state::load::Load::Ready(caller, now());
        desk.state.session.profile = Some("pro\u{1b}d".into());
        desk.state.session.endpoint = Some("http://\u{1b}[2J".into());
        check(&desk, "the header");
    }
}

#[test]
fn the_tests_that_the_readme_names_are_there() {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("## What cannot happen").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = |of: &str| match of {
        "core" => vec![root.join("tests/core")],
        "terminal" => vec![root.join("tests/terminal")],
        "credentials" => vec![root.join("src/secret/credentials")],
        "place" => vec![root.join("src/secret/place")],
        name => vec![root.join(format!("tests/{name}.rs"))],
    };
    let mut named = 0;
    let quoted = section.split('`').skip(1).step_by(2);
    for (of, test) in quoted.filter_map(|text| text.split_once("::")) {
        let mut text = String::new();
        for place in folders(of) {
            if place.is_file() {
                text += &fs::read_to_string(&place).unwrap();
            } else {
                let files = fs::read_dir(&place)
                    .unwrap()
                    .map(|file| file.unwrap().path());
                for file in files.filter(|path| path.is_file()) {
                    text += &fs::read_to_string(file).unwrap();
                }
            }
        }
        assert!(text.contains(&format!("fn {test}(")), "{of}::{test}");
        named += 1;
    }
    assert!(named > 25, "{named}");
}

#[test]
fn the_readme_s_table_of_keys_is_the_keymap_s() {
    let readme = include_str!("../../README.md");
    assert!(
        readme.contains(&keymap::markdown()),
        "put this into README.md:\n{}",
        keymap::markdown()
    );
}

#[test]
fn drawing_costs_what_is_visible() {
    for count in [24, 5_000, 100_000] {
        let users: Vec<Someone> = (0..count)
            .map(|at| someone(Box::leak(format!("user-{at:06}").into_boxed_str()), &[]))
            .collect();
        let desk = Desk::showing(SIZE, settings(), &users);
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        let drawn = ui::draw(&mut buffer, &desk.state, now());
        assert_eq!(drawn.rows, 18, "of {count}");
    }
}

/// What the activity lists, newest first: target, and what came of it.
fn listed(desk: &mut Desk) -> Vec<(String, Outcome)> {
    desk.state.activity.set_height(usize::MAX / 2);
    let rows = desk.state.activity.window();
    rows.map(|(_, entry)| (entry.target.clone(), entry.result.clone()))
        .collect()
}

/// Deactivates the key of old-batch, with this answer.
fn toggled(desk: &mut Desk, result: Result<Changed, Error>) {
    desk.keys("gjjjjty");
    desk.serve(&people());
    let (id, _) = desk.next_change().expect("a change was sent");
    desk.changed(id, result);
    desk.serve(&people());
    // A failure is read, and closed.
    desk.press(KeyCode::Esc);
}

fn entry(target: &str) -> Entry {
    Entry {
        time: now(),
        action: "iam:UpdateAccessKey",
        target: target.into(),
        result: Outcome::Done("deactivated".into()),
        took: Duration::from_millis(120),
        request_id: None,
        command: format!("aws {target}"),
    }
}

/// A desk that shows the activity, of `count` entries.
fn with_entries(count: usize) -> Desk {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    for at in 0..count {
        desk.state.activity.note(entry(&format!("entry {at}")));
    }
    desk.keys("3");
    desk
}

/// The line of the screen that the selection is on.
fn selected_line(desk: &Desk) -> (usize, String) {
    let screen = desk.screen();
    let (at, line) = (0..)
        .zip(screen.lines())
        .find(|(_, line)| line.contains('▌'))
        .expect("a row is selected");
    (at, line.into())
}

#[test]
fn what_was_done_and_what_failed_is_listed_newest_first() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    assert_eq!(desk.state.activity.noted(), 0, "reads that succeed are not");
    toggled(&mut desk, Ok(Changed::Done));
    toggled(&mut desk, Err(error(Kind::Denied)));
    let key = "AKIABATCH001EXAMPLE1 of old-batch".to_owned();
    assert_eq!(
        listed(&mut desk),
        [
            (key.clone(), Outcome::Failed(error(Kind::Denied))),
            (key, Outcome::Done("deactivated".into())),
        ]
    );
    let done = desk.state.activity.window().last().unwrap().1.clone();
    assert_eq!(done.action, "iam:UpdateAccessKey");
    assert_eq!(done.request_id.as_deref(), Some("0a1b2c3d-EXAMPLE"));
    assert_eq!((done.time, done.took), (now(), Duration::from_millis(120)));
    assert_eq!(
        done.command,
        "aws iam update-access-key --user-name old-batch --access-key-id AKIABATCH001EXAMPLE1 \
         --status Inactive --profile prod"
    );
    let failed = desk.state.activity.window().next().unwrap().1;
    assert_eq!(failed.request_id.as_deref(), Some("11111111-2222"));
}

#[test]
fn a_change_that_nobody_knows_the_end_of_has_not_failed() {
    for kind in [Kind::Network, Kind::Server, Kind::Garbled] {
        let mut desk = Desk::showing(SIZE, settings(), &people());
        toggled(&mut desk, Err(error(kind)));
        assert_eq!(listed(&mut desk)[0].1, Outcome::NotKnown(error(kind)));
        desk.keys("3");
        let screen = desk.screen();
        assert!(screen.contains("▲ UpdateAccessKey"), "{screen}");
        assert!(screen.contains("not known"), "{screen}");
        desk.press(KeyCode::Enter);
        let screen = desk.screen();
        assert!(screen.contains("not known whether it was done"), "{screen}");
        assert!(!screen.contains("failed"), "{screen}");
    }
    // Where nothing was sent, that is known.
    let mut desk = Desk::showing(SIZE, settings(), &people());
    toggled(&mut desk, Err(error(Kind::NotSent)));
    assert_eq!(
        listed(&mut desk)[0].1,
        Outcome::Failed(error(Kind::NotSent))
    );
}

#[test]
fn a_read_that_failed_is_listed_and_one_of_an_earlier_session_is_not() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("R");
    let mut asked = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        if let Read::Keys(_) = read {
            asked.push((request, read));
        } else {
            desk.answered(request, answer(&people(), read));
        }
    }
    let (request, read) = asked.remove(0);
    desk.answered(request, failed(read, Kind::Throttled));
    assert_eq!(
        listed(&mut desk),
        [("alice".into(), Outcome::Failed(error(Kind::Throttled)))]
    );
    let command = &desk.state.activity.selected().unwrap().command;
    assert_eq!(
        command,
        "aws iam list-access-keys --user-name alice --profile prod"
    );
    let (request, read) = asked.remove(0);
    let _ = desk.state.sign_in(effect::Target::Demo);
    desk.answered(request, failed(read, Kind::Throttled));
    assert_eq!(desk.state.activity.noted(), 1);
}

#[test]
fn what_is_listed_outlives_the_session_and_counts_a_change_once() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jjjjty");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    let _ = desk.state.sign_in(effect::Target::Demo);
    desk.changed(id, Ok(Changed::Done));
    desk.changed(id, Ok(Changed::Done));
    assert_eq!(listed(&mut desk).len(), 1);
}

#[test]
fn the_newest_thousand_are_kept_and_all_are_counted() {
    let mut desk = with_entries(KEPT + 204);
    assert_eq!(desk.state.activity.len(), KEPT);
    assert_eq!(desk.state.activity.noted(), KEPT + 204);
    let screen = desk.screen();
    assert!(screen.contains("3 Activity 1,204"), "{screen}");
    assert!(screen.contains("newest 1,000 of 1,204"), "{screen}");
    desk.keys("G");
    assert_eq!(desk.state.activity.selected().unwrap().target, "entry 204");
    // The selected one is the next to go; then it is the oldest there is.
    desk.state.activity.note(entry("one more"));
    assert_eq!(desk.state.activity.selected().unwrap().target, "entry 205");
    desk.keys("g");
    assert_eq!(desk.state.activity.selected().unwrap().target, "one more");
}

#[test]
fn the_selection_stays_where_it_is_while_more_happens() {
    // As long as everything fits, what is newer pushes the rest down; then it stays out of sight.
    for (count, stays) in [(5, false), (50, true)] {
        let mut desk = with_entries(count);
        desk.keys("jj");
        let (before, line) = selected_line(&desk);
        let target = desk.state.activity.selected().unwrap().target.clone();
        for at in 0..3 {
            desk.state.activity.note(entry(&format!("newer {at}")));
        }
        assert_eq!(desk.state.activity.selected().unwrap().target, target);
        let (after, same) = selected_line(&desk);
        assert_eq!(same, line);
        assert_eq!(after - before, if stays { 0 } else { 3 });
        assert_eq!(desk.screen().contains("3 newer above"), stays);
    }
    // Also from the top, where nobody has moved yet.
    let mut desk = with_entries(50);
    let before = selected_line(&desk);
    desk.state.activity.note(entry("newer"));
    assert_eq!(selected_line(&desk), before);
    // Coming back shows what is new.
    desk.keys("13");
    assert_eq!(desk.state.activity.selected().unwrap().target, "newer");
}

#[test]
fn a_click_selects_the_entry_that_was_seen() {
    let mut desk = with_entries(7);
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    let drawn = ui::draw(&mut buffer, &desk.state, now());
    // The third row: below the two lines at the top, border and heading.
    let target = drawn.at(10, 6).unwrap().clone();
    desk.state.activity.note(entry("newer"));
    desk.send(Message::Click(target));
    assert_eq!(desk.state.activity.selected().unwrap().target, "entry 4");
}

#[test]
fn pages_and_the_wheel_move_in_the_activity() {
    let mut desk = with_entries(50);
    let selected = |desk: &Desk| desk.state.activity.selected().unwrap().target.clone();
    desk.press(KeyCode::PageDown);
    assert_eq!(selected(&desk), "entry 32", "17 on: one row stays in view");
    desk.send(Message::Scroll(2));
    assert_eq!(selected(&desk), "entry 30");
    desk.press(KeyCode::PageUp);
    desk.send(Message::Scroll(-1));
    assert_eq!(selected(&desk), "entry 48");
    assert_eq!(desk.state.users.cursor(), 0, "nothing else has moved");
}

#[test]
fn tabs_are_keys_and_can_be_clicked() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    let tab = |desk: &Desk, name: &str| {
        let screen = desk.screen();
        let line = screen.lines().nth(1).unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        let drawn = ui::draw(&mut buffer, &desk.state, now());
        let column = u16::try_from(line.find(name).unwrap()).unwrap();
        drawn.at(column, 1).cloned()
    };
    let target = tab(&desk, "Activity").unwrap();
    desk.send(Message::Click(target));
    assert_eq!(desk.state.view, View::Activity);
    assert_eq!(tab(&desk, "Keys"), None, "there is no such view yet");
    let target = tab(&desk, "Users").unwrap();
    desk.send(Message::Click(target));
    assert_eq!(desk.state.view, View::Users);
    for (keys, view) in [
        ("3", View::Activity),
        ("3", View::Activity),
        ("1", View::Users),
        ("1", View::Users),
        ("2", View::Users),
        ("l3", View::Activity),
    ] {
        desk.keys(keys);
        assert_eq!(desk.state.view, view, "{keys}");
    }
    desk.press(KeyCode::Esc);
    assert_eq!(desk.state.view, View::Users);
    assert_eq!(desk.state.pane, Pane::Keys, "back to where one was");
}

#[test]
fn nothing_is_changed_from_where_no_key_is_seen() {
    let mut desk = with_entries(3);
    for key in "ctd/hl2".chars() {
        desk.keys(&key.to_string());
        assert!(desk.state.modals.is_empty(), "{key} opened something");
        assert_eq!(desk.state.view, View::Activity, "{key}");
    }
    assert!(desk.effects.is_empty());
}

#[test]
fn an_empty_activity_says_so_and_has_nothing_to_copy() {
    let mut desk = with_entries(0);
    for key in [KeyCode::Enter, KeyCode::Char('y')] {
        desk.press(key);
        let screen = desk.screen();
        assert!(screen.contains("▲ Nothing is listed yet"), "{screen}");
    }
    for key in [KeyCode::Char('j'), KeyCode::Char('G'), KeyCode::PageDown] {
        desk.press(key);
    }
    assert!(desk.screen().contains("Nothing was changed"));
    assert!(desk.effects.is_empty());
    // What no command does says so, and offers none.
    desk.state.activity.note(Entry {
        command: String::new(),
        ..entry("a file")
    });
    desk.keys("y");
    assert!(desk.screen().contains("No aws command does this"));
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    assert!(screen.contains("What happened"), "{screen}");
    assert!(!screen.contains("Copy command"), "{screen}");
    desk.keys("y");
    desk.send(Message::Click(Target::Button(1)));
    assert!(desk.effects.is_empty());
}

#[test]
fn a_whole_entry_scrolls_to_its_end_and_no_further() {
    let mut desk = with_entries(0);
    desk.send(Message::Resize(60, 16));
    let long = Error {
        message: "a long story ".repeat(40),
        ..error(Kind::Denied)
    };
    desk.state.activity.note(Entry {
        result: Outcome::Failed(long),
        ..entry("AKIAALICE001EXAMPLE1 of alice")
    });
    desk.press(KeyCode::Enter);
    assert!(!desk.screen().contains("aws AKIA"));
    for _ in 0..50 {
        desk.keys("j");
    }
    let end = desk.screen();
    assert!(end.contains("aws AKIAALICE001EXAMPLE1 of alice"), "{end}");
    desk.keys("k");
    assert_ne!(desk.screen(), end, "not one key too many was counted");
    desk.send(Message::Scroll(-9));
    desk.send(Message::Scroll(99));
    assert_eq!(desk.screen(), end);
    // It stays what it is while more happens behind it.
    desk.state.activity.note(entry("newer"));
    desk.keys("G");
    assert_eq!(desk.screen(), end);
}

#[test]
fn a_session_is_renewed_from_the_activity_without_leaving_it() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("R");
    let (request, _) = desk.next_read().unwrap();
    desk.answered(request, Answer::Users(Err(error(Kind::Expired))));
    desk.keys("3");
    desk.effects.clear();
    desk.keys("R");
    assert!(matches!(desk.effects[0], Effect::SignIn(_)));
    desk.effects.clear();
    desk.send(Message::SignedIn(Ok(Box::default())));
    desk.serve(&people());
    let screen = desk.screen();
    assert!(screen.contains("─ Activity ─"), "{screen}");
    assert!(
        screen.contains("ListUsers") || screen.contains("SomeCode"),
        "{screen}"
    );
}

#[test]
fn the_key_that_could_be_deleted_is_gone_to_from_the_activity_too() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("cy");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.keys("3");
    let full = Error {
        action: "iam:CreateAccessKey",
        ..error(Kind::Limit)
    };
    // By then, alice has a key that was never used.
    desk.serve(&[someone(
        "alice",
        &[("AKIAALICE009EXAMPLE9", false, 3, None)],
    )]);
    desk.changed(id, Err(full));
    desk.serve(&[someone(
        "alice",
        &[("AKIAALICE009EXAMPLE9", false, 3, None)],
    )]);
    desk.keys("y");
    assert_eq!(desk.state.view, View::Users);
    assert_eq!(desk.state.key().unwrap().key.id, "AKIAALICE009EXAMPLE9");
}

#[test]
fn drawing_the_activity_costs_what_is_visible() {
    for count in [17, 1_000] {
        let desk = with_entries(count);
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        assert_eq!(
            ui::draw(&mut buffer, &desk.state, now()).rows,
            count.min(18)
        );
    }
}

/// A credentials file with somebody's keys in it.
const FILE: &str = "[ci]\naws_access_key_id = AKIACIRUN001EXAMPLE1\n\
                    aws_secret_access_key = secretEXAMPLE\n\n[other]\nregion = us-east-1\n";

/// A new key, and what would change in a profile: all is known but whose the keys there are.
fn agreeing(profile: &str) -> Desk {
    let mut desk = with_new_key();
    agree_in(&mut desk, profile);
    desk
}

/// The number of the errand that looked at what would change.
fn agree_in(desk: &mut Desk, profile: &str) -> RequestId {
    desk.keys("w");
    desk.serve_file(FILE);
    desk.keys(profile);
    desk.press(KeyCode::Enter);
    let (request, errand) = desk.next_errand().unwrap();
    let Errand::Plan { profile, key } = errand else {
        panic!("what would change is looked at");
    };
    desk.heard(request, News::Planned(planned(FILE, &profile, &key)));
    request
}

fn written() -> News {
    News::Written(Ok(Written {
        path: "/home/alice/.aws/credentials".into(),
        unsure: None,
    }))
}

fn refused() -> News {
    News::Written(Err(NotWritten::Refused("the disk is full".into())))
}

/// The errands that would put a secret somewhere.
fn puts(desk: &mut Desk) -> Vec<RequestId> {
    std::iter::from_fn(|| desk.next_errand())
        .filter(|(_, errand)| {
            matches!(
                errand,
                Errand::WriteProfile { .. } | Errand::WriteFile { .. }
            )
        })
        .map(|(request, _)| request)
        .collect()
}

#[test]
fn what_is_written_is_kept_whatever_the_clipboard_holds() {
    let mut desk = agreeing("deploy");
    desk.keys("y");
    let (request, _) = desk.next_errand().unwrap();
    desk.heard(request, written());
    assert!(desk.screen().contains("written to profile deploy"));
    let sent = || CopyOutcome::InSystemClipboard;
    copied(&mut desk, Copied::Secret, sent());
    copied(&mut desk, Copied::KeyId, sent());
    desk.press(KeyCode::Esc);
    assert!(desk.state.modals.is_empty(), "{}", desk.screen());
    let stored = desk.effects.iter().filter_map(|effect| match effect {
        Effect::Note(note) => match &note.fact {
            Fact::Stored { place, .. } => Some(place.as_str()),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(stored.collect::<Vec<_>>(), ["profile deploy", "clipboard"]);
}

#[test]
fn nothing_is_written_before_it_is_known_whose_keys_are_there() {
    let mut desk = with_new_key();
    let request = agree_in(&mut desk, "ci");
    desk.keys("y");
    desk.press(KeyCode::Tab);
    desk.press(KeyCode::Enter);
    assert!(puts(&mut desk).is_empty());
    assert!(desk.screen().contains("Asking whose that is"));
    // An answer about another key is none about this one.
    desk.heard(RequestId(99_999), News::Owner(Owner::NotAccepted));
    assert!(desk.screen().contains("Asking whose that is"));
    desk.heard(request, News::Owner(Owner::NotAccepted));
    desk.keys("y");
    assert_eq!(puts(&mut desk).len(), 1);
}

#[test]
fn who_is_called_alike_is_not_the_same() {
    for (account, resource, same) in [
        ("123456789012", "user/alice", true),
        ("123456789012", "user/team/Alice", true),
        ("210987654321", "user/alice", false),
        ("123456789012", "federated-user/alice", false),
        ("123456789012", "assumed-role/alice/alice", false),
        ("123456789012", "root", false),
    ] {
        let mut desk = with_new_key();
        let request = agree_in(&mut desk, "ci");
        let owner = Owner::Is(Caller {
            account: account.into(),
            arn: format!("arn:aws:iam::{account}:{resource}"),
        });
        desk.heard(request, News::Owner(owner));
        let screen = desk.screen();
        assert_eq!(screen.contains("of alice as well"), same, "{screen}");
        assert_eq!(screen.contains("of somebody else"), !same, "{screen}");
        assert_eq!(screen.contains("Replace"), !same, "{screen}");
    }
}

#[test]
fn keys_that_come_too_fast_write_nothing() {
    let mut desk = agreeing("deploy");
    let y = KeyEvent::new(KeyCode::Char('y'), KeyModifiers::NONE);
    desk.send(Message::Key(KeyPress { key: y, run: 1 }));
    assert!(puts(&mut desk).is_empty());
    assert!(desk.screen().contains("What will change"));
    // Cancel is highlighted.
    desk.press(KeyCode::Enter);
    assert!(puts(&mut desk).is_empty());
    assert!(!desk.screen().contains("What will change"));
    assert!(desk.screen().contains("New key for alice"));
}

#[test]
fn esc_goes_back_to_the_new_key_from_every_stage() {
    let at: [fn(&mut Desk); 6] = [
        |desk| desk.keys("w"),
        |desk| {
            desk.keys("wci");
            desk.press(KeyCode::Enter);
        },
        |desk| {
            agree_in(desk, "ci");
        },
        |desk| {
            agree_in(desk, "deploy");
            desk.keys("y");
        },
        |desk| desk.keys("s"),
        |desk| desk.keys("e"),
    ];
    for go in at {
        let mut desk = with_new_key();
        go(&mut desk);
        assert_eq!(desk.state.modals.len(), 2);
        desk.press(KeyCode::Esc);
        assert!(matches!(desk.state.modals[..], [Modal::NewKey(_)]));
    }
}

#[test]
fn what_came_of_a_write_nobody_waited_for_is_told_with_the_key() {
    let mut desk = agreeing("deploy");
    desk.keys("y");
    desk.press(KeyCode::Esc);
    assert!(desk.screen().contains("writing it to profile deploy"));
    let [request] = puts(&mut desk)[..] else {
        panic!("it goes on");
    };
    desk.heard(request, refused());
    let screen = desk.screen();
    assert!(screen.contains("profile deploy not written: the disk is full"));
    desk.press(KeyCode::Esc);
    assert!(desk.screen().contains("Discard the only copy?"));
    // And once more, for a key that nobody holds any more.
    let mut desk = agreeing("deploy");
    desk.keys("y");
    desk.press(KeyCode::Esc);
    desk.press(KeyCode::Esc);
    desk.keys("d");
    let [request] = puts(&mut desk)[..] else {
        panic!("it goes on");
    };
    desk.heard(request, written());
    assert!(desk.screen().contains("is in profile deploy now"));
    desk.heard(request, written());
    assert_eq!(desk.state.activity.noted(), 2, "created, written once");
}

#[test]
fn a_late_answer_about_another_profile_changes_nothing() {
    let mut desk = with_new_key();
    desk.keys("w");
    desk.serve_file(FILE);
    desk.keys("ci");
    desk.press(KeyCode::Enter);
    let (old, _) = desk.next_errand().unwrap();
    desk.press(KeyCode::Esc);
    agree_in(&mut desk, "deploy");
    desk.heard(
        old,
        News::Planned(planned(FILE, "ci", "AKIANEWKEY01EXAMPLE1")),
    );
    let screen = desk.screen();
    assert!(screen.contains("[deploy], a new section"), "{screen}");
}

#[test]
fn a_row_of_the_list_is_taken_by_arrows_tab_and_clicks() {
    let ways: [fn(&mut Desk); 3] = [
        |desk| {
            desk.press(KeyCode::Down);
            desk.press(KeyCode::Down);
        },
        |desk| {
            desk.keys("oth");
            desk.press(KeyCode::Tab);
        },
        |desk| desk.send(Message::Click(Target::PaletteRow(1))),
    ];
    for way in ways {
        let mut desk = with_new_key();
        desk.keys("w");
        desk.serve_file(FILE);
        way(&mut desk);
        assert!(puts(&mut desk).is_empty());
        desk.press(KeyCode::Enter);
        let (_, errand) = desk.next_errand().unwrap();
        assert!(matches!(errand, Errand::Plan { profile, .. } if profile == "other"));
    }
}

#[test]
fn nothing_is_chosen_where_nothing_was_typed() {
    let mut desk = with_new_key();
    desk.keys("w");
    desk.serve_file(FILE);
    desk.press(KeyCode::Enter);
    assert!(desk.next_errand().is_none());
    assert!(desk.screen().contains("A profile needs a name"));
}

#[test]
fn a_place_is_chosen_ahead_only_where_a_key_is_created_next() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jr");
    desk.serve(&people());
    assert!(desk.screen().contains("Rotate deploy-bot"));
    desk.keys("w");
    assert!(desk.next_errand().is_none());
    assert_eq!(desk.state.modals.len(), 1);
}

#[test]
fn a_key_of_another_session_is_not_put_where_this_one_s_was_to_go() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("r");
    desk.serve(&people());
    desk.keys("w");
    desk.serve_file(FILE);
    desk.keys("deploy");
    desk.press(KeyCode::Enter);
    desk.serve_file(FILE);
    desk.keys("y");
    let (request, _) = desk.next_errand().unwrap();
    desk.heard(
        request,
        News::Proven(Ok("/home/alice/.aws/credentials".into())),
    );
    assert!(desk.screen().contains("profile deploy: can be written"));
    desk.keys("y");
    desk.serve(&people());
    desk.keys("y");
    let (id, _) = desk.next_change().unwrap();
    let _ = desk.state.sign_in(iamkeys::effect::Target::Demo);
    desk.changed(id, Ok(created("AKIANEWKEY01EXAMPLE1")));
    assert!(desk.screen().contains("New key for alice"));
    assert!(puts(&mut desk).is_empty());
}

/// A program whose system clipboard holds the secret of the new key.
fn on_the_clipboard() -> Desk {
    let settings = Settings {
        clipboard: Route::System,
        clear_after: Some(90),
        ..settings()
    };
    let mut desk = Desk::showing(SIZE, settings, &people());
    desk.keys("cy");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.changed(id, Ok(created("AKIANEWKEY01EXAMPLE1")));
    copied(&mut desk, Copied::Secret, CopyOutcome::InSystemClipboard);
    desk
}

fn cleared(desk: &mut Desk, result: Result<bool, String>) {
    let key = "AKIANEWKEY01EXAMPLE1".to_owned();
    desk.send(Message::ClipboardDue(key.clone()));
    let clears = |effect: &Effect| matches!(effect, Effect::ClearClipboard(of) if *of == key);
    assert!(desk.effects.iter().any(clears));
    desk.send(Message::Cleared { key, result });
}

#[test]
fn a_secret_that_was_cleared_from_the_clipboard_is_nowhere_again() {
    let mut desk = on_the_clipboard();
    assert!(desk.screen().contains("cleared 90 s after copying"));
    cleared(&mut desk, Ok(true));
    desk.press(KeyCode::Esc);
    assert!(desk.screen().contains("Discard the only copy?"));
    desk.press(KeyCode::Esc);
    copied(&mut desk, Copied::Secret, CopyOutcome::InSystemClipboard);
    desk.press(KeyCode::Esc);
    assert!(desk.state.modals.is_empty(), "it is there again");
}

#[test]
fn what_somebody_else_has_copied_since_is_no_loss_of_ours() {
    let mut desk = on_the_clipboard();
    cleared(&mut desk, Ok(false));
    desk.press(KeyCode::Esc);
    assert!(desk.state.modals.is_empty());
    desk.keys("q");
    assert_eq!(exits(&desk), [Exit::Quit(Vec::new())]);
}

#[test]
fn leaving_asks_while_only_the_clipboard_has_the_secret() {
    for open in [true, false] {
        let mut desk = on_the_clipboard();
        if !open {
            desk.press(KeyCode::Esc);
        }
        desk.send(Message::Signal(Signal::Interrupt));
        assert!(
            desk.screen().contains("Leave without pasting it?"),
            "{}",
            desk.screen()
        );
        desk.press(KeyCode::Esc);
        assert!(exits(&desk).is_empty());
        desk.send(Message::Signal(Signal::Interrupt));
        desk.keys("d");
        assert_eq!(exits(&desk), [Exit::Interrupted(Vec::new())]);
    }
    let mut desk = on_the_clipboard();
    desk.send(Message::Signal(Signal::Terminate));
    let exits = exits(&desk);
    let [Exit::Signal(15, lines)] = &exits[..] else {
        panic!("nobody is asked");
    };
    assert!(lines[0].starts_with("cleared: the secret of AKIANEWKEY01EXAMPLE1"));
}

#[test]
fn leaving_does_not_ask_for_a_secret_that_is_elsewhere_too() {
    let mut desk = on_the_clipboard();
    agree_in(&mut desk, "deploy");
    desk.keys("y");
    let (request, _) = desk.next_errand().unwrap();
    desk.heard(request, written());
    desk.press(KeyCode::Esc);
    desk.keys("q");
    assert_eq!(exits(&desk), [Exit::Quit(Vec::new())]);
}

#[test]
fn the_clipboard_is_not_cleared_of_what_came_after_the_secret() {
    let mut desk = on_the_clipboard();
    copied(&mut desk, Copied::KeyId, CopyOutcome::InSystemClipboard);
    desk.send(Message::ClipboardDue("AKIANEWKEY01EXAMPLE1".into()));
    let clears = |effect: &Effect| matches!(effect, Effect::ClearClipboard(_));
    assert!(!desk.effects.iter().any(clears));
}

#[test]
fn a_description_is_saved_only_where_it_is_another_one() {
    let describes = |keys: &str| {
        let mut desk = Desk::showing(SIZE, settings(), &people());
        desk.serve(&people());
        desk.keys("n");
        desk.serve(&people());
        desk.keys(keys);
        desk.press(KeyCode::Enter);
        (desk.next_change().map(|(_, change)| change), desk)
    };
    let (change, desk) = describes("");
    assert!(change.is_none() && desk.state.modals.is_empty());
    let (change, desk) = describes(" backups ");
    assert!(desk.state.modals.is_empty());
    let Some(Change::Describe { text, .. }) = change else {
        panic!("it is described");
    };
    assert_eq!(text.as_deref(), Some("backups"));
    let (change, desk) = describes("a;b");
    assert!(change.is_none() && desk.screen().contains("; is not allowed"));
}

#[test]
fn a_description_that_comes_late_does_not_replace_what_is_being_typed() {
    for typed in ["", "mine"] {
        let mut desk = Desk::showing(SIZE, settings(), &people());
        desk.keys("n");
        desk.keys(typed);
        while let Some((request, read)) = desk.next_read() {
            let answer = match read {
                Read::Descriptions(user) => {
                    let text = ("AKIAALICE001EXAMPLE1".into(), "theirs".into());
                    Answer::Descriptions(user, Ok(vec![text]))
                }
                read => answer(&people(), read),
            };
            desk.answered(request, answer);
        }
        let screen = desk.screen();
        let wanted = if typed.is_empty() { "theirs" } else { typed };
        assert!(screen.contains(&format!("For {wanted}▏")), "{screen}");
        assert!(screen.contains("Now: theirs"), "{screen}");
    }
}

/// Anything that can happen.
#[derive(Clone, Debug)]
enum Event {
    Key(KeyCode, bool, usize),
    Paste(String),
    Resize(u16, u16),
    Click(u16, u16),
    Scroll(isize),
    /// A click on something, wherever it may be, or have been.
    Target(Target),
    /// Answers one of the open reads, well or badly.
    Answer(usize, Option<Kind>),
    /// Answers one of the open changes, well or badly.
    Changed(usize, Option<Kind>),
    /// Does one of the open errands, well or badly.
    Errand(usize, bool),
    /// The clipboard's time is over, and what came of that.
    Cleared(Option<bool>),
    /// The journal tells what an earlier run has left open, about this account or another.
    Journal(usize, bool),
    /// How the trial of a new key goes.
    Tried(usize, bool),
    /// Somebody has copied a new key's secret, and a clipboard has it.
    CopiedAway,
    Tick,
    Resumed,
    Panicked,
    SignedIn,
}

fn kind() -> impl Strategy<Value = Option<Kind>> {
    prop_oneof![
        4 => Just(None),
        1 => prop_oneof![
            Just(Kind::Denied), Just(Kind::Gone), Just(Kind::Limit), Just(Kind::Network),
            Just(Kind::Expired), Just(Kind::Server), Just(Kind::Garbled), Just(Kind::Clock),
            Just(Kind::BadCredentials), Just(Kind::Throttled), Just(Kind::ReadOnly),
        ].prop_map(Some),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let key = prop_oneof![
        8 => prop::sample::select("cctdyyjkgGhlR/:?qnievaPLE113wwsbrr25ouxoi".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        3 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up,
            KeyCode::Down, KeyCode::Left, KeyCode::Right, KeyCode::PageDown, KeyCode::Home,
            KeyCode::Backspace, KeyCode::Delete, KeyCode::F(5),
        ]),
        1 => any::<char>().prop_map(KeyCode::Char),
    ];
    prop_oneof![
        12 => (key, prop::bool::weighted(0.05), 0usize..7).prop_map(|(k, c, r)| Event::Key(k, c, r.saturating_sub(4))),
        1 => ".{0,20}".prop_map(Event::Paste),
        1 => (0u16..140, 0u16..50).prop_map(|(w, h)| Event::Resize(w, h)),
        2 => (0u16..140, 0u16..50).prop_map(|(x, y)| Event::Click(x, y)),
        1 => (-5isize..5).prop_map(Event::Scroll),
        2 => prop_oneof![
            (0usize..8).prop_map(Target::User),
            (0usize..3).prop_map(Target::Key),
            (0usize..3).prop_map(Target::Button),
            (0usize..25).prop_map(Target::PaletteRow),
            (0usize..8).prop_map(Target::Entry),
            prop::sample::select(keymap::BINDINGS.iter().map(|b| b.action).collect::<Vec<_>>())
                .prop_map(Target::Action),
        ].prop_map(Event::Target),
        6 => (0usize..20, kind()).prop_map(|(at, kind)| Event::Answer(at, kind)),
        4 => (0usize..4, kind()).prop_map(|(at, kind)| Event::Changed(at, kind)),
        5 => (0usize..4, any::<bool>()).prop_map(|(at, well)| Event::Errand(at, well)),
        1 => prop::option::of(any::<bool>()).prop_map(Event::Cleared),
        1 => (0usize..6, any::<bool>()).prop_map(|(at, here)| Event::Journal(at, here)),
        1 => (0usize..3, any::<bool>()).prop_map(|(at, well)| Event::Tried(at, well)),
        1 => Just(Event::CopiedAway),
        1 => Just(Event::Tick),
        1 => Just(Event::Resumed),
        1 => Just(Event::Panicked),
        1 => Just(Event::SignedIn),
    ]
}

fn failed(read: Read, kind: Kind) -> Answer {
    let error = error(kind);
    match read {
        Read::Caller => Answer::Caller(Err(error)),
        Read::Alias => Answer::Alias(Err(error)),
        Read::KeysPerUser => Answer::KeysPerUser(Err(error)),
        Read::Users(_) => Answer::Users(Err(error)),
        Read::Keys(user) => Answer::Keys(user, Err(error)),
        Read::LastUsed(user, key) => Answer::LastUsed(user, key, Err(error)),
        Read::Descriptions(user) => Answer::Descriptions(user, Err(error)),
    }
}

/// What the runtime tells of an errand.
fn done(errand: Errand, well: bool) -> Vec<News> {
    let why = || "the disk is full".to_owned();
    match errand {
        Errand::Profiles => vec![News::Profiles(Listing {
            path: well.then(|| "/home/alice/.aws/credentials".into()),
            profiles: if well {
                Ok(vec!["ci".into(), "deploy".into()])
            } else {
                Err(why())
            },
        })],
        Errand::Plan { profile, key } if well => vec![
            News::Planned(planned(FILE, &profile, &key)),
            News::Owner(Owner::NotAccepted),
        ],
        Errand::Plan { .. } => vec![News::Planned(Err(why()))],
        Errand::ProveProfile(_) | Errand::ProveFile(_) if well => {
            vec![News::Proven(Ok("/home/alice/x".into()))]
        }
        Errand::ProveProfile(_) | Errand::ProveFile(_) => vec![News::Proven(Err(why()))],
        Errand::WriteProfile { .. } | Errand::WriteFile { .. } if well => vec![written()],
        Errand::WriteProfile { .. } => {
            vec![News::Written(Err(NotWritten::Changed(why())))]
        }
        Errand::WriteFile { .. } => vec![refused()],
    }
}

/// The open dialogs that must not change behind the person's back: the secrets, and the targets.
fn held(desk: &Desk) -> (Vec<String>, Vec<Change>) {
    let secrets = desk.state.modals.iter().filter_map(|modal| match modal {
        Modal::NewKey(new) => Some(new.id.clone()),
        _ => None,
    });
    // One that was answered goes once the account has been looked at; one for a key that there is
    // no room for says so instead.
    let targets = desk.state.modals.iter().filter_map(|modal| match modal {
        Modal::Confirm(confirm) if !confirm.check.armed && confirm.at_risk().is_some() => {
            Some(confirm.change.clone())
        }
        _ => None,
    });
    (secrets.collect(), targets.collect())
}

/// A creation that an earlier run has left open.
fn left_open(number: usize, user: &str, account: &str) -> Question {
    Question {
        origin: Origin::Earlier(format!("run/{number}")),
        change: Change::Create { user: user.into() },
        account: Some(account.into()),
        endpoint: None,
        sent: now(),
        before: Some(Vec::new()),
        cause: Cause::Interrupted,
        session: None,
        finding: Finding::Unseen,
        judged: None,
        looked: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Random keys and messages never panic, never close a secret's dialog unless the person
    /// pressed a key for it, and never change the target of an open confirmation.
    #[test]
    fn nothing_that_happens_loses_a_secret_or_moves_a_target(
        events in prop::collection::vec(event(), 1..80)
    ) {
        let users = people();
        let mut desk = Desk::showing(SIZE, settings(), &users);
        let mut reads = Vec::new();
        let mut changes = Vec::new();
        let mut errands = Vec::new();
        let mut made = 0;
        let mut earlier = 0;
        for event in events {
            while let Some(read) = desk.next_read() {
                reads.push(read);
            }
            while let Some(change) = desk.next_change() {
                changes.push(change);
            }
            while let Some(errand) = desk.next_errand() {
                errands.push(errand);
            }
            let (secrets, targets) = held(&desk);
            let only_copies = desk.state.modals.iter().filter(|m| m.holds_only_copy()).count();
            let on_discard = matches!(desk.state.modals.last(), Some(Modal::Discard(_)));
            // Once it is somewhere, it is not the only copy any more.
            let stores = matches!(event, Event::Errand(..) | Event::CopiedAway);
            let by_hand = matches!(event, Event::Key(..) | Event::Click(..) | Event::Target(..));
            match event {
                Event::Key(code, ctrl, run) => {
                    let modifiers = if ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
                    let key = KeyEvent::new(code, modifiers);
                    desk.send(Message::Key(KeyPress { key, run }));
                }
                Event::Paste(text) => desk.send(Message::Paste(text)),
                Event::Resize(w, h) => desk.send(Message::Resize(w, h)),
                Event::Click(x, y) => {
                    let (width, height) = desk.state.size;
                    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
                    let drawn = ui::draw(&mut buffer, &desk.state, now());
                    if let Some(target) = drawn.at(x, y).cloned() {
                        desk.send(Message::Click(target));
                    }
                }
                Event::Scroll(by) => desk.send(Message::Scroll(by)),
                Event::Target(target) => desk.send(Message::Click(target)),
                Event::Answer(at, kind) => if !reads.is_empty() {
                    let (request, read) = reads.swap_remove(at % reads.len());
                    let answer = match kind {
                        None => answer(&users, read),
                        Some(kind) => failed(read, kind),
                    };
                    desk.answered(request, answer);
                },
                Event::Changed(at, kind) => if !changes.is_empty() {
                    let (id, change) = changes.swap_remove(at % changes.len());
                    let result = match (kind, change) {
                        (Some(kind), _) => Err(error(kind)),
                        (None, Change::Create { .. }) => {
                            made += 1;
                            Ok(created(&format!("AKIANEW{made:05}EXAMPLE{}", made % 10)))
                        }
                        (None, _) => Ok(Changed::Done),
                    };
                    desk.changed(id, result);
                },
                Event::Errand(at, well) => if !errands.is_empty() {
                    let (request, errand) = errands.swap_remove(at % errands.len());
                    for news in done(errand, well) {
                        desk.heard(request, news);
                    }
                },
                Event::Cleared(result) => {
                    let key = "AKIANEW00001EXAMPLE1".to_owned();
                    desk.send(Message::ClipboardDue(key.clone()));
                    let result = result.ok_or_else(|| "it hangs".to_owned());
                    desk.send(Message::Cleared { key, result });
                }
                Event::Journal(at, here) => {
                    let account = if here { "123456789012" } else { "999999999999" };
                    let user = users[at % users.len()].name;
                    earlier += 1;
                    desk.send(Message::Journal(Ok(vec![left_open(earlier, user, account)])));
                }
                Event::Tried(at, well) => if let Some(fresh) = desk.state.fresh.get(at) {
                    let key = fresh.key.clone();
                    let news = if well {
                        let caller = Caller {
                            account: "123456789012".into(),
                            arn: format!("arn:aws:iam::123456789012:user/{}", fresh.user),
                        };
                        TrialNews::Accepted(caller, false)
                    } else {
                        TrialNews::GivenUp(error(Kind::BadCredentials))
                    };
                    desk.send(Message::Tried { key, news });
                },
                Event::CopiedAway => if let Some(fresh) = desk.state.fresh.last() {
                    let key = fresh.key.clone();
                    desk.send(Message::Copied {
                        what: Copied::Secret,
                        key,
                        outcome: CopyOutcome::InSystemClipboard,
                    });
                },
                Event::Tick => desk.send(Message::Tick),
                Event::Resumed => desk.send(Message::Resumed),
                Event::Panicked => desk.send(Message::TaskPanicked),
                Event::SignedIn => desk.send(Message::SignedIn(Ok(Box::default()))),
            }
            let (secrets_now, targets_now) = held(&desk);
            if !by_hand {
                prop_assert!(secrets.iter().all(|id| secrets_now.contains(id)));
                prop_assert!(targets.iter().all(|target| targets_now.contains(target)));
            }
            // Even by hand, the only copy goes only through the question.
            let only_copies_now = desk.state.modals.iter().filter(|m| m.holds_only_copy()).count();
            prop_assert!(only_copies_now >= only_copies || on_discard || stores);
            prop_assert!(only_copies_now + 1 >= only_copies);
            // What another account has left open is neither looked for nor settled here.
            let elsewhere = desk.state.questions.iter().filter(|question| {
                question.account.as_deref() == Some("999999999999")
            });
            let mut elsewhere = elsewhere.map(|question| &question.finding);
            prop_assert!(elsewhere.all(|finding| *finding == Finding::Unseen));
            desk.screen();
        }
    }
}
