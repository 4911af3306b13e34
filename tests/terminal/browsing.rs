//! Looking around, and what does not disturb it: sizes, pastes, plain terminals.

use crate::{ENTER, ESC, World, go_to, pty::Start};
use chrono::Utc;
use iamkeys::demo::{Account, Endpoint};

#[test]
fn the_demo_starts_and_can_be_browsed() {
    let mut program = Start::iamkeys(["--demo"]).run();
    program.wait_text("DEMO");
    program.wait_text("Users 24");
    program.wait_text("AKIAQX7DEMO4ALICE001");
    program.press("j");
    program.wait_text("AKIAQX7DEMO4BACKUP02");
    program.press_key("\x1b[B");
    program.wait_text("AKIAQX7DEMO4BILLNG01");
    program.press("G");
    program.wait_text("AKIAQX7DEMO4ZAPIER01");
    program.press("/");
    program.wait_text("Enter keep filter");
    program.press("dplybt");
    program.wait_text("1 shown");
    program.wait_text("AKIAQX7DEMO4DEPLOY02");
    program.press(ENTER);
    program.wait_text("c create");
    program.press(ESC);
    program.wait_text("backup-agent");
    program.wait_text("─ deploy-bot ─");
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn a_click_selects_what_it_hits() {
    let mut program = Start::iamkeys(["--demo"]).run();
    program.wait_text("backup-agent");
    let screen = program.screen();
    let row = screen.lines().position(|line| line.contains("  bob "));
    let row = row.expect("bob is listed") + 1;
    program.press_key(&format!("\x1b[<0;6;{row}M"));
    program.press_key(&format!("\x1b[<0;6;{row}m"));
    program.wait_text("─ bob ─");
}

#[test]
fn thousands_of_users_come_in_pages_of_a_thousand() {
    let world = World::of(Endpoint::new(Account::generated(2500, Utc::now())));
    let mut program = world.start().run();
    program.wait_text("Users 2,500");
    program.press("G");
    program.wait_text("of 2 keys");
    let calls = world.endpoint.calls();
    let pages = calls.iter().filter(|call| call.action == "ListUsers");
    assert_eq!(pages.count(), 3);
}

#[test]
fn the_demo_can_have_any_number_of_users() {
    let mut program = Start::iamkeys(["--demo-users", "5000"]).run();
    program.wait_text("DEMO");
    program.wait_text("Users 5,000");
}

#[test]
fn any_size_at_any_moment() {
    let mut program = Start::iamkeys(["--demo"]).run();
    program.wait_text("Users 24");
    program.resize(59, 24);
    program.wait_text("terminal too small: 59x24, needs 60x16");
    program.resize(80, 15);
    program.wait_text("terminal too small: 80x15");
    program.resize(1, 1);
    program.resize(200, 60);
    program.wait_text("zapier");
    // Faster than it can draw; with a dialog open.
    go_to(&mut program, "new-hire");
    program.press("c");
    program.wait_text("A new access key for new-hire");
    for (columns, rows) in (1..=120).zip((1..=40).cycle()) {
        program.resize(columns, rows);
    }
    program.resize(60, 16);
    program.wait_text("A new access key for new-hire");
    program.resize(80, 24);
    // The bottom line is the last to be drawn.
    program.wait_for("the hints at the bottom", |screen| {
        let rows: Vec<String> = screen.rows(0, 80).collect();
        rows.len() == 24 && rows[23].contains("? help")
    });
    program.wait_text("A new access key for new-hire");
    program.press(ESC);
    program.wait_gone("A new access key for new-hire");
    program.press("q");
    program.wait_exit().assert_clean(0);
}

/// Everything a careless paste may hold: commands, answers, digits.
fn nonsense() -> String {
    "cyydtyq\rRdy:quit\r?jkGgl/h0123456789AKIA\t y"
        .chars()
        .cycle()
        .take(500)
        .collect()
}

#[test]
fn a_paste_is_not_a_command() {
    let world = World::demo();
    let mut program = world.start().run();
    go_to(&mut program, "old-batch");
    program.send(format!("\x1b[200~{}\x1b[201~", nonsense()).as_bytes());
    program.wait_text("Paste ignored. f finds a key by its ID.");
    program.press("q");
    program.wait_exit().assert_clean(0);
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn a_paste_that_does_not_say_it_is_one_changes_nothing() {
    for first in ["", "c", "d", "t"] {
        let world = World::demo();
        let mut program = world.start().run();
        go_to(&mut program, "old-batch");
        program.send(first.as_bytes());
        program.send(nonsense().as_bytes());
        // It is alive, and its dialogs can be closed.
        for _ in 0..4 {
            program.press(ESC);
        }
        go_to(&mut program, "zapier");
        assert_eq!(world.changes(), [""; 0], "{first}");
        program.press("q");
        program.wait_exit().assert_clean(0);
    }
}

#[test]
fn a_paste_goes_into_a_text_field() {
    let mut program = Start::iamkeys(["--demo"]).run();
    program.wait_text("Users 24");
    program.press("/");
    program.wait_text("Enter keep filter");
    program.send(b"\x1b[200~terraform\n\x1b[201~");
    program.wait_text("1 shown");
    program.wait_text("AKIAQX7DEMO4TFORM001");
}

#[test]
fn without_colours_no_colour_is_sent() {
    let mut program = Start::iamkeys(["--demo"]).env("NO_COLOR", "1").run();
    go_to(&mut program, "deploy-bot");
    program.press("c");
    program.wait_text("No room for another key");
    let sent = colours(&program.raw());
    assert!(sent.is_empty(), "{sent:?}");

    let mut program = Start::iamkeys(["--demo"]).env("NO_COLOR", "").run();
    program.wait_text("Users 24");
    assert!(!colours(&program.raw()).is_empty());
}

/// The control sequences that set a colour.
fn colours(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    let sequences = text.split("\x1b[").skip(1);
    sequences
        .filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
            rest[end..].starts_with('m').then(|| rest[..end].to_owned())
        })
        .filter(|numbers| {
            numbers.split(';').any(|number| {
                matches!(
                    number.parse().unwrap_or(0),
                    30..=38 | 40..=48 | 90..=97 | 100..=107
                )
            })
        })
        .collect()
}

#[test]
fn ascii_means_ascii() {
    let mut program = Start::iamkeys(["--demo", "--ascii"]).run();
    create(&mut program);
    assert_ascii(&program.raw());

    // A terminal that does not show anything else.
    let mut program = Start::iamkeys(["--demo"]).env("LANG", "C").run();
    create(&mut program);
    assert_ascii(&program.raw());
}

fn create(program: &mut crate::pty::Program) {
    crate::create_key(program, "new-hire");
    program.press("y");
    program.wait_text("secret sent to the terminal's clipboard");
    program.press("?");
    program.wait_text("Keys: new key");
}

fn assert_ascii(raw: &[u8]) {
    let text = String::from_utf8_lossy(raw);
    let others: String = text.chars().filter(|c| !c.is_ascii()).collect();
    assert_eq!(others, "");
}

#[test]
fn read_only_says_why_and_sends_nothing() {
    let world = World::demo();
    let mut program = world.start().arg("--read-only").run();
    program.wait_text("READ-ONLY");
    go_to(&mut program, "old-batch");
    for key in ["c", "t", "d"] {
        program.press(key);
        program.wait_text("Read-only: iamkeys was started with");
        // Takes the notice away.
        program.press("j");
        program.wait_gone("Read-only: iamkeys");
    }
    program.press("q");
    program.wait_exit().assert_clean(0);
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn where_the_terminal_tells_of_a_held_key_it_confirms_nothing() {
    let world = World::demo();
    let mut program = world.start().run();
    go_to(&mut program, "zapier");
    // Letters come as keys, and as text while a filter was typed.
    program.wait_raw(b"\x1b[>15u", 1);
    program.wait_raw(b"\x1b[=3;1u", 1);
    program.wait_raw(b"\x1b[=15;1u", 1);
    program.press_key("\x1b[116u");
    program.wait_text("Deactivate key");
    program.wait_text("Verified with AWS just now");
    // Held, let go, and Shift alone.
    for key in ["\x1b[121;1:2u", "\x1b[121;1:3u", "\x1b[57441;2u"] {
        program.press_key(key);
    }
    // Esc closes it.
    program.press_key("\x1b[27u");
    program.wait_gone("Deactivate key");
    assert_eq!(world.changes(), [""; 0]);
    program.press_key("\x1b[47:63;2u");
    program.wait_text("Every action by name");
    program.press_key("\x1b[13u");
    program.wait_gone("Every action by name");
    program.press_key("\x1b[116;1:1u");
    program.wait_text("Verified with AWS just now");
    program.press_key("\x1b[121;1:1u");
    program.wait_text("Deactivated");
    program.press_key("\x1b[99;5u");
    let ended = program.wait_exit();
    ended.assert_clean(130);
    let written = String::from_utf8_lossy(&ended.raw).into_owned();
    let at = |text| written.rfind(text).expect("it was written");
    assert!(at("\x1b[<1u") < at("\x1b[?1049l"), "on the same screen");
}

#[test]
fn the_console_of_linux_is_sent_no_sequence_that_it_prints() {
    let mut program = Start::iamkeys(["--demo"]).env("TERM", "linux").run();
    program.wait_text("Users 24");
    program.press("q");
    let ended = program.wait_exit();
    ended.assert_clean(0);
    let written = String::from_utf8_lossy(&ended.raw).into_owned();
    assert!(!written.contains("\x1b[>15u") && !written.contains("\x1b[<1u"));
}
