//! What an organisation knows of an account in it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::policy::Policy;

/// An account's place in an organisation.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The name, which need not be the account's alias.
    pub name: String,
    /// The address of the root user.
    pub email: String,
    /// The state.
    pub state: State,
    /// How it came into the organisation.
    pub joined_by: Joined,
    /// When it did.
    pub joined: DateTime<Utc>,
    /// What people who sign in to the SSO portal may be in it.
    pub(super) permission_sets: Vec<Arc<PermissionSet>>,
}

/// A permission set of IAM Identity Center: it becomes a role of each account it is assigned in.
#[derive(Debug)]
pub(super) struct PermissionSet {
    pub(super) name: String,
    /// What it allows; everything, where there is none.
    pub(super) policy: Option<Arc<Policy>>,
}

/// The state of an account, which took the place of its status in 2025.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// In use.
    #[default]
    Active,
    /// Closed by its owner, or by AWS: it cannot be used.
    Suspended,
    /// Being set up.
    PendingActivation,
    /// Being closed.
    PendingClosure,
    /// Closed for good, and soon gone from the list.
    Closed,
}

impl State {
    /// The state as AWS spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Closed => "CLOSED",
        }
    }

    /// Whether its users and roles can be used.
    pub(super) fn is_usable(self) -> bool {
        matches!(self, Self::Active | Self::PendingClosure)
    }
}

/// How an account came into an organisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Joined {
    /// It was created there, with the role `OrganizationAccountAccessRole`.
    #[default]
    Created,
    /// It existed before.
    Invited,
}

impl Joined {
    /// As AWS spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Invited => "INVITED",
        }
    }
}
