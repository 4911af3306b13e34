//! The stores of secrets that a new key can go to: AWS Secrets Manager and the Parameter Store of AWS
//! Systems Manager, in the account and region of the session. What they say is asked for and changed with
//! the session that changes are signed with: one that can only read IAM may see nothing of them.

use super::{
    Connection, Error, Kind, bodies,
    convert::{change_error, error, failed, one_line},
};
use crate::engine::{
    SecretKey,
    destination::{External, Found},
};
use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::types::{
    ParameterMetadata, ParameterStringFilter, ParameterTier, ParameterType as Type,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use sha2::{Digest as _, Sha256};
use std::{borrow::Cow, error::Error as StdError, fmt::Write as _};

const DESCRIBE_SECRET: &str = "secretsmanager:DescribeSecret";
const CREATE_SECRET: &str = "secretsmanager:CreateSecret";
const PUT_SECRET_VALUE: &str = "secretsmanager:PutSecretValue";
const DESCRIBE_PARAMETERS: &str = "ssm:DescribeParameters";
const GET_PARAMETER: &str = "ssm:GetParameter";
const PUT_PARAMETER: &str = "ssm:PutParameter";

/// How many pages of one parameter are asked for. A page may be empty and not the last. (Systems Manager
/// API reference, `DescribeParameters`.)
const PAGES: usize = 100;

/// What is in a place already.
#[derive(Debug, Default)]
struct There {
    exists: bool,
    encrypted_with: Option<String>,
    /// Why it is not known what encrypts it.
    unchecked: Option<String>,
}

impl Connection {
    /// Looks at what is in a store already. Nothing is written. Where it may not be looked, that is said
    /// in what is found.
    ///
    /// # Errors
    /// When nothing can be stored there, or that cannot be asked.
    pub async fn look_at_store(&self, external: &External) -> Result<Found, Error> {
        let region = self.config.region().map(ToString::to_string);
        let place = format!("{}, {}", external.words(), region.unwrap_or_default());
        let looked = match external {
            External::SecretsManager(name) => self.in_session(|| self.look_at_secret(name)).await,
            External::Parameter(name) => self.in_session(|| self.look_at_parameter(name)).await,
            _ => Ok(There::default()),
        };
        match looked {
            Ok(There {
                exists,
                encrypted_with,
                unchecked,
            }) => Ok(Found {
                place,
                exists,
                encrypted_with,
                unchecked,
            }),
            Err(error) if error.kind == Kind::Denied => Ok(Found {
                place,
                unchecked: Some(denied(error.action)),
                ..Found::default()
            }),
            Err(error) => Err(error),
        }
    }

    /// Stores a text in a store, once. It replaces what is there only where that was found before.
    ///
    /// # Errors
    /// When it is not stored, or the answer is lost: [`Error::outcome_unknown`] tells which.
    pub async fn store_in(
        &self,
        external: &External,
        found: &Found,
        key: &str,
        text: &SecretKey,
    ) -> Result<(), Error> {
        match external {
            External::SecretsManager(name) => {
                let store = || self.store_secret(name, found, key, text);
                self.in_session(store).await
            }
            External::Parameter(name) => {
                let store = || self.store_parameter(name, found, text);
                self.in_session(store).await
            }
            _ => Err(Error::internal(PUT_SECRET_VALUE)),
        }
    }

    async fn look_at_secret(&self, name: &str) -> Result<There, Error> {
        let config = self.config_for_stores().await?;
        let call = self.secrets(&config, self.retries()).describe_secret();
        match call.secret_id(name).send().await {
            Ok(answer) if answer.deleted_date.is_some() => {
                let why = format!("the secret {name} is scheduled for deletion");
                Err(failed(DESCRIBE_SECRET, Kind::Rejected, why))
            }
            Ok(_) => Ok(There {
                exists: true,
                ..There::default()
            }),
            Err(e) => match error(DESCRIBE_SECRET, &e) {
                error if error.code.as_deref() == Some("ResourceNotFoundException") => {
                    Ok(There::default())
                }
                error => Err(error),
            },
        }
    }

    async fn store_secret(
        &self,
        name: &str,
        found: &Found,
        key: &str,
        text: &SecretKey,
    ) -> Result<(), Error> {
        self.refuse_if_read_only(CREATE_SECRET)?;
        let config = self.config_for_stores().await?;
        let client = self.secrets(&config, RetryConfig::disabled());
        // The service takes the same value with the same token for the same request: storing it once
        // more after a lost answer adds no version.
        let token = token(name, key);
        if found.exists {
            let call = client.put_secret_value().secret_id(name);
            let call = call
                .client_request_token(token)
                .secret_string(text.expose());
            let answer = call.send().await;
            answer.map_err(|e| store_error(PUT_SECRET_VALUE, &e, text))?;
        } else {
            let call = client.create_secret().name(name);
            let call = call
                .client_request_token(token)
                .secret_string(text.expose());
            let answer = call.send().await;
            answer.map_err(|e| store_error(CREATE_SECRET, &e, text))?;
        }
        Ok(())
    }

    /// A parameter is described without its value. Where describing is denied, reading this one may not
    /// be.
    async fn look_at_parameter(&self, name: &str) -> Result<There, Error> {
        let config = self.config_for_stores().await?;
        let client = self.parameters(&config, self.retries());
        let filter = ParameterStringFilter::builder().key("Name");
        let filter = filter.option("Equals").values(name).build();
        let filter = filter.map_err(|e| failed(DESCRIBE_PARAMETERS, Kind::Other, e.to_string()))?;
        let call = client.describe_parameters().parameter_filters(filter);
        let mut token = None;
        for _ in 0..PAGES {
            let described = call.clone().set_next_token(token).send().await;
            let answer = match described.map_err(|e| error(DESCRIBE_PARAMETERS, &e)) {
                Err(denied) if denied.kind == Kind::Denied => {
                    return read_parameter(&client, name).await;
                }
                answer => answer?,
            };
            let mut all = answer.parameters.iter().flatten();
            if let Some(there) = all.find(|it| it.name.as_deref() == Some(name)) {
                return described_parameter(name, there);
            }
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(There::default());
            }
        }
        let why = format!("it has more than {PAGES} pages");
        Err(failed(DESCRIBE_PARAMETERS, Kind::InvalidResponse, why))
    }

    async fn store_parameter(
        &self,
        name: &str,
        found: &Found,
        text: &SecretKey,
    ) -> Result<(), Error> {
        self.refuse_if_read_only(PUT_PARAMETER)?;
        let config = self.config_for_stores().await?;
        let client = self.parameters(&config, RetryConfig::disabled());
        let call = client.put_parameter().name(name).r#type(Type::SecureString);
        let call = call.tier(ParameterTier::IntelligentTiering);
        // Left out, the account's own key would be taken, whichever has encrypted what is there.
        let call = call.set_key_id(found.encrypted_with.clone());
        let call = call.value(text.expose()).overwrite(found.exists);
        let answer = call.send().await;
        answer.map_err(|e| store_error(PUT_PARAMETER, &e, text))?;
        Ok(())
    }

    fn refuse_if_read_only(&self, action: &'static str) -> Result<(), Error> {
        let message = "iamkeys was started with --read-only; nothing was sent";
        if self.read_only {
            return Err(failed(action, Kind::ReadOnly, message));
        }
        Ok(())
    }

    async fn config_for_stores(&self) -> Result<Cow<'_, SdkConfig>, Error> {
        let own = self.config_of_a_change().await?;
        Ok(own.map_or(Cow::Borrowed(&self.config), Cow::Owned))
    }

    fn secrets(&self, config: &SdkConfig, retries: RetryConfig) -> aws_sdk_secretsmanager::Client {
        let config = aws_sdk_secretsmanager::config::Builder::from(config)
            .retry_config(retries)
            .timeout_config(self.timeouts.config())
            .interceptor(bodies::Bounded)
            .build();
        aws_sdk_secretsmanager::Client::from_conf(config)
    }

    fn parameters(&self, config: &SdkConfig, retries: RetryConfig) -> aws_sdk_ssm::Client {
        let config = aws_sdk_ssm::config::Builder::from(config)
            .retry_config(retries)
            .timeout_config(self.timeouts.config())
            .interceptor(bodies::Bounded)
            .build();
        aws_sdk_ssm::Client::from_conf(config)
    }
}

/// Reads a parameter, not decrypted, and drops its value. What encrypts it is not told.
async fn read_parameter(client: &aws_sdk_ssm::Client, name: &str) -> Result<There, Error> {
    let call = client.get_parameter().name(name).with_decryption(false);
    match call.send().await.map_err(|e| error(GET_PARAMETER, &e)) {
        Ok(answer) => {
            let kind = answer.parameter.and_then(|it| it.r#type);
            check_type(name, kind.as_ref())?;
            Ok(There {
                exists: true,
                encrypted_with: None,
                unchecked: Some(denied(DESCRIBE_PARAMETERS)),
            })
        }
        Err(error) if error.code.as_deref() == Some("ParameterNotFound") => Ok(There::default()),
        Err(error) => Err(error),
    }
}

fn denied(action: &str) -> String {
    format!("access denied to {action}")
}

/// As [`change_error`], without what was to be stored: a service may quote what it does not take. That
/// is looked for in the whole message, which is cut then: of half a secret nothing would be found.
fn store_error<E>(
    action: &'static str,
    error: &SdkError<E, HttpResponse>,
    text: &SecretKey,
) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let ours = change_error(action, error);
    let whole = match error {
        SdkError::ServiceError(context) if ours.code.is_some() => context.err().meta().message(),
        _ => None,
    };
    let message = whole.unwrap_or(&ours.message);
    Error {
        message: one_line(&redacted(message, text)),
        ..ours
    }
}

/// A message without a text that is stored, and without the secret in it.
fn redacted(message: &str, text: &SecretKey) -> String {
    const REDACTED: &str = "[redacted]";
    let message = message.replace(text.expose(), REDACTED);
    let document: serde_json::Value = serde_json::from_str(text.expose()).unwrap_or_default();
    let secret = document.get("secret_access_key").and_then(|it| it.as_str());
    match secret.filter(|secret| !secret.is_empty()) {
        Some(secret) => {
            let message = message.replace(secret, REDACTED);
            // As some write JSON.
            message.replace(&secret.replace('/', r"\/"), REDACTED)
        }
        None => message,
    }
}

/// What the description of a parameter says.
fn described_parameter(name: &str, there: &ParameterMetadata) -> Result<There, Error> {
    check_type(name, there.r#type.as_ref())?;
    Ok(There {
        exists: true,
        encrypted_with: there.key_id.clone(),
        unchecked: None,
    })
}

/// A parameter keeps its type. (Systems Manager API reference, `PutParameter`.)
fn check_type(name: &str, kind: Option<&Type>) -> Result<(), Error> {
    match kind {
        Some(kind) if *kind != Type::SecureString => {
            let kind = kind.as_str();
            let why = format!("the parameter {name} is a {kind}, not a SecureString");
            Err(failed(PUT_PARAMETER, Kind::Rejected, why))
        }
        _ => Ok(()),
    }
}

/// What tells one store of a key from all others: 64 hexadecimal digits.
fn token(name: &str, key: &str) -> String {
    let digest = Sha256::digest(format!("iamkeys {name} {key}"));
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_a_name_and_a_key_and_as_long_as_the_service_takes() {
        let one = token("ci", "AKIAIOSFODNN7EXAMPLE");
        assert!((32..=64).contains(&one.len()), "{one}");
        assert_eq!(one, token("ci", "AKIAIOSFODNN7EXAMPLE"));
        assert_ne!(one, token("cd", "AKIAIOSFODNN7EXAMPLE"));
        assert_ne!(one, token("ci", "AKIAI44QH8DHBEXAMPLE"));
    }

    #[test]
    fn nothing_of_a_secret_is_left_in_a_message() {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let text = SecretKey::new(format!(r#"{{"secret_access_key":"{secret}","user":"a"}}"#));
        let escaped = secret.replace('/', r"\/");
        for quoted in [secret, &escaped, text.expose()] {
            // The end of the line is in the middle of it.
            let message = format!("{}{quoted} is not valid", "x".repeat(380));
            let told = one_line(&redacted(&message, &text));
            assert!(told.contains("[redacted]"), "{told}");
            assert!(!told.contains("wJalrXU"), "{told}");
        }
        assert_eq!(redacted("no JSON", &SecretKey::new("x".into())), "no JSON");
    }
}
