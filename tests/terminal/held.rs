//! A key that is held is not a key that is pressed again and again.
//!
//! It is told by its pace, which a machine with better things to do does not always keep: each test
//! has some attempts. Without the rule none of them would do.

use crate::{World, go_to, pty, pty::Start};

#[track_caller]
fn at_least_once(attempt: impl Fn() -> bool) {
    assert!((0..5).any(|_| attempt()));
}

#[test]
fn what_closes_a_dialog_does_not_quit_as_well() {
    at_least_once(|| {
        let mut program = Start::iamkeys(["--demo"]).run();
        program.wait_text("Users 24");
        program.press("?");
        program.wait_text("Keys: users");
        program.hold("q", "no dialog", |screen| {
            !screen.contents().contains("Keys: users")
        });
        program.press("/");
        program.wait_text_or_end("Enter keep filter")
    });
}

#[test]
fn what_answers_a_question_does_not_copy_as_well() {
    at_least_once(|| {
        let world = World::demo();
        let mut program = world.start().run();
        go_to(&mut program, "new-hire");
        program.press("c");
        program.wait_text("A new access key for new-hire");
        program.hold("y", "the new key", |screen| {
            screen.contents().contains("New key for new-hire")
        });
        program.press("?");
        program.wait_text("Keys: new key");
        assert_eq!(world.changes(), ["CreateAccessKey"]);
        pty::count(&program.raw(), b"\x1b]52;") == 0
    });
}
