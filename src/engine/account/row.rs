//! What is known of one user and their keys: from the account itself where it has answered, and
//! from the credential report until then.

use super::load::Load;
use crate::engine::{
    error::{Error, Kind},
    impact::policy::{Grants, Power},
    model::{AccessKey, KeyStatus, LastUsed, Login, ReportedKey, User},
    request::Read,
    user_tags::UserTags,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// A new key is tried from here within this time of its creation.
const TRIED: TimeDelta = TimeDelta::minutes(10);

/// A user and what is known of their keys.
#[derive(Clone, Debug)]
pub struct UserRow {
    /// The user.
    pub user: User,
    /// Their keys.
    pub keys: Load<Vec<KeyRow>>,
    /// What their tags say. Asked for where a person looks, and told by the details of all users; a
    /// refusal is no error, there is just nothing to show.
    pub tags: Load<UserTags>,
    /// How much their policies allow, as the details of all users tell; none while that is not known.
    pub power: Option<Power>,
    /// What makes an administrator of them is given under conditions only.
    pub is_admin_conditional: bool,
    /// How the user can sign in to the console, as the credential report says.
    pub login: Login,
    /// What gives it, from when they are told of until all groups and policies are.
    pub(super) grants: Option<Arc<Grants>>,
    /// Their keys are to be asked for again when there is room.
    pub refresh: bool,
    /// What the credential report says of their keys, as long as the account has not said all of it.
    pub(super) reported: Option<Box<[ReportedKey]>>,
    /// The listing that named this user last, or during which a key's last use has.
    pub(super) listing: u32,
}

/// A key and its last use.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// The key.
    pub key: AccessKey,
    /// When it was last used.
    pub last_used: Load<LastUsed>,
    /// The last use is to be asked for again when there is room.
    pub refresh: bool,
    /// Since when it has been Inactive at the latest, where that is known.
    pub inactive_since: Option<DateTime<Utc>>,
    /// This run has seen it become Inactive or Active, by another's doing.
    pub(in crate::engine) is_toggled: bool,
}

/// A key as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    live: Option<&'a KeyRow>,
    /// What the report says of it. Where the account has named the key, this is only its last use.
    reported: Option<&'a ReportedKey>,
}

/// How much of an account is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Users whose keys the account has named.
    pub users: usize,
    /// Those keys.
    pub keys: usize,
    /// Those of them whose last use the account has told.
    pub complete: usize,
    /// Keys of other users, which only the report tells of.
    pub reported: usize,
    /// Users of whose keys nothing is known.
    pub unknown: usize,
    /// Questions about keys, and about last uses, that were not answered or refused.
    pub failed: usize,
    /// Users whose keys may not be listed (`iam:ListAccessKeys`).
    pub denied: usize,
    /// Users whose tags are not known.
    pub untagged: usize,
    /// Users of whom it is not known how much their policies allow.
    pub unjudged: usize,
}

impl Tally {
    /// All keys there are, as far as is known.
    #[must_use]
    pub fn all_keys(self) -> usize {
        self.keys + self.reported
    }

    pub(in crate::engine) fn add(&mut self, other: Self) {
        self.users += other.users;
        self.keys += other.keys;
        self.complete += other.complete;
        self.reported += other.reported;
        self.unknown += other.unknown;
        self.failed += other.failed;
        self.denied += other.denied;
        self.untagged += other.untagged;
        self.unjudged += other.unjudged;
    }

    pub(super) fn take(&mut self, other: Self) {
        self.users -= other.users;
        self.keys -= other.keys;
        self.complete -= other.complete;
        self.reported -= other.reported;
        self.unknown -= other.unknown;
        self.failed -= other.failed;
        self.denied -= other.denied;
        self.untagged -= other.untagged;
        self.unjudged -= other.unjudged;
    }
}

impl KeyRow {
    pub(super) fn new(key: AccessKey) -> Self {
        Self {
            key,
            last_used: Load::Idle,
            refresh: false,
            inactive_since: None,
            is_toggled: false,
        }
    }

    /// Whether the secret was stored and the key works, as its last use says. What is not proof:
    /// that iamkeys itself has asked who it belongs to, right after it was created.
    #[must_use]
    pub fn was_used_by_others(&self) -> bool {
        matches!(self.last_used.known(), Some(LastUsed::At { .. }))
            && !is_trial(&self.last_used, self.key.created)
    }

    /// Whether its last use is told.
    fn is_complete(&self) -> bool {
        self.last_used.known().is_some()
    }
}

/// Whether a last use is that iamkeys has asked who a new key belongs to.
#[must_use]
pub fn is_trial(last_used: &Load<LastUsed>, created: Option<DateTime<Utc>>) -> bool {
    let Some(LastUsed::At { time, service, .. }) = last_used.known() else {
        return false;
    };
    let soon = created.is_some_and(|created| *time - created < TRIED);
    soon && service.as_deref() == Some("sts")
}

impl<'a> Known<'a> {
    /// The key as the account tells of it; none while only the report does.
    #[must_use]
    pub fn live(self) -> Option<&'a KeyRow> {
        self.live
    }

    /// The access key ID. The report has none.
    #[must_use]
    pub fn id(self) -> Option<&'a str> {
        self.live.map(|row| row.key.id.as_str())
    }

    /// Whether AWS accepts it.
    #[must_use]
    pub fn status(self) -> &'a KeyStatus {
        match (self.live, self.reported) {
            (Some(row), _) => &row.key.status,
            (None, Some(ReportedKey { active: true, .. })) => &KeyStatus::Active,
            (None, _) => &KeyStatus::Inactive,
        }
    }

    /// When it was created. The report knows only of the latest activation: a key that was
    /// activated again looks younger in it than it is.
    #[must_use]
    pub fn created(self) -> Option<DateTime<Utc>> {
        match self.live {
            Some(row) => row.key.created,
            None => self.reported?.rotated,
        }
    }

    /// When it was last used.
    #[must_use]
    pub fn last_used(self) -> Option<&'a LastUsed> {
        match self.live.and_then(|row| row.last_used.known()) {
            Some(last_used) => Some(last_used),
            None => self.reported.map(|reported| &reported.last_used),
        }
    }

    /// Whether its last use is the report's, and may be hours old.
    #[must_use]
    pub fn is_reported(self) -> bool {
        self.reported.is_some() && self.live.is_none_or(|row| row.last_used.known().is_none())
    }

    /// Why its last use is not known.
    #[must_use]
    pub fn error(self) -> Option<&'a Error> {
        if self.last_used().is_some() {
            return None;
        }
        self.live?.last_used.error()
    }
}

impl UserRow {
    /// A user of whose keys nothing is known.
    pub(super) fn new(user: User, listing: u32) -> Self {
        Self {
            user,
            keys: Load::Idle,
            tags: Load::Idle,
            power: None,
            is_admin_conditional: false,
            login: Login::default(),
            grants: None,
            refresh: false,
            reported: None,
            listing,
        }
    }

    /// Whether a listing has told of the user, and not only the last use of a key.
    pub(super) fn is_listed(&self) -> bool {
        self.user.created != DateTime::UNIX_EPOCH
    }

    /// How many keys there are; none while that is not known.
    #[must_use]
    pub fn key_count(&self) -> Option<usize> {
        match self.keys.known() {
            Some(keys) => Some(keys.len()),
            None => Some(self.reported.as_ref()?.len()),
        }
    }

    /// How many of the keys are Active, and how many neither Active nor Inactive; none while that is not
    /// known.
    pub(super) fn statuses(&self) -> Option<(usize, usize)> {
        let Some(keys) = self.keys.known() else {
            let reported = self.reported.as_ref()?.iter();
            return Some((reported.filter(|key| key.active).count(), 0));
        };
        let (mut active, mut neither) = (0, 0);
        for row in keys {
            match row.key.status {
                KeyStatus::Active => active += 1,
                KeyStatus::Inactive => {}
                KeyStatus::Other(_) => neither += 1,
            }
        }
        Some((active, neither))
    }

    /// Notes since when keys have been Inactive, as far as the report tells. It names no keys, and says
    /// of each when it was created or last changed, where a change is an activation or a deactivation.
    /// So the last change of one that is Inactive is its deactivation, provided that
    ///
    /// - the report tells of as many Inactive keys as there are now: one that was deactivated in the
    ///   hours since would be one more. Which is which is not said, so the latest change goes for all;
    /// - the change is later than the creation. Where it is not, the account's report does not count a
    ///   deactivation as a change, as some have seen it: then nothing is known;
    /// - the key was not used after it, which an Inactive one cannot be.
    pub(super) fn note_inactive(&mut self) {
        let (Some(reported), Some(keys)) = (self.reported.as_deref(), self.keys.known()) else {
            return;
        };
        let off = |row: &&KeyRow| row.key.status == KeyStatus::Inactive;
        let inactive = || reported.iter().filter(|key| !key.active);
        let is_same = keys.len() == reported.len()
            && keys.iter().filter(off).count() == inactive().count()
            && inactive().all(|key| key.rotated.is_some());
        let Some(latest) = inactive().filter_map(|key| key.rotated).max() else {
            return;
        };
        if !is_same {
            return;
        }
        let is_used_in_report = inactive().any(|key| match &key.last_used {
            LastUsed::At { time, .. } => *time > latest,
            LastUsed::Never => false,
        });
        for row in self.keys.known_mut().into_iter().flatten() {
            let is_change = row.key.created.is_some_and(|created| created < latest);
            let is_used_since = match row.last_used.known() {
                Some(LastUsed::At { time, .. }) => *time > latest,
                Some(LastUsed::Never) | None => false,
            };
            let is_off = row.key.status == KeyStatus::Inactive;
            let since = is_off && is_change && !is_used_since && !is_used_in_report;
            row.inactive_since = since.then_some(latest);
        }
    }

    /// One of the keys, by its place among those of the user.
    #[must_use]
    pub fn known_key(&self, at: usize) -> Option<Known<'_>> {
        let live = match self.keys.known() {
            Some(keys) => Some(keys.get(at)?),
            None => None,
        };
        let reported = match live {
            Some(row) => self.reported_of(row),
            None => Some(self.reported.as_ref()?.get(at)?),
        };
        Some(Known { live, reported })
    }

    /// The keys, as far as they are known.
    pub fn known_keys(&self) -> impl Iterator<Item = Known<'_>> + Clone {
        (0..self.key_count().unwrap_or(0)).filter_map(|at| self.known_key(at))
    }

    /// What the report says of a key that the account has named. The report names none: it is the
    /// one that was made at the very second, where only one was.
    fn reported_of(&self, row: &KeyRow) -> Option<&ReportedKey> {
        let reported = self.reported.as_deref()?;
        let created = row.key.created?;
        let mut same = reported.iter().filter(|key| key.rotated == Some(created));
        let found = same.next()?;
        let twins =
            |other: &KeyRow| other.key.created == Some(created) && other.key.id != row.key.id;
        let alone = same.next().is_none() && !self.keys.known()?.iter().any(twins);
        alone.then_some(found)
    }

    /// What a key is for, or that it has no description; none while that is not known.
    #[must_use]
    pub fn known_description(&self, key: Known<'_>) -> Option<Option<&str>> {
        self.tags.known()?;
        Some(self.description(key.id()?))
    }

    /// What a key is for, where it has a description.
    #[must_use]
    pub fn description(&self, key: &str) -> Option<&str> {
        self.tags.known()?.description(key)
    }

    /// Whose the user is, or that no tag says so; none while that is not known.
    #[must_use]
    pub fn known_owner(&self) -> Option<Option<&str>> {
        Some(self.tags.known()?.owner())
    }

    /// The key that most needs attention: the oldest Active one, or else the oldest. A row that tells
    /// of one key only tells of this one.
    #[must_use]
    pub fn foremost(&self) -> Option<Known<'_>> {
        self.foremost_first().next()
    }

    /// The keys, the [foremost](Self::foremost) first; the others keep their places.
    pub fn foremost_first(&self) -> impl Iterator<Item = Known<'_>> {
        // An age that is not known comes last.
        let rank = |(_, key): &(usize, Known<'_>)| {
            let created = key.created().unwrap_or(DateTime::<Utc>::MAX_UTC);
            (*key.status() != KeyStatus::Active, created)
        };
        let first = self.known_keys().enumerate().min_by_key(rank);
        let at = first.map(|(at, _)| at);
        let others = self.known_keys().enumerate();
        let others = others.filter(move |(place, _)| Some(*place) != at);
        first.into_iter().chain(others).map(|(_, key)| key)
    }

    /// What is not known and not asked for yet, or to be asked again.
    pub(in crate::engine) fn to_ask(&self) -> impl Iterator<Item = Read> + '_ {
        let ask = self.keys.is_idle() || (self.refresh && !self.keys.is_loading());
        let keys = ask.then(|| Read::Keys(self.user.name.clone()));
        let uses = self.keys.known().into_iter().flatten();
        let uses = uses
            .filter(|key| key.last_used.is_idle() || (key.refresh && !key.last_used.is_loading()))
            .map(|key| Read::LastUsed(self.user.name.clone(), key.key.id.clone()));
        keys.into_iter().chain(uses)
    }

    pub(super) fn key_mut(&mut self, id: &str) -> Option<&mut KeyRow> {
        let keys = self.keys.known_mut()?;
        keys.iter_mut().find(|row| row.key.id == id)
    }

    /// Forgets the report, once it has nothing to add.
    pub(super) fn outgrow_report(&mut self) {
        self.note_inactive();
        let has_it_all = |keys: &Vec<KeyRow>| keys.iter().all(KeyRow::is_complete);
        if self.keys.known().is_some_and(has_it_all) {
            self.reported = None;
        }
    }

    pub(super) fn tally(&self) -> Tally {
        let failed = usize::from(self.keys.error().is_some());
        let denied = self.keys.error().map(|error| error.kind) == Some(Kind::Denied);
        let denied = usize::from(denied);
        let untagged = usize::from(self.tags.known().is_none());
        let unjudged = usize::from(self.power.is_none());
        match self.keys.known() {
            Some(keys) => Tally {
                users: 1,
                keys: keys.len(),
                complete: keys.iter().filter(|row| row.is_complete()).count(),
                failed: failed
                    + keys
                        .iter()
                        .filter(|row| row.last_used.error().is_some())
                        .count(),
                denied,
                untagged,
                unjudged,
                ..Tally::default()
            },
            None => Tally {
                reported: self.reported.as_ref().map_or(0, |keys| keys.len()),
                unknown: usize::from(self.reported.is_none()),
                failed,
                denied,
                untagged,
                unjudged,
                ..Tally::default()
            },
        }
    }
}

/// A key of a user as it was known before an answer: it stands for its place among the user's keys.
pub(super) struct Shown {
    id: Option<String>,
    created: Option<DateTime<Utc>>,
}

impl Shown {
    /// The keys of a user.
    pub(super) fn of(row: &UserRow) -> Vec<Self> {
        let shown = |key: Known<'_>| Self {
            id: key.id().map(str::to_owned),
            created: key.created(),
        };
        row.known_keys().map(shown).collect()
    }

    /// Whether it is this key. The report names none: it is the one that was created then.
    fn is(&self, key: &KeyRow) -> bool {
        match &self.id {
            Some(id) => key.key.id == *id,
            None => key.key.created == self.created,
        }
    }
}

/// Puts keys where they were among those of their user: a place in a list of keys goes on standing
/// for the same key. New keys take what places are left.
pub(super) fn in_places(keys: impl Iterator<Item = KeyRow>, before: &[Shown]) -> Vec<KeyRow> {
    let mut left: Vec<Option<KeyRow>> = keys.map(Some).collect();
    let mut take = |was: &Shown| {
        let same = |key: &&mut Option<KeyRow>| key.as_ref().is_some_and(|key| was.is(key));
        left.iter_mut().find(same).and_then(Option::take)
    };
    let mut placed: Vec<Option<KeyRow>> = before.iter().map(&mut take).collect();
    let mut rest = left.into_iter().flatten();
    for place in placed.iter_mut().filter(|place| place.is_none()) {
        *place = rest.next();
    }
    placed.into_iter().flatten().chain(rest).collect()
}

/// Whether each key that was there before is still in its place.
pub(super) fn are_in_places(keys: &[KeyRow], before: &[Shown]) -> bool {
    keys.len() >= before.len() && keys.iter().zip(before).all(|(key, was)| was.is(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_user_beside_texts_is_small() {
        // Of 100,000 users 200 MB are kept at most, and a user's keys and texts are most of that.
        assert!(size_of::<UserRow>() <= 200, "{}", size_of::<UserRow>());
        assert!(size_of::<UserTags>() <= 56, "{}", size_of::<UserTags>());
    }
}
