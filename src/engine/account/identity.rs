//! Who is signed in, and where.

use super::load::Load;
use crate::engine::{
    account_rules::{AccountRules, AccountStyle, says_production},
    error::Error,
    event::Renewed,
    model::{Caller, DEFAULT_KEYS_PER_USER, ReportedKey, Summary},
};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// What the credential report says beside the users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// When AWS had made it.
    pub generated: DateTime<Utc>,
    /// Root's keys, where it has a row for root.
    pub root: Option<Box<[ReportedKey]>>,
}

/// The identity of a session.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// The key ID that requests are signed with.
    pub key: String,
    /// The profile's name, where one was named.
    pub profile: Option<String>,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
    /// The account's name, as its organisation has it.
    pub listed_name: Option<Box<str>>,
    /// It is called that in the first place, and not by its alias: one of many, which are listed by
    /// these names, should not change its own when the alias comes.
    pub is_called_as_listed: bool,
    /// The name of the role that was assumed, or that a portal has given, where the account was opened
    /// through one.
    pub role: Option<Box<str>>,
    /// The SSO portal whose login it was signed in by, by its session or start URL, where it was.
    pub portal: Option<Box<str>>,
    /// When the credentials expire, where they do.
    pub expires: Option<DateTime<Utc>>,
    /// How it was signed in, in a word or two: `keys with MFA`, `role deploy`.
    pub how: String,
    /// The ID of the long-lived key that the session was made from, where it was: it cannot be renewed
    /// without that.
    pub made_from: Option<String>,
    /// Whether it is the next request that renews the credentials when they have expired.
    pub renewed_by_requests: bool,
    /// Who is signed in.
    pub caller: Load<Caller>,
    /// The account's alias.
    pub alias: Load<Option<String>>,
    /// How many access keys a user may have, and whether root has any.
    pub summary: Load<Summary>,
    /// When that was asked for last.
    pub(super) summary_asked: Option<DateTime<Utc>>,
    /// What the credential report says beside the users.
    pub report: Load<Reported>,
    /// Who is signed in may not read what keys are for (`iam:ListUserTags`).
    pub tags_refused: bool,
    /// Why it can no longer be used: expired, say. Nothing more is asked before the next sign-in.
    pub broken: Option<Error>,
    /// What a person has said of their accounts.
    pub rules: Arc<AccountRules>,
}

impl Identity {
    /// The alias, where it is known and there is one.
    fn alias(&self) -> Option<&str> {
        self.alias.known().and_then(Option::as_deref)
    }

    /// What the account calls itself, by its alias, or its organisation calls it.
    fn own_name(&self) -> Option<&str> {
        let (alias, listed) = (self.alias(), self.listed_name.as_deref());
        if self.is_called_as_listed {
            listed.or(alias)
        } else {
            alias.or(listed)
        }
    }

    /// The account ID, where it is known.
    #[must_use]
    pub fn account_id(&self) -> Option<&str> {
        self.caller.known().map(|caller| caller.account.as_str())
    }

    /// How many access keys root has, and what the credential report says of them: of those that the
    /// summary alone counts, nothing. None where neither tells, or where they contradict each other and it
    /// is not known which of them is older: the report may be hours old, and the summary of a session that
    /// has been open for long, too.
    #[must_use]
    pub fn told_of_root(&self) -> Option<(usize, &[ReportedKey])> {
        let report = self.report.known();
        let reported = report.and_then(|report| report.root.as_deref());
        let counted = self.summary.known().and_then(|summary| summary.root_keys);
        let (reported, counted) = match (reported, counted) {
            (None, None) => return None,
            (Some(reported), None) => return Some((reported.len(), reported)),
            (None, Some(counted)) => return Some((counted, &[])),
            (Some(reported), Some(counted)) => (reported, counted),
        };
        // The summary says 1 for any number of keys.
        if reported.is_empty() == (counted == 0) {
            return Some((reported.len().max(counted), reported));
        }
        let asked = self.summary_asked.filter(|_| self.summary.is_ready());
        let made = report.map(|report| report.generated);
        match (asked, made) {
            (Some(asked), Some(made)) if made > asked => Some((reported.len(), reported)),
            (Some(_), Some(_)) => Some((counted, &[])),
            // A key that one of them tells of is dealt with rather than left out.
            _ if counted > 0 => Some((counted, &[])),
            _ => None,
        }
    }

    /// How a rule wants the account to be shown.
    #[must_use]
    pub fn style(&self) -> AccountStyle {
        let style = self.rules.of(self.account_id(), &self.names());
        style.unwrap_or_default()
    }

    /// What the account is called where that is known: as a rule says, or else by its alias, or as its
    /// organisation has it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let own = self.own_name();
        if self.rules.is_empty() {
            return own;
        }
        let label = self.rules.label(self.account_id(), &self.names());
        label.or(own)
    }

    /// Requests are signed with these from now on.
    pub(in crate::engine) fn renew(&mut self, renewed: Renewed) {
        self.key = renewed.key;
        self.expires = renewed.expires;
    }

    /// Everything that a filter finds the account by: what it is called, by whom, and its ID.
    #[must_use]
    pub fn all_names(&self) -> [Option<&str>; 5] {
        [
            self.name(),
            self.alias(),
            self.listed_name.as_deref(),
            self.profile.as_deref(),
            self.account_id(),
        ]
    }

    /// The ARN of the role that was assumed, where the account was opened through one. That of a role
    /// which a portal gives has parts that nothing here tells.
    #[must_use]
    pub fn role_arn(&self) -> Option<Box<str>> {
        let role = self.role.as_deref().filter(|_| self.portal.is_none())?;
        let caller = self.caller.known()?;
        let partition = caller.arn.split(':').nth(1)?;
        let arn = format!("arn:{partition}:iam::{}:role/{role}", caller.account);
        Some(arn.into())
    }

    /// The account as a person names it: its name and account ID, as far as they are known.
    #[must_use]
    pub fn account(&self) -> String {
        match (self.name(), self.account_id()) {
            (Some(name), Some(id)) => format!("{name} {id}"),
            (Some(one), None) | (None, Some(one)) => one.into(),
            (None, None) => "an account that is not known yet".into(),
        }
    }

    /// The names that the account goes by. All of them: one that is not shown must not hide that this
    /// is production.
    fn names(&self) -> Vec<&str> {
        let names = [
            self.alias(),
            self.listed_name.as_deref(),
            self.profile.as_deref(),
        ];
        names.into_iter().flatten().collect()
    }

    /// Whether this is production: as a rule says, or else as one of its names says.
    #[must_use]
    pub fn is_production(&self) -> bool {
        let by_name = || {
            self.names()
                .into_iter()
                .chain(self.name())
                .any(says_production)
        };
        self.style().production.unwrap_or_else(by_name)
    }

    /// Whether this is production though none of the names that are shown says so.
    #[must_use]
    pub fn is_unexpected_production(&self) -> bool {
        let shown = [self.name(), self.profile.as_deref()];
        self.is_production() && !shown.iter().flatten().any(|name| says_production(name))
    }

    /// Whether requests are signed with a long-lived access key, and not with the key of a session.
    #[must_use]
    pub fn has_long_lived_key(&self) -> bool {
        self.key.starts_with("AKIA")
    }

    /// How many access keys a user may have; AWS's usual number where the account does not say.
    #[must_use]
    pub fn keys_per_user(&self) -> usize {
        let summary = self.summary.known().copied().unwrap_or_default();
        summary.keys_per_user.unwrap_or(DEFAULT_KEYS_PER_USER)
    }

    /// Whether the root user has access keys, as far as is known: keys that can do everything.
    #[must_use]
    pub fn root_has_keys(&self) -> bool {
        // What the account says itself is newer than the report.
        self.root_keys()
            .map_or(!self.keys_of_root().is_empty(), |keys| keys > 0)
    }

    /// The root user's keys, as the report has them.
    #[must_use]
    pub fn keys_of_root(&self) -> &[ReportedKey] {
        let report = self.report.known();
        let root = report.and_then(|report| report.root.as_deref());
        root.unwrap_or_default()
    }

    /// Whether the root user has access keys, as the account's summary tells it: 1 for any number;
    /// none where that is not known.
    #[must_use]
    pub fn root_keys(&self) -> Option<usize> {
        self.summary.known()?.root_keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::account_rules::{AccountRule, Colour, NamePattern, Which};

    /// What the report and the summary say of root's keys; the newer counts where they contradict each other.
    #[test]
    fn of_roots_keys_the_newer_of_report_and_summary_counts() {
        let at = |minutes: i64| DateTime::from_timestamp(1_795_000_000 + minutes * 60, 0).unwrap();
        let key = ReportedKey {
            active: true,
            rotated: Some(at(-9000)),
            last_used: crate::engine::model::LastUsed::Never,
        };
        for (reported, made, counted, asked, told) in [
            (None, 0, None, None, None),
            (None, 0, Some(1), Some(0), Some((1, 0))),
            (Some(1), 0, None, None, Some((1, 1))),
            (Some(2), 0, Some(1), Some(9), Some((2, 2))),
            (Some(0), 0, Some(0), Some(9), Some((0, 0))),
            // The key was deleted after the report was made.
            (Some(1), 0, Some(0), Some(180), Some((0, 0))),
            // It was created after the summary was asked for.
            (Some(1), 180, Some(0), Some(0), Some((1, 1))),
            (Some(1), 0, Some(0), None, None),
            (Some(0), 0, Some(1), Some(180), Some((1, 0))),
            (Some(0), 180, Some(1), Some(0), Some((0, 0))),
            (Some(0), 0, Some(1), None, Some((1, 0))),
        ] {
            let mut identity = Identity {
                summary_asked: asked.map(at),
                ..Identity::default()
            };
            if let Some(count) = reported {
                identity.report = Load::Ready(Reported {
                    generated: at(made),
                    root: Some(vec![key.clone(); count].into()),
                });
            }
            if counted.is_some() {
                identity.summary = Load::Ready(Summary {
                    root_keys: counted,
                    ..Summary::default()
                });
            }
            let found = identity.told_of_root();
            let found = found.map(|(count, reported)| (count, reported.len()));
            assert_eq!(found, told, "{reported:?} {made} {counted:?} {asked:?}");
        }
    }

    fn identity(alias: &str, rules: Vec<AccountRule>) -> Identity {
        let caller = Caller {
            account: "123456789012".into(),
            arn: "arn:aws:iam::123456789012:user/alice".into(),
        };
        Identity {
            caller: Load::Ready(caller),
            alias: Load::Ready(Some(alias.into())),
            profile: Some("work".into()),
            rules: Arc::new(AccountRules::new(rules)),
            ..Identity::default()
        }
    }

    fn rule(which: Which, label: Option<&str>, production: Option<bool>) -> AccountRule {
        AccountRule {
            which,
            style: AccountStyle {
                label: label.map(Box::from),
                production,
                colour: Some(Colour::Magenta),
            },
            role: None,
            profile: None,
        }
    }

    #[test]
    fn a_rule_is_asked_before_the_name() {
        let id = || Which::Id("123456789012".into());
        let named = |pattern| Which::Named(NamePattern::new(pattern));
        for (alias, rules, production) in [
            ("acme-prod", vec![], true),
            ("acme-dev", vec![], false),
            ("acme-prod", vec![rule(id(), None, Some(false))], false),
            ("acme-dev", vec![rule(id(), None, Some(true))], true),
            (
                "acme-dev",
                vec![rule(named("WOR*"), None, Some(true))],
                true,
            ),
            ("acme-prod", vec![rule(id(), Some("sandbox"), None)], true),
            (
                "acme-prod",
                vec![rule(named("other"), None, Some(false))],
                true,
            ),
        ] {
            let identity = identity(alias, rules);
            assert_eq!(identity.is_production(), production, "{identity:?}");
        }
    }

    #[test]
    fn each_name_can_say_that_it_is_production() {
        let production = |identity: &Identity| identity.is_production();
        let mut listed = identity("acme-1", vec![]);
        assert!(!production(&listed));
        listed.listed_name = Some("Acme Production".into());
        assert!(production(&listed), "though its alias is shown");
        assert!(listed.is_unexpected_production());
        let id = || Which::Id("123456789012".into());
        let labelled = identity("acme-1", vec![rule(id(), Some("payments prod"), None)]);
        assert!(production(&labelled), "as a person calls it");

        // A rule for a name in the organisation holds when the alias is known, too.
        let named = Which::Named(NamePattern::new("Payments"));
        let mut ruled = identity("acme-1", vec![rule(named, None, Some(true))]);
        ruled.listed_name = Some("Payments".into());
        assert!(production(&ruled));
    }

    #[test]
    fn production_that_no_name_tells_of_is_told_of() {
        let which = || Which::Id("123456789012".into());
        for (alias, label, expected) in [
            ("acme-dev", None, true),
            ("acme-prod", None, false),
            ("acme-dev", Some("the prod account"), false),
            ("acme-prod", Some("payments"), true),
        ] {
            let identity = identity(alias, vec![rule(which(), label, Some(true))]);
            let told = identity.is_unexpected_production();
            assert_eq!(told, expected, "{alias} {label:?}");
        }
        assert!(!identity("acme-dev", vec![]).is_unexpected_production());
    }

    #[test]
    fn a_label_stands_in_place_of_the_alias() {
        let known = identity("acme-1", vec![]);
        assert_eq!(known.account(), "acme-1 123456789012");
        let which = Which::Named(NamePattern::new("acme-*"));
        let labelled = identity("acme-1", vec![rule(which, Some("payments"), None)]);
        assert_eq!(labelled.account(), "payments 123456789012");
        assert_eq!(labelled.style().colour, Some(Colour::Magenta));
    }
}
