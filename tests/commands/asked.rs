//! What is asked of an account: only what is printed, and each line as soon as all of it is known.

use crate::{Ran, account, at, run_at, served, served::Served};
use chrono::Utc;
use iamkeys::demo::{Account, Delay, Endpoint, Fault, FaultKind};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader},
    process::Stdio,
    time::Duration,
};

/// The actions that a command asks for.
fn actions(args: &[&str]) -> BTreeSet<String> {
    let account = account();
    run_at(&account, args).well();
    let calls = account.endpoint.calls().into_iter();
    calls.map(|call| call.action).collect()
}

#[test]
fn only_what_the_columns_and_the_filter_need_is_asked_for() {
    const LIST: &str = "ListAccessKeys";
    const USED: &str = "GetAccessKeyLastUsed";
    const DETAILS: &str = "GetAccountAuthorizationDetails";
    const REPORT: &str = "GetCredentialReport";
    const QUARANTINE: &str = "ListEntitiesForPolicy";
    for (args, asked, not) in [
        (
            &["list"][..],
            // Rules may ask anything.
            &[LIST, USED, DETAILS, REPORT, QUARANTINE][..],
            &["GetAccountSummary"][..],
        ),
        (
            &["list", "--columns", "user,owner,last_used"],
            &[LIST, USED, DETAILS],
            &[REPORT, QUARANTINE],
        ),
        (
            &["list", "finding:old", "--columns", "key_id"],
            &[LIST, USED, DETAILS, REPORT, QUARANTINE],
            &[],
        ),
        (
            &["list", "password", "--columns", "key_id"],
            &[LIST, REPORT],
            &[USED, DETAILS, QUARANTINE],
        ),
        (
            &["list", "--columns", "user,key_id"],
            &[LIST],
            &[USED, DETAILS, REPORT],
        ),
        (
            &["list", "--columns", "key_id,owner"],
            &[LIST, DETAILS],
            &[USED, REPORT],
        ),
        (
            &["list", "never", "--columns", "key_id"],
            &[LIST, USED],
            &[DETAILS, REPORT],
        ),
        (
            &["list", "owner:x", "--columns", "key_id"],
            &[LIST, DETAILS],
            &[USED],
        ),
        (&["list", "--report"], &[REPORT, DETAILS], &[LIST, USED]),
        (
            &["list", "--report", "--columns", "user,age_days"],
            &[REPORT],
            &[LIST, USED, DETAILS],
        ),
        (
            &["users", "--columns", "user,path"],
            &["ListUsers"],
            &[LIST, USED, DETAILS, REPORT],
        ),
        (
            &["users", "--columns", "user,quarantined"],
            &[QUARANTINE],
            &[LIST, USED, DETAILS],
        ),
        (
            &["accounts"],
            &[REPORT, "GetAccountSummary"],
            &[LIST, USED, DETAILS],
        ),
        (
            &["accounts", "--columns", "account,users"],
            &["ListUsers"],
            &[LIST, REPORT],
        ),
    ] {
        let actions = actions(args);
        for action in asked {
            assert!(
                actions.contains(*action),
                "{args:?} needs {action}: {actions:?}"
            );
        }
        for action in not {
            assert!(
                !actions.contains(*action),
                "{args:?} needs no {action}: {actions:?}"
            );
        }
        let is_read = |action: &String| {
            ["Get", "List", "Generate"]
                .iter()
                .any(|it| action.starts_with(it))
        };
        assert!(actions.iter().all(is_read), "{actions:?}");
    }
}

#[test]
fn a_line_goes_out_before_the_last_answer() {
    for format in ["jsonl", "csv"] {
        let account = account();
        // The last use of one key is never told.
        let never = Fault::new(FaultKind::Delay(Duration::from_hours(1)));
        account
            .endpoint
            .fault(never.action("GetAccessKeyLastUsed").user("web-assets"));
        let mut child = at(&account, &["list", "--format", format])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = 0;
        let keys = account.endpoint.account(|account| {
            let of_one = account.user("web-assets").unwrap().keys.len();
            account.key_count() - of_one
        });
        let heading = usize::from(format == "csv");
        while told < keys + heading {
            let line = lines.next().unwrap().unwrap();
            assert!(!line.contains("web-assets"), "{line}");
            told += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn a_user_is_whole_before_everybody_elses_keys_are_asked_for() {
    let endpoint = Endpoint::new(Account::generated(900, Utc::now()))
        .with_delay(Delay::Fixed(Duration::from_millis(20)));
    let account = Served::of(&endpoint);
    let mut child = at(&account, &["list", "--columns", "user,last_used"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    let calls = endpoint.calls().into_iter();
    let asked = calls.filter(|call| call.action == "ListAccessKeys").count();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(asked < 450, "{asked}");
}

#[test]
fn what_is_throttled_is_asked_again_until_it_is_told() {
    let endpoint = Endpoint::new(Account::demo(Utc::now())).with_rate(20);
    let account = Served::of(&endpoint);
    let lines = run_at(&account, &["list", "--columns", "user,key_id,last_used"])
        .well()
        .lines();
    assert_eq!(lines.len(), endpoint.account(|account| account.key_count()));
    assert!(lines.iter().all(|line| line["key_id"].is_string()));
}

#[test]
fn a_thousand_users_are_told_of_once_each() {
    let account = served(Account::generated(1_200, Utc::now()));
    let mut users: Vec<String> = Vec::new();
    for line in run_at(&account, &["users", "--columns", "user,keys"])
        .well()
        .lines()
    {
        users.push(line["user"].as_str().unwrap().to_owned());
        assert!(line["keys"].is_u64(), "{line}");
    }
    assert_eq!(users.len(), 1_200);
    users.sort();
    users.dedup();
    assert_eq!(users.len(), 1_200);
    let keys = account.endpoint.account(|account| account.key_count());
    let ran = run_at(
        &account,
        &["list", "--report", "--columns", "user,status,age_days"],
    );
    assert_eq!(ran.well().lines().len(), keys);
}

#[test]
fn a_report_claims_no_more_than_it_knows() {
    let account = account();
    let lines = run_at(&account, &["list", "--report"]).well().lines();
    assert_eq!(
        lines.len(),
        account.endpoint.account(|account| account.key_count())
    );
    for line in lines {
        assert!(
            line["key_id"].is_null() && line["created"].is_null(),
            "{line}"
        );
        assert_eq!(line["age_is_minimum"], true);
        assert!(line["age_days"].is_i64());
    }
}

#[test]
fn a_filter_is_the_screens() {
    let account = account();
    let find = |filter: &str| -> Vec<String> {
        let ran: Ran = run_at(
            &account,
            &["list", filter, "--columns", "key_id,user,status"],
        );
        let lines = ran.well().lines();
        lines
            .iter()
            .map(|it| it["user"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(find("status:inactive").contains(&"former-intern".to_owned()));
    assert!(!find("-status:inactive").contains(&"former-intern".to_owned()));
    assert!(find("admin").contains(&"terraform".to_owned()));
    assert_eq!(find("own"), ["alice"]);
    assert_eq!(find("deploy-bot"), ["deploy-bot", "deploy-bot"]);
}

#[test]
fn whoever_is_newer_than_the_report_is_asked_for() {
    let account = account();
    // It is made now, and kept for hours.
    run_at(&account, &["list", "--report"]).well();
    let now = Utc::now();
    account.endpoint.account(|account| {
        account.add_user("brand-new", "/", now).unwrap();
        account.add_new_key("brand-new", now).unwrap();
    });
    let ran = run_at(&account, &["list", "user:brand-new", "--report"]).well();
    let line = &ran.lines()[0];
    assert!(
        line["key_id"].is_string() && line["never_used"] == true,
        "{line}"
    );
    assert_eq!(
        (&line["age_days"], &line["age_is_minimum"]),
        (&0.into(), &false.into())
    );
    let calls = account.endpoint.calls().into_iter();
    let asked = calls.filter(|call| call.action == "ListAccessKeys");
    let asked: Vec<Option<String>> = asked.map(|call| call.user).collect();
    assert_eq!(asked, [Some("brand-new".to_owned())]);
    let keys = account.endpoint.account(|account| account.key_count());
    let ran = run_at(&account, &["accounts"]).well();
    assert_eq!(ran.lines()[0]["keys"], keys);
}

#[test]
fn a_list_of_everything_asks_for_each_user_and_key_and_for_the_rest_once() {
    let account = account();
    run_at(&account, &["list"]).well();
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for call in account.endpoint.calls() {
        *calls.entry(call.action).or_default() += 1;
    }
    let (users, keys) = account
        .endpoint
        .account(|account| (account.user_count(), account.key_count()));
    let mut of = |action: &str| calls.remove(action).unwrap_or(0);
    assert_eq!(of("ListAccessKeys"), users);
    assert_eq!(of("GetAccessKeyLastUsed"), keys);
    assert_eq!(of("ListUsers"), 1);
    assert_eq!(of("GetCallerIdentity"), 1);
    assert_eq!(of("ListAccountAliases"), 1);
    // The state of the report is asked for until it is there.
    assert!(of("GenerateCredentialReport") <= 2 && of("GetCredentialReport") <= 2);
    assert_eq!(of("GetAccountAuthorizationDetails"), 1);
    // Once for each policy by which AWS quarantines.
    assert_eq!(of("ListEntitiesForPolicy"), 3);
    assert!(calls.is_empty(), "{calls:?}");
}
