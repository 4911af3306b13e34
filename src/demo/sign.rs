//! Who signed a request, and whether they really did (Signature Version 4).
//!
//! A signature is checked by making it again: the same request, the same signed
//! headers and the secret the account knows must give the same signature.

use std::fmt::Write as _;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SigningParams, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use http::{HeaderMap, Request, header};

use super::identifier::KeyId;
use super::refusal::Refusal;
use super::store::{Account, RoleSession};
use super::user::Status;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";
const TIME_FORMAT: &str = "%Y%m%dT%H%M%SZ";

/// How far a client's clock may be off, either way.
const TOLERANCE: TimeDelta = TimeDelta::minutes(15);

/// Whoever signed a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    arn: String,
    id: String,
    user: Option<String>,
    key: Option<KeyId>,
}

impl Caller {
    pub(super) fn arn(&self) -> &str {
        &self.arn
    }

    /// The unique ID, as `GetCallerIdentity` gives it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The user's name; a role session has none.
    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The long-lived key; a role session has none.
    pub(super) fn key(&self) -> Option<KeyId> {
        self.key
    }
}

/// What decides about time: three readings that a test can set apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// The account's time: how old its keys are.
    pub(super) account: DateTime<Utc>,
    /// The service's clock: how old a signature is.
    pub(super) service: DateTime<Utc>,
    /// How long a new key is not known everywhere yet.
    pub(super) settling: TimeDelta,
}

/// The parts of an `Authorization` header.
#[derive(Debug)]
pub(super) struct Signature<'a> {
    pub(super) key_id: &'a str,
    day: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    headers: Vec<&'a str>,
    hex: &'a str,
}

impl<'a> Signature<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// When it is missing, or is no header of Signature Version 4.
    pub(super) fn of(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        let value = text(headers, header::AUTHORIZATION.as_str()).ok_or_else(Refusal::unsigned)?;
        let parts = value.strip_prefix(ALGORITHM).ok_or_else(|| {
            Refusal::incomplete_signature(format!("Unsupported AWS 'algorithm': '{value}'."))
        })?;
        let mut credential = None;
        let mut signed = None;
        let mut signature = None;
        for part in parts.split(',') {
            match part.trim().split_once('=') {
                Some(("Credential", value)) => credential = Some(value),
                Some(("SignedHeaders", value)) => signed = Some(value),
                Some(("Signature", value)) => signature = Some(value),
                _ => {}
            }
        }
        let required = |part: Option<&'a str>, name: &str| {
            part.ok_or_else(|| {
                Refusal::incomplete_signature(format!(
                    "Authorization header requires '{name}' parameter."
                ))
            })
        };
        let credential = required(credential, "Credential")?;
        let headers = required(signed, "SignedHeaders")?;
        let signature = required(signature, "Signature")?;
        let &[key_id, day, region, service, "aws4_request"] =
            credential.split('/').collect::<Vec<_>>().as_slice()
        else {
            return Err(Refusal::incomplete_signature(
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
            hex: signature,
        })
    }

    /// Finds out who signed the request, for a service.
    ///
    /// # Errors
    /// When the key is unknown, inactive or too new, or the signature is too
    /// old or not right.
    pub(super) fn verify(
        &self,
        request: &Request<Bytes>,
        account: &Account,
        service: Option<&str>,
        times: &Times,
    ) -> Result<Caller, Refusal> {
        let caller = self.caller(request.headers(), account, times)?;
        let signed_at = self.signed_at(request.headers(), times.service)?;
        if let Some(service) = service.filter(|&service| service != self.service) {
            return Err(Refusal::wrong_signature(format!(
                "Credential should be scoped to correct service: '{service}'."
            )));
        }
        let secret = KeyId::parse(self.key_id).map(|id| id.secret());
        let expected = secret.and_then(|secret| self.again(request, &secret, signed_at));
        if expected.as_deref() == Some(self.hex) {
            Ok(caller)
        } else {
            Err(Refusal::wrong_signature(
                "The request signature we calculated does not match the signature you \
                 provided. Check your AWS Secret Access Key and signing method. Consult the \
                 service documentation for details.",
            ))
        }
    }

    fn caller(
        &self,
        headers: &HeaderMap,
        account: &Account,
        times: &Times,
    ) -> Result<Caller, Refusal> {
        let token = text(headers, TOKEN);
        if let Some(session) = account.role_session(self.key_id) {
            return (token == Some(RoleSession::TOKEN))
                .then(|| Caller {
                    arn: account.session_arn(session),
                    id: session.id(),
                    user: None,
                    key: None,
                })
                .ok_or_else(Refusal::unknown_token);
        }
        let known = account.key(self.key_id).filter(|(_, key)| {
            token.is_none()
                && key.status == Status::Active
                && times.account - key.created >= times.settling
        });
        let (user, key) = known.ok_or_else(Refusal::unknown_token)?;
        Ok(Caller {
            arn: account.arn(user),
            id: user.id(),
            user: Some(user.name.to_string()),
            key: Some(key.id),
        })
    }

    /// The time of the signature, if it is near enough to ours.
    fn signed_at(&self, headers: &HeaderMap, now: DateTime<Utc>) -> Result<DateTime<Utc>, Refusal> {
        let time = text(headers, DATE)
            .filter(|time| time.starts_with(self.day))
            .and_then(|time| NaiveDateTime::parse_from_str(time, TIME_FORMAT).ok())
            .map(|time| time.and_utc())
            .ok_or_else(|| {
                Refusal::incomplete_signature(
                    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of \
                     date from HTTP",
                )
            })?;
        let shown = |time: DateTime<Utc>| time.format(TIME_FORMAT);
        let minutes = TOLERANCE.num_minutes();
        if time < now - TOLERANCE {
            Err(Refusal::wrong_signature(format!(
                "Signature expired: {} is now earlier than {} ({} - {minutes} min.)",
                shown(time),
                shown(now - TOLERANCE),
                shown(now),
            )))
        } else if time > now + TOLERANCE {
            Err(Refusal::wrong_signature(format!(
                "Signature not yet current: {} is still later than {} ({} + {minutes} min.)",
                shown(time),
                shown(now + TOLERANCE),
                shown(now),
            )))
        } else {
            Ok(time)
        }
    }

    /// The signature that belongs to the request and a secret.
    fn again(
        &self,
        request: &Request<Bytes>,
        secret: &str,
        signed_at: DateTime<Utc>,
    ) -> Option<String> {
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
        let identity = Credentials::new(self.key_id, secret, None, None, "demo").into();
        // Exactly the headers that the client says it signed, even those that
        // signers usually leave out.
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

/// The request's address with its host, which a server is told by a header.
fn absolute(request: &Request<Bytes>) -> Option<String> {
    let uri = request.uri();
    if uri.authority().is_some() {
        return Some(uri.to_string());
    }
    let mut address = "http://".to_owned();
    address.push_str(text(request.headers(), header::HOST.as_str())?);
    write!(address, "{uri}").ok()?;
    Some(address)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Endpoint};
    use super::*;

    const LIST: &str = "Action=ListUsers&Version=2010-05-08";

    /// A request as alice signs it.
    fn signed(body: &'static str, query: &str, service: &str) -> Request<Bytes> {
        let uri = format!("http://localhost/{query}");
        // Clients do not usually sign this one, but they may.
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
            .name(service)
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

    /// The status, and the code and sentence of a refusal.
    async fn answer(request: Request<Bytes>) -> (u16, String) {
        let endpoint = Endpoint::new(Account::demo(Utc::now()));
        let Answer::Whole(response) = endpoint.answer(request).await else {
            panic!("no answer");
        };
        let body = str::from_utf8(response.body()).unwrap();
        let between = |tag: &str| {
            let (_, rest) = body.split_once(&format!("<{tag}>"))?;
            Some(rest.split_once('<')?.0.to_owned())
        };
        let code = between("Code").unwrap_or_default();
        let message = between("Message").unwrap_or_default();
        assert!(between("RequestId").is_some(), "{body}");
        (response.status().as_u16(), format!("{code}: {message}"))
    }

    fn changed(header: &'static str, from: &str, to: &str) -> Request<Bytes> {
        let mut request = signed(LIST, "", "iam");
        let value = request.headers()[header].to_str().unwrap();
        assert!(value.contains(from), "{value}");
        let value = value.replace(from, to).parse().unwrap();
        request.headers_mut().insert(header, value);
        request
    }

    #[tokio::test]
    async fn what_was_signed_is_answered() {
        assert_eq!(answer(signed(LIST, "", "iam")).await.0, 200);
        let in_the_address = signed("", "?Version=2010-05-08&Action=GetUser", "iam");
        assert_eq!(answer(in_the_address).await.0, 200);
        let mut more = signed(LIST, "", "iam");
        let value = "not signed".parse().unwrap();
        more.headers_mut().insert("x-other", value);
        assert_eq!(answer(more).await.0, 200);
    }

    #[tokio::test]
    async fn what_was_changed_after_signing_is_not() {
        let wrong = "SignatureDoesNotMatch: The request signature we calculated";
        let mut other = signed(LIST, "", "iam");
        *other.body_mut() = Bytes::from_static(b"Action=GetUser&Version=2010-05-08");
        let (status, said) = answer(other).await;
        assert!(status == 403 && said.starts_with(wrong), "{said}");
        let mut elsewhere = signed(LIST, "", "iam");
        *elsewhere.uri_mut() = "http://localhost/?MaxItems=1".parse().unwrap();
        let (status, said) = answer(elsewhere).await;
        assert!(status == 403 && said.starts_with(wrong), "{said}");
        let (status, said) = answer(changed("authorization", "eu-west-1", "us-east-1")).await;
        assert!(status == 403 && said.starts_with(wrong), "{said}");
    }

    #[tokio::test]
    async fn what_is_not_signed_properly_is_told_why() {
        let bare = Request::post("http://localhost/").body(Bytes::from(LIST));
        let (status, said) = answer(bare.unwrap()).await;
        assert_eq!(status, 403);
        assert!(said.starts_with("MissingAuthenticationToken: "), "{said}");
        for (from, to, reason) in [
            ("AWS4-HMAC-SHA256", "Basic", "Unsupported AWS 'algorithm'"),
            ("Signature=", "Sig=", "requires 'Signature'"),
            ("Credential=", "Cred=", "requires 'Credential'"),
            ("SignedHeaders=", "Headers=", "requires 'SignedHeaders'"),
            ("/aws4_request", "", "5 slash-delimited elements"),
        ] {
            let (status, said) = answer(changed("authorization", from, to)).await;
            assert_eq!(status, 400, "{said}");
            assert!(said.starts_with("IncompleteSignature: "), "{said}");
            assert!(said.contains(reason), "{said}");
        }
        let (status, said) = answer(changed("x-amz-date", "T", "X")).await;
        assert!(status == 400 && said.contains("Date in Credential scope"));
    }

    #[tokio::test]
    async fn a_signature_is_good_for_one_service_and_known_actions() {
        let (status, said) = answer(signed(LIST, "", "sts")).await;
        assert_eq!(status, 403);
        assert_eq!(
            said,
            "SignatureDoesNotMatch: Credential should be scoped to correct service: 'iam'."
        );
        let unknown = signed("Action=Explode&Version=2010-05-08", "", "iam");
        let (status, said) = answer(unknown).await;
        assert_eq!(status, 400);
        assert_eq!(
            said,
            "InvalidAction: Could not find operation Explode for version 2010-05-08"
        );
    }
}
