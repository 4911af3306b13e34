//! What could not be seen is named, on standard error and in the JSON, and has an exit code.

use crate::{Ran, account, demo, iamkeys, run_at, served};
use chrono::Utc;
use iamkeys::demo::{Account, Fault, FaultKind};
use serde_json::{Value, json};

#[test]
fn an_account_of_several_that_is_not_opened_is_named() {
    let ran = demo(&["list", "--all-accounts", "--format", "json"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(
        ran.err
            .contains("acme-legacy (777788889999): not opened: no role"),
        "{}",
        ran.err
    );
    let document = ran.document();
    let missing = document["incomplete"].as_array().unwrap();
    assert_eq!(missing.len(), 1, "{missing:#?}");
    assert_eq!(missing[0]["account"], "777788889999");
    assert_eq!(
        (&missing[0]["what"], &missing[0]["count"]),
        (&json!("account"), &Value::Null)
    );
    let accounts = document["accounts"].as_array().unwrap();
    let open = |name: &str| {
        let account = accounts.iter().find(|it| it["account_name"] == name);
        account.expect(name)["open"].clone()
    };
    assert_eq!(open("acme-legacy"), false);
    assert_eq!(open("acme-prod"), true);
    // It is closed: there is nothing to be seen.
    assert_eq!(open("acme-old"), false);
    // The same where lines go out.
    let ran = demo(&["list", "--all-accounts", "--columns", "key_id"]);
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("acme-legacy"), "{}", ran.err);
    assert!(ran.lines().len() > 30);
}

#[test]
fn what_is_refused_of_one_user_is_counted() {
    let account = account();
    let refuse = || Fault::new(FaultKind::Refuse);
    account
        .endpoint
        .fault(refuse().action("ListAccessKeys").user("deploy-bot"));
    account
        .endpoint
        .fault(refuse().action("GetAccessKeyLastUsed").user("grafana"));
    // Without findings the report is not read, which would tell of the last use.
    let columns = "user,key_id,last_used,never_used,service,region";
    let args = ["list", "--format", "json", "--columns", columns];
    let ran = run_at(&account, &args);
    assert_eq!(ran.code, 4);
    let document = ran.document();
    let missing = document["incomplete"].as_array().unwrap();
    let told: Vec<(&Value, &Value, &Value)> = missing
        .iter()
        .map(|it| (&it["what"], &it["count"], &it["action"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("keys"), &json!(1), &json!("iam:ListAccessKeys")),
            (
                &json!("last_used"),
                &json!(1),
                &json!("iam:GetAccessKeyLastUsed")
            ),
        ]
    );
    let keys = document["keys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key["user"] != "deploy-bot"));
    let grafana = keys.iter().find(|key| key["user"] == "grafana").unwrap();
    // Not known is no claim.
    for field in ["last_used", "never_used", "service", "region"] {
        assert!(grafana[field].is_null(), "{field}");
    }
    assert!(
        ran.err
            .contains("keys: 1 not read: AccessDenied: iam:ListAccessKeys"),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .contains("--report reads the credential report instead"),
        "{}",
        ran.err
    );
}

#[test]
fn where_tags_are_refused_it_is_not_known_what_is_exempt() {
    let account = account();
    let exempt = |args: &[&str]| {
        let lines = run_at(&account, args).lines();
        let is_exempt = lines.iter().filter(|it| it["exempt"] == true).count();
        let not_known = lines.iter().filter(|it| it["exempt"].is_null()).count();
        (is_exempt, not_known, lines.len())
    };
    let (is_exempt, not_known, all) = exempt(&["list"]);
    assert!(is_exempt > 0 && not_known == 0 && all > is_exempt);
    let narrow = ["list", "--columns", "key_id,exempt"];
    assert_eq!(exempt(&narrow), (is_exempt, 0, all));
    for action in ["GetAccountAuthorizationDetails", "ListUserTags"] {
        account
            .endpoint
            .fault(Fault::new(FaultKind::Refuse).action(action));
    }
    assert_eq!(exempt(&["list"]), (0, all, all));
    let lines = run_at(&account, &["list"]).lines();
    // Age and use are known: that is found, and may be exempt.
    assert!(lines.iter().any(|it| it["findings"].is_array()));
}

#[test]
fn what_is_refused_of_everybody_is_not_asked_of_each_and_counted_all_the_same() {
    let account = account();
    account
        .endpoint
        .fault(Fault::new(FaultKind::Refuse).action("ListAccessKeys"));
    let ran = run_at(&account, &["list", "--format", "json"]);
    assert_eq!(ran.code, 4);
    let document = ran.document();
    assert_eq!(document["keys"], json!([]));
    let users = account.endpoint.account(|account| account.user_count());
    assert_eq!(document["incomplete"][0]["count"], json!(users));
    // The report knows.
    let ran = run_at(&account, &["list", "--report"]).well();
    assert_eq!(
        ran.lines().len(),
        account.endpoint.account(|account| account.key_count())
    );
}

#[test]
fn tags_and_the_report_that_are_refused_leave_null() {
    let account = account();
    let refuse = |action| Fault::new(FaultKind::Refuse).action(action);
    account
        .endpoint
        .fault(refuse("GetAccountAuthorizationDetails"));
    account.endpoint.fault(refuse("ListUserTags"));
    let ran = run_at(&account, &["list"]);
    assert_eq!(ran.code, 4);
    assert!(
        ran.err.contains("tags and policies: AccessDenied"),
        "{}",
        ran.err
    );
    let lines = ran.lines();
    assert!(
        lines
            .iter()
            .all(|line| line["owner"].is_null() && line["key_id"].is_string())
    );
    account.endpoint.fault(refuse("GetCredentialReport"));
    account.endpoint.fault(refuse("GenerateCredentialReport"));
    let ran = run_at(&account, &["accounts"]);
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("report: AccessDenied"), "{}", ran.err);
    let line = &ran.lines()[0];
    assert!(line["keys"].is_null() && line["users"].is_u64(), "{line}");
    // What is not needed is not missed.
    run_at(&account, &["list", "--columns", "user,key_id"]).well();
}

#[test]
fn an_impact_of_which_a_part_is_refused_says_which() {
    let account = account();
    let refuse = |action| Fault::new(FaultKind::Refuse).action(action);
    account
        .endpoint
        .fault(refuse("GenerateServiceLastAccessedDetails"));
    account.endpoint.fault(refuse("cloudtrail:LookupEvents"));
    let args = [
        "impact",
        "AKIAQX7DEMO4DEPLOY01",
        "--regions",
        "us-east-1",
        "--format",
        "json",
    ];
    let ran = run_at(&account, &args);
    assert_eq!(ran.code, 4, "{}", ran.err);
    let impact = ran.document();
    assert!(impact["services"].is_null() && impact["workloads"].is_null());
    let missing = impact["incomplete"].as_array().unwrap();
    let missing: Vec<&str> = missing
        .iter()
        .filter_map(|it| it["what"].as_str())
        .collect();
    assert_eq!(missing, ["events", "services"]);
}

#[test]
fn where_nothing_can_be_opened_or_read_it_fails() {
    let account = account();
    account
        .endpoint
        .fault(Fault::new(FaultKind::Refuse).action("ListUsers"));
    for args in [&["list"][..], &["users", "--report"], &["accounts"]] {
        let ran = run_at(&account, args);
        assert_eq!(ran.code, 1, "{args:?}");
        assert!(
            ran.err.contains("users: AccessDenied: iam:ListUsers"),
            "{}",
            ran.err
        );
    }
    // A key is found without the list.
    run_at(&account, &["find", "AKIAQX7DEMO4DEPLOY01"]).well();
    let code = FaultKind::Code {
        status: 403,
        code: "InvalidClientTokenId".into(),
        message: "The security token included in the request is invalid.".into(),
    };
    account.endpoint.fault(Fault::new(code));
    let ran = run_at(&account, &["list"]);
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(
        ran.err
            .contains("not opened: AWS does not accept these credentials"),
        "{}",
        ran.err
    );
    let ran = Ran::of(iamkeys(&["list", "--no-journal"]).output().unwrap());
    assert_eq!((ran.code, &*ran.out), (1, ""), "{}", ran.err);
    assert!(ran.err.contains("not opened"), "{}", ran.err);
}

#[test]
fn what_findings_need_and_may_not_be_read_leaves_the_other_columns_as_they_are() {
    let whole = account();
    let lines = run_at(&whole, &["list"]).well().lines();
    let of = |lines: &[Value], field: &str| {
        let known = lines.iter().filter(|line| !line[field].is_null());
        known.count()
    };
    for (actions, what, unknown) in [
        (
            &["GetCredentialReport", "GenerateCredentialReport"][..],
            "report",
            "password-without-mfa",
        ),
        (&["ListEntitiesForPolicy"], "quarantine", "quarantined"),
        (&["GetAccountAuthorizationDetails"], "details", "admin-old"),
    ] {
        let account = account();
        for action in actions {
            account
                .endpoint
                .fault(Fault::new(FaultKind::Refuse).action(action));
        }
        let ran = run_at(&account, &["list", "--format", "json"]);
        assert_eq!(ran.code, 4, "{what}: {}", ran.err);
        let document = ran.document();
        let missing = document["incomplete"].as_array().unwrap();
        assert_eq!(missing.len(), 1, "{missing:#?}");
        assert_eq!(missing[0]["what"], what);
        assert_eq!(missing[0]["code"], "AccessDenied");
        let keys = document["keys"].as_array().unwrap();
        assert_eq!(keys.len(), lines.len(), "{what}");
        for field in [
            "account",
            "user",
            "key_id",
            "status",
            "created",
            "age_days",
            "last_used",
            "never_used",
        ] {
            assert_eq!(of(keys, field), of(&lines, field), "{what}: {field}");
        }
        let names_it = keys.iter().filter(|key| {
            let rules = key["findings_unknown"].as_array().unwrap();
            rules.contains(&json!(unknown))
        });
        assert!(names_it.count() > 0, "{what}: {unknown}");
    }
}

#[test]
fn owners_are_asked_for_user_by_user_where_the_details_of_all_are_refused() {
    let whole = account();
    let args = ["list", "--columns", "key_id,owner,description"];
    let sorted = |ran: Ran| {
        let mut lines: Vec<String> = ran.well().out.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let known = sorted(run_at(&whole, &args));
    let account = account();
    let refused = Fault::new(FaultKind::Refuse).action("GetAccountAuthorizationDetails");
    account.endpoint.fault(refused);
    assert_eq!(sorted(run_at(&account, &args)), known);
    let calls = account.endpoint.calls().into_iter();
    let asked = calls.filter(|call| call.action == "ListUserTags").count();
    let users = account.endpoint.account(|account| account.user_count());
    assert_eq!(asked, users, "each once");
    // How much policies allow nothing else tells.
    let ran = run_at(&account, &["list", "admin", "--columns", "key_id,owner"]);
    assert_eq!(ran.code, 4);
    assert!(
        ran.err.contains("tags and policies: AccessDenied"),
        "{}",
        ran.err
    );
    // Where both are refused, not each is asked.
    let account = served(Account::generated(300, Utc::now()));
    for action in ["GetAccountAuthorizationDetails", "ListUserTags"] {
        let refused = Fault::new(FaultKind::Refuse).action(action);
        account.endpoint.fault(refused);
    }
    let ran = run_at(&account, &args);
    assert_eq!(ran.code, 4);
    assert!(
        ran.err.contains("tags and policies: AccessDenied"),
        "{}",
        ran.err
    );
    let calls = account.endpoint.calls().into_iter();
    let asked = calls.filter(|call| call.action == "ListUserTags").count();
    assert!((1..150).contains(&asked), "{asked}");
}
