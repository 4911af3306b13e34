//! The journal, through the real event loop: written before each change and after it, without a
//! secret; no change without it; and what a killed program leaves open is answered at the next start.

mod common;
#[cfg(unix)]
#[path = "common/hands.rs"]
mod hands;
#[cfg(unix)]
#[path = "common/pty.rs"]
mod pty;
#[cfg(unix)]
#[path = "common/served.rs"]
mod served;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use common::{
    Person, Setup, changes, dialog, endpoint, eventually, go_to, have_it, holds, keys_of,
    rotating::{self, Hands},
    secret_of,
};
use iamkeys::{
    demo::{Account, Endpoint, Fault, FaultKind},
    engine::{Exit, Signal},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

/// An answer that does not come as long as a test runs.
const NEVER: FaultKind = FaultKind::Delay(Duration::from_hours(1));

/// The program with this journal.
fn keeping(endpoint: &Endpoint, path: &Path) -> Person {
    let setup = Setup {
        // As long as the tests run.
        journal: Some(Box::leak(path.to_owned().into_boxed_path())),
        ..Setup::default()
    };
    Person::with(endpoint, setup)
}

/// The entries of a journal, the first one first.
fn entries(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The entries in a word or two each: the event, and what it is about.
fn told(path: &Path) -> Vec<String> {
    let word = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    let entries = entries(path);
    let words = entries.iter().map(|entry| {
        ["event", "action", "outcome", "where"]
            .map(|field| word(entry, field))
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    });
    words.collect()
}

/// Asks for a change that a dialog of this title confirms.
fn ask(person: &mut Person, key: &str, title: &str) {
    person.press(key);
    person.wait(title, |screen| dialog(screen, title).is_some());
    person.press("y");
}

#[test]
fn each_change_is_written_down_before_it_is_sent_and_once_more_when_it_is_done() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("journal.jsonl");
    let endpoint = endpoint();
    let mut person = keeping(&endpoint, &path);
    go_to(&mut person, "former-intern");
    ask(&mut person, "t", "Activate key");
    person.see("✓ Activated AKIA");
    ask(&mut person, "t", "Deactivate key");
    person.see("✓ Deactivated AKIA");
    ask(&mut person, "d", "Delete key");
    person.see("✓ Deleted AKIA");
    ask(&mut person, "c", "Create key");
    person.see("New key for former-intern");
    let created = keys_of(&endpoint, "former-intern").remove(0).0;
    person.press("y");
    person.see("✓ secret sent");
    // The terminal does not say whether it took it: that alone is no place.
    person.press("<esc>");
    person.see("─ Have you pasted it? ─");
    eventually("the end in the journal", || told(&path).len() == 8);
    person.press("i");
    person.gone("New key for");
    person.press("q");
    person.exit();
    assert_eq!(
        told(&path),
        [
            "sent iam:UpdateAccessKey",
            "ended done",
            "sent iam:UpdateAccessKey",
            "ended done",
            "sent iam:DeleteAccessKey",
            "ended done",
            "sent iam:CreateAccessKey",
            "ended done",
            "stored by hand",
        ]
    );
    let entries = entries(&path);
    let sent = |at: usize, field: &str| entries[at][field].clone();
    assert_eq!([sent(0, "active"), sent(2, "active")], [true, false]);
    for at in [0, 2, 4] {
        assert_eq!(sent(at, "key"), "AKIAQX7DEMO4INTERN01");
    }
    for at in [0, 2, 4, 6] {
        assert_eq!(sent(at, "user"), "former-intern");
        assert_eq!(sent(at, "account"), "123456789012");
        assert_eq!(sent(at, "id"), sent(at + 1, "id"));
    }
    assert_eq!(sent(6, "keys_before"), Value::Array(Vec::new()));
    assert_eq!([sent(7, "key"), sent(8, "key")], [&*created, &*created]);
}

#[test]
fn a_damaged_line_of_a_change_on_its_way_is_told_on_the_screen_and_at_the_end() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("journal.jsonl");
    let line = r#"{"v":1,"event":"sent","id":"a/1","run":"a","time":"2026-11-1#T11:06:40Z","action":"iam:DeleteAccessKey","user":"bob","key":"AKIAQX7DEMO4BOBBY001"}"#;
    fs::write(&path, format!("{line}\n")).unwrap();
    let mut person = keeping(&endpoint(), &path);
    let told = "Damaged journal line 1: iam:DeleteAccessKey, bob, AKIAQX7DEMO4BOBBY001";
    person.wait("the notice", |screen| screen.contains(told));
    person.press("q");
    let Exit::Quit(said) = person.exit() else {
        panic!("it quits");
    };
    let [said] = &said[..] else {
        panic!("one line: {said:?}");
    };
    assert!(said.starts_with(told), "{said}");
    assert!(said.contains("journal.jsonl"), "{said}");
}

#[test]
fn it_is_on_the_disk_when_the_request_arrives() {
    for (key, title, call) in [
        ("c", "Create key", "CreateAccessKey"),
        ("t", "Deactivate key", "UpdateAccessKey"),
    ] {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("journal.jsonl");
        let endpoint = endpoint();
        endpoint.fault(Fault::new(NEVER).action(call));
        let mut person = keeping(&endpoint, &path);
        go_to(&mut person, "bob");
        ask(&mut person, key, title);
        eventually("the request", || !changes(&endpoint).is_empty());
        assert_eq!(told(&path), [format!("sent iam:{call}")]);
    }
}

#[test]
fn refusals_and_lost_answers_are_written_down_as_what_they_are() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("journal.jsonl");
    let endpoint = endpoint();
    let fault = |kind| Fault::new(kind).action("CreateAccessKey").times(1);
    let mut person = keeping(&endpoint, &path);
    go_to(&mut person, "bob");
    endpoint.fault(fault(FaultKind::Refuse));
    ask(&mut person, "c", "Create key");
    person.see("─ Not done ─");
    person.press("<esc>");
    person.gone("─ Not done ─");
    endpoint.fault(fault(FaultKind::DropBefore));
    ask(&mut person, "c", "Create key");
    person.see("─ Not done so far ─");
    person.press("<esc>");
    person.gone("─ Not done so far ─");
    person.press("q");
    let printed = person.exit();
    assert_eq!(
        printed,
        Exit::Quit(vec!["not known: creating a key for bob".into()])
    );
    let so_far = [
        "sent iam:CreateAccessKey",
        "ended refused",
        "sent iam:CreateAccessKey",
        "ended unknown",
    ];
    assert_eq!(told(&path), so_far);
    assert_eq!(entries(&path)[1]["code"], "AccessDenied");

    // It stays open until the next one is sent, by whichever run.
    let mut person = keeping(&endpoint, &path);
    person.see("─ Not done so far ─");
    person.press("a");
    person.see("─ Create key in acme-prod ─");
    assert_eq!(told(&path), so_far);
    person.press("y");
    person.see("New key for bob");
    assert_eq!(changes(&endpoint), ["CreateAccessKey"; 3]);
    common::keep(&mut person);
    person.press("q");
    assert_eq!(person.exit(), Exit::Quit(Vec::new()));
    let mut more = told(&path).split_off(so_far.len());
    let settled = entries(&path)
        .into_iter()
        .find(|entry| entry["event"] == "settled")
        .unwrap();
    assert_eq!(settled["id"], entries(&path)[2]["id"]);
    // It is settled as the next one is sent: which is written first says nothing.
    more[..2].sort();
    assert_eq!(
        more,
        [
            "sent iam:CreateAccessKey",
            "settled",
            "ended done",
            "stored by hand"
        ]
    );
}

#[test]
fn no_secret_is_in_it_whatever_was_done_with_it() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("journal.jsonl");
    let endpoint = endpoint();
    let mut person = keeping(&endpoint, &path);
    let mut secrets = Vec::new();
    for (user, keys, said) in [
        ("bob", "vy", "✓ secret sent"),
        ("new-hire", "e1", "✓ exports sent"),
        ("zapier", "<esc>d", "its secret is gone"),
    ] {
        go_to(&mut person, user);
        ask(&mut person, "c", "Create key");
        person.see(&format!("New key for {user}"));
        let made = keys_of(&endpoint, user).pop().unwrap().0;
        secrets.push(secret_of(&endpoint, &made));
        person.press(keys);
        person.see(said);
        if keys != "<esc>d" {
            have_it(&mut person);
        }
        person.gone("New key for");
        person.press("<esc>");
    }
    // And one that was handed out to nobody.
    endpoint.fault(Fault::new(FaultKind::Cut).action("CreateAccessKey"));
    go_to(&mut person, "grafana");
    ask(&mut person, "c", "Create key");
    person.see("A key whose secret is lost");
    let made = keys_of(&endpoint, "grafana").pop().unwrap().0;
    secrets.push(secret_of(&endpoint, &made));
    person.press("<esc>");
    person.press("q");
    person.exit();
    let outcomes: Vec<_> = told(&path).into_iter().skip(1).step_by(3).collect();
    assert_eq!(
        outcomes,
        ["ended done", "ended done", "ended done", "ended unknown"]
    );
    let mut text = String::new();
    for entry in fs::read_dir(directory.path()).unwrap() {
        text += &String::from_utf8_lossy(&fs::read(entry.unwrap().path()).unwrap());
    }
    for secret in secrets {
        // Nor a piece of it, nor in another form.
        for at in 0..=secret.len() - 8 {
            assert!(!text.contains(&secret[at..at + 8]), "{text}");
        }
        assert!(
            !text.contains(&BASE64_STANDARD.encode(&secret)[..12]),
            "{text}"
        );
    }
}

/// Something that keeps the journal from being written, and a word of why that is said.
type Obstacle = (&'static str, fn(&Path) -> PathBuf, &'static str);

const OBSTACLES: &[Obstacle] = &[
    (
        "a directory in its place",
        |directory| {
            fs::create_dir(directory.join("journal.jsonl")).unwrap();
            directory.join("journal.jsonl")
        },
        "is a directory",
    ),
    (
        "a directory that cannot be made",
        |directory| {
            fs::write(directory.join("file"), "").unwrap();
            directory.join("file").join("journal.jsonl")
        },
        "cannot be made",
    ),
    (
        "somebody else's file",
        |directory| {
            fs::write(directory.join("journal.jsonl"), "my diary\n").unwrap();
            directory.join("journal.jsonl")
        },
        "is not a journal of iamkeys",
    ),
    #[cfg(unix)]
    (
        "a link to nowhere",
        |directory| {
            let path = directory.join("journal.jsonl");
            std::os::unix::fs::symlink("/nowhere/at/all", &path).unwrap();
            path
        },
        "symbolic link",
    ),
];

/// Asks for a change, and finds that it was not sent, and why.
#[track_caller]
fn is_not_sent(person: &mut Person, why: &str) {
    let before = person.endpoint.account(|account| holds(account));
    ask(person, "c", "Create key");
    let screen = person.see("─ Not done ─");
    let told = dialog(&screen, "Not done").unwrap();
    for word in [
        "No journal: iam:CreateAccessKey",
        "not sent: the journal could not be written: ",
        why,
        "Start with --no-journal to do without, or --journal PATH.",
    ] {
        // A path that is broken into lines has spaces in it.
        let (told, word) = (told.replace(' ', ""), word.replace(' ', ""));
        assert!(told.contains(&word), "{word} in {told}");
    }
    assert!(changes(&person.endpoint).is_empty());
    assert_eq!(person.endpoint.account(|account| holds(account)), before);
    person.press("<esc>");
    person.gone("─ Not done ─");
}

#[test]
fn nothing_is_sent_that_cannot_be_written_down() {
    for (what, put, why) in OBSTACLES {
        println!("{what}");
        let directory = TempDir::new().unwrap();
        let path = put(directory.path());
        let mut person = keeping(&endpoint(), &path);
        person.see("No journal, so nothing");
        go_to(&mut person, "bob");
        is_not_sent(&mut person, why);
    }
}

#[test]
fn what_gets_into_its_way_later_is_found_before_the_next_change() {
    let directory = TempDir::new().unwrap();
    // The directory is made where there is none.
    let path = directory.path().join("state/iamkeys/journal.jsonl");
    let endpoint = endpoint();
    let mut person = keeping(&endpoint, &path);
    go_to(&mut person, "bob");
    eventually("the journal", || path.exists());
    let aside = path.with_extension("aside");
    fs::rename(&path, &aside).unwrap();
    fs::create_dir(&path).unwrap();
    is_not_sent(&mut person, "is a directory");
    // Once it is out of the way, changes are made again.
    fs::remove_dir(&path).unwrap();
    fs::rename(&aside, &path).unwrap();
    ask(&mut person, "c", "Create key");
    person.see("New key for bob");
    assert_eq!(changes(&endpoint), ["CreateAccessKey"]);
}

/// A change that was on its way when the program was killed: user, key that asks for it, title of
/// the question before it, request, and whether it was done; then what the next start says.
#[cfg(unix)]
type Killed = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    bool,
    (&'static str, &'static [&'static str]),
);

#[cfg(unix)]
#[rustfmt::skip]
const KILLED: &[Killed] = &[
    ("bob", "c", "Create key", "CreateAccessKey", true,
        ("A key whose secret is lost", &["Create a key for bob", "returns a secret only once", "Replace it y"])),
    ("bob", "c", "Create key", "CreateAccessKey", false,
        ("Not done so far", &["Create a key for bob", "No key has appeared so far.", "R looks again."])),
    ("bob", "t", "Deactivate key", "UpdateAccessKey", true,
        ("It was done", &["Deactivate AKIAQX7DEMO4BOBBY001 of bob", "AWS confirms: Inactive."])),
    ("bob", "t", "Deactivate key", "UpdateAccessKey", false,
        ("Not done so far", &["Deactivate AKIAQX7DEMO4BOBBY001 of bob", "The key is not Inactive, so far."])),
    ("former-intern", "t", "Activate key", "UpdateAccessKey", true,
        ("It was done", &["Activate AKIAQX7DEMO4INTERN01 of former-intern", "AWS confirms: Active."])),
    ("former-intern", "d", "Delete key", "DeleteAccessKey", true,
        ("It was done", &["Delete AKIAQX7DEMO4INTERN01 of former-intern", "The account no longer has it."])),
    ("former-intern", "d", "Delete key", "DeleteAccessKey", false,
        ("Not done so far", &["Delete AKIAQX7DEMO4INTERN01 of former-intern", "The key is still there, so far."])),
];

#[cfg(unix)]
#[test]
fn what_was_on_its_way_when_the_program_was_killed_is_answered_at_the_next_start() {
    std::thread::scope(|scope| {
        // Half of them at once.
        for half in KILLED.chunks(KILLED.len().div_ceil(2)) {
            scope.spawn(|| half.iter().for_each(killed));
        }
    });
}

#[cfg(unix)]
fn killed((user, key, question, call, done, (title, words)): &Killed) {
    println!("{question}, done: {done}");
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("journal.jsonl");
    let endpoint = Endpoint::new(Account::demo(chrono::Utc::now()));
    let served = served::Served::of(&endpoint);
    let start = || -> Box<dyn Hands> { Box::new(served.start(Some(&path)).run()) };
    let shows = |hands: &mut dyn Hands, title: &str, words: &[&str]| {
        let says = |screen: &str| {
            let told = dialog(screen, title);
            told.is_some_and(|told| words.iter().all(|word| told.contains(word)))
        };
        hands.until(&format!("{title}: {words:?}"), &says);
    };
    endpoint.fault(Fault::new(NEVER).action(call));
    if !done {
        endpoint.fault(Fault::new(FaultKind::DropBefore).action(call));
    }
    let mut hands = start();
    rotating::go_to(&mut *hands, user);
    hands.keys(key);
    shows(&mut *hands, question, &[]);
    hands.keys("y");
    eventually("the request", || !changes(&endpoint).is_empty());
    hands.kill();
    assert_eq!(told(&path), [format!("sent iam:{call}")]);
    endpoint.clear_faults();

    let mut hands = start();
    shows(&mut *hands, title, words);
    shows(
        &mut *hands,
        title,
        &["iamkeys ended before the answer came."],
    );
    if let Some(new) = keys_of(&endpoint, user).get(1) {
        shows(&mut *hands, title, &[&new.0]);
    }
    hands.keys("<esc>");
    hands.until("the list", &|screen| screen.contains("c create"));
    // What is answered is not asked again; what nobody has answered is.
    let open = *title != "It was done";
    let answered = || told(&path).last().unwrap() == "settled";
    if open {
        assert!(!answered());
    } else {
        eventually("the answer in the journal", answered);
    }
    hands.kill();

    let mut hands = start();
    if open {
        shows(&mut *hands, title, words);
    } else {
        rotating::go_to(&mut *hands, user);
    }
    assert_eq!(changes(&endpoint), [*call], "nothing was sent again");
    hands.kill();
}

#[test]
fn a_key_is_not_said_to_be_gone_because_its_user_is_not_listed_yet() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("journal.jsonl");
    let endpoint = endpoint();
    let mut person = keeping(&endpoint, &path);
    // Somebody below the screen's end, whose keys nobody asks for but the question.
    go_to(&mut person, "zapier");
    ask(&mut person, "c", "Create key");
    person.see("New key for zapier");
    let lost = keys_of(&endpoint, "zapier").remove(1).0;
    person.signal(Signal::Terminate);
    person.exit();
    // The list of users comes after everything else.
    endpoint.fault(Fault::new(FaultKind::Delay(Duration::from_millis(500))).action("ListUsers"));
    let mut person = keeping(&endpoint, &path);
    person.see("Replace it y");
    person.press("y");
    let title = "Delete the key, create another";
    let screen = person.wait("the question", |screen| {
        dialog(screen, title).is_some_and(|told| !told.contains("Looking"))
    });
    let told = dialog(&screen, title).unwrap();
    for word in [&*lost, "Active, never used.", "Delete and create y"] {
        assert!(told.contains(word), "{word} in {told}");
    }
}

/// The page of a leaked key is gone through until its sessions can be revoked.
fn to_the_revocation(person: &mut Person) {
    go_to(person, "bob");
    person.press("!");
    person.see("▌ ▶ 1 Deactivate");
    person.press("j");
    person.see("▌ ▶ 2 Revoke sessions not revoked");
    person.press("<enter>");
    person.wait("the policy", |screen| {
        let asked = dialog(screen, "Revoke sessions");
        asked.is_some_and(|asked| asked.contains("Verified with AWS just now"))
    });
    person.press("y");
}

#[test]
fn the_policy_that_revokes_sessions_is_written_down_before_and_judged_by_the_next_run() {
    for (lost, title, words) in [
        (
            FaultKind::DropBefore,
            "Not done so far",
            "does not have the policy",
        ),
        (
            FaultKind::DropAfter,
            "It was done",
            "The user has the policy.",
        ),
    ] {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("journal.jsonl");
        let endpoint = endpoint();
        // The answer is never read: the program ends before.
        endpoint.fault(Fault::new(NEVER).action("PutUserPolicy"));
        if matches!(lost, FaultKind::DropBefore) {
            endpoint.fault(Fault::new(lost).action("PutUserPolicy"));
        }
        let mut person = keeping(&endpoint, &path);
        to_the_revocation(&mut person);
        eventually("the request", || !changes(&endpoint).is_empty());
        assert_eq!(told(&path), ["sent iam:PutUserPolicy"]);
        let sent = &entries(&path)[0];
        let document = sent["description"].as_str().unwrap_or_default();
        assert!(document.contains("aws:TokenIssueTime"), "{sent}");
        person.signal(Signal::Terminate);
        person.exit();
        endpoint.clear_faults();
        let mut person = keeping(&endpoint, &path);
        person.wait(title, |screen| {
            let told = dialog(screen, title).unwrap_or_default();
            told.contains("Revoke the sessions of bob") && told.contains(words)
        });
        person.press("<esc>");
        drop(person);
        assert_eq!(changes(&endpoint), ["PutUserPolicy"], "it is sent once");
    }
}
