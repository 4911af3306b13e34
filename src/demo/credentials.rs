//! What users sign in with beside access keys: the password of the console, MFA devices, SSH keys,
//! signing certificates, and credentials of single services.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::error::{NO_SUCH_ENTITY, ServiceError};
use super::store::Account;
use super::user::{Status, User, fold};

/// The credentials of an account's users.
#[derive(Clone, Debug, Default)]
pub(super) struct Credentials {
    /// By name without case. People who are not in it have a password since they are there.
    passwords: BTreeMap<String, Option<DateTime<Utc>>>,
    /// By name without case; of many users there is nothing.
    users: BTreeMap<String, Vec<Credential>>,
}

/// A credential of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// What it is.
    pub kind: CredentialKind,
    /// The ID: that of an SSH key begins with `APKA`, that of a service's with `ACCA`.
    pub id: String,
    /// The status.
    pub status: Status,
    /// When it was made or uploaded.
    pub created: DateTime<Utc>,
}

/// What a credential is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// An SSH public key.
    SshKey,
    /// A signing certificate.
    Certificate,
    /// That of one service, such as `bedrock.amazonaws.com`.
    Service(String),
}

impl CredentialKind {
    /// That there is none of an ID, in AWS's words.
    pub(super) fn not_found(&self, id: &str) -> ServiceError {
        let message = match self {
            Self::SshKey => format!("The Public Key with id {id} cannot be found."),
            Self::Certificate => format!("The Certificate with id {id} cannot be found."),
            Self::Service(_) => format!("No such credential {id} exists"),
        };
        ServiceError::new(NO_SUCH_ENTITY, message)
    }

    /// Whether both are listed and changed by the same actions.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Service(_), Self::Service(_)) => true,
            (kind, other) => kind == other,
        }
    }
}

impl Account {
    /// Gives a user a credential.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn add_credential(
        &mut self,
        user: &str,
        credential: Credential,
    ) -> Result<(), ServiceError> {
        let user = fold(&self.existing_user(user)?.name);
        let users = &mut self.access.credentials.users;
        users.entry(user).or_default().push(credential);
        Ok(())
    }

    /// The credentials of a user, beside access keys, password and MFA device.
    #[must_use]
    pub fn credentials(&self, user: &str) -> &[Credential] {
        let own = self.access.credentials.users.get(&fold(user));
        own.map_or(&[], Vec::as_slice)
    }

    /// Changes the status of a credential; an error where the user has none like it of the ID.
    pub(super) fn update_credential(
        &mut self,
        user: &str,
        kind: &CredentialKind,
        id: &str,
        status: Status,
    ) -> Result<(), ServiceError> {
        self.existing_user(user)?;
        let users = &mut self.access.credentials.users;
        let own = users.get_mut(&fold(user)).into_iter().flatten();
        let mut own = own.filter(|it| it.kind.is_like(kind) && it.id == id);
        let credential = own.next().ok_or_else(|| kind.not_found(id))?;
        credential.status = status;
        Ok(())
    }

    /// Removes a credential; an error where the user has none like it of the ID.
    pub(super) fn delete_credential(
        &mut self,
        user: &str,
        kind: &CredentialKind,
        id: &str,
    ) -> Result<(), ServiceError> {
        self.existing_user(user)?;
        let users = &mut self.access.credentials.users;
        let own = users.entry(fold(user)).or_default();
        let before = own.len();
        own.retain(|it| !it.kind.is_like(kind) || it.id != id);
        if own.len() == before {
            return Err(kind.not_found(id));
        }
        Ok(())
    }

    /// Sets the password of a user, at a time, or takes it away. The password itself is not kept.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn set_password(
        &mut self,
        user: &str,
        since: Option<DateTime<Utc>>,
    ) -> Result<(), ServiceError> {
        let user = fold(&self.existing_user(user)?.name);
        self.access.credentials.passwords.insert(user, since);
        Ok(())
    }

    /// Since when a user has a password, if there is one.
    pub(super) fn password(&self, user: &User) -> Option<DateTime<Utc>> {
        match self.access.credentials.passwords.get(&fold(&user.name)) {
            Some(since) => *since,
            None => user.path.starts_with("/people/").then_some(user.created),
        }
    }

    /// A user's credentials are gone with the user.
    pub(super) fn discard_credentials(&mut self, user: &str) {
        let credentials = &mut self.access.credentials;
        credentials.passwords.remove(&fold(user));
        credentials.users.remove(&fold(user));
    }
}
