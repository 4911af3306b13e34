//! Credentials of a role that IAM Identity Center (SSO) gives: with the login that the `aws` command
//! keeps, with one that is refreshed in silence, or with one that is made here.

mod cache;
mod callback;
mod calls;
mod login;
mod place;

use super::{
    Options, Person, Problem, Turns, assume::Failure, bodies, convert::one_line, patience,
};
use crate::engine::{Offer, SecretKey, profiles::Login};
use aws_config::{
    Region, SdkConfig,
    profile::{Profile, ProfileSet},
    retry::RetryConfig,
};
use aws_credential_types::{Credentials, provider::error::CredentialsError};
use aws_sdk_ssooidc::error::{ProvideErrorMetadata as _, SdkError};
use cache::Token;
pub(super) use cache::directory;
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// What a login is for, where the profile does not say.
const SCOPE: &str = "sso:account:access";

/// What is to end before that is refreshed, as in the `aws` command.
const EARLY: TimeDelta = TimeDelta::minutes(15);

/// So many calls are under way at once with a login, and one that lists accounts: a portal refuses more
/// than some 20 a second.
const AT_ONCE: usize = 4;

/// What a profile says about its login and its role.
#[derive(Clone, Debug)]
pub(super) struct Sso {
    /// The name of its `sso-session` section; none in a profile of the older kind.
    pub session: Option<String>,
    /// `sso_start_url`.
    pub start_url: String,
    /// `sso_region`.
    pub region: String,
    /// `sso_registration_scopes`, where there are any.
    pub scopes: Option<Vec<String>>,
    /// `sso_account_id`.
    pub account: String,
    /// `sso_role_name`.
    pub role: String,
    /// The token of a login that was made elsewhere, and that no file has: the embedded portal's.
    pub given: Option<SecretKey>,
}

impl Sso {
    /// Reads a profile; none where something is missing.
    pub(super) fn read(profiles: &ProfileSet, profile: &Profile) -> Option<Self> {
        let own = |key| profile.get(key).map(str::to_owned);
        let name = own("sso_session");
        let session = match &name {
            Some(name) => Some(profiles.sso_session(name)?),
            None => None,
        };
        let of_session = |key| match session {
            Some(session) => session.get(key).map(str::to_owned),
            None => own(key),
        };
        let scopes = of_session("sso_registration_scopes").filter(|_| session.is_some());
        Some(Self {
            start_url: of_session("sso_start_url")?,
            region: of_session("sso_region")?,
            scopes: scopes.as_deref().map(self::scopes),
            session: name,
            account: own("sso_account_id")?,
            role: own("sso_role_name")?,
            given: None,
        })
    }

    /// Reads a portal of the config file, for no account and role yet: an `sso-session` by its name, or
    /// the start URL of a profile of the older kind. None where something is missing.
    pub(super) fn of_portal(profiles: &ProfileSet, name: &str) -> Option<Self> {
        let (session, start_url, region, scopes) = match profiles.sso_session(name) {
            Some(session) => (
                Some(name.to_owned()),
                session.get("sso_start_url")?,
                session.get("sso_region")?,
                session.get("sso_registration_scopes").map(scopes),
            ),
            None => {
                let mut older = start_urls(profiles).filter(|(url, _)| *url == name);
                let (url, region) = older.next()?;
                (None, url, region, None)
            }
        };
        Some(Self {
            session,
            start_url: start_url.to_owned(),
            region: region.to_owned(),
            scopes,
            account: String::new(),
            role: String::new(),
            given: None,
        })
    }

    /// The portal of an endpoint in this process, to which the login with this token was made.
    pub(super) fn embedded(token: SecretKey) -> Self {
        Self {
            session: Some("demo".into()),
            start_url: String::new(),
            region: "us-east-1".into(),
            scopes: None,
            account: String::new(),
            role: String::new(),
            given: Some(token),
        }
    }

    /// What its login is called: the session's name, or the start URL where there is none.
    pub(super) fn name(&self) -> &str {
        self.session.as_deref().unwrap_or(&self.start_url)
    }

    /// What a login is asked for.
    fn scopes_to_ask(&self) -> Vec<String> {
        let scopes = self.scopes.clone().filter(|scopes| !scopes.is_empty());
        scopes.unwrap_or_else(|| vec![SCOPE.to_owned()])
    }
}

/// The start URLs of the profiles of the older kind, which have no session, each with its Region; in the
/// order of the profiles' names.
pub(super) fn start_urls(profiles: &ProfileSet) -> impl Iterator<Item = (&str, &str)> {
    let mut names: Vec<&str> = profiles.profiles().collect();
    names.sort_unstable();
    names.into_iter().filter_map(|name| {
        let profile = profiles.get_profile(name)?;
        let get = |key| profile.get(key).filter(|value| !value.is_empty());
        let has_session = get("sso_session").is_some();
        let portal = Some((get("sso_start_url")?, get("sso_region")?));
        portal.filter(|_| !has_session)
    })
}

/// The scopes of a list of them.
fn scopes(list: &str) -> Vec<String> {
    let scopes = list.split(',').map(str::trim);
    let scopes = scopes.filter(|scope| !scope.is_empty());
    scopes.map(str::to_owned).collect()
}

/// How long a login lasts that the `aws` command or this program has kept: of a session, by its name,
/// or of a portal, by its start URL. Nothing is asked.
pub(super) fn kept(directory: &Path, name: &str) -> Login {
    match Token::named(directory, name) {
        None => Login::Missing,
        Some(token) => Login::Cached {
            expires: token.expires,
            // It is refreshed with both.
            renewable: token
                .registration
                .filter(|_| token.refresh.is_some())
                .map(|client| client.expires),
        },
    }
}

/// The logins of this run. While one is made or refreshed, others who need it wait for it. Clones share
/// them.
#[derive(Clone, Default)]
pub struct Logins(Arc<Mutex<HashMap<String, OneLogin>>>);

/// A login of this run.
#[derive(Clone)]
struct OneLogin {
    kept: Kept,
    /// The calls that are made with it take turns.
    turns: Turns,
    /// Those that list accounts do so apart: they do not wait until all that were listed are open.
    lists: Turns,
}

impl Default for OneLogin {
    fn default() -> Self {
        Self {
            kept: Kept::default(),
            turns: Turns::new(AT_ONCE),
            lists: Turns::new(1),
        }
    }
}

/// A login that could not be kept in a file, or is being made.
type Kept = Arc<tokio::sync::Mutex<Option<Token>>>;

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logins").finish_non_exhaustive()
    }
}

impl Logins {
    fn of(&self, sso: &Sso) -> OneLogin {
        let mut logins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logins.entry(sso.name().to_owned()).or_default().clone()
    }
}

/// What it takes to come by the credentials of a role.
pub(super) struct Access<'a> {
    pub sso: &'a Sso,
    /// The profile that it is for.
    pub profile: Option<&'a str>,
    /// For requests, without credentials.
    pub config: &'a SdkConfig,
    pub options: &'a Options,
    pub person: &'a Person,
}

impl Access<'_> {
    /// The credentials of the role; `anew` says that a login is to be made, which needs the person.
    pub(super) async fn credentials(&self, anew: bool) -> Result<Credentials, Failure> {
        let token = self.token(anew).await?;
        let client = self.portal();
        let call = || {
            let call = client.get_role_credentials();
            call.role_name(&self.sso.role)
                .account_id(&self.sso.account)
                .access_token(token.access.expose())
                .send()
        };
        let turns = self.options.logins.of(self.sso).turns;
        let answer = match self.patiently(&turns, call).await {
            Ok(answer) => answer,
            Err(SdkError::ServiceError(context)) => {
                let error = context.err();
                let code = error.code().unwrap_or_default();
                let message = one_line(error.message().unwrap_or_default());
                return Err(self.refused(code, &message).into());
            }
            Err(error) => return Err(CredentialsError::provider_error(error).into()),
        };
        let given = answer.role_credentials.and_then(|given| {
            let expires = u64::try_from(given.expiration).ok()?;
            let expires = SystemTime::UNIX_EPOCH + Duration::from_millis(expires);
            let (key, secret) = (given.access_key_id?, given.secret_access_key?);
            let token = given.session_token;
            Some(Credentials::new(
                key,
                secret,
                token,
                Some(expires),
                "iamkeys",
            ))
        });
        let nothing = "the answer of IAM Identity Center has no credentials in it";
        given.ok_or_else(|| CredentialsError::unhandled(nothing).into())
    }

    /// Sees to it that there is a login that is good; `anew` says that one is to be made.
    pub(super) async fn log_in(&self, anew: bool) -> Result<(), Failure> {
        self.token(anew).await.map(|_| ())
    }

    /// A login that is good, from the cache, refreshed, or made anew.
    async fn token(&self, anew: bool) -> Result<Token, Failure> {
        if let Some(given) = &self.sso.given {
            return Ok(Token {
                access: given.clone(),
                expires: DateTime::<Utc>::MAX_UTC,
                refresh: None,
                registration: None,
            });
        }
        let kept = self.options.logins.of(self.sso).kept;
        let (mut kept, waited) = match kept.try_lock() {
            Ok(kept) => (kept, false),
            Err(_) => (kept.lock().await, true),
        };
        // One that could not be written is newer than what is there.
        let found = self.found().await.into_iter().chain(kept.clone());
        let found = found.max_by_key(|token| token.expires);
        let lasts = |token: &Token| token.expires > now() + EARLY;
        // What was waited for may be the login that is wanted.
        if let Some(token) = found.clone().filter(lasts).filter(|_| !anew || waited) {
            return Ok(token);
        }
        let made = if anew {
            login::login(self).await?
        } else {
            let found = found.ok_or_else(|| self.missing())?;
            match self.refreshed(&found).await {
                Ok(Some(token)) => token,
                // It is good for some minutes yet.
                Ok(None) | Err(_) if found.expires > now() => return Ok(found),
                Ok(None) => return Err(self.missing().into()),
                Err(failure) => return Err(failure),
            }
        };
        self.keep(&made).await;
        *kept = Some(made.clone());
        Ok(made)
    }

    /// The login that the `aws` command or this program has kept.
    async fn found(&self) -> Option<Token> {
        let sso = self.sso.clone();
        let read = move || Token::read(&cache::directory()?, &sso);
        tokio::task::spawn_blocking(read).await.ok().flatten()
    }

    async fn keep(&self, token: &Token) {
        let (sso, token) = (self.sso.clone(), token.clone());
        let write = move || match cache::directory() {
            Some(directory) => token.write(&directory, &sso).map_err(|why| why.to_string()),
            None => Err("there is no home directory".into()),
        };
        let kept = tokio::task::spawn_blocking(write).await;
        if let Ok(Err(why)) = kept {
            tracing::warn!(why, "the login is kept in memory only");
        }
    }

    /// Another token in place of one that is to end; none where it cannot be refreshed any more.
    async fn refreshed(&self, token: &Token) -> Result<Option<Token>, Failure> {
        let registration = token.registration.as_ref();
        let registration = registration.filter(|it| it.expires > now());
        // Only the login of a session is refreshed, as in the `aws` command.
        let registration = registration.filter(|_| self.sso.session.is_some());
        let (Some(refresh), Some(registration)) = (&token.refresh, registration) else {
            return Ok(None);
        };
        let call = self.oidc().create_token().grant_type("refresh_token");
        let call = call
            .client_id(&registration.id)
            .client_secret(registration.secret.expose())
            .refresh_token(refresh.expose());
        match call.send().await {
            Ok(answer) => {
                let mut new = login::token_of(answer, registration)?;
                new.refresh = new.refresh.or_else(|| token.refresh.clone());
                tracing::info!(login = self.sso.name(), "refreshed");
                Ok(Some(new))
            }
            Err(SdkError::ServiceError(context)) => {
                let code = context.err().code().unwrap_or_default();
                tracing::warn!(login = self.sso.name(), code, "not refreshed");
                Ok(None)
            }
            Err(error) => Err(CredentialsError::provider_error(error).into()),
        }
    }

    fn oidc(&self) -> aws_sdk_ssooidc::Client {
        let config = aws_sdk_ssooidc::config::Builder::from(self.config)
            .region(Region::new(self.sso.region.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(self.options.timeouts.config())
            .interceptor(bodies::Bounded)
            .build();
        aws_sdk_ssooidc::Client::from_conf(config)
    }

    fn portal(&self) -> aws_sdk_sso::Client {
        let config = aws_sdk_sso::config::Builder::from(self.config)
            .region(Region::new(self.sso.region.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(5))
            .retry_classifier(patience::NotWhenThrottled)
            .timeout_config(self.options.timeouts.config())
            .interceptor(bodies::Bounded)
            .build();
        aws_sdk_sso::Client::from_conf(config)
    }

    /// Whose login it is, in words.
    fn whose(&self) -> String {
        match self.profile {
            Some(name) => format!("profile {name}"),
            None => one_line(self.sso.name()),
        }
    }

    /// There is no login that is still good.
    pub(super) fn missing(&self) -> Problem {
        let whose = self.whose();
        let command = match (self.profile, &self.sso.session) {
            (Some(name), _) => format!(" --profile {name}"),
            (None, Some(name)) => format!(" --sso-session {}", one_line(name)),
            (None, None) => " --profile NAME, with a profile of this portal".into(),
        };
        Problem {
            title: format!("The SSO login of {whose} is missing or has expired"),
            what: "It signs in through IAM Identity Center (SSO), and there is no login that is still \
                   good."
                .into(),
            details: vec![format!("login: {}", one_line(self.sso.name()))],
            advice: vec![format!("Log in from here, or run: aws sso login{command}")],
            offer: Some(Offer::Login),
        }
    }

    /// The portal has refused the credentials.
    pub(super) fn refused(&self, code: &str, message: &str) -> Problem {
        let Sso { account, role, .. } = self.sso;
        let details = vec![format!("{code}: {message}")];
        match code {
            "UnauthorizedException" => Problem {
                details,
                ..self.missing()
            },
            "ForbiddenException" | "ResourceNotFoundException" => Problem {
                title: format!("This login has no role {role} in account {account}"),
                what: "IAM Identity Center does not give it that role.".into(),
                details,
                advice: vec![format!(
                    "Check sso_account_id and sso_role_name of {}, or ask for the assignment.",
                    self.whose()
                )],
                ..Problem::default()
            },
            _ => Problem {
                title: "IAM Identity Center gives no credentials".into(),
                what: format!("It was asked for the role {role} in account {account}."),
                details,
                ..Problem::default()
            },
        }
    }
}

/// The time by this machine's clock.
fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

/// A secret of so many random bytes, in characters that an address may hold.
fn random(bytes: usize) -> Result<SecretKey, Failure> {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(CredentialsError::provider_error)?;
    Ok(SecretKey::new(BASE64_URL_SAFE_NO_PAD.encode(random)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
    use aws_types::os_shim_internal::{Env, Fs};

    #[tokio::test]
    async fn a_profile_says_which_login_and_which_role() {
        let text = "[profile new]\nsso_session = acme\nsso_account_id = 123456789012\n\
                    sso_role_name = Admin\n\
                    [sso-session acme]\nsso_region = eu-west-1\nsso_start_url = https://a/start\n\
                    sso_registration_scopes = sso:account:access, other ,\n\
                    [profile old]\nsso_start_url = https://b/start\nsso_region = us-east-1\n\
                    sso_account_id = 210987654321\nsso_role_name = Read\n\
                    [profile lost]\nsso_session = nowhere\nsso_account_id = 1\nsso_role_name = r\n";
        let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, text);
        let (files, fs, env) = (files.build(), Fs::from_slice(&[]), Env::from_slice(&[]));
        let set = aws_config::profile::load(&fs, &env, &files, None).await;
        let set = set.expect("they are read");
        let read = |name| Sso::read(&set, set.get_profile(name).unwrap());
        let new = read("new").unwrap();
        assert_eq!((new.name(), &*new.start_url), ("acme", "https://a/start"));
        assert_eq!(new.scopes_to_ask(), ["sso:account:access", "other"]);
        let old = read("old").unwrap();
        assert_eq!(old.name(), "https://b/start");
        assert_eq!(old.scopes, None);
        assert_eq!(old.scopes_to_ask(), [SCOPE]);
        assert_eq!((&*old.account, &*old.role), ("210987654321", "Read"));
        assert!(read("lost").is_none());
    }

    #[test]
    fn a_kept_login_lasts_as_long_as_its_token_or_as_that_can_be_refreshed() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(kept(home.path(), "acme-org"), Login::Missing);
        // The name is the SHA-1 of `acme-org`.
        let path = "1131e098e812d28745c4483ac337f065101002f7.json";
        let of = |more: &str| {
            let text = format!(
                "{{\"accessToken\":\"x\",\"expiresAt\":\"2026-11-21T12:00:00Z\",\
                 \"clientId\":\"c\",\"registrationExpiresAt\":\"2027-01-01T00:00:00Z\"{more}}}"
            );
            std::fs::write(home.path().join(path), text).unwrap();
            match kept(home.path(), "acme-org") {
                Login::Cached { expires, renewable } => {
                    assert_eq!(expires.to_rfc3339(), "2026-11-21T12:00:00+00:00");
                    renewable.map(|until| until.to_rfc3339())
                }
                Login::Missing => panic!("{more}"),
            }
        };
        assert_eq!(of(""), None);
        assert_eq!(of(",\"refreshToken\":\"r\""), None, "no client");
        assert_eq!(of(",\"clientSecret\":\"s\""), None, "no token");
        let both = of(",\"refreshToken\":\"r\",\"clientSecret\":\"s\"");
        assert_eq!(both.as_deref(), Some("2027-01-01T00:00:00+00:00"));
        // A registration, which lies in the same directory.
        std::fs::write(home.path().join(path), "{\"clientId\":\"c\"}").unwrap();
        assert_eq!(kept(home.path(), "acme-org"), Login::Missing);
    }

    #[test]
    fn what_is_random_is_long_enough_and_never_the_same() {
        let one = random(48).ok().unwrap();
        assert_eq!(one.expose().len(), 64);
        assert_ne!(one.expose(), random(48).ok().unwrap().expose());
    }
}
