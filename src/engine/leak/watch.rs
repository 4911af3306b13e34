//! What is known of a leaked key over time, and the account does not tell: since when this run knows it
//! to be off, and when its last use was read.

use crate::engine::{Engine, effect::SessionId, model::KeyStatus, request::Read};
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
        })
    }

    /// A key has leaked, or may have.
    pub(super) fn begin(&mut self, user: &str, key: &str) {
        self.watch(user, key);
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
                    self.watched.0.get_mut(key.as_str())?.use_read = Some(self.now - took);
                }
            }
            _ => {}
        }
        Some(())
    }
}
