//! Keys are changed by a command: looked at, confirmed, sent once and written into the journal.

use crate::{Ran, account, at, demo, iamkeys, pty::Start, run_at, served::Served};
use chrono::Utc;
use iamkeys::demo::{Endpoint, Fault, FaultKind, Status};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Never used, the only key of its user.
const NEVER: &str = "AKIAQX7DEMO4BATCH001";
/// In use, one of two.
const USED: &str = "AKIAQX7DEMO4DEPLOY01";
const OTHER: &str = "AKIAQX7DEMO4DEPLOY02";
/// Inactive.
const OFF: &str = "AKIAQX7DEMO4CIRUN001";
/// In use, of another user.
const GRAFANA: &str = "AKIAQX7DEMO4GRAFNA01";
/// The one that is signed in with.
const OWN: &str = "AKIAQX7DEMO4ALICE001";
/// In another account of the organisation.
const AWAY: &str = "AKIAQX7DEMO4DVHACK01";
const NOBODYS: &str = "AKIAIOSFODNN7EXAMPLE";

/// The status of a key, in whichever account it is; none where it is not there.
fn status(served: &Served, id: &str) -> Option<Status> {
    let ids = served.endpoint.account_ids();
    ids.iter().find_map(|account| {
        let of = |account: &mut iamkeys::demo::Account| Some(account.key(id)?.1.status);
        served.endpoint.in_account(account, of)
    })
}

/// How often each key was sent to be changed.
fn sent(served: &Served) -> Vec<String> {
    let calls = served.endpoint.calls().into_iter();
    let changes =
        calls.filter(|call| ["UpdateAccessKey", "DeleteAccessKey"].contains(&call.action.as_str()));
    changes.filter_map(|call| call.key_id).collect()
}

/// What became of each key: outcome and status.
fn became(ran: &Ran) -> Vec<(String, String, Value)> {
    let lines = ran.lines().into_iter().map(|line| {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        (text("key_id"), text("outcome"), line["status"].clone())
    });
    lines.collect()
}

fn told(key: &str, outcome: &str, status: impl Into<Value>) -> (String, String, Value) {
    (key.into(), outcome.into(), status.into())
}

/// The program with a journal.
fn journaled(served: &Served, journal: &Path, args: &[&str]) -> Command {
    let credentials = served.endpoint.sdk_credentials();
    let mut command = iamkeys(args);
    command
        .args(["--endpoint-url", &served.url(), "--journal"])
        .arg(journal)
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
    command
}

/// What the journal tells: action, key and outcome.
fn journal(path: &Path) -> Vec<(String, String, String)> {
    let output = iamkeys(&["journal", "--journal"]).arg(path).output();
    let lines = Ran::of(output.unwrap()).well().lines().into_iter();
    let lines = lines.map(|line| {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        (text("action"), text("key_id"), text("outcome"))
    });
    lines.collect()
}

/// Waits until something is so.
#[track_caller]
fn wait(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < until, "waited for {what} in vain");
        thread::sleep(Duration::from_millis(5));
    }
}

fn interrupt(child: &std::process::Child) {
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::INT).unwrap();
}

#[test]
fn keys_are_deactivated_activated_and_deleted_each_once() {
    let account = account();
    let ran = run_at(&account, &["deactivate", NEVER, USED, NEVER, "--yes"]).well();
    assert_eq!(
        became(&ran),
        [
            told(NEVER, "done", "Inactive"),
            told(USED, "done", "Inactive")
        ]
    );
    let first = &ran.lines()[0];
    assert_eq!(first["action"], "deactivate");
    assert_eq!(
        (&first["account"], &first["user"]),
        (&"123456789012".into(), &"old-batch".into())
    );
    assert!(
        first["request_id"]
            .as_str()
            .is_some_and(|id| !id.is_empty())
    );
    assert!(first["reason"].is_null());
    assert_eq!(status(&account, USED), Some(Status::Inactive));
    let ran = run_at(&account, &["activate", USED, "--yes"]).well();
    assert_eq!(became(&ran), [told(USED, "done", "Active")]);
    let ran = run_at(&account, &["delete", NEVER, "--yes"]).well();
    assert_eq!(became(&ran), [told(NEVER, "done", Value::Null)]);
    assert_eq!(status(&account, NEVER), None);
    assert_eq!(sent(&account), [NEVER, USED, USED, NEVER]);
}

#[test]
fn both_keys_of_a_user_go_where_both_were_named() {
    let account = account();
    // So that the look before the second key is another one than the first.
    let slow = Fault::new(FaultKind::Delay(Duration::from_millis(1_200)));
    account.endpoint.fault(slow.action("UpdateAccessKey"));
    let ran = run_at(&account, &["deactivate", USED, OTHER, "--yes"]).well();
    assert_eq!(
        became(&ran),
        [
            told(USED, "done", "Inactive"),
            told(OTHER, "done", "Inactive")
        ]
    );
    assert_eq!(sent(&account), [USED, OTHER]);
}

#[test]
fn what_is_so_already_is_not_sent() {
    let account = account();
    let ran = run_at(&account, &["deactivate", OFF, "--yes"]).well();
    assert_eq!(became(&ran), [told(OFF, "already", "Inactive")]);
    assert_eq!(ran.lines()[0]["reason"], "already Inactive");
    let ran = run_at(&account, &["activate", USED, "--yes"]).well();
    assert_eq!(became(&ran), [told(USED, "already", "Active")]);
    assert!(sent(&account).is_empty());
}

#[test]
fn where_one_cannot_be_changed_nothing_is() {
    let account = account();
    let ran = run_at(&account, &["deactivate", NEVER, NOBODYS, "--yes"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains(NOBODYS), "{}", ran.err);
    let all = became(&ran);
    assert!(all.contains(&told(NEVER, "skipped", "Active")), "{all:?}");
    assert!(
        all.contains(&told(NOBODYS, "failed", Value::Null)),
        "{all:?}"
    );
    // An Active key is not deleted, and neither are those that are named with it.
    let ran = run_at(&account, &["delete", OFF, USED, "--yes"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("it is Active: deactivate it first"),
        "{}",
        ran.err
    );
    let all = became(&ran);
    assert!(all.contains(&told(OFF, "skipped", "Inactive")), "{all:?}");
    assert!(sent(&account).is_empty());
}

#[test]
fn a_refusal_says_the_permission_and_the_others_are_done() {
    let account = account();
    let refuse = Fault::new(FaultKind::Refuse);
    account
        .endpoint
        .fault(refuse.action("UpdateAccessKey").user("old-batch"));
    let ran = run_at(&account, &["deactivate", NEVER, USED, "--yes"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert_eq!(
        became(&ran),
        [
            told(NEVER, "failed", "Active"),
            told(USED, "done", "Inactive")
        ]
    );
    let why = ran.lines()[0]["reason"].as_str().unwrap().to_owned();
    assert!(why.contains("AccessDenied: iam:UpdateAccessKey"), "{why}");
    assert!(ran.err.contains("iam:UpdateAccessKey"), "{}", ran.err);
    let ran = run_at(&account, &["deactivate", NEVER, "--yes"]);
    assert_eq!(ran.code, 1);
}

#[test]
fn an_answer_that_is_lost_is_looked_for_in_the_account() {
    let account = account();
    let lost = Fault::new(FaultKind::DropAfter);
    account
        .endpoint
        .fault(lost.action("UpdateAccessKey").times(1));
    let ran = run_at(&account, &["deactivate", NEVER, "--yes"]);
    // It is known after all.
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(became(&ran), [told(NEVER, "done", "Inactive")]);
    let why = ran.lines()[0]["reason"].as_str().unwrap().to_owned();
    assert!(why.contains("AWS confirms: Inactive"), "{why}");
    assert_eq!(sent(&account), [NEVER]);
}

#[test]
fn an_outcome_that_is_not_known_is_said_and_stops_the_others() {
    let account = account();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let lost = Fault::new(FaultKind::DropBefore);
    account
        .endpoint
        .fault(lost.action("UpdateAccessKey").user("deploy-bot"));
    let args = ["deactivate", USED, NEVER, "--yes"];
    let ran = Ran::of(journaled(&account, &path, &args).output().unwrap());
    assert_eq!(ran.code, 5, "{}", ran.err);
    let all = became(&ran);
    assert_eq!(
        all,
        [
            told(USED, "unknown", "Active"),
            told(NEVER, "skipped", "Active")
        ]
    );
    assert!(ran.err.contains("its answer was lost"), "{}", ran.err);
    assert_eq!(sent(&account), [USED]);
    // The next one is told of it.
    account.endpoint.clear_faults();
    let args = ["deactivate", NEVER, "--yes"];
    let ran = Ran::of(journaled(&account, &path, &args).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("1 change of an earlier run was left open"),
        "{}",
        ran.err
    );
    assert_eq!(sent(&account), [USED, NEVER]);
    let action = || "iam:UpdateAccessKey".to_owned();
    assert_eq!(
        journal(&path),
        [
            (action(), USED.to_owned(), "unknown".to_owned()),
            (action(), NEVER.to_owned(), "done".to_owned())
        ]
    );
}

#[test]
fn without_a_journal_that_can_be_written_nothing_is_changed() {
    let account = account();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let path = file.join("journal.jsonl");
    let args = ["deactivate", NEVER, "--yes"];
    let ran = Ran::of(journaled(&account, &path, &args).output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert_eq!(became(&ran), [told(NEVER, "skipped", Value::Null)]);
    assert!(
        ran.err.contains("no journal, so nothing can be changed"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("--no-journal"), "{}", ran.err);
    assert!(sent(&account).is_empty());
}

#[test]
fn read_only_refuses_and_so_does_what_nobody_can_confirm() {
    let account = account();
    let ran = run_at(&account, &["deactivate", NEVER, "--yes", "--read-only"]);
    assert_eq!(ran.code, 1);
    assert_eq!(became(&ran), [told(NEVER, "skipped", Value::Null)]);
    assert!(sent(&account).is_empty());
    assert!(ran.err.contains("--read-only"), "{}", ran.err);
    let credentials = account.endpoint.sdk_credentials();
    let output = Command::new("setsid")
        .args(["--wait", env!("CARGO_BIN_EXE_iamkeys"), "deactivate", NEVER])
        .args(["--endpoint-url", &account.url(), "--no-journal"])
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
        .stdin(Stdio::null())
        .output();
    let ran = Ran::of(output.unwrap());
    assert_eq!((ran.code, &*ran.out), (2, ""), "{}", ran.err);
    assert!(ran.err.contains("Pass --yes"), "{}", ran.err);
    assert!(sent(&account).is_empty());
}

#[test]
fn keys_of_two_accounts_are_changed_in_theirs() {
    let served = Served::of(&Endpoint::demo_organisation(Utc::now()));
    let args = ["deactivate", NEVER, AWAY, "--yes", "--all-accounts"];
    let ran = run_at(&served, &args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines = ran.lines();
    assert_eq!(lines[0]["account_name"], "acme-prod");
    assert_eq!(lines[1]["account_name"], "acme-dev");
    for key in [NEVER, AWAY] {
        assert_eq!(status(&served, key), Some(Status::Inactive), "{key}");
    }
    assert_eq!(sent(&served), [NEVER, AWAY]);
}

#[test]
fn a_reader_that_is_gone_ends_no_change() {
    let account = account();
    let mut child = at(&account, &["deactivate", NEVER, USED, "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.code, &*ran.err), (0, ""));
    assert_eq!(sent(&account), [NEVER, USED]);
}

#[test]
fn an_interrupt_before_anything_is_sent_sends_nothing() {
    let account = account();
    let never = Fault::new(FaultKind::Delay(Duration::from_hours(1)));
    account.endpoint.fault(never.action("ListAccessKeys"));
    let child = at(&account, &["deactivate", NEVER, "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let asked = |action: &str| {
        let calls = account.endpoint.calls();
        calls.iter().any(|call| call.action == action)
    };
    wait("a look", || asked("ListAccessKeys"));
    interrupt(&child);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}", ran.err);
    assert_eq!(became(&ran), [told(NEVER, "skipped", Value::Null)]);
    assert!(sent(&account).is_empty());
}

#[test]
fn an_interrupt_while_a_change_is_under_way_waits_for_it_and_begins_no_other() {
    let account = account();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let slow = Fault::new(FaultKind::Delay(Duration::from_millis(1_500)));
    account.endpoint.fault(slow.action("UpdateAccessKey"));
    let child = journaled(&account, &path, &["deactivate", NEVER, USED, "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait("a change", || sent(&account) == [NEVER]);
    interrupt(&child);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}", ran.err);
    assert!(ran.err.contains("waiting for its answer"), "{}", ran.err);
    assert_eq!(
        became(&ran),
        [
            told(NEVER, "done", "Inactive"),
            told(USED, "skipped", "Active")
        ]
    );
    assert_eq!(sent(&account), [NEVER]);
    let all = journal(&path);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].2, "done");
}

#[test]
fn a_second_interrupt_does_not_wait_and_says_what_is_not_known() {
    let account = account();
    let never = Fault::new(FaultKind::Delay(Duration::from_hours(1)));
    account.endpoint.fault(never.action("UpdateAccessKey"));
    let mut child = at(&account, &["deactivate", NEVER, "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait("a change", || sent(&account) == [NEVER]);
    interrupt(&child);
    let mut said = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    assert!(line.contains("waiting for its answer"), "{line}");
    interrupt(&child);
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut said, &mut rest).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 5, "{rest}");
    assert_eq!(became(&ran), [told(NEVER, "unknown", "Active")]);
    assert!(rest.contains("not known: deactivating"), "{rest}");
    assert_eq!(sent(&account), [NEVER]);
}

#[test]
fn what_was_done_is_printed_whichever_signal_ends_it() {
    for format in ["json", "table", "jsonl"] {
        let account = account();
        let never = Fault::new(FaultKind::Delay(Duration::from_hours(1)));
        let never = never.action("UpdateAccessKey").user("deploy-bot");
        account.endpoint.fault(never);
        let args = [
            "deactivate",
            NEVER,
            USED,
            GRAFANA,
            "--yes",
            "--format",
            format,
        ];
        let child = at(&account, &args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait("the second change", || sent(&account) == [NEVER, USED]);
        let id = i32::try_from(child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 5, "{}", ran.err);
        for (key, outcome) in [(NEVER, "done"), (USED, "unknown"), (GRAFANA, "skipped")] {
            assert!(ran.out.contains(key), "{format}: {}", ran.out);
            assert!(ran.out.contains(outcome), "{format}: {}", ran.out);
        }
    }
    // Before anything is sent it is the signal that is told.
    let account = account();
    let never = Fault::new(FaultKind::Delay(Duration::from_hours(1)));
    account.endpoint.fault(never.action("ListAccessKeys"));
    let child = at(&account, &["deactivate", NEVER, "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait("a look", || {
        let calls = account.endpoint.calls();
        calls.iter().any(|call| call.action == "ListAccessKeys")
    });
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 143, "{}", ran.err);
    assert_eq!(became(&ran)[0].1, "skipped");
}

#[test]
fn what_turns_out_different_is_not_confirmed_by_yes() {
    let account = account();
    // What the account is called is waited for once the key is found.
    let slow = Fault::new(FaultKind::Delay(Duration::from_millis(1_500)));
    account.endpoint.fault(slow.action("ListAccountAliases"));
    let child = at(&account, &["deactivate", USED, "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait("the key", || {
        let calls = account.endpoint.calls();
        calls.iter().any(|call| call.action == "ListAccessKeys")
    });
    let switch = |it: &mut iamkeys::demo::Account| it.set_key_status(OTHER, Status::Inactive);
    assert!(account.endpoint.account(switch));
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert_eq!(became(&ran), [told(USED, "skipped", "Active")]);
    assert!(ran.err.contains("Decide again"), "{}", ran.err);
    assert_eq!(sent(&account), [""; 0]);
}

/// The program in a terminal, with these arguments.
fn in_terminal(account: &Served, args: &[&str]) -> Start {
    let start = account.start(None).size(160, 40);
    args.iter().fold(start, Start::arg)
}

#[test]
fn a_person_sees_what_is_at_stake_and_confirms_it() {
    let account = account();
    let mut program = in_terminal(&account, &["deactivate", USED]).run();
    program.wait_text("Deactivate? [y/N]");
    program.wait_text(&format!("Deactivate {USED} of deploy-bot"));
    program.wait_text("in acme-prod 123456789012 (production)");
    program.wait_text("Active, used 2 hours ago");
    program.wait_text("Anything using it will fail immediately. You can reactivate it.");
    assert!(sent(&account).is_empty());
    program.press("y\r");
    program.wait_text(&format!("to take it back: iamkeys activate {USED}"));
    program.wait_exit().assert_clean(0);
    assert_eq!(status(&account, USED), Some(Status::Inactive));
}

#[test]
fn whoever_does_not_confirm_changes_nothing() {
    let account = account();
    for answer in ["n\r", "\r", "yes please\r"] {
        let mut program = in_terminal(&account, &["deactivate", NEVER]).run();
        program.wait_text("Deactivate? [y/N]");
        program.press(answer);
        program.wait_text("not confirmed: nothing was changed");
        program.wait_exit().assert_clean(1);
    }
    let mut program = in_terminal(&account, &["deactivate", NEVER]).run();
    program.wait_text("Deactivate? [y/N]");
    program.press("\x03");
    program.wait_exit().assert_clean(130);
    assert!(sent(&account).is_empty());
}

#[test]
fn what_the_screen_wants_typed_is_typed_here() {
    let account = account();
    // An Active key is deleted only where its end is typed.
    let mut program = in_terminal(&account, &["delete", NEVER]).run();
    program.wait_text("Type the last 4 characters of the key ID:");
    program.press("y\r");
    program.wait_text("not confirmed");
    program.wait_exit().assert_clean(1);
    let mut program = in_terminal(&account, &["delete", NEVER]).run();
    program.wait_text("Type the last 4 characters of the key ID:");
    program.wait_text("It is the only active key of old-batch.");
    program.press("h001\r");
    program.wait_exit().assert_clean(0);
    assert_eq!(status(&account, NEVER), None);
    // So is the key that is signed in with.
    let mut program = in_terminal(&account, &["deactivate", OWN]).run();
    program.wait_text("iamkeys is signed in with it: the session ends.");
    program.wait_text("Type the last 4 characters of the key ID:");
    program.press("\r");
    program.wait_exit().assert_clean(1);
    assert_eq!(sent(&account), [NEVER]);
}

#[test]
fn several_keys_are_confirmed_by_their_number_and_the_name_of_production() {
    let account = account();
    let args = ["deactivate", NEVER, USED, OTHER];
    let mut program = in_terminal(&account, &args).run();
    program.wait_text("Type the number of keys and the name of the production account, acme-prod");
    program.wait_text("These are all active keys of deploy-bot.");
    program.press("3\r");
    program.wait_text("not confirmed");
    program.wait_exit().assert_clean(1);
    assert!(sent(&account).is_empty());
    let mut program = in_terminal(&account, &args).run();
    program.wait_text("Type the number of keys");
    program.press("3 acme-prod\r");
    program.wait_exit().assert_clean(0);
    assert_eq!(sent(&account), [NEVER, USED, OTHER]);
}

#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    let account = account();
    let slow = Fault::new(FaultKind::Delay(Duration::from_secs(1)));
    account.endpoint.fault(slow.action("GetAccessKeyLastUsed"));
    let mut program = in_terminal(&account, &["deactivate", NEVER]).run();
    let asked = || {
        let calls = account.endpoint.calls();
        calls
            .iter()
            .any(|call| call.action == "GetAccessKeyLastUsed")
    };
    wait("a look", asked);
    program.send(b"y\r");
    program.wait_text("Deactivate? [y/N]");
    program.press("n\r");
    program.wait_text("not confirmed");
    program.wait_exit().assert_clean(1);
    assert!(sent(&account).is_empty());
}

#[test]
fn the_demo_changes_its_own() {
    let ran = demo(&["deactivate", NEVER, "--yes", "--format", "table"]).well();
    assert!(ran.out.contains("done"), "{}", ran.out);
}

/// What became of a change is not known: another one would be sent beside it.
#[test]
fn a_key_with_an_open_change_is_left_alone() {
    let account = account();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let lost = Fault::new(FaultKind::DropBefore).action("UpdateAccessKey");
    account.endpoint.fault(lost.times(1));
    let args = ["deactivate", NEVER, "--yes"];
    let run = || Ran::of(journaled(&account, &path, &args).output().unwrap());
    assert_eq!(run().code, 5);
    let times = sent(&account).len();
    let ran = run();
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert_eq!(ran.lines()[0]["outcome"], "skipped");
    assert!(
        ran.err.contains("an earlier change of it is open"),
        "{}",
        ran.err
    );
    assert_eq!(sent(&account).len(), times, "it is not sent again");
    let outcomes: Vec<String> = journal(&path).into_iter().map(|(_, _, it)| it).collect();
    assert_eq!(outcomes, ["unknown"], "it stays open");
}
