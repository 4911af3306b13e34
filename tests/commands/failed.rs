//! A command that fails as a whole says so in the document that was asked for: a pipeline is not left with
//! nothing to read.

use crate::{
    Ran, account, at, demo, iamkeys, run_at, schema,
    schema::{defined, faults},
};
use iamkeys::demo::{Fault, FaultKind};
use serde_json::Value;

const KEY: &str = "AKIAQX7DEMO4BATCH001";
const NOBODYS: &str = "AKIAIOSFODNN7EXAMPLE";

/// What it has printed, held against its schema: it has failed, and says why.
#[track_caller]
fn failed(ran: &Ran, of: &str) -> Value {
    assert_eq!(ran.code, 1, "{}", ran.err);
    let (document, schema) = (ran.document(), schema(of));
    let faults = faults(&schema, &schema, &document);
    assert!(faults.is_empty(), "{faults:#?}");
    let why = document["error"].as_str().expect("why");
    assert!(!why.is_empty());
    document
}

#[test]
fn a_change_that_has_not_begun_says_so_in_its_document() {
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("plan.json");
    let plan = plan.to_str().unwrap();
    // Nothing can be made below a file.
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let no_journal = file.join("journal.jsonl");
    let no_journal = no_journal.to_str().unwrap();
    let made = demo(&["plan", "deactivate", "user:old-batch", "-o", plan]);
    assert_eq!(made.code, 0, "{}", made.err);
    for (of, rows, outcome, args) in [
        (
            "changes",
            "changes",
            "skipped",
            &["deactivate", KEY, NOBODYS][..],
        ),
        (
            "new_keys",
            "new_keys",
            "skipped",
            &["create", "grafana", "--to", "csv:x"],
        ),
        (
            "rotations",
            "rotations",
            "skipped",
            &["rotate", KEY, "--to", "csv:x"],
        ),
        (
            "rotations",
            "rotations",
            "skipped",
            &["rotate", "grafana", "--resume"],
        ),
        ("changes", "changes", "skipped", &["plan", "apply", plan]),
        ("changes", "changes", "skipped", &["plan", "undo", plan]),
    ] {
        let account = account();
        for (more, why) in [
            (&["--read-only"][..], "read-only"),
            (&["--journal", no_journal], "no journal"),
        ] {
            let credentials = account.endpoint.sdk_credentials();
            let mut command = iamkeys(&[args, &["--yes"][..], more].concat());
            command
                .args(["--endpoint-url", &account.url(), "--format", "json"])
                .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
                .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
            let ran = Ran::of(command.output().unwrap());
            let document = failed(&ran, of);
            let told = document["error"].as_str().unwrap().to_lowercase();
            assert!(told.contains(why), "{args:?}: {told}");
            let records = document[rows].as_array().unwrap();
            assert!(!records.is_empty(), "{args:?}");
            for record in records {
                assert_eq!(record["outcome"], outcome, "{args:?}");
                assert_eq!(record["reason"], document["error"], "{args:?}");
            }
        }
        // A line says the same.
        let ran = run_at(&account, &[args, &["--yes", "--read-only"][..]].concat());
        let schema = schema(of);
        let name = rows.strip_suffix('s').unwrap();
        for line in ran.lines() {
            let faults = faults(&schema, defined(&schema, name), &line);
            assert!(faults.is_empty(), "{args:?}: {faults:#?}");
            assert_eq!(line["outcome"], outcome);
        }
        assert!(!ran.lines().is_empty(), "{args:?}");
        let calls = account.endpoint.calls();
        let is_change = |action: &str| !["Get", "List"].iter().any(|of| action.starts_with(of));
        assert!(!calls.iter().any(|call| is_change(&call.action)));
    }
}

#[test]
fn what_was_named_and_is_not_there_is_in_the_document() {
    let account = account();
    for (of, rows, args) in [
        ("changes", "changes", &["deactivate", NOBODYS, "--yes"][..]),
        (
            "new_keys",
            "new_keys",
            &["create", "nobody", "--to", "csv:x", "--yes"],
        ),
        (
            "rotations",
            "rotations",
            &["rotate", "nobody", "--to", "csv:x", "--yes"],
        ),
        (
            "rotations",
            "rotations",
            &["rotate", NOBODYS, "--to", "csv:x", "--yes"],
        ),
        ("keys", "keys", &["find", NOBODYS]),
        ("failed", "incomplete", &["impact", NOBODYS]),
    ] {
        let ran = run_at(&account, &[args, &["--format", "json"]].concat());
        let document = failed(&ran, of);
        let records = document[rows].as_array().unwrap();
        if args.contains(&"--yes") {
            assert_eq!(records.len(), 1, "{args:?}");
            assert_eq!(records[0]["outcome"], "failed", "{args:?}");
        } else {
            assert!(records.is_empty(), "{args:?}");
        }
    }
    // A secret's destination is standard output: nothing else is printed there.
    for to in ["env", "json"] {
        let args = ["create", "nobody", "--to", to, "--yes", "--format", "json"];
        let ran = run_at(&account, &args);
        assert_eq!((ran.code, &*ran.out), (1, ""));
    }
}

#[test]
fn a_file_that_is_no_plan_is_told_in_the_document() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    std::fs::write(&file, "{}").unwrap();
    let file = file.to_str().unwrap();
    for (of, args) in [
        ("plan-keys", &["plan", "show", file][..]),
        ("plan-keys", &["plan", "show", file, "--compare"]),
        ("changes", &["plan", "apply", file, "--yes"]),
        ("changes", &["plan", "undo", file, "--yes"]),
    ] {
        let document = failed(&demo(&[args, &["--format", "json"]].concat()), of);
        assert!(document["error"].as_str().unwrap().contains("plan.json"));
        let ran = demo(&[args, &["--format", "jsonl"]].concat());
        assert_eq!((ran.code, &*ran.out), (1, ""));
    }
    failed(&demo(&["journal", "--format", "json"]), "journal");
}

#[test]
fn what_reads_says_where_nothing_could_be_read() {
    let reading = [
        ("keys", &["list"][..]),
        ("users", &["users"]),
        ("findings-1", &["check"]),
        ("keys", &["find", KEY]),
        ("failed", &["impact", KEY]),
    ];
    for (of, args) in reading.into_iter().chain([("accounts", &["accounts"][..])]) {
        let mut command = iamkeys(&[args, &["--format", "json"]].concat());
        let ran = Ran::of(command.output().unwrap());
        let document = failed(&ran, of);
        assert_eq!(document["incomplete"][0]["what"], "account", "{args:?}");
    }
    for (of, args) in &reading[..3] {
        let account = account();
        let denied = || Fault::new(FaultKind::Refuse);
        account.endpoint.fault(denied().action("ListUsers"));
        account
            .endpoint
            .fault(denied().action("GetAccountAuthorizationDetails"));
        let ran = Ran::of(
            at(&account, &[args, &["--format", "json"][..]].concat())
                .output()
                .unwrap(),
        );
        let document = failed(&ran, of);
        assert_eq!(document["incomplete"][0]["action"], "iam:ListUsers");
    }
    // Nothing has failed.
    let document = demo(&["list", "--format", "json"]).document();
    assert!(document["error"].is_null());
    assert!(document.as_object().unwrap().contains_key("error"));
}
