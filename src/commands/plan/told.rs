//! What is told of a plan: what it would do now, and what became of each key.

use super::{
    document::{head, left_out, steps_words},
    open::{KeyOf, difference_words, words_of},
};
use crate::{
    commands::changed::{ChangedRecord, Outcome},
    engine::{
        BulkAction, BulkPlan, Engine, Slot,
        bulk::{BulkAccount, Document, Entry, EntryState, Paused, Skipped},
        text::plural,
    },
};
use chrono::{DateTime, Utc};

/// So many differences are named one by one.
const NAMED: usize = 20;

/// What a plan would do now, in lines.
pub(super) fn what_is_done(
    document: &Document,
    plan: &BulkPlan,
    now: DateTime<Utc>,
) -> Vec<String> {
    let asked = plan.asked();
    let what = steps_words(plan.action, asked.steps);
    let mut lines = vec![head(document, &what, asked.accounts)];
    lines.extend(left_out(document));
    if asked.overriding > 0 {
        lines.push(format!(
            "  {} held back, and included by hand",
            plural(asked.overriding, "key")
        ));
    }
    if asked.waiting > 0 {
        lines.push(format!(
            "  {} more in accounts that are not open: left for later",
            plural(asked.waiting, "key")
        ));
    }
    if plan.action == BulkAction::Delete && asked.steps.all() > 0 {
        let of = |step| asked.steps.of(step) > 0;
        let words = match (of(BulkAction::Delete), of(BulkAction::Deactivate)) {
            (true, true) => {
                "Inactive keys are deleted: this can't be undone. Active ones are only deactivated."
            }
            (true, false) => "This can't be undone.",
            _ => "All are Active, and only deactivated: deleting is for a later plan.",
        };
        lines.push(format!("  {words}"));
    }
    let accounts = plan.accounts().iter().zip(&asked.of_accounts);
    for (account, left) in accounts.filter(|(account, _)| account.included > 0) {
        let id = account.id.as_deref().filter(|id| *id != account.name);
        let id = id.map(|id| format!(" {id}")).unwrap_or_default();
        let production = if account.production {
            " (production)"
        } else {
            ""
        };
        let open = if account.slot.is_some() {
            ""
        } else {
            " (not open)"
        };
        let keys = plural(account.included, "key");
        let keys = if *left == account.included {
            keys
        } else {
            format!("{left} of {keys}")
        };
        lines.push(format!("  {}{id}{production}{open}: {keys}", account.name));
    }
    let keys = plan.entries().iter().zip(&document.keys);
    let newly = keys.filter(|(entry, key)| key.included && !entry.included);
    let newly: Vec<&Entry> = newly.map(|(entry, _)| entry).collect();
    for entry in newly.iter().take(NAMED) {
        let why = entry.held_words(now);
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        lines.push(format!(
            "  left out now: {} of {}{why}",
            entry.key, entry.user
        ));
    }
    if let more @ 1.. = newly.len().saturating_sub(NAMED) {
        lines.push(format!("  and {more} more are left out now"));
    }
    let entries = plan.entries().iter().filter(|entry| entry.included);
    let changed = entries.filter_map(|entry| Some((entry, difference_words(entry)?)));
    for (entry, words) in changed.take(NAMED) {
        lines.push(format!(
            "  since then: {} of {}: {words}",
            entry.key, entry.user
        ));
    }
    if let more @ 1.. = plan.changed_since().saturating_sub(NAMED) {
        lines.push(format!("  and {more} more are not as they were"));
    }
    if plan.is_applied_already() {
        lines.push("  all of it is so already: the plan may have been applied before".into());
    }
    lines
}

/// What became of a key, and why where it is not simply done. `is_before` says that an earlier run of the
/// plan has done it, `why` why it was not begun.
pub(super) fn became(
    (plan, now): (&BulkPlan, DateTime<Utc>),
    entry: &Entry,
    record: &ChangedRecord,
    is_before: bool,
    why: &str,
) -> (Outcome, Option<String>) {
    match &entry.state {
        EntryState::Done if is_before => (
            Outcome::Already,
            Some("done by an earlier run of this plan".to_owned()),
        ),
        EntryState::Done => {
            let change = entry.step.change(&entry.user, &entry.key);
            let confirmed = || format!("its answer was lost. {}", change.row().is_so);
            (Outcome::Done, entry.answer_lost.then(confirmed))
        }
        EntryState::Skipped(skipped) => skipped_as(skipped, record),
        EntryState::Failed(error) => (Outcome::Failed, Some(error.to_string())),
        EntryState::OutcomeUnknown(_) => (
            Outcome::Unknown,
            Some("its answer was lost, and the account does not show it".to_owned()),
        ),
        EntryState::UnderWay => (
            Outcome::Unknown,
            Some("interrupted while it was under way".to_owned()),
        ),
        EntryState::Pending | EntryState::Looking => match (&entry.difference, &entry.held_back) {
            (Some(difference), _) => skipped_as(difference, record),
            (_, Some(_)) if !entry.included => (Outcome::Skipped, entry.held_words(now)),
            _ => (Outcome::Skipped, Some(not_begun(plan, entry, why))),
        },
    }
}

/// Where the account of a key is that a plan may have deactivated, and that can be activated again; or what
/// becomes of the key, and why. `is_its` says whether the plan may have deactivated it.
pub(super) fn left_alone(
    engine: &Engine,
    entry: &Entry,
    account: &BulkAccount,
    is_its: bool,
) -> Result<Slot, (Outcome, String)> {
    if !is_its {
        let reason = "not deactivated by this plan: left alone";
        return Err((Outcome::Already, reason.into()));
    }
    let Some(slot) = account.slot else {
        return Err((Outcome::Skipped, Paused::NotOpen.words()));
    };
    match &entry.difference {
        Some(Skipped::AlreadySo) => Ok(slot),
        Some(Skipped::Gone) => Err((Outcome::Skipped, Skipped::Gone.words())),
        _ if engine.knows_key(entry) => Err((Outcome::Already, "already Active".into())),
        _ => {
            let why = engine.why_not_known(entry);
            let why = why.map(|error| format!(": {error}")).unwrap_or_default();
            Err((
                Outcome::Skipped,
                format!("not known whether it is Inactive{why}"),
            ))
        }
    }
}

/// How a key that was not as reviewed is told of.
fn skipped_as(skipped: &Skipped, record: &ChangedRecord) -> (Outcome, Option<String>) {
    match skipped {
        Skipped::AlreadySo => {
            let status = match (record.status.as_deref(), record.action) {
                (Some(status), _) => status,
                (None, "deactivate") => "Inactive",
                (None, _) => "Active",
            };
            (Outcome::Already, Some(format!("already {status}")))
        }
        Skipped::Gone if record.action == "delete" => {
            (Outcome::Already, Some("no longer there".into()))
        }
        other => (Outcome::Skipped, Some(words_of(other))),
    }
}

/// Why a key was not begun.
fn not_begun(plan: &BulkPlan, entry: &Entry, why: &str) -> String {
    match (&plan.account_of(entry).paused, why) {
        (Some(paused), _) => format!(
            "not begun: {} is paused: {}",
            plan.account_of(entry).name,
            paused.words()
        ),
        (None, "") => "not begun".into(),
        (None, why) => why.to_owned(),
    }
}

/// Which key an entry is.
pub(super) fn key_of(plan: &BulkPlan, entry: &Entry) -> KeyOf {
    let account = plan.account_of(entry);
    let (id, endpoint) = (account.id.clone(), account.endpoint.clone());
    (id, endpoint, entry.key.to_string())
}

/// The record of a key of a plan, without what became of it.
pub(super) fn record(
    engine: &Engine,
    plan: &BulkPlan,
    entry: &Entry,
    action: &'static str,
) -> ChangedRecord {
    let of = plan.account_of(entry);
    let account = of.slot.and_then(|slot| engine.fleet.get(slot));
    let mut record = ChangedRecord::of(account, Some(&entry.user), &entry.key, action);
    if account.is_none() {
        record.account.clone_from(&of.id);
        record.account_name = Some(of.name.clone());
    }
    record
}

/// AWS's ID of the latest request that has changed a key.
pub(super) fn request_id(engine: &Engine, key: &str) -> Option<String> {
    let activity = &engine.activity;
    let mut entries = (0..activity.len()).filter_map(|row| activity.row(row));
    let found = entries.find(|entry| entry.key.as_deref() == Some(key));
    found?.request_id.clone()
}
