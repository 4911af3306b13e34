//! AWS Organizations: which accounts there are, and who may ask.

use std::time::Duration;

use aws_sdk_iam::config::Credentials;
use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{AccountJoinedMethod, AccountState};
use chrono::{TimeDelta, Utc};
use iamkeys::demo::{Account, Endpoint, Rate, State};

use super::*;

fn client(endpoint: &Endpoint, credentials: Credentials) -> Client {
    client!(aws_sdk_organizations, endpoint, credentials)
}

/// The names of all accounts, page by page, and how many pages there were.
async fn names(client: &Client) -> (Vec<String>, usize) {
    let (mut names, mut pages, mut token) = (Vec::new(), 0, None);
    loop {
        let call = client.list_accounts().set_next_token(token);
        let page = call.send().await.unwrap();
        assert!(page.accounts().len() <= 20);
        let of_page = page.accounts().iter().filter_map(|account| account.name());
        names.extend(of_page.map(str::to_owned));
        pages += 1;
        token = page.next_token;
        if token.is_none() {
            return (names, pages);
        }
    }
}

#[tokio::test]
async fn accounts_are_listed_with_their_state() {
    let endpoint = organisation();
    let client = client(&endpoint, endpoint.sdk_credentials());
    let listed = client.list_accounts().send().await.unwrap();
    let [prod, .., old, _] = listed.accounts() else {
        panic!("six accounts: {listed:?}");
    };
    assert_eq!(prod.id(), Some("123456789012"));
    assert_eq!(prod.email(), Some("aws+prod@acme.example"));
    assert_eq!(prod.joined_method(), Some(&AccountJoinedMethod::Invited));
    let joined = (now() - TimeDelta::days(1480)).timestamp();
    assert_eq!(prod.joined_timestamp().unwrap().secs(), joined);
    assert_eq!(prod.state(), Some(&AccountState::Active));
    assert_eq!(old.name(), Some("acme-old"));
    assert_eq!(old.state(), Some(&AccountState::Suspended));
    assert_eq!(
        old.arn(),
        Some("arn:aws:organizations::777788889999:account/o-demo0acme1/999900001111")
    );
    let status = prod.status();
    assert_eq!(status, None);
    endpoint.in_account("999900001111", |old| old.set_state(State::PendingClosure));
    let listed = client.list_accounts().send().await.unwrap();
    assert_eq!(
        listed.accounts()[4].state(),
        Some(&AccountState::PendingClosure)
    );
}

#[tokio::test]
async fn the_organisation_is_described_to_every_account_in_it() {
    let endpoint = organisation();
    let dbt = client(&endpoint, key("AKIAQX7DEMO4DTDBT001"));
    let described = dbt.describe_organization().send().await.unwrap();
    let organisation = described.organization.unwrap();
    assert_eq!(organisation.id(), Some("o-demo0acme1"));
    assert_eq!(organisation.master_account_id(), Some("777788889999"));
    assert_eq!(
        organisation.master_account_email(),
        Some("aws@acme.example")
    );
}

#[tokio::test]
async fn a_page_holds_twenty_accounts_at_most() {
    let endpoint = Endpoint::generated(1000, 0, now());
    let manager = client(&endpoint, endpoint.sdk_credentials());
    let (listed, pages) = names(&manager).await;
    assert_eq!((listed.len(), pages), (1000, 50));
    assert_eq!(listed[999], "team-334-prod");
    for wrong in [0, 21] {
        let error = error(manager.list_accounts().max_results(wrong).send()).await;
        assert!(error.starts_with("400 InvalidInputException: "), "{error}");
    }
    let bad = error(manager.list_accounts().next_token("x").send()).await;
    assert!(bad.starts_with("400 InvalidInputException: "), "{bad}");

    // The service may return fewer at any time.
    let endpoint = organisation().with_pages_of(4);
    let prod = client(&endpoint, endpoint.sdk_credentials());
    assert_eq!(names(&prod).await.1, 2);
    let two = prod.list_accounts().max_results(2).send().await.unwrap();
    assert_eq!(two.accounts().len(), 2);
    // A page may be empty, and say that there are more.
    let endpoint = organisation().with_empty_pages();
    let prod = client(&endpoint, endpoint.sdk_credentials());
    let (listed, pages) = names(&prod).await;
    assert_eq!((listed.len(), pages), (6, 2));
}

#[tokio::test]
async fn only_the_management_account_and_delegated_administrators_may_list() {
    let endpoint = organisation();
    let legacy = client(&endpoint, key("AKIAQX7DEMO4LGINVO01"));
    assert_eq!(names(&legacy).await.0.len(), 6);
    let dbt = client(&endpoint, key("AKIAQX7DEMO4DTDBT001"));
    assert_eq!(
        error(dbt.list_accounts().send()).await,
        "400 AccessDeniedException: You don't have permissions to access this resource."
    );
    // Without the permission, a delegated administrator may not either.
    let no = r#"{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}"#;
    endpoint.account(|prod| prod.set_user_policy("alice", Some(no)).unwrap());
    let alice = client(&endpoint, endpoint.sdk_credentials());
    let denied = error(alice.list_accounts().send()).await;
    assert_eq!(
        denied,
        "400 AccessDeniedException: User: arn:aws:iam::123456789012:user/people/alice is not \
         authorized to perform: organizations:ListAccounts on resource: * because no \
         identity-based policy allows the organizations:ListAccounts action"
    );
}

#[tokio::test]
async fn an_account_alone_is_in_no_organisation() {
    let endpoint = Endpoint::new(Account::demo(now()));
    let client = client(&endpoint, endpoint.sdk_credentials());
    let expected = "400 AWSOrganizationsNotInUseException: Your account is not a member of an \
                    organization.";
    assert_eq!(error(client.list_accounts().send()).await, expected);
    assert_eq!(error(client.describe_organization().send()).await, expected);
}

#[tokio::test]
async fn errors_have_the_names_of_this_protocol() {
    let (time, clock) = movable();
    let endpoint = organisation().with_clock(clock);
    let role = "arn:aws:iam::111122223333:role/OrganizationAccountAccessRole";
    let session = assumed(&endpoint, role).await;
    *time.lock().unwrap() += TimeDelta::hours(1);
    let over = error(client(&endpoint, session).describe_organization().send()).await;
    assert!(over.starts_with("400 ExpiredTokenException: "), "{over}");
    let unknown = client(&endpoint, key("AKIAQX7DEMO4NOBODY01"));
    let unknown = error(unknown.list_accounts().send()).await;
    assert!(
        unknown.starts_with("400 UnrecognizedClientException: "),
        "{unknown}"
    );
    let alice = client(&endpoint, endpoint.sdk_credentials());
    for (fault, expected) in [
        (
            "organizations:ListAccounts=throttle*1",
            "400 TooManyRequestsException: ",
        ),
        ("ListAccounts=refuse*1", "400 AccessDeniedException: "),
        ("ListAccounts=500*1", "500 InternalFailure: "),
        (
            "ListAccounts=code:400:ServiceException:Sorry*1",
            "400 ServiceException: Sorry",
        ),
        ("ListAccounts=error-after:500*1", "500 InternalFailure: "),
    ] {
        endpoint.fault(fault.parse().unwrap());
        let error = error(alice.list_accounts().send()).await;
        assert!(error.starts_with(expected), "{fault}: {error}");
    }
    for fault in [
        "ListAccounts=cut*1",
        "ListAccounts=drop-before*1",
        "ListAccounts=garble*1",
    ] {
        endpoint.fault(fault.parse().unwrap());
        alice.list_accounts().send().await.unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn two_pages_a_second_are_let_through() {
    let rate = Rate::per_second(2).action("ListAccounts");
    let endpoint = Endpoint::generated(100, 0, now()).with_rate_of(rate);
    let manager = client(&endpoint, endpoint.sdk_credentials());
    let ask = || manager.list_accounts().send();
    ask().await.unwrap();
    ask().await.unwrap();
    let third = error(ask()).await;
    assert!(
        third.starts_with("400 TooManyRequestsException: "),
        "{third}"
    );
    tokio::time::advance(Duration::from_millis(500)).await;
    ask().await.unwrap();
}

#[tokio::test]
async fn a_socket_serves_the_organisation_as_well() {
    let endpoint = Endpoint::demo_organisation(Utc::now());
    let server = endpoint.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let config = aws_sdk_organizations::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(endpoint.sdk_credentials())
        .endpoint_url(server.url());
    let client = Client::from_conf(config.build());
    assert_eq!(names(&client).await.0.len(), 6);
    server.shutdown().await;
}
