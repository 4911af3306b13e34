//! Why there are no credentials, in words: what was looked for and where, what failed, and what to do.

use super::{
    Problem,
    convert::{self, chain, one_line},
    programs, settings,
};
use crate::engine::key_id;
use aws_config::profile::{Profile, ProfileSet};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::{error::ProvideErrorMetadata as _, operation::assume_role::AssumeRoleError};
use aws_smithy_runtime_api::client::result::ConnectorError;
use std::{env, error::Error as StdError, iter};

/// Whether no profile, web identity or container could give credentials.
pub(super) fn nothing_configured(named: Option<&str>, profiles: &ProfileSet) -> bool {
    named.is_none()
        && profiles.get_profile(profiles.selected_profile()).is_none()
        && !is_set("AWS_WEB_IDENTITY_TOKEN_FILE")
        && !in_container()
}

fn in_container() -> bool {
    is_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || is_set("AWS_CONTAINER_CREDENTIALS_FULL_URI")
}

pub(super) fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// So many profiles are named where there is not the one that was asked for.
const NAMED: usize = 20;

/// Why there is no such profile, and which there are.
pub(super) fn no_such_profile(name: &str, profiles: &ProfileSet) -> Problem {
    let names = profiles.profiles();
    // What is no name is not repeated, and thousands of names say nothing more.
    let mut known: Vec<&str> = names
        .filter(|name| !key_id::looks_like_a_secret(name))
        .collect();
    known.sort_unstable();
    let more = known.len().saturating_sub(NAMED);
    known.truncate(NAMED);
    let mut there = known.join(", ");
    if known.is_empty() {
        there.push_str("none");
    }
    if more > 0 {
        there = format!("{there} and {more} more");
    }
    Problem {
        title: format!("There is no profile {name}"),
        what: format!("The profile {name} was asked for, and no file defines it."),
        details: vec![
            format!("looked in {}", settings::files(" and ")),
            format!("profiles there: {there}"),
        ],
        advice: vec![
            "Start with --profile and a name that is there, or define this one: \
             aws configure --profile NAME"
                .into(),
        ],
        ..Problem::default()
    }
}

/// Turns what the SDK says into words. Where it gives no type to match on, what the profile says
/// about itself tells which way of signing in has failed.
pub(super) fn explain(
    error: &CredentialsError,
    named: Option<&str>,
    profiles: &ProfileSet,
) -> Problem {
    let name = named.unwrap_or_else(|| profiles.selected_profile());
    let says = |key| profile_says(profiles, name, key);
    let cause = causes(error);
    // An instance metadata service that refuses is an error of its own; to a person who has
    // configured nothing it is one more place where there was nothing.
    if nothing_configured(named, profiles)
        || matches!(error, CredentialsError::CredentialsNotLoaded(_)) && named.is_none()
    {
        return none_found(name, &cause);
    }
    if convert::find::<ConnectorError>(error).is_some() {
        return Problem {
            title: "AWS cannot be reached".into(),
            what: format!(
                "Profile {name} gets its credentials over the network, and there was no answer."
            ),
            details: cause,
            advice: vec![
                "Check the network, VPN and proxy, and AWS_ENDPOINT_URL where it is set.".into(),
            ],
            ..Problem::default()
        };
    }
    let mut ways = WAYS.iter();
    let way = ways.find(|(keys, ..)| keys.iter().any(|key| says(key)));
    let profile = profiles.get_profile(name).filter(|_| way.is_none());
    if let Some(problem) = profile.and_then(settings::without_keys) {
        return problem;
    }
    let (_, title, what, advice) = way.unwrap_or(&NO_WAY);
    let named = |text: &str| text.replace("{name}", name);
    Problem {
        title: named(title),
        what: named(what),
        details: cause,
        advice: vec![named(advice)],
        ..Problem::default()
    }
}

/// A way of signing in that has failed: the keys by which a profile asks for it, then title, text
/// and advice of the [`Problem`].
type Way = (
    &'static [&'static str],
    &'static str,
    &'static str,
    &'static str,
);

const WAYS: &[Way] = &[
    (
        &["sso_session", "sso_start_url"],
        "The SSO login of profile {name} is missing or has expired",
        "Profile {name} signs in through SSO, and there is no login that is still good.",
        "Run: aws sso login --profile {name}",
    ),
    (
        &["login_session"],
        "The console login of profile {name} has expired",
        "Profile {name} uses a login that is no longer good.",
        "Run: aws login --profile {name}",
    ),
    (
        &["credential_process"],
        "The credential process of profile {name} failed",
        "Profile {name} gets its credentials from a program, and that did not work.",
        "Run the program named by credential_process yourself to see what it says.",
    ),
    (
        &["role_arn"],
        "The role of profile {name} could not be assumed",
        "Profile {name} assumes a role, and AWS or its source profile refused.",
        TRY_IT,
    ),
];

const NO_WAY: Way = (
    &[],
    "Profile {name} has no usable credentials",
    "The credentials of profile {name} could not be loaded.",
    TRY_IT,
);

const TRY_IT: &str = "Try: aws sts get-caller-identity --profile {name}";

/// Whether a profile, or one that it takes its credentials from, has this key.
pub(super) fn profile_says(profiles: &ProfileSet, name: &str, key: &str) -> bool {
    chain_of(profiles, name).any(|profile| profile.get(key).is_some())
}

/// A profile, and those that it takes its credentials from.
pub(super) fn chain_of<'a>(
    profiles: &'a ProfileSet,
    name: &'a str,
) -> impl Iterator<Item = &'a Profile> {
    let source = |at: &&'a str| profiles.get_profile(at)?.get("source_profile");
    // A chain of source profiles may be a ring.
    let names = iter::successors(Some(name), source).take(8);
    names.filter_map(|at| profiles.get_profile(at))
}

/// What each layer of an error adds, innermost last, without repeating itself.
fn causes(error: &(dyn StdError + 'static)) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for cause in chain(error).skip(1) {
        if let Some(failure) = cause.downcast_ref::<programs::Failure>() {
            let said = failure.said().map(|line| format!("it says: {line}"));
            return iter::once(failure.to_string()).chain(said).collect();
        }
        // What STS says is in a type that prints as its fields do in Rust.
        if let Some(refused) = cause.downcast_ref::<AssumeRoleError>()
            && let (Some(code), Some(message)) = (refused.code(), refused.message())
        {
            return vec![one_line(&format!("{code}: {message}"))];
        }
        let line = one_line(&cause.to_string());
        if !line.is_empty() && !lines.contains(&line) {
            lines.push(line);
        }
    }
    // The outer layers name the SDK's own machinery.
    let skip = lines.len().saturating_sub(2);
    lines.split_off(skip)
}

fn none_found(profile: &str, cause: &[String]) -> Problem {
    let container = if in_container() {
        "container: its address is set, and it gave none"
    } else {
        "container: AWS_CONTAINER_CREDENTIALS_… is not set"
    };
    let switched_off =
        env::var("AWS_EC2_METADATA_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    let instance = match cause.last() {
        _ if switched_off => "instance: switched off by AWS_EC2_METADATA_DISABLED".into(),
        Some(cause) if cause.to_ascii_lowercase().contains("imds") => format!("instance: {cause}"),
        _ => "instance: no metadata service answered".into(),
    };
    Problem {
        title: "No AWS credentials".into(),
        what: "iamkeys works with the credentials the aws command uses, and found none.".into(),
        details: vec![
            "environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set".into(),
            format!(
                "profile {profile}: no credentials in {}",
                settings::files(" and ")
            ),
            container.into(),
            instance,
        ],
        advice: vec![
            "Sign in (aws configure, aws sso login, aws login), or start with --profile NAME."
                .into(),
        ],
        ..Problem::default()
    }
}
