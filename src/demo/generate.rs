//! Makes up accounts of any size.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::identifier::{KeyId, mix};
use super::store::Account;
use super::user::{Key, LastUsed, Status, User};

impl Account {
    /// An account of so many users, who have one and a half keys on average.
    /// The same number makes the same account. The first user is `alice`, who
    /// is signed in; without any, a role is.
    #[must_use]
    pub fn generated(users: usize, now: DateTime<Utc>) -> Self {
        let mut account = Self::empty("123456789012", Some("acme-large"));
        account.fill(Generator::new(now).users(users));
        // Fails without users only: she is the first, and her key is active.
        let _ = account.sign_in_as("alice");
        account
    }
}

/// How many seconds ago generated users and keys were made, at least: so long
/// that the service knows the keys.
const YOUNGEST: i64 = 3600;

/// And at most.
const OLDEST: i64 = 1500 * 24 * 3600;

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

fn one_of<T>(things: &[T], dice: u64) -> &T {
    &things[usize::try_from(dice % things.len() as u64).unwrap_or_default()]
}

fn below(dice: u64, limit: i64) -> i64 {
    i64::try_from(dice % limit.unsigned_abs()).unwrap_or_default()
}

/// Makes up users. What differs between them follows from their numbers.
struct Generator {
    now: DateTime<Utc>,
    next_key: u64,
    paths: Vec<Arc<str>>,
    places: Vec<(Arc<str>, Arc<str>)>,
}

impl Generator {
    fn new(now: DateTime<Utc>) -> Self {
        let place = |&(service, region): &(&str, &str)| (service.into(), region.into());
        Self {
            now,
            next_key: 1,
            paths: ["/", "/machines/", "/people/"].map(Arc::from).to_vec(),
            places: PLACES.iter().map(place).collect(),
        }
    }

    fn users(mut self, count: usize) -> impl Iterator<Item = User> {
        let kinds = TEAMS.len() * ROLES.len();
        let rest = (1..count).map(move |number| {
            // In alphabetical order, which spares sorting 100,000 names.
            let kind = number * kinds / count;
            let team = TEAMS[kind / ROLES.len()];
            let role = ROLES[kind % ROLES.len()];
            let dice = mix(number as u64);
            let keys = match dice & 15 {
                0 => 0,
                1..=6 => 1,
                _ => 2,
            };
            (format!("{team}-{role}-{number:05}"), dice, number, keys)
        });
        // Of all throws, one that gives her an active key.
        [("alice".to_owned(), 1, 0, 1)]
            .into_iter()
            .chain(rest)
            .take(count)
            .map(move |(name, dice, number, keys)| self.user(&name, dice, number, keys))
    }

    fn user(&mut self, name: &str, dice: u64, number: usize, keys: i64) -> User {
        let path = one_of(&self.paths, dice >> 24).clone();
        let age = YOUNGEST + below(dice, OLDEST - YOUNGEST);
        let created = self.now - TimeDelta::seconds(age);
        let mut user = User::new(name, path, created, number as u64 + 1);
        // Collected from an exact number: a growing list reserves space for four.
        user.keys = (0..keys)
            .map(|key| {
                // Each was made in its share of the user's time, in order.
                let share = age / keys;
                let age = share * (keys - 1 - key) + below(dice >> 8, share);
                self.key(age.max(YOUNGEST), mix(dice ^ key.unsigned_abs()))
            })
            .collect();
        user
    }

    fn key(&mut self, age: i64, dice: u64) -> Key {
        let id = KeyId::numbered(self.next_key);
        self.next_key += 1;
        let mut key = Key::new(id, self.now - TimeDelta::seconds(age));
        if dice & 7 == 7 {
            key.status = Status::Inactive;
        }
        if dice >> 3 & 7 != 7 {
            let (service, region) = one_of(&self.places, dice >> 6).clone();
            key.last_used = Some(LastUsed {
                at: self.now - TimeDelta::seconds(below(dice >> 10, age)),
                service,
                region,
            });
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
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
