//! What users sign in with beside access keys, what changes it, and which services they have used.

use super::{calls, demo, of};
use chrono::TimeDelta;
use iamkeys::{
    aws::{Connection, Options},
    demo::{Account as Store, Endpoint, Fault, FaultKind},
    engine::{
        Change, Changed, Kind, REVOCATION,
        impact::{CredentialKind, OtherCredentials, revocation},
    },
};

use super::{connect, now};

fn bedrock() -> CredentialKind {
    CredentialKind::ServiceSpecific("bedrock.amazonaws.com".into())
}

fn shown(found: &OtherCredentials) -> Vec<String> {
    let items = found.items.iter();
    let items = items.map(|it| format!("{:?} {} {:?}", it.kind, it.id, it.active));
    items.collect()
}

#[tokio::test]
async fn each_kind_of_credential_is_told() {
    let (endpoint, account) = demo();
    let _small = endpoint.with_pages_of(1);
    let alice = account.other_credentials("alice").await.unwrap();
    assert_eq!(
        shown(&alice),
        [
            "Password  None",
            "MfaDevice arn:aws:iam::123456789012:mfa/alice None"
        ]
    );
    assert_eq!(alice.items[0].created, Some(now() - TimeDelta::days(1420)));
    let jenkins = account.other_credentials("jenkins").await.unwrap();
    assert_eq!(
        shown(&jenkins),
        [
            "SshKey APKAQX7DEMO4JENKNS01 Some(false)",
            "SshKey APKAQX7DEMO4JENKNS02 Some(true)",
            "ServiceSpecific(\"codecommit.amazonaws.com\") ACCAQX7DEMO4JENKNS01 Some(true)",
        ]
    );
    assert_eq!(jenkins.items[2].created, Some(now() - TimeDelta::days(380)));
    let backup = account.other_credentials("backup-agent").await.unwrap();
    assert_eq!(
        shown(&backup),
        ["Certificate DEMO4BACKUPCERTEXAMPLE0001 Some(true)"]
    );
    let none = account.other_credentials("web-assets").await.unwrap();
    assert_eq!(none, OtherCredentials::default());
}

#[tokio::test]
async fn a_kind_that_is_refused_is_named_and_nothing_is_concluded_of_it() {
    for kind in [
        CredentialKind::Password,
        CredentialKind::MfaDevice,
        CredentialKind::SshKey,
        CredentialKind::Certificate,
        bedrock(),
    ] {
        let (endpoint, account) = demo();
        let action = kind.list_action();
        endpoint.fault(Fault::new(FaultKind::Refuse).action(action));
        let found = account.other_credentials("alice").await.unwrap();
        let missing: Vec<_> = found.missing.iter().map(|error| error.action).collect();
        assert_eq!(missing, [action]);
        assert!(!found.knows(&kind));
        let items = found.items.len();
        let of_hers = matches!(kind, CredentialKind::Password | CredentialKind::MfaDevice);
        assert_eq!(items, 2 - usize::from(of_hers), "{action}");
    }
    let (endpoint, account) = demo();
    endpoint.fault(Fault::new(FaultKind::Refuse));
    let found = account.other_credentials("alice").await.unwrap();
    assert_eq!((found.items.len(), found.missing.len()), (0, 5));
}

async fn done(account: &Connection, change: &Change) {
    let done = account.change(change).await;
    let done = done.unwrap_or_else(|error| panic!("{change:?}: {error}"));
    assert!(matches!(done.changed, Changed::Done), "{change:?}");
    assert!(done.request_id.is_some(), "{change:?}");
}

fn set(user: &str, kind: CredentialKind, id: &str, active: bool) -> Change {
    Change::SetCredential {
        user: user.into(),
        kind,
        id: id.into(),
        active,
    }
}

fn delete(user: &str, kind: CredentialKind, id: &str) -> Change {
    Change::DeleteCredential {
        user: user.into(),
        kind,
        id: id.into(),
    }
}

#[tokio::test]
async fn each_kind_of_credential_is_deactivated_and_deleted() {
    let (endpoint, account) = demo();
    for (user, kind, id) in [
        ("jenkins", CredentialKind::SshKey, "APKAQX7DEMO4JENKNS02"),
        (
            "backup-agent",
            CredentialKind::Certificate,
            "DEMO4BACKUPCERTEXAMPLE0001",
        ),
        ("mobile-uploads", bedrock(), "ACCAQX7DEMO4MOBILE01"),
    ] {
        let active = async || {
            let found = account.other_credentials(user).await.unwrap();
            found.get(&kind, id).and_then(|it| it.active)
        };
        assert_eq!(active().await, Some(true));
        done(&account, &set(user, kind.clone(), id, false)).await;
        assert_eq!(active().await, Some(false));
        done(&account, &set(user, kind.clone(), id, true)).await;
        assert_eq!(active().await, Some(true));
        let gone = delete(user, kind.clone(), id);
        done(&account, &gone).await;
        assert_eq!(active().await, None);
        let error = account.change(&gone).await.unwrap_err();
        assert_eq!(
            (error.kind, error.action),
            (Kind::NotFound, kind.delete_action())
        );
        assert_eq!(calls(&endpoint, &kind.delete_action()[4..]), 2);
        assert_eq!(calls(&endpoint, &kind.update_action()[4..]), 2);
    }
    let password = delete("alice", CredentialKind::Password, "");
    let serial = "arn:aws:iam::123456789012:mfa/alice";
    let device = delete("alice", CredentialKind::MfaDevice, serial);
    done(&account, &password).await;
    done(&account, &device).await;
    let found = account.other_credentials("alice").await.unwrap();
    assert_eq!(found, OtherCredentials::default());
    for change in [password, device] {
        assert_eq!(
            account.change(&change).await.unwrap_err().kind,
            Kind::NotFound
        );
    }
    // What has no status cannot be given one: nothing is sent.
    let before = endpoint.calls().len();
    let odd = set("alice", CredentialKind::Password, "", false);
    assert!(!account.change(&odd).await.unwrap_err().outcome_unknown());
    assert_eq!(endpoint.calls().len(), before);
}

fn revoke(user: &str) -> Change {
    Change::RevokeSessions {
        user: user.into(),
        document: revocation::document(now()),
    }
}

#[tokio::test]
async fn sessions_are_revoked_and_the_revocation_is_lifted() {
    let (endpoint, account) = demo();
    done(&account, &revoke("mobile-uploads")).await;
    let found = account.permissions("mobile-uploads").await.unwrap();
    let policy = found.own_inline(REVOCATION).expect("it is there");
    let document = policy.document.as_deref().unwrap();
    assert_eq!(revocation::cut_at(document), Some(now()));
    let statement = &policy.policy.as_ref().unwrap().statements[0];
    assert!(!statement.allows && statement.is_conditional);
    // Written over, not added.
    done(&account, &revoke("mobile-uploads")).await;
    let lift = Change::LiftRevocation {
        user: "mobile-uploads".into(),
    };
    done(&account, &lift).await;
    let found = account.permissions("mobile-uploads").await.unwrap();
    assert_eq!(found.own_inline(REVOCATION), None);
    let error = account.change(&lift).await.unwrap_err();
    assert_eq!(
        (error.kind, error.action),
        (Kind::NotFound, "iam:DeleteUserPolicy")
    );

    // There may be no room for it.
    let pad = "x".repeat(1900);
    let large = format!(
        r#"{{"Statement":{{"Sid":"{pad}","Effect":"Allow","Action":"*","Resource":"*"}}}}"#
    );
    endpoint.account(|store| store.put_user_policy("bob", "large", &large).unwrap());
    let error = account.change(&revoke("bob")).await.unwrap_err();
    assert_eq!(
        (error.kind, error.action),
        (Kind::Limit, "iam:PutUserPolicy")
    );
    assert!(error.message.contains("2048"), "{error}");
    let error = account.change(&revoke("nobody")).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
}

#[tokio::test]
async fn each_of_these_changes_is_sent_once_whatever_becomes_of_the_answer() {
    let serial = "arn:aws:iam::123456789012:mfa/alice";
    let lift = Change::LiftRevocation {
        user: "mobile-uploads".into(),
    };
    for change in [
        revoke("mobile-uploads"),
        lift,
        set(
            "jenkins",
            CredentialKind::SshKey,
            "APKAQX7DEMO4JENKNS02",
            false,
        ),
        set("mobile-uploads", bedrock(), "ACCAQX7DEMO4MOBILE01", false),
        set(
            "backup-agent",
            CredentialKind::Certificate,
            "DEMO4BACKUPCERTEXAMPLE0001",
            false,
        ),
        delete("alice", CredentialKind::Password, ""),
        delete("alice", CredentialKind::MfaDevice, serial),
        delete("jenkins", CredentialKind::SshKey, "APKAQX7DEMO4JENKNS02"),
        delete("mobile-uploads", bedrock(), "ACCAQX7DEMO4MOBILE01"),
        delete(
            "backup-agent",
            CredentialKind::Certificate,
            "DEMO4BACKUPCERTEXAMPLE0001",
        ),
    ] {
        for (fault, is_unknown) in [
            (FaultKind::DropBefore, true),
            (FaultKind::DropAfter, true),
            (FaultKind::Cut, true),
            (FaultKind::Garble, true),
            (FaultKind::InternalFailure, true),
            (FaultKind::Throttle, false),
            (FaultKind::Refuse, false),
        ] {
            let (endpoint, account) = demo();
            let action = change.action();
            endpoint.fault(Fault::new(fault.clone()).action(action));
            let error = account.change(&change).await.unwrap_err();
            assert_eq!(error.action, action);
            assert_eq!(
                error.outcome_unknown(),
                is_unknown,
                "{action} {fault:?}: {error}"
            );
            assert_eq!(calls(&endpoint, &action[4..]), 1, "{action} {fault:?}");
        }
        let endpoint = Endpoint::new(Store::demo(now()));
        let options = Options {
            read_only: true,
            ..Options::default()
        };
        let account = connect(&endpoint, &options);
        let error = account.change(&change).await.unwrap_err();
        assert_eq!(error.kind, Kind::ReadOnly);
        assert!(endpoint.calls().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn services_used_come_when_aws_has_found_them_out() {
    let (endpoint, account) = demo();
    let endpoint = endpoint.with_pages_of(3);
    let uses = account.services_used("deploy-bot").await.unwrap();
    let shown = uses.iter().map(|it| {
        let ago = it.last.map(|last| (now() - last).num_minutes());
        let region = it.region.as_deref();
        (&*it.service, ago, region)
    });
    let east = Some("us-east-1");
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            ("sts", Some(11), east),
            ("s3", Some(120), east),
            ("sqs", Some(300), Some("eu-west-1")),
            ("ecr", Some(3 * 1440), east),
            ("ec2", Some(61 * 1440), east),
            ("iam", Some(61 * 1440), east),
            ("lambda", None, None),
        ]
    );
    // Twice it was not done; then there were three pages.
    assert_eq!(calls(&endpoint, "GetServiceLastAccessedDetails"), 5);
    assert_eq!(calls(&endpoint, "GenerateServiceLastAccessedDetails"), 1);
    assert_eq!(account.services_used("new-hire").await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn services_used_are_not_waited_for_for_ever() {
    let endpoint = Endpoint::new(Store::demo(now())).with_advisor_time(TimeDelta::days(1));
    let account = connect(&endpoint, &Options::default());
    let begun = tokio::time::Instant::now();
    let error = account.services_used("alice").await.unwrap_err();
    assert_eq!(error.action, "iam:GenerateServiceLastAccessedDetails");
    assert!(error.message.contains("within 60 seconds"), "{error}");
    let waited = begun.elapsed().as_secs();
    assert!((50..=60).contains(&waited), "{waited}");
    let asked = calls(&endpoint, "GetServiceLastAccessedDetails");
    assert!((15..40).contains(&asked), "{asked}: with growing pauses");
}

#[tokio::test(start_paused = true)]
async fn what_fails_of_the_services_used_is_named() {
    for action in [
        "GetUser",
        "GenerateServiceLastAccessedDetails",
        "GetServiceLastAccessedDetails",
    ] {
        let (endpoint, account) = of(Store::demo(now()));
        endpoint.fault(Fault::new(FaultKind::Throttle).action(action).times(2));
        assert!(!account.services_used("alice").await.unwrap().is_empty());
        endpoint.fault(Fault::new(FaultKind::Refuse).action(action));
        let error = account.services_used("alice").await.unwrap_err();
        let named = error.action.strip_prefix("iam:");
        assert_eq!((error.kind, named), (Kind::Denied, Some(action)));
        endpoint.clear_faults();
        endpoint.fault(Fault::new(FaultKind::Throttle).action(action));
        let error = account.services_used("alice").await.unwrap_err();
        assert_eq!(error.kind, Kind::Throttled, "{action}");
    }
}
