//! Logging in to IAM Identity Center from within: with a code, with a browser, and in silence where a
//! login is kept.

use crate::{ESC, World, pty, pty::Start};
use chrono::{TimeDelta, Utc};
use iamkeys::demo::Endpoint;
use serde_json::Value;
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    time::Duration,
};

/// The SHA-1 of `acme`: the file of the login.
const TOKEN: &str = ".aws/sso/cache/";

const CONFIG: &str = "[profile work]\nsso_session = acme\nsso_account_id = 123456789012\n\
                      sso_role_name = ViewOnlyAccess\n\
                      [sso-session acme]\nsso_region = us-east-1\n\
                      sso_start_url = https://acme.awsapps.com/start\n\
                      sso_registration_scopes = sso:account:access\n";

/// A profile of the older kind.
const LEGACY: &str = "[profile work]\nsso_start_url = https://acme.awsapps.com/start\n\
                      sso_region = us-east-1\nsso_account_id = 123456789012\n\
                      sso_role_name = ViewOnlyAccess\n";

const MISSING: &str = "The SSO login of profile work is missing or has expired";

fn organisation() -> Endpoint {
    Endpoint::demo_organisation(Utc::now())
}

fn start(world: &World, config: &str) -> Start {
    Start::iamkeys(["--endpoint-url", &world.url(), "--profile", "work"])
        .arg("--clipboard")
        .arg("osc52")
        .file(".aws/config", config)
}

/// Asks for a login.
fn log_in(program: &mut pty::Program) {
    program.wait_text(MISSING);
    program.wait_text("l  Log in to IAM Identity Center");
    program.press("l");
    program.wait_text("Sign in to ");
}

/// The code that waits for a person, as the screen shows it.
fn code(world: &World, program: &mut pty::Program) -> String {
    program.wait_text("and check that it shows this code");
    let waiting = world.endpoint.waiting_devices();
    let [code] = waiting.as_slice() else {
        panic!("one: {waiting:?}");
    };
    program.wait_text(code);
    code.clone()
}

fn quit(mut program: pty::Program) {
    program.press("q");
    program.wait_exit().assert_clean(0);
}

/// The files in the cache of logins.
fn kept(home: &Path) -> Vec<(PathBuf, Value)> {
    let Ok(files) = fs::read_dir(home.join(TOKEN)) else {
        return Vec::new();
    };
    let files = files.map(|file| {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        (path, serde_json::from_str(&text).unwrap())
    });
    files.collect()
}

/// The login in it.
fn token(home: &Path) -> (PathBuf, Value) {
    let mut files = kept(home).into_iter();
    let is_token = |(_, kept): &(PathBuf, Value)| kept.get("accessToken").is_some();
    files.find(is_token).expect("a login is kept")
}

#[test]
fn a_login_with_a_code_is_kept_where_the_aws_command_keeps_it_and_used_again() {
    let world = World::of(organisation());
    let first = start(&world, CONFIG);
    let log = first.path("log");
    let first = first.arg("--log-file").arg(&log);
    let mut program = first.arg("--log-level").arg("trace").run();
    log_in(&mut program);
    let code = code(&world, &mut program);
    program.wait_text("waiting for you, ");
    program.press("y");
    program.wait_text("address sent to the terminal's clipboard");
    assert!(world.endpoint.approve_device(&code));
    program.wait_text("Users 24");
    let (path, login) = token(program.home());
    assert_eq!(
        path.file_stem().unwrap(),
        "293abb6b76d7791c0732cc517d38c4b5c734b87f"
    );
    for key in [
        "startUrl",
        "region",
        "accessToken",
        "expiresAt",
        "clientId",
        "clientSecret",
        "registrationExpiresAt",
        "refreshToken",
    ] {
        assert!(login[key].is_string(), "{key}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for (path, _) in kept(program.home()) {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        }
    }
    let log = fs::read_to_string(log).unwrap();
    for key in ["accessToken", "refreshToken", "clientSecret"] {
        let secret = login[key].as_str().unwrap();
        assert!(!log.contains(secret), "{key} is in the log");
    }
    assert!(log.contains("signed in"));
    quit(program);

    // Good for some minutes only, it is refreshed in silence.
    let mut old = login.clone();
    let soon = Utc::now() + TimeDelta::minutes(3);
    old["expiresAt"] = soon.format("%Y-%m-%dT%H:%M:%SZ").to_string().into();
    old["theirs"] = 1.into();
    let name = path.file_name().unwrap().to_str().unwrap();
    let name = format!("{TOKEN}{name}");
    let mut program = start(&world, CONFIG).file(&name, &old.to_string()).run();
    program.wait_text("Users 24");
    let (_, new) = token(program.home());
    assert_ne!(new["accessToken"], old["accessToken"]);
    assert_ne!(new["expiresAt"], old["expiresAt"]);
    assert_eq!(new["theirs"], 1);
    quit(program);

    // Without what it takes to refresh it, it is used as long as it is good.
    let mut last = new;
    last["expiresAt"] = soon.format("%Y-%m-%dT%H:%M:%SZ").to_string().into();
    last.as_object_mut().unwrap().remove("refreshToken");
    let mut program = start(&world, CONFIG).file(&name, &last.to_string()).run();
    program.wait_text("Users 24");
    quit(program);
}

#[test]
fn a_profile_of_the_older_kind_logs_in_with_a_code() {
    let world = World::of(organisation());
    let mut program = start(&world, LEGACY).size(60, 16).run();
    program.wait_text("is missing or has");
    program.press("l");
    let code = code(&world, &mut program);
    assert!(!program.screen().contains("use the browser"));
    assert!(world.endpoint.approve_device(&code));
    program.wait_text("Users 24");
    let (_, login) = token(program.home());
    assert!(login.get("refreshToken").is_none(), "there is none");
    quit(program);
}

#[test]
fn a_login_that_is_refused_or_not_made_says_so_and_can_be_begun_again() {
    let world = World::of(organisation());
    let mut program = start(&world, CONFIG).run();
    log_in(&mut program);
    let refused = code(&world, &mut program);
    assert!(world.endpoint.refuse_device(&refused));
    program.wait_text("The login to acme was refused");
    program.press("l");
    program.wait_text("and check that it shows this code");
    program.press(ESC);
    program.wait_text("The login was not made.");
    program.wait_text("l  Log in to IAM Identity Center");
    quit(program);
}

#[test]
fn a_code_that_runs_out_says_so() {
    let world = World::of(organisation().with_code_lifetime(TimeDelta::seconds(2)));
    let mut program = start(&world, CONFIG).run();
    log_in(&mut program);
    program.wait_text("The login to acme took too long");
    quit(program);
}

#[test]
fn a_role_that_the_login_does_not_have_is_told_apart() {
    let world = World::of(organisation());
    let config = CONFIG.replace("ViewOnlyAccess", "Nope");
    let mut program = start(&world, &config).run();
    log_in(&mut program);
    let code = code(&world, &mut program);
    assert!(world.endpoint.approve_device(&code));
    program.wait_text("This login has no role Nope in account 123456789012");
    quit(program);
}

/// A program in the place of a desktop's, which opens nothing and keeps the address.
fn with_desktop(start: Start) -> Start {
    let opened = start.path("opened");
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\n",
        opened.display()
    );
    let start = start.file("bin/xdg-open", &script);
    let tool = start.path("bin/xdg-open");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", tool.parent().unwrap().display());
    start.env("PATH", path).env("DISPLAY", ":7")
}

/// What an address answers.
fn get(address: &str) -> String {
    let rest = address.strip_prefix("http://").unwrap();
    let (host, target) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let request = format!("GET /{target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Changes over to the browser, and returns the page that was opened in it.
fn in_browser(program: &mut pty::Program) -> String {
    // Where this runs there may be no desktop: then a code is asked for first.
    program.wait_for("a way to log in", |screen| {
        let text = screen.contents();
        text.contains("check that it shows this code") || text.contains("browser on this machine:")
    });
    if program.screen().contains("check that it shows this code") {
        program.press("b");
    }
    program.wait_text("Log in with the browser on this machine:");
    program.wait_text("o open it again");
    let opened = program.home().join("opened");
    let mut text = String::new();
    program.wait_for("the browser", |_| {
        text = fs::read_to_string(&opened).unwrap_or_default();
        text.ends_with('\n')
    });
    text.lines().last().unwrap().to_owned()
}

#[test]
fn a_browser_on_this_machine_comes_back_by_itself() {
    let world = World::of(organisation());
    let mut program = with_desktop(start(&world, CONFIG)).run();
    log_in(&mut program);
    let page = in_browser(&mut program);
    assert!(
        page.starts_with(&format!("{}/authorize?", world.url())),
        "{page}"
    );
    assert!(page.contains("code_challenge_method=S256"));
    assert!(page.contains("&scopes=sso%3Aaccount%3Aaccess"));
    let sent_back = get(&page);
    let back = sent_back.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("location")
            .then(|| value.to_owned())
    });
    let back = back.unwrap();
    assert!(back.starts_with("http://127.0.0.1:"), "{back}");
    // Somebody else's comes first.
    let (address, _) = back.split_once('?').unwrap();
    let strange = get(&format!("{address}?code=theirs&state=theirs"));
    assert!(strange.starts_with("HTTP/1.1 400 "), "{strange}");
    program.wait_text("from another login than this one");
    let answer = get(&back);
    assert!(answer.contains("You are logged in."), "{answer}");
    program.wait_text("Users 24");
    let (_, login) = token(program.home());
    assert!(login["refreshToken"].is_string());
    quit(program);
    let host = address.strip_prefix("http://").unwrap();
    let host = host.split('/').next().unwrap();
    assert!(TcpStream::connect(host).is_err(), "it listens no more");
}

#[test]
fn from_the_browser_one_changes_back_to_a_code() {
    let world = World::of(organisation());
    let mut program = with_desktop(start(&world, CONFIG)).size(60, 16).run();
    program.wait_text("is missing or has");
    program.press("l");
    in_browser(&mut program);
    program.press("d");
    program.wait_text("and check that it shows this code");
    let code = world.endpoint.waiting_devices().pop().unwrap();
    program.wait_text(&code);
    assert!(world.endpoint.approve_device(&code));
    program.wait_text("Users 24");
    quit(program);
}

#[test]
fn a_login_that_cannot_be_written_is_used_all_the_same() {
    let world = World::of(organisation());
    // A file where the directory would be.
    let mut program = start(&world, CONFIG).file(".aws/sso", "").run();
    log_in(&mut program);
    let code = code(&world, &mut program);
    assert!(world.endpoint.approve_device(&code));
    program.wait_text("Users 24");
    quit(program);
}

/// The file of the login to `acme`.
const LOGIN: &str = ".aws/sso/cache/293abb6b76d7791c0732cc517d38c4b5c734b87f.json";

/// A login that is kept already.
fn logged_in(world: &World, start: Start) -> Start {
    let until = Utc::now() + TimeDelta::hours(3);
    let login = serde_json::json!({
        "startUrl": "https://acme.awsapps.com/start",
        "region": "us-east-1",
        "accessToken": world.endpoint.portal_token(),
        "expiresAt": until.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    start.file(LOGIN, &login.to_string())
}

#[test]
fn where_organizations_refuses_all_accounts_of_the_portal_are_opened() {
    let world = World::of(organisation());
    let faults = [
        "organizations:ListAccounts=refuse",
        "sso:ListAccounts=throttle*3",
    ];
    for fault in faults {
        world.endpoint.fault(fault.parse().unwrap());
    }
    let start = logged_in(&world, start(&world, CONFIG)).size(120, 36);
    let mut program = start.arg("--all-accounts").run();
    program.wait_text("0 Accounts 4");
    program.press("0");
    for text in [
        "acme-data",
        "acme-dev",
        "acme-sandbox",
        "SSO ViewOnlyAccess, ",
        "profile work",
    ] {
        program.wait_text(text);
    }
    program.wait_text("Users 40");
    let asked = world.endpoint.calls();
    let asked = asked.iter().filter(|call| call.action == "AssumeRole");
    assert_eq!(asked.count(), 0);
    quit(program);
}

#[test]
fn a_portal_is_opened_without_a_profile_and_logged_in_to_first() {
    let world = World::of(organisation());
    let config = CONFIG.split_once("[sso-session").unwrap().1;
    let config = format!("[sso-session{config}");
    let start = world.start().size(120, 36).arg("--sso-device-code");
    let mut program = start.file(".aws/config", &config).run();
    program.wait_text("Users 24");
    program.press("@");
    program.wait_text("▲ SSO acme");
    program.wait_text("no login");
    program.press("portal");
    program.wait_text("Enter open them all");
    program.press("\r");
    let code = code(&world, &mut program);
    assert!(world.endpoint.approve_device(&code));
    // The one that is open by its key is not opened once more.
    program.wait_text("0 Accounts 4");
    program.wait_text("Users 40");
    program.press("@");
    program.wait_text("● SSO acme");
    program.wait_text("4 accounts");
    program.press(ESC);
    program.wait_gone("Accounts to open");
    quit(program);
}

#[test]
fn the_portal_of_profiles_of_the_older_kind_is_opened_with_a_code() {
    let world = World::of(organisation());
    let start = world.start().size(120, 36);
    // No profile and no session leads to the other accounts.
    let mut program = start.file(".aws/config", LEGACY).run();
    program.wait_text("Users 24");
    program.press("@");
    program.wait_text("1 profile, 1 SSO portal");
    program.wait_text("▲ SSO acme");
    program.press("portal");
    program.wait_text("the SSO portal https://acme.awsapps.com/start");
    program.press("\r");
    let code = code(&world, &mut program);
    assert!(!program.screen().contains("use the browser"));
    assert!(world.endpoint.approve_device(&code));
    program.wait_text("0 Accounts 4");
    program.wait_text("Users 40");
    program.press("0");
    program.wait_text("SSO ViewOnlyAccess, ");
    let (path, login) = token(program.home());
    // Where the `aws` command looks for it: the SHA-1 of the start URL.
    assert_eq!(
        path.file_stem().unwrap(),
        "40169cea58ca6cbf23fb27b2542923fb5f524af0"
    );
    assert!(login.get("refreshToken").is_none());
    program.press("@");
    program.wait_text("● SSO acme");
    program.wait_text("4 accounts");
    program.press(ESC);
    program.wait_gone("Accounts to open");
    quit(program);

    // It is good for some minutes, and is not refreshed, whatever stands in the file.
    let mut old = login.clone();
    let ended = Utc::now() - TimeDelta::minutes(3);
    old["expiresAt"] = ended.format("%Y-%m-%dT%H:%M:%SZ").to_string().into();
    old["refreshToken"] = "not-one-EXAMPLE".into();
    let name = format!("{TOKEN}{}", path.file_name().unwrap().to_str().unwrap());
    let refreshes = |world: &World| {
        let calls = world.endpoint.calls().into_iter();
        calls.filter(|call| call.action == "CreateToken").count()
    };
    let before = refreshes(&world);
    let start = world.start().size(120, 36).file(".aws/config", LEGACY);
    let mut program = start.file(&name, &old.to_string()).run();
    program.wait_text("Users 24");
    program.press("@");
    program.wait_text("▲ SSO acme");
    program.wait_text("login has ended");
    program.press("work ");
    program.wait_text("failed: ");
    assert_eq!(refreshes(&world), before);
    program.press(ESC);
    program.wait_gone("Accounts to open");
    quit(program);
}
