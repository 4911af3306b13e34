//! What a user may do: policies, groups and the boundary, whatever of it is refused, gone or none.

use super::{calls, connect, demo, now};
use iamkeys::{
    aws::{Connection, Options},
    demo::{Account as Store, Delay, Endpoint, Fault, FaultKind},
    engine::{
        Error, Kind,
        impact::{NamedPolicy, Permissions, Policy},
    },
};
use std::{sync::Arc, time::Duration};

const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const QUARANTINE: &str = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantine";

/// A user with every kind of policy.
const USER: &str = "ci-runner";

/// An endpoint where that user has every kind of policy.
fn everything() -> (Endpoint, Connection) {
    let (endpoint, account) = demo();
    endpoint.account(|store| {
        let own = store.add_policy("own", "/x/", now(), &[allowing("a:A"), allowing("a:B")]);
        store.attach_user_policy(USER, &own.unwrap()).unwrap();
        store
            .put_user_policy(USER, "inline", allowing("b:C"))
            .unwrap();
    });
    (endpoint, account)
}

fn allowing(action: &str) -> &'static str {
    let statement = format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#);
    format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#).leak()
}

/// `own`, `release/artifacts`: a policy, after the group that it comes through.
fn named(policy: &NamedPolicy) -> String {
    match &policy.group {
        Some(group) => format!("{group}/{}", policy.name),
        None => policy.name.to_string(),
    }
}

fn texts(texts: &[Box<str>]) -> Vec<&str> {
    texts.iter().map(|text| &**text).collect()
}

fn names(permissions: &Permissions) -> Vec<String> {
    permissions.policies.iter().map(named).collect()
}

fn policy<'a>(permissions: &'a Permissions, name: &str) -> &'a NamedPolicy {
    let mut policies = permissions.policies.iter();
    let found = policies.find(|policy| named(policy) == name);
    found.unwrap_or_else(|| panic!("{name}: {:?}", names(permissions)))
}

fn understood(policy: &NamedPolicy) -> &Policy {
    policy
        .policy
        .as_ref()
        .unwrap_or_else(|why| panic!("{}: {why}", policy.name))
}

fn actions(permissions: &Permissions) -> Vec<&str> {
    permissions
        .missing
        .iter()
        .map(|error| error.action)
        .collect()
}

fn refuse(endpoint: &Endpoint, action: &str) {
    endpoint.fault(Fault::new(FaultKind::Refuse).action(action));
}

fn not_there() -> Fault {
    Fault::new(FaultKind::Code {
        status: 404,
        code: "NoSuchEntity".to_owned(),
        message: "It cannot be found.".to_owned(),
    })
}

const ALL: [&str; 6] = [
    "own",
    "inline",
    "release/AmazonEC2ContainerRegistryPowerUser",
    "release/artifacts",
    "second/AdministratorAccess",
    "second/own",
];

#[tokio::test]
async fn all_policies_of_a_user_are_read() {
    let (endpoint, account) = everything();
    let endpoint = endpoint.with_pages_of(1);
    endpoint.account(|store| {
        store.add_group("second", "/", now()).unwrap();
        store.attach_group_policy("second", ADMIN).unwrap();
        let own = "arn:aws:iam::123456789012:policy/x/own";
        store.attach_group_policy("second", own).unwrap();
        store.add_to_group(USER, "second").unwrap();
    });
    let all = account.permissions("CI-runner").await.unwrap();
    assert_eq!(names(&all), ALL);
    assert_eq!(all.missing, []);
    assert_eq!(texts(&all.groups), ["release", "second"]);
    assert_eq!(all.account.as_deref(), Some("123456789012"));
    let boundary = all.boundary.as_ref().unwrap();
    assert_eq!(&*boundary.name, "machine-boundary");
    assert!(understood(boundary).statements[0].actions.inverted);
    for policy in all.policies.iter().chain(&all.boundary) {
        assert_eq!(understood(policy).statements.len(), 1);
        let document = policy.document.as_deref().unwrap();
        assert!(
            document.starts_with('{') && document.ends_with('}'),
            "{document}"
        );
    }
    // The version in force is the last.
    let own = policy(&all, "own");
    assert_eq!(
        own.arn.as_deref(),
        Some("arn:aws:iam::123456789012:policy/x/own")
    );
    assert_eq!(&*understood(own).statements[0].actions.any_of[0], "a:b");
    assert_eq!(own.document.as_deref(), Some(allowing("a:B")));
    assert!(all.own_inline("inline").is_some() && all.own_inline("artifacts").is_none());
    assert!(all.knows_own_inline());
    // What comes in two ways is asked for once.
    assert_eq!(calls(&endpoint, "GetPolicyVersion"), 4);

    let nothing = account.permissions("new-hire").await.unwrap();
    assert_eq!(
        nothing,
        Permissions {
            account: all.account.clone(),
            ..Permissions::default()
        }
    );
}

#[tokio::test]
async fn a_part_that_is_refused_is_named_and_the_others_are_there() {
    let inline = "release/artifacts";
    let managed = "release/AmazonEC2ContainerRegistryPowerUser";
    for (action, gone, unread) in [
        ("ListAttachedUserPolicies", &["own"][..], &[][..]),
        ("ListUserPolicies", &["inline"], &[]),
        ("ListGroupsForUser", &[managed, inline], &[]),
        ("ListAttachedGroupPolicies", &[managed], &[]),
        ("ListGroupPolicies", &[inline], &[]),
        ("GetUser", &[], &[]),
        ("GetUserPolicy", &[], &["inline"]),
        ("GetGroupPolicy", &[], &[inline]),
        ("GetPolicy", &[], &["own", managed]),
        ("GetPolicyVersion", &[], &["own", managed]),
    ] {
        let (endpoint, account) = everything();
        refuse(&endpoint, action);
        let found = account.permissions(USER).await.unwrap();
        assert_eq!(actions(&found), [format!("iam:{action}")], "{action}");
        assert_eq!(found.missing[0].kind, Kind::Denied);
        let expected = ["own", "inline", managed, inline];
        let expected: Vec<_> = expected
            .into_iter()
            .filter(|it| !gone.contains(it))
            .collect();
        assert_eq!(names(&found), expected, "{action}");
        for name in expected {
            let policy = policy(&found, name);
            let is_unread = unread.contains(&name);
            assert_eq!(policy.document.is_none(), is_unread, "{action}: {name}");
            let why = policy.policy.as_ref().err().map(|why| &**why);
            let said = format!("AccessDenied: iam:{action}");
            assert_eq!(why, is_unread.then_some(&*said), "{action}: {name}");
        }
        let knows = action != "ListUserPolicies";
        assert_eq!(found.knows_own_inline(), knows, "{action}");
        assert_eq!(found.boundary.is_none(), action == "GetUser");
    }
}

#[tokio::test]
async fn where_nothing_may_be_read_each_permission_is_named() {
    let (endpoint, account) = demo();
    endpoint.fault(Fault::new(FaultKind::Refuse));
    let found = account.permissions(USER).await.unwrap();
    assert_eq!(
        actions(&found),
        [
            "iam:ListAttachedUserPolicies",
            "iam:ListUserPolicies",
            "iam:ListGroupsForUser",
            "iam:GetUser"
        ]
    );
    assert_eq!((found.policies.len(), found.boundary), (0, None));
    let denied = account.quarantined().await.unwrap_err();
    assert_eq!(
        (denied.kind, denied.action),
        (Kind::Denied, "iam:ListEntitiesForPolicy")
    );
}

#[tokio::test(start_paused = true)]
async fn where_everything_fails_the_read_has_failed() {
    for (kind, fault) in [
        (
            Kind::Expired,
            FaultKind::Code {
                status: 403,
                code: "ExpiredToken".into(),
                message: String::new(),
            },
        ),
        (Kind::InvalidResponse, FaultKind::Garble),
        (Kind::Throttled, FaultKind::Throttle),
    ] {
        let (endpoint, account) = demo();
        endpoint.fault(Fault::new(fault));
        let error = account.permissions(USER).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        let error = account.other_credentials(USER).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
    }
    // Whose session is over learns nothing more: it may be begun anew.
    let (endpoint, account) = everything();
    endpoint.fault("GetUserPolicy=code:403:ExpiredToken".parse().unwrap());
    let error = account.permissions(USER).await.unwrap_err();
    assert_eq!(
        (error.kind, error.action),
        (Kind::Expired, "iam:GetUserPolicy")
    );
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_asked_again_for_a_while() {
    let (endpoint, account) = everything();
    endpoint.fault("GetUserPolicy=throttle*2".parse().unwrap());
    endpoint.fault("ListGroupPolicies=throttle*1".parse().unwrap());
    let found = account.permissions(USER).await.unwrap();
    assert_eq!((names(&found).len(), &*found.missing), (4, &[][..]));
    assert_eq!(calls(&endpoint, "GetUserPolicy"), 3);
    endpoint.fault("GetUserPolicy=throttle".parse().unwrap());
    let error = account.permissions(USER).await.unwrap_err();
    assert_eq!(
        (error.kind, error.action),
        (Kind::Throttled, "iam:GetUserPolicy")
    );
}

#[tokio::test]
async fn a_user_who_is_not_there_has_no_permissions_and_none_are_guessed() {
    let (_, account) = demo();
    let is_gone = |error: Error| {
        assert_eq!(error.kind, Kind::NotFound, "{error}");
        assert!(error.message.contains("nobody"), "{error}");
    };
    is_gone(account.permissions("nobody").await.unwrap_err());
    is_gone(account.other_credentials("nobody").await.unwrap_err());
    is_gone(account.services_used("nobody").await.unwrap_err());
}

#[tokio::test]
async fn a_user_who_is_deleted_meanwhile_is_not_there() {
    let (endpoint, account) = everything();
    let four = (0..4).map(|number| format!("managed-{number}"));
    endpoint.account(|store| {
        for name in four {
            let arn = store.add_policy(&name, "/", now(), &[allowing("c:D")]);
            store.attach_user_policy(USER, &arn.unwrap()).unwrap();
        }
    });
    endpoint.fault("GetPolicy=delay:150ms".parse().unwrap());
    let reading = tokio::spawn(async move { account.permissions(USER).await });
    // So many calls are under way at once: those for inline policies come after them.
    while calls(&endpoint, "GetPolicy") < 4 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(endpoint.account(|store| store.remove_user(USER)));
    let error = reading.await.unwrap().unwrap_err();
    assert_eq!(error.kind, Kind::NotFound, "{error}");
    assert_eq!(calls(&endpoint, "GetUserPolicy"), 1);
    assert_eq!(calls(&endpoint, "ListUserPolicies"), 2);
}

#[tokio::test]
async fn a_user_who_is_deleted_over_the_wire_between_two_looks_is_not_there() {
    let (endpoint, account) = everything();
    endpoint.account(|store| {
        store.add_user("temp", "/", now()).unwrap();
    });
    let found = account.permissions("temp").await.unwrap();
    assert_eq!(names(&found).len(), 0);
    let config = aws_sdk_iam::Config::builder()
        .behavior_version(aws_sdk_iam::config::BehaviorVersion::latest())
        .region(aws_sdk_iam::config::Region::new("us-east-1"))
        .credentials_provider(endpoint.sdk_credentials())
        .http_client(endpoint.http_client());
    let iam = aws_sdk_iam::Client::from_conf(config.build());
    iam.delete_user().user_name("temp").send().await.unwrap();
    let error = account.permissions("temp").await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound, "{error}");
}

#[tokio::test]
async fn a_policy_that_is_gone_meanwhile_is_looked_for_once_more() {
    let (endpoint, account) = everything();
    endpoint.fault(not_there().action("GetUserPolicy").times(1));
    let found = account.permissions(USER).await.unwrap();
    assert_eq!((names(&found).len(), &*found.missing), (4, &[][..]));
    assert_eq!(calls(&endpoint, "ListUserPolicies"), 2);
    // One that is listed and never found is said to be missing.
    for (action, unread) in [
        ("GetPolicyVersion", "own"),
        ("ListAttachedGroupPolicies", ""),
        ("GetGroupPolicy", "release/artifacts"),
    ] {
        endpoint.clear_faults();
        endpoint.fault(not_there().action(action));
        let found = account.permissions(USER).await.unwrap();
        assert_eq!(actions(&found), [format!("iam:{action}")]);
        assert_eq!(found.missing[0].kind, Kind::NotFound);
        if !unread.is_empty() {
            assert_eq!(policy(&found, unread).document, None);
        }
    }
}

#[tokio::test]
async fn documents_are_understood_or_said_not_to_be() {
    let (endpoint, account) = demo();
    let encoded: String = form_urlencoded::byte_serialize(allowing("a:A").as_bytes()).collect();
    let twice: String = form_urlencoded::byte_serialize(encoded.as_bytes()).collect();
    let hundred: Vec<_> = (0..100)
        .map(|number| {
            format!(r#"{{"Effect":"Deny","NotAction":["iam:Get{number}","S3:*"],"Resource":"*"}}"#)
        })
        .collect();
    let hundred = format!(r#"{{"Statement":[{}]}}"#, hundred.join(","));
    let odd =
        "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"\u{1b}[31m\"}}";
    endpoint.account(|store| {
        store.add_group("odd", "/", now()).unwrap();
        store.add_to_group("new-hire", "odd").unwrap();
        for (name, document) in [
            ("encoded", &*encoded),
            ("twice", &twice),
            ("hundred", &hundred),
            ("odd", odd),
            ("html", "<html>"),
            ("list", "[1]"),
            ("empty", ""),
            ("effect", r#"{"Statement":{"Action":"*","Resource":"*"}}"#),
        ] {
            store.put_group_policy("odd", name, document).unwrap();
        }
    });
    let found = account.permissions("new-hire").await.unwrap();
    assert_eq!(found.missing, [], "all of them could be read");
    let of = |name: &str| policy(&found, &format!("odd/{name}"));
    for name in ["encoded", "twice"] {
        assert_eq!(of(name).document.as_deref(), Some(allowing("a:A")));
        assert_eq!(
            &*understood(of(name)).statements[0].actions.any_of[0],
            "a:a"
        );
    }
    let statements = &understood(of("hundred")).statements;
    assert_eq!(statements.len(), 100);
    let last = &statements[99];
    assert!(!last.allows && last.actions.inverted && !last.resources.inverted);
    assert_eq!(texts(&last.actions.any_of), ["iam:get99", "s3:*"]);
    for (name, why) in [
        ("odd", "not JSON"),
        ("html", "not JSON"),
        ("list", "other JSON"),
        ("empty", "not JSON"),
        ("effect", "statement 1 has no Effect"),
    ] {
        let error = of(name).policy.as_ref().unwrap_err();
        assert!(error.contains(why), "{name}: {error}");
        assert!(of(name).document.is_some(), "it can be looked at");
    }
}

#[tokio::test]
async fn a_few_calls_are_under_way_at_once() {
    let store = Store::demo(now());
    let endpoint = Endpoint::new(store).with_clock(Arc::new(now));
    let endpoint = endpoint.with_delay(Delay::Fixed(Duration::from_millis(5)));
    let account = connect(&endpoint, &Options::default());
    endpoint.account(|store| {
        for number in 0..10 {
            let group = format!("group-{number}");
            store.add_group(&group, "/", now()).unwrap();
            let document = allowing(&format!("a:{number}"));
            store.put_group_policy(&group, "inline", document).unwrap();
            store.add_to_group("new-hire", &group).unwrap();
        }
    });
    let found = account.permissions("new-hire").await.unwrap();
    assert_eq!((found.groups.len(), found.policies.len()), (10, 10));
    assert_eq!(endpoint.most_at_once(), 4);
    // Four about the user, two for each group, one for each policy.
    assert_eq!(endpoint.calls().len(), 4 + 20 + 10);
}

#[tokio::test]
async fn quarantined_users_are_those_with_any_of_the_three_policies() {
    let (endpoint, account) = demo();
    let endpoint = endpoint.with_pages_of(1);
    let found = account.quarantined().await.unwrap();
    assert_eq!(texts(&found), ["mobile-uploads"]);
    assert_eq!(calls(&endpoint, "ListEntitiesForPolicy"), 3);
    endpoint.account(|store| {
        for (user, version) in [("zapier", ""), ("Carol", "V2"), ("bob", "V2"), ("bob", "")] {
            let arn = format!("{QUARANTINE}{version}");
            store.attach_user_policy(user, &arn).unwrap();
        }
        store.add_group("all", "/", now()).unwrap();
        store.attach_group_policy("all", QUARANTINE).unwrap();
    });
    let found = account.quarantined().await.unwrap();
    let expected = ["Carol", "bob", "mobile-uploads", "zapier"];
    assert_eq!(texts(&found), expected);
    // A partition without one of them.
    endpoint.fault(not_there().action("ListEntitiesForPolicy").times(1));
    assert!(
        account
            .quarantined()
            .await
            .unwrap()
            .contains(&"mobile-uploads".into())
    );
}
