//! What a leaked key has done, of that what matters: the calls that changed something, the worst
//! first. The sorts of harm are those of AWS's own runbook for compromised credentials
//! (aws-customer-playbook-framework, "Compromised IAM Credentials").

use crate::engine::impact::{Made, TrailEvent, workload::is_refusal};
use chrono::{DateTime, Utc};
use std::{cmp::Reverse, collections::HashMap};

/// A sort of harm; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HarmKind {
    /// Users.
    Users,
    /// Access keys and other long-lived credentials.
    Keys,
    /// Passwords of the console, and MFA devices.
    LoginProfiles,
    /// Policies, groups and boundaries: what somebody may do.
    Policies,
    /// Roles and whom they trust, identity providers.
    Trust,
    /// What records or watches was switched off.
    Logging,
    /// Machines and code that runs.
    Instances,
    /// Mail and messages.
    Mail,
    /// Models.
    Models,
    /// Any other change.
    Other,
}

/// Calls of one sort, to the same thing and from the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harm<'a> {
    /// The sort.
    pub kind: HarmKind,
    /// The first of them.
    pub event: &'a TrailEvent,
    /// The session that has signed them; none where the key itself has.
    pub session: Option<&'a str>,
    /// How many there are.
    pub count: usize,
    /// When the last one was made.
    pub last: DateTime<Utc>,
}

impl HarmKind {
    /// What it is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Keys => "keys",
            Self::LoginProfiles => "passwords and MFA",
            Self::Policies => "permissions",
            Self::Trust => "roles and trust",
            Self::Logging => "logging off",
            Self::Instances => "machines and code",
            Self::Mail => "mail",
            Self::Models => "models",
            Self::Other => "other changes",
        }
    }

    /// The sort that an event is of; none where it changed nothing that is known of.
    #[must_use]
    pub fn of(event: &TrailEvent) -> Option<Self> {
        let known = match &*event.service {
            "iam" => of_iam(&event.action),
            "cloudtrail" | "guardduty" | "config" | "securityhub" | "access-analyzer"
            | "detective" | "macie2" => {
                let off = ["Stop", "Delete", "Disable", "Disassociate", "Update", "Put"];
                begins(&event.action, &off).then_some(Self::Logging)
            }
            "logs" => begins(&event.action, &["Delete", "PutRetention"]).then_some(Self::Logging),
            "ec2" => match &*event.action {
                "DeleteFlowLogs" => Some(Self::Logging),
                action => {
                    let runs = [
                        "RunInstances",
                        "RequestSpot",
                        "CreateFleet",
                        "StartInstances",
                        "CreateLaunchTemplate",
                        "CreateKeyPair",
                        "ImportKeyPair",
                        "AuthorizeSecurityGroup",
                        "ModifyInstanceAttribute",
                    ];
                    begins(action, &runs).then_some(Self::Instances)
                }
            },
            "ecs" | "eks" | "lambda" | "lightsail" | "autoscaling" | "batch" | "sagemaker"
            | "elasticmapreduce" | "codebuild" | "cloudformation" | "apprunner" | "ssm" => {
                let runs = [
                    "Run",
                    "Create",
                    "Start",
                    "Submit",
                    "Register",
                    "Update",
                    "Send",
                    "AddPermission",
                ];
                (event.is_write && begins(&event.action, &runs)).then_some(Self::Instances)
            }
            "ses" | "email" | "sesv2" | "sns" | "sms-voice" | "mobiletargeting" => {
                event.is_write.then_some(Self::Mail)
            }
            "bedrock" | "bedrock-runtime" => {
                let logging = event.action.contains("ModelInvocationLogging");
                let calls = ["Invoke", "Converse"];
                if logging && event.is_write {
                    Some(Self::Logging)
                } else {
                    (event.is_write || begins(&event.action, &calls)).then_some(Self::Models)
                }
            }
            "sso" | "rolesanywhere" | "identitystore" => event.is_write.then_some(Self::Trust),
            // That sessions are made is told apart.
            "sts" => return None,
            _ => None,
        };
        known.or_else(|| event.is_write.then_some(Self::Other))
    }
}

/// The code that a call of EC2 ends with that was a dry run and would have been allowed, with `Client.`
/// before it in the event history (EC2, "Error codes for the Amazon EC2 API").
const DRY_RUN: &str = "DryRunOperation";

fn begins(action: &str, starts: &[&str]) -> bool {
    starts.iter().any(|start| action.starts_with(start))
}

/// The sort of a call of IAM; none where it is no change that is known.
fn of_iam(action: &str) -> Option<HarmKind> {
    Some(match action {
        "CreateUser" => HarmKind::Users,
        "CreateAccessKey"
        | "UpdateAccessKey"
        | "CreateServiceSpecificCredential"
        | "ResetServiceSpecificCredential"
        | "UpdateServiceSpecificCredential"
        | "UploadSSHPublicKey"
        | "UploadSigningCertificate" => HarmKind::Keys,
        "CreateLoginProfile"
        | "UpdateLoginProfile"
        | "ChangePassword"
        | "CreateVirtualMFADevice"
        | "EnableMFADevice"
        | "DeactivateMFADevice"
        | "DeleteVirtualMFADevice" => HarmKind::LoginProfiles,
        "AddUserToGroup"
        | "CreatePolicy"
        | "CreatePolicyVersion"
        | "SetDefaultPolicyVersion"
        | "DeleteUserPermissionsBoundary"
        | "PutUserPermissionsBoundary" => HarmKind::Policies,
        "CreateRole"
        | "UpdateRole"
        | "UpdateAssumeRolePolicy"
        | "DeleteRolePermissionsBoundary"
        | "CreateInstanceProfile"
        | "AddRoleToInstanceProfile" => HarmKind::Trust,
        action if action.contains("SAMLProvider") || action.contains("OpenIDConnectProvider") => {
            let reads = begins(action, &["List", "Get"]);
            return (!reads).then_some(HarmKind::Trust);
        }
        action => {
            let changes = ["Attach", "Detach", "Put", "Delete"];
            let of_policy = begins(action, &changes) && action.ends_with("Policy");
            return of_policy.then_some(HarmKind::Policies);
        }
    })
}

/// The changes among the events of a key and of its sessions, the worst first: what was done before
/// what was denied or failed.
#[must_use]
pub fn harm_in<'a>(
    events: impl IntoIterator<Item = (Option<&'a str>, &'a TrailEvent)>,
) -> Vec<Harm<'a>> {
    let mut found: Vec<Harm<'a>> = Vec::new();
    let mut places = HashMap::new();
    for (session, event) in events {
        let Some(kind) = HarmKind::of(event) else {
            continue;
        };
        // Each key and each thing made stands for itself: what one call has made, others have not.
        let same = (
            (kind, &*event.action, &*event.service, session),
            (
                event.error.as_deref(),
                &*event.source,
                event.target.as_deref(),
            ),
            event.made.as_deref().map(thing),
        );
        let at = *places.entry(same).or_insert(found.len());
        match found.get_mut(at) {
            None => found.push(Harm {
                kind,
                event,
                session,
                count: 1,
                last: event.at,
            }),
            Some(harm) => {
                harm.count += 1;
                harm.last = harm.last.max(event.at);
                if event.at < harm.event.at {
                    harm.event = event;
                }
            }
        }
    }
    found.sort_by_key(|harm| (harm.has_failed(), harm.kind, Reverse(harm.last)));
    found
}

/// How a call has ended that ended with this code.
#[must_use]
pub fn ending(code: &str) -> String {
    if code.ends_with(DRY_RUN) {
        return format!("a dry run, allowed: {code}");
    }
    let ending = if is_refusal(code) { "denied" } else { "failed" };
    format!("{ending}: {code}")
}

/// The name or ID of what a call has made.
fn thing(made: &Made) -> &str {
    match made {
        Made::Key { key, .. } | Made::Session { key, .. } => key,
        Made::Thing(name) => name,
    }
}

impl Harm<'_> {
    /// Whether the calls ended with an error: nothing was changed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.event.error.is_some()
    }

    /// Whether they were refused, and did not fail in another way.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.event.is_denied()
    }

    /// What was made, or else what it was done to.
    #[must_use]
    pub fn thing(&self) -> Option<&str> {
        let made = self.event.made.as_deref().map(thing);
        made.or(self.event.target.as_deref())
    }

    /// The access key that was made, and its user.
    #[must_use]
    pub fn key(&self) -> Option<(&str, &str)> {
        match self.event.made.as_deref() {
            Some(Made::Key { key, user }) if !self.has_failed() => Some((key, user)),
            _ => None,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An event of this time (minutes after the epoch) that changed something.
    pub(in crate::engine::leak) fn event(at: i64, call: &str, error: Option<&str>) -> TrailEvent {
        let (service, action) = call.split_once(':').expect("service:Action");
        TrailEvent {
            id: format!("event-{at}").into(),
            at: DateTime::from_timestamp(at * 60, 0).expect("a time"),
            action: action.into(),
            service: service.into(),
            region: "us-east-1".into(),
            agent: "aws-cli/2.15.0".into(),
            source: "198.51.100.7".into(),
            vpc_endpoint: None,
            error: error.map(Into::into),
            is_write: !action.starts_with("Get") && !action.starts_with("List"),
            target: None,
            made: None,
        }
    }

    #[test]
    fn the_worst_comes_first_and_what_was_denied_last() {
        let events = [
            event(1, "s3:PutBucketPolicy", None),
            event(2, "ec2:RunInstances", None),
            event(3, "iam:CreateUser", Some("AccessDenied")),
            event(4, "cloudtrail:StopLogging", None),
            event(5, "iam:AttachUserPolicy", None),
            event(6, "iam:CreateUser", None),
            event(7, "iam:CreateLoginProfile", None),
            event(8, "iam:UpdateAssumeRolePolicy", None),
            event(9, "iam:CreateAccessKey", None),
            event(10, "ses:SendEmail", None),
            event(11, "bedrock:InvokeModel", None),
        ];
        let harm = harm_in(events.iter().map(|event| (None, event)));
        let order: Vec<_> = harm.iter().map(|harm| harm.kind).collect();
        assert_eq!(
            order,
            [
                HarmKind::Users,
                HarmKind::Keys,
                HarmKind::LoginProfiles,
                HarmKind::Policies,
                HarmKind::Trust,
                HarmKind::Logging,
                HarmKind::Instances,
                HarmKind::Mail,
                HarmKind::Models,
                HarmKind::Other,
                HarmKind::Users,
            ]
        );
        assert!(harm[10].is_denied());
    }

    #[test]
    fn only_a_refusal_is_called_denied() {
        for (code, expected) in [
            ("AccessDenied", "denied: AccessDenied"),
            (
                "Client.UnauthorizedOperation",
                "denied: Client.UnauthorizedOperation",
            ),
            ("NoSuchEntity", "failed: NoSuchEntity"),
            (
                "Client.DryRunOperation",
                "a dry run, allowed: Client.DryRunOperation",
            ),
        ] {
            assert_eq!(ending(code), expected);
            let event = event(1, "iam:CreateUser", Some(code));
            let harm = harm_in([(None, &event)]);
            assert!(harm[0].has_failed());
            assert_eq!(harm[0].is_denied(), expected.starts_with("denied"));
        }
    }

    #[test]
    fn what_only_looks_is_no_harm() {
        for call in [
            "iam:ListUsers",
            "iam:GetUser",
            "iam:ListSAMLProviders",
            "sts:GetSessionToken",
            "sts:AssumeRole",
            "sts:GetCallerIdentity",
            "ec2:GetConsoleOutput",
            "cloudtrail:ListTrails",
            "logs:GetLogEvents",
            "lambda:ListFunctions",
            "ses:GetSendQuota",
            "bedrock:ListFoundationModels",
            "sso:ListInstances",
        ] {
            assert_eq!(HarmKind::of(&event(0, call, None)), None, "{call}");
        }
    }

    #[test]
    fn the_same_again_is_counted_and_each_key_stands_for_itself() {
        let made = |at, key: &str| TrailEvent {
            made: Some(Box::new(Made::Key {
                key: key.into(),
                user: "backdoor".into(),
            })),
            ..event(at, "iam:CreateAccessKey", None)
        };
        let events = [
            event(9, "ec2:RunInstances", None),
            event(3, "ec2:RunInstances", None),
            event(5, "ec2:RunInstances", None),
            made(1, "AKIAFIRST001EXAMPLE1"),
            made(2, "AKIASECOND01EXAMPLE1"),
        ];
        let harm = harm_in(events.iter().map(|event| (None, event)));
        let keys: Vec<_> = harm.iter().filter_map(Harm::key).collect();
        assert_eq!(
            keys,
            [
                ("AKIASECOND01EXAMPLE1", "backdoor"),
                ("AKIAFIRST001EXAMPLE1", "backdoor")
            ]
        );
        let runs = &harm[2];
        assert_eq!((runs.count, &*runs.event.id), (3, "event-3"));
        assert_eq!(runs.last, events[0].at);
        // By a session it is another thing than by the key.
        let twice = [(None, &events[0]), (Some("ASIAX"), &events[0])];
        assert_eq!(harm_in(twice).len(), 2);
    }
}
