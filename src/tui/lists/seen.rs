//! What the lists have seen of the accounts: whether rows have come to stand elsewhere, and which of
//! them have changed where they stand. Costs the number of accounts, and what has changed.

use crate::engine::{
    SessionId,
    account::{Account, What},
    fleet::{Rows, UserPlace},
};

/// What was seen, account by account.
#[derive(Debug, Default)]
pub(super) struct Seen {
    accounts: Vec<SeenAccount>,
}

/// How much of an account was seen.
#[derive(Debug)]
struct SeenAccount {
    session: SessionId,
    arrangement: u64,
    displaced: u64,
    touched: usize,
    own: String,
    /// What it is called, where that is asked.
    label: String,
}

/// What has changed about the rows as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// There are more, and those that there were stand where they stood.
    More,
    /// A place may be that of another row.
    Places,
}

impl SeenAccount {
    fn of(account: &Account) -> Self {
        let users = &account.users;
        Self {
            session: account.session,
            arrangement: users.arrangement(),
            displaced: users.displaced(),
            touched: users.touched_in_all(),
            own: account.identity.key.clone(),
            label: account.label().to_owned(),
        }
    }

    /// What has changed since, where rows may have come, gone or moved.
    fn changed(&self, account: &Account, alone: bool) -> Option<Change> {
        let users = &account.users;
        if self.session != account.session || self.displaced != users.displaced() {
            return Some(Change::Places);
        }
        let more = self.arrangement != users.arrangement();
        // Of one account there is a page now and then; of several there are many.
        more.then_some(if alone { Change::Places } else { Change::More })
    }
}

impl Seen {
    /// Whether several accounts were seen.
    pub(super) fn several(&self) -> bool {
        self.accounts.len() > 1
    }

    /// Looks again. Says what has changed about the rows as a whole, and adds to `touched` those that
    /// have changed where they stand. `asks_own` says that it matters with which key an account is
    /// signed in.
    pub(super) fn look(
        &mut self,
        rows: Rows<'_>,
        asks_own: bool,
        touched: &mut Vec<(UserPlace, What)>,
    ) -> Option<Change> {
        let alone = rows.only().is_some();
        let mut change = None;
        let mut count = 0;
        for account in rows.accounts() {
            let slot = account.session.slot;
            match self.accounts.get_mut(count) {
                Some(seen) if seen.session.slot == slot => {
                    let users = &account.users;
                    let of_account = seen.changed(account, alone);
                    if of_account != Some(Change::Places) {
                        let latest = users.touched();
                        let new = users.touched_in_all().saturating_sub(seen.touched);
                        let new = new.min(latest.len());
                        touched.extend(latest[latest.len() - new..].iter().map(|touched| {
                            let row = touched.row;
                            (UserPlace { slot, row }, touched.what)
                        }));
                    }
                    change = change.max(of_account);
                    if seen.own != account.identity.key {
                        account.identity.key.clone_into(&mut seen.own);
                        change = change.max(asks_own.then_some(Change::Places));
                    }
                    if seen.label != account.label() {
                        account.label().clone_into(&mut seen.label);
                        change = change.max(Some(Change::More));
                    }
                    seen.session = account.session;
                    seen.arrangement = users.arrangement();
                    seen.displaced = users.displaced();
                    seen.touched = users.touched_in_all();
                }
                // Other accounts than before are looked at.
                _ => {
                    self.accounts.truncate(count);
                    self.accounts.push(SeenAccount::of(account));
                    change = Some(Change::Places);
                }
            }
            count += 1;
        }
        if self.accounts.len() > count {
            self.accounts.truncate(count);
            change = Some(Change::Places);
        }
        change
    }
}
