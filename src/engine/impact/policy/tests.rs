use super::*;
use crate::engine::{Error, error::Kind};
use proptest::prelude::*;

const USER: &str = "bob";
const OWN: &str = "arn:aws:iam::*:user/${aws:username}";

fn patterns(any_of: &[&str], inverted: bool) -> Patterns {
    Patterns {
        any_of: any_of.iter().map(|&one| one.into()).collect(),
        inverted,
    }
}

fn statement(allows: bool, actions: &[&str], resource: &str) -> Statement {
    let actions: Vec<String> = actions.iter().map(|one| one.to_ascii_lowercase()).collect();
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    Statement {
        allows,
        actions: patterns(&actions, false),
        resources: patterns(&[resource], false),
        is_conditional: false,
    }
}

fn allow(actions: &[&str], resource: &str) -> Statement {
    statement(true, actions, resource)
}

fn deny(actions: &[&str]) -> Statement {
    statement(false, actions, "*")
}

fn all_but(actions: &[&str], mut statement: Statement) -> Statement {
    statement.actions = patterns(actions, true);
    statement
}

fn conditional(mut statement: Statement) -> Statement {
    statement.is_conditional = true;
    statement
}

fn named(name: &str, statements: Vec<Statement>) -> NamedPolicy {
    NamedPolicy {
        name: name.into(),
        arn: None,
        group: None,
        document: None,
        policy: Ok(Policy { statements }),
    }
}

fn permissions(policies: Vec<NamedPolicy>, boundary: Option<NamedPolicy>) -> Permissions {
    Permissions {
        policies,
        boundary,
        ..Permissions::default()
    }
}

fn power(policies: Vec<NamedPolicy>) -> String {
    tell(judge(&permissions(policies, None), USER).power)
}

fn tell(power: Power) -> String {
    match power {
        Power::Everything => "everything".into(),
        Power::Escalates(marker) => format!("escalates {marker}"),
        Power::TakesOver(marker) => format!("takes over by {marker}"),
        Power::ReadsSecrets(marker) => format!("reads {marker}"),
        Power::Something => "something".into(),
        Power::Nothing => "nothing".into(),
    }
}

/// The shapes of managed policies that many accounts have, in short form.
fn managed(name: &str) -> NamedPolicy {
    let statements = match name {
        "AdministratorAccess" => vec![allow(&["*"], "*")],
        "PowerUserAccess" => vec![
            all_but(&["iam:*", "organizations:*", "account:*"], allow(&[], "*")),
            allow(&["iam:CreateServiceLinkedRole", "iam:ListRoles"], "*"),
        ],
        "IAMFullAccess" => vec![allow(&["iam:*", "organizations:DescribeAccount"], "*")],
        "IAMReadOnlyAccess" => vec![allow(&["iam:Get*", "iam:List*", "iam:Simulate*"], "*")],
        "ReadOnlyAccess" => vec![allow(
            &["s3:Get*", "ssm:Describe*", "ssm:Get*", "sts:Get*"],
            "*",
        )],
        "ViewOnlyAccess" => vec![allow(
            &["s3:ListAllMyBuckets", "ec2:Describe*", "iam:List*"],
            "*",
        )],
        "SecurityAudit" => vec![allow(
            &["iam:Get*", "iam:List*", "secretsmanager:ListSecrets"],
            "*",
        )],
        "AmazonS3FullAccess" => vec![allow(&["s3:*", "s3-object-lambda:*"], "*")],
        "SecretsManagerReadWrite" => vec![allow(&["secretsmanager:*", "kms:ListKeys"], "*")],
        "AmazonSSMReadOnlyAccess" => vec![allow(&["ssm:Describe*", "ssm:Get*", "ssm:List*"], "*")],
        "AWSLambda_FullAccess" => vec![allow(&["lambda:*", "iam:ListRoles"], "*")],
        "AmazonSSMFullAccess" => vec![allow(&["ssm:*", "ec2:DescribeInstanceStatus"], "*")],
        "AWSDenyAll" => vec![deny(&["*"])],
        "AWSCompromisedKeyQuarantineV3" => vec![deny(&[
            "cloudtrail:LookupEvents",
            "ec2:RunInstances",
            "iam:AddUserToGroup",
            "iam:AttachGroupPolicy",
            "iam:AttachRolePolicy",
            "iam:AttachUserPolicy",
            "iam:CreateAccessKey",
            "iam:CreateLoginProfile",
            "iam:CreatePolicyVersion",
            "iam:DetachUserPolicy",
            "iam:PassRole",
            "iam:PutGroupPolicy",
            "iam:PutRolePolicy",
            "iam:PutUserPermissionsBoundary",
            "iam:PutUserPolicy",
            "iam:SetDefaultPolicyVersion",
            "iam:UpdateAccessKey",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateLoginProfile",
            "lambda:UpdateFunctionCode",
        ])],
        "IAMSelfManageServiceSpecificCredentials" => {
            vec![allow(&["iam:CreateServiceSpecificCredential"], OWN)]
        }
        "IAMUserChangePassword" => vec![
            allow(&["iam:ChangePassword"], OWN),
            allow(&["iam:GetAccountPasswordPolicy"], "*"),
        ],
        // As the IAM user guide has users manage their own keys with MFA.
        "SelfManageWithMfa" => vec![
            allow(
                &["iam:*AccessKey*", "iam:*LoginProfile", "iam:ChangePassword"],
                OWN,
            ),
            allow(&["iam:CreateVirtualMFADevice"], "arn:aws:iam::*:mfa/*"),
            conditional(all_but(&["iam:list*", "sts:getsessiontoken"], deny(&[]))),
        ],
        _ => unreachable!("{name}"),
    };
    NamedPolicy {
        arn: Some(format!("arn:aws:iam::aws:policy/{name}").into()),
        ..named(name, statements)
    }
}

#[test]
fn the_shapes_of_managed_policies_are_judged_by_what_they_say() {
    for (names, expected) in [
        (&["AdministratorAccess"][..], "everything"),
        // Whether a role trusts them, and what the roles of functions may do, is not told by this.
        (
            &["PowerUserAccess"],
            "takes over by lambda:UpdateFunctionCode",
        ),
        (&["IAMFullAccess"], "escalates iam:AttachUserPolicy"),
        (&["IAMReadOnlyAccess"], "something"),
        (&["ReadOnlyAccess"], "reads ssm:GetParameter"),
        (&["ViewOnlyAccess"], "something"),
        (&["SecurityAudit"], "something"),
        (&["AmazonS3FullAccess"], "something"),
        (
            &["SecretsManagerReadWrite"],
            "reads secretsmanager:GetSecretValue",
        ),
        (&["AmazonSSMReadOnlyAccess"], "reads ssm:GetParameter"),
        (
            &["AWSLambda_FullAccess"],
            "takes over by lambda:UpdateFunctionCode",
        ),
        (&["AmazonSSMFullAccess"], "takes over by ssm:SendCommand"),
        (&["IAMSelfManageServiceSpecificCredentials"], "something"),
        (&["IAMUserChangePassword"], "something"),
        (&["SelfManageWithMfa"], "something"),
        (&["AWSDenyAll"], "nothing"),
        (&["AWSCompromisedKeyQuarantineV3"], "nothing"),
        (&[], "nothing"),
        (&["AdministratorAccess", "AWSDenyAll"], "nothing"),
        (
            &["AdministratorAccess", "AWSCompromisedKeyQuarantineV3"],
            "takes over by ssm:SendCommand",
        ),
        (
            &["IAMFullAccess", "AWSCompromisedKeyQuarantineV3"],
            "something",
        ),
        (&["AmazonS3FullAccess", "SecurityAudit"], "something"),
        (&["ReadOnlyAccess", "AdministratorAccess"], "everything"),
    ] {
        let policies: Vec<NamedPolicy> = names.iter().map(|name| managed(name)).collect();
        let told = power(policies);
        assert_eq!(told, expected, "{names:?}");
    }
}

#[test]
fn names_of_policies_do_not_count() {
    let innocent = named("ReadOnlyAccess", vec![allow(&["*:*"], "*")]);
    assert_eq!(power(vec![innocent]), "everything");
    let proud = named("AdministratorAccess", vec![allow(&["s3:ListBucket"], "*")]);
    assert_eq!(power(vec![proud]), "something");
}

#[test]
fn making_oneself_powerful_reaches_beyond_oneself() {
    let of =
        |action: &str, resource: &str| power(vec![named("p", vec![allow(&[action], resource)])]);
    let user = |name: &str| format!("arn:aws:iam::123456789012:user/{name}");
    for (action, resource, expected) in [
        (
            "iam:CreateAccessKey",
            "*".to_owned(),
            "escalates iam:CreateAccessKey",
        ),
        (
            "iam:CreateAccessKey",
            user("*"),
            "escalates iam:CreateAccessKey",
        ),
        (
            "iam:CreateAccessKey",
            user("alice"),
            "escalates iam:CreateAccessKey",
        ),
        ("iam:CreateAccessKey", user("team/bob"), "something"),
        ("iam:CreateAccessKey", OWN.to_owned(), "something"),
        (
            "iam:AttachUserPolicy",
            OWN.to_owned(),
            "escalates iam:AttachUserPolicy",
        ),
        (
            "iam:PutUserPolicy",
            user("bob"),
            "escalates iam:PutUserPolicy",
        ),
        (
            "iam:*UserPolicy",
            user("BOB"),
            "escalates iam:AttachUserPolicy",
        ),
        ("iam:ListUserPolicies", "*".to_owned(), "something"),
        (
            "iam:DeleteUserPermissionsBoundary",
            OWN.to_owned(),
            "something",
        ),
        (
            "iam:PutUserPermissionsBoundary",
            OWN.to_owned(),
            "something",
        ),
        ("iam:DetachUserPolicy", OWN.to_owned(), "something"),
        (
            "lambda:UpdateFunctionCode",
            "arn:aws:lambda:eu-west-1:123456789012:function:*".to_owned(),
            "takes over by lambda:UpdateFunctionCode",
        ),
        (
            "lambda:UpdateFunctionCode",
            "arn:aws:lambda:eu-west-1:123456789012:function:web".to_owned(),
            "something",
        ),
        (
            "ssm:StartSession",
            "arn:aws:ec2:*:*:instance/*".to_owned(),
            "takes over by ssm:StartSession",
        ),
        (
            "ssm:SendCommand",
            "arn:aws:ssm:*:*:document/AWS-RunShellScript".to_owned(),
            "something",
        ),
        (
            "iam:PutGroupPolicy",
            "arn:aws:iam::123456789012:group/dev".to_owned(),
            "escalates iam:PutGroupPolicy",
        ),
        ("iam:PutGroupPolicy", user("*"), "something"),
        (
            "iam:PassRole",
            "arn:aws:iam::*:role/*".to_owned(),
            "escalates iam:PassRole",
        ),
        (
            "iam:PassRole",
            "arn:aws:iam::123456789012:role/ecs-tasks".to_owned(),
            "something",
        ),
        (
            "sts:AssumeRole",
            "arn:aws:iam::210987654321:role/Deploy".to_owned(),
            "something",
        ),
    ] {
        assert_eq!(of(action, &resource), expected, "{action} on {resource}");
    }
}

#[test]
fn a_boundary_limits_what_policies_allow() {
    let bounded = |boundary: Vec<Statement>, policy: Vec<Statement>| {
        let permissions = permissions(vec![named("p", policy)], Some(named("b", boundary)));
        let judged = judge(&permissions, USER);
        assert!(judged.is_bounded);
        tell(judged.power)
    };
    let all = || vec![allow(&["*"], "*")];
    assert_eq!(bounded(all(), all()), "everything");
    assert_eq!(bounded(vec![allow(&["s3:*"], "*")], all()), "something");
    assert_eq!(
        bounded(vec![allow(&["s3:*"], "*")], vec![allow(&["ec2:*"], "*")]),
        "nothing"
    );
    assert_eq!(bounded(vec![], all()), "nothing");
    assert_eq!(
        bounded(vec![allow(&["iam:CreateAccessKey"], OWN)], all()),
        "something"
    );
    assert_eq!(
        bounded(vec![allow(&["iam:PutUserPolicy"], OWN)], all()),
        "escalates iam:PutUserPolicy"
    );
    // Whoever may take the boundary away has what the policies allow.
    assert_eq!(
        bounded(
            vec![allow(&["iam:DeleteUserPermissionsBoundary", "s3:*"], OWN)],
            all()
        ),
        "escalates iam:DeleteUserPermissionsBoundary"
    );
    // And whoever may put another in its place.
    for action in ["iam:PutUserPermissionsBoundary", "iam:*Boundary"] {
        let limit = vec![allow(&[action, "s3:*"], OWN)];
        assert!(
            bounded(limit, all()).starts_with("escalates iam:"),
            "{action}"
        );
    }
    let kept = vec![allow(&["*"], "*"), deny(&["iam:*", "sts:*"])];
    assert_eq!(
        bounded(kept, all()),
        "takes over by lambda:UpdateFunctionCode"
    );
}

#[test]
fn what_is_denied_is_taken_away_and_what_is_denied_under_a_condition_is_not() {
    let with = |denied: Statement| power(vec![named("p", vec![allow(&["*"], "*"), denied])]);
    assert_eq!(with(deny(&["*"])), "nothing");
    assert_eq!(with(conditional(deny(&["*"]))), "everything");
    assert_eq!(
        with(deny(&["iam:*"])),
        "takes over by lambda:UpdateFunctionCode"
    );
    assert_eq!(
        with(deny(&["iam:*", "lambda:*", "ssm:S*"])),
        "reads secretsmanager:GetSecretValue"
    );
    // All but reading is denied.
    assert_eq!(with(all_but(&["s3:get*"], deny(&[]))), "something");
    let rest = statement(false, &["iam:*"], "arn:aws:s3:::logs/*");
    assert_eq!(with(rest), "escalates iam:AttachUserPolicy");
    // As self-service is confined: everybody else is denied.
    let mut others = deny(&["iam:CreateAccessKey"]);
    others.resources = patterns(&[OWN], true);
    let keys = vec![allow(&["iam:CreateAccessKey"], "*"), others];
    assert_eq!(power(vec![named("p", keys)]), "something");
    // What is not allowed and not denied is nothing either.
    let none = all_but(&["ec2:*"], allow(&[], "*"));
    let not = all_but(&["ec2:*"], deny(&[]));
    assert_eq!(power(vec![named("p", vec![none, not])]), "nothing");
}

#[test]
fn whoever_may_take_away_what_is_denied_has_what_is_allowed() {
    let denied = || {
        deny(&[
            "iam:*Put*",
            "iam:Attach*",
            "iam:*Policy*Version",
            "iam:Create*",
            "iam:Update*",
            "iam:PassRole",
            "iam:AddUserToGroup",
        ])
    };
    let of = |inline: bool, group: bool, statements: Vec<Statement>, may: &str| {
        let mut kept = named("Kept", statements);
        kept.arn = (!inline).then(|| "arn:aws:iam::123456789012:policy/Kept".into());
        kept.group = group.then(|| "staff".into());
        let own = named("Own", vec![allow(&[may, "iam:Attach*", "s3:Get*"], "*")]);
        power(vec![own, kept])
    };
    for (inline, group, action) in [
        (false, false, "iam:DetachUserPolicy"),
        (true, false, "iam:DeleteUserPolicy"),
        (false, true, "iam:DetachGroupPolicy"),
        (true, true, "iam:DeleteGroupPolicy"),
        (true, true, "iam:RemoveUserFromGroup"),
        (false, true, "iam:RemoveUserFromGroup"),
    ] {
        let told = of(inline, group, vec![denied()], action);
        assert_eq!(told, format!("escalates {action}"));
        // Nothing that matters is denied, or with nothing else the user is powerful as it is.
        let harmless = vec![deny(&["s3:DeleteBucket"])];
        let told = of(inline, group, harmless, action);
        assert_eq!(told, "escalates iam:AttachUserPolicy");
        // It is denied too.
        let told = of(inline, group, vec![denied(), deny(&[action])], action);
        assert_eq!(told, "something", "{action}");
        // It is another kind of policy.
        if action != "iam:RemoveUserFromGroup" {
            assert_eq!(of(!inline, group, vec![denied()], action), "something");
        }
        assert_eq!(of(inline, !group, vec![denied()], action), "something");
    }
    // What goes with what it denies is not left over.
    let both = vec![allow(&["iam:*"], "*"), denied()];
    let mut one = named("One", both);
    assert_eq!(power(vec![one.clone()]), "something");
    one.policy = Ok(Policy {
        statements: vec![allow(&["iam:Delete*"], OWN), denied()],
    });
    let attaches = named("Attaches", vec![allow(&["iam:Attach*"], "*")]);
    assert_eq!(power(vec![one, attaches]), "escalates iam:DeleteUserPolicy");
}

#[test]
fn what_is_too_long_to_be_compared_is_not_certain() {
    let all = |service: &str| -> Vec<String> {
        (0..100).map(|at| format!("s3:*{service}{at}")).collect()
    };
    let resources: Vec<String> = (0..80).map(|at| format!("*{at}")).collect();
    let resources: Vec<&str> = resources.iter().map(String::as_str).collect();
    let policy = |service: &str| {
        let actions = all(service);
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        let mut statement = allow(&actions, "*");
        statement.resources = patterns(&resources, false);
        named("p", vec![statement])
    };
    let judged = judge(&permissions(vec![policy("a")], Some(policy("b"))), USER);
    assert_eq!(judged.power, Power::Something);
    assert!(judged.is_too_long && !judged.is_certain, "{judged:?}");
    let judged = judge(&permissions(vec![policy("a")], None), USER);
    assert!(!judged.is_too_long && judged.is_certain, "{judged:?}");
}

#[test]
fn a_deny_of_another_account_takes_nothing_away() {
    let with = |account: Option<&str>, resource: &str| {
        let denied = statement(false, &["iam:*", "sts:*"], resource);
        let policy = named("p", vec![allow(&["iam:passrole", "s3:*"], "*"), denied]);
        let mut permissions = permissions(vec![policy], None);
        permissions.account = account.map(Into::into);
        tell(judge(&permissions, USER).power)
    };
    let own = Some("123456789012");
    for (account, resource, expected) in [
        (
            own,
            "arn:aws:iam::999999999999:role/*",
            "escalates iam:PassRole",
        ),
        (
            None,
            "arn:aws:iam::999999999999:role/*",
            "escalates iam:PassRole",
        ),
        (
            None,
            "arn:aws:iam::123456789012:role/*",
            "escalates iam:PassRole",
        ),
        (own, "arn:aws:iam::123456789012:role/*", "something"),
        (None, "arn:aws:iam::*:role/*", "something"),
    ] {
        assert_eq!(with(account, resource), expected, "{resource}");
    }
}

#[test]
fn roles_that_can_be_assumed_make_no_administrator() {
    let of = |statements| {
        let permissions = permissions(vec![named("p", statements)], None);
        let judged = judge(&permissions, USER);
        assert!(!judged.power.is_admin(), "{:?}", judged.power);
        judged.assumes_roles
    };
    let any = || allow(&["sts:assumerole"], "*");
    let deny_in = |resource| statement(false, &["sts:*"], resource);
    assert!(of(vec![any()]));
    assert!(of(vec![any(), allow(&["secretsmanager:*"], "*")]));
    assert!(of(vec![any(), deny_in("arn:aws:iam::123456789012:role/*")]));
    assert!(!of(vec![any(), deny_in("arn:aws:iam::*:role/*")]));
    assert!(!of(vec![allow(
        &["sts:assumerole"],
        "arn:aws:iam::210987654321:role/deploy"
    )]));
    assert!(!of(vec![allow(&["s3:*"], "*")]));
}

#[test]
fn an_administrator_under_conditions_is_told_from_one_without() {
    let told = |policies: Vec<Statement>| {
        let digest = Digest::of(
            &Policy {
                statements: policies,
            },
            None,
        );
        let grants = Grants {
            inline: [Some(digest)].into(),
            ..Grants::default()
        };
        Given::default()
            .told(&grants, USER)
            .map(|(power, is_conditional)| {
                assert!(power.is_admin(), "{power:?}");
                is_conditional
            })
    };
    let all = || allow(&["*"], "*");
    let attach = || allow(&["iam:attachuserpolicy"], "*");
    assert_eq!(told(vec![all()]), Some(false));
    assert_eq!(told(vec![conditional(all())]), Some(true));
    assert_eq!(told(vec![conditional(attach())]), Some(true));
    assert_eq!(told(vec![attach()]), Some(false));
    // The lesser of the two needs no condition.
    assert_eq!(told(vec![conditional(all()), attach()]), Some(false));
}

#[test]
fn a_boundary_that_is_not_known_is_said_not_to_be() {
    let admin = || named("Admins", vec![allow(&["*"], "*")]);
    let mut known = permissions(vec![admin()], None);
    assert!(judge(&known, USER).knows_boundary);
    known.missing = vec![Error {
        action: "iam:GetUser",
        kind: Kind::Denied,
        code: None,
        message: String::new(),
        request_id: None,
    }];
    assert!(!judge(&known, USER).knows_boundary);
    let mut odd = named("Odd", vec![]);
    odd.policy = Err("not JSON".into());
    assert!(!judge(&permissions(vec![admin()], Some(odd)), USER).knows_boundary);
    let limit = named("Limit", vec![allow(&["s3:*"], "*")]);
    assert!(judge(&permissions(vec![admin()], Some(limit)), USER).knows_boundary);
}

#[test]
fn what_a_quarantine_denies_is_told_as_what_comes_back_without_it() {
    let of_aws = |name: &str, actions: &[&str]| NamedPolicy {
        arn: Some(format!("arn:aws:iam::aws:policy/{name}").into()),
        ..named(name, vec![deny(actions)])
    };
    let quarantine = || of_aws("AWSCompromisedKeyQuarantineV3", &["iam:*"]);
    let judged = |policies| Judged::of(&permissions(policies, None), USER);
    let one = named("Own", vec![allow(&["iam:*", "ssm:Get*"], "*")]);
    let it = judged(vec![quarantine(), one.clone()]);
    assert_eq!(tell(it.now.power), "reads ssm:GetParameter");
    let without = it.unquarantined.expect("it denies the most");
    assert!(matches!(without.power, Power::Escalates(_)), "{without:?}");
    assert_eq!((without.by, it.now.by), (Some(1), Some(1)), "not itself");
    // It denies nothing that is allowed.
    let reads = named("Reads", vec![allow(&["s3:Get*"], "*")]);
    assert_eq!(judged(vec![reads, quarantine()]).unquarantined, None);
    // What a policy of one's own denies does not come back, whatever its name.
    let own = named("AWSCompromisedKeyQuarantineV3", vec![deny(&["iam:*"])]);
    assert_eq!(judged(vec![one.clone(), own]).unquarantined, None);
    assert_eq!(judged(vec![one]).unquarantined, None);
}

#[test]
fn a_judgement_says_by_what_and_how_sure_it_is() {
    let mut admin = named("Admins", vec![allow(&["*"], "*")]);
    admin.group = Some("ops".into());
    let reads = named("Reads", vec![allow(&["s3:Get*"], "*")]);
    let mut known = permissions(vec![reads.clone(), admin.clone()], None);
    let judged = judge(&known, USER);
    assert_eq!(judged.by, Some(1), "the administrator's");
    assert!(judged.is_certain && !judged.is_conditional && !judged.is_bounded);
    known.missing = vec![Error {
        action: "iam:ListUserPolicies",
        kind: Kind::Denied,
        code: None,
        message: String::new(),
        request_id: None,
    }];
    assert!(!judge(&known, USER).is_certain, "there may be more");
    let mut odd = named("Odd", vec![]);
    odd.policy = Err("not JSON".into());
    let unread = permissions(vec![odd.clone(), admin.clone()], None);
    assert!(!judge(&unread, USER).is_certain);
    assert_eq!(judge(&unread, USER).power, Power::Everything);
    let bounded = permissions(vec![admin], Some(odd));
    let judged = judge(&bounded, USER);
    assert!(judged.is_bounded && !judged.is_certain);
    // What is given without a condition is what is told.
    let sometimes = named("WithMfa", vec![conditional(allow(&["*"], "*"))]);
    let alone = permissions(vec![reads.clone(), sometimes.clone()], None);
    let judged = judge(&alone, USER);
    assert!(judged.is_conditional);
    assert_eq!(judged.by, Some(1));
    let nothing = permissions(vec![], None);
    assert_eq!(judge(&nothing, USER).by, None);
}

#[test]
fn a_hundred_statements_of_many_patterns_take_no_time() {
    let many: Vec<String> = (0..500).map(|at| format!("s3:*A{at}*")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let statements = (0..100).map(|_| allow(&many, "*"));
    let denies = (0..100).map(|_| deny(&many));
    let policy = named("p", statements.chain(denies).collect());
    let boundary = named("b", vec![allow(&many, "*")]);
    assert!(judge(&permissions(vec![policy], Some(boundary)), USER).power != Power::Everything);
}

#[test]
fn a_digest_is_small() {
    assert!(size_of::<Digest>() <= 72, "{}", size_of::<Digest>());
    assert_eq!(size_of::<Option<Power>>(), 2);
}

const ACTIONS: &[&str] = &[
    "*",
    "iam:*",
    "iam:attach*",
    "iam:attachuserpolicy",
    "iam:createaccesskey",
    "iam:deleteuserpermissionsboundary",
    "iam:deleteuserpolicy",
    "iam:passrole",
    "secretsmanager:*",
    "ssm:get*",
    "lambda:update*",
    "s3:*",
    "s3:get*",
    "sts:assumerole",
];

const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:iam::*:user/*",
    OWN,
    "arn:aws:iam::123456789012:user/bob",
    "arn:aws:iam::123456789012:user/alice",
    "arn:aws:iam::*:role/*",
    "arn:aws:iam::*:role/one",
];

/// All, or what does not concern the account.
const DENIED: &[&str] = &[
    "*",
    "*",
    "arn:aws:iam::999999999999:user/*",
    "arn:aws:iam::999999999999:role/*",
    "arn:aws:iam::999999999999:*",
];

/// Some of everything that a pattern can match: nothing that only some of them together match.
const THINGS: &[&str] = &[
    "user/bob",
    "user/alice",
    "user/zz",
    "role/one",
    "role/zz",
    "group/zz",
    "policy/zz",
    "function:zz",
    "instance/zz",
    "secret:zz",
    "parameter/zz",
    "bucket",
];

fn acts() -> Vec<String> {
    let fresh = [
        "zz:zz",
        "iam:zz",
        "iam:attachzz",
        "secretsmanager:zz",
        "ssm:getzz",
        "lambda:updatezz",
        "s3:zz",
        "s3:getzz",
    ];
    let markers = Marker::all().map(|marker| marker.action().to_ascii_lowercase());
    markers.chain(fresh.map(str::to_owned)).collect()
}

/// Whether a pattern matches, as slowly as that can be told.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((begin, rest)) => text
            .strip_prefix(begin)
            .is_some_and(|text| (0..=text.len()).any(|at| matches(rest, &text[at..]))),
    }
}

fn means(patterns: &Patterns, text: &str) -> bool {
    let mut any = patterns.any_of.iter();
    any.any(|pattern| matches(&pattern.replace("${aws:username}", USER), text)) != patterns.inverted
}

/// The ARN of a thing, in the service that has such.
fn arn(thing: &str) -> String {
    match thing {
        "bucket" => "arn:aws:s3:::bucket".into(),
        _ if thing.starts_with("secret") => {
            format!("arn:aws:secretsmanager:eu-west-1:123456789012:{thing}")
        }
        _ if thing.starts_with("function") => {
            format!("arn:aws:lambda:eu-west-1:123456789012:{thing}")
        }
        _ if thing.starts_with("instance") => {
            format!("arn:aws:ec2:eu-west-1:123456789012:{thing}")
        }
        _ if thing.starts_with("parameter") => {
            format!("arn:aws:ssm:eu-west-1:123456789012:{thing}")
        }
        _ => format!("arn:aws:iam::123456789012:{thing}"),
    }
}

/// A slow and obvious evaluator: one action, one resource.
fn is_allowed(
    policies: &[Policy],
    boundary: Option<&Policy>,
    (action, thing): (&str, &str),
    with_conditional: bool,
) -> bool {
    let arn = arn(thing);
    let about = |one: &&Statement| means(&one.actions, action) && means(&one.resources, &arn);
    let statements = || policies.iter().flat_map(|policy| &policy.statements);
    let counts = |one: &Statement| one.allows && (with_conditional || !one.is_conditional);
    let is_denied = |one: &Statement| !one.allows && !one.is_conditional;
    let limits = || boundary.into_iter().flat_map(|policy| &policy.statements);
    statements().filter(about).any(counts)
        && (boundary.is_none() || limits().filter(about).any(counts))
        && !statements().chain(limits()).filter(about).any(is_denied)
}

/// The action by which a user becomes powerful, or reads secrets.
fn first(
    policies: &[Policy],
    boundary: Option<&Policy>,
    good_for: marker::Use,
    with_conditional: bool,
) -> Option<Marker> {
    let on = |marker: Marker, thing: &str| {
        let action = marker.action().to_ascii_lowercase();
        is_allowed(policies, boundary, (&action, thing), with_conditional)
    };
    Marker::all()
        .filter(|marker| marker.good_for() == good_for)
        .find(|marker| {
            use marker::About;
            let any = |things: &[&str]| things.iter().any(|thing| on(*marker, thing));
            match marker.about() {
                About::User => any(&["user/alice", "user/zz"]),
                About::AnyUser => any(&["user/alice", "user/zz", "user/bob"]),
                About::OwnUser => any(&["user/bob"]),
                About::Boundary => boundary.is_some() && any(&["user/bob"]),
                About::Group => any(&["group/zz"]),
                About::Policy => any(&["policy/zz"]),
                About::Role => any(&["role/one", "role/zz"]),
                About::EveryRole | About::AnyRole => {
                    on(*marker, "role/one") && on(*marker, "role/zz")
                }
                About::EveryFunction => any(&["function:zz"]),
                About::EveryInstance => any(&["instance/zz"]),
                About::Secret => any(&["secret:zz"]),
                About::Parameter => any(&["parameter/zz"]),
            }
        })
}

fn some_statement(resources: &'static [&'static str]) -> impl Strategy<Value = Statement> {
    let actions = prop::collection::vec(prop::sample::select(ACTIONS), 1..3);
    let resource = prop::sample::select(resources);
    let denied = prop::sample::select(DENIED);
    let odds = (
        prop::bool::weighted(0.7),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.3),
    );
    let of = (odds, actions, resource, denied);
    of.prop_map(
        |((allows, inverted, is_conditional), actions, resource, denied)| {
            Statement {
                allows,
                actions: patterns(&actions, inverted),
                // What is denied of some resources only does not count, nor what another account has.
                resources: patterns(&[if allows { resource } else { denied }], false),
                is_conditional,
            }
        },
    )
}

fn some_policy() -> impl Strategy<Value = Policy> {
    let statements = prop::collection::vec(some_statement(RESOURCES), 0..4);
    statements.prop_map(|statements| Policy { statements })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn a_judgement_is_what_a_slow_evaluator_finds(
        policies in prop::collection::vec(some_policy(), 0..3),
        boundary in prop::option::weighted(0.4, some_policy()),
    ) {
        let limit = boundary.as_ref();
        let all = || policies.iter().chain(limit).flat_map(|policy| &policy.statements);
        let call = |policy: &Policy| named("p", policy.statements.clone());
        let permissions = permissions(policies.iter().map(call).collect(), limit.map(call));
        let judged = judge(&permissions, USER);
        let allowed = |action: &str, thing: &str| {
            is_allowed(&policies, limit, (action, thing), true)
        };
        let anything = acts().iter().any(|act| THINGS.iter().any(|thing| allowed(act, thing)));
        let says_everything = |policy: &Policy| policy.statements.iter().any(|one| {
            let every = |patterns: &Patterns| !patterns.inverted && patterns.any_of.contains(&"*".into());
            one.allows && every(&one.actions) && every(&one.resources)
        });
        let denies = all().any(|one| !one.allows && !one.is_conditional);
        let everything = policies.iter().any(says_everything)
            && limit.is_none_or(says_everything)
            && !denies;
        let found = |good_for| {
            let surely = first(&policies, limit, good_for, false);
            let maybe = first(&policies, limit, good_for, true).map(|marker| (marker, true));
            surely.map(|marker| (marker, false)).or(maybe)
        };
        let is_conditional = judged.is_conditional;
        // Whether some of the policies that deny can be deleted, and what is left makes powerful.
        let lifts = || {
            let says = |policy: &Policy, allows| {
                let counts = |one: &Statement| one.allows == allows && (allows || !one.is_conditional);
                policy.statements.iter().any(counts)
            };
            let can_go = |at: &usize| says(&policies[*at], false);
            allowed("iam:deleteuserpolicy", "user/bob")
                && (1_usize..1 << policies.len()).any(|gone| {
                    let goes = |at: &usize| gone >> at & 1 == 1;
                    let all = 0..policies.len();
                    let left: Vec<Policy> = all.clone().filter(|at| !goes(at)).map(|at| policies[at].clone()).collect();
                    // Of those that allow something, one at a time.
                    let mixed = all.clone().filter(|at| goes(at) && says(&policies[*at], true));
                    let admin = || {
                        let left_denies = left.iter().chain(limit).any(|policy| says(policy, false));
                        (left.iter().any(says_everything) && limit.is_none_or(says_everything) && !left_denies)
                            || first(&left, limit, marker::Use::Escalates, true).is_some()
                    };
                    all.clone().filter(goes).all(|at| can_go(&at)) && mixed.count() <= 1 && admin()
                })
        };
        match judged.power {
            Power::Everything => prop_assert!(everything),
            _ if everything => prop_assert!(false, "everything"),
            // All of them are inline policies of the user's own.
            Power::Escalates(marker) if marker.lifts_denies() => {
                prop_assert_eq!(found(marker::Use::Escalates), None);
                prop_assert_eq!(marker.action(), "iam:DeleteUserPolicy");
                prop_assert!(lifts());
            }
            Power::Escalates(marker) => {
                prop_assert_eq!(found(marker::Use::Escalates), Some((marker, is_conditional)));
            }
            _ if lifts() => prop_assert!(false, "takes away what is denied"),
            Power::TakesOver(marker) => {
                prop_assert_eq!(found(marker::Use::Escalates), None);
                prop_assert_eq!(found(marker::Use::TakesOver), Some((marker, is_conditional)));
            }
            Power::ReadsSecrets(marker) => {
                prop_assert_eq!((found(marker::Use::Escalates), found(marker::Use::TakesOver)), (None, None));
                prop_assert_eq!(found(marker::Use::ReadsSecrets), Some((marker, is_conditional)));
            }
            Power::Something => {
                for good_for in [marker::Use::Escalates, marker::Use::TakesOver, marker::Use::ReadsSecrets] {
                    prop_assert_eq!(found(good_for), None);
                }
                // What only several of them together deny is not seen to be, nor what a variable stands
                // for.
                let is_own = |one: &Statement| one.resources.any_of.contains(&OWN.into());
                let plain = all().all(|one| {
                    !one.actions.inverted && (limit.is_none() || !is_own(one))
                });
                prop_assert!(anything || !plain);
            }
            Power::Nothing => prop_assert!(!anything),
        }
        prop_assert_eq!(judged.by.is_none(), judged.power == Power::Nothing);
    }
}
