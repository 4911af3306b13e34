//! A new key's secret: where it goes, and where it never goes.

use crate::{CTRL_C, ESC, World, create_key, go_to, have_it, pty, pty::Start};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustix::process::Signal;

/// What OSC 52 sequences hold, whatever they are wrapped in.
fn sent_to_clipboard(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    let sequences = text.split("\x1b]52;c;").skip(1);
    sequences
        .map(|rest| {
            let (base64, _) = rest.split_once('\x07').expect("it ends");
            let bytes = BASE64_STANDARD.decode(base64).expect("it is base64");
            String::from_utf8(bytes).expect("it is text")
        })
        .collect()
}

#[test]
fn create_and_copy_are_three_keys_and_the_clipboard_gets_exactly_the_secret() {
    let world = World::demo();
    let mut program = world.start().run();
    go_to(&mut program, "new-hire");
    program.press("c");
    program.wait_text("A new access key for new-hire");
    program.press("y");
    program.wait_text("New key for new-hire");
    let key = world.newest_key("new-hire");
    program.wait_text(key.as_str());
    assert_eq!(sent_to_clipboard(&program.raw()), [""; 0]);
    program.press("y");
    program.wait_text("secret sent to the terminal's clipboard (OSC 52)");
    assert_eq!(sent_to_clipboard(&program.raw()), [key.secret()]);

    // The terminal does not say whether it took it. Who says so is asked nothing more.
    program.press(ESC);
    program.wait_text("Have you pasted it?");
    program.press(ESC);
    program.wait_gone("Have you pasted it?");
    program.wait_text(key.as_str());
    have_it(&mut program);
    program.wait_text("never used");
    program.press("q");
    let ended = program.wait_exit();
    ended.assert_clean(0);
    assert_eq!(sent_to_clipboard(&ended.raw).len(), 1);
    assert_eq!(pty::count(&ended.raw, key.secret().as_bytes()), 0);
    assert_eq!(ended.screen.trim(), "");
    assert_eq!(world.changes(), ["CreateAccessKey"]);
}

#[test]
fn key_id_and_exports_are_copied_too() {
    let world = World::demo();
    let mut program = world.start().run();
    let key = world.create_key(&mut program);
    program.press("i");
    program.wait_text("key ID sent to the terminal's clipboard");
    program.wait_text("Esc close");
    program.press("e");
    program.wait_text("Copy as");
    program.press("1");
    program.wait_text("exports sent to the terminal's clipboard");
    let exports = format!(
        "export AWS_ACCESS_KEY_ID={key}\nexport AWS_SECRET_ACCESS_KEY={}\n",
        key.secret()
    );
    let copied = sent_to_clipboard(&program.raw());
    assert_eq!(copied, [key.as_str(), &exports]);
}

#[test]
fn tmux_gets_it_for_itself_and_for_the_terminal_outside() {
    let world = World::demo();
    let start = world.start().env("TMUX", "/tmp/tmux-0/default,1,0");
    let mut program = start.run();
    let key = world.create_key(&mut program);
    program.press("y");
    program.wait_text("(OSC 52 via tmux)");
    let base64 = BASE64_STANDARD.encode(key.secret());
    let plain = format!("\x1b]52;c;{base64}\x07");
    let wrapped = format!("\x1bPtmux;\x1b{plain}\x1b\\");
    let raw = program.raw();
    assert_eq!(pty::count(&raw, format!("{plain}{wrapped}").as_bytes()), 1);
    assert_eq!(pty::count(&raw, base64.as_bytes()), 2);
}

#[test]
fn screen_gets_it_wrapped() {
    let world = World::demo();
    let mut program = world.start().env("STY", "1234.pts-0.host").run();
    let key = world.create_key(&mut program);
    program.press("y");
    program.wait_text("(OSC 52 via screen)");
    let base64 = BASE64_STANDARD.encode(key.secret());
    let wrapped = format!("\x1bP\x1b]52;c;{base64}\x07\x1b\\");
    let raw = program.raw();
    assert_eq!(pty::count(&raw, wrapped.as_bytes()), 1);
    assert_eq!(pty::count(&raw, base64.as_bytes()), 1);
}

#[test]
fn it_is_shown_only_while_somebody_wants_to_see_it() {
    let world = World::demo();
    let mut program = world.start().run();
    let key = world.create_key(&mut program);
    let secret = key.secret();
    assert_eq!(pty::count(&program.raw(), secret.as_bytes()), 0);
    program.press("v");
    program.wait_text(&secret);
    program.press("v");
    program.wait_gone(&secret);
    let shown = pty::count(&program.raw(), secret.as_bytes());
    program.press("y");
    program.wait_text("secret sent");
    have_it(&mut program);
    program.press("q");
    let ended = program.wait_exit();
    ended.assert_clean(0);
    assert!(!ended.screen.contains(&secret));
    assert_eq!(pty::count(&ended.raw, secret.as_bytes()), shown);
}

#[test]
fn where_nothing_can_be_copied_it_says_what_to_do() {
    let world = World::demo();
    let mut program = world.start_copying_to("off").run();
    let key = world.create_key(&mut program);
    program.wait_text("Press v and select it");
    program.press("y");
    program.wait_text("secret not copied: --clipboard off");
    assert_eq!(pty::count(&program.raw(), b"\x1b]52"), 0);
    // It has gone nowhere.
    program.press(ESC);
    program.wait_text("Discard the only copy?");
    program.press(ESC);
    program.wait_gone("Discard the only copy?");
    program.wait_text(key.as_str());
}

#[test]
fn the_only_copy_is_not_thrown_away_unasked() {
    let world = World::demo();
    let mut program = world.start().run();
    let key = world.create_key(&mut program);
    for leave in [ESC, "q", CTRL_C] {
        program.press(leave);
        program.wait_text("Discard the only copy?");
        program.press(ESC);
        program.wait_gone("Discard the only copy?");
        program.wait_text(key.as_str());
    }
    program.signal(Signal::INT);
    program.wait_text("Discard the only copy?");
    // Keep is highlighted.
    program.press("\r");
    program.wait_gone("Discard the only copy?");
    // Once more, with no terminal to speak of.
    program.resize(20, 5);
    program.wait_text("a new key's secret");
    program.resize(80, 24);
    program.wait_text("Esc close");
    program.press("y");
    program.wait_text("secret sent");
    assert_eq!(sent_to_clipboard(&program.raw()), [key.secret()]);
    // There may be another copy now, and a person has to say so.
    for leave in [ESC, "q", CTRL_C] {
        program.press(leave);
        program.wait_text("Have you pasted it?");
        program.press(ESC);
        program.wait_gone("Have you pasted it?");
        program.wait_text(key.as_str());
    }
    program.press(CTRL_C);
    program.wait_text("Have you pasted it?");
    program.press("i");
    let ended = program.wait_exit();
    ended.assert_clean(130);
    assert_eq!(ended.screen.trim(), "");
}

#[test]
fn it_can_be_discarded_on_the_way_out() {
    for (leave, code) in [(ESC, 0), (CTRL_C, 130)] {
        let world = World::demo();
        let mut program = world.start().run();
        let key = world.create_key(&mut program);
        program.press(leave);
        program.wait_text("Discard the only copy?");
        program.press("d");
        if leave == ESC {
            program.wait_gone("New key for");
            program.wait_text("its secret is gone");
            program.press("q");
        }
        let ended = program.wait_exit();
        ended.assert_clean(code);
        assert_eq!(pty::count(&ended.raw, key.secret().as_bytes()), 0);
        assert_eq!(sent_to_clipboard(&ended.raw), [""; 0]);
    }
}

#[test]
fn a_signal_to_end_gives_the_terminal_back_and_says_what_is_lost() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let world = World::demo();
        let mut program = world.start().run();
        let key = world.create_key(&mut program);
        program.signal(signal);
        let ended = program.wait_exit();
        ended.assert_clean(code);
        let lost = format!("iamkeys: lost: the secret of {key} of new-hire was stored nowhere");
        assert!(unwrapped(&ended.screen).contains(&lost), "{}", ended.screen);
        assert_eq!(pty::count(&ended.raw, key.secret().as_bytes()), 0);
    }
}

/// What the terminal shows, without the line breaks that its width has made.
fn unwrapped(screen: &str) -> String {
    screen.replace('\n', "")
}

#[test]
fn no_log_holds_it() {
    let world = World::demo();
    let start = world.start().arg("--log-file").arg("iamkeys.log");
    let log = start.path("iamkeys.log");
    let mut program = start.arg("--log-level").arg("trace").run();
    let key = world.create_key(&mut program);
    program.press("v");
    program.wait_text(&key.secret());
    program.press("e");
    program.wait_text("Copy as");
    program.press("1");
    program.wait_text("exports sent");
    have_it(&mut program);
    program.press("q");
    program.wait_exit().assert_clean(0);
    let log = std::fs::read_to_string(log).expect("the log is there");
    let base64 = BASE64_STANDARD.encode(key.secret());
    assert!(!log.contains(&key.secret()) && !log.contains(&base64));
    // It holds what it is for.
    for what in ["read=Caller", "sent verb=", "done verb=", "for new-hire"] {
        assert!(log.contains(what), "{what}: {log}");
    }
    assert!(!log.contains('\x1b'), "it is plain text");
}

#[test]
fn a_creation_whose_answer_is_lost_is_not_sent_again() {
    for fault in ["drop-after", "error-after:500", "cut", "503"] {
        let world = World::demo();
        let told = format!("CreateAccessKey={fault}").parse().unwrap();
        world.endpoint.fault(told);
        let mut program = world.start().run();
        go_to(&mut program, "new-hire");
        program.press("c");
        program.wait_text("A new access key for new-hire");
        program.press("y");
        program.wait_text("Create a key for new-hire");
        let made = fault != "503";
        program.wait_text(if made {
            "A key whose secret is lost"
        } else {
            "Not done so far"
        });
        assert_eq!(world.changes(), ["CreateAccessKey"]);
        program.press("q");
        program.wait_gone("Create a key for new-hire");
        // It stays open, on the user's row and for who leaves.
        program.wait_text("? new-hire");
        program.press("q");
        let ended = program.wait_exit();
        ended.assert_clean(0);
        let open = if made {
            let key = world.newest_key("new-hire");
            format!("open: the secret of {key} of new-hire is lost")
        } else {
            "not known: creating a key for new-hire".to_owned()
        };
        assert!(ended.screen.contains(&open), "{open:?} in {}", ended.screen);
        assert_eq!(world.changes(), ["CreateAccessKey"]);
    }
}

#[test]
fn the_demo_behaves_the_same() {
    let mut program = Start::iamkeys(["--demo", "--clipboard", "osc52"]).run();
    create_key(&mut program, "new-hire");
    program.press("y");
    program.wait_text("secret sent");
    let copied = sent_to_clipboard(&program.raw());
    assert_eq!(copied.len(), 1);
    assert_eq!(copied[0].len(), 40);
}
