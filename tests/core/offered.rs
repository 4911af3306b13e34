//! What the screen offers: no key that does nothing, and none that is refused from the start to the
//! end; what is typed where it does not belong; and what is selected after sorting.

use super::{
    SIZE,
    desk::{Desk, Someone, people, settings, someone},
    error, with_new_key,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use iamkeys::{
    engine::{self, Intent, Kind, Read, SignedIn, Target},
    tui::{KeyPress, Message, Settings, action::Action},
};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn read_only() -> Desk {
    let settings = Settings {
        engine: engine::Settings {
            read_only: true,
            ..settings().engine
        },
        ..settings()
    };
    Desk::showing((120, 36), settings, &people())
}

fn footer(desk: &Desk) -> String {
    desk.screen()
        .split('\n')
        .next_back()
        .unwrap_or_default()
        .to_owned()
}

fn village(count: usize) -> Vec<Someone> {
    let name = |at| Box::leak(format!("user-{at:03}").into_boxed_str());
    (0..count)
        .map(|at| {
            let id = format!("AKIAVILLAGE{at:03}EXAMPLE");
            let age = i64::try_from(at).unwrap() + 1;
            someone(name(at), &[(&id, true, age, Some(1))])
        })
        .collect()
}

#[test]
fn a_program_that_changes_nothing_offers_no_change() {
    let changes = ["deactivate", "delete", "create", "describe", "undo"];
    let mut desk = read_only();
    let hints = footer(&desk);
    assert!(hints.contains("r rotate"), "{hints}");
    assert!(changes.iter().all(|it| !hints.contains(it)), "{hints}");
    for help in ["?", ":"] {
        desk.keys(help);
        let screen = desk.screen();
        for change in [
            Action::Create,
            Action::Toggle,
            Action::Delete,
            Action::Describe,
        ] {
            assert!(!screen.contains(change.help()), "{help}: {screen}");
        }
        assert!(screen.contains(Action::Rotate.help()), "{screen}");
        desk.press(KeyCode::Esc);
    }
    desk.keys("c");
    let screen = desk.screen();
    assert!(
        screen.contains("Read-only: iamkeys was started with --read-only"),
        "{screen}"
    );
}

#[test]
fn a_program_that_changes_nothing_shows_a_rotation_without_its_steps() {
    let mut desk = read_only();
    desk.keys("r");
    desk.serve(&people());
    let screen = desk.screen();
    assert!(screen.contains("Rotate alice"), "{screen}");
    assert!(!screen.contains("Create y"), "{screen}");
    assert!(
        screen.contains("Read-only: iamkeys was started"),
        "{screen}"
    );
    for key in ["y", "w", "s"] {
        desk.keys(key);
        assert_eq!(desk.screen.open_dialogs(), 1, "{key}");
        let notice = desk.screen.notice().map(|notice| &*notice.text);
        let why = "Read-only: iamkeys was started with --read-only";
        assert_eq!(notice, Some(why), "{key}");
    }
    assert!(desk.next_change().is_none());
}

#[test]
fn where_the_filter_leaves_nothing_nothing_can_be_done_to_it() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    for page in ["1", "2"] {
        desk.keys(page);
        desk.keys("/zzzz");
        desk.press(KeyCode::Enter);
        let hints = footer(&desk);
        for row in [
            "deactivate",
            "delete",
            "rotate",
            "create",
            "copy ID",
            "go to user",
        ] {
            assert!(!hints.contains(row), "{hints}");
        }
        assert!(hints.contains("Esc clear filter"), "{hints}");
        desk.press(KeyCode::Esc);
        assert!(footer(&desk).contains("t deactivate"));
    }
}

#[test]
fn behind_a_dialog_nothing_of_the_list_is_offered() {
    let mut desk = Desk::showing((120, 36), settings(), &people());
    assert!(footer(&desk).contains("/ filter"));
    desk.keys("jjjjt");
    let hints = footer(&desk);
    assert_eq!(hints.trim(), "? help");
    desk.press(KeyCode::Esc);
    desk.keys(":");
    assert_eq!(footer(&desk).trim(), "");
}

#[test]
fn sorting_shows_what_comes_first_then() {
    for page in ["1", "2"] {
        let users = village(200);
        let mut desk = Desk::showing(SIZE, settings(), &users);
        desk.keys(page);
        desk.keys("G");
        desk.serve(&users);
        desk.keys("s");
        let lists = &desk.screen.lists;
        let (cursor, offset) = match page {
            "1" => (lists.by_user().cursor(), lists.by_user().offset()),
            _ => (lists.by_key().cursor(), lists.by_key().offset()),
        };
        assert_eq!((cursor, offset), (0, 0), "{page}");
    }
}

#[test]
fn a_filter_that_is_too_long_says_that_it_goes_on_to_the_left() {
    let mut desk = Desk::showing((60, 16), settings(), &people());
    desk.keys("/");
    let long = "alice|deploy-bot|former-intern|new-hire|old-batch|web-assets|end";
    desk.send(Message::Paste(long.into()));
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    let line = screen.lines().find(|line| line.contains(" / ")).unwrap();
    assert!(line.contains(" / …") && line.contains("|end"), "{screen}");
}

#[test]
fn on_a_small_screen_it_is_said_what_is_counted() {
    let users = village(500);
    let desk = Desk::showing((60, 16), settings(), &users);
    let screen = desk.screen();
    assert!(screen.contains(" 10 of 500 keys"), "{screen}");
}

#[test]
fn a_secret_that_is_typed_where_it_does_not_belong_is_taken_out_again() {
    let check = |desk: &mut Desk, place: &str| {
        desk.send(Message::Paste(SECRET.into()));
        let screen = desk.screen();
        assert!(!screen.contains("wJalr"), "{place}: {screen}");
        assert!(screen.contains("looks like a secret"), "{place}: {screen}");
    };
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys(":");
    check(&mut desk, "palette");
    for (key, place) in [("w", "profile"), ("s", "file")] {
        let mut desk = with_new_key();
        desk.keys(key);
        check(&mut desk, place);
    }
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("d");
    desk.serve(&people());
    assert!(desk.screen().contains("Type the last 4"));
    check(&mut desk, "confirmation");
}

#[test]
fn an_interrupt_of_the_question_about_a_secret_says_what_answers_it() {
    let mut desk = with_new_key();
    let interrupt = || {
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        Message::Key(KeyPress { key, read: true })
    };
    desk.send(interrupt());
    let screen = desk.screen();
    assert!(screen.contains("Discard the only copy?"), "{screen}");
    assert!(!screen.contains("Ctrl-C"), "{screen}");
    desk.send(interrupt());
    let screen = desk.screen();
    let said = "Ctrl-C again does not leave: d does, Esc stays";
    assert!(screen.contains(said), "{screen}");
    assert!(super::exits(&desk).is_empty());
    assert!(desk.screen.engine.vault.held().next().is_some());
    desk.keys("d");
    assert_eq!(super::exits(&desk).len(), 1);
}

#[test]
fn the_activity_of_one_account_is_not_that_of_the_next() {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    while let Some((request, read)) = desk.next_read() {
        let kind = match read {
            Read::Users(_) => Kind::BadCredentials,
            _ => Kind::Denied,
        };
        desk.answered(request, Err(error(kind)));
    }
    assert!(!desk.screen.engine.activity.is_empty());
    // Trying once more is the same account.
    let slot = desk.screen.slot();
    desk.intend(Intent::SignIn(slot, Target::Ambient));
    assert!(!desk.screen.engine.activity.is_empty());
    desk.intend(Intent::SignIn(slot, Target::Demo));
    assert!(desk.screen.engine.activity.is_empty());
}
