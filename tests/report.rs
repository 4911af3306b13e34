//! The credential report: how patiently it is asked for while AWS makes it, and what becomes of it
//! when something is in the way.
//!
//! The tests' time is not real. Nothing here is throttled in AWS's own words, for what the SDK
//! learns from them holds for the whole process, and makes it wait in real time.

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use iamkeys::{
    aws::{
        Connection, Embedded, Options, ReportPace, Timeouts, Turns, fetch_report, sign_in_embedded,
    },
    demo::{Account as Store, Endpoint, Fault, FaultKind, Key, KeyId, Status},
    driver::{Accounts, Driver, DriverConfig, JournalConfig, TrialPace},
    engine::{
        Answer, Effect, Error, Event, Kind, Read, RequestId, SessionId, Target,
        destination::{Route, Why},
        model::{LastUsed, Report, ReportedUser},
    },
    secret::credentials::CredentialsFile,
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{runtime::Handle, sync::mpsc, time::Instant};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap()
}

fn embedded(endpoint: &Endpoint) -> Embedded {
    Embedded {
        http_client: endpoint.http_client(),
        credentials: endpoint.sdk_credentials(),
    }
}

/// The demo account, whose clock goes as the test's does.
fn ticking() -> (Endpoint, Connection) {
    let begun = Instant::now();
    let clock = move || now() + TimeDelta::from_std(begun.elapsed()).unwrap();
    let endpoint = Endpoint::new(Store::demo(now())).with_clock(Arc::new(clock));
    let account = sign_in_embedded(embedded(&endpoint), &Options::default()).connection;
    (endpoint, account)
}

/// How often the report was asked for, and how often to be made.
fn asked(endpoint: &Endpoint) -> (usize, usize) {
    let calls = endpoint.calls();
    let count = |action| calls.iter().filter(|call| call.action == action).count();
    (
        count("GetCredentialReport"),
        count("GenerateCredentialReport"),
    )
}

async fn fetch(account: &Connection) -> Result<Report, Error> {
    fetch_report(|| account.clone(), ReportPace::default(), &Turns::new(1)).await
}

fn user<'a>(report: &'a Report, name: &str) -> &'a ReportedUser {
    let mut users = report.users.iter();
    users.find(|user| &*user.name == name).expect("a user")
}

fn code(status: u16, code: &str) -> FaultKind {
    FaultKind::Code {
        status,
        code: code.into(),
        message: "no".into(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_there_is_one_call() {
    let (endpoint, account) = ticking();
    let endpoint = endpoint.with_report_aged(TimeDelta::hours(3));
    let report = fetch(&account).await.unwrap();
    assert_eq!(asked(&endpoint), (1, 0));
    assert_eq!(report.generated, now() - TimeDelta::hours(3));
    assert_eq!(report.users.len(), 24);
    assert_eq!(report.root.as_deref(), Some(&[][..]));
    assert!(user(&report, "new-hire").keys.is_empty());
    let bob = user(&report, "bob");
    assert_eq!(bob.created, Some(now() - TimeDelta::days(911)));
    let [key] = &*bob.keys else {
        panic!("one key: {bob:?}");
    };
    assert!(key.active);
    assert_eq!(key.rotated, Some(now() - TimeDelta::days(91)));
    let used = LastUsed::At {
        time: now() - TimeDelta::days(30),
        service: Some("ec2".into()),
        region: Some("us-west-2".into()),
    };
    assert_eq!(key.last_used, used);
    let [key] = &*user(&report, "old-batch").keys else {
        panic!("one key");
    };
    assert_eq!(key.last_used, LastUsed::Never);
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_missing_is_made_and_waited_for() {
    let (endpoint, account) = ticking();
    let begun = Instant::now();
    let report = fetch(&account).await.unwrap();
    // After 0.25 s, 0.5 s, 1 s and 2 s.
    let took = begun.elapsed();
    assert!((3750..3800).contains(&took.as_millis()), "{took:?}");
    assert_eq!(asked(&endpoint), (2, 5));
    assert_eq!((report.generated - now()).num_seconds(), 2);

    // The next one is there at once.
    fetch(&account).await.unwrap();
    assert_eq!(asked(&endpoint), (3, 5));
}

#[tokio::test(start_paused = true)]
async fn an_expired_report_is_made_anew() {
    let (endpoint, account) = ticking();
    let old = endpoint.with_report_aged(TimeDelta::hours(4));
    let report = fetch(&account).await.unwrap();
    assert!(report.generated > now());
    assert_eq!(asked(&old), (2, 5));
}

#[tokio::test(start_paused = true)]
async fn a_report_that_somebody_else_is_having_made_is_waited_for() {
    let (endpoint, account) = ticking();
    assert!(!account.generate_report().await.unwrap());
    assert_eq!(account.report().await.unwrap(), None);
    fetch(&account).await.unwrap();
    assert_eq!(asked(&endpoint), (3, 6));
    assert!(account.generate_report().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_never_made_is_given_up_after_five_minutes() {
    let (endpoint, account) = ticking();
    let endpoint = endpoint.with_report_time(TimeDelta::hours(1));
    let begun = Instant::now();
    let error = fetch(&account).await.unwrap_err();
    let took = begun.elapsed().as_secs();
    assert!((290..=300).contains(&took), "{took}");
    assert_eq!(error.kind, Kind::Other);
    assert_eq!(error.action, "iam:GenerateCredentialReport");
    assert_eq!(
        error.message,
        "AWS has not made the report within 5 minutes"
    );
    let (got, made) = asked(&endpoint);
    assert_eq!(got, 1);
    assert!((100..110).contains(&made), "{made}");
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_made_and_not_there_is_asked_for_without_haste() {
    let (endpoint, account) = ticking();
    let endpoint = endpoint.with_report_aged(TimeDelta::zero());
    endpoint.fault(Fault::new(code(410, "ReportNotPresent")).action("GetCredentialReport"));
    let error = fetch(&account).await.unwrap_err();
    assert_eq!(
        error.message,
        "AWS has not made the report within 5 minutes"
    );
    let (got, made) = asked(&endpoint);
    assert_eq!(got, made + 1);
    assert!((100..110).contains(&made), "{made}");
}

#[tokio::test(start_paused = true)]
async fn without_permission_it_ends_at_once() {
    let refuse = |action| Fault::new(FaultKind::Refuse).action(action);
    for (action, expected) in [
        ("GetCredentialReport", (1, 0)),
        ("GenerateCredentialReport", (1, 1)),
    ] {
        let (endpoint, account) = ticking();
        endpoint.fault(refuse(action));
        let begun = Instant::now();
        let error = fetch(&account).await.unwrap_err();
        assert_eq!(error.kind, Kind::Denied);
        assert_eq!(error.action, format!("iam:{action}"));
        assert!(error.request_id.is_some());
        assert_eq!(asked(&endpoint), expected);
        assert!(begun.elapsed() < Duration::from_millis(100));
    }
    // One that is there can be read by who may not have it made.
    let (endpoint, account) = ticking();
    let endpoint = endpoint.with_report_aged(TimeDelta::hours(1));
    endpoint.fault(refuse("GenerateCredentialReport"));
    fetch(&account).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_asks_too_often_waits_longer_and_goes_on() {
    // A code that the SDK does not know as throttling, so that each is one call. What it makes of
    // those that it knows comes out the same, after six attempts.
    let throttle = |action| Fault::new(code(400, "TooManyRequests")).action(action);
    let (endpoint, account) = ticking();
    endpoint.fault(throttle("GetCredentialReport").times(1));
    endpoint.fault(throttle("GenerateCredentialReport").times(2));
    let begun = Instant::now();
    fetch(&account).await.unwrap();
    // Four times 0.25 s, 0.5 s and 1 s for what was throttled, then 2 s.
    let took = begun.elapsed().as_millis();
    assert!((9000..9100).contains(&took), "{took}");
    assert_eq!(asked(&endpoint), (3, 4));

    // Throttling that does not end is called by its name.
    let (endpoint, account) = ticking();
    endpoint.fault(throttle("GenerateCredentialReport"));
    let error = fetch(&account).await.unwrap_err();
    assert_eq!(error.kind, Kind::Throttled);
    let (_, made) = asked(&endpoint);
    assert!((20..30).contains(&made), "{made}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_through_ends_in_words() {
    for (fault, action) in [
        (FaultKind::Cut, "GetCredentialReport"),
        (FaultKind::Garble, "GetCredentialReport"),
        (FaultKind::Cut, "GenerateCredentialReport"),
        (FaultKind::Garble, "GenerateCredentialReport"),
    ] {
        let (endpoint, account) = ticking();
        let endpoint = match action {
            "GetCredentialReport" => endpoint.with_report_aged(TimeDelta::zero()),
            _ => endpoint,
        };
        endpoint.fault(Fault::new(fault.clone()).action(action));
        let error = fetch(&account).await.unwrap_err();
        assert_eq!(
            error.kind,
            Kind::InvalidResponse,
            "{fault:?} {action}: {error:?}"
        );
        assert_eq!(error.action, format!("iam:{action}"));
        assert!(
            !error.message.contains('<'),
            "no bodies on screen: {error:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_any_more_once_nobody_waits() {
    let (endpoint, account) = ticking();
    let endpoint = endpoint.with_report_time(TimeDelta::hours(1));
    let waited = tokio::time::timeout(Duration::from_secs(10), fetch(&account)).await;
    assert!(waited.is_err());
    let before = asked(&endpoint);
    assert!(before.1 > 1, "{before:?}");
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(asked(&endpoint), before);
}

#[tokio::test(start_paused = true)]
async fn a_report_tells_of_root_and_of_keys_that_came_back() {
    let (endpoint, account) = ticking();
    let id = KeyId::parse("AKIAQX7DEMO4ROOTKEY1").unwrap();
    let bob = "AKIAQX7DEMO4BOBBY001";
    endpoint.account(|store| {
        store.add_root_key(Key::new(id, now() - TimeDelta::days(900)));
        store.set_key_status(bob, Status::Inactive);
        let back = now() - TimeDelta::days(2);
        store.update_key(bob, Status::Active, back);
    });
    let report = fetch(&account).await.unwrap();
    let root = report.root.as_deref().unwrap();
    assert_eq!(root.len(), 1);
    assert_eq!(root[0].rotated, Some(now() - TimeDelta::days(900)));
    let rotated: Option<DateTime<Utc>> = user(&report, "bob").keys[0].rotated;
    assert_eq!(rotated, Some(now() - TimeDelta::days(2)));
}

#[tokio::test(start_paused = true)]
async fn the_driver_brings_the_report_and_drops_it_with_the_session() {
    let (endpoint, _) = ticking();
    let (outbox, mut inbox) = mpsc::unbounded_channel();
    let served = endpoint.clone();
    let accounts = Accounts {
        options: Options::default(),
        demo: Arc::new(move || embedded(&served)),
    };
    let nowhere = Path::new("/nonexistent/iamkeys/credentials");
    let config = DriverConfig {
        route: Route::Unavailable(Why::Off),
        journal: JournalConfig::none(),
        trial_pace: TrialPace::default(),
        credentials: Ok(CredentialsFile::at(nowhere)),
        demo_apart: false,
        clear_after: None,
    };
    let mut driver = Driver::new(Handle::current(), outbox, accounts, config);
    let mut carry_out = |effect| {
        let left = driver.carry_out(effect);
        assert!(left.is_none(), "{left:?}");
    };
    let first = SessionId::default();
    carry_out(Effect::SignIn(first, Target::Demo));
    let signed_in = inbox.recv().await;
    assert!(matches!(
        signed_in,
        Some(Event::SignedIn { session, result: Ok(_) }) if session == first
    ));
    carry_out(Effect::Read(first, RequestId(7), Read::Report));
    let Some(Event::Answer {
        request: RequestId(7),
        result: Ok(Answer::Report(report)),
        ..
    }) = inbox.recv().await
    else {
        panic!("a report");
    };
    assert_eq!(report.users.len(), 24);
    assert_eq!(asked(&endpoint), (2, 5));

    // Another session: the report of the last one is not waited for any more.
    let endpoint = endpoint.with_report_time(TimeDelta::hours(1));
    tokio::time::sleep(Duration::from_hours(5)).await;
    carry_out(Effect::Read(first, RequestId(8), Read::Report));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let before = asked(&endpoint);
    assert!(before.1 > 5, "{before:?}");
    let second = SessionId {
        generation: 1,
        ..first
    };
    carry_out(Effect::SignIn(second, Target::Demo));
    let next = inbox.recv().await;
    assert!(
        matches!(next, Some(Event::SignedIn { session, result: Ok(_) }) if session == second),
        "{next:?}"
    );
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(asked(&endpoint), before);
    assert!(inbox.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_large_report_may_take_its_time_and_a_silent_server_may_not() {
    let (endpoint, _) = ticking();
    let endpoint = endpoint.with_report_aged(TimeDelta::zero());
    let timeouts = Timeouts {
        attempt: Duration::from_secs(2),
        operation: Duration::from_secs(4),
        ..Timeouts::default()
    };
    let options = Options {
        timeouts,
        ..Options::default()
    };
    let account = sign_in_embedded(embedded(&endpoint), &options).connection;
    endpoint.fault(Fault::new(FaultKind::Delay(Duration::from_secs(9))));
    let error = account.keys("bob").await.unwrap_err();
    assert_eq!(error.kind, Kind::Network, "too slow for anything else");
    assert!(account.report().await.unwrap().is_some());

    endpoint.fault(Fault::new(FaultKind::Delay(Duration::from_hours(1))));
    let begun = Instant::now();
    let error = account.report().await.unwrap_err();
    assert_eq!(error.kind, Kind::Network);
    assert!(begun.elapsed() < Duration::from_secs(121));
}
