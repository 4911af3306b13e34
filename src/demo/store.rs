//! The account behind the endpoint: its users and their access keys.
//!
//! Pure: it knows no clock, no protocol and no randomness; whoever calls says
//! what time it is.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::identifier::KeyId;
use super::refusal::Refusal;
use super::user::{Key, LastUsed, Status, Tag, User, fold, fold_shared, fold_tag};

/// How many access keys a user may have, Inactive ones counted.
pub const KEYS_PER_USER: usize = 2;

/// A use of a key is recorded once in this time, as the service does it.
const USE_IS_RECORDED_EVERY: TimeDelta = TimeDelta::minutes(15);

/// Whose credentials the account gives out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SignedIn {
    Key(KeyId),
    Role(RoleSession),
}

/// A session of a role: what a person who signs in through SSO has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoleSession {
    pub(super) role: String,
    pub(super) session: String,
    /// The session's temporary key.
    pub(super) key: KeyId,
}

impl RoleSession {
    /// A session that was there before anything was asked.
    fn first(role: &str, session: &str) -> Self {
        Self {
            role: role.to_owned(),
            session: session.to_owned(),
            key: KeyId::parse("ASIAQX7DEMO40SESSION").unwrap_or_else(|| KeyId::temporary(0)),
        }
    }

    /// Its unique ID, as `GetCallerIdentity` gives it.
    pub(super) fn id(&self) -> String {
        format!("AROAQX7DEMO400SESSION:{}", self.session)
    }

    /// What has to be sent along with each request.
    pub(super) const TOKEN: &'static str = "DEMO/EXAMPLE/session/token";
}

/// A key pair to sign requests with.
pub(super) struct KeyPair {
    pub(super) id: KeyId,
    pub(super) secret: String,
    pub(super) token: Option<&'static str>,
}

/// An AWS account, as far as access keys are concerned.
#[derive(Clone, Debug)]
pub struct Account {
    id: String,
    alias: Option<String>,
    /// By name without case: that is how the service compares and sorts them.
    users: BTreeMap<Arc<str>, User>,
    /// Whose each key is: requests name a key without its user.
    owners: BTreeMap<KeyId, Arc<str>>,
    /// The root user's, with which nobody signs anything here.
    root_keys: Vec<Key>,
    signed_in: SignedIn,
    /// The roles that were assumed.
    assumed: Vec<RoleSession>,
    next_user: u64,
    next_key: u64,
}

impl Account {
    /// An account without users, signed in to through a role.
    #[must_use]
    pub fn empty(id: &str, alias: Option<&str>) -> Self {
        Self {
            id: id.to_owned(),
            alias: alias.map(str::to_owned),
            users: BTreeMap::new(),
            owners: BTreeMap::new(),
            root_keys: Vec::new(),
            signed_in: SignedIn::Role(RoleSession::first("Administrator", "alice")),
            assumed: Vec::new(),
            next_user: 1,
            next_key: 1,
        }
    }

    /// Puts many users in at once, which takes less time and memory than one
    /// after the other. Their names and the IDs of their keys must differ.
    pub(super) fn fill(&mut self, users: impl Iterator<Item = User>) {
        self.users = users.map(|user| (fold_shared(&user.name), user)).collect();
        self.owners = self
            .users
            .iter()
            .flat_map(|(name, user)| user.keys.iter().map(|key| (key.id, name.clone())))
            .collect();
        self.next_user += self.users.len() as u64;
        self.next_key += self.owners.len() as u64;
    }

    /// The account's number.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The account's alias.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        self.alias.as_deref()
    }

    /// All users, sorted by name without case.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// The root user's keys, of which only the credential report and the account
    /// summary tell.
    #[must_use]
    pub fn root_keys(&self) -> &[Key] {
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

    /// The user of a name, in whatever case.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(fold(name).as_str())
    }

    /// A key and its user.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<(&User, &Key)> {
        let id = KeyId::parse(id)?;
        let user = self.users.get(self.owners.get(&id)?)?;
        let key = user.keys.iter().find(|key| key.id == id)?;
        Some((user, key))
    }

    /// The users after a name, which itself need not exist (any more).
    pub(super) fn users_after(&self, name: Option<&str>) -> impl Iterator<Item = &User> {
        let name = name.map(fold);
        let from = name.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.users
            .range::<str, _>((from, Bound::Unbounded))
            .map(|(_, user)| user)
    }

    /// The ARN of a user.
    pub(super) fn arn(&self, user: &User) -> String {
        let mut arn = String::new();
        self.write_arn(&mut arn, user);
        arn
    }

    /// As [`Self::arn`], into a text that there is already.
    pub(super) fn write_arn(&self, out: &mut String, user: &User) {
        for part in ["arn:aws:iam::", &self.id, ":user", &user.path, &user.name] {
            out.push_str(part);
        }
    }

    /// Adds a user without keys. Names that differ in case only are the same.
    ///
    /// # Errors
    /// When there is such a user.
    pub fn add_user(
        &mut self,
        name: &str,
        path: &str,
        created: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        if self.user(name).is_some() {
            return Err(Refusal::user_exists(name));
        }
        let user = User::new(name, path.into(), created, self.next_user);
        self.next_user += 1;
        self.users.insert(fold_shared(&user.name), user);
        Ok(())
    }

    /// Removes a user with all keys; says whether there was one.
    pub fn remove_user(&mut self, name: &str) -> bool {
        let Some(user) = self.users.remove(fold(name).as_str()) else {
            return false;
        };
        for key in user.keys {
            self.owners.remove(&key.id);
        }
        true
    }

    /// Creates a key, as the service does: at most two for a user.
    ///
    /// # Errors
    /// When there is no such user, or the user has two keys.
    pub fn create_key(&mut self, user: &str, now: DateTime<Utc>) -> Result<KeyId, Refusal> {
        let count = self
            .user(user)
            .ok_or_else(|| Refusal::no_such_user(user))?
            .keys
            .len();
        if count >= KEYS_PER_USER {
            return Err(Refusal::key_quota(KEYS_PER_USER));
        }
        self.add_new_key(user, now)
    }

    /// Adds a key with a new ID whatever the quota says: some users of the real
    /// service do have more than two.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn add_new_key(&mut self, user: &str, created: DateTime<Utc>) -> Result<KeyId, Refusal> {
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
    pub fn add_key(&mut self, user: &str, key: Key) -> Result<(), Refusal> {
        let folded = fold(user);
        let Some((owner, _)) = self.users.get_key_value(folded.as_str()) else {
            return Err(Refusal::no_such_user(user));
        };
        if self.owners.contains_key(&key.id) {
            let message = format!("There is a key with id {} already.", key.id);
            return Err(Refusal::new(409, "EntityAlreadyExists", message));
        }
        self.owners.insert(key.id, owner.clone());
        if let Some(user) = self.users.get_mut(folded.as_str()) {
            user.keys.push(key);
        }
        Ok(())
    }

    /// Writes tags of a user over those of the same names.
    ///
    /// # Errors
    /// When there is no such user, or two of the tags have one name, or the
    /// user would have more than fifty. Nothing is written then.
    pub fn tag_user(&mut self, user: &str, tags: Vec<Tag>) -> Result<(), Refusal> {
        let found = self.users.get_mut(fold(user).as_str());
        let found = found.ok_or_else(|| Refusal::no_such_user(user))?;
        let mut names: Vec<String> = tags.iter().map(|tag| fold_tag(&tag.key)).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() < tags.len() {
            return Err(Refusal::duplicate_tags());
        }
        if found.set_tags(tags) {
            Ok(())
        } else {
            Err(Refusal::tag_quota())
        }
    }

    /// Removes tags of a user; those that are not there are as good as removed.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn untag_user(&mut self, user: &str, keys: &[&str]) -> Result<(), Refusal> {
        let found = self.users.get_mut(fold(user).as_str());
        let found = found.ok_or_else(|| Refusal::no_such_user(user))?;
        for key in keys {
            found.remove_tag(key);
        }
        Ok(())
    }

    /// Removes a key; says whether there was one. A description of it stays, as
    /// with the service.
    pub fn remove_key(&mut self, id: &str) -> bool {
        let Some(id) = KeyId::parse(id) else {
            return false;
        };
        let Some(owner) = self.owners.remove(&id) else {
            return false;
        };
        if let Some(user) = self.users.get_mut(&owner) {
            user.keys.retain(|key| key.id != id);
        }
        true
    }

    /// Changes a key's status and nothing else; says whether there is such a key.
    pub fn set_key_status(&mut self, id: &str, status: Status) -> bool {
        self.key_mut(id).is_some_and(|key| {
            key.status = status;
            true
        })
    }

    /// Changes a key's status as the service does, which remembers when a key
    /// last became active; says whether there is such a key.
    pub fn update_key(&mut self, id: &str, status: Status, now: DateTime<Utc>) -> bool {
        self.key_mut(id).is_some_and(|key| {
            if status == Status::Active && key.status != Status::Active {
                key.rotated = now;
            }
            key.status = status;
            true
        })
    }

    /// Changes a key's last use; says whether there is such a key.
    pub fn set_last_used(&mut self, id: &str, last_used: Option<LastUsed>) -> bool {
        self.key_mut(id).is_some_and(|key| {
            key.last_used = last_used;
            true
        })
    }

    /// Notes that a key signed a request, once in a quarter of an hour.
    pub(super) fn record_use(
        &mut self,
        id: KeyId,
        service: &str,
        region: &str,
        now: DateTime<Utc>,
    ) {
        let Some(key) = self.key_mut(id.as_str()) else {
            return;
        };
        let fresh = key
            .last_used
            .as_ref()
            .is_some_and(|used| now - used.at < USE_IS_RECORDED_EVERY);
        if !fresh {
            key.last_used = Some(LastUsed {
                at: now,
                service: service.into(),
                region: region.into(),
            });
        }
    }

    /// Signs in as a user, with the first key that is active.
    ///
    /// # Errors
    /// When there is no such user, or none of the user's keys is active.
    pub fn sign_in_as(&mut self, name: &str) -> Result<(), Refusal> {
        let user = self.user(name).ok_or_else(|| Refusal::no_such_user(name))?;
        let key = user
            .keys
            .iter()
            .find(|key| key.status == Status::Active)
            .ok_or_else(Refusal::unknown_token)?;
        self.signed_in = SignedIn::Key(key.id);
        Ok(())
    }

    /// Signs in through a role instead of as a user.
    pub fn sign_in_with_role(&mut self, role: &str, session: &str) {
        self.signed_in = SignedIn::Role(RoleSession::first(role, session));
    }

    /// Lets a caller have a session of a role. It never ends, whatever the caller is told.
    pub(super) fn assume_role(&mut self, role: &str, session: &str) -> &RoleSession {
        let place = self.assumed.len();
        self.assumed.push(RoleSession {
            role: role.to_owned(),
            session: session.to_owned(),
            key: KeyId::temporary(place as u64),
        });
        &self.assumed[place]
    }

    /// The session of a role that signs with a key.
    pub(super) fn role_session(&self, key: &str) -> Option<&RoleSession> {
        let first = match &self.signed_in {
            SignedIn::Role(session) => Some(session),
            SignedIn::Key(_) => None,
        };
        first
            .into_iter()
            .chain(&self.assumed)
            .find(|session| session.key == *key)
    }

    /// How a session of a role is named.
    pub(super) fn session_arn(&self, session: &RoleSession) -> String {
        let RoleSession { role, session, .. } = session;
        format!("arn:aws:sts::{}:assumed-role/{role}/{session}", self.id)
    }

    /// What whoever is signed in signs requests with.
    pub(super) fn key_pair(&self) -> KeyPair {
        let (id, token) = match &self.signed_in {
            SignedIn::Key(id) => (*id, None),
            SignedIn::Role(session) => (session.key, Some(RoleSession::TOKEN)),
        };
        KeyPair {
            id,
            secret: id.secret(),
            token,
        }
    }

    fn key_mut(&mut self, id: &str) -> Option<&mut Key> {
        let id = KeyId::parse(id)?;
        let user = self.users.get_mut(self.owners.get(&id)?)?;
        user.keys.iter_mut().find(|key| key.id == id)
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
    fn names_are_one_whatever_their_case_and_keep_their_spelling() {
        let mut account = account();
        assert_eq!(&*account.user("bOB").unwrap().name, "Bob");
        let refusal = account.add_user("BOB", "/", at(0)).unwrap_err();
        assert_eq!(refusal.code, "EntityAlreadyExists");
        let names: Vec<_> = account.users().map(|user| &*user.name).collect();
        assert_eq!(names, ["alice", "Bob"]);
        assert!(account.remove_user("boB"));
        assert!(!account.remove_user("boB"));
    }

    #[test]
    fn a_third_key_is_refused_even_when_the_others_are_inactive() {
        let mut account = account();
        for _ in 0..2 {
            let id = account.create_key("bob", at(0)).unwrap();
            assert!(account.set_key_status(id.as_str(), Status::Inactive));
        }
        let refusal = account.create_key("bob", at(0)).unwrap_err();
        assert_eq!(refusal, Refusal::key_quota(2));
        assert_eq!(account.user("bob").unwrap().keys.len(), 2);
        account.add_new_key("bob", at(0)).unwrap();
        assert_eq!(account.user("bob").unwrap().keys.len(), 3);
    }

    #[test]
    fn a_key_remembers_when_it_last_became_active() {
        let mut account = account();
        let id = account.create_key("bob", at(0)).unwrap();
        let mut update = |status, minutes| {
            assert!(account.update_key(id.as_str(), status, at(minutes)));
            account.key(id.as_str()).unwrap().1.rotated
        };
        assert_eq!(update(Status::Active, 1), at(0), "it was active");
        assert_eq!(update(Status::Inactive, 2), at(0));
        assert_eq!(update(Status::Active, 3), at(3));
        assert!(!account.update_key("AKIANOSUCHKEYEXAMPLE", Status::Active, at(4)));
    }

    #[test]
    fn a_removed_key_is_gone_and_its_id_is_not_given_out_again() {
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
    fn a_tag_is_written_over_whatever_its_case_and_spelled_as_it_was_last() {
        let mut account = account();
        let tag = |key: &str, value: &str| Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let tags = |account: &Account| -> Vec<Tag> {
            account.user("bob").unwrap().tags().cloned().collect()
        };
        account
            .tag_user("BOB", vec![tag("Team", "a"), tag("env", "b")])
            .unwrap();
        account.tag_user("bob", vec![tag("TEAM", "c")]).unwrap();
        assert_eq!(tags(&account), [tag("env", "b"), tag("TEAM", "c")]);
        let twice = vec![tag("ÄRGER", "1"), tag("ärger", "2")];
        let refusal = account.tag_user("bob", twice).unwrap_err();
        assert_eq!(refusal, Refusal::duplicate_tags());
        account.untag_user("bob", &["team", "never there"]).unwrap();
        assert_eq!(tags(&account), [tag("env", "b")]);
        assert_eq!(
            account.untag_user("eve", &[]).unwrap_err().code,
            "NoSuchEntity"
        );
    }

    #[test]
    fn a_user_has_fifty_tags_at_most_and_may_write_over_them() {
        let mut account = account();
        let tag = |number: usize, value: &str| Tag {
            key: format!("tag {number}"),
            value: value.to_owned(),
        };
        let fifty = (0..50).map(|number| tag(number, "")).collect();
        account.tag_user("bob", fifty).unwrap();
        account.tag_user("bob", vec![tag(7, "new")]).unwrap();
        let more = vec![tag(8, "new"), tag(50, "")];
        let refusal = account.tag_user("bob", more).unwrap_err();
        assert_eq!(refusal, Refusal::tag_quota());
        let bob = account.user("bob").unwrap();
        let value = |number| &*bob.tag(&format!("Tag {number}")).unwrap().value;
        assert_eq!((bob.tags().count(), value(7), value(8)), (50, "new", ""));
    }

    #[test]
    fn a_use_is_recorded_once_in_a_quarter_of_an_hour() {
        let mut account = account();
        let id = account.create_key("bob", at(0)).unwrap();
        let used = |account: &Account| account.key(id.as_str()).unwrap().1.last_used.clone();
        account.record_use(id, "iam", "us-east-1", at(10));
        account.record_use(id, "sts", "us-east-1", at(60));
        assert_eq!(used(&account).unwrap().at, at(10));
        account.record_use(id, "sts", "us-east-1", at(10 + 15 * 60));
        assert_eq!(&*used(&account).unwrap().service, "sts");
    }

    #[test]
    fn listing_goes_on_after_a_name_that_is_gone() {
        let mut account = account();
        account.remove_user("alice");
        let names: Vec<_> = account
            .users_after(Some("ALICE"))
            .map(|user| &*user.name)
            .collect();
        assert_eq!(names, ["Bob"]);
    }
}
