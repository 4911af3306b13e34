//! A login to IAM Identity Center, made here: with the browser on this machine, which comes back to a
//! port of the loopback interface with a code that only this program can use (authorization code with
//! PKCE, RFC 7636 and 8252); or with a code in any browser on any machine (RFC 8628).
//!
//! A person who is sent a page with a code can be made to log somebody else in, so the browser comes
//! first where there is one.

use super::{
    Access, Failure, Problem,
    cache::{self, Grant, Registration, Token},
    callback::{self, Callback, Came},
    now, place, random,
};
use crate::{
    aws::{
        convert::{deepest, one_line},
        endpoint_url,
        person::Question,
    },
    engine::{
        Offer, Reply, SecretKey,
        prompt::{Asked, LoginAsked, LoginWay},
    },
};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ssooidc::{
    error::{ProvideErrorMetadata, SdkError},
    operation::create_token::CreateTokenOutput,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta};
use sha2::{Digest as _, Sha256};
use std::{error::Error as StdError, io::ErrorKind, time::Duration};
use tokio::time::{Instant, sleep_until};

/// How long a login with the browser here is waited for, as in the `aws` command.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// How often a login with a code is asked about, where IAM Identity Center does not say (RFC 8628).
const INTERVAL: Duration = Duration::from_secs(5);

/// So much less often where it says that this is too often.
const SLOWER: Duration = Duration::from_secs(5);

/// What is left of a registration has to last for the login.
const SPARE: TimeDelta = TimeDelta::minutes(15);

/// The grant of a login with a code.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How a way of logging in has ended.
enum Ended {
    /// With a login.
    In(Token),
    /// The other way is wanted; why, where no person has said so.
    OtherWay(Option<String>),
}

/// Asks the person to log in, and waits until they have.
pub(super) async fn login(access: &Access<'_>) -> Result<Token, Failure> {
    let has_session = access.sso.session.is_some();
    let mut asked = LoginAsked {
        name: access.sso.name().to_owned(),
        way: LoginWay::Preparing,
        until: now() + PATIENCE,
        opened: None,
        // A profile of the older kind knows codes only, as in the `aws` command.
        may_browse: has_session && place::may_have_browser(),
        problem: None,
    };
    let question = access.person.ask(Asked::Login(asked.clone())).await;
    let by_code = access.options.sso_device_code || !has_session;
    let mut browse = !by_code && place::has_browser();
    let mut waiting = Waiting {
        access,
        question,
        asked: &mut asked,
    };
    loop {
        let ended = if browse {
            waiting.in_browser().await?
        } else {
            waiting.with_code().await?
        };
        match ended {
            Ended::In(token) => return Ok(token),
            Ended::OtherWay(why) => {
                browse = !browse;
                waiting.asked.way = LoginWay::Preparing;
                waiting.asked.until = now() + PATIENCE;
                waiting.asked.opened = None;
                waiting.asked.problem = why;
                waiting.show();
            }
        }
    }
}

/// A login that is waited for.
struct Waiting<'a, 'b> {
    access: &'a Access<'b>,
    question: Question<'a>,
    asked: &'a mut LoginAsked,
}

impl Waiting<'_, '_> {
    fn show(&self) {
        self.question.now(Asked::Login(self.asked.clone()));
    }

    /// Opens a page in a browser on this machine.
    async fn open(&mut self, address: &str) {
        self.asked.opened = Some(open(address).await);
        self.show();
    }

    /// Logs in with the browser on this machine.
    async fn in_browser(&mut self) -> Result<Ended, Failure> {
        let access = self.access;
        let state = random(24)?;
        let mut callback = match Callback::open(state.clone()).await {
            Ok(callback) => callback,
            Err(error) => {
                let why = format!("No port of this machine could be listened on: {error}");
                return Ok(Ended::OtherWay(Some(why)));
            }
        };
        let registration = self.registration(Grant::Browser, false).await?;
        // Proves that who has begun the login ends it.
        let verifier = random(48)?;
        let back = callback.address();
        let address = address(access, &registration, &back, &state, &verifier)?;
        self.asked.way = LoginWay::Browser {
            address: address.clone(),
        };
        self.open(&address).await;
        let until = until(self.asked.until);
        let code = loop {
            let came = tokio::select! {
                came = callback.came() => came,
                reply = self.question.reply() => match reply {
                    Reply::OpenHere => {
                        self.open(&address).await;
                        continue;
                    }
                    Reply::DeviceCode => return Ok(Ended::OtherWay(None)),
                    Reply::Cancel => return Err(not_made(access).into()),
                    Reply::Code(_) | Reply::Browser | Reply::Terminal => continue,
                },
                () = sleep_until(until) => return Err(too_late(access).into()),
            };
            match came {
                Came::Code(code) => break code,
                Came::Refused(why) => return Err(refused(access, &why).into()),
                Came::Stranger => {
                    let why =
                        "A browser came back from another login than this one. It was ignored.";
                    self.asked.problem = Some(why.into());
                    self.show();
                }
            }
        };
        callback.close().await;
        let call = access
            .oidc()
            .create_token()
            .grant_type("authorization_code");
        let call = call
            .client_id(&registration.id)
            .client_secret(registration.secret.expose())
            .code(code.expose())
            .redirect_uri(back)
            .code_verifier(verifier.expose());
        match call.send().await {
            Ok(answer) => Ok(Ended::In(token_of(answer, &registration)?)),
            Err(error) => {
                let code = error.as_service_error().and_then(|error| error.code());
                if code == Some("InvalidClientException") {
                    // It was kept, and is known no more: the next login has another.
                    self.registration(Grant::Browser, true).await?;
                }
                Err(failed(access, error))
            }
        }
    }

    /// Logs in with a code, in any browser.
    async fn with_code(&mut self) -> Result<Ended, Failure> {
        let access = self.access;
        let mut registration = self.registration(Grant::Device, false).await?;
        let ask = |registration: &Registration| {
            let call = access.oidc().start_device_authorization();
            call.client_id(&registration.id)
                .client_secret(registration.secret.expose())
                .start_url(&access.sso.start_url)
                .send()
        };
        let begun = match ask(&registration).await {
            Err(SdkError::ServiceError(context)) if context.err().is_invalid_client_exception() => {
                // It was kept, and is known no more.
                registration = self.registration(Grant::Device, true).await?;
                ask(&registration).await
            }
            begun => begun,
        };
        let begun = begun.map_err(|error| failed(access, error))?;
        let (Some(device), Some(code), Some(page)) =
            (begun.device_code, begun.user_code, begun.verification_uri)
        else {
            let why = "the answer of IAM Identity Center has no code in it";
            return Err(CredentialsError::unhandled(why).into());
        };
        let device = SecretKey::new(device);
        let address = begun.verification_uri_complete.unwrap_or(page);
        let seconds = i64::from(begun.expires_in).clamp(30, 3600);
        self.asked.until = now() + TimeDelta::seconds(seconds);
        self.asked.way = LoginWay::Device {
            address: address.clone(),
            code,
        };
        self.show();
        let until = until(self.asked.until);
        let mut interval = match u64::try_from(begun.interval) {
            Ok(seconds @ 1..) => Duration::from_secs(seconds),
            _ => INTERVAL,
        };
        let mut next = Instant::now() + interval;
        loop {
            tokio::select! {
                reply = self.question.reply() => {
                    match reply {
                        Reply::OpenHere => self.open(&address).await,
                        Reply::Browser if self.asked.may_browse => {
                            return Ok(Ended::OtherWay(None));
                        }
                        Reply::Cancel => return Err(not_made(access).into()),
                        Reply::Code(_) | Reply::DeviceCode | Reply::Browser | Reply::Terminal => {}
                    }
                    continue;
                }
                () = sleep_until(until) => return Err(too_late(access).into()),
                () = sleep_until(next) => {}
            }
            let call = access.oidc().create_token().grant_type(DEVICE_CODE);
            let call = call
                .client_id(&registration.id)
                .client_secret(registration.secret.expose())
                .device_code(device.expose());
            match call.send().await {
                Ok(answer) => return Ok(Ended::In(token_of(answer, &registration)?)),
                Err(SdkError::ServiceError(context)) => {
                    let error = context.err();
                    if error.is_slow_down_exception() {
                        interval += SLOWER;
                    } else if !error.is_authorization_pending_exception() {
                        return Err(failed(access, SdkError::ServiceError(context)));
                    }
                    self.asked.problem = None;
                }
                // The login goes on meanwhile, in the browser.
                Err(error) => {
                    let why = one_line(&deepest(&error));
                    self.asked.problem =
                        Some(format!("IAM Identity Center does not answer: {why}"));
                }
            }
            self.show();
            next = Instant::now() + interval;
        }
    }

    /// The client that this program is registered as: the one that is kept, or a new one.
    async fn registration(&self, grant: Grant, anew: bool) -> Result<Registration, Failure> {
        let access = self.access;
        let sso = access.sso.clone();
        let read = move || Registration::read(&cache::directory()?, &sso, grant);
        let kept = tokio::task::spawn_blocking(read).await.ok().flatten();
        let lasts = |kept: &Registration| kept.expires > now() + SPARE;
        if let Some(kept) = kept.filter(lasts).filter(|_| !anew) {
            return Ok(kept);
        }
        let session = access.sso.session.as_deref();
        let name = session.map_or_else(|| now().timestamp().to_string(), str::to_owned);
        let call = access.oidc().register_client();
        let call = call
            .client_name(format!("iamkeys-{name}"))
            .client_type("public");
        let call = match grant {
            Grant::Browser => call
                .set_grant_types(Some(grant.names().iter().map(|it| (*it).into()).collect()))
                .redirect_uris(format!("http://127.0.0.1{}", callback::PATH))
                .issuer_url(&access.sso.start_url)
                .set_scopes(Some(access.sso.scopes_to_ask())),
            Grant::Device => call.set_scopes(access.sso.scopes.clone()),
        };
        let answer = call.send().await.map_err(|error| failed(access, error))?;
        let expires = DateTime::from_timestamp(answer.client_secret_expires_at, 0);
        let (Some(id), Some(secret)) = (answer.client_id, answer.client_secret) else {
            let why = "the answer of IAM Identity Center has no client in it";
            return Err(CredentialsError::unhandled(why).into());
        };
        let new = Registration {
            id,
            secret: SecretKey::new(secret),
            expires: expires.unwrap_or_else(now),
        };
        let (sso, kept) = (access.sso.clone(), new.clone());
        let write = move || match cache::directory() {
            Some(directory) => kept.write(&directory, &sso, grant),
            None => Ok(()),
        };
        if let Ok(Err(error)) = tokio::task::spawn_blocking(write).await {
            tracing::warn!(%error, "the registration is not kept");
        }
        Ok(new)
    }
}

/// The page that a login in the browser here begins on. `/authorize` is not in the SDK.
fn address(
    access: &Access<'_>,
    registration: &Registration,
    back: &str,
    state: &SecretKey,
    verifier: &SecretKey,
) -> Result<String, Failure> {
    let region = &access.sso.region;
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    let base = endpoint_url::of(access.config, "SSO OIDC");
    if let Some(why) = base
        .as_deref()
        .and_then(|url| endpoint_url::check_endpoint_url(url).err())
    {
        return Err(Problem {
            title: "The endpoint of IAM Identity Center cannot be used".into(),
            what: why.into(),
            advice: vec!["Mend AWS_ENDPOINT_URL_SSO_OIDC or AWS_ENDPOINT_URL.".into()],
            ..Problem::default()
        }
        .into());
    }
    let base = base.unwrap_or_else(|| format!("https://oidc.{region}.amazonaws.com{china}"));
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose()));
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", &registration.id)
        .append_pair("redirect_uri", back)
        .append_pair("state", state.expose())
        .append_pair("code_challenge_method", "S256")
        .append_pair("scopes", &access.sso.scopes_to_ask().join(" "))
        .append_pair("code_challenge", &challenge)
        .finish();
    // A blank is written as the `aws` command writes it.
    let query = query.replace('+', "%20");
    Ok(format!("{}/authorize?{query}", base.trim_end_matches('/')))
}

/// Opens a page in a browser on this machine.
async fn open(address: &str) -> Result<(), String> {
    if !address.starts_with("https://") && !address.starts_with("http://") {
        return Err("its address is none of a web page".into());
    }
    let address = address.to_owned();
    let opened = tokio::task::spawn_blocking(move || open::that_detached(address));
    match opened.await {
        Ok(Ok(())) => Ok(()),
        // What it says repeats the address, and that holds what the login is known by.
        Ok(Err(error)) => Err(match error.kind() {
            ErrorKind::NotFound => "there is no program that opens pages".into(),
            _ => "the program that opens pages failed".into(),
        }),
        Err(_) => Err("internal error (please report it)".into()),
    }
}

/// The login that an answer brings.
pub(super) fn token_of(
    answer: CreateTokenOutput,
    registration: &Registration,
) -> Result<Token, Failure> {
    let Some(access) = answer.access_token else {
        let why = "the answer of IAM Identity Center has no token in it";
        return Err(CredentialsError::unhandled(why).into());
    };
    Ok(Token {
        access: SecretKey::new(access),
        expires: now() + TimeDelta::seconds(answer.expires_in.into()),
        refresh: answer.refresh_token.map(SecretKey::new),
        registration: Some(registration.clone()),
    })
}

/// When that is, by the clock that tasks wait by.
fn until(time: DateTime<chrono::Utc>) -> Instant {
    Instant::now() + (time - now()).to_std().unwrap_or_default()
}

fn failed<E>(access: &Access<'_>, error: SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let SdkError::ServiceError(context) = error else {
        return CredentialsError::provider_error(error).into();
    };
    let error = context.err();
    let code = error.code().unwrap_or_default();
    let message = one_line(error.message().unwrap_or_default());
    match code {
        "ExpiredTokenException" => too_late(access).into(),
        "AccessDeniedException" => refused(access, &message).into(),
        _ => Problem {
            title: format!("The login to {} failed", one_line(access.sso.name())),
            what: "IAM Identity Center refused it.".into(),
            details: vec![format!("{code}: {message}")],
            advice: vec!["Check sso_start_url and sso_region.".into()],
            offer: Some(Offer::Login),
        }
        .into(),
    }
}

fn not_made(access: &Access<'_>) -> Problem {
    Problem {
        what: "The login was not made.".into(),
        ..access.missing()
    }
}

fn too_late(access: &Access<'_>) -> Problem {
    Problem {
        title: format!("The login to {} took too long", one_line(access.sso.name())),
        what: "IAM Identity Center waits for a login for some minutes only.".into(),
        details: Vec::new(),
        ..access.missing()
    }
}

fn refused(access: &Access<'_>, why: &str) -> Problem {
    Problem {
        title: format!("The login to {} was refused", one_line(access.sso.name())),
        what: "It was refused in the browser, or this login may not use the application.".into(),
        details: vec![one_line(why)],
        ..access.missing()
    }
}
