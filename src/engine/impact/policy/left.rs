//! Whether policies leave anything allowed. A key that can do nothing is the safest to delete: that
//! nothing is left is said only where it is plain, of each pattern by one Deny that takes it in, or by a
//! boundary that has nothing in common with it.

use super::{Patterns, Policy, Statement, glob::takes_in, resource};
use std::borrow::Cow;

/// After so many comparisons it is not plain any more.
const MOST: usize = 20_000;

/// Actions or resources: those that match one pattern, or all others than some.
#[derive(Clone, Copy)]
enum Meant<'a> {
    Like(&'a str),
    Except(&'a [Box<str>]),
}

/// Whether two patterns may have something in common. What a variable stands for is not known here.
fn overlap(one: &str, other: &str) -> bool {
    resource::overlap(&widened(one), &widened(other))
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
    fn takes_in(&self, set: Meant<'_>) -> bool {
        let mut patterns = self.any_of.iter();
        match (self.inverted, set) {
            (false, Meant::Like(one)) => patterns.any(|pattern| takes_in(pattern, one)),
            (false, Meant::Except(_)) => self.is_every_resource() || self.is_every_action(),
            (true, Meant::Like(one)) => !patterns.any(|pattern| overlap(pattern, one)),
            (true, Meant::Except(others)) => {
                patterns.all(|pattern| others.iter().any(|other| takes_in(other, pattern)))
            }
        }
    }
}

impl Meant<'_> {
    /// Whether two sets have something in common.
    fn overlaps(self, other: Self) -> bool {
        match (self, other) {
            (Self::Like(one), Self::Like(other)) => overlap(one, other),
            (Self::Like(one), Self::Except(others)) | (Self::Except(others), Self::Like(one)) => {
                !others.iter().any(|other| takes_in(other, one))
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

/// Whether anything is allowed by these policies, within the boundary, and not denied.
pub(super) fn anything_left(policies: &[&Policy], boundary: Option<&Policy>) -> bool {
    let all = policies.iter().copied().chain(boundary);
    let denies: Vec<&Statement> = all
        .flat_map(|policy| &policy.statements)
        .filter(|one| !one.allows && !one.is_conditional)
        .collect();
    let mut compared = 0;
    let mut denied = |pieces: &[(Meant<'_>, Meant<'_>)]| {
        compared += denies.len() + 1;
        let takes_in = |one: &&Statement| {
            // Of what is common to two sets, all is denied where one of them is.
            pieces
                .iter()
                .any(|(action, _)| one.actions.takes_in(*action))
                && pieces
                    .iter()
                    .any(|(_, resource)| one.resources.takes_in(*resource))
        };
        compared < MOST && denies.iter().any(takes_in)
    };
    for piece in allowed(policies.iter().copied()) {
        let Some(boundary) = boundary else {
            if !denied(&[piece]) {
                return true;
            }
            continue;
        };
        if denied(&[piece]) {
            continue;
        }
        for limit in allowed(std::iter::once(boundary)) {
            let in_common = piece.0.overlaps(limit.0) && piece.1.overlaps(limit.1);
            if in_common && !denied(&[piece, limit]) {
                return true;
            }
        }
    }
    false
}
