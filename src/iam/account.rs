//! The calls this program makes, one method each.

use super::{
    AccessKey, Caller, Change, Changed, Error, Kind, LastUsed, Timeouts, UsersPage,
    convert::{self, change_error, error, text_or},
};
use crate::secret::SecretKey;
use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_iam::types::{StatusType, SummaryKeyType};
use std::{
    collections::HashMap,
    iter,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The most `ListUsers` gives in one page.
const PAGE: i32 = 1000;

/// No list is longer: a server that always names another page is not followed for ever.
const MAX_PAGES: usize = 10_000;

/// A whole account, seen through one set of credentials. Cheap to clone: clones share connections
/// and what the adaptive retry has learnt about the permitted rate.
#[derive(Clone, Debug)]
pub struct Account {
    iam: aws_sdk_iam::Client,
    sts: aws_sdk_sts::Client,
    read_only: bool,
    /// Each marker of the list of users, and the one whose page has named it.
    trail: Arc<Mutex<HashMap<String, String>>>,
}

impl Account {
    /// Makes the clients. Sends nothing.
    #[must_use]
    pub fn new(config: &SdkConfig, read_only: bool, timeouts: Timeouts) -> Self {
        // Adaptive: against 50 requests a second it loses none of 32 in flight, where the standard
        // mode lost one in six.
        let reads = aws_sdk_iam::config::Builder::from(config)
            .retry_config(
                RetryConfig::adaptive()
                    .with_max_attempts(6)
                    // Six attempts that are throttled end before the time limit does, and so
                    // under their own name.
                    .with_max_backoff(Duration::from_secs(8)),
            )
            .timeout_config(timeouts.config())
            .build();
        // Who is signed in is asked first of all, and its answer decides what the first screen
        // says about an endpoint that cannot be reached: few attempts.
        let identity = aws_sdk_sts::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(timeouts.config())
            .build();
        Self {
            iam: aws_sdk_iam::Client::from_conf(reads),
            sts: aws_sdk_sts::Client::from_conf(identity),
            read_only,
            trail: Arc::default(),
        }
    }

    /// Who is signed in. Needs no permission and works under an explicit deny.
    ///
    /// # Errors
    /// When the credentials are not accepted, or nobody answers.
    pub async fn caller(&self) -> Result<Caller, Error> {
        let answer = self.sts.get_caller_identity().send().await;
        let answer = answer.map_err(|e| error("sts:GetCallerIdentity", &e))?;
        Ok(Caller {
            account: answer.account.unwrap_or_default(),
            arn: answer.arn.unwrap_or_default(),
        })
    }

    /// The account's alias; at most one exists.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn alias(&self) -> Result<Option<String>, Error> {
        let answer = self.iam.list_account_aliases().send().await;
        let answer = answer.map_err(|e| error("iam:ListAccountAliases", &e))?;
        Ok(answer.account_aliases.into_iter().next())
    }

    /// How many access keys a user of this account may have.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn keys_per_user(&self) -> Result<Option<usize>, Error> {
        let answer = self.iam.get_account_summary().send().await;
        let answer = answer.map_err(|e| error("iam:GetAccountSummary", &e))?;
        Ok(answer
            .summary_map
            .and_then(|map| map.get(&SummaryKeyType::AccessKeysPerUserQuota).copied())
            .and_then(|quota| usize::try_from(quota).ok()))
    }

    /// One page of users; the first without a marker.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn users(&self, marker: Option<String>) -> Result<UsersPage, Error> {
        let asked = marker.clone();
        let answer = self
            .iam
            .list_users()
            .max_items(PAGE)
            .set_marker(marker)
            .send()
            .await
            .map_err(|e| error("iam:ListUsers", &e))?;
        // A page may be shorter than asked for: only `IsTruncated` tells whether it is the last.
        let next = answer.marker.filter(|_| answer.is_truncated);
        if answer.is_truncated && !self.gets_on(asked, next.as_deref()) {
            return Err(turns_in_circles("iam:ListUsers"));
        }
        Ok(UsersPage {
            users: answer.users.into_iter().map(convert::user).collect(),
            next,
        })
    }

    /// Whether a page of users that names another one leads on, and not back to where the same
    /// list has been: that would be asked for ever. Lists may be under way side by side, so what
    /// is remembered is where each marker came from, not which were there.
    fn gets_on(&self, asked: Option<String>, next: Option<&str>) -> bool {
        let Some(next) = next else {
            return false;
        };
        let mut trail = self.trail.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(asked) = asked else {
            // A list begins here. What is remembered of others would only grow.
            trail.clear();
            return true;
        };
        let before: Vec<&String> =
            iter::successors(Some(&asked), |marker| trail.get(*marker)).collect();
        if before.len() >= MAX_PAGES || before.iter().any(|marker| *marker == next) {
            return false;
        }
        trail.insert(next.to_owned(), asked);
        true
    }

    /// The access keys of a user, all pages of them.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn keys(&self, user: &str) -> Result<Vec<AccessKey>, Error> {
        const ACTION: &str = "iam:ListAccessKeys";
        let mut keys = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        loop {
            let answer = self
                .iam
                .list_access_keys()
                .user_name(user)
                .set_marker(seen.last().cloned())
                .send()
                .await
                .map_err(|e| error(ACTION, &e))?;
            keys.extend(
                answer
                    .access_key_metadata
                    .into_iter()
                    .map(convert::access_key),
            );
            if !answer.is_truncated {
                return Ok(keys);
            }
            match answer.marker {
                Some(next) if seen.len() < MAX_PAGES && !seen.contains(&next) => seen.push(next),
                _ => return Err(turns_in_circles(ACTION)),
            }
        }
    }

    /// When a key was last used. AWS answers `AccessDenied` for a key it does not know.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn last_used(&self, key: &str) -> Result<LastUsed, Error> {
        let answer = self
            .iam
            .get_access_key_last_used()
            .access_key_id(key)
            .send()
            .await
            .map_err(|e| error("iam:GetAccessKeyLastUsed", &e))?;
        Ok(answer
            .access_key_last_used
            .map_or(LastUsed::Never, convert::last_used))
    }

    /// Changes the account. This is the one place that refuses under `--read-only`, and the user
    /// is always named: left out, the service would take the signing identity's own.
    ///
    /// # Errors
    /// When the service refuses, or its answer is lost: [`Error::outcome_unknown`] tells which.
    pub async fn change(&self, change: &Change) -> Result<Changed, Error> {
        if self.read_only {
            return Err(Error {
                action: action_of(change),
                kind: Kind::ReadOnly,
                code: None,
                message: "iamkeys was started with --read-only; nothing was sent".into(),
                request_id: None,
            });
        }
        match change {
            Change::Create { user } => self.create(user).await,
            Change::SetActive { user, key, active } => {
                let status = if *active {
                    StatusType::Active
                } else {
                    StatusType::Inactive
                };
                self.iam
                    .update_access_key()
                    .user_name(&**user)
                    .access_key_id(key)
                    .status(status)
                    .customize()
                    .config_override(once())
                    .send()
                    .await
                    .map_err(|e| change_error(action_of(change), &e))?;
                Ok(Changed::Done)
            }
            Change::Delete { user, key } => {
                self.iam
                    .delete_access_key()
                    .user_name(&**user)
                    .access_key_id(key)
                    .customize()
                    .config_override(once())
                    .send()
                    .await
                    .map_err(|e| change_error(action_of(change), &e))?;
                Ok(Changed::Done)
            }
        }
    }

    async fn create(&self, user: &str) -> Result<Changed, Error> {
        const ACTION: &str = "iam:CreateAccessKey";
        let answer = self
            .iam
            .create_access_key()
            .user_name(user)
            .customize()
            .config_override(once())
            .send()
            .await
            .map_err(|e| change_error(ACTION, &e))?;
        match answer.access_key {
            Some(made) if !made.secret_access_key.is_empty() => Ok(Changed::Created {
                key: AccessKey {
                    id: text_or(Some(made.access_key_id), ""),
                    status: convert::status(Some(&made.status)),
                    created: convert::time(made.create_date.as_ref()),
                },
                secret: SecretKey::new(made.secret_access_key),
            }),
            _ => Err(Error {
                action: ACTION,
                kind: Kind::Garbled,
                code: None,
                message: "the answer holds no key".into(),
                request_id: None,
            }),
        }
    }
}

fn turns_in_circles(action: &'static str) -> Error {
    Error {
        action,
        kind: Kind::Garbled,
        code: None,
        message: "the list says that it goes on, and not where".into(),
        request_id: None,
    }
}

/// Makes a change be sent once. The SDK would repeat it after a 5xx or a lost connection: a creation
/// that the service had made would leave a key whose secret nobody has, and a deletion that it had
/// made would be reported as one of a key that is not there.
fn once() -> aws_sdk_iam::config::Builder {
    aws_sdk_iam::config::Builder::new().retry_config(RetryConfig::disabled())
}

/// The action of a change, as policies name it.
pub(super) fn action_of(change: &Change) -> &'static str {
    match change {
        Change::Create { .. } => "iam:CreateAccessKey",
        Change::SetActive { .. } => "iam:UpdateAccessKey",
        Change::Delete { .. } => "iam:DeleteAccessKey",
    }
}
