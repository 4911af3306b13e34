//! The programs that log in to the SSO portal, which have to register before.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::error::{Code, ServiceError};
use super::login::{DEVICE, error};
use super::portal::{Visit, opaque, required};
use super::query::Params;
use super::service::Output;

/// How long a registration lasts.
const REGISTERED_FOR: TimeDelta = TimeDelta::days(90);

const INVALID_CLIENT: Code = (401, "InvalidClientException");
const UNAUTHORIZED: Code = (400, "UnauthorizedClientException");

/// A program that has registered.
#[derive(Debug)]
pub(super) struct Client {
    secret: String,
    expires: DateTime<Utc>,
    redirects: Vec<String>,
    grants: Vec<String>,
    /// Whether its logins can be refreshed: those of programs that ask for a scope.
    pub(super) refreshes: bool,
}

impl Client {
    /// An error where the program has not registered for a way to log in. One that has registered for
    /// none uses the device flow, as all did once, and refreshes what that gives it.
    pub(super) fn check_grant(&self, grant: &str) -> Result<(), ServiceError> {
        let registered = match &self.grants[..] {
            [] => grant == DEVICE || grant == "refresh_token",
            grants => grants.iter().any(|its| its == grant),
        };
        if registered {
            return Ok(());
        }
        let message = format!("The client has not registered for {grant}.");
        Err(error(UNAUTHORIZED, &message))
    }

    /// Whether the registration is still valid.
    pub(super) fn is_known(&self, now: DateTime<Utc>) -> bool {
        self.expires > now
    }

    /// An error where no browser may be sent to an address.
    pub(super) fn check_redirect(&self, address: &str) -> Result<(), ServiceError> {
        self.check_grant("authorization_code")?;
        if self.redirects.iter().any(|its| is_at(its, address)) {
            return Ok(());
        }
        let message = "The redirect URI is not one that the client has registered.";
        Err(error((400, "InvalidRequestException"), message))
    }
}

/// The error of a program that has not registered, or too long ago.
pub(super) fn unknown() -> ServiceError {
    error(INVALID_CLIENT, "The client is not registered.")
}

/// Whether an address is one that was registered, on any port (RFC 8252, 7.3).
fn is_at(registered: &str, address: &str) -> bool {
    let parts = |address: &str| {
        let uri: http::Uri = address.parse().ok()?;
        Some((
            uri.scheme_str()?.to_owned(),
            uri.host()?.to_owned(),
            uri.path().to_owned(),
        ))
    };
    is_loopback(address) && parts(registered) == parts(address)
}

/// Whether an address is on this machine.
fn is_loopback(address: &str) -> bool {
    let uri: Option<http::Uri> = address.parse().ok();
    uri.is_some_and(|uri| {
        let host = uri.host().unwrap_or_default();
        uri.scheme_str() == Some("http") && matches!(host, "127.0.0.1" | "localhost" | "[::1]")
    })
}

/// The texts of a list.
fn texts(params: &Params, list: &str) -> Vec<String> {
    let text = |number: usize| params.get(&format!("{list}.member.{number}"));
    let texts = (1..).map_while(text);
    texts.map(str::to_owned).collect()
}

pub(super) fn register_client(visit: &mut Visit<'_>) -> Result<Output, ServiceError> {
    let params = visit.params;
    required(params, "clientName")?;
    if required(params, "clientType")? != "public" {
        let message = "The client type has to be public.";
        return Err(error((400, "InvalidClientMetadataException"), message));
    }
    let redirects = texts(params, "redirectUris");
    if !redirects.iter().all(|redirect| is_loopback(redirect)) {
        let message = "A redirect URI has to be on this machine.";
        return Err(error((400, "InvalidRedirectUriException"), message));
    }
    let logins = &mut visit.portal.logins;
    let number = logins.number();
    let (id, secret) = (opaque("client", number), opaque("client-secret", number));
    let expires = visit.now + REGISTERED_FOR;
    let base = &visit.base;
    let answer = json!({
        "clientId": id,
        "clientSecret": secret,
        "clientIdIssuedAt": visit.now.timestamp(),
        "clientSecretExpiresAt": expires.timestamp(),
        "authorizationEndpoint": format!("{base}/authorize"),
        "tokenEndpoint": format!("{base}/token"),
    });
    let client = Client {
        secret,
        expires,
        redirects,
        grants: texts(params, "grantTypes"),
        refreshes: !texts(params, "scopes").is_empty(),
    };
    logins.clients.insert(id, client);
    Ok(Output::Json(answer))
}

/// The ID of the program that asks, which has to prove that it is registered.
pub(super) fn client_of<'a>(visit: &Visit<'a>) -> Result<&'a str, ServiceError> {
    let params = visit.params;
    let (id, secret) = (
        required(params, "clientId")?,
        required(params, "clientSecret")?,
    );
    let client = visit.portal.logins.clients.get(id);
    let known = client.filter(|client| client.secret == secret && client.is_known(visit.now));
    known.map(|_| id).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_to_this_machine_and_on_any_port() {
        let registered = "http://127.0.0.1/oauth/callback";
        for (address, expected) in [
            ("http://127.0.0.1:40123/oauth/callback", true),
            ("http://127.0.0.1/oauth/callback", true),
            ("http://localhost:40123/oauth/callback", false),
            ("http://127.0.0.1:40123/other", false),
            ("https://127.0.0.1:40123/oauth/callback", false),
            ("http://evil.example/oauth/callback", false),
            ("http://127.0.0.1.evil.example/oauth/callback", false),
        ] {
            assert_eq!(is_at(registered, address), expected, "{address}");
        }
        assert!(is_loopback("http://[::1]:4000/x") && !is_loopback("no address"));
    }
}
