//! The calls that change an account. Each is sent once.

use super::{
    AccessKey, Change, Changed, Connection, Done, Error, Kind,
    convert::{self, change_error, failed},
    document::{Own, Pieces},
};
use crate::engine::{REVOCATION, SecretKey, findings::exemption_tag, impact::CredentialKind};
use aws_config::retry::RetryConfig;
use aws_sdk_iam::{
    config::Builder,
    error::{ProvideErrorMetadata, SdkError},
    operation::{RequestId, create_access_key::CreateAccessKeyOutput},
    types::{StatusType, Tag},
};
use std::error::Error as StdError;

impl Connection {
    /// Changes the account. This is the one place that refuses under `--read-only`, and the user
    /// is always named: left out, the service would take the signing identity's own.
    ///
    /// # Errors
    /// When the service refuses, or its answer is lost: [`Error::outcome_unknown`] tells which.
    pub async fn change(&self, change: &Change) -> Result<Done, Error> {
        let action = change.action();
        if self.read_only {
            let message = "iamkeys was started with --read-only; nothing was sent";
            return Err(failed(action, Kind::ReadOnly, message));
        }
        let iam = self.changing().await?;
        match change {
            Change::Create { user } => {
                // Where a whole secret has come through, it is worth more than the end of the
                // document that brought it: without it, the key would be of no use.
                let enough = &["AccessKeyId", "SecretAccessKey"];
                let pieces = Pieces::default();
                let once = once("CreateAccessKeyResponse", enough, Some(pieces.clone()));
                let call = iam.create_access_key().user_name(&**user);
                let answer = call.customize().config_override(once).send().await;
                done(answer, action, |answer| {
                    created(answer, user, pieces.get().cloned())
                })
            }
            Change::SetActive { user, key, active } => {
                let status = match active {
                    true => StatusType::Active,
                    false => StatusType::Inactive,
                };
                let once = once("UpdateAccessKeyResponse", &[], None);
                let call = iam.update_access_key().user_name(&**user);
                let call = call.access_key_id(key).status(status).customize();
                done(call.config_override(once).send().await, action, |_| {
                    Some(Changed::Done)
                })
            }
            Change::Delete { user, key } => {
                let once = once("DeleteAccessKeyResponse", &[], None);
                let call = iam.delete_access_key().user_name(&**user);
                let call = call.access_key_id(key).customize();
                done(call.config_override(once).send().await, action, |_| {
                    Some(Changed::Done)
                })
            }
            Change::SetDescription { user, key, text } => {
                set_tag(&iam, action, user, key, text.as_deref()).await
            }
            Change::SetExemption { user, key, text } => {
                let tag = exemption_tag(key.as_deref());
                set_tag(&iam, action, user, &tag, text.as_deref()).await
            }
            Change::RevokeSessions { user, document } => {
                let once = once("PutUserPolicyResponse", &[], None);
                let call = iam.put_user_policy().user_name(&**user);
                let call = call.policy_name(REVOCATION).policy_document(&**document);
                let answer = call.customize().config_override(once).send().await;
                done(answer, action, |_| Some(Changed::Done))
            }
            Change::LiftRevocation { user } => {
                let once = once("DeleteUserPolicyResponse", &[], None);
                let call = iam.delete_user_policy().user_name(&**user);
                let call = call.policy_name(REVOCATION).customize();
                done(call.config_override(once).send().await, action, |_| {
                    Some(Changed::Done)
                })
            }
            Change::SetCredential {
                user,
                kind,
                id,
                active,
            } => set_credential(&iam, user, kind, id, *active).await,
            Change::DeleteCredential { user, kind, id } => {
                delete_credential(&iam, user, kind, id).await
            }
        }
    }
}

/// Writes a tag of a user, or removes it.
async fn set_tag(
    iam: &aws_sdk_iam::Client,
    action: &'static str,
    user: &str,
    tag: &str,
    text: Option<&str>,
) -> Result<Done, Error> {
    let Some(text) = text else {
        let once = once("UntagUserResponse", &[], None);
        let call = iam.untag_user().user_name(user).tag_keys(tag);
        let answer = call.customize().config_override(once).send().await;
        return done(answer, action, |_| Some(Changed::Done));
    };
    let tag = Tag::builder().key(tag).value(text).build();
    let tag = tag.map_err(|e| failed(action, Kind::Other, e.to_string()))?;
    let once = once("TagUserResponse", &[], None);
    let call = iam.tag_user().user_name(user).tags(tag).customize();
    done(call.config_override(once).send().await, action, |_| {
        Some(Changed::Done)
    })
}

/// Activates or deactivates another credential than an access key.
async fn set_credential(
    iam: &aws_sdk_iam::Client,
    user: &str,
    kind: &CredentialKind,
    id: &str,
    active: bool,
) -> Result<Done, Error> {
    let action = kind.update_action();
    let status = if active {
        StatusType::Active
    } else {
        StatusType::Inactive
    };
    macro_rules! send {
        ($call:expr, $root:literal) => {{
            let call = $call.user_name(user).status(status).customize();
            let answer = call.config_override(once($root, &[], None)).send().await;
            done(answer, action, |_| Some(Changed::Done))
        }};
    }
    match kind {
        CredentialKind::SshKey => send!(
            iam.update_ssh_public_key().ssh_public_key_id(id),
            "UpdateSSHPublicKeyResponse"
        ),
        CredentialKind::Certificate => send!(
            iam.update_signing_certificate().certificate_id(id),
            "UpdateSigningCertificateResponse"
        ),
        CredentialKind::ServiceSpecific(_) => send!(
            iam.update_service_specific_credential()
                .service_specific_credential_id(id),
            "UpdateServiceSpecificCredentialResponse"
        ),
        CredentialKind::Password | CredentialKind::MfaDevice => Err(failed(
            action,
            Kind::Other,
            "it has no status; nothing was sent",
        )),
    }
}

/// Deletes another credential than an access key, or takes it from the user.
async fn delete_credential(
    iam: &aws_sdk_iam::Client,
    user: &str,
    kind: &CredentialKind,
    id: &str,
) -> Result<Done, Error> {
    let action = kind.delete_action();
    macro_rules! send {
        ($call:expr, $root:literal) => {{
            let call = $call.user_name(user).customize();
            let answer = call.config_override(once($root, &[], None)).send().await;
            done(answer, action, |_| Some(Changed::Done))
        }};
    }
    match kind {
        CredentialKind::Password => send!(iam.delete_login_profile(), "DeleteLoginProfileResponse"),
        CredentialKind::MfaDevice => send!(
            iam.deactivate_mfa_device().serial_number(id),
            "DeactivateMFADeviceResponse"
        ),
        CredentialKind::SshKey => send!(
            iam.delete_ssh_public_key().ssh_public_key_id(id),
            "DeleteSSHPublicKeyResponse"
        ),
        CredentialKind::Certificate => send!(
            iam.delete_signing_certificate().certificate_id(id),
            "DeleteSigningCertificateResponse"
        ),
        CredentialKind::ServiceSpecific(_) => send!(
            iam.delete_service_specific_credential()
                .service_specific_credential_id(id),
            "DeleteServiceSpecificCredentialResponse"
        ),
    }
}

/// Makes of an answer what came of the change.
fn done<T, E>(
    answer: Result<T, SdkError<E>>,
    action: &'static str,
    changed: impl FnOnce(T) -> Option<Changed>,
) -> Result<Done, Error>
where
    T: RequestId,
    E: ProvideErrorMetadata + StdError + 'static,
{
    let answer = answer.map_err(|e| change_error(action, &e))?;
    let request_id = answer.request_id().map(str::to_owned);
    match changed(answer) {
        Some(changed) => Ok(Done {
            changed,
            request_id,
        }),
        None => Err(Error {
            request_id,
            ..failed(action, Kind::InvalidResponse, "the answer holds no key")
        }),
    }
}

/// The key that an answer holds, with its secret where that came in pieces.
fn created(
    answer: CreateAccessKeyOutput,
    user: &str,
    pieces: Option<SecretKey>,
) -> Option<Changed> {
    let request_id = answer.request_id().map(str::to_owned);
    let made = answer.access_key?;
    let in_pieces = pieces.is_some();
    let secret = pieces.unwrap_or(SecretKey::new(made.secret_access_key));
    if secret.expose().is_empty() {
        return None;
    }
    let doubt = if in_pieces {
        Some("a part of the answer is there twice or in pieces")
    } else if !made.user_name.eq_ignore_ascii_case(user) {
        Some("the answer names another user")
    } else if !is_id(&made.access_key_id) {
        Some("the access key ID is malformed")
    } else if !is_secret(secret.expose()) {
        Some("the secret is not 40 letters, digits, slashes and plus signs")
    } else {
        None
    };
    let key = AccessKey {
        id: made.access_key_id,
        status: convert::status(Some(&made.status)),
        created: convert::time(made.create_date.as_ref()),
    };
    Some(match doubt {
        None => Changed::Created { key, secret },
        Some(doubt) => Changed::Unsure {
            key,
            secret,
            error: Box::new(Error {
                request_id,
                ..failed("iam:CreateAccessKey", Kind::InvalidResponse, doubt)
            }),
        },
    })
}

fn is_id(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (16..=128).contains(&text.len()) && text.bytes().all(known)
}

fn is_secret(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+');
    text.len() == 40 && text.bytes().all(known)
}

/// Makes a change be sent once, and its answer be the whole document with this root. The SDK would
/// repeat it after a 5xx or a lost connection: a creation that the service had made would leave a
/// key whose secret is lost, and a deletion that it had made would be reported as one of a key
/// that is not there.
fn once(root: &'static str, enough: &'static [&'static str], pieces: Option<Pieces>) -> Builder {
    let retries = RetryConfig::disabled();
    let own = Own {
        root,
        enough,
        pieces,
    };
    Builder::new().retry_config(retries).interceptor(own)
}
