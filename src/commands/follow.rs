//! Follows the users of all accounts while they are loaded, and tells of each as soon as all is known of
//! them that is wanted: not in order, and each once.

use crate::engine::{
    Engine, Parts, SessionId, Slot,
    account::{Account, Stage, UserRow},
    fleet::Scope,
    query::Query,
};
use std::collections::{HashMap, HashSet};

/// What is wanted of the users.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The parts of each account.
    pub(super) parts: Parts,
    /// How much policies allow: known once all of them are read.
    pub(super) power: bool,
    /// Since when keys have been Inactive: the journal of this program tells of some.
    pub(super) journal: bool,
}

impl Wanted {
    /// What is wanted for columns and a filter: from the account itself, or from the report.
    pub(super) fn of(columns: Parts, query: &Query, power: bool, by_report: bool) -> Self {
        // A rule may ask anything of a key.
        let by_rules = query.asks_findings();
        let by_filter = Parts {
            report: by_rules || query.asks_report() || query.asks_inactive(),
            summary: false,
            // A word may be a part of a key ID.
            keys: by_rules || query.needs_keys() || query.has_words() || query.reads_tags(),
            uses: by_rules || query.asks_uses(),
            unreported: false,
            details: by_rules || query.reads_tags() || query.asks_power(),
            tags: by_rules || query.reads_tags(),
            power: by_rules || power || query.asks_power(),
            quarantine: by_rules || query.asks_quarantine(),
        };
        let mut parts = columns.and(by_filter);
        parts.keys |= parts.uses;
        if by_report {
            parts.report = true;
            parts.unreported = parts.keys;
            parts.keys = false;
            parts.uses = false;
        }
        Self {
            parts,
            power: power || by_rules || query.asks_power(),
            journal: parts.quarantine && parts.report || query.asks_inactive(),
        }
    }
}

/// What is known of an account as a whole: when it changes, any user may be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something else that may have come"
)]
struct Seen {
    session: SessionId,
    arrangement: u64,
    names: bool,
    report: bool,
    details: bool,
    /// Nothing more will be told of tags.
    tags: bool,
    quarantine: bool,
}

/// How far the users of an account are told of.
#[derive(Debug, Default)]
struct Told {
    users: HashSet<Box<str>>,
    seen: Option<Seen>,
}

/// The users that were told of.
#[derive(Debug)]
pub(super) struct Follow {
    wanted: Wanted,
    accounts: HashMap<Slot, Told>,
}

impl Follow {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            accounts: HashMap::new(),
        }
    }

    /// Tells of users who are complete now. Says whether that was all of them.
    pub(super) fn advance(
        &mut self,
        engine: &Engine,
        mut tell: impl FnMut(&Account, &UserRow),
    ) -> bool {
        let mut all = !engine.is_listing_accounts();
        let mut is_busy = false;
        for account in engine.fleet.rows(Scope::All).accounts() {
            let told = self.accounts.entry(account.session.slot).or_default();
            self.wanted.advance(account, told, &mut tell);
            all &= is_over(account, told);
            is_busy |= account.is_busy() || account.prompt.is_some();
        }
        // Where nothing is asked any more, no more will come.
        all || !(is_busy || engine.is_listing_accounts())
    }

    /// Tells of the others, as far as they are known.
    pub(super) fn finish(&mut self, engine: &Engine, mut tell: impl FnMut(&Account, &UserRow)) {
        for account in engine.fleet.rows(Scope::All).accounts() {
            let told = self.accounts.entry(account.session.slot).or_default();
            for row in account.users.rows() {
                if told.users.insert(row.user.name.clone()) {
                    tell(account, row);
                }
            }
        }
    }
}

impl Wanted {
    fn advance(
        &self,
        account: &Account,
        told: &mut Told,
        tell: &mut impl FnMut(&Account, &UserRow),
    ) {
        let users = &account.users;
        let seen = Seen {
            session: account.session,
            arrangement: users.arrangement(),
            names: is_named(account),
            report: !account.identity.report.is_awaited(),
            details: users.details_are_over(),
            tags: !users.asks_tags_alone() || account.identity.tags_refused,
            quarantine: users.knows_quarantine() || users.quarantine_error().is_some(),
        };
        let is_new = told.seen.replace(seen) != Some(seen);
        if !seen.names {
            return;
        }
        let mut look = |row: &UserRow| {
            if self.is_complete(row, seen) && !told.users.contains(&row.user.name) {
                told.users.insert(row.user.name.clone());
                tell(account, row);
            }
        };
        if is_new {
            users.rows().iter().for_each(look);
        } else {
            let touched = users.touched().iter();
            let rows = touched.filter_map(|touched| users.rows().get(touched.row as usize));
            rows.for_each(&mut look);
        }
    }

    /// Whether all is known of a user that is wanted, or will not be.
    fn is_complete(&self, row: &UserRow, seen: Seen) -> bool {
        let parts = self.parts;
        let of_account = (!parts.report || seen.report)
            && (!parts.quarantine || seen.quarantine)
            && (!parts.details || seen.details || (row.tags.known().is_some() && !self.power));
        let by_report = || match row.keys.known() {
            Some(_) => keys_are_over(row, true),
            // The report tells of them, or nothing does.
            None => row.key_count().is_some() || row.keys.error().is_some(),
        };
        of_account
            && (!parts.tags || seen.tags || !row.tags.is_awaited())
            && (!parts.keys || keys_are_over(row, parts.uses))
            && (!parts.unreported || by_report())
    }
}

/// Whether it is known what the account is called, as far as it tells.
pub(super) fn is_named(account: &Account) -> bool {
    let identity = &account.identity;
    let is_listed = identity.is_called_as_listed && identity.listed_name.is_some();
    !identity.caller.is_awaited() && (is_listed || !identity.alias.is_awaited())
}

/// Whether the keys of a user are known, and their last uses, or will not be.
fn keys_are_over(row: &UserRow, uses: bool) -> bool {
    match row.keys.known() {
        None => row.keys.error().is_some(),
        Some(keys) => !uses || keys.iter().all(|key| !key.last_used.is_awaited()),
    }
}

/// Whether nothing more is waited for in an account.
fn is_over(account: &Account, told: &Told) -> bool {
    let users = &account.users;
    match &account.stage {
        Stage::Waiting | Stage::SigningIn => false,
        Stage::SignedOut(_) => account.prompt.is_none(),
        Stage::SignedIn if account.identity.broken.is_some() => true,
        Stage::SignedIn => {
            let listed = users.is_complete() && users.listing.is_ready();
            is_named(account) && listed && told.users.len() >= users.rows().len()
        }
    }
}
