//! From the SDK's types to ours, at once and completely.

use super::{AccessKey, Error, KeyStatus, Kind, LastUsed, User, UserTags, bodies::TOO_LARGE};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_iam::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId as _,
    primitives::DateTime as SdkTime,
    types,
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::ConnectorError};
use chrono::{DateTime, Utc};
use http_body_util::LengthLimitError;
use std::{error::Error as StdError, io, iter, sync::Arc};

pub(super) fn user(user: types::User) -> User {
    User {
        created: time(Some(&user.create_date)).unwrap_or_default(),
        name: user.user_name.into(),
        path: user.path.into(),
    }
}

pub(super) fn user_tags(tags: Vec<types::Tag>, share: impl FnMut(String) -> Arc<str>) -> UserTags {
    UserTags::read(tags.into_iter().map(|tag| (tag.key, tag.value)), share)
}

pub(super) fn access_key(key: types::AccessKeyMetadata) -> AccessKey {
    AccessKey {
        id: key.access_key_id.unwrap_or_default(),
        status: status(key.status.as_ref()),
        created: time(key.create_date.as_ref()),
    }
}

pub(super) fn status(status: Option<&types::StatusType>) -> KeyStatus {
    match status.map(types::StatusType::as_str) {
        Some("Active") => KeyStatus::Active,
        Some("Inactive") => KeyStatus::Inactive,
        Some(other) => KeyStatus::Other(other.into()),
        None => KeyStatus::Other("Unknown".into()),
    }
}

pub(super) fn last_used(used: types::AccessKeyLastUsed) -> LastUsed {
    let known = |text: String| (!text.is_empty() && text != "N/A").then(|| text.into());
    match time(used.last_used_date.as_ref()) {
        None => LastUsed::Never,
        Some(time) => LastUsed::At {
            time,
            service: known(used.service_name),
            region: known(used.region),
        },
    }
}

pub(super) fn time(time: Option<&SdkTime>) -> Option<DateTime<Utc>> {
    time.and_then(|time| DateTime::from_timestamp(time.secs(), 0))
}

/// An error for which there is no code of AWS.
pub(super) fn failed(action: &'static str, kind: Kind, message: impl Into<String>) -> Error {
    Error {
        action,
        kind,
        code: None,
        message: message.into(),
        request_id: None,
    }
}

/// Sorts a failed call. What the SDK knows beyond this (response bodies among it) stays behind.
pub(super) fn error<E>(action: &'static str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let request_id = error.request_id().map(str::to_owned);
    let no_answer = || (Kind::Network, "request timed out".into());
    let (kind, message) = match error {
        SdkError::ServiceError(context) => {
            let meta = context.err().meta();
            let failing = context.raw().status().is_server_error();
            let otherwise = |kind| if failing { Kind::Server } else { kind };
            if let Some(code) = meta.code() {
                let message = one_line(meta.message().unwrap_or_default());
                let kind = Kind::of_code(code, &message).unwrap_or(otherwise(Kind::Other));
                return Error {
                    code: Some(code.into()),
                    request_id,
                    ..failed(action, kind, message)
                };
            }
            // A proxy's page, or cut off: it is not known what AWS made of the request.
            let kind = otherwise(Kind::InvalidResponse);
            (kind, "the answer is not what AWS sends".into())
        }
        SdkError::ResponseError(_) => {
            let message = match find::<LengthLimitError>(error) {
                Some(_) => TOO_LARGE,
                None => "the answer was cut short or is not what AWS sends",
            };
            (Kind::InvalidResponse, message.into())
        }
        SdkError::TimeoutError(_) => no_answer(),
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(connector) => match find::<CredentialsError>(connector) {
                // They are asked for before anything is sent: nothing was.
                Some(cause) => {
                    let ours = find::<Error>(cause);
                    let kind = match (find::<ConnectorError>(cause), ours) {
                        (Some(_), _) => Kind::Network,
                        (None, ours) => unsigned(ours),
                    };
                    let told = deepest(cause);
                    let message = format!("the credentials could not be renewed: {told}");
                    // What has failed is that, with its own code.
                    if let Some(ours) = ours.filter(|ours| ours.code.is_some()) {
                        return Error {
                            message,
                            ..Error {
                                kind,
                                ..ours.clone()
                            }
                        };
                    }
                    (kind, message)
                }
                None if connector.is_timeout() => no_answer(),
                None => (Kind::Network, deepest(connector)),
            },
            None => (Kind::Network, "the connection failed".into()),
        },
        SdkError::ConstructionFailure(_) => (Kind::Other, "nothing was sent".into()),
        other => (Kind::Other, deepest(other)),
    };
    Error {
        request_id,
        ..failed(action, kind, message)
    }
}

/// What it means where there were no credentials to sign a request with, by why the role that gives
/// them could not be assumed.
fn unsigned(why: Option<&Error>) -> Kind {
    match why.map(|error| error.kind) {
        // A role that could not be asked for has not expired.
        Some(Kind::Network | Kind::Server) => Kind::Network,
        Some(Kind::Throttled) => Kind::Throttled,
        _ => Kind::Expired,
    }
}

/// As [`error`], for a change: there it matters whether it may have arrived.
pub(super) fn change_error<E>(action: &'static str, failed: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let mut ours = error(action, failed);
    if ours.kind == Kind::Network
        && let SdkError::DispatchFailure(failure) = failed
        && failure.as_connector_error().is_some_and(never_connected)
    {
        ours.kind = Kind::NotSent;
    }
    ours
}

/// Whether there was no connection to send a request over: the name was not resolved, or nothing
/// listened, or they did not agree on TLS; or no credentials to sign it with.
fn never_connected(error: &ConnectorError) -> bool {
    if find::<CredentialsError>(error).is_some() {
        return true;
    }
    find::<hyper_util::client::legacy::Error>(error)
        .is_some_and(hyper_util::client::legacy::Error::is_connect)
        || find::<io::Error>(error)
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// An error and its causes, the innermost last.
pub(super) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// The outermost error of a type among an error and its causes.
pub(super) fn find<'a, E: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// The innermost cause: `Connection refused (os error 111)` says more than `dispatch failure`.
pub(super) fn deepest(error: &(dyn StdError + 'static)) -> String {
    one_line(&chain(error).last().unwrap_or(error).to_string())
}

/// The first line, of a length that fits a dialog.
pub(super) fn one_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    line.chars().take(400).collect()
}
/// The ID of the account in an ARN, where there is one.
pub(super) fn account_in(arn: &str) -> Option<&str> {
    let id = arn.split(':').nth(4)?;
    (id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}
