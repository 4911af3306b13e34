//! A plan as a document: what another person reviews and applies, and what a crash leaves behind. It
//! holds what was reviewed, and never a secret. How it is written is not decided here.
//!
//! What is opened is compared with the accounts first: each key shows what is different now, as far as
//! that is known, and the rest is asked for.

use super::{
    BulkAccount, BulkAction, BulkId, BulkPlan, BulkStage, Entry, EntryState, HeldBack, Reviewed,
    Skipped, hold,
};
use crate::engine::{
    Effect, Engine, News, READ_ONLY,
    account::Stage as AccountStage,
    effect::{PlanJob, SessionId, Slot},
    request::Read,
};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet, VecDeque};

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
    /// Why it was held back.
    pub held_back: Option<HeldBack>,
    /// Whether it is changed.
    pub included: bool,
}

/// How far a key of a kept plan has come, for those that are over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptStep {
    /// The account ID.
    pub account: Option<String>,
    /// The key's ID.
    pub key: Box<str>,
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
    /// The plan that is to be carried out is kept, and no other process of this machine carries it out.
    IsKept,
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

/// A plan that an earlier run has left.
#[derive(Debug)]
pub struct KeptPlan {
    /// The plan.
    pub document: Document,
    /// The keys of it that are done.
    pub done: Vec<KeptStep>,
    /// A person wants to decide later.
    pub(in crate::engine) put_off: bool,
}

/// What is counted, so that it need not be looked for each time it is shown.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Keys that are to be done and are not as reviewed.
    changed: usize,
    /// Of these, those that are so already, or gone.
    so: usize,
    /// Keys that can be activated again.
    pub(super) undoable: usize,
}

impl Counts {
    /// Counts an entry, or no longer.
    pub(super) fn count(&mut self, entry: &Entry, there: bool) {
        let waits = entry.included && entry.state == EntryState::Pending;
        let so = matches!(entry.difference, Some(Skipped::AlreadySo | Skipped::Gone));
        for (count, holds) in [
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

/// What is to be compared with the accounts.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    queue: VecDeque<u32>,
    /// Those whose user's keys were asked for, and whose last use is to be.
    asked: HashSet<u32>,
}

impl BulkPlan {
    /// The plan as it is saved.
    #[must_use]
    pub fn document(&self, engine: &Engine) -> Document {
        let endpoint = |account: &BulkAccount| {
            let open = engine.fleet.get(account.slot?)?;
            open.endpoint().map(str::to_owned)
        };
        let accounts = self.accounts.iter().map(|account| DocumentAccount {
            id: account.id.clone(),
            name: account.name.clone(),
            endpoint: endpoint(account),
        });
        let keys = self.entries.iter().map(|entry| DocumentKey {
            account: entry.account,
            user: entry.user.clone(),
            key: entry.key.clone(),
            step: entry.step,
            why: entry.why.clone(),
            reviewed: entry.reviewed.clone(),
            held_back: entry.held_back.clone(),
            included: entry.included,
        });
        Document {
            action: self.action,
            made: self.made,
            by: self.by.clone(),
            undoes: self.undoes,
            recent_days: engine.settings.recent.num_days(),
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

    /// Whether something is still to be compared with the accounts.
    #[must_use]
    pub fn is_comparing(&self) -> bool {
        !self.comparison.queue.is_empty() || !self.comparison.asked.is_empty()
    }
}

impl Engine {
    /// Saves the plan under a path, as it was typed.
    pub(super) fn save_bulk(&mut self, path: String) -> Option<()> {
        let document = Box::new(self.bulk()?.document(self));
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

    /// The plan that an earlier run has left, if a person has not decided yet what becomes of it.
    #[must_use]
    pub fn kept_plan(&self) -> Option<&KeptPlan> {
        self.kept_plan.as_deref()
    }

    /// Whether a person is to decide now what becomes of the plan that an earlier run has left: once
    /// one of its accounts is open.
    pub(in crate::engine) fn asks_about_kept_plan(&self) -> bool {
        let kept = self.kept_plan().filter(|kept| !kept.put_off);
        kept.is_some_and(|kept| {
            let mut accounts = kept.document.accounts.iter();
            accounts.any(|account| self.slot_of(account).is_some())
        })
    }

    /// The slot that an account of a document is open in.
    fn slot_of(&self, wanted: &DocumentAccount) -> Option<Slot> {
        let id = wanted.id.as_deref()?;
        let mut accounts = self.fleet.accounts().iter();
        let found = accounts.find(|account| {
            account.stage == AccountStage::SignedIn
                && account.identity.account_id() == Some(id)
                && account.endpoint() == wanted.endpoint.as_deref()
        });
        found.map(|account| account.session.slot)
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
                    put_off: false,
                };
                self.kept_plan = Some(Box::new(kept));
            }
            PlanNews::IsKept => {}
            PlanNews::Elsewhere => {
                self.pause_bulk();
                self.complain("Paused: another iamkeys carries this plan out");
            }
            PlanNews::NotKept(why) => {
                self.complain(format!("A crash would lose the plan's place: {why}"));
            }
        }
    }

    /// Goes on with what an earlier run has left.
    pub(super) fn go_on_with_kept(&mut self) -> Option<()> {
        let kept = self.kept_plan.as_deref()?;
        let (document, done) = (kept.document.clone(), kept.done.clone());
        match self.open_document(document, &done) {
            Ok(()) => {
                self.kept_plan = None;
                self.effects.push(Effect::Plan(PlanJob::TakeUp));
            }
            Err(why) => self.complain(why),
        }
        Some(())
    }

    /// Puts the decision about what an earlier run has left off, or takes it that it ends there.
    pub(super) fn leave_kept(&mut self, for_good: bool) -> Option<()> {
        self.kept_plan.as_deref_mut()?.put_off = true;
        if for_good {
            self.kept_plan = None;
            self.effects.push(Effect::Plan(PlanJob::ForgetLeft));
        }
        Some(())
    }

    /// Makes a plan of a document, in place of one that is not under way.
    pub(super) fn open_document(
        &mut self,
        document: Document,
        done: &[KeptStep],
    ) -> Result<(), String> {
        if self.settings.read_only {
            return Err(READ_ONLY.into());
        }
        if let Some(why) = self.why_no_room_for_bulk() {
            return Err(why.into());
        }
        let slots: Vec<Option<Slot>> = document
            .accounts
            .iter()
            .map(|account| self.slot_of(account))
            .collect();
        if slots.iter().all(Option::is_none) {
            let names = document.accounts.iter().map(|account| match &account.id {
                Some(id) if *id != account.name => format!("{} {id}", account.name),
                _ => account.name.clone(),
            });
            let names = names.collect::<Vec<_>>().join(", ");
            return Err(format!(
                "It is a plan for {names}, and that account is not open"
            ));
        }
        let id = BulkId(self.number());
        let mut plan = BulkPlan::new(id, document.action, document.made, document.by);
        plan.undoes = document.undoes;
        for (account, slot) in document.accounts.into_iter().zip(&slots) {
            let open = slot.and_then(|slot| self.fleet.get(slot));
            let production = open.is_some_and(|open| open.identity.is_production());
            let name = open.map_or(account.name, |open| open.label().to_owned());
            plan.accounts
                .push(BulkAccount::new(*slot, account.id, name, production));
        }
        let done: HashSet<(Option<&str>, &str)> = done
            .iter()
            .map(|step| (step.account.as_deref(), &*step.key))
            .collect();
        for key in document.keys {
            let slot = slots.get(key.account).copied().flatten();
            let of = plan.accounts[key.account].id.as_deref();
            let is_done = done.contains(&(of, &*key.key));
            let open = slot.and_then(|slot| self.fleet.get(slot));
            let own = open.is_some_and(|it| it.is_own(&key.key) || it.is_made_from(&key.key));
            // Who applies it may not be who has made it.
            let held_back = match key.held_back {
                _ if open.is_none() => Some(HeldBack::NotOpen),
                Some(HeldBack::NotOpen) => None,
                None if own && key.step.takes_away() => Some(HeldBack::Own),
                held_back => held_back,
            };
            let newly_held = held_back == Some(HeldBack::NotOpen)
                || (held_back == Some(HeldBack::Own) && !key.included);
            let included = key.included && !newly_held && held_back != Some(HeldBack::Own);
            plan.add(Entry {
                account: key.account,
                user: key.user,
                key: key.key,
                step: key.step,
                why: key.why,
                reviewed: key.reviewed,
                included: included || is_done,
                held_back,
                confirmed: false,
                difference: None,
                state: if is_done {
                    EntryState::Done
                } else {
                    EntryState::Pending
                },
            });
        }
        plan.comparison.queue = (0..).take(plan.entries.len()).collect();
        for entry in &plan.entries {
            let slot = plan.accounts[entry.account].slot;
            let account = slot.and_then(|slot| self.fleet.get_mut(slot));
            // What is told of keys is kept with their users, who may not be listed yet.
            if let Some(account) = account.filter(|account| !account.users.is_complete()) {
                account.users.add_found(&entry.user);
            }
        }
        if !done.is_empty() {
            plan.stage = BulkStage::Paused;
        }
        self.bulk = Some(Box::new(plan));
        self.compare_bulk();
        Ok(())
    }

    /// Compares what is opened with the accounts, and asks for what is not known, as far as there is
    /// room.
    pub(in crate::engine) fn compare_bulk(&mut self) {
        // Half the room is for others.
        while self.fleet.spare() > crate::engine::limiter::MOST / 2 {
            let Some(plan) = self.bulk.as_deref_mut() else {
                return;
            };
            let Some(at) = plan.comparison.queue.pop_front() else {
                return;
            };
            let entry = &plan.entries[at as usize];
            let Some(slot) = plan.accounts[entry.account].slot else {
                continue;
            };
            if entry.state != EntryState::Pending {
                continue;
            }
            let user = entry.user.clone();
            plan.comparison.asked.insert(at);
            self.read(slot, Read::Keys(user));
        }
    }

    /// An answer tells of keys of the plan: what is different from what was reviewed is noted.
    pub(in crate::engine) fn bulk_hears(&mut self, session: SessionId, read: &Read) -> Option<()> {
        let plan = self.bulk.as_deref()?;
        if plan.stage == BulkStage::Ended {
            return None;
        }
        let places: Vec<u32> = match read {
            Read::LastUsed(_, key) => plan.by_key.get(key.as_str())?.clone(),
            Read::Keys(user) => plan.by_user.get(&**user)?.clone(),
            _ => return None,
        };
        let of_keys = matches!(read, Read::Keys(_));
        for at in places {
            self.compare_entry(session, at as usize);
            if of_keys {
                self.ask_use_of(session, at);
            }
        }
        Some(())
    }

    /// Asks for the last use of a key that is to be compared, once the account has named it.
    fn ask_use_of(&mut self, session: SessionId, at: u32) -> Option<()> {
        let plan = self.bulk.as_deref_mut()?;
        let entry = &plan.entries[at as usize];
        let here = plan.accounts[entry.account].slot == Some(session.slot);
        if !here || !plan.comparison.asked.remove(&at) || !entry.step.takes_away() {
            return None;
        }
        let (user, key) = (entry.user.clone(), entry.key.to_string());
        if self.fleet.of(session)?.users.has_key(&user, &key) {
            self.read(session.slot, Read::LastUsed(user, key));
        }
        Some(())
    }

    /// Notes what is different of a key that waits for its turn.
    fn compare_entry(&mut self, session: SessionId, at: usize) -> Option<()> {
        let plan = self.bulk.as_deref()?;
        let entry = plan.entries.get(at)?;
        let here = plan.accounts[entry.account].slot == Some(session.slot);
        if !here || entry.state != EntryState::Pending {
            return None;
        }
        let account = self.fleet.of(session)?;
        let row = account.users.get(&entry.user);
        let difference = match super::make::known_key(account, &entry.user, &entry.key) {
            None => match row {
                Some(row) => row.keys.is_ready().then_some(Skipped::Gone),
                None => account.users.is_complete().then_some(Skipped::Gone),
            },
            Some((row, key)) => {
                let mut now = Reviewed::of(row, key);
                let is_known = key
                    .live()
                    .is_some_and(|live| live.last_used.known().is_some());
                if !is_known && !hold::is_so(entry.step, &now.status) {
                    // What was reviewed is not contradicted by what is not known yet.
                    now.last_used.clone_from(&entry.reviewed.last_used);
                }
                self.difference_since(at, &now, false)
            }
        };
        self.bulk
            .as_deref_mut()?
            .edit(at, |entry| entry.difference = difference);
        Some(())
    }

    /// The plan has begun: it is kept until it has ended.
    pub(super) fn keep_bulk(&mut self) -> Option<()> {
        let document = Box::new(self.bulk()?.document(self));
        self.effects.push(Effect::Plan(PlanJob::Keep(document)));
        // It may be gone on with, under another name.
        let entries = self.bulk()?.entries.iter().enumerate();
        let done = entries.filter(|(_, entry)| entry.state == EntryState::Done);
        let done: Vec<usize> = done.map(|(at, _)| at).collect();
        for at in done {
            self.keep_step(at);
        }
        Some(())
    }

    /// A key is done.
    pub(super) fn keep_step(&mut self, at: usize) -> Option<()> {
        let plan = self.bulk()?;
        let entry = plan.entries.get(at)?;
        let step = KeptStep {
            account: plan.accounts[entry.account].id.clone(),
            key: entry.key.clone(),
        };
        self.effects.push(Effect::Plan(PlanJob::Done(step)));
        Some(())
    }
}

/// Entries by their users.
pub(super) type ByUser = HashMap<Box<str>, Vec<u32>>;
