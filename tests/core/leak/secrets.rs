//! Secrets that are pasted or typed where an ID or a filter belongs.

use super::{OTHER, Story};
use crate::{
    SIZE,
    desk::{Desk, settings},
};
use chrono::TimeDelta;
use crossterm::event::KeyCode;
use iamkeys::tui::Message;

#[test]
fn a_pasted_bedrock_key_is_taken_out_and_what_to_do_is_said() {
    let secret = format!("ABSKQmVkcm9ja0FQSUtleS{}==", "aB3/".repeat(27));
    let mut desk = Desk::showing(SIZE, settings(), &Story::new().people);
    desk.keys("f");
    desk.send(Message::Paste(secret.clone()));
    let screen = desk.screen();
    assert!(screen.contains("Bedrock API key"), "{screen}");
    assert!(
        screen.contains("list-service-specific-credentials"),
        "{screen}"
    );
    assert!(
        !screen.contains("ABSK") && !screen.contains("aB3/"),
        "{screen}"
    );
}

#[test]
fn a_secret_that_comes_letter_by_letter_is_taken_out_with_all_that_follows() {
    let bedrock = format!("ABSKQmVkcm9ja0FQSUtleS{}==", "aB3/".repeat(27));
    // Some tokens are short.
    let token = format!("IQoJb3JpZ2luX2VjE{}=", "a1B2+/".repeat(9));
    let older = format!("FwoGZXIvYXdzE{}=", "a1B2+/".repeat(18));
    for (secret, what, advice) in [
        (
            &bedrock,
            "a Bedrock API key",
            "list-service-specific-credentials",
        ),
        (&token, "the token of a session", "cannot be deactivated"),
        (&older, "the token of a session", "cannot be deactivated"),
    ] {
        // With the end of the line that was copied along, and without.
        for end in [None, Some(KeyCode::Enter)] {
            let mut desk = Desk::showing(SIZE, settings(), &Story::new().people);
            desk.keys("f");
            type_slowly(&mut desk, secret);
            if let Some(key) = end {
                desk.press(key);
            }
            let screen = desk.screen();
            let like = format!("looks like {what}");
            assert!(screen.contains(&like), "{screen}");
            assert!(screen.contains(advice), "{screen}");
            for part in [&secret[..8], &secret[20..26], &secret[secret.len() - 6..]] {
                assert!(!screen.contains(part), "{part}: {screen}");
            }
            // Afterwards an ID is an ID.
            desk.clock += TimeDelta::seconds(5);
            type_slowly(&mut desk, OTHER);
            assert!(
                desk.screen().contains(&format!("ID {OTHER}")),
                "{}",
                desk.screen()
            );
        }
        // Nor does it stay in a filter.
        let mut desk = Desk::showing(SIZE, settings(), &Story::new().people);
        desk.keys("/");
        type_slowly(&mut desk, secret);
        let screen = desk.screen();
        assert!(screen.contains(&format!("looks like {what}")), "{screen}");
        let rest = &secret[secret.len() - 6..];
        assert!(!screen.contains(rest), "{screen}");
        assert!(
            screen.contains("backdoor") && screen.contains("bot"),
            "{screen}"
        );
        desk.clock += TimeDelta::seconds(5);
        type_slowly(&mut desk, "back");
        assert!(!desk.screen().contains("bot"), "{}", desk.screen());
    }
}

/// Types as a terminal pastes that does not tell that it does.
fn type_slowly(desk: &mut Desk, text: &str) {
    for c in text.chars() {
        desk.press(KeyCode::Char(c));
        desk.clock += TimeDelta::milliseconds(2);
    }
}
