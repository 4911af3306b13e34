//! Checks who signed a request (Signature Version 4).
//!
//! A signature is checked by making it again: the same request, the same signed headers and the
//! secret that belongs to the key must give the same signature.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SigningParams, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use http::{HeaderMap, Request, header};

use super::caller::{Caller, Session};
use super::error::{INCOMPLETE_SIGNATURE, NOT_SIGNED, ServiceError, WRONG_SIGNATURE};
use super::identifier::KeyId;
use super::organisation::Organisation;
use super::service::{IAM, Service};
use super::user::{Key, Status};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";
const TIME_FORMAT: &str = "%Y%m%dT%H%M%SZ";

/// How far a client's clock may be off, either way.
const TOLERANCE: TimeDelta = TimeDelta::minutes(15);

/// The times that decide; a test can set them apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// The account's time, which the age of keys counts from.
    pub(super) account: DateTime<Utc>,
    /// The service's clock, which the age of signatures counts from.
    pub(super) service: DateTime<Utc>,
    /// How long a new key is refused.
    pub(super) settling: TimeDelta,
}

/// The parts of an `Authorization` header.
#[derive(Debug)]
pub(super) struct Signature<'a> {
    pub(super) key_id: &'a str,
    day: &'a str,
    region: &'a str,
    service: &'a str,
    headers: Vec<&'a str>,
    hex: &'a str,
}

impl<'a> Signature<'a> {
    /// Reads the header.
    pub(super) fn of(headers: &'a HeaderMap) -> Result<Self, ServiceError> {
        let incomplete = |message: &str| ServiceError::new(INCOMPLETE_SIGNATURE, message);
        let value = text(headers, header::AUTHORIZATION.as_str()).ok_or_else(|| {
            ServiceError::new(NOT_SIGNED, "Request is missing Authentication Token")
        })?;
        let parts = value.strip_prefix(ALGORITHM);
        let parts =
            parts.ok_or_else(|| incomplete(&format!("Unsupported AWS 'algorithm': '{value}'.")))?;
        let part = |name| {
            let mut parts = parts.split(',').map(str::trim);
            let found = parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
            found.ok_or_else(|| {
                incomplete(&format!(
                    "Authorization header requires '{name}' parameter."
                ))
            })
        };
        let credential = part("Credential")?;
        let headers = part("SignedHeaders")?;
        let hex = part("Signature")?;
        let &[key_id, day, region, service, "aws4_request"] =
            credential.split('/').collect::<Vec<_>>().as_slice()
        else {
            return Err(incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term.",
            ));
        };
        Ok(Self {
            key_id,
            day,
            region,
            service,
            headers: headers.split(';').collect(),
            hex,
        })
    }

    /// Finds out who signed the request for a service: an error when the key is unknown, inactive
    /// or too new, or the signature too old or wrong.
    pub(super) fn verify(
        &self,
        request: &Request<Bytes>,
        organisation: &Organisation,
        service: Option<Service>,
        times: &Times,
    ) -> Result<(usize, Caller), ServiceError> {
        let (place, caller) = self.caller(request.headers(), organisation, times)?;
        let signed_at = self.signed_at(request.headers(), times.service)?;
        if let Some(service) = service.filter(|service| service.name != self.service) {
            let name = service.name;
            let message = format!("Credential should be scoped to correct service: '{name}'.");
            return Err(ServiceError::new(WRONG_SIGNATURE, message));
        }
        if self.expected(request, signed_at).as_deref() == Some(self.hex) {
            return match service {
                // Without MFA, IAM does not accept sessions of users.
                Some(IAM) if caller.is_user_session() && !caller.mfa => {
                    Err(ServiceError::invalid_token())
                }
                _ => Ok((place, caller)),
            };
        }
        let message = "The request signature we calculated does not match the signature you \
                       provided. Check your AWS Secret Access Key and signing method. Consult \
                       the service documentation for details.";
        Err(ServiceError::new(WRONG_SIGNATURE, message))
    }

    /// Who signed it, and the place of the account.
    fn caller(
        &self,
        headers: &HeaderMap,
        organisation: &Organisation,
        times: &Times,
    ) -> Result<(usize, Caller), ServiceError> {
        let invalid = ServiceError::invalid_token;
        let place = organisation.place_of_key(self.key_id).ok_or_else(invalid)?;
        let account = &organisation.members[place].account;
        let session = account.session(self.key_id);
        // A session needs its token, and a long-lived key has none.
        if text(headers, TOKEN) != session.map(Session::token).as_deref() || !account.is_usable() {
            return Err(invalid());
        }
        if let Some(session) = session {
            if session.is_over(times.account) {
                return Err(ServiceError::expired_token());
            }
            let mut caller = session.caller.clone();
            if let Some(name) = &caller.user {
                // What the user may do now counts, not what it was when the session began.
                let user = account.user(name).ok_or_else(invalid)?;
                let present = account.user_caller(user);
                (caller.policy, caller.denials) = (present.policy, present.denials);
            }
            return Ok((place, caller));
        }
        let usable = |key: &Key| {
            key.status == Status::Active && times.account - key.created >= times.settling
        };
        let (user, key) = account
            .key(self.key_id)
            .filter(|(_, key)| usable(key))
            .ok_or_else(invalid)?;
        let mut caller = account.user_caller(user);
        caller.key = Some(key.id);
        Ok((place, caller))
    }

    /// The time of the signature, if it is close enough to the service's.
    fn signed_at(
        &self,
        headers: &HeaderMap,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, ServiceError> {
        let time = text(headers, DATE)
            .filter(|time| time.starts_with(self.day))
            .and_then(|time| NaiveDateTime::parse_from_str(time, TIME_FORMAT).ok())
            .ok_or_else(|| {
                let message = "Date in Credential scope does not match YYYYMMDD from ISO-8601 \
                               version of date from HTTP";
                ServiceError::new(INCOMPLETE_SIGNATURE, message)
            })?
            .and_utc();
        let (state, comparison, sign, limit) = if time < now - TOLERANCE {
            ("expired", "now earlier", '-', now - TOLERANCE)
        } else if time > now + TOLERANCE {
            ("not yet current", "still later", '+', now + TOLERANCE)
        } else {
            return Ok(time);
        };
        let [time, limit, now] = [time, limit, now].map(|time| time.format(TIME_FORMAT));
        let minutes = TOLERANCE.num_minutes();
        let message = format!(
            "Signature {state}: {time} is {comparison} than {limit} ({now} {sign} {minutes} min.)"
        );
        Err(ServiceError::new(WRONG_SIGNATURE, message))
    }

    /// The signature that the request should have.
    fn expected(&self, request: &Request<Bytes>, signed_at: DateTime<Utc>) -> Option<String> {
        let headers: Vec<_> = request
            .headers()
            .iter()
            .filter(|(name, _)| self.headers.contains(&name.as_str()))
            .map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect::<Option<_>>()?;
        let signable = SignableRequest::new(
            request.method().as_str(),
            absolute(request)?,
            headers.into_iter(),
            SignableBody::Bytes(request.body()),
        )
        .ok()?;
        // The token is one of the headers already, if the client signed it.
        let secret = KeyId::parse(self.key_id)?.secret();
        let identity = Credentials::new(self.key_id, secret, None, None, "demo").into();
        // Exactly the headers that the client says it signed, also those that signers usually leave
        // out.
        let mut settings = SigningSettings::default();
        settings.excluded_headers = None;
        let params: SigningParams<'_> = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(SystemTime::from(signed_at))
            .settings(settings)
            .build()
            .ok()?
            .into();
        Some(sign(signable, &params).ok()?.signature().to_owned())
    }
}

/// The request's URL; the host that a server gets is in a header.
fn absolute(request: &Request<Bytes>) -> Option<String> {
    let uri = request.uri();
    if uri.authority().is_some() {
        return Some(uri.to_string());
    }
    let host = text(request.headers(), header::HOST.as_str())?;
    Some(format!("http://{host}{uri}"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::service::STS;
    use super::super::store::Account;
    use super::*;

    const LIST: &str = "Action=ListUsers&Version=2010-05-08";

    /// A request as alice of the demo account signs it.
    pub(in super::super) fn signed(body: &'static str, query: &str) -> Request<Bytes> {
        let uri = format!("http://localhost/{query}");
        // Clients do not usually sign this header, but they may.
        let header = ("user-agent", "test");
        let request = Request::post(&uri).header(header.0, header.1);
        let mut request = request.body(Bytes::from(body)).unwrap();
        let mut settings = SigningSettings::default();
        settings.excluded_headers = None;
        let key = KeyId::parse("AKIAQX7DEMO4ALICE001").unwrap();
        let identity = Credentials::new(key.as_str(), key.secret(), None, None, "test").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name("iam")
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let body = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new("POST", uri, [header].into_iter(), body).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        request
    }

    fn verify(request: &Request<Bytes>, service: Service) -> Result<Caller, ServiceError> {
        let now = Utc::now();
        let times = Times {
            account: now,
            service: now,
            settling: TimeDelta::zero(),
        };
        let organisation = Organisation::alone(Account::demo(now));
        let signature = Signature::of(request.headers())?;
        let verified = signature.verify(request, &organisation, Some(service), &times);
        verified.map(|(_, caller)| caller)
    }

    #[test]
    fn a_signed_request_is_accepted() {
        let mut more = signed(LIST, "");
        more.headers_mut()
            .insert("x-other", "not signed".parse().unwrap());
        let in_the_url = signed("", "?Version=2010-05-08&Action=GetUser");
        for request in [signed(LIST, ""), in_the_url, more] {
            let caller = verify(&request, IAM).unwrap();
            assert_eq!(caller.user.as_deref(), Some("alice"));
        }
    }

    #[test]
    fn a_request_that_was_changed_after_signing_is_refused() {
        let changed = |header: &'static str, from: &str, to: &str| {
            let mut request = signed(LIST, "");
            let value = request.headers()[header].to_str().unwrap();
            assert!(value.contains(from), "{value}");
            let value = value.replace(from, to).parse().unwrap();
            request.headers_mut().insert(header, value);
            request
        };
        let mut body = signed(LIST, "");
        *body.body_mut() = Bytes::from_static(b"Action=GetUser&Version=2010-05-08");
        let mut url = signed(LIST, "");
        *url.uri_mut() = "http://localhost/?MaxItems=1".parse().unwrap();
        let mut bare = signed(LIST, "");
        bare.headers_mut().clear();
        let header = |from, to| changed("authorization", from, to);
        let wrong = (
            403,
            "SignatureDoesNotMatch",
            "The request signature we calc",
        );
        let incomplete = |reason| (400, "IncompleteSignature", reason);
        let missing = (403, "MissingAuthenticationToken", "Request is missing");
        for (request, (status, code, message)) in [
            (body, wrong),
            (url, wrong),
            (header("eu-west-1", "us-east-1"), wrong),
            (bare, missing),
            (
                header("AWS4-HMAC-SHA256", "Basic"),
                incomplete("Unsupported AWS 'algorithm'"),
            ),
            (
                header("Signature=", "Sig="),
                incomplete("requires 'Signature'"),
            ),
            (
                header("Credential=", "Cred="),
                incomplete("requires 'Credential'"),
            ),
            (
                header("SignedHeaders=", "Headers="),
                incomplete("requires 'SignedHeaders'"),
            ),
            (
                header("/aws4_request", ""),
                incomplete("5 slash-delimited elements"),
            ),
            (
                changed("x-amz-date", "T", "X"),
                incomplete("Date in Credential scope"),
            ),
        ] {
            let error = verify(&request, IAM).unwrap_err();
            assert_eq!((error.status, &*error.code), (status, code), "{error}");
            assert!(error.message.contains(message), "{error}");
        }
    }

    #[test]
    fn a_signature_is_valid_for_one_service() {
        let error = verify(&signed(LIST, ""), STS).unwrap_err();
        assert_eq!((error.status, &*error.code), (403, "SignatureDoesNotMatch"));
        assert_eq!(
            error.message,
            "Credential should be scoped to correct service: 'sts'."
        );
    }
}
