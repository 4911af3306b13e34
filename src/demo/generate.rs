//! Generates accounts of any size.

use chrono::{DateTime, TimeDelta, Utc};

use super::identifier::{KeyId, mix, one_of};
use super::store::Account;
use super::user::{Key, LastUsed, Status, User};

impl Account {
    /// An account of so many users, with one and a half keys each on average. The same number makes
    /// the same account. The first user is `alice`, who is signed in; without any, a role is.
    #[must_use]
    pub fn generated(users: usize, now: DateTime<Utc>) -> Self {
        let mut account = Self::empty("123456789012", Some("acme-large"));
        account.fill(Generator { now, next_key: 1 }.users(users));
        // Fails without users only: alice is the first, and her key is active.
        let _ = account.sign_in_as("alice");
        account
    }
}

/// How many seconds ago generated users and keys were created, at least: longer than a new key is
/// refused.
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

const PATHS: &[&str] = &["/", "/machines/", "/people/"];

/// Services and regions of last uses.
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

fn below(dice: u64, limit: i64) -> i64 {
    i64::try_from(dice % limit.unsigned_abs()).unwrap_or_default()
}

/// Makes up users. What differs between them follows from their numbers.
struct Generator {
    now: DateTime<Utc>,
    next_key: u64,
}

impl Generator {
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
        // A number that gives alice an active key.
        [("alice".to_owned(), 1, 0, 1)]
            .into_iter()
            .chain(rest)
            .take(count)
            .map(move |(name, dice, number, keys)| self.user(&name, dice, number, keys))
    }

    fn user(&mut self, name: &str, dice: u64, number: usize, keys: i64) -> User {
        let age = YOUNGEST + below(dice, OLDEST - YOUNGEST);
        let created = self.now - TimeDelta::seconds(age);
        let path = *one_of(PATHS, dice >> 24);
        let mut user = User::new(name, path, created, number as u64 + 1);
        // Collected from an exact number: a growing list reserves space for four.
        user.keys = (0..keys)
            .map(|key| {
                // Each was created in its share of the user's time, in order.
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
            let (service, region) = *one_of(PLACES, dice >> 6);
            key.last_used = Some(LastUsed {
                at: self.now - TimeDelta::seconds(below(dice >> 10, age)),
                service: service.into(),
                region: region.into(),
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
            assert_eq!(account.signed_in().1.is_some(), users == 0);
            let again = Account::generated(users, now());
            let shown = |account: &Account| format!("{:?}", account.users().collect::<Vec<_>>());
            assert_eq!(shown(&account), shown(&again));
        }
        let account = Account::generated(1000, now());
        assert!(account.key(account.signed_in().0.as_str()).is_some());
        for user in account.users() {
            let times: Vec<_> = user.keys.iter().map(|key| key.created).collect();
            assert!(times.is_sorted() && times.iter().all(|&it| user.created <= it && it <= now()));
        }
    }

    #[test]
    fn a_hundred_thousand_users_are_generated_at_once() {
        let started = Instant::now();
        let account = Account::generated(100_000, now());
        let took = started.elapsed();
        let keys = account.key_count();
        assert!((145_000..155_000).contains(&keys), "{keys}");
        // Some 100 ms when optimised; this is to notice a slip to quadratic.
        assert!(took.as_secs() < 10, "{took:?}");
    }
}
