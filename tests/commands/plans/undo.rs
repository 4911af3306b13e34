//! A plan is taken back where not all goes well.

use super::{Desk, count, included, saved, signal, wait};
use crate::Ran;
use chrono::Utc;
use iamkeys::demo::{Fault, FaultKind, Status};
use rustix::process::Signal;
use std::time::Duration;

const UNDO: &[&str] = &["plan", "undo", "plan.json", "--all-accounts", "--yes"];

/// Three accounts, and a plan over their keys that was carried out.
fn applied(users: usize) -> (Desk, Vec<String>) {
    let desk = Desk::of_three(users);
    let keys = apply(&desk, &["--all-accounts"]);
    (desk, keys)
}

fn apply(desk: &Desk, accounts: &[&str]) -> Vec<String> {
    let filter = "status:active unused>=90";
    let args = ["plan", "deactivate", filter, "-o", "plan.json"];
    assert_eq!(desk.run(&[&args, accounts].concat()).code, 0);
    let keys = included(&saved(&desk.path("plan.json")));
    let args = ["plan", "apply", "plan.json", "--yes"];
    let ran = desk.run(&[&args, accounts].concat());
    assert_eq!(count(&ran, "done"), keys.len(), "{}", ran.err);
    keys
}

fn are_active(desk: &Desk, keys: &[String]) -> usize {
    let active = |key: &&String| desk.status(key) == Some(Status::Active);
    keys.iter().filter(active).count()
}

#[test]
fn throttling_throughout_makes_it_slower_and_no_more() {
    let (desk, keys) = applied(6);
    for (action, every) in [("UpdateAccessKey", 4), ("ListAccessKeys", 6)] {
        let throttled = Fault::new(FaultKind::Throttle).action(action);
        desk.served.endpoint.fault(throttled.one_in(every));
    }
    let ran = desk.run(UNDO);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(count(&ran, "done"), keys.len());
    assert_eq!(are_active(&desk, &keys), keys.len());
}

#[test]
fn half_of_the_accounts_denied_leaves_their_keys_alone_and_says_so() {
    let (desk, keys) = applied(20);
    let denied = &desk.served.endpoint.account_ids()[1];
    let refuse = Fault::new(FaultKind::Refuse).in_account(denied);
    desk.served.endpoint.fault(refuse.action("ListAccessKeys"));
    let ran = desk.run(&["plan", "show", "plan.json", "--compare", "--all-accounts"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("not compared"), "{}", ran.err);
    let ran = desk.run(UNDO);
    assert_eq!(ran.code, 4, "{}", ran.err);
    let lines = ran.lines();
    let (theirs, others): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line["account"] == **denied);
    assert!(theirs.len() > 3 && others.len() > 3, "{}", ran.out);
    for line in theirs {
        assert_eq!(line["outcome"], "skipped");
        let why = line["reason"].as_str().unwrap();
        assert!(
            why.starts_with("not known whether it is Inactive: "),
            "{why}"
        );
    }
    assert!(others.iter().all(|line| line["outcome"] == "done"));
    assert_eq!(are_active(&desk, &keys), others.len());
}

/// Each makes a plan of its own of it, and may have looked before the other was kept.
#[test]
fn of_two_at_once_no_key_is_sent_by_both() {
    let (desk, keys) = applied(20);
    let slow = Fault::new(FaultKind::Delay(Duration::from_millis(50)));
    desk.served.endpoint.fault(slow.action("UpdateAccessKey"));
    let both = [desk.begin(UNDO), desk.begin(UNDO)];
    let ended = both.map(|child| Ran::of(child.wait_with_output().unwrap()));
    let done: usize = ended.iter().map(|ran| count(ran, "done")).sum();
    let late = ended.iter().filter(|ran| count(ran, "done") == 0);
    for ran in late.clone() {
        // It came after the other had ended, or saw it.
        let is_told = ran.err.contains("another iamkeys carries this plan out");
        assert!(
            is_told || count(ran, "already") == keys.len(),
            "{}",
            ran.err
        );
    }
    assert!(late.count() >= 1, "{} {}", ended[0].err, ended[1].err);
    // Where each has seen the other, neither has begun.
    assert!(done == keys.len() || done == 0, "{done}");
    let twice: Vec<_> = desk
        .sent()
        .into_iter()
        .filter(|(_, times)| *times > 2)
        .collect();
    assert!(twice.is_empty(), "{twice:?}");
    let ran = desk.run(UNDO);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(count(&ran, "done"), keys.len() - done);
    assert_eq!(are_active(&desk, &keys), keys.len());
}

#[test]
fn an_interrupt_while_a_lost_answer_is_looked_into_ends_with_5() {
    let account = iamkeys::demo::Account::generated(60, Utc::now());
    let desk = Desk::new(crate::served(account));
    let keys = apply(&desk, &[]);
    let endpoint = &desk.served.endpoint;
    let before = endpoint.calls().len();
    let slow = Fault::new(FaultKind::Delay(Duration::from_millis(700)));
    endpoint.fault(slow.action("UpdateAccessKey").times(1));
    let lost = Fault::new(FaultKind::DropAfter);
    endpoint.fault(lost.action("UpdateAccessKey").times(1));
    let child = desk.begin(&["plan", "undo", "plan.json", "--yes"]);
    let asked = |action: &str, from: usize| {
        let calls = endpoint.calls();
        calls[from..].iter().any(|call| call.action == action)
    };
    wait("a change", || asked("UpdateAccessKey", before));
    // What has become of it cannot be told now.
    let then = endpoint.calls().len();
    let hangs = Fault::new(FaultKind::Delay(Duration::from_mins(2)));
    endpoint.fault(hangs.action("ListAccessKeys"));
    wait("the look", || asked("ListAccessKeys", then));
    signal(&child, Signal::INT);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(count(&ran, "unknown") >= 1, "{}", ran.out);
    assert_eq!(ran.lines().len(), keys.len(), "each is told of");
    assert_eq!(count(&ran, "failed"), 0, "{}", ran.out);
}
