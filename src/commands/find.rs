//! `iamkeys find`: whose a key is, where, its status and its last use.

use super::{
    Command, ExitStatus,
    incomplete::{self, Gap},
    key::KeyRecord,
    output::{Format, NOTHING, Printer, columns_of},
    run::{Ended, now},
};
use crate::{
    cli::FindArgs,
    engine::{
        Again, Engine, Intent, KeyId, News, Parts, Read, SearchPhase, Slot,
        account::{Account, Known, UserRow},
    },
};

/// How a search has ended.
pub(super) enum Found {
    /// The key is this user's.
    At(Slot, Box<str>),
    /// It is not found: why, in words.
    Not(String),
}

/// Searches for a key until it is found, or is not. Accounts that are still being opened are waited for;
/// one that a profile of this machine opens is opened.
pub(super) async fn search(command: &mut Command, key: &KeyId) -> Result<Found, Ended> {
    let runner = &mut command.runner;
    if let Some(found) = place(&runner.engine, key) {
        return Ok(found);
    }
    // A search begins by itself when an account is opened.
    let mut accounts = runner.engine.fleet.accounts().iter();
    let open = accounts.find(|account| incomplete::is_open(account));
    let intent = match open.map(|account| account.session.slot) {
        Some(slot) => Intent::Search(slot, key.clone()),
        None => Intent::SearchFirst(key.clone()),
    };
    runner.intend(intent);
    loop {
        let step = runner.until(|engine| step(engine, key)).await?;
        match step {
            Step::Ended(found) => return Ok(found),
            Step::GoThere => runner.intend(Intent::GoToOwner),
            Step::Open => runner.intend(Intent::OpenForSearch),
        }
        let _: Vec<News> = runner.engine.take_news();
    }
}

/// What comes next in a search.
enum Step {
    Ended(Found),
    /// The owner is known: the key is looked for among their keys.
    GoThere,
    /// A profile of this machine opens the account of the key.
    Open,
}

fn step(engine: &Engine, key: &KeyId) -> Option<Step> {
    let Some(search) = engine.search() else {
        if let Some(found) = place(engine, key) {
            return Some(Step::Ended(found));
        }
        // It begins when an account is open.
        let mut accounts = engine.fleet.accounts().iter();
        let busy = accounts.any(|account| account.is_busy() || account.prompt.is_some());
        let none = || Step::Ended(Found::Not(String::new()));
        return (!busy && !engine.is_listing_accounts()).then(none);
    };
    if matches!(search.phase, SearchPhase::Found { .. }) {
        return Some(Step::GoThere);
    }
    let words = engine.search_words()?;
    Some(match words.again {
        Again::OpenIt => Step::Open,
        Again::OpenOrganisation => Step::Ended(Found::Not(format!(
            "{} --all-accounts opens the accounts of the organisation.",
            words.text
        ))),
        _ => Step::Ended(Found::Not(words.text)),
    })
}

/// Where a key is that is among the keys of a user.
fn place(engine: &Engine, key: &KeyId) -> Option<Found> {
    engine.fleet.accounts().iter().find_map(|account| {
        let mut rows = account.users.rows().iter();
        let row = rows.find(|row| known(row, key).is_some())?;
        Some(Found::At(account.session.slot, row.user.name.clone()))
    })
}

/// The key among those of a user.
fn known<'a>(row: &'a UserRow, key: &KeyId) -> Option<(usize, Known<'a>)> {
    let mut keys = row.known_keys().enumerate();
    keys.find(|(_, known)| known.id() == Some(key.as_str()))
}

/// What is known of a key that was found.
pub(super) fn record(account: &Account, user: &str, key: &KeyId) -> Option<KeyRecord> {
    let row = account.users.get(user)?;
    Some(KeyRecord::of(account, row, known(row, key)?, now()))
}

/// Waits for the tags of a user, which say whose the user is, and for the account's name.
pub(super) async fn tags(command: &mut Command, slot: Slot, user: &str) -> Result<(), Ended> {
    command
        .runner
        .intend(Intent::Ask(slot, Read::Tags(user.into())));
    command
        .runner
        .until(|engine| {
            let account = engine.fleet.get(slot)?;
            let row = account.users.get(user)?;
            let is_named = !account.identity.alias.is_loading();
            (is_named && !row.tags.is_loading() && !account.identity.caller.is_loading())
                .then_some(())
        })
        .await
}

/// Searches, and prints what was found.
pub(super) async fn run(args: &FindArgs, command: &mut Command) -> Result<ExitStatus, Ended> {
    let format = Format::chosen(args.output.format, command.looks);
    let columns = columns_of::<KeyRecord>(&args.columns, format);
    let needs = columns.iter().map(|column| column.needs);
    let needs = needs.fold(NOTHING, Parts::and);
    let found = search(command, &args.key).await?;
    let writer = command.writer.clone();
    let mut printer = Printer::new(columns, format, command.looks, writer);
    match found {
        Found::At(slot, user) => {
            if needs.details {
                tags(command, slot, &user).await?;
            }
            let engine = &command.runner.engine;
            let mut gaps = Vec::new();
            if let Some(account) = engine.fleet.get(slot) {
                let record = record(account, &user, &args.key);
                if let Some(record) = record {
                    printer.print(record);
                }
                let row = account.users.get(&user);
                let error = row.and_then(|row| row.tags.error());
                gaps.extend(error.map(|error| Gap::of(account, "tags", None, error)));
            }
            Ok(command.finish(&mut printer, &gaps))
        }
        Found::Not(why) => {
            let gaps = not_found(&command.runner.engine);
            printer.fail(why_not(&args.key, &why));
            command.print_rest(&mut printer, &gaps);
            let _ = command.status(&gaps);
            tell_not_found(&why);
            Ok(ExitStatus::Failed)
        }
    }
}

/// What could not be asked when a key was not found.
pub(super) fn not_found(engine: &Engine) -> Vec<Gap> {
    let gaps = incomplete::gaps(engine, NOTHING);
    gaps.into_iter().filter(Gap::is_of_opening).collect()
}

/// Why a key was not found, for a record. A search that has not begun has no words.
pub(super) fn why_not(key: &KeyId, why: &str) -> String {
    if why.is_empty() {
        format!("{key} was not found")
    } else {
        why.to_owned()
    }
}

/// Says that a key was not found.
pub(super) fn tell_not_found(why: &str) {
    if !why.is_empty() {
        crate::stderr::complain(format_args!("iamkeys: {why}"));
    }
}
