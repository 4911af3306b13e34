//! The calls that change an account. Each is sent once.

use super::{
    AccessKey, Account, Change, Changed, Done, Error, Kind,
    convert::{self, change_error, text_or},
    document::Own,
};
use crate::secret::SecretKey;
use aws_config::retry::RetryConfig;
use aws_sdk_iam::{
    error::SdkError,
    operation::RequestId,
    types::{StatusType, Tag},
};

impl Account {
    /// Changes the account. This is the one place that refuses under `--read-only`, and the user
    /// is always named: left out, the service would take the signing identity's own.
    ///
    /// # Errors
    /// When the service refuses, or its answer is lost: [`Error::outcome_unknown`] tells which.
    pub async fn change(&self, change: &Change) -> Result<Done, Error> {
        let action = change.action();
        if self.read_only {
            return Err(Error {
                action,
                kind: Kind::ReadOnly,
                code: None,
                message: "iamkeys was started with --read-only; nothing was sent".into(),
                request_id: None,
            });
        }
        match change {
            Change::Create { user } => self.create(user, action).await,
            Change::SetActive { user, key, active } => {
                let status = if *active {
                    StatusType::Active
                } else {
                    StatusType::Inactive
                };
                let call = self.iam.update_access_key();
                let call = call.user_name(&**user).access_key_id(key).status(status);
                let call = call.customize().config_override(once());
                let answer = call
                    .interceptor(Own::whole("UpdateAccessKeyResponse"))
                    .send()
                    .await;
                done(answer, action)
            }
            Change::Delete { user, key } => {
                let call = self.iam.delete_access_key();
                let call = call.user_name(&**user).access_key_id(key);
                let call = call.customize().config_override(once());
                let answer = call
                    .interceptor(Own::whole("DeleteAccessKeyResponse"))
                    .send()
                    .await;
                done(answer, action)
            }
            Change::Describe {
                user,
                key,
                text: Some(text),
            } => {
                let tag = Tag::builder().key(key).value(text).build();
                let tag = tag.map_err(|e| Error {
                    action,
                    kind: Kind::Other,
                    code: None,
                    message: e.to_string(),
                    request_id: None,
                })?;
                let call = self.iam.tag_user().user_name(&**user).tags(tag);
                let call = call.customize().config_override(once());
                let answer = call.interceptor(Own::whole("TagUserResponse")).send().await;
                done(answer, action)
            }
            Change::Describe {
                user,
                key,
                text: None,
            } => {
                let call = self.iam.untag_user().user_name(&**user).tag_keys(key);
                let call = call.customize().config_override(once());
                let answer = call
                    .interceptor(Own::whole("UntagUserResponse"))
                    .send()
                    .await;
                done(answer, action)
            }
        }
    }

    async fn create(&self, user: &str, action: &'static str) -> Result<Done, Error> {
        // Where a whole secret has come through, it is worth more than the end of the document that
        // brought it: without it, the key would be one that nobody can use.
        let enough = Own::with(
            "CreateAccessKeyResponse",
            &["AccessKeyId", "SecretAccessKey"],
        );
        let answer = self
            .iam
            .create_access_key()
            .user_name(user)
            .customize()
            .config_override(once())
            .interceptor(enough)
            .send()
            .await
            .map_err(|e| change_error(action, &e))?;
        let request_id = answer.request_id().map(str::to_owned);
        match answer.access_key {
            Some(made) if !made.secret_access_key.is_empty() => Ok(Done {
                changed: Changed::Created {
                    key: AccessKey {
                        id: text_or(Some(made.access_key_id), ""),
                        status: convert::status(Some(&made.status)),
                        created: convert::time(made.create_date.as_ref()),
                    },
                    secret: SecretKey::new(made.secret_access_key),
                },
                request_id,
            }),
            _ => Err(Error {
                action,
                kind: Kind::Garbled,
                code: None,
                message: "the answer holds no key".into(),
                request_id,
            }),
        }
    }
}

/// Makes of an answer without contents what came of the change.
fn done<T, E>(answer: Result<T, SdkError<E>>, action: &'static str) -> Result<Done, Error>
where
    T: RequestId,
    E: aws_sdk_iam::error::ProvideErrorMetadata + std::error::Error + 'static,
{
    let answer = answer.map_err(|e| change_error(action, &e))?;
    Ok(Done {
        changed: Changed::Done,
        request_id: answer.request_id().map(str::to_owned),
    })
}

/// Makes a change be sent once. The SDK would repeat it after a 5xx or a lost connection: a creation
/// that the service had made would leave a key whose secret nobody has, and a deletion that it had
/// made would be reported as one of a key that is not there.
fn once() -> aws_sdk_iam::config::Builder {
    aws_sdk_iam::config::Builder::new().retry_config(RetryConfig::disabled())
}
