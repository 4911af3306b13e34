//! The event history of CloudTrail through the whole SDK: what is asked, how fast, what is kept of the
//! answers, and what becomes of odd ones.

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use futures::future::join_all;
use iamkeys::{
    aws::{Connection, Embedded, Options, Timeouts, sign_in_embedded},
    demo::{Account as Store, Endpoint, Fault, Outcome},
    engine::{
        Error, Kind,
        impact::{Made, SessionOf, TrailEvent, TrailPage, TrailQuery},
    },
};
use std::{
    collections::{BTreeMap, HashSet},
    mem::size_of,
    sync::Arc,
    time::{Duration, Instant},
};

const DEPLOY: &str = "AKIAQX7DEMO4DEPLOY01";
const LEAKED: &str = "AKIAQX7DEMO4MOBILE01";
const BUSY: &str = "AKIAQX7DEMO4K8SPUL01";

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 16, 0, 0).unwrap()
}

fn demo() -> (Endpoint, Connection) {
    let endpoint = Endpoint::new(Store::demo(now())).with_clock(Arc::new(now));
    let connection = connect(&endpoint, Timeouts::default());
    (endpoint, connection)
}

fn connect(endpoint: &Endpoint, timeouts: Timeouts) -> Connection {
    let embedded = Embedded {
        http_client: endpoint.http_client(),
        credentials: endpoint.sdk_credentials(),
    };
    let options = Options {
        timeouts,
        ..Options::default()
    };
    sign_in_embedded(embedded, &options).connection
}

fn query(key: &str, region: &str) -> TrailQuery {
    TrailQuery {
        key: key.into(),
        region: region.into(),
        since: now() - TimeDelta::days(90),
        until: now(),
        after: None,
    }
}

/// All pages of a region, or so many of them.
async fn pages(account: &Connection, key: &str, region: &str, most: usize) -> Vec<TrailPage> {
    let (mut query, mut pages) = (query(key, region), Vec::new());
    while pages.len() < most {
        let page = account.trail_events(&query).await.unwrap();
        query.after.clone_from(&page.next);
        pages.push(page);
        if query.after.is_none() {
            break;
        }
    }
    pages
}

async fn events(account: &Connection, key: &str, region: &str) -> Vec<TrailEvent> {
    let pages = pages(account, key, region, usize::MAX).await;
    pages.into_iter().flat_map(|page| page.events).collect()
}

fn injected(endpoint: &Endpoint, fault: &str) {
    endpoint.fault(fault.parse::<Fault>().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_key_s_events_come_page_by_page_and_none_is_missed_or_doubled() {
    let (endpoint, account) = demo();
    let pages = pages(&account, DEPLOY, "us-east-1", usize::MAX).await;
    assert!(pages.len() > 10, "{} pages", pages.len());
    let (last, full) = pages.split_last().unwrap();
    assert!(
        full.iter()
            .all(|page| page.events.len() == 50 && page.next.is_some())
    );
    assert!((1..=50).contains(&last.events.len()));
    assert_eq!(endpoint.calls().len(), pages.len());
    let events: Vec<&TrailEvent> = pages.iter().flat_map(|page| &page.events).collect();
    assert!(events.is_sorted_by(|a, b| a.at >= b.at), "the newest first");
    let ids: HashSet<&str> = events.iter().map(|event| &*event.id).collect();
    assert_eq!(ids.len(), events.len());
    // The newest one is the last use that IAM tells of.
    let newest = events[0];
    assert_eq!(newest.at, now() - TimeDelta::hours(2));
    assert_eq!((&*newest.service, &*newest.action), ("s3", "ListBuckets"));
    assert!(
        events
            .iter()
            .all(|event| event.at >= now() - TimeDelta::days(90))
    );
    assert!(events.iter().all(|event| &*event.region == "us-east-1"));
    let services: HashSet<&str> = events.iter().map(|event| &*event.service).collect();
    assert!(
        ["s3", "sts", "ecr", "iam", "ec2"]
            .iter()
            .all(|name| services.contains(name))
    );
    // With fewer on a page it is the same.
    let few = Endpoint::new(Store::demo(now()))
        .with_clock(Arc::new(now))
        .with_pages_of(7);
    let again = self::events(&connect(&few, Timeouts::default()), DEPLOY, "us-east-1").await;
    assert!(again.iter().eq(events));
}

#[tokio::test(start_paused = true)]
async fn what_an_event_tells_is_kept() {
    let (_, account) = demo();
    let queue = events(&account, DEPLOY, "eu-west-1").await;
    let newest = &queue[0];
    assert_eq!(newest.at, now() - TimeDelta::hours(5));
    assert!(newest.agent.starts_with("Boto3/1.26") && newest.agent.contains("Python/3.8"));
    assert_eq!(&*newest.source, "10.4.12.9");
    assert_eq!(
        newest.vpc_endpoint.as_deref(),
        Some("vpce-0a1b2c3d4e5f60718")
    );
    assert!(
        queue
            .iter()
            .all(|event| Arc::ptr_eq(&event.agent, &newest.agent))
    );
    let east = events(&account, DEPLOY, "us-east-1").await;
    let denied: Vec<_> = east
        .iter()
        .filter(|event| event.agent.contains("Terraform") && event.error.is_some())
        .collect();
    assert_eq!(denied.len(), 9);
    assert_eq!(denied[8].target.as_deref(), Some("web-task"));
    assert!(denied.iter().all(|event| event.made.is_none()));
    let hours = |hours| now() + TimeDelta::hours(hours);
    let session = |wanted: &SessionOf| {
        east.iter().find_map(|event| match event.made.as_deref() {
            Some(Made::Session { key, until, of }) if of == wanted => {
                Some((key.clone(), *until, event.at))
            }
            _ => None,
        })
    };
    let (key, until, _) = session(&SessionOf::User).unwrap();
    assert!(key.starts_with("ASIAQX7DEMO4"), "{key}");
    assert_eq!(until, Some(hours(27)));
    let role = "arn:aws:iam::123456789012:role/deploy-role";
    let (key, until, began) = session(&SessionOf::Role(role.into())).unwrap();
    assert_eq!(until, Some(began + TimeDelta::hours(3)));
    // What was done with it is found by its own key, and in no other way.
    let with_it = events(&account, &key, "us-east-1").await;
    assert_eq!(with_it.len(), 4);
    assert!(
        with_it
            .iter()
            .all(|event| event.at > began && event.at < until.unwrap())
    );
    let ids: HashSet<_> = east.iter().map(|event| &event.id).collect();
    assert!(with_it.iter().all(|event| !ids.contains(&event.id)));
    assert_eq!(
        with_it.iter().filter(|event| event.error.is_some()).count(),
        1
    );
    assert!(
        events(&account, "ASIAQX7DEMO400000000", "us-east-1")
            .await
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_leaked_key_has_made_is_found() {
    let (_, account) = demo();
    let events = events(&account, LEAKED, "us-east-1").await;
    let made = |action: &str| {
        let event = events.iter().find(|event| &*event.action == action);
        let event = event.unwrap_or_else(|| panic!("no {action}"));
        (
            event.made.as_deref(),
            event.error.as_deref(),
            event.target.as_deref(),
        )
    };
    let user = Made::Thing("svc-backup2".into());
    assert_eq!(made("CreateUser"), (Some(&user), None, Some("svc-backup2")));
    let key = Made::Key {
        key: "AKIAQX7DEMO4SVCBKP01".into(),
        user: "svc-backup2".into(),
    };
    assert_eq!(made("CreateAccessKey").0, Some(&key));
    let federated = made("GetFederationToken").0;
    let of = SessionOf::Federated("svc".into());
    assert!(matches!(federated, Some(Made::Session { of: its, .. }) if *its == of));
    for action in [
        "CreateLoginProfile",
        "StopLogging",
        "InvokeModel",
        "RunInstances",
    ] {
        let (made, error, target) = made(action);
        assert!(
            made.is_none() && error.is_some() && target.is_some(),
            "{action}"
        );
    }
    let burst: Vec<_> = events
        .iter()
        .filter(|event| &*event.source == "185.220.101.34")
        .collect();
    assert!(burst.len() >= 13);
    assert!(burst[0].at - burst[burst.len() - 1].at <= TimeDelta::minutes(40));
    let writes: Vec<_> = burst.iter().filter(|event| event.is_write).collect();
    assert!(writes.iter().all(|event| !event.action.starts_with("List")));
    assert!(writes.len() >= 7, "{}", writes.len());
}

#[tokio::test(start_paused = true)]
async fn an_event_is_shown_whole() {
    let (_, account) = demo();
    let page = account
        .trail_events(&query(LEAKED, "us-east-1"))
        .await
        .unwrap();
    let made = page
        .events
        .iter()
        .find(|event| &*event.action == "CreateUser")
        .unwrap();
    let whole = account
        .whole_event("us-east-1", &made.id)
        .await
        .unwrap()
        .unwrap();
    for line in [
        "\"requestParameters\":{\"userName\":\"svc-backup2\"}",
        "\"accessKeyId\":\"AKIAQX7DEMO4MOBILE01\"",
        "\"sourceIPAddress\":\"185.220.101.34\"",
    ] {
        assert!(whole.contains(line), "{line}\n{whole}");
    }
    // Neither in another region, nor one that there never was.
    let none = "00000000-0000-4000-8000-000000000000";
    for (region, id) in [("eu-west-1", &*made.id), ("us-east-1", none)] {
        assert_eq!(account.whole_event(region, id).await.unwrap(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_tells_a_token_is_shown_without_it() {
    let (_, account) = demo();
    let events = events(&account, DEPLOY, "us-east-1").await;
    for action in ["AssumeRole", "GetSessionToken"] {
        let event = events.iter().find(|event| &*event.action == action);
        let whole = account.whole_event("us-east-1", &event.unwrap().id);
        let whole = whole.await.unwrap().unwrap();
        assert!(whole.contains("\"sessionToken\":\"[redacted]\""), "{whole}");
        assert!(!whole.contains("IQoJ"), "{whole}");
        assert!(whole.contains("\"accessKeyId\":\"ASIA"), "{whole}");
    }
}

#[tokio::test]
async fn enabled_regions_are_listed_over_all_pages() {
    for (most, calls) in [(usize::MAX, 1), (5, 4), (1, 18)] {
        let endpoint = Endpoint::new(Store::demo(now())).with_pages_of(most);
        let account = connect(&endpoint, Timeouts::default());
        let regions = account.regions().await.unwrap();
        assert_eq!((regions.len(), endpoint.calls().len()), (18, calls));
        assert!(regions.iter().any(|name| &**name == "us-east-1"));
        assert!(
            regions.iter().any(|name| &**name == "me-south-1"),
            "opted in"
        );
        assert!(
            regions.iter().all(|name| &**name != "af-south-1"),
            "not enabled"
        );
    }
    let (endpoint, account) = demo();
    injected(&endpoint, "ListRegions=refuse");
    let error = account.regions().await.unwrap_err();
    assert_eq!(
        (error.kind, error.action),
        (Kind::Denied, "account:ListRegions")
    );
    endpoint.clear_faults();
    injected(&endpoint, "ListRegions=throttle");
    let error = account.regions().await.unwrap_err();
    assert_eq!(error.kind, Kind::Throttled);
}

/// The most requests that came to one region within a second, with how many came to all.
fn most_in_a_second(endpoint: &Endpoint) -> (usize, usize) {
    let mut by_region: BTreeMap<String, Vec<Instant>> = BTreeMap::new();
    let calls = endpoint.calls();
    let calls = calls.iter().filter(|call| call.action == "LookupEvents");
    for call in calls {
        assert_eq!(call.outcome, Outcome::Done, "none is throttled");
        let region = call.region.clone().unwrap();
        by_region.entry(region).or_default().push(call.at);
    }
    let within = |times: &[Instant], from: Instant| {
        let second = Duration::from_secs(1);
        let times = times
            .iter()
            .filter(|at| **at >= from && **at - from < second);
        times.count()
    };
    let most = by_region
        .values()
        .flat_map(|times| times.iter().map(|from| within(times, *from)));
    (most.max().unwrap(), by_region.values().map(Vec::len).sum())
}

/// Asks each region five times at once, through clones of the connection.
async fn ask_all_regions(account: &Connection) {
    let regions = account.regions().await.unwrap();
    assert!(regions.len() >= 17);
    let asked = regions.iter().flat_map(|region| {
        (0..5).map(|_| {
            let (account, query) = (account.clone(), query(DEPLOY, region));
            async move { account.trail_events(&query).await.unwrap() }
        })
    });
    join_all(asked).await;
}

#[tokio::test]
async fn no_region_is_ever_asked_more_than_twice_a_second() {
    let (endpoint, account) = demo();
    let began = Instant::now();
    ask_all_regions(&account).await;
    assert_eq!(most_in_a_second(&endpoint), (2, 18 * 5));
    // Side by side: two, two and one in each.
    let took = began.elapsed();
    assert!(
        took >= Duration::from_secs(2) && took < Duration::from_secs(8),
        "{took:?}"
    );
}

#[tokio::test]
async fn the_same_is_true_over_a_network() {
    let endpoint = Endpoint::new(Store::demo(now())).with_clock(Arc::new(now));
    let server = endpoint
        .serve("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let account = Connection::new(&at(&server.url(), &endpoint), false, Timeouts::default());
    ask_all_regions(&account).await;
    assert_eq!(most_in_a_second(&endpoint), (2, 18 * 5));
    let newest = account
        .trail_events(&query(DEPLOY, "us-east-1"))
        .await
        .unwrap();
    assert_eq!(newest.events.len(), 50);
}

/// The configuration of a client of an endpoint on a socket.
fn at(url: &str, endpoint: &Endpoint) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(endpoint.sdk_credentials()))
        .endpoint_url(url)
        .build()
}

#[tokio::test(start_paused = true)]
async fn failed_requests_keep_the_pace_too() {
    let (endpoint, account) = demo();
    injected(&endpoint, "LookupEvents=500*2");
    injected(&endpoint, "LookupEvents=drop-before*1");
    let began = tokio::time::Instant::now();
    let page = account
        .trail_events(&query(DEPLOY, "us-east-1"))
        .await
        .unwrap();
    assert_eq!(page.events.len(), 50);
    let calls = endpoint.calls();
    assert_eq!(calls.len(), 4, "no more attempts than others have");
    assert!(began.elapsed() >= Duration::from_secs(2));
    // Refused by a throttling service, it says so at once: the next turn is planned elsewhere.
    injected(&endpoint, "LookupEvents=throttle");
    let error = account
        .trail_events(&query(DEPLOY, "us-east-1"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_deref()),
        (Kind::Throttled, Some("ThrottlingException"))
    );
    assert_eq!(endpoint.calls().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn somebody_else_who_looks_up_events_leaves_less_to_us() {
    let (endpoint, account) = demo();
    let other = connect(&endpoint, Timeouts::default());
    let here = query(DEPLOY, "us-east-1");
    for who in [&account, &other] {
        who.trail_events(&here).await.unwrap();
    }
    let error = account.trail_events(&here).await.unwrap_err();
    assert_eq!(error.kind, Kind::Throttled);
    // Another region is another matter.
    account
        .trail_events(&query(DEPLOY, "eu-west-1"))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_region_may_be_denied_another_throttled_and_a_third_hang() {
    let endpoint = Endpoint::new(Store::demo(now())).with_clock(Arc::new(now));
    let account = connect(&endpoint, Timeouts::default());
    injected(&endpoint, "me-south-1/LookupEvents=refuse");
    injected(&endpoint, "sa-east-1/LookupEvents=throttle");
    injected(&endpoint, "eu-west-1/LookupEvents=delay:9999s");
    let began = tokio::time::Instant::now();
    let ask = |region: &str| {
        let (account, query) = (account.clone(), query(DEPLOY, region));
        async move { (account.trail_events(&query).await, began.elapsed()) }
    };
    let [denied, throttled, hanging, answered, not_enabled] = join_all(
        [
            "me-south-1",
            "sa-east-1",
            "eu-west-1",
            "us-east-1",
            "af-south-1",
        ]
        .map(ask),
    )
    .await
    .try_into()
    .unwrap();
    let kind = |answer: &(Result<TrailPage, Error>, Duration)| {
        let error = answer.0.as_ref().unwrap_err();
        assert_eq!(error.action, "cloudtrail:LookupEvents");
        error.kind
    };
    assert_eq!(kind(&denied), Kind::Denied);
    assert_eq!(kind(&throttled), Kind::Throttled);
    assert_eq!(kind(&hanging), Kind::Network);
    assert_eq!(kind(&not_enabled), Kind::Other, "the session is a good one");
    assert!(hanging.1 <= Timeouts::default().operation + Duration::from_secs(15));
    assert_eq!(answered.0.unwrap().events.len(), 50);
    assert!(
        answered.1 < Duration::from_secs(1),
        "held up by none of them"
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_token_may_be_refused_and_belongs_to_its_question() {
    let (endpoint, account) = demo();
    let first = account
        .trail_events(&query(DEPLOY, "us-east-1"))
        .await
        .unwrap();
    let next = TrailQuery {
        after: first.next.clone(),
        ..query(DEPLOY, "us-east-1")
    };
    injected(&endpoint, "LookupEvents=refuse-token*1");
    account
        .trail_events(&query(DEPLOY, "us-east-1"))
        .await
        .expect("it has none");
    let other_time = TrailQuery {
        until: now() - TimeDelta::minutes(1),
        ..next.clone()
    };
    let other_key = TrailQuery {
        key: LEAKED.into(),
        ..next.clone()
    };
    let other_region = TrailQuery {
        region: "eu-west-1".into(),
        ..next.clone()
    };
    for query in [&next, &other_time, &other_key, &other_region] {
        let error = account.trail_events(query).await.unwrap_err();
        assert_eq!(error.code.as_deref(), Some("InvalidNextTokenException"));
        assert_eq!(error.kind, Kind::Rejected);
    }
    let second = account.trail_events(&next).await.unwrap();
    assert_eq!(second.events.len(), 50);
    assert_ne!(second.events[0], first.events[0]);
}

#[tokio::test(start_paused = true)]
async fn odd_events_are_counted_or_read_as_far_as_they_go() {
    for (kind, readable) in [
        ("text", false),
        ("bare", false),
        ("nested", false),
        ("controls", true),
        ("agent", true),
        ("huge", true),
    ] {
        let (endpoint, account) = demo();
        injected(&endpoint, &format!("LookupEvents=event:{kind}"));
        let page = account
            .trail_events(&query(DEPLOY, "us-east-1"))
            .await
            .unwrap();
        let (events, unreadable) = (page.events.len(), page.unreadable);
        let expected = if readable { (50, 0) } else { (0, 50) };
        assert_eq!((events, unreadable), expected, "{kind}");
        assert!(page.next.is_some(), "{kind}: it goes on");
        assert!(
            kept(&page.events) < 64 * 1024,
            "{kind}: {}",
            kept(&page.events)
        );
        for event in &page.events {
            assert!(event.agent.len() <= 1024);
            assert_eq!(event.agent.contains('\u{1b}'), kind == "controls");
        }
        if kind == "huge" {
            let id = &page.events[0].id;
            let whole = account.whole_event("us-east-1", id).await.unwrap().unwrap();
            assert!(whole.len() > 250 * 1024, "it is shown whole all the same");
        }
    }
}

/// How many bytes events take: what is counted is what their structures and their texts take, with two
/// words of each shared text's counters, and an allocator's rounding left out.
fn kept(events: &[TrailEvent]) -> usize {
    let mut texts: BTreeMap<*const u8, usize> = BTreeMap::new();
    let mut bytes = size_of_val(events);
    for event in events {
        bytes += event.id.len();
        let made = event.made.as_deref();
        bytes += made.map_or(0, |_| size_of::<Made>() + 128);
        let always = [
            &event.action,
            &event.service,
            &event.region,
            &event.agent,
            &event.source,
        ];
        let optional = [&event.vpc_endpoint, &event.error, &event.target];
        let shared = always.into_iter().chain(optional.into_iter().flatten());
        texts.extend(shared.map(|text| (text.as_ptr(), text.len() + 2 * size_of::<usize>())));
    }
    bytes + texts.values().sum::<usize>()
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_events_take_less_than_fifteen_megabytes() {
    let (_, account) = demo();
    let pages = pages(&account, BUSY, "ap-southeast-2", 200).await;
    let mut events: Vec<TrailEvent> = Vec::new();
    events.extend(pages.into_iter().flat_map(|page| page.events));
    assert_eq!(events.len(), 10_000);
    let bytes = kept(&events);
    assert!(bytes < 4 * 1024 * 1024, "{bytes} bytes");
}

#[tokio::test]
async fn an_answer_that_never_ends_is_read_to_a_limit() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = vec![b' '; 65_536];
            let _ = socket.read(&mut buffer[..1]).await;
            let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
            let _ = socket.write_all(head).await;
            while socket.write_all(&buffer).await.is_ok() {}
        }
    });
    let (endpoint, _) = demo();
    let config = at(&url, &endpoint).to_builder();
    let config = config.retry_config(RetryConfig::disabled()).build();
    let account = Connection::new(&config, false, Timeouts::default());
    let looked_up = account.trail_events(&query(DEPLOY, "us-east-1")).await;
    for error in [looked_up.unwrap_err(), account.regions().await.unwrap_err()] {
        assert_eq!(error.kind, Kind::InvalidResponse);
        assert!(error.message.contains("larger than any"), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_region_becomes_no_host() {
    let (endpoint, account) = demo();
    for region in ["", "us-east-1.example.com/x", "eu west 1", "aws-global\r\n"] {
        let error = account
            .trail_events(&query(DEPLOY, region))
            .await
            .unwrap_err();
        assert_eq!(error.kind, Kind::Rejected, "{region}");
    }
    assert!(endpoint.calls().is_empty());
}
