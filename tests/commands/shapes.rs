//! What is printed, in each of its forms.

use crate::{
    Ran, account, demo, iamkeys, run_at, schema,
    schema::{defined, faults},
    served,
};
use chrono::{TimeDelta, Utc};
use iamkeys::{
    commands::columns,
    demo::{Account, Tag},
};
use serde_json::{Value, json};

const KEY: &str = "AKIAQX7DEMO4DEPLOY01";

fn of<'a>(lines: &'a [Value], key: &str) -> &'a Value {
    let found = lines.iter().find(|line| line["key_id"] == key);
    found.expect(key)
}

#[test]
fn each_key_is_a_line_with_what_is_known_of_it() {
    let account = account();
    let lines = run_at(&account, &["list"]).well().lines();
    let keys = account.endpoint.account(|account| account.key_count());
    assert_eq!(lines.len(), keys);
    let key = of(&lines, KEY);
    assert_eq!(key["account"], "123456789012");
    assert_eq!(key["account_name"], "acme-prod");
    assert_eq!(key["user"], "deploy-bot");
    assert_eq!(key["status"], "Active");
    assert_eq!(key["age_days"], 412);
    assert_eq!(key["age_is_minimum"], false);
    assert_eq!(key["never_used"], false);
    assert_eq!(
        (&key["service"], &key["region"]),
        (&json!("s3"), &json!("us-east-1"))
    );
    assert_eq!(key["owner"], "platform");
    let used = key["last_used"].as_str().expect("a time");
    assert!(used.ends_with('Z'), "{used}");
    assert!(chrono::DateTime::parse_from_rfc3339(used).is_ok());
    let never: Vec<&Value> = lines.iter().filter(|it| it["never_used"] == true).collect();
    assert!(!never.is_empty());
    assert!(never.iter().all(|it| it["last_used"].is_null()));
}

/// The IDs in a list.
fn ids(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list");
    list.iter().filter_map(Value::as_str).collect()
}

#[test]
fn a_line_says_which_rules_find_the_key_and_of_which_that_is_not_known() {
    let account = account();
    let lines = run_at(&account, &["list"]).well().lines();
    let old = of(&lines, KEY);
    let found = ids(&old["findings"]);
    assert!(
        found.contains(&"old") && found.contains(&"admin-old"),
        "{old}"
    );
    assert!(ids(&old["findings_unknown"]).is_empty(), "{old}");
    // The same as its filter, and with nothing in between.
    let filtered = run_at(&account, &["list", "finding:old"]).well().lines();
    let is_old = |line: &&Value| {
        let found = line["findings"].as_array();
        found.is_some_and(|found| found.contains(&json!("old")))
    };
    assert_eq!(filtered.len(), lines.iter().filter(is_old).count());
    assert!(filtered.iter().all(|line| is_old(&line)));
    // One user is asked about: what else the rules would ask is not known, and no pass.
    let one = run_at(&account, &["find", KEY]).well().lines();
    assert!(ids(&one[0]["findings"]).contains(&"old"), "{}", one[0]);
    let unknown = ids(&one[0]["findings_unknown"]);
    assert!(unknown.contains(&"admin-old"), "{}", one[0]);
    let csv = run_at(
        &account,
        &["list", "--format", "csv", "--columns", "key_id,findings"],
    );
    let csv = csv.well().out;
    let line = csv.lines().find(|line| line.starts_with(KEY)).expect("it");
    assert!(line.contains("admin-old old"), "{line}");
}

#[test]
fn a_document_is_as_its_schema_says() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.jsonl");
    std::fs::write(&journal, JOURNAL).unwrap();
    let journal = journal.to_str().unwrap();
    for (name, args) in [
        ("keys", &["list", "--all-accounts"][..]),
        ("keys", &["list", "--report"]),
        ("keys", &["find", KEY]),
        ("keys", &["find", "AKIAIOSFODNN7EXAMPLE"]),
        ("users", &["users"]),
        ("users", &["users", "--report"]),
        ("accounts", &["accounts", "--all-accounts"]),
        ("journal", &["journal", "--journal", journal]),
        ("changes", &["deactivate", KEY, "--yes"]),
        ("changes", &["activate", KEY, "--yes"]),
        ("changes", &["delete", KEY, "AKIAIOSFODNN7EXAMPLE", "--yes"]),
        ("new_keys", &["create", "grafana", "--to", "csv:x", "--yes"]),
        (
            "new_keys",
            &["create", "deploy-bot", "--to", "csv:x", "--yes"],
        ),
        (
            "rotations",
            &["rotate", "grafana", "--to", "csv:x", "--yes"],
        ),
        ("rotations", &["rotate", "grafana", "--resume", "--yes"]),
        ("impact", &["impact", KEY]),
        (
            "impact",
            &["impact", "AKIAQX7DEMO4BOBBY001", "--regions", "eu-west-1"],
        ),
    ] {
        let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
        let document = demo(&args).document();
        let schema = schema(name);
        let faults = faults(&schema, &schema, &document);
        assert!(faults.is_empty(), "{args:?}: {faults:#?}");
    }
}

#[test]
fn a_line_is_as_the_schema_of_its_document_says() {
    for (name, one, record, args) in [
        ("keys", "key", &columns::KEYS[..16], &["list"][..]),
        ("users", "user", &columns::USERS, &["users"]),
        ("accounts", "row", &columns::ACCOUNTS, &["accounts"]),
        (
            "changes",
            "change",
            &columns::CHANGES,
            &["deactivate", KEY, "--yes"],
        ),
        (
            "new_keys",
            "new_key",
            &columns::NEW_KEYS,
            &["create", "grafana", "--to", "csv:x", "--yes"],
        ),
        (
            "rotations",
            "rotation",
            &columns::ROTATIONS,
            &["rotate", "grafana", "--to", "csv:x", "--yes"],
        ),
    ] {
        let schema = schema(name);
        let ran = demo(args);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let lines = ran.lines();
        assert!(!lines.is_empty());
        for line in lines {
            let faults = faults(&schema, defined(&schema, one), &line);
            assert!(faults.is_empty(), "{args:?}: {faults:#?}");
        }
        let required = defined(&schema, one)["required"].as_array().unwrap();
        let required: Vec<&str> = required.iter().filter_map(Value::as_str).collect();
        assert_eq!(required, record, "the contract of {name}");
    }
}

#[test]
fn a_schema_that_says_something_else_is_noticed() {
    let schema = schema("keys");
    let one = defined(&schema, "key");
    let good = demo(&["list", "--format", "jsonl"]).lines().remove(0);
    for (field, value) in [
        ("user", Value::Null),
        ("age_days", json!("old")),
        ("unheard_of", json!(1)),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        assert_eq!(faults(&schema, one, &bad).len(), 1, "{field}");
    }
    let mut bad = good;
    bad.as_object_mut().unwrap().remove("owner");
    assert_eq!(faults(&schema, one, &bad).len(), 1);
}

#[test]
fn columns_are_printed_in_the_order_in_which_they_are_named() {
    let ran = demo(&[
        "list",
        "--columns",
        "status,user,path,description",
        "--format",
        "csv",
    ]);
    let ran = ran.well();
    assert_eq!(ran.out.lines().next(), Some("status,user,path,description"));
    let mut lines = csv::Reader::from_reader(ran.out.as_bytes());
    assert!(lines.records().all(|line| line.unwrap().len() == 4));
    let lines = demo(&["users", "--columns", "user,keys"]).well();
    assert!(lines.out.lines().all(|line| line.starts_with("{\"user\":")));
}

#[test]
fn a_document_is_in_order_whatever_came_first() {
    let document = demo(&["list", "--all-accounts", "--format", "json"]).document();
    let keys = document["keys"].as_array().unwrap();
    let order: Vec<(String, String)> = keys
        .iter()
        .map(|key| {
            let text = |name: &str| key[name].as_str().unwrap().to_lowercase();
            (text("account_name"), text("user"))
        })
        .collect();
    assert!(order.is_sorted(), "{order:#?}");
    assert!(
        order.first().unwrap().0 < order.last().unwrap().0,
        "several accounts"
    );
}

#[test]
fn no_field_is_a_formula_and_none_drives_a_terminal() {
    let mut account = Account::demo(Utc::now());
    let now = Utc::now() - TimeDelta::days(3);
    for (user, owner) in [
        ("=1+1", "@SUM(A1)"),
        ("-5", "a \"quoted\", text"),
        ("+x", "\u{202e}red\u{200b}"),
        ("@y", "=\u{e9}"),
    ] {
        account.add_user(user, "/", now).unwrap();
        account.add_new_key(user, now).unwrap();
        let owner = Tag {
            key: "owner".into(),
            value: owner.into(),
        };
        account.tag_user(user, vec![owner]).unwrap();
    }
    let account = served(account);
    let ran = run_at(
        &account,
        &[
            "list",
            "age<9",
            "--format",
            "csv",
            "--columns",
            "user,owner,age_days",
        ],
    );
    let ran = ran.well();
    let mut lines = csv::Reader::from_reader(ran.out.as_bytes());
    let lines: Vec<Vec<String>> = lines
        .records()
        .map(|line| line.unwrap().iter().map(str::to_owned).collect())
        .collect();
    let owner = |user: &str| {
        let line = lines.iter().find(|line| line[0] == user);
        line.map(|line| line[1].clone())
    };
    assert_eq!(owner("'=1+1").as_deref(), Some("'@SUM(A1)"));
    assert_eq!(owner("'-5").as_deref(), Some("a \"quoted\", text"));
    assert_eq!(owner("'@y").as_deref(), Some("'=\u{e9}"));
    assert!(
        lines
            .iter()
            .flatten()
            .all(|it| !it.starts_with(['=', '+', '-', '@']))
    );
    // The same is whole in JSON, and nothing in it is obeyed.
    for format in ["json", "jsonl"] {
        let ran = run_at(&account, &["list", "user:+x", "--format", format]).well();
        assert!(
            !ran.out.contains(['\u{202e}', '\u{200b}', '\x1b']),
            "{}",
            ran.out
        );
        let key = match format {
            "json" => ran.document()["keys"][0].clone(),
            _ => ran.lines().remove(0),
        };
        assert_eq!(key["owner"], "\u{202e}red\u{200b}");
        assert_eq!(key["user"], "+x");
    }
    let ran = run_at(&account, &["list", "user:+x", "--format", "table"]).well();
    assert!(ran.out.contains("\u{fffd}red\u{fffd}"), "{}", ran.out);
}

#[test]
fn a_table_has_a_heading_and_is_without_colour_in_a_pipe() {
    let ran = demo(&["list", "user:deploy-bot", "--format", "table"]).well();
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ran.out);
    assert!(
        lines[0].starts_with("account    user        key ID"),
        "{}",
        ran.out
    );
    assert!(
        lines[1].contains(KEY) && lines[1].contains("  412  "),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains('\x1b'));
    let output = iamkeys(&["list", "user:deploy-bot", "--format", "table", "--demo"])
        .env("FORCE_COLOR", "1")
        .output();
    let ran = Ran::of(output.unwrap());
    assert!(ran.out.starts_with("\x1b[1maccount"), "{}", ran.out);
    let ran = demo(&["list", "user:nobody-here", "--format", "table"]);
    assert_eq!(
        (ran.code, &*ran.out, &*ran.err),
        (0, "", "iamkeys: no keys\n")
    );
}

#[test]
fn a_key_is_found_in_whichever_account_it_is() {
    let lines = demo(&["find", KEY]).well().lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0]["user"], &lines[0]["owner"]),
        (&json!("deploy-bot"), &json!("platform"))
    );
    let all = demo(&["list", "account:acme-data", "--all-accounts"]).lines();
    let there = all[0]["key_id"].as_str().unwrap();
    let found = demo(&["find", there, "--all-accounts"]).well().lines();
    for field in ["account", "user", "key_id", "status", "owner", "age_days"] {
        assert_eq!(found[0][field], all[0][field], "{field}");
    }
    let ran = demo(&["find", "AKIAIOSFODNN7EXAMPLE"]);
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(
        ran.err.contains("No key AKIAIOSFODNN7EXAMPLE"),
        "{}",
        ran.err
    );
    let ran = demo(&["find", "AKIAIOSFODNN7EXAMPLE", "--format", "table"]);
    assert_eq!((ran.code, &*ran.out, ran.err.lines().count()), (1, "", 1));
}

#[test]
fn an_impact_says_what_the_page_says() {
    let ran = demo(&["impact", KEY, "--format", "json"]).well();
    let impact = ran.document();
    let programs: Vec<&str> = impact["workloads"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["program"].as_str())
        .collect();
    assert_eq!(programs, ["aws-cli", "boto3"]);
    assert_eq!(impact["power"]["level"], "everything");
    assert_eq!(impact["policies"][0]["name"], "AdministratorAccess");
    assert_eq!(impact["nature"], "machine");
    let would_fail = impact["if_deactivated"][0].as_str().unwrap();
    assert!(
        would_fail.starts_with("2 workloads that used it today will fail"),
        "{would_fail}"
    );
    let regions = impact["history"]["regions"].as_array().unwrap();
    assert!(regions.len() > 10);
    // The same for people.
    let text = demo(&["impact", KEY, "--format", "table"]).well().out;
    for words in [
        "key ID       AKIAQX7DEMO4DEPLOY01",
        "GitHub Actions / aws-cli",
        "everything, by AdministratorAccess",
        "a machine: no console password",
        would_fail,
        "data events (reading S3 objects, invoking functions)",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn an_impact_of_some_regions_and_days_does_not_claim_more() {
    let args = [
        "impact",
        KEY,
        "--regions",
        "eu-west-1",
        "--days",
        "7",
        "--format",
        "json",
    ];
    let impact = demo(&args).well().document();
    let history = &impact["history"];
    assert_eq!(history["days"], 7);
    let regions = history["regions"].as_array().unwrap();
    assert_eq!(regions.len(), 1);
    assert_eq!(regions[0]["region"], "eu-west-1");
    let not_checked: Vec<&str> = impact["not_checked"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(
        not_checked.contains(&"anything older than 7 days"),
        "{not_checked:?}"
    );
    assert!(
        not_checked.contains(&"regions other than eu-west-1"),
        "{not_checked:?}"
    );
    let would_fail = impact["if_deactivated"][0].as_str().unwrap();
    assert!(
        would_fail.contains("other regions were not asked"),
        "{would_fail}"
    );
}

/// Two changes: one that was made, and one of which nothing was heard.
const JOURNAL: &str = r#"{"v":1,"event":"sent","id":"r/1","run":"r","time":"2026-11-22T08:31:07.214Z","account":"123456789012","action":"iam:CreateAccessKey","user":"deploy-bot"}
{"v":1,"event":"ended","id":"r/1","time":"2026-11-22T08:31:07.630Z","outcome":"done","key":"AKIANEW1EXAMPLE","took_ms":416}
{"v":1,"event":"stored","id":"r/1","time":"2026-11-22T08:31:15.002Z","key":"AKIANEW1EXAMPLE","where":"profile deploy"}
{"v":1,"event":"sent","id":"r/2","run":"r","time":"2026-11-22T08:32:07.214Z","action":"iam:UpdateAccessKey","user":"deploy-bot","key":"AKIAOLD1EXAMPLE","active":false}
"#;

#[test]
fn the_journal_tells_what_was_done_and_what_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    std::fs::write(&path, JOURNAL).unwrap();
    let args = ["journal", "--journal", path.to_str().unwrap()];
    let ran = Ran::of(iamkeys(&args).output().unwrap()).well();
    let lines = ran.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["key_id"], "AKIANEW1EXAMPLE");
    assert_eq!(
        (&lines[0]["outcome"], &lines[0]["open"]),
        (&json!("done"), &Value::Null)
    );
    assert_eq!(lines[0]["took_ms"], 416);
    assert_eq!(
        (&lines[1]["outcome"], &lines[1]["open"]),
        (&Value::Null, &json!("interrupted"))
    );
    let beside: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(beside.len(), 1, "nothing is made beside it");
    let none = folder.path().join("none.jsonl");
    let args = ["journal", "--journal", none.to_str().unwrap()];
    assert_eq!(Ran::of(iamkeys(&args).output().unwrap()).well().out, "");
    std::fs::write(&path, "no journal\n").unwrap();
    let args = ["journal", "--journal", path.to_str().unwrap()];
    let ran = Ran::of(iamkeys(&args).output().unwrap());
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("is not a journal"), "{}", ran.err);
}
