//! Why nobody is signed in, told to a person: one sentence, what was looked at, what to do.

use super::{Error, Kind};

/// A whole screen's worth of explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is, in a few words.
    pub title: String,
    /// What happened, in a sentence or two.
    pub what: String,
    /// What was looked at, or the service's own words: one line each.
    pub details: Vec<String>,
    /// What to do, one line each.
    pub advice: Vec<String>,
}

impl Problem {
    /// A defect of this program kept it from signing in.
    #[must_use]
    pub fn internal() -> Self {
        Self {
            title: "iamkeys failed".into(),
            what: "A defect of iamkeys kept it from signing in.".into(),
            details: Vec::new(),
            advice: vec!["Its report is printed when you quit.".into()],
        }
    }

    /// Explains why the first calls failed. `known_elsewhere` says that STS accepts these
    /// credentials though IAM does not.
    #[must_use]
    pub fn of_error(
        error: &Error,
        known_elsewhere: bool,
        profile: Option<&str>,
        endpoint: Option<&str>,
    ) -> Self {
        let again = match profile {
            Some(profile) => format!("aws sso login --profile {profile}"),
            None => "aws sso login".into(),
        };
        let (title, what, advice): (&str, String, Vec<String>) = match error.kind {
            Kind::BadCredentials if known_elsewhere => (
                "This session lacks MFA",
                "STS knows these credentials, and IAM does not accept them. That is how a \
                 session without multi-factor authentication looks to IAM."
                    .into(),
                vec![
                    "Get a session with MFA (aws sts get-session-token --serial-number … \
                     --token-code …) and start again with it."
                        .into(),
                ],
            ),
            Kind::BadCredentials => (
                "AWS does not accept these credentials",
                "The access key does not exist, is inactive, belongs to another partition, or \
                 its secret is wrong."
                    .into(),
                vec![
                    "Check the access key and secret of this profile or environment.".into(),
                    "A session that lacks MFA can look like this too: get one with \
                     aws sts get-session-token."
                        .into(),
                ],
            ),
            Kind::Expired => (
                "The session has expired",
                "These credentials were good once and have run out.".into(),
                vec![format!("Sign in again, for instance with: {again}")],
            ),
            Kind::Clock => (
                "This machine's clock is off",
                "AWS refuses requests whose time is more than a few minutes away from its own."
                    .into(),
                vec!["Set the clock (on most systems: switch on NTP), then try again.".into()],
            ),
            _ => (
                "AWS cannot be reached",
                match endpoint {
                    Some(endpoint) => format!("There is no answer from {endpoint}."),
                    None => "There is no answer from the service's endpoint.".into(),
                },
                vec![
                    "Check the network, VPN and proxy, and --endpoint-url or AWS_ENDPOINT_URL \
                     where one is set."
                        .into(),
                ],
            ),
        };
        let mut details = vec![error.to_string()];
        details.extend(error.request_id.iter().map(|id| format!("request {id}")));
        Self {
            title: title.into(),
            what,
            details,
            advice,
        }
    }
}
