//! The account behind the endpoint: its users and their access keys.
//!
//! Pure: no clock, no protocol and no randomness; the caller passes the time.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::access::Access;
use super::caller::{Caller, Session};
use super::changes::Changes;
use super::error::{ALREADY_EXISTS, INVALID_INPUT, LIMIT_EXCEEDED, ServiceError};
use super::identifier::KeyId;
use super::member::Membership;
use super::role::Role;
use super::secret_stores::Stored;
use super::user::{Key, LastUsed, Status, TAGS_PER_USER, Tag, User, fold, fold_tag};

/// How many access keys a user may have, Inactive ones counted.
pub const KEYS_PER_USER: usize = 2;

/// So many users with keys that are no more are kept.
const MOST_GONE: usize = 1000;

/// AWS records a use of a key once in this time.
const USE_IS_RECORDED_EVERY: TimeDelta = TimeDelta::minutes(15);

/// How many keys, users and sessions of an account have a number of its own, so that those of no two
/// accounts of an organisation share one.
const NUMBERS_PER_ACCOUNT: u64 = 1 << 20;

/// An AWS account, as far as access keys are concerned.
#[derive(Clone, Debug)]
pub struct Account {
    id: String,
    alias: Option<String>,
    /// By name without case: that is how the service compares and sorts them.
    users: BTreeMap<Arc<str>, User>,
    /// The user of each key: requests name a key without its user.
    owners: BTreeMap<KeyId, Arc<str>>,
    /// The root user's, which sign no requests here.
    root_keys: Vec<Key>,
    /// Its roles, and what its users may do.
    pub(super) access: Access,
    /// What the organisation knows of it, where it is in one.
    pub(super) membership: Option<Membership>,
    /// When it was as its file says, which its history counts back from.
    pub(super) made: Option<DateTime<Utc>>,
    /// What was changed since.
    pub(super) changes: Changes,
    /// The secrets and parameters that were stored in it.
    pub(super) stored: Stored,
    /// Users with the keys that they had once: the history of calls goes on telling of them.
    gone: Vec<User>,
    /// The sessions begun so far. Their keys are numbered in this order.
    sessions: Vec<Session>,
    /// The first of the account's numbers.
    first_number: u64,
    /// The key whose credentials the endpoint hands out: a user's or a session's.
    signed_in: KeyId,
    next_user: u64,
    next_key: u64,
}

impl Account {
    /// An account without users, signed in to through a role.
    pub(super) fn empty(id: &str, alias: Option<&str>) -> Self {
        Self::empty_at(0, id, alias)
    }

    /// The same, at a place among the accounts of an organisation.
    pub(super) fn empty_at(place: usize, id: &str, alias: Option<&str>) -> Self {
        let first_number = Self::first_number(place);
        let mut account = Self {
            id: id.to_owned(),
            alias: alias.map(str::to_owned),
            users: BTreeMap::new(),
            owners: BTreeMap::new(),
            root_keys: Vec::new(),
            access: Access::default(),
            membership: None,
            made: None,
            changes: Changes::default(),
            stored: Stored::default(),
            gone: Vec::new(),
            sessions: Vec::new(),
            first_number,
            signed_in: KeyId::temporary(first_number),
            next_user: first_number + 1,
            next_key: first_number + 1,
        };
        account.sign_in_with_role("Administrator", "alice");
        account
    }

    /// Adds many users at once, which takes less time and memory than one after the other. Their
    /// names and the IDs of their keys must differ.
    pub(super) fn fill(&mut self, users: impl Iterator<Item = User>) {
        self.users = users.map(|user| (fold(&user.name).into(), user)).collect();
        self.owners = self
            .users
            .iter()
            .flat_map(|(name, user)| user.keys.iter().map(|key| (key.id, name.clone())))
            .collect();
        self.next_user += self.users.len() as u64;
        self.next_key += self.owners.len() as u64;
    }

    /// The account ID.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The account alias.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        self.alias.as_deref()
    }

    /// All users, sorted by name without case.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// The root user's keys, which only the credential report and the account summary mention.
    pub(super) fn root_keys(&self) -> &[Key] {
        &self.root_keys
    }

    /// Adds a key of the root user.
    pub fn add_root_key(&mut self, key: Key) {
        self.root_keys.push(key);
    }

    /// How many users there are.
    #[must_use]
    pub fn user_count(&self) -> usize {
        self.users.len()
    }

    /// How many keys there are.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.owners.len()
    }

    /// The user of a name, in any case.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(fold(name).as_str())
    }

    pub(super) fn existing_user(&self, name: &str) -> Result<&User, ServiceError> {
        self.user(name)
            .ok_or_else(|| ServiceError::no_such_user(name))
    }

    fn existing_user_mut(&mut self, name: &str) -> Result<&mut User, ServiceError> {
        self.users
            .get_mut(fold(name).as_str())
            .ok_or_else(|| ServiceError::no_such_user(name))
    }

    /// A key and its user.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<(&User, &Key)> {
        let id = KeyId::parse(id)?;
        let user = self.users.get(self.owners.get(&id)?)?;
        let key = user.keys.iter().find(|key| key.id == id)?;
        Some((user, key))
    }

    /// The users after a name, also where no user has that name any more.
    pub(super) fn users_after(&self, name: Option<&str>) -> impl Iterator<Item = &User> {
        let name = name.map(fold);
        let from = name.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.users
            .range::<str, _>((from, Bound::Unbounded))
            .map(|(_, user)| user)
    }

    /// The ARN of a user.
    pub(super) fn arn(&self, user: &User) -> String {
        format!("arn:aws:iam::{}:user{}{}", self.id, user.path, user.name)
    }

    /// Adds a user without keys. Names that differ only in case are the same.
    ///
    /// # Errors
    /// When there is such a user.
    pub fn add_user(
        &mut self,
        name: &str,
        path: &str,
        created: DateTime<Utc>,
    ) -> Result<(), ServiceError> {
        if self.user(name).is_some() {
            let message = format!("User with name {name} already exists.");
            return Err(ServiceError::new(ALREADY_EXISTS, message));
        }
        let user = User::new(name, path, created, self.next_user);
        self.next_user += 1;
        self.users.insert(fold(name).into(), user);
        Ok(())
    }

    /// Removes a user with all keys; returns whether there was one.
    pub fn remove_user(&mut self, name: &str) -> bool {
        let Some(user) = self.users.remove(fold(name).as_str()) else {
            return false;
        };
        for key in &user.keys {
            self.owners.remove(&key.id);
        }
        self.keep_gone(user);
        self.revoke_all(name);
        self.discard_credentials(name);
        true
    }

    /// Creates a key, as the service does: at most two for a user.
    ///
    /// # Errors
    /// When there is no such user, or the user has two keys.
    pub fn create_key(&mut self, user: &str, now: DateTime<Utc>) -> Result<KeyId, ServiceError> {
        if self.existing_user(user)?.keys.len() >= KEYS_PER_USER {
            let message = format!("Cannot exceed quota for AccessKeysPerUser: {KEYS_PER_USER}");
            return Err(ServiceError::new(LIMIT_EXCEEDED, message));
        }
        self.add_new_key(user, now)
    }

    /// Adds a key with a new ID, also beyond the quota: some users of real accounts do have more
    /// than two.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn add_new_key(
        &mut self,
        user: &str,
        created: DateTime<Utc>,
    ) -> Result<KeyId, ServiceError> {
        let id = loop {
            let id = KeyId::numbered(self.next_key);
            self.next_key += 1;
            if !self.owners.contains_key(&id) {
                break id;
            }
        };
        self.add_key(user, Key::new(id, created))?;
        Ok(id)
    }

    /// Adds a key as it is.
    ///
    /// # Errors
    /// When there is no such user, or there is such a key.
    pub fn add_key(&mut self, user: &str, key: Key) -> Result<(), ServiceError> {
        let (id, known) = (key.id, self.owners.contains_key(&key.id));
        let keys = &mut self.existing_user_mut(user)?.keys;
        if known {
            let message = format!("There is a key with id {id} already.");
            return Err(ServiceError::new(ALREADY_EXISTS, message));
        }
        keys.push(key);
        self.owners.insert(id, fold(user).into());
        Ok(())
    }

    /// Writes tags of a user over those of the same names.
    ///
    /// # Errors
    /// When there is no such user, or two of the tags have one name, or the user would have more
    /// than fifty. Nothing is written then.
    pub fn tag_user(&mut self, user: &str, tags: Vec<Tag>) -> Result<(), ServiceError> {
        let user = self.existing_user_mut(user)?;
        let count = tags.len();
        let tags: BTreeMap<_, _> = tags
            .into_iter()
            .map(|tag| (fold_tag(&tag.key), tag))
            .collect();
        if tags.len() < count {
            let message =
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(ServiceError::new(INVALID_INPUT, message));
        }
        let new = tags.keys().filter(|key| !user.tags.contains_key(*key));
        if user.tags.len() + new.count() > TAGS_PER_USER {
            let message = "The number of tags has reached the maximum limit.";
            return Err(ServiceError::new(LIMIT_EXCEEDED, message));
        }
        user.tags.extend(tags);
        Ok(())
    }

    /// Removes tags of a user; one that does not exist is no error.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn untag_user(&mut self, user: &str, keys: &[&str]) -> Result<(), ServiceError> {
        let user = self.existing_user_mut(user)?;
        for key in keys {
            user.tags.remove(&fold_tag(key));
        }
        Ok(())
    }

    /// Removes a key; returns whether there was one. Its description stays, as with the service.
    pub fn remove_key(&mut self, id: &str) -> bool {
        let owner = KeyId::parse(id).and_then(|id| self.owners.remove(&id));
        let Some(user) = owner.and_then(|owner| self.users.get_mut(&owner)) else {
            return false;
        };
        let (gone, kept) = std::mem::take(&mut user.keys)
            .into_iter()
            .partition(|key| key.id == id);
        user.keys = kept;
        let mut user = user.clone();
        user.keys = gone;
        self.keep_gone(user);
        true
    }

    fn keep_gone(&mut self, user: User) {
        if self.gone.len() == MOST_GONE {
            self.gone.remove(0);
        }
        self.gone.push(user);
    }

    /// All users with their keys, and those that are no more.
    pub(super) fn users_ever(&self) -> impl Iterator<Item = &User> {
        self.users().chain(&self.gone)
    }

    /// Changes a key's status and nothing else; returns whether there is such a key.
    pub fn set_key_status(&mut self, id: &str, status: Status) -> bool {
        self.change_key(id, |key| key.status = status)
    }

    /// Changes a key's status as the service does, which remembers when a key last changed;
    /// returns whether there is such a key.
    pub fn update_key(&mut self, id: &str, status: Status, now: DateTime<Utc>) -> bool {
        self.change_key(id, |key| {
            if status != key.status {
                key.rotated_before = key.rotated;
                key.rotated = now;
            }
            key.status = status;
        })
    }

    /// Changes a key's last use; returns whether there is such a key.
    pub fn set_last_used(&mut self, id: &str, last_used: Option<LastUsed>) -> bool {
        self.change_key(id, |key| key.last_used = last_used)
    }

    /// Records that a key signed a request, once in a quarter of an hour.
    pub(super) fn record_use(&mut self, id: KeyId, service: &str, now: DateTime<Utc>) {
        self.change_key(id.as_str(), |key| {
            let last = key.last_used.as_ref().map(|used| used.at);
            if last.is_none_or(|last| now - last >= USE_IS_RECORDED_EVERY) {
                key.last_used = Some(LastUsed {
                    at: now,
                    service: service.into(),
                    region: "us-east-1".into(),
                });
            }
        });
    }

    /// Signs in as a user, with the first key that is active.
    pub(super) fn sign_in_as(&mut self, name: &str) -> Result<(), ServiceError> {
        let mut keys = self.existing_user(name)?.keys.iter();
        let key = keys.find(|key| key.status == Status::Active);
        self.signed_in = key.ok_or_else(ServiceError::invalid_token)?.id;
        Ok(())
    }

    /// Signs in through a role instead of as a user. Its session may do everything, and never ends.
    pub fn sign_in_with_role(&mut self, role: &str, session: &str) {
        let caller = self.role_caller(&Role::new(role), session);
        self.signed_in = self.begin(caller, None).key;
    }

    /// Begins a session.
    pub(super) fn begin(&mut self, caller: Caller, expires: Option<DateTime<Utc>>) -> &Session {
        let place = self.sessions.len();
        self.sessions.push(Session {
            key: KeyId::temporary(self.first_number + place as u64),
            caller,
            expires,
        });
        &self.sessions[place]
    }

    /// Ends all sessions that were begun so far, before their time.
    pub fn end_sessions(&mut self) {
        for session in &mut self.sessions {
            session.expires = Some(DateTime::UNIX_EPOCH);
        }
    }

    /// The session that signs with a key.
    pub(super) fn session(&self, key: &str) -> Option<&Session> {
        let number = KeyId::parse(key).filter(|key| key.as_str().starts_with("ASIA"))?;
        let place = number.number()?.checked_sub(self.first_number)?;
        self.sessions.get(usize::try_from(place).ok()?)
    }

    /// The first of the numbers of the account at a place among those of an organisation.
    pub(super) fn first_number(place: usize) -> u64 {
        place as u64 * NUMBERS_PER_ACCOUNT
    }

    /// The place, among the accounts of an organisation, of the account whose number a key has.
    pub(super) fn place_of(key: KeyId) -> Option<usize> {
        usize::try_from(key.number()? / NUMBERS_PER_ACCOUNT).ok()
    }

    /// The key to sign requests with, and the session token that belongs to it.
    pub(super) fn signed_in(&self) -> (KeyId, Option<String>) {
        let session = self.session(self.signed_in.as_str());
        (self.signed_in, session.map(Session::token))
    }

    fn change_key(&mut self, id: &str, change: impl FnOnce(&mut Key)) -> bool {
        let Some(id) = KeyId::parse(id) else {
            return false;
        };
        let owner = self.owners.get(&id);
        let user = owner.and_then(|owner| self.users.get_mut(owner));
        let key = user.and_then(|user| user.keys.iter_mut().find(|key| key.id == id));
        key.map(change).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn account() -> Account {
        let mut account = Account::empty("123456789012", None);
        account.add_user("Bob", "/", at(0)).unwrap();
        account.add_user("alice", "/people/", at(0)).unwrap();
        account
    }

    #[test]
    fn names_are_compared_without_case_and_keep_their_spelling() {
        let mut account = account();
        assert_eq!(&*account.user("bOB").unwrap().name, "Bob");
        let error = account.add_user("BOB", "/", at(0)).unwrap_err();
        assert_eq!(error.code, "EntityAlreadyExists");
        let names: Vec<_> = account.users().map(|user| &*user.name).collect();
        assert_eq!(names, ["alice", "Bob"]);
        assert!(account.remove_user("boB"));
        assert!(!account.remove_user("boB"));
    }

    #[test]
    fn the_id_of_a_removed_key_is_not_used_again() {
        let mut account = account();
        let first = account.create_key("bob", at(0)).unwrap();
        assert!(account.remove_key(first.as_str()));
        assert!(!account.remove_key(first.as_str()));
        assert!(account.key(first.as_str()).is_none());
        let second = account.create_key("bob", at(0)).unwrap();
        assert_ne!(first, second);
        account.remove_user("bob");
        assert!(account.key(second.as_str()).is_none());
        assert_eq!(account.key_count(), 0);
    }

    #[test]
    fn a_use_is_recorded_once_in_a_quarter_of_an_hour() {
        let mut account = account();
        let id = account.create_key("bob", at(0)).unwrap();
        let used = |account: &Account| account.key(id.as_str()).unwrap().1.last_used.clone();
        account.record_use(id, "iam", at(10));
        account.record_use(id, "sts", at(60));
        assert_eq!(used(&account).unwrap().at, at(10));
        account.record_use(id, "sts", at(10 + 15 * 60));
        assert_eq!(&*used(&account).unwrap().service, "sts");
    }
}
