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

#[cfg(test)]
mod tests {
    use super::super::managed::arn_of_aws;
    use super::*;
    use std::collections::BTreeMap;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    #[test]
    fn the_demo_account_tells_of_permissions_and_other_credentials() {
        let account = Account::demo(now());
        let groups = |user| {
            let groups = account.groups_of(user).map(|group| &*group.name);
            groups.collect::<Vec<_>>()
        };
        assert_eq!(groups("alice"), ["everybody", "ops-admins"]);
        assert_eq!(groups("deploy-bot"), ["ops-admins", "release"]);
        assert_eq!(groups("bob"), ["everybody"]);
        let has = |user: &str| {
            let password = account.password(account.user(user).unwrap());
            (password.is_some(), account.mfa_serial(user).is_some())
        };
        assert_eq!(has("alice"), (true, true));
        assert_eq!(has("bob"), (true, false));
        assert_eq!(has("former-intern"), (false, false));
        assert_eq!(has("deploy-bot"), (false, false));
        let inline = &account.granted("data-sync").unwrap().inline;
        assert_eq!(inline.keys().collect::<Vec<_>>(), ["dynamodb", "s3"]);
        // Some have nothing at all.
        for user in ["old-batch", "qa-robot", "new-hire"] {
            assert!(account.granted(user).is_none(), "{user}");
            assert_eq!(account.credentials(user), []);
        }
    }

    #[test]
    fn the_leaked_key_has_made_a_user_and_a_key() {
        let account = Account::demo(now());
        let ago = |minutes| now() - TimeDelta::minutes(minutes);
        let (leaked, key) = account.key("AKIAQX7DEMO4MOBILE01").unwrap();
        assert_eq!(&*leaked.name, "mobile-uploads");
        assert_eq!(key.last_used.as_ref().unwrap().at, ago(2890));
        let quarantine = arn_of_aws("AWSCompromisedKeyQuarantineV3");
        let quarantined = |user: &str| {
            let granted = account.granted(user);
            granted.is_some_and(|granted| granted.attached.contains(&quarantine))
        };
        assert!(quarantined("mobile-uploads") && !quarantined("svc-backup2"));
        let (made, key) = account.key("AKIAQX7DEMO4SVCBKP01").unwrap();
        assert_eq!(&*made.name, "svc-backup2");
        assert_eq!((made.created, key.created), (ago(2921), ago(2918)));
        let attached = &account.granted("svc-backup2").unwrap().attached;
        assert_eq!(*attached, [arn_of_aws("AdministratorAccess")]);
        assert_eq!(account.denials("svc-backup2").len(), 0);
        assert_eq!(account.denials("mobile-uploads").len(), 1);
    }

    #[test]
    fn the_demo_account_keeps_to_aws_s_quotas() {
        let account = Account::demo(now());
        let mut ids = BTreeMap::new();
        for user in account.users() {
            let name = &*user.name;
            if let Some(granted) = account.granted(name) {
                assert!(granted.attached.len() <= 10, "{name}");
                assert!(account.groups_of(name).count() <= 10, "{name}");
            }
            let mut kinds = BTreeMap::new();
            for credential in account.credentials(name) {
                assert!(credential.id.contains("DEMO4"), "plainly fake");
                assert!((20..=128).contains(&credential.id.len()));
                assert!(credential.created >= user.created, "{}", credential.id);
                assert_eq!(ids.insert(credential.id.clone(), name), None);
                *kinds.entry(format!("{:?}", credential.kind)).or_insert(0) += 1;
            }
            assert!(kinds.values().all(|count| *count <= 2), "{name}");
        }
        for policy in account.own_policies() {
            let version = policy.default_version().unwrap();
            assert!(version.document.size() <= 6144, "{}", policy.name);
            assert!(account.attachments(&policy.arn) + account.limited_by(&policy.arn) > 0);
        }
    }

    #[test]
    fn errors_in_the_file_are_explained() {
        let parse = |more: &str| {
            let text = format!(
                "id = \"1\"\nsigned_in = \"a\"\n[[users]]\nname = \"a\"\ncreated = \"1d\"\n\
                 keys = [{{ id = \"AKIAQX7DEMO4ALICE001\", created = \"1d\" }}]\n{more}"
            );
            Account::parse(&text, now()).map(drop)
        };
        assert_eq!(parse("password = \"none\"\nmfa = true"), Ok(()));
        for (more, problem) in [
            (
                "attached = [\"NoSuchPolicy\"]",
                "NoSuchPolicy was not found",
            ),
            ("boundary = \"x\"", "policy/x was not found"),
            ("groups = [\"x\"]", "The group with name x cannot be found"),
            ("inline = { p = \"{}\" }", "p: Missing required field"),
            ("password = \"x\"", "\"x\" is no age"),
            (
                "services = [{ name = \"s3\", used = \"1d\" }]",
                "a time and a region",
            ),
            (
                "credentials = [{ kind = \"x\", id = \"y\", created = \"1d\" }]",
                "\"x\" is no kind of credential",
            ),
            (
                "[[policies]]\nname = \"p\"\ncreated = \"1d\"\nversions = [\"x\"]",
                "p: Syntax errors",
            ),
            (
                "[[groups]]\nname = \"g\"\ncreated = \"1d\"\nattached = [\"p\"]",
                "policy/p was not found",
            ),
            (
                "[[groups]]\nname = \"g\"\ncreated = \"1d\"\ncolour = 1",
                "colour",
            ),
        ] {
            let error = parse(more).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }
}
