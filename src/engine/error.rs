//! What can go wrong between here and the account, small enough to be shown where it happened.

use std::fmt;

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The action as policies name it, such as `iam:ListAccessKeys`.
    pub action: &'static str,
    /// What sort of thing went wrong, from which follows what to do next.
    pub kind: Kind,
    /// The service's code, such as `AccessDenied`; none where no answer could be read.
    pub code: Option<String>,
    /// The service's message, or ours where no answer could be read. One line, no response bodies.
    pub message: String,
    /// The service's ID for the request, which AWS support asks for.
    pub request_id: Option<String>,
}

/// What can be done about an error, as data: the screen names the key that does it, the command line
/// its option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing: the list is fetched again.
    None,
    /// Ask for the same again.
    Retry,
    /// Ask an administrator for permission to call the error's action.
    AskForPermission,
    /// Ask for that permission; or a policy may refuse it for want of MFA, and a session with MFA may
    /// do it.
    AskForPermissionOrMfa,
    /// Delete one of the user's keys first; Inactive ones count toward the limit.
    DeleteAKey,
    /// Remove one of the user's tags first: a description is a tag.
    RemoveATag,
    /// Remove one of the user's inline policies first: together they may have 2,048 characters.
    RemoveAPolicy,
    /// Have the account's limit raised.
    RaiseTheLimit,
    /// Wait a minute, then ask again.
    WaitAMinute,
    /// The service's message says why; asking again does not help.
    ReadTheMessage,
    /// Sign in again, then retry.
    SignIn,
    /// Sign in again, with MFA where a policy asks for it, then retry.
    SignInWithMfa,
    /// Set this machine's clock, then retry.
    SetTheClock,
    /// Check the network and the endpoint, then retry the read, or ask for the change again.
    CheckTheNetwork {
        /// Whether a retry asks for the same; a change has to be asked for again.
        retry: bool,
    },
    /// Start with another journal, or without one.
    ChooseAJournal,
    /// Start without `--read-only`.
    AllowChanges,
}

/// The kinds of failure that lead to different next steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The signed-in identity may not do this.
    Denied,
    /// The user or key is not there (any more).
    NotFound,
    /// AWS asked for fewer calls, and went on asking after the retries.
    Throttled,
    /// The account has a limit that this would go beyond: the user has as many keys as it allows,
    /// for one.
    Limit,
    /// Something else is changing the user at the same time, or has a moment ago. Nothing was done.
    Busy,
    /// The service does not take this as it is, and would not a second time.
    Rejected,
    /// The credentials are not accepted: wrong, inactive, deleted, or without the MFA a policy asks.
    BadCredentials,
    /// The session was good once and has run out.
    Expired,
    /// This machine's clock and the service's are too far apart.
    Clock,
    /// No answer: refused, unresolved, reset, timed out.
    Network,
    /// There was no connection to send a change over: surely it was not made.
    NotSent,
    /// The service failed (5xx).
    Server,
    /// There was an answer, and it made no sense.
    InvalidResponse,
    /// The program was started with `--read-only`; nothing was sent.
    ReadOnly,
    /// The journal cannot be written; nothing was sent.
    NoJournal,
    /// The service refused for another reason, said in its message.
    Other,
}

impl Kind {
    /// Sorts an error code of IAM or STS. Codes outside the operations' models (`AccessDenied`,
    /// `Throttling`, `InvalidClientTokenId`, …) are from the services' lists of common errors.
    #[must_use]
    pub fn of_code(code: &str, message: &str) -> Option<Self> {
        Some(match code {
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Self::Denied,
            "NoSuchEntity" => Self::NotFound,
            "LimitExceeded" => Self::Limit,
            "ConcurrentModification" | "EntityTemporarilyUnmodifiable" => Self::Busy,
            "InvalidInput" | "ValidationError" | "DeleteConflict" | "KeyUnmodifiable"
            | "UnmodifiableEntity" => Self::Rejected,
            "InvalidNextTokenException"
            | "InvalidTimeRangeException"
            | "InvalidLookupAttributesException"
            | "InvalidMaxResultsException"
            | "ValidationException" => Self::Rejected,
            // Whatever its status: it says that the service does not know what it did.
            "ServiceFailure" | "InternalFailure" => Self::Server,
            "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "RequestLimitExceeded"
            | "SlowDown"
            | "TooManyRequests"
            | "TooManyRequestsException" => Self::Throttled,
            "RequestExpired" | "RequestTimeTooSkewed" => Self::Clock,
            "SignatureDoesNotMatch" | "InvalidSignatureException"
                if message.contains("Signature expired")
                    || message.contains("Signature not yet current") =>
            {
                Self::Clock
            }
            "ExpiredToken" | "ExpiredTokenException" => Self::Expired,
            "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "MissingAuthenticationToken"
            | "IncompleteSignature"
            | "InvalidAccessKeyId"
            | "AuthFailure" => Self::BadCredentials,
            _ => return None,
        })
    }
}

impl Error {
    /// An internal error kept `action` from being asked.
    #[must_use]
    pub fn internal(action: &'static str) -> Self {
        Self {
            action,
            kind: Kind::Other,
            code: None,
            message: "internal error (please report it)".into(),
            request_id: None,
        }
    }

    /// Whether a change that ended like this may have been made all the same: the request was
    /// sent, and no answer of the service says that it was refused.
    #[must_use]
    pub fn outcome_unknown(&self) -> bool {
        matches!(
            self.kind,
            Kind::Network | Kind::Server | Kind::InvalidResponse
        )
    }

    /// Whether the service has answered, and be it with a refusal.
    #[must_use]
    pub fn is_an_answer(&self) -> bool {
        matches!(self.kind, Kind::Denied | Kind::NotFound | Kind::Rejected)
    }

    /// Whether this may be refused for want of MFA: AWS does not say which condition of a policy it was,
    /// and policies that ask for MFA refuse explicitly.
    #[must_use]
    pub fn may_want_mfa(&self) -> bool {
        let says = |words: &str| self.message.contains(words);
        self.kind == Kind::Denied && (says("explicit deny") || says("MultiFactorAuth"))
    }

    /// Whether nothing at all can be done in this account until it is mended.
    #[must_use]
    pub fn stops_everything(&self) -> bool {
        matches!(
            self.kind,
            Kind::BadCredentials | Kind::Expired | Kind::Clock | Kind::Network
        )
    }

    /// What can be done about it.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self.kind {
            Kind::Denied if self.may_want_mfa() => Remedy::AskForPermissionOrMfa,
            Kind::Denied => Remedy::AskForPermission,
            Kind::NotFound => Remedy::None,
            Kind::Limit => match self.action {
                "iam:CreateAccessKey" => Remedy::DeleteAKey,
                "iam:TagUser" => Remedy::RemoveATag,
                "iam:PutUserPolicy" => Remedy::RemoveAPolicy,
                _ => Remedy::RaiseTheLimit,
            },
            Kind::Busy => Remedy::WaitAMinute,
            Kind::Rejected => Remedy::ReadTheMessage,
            Kind::BadCredentials => Remedy::SignInWithMfa,
            Kind::Expired => Remedy::SignIn,
            Kind::Clock => Remedy::SetTheClock,
            Kind::Network => Remedy::CheckTheNetwork { retry: true },
            Kind::NotSent => Remedy::CheckTheNetwork { retry: false },
            Kind::NoJournal => Remedy::ChooseAJournal,
            Kind::ReadOnly => Remedy::AllowChanges,
            Kind::Throttled | Kind::Server | Kind::InvalidResponse | Kind::Other => Remedy::Retry,
        }
    }

    /// What happened, in a word or two: the service's code where there is one.
    #[must_use]
    pub fn what(&self) -> &str {
        match (&self.code, self.kind) {
            (Some(code), _) => code.as_str(),
            (None, Kind::Network) => "No answer",
            (None, Kind::NotSent) => "No connection",
            (None, Kind::Expired) => "Credentials expired",
            (None, Kind::InvalidResponse) => "Unreadable answer",
            (None, Kind::ReadOnly) => "Read-only",
            (None, Kind::NoJournal) => "No journal",
            (None, _) => "Failed",
        }
    }

    /// The short form for a cell or a line: code and action.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}: {}", self.what(), self.action)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.short())?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_in_the_models_of_our_calls_has_its_kind() {
        for (code, kind) in [
            ("ConcurrentModification", Kind::Busy),
            ("InvalidInput", Kind::Rejected),
            ("LimitExceeded", Kind::Limit),
            ("NoSuchEntity", Kind::NotFound),
            ("ServiceFailure", Kind::Server),
        ] {
            assert_eq!(Kind::of_code(code, ""), Some(kind), "{code}");
        }
        assert_eq!(Kind::of_code("SomethingNew", ""), None);
    }

    #[test]
    fn the_remedy_for_a_limit_depends_on_what_was_asked() {
        for (action, remedy) in [
            ("iam:CreateAccessKey", Remedy::DeleteAKey),
            ("iam:TagUser", Remedy::RemoveATag),
            ("iam:PutUserPolicy", Remedy::RemoveAPolicy),
            ("iam:DeleteAccessKey", Remedy::RaiseTheLimit),
        ] {
            let error = Error {
                action,
                kind: Kind::Limit,
                code: Some("LimitExceeded".into()),
                message: String::new(),
                request_id: None,
            };
            assert_eq!(error.remedy(), remedy);
        }
    }
}
