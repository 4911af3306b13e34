//! Signing in with the code of an MFA device: it is asked for, sent once, and made the most of.

use crate::{ENTER, ESC, World, pty, pty::Start};
use chrono::{TimeDelta, Utc};
use iamkeys::demo::{KeyId, Role};

const OWN: &str = "AKIAQX7DEMO4ALICE001";
pub(crate) const SERIAL: &str = "arn:aws:iam::123456789012:mfa/alice";
const ADMIN: &str = "arn:aws:iam::123456789012:role/Admin";

/// Where the `aws` command keeps the role, assumed with the device:
/// `sha1(json.dumps({"RoleArn": ADMIN, "SerialNumber": SERIAL}, sort_keys=True).encode())`.
const KEPT: &str = ".aws/cli/cache/f6ee4f1f2e3b86d03f2a2cfc0f0c56c26c32ff64.json";

/// Alice's long-term key, in a profile called `base`.
pub(crate) fn keys() -> String {
    let secret = KeyId::parse(OWN).unwrap().secret();
    format!("[base]\naws_access_key_id = {OWN}\naws_secret_access_key = {secret}\n")
}

/// The program with a profile of this name, and these lines in the config file.
pub(crate) fn start(world: &World, profile: &str, config: &str) -> Start {
    Start::iamkeys(["--endpoint-url", &world.url(), "--profile", profile])
        .file(".aws/credentials", &keys())
        .file(".aws/config", config)
}

/// The config of a profile `base` whose keys have a device.
pub(crate) fn with_device() -> String {
    format!("[profile base]\nmfa_serial = {SERIAL}\n")
}

/// The config of a profile `admin` that assumes a role with these keys and more.
fn role(more: &str) -> String {
    format!("[profile admin]\nrole_arn = {ADMIN}\nsource_profile = base\n{more}")
}

/// The code that the device shows, once it will go on showing it for a while: the program sends none
/// twice in a window, so that a test is told which window it is in.
pub(crate) fn code(world: &World) -> String {
    world.endpoint.mfa_code(SERIAL)
}

/// A code that the device does not show.
fn wrong_code(world: &World) -> String {
    let right: u32 = code(world).parse().unwrap();
    format!("{:06}", (right + 1) % 1_000_000)
}

pub(crate) fn enter(program: &mut pty::Program, code: &str) {
    program.press(code);
    program.press(ENTER);
}

/// How often an action was asked for, and by whom.
fn signers(world: &World, action: &str) -> Vec<String> {
    let calls = world.endpoint.calls().into_iter();
    let of_action = calls.filter(|call| call.action == action);
    of_action.filter_map(|call| call.signed_by).collect()
}

pub(crate) fn quit(mut program: pty::Program) {
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn long_term_keys_get_a_session_with_a_code_and_a_wrong_one_may_be_mended() {
    let world = World::demo();
    world.endpoint.account(|account| account.require_mfa(None));
    let mut program = start(&world, "base", &with_device()).run();
    program.wait_text("MFA code for base");
    program.wait_text(SERIAL);
    program.wait_text("A session of 12 hours, kept in memory only.");
    assert!(world.endpoint.calls().is_empty(), "nothing is asked before");
    let wrong = wrong_code(&world);
    enter(&mut program, &wrong);
    program.wait_text("That code was refused: wrong, used already");
    // The right one may come at once.
    enter(&mut program, &code(&world));
    program.wait_text("Users 24");
    program.wait_gone("MFA code for base");
    assert_eq!(signers(&world, "GetSessionToken"), [OWN, OWN]);
    let lists = signers(&world, "ListUsers");
    assert!(lists.iter().all(|key| key.starts_with("ASIA")), "{lists:?}");
    quit(program);
}

#[test]
fn the_same_code_is_not_sent_twice() {
    let world = World::demo();
    let sent = || signers(&world, "GetSessionToken").len();
    let mut tries = 0;
    let mut program = loop {
        tries += 1;
        assert!(tries < 5, "each in the last moment of a code");
        let mut program = start(&world, "base", &with_device()).size(60, 16).run();
        program.wait_text("MFA code for base");
        let before = sent();
        let wrong = wrong_code(&world);
        enter(&mut program, &wrong);
        program.wait_text("That code was refused");
        enter(&mut program, &wrong);
        program.wait_for("its answer", |screen| {
            screen.contents().contains("sent already") || sent() > before + 1
        });
        let screen = program.screen();
        let left = screen.split_once("tried in ").map(|(_, left)| left);
        if let Some(left) = left.filter(|_| screen.contains("sent already")) {
            assert_eq!(sent(), before + 1);
            // It counts down by itself.
            let (seconds, _) = left.split_once(" s.").expect("seconds");
            let shown = format!("tried in {seconds} s.");
            program.wait_for("the next second", |screen| {
                !screen.contents().contains(&shown)
            });
            break program;
        }
        // The 30 seconds of the code ended in between: once more.
    };
    program.press(ESC);
    quit_signed_out(program);
}

fn quit_signed_out(mut program: pty::Program) {
    program.wait_text("d  Open the demo account");
    quit(program);
}

#[test]
fn a_role_is_assumed_from_the_session_without_another_code() {
    let world = World::demo();
    let admin = Role::new("Admin").trusting("123456789012").requiring_mfa();
    world.endpoint.account(|account| account.add_role(admin));
    let config = role(&format!("mfa_serial = {SERIAL}\nduration_seconds = 900\n"));
    let mut program = start(&world, "admin", &config).size(120, 36).run();
    program.wait_text("MFA code for admin");
    enter(&mut program, &code(&world));
    program.wait_text("Users 24");
    program.wait_text("Admin/iamkeys");
    assert_eq!(signers(&world, "GetSessionToken"), [OWN]);
    let assumed = signers(&world, "AssumeRole");
    let [session] = assumed.as_slice() else {
        panic!("once: {assumed:?}");
    };
    assert!(session.starts_with("ASIA"), "from the session");
    quit(program);
}

#[test]
fn a_role_without_a_device_lasts_as_long_as_its_profile_says() {
    let world = World::demo();
    let admin = Role::new("Admin").trusting("123456789012");
    world.endpoint.account(|account| account.add_role(admin));
    let config = role("duration_seconds = 900\n");
    let mut program = start(&world, "admin", &config).size(120, 36).run();
    program.wait_text("Users 24");
    program.press("@");
    // And not an hour, as is usual.
    program.wait_for("how long it lasts", |screen| {
        let text = screen.contents();
        text.contains("signed in, 14m left") || text.contains("signed in, 15m left")
    });
    program.press(ESC);
    quit(program);
}

#[test]
fn where_no_session_is_given_the_role_gets_a_code_of_its_own() {
    let world = World::demo();
    let admin = Role::new("Admin").trusting("123456789012").requiring_mfa();
    world.endpoint.account(|account| account.add_role(admin));
    world
        .endpoint
        .fault("GetSessionToken=refuse".parse().unwrap());
    let config = role(&format!("mfa_serial = {SERIAL}\n"));
    let mut program = start(&world, "admin", &config).run();
    program.wait_text("A session of 12 hours");
    let first = wrong_code(&world);
    enter(&mut program, &first);
    program.wait_text("To assume the role Admin, with the next code.");
    program.wait_text("AccessDenied");
    enter(&mut program, &code(&world));
    program.wait_text("Users 24");
    assert_eq!(signers(&world, "AssumeRole"), [OWN]);
    quit(program);
}

#[test]
fn a_role_that_the_aws_command_has_kept_asks_for_no_code() {
    let world = World::demo();
    let kept = assume(&world, TimeDelta::hours(1));
    let config = role(&format!("mfa_serial = {SERIAL}\n"));
    let start = start(&world, "admin", &config).file(KEPT, &kept);
    let whole = start.path(KEPT);
    let mut program = start.size(120, 36).run();
    program.wait_text("Users 24");
    program.wait_text("Admin/kept");
    assert!(signers(&world, "GetSessionToken").is_empty());
    assert_eq!(std::fs::read_to_string(whole).unwrap(), kept, "only read");
    quit(program);
}

/// The file is as the `aws` command would write it: its name is that of [`KEPT`].
#[test]
fn a_role_is_kept_for_the_next_start_where_the_config_says_so() {
    let world = World::demo();
    let admin = Role::new("Admin").trusting("123456789012").requiring_mfa();
    world.endpoint.account(|account| account.add_role(admin));
    let config = role(&format!("mfa_serial = {SERIAL}\n"));
    let own = "write_role_cache = true\n";
    let first = start(&world, "admin", &config).file(".config/iamkeys/config.toml", own);
    let whole = first.path(KEPT);
    let mut program = first.size(120, 36).run();
    program.wait_text("MFA code for admin");
    assert!(!whole.exists());
    enter(&mut program, &code(&world));
    program.wait_text("Users 24");
    let kept = std::fs::read_to_string(&whole).unwrap();
    quit(program);
    let asked = signers(&world, "GetSessionToken").len();
    let second = start(&world, "admin", &config).file(KEPT, &kept);
    let mut program = second.size(120, 36).run();
    program.wait_text("Users 24");
    program.wait_text("Admin/iamkeys");
    assert_eq!(signers(&world, "GetSessionToken").len(), asked, "no code");
    quit(program);
}

/// The role, as the `aws` command keeps it, said to expire after this time.
fn assume(world: &World, left: TimeDelta) -> String {
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(aws_sdk_sts::config::BehaviorVersion::latest())
        .region(aws_sdk_sts::config::Region::new("us-east-1"))
        .http_client(world.endpoint.http_client())
        .credentials_provider(world.endpoint.sdk_credentials())
        .build();
    let client = aws_sdk_sts::Client::from_conf(config);
    let call = client
        .assume_role()
        .role_arn(ADMIN)
        .role_session_name("kept");
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let answer = tokio.block_on(call.send()).unwrap();
    let kept = answer.credentials.unwrap();
    let expires = Utc::now() + left;
    format!(
        r#"{{"Credentials": {{"AccessKeyId": "{}", "SecretAccessKey": "{}", "SessionToken": "{}",
        "Expiration": "{}"}}}}"#,
        kept.access_key_id,
        kept.secret_access_key,
        kept.session_token,
        expires.format("%Y-%m-%dT%H:%M:%SUTC"),
    )
}

#[test]
fn a_code_that_is_not_given_is_said_to_be_needed_and_asked_for_again() {
    let world = World::demo();
    let mut program = start(&world, "base", &with_device()).size(60, 16).run();
    program.wait_text("MFA code for base");
    program.press(ESC);
    program.wait_text("Profile base needs an MFA code");
    program.wait_text("m  Sign in with an MFA code");
    assert!(world.endpoint.calls().is_empty());
    program.press("m");
    program.wait_text("MFA code for base");
    enter(&mut program, &code(&world));
    program.wait_text("Users 24");
    quit(program);
}

#[test]
fn keys_that_a_policy_denies_without_mfa_get_a_code_from_within() {
    let world = World::demo();
    let me = |account: &mut iamkeys::demo::Account| account.require_mfa(Some("alice"));
    world.endpoint.account(me);
    let mut program = start(&world, "base", "").run();
    program.wait_text("If it asks for MFA, m signs in");
    program.press("m");
    program.wait_text("MFA code for base");
    program.wait_text(SERIAL);
    enter(&mut program, &code(&world));
    program.wait_text("Users 24");
    let lists = signers(&world, "ListUsers");
    assert!(lists.last().unwrap().starts_with("ASIA"), "{lists:?}");
    quit(program);
}

#[test]
fn keys_in_the_environment_get_a_session_too() {
    let world = World::demo();
    world.endpoint.account(|account| account.require_mfa(None));
    let mut program = world.start().run();
    program.wait_text("If it asks for MFA, m signs in");
    program.press("m");
    program.wait_text("MFA code");
    enter(&mut program, &code(&world));
    program.wait_text("Users 24");
    quit(program);
}

#[test]
fn a_security_key_is_said_to_be_no_way_in() {
    let world = World::demo();
    let config = "[profile base]\n\
                  mfa_serial = arn:aws:iam::123456789012:u2f/user/alice/key-EXAMPLE\n";
    let mut program = start(&world, "base", config).size(60, 16).run();
    program.wait_text("A security key cannot be used here");
    assert!(world.endpoint.calls().is_empty());
    quit_signed_out(program);
}

#[test]
fn a_device_of_another_user_is_not_asked_for_again() {
    let world = World::demo();
    let config = "[profile base]\nmfa_serial = arn:aws:iam::123456789012:mfa/bob\n";
    let mut program = start(&world, "base", config).run();
    program.wait_text("MFA code for base");
    enter(&mut program, "123456");
    program.wait_text("There is no session with MFA for profile base");
    program.wait_text("unable to validate MFA");
    quit_signed_out(program);
}

/// The program, signed in with a role that is to be renewed in a few seconds.
fn about_to_expire(world: &World) -> pty::Program {
    let left = TimeDelta::minutes(5) + TimeDelta::seconds(8);
    let kept = assume(world, left);
    let config = role(&format!("mfa_serial = {SERIAL}\n"));
    let start = start(world, "admin", &config).file(KEPT, &kept);
    let mut program = start.size(120, 36).run();
    program.wait_text("Users 24");
    program.wait_text("Admin/kept");
    program
}

#[test]
fn a_code_is_asked_for_again_before_a_session_expires() {
    let world = World::demo();
    let mut program = about_to_expire(&world);
    program.wait_text("MFA code for admin");
    assert!(signers(&world, "GetSessionToken").is_empty());
    enter(&mut program, &code(&world));
    program.wait_gone("MFA code for admin");
    program.wait_for("a new session of the role", |_| {
        let assumed = signers(&world, "AssumeRole");
        assumed.last().is_some_and(|key| key.starts_with("ASIA"))
    });
    assert_eq!(signers(&world, "GetSessionToken"), [OWN]);
    quit(program);
}

#[test]
fn a_code_that_is_not_given_then_leaves_the_session_as_it_is() {
    let world = World::demo();
    let mut program = about_to_expire(&world);
    program.wait_text("MFA code for admin");
    program.press(ESC);
    program.wait_gone("MFA code for admin");
    program.wait_text("could not be renewed: Profile admin needs an MFA code");
    program.press("R");
    program.wait_text("Users 24");
    quit(program);
}

#[test]
fn roles_of_one_device_share_a_session() {
    let world = World::demo();
    let admin = Role::new("Admin").trusting("123456789012").requiring_mfa();
    world.endpoint.account(|account| account.add_role(admin));
    let more = format!("mfa_serial = {SERIAL}\n");
    let lost = role(&more).replace("admin", "lost");
    let lost = lost.replace("/Admin", "/Nowhere");
    let config = role(&more) + &lost;
    let mut program = start(&world, "lost", &config).run();
    program.wait_text("MFA code for lost");
    enter(&mut program, &code(&world));
    program.wait_text("The role of profile lost could not be assumed");
    assert!(!program.screen().contains("m  Sign in with"), "it had one");
    program.press("@");
    program.wait_text("▲ lost");
    program.press("admin");
    program.wait_text("1 of ");
    program.press(ENTER);
    program.wait_text("Users 24");
    program.wait_text("profile admin");
    assert_eq!(signers(&world, "GetSessionToken"), [OWN], "once");
    quit(program);
}

#[test]
fn a_role_that_asks_for_mfa_and_names_no_device_is_assumed_with_a_code_from_within() {
    let world = World::demo();
    let admin = Role::new("Admin").trusting("123456789012").requiring_mfa();
    world.endpoint.account(|account| account.add_role(admin));
    // The way of the flag is this program's alone, and the SDK's own chain takes the variable.
    let start = Start::iamkeys(["--profile", "admin"])
        .file(".aws/credentials", &keys())
        .file(".aws/config", &role(""))
        .env("AWS_ENDPOINT_URL", world.url());
    let mut program = start.run();
    program.wait_text("The role of profile admin could not be assumed");
    program.wait_text("m  Sign in with an MFA code");
    program.press("m");
    program.wait_text("MFA code for admin");
    program.wait_text(SERIAL);
    enter(&mut program, &code(&world));
    program.wait_text("Users 24");
    quit(program);
}
