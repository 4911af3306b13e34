//! The errors of the service.
//!
//! Codes, statuses and messages are AWS's own: people search for them, and the program above
//! matches on the codes.

use std::fmt;

/// An error response: its HTTP status, its code, and its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    /// The HTTP status.
    pub status: u16,
    /// The code clients match on, such as `NoSuchEntity`.
    pub code: String,
    /// The message for people; empty where there is none.
    pub message: String,
}

/// An HTTP status and the code that comes with it.
pub(super) type Code = (u16, &'static str);

pub(super) const ACCESS_DENIED: Code = (403, "AccessDenied");
pub(super) const ALREADY_EXISTS: Code = (409, "EntityAlreadyExists");
pub(super) const DELETE_CONFLICT: Code = (409, "DeleteConflict");
pub(super) const INCOMPLETE_SIGNATURE: Code = (400, "IncompleteSignature");
pub(super) const INVALID_ACTION: Code = (400, "InvalidAction");
pub(super) const INVALID_INPUT: Code = (400, "InvalidInput");
pub(super) const LIMIT_EXCEEDED: Code = (409, "LimitExceeded");
pub(super) const MALFORMED_POLICY: Code = (400, "MalformedPolicyDocument");
pub(super) const NO_SUCH_ENTITY: Code = (404, "NoSuchEntity");
pub(super) const NOT_SIGNED: Code = (403, "MissingAuthenticationToken");
pub(super) const PACKED_POLICY_TOO_LARGE: Code = (400, "PackedPolicyTooLarge");
pub(super) const VALIDATION: Code = (400, "ValidationError");
pub(super) const WRONG_SIGNATURE: Code = (403, "SignatureDoesNotMatch");

impl ServiceError {
    pub(super) fn new((status, code): (u16, &str), message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
        }
    }

    pub(super) fn no_such_user(name: &str) -> Self {
        let message = format!("The user with name {name} cannot be found.");
        Self::new(NO_SUCH_ENTITY, message)
    }

    pub(super) fn invalid_marker() -> Self {
        Self::new(VALIDATION, "Invalid Marker.")
    }

    pub(super) fn throttled() -> Self {
        Self::new((400, "Throttling"), "Rate exceeded")
    }

    pub(super) fn internal_failure(status: u16) -> Self {
        let message = "The request processing has failed because of an unknown error, \
                       exception or failure.";
        Self::new((status, "InternalFailure"), message)
    }

    pub(super) fn unavailable() -> Self {
        let message = "The request has failed due to a temporary failure of the server.";
        Self::new((503, "ServiceUnavailable"), message)
    }

    pub(super) fn expired_token() -> Self {
        let message = "The security token included in the request is expired";
        Self::new((403, "ExpiredToken"), message)
    }

    pub(super) fn invalid_token() -> Self {
        let message = "The security token included in the request is invalid.";
        Self::new((403, "InvalidClientTokenId"), message)
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code, self.status, self.message)
    }
}

impl std::error::Error for ServiceError {}
