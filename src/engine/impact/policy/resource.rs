//! How far the resources of a statement reach: to the user alone whose policy it is, or beyond.

use super::{
    Patterns,
    glob::{self, takes_in},
    marker::About,
};

/// How far resources reach, of those that an action is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach<'a> {
    /// All of them.
    pub(super) all: bool,
    /// More than one user.
    pub(super) beyond: bool,
    /// The user who asks (`${aws:username}`).
    pub(super) own: bool,
    /// Users by their names.
    pub(super) named: Vec<&'a str>,
}

/// The user who asks, and a character that only stands for itself: neither is in any ARN.
const ONESELF: char = '\u{1}';
const PLAIN: char = '\u{2}';

/// A name that no pattern means.
const FRESH: &str = "\u{3}\u{3}\u{3}";

impl About {
    /// The service, and how the resource begins.
    fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::User | Self::AnyUser | Self::OwnUser | Self::Boundary => ("iam", "user/"),
            Self::Group => ("iam", "group/"),
            Self::Policy => ("iam", "policy/"),
            Self::Role | Self::EveryRole | Self::AnyRole => ("iam", "role/"),
            Self::EveryFunction => ("lambda", "function:"),
            Self::EveryInstance => ("ec2", "instance/"),
            Self::Secret => ("secretsmanager", "secret:"),
            Self::Parameter => ("ssm", "parameter/"),
        }
    }

    fn is_user(self) -> bool {
        matches!(
            self,
            Self::User | Self::AnyUser | Self::OwnUser | Self::Boundary
        )
    }

    /// Whether a pattern takes in all of them, in the account, the region and the partition that it may
    /// name.
    fn is_all(self, pattern: &str) -> bool {
        let account = named(pattern, 4).unwrap_or(FRESH);
        let region = named(pattern, 3).unwrap_or(FRESH);
        self.is_all_of(pattern, account, region)
    }

    /// Whether a pattern surely takes in all of them: those of every account, or of the user's own
    /// where that is enough. What another account has is not what a Deny takes away.
    fn is_surely_all(self, pattern: &str, account: Option<&str>) -> bool {
        let own = account.filter(|_| self != Self::AnyRole);
        // What a variable stands for is not known here, and never everything.
        !pattern.contains("${")
            && (self.is_all_of(pattern, FRESH, FRESH)
                || own.is_some_and(|own| self.is_all_of(pattern, own, FRESH)))
    }

    /// Whether a pattern takes in all of them that an account has in a region, in the partition that it
    /// may name.
    fn is_all_of(self, pattern: &str, account: &str, region: &str) -> bool {
        let (service, begin) = self.place();
        let partition = named(pattern, 1).unwrap_or(FRESH);
        // IAM has no regions.
        let region = if service == "iam" { "" } else { region };
        let one = format!("arn:{partition}:{service}:{region}:{account}:{begin}{FRESH}");
        takes_in(pattern, &one)
    }

    /// Whether a pattern takes in any of them.
    fn is_some(self, pattern: &str) -> bool {
        let (service, begin) = self.place();
        let region = if service == "iam" { "" } else { "*" };
        overlap(pattern, &format!("arn:?*:{service}:{region}:?*:{begin}?*"))
    }
}

/// A part of an ARN that stands for itself.
fn named(pattern: &str, part: usize) -> Option<&str> {
    let part = pattern.split(':').nth(part)?;
    (!part.is_empty() && !part.contains(['*', '?', '$'])).then_some(part)
}

/// Whether two patterns of ARNs have something in common. Part by part, for no part but the last has a
/// colon in it; a star of one that has fewer parts stands for several.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    const PARTS: usize = 6;
    let parts = |pattern| str::splitn(pattern, PARTS, ':');
    if parts(one).count() < PARTS || parts(other).count() < PARTS {
        return glob::overlap(one, other);
    }
    parts(one)
        .zip(parts(other))
        .all(|(one, other)| glob::overlap(one, other))
}

/// Whether a Deny of resources takes all of them away, as far as is known of the user's account.
pub(super) fn is_all_denied(resources: &Patterns, about: About, account: Option<&str>) -> bool {
    let mut patterns = resources.any_of.iter();
    !resources.inverted && patterns.any(|pattern| about.is_surely_all(pattern, account))
}

/// How far resources reach that are allowed.
pub(super) fn reach<'a>(resources: &'a Patterns, about: About, account: Option<&str>) -> Reach<'a> {
    let mut reach = Reach::default();
    if resources.inverted {
        let mut patterns = resources.any_of.iter();
        let left = !patterns.any(|pattern| about.is_surely_all(pattern, account));
        reach.beyond = left;
        // As for those who are named, and may be what is left out: more is said than less.
        reach.own = left;
        reach.all = left;
        return reach;
    }
    for resource in &resources.any_of {
        let pattern = without_variables(resource);
        if !about.is_some(&pattern) {
            continue;
        }
        reach.all |= about.is_all(&pattern);
        let name = pattern.rsplit_once('/').map(|(_, name)| name);
        let is_whole = |name: &&str| about.is_user() && !name.contains(['*', '?', PLAIN]);
        match name.filter(is_whole) {
            Some(name) if name.chars().eq([ONESELF]) => reach.own = true,
            Some(name) if !name.contains(ONESELF) => {
                let at = resource.len() - name.len();
                reach.named.push(&resource[at..]);
            }
            _ => reach.beyond = true,
        }
    }
    reach
}

/// Whether what is meant is everything but the user who asks: `NotResource` of their own ARNs, as it
/// stands in a Deny.
pub(super) fn is_all_but_oneself(resources: &Patterns) -> bool {
    let mut patterns = resources.any_of.iter();
    let all_own = patterns.all(|pattern| {
        let pattern = without_variables(pattern);
        let name = pattern.rsplit_once('/').map(|(_, name)| name);
        name.is_some_and(|name| name.chars().eq([ONESELF]))
    });
    resources.inverted && all_own
}

/// A pattern in which the variable of the user's name is one character, and other variables are stars:
/// what they stand for is not known here.
fn without_variables(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            text.push('*');
            return text;
        };
        match name {
            "*" | "?" | "$" => text.push(PLAIN),
            name if name.eq_ignore_ascii_case("aws:username") => text.push(ONESELF),
            _ => text.push('*'),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(about: About, resources: &[&str]) -> (bool, bool, bool, Vec<String>) {
        let resources = Patterns {
            any_of: resources.iter().map(|&one| one.into()).collect(),
            inverted: false,
        };
        let reach = reach(&resources, about, None);
        let named = reach.named.into_iter().map(str::to_owned).collect();
        (reach.all, reach.beyond, reach.own, named)
    }

    #[test]
    fn resources_reach_as_far_as_their_patterns_say() {
        let users = |resource: &str| of(About::User, &[resource]);
        let none = (false, false, false, Vec::new());
        let all = (true, true, false, Vec::new());
        let some = (false, true, false, Vec::new());
        for (resource, expected) in [
            ("*", all.clone()),
            ("arn:aws:iam::*:user/*", all.clone()),
            ("arn:aws:iam::123456789012:user/*", all.clone()),
            ("arn:aws-cn:iam::123456789012:*", all.clone()),
            ("arn:*", all),
            ("arn:aws:iam::123456789012:user/dev/*", some.clone()),
            (
                "arn:aws:iam::*:user/${aws:PrincipalTag/team}-*",
                some.clone(),
            ),
            ("arn:aws:iam::*:user/${aws:username}*", some.clone()),
            ("arn:aws:iam::*:user/${aws:username}-ci", some),
            (
                "arn:aws:iam::*:user/${aws:username}",
                (false, false, true, vec![]),
            ),
            (
                "arn:aws:iam::*:user/*/${aws:UserName}",
                (false, false, true, vec![]),
            ),
            (
                "arn:aws:iam::123456789012:user/ops/bob",
                (false, false, false, vec!["bob".into()]),
            ),
            (
                "arn:aws:iam::*:user/bob",
                (false, false, false, vec!["bob".into()]),
            ),
            ("arn:aws:iam::*:mfa/${aws:username}", none.clone()),
            ("arn:aws:iam::*:role/*", none.clone()),
            ("arn:aws:s3:::*", none),
        ] {
            assert_eq!(users(resource), expected, "{resource}");
        }
    }

    #[test]
    fn one_role_is_not_every_role() {
        let role = |resource: &str| of(About::EveryRole, &[resource]).0;
        assert!(role("*") && role("arn:aws:iam::123456789012:role/*"));
        assert!(!role("arn:aws:iam::123456789012:role/deploy"));
        assert!(!role("arn:aws:iam::123456789012:role/service/*"));
        assert!(!role("arn:aws:iam::123456789012:user/*"));
        let secrets = of(
            About::Secret,
            &["arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-*"],
        );
        assert_eq!(secrets, (false, true, false, vec![]));
    }

    #[test]
    fn a_deny_of_another_account_takes_nothing_away() {
        const OWN: Option<&str> = Some("123456789012");
        let patterns = |resource: &str, inverted| Patterns {
            any_of: vec![resource.into()],
            inverted,
        };
        for (resource, account, expected) in [
            ("*", None, true),
            ("arn:aws:iam::*:role/*", None, true),
            ("arn:aws:iam::*:*", OWN, true),
            ("arn:aws:iam::123456789012:role/*", OWN, true),
            ("arn:aws:iam::1234*:role/*", OWN, true),
            ("arn:aws:iam::123456789012:role/*", None, false),
            ("arn:aws:iam::999999999999:role/*", OWN, false),
            ("arn:aws:iam::999999999999:role/*", None, false),
            ("arn:aws:iam::*:role/one", OWN, false),
            ("arn:aws:iam::*:role/${aws:PrincipalTag/team}", OWN, false),
        ] {
            let denied = is_all_denied(&patterns(resource, false), About::EveryRole, account);
            assert_eq!(denied, expected, "{resource} in {account:?}");
            // What is left out of an Allow is told by the same.
            let inverted = patterns(resource, true);
            let left = reach(&inverted, About::EveryRole, account).all;
            assert_eq!(left, !expected, "all but {resource} in {account:?}");
        }
        // Roles of all accounts may be assumed.
        let any = |resource| is_all_denied(&patterns(resource, false), About::AnyRole, OWN);
        assert!(any("arn:aws:iam::*:role/*") && any("*"));
        assert!(!any("arn:aws:iam::123456789012:role/*"));
    }

    #[test]
    fn all_but_oneself_is_what_stands_in_a_deny_of_the_rest() {
        let patterns = |inverted, resource: &str| Patterns {
            any_of: vec![resource.into()],
            inverted,
        };
        let own = "arn:aws:iam::*:user/${aws:username}";
        assert!(is_all_but_oneself(&patterns(true, own)));
        assert!(!is_all_but_oneself(&patterns(false, own)));
        assert!(!is_all_but_oneself(&patterns(
            true,
            "arn:aws:iam::*:user/*"
        )));
    }
}
