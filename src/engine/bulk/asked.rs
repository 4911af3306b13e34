//! What a plan does, counted by the steps that its keys get; and what a person confirms of it.

use super::{BulkAction, BulkPlan, Document, Entry};
use crate::engine::{Engine, Plan, effect::Slot};

/// How many keys get which step: a plan that deletes deactivates those that are Active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps([usize; BulkAction::ALL.len()]);

impl Steps {
    pub(super) fn of_mut(&mut self, step: BulkAction) -> &mut usize {
        &mut self.0[step as usize]
    }

    /// How many keys get this step.
    #[must_use]
    pub fn of(self, step: BulkAction) -> usize {
        self.0[step as usize]
    }

    /// How many keys there are.
    #[must_use]
    pub fn all(self) -> usize {
        self.0.iter().sum()
    }

    /// What most of them are there for comes first.
    fn parts(self) -> impl Iterator<Item = (BulkAction, usize)> {
        let steps = BulkAction::ALL.into_iter().rev();
        let steps = steps.map(move |step| (step, self.of(step)));
        steps.filter(|(_, count)| *count > 0)
    }

    /// The only step that any key gets; none where they get several, or there are none.
    #[must_use]
    pub fn only(self) -> Option<BulkAction> {
        let mut parts = self.parts();
        let (step, _) = parts.next()?;
        parts.next().is_none().then_some(step)
    }

    /// In words, as "delete 3 and deactivate 2 keys".
    #[must_use]
    pub fn words(self) -> String {
        let parts = self
            .parts()
            .map(|(step, count)| format!("{} {count}", step.verb()));
        let noun = if self.all() == 1 { "key" } else { "keys" };
        format!("{} {noun}", parts.collect::<Vec<_>>().join(" and "))
    }

    /// In words, of keys that are done: as "3 deleted, 2 deactivated".
    #[must_use]
    pub fn done_words(self) -> String {
        let parts = self
            .parts()
            .map(|(step, count)| format!("{count} {}", step.done()));
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// What is confirmed: what is done to the keys that are left, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The keys, by what is done to them.
    pub steps: Steps,
    /// How many accounts they are in.
    pub accounts: usize,
    /// How many there are in each account, in the order of the plan's.
    pub of_accounts: Vec<usize>,
    /// The production accounts among these, those with the most keys first.
    pub production: Vec<String>,
    /// How many are included although something speaks for leaving them out.
    pub overriding: usize,
    /// How many more wait for an account that is not open.
    pub waiting: usize,
    /// How many more are not as reviewed, and skipped.
    pub changed: usize,
}

/// What has to be typed before a plan is carried out: the number of keys, and the name of an account
/// where production is among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// How many keys are changed.
    pub keys: usize,
    /// The production account with the most of them.
    pub account: Option<String>,
}

impl Confirmation {
    /// What has to be typed.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.account {
            Some(account) => format!("{} {account}", self.keys),
            None => self.keys.to_string(),
        }
    }

    /// Whether this is it, in any case of letters.
    #[must_use]
    pub fn accepts(&self, typed: &str) -> bool {
        let words = |text: &str| {
            let words = text.split_whitespace().map(str::to_lowercase);
            words.collect::<Vec<_>>()
        };
        words(typed) == words(&self.text())
    }
}

/// The production accounts that keys are changed in, each with how many: those with the most first, and
/// those that have as many as they came. The first one is named before anything is done.
fn most_first(mut production: Vec<(&str, usize)>) -> Vec<String> {
    production.retain(|(_, keys)| *keys > 0);
    production.sort_by_key(|(_, keys)| std::cmp::Reverse(*keys));
    let names = production.into_iter().map(|(name, _)| name.to_owned());
    names.collect()
}

impl Document {
    /// What is done to the keys that are included.
    #[must_use]
    pub fn steps(&self) -> Steps {
        let mut steps = Steps::default();
        for key in self.keys.iter().filter(|key| key.included) {
            *steps.of_mut(key.step) += 1;
        }
        steps
    }
}

impl BulkPlan {
    /// What is done to the keys that are included.
    #[must_use]
    pub fn steps(&self) -> Steps {
        self.counts.included
    }

    /// What was done to the keys that are done.
    #[must_use]
    pub fn steps_done(&self) -> Steps {
        self.counts.done
    }

    /// What is confirmed before it begins, or goes on. Costs what the plan holds.
    #[must_use]
    pub fn asked(&self) -> Asked {
        let mut asked = Asked::default();
        let mut of_account = vec![0usize; self.accounts.len()];
        for entry in &self.entries {
            if self.can_be_done(entry) && entry.difference.is_some() {
                asked.changed += 1;
            } else if self.can_be_done(entry) {
                *asked.steps.of_mut(entry.step) += 1;
                of_account[entry.account] += 1;
                asked.overriding += usize::from(entry.is_overriding());
            } else if entry.is_left() {
                asked.waiting += 1;
            }
        }
        asked.accounts = of_account.iter().filter(|keys| **keys > 0).count();
        let accounts = self.accounts.iter().zip(of_account.iter().copied());
        let production = accounts.filter(|(account, _)| account.production);
        let production = production.map(|(account, keys)| (&*account.name, keys));
        asked.production = most_first(production.collect());
        asked.of_accounts = of_account;
        asked
    }
}

impl Engine {
    /// What has to be typed to carry the plan out, or to go on with it: none where everything that is
    /// left of it was confirmed.
    #[must_use]
    pub fn bulk_confirmation(&self) -> Option<Confirmation> {
        let plan = self.bulk()?;
        // What is not as reviewed is skipped.
        let is_asked = |it: &&Entry| plan.can_be_done(it) && it.difference.is_none();
        let mut left = plan.entries.iter().filter(is_asked);
        if left.all(|entry| entry.confirmed) {
            return None;
        }
        let asked = plan.asked();
        Some(Confirmation {
            keys: asked.steps.all(),
            account: asked.production.into_iter().next(),
        })
    }

    /// What has to be typed before several plans of one key each are carried out together: none for one
    /// alone, which is confirmed by itself.
    #[must_use]
    pub fn confirmation_of(&self, plans: &[&Plan]) -> Option<Confirmation> {
        if plans.len() < 2 {
            return None;
        }
        let mut production: Vec<(Slot, &str, usize)> = Vec::new();
        for plan in plans {
            let slot = plan.session.slot;
            let account = self.fleet.get(slot);
            let Some(account) = account.filter(|account| account.identity.is_production()) else {
                continue;
            };
            match production.iter_mut().find(|(of, ..)| *of == slot) {
                Some((.., keys)) => *keys += 1,
                None => production.push((slot, account.label(), 1)),
            }
        }
        let production = production.into_iter().map(|(_, name, keys)| (name, keys));
        Some(Confirmation {
            keys: plans.len(),
            account: most_first(production.collect()).into_iter().next(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::most_first;

    #[test]
    fn of_production_the_one_with_the_most_keys_is_named_and_of_equals_the_first() {
        let named = most_first(vec![
            ("eu", 1),
            ("us", 0),
            ("acme", 3),
            ("old", 3),
            ("ap", 2),
        ]);
        assert_eq!(named, ["acme", "old", "ap", "eu"]);
    }
}
