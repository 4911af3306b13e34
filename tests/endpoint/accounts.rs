//! The embedded endpoint as an organisation: which account a request is about, and what each has of
//! its own.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use iamkeys::demo::{Endpoint, Outcome, Rate, Role, State};

use super::{assumed, error, iam, key, now, organisation, sts};

const PROD: &str = "123456789012";
const DEV: &str = "111122223333";
const DATA: &str = "444455556666";

#[tokio::test]
async fn the_signing_key_decides_which_account_a_request_is_about() {
    let endpoint = organisation();
    let prod = iam(&endpoint, endpoint.sdk_credentials());
    let users = prod.list_users().send().await.unwrap();
    assert_eq!(users.users().len(), 24);
    let role = format!("arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole");
    let dev = iam(&endpoint, assumed(&endpoint, &role).await);
    let users = dev.list_users().send().await.unwrap();
    assert_eq!(users.users().len(), 7);
    assert!(users.users()[0].arn().contains(DEV));
    // A user of another account, by the user's own key.
    let dbt = endpoint.in_account(DATA, |data| data.user("dbt").unwrap().keys[0].id);
    let dbt = key(dbt.as_str());
    let caller = sts(&endpoint, dbt).get_caller_identity().send();
    assert_eq!(caller.await.unwrap().account(), Some(DATA));

    let calls = endpoint.calls();
    let of = |account: &str, action: &str| (Some(account.to_owned()), action.to_owned());
    let seen: Vec<_> = calls
        .into_iter()
        .map(|call| (call.account, call.action))
        .collect();
    assert_eq!(
        seen,
        [
            of(PROD, "ListUsers"),
            of(DEV, "AssumeRole"),
            of(DEV, "ListUsers"),
            of(DATA, "GetCallerIdentity")
        ]
    );
}

#[tokio::test]
async fn a_change_is_made_in_one_account_only() {
    let endpoint = organisation();
    let role = format!("arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole");
    let dev = iam(&endpoint, assumed(&endpoint, &role).await);
    let created = dev.create_access_key().user_name("oleg").send().await;
    let id = created.unwrap().access_key.unwrap().access_key_id;
    let there = |account: &str| endpoint.in_account(account, |it| it.key(&id).is_some());
    assert!(there(DEV) && !there(PROD) && !there(DATA));
    let unknown = dev.list_access_keys().user_name("deploy-bot").send();
    assert!(error(unknown).await.starts_with("404 NoSuchEntity"));
}

#[tokio::test]
async fn each_account_has_a_report_of_its_own() {
    let endpoint = organisation().with_report_time(TimeDelta::zero());
    let role = format!("arn:aws:iam::{DATA}:role/iamkeys-audit");
    let data = iam(&endpoint, assumed(&endpoint, &role).await);
    let prod = iam(&endpoint, endpoint.sdk_credentials());
    data.generate_credential_report().send().await.unwrap();
    let report = data.get_credential_report().send().await.unwrap();
    let text = String::from_utf8(report.content.unwrap().into_inner()).unwrap();
    let rows: Vec<_> = text.lines().collect();
    assert_eq!(rows.len(), 1 + 1 + 9, "{text}");
    assert!(rows[1].starts_with("<root_account>,arn:aws:iam::444455556666:root"));
    assert!(rows[1].contains(",true,"), "root has a key: {}", rows[1]);
    assert_eq!(
        error(prod.get_credential_report().send()).await,
        "410 ReportNotPresent: "
    );
}

#[tokio::test]
async fn an_account_that_is_suspended_lets_nobody_in() {
    let endpoint = organisation();
    let role = "arn:aws:iam::999900001111:role/iamkeys-audit";
    let client = sts(&endpoint, endpoint.sdk_credentials());
    let assume = || {
        let call = client.assume_role().role_arn(role);
        call.role_session_name("test").send()
    };
    let denied = format!(
        "403 AccessDenied: User: arn:aws:iam::{PROD}:user/people/alice is not authorized to \
         perform: sts:AssumeRole on resource: {role}"
    );
    assert_eq!(error(assume()).await, denied);
    let cron = key("AKIAQX7DEMO4LDCRON01");
    let cron = sts(&endpoint, cron);
    let invalid = "403 InvalidClientTokenId: The security token included in the request is \
                   invalid.";
    assert_eq!(error(cron.get_caller_identity().send()).await, invalid);
    assert!(endpoint.in_account("999900001111", |old| old.set_state(State::Active)));
    assume().await.unwrap();
    cron.get_caller_identity().send().await.unwrap();
}

#[tokio::test]
async fn a_fault_in_one_account_leaves_the_others_alone() {
    let endpoint = organisation();
    let role = |id: &str| format!("arn:aws:iam::{id}:role/OrganizationAccountAccessRole");
    endpoint.in_account(DATA, |data| {
        data.add_role(Role::new("OrganizationAccountAccessRole").trusting(PROD));
    });
    let dev = iam(&endpoint, assumed(&endpoint, &role(DEV)).await);
    let data = iam(&endpoint, assumed(&endpoint, &role(DATA)).await);
    endpoint.fault("111122223333/ListUsers=500".parse().unwrap());
    endpoint.fault("111122223333/AssumeRole=throttle".parse().unwrap());
    assert!(
        error(dev.list_users().send())
            .await
            .starts_with("500 InternalFailure")
    );
    data.list_users().send().await.unwrap();
    dev.list_account_aliases().send().await.unwrap();
    // The role's account counts, not the caller's.
    let client = sts(&endpoint, endpoint.sdk_credentials());
    let assume = |id: &str| {
        let call = client.assume_role().role_arn(role(id));
        call.role_session_name("test").send()
    };
    assert_eq!(error(assume(DEV)).await, "400 Throttling: Rate exceeded");
    assume(DATA).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn rates_are_counted_in_the_account_that_signs() {
    let endpoint = organisation()
        .with_rate_of(Rate::per_second(5).in_account(DATA))
        .with_rate_of(Rate::per_second(2).action("AssumeRole"));
    let role = |id: &str, name: &str| format!("arn:aws:iam::{id}:role/{name}");
    let dev = role(DEV, "OrganizationAccountAccessRole");
    let dev = iam(&endpoint, assumed(&endpoint, &dev).await);
    let data = role(DATA, "iamkeys-audit");
    let data = iam(&endpoint, assumed(&endpoint, &data).await);
    // Two a second, whatever the role's account is.
    let client = sts(&endpoint, endpoint.sdk_credentials());
    let third = client.assume_role().role_session_name("test");
    let third = third.role_arn(role("222233334444", "iamkeys-audit"));
    assert_eq!(error(third.send()).await, "400 Throttling: Rate exceeded");
    let mut passed = [0, 0];
    for _ in 0..10 {
        passed[0] += u32::from(dev.list_users().send().await.is_ok());
        passed[1] += u32::from(data.list_users().send().await.is_ok());
    }
    assert_eq!(passed, [10, 5]);
    tokio::time::advance(Duration::from_secs(1)).await;
    data.list_users().send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_rate_of_all_is_each_account_s_own() {
    let endpoint = organisation().with_rate(5);
    let role = format!("arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole");
    let dev = iam(&endpoint, assumed(&endpoint, &role).await);
    let prod = iam(&endpoint, endpoint.sdk_credentials());
    let mut passed = [0, 0];
    for _ in 0..10 {
        passed[0] += u32::from(prod.list_users().send().await.is_ok());
        passed[1] += u32::from(dev.list_users().send().await.is_ok());
    }
    // The caller's account has let the role be assumed, too.
    assert_eq!(passed, [4, 5]);
}

#[tokio::test]
async fn an_organisation_of_a_thousand_accounts_is_served() {
    let endpoint = Endpoint::generated(1000, 3, now());
    let ids = endpoint.account_ids();
    assert_eq!(ids.len(), 1000);
    let role = format!("arn:aws:iam::{}:role/iamkeys-audit", ids[999]);
    let last = iam(&endpoint, assumed(&endpoint, &role).await);
    assert_eq!(last.list_users().send().await.unwrap().users().len(), 3);
    let alias = last.list_account_aliases().send().await.unwrap();
    assert_eq!(alias.account_aliases(), ["team-334-prod"]);
    let change = last.create_access_key().user_name("x").send();
    assert!(error(change).await.starts_with("403 AccessDenied"));
    let outcome = &endpoint.calls()[3].outcome;
    assert!(matches!(outcome, Outcome::Refused { status: 403, .. }));
}

#[test]
fn the_accounts_of_the_demo_have_what_their_stories_need() {
    let endpoint = organisation();
    let age = |at: DateTime<Utc>| (now() - at).num_days();
    endpoint.in_account(DEV, |dev| {
        let keys = dev.users().flat_map(|user| &user.keys);
        let old = keys.filter(|key| age(key.created) > 365 && key.last_used.is_none());
        assert!(old.count() >= 2, "old and never used");
    });
    endpoint.in_account(DATA, |data| {
        let mut ages: Vec<_> = data.users().flat_map(|user| &user.keys).collect();
        ages.sort_by_key(|key| key.created);
        let spread = age(ages[0].created) - age(ages[ages.len() - 1].created);
        assert!(spread > 900, "{spread}");
    });
    endpoint.in_account("222233334444", |sandbox| {
        assert_eq!(sandbox.user_count(), 0);
    });
}
