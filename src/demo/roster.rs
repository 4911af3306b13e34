//! Reads an organisation from a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::account::{Age, KeyEntry, UserEntry};
use super::member::{Joined, Membership, PermissionSet, State};
use super::organisation::{Directory, Organisation};
use super::policy::Policy;
use super::role::Role;
use super::store::Account;

const DEMO: &str = include_str!("../../assets/demo-organisation.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganisationFile {
    id: String,
    management: String,
    delegated: Vec<String>,
    policies: BTreeMap<String, String>,
    /// The policy of each; `all` allows everything.
    permission_sets: BTreeMap<String, String>,
    accounts: Vec<AccountEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountEntry {
    id: String,
    name: String,
    email: String,
    #[serde(default)]
    state: State,
    #[serde(default)]
    joined_by: Joined,
    joined: Age,
    permission_sets: Vec<String>,
    #[serde(default)]
    roles: Vec<RoleEntry>,
    #[serde(default)]
    root_keys: Vec<KeyEntry>,
    #[serde(default)]
    users: Vec<UserEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleEntry {
    name: String,
    path: Option<String>,
    trusts: Vec<String>,
    external_id: Option<String>,
    #[serde(default)]
    mfa: bool,
    hours: Option<u8>,
    policy: String,
}

impl Organisation {
    /// The organisation of the demo, whose first account is [`Account::demo`]; ages count back from
    /// `now`.
    ///
    /// # Panics
    /// Never: a test reads the file that is built in.
    #[must_use]
    pub fn demo(now: DateTime<Utc>) -> Self {
        let first = Account::demo(now);
        Self::parse(DEMO, first, now).expect("the organisation built in is well formed")
    }

    /// Reads an organisation; `assets/demo-organisation.toml` explains the format. The first account
    /// is one that was read already.
    fn parse(text: &str, first: Account, now: DateTime<Utc>) -> Result<Self, String> {
        let file: OrganisationFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut policies = BTreeMap::new();
        for (name, document) in &file.policies {
            let policy = Policy::parse(document);
            let policy = policy.map_err(|error| format!("{name}: {}", error.message))?;
            policies.insert(name.as_str(), Arc::new(policy));
        }
        let policy = |name: &str| match name {
            "all" => Ok(None),
            name => policies
                .get(name)
                .map(|policy| Some(policy.clone()))
                .ok_or_else(|| format!("\"{name}\" is no policy of the file")),
        };
        let mut sets = BTreeMap::new();
        for (name, wanted) in &file.permission_sets {
            let set = PermissionSet {
                name: name.clone(),
                policy: policy(wanted)?,
            };
            sets.insert(name.as_str(), Arc::new(set));
        }

        let mut first = Some(first);
        let mut accounts = Vec::new();
        for (place, entry) in file.accounts.iter().enumerate() {
            let name = &entry.name;
            let mut account = match first.take() {
                Some(first) => first,
                None => Account::empty_at(place, &entry.id, Some(name)),
            };
            if account.id() != entry.id {
                return Err(format!("{name}: the first account is {}", account.id()));
            }
            account.add_entries(&entry.root_keys, &entry.users, now)?;
            // The first account's callers may assume any role of it, as where it is alone.
            if place > 0 {
                account.close_roles();
            }
            for role in &entry.roles {
                account.add_role(role.role(policy(&role.policy)?));
            }
            let permission_sets = entry.permission_sets.iter().map(|set| {
                let known = sets.get(set.as_str()).cloned();
                known.ok_or_else(|| format!("{name}: \"{set}\" is no permission set"))
            });
            account.membership = Some(Membership {
                name: name.clone(),
                email: entry.email.clone(),
                state: entry.state,
                joined_by: entry.joined_by,
                joined: now - entry.joined.0,
                permission_sets: permission_sets.collect::<Result<_, _>>()?,
            });
            accounts.push(account);
        }
        for id in file.delegated.iter().chain([&file.management]) {
            if !accounts.iter().any(|account| account.id() == id) {
                return Err(format!("{id} is no account of the file"));
            }
        }
        let directory = Directory {
            id: file.id,
            management: file.management,
            delegated: file.delegated,
        };
        Ok(Self::of(accounts, Some(directory)))
    }
}

impl RoleEntry {
    fn role(&self, policy: Option<Arc<Policy>>) -> Role {
        let mut role = Role::new(&self.name);
        if let Some(path) = &self.path {
            role = role.path(path);
        }
        for principal in &self.trusts {
            role = role.trusting(principal);
        }
        if let Some(id) = &self.external_id {
            role = role.external_id(id);
        }
        if self.mfa {
            role = role.requiring_mfa();
        }
        if let Some(hours) = self.hours {
            role = role.lasting(TimeDelta::hours(hours.into()));
        }
        role.policy = policy;
        role
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    #[test]
    fn the_demo_organisation_is_read() {
        let organisation = Organisation::demo(now());
        let shown: Vec<_> = organisation
            .accounts()
            .map(|account| {
                let member = account.membership.as_ref().unwrap();
                (&*member.name, member.state.as_str(), account.user_count())
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("acme-prod", "ACTIVE", 24),
                ("acme-dev", "ACTIVE", 7),
                ("acme-data", "ACTIVE", 9),
                ("acme-legacy", "ACTIVE", 5),
                ("acme-old", "SUSPENDED", 2),
                ("acme-sandbox", "ACTIVE", 0),
            ]
        );
        let data = organisation.accounts().nth(2).unwrap();
        assert_eq!(data.root_keys().len(), 1);
        let directory = organisation.directory.as_ref().unwrap();
        assert!(directory.may_list("123456789012"));
        assert!(!directory.may_list(data.id()));
    }

    #[test]
    fn the_demo_organisation_is_one_that_aws_could_have() {
        let organisation = Organisation::demo(now());
        let mut ids = BTreeSet::new();
        for account in organisation.accounts() {
            assert_eq!(account.id().len(), 12);
            assert!(ids.insert(account.id().to_owned()));
            for key in account.root_keys() {
                assert!(ids.insert(key.id.to_string()), "{}", key.id);
            }
            for user in account.users() {
                for key in &user.keys {
                    let id = key.id.as_str();
                    assert!(id.starts_with("AKIAQX7DEMO4"), "plainly fake: {id}");
                    assert!(ids.insert(id.to_owned()), "{id} is there twice");
                    assert!(key.created >= user.created, "{id}");
                    let used = key.last_used.as_ref().map(|used| used.at);
                    assert!(used.is_none_or(|at| at >= key.created), "{id}");
                }
            }
        }
    }

    #[test]
    fn errors_in_the_file_are_explained() {
        let account = |more: &str| {
            format!(
                "name = \"a\"\nemail = \"a@acme.example\"\njoined = \"1d\"\n\
                 permission_sets = []\n{more}"
            )
        };
        let of = |id: &str, more: &str| {
            let head = "id = \"o-x\"\nmanagement = \"123456789012\"\ndelegated = []\n\
                        policies = {}\npermission_sets = { Admin = \"all\" }\n";
            let text = format!("{head}[[accounts]]\nid = \"{id}\"\n{}", account(more));
            Organisation::parse(&text, Account::demo(now()), now()).map(|_| ())
        };
        assert_eq!(of("123456789012", ""), Ok(()));
        let first = "123456789012";
        for (result, problem) in [
            (of("111122223333", ""), "the first account is 123456789012"),
            (of(first, "colour = 1"), "colour"),
            (of(first, "state = \"ODD\""), "`ODD`"),
            (
                of(
                    first,
                    "roles = [{ name = \"r\", trusts = [], policy = \"x\" }]",
                ),
                "\"x\" is no policy of the file",
            ),
        ] {
            let error = result.unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }
}
