//! Policies, read as what they are: statements with effects, actions with wildcards, resources and
//! conditions. What they allow is judged from that, and never from their names.
//!
//! Conditions, policies of the organisation and of resources are not evaluated: what is allowed under
//! a condition counts as allowed, and what is denied under one does not count as denied. Nor does what
//! is denied of some resources only. A key can so never do more than what is said here, as far as its
//! user's policies go and are all known; it may be able to do less.
//!
//! Policies add up, a boundary limits all of them, and what is denied anywhere is denied (IAM user
//! guide, "Policy evaluation logic"). The condensed form of a policy is a [`Digest`]; what several of
//! them sum up to is a [`Power`].

mod digest;
mod glob;
mod grants;
mod left;
mod marker;
mod resource;
#[cfg(test)]
mod tests;

pub use digest::Digest;
pub use grants::{Given, Grants};
pub use marker::Marker;

use super::permissions::{NamedPolicy, Permissions};

/// A policy document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whether it allows, or denies.
    pub allows: bool,
    /// The actions that it is about, in lower case: AWS compares them without case.
    pub actions: Patterns,
    /// The resources that it is about.
    pub resources: Patterns,
    /// Whether it holds only under a condition.
    pub is_conditional: bool,
}

/// Patterns with `*` and `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns {
    /// The patterns.
    pub any_of: Vec<Box<str>>,
    /// All else is meant (`NotAction`, `NotResource`).
    pub inverted: bool,
}

/// How much a user can do, the most of what holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Power {
    /// Everything: all actions are allowed on all resources, and nothing is denied.
    Everything,
    /// They can make themselves powerful, by this action.
    Escalates(Marker),
    /// They can read secrets, by this action.
    ReadsSecrets(Marker),
    /// Something else.
    Something,
    /// Nothing is allowed.
    Nothing,
}

/// What is judged of the policies of a user.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something else of the power, and all may hold at once"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement<'a> {
    /// How much the user can do.
    pub power: Power,
    /// The policy that gives it, which may come through a group; none gives nothing.
    pub by: Option<&'a NamedPolicy>,
    /// Whether it is given under a condition only.
    pub is_conditional: bool,
    /// Whether a boundary limits what the policies allow.
    pub is_bounded: bool,
    /// Whether it is known if there is a boundary, and how far it goes. Otherwise what is said here is
    /// what the policies allow without one.
    pub knows_boundary: bool,
    /// Whether every role that trusts the user can be assumed. Which do is not known; said only where
    /// the user is no administrator.
    pub assumes_roles: bool,
    /// Whether all policies are known and understood. Otherwise there may be more, or more may be
    /// denied.
    pub is_certain: bool,
}

impl Power {
    /// Whether it is an administrator's, or as good as that.
    #[must_use]
    pub fn is_admin(self) -> bool {
        matches!(self, Self::Everything | Self::Escalates(_))
    }
}

/// Judges what the policies of a user allow. An ARN in them may be this user's own: that is told by the
/// name.
#[must_use]
pub fn judge<'a>(permissions: &'a Permissions, user: &str) -> Judgement<'a> {
    let understood: Vec<(&NamedPolicy, &Policy)> = permissions
        .policies
        .iter()
        .filter_map(|named| Some((named, named.policy.as_ref().ok()?)))
        .collect();
    let boundary = permissions.boundary.as_ref();
    let limit = boundary.and_then(|named| named.policy.as_ref().ok());
    let account = permissions.account.as_deref();
    let digests: Vec<Digest> = understood
        .iter()
        .map(|(_, policy)| Digest::of(policy, account))
        .collect();
    let summed = digest::sum(
        &digests.iter().collect::<Vec<_>>(),
        limit.map(|limit| Digest::of(limit, account)).as_ref(),
        user,
    );
    let by = summed.by.map(|at| understood[at].0);
    let policies: Vec<&Policy> = understood.iter().map(|(_, policy)| *policy).collect();
    let nothing = summed.power == Power::Something && !left::anything_left(&policies, limit);
    let is_understood = |named: &NamedPolicy| named.policy.is_ok();
    Judgement {
        power: if nothing {
            Power::Nothing
        } else {
            summed.power
        },
        by: by.filter(|_| !nothing),
        is_conditional: summed.is_conditional,
        is_bounded: boundary.is_some(),
        knows_boundary: match boundary {
            Some(boundary) => is_understood(boundary),
            None => !permissions.misses("iam:GetUser"),
        },
        assumes_roles: summed.assumes_roles && !nothing,
        is_certain: permissions.missing.is_empty()
            && permissions.policies.iter().all(is_understood)
            && boundary.is_none_or(is_understood),
    }
}
