//! Signing in along a chain of roles, with the codes of MFA devices where it names them.
//!
//! Long-term keys with a device get a session by `GetSessionToken`, once in a run: roles are assumed
//! from it without another code. Where IAM refuses that session for another reason than the code, a
//! role is assumed with a code of its own.

use super::{
    Options, Person, Problem, bodies,
    convert::{self, one_line},
    mfa, process, role_cache,
    role_chain::{Base, Role, RoleChain},
    sign_in::sound,
    sso,
};
use crate::engine::{
    Means, SecretKey,
    model::Caller,
    prompt::{Asked, CodeAsked, Purpose},
};
use aws_config::{
    SdkConfig,
    ecs::EcsCredentialsProvider,
    environment::EnvironmentVariableCredentialsProvider,
    imds::{self, credentials::ImdsCredentialsProvider},
    profile::{ProfileFileCredentialsProvider, ProfileSet},
    provider_config::ProviderConfig,
    retry::RetryConfig,
};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError},
};
use aws_sdk_sts::{
    error::{ProvideErrorMetadata, SdkError},
    types::Credentials as StsCredentials,
};
use std::{
    env,
    error::Error as StdError,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

/// How long a session made with a code lasts where the profile does not say: AWS's usual.
const SESSION: i32 = 43_200;

/// What AWS takes for it, in seconds.
const SESSIONS: std::ops::RangeInclusive<i32> = 900..=129_600;

/// What is to end before that is made anew: it would end while it is used.
pub(super) const EARLY: Duration = Duration::from_mins(5);

/// Credentials at the end of a chain.
pub(super) struct Signed {
    /// They themselves.
    pub credentials: Credentials,
    /// How they were come by, in a word or two.
    pub how: String,
    /// The ID of the long-lived key that they were made from, where they were.
    pub made_from: Option<String>,
}

/// Why there are none.
pub(super) enum Failure {
    /// Told in words already.
    Told(Box<Problem>),
    /// What the SDK or AWS says, to be explained by what the profile says.
    Credentials(CredentialsError),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Told(Box::new(problem))
    }
}

impl From<CredentialsError> for Failure {
    fn from(error: CredentialsError) -> Self {
        Self::Credentials(error)
    }
}

impl Failure {
    fn of(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Credentials(CredentialsError::provider_error(error))
    }
}

/// Why STS gives no credentials.
enum Refused {
    /// For the code: wrong, used before, or too late.
    Code,
    /// For another reason, which AWS gives in these words.
    Otherwise(String, Failure),
}

/// What is asked of STS.
enum Call<'a> {
    Session(i32),
    Role(&'a Role),
}

/// All that it takes to come to the end of a chain, again and again.
pub(super) struct Signer {
    pub chain: RoleChain,
    pub profiles: ProfileSet,
    /// Without credentials.
    pub config: SdkConfig,
    pub options: Options,
    pub person: Person,
    pub means: Option<Means>,
    /// A login is to be made, once: it is not renewed by another.
    pub log_in: AtomicBool,
    pub instance: imds::Client,
}

impl Signer {
    /// Comes to the end of the chain. May ask the person for a code on the way.
    pub(super) async fn credentials(&self) -> Result<Signed, Failure> {
        let mut now = self.base().await?;
        let long_lived = now.session_token().is_none();
        let made_from = long_lived.then(|| now.access_key_id().to_owned());
        let mut roles = &self.chain.roles[..];
        let mut mfa = false;
        // A device that is found, and no session may be made with: the first role needs its code.
        let mut instead = None;
        // The session that was made before, if it is made use of.
        let mut used = None;
        if let Some(serial) = self.device_of(&now).await? {
            let sessions = self.options.mfa.of(now.access_key_id(), &serial);
            // Until it is made, others who need it wait.
            let mut kept = sessions.lock().await;
            if let Some(session) = kept.clone().filter(lasts) {
                now = session;
                mfa = true;
                used = Some(Arc::clone(&sessions));
            } else if let Some((after, found)) = self.kept_by_aws_command().await {
                now = found;
                mfa = true;
                roles = &roles[after..];
            } else {
                match self.session(&now, &serial).await {
                    Ok(session) => {
                        now = session.clone();
                        mfa = true;
                        *kept = Some(session);
                    }
                    Err(Refused::Otherwise(why, failure)) => {
                        if why.is_empty() {
                            return Err(failure);
                        }
                        if roles.is_empty() {
                            let profile = self.chain.profile.as_deref();
                            return Err(mfa::no_session(profile, &serial, why).into());
                        }
                        instead = Some((serial, why));
                    }
                    Err(Refused::Code) => return Err(self.not_given(&serial)),
                }
            }
        }
        for role in roles {
            let (device, why) = match (instead.take(), &role.serial) {
                (Some((serial, why)), _) => (Some(serial), Some(why)),
                // It was made with a code, which counts here too.
                (None, _) if mfa => (None, None),
                (None, serial) => (serial.clone(), None),
            };
            let assumed = match &device {
                Some(serial) => self.role_with_code(&now, role, serial, why).await,
                None => self.call(&now, &Call::Role(role), None).await,
            };
            now = match assumed {
                Ok(assumed) => assumed,
                Err(Refused::Otherwise(why, failure)) => {
                    if let Some(used) = used.filter(|_| is_over(&why)) {
                        // The next time another one is made.
                        *used.lock().await = None;
                    }
                    return Err(failure);
                }
                Err(Refused::Code) => {
                    return Err(self.not_given(device.as_deref().unwrap_or_default()));
                }
            };
            mfa |= device.is_some();
            self.keep(role, &now).await;
        }
        Ok(Signed {
            credentials: now,
            how: self.chain.how(mfa),
            made_from,
        })
    }

    /// What the chain begins with.
    async fn base(&self) -> Result<Credentials, Failure> {
        let provider: Box<dyn ProvideCredentials> = match &self.chain.base {
            Base::Keys(name) => return self.keys(name),
            Base::Program(command) => process::of_command(command.clone(), &self.options.programs),
            Base::Environment => Box::new(EnvironmentVariableCredentialsProvider::new()),
            Base::Instance => {
                let provider = ImdsCredentialsProvider::builder();
                Box::new(provider.imds_client(self.instance.clone()).build())
            }
            Base::Container => Box::new(EcsCredentialsProvider::builder().build()),
            Base::Sso(sso) => {
                let access = sso::Access {
                    sso,
                    profile: self.chain.profile.as_deref(),
                    config: &self.config,
                    options: &self.options,
                    person: &self.person,
                };
                let anew = self.log_in.swap(false, Ordering::Relaxed);
                return Box::pin(access.credentials(anew)).await;
            }
            Base::Other(name) => {
                let region = self.config.region().cloned();
                let provider = ProfileFileCredentialsProvider::builder()
                    .configure(&ProviderConfig::default().with_region(region));
                Box::new(provider.profile_name(name).build())
            }
        };
        let given = provider.provide_credentials().await;
        Ok(given.and_then(sound)?)
    }

    /// The key in a profile.
    fn keys(&self, name: &str) -> Result<Credentials, Failure> {
        let profile = self.profiles.get_profile(name);
        let get = |key| profile.and_then(|profile| profile.get(key));
        let (Some(key), Some(secret)) = (get("aws_access_key_id"), get("aws_secret_access_key"))
        else {
            let why = "the profile has only one half of its access key";
            return Err(CredentialsError::invalid_configuration(why).into());
        };
        let token = get("aws_session_token").map(str::to_owned);
        let given = Credentials::new(key, secret, token, None, "profile");
        Ok(sound(given)?)
    }

    /// The device that a session of these credentials is to be made with: the one that the chain names
    /// first, or the caller's own where a code is to be asked for in any case. Only long-term keys can
    /// get a session.
    async fn device_of(&self, keys: &Credentials) -> Result<Option<String>, Failure> {
        let long_term = keys.session_token().is_none();
        let forced = self.means == Some(Means::Code);
        if !long_term {
            if forced && !self.chain.names_a_device() {
                return Err(needs_long_term_keys(self.chain.profile.as_deref()).into());
            }
            return Ok(None);
        }
        let of_roles = || self.chain.roles.iter().find_map(|role| role.serial.clone());
        let serial = match self.chain.serial.clone().or_else(of_roles) {
            None if forced => self.own_device(keys).await?,
            None => return Ok(None),
            Some(serial) => serial,
        };
        if mfa::gives_no_codes(&serial) {
            return Err(mfa::no_codes(&serial).into());
        }
        Ok(Some(serial))
    }

    /// The device of the user whom the keys belong to: as IAM lists it, where that is allowed, and
    /// otherwise as the console names it.
    async fn own_device(&self, keys: &Credentials) -> Result<String, Failure> {
        let answer = self.sts(keys, true).get_caller_identity().send().await;
        let answer = answer.map_err(|error| Failure::of(error.into_service_error()))?;
        let (account, arn) = (
            answer.account.unwrap_or_default(),
            answer.arn.unwrap_or_default(),
        );
        let Some(caller) = Caller::read(account, arn) else {
            let why = "AWS does not say whom the keys belong to";
            return Err(CredentialsError::invalid_configuration(why).into());
        };
        let partition = caller.arn.split(':').nth(1).unwrap_or("aws");
        let account = &caller.account;
        let Some(user) = caller.user() else {
            return Ok(format!(
                "arn:{partition}:iam::{account}:mfa/root-account-mfa-device"
            ));
        };
        let config = aws_sdk_iam::config::Builder::from(&self.config)
            .credentials_provider(SharedCredentialsProvider::new(keys.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(self.options.timeouts.config())
            .interceptor(bodies::Bounded)
            .build();
        let listed = aws_sdk_iam::Client::from_conf(config)
            .list_mfa_devices()
            .user_name(user)
            .send()
            .await;
        let devices = listed.map(|answer| answer.mfa_devices).unwrap_or_default();
        let serials = || devices.iter().map(|device| device.serial_number.as_str());
        let chosen = serials().find(|serial| !mfa::gives_no_codes(serial));
        let chosen = chosen.or_else(|| serials().next()).map(str::to_owned);
        Ok(chosen.unwrap_or_else(|| format!("arn:{partition}:iam::{account}:mfa/{user}")))
    }

    /// The credentials that the `aws` command has kept of the first role with a device, and how many
    /// roles they take the place of.
    async fn kept_by_aws_command(&self) -> Option<(usize, Credentials)> {
        let at = self.chain.roles.iter().position(|it| it.serial.is_some())?;
        let role = self.chain.roles[at].clone();
        let read = move || role_cache::read(&role_cache::directory()?, &role);
        let found = tokio::task::spawn_blocking(read).await.ok().flatten()?;
        lasts(&found).then_some((at + 1, found))
    }

    /// Keeps a role that wants MFA where the `aws` command does, if the config file says so.
    async fn keep(&self, role: &Role, given: &Credentials) {
        if !self.options.write_role_cache || role.serial.is_none() {
            return;
        }
        let (role, given) = (role.clone(), given.clone());
        let write = move || match role_cache::directory() {
            Some(directory) => role_cache::write(&directory, &role, &given),
            None => Ok(()),
        };
        // Whoever signs in has what they wanted, whatever becomes of the file.
        if let Ok(Err(error)) = tokio::task::spawn_blocking(write).await {
            tracing::warn!(%error, "the role is kept in memory only");
        }
    }

    /// Makes a session with a code.
    async fn session(&self, keys: &Credentials, serial: &str) -> Result<Credentials, Refused> {
        let seconds = self.chain.duration.unwrap_or(SESSION);
        let seconds = seconds.clamp(*SESSIONS.start(), *SESSIONS.end());
        let purpose = Purpose::Session(seconds.unsigned_abs());
        self.with_code(keys, &Call::Session(seconds), serial, purpose)
            .await
    }

    /// Assumes a role with a code of its own.
    async fn role_with_code(
        &self,
        keys: &Credentials,
        role: &Role,
        serial: &str,
        why: Option<String>,
    ) -> Result<Credentials, Refused> {
        if mfa::gives_no_codes(serial) {
            let problem = mfa::no_codes(serial);
            return Err(Refused::Otherwise(String::new(), problem.into()));
        }
        let name = role.name().to_owned();
        let purpose = match why {
            Some(why) => Purpose::RoleInstead { role: name, why },
            None => Purpose::Role(name),
        };
        self.with_code(keys, &Call::Role(role), serial, purpose)
            .await
    }

    /// Asks for codes until one is accepted.
    async fn with_code(
        &self,
        keys: &Credentials,
        call: &Call<'_>,
        serial: &str,
        purpose: Purpose,
    ) -> Result<Credentials, Refused> {
        let mut asked = CodeAsked {
            profile: self.chain.profile.clone(),
            serial: serial.to_owned(),
            purpose,
            refused: 0,
            program: None,
        };
        let mut program = self.options.code_command();
        // From the first moment on: a person is not asked for what a program gives.
        asked.program = program.as_ref().map(mfa::CodeCommand::begins);
        let mut question = self.person.ask(Asked::Code(asked.clone())).await;
        loop {
            let code = mfa::next_code(
                &mut question,
                &mut asked,
                program.take(),
                &self.options.programs,
            );
            let Some(code) = code.await else {
                return Err(Refused::Code);
            };
            match self.call(keys, call, Some((serial, &code))).await {
                Err(Refused::Code) => {
                    asked.refused += 1;
                    asked.program = None;
                    question.now(Asked::Code(asked.clone()));
                }
                done => return done,
            }
        }
    }

    /// Asks STS for credentials, with a code or without.
    async fn call(
        &self,
        keys: &Credentials,
        call: &Call<'_>,
        code: Option<(&str, &SecretKey)>,
    ) -> Result<Credentials, Refused> {
        // A code counts once: sent again by itself, it would be refused.
        let sts = self.sts(keys, code.is_none());
        let serial = code.map(|(serial, _)| serial.to_owned());
        let code = code.map(|(_, code)| code.expose().to_owned());
        match call {
            Call::Session(seconds) => {
                let call = sts.get_session_token().duration_seconds(*seconds);
                let call = call.set_serial_number(serial).set_token_code(code);
                match call.send().await {
                    Ok(answer) => given(answer.credentials),
                    Err(error) => Err(refused(error)),
                }
            }
            Call::Role(role) => {
                let name = role.session_name.clone().unwrap_or_else(session_name);
                let call = sts.assume_role().role_arn(&role.arn);
                let call = call
                    .role_session_name(name)
                    .set_external_id(role.external_id.clone())
                    .set_duration_seconds(role.duration)
                    .set_serial_number(serial)
                    .set_token_code(code);
                match call.send().await {
                    Ok(answer) => given(answer.credentials),
                    Err(error) => Err(refused(error)),
                }
            }
        }
    }

    fn sts(&self, keys: &Credentials, may_repeat: bool) -> aws_sdk_sts::Client {
        let attempts = if may_repeat { 3 } else { 1 };
        let config = aws_sdk_sts::config::Builder::from(&self.config)
            .credentials_provider(SharedCredentialsProvider::new(keys.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(attempts))
            .timeout_config(self.options.timeouts.config())
            .interceptor(bodies::Bounded)
            .build();
        aws_sdk_sts::Client::from_conf(config)
    }

    fn not_given(&self, serial: &str) -> Failure {
        mfa::not_given(self.chain.profile.as_deref(), serial).into()
    }
}

/// Whether AWS knows a session no more, by its own words.
fn is_over(why: &str) -> bool {
    let codes = ["ExpiredToken", "InvalidClientTokenId"];
    codes.iter().any(|code| why.starts_with(code))
}

/// Whether credentials can be used for a while yet.
fn lasts(credentials: &Credentials) -> bool {
    let soon = SystemTime::now() + EARLY;
    credentials.expiry().is_none_or(|at| at > soon)
}

pub(super) fn needs_long_term_keys(profile: Option<&str>) -> Problem {
    let whose = profile.map_or("These credentials are".into(), |name| {
        format!("The credentials of profile {name} are")
    });
    Problem {
        title: "This session cannot be given MFA".into(),
        what: format!(
            "{whose} those of a session that was made without MFA. A session with MFA is made from \
             the long-term access keys."
        ),
        advice: vec!["Sign in with the profile that has the access keys of the user.".into()],
        ..Problem::default()
    }
}

/// The name of a session, which the account's logs show: with the name of whoever runs this.
fn session_name() -> String {
    let user = env::var("USER").or_else(|_| env::var("USERNAME"));
    let allowed = |c: &char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(*c);
    let user: String = user.unwrap_or_default().chars().filter(allowed).collect();
    let name = format!("iamkeys-{user}");
    name.trim_end_matches('-').chars().take(64).collect()
}

fn given(credentials: Option<StsCredentials>) -> Result<Credentials, Refused> {
    let Some(given) = credentials else {
        let why = "AWS's answer has no credentials in it";
        return Err(Refused::Otherwise(
            String::new(),
            CredentialsError::unhandled(why).into(),
        ));
    };
    let expires = convert::time(Some(&given.expiration)).map(SystemTime::from);
    Ok(Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        expires,
        "iamkeys",
    ))
}

fn refused<E>(
    error: SdkError<E, aws_smithy_runtime_api::client::orchestrator::HttpResponse>,
) -> Refused
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    SdkError<E, aws_smithy_runtime_api::client::orchestrator::HttpResponse>:
        Into<Box<dyn StdError + Send + Sync>>,
{
    let SdkError::ServiceError(context) = error else {
        return Refused::Otherwise(String::new(), Failure::of(error));
    };
    let error = context.into_err();
    let (code, message) = (
        error.code().unwrap_or_default(),
        error.message().unwrap_or_default(),
    );
    if mfa::is_wrong_code(code, message) {
        return Refused::Code;
    }
    let why = one_line(&format!("{code}: {message}"));
    Refused::Otherwise(why, Failure::of(error))
}
