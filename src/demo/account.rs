//! Where embedded accounts come from: a file, or a number of users.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::identifier::{KeyId, mix};
use super::store::{Account, Key, LastUsed, Status};

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
    status: Option<String>,
    used: Option<String>,
    service: Option<String>,
    region: Option<String>,
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
        for user in &file.users {
            add_user(&mut account, user, now)
                .map_err(|AccountError(why)| AccountError(format!("{}: {why}", user.name)))?;
        }
        account
            .sign_in_as(&file.signed_in)
            .map_err(|refusal| AccountError(format!("signed_in: {}", refusal.message)))?;
        Ok(account)
    }

    /// An account of so many users, who have one and a half keys on average.
    /// The same number makes the same account. The first user is `alice`, who
    /// is signed in; without any, a role is.
    #[must_use]
    pub fn generated(users: usize, now: DateTime<Utc>) -> Self {
        let mut account = Self::empty("123456789012", Some("acme-large"));
        let places: Vec<(Arc<str>, Arc<str>)> = PLACES
            .iter()
            .map(|&(service, region)| (service.into(), region.into()))
            .collect();
        for number in 0..users as u64 {
            let dice = mix(number);
            let age = TimeDelta::seconds(YOUNGEST + below(dice, 1500 * 24 * 3600));
            let name = if number == 0 {
                "alice".to_owned()
            } else {
                let team = one_of(TEAMS, dice >> 8);
                let role = one_of(ROLES, dice >> 16);
                format!("{team}-{role}-{number:05}")
            };
            let path = one_of(&["/", "/machines/", "/people/"], dice >> 24);
            let keys: i32 = match (number, dice >> 32 & 15) {
                (0, _) | (_, 1..=6) => 1,
                (_, 0) => 0,
                _ => 2,
            };
            // No two users share a number, so no two share a name.
            if account.add_user(&name, path, now - age).is_err() {
                continue;
            }
            for key in 0..keys {
                let dice = if number == 0 {
                    0
                } else {
                    mix(dice ^ u64::from(key.unsigned_abs()))
                };
                // Each key was made in its share of the user's time, in order.
                let share = age.num_seconds() / i64::from(keys);
                let after = share * i64::from(keys - 1 - key);
                // Not so new that the service does not know it yet.
                let age = (after + below(dice, share)).max(YOUNGEST);
                let age = TimeDelta::seconds(age);
                add_generated_key(&mut account, &name, age, dice, &places, now);
            }
        }
        if users > 0 {
            // She was given an active key above.
            let _ = account.sign_in_as("alice");
        }
        account
    }
}

/// How many seconds ago generated users and keys were made, at least.
const YOUNGEST: i64 = 3600;

const TEAMS: &[&str] = &[
    "billing", "catalog", "data", "fraud", "identity", "ledger", "mobile", "orders", "payments",
    "platform", "search", "shipping", "support", "web",
];

const ROLES: &[&str] = &[
    "backup", "batch", "build", "deploy", "export", "import", "ingest", "mailer", "metrics",
    "mirror", "monitor", "report", "sync", "upload", "worker",
];

const PLACES: &[(&str, &str)] = &[
    ("s3", "us-east-1"),
    ("sqs", "us-east-1"),
    ("dynamodb", "eu-west-1"),
    ("ec2", "us-west-2"),
    ("ecr", "eu-central-1"),
    ("ses", "eu-west-1"),
    ("lambda", "ap-southeast-2"),
    ("sts", "us-east-1"),
];

fn one_of<'a>(words: &[&'a str], dice: u64) -> &'a str {
    words[usize::try_from(dice % words.len() as u64).unwrap_or_default()]
}

fn below(dice: u64, limit: i64) -> i64 {
    i64::try_from(dice % limit.unsigned_abs()).unwrap_or_default()
}

fn add_generated_key(
    account: &mut Account,
    user: &str,
    age: TimeDelta,
    dice: u64,
    places: &[(Arc<str>, Arc<str>)],
    now: DateTime<Utc>,
) {
    let Ok(id) = account.add_new_key(user, now - age) else {
        return;
    };
    if dice & 7 == 7 {
        account.set_key_status(id.as_str(), Status::Inactive);
    }
    if dice >> 8 & 7 != 7 {
        let ago = TimeDelta::seconds(below(dice >> 16, age.num_seconds().max(1)));
        let place = usize::try_from(dice >> 40).unwrap_or_default() % places.len();
        let (service, region) = places[place].clone();
        let last_used = LastUsed {
            at: now - ago,
            service,
            region,
        };
        account.set_last_used(id.as_str(), Some(last_used));
    }
}

fn add_user(
    account: &mut Account,
    entry: &UserEntry,
    now: DateTime<Utc>,
) -> Result<(), AccountError> {
    let said = |refusal: super::refusal::Refusal| AccountError(refusal.message);
    account
        .add_user(&entry.name, &entry.path, now - read_age(&entry.created)?)
        .map_err(said)?;
    for key in &entry.keys {
        let key = read_key(key, now)?;
        account.add_key(&entry.name, key).map_err(said)?;
    }
    Ok(())
}

fn read_key(entry: &KeyEntry, now: DateTime<Utc>) -> Result<Key, AccountError> {
    let id = KeyId::parse(&entry.id)
        .ok_or_else(|| AccountError(format!("\"{}\" is no key ID", entry.id)))?;
    let mut key = Key::new(id, now - read_age(&entry.created)?);
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
            at: now - read_age(used)?,
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

/// Reads an age such as "412d"; `now` is none at all.
fn read_age(text: &str) -> Result<TimeDelta, AccountError> {
    if text == "now" {
        return Ok(TimeDelta::zero());
    }
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let age = digits
        .parse()
        .ok()
        .and_then(|number| match &text[digits.len()..] {
            "s" => TimeDelta::try_seconds(number),
            "m" => TimeDelta::try_minutes(number),
            "h" => TimeDelta::try_hours(number),
            "d" => TimeDelta::try_days(number),
            _ => None,
        });
    age.ok_or_else(|| AccountError(format!("\"{text}\" is no age such as 2h or 412d")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

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
        assert!(key(&format!("{id}, created = \"1y\"")).contains("\"1y\" is no age"));
        assert!(key(&format!("{id}, created = \"1d\", used = \"1h\"")).contains("a service"));
        assert!(key(&format!("{id}, created = \"1d\", status = \"On\"")).contains("\"On\""));
        assert!(key(&format!("{id}, created = \"1d\", colour = 1")).contains("colour"));
    }

    #[test]
    fn generated_accounts_have_any_number_of_users_and_are_the_same_each_time() {
        for users in [0, 1, 2, 1000] {
            let account = Account::generated(users, now());
            assert_eq!(account.user_count(), users);
            assert_eq!(account.key_pair().token.is_some(), users == 0);
            let again = Account::generated(users, now());
            let shown = |account: &Account| format!("{:?}", account.users().collect::<Vec<_>>());
            assert_eq!(shown(&account), shown(&again));
        }
        let keys = Account::generated(10_000, now()).key_count();
        assert!((14_500..15_500).contains(&keys), "{keys}");
        let account = Account::generated(1000, now());
        assert!(account.key(account.key_pair().id.as_str()).is_some());
        for user in account.users() {
            let times: Vec<_> = user.keys.iter().map(|key| key.created).collect();
            assert!(times.is_sorted() && times.iter().all(|&it| user.created <= it && it <= now()));
        }
    }

    #[test]
    fn a_hundred_thousand_users_are_made_without_a_wait() {
        let started = Instant::now();
        let account = Account::generated(100_000, now());
        let took = started.elapsed();
        assert_eq!(account.user_count(), 100_000);
        // Some 100 ms when optimised; this is to notice a slip to quadratic.
        assert!(took.as_secs() < 10, "{took:?}");
    }
}
