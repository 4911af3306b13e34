//! `iamkeys accounts`: the accounts that are opened, what their keys come to, and why one is not.
//!
//! The numbers are the credential report's, one answer an account: up to four hours old, and ages are
//! at least.

use super::{
    Command, ExitStatus, incomplete,
    output::{Column, Format, InAccount, Looks, NOTHING, Printer, Record, columns_of},
    run::{Ended, now},
};
use crate::{
    cli::AccountsArgs,
    engine::{
        Engine, Parts,
        account::{Account, figures::Figures},
        fleet::Scope,
    },
};
use chrono::{DateTime, Utc};

/// What has to be asked for the numbers.
const REPORT: Parts = Parts {
    report: true,
    unreported: true,
    ..NOTHING
};

/// And for the root user's keys.
const ROOT: Parts = Parts {
    report: true,
    summary: true,
    ..NOTHING
};

/// What is known of an account.
#[derive(Clone, Debug)]
struct AccountRecord {
    account: Option<String>,
    account_name: Option<String>,
    profile: Option<String>,
    role: Option<String>,
    open: bool,
    problem: Option<String>,
    users: Option<usize>,
    keys: Option<usize>,
    active_keys: Option<usize>,
    old_keys: Option<usize>,
    unused_keys: Option<usize>,
    root_has_keys: Option<bool>,
}

impl AccountRecord {
    fn of(account: &Account, now: DateTime<Utc>) -> Self {
        let identity = &account.identity;
        let users = account.is_listed().then(|| account.users.rows().len());
        let figures = account.is_all_known().then(|| Figures::of(account, now));
        let of = |number: fn(&Figures) -> usize| figures.as_ref().map(number);
        let is_root_known = identity.root_keys().is_some()
            || identity
                .report
                .known()
                .is_some_and(|report| report.root.is_some());
        Self {
            account: account.id().map(str::to_owned),
            account_name: identity.name().map(str::to_owned),
            profile: identity.profile.clone(),
            role: identity.role.as_deref().map(str::to_owned),
            open: incomplete::is_open(account),
            problem: incomplete::why_not_open(account),
            users,
            keys: of(|figures| figures.keys),
            active_keys: of(|figures| figures.active),
            old_keys: of(|figures| figures.old),
            unused_keys: of(|figures| figures.unused),
            root_has_keys: is_root_known.then(|| identity.root_has_keys()),
        }
    }
}

impl InAccount for AccountRecord {
    fn account(&self) -> [&Option<String>; 2] {
        [&self.account, &self.account_name]
    }
}

impl Record for AccountRecord {
    const SCHEMA: (&'static str, &'static str) = ("iamkeys/accounts/1", "accounts");

    const COLUMNS: &'static [Column<Self>] = &[
        Column::ACCOUNT,
        Column::ACCOUNT_NAME,
        Column::new("profile", "profile", |it: &Self| (&it.profile).into()).or_blank(),
        Column::new("role", "role", |it: &Self| (&it.role).into()).or_blank(),
        Column::new("open", "open", |it: &Self| it.open.into()),
        Column::new("problem", "problem", |it: &Self| (&it.problem).into()).or_blank(),
        Column::new("users", "users", |it: &Self| (&it.users).into()).right(),
        Column::new("keys", "keys", |it: &Self| (&it.keys).into())
            .right()
            .needs(REPORT),
        Column::new("active_keys", "active", |it: &Self| {
            (&it.active_keys).into()
        })
        .right()
        .needs(REPORT),
        Column::new("old_keys", "older than 90 days", |it: &Self| {
            (&it.old_keys).into()
        })
        .right()
        .needs(REPORT),
        Column::new("unused_keys", "unused for 90 days", |it: &Self| {
            (&it.unused_keys).into()
        })
        .right()
        .needs(REPORT),
        Column::new("root_has_keys", "root keys", |it: &Self| {
            (&it.root_has_keys).into()
        })
        .needs(ROOT),
    ];

    const USUAL: &'static [&'static str] = &super::columns::ACCOUNTS;

    const OF_TABLE: &'static [&'static str] = &[
        "account",
        "account_name",
        "role",
        "users",
        "keys",
        "old_keys",
        "unused_keys",
        "root_has_keys",
        "problem",
    ];

    fn sort_key(&self) -> Vec<String> {
        vec![
            self.account_name
                .as_deref()
                .unwrap_or_default()
                .to_lowercase(),
            self.account.clone().unwrap_or_default(),
        ]
    }
}

/// What is to be listed.
pub(super) struct Plan {
    format: Format,
    columns: Vec<&'static Column<AccountRecord>>,
    parts: Parts,
}

impl Plan {
    pub(super) fn of(args: &AccountsArgs, looks: Looks) -> Self {
        let format = Format::chosen(args.output.format, looks);
        let columns = columns_of::<AccountRecord>(&args.columns, format);
        let needs = columns.iter().map(|column| column.needs);
        Self {
            format,
            parts: needs.fold(NOTHING, Parts::and),
            columns,
        }
    }

    /// What has to be asked.
    pub(super) fn parts(&self) -> Parts {
        self.parts
    }

    /// Lists them.
    pub(super) async fn run(self, command: &mut Command) -> Result<ExitStatus, Ended> {
        let is_over = |engine: &Engine| {
            let mut accounts = engine.fleet.accounts().iter();
            let busy = accounts.any(|account| account.is_busy() || account.prompt.is_some());
            (!busy && !engine.is_listing_accounts()).then_some(())
        };
        command.runner.until(is_over).await?;
        let writer = command.writer.clone();
        let mut printer = Printer::new(self.columns, self.format, command.looks, writer);
        let engine = &command.runner.engine;
        for account in engine.fleet.rows(Scope::All).accounts() {
            printer.print(AccountRecord::of(account, now()));
        }
        let gaps = incomplete::gaps(engine, self.parts);
        Ok(command.finish(&mut printer, &gaps))
    }
}
