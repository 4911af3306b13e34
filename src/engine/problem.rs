//! Why signing in failed, told to a person: one sentence, what was looked at, what to do.

use super::{Error, Kind, prompt::Means};

/// A whole screen's worth of explanation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// What it is, in a few words.
    pub title: String,
    /// What happened, in a sentence or two.
    pub what: String,
    /// What was looked at, or the service's own words: one line each.
    pub details: Vec<String>,
    /// What to do, one line each.
    pub advice: Vec<String>,
    /// What can be done about it from within.
    pub offer: Option<Offer>,
}

/// What can be done from within about not being signed in, as data: the screen names the key that
/// does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Sign in with an MFA code.
    Code,
    /// Log in to IAM Identity Center.
    Login,
}

impl Offer {
    /// The means to sign in by that it stands for.
    #[must_use]
    pub fn means(self) -> Means {
        match self {
            Self::Code => Means::Code,
            Self::Login => Means::Login,
        }
    }
}

impl Problem {
    /// A defect of this program kept it from signing in.
    #[must_use]
    pub fn internal() -> Self {
        Self {
            title: "iamkeys failed".into(),
            what: "Signing in failed: internal error (please report it).".into(),
            advice: vec!["Its report is printed when you quit.".into()],
            ..Self::default()
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
        let again = profile.map(|profile| format!(" --profile {profile}"));
        let again = again.unwrap_or_default();
        let again = format!("Sign in again. Where that needs a new login: aws sso login{again}");
        let silent = endpoint.unwrap_or("the service's endpoint");
        let silent = format!("There is no answer from {silent}.");
        let (title, what, advice) = match error.kind {
            Kind::BadCredentials if known_elsewhere => (
                "This session lacks MFA",
                "STS knows these credentials, and IAM does not accept them. That is how a session \
                 without multi-factor authentication looks to IAM.",
                vec![
                    "Get a session with MFA: sign in with the profile that has the long-term keys. \
                     iamkeys asks for the code where it names the device (mfa_serial).",
                ],
            ),
            Kind::BadCredentials => (
                "AWS does not accept these credentials",
                "The access key does not exist, is inactive, belongs to another partition, or its \
                 secret is wrong.",
                vec![
                    "Check the access key and secret of this profile or environment.",
                    "A session that lacks MFA can look like this too: sign in with the long-term \
                     keys, and with MFA.",
                ],
            ),
            Kind::Expired => (
                "The session has expired",
                "These credentials were good once and have run out.",
                vec![&*again],
            ),
            Kind::Clock => (
                "This machine's clock is off",
                "AWS refuses requests whose time is more than a few minutes away from its own.",
                vec!["Set the clock (on most systems: switch on NTP), then try again."],
            ),
            _ => (
                "AWS cannot be reached",
                &*silent,
                vec![
                    "Check the network, VPN and proxy, and --endpoint-url or AWS_ENDPOINT_URL \
                     where one is set.",
                ],
            ),
        };
        let mut details = vec![error.to_string()];
        details.extend(error.request_id.iter().map(|id| format!("request {id}")));
        Self {
            title: title.into(),
            what: what.into(),
            details,
            advice: advice.into_iter().map(str::to_owned).collect(),
            ..Self::default()
        }
    }
}
