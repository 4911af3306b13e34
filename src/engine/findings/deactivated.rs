//! Since when keys have been Inactive, as this program's journal tells: neither the account nor the
//! credential report says it of a key.

use crate::engine::account::KeyRow;
use crate::engine::model::{KeyStatus, LastUsed};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// The keys that earlier runs have deactivated, and not activated again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deactivated {
    keys: HashMap<Box<str>, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// The account, where the journal names it.
    account: Option<Box<str>>,
    at: DateTime<Utc>,
}

impl Deactivated {
    /// A key of an account was deactivated.
    pub fn deactivated(&mut self, key: &str, account: Option<&str>, at: DateTime<Utc>) {
        let account = account.map(Into::into);
        self.keys.insert(key.into(), Entry { account, at });
    }

    /// A key was activated, or is gone.
    pub fn activated(&mut self, key: &str) {
        self.keys.remove(key);
    }

    /// Since when a key has been Inactive, if that is told and nothing speaks against it: a use after
    /// that, or another change that this run has seen.
    #[must_use]
    pub fn since(&self, account: Option<&str>, key: &KeyRow) -> Option<DateTime<Utc>> {
        let entry = self.keys.get(&*key.key.id)?;
        let is_here = match (&entry.account, account) {
            (Some(of), Some(account)) => **of == *account,
            _ => true,
        };
        let is_used_since = match key.last_used.known() {
            Some(LastUsed::At { time, .. }) => *time > entry.at,
            Some(LastUsed::Never) | None => false,
        };
        let is_off = key.key.status == KeyStatus::Inactive;
        (is_off && is_here && !is_used_since && !key.is_toggled).then_some(entry.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::account::Load;
    use crate::engine::model::AccessKey;
    use chrono::TimeDelta;

    const KEY: &str = "AKIADEACTIVATED00001";
    const ACCOUNT: &str = "123456789012";

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(days)
    }

    fn row(status: KeyStatus, last_used: Option<LastUsed>) -> KeyRow {
        let key = AccessKey {
            id: KEY.into(),
            status,
            created: Some(at(0)),
        };
        KeyRow {
            key,
            last_used: last_used.map_or(Load::Idle, Load::Ready),
            refresh: false,
            inactive_since: None,
            is_toggled: false,
        }
    }

    fn used(days: i64) -> LastUsed {
        LastUsed::At {
            time: at(days),
            service: None,
            region: None,
        }
    }

    #[test]
    fn it_is_told_of_an_inactive_key_that_nothing_speaks_against() {
        let mut known = Deactivated::default();
        known.deactivated(KEY, Some(ACCOUNT), at(5));
        let off = || row(KeyStatus::Inactive, Some(used(4)));
        assert_eq!(known.since(Some(ACCOUNT), &off()), Some(at(5)));
        assert_eq!(known.since(None, &off()), Some(at(5)));
        assert_eq!(known.since(Some("999988887777"), &off()), None);
        let unknown = row(KeyStatus::Inactive, None);
        assert_eq!(known.since(Some(ACCOUNT), &unknown), Some(at(5)));
        let active = row(KeyStatus::Active, Some(used(4)));
        assert_eq!(known.since(Some(ACCOUNT), &active), None);
        // Another has activated it meanwhile.
        let later = row(KeyStatus::Inactive, Some(used(6)));
        assert_eq!(known.since(Some(ACCOUNT), &later), None);
        let mut toggled = off();
        toggled.is_toggled = true;
        assert_eq!(known.since(Some(ACCOUNT), &toggled), None);
        known.activated(KEY);
        assert_eq!(known.since(Some(ACCOUNT), &off()), None);
    }
}
