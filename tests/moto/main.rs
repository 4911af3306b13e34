//! The whole work on access keys, done with the real program against an IAM that is not ours, and
//! checked with a client that is not ours either.
//!
//! `.ci/run` starts moto and runs this with `IAMKEYS_MOTO_URL` (its address) and
//! `IAMKEYS_MOTO_PYTHON` (a Python that has boto3); and once more with ministack, which
//! `IAMKEYS_MOTO_IS` says. A plain `cargo test` leaves it out, since it needs all that.
//!
//! Neither has pages. What else they differ in is in [`Server`]; where they do, each is held to what
//! it does.

#![cfg(unix)]

#[path = "../common/dialog.rs"]
mod dialog;
#[path = "../common/hands.rs"]
mod hands;
#[path = "../common/pty.rs"]
mod pty;
#[path = "../common/rotating.rs"]
mod rotating;

mod commands;
mod impact;
mod leak;
mod organization;
mod report;
mod rotation;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use iamkeys::engine::key_id::account_of;
use pty::{Program, Start};
use std::{env, process::Command};

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run .ci/run"))
}

/// Which IAM is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    /// Knows when keys were used, and the limit of two.
    Moto,
    /// Says of each key that it was never used, and gives a user any number of them.
    Ministack,
}

fn server() -> Server {
    match env::var("IAMKEYS_MOTO_IS").as_deref() {
        Err(_) | Ok("moto") => Server::Moto,
        Ok("ministack") => Server::Ministack,
        Ok(other) => panic!("{other} is no IAM that is known here"),
    }
}

/// Asks the other client. What it prints, word by word.
#[track_caller]
fn account(args: &[&str]) -> Vec<String> {
    let output = Command::new(var("IAMKEYS_MOTO_PYTHON"))
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/moto/account.py"
        ))
        .args(args)
        .env_clear()
        .env("IAMKEYS_MOTO_URL", var("IAMKEYS_MOTO_URL"))
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {errors}");
    let text = String::from_utf8(output.stdout).expect("it is text");
    text.split_whitespace().map(str::to_owned).collect()
}

/// The program, with the list on screen.
fn start() -> Program {
    let mut program = start_with(&[]);
    program.wait_text("c create");
    program
}

/// The program, told more on its command line.
fn start_with(args: &[&str]) -> Program {
    command(args).run()
}

/// How to start the program, told more on its command line.
fn command(args: &[&str]) -> Start {
    let start = Start::iamkeys(["--endpoint-url", &var("IAMKEYS_MOTO_URL")])
        .arg("--clipboard")
        .arg("osc52")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/EXAMPLEKEY");
    args.iter().fold(start, Start::arg)
}

/// Selects a user and waits for the keys.
fn go_to(program: &mut Program, user: &str) {
    program.press("/");
    program.wait_text("Enter keep filter");
    program.press(user);
    program.wait_text("1 shown");
    program.press("\r");
    program.wait_text("c create");
    program.wait_text("of 2 keys");
}

fn copied(program: &Program) -> Vec<String> {
    let raw = program.raw();
    let text = String::from_utf8_lossy(&raw);
    text.split("\x1b]52;c;")
        .skip(1)
        .map(|rest| {
            let (base64, _) = rest.split_once('\x07').expect("it ends");
            String::from_utf8(BASE64_STANDARD.decode(base64).expect("base64")).expect("text")
        })
        .collect()
}

#[test]
fn a_key_s_whole_life() {
    account(&["create_users", "guide-alice", "guide-bob", "guide-carol"]);
    let mut program = start();
    program.wait_text("guide-alice");
    program.wait_text("guide-bob");
    program.wait_text("guide-carol");
    go_to(&mut program, "guide-bob");
    program.wait_text("0 of 2 keys");

    // Create it: the secret that was copied is the one that works.
    program.press("c");
    program.wait_text("A new access key for guide-bob");
    program.press("y");
    program.wait_text("New key for guide-bob");
    program.press("y");
    program.wait_text("secret sent to the terminal's clipboard");
    let secret = copied(&program).remove(0);
    let keys = account(&["keys", "guide-bob"]);
    let [key, status] = &*keys else {
        panic!("one key: {keys:?}")
    };
    assert_eq!(status, "Active");
    program.wait_text(key);
    program.press("\x1b");
    program.wait_text("Have you pasted it?");
    program.press("i");
    program.wait_gone("New key for");
    program.wait_text("1 of 2 keys");
    program.wait_text("never used");

    // Use it: only the right secret works for that.
    let arn = account(&["who_am_i", key, &secret]);
    assert!(arn[0].ends_with(":user/guide-bob"), "{arn:?}");
    if server() == Server::Moto {
        account(&["use_key", key, &secret]);
        program.press("R");
        program.wait_text("used just now");
        program.wait_gone("never used");
    }

    // Deactivate it, and activate it again.
    program.press("t");
    program.wait_text("Deactivate key");
    program.wait_text(key);
    program.press("y");
    program.wait_gone("Deactivate key");
    program.wait_text("Inactive");
    assert_eq!(account(&["keys", "guide-bob"]), [key, "Inactive"]);
    program.press("t");
    program.wait_text("Activate key");
    program.press("y");
    program.wait_gone("Activate key");
    program.wait_text("Activated AKIA");
    assert_eq!(account(&["keys", "guide-bob"]), [key, "Active"]);

    // Delete it: it is in use, so its end has to be typed.
    program.press("d");
    program.wait_text("Type the last 4 characters");
    program.press("\r");
    program.wait_gone("Delete key");
    assert_eq!(account(&["keys", "guide-bob"]), [key, "Active"]);
    program.press("d");
    program.wait_text("Type the last 4 characters");
    program.press(&key[key.len() - 4..]);
    program.press("\r");
    program.wait_gone("Delete key");
    program.wait_text("0 of 2 keys");
    assert_eq!(account(&["keys", "guide-bob"]), [""; 0]);

    // The other two were not touched.
    assert_eq!(account(&["keys", "guide-alice"]), [""; 0]);
    assert_eq!(account(&["keys", "guide-carol"]), [""; 0]);
    assert_eq!(copied(&program).len(), 1);
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn a_key_is_found_by_its_id() {
    account(&["create_users", "found-gina"]);
    let key = account(&["create_key", "found-gina"]).remove(0);
    let mut program = start_with(&[&key]);
    program.wait_text("─ found-gina ─");
    program.wait_text(&key);
    program.wait_gone("Find a key");
    program.press("t");
    program.wait_text("Deactivate key");
    program.press("y");
    program.wait_text("Deactivated AKIA");
    assert_eq!(account(&["keys", "found-gina"]), [&*key, "Inactive"]);
    let own = match server() {
        Server::Moto => "123456789012",
        Server::Ministack => "000000000000",
    };
    // One that was there, and one that never was.
    account(&["delete_key", "found-gina", &key]);
    for id in [&*key, "AKIAIOSFODNN7EXAMPL2"] {
        program.press("f");
        program.wait_text("Find a key");
        program.press(id);
        program.press("\r");
        // ministack derives an account from some IDs, though its own hold none; not always a number
        // that an account can have.
        let derived = account(&["account_of_key", id]);
        match &*derived {
            [other] if other.as_str() != own && other.len() == 12 => {
                program.wait_text(&format!("{id} belongs to account"));
                program.wait_text(other);
            }
            // This run knows whose it was: it has deactivated it.
            _ if id == key => program.wait_text(&format!("{id} was a key of found-gina")),
            _ => program.wait_text(&format!("No key {id} in this")),
        }
        program.press("\x1b");
        program.wait_gone("Find a key");
    }
    // These carry their account's number, as AWS's do.
    if server() == Server::Moto {
        assert_eq!(account_of(&key).as_deref(), Some(own));
    }
}

/// Confirms what can no longer be done. Where the look at the account ends, or is taken once more, after
/// what it is about was deleted, that tells; else the change is sent, and its refusal does.
fn is_told_gone(program: &mut Program, title: &str, action: &str) {
    program.press("y");
    let mut was_sent = false;
    program.wait_for("that it is gone", |screen| {
        let screen = screen.contents();
        was_sent = screen.contains("It is gone");
        was_sent || screen.contains("It is not there any more")
    });
    if was_sent {
        program.wait_text(&format!("NoSuchEntity: {action}"));
    }
    program.press("\x1b");
    program.wait_gone(if was_sent { "It is gone" } else { title });
}

#[test]
fn a_user_who_is_gone() {
    account(&["create_users", "gone-dave"]);
    let mut program = start();
    go_to(&mut program, "gone-dave");
    program.press("c");
    program.wait_text("A new access key for gone-dave");
    account(&["delete_user", "gone-dave"]);
    is_told_gone(&mut program, "Create key", "iam:CreateAccessKey");
    // Fetched again: nobody of that name.
    program.press("R");
    program.wait_text("0 shown");
}

#[test]
fn a_key_that_is_gone() {
    account(&["create_users", "gone-erin"]);
    let key = account(&["create_key", "gone-erin"]).remove(0);
    let mut program = start();
    go_to(&mut program, "gone-erin");
    program.wait_text(&key);
    program.press("t");
    program.wait_text("Deactivate key");
    account(&["delete_key", "gone-erin", &key]);
    is_told_gone(&mut program, "Deactivate key", "iam:UpdateAccessKey");
    program.wait_text("0 of 2 keys");
}

#[test]
fn more_keys_than_there_may_be() {
    account(&["create_users", "full-frank"]);
    account(&["create_key", "full-frank"]);
    let mut program = start();
    go_to(&mut program, "full-frank");
    program.press("c");
    program.wait_text("A new access key for full-frank");
    // Somebody else was faster.
    account(&["create_key", "full-frank"]);
    program.press("y");
    let keys = match server() {
        Server::Moto => {
            // The service says so now.
            program.wait_text("No room for another key");
            program.wait_text("Inactive keys count");
            program.press("\x1b");
            program.wait_gone("No room for another key");
            2
        }
        Server::Ministack => {
            // It does as it was told, and a third key is there: with a secret that is handed out.
            program.wait_text("New key for full-frank");
            program.press("y");
            program.wait_text("secret sent to the terminal's clipboard");
            program.press("\x1b");
            program.wait_text("Have you pasted it?");
            program.press("i");
            program.wait_gone("New key for");
            3
        }
    };
    program.wait_text(&format!("{keys} of 2 keys"));
    // And before it is even asked.
    program.press("c");
    program.wait_text("No room for another key");
    program.wait_text(&format!("full-frank has {keys} keys"));
    assert_eq!(account(&["keys", "full-frank"]).len(), 2 * keys);
}

#[test]
fn all_users_of_a_service_without_pages() {
    account(&["create_many", "many-", "250"]);
    let key = account(&["create_key", "many-250"]).remove(0);
    let mut program = start();
    program.wait_gone("so far");
    program.press("/");
    program.wait_text("Enter keep filter");
    program.press("many-");
    program.wait_text("250 shown");
    program.press("\r");
    program.wait_text("c create");
    program.press("G");
    program.wait_text("─ many-250 ─");
    program.wait_text("1 of 2 keys");
    program.wait_text(&key);
    program.wait_text("never used");
}
