//! Credentials that are renewed some minutes before they expire, beside everything else: renewing may
//! need a person, and no request can wait for one.

use super::{
    assume::{EARLY, Failure, Signer},
    convert::{deepest, find, one_line},
};
use crate::engine::Renewed;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError, future},
};
use aws_sdk_sts::{error::ProvideErrorMetadata as _, operation::assume_role::AssumeRoleError};
use aws_smithy_runtime_api::client::result::ConnectorError;
use chrono::{DateTime, Utc};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};

/// After no answer it is tried again this much later.
const AGAIN: Duration = Duration::from_secs(30);

/// The credentials of a session, as they are at present. Clones share them.
#[derive(Clone)]
pub(super) struct Lease(Arc<Inner>);

struct Inner {
    now: Mutex<Credentials>,
    /// They were asked for, and it is time to renew them: the clock may have stood still, with the
    /// machine asleep.
    due: Notify,
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").finish_non_exhaustive()
    }
}

impl Lease {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self(Arc::new(Inner {
            now: Mutex::new(credentials),
            due: Notify::new(),
        }))
    }

    fn credentials(&self) -> Credentials {
        let now = self.0.now.lock();
        now.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, credentials: Credentials) {
        let now = self.0.now.lock();
        *now.unwrap_or_else(PoisonError::into_inner) = credentials;
    }
}

impl ProvideCredentials for Lease {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let now = self.credentials();
        let left = now.expiry().map(left_until);
        if left.is_some_and(|left| left < EARLY) {
            self.0.due.notify_one();
        }
        future::ProvideCredentials::ready(match left {
            Some(Duration::ZERO) => Err(CredentialsError::provider_error("they have expired")),
            _ => Ok(now),
        })
    }
}

/// What renews the credentials of a session, as long as it runs.
#[derive(Clone)]
pub struct Renewal {
    pub(super) signer: Arc<Signer>,
    pub(super) lease: Lease,
}

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewal").finish_non_exhaustive()
    }
}

impl Renewal {
    /// Renews the credentials whenever it is time to, and tells of it. Ends where they do not expire,
    /// or cannot be renewed any more.
    pub async fn run(self, tell: impl Fn(Result<Renewed, String>)) {
        while let Some(expiry) = self.lease.credentials().expiry() {
            let left = left_until(expiry);
            // What does not last so long is renewed half-way.
            let early = if left > EARLY { EARLY } else { left / 2 };
            loop {
                let left = left_until(expiry).saturating_sub(early);
                if left.is_zero() {
                    break;
                }
                tokio::select! {
                    () = sleep(left) => {}
                    () = self.lease.0.due.notified() => {}
                }
            }
            match self.signer.credentials().await {
                Ok(signed) if has_expired(&signed.credentials) => {
                    // A program that keeps them, say: asked again at once, it would give them again.
                    let why = "what came in their place has expired".to_owned();
                    tracing::warn!(why, "not renewed");
                    return tell(Err(why));
                }
                // They are kept somewhere, and made anew when they end.
                Ok(signed) if signed.credentials.expiry() == Some(expiry) => sleep(AGAIN).await,
                Ok(signed) => {
                    let renewed = renewed(&signed.credentials);
                    tracing::info!(key = renewed.key, "renewed");
                    self.lease.replace(signed.credentials);
                    tell(Ok(renewed));
                }
                Err(failure) if may_pass(&failure) && left_until(expiry) > Duration::ZERO => {
                    tracing::warn!(why = words(&failure), "not renewed yet");
                    sleep(AGAIN).await;
                }
                Err(failure) => {
                    let why = words(&failure);
                    tracing::warn!(why, "not renewed");
                    return tell(Err(why));
                }
            }
        }
    }
}

/// How the credentials of a session are renewed, as long as it runs.
#[derive(Clone, Debug)]
pub enum Renewals {
    /// Beside its requests.
    Beside(Renewal),
    /// By the request that needs it.
    ByRequests(Latest),
}

/// Tells which credentials requests are signed with, where they get others by themselves.
#[derive(Debug)]
pub(super) struct Teller(watch::Sender<Renewed>);

impl Teller {
    /// Requests begin with these.
    pub(super) fn new(first: &Credentials) -> Self {
        Self(watch::Sender::new(renewed(first)))
    }

    /// What hears of it.
    pub(super) fn latest(&self) -> Latest {
        Latest(self.0.subscribe())
    }

    /// These are the present ones. What does not expire is given over and over again: that is no news.
    pub(super) fn tell(&self, now: &Credentials) {
        let now = renewed(now);
        self.0.send_if_modified(|known| {
            let is_news = *known != now;
            *known = now;
            is_news
        });
    }
}

/// The credentials that requests are signed with.
#[derive(Clone, Debug)]
pub struct Latest(watch::Receiver<Renewed>);

impl Latest {
    /// Those that are new since the last time, once there are; none when there will be no others.
    pub async fn next(&mut self) -> Option<Renewed> {
        self.0.changed().await.ok()?;
        Some(self.0.borrow_and_update().clone())
    }
}

fn renewed(credentials: &Credentials) -> Renewed {
    Renewed {
        key: credentials.access_key_id().to_owned(),
        expires: credentials.expiry().map(time),
    }
}

fn has_expired(credentials: &Credentials) -> bool {
    let left = credentials.expiry().map(left_until);
    left.is_some_and(|left| left.is_zero())
}

fn left_until(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::now()).unwrap_or_default()
}

/// A time as the engine has it.
pub(super) fn time(time: SystemTime) -> DateTime<Utc> {
    time.into()
}

/// Whether there was no answer: the next try may get one.
fn may_pass(failure: &Failure) -> bool {
    match failure {
        Failure::Told(_) => false,
        Failure::Credentials(error) => find::<ConnectorError>(error).is_some(),
    }
}

fn words(failure: &Failure) -> String {
    match failure {
        Failure::Told(problem) => problem.title.clone(),
        Failure::Credentials(error) => match find::<AssumeRoleError>(error) {
            Some(refused) => format!(
                "{}: {}",
                refused.code().unwrap_or_default(),
                one_line(refused.message().unwrap_or_default())
            ),
            None => deepest(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aws::{
            Options, Person,
            role_chain::{Base, RoleChain},
        },
        engine::SecretKey,
    };
    use aws_config::{SdkConfig, imds, profile::ProfileSet};

    fn credentials(left: Duration) -> Credentials {
        let expires = SystemTime::now() + left;
        Credentials::new("ASIAIOSFODNN7EXAMPLE", "s", None, Some(expires), "test")
    }

    /// What renews these credentials with what a program prints.
    fn renewal(program: &str, left: Duration) -> Renewal {
        let signer = Signer {
            chain: RoleChain {
                base: Base::Program(SecretKey::new(program.to_owned())),
                ..RoleChain::of_environment()
            },
            profiles: ProfileSet::default(),
            config: SdkConfig::builder().build(),
            options: Options::default(),
            person: Person::absent(),
            means: None,
            log_in: false.into(),
            instance: imds::Client::builder().build(),
        };
        Renewal {
            signer: Arc::new(signer),
            lease: Lease::new(credentials(left)),
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn credentials_are_renewed_before_they_expire() {
        let new = r#"echo '{"Version":1,"AccessKeyId":"ASIANEWFODNN7EXAMPLE",
            "SecretAccessKey":"s","Expiration":"2099-01-01T00:00:00Z"}'"#;
        let renewal = renewal(new, Duration::from_millis(300));
        let lease = renewal.lease.clone();
        let (told, mut tells) = tokio::sync::mpsc::unbounded_channel();
        let run = renewal.run(move |result| drop(told.send(result)));
        let renewed = tokio::select! {
            renewed = tells.recv() => renewed.expect("it tells").expect("renewed"),
            () = run => unreachable!("the new ones last"),
        };
        assert_eq!(renewed.key, "ASIANEWFODNN7EXAMPLE");
        assert!(renewed.expires.is_some());
        let now = lease.provide_credentials().await.expect("good ones");
        assert_eq!(now.access_key_id(), "ASIANEWFODNN7EXAMPLE");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_cannot_be_renewed_is_told_once_and_expires() {
        let renewal = renewal("exit 1", Duration::ZERO);
        let lease = renewal.lease.clone();
        let (told, mut tells) = tokio::sync::mpsc::unbounded_channel();
        renewal.run(move |result| drop(told.send(result))).await;
        let why = tells.recv().await.expect("it tells").unwrap_err();
        assert!(why.contains("the program failed"), "{why}");
        assert!(tells.recv().await.is_none(), "once");
        let error = lease.provide_credentials().await.unwrap_err();
        assert!(deepest(&error).contains("expired"), "{error:?}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_that_gives_what_has_expired_is_not_asked_over_and_over() {
        let old = r#"echo '{"Version":1,"AccessKeyId":"ASIANEWFODNN7EXAMPLE",
            "SecretAccessKey":"s","Expiration":"2020-01-01T00:00:00Z"}'"#;
        let renewal = renewal(old, Duration::ZERO);
        let (told, mut tells) = tokio::sync::mpsc::unbounded_channel();
        let run = renewal.run(move |result| drop(told.send(result)));
        let ended = tokio::time::timeout(Duration::from_secs(20), run).await;
        ended.expect("it gives up");
        let why = tells.recv().await.expect("it tells").unwrap_err();
        assert!(why.contains("has expired"), "{why}");
        assert!(tells.recv().await.is_none(), "once");
    }

    #[tokio::test]
    async fn what_requests_get_is_told_once_for_each() {
        let first = credentials(Duration::from_secs(5));
        let teller = Teller::new(&first);
        let mut latest = teller.latest();
        // As it is given over and over again where it does not change.
        teller.tell(&first);
        let longer = credentials(Duration::from_hours(1));
        teller.tell(&longer);
        let told = latest.next().await.expect("it is news");
        assert_eq!(told.expires, longer.expiry().map(time));
        teller.tell(&longer);
        drop(teller);
        assert!(latest.next().await.is_none(), "and nothing else");
    }

    #[tokio::test]
    async fn what_does_not_expire_needs_no_renewal() {
        let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "s", None, None, "test");
        let mut renewal = renewal("exit 1", Duration::ZERO);
        renewal.lease = Lease::new(keys);
        renewal
            .run(|_| unreachable!("there is nothing to tell"))
            .await;
    }
}
