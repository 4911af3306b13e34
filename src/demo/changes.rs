//! What users change here, kept for the history of calls. What is only read would soon be all that there
//! is: the program asks for a whole account.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::identifier::{KeyId, hash, mix};
use super::query::Params;
use super::stories::{self, rest_of_id};

/// No more are kept.
const MOST: usize = 1000;

/// Where all of them come from: an address of those for documentation.
const SOURCE: &str = "203.0.113.77";

/// No longer texts are kept of a request.
const LONGEST: usize = 2048;

/// The changes of an account, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes(VecDeque<Changed>);

/// One that a user has made, or tried to.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    pub(super) number: u64,
    pub(super) at: DateTime<Utc>,
    pub(super) service: &'static str,
    pub(super) action: &'static str,
    pub(super) region: String,
    pub(super) agent: String,
    pub(super) signed_by: KeyId,
    /// Who has changed something, by name.
    pub(super) user: String,
    pub(super) request: Value,
    pub(super) response: Option<Value>,
    pub(super) error: Option<String>,
}

impl Changes {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Changed> {
        self.0.iter()
    }

    pub(super) fn record(&mut self, changed: Changed) {
        let last = self.0.back().map_or(0, |last| last.number);
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        let number = mix(last ^ hash(changed.action));
        self.0.push_back(Changed { number, ..changed });
    }
}

/// Whether an action changes something that the history tells.
pub(super) fn is_change(service: &str, action: &str) -> bool {
    let reads = ["Get", "List", "Generate", "AssumeRole"];
    service == "iam" && !reads.iter().any(|verb| action.starts_with(verb))
}

impl Changed {
    /// CloudTrail's ID of it.
    pub(super) fn id(&self) -> String {
        format!(
            "{}-{}",
            stories::id_prefix(self.signed_by),
            rest_of_id(self.number)
        )
    }

    pub(super) fn source() -> &'static str {
        SOURCE
    }
}

/// The parameters of a request as events have them: `userName` for `UserName`.
pub(super) fn request(params: &Params) -> Value {
    let members = params.iter().filter(|(name, value)| {
        let of_protocol = matches!(*name, "Action" | "Version");
        !of_protocol && !name.contains('.') && value.len() <= LONGEST
    });
    let members = members.map(|(name, value)| {
        let mut chars = name.chars();
        let first = chars.next().map(|first| first.to_ascii_lowercase());
        (first.into_iter().chain(chars).collect(), value.into())
    });
    Value::Object(members.collect::<Map<String, Value>>())
}

/// What the creation of a key gives back, without its secret.
pub(super) fn created(key: KeyId, user: &str) -> Value {
    let key = key.as_str();
    json!({ "accessKey": { "accessKeyId": key, "status": "Active", "userName": user } })
}
