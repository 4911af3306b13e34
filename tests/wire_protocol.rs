//! The embedded endpoint as the SDK and as a socket see it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_iam::Client;
use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::timeout::TimeoutConfig;
use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::operation::RequestId;
use aws_sdk_iam::types::{StatusType, Tag, User};
use chrono::{DateTime, TimeDelta, Utc};
use iamkeys::demo::{Account, Delay, Endpoint, Fault, FaultKind, Outcome, Status};
use tokio::time::Instant;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn demo() -> Endpoint {
    Endpoint::new(Account::demo(now())).with_clock(Arc::new(now))
}

fn generated(users: usize) -> Endpoint {
    Endpoint::new(Account::generated(users, now())).with_clock(Arc::new(now))
}

fn client_with(http_client: SharedHttpClient, credentials: Credentials) -> Client {
    let config = aws_sdk_iam::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .http_client(http_client)
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

fn client(endpoint: &Endpoint) -> Client {
    client_with(endpoint.http_client(), endpoint.sdk_credentials())
}

fn sts_client(endpoint: &Endpoint, credentials: Credentials) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .http_client(endpoint.http_client())
        .retry_config(RetryConfig::disabled())
        .build();
    aws_sdk_sts::Client::from_conf(config)
}

/// What the service said: status, code, sentence.
fn said<E>(error: SdkError<E>) -> (u16, String, String)
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + Send + Sync + 'static,
{
    let SdkError::ServiceError(error) = error else {
        panic!("not an answer of the service: {error:?}");
    };
    let status = error.raw().status().as_u16();
    let error = error.into_err();
    assert!(error.request_id().is_some_and(|id| id.len() == 36));
    (
        status,
        error.code().unwrap_or_default().to_owned(),
        error.message().unwrap_or_default().to_owned(),
    )
}

macro_rules! assert_said {
    ($result:expr, $status:literal, $code:literal, $message:expr) => {
        let (status, code, message) = said($result.unwrap_err());
        assert_eq!((status, &*code), ($status, $code), "{message}");
        assert_eq!(message, $message);
    };
}

const UNKNOWN_TOKEN: &str = "The security token included in the request is invalid.";

#[tokio::test]
async fn users_come_in_pages_of_a_hundred_or_as_asked() {
    let endpoint = generated(2345);
    let client = client(&endpoint);
    let first = client.list_users().send().await.unwrap();
    assert_eq!(first.users().len(), 100);
    assert!(first.is_truncated());

    let mut names = BTreeSet::new();
    let mut sizes = Vec::new();
    let mut marker = None;
    loop {
        let page = client
            .list_users()
            .max_items(1000)
            .set_marker(marker)
            .send()
            .await
            .unwrap();
        sizes.push(page.users().len());
        names.extend(page.users().iter().map(|user| user.user_name().to_owned()));
        marker = page.marker().map(str::to_owned);
        assert_eq!(page.is_truncated(), marker.is_some());
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [1000, 1000, 345]);
    assert_eq!(names.len(), 2345);
    assert_eq!(endpoint.calls().len(), 4);
}

#[tokio::test]
async fn exactly_full_pages_leave_no_empty_one_behind() {
    let endpoint = generated(200);
    let pages: Vec<_> = client(&endpoint)
        .list_users()
        .into_paginator()
        .send()
        .collect::<Result<_, _>>()
        .await
        .unwrap();
    assert_eq!(pages.len(), 2);
}

#[tokio::test]
async fn a_page_goes_on_after_changes_in_between() {
    let endpoint = generated(5);
    let client = client(&endpoint);
    let first = client.list_users().max_items(2).send().await.unwrap();
    let last = first.users()[1].user_name().to_owned();
    endpoint.account(|account| {
        account.remove_user(&last);
        account.add_user("AAA", "/", now()).unwrap();
    });
    let rest = client
        .list_users()
        .set_marker(first.marker().map(str::to_owned))
        .send()
        .await
        .unwrap();
    assert_eq!(rest.users().len(), 3);
    assert!(rest.users().iter().all(|user| user.user_name() > &*last));
}

#[tokio::test]
async fn users_are_sorted_without_case_and_found_under_a_path() {
    let endpoint = demo();
    let client = client(&endpoint);
    let all = client.list_users().send().await.unwrap();
    assert_eq!(all.users().len(), 24);
    let names: Vec<_> = all.users().iter().map(User::user_name).collect();
    assert_eq!(
        names[..6],
        [
            "alice",
            "backup-agent",
            "billing-export",
            "bob",
            "Carol",
            "ci-runner"
        ]
    );

    let people = client
        .list_users()
        .path_prefix("/people/")
        .send()
        .await
        .unwrap();
    assert_eq!(people.users().len(), 6);
    assert!(
        people
            .users()
            .iter()
            .all(|user| user.path().starts_with("/people/"))
    );
    assert_said!(
        client.list_users().path_prefix("people/").send().await,
        400,
        "ValidationError",
        "1 validation error detected: Value 'people/' at 'pathPrefix' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: \\u002F[\\u0021-\\u007F]*"
    );
}

#[tokio::test]
async fn a_user_is_told_in_full() {
    let endpoint = demo();
    let client = client(&endpoint);
    let user = client.get_user().user_name("CAROL").send().await.unwrap();
    let user = user.user().unwrap();
    assert_eq!(user.user_name(), "Carol");
    assert_eq!(user.path(), "/people/");
    assert_eq!(user.arn(), "arn:aws:iam::123456789012:user/people/Carol");
    assert_eq!(user.user_id().len(), 21);
    let created = (now() - TimeDelta::days(602)).timestamp();
    assert_eq!(user.create_date().secs(), created);
    let me = client.get_user().send().await.unwrap();
    assert_eq!(me.user().unwrap().user_name(), "alice");
    let odd = "ops+oncall=eu,west.1@acme-corp_01";
    let user = client.get_user().user_name(odd).send().await.unwrap();
    assert_eq!(user.user().unwrap().user_name(), odd);
}

#[tokio::test]
async fn a_key_is_created_listed_changed_and_deleted() {
    let endpoint = demo();
    let client = client(&endpoint);
    let created = client
        .create_access_key()
        .user_name("NEW-hire")
        .send()
        .await
        .unwrap();
    let created = created.access_key().unwrap();
    let id = created.access_key_id();
    assert!(id.starts_with("AKIAQX7DEMO4") && id.len() == 20);
    assert_eq!(created.secret_access_key().len(), 40);
    assert_eq!(created.user_name(), "new-hire");
    assert_eq!(created.status(), &StatusType::Active);
    assert_eq!(created.create_date().unwrap().secs(), now().timestamp());

    let status = async || {
        let listed = client
            .list_access_keys()
            .user_name("new-HIRE")
            .send()
            .await
            .unwrap();
        let keys = listed.access_key_metadata();
        assert!(keys.iter().all(|key| key.user_name() == Some("new-hire")));
        keys.iter()
            .map(|key| {
                (
                    key.access_key_id().unwrap().to_owned(),
                    key.status().cloned().unwrap(),
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(status().await, [(id.to_owned(), StatusType::Active)]);
    for wanted in [StatusType::Inactive, StatusType::Active] {
        client
            .update_access_key()
            .user_name("new-hire")
            .access_key_id(id)
            .status(wanted.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(status().await, [(id.to_owned(), wanted)]);
    }
    let delete = || {
        client
            .delete_access_key()
            .user_name("new-hire")
            .access_key_id(id)
            .send()
    };
    delete().await.unwrap();
    assert_eq!(status().await, []);
    assert_said!(
        delete().await,
        404,
        "NoSuchEntity",
        format!("The Access Key with id {id} cannot be found.")
    );
}

#[tokio::test]
async fn calls_without_a_user_are_about_the_caller() {
    let endpoint = demo();
    let alice = client(&endpoint);
    let mine = alice.list_access_keys().send().await.unwrap();
    assert_eq!(
        mine.access_key_metadata()[0].access_key_id(),
        Some("AKIAQX7DEMO4ALICE001")
    );
    assert_said!(
        alice
            .delete_access_key()
            .access_key_id("AKIAQX7DEMO4DEPLOY01")
            .send()
            .await,
        404,
        "NoSuchEntity",
        "The Access Key with id AKIAQX7DEMO4DEPLOY01 cannot be found."
    );

    endpoint.account(|account| account.sign_in_with_role("Operator", "alice@acme"));
    let role = client(&endpoint);
    assert_said!(
        role.list_access_keys().send().await,
        400,
        "ValidationError",
        "Must specify userName when calling with non-User credentials"
    );
    role.list_access_keys()
        .user_name("bob")
        .send()
        .await
        .unwrap();
    let identity = sts_client(&endpoint, endpoint.sdk_credentials());
    let identity = identity.get_caller_identity().send().await.unwrap();
    assert_eq!(
        identity.arn(),
        Some("arn:aws:sts::123456789012:assumed-role/Operator/alice@acme")
    );
    assert_eq!(identity.account(), Some("123456789012"));
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_missing() {
    let client = client(&demo());
    let nobody = "The user with name nobody cannot be found.";
    assert_said!(
        client.get_user().user_name("nobody").send().await,
        404,
        "NoSuchEntity",
        nobody
    );
    assert_said!(
        client.list_access_keys().user_name("nobody").send().await,
        404,
        "NoSuchEntity",
        nobody
    );
    assert_said!(
        client.create_access_key().user_name("nobody").send().await,
        404,
        "NoSuchEntity",
        nobody
    );
    let id = "AKIAQX7DEMO4DEPLOY01";
    let update = |user| {
        client
            .update_access_key()
            .user_name(user)
            .access_key_id(id)
            .status(StatusType::Inactive)
            .send()
    };
    assert_said!(update("nobody").await, 404, "NoSuchEntity", nobody);
    // It exists, but is somebody else's.
    assert_said!(
        update("bob").await,
        404,
        "NoSuchEntity",
        format!("The Access Key with id {id} cannot be found.")
    );
}

#[tokio::test]
async fn a_third_key_is_refused() {
    let endpoint = demo();
    let client = client(&endpoint);
    // One of the two is Inactive, and counts.
    let result = client
        .create_access_key()
        .user_name("web-assets")
        .send()
        .await;
    assert!(matches!(
        result.as_ref().unwrap_err().as_service_error(),
        Some(error) if error.is_limit_exceeded_exception()
    ));
    assert_said!(
        result,
        409,
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2"
    );
    assert_eq!(
        endpoint.calls()[0].outcome,
        Outcome::Refused {
            status: 409,
            code: "LimitExceeded".to_owned()
        }
    );
}

#[tokio::test]
async fn the_last_use_is_told_by_key_alone() {
    let client = client(&demo());
    let ask = |id: &str| client.get_access_key_last_used().access_key_id(id).send();
    let used = ask("AKIAQX7DEMO4DEPLOY01").await.unwrap();
    assert_eq!(used.user_name(), Some("deploy-bot"));
    let used = used.access_key_last_used().unwrap();
    assert_eq!((used.service_name(), used.region()), ("s3", "us-east-1"));
    let at = used.last_used_date().unwrap().secs();
    assert_eq!(at, (now() - TimeDelta::hours(2)).timestamp());

    let never = ask("AKIAQX7DEMO4BATCH001").await.unwrap();
    let never = never.access_key_last_used().unwrap();
    assert_eq!((never.service_name(), never.region()), ("N/A", "N/A"));
    assert_eq!(never.last_used_date(), None);

    assert_said!(
        ask("AKIAQX7DEMO4NOBODY01").await,
        403,
        "AccessDenied",
        "User: arn:aws:iam::123456789012:user/people/alice is not authorized to perform: \
         iam:GetAccessKeyLastUsed on resource: access key AKIAQX7DEMO4NOBODY01 because no \
         identity-based policy allows the iam:GetAccessKeyLastUsed action"
    );
}

#[tokio::test]
async fn keys_come_in_pages_too() {
    let endpoint = demo();
    let client = client(&endpoint);
    // More than two, as a race in the real service has made them.
    endpoint.account(|account| account.add_new_key("deploy-bot", now()).unwrap());
    let page = |marker: Option<String>| {
        client
            .list_access_keys()
            .user_name("deploy-bot")
            .max_items(2)
            .set_marker(marker)
            .send()
    };
    let first = page(None).await.unwrap();
    assert_eq!(first.access_key_metadata().len(), 2);
    assert!(first.is_truncated());
    let second = page(first.marker().map(str::to_owned)).await.unwrap();
    assert_eq!(second.access_key_metadata().len(), 1);
    assert!(!second.is_truncated());
    assert_said!(
        page(Some("2".to_owned())).await,
        400,
        "ValidationError",
        "Invalid Marker."
    );
    assert_said!(
        client.list_users().marker("2").send().await,
        400,
        "ValidationError",
        "Invalid Marker."
    );
}

#[tokio::test]
async fn parameters_are_validated() {
    let client = client(&demo());
    assert_said!(
        client
            .list_access_keys()
            .user_name("no spaces")
            .send()
            .await,
        400,
        "ValidationError",
        "1 validation error detected: Value 'no spaces' at 'userName' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+"
    );
    assert_said!(
        client.list_users().max_items(1001).send().await,
        400,
        "ValidationError",
        "1 validation error detected: Value '1001' at 'maxItems' failed to satisfy constraint: \
         Member must have value less than or equal to 1000"
    );
    assert_said!(
        client
            .update_access_key()
            .access_key_id("short")
            .status("On".into())
            .send()
            .await,
        400,
        "ValidationError",
        "2 validation errors detected: Value 'short' at 'accessKeyId' failed to satisfy \
         constraint: Member must have length greater than or equal to 16; Value 'On' at 'status' \
         failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]"
    );
    let text = client.get_user().user_name("<&>'\"").send().await;
    let (_, _, message) = said(text.unwrap_err());
    assert!(message.contains("Value '<&>'\"' at"), "{message}");
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

#[tokio::test]
async fn users_are_tagged_and_untagged_and_it_shows_at_once() {
    let client = client(&demo());
    let tags = async || {
        let listed = client.list_user_tags().user_name("new-HIRE").send().await;
        let listed = listed.unwrap();
        assert!(!listed.is_truncated());
        listed.tags().to_vec()
    };
    assert_eq!(tags().await, []);
    let call = client.tag_user().user_name("NEW-hire");
    let call = call.tags(tag("Team", "a = b"));
    call.tags(tag("env", "")).send().await.unwrap();
    assert_eq!(tags().await, [tag("env", ""), tag("Team", "a = b")]);
    // Case does not tell two tags apart; the last spelling stays.
    let call = client.tag_user().user_name("new-hire");
    call.tags(tag("TEAM", "Zürich ٣")).send().await.unwrap();
    let both = [tag("env", ""), tag("TEAM", "Zürich ٣")];
    assert_eq!(tags().await, both);
    let told = client
        .get_user()
        .user_name("new-hire")
        .send()
        .await
        .unwrap();
    assert_eq!(told.user().unwrap().tags(), both);
    let listed = client.list_users().send().await.unwrap();
    assert!(listed.users().iter().all(|user| user.tags().is_empty()));

    let call = client.untag_user().user_name("new-hire");
    call.tag_keys("team")
        .tag_keys("never there")
        .send()
        .await
        .unwrap();
    assert_eq!(tags().await, [tag("env", "")]);
}

#[tokio::test]
async fn tags_come_in_pages_and_go_on_after_the_last_one() {
    let endpoint = demo();
    let client = client(&endpoint);
    // As long and as far from ASCII as keys get.
    let keys: Vec<String> = ["ä", "б", "語"].map(|letter| letter.repeat(128)).into();
    let mut call = client.tag_user().user_name("new-hire");
    for key in &keys {
        call = call.tags(tag(key, "x"));
    }
    call.send().await.unwrap();
    let page = |marker: Option<&str>| {
        let call = client.list_user_tags().user_name("new-hire").max_items(1);
        call.set_marker(marker.map(str::to_owned)).send()
    };
    let mut seen = Vec::new();
    let mut marker = None;
    loop {
        let listed = page(marker.as_deref()).await.unwrap();
        assert_eq!(listed.tags().len(), 1);
        seen.push(listed.tags()[0].key().to_owned());
        marker = listed.marker().map(str::to_owned);
        assert_eq!(listed.is_truncated(), marker.is_some());
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, keys);
    let first = page(None).await.unwrap();
    endpoint.account(|account| account.untag_user("new-hire", &[&keys[0]]).unwrap());
    assert_said!(
        page(first.marker()).await,
        400,
        "ValidationError",
        "Invalid Marker."
    );
}

#[tokio::test]
async fn tags_that_may_not_be_are_refused() {
    let client = client(&demo());
    let put = |tags: &[(&str, &str)]| {
        let tags = tags.iter().map(|(key, value)| tag(key, value)).collect();
        client
            .tag_user()
            .user_name("alice")
            .set_tags(Some(tags))
            .send()
    };
    assert_said!(
        put(&[("good", ""), ("bad*key", "x!")]).await,
        400,
        "ValidationError",
        "2 validation errors detected: Value 'bad*key' at 'tags.2.member.key' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: \
         [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+; Value 'x!' at 'tags.2.member.value' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: \
         [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"
    );
    let (_, code, message) = said(put(&[("k", &"v".repeat(257))]).await.unwrap_err());
    assert_eq!(code, "ValidationError");
    assert!(message.ends_with("'tags.1.member.value' failed to satisfy constraint: Member must have length less than or equal to 256"), "{message}");
    let (_, _, message) = said(put(&[(&"k".repeat(129), "")]).await.unwrap_err());
    assert!(message.ends_with("less than or equal to 128"), "{message}");
    assert_said!(
        put(&[("env", "a"), ("ENV", "b")]).await,
        400,
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    );
    for reserved in [("aws:owner", "x"), ("owner", "AWS:x")] {
        let (status, code, _) = said(put(&[reserved]).await.unwrap_err());
        assert_eq!((status, &*code), (400, "InvalidInput"));
    }
    let numbered: Vec<String> = (0..51).map(|number| format!("k{number}")).collect();
    let many: Vec<(&str, &str)> = numbered.iter().map(|key| (&**key, "")).collect();
    let (_, code, message) = said(put(&many).await.unwrap_err());
    assert_eq!(code, "ValidationError");
    assert!(message.contains("at 'tags' failed"), "{message}");
    // She has none yet, and nothing was written above.
    put(&many[..50]).await.unwrap();
    put(&[("K7", "again")]).await.unwrap();
    assert_said!(
        put(&many[50..]).await,
        409,
        "LimitExceeded",
        "The number of tags has reached the maximum limit."
    );
    assert_said!(
        client
            .tag_user()
            .user_name("nobody")
            .tags(tag("k", "v"))
            .send()
            .await,
        404,
        "NoSuchEntity",
        "The user with name nobody cannot be found."
    );
    let (_, code, message) = said(
        client
            .untag_user()
            .user_name("alice")
            .tag_keys("a*b")
            .send()
            .await
            .unwrap_err(),
    );
    assert_eq!(code, "ValidationError");
    assert!(
        message.contains("Value '[a*b]' at 'tagKeys' failed"),
        "{message}"
    );
}

#[tokio::test]
async fn the_account_is_described() {
    let endpoint = demo();
    let client = client(&endpoint);
    let aliases = client.list_account_aliases().send().await.unwrap();
    assert_eq!(aliases.account_aliases(), ["acme-prod"]);
    let summary = client.get_account_summary().send().await.unwrap();
    let summary = summary.summary_map().unwrap();
    assert_eq!(summary[&"Users".into()], 24);
    assert_eq!(summary[&"AccessKeysPerUserQuota".into()], 2);
    assert_eq!(summary[&"AccountAccessKeysPresent".into()], 0);
    let identity = sts_client(&endpoint, endpoint.sdk_credentials());
    let identity = identity.get_caller_identity().send().await.unwrap();
    assert_eq!(
        identity.arn(),
        Some("arn:aws:iam::123456789012:user/people/alice")
    );
    assert_eq!(identity.account(), Some("123456789012"));
}

#[tokio::test]
async fn a_new_key_signs_after_some_seconds_and_its_use_is_recorded() {
    let time = Arc::new(Mutex::new(now()));
    let clock = time.clone();
    let endpoint = demo().with_clock(Arc::new(move || *clock.lock().unwrap()));
    let created = client(&endpoint)
        .create_access_key()
        .user_name("new-hire")
        .send()
        .await
        .unwrap();
    let key = created.access_key().unwrap();
    let credentials = Credentials::new(
        key.access_key_id(),
        key.secret_access_key(),
        None,
        None,
        "test",
    );
    let sts = sts_client(&endpoint, credentials.clone());
    assert_said!(
        sts.get_caller_identity().send().await,
        403,
        "InvalidClientTokenId",
        UNKNOWN_TOKEN
    );
    *time.lock().unwrap() += TimeDelta::seconds(4);
    let identity = sts.get_caller_identity().send().await.unwrap();
    assert_eq!(
        identity.arn(),
        Some("arn:aws:iam::123456789012:user/people/new-hire")
    );

    let id = key.access_key_id();
    let used = client(&endpoint)
        .get_access_key_last_used()
        .access_key_id(id)
        .send()
        .await
        .unwrap();
    let used = used.access_key_last_used().unwrap();
    assert_eq!((used.service_name(), used.region()), ("sts", "us-east-1"));
    let calls = endpoint.calls();
    assert_eq!(calls[1].signed_by.as_deref(), Some(id));
    assert_eq!(calls[2].outcome, Outcome::Done);

    endpoint.account(|account| account.set_key_status(id, Status::Inactive));
    assert_said!(
        sts.get_caller_identity().send().await,
        403,
        "InvalidClientTokenId",
        UNKNOWN_TOKEN
    );
}

#[tokio::test]
async fn only_the_right_secret_and_a_right_clock_sign() {
    let endpoint = demo();
    let with = |id: &str, secret: &str| {
        client_with(
            endpoint.http_client(),
            Credentials::new(id, secret, None, None, "test"),
        )
    };
    let unknown = with("AKIAQX7DEMO4NOBODY01", "x").list_users().send().await;
    assert_said!(unknown, 403, "InvalidClientTokenId", UNKNOWN_TOKEN);
    let inactive = with("AKIAQX7DEMO4INTERN01", "x").list_users().send().await;
    assert_said!(inactive, 403, "InvalidClientTokenId", UNKNOWN_TOKEN);
    let alice = endpoint.sdk_credentials();
    let (id, secret) = (alice.access_key_id(), alice.secret_access_key());
    let token = Some("no session of hers".to_owned());
    let more = Credentials::new(id, secret, token, None, "test");
    let refused = client_with(endpoint.http_client(), more)
        .list_users()
        .send();
    assert_said!(refused.await, 403, "InvalidClientTokenId", UNKNOWN_TOKEN);
    let (status, code, _) = said(
        with("AKIAQX7DEMO4ALICE001", "x")
            .list_users()
            .send()
            .await
            .unwrap_err(),
    );
    assert_eq!((status, &*code), (403, "SignatureDoesNotMatch"));

    for (skew, sentence) in [
        (16, "Signature expired: "),
        (-16, "Signature not yet current: "),
    ] {
        let endpoint = demo().with_skew(TimeDelta::minutes(skew));
        let result = client(&endpoint).list_users().send().await;
        let (status, code, message) = said(result.unwrap_err());
        assert_eq!((status, &*code), (403, "SignatureDoesNotMatch"));
        assert!(message.starts_with(sentence), "{message}");
        assert!(message.ends_with("15 min.)"), "{message}");
    }
    let near = demo().with_skew(TimeDelta::minutes(14));
    client(&near).list_users().send().await.unwrap();
}

#[tokio::test]
async fn faults_that_answer_are_seen_as_the_services_errors() {
    let endpoint = demo();
    let client = client(&endpoint);
    for (fault, status, code) in [
        ("CreateAccessKey=throttle", 400, "Throttling"),
        ("CreateAccessKey=500", 500, "InternalFailure"),
        ("CreateAccessKey=503", 503, "ServiceUnavailable"),
        (
            "CreateAccessKey=code:403:ExpiredToken:Over",
            403,
            "ExpiredToken",
        ),
        ("CreateAccessKey@new-hire=refuse", 403, "AccessDenied"),
    ] {
        endpoint.fault(fault.parse().unwrap());
        let result = client
            .create_access_key()
            .user_name("new-hire")
            .send()
            .await;
        let (got, said, message) = said(result.unwrap_err());
        assert_eq!((got, &*said), (status, code), "{message}");
        endpoint.clear_faults();
    }
    endpoint.account(|account| assert!(account.user("new-hire").unwrap().keys.is_empty()));
    endpoint.fault("ListAccessKeys=refuse".parse().unwrap());
    assert_said!(
        client.list_access_keys().user_name("bob").send().await,
        403,
        "AccessDenied",
        "User: arn:aws:iam::123456789012:user/people/alice is not authorized to perform: \
         iam:ListAccessKeys on resource: user bob because no identity-based policy allows the \
         iam:ListAccessKeys action"
    );
}

/// How the SDK sees a fault that hides the answer.
fn seen<E>(error: &SdkError<E>) -> &'static str {
    match error {
        SdkError::DispatchFailure(failure) if failure.is_io() => "io",
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "timeout",
        SdkError::ResponseError(_) => "response",
        SdkError::ServiceError(_) => "service",
        _ => "other",
    }
}

#[tokio::test]
async fn faults_that_hide_the_answer_say_truly_whether_it_was_done() {
    for (kind, expected, done) in [
        (FaultKind::DropBefore, "io", false),
        (FaultKind::DropAfter, "io", true),
        (FaultKind::Cut, "response", true),
        (FaultKind::Garble, "service", true),
        (FaultKind::ErrorAfter(500), "service", true),
    ] {
        // In the process, and through a socket.
        for socket in [false, true] {
            let endpoint = demo();
            endpoint.fault(Fault::new(kind.clone()).action("CreateAccessKey"));
            let server = endpoint.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
            let client = if socket {
                let config = aws_sdk_iam::Config::builder()
                    .behavior_version(BehaviorVersion::latest())
                    .region(Region::new("us-east-1"))
                    .credentials_provider(endpoint.sdk_credentials())
                    .endpoint_url(server.url())
                    .retry_config(RetryConfig::disabled())
                    .build();
                Client::from_conf(config)
            } else {
                client(&endpoint)
            };
            let error = client
                .create_access_key()
                .user_name("new-hire")
                .send()
                .await
                .unwrap_err();
            assert_eq!(
                seen(&error),
                expected,
                "{kind:?} socket {socket}: {error:?}"
            );
            assert_eq!(
                endpoint.calls()[0].outcome,
                Outcome::Lost { done },
                "{kind:?}"
            );
            let keys = endpoint.account(|account| account.user("new-hire").unwrap().keys.len());
            assert_eq!(keys, usize::from(done), "{kind:?}");
            server.shutdown().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_too_late_times_out_and_the_account_has_changed() {
    let endpoint = demo();
    endpoint.fault("CreateAccessKey=delay:60s".parse().unwrap());
    let config = aws_sdk_iam::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(endpoint.sdk_credentials())
        .http_client(endpoint.http_client())
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .read_timeout(Duration::from_secs(5))
                .build(),
        )
        .build();
    let client = Client::from_conf(config);
    let started = Instant::now();
    let late = client
        .create_access_key()
        .user_name("new-hire")
        .send()
        .await;
    assert_eq!(seen(&late.unwrap_err()), "timeout");
    assert_eq!(started.elapsed().as_secs(), 5);
    let keys = endpoint.account(|account| account.user("new-hire").unwrap().keys.len());
    assert_eq!(keys, 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_tells_how_things_were() {
    let endpoint = demo().with_delay(Delay::Fixed(Duration::from_secs(1)));
    let client = client(&endpoint);
    let listing = tokio::spawn(client.list_access_keys().user_name("old-batch").send());
    while endpoint.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    endpoint.account(|account| account.remove_user("old-batch"));
    let listed = listing.await.unwrap().unwrap();
    assert_eq!(listed.access_key_metadata().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_are_throttled_until_time_has_passed() {
    let endpoint = demo().with_rate(2);
    let client = client(&endpoint);
    for _ in 0..2 {
        client.list_account_aliases().send().await.unwrap();
    }
    assert_said!(
        client.list_account_aliases().send().await,
        400,
        "Throttling",
        "Rate exceeded"
    );
    tokio::time::advance(Duration::from_millis(500)).await;
    client.list_account_aliases().send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn how_many_requests_were_under_way_at_once_is_known() {
    let endpoint = demo().with_delay(Delay::Fixed(Duration::from_secs(1)));
    let client = client(&endpoint);
    let ask = || client.list_account_aliases().send();
    ask().await.unwrap();
    assert_eq!(endpoint.most_at_once(), 1);
    // Whoever stops waiting has nothing under way any more.
    let cut_off = tokio::time::timeout(Duration::from_millis(100), ask());
    cut_off.await.unwrap_err();
    let (first, second) = tokio::join!(ask(), ask());
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(endpoint.most_at_once(), 2);
}

#[tokio::test]
async fn faults_stop_after_their_number_and_the_sdk_retries_them() {
    let endpoint = demo();
    endpoint.fault("ListUsers=503*2".parse().unwrap());
    let config = aws_sdk_iam::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(endpoint.sdk_credentials())
        .http_client(endpoint.http_client())
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .build();
    let listed = Client::from_conf(config).list_users().send().await.unwrap();
    assert_eq!(listed.users().len(), 24);
    assert_eq!(endpoint.calls().len(), 3);
}

#[tokio::test]
async fn nobody_is_refused_the_answer_to_who_they_are() {
    let endpoint = demo();
    endpoint.fault("*=refuse".parse().unwrap());
    let (status, code, message) = said(client(&endpoint).list_users().send().await.unwrap_err());
    assert_eq!((status, &*code), (403, "AccessDenied"));
    let resource = "on resource: arn:aws:iam::123456789012:user/ because";
    assert!(message.contains(resource), "{message}");
    let sts = sts_client(&endpoint, endpoint.sdk_credentials());
    sts.get_caller_identity().send().await.unwrap();
}

#[tokio::test]
async fn an_account_without_users_is_signed_in_to_through_a_role() {
    let endpoint = generated(0);
    let listed = client(&endpoint).list_users().send().await.unwrap();
    assert_eq!((listed.users().len(), listed.is_truncated()), (0, false));
    // The session's key is worth nothing without its token.
    let pair = endpoint.sdk_credentials();
    let (id, secret) = (pair.access_key_id(), pair.secret_access_key());
    let bare = Credentials::new(id, secret, None, None, "test");
    let refused = client_with(endpoint.http_client(), bare)
        .list_users()
        .send();
    assert_said!(refused.await, 403, "InvalidClientTokenId", UNKNOWN_TOKEN);
}

#[tokio::test]
async fn a_socket_serves_many_at_once() {
    let endpoint = generated(1500);
    let server = endpoint.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let config = aws_sdk_iam::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(endpoint.sdk_credentials())
        .endpoint_url(server.url())
        .retry_config(RetryConfig::disabled())
        .build();
    let client = Client::from_conf(config);
    let listings: Vec<_> = (0..32)
        .map(|_| tokio::spawn(client.list_users().max_items(1000).send()))
        .collect();
    for listing in listings {
        assert_eq!(listing.await.unwrap().unwrap().users().len(), 1000);
    }
    server.shutdown().await;
}

/// A clock that a test moves.
fn movable() -> (Arc<Mutex<DateTime<Utc>>>, iamkeys::demo::Clock) {
    let time = Arc::new(Mutex::new(now()));
    let clock = time.clone();
    (time, Arc::new(move || *clock.lock().unwrap()))
}

/// Asks for a new report; what is said of it.
async fn generate(client: &Client) -> (String, Option<String>) {
    let answer = client.generate_credential_report().send().await.unwrap();
    let state = answer.state().expect("a state").as_str().to_owned();
    (state, answer.description)
}

/// The report: its rows, field by field, and when it was made.
async fn report(client: &Client) -> (Vec<Vec<String>>, DateTime<Utc>) {
    let answer = client.get_credential_report().send().await.unwrap();
    assert_eq!(answer.report_format().unwrap().as_str(), "text/csv");
    let made = answer.generated_time().unwrap().secs();
    let content = answer.content.unwrap().into_inner();
    assert!(!content.ends_with(b"\n"));
    let rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(&*content)
        .into_deserialize()
        .collect::<Result<_, _>>();
    (rows.unwrap(), DateTime::from_timestamp(made, 0).unwrap())
}

/// A time as the report tells it.
fn told(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

fn row<'a>(rows: &'a [Vec<String>], user: &str) -> &'a [String] {
    rows.iter().find(|row| row[0] == user).expect("a row")
}

#[tokio::test]
async fn a_report_is_made_when_asked_for_and_expires_after_four_hours() {
    let (time, clock) = movable();
    let endpoint = demo().with_clock(clock);
    let client = client(&endpoint);
    let get = || client.get_credential_report().send();
    assert_said!(get().await, 410, "ReportNotPresent", "");
    let begun = "No report exists. Starting a new report generation task";
    let started = ("STARTED".to_owned(), Some(begun.to_owned()));
    for round in 0..2 {
        assert_eq!(generate(&client).await, started, "round {round}");
        *time.lock().unwrap() += TimeDelta::milliseconds(1999);
        assert_said!(get().await, 404, "ReportInProgress", "");
        assert_eq!(generate(&client).await, ("INPROGRESS".to_owned(), None));
        *time.lock().unwrap() += TimeDelta::milliseconds(1);
        let complete = *time.lock().unwrap();
        for _ in 0..2 {
            assert_eq!(generate(&client).await, ("COMPLETE".to_owned(), None));
            let (rows, made) = report(&client).await;
            assert_eq!(made, complete);
            assert_eq!(rows.len(), 1 + 1 + 24, "header, root, users");
            assert_eq!(rows[1][0], "<root_account>");
            assert_eq!(rows[2][0], "alice");
            *time.lock().unwrap() = complete + TimeDelta::seconds(4 * 3600 - 1);
        }
        *time.lock().unwrap() = complete + TimeDelta::hours(4);
        assert_said!(get().await, 410, "ReportExpired", "");
    }
}

#[tokio::test]
async fn a_report_stays_as_it_is_whatever_happens_to_the_account() {
    let (time, clock) = movable();
    let endpoint = demo().with_clock(clock).with_report_time(TimeDelta::zero());
    let client = client(&endpoint);
    assert_eq!(generate(&client).await.0, "STARTED");
    let (first, _) = report(&client).await;
    let key = "AKIAQX7DEMO4BOBBY001";
    let bob = |rows: &[Vec<String>]| row(rows, "bob")[8..13].to_vec();
    let created = &*told(now() - TimeDelta::days(91));
    let used = &*told(now() - TimeDelta::days(30));
    let before = ["true", created, used, "us-west-2", "ec2"];
    assert_eq!(bob(&first), before);
    assert_eq!(
        row(&first, "bob")[13..18],
        ["false", "N/A", "N/A", "N/A", "N/A"]
    );

    let set = async |status: StatusType| {
        let update = client.update_access_key().user_name("bob");
        let update = update.access_key_id(key).status(status);
        update.send().await.unwrap();
    };
    let four_hours = TimeDelta::hours(4);
    set(StatusType::Inactive).await;
    assert_eq!(generate(&client).await.0, "COMPLETE");
    assert_eq!(report(&client).await.0, first);
    *time.lock().unwrap() += four_hours;
    assert_eq!(generate(&client).await.0, "STARTED");
    // An inactive key keeps its time.
    let inactive = ["false", created, used, "us-west-2", "ec2"];
    assert_eq!(bob(&report(&client).await.0), inactive);
    *time.lock().unwrap() += four_hours;
    // Activated, which is not what it was made: and only once.
    for _ in 0..2 {
        set(StatusType::Active).await;
        *time.lock().unwrap() += TimeDelta::hours(1);
    }
    assert_eq!(generate(&client).await.0, "STARTED");
    let activated = &*told(now() + TimeDelta::hours(8));
    let again = ["true", activated, used, "us-west-2", "ec2"];
    assert_eq!(bob(&report(&client).await.0), again);
}

#[tokio::test]
async fn only_the_report_and_the_summary_tell_of_root_s_keys() {
    let (_, clock) = movable();
    let endpoint = demo().with_clock(clock);
    let endpoint = endpoint.with_report_aged(TimeDelta::zero());
    let client = client(&endpoint);
    let present = async || {
        let summary = client.get_account_summary().send().await.unwrap();
        summary.summary_map().unwrap()[&"AccountAccessKeysPresent".into()]
    };
    assert_eq!(present().await, 0);
    let (rows, _) = report(&client).await;
    let root = row(&rows, "<root_account>");
    assert_eq!(root[1], "arn:aws:iam::123456789012:root");
    let not = "not_supported";
    assert_eq!(root[3..8], [not, "no_information", not, not, "true"]);
    let none = ["false", "N/A", "N/A", "N/A", "N/A"];
    assert_eq!([&root[8..13], &root[13..18]], [none, none]);

    for id in ["AKIAQX7DEMO4ROOTKEY1", "AKIAQX7DEMO4ROOTKEY2"] {
        let id = iamkeys::demo::KeyId::parse(id).unwrap();
        let key = iamkeys::demo::Key::new(id, now() - TimeDelta::days(10));
        endpoint.account(|account| account.add_root_key(key));
    }
    assert_eq!(present().await, 1, "one stands for any number");
    let endpoint = endpoint.with_report_aged(TimeDelta::zero());
    let (rows, _) = report(&client).await;
    let root = row(&rows, "<root_account>");
    let made = told(now() - TimeDelta::days(10));
    let key = ["true", &made, "N/A", "N/A", "N/A"];
    assert_eq!([&root[8..13], &root[13..18]], [key, key]);
    drop(endpoint);
}

#[tokio::test]
async fn a_report_may_be_there_from_the_start() {
    for (hours, there) in [(0, true), (3, true), (4, false), (50, false)] {
        let age = TimeDelta::hours(hours);
        let endpoint = demo().with_report_aged(age);
        let client = client(&endpoint);
        if there {
            let (rows, made) = report(&client).await;
            assert_eq!(made, now() - age);
            assert_eq!(rows.len(), 26);
            let alice = row(&rows, "alice");
            // In use right now: at that time it had been used just then.
            assert_eq!(alice[10], told(made));
        } else {
            let gone = client.get_credential_report().send().await;
            assert_said!(gone, 410, "ReportExpired", "");
        }
    }
}

#[tokio::test]
async fn the_report_meets_faults_like_everything_else() {
    let endpoint = demo().with_report_aged(TimeDelta::zero());
    let client = client(&endpoint);
    endpoint.fault("GenerateCredentialReport=throttle*1".parse().unwrap());
    endpoint.fault("*=refuse".parse().unwrap());
    let generate = || client.generate_credential_report().send();
    assert_said!(generate().await, 400, "Throttling", "Rate exceeded");
    let sentence = |action: &str| {
        format!(
            "User: arn:aws:iam::123456789012:user/people/alice is not authorized to perform: \
             {action} on resource: * because no identity-based policy allows the {action} action"
        )
    };
    let action = "iam:GenerateCredentialReport";
    assert_said!(generate().await, 403, "AccessDenied", sentence(action));
    let get = client.get_credential_report().send().await;
    let action = "iam:GetCredentialReport";
    assert_said!(get, 403, "AccessDenied", sentence(action));
}

#[tokio::test]
async fn the_report_of_a_large_account_comes_through_whole() {
    let endpoint = generated(20_000).with_report_aged(TimeDelta::zero());
    let (rows, _) = report(&client(&endpoint)).await;
    assert_eq!(rows.len(), 20_002);
    let keys = rows.iter().flat_map(|row| [&row[9], &row[14]]);
    let keys = keys.filter(|time| time.starts_with("20")).count();
    assert_eq!(keys, endpoint.account(|account| account.key_count()));
}
