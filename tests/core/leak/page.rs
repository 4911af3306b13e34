//! The page: what it offers, and where it leads.

use super::{BACKDOOR, OTHER, Story};
use crate::{
    SIZE,
    desk::{now, settings},
};
use chrono::TimeDelta;
use crossterm::event::KeyCode;
use iamkeys::engine;

#[test]
fn read_only_shows_all_of_it_and_changes_nothing() {
    let story = Story::new();
    let read_only = iamkeys::tui::Settings {
        engine: engine::Settings {
            read_only: true,
            ..settings().engine
        },
        ..settings()
    };
    let mut desk = story.open_with(SIZE, read_only, now());
    assert!(desk.screen().contains("Read-only"), "{}", desk.screen());
    for keys in ["t", "d", "j"] {
        desk.keys(keys);
        desk.press(KeyCode::Enter);
        story.serve(&mut desk);
        assert!(desk.next_change().is_none());
        assert!(desk.screen.engine.plans().is_empty());
    }
}

#[test]
fn the_other_key_of_the_user_is_not_called_leaked() {
    let mut desk = Story::new().open();
    desk.keys("gjjjj");
    while !desk.screen().contains(&format!("▌ access key {OTHER}")) {
        desk.press(KeyCode::Char('j'));
    }
    assert!(
        desk.screen().contains("Enter go to the key"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    assert!(!screen.contains("Leaked"), "{screen}");
    assert_eq!(
        desk.screen.selected_key().map(|row| &*row.key.id),
        Some(OTHER)
    );
    // One that the leaked key has made has leaked with it.
    let mut desk = Story::new().open();
    while !desk.screen().contains("▌ iam CreateAccessKey") {
        desk.press(KeyCode::Char('j'));
    }
    assert!(
        desk.screen().contains("Enter deal with it"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Enter);
    assert!(
        desk.screen().contains(&format!("Leaked {BACKDOOR}")),
        "{}",
        desk.screen()
    );
}

#[test]
fn nothing_is_offered_that_is_refused_or_does_nothing() {
    for size in [(60, 16), (80, 24), (120, 36)] {
        for read_only in [false, true] {
            let settings = iamkeys::tui::Settings {
                engine: engine::Settings {
                    read_only,
                    ..settings().engine
                },
                ..settings()
            };
            let mut desk = Story::new().open_with(size, settings, now());
            desk.keys("g");
            for at in 0..16 {
                let screen = desk.screen();
                assert!(screen.contains("Esc back"), "{size:?} {at}: {screen}");
                let offered = |verb: &str| screen.contains(verb);
                if read_only {
                    for verb in [
                        "Enter deactivate",
                        "Enter revoke",
                        "d delete",
                        "r rotate",
                        "t deactivate",
                        "Enter delete",
                    ] {
                        assert!(!offered(verb), "{verb}: {screen}");
                    }
                }
                // A header, or what cannot be gone to.
                if screen.contains("▌ ▲ 3 What it did") || screen.contains("▌ ec2 RunInstances")
                {
                    assert!(!screen.contains("Enter "), "{screen}");
                }
                desk.press(KeyCode::Char('j'));
            }
            assert!(desk.screen().contains("Enter save"), "{}", desk.screen());
        }
    }
}

#[test]
fn what_is_denied_is_said_exactly() {
    let mut desk = Story::revoked(TimeDelta::hours(3)).open_with((120, 36), settings(), now());
    desk.keys("gj");
    let screen = desk.screen();
    for words in [
        "Everything that policies govern is denied to sessions of bot itself",
        "console sessions probably too",
        "issued before 2026-11-21 12:00:00 UTC",
        "takes some seconds",
        "nor sessions of roles",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    assert!(!screen.contains("Nothing that was made"), "{screen}");
}
