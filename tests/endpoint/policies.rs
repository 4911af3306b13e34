//! Policies: those of users and groups, managed ones and their versions, whom they are attached to, and
//! what of them is enforced.

use aws_sdk_iam::types::{EntityType, Group, PolicyUsageType};
use chrono::{SecondsFormat, TimeDelta};
use iamkeys::demo::Endpoint;
use iamkeys::engine::impact::revocation;
use std::collections::BTreeSet;

use super::{error, iam, key, movable, now, organisation, session, sts};

const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const QUARANTINE: &str = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3";
const SELF_SERVICE: &str = "arn:aws:iam::123456789012:policy/self-service";
const LEAKED: &str = "AKIAQX7DEMO4MOBILE01";

fn client(endpoint: &Endpoint) -> aws_sdk_iam::Client {
    iam(endpoint, endpoint.sdk_credentials())
}

fn decoded(document: &str) -> String {
    assert!(document.starts_with("%7B"), "{document}");
    let plus = document.replace('+', "%2B");
    let form = format!("d={plus}");
    let (_, text) = form_urlencoded::parse(form.as_bytes()).next().unwrap();
    text.into_owned()
}

#[tokio::test]
async fn the_policies_of_a_user_are_told_with_their_documents() {
    let endpoint = organisation().with_pages_of(1);
    let iam = client(&endpoint);
    let pages = iam
        .list_attached_user_policies()
        .user_name("mobile-uploads");
    let pages = pages.into_paginator().items().send();
    let attached = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
    let names: Vec<_> = attached.iter().filter_map(|it| it.policy_name()).collect();
    assert_eq!(
        names,
        ["AWSCompromisedKeyQuarantineV3", "AmazonS3FullAccess"]
    );
    assert_eq!(attached[0].policy_arn(), Some(QUARANTINE));

    let pages = iam.list_user_policies().user_name("DATA-sync");
    let pages = pages.into_paginator().items().send();
    let names = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
    assert_eq!(names, ["dynamodb", "s3"]);
    let policy = iam.get_user_policy().user_name("data-sync");
    let policy = policy.policy_name("s3").send().await.unwrap();
    assert_eq!(
        (policy.user_name(), policy.policy_name()),
        ("data-sync", "s3")
    );
    let document = decoded(policy.policy_document());
    assert!(document.contains(r#""Action": ["s3:GetObject*", "s3:ListBucket""#));

    let groups = iam.list_groups_for_user().user_name("deploy-bot");
    let groups = groups.into_paginator().items().send();
    let groups = groups.collect::<Result<Vec<_>, _>>().await.unwrap();
    let names: Vec<_> = groups.iter().map(Group::group_name).collect();
    assert_eq!(names, ["ops-admins", "release"]);
    let arn = "arn:aws:iam::123456789012:group/machines/release";
    assert_eq!((groups[1].arn(), groups[1].path()), (arn, "/machines/"));
    assert!(groups[1].group_id().starts_with("AGPA"));
    let attached = iam.list_attached_group_policies().group_name("ops-admins");
    let attached = attached.send().await.unwrap();
    assert_eq!(attached.attached_policies()[0].policy_arn(), Some(ADMIN));
    let inline = iam.list_group_policies().group_name("release");
    assert_eq!(inline.send().await.unwrap().policy_names(), ["artifacts"]);
    let policy = iam.get_group_policy().group_name("release");
    let policy = policy.policy_name("artifacts").send().await.unwrap();
    assert!(decoded(policy.policy_document()).contains("acme-artifacts"));

    let user = iam.get_user().user_name("ci-runner").send().await.unwrap();
    let boundary = user.user().unwrap().permissions_boundary().unwrap();
    let arn = "arn:aws:iam::123456789012:policy/boundaries/machine-boundary";
    assert_eq!(boundary.permissions_boundary_arn(), Some(arn));
    let user = iam.get_user().user_name("alice").send().await.unwrap();
    assert!(user.user().unwrap().permissions_boundary().is_none());
}

#[tokio::test]
async fn a_managed_policy_has_versions_and_says_how_often_it_is_attached() {
    let endpoint = organisation();
    let iam = client(&endpoint);
    let get = |arn: &str| iam.get_policy().policy_arn(arn).send();
    let policy = get(SELF_SERVICE).await.unwrap().policy.unwrap();
    assert_eq!(policy.default_version_id(), Some("v2"));
    assert_eq!(policy.attachment_count(), Some(1));
    assert!(policy.policy_id().unwrap().starts_with("ANPA"));
    let boundary = "arn:aws:iam::123456789012:policy/boundaries/machine-boundary";
    let policy = get(boundary).await.unwrap().policy.unwrap();
    assert_eq!(policy.path(), Some("/boundaries/"));
    assert_eq!(policy.attachment_count(), Some(0));
    assert_eq!(policy.permissions_boundary_usage_count(), Some(4));
    let version = |arn: &str, id: &str| {
        let call = iam.get_policy_version().policy_arn(arn);
        call.version_id(id).send()
    };
    for (id, is_default, mfa) in [("v1", false, false), ("v2", true, true)] {
        let answer = version(SELF_SERVICE, id).await.unwrap();
        let version = answer.policy_version.unwrap();
        assert_eq!(version.is_default_version(), is_default);
        let document = decoded(version.document().unwrap());
        assert!(document.contains("user/") && document.contains("${aws:username}"));
        assert_eq!(document.contains("aws:MultiFactorAuthPresent"), mfa);
    }
    let of_aws = get(ADMIN).await.unwrap().policy.unwrap();
    assert_eq!(of_aws.attachment_count(), Some(2));
    assert!(of_aws.description().is_some());

    let nowhere = "arn:aws:iam::aws:policy/NoSuchPolicy";
    let policy_of = |user: &str, name: &str| {
        let call = iam.get_user_policy().user_name(user);
        call.policy_name(name).send()
    };
    for (error, expected) in [
        (
            error(get(nowhere)).await,
            format!("404 NoSuchEntity: Policy {nowhere} was not found."),
        ),
        (
            error(version(ADMIN, "v9")).await,
            format!("404 NoSuchEntity: Policy {ADMIN} version v9 does not exist or is not"),
        ),
        (
            error(version(ADMIN, "latest")).await,
            "400 ValidationError: 1 validation error detected: Value 'latest' at 'versionId'"
                .into(),
        ),
        (
            error(policy_of("bob", "x")).await,
            "404 NoSuchEntity: The user policy with name x cannot be found.".into(),
        ),
        (
            error(policy_of("nobody", "x")).await,
            "404 NoSuchEntity: The user with name nobody cannot be found.".into(),
        ),
        (
            error(iam.list_group_policies().group_name("none").send()).await,
            "404 NoSuchEntity: The group with name none cannot be found.".into(),
        ),
    ] {
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[tokio::test]
async fn an_inline_policy_is_written_over_and_deleted_within_its_quota() {
    let endpoint = organisation();
    let iam = client(&endpoint);
    let put = |user: &str, name: &str, document: &str| {
        let call = iam.put_user_policy().user_name(user).policy_name(name);
        call.policy_document(document).send()
    };
    let statement = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    let policy = |blanks: usize, sid: usize| {
        let (blanks, sid) = (" \n".repeat(blanks), "x".repeat(sid));
        format!(
            r#"{{"Statement":[{blanks}{{"Sid":"{sid}","Effect":"Allow","Action":"s3:*","Resource":"*"}}]}}"#
        )
    };
    put("bob", "a", &format!(r#"{{"Statement":{statement}}}"#))
        .await
        .unwrap();
    // White space is not counted, and the policy of the name makes room for the new one.
    put("bob", "a", &policy(2000, 1000)).await.unwrap();
    put("bob", "a", &policy(0, 1700)).await.unwrap();
    let of = |name| endpoint.account(|account| account.user_policy("bob", name));
    assert_eq!(of("a").as_deref(), Some(&*policy(0, 1700)));
    let condition = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*",
        "Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}}"#;
    put("bob", "B", condition).await.unwrap();
    for (name, document, expected) in [
        (
            "c",
            &*policy(0, 200),
            "409 LimitExceeded: Maximum policy size of 2048 bytes exceeded for user bob",
        ),
        (
            "a",
            "{}",
            "400 MalformedPolicyDocument: Missing required field Statement",
        ),
        (
            "a",
            "not JSON",
            "400 MalformedPolicyDocument: Syntax errors in policy.",
        ),
        (
            "a b",
            "{}",
            "400 ValidationError: 1 validation error detected: Value 'a b' at 'policyName'",
        ),
    ] {
        let error = error(put("bob", name, document)).await;
        assert!(error.starts_with(expected), "{error}");
    }
    assert!(of("c").is_none());
    assert_eq!(of("a").as_deref(), Some(&*policy(0, 1700)));
    let delete = |user: &str, name: &str| {
        let call = iam.delete_user_policy().user_name(user);
        call.policy_name(name).send()
    };
    delete("bob", "a").await.unwrap();
    assert!(of("a").is_none() && of("B").is_some());
    let gone = "404 NoSuchEntity: The user policy with name a cannot be found.";
    assert_eq!(error(delete("bob", "a")).await, gone);
    let nobody = "404 NoSuchEntity: The user with name nobody cannot be found.";
    assert_eq!(error(delete("nobody", "a")).await, nobody);
    assert_eq!(error(put("nobody", "a", condition)).await, nobody);
}

#[tokio::test]
async fn who_has_a_policy_is_told_page_by_page() {
    let endpoint = organisation().with_pages_of(1);
    let iam = client(&endpoint);
    let entities = async |arn: &str, kind: Option<EntityType>, usage: Option<PolicyUsageType>| {
        let mut names = Vec::new();
        let mut marker = None;
        loop {
            let call = iam.list_entities_for_policy().policy_arn(arn);
            let call = call.set_entity_filter(kind.clone());
            let call = call.set_policy_usage_filter(usage.clone());
            let page = call.set_marker(marker).send().await.unwrap();
            let users = page.policy_users().iter().filter_map(|it| it.user_name());
            let groups = page.policy_groups().iter().filter_map(|it| it.group_name());
            names.extend(users.chain(groups).map(str::to_owned));
            marker = page.marker;
            assert_eq!(page.is_truncated, marker.is_some());
            if marker.is_none() {
                return names;
            }
        }
    };
    assert_eq!(entities(QUARANTINE, None, None).await, ["mobile-uploads"]);
    assert_eq!(
        entities(ADMIN, None, None).await,
        ["svc-backup2", "ops-admins"]
    );
    let groups = entities(ADMIN, Some(EntityType::Group), None).await;
    assert_eq!(groups, ["ops-admins"]);
    let boundary = "arn:aws:iam::123456789012:policy/boundaries/machine-boundary";
    let limited = entities(boundary, None, Some(PolicyUsageType::PermissionsBoundary)).await;
    let machines = ["backup-agent", "ci-runner", "orders-worker", "zapier"];
    assert_eq!(limited, machines);
    assert_eq!(entities(boundary, None, None).await, machines);
    let policies = Some(PolicyUsageType::PermissionsPolicy);
    assert!(entities(boundary, None, policies).await.is_empty());
    let boundaries = Some(PolicyUsageType::PermissionsBoundary);
    assert!(entities(ADMIN, None, boundaries).await.is_empty());
    // Known to AWS, and attached to nobody.
    let first = QUARANTINE.trim_end_matches("V3");
    assert!(entities(first, None, None).await.is_empty());
    let unknown = iam
        .list_entities_for_policy()
        .policy_arn(format!("{ADMIN}2"));
    assert!(error(unknown.send()).await.starts_with("404 NoSuchEntity"));
}

#[tokio::test]
async fn the_details_of_an_account_are_those_that_are_asked_for() {
    let endpoint = organisation().with_pages_of(10);
    let iam = client(&endpoint);
    let details = async |filter: Vec<EntityType>| {
        let (mut users, mut groups, mut policies) = (Vec::new(), Vec::new(), Vec::new());
        let mut marker = None;
        loop {
            let call = iam.get_account_authorization_details();
            let call = call.set_filter(Some(filter.clone())).set_marker(marker);
            let page = call.send().await.unwrap();
            users.extend(page.user_detail_list.unwrap_or_default());
            groups.extend(page.group_detail_list.unwrap_or_default());
            policies.extend(page.policies.unwrap_or_default());
            marker = page.marker;
            if marker.is_none() {
                return (users, groups, policies);
            }
        }
    };
    let (users, groups, policies) = details(vec![]).await;
    assert_eq!((users.len(), groups.len()), (24, 4));
    let data = users.iter().find(|it| it.user_name() == Some("data-sync"));
    let inline = data.unwrap().user_policy_list();
    assert_eq!(inline[1].policy_name(), Some("s3"));
    assert!(decoded(inline[1].policy_document().unwrap()).contains("acme-lake"));
    let bot = users.iter().find(|it| it.user_name() == Some("deploy-bot"));
    assert_eq!(bot.unwrap().group_list(), ["ops-admins", "release"]);
    assert!(!bot.unwrap().tags().is_empty());
    let leaked = users
        .iter()
        .find(|it| it.user_name() == Some("mobile-uploads"));
    let attached = leaked.unwrap().attached_managed_policies();
    assert_eq!(attached[0].policy_arn(), Some(QUARANTINE));
    let team = groups
        .iter()
        .find(|it| it.group_name() == Some("mobile-team"));
    assert_eq!(team.unwrap().group_policy_list().len(), 1);
    let arns: BTreeSet<_> = policies.iter().filter_map(|it| it.arn()).collect();
    assert_eq!(arns.len(), policies.len(), "each once");
    assert!(arns.contains(ADMIN) && arns.contains(SELF_SERVICE));
    // Those of AWS that nobody uses are not of the account.
    assert!(!arns.contains("arn:aws:iam::aws:policy/AWSDenyAll"));
    let own = policies.iter().find(|it| it.arn() == Some(SELF_SERVICE));
    assert_eq!(own.unwrap().policy_version_list().len(), 2);
    assert_eq!(own.unwrap().default_version_id(), Some("v2"));

    for (filter, expected) in [
        (vec![EntityType::User], (24, 0, 0)),
        (vec![EntityType::Group], (0, 4, 0)),
        (vec![EntityType::LocalManagedPolicy], (0, 0, 3)),
        (vec![EntityType::AwsManagedPolicy], (0, 0, arns.len() - 3)),
        (vec![EntityType::Role], (0, 0, 0)),
        (vec![EntityType::User, EntityType::Group], (24, 4, 0)),
    ] {
        let (users, groups, policies) = details(filter.clone()).await;
        let found = (users.len(), groups.len(), policies.len());
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn the_quarantine_denies_what_its_policy_names_and_nothing_else() {
    let endpoint = organisation();
    let leaked = iam(&endpoint, key(LEAKED));
    let mine = || {
        leaked
            .create_access_key()
            .user_name("mobile-uploads")
            .send()
    };
    let who = "arn:aws:iam::123456789012:user/machines/mobile-uploads";
    let denied = |action: &str| {
        format!(
            "403 AccessDenied: User: {who} is not authorized to perform: iam:{action} on resource: \
             user mobile-uploads with an explicit deny in an identity-based policy"
        )
    };
    assert_eq!(error(mine()).await, denied("CreateAccessKey"));
    let update = leaked.update_access_key().user_name("mobile-uploads");
    let update = update.access_key_id(LEAKED).status("Inactive".into());
    assert_eq!(error(update.send()).await, denied("UpdateAccessKey"));
    let put = leaked.put_user_policy().user_name("mobile-uploads");
    let put = put.policy_name("x").policy_document("{}");
    assert_eq!(error(put.send()).await, denied("PutUserPolicy"));
    // Its list does not name these.
    leaked.list_users().send().await.unwrap();
    let delete = leaked.delete_user_policy().user_name("mobile-uploads");
    let error_of = error(delete.policy_name("x").send()).await;
    assert!(error_of.starts_with("404 NoSuchEntity"), "{error_of}");

    endpoint.account(|account| {
        assert!(account.detach_user_policy("mobile-uploads", QUARANTINE));
        assert!(!account.detach_user_policy("mobile-uploads", QUARANTINE));
    });
    mine().await.unwrap();
}

#[tokio::test]
async fn sessions_made_before_a_revocation_are_denied_everything_and_keys_nothing() {
    let (time, clock) = movable();
    let endpoint = organisation().with_clock(clock);
    let serial = "arn:aws:iam::123456789012:mfa/alice";
    let begin = async || {
        let call = sts(&endpoint, endpoint.sdk_credentials()).get_session_token();
        let call = call.serial_number(serial);
        let call = call.token_code(endpoint.mfa_code(serial));
        session(call.send().await.unwrap().credentials)
    };
    let old = begin().await;
    let role = sts(&endpoint, old.clone()).assume_role();
    let role = role.role_arn("arn:aws:iam::111122223333:role/OrganizationAccountAccessRole");
    let role = role.role_session_name("alice").send().await.unwrap();
    let role = session(role.credentials);
    iam(&endpoint, old.clone())
        .list_users()
        .send()
        .await
        .unwrap();

    *time.lock().unwrap() = now() + TimeDelta::minutes(10);
    let by_key = client(&endpoint);
    let put = by_key.put_user_policy().user_name("alice");
    let put = put.policy_name("revocation");
    let document = revocation::document(now() + TimeDelta::minutes(10));
    put.policy_document(&*document).send().await.unwrap();

    let denied = error(iam(&endpoint, old.clone()).list_users().send()).await;
    let why = "with an explicit deny in an identity-based policy";
    assert!(
        denied.starts_with("403 AccessDenied: ") && denied.ends_with(why),
        "{denied}"
    );
    let again = sts(&endpoint, old.clone()).assume_role();
    let again = again.role_arn("arn:aws:iam::111122223333:role/OrganizationAccountAccessRole");
    assert!(
        error(again.role_session_name("x").send())
            .await
            .starts_with("403 AccessDenied")
    );
    // It needs no permission.
    let caller = sts(&endpoint, old.clone()).get_caller_identity().send();
    caller.await.unwrap();
    // The long-term key, a session that was made since, and that of a role go on.
    by_key.list_users().send().await.unwrap();
    let new = begin().await;
    iam(&endpoint, new).list_users().send().await.unwrap();
    iam(&endpoint, role).list_users().send().await.unwrap();

    let lift = by_key.delete_user_policy().user_name("alice");
    lift.policy_name("revocation").send().await.unwrap();
    iam(&endpoint, old).list_users().send().await.unwrap();
    let time = now().to_rfc3339_opts(SecondsFormat::Secs, true);
    assert!(!document.contains(&time), "the cut is ten minutes later");
}

#[tokio::test]
async fn what_groups_deny_is_enforced_and_what_policies_allow_is_not() {
    let endpoint = organisation();
    let bob = iam(&endpoint, key("AKIAQX7DEMO4BOBBY001"));
    // Denied under a condition only, and not allowed by any of the policies.
    bob.list_users().send().await.unwrap();
    let deny = r#"{"Statement":[
        {"Effect":"Deny","NotAction":["iam:GetUser","iam:ListGroupsForUser"],"Resource":"*"}]}"#;
    endpoint.account(|account| {
        account.put_group_policy("Everybody", "deny", deny).unwrap();
    });
    let denied = error(bob.list_users().send()).await;
    assert!(denied.ends_with("with an explicit deny in an identity-based policy"));
    bob.get_user().send().await.unwrap();
    // Carol is in the group as well, and data-sync is not.
    let carol = iam(&endpoint, key("AKIAQX7DEMO4CAROL001"));
    assert!(error(carol.list_users().send()).await.starts_with("403"));
    let data = iam(&endpoint, key("AKIAQX7DEMO4DSYNC001"));
    data.list_users().send().await.unwrap();
    // A document that is none denies nothing.
    endpoint.account(|account| {
        account
            .put_group_policy("everybody", "deny", "<html>")
            .unwrap();
    });
    bob.list_users().send().await.unwrap();
}
