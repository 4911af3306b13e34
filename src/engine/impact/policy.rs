//! Policies, read as what they are: statements with effects, actions with wildcards, resources and
//! conditions. What they allow is judged from that, and never from their names.
//!
//! Conditions and policies of the organisation are not evaluated: what is allowed under a condition
//! counts as allowed, and what is denied under one does not count as denied. Nor does what is denied of
//! some resources only. Of what is looked for, a key can so never do more by its user's policies than
//! what is said here, where these are all known; it may be able to do less.
//!
//! It may do more by other ways: resources (buckets, KMS keys, queues) and the trust of roles have
//! policies of their own, which allow a user something whose own policies allow nothing, and which are
//! not read; and of what makes a user powerful only the ways are looked for that have a [`Marker`].
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
use digest::Source;
use left::Left;

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
    /// They can have functions or instances do what they want, by this action: with the roles that these
    /// have. Which they are is not known.
    TakesOver(Marker),
    /// They can read secrets, by this action.
    ReadsSecrets(Marker),
    /// Something else.
    Something,
    /// Nothing is allowed by the user's own policies; those of resources may allow something.
    Nothing,
}

/// What is judged of the policies of a user.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something else of the power, and all may hold at once"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// How much the user can do.
    pub power: Power,
    /// The policy that gives it, by its place among the user's; it may come through a group. None gives
    /// nothing.
    pub by: Option<usize>,
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
    /// Whether there is too much in them to tell if anything is left: it may be nothing.
    pub is_too_long: bool,
    /// Whether all policies are known and understood, and compared. Otherwise there may be more, or more
    /// may be denied.
    pub is_certain: bool,
}

impl Power {
    /// Whether it is an administrator's, or as good as that.
    #[must_use]
    pub fn is_admin(self) -> bool {
        matches!(self, Self::Everything | Self::Escalates(_))
    }

    /// The more, the less: by whichever action.
    fn rank(self) -> u8 {
        match self {
            Self::Everything => 0,
            Self::Escalates(_) => 1,
            Self::TakesOver(_) => 2,
            Self::ReadsSecrets(_) => 3,
            Self::Something => 4,
            Self::Nothing => 5,
        }
    }
}

/// What the policies of a user allow, judged once for all who want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What they allow now.
    pub now: Judgement,
    /// The same without the policies by which AWS has put the user under quarantine, where that is more
    /// than now: it comes back when they are taken away.
    pub unquarantined: Option<Judgement>,
}

impl Judged {
    /// Judges what the policies of a user allow. An ARN in them may be this user's own: that is told by
    /// the name.
    #[must_use]
    pub fn of(permissions: &Permissions, user: &str) -> Self {
        let now = judge(permissions, user);
        let is_quarantined = permissions.quarantine().is_some();
        let without = is_quarantined.then(|| judge_without_quarantine(permissions, user));
        Self {
            now,
            unquarantined: without.filter(|without| {
                let of = |judged: &Judgement| (judged.power.rank(), judged.assumes_roles);
                of(without) != of(&now)
            }),
        }
    }
}

/// Judges what the policies of a user allow, that is with what those of a quarantine deny.
#[must_use]
pub fn judge(permissions: &Permissions, user: &str) -> Judgement {
    judge_those(permissions, user, |_| true)
}

/// The same without the policies of a quarantine.
#[must_use]
pub fn judge_without_quarantine(permissions: &Permissions, user: &str) -> Judgement {
    judge_those(permissions, user, |named| !named.is_quarantine())
}

fn judge_those(
    permissions: &Permissions,
    user: &str,
    counts: impl Fn(&NamedPolicy) -> bool,
) -> Judgement {
    let counting = || {
        let all = permissions.policies.iter().enumerate();
        all.filter(|(_, named)| counts(named))
    };
    let understood: Vec<(usize, &Policy)> = counting()
        .filter_map(|(at, named)| Some((at, named.policy.as_ref().ok()?)))
        .collect();
    let boundary = permissions.boundary.as_ref();
    let limit = boundary.and_then(|named| named.policy.as_ref().ok());
    let account = permissions.account.as_deref();
    let digests: Vec<Digest> = understood
        .iter()
        .map(|(_, policy)| Digest::of(policy, account))
        .collect();
    let sources = understood.iter().map(|(at, _)| {
        let named = &permissions.policies[*at];
        Source {
            is_inline: named.arn.is_none(),
            is_of_group: named.group.is_some(),
        }
    });
    let summed = digest::sum(
        &sources.zip(&digests).collect::<Vec<_>>(),
        limit.map(|limit| Digest::of(limit, account)).as_ref(),
        user,
    );
    let by = summed.by.map(|at| understood[at].0);
    let policies: Vec<&Policy> = understood.iter().map(|(_, policy)| *policy).collect();
    let left = match summed.power {
        Power::Something => left::left(&policies, limit),
        _ => Left::Something,
    };
    let nothing = left == Left::Nothing;
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
        is_too_long: left == Left::TooMuch,
        is_certain: left != Left::TooMuch
            && permissions.missing.is_empty()
            && counting().all(|(_, named)| is_understood(named))
            && boundary.is_none_or(is_understood),
    }
}
