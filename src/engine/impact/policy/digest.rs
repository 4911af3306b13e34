//! What of a policy matters for what a user can do, in some 60 bytes: read once, whoever it is attached
//! to.

use super::{
    Patterns, Policy, Power,
    glob::takes_in,
    marker::{About, Marker, Use},
    resource::{is_all_but_oneself, is_all_denied, reach},
};

/// What a policy allows and denies of what is telling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Digest {
    everything: Allowed,
    /// What is allowed for more than the user.
    beyond: Markers,
    /// What is allowed for the user who asks.
    own: Markers,
    /// What is allowed for users by their names.
    named: Box<[(Box<str>, Markers)]>,
    /// What is denied.
    denied: u32,
    /// What is denied for all but the user who asks.
    denied_beyond: u32,
    allows_anything: bool,
    denies_anything: bool,
    denies_everything: bool,
}

/// Whether something is allowed, and under conditions only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Allowed {
    #[default]
    Not,
    Conditionally,
    Always,
}

impl Allowed {
    fn of(is_conditional: bool) -> Self {
        if is_conditional {
            Self::Conditionally
        } else {
            Self::Always
        }
    }
}

/// Which actions are allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Markers {
    always: u32,
    conditionally: u32,
}

impl Markers {
    fn add(&mut self, bits: u32, is_conditional: bool) {
        if is_conditional {
            self.conditionally |= bits;
        } else {
            self.always |= bits;
        }
    }

    fn get(self, marker: Marker) -> Allowed {
        if self.always & marker.bit() != 0 {
            Allowed::Always
        } else if self.conditionally & marker.bit() != 0 {
            Allowed::Conditionally
        } else {
            Allowed::Not
        }
    }
}

impl Patterns {
    /// Whether an action is meant.
    pub(super) fn means_action(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        self.any_of.iter().any(|pattern| takes_in(pattern, &action)) != self.inverted
    }

    /// Whether all actions are meant.
    pub(super) fn is_every_action(&self) -> bool {
        // No action is called like either, so that no other pattern has both.
        let every = |pattern: &str| takes_in(pattern, "0:0") && takes_in(pattern, "1-1-1:1-1-1-1");
        self.is_every(every)
    }

    /// Whether all resources are meant.
    pub(super) fn is_every_resource(&self) -> bool {
        self.is_every(|pattern| !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*'))
    }

    fn is_every(&self, every: impl Fn(&str) -> bool) -> bool {
        if self.inverted {
            self.any_of.is_empty()
        } else {
            self.any_of.iter().any(|pattern| every(pattern))
        }
    }

    /// Whether nothing is meant.
    pub(super) fn is_none(&self) -> bool {
        !self.inverted && self.any_of.is_empty()
    }
}

impl Digest {
    /// Reads a policy; with the ID of the account, where it is known: what names another one is
    /// about another one.
    #[must_use]
    pub fn of(policy: &Policy, account: Option<&str>) -> Self {
        let mut digest = Self::default();
        let mut named: Vec<(Box<str>, Markers)> = Vec::new();
        for statement in &policy.statements {
            let (actions, resources) = (&statement.actions, &statement.resources);
            if actions.is_none() || resources.is_none() {
                continue;
            }
            let is_every = actions.is_every_action() && resources.is_every_resource();
            let markers = Marker::all().filter(|marker| actions.means_action(marker.action()));
            if statement.allows {
                digest.allows_anything = true;
                let allowed = Allowed::of(statement.is_conditional);
                if is_every {
                    digest.everything = digest.everything.max(allowed);
                }
                for marker in markers {
                    let reach = reach(resources, marker.about(), account);
                    let beyond = match marker.about() {
                        About::EveryRole
                        | About::AnyRole
                        | About::EveryFunction
                        | About::EveryInstance => reach.all,
                        _ => reach.all || reach.beyond,
                    };
                    if beyond {
                        digest.beyond.add(marker.bit(), statement.is_conditional);
                    }
                    if reach.own {
                        digest.own.add(marker.bit(), statement.is_conditional);
                    }
                    for name in reach.named {
                        let at = named.iter().position(|(of, _)| **of == *name);
                        let at = at.unwrap_or_else(|| {
                            named.push((name.into(), Markers::default()));
                            named.len() - 1
                        });
                        named[at].1.add(marker.bit(), statement.is_conditional);
                    }
                }
            } else if !statement.is_conditional {
                digest.denies_anything = true;
                digest.denies_everything |= is_every;
                let others_only = is_all_but_oneself(resources);
                for marker in markers {
                    if others_only {
                        digest.denied_beyond |= marker.bit();
                    } else if is_all_denied(resources, marker.about(), account) {
                        digest.denied |= marker.bit();
                    }
                }
            }
        }
        digest.named = named.into();
        digest
    }

    /// The actions that are allowed at all.
    fn telling(&self) -> u32 {
        let of = |markers: &Markers| markers.always | markers.conditionally;
        let named = self.named.iter().map(|(_, markers)| of(markers));
        named.fold(of(&self.beyond) | of(&self.own), |bits, one| bits | one)
    }

    /// Whether an action is allowed for others than this user, and for this one.
    fn reach(&self, marker: Marker, user: &str) -> (Allowed, Allowed) {
        let mut others = self.beyond.get(marker);
        // What is allowed for more than one is mostly allowed for oneself.
        let mut own = self.own.get(marker).max(others);
        for (name, markers) in &self.named {
            let allowed = markers.get(marker);
            if name.eq_ignore_ascii_case(user) {
                own = own.max(allowed);
            } else {
                others = others.max(allowed);
            }
        }
        (others, own)
    }
}

/// Where a policy of a user comes from: what takes it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) is_inline: bool,
    pub(super) is_of_group: bool,
}

impl Source {
    /// Whether an action takes such a policy away.
    fn is_lifted_by(self, marker: Marker) -> bool {
        match marker.action() {
            "iam:DetachUserPolicy" => !self.is_of_group && !self.is_inline,
            "iam:DeleteUserPolicy" => !self.is_of_group && self.is_inline,
            "iam:DetachGroupPolicy" => self.is_of_group && !self.is_inline,
            "iam:DeleteGroupPolicy" => self.is_of_group && self.is_inline,
            "iam:RemoveUserFromGroup" => self.is_of_group,
            _ => false,
        }
    }
}

/// What a user can do by several policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Summed {
    pub(super) power: Power,
    /// Which of the policies gives it.
    pub(super) by: Option<usize>,
    pub(super) is_conditional: bool,
    /// What makes an administrator is given under a condition only.
    pub(super) is_admin_conditional: bool,
    /// Whether they can assume every role that trusts them.
    pub(super) assumes_roles: bool,
}

/// What a user can do by policies that are a union, limited by a boundary.
pub(super) fn sum(policies: &[(Source, &Digest)], boundary: Option<&Digest>, user: &str) -> Summed {
    let digests: Vec<&Digest> = policies.iter().map(|(_, digest)| *digest).collect();
    let summed = sum_of(&digests, boundary, user);
    if summed.power.is_admin() || !digests.iter().any(|one| one.denies_anything) {
        return summed;
    }
    let lifting = Marker::all().filter(|marker| marker.good_for() == Use::LiftsDenies);
    for marker in lifting {
        let is_lifted = |at: usize| {
            let (source, digest) = policies[at];
            digest.denies_anything && source.is_lifted_by(marker)
        };
        let Some((by, allowed)) = allowed_of(&digests, boundary, user, marker) else {
            continue;
        };
        // What only denies goes, and one at a time of those that allow something as well.
        let mixed = (0..digests.len()).filter(|at| is_lifted(*at) && digests[*at].allows_anything);
        let mut without = mixed.map(Some).chain([None]);
        let makes_admin = without.any(|mixed| {
            let stays = |at: &usize| {
                !is_lifted(*at) || (digests[*at].allows_anything && Some(*at) != mixed)
            };
            let left: Vec<&Digest> = (0..digests.len())
                .filter(stays)
                .map(|at| digests[at])
                .collect();
            left.len() < digests.len() && sum_of(&left, boundary, user).power.is_admin()
        });
        if makes_admin {
            return Summed {
                power: Power::Escalates(marker),
                by: Some(by),
                is_conditional: allowed == Allowed::Conditionally,
                is_admin_conditional: allowed == Allowed::Conditionally,
                assumes_roles: false,
            };
        }
    }
    summed
}

/// Whether an action is allowed where it is good for something, and by which policy the most.
fn allowed_of(
    policies: &[&Digest],
    boundary: Option<&Digest>,
    user: &str,
    marker: Marker,
) -> Option<(usize, Allowed)> {
    let all = || policies.iter().copied().chain(boundary);
    if all().any(|one| one.denied & marker.bit() != 0) {
        return None;
    }
    let denied_beyond = all().any(|one| one.denied_beyond & marker.bit() != 0);
    most(policies, |one| {
        let (mut others, mut own) = one.reach(marker, user);
        if let Some(boundary) = boundary {
            let (limit_others, limit_own) = boundary.reach(marker, user);
            own = own.min(limit_own);
            others = others.min(limit_others);
        }
        if denied_beyond {
            others = Allowed::Not;
        }
        match marker.about() {
            About::AnyUser => others.max(own),
            About::OwnUser => own,
            // Without a boundary there is nothing to be rid of.
            About::Boundary if boundary.is_some() => own,
            About::Boundary => Allowed::Not,
            _ => others,
        }
    })
}

/// The same, where no policy is taken away.
fn sum_of(policies: &[&Digest], boundary: Option<&Digest>, user: &str) -> Summed {
    let all = || policies.iter().copied().chain(boundary);
    let found = |power, by, allowed| Summed {
        power,
        by,
        is_conditional: allowed == Allowed::Conditionally,
        is_admin_conditional: power.is_admin() && allowed == Allowed::Conditionally,
        assumes_roles: false,
    };
    if all().any(|one| one.denies_everything) {
        return found(Power::Nothing, None, Allowed::Not);
    }
    // What a boundary allows under a condition is allowed under one.
    let within = |limit: fn(&Digest) -> Allowed| boundary.map_or(Allowed::Always, limit);
    let everything = |one: &Digest| one.everything.min(within(|limit| limit.everything));
    let everything = most(policies, everything)
        .filter(|_| !all().any(|one| one.denies_anything))
        .map(|(at, allowed)| found(Power::Everything, Some(at), allowed));
    if let Some(surely) = everything.filter(|everything| !everything.is_conditional) {
        return surely;
    }
    let telling = policies.iter().fold(0, |bits, one| bits | one.telling());
    let best = |good_for: Use| {
        let mut best: Option<(Marker, usize, Allowed)> = None;
        let is_told = |marker: &Marker| telling & marker.bit() != 0;
        let good = Marker::all().filter(|marker| marker.good_for() == good_for);
        for marker in good.filter(is_told) {
            if let Some((at, allowed)) = allowed_of(policies, boundary, user, marker)
                && best.is_none_or(|(_, _, known)| known < allowed)
            {
                best = Some((marker, at, allowed));
            }
        }
        best
    };
    let escalates = best(Use::Escalates);
    if let Some(everything) = everything {
        let surely = escalates.is_some_and(|(_, _, allowed)| allowed == Allowed::Always);
        return Summed {
            is_admin_conditional: !surely,
            ..everything
        };
    }
    if let Some((marker, at, allowed)) = escalates {
        return found(Power::Escalates(marker), Some(at), allowed);
    }
    let assumes_roles = best(Use::AssumesRoles).is_some();
    if let Some((marker, at, allowed)) = best(Use::TakesOver) {
        return Summed {
            assumes_roles,
            ..found(Power::TakesOver(marker), Some(at), allowed)
        };
    }
    if let Some((marker, at, allowed)) = best(Use::ReadsSecrets) {
        return Summed {
            assumes_roles,
            ..found(Power::ReadsSecrets(marker), Some(at), allowed)
        };
    }
    let limited = boundary.is_some_and(|boundary| !boundary.allows_anything);
    let first = policies.iter().position(|one| one.allows_anything);
    match first.filter(|_| !limited) {
        Some(at) => Summed {
            assumes_roles,
            ..found(Power::Something, Some(at), Allowed::Not)
        },
        None => found(Power::Nothing, None, Allowed::Not),
    }
}

/// The first of the policies that allow something the most.
fn most(policies: &[&Digest], allows: impl Fn(&Digest) -> Allowed) -> Option<(usize, Allowed)> {
    let allowed = policies.iter().map(|one| allows(one)).enumerate();
    let allowed = allowed.filter(|(_, allowed)| *allowed > Allowed::Not);
    // Of equal ones, the last is the maximum.
    allowed.rev().max_by_key(|(_, allowed)| *allowed)
}
