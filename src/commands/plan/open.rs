//! A saved plan is opened: the accounts that it names are waited for, what an earlier run of it has done
//! is taken over, and what is different now is looked for.

use super::document::steps_words;
use crate::{
    cli::Cli,
    commands::{
        carry::OPEN_CHANGE,
        follow::is_named,
        incomplete::{self, Gap},
        output::NOTHING,
        run::{Ended, Runner},
    },
    engine::{
        BulkAction, BulkIntent, BulkPlan, Engine, Intent, PlanJob,
        account::{Account, Stage},
        bulk::{Document, DocumentAccount, Entry, KeptPlan, Left, PlanNews, Saving, Skipped},
        fleet::Scope,
        model::KeyStatus,
    },
    journal,
    stderr::complain,
};
use std::collections::{HashMap, HashSet};

/// A saved plan that is to be opened.
pub(super) struct Opening {
    /// What it says.
    pub(super) document: Document,
}

/// What an earlier run has left of a plan that was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Before {
    /// Another process carries it out, or takes it back.
    pub(super) is_elsewhere: bool,
    /// It is gone on with.
    pub(super) is_taken_up: bool,
    /// It ends once this is confirmed.
    pub(super) ends: bool,
}

impl Opening {
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
    ) -> Result<Result<Before, String>, Ended> {
        runner
            .until(|engine| are_open(engine, &self.document.accounts).then_some(()))
            .await?;
        let document = Box::new(self.document.clone());
        runner.intend(Intent::Bulk(BulkIntent::Take(document)));
        if let Some(Saving::Failed(why)) = runner.engine.bulk_opening() {
            return Ok(Err(why.clone()));
        }
        if purpose == Purpose::Show {
            return Ok(Ok(Before::default()));
        }
        self.before(purpose, runner).await
    }

    /// Looks for what an earlier run of the plan has left.
    async fn before(
        &self,
        purpose: Purpose,
        runner: &mut Runner,
    ) -> Result<Result<Before, String>, Ended> {
        let mut before = Before {
            is_elsewhere: is_elsewhere(&self.document, runner).await?,
            ..Before::default()
        };
        if before.is_elsewhere {
            return Ok(Ok(before));
        }
        let engine = &runner.engine;
        let left = engine
            .kept_plan()
            .map(|kept| (self.document.judge_left(&kept.document), unfinished(kept)));
        let Some((left, words)) = left else {
            return Ok(Ok(before));
        };
        runner.clear_progress();
        match (purpose, left) {
            (Purpose::Apply, Left::Same) => {
                complain(format_args!("iamkeys: going on with {words}"));
                runner.intend(Intent::Bulk(BulkIntent::GoOn));
                if runner.engine.kept_plan().is_some() {
                    return Ok(Err("it cannot be gone on with".into()));
                }
                match kept(runner).await? {
                    Ok(()) => before.is_taken_up = true,
                    Err(NotKept::Elsewhere) => before.is_elsewhere = true,
                    Err(why @ NotKept::Failed(_)) => return Ok(Err(why.words())),
                }
            }
            // It is taken back from the beginning.
            (Purpose::Undo, Left::TakesBack) => before.ends = true,
            // What is not done of it is not to be done any more.
            (Purpose::Undo, Left::Same | Left::Otherwise) => {
                complain(format_args!(
                    "iamkeys: not finished: {words}: to take it back ends it"
                ));
                before.ends = true;
            }
            (_, Left::Otherwise) => complain(format_args!(
                "iamkeys: not finished, and not gone on with, as other keys were included in it: {words}. \
                 The screen (iamkeys without a command) goes on with it or ends it"
            )),
            _ => tell_unfinished(&runner.engine),
        }
        Ok(Ok(before))
    }
}

/// Why a plan is not kept.
pub(super) enum NotKept {
    /// Another process carries it out.
    Elsewhere,
    /// The file cannot be written: why.
    Failed(String),
}

impl NotKept {
    /// In words.
    pub(super) fn words(self) -> String {
        match self {
            Self::Elsewhere => ELSEWHERE.into(),
            Self::Failed(why) => {
                format!("the plan cannot be kept, so that a crash would lose its place: {why}")
            }
        }
    }
}

/// Why nothing is done where another process does it.
pub(super) const ELSEWHERE: &str = "another iamkeys carries this plan out";

/// Looks what there is of a plan beside the journal; says whether another process carries it out, or takes it
/// back.
pub(super) async fn is_elsewhere(document: &Document, runner: &mut Runner) -> Result<bool, Ended> {
    runner.take_plan_news();
    runner.plan_job(PlanJob::Look(Box::new(document.clone())));
    let mut is_elsewhere = false;
    loop {
        let news = runner.plan_news().await?;
        is_elsewhere |= news.iter().any(|it| matches!(it, PlanNews::Elsewhere));
        if news.iter().any(|it| matches!(it, PlanNews::Looked)) {
            return Ok(is_elsewhere);
        }
    }
}

/// Waits until a plan is kept, which no two processes do at once; or says why it is not.
pub(super) async fn kept(runner: &mut Runner) -> Result<Result<(), NotKept>, Ended> {
    loop {
        for news in runner.plan_news().await? {
            match news {
                PlanNews::IsKept => return Ok(Ok(())),
                PlanNews::Elsewhere => return Ok(Err(NotKept::Elsewhere)),
                PlanNews::NotKept(why) => return Ok(Err(NotKept::Failed(why))),
                _ => {}
            }
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
    format!(
        "the plan of an earlier run to {}, {} of them done",
        steps_words(kept.document.action, kept.document.steps()),
        kept.done.len()
    )
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

/// Whether an account of a plan is open, and it is known what it is called.
fn is_open(engine: &Engine, wanted: &DocumentAccount) -> bool {
    engine.account_of_plan(wanted).is_some_and(is_named)
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
            let asks_no_more = || !is_asking && plan.has_asked();
            (is_known() || asks_no_more()).then_some(())
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
    let difference = entry.difference.as_ref()?;
    Some(match (difference, entry.step) {
        (Skipped::AlreadySo, BulkAction::Deactivate) => "already Inactive".into(),
        (Skipped::AlreadySo, BulkAction::Activate) => "already Active".into(),
        _ => words_of(difference),
    })
}

/// How a key is not as reviewed, in words.
pub(super) fn words_of(skipped: &Skipped) -> String {
    match skipped {
        Skipped::UsedSince(time) => format!("used since, {}", time.format("%Y-%m-%d %H:%M UTC")),
        Skipped::AnotherKey(key) => format!("the user has another key since: {key}"),
        Skipped::Open => OPEN_CHANGE.into(),
        other => other.words(),
    }
}

/// A key: the account ID, the endpoint where it is not AWS's own, and the key's ID.
pub(super) type KeyOf = (Option<String>, Option<String>, String);

/// What is known of the keys that a plan has deactivated: by this machine's journal, or by what was
/// reviewed.
pub(super) enum Deactivated {
    /// The journal names these.
    ByJournal(HashSet<KeyOf>),
    /// It names none of them: those that were Active when the plan was made may be.
    ByReview,
}

/// Which keys of a plan this machine has deactivated since it was made, and not activated again.
pub(super) fn deactivated_since(cli: &Cli, document: &Document) -> Deactivated {
    let wanted: HashSet<KeyOf> = of_plan(document).collect();
    let path = cli.journal().ok().flatten();
    let recorded = path.and_then(|path| journal::read(&path).ok());
    let mut latest: HashMap<KeyOf, bool> = HashMap::new();
    for change in recorded.map(|(recorded, _)| recorded).unwrap_or_default() {
        let is_done = change
            .ended
            .is_some_and(|ended| ended.outcome != journal::Outcome::Refused);
        let sent = change.sent;
        let (Some(key), Some(active)) = (sent.key, sent.active) else {
            continue;
        };
        let key = (sent.account, sent.endpoint, key);
        if is_done && sent.time >= document.made && wanted.contains(&key) {
            latest.insert(key, active);
        }
    }
    if latest.is_empty() {
        return Deactivated::ByReview;
    }
    let off = latest.into_iter().filter(|(_, active)| !active);
    Deactivated::ByJournal(off.map(|(key, _)| key).collect())
}

/// The keys that a plan deactivates.
pub(super) fn of_plan(document: &Document) -> impl Iterator<Item = KeyOf> {
    let keys = document.keys.iter().filter(|key| {
        key.included
            && key.step == BulkAction::Deactivate
            && key.reviewed.status != KeyStatus::Inactive
    });
    keys.map(|key| {
        let account = document.accounts.get(key.account);
        let id = account.and_then(|account| account.id.clone());
        let endpoint = account.and_then(|account| account.endpoint.clone());
        (id, endpoint, key.key.to_string())
    })
}
