//! What is known of a key beyond its row, once a person has asked: who uses it, what it can do, what
//! else its user has, and so what would break without it. Nothing of this is asked for at the start,
//! or for a whole list.

mod asking;
pub mod credentials;
pub mod permissions;
pub mod policy;
pub mod revocation;
pub mod trail;

pub use credentials::{Credential, CredentialKind, OtherCredentials, ServiceUse};
pub use permissions::{NamedPolicy, Permissions};
pub use policy::{Digest, Judgement, Patterns, Policy, Power, Statement, judge};
pub use trail::{
    KeyTrail, Made, RegionState, RegionTrail, SessionOf, TrailEvent, TrailPage, TrailQuery,
};

use super::account::Load;
use std::{collections::HashMap, sync::Arc};

/// What is known beyond the lists, of the users and keys of an account that a person has asked about.
#[derive(Debug, Default)]
pub struct Impacts {
    /// The regions that are enabled.
    pub regions: Load<Vec<Arc<str>>>,
    /// By name in lower case.
    users: HashMap<Box<str>, UserImpact>,
    /// By key ID, of sessions as well.
    trails: HashMap<Box<str>, KeyTrail>,
}

/// What is known of a user.
#[derive(Debug, Default)]
pub struct UserImpact {
    /// Their policies.
    pub permissions: Load<Permissions>,
    /// When services were last called with any of their credentials.
    pub services: Load<Vec<ServiceUse>>,
    /// What else they can sign in with.
    pub credentials: Load<OtherCredentials>,
}

impl Impacts {
    /// What is known of a user.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&UserImpact> {
        self.users.get(name.to_ascii_lowercase().as_str())
    }

    /// The events of a key, or of a session, once they are asked for.
    #[must_use]
    pub fn trail(&self, key: &str) -> Option<&KeyTrail> {
        self.trails.get(key)
    }

    /// The same, to be asked for or filed.
    pub(super) fn user_mut(&mut self, name: &str) -> &mut UserImpact {
        let name = name.to_ascii_lowercase().into();
        self.users.entry(name).or_default()
    }
}
