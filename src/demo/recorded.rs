//! A call as CloudTrail records it: the event that it gives back, and the JSON in it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::changes::Changed;
use super::fault::Payload;
use super::identifier::{self, KeyId, hash};
use super::store::Account;
use super::stories::{Begun, Happened};
use super::user::User;

/// Texts of this length are longer than any that a client means to send.
const LONG_AGENT: usize = 1100;

/// It has the form of a secret, and never was one.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// CloudTrail records no event that is larger.
const HUGE: usize = 250 * 1024;

/// What was called, by whom.
pub(super) struct Recorded<'a> {
    pub(super) id: String,
    pub(super) at: DateTime<Utc>,
    pub(super) service: &'a str,
    pub(super) action: &'a str,
    pub(super) region: &'a str,
    pub(super) agent: &'a str,
    pub(super) source: &'a str,
    pub(super) vpc_endpoint: Option<&'a str>,
    pub(super) error: Option<&'a str>,
    pub(super) request: Option<&'a Value>,
    pub(super) response: Option<Value>,
    pub(super) signed_by: KeyId,
    pub(super) user: &'a User,
    /// The role whose session has signed it.
    pub(super) role: Option<&'a str>,
    /// The session that has signed it.
    pub(super) session: Option<Begun>,
}

impl<'a> Recorded<'a> {
    pub(super) fn of(happened: &'a Happened, user: &'a User) -> Self {
        let signed_by = happened.signed_by();
        let session = happened.begun().filter(|begun| begun.key == signed_by);
        Self {
            id: happened.id(),
            at: happened.at,
            service: happened.service(),
            action: happened.action(),
            region: happened.region(),
            agent: happened.agent(),
            source: happened.source(),
            vpc_endpoint: happened.vpc_endpoint(),
            error: happened.error(),
            request: happened.request(),
            response: happened.response(),
            signed_by,
            user,
            role: happened.role(),
            session,
        }
    }

    /// A change that was made here.
    pub(super) fn of_change(changed: &'a Changed, user: &'a User) -> Self {
        Self {
            id: changed.id(),
            at: changed.at,
            service: changed.service,
            action: changed.action,
            region: &changed.region,
            agent: &changed.agent,
            source: Changed::source(),
            vpc_endpoint: None,
            error: changed.error.as_deref(),
            request: Some(&changed.request),
            response: changed.response.clone(),
            signed_by: changed.signed_by,
            user,
            role: None,
            session: None,
        }
    }

    /// Whether it has the value of an attribute that events are looked up by.
    pub(super) fn has(&self, attribute: &str, value: &str) -> bool {
        match attribute {
            "AccessKeyId" => self.signed_by == value,
            "EventId" => self.id == value,
            "EventName" => self.action == value,
            "EventSource" => self.source_name() == value,
            "ReadOnly" => self.is_read_only().to_string() == value,
            "Username" => *self.user.name == *value,
            resource => {
                let resources = self.resources();
                resources.iter().any(|it| it[resource] == value)
            }
        }
    }

    /// Whether the call cannot have changed anything, as CloudTrail sees it.
    pub(super) fn is_read_only(&self) -> bool {
        let reads = [
            "Get",
            "List",
            "Describe",
            "BatchGet",
            "Lookup",
            "AssumeRole",
        ];
        reads.iter().any(|start| self.action.starts_with(start))
    }

    pub(super) fn source_name(&self) -> String {
        format!("{}.amazonaws.com", self.service)
    }

    /// The event as `LookupEvents` gives it.
    pub(super) fn event(&self, account: &Account, odd: Option<Payload>) -> Value {
        if odd == Some(Payload::Bare) {
            return json!({ "CloudTrailEvent": "{}" });
        }
        let payload = match odd {
            Some(Payload::Text) => "<html>no event</html>".to_owned(),
            Some(Payload::Nested) => format!("{}{}", "[".repeat(5000), "]".repeat(5000)),
            _ => self.payload(account, odd).to_string(),
        };
        json!({
            "EventId": self.id,
            "EventName": self.action,
            "ReadOnly": self.is_read_only().to_string(),
            "AccessKeyId": self.signed_by.as_str(),
            "EventTime": self.at.timestamp(),
            "EventSource": self.source_name(),
            "Username": &*self.user.name,
            "Resources": self.resources(),
            "CloudTrailEvent": payload,
        })
    }

    /// What it was about, as far as look-ups know it.
    pub(super) fn resources(&self) -> Vec<Value> {
        let named = |param: &str, kind: &str| {
            let name = self.request?.get(param)?.as_str()?;
            Some(json!({ "ResourceType": kind, "ResourceName": name }))
        };
        let kinds = [
            ("userName", "AWS::IAM::User"),
            ("roleArn", "AWS::IAM::Role"),
            ("policyArn", "AWS::IAM::Policy"),
            ("bucketName", "AWS::S3::Bucket"),
            ("name", "AWS::CloudTrail::Trail"),
        ];
        let named = kinds
            .into_iter()
            .filter_map(|(param, kind)| named(param, kind));
        named.collect()
    }

    /// The event as a trail has it.
    fn payload(&self, account: &Account, odd: Option<Payload>) -> Value {
        let time = self.at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let agent = match odd {
            Some(Payload::Controls) => "evil\u{1b}[2J\u{7}\r\nagent\u{0}\u{202e}/1.0".to_owned(),
            Some(Payload::Agent) => format!("{}/1.0", "long-agent ".repeat(LONG_AGENT / 11)),
            Some(Payload::Secret) => format!("deploy/{SECRET}"),
            _ => self.agent.to_owned(),
        };
        let mut event = json!({
            "eventVersion": "1.11",
            "userIdentity": self.identity(account),
            "eventTime": time,
            "eventSource": self.source_name(),
            "eventName": self.action,
            "awsRegion": self.region,
            "sourceIPAddress": self.source,
            "userAgent": agent,
            "requestParameters": self.request,
            "responseElements": self.response,
            "requestID": identifier::request_id(hash(&self.id)),
            "eventID": self.id,
            "readOnly": self.is_read_only(),
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": account.id(),
            "eventCategory": "Management",
            "tlsDetails": {
                "tlsVersion": "TLSv1.3",
                "cipherSuite": "TLS_AES_128_GCM_SHA256",
                "clientProvidedHostHeader":
                    format!("{}.{}.amazonaws.com", self.service, self.region),
            },
        });
        if let Some(code) = self.error {
            event["errorCode"] = code.into();
            let (user, action) = (account.arn(self.user), self.action);
            let message = format!(
                "User: {user} is not authorized to perform: {}:{action} on resource: * with an \
                 explicit deny in an identity-based policy",
                self.service
            );
            event["errorMessage"] = message.into();
        }
        if let Some(endpoint) = self.vpc_endpoint {
            event["vpcEndpointId"] = endpoint.into();
        }
        match odd {
            Some(Payload::Controls) => {
                event["sourceIPAddress"] = "203.0.113.9\u{9b}31m\n".into();
                event["requestParameters"] = json!({ "userName": "bob\u{1b}]0;owned\u{7}" });
            }
            Some(Payload::Secret) => {
                event["requestParameters"] = json!({ "userName": SECRET, "note": SECRET });
            }
            Some(Payload::Huge) => {
                event["requestParameters"] = json!({ "policyDocument": "x ".repeat(HUGE / 2) });
            }
            _ => {}
        }
        event
    }

    fn identity(&self, account: &Account) -> Value {
        let id = account.id();
        let mut identity = Map::new();
        let mut set = |name: &str, value: Value| {
            identity.insert(name.to_owned(), value);
        };
        set("accountId", id.into());
        set("accessKeyId", self.signed_by.as_str().into());
        match self.role {
            Some(role) => {
                let name = role.rsplit('/').next().unwrap_or_default();
                let arn = format!("arn:aws:sts::{id}:assumed-role/{name}/session");
                set("type", "AssumedRole".into());
                set("principalId", identifier::role_id(role).into());
                set("arn", arn.into());
            }
            None => {
                set("type", "IAMUser".into());
                set("principalId", self.user.id().into());
                set("arn", account.arn(self.user).into());
                set("userName", (&*self.user.name).into());
            }
        }
        if self.session.is_some() {
            let attributes = json!({ "attributes": { "mfaAuthenticated": "false" } });
            set("sessionContext", attributes);
        }
        Value::Object(identity)
    }
}
