//! The actions that tell how much somebody may do: those by which users make themselves powerful, and
//! those that read secrets.
//!
//! What makes a user powerful is what gives them, or a key that they get, other policies: the ways are
//! those that are known as privilege escalation in IAM. Other services have more, of which only those are
//! looked for that need nothing else, and of which it is said that they depend on what is there.

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
    /// Oneself.
    OwnUser,
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
    /// Functions of Lambda: one of them is what many programs need, and all of them are what matters.
    EveryFunction,
    /// Instances, the same.
    EveryInstance,
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
    // One that allows more takes its place.
    ("iam:PutUserPermissionsBoundary", About::Boundary),
];

/// The actions that take a policy away, and with it what it denies.
const LIFTS_DENIES: &[(&str, About)] = &[
    ("iam:DetachUserPolicy", About::OwnUser),
    ("iam:DeleteUserPolicy", About::OwnUser),
    ("iam:DetachGroupPolicy", About::Group),
    ("iam:DeleteGroupPolicy", About::Group),
    ("iam:RemoveUserFromGroup", About::Group),
];

/// The actions by which users have programs act for them that have roles of their own: with what may be
/// more, or less. Which roles these are is not read.
const TAKES_OVER: &[(&str, About)] = &[
    ("lambda:UpdateFunctionCode", About::EveryFunction),
    ("ssm:SendCommand", About::EveryInstance),
    ("ssm:StartSession", About::EveryInstance),
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
    /// It takes away what is denied.
    LiftsDenies,
    /// It has programs with roles of their own do what one wants.
    TakesOver,
    /// It reads secrets.
    ReadsSecrets,
    /// It assumes roles.
    AssumesRoles,
}

/// All of them, by what they are good for.
const KINDS: &[(Use, &[(&str, About)])] = &[
    (Use::Escalates, ESCALATES),
    (Use::LiftsDenies, LIFTS_DENIES),
    (Use::TakesOver, TAKES_OVER),
    (Use::ReadsSecrets, READS_SECRETS),
    (Use::AssumesRoles, ASSUMES),
];

impl Marker {
    /// All of them: those that escalate first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let count: usize = KINDS.iter().map(|(_, rows)| rows.len()).sum();
        (0..u8::try_from(count).unwrap_or(u8::MAX)).map(Self)
    }

    fn row(self) -> (Use, &'static (&'static str, About)) {
        let rows = |(good_for, rows): &(Use, &'static [_])| {
            let good_for = *good_for;
            rows.iter().map(move |row| (good_for, row))
        };
        let mut all = KINDS.iter().flat_map(rows);
        let last = (Use::AssumesRoles, &ASSUMES[0]);
        all.nth(usize::from(self.0)).unwrap_or(last)
    }

    /// The action, as policies name it: `iam:AttachUserPolicy`.
    #[must_use]
    pub fn action(self) -> &'static str {
        self.row().1.0
    }

    pub(super) fn about(self) -> About {
        self.row().1.1
    }

    /// Whether it takes away what another policy denies.
    #[must_use]
    pub fn lifts_denies(self) -> bool {
        self.good_for() == Use::LiftsDenies
    }

    /// What it is good for.
    pub(super) fn good_for(self) -> Use {
        self.row().0
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
        assert_eq!(set.count_ones(), 31);
    }
}
