//! The embedded endpoint as the SDK and as a socket see it.
//!
//! What is here no other test checks: `wire.rs`, `report.rs` and `interop` use the same endpoint for
//! the life of a key, its pages, descriptions and last use, and the credential report.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_iam::Client;
use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::timeout::TimeoutConfig;
use aws_sdk_iam::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::operation::RequestId;
use aws_sdk_iam::types::{EntityType, StatusType, Tag, User};
use chrono::{DateTime, TimeDelta, Utc};
use iamkeys::demo::{Account, Clock, Delay, Endpoint, Fault, FaultKind, Key, KeyId, Outcome};
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

/// A clock that a test moves.
fn movable() -> (Arc<Mutex<DateTime<Utc>>>, Clock) {
    let time = Arc::new(Mutex::new(now()));
    let clock = time.clone();
    (time, Arc::new(move || *clock.lock().unwrap()))
}

fn config(endpoint: &Endpoint) -> Builder {
    aws_sdk_iam::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(endpoint.sdk_credentials())
        .retry_config(RetryConfig::disabled())
}

fn client(endpoint: &Endpoint) -> Client {
    Client::from_conf(config(endpoint).http_client(endpoint.http_client()).build())
}

/// The error of a call: `404 NoSuchEntity: The user with name …`.
async fn error<T, E>(call: impl Future<Output = Result<T, SdkError<E>>>) -> String
where
    T: Debug,
    E: ProvideErrorMetadata + RequestId + std::error::Error + Send + Sync + 'static,
{
    let error = match call.await.unwrap_err() {
        SdkError::ServiceError(error) => error,
        error => panic!("not a response of the service: {error:?}"),
    };
    let status = error.raw().status().as_u16();
    let error = error.into_err();
    assert!(error.request_id().is_some_and(|id| id.len() == 36));
    let code = error.code().unwrap_or_default();
    format!("{status} {code}: {}", error.message().unwrap_or_default())
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
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
}

#[tokio::test]
async fn a_user_is_described_in_full() {
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
async fn calls_without_a_user_are_about_the_caller() {
    let endpoint = demo();
    let alice = client(&endpoint);
    let own = alice.list_access_keys().send().await.unwrap();
    let own = own.access_key_metadata()[0].access_key_id();
    assert_eq!(own, Some("AKIAQX7DEMO4ALICE001"));
    let of_another = alice
        .delete_access_key()
        .access_key_id("AKIAQX7DEMO4DEPLOY01");
    assert_eq!(
        error(of_another.send()).await,
        "404 NoSuchEntity: The Access Key with id AKIAQX7DEMO4DEPLOY01 cannot be found."
    );

    endpoint.account(|account| account.sign_in_with_role("Operator", "alice@acme"));
    let role = client(&endpoint);
    assert_eq!(
        error(role.list_access_keys().send()).await,
        "400 ValidationError: Must specify userName when calling with non-User credentials"
    );
    let of_bob = role.list_access_keys().user_name("bob").send();
    assert_eq!(of_bob.await.unwrap().access_key_metadata().len(), 1);
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table")]
async fn errors_have_the_codes_and_messages_of_aws() {
    let endpoint = demo();
    endpoint.fault("GetCredentialReport=refuse".parse().unwrap());
    endpoint.fault("ListUsers=refuse".parse().unwrap());
    endpoint.fault("ListAccessKeys@carol=refuse".parse().unwrap());
    let client = client(&endpoint);
    let nobody = "404 NoSuchEntity: The user with name nobody cannot be found.";
    let denied = |action: &str, resource: &str| {
        format!(
            "403 AccessDenied: User: arn:aws:iam::123456789012:user/people/alice is not authorized \
             to perform: {action} on resource: {resource} because no identity-based policy allows \
             the {action} action"
        )
    };
    let update = |user: &str, key: &str| {
        let call = client.update_access_key().user_name(user);
        call.access_key_id(key).status(StatusType::Inactive)
    };
    let tagged = |user: &str, key: &str, value: &str| {
        let call = client.tag_user().user_name(user);
        call.tags(tag(key, value)).send()
    };
    for (error, expected) in [
        (
            error(client.get_user().user_name("nobody").send()).await,
            nobody,
        ),
        (
            error(client.list_access_keys().user_name("nobody").send()).await,
            nobody,
        ),
        (
            error(client.create_access_key().user_name("nobody").send()).await,
            nobody,
        ),
        (
            error(update("nobody", "AKIAQX7DEMO4DEPLOY01").send()).await,
            nobody,
        ),
        (error(tagged("nobody", "k", "v")).await, nobody),
        (
            error(client.untag_user().user_name("nobody").tag_keys("k").send()).await,
            nobody,
        ),
        // It exists, and is another user's.
        (
            error(update("bob", "AKIAQX7DEMO4DEPLOY01").send()).await,
            "404 NoSuchEntity: The Access Key with id AKIAQX7DEMO4DEPLOY01 cannot be found.",
        ),
        // One of the two keys is Inactive, and counts.
        (
            error(client.create_access_key().user_name("web-assets").send()).await,
            "409 LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2",
        ),
        (
            error(
                client
                    .get_access_key_last_used()
                    .access_key_id("AKIAQX7DEMO4NOBODY01")
                    .send(),
            )
            .await,
            &denied(
                "iam:GetAccessKeyLastUsed",
                "access key AKIAQX7DEMO4NOBODY01",
            ),
        ),
        (
            error(client.list_users().path_prefix("/people/").send()).await,
            &denied("iam:ListUsers", "arn:aws:iam::123456789012:user/people/"),
        ),
        (
            error(client.get_credential_report().send()).await,
            &denied("iam:GetCredentialReport", "*"),
        ),
        (
            error(client.list_access_keys().user_name("Carol").send()).await,
            &denied("iam:ListAccessKeys", "user Carol"),
        ),
        (
            error(client.get_user().user_name("<&>'\"").send()).await,
            "400 ValidationError: 1 validation error detected: Value '<&>'\"' at 'userName' failed \
             to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
        ),
        (
            error(
                client
                    .update_access_key()
                    .status("On".into())
                    .user_name("no spaces")
                    .send(),
            )
            .await,
            "400 ValidationError: 3 validation errors detected: Value null at 'accessKeyId' failed \
             to satisfy constraint: Member must not be null; Value 'On' at 'status' failed to \
             satisfy constraint: Member must satisfy enum value set: [Active, Inactive]; Value \
             'no spaces' at 'userName' failed to satisfy constraint: Member must satisfy regular \
             expression pattern: [\\w+=,.@-]+",
        ),
    ] {
        assert_eq!(error, expected);
    }
}

#[tokio::test]
async fn a_marker_that_was_not_returned_is_invalid() {
    let client = client(&demo());
    for marker in ["2", "bob", "AAAA", "after bob"] {
        let expected = "400 ValidationError: Invalid Marker.";
        let users = client.list_users().marker(marker).send();
        assert_eq!(error(users).await, expected, "{marker}");
        let keys = client.list_access_keys().marker(marker).send();
        assert_eq!(error(keys).await, expected, "{marker}");
    }
}

#[tokio::test]
async fn users_are_tagged_and_untagged() {
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
    assert_eq!(
        error(page(first.marker())).await,
        "400 ValidationError: Invalid Marker."
    );
}

#[tokio::test]
async fn the_details_of_users_come_in_pages_with_their_tags() {
    let client = client(&demo());
    let page = |marker: Option<String>| {
        let call = client.get_account_authorization_details();
        let call = call.filter(EntityType::User).max_items(10);
        call.set_marker(marker).send()
    };
    let (mut sizes, mut owned, mut names) = (Vec::new(), 0, Vec::new());
    let mut marker = None;
    loop {
        let told = page(marker).await.unwrap();
        assert_eq!(told.is_truncated(), told.marker().is_some());
        assert!(told.role_detail_list().is_empty());
        sizes.push(told.user_detail_list().len());
        for user in told.user_detail_list() {
            names.push(user.user_name().unwrap().to_owned());
            owned += usize::from(user.tags().iter().any(|tag| tag.key() == "owner"));
        }
        marker = told.marker().map(str::to_owned);
        if marker.is_none() {
            break;
        }
    }
    assert_eq!((sizes, owned), (vec![10, 10, 4], 12));
    let listed = client.list_users().send().await.unwrap();
    let listed = listed
        .users()
        .iter()
        .map(|user| user.user_name().to_owned());
    assert!(names.into_iter().eq(listed));
    // Of what this account does not have there is nothing to tell.
    let call = client.get_account_authorization_details();
    let roles = call.filter(EntityType::Role).send().await.unwrap();
    assert!(roles.user_detail_list().is_empty() && !roles.is_truncated());
    let call = client.get_account_authorization_details();
    let odd = error(call.filter("Users".into()).send()).await;
    assert!(
        odd.contains("ValidationError") && odd.contains("[User, Role,"),
        "{odd}"
    );
    let odd = error(page(Some("AAAA".into()))).await;
    assert_eq!(odd, "400 ValidationError: Invalid Marker.");
}

#[tokio::test]
async fn invalid_tags_are_refused_and_none_is_written() {
    let client = client(&demo());
    let put = |tags: &[(&str, &str)]| {
        let tags = tags.iter().map(|(key, value)| tag(key, value)).collect();
        let call = client.tag_user().user_name("alice");
        call.set_tags(Some(tags)).send()
    };
    let numbered: Vec<String> = (0..51).map(|number| format!("k{number}")).collect();
    let many: Vec<(&str, &str)> = numbered.iter().map(|key| (&**key, "")).collect();
    let duplicates = "400 InvalidInput: Duplicate tag keys found. Please note that Tag keys are case \
                      insensitive.";
    for (tags, expected) in [
        (
            &[("good", ""), ("bad*key", "x!")][..],
            "400 ValidationError: 2 validation errors detected: Value 'bad*key' at \
             'tags.2.member.key' failed to satisfy constraint: Member must satisfy regular \
             expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+; Value 'x!' at \
             'tags.2.member.value' failed to satisfy constraint: Member must satisfy regular \
             expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*",
        ),
        (
            &[("k", &*"v".repeat(257))],
            "'tags.1.member.value' failed to satisfy constraint: Member must have length less than \
             or equal to 256",
        ),
        (&[(&*"k".repeat(129), "")], "less than or equal to 128"),
        (
            &many,
            "at 'tags' failed to satisfy constraint: Member must have length less than",
        ),
        (&[("env", "a"), ("ENV", "b")], duplicates),
        (&[("ÄRGER", "1"), ("ärger", "2")], duplicates),
        (&[("aws:owner", "x")], "400 InvalidInput: "),
        (&[("owner", "AWS:x")], "400 InvalidInput: "),
    ] {
        let error = error(put(tags)).await;
        assert!(error.contains(expected), "{error}");
    }
    let untag = client.untag_user().user_name("alice").tag_keys("a*b");
    let untag = error(untag.send()).await;
    assert!(
        untag.contains("Value '[a*b]' at 'tagKeys' failed"),
        "{untag}"
    );

    // She has none yet, since nothing was written above.
    put(&many[..50]).await.unwrap();
    put(&[("K7", "again")]).await.unwrap();
    assert_eq!(
        error(put(&[("k8", "again"), ("k50", "")])).await,
        "409 LimitExceeded: The number of tags has reached the maximum limit."
    );
    let listed = client.list_user_tags().user_name("alice").send().await;
    let listed = listed.unwrap().tags().to_vec();
    assert_eq!(listed.len(), 50);
    assert!(listed.contains(&tag("K7", "again")) && listed.contains(&tag("k8", "")));
}

#[tokio::test]
async fn a_new_key_signs_after_four_seconds_and_its_use_is_recorded() {
    let (time, clock) = movable();
    let endpoint = demo().with_clock(clock);
    let alice = client(&endpoint);
    let created = alice.create_access_key().user_name("new-hire").send().await;
    let key = created.unwrap().access_key.unwrap();
    let (id, secret) = (key.access_key_id(), key.secret_access_key());
    let config = config(&endpoint)
        .http_client(endpoint.http_client())
        .credentials_provider(Credentials::new(id, secret, None, None, "test"));
    let new_hire = Client::from_conf(config.build());
    let too_new =
        "403 InvalidClientTokenId: The security token included in the request is invalid.";
    for passed in [0, 3999] {
        *time.lock().unwrap() = now() + TimeDelta::milliseconds(passed);
        assert_eq!(error(new_hire.get_user().send()).await, too_new);
    }
    *time.lock().unwrap() = now() + TimeDelta::seconds(4);
    let caller = new_hire.get_user().send().await.unwrap();
    assert_eq!(caller.user().unwrap().user_name(), "new-hire");

    let last = alice.get_access_key_last_used().access_key_id(id).send();
    let used = last.await.unwrap().access_key_last_used.unwrap();
    assert_eq!((used.service_name(), used.region()), ("iam", "us-east-1"));
    let at = used.last_used_date().unwrap().secs();
    assert_eq!(at, now().timestamp() + 4);
    let calls = endpoint.calls();
    assert_eq!(calls[1].signed_by.as_deref(), Some(id));
    assert_eq!(calls[3].outcome, Outcome::Done);
}

#[tokio::test]
async fn a_client_s_clock_may_be_off_by_a_quarter_of_an_hour() {
    for (skew, expected) in [
        (16, Some("Signature expired: ")),
        (14, None),
        (-14, None),
        (-16, Some("Signature not yet current: ")),
    ] {
        let client = client(&demo().with_skew(TimeDelta::minutes(skew)));
        let Some(expected) = expected else {
            client.list_users().send().await.unwrap();
            continue;
        };
        let error = error(client.list_users().send()).await;
        let expected = format!("403 SignatureDoesNotMatch: {expected}");
        assert!(error.starts_with(&expected), "{error}");
        assert!(error.ends_with("15 min.)"), "{error}");
    }
}

#[tokio::test]
async fn faults_before_an_action_are_errors_of_the_service() {
    let endpoint = demo();
    let client = client(&endpoint);
    for (fault, expected) in [
        ("CreateAccessKey=throttle", "400 Throttling: Rate exceeded"),
        ("CreateAccessKey=500", "500 InternalFailure: "),
        ("CreateAccessKey=503", "503 ServiceUnavailable: "),
        (
            "CreateAccessKey=code:403:ExpiredToken:Over",
            "403 ExpiredToken: Over",
        ),
        ("CreateAccessKey@new-hire=refuse", "403 AccessDenied: "),
    ] {
        endpoint.fault(fault.parse().unwrap());
        let call = client.create_access_key().user_name("new-hire").send();
        let error = error(call).await;
        assert!(error.starts_with(expected), "{error}");
        endpoint.clear_faults();
    }
    endpoint.account(|account| assert!(account.user("new-hire").unwrap().keys.is_empty()));
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
async fn faults_that_hide_the_answer_record_whether_it_was_done() {
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
            let config = if socket {
                config(&endpoint).endpoint_url(server.url())
            } else {
                config(&endpoint).http_client(endpoint.http_client())
            };
            let call = Client::from_conf(config.build()).create_access_key();
            let error = call.user_name("new-hire").send().await.unwrap_err();
            let case = format!("{kind:?} socket {socket}: {error:?}");
            assert_eq!(seen(&error), expected, "{case}");
            assert_eq!(
                endpoint.calls()[0].outcome,
                Outcome::Lost { done },
                "{case}"
            );
            let keys = endpoint.account(|account| account.user("new-hire").unwrap().keys.len());
            assert_eq!(keys, usize::from(done), "{case}");
            server.shutdown().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_too_late_times_out_and_the_account_has_changed() {
    let endpoint = demo();
    endpoint.fault("CreateAccessKey=delay:60s".parse().unwrap());
    let timeout = TimeoutConfig::builder().read_timeout(Duration::from_secs(5));
    let config = config(&endpoint)
        .http_client(endpoint.http_client())
        .timeout_config(timeout.build());
    let call = Client::from_conf(config.build()).create_access_key();
    let started = Instant::now();
    let late = call.user_name("new-hire").send().await;
    assert_eq!(seen(&late.unwrap_err()), "timeout");
    assert_eq!(started.elapsed().as_secs(), 5);
    let keys = endpoint.account(|account| account.user("new-hire").unwrap().keys.len());
    assert_eq!(keys, 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_shows_the_account_as_it_was() {
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
async fn requests_beyond_the_rate_are_throttled() {
    let client = client(&demo().with_rate(5));
    let passed = async || {
        let mut passed = 0;
        for _ in 0..10 {
            match client.list_account_aliases().send().await {
                Ok(_) => passed += 1,
                refused => {
                    let refused = error(std::future::ready(refused)).await;
                    assert_eq!(refused, "400 Throttling: Rate exceeded");
                }
            }
        }
        passed
    };
    assert_eq!(passed().await, 5);
    assert_eq!(passed().await, 0);
    tokio::time::advance(Duration::from_millis(400)).await;
    assert_eq!(passed().await, 2);
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(passed().await, 5);
}

#[tokio::test(start_paused = true)]
async fn requests_in_flight_are_counted() {
    let endpoint = demo().with_delay(Delay::Fixed(Duration::from_secs(1)));
    let client = client(&endpoint);
    let ask = || client.list_account_aliases().send();
    ask().await.unwrap();
    assert_eq!(endpoint.most_at_once(), 1);
    // A client that stops waiting has nothing in flight any more.
    let cut_off = tokio::time::timeout(Duration::from_millis(100), ask());
    cut_off.await.unwrap_err();
    let (first, second) = tokio::join!(ask(), ask());
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(endpoint.most_at_once(), 2);
}

#[tokio::test]
async fn a_socket_serves_many_at_once() {
    let endpoint = generated(1500);
    let server = endpoint.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let config = config(&endpoint).region(Region::new("eu-central-1"));
    let client = Client::from_conf(config.endpoint_url(server.url()).build());
    let listings: Vec<_> = (0..32)
        .map(|_| tokio::spawn(client.list_users().max_items(1000).send()))
        .collect();
    for listing in listings {
        assert_eq!(listing.await.unwrap().unwrap().users().len(), 1000);
    }
    server.shutdown().await;
}

/// Asks for a new report: its state and description.
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

/// A time as the report has it.
fn shown(time: DateTime<Utc>) -> String {
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
    assert_eq!(error(get()).await, "410 ReportNotPresent: ");
    let begun = "No report exists. Starting a new report generation task";
    let started = ("STARTED".to_owned(), Some(begun.to_owned()));
    for round in 0..2 {
        assert_eq!(generate(&client).await, started, "round {round}");
        *time.lock().unwrap() += TimeDelta::milliseconds(1999);
        assert_eq!(error(get()).await, "404 ReportInProgress: ");
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
        assert_eq!(error(get()).await, "410 ReportExpired: ");
    }
}

#[tokio::test]
async fn a_report_stays_the_same_while_the_account_changes() {
    let (time, clock) = movable();
    let endpoint = demo().with_clock(clock).with_report_time(TimeDelta::zero());
    let client = client(&endpoint);
    assert_eq!(generate(&client).await.0, "STARTED");
    let (first, _) = report(&client).await;
    let key = "AKIAQX7DEMO4BOBBY001";
    let bob = |rows: &[Vec<String>]| row(rows, "bob")[8..13].to_vec();
    let created = &*shown(now() - TimeDelta::days(91));
    let used = &*shown(now() - TimeDelta::days(30));
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
    // Deactivating is a change too.
    let deactivated = &*shown(now());
    let inactive = ["false", deactivated, used, "us-west-2", "ec2"];
    assert_eq!(bob(&report(&client).await.0), inactive);
    *time.lock().unwrap() += four_hours;
    // Reactivated, and the second time it is active already.
    for _ in 0..2 {
        set(StatusType::Active).await;
        *time.lock().unwrap() += TimeDelta::hours(1);
    }
    assert_eq!(generate(&client).await.0, "STARTED");
    let activated = &*shown(now() + TimeDelta::hours(8));
    let again = ["true", activated, used, "us-west-2", "ec2"];
    assert_eq!(bob(&report(&client).await.0), again);
}

#[tokio::test]
async fn the_summary_says_whether_root_has_keys() {
    let endpoint = demo();
    let client = client(&endpoint);
    for (id, expected) in [
        (None, 0),
        (Some("AKIAQX7DEMO4ROOTKEY1"), 1),
        // Not a count.
        (Some("AKIAQX7DEMO4ROOTKEY2"), 1),
    ] {
        let key = id.map(|id| Key::new(KeyId::parse(id).unwrap(), now()));
        endpoint.account(|account| key.into_iter().for_each(|key| account.add_root_key(key)));
        let summary = client.get_account_summary().send().await.unwrap();
        let present = summary.summary_map().unwrap()[&"AccountAccessKeysPresent".into()];
        assert_eq!(present, expected, "{id:?}");
    }
}
