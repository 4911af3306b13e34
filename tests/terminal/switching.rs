//! Switching to the account of another profile, and what is told of the profiles.

use crate::{ENTER, ESC, World, pty};
use chrono::{TimeDelta, Utc};
use iamkeys::demo::KeyId;

/// Not the key that the demo account is signed in with.
const OTHER: &str = "AKIAQX7DEMO4BACKUP01";

/// Two profiles with keys, one without, and one of an SSO portal whose login lasts three hours.
fn start(world: &World) -> pty::Start {
    let secret = KeyId::parse(OTHER).unwrap().secret();
    let credentials = format!(
        "[backup]\naws_access_key_id = {OTHER}\naws_secret_access_key = {secret}\n\
         [half]\naws_access_key_id = {OTHER}\n"
    );
    let config = "[profile staging]\nrole_arn = arn:aws:iam::650987654321:role/Admin\n\
                  source_profile = backup\n\
                  [profile dev]\nsso_session = acme-org\nsso_account_id = 430987654321\n\
                  sso_role_name = ReadOnly\n\
                  [sso-session acme-org]\nsso_start_url = https://acme.awsapps.com/start\n\
                  sso_region = eu-west-1\n";
    let expires = Utc::now() + TimeDelta::minutes(190);
    let login = format!(
        "{{\"accessToken\":\"not-a-token\",\"expiresAt\":\"{}\"}}",
        expires.format("%Y-%m-%dT%H:%M:%SZ")
    );
    world
        .start()
        .file(".aws/credentials", &credentials)
        .file(".aws/config", config)
        // The name is the SHA-1 of `acme-org`.
        .file(
            ".aws/sso/cache/1131e098e812d28745c4483ac337f065101002f7.json",
            &login,
        )
}

#[test]
fn the_profiles_are_listed_without_a_call_and_one_is_switched_to() {
    let world = World::demo();
    let mut program = start(&world).run();
    program.wait_text("Users 24");
    program.press("@");
    program.wait_text("4 profiles");
    for text in [
        "role via backup",
        "650987654321",
        "login lasts 3h",
        "aws_access_key_id without aws_secr",
        "● no profile",
    ] {
        program.wait_text(text);
    }
    assert!(!program.screen().contains("not-a-token"));
    let by_others = |world: &World| {
        let calls = world.endpoint.calls().into_iter();
        calls
            .filter(|call| call.signed_by.as_deref() == Some(OTHER))
            .count()
    };
    assert_eq!(by_others(&world), 0, "nothing is tried");
    program.press("back");
    program.wait_text("2 of 4 profiles");
    program.press(ENTER);
    program.wait_gone("Accounts to open");
    program.wait_text("profile backup");
    program.wait_text("Users 24");
    assert!(by_others(&world) > 0);
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn a_profile_that_fails_says_so_in_the_list() {
    let world = World::demo();
    let mut program = start(&world)
        .file(
            ".aws/config",
            "[profile vendor]\ncredential_process = sh -c 'exit 3'\n",
        )
        .run();
    program.wait_text("Users 24");
    program.press("@");
    program.wait_text("credential process");
    program.press("vend");
    program.press(ENTER);
    program.wait_text("The credential process of profile vendor failed");
    program.press("@");
    program.wait_text("▲ vendor");
    program.wait_text("failed: ");
    program.press(ESC);
    program.wait_gone("Accounts to open");
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn a_profile_whose_name_cannot_be_read_is_there_and_says_what_to_do() {
    let world = World::demo();
    let secret = KeyId::parse(OTHER).unwrap().secret();
    let keys = format!("aws_access_key_id = {OTHER}\naws_secret_access_key = {secret}\n");
    let config = format!("[profile 'my team']\n{keys}[profile équipe]\n{keys}");
    let mut program = world.start().file(".aws/config", &config).run();
    program.wait_text("Users 24");
    program.press("@");
    program.wait_text("2 profiles");
    program.wait_text("▲ équipe");
    program.wait_text("'é' in its name: rename it in");
    program.press("team");
    program.wait_text("1 of 2 profiles");
    program.wait_text("a space in its name: rename it in ~/.aws/config");
    // What is open is not left for it.
    program.press(ENTER);
    program.wait_text("▲ my team: ");
    program.press(ESC);
    program.wait_gone("Accounts to open");
    program.wait_text("Users 24");
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let world = World::demo();
    let start = world.start().file(".aws/config", "");
    let path = start.path(".aws/config");
    let mut program = start.run();
    program.wait_text("Users 24");
    std::fs::write(path, b"[profile a]\n# caf\xe9\n").unwrap();
    program.press("@");
    program.wait_text("The profile files cannot be read");
    program.wait_text("~/.aws/config, line 2: not UTF-8");
    program.press(ESC);
    program.press("q");
    program.wait_exit().assert_clean(0);
}
