//! Root's keys, which are in no list: the credential report tells of them, and the summary of the
//! account how many there are.

use super::{
    exemption::{StatedExemption, stated_in_config},
    policy::ROOT_USER,
    rules::Rules,
};
use crate::engine::{
    account::{Account, Facts},
    model::ReportedKey,
    query::{KeyFacts, UserFacts},
};
use chrono::{DateTime, Utc};

/// A key of the root user.
#[derive(Clone, Copy, Debug)]
pub struct RootKey<'a> {
    /// What the credential report says of it; nothing where only the summary counts it.
    pub reported: Option<&'a ReportedKey>,
    /// What a query asks of its user.
    pub user: UserFacts<'a>,
    /// And of the key.
    pub key: KeyFacts<'a>,
}

/// What a rule says of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootVerdict {
    /// It finds the key.
    Found,
    /// The key meets it, and an exemption takes it out.
    Exempt,
    /// It is not known whether the key meets it.
    Unknown,
}

/// The keys of the root user of an account; none where it is not known whether there are any.
#[must_use]
pub fn root_keys(account: &Account, now: DateTime<Utc>) -> Option<Vec<RootKey<'_>>> {
    keys_of_root(account, account.findings.rules(), now)
}

/// The exemptions of the root user's keys, also those that do not count: the config has them.
#[must_use]
pub fn root_exemptions(account: &Account, now: DateTime<Utc>) -> Vec<StatedExemption> {
    let rules = account.findings.rules();
    stated_in_config(rules, ROOT_USER, None, now.date_naive()).collect()
}

/// The same by these rules.
pub(super) fn keys_of_root<'a>(
    account: &'a Account,
    rules: &'a Rules,
    now: DateTime<Utc>,
) -> Option<Vec<RootKey<'a>>> {
    let (count, told) = account.identity.told_of_root()?;
    let user = root_user(account, rules, now, Some(count));
    let exempt = stated_in_config(rules, ROOT_USER, None, now.date_naive());
    let exempt = exempt.fold(0, |mask, it| mask | it.held());
    let keys = (0..count).map(|at| {
        let reported = told.get(at);
        let key = KeyFacts {
            exempt: Some(exempt),
            ..reported.map(facts).unwrap_or_default()
        };
        RootKey {
            reported,
            user,
            key,
        }
    });
    Some(keys.collect())
}

/// What a query asks of the root user.
pub(super) fn root_user<'a>(
    account: &'a Account,
    rules: &'a Rules,
    now: DateTime<Utc>,
    keys: Option<usize>,
) -> UserFacts<'a> {
    UserFacts {
        name: ROOT_USER,
        path: "/",
        keys,
        root: true,
        rules: Some(rules),
        ..Facts::of(account, now).root()
    }
}

/// What the report says of a key of root.
fn facts(key: &ReportedKey) -> KeyFacts<'_> {
    KeyFacts {
        active: Some(key.active),
        created: key.rotated,
        is_age_least: true,
        last_used: Some(&key.last_used),
        ..KeyFacts::default()
    }
}
