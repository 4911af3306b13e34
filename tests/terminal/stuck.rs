//! A terminal that takes no output, one of an impossible size, and one that does not end a paste.

use crate::{World, create_key, pty::Start};
use rustix::process::Signal;
use std::fs;

#[test]
fn a_terminal_that_takes_no_output_holds_up_no_signal() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut program = Start::iamkeys(["--demo"]).run();
        program.wait_text("Users 24");
        program.stop_reading();
        program.signal(signal);
        let code = 128 + u32::try_from(signal.as_raw()).unwrap();
        assert_eq!(program.wait_code(), code);
        assert!(program.is_cooked());
    }
}

#[test]
fn an_interrupt_ends_it_where_the_terminal_shows_no_question() {
    let world = World::demo();
    let start = world.start().arg("--journal").arg("journal.jsonl");
    let mut program = start.run();
    create_key(&mut program, "new-hire");
    program.stop_reading();
    program.signal(Signal::INT);
    assert_eq!(program.wait_code(), 130);
    // What came of the change is in the journal: the next start asks about the secret.
    let journal = fs::read_to_string(program.home().join("journal.jsonl")).unwrap();
    let events: Vec<_> = journal
        .lines()
        .map(|line| {
            let kinds = ["sent", "ended"];
            let is = |kind: &&str| line.contains(&format!("\"event\":\"{kind}\""));
            kinds.into_iter().find(is).unwrap_or(line)
        })
        .collect();
    assert_eq!(events, ["sent", "ended"]);
}

#[test]
fn a_terminal_that_takes_output_again_shows_how_things_are_then() {
    let mut program = Start::iamkeys(["--demo"]).size(250, 70).run();
    program.wait_text("Users 24");
    program.stop_reading();
    program.set_size(250, 70);
    program.press("/");
    program.press("new-hire");
    program.read_on();
    program.wait_text("1 shown");
    program.press("\x03");
    program.wait_exit().assert_clean(130);
}

#[test]
fn a_window_of_any_size_is_drawn_on() {
    let mut program = Start::iamkeys(["--demo"]).run();
    program.wait_text("Users 24");
    program.set_size(u16::MAX, u16::MAX);
    // The last row that is drawn on.
    program.wait_raw(b"\x1b[600;", 1);
    program.signal(Signal::TERM);
    program.wait_exit().assert_clean(143);
}

#[test]
fn a_paste_without_an_end_leaves_the_keys_alive() {
    let mut program = Start::iamkeys(["--demo"]).run();
    program.wait_text("Users 24");
    program.press("/");
    program.send(b"\x1b[200~new-hire");
    program.wait_text("1 shown");
    program.press("\r");
    program.press("q");
    program.wait_exit().assert_clean(0);
}
