//! What is known of a leaked key over time, and the account does not tell: since when this run knows it
//! to be off, and when its last use was read.

use crate::engine::{
    Engine,
    account::KeyRow,
    effect::{SessionId, Slot},
    model::{KeyStatus, LastUsed},
    request::Read,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{collections::HashMap, time::Duration};

/// A key that is watched.
#[derive(Debug)]
struct Watch {
    user: Box<str>,
    /// Since when it is known to be off: a later time than that, never an earlier one.
    off_since: Option<DateTime<Utc>>,
    /// When the last use that is known was asked for.
    use_read: Option<DateTime<Utc>>,
    /// What it was when AWS last listed it.
    last: Option<LastListed>,
}

/// What a key was when AWS last listed it, in this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastListed {
    /// When.
    pub at: DateTime<Utc>,
    /// Its status then.
    pub status: KeyStatus,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// When it was last used, as far as it was known.
    pub used: Option<LastUsed>,
}

impl LastListed {
    /// What is known of a key that is listed; of an earlier one that knew more of its use, that.
    fn of(row: &KeyRow, at: DateTime<Utc>, before: Option<&Self>) -> Self {
        let used = row.last_used.known().cloned();
        Self {
            at,
            status: row.key.status.clone(),
            created: row.key.created,
            used: used.or_else(|| before?.used.clone()),
        }
    }
}

/// The keys that are watched, by ID.
#[derive(Debug, Default)]
pub(in crate::engine) struct Watched(HashMap<Box<str>, Watch>);

impl Watched {
    fn watch(&mut self, user: &str, key: &str) -> &mut Watch {
        self.0.entry(key.into()).or_insert_with(|| Watch {
            user: user.into(),
            off_since: None,
            use_read: None,
            last: None,
        })
    }

    /// A key has leaked, or may have: this is what is known of it then.
    pub(super) fn begin(&mut self, user: &str, key: &str, row: Option<LastListed>) {
        let watch = self.watch(user, key);
        if watch.last.is_none() {
            watch.last = row;
        }
    }

    /// What a key was when AWS last listed it.
    pub(super) fn last(&self, key: &str) -> Option<&LastListed> {
        self.0.get(key)?.last.as_ref()
    }

    /// This run has switched a key on or off.
    pub(in crate::engine) fn switched(
        &mut self,
        user: &str,
        key: &str,
        active: bool,
        now: DateTime<Utc>,
    ) {
        if active {
            self.0
                .entry(key.into())
                .and_modify(|it| it.off_since = None);
        } else {
            self.watch(user, key).off_since.get_or_insert(now);
        }
    }

    /// Whose key it is.
    pub(super) fn user_of(&self, key: &str) -> Option<&str> {
        Some(&self.0.get(key)?.user)
    }

    /// Since when a key is known to be off.
    pub(super) fn off_since(&self, key: &str) -> Option<DateTime<Utc>> {
        self.0.get(key)?.off_since
    }

    /// When the last use that is known of a key was asked for.
    pub(super) fn use_read(&self, key: &str) -> Option<DateTime<Utc>> {
        self.0.get(key)?.use_read
    }
}

impl Engine {
    /// What is known of a key now, where AWS has listed it.
    pub(super) fn listed(&self, slot: Slot, user: &str, key: &str) -> Option<LastListed> {
        let keys = self.fleet.get(slot)?.users.keys(user)?;
        let row = keys.iter().find(|row| row.key.id == key)?;
        Some(LastListed::of(row, self.now, None))
    }

    /// An answer was filed: notes what it tells of the keys that are watched.
    pub(in crate::engine) fn watch(
        &mut self,
        session: SessionId,
        read: &Read,
        took: Duration,
    ) -> Option<()> {
        let users = &self.fleet.of(session)?.users;
        match read {
            Read::Keys(user) => {
                let keys = users.keys(user)?;
                let of_it = self.watched.0.iter_mut();
                for (key, watch) in of_it.filter(|(_, it)| it.user.eq_ignore_ascii_case(user)) {
                    let row = keys.iter().find(|row| *row.key.id == **key);
                    if let Some(row) = row {
                        watch.last = Some(LastListed::of(row, self.now, watch.last.as_ref()));
                    }
                    if row.is_none_or(|row| row.key.status == KeyStatus::Inactive) {
                        watch.off_since.get_or_insert(self.now);
                    } else {
                        watch.off_since = None;
                    }
                }
            }
            Read::LastUsed(user, key) => {
                let row = users.keys(user)?.iter().find(|row| row.key.id == *key)?;
                if row.last_used.is_ready() {
                    let took = TimeDelta::from_std(took).unwrap_or_default();
                    let told = row.last_used.known().cloned();
                    let watch = self.watched.0.get_mut(key.as_str())?;
                    watch.use_read = Some(self.now - took);
                    if let Some(last) = &mut watch.last {
                        last.used = told.or(last.used.take());
                    }
                }
            }
            _ => {}
        }
        Some(())
    }
}
