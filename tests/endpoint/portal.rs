//! The SSO portal: the accounts and roles of a person, and the credentials for them.

use std::time::Duration;

use aws_sdk_sso::Client;
use aws_sdk_sso::types::RoleCredentials;
use chrono::TimeDelta;
use iamkeys::demo::{Endpoint, Rate, State};

use super::*;

const UNAUTHORIZED: &str = "401 UnauthorizedException: Session token not found or invalid";

fn client(endpoint: &Endpoint) -> Client {
    let config = aws_sdk_sso::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .retry_config(RetryConfig::disabled())
        .http_client(endpoint.http_client());
    Client::from_conf(config.build())
}

/// The names of all accounts, page by page, and how many pages there were.
async fn names(client: &Client, token: &str) -> (Vec<String>, usize) {
    let (mut names, mut pages, mut next) = (Vec::new(), 0, None);
    loop {
        let call = client.list_accounts().access_token(token);
        let page = call.set_next_token(next).send().await.unwrap();
        let of_page = page
            .account_list()
            .iter()
            .filter_map(|it| it.account_name());
        names.extend(of_page.map(str::to_owned));
        pages += 1;
        next = page.next_token;
        if next.is_none() {
            return (names, pages);
        }
    }
}

async fn credentials(
    client: &Client,
    token: &str,
    account: &str,
    role: &str,
) -> (RoleCredentials, Credentials) {
    let call = client.get_role_credentials().access_token(token);
    let answer = call.account_id(account).role_name(role).send().await;
    let it = answer.unwrap().role_credentials.unwrap();
    let part = |part: Option<&str>| part.unwrap().to_owned();
    let (id, secret) = (part(it.access_key_id()), part(it.secret_access_key()));
    let token = Some(part(it.session_token()));
    let signing = Credentials::new(id, secret, token, None, "test");
    (it, signing)
}

#[tokio::test]
async fn a_person_sees_the_accounts_and_roles_that_are_assigned() {
    let endpoint = organisation();
    let (client, token) = (client(&endpoint), endpoint.portal_token());
    let (accounts, pages) = names(&client, &token).await;
    let expected = ["acme-prod", "acme-dev", "acme-data", "acme-sandbox"];
    assert_eq!(
        (&accounts[..], pages),
        (&expected.map(str::to_owned)[..], 1)
    );
    let listed = client.list_accounts().access_token(&token).send().await;
    let data = &listed.unwrap().account_list.unwrap()[2];
    assert_eq!(data.account_id(), Some("444455556666"));
    assert_eq!(data.email_address(), Some("aws+data@acme.example"));
    let roles = |account: &str| {
        let call = client.list_account_roles().access_token(&token);
        call.account_id(account).send()
    };
    let prod = roles("123456789012").await.unwrap();
    let prod: Vec<_> = prod
        .role_list()
        .iter()
        .filter_map(|it| it.role_name())
        .collect();
    assert_eq!(prod, ["AdministratorAccess", "ViewOnlyAccess"]);
    let legacy = error(roles("777788889999")).await;
    assert_eq!(legacy, "403 ForbiddenException: No access");
    // An account that is closed has gone.
    endpoint.in_account("111122223333", |dev| dev.set_state(State::Suspended));
    assert_eq!(names(&client, &token).await.0.len(), 3);
    assert!(error(roles("111122223333")).await.starts_with("403 "));
}

#[tokio::test]
async fn credentials_act_as_the_reserved_role_of_the_permission_set() {
    let (time, clock) = movable();
    let endpoint = organisation().with_clock(clock);
    let (client, token) = (client(&endpoint), endpoint.portal_token());
    let data = "444455556666";
    let (told, view) = credentials(&client, &token, data, "ViewOnlyAccess").await;
    let hour = TimeDelta::hours(1);
    assert_eq!(told.expiration(), (now() + hour).timestamp_millis());
    let caller = sts(&endpoint, view.clone()).get_caller_identity().send();
    let caller = caller.await.unwrap();
    let arn = caller.arn().unwrap();
    let start = format!("arn:aws:sts::{data}:assumed-role/AWSReservedSSO_ViewOnlyAccess_");
    assert!(arn.starts_with(&start) && arn.ends_with("/alice"), "{arn}");
    let view = iam(&endpoint, view);
    assert_eq!(view.list_users().send().await.unwrap().users().len(), 9);
    let why = error(view.create_access_key().user_name("dbt").send()).await;
    assert!(why.contains("no identity-based policy allows"), "{why}");
    let sandbox = "222233334444";
    let (_, admin) = credentials(&client, &token, sandbox, "AdministratorAccess").await;
    let admin = iam(&endpoint, admin);
    let users = admin.list_users().send().await.unwrap();
    assert!(users.users().is_empty());
    *time.lock().unwrap() += hour;
    let over = error(admin.list_users().send()).await;
    assert!(over.starts_with("403 ExpiredToken: "), "{over}");

    for (account, role) in [
        (data, "AdministratorAccess"),
        ("555555555555", "ViewOnlyAccess"),
    ] {
        let call = client.get_role_credentials().access_token(&token);
        let error = error(call.account_id(account).role_name(role).send()).await;
        assert_eq!(error, "403 ForbiddenException: No access");
    }
    let calls = endpoint.calls();
    let asked = calls
        .iter()
        .find(|call| call.action == "GetRoleCredentials");
    let asked = asked.unwrap();
    assert_eq!(
        (asked.service, asked.account.as_deref()),
        ("sso", Some(data))
    );
}

#[tokio::test]
async fn a_token_ends_by_itself_and_when_the_person_logs_out() {
    let (time, clock) = movable();
    let hours = TimeDelta::hours(2);
    let endpoint = organisation().with_clock(clock).with_login_lifetime(hours);
    let client = client(&endpoint);
    let [first, second] = [endpoint.portal_token(), endpoint.portal_token()];
    let ask = |token: &str| client.list_accounts().access_token(token).send();
    assert_eq!(error(ask("DEMO-EXAMPLE-unknown")).await, UNAUTHORIZED);
    client.logout().access_token(&first).send().await.unwrap();
    assert_eq!(error(ask(&first)).await, UNAUTHORIZED);
    let again = client.logout().access_token(&first).send();
    assert_eq!(error(again).await, UNAUTHORIZED);
    *time.lock().unwrap() += hours - TimeDelta::seconds(1);
    ask(&second).await.unwrap();
    *time.lock().unwrap() += TimeDelta::seconds(1);
    assert_eq!(error(ask(&second)).await, UNAUTHORIZED);
}

#[tokio::test]
async fn a_thousand_accounts_come_in_pages() {
    let endpoint = Endpoint::generated(1000, 0, now());
    let (client, token) = (client(&endpoint), endpoint.portal_token());
    let (listed, pages) = names(&client, &token).await;
    assert_eq!((listed.len(), pages), (1000, 10));
    let few = client.list_accounts().access_token(&token).max_results(7);
    assert_eq!(few.send().await.unwrap().account_list().len(), 7);
    let call = || client.list_accounts().access_token(&token);
    for wrong in [call().max_results(101), call().next_token("x")] {
        let error = error(wrong.send()).await;
        assert!(
            error.starts_with("400 InvalidRequestException: "),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_are_refused_and_faults_apply() {
    let endpoint = organisation().with_rate_of(Rate::per_second(2).action("sso:ListAccounts"));
    let (client, token) = (client(&endpoint), endpoint.portal_token());
    let ask = || client.list_accounts().access_token(&token).send();
    ask().await.unwrap();
    ask().await.unwrap();
    assert_eq!(
        error(ask()).await,
        "429 TooManyRequestsException: Rate exceeded"
    );
    tokio::time::advance(Duration::from_secs(1)).await;
    ask().await.unwrap();
    let roles = |account: &str| {
        let call = client.list_account_roles().access_token(&token);
        call.account_id(account).send()
    };
    endpoint.fault("111122223333/ListAccountRoles=refuse".parse().unwrap());
    assert_eq!(
        error(roles("111122223333")).await,
        "403 ForbiddenException: No access"
    );
    roles("444455556666").await.unwrap();
    endpoint.clear_faults();
    endpoint.fault("sso:ListAccounts=500".parse().unwrap());
    assert!(error(ask()).await.starts_with("500 InternalFailure"));
    endpoint.clear_faults();
    endpoint.fault("organizations:ListAccounts=500".parse().unwrap());
    tokio::time::advance(Duration::from_secs(1)).await;
    ask().await.unwrap();
}
