//! The calls this program makes, one method each.

use super::{
    AccessKey, Caller, Change, Changed, Error, Kind, LastUsed, UsersPage,
    convert::{self, error, text_or},
};
use crate::secret::SecretKey;
use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_iam::types::{StatusType, SummaryKeyType};
use std::time::Duration;

/// The most `ListUsers` gives in one page.
const PAGE: i32 = 1000;

/// A whole account, seen through one set of credentials. Cheap to clone: clones share connections
/// and what the adaptive retry has learnt about the permitted rate.
#[derive(Clone, Debug)]
pub struct Account {
    iam: aws_sdk_iam::Client,
    sts: aws_sdk_sts::Client,
    read_only: bool,
}

impl Account {
    /// Makes the clients. Sends nothing.
    #[must_use]
    pub fn new(config: &SdkConfig, read_only: bool) -> Self {
        // The SDK sets a time limit for connecting only; without these a silent server would be
        // waited for for ever.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .read_timeout(Duration::from_secs(10))
            .operation_attempt_timeout(Duration::from_secs(15))
            .build();
        // Adaptive: against 50 requests a second it loses none of 32 in flight, where the standard
        // mode lost one in six.
        let reads = aws_sdk_iam::config::Builder::from(config)
            .retry_config(RetryConfig::adaptive().with_max_attempts(6))
            .timeout_config(timeouts.clone())
            .build();
        // Who is signed in is asked first of all, and its answer decides what the first screen
        // says about an endpoint that cannot be reached: few attempts.
        let identity = aws_sdk_sts::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(timeouts)
            .build();
        Self {
            iam: aws_sdk_iam::Client::from_conf(reads),
            sts: aws_sdk_sts::Client::from_conf(identity),
            read_only,
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
        // A marker that does not move would be asked for ever.
        let next = answer.marker.filter(|_| answer.is_truncated);
        if answer.is_truncated && (next.is_none() || next == asked) {
            return Err(Error {
                action: "iam:ListUsers",
                kind: Kind::Garbled,
                code: None,
                message: "the list says that it goes on, and not where".into(),
                request_id: None,
            });
        }
        Ok(UsersPage {
            users: answer.users.into_iter().map(convert::user).collect(),
            next,
        })
    }

    /// The access keys of a user, all pages of them.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn keys(&self, user: &str) -> Result<Vec<AccessKey>, Error> {
        let mut keys = Vec::new();
        let mut marker = None;
        loop {
            let answer = self
                .iam
                .list_access_keys()
                .user_name(user)
                .set_marker(marker.clone())
                .send()
                .await
                .map_err(|e| error("iam:ListAccessKeys", &e))?;
            keys.extend(
                answer
                    .access_key_metadata
                    .into_iter()
                    .map(convert::access_key),
            );
            if !answer.is_truncated || answer.marker.is_none() || answer.marker == marker {
                return Ok(keys);
            }
            marker = answer.marker;
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
                    .send()
                    .await
                    .map_err(|e| error(action_of(change), &e))?;
                Ok(Changed::Done)
            }
            Change::Delete { user, key } => {
                self.iam
                    .delete_access_key()
                    .user_name(&**user)
                    .access_key_id(key)
                    .send()
                    .await
                    .map_err(|e| error(action_of(change), &e))?;
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
            // Sent once. The SDK would repeat it after a 5xx or a lost connection, and each time
            // the service had acted there would be a key whose secret nobody has.
            .config_override(
                aws_sdk_iam::config::Builder::new().retry_config(RetryConfig::disabled()),
            )
            .send()
            .await
            .map_err(|e| error(ACTION, &e))?;
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

/// The action of a change, as policies name it.
pub(super) fn action_of(change: &Change) -> &'static str {
    match change {
        Change::Create { .. } => "iam:CreateAccessKey",
        Change::SetActive { .. } => "iam:UpdateAccessKey",
        Change::Delete { .. } => "iam:DeleteAccessKey",
    }
}
