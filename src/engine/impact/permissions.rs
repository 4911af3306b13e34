//! What a user's policies allow: the facts, as the account gives them. What follows from them is in
//! [`policy`](super::policy).

use super::policy::Policy;
use crate::engine::Error;

/// The policies by which AWS puts a user under quarantine whose key is public begin so.
const QUARANTINE: &str = "AWSCompromisedKeyQuarantine";

/// Whether an ARN is that of a policy by which AWS puts users under quarantine.
#[must_use]
pub fn is_quarantine(arn: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    arn.contains(":iam::aws:policy/") && name.starts_with(QUARANTINE)
}

/// The policies of a user, directly and through groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// All policies that could be listed.
    pub policies: Vec<NamedPolicy>,
    /// What limits them, where there is a boundary.
    pub boundary: Option<NamedPolicy>,
    /// The ID of the user's account, where it is known.
    pub account: Option<Box<str>>,
    /// The groups that the user is in.
    pub groups: Vec<Box<str>>,
    /// What was refused or failed: with any of these, nothing here is all there is.
    pub missing: Vec<Error>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPolicy {
    /// Its name.
    pub name: Box<str>,
    /// Its ARN; an inline policy has none.
    pub arn: Option<Box<str>>,
    /// The group that it comes through; none where it is the user's own.
    pub group: Option<Box<str>>,
    /// What it says, as JSON; `None` where it could not be read (see `missing`).
    pub document: Option<Box<str>>,
    /// The same, understood; or why it is not.
    pub policy: Result<Policy, Box<str>>,
}

impl NamedPolicy {
    /// Whether AWS has put users under quarantine by it.
    #[must_use]
    pub fn is_quarantine(&self) -> bool {
        self.arn.as_deref().is_some_and(is_quarantine)
    }
}

impl Permissions {
    /// The name of the policy by which AWS has put the user under quarantine, where it has.
    #[must_use]
    pub fn quarantine(&self) -> Option<&str> {
        let policy = self.policies.iter().find(|policy| policy.is_quarantine());
        policy.map(|policy| &*policy.name)
    }

    /// The user's own inline policy of a name.
    #[must_use]
    pub fn own_inline(&self, name: &str) -> Option<&NamedPolicy> {
        let mut policies = self.policies.iter();
        policies
            .find(|policy| policy.arn.is_none() && policy.group.is_none() && &*policy.name == name)
    }

    /// Whether all of the user's own inline policies are listed.
    #[must_use]
    pub fn knows_own_inline(&self) -> bool {
        !self.misses("iam:ListUserPolicies")
    }

    /// Whether an action was refused or failed.
    #[must_use]
    pub fn misses(&self, action: &str) -> bool {
        self.missing.iter().any(|error| error.action == action)
    }
}
