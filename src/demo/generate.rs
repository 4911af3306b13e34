//! Generates accounts of any size, and organisations of any number of them.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::ServiceError;
use super::identifier::{KeyId, mix, one_of};
use super::member::{Joined, Membership, PermissionSet, State};
use super::organisation::{Directory, Organisation};
use super::role::Role;
use super::store::Account;
use super::stories::EVERYWHERE;
use super::user::{Key, LastUsed, Status, User};

impl Account {
    /// An account of so many users, with one and a half keys each on average. The same number makes
    /// the same account. The first user is `alice`, who is signed in; without any, a role is.
    #[must_use]
    pub fn generated(users: usize, now: DateTime<Utc>) -> Self {
        let mut account = Self::empty("123456789012", Some("acme-large"));
        account.fill(Generator::new(0, now).users(users));
        // Fails without users only: alice is the first, and her key is active.
        let _ = account.sign_in_as("alice");
        account
    }

    /// Adds a user with a key that three programs use in every region, several times a day: its history
    /// has more than ten thousand events, some 570 in each region.
    ///
    /// # Errors
    /// When there is such a user, or another has the key.
    pub fn add_user_of_everywhere(
        &mut self,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<(), ServiceError> {
        let created = now - TimeDelta::days(400);
        self.add_user(name, "/", created)?;
        // It has twenty letters and digits.
        let Some(id) = KeyId::parse(EVERYWHERE) else {
            return Ok(());
        };
        let used = LastUsed {
            at: now - TimeDelta::hours(3),
            service: "sqs".into(),
            region: "eu-west-1".into(),
        };
        let last_used = Some(used);
        self.add_key(
            name,
            Key {
                last_used,
                ..Key::new(id, created)
            },
        )
    }
}

impl Organisation {
    /// An organisation of so many accounts, one at least, with so many users each. The same numbers
    /// make the same organisation. The first account is [`Account::generated`]; it manages the
    /// others, in each of which it may assume the role `iamkeys-audit`.
    ///
    /// # Panics
    /// Never: the role's policy is well formed.
    #[must_use]
    pub fn generated(accounts: usize, users_each: usize, now: DateTime<Utc>) -> Self {
        let first = Account::generated(users_each, now);
        let management = first.id().to_owned();
        let role = Role::new(AUDIT_ROLE).trusting(&management);
        let role = role.policy(AUDIT_POLICY).expect("it is well formed");
        let policy = role.policy.clone();
        let role = Arc::new(role);
        let permission_sets = [("AdministratorAccess", None), (AUDIT_ROLE, policy)];
        let permission_sets = permission_sets.map(|(name, policy)| {
            Arc::new(PermissionSet {
                name: name.to_owned(),
                policy,
            })
        });
        let others = (1..accounts).map(|place| {
            let name = account_name(place);
            let id = format!("9000000{place:05}");
            let mut account = Account::empty_at(place, &id, Some(&name));
            account.fill(Generator::new(place, now).users(users_each));
            account.share_role(role.clone());
            account
        });
        let mut all: Vec<_> = std::iter::once(first).chain(others).collect();
        for (place, account) in all.iter_mut().enumerate() {
            let name = account_name(place);
            let age = YOUNGEST + below(mix(!(place as u64)), OLDEST);
            account.membership = Some(Membership {
                email: format!("aws+{name}@acme.example"),
                name,
                state: State::Active,
                joined_by: Joined::Created,
                joined: now - TimeDelta::seconds(age),
                permission_sets: permission_sets.to_vec(),
            });
        }
        let directory = Directory {
            id: "o-demo0large".to_owned(),
            management,
            delegated: Vec::new(),
        };
        Self::of(all, Some(directory))
    }
}

/// The role that looks at accounts.
const AUDIT_ROLE: &str = "iamkeys-audit";

/// What it may do: look.
const AUDIT_POLICY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":[
    "iam:Get*","iam:List*","iam:Generate*","sts:GetAccessKeyInfo"],"Resource":"*"}}"#;

const STAGES: &[&str] = &["prod", "test", "dev"];

/// `team-001-prod`
fn account_name(place: usize) -> String {
    let (team, stage) = (place / STAGES.len() + 1, place % STAGES.len());
    format!("team-{team:03}-{}", STAGES[stage])
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
    /// The place of their account among others.
    place: usize,
    next_user: u64,
    next_key: u64,
    /// [`PLACES`], for all keys to share.
    last_uses: Vec<(Arc<str>, Arc<str>)>,
}

impl Generator {
    fn new(place: usize, now: DateTime<Utc>) -> Self {
        let first = Account::first_number(place) + 1;
        let last_uses = PLACES.iter();
        Self {
            now,
            place,
            next_user: first,
            next_key: first,
            last_uses: last_uses
                .map(|&(service, region)| (service.into(), region.into()))
                .collect(),
        }
    }

    fn users(mut self, count: usize) -> impl Iterator<Item = User> {
        let kinds = TEAMS.len() * ROLES.len();
        // She is in the first account only.
        let alice = usize::from(self.place == 0);
        let seed = Account::first_number(self.place);
        let rest = (alice..count).map(move |number| {
            // In alphabetical order, which spares sorting 100,000 names.
            let kind = number * kinds / count;
            let team = TEAMS[kind / ROLES.len()];
            let role = ROLES[kind % ROLES.len()];
            let dice = mix(number as u64 + seed);
            let keys = match dice & 15 {
                0 => 0,
                1..=6 => 1,
                _ => 2,
            };
            (format!("{team}-{role}-{number:05}"), dice, keys)
        });
        // A number that gives alice an active key.
        [("alice".to_owned(), 1, 1)]
            .into_iter()
            .take(alice)
            .chain(rest)
            .take(count)
            .map(move |(name, dice, keys)| self.user(&name, dice, keys))
    }

    fn user(&mut self, name: &str, dice: u64, keys: i64) -> User {
        let age = YOUNGEST + below(dice, OLDEST - YOUNGEST);
        let created = self.now - TimeDelta::seconds(age);
        let path = *one_of(PATHS, dice >> 24);
        let mut user = User::new(name, path, created, self.next_user);
        self.next_user += 1;
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
            let (service, region) = one_of(&self.last_uses, dice >> 6);
            key.last_used = Some(LastUsed {
                at: self.now - TimeDelta::seconds(below(dice >> 10, age)),
                service: service.clone(),
                region: region.clone(),
            });
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
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
    fn generated_organisations_are_the_same_each_time_and_share_no_key() {
        let organisation = Organisation::generated(200, 5, now());
        let shown = |it: &Organisation| format!("{:?}", it.accounts().collect::<Vec<_>>());
        let again = Organisation::generated(200, 5, now());
        assert_eq!(shown(&organisation), shown(&again));
        let alone = Account::generated(5, now());
        let first = organisation.first().users().map(User::id);
        assert!(first.eq(alone.users().map(User::id)));

        let accounts: Vec<_> = organisation.accounts().collect();
        assert_eq!(accounts.len(), 200);
        let (mut ids, mut keys) = (BTreeSet::new(), BTreeSet::new());
        let mut uses = BTreeSet::new();
        for (place, account) in accounts.iter().enumerate() {
            assert!(ids.insert(account.id()));
            assert_eq!((account.id().len(), account.user_count()), (12, 5));
            for key in account.users().flat_map(|user| &user.keys) {
                assert!(keys.insert(key.id), "{}", key.id);
                assert_eq!(organisation.place_of_key(key.id.as_str()), Some(place));
                uses.extend(key.last_used.as_ref().map(|used| used.at));
            }
        }
        assert!(uses.len() > keys.len() / 2, "they are not alike");
        let name = |place: usize| &*accounts[place].membership.as_ref().unwrap().name;
        assert_eq!(
            [name(0), name(4), name(199)],
            ["team-001-prod", "team-002-test", "team-067-test"]
        );
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
