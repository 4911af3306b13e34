//! `iamkeys impact`: what the screen's page of a key's impact says: who uses it, what it can do, what
//! would fail without it, and what was not checked.

mod document;
mod words;

use super::{
    Command, ExitStatus,
    find::{self, Found},
    incomplete::{self, Gap, OpenedAccount},
    output::{Format, line_of, pretty},
    run::{Ended, now},
};
use crate::{
    cli::{ALL_REGIONS, ImpactArgs},
    engine::{
        Engine, Error, Intent, Slot,
        account::{Account, Load},
        impact::{HistoryLimits, KeyTrail, verdict::Subject},
    },
};
use document::Document;
use serde::Serialize;

/// Searches for the key, asks what is known of it, and prints that.
pub(super) async fn run(args: &ImpactArgs, command: &mut Command) -> Result<ExitStatus, Ended> {
    let (slot, user) = match find::search(command, &args.key).await? {
        Found::At(slot, user) => (slot, user),
        Found::Not(why) => {
            let gaps = find::not_found(&command.runner.engine);
            print_failed(args, command, &find::why_not(&args.key, &why), &gaps);
            let _ = command.status(&gaps);
            find::tell_not_found(&why);
            return Ok(ExitStatus::Failed);
        }
    };
    let all = args.regions.is_empty() || args.regions.iter().any(|name| name == ALL_REGIONS);
    let limits = HistoryLimits {
        days: (args.days < 90).then_some(args.days),
        regions: (!all).then(|| {
            args.regions
                .iter()
                .map(|name| name.as_str().into())
                .collect()
        }),
    };
    command.runner.engine.limit_history(slot, limits);
    command.runner.intend(Intent::Impact {
        slot,
        user: user.clone(),
        key: args.key.as_str().into(),
    });
    find::tags(command, slot, &user).await?;
    let key = args.key.as_str();
    command
        .runner
        .until(|engine| is_over(engine, slot, &user, key).then_some(()))
        .await?;
    let engine = &command.runner.engine;
    let Some(account) = engine.fleet.get(slot) else {
        return Ok(ExitStatus::Failed);
    };
    let record = find::record(account, &user, &args.key);
    let subject = Subject {
        account,
        user: &user,
        key,
        now: now(),
    };
    let gaps = gaps(account, &user, key);
    let Some(document) = record.map(|record| Document::of(subject, &record, &gaps)) else {
        // It was deleted a moment ago.
        let why = format!("{key} is not among the keys of {user} any more");
        print_failed(args, command, &why, &gaps);
        find::tell_not_found(&why);
        return Ok(ExitStatus::Failed);
    };
    let text = match Format::chosen(args.format, command.looks) {
        Format::Table => words::of(&document, command.looks).into_bytes(),
        Format::Json => pretty(&document),
        Format::Jsonl | Format::Csv => line_of(&document),
    };
    command.runner.clear_progress();
    command.writer.write(text);
    Ok(command.status(&gaps))
}

/// What is printed in place of an impact.
#[derive(Serialize)]
struct Failed<'a> {
    schema: &'static str,
    error: &'a str,
    accounts: &'a [OpenedAccount],
    incomplete: &'a [Gap],
}

/// Prints why there is no impact, where a document was asked for.
fn print_failed(args: &ImpactArgs, command: &mut Command, why: &str, gaps: &[Gap]) {
    command.runner.clear_progress();
    let document = Failed {
        schema: "iamkeys/failed/1",
        error: why,
        accounts: &incomplete::accounts(&command.runner.engine),
        incomplete: gaps,
    };
    match Format::chosen(args.format, command.looks) {
        Format::Table => {}
        Format::Json => command.writer.write(pretty(&document)),
        Format::Jsonl | Format::Csv => command.writer.write(line_of(&document)),
    }
}

/// Whether all has been told, or will not be.
fn is_over(engine: &Engine, slot: Slot, user: &str, key: &str) -> bool {
    let Some(account) = engine.fleet.get(slot) else {
        return true;
    };
    let impacts = &account.impacts;
    let known = impacts.user(user);
    let of_user = known.is_some_and(|known| {
        !known.permissions.is_loading()
            && !known.services.is_loading()
            && !known.credentials.is_loading()
    });
    let told = |trail: &KeyTrail| !trail.is_asking() && trail.unanswered() == 0;
    let others = account.key_ids(user).unwrap_or_default();
    let mut trails = others.iter().filter_map(|id| impacts.trail(id));
    let of_key = impacts.trail(key).is_some_and(told) && trails.all(told);
    let is_lost = account.is_lost() || !account.is_busy();
    (of_user && of_key && !impacts.regions.is_loading()) || is_lost
}

/// What could not be asked.
fn gaps(account: &Account, user: &str, key: &str) -> Vec<Gap> {
    let impacts = &account.impacts;
    let mut gaps = Vec::new();
    let mut note = |what, error: Option<&Error>| {
        gaps.extend(error.map(|error| Gap::of(account, what, None, error)));
    };
    note("regions", impacts.regions.error());
    for (_, _, error) in impacts.trail(key).into_iter().flat_map(KeyTrail::failed) {
        note("events", Some(error));
    }
    if let Some(known) = impacts.user(user) {
        note("permissions", known.permissions.error());
        note("services", known.services.error());
        note("credentials", known.credentials.error());
        let permissions = known.permissions.known().into_iter();
        for error in permissions.flat_map(|it| &it.missing) {
            note("permissions", Some(error));
        }
        let credentials = known.credentials.known().into_iter();
        for error in credentials.flat_map(|it| &it.missing) {
            note("credentials", Some(error));
        }
    }
    let row = account.users.get(user);
    note("tags", row.map(|row| &row.tags).and_then(Load::error));
    gaps.dedup();
    gaps
}
