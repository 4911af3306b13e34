//! The account that another account's credentials lead to, through a role; or that its login does, as
//! `portal` has it.
//!
//! The role is assumed with a session policy that allows only what reading needs, so that AWS itself
//! refuses every change made with it. For each change it is assumed once more without the policy: that
//! session was begun a moment ago, so that it has not expired when the change is sent.

use super::{
    Caller, Connection, Kind, KnownRoles, Problem, Renewals, SignedIn,
    convert::{error, failed},
    known_roles::Asker,
    portal,
    renewal::{self, Teller},
};
use crate::engine::{Error, Member, Through};
use aws_config::identity::IdentityCache;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use aws_sdk_sts::operation::assume_role::AssumeRoleOutput;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

pub(super) const ASSUME_ROLE: &str = "sts:AssumeRole";

/// What is allowed of the role while nothing is changed. AWS takes 2,048 characters at most.
pub const READ_ONLY_POLICY: &str = concat!(
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["#,
    r#""iam:Get*","iam:List*","iam:GenerateCredentialReport","#,
    r#""iam:GenerateServiceLastAccessedDetails","iam:SimulatePrincipalPolicy","#,
    r#""organizations:DescribeOrganization","organizations:ListAccounts","#,
    r#""cloudtrail:LookupEvents","account:ListRegions","sts:GetAccessKeyInfo""#,
    r#"],"Resource":"*"}]}"#
);

/// How often a role is asked for that was throttled, or whose request was lost.
const ATTEMPTS: u32 = 6;

/// A session that ends so soon is not used any more: a request is on its way for a while.
const EARLY: Duration = Duration::from_mins(1);

/// Signs in to an account through the first of its roles that can be assumed, or through its portal. A
/// role that is known to work there need not wait for its turn.
///
/// # Errors
/// When none can, or there is no answer.
pub async fn sign_in_to_member(
    source: &Connection,
    member: &Member,
    known: &KnownRoles,
) -> Result<SignedIn, Problem> {
    if member.through == Through::Portal {
        return portal::sign_in(source, member).await;
    }
    let mut denied = Vec::new();
    // Where it is not known who asks, nothing is known of what is refused to them.
    let known = member.opener.as_deref().map(|principal| {
        let endpoint = source.sts_endpoint.as_deref();
        (
            known,
            Asker {
                principal,
                endpoint,
            },
        )
    });
    let roles = match known {
        Some((known, asker)) => known.in_order(asker, &member.account, &member.roles).await,
        None => member.roles.to_vec(),
    };
    for (at, role) in roles.iter().enumerate() {
        let assumed = Assumed::new(source, member, role, true);
        match assumed.assume().await {
            Ok((credentials, caller)) => {
                if let Some((known, asker)) = known {
                    known.works(asker, &member.account, role, &roles[..at]);
                }
                return Ok(signed_in(source, assumed, credentials, caller));
            }
            Err(error) if error.kind == Kind::Denied => {
                if let Some((known, asker)) = known {
                    known.is_refused(asker, &member.account, role);
                }
                denied.push(error);
            }
            Err(error) => return Err(not_assumed(role, &error)),
        }
    }
    Err(no_role(member, &denied))
}

fn signed_in(
    source: &Connection,
    mut assumed: Assumed,
    credentials: Credentials,
    caller: Option<Caller>,
) -> SignedIn {
    let full = assumed.without_policy();
    let key = credentials.access_key_id().to_owned();
    let expires = credentials.expiry().map(renewal::time);
    let role = assumed.role.clone();
    let teller = Teller::new(&credentials);
    let latest = teller.latest();
    assumed.teller = Some(teller);
    *lock(&assumed.held) = Held {
        credentials: Some(credentials),
        ..Held::default()
    };
    // What is kept is kept here. The SDK's cache goes by this machine's clock alone: it gives a session
    // that AWS knows no more until that has struck.
    let assumed = Arc::new(assumed);
    let config = source.config.to_builder();
    let config = config.identity_cache(IdentityCache::no_cache());
    let reads = SharedCredentialsProvider::new(Session(Arc::clone(&assumed)));
    let reads = config.credentials_provider(reads).build();
    let connection = Connection::new(&reads, source.read_only, source.timeouts);
    let mut connection = connection.reading_with(assumed);
    if !source.read_only {
        connection = connection.changing_with(full);
    }
    SignedIn {
        connection,
        key,
        profile: None,
        endpoint: super::endpoint_url::of(&source.config, "IAM"),
        expires,
        how: format!("role {role}"),
        made_from: None,
        renewal: Some(Renewals::ByRequests(latest)),
        role: Some(role),
        portal: None,
        caller,
    }
}

/// A role that can be assumed, and its present session.
pub(super) struct Assumed {
    sts: aws_sdk_sts::Client,
    partition: Arc<str>,
    account: Box<str>,
    role: Box<str>,
    session: String,
    read_only: bool,
    held: Mutex<Held>,
    /// It is assumed once, however many requests wait for it.
    assuming: tokio::sync::Mutex<()>,
    /// Of those that read.
    teller: Option<Teller>,
}

/// What there is of a session.
#[derive(Default)]
struct Held {
    credentials: Option<Credentials>,
    /// How often it was asked for after the first time.
    asked: u64,
    /// Why that was refused the last time.
    refused: Option<Error>,
}

impl Held {
    /// The credentials, where they last for so long yet.
    fn lasting(&self, time: Duration) -> Option<Credentials> {
        let until = SystemTime::now() + time;
        let lasts = |found: &&Credentials| found.expiry().is_none_or(|at| at > until);
        self.credentials.as_ref().filter(lasts).cloned()
    }
}

impl fmt::Debug for Assumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assumed").finish_non_exhaustive()
    }
}

impl Assumed {
    fn new(source: &Connection, member: &Member, role: &str, read_only: bool) -> Self {
        let region = source.config.region();
        Self {
            sts: source.roles.get_or_init(|| assuming(source)).clone(),
            partition: partition(region.map_or("", |region| region.as_ref())).into(),
            account: member.account.clone(),
            role: role.into(),
            session: member.session.to_string(),
            read_only,
            held: Mutex::default(),
            assuming: tokio::sync::Mutex::default(),
            teller: None,
        }
    }

    fn without_policy(&self) -> Self {
        Self {
            sts: self.sts.clone(),
            partition: self.partition.clone(),
            account: self.account.clone(),
            role: self.role.clone(),
            session: self.session.clone(),
            read_only: false,
            held: Mutex::default(),
            assuming: tokio::sync::Mutex::default(),
            teller: None,
        }
    }

    fn arn(&self) -> String {
        let Self {
            partition,
            account,
            role,
            ..
        } = self;
        format!("arn:{partition}:iam::{account}:role/{role}")
    }

    async fn assume(&self) -> Result<(Credentials, Option<Caller>), Error> {
        let call = self.sts.assume_role().role_arn(self.arn());
        let call = call.role_session_name(&self.session);
        let policy = self.read_only.then(|| READ_ONLY_POLICY.to_owned());
        let answer = call.set_policy(policy).send().await;
        read(answer.map_err(|e| error(ASSUME_ROLE, &e))?)
    }

    /// The credentials of its session. Where that has ended, or ends soon, the role is assumed again.
    async fn credentials(&self) -> Result<Credentials, Error> {
        let asked = {
            let held = lock(&self.held);
            if let Some(found) = held.lasting(EARLY) {
                return Ok(found);
            }
            held.asked
        };
        let _alone = self.assuming.lock().await;
        {
            // Another one may have asked meanwhile: the answer is for all who waited for it.
            let held = lock(&self.held);
            if let Some(found) = held.lasting(EARLY) {
                return Ok(found);
            }
            if held.asked != asked
                && let Some(refused) = &held.refused
            {
                return Err(refused.clone());
            }
        }
        let assumed = self.assume().await;
        let mut held = lock(&self.held);
        held.asked += 1;
        match assumed {
            Ok((credentials, _)) => {
                tracing::info!(
                    key = credentials.access_key_id(),
                    "the role is assumed again"
                );
                if let Some(teller) = &self.teller {
                    teller.tell(&credentials);
                }
                held.refused = None;
                held.credentials = Some(credentials.clone());
                Ok(credentials)
            }
            Err(error) => {
                tracing::warn!(%error, "the role is not assumed again");
                held.refused = Some(error.clone());
                // It may do for some seconds yet.
                held.lasting(Duration::ZERO).ok_or(error)
            }
        }
    }

    /// Credentials of a session that is begun for one change. Whatever kept it from being begun, the
    /// change was not sent.
    pub(super) async fn session_for_a_change(&self) -> Result<Credentials, Error> {
        match self.assume().await {
            Ok((credentials, _)) => Ok(credentials),
            Err(error) => Err(Error {
                kind: match error.kind {
                    _ if error.outcome_unknown() => Kind::NotSent,
                    kind => kind,
                },
                message: format!("not sent: {}", error.message),
                ..error
            }),
        }
    }

    /// The key ID of the present session, where there is one.
    pub(super) fn key(&self) -> Option<String> {
        let held = lock(&self.held);
        let found = held.credentials.as_ref();
        found.map(|found| found.access_key_id().to_owned())
    }

    /// AWS says that the session of this key is over, whatever this machine's clock says: the next
    /// request begins another, unless one has begun already.
    pub(super) fn is_over(&self, key: Option<&str>) {
        let mut held = lock(&self.held);
        let is_it = |found: &mut Credentials| Some(found.access_key_id()) == key;
        held.credentials.take_if(is_it);
    }
}

/// Signs with the present session of a role.
#[derive(Debug)]
struct Session(Arc<Assumed>);

impl ProvideCredentials for Session {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let given = self.0.credentials().await;
            given.map_err(CredentialsError::provider_error)
        })
    }
}

/// The client that assumes roles with the credentials of a connection.
fn assuming(source: &Connection) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::config::Builder::from(&source.config)
        .retry_config(source.retries().with_max_attempts(ATTEMPTS))
        .timeout_config(source.timeouts.config())
        .interceptor(super::bodies::Bounded)
        .build();
    aws_sdk_sts::Client::from_conf(config)
}

fn read(answer: AssumeRoleOutput) -> Result<(Credentials, Option<Caller>), Error> {
    let arn = answer.assumed_role_user.map(|user| user.arn);
    let caller = arn.and_then(|arn| {
        let account = arn.split(':').nth(4)?.to_owned();
        Caller::read(account, arn)
    });
    let Some(found) = answer.credentials else {
        let message = "the answer has no credentials";
        return Err(failed(ASSUME_ROLE, Kind::InvalidResponse, message));
    };
    let expires = SystemTime::try_from(found.expiration).ok();
    let credentials = Credentials::new(
        found.access_key_id,
        found.secret_access_key,
        Some(found.session_token),
        expires,
        "AssumeRole",
    );
    Ok((credentials, caller))
}

/// What a mutex holds: a panic elsewhere leaves nothing half done in it.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The partition that a region belongs to.
pub(super) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

fn not_assumed(role: &str, error: &Error) -> Problem {
    Problem {
        title: format!("{role}: {}", error.what()),
        what: format!("The role {role} could not be assumed."),
        details: vec![error.to_string()],
        ..Problem::default()
    }
}

fn no_role(member: &Member, denied: &[Error]) -> Problem {
    let tried: Vec<&str> = member.roles.iter().map(|role| &**role).collect();
    Problem {
        title: format!("no role to assume: tried {}", tried.join(", ")),
        what: "AWS refused each of the roles: it does not exist in this account, or its trust \
               policy does not name who is signed in."
            .into(),
        details: denied.iter().map(ToString::to_string).collect(),
        advice: vec![
            "Create one of these roles in the account, or start with --role and the name of one \
             that is there."
                .into(),
        ],
        ..Problem::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_policy_is_json_that_aws_takes_and_allows_no_change() {
        assert!(READ_ONLY_POLICY.len() <= 2048, "{}", READ_ONLY_POLICY.len());
        let policy: serde_json::Value = serde_json::from_str(READ_ONLY_POLICY).unwrap();
        let actions = policy["Statement"][0]["Action"].as_array().unwrap();
        for action in actions {
            let verb = action.as_str().unwrap().split_once(':').unwrap().1;
            let reads = ["Get", "List", "Generate", "Simulate", "Describe", "Lookup"];
            assert!(reads.iter().any(|it| verb.starts_with(it)), "{verb}");
        }
    }

    #[test]
    fn the_region_tells_the_partition() {
        assert_eq!(partition("eu-west-1"), "aws");
        assert_eq!(partition("cn-north-1"), "aws-cn");
        assert_eq!(partition("us-gov-west-1"), "aws-us-gov");
    }
}
