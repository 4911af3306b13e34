//! Text from the service never drives the terminal.

use crate::{World, go_to, pty};
use chrono::Utc;

/// What would do something to a terminal, hide, or turn round what is beside it; and the same as
/// a reference of XML, which is how a character gets through that XML has no other way to write.
const HARMFUL: [&str; 8] = [
    "\u{9b}31m",
    "\u{9d}0;pwned\u{9c}",
    "&#x1b;]0;pwned&#x7;",
    "&#x1b;[31m",
    "&#x9b;31m",
    "\u{202e}",
    "\u{200b}",
    "\u{7f}",
];

fn assert_harmless(raw: &[u8]) {
    for bytes in [
        "\u{9b}",
        "\u{9c}",
        "\u{9d}",
        "\u{202e}",
        "\u{200b}",
        "\u{7f}",
        "pwned\x07",
        "\x1b]0;",
    ] {
        assert_eq!(pty::count(raw, bytes.as_bytes()), 0, "{bytes:?}");
    }
    assert_ne!(pty::count(raw, "\u{fffd}".as_bytes()), 0);
}

#[test]
fn names_are_shown_and_not_obeyed() {
    let world = World::demo();
    for (number, harmful) in HARMFUL.iter().enumerate() {
        // A name that the endpoint takes becomes another on the way.
        let name = format!("b{number}{:x<1$}", "", harmful.len());
        world
            .endpoint
            .account(|account| account.add_user(&name, "/", Utc::now()))
            .unwrap();
        world.gate.falsify(&name, &format!("b{number}{harmful}"));
    }
    // No letter of it is the one that stands in its place before: what is the same is not sent again.
    world.gate.falsify("acme-prod", "ab\u{9b}31mpr");
    world
        .gate
        .falsify("<Region>us-east-1<", "<Region>u\u{9b}31mt-1<");
    let mut program = world.start().size(120, 40).run();
    // In the bytes: the screen of these tests does not show U+FFFD.
    for shown in [
        "ab\u{fffd}31mpr",
        "b0\u{fffd}31m",
        "b1\u{fffd}0;pwned\u{fffd}",
        "b2\u{fffd}]0;pwned\u{fffd}",
        "b3\u{fffd}[31m",
        "b4\u{fffd}31m",
        "b5\u{fffd}",
        "b6\u{fffd}",
        "b7\u{fffd}",
        "u\u{fffd}31mt-1",
    ] {
        program.wait_raw(shown.as_bytes(), 1);
    }
    // As a title too, and its keys' refusal.
    program.press("jj");
    program.wait_raw("b0\u{fffd}31m".as_bytes(), 2);
    assert_harmless(&program.raw());
}

#[test]
fn words_of_refusals_are_shown_and_not_obeyed() {
    let world = World::demo();
    let fault = "CreateAccessKey=code:400:Odd:xxxxxxxxxxxxxxxxxxxxxxxxx";
    world.endpoint.fault(fault.parse().unwrap());
    world
        .gate
        .falsify("xxxxxxxxxxxxxxxxxxxxxxxxx", "\u{9b}31m &#x1b;]0;pwned&#x7;");
    let mut program = world.start().run();
    go_to(&mut program, "new-hire");
    program.press("c");
    program.wait_text("A new access key for new-hire");
    program.press("y");
    program.wait_text("Not done");
    program.wait_raw("\u{fffd}31m".as_bytes(), 1);
    program.wait_raw("\u{fffd}]0;pwned\u{fffd}".as_bytes(), 1);
    assert_harmless(&program.raw());
}

#[test]
fn names_in_what_is_said_at_the_end_are_shown_and_not_obeyed() {
    // In another account than the one that is opened: it stays open.
    let line = r#"{"v":1,"event":"sent","id":"a/1","run":"a","time":"2026-11-18T11:06:40.000Z","account":"999999999999","action":"iam:CreateAccessKey","user":"bob\u001b]0;pwned\u0007\u009b31m\u202e\nx"}"#;
    let world = World::demo();
    let start = world.start().file("journal.jsonl", &format!("{line}\n"));
    let mut program = start.arg("--journal").arg("journal.jsonl").run();
    program.wait_text("Users 24");
    program.press("q");
    let ended = program.wait_exit();
    ended.assert_clean(0);
    let raw = String::from_utf8_lossy(&ended.raw);
    let (_, after) = raw.split_once("\x1b[?1049l").expect("it was left");
    assert!(
        after.contains("a key for bob\u{fffd}]0;pwned\u{fffd}\u{fffd}31m\u{fffd}\u{fffd}x"),
        "{after:?}"
    );
    assert_harmless(after.as_bytes());
}
