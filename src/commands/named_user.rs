//! The user that a command names, in whichever account that is open.

use super::{
    Command, ExitStatus,
    incomplete::{self, Gap},
    output::NOTHING,
    run::Ended,
};
use crate::{
    engine::{
        Engine, Intent, Read, Slot,
        account::{Account, Stage},
        fleet::Scope,
        text::visible,
    },
    stderr::complain,
};

/// Where a user is, or how the command ends and why: then that was said.
pub(super) type Found = Result<(Slot, Box<str>), NotFound>;

/// Why it is not known which user is meant.
pub(super) struct NotFound {
    /// How the command ends.
    pub(super) status: ExitStatus,
    /// Why, in words.
    pub(super) why: String,
    /// What could not be asked.
    pub(super) gaps: Vec<Gap>,
}

impl NotFound {
    /// Something has failed: this.
    pub(super) fn failed(why: String) -> Self {
        Self {
            status: ExitStatus::Failed,
            why,
            gaps: Vec::new(),
        }
    }
}

/// Looks for a user in all accounts. IAM compares names without their case.
///
/// # Errors
/// When the run ends before.
pub(super) async fn find(command: &mut Command, name: &str) -> Result<Found, Ended> {
    command
        .runner
        .until(|engine| is_over(engine).then_some(()))
        .await?;
    command.runner.clear_progress();
    let places = places(&command.runner.engine, name);
    if let [(slot, user)] = &places[..] {
        return Ok(Ok((*slot, user.clone())));
    }
    let engine = &command.runner.engine;
    if places.is_empty() {
        let gaps = incomplete::gaps(engine, NOTHING);
        let _ = command.status(&gaps);
        let why = format!("no user {name} in the accounts that are open");
        complain(format_args!("iamkeys: {}", visible(&why)));
        return Ok(Err(NotFound {
            status: ExitStatus::Failed,
            why,
            gaps,
        }));
    }
    let accounts = places
        .iter()
        .filter_map(|(slot, _)| engine.fleet.get(*slot));
    let accounts: Vec<String> = accounts.map(|account| account.identity.account()).collect();
    let why = format!(
        "{name} is a user of several accounts: {}. Open the one that is meant: --profile NAME, or --accounts \
         FILE",
        accounts.join(", ")
    );
    complain(format_args!("iamkeys: {}", visible(&why)));
    Ok(Err(NotFound {
        status: ExitStatus::Usage,
        why,
        gaps: Vec::new(),
    }))
}

fn places(engine: &Engine, name: &str) -> Vec<(Slot, Box<str>)> {
    let accounts = engine.fleet.rows(Scope::All).accounts();
    let rows = accounts.filter_map(|account| {
        let row = account.users.get(name)?;
        Some((account.session.slot, row.user.name.clone()))
    });
    rows.collect()
}

/// Whether the users of all accounts are known, or will not be.
fn is_over(engine: &Engine) -> bool {
    let mut accounts = engine.fleet.accounts().iter();
    !engine.is_listing_accounts() && accounts.all(is_account_over)
}

fn is_account_over(account: &Account) -> bool {
    let is_named = !account.identity.caller.is_awaited();
    match &account.stage {
        Stage::Waiting | Stage::SigningIn => false,
        Stage::SignedOut(_) => account.prompt.is_none(),
        Stage::SignedIn => {
            let users = &account.users;
            let is_listed = users.is_complete() && users.listing.is_ready();
            account.identity.broken.is_some()
                || users.listing.error().is_some()
                || (is_listed && is_named)
        }
    }
}

/// Reads the keys of a user and when each was last used, as they are now; says why where the keys cannot
/// be read.
///
/// # Errors
/// When the run ends before.
pub(super) async fn read_keys(
    command: &mut Command,
    slot: Slot,
    user: &str,
) -> Result<Result<(), String>, Ended> {
    let runner = &mut command.runner;
    runner.intend(Intent::Ask(slot, Read::Keys(user.into())));
    let read = runner.until(|engine| keys(engine, slot, user)).await?;
    let ids = match read {
        Ok(ids) => ids,
        Err(why) => return Ok(Err(why)),
    };
    for id in ids {
        runner.intend(Intent::Ask(slot, Read::LastUsed(user.into(), id)));
    }
    runner
        .until(|engine| {
            let account = engine.fleet.get(slot)?;
            let rows = account.users.keys(user).unwrap_or_default();
            let all = rows.iter().all(|row| !row.last_used.is_awaited());
            (all || account.is_lost()).then_some(())
        })
        .await?;
    Ok(Ok(()))
}

/// The IDs of a user's keys once they are read, or why they cannot be.
pub(super) fn keys(engine: &Engine, slot: Slot, user: &str) -> Option<Result<Vec<String>, String>> {
    let Some(account) = engine.fleet.get(slot) else {
        return Some(Err("the account is not open any more".into()));
    };
    let Some(row) = account.users.get(user) else {
        return Some(Err(format!("{user} is not there any more")));
    };
    if row.keys.is_loading() {
        return account
            .is_lost()
            .then(|| Err("the session has ended".into()));
    }
    match (row.keys.error(), row.keys.known()) {
        (Some(error), _) => Some(Err(error.to_string())),
        (None, Some(keys)) => Some(Ok(keys.iter().map(|row| row.key.id.clone()).collect())),
        (None, None) => account
            .is_lost()
            .then(|| Err("the session has ended".into())),
    }
}
