//! Plans over many keys from the shell: made, saved, shown, carried out once and taken back.

use crate::{
    Ran, account, iamkeys, run_at, schema,
    schema::{defined, faults},
    served::Served,
};
use chrono::Utc;
use iamkeys::{
    commands::columns,
    demo::{Endpoint, Fault, FaultKind, LastUsed, Role, Status},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

#[path = "plans/undo.rs"]
mod undo;

/// Never used, the only key of its user.
const NEVER: &str = "AKIAQX7DEMO4BATCH001";

/// What may change something in the other accounts.
const ADMIN: &str = "OrganizationAccountAccessRole";

/// A place for plans and a journal, and an account.
struct Desk {
    served: Served,
    folder: TempDir,
    /// Whether the role is named that may change something in other accounts.
    role: bool,
}

impl Desk {
    fn new(served: Served) -> Self {
        Self {
            served,
            folder: tempfile::tempdir().expect("a directory"),
            role: false,
        }
    }

    /// Three accounts with so many users each.
    fn of_three(users: usize) -> Self {
        let endpoint = Endpoint::generated(3, users, Utc::now());
        let endpoint = endpoint.with_report_time(chrono::TimeDelta::zero());
        // The auditor's role, which all of them have, changes nothing.
        for id in endpoint.account_ids() {
            let admin = Role::new(ADMIN).trusting("123456789012");
            endpoint.in_account(&id, |account| account.add_role(admin));
        }
        Self {
            role: true,
            ..Self::new(Served::of(&endpoint))
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with a journal here.
    fn command(&self, args: &[&str]) -> Command {
        let credentials = self.served.endpoint.sdk_credentials();
        let mut command = iamkeys(args);
        if self.role {
            command.args(["--role", ADMIN]);
        }
        command
            .args(["--endpoint-url", &self.served.url(), "--journal"])
            .arg(self.path("journal.jsonl"))
            .current_dir(self.folder.path())
            .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
            .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().expect("it runs"))
    }

    fn begin(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        piped.spawn().expect("it starts")
    }

    /// How often each key was changed, or asked to be.
    fn sent(&self) -> BTreeMap<String, usize> {
        let mut sent = BTreeMap::new();
        for call in self.served.endpoint.calls() {
            if ["UpdateAccessKey", "DeleteAccessKey"].contains(&call.action.as_str()) {
                *sent.entry(call.key_id.unwrap_or_default()).or_default() += 1;
            }
        }
        sent
    }

    fn status(&self, id: &str) -> Option<Status> {
        let ids = self.served.endpoint.account_ids();
        ids.iter().find_map(|account| {
            let of = |account: &mut iamkeys::demo::Account| Some(account.key(id)?.1.status);
            self.served.endpoint.in_account(account, of)
        })
    }
}

/// The keys of a plan that are to be changed.
fn included(plan: &Value) -> Vec<String> {
    let keys = plan["keys"].as_array().expect("keys").iter();
    let keys = keys.filter(|key| key["included"] == true);
    keys.map(|key| key["key_id"].as_str().expect("an ID").to_owned())
        .collect()
}

fn saved(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("a plan")).expect("JSON")
}

/// How many keys have this outcome.
fn count(ran: &Ran, outcome: &str) -> usize {
    let lines = ran.lines();
    lines
        .iter()
        .filter(|line| line["outcome"] == outcome)
        .count()
}

#[track_caller]
fn wait(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < until, "waited for {what} in vain");
        thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

#[test]
fn a_plan_is_printed_as_it_is_saved() {
    let desk = Desk::new(account());
    let ran = desk.run(&["plan", "deactivate", "status:active"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let plan = ran.document();
    let schema = schema("plan-1");
    let faults = faults(&schema, &schema, &plan);
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(
        (&plan["format"], &plan["version"]),
        (&json!("iamkeys-plan"), &json!(1))
    );
    // What is in use, the last one, and the one that is signed in with are held back.
    let included = included(&plan);
    assert!(included.contains(&NEVER.to_owned()), "{included:?}");
    assert!(!included.contains(&"AKIAQX7DEMO4ALICE001".to_owned()));
    assert!(ran.err.contains("left out: "), "{}", ran.err);
    assert!(ran.err.contains("1 your own key"), "{}", ran.err);
    // It can be carried out from there.
    std::fs::write(desk.path("plan.json"), &ran.out).unwrap();
    let applied = desk.run(&["plan", "apply", "plan.json", "--yes"]);
    assert_eq!(applied.code, 0, "{}", applied.err);
    assert_eq!(count(&applied, "done"), included.len());
}

#[test]
fn a_plan_is_saved_as_a_new_file_and_replaces_none() {
    let desk = Desk::new(account());
    let args = ["plan", "deactivate", "never", "-o", "plan.json"];
    let ran = desk.run(&args);
    assert_eq!((ran.code, &*ran.out), (0, ""), "{}", ran.err);
    let path = desk.path("plan.json");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::read(&path).unwrap();
    let ran = desk.run(&args);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("exists, and is not overwritten"),
        "{}",
        ran.err
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(desk.sent().is_empty());
}

#[test]
fn a_filter_that_nothing_passes_makes_a_plan_that_does_nothing() {
    let desk = Desk::new(account());
    let args = [
        "plan",
        "delete",
        "user:nobody-of-this-name",
        "-o",
        "plan.json",
    ];
    assert_eq!(desk.run(&args).code, 0);
    let ran = desk.run(&["plan", "apply", "plan.json", "--yes"]);
    assert_eq!((ran.code, &*ran.out), (0, ""), "{}", ran.err);
    assert!(ran.err.contains("nothing is to be done"), "{}", ran.err);
}

#[test]
fn what_is_not_known_is_not_in_a_plan_and_is_said() {
    let desk = Desk::new(account());
    let refuse = Fault::new(FaultKind::Refuse);
    desk.served
        .endpoint
        .fault(refuse.action("ListAccessKeys").user("old-batch"));
    let ran = desk.run(&["plan", "deactivate", "never"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(!included(&ran.document()).contains(&NEVER.to_owned()));
    assert!(ran.err.contains("not in the plan"), "{}", ran.err);
}

#[test]
fn a_plan_is_shown_without_an_account_and_with_what_is_different_now() {
    let desk = Desk::new(account());
    desk.run(&["plan", "deactivate", "never", "-o", "plan.json"]);
    let asked = desk.served.endpoint.calls().len();
    let ran = desk.run(&["plan", "show", "plan.json", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(
        desk.served.endpoint.calls().len(),
        asked,
        "nothing is asked"
    );
    let (document, schema) = (ran.document(), schema("plan-keys"));
    let faults = faults(&schema, &schema, &document);
    assert!(faults.is_empty(), "{faults:#?}");
    let required = defined(&schema, "key")["required"].as_array().unwrap();
    let required: Vec<&str> = required.iter().filter_map(Value::as_str).collect();
    assert_eq!(required, columns::PLAN);
    let keys = document["keys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key["difference"].is_null()));
    run_at(&desk.served, &["deactivate", NEVER, "--yes"]).well();
    let ran = desk.run(&["plan", "show", "plan.json", "--compare"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines = ran.lines();
    let key = lines.iter().find(|line| line["key_id"] == NEVER).unwrap();
    assert_eq!(key["difference"], "already Inactive");
}

/// A question about the keys of a user takes the place of another that is under way.
#[test]
fn both_keys_of_a_user_are_compared() {
    let account = iamkeys::demo::Account::generated(60, Utc::now());
    let desk = Desk::new(crate::served(account));
    desk.run(&["plan", "deactivate", "user:*", "-o", "plan.json"]);
    let plan = saved(&desk.path("plan.json"));
    let mut users = BTreeMap::new();
    for key in plan["keys"].as_array().unwrap() {
        *users.entry(key["user"].as_str().unwrap()).or_insert(0) += 1;
    }
    assert!(users.values().filter(|count| **count > 1).count() > 5);
    let ran = desk.run(&["plan", "show", "plan.json", "--compare"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn a_plan_that_is_wrong_is_refused_before_anything_is_asked() {
    let desk = Desk::new(account());
    desk.run(&["plan", "deactivate", "never", "-o", "plan.json"]);
    let text = std::fs::read_to_string(desk.path("plan.json")).unwrap();
    let asked = desk.served.endpoint.calls().len();
    for (name, text, why) in [
        (
            "hash.json",
            text.replace("old-batch", "new-batch"),
            "it was changed since it was saved",
        ),
        (
            "version.json",
            text.replace("\"version\": 1", "\"version\": 2"),
            "it has version 2",
        ),
        ("text.json", "no plan".into(), "not valid JSON"),
        (
            "other.json",
            "{\"format\":\"x\",\"version\":1}".into(),
            "not a plan of iamkeys",
        ),
        ("field.json", text.replace("\"why\"", "\"because\""), "line"),
    ] {
        std::fs::write(desk.path(name), text).unwrap();
        for task in ["show", "apply", "undo"] {
            let ran = desk.run(&["plan", task, name]);
            assert_eq!((ran.code, &*ran.out), (1, ""), "{task} {name}: {}", ran.err);
            assert!(
                ran.err.contains(why) && ran.err.contains(name),
                "{name}: {}",
                ran.err
            );
        }
    }
    let ran = desk.run(&["plan", "apply", "none.json"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("none.json"), "{}", ran.err);
    assert_eq!(
        desk.served.endpoint.calls().len(),
        asked,
        "nothing is asked"
    );
}

#[test]
fn a_plan_for_another_account_changes_nothing() {
    let (desk, other) = (Desk::new(account()), account());
    desk.run(&["plan", "deactivate", "never", "-o", "plan.json"]);
    let path = desk.path("plan.json");
    let args = ["plan", "apply", path.to_str().unwrap(), "--yes"];
    let ran = run_at(&other, &args);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let lines = ran.lines();
    assert!(!lines.is_empty());
    assert!(lines.iter().all(|line| line["outcome"] == "skipped"));
    // The same account, at another endpoint.
    assert!(
        ran.err.contains("No account of this plan is open")
            || ran.err.contains("the account open here"),
        "{}",
        ran.err
    );
}

#[test]
fn nobody_who_confirms_it_and_read_only_change_nothing() {
    let desk = Desk::new(account());
    desk.run(&["plan", "deactivate", "never", "-o", "plan.json"]);
    let ran = desk.run(&["plan", "apply", "plan.json", "--yes", "--read-only"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let lines = ran.lines();
    assert!(!lines.is_empty());
    assert!(lines.iter().all(|line| line["outcome"] == "skipped"));
    let credentials = desk.served.endpoint.sdk_credentials();
    let output = Command::new("setsid")
        .args([
            "--wait",
            env!("CARGO_BIN_EXE_iamkeys"),
            "plan",
            "apply",
            "plan.json",
        ])
        .args(["--no-journal", "--endpoint-url", &desk.served.url()])
        .current_dir(desk.folder.path())
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
        .stdin(Stdio::null())
        .output();
    let ran = Ran::of(output.unwrap());
    assert_eq!((ran.code, &*ran.out), (2, ""), "{}", ran.err);
    assert!(ran.err.contains("Pass --yes"), "{}", ran.err);
    assert!(desk.sent().is_empty());
    // What only reads may be done.
    let ran = desk.run(&["plan", "deactivate", "never", "--read-only"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn hundreds_of_keys_in_three_accounts_each_once_and_back() {
    let desk = Desk::of_three(250);
    let args = [
        "plan",
        "deactivate",
        "status:active unused>=90",
        "--all-accounts",
        "-o",
        "plan.json",
    ];
    let ran = desk.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let plan = saved(&desk.path("plan.json"));
    let keys = included(&plan);
    assert!(keys.len() > 250, "{}", keys.len());
    assert_eq!(plan["accounts"].as_array().unwrap().len(), 3);
    let args = ["plan", "apply", "plan.json", "--all-accounts", "--yes"];
    let ran = desk.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(count(&ran, "done"), keys.len());
    let each_once: BTreeMap<String, usize> = keys.iter().map(|key| (key.clone(), 1)).collect();
    assert_eq!(desk.sent(), each_once);
    assert!(
        keys.iter()
            .all(|key| desk.status(key) == Some(Status::Inactive))
    );
    // Once more, nothing is left, and nothing is sent.
    let again = desk.run(&args);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(count(&again, "already"), keys.len());
    assert!(
        again.err.contains("may have been applied before"),
        "{}",
        again.err
    );
    assert_eq!(desk.sent(), each_once);
    // And back.
    let args = ["plan", "undo", "plan.json", "--all-accounts", "--yes"];
    let ran = desk.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(count(&ran, "done"), keys.len());
    assert!(ran.lines().iter().all(|line| line["action"] == "activate"));
    assert!(
        keys.iter()
            .all(|key| desk.status(key) == Some(Status::Active))
    );
    assert!(desk.sent().values().all(|times| *times == 2));
    let ran = desk.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(count(&ran, "already"), keys.len());
    // Nothing is left over beside the journal.
    let left = std::fs::read_dir(desk.folder.path()).unwrap();
    let names = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept: Vec<String> = names.filter(|name| name.contains(".plan-")).collect();
    assert!(kept.is_empty(), "{kept:?}");
}

/// What is confirmed is what is left to be changed, in each account, too.
#[test]
fn what_is_so_already_or_gone_is_not_counted_among_what_is_changed() {
    let account = iamkeys::demo::Account::generated(60, Utc::now());
    let desk = Desk::new(crate::served(account));
    desk.run(&["plan", "deactivate", "unused>=90", "-o", "plan.json"]);
    let keys = included(&saved(&desk.path("plan.json")));
    let [off, gone, ..] = &keys[..] else {
        panic!("{keys:?}");
    };
    run_at(&desk.served, &["deactivate", off, gone, "--yes"]).well();
    run_at(&desk.served, &["delete", gone, "--yes"]).well();
    let ran = desk.run(&["plan", "apply", "plan.json", "--yes"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    let all = keys.len();
    let line = format!(": {} of {all} keys", all - 2);
    assert!(ran.err.contains(&line), "{}", ran.err);
    let ran = desk.run(&["plan", "apply", "plan.json", "--yes"]);
    assert_eq!(count(&ran, "already"), all - 1, "{}", ran.out);
    assert!(!ran.err.contains("all of it is so already"), "{}", ran.err);
    assert!(
        ran.err.contains("nothing is left to be done"),
        "{}",
        ran.err
    );
}

#[test]
fn an_undo_elsewhere_is_confirmed_in_the_terminal() {
    let desk = Desk::new(account());
    desk.run(&["plan", "deactivate", "never", "-o", "plan.json"]);
    assert_eq!(desk.run(&["plan", "apply", "plan.json", "--yes"]).code, 0);
    let path = desk.path("plan.json");
    let ran = run_at(
        &desk.served,
        &["plan", "undo", path.to_str().unwrap(), "--yes"],
    );
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(
        ran.err.contains("the journal of this machine names no key")
            && ran.err.contains("confirm it in the terminal"),
        "{}",
        ran.err
    );
    assert_eq!(desk.status(NEVER), Some(Status::Inactive));
    let keys = included(&saved(&path));
    assert_eq!(count(&ran, "skipped"), keys.len());
    let start = desk.served.start(None).size(160, 40);
    let mut program = start.arg("plan").arg("undo").arg(&path).run();
    program.wait_text("those are taken that were Active when it was made");
    program.wait_text("Type the number of keys");
    program.press(&format!("{} acme-prod\r", keys.len()));
    program.wait_text(&format!("{} done", keys.len()));
    program.wait_exit().assert_clean(0);
    assert_eq!(desk.status(NEVER), Some(Status::Active));
}

#[test]
fn an_undo_of_an_unfinished_plan_ends_it() {
    let desk = Desk::of_three(40);
    let keys = interrupted(&desk);
    let done = desk.sent().len();
    assert!(done < keys.len());
    let args = ["plan", "undo", "plan.json", "--all-accounts", "--yes"];
    let ran = desk.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("to take it back ends it"), "{}", ran.err);
    assert_eq!(count(&ran, "done"), done);
    assert_eq!(count(&ran, "already"), keys.len() - done);
    // Applied once more, it is a plan that was never begun.
    let args = ["plan", "apply", "plan.json", "--all-accounts", "--yes"];
    let ran = desk.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(count(&ran, "done"), keys.len());
    assert!(
        keys.iter()
            .all(|key| desk.status(key) == Some(Status::Inactive))
    );
}

#[test]
fn what_someone_has_activated_between_two_runs_is_not_done() {
    let desk = Desk::of_three(40);
    let keys = interrupted(&desk);
    let sent = desk.sent();
    let back = sent.keys().next().expect("one was sent");
    for account in desk.served.endpoint.account_ids() {
        desk.served.endpoint.in_account(&account, |account| {
            account.set_key_status(back, Status::Active);
        });
    }
    let args = ["plan", "apply", "plan.json", "--all-accounts", "--yes"];
    let ran = desk.run(&args);
    assert_eq!(ran.code, 4, "{}", ran.err);
    let lines = ran.lines();
    let line = lines.iter().find(|line| line["key_id"] == **back).unwrap();
    assert_eq!(
        (&line["outcome"], &line["reason"]),
        (&json!("skipped"), &json!("Active now"))
    );
    assert_eq!(count(&ran, "already"), sent.len() - 1);
    assert_eq!(count(&ran, "done"), keys.len() - sent.len());
}

#[test]
fn keys_that_cannot_be_read_are_told_of() {
    let desk = Desk::new(account());
    desk.run(&["plan", "deactivate", "never", "-o", "plan.json"]);
    let keys = included(&saved(&desk.path("plan.json")));
    assert_eq!(desk.run(&["plan", "apply", "plan.json", "--yes"]).code, 0);
    let refuse = Fault::new(FaultKind::Refuse);
    desk.served.endpoint.fault(refuse.action("ListAccessKeys"));
    let ran = desk.run(&["plan", "undo", "plan.json", "--yes"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert_eq!(count(&ran, "skipped"), keys.len(), "{}", ran.out);
    assert!(
        ran.out.contains("not known whether it is Inactive"),
        "{}",
        ran.out
    );
    let ran = desk.run(&["plan", "show", "plan.json", "--compare"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("not compared"), "{}", ran.err);
}

/// Makes a plan over many keys, and interrupts it once some of them are done; says which it includes.
fn interrupted(desk: &Desk) -> Vec<String> {
    let args = [
        "plan",
        "deactivate",
        "status:active unused>=90",
        "--all-accounts",
        "-o",
        "plan.json",
    ];
    assert_eq!(desk.run(&args).code, 0);
    let slow = Fault::new(FaultKind::Delay(Duration::from_millis(100)));
    desk.served.endpoint.fault(slow.action("UpdateAccessKey"));
    let args = ["plan", "apply", "plan.json", "--all-accounts", "--yes"];
    let child = desk.begin(&args);
    wait("some keys", || desk.sent().len() > 8);
    signal(&child, Signal::INT);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}", ran.err);
    desk.served.endpoint.clear_faults();
    included(&saved(&desk.path("plan.json")))
}

#[test]
fn an_undo_leaves_alone_what_was_deactivated_by_somebody_else() {
    let desk = Desk::of_three(10);
    let args = [
        "plan",
        "deactivate",
        "status:active unused>=90",
        "--all-accounts",
        "-o",
        "plan.json",
    ];
    assert_eq!(desk.run(&args).code, 0);
    let keys = included(&saved(&desk.path("plan.json")));
    assert!(keys.len() > 1, "{keys:?}");
    // Before the plan came to it.
    for account in desk.served.endpoint.account_ids() {
        desk.served.endpoint.in_account(&account, |account| {
            account.set_key_status(&keys[0], Status::Inactive);
        });
    }
    let run = |task| desk.run(&["plan", task, "plan.json", "--all-accounts", "--yes"]);
    let ran = run("apply");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(count(&ran, "already"), 1);
    assert_eq!(count(&ran, "done"), keys.len() - 1);
    let ran = run("undo");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(count(&ran, "done"), keys.len() - 1);
    assert_eq!(desk.status(&keys[0]), Some(Status::Inactive));
}

#[test]
fn an_interrupt_pauses_it_and_the_same_command_goes_on() {
    let desk = Desk::of_three(40);
    let args = [
        "plan",
        "deactivate",
        "status:active unused>=90",
        "--all-accounts",
        "-o",
        "plan.json",
    ];
    assert_eq!(desk.run(&args).code, 0);
    let keys = included(&saved(&desk.path("plan.json")));
    let slow = Fault::new(FaultKind::Delay(Duration::from_millis(100)));
    desk.served.endpoint.fault(slow.action("UpdateAccessKey"));
    let args = ["plan", "apply", "plan.json", "--all-accounts", "--yes"];
    let child = desk.begin(&args);
    wait("some keys", || desk.sent().len() > 8);
    signal(&child, Signal::INT);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}", ran.err);
    assert!(
        ran.err.contains("plan apply plan.json goes on with it"),
        "{}",
        ran.err
    );
    let done = count(&ran, "done");
    assert!(done > 4 && done < keys.len(), "{done} of {}", keys.len());
    assert_eq!(done, desk.sent().len(), "what was sent was waited for");
    assert_eq!(ran.lines().len(), keys.len());
    desk.served.endpoint.clear_faults();
    let ran = desk.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("going on with the plan of an earlier run"),
        "{}",
        ran.err
    );
    assert_eq!(count(&ran, "already"), done);
    assert_eq!(count(&ran, "done"), keys.len() - done);
    let each_once: BTreeMap<String, usize> = keys.iter().map(|key| (key.clone(), 1)).collect();
    assert_eq!(desk.sent(), each_once);
}

#[test]
fn a_plan_that_was_killed_is_gone_on_with_and_another_one_is_told_of_it() {
    let desk = Desk::of_three(40);
    let args = [
        "plan",
        "deactivate",
        "status:active unused>=90",
        "--all-accounts",
        "-o",
        "plan.json",
    ];
    assert_eq!(desk.run(&args).code, 0);
    let keys = included(&saved(&desk.path("plan.json")));
    let other = ["plan", "delete", "status:inactive", "-o", "other.json"];
    assert_eq!(desk.run(&other).code, 0);
    let slow = Fault::new(FaultKind::Delay(Duration::from_millis(100)));
    desk.served.endpoint.fault(slow.action("UpdateAccessKey"));
    let args = ["plan", "apply", "plan.json", "--all-accounts", "--yes"];
    let mut child = desk.begin(&args);
    wait("some keys", || desk.sent().len() > 8);
    signal(&child, Signal::KILL);
    child.wait().unwrap();
    desk.served.endpoint.clear_faults();
    let ran = desk.run(&["plan", "apply", "other.json", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("not finished: the plan of an earlier run"),
        "{}",
        ran.err
    );
    let ran = desk.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("going on with the plan"), "{}", ran.err);
    assert!(
        keys.iter()
            .all(|key| desk.status(key) == Some(Status::Inactive))
    );
    // The one that was under way was sent before, and nothing is sent for what is so.
    assert!(
        desk.sent().values().all(|times| *times == 1),
        "{:?}",
        desk.sent()
    );
}

#[test]
fn two_at_once_do_not_both_carry_it_out() {
    let desk = Desk::of_three(40);
    let args = [
        "plan",
        "deactivate",
        "status:active unused>=90",
        "--all-accounts",
        "-o",
        "plan.json",
    ];
    assert_eq!(desk.run(&args).code, 0);
    let keys = included(&saved(&desk.path("plan.json")));
    let slow = Fault::new(FaultKind::Delay(Duration::from_millis(50)));
    desk.served.endpoint.fault(slow.action("UpdateAccessKey"));
    let args = ["plan", "apply", "plan.json", "--all-accounts", "--yes"];
    let (one, other) = (desk.begin(&args), desk.begin(&args));
    let ended = [one, other].map(|child| Ran::of(child.wait_with_output().unwrap()));
    let done: usize = ended.iter().map(|ran| count(ran, "done")).sum();
    assert_eq!(done, keys.len(), "{} {}", ended[0].err, ended[1].err);
    assert!(ended.iter().any(|ran| ran.code == 0));
    let late = ended
        .iter()
        .find(|ran| count(ran, "done") == 0)
        .expect("one of them");
    assert!(
        late.err.contains("another iamkeys carries this plan out"),
        "{}",
        late.err
    );
    assert!(
        desk.sent().values().all(|times| *times == 1),
        "{:?}",
        desk.sent()
    );
}

#[test]
fn what_has_changed_since_is_shown_and_left_alone() {
    let desk = Desk::new(account());
    desk.run(&["plan", "deactivate", "never", "-o", "plan.json"]);
    let keys = included(&saved(&desk.path("plan.json")));
    desk.served.endpoint.account(|account| {
        let used = LastUsed {
            at: Utc::now(),
            service: "s3".into(),
            region: "eu-west-1".into(),
        };
        assert!(account.set_last_used(NEVER, Some(used)));
    });
    let ran = desk.run(&["plan", "apply", "plan.json", "--yes"]);
    let all_left = keys.len() == 1;
    assert_eq!(ran.code, if all_left { 1 } else { 4 }, "{}", ran.err);
    assert!(
        ran.err
            .contains("since then: AKIAQX7DEMO4BATCH001 of old-batch: used since"),
        "{}",
        ran.err
    );
    assert_eq!(
        (count(&ran, "skipped"), count(&ran, "done")),
        (1, keys.len() - 1)
    );
    assert_eq!(desk.status(NEVER), Some(Status::Active));
    assert!(!desk.sent().contains_key(NEVER));
}

#[test]
fn an_account_that_refuses_is_paused_and_the_others_go_on() {
    let served = Served::of(
        &Endpoint::demo_organisation(Utc::now()).with_report_time(chrono::TimeDelta::zero()),
    );
    let desk = Desk::new(served);
    let args = [
        "plan",
        "deactivate",
        "never",
        "--all-accounts",
        "-o",
        "plan.json",
    ];
    assert_eq!(desk.run(&args).code, 4, "one account cannot be opened");
    // The auditor's role changes nothing in acme-data.
    let ran = desk.run(&["plan", "apply", "plan.json", "--all-accounts", "--yes"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    let lines = ran.lines();
    let of = |account: &'static str| {
        let of_it = lines
            .iter()
            .filter(move |line| line["account_name"] == account);
        of_it.map(|line| line["outcome"].as_str().unwrap_or_default())
    };
    assert!(of("acme-data").all(|outcome| outcome != "done"));
    assert!(of("acme-data").any(|outcome| outcome == "failed"));
    assert!(of("acme-dev").all(|outcome| outcome == "done"));
    assert!(ran.err.contains("iam:UpdateAccessKey"), "{}", ran.err);
    // Without the other accounts their keys are left out, and that is said.
    let ran = desk.run(&["plan", "apply", "plan.json", "--yes"]);
    assert!(
        ran.err.contains("in accounts that are not open"),
        "{}",
        ran.err
    );
    assert_eq!(ran.code, 4, "{}", ran.err);
}

#[test]
fn an_answer_that_is_lost_is_known_after_all_or_said() {
    let desk = Desk::new(account());
    desk.run(&["plan", "deactivate", "never", "-o", "plan.json"]);
    let keys = included(&saved(&desk.path("plan.json")));
    let lost = Fault::new(FaultKind::DropAfter).action("UpdateAccessKey");
    desk.served.endpoint.fault(lost.times(1));
    let ran = desk.run(&["plan", "apply", "plan.json", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(count(&ran, "done"), keys.len());
    assert!(desk.sent().values().all(|times| *times == 1));
    let lines = ran.lines();
    let mut lines = lines.iter();
    let line = lines
        .find(|line| !line["reason"].is_null())
        .expect("it is said");
    assert_eq!(
        (&line["status"], &line["reason"]),
        (
            &json!("Inactive"),
            &json!("its answer was lost. AWS confirms: Inactive.")
        )
    );
    assert_eq!(desk.run(&["plan", "undo", "plan.json", "--yes"]).code, 0);
    let lost = Fault::new(FaultKind::DropBefore).action("UpdateAccessKey");
    desk.served.endpoint.fault(lost.times(1));
    let ran = desk.run(&["plan", "apply", "plan.json", "--yes"]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert_eq!(count(&ran, "unknown"), 1);
    assert!(ran.err.contains("its answer was lost"), "{}", ran.err);
    // It may still be made, and is not sent beside itself.
    let sent = desk.sent();
    let ran = desk.run(&["plan", "apply", "plan.json", "--yes"]);
    assert_eq!(ran.code, if keys.len() == 1 { 1 } else { 4 }, "{}", ran.err);
    assert_eq!(count(&ran, "skipped"), 1, "{}", ran.out);
    assert!(
        ran.out.contains("an earlier change of it is open"),
        "{}",
        ran.out
    );
    assert_eq!(desk.sent(), sent);
    // Once the account shows it, it is known.
    let unknown = keys
        .iter()
        .find(|key| desk.status(key) == Some(Status::Active));
    let unknown = unknown.expect("it was not made").clone();
    desk.served.endpoint.account(|account| {
        assert!(account.set_key_status(&unknown, Status::Inactive));
    });
    let ran = desk.run(&["plan", "apply", "plan.json", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(desk.sent(), sent);
}

#[test]
fn a_person_types_the_number_and_the_name_of_production() {
    let desk = Desk::new(account());
    desk.run(&["plan", "deactivate", "never", "-o", "plan.json"]);
    let keys = included(&saved(&desk.path("plan.json")));
    let path = desk.path("plan.json");
    let start = || {
        let start = desk.served.start(None).size(160, 40);
        start.arg("plan").arg("apply").arg(&path)
    };
    let mut program = start().run();
    program.wait_text("Type the number of keys and the name of the production account, acme-prod");
    program.wait_text("acme-prod 123456789012 (production)");
    program.press(&format!("{}\r", keys.len()));
    program.wait_text("not confirmed: nothing was changed");
    program.wait_exit().assert_clean(1);
    assert!(desk.sent().is_empty());
    let mut program = start().run();
    program.wait_text("Type the number of keys");
    program.press(&format!("{} acme-prod\r", keys.len()));
    program.wait_text(&format!("{} done", keys.len()));
    program.wait_exit().assert_clean(0);
    assert_eq!(desk.sent().len(), keys.len());
}

#[test]
fn a_person_reads_a_plan_as_a_table() {
    let desk = Desk::new(account());
    let start = desk.served.start(None).size(200, 60);
    let mut program = start
        .arg("plan")
        .arg("deactivate")
        .arg("status:active")
        .run();
    program.wait_text("nothing was saved: -o FILE saves the plan");
    program.wait_text("your own key");
    let ended = program.wait_exit();
    ended.assert_clean(0);
    assert!(ended.screen.contains("held back"), "{}", ended.screen);
}
