//! A plan as a document: what another person reviews and applies, and what a crash leaves behind. It
//! holds what was reviewed, and never a secret. How it is written is not decided here.
//!
//! What is opened is compared with the accounts first: each key shows what is different now, as far as
//! that is known, and the rest is asked for.

use super::{
    BulkAccount, BulkAction, BulkId, BulkPlan, BulkStage, Entry, EntryState, HeldBack, Keeping,
    KeptPlan, KeptStep, Reviewed, Skipped, Steps,
};
use crate::engine::{
    Effect, Engine, News,
    account::{Account, Stage as AccountStage},
    effect::PlanJob,
};
use chrono::{DateTime, Utc};
use std::collections::HashSet;

/// A plan over many keys, as it is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What is done to the keys.
    pub action: BulkAction,
    /// When it was made.
    pub made: DateTime<Utc>,
    /// Who has made it: an ARN, where it is known.
    pub by: Option<String>,
    /// It takes back what another plan has done.
    pub undoes: bool,
    /// A key that was used within so many days counted as in use.
    pub recent_days: i64,
    /// The accounts.
    pub accounts: Vec<DocumentAccount>,
    /// The keys.
    pub keys: Vec<DocumentKey>,
}

impl Document {
    /// What its accounts are called, each with its ID.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let accounts = self.accounts.iter();
        let names = accounts.map(|account| match &account.id {
            Some(id) if *id != account.name => format!("{} {id}", account.name),
            _ => account.name.clone(),
        });
        names.collect()
    }
}

/// An account of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentAccount {
    /// The account ID; none where it was not known.
    pub id: Option<String>,
    /// What it was called.
    pub name: String,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
}

/// A key of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentKey {
    /// Where its account stands among those of the document.
    pub account: usize,
    /// The user who has it.
    pub user: Box<str>,
    /// Its ID.
    pub key: Box<str>,
    /// What is done to it.
    pub step: BulkAction,
    /// Why.
    pub why: Box<str>,
    /// What was known of it.
    pub reviewed: Reviewed,
    /// Why it was held back: what weighed most.
    pub held_back: Option<HeldBack>,
    /// What else spoke for leaving it out.
    pub also_held: Vec<HeldBack>,
    /// Whether it is changed.
    pub included: bool,
}

/// What has become known of plans outside.
#[derive(Clone, Debug)]
pub enum PlanNews {
    /// The plan was saved under this path, or not: why.
    Saved(Result<String, String>),
    /// A saved plan was read, or not: why, with the position.
    Opened(Result<Box<Document>, String>),
    /// An earlier run has left this plan, with these keys done.
    Kept(Box<Document>, Vec<KeptStep>),
    /// By the journal, an earlier run has sent the steps of these keys of the plan that it has left.
    WereSent(Vec<KeptStep>),
    /// The hash of the file that was just saved or opened.
    Hash(String),
    /// The plan that is to be carried out is kept, and no other process of this machine carries it out.
    IsKept,
    /// Which plans under way are kept.
    Keeps(Keeping),
    /// The plan in this file, which an earlier run has left, cannot be read: the path, and why.
    Unreadable(String, String),
    /// It was looked at what earlier runs have left of a plan: what there is was told before.
    Looked,
    /// A plan under way could not be kept: why.
    NotKept(String),
    /// Another process of this machine carries the same plan out.
    Elsewhere,
}

/// How saving a plan goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saving {
    /// It is being written.
    Begun,
    /// It was written to this path.
    Done(String),
    /// It was not: why.
    Failed(String),
}

/// What is counted, so that it need not be looked for each time it is shown.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Keys that are to be done and are not as reviewed.
    changed: usize,
    /// Of these, those that are so already.
    so: usize,
    /// Keys that can be activated again.
    pub(super) undoable: usize,
    /// What is done to the keys that are included, and what was done to those that are done.
    pub(super) included: Steps,
    pub(super) done: Steps,
}

impl Counts {
    /// Counts an entry, or no longer.
    pub(super) fn count(&mut self, entry: &Entry, there: bool) {
        let waits = entry.included && entry.state == EntryState::Pending;
        // A key that is gone is as a plan wants it that deletes it, and no other.
        let so = match entry.difference {
            Some(Skipped::AlreadySo) => true,
            Some(Skipped::Gone) => entry.step == BulkAction::Delete,
            _ => false,
        };
        // As the tally counts them.
        let is_in = entry.included || entry.state != EntryState::Pending;
        let is_done = entry.state == EntryState::Done;
        for (count, holds) in [
            (self.included.of_mut(entry.step), is_in),
            (self.done.of_mut(entry.step), is_done),
            (&mut self.changed, waits && entry.difference.is_some()),
            (&mut self.so, waits && so),
            (&mut self.undoable, entry.can_undo()),
        ] {
            if holds && there {
                *count += 1;
            } else if holds {
                *count -= 1;
            }
        }
    }
}

impl BulkPlan {
    /// The plan as it is saved.
    #[must_use]
    pub fn document(&self) -> Document {
        let accounts = self.accounts.iter().map(|account| DocumentAccount {
            id: account.id.clone(),
            name: account.name.clone(),
            endpoint: account.endpoint.clone(),
        });
        let keys = self.entries.iter().map(|entry| DocumentKey {
            account: entry.account,
            user: entry.user.clone(),
            key: entry.key.clone(),
            step: entry.step,
            why: entry.why.clone(),
            reviewed: entry.reviewed.clone(),
            held_back: entry.held_back.clone(),
            also_held: entry.also_held.clone(),
            included: entry.included,
        });
        Document {
            action: self.action,
            made: self.made,
            by: self.by.clone(),
            undoes: self.undoes,
            recent_days: self.recent_days,
            accounts: accounts.collect(),
            keys: keys.collect(),
        }
    }

    /// How many keys are not as reviewed, as far as that is known.
    #[must_use]
    pub fn changed_since(&self) -> usize {
        self.counts.changed
    }

    /// Whether every key that it was to change is so already: it may have been applied before.
    #[must_use]
    pub fn is_applied_already(&self) -> bool {
        self.counts.so > 0 && self.counts.so == self.tally.included()
    }
}

impl Engine {
    /// Saves the plan under a path, as it was typed.
    pub(super) fn save_bulk(&mut self, path: String) -> Option<()> {
        let document = Box::new(self.bulk()?.document());
        self.bulk_saving = Some(Saving::Begun);
        self.effects
            .push(Effect::Plan(PlanJob::Save(path, document)));
        Some(())
    }

    /// How saving the plan goes.
    #[must_use]
    pub fn bulk_saving(&self) -> Option<&Saving> {
        self.bulk_saving.as_ref()
    }

    /// How opening a saved plan goes.
    #[must_use]
    pub fn bulk_opening(&self) -> Option<&Saving> {
        self.bulk_opening.as_ref()
    }

    /// The account of a document, where it is open.
    #[must_use]
    pub fn account_of_plan(&self, wanted: &DocumentAccount) -> Option<&Account> {
        let id = wanted.id.as_deref()?;
        self.fleet.accounts().iter().find(|account| {
            account.stage == AccountStage::SignedIn
                && account.identity.account_id() == Some(id)
                && account.endpoint() == wanted.endpoint.as_deref()
        })
    }

    /// Why a plan is for no account that is open.
    fn why_not_open(&self, document: &Document) -> String {
        let at = |endpoint: Option<&str>| endpoint.unwrap_or("AWS").to_owned();
        let mut accounts = document.accounts.iter();
        let elsewhere = accounts.find_map(|wanted| {
            let mut open = self.fleet.accounts().iter();
            let same = open.find(|account| {
                account.stage == AccountStage::SignedIn
                    && wanted.id.is_some()
                    && account.identity.account_id() == wanted.id.as_deref()
            })?;
            let (there, here) = (at(wanted.endpoint.as_deref()), at(same.endpoint()));
            Some(format!(
                "It is a plan for {} at {there}, and the account open here is that of {here}",
                wanted.name
            ))
        });
        elsewhere.unwrap_or_else(|| {
            let names = document.names().join(", ");
            format!("No account of this plan is open: {names}")
        })
    }

    /// Takes what has become known of plans outside.
    pub(in crate::engine) fn heard_of_plans(&mut self, news: PlanNews) {
        match news {
            PlanNews::Saved(Ok(path)) => {
                self.say(format!("The plan is saved as {path}"));
                self.bulk_saving = Some(Saving::Done(path));
            }
            PlanNews::Saved(Err(why)) => self.bulk_saving = Some(Saving::Failed(why)),
            PlanNews::Opened(Ok(document)) => {
                self.bulk_opening = Some(match self.open_document(*document, &[]) {
                    Ok(()) => {
                        self.news.push(News::PlanOpened);
                        Saving::Done(String::new())
                    }
                    Err(why) => Saving::Failed(why),
                });
            }
            PlanNews::Opened(Err(why)) => self.bulk_opening = Some(Saving::Failed(why)),
            PlanNews::Kept(document, done) => {
                let kept = KeptPlan {
                    document: *document,
                    done,
                    sent: Vec::new(),
                    put_off: false,
                };
                self.kept_plan = Some(Box::new(kept));
            }
            PlanNews::Hash(hash) => {
                if let Some(plan) = &mut self.bulk {
                    plan.hash = Some(hash.into());
                }
            }
            PlanNews::WereSent(steps) => {
                if let Some(kept) = &mut self.kept_plan {
                    kept.sent = steps;
                }
            }
            PlanNews::IsKept => {
                if let Some(plan) = &mut self.bulk {
                    plan.is_not_kept = false;
                    plan.is_being_kept = false;
                }
                self.schedule_bulk();
            }
            PlanNews::Keeps(keeping) => self.plan_keeping = keeping,
            PlanNews::Unreadable(path, why) => {
                self.complain(format!("A kept plan cannot be read: {path}: {why}"));
            }
            PlanNews::Looked => {}
            PlanNews::Elsewhere => {
                self.not_kept(false);
                self.complain("Paused: another iamkeys carries this plan out");
            }
            PlanNews::NotKept(why) => {
                self.not_kept(true);
                self.complain(format!(
                    "Paused: the plan's place cannot be kept, and a crash would lose it: {why}"
                ));
            }
        }
    }

    /// Makes a plan of a document, in place of one that is not under way.
    pub(super) fn open_document(
        &mut self,
        document: Document,
        done: &[KeptStep],
    ) -> Result<(), String> {
        if let Some(why) = self.why_no_room_for_bulk() {
            return Err(why.into());
        }
        if !document
            .accounts
            .iter()
            .any(|it| self.account_of_plan(it).is_some())
        {
            return Err(self.why_not_open(&document));
        }
        let id = BulkId(self.number());
        let mut plan = BulkPlan::new(
            id,
            document.action,
            document.made,
            document.by,
            document.recent_days,
        );
        plan.undoes = document.undoes;
        for account in document.accounts {
            plan.accounts
                .push(BulkAccount::new(account.id, account.name, account.endpoint));
        }
        let done: HashSet<(Option<&str>, &str)> = done
            .iter()
            .map(|step| (step.account.as_deref(), &*step.key))
            .collect();
        for key in document.keys {
            let of = plan.accounts[key.account].id.as_deref();
            let is_done = done.contains(&(of, &*key.key));
            plan.add(Entry {
                account: key.account,
                user: key.user,
                key: key.key,
                step: key.step,
                why: key.why,
                reviewed: key.reviewed,
                included: key.included || is_done,
                held_back: key.held_back,
                also_held: key.also_held,
                confirmed: false,
                sent_before: false,
                answer_lost: false,
                difference: None,
                state: if is_done {
                    EntryState::Done
                } else {
                    EntryState::Pending
                },
            });
        }
        // Someone may have taken back what was done.
        let restored = (0..).zip(&plan.entries);
        let restored = restored.filter(|(_, entry)| entry.state == EntryState::Done);
        plan.comparison.restored = restored.map(|(at, _)| at).collect();
        if !done.is_empty() {
            plan.stage = BulkStage::Paused;
        }
        self.bulk = Some(Box::new(plan));
        self.bulk_undone = None;
        self.find_bulk_accounts();
        self.await_users();
        self.compare_bulk();
        Ok(())
    }

    /// What is told of keys is kept with their users, who may not be listed yet.
    pub(super) fn await_users(&mut self) {
        let Some(plan) = self.bulk.as_deref() else {
            return;
        };
        for entry in &plan.entries {
            let slot = plan.accounts[entry.account].slot;
            let account = slot.and_then(|slot| self.fleet.get_mut(slot));
            if let Some(account) = account.filter(|account| !account.users.is_complete()) {
                account.users.add_found(&entry.user);
            }
        }
    }
}
