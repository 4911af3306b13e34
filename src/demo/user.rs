//! Users and their access keys, as they are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::identifier::{self, KeyId};

/// Whether a key may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It signs requests.
    Active,
    /// It is refused until it is activated again.
    Inactive,
    /// The service retired it. Nobody can ask for this one.
    Expired,
}

impl Status {
    /// The word the service uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
            Self::Expired => "Expired",
        }
    }
}

/// When and for what a key was last used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUsed {
    /// When.
    pub at: DateTime<Utc>,
    /// The service called, such as `s3`.
    pub service: Arc<str>,
    /// The region called, such as `eu-west-1`.
    pub region: Arc<str>,
}

/// An access key. Its secret is [`KeyId::secret`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its ID.
    pub id: KeyId,
    /// Whether it may be used.
    pub status: Status,
    /// When it was created.
    pub created: DateTime<Utc>,
    /// When it was created, or last became active again: only the credential
    /// report tells.
    pub rotated: DateTime<Utc>,
    /// Its last use; nothing if it was never used.
    pub last_used: Option<LastUsed>,
}

impl Key {
    /// A new key: active and never used.
    #[must_use]
    pub fn new(id: KeyId, created: DateTime<Utc>) -> Self {
        Self {
            id,
            status: Status::Active,
            created,
            rotated: created,
            last_used: None,
        }
    }
}

/// A tag of a user. One whose key is the ID of an access key is that key's
/// description: this is where the console keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What it is called, spelled as it was last written.
    pub key: String,
    /// What it says.
    pub value: String,
}

/// A user of the account.
#[derive(Clone, Debug)]
pub struct User {
    /// The name, spelled as it was created.
    pub name: Arc<str>,
    /// The path: `/`, or a folder such as `/people/`.
    pub path: Arc<str>,
    /// When the user was created.
    pub created: DateTime<Utc>,
    /// The access keys, in the order they were added.
    pub keys: Vec<Key>,
    /// By key without case: that is how the service compares and sorts them.
    tags: BTreeMap<String, Tag>,
    number: u64,
}

impl User {
    /// A user without keys.
    pub(super) fn new(name: &str, path: Arc<str>, created: DateTime<Utc>, number: u64) -> Self {
        Self {
            name: name.into(),
            path,
            created,
            keys: Vec::new(),
            tags: BTreeMap::new(),
            number,
        }
    }

    /// All tags, sorted by key without case.
    pub fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.tags.values()
    }

    /// The tag of a name, in whatever case.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&Tag> {
        self.tags.get(&fold_tag(key))
    }

    /// Writes tags over those of the same names, unless there would be too many;
    /// says whether it did.
    pub(super) fn set_tags(&mut self, tags: Vec<Tag>) -> bool {
        let new = tags.iter().filter(|tag| self.tag(&tag.key).is_none());
        if self.tags.len() + new.count() > TAGS_PER_USER {
            return false;
        }
        let tags = tags.into_iter().map(|tag| (fold_tag(&tag.key), tag));
        self.tags.extend(tags);
        true
    }

    /// Removes the tag of a name; one that is not there is as good as removed.
    pub(super) fn remove_tag(&mut self, key: &str) {
        self.tags.remove(&fold_tag(key));
    }

    /// The unique ID, which a later user of the same name would not share.
    #[must_use]
    pub fn id(&self) -> String {
        identifier::user_id(self.number)
    }
}

/// How many tags a user may have.
pub const TAGS_PER_USER: usize = 50;

/// A tag's key as it is compared: case does not count, in any script.
pub(super) fn fold_tag(key: &str) -> String {
    key.to_lowercase()
}

/// A name as it is compared: case does not count.
pub(super) fn fold(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// As [`fold`]; most names have no capitals and need one copy only.
pub(super) fn fold_shared(name: &Arc<str>) -> Arc<str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        fold(name).into()
    } else {
        name.clone()
    }
}
