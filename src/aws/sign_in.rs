//! From flags, environment and profile files to clients that are signed in, or to a [`Problem`]
//! that says in words why not.

use super::{
    Caller, Connection, Http, KnownRoles, Logins, MfaSessions, Person, Problem, Programs, Renewal,
    Renewals, Timeouts,
    assume::{self, Failure, Signed, Signer},
    convert::{self, deepest},
    endpoint_url, mfa,
    no_credentials::{
        chain_of, explain, is_set, no_such_profile, nothing_configured, profile_says,
    },
    portal::{self, Portal},
    process,
    profiles::odd_names,
    renewal::{self, Lease, Teller},
    role_chain::RoleChain,
    settings,
    sso::Sso,
};
use crate::engine::{self, Means, Offer, SecretKey};
use aws_config::{
    BehaviorVersion, Region, SdkConfig,
    default_provider::credentials::DefaultCredentialsChain,
    environment::EnvironmentVariableRegionProvider,
    imds::{self, region::ImdsRegionProvider},
    meta::region::RegionProviderChain,
    profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider, ProfileSet},
    provider_config::ProviderConfig,
    retry::RetryConfig,
};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_sdk_sts::{error::ProvideErrorMetadata as _, operation::assume_role::AssumeRoleError};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::os_shim_internal::{Env, Fs};
use chrono::{DateTime, Utc};
use std::{
    borrow::Cow,
    env, fmt,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    time::{Duration, SystemTime},
};

/// Where the instance metadata service is not there, no one should wait for it; where it is, it
/// answers within milliseconds.
const IMDS_TIMEOUT: Duration = Duration::from_millis(700);

/// The region of requests where none is configured: IAM's own in the `aws` partition.
const DEFAULT_REGION: Region = Region::from_static("us-east-1");

/// How to sign in, from the command line. What is not given comes from the environment.
#[derive(Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct Options {
    /// `--profile`.
    pub profile: Option<String>,
    /// `--region`.
    pub region: Option<String>,
    /// `--endpoint-url`.
    pub endpoint_url: Option<String>,
    /// `--read-only`.
    pub read_only: bool,
    /// How long answers are waited for, in the embedded account too.
    pub timeouts: Timeouts,
    /// The programs that profiles get their credentials from, as long as they run.
    pub programs: Programs,
    /// What the clients of all accounts send with.
    pub http: Http,
    /// The sessions that were made with the code of an MFA device in this run.
    pub mfa: MfaSessions,
    /// A command that prints the code of the MFA device, as the shell reads it. It may hold a password.
    pub mfa_process: Option<SecretKey>,
    /// That command gets the terminal while it runs, and the screen makes room for it. Not on Windows:
    /// there it runs beside the screen in any case.
    pub mfa_process_terminal: bool,
    /// Keep roles that were assumed with MFA in the `aws` command's cache.
    pub write_role_cache: bool,
    /// The roles that have worked in other accounts.
    pub known_roles: KnownRoles,
    /// `--sso-device-code`: log in with a code, and not with a browser here.
    pub sso_device_code: bool,
    /// The logins to IAM Identity Center of this run.
    pub logins: Logins,
    /// The token of a login to the portal of the embedded endpoint, where the embedded account is to be
    /// signed in to with one.
    pub embedded_login: Option<SecretKey>,
}

impl Options {
    /// The program that gives codes.
    pub(super) fn code_command(&self) -> Option<mfa::CodeCommand> {
        Some(mfa::CodeCommand {
            command: self.mfa_process.clone()?,
            terminal: self.mfa_process_terminal && cfg!(unix),
        })
    }
}

/// The command that prints codes may hold a password.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("profile", &self.profile)
            .field("region", &self.region)
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}

/// A session that can be used.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The connection.
    pub connection: Connection,
    /// The key ID that requests are signed with.
    pub key: String,
    /// The profile it came from, where it came from one that was named.
    pub profile: Option<String>,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
    /// The name of the role that was assumed for this account, or that a portal has given, where one
    /// was.
    pub role: Option<Box<str>>,
    /// The SSO portal whose login it was signed in by, by its session or start URL, where it was.
    pub portal: Option<Box<str>>,
    /// Who is signed in, where that is known without asking.
    pub caller: Option<Caller>,
    /// When the credentials expire, where they do.
    pub expires: Option<DateTime<Utc>>,
    /// How it was signed in, in a word or two: `keys with MFA`, `role deploy`.
    pub how: String,
    /// The ID of the long-lived key that the session was made from, where that is known.
    pub made_from: Option<String>,
    /// How the credentials are renewed, where they are.
    pub renewal: Option<Renewals>,
}

/// Signs in to the account of the ambient credentials. Sends nothing to IAM or STS, unless a
/// profile assumes a role.
///
/// # Errors
/// When there are no credentials, or what should provide them fails.
pub async fn sign_in(options: &Options) -> Result<SignedIn, Problem> {
    sign_in_with(options, None, &Person::absent()).await
}

/// The same, by these means where the usual ones do not do, and with a person to ask.
///
/// # Errors
/// When there are no credentials, or what should provide them fails.
pub async fn sign_in_with(
    options: &Options,
    means: Option<Means>,
    person: &Person,
) -> Result<SignedIn, Problem> {
    let found = find(options).await?;
    let chain = match &options.profile {
        None if environment_has_keys() => Some(RoleChain::of_environment()),
        _ => RoleChain::read(&found.profiles, found.name()),
    };
    match (chain, means) {
        (Some(chain), Some(Means::Code)) => Box::pin(found.along(chain, means, person)).await,
        (Some(chain), _)
            if chain.names_a_device() || chain.names_a_duration() || chain.is_sso() =>
        {
            Box::pin(found.along(chain, means, person)).await
        }
        (None, Some(Means::Code)) => Err(assume::needs_long_term_keys(found.named.as_deref())),
        (chain, _) => Box::pin(found.by_the_sdk(chain)).await,
    }
}

/// Signs in to the first account that an SSO portal opens, without a profile; where there is no login,
/// or with these means, with a new one.
///
/// # Errors
/// When no file names this portal, or there is no login, or no account in it.
pub async fn sign_in_to_portal(
    options: &Options,
    portal: &engine::Portal,
    means: Option<Means>,
    person: &Person,
) -> Result<SignedIn, Problem> {
    let options = Options {
        profile: None,
        ..options.clone()
    };
    let found = find(&options).await?;
    let sso = Sso::of_portal(&found.profiles, &portal.session);
    let sso = sso.ok_or_else(|| portal::not_configured(&portal.session))?;
    let instance = instance_metadata();
    let of_session = Portal::new(sso, None, found.config, options.clone(), instance);
    let log_in = means == Some(Means::Login);
    Box::pin(of_session.sign_in_first(portal, log_in, person)).await
}

/// Finds what flags, environment and profile files say. Sends nothing.
async fn find(options: &Options) -> Result<Found<'_>, Problem> {
    let odd_line = tokio::task::spawn_blocking(settings::odd_line);
    let odd_line = odd_line.await.map_err(|_| Problem::internal())?;
    if let Some(problem) = odd_line {
        return Err(problem);
    }
    let profiles = aws_config::profile::load(
        &Fs::real(),
        &Env::real(),
        &EnvConfigFiles::default(),
        options.profile.clone().map(Cow::Owned),
    )
    .await
    .map_err(|error| settings::unreadable(deepest(&error)))?;
    if let Some(problem) = settings::odd_profile().filter(|_| options.profile.is_none()) {
        return Err(problem);
    }
    let named = named_profile(options);
    if let Some(name) = named.as_deref()
        && profiles.get_profile(name).is_none()
    {
        let odd = tokio::task::spawn_blocking(odd_names::all);
        let odd = odd.await.unwrap_or_default().into_iter();
        let mut odd = odd.filter(|odd| odd.section == odd_names::Section::Profile);
        return Err(match odd.find(|odd| odd.name == name) {
            Some(odd) => odd.problem(),
            None => no_such_profile(name, &profiles),
        });
    }

    let name = named.as_deref().unwrap_or(profiles.selected_profile());
    let region = configured_region(options).await;
    let odd_region = region.as_ref();
    let odd_region = odd_region.and_then(|it| settings::odd_region(it, name));
    if let Some(problem) = odd_region.or_else(|| odd_key(options, name, &profiles)) {
        return Err(problem);
    }
    let retries = settings::retries(name, &profiles).map_err(|problem| *problem)?;
    let of_requests = region.clone().unwrap_or(DEFAULT_REGION);
    let config = load_config(options, of_requests, retries).await;
    // Before anything is sent there, by a profile that assumes a role.
    if let Some(problem) = endpoint_url::unusable(&config, name) {
        return Err(problem);
    }
    Ok(Found {
        options,
        profiles,
        named,
        region,
        config,
    })
}

/// What was found in flags, environment and profile files.
struct Found<'a> {
    options: &'a Options,
    profiles: ProfileSet,
    /// The profile that was named.
    named: Option<String>,
    /// The region that was chosen, if one was.
    region: Option<Region>,
    /// For requests, without credentials.
    config: SdkConfig,
}

impl Found<'_> {
    /// The profile that counts.
    fn name(&self) -> &str {
        let named = self.named.as_deref();
        named.unwrap_or_else(|| self.profiles.selected_profile())
    }

    /// Signs in along a chain that a person may have to give something for.
    async fn along(
        self,
        chain: RoleChain,
        means: Option<Means>,
        person: &Person,
    ) -> Result<SignedIn, Problem> {
        let may_want_code = chain.may_want_code() && means.is_none();
        let signer = Signer {
            chain,
            profiles: self.profiles.clone(),
            config: self.config.clone(),
            options: self.options.clone(),
            person: person.clone(),
            means,
            log_in: AtomicBool::new(means == Some(Means::Login)),
            instance: instance_metadata(),
        };
        let named = self.named.clone();
        let ended = sign_in_along(signer, named).await;
        ended.map_err(|failure| match failure {
            Failure::Told(problem) => *problem,
            Failure::Credentials(error) => {
                let problem = explain(&error, self.named.as_deref(), &self.profiles);
                Problem {
                    // Its trust may ask for MFA, which AWS does not say.
                    offer: (may_want_code && wants_code(&error)).then_some(Offer::Code),
                    ..problem
                }
            }
        })
    }

    /// Signs in with what the SDK finds, or with the program of a profile.
    async fn by_the_sdk(self, chain: Option<RoleChain>) -> Result<SignedIn, Problem> {
        let Self {
            options,
            profiles,
            named,
            region,
            config,
        } = self;
        let name = named.as_deref().unwrap_or(profiles.selected_profile());
        let instance = instance_metadata();
        let of_program = match &options.profile {
            None if environment_has_keys() => None,
            _ => {
                let region = region.clone().unwrap_or(DEFAULT_REGION);
                process::provider(&profiles, name, region, &options.programs).await
            }
        };
        let provider: Box<dyn ProvideCredentials> = match &options.profile {
            _ if let Some(provider) = of_program => provider,
            // `--profile` wins over keys in the environment, as in the `aws` command. The SDK's own
            // chain would look at the environment first.
            Some(profile) => Box::new(
                ProfileFileCredentialsProvider::builder()
                    // A profile that assumes a role asks STS, and every request has a region.
                    .configure(&ProviderConfig::default().with_region(config.region().cloned()))
                    .profile_name(profile)
                    .build(),
            ),
            None => Box::new(
                DefaultCredentialsChain::builder()
                    .imds_client(instance.clone())
                    // Left out, it would be looked for once more, on the instance too.
                    .region(config.region().cloned())
                    .build()
                    .await,
            ),
        };
        let credentials = provider.provide_credentials().await.and_then(sound);
        let credentials = credentials.map_err(|error| {
            let may_want_code = chain.as_ref().is_some_and(RoleChain::may_want_code);
            Problem {
                // Its trust may ask for MFA, which AWS does not say.
                offer: (may_want_code && wants_code(&error)).then_some(Offer::Code),
                ..explain(&error, named.as_deref(), &profiles)
            }
        })?;
        let region = match region {
            // Without configured credentials they are the instance's: then it is there to be asked.
            None if !environment_has_keys() && nothing_configured(named.as_deref(), &profiles) => {
                let of_instance = ImdsRegionProvider::builder().imds_client(instance).build();
                of_instance.region().await
            }
            region => region,
        };
        let key = credentials.access_key_id().to_owned();
        let expires = credentials.expiry().map(renewal::time);
        let how = match (&chain, credentials.session_token()) {
            (Some(chain), None) => chain.how(false),
            (Some(chain), Some(_)) if !chain.is_keys() => chain.how(false),
            (None, None) => "keys".into(),
            (_, Some(_)) => "session".into(),
        };
        let teller = Teller::new(&credentials);
        let latest = teller.latest();
        let config = config
            .into_builder()
            .region(region.unwrap_or(DEFAULT_REGION))
            .credentials_provider(SharedCredentialsProvider::new(Resolved {
                first: Mutex::new(Some(credentials)),
                provider,
                teller,
            }))
            .build();
        Ok(SignedIn {
            connection: Connection::new(&config, options.read_only, options.timeouts),
            key,
            profile: named,
            endpoint: endpoint_url::of(&config, "IAM"),
            role: None,
            portal: None,
            caller: None,
            expires,
            how,
            made_from: None,
            renewal: Some(Renewals::ByRequests(latest)),
        })
    }
}

/// Whether a role was refused that may be to be had with MFA.
fn wants_code(error: &CredentialsError) -> bool {
    let refused = convert::find::<AssumeRoleError>(error);
    refused.is_some_and(|refused| refused.code() == Some("AccessDenied"))
}

/// Signs in along a chain that a person may have to give a code for.
pub(super) async fn sign_in_along(
    signer: Signer,
    named: Option<String>,
) -> Result<SignedIn, Failure> {
    let Signed {
        credentials,
        how,
        made_from,
    } = signer.credentials().await?;
    let lease = Lease::new(credentials.clone());
    let config = signer.config.to_builder();
    let config = config
        .credentials_provider(SharedCredentialsProvider::new(lease.clone()))
        .build();
    let options = &signer.options;
    let portal = Portal::of(&signer);
    let name = portal.as_ref().map(Portal::name);
    let connection = Connection::new(&config, options.read_only, options.timeouts);
    Ok(SignedIn {
        connection: connection.with_portal(portal),
        key: credentials.access_key_id().to_owned(),
        profile: named,
        endpoint: endpoint_url::of(&config, "IAM"),
        role: None,
        portal: name,
        caller: None,
        expires: credentials.expiry().map(renewal::time),
        how,
        made_from,
        renewal: Some(Renewals::Beside(Renewal {
            signer: Arc::new(signer),
            lease,
        })),
    })
}

/// An account inside this process.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// What answers in place of the network.
    pub http_client: SharedHttpClient,
    /// The credentials that it accepts.
    pub credentials: Credentials,
}

/// Signs in to the account inside this process. Everything above the HTTP connector is the same. Of
/// the options, those that say where to sign in mean nothing here.
#[must_use]
pub fn sign_in_embedded(embedded: Embedded, options: &Options) -> SignedIn {
    let key = embedded.credentials.access_key_id().to_owned();
    // Built by hand, not loaded: nothing of this machine's configuration may leak into the demo.
    let unsigned = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(DEFAULT_REGION)
        .http_client(embedded.http_client)
        .build();
    let config = unsigned
        .to_builder()
        .credentials_provider(SharedCredentialsProvider::new(embedded.credentials))
        .build();
    let portal = options.embedded_login.clone().map(|token| {
        let sso = Sso::embedded(token);
        Portal::new(sso, None, unsigned, options.clone(), instance_metadata())
    });
    let name = portal.as_ref().map(Portal::name);
    let connection = Connection::new(&config, options.read_only, options.timeouts);
    SignedIn {
        connection: connection.with_portal(portal),
        key,
        profile: None,
        endpoint: None,
        role: None,
        portal: name,
        caller: None,
        expires: None,
        how: "keys".into(),
        made_from: None,
        renewal: None,
    }
}

/// The region that was chosen. The SDK's own chain would go on to ask the instance metadata
/// service, for a second wherever that is silent, also when the keys are in the environment.
async fn configured_region(options: &Options) -> Option<Region> {
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    let given = options.region.clone().filter(|region| !region.is_empty());
    RegionProviderChain::first_try(given.map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build())
        .region()
        .await
        // Set and empty is not set.
        .filter(|region| !region.as_ref().is_empty())
}

async fn load_config(options: &Options, region: Region, retries: RetryConfig) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        // Read from environment and profile, the SDK would panic where they are odd.
        .retry_config(retries)
        .http_client(options.http.client())
        // Found before, so that what goes wrong is told once and in words.
        .no_credentials();
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &options.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}

fn instance_metadata() -> imds::Client {
    imds::Client::builder()
        .connect_timeout(IMDS_TIMEOUT)
        .read_timeout(IMDS_TIMEOUT)
        .max_attempts(1)
        .build()
}

/// Hands out first what was already found, so that a credential process is not started twice.
struct Resolved {
    first: Mutex<Option<Credentials>>,
    provider: Box<dyn ProvideCredentials>,
    teller: Teller,
}

impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolved").finish_non_exhaustive()
    }
}

impl ProvideCredentials for Resolved {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let first = self.first.lock();
        match first.unwrap_or_else(PoisonError::into_inner).take() {
            Some(found) if found.expiry().is_none_or(|at| at > SystemTime::now()) => {
                future::ProvideCredentials::ready(Ok(found))
            }
            _ => future::ProvideCredentials::new(async {
                let found = self.provider.provide_credentials().await?;
                let found = sound(found)?;
                self.teller.tell(&found);
                Ok(found)
            }),
        }
    }
}

/// The credentials without the blanks and line breaks that a program may have left around them.
pub(super) fn sound(found: Credentials) -> Result<Credentials, CredentialsError> {
    let trimmed = |text: &str| text.trim().to_owned();
    let key = trimmed(found.access_key_id());
    let secret = SecretKey::new(trimmed(found.secret_access_key()));
    let token = found.session_token().map(trimmed);
    let parts = [Some(&*key), Some(secret.expose()), token.as_deref()];
    if !parts
        .into_iter()
        .flatten()
        .all(settings::can_be_signed_with)
    {
        let why = "the credentials contain a character that no key has";
        return Err(CredentialsError::invalid_configuration(why));
    }
    let same = key == found.access_key_id() && secret.expose() == found.secret_access_key();
    if same && token.as_deref() == found.session_token() {
        return Ok(found);
    }
    let expiry = found.expiry();
    Ok(Credentials::new(
        key,
        secret.expose(),
        token,
        expiry,
        "iamkeys",
    ))
}

/// A key in the environment or in a profile that cannot be signed with.
fn odd_key(options: &Options, name: &str, profiles: &ProfileSet) -> Option<Problem> {
    let uses_environment =
        options.profile.is_none() || profile_says(profiles, name, "credential_source");
    let variable = settings::odd_key().filter(|_| uses_environment);
    variable.or_else(|| chain_of(profiles, name).find_map(settings::odd_key_of))
}

/// The profile that credentials come from, where one is named. Keys in the environment win over
/// `AWS_PROFILE`, which then says nothing about who signs.
fn named_profile(options: &Options) -> Option<String> {
    let from_environment = || {
        env::var("AWS_PROFILE")
            .ok()
            .filter(|_| !environment_has_keys())
    };
    let named = options.profile.clone().or_else(from_environment);
    named.filter(|name| !name.is_empty())
}

fn environment_has_keys() -> bool {
    is_set("AWS_ACCESS_KEY_ID") && is_set("AWS_SECRET_ACCESS_KEY")
}
