//! Sessions: who may begin one, what it may do, and when it ends.

use aws_sdk_sts::operation::assume_role::builders::AssumeRoleFluentBuilder;
use aws_sdk_sts::types::PolicyDescriptorType;
use chrono::{DateTime, TimeDelta};
use iamkeys::demo::{Account, Endpoint, Role};

use super::{assumed, error, iam, key, movable, now, organisation, session, sts};

const PROD: &str = "123456789012";
const DEV: &str = "111122223333";
const DATA: &str = "444455556666";

const ADMIN: &str = "arn:aws:iam::111122223333:role/OrganizationAccountAccessRole";
const AUDIT: &str = "arn:aws:iam::444455556666:role/iamkeys-audit";

const INVALID: &str =
    "403 InvalidClientTokenId: The security token included in the request is invalid.";

fn assume(endpoint: &Endpoint, role: &str) -> AssumeRoleFluentBuilder {
    let call = sts(endpoint, endpoint.sdk_credentials()).assume_role();
    call.role_arn(role).role_session_name("iamkeys-alice")
}

fn denied(action: &str, resource: &str, who: &str, why: &str) -> String {
    let why = if why.is_empty() {
        String::new()
    } else {
        format!(" {why}")
    };
    format!(
        "403 AccessDenied: User: {who} is not authorized to perform: {action} on resource: \
         {resource}{why}"
    )
}

#[tokio::test]
async fn a_session_acts_as_its_role_until_it_ends() {
    let (time, clock) = movable();
    let endpoint = organisation().with_clock(clock);
    let answer = assume(&endpoint, ADMIN)
        .duration_seconds(900)
        .send()
        .await
        .unwrap();
    let user = answer.assumed_role_user.unwrap();
    let arn =
        format!("arn:aws:sts::{DEV}:assumed-role/OrganizationAccountAccessRole/iamkeys-alice");
    assert_eq!(user.arn(), arn);
    assert!(user.assumed_role_id().starts_with("AROA"));
    let credentials = answer.credentials.unwrap();
    assert!(credentials.access_key_id().starts_with("ASIA"));
    let ends = now() + TimeDelta::minutes(15);
    assert_eq!(credentials.expiration().secs(), ends.timestamp());
    let credentials = session(Some(credentials));
    let caller = sts(&endpoint, credentials.clone());
    let identity = caller.get_caller_identity().send().await.unwrap();
    assert_eq!(
        (identity.arn(), identity.account()),
        (Some(&*arn), Some(DEV))
    );
    let iam = iam(&endpoint, credentials);
    *time.lock().unwrap() = ends - TimeDelta::seconds(1);
    iam.list_users().send().await.unwrap();
    *time.lock().unwrap() = ends;
    let over = "403 ExpiredToken: The security token included in the request is expired";
    assert_eq!(error(iam.list_users().send()).await, over);
}

#[tokio::test]
async fn a_session_needs_its_own_token() {
    let endpoint = organisation();
    let (first, second) = (
        assumed(&endpoint, ADMIN).await,
        assumed(&endpoint, ADMIN).await,
    );
    let with = |token: Option<&str>| {
        let (id, secret) = (first.access_key_id(), first.secret_access_key());
        let token = token.map(str::to_owned);
        let it = aws_sdk_iam::config::Credentials::new(id, secret, token, None, "test");
        sts(&endpoint, it).get_caller_identity().send()
    };
    with(first.session_token()).await.unwrap();
    for wrong in [None, Some("other"), second.session_token()] {
        assert_eq!(error(with(wrong)).await, INVALID);
    }
}

#[tokio::test]
async fn a_role_lets_in_those_whom_it_trusts() {
    let endpoint = organisation();
    let alice = "arn:aws:iam::123456789012:user/people/alice";
    let role = |name: &str| format!("arn:aws:iam::{DEV}:role/{name}");
    endpoint.in_account(DEV, |dev| {
        dev.add_role(Role::new("alice").path("/ops/").trusting(alice));
        dev.add_role(Role::new("bob").trusting("arn:aws:iam::123456789012:user/people/bob"));
        dev.add_role(Role::new("partner").trusting("*").external_id("x-7"));
        dev.add_role(Role::new("audit").trusting("arn:aws:iam::444455556666:role/iamkeys-audit"));
        dev.add_role(Role::new("root").trusting("arn:aws:iam::123456789012:root"));
    });
    for (name, external_id, admitted) in [
        ("ops/alice", None, true),
        ("alice", None, false),
        ("bob", None, false),
        ("partner", None, false),
        ("partner", Some("x-8"), false),
        ("partner", Some("x-7"), true),
        ("root", Some("not-asked-for"), true),
        ("audit", None, false),
        ("unknown", None, false),
    ] {
        let call = assume(&endpoint, &role(name));
        let call = call.set_external_id(external_id.map(str::to_owned)).send();
        if admitted {
            call.await.unwrap();
        } else {
            let expected = denied("sts:AssumeRole", &role(name), alice, "");
            assert_eq!(error(call).await, expected);
        }
    }
    // A session is let in as its role.
    let data = assumed(&endpoint, AUDIT).await;
    endpoint.in_account(DATA, |data| data.remove_role("iamkeys-audit"));
    let chained = sts(&endpoint, data).assume_role().role_arn(role("audit"));
    let why = error(chained.role_session_name("test").send()).await;
    assert!(why.ends_with("because no identity-based policy allows the sts:AssumeRole action"));
    assert!(
        error(assume(&endpoint, AUDIT).send())
            .await
            .contains("AccessDenied")
    );
    // Neither has an account whose role trusts only itself, nor a stranger's.
    for id in ["777788889999", "555555555555"] {
        let role = format!("arn:aws:iam::{id}:role/OrganizationAccountAccessRole");
        let expected = denied("sts:AssumeRole", &role, alice, "");
        assert_eq!(error(assume(&endpoint, &role).send()).await, expected);
    }
}

#[tokio::test]
async fn the_caller_needs_the_permission_to_assume_a_role() {
    let endpoint = organisation();
    let only_dev = r#"{"Statement":[
        {"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111122223333:role/*"},
        {"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#;
    endpoint.account(|prod| prod.set_user_policy("alice", Some(only_dev)).unwrap());
    assume(&endpoint, ADMIN).send().await.unwrap();
    let alice = "arn:aws:iam::123456789012:user/people/alice";
    let why = "because no identity-based policy allows the sts:AssumeRole action";
    let expected = denied("sts:AssumeRole", AUDIT, alice, why);
    assert_eq!(error(assume(&endpoint, AUDIT).send()).await, expected);
}

#[tokio::test]
async fn a_role_s_own_policy_is_enforced() {
    let endpoint = organisation();
    let data = iam(&endpoint, assumed(&endpoint, AUDIT).await);
    data.list_access_keys()
        .user_name("dbt")
        .send()
        .await
        .unwrap();
    let change = data.delete_access_key().user_name("dbt");
    let change = change.access_key_id("AKIAQX7DEMO4DTDBT001").send();
    let who = format!("arn:aws:sts::{DATA}:assumed-role/iamkeys-audit/test");
    let why = "because no identity-based policy allows the iam:DeleteAccessKey action";
    let expected = denied("iam:DeleteAccessKey", "user dbt", &who, why);
    assert_eq!(error(change).await, expected);
    endpoint.in_account(DATA, |data| {
        assert!(data.key("AKIAQX7DEMO4DTDBT001").is_some());
    });
}

#[tokio::test]
async fn a_session_policy_narrows_a_role_and_never_widens_it() {
    let endpoint = organisation();
    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":["iam:List*","iam:Get*"],"Resource":"*"},
        {"Effect":"Allow","Action":"iam:UpdateAccessKey",
         "Resource":"arn:aws:iam::*:user/machines/*"},
        {"Effect":"Deny","Action":"iam:GetUser","Resource":"*"}]}"#;
    let who =
        format!("arn:aws:sts::{DEV}:assumed-role/OrganizationAccountAccessRole/iamkeys-alice");
    let answer = assume(&endpoint, ADMIN)
        .policy(policy)
        .send()
        .await
        .unwrap();
    assert!(
        answer
            .session_token_utilization()
            .is_some_and(|percent| (1..100).contains(&percent))
    );
    let dev = iam(&endpoint, session(answer.credentials));
    dev.list_users().send().await.unwrap();
    let update = |user: &str, key: &str| {
        let call = dev.update_access_key().user_name(user).access_key_id(key);
        call.status("Inactive".into()).send()
    };
    update("load-test", "AKIAQX7DEMO4DVLOAD01").await.unwrap();
    let why = "because no session policy allows the iam:UpdateAccessKey action";
    let expected = denied("iam:UpdateAccessKey", "user nadia", &who, why);
    assert_eq!(
        error(update("nadia", "AKIAQX7DEMO4DVNADI01")).await,
        expected
    );
    let why = "with an explicit deny in a session policy";
    let expected = denied("iam:GetUser", "user nadia", &who, why);
    assert_eq!(
        error(dev.get_user().user_name("nadia").send()).await,
        expected
    );

    // The role allows less than the session's policy.
    let all = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let answer = assume(&endpoint, AUDIT).policy(all).send().await.unwrap();
    let data = iam(&endpoint, session(answer.credentials));
    let why = error(data.create_access_key().user_name("dbt").send()).await;
    assert!(why.ends_with("no identity-based policy allows the iam:CreateAccessKey action"));

    // AWS's own policies narrow in the same way.
    let managed = PolicyDescriptorType::builder();
    let managed = managed
        .arn("arn:aws:iam::aws:policy/IAMReadOnlyAccess")
        .build();
    let answer = assume(&endpoint, ADMIN)
        .policy_arns(managed)
        .send()
        .await
        .unwrap();
    let dev = iam(&endpoint, session(answer.credentials));
    dev.generate_credential_report().send().await.unwrap();
    let why = error(dev.create_access_key().user_name("oleg").send()).await;
    assert!(
        why.ends_with("no session policy allows the iam:CreateAccessKey action"),
        "{why}"
    );
}

#[tokio::test]
async fn a_session_policy_that_is_wrong_or_too_large_is_refused() {
    let endpoint = organisation();
    let policy = |pad: usize| {
        let pad = "x".repeat(pad);
        format!(
            r#"{{"Statement":{{"Sid":"{pad}","Effect":"Allow","Action":"iam:*","Resource":"*"}}}}"#
        )
    };
    let arn = |name: String| {
        let arn = format!("arn:aws:iam::aws:policy/{name}");
        PolicyDescriptorType::builder().arn(arn).build()
    };
    let ten = || vec![arn("IAMReadOnlyAccess".into()); 10];
    assume(&endpoint, ADMIN)
        .policy(policy(1500))
        .send()
        .await
        .unwrap();
    let call = assume(&endpoint, ADMIN);
    for (call, expected) in [
        (
            call.clone().policy("{}"),
            "400 MalformedPolicyDocument: Missing required field Statement",
        ),
        (
            call.clone().policy(policy(2048)),
            "failed to satisfy constraint: Member must have length less than or equal to 2048",
        ),
        (
            call.clone()
                .policy(policy(1900))
                .set_policy_arns(Some(ten())),
            "400 PackedPolicyTooLarge: Packed policy consumes ",
        ),
        (
            call.clone().set_policy_arns(Some([ten(), ten()].concat())),
            "at 'policyArns' failed to satisfy constraint: Member must have length less than or \
             equal to 10",
        ),
        (
            call.clone().policy_arns(arn("NoSuchPolicy".into())),
            "does not exist or is not attachable.",
        ),
        (
            call.clone().role_session_name("a b"),
            "400 ValidationError: 1 validation error detected: Value 'a b' at 'roleSessionName'",
        ),
    ] {
        let error = error(call.send()).await;
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn how_long_a_session_may_last_depends_on_the_role_and_the_caller() {
    let endpoint = organisation();
    let lasting = |role: &str, seconds| assume(&endpoint, role).duration_seconds(seconds).send();
    let limit = |answer: Option<aws_sdk_sts::types::Credentials>| {
        let ends = answer.unwrap().expiration().secs();
        (DateTime::from_timestamp(ends, 0).unwrap() - now()).num_hours()
    };
    assert_eq!(limit(lasting(AUDIT, 43_200).await.unwrap().credentials), 12);
    let default = assume(&endpoint, AUDIT).send().await.unwrap();
    assert_eq!(limit(default.credentials), 1);
    for (role, seconds, expected) in [
        (
            AUDIT,
            899,
            "Member must have value greater than or equal to 900",
        ),
        (
            AUDIT,
            43_201,
            "Member must have value less than or equal to 43200",
        ),
        (
            ADMIN,
            3601,
            "exceeds the MaxSessionDuration set for this role.",
        ),
    ] {
        let error = error(lasting(role, seconds)).await;
        assert!(error.starts_with("400 ValidationError: "), "{error}");
        assert!(error.contains(expected), "{error}");
    }
    // From one role to another there is an hour at most.
    endpoint.in_account(DATA, |data| {
        data.add_role(
            Role::new("second")
                .trusting(DEV)
                .lasting(TimeDelta::hours(12)),
        );
    });
    let chained = sts(&endpoint, assumed(&endpoint, ADMIN).await);
    let chained = chained.assume_role().role_session_name("test");
    let chained = chained.role_arn(format!("arn:aws:iam::{DATA}:role/second"));
    chained.clone().send().await.unwrap();
    let error = error(chained.duration_seconds(3601).send()).await;
    assert!(
        error.ends_with("for roles assumed by role chaining"),
        "{error}"
    );
}

#[tokio::test]
async fn the_account_of_a_key_is_told() {
    let endpoint = organisation();
    let session = assumed(&endpoint, ADMIN).await;
    let client = sts(&endpoint, endpoint.sdk_credentials());
    let of = |id: &str| client.get_access_key_info().access_key_id(id).send();
    for (id, account) in [
        ("AKIAQX7DEMO4ALICE001", PROD),
        ("AKIAQX7DEMO4DTDBT001", DATA),
        ("AKIAQX7DEMO4DTROOT01", DATA),
        (session.access_key_id(), DEV),
        // A stranger's: the number is in the ID.
        ("ASIAY34FZKBOKMUTVV7A", "609629065308"),
    ] {
        assert_eq!(of(id).await.unwrap().account(), Some(account), "{id}");
    }
    let unknown = error(of("AKIAIOSFODNN7EXAMPLE")).await;
    assert!(unknown.starts_with("400 ValidationError: "), "{unknown}");
}

#[tokio::test]
async fn an_account_alone_has_any_role_that_its_own_users_name() {
    let endpoint = Endpoint::new(Account::demo(now()));
    let role = format!("arn:aws:iam::{PROD}:role/ops/Admin");
    let admin = sts(&endpoint, assumed(&endpoint, &role).await);
    let caller = admin.get_caller_identity().send().await.unwrap();
    let arn = format!("arn:aws:sts::{PROD}:assumed-role/Admin/test");
    assert_eq!(caller.arn(), Some(&*arn));
    let elsewhere = error(assume(&endpoint, ADMIN).send()).await;
    assert!(elsewhere.starts_with("403 AccessDenied: "), "{elsewhere}");
    // Roles that were added are the only ones.
    endpoint.account(|account| account.add_role(Role::new("Other").trusting(PROD)));
    assert!(
        error(assume(&endpoint, &role).send())
            .await
            .starts_with("403 AccessDenied: ")
    );
    let bob = sts(&endpoint, key("AKIAQX7DEMO4BOBBY001")).assume_role();
    let bob = bob.role_arn(format!("arn:aws:iam::{PROD}:role/Other"));
    bob.role_session_name("test").send().await.unwrap();
}
