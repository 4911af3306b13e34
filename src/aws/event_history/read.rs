//! What is kept of an event: who called what from where, and what it gave or made. The JSON that it comes
//! with may be 256 kB long, and says most things that a person looks for only once: it can be asked for.

use super::{secrets::without, texts::Texts};
use crate::engine::impact::{Made, SessionOf, TrailEvent};
use aws_sdk_cloudtrail::types::Event;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde_json::Value;
use std::{fmt::Write as _, sync::Arc};

/// The most of what a client says of itself.
const AGENT: usize = 1024;

/// The most of all other texts: ARNs have up to 2,048 characters, and hardly any has half of it.
const TEXT: usize = 1024;

/// The most of an ID or a name.
const NAME: usize = 256;

/// Before this there was no AWS that an event could be of: 2006.
const FIRST: i64 = 1_136_073_600;

/// So far ahead may clocks be.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// A session lasts for 36 hours at most (STS API reference, `GetSessionToken`).
const LONGEST: TimeDelta = TimeDelta::days(2);

/// How many of several things are named.
const THINGS: usize = 5;

/// The parameters that name what a call is about, the first of them first.
const TARGETS: [&str; 40] = [
    "accessKeyId",
    "userName",
    "roleName",
    "roleArn",
    "groupName",
    "policyArn",
    "policyName",
    "instanceProfileName",
    "serialNumber",
    "bucketName",
    "functionName",
    "trailName",
    "secretId",
    "keyId",
    "modelId",
    "stackName",
    "queueUrl",
    "queueName",
    "topicArn",
    "tableName",
    "repositoryName",
    "clusterName",
    "cluster",
    "logGroupName",
    "vaultName",
    "backupVaultName",
    "domain",
    "detectorId",
    "distributionId",
    "dBInstanceIdentifier",
    "clusterIdentifier",
    "instanceId",
    "groupId",
    "sourceArn",
    "resourceArn",
    "target",
    "arn",
    "name",
    "id",
    "instanceType",
];

/// What some parameters list: `{"instancesSet": {"items": [{"instanceId": …}]}}`.
const LISTED: [(&str, &str); 3] = [
    ("instancesSet", "instanceId"),
    ("resourcesSet", "resourceId"),
    ("instancesSet", "imageId"),
];

/// The event as the engine has it, without what is secret in it. `None` where it is not JSON, or has no
/// name or no time that can be.
pub(super) fn event(
    event: &Event,
    region: &Arc<str>,
    now: DateTime<Utc>,
    texts: &mut Texts,
) -> Option<TrailEvent> {
    let payload = event.cloud_trail_event.as_deref()?;
    let payload: Value = serde_json::from_str(payload).ok()?;
    let payload = Payload(payload.as_object().is_some().then_some(&payload)?);
    let action = event.event_name.as_deref().or(payload.text("eventName"))?;
    let at = match &event.event_time {
        Some(time) => DateTime::from_timestamp(time.secs(), 0)?,
        None => read_time(payload.0.get("eventTime")?)?,
    };
    let at = Some(at).filter(|at| is_possible(*at, now))?;
    let id = event.event_id.as_deref().or(payload.text("eventID"));
    let source = event.event_source.as_deref();
    let source = source.or(payload.text("eventSource")).unwrap_or_default();
    let service = source.strip_suffix(".amazonaws.com").unwrap_or(source);
    let error = payload.text("errorCode").filter(|code| !code.is_empty());
    let told = event
        .read_only
        .as_deref()
        .and_then(|text| text.parse().ok());
    let told = told.or(payload.0["readOnly"].as_bool());
    let reads_only = told.unwrap_or_else(|| seems_to_read(action));
    let made = error
        .is_none()
        .then(|| made(action, payload, now))
        .flatten();
    let parameters = &payload.0["requestParameters"];
    let target = policy_change(action, parameters).or_else(|| target(parameters));
    let mut text = |text: &str, most| texts.share(&without(text), most);
    let called = payload.text("awsRegion").filter(|name| !name.is_empty());
    Some(TrailEvent {
        id: cut(id.unwrap_or_default()),
        at,
        action: text(action, NAME),
        service: text(service, NAME),
        region: called.map_or_else(|| region.clone(), |called| text(called, NAME)),
        agent: text(payload.text("userAgent").unwrap_or_default(), AGENT),
        source: text(payload.text("sourceIPAddress").unwrap_or_default(), NAME),
        vpc_endpoint: payload.text("vpcEndpointId").map(|id| text(id, NAME)),
        error: error.map(|code| text(code, NAME)),
        is_write: !reads_only,
        target: target.map(|target| text(&target, TEXT)),
        made: made.map(Box::new),
    })
}

/// An event's JSON, where members may be missing or of another kind.
#[derive(Clone, Copy)]
struct Payload<'a>(&'a Value);

impl<'a> Payload<'a> {
    fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    /// A text further inside: `/responseElements/accessKey/accessKeyId`.
    fn at(self, path: &str) -> Option<&'a str> {
        let text = self.0.pointer(path)?.as_str();
        text.filter(|text| !text.is_empty())
    }
}

/// Whether anything can have been at a time, as far as is known now.
fn is_possible(time: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    time.timestamp() >= FIRST && time - now <= AHEAD
}

/// A text without what is secret in it, as far as it is kept: what would be cut off may be what tells.
fn cut(text: &str) -> Box<str> {
    let text = without(text);
    text[..text.floor_char_boundary(NAME)].into()
}

/// Whether an action of which nothing is told reads, by its name.
fn seems_to_read(action: &str) -> bool {
    let verbs = ["Get", "List", "Describe", "Head", "Lookup", "BatchGet"];
    verbs.iter().any(|verb| action.starts_with(verb))
}

/// What a call was about.
fn target(parameters: &Value) -> Option<String> {
    let text = |name: &&str| {
        let text = parameters.get(*name)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    let listed = |(list, member): &(&str, &str)| listed(parameters, list, member);
    let lists = || LISTED.iter().find_map(listed);
    // What kind of machine says less than which.
    let (last, first) = TARGETS.split_last()?;
    first
        .iter()
        .find_map(text)
        .or_else(lists)
        .or_else(|| text(last))
}

/// What a call was about that gives or takes a policy, or a place in a group: which, and whose.
fn policy_change(action: &str, parameters: &Value) -> Option<String> {
    let text = |name: &str| {
        let text = parameters.get(name)?.as_str()?;
        (!text.is_empty()).then_some(text)
    };
    let (what, whom) = match action {
        "AddUserToGroup" | "RemoveUserFromGroup" => {
            let to = if action.starts_with("Add") {
                "to"
            } else {
                "from"
            };
            let user = format!("user {}", text("userName")?);
            return Some(format!("{user} {to} group {}", text("groupName")?));
        }
        "PutUserPermissionsBoundary" => (text("permissionsBoundary"), "User"),
        "PutRolePermissionsBoundary" => (text("permissionsBoundary"), "Role"),
        _ => {
            let of = action.strip_suffix("Policy")?;
            let whom = ["User", "Role", "Group"];
            let whom = whom.into_iter().find(|whom| of.ends_with(whom))?;
            (text("policyArn").or(text("policyName")), whom)
        }
    };
    let by = match action {
        _ if action.starts_with("Attach") => "to",
        _ if action.starts_with("Detach") => "from",
        _ => "of",
    };
    let whom = whom.to_ascii_lowercase();
    let name = text(&format!("{whom}Name"))?;
    Some(format!("{} {by} {whom} {name}", what?))
}

/// The members of a list's items, a few of them.
fn listed(parameters: &Value, list: &str, member: &str) -> Option<String> {
    let items = parameters.get(list)?.get("items")?.as_array()?;
    let mut named = items.iter().filter_map(|item| item.get(member)?.as_str());
    let few: Vec<String> = named.by_ref().take(THINGS).map(short).collect();
    let more = named.count();
    let mut text = few.join(", ");
    if more > 0 {
        // A text takes all that is written.
        let _ = write!(text, " and {more} more");
    }
    (!text.is_empty()).then_some(text)
}

fn short(text: &str) -> String {
    let text = without(text);
    text[..text.floor_char_boundary(NAME / 4)].to_owned()
}

/// What a call that succeeded gave or made.
fn made(action: &str, payload: Payload<'_>, now: DateTime<Utc>) -> Option<Made> {
    let response = |path: &str| payload.at(&format!("/responseElements/{path}"));
    let request = |name: &str| payload.at(&format!("/requestParameters/{name}"));
    let session = |of| {
        let until = payload
            .0
            .pointer("/responseElements/credentials/expiration");
        Some(Made::Session {
            key: cut(response("credentials/accessKeyId")?),
            until: until
                .and_then(read_time)
                .filter(|until| is_possible(*until, now + LONGEST)),
            of,
        })
    };
    let thing = |name: Option<&str>| Some(Made::Thing(cut(name?)));
    match action {
        "GetSessionToken" => session(SessionOf::User),
        "GetFederationToken" => session(SessionOf::Federated(cut(
            request("name").unwrap_or_default()
        ))),
        "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity" => {
            let role = request("roleArn").or(response("assumedRoleUser/arn"));
            session(SessionOf::Role(cut(role.unwrap_or_default())))
        }
        "AssumeRoot" => session(SessionOf::Role(cut(
            request("targetPrincipal").unwrap_or_default()
        ))),
        "CreateAccessKey" => {
            let user = response("accessKey/userName").or(request("userName"));
            Some(Made::Key {
                key: cut(response("accessKey/accessKeyId")?),
                user: cut(user.unwrap_or_default()),
            })
        }
        "CreateUser" => thing(response("user/userName").or(request("userName"))),
        "CreateLoginProfile" => thing(response("loginProfile/userName").or(request("userName"))),
        "CreateGroup" => thing(response("group/groupName").or(request("groupName"))),
        "CreateRole" => thing(response("role/roleName").or(request("roleName"))),
        "CreatePolicy" => thing(response("policy/arn").or(request("policyName"))),
        "CreateInstanceProfile" => thing(request("instanceProfileName")),
        "CreateVirtualMFADevice" => thing(response("virtualMFADevice/serialNumber")),
        "CreateServiceSpecificCredential" => thing(response(
            "serviceSpecificCredential/serviceSpecificCredentialId",
        )),
        "UploadSSHPublicKey" => thing(response("sSHPublicKey/sSHPublicKeyId")),
        "UploadSigningCertificate" => thing(response("certificate/certificateId")),
        "CreateSAMLProvider" => thing(response("sAMLProviderArn")),
        "CreateOpenIDConnectProvider" => thing(response("openIDConnectProviderArn")),
        "RunInstances" => {
            let made = payload.0.get("responseElements")?;
            thing(listed(made, "instancesSet", "instanceId").as_deref())
        }
        "CreateKeyPair" | "ImportKeyPair" => thing(response("keyName").or(request("keyName"))),
        "CreateBucket" => thing(request("bucketName")),
        "CreateTrail" => thing(response("trailARN").or(request("name"))),
        "CreateSecret" => thing(response("arn").or(request("name"))),
        "CreateStack" => thing(response("stackId").or(request("stackName"))),
        "CreateCluster" => thing(request("clusterName").or(request("name"))),
        "RegisterTaskDefinition" => {
            thing(response("taskDefinition/taskDefinitionArn").or(request("family")))
        }
        "VerifyEmailIdentity" => thing(request("emailAddress")),
        "CreateEmailIdentity" => thing(request("emailIdentity")),
        // They have the date of their version in their names: `CreateFunction20150331`.
        action if action.starts_with("CreateFunction") => {
            thing(response("functionArn").or(request("functionName")))
        }
        _ => None,
    }
}

/// A time as an event has it: `2026-11-30T15:10:00Z`, or `Nov 30, 2026, 3:10:00 PM` with or without the
/// second comma and with spaces of several kinds: CloudTrail writes down what a service's own library
/// makes of a time.
fn read_time(value: &Value) -> Option<DateTime<Utc>> {
    if let Some(seconds) = value.as_i64() {
        // Some count in milliseconds.
        let seconds = if seconds > 100_000_000_000 {
            seconds / 1000
        } else {
            seconds
        };
        return DateTime::from_timestamp(seconds, 0);
    }
    let text = value.as_str().filter(|text| text.len() < NAME)?;
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let formats = ["%b %d, %Y, %I:%M:%S %p", "%b %d, %Y %I:%M:%S %p"];
    let mut read = formats
        .iter()
        .map(|format| NaiveDateTime::parse_from_str(&text, format));
    Some(read.find_map(Result::ok)?.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudtrail::primitives::DateTime as SdkTime;
    use serde_json::json;

    fn read(name: &str, payload: &Value) -> Option<TrailEvent> {
        let sdk = Event::builder()
            .event_id("11111111-2222-4333-8444-555555555555")
            .event_name(name)
            .event_time(SdkTime::from_secs(1_795_000_000))
            .cloud_trail_event(payload.to_string())
            .build();
        event(&sdk, &"us-east-1".into(), now(), &mut Texts::default())
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_796_100_000, 0).unwrap()
    }

    fn made_by(name: &str, request: &Value, response: &Value) -> Option<Made> {
        let payload = json!({ "requestParameters": request, "responseElements": response });
        read(name, &payload).unwrap().made.map(|made| *made)
    }

    #[test]
    fn times_are_read_in_all_ways_that_events_have_them() {
        let expected = DateTime::parse_from_rfc3339("2026-11-30T15:10:05Z").ok();
        let expected = expected.map(|time| time.to_utc());
        for text in [
            "2026-11-30T15:10:05Z",
            "Nov 30, 2026, 3:10:05 PM",
            "Nov 30, 2026 3:10:05 PM",
            "Nov 30, 2026, 3:10:05\u{202f}PM",
        ] {
            assert_eq!(read_time(&text.into()), expected, "{text}");
        }
        assert_eq!(read_time(&1_796_051_405.into()), expected);
        assert_eq!(read_time(&1_796_051_405_000_i64.into()), expected);
        for none in [
            json!("soon"),
            json!(null),
            json!("9".repeat(9999)),
            json!(i64::MAX),
        ] {
            assert_eq!(read_time(&none), None);
        }
    }

    #[test]
    fn sessions_keys_and_things_that_were_made_are_found() {
        let credentials = json!({
            "accessKeyId": "ASIAQX7DEMO400000001",
            "expiration": "Nov 30, 2026, 3:10:05 PM",
        });
        let response = json!({ "credentials": credentials });
        let role = "arn:aws:iam::123456789012:role/deploy-role";
        let request = json!({ "roleArn": role, "name": "svc" });
        for (action, expected) in [
            ("GetSessionToken", SessionOf::User),
            ("GetFederationToken", SessionOf::Federated("svc".into())),
            ("AssumeRole", SessionOf::Role(role.into())),
        ] {
            let Some(Made::Session { key, until, of }) = made_by(action, &request, &response)
            else {
                panic!("{action} makes a session");
            };
            assert_eq!((&*key, of), ("ASIAQX7DEMO400000001", expected));
            assert_eq!(until.unwrap().timestamp(), 1_796_051_405);
        }
        let key = json!({ "accessKey": { "accessKeyId": "AKIAQX7DEMO400000001" } });
        let expected = Made::Key {
            key: "AKIAQX7DEMO400000001".into(),
            user: "eve".into(),
        };
        let user = json!({ "userName": "eve" });
        assert_eq!(made_by("CreateAccessKey", &user, &key), Some(expected));
        let instance = |id: usize| json!({ "instanceId": format!("i-{id}") });
        let instances: Vec<Value> = (0..7).map(instance).collect();
        let instances = json!({ "instancesSet": { "items": instances } });
        let many = "i-0, i-1, i-2, i-3, i-4 and 2 more";
        for (action, response, expected) in [
            ("CreateUser", json!(null), "eve"),
            ("CreateLoginProfile", json!({}), "eve"),
            ("RunInstances", instances, many),
            ("CreateFunction20150331", json!({ "functionArn": "f" }), "f"),
        ] {
            let made = made_by(action, &user, &response);
            assert_eq!(made, Some(Made::Thing(expected.into())), "{action}");
        }
        // Without what was made, and where nothing was.
        assert_eq!(made_by("CreateAccessKey", &user, &json!(null)), None);
        let denied = json!({ "errorCode": "AccessDenied", "requestParameters": user });
        let denied = read("CreateUser", &denied).unwrap();
        assert_eq!(
            (denied.made, denied.error.as_deref()),
            (None, Some("AccessDenied"))
        );
        assert_eq!(denied.target.as_deref(), Some("eve"));
    }

    #[test]
    fn a_change_of_policies_names_the_policy_and_whose_it_is() {
        let arn = "arn:aws:iam::aws:policy/AdministratorAccess";
        for (action, parameters, expected) in [
            (
                "AttachUserPolicy",
                json!({ "userName": "eve", "policyArn": arn }),
                "arn:aws:iam::aws:policy/AdministratorAccess to user eve",
            ),
            (
                "DetachRolePolicy",
                json!({ "roleName": "deploy", "policyArn": arn }),
                "arn:aws:iam::aws:policy/AdministratorAccess from role deploy",
            ),
            (
                "AttachGroupPolicy",
                json!({ "groupName": "all", "policyArn": arn }),
                "arn:aws:iam::aws:policy/AdministratorAccess to group all",
            ),
            (
                "PutUserPolicy",
                json!({ "userName": "eve", "policyName": "p", "policyDocument": "{}" }),
                "p of user eve",
            ),
            (
                "DeleteGroupPolicy",
                json!({ "groupName": "all", "policyName": "p" }),
                "p of group all",
            ),
            (
                "AddUserToGroup",
                json!({ "groupName": "all", "userName": "eve" }),
                "user eve to group all",
            ),
            // What is not named is not made up.
            ("AttachUserPolicy", json!({ "userName": "eve" }), "eve"),
            ("PutRolePolicy", json!({ "policyName": "p" }), "p"),
            ("CreatePolicy", json!({ "policyName": "p" }), "p"),
        ] {
            let payload = json!({ "requestParameters": parameters });
            let event = read(action, &payload).unwrap();
            assert_eq!(event.target.as_deref(), Some(expected), "{action}");
        }
    }

    #[test]
    fn an_event_may_lack_all_but_its_name_and_time() {
        let event = read("PutObject", &json!({})).unwrap();
        assert_eq!(
            (&*event.action, &*event.service, &*event.region),
            ("PutObject", "", "us-east-1")
        );
        assert!(event.is_write && event.agent.is_empty() && event.source.is_empty());
        assert!(!read("GetObject", &json!({})).unwrap().is_write);
        let bare = Event::builder().cloud_trail_event("{}").build();
        let mut texts = Texts::default();
        assert!(super::event(&bare, &"us-east-1".into(), now(), &mut texts).is_none());
        // What is beside it may be missing, if it is inside.
        let inside = json!({ "eventName": "PutObject", "eventTime": "2026-11-30T15:10:05Z" });
        let inside = Event::builder()
            .cloud_trail_event(inside.to_string())
            .build();
        let inside = super::event(&inside, &"us-east-1".into(), now(), &mut texts).unwrap();
        assert_eq!((&*inside.id, inside.at.timestamp()), ("", 1_796_051_405));
    }

    #[test]
    fn members_of_other_kinds_are_passed_over() {
        for odd in [
            json!(7),
            json!([{}]),
            json!({ "items": 3 }),
            json!(null),
            json!("text"),
        ] {
            let payload = json!({
                "userAgent": odd, "sourceIPAddress": odd, "awsRegion": odd, "errorCode": odd,
                "requestParameters": odd, "responseElements": odd, "readOnly": odd,
                "vpcEndpointId": odd,
            });
            let read = read("RunInstances", &payload);
            assert!(read.is_some(), "{odd}");
            let inner = json!({
                "requestParameters": { "userName": odd, "instancesSet": odd },
                "responseElements": { "instancesSet": odd, "credentials": odd },
            });
            assert!(self::read("RunInstances", &inner).unwrap().made.is_none());
        }
        for payload in ["", "[]", "7", "null", "{\"a\":", &"[".repeat(5000)] {
            let sdk = Event::builder()
                .event_name("x")
                .event_time(SdkTime::from_secs(0))
                .cloud_trail_event(payload)
                .build();
            let mut texts = Texts::default();
            assert!(event(&sdk, &"us-east-1".into(), now(), &mut texts).is_none());
        }
    }

    #[test]
    fn times_that_cannot_be_are_no_times() {
        let day = 86_400;
        for (ahead, is_read) in [
            (-20 * 365 * day, true),
            (-30 * 365 * day, false),
            (day, true),
            (day + 1, false),
            (8_210_266_876_799 - now().timestamp(), false),
            (-8_334_601_228_800 - now().timestamp(), false),
        ] {
            let at = now().timestamp() + ahead;
            let inside = json!({ "eventName": "x", "eventTime": at });
            let outside = Event::builder()
                .event_name("x")
                .event_time(SdkTime::from_secs(at));
            let inside = Event::builder().cloud_trail_event(inside.to_string());
            let outside = outside.cloud_trail_event("{}");
            for sdk in [inside.build(), outside.build()] {
                let read = event(&sdk, &"us-east-1".into(), now(), &mut Texts::default());
                // What counts in milliseconds is no second of the same number.
                let is_read = is_read && read.as_ref().is_none_or(|it| it.at.timestamp() == at);
                assert_eq!(read.is_some(), is_read, "{ahead}");
            }
        }
        for (until, expected) in [
            (json!(now().timestamp() + 36 * 3600), Some(36 * 3600)),
            (json!(now().timestamp() + 4 * day), None),
            (json!("+262142-01-01T00:00:00Z"), None),
            (json!("1970-01-01T00:00:00Z"), None),
        ] {
            let credentials = json!({ "accessKeyId": "ASIAQX7DEMO400000001", "expiration": until });
            let response = json!({ "credentials": credentials });
            let made = made_by("GetSessionToken", &json!({}), &response);
            let Some(Made::Session { until, .. }) = made else {
                panic!("{made:?}");
            };
            let left = until.map(|until| (until - now()).num_seconds());
            assert_eq!(left, expected);
        }
    }

    #[test]
    fn no_secret_is_kept_of_any_text() {
        const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let token = format!("IQoJb3JpZ2luX2VjE{}", "a1B2+/".repeat(9));
        for secret in [SECRET, &token] {
            // Where it is cut, no half of it stays.
            for before in [
                "",
                "tool/",
                &"-".repeat(NAME - 20),
                &"-".repeat(NAME / 4 - 20),
            ] {
                let text = format!("{before}{secret} v1");
                let item = json!({ "instanceId": text });
                let credentials = json!({ "accessKeyId": text });
                for (action, target) in [("AssumeRole", "roleArn"), ("CreateUser", "userName")] {
                    let payload = json!({
                        "userAgent": text, "sourceIPAddress": text, "errorCode": null,
                        "awsRegion": text, "vpcEndpointId": text, "eventSource": text,
                        "requestParameters": { target: text },
                        "responseElements": { "credentials": credentials },
                    });
                    let event = read(action, &payload).unwrap();
                    let kept = format!("{event:?}");
                    assert!(event.made.is_some());
                    assert!(!kept.contains(&secret[..12]), "{kept}");
                    assert!(kept.contains("[redacted]"), "{kept}");
                }
                let listed = json!({ "instancesSet": { "items": [item, item] } });
                let payload = json!({
                    "errorCode": text, "requestParameters": listed,
                    "eventID": text,
                });
                let sdk = Event::builder()
                    .event_name(&text)
                    .event_time(SdkTime::from_secs(1_795_000_000))
                    .cloud_trail_event(payload.to_string())
                    .build();
                let event = event(&sdk, &"us-east-1".into(), now(), &mut Texts::default());
                let kept = format!("{:?}", event.unwrap());
                assert!(!kept.contains(&secret[..12]), "{kept}");
            }
        }
    }

    #[test]
    fn long_texts_are_cut() {
        let long = "é".repeat(5000);
        let payload = json!({
            "userAgent": long, "sourceIPAddress": long, "errorCode": long, "awsRegion": long,
            "requestParameters": { "userName": long },
        });
        let event = read(&long, &payload).unwrap();
        assert_eq!(event.agent.len(), AGENT);
        for text in [&event.action, &event.source, &event.region] {
            assert_eq!(text.len(), NAME);
        }
        assert_eq!(event.target.unwrap().len(), TEXT);
    }
}
