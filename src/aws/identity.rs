//! Whose keys are whose: who is signed in, and whom another key belongs to.

use super::{
    Caller, Connection, Error, Kind,
    convert::{error, failed},
    endpoint_url,
};
use crate::engine::SecretKey;
use aws_config::retry::RetryConfig;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_sts::operation::{RequestId as _, get_caller_identity::GetCallerIdentityOutput};
use std::time::Duration;

const ACTION: &str = "sts:GetCallerIdentity";

/// A person waits for this answer, and asks again where it is not the one hoped for: a new key is
/// refused for some seconds.
const PATIENCE: Duration = Duration::from_secs(5);

impl Connection {
    /// Who is signed in. Needs no permission and works under an explicit deny.
    ///
    /// # Errors
    /// When the credentials are not accepted, or there is no answer.
    pub async fn caller(&self) -> Result<Caller, Error> {
        let answer = self.sts().get_caller_identity().send().await;
        caller(answer.map_err(|e| error(ACTION, &e))?)
    }

    /// The ID of the account that a key belongs to, in whichever account it is. It says nothing of
    /// whether the key still exists.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn account_of_key(&self, key_id: &str) -> Result<Box<str>, Error> {
        let action = "sts:GetAccessKeyInfo";
        let call = self.sts().get_access_key_info().access_key_id(key_id);
        let answer = call.send().await.map_err(|e| error(action, &e))?;
        let account = answer.account.unwrap_or_default();
        if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(account.into());
        }
        let message = "the answer has no valid account ID";
        Err(failed(action, Kind::InvalidResponse, message))
    }

    /// Whom other credentials belong to, in the eyes of the same endpoint: one request, signed with
    /// them, that is waited for for five seconds at most. A temporary key has a token as well.
    ///
    /// # Errors
    /// [`Kind::BadCredentials`](super::Kind::BadCredentials) when the endpoint does not accept them,
    /// which for a key made a moment ago means: not yet. Others when there is no answer.
    pub async fn identity_of(
        &self,
        key_id: &str,
        secret: &SecretKey,
        token: Option<&SecretKey>,
    ) -> Result<Caller, Error> {
        // Of this call only: the SDK gives the credentials a cache that ends with it.
        let alone = aws_sdk_sts::config::Builder::new()
            .credentials_provider(credentials(key_id, secret, token))
            .retry_config(RetryConfig::disabled())
            .timeout_config(self.timeouts.at_most(PATIENCE).config());
        let answer = self
            .sts()
            .get_caller_identity()
            .customize()
            .config_override(alone)
            .send()
            .await;
        caller(answer.map_err(|e| error(ACTION, &e))?)
    }

    /// As [`Self::identity_of`], with what a profile has kept: that was not meant for this session's
    /// endpoint, and is shown to none but AWS and this machine.
    ///
    /// # Errors
    /// [`Kind::NotSent`] where the endpoint is another.
    pub async fn identity_of_stored(
        &self,
        key_id: &str,
        secret: &SecretKey,
        token: Option<&SecretKey>,
    ) -> Result<Caller, Error> {
        let elsewhere = self.sts_endpoint.as_deref();
        if let Some(url) = elsewhere.filter(|url| !endpoint_url::is_trusted(url)) {
            let message = format!("not asked, since {url} is not AWS");
            return Err(failed(ACTION, Kind::NotSent, message));
        }
        self.identity_of(key_id, secret, token).await
    }

    /// The same account, seen through another long-lived key: for going on after one's own was
    /// rotated. Sends nothing.
    #[must_use]
    pub fn signed_in_with(&self, key_id: &str, secret: &SecretKey) -> Self {
        let credentials = SharedCredentialsProvider::new(credentials(key_id, secret, None));
        let config = self.config.to_builder();
        let config = config.credentials_provider(credentials).build();
        Self::new(&config, self.read_only, self.timeouts)
    }
}

/// Hands a key to the SDK, which wipes its copy when it is done with it.
fn credentials(key_id: &str, secret: &SecretKey, token: Option<&SecretKey>) -> Credentials {
    let token = token.map(|token| token.expose().to_owned());
    Credentials::new(key_id, secret.expose(), token, None, "iamkeys")
}

fn caller(answer: GetCallerIdentityOutput) -> Result<Caller, Error> {
    let request_id = answer.request_id().map(str::to_owned);
    let (account, arn) = (
        answer.account.unwrap_or_default(),
        answer.arn.unwrap_or_default(),
    );
    Caller::read(account, arn).ok_or_else(|| Error {
        request_id,
        ..failed(
            ACTION,
            Kind::InvalidResponse,
            "the answer has no valid account ID and ARN",
        )
    })
}
