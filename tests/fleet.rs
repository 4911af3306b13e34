//! Several accounts at once, through the real event loop against the embedded organisation.

mod common;
#[path = "fleet/expiry.rs"]
mod expiry;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_iam::{error::ProvideErrorMetadata as _, types::StatusType};
use chrono::{DateTime, TimeDelta, Utc};
use common::{Person, Setup, embedded};
use iamkeys::{
    aws::{Options, READ_ONLY_POLICY, Renewals},
    demo::{Endpoint, Fault, FaultKind, Rate, Status},
};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

const DEV: &str = "111122223333";
const DATA: &str = "444455556666";
const LEGACY: &str = "777788889999";
const OLD: &str = "999900001111";
const SANDBOX: &str = "222233334444";

/// A key of acme-dev, and whose it is.
const KEY_OF_DEV: (&str, &str) = ("AKIAQX7DEMO4DVMALL01", "mallory");

/// The real time: what a role is given expires by the clock of this machine.
fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

fn organisation() -> Endpoint {
    Endpoint::demo_organisation(now()).with_report_time(chrono::TimeDelta::zero())
}

fn all_accounts(endpoint: &Endpoint) -> Person {
    let setup = Setup {
        size: (120, 36),
        all_accounts: true,
        clock: now,
        ..Setup::default()
    };
    Person::with(endpoint, setup)
}

/// What came of the calls of an action in an account.
fn calls(endpoint: &Endpoint, account: &str, action: &str) -> usize {
    let calls = endpoint.calls();
    let calls = calls
        .iter()
        .filter(|call| call.account.as_deref() == Some(account) && call.action == action);
    calls.count()
}

fn status(endpoint: &Endpoint, account: &str, key: &str) -> Status {
    endpoint.in_account(account, |account| account.key(key).expect("a key").1.status)
}

#[test]
fn every_account_has_a_row_and_where_none_can_be_reached_it_says_why() {
    let endpoint = organisation();
    let mut person = all_accounts(&endpoint);
    person.see("2 not reachable");
    person.loaded();
    person.press("0");
    person.see("Accounts ─");
    let screen = person.loaded();
    let row = |id: &str| {
        let line = screen.lines().find(|line| line.contains(id));
        line.unwrap_or_else(|| panic!("{id} in\n{screen}"))
    };
    for (id, name, says) in [
        (DATA, "acme-data", "role iamkeys-audit          9     11"),
        (DEV, "acme-dev", "role OrganizationAcco…      7      9"),
        (
            LEGACY,
            "acme-legacy",
            "▲ no role to assume: tried iamkeys-audit, ",
        ),
        (OLD, "acme-old", "suspended"),
        (
            "123456789012",
            "acme-prod",
            "demo                       24     31",
        ),
        (
            SANDBOX,
            "acme-sandbox",
            "role iamkeys-audit          0      0",
        ),
    ] {
        let row = row(id);
        assert!(row.contains(name) && row.contains(says), "{says}: {row}");
    }
    assert!(row(DATA).contains("▲ key"), "root has a key");
    assert!(
        screen.contains("Users 40") && screen.contains("Keys 51"),
        "{screen}"
    );
    // What is known to be closed is not asked.
    assert_eq!(calls(&endpoint, OLD, "AssumeRole"), 0);
    // Each role was tried, and nothing else is asked there.
    assert_eq!(calls(&endpoint, LEGACY, "AssumeRole"), 3);
    assert_eq!(calls(&endpoint, LEGACY, "ListUsers"), 0);
    // Who is signed in there is known without asking.
    for action in ["GetCallerIdentity", "GetAccountSummary"] {
        assert_eq!(calls(&endpoint, DATA, action), 0, "{action}");
    }
    // Its alias may say that it is production.
    assert_eq!(calls(&endpoint, DATA, "ListAccountAliases"), 1);
}

#[test]
fn the_role_that_works_in_an_account_is_tried_first_by_the_next_run() {
    let directory = tempfile::tempdir().unwrap();
    let path: &Path = Box::leak(directory.path().join("cache/roles.json").into_boxed_path());
    let run = |roles: &'static [&'static str], known: bool| {
        let endpoint = organisation();
        // The accounts are listed before it is known who asks for their roles.
        let late = Fault::new(FaultKind::Delay(Duration::from_millis(300)));
        endpoint.fault(late.action("GetCallerIdentity"));
        let setup = Setup {
            size: (120, 36),
            all_accounts: true,
            clock: now,
            roles,
            known_roles: known.then_some(path),
            ..Setup::default()
        };
        let mut person = Person::with(&endpoint, setup);
        person.see("2 not reachable");
        person.loaded();
        person.press("q");
        person.exit();
        [DEV, DATA, SANDBOX, LEGACY].map(|id| calls(&endpoint, id, "AssumeRole"))
    };
    let roles: &[&str] = &["one", "OrganizationAccountAccessRole", "iamkeys-audit"];
    assert_eq!(run(roles, true), [2, 3, 3, 3]);
    assert_eq!(run(roles, true), [1, 1, 1, 3]);
    // One that is wanted before it and has not been tried yet comes first.
    let others: &[&str] = &["two", "OrganizationAccountAccessRole", "iamkeys-audit"];
    assert_eq!(run(others, true), [2, 3, 3, 3]);
    assert_eq!(run(others, true), [1, 1, 1, 3]);
    assert_eq!(run(roles, false), [2, 3, 3, 3], "nothing remembers");
}

#[test]
fn the_demo_opens_its_organisation_when_it_is_asked_for() {
    let endpoint = organisation();
    let mut person = Person::at(&endpoint);
    person.loaded();
    assert!(!person.screen().contains("Accounts"), "there is one");
    assert_eq!(person.calls("ListAccounts"), 0);
    person.press("0");
    person.see("0 Accounts 6");
    person.see("suspended");
}

#[test]
fn users_and_keys_of_all_accounts_are_one_list_that_can_be_narrowed() {
    let endpoint = organisation();
    let mut person = all_accounts(&endpoint);
    person.see("2 not reachable");
    person.loaded();
    person.press("2");
    // The oldest of all, in whichever account.
    let screen = person.see("Keys ─");
    let places = [
        "AKIAQX7DEMO4JENKNS01",
        "AKIAQX7DEMO4DVMALL01",
        "AKIAQX7DEMO4MOBILE01",
    ];
    let places = places.map(|key| {
        screen
            .find(key)
            .unwrap_or_else(|| panic!("{key}: {screen}"))
    });
    assert!(places.is_sorted(), "{screen}");
    person.press("/account:acme-dev<enter>");
    let screen = person.see("9 shown");
    assert!(!screen.contains("acme-prod "), "{screen}");
    person.press("<esc>");
    person.press("/account:4444|acme-sandbox<enter>");
    person.see("11 shown");
    person.press("<esc>0");
    person.see("Accounts ─");
    // From acme-prod, the account of the selected row, to the one above it but three.
    person.press("gj<enter>");
    let screen = person.see("acme-dev 111122223333");
    assert!(screen.contains("Users 7"), "{screen}");
    person.press("<esc>");
    person.see("All 6 accounts");
    person.see("Users 40");
    person.press("0gjx");
    person.press("1");
    person.see("Users 33");
}

#[test]
fn a_change_is_made_in_the_account_of_its_row_with_the_whole_role_for_it_alone() {
    let endpoint = organisation();
    let mut person = all_accounts(&endpoint);
    person.see("2 not reachable");
    person.loaded();
    let before = calls(&endpoint, DEV, "AssumeRole");
    let (key, user) = KEY_OF_DEV;
    person.press(&format!("/{user}<enter>"));
    person.see(key);
    person.press("t");
    let screen = person.see(&format!("{key} of {user}"));
    assert!(screen.contains(&format!("in acme-dev {DEV}")), "{screen}");
    assert_eq!(
        calls(&endpoint, DEV, "AssumeRole"),
        before,
        "not before it is confirmed"
    );
    person.press("y");
    person.see("Deactivated");
    assert_eq!(status(&endpoint, DEV, key), Status::Inactive);
    assert_eq!(calls(&endpoint, DEV, "AssumeRole"), before + 1);
    let changes = endpoint.calls();
    let mut changes = changes
        .iter()
        .filter(|call| call.action == "UpdateAccessKey");
    let change = changes.next().expect("one change");
    assert_eq!(change.account.as_deref(), Some(DEV));
    assert!(changes.next().is_none());
    // What it is signed with is not what anything was read with.
    let signed = change.signed_by.clone();
    let reads = endpoint.calls();
    let mut reads = reads.iter().filter(|call| call.action != "UpdateAccessKey");
    assert!(reads.all(|call| call.signed_by != signed));
    person.press("4");
    person.press("4");
    let screen = person.see("UpdateAccessKey");
    assert!(screen.contains("acme-dev"), "{screen}");
    person.press("<enter>");
    // It goes on in the next line.
    person.see(&format!(
        "arn:aws:iam::{DEV}:role/OrganizationAccountAccess"
    ));
}

/// In an account whose role may only read.
fn refuses_to_change_a_key(person: &mut Person, endpoint: &Endpoint) {
    person.press("/heidi<enter>");
    person.see("AKIAQX7DEMO4DTHEID01");
    person.press("t");
    person.see(&format!("in acme-data {DATA}"));
    person.press("y");
    person.see("AccessDenied: iam:UpdateAccessKey");
    assert_eq!(
        status(endpoint, DATA, "AKIAQX7DEMO4DTHEID01"),
        Status::Active
    );
}

#[test]
fn where_the_role_may_only_read_the_change_is_refused_there() {
    let endpoint = organisation();
    let mut person = all_accounts(&endpoint);
    person.see("2 not reachable");
    person.loaded();
    refuses_to_change_a_key(&mut person, &endpoint);
}

#[test]
fn read_only_never_assumes_a_role_without_the_session_policy() {
    let endpoint = organisation();
    let setup = Setup {
        size: (120, 36),
        all_accounts: true,
        clock: now,
        read_only: true,
        ..Setup::default()
    };
    let mut person = Person::with(&endpoint, setup);
    person.see("2 not reachable");
    person.loaded();
    let before = person.calls("AssumeRole");
    person.press("/mallory<enter>");
    person.see(KEY_OF_DEV.0);
    person.press("t");
    person.see("Read-only");
    assert_eq!(person.calls("AssumeRole"), before);
    assert_eq!(person.calls("UpdateAccessKey"), 0);
}

/// The session policy is AWS's to enforce: here it is asked for a change all the same.
#[tokio::test]
async fn the_session_policy_refuses_a_change_also_to_a_role_that_may_do_everything() {
    let endpoint = organisation();
    let account = embedded(&endpoint);
    let config = |credentials: Credentials| {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .http_client(account.http_client.clone())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
    };
    let sts = aws_sdk_sts::Client::new(&config(account.credentials.clone()));
    let (key, user) = KEY_OF_DEV;
    for (policy, allowed) in [(Some(READ_ONLY_POLICY), false), (None, true)] {
        let role = sts
            .assume_role()
            .role_arn(format!(
                "arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole"
            ))
            .role_session_name("test")
            .set_policy(policy.map(str::to_owned));
        let given = role.send().await.unwrap().credentials.unwrap();
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            None,
            "test",
        );
        let iam = aws_sdk_iam::Client::new(&config(credentials));
        assert!(iam.list_users().send().await.is_ok(), "it may read");
        let change = iam.update_access_key().user_name(user).access_key_id(key);
        let changed = change.status(StatusType::Inactive).send().await;
        match changed {
            Ok(_) => assert!(allowed, "the policy is not enforced"),
            Err(error) => {
                assert!(!allowed, "{error:?}");
                assert_eq!(error.code(), Some("AccessDenied"));
            }
        }
    }
}

#[test]
fn one_account_of_which_nothing_can_be_read_leaves_the_others_as_they_are() {
    let endpoint = organisation();
    for fault in [
        Fault::new(FaultKind::Refuse)
            .action("ListUsers")
            .in_account(DATA),
        Fault::new(FaultKind::Refuse)
            .action("AssumeRole")
            .in_account(SANDBOX),
    ] {
        endpoint.fault(fault);
    }
    let mut person = all_accounts(&endpoint);
    person.see("of 3 accounts loaded");
    person.press("0");
    let screen = person.wait("the refusals", |screen| {
        let dev = screen.lines().find(|line| line.contains(DEV));
        screen.contains("▲ AccessDenied: iam:ListUsers")
            && dev.is_some_and(|row| row.contains(" 7 "))
    });
    let row = |id: &str| screen.lines().find(|line| line.contains(id)).unwrap();
    assert!(row(SANDBOX).contains("▲ no role to assume"), "{screen}");
    assert!(row(DEV).contains(" 7 "), "{screen}");
    // It may be granted now.
    endpoint.clear_faults();
    person.press("GR");
    person.wait("acme-sandbox", |screen| {
        let row = screen.lines().find(|line| line.contains(SANDBOX));
        row.is_some_and(|row| row.contains("role iamkeys-audit"))
    });
}

#[test]
fn what_was_listed_before_the_list_was_refused_is_open_and_it_is_said_that_there_may_be_more() {
    let endpoint = organisation().with_pages_of(3);
    // The first page comes, and the second does not.
    let refused = FaultKind::Code {
        status: 400,
        code: "AccessDeniedException".into(),
        message: "not any more".into(),
    };
    let refused = || Fault::new(refused.clone()).action("organizations:ListAccounts");
    // It is asked for when the first page has come.
    let late = FaultKind::Delay(Duration::from_millis(300));
    endpoint.fault(
        Fault::new(late)
            .action("organizations:ListAccounts")
            .times(1),
    );
    let person = all_accounts(&endpoint);
    person.wait("the first page", |_| person.calls("ListAccounts") == 1);
    endpoint.fault(refused());
    person.see("3 accounts are listed, and there may be more");
    let other = organisation();
    other.fault(refused());
    let person = all_accounts(&other);
    person.see("The accounts of the organisation are not listed");
}

#[test]
fn where_the_list_of_accounts_is_throttled_none_is_lost() {
    let endpoint = Endpoint::generated(60, 2, now())
        .with_report_time(chrono::TimeDelta::zero())
        .with_rate_of(Rate::per_second(2).action("organizations:ListAccounts"));
    let mut person = all_accounts(&endpoint);
    person.press("0");
    person.see("0 Accounts 60");
    person.see("Users 120");
}

#[test]
fn accounts_are_filtered_and_sorted() {
    let endpoint = organisation();
    let mut person = all_accounts(&endpoint);
    person.see("2 not reachable");
    person.loaded();
    person.press("0/no role");
    let screen = person.see("1 shown");
    assert!(
        screen.contains("acme-legacy") && !screen.contains("acme-dev"),
        "{screen}"
    );
    person.press("<esc>");
    person.see("acme-dev");
    // By keys, the most first: behind the name and the users.
    person.press("ss");
    let screen = person.see("Sorted by number of keys, most first");
    let places = ["31 ", "11 ", "9 "].map(|keys| {
        let line = screen
            .lines()
            .position(|line| line.contains("role") && line.contains(keys));
        line.or_else(|| screen.lines().position(|line| line.contains("demo")))
    });
    assert!(places.is_sorted(), "{places:?}\n{screen}");
    person.press("/zzz");
    person.see("No accounts match.");
    person.press("<esc>");
    person.gone("No accounts match.");
}

#[test]
fn one_more_account_leaves_the_open_ones_alone() {
    let endpoint = organisation();
    let mut person = all_accounts(&endpoint);
    person.see("2 not reachable");
    person.loaded();
    let before = person.calls("ListUsers");
    // A refresh asks again in the accounts that are on the screen.
    person.press("1R");
    person.wait("a refresh", |_| person.calls("ListUsers") > before);
    let screen = person.loaded();
    assert!(screen.contains("Users 40"), "{screen}");
}

/// Sessions that last for seconds by the clock of this machine: each request makes another.
#[tokio::test]
async fn the_session_that_a_request_has_made_is_told_of() {
    let seconds_left = || now() - TimeDelta::minutes(60) + TimeDelta::seconds(5);
    let endpoint = organisation().with_clock(Arc::new(seconds_left));
    let member = expiry::member_of_dev(&endpoint, &Options::default()).await;
    let Some(Renewals::ByRequests(mut latest)) = member.renewal else {
        panic!("{:?}", member.renewal);
    };
    member.connection.alias().await.expect("with the first");
    // The next session lasts for an hour.
    let endpoint = endpoint.with_clock(Arc::new(now));
    member.connection.alias().await.expect("with the next");
    let longer = async {
        loop {
            let renewed = latest.next().await.expect("it is told");
            if renewed.expires > Some(now() + TimeDelta::minutes(50)) {
                break renewed;
            }
        }
    };
    let renewed = tokio::time::timeout(Duration::from_secs(30), longer).await;
    let renewed = renewed.expect("it is told of in time");
    assert_ne!(renewed.key, member.key);
    let signed_by = endpoint.calls().last().expect("a call").signed_by.clone();
    assert_eq!(signed_by.as_deref(), Some(&*renewed.key));
    // It is used as long as it lasts. What changes is signed with another, which reads are not.
    let told = tokio::time::timeout(Duration::ZERO, latest.next());
    member.connection.alias().await.expect("with the same");
    assert!(told.await.is_err(), "nothing else is told");
}

/// All accounts, with a login to the SSO portal, and Organizations refuses to list them.
fn by_the_portal(endpoint: &Endpoint) -> Person {
    endpoint.fault(Fault::new(FaultKind::Refuse).action("organizations:ListAccounts"));
    let setup = Setup {
        size: (120, 36),
        all_accounts: true,
        portal: true,
        clock: now,
        ..Setup::default()
    };
    Person::with(endpoint, setup)
}

/// The row of an account on the screen, once it is as asked.
fn see_row(person: &Person, id: &str, condition: impl Fn(&str) -> bool) -> String {
    let screen = person.wait(id, |screen| {
        let mut rows = screen.lines().filter(|line| line.contains(id));
        rows.any(&condition)
    });
    let mut rows = screen.lines().filter(|line| line.contains(id));
    rows.find(|row| condition(row)).expect("it was seen").into()
}

#[test]
fn where_organizations_refuses_the_accounts_of_the_portal_are_opened() {
    let endpoint = organisation();
    let mut person = by_the_portal(&endpoint);
    person.see("opening those of SSO demo");
    person.press("0");
    let screen = person.see("0 Accounts 4");
    assert!(
        !screen.contains(LEGACY) && !screen.contains(OLD),
        "{screen}"
    );
    for (id, name, role, users) in [
        (DEV, "acme-dev", "SSO AdministratorAcce…", " 7 "),
        (DATA, "acme-data", "SSO ViewOnlyAccess, d…", " 9 "),
        (SANDBOX, "acme-sandbox", "SSO ViewOnlyAccess, d…", " 0 "),
    ] {
        let row = see_row(&person, id, |row| row.contains(role));
        assert!(row.contains(name), "{row}");
        see_row(&person, id, |row| row.contains(users));
        assert_eq!(calls(&endpoint, id, "GetRoleCredentials"), 1);
        assert_eq!(calls(&endpoint, id, "AssumeRole"), 0);
    }
    // The account that lists them is open once.
    assert_eq!(calls(&endpoint, "123456789012", "GetRoleCredentials"), 0);
    person.press("/sso viewonly");
    person.see("2 shown");
    person.press("<enter><enter>");
    person.see(" role ViewOnlyAccess ");
}

#[test]
fn a_change_through_the_portal_is_made_with_its_role_and_refused_where_that_only_reads() {
    let endpoint = organisation();
    let mut person = by_the_portal(&endpoint);
    person.see("Users 40");
    person.loaded();
    refuses_to_change_a_key(&mut person, &endpoint);
}

#[test]
fn a_role_that_the_portal_refuses_in_one_account_leaves_the_others() {
    let endpoint = organisation();
    endpoint.fault(
        Fault::new(FaultKind::Refuse)
            .action("ListAccountRoles")
            .in_account(DEV),
    );
    endpoint.fault(
        Fault::new(FaultKind::Refuse)
            .action("GetRoleCredentials")
            .in_account(SANDBOX),
    );
    let mut person = by_the_portal(&endpoint);
    person.see("2 not reachable");
    person.press("0");
    see_row(&person, DEV, |row| {
        row.contains("▲ SSO demo gives no role here")
    });
    see_row(&person, SANDBOX, |row| {
        row.contains("▲ SSO demo gives no credentials of ViewOnlyAccess")
    });
    see_row(&person, DATA, |row| row.contains(" 9 "));
    // It may be granted now.
    endpoint.clear_faults();
    person.press("GR");
    see_row(&person, SANDBOX, |row| {
        row.contains("SSO ViewOnlyAccess, d…")
    });
}

#[test]
fn a_portal_that_throttles_loses_no_account() {
    let endpoint = Endpoint::generated(40, 1, now())
        .with_report_time(chrono::TimeDelta::zero())
        .with_rate_of(Rate::per_second(40).action("GetRoleCredentials"))
        .with_rate_of(Rate::per_second(40).action("ListAccountRoles"));
    endpoint.fault("sso:ListAccounts=throttle*3".parse().unwrap());
    let mut person = by_the_portal(&endpoint);
    person.press("0");
    person.see("0 Accounts 40");
    person.see("Users 40");
    assert!(!person.screen().contains("not reachable"));
    let refused = endpoint.calls();
    let refused = refused.iter().filter(|call| call.action == "ListAccounts");
    assert!(refused.count() >= 4, "it was throttled");
}

#[test]
fn a_portal_of_a_thousand_accounts_has_a_row_for_each() {
    let endpoint = Endpoint::generated(1000, 0, now()).with_report_time(chrono::TimeDelta::zero());
    let mut person = by_the_portal(&endpoint);
    person.see("0 Accounts 1,000");
    person.press("0G");
    see_row(&person, "900000000999", |row| row.contains("▌"));
}

#[test]
fn where_neither_lists_them_it_is_said_and_a_login_that_has_ended_is_named() {
    let endpoint = organisation();
    endpoint.fault("sso:ListAccounts=refuse".parse().unwrap());
    let person = by_the_portal(&endpoint);
    person.see("The accounts of SSO demo are not listed");
}
