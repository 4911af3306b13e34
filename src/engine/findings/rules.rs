//! The rules, in one table: what each finds, how severe that is, why it matters, what to do, and what
//! it is called elsewhere.
//!
//! Where others are wrong, these follow what AWS says of keys: an age is counted from `CreateDate`,
//! never from the report's `last_rotated`, which a toggle makes young; what was never used counts as
//! unused since its creation; a finding is about a key and not about a user with two of them.

use super::exemption::{Exempt, exempt_from};
use super::policy::{ConfigExemption, Limits, OwnRule, Policy, ROOT_USER};
use crate::engine::account::UserRow;
use crate::engine::query::{
    Asked, Judged, KeyFacts, Query, UserFacts, complete::begins, glob::Glob,
};
use chrono::{DateTime, NaiveDate, Utc};

/// How severe a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// To be tidied up.
    Low,
    /// Against what standards ask for.
    Medium,
    /// A key that is likely to do harm.
    High,
    /// To be dealt with today.
    Critical,
}

impl Severity {
    /// All of them, the gravest first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// The severity whose name begins so, whatever the case.
    pub(in crate::engine) fn begins(text: &str) -> Option<Self> {
        let begins = |it: &Self| begins(it.name(), text);
        Self::ALL
            .into_iter()
            .find(begins)
            .filter(|_| !text.is_empty())
    }
}

/// What a rule is called in a standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standard {
    /// The standard, with its version.
    pub name: &'static str,
    /// The control.
    pub control: &'static str,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its ID, in kebab case: what `finding:` and the config call it.
    pub id: Box<str>,
    /// What it finds, in a few words.
    pub title: Box<str>,
    /// How severe that is.
    pub severity: Severity,
    /// The condition, in the filter language.
    pub when: Box<str>,
    /// Why it matters, in one sentence.
    pub why: Box<str>,
    /// What to do.
    pub remedy: Box<str>,
    /// What it is called elsewhere.
    pub standards: &'static [Standard],
    /// Whether it counts.
    pub is_on: bool,
    /// Whether an exemption can take a key out of it.
    pub is_exemptible: bool,
    /// Whether it asks for the root user, and so is asked of root's keys.
    pub is_of_root: bool,
    query: Query,
}

impl Rule {
    /// Whether no keys but root's can meet it.
    #[must_use]
    pub fn is_of_root_alone(&self) -> bool {
        self.query.asks_root_alone()
    }
}

/// The facts about a rule that do not depend on the policy.
struct Row {
    id: &'static str,
    severity: Severity,
    why: &'static str,
    remedy: &'static str,
    standards: &'static [Standard],
    /// The limit that its title names, where it names one.
    limit: Option<fn(&Limits) -> u32>,
    /// Its title, with the days of its limit.
    title: fn(&str) -> String,
    /// The second is whether `unused-90` counts, too.
    when: fn(&Limits, bool) -> String,
}

impl Row {
    /// Its title where these are the least and the most of its limits.
    fn title_at(&self, least: &Limits, most: &Limits) -> String {
        let days = self.limit.map(|limit| (limit(least), limit(most)));
        let days = days.map_or_else(String::new, |(least, most)| {
            let (least, most) = (least.min(most), least.max(most));
            if least == most {
                least.to_string()
            } else {
                format!("{least}–{most}")
            }
        });
        (self.title)(&days)
    }
}

/// The title of a rule that there always is, where its limit is not the same in all accounts: with the
/// least and the most of them.
pub(super) fn title_of_all(id: &str, limits: &[Limits]) -> Option<String> {
    let row = TABLE.iter().find(|row| row.id == id)?;
    let limit = row.limit?;
    let least = limits.iter().min_by_key(|it| limit(it))?;
    let most = limits.iter().max_by_key(|it| limit(it))?;
    Some(row.title_at(least, most))
}

/// The titles of the rules that there always are, by their IDs, in accounts that a policy says nothing in
/// particular of.
pub fn usual_titles(policy: &Policy) -> impl Iterator<Item = (&'static str, String)> {
    let limits = policy.limits(&[]);
    let rows = TABLE.iter();
    rows.map(move |row| (row.id, row.title_at(&limits, &limits)))
}

const fn at(name: &'static str, control: &'static str) -> Standard {
    Standard { name, control }
}

/// CIS AWS Foundations, by versions.
const CIS_1: &str = "CIS 1.4–4.0.1";
const CIS_5: &str = "CIS 5.0";
const CIS_6: &str = "CIS 6.0";
const CIS_7: &str = "CIS 7.0";
const HUB: &str = "Security Hub";
const PCI_4: &str = "PCI DSS 4.0";
const PCI_3: &str = "PCI DSS 3.2.1";
const NIST: &str = "NIST 800-53";

const UNUSED: &[Standard] = &[
    at(CIS_1, "1.12"),
    at(CIS_5, "1.11"),
    at(CIS_6, "2.11"),
    at(CIS_7, "2.11"),
    at(HUB, "IAM.22"),
    at(NIST, "AC-2(3)"),
];

const UNUSED_LONG: &[Standard] = &[
    at(HUB, "IAM.8"),
    at(PCI_4, "8.2.6.2"),
    at(PCI_3, "8.1.4"),
    at(NIST, "AC-2(3)"),
];

const OLD: &[Standard] = &[
    at(CIS_1, "1.14"),
    at(CIS_5, "1.13"),
    at(CIS_6, "2.13"),
    at(CIS_7, "2.12"),
    at(HUB, "IAM.3"),
    at(PCI_4, "8.3.9.1, 8.6.3.1"),
    at(NIST, "AC-2(1)"),
];

/// The rules, the gravest first.
const TABLE: &[Row] = &[
    Row {
        id: "root-key",
        severity: Severity::Critical,
        why: "Root can do everything, and no policy can stop it.",
        remedy: "Sign in as root, move what uses the key to a role, deactivate the key, then delete it.",
        standards: &[
            at(CIS_1, "1.4"),
            at(CIS_5, "1.3"),
            at(CIS_6, "2.3"),
            at(CIS_7, "2.4"),
            at(HUB, "IAM.4"),
            at(PCI_4, "8.2.2.6"),
            at(NIST, "AC-2(1), AC-3"),
        ],
        limit: None,
        title: |_| "Root user has an access key".into(),
        when: |_, _| "root".into(),
    },
    Row {
        id: "quarantined",
        severity: Severity::Critical,
        why: "AWS has found a key of this user in public: others have it.",
        remedy: "Deal with the leak: deactivate the key, cut its sessions, review what it was used for.",
        standards: &[at(NIST, "AC-2(3)")],
        limit: None,
        title: |_| "Quarantined by AWS".into(),
        when: |_, _| "quarantined".into(),
    },
    Row {
        id: "admin-old",
        severity: Severity::High,
        why: "A copy of this key is enough to take over the account.",
        remedy: "Rotate it, or replace it with a role. Take away the permissions that are not used.",
        standards: OLD,
        limit: Some(|limits| limits.age),
        title: |days| format!("Admin key over {days} days"),
        when: |limits, _| format!("status:active admin age>{}", limits.age),
    },
    Row {
        id: "never-used",
        severity: Severity::High,
        why: "It was never needed, and a copy of it works for anyone.",
        remedy: "Deactivate it, then delete it: nothing uses it.",
        standards: UNUSED,
        limit: Some(|limits| limits.grace),
        title: |days| format!("Never used in {days} days"),
        when: |limits, _| format!("status:active never age>{}", limits.grace),
    },
    Row {
        id: "unused-90",
        severity: Severity::High,
        why: "Nothing that still runs needs it, and a copy of it still works.",
        remedy: "Look at its impact, deactivate it, wait, then delete it.",
        standards: UNUSED_LONG,
        limit: Some(|limits| limits.long_unused),
        title: |days| format!("Not used for {days} days"),
        when: |limits, _| format!("status:active unused>={}", limits.long_unused),
    },
    Row {
        id: "unused-45",
        severity: Severity::Medium,
        why: "What uses it has most likely ended.",
        remedy: "Ask its owner, then deactivate it.",
        standards: UNUSED,
        limit: Some(|limits| limits.unused),
        title: |days| format!("Not used for {days} days"),
        when: |limits, is_bounded| {
            let begin = format!("status:active unused>={}", limits.unused);
            let is_bounded = is_bounded && limits.long_unused > limits.unused;
            let end = format!(" unused<{}", limits.long_unused);
            begin + if is_bounded { &end } else { "" }
        },
    },
    Row {
        id: "old",
        severity: Severity::Medium,
        why: "The longer a key lives, the more copies of it there are.",
        remedy: "Rotate it, or replace it with a role.",
        standards: OLD,
        limit: Some(|limits| limits.age),
        title: |days| format!("Older than {days} days"),
        when: |limits, _| format!("status:active age>{}", limits.age),
    },
    Row {
        id: "two-active",
        severity: Severity::Medium,
        why: "A second key is for rotating: left Active, it is one more that can leak.",
        remedy: "Finish the rotation: deactivate the one that is not used, then delete it.",
        standards: &[at(CIS_1, "1.13"), at(CIS_5, "1.12"), at(CIS_6, "2.12")],
        limit: None,
        title: |_| "Two Active keys".into(),
        when: |_, _| "status:active active>1".into(),
    },
    Row {
        id: "password-without-mfa",
        severity: Severity::Medium,
        why: "A person whose password is enough to sign in can make more keys.",
        remedy: "Have an MFA device added, or take the password away.",
        standards: &[
            at(CIS_1, "1.10"),
            at(CIS_5, "1.9"),
            at(CIS_6, "2.9"),
            at(CIS_7, "2.10"),
        ],
        limit: None,
        title: |_| "Key, password and no MFA".into(),
        when: |_, _| "status:active password -mfa".into(),
    },
    Row {
        id: "inactive-long",
        severity: Severity::Low,
        why: "It was not missed, and one call makes it work again.",
        remedy: "Delete it.",
        standards: &[at(NIST, "AC-2(3)")],
        limit: Some(|limits| limits.inactive),
        title: |days| format!("Inactive for {days} days"),
        when: |limits, _| format!("status:inactive inactive>={}", limits.inactive),
    },
    Row {
        id: "no-owner",
        severity: Severity::Low,
        why: "Its owner cannot be asked before it is changed: no tag names one.",
        remedy: "Tag the user with owner, team or contact.",
        standards: &[],
        limit: None,
        title: |_| "No owner".into(),
        when: |_, _| "-owner:*".into(),
    },
];

/// The IDs of the rules that there always are.
pub const RULE_IDS: [&str; 11] = {
    let mut ids = [""; 11];
    let mut at = 0;
    while at < ids.len() {
        ids[at] = TABLE[at].id;
        at += 1;
    }
    ids
};

/// The rules of an account, in the order of the table, and then a person's own; and the exemptions of
/// the config that are about the account.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    all: Vec<Rule>,
    exemptions: Vec<Exempting>,
    /// Those that count, a bit each.
    on: u64,
    /// The days that a new key has to be used for the first time.
    grace: u32,
    /// Those that are asked of root's keys.
    of_root: u64,
    /// Those that are asked of the keys of users.
    of_users: u64,
    limits: Limits,
    /// Those that exemptions can take a key out of.
    exemptible: u64,
    /// Those without alternatives: what they ask of a user and of a key is asked apart.
    plain: u64,
    /// Those of these that only Active keys can meet.
    of_active: u64,
    /// And only Inactive ones.
    of_inactive: u64,
    /// What they ask for that costs something to look up.
    asked: Asked,
}

/// An exemption of the config, with what it takes keys out of.
#[derive(Clone, Debug)]
struct Exempting {
    exemption: ConfigExemption,
    user: Option<Glob>,
    mask: u64,
}

/// What is known of a key, by rules: a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdicts {
    pub(super) met: u64,
    pub(super) unknown: u64,
}

impl Rules {
    /// Those that a policy makes where its parts at these places are about an account.
    pub(super) fn of(policy: &Policy, places: &[usize]) -> Self {
        let limits = policy.limits(places);
        let is_bounded = policy.is_on(places, "unused-90");
        let table = TABLE.iter().map(|row| {
            let when = (row.when)(&limits, is_bounded);
            Rule {
                id: row.id.into(),
                title: row.title_at(&limits, &limits).into(),
                severity: policy.severity(places, row.id).unwrap_or(row.severity),
                query: Query::parse(&when),
                when: when.into(),
                why: row.why.into(),
                remedy: row.remedy.into(),
                standards: row.standards,
                is_on: policy.is_on(places, row.id),
                // AWS has found the key in public: that is no matter of a decision of ours.
                is_exemptible: row.id != "quarantined",
                is_of_root: false,
            }
        });
        let own = policy.own.iter().map(|rule| own(rule, policy, places));
        let mut all: Vec<Rule> = table.chain(own).collect();
        for rule in &mut all {
            rule.is_of_root = rule.query.asks_root();
        }
        let bits = |is: fn(&Rule) -> bool| {
            let set = all.iter().enumerate().filter(|(_, rule)| is(rule));
            set.fold(0, |mask, (at, _)| mask | 1 << at)
        };
        let exemptible = bits(|rule| rule.is_exemptible);
        let exempting = |it: &ConfigExemption| Exempting {
            user: it.user_glob(),
            mask: if it.rules.is_empty() {
                exemptible
            } else {
                let named = all.iter().enumerate();
                let named = named.filter(|(_, rule)| it.rules.contains(&rule.id));
                named.fold(0, |mask, (at, _)| mask | 1 << at)
            },
            exemption: it.clone(),
        };
        let exemptions = policy.exemptions_at(places).map(exempting).collect();
        Self {
            grace: policy.limits(places).grace,
            on: bits(|rule| rule.is_on),
            of_root: bits(|rule| rule.is_of_root),
            of_users: bits(|rule| !rule.is_of_root_alone()),
            limits,
            exemptible,
            plain: bits(|rule| rule.query.is_plain()),
            of_active: bits(|rule| rule.query.asks_status(true)),
            of_inactive: bits(|rule| rule.query.asks_status(false)),
            asked: all
                .iter()
                .fold(Asked::default(), |asked, rule| asked | rule.query.asked()),
            exemptions,
            all,
        }
    }

    /// The days that a new key has to be used for the first time.
    #[must_use]
    pub fn grace(&self) -> u32 {
        self.grace
    }

    /// All of them, also those that do not count.
    #[must_use]
    pub fn all(&self) -> &[Rule] {
        &self.all
    }

    /// A rule by its place.
    #[must_use]
    pub fn get(&self, rule: usize) -> Option<&Rule> {
        self.all.get(rule)
    }

    /// The place of a rule, by its ID.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<usize> {
        self.all.iter().position(|rule| *rule.id == *id)
    }

    pub(super) fn exemptible(&self) -> u64 {
        self.exemptible
    }

    /// Those that count, a bit each.
    pub(super) fn on(&self) -> u64 {
        self.on
    }

    pub(super) fn of_root(&self) -> u64 {
        self.of_root
    }

    /// Those that are asked of the keys of users, a bit each.
    pub(super) fn of_users(&self) -> u64 {
        self.of_users
    }

    /// The limits that they are made of.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) fn asks_account(&self) -> bool {
        self.asked.has(Asked::ACCOUNT)
    }

    pub(super) fn asks_own(&self) -> bool {
        self.asked.has(Asked::OWN)
    }

    /// What they ask for that costs something to look up.
    pub(in crate::engine) fn asked(&self) -> Asked {
        self.asked
    }

    pub(super) fn has_exemptions(&self) -> bool {
        !self.exemptions.is_empty()
    }

    /// The exemptions of the config that are about a key of a user, with the rules that they take it
    /// out of.
    pub(super) fn exemptions_in_config(
        &self,
        user: &str,
        key: Option<&str>,
    ) -> impl Iterator<Item = (&ConfigExemption, u64)> {
        let is_about = move |it: &&Exempting| {
            let of_key = it.exemption.key.as_deref();
            of_key.is_none_or(|of| key.is_some_and(|key| key.eq_ignore_ascii_case(of)))
                && match &it.user {
                    // A pattern that every user has is not meant for root.
                    _ if user == ROOT_USER => it.exemption.user.as_deref() == Some(ROOT_USER),
                    user_glob => user_glob.as_ref().is_none_or(|glob| glob.matches(user)),
                }
        };
        let about = self.exemptions.iter().filter(is_about);
        about.map(|it| (&it.exemption, it.mask))
    }

    /// What exemptions take a key out of.
    #[inline]
    pub(in crate::engine) fn exempt(
        &self,
        row: &UserRow,
        key: Option<&str>,
        today: NaiveDate,
    ) -> Exempt {
        exempt_from(self, row, key, today)
    }

    /// What is known of a key, or of the keys of a user of which nothing is known, by the rules of
    /// `mask` that count.
    #[inline]
    pub(super) fn judge(
        &self,
        user: &UserFacts<'_>,
        key: Option<&KeyFacts<'_>>,
        now: DateTime<Utc>,
        mask: u64,
    ) -> Verdicts {
        self.judge_by(mask, |query| query.conditions_verdict(user, key, now))
    }

    /// What is known of the keys of a user by what the rules of `mask` ask of the user alone: a key may
    /// meet only what is met here, or unknown.
    #[inline]
    pub(super) fn judge_user(&self, user: &UserFacts<'_>, mask: u64) -> Verdicts {
        self.judge_by(mask, |query| query.user_verdict(user))
    }

    /// The same as [`Rules::judge`] of a key whose user was judged.
    #[inline]
    pub(super) fn judge_key(
        &self,
        of_user: Verdicts,
        user: &UserFacts<'_>,
        key: &KeyFacts<'_>,
        now: DateTime<Utc>,
    ) -> Verdicts {
        let open = self.open_by_status(key.active, of_user.met | of_user.unknown);
        let plain = self.judge_by(open & self.plain, |query| query.key_verdict(user, key, now));
        let rest = open & !self.plain;
        let rest = self.judge(user, Some(key), now, rest);
        Verdicts {
            met: (plain.met & of_user.met) | rest.met,
            unknown: plain.unknown | (plain.met & of_user.unknown) | rest.unknown,
        }
    }

    /// Those of some rules that a key of this status may meet.
    fn open_by_status(&self, active: Option<bool>, mask: u64) -> u64 {
        match active {
            Some(true) => mask & !self.of_inactive,
            Some(false) => mask & !self.of_active,
            // It is neither, as far as a list goes; whether AWS accepts it is not known.
            None => mask,
        }
    }

    #[inline]
    fn judge_by(&self, mask: u64, verdict: impl Fn(&Query) -> Option<bool>) -> Verdicts {
        let mut verdicts = Verdicts::default();
        let mut left = self.on & mask;
        while left != 0 {
            let at = left.trailing_zeros() as usize;
            let bit = 1 << at;
            left &= !bit;
            match self.all.get(at).and_then(|rule| verdict(&rule.query)) {
                Some(true) => verdicts.met |= bit,
                Some(false) => {}
                None => verdicts.unknown |= bit,
            }
        }
        verdicts
    }

    /// Whether one of some rules finds a key; none where that is not known.
    pub(in crate::engine) fn finds_any(
        &self,
        user: &UserFacts<'_>,
        key: &KeyFacts<'_>,
        now: DateTime<Utc>,
        is_asked: impl Fn(&Rule) -> bool,
    ) -> Option<bool> {
        if let Some(Judged { found, unknown }) = key.judged {
            let asks = |mask: u64| {
                let rules = self.all.iter().enumerate();
                let mut rules = rules.filter(|(at, _)| mask & (1 << at) != 0);
                rules.any(|(_, rule)| is_asked(rule))
            };
            return if asks(found) {
                Some(true)
            } else {
                (!asks(unknown)).then_some(false)
            };
        }
        let of = if user.root {
            self.of_root
        } else {
            self.of_users
        };
        let counting = self.on & of & !key.exempt.unwrap_or(0);
        let open = self.open_by_status(key.active, counting);
        let mut finds = Some(false);
        for (at, rule) in self.all.iter().enumerate() {
            if open & (1 << at) == 0 || !is_asked(rule) {
                continue;
            }
            match rule.query.conditions_verdict(user, Some(key), now) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => finds = None,
            }
        }
        finds
    }
}

/// A person's own rule.
fn own(rule: &OwnRule, policy: &Policy, places: &[usize]) -> Rule {
    let of_policy = policy.severity(places, &rule.id);
    let why = rule.why.as_deref();
    let remedy = rule.remedy.as_deref();
    Rule {
        id: rule.id.clone(),
        title: rule.name.clone(),
        severity: of_policy.unwrap_or(rule.severity),
        when: rule.when.clone(),
        why: why.unwrap_or("A rule of your config file.").into(),
        remedy: remedy.unwrap_or("Ask the author of the rule.").into(),
        standards: &[],
        is_on: policy.is_on(places, &rule.id),
        is_exemptible: true,
        is_of_root: false,
        query: Query::parse(&rule.when),
    }
}
