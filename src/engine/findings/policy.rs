//! The policy: the limits of the rules, which of them count, a person's own rules, and what is
//! exempt. What it says of some accounts comes before what it says of all.

use super::{exemption::Exemption, rules::Severity};
use crate::engine::{account_rules::Which, query::glob::Glob};

/// How the credential report calls the root user. An exemption is about root only where it names it so.
pub const ROOT_USER: &str = "<root_account>";

/// The limits of the rules, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A key is old when it is older than this.
    pub age: u32,
    /// A key is unused after so long.
    pub unused: u32,
    /// And so for so long that it is worse.
    pub long_unused: u32,
    /// A key that was never used has so long until it should have been.
    pub grace: u32,
    /// An Inactive key should be deleted after so long.
    pub inactive: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            age: 90,
            unused: 45,
            long_unused: 90,
            grace: 45,
            inactive: 90,
        }
    }
}

/// What a policy says: of all accounts, or of some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyPart {
    /// As [`Limits::age`].
    pub age: Option<u32>,
    /// As [`Limits::unused`].
    pub unused: Option<u32>,
    /// As [`Limits::long_unused`].
    pub long_unused: Option<u32>,
    /// As [`Limits::grace`].
    pub grace: Option<u32>,
    /// As [`Limits::inactive`].
    pub inactive: Option<u32>,
    /// The severities of rules, by their IDs.
    pub severities: Vec<(Box<str>, Severity)>,
    /// The rules that do not count, by their IDs; none where nothing is said of that.
    pub off: Option<Vec<Box<str>>>,
    /// Where it stands in the file, if it is about some accounts.
    pub line: usize,
}

/// A rule that a person has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRule {
    /// Its ID, made of its name.
    pub id: Box<str>,
    /// What it is called.
    pub name: Box<str>,
    /// Its condition, which was understood.
    pub when: Box<str>,
    /// How severe it is.
    pub severity: Severity,
    /// Why it matters, where that is said.
    pub why: Option<Box<str>>,
    /// What to do, where that is said.
    pub remedy: Option<Box<str>>,
}

impl OwnRule {
    /// The ID that a name makes: its letters and digits in lower case, with `-` for what is between.
    #[must_use]
    pub fn id_of(name: &str) -> String {
        let flat: String = name
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { ' ' })
            .collect();
        let words: Vec<String> = flat.split_whitespace().map(str::to_lowercase).collect();
        words.join("-")
    }
}

/// An exemption of the config file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigExemption {
    /// The key, where it is about one.
    pub key: Option<Box<str>>,
    /// What the names of the users look like, where it is about some.
    pub user: Option<Box<str>>,
    /// The accounts, where it is about some.
    pub account: Option<Which>,
    /// The rules that it is about, by their IDs; all where none are named.
    pub rules: Vec<Box<str>>,
    /// Until when, and why.
    pub exemption: Exemption,
    /// Where it stands in the file.
    pub line: usize,
}

impl ConfigExemption {
    /// What the names of users look like.
    pub(super) fn user_glob(&self) -> Option<Glob> {
        self.user.as_deref().map(Glob::whole)
    }
}

/// Everything that a person has said of what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// For all accounts.
    pub base: PolicyPart,
    /// For some, in order: the first that says a thing counts.
    pub accounts: Vec<(Which, PolicyPart)>,
    /// A person's own rules.
    pub own: Vec<OwnRule>,
    /// The exemptions.
    pub exemptions: Vec<ConfigExemption>,
}

/// Whether `which` is about an account of this ID, or that goes by one of these names.
fn is_about(which: &Which, id: Option<&str>, names: &[&str]) -> bool {
    match which {
        Which::Id(of) => id == Some(&**of),
        Which::Named(pattern) => names.iter().any(|name| pattern.matches(name)),
    }
}

impl Policy {
    /// Whether something in it is about some accounts only.
    pub(super) fn is_special(&self) -> bool {
        let some = |exemption: &ConfigExemption| exemption.account.is_some();
        !self.accounts.is_empty() || self.exemptions.iter().any(some)
    }

    /// What in it is about an account in particular: the places of parts, and behind them those of
    /// exemptions.
    pub(super) fn about(&self, id: Option<&str>, names: &[&str]) -> Vec<usize> {
        let parts = self.accounts.iter().map(|(which, _)| Some(which));
        let exemptions = self.exemptions.iter().map(|it| it.account.as_ref());
        let all = parts.chain(exemptions).enumerate();
        let about = all.filter(|(_, which)| which.is_some_and(|it| is_about(it, id, names)));
        about.map(|(at, _)| at).collect()
    }

    /// What in it is about some accounts, and about none of these: what it is called in the file, its line,
    /// and which accounts it means.
    pub(super) fn about_none(
        &self,
        accounts: &[(Option<&str>, Vec<&str>)],
    ) -> Vec<(&'static str, usize, &Which)> {
        let parts = self.accounts.iter();
        let parts = parts.map(|(which, part)| ("policy.account", part.line, Some(which)));
        let exemptions = self.exemptions.iter();
        let exemptions = exemptions.map(|it| ("exempt", it.line, it.account.as_ref()));
        let all = parts.chain(exemptions);
        let all = all.filter_map(|(what, line, which)| Some((what, line, which?)));
        all.filter(|(_, _, which)| {
            let mut accounts = accounts.iter();
            !accounts.any(|(id, names)| is_about(which, *id, names))
        })
        .collect()
    }

    /// The parts at these places, of those that are about some accounts, and then the one for all.
    fn parts(&self, places: &[usize]) -> impl Iterator<Item = &PolicyPart> + Clone {
        let some = places.iter().filter_map(|at| self.accounts.get(*at));
        let some = some.map(|(_, part)| part).collect::<Vec<_>>();
        some.into_iter().chain([&self.base])
    }

    /// The limits where the parts at these places are about an account.
    #[must_use]
    pub fn limits(&self, places: &[usize]) -> Limits {
        let usual = Limits::default();
        let first = |of: fn(&PolicyPart) -> Option<u32>, usual: u32| {
            self.parts(places).find_map(of).unwrap_or(usual)
        };
        Limits {
            age: first(|part| part.age, usual.age),
            unused: first(|part| part.unused, usual.unused),
            long_unused: first(|part| part.long_unused, usual.long_unused),
            grace: first(|part| part.grace, usual.grace),
            inactive: first(|part| part.inactive, usual.inactive),
        }
    }

    /// The severity of a rule, where something is said of it.
    pub(super) fn severity(&self, places: &[usize], id: &str) -> Option<Severity> {
        let mut parts = self.parts(places);
        parts.find_map(|part| {
            let mut severities = part.severities.iter();
            severities.find_map(|(of, severity)| (**of == *id).then_some(*severity))
        })
    }

    /// Whether a rule counts.
    pub(super) fn is_on(&self, places: &[usize], id: &str) -> bool {
        let off = self.parts(places).find_map(|part| part.off.as_ref());
        off.is_none_or(|off| !off.iter().any(|of| **of == *id))
    }

    /// Whether a rule counts in some account.
    pub(super) fn may_count(&self, id: &str) -> bool {
        let counts = |(_, part): &(Which, PolicyPart)| {
            let off = part.off.as_ref();
            off.is_some_and(|off| !off.iter().any(|of| **of == *id))
        };
        self.is_on(&[], id) || self.accounts.iter().any(counts)
    }

    /// The exemptions where those at these places are about an account, and those for all.
    pub(super) fn exemptions_at(&self, places: &[usize]) -> impl Iterator<Item = &ConfigExemption> {
        let before = self.accounts.len();
        self.exemptions
            .iter()
            .enumerate()
            .filter_map(move |(at, it)| {
                (it.account.is_none() || places.contains(&(before + at))).then_some(it)
            })
    }
}
