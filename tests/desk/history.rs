//! What CloudTrail and IAM tell of a made-up key: who uses it, and what it can do.

use super::now;
use chrono::TimeDelta;
use iamkeys::engine::{
    Answer, Error, Kind, Read,
    impact::{
        Made, NamedPolicy, Patterns, Permissions, Policy, ServiceUse, SessionOf, Statement,
        TrailEvent, TrailPage,
    },
};

/// The key that the history is about.
pub const KEY: &str = "AKIADEPLOY01EXAMPLE1";

/// The other key of its user.
pub const OTHER: &str = "AKIADEPLOY02EXAMPLE2";

/// A session of a role that it has made.
pub const SESSION: &str = "ASIADEPLOYROLE7EXAMP";

pub const CI: &str = "aws-cli/2.15.30 md/awscrt#0.19.19 ua/2.0 os/linux#6.5 lang/python#3.11.8 \
                      exec-env/GitHub_Actions cfg/retry-mode#standard";
pub const BOTO: &str = "Boto3/1.26.90 Python/3.8.10 Linux/4.14.255 Botocore/1.29.90";
pub const TERRAFORM: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.5.7 aws-sdk-go-v2/1.20.1";

/// An event of so many hours ago.
pub fn event(agent: &str, source: &str, action: &str, region: &str, hours: i64) -> TrailEvent {
    let (service, action) = action.split_once(':').unwrap_or(("s3", action));
    TrailEvent {
        id: format!("{region}-{action}-{source}-{hours}").into(),
        at: now() - TimeDelta::hours(hours),
        action: action.into(),
        service: service.into(),
        region: region.into(),
        agent: agent.into(),
        source: source.into(),
        vpc_endpoint: None,
        error: None,
        is_write: false,
        target: None,
        made: None,
    }
}

/// The error of a call.
pub fn refusal(action: &'static str, code: &str, kind: Kind) -> Error {
    Error {
        action,
        kind,
        code: Some(code.into()),
        message: "It was refused".into(),
        request_id: None,
    }
}

pub fn denied(action: &'static str) -> Error {
    refusal(action, "AccessDenied", Kind::Denied)
}

fn of_ci() -> Vec<TrailEvent> {
    let mut events: Vec<TrailEvent> = (0..45)
        .map(|at| {
            let action = [
                "s3:ListBuckets",
                "sts:GetCallerIdentity",
                "ecr:GetAuthorizationToken",
            ];
            let source = format!("20.57.44.{}", 10 + at % 7);
            let action = action[usize::try_from(at).unwrap() % 3];
            event(CI, &source, action, "us-east-1", 2 + at * 9)
        })
        .collect();
    let session = |key: &str, hours, of| {
        Some(Box::new(Made::Session {
            key: key.into(),
            until: Some(now() + TimeDelta::hours(hours)),
            of,
        }))
    };
    let mut role = event(CI, "20.57.44.10", "sts:AssumeRole", "us-east-1", 3);
    role.target = Some("deploy-role".into());
    role.made = session(
        SESSION,
        1,
        SessionOf::Role("arn:aws:iam::123456789012:role/deploy-role".into()),
    );
    events.push(role);
    let mut token = event(CI, "20.57.44.10", "sts:GetSessionToken", "us-east-1", 12);
    token.made = session("ASIADEPLOYTOKEN91ZDX", 14, SessionOf::User);
    events.push(token);
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    events
}

fn of_terraform() -> Vec<TrailEvent> {
    let calls = (0..11).map(|at| {
        let mut call = event(
            TERRAFORM,
            "84.112.9.17",
            "iam:GetRole",
            "us-east-1",
            1_464 + at,
        );
        call.error = (at < 9).then(|| "AccessDenied".into());
        call
    });
    calls.collect()
}

fn of_boto() -> Vec<TrailEvent> {
    let calls = (0..30).map(|at| {
        let action = ["sqs:GetQueueAttributes", "s3:ListBuckets"][usize::from(at % 3 == 2)];
        let mut call = event(BOTO, "10.4.12.9", action, "eu-west-1", 5 + at * 12);
        call.vpc_endpoint = Some("vpce-0a1b2c3d".into());
        call
    });
    calls.collect()
}

/// The page of a region: what the history of the key is, and an empty one of all else.
pub fn page(key: &str, region: &str, after: Option<&str>) -> TrailPage {
    let (events, next) = match (key, region, after) {
        (KEY, "us-east-1", None) => (of_ci(), Some("page-2".into())),
        (KEY, "us-east-1", Some("page-2")) => (of_terraform(), None),
        (KEY, "eu-west-1", None) => (of_boto(), None),
        (OTHER, "us-east-1", None) => (
            vec![event(CI, "20.57.44.12", "s3:ListBuckets", "us-east-1", 1)],
            None,
        ),
        (SESSION, "us-east-1", None) => (
            vec![event(CI, "20.57.44.10", "ecr:PutImage", "us-east-1", 2)],
            None,
        ),
        _ => (Vec::new(), None),
    };
    TrailPage {
        events,
        unreadable: 0,
        next,
    }
}

fn policy(name: &str, arn: Option<&str>, group: Option<&str>, document: &str) -> NamedPolicy {
    let all = || Patterns {
        any_of: vec!["*".into()],
        inverted: false,
    };
    NamedPolicy {
        name: name.into(),
        arn: arn.map(Box::from),
        group: group.map(Box::from),
        document: Some(document.into()),
        policy: Ok(Policy {
            statements: vec![Statement {
                allows: true,
                actions: all(),
                resources: all(),
                is_conditional: false,
            }],
        }),
    }
}

/// The policies of the user.
pub fn permissions() -> Permissions {
    let everything =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let arn = "arn:aws:iam::aws:policy/AdministratorAccess";
    Permissions {
        policies: vec![policy(
            "AdministratorAccess",
            Some(arn),
            Some("ops-admins"),
            everything,
        )],
        boundary: None,
        account: Some("123456789012".into()),
        groups: vec!["ops-admins".into()],
        missing: Vec::new(),
    }
}

/// The answer to what is asked about the key; `None` of what the account answers as ever. One region is
/// refused.
pub fn answer(read: &Read) -> Option<Result<Answer, Error>> {
    Some(Ok(match read {
        Read::Regions => {
            let regions = ["ap-south-1", "eu-west-1", "me-south-1", "us-east-1"];
            Answer::Regions(regions.map(Into::into).to_vec())
        }
        Read::TrailEvents(query) if &*query.region == "me-south-1" => {
            return Some(Err(denied("cloudtrail:LookupEvents")));
        }
        Read::TrailEvents(query) => {
            Answer::TrailEvents(page(&query.key, &query.region, query.after.as_deref()))
        }
        Read::WholeEvent(_, id) => {
            let event =
                format!(r#"{{"eventID":"{id}","eventName":"ListBuckets","readOnly":true}}"#);
            Answer::WholeEvent(Some(event.into()))
        }
        Read::Permissions(_) => Answer::Permissions(Box::new(permissions())),
        Read::ServicesUsed(_) => Answer::ServicesUsed(
            [("s3", 2), ("sts", 3), ("ecr", 80), ("iam", 1_464)]
                .map(|(service, hours)| ServiceUse {
                    service: service.into(),
                    last: Some(now() - TimeDelta::hours(hours)),
                    region: None,
                })
                .to_vec(),
        ),
        _ => return None,
    }))
}
