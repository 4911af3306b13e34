//! What was typed where it does not belong.

use crate::pty::Start;
use std::process::{Command, Stdio};

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// What it says of arguments that are a usage error.
fn refused(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iamkeys"));
    command.args(args).env_clear().stdin(Stdio::null());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_secret_that_was_typed_by_mistake_is_not_repeated() {
    for args in [
        &[KEY, SECRET][..],
        &[SECRET],
        &[&format!("{KEY}{SECRET}")],
        &[&format!("--{SECRET}")],
        &[&format!("--profile={SECRET}"), "bad"],
        &[&format!("--demo={SECRET}")],
        &["--clipboard", SECRET],
        &["--recent-days", SECRET],
        &["--background", SECRET],
        &["--log-level", SECRET],
        &["--demo-users", SECRET],
        &["--profile", SECRET],
        &["--no-journal", "--journal", SECRET],
    ] {
        let said = refused(args);
        for part in SECRET.split('/') {
            assert!(!said.contains(part), "{args:?}: {said}");
        }
    }
    let said = refused(&["--clipboard", SECRET]);
    assert!(
        said.contains("invalid value '[redacted]' for '--clipboard"),
        "{said}"
    );
    assert!(said.contains("possible values: auto"), "{said}");
}

#[test]
fn a_secret_in_the_place_of_a_profile_is_not_in_the_log() {
    let start = Start::iamkeys(["--log-file", "log"]).env("AWS_PROFILE", SECRET);
    let mut program = start.run();
    program.wait_text("AWS_PROFILE names no profile");
    program.press("q");
    program.wait_exit().assert_clean(0);
    let log = std::fs::read_to_string(program.home().join("log")).unwrap();
    assert!(log.contains("AWS_PROFILE names no profile"), "{log}");
    assert!(!log.contains("MDENG"), "{log}");
}

#[test]
fn a_secret_in_a_variable_is_not_on_the_screen() {
    let file = format!("[{SECRET}]\naws_access_key_id={KEY}\naws_secret_access_key=nothing\n");
    for (variable, said) in [
        ("AWS_PROFILE", "AWS_PROFILE names no profile"),
        ("AWS_REGION", "AWS_REGION is not valid"),
        ("AWS_MAX_ATTEMPTS", "AWS_MAX_ATTEMPTS is not valid"),
    ] {
        // Beside keys that are set, and in a file that has such a profile: it is not used either.
        for (key, path) in [("", "none"), (KEY, "none"), ("", "credentials")] {
            let mut program = Start::iamkeys([""; 0])
                .file("credentials", &file)
                .env("AWS_SHARED_CREDENTIALS_FILE", path)
                .env("AWS_ACCESS_KEY_ID", key)
                .env("AWS_SECRET_ACCESS_KEY", key)
                .env(variable, SECRET)
                .run();
            program.wait_text(said);
            program.press("q");
            let ended = program.wait_exit();
            ended.assert_clean(0);
            for part in SECRET.split('/') {
                let raw = String::from_utf8_lossy(&ended.raw);
                assert!(!raw.contains(part), "{variable} {key} {path}: {raw}");
            }
        }
    }
}

#[test]
fn a_secret_in_the_place_of_a_file_is_not_repeated() {
    let path = format!("no/such.folder/{SECRET}");
    let mut program = Start::iamkeys(["--demo", "--log-file", &path]).run();
    let ended = program.wait_exit();
    ended.assert_clean(1);
    assert!(
        ended.screen.contains("the log no/such.[redacted]"),
        "{}",
        ended.screen
    );
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_is_a_usage_error() {
    let mut program = Start::iamkeys(["--demo"]).env("TERM", "dumb").run();
    let ended = program.wait_exit();
    assert!(ended.screen.contains("TERM=dumb"), "{}", ended.screen);
    assert_eq!(crate::pty::count(&ended.raw, b"\x1b"), 0);
    assert_eq!(ended.code, 2);
}

#[test]
fn what_would_deceive_a_reader_is_made_visible() {
    let said = refused(&["--frobnicate\u{202e}\u{9b}31m"]);
    assert!(said.contains("--frobnicate\u{fffd}\u{fffd}31m"), "{said}");
}

#[test]
fn a_pipe_is_no_file_for_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let said = refused(&["--demo", "--log-file", pipe.to_str().unwrap()]);
    assert!(said.contains("it is not a regular file"), "{said}");
}
