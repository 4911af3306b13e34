//! The embedded endpoint as an organisation, as the SDK and as a socket see it: several accounts,
//! roles and sessions, MFA, Organizations, the SSO portal and the logins to it.
//!
//! What is true of a single account, `wire_protocol.rs` checks.

/// A client of a service: its builder, in the process.
macro_rules! client {
    ($service:ident, $endpoint:expr, $credentials:expr) => {{
        let config = $service::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider($credentials)
            .retry_config(RetryConfig::disabled())
            .http_client($endpoint.http_client());
        $service::Client::from_conf(config.build())
    }};
}

mod accounts;
mod credentials;
mod logins;
mod mfa;
mod organizations;
mod policies;
mod portal;
mod sessions;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use chrono::{DateTime, Utc};
use futures::future::LocalBoxFuture;
use iamkeys::demo::{Clock, Endpoint, KeyId};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn organisation() -> Endpoint {
    Endpoint::demo_organisation(now()).with_clock(Arc::new(now))
}

/// A clock that a test moves.
fn movable() -> (Arc<Mutex<DateTime<Utc>>>, Clock) {
    let time = Arc::new(Mutex::new(now()));
    let clock = time.clone();
    (time, Arc::new(move || *clock.lock().unwrap()))
}

fn iam(endpoint: &Endpoint, credentials: Credentials) -> aws_sdk_iam::Client {
    client!(aws_sdk_iam, endpoint, credentials)
}

fn sts(endpoint: &Endpoint, credentials: Credentials) -> aws_sdk_sts::Client {
    client!(aws_sdk_sts, endpoint, credentials)
}

/// The credentials of a user's key.
fn key(id: &str) -> Credentials {
    let secret = KeyId::parse(id).unwrap().secret();
    Credentials::new(id, secret, None, None, "test")
}

/// Credentials as an action of STS returns them.
fn session(credentials: Option<aws_sdk_sts::types::Credentials>) -> Credentials {
    let it = credentials.expect("credentials");
    let (id, secret) = (it.access_key_id(), it.secret_access_key());
    Credentials::new(id, secret, Some(it.session_token().into()), None, "test")
}

/// The credentials of a role that the endpoint's own user assumes.
async fn assumed(endpoint: &Endpoint, role: &str) -> Credentials {
    let call = sts(endpoint, endpoint.sdk_credentials()).assume_role();
    let call = call.role_arn(role).role_session_name("test");
    session(call.send().await.unwrap().credentials)
}

/// The error of a call: `404 NoSuchEntity: The user with name …`.
fn error<'a, T, E>(
    call: impl Future<Output = Result<T, SdkError<E>>> + 'a,
) -> LocalBoxFuture<'a, String>
where
    T: Debug + 'a,
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    // In a box: what the clients return is large.
    Box::pin(async {
        let error = match call.await.unwrap_err() {
            SdkError::ServiceError(error) => error,
            error => panic!("not a response of the service: {error:?}"),
        };
        let status = error.raw().status().as_u16();
        let error = error.into_err();
        let code = error.code().unwrap_or_default();
        format!("{status} {code}: {}", error.message().unwrap_or_default())
    })
}
