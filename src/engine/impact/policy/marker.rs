//! The actions that tell how much somebody may do: those by which users make themselves powerful, and
//! those that read secrets.
//!
//! What makes a user powerful is what gives them, or a key that they get, other policies: the ways are
//! those that are known as privilege escalation in IAM.

use std::fmt;

/// A telling action, in one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marker(u8);

/// What an action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Users. Done to oneself it changes nothing that matters.
    User,
    /// Users, oneself included.
    AnyUser,
    /// Oneself, where there is a boundary.
    Boundary,
    /// Groups.
    Group,
    /// Policies of the account's own.
    Policy,
    /// Roles.
    Role,
    /// Roles: one of them is what many programs need, and all of them are what matters.
    EveryRole,
    /// The same, those of other accounts included.
    AnyRole,
    /// Secrets of Secrets Manager.
    Secret,
    /// Parameters of Systems Manager.
    Parameter,
}

/// The actions by which users make themselves powerful, the plainest first.
const ESCALATES: &[(&str, About)] = &[
    ("iam:AttachUserPolicy", About::AnyUser),
    ("iam:PutUserPolicy", About::AnyUser),
    ("iam:AttachGroupPolicy", About::Group),
    ("iam:PutGroupPolicy", About::Group),
    ("iam:AddUserToGroup", About::Group),
    ("iam:CreatePolicyVersion", About::Policy),
    ("iam:SetDefaultPolicyVersion", About::Policy),
    ("iam:AttachRolePolicy", About::Role),
    ("iam:PutRolePolicy", About::Role),
    ("iam:UpdateAssumeRolePolicy", About::Role),
    ("iam:CreateAccessKey", About::User),
    ("iam:CreateLoginProfile", About::User),
    ("iam:UpdateLoginProfile", About::User),
    ("iam:PassRole", About::EveryRole),
    ("iam:DeleteUserPermissionsBoundary", About::Boundary),
];

/// The actions that read secrets.
const READS_SECRETS: &[(&str, About)] = &[
    ("secretsmanager:GetSecretValue", About::Secret),
    ("secretsmanager:BatchGetSecretValue", About::Secret),
    ("ssm:GetParameter", About::Parameter),
    ("ssm:GetParameters", About::Parameter),
    ("ssm:GetParametersByPath", About::Parameter),
    ("ssm:GetParameterHistory", About::Parameter),
];

/// What makes powerful only where a role trusts whoever asks: the policies of roles say so, which are
/// not read.
const ASSUMES: &[(&str, About)] = &[("sts:AssumeRole", About::AnyRole)];

/// What an action is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It makes powerful.
    Escalates,
    /// It reads secrets.
    ReadsSecrets,
    /// It assumes roles.
    AssumesRoles,
}

impl Marker {
    /// All of them: those that escalate first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let count = ESCALATES.len() + READS_SECRETS.len() + ASSUMES.len();
        (0..u8::try_from(count).unwrap_or(u8::MAX)).map(Self)
    }

    fn row(self) -> &'static (&'static str, About) {
        let at = usize::from(self.0);
        let mut rows = ESCALATES.iter().chain(READS_SECRETS);
        rows.nth(at).unwrap_or(&ASSUMES[0])
    }

    /// The action, as policies name it: `iam:AttachUserPolicy`.
    #[must_use]
    pub fn action(self) -> &'static str {
        self.row().0
    }

    pub(super) fn about(self) -> About {
        self.row().1
    }

    /// What it is good for.
    pub(super) fn good_for(self) -> Use {
        match usize::from(self.0) {
            at if at < ESCALATES.len() => Use::Escalates,
            at if at < ESCALATES.len() + READS_SECRETS.len() => Use::ReadsSecrets,
            _ => Use::AssumesRoles,
        }
    }

    /// Its place in a set of them.
    pub(super) fn bit(self) -> u32 {
        1 << self.0
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_place_in_a_set() {
        let mut set = 0u32;
        for marker in Marker::all() {
            assert_eq!(set & marker.bit(), 0, "{marker}");
            set |= marker.bit();
            assert!(marker.action().contains(':'));
        }
        assert_eq!(set.count_ones(), 22);
    }
}
