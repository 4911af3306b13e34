//! What could not be seen: accounts that were not opened, and what of the others was refused or lost. It
//! is told on standard error and in the JSON, and the exit code says that there is some.

use crate::engine::{
    Engine, Error, Kind, Listing, Offer, Parts, Problem,
    account::{Account, Stage},
    fleet::Scope,
    text::visible,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// Something that could not be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Gap {
    /// The account ID, where it is known.
    account: Option<String>,
    /// What the account is called, where that is known.
    account_name: Option<String>,
    /// What is missing: `accounts`, `account`, `users`, `keys`, `last_used`, `details`, `quarantine`,
    /// `report`, or a part of an impact.
    what: &'static str,
    /// Of how many users or keys, where it is of some.
    count: Option<usize>,
    /// The action that was refused or failed.
    action: Option<String>,
    /// AWS's code.
    code: Option<String>,
    /// Why, in words.
    message: String,
    /// What can be done about it, a sentence each.
    #[serde(skip)]
    advice: Vec<String>,
}

/// An account that was opened, or was to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct OpenedAccount {
    account: Option<String>,
    account_name: Option<String>,
    profile: Option<String>,
    role: Option<String>,
    /// Whether it could be asked.
    open: bool,
    /// Why not.
    problem: Option<String>,
    /// When AWS made the credential report that was read.
    report: Option<String>,
}

impl Gap {
    /// Something of an account that was refused or failed.
    pub(super) fn of(
        account: &Account,
        what: &'static str,
        count: Option<usize>,
        error: &Error,
    ) -> Self {
        let message = match count {
            Some(count) => format!("{count} not read: {error}"),
            None => error.to_string(),
        };
        Self {
            count,
            action: Some(error.action.to_owned()),
            code: error.code.clone(),
            ..Self::because(account, what, message)
        }
    }

    /// Something of an account that is missing for another reason.
    pub(super) fn because(account: &Account, what: &'static str, message: String) -> Self {
        Self {
            account: account.id().map(str::to_owned),
            account_name: Some(account.label())
                .filter(|label| *label != "?")
                .map(str::to_owned),
            what,
            count: None,
            action: None,
            code: None,
            message,
            advice: Vec::new(),
        }
    }

    /// An account that was not opened.
    fn not_opened(account: &Account, problem: &Problem) -> Self {
        let mut advice: Vec<String> = problem.details.clone();
        advice.extend(problem.advice.iter().cloned());
        match problem.offer {
            Some(Offer::Login) => advice.push(
                "Run this in a terminal to log in, or log in before: aws sso login.".into(),
            ),
            Some(Offer::Code) => advice.push(
                "With MFA: name the device in the profile (mfa_serial), or pass a session with MFA."
                    .into(),
            ),
            None => {}
        }
        Self {
            advice,
            ..Self::because(
                account,
                "account",
                format!("{}. {}", problem.title.trim_end_matches('.'), problem.what),
            )
        }
    }

    /// Whether it is about an account that was not opened, or not listed.
    pub(super) fn is_of_opening(&self) -> bool {
        matches!(self.what, "account" | "accounts")
    }

    /// Whether it is about one of these accounts, or about one whose ID is not known.
    pub(super) fn may_be_of(&self, accounts: &[Option<&str>]) -> bool {
        self.account.is_none() || accounts.contains(&self.account.as_deref())
    }

    /// Whether it says that nothing was read of an account: not even its users.
    pub(super) fn is_of_all(&self, account: &Account) -> bool {
        self.what == "users"
            && account.users.rows().is_empty()
            && self.account.as_deref() == account.id()
    }

    /// It in a line, and what to do about it.
    pub(super) fn lines(&self) -> Vec<String> {
        let account = match (&self.account_name, &self.account) {
            (Some(name), Some(id)) if name != id => format!("{name} ({id}): "),
            (Some(one), _) | (None, Some(one)) => format!("{one}: "),
            (None, None) => String::new(),
        };
        let what = match self.what {
            "account" => "not opened",
            "accounts" => "accounts",
            "last_used" => "last uses",
            "details" => "tags and policies",
            other => other,
        };
        let first = format!("{account}{what}: {}", self.message);
        let advice = self.advice.iter().map(|advice| format!("  {advice}"));
        std::iter::once(first).chain(advice).collect()
    }
}

/// The accounts, whether or not they could be opened.
pub(super) fn accounts(engine: &Engine) -> Vec<OpenedAccount> {
    let accounts = engine.fleet.rows(Scope::All).accounts();
    let opened = accounts.map(|account| OpenedAccount {
        account: account.id().map(str::to_owned),
        account_name: account.identity.name().map(str::to_owned),
        profile: account.identity.profile.clone(),
        role: account.identity.role.as_deref().map(str::to_owned),
        open: is_open(account),
        problem: why_not_open(account),
        report: account
            .identity
            .report
            .known()
            .map(|report| rfc3339(report.generated)),
    });
    opened.collect()
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// Whether something could be asked of an account to the end.
pub(super) fn is_open(account: &Account) -> bool {
    account.stage == Stage::SignedIn && account.identity.broken.is_none()
}

/// Why nothing can be asked of an account.
pub(super) fn why_not_open(account: &Account) -> Option<String> {
    match (&account.stage, &account.identity.broken) {
        (Stage::SignedOut(problem), _) => Some(problem.title.clone()),
        (Stage::Waiting | Stage::SigningIn, _) => Some("not signed in".into()),
        (Stage::SignedIn, Some(error)) => Some(error.short()),
        (Stage::SignedIn, None) => None,
    }
}

/// What could not be seen of what was wanted. An account that its organisation says is closed has
/// nothing to be seen.
pub(super) fn gaps(engine: &Engine, parts: Parts) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for list in engine.account_lists() {
        let source = engine.fleet.get(list.source.slot);
        if let (Listing::Failed(error), Some(account)) = (&list.listing, source) {
            gaps.push(Gap::of(account, "accounts", None, error));
        }
    }
    for account in engine.fleet.rows(Scope::All).accounts() {
        if !account.is_closed() {
            of_account(account, parts, &mut gaps);
        }
    }
    gaps
}

fn of_account(account: &Account, parts: Parts, gaps: &mut Vec<Gap>) {
    if let Stage::SignedOut(problem) = &account.stage {
        gaps.push(Gap::not_opened(account, problem));
        return;
    }
    if account.stage != Stage::SignedIn {
        let why = "not signed in when this ended".into();
        gaps.push(Gap::because(account, "account", why));
        return;
    }
    let users = &account.users;
    if let Some(error) = &account.identity.broken {
        gaps.push(Gap::of(account, "account", None, error));
    }
    if let Some(error) = users.listing.error() {
        gaps.push(Gap::of(account, "users", None, error));
    } else if !users.is_complete() {
        let why = "the list had not come to its end".into();
        gaps.push(Gap::because(account, "users", why));
    }
    if parts.report
        && let Some(error) = account.identity.report.error()
    {
        gaps.push(Gap::of(account, "report", None, error));
    }
    of_rows(account, parts, gaps);
    let tags_are_told = || users.rows().iter().all(|row| row.tags.known().is_some());
    if parts.details
        && let Some(error) = users.details_error()
        && (parts.power || !parts.tags || !tags_are_told())
    {
        gaps.push(Gap::of(account, "details", None, error));
    }
    if parts.quarantine
        && let Some(error) = users.quarantine_error()
    {
        gaps.push(Gap::of(account, "quarantine", None, error));
    }
}

/// What of users and keys was refused or lost; what was refused again and again is not asked of the
/// others.
fn of_rows(account: &Account, parts: Parts, gaps: &mut Vec<Gap>) {
    type Failed<'a> = BTreeMap<(&'static str, Option<&'a str>), (usize, &'a Error)>;
    fn note<'a>(failed: &mut Failed<'a>, error: &'a Error) {
        let of = (error.action, error.code.as_deref());
        failed.entry(of).or_insert((0, error)).0 += 1;
    }
    // Without the report they are all missing, and that is said already.
    let is_reported = parts.unreported && account.identity.report.is_ready();
    let (mut keys, mut uses) = (Failed::new(), Failed::new());
    let (mut keys_left, mut uses_left) = (0, 0);
    for row in account.users.rows() {
        match (row.keys.error(), row.keys.known()) {
            // The report tells of them.
            (_, None) if !parts.keys && row.key_count().is_some() => {}
            (Some(error), None) => note(&mut keys, error),
            (_, None) => keys_left += 1,
            (_, Some(_)) => {}
        }
        for key in row.keys.known().into_iter().flatten() {
            match (key.last_used.error(), key.last_used.known()) {
                (Some(error), None) => note(&mut uses, error),
                (_, None) => uses_left += 1,
                (_, Some(_)) => {}
            }
        }
    }
    for (wanted, what, failed, left) in [
        (parts.keys || is_reported, "keys", keys, keys_left),
        (parts.uses || is_reported, "last_used", uses, uses_left),
    ] {
        if !wanted {
            continue;
        }
        let only = failed.len() == 1;
        let mut left = left;
        for (count, error) in failed.into_values() {
            // They were not asked for, since they would have been refused as well.
            let more = if only { std::mem::take(&mut left) } else { 0 };
            let mut gap = Gap::of(account, what, Some(count + more), error);
            if error.kind == Kind::Denied && parts.keys {
                gap.advice
                    .push("--report reads the credential report instead.".into());
            }
            gaps.push(gap);
        }
        if left > 0 {
            let mut gap = Gap::because(account, what, format!("{left} not read"));
            gap.count = Some(left);
            gaps.push(gap);
        }
    }
}

/// Tells of what could not be seen on standard error.
pub(super) fn tell(gaps: &[Gap], complain: impl Fn(&str)) {
    for line in gaps.iter().flat_map(Gap::lines) {
        complain(&visible(&line));
    }
}
