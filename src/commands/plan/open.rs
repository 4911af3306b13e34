//! A saved plan is opened: the accounts that it names are waited for, what an earlier run of it has done
//! is taken over, and what is different now is looked for.

use crate::{
    cli::Cli,
    commands::{
        follow::is_named,
        incomplete::{self, Gap},
        output::NOTHING,
        run::{Ended, Runner},
    },
    engine::{
        BulkAction, BulkIntent, BulkPlan, Engine, Intent,
        account::{Account, Stage},
        bulk::{Document, DocumentAccount, Entry, KeptPlan, Saving, Skipped},
        fleet::Scope,
        model::KeyStatus,
    },
    journal,
    stderr::complain,
};
use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

/// A saved plan that is to be opened.
pub(super) struct Opening {
    /// What it says.
    pub(super) document: Document,
    path: String,
}

impl Opening {
    pub(super) fn of(path: &Path, document: Document) -> Self {
        Self {
            document,
            path: path.to_string_lossy().into_owned(),
        }
    }

    /// What could not be opened of the accounts of the plan.
    pub(super) fn gaps(&self, engine: &Engine) -> Vec<Gap> {
        let accounts = self.document.accounts.iter();
        let missing: Vec<Option<&str>> = accounts
            .filter(|account| !is_open(engine, account))
            .map(|account| account.id.as_deref())
            .collect();
        if missing.is_empty() {
            return Vec::new();
        }
        let gaps = incomplete::gaps(engine, NOTHING).into_iter();
        gaps.filter(|gap| gap.is_of_opening() && gap.may_be_of(&missing))
            .collect()
    }

    /// Waits for the accounts of the plan, and makes it the engine's; says why not where it cannot be.
    /// What an earlier run of it has left is gone on with, unless it is opened for another purpose.
    pub(super) async fn open(
        &self,
        purpose: Purpose,
        runner: &mut Runner,
    ) -> Result<Result<(), String>, Ended> {
        runner
            .until(|engine| are_open(engine, &self.document.accounts).then_some(()))
            .await?;
        runner.intend(Intent::Bulk(BulkIntent::Open(self.path.clone())));
        let opened = runner
            .until(|engine| match engine.bulk_opening() {
                Some(Saving::Done(_)) => Some(Ok(())),
                Some(Saving::Failed(why)) => Some(Err(why.clone())),
                Some(Saving::Begun) | None => None,
            })
            .await?;
        if let Err(why) = opened {
            return Ok(Err(why));
        }
        // What an earlier run has left is known by now: files are looked at one after the other.
        let left = runner
            .engine
            .kept_plan()
            .map(|kept| (self.judge(kept, purpose), unfinished(kept)));
        match left {
            // It is taken back from the beginning.
            Some((Left::SameUndo, _)) => runner.intend(Intent::Bulk(BulkIntent::Forget)),
            Some((Left::Same, words)) => {
                runner.clear_progress();
                complain(format_args!("iamkeys: going on with {words}"));
                runner.intend(Intent::Bulk(BulkIntent::GoOn));
            }
            Some((Left::Other, _)) => {
                runner.clear_progress();
                tell_unfinished(&runner.engine);
            }
            None => {}
        }
        Ok(Ok(()))
    }
}

impl Opening {
    fn judge(&self, kept: &KeptPlan, purpose: Purpose) -> Left {
        let mut keys = kept.document.keys.iter();
        let is_in_it = |key: &str| self.document.keys.iter().any(|known| &*known.key == key);
        match purpose {
            Purpose::Apply if is_same(&kept.document, &self.document) => Left::Same,
            Purpose::Undo if kept.document.undoes && keys.all(|key| is_in_it(&key.key)) => {
                Left::SameUndo
            }
            _ => Left::Other,
        }
    }
}

/// What a plan is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be looked at.
    Show,
    /// To be carried out.
    Apply,
    /// To be taken back.
    Undo,
}

/// What an earlier run has left.
enum Left {
    /// This plan.
    Same,
    /// What takes this plan back.
    SameUndo,
    /// Another plan.
    Other,
}

/// Says that an earlier run has left a plan, and what can be done about it.
pub(in crate::commands) fn tell_unfinished(engine: &Engine) {
    if let Some(kept) = engine.kept_plan() {
        complain(format_args!(
            "iamkeys: not finished: {}. iamkeys plan apply of its file goes on with it; the screen \
             (iamkeys without a command) ends it",
            unfinished(kept)
        ));
    }
}

/// What an earlier run has left, in words.
fn unfinished(kept: &KeptPlan) -> String {
    let keys = kept.document.keys.iter().filter(|key| key.included).count();
    format!(
        "the plan of an earlier run to {} {keys} keys, {} of them done",
        kept.document.action.verb(),
        kept.done.len()
    )
}

/// Whether two plans are the same, whatever was included in them since.
fn is_same(one: &Document, other: &Document) -> bool {
    let keys = |document: &Document| -> Vec<Box<str>> {
        document.keys.iter().map(|key| key.key.clone()).collect()
    };
    let is_like = one.action == other.action && one.made == other.made && one.by == other.by;
    is_like && one.undoes == other.undoes && keys(one) == keys(other)
}

/// Whether all accounts of a plan are open, or no more will be.
fn are_open(engine: &Engine, wanted: &[DocumentAccount]) -> bool {
    let accounts = || engine.fleet.rows(Scope::All).accounts();
    let is_over = |account: &Account| match &account.stage {
        Stage::Waiting | Stage::SigningIn => false,
        Stage::SignedOut(_) => account.prompt.is_none(),
        Stage::SignedIn => account.is_lost() || is_named(account),
    };
    let all_over = || !engine.is_listing_accounts() && accounts().all(is_over);
    wanted.iter().all(|wanted| is_open(engine, wanted)) || all_over()
}

/// Whether an account of a plan is open.
fn is_open(engine: &Engine, wanted: &DocumentAccount) -> bool {
    engine.fleet.rows(Scope::All).accounts().any(|account| {
        account.stage == Stage::SignedIn
            && account.identity.account_id() == wanted.id.as_deref()
            && account.endpoint() == wanted.endpoint.as_deref()
            && is_named(account)
    })
}

/// Waits until it is known what is different now, as far as the accounts tell.
pub(super) async fn compared(runner: &mut Runner) -> Result<(), Ended> {
    runner
        .until(|engine| {
            let Some(plan) = engine.bulk() else {
                return Some(());
            };
            let mut accounts = engine.fleet.accounts().iter();
            let is_asking = accounts.any(|account| account.is_busy() && !account.is_lost());
            let is_known = || !plan.is_comparing() && !are_loading(engine, plan);
            (!is_asking || is_known()).then_some(())
        })
        .await
}

/// Whether a last use of a key of a plan is still on its way.
fn are_loading(engine: &Engine, plan: &BulkPlan) -> bool {
    plan.entries().iter().any(|entry| {
        let slot = plan.account_of(entry).slot;
        let account = slot.and_then(|slot| engine.fleet.get(slot));
        let keys = account.and_then(|account| account.users.keys(&entry.user));
        let mut rows = keys.unwrap_or_default().iter();
        let row = rows.find(|row| row.key.id == *entry.key);
        row.is_some_and(|row| row.last_used.is_loading())
    })
}

/// What is different of a key now, in words.
pub(super) fn difference_words(entry: &Entry) -> Option<String> {
    entry.difference.as_ref().map(words_of)
}

/// How a key is not as reviewed, in words.
pub(super) fn words_of(skipped: &Skipped) -> String {
    match skipped {
        Skipped::UsedSince(time) => format!("used since, {}", time.format("%Y-%m-%d %H:%M UTC")),
        Skipped::AnotherKey(key) => format!("the user has another key since: {key}"),
        other => other.words(),
    }
}

/// What is known of the keys that a plan has deactivated: by this machine's journal, or by what was
/// reviewed.
pub(super) enum Deactivated {
    /// The journal names these, by account ID and key ID.
    ByJournal(HashSet<(Option<String>, String)>),
    /// It names none of them: those that were Active when the plan was made may be.
    ByReview,
}

/// Which keys of a plan this machine has deactivated since it was made, and not activated again.
pub(super) fn deactivated_since(cli: &Cli, document: &Document) -> Deactivated {
    let wanted: HashSet<&str> = of_plan(document).map(|(_, key)| key).collect();
    let path = cli.journal().ok().flatten();
    let recorded = path.and_then(|path| journal::read(&path).ok());
    let mut latest: HashMap<(Option<String>, String), bool> = HashMap::new();
    for change in recorded.map(|(recorded, _)| recorded).unwrap_or_default() {
        let is_done = change
            .ended
            .is_some_and(|ended| ended.outcome != journal::Outcome::Refused);
        let sent = change.sent;
        let (Some(key), Some(active)) = (sent.key, sent.active) else {
            continue;
        };
        if is_done && sent.time >= document.made && wanted.contains(&*key) {
            latest.insert((sent.account, key), active);
        }
    }
    if latest.is_empty() {
        return Deactivated::ByReview;
    }
    let off = latest.into_iter().filter(|(_, active)| !active);
    Deactivated::ByJournal(off.map(|(key, _)| key).collect())
}

/// The keys that a plan deactivates: the account ID, and the key's.
pub(super) fn of_plan(document: &Document) -> impl Iterator<Item = (Option<&str>, &str)> {
    let keys = document.keys.iter().filter(|key| {
        key.included
            && key.step == BulkAction::Deactivate
            && key.reviewed.status != KeyStatus::Inactive
    });
    keys.map(|key| {
        let account = document.accounts.get(key.account);
        (account.and_then(|account| account.id.as_deref()), &*key.key)
    })
}
