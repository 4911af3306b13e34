//! What a file tells of groups, policies, and what users have beside keys.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::account::{Age, UserEntry};
use super::credentials::{Credential, CredentialKind};
use super::error::ServiceError;
use super::policy::Policy;
use super::store::Account;
use super::user::Status;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupEntry {
    name: String,
    path: Option<String>,
    created: Age,
    #[serde(default)]
    attached: Vec<String>,
    #[serde(default)]
    inline: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyEntry {
    name: String,
    path: Option<String>,
    created: Age,
    versions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialEntry {
    /// `ssh-key`, `certificate`, or the name of a service.
    kind: String,
    id: String,
    created: Age,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceEntry {
    name: String,
    used: Option<Age>,
    region: Option<String>,
}

/// The age of a password, or "none".
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Password(Option<TimeDelta>);

impl TryFrom<String> for Password {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        Ok(Self(Some(Age::try_from(text)?.0)))
    }
}

impl Account {
    /// Adds what a file tells of policies and groups.
    pub(super) fn add_grants(
        &mut self,
        policies: &[PolicyEntry],
        groups: &[GroupEntry],
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        for PolicyEntry {
            name,
            path,
            created,
            versions,
        } in policies
        {
            let documents = versions.iter().map(|text| checked(name, text));
            let documents = documents.collect::<Result<Vec<_>, _>>()?;
            let path = path.as_deref().unwrap_or("/");
            let added = self.add_policy(name, path, now - created.0, &documents);
            added.map_err(said_of(name))?;
        }
        for group in groups {
            let name = &group.name;
            let path = group.path.as_deref().unwrap_or("/");
            let added = self.add_group(name, path, now - group.created.0);
            added.map_err(said_of(name))?;
            for policy in &group.attached {
                let arn = self.arn_of_policy(policy);
                self.attach_group_policy(name, &arn)
                    .map_err(said_of(name))?;
            }
            for (policy, document) in &group.inline {
                let document = checked(policy, document)?;
                let put = self.put_group_policy(name, policy, document);
                put.map_err(said_of(name))?;
            }
        }
        Ok(())
    }

    /// Adds what a file tells of a user beside keys and tags.
    pub(super) fn add_belongings(
        &mut self,
        entry: &UserEntry,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let name = &entry.name;
        for group in &entry.groups {
            self.add_to_group(name, group).map_err(said_of(name))?;
        }
        for policy in &entry.attached {
            let arn = self.arn_of_policy(policy);
            self.attach_user_policy(name, &arn).map_err(said_of(name))?;
        }
        if let Some(policy) = &entry.boundary {
            let arn = self.arn_of_policy(policy);
            self.set_boundary(name, Some(&arn)).map_err(said_of(name))?;
        }
        for (policy, document) in &entry.inline {
            let document = checked(policy, document)?;
            let put = self.put_user_policy(name, policy, document);
            put.map_err(said_of(name))?;
        }
        if let Some(Password(age)) = entry.password {
            let since = age.map(|age| now - age);
            self.set_password(name, since).map_err(said_of(name))?;
        }
        match entry.mfa {
            Some(true) => self.add_mfa_device(name).map_err(said_of(name))?,
            Some(false) => self.remove_mfa_device(name).map_err(said_of(name))?,
            None => {}
        }
        for credential in &entry.credentials {
            let credential = Credential {
                kind: match credential.kind.as_str() {
                    "ssh-key" => CredentialKind::SshKey,
                    "certificate" => CredentialKind::Certificate,
                    service if service.ends_with(".amazonaws.com") => {
                        CredentialKind::Service(service.to_owned())
                    }
                    other => return Err(format!("{name}: \"{other}\" is no kind of credential")),
                },
                id: credential.id.clone(),
                status: credential.status,
                created: now - credential.created.0,
            };
            self.add_credential(name, credential)
                .map_err(said_of(name))?;
        }
        for service in &entry.services {
            let last = match (service.used, &service.region) {
                (None, None) => None,
                (Some(used), Some(region)) => Some((now - used.0, region.as_str())),
                _ => {
                    return Err(format!(
                        "{name}: a use of a service needs a time and a region"
                    ));
                }
            };
            let added = self.add_service_use(name, &service.name, last);
            added.map_err(said_of(name))?;
        }
        Ok(())
    }
}

/// A document without the white space around it; an error where it is none.
fn checked<'a>(name: &str, document: &'a str) -> Result<&'a str, String> {
    let document = document.trim();
    Policy::written(document).map_err(said_of(name))?;
    Ok(document)
}

fn said_of(name: &str) -> impl Fn(ServiceError) -> String {
    move |error| format!("{name}: {}", error.message)
}
