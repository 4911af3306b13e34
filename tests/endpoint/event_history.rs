//! CloudTrail and account management: what is looked up, by what, and how often one may ask.

use std::time::Duration;

use aws_sdk_cloudtrail::primitives::DateTime as SdkTime;
use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey as By};
use chrono::TimeDelta;
use iamkeys::demo::{Account, Endpoint, Fault, FaultKind, Key, LastUsed};

use super::*;

const DEPLOY: &str = "AKIAQX7DEMO4DEPLOY01";

fn demo() -> Endpoint {
    Endpoint::new(Account::demo(now())).with_clock(Arc::new(now))
}

fn client(endpoint: &Endpoint) -> aws_sdk_cloudtrail::Client {
    client!(aws_sdk_cloudtrail, endpoint, endpoint.sdk_credentials())
}

fn by(key: By, value: &str) -> LookupAttribute {
    let attribute = LookupAttribute::builder();
    let attribute = attribute.attribute_key(key).attribute_value(value);
    attribute.build().unwrap()
}

async fn found(endpoint: &Endpoint, key: By, value: &str) -> Vec<Event> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let call = client(endpoint).lookup_events();
    let call = call.lookup_attributes(by(key, value));
    call.send().await.unwrap().events.unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn events_are_looked_up_by_one_attribute() {
    let endpoint = demo();
    let of_key = found(&endpoint, By::AccessKeyId, DEPLOY).await;
    assert_eq!(of_key.len(), 50, "as many as a page has");
    let first = &of_key[0];
    assert_eq!(first.access_key_id(), Some(DEPLOY));
    assert_eq!(first.username(), Some("deploy-bot"));
    assert_eq!(first.event_name(), Some("ListBuckets"));
    assert_eq!(first.event_source(), Some("s3.amazonaws.com"));
    assert_eq!(first.read_only(), Some("true"));
    let payload: serde_json::Value =
        serde_json::from_str(first.cloud_trail_event().unwrap()).unwrap();
    assert_eq!(payload["eventID"], first.event_id().unwrap());
    assert_eq!(payload["userIdentity"]["accessKeyId"], DEPLOY);
    assert_eq!(payload["awsRegion"], "us-east-1");
    let id = first.event_id().unwrap();
    let same = found(&endpoint, By::EventId, id).await;
    assert_eq!(same, std::slice::from_ref(first));
    for (key, value) in [
        (By::EventName, "CreateUser"),
        (By::EventSource, "iam.amazonaws.com"),
        (By::ReadOnly, "false"),
        (By::Username, "mobile-uploads"),
        (By::ResourceName, "svc-backup2"),
        (By::ResourceType, "AWS::IAM::User"),
    ] {
        let events = found(&endpoint, key.clone(), value).await;
        let made = events
            .iter()
            .find(|event| event.event_name() == Some("CreateUser"));
        assert!(made.is_some(), "{key:?}");
        let other = found(&endpoint, key.clone(), "AnythingElse").await;
        assert!(other.is_empty(), "{key:?}");
    }
    // Without one, it is the newest of all.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let all = client(&endpoint).lookup_events().send().await.unwrap();
    assert!(all.next_token().is_some());
    let newest = all.events()[0].event_time().unwrap().secs();
    let delay = TimeDelta::minutes(5).num_seconds();
    assert!(
        newest <= now().timestamp() - delay,
        "not before it is delivered"
    );
}

#[tokio::test(start_paused = true)]
async fn the_history_of_a_key_outlives_it_and_its_user() {
    let endpoint = demo();
    let before = found(&endpoint, By::AccessKeyId, DEPLOY).await;
    let id = before[0].event_id().unwrap();
    endpoint.account(|account| assert!(account.remove_key(DEPLOY)));
    assert_eq!(found(&endpoint, By::AccessKeyId, DEPLOY).await, before);
    endpoint.account(|account| assert!(account.remove_user("deploy-bot")));
    assert_eq!(found(&endpoint, By::AccessKeyId, DEPLOY).await, before);
    let same = found(&endpoint, By::EventId, id).await;
    assert_eq!(same, std::slice::from_ref(&before[0]), "and only once");
}

#[tokio::test(start_paused = true)]
async fn questions_that_make_no_sense_are_refused() {
    let endpoint = demo();
    let lookup = || client(&endpoint).lookup_events();
    let one = || by(By::AccessKeyId, DEPLOY);
    let time = |minutes| SdkTime::from_secs((now() + TimeDelta::minutes(minutes)).timestamp());
    for (call, code) in [
        (lookup().max_results(51), "InvalidMaxResultsException"),
        (lookup().max_results(0), "InvalidMaxResultsException"),
        (
            lookup().lookup_attributes(one()).lookup_attributes(one()),
            "InvalidLookupAttributesException",
        ),
        (
            lookup().lookup_attributes(by(By::from("Colour"), "red")),
            "InvalidLookupAttributesException",
        ),
        (
            lookup().start_time(time(0)).end_time(time(-1)),
            "InvalidTimeRangeException",
        ),
        (lookup().next_token("x"), "InvalidNextTokenException"),
    ] {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let answer = call.send().await;
        let error = answer.unwrap_err().into_service_error();
        assert_eq!(error.meta().code(), Some(code));
    }
}

#[tokio::test(start_paused = true)]
async fn two_requests_a_second_are_answered_in_each_account_and_region() {
    let endpoint = demo();
    let in_region = |region: &'static str| {
        let config = aws_sdk_cloudtrail::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(endpoint.sdk_credentials())
            .retry_config(RetryConfig::disabled())
            .http_client(endpoint.http_client());
        aws_sdk_cloudtrail::Client::from_conf(config.build())
    };
    for region in ["us-east-1", "eu-west-1"] {
        let client = in_region(region);
        for _ in 0..2 {
            client.lookup_events().send().await.unwrap();
        }
        let error = client.lookup_events().send().await.unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
        let error = error.into_service_error();
        assert_eq!(error.meta().code(), Some("ThrottlingException"));
        assert_eq!(error.meta().message(), Some("Rate exceeded"));
    }
    let calls = endpoint.calls();
    let regions: Vec<_> = calls
        .iter()
        .filter_map(|call| call.region.as_deref())
        .collect();
    assert_eq!(regions[..3], ["us-east-1"; 3]);
    assert_eq!(regions[3..], ["eu-west-1"; 3]);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_is_told_so_as_cloudtrail_does() {
    let endpoint = demo();
    endpoint.fault(
        Fault::new(FaultKind::Refuse)
            .action("LookupEvents")
            .in_region("us-east-1"),
    );
    let answer = client(&endpoint).lookup_events().send().await;
    let error = answer.unwrap_err().into_service_error();
    assert_eq!(error.meta().code(), Some("AccessDeniedException"));
    let message = error.meta().message().unwrap();
    assert!(message.contains("cloudtrail:LookupEvents"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_key_without_a_story_has_one_that_fits_its_last_use() {
    let mut account = Account::demo(now());
    let id = KeyId::parse("AKIAQX7DEMO4UNTOLD01").unwrap();
    let mut key = Key::new(id, now() - TimeDelta::days(30));
    let used = now() - TimeDelta::days(3);
    key.last_used = Some(LastUsed {
        at: used,
        service: "sqs".into(),
        region: "us-east-1".into(),
    });
    account.add_key("new-hire", key).unwrap();
    let endpoint = Endpoint::new(account).with_clock(Arc::new(now));
    let events = found(&endpoint, By::AccessKeyId, id.as_str()).await;
    assert_eq!(events[0].event_time().unwrap().secs(), used.timestamp());
    assert_eq!(events[0].event_source(), Some("sqs.amazonaws.com"));
    let last = events.last().unwrap().event_time().unwrap().secs();
    assert!(events.len() > 40 && last >= (now() - TimeDelta::days(30)).timestamp());
    // One that was never used, none.
    let unused = found(&endpoint, By::AccessKeyId, "AKIAQX7DEMO4BATCH001").await;
    assert!(unused.is_empty());
}

#[tokio::test]
async fn regions_are_listed_by_their_state() {
    use aws_sdk_account::types::RegionOptStatus;
    let endpoint = demo();
    let client = client!(aws_sdk_account, &endpoint, endpoint.sdk_credentials());
    let all = client.list_regions().send().await.unwrap();
    assert_eq!(all.regions().len(), 24);
    let enabled = client.list_regions();
    let enabled = enabled.region_opt_status_contains(RegionOptStatus::EnabledByDefault);
    let first = enabled.clone().max_results(10).send().await.unwrap();
    let rest = enabled
        .set_next_token(first.next_token.clone())
        .send()
        .await
        .unwrap();
    assert_eq!((first.regions().len(), rest.regions().len()), (10, 7));
    assert_eq!(rest.next_token, None);
    for (call, code) in [
        (client.list_regions().max_results(51), "ValidationException"),
        (client.list_regions().next_token("x"), "ValidationException"),
        (
            client.list_regions().account_id("123456789012"),
            "ValidationException",
        ),
    ] {
        let error = call.send().await.unwrap_err().into_service_error();
        assert_eq!(error.meta().code(), Some(code));
    }
    endpoint.fault(Fault::new(FaultKind::Refuse).action("ListRegions"));
    let error = client
        .list_regions()
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(error.meta().code(), Some("AccessDeniedException"));
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_here_is_in_the_history_some_minutes_later() {
    let (time, clock) = movable();
    let endpoint = Endpoint::new(Account::demo(now())).with_clock(clock);
    let alice = "AKIAQX7DEMO4ALICE001";
    let iam = iam(&endpoint, endpoint.sdk_credentials());
    *time.lock().unwrap() += TimeDelta::seconds(1);
    let created = iam
        .create_access_key()
        .user_name("new-hire")
        .send()
        .await
        .unwrap();
    let created = created.access_key.unwrap();
    let too_many = iam.create_access_key().user_name("deploy-bot");
    too_many.send().await.unwrap_err();
    iam.list_users().send().await.unwrap();
    let by_alice = async || {
        let events = found(&endpoint, By::AccessKeyId, alice).await;
        let since = now().timestamp();
        let here = events
            .into_iter()
            .filter(|event| event.event_time().unwrap().secs() > since);
        here.collect::<Vec<_>>()
    };
    assert!(by_alice().await.is_empty(), "not at once");
    *time.lock().unwrap() += TimeDelta::minutes(6);
    let events = by_alice().await;
    assert_eq!(events.len(), 2, "what was only read is not there");
    let payloads = events
        .iter()
        .map(|event| event.cloud_trail_event().unwrap());
    let payloads: Vec<serde_json::Value> = payloads
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let refused = payloads
        .iter()
        .find(|it| it["errorCode"] == "LimitExceeded")
        .unwrap();
    assert_eq!(refused["requestParameters"]["userName"], "deploy-bot");
    let made = payloads
        .iter()
        .find(|it| it["errorCode"].is_null())
        .unwrap();
    assert_eq!(
        made["responseElements"]["accessKey"]["accessKeyId"],
        created.access_key_id()
    );
    assert!(!made.to_string().contains(created.secret_access_key()));
    assert!(made["userAgent"].as_str().unwrap().contains("aws-sdk-rust"));
    let id = made["eventID"].as_str().unwrap();
    let same = found(&endpoint, By::EventId, id).await;
    assert_eq!(same.len(), 1);
}
