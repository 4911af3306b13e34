//! The rules as the accounts that are looked at have them: what a policy says of some of them may make a
//! rule count there alone, or give it other limits.

use super::{
    Findings,
    policy::Limits,
    rules::{Rule, Rules, Severity, title_of_all},
};
use crate::engine::fleet::Rows;
use std::{borrow::Cow, cmp::Reverse, sync::Arc};

/// A rule that counts in one of some accounts.
#[derive(Clone, Debug)]
pub struct ShownRule<'a> {
    /// Its place among all rules.
    pub place: usize,
    /// As the first of the accounts has it where it counts.
    pub rule: &'a Rule,
    /// What it finds, with all limits that it has in these accounts.
    pub title: Cow<'a, str>,
    /// How severe that is in the account where it is gravest.
    pub severity: Severity,
    /// Its conditions, each with the number of accounts that have it.
    pub conditions: Vec<(&'a str, usize)>,
}

impl Findings {
    /// The rules that count in one of these accounts, the gravest first.
    #[must_use]
    pub fn shown<'a>(&'a self, rows: Rows<'a>) -> Vec<ShownRule<'a>> {
        let sets = self.sets(rows);
        let count = sets.first().map_or(0, |(rules, _)| rules.all().len());
        let mut shown: Vec<ShownRule<'a>> = (0..count)
            .filter_map(|place| shown_of(&sets, place))
            .collect();
        shown.sort_by_key(|it| Reverse(it.severity));
        shown
    }

    /// The limits of these accounts; none where they are not the same in all of them.
    #[must_use]
    pub fn limits(&self, rows: Rows<'_>) -> Option<Limits> {
        let sets = self.sets(rows);
        let mut limits = sets.iter().map(|(rules, _)| rules.limits());
        let first = limits.next()?;
        limits.all(|it| it == first).then_some(first)
    }

    /// The rules of these accounts, each once, with the number of accounts that have them. Where there is
    /// no account, those of all.
    fn sets<'a>(&'a self, rows: Rows<'a>) -> Vec<(&'a Rules, usize)> {
        if !self.policy.is_special() {
            return vec![(self.rules(), rows.accounts().count())];
        }
        let mut sets: Vec<(&Arc<Rules>, usize)> = Vec::new();
        for account in rows.accounts() {
            let rules = self.rules_of(account);
            match sets.iter_mut().find(|(of, _)| Arc::ptr_eq(of, rules)) {
                Some((_, count)) => *count += 1,
                None => sets.push((rules, 1)),
            }
        }
        if sets.is_empty() {
            sets.push((&self.rules, 0));
        }
        let sets = sets.into_iter();
        sets.map(|(rules, count)| (&**rules, count)).collect()
    }
}

/// A rule of these sets of rules, if it counts in any.
fn shown_of<'a>(sets: &[(&'a Rules, usize)], place: usize) -> Option<ShownRule<'a>> {
    let on = sets.iter().filter_map(|(rules, accounts)| {
        let rule = rules.get(place).filter(|rule| rule.is_on)?;
        Some((rule, rules.limits(), *accounts))
    });
    let mut severity = Severity::Low;
    let mut conditions: Vec<(&str, usize)> = Vec::new();
    let mut limits = Vec::new();
    let mut first: Option<&Rule> = None;
    for (rule, of, accounts) in on {
        first = first.or(Some(rule));
        severity = severity.max(rule.severity);
        limits.push(of);
        match conditions.iter_mut().find(|(when, _)| *when == &*rule.when) {
            Some((_, count)) => *count += accounts,
            None => conditions.push((&rule.when, accounts)),
        }
    }
    let rule = first?;
    let title = if conditions.len() > 1 {
        title_of_all(&rule.id, &limits).map(Cow::Owned)
    } else {
        None
    };
    Some(ShownRule {
        place,
        rule,
        title: title.unwrap_or(Cow::Borrowed(&rule.title)),
        severity,
        conditions,
    })
}
