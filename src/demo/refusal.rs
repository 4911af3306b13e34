//! What the service says when it does not do what was asked.
//!
//! The codes, statuses and sentences are the real service's: people search for
//! them, and the program above matches on the codes.

use std::fmt;

use super::sign::Caller;

/// An error document: its HTTP status, its code, and its sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The code clients match on, such as `NoSuchEntity`.
    pub code: String,
    /// The sentence for people; empty where there is none.
    pub message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
        }
    }

    pub(super) fn no_such_user(name: &str) -> Self {
        let message = format!("The user with name {name} cannot be found.");
        Self::new(404, "NoSuchEntity", message)
    }

    pub(super) fn no_such_key(id: &str) -> Self {
        let message = format!("The Access Key with id {id} cannot be found.");
        Self::new(404, "NoSuchEntity", message)
    }

    pub(super) fn user_exists(name: &str) -> Self {
        let message = format!("User with name {name} already exists.");
        Self::new(409, "EntityAlreadyExists", message)
    }

    pub(super) fn key_quota(quota: usize) -> Self {
        let message = format!("Cannot exceed quota for AccessKeysPerUser: {quota}");
        Self::new(409, "LimitExceeded", message)
    }

    pub(super) fn tag_quota() -> Self {
        let message = "The number of tags has reached the maximum limit.";
        Self::new(409, "LimitExceeded", message)
    }

    pub(super) fn duplicate_tags() -> Self {
        let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
        Self::new(400, "InvalidInput", message)
    }

    /// The service refuses these; its own sentence is not on record.
    pub(super) fn reserved_tag() -> Self {
        let message = "Tag keys and values may not begin with aws:, which is reserved.";
        Self::new(400, "InvalidInput", message)
    }

    pub(super) fn access_denied(caller: &Caller, action: &str, resource: &str) -> Self {
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} \
             because no identity-based policy allows the {action} action",
            caller.arn()
        );
        Self::new(403, "AccessDenied", message)
    }

    /// There is no report to be had. The service says why with a code alone.
    pub(super) fn report(status: u16, code: &str) -> Self {
        Self::new(status, code, "")
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    pub(super) fn invalid_marker() -> Self {
        Self::invalid("Invalid Marker.")
    }

    pub(super) fn needs_user_name() -> Self {
        Self::invalid("Must specify userName when calling with non-User credentials")
    }

    pub(super) fn unknown_action(action: &str, version: &str) -> Self {
        let message = format!("Could not find operation {action} for version {version}");
        Self::new(400, "InvalidAction", message)
    }

    pub(super) fn throttled() -> Self {
        Self::new(400, "Throttling", "Rate exceeded")
    }

    pub(super) fn internal_failure() -> Self {
        let message = "The request processing has failed because of an unknown error, \
                       exception or failure.";
        Self::new(500, "InternalFailure", message)
    }

    pub(super) fn unavailable() -> Self {
        let message = "The request has failed due to a temporary failure of the server.";
        Self::new(503, "ServiceUnavailable", message)
    }

    pub(super) fn unsigned() -> Self {
        let message = "Request is missing Authentication Token";
        Self::new(403, "MissingAuthenticationToken", message)
    }

    pub(super) fn incomplete_signature(message: impl Into<String>) -> Self {
        Self::new(400, "IncompleteSignature", message)
    }

    pub(super) fn unknown_token() -> Self {
        let message = "The security token included in the request is invalid.";
        Self::new(403, "InvalidClientTokenId", message)
    }

    pub(super) fn wrong_signature(message: impl Into<String>) -> Self {
        Self::new(403, "SignatureDoesNotMatch", message)
    }

    /// Whose fault the document says it is.
    pub(super) fn kind(&self) -> &'static str {
        if self.status >= 500 {
            "Receiver"
        } else {
            "Sender"
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code, self.status, self.message)
    }
}

impl std::error::Error for Refusal {}
