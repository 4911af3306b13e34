//! In a terminal: a table for people, questions of signing in, and progress.

use crate::{account, pty::Start, served::Served};
use chrono::Utc;
use iamkeys::demo::{Endpoint, Fault, FaultKind, KeyId};
use std::{process::Stdio, time::Duration};

const OWN: &str = "AKIAQX7DEMO4ALICE001";
const SERIAL: &str = "arn:aws:iam::123456789012:mfa/alice";

#[test]
fn a_person_reads_a_table_in_colour() {
    let mut program = Start::iamkeys(["list", "user:deploy-bot", "--demo"])
        .size(160, 24)
        .run();
    let ended = program.wait_exit();
    ended.assert_clean(0);
    assert!(
        ended.screen.contains("account    user        key ID"),
        "{}",
        ended.screen
    );
    assert!(
        ended.screen.contains("AKIAQX7DEMO4DEPLOY02"),
        "{}",
        ended.screen
    );
    assert!(crate::pty::count(&ended.raw, b"\x1b[1maccount") > 0);
    let mut program = Start::iamkeys(["list", "user:deploy-bot", "--demo"])
        .size(160, 24)
        .env("NO_COLOR", "1")
        .run();
    let ended = program.wait_exit();
    ended.assert_clean(0);
    assert_eq!(crate::pty::count(&ended.raw, b"\x1b[1m"), 0);
}

#[test]
fn progress_is_shown_while_it_lasts_and_taken_away() {
    let account = account();
    let slow = Fault::new(FaultKind::Delay(Duration::from_millis(1_500)));
    account
        .endpoint
        .fault(slow.action("GetAccessKeyLastUsed").user("web-assets"));
    let start = account.start(None).size(160, 60).arg("list");
    let mut program = start.run();
    program.wait_text("24 users, 31 keys, ");
    program.wait_text("web-assets");
    let ended = program.wait_exit();
    ended.assert_clean(0);
    assert!(!ended.screen.contains(" calls"), "{}", ended.screen);
}

/// A profile whose keys have a device, in an account that wants its code.
fn with_device(account: &Served) -> Start {
    account
        .endpoint
        .account(|account| account.require_mfa(None));
    let secret = KeyId::parse(OWN).unwrap().secret();
    let keys = format!("[base]\naws_access_key_id = {OWN}\naws_secret_access_key = {secret}\n");
    Start::iamkeys([
        "--endpoint-url",
        &account.url(),
        "--profile",
        "base",
        "list",
    ])
    .size(160, 60)
    .file(".aws/credentials", &keys)
    .file(
        ".aws/config",
        &format!("[profile base]\nmfa_serial = {SERIAL}\n"),
    )
}

#[test]
fn the_code_of_a_device_is_asked_for_and_a_wrong_one_again() {
    let account = account();
    let mut program = with_device(&account).run();
    program.wait_text("MFA code for base, device arn:aws:iam::123456789012:mfa/alice:");
    program.press("12345\r");
    program.wait_text("A code has 6 digits");
    let right = account.endpoint.mfa_code(SERIAL);
    let wrong = (right.parse::<u32>().unwrap() + 1) % 1_000_000;
    program.press(&format!("{wrong:06}\r"));
    program.wait_text("AWS refused that code");
    program.press(&format!("{}\r", account.endpoint.mfa_code(SERIAL)));
    program.wait_text("AKIAQX7DEMO4DEPLOY01");
    program.wait_exit().assert_clean(0);
}

#[test]
fn a_code_is_asked_for_in_the_terminal_although_output_and_input_are_elsewhere() {
    let account = account();
    let start = with_device(&account);
    let program = env!("CARGO_BIN_EXE_iamkeys");
    let out = start.path("out");
    let script = format!(
        "{program} --endpoint-url {} --profile base list </dev/null >{}; echo ended $?",
        account.url(),
        out.display()
    );
    let secret = KeyId::parse(OWN).unwrap().secret();
    let keys = format!("[base]\naws_access_key_id = {OWN}\naws_secret_access_key = {secret}\n");
    let mut shell = Start::command("sh", ["-c", &script])
        .size(160, 24)
        .file(".aws/credentials", &keys)
        .file(
            ".aws/config",
            &format!("[profile base]\nmfa_serial = {SERIAL}\n"),
        )
        .run();
    shell.wait_text("MFA code for base");
    shell.press(&format!("{}\r", account.endpoint.mfa_code(SERIAL)));
    shell.wait_text("ended 0");
    let lines = std::fs::read_to_string(out).unwrap();
    assert!(
        lines.lines().all(|line| line.starts_with("{\"account\"")),
        "{lines}"
    );
    assert!(lines.contains("AKIAQX7DEMO4DEPLOY01"));
}

/// The config of a program that gives codes, and gets the terminal: a script in the home directory.
const LENDS: &str = "mfa_process = 'sh \"$HOME/code\"'\nmfa_process_terminal = true\n";

/// Asks for a code on the terminal, and prints it.
const ASKS: &str =
    "printf 'Touch, then type: ' >/dev/tty\nread -r code </dev/tty\necho \"$code\"\n";

#[test]
fn a_program_that_gives_codes_has_the_terminal_for_itself() {
    let account = account();
    let start = with_device(&account)
        .file(".config/iamkeys/config.toml", LENDS)
        .file("code", ASKS);
    let mut program = start.run();
    program.wait_text("Touch, then type:");
    // What is typed is that program's.
    program.press(&format!("{}\r", account.endpoint.mfa_code(SERIAL)));
    program.wait_text("AKIAQX7DEMO4DEPLOY01");
    let ended = program.wait_exit();
    ended.assert_clean(0);
    assert!(!ended.screen.contains("MFA code for"), "{}", ended.screen);
}

#[test]
fn a_question_stands_until_it_is_answered() {
    let account = account();
    let mut program = with_device(&account).run();
    program.wait_text("MFA code for base");
    // Longer than it takes until progress would be shown.
    program.press("123");
    program.press("456");
    program.wait_text("mfa/alice: 123456");
    program.press("\x03");
    program.wait_exit().assert_clean(130);
}

#[test]
fn ctrl_c_at_the_question_ends_it() {
    let account = account();
    let mut program = with_device(&account).run();
    program.wait_text("MFA code for base");
    program.press("\x03");
    program.wait_exit().assert_clean(130);
}

#[test]
fn without_a_terminal_a_code_is_not_asked_for_and_what_to_pass_is_said() {
    let account = account();
    let start = with_device(&account);
    let output = std::process::Command::new("setsid")
        .arg("--wait")
        .arg(env!("CARGO_BIN_EXE_iamkeys"))
        .args([
            "--endpoint-url",
            &account.url(),
            "--profile",
            "base",
            "list",
        ])
        .env_clear()
        .env("HOME", start.path(""))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("there is no terminal to ask in"), "{said}");
    assert!(
        said.contains("mfa_process") && said.contains("AWS_SESSION_TOKEN"),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

/// Two profiles of one login.
const SSO: &str = "[profile work]\nsso_session = acme\nsso_account_id = 123456789012\n\
                   sso_role_name = ViewOnlyAccess\n\
                   [profile more]\nsso_session = acme\nsso_account_id = 123456789012\n\
                   sso_role_name = ViewOnlyAccess\n\
                   [sso-session acme]\nsso_region = us-east-1\n\
                   sso_start_url = https://acme.awsapps.com/start\n\
                   sso_registration_scopes = sso:account:access\n";

#[test]
fn a_login_is_offered_once_and_all_of_its_profiles_go_on() {
    let endpoint = Endpoint::demo_organisation(Utc::now());
    let served = Served::of(&endpoint);
    let args = ["list", "--endpoint-url", &served.url(), "--sso-device-code"];
    let mut program = Start::iamkeys(args)
        .arg("--profile")
        .arg("work")
        .arg("--profile")
        .arg("more")
        .size(160, 60)
        .file(".aws/config", SSO)
        .run();
    program.wait_text("Log in now? [Y/n]");
    program.press("\r");
    program.wait_text("it has to show the code");
    let waiting = endpoint.waiting_devices();
    program.wait_text(&waiting[0]);
    assert!(endpoint.approve_device(&waiting[0]));
    program.wait_text("AKIAQX7DEMO4DEPLOY01");
    let ended = program.wait_exit();
    assert_eq!(crate::pty::count(&ended.raw, b"Log in now?"), 1);
    ended.assert_clean(0);
}

#[test]
fn without_a_terminal_a_login_is_not_begun() {
    let endpoint = Endpoint::demo_organisation(Utc::now());
    let served = Served::of(&endpoint);
    let start = Start::iamkeys([""; 0]).file(".aws/config", SSO);
    let output = std::process::Command::new("setsid")
        .arg("--wait")
        .arg(env!("CARGO_BIN_EXE_iamkeys"))
        .args(["--endpoint-url", &served.url(), "--profile", "work", "list"])
        .env_clear()
        .env("HOME", start.path(""))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("The SSO login of profile work is missing"),
        "{said}"
    );
    assert!(said.contains("aws sso login"), "{said}");
    assert!(endpoint.waiting_devices().is_empty());
}
