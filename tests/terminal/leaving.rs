//! Every way out, and what the terminal and the person are left with.

use crate::{CTRL_C, ESC, World, create_key, go_to, have_it, pty, pty::Start};
use iamkeys::demo::KeyId;
use rustix::process::Signal;
use std::{
    path::Path,
    process::{Command, Stdio},
};

#[test]
fn quitting_is_0_and_an_interrupt_130() {
    for (keys, code) in [("q", 0), (CTRL_C, 130)] {
        let mut program = Start::iamkeys(["--demo"]).run();
        program.wait_text("Users 24");
        assert!(!program.is_cooked());
        program.press(keys);
        let ended = program.wait_exit();
        ended.assert_clean(code);
        assert_eq!(ended.screen.trim(), "");
        // The screen was an alternate one, with the buttons of a mouse, and pastes to be told
        // apart. Nobody asked for the mouse's movements.
        for (mode, times) in [
            ("1049", 1),
            ("2004", 1),
            ("1000", 1),
            ("1006", 1),
            ("1002", 0),
            ("1003", 0),
        ] {
            for on_off in ["h", "l"] {
                let sequence = format!("\x1b[?{mode}{on_off}");
                let sent = pty::count(&ended.raw, sequence.as_bytes());
                assert_eq!(sent, times, "{mode}{on_off}");
            }
        }
    }
}

#[test]
fn signals_end_it_with_their_number_and_the_terminal_restored() {
    for signal in [
        Signal::TERM,
        Signal::HUP,
        Signal::INT,
        Signal::XCPU,
        Signal::USR1,
        Signal::ALARM,
    ] {
        let code = 128 + u32::try_from(signal.as_raw()).unwrap();
        let mut program = Start::iamkeys(["--demo"]).run();
        program.wait_text("Users 24");
        program.signal(signal);
        let ended = program.wait_exit();
        ended.assert_clean(code);
        assert_eq!(ended.screen.trim(), "");
    }
}

#[test]
fn it_leaves_in_the_middle_of_loading() {
    let world = World::demo();
    world.gate.close();
    for (keys, code) in [("q", 0), (CTRL_C, 130)] {
        let mut program = world.start().run();
        // Shown as long as no answer comes.
        program.wait_text("listing users");
        program.press(keys);
        program.wait_exit().assert_clean(code);
    }
}

/// Takes the terminal away from a program that has nothing to do, and so writes nothing.
fn hang_up(mut program: pty::Program) -> u32 {
    program.wait_for("everything loaded", |screen| {
        let text = screen.contents();
        text.contains("Users 3") && !text.contains(|c| "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏".contains(c))
    });
    program.hang_up()
}

#[test]
fn it_ends_with_its_terminal() {
    let code = hang_up(Start::iamkeys(["--demo-users", "3"]).run());
    assert!(matches!(code, 1 | 129), "{code}");
}

/// In a session of its own it is no business of the terminal's, so that no signal comes when that
/// goes away. `setsid` hands on its exit code, if it lives to see it; `timeout` is for a program that
/// does not end, which nothing else would find there.
#[cfg(target_os = "linux")]
#[test]
fn it_ends_with_its_terminal_also_when_no_signal_tells() {
    let iamkeys = env!("CARGO_BIN_EXE_iamkeys");
    let script =
        format!("trap '' HUP; exec setsid --wait timeout --foreground 90 {iamkeys} --demo-users 3");
    assert_eq!(hang_up(Start::command("sh", ["-c", &script]).run()), 1);
}

/// Opens the question whether to create a key, and answers yes while nothing comes back.
fn create_unanswered(world: &World, program: &mut pty::Program) {
    go_to(program, "new-hire");
    program.press("c");
    // The look at the account is over: only the answer to the change is kept back.
    program.wait_text("key slots in use");
    world.gate.close();
    program.press("y");
    program.wait_gone("A new access key for new-hire");
}

#[test]
fn a_change_under_way_is_waited_for() {
    let world = World::demo();
    let mut program = world.start().run();
    go_to(&mut program, "old-batch");
    program.press("t");
    program.wait_text("Verified with AWS just now.");
    world.gate.close();
    program.press("y");
    program.wait_gone("Deactivate key");
    program.press("q");
    program.wait_text("Waiting for AWS");
    world.gate.open();
    let ended = program.wait_exit();
    ended.assert_clean(0);
    assert_eq!(ended.screen.trim(), "");
    assert_eq!(world.changes(), ["UpdateAccessKey"]);
}

#[test]
fn a_secret_that_comes_while_leaving_is_shown() {
    let world = World::demo();
    let mut program = world.start().run();
    create_unanswered(&world, &mut program);
    program.press(CTRL_C);
    program.wait_text("Waiting for AWS");
    world.gate.open();
    program.wait_text("New key for new-hire");
    program.wait_gone("Waiting for AWS");
}

#[test]
fn who_does_not_want_to_wait_is_told_what_is_unknown() {
    for (keys, code) in [("q", 0), (CTRL_C, 130)] {
        let world = World::demo();
        let mut program = world.start().run();
        create_unanswered(&world, &mut program);
        program.press(keys);
        program.wait_text("Waiting for AWS");
        program.press(ESC);
        program.wait_gone("Waiting for AWS");
        program.press(keys);
        program.wait_text("Waiting for AWS");
        program.press("y");
        let ended = program.wait_exit();
        ended.assert_clean(code);
        let said = ended.screen.trim();
        assert!(said.starts_with("iamkeys: not known: "), "{said}");
        assert!(said.contains("new-hire"), "{said}");
    }
}

#[test]
fn a_signal_does_not_wait_and_says_what_is_unknown() {
    let world = World::demo();
    let mut program = world.start().run();
    create_unanswered(&world, &mut program);
    program.signal(Signal::TERM);
    let ended = program.wait_exit();
    ended.assert_clean(143);
    assert!(
        ended.screen.starts_with("iamkeys: not known: "),
        "{}",
        ended.screen
    );
}

/// The program with a bug in it: see `panicking.rs`.
fn panicking() -> Start {
    let program = Path::new(env!("CARGO_BIN_EXE_iamkeys")).with_file_name("examples");
    let program = program.join(format!("panicking{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "cargo build --example panicking makes {}",
        program.display()
    );
    Start::command(program, ["--demo"])
}

#[test]
fn a_panic_gives_the_terminal_back_and_its_report_comes_after() {
    let mut program = panicking().run();
    create_key(&mut program, "new-hire");
    program.press("v");
    program.wait_text("hide");
    let screen = program.screen();
    let (_, secret) = screen.split_once("Secret access key").expect("it is shown");
    let secret = secret
        .split_whitespace()
        .next()
        .expect("it is shown")
        .to_owned();
    assert_eq!(secret.len(), 40);
    program.press("v");
    program.wait_gone(&secret);
    let before = program.raw().len();
    program.send(b"\x1b[200~x\x1b[201~");
    let ended = program.wait_exit();
    ended.assert_clean(1);
    assert!(
        ended.screen.contains("told to panic in"),
        "{}",
        ended.screen
    );
    let after = String::from_utf8_lossy(&ended.raw[before..]);
    let (_, report) = after.split_once("\x1b[?1049l").expect("it was left");
    assert_eq!(report.matches("told to panic in").count(), 1, "{report}");
    // Nothing of what the program knew.
    assert!(!report.contains(&secret) && !report.contains("new-hire"));
}

#[test]
fn a_panic_of_a_task_takes_nothing_with_it() {
    let mut program = panicking().env("PANICS", "task").run();
    program.wait_text("A background task failed");
    program.press("/");
    program.wait_text("Enter keep filter");
    program.press("new-hire");
    program.wait_text("1 shown");
    program.press("\r");
    program.wait_text("c create");
    program.press("c");
    program.wait_text("A new access key for new-hire");
    program.wait_text("It could not be looked at again");
    program.press("y");
    // Its keys are listed again at once, which fails again.
    program.wait_text("New key for new-hire");
    program.wait_text("A background task failed");
    let screen = program.screen();
    let id = screen
        .split_whitespace()
        .find(|word| word.starts_with("AKIA"));
    let id = KeyId::parse(id.expect("an ID")).expect("the demo made it");
    program.press("y");
    program.wait_text("secret sent");
    assert_eq!(pty::count(&program.raw(), b"told to panic"), 0);
    have_it(&mut program);
    program.press("q");
    let ended = program.wait_exit();
    ended.assert_clean(1);
    let raw = String::from_utf8_lossy(&ended.raw);
    let (_, report) = raw.split_once("\x1b[?1049l").expect("it was left");
    assert!(report.contains("told to panic in a task"));
    let secret = id.secret();
    assert_eq!(pty::count(&ended.raw, secret.as_bytes()), 0);
}

fn plain(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iamkeys"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

#[test]
fn without_a_terminal_there_is_one_line_and_code_2() {
    let output = plain(&["--demo"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("iamkeys: ") && said.contains("terminal"),
        "{said}"
    );
}

#[test]
fn half_a_terminal_is_none() {
    let iamkeys = env!("CARGO_BIN_EXE_iamkeys");
    for half in ["</dev/null", "| cat"] {
        // A pipe's code is its last command's: say it before.
        let script = format!("({iamkeys} --demo; echo code $? >&2) {half}");
        let mut program = Start::command("sh", ["-c", &script]).run();
        let ended = program.wait_exit();
        assert!(
            ended.screen.contains("must be a terminal"),
            "{}",
            ended.screen
        );
        assert!(ended.screen.contains("code 2"), "{}", ended.screen);
        assert_eq!(pty::count(&ended.raw, b"\x1b"), 0);
    }
}

#[test]
fn help_and_version_need_no_terminal_and_wrong_use_is_2() {
    let output = plain(&["--version"]).output().unwrap();
    let version = concat!("iamkeys ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), version);

    let output = plain(&["--help"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    for flag in [
        "--profile",
        "--region",
        "--endpoint-url",
        "--read-only",
        "--demo",
        "--demo-users",
        "--clipboard",
        "--clear-clipboard",
        "--recent-days",
        "--journal",
        "--no-journal",
        "--ascii",
        "--log-file",
        "--log-level",
        "--version",
        "Exit codes",
    ] {
        assert!(help.contains(flag), "{flag}");
    }

    for wrong in [
        &["--frobnicate"][..],
        &["--clipboard", "elsewhere"],
        &["--demo-users", "100001"],
        &["--recent-days", "0"],
        &["--no-journal", "--journal", "x"],
        &["surplus"],
    ] {
        let output = plain(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert_eq!(output.stdout, b"");
        assert_ne!(output.stderr, b"");
    }
}

#[test]
fn a_log_that_cannot_be_written_is_said_in_words() {
    let mut program = Start::iamkeys(["--demo", "--log-file", "no/such/folder/log"]).run();
    let ended = program.wait_exit();
    ended.assert_clean(1);
    let said = "iamkeys: the log no/such/folder/log cannot be written: No such file or directory";
    assert!(ended.screen.contains(said), "{}", ended.screen);
    // One line, and nothing for who mends the program.
    assert_eq!(ended.screen.trim().lines().count(), 1, "{}", ended.screen);
}
