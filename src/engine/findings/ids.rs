//! Which rules there are, by their IDs: a filter that asks for another would show no key, and read as if
//! nothing were wrong.

use super::{Policy, RULE_IDS};
use crate::engine::{
    query::{LONGEST_ERROR, glob::Glob},
    text::{shorten, visible},
};

/// The IDs of the rules of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleIds {
    /// Those that count in some account at least.
    on: Vec<Box<str>>,
    /// Those that count in none.
    off: Vec<Box<str>>,
}

impl Default for RuleIds {
    fn default() -> Self {
        Self::of(&Policy::default())
    }
}

impl RuleIds {
    /// Those of a policy.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let own = policy.own.iter().map(|rule| &*rule.id);
        let all = own.chain(RULE_IDS).map(Box::<str>::from);
        let (on, off) = all.partition(|id| policy.may_count(id));
        Self { on, off }
    }

    /// What is wrong with asking for the rules whose IDs look so; nothing where there is one.
    pub(in crate::engine) fn problem(&self, pattern: &Glob) -> Option<String> {
        let is_one = |ids: &[Box<str>]| ids.iter().any(|id| pattern.matches(id));
        if is_one(&self.on) {
            return None;
        }
        let asked = pattern.text();
        let asked = shorten(&visible(&asked), 30, "…").into_owned();
        let text = if is_one(&self.off) {
            format!("The policy has {asked} off, so no key is found by it")
        } else {
            format!("No rule {asked}. Rules: {}", self.on.join(" "))
        };
        Some(shorten(&text, LONGEST_ERROR, "…").into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        account_rules::Which,
        findings::{OwnRule, PolicyPart, Severity},
        query::Query,
    };

    fn policy() -> Policy {
        Policy {
            base: PolicyPart {
                off: Some(vec!["old".into(), "no-owner".into()]),
                ..PolicyPart::default()
            },
            accounts: vec![(
                Which::Id("123456789012".into()),
                PolicyPart {
                    off: Some(vec!["no-owner".into()]),
                    ..PolicyPart::default()
                },
            )],
            own: vec![OwnRule {
                id: "ancient".into(),
                name: "Ancient".into(),
                when: "age>2y".into(),
                severity: Severity::High,
                why: None,
                remedy: None,
            }],
            exemptions: Vec::new(),
        }
    }

    #[test]
    fn a_filter_by_a_rule_that_there_is_not_is_refused() {
        let rules = RuleIds::of(&policy());
        for (text, fault) in [
            ("finding:ancient", ""),
            ("finding:*", ""),
            ("finding:UNUSED-*", ""),
            // It counts in one account.
            ("finding:old", ""),
            ("never -finding:ancient|admin-*", ""),
            (
                "never finding:unused",
                "at character 7, finding:unused: No rule unused. Rules: ancient root-key",
            ),
            (
                "own | finding:ancient|anci",
                "at character 7, finding:ancient|anci: No rule anci.",
            ),
            (
                "finding:no-owner",
                "at character 1, finding:no-owner: The policy has no-owner off",
            ),
        ] {
            let found = Query::first_fault_by_rules(text, &rules).unwrap_or_default();
            assert!(found.starts_with(fault), "{text}: {found}");
            assert_eq!(found.is_empty(), fault.is_empty(), "{text}: {found}");
        }
        let rules = RuleIds::default();
        assert_eq!(rules.problem(&Glob::whole("no-owner")), None);
        assert!(rules.problem(&Glob::whole("ancient")).is_some());
    }

    #[test]
    fn what_is_refused_filters_nothing_away() {
        let rules = RuleIds::default();
        let read = |text: &str| Query::parse(text).by_rules(&rules);
        let refused = read("finding:nosuch");
        assert!(refused.is_empty() && refused.errors().len() == 1);
        let rest = read("never finding:old|nosuch | -finding:nosuch");
        let expected = Query::parse("never finding:old");
        assert_eq!(rest.errors().len(), 2);
        assert!(rest.narrows(&expected) && expected.narrows(&rest));
    }
}
