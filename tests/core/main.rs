//! The pure core: what happens when answers come late, twice or after the fact, and what no
//! sequence of events can bring about.

mod activity;
mod ahead;
mod asked;
mod asking;
mod bulk;
#[path = "../desk/mod.rs"]
mod desk;
#[path = "../common/dialog.rs"]
mod dialog;
mod filter;
mod find;
mod findings;
mod help;
mod impact;
mod leak;
mod left_open;
mod lists;
mod looks;
mod marks;
mod newer;
mod offered;
mod plan_page;
mod power;
mod prompting;
mod queue;
mod random;
mod report;
mod rotation;
mod storing;
mod switch;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use desk::{Desk, Someone, answer, click, now, page, people, settings, someone};
use iamkeys::{
    engine::{
        self, Answer, Change, ChangeId, Changed, Copied, CopyOutcome, Effect, Error, Event, Exit,
        Fact, Intent, Kind, Need, Note, Read, SecretKey, Signal, SignedIn,
        account::Stage,
        destination::Multiplexer,
        fleet::Scope,
        limiter::MOST,
        model::{AccessKey, Caller, KeyStatus, LastUsed},
        text,
    },
    tui::{self, Click, KeyPress, Message, Target, keymap},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{fs, path::Path};

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

/// A key is being created for this user, without a dialog.
fn creating(desk: &mut Desk, user: &str) -> ChangeId {
    let change = Change::Create { user: user.into() };
    desk.intend(Intent::Send(desk.screen.slot(), vec![change.clone()]));
    let (id, sent) = desk.next_change().expect("it is sent");
    assert_eq!(sent, change);
    id
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
    with_new_key_at(SIZE)
}

fn with_new_key_at(size: (u16, u16)) -> Desk {
    let mut desk = Desk::showing(size, settings(), &people());
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
    desk.signed_in(SignedIn::default());
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
    assert!(asked.len() <= MOST);
    assert!(desk.account().reads_under_way() <= MOST);
}

#[test]
fn only_what_is_visible_is_asked_for() {
    let names: Vec<String> = (0..500).map(|at| format!("user-{at:03}")).collect();
    let users: Vec<Someone> = names
        .iter()
        .map(|name| someone(Box::leak(name.clone().into_boxed_str()), &[]))
        .collect();
    let desk = Desk::showing(SIZE, settings(), &users);
    assert_eq!(desk.account().users.tally().users, 18);
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
    let status = |desk: &Desk| {
        let keys = desk.account().users.keys("old-batch").unwrap();
        keys[0].key.status.clone()
    };
    // … and answered after it, with how things were.
    for (request, read) in early {
        desk.answered(request, answer(&people(), read));
    }
    assert_eq!(status(&desk), KeyStatus::Inactive);
    // The question asked after the change is the one that counts.
    let (request, read) = desk.next_read().unwrap();
    assert_eq!(read, Read::Keys("old-batch".into()));
    desk.answered(request, answer(&people(), read));
    assert_eq!(status(&desk), KeyStatus::Active);
}

#[test]
fn an_endpoint_that_does_not_answer_is_told_once_and_with_its_address() {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn {
        endpoint: Some("http://127.0.0.1:9".into()),
        ..SignedIn::default()
    });
    let mut asked: Vec<_> = std::iter::from_fn(|| desk.next_read()).collect();
    // The last is still under way.
    let (_, last) = asked.pop().unwrap();
    assert_eq!(last, Read::Summary);
    for (request, read) in asked {
        let no_answer = Error {
            action: read.row().action,
            code: None,
            ..error(Kind::Network)
        };
        desk.answered(request, Err(no_answer));
    }
    assert!(desk.screen.engine.is_busy());
    let screen = desk.screen();
    let (header, page) = screen.split_at(screen.find("Not signed in").unwrap());
    assert_eq!(
        header.split_whitespace().collect::<Vec<_>>()[..3],
        ["iamkeys", "at", "http://127.0.0.1:9"],
        "{screen}"
    );
    let spins = header
        .chars()
        .any(|c| ('\u{2800}'..='\u{28ff}').contains(&c));
    assert!(!spins && !header.contains("No answer"), "{screen}");
    assert!(
        page.contains("There is no answer from http://127.0.0.1:9."),
        "{screen}"
    );
}

#[test]
fn what_may_not_be_read_of_the_account_comes_after_who_is_signed_in() {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    while let Some((request, read)) = desk.next_read() {
        let result = match read {
            Read::Alias => Err(Error {
                action: "iam:ListAccountAliases",
                code: Some("AccessDenied".into()),
                ..error(Kind::Denied)
            }),
            Read::Caller => Ok(Answer::Caller(Caller {
                account: "123456789012".into(),
                arn: "arn:aws:sts::123456789012:assumed-role/Operator/alice@acme".into(),
            })),
            read => answer(&people(), read),
        };
        desk.answered(request, result);
    }
    let screen = desk.screen();
    assert!(
        screen.contains(" iamkeys  123456789012  Operator/alice@acme "),
        "{screen}"
    );
}

#[test]
fn an_answer_to_an_earlier_session_is_nobody_s() {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    let (request, read) = desk.next_read().unwrap();
    assert_eq!(read, Read::Users(None));
    let earlier = desk.session();
    desk.intend(Intent::SignIn(desk.screen.slot(), engine::Target::Demo));
    desk.signed_in(SignedIn::default());
    desk.answered_in(earlier, request, answer(&people(), read.clone()));
    assert!(desk.account().users.rows().is_empty());
    // Nor is it one of the present session, whoever says so.
    desk.answered(request, answer(&people(), read));
    assert!(desk.account().users.rows().is_empty());
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
        desk.account().users.get("deploy-bot").is_none(),
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
        ..error(Kind::NotFound)
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
    assert_eq!(desk.screen.open_dialogs(), 1);
    assert_eq!(held(&desk).0, ["AKIANEWKEY01EXAMPLE1"]);
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
    let id = creating(&mut desk, "new-hire");
    desk.changed(id, Ok(created("AKIANEWKEY02EXAMPLE2")));
    desk.send(Event::Signal(Signal::Interrupt));
    desk.keys("d");
    assert!(exits(&desk).is_empty());
    assert!(desk.screen().contains("Discard the only copy?"));
    desk.keys("d");
    assert_eq!(exits(&desk), [Exit::Interrupted(Vec::new())]);
}

fn copied(desk: &mut Desk, what: Copied, outcome: CopyOutcome) {
    desk.send(Event::Copied {
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
    assert!(
        desk.screen.open_dialogs() == 0,
        "it is on the clipboard again"
    );
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
        assert!(desk.screen.open_dialogs() == 0);
        assert_eq!(notes(&desk), 1);
    }
}

#[test]
fn who_says_that_they_have_the_secret_is_believed_and_the_journal_is_told() {
    let mut desk = with_new_key();
    desk.press(KeyCode::Esc);
    desk.keys("i");
    assert!(desk.screen.open_dialogs() == 0);
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
        desk.send(click(target));
        assert!(desk.screen().contains("New key for alice"));
        assert_eq!(
            desk.screen.lists.by_user().cursor(),
            0,
            "nor does it reach behind it"
        );
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
    assert_eq!(desk.screen.lists.filter().input.value(), "devqe");
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
    assert!(desk.screen().contains("AKIANEWKEY01EXAMPLE1 hasn't"));
    let id = creating(&mut desk, "new-hire");
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
    let rows = desk.screen.engine.fleet.rows(Scope::All);
    desk.screen
        .lists
        .edit_filter(rows, |filter| filter.input = "alice".into());
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
    desk.signed_in(SignedIn::default());
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::Users(None) => Ok(Answer::Users(page(&people(), Some("next")))),
            Read::Users(Some(_)) => Err(error(Kind::Server)),
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
    let before = desk.screen.user().unwrap().user.name.clone();
    desk.keys("/###");
    assert!(desk.screen.user().is_none());
    desk.press(KeyCode::Esc);
    assert_eq!(desk.screen.user().unwrap().user.name, before);
}

#[test]
fn help_scrolls_to_its_end_and_no_further() {
    let mut desk = Desk::showing((60, 16), settings(), &people());
    desk.keys("?");
    desk.keys("G");
    let end = desk.screen();
    assert!(end.contains("Symbols"), "{end}");
    desk.keys("k");
    assert_ne!(desk.screen(), end, "one back is one back");
    desk.keys("g");
    assert!(desk.screen().contains("(De)activate, undo"));
}

/// Presses a key before what it answers was read.
fn press_unread(desk: &mut Desk, key: KeyCode) {
    let key = KeyEvent::new(key, KeyModifiers::NONE);
    desk.send(Message::Key(KeyPress { key, read: false }));
}

#[test]
fn what_was_not_read_is_not_confirmed_and_that_is_said() {
    for presses in [&[KeyCode::Char('y')][..], &[KeyCode::Tab, KeyCode::Enter]] {
        let mut desk = Desk::showing(SIZE, settings(), &people());
        desk.keys("jjjjt");
        desk.serve(&people());
        for key in presses {
            press_unread(&mut desk, *key);
        }
        assert!(desk.next_change().is_none());
        let screen = desk.screen();
        assert!(screen.contains("Deactivate key"), "still asked: {screen}");
        let last = keymap::Key::from(KeyEvent::from(*presses.last().unwrap()));
        let said = format!("Press {last} again: this dialog had just opened");
        assert!(screen.contains(&said), "{screen}");
        desk.press(*presses.last().unwrap());
        assert!(desk.next_change().is_some());
    }
}

#[test]
fn a_button_that_was_not_read_is_not_clicked_and_that_is_said() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jjjjt");
    desk.serve(&people());
    let button = Target::Button(1);
    desk.send(Message::Click(Click {
        target: button.clone(),
        read: false,
    }));
    assert!(desk.next_change().is_none());
    let screen = desk.screen();
    assert!(
        screen.contains("Click again: this dialog had just opened"),
        "{screen}"
    );
    desk.send(click(button));
    assert!(desk.next_change().is_some());
}

#[test]
fn everything_but_a_confirmation_counts_however_fast_it_comes() {
    // Enter presses Cancel, which harms nothing.
    let mut desk = Desk::showing(SIZE, settings(), &people());
    for key in "jjjjt".chars().map(KeyCode::Char).chain([KeyCode::Enter]) {
        press_unread(&mut desk, key);
    }
    assert_eq!(desk.screen.user().unwrap().user.name.as_ref(), "old-batch");
    assert_eq!(desk.screen.open_dialogs(), 0);
    // The secret is copied.
    let mut desk = with_new_key();
    press_unread(&mut desk, KeyCode::Char('y'));
    let copies = |effect: &Effect| matches!(effect, Effect::Copy(_));
    assert!(desk.effects.iter().any(copies));
    // A command is carried out.
    let mut desk = Desk::showing(SIZE, settings(), &people());
    for key in ":quit".chars().map(KeyCode::Char).chain([KeyCode::Enter]) {
        press_unread(&mut desk, key);
    }
    assert_eq!(exits(&desk), [Exit::Quit(Vec::new())]);
}

#[test]
fn what_is_closed_and_opened_again_was_not_read_yet() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("t");
    desk.serve(&people());
    let before = desk.screen.view();
    desk.press(KeyCode::Esc);
    desk.keys("t");
    desk.serve(&people());
    let now = desk.screen.view();
    assert_eq!((now.context, now.dialogs), (before.context, before.dialogs));
    assert_ne!(now, before);
}

#[test]
fn a_question_whose_facts_are_loading_is_not_complete() {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    let mut uses = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        match read {
            Read::LastUsed(..) => uses.push((request, read)),
            read => desk.answered(request, answer(&people(), read)),
        }
    }
    desk.keys("t");
    assert!(!desk.screen.view().complete, "its last use is asked for");
    press_unread(&mut desk, KeyCode::Char('y'));
    let screen = desk.screen();
    assert!(
        screen.contains("Press y again once this dialog is loaded"),
        "{screen}"
    );
    for (request, read) in uses {
        desk.answered(request, answer(&people(), read));
    }
    desk.serve(&people());
    assert!(desk.screen.view().complete);
    assert!(desk.next_change().is_none());
    desk.keys("y");
    assert!(desk.next_change().is_some());
}

#[test]
fn a_typed_confirmation_is_not_answered_by_enter_pasted_along() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("d");
    desk.serve(&people());
    for c in "PLE1".chars() {
        press_unread(&mut desk, KeyCode::Char(c));
    }
    press_unread(&mut desk, KeyCode::Enter);
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
    assert!(screen.contains("Type the last 4 characters"), "{screen}");
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
    desk.signed_in(SignedIn::default());
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::LastUsed(..) => Err(error(Kind::Denied)),
            read => answer(&users, read),
        };
        desk.answered(request, answer);
    }
    desk.keys("d");
    assert!(desk.screen().contains("Type the last 4 characters"));
}

#[test]
fn a_session_that_expires_keeps_the_screen_and_asks_no_more() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("R");
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::Users(_) | Read::Keys(_) | Read::LastUsed(..) => Err(error(Kind::Expired)),
            read => answer(&people(), read),
        };
        desk.answered(request, answer);
    }
    assert_eq!(desk.account().stage, Stage::SignedIn);
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
            .any(|effect| matches!(effect, Effect::SignIn(_, engine::Target::Ambient))),
        "R signs in again"
    );
}

#[test]
fn mfa_is_recognised_by_sts_knowing_what_iam_does_not() {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
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
    desk.answered(users.unwrap(), Err(refused));
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
    users[0].keys[0].1 = LastUsed::At {
        time: now(),
        service: Some("s3\u{1b}[31m".into()),
        region: Some("us\u{200d}-east-1\r".into()),
    };
    users
}

#[test]
fn text_from_the_service_reaches_no_screen_unfiltered() {
    let check = |desk: &Desk, where_: &str| {
        let (width, height) = desk.screen.size();
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        tui::draw(&mut buffer, &desk.screen, now());
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
        desk.keys("4");
        check(&desk, "the activity");
        let list = desk.screen();
        assert!(size.0 < 80 || list.contains("of alice�[2J"), "{list}");
        desk.press(KeyCode::Enter);
        check(&desk, "an entry");
        let whole = desk.screen();
        assert!(whole.contains("EXAMPLE1 of alice�[2J��"), "{whole}");
        // The command is the last of it.
        desk.keys("G");
        check(&desk, "the end of an entry");
        let end = desk.screen();
        assert!(end.contains("--cli-input-json"), "escaped there: {end}");
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
        let mut desk = Desk::new(size, settings());
        desk.effects.clear();
        desk.signed_in(SignedIn {
            key: "AKIAALICE001EXAMPLE1".into(),
            profile: Some("pro\u{1b}d".into()),
            endpoint: Some("http://\u{1b}[2J".into()),
            ..SignedIn::default()
        });
        while let Some((request, read)) = desk.next_read() {
            let answer = match read {
                Read::Caller => Ok(Answer::Caller(caller.clone())),
                Read::Alias => Ok(Answer::Alias(None)),
                read => answer(&hostile(), read),
            };
            desk.answered(request, answer);
        }
        assert_eq!(desk.account().identity.caller.known(), Some(&caller));
        check(&desk, "the header");
        assert!(desk.screen().contains("pro\u{fffd}d"), "{}", desk.screen());
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
        "headless" => vec![root.join("tests/headless")],
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
        let drawn = tui::draw(&mut buffer, &desk.screen, now());
        assert_eq!(drawn.rows, 18, "of {count}");
    }
}

/// An answer that is an error, whatever was asked.
fn failed(_read: Read, kind: Kind) -> Result<Answer, Error> {
    Err(error(kind))
}

/// What must not change behind the person's back: the secrets, and the targets of what is proposed.
/// Each is in a dialog.
fn held(desk: &Desk) -> (Vec<String>, Vec<Change>) {
    let engine = &desk.screen.engine;
    let needs = engine.needs();
    assert!(desk.screen.open_dialogs() >= needs.len(), "{needs:?}");
    let mut secrets = Vec::new();
    let mut targets = Vec::new();
    for need in needs {
        match need {
            Need::NewKey(id) => secrets.push(id),
            // One that was approved goes once the account has been looked at; one for a key that
            // there is no room for says so instead.
            Need::Plan(id) => {
                let plan = engine.plan(id).expect("it is needed");
                let waits = plan.preflight().is_some_and(|look| !look.approved);
                if waits && plan.at_risk().is_some() {
                    targets.push(plan.first().clone());
                }
            }
            Need::Question(_) | Need::Prompt(..) | Need::KeptPlan => {}
        }
    }
    (secrets, targets)
}

#[test]
fn the_key_that_may_go_is_the_one_that_is_missed_least() {
    let key = |id: &'static str, active, age, used| (id, active, age, used);
    let a = "AKIAGOING001EXAMPLE1";
    let b = "AKIAGOING002EXAMPLE2";
    for (keys, goes) in [
        // Inactive before never used, whatever its age.
        (
            [key(a, true, 900, None), key(b, false, 5, Some(1))],
            Some(b),
        ),
        // Out of use for longer.
        (
            [key(a, false, 900, Some(3)), key(b, false, 5, Some(80))],
            Some(b),
        ),
        (
            [key(a, false, 5, None), key(b, false, 900, Some(3))],
            Some(a),
        ),
        // Then the older.
        ([key(a, true, 5, None), key(b, true, 900, None)], Some(b)),
        ([key(a, true, 900, None), key(b, true, 5, None)], Some(a)),
        ([key(a, true, 900, Some(1)), key(b, true, 5, None)], Some(b)),
        (
            [key(a, true, 900, Some(1)), key(b, true, 5, Some(9000))],
            None,
        ),
    ] {
        let users = [desk::someone("carol", &keys)];
        let mut desk = Desk::showing(SIZE, settings(), &users);
        desk.serve(&users);
        let slot = desk.session().slot;
        let deletable = desk.screen.engine.deletable(slot, "carol");
        assert_eq!(deletable.map(|row| &*row.key.id), goes, "{keys:?}");
    }
}
