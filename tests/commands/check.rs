//! `iamkeys check`: what it finds, what it does not claim, and what its exit codes say.

use crate::{
    Ran, account, at, demo, iamkeys, run_at, schema,
    schema::{defined, faults},
    served,
    served::Served,
};
use chrono::{TimeDelta, Utc};
use iamkeys::{
    commands::columns,
    demo::{Account, Endpoint, Fault, FaultKind, Key, KeyId, Tag},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};

fn refuse(action: &str) -> Fault {
    Fault::new(FaultKind::Refuse).action(action)
}

/// Runs it against the demo's account, which answers at once here.
fn alone(args: &[&str]) -> Ran {
    run_at(&account(), args)
}

/// The count of a rule in a document.
fn rule<'a>(document: &'a Value, id: &str) -> &'a Value {
    let rules = document["rules"].as_array().expect("a list");
    rules.iter().find(|it| it["rule"] == id).expect(id)
}

/// What `check` says without what is known at every look: nothing but what is not known of the demo.
#[track_caller]
fn done(ran: Ran) -> Ran {
    assert_eq!(ran.code, 0, "{}", ran.err);
    let said: Vec<&str> = ran.err.lines().collect();
    let is_other = |line: &&str| !line.starts_with("iamkeys: not known: inactive-long of ");
    assert!(said.len() <= 1 && !said.iter().any(is_other), "{}", ran.err);
    ran
}

#[test]
fn a_finding_is_a_rule_and_a_key() {
    let account = account();
    let lines = done(run_at(&account, &["check"])).lines();
    let found: BTreeSet<(&str, &str)> = lines
        .iter()
        .map(|it| (it["rule"].as_str().unwrap(), it["key_id"].as_str().unwrap()))
        .collect();
    assert_eq!(found.len(), lines.len(), "each once");
    // The same as the list says, and those that are exempt.
    let listed = run_at(&account, &["list", "--columns", "key_id,findings"]);
    let listed = listed.well().lines();
    let mut in_list = 0;
    for key in &listed {
        for rule in key["findings"].as_array().into_iter().flatten() {
            let one = (rule.as_str().unwrap(), key["key_id"].as_str().unwrap());
            assert!(found.contains(&one), "{one:?}");
            in_list += 1;
        }
    }
    let exempt = lines.iter().filter(|it| it["exempt"].is_object()).count();
    assert!(exempt > 0 && in_list + exempt == found.len());
    let one = lines
        .iter()
        .find(|it| it["rule"] == "old" && it["user"] == "backup-agent");
    let one = one.expect("an exempt one");
    assert_eq!(one["exempt"]["why"], "PLAT-212 vault moves in Q1");
    assert_eq!(one["exempt"]["by"], "user_tag");
    assert_eq!(one["severity"], "medium");
    assert!(one["standards"].as_array().unwrap().contains(&json!({
        "standard": "Security Hub", "control": "IAM.3"
    })));
}

#[test]
fn a_document_and_a_line_are_as_the_schema_says() {
    let schema = schema("findings-1");
    let required = defined(&schema, "finding")["required"].as_array().unwrap();
    let mut required: Vec<&str> = required.iter().filter_map(Value::as_str).collect();
    let mut columns = columns::FINDINGS.to_vec();
    required.sort_unstable();
    columns.sort_unstable();
    assert_eq!(required, columns, "the contract");
    for args in [
        &["check"][..],
        &["check", "--all-accounts"],
        &["check", "user:x"],
    ] {
        let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
        let document = demo(&args).document();
        let faults = faults(&schema, &schema, &document);
        assert!(faults.is_empty(), "{args:?}: {faults:#?}");
        // What is counted is what is listed.
        for count in document["rules"].as_array().unwrap() {
            let of = |exempt: bool| {
                let all = document["findings"].as_array().unwrap().iter();
                let of = all.filter(|it| it["rule"] == count["rule"]);
                of.filter(|it| it["exempt"].is_object() == exempt).count()
            };
            assert_eq!(count["found"], of(false), "{count}");
            assert_eq!(count["exempt"], of(true), "{count}");
        }
    }
    for line in alone(&["check"]).lines() {
        let faults = faults(&schema, defined(&schema, "finding"), &line);
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

#[test]
fn the_gravest_come_first_and_exempt_ones_behind_the_others_of_their_rule() {
    let document = alone(&["check", "--format", "json"]).document();
    let order = ["critical", "high", "medium", "low"];
    let places: Vec<(usize, &str, bool)> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let place = order.iter().position(|of| it["severity"] == *of).unwrap();
            (
                place,
                it["rule"].as_str().unwrap(),
                it["exempt"].is_object(),
            )
        })
        .collect();
    assert!(places.is_sorted_by_key(|it| it.0), "{places:?}");
    let of_old: Vec<bool> = places
        .iter()
        .filter(|it| it.1 == "old")
        .map(|it| it.2)
        .collect();
    assert!(of_old.is_sorted() && of_old.contains(&true), "{of_old:?}");
}

#[test]
fn it_fails_at_the_severity_that_was_asked_for_and_not_for_what_is_exempt() {
    let account = account();
    for (args, code) in [
        (&["check"][..], 0),
        (&["check", "--fail-on", "low"], 3),
        (&["check", "--fail-on", "critical"], 3),
        // The filter leaves only keys that are less.
        (&["check", "user:billing-export", "--fail-on", "high"], 0),
        (&["check", "user:billing-export", "--fail-on", "medium"], 3),
        (&["check", "user:backup-agent", "--fail-on", "low"], 0),
        (&["check", "user:nobody-here", "--fail-on", "low"], 0),
    ] {
        let ran = run_at(&account, args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
    }
    for format in ["table", "json", "csv", "sarif", "ocsf"] {
        let args = ["check", "--fail-on", "critical", "--format", format];
        let ran = run_at(&account, &args);
        assert_eq!(ran.code, 3, "{args:?}: {}", ran.err);
    }
    let ran = alone(&["check", "--fail-on", "grave"]);
    assert_eq!((ran.code, &*ran.out), (2, ""));
}

#[test]
fn what_cannot_be_read_is_neither_found_nor_passed() {
    let account = account();
    account
        .endpoint
        .fault(refuse("GetAccountAuthorizationDetails"));
    account.endpoint.fault(refuse("ListUserTags"));
    let ran = run_at(&account, &["check", "--format", "json"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    let document = ran.document();
    assert_eq!(document["incomplete"][0]["what"], "details");
    let admin = rule(&document, "admin-old");
    assert_eq!(admin["found"], 0);
    assert!(admin["unknown"].as_u64() > Some(0), "{admin}");
    let old = rule(&document, "old");
    assert!(old["found"].as_u64() > Some(0), "{old}");
    // Whether it is exempt stands in the tags.
    let findings = document["findings"].as_array().unwrap();
    assert!(findings.iter().all(|it| it["exempt"].is_null()));
    // Both: a pipeline has to stop for what was found, and is told of the other.
    let ran = run_at(&account, &["check", "--fail-on", "medium"]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.err.contains("tags and policies: AccessDenied"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("not known: "), "{}", ran.err);
    assert!(ran.err.contains("admin-old of "), "{}", ran.err);
    let ran = run_at(&account, &["check", "user:alice", "--fail-on", "critical"]);
    assert_eq!(ran.code, 4);
}

#[test]
fn keys_that_cannot_be_listed_are_judged_by_the_report_and_by_nothing_without_it() {
    let account = account();
    account
        .endpoint
        .fault(refuse("ListAccessKeys").user("old-batch"));
    let ran = run_at(&account, &["check", "user:old-batch"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    let lines = ran.lines();
    let never = lines.iter().find(|it| it["rule"] == "never-used");
    let never = never.unwrap_or_else(|| panic!("{lines:#?}"));
    assert!(never["key_id"].is_null() && never["created"].is_null());
    assert_eq!(never["age_is_minimum"], true);
    account.endpoint.fault(refuse("GetCredentialReport"));
    account.endpoint.fault(refuse("GenerateCredentialReport"));
    let ran = run_at(&account, &["check", "user:old-batch", "--format", "json"]);
    assert_eq!(ran.code, 4);
    let document = ran.document();
    assert_eq!(document["findings"], json!([]));
    assert_eq!(rule(&document, "old")["unknown_users"], 1);
    // Root's keys are counted by the summary still.
    assert_eq!(rule(&document, "root-key")["unknown_accounts"], 0);
    account.endpoint.fault(refuse("GetAccountSummary"));
    let document = run_at(&account, &["check", "--format", "json"]).document();
    assert_eq!(rule(&document, "root-key")["unknown_accounts"], 1);
}

#[test]
fn where_nothing_can_be_read_it_fails_whatever_is_asked() {
    let account = account();
    account.endpoint.fault(refuse("ListUsers"));
    for format in ["table", "json", "sarif", "ocsf", "csv"] {
        let args = ["check", "--fail-on", "low", "--format", format];
        let ran = run_at(&account, &args);
        assert_eq!(ran.code, 1, "{}", ran.err);
    }
}

#[test]
fn roots_keys_are_found_without_an_id() {
    for filter in ["root", "finding:root-key"] {
        let ran = demo(&["check", filter, "--all-accounts", "--fail-on", "critical"]);
        assert_eq!(ran.code, 3, "{}", ran.err);
        let lines = ran.lines();
        assert!(!lines.is_empty(), "{filter}");
        for line in &lines {
            assert_eq!(line["rule"], "root-key", "{filter}");
            assert_eq!(line["user"], "<root_account>");
            assert!(line["key_id"].is_null() && line["created"].is_null());
            assert_eq!(line["age_is_minimum"], true);
        }
    }
    let lines = demo(&["check", "user:deploy-bot", "--all-accounts"]).lines();
    assert!(lines.iter().all(|it| it["rule"] != "root-key"));
    let ran = demo(&["check", "root", "--all-accounts", "--format", "table"]);
    assert!(ran.out.contains("(root user)"), "{}", ran.out);
    assert!(
        ran.out.starts_with("CRITICAL  Root user has an access key"),
        "{}",
        ran.out
    );
    let ran = demo(&["check", "root", "--all-accounts", "--format", "sarif"]);
    let results = ran.document()["runs"][0]["results"].clone();
    let uri = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert!(uri.as_str().unwrap().ends_with("/root"), "{uri}");
}

#[test]
fn two_keys_of_root_are_two_findings() {
    let mut demo = Account::demo(Utc::now());
    for number in ["1", "2"] {
        let id = KeyId::parse(&format!("AKIAQX7DEMO4ROOTKEY{number}")).unwrap();
        demo.add_root_key(Key::new(id, Utc::now() - TimeDelta::days(900)));
    }
    let account = served(demo);
    let results = |account| {
        let document = run_at(account, &["check", "root", "--format", "sarif"]).document();
        let results = document["runs"][0]["results"].as_array().unwrap().clone();
        let prints = results.iter();
        let prints: Vec<String> = prints
            .map(|it| it["partialFingerprints"].to_string())
            .collect();
        prints
    };
    let prints = results(&account);
    assert_eq!(prints.len(), 2);
    assert_ne!(prints[0], prints[1]);
    assert_eq!(results(&account), prints, "the same the next time");
    let ran = run_at(&account, &["check", "root", "--format", "table"]);
    assert!(
        ran.out.contains("2 findings on 2 keys: 2 critical"),
        "{}",
        ran.out
    );
}

#[test]
fn a_rule_that_counts_in_some_accounts_alone_is_counted_and_described() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    fs::write(
        &file,
        "[policy]\noff = [\"no-owner\"]\n\n\
         [[policy.account]]\nname = \"acme-prod\"\noff = [\"two-active\"]\nage = 30\n\
         severity = { no-owner = \"high\", old = \"high\" }\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let check = |args: &[&str]| {
        let args: Vec<&str> = ["check", "--all-accounts", "--policy", file]
            .into_iter()
            .chain(args.iter().copied())
            .collect();
        demo(&args)
    };
    let document = check(&["--format", "json"]).document();
    let all = document["findings"].as_array().unwrap();
    let no_owner = rule(&document, "no-owner");
    assert!(no_owner["found"].as_u64() > Some(0), "{no_owner}");
    assert_eq!(no_owner["severity"], "high");
    for count in document["rules"].as_array().unwrap() {
        let of = all.iter().filter(|it| it["rule"] == count["rule"]);
        let sum = count["found"].as_u64().unwrap() + count["exempt"].as_u64().unwrap();
        assert_eq!(sum, of.count() as u64, "{count}");
    }
    assert!(
        all.iter().all(|it| document["rules"]
            .as_array()
            .unwrap()
            .iter()
            .any(|of| of["rule"] == it["rule"])),
        "each finding has its rule"
    );
    // With all limits that it has, and as grave as it is where it is gravest.
    let old = rule(&document, "old");
    assert_eq!(old["title"], "Older than 30–90 days");
    assert_eq!(old["severity"], "high");
    let ran = check(&["finding:no-owner", "--format", "table"]);
    assert!(!ran.err.contains("no findings"), "{}", ran.err);
    let document = check(&["--format", "sarif"]).document();
    let run = &document["runs"][0];
    for result in run["results"].as_array().unwrap() {
        let place = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let described = &run["tool"]["driver"]["rules"][place];
        assert_eq!(described["id"], result["ruleId"]);
    }
    // Off where nothing was said against it, and in this account alone.
    let others = |of: &str| {
        let all = all.iter().filter(|it| it["rule"] == of);
        let names: BTreeSet<&str> = all.map(|it| it["account_name"].as_str().unwrap()).collect();
        names
    };
    assert_eq!(others("no-owner"), BTreeSet::from(["acme-prod"]));
    assert!(!others("two-active").contains("acme-prod"));
}

#[test]
fn a_policy_file_stands_in_place_of_the_configs() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let policy = folder.path().join("policy.toml");
    fs::write(&config, "[policy]\noff = [\"old\"]\n").unwrap();
    fs::write(&policy, "[policy]\nage = 400\n").unwrap();
    let account = account();
    let old = |args: &[&str]| {
        let mut command = at(&account, args);
        command.env("IAMKEYS_CONFIG", &config);
        let ran = Ran::of(command.args(["--format", "json"]).output().unwrap());
        let document = ran.document();
        let rules = document["rules"].as_array().unwrap();
        let old = rules.iter().find(|it| it["rule"] == "old");
        old.map(|it| (it["title"].clone(), it["found"].clone()))
    };
    assert_eq!(old(&["check"]), None);
    let file = policy.to_str().unwrap();
    let (title, found) = old(&["check", "--policy", file]).unwrap();
    assert_eq!(title, "Older than 400 days");
    assert!(found.as_u64() < Some(6), "{found}");
    fs::write(
        &policy,
        "[[rule]]\nname = \"Ours\"\nwhen = \"user:deploy-bot\"\nseverity = \"critical\"\n\n\
         [[exempt]]\nuser = \"mobile-*\"\nuntil = \"2199-01-31\"\nwhy = \"SEC-9\"\n",
    )
    .unwrap();
    let args = [
        "check",
        "--policy",
        file,
        "finding:ours | user:mobile-uploads",
    ];
    let lines = run_at(&account, &args).lines();
    let ours = lines.iter().filter(|it| it["rule"] == "ours").count();
    assert_eq!(ours, 2);
    let exempt = lines.iter().filter(|it| it["exempt"]["by"] == "policy");
    assert!(exempt.count() > 0);
    // No exemption takes a key out of what AWS has found in public.
    let quarantined = lines.iter().find(|it| it["rule"] == "quarantined");
    assert_eq!(quarantined.unwrap()["exempt"], false);
}

#[test]
fn a_policy_that_is_wrong_is_refused_with_its_place_and_nothing_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    let account = account();
    let refused = |text: &str| {
        fs::write(&file, text).unwrap();
        let ran = run_at(&account, &["check", "--policy", file.to_str().unwrap()]);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{}", ran.err);
        ran.err
    };
    for (text, words) in [
        (
            "[policy]\nage = \"x\"\n",
            "policy.toml, line 2, column 7: age: it must be",
        ),
        (
            "[policy]\n  ages = 3\n",
            "line 2, column 3: ages: unknown key",
        ),
        ("[policy]\nage = 99999\n", "and is 99999"),
        (
            "[[rule]]\nname = \"X\"\nwhen = \"age>90 ag>3\"\nseverity = \"low\"\n",
            "line 3, column 8: when: at character 8, ag>3: No field ag",
        ),
        (
            "region = \"x\"\n",
            "line 1, column 1: region: unknown key; there are policy, rule, exempt",
        ),
        ("[policy\n", "line 1, column 8: "),
        (
            "[[exempt]]\nuser = \"x\"\nwhy = \"y\"\nuntil = \"31.1.2027\"\n",
            "line 4, column 9: until: \"31.1.2027\" is not a date",
        ),
    ] {
        let said = refused(text);
        assert!(said.contains(words), "{text}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    assert!(account.endpoint.calls().is_empty());
    let absent = folder.path().join("absent.toml");
    let ran = alone(&["check", "--policy", absent.to_str().unwrap()]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("absent.toml: "), "{}", ran.err);
}

#[test]
fn a_table_is_by_severity_and_fits_80_columns() {
    let ran = done(alone(&[
        "check",
        "-user:svc-warehouse*",
        "--format",
        "table",
    ]));
    let lines: Vec<&str> = ran.out.lines().collect();
    let long: Vec<&&str> = lines
        .iter()
        .filter(|line| line.chars().count() > 80 && !line.contains("ops+oncall"))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
    assert_eq!(lines[0], "CRITICAL  Quarantined by AWS (quarantined)");
    let last = lines.last().unwrap();
    assert!(
        last.contains(" findings on ") && last.ends_with("; 4 exempt"),
        "{last}"
    );
    assert!(ran.out.contains("exempt until "), "{}", ran.out);
    assert!(ran.out.contains("  not known of 3 keys\n"), "{}", ran.out);
    assert!(!ran.out.contains('\x1b'));
    let output = iamkeys(&["check", "--format", "table", "--demo"])
        .env("FORCE_COLOR", "1")
        .output();
    let ran = Ran::of(output.unwrap());
    assert!(
        ran.out.starts_with("\x1b[1;31mCRITICAL\x1b[0m"),
        "{}",
        ran.out
    );
    let ran = alone(&["check", "user:nobody-here", "--format", "table"]);
    assert_eq!(
        (ran.code, &*ran.out, &*ran.err),
        (0, "", "iamkeys: no findings\n")
    );
    // Named columns make a plain one.
    let ran = done(alone(&[
        "check",
        "--format",
        "table",
        "--columns",
        "rule,user",
    ]));
    assert!(ran.out.starts_with("rule "), "{}", ran.out);
}

#[test]
fn a_document_for_scanners_says_what_was_found_and_what_is_exempt() {
    let ran = done(alone(&["check", "--format", "sarif"]));
    let run = &ran.document()["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(
        rules
            .iter()
            .all(|it| it["helpUri"].as_str().unwrap().starts_with("https://"))
    );
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    let mut seen = BTreeSet::new();
    for result in results {
        let place = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[place]["id"], result["ruleId"]);
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        let uri = uri.as_str().unwrap();
        // GitHub refuses a file with a scheme of another kind.
        assert!(uri.starts_with("iam/123456789012/user/"), "{uri}");
        assert!(!uri.contains([':', '+', '=', ',', '@', ' ']), "{uri}");
        let hash = &result["partialFingerprints"]["primaryLocationLineHash"];
        assert!(seen.insert(hash.as_str().unwrap().to_owned()), "{result}");
    }
    let level = |rule: &str| {
        let found = results.iter().find(|it| it["ruleId"] == rule).unwrap();
        found["level"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        ["quarantined", "never-used", "old", "no-owner"].map(level),
        ["error", "error", "warning", "note"]
    );
    let suppressed = results.iter().filter(|it| it["suppressions"].is_array());
    assert_eq!(suppressed.count(), 4);
    // The same the next time.
    let again = done(alone(&["check", "--format", "sarif"])).document();
    let prints = |results: &Value| -> BTreeSet<String> {
        let results = results.as_array().unwrap().iter();
        let prints = results.map(|it| it["partialFingerprints"].to_string());
        prints.collect()
    };
    assert_eq!(
        prints(&run["results"]),
        prints(&again["runs"][0]["results"])
    );

    let ran = done(alone(&["check", "--format", "ocsf"]));
    let events = ran.document();
    let events = events.as_array().unwrap();
    assert_eq!(events.len(), results.len());
    let of = |status: &str| events.iter().filter(|it| it["status"] == status).count();
    assert_eq!((of("Suppressed"), of("New")), (4, events.len() - 4));
    // What could not be seen is no silence.
    let ran = demo(&["check", "--all-accounts", "--format", "sarif"]);
    assert_eq!(ran.code, 4);
    let invocation = ran.document()["runs"][0]["invocations"][0].clone();
    assert_eq!(invocation["executionSuccessful"], false);
    let note = invocation["toolExecutionNotifications"][0]["message"]["text"].clone();
    assert!(note.as_str().unwrap().starts_with("acme-legacy"), "{note}");
}

#[test]
fn what_a_user_or_a_tag_is_called_drives_nothing() {
    let mut demo = Account::demo(Utc::now());
    let then = Utc::now() - TimeDelta::days(200);
    demo.add_user("=cmd", "/", then).unwrap();
    demo.add_new_key("=cmd", then).unwrap();
    let tag = Tag {
        key: "iamkeys:exempt".into(),
        value: "2199-01-31 =1+1 \u{202e}".into(),
    };
    demo.tag_user("=cmd", vec![tag]).unwrap();
    let account = served(demo);
    let ran = done(run_at(&account, &["check", "user:=cmd", "--format", "csv"]));
    let mut lines = csv::Reader::from_reader(ran.out.as_bytes());
    for line in lines.records() {
        let line = line.unwrap();
        assert_eq!(&line[2], "'=cmd");
    }
    for format in ["table", "json", "jsonl", "sarif", "ocsf"] {
        let ran = done(run_at(
            &account,
            &["check", "user:=cmd", "--format", format],
        ));
        assert!(
            ran.out.contains("=cmd") && !ran.out.contains('\u{202e}'),
            "{}",
            ran.out
        );
    }
}

#[test]
fn lines_go_out_while_others_are_asked_for() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;
    let account = account();
    let never = Fault::new(FaultKind::Delay(std::time::Duration::from_hours(1)));
    account
        .endpoint
        .fault(never.action("GetAccessKeyLastUsed").user("web-assets"));
    let mut child = at(&account, &["check"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..20 {
        let line = lines.next().unwrap().unwrap();
        assert!(!line.contains("web-assets"), "{line}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn since_when_a_key_is_inactive_is_told_by_the_journal_too() {
    let account = account();
    // It would tell, too.
    account.endpoint.fault(refuse("GetCredentialReport"));
    account.endpoint.fault(refuse("GenerateCredentialReport"));
    let columns = "user,key_id,last_used";
    let listed = run_at(
        &account,
        &["list", "user:jenkins status:inactive", "--columns", columns],
    );
    let unknown = &listed.well().lines()[0];
    let key = unknown["key_id"].as_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.jsonl");
    let entry = |id: u8, days: i64, active: bool| {
        let time = (Utc::now() - TimeDelta::days(days)).to_rfc3339();
        let user = &unknown["user"];
        // A journal begins with its version.
        let sent = format!(
            r#"{{"v":1,"event":"sent","id":"r/{id}","run":"r","time":"{time}","account":"123456789012","action":"iam:UpdateAccessKey","user":{user},"key":"{key}","active":{active}}}"#
        );
        let ended =
            format!(r#"{{"v":1,"event":"ended","id":"r/{id}","time":"{time}","outcome":"done"}}"#);
        format!("{sent}\n{ended}\n")
    };
    let check = |entries: &[String], filter: &str| {
        fs::write(&journal, entries.concat()).unwrap();
        let credentials = account.endpoint.sdk_credentials();
        let mut command = iamkeys(&["check", filter, "--endpoint-url", &account.url()]);
        command
            .args(["--journal", journal.to_str().unwrap()])
            .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
            .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
        let ran = Ran::of(command.output().unwrap());
        assert_eq!(ran.code, 4, "{}", ran.err);
        let lines = ran.lines();
        lines
            .iter()
            .any(|it| it["rule"] == "inactive-long" && it["key_id"] == key)
    };
    let filter = "finding:inactive-long";
    let used = unknown["last_used"].as_str().expect("a time");
    let used = Utc::now() - used.parse::<chrono::DateTime<Utc>>().unwrap();
    let since = used.num_days() - 1;
    assert!(since > 90, "{unknown}");
    assert!(!check(&[], filter));
    assert!(check(&[entry(1, since, false)], filter));
    assert!(!check(&[entry(1, 10, false)], filter), "not for so long");
    let again = [entry(1, since, false), entry(2, since - 1, true)];
    assert!(!check(&again, filter), "it was activated since");
    assert!(!check(&[entry(1, since + 9, false)], filter), "used since");
    let beside: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(beside.len(), 1, "nothing is made beside it");
}

#[test]
fn what_of_a_policy_does_nothing_is_said_on_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    fs::write(
        &file,
        "[[exempt]]\nkey = \"AKIA123\"\nuntil = \"2020-01-31\"\nwhy = \"x\"\n\n\
         [[policy.account]]\nname = \"acme-larg\"\nage = 30\n\n\
         [[policy.account]]\nname = \"acme-large\"\nage = 30\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let endpoint = Endpoint::generated(3, 5, Utc::now());
    let served = Served::of(&endpoint.with_report_time(TimeDelta::zero()));
    let said = |args: &[&str]| {
        let ran = run_at(&served, &[&["check", "--policy", file], args].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let warnings = ran.err.lines().filter_map(|line| {
            let line = line.strip_prefix("iamkeys: warning: ")?;
            Some(line.rsplit_once("policy.toml, ").expect(line).1.to_owned())
        });
        warnings.collect::<Vec<_>>()
    };
    let always = [
        "line 2, column 7: key: AKIA123 cannot be an access key ID (AKIA and 16 letters or digits), so it \
         exempts nothing",
        "line 3, column 9: until: 2020-01-31 is over, so this exemption counts no more",
    ];
    // A policy for many accounts is right for one of them.
    assert_eq!(said(&[]), always);
    let of_all = said(&["--all-accounts"]);
    assert_eq!(of_all[..2], always);
    let [none] = &of_all[2..] else {
        panic!("{of_all:?}");
    };
    assert!(
        none.starts_with(
            "line 6, column 1: policy.account: it is about name acme-larg, which is none of the "
        ),
        "{none}"
    );
}
