//! Which credentials count, where requests go, and what is said when it does not work.

use crate::{ENTER, ESC, World, pty, pty::Start};
use chrono::{TimeDelta, Utc};
use iamkeys::demo::{Account, Endpoint, KeyId, Status};
use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::net::TcpSocket;

/// Not the key that the demo account is signed in with.
const OTHER: &str = "AKIAQX7DEMO4BACKUP01";
const OWN: &str = "AKIAQX7DEMO4ALICE001";

/// A section of a credentials file.
fn section(name: &str, key: &str) -> String {
    let secret = KeyId::parse(key).unwrap().secret();
    format!("[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
}

/// Without credentials in the environment.
fn start(world: &World) -> Start {
    Start::iamkeys(["--endpoint-url", &world.url()])
}

/// Waits for the list and says which keys have signed the requests.
fn signers(world: &World, program: &mut pty::Program) -> Vec<String> {
    program.wait_text("Users 24");
    let calls = world.endpoint.calls().into_iter();
    let mut keys: Vec<String> = calls.filter_map(|call| call.signed_by).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[test]
fn keys_in_the_environment_are_used() {
    let world = World::demo();
    let mut program = world.start().run();
    assert_eq!(signers(&world, &mut program), [OWN]);
    program.wait_text("acme-prod 123456789012");
    program.wait_text("alice");
}

#[test]
fn a_profile_on_the_command_line_wins_over_keys_in_the_environment() {
    let world = World::demo();
    let start = world
        .start()
        .file(".aws/credentials", &section("other", OTHER));
    let mut program = start.arg("--profile").arg("other").run();
    assert_eq!(signers(&world, &mut program), [OTHER]);
    program.wait_text("profile other");
}

#[test]
fn a_profile_in_the_environment_is_used() {
    let world = World::demo();
    let files = section("default", OWN) + &section("other", OTHER);
    let start = start(&world).file(".aws/credentials", &files);
    let mut program = start.env("AWS_PROFILE", "other").run();
    assert_eq!(signers(&world, &mut program), [OTHER]);
    program.wait_text("profile other");
}

#[test]
fn a_profile_in_the_environment_is_not_named_where_keys_there_sign() {
    let world = World::demo();
    let start = world
        .start()
        .size(160, 36)
        .file(".aws/credentials", &section("other", OTHER));
    let mut program = start.env("AWS_PROFILE", "other").run();
    assert_eq!(signers(&world, &mut program), [OWN]);
    program.wait_text("at http://127.0.0.1:");
    assert!(!program.screen().contains("profile other"));
}

/// A profile that assumes a role with the credentials of another one.
fn role_profile(more: &str) -> String {
    format!(
        "[profile admin]\nrole_arn = arn:aws:iam::123456789012:role/ops/Admin\n\
         role_session_name = someone\nsource_profile = base\n{more}"
    )
}

#[test]
fn a_profile_that_assumes_a_role_is_used_with_and_without_a_region() {
    for (more, by_flag) in [
        ("", true),
        ("", false),
        ("region = eu-west-1\n", true),
        ("region = eu-west-1\n", false),
    ] {
        let world = World::demo();
        let start = Start::iamkeys([""; 0])
            .size(120, 36)
            .file(".aws/config", &role_profile(more))
            .file(".aws/credentials", &section("base", OTHER))
            .env("AWS_ENDPOINT_URL", world.url());
        let start = if by_flag {
            start.arg("--profile").arg("admin")
        } else {
            start.env("AWS_PROFILE", "admin")
        };
        let mut program = start.run();
        let keys = signers(&world, &mut program);
        let [source, session] = keys.as_slice() else {
            panic!("the source's key and the session's: {keys:?}");
        };
        assert_eq!(source, OTHER);
        assert!(session.starts_with("ASIA"), "{session}");
        program.wait_text("Admin/someone");
        program.wait_text("profile admin");
        let calls = world.endpoint.calls();
        let by_source: Vec<_> = calls
            .iter()
            .filter(|call| call.signed_by.as_deref() == Some(OTHER))
            .map(|call| call.action.as_str())
            .collect();
        assert_eq!(by_source, ["AssumeRole"], "and all else as the role");
    }
}

#[test]
fn the_default_profile_is_used() {
    let world = World::demo();
    let start = start(&world).file(".aws/credentials", &section("default", OTHER));
    let mut program = start.run();
    assert_eq!(signers(&world, &mut program), [OTHER]);
}

#[test]
fn the_profile_files_may_be_elsewhere() {
    let world = World::demo();
    let start = start(&world).file("my-credentials", &section("default", OTHER));
    let path = start.path("my-credentials");
    let mut program = start.env("AWS_SHARED_CREDENTIALS_FILE", path).run();
    assert_eq!(signers(&world, &mut program), [OTHER]);

    let world = World::demo();
    let start = Start::iamkeys(["--profile", "there"]);
    let config = section("profile there", OTHER)
        + &format!("endpoint_url = {}\nregion = eu-west-1\n", world.url());
    let start = start.file("my-config", &config);
    let path = start.path("my-config");
    let mut program = start.env("AWS_CONFIG_FILE", path).run();
    assert_eq!(signers(&world, &mut program), [OTHER]);
    program.wait_text("profile there");
}

#[test]
fn endpoints_come_from_the_environment_too() {
    let world = World::demo();
    let start = Start::iamkeys([""; 0]).file(".aws/credentials", &section("default", OWN));
    let mut program = start.env("AWS_ENDPOINT_URL", world.url()).run();
    assert_eq!(signers(&world, &mut program), [OWN]);
    program.wait_text("at http://127.0.0.1:");
}

/// The address that the program says it uses.
fn shown_endpoint(program: &mut pty::Program, world: &World) {
    program.wait_text("Users 24");
    program.wait_text(&format!("at {}", world.url()));
    assert!(!world.endpoint.calls().is_empty());
}

#[test]
fn the_endpoint_in_use_is_shown_wherever_it_is_set() {
    let (one, other) = (World::demo(), World::demo());
    let services = format!(
        "[default]\nendpoint_url = {}\nservices = local\n\
         [services local]\niam =\n  endpoint_url = {}\n",
        other.url(),
        one.url()
    );
    let credentials = section("default", OWN);
    let start = || {
        Start::iamkeys([""; 0])
            .size(160, 36)
            .file(".aws/credentials", &credentials)
    };
    let mut program = start().file(".aws/config", &services).run();
    shown_endpoint(&mut program, &one);

    let general = format!("[default]\nendpoint_url = {}\n", one.url());
    let mut program = start().file(".aws/config", &general).run();
    shown_endpoint(&mut program, &one);

    // The flag is no configuration: nothing makes it ignored.
    let start = start()
        .file(".aws/config", &services)
        .env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        .env("AWS_ENDPOINT_URL_IAM", other.url());
    let mut program = start.arg("--endpoint-url").arg(one.url()).run();
    shown_endpoint(&mut program, &one);
}

#[test]
fn endpoints_that_are_ignored_are_not_shown() {
    let world = World::demo();
    let config = format!("[default]\nendpoint_url = {}\n", world.url());
    let (_taken, proxy) = nobody();
    let start = Start::iamkeys([""; 0])
        .file(".aws/credentials", &section("default", OWN))
        .file(".aws/config", &config)
        .env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        .env("AWS_ENDPOINT_URL", world.url())
        .env("AWS_ENDPOINT_URL_IAM", world.url())
        // AWS itself is out of reach of a test.
        .env("HTTPS_PROXY", proxy);
    refused(
        start,
        "AWS cannot be reached",
        "There is no answer from the service's endpoint",
    );
    assert!(world.endpoint.calls().is_empty());
}

#[test]
fn each_service_may_have_an_endpoint_of_its_own() {
    let (iam, sts) = (World::demo(), World::demo());
    let start = Start::iamkeys([""; 0]).file(".aws/credentials", &section("default", OWN));
    let mut program = start
        .env("AWS_ENDPOINT_URL_IAM", iam.url())
        .env("AWS_ENDPOINT_URL_STS", sts.url())
        .run();
    program.wait_text("Users 24");
    program.wait_text("123456789012");
    let actions = |world: &World| {
        let calls = world.endpoint.calls().into_iter();
        calls.map(|call| call.action).collect::<Vec<_>>()
    };
    assert_eq!(actions(&sts), ["GetCallerIdentity"]);
    assert!(actions(&iam).contains(&"ListUsers".to_owned()));
    assert!(!actions(&iam).contains(&"GetCallerIdentity".to_owned()));
}

#[test]
fn a_credential_process_is_started_once() {
    let world = World::demo();
    let secret = KeyId::parse(OTHER).unwrap().secret();
    let answer = format!(r#"{{"Version":1,"AccessKeyId":"{OTHER}","SecretAccessKey":"{secret}"}}"#);
    let start = start(&world).file("answer.json", &answer);
    let (started, from) = (start.path("started"), start.path("answer.json"));
    let process = format!(
        "[default]\ncredential_process = sh -c \"echo . >>{}; cat {}\"\n",
        started.display(),
        from.display()
    );
    let mut program = start.file(".aws/config", &process).run();
    assert_eq!(signers(&world, &mut program), [OTHER]);
    assert_eq!(std::fs::read_to_string(started).unwrap(), ".\n");
}

#[test]
fn a_role_is_assumed_with_the_credentials_of_a_process() {
    let world = World::demo();
    let secret = KeyId::parse(OTHER).unwrap().secret();
    let answer = format!(r#"{{"Version":1,"AccessKeyId":"{OTHER}","SecretAccessKey":"{secret}"}}"#);
    let start = Start::iamkeys(["--profile", "admin"]).file("answer.json", &answer);
    let config = format!(
        "{}[profile base]\ncredential_process = cat {}\n",
        role_profile(""),
        start.path("answer.json").display()
    );
    let start = start.file(".aws/config", &config);
    let mut program = start.env("AWS_ENDPOINT_URL", world.url()).run();
    let keys = signers(&world, &mut program);
    assert_eq!(
        keys.len(),
        2,
        "the source's key and the session's: {keys:?}"
    );
    program.wait_text("Admin/someone");
    let calls = world.endpoint.calls();
    let by_source = calls
        .iter()
        .filter(|call| call.signed_by.as_deref() == Some(OTHER));
    let by_source: Vec<_> = by_source.map(|call| call.action.as_str()).collect();
    assert_eq!(by_source, ["AssumeRole"]);
}

#[test]
fn the_time_that_is_left_is_that_of_the_credentials_that_a_request_has_got() {
    // The first sessions last for seconds by the clock of this machine.
    let is_late = Arc::new(AtomicBool::new(true));
    let late = Arc::clone(&is_late);
    let clock = move || {
        let behind = late.load(Ordering::Relaxed);
        let behind = if behind { 60 * 60 - 5 } else { 0 };
        Utc::now() - TimeDelta::seconds(behind)
    };
    let endpoint = Endpoint::new(Account::demo(Utc::now())).with_clock(Arc::new(clock));
    let world = World::of(endpoint);
    let mut program = Start::iamkeys(["--profile", "admin"])
        .file(".aws/config", &role_profile(""))
        .file(".aws/credentials", &section("base", OTHER))
        .env("AWS_ENDPOINT_URL", world.url())
        .run();
    program.wait_text("Users 24");
    is_late.store(false, Ordering::Relaxed);
    program.press("R");
    program.press("@");
    program.wait_text("signed in, 59m left");
    program.press(ESC);
    program.press("q");
    program.wait_exit().assert_clean(0);
}

/// A profile whose credentials come from this script.
fn process(script: &str) -> Start {
    let start = Start::iamkeys(["--log-file", "log", "--log-level", "trace"]);
    let start = start.file("process.sh", script);
    let path = start.path("process.sh");
    let config = format!("[default]\ncredential_process = sh {}\n", path.display());
    start.file(".aws/config", &config)
}

#[test]
fn a_credential_process_gets_no_key_of_the_terminal() {
    // From its input, which is at its end, and from the terminal itself.
    let script = "read x\nread x </dev/tty\necho 'got it' >&2\nexit 3\n";
    let mut program = process(script).run();
    program.wait_text("The credential process of profile default failed");
    program.wait_text("asked for something on the terminal");
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn what_a_credential_process_says_is_in_the_error_and_in_no_log() {
    let script = "echo '{\"Version\":1,\"SecretAccessKey\":\"mine\"}'\n\
                  echo 'No token: \u{1b}[31mmine.' >&2\nexit 3\n";
    let mut program = process(script).run();
    program.wait_text("the program failed: exit status: 3");
    program.wait_raw("it says: No token: \u{fffd}[31mmine.".as_bytes(), 1);
    program.press("q");
    program.wait_exit().assert_clean(0);
    let log = std::fs::read_to_string(program.home().join("log")).unwrap();
    assert!(log.contains("not signed in"), "{log}");
    assert!(!log.contains("mine"), "{log}");
}

/// The state of a process, as a letter; none where there is none.
#[cfg(target_os = "linux")]
fn state(id: &str) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(target_os = "linux")]
#[test]
fn a_credential_process_ends_with_the_program_and_so_does_what_it_has_started() {
    let script = "cd \"$HOME\"\nsleep 1000 &\necho $! >child\necho $$ >parent.new\n\
                  mv parent.new parent\nwait\n";
    for (keys, code) in [("q", 0), (crate::CTRL_C, 130)] {
        let mut program = process(script).run();
        let until = Instant::now() + Duration::from_secs(30);
        let home = program.home().to_owned();
        let ids = loop {
            let id = |name| std::fs::read_to_string(home.join(name));
            if let (Ok(parent), Ok(child)) = (id("parent"), id("child")) {
                break [parent, child];
            }
            assert!(Instant::now() < until, "it does not start");
            std::thread::sleep(Duration::from_millis(5));
        };
        program.press(keys);
        program.wait_exit().assert_clean(code);
        // Killed before the end; whoever inherits them may not have taken notice yet.
        let is_over = |id: &String| state(id).is_none_or(|state| matches!(state, 'Z' | 'X'));
        while !ids.iter().all(is_over) {
            assert!(Instant::now() < until, "they live on: {ids:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn no_credentials_are_said_to_be_none_and_the_demo_is_offered() {
    let mut program = Start::iamkeys([""; 0]).run();
    program.wait_text("No AWS credentials");
    for looked_at in [
        "environment:",
        "profile default:",
        "container:",
        "instance:",
    ] {
        program.wait_text(looked_at);
    }
    program.wait_text("d  Open the demo account");
    program.press("d");
    program.wait_text("DEMO");
    program.wait_text("Users 24");
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn credentials_that_come_later_are_found() {
    let world = World::demo();
    let mut program = start(&world).run();
    program.wait_text("No AWS credentials");
    let folder = program.home().join(".aws");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("credentials"), section("default", OTHER)).unwrap();
    program.press("R");
    assert_eq!(signers(&world, &mut program), [OTHER]);
}

/// An address where nobody listens.
fn nobody() -> (TcpSocket, String) {
    // Taken as long as the test needs it, so that nobody else can listen there.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    (socket, url)
}

/// Nobody can sign in like this: it says `title` and how to go on.
fn refused(start: Start, title: &str, advice: &str) {
    let mut program = start.run();
    program.wait_text(title);
    program.wait_text(advice);
    program.wait_text("d  Open the demo account");
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn a_profile_that_does_not_exist() {
    let start = Start::iamkeys(["--profile", "nope"]).file(".aws/credentials", &section("a", OWN));
    refused(start, "There is no profile nope", "profiles there: a");
}

#[test]
fn another_profile_is_chosen_where_one_cannot_sign_in() {
    let world = World::demo();
    let files = section("ci", OTHER) + "[empty]\n" + &section("work", OWN);
    let start = start(&world).arg("--profile").arg("nope");
    let mut program = start.file(".aws/credentials", &files).run();
    program.wait_text("There is no profile nope");
    program.press("@");
    program.wait_text("3 profiles");
    // One that cannot either, and then one that can.
    program.press("empty");
    program.wait_text("1 of 3");
    program.press(ENTER);
    program.wait_text("▲ empty: no keys");
    program.press(ESC);
    program.wait_gone("Accounts to open");
    program.press("@");
    program.wait_text("3 profiles");
    program.press("ci");
    program.wait_text("1 of 3");
    program.press(ENTER);
    assert_eq!(signers(&world, &mut program), [OTHER]);
    program.wait_text("profile ci");
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn profile_files_that_cannot_be_read() {
    let start = Start::iamkeys([""; 0]).file(".aws/credentials", "this is no = [profile\n");
    refused(start, "The profile files cannot be read", "Mend the file");
}

#[test]
fn an_sso_login_that_is_missing() {
    let config = "[profile work]\nsso_session = corp\nsso_account_id = 123456789012\n\
                  sso_role_name = admin\n[sso-session corp]\nsso_region = us-east-1\n\
                  sso_start_url = https://example.invalid/start\n";
    let start = Start::iamkeys(["--profile", "work"]).file(".aws/config", config);
    let title = "The SSO login of profile work is missing or has expired";
    refused(start, title, "aws sso login --profile work");
}

#[test]
fn a_role_that_cannot_be_assumed() {
    let world = World::demo();
    world.endpoint.fault("AssumeRole=refuse".parse().unwrap());
    let start = Start::iamkeys(["--profile", "admin"])
        .file(".aws/config", &role_profile(""))
        .file(".aws/credentials", &section("base", OWN))
        .env("AWS_ENDPOINT_URL", world.url());
    refused(
        start,
        "The role of profile admin could not be assumed",
        "AccessDenied: User: arn:aws:iam::123456789012:user/people/alice",
    );
}

#[test]
fn a_credential_process_that_fails() {
    let config = "[default]\ncredential_process = sh -c \"exit 3\"\n";
    let start = Start::iamkeys([""; 0]).file(".aws/config", config);
    let title = "The credential process of profile default failed";
    refused(start, title, "Run the program named by credential_process");
}

#[test]
fn an_endpoint_where_nobody_listens() {
    let (_taken, url) = nobody();
    let start =
        Start::iamkeys(["--endpoint-url", &url]).file(".aws/credentials", &section("default", OWN));
    refused(
        start,
        "AWS cannot be reached",
        "There is no answer from http",
    );
}

#[test]
fn a_clock_that_is_off() {
    for minutes in [-20, 20] {
        let endpoint = Endpoint::new(Account::demo(Utc::now()));
        let world = World::of(endpoint.with_skew(TimeDelta::minutes(minutes)));
        refused(
            world.start(),
            "This machine's clock is off",
            "Set the clock",
        );
    }
}

#[test]
fn keys_that_are_inactive_unknown_or_wrong() {
    let title = "AWS does not accept these credentials";
    let advice = "Check the access key and secret";
    let world = World::demo();
    world
        .endpoint
        .account(|account| account.set_key_status(OWN, Status::Inactive));
    refused(world.start(), title, advice);

    let world = World::demo();
    let unknown = world
        .start()
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    refused(unknown, title, advice);

    let world = World::demo();
    let wrong = world
        .start()
        .env("AWS_SECRET_ACCESS_KEY", "wrong/secret/EXAMPLE");
    refused(wrong, title, advice);
}

#[test]
fn a_session_that_has_expired() {
    let world = World::demo();
    let fault = "*=code:403:ExpiredToken:The security token included in the request is expired";
    world.endpoint.fault(fault.parse().unwrap());
    refused(world.start(), "The session has expired", "aws sso login");
}

#[test]
fn a_session_without_mfa_that_iam_does_not_know() {
    let world = World::demo();
    let fault =
        "=code:403:InvalidClientTokenId:The security token included in the request is invalid";
    for action in [
        "ListUsers",
        "ListAccountAliases",
        "GetAccountSummary",
        "ListAccessKeys",
    ] {
        world
            .endpoint
            .fault(format!("{action}{fault}").parse().unwrap());
    }
    refused(
        world.start(),
        "This session lacks MFA",
        "Get a session with MFA",
    );
}

#[test]
fn an_endpoint_that_is_set_to_nothing() {
    let start = Start::iamkeys::<&str>([])
        .env("AWS_ENDPOINT_URL", "")
        .file(".aws/credentials", &section("default", OWN));
    refused(start, "AWS_ENDPOINT_URL cannot be used", "It is empty.");
}

/// With the keys of the account in the default profile, and these lines below them.
fn with_lines(world: &World, lines: &str) -> Start {
    start(world).file(".aws/credentials", &(section("default", OWN) + lines))
}

#[test]
fn how_often_is_asked_again_is_taken_from_environment_and_profile() {
    for (lines, mode, attempts) in [
        ("retry_mode = legacy\nmax_attempts = 1\n", "", ""),
        ("retry_mode = what\nmax_attempts = 0\n", "legacy", " 1 "),
        ("", "Adaptive", "1"),
    ] {
        let world = World::demo();
        world.endpoint.fault("ListUsers=503*1".parse().unwrap());
        let start = with_lines(&world, lines)
            .env("AWS_RETRY_MODE", mode)
            .env("AWS_MAX_ATTEMPTS", attempts);
        start.run().wait_text("ServiceUnavailable: iam:ListUsers");
    }
    // And more often where nothing is said of it.
    let world = World::demo();
    world.endpoint.fault("ListUsers=503*1".parse().unwrap());
    with_lines(&world, "").run().wait_text("Users 24");
}

#[test]
fn a_setting_for_asking_again_that_makes_no_sense_is_named() {
    for attempts in ["0", "-1", "many"] {
        let world = World::demo();
        let start = with_lines(&world, "").env("AWS_MAX_ATTEMPTS", attempts);
        let says = format!("It says \"{attempts}\"; it must be a whole number");
        refused(start, "AWS_MAX_ATTEMPTS is not valid", &says);

        let start = with_lines(&world, &format!("max_attempts = {attempts}\n"));
        refused(start, "max_attempts of profile default is not valid", &says);
        assert!(world.endpoint.calls().is_empty());
    }
    let world = World::demo();
    let start = with_lines(&world, "").env("AWS_RETRY_MODE", "often");
    refused(
        start,
        "AWS_RETRY_MODE is not valid",
        "standard, adaptive or legacy",
    );
    let start = with_lines(&world, "retry_mode = often\n");
    refused(
        start,
        "retry_mode of profile default is not valid",
        "~/.aws/config or",
    );
}

#[test]
fn a_key_that_ends_in_a_line_break_is_named_and_never_sent() {
    let world = World::demo();
    for end in ["\r", "\n", "\r\n"] {
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            let secret = KeyId::parse(OWN).unwrap().secret();
            let value = if name.ends_with("ID") { OWN } else { &secret };
            let start = world.start().env(name, format!("{value}{end}"));
            refused(
                start,
                &format!("{name} cannot be used"),
                "contains a line break",
            );
        }
    }
    assert!(world.endpoint.calls().is_empty());
    // The environment does not matter where a profile is asked for.
    let start = world.start().env("AWS_ACCESS_KEY_ID", format!("{OWN}\r"));
    let start = start.file(".aws/credentials", &section("other", OTHER));
    let mut program = start.arg("--profile").arg("other").run();
    assert_eq!(signers(&world, &mut program), [OTHER]);
}

#[test]
fn the_line_of_a_profile_file_that_cannot_be_read_is_named() {
    let unix = section("default", OWN);
    for (content, line) in [
        (
            unix.trim_end().to_owned() + "\r",
            "line 3: a carriage return",
        ),
        (unix.replace('\n', "\r\r\n"), "line 1: a carriage return"),
        (unix.clone() + "[\u{7}]\n", "line 4: a control character"),
    ] {
        let start = Start::iamkeys([""; 0]).file(".aws/credentials", &content);
        refused(start, "The profile files cannot be read", line);
    }
    // With line ends of Windows it is an ordinary file.
    let world = World::demo();
    let start = start(&world).file(".aws/credentials", &unix.replace('\n', "\r\n"));
    assert_eq!(signers(&world, &mut start.run()), [OWN]);
}

#[test]
fn a_byte_that_is_not_utf_8_is_found() {
    let world = World::demo();
    let start = start(&world).file(".aws/credentials", &section("default", OWN));
    let path = start.path("latin-1");
    std::fs::write(&path, b"# one\n[profile caf\xe9]\nregion = eu-west-1\n").unwrap();
    let start = start.env("AWS_CONFIG_FILE", &path);
    refused(
        start,
        "The profile files cannot be read",
        "latin-1, line 2: not UTF-8",
    );
    assert!(world.endpoint.calls().is_empty());
}

#[test]
fn a_credential_process_may_leave_line_breaks_around_a_key() {
    let secret = KeyId::parse(OTHER).unwrap().secret();
    for (inside, good) in [("", true), ("\\u00e9", false)] {
        let world = World::demo();
        let answer = format!(
            r#"{{"Version":1,"AccessKeyId":"{OTHER}{inside}\r\n","SecretAccessKey":"{secret}\n"}}"#
        );
        let start = start(&world).file("answer.json", &answer);
        let from = start.path("answer.json");
        let process = format!("[default]\ncredential_process = cat {}\n", from.display());
        let start = start.file(".aws/config", &process);
        if good {
            assert_eq!(signers(&world, &mut start.run()), [OTHER]);
        } else {
            let title = "The credential process of profile default failed";
            refused(start, title, "a character that no key has");
        }
    }
}

#[test]
fn a_region_that_is_none_is_named() {
    let world = World::demo();
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        let start = with_lines(&world, "").env(name, "eu-west-1\r");
        refused(
            start,
            &format!("{name} is not valid"),
            r#"It says "eu-west-1\r""#,
        );
    }
    let start = with_lines(&world, "region = eu west\n");
    refused(
        start,
        "region of profile default is not valid",
        r#"It says "eu west""#,
    );
    assert!(world.endpoint.calls().is_empty());
}

#[test]
fn an_endpoint_with_a_password_is_refused_and_not_repeated() {
    let world = World::demo();
    let url = world.url().replace("http://", "http://someone:hunter2@");
    let keys = section("default", OWN);
    let plain = || Start::iamkeys([""; 0]).file(".aws/credentials", &keys);
    let in_profile = format!("[default]\nendpoint_url = {url}\n");
    let in_services =
        format!("[default]\nservices = local\n[services local]\niam =\n  endpoint_url = {url}\n");
    let of_profile = "endpoint_url of profile default";
    for (start, name) in [
        (plain().env("AWS_ENDPOINT_URL", &url), "AWS_ENDPOINT_URL"),
        (
            plain().env("AWS_ENDPOINT_URL_IAM", &url),
            "AWS_ENDPOINT_URL_IAM",
        ),
        (
            plain().env("AWS_ENDPOINT_URL_STS", &url),
            "AWS_ENDPOINT_URL_STS",
        ),
        (plain().file(".aws/config", &in_profile), of_profile),
        (plain().file(".aws/config", &in_services), of_profile),
    ] {
        let mut program = start.run();
        program.wait_text(&format!("{name} cannot be used"));
        program.wait_text("It contains a user name or password");
        assert!(
            !program.screen().contains("hunter2"),
            "{}",
            program.screen()
        );
        program.press("q");
        program.wait_exit().assert_clean(0);
    }
    // Nor is it sent anywhere to assume a role.
    let start = plain()
        .file(".aws/config", &role_profile(""))
        .file(".aws/credentials", &section("base", OWN))
        .env("AWS_ENDPOINT_URL", &url)
        .env("AWS_PROFILE", "admin");
    refused(
        start,
        "AWS_ENDPOINT_URL cannot be used",
        "user name or password",
    );
    assert!(world.endpoint.calls().is_empty());
}

#[test]
fn an_endpoint_that_is_no_url() {
    let start = Start::iamkeys::<&str>([])
        .env("AWS_ENDPOINT_URL", "localhost:5000")
        .file(".aws/credentials", &section("default", OWN));
    refused(
        start,
        "AWS_ENDPOINT_URL cannot be used",
        "It is not an endpoint URL",
    );

    let mut program = Start::iamkeys(["--endpoint-url", "localhost:5000"]).run();
    program.wait_text("--endpoint-url cannot be used. It is not an endpoint URL");
    assert_eq!(program.wait_exit().code, 2);
}

#[test]
fn a_role_without_network_is_about_the_network() {
    let (_taken, url) = nobody();
    let start = Start::iamkeys(["--profile", "admin"])
        .file(".aws/config", &role_profile(""))
        .file(".aws/credentials", &section("base", OWN))
        .env("AWS_ENDPOINT_URL", url);
    let what = "Profile admin gets its credentials over the network";
    refused(start, "AWS cannot be reached", what);
}

#[test]
fn a_profile_without_keys_says_what_is_missing() {
    let none = "Profile work has no access key and no other way to sign in.";
    let half = "Profile work has aws_access_key_id but no aws_secret_access_key.";
    for (more, what) in [("", none), ("aws_access_key_id = AKIAEXAMPLE\n", half)] {
        let config = format!("[profile work]\nregion = eu-west-1\n{more}");
        let start = Start::iamkeys(["--profile", "work"]).file(".aws/config", &config);
        refused(start, "Profile work has no credentials", what);
    }
}
