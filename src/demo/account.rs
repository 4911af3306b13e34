//! Reads an account from a file.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::identifier::KeyId;
use super::refusal::Refusal;
use super::store::Account;
use super::user::{Key, LastUsed, Status, Tag};

const DEMO: &str = include_str!("../../assets/demo-account.toml");

/// Why a text describes no account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountError(String);

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AccountError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountFile {
    id: String,
    alias: Option<String>,
    signed_in: String,
    #[serde(default)]
    root_keys: Vec<KeyEntry>,
    users: Vec<UserEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserEntry {
    name: String,
    #[serde(default = "root_path")]
    path: String,
    created: String,
    keys: Vec<KeyEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    id: String,
    created: String,
    activated: Option<String>,
    status: Option<String>,
    used: Option<String>,
    service: Option<String>,
    region: Option<String>,
    description: Option<String>,
}

fn root_path() -> String {
    "/".to_owned()
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
    ///
    /// # Errors
    /// When the text is not such a file, or contradicts itself.
    pub fn parse(text: &str, now: DateTime<Utc>) -> Result<Self, AccountError> {
        let file: AccountFile =
            toml::from_str(text).map_err(|error| AccountError(error.to_string()))?;
        let mut account = Self::empty(&file.id, file.alias.as_deref());
        for key in &file.root_keys {
            if key.description.is_some() {
                let why = "root_keys: root has no tags to describe a key with";
                return Err(AccountError(why.to_owned()));
            }
            account.add_root_key(read_key(key, now)?);
        }
        for user in &file.users {
            add_user(&mut account, user, now)
                .map_err(|AccountError(why)| AccountError(format!("{}: {why}", user.name)))?;
        }
        account
            .sign_in_as(&file.signed_in)
            .map_err(|refusal| AccountError(format!("signed_in: {}", refusal.message)))?;
        Ok(account)
    }
}

fn add_user(
    account: &mut Account,
    entry: &UserEntry,
    now: DateTime<Utc>,
) -> Result<(), AccountError> {
    let said = |refusal: Refusal| AccountError(refusal.message);
    account
        .add_user(&entry.name, &entry.path, read_time(&entry.created, now)?)
        .map_err(said)?;
    for key in &entry.keys {
        let key = read_key(key, now)?;
        account.add_key(&entry.name, key).map_err(said)?;
    }
    let described = entry.keys.iter().filter_map(|key| {
        let value = key.description.clone()?;
        let key = key.id.clone();
        Some(Tag { key, value })
    });
    account
        .tag_user(&entry.name, described.collect())
        .map_err(said)
}

fn read_key(entry: &KeyEntry, now: DateTime<Utc>) -> Result<Key, AccountError> {
    let id = KeyId::parse(&entry.id)
        .ok_or_else(|| AccountError(format!("\"{}\" is no key ID", entry.id)))?;
    let mut key = Key::new(id, read_time(&entry.created, now)?);
    if let Some(activated) = &entry.activated {
        key.rotated = read_time(activated, now)?;
    }
    key.status = match entry.status.as_deref() {
        None | Some("Active") => Status::Active,
        Some("Inactive") => Status::Inactive,
        Some("Expired") => Status::Expired,
        Some(other) => return Err(AccountError(format!("\"{other}\" is no status"))),
    };
    key.last_used = match (&entry.used, &entry.service, &entry.region) {
        (None, None, None) => None,
        (Some(used), None, None) if used == "never" => None,
        (Some(used), Some(service), Some(region)) => Some(LastUsed {
            at: read_time(used, now)?,
            service: service.as_str().into(),
            region: region.as_str().into(),
        }),
        _ => {
            return Err(AccountError(format!(
                "{id}: a use needs a time, a service and a region"
            )));
        }
    };
    Ok(key)
}

/// Reads an age such as "412d", counted back from `now`.
fn read_time(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, AccountError> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = &text[digits.len()..];
    let age = digits.parse::<u32>().ok().map(i64::from);
    let age = age.and_then(|number| match unit {
        "s" => TimeDelta::try_seconds(number),
        "m" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        "d" => TimeDelta::try_days(number),
        _ => None,
    });
    let now_itself = (text == "now").then(TimeDelta::zero);
    age.or(now_itself)
        .and_then(|age| now.checked_sub_signed(age))
        .ok_or_else(|| AccountError(format!("\"{text}\" is no age such as 2h or 412d")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::model::description_problem;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    #[test]
    fn the_demo_account_tells_its_stories() {
        let account = Account::demo(now());
        assert_eq!((account.user_count(), account.key_count()), (24, 31));
        assert_eq!(account.id(), "123456789012");
        assert_eq!(account.alias(), Some("acme-prod"));
        assert_eq!(account.key_pair().id, "AKIAQX7DEMO4ALICE001");
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
    fn every_key_of_the_demo_account_is_plainly_fake_and_newer_than_its_user() {
        let account = Account::demo(now());
        for user in account.users() {
            for key in &user.keys {
                assert!(key.id.as_str().starts_with(super::super::KEY_PREFIX));
                assert!(key.created >= user.created, "{}", key.id);
                let used = key.last_used.as_ref().map(|used| used.at);
                assert!(used.is_none_or(|at| at >= key.created), "{}", key.id);
            }
        }
    }

    #[test]
    fn every_description_of_the_demo_account_is_one_the_service_would_take() {
        let account = Account::demo(now());
        let mut count = 0;
        for user in account.users() {
            for tag in user.tags() {
                assert!(user.keys.iter().any(|key| key.id.as_str() == tag.key));
                assert_eq!(description_problem(&tag.value), None, "{}", tag.value);
                count += 1;
            }
        }
        assert!(count >= 8, "{count}");
    }

    #[test]
    fn a_file_that_is_wrong_is_explained() {
        let parse = |users: &str| {
            let text = format!("id = \"1\"\nsigned_in = \"a\"\n{users}");
            Account::parse(&text, now()).unwrap_err().to_string()
        };
        let key = |key: &str| {
            parse(&format!(
                "[[users]]\nname = \"a\"\ncreated = \"1d\"\nkeys = [{{ {key} }}]"
            ))
        };
        assert!(parse("users = []").contains("The user with name a cannot be found."));
        assert!(parse("users = 1").contains("users"));
        assert!(key("id = \"AKIA\", created = \"1d\"").contains("a: \"AKIA\" is no key ID"));
        let id = "id = \"AKIAQX7DEMO4DEPLOY01\"";
        for age in ["1y", "d", "-1d", "99999999999d", ""] {
            let error = key(&format!("{id}, created = \"{age}\""));
            assert!(error.contains("is no age"), "{age}: {error}");
        }
        assert!(key(&format!("{id}, created = \"1d\", used = \"1h\"")).contains("a service"));
        assert!(key(&format!("{id}, created = \"1d\", status = \"On\"")).contains("\"On\""));
        assert!(key(&format!("{id}, created = \"1d\", colour = 1")).contains("colour"));
        let described = format!(
            "root_keys = [{{ {id}, created = \"1d\", description = \"mine\" }}]\nusers = []"
        );
        assert!(parse(&described).contains("root has no tags"));
    }

    #[test]
    fn root_may_have_keys_and_a_key_may_have_come_back() {
        let text = "id = \"1\"\nsigned_in = \"a\"\n\
                    root_keys = [{ id = \"AKIAQX7DEMO4ROOTKEY1\", created = \"900d\", \
                    activated = \"3d\", used = \"2h\", service = \"s3\", region = \"us-east-1\" }]\n\
                    [[users]]\nname = \"a\"\ncreated = \"1d\"\n\
                    keys = [{ id = \"AKIAQX7DEMO4ALICE001\", created = \"1d\" }]";
        let account = Account::parse(text, now()).unwrap();
        let [key] = account.root_keys() else {
            panic!("one key of root: {:?}", account.root_keys());
        };
        assert_eq!(key.created, now() - TimeDelta::days(900));
        assert_eq!(key.rotated, now() - TimeDelta::days(3));
        // It is not found among those of users, so it signs nothing.
        assert!(account.key(key.id.as_str()).is_none());
        assert_eq!(account.key_count(), 1);
        let (_, key) = account.key("AKIAQX7DEMO4ALICE001").unwrap();
        assert_eq!(key.rotated, key.created);
        assert!(Account::demo(now()).root_keys().is_empty());
    }
}
