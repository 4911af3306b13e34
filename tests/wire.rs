//! What goes over the wire, and what is made of what comes back: `iam::Account` against the
//! embedded endpoint, through the whole SDK.

#[path = "wire/other_credentials.rs"]
mod other_credentials;
#[path = "wire/permissions.rs"]
mod permissions;

use aws_config::retry::RetryConfig;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use iamkeys::{
    aws::{Connection, Embedded, Options, Timeouts, sign_in_embedded},
    demo::{Account as Store, Endpoint, Fault, FaultKind, Key, KeyId, Status, Tag},
    engine::{
        Change, Changed, Error, Kind, Remedy, SecretKey,
        impact::policy::{Given, judge_without_quarantine},
        model::{KeyStatus, LastUsed},
    },
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap()
}

fn demo() -> (Endpoint, Connection) {
    of(Store::demo(now()))
}

/// The connection to an endpoint inside this process.
fn connect(endpoint: &Endpoint, options: &Options) -> Connection {
    let embedded = Embedded {
        http_client: endpoint.http_client(),
        credentials: endpoint.sdk_credentials(),
    };
    sign_in_embedded(embedded, options).connection
}

fn of(store: Store) -> (Endpoint, Connection) {
    let endpoint = Endpoint::new(store).with_clock(Arc::new(now));
    let account = connect(&endpoint, &Options::default());
    (endpoint, account)
}

fn calls(endpoint: &Endpoint, action: &str) -> usize {
    let calls = endpoint.calls();
    calls.iter().filter(|call| call.action == action).count()
}

fn create(user: &str) -> Change {
    Change::Create { user: user.into() }
}

fn deactivate(user: &str, key: &str) -> Change {
    Change::SetActive {
        user: user.into(),
        key: key.into(),
        active: false,
    }
}

fn delete(user: &str, key: &str) -> Change {
    Change::Delete {
        user: user.into(),
        key: key.into(),
    }
}

fn describe(user: &str, key: &str, text: Option<&str>) -> Change {
    Change::SetDescription {
        user: user.into(),
        key: key.into(),
        text: text.map(str::to_owned),
    }
}

async fn new_key(account: &Connection, user: &str) -> (String, SecretKey) {
    match account.change(&create(user)).await.unwrap().changed {
        Changed::Created { key, secret } => (key.id, secret),
        other => panic!("{other:?}"),
    }
}

async fn all_users(account: &Connection) -> Vec<String> {
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let page = account.users(marker).await.unwrap();
        names.extend(page.users.into_iter().map(|user| user.name.to_string()));
        marker = page.next;
        if marker.is_none() {
            return names;
        }
    }
}

#[tokio::test]
async fn users_come_a_thousand_to_a_page_and_none_is_missed_or_doubled() {
    for (count, pages) in [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (3500, 4)] {
        let (endpoint, account) = of(Store::generated(count, now()));
        let mut names = all_users(&account).await;
        assert_eq!(names.len(), count);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "nobody twice");
        assert_eq!(calls(&endpoint, "ListUsers"), pages, "for {count} users");
    }
}

#[tokio::test]
async fn the_first_questions_are_answered() {
    let (endpoint, account) = demo();
    let caller = account.caller().await.unwrap();
    assert_eq!(
        (caller.account.as_str(), caller.name()),
        ("123456789012", "alice")
    );
    assert_eq!(account.alias().await.unwrap().as_deref(), Some("acme-prod"));
    let summary = account.summary().await.unwrap();
    assert_eq!(summary.keys_per_user, Some(2));
    assert_eq!(summary.root_keys, Some(0));
    let id = KeyId::parse("AKIAQX7DEMO4ROOTKEY1").unwrap();
    endpoint.account(|store| store.add_root_key(Key::new(id, now())));
    assert_eq!(account.summary().await.unwrap().root_keys, Some(1));
}

#[tokio::test]
async fn keys_and_last_uses_are_told_as_they_are() {
    let (_, account) = demo();
    let keys = account.keys("deploy-bot").await.unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0].id, "AKIAQX7DEMO4DEPLOY01");
    assert_eq!(keys[0].status, KeyStatus::Active);
    assert_eq!((now() - keys[0].created.unwrap()).num_days(), 412);
    let LastUsed::At {
        time,
        service,
        region,
    } = account.last_used("AKIAQX7DEMO4DEPLOY01").await.unwrap()
    else {
        panic!("it was used");
    };
    assert_eq!((now() - time).num_hours(), 2);
    assert_eq!(service.as_deref(), Some("s3"));
    assert_eq!(region.as_deref(), Some("us-east-1"));
    assert_eq!(
        account.last_used("AKIAQX7DEMO4BATCH001").await.unwrap(),
        LastUsed::Never
    );
    assert!(account.keys("new-hire").await.unwrap().is_empty());
    assert_eq!(
        account.keys("DEPLOY-bot").await.unwrap().len(),
        2,
        "names have no case"
    );
}

#[tokio::test]
async fn the_whole_life_of_a_key() {
    let (endpoint, account) = demo();
    let (key, secret) = new_key(&account, "new-hire").await;
    let stored = endpoint.account(|store| store.key(&key).unwrap().1.id.secret());
    assert_eq!(secret.expose(), stored);
    let status = async || account.keys("new-hire").await.unwrap()[0].status.clone();
    assert_eq!(status().await, KeyStatus::Active);
    account.change(&deactivate("new-hire", &key)).await.unwrap();
    assert_eq!(status().await, KeyStatus::Inactive);
    let activate = Change::SetActive {
        user: "new-hire".into(),
        key: key.clone(),
        active: true,
    };
    account.change(&activate).await.unwrap();
    assert_eq!(status().await, KeyStatus::Active);
    account.change(&delete("new-hire", &key)).await.unwrap();
    assert!(account.keys("new-hire").await.unwrap().is_empty());
    for call in endpoint.calls() {
        let named = matches!(call.action.as_str(), "GetAccessKeyLastUsed");
        assert!(
            named || call.user.is_some(),
            "{} names its user",
            call.action
        );
    }
}

#[tokio::test]
async fn what_the_service_refuses_is_sorted() {
    let (_, account) = demo();
    let kind = |error: Error| (error.kind, error.code.unwrap_or_default());
    let refused = async |change: Change| match account.change(&change).await {
        Err(error) => {
            assert!(error.request_id.is_some(), "{error:?}");
            assert!(!error.outcome_unknown(), "{error:?}");
            kind(error)
        }
        Ok(changed) => panic!("{changed:?}"),
    };
    let gone = (Kind::NotFound, "NoSuchEntity".to_owned());
    assert_eq!(refused(create("nobody")).await, gone);
    assert_eq!(refused(delete("alice", "AKIANOSUCHKEYEXAMPLE")).await, gone);
    assert_eq!(
        refused(deactivate("alice", "AKIANOSUCHKEYEXAMPLE")).await,
        gone
    );
    assert_eq!(
        refused(create("deploy-bot")).await,
        (Kind::Limit, "LimitExceeded".to_owned())
    );
    assert_eq!(
        refused(create("not a name!")).await,
        (Kind::Rejected, "ValidationError".to_owned())
    );
    // AWS answers so for a key it does not know.
    let error = account.last_used("AKIANOSUCHKEYEXAMPLE").await.unwrap_err();
    assert_eq!(kind(error), (Kind::Denied, "AccessDenied".to_owned()));
}

#[tokio::test]
async fn the_owner_of_a_key_comes_with_its_last_use_in_one_call() {
    let (endpoint, account) = demo();
    let (user, last_used) = account.owner("AKIAQX7DEMO4ZAPIER01").await.unwrap();
    assert_eq!(&*user, "zapier");
    assert_eq!(
        last_used,
        account.last_used("AKIAQX7DEMO4ZAPIER01").await.unwrap()
    );
    assert_eq!(calls(&endpoint, "GetAccessKeyLastUsed"), 2, "one each");
    assert_eq!(endpoint.calls().len(), 2);
    let error = account.owner("AKIANOSUCHKEYEXAMPLE").await.unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    assert_eq!(error.code.as_deref(), Some("AccessDenied"));
}

#[tokio::test]
async fn the_account_of_a_key_is_named_also_of_another_account_s_key() {
    let endpoint = Endpoint::demo_organisation(now()).with_clock(Arc::new(now));
    let account = connect(&endpoint, &Options::default());
    for (key, id) in [
        ("AKIAQX7DEMO4ZAPIER01", "123456789012"),
        ("AKIAQX7DEMO4DVCI0001", "111122223333"),
        ("AKIAY34FZKBOKMUTVV7A", "609629065308"),
    ] {
        assert_eq!(&*account.account_of_key(key).await.unwrap(), id);
    }
    assert_eq!(endpoint.calls().len(), 3, "one call each");
    endpoint.fault(Fault::new(FaultKind::Refuse).action("GetAccessKeyInfo"));
    let error = account.account_of_key("AKIAQX7DEMO4ZAPIER01").await;
    let error = error.unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    assert_eq!(error.action, "sts:GetAccessKeyInfo");
}

#[tokio::test]
async fn each_code_leads_to_its_kind() {
    for (status, code, message, expected) in [
        (403, "AccessDenied", "no", Kind::Denied),
        (403, "InvalidClientTokenId", "no", Kind::BadCredentials),
        (
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated",
            Kind::BadCredentials,
        ),
        (403, "ExpiredToken", "no", Kind::Expired),
        (400, "RequestExpired", "no", Kind::Clock),
        (
            403,
            "SignatureDoesNotMatch",
            "Signature expired: 1 is now earlier than 2",
            Kind::Clock,
        ),
        (404, "NoSuchEntity", "no", Kind::NotFound),
        (409, "LimitExceeded", "no", Kind::Limit),
        (409, "EntityTemporarilyUnmodifiable", "no", Kind::Busy),
        (409, "ConcurrentModification", "no", Kind::Busy),
        (400, "InvalidInput", "no", Kind::Rejected),
        (409, "DeleteConflict", "no", Kind::Rejected),
        (500, "ServiceFailure", "no", Kind::Server),
        (400, "ServiceFailure", "no", Kind::Server),
        (418, "SomethingNew", "no", Kind::Other),
        (500, "SomethingNew", "no", Kind::Server),
    ] {
        let (endpoint, account) = demo();
        endpoint.fault(
            Fault::new(FaultKind::Code {
                status,
                code: code.into(),
                message: message.into(),
            })
            .action("DeleteAccessKey"),
        );
        let error = account
            .change(&delete("alice", "AKIAQX7DEMO4ALICE001"))
            .await
            .unwrap_err();
        assert_eq!(error.kind, expected, "{code}");
        assert_eq!(error.code.as_deref(), Some(code));
        assert_eq!(error.action, "iam:DeleteAccessKey");
    }
}

/// The faults under which nobody knows whether the service has acted.
fn lossy() -> [FaultKind; 7] {
    [
        FaultKind::InternalFailure,
        FaultKind::Unavailable,
        FaultKind::DropBefore,
        FaultKind::DropAfter,
        FaultKind::Cut,
        FaultKind::Garble,
        FaultKind::ErrorAfter(502),
    ]
}

#[tokio::test]
async fn a_change_is_sent_exactly_once_under_every_fault() {
    let throttled = [FaultKind::Throttle, FaultKind::Refuse];
    for fault in lossy().into_iter().chain(throttled) {
        for (action, change) in [
            ("CreateAccessKey", create("new-hire")),
            (
                "UpdateAccessKey",
                deactivate("alice", "AKIAQX7DEMO4ALICE001"),
            ),
            (
                "DeleteAccessKey",
                delete("deploy-bot", "AKIAQX7DEMO4DEPLOY01"),
            ),
            (
                "TagUser",
                describe("deploy-bot", "AKIAQX7DEMO4DEPLOY01", Some("new")),
            ),
            (
                "UntagUser",
                describe("deploy-bot", "AKIAQX7DEMO4DEPLOY01", None),
            ),
        ] {
            let (endpoint, account) = demo();
            endpoint.fault(Fault::new(fault.clone()).action(action).times(1));
            let error = account.change(&change).await.expect_err(action);
            assert_eq!(calls(&endpoint, action), 1, "{action} {fault:?}");
            let sure = matches!(fault, FaultKind::Throttle | FaultKind::Refuse);
            assert_eq!(error.outcome_unknown(), !sure, "{fault:?}: {error:?}");
        }
    }
}

/// An account behind a server that answers everything with this, byte for byte, and hangs up.
async fn answered_with(response: String) -> Connection {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !String::from_utf8_lossy(&request).contains("Action=") {
                let mut buffer = [0; 8192];
                match socket.read(&mut buffer).await {
                    Ok(count @ 1..) => request.extend_from_slice(&buffer[..count]),
                    _ => break,
                }
            }
            let _ = socket.write_all(response.as_bytes()).await;
        }
    });
    let config = config(key()).endpoint_url(url).build();
    Connection::new(&config, false, Timeouts::default())
}

/// An account behind a server whose answers never end, and how much of the last was sent.
async fn endless_answers(head: &'static str) -> (Connection, Arc<AtomicUsize>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::<AtomicUsize>::default();
    let count = sent.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = vec![b' '; 65_536];
            // Requests are short: the first part is enough.
            let _ = socket.read(&mut buffer[..1]).await;
            let _ = socket.write_all(head.as_bytes()).await;
            count.store(0, Ordering::Relaxed);
            while socket.write_all(&buffer).await.is_ok() {
                count.fetch_add(buffer.len(), Ordering::Relaxed);
            }
        }
    });
    let config = config(key()).endpoint_url(url);
    let config = config.retry_config(RetryConfig::disabled()).build();
    (Connection::new(&config, false, Timeouts::default()), sent)
}

#[tokio::test]
async fn an_answer_that_never_ends_is_read_to_a_limit() {
    const REFUSED: &str = "HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n";
    let megabytes = |sent: &AtomicUsize| sent.load(Ordering::Relaxed) >> 20;
    // What is in the buffers of sockets was sent and not read.
    for (head, limit) in [(OK, 16), (REFUSED, 1)] {
        let (connection, sent) = endless_answers(head).await;
        for error in [
            connection.users(None).await.unwrap_err(),
            connection.caller().await.unwrap_err(),
            connection.change(&create("alice")).await.unwrap_err(),
        ] {
            assert_eq!(error.kind, Kind::InvalidResponse);
            assert!(error.message.contains("larger than any"), "{error}");
            assert!(megabytes(&sent) < limit + 16, "{}", megabytes(&sent));
        }
        let lost = connection.change(&create("alice")).await.unwrap_err();
        assert!(lost.outcome_unknown(), "it may have been made");
    }
    // The report of a large account is larger than all others; no account is that large.
    let (connection, sent) = endless_answers(OK).await;
    let error = connection.report().await.unwrap_err();
    assert!(error.message.contains("larger than any"), "{error}");
    assert!(
        (200..300).contains(&megabytes(&sent)),
        "{}",
        megabytes(&sent)
    );
}

/// The changes whose answers the SDK does not read, with their actions.
fn unread() -> [(&'static str, Change); 4] {
    let key = "AKIADEPLOY01EXAMPLE1";
    [
        ("UpdateAccessKey", deactivate("alice", key)),
        ("DeleteAccessKey", delete("alice", key)),
        ("TagUser", describe("alice", key, Some("backup"))),
        ("UntagUser", describe("alice", key, None)),
    ]
}

/// No length: where the connection ends, so does the body.
const OK: &str = "HTTP/1.1 200 OK\r\nx-amzn-requestid: 8-EXAMPLE\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_success_is_one_only_with_the_document_of_its_own_call() {
    for (action, change) in unread() {
        let document = format!(
            "<{action}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
             <ResponseMetadata><RequestId>8-EXAMPLE</RequestId></ResponseMetadata>\
             </{action}Response>"
        );
        for body in [
            document.clone(),
            format!("<?xml version='1.0'?>\n{document}\n"),
            format!("<{action}Response/>"),
        ] {
            let account = answered_with(format!("{OK}{body}")).await;
            let done = account.change(&change).await.expect(&body);
            assert!(matches!(done.changed, Changed::Done));
            assert_eq!(done.request_id.as_deref(), Some("8-EXAMPLE"));
        }
        let half = &document[..document.len() - 3];
        for body in [
            half,
            "",
            "<html><body>Sign in to this network</body></html>",
            "<ListUsersResponse></ListUsersResponse>",
            "<ErrorResponse><Error><Code>Odd</Code></Error></ErrorResponse>",
        ] {
            let account = answered_with(format!("{OK}{body}")).await;
            let error = account.change(&change).await.expect_err(body);
            assert_eq!(
                error.kind,
                Kind::InvalidResponse,
                "{action} {body}: {error:?}"
            );
            assert!(error.outcome_unknown());
            assert_eq!(error.request_id.as_deref(), Some("8-EXAMPLE"), "{body}");
            assert!(
                !error.message.contains('<'),
                "no bodies on screen: {error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_secret_that_came_through_whole_is_kept_whatever_became_of_the_rest() {
    let body = made("bob", "AKIADEPLOY01EXAMPLE1", SECRET);
    let body = body
        .strip_suffix("sult></CreateAccessKeyResponse>")
        .unwrap();
    let account = answered_with(format!("{OK}{body}")).await;
    let (id, secret) = new_key(&account, "bob").await;
    assert_eq!(
        (id.as_str(), secret.expose()),
        ("AKIADEPLOY01EXAMPLE1", SECRET)
    );
    let (half, _) = body.split_once("EXAMPLEKEY</Secret").unwrap();
    let account = answered_with(format!("{OK}{half}")).await;
    let error = account.change(&create("bob")).await.unwrap_err();
    assert_eq!(error.kind, Kind::InvalidResponse, "{error:?}");
}

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// The answer to a creation.
fn made(user: &str, key: &str, secret: &str) -> String {
    format!(
        "<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey>\
         <UserName>{user}</UserName><AccessKeyId>{key}</AccessKeyId>\
         <Status>Active</Status><SecretAccessKey>{secret}</SecretAccessKey>\
         </AccessKey></CreateAccessKeyResult></CreateAccessKeyResponse>"
    )
}

#[tokio::test]
async fn what_does_not_look_like_the_key_that_was_asked_for_is_no_success_and_is_kept() {
    let (user, key) = ("bob", "AKIADEPLOY01EXAMPLE1");
    let (first, second) = SECRET.split_at(20);
    let twice = format!("{SECRET}</SecretAccessKey><SecretAccessKey>{SECRET}");
    for (body, why) in [
        (made("alice", key, SECRET), "another user"),
        (made("", key, SECRET), "another user"),
        (made(user, "AKIA", SECRET), "the access key ID"),
        (
            made(user, "AKIADEPLOY01EXAMPLE\u{e9}", SECRET),
            "the access key ID",
        ),
        (made(user, key, first), "not 40"),
        (made(user, key, &format!("{SECRET}KEY")), "not 40"),
        (made(user, key, &SECRET.replace('/', "_")), "not 40"),
        (
            made(user, key, &format!("{first}<!-- 1 -->{second}")),
            "in pieces",
        ),
        (
            made(user, key, &format!("{first}<![CDATA[{second}]]>")),
            "in pieces",
        ),
        (
            made(user, key, &format!("<![CDATA[{SECRET}]]>")),
            "in pieces",
        ),
        (made(user, key, &twice), "twice"),
    ] {
        let account = answered_with(format!("{OK}{body}")).await;
        match account.change(&create(user)).await.map(|done| done.changed) {
            Ok(Changed::Unsure { secret, error, .. }) => {
                assert!(
                    error.outcome_unknown() && error.message.contains(why),
                    "{error}"
                );
                let received = secret.expose().replace('_', "/");
                assert_eq!(&received[..20], first, "{body}");
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_was_done_has_the_request_id_of_the_service() {
    let (endpoint, account) = demo();
    let key = "AKIAQX7DEMO4DEPLOY01";
    for change in [
        create("new-hire"),
        deactivate("deploy-bot", key),
        describe("deploy-bot", key, Some("old")),
        describe("deploy-bot", key, None),
        delete("deploy-bot", key),
    ] {
        let done = account.change(&change).await.unwrap();
        let id = done.request_id.expect("an ID");
        assert_eq!(id.len(), 36, "{id}");
    }
    assert_eq!(endpoint.calls().len(), 5);
}

/// What the keys of a user are for.
async fn descriptions(account: &Connection, user: &str) -> Vec<(String, String)> {
    let tags = account.tags(user).await.unwrap();
    let described = tags.descriptions();
    let described = described.map(|(key, text)| (key.to_owned(), text.to_owned()));
    described.collect()
}

#[tokio::test]
async fn descriptions_are_the_tags_that_are_called_like_keys() {
    let (endpoint, account) = demo();
    let described = descriptions(&account, "deploy-bot").await;
    let pair = |key: &str, text: &str| (key.to_owned(), text.to_owned());
    let (first, second) = ("AKIAQX7DEMO4DEPLOY01", "AKIAQX7DEMO4DEPLOY02");
    let old = pair(first, "GitHub Actions until the move to OIDC");
    assert_eq!(described, [old.clone(), pair(second, "GitHub Actions")]);

    let tags = [
        ("Owner", "platform"),
        ("akiaqx7demo4deploy09", "x"),
        ("AKIASHORT", "y"),
    ];
    let tags = tags.map(|(key, value)| Tag {
        key: key.into(),
        value: value.into(),
    });
    endpoint.account(|store| store.tag_user("deploy-bot", tags.into()).unwrap());
    let text = "für Zürich: a/b=c+d @ 7";
    account
        .change(&describe("deploy-bot", second, Some(text)))
        .await
        .unwrap();
    let described = descriptions(&account, "DEPLOY-bot").await;
    assert_eq!(described, [old.clone(), pair(second, text)]);

    account
        .change(&describe("deploy-bot", second, None))
        .await
        .unwrap();
    assert_eq!(descriptions(&account, "deploy-bot").await, [old]);
    // Clearing what is not there is no error.
    account
        .change(&describe("deploy-bot", second, None))
        .await
        .unwrap();
    assert!(descriptions(&account, "new-hire").await.is_empty());
    let error = account.tags("nobody").await.unwrap_err();
    assert_eq!(
        (error.kind, error.action),
        (Kind::NotFound, "iam:ListUserTags")
    );
}

#[tokio::test]
async fn the_details_tell_what_the_tags_and_the_policies_of_each_user_say() {
    let (endpoint, account) = demo();
    let endpoint = endpoint.with_pages_of(9);
    let (mut users, mut marker) = (Vec::new(), None);
    let mut given = Given::default();
    loop {
        let page = account.user_details(marker).await.unwrap();
        users.extend(page.users);
        given.groups.extend(page.groups);
        given.managed.extend(page.policies);
        marker = page.next;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(users.len(), 24);
    // With them come the groups and the managed policies.
    assert_eq!(calls(&endpoint, "GetAccountAuthorizationDetails"), 5);
    let mut admins = Vec::new();
    for user in &users {
        let alone = account.tags(&user.name).await.unwrap();
        assert_eq!(user.tags, alone, "{}", user.name);
        // What is condensed is judged as what is read document by document.
        let permissions = Box::pin(account.permissions(&user.name));
        let permissions = permissions.await.unwrap();
        // The marks of the lists tell of what there is without a quarantine.
        let judged = judge_without_quarantine(&permissions, &user.name);
        assert!(
            judged.is_certain,
            "{}: {:?}",
            user.name, permissions.missing
        );
        let power = given.power(&user.grants, &user.name);
        assert_eq!(power, Some(judged.power), "{}", user.name);
        if judged.power.is_admin() {
            admins.push(&*user.name);
        }
    }
    assert!(
        admins.contains(&"alice") && admins.contains(&"deploy-bot"),
        "{admins:?}"
    );
    assert!(!admins.contains(&"data-sync"), "{admins:?}");
    let quarantined = account.quarantined().await.unwrap();
    assert_eq!(calls(&endpoint, "ListEntitiesForPolicy"), 3);
    assert_eq!(quarantined.len(), 1, "{quarantined:?}");
    let deploy = users.iter().find(|user| &*user.name == "deploy-bot");
    assert_eq!(deploy.unwrap().tags.owner(), Some("platform"));
    endpoint.fault(Fault::new(FaultKind::Refuse).action("GetAccountAuthorizationDetails"));
    let error = account.user_details(None).await.unwrap_err();
    let denied = (Kind::Denied, "iam:GetAccountAuthorizationDetails");
    assert_eq!((error.kind, error.action), denied);
}

#[tokio::test]
async fn keys_and_descriptions_on_all_pages_are_read() {
    let (endpoint, account) = demo();
    let endpoint = endpoint.with_pages_of(7);
    let fifty = (0..50).map(|number| Tag {
        key: format!("AKIAQX7DEMO4{number:08}"),
        value: format!("number {number}"),
    });
    endpoint.account(|store| {
        store.tag_user("new-hire", fifty.collect()).unwrap();
        for _ in 0..8 {
            store.add_new_key("new-hire", now()).unwrap();
        }
    });
    let described = descriptions(&account, "new-hire").await;
    assert_eq!(described.len(), 50);
    assert_eq!(described[49].1, "number 49");
    assert_eq!(calls(&endpoint, "ListUserTags"), 8);
    assert_eq!(account.keys("new-hire").await.unwrap().len(), 8);
    assert_eq!(calls(&endpoint, "ListAccessKeys"), 2);
}

#[tokio::test]
async fn a_description_that_is_refused_says_why() {
    let (endpoint, account) = demo();
    let key = "AKIAQX7DEMO4ALICE001";
    let refused = async |user: &str, text: &str| {
        let change = describe(user, key, Some(text));
        let error = account.change(&change).await.unwrap_err();
        assert!(!error.outcome_unknown(), "{error:?}");
        assert_eq!(error.action, "iam:TagUser");
        (error.kind, error.code.unwrap())
    };
    let wrong = (Kind::Rejected, "ValidationError".to_owned());
    assert_eq!(refused("alice", "not allowed!").await, wrong);
    assert_eq!(refused("alice", &"x".repeat(257)).await, wrong);
    let reserved = (Kind::Rejected, "InvalidInput".to_owned());
    assert_eq!(refused("alice", "aws:mine").await, reserved);
    let gone = (Kind::NotFound, "NoSuchEntity".to_owned());
    assert_eq!(refused("nobody", "x").await, gone);
    let fifty = (0..50).map(|number| Tag {
        key: format!("tag {number}"),
        value: String::new(),
    });
    endpoint.account(|store| store.tag_user("alice", fifty.collect()).unwrap());
    let limit = (Kind::Limit, "LimitExceeded".to_owned());
    assert_eq!(refused("alice", "x").await, limit);
}

#[tokio::test]
async fn a_lost_answer_is_waited_for_as_long_as_the_options_say() {
    let (endpoint, _) = demo();
    let silence = FaultKind::Delay(Duration::from_hours(24));
    endpoint.fault(Fault::new(silence));
    let timeouts = Timeouts {
        attempt: Duration::from_secs(2),
        ..Timeouts::default()
    };
    let options = Options {
        timeouts,
        ..Options::default()
    };
    let account = connect(&endpoint, &options);
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let error = account.change(&create("new-hire")).await.unwrap_err();
    assert_eq!(started.elapsed().as_secs(), 2);
    assert_eq!(error.kind, Kind::Network, "{error:?}");
    assert!(error.outcome_unknown());
    assert_eq!(calls(&endpoint, "CreateAccessKey"), 1);

    let account = account.signed_in_with("AKIAQX7DEMO4ALICE001", &SecretKey::new("x".into()));
    let started = tokio::time::Instant::now();
    account.change(&create("new-hire")).await.unwrap_err();
    assert_eq!(
        started.elapsed().as_secs(),
        2,
        "seen through another key too"
    );
}

/// The secret of a key, as the endpoint knows it.
fn secret_of(endpoint: &Endpoint, key: &str) -> SecretKey {
    SecretKey::new(endpoint.account(|store| store.key(key).unwrap().1.id.secret()))
}

#[tokio::test]
async fn whose_keys_these_are_is_asked_once_with_them() {
    let (endpoint, account) = demo();
    let key = "AKIAQX7DEMO4BOBBY001";
    let secret = secret_of(&endpoint, key);
    let caller = account.identity_of(key, &secret, None).await.unwrap();
    assert_eq!((caller.name(), &*caller.account), ("bob", "123456789012"));
    assert_eq!(endpoint.calls()[0].signed_by.as_deref(), Some(key));
    // The account itself signs as before.
    assert_eq!(account.caller().await.unwrap().name(), "alice");

    let kind = async |key: &str, secret: &SecretKey, token: Option<&SecretKey>| {
        let before = endpoint.calls().len();
        let error = account.identity_of(key, secret, token).await.unwrap_err();
        assert_eq!(endpoint.calls().len(), before + 1, "asked once");
        assert_eq!(error.action, "sts:GetCallerIdentity");
        (error.kind, error.code.unwrap_or_default())
    };
    let unknown = (Kind::BadCredentials, "InvalidClientTokenId".to_owned());
    let wrong = SecretKey::new("wrong".into());
    assert_eq!(kind("AKIANOSUCHKEYEXAMPLE", &wrong, None).await, unknown);
    assert_eq!(
        kind(key, &secret, Some(&wrong)).await,
        unknown,
        "it has no token"
    );
    let mismatch = (Kind::BadCredentials, "SignatureDoesNotMatch".to_owned());
    assert_eq!(kind(key, &wrong, None).await, mismatch);
    endpoint.account(|store| store.set_key_status(key, Status::Inactive));
    assert_eq!(kind(key, &secret, None).await, unknown, "an inactive key");
    let (new, secret) = new_key(&account, "new-hire").await;
    assert_eq!(kind(&new, &secret, None).await, unknown, "a key too new");
    endpoint.fault(Fault::new(FaultKind::Unavailable));
    let error = account.identity_of(key, &secret, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Server);
    let asked = endpoint
        .calls()
        .iter()
        .filter(|call| call.action == "GetCallerIdentity")
        .count();
    assert_eq!(asked, 8, "a failure is not tried again");
}

#[tokio::test]
async fn a_session_is_asked_about_with_its_token() {
    let mut store = Store::demo(now());
    store.sign_in_with_role("Operator", "alice@acme");
    let (endpoint, account) = of(store);
    let pair = endpoint.sdk_credentials();
    let key = pair.access_key_id();
    let secret = SecretKey::new(pair.secret_access_key().to_owned());
    let token = SecretKey::new(pair.session_token().unwrap().to_owned());
    let caller = account
        .identity_of(key, &secret, Some(&token))
        .await
        .unwrap();
    assert_eq!(caller.name(), "Operator/alice@acme");
    let error = account.identity_of(key, &secret, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::BadCredentials);
}

#[tokio::test]
async fn a_caller_without_an_account_and_its_arn_is_none() {
    let answer = |account: &str, arn: &str| {
        format!(
            "{OK}<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <GetCallerIdentityResult><Arn>{arn}</Arn><Account>{account}</Account>\
             </GetCallerIdentityResult></GetCallerIdentityResponse>"
        )
    };
    let good = answer("123456789012", "arn:aws:iam::123456789012:user/alice");
    assert_eq!(
        answered_with(good).await.caller().await.unwrap().user(),
        Some("alice")
    );
    for (account, arn) in [
        ("", ""),
        ("123456789012", "user/alice"),
        ("123456789012", "arn:aws:iam::999999999999:user/alice"),
    ] {
        let connection = answered_with(answer(account, arn)).await;
        let error = connection.caller().await.unwrap_err();
        assert_eq!(error.kind, Kind::InvalidResponse, "{arn}");
    }
}

#[tokio::test]
async fn nobody_waits_long_to_learn_whose_keys_these_are() {
    let (endpoint, account) = demo();
    endpoint.fault(Fault::new(FaultKind::Delay(Duration::from_hours(24))));
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let key = "AKIAQX7DEMO4BOBBY001";
    let secret = secret_of(&endpoint, key);
    let error = account.identity_of(key, &secret, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Network);
    assert_eq!(started.elapsed().as_secs(), 5);
    assert_eq!(endpoint.calls().len(), 1);
}

#[tokio::test]
async fn one_goes_on_with_the_new_key_after_ones_own_was_rotated() {
    for read_only in [false, true] {
        let (endpoint, _) = demo();
        let options = Options {
            read_only,
            ..Options::default()
        };
        let old = connect(&endpoint, &options);
        let key = "AKIAQX7DEMO4BOBBY001";
        let secret = secret_of(&endpoint, key);
        let new = old.signed_in_with(key, &secret);
        assert!(endpoint.calls().is_empty(), "sends nothing");
        let shown = format!("{new:?} {new:#?} {old:?}");
        assert!(
            !shown.contains(secret.expose()) && !shown.contains(key),
            "{shown}"
        );

        assert_eq!(new.caller().await.unwrap().name(), "bob");
        assert_eq!(new.keys("alice").await.unwrap().len(), 1);
        let own = deactivate("alice", "AKIAQX7DEMO4ALICE001");
        match new.change(&own).await {
            Ok(_) => assert!(!read_only),
            Err(error) => assert!(read_only && error.kind == Kind::ReadOnly, "{error:?}"),
        }
        let signers = endpoint.calls();
        assert!(
            signers
                .iter()
                .all(|call| call.signed_by.as_deref() == Some(key))
        );
        assert_eq!(
            old.caller().await.is_ok(),
            read_only,
            "the old key is put away"
        );
    }
}

/// Credentials that have run out and cannot be had again.
#[derive(Debug)]
struct RunOut;

impl ProvideCredentials for RunOut {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let cause = "the SSO session has expired";
        let inner = CredentialsError::provider_error(cause);
        future::ProvideCredentials::ready(Err(CredentialsError::provider_error(inner)))
    }
}

#[tokio::test]
async fn credentials_that_fail_in_mid_session_have_run_out_and_nothing_was_sent() {
    let (endpoint, _) = demo();
    let config = config(SharedCredentialsProvider::new(RunOut))
        .http_client(endpoint.http_client())
        .build();
    let account = Connection::new(&config, false, Timeouts::default());
    let changed = account.change(&create("new-hire")).await.unwrap_err();
    let read = account.keys("alice").await.unwrap_err();
    let caller = account.caller().await.unwrap_err();
    for error in [changed, read, caller] {
        assert_eq!(error.kind, Kind::Expired, "{error:?}");
        assert!(!error.outcome_unknown());
        assert!(
            error.message.ends_with("the SSO session has expired"),
            "{error:?}"
        );
        assert_eq!(error.remedy(), Remedy::SignIn);
    }
    assert!(endpoint.calls().is_empty());
}

/// Credentials that are to be had over a network that is not there.
#[derive(Debug)]
struct OutOfReach;

impl ProvideCredentials for OutOfReach {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let cause = ConnectorError::timeout("no route".into());
        future::ProvideCredentials::ready(Err(CredentialsError::provider_error(cause)))
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_renewed_without_network_have_not_run_out() {
    let (endpoint, _) = demo();
    let config = config(SharedCredentialsProvider::new(OutOfReach))
        .http_client(endpoint.http_client())
        .build();
    let account = Connection::new(&config, false, Timeouts::default());
    let changed = account.change(&create("new-hire")).await.unwrap_err();
    assert_eq!(changed.kind, Kind::NotSent, "{changed:?}");
    let read = account.keys("alice").await.unwrap_err();
    assert_eq!(read.kind, Kind::Network, "{read:?}");
    assert!(read.message.ends_with("renewed: no route"), "{read:?}");
    assert!(endpoint.calls().is_empty());
}

#[tokio::test]
async fn a_change_that_finds_no_connection_was_surely_not_made() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for url in [refused.as_str(), "http://no-such-host.invalid"] {
        let config = config(key()).endpoint_url(url).build();
        let account = Connection::new(&config, false, Timeouts::default());
        let error = account.change(&create("new-hire")).await.unwrap_err();
        assert_eq!(error.kind, Kind::NotSent, "{url}: {error:?}");
        assert!(!error.outcome_unknown());
        assert!(!error.stops_everything());
    }
    let config = config(key()).endpoint_url(&refused).build();
    let error = Connection::new(&config, false, Timeouts::default())
        .caller()
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Network, "a read: {error:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_leaves_a_change_unknown() {
    use tokio::io::AsyncReadExt as _;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 8192]).await;
        }
    });
    let config = config(key()).endpoint_url(url).build();
    let account = Connection::new(&config, false, Timeouts::default());
    let error = account.change(&create("new-hire")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Network, "{error:?}");
    assert!(error.outcome_unknown());
}

#[tokio::test]
async fn reads_survive_what_passes() {
    for fault in [
        FaultKind::InternalFailure,
        FaultKind::Unavailable,
        FaultKind::DropBefore,
        FaultKind::DropAfter,
    ] {
        let (endpoint, account) = demo();
        endpoint.fault(Fault::new(fault.clone()).action("ListAccessKeys").times(1));
        assert_eq!(
            account.keys("deploy-bot").await.unwrap().len(),
            2,
            "{fault:?}"
        );
        assert_eq!(calls(&endpoint, "ListAccessKeys"), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_read_that_stays_broken_ends_in_words() {
    for (fault, kind) in [
        (FaultKind::Cut, Kind::InvalidResponse),
        (FaultKind::Garble, Kind::InvalidResponse),
        (FaultKind::Refuse, Kind::Denied),
    ] {
        let (endpoint, account) = demo();
        endpoint.fault(Fault::new(fault.clone()).action("ListAccessKeys"));
        let error = account.keys("alice").await.unwrap_err();
        assert_eq!(error.kind, kind, "{fault:?}: {error:?}");
        assert!(
            !error.message.contains('<'),
            "no bodies on screen: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_read_is_asked_again_as_often_as_the_configuration_says() {
    for (attempts, of_iam, of_sts) in [(None, 4, 2), (Some(1), 1, 1), (Some(3), 3, 2)] {
        let (endpoint, _) = demo();
        let key = SharedCredentialsProvider::new(endpoint.sdk_credentials());
        let mut config = config(key).http_client(endpoint.http_client());
        let retries = |most| RetryConfig::standard().with_max_attempts(most);
        config.set_retry_config(attempts.map(retries));
        let account = Connection::new(&config.build(), false, Timeouts::default());
        endpoint.fault(Fault::new(FaultKind::Unavailable));
        tokio::time::pause();
        account.users(None).await.unwrap_err();
        account.caller().await.unwrap_err();
        tokio::time::resume();
        assert_eq!(calls(&endpoint, "ListUsers"), of_iam, "{attempts:?}");
        assert_eq!(
            calls(&endpoint, "GetCallerIdentity"),
            of_sts,
            "{attempts:?}"
        );
    }
}

#[tokio::test]
async fn a_throttled_read_is_left_to_who_has_asked_it() {
    for code in [
        "Throttling",
        "RequestLimitExceeded",
        "SlowDown",
        "TooManyRequestsException",
    ] {
        let (endpoint, account) = demo();
        let fault = format!("GetAccessKeyLastUsed=code:400:{code}:Rate exceeded*1");
        endpoint.fault(fault.parse().unwrap());
        let error = account.last_used("AKIAQX7DEMO4ALICE001").await.unwrap_err();
        assert_eq!(error.kind, Kind::Throttled, "{code}");
        assert_eq!(calls(&endpoint, "GetAccessKeyLastUsed"), 1, "{code}");
        let answer = account.last_used("AKIAQX7DEMO4ALICE001").await;
        assert!(answer.is_ok(), "nor does it hold up the next: {code}");
    }
}

#[tokio::test]
async fn a_silent_server_is_not_waited_for_for_ever() {
    let (endpoint, account) = demo();
    let silence = FaultKind::Delay(Duration::from_hours(24));
    endpoint.fault(Fault::new(silence).action("CreateAccessKey"));
    tokio::time::pause();
    let error = account.change(&create("new-hire")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Network, "{error:?}");
    assert!(error.outcome_unknown());
    assert_eq!(calls(&endpoint, "CreateAccessKey"), 1);
}

#[tokio::test]
async fn a_read_from_a_silent_server_ends() {
    let (endpoint, account) = demo();
    let silence = FaultKind::Delay(Duration::from_hours(24));
    endpoint.fault(Fault::new(silence));
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let error = account.keys("alice").await.unwrap_err();
    assert_eq!(error.kind, Kind::Network, "{error:?}");
    assert!(started.elapsed() <= Duration::from_secs(46));
}

#[tokio::test]
async fn read_only_sends_no_change() {
    let (endpoint, _) = demo();
    let options = Options {
        read_only: true,
        ..Options::default()
    };
    let account = connect(&endpoint, &options);
    for change in [
        create("new-hire"),
        deactivate("alice", "AKIAQX7DEMO4ALICE001"),
        delete("alice", "AKIAQX7DEMO4ALICE001"),
        describe("alice", "AKIAQX7DEMO4ALICE001", Some("mine")),
        describe("alice", "AKIAQX7DEMO4ALICE001", None),
    ] {
        let error = account.change(&change).await.unwrap_err();
        assert_eq!(error.kind, Kind::ReadOnly);
    }
    assert!(endpoint.calls().is_empty());
}

fn key() -> SharedCredentialsProvider {
    let key = Credentials::new("AKIAEXAMPLE", "EXAMPLE", None, None, "test");
    SharedCredentialsProvider::new(key)
}

fn config(credentials: SharedCredentialsProvider) -> aws_types::sdk_config::Builder {
    aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::from_static("us-east-1"))
        .credentials_provider(credentials)
}

/// An account whose lists go on and on: after each page comes the one `next` says.
async fn endless(next: fn(Option<&str>) -> Option<String>) -> Connection {
    // Nothing can be asked of the embedded endpoint that makes it lie so.
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = Vec::new();
            // The form is short and comes with or after the header.
            while !String::from_utf8_lossy(&request).contains("Action=") {
                let mut buffer = [0; 8192];
                match socket.read(&mut buffer).await {
                    Ok(count @ 1..) => request.extend_from_slice(&buffer[..count]),
                    _ => break,
                }
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let (action, list) = if request.contains("Action=ListUsers&") {
                ("ListUsers", "<Users/>")
            } else if request.contains("Action=ListUserTags&") {
                ("ListUserTags", "<Tags/>")
            } else if request.contains("Action=GetAccountAuthorizationDetails&") {
                ("GetAccountAuthorizationDetails", "<UserDetailList/>")
            } else {
                ("ListAccessKeys", "<AccessKeyMetadata/>")
            };
            let asked = request.split_once("Marker=").map(|(_, marker)| {
                let end = marker.find('&').unwrap_or(marker.len());
                &marker[..end]
            });
            let marker =
                next(asked).map_or_else(String::new, |it| format!("<Marker>{it}</Marker>"));
            let body = format!(
                "<{action}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
                 <{action}Result>{list}<IsTruncated>true</IsTruncated>{marker}\
                 </{action}Result></{action}Response>"
            );
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = socket.write_all((head + &body).as_bytes()).await;
        }
    });
    let config = config(key()).endpoint_url(url).build();
    Connection::new(&config, false, Timeouts::default())
}

/// How many pages of users come before the list is called garbled.
async fn pages_of_users(account: &Connection) -> usize {
    let mut marker = None;
    for pages in 0..10 {
        match account.users(marker).await {
            Ok(page) => marker = Some(page.next.expect("it goes on")),
            Err(error) => {
                assert_eq!(error.kind, Kind::InvalidResponse);
                return pages;
            }
        }
    }
    panic!("it does not end");
}

#[tokio::test]
async fn a_list_that_turns_in_circles_ends() {
    let nowhere = endless(|_| None).await;
    let same = endless(|_| Some("a".into())).await;
    let ring = endless(|asked| {
        let next = match asked {
            Some("a") => "b",
            Some("b") => "c",
            _ => "a",
        };
        Some(next.into())
    })
    .await;
    for (account, pages) in [(nowhere, 0), (same, 1), (ring, 3)] {
        assert_eq!(pages_of_users(&account).await, pages);
        assert_eq!(pages_of_users(&account).await, pages, "each time");
        let error = account.keys("alice").await.unwrap_err();
        assert_eq!(error.kind, Kind::InvalidResponse, "keys, {pages}");
        let error = account.tags("alice").await.unwrap_err();
        assert_eq!(error.kind, Kind::InvalidResponse, "descriptions, {pages}");
        let mut details = Ok(None);
        for _ in 0..=pages {
            let page = account.user_details(details.unwrap()).await;
            details = page.map(|page| page.next);
        }
        let error = details.unwrap_err();
        assert_eq!(error.kind, Kind::InvalidResponse, "details, {pages}");
    }
}

#[tokio::test]
async fn lists_of_users_that_are_read_side_by_side_are_no_circle() {
    let (_, account) = of(Store::generated(3500, now()));
    let (mut one, mut other) = (None, None);
    loop {
        let (first, second) = (account.users(one).await, account.users(other).await);
        (one, other) = (first.unwrap().next, second.unwrap().next);
        if one.is_none() {
            return;
        }
    }
}

#[tokio::test]
async fn the_report_and_the_live_answers_tell_the_same() {
    for store in [Store::demo(now()), Store::generated(300, now())] {
        let (endpoint, account) = of(store);
        let _endpoint = endpoint.with_report_aged(TimeDelta::zero());
        let report = account.report().await.unwrap().expect("it is there");
        let listed = all_users(&account).await;
        let named: Vec<_> = report
            .users
            .iter()
            .map(|user| user.name.to_string())
            .collect();
        assert_eq!(named, listed, "in the same order");
        for user in &report.users {
            let mut live = Vec::new();
            for key in account.keys(&user.name).await.unwrap() {
                let used = account.last_used(&key.id).await.unwrap();
                let active = key.status.word() == "Active";
                // Of one that was deactivated the report tells when that was.
                live.push((key.created.filter(|_| active), active, used));
            }
            let reported = user.keys.iter();
            let reported = reported.map(|key| {
                let created = key.rotated.filter(|_| key.active);
                (created, key.active, key.last_used.clone())
            });
            // Which is which only their ages tell.
            let mut reported: Vec<_> = reported.collect();
            reported.sort_by_key(|key| (key.0, format!("{:?}", key.2)));
            live.sort_by_key(|key| (key.0, format!("{:?}", key.2)));
            assert_eq!(reported, live, "{}", user.name);
        }
    }
}

/// A document of `GetCredentialReport` with this inside.
fn document(inside: &str) -> String {
    format!(
        "{OK}<GetCredentialReportResponse><GetCredentialReportResult>{inside}\
         </GetCredentialReportResult></GetCredentialReportResponse>"
    )
}

#[tokio::test]
async fn an_answer_without_a_whole_report_is_none() {
    let table = "user,arn\nalice,arn:aws:iam::123456789012:user/alice";
    let content = |text: &str| format!("<Content>{}</Content>", BASE64_STANDARD.encode(text));
    let made = "<GeneratedTime>2026-11-21T11:00:00Z</GeneratedTime>";
    let csv = "<ReportFormat>text/csv</ReportFormat>";
    for (inside, expected) in [
        (
            format!("{}{csv}{made}", content(table)),
            "the report has no column user_creation_time",
        ),
        (format!("{}{csv}", content(table)), "not what AWS sends"),
        (format!("{csv}{made}"), "not what AWS sends"),
        (
            format!(
                "{}<ReportFormat>text/odd</ReportFormat>{made}",
                content(table)
            ),
            "the answer holds no report",
        ),
        (
            format!("<Content>?</Content>{csv}{made}"),
            "not what AWS sends",
        ),
    ] {
        let account = answered_with(document(&inside)).await;
        let error = account.report().await.unwrap_err();
        assert_eq!(error.kind, Kind::InvalidResponse, "{inside}: {error:?}");
        assert!(error.message.contains(expected), "{inside}: {error:?}");
        assert!(!error.message.contains("alice"), "{error:?}");
        assert_eq!(error.request_id.as_deref(), Some("8-EXAMPLE"), "{inside}");
    }
    // Cut off within the table, which is base64 all the same.
    let whole = document(&format!("{made}{csv}{}", content(table)));
    let (half, _) = whole.split_once("</Content>").unwrap();
    let account = answered_with(half.to_owned()).await;
    let error = account.report().await.unwrap_err();
    assert_eq!(error.kind, Kind::InvalidResponse, "{error:?}");
}

#[tokio::test]
async fn the_report_of_a_hundred_thousand_users_comes_through() {
    let (endpoint, account) = of(Store::generated(100_000, now()));
    let endpoint = endpoint.with_report_aged(TimeDelta::zero());
    let begun = std::time::Instant::now();
    let report = account.report().await.unwrap().expect("it is there");
    let took = begun.elapsed();
    assert_eq!(report.users.len(), 100_000);
    let keys: usize = report.users.iter().map(|user| user.keys.len()).sum();
    assert_eq!(keys, endpoint.account(|store| store.key_count()));
    // Two seconds without optimisation; this is to notice a slip to quadratic.
    assert!(took.as_secs() < 60, "{took:?}");
}
