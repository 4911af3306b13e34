//! Users, their access keys and their tags.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::identifier::{self, KeyId};

/// The status of an access key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Status {
    /// It signs requests.
    #[default]
    Active,
    /// It is refused until it is activated again.
    Inactive,
    /// Retired by the service; no request can set this one.
    Expired,
}

impl Status {
    /// The status as AWS spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
            Self::Expired => "Expired",
        }
    }
}

/// The last use of an access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUsed {
    /// The time.
    pub at: DateTime<Utc>,
    /// The service called, such as `s3`.
    pub service: Arc<str>,
    /// The region called, such as `eu-west-1`.
    pub region: Arc<str>,
}

/// An access key. Its secret is [`KeyId::secret`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The ID.
    pub id: KeyId,
    /// The status.
    pub status: Status,
    /// When it was created.
    pub created: DateTime<Utc>,
    /// When it was created, activated or deactivated last: `last_rotated` in the credential report.
    pub rotated: DateTime<Utc>,
    /// The same before its latest change: an older report has that.
    pub rotated_before: DateTime<Utc>,
    /// The last use; `None` if it was never used.
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
            rotated_before: created,
            last_used: None,
        }
    }
}

/// A tag of a user. The console stores the description of an access key as a tag whose key is the
/// key's ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The key, spelled as it was last written.
    pub key: String,
    /// The value.
    pub value: String,
}

/// A user of the account.
#[derive(Clone, Debug)]
pub struct User {
    /// The name, spelled as on creation.
    pub name: Arc<str>,
    /// The path: `/`, or a folder such as `/people/`.
    pub path: Arc<str>,
    /// When the user was created.
    pub created: DateTime<Utc>,
    /// The access keys, in the order they were added.
    pub keys: Vec<Key>,
    /// By key without case: that is how the service compares and sorts them.
    pub(super) tags: BTreeMap<String, Tag>,
    number: u64,
}

impl User {
    /// A user without keys.
    pub(super) fn new(name: &str, path: &str, created: DateTime<Utc>, number: u64) -> Self {
        Self {
            name: name.into(),
            path: path.into(),
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

    /// The tag of a key, in any case.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&Tag> {
        self.tags.get(&fold_tag(key))
    }

    /// The unique ID, which a later user of the same name does not share.
    #[must_use]
    pub fn id(&self) -> String {
        identifier::user_id(self.number)
    }
}

/// How many tags a user may have.
pub(super) const TAGS_PER_USER: usize = 50;

/// A tag's key as it is compared: case does not count, in any script.
pub(super) fn fold_tag(key: &str) -> String {
    key.to_lowercase()
}

/// A name as it is compared: case does not count.
pub(super) fn fold(name: &str) -> String {
    name.to_ascii_lowercase()
}
