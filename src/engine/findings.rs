//! What is wrong with keys, by a policy: which rules each key meets, which exemptions take it out of
//! that, and of which keys it is not known.
//!
//! A rule is a condition in the filter language with a severity and a reason (`rules`); its limits are
//! those of the [`Policy`], which a person may set for all accounts or for some. What is known decides:
//! a key is found by a rule only where it is known to meet it, and passes only where it is known not to.
//! Everything else is counted apart.
//!
//! Each account has an [`AccountFindings`], which follows what is known of it row by row: after an
//! answer only the rows are judged again that it has touched.

mod deactivated;
mod exemption;
mod grid;
mod ids;
mod index;
mod policy;
mod root;
mod rules;
mod shown;
mod stays;
#[cfg(test)]
mod tests;

pub use deactivated::Deactivated;
pub(in crate::engine) use exemption::exempted_by;
pub use exemption::{
    EXEMPT_TAG, Exemption, ExemptionBy, Standing, StatedExemption, exemption_tag, exemptions_of,
};
pub use grid::{AGES, Grid, IDLE, cell_filter};
pub use ids::RuleIds;
pub use index::{AccountFindings, Counted};
pub use policy::{ConfigExemption, Limits, OwnRule, Policy, PolicyPart, ROOT_USER};
pub use root::{RootKey, RootVerdict, root_exemptions, root_keys};
pub use rules::{RULE_IDS, Rule, Rules, Severity, Standard, usual_titles};
pub use shown::ShownRule;
pub(in crate::engine) use stays::{Stays, stays};

use super::{
    Engine,
    account::{Account, Known},
    account_rules::Which,
    fleet::{Fleet, KeyPlace, Rows},
};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// The most rules that there can be, with a person's own: each is a bit.
pub const MOST_RULES: usize = 64;

/// The policy, and the rules that it makes.
#[derive(Debug)]
pub struct Findings {
    policy: Policy,
    /// The rules of accounts that no part of the policy is about in particular.
    rules: Arc<Rules>,
    /// The rules of the others, by the parts that are about them.
    special: Vec<(Vec<usize>, Arc<Rules>)>,
    /// What the journal tells of deactivations, once it is read.
    deactivated: Option<Arc<Deactivated>>,
    /// The hour of the latest judgement: ages are counted in hours and days.
    hour: i64,
    /// How many rows were judged in all.
    judged: usize,
}

impl Default for Findings {
    fn default() -> Self {
        Self::new(Policy::default())
    }
}

impl Findings {
    fn new(policy: Policy) -> Self {
        let rules = Arc::new(Rules::of(&policy, &[]));
        Self {
            policy,
            rules,
            special: Vec::new(),
            deactivated: None,
            hour: i64::MIN,
            judged: 0,
        }
    }

    /// Whether it is known what the journal tells of deactivations.
    #[must_use]
    pub fn knows_journal(&self) -> bool {
        self.deactivated.is_some()
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The rules, as they are where the policy says nothing in particular of an account. Those of every
    /// account stand in the same places, with other limits and severities at most.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// How many rows were judged in all: after an answer that should be as many as it has touched.
    #[must_use]
    pub fn judged(&self) -> usize {
        self.judged
    }

    /// The rules of an account, also of one that nothing was judged of yet.
    fn rules_of<'a>(&'a self, account: &'a Account) -> &'a Arc<Rules> {
        let rules = account.findings.shared_rules();
        if rules.all().is_empty() {
            &self.rules
        } else {
            rules
        }
    }

    /// What of the policy is about some accounts, and about none of these: what it is called in the file,
    /// its line, and which accounts it means.
    #[must_use]
    pub fn about_none(&self, rows: Rows<'_>) -> Vec<(&'static str, usize, &Which)> {
        let accounts = rows.accounts().map(|account| {
            let names = account.identity.all_names().into_iter().flatten();
            (account.id(), names.collect())
        });
        self.policy.about_none(&accounts.collect::<Vec<_>>())
    }

    /// How many keys a rule finds in these accounts.
    #[must_use]
    pub fn count(&self, rows: Rows<'_>, rule: usize) -> Counted {
        let mut all = Counted::default();
        for account in rows.accounts().filter(|account| !account.is_shut()) {
            all.add(account.findings.count(rule));
            all.unlisted += usize::from(self.may_find_more(account, rule));
        }
        all
    }

    /// Whether a rule may find keys in an account of users who are not listed, or of what has changed since
    /// it could be asked.
    fn may_find_more(&self, account: &Account, rule: usize) -> bool {
        let rule = self.rules_of(account).get(rule);
        rule.is_some_and(|rule| {
            let of_users = !rule.is_of_root_alone() && !account.is_listed();
            rule.is_on && (of_users || account.is_lost())
        })
    }

    /// Whether it is known of all keys of these accounts what is wrong with them.
    #[must_use]
    pub fn is_certain(&self, rows: Rows<'_>) -> bool {
        let mut rules = 0..self.rules.all().len();
        rules.all(|rule| self.count(rows, rule).is_certain())
    }

    /// How many keys of these accounts any rule finds.
    #[must_use]
    pub fn found(&self, rows: Rows<'_>) -> usize {
        rows.accounts()
            .map(|account| account.findings.found())
            .sum()
    }

    /// How many keys of these accounts an exemption takes out of a rule that they meet.
    #[must_use]
    pub fn exempt(&self, rows: Rows<'_>) -> usize {
        rows.accounts()
            .map(|account| account.findings.exempt())
            .sum()
    }

    /// The keys of these accounts that a rule finds, in the order of the rows. Root's have no place
    /// among them: [`AccountFindings::roots`] has those.
    pub fn keys<'a>(&self, rows: Rows<'a>, rule: usize) -> impl Iterator<Item = KeyPlace> + 'a {
        rows.accounts().flat_map(move |account| {
            let slot = account.session.slot;
            let found = account.findings.keys(rule);
            found.map(move |(row, key)| KeyPlace { slot, row, key })
        })
    }

    /// The keys of these accounts that meet a rule, and that an exemption takes out of it.
    pub fn exempt_keys<'a>(
        &self,
        rows: Rows<'a>,
        rule: usize,
    ) -> impl Iterator<Item = KeyPlace> + 'a {
        rows.accounts().flat_map(move |account| {
            let slot = account.session.slot;
            let exempt = account.findings.exempt_keys(rule);
            exempt.map(move |(row, key)| KeyPlace { slot, row, key })
        })
    }

    /// The rules that find a key.
    pub fn of<'a>(&self, rows: Rows<'a>, place: KeyPlace) -> impl Iterator<Item = &'a Rule> + 'a {
        let account = rows.account(place.slot);
        account
            .into_iter()
            .flat_map(move |account| account.findings.of(place.row, place.key))
    }

    /// How old and how idle the Active keys of these accounts are.
    #[must_use]
    pub fn grid(&self, rows: Rows<'_>) -> Grid {
        let mut all = Grid::default();
        for account in rows.accounts() {
            all.add(account.findings.grid());
        }
        all
    }

    /// The rules of an account.
    fn rules_for(&mut self, account: &Account) -> Arc<Rules> {
        if !self.policy.is_special() {
            return self.rules.clone();
        }
        let (id, names) = (account.id(), account.identity.all_names());
        let names: Vec<&str> = names.into_iter().flatten().collect();
        let parts = self.policy.about(id, &names);
        if parts.is_empty() {
            return self.rules.clone();
        }
        let known = self.special.iter().find(|(of, _)| *of == parts);
        if let Some((_, rules)) = known {
            return rules.clone();
        }
        let rules = Arc::new(Rules::of(&self.policy, &parts));
        self.special.push((parts, rules.clone()));
        rules
    }

    /// Judges again what has changed since.
    fn follow(&mut self, fleet: &mut Fleet, now: DateTime<Utc>) {
        let hour = now.timestamp().div_euclid(3600);
        let is_new_hour = self.hour != hour;
        self.hour = hour;
        for account in fleet.accounts_mut() {
            if let Some(deactivated) = &self.deactivated {
                account.remember_deactivated(deactivated);
            }
            let rules = self.rules_for(account);
            self.judged += index::follow(account, rules, is_new_hour, now);
        }
    }
}

/// What the exemptions of a key say, from the config and from the tags of its user, and whether each
/// counts today.
#[must_use]
pub fn exemptions<'a>(
    account: &'a Account,
    row: &'a super::account::UserRow,
    key: Known<'a>,
    now: DateTime<Utc>,
) -> Vec<StatedExemption> {
    exemptions_of(account.findings.rules(), row, key.id(), now.date_naive())
}

impl Engine {
    /// Says by which policy keys are judged.
    pub fn use_policy(&mut self, policy: Policy) {
        self.fleet.rule_ids = RuleIds::of(&policy);
        self.findings = Findings {
            deactivated: self.findings.deactivated.take(),
            ..Findings::new(policy)
        };
        self.follow_findings();
    }

    /// Takes what the journal tells of deactivations by earlier runs.
    pub(super) fn remember_deactivated(&mut self, deactivated: Deactivated) {
        self.findings.deactivated = Some(Arc::new(deactivated));
    }

    /// Judges again what has changed.
    pub(super) fn follow_findings(&mut self) {
        self.findings.follow(&mut self.fleet, self.now);
    }
}
