//! Whether policies leave anything allowed. That nothing is left is said only where it is plain, of each
//! pattern by one Deny that takes it in, or by a boundary that has nothing in common with it.
//!
//! Each pair of an action and a resource is compared with each other, so that policies of a few kilobytes
//! may ask for billions of comparisons: each is counted with what it costs, and after so much of it the
//! answer is that it is not known.

use super::{Patterns, Policy, Statement, glob, resource};
use std::{borrow::Cow, cell::Cell};

/// After so many characters that were compared it is not plain any more. It is some hundredths of a
/// second, and a hundred times what policies ask for that people write.
const MOST: usize = 5_000_000;

/// What policies leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Something, or it does not seem to be nothing.
    Something,
    /// Nothing.
    Nothing,
    /// There is too much to compare.
    TooMuch,
}

/// Compares patterns, and counts what that costs.
#[derive(Debug, Default)]
struct Comparing {
    steps: Cell<usize>,
}

impl Comparing {
    /// Whether it has cost so much that no more is compared: no answer counts any more.
    fn is_over(&self) -> bool {
        self.steps.get() >= MOST
    }

    /// Notes what a comparison of these costs at the most; says whether it is still to be made.
    fn may_compare(&self, one: &str, other: &str) -> bool {
        let steps = one.len().saturating_mul(other.len());
        let steps = steps.saturating_add(one.len() + other.len() + 1);
        self.steps.set(self.steps.get().saturating_add(steps));
        !self.is_over()
    }

    /// Notes a step that compares nothing.
    fn step(&self) {
        self.steps.set(self.steps.get().saturating_add(1));
    }

    fn takes_in(&self, outer: &str, inner: &str) -> bool {
        self.step();
        !glob::are_apart(outer, inner)
            && self.may_compare(outer, inner)
            && glob::takes_in(outer, inner)
    }

    /// Whether two patterns may have something in common. What a variable stands for is not known here.
    fn overlap(&self, one: &str, other: &str) -> bool {
        self.step();
        if glob::are_apart(one, other) {
            return false;
        }
        self.may_compare(one, other) && resource::overlap(&widened(one), &widened(other))
    }
}

/// Actions or resources: those that match one pattern, or all others than some.
#[derive(Clone, Copy)]
enum Meant<'a> {
    Like(&'a str),
    Except(&'a [Box<str>]),
}

/// A pattern with a star for each variable.
fn widened(pattern: &str) -> Cow<'_, str> {
    let Some((before, after)) = pattern.split_once("${") else {
        return pattern.into();
    };
    let after = after.split_once('}').map_or("", |(_, after)| after);
    format!("{before}*{}", widened(after)).into()
}

impl Patterns {
    /// The sets that it is the union of.
    fn sets(&self) -> impl Iterator<Item = Meant<'_>> + Clone {
        let rest = self.inverted.then_some(Meant::Except(&self.any_of));
        let like = if self.inverted { &[][..] } else { &self.any_of };
        rest.into_iter()
            .chain(like.iter().map(|one| Meant::Like(one)))
    }

    /// Whether one of its patterns takes in a whole set.
    fn takes_in(&self, set: Meant<'_>, by: &Comparing) -> bool {
        let mut patterns = self.any_of.iter();
        match (self.inverted, set) {
            (false, Meant::Like(one)) => patterns.any(|pattern| by.takes_in(pattern, one)),
            (false, Meant::Except(_)) => self.is_every_resource() || self.is_every_action(),
            (true, Meant::Like(one)) => !patterns.any(|pattern| by.overlap(pattern, one)),
            (true, Meant::Except(others)) => {
                patterns.all(|pattern| others.iter().any(|other| by.takes_in(other, pattern)))
            }
        }
    }
}

impl Meant<'_> {
    /// Whether two sets have something in common.
    fn overlaps(self, other: Self, by: &Comparing) -> bool {
        match (self, other) {
            (Self::Like(one), Self::Like(other)) => by.overlap(one, other),
            (Self::Like(one), Self::Except(others)) | (Self::Except(others), Self::Like(one)) => {
                !others.iter().any(|other| by.takes_in(other, one))
            }
            (Self::Except(_), Self::Except(_)) => true,
        }
    }
}

/// The pairs of actions and resources that statements allow.
fn allowed<'a>(
    policies: impl Iterator<Item = &'a Policy> + Clone,
) -> impl Iterator<Item = (Meant<'a>, Meant<'a>)> + Clone {
    let statements = policies.flat_map(|policy| &policy.statements);
    statements.filter(|one| one.allows).flat_map(|one| {
        let resources = one.resources.sets();
        let actions = one.actions.sets();
        actions.flat_map(move |action| resources.clone().map(move |resource| (action, resource)))
    })
}

/// What is allowed by these policies, within the boundary, and not denied.
pub(super) fn left(policies: &[&Policy], boundary: Option<&Policy>) -> Left {
    left_by(policies, boundary, &Comparing::default())
}

fn left_by(policies: &[&Policy], boundary: Option<&Policy>, by: &Comparing) -> Left {
    let all = policies.iter().copied().chain(boundary);
    let denies: Vec<&Statement> = all
        .flat_map(|policy| &policy.statements)
        .filter(|one| !one.allows && !one.is_conditional)
        .collect();
    let is_gone = |pieces: &[(Meant<'_>, Meant<'_>)]| {
        by.step();
        let takes_in = |one: &&Statement| {
            // Of what is common to two sets, all is denied where one of them is.
            pieces
                .iter()
                .any(|(action, _)| one.actions.takes_in(*action, by))
                && pieces
                    .iter()
                    .any(|(_, resource)| one.resources.takes_in(*resource, by))
        };
        denies.iter().any(takes_in)
    };
    for piece in allowed(policies.iter().copied()) {
        let gone = is_gone(&[piece]);
        if by.is_over() {
            return Left::TooMuch;
        }
        if gone {
            continue;
        }
        let Some(boundary) = boundary else {
            return Left::Something;
        };
        for limit in allowed(std::iter::once(boundary)) {
            let in_common = piece.0.overlaps(limit.0, by) && piece.1.overlaps(limit.1, by);
            let left = in_common && !is_gone(&[piece, limit]);
            if by.is_over() {
                return Left::TooMuch;
            }
            if left {
                return Left::Something;
            }
        }
    }
    Left::Nothing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allows: bool, actions: &[String], resources: &[String]) -> Policy {
        let patterns = |all: &[String]| Patterns {
            any_of: all.iter().map(|one| one.as_str().into()).collect(),
            inverted: false,
        };
        let statements = vec![Statement {
            allows,
            actions: patterns(actions),
            resources: patterns(resources),
            is_conditional: false,
        }];
        Policy { statements }
    }

    #[test]
    fn comparing_ends_whatever_the_policies_say() {
        let names = |count: usize, name: &dyn Fn(usize) -> String| (0..count).map(name).collect();
        let actions: Vec<String> = names(100, &|at| format!("s3:*a{at}"));
        let others: Vec<String> = names(100, &|at| format!("s3:*b{at}"));
        let resources: Vec<String> = names(80, &|at| format!("*{at}"));
        let far: Vec<String> = names(100, &|at| format!("ec2:a{at}"));
        for (limit, denied) in [
            (&others, &far),
            (&far, &far),
            (&actions, &others),
            (&actions, &actions),
        ] {
            let (policy, limit) = (
                policy(true, &actions, &resources),
                self::policy(true, limit, &resources),
            );
            let denied = self::policy(false, denied, &resources);
            let by = Comparing::default();
            let found = left_by(&[&policy, &denied], Some(&limit), &by);
            // The last comparison may be one more than there may be.
            assert!(by.steps.get() < MOST + 10_000, "{}", by.steps.get());
            assert_eq!(found == Left::TooMuch, by.is_over());
        }
        let apart = (
            policy(true, &actions, &resources),
            policy(true, &others, &resources),
        );
        assert_eq!(left(&[&apart.0], Some(&apart.1)), Left::TooMuch);
    }
}
