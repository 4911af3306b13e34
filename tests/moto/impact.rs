//! What a user can do and sign in with, at a server that is not ours: read as another client reads it,
//! and shown on the page of a key. Neither server has an event history, and neither knows the regions:
//! the page says so, and stands.
//!
//! Moto has no boundaries, no access advisor, and no credentials of single services. Ministack has no
//! SSH keys, no signing certificates, no credentials of single services, and none of AWS's own policies
//! (it lets them be attached, and says that they are not there).

use super::{Program, Server, account, command, report::connection, server};
use chrono::Utc;
use iamkeys::engine::{
    Kind,
    impact::{Credential, CredentialKind, NamedPolicy, Permissions, Power, judge, policy::Given},
    model::UserDetailsPage,
};

/// The kinds of credentials that the server knows, as [`account`] names them.
pub(crate) fn kinds() -> &'static [&'static str] {
    match server() {
        Server::Moto => &["password", "mfa", "ssh", "certificate"],
        Server::Ministack => &["password", "mfa"],
    }
}

/// What of them cannot be listed there.
pub(crate) fn not_listed() -> &'static [&'static str] {
    match server() {
        Server::Moto => &["iam:ListServiceSpecificCredentials"],
        Server::Ministack => &[
            "iam:ListSSHPublicKeys",
            "iam:ListSigningCertificates",
            "iam:ListServiceSpecificCredentials",
        ],
    }
}

fn read<T>(future: impl Future<Output = T>) -> T {
    iamkeys::driver::threads()
        .expect("threads")
        .block_on(future)
}

/// A policy, as [`account`] prints it.
fn words_of(policy: &NamedPolicy, name: &str) -> [String; 4] {
    let document = policy.document.as_deref().expect("it was read");
    let document: serde_json::Value = serde_json::from_str(document).expect("it is JSON");
    let or_none = |text: &Option<Box<str>>| text.as_deref().unwrap_or("-").to_owned();
    [
        name.to_owned(),
        or_none(&policy.arn),
        or_none(&policy.group),
        document.to_string(),
    ]
}

fn words_of_all(permissions: &Permissions) -> Vec<String> {
    let policies = permissions.policies.iter();
    let policies = policies.flat_map(|policy| words_of(policy, &policy.name));
    let boundary = permissions.boundary.iter();
    let boundary = boundary.flat_map(|policy| words_of(policy, "boundary"));
    policies.chain(boundary).collect()
}

/// A credential, as [`account`] prints it.
fn words_of_credential(credential: &Credential) -> [String; 4] {
    let kind = match credential.kind {
        CredentialKind::Password => "password",
        CredentialKind::MfaDevice => "mfa",
        CredentialKind::SshKey => "ssh",
        CredentialKind::Certificate => "certificate",
        CredentialKind::ServiceSpecific(_) => "service",
    };
    let id = match &*credential.id {
        "" => "-",
        id => id,
    };
    let status = match credential.active {
        Some(true) => "Active",
        Some(false) => "Inactive",
        None => "-",
    };
    let since = credential.created.expect("it tells since when");
    [
        kind.into(),
        id.into(),
        status.into(),
        since.timestamp().to_string(),
    ]
}

/// All pages of the details of the account, as one.
fn details() -> UserDetailsPage {
    let connection = connection();
    let mut all = UserDetailsPage {
        users: Vec::new(),
        groups: Vec::new(),
        policies: Vec::new(),
        next: None,
    };
    loop {
        let page = read(connection.user_details(all.next.take())).expect("a page");
        all.users.extend(page.users);
        all.groups.extend(page.groups);
        all.policies.extend(page.policies);
        all.next = page.next;
        if all.next.is_none() {
            return all;
        }
    }
}

/// A user of whom there are policies of all kinds that the server knows.
fn with_policies(user: &str) {
    account(&["create_users", user]);
    // Moto tells managed policies as they are and not URL-encoded, as AWS does; boto3 decodes them all
    // the same, and takes `%25` for a sign of the encoding.
    let percent = match server() {
        Server::Moto => "100%",
        Server::Ministack => "100%25",
    };
    account(&["give_policies", user, percent]);
    match server() {
        Server::Moto => {
            account(&["attach", user, "arn:aws:iam::aws:policy/SecurityAudit"]);
        }
        Server::Ministack => {
            account(&["bound", user]);
        }
    }
}

#[test]
fn policies_are_read_as_another_client_reads_them() {
    let user = "allowed-hana";
    with_policies(user);
    let permissions = read(connection().permissions(user)).expect("the policies");
    assert_eq!(permissions.missing, []);
    let told = account(&["permissions", user]);
    // Two that are attached at moto, one and the boundary at the other; an inline one; and two of each
    // of two groups.
    assert_eq!(told.len(), 4 * 7, "{told:?}");
    assert_eq!(words_of_all(&permissions), told);
    let groups = [format!("{user}-one"), format!("{user}-two")];
    assert!(permissions.groups.iter().map(|it| &**it).eq(&groups));
    for policy in permissions.policies.iter().chain(&permissions.boundary) {
        assert!(policy.policy.is_ok(), "{policy:?}");
    }
    let judged = judge(&permissions, user);
    assert!(judged.is_certain);
    assert_eq!(judged.is_bounded, server() == Server::Ministack);
    match (server(), judged.power) {
        (Server::Moto, Power::Escalates(action)) => {
            assert_eq!(action.action(), "iam:AttachUserPolicy");
            let by = judged.by.expect("a policy gives it");
            assert_eq!(&*permissions.policies[by].name, "own-rule");
            assert!(judged.is_conditional);
        }
        // What is left within the boundary.
        (Server::Ministack, Power::Something) => {}
        (_, other) => panic!("{other:?}"),
    }
}

#[test]
fn a_user_without_policies_and_one_who_is_not_there() {
    account(&["create_users", "allowed-none"]);
    let none = read(connection().permissions("allowed-none")).expect("the policies");
    let nothing = Permissions {
        account: none.account.clone(),
        ..Permissions::default()
    };
    assert_eq!(none, nothing);
    assert_eq!(judge(&none, "allowed-none").power, Power::Nothing);
    let nobody = read(connection().permissions("allowed-nobody")).expect_err("nobody");
    assert_eq!(nobody.kind, Kind::NotFound);
    // Ministack lists the MFA devices of a user who is not there: none.
    if server() == Server::Moto {
        let nobody = read(connection().other_credentials("allowed-nobody"));
        let nobody = nobody.expect_err("nobody");
        assert_eq!(nobody.kind, Kind::NotFound);
    }
}

#[test]
fn the_details_of_the_account_say_the_same() {
    let user = "detail-ivan";
    with_policies(user);
    let all = details();
    let found = all.users.iter().find(|it| &*it.name == user);
    let found = found.expect("the user is among them");
    let mut words = Vec::new();
    for (name, value) in found.tags.others().expect("they are kept") {
        words.extend(["tag".into(), name.to_owned(), value.to_owned()]);
    }
    for group in &found.grants.groups {
        words.extend(["group".into(), group.to_string()]);
    }
    for arn in &found.grants.managed {
        words.extend(["managed".into(), arn.to_string()]);
    }
    words.extend(["inline".into(), found.grants.inline.len().to_string()]);
    assert_eq!(words, account(&["details", user]));
    assert_eq!(found.tags.owner(), Some("team-unit"));

    // What follows from them for the marks of the list is what follows from the policies themselves.
    let given = Given {
        groups: all.groups.into_iter().collect(),
        managed: all.policies.into_iter().collect(),
    };
    let marked = given.power(&found.grants, user);
    let permissions = read(connection().permissions(user)).expect("the policies");
    let judged = judge(&permissions, user);
    match server() {
        Server::Moto => assert_eq!(marked, Some(judged.power)),
        // It leaves the boundary out of the details.
        Server::Ministack => {
            assert_eq!(found.grants.boundary, None);
            let unbounded = Permissions {
                boundary: None,
                ..permissions
            };
            assert_eq!(marked, Some(judge(&unbounded, user).power));
        }
    }
}

#[test]
fn other_credentials_are_read_as_another_client_reads_them() {
    let user = "signing-jana";
    account(&["create_users", user]);
    let ask = || read(connection().other_credentials(user)).expect("they are listed");
    let missing = |found: &iamkeys::engine::impact::OtherCredentials| {
        let missing = found.missing.iter().map(|error| error.action);
        missing.map(str::to_owned).collect::<Vec<_>>()
    };
    let none = ask();
    assert_eq!(none.items, []);
    assert_eq!(missing(&none), not_listed());
    account(&[&["give_credentials", user], kinds()].concat());
    let found = ask();
    assert_eq!(missing(&found), not_listed());
    let words: Vec<String> = found.items.iter().flat_map(words_of_credential).collect();
    assert_eq!(words, account(&[&["credentials", user], kinds()].concat()));
    // Of SSH keys two, one of them Inactive.
    let count = match server() {
        Server::Moto => 5,
        Server::Ministack => 2,
    };
    assert_eq!(found.items.len(), count, "{words:?}");
    let off = found.items.iter().filter(|it| it.active == Some(false));
    assert_eq!(off.count(), count / 5);
    for item in &found.items {
        let age = Utc::now() - item.created.expect("a time");
        assert!(age.num_seconds() < 60, "{item:?}");
    }
}

#[test]
fn users_under_quarantine_are_found() {
    // Ministack does not know who has a policy of AWS's, nor what it says: it has none of them.
    if server() == Server::Ministack {
        return;
    }
    let user = "quarantined-kim";
    account(&["create_users", user, "quarantined-not"]);
    account(&["quarantine", user]);
    let found = read(connection().quarantined()).expect("they are found");
    let found: Vec<&str> = found.iter().map(|name| &**name).collect();
    let mut told = account(&["quarantined"]);
    told.sort();
    assert_eq!(found, told);
    assert!(found.contains(&user) && !found.contains(&"quarantined-not"));
    let permissions = read(connection().permissions(user)).expect("the policies");
    let policy = permissions.quarantine();
    assert_eq!(policy, Some("AWSCompromisedKeyQuarantineV2"));
}

/// The words of the page in front, without what is beside it; of the whole screen where there is none.
pub(crate) fn one_line(screen: &str) -> String {
    let inside = |line: &str| {
        let bars: Vec<usize> = line.match_indices('│').map(|(at, _)| at).collect();
        let page = match bars[..] {
            [_, left, right, _, ..] => line[left..right].trim_matches('│').trim().to_owned(),
            _ => String::new(),
        };
        if page.is_empty() {
            line.to_owned()
        } else {
            page
        }
    };
    let lines: Vec<String> = screen.lines().map(inside).collect();
    let words = lines.iter().flat_map(|line| line.split_whitespace());
    let words = words.map(|word| word.trim_matches('│'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Waits until the screen shows a text, on however many lines.
#[track_caller]
pub(crate) fn wait_words(program: &mut Program, text: &str) {
    program.wait_for(&format!("{text:?}"), |screen| {
        one_line(&screen.contents()).contains(text)
    });
}

/// Moves on until the cursor is on a line that begins with this text. It has to be at rest.
#[track_caller]
pub(crate) fn go_down_to(program: &mut Program, text: &str) {
    let at = |screen: &str| {
        let mut lines = screen.lines();
        let line = lines.find_map(|line| Some(line.split_once("▌ ")?.1.to_owned()));
        line.unwrap_or_default()
    };
    for _ in 0..30 {
        let before = at(&page(&program.screen()));
        if before.trim_start().starts_with(text) {
            return;
        }
        program.press("j");
        program.wait_for("the cursor moves", |screen| {
            at(&page(&screen.contents())) != before
        });
    }
    panic!("no {text:?} to go to:\n{}", program.picture());
}

/// What is below the title of the page: the list behind it has a cursor of its own.
fn page(screen: &str) -> String {
    let begins = |line: &&str| line.contains("╭─ AKIA") || line.contains("╭─ Leaked");
    let lines = screen.lines().skip_while(|line| !begins(line)).skip(1);
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_page_of_a_key_shows_what_is_known_and_says_what_is_missing() {
    let user = "page-lena";
    with_policies(user);
    account(&[&["give_credentials", user], kinds()].concat());
    let key = account(&["create_key", user]).remove(0);
    let mut program = command(&[&key]).size(140, 60).run();
    program.wait_text(&format!("─ {user} ─"));
    program.wait_gone("Find a key");
    program.press("i");
    program.wait_text(&format!("{key} of {user}"));

    // What is known.
    let (power, boundary) = match server() {
        Server::Moto => (
            "can make itself powerful, with iam:AttachUserPolicy: own-rule, inline, under a condition",
            "no boundary",
        ),
        Server::Ministack => (
            "nothing that stands out: page-lena-objects, within the boundary",
            "a boundary limits it",
        ),
    };
    wait_words(&mut program, power);
    wait_words(&mut program, boundary);
    for policy in [
        format!("{user}-objects"),
        "own-rule, inline".into(),
        format!("{user}-shared, by group {user}-one"),
        format!("the-rest, inline in group {user}-two"),
        "owner team-unit".into(),
        format!("in {user}-one, {user}-two"),
        "a person: has a console password".into(),
    ] {
        wait_words(&mut program, &policy);
    }
    if server() == Server::Ministack {
        wait_words(&mut program, &format!("{user}-limit, the boundary"));
    }

    // What is missing.
    wait_words(&mut program, "us-east-1 (");
    wait_words(&mut program, "cloudtrail:LookupEvents)");
    wait_words(&mut program, "regions other than us-east-1 (");
    wait_words(&mut program, "account:ListRegions)");
    wait_words(&mut program, "Not known what uses it");
    match server() {
        Server::Moto => wait_words(&mut program, "iam:GenerateServiceLastAccessedDetails"),
        Server::Ministack => wait_words(&mut program, "in the tracking period, with any key"),
    }
    let shown = one_line(&program.screen());
    assert!(!shown.contains("No management call"), "{shown}");
    assert!(!shown.contains("none seen"), "{shown}");
    assert!(!shown.contains(" 0 seen"), "{shown}");

    // A policy, word by word.
    go_down_to(&mut program, "own-rule, inline");
    program.press("\r");
    program.wait_text("Policy own-rule");
    program.wait_text("\"iam:AttachUserPolicy\",");
    program.wait_text("\"aws:RequestedRegion\": [");
    program.press("\x1b");
    program.wait_gone("Policy own-rule");
    program.press("\x1b");
    program.wait_gone("Not checked");
    program.press("q");
    program.wait_exit().assert_clean(0);
}
