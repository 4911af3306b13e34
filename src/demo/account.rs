//! Reads an account from a file.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::entries::{CredentialEntry, GroupEntry, Password, PolicyEntry, ServiceEntry};
use super::error::ServiceError;
use super::identifier::KeyId;
use super::store::Account;
use super::user::{Key, LastUsed, Status, Tag};

const DEMO: &str = include_str!("../../assets/demo-account.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountFile {
    id: String,
    alias: Option<String>,
    signed_in: String,
    #[serde(default)]
    root_keys: Vec<KeyEntry>,
    #[serde(default)]
    policies: Vec<PolicyEntry>,
    #[serde(default)]
    groups: Vec<GroupEntry>,
    users: Vec<UserEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserEntry {
    pub(super) name: String,
    path: Option<String>,
    owner: Option<String>,
    exempt: Option<ExemptEntry>,
    created: Age,
    #[serde(default)]
    keys: Vec<KeyEntry>,
    #[serde(default)]
    pub(super) groups: Vec<String>,
    #[serde(default)]
    pub(super) attached: Vec<String>,
    #[serde(default)]
    pub(super) inline: BTreeMap<String, String>,
    pub(super) boundary: Option<String>,
    pub(super) password: Option<Password>,
    pub(super) mfa: Option<bool>,
    #[serde(default)]
    pub(super) credentials: Vec<CredentialEntry>,
    #[serde(default)]
    pub(super) services: Vec<ServiceEntry>,
}

/// An exemption from findings, in a tag: for so many days from now on, or before now where there are
/// fewer than none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExemptEntry {
    days: i64,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyEntry {
    id: String,
    created: Age,
    activated: Option<Age>,
    #[serde(default)]
    status: Status,
    used: Option<Age>,
    service: Option<String>,
    region: Option<String>,
    description: Option<String>,
}

/// "now", or an age such as "412d".
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Age(pub(super) TimeDelta);

impl TryFrom<String> for Age {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        // Two bytes: no age reaches back beyond the first date there is.
        let number = digits.parse::<u16>().map(i64::from);
        Ok(Self(match (number, &text[digits.len()..]) {
            _ if text == "now" => TimeDelta::zero(),
            (Ok(number), "s") => TimeDelta::seconds(number),
            (Ok(number), "m") => TimeDelta::minutes(number),
            (Ok(number), "h") => TimeDelta::hours(number),
            (Ok(number), "d") => TimeDelta::days(number),
            _ => return Err(format!("\"{text}\" is no age such as 2h or 412d")),
        }))
    }
}

impl Account {
    /// The account of `--demo`, whose ages count back from `now`.
    ///
    /// # Panics
    /// Never: a test reads the file that is built in.
    #[must_use]
    pub fn demo(now: DateTime<Utc>) -> Self {
        Self::parse(DEMO, now).expect("the account built in is well formed")
    }

    /// Reads an account; `assets/demo-account.toml` explains the format.
    pub(super) fn parse(text: &str, now: DateTime<Utc>) -> Result<Self, String> {
        let file: AccountFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut account = Self::empty(&file.id, file.alias.as_deref());
        account.add_grants(&file.policies, &file.groups, now)?;
        account.add_entries(&file.root_keys, &file.users, now)?;
        account
            .sign_in_as(&file.signed_in)
            .map_err(|error| format!("signed_in: {}", error.message))?;
        Ok(account)
    }

    /// Adds what a file tells of root's keys and of users.
    pub(super) fn add_entries(
        &mut self,
        root_keys: &[KeyEntry],
        users: &[UserEntry],
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        self.made = Some(now);
        for entry in root_keys {
            if entry.description.is_some() {
                return Err("root_keys: root has no tags to describe a key with".to_owned());
            }
            self.add_root_key(entry.key(now)?);
        }
        for user in users {
            let name = &user.name;
            let error = |error: ServiceError| format!("{name}: {}", error.message);
            let path = user.path.as_deref().unwrap_or("/");
            let added = self.add_user(name, path, now - user.created.0);
            added.map_err(error)?;
            for entry in &user.keys {
                self.add_key(name, entry.key(now)?).map_err(error)?;
            }
            let tags = user.keys.iter().filter_map(|entry| {
                let value = entry.description.clone()?;
                let key = entry.id.clone();
                Some(Tag { key, value })
            });
            let owner = user.owner.clone().map(|value| Tag {
                key: "owner".to_owned(),
                value,
            });
            let exempt = user.exempt.as_ref().map(|exempt| {
                let until = (now + TimeDelta::days(exempt.days)).date_naive();
                Tag {
                    key: "iamkeys:exempt".to_owned(),
                    value: format!("{until} {}", exempt.why),
                }
            });
            let tags = tags.chain(owner).chain(exempt).collect();
            self.tag_user(name, tags).map_err(error)?;
            self.add_belongings(user, now)?;
        }
        Ok(())
    }
}

impl KeyEntry {
    fn key(&self, now: DateTime<Utc>) -> Result<Key, String> {
        let id = KeyId::parse(&self.id).ok_or_else(|| format!("\"{}\" is no key ID", self.id))?;
        let mut key = Key::new(id, now - self.created.0);
        key.rotated = now - self.activated.unwrap_or(self.created).0;
        key.status = self.status;
        key.last_used = match (self.used, self.service.as_deref(), self.region.as_deref()) {
            (None, None, None) => None,
            (Some(used), Some(service), Some(region)) => Some(LastUsed {
                at: now - used.0,
                service: service.into(),
                region: region.into(),
            }),
            _ => return Err(format!("{id}: a use needs a time, a service and a region")),
        };
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::super::query::TAG_VALUE;
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    #[test]
    fn the_demo_account_is_read() {
        let account = Account::demo(now());
        assert_eq!((account.user_count(), account.key_count()), (24, 31));
        assert_eq!(account.id(), "123456789012");
        assert_eq!(account.alias(), Some("acme-prod"));
        assert_eq!(account.signed_in().0, "AKIAQX7DEMO4ALICE001");
        let deploy = &account.user("deploy-bot").unwrap().keys;
        assert_eq!(deploy[0].created, now() - TimeDelta::days(412));
        let last = deploy[0].last_used.as_ref().unwrap();
        assert_eq!(last.at, now() - TimeDelta::hours(2));
        assert_eq!((&*last.service, &*last.region), ("s3", "us-east-1"));
        let (user, key) = account.key("AKIAQX7DEMO4BATCH001").unwrap();
        assert_eq!((&*user.name, &key.last_used), ("old-batch", &None));
        assert!(account.user("new-hire").unwrap().keys.is_empty());
        let described = account.user("deploy-bot").unwrap();
        let tag = described.tag("AKIAQX7DEMO4DEPLOY01").unwrap();
        assert_eq!(tag.value, "GitHub Actions until the move to OIDC");
        assert!(account.users().any(|user| user.name.len() == 64));
    }

    #[test]
    fn the_demo_account_is_one_that_aws_could_have() {
        let account = Account::demo(now());
        let (mut descriptions, mut owners) = (0, 0);
        for user in account.users() {
            for key in &user.keys {
                assert!(key.id.as_str().starts_with("AKIAQX7DEMO4"), "plainly fake");
                assert!(key.created >= user.created, "{}", key.id);
                let used = key.last_used.as_ref().map(|used| used.at);
                assert!(used.is_none_or(|at| at >= key.created), "{}", key.id);
            }
            for tag in user.tags() {
                assert!(TAG_VALUE.allows(&tag.value), "{}", tag.value);
                assert!(!tag.value.starts_with("aws:"), "{}", tag.value);
                if tag.key == "iamkeys:exempt" {
                    let read = crate::engine::findings::Exemption::read(&tag.value);
                    assert!(read.is_ok(), "{read:?}");
                } else if tag.key == "owner" {
                    owners += 1;
                } else {
                    assert!(user.keys.iter().any(|key| key.id == &*tag.key));
                    descriptions += 1;
                }
            }
        }
        assert!(descriptions >= 8, "{descriptions}");
        assert!((8..16).contains(&owners), "{owners} of 24");
    }

    fn parse(root_key: &str, key: &str) -> Result<Account, String> {
        let text = format!(
            "id = \"1\"\nsigned_in = \"a\"\n\
             root_keys = [{{ id = \"AKIAQX7DEMO4ROOTKEY1\", created = \"900d\", {root_key} }}]\n\
             [[users]]\nname = \"a\"\ncreated = \"1d\"\nkeys = [{{ created = \"1d\", {key} }}]"
        );
        Account::parse(&text, now())
    }

    #[test]
    fn errors_in_the_file_are_explained() {
        let id = "id = \"AKIAQX7DEMO4DEPLOY01\"";
        for (root_key, key, problem) in [
            ("", "id = \"AKIA\"", "\"AKIA\" is no key ID"),
            ("", &format!("{id}, used = \"1h\""), "a service"),
            ("", &format!("{id}, status = \"Inactive\""), "signed_in"),
            ("", "status = \"On\"", "`On`"),
            ("", "colour = 1", "colour"),
            ("description = \"x\"", id, "root has no tags"),
        ] {
            let error = parse(root_key, key).unwrap_err();
            assert!(error.contains(problem), "{key}: {error}");
        }
        for age in ["1y", "d", "-1d", "99999999999d", ""] {
            assert!(Age::try_from(age.to_owned()).is_err(), "{age}");
        }
    }

    #[test]
    fn root_may_have_keys_and_a_key_may_have_been_reactivated() {
        let account = parse("activated = \"3d\"", "id = \"AKIAQX7DEMO4ALICE001\"").unwrap();
        let [key] = account.root_keys() else {
            panic!("one key of root: {:?}", account.root_keys());
        };
        assert_eq!(key.created, now() - TimeDelta::days(900));
        assert_eq!(key.rotated, now() - TimeDelta::days(3));
        // It is not among those of users, so it signs nothing.
        assert!(account.key(key.id.as_str()).is_none());
        let (_, key) = account.key("AKIAQX7DEMO4ALICE001").unwrap();
        assert_eq!(key.rotated, key.created);
    }
}
