//! The users and keys of the open accounts, as one list of rows.

use super::Fleet;
use crate::engine::{
    account::{Account, Known, Tally, UserRow},
    effect::Slot,
    findings::RuleIds,
    query::Query,
};

/// Which of the open accounts are looked at together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All but the excluded ones.
    #[default]
    All,
    /// This one alone.
    One(Slot),
}

/// Where a user stands. In order of accounts, and of the users of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserPlace {
    /// The account.
    pub slot: Slot,
    /// The place among the users of the account.
    pub row: u32,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPlace {
    /// The account.
    pub slot: Slot,
    /// The place of its user among those of the account.
    pub row: u32,
    /// The place among the keys of that user.
    pub key: u16,
}

impl KeyPlace {
    /// Where its user stands.
    #[must_use]
    pub fn user(self) -> UserPlace {
        UserPlace {
            slot: self.slot,
            row: self.row,
        }
    }
}

/// The rows of the accounts in a scope.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    fleet: &'a Fleet,
    scope: Scope,
}

impl Fleet {
    /// The rows of the accounts in a scope.
    #[must_use]
    pub fn rows(&self, scope: Scope) -> Rows<'_> {
        Rows { fleet: self, scope }
    }
}

impl<'a> Rows<'a> {
    /// The accounts, in the order of their slots.
    pub fn accounts(self) -> impl Iterator<Item = &'a Account> + Clone {
        let accounts = self.fleet.accounts().iter();
        accounts.filter(move |account| self.covers(account))
    }

    fn covers(self, account: &Account) -> bool {
        match self.scope {
            Scope::All => !account.excluded,
            Scope::One(slot) => account.session.slot == slot,
        }
    }

    /// The rules that keys are judged by.
    #[must_use]
    pub fn rule_ids(self) -> &'a RuleIds {
        &self.fleet.rule_ids
    }

    /// The account, where it is the only one.
    #[must_use]
    pub fn only(self) -> Option<&'a Account> {
        let mut accounts = self.accounts();
        accounts.next().filter(|_| accounts.next().is_none())
    }

    /// The account in a slot, if it is in the scope.
    #[must_use]
    pub fn account(self, slot: Slot) -> Option<&'a Account> {
        self.fleet.get(slot).filter(|account| self.covers(account))
    }

    /// Those that can be reached, or may be.
    pub fn reachable(self) -> impl Iterator<Item = &'a Account> + Clone {
        self.accounts().filter(|account| !account.is_lost())
    }

    /// How much is loaded of all of them.
    #[must_use]
    pub fn tally(self) -> Tally {
        let mut all = Tally::default();
        for account in self.accounts() {
            all.add(account.users.tally());
        }
        all
    }

    /// How many users are listed.
    #[must_use]
    pub fn count_users(self) -> usize {
        self.accounts()
            .map(|account| account.users.rows().len())
            .sum()
    }

    /// Whether all users are listed of all accounts that can be reached.
    #[must_use]
    pub fn is_listed(self) -> bool {
        self.reachable().all(Account::is_listed)
    }

    /// Whether it is known which keys there are in all accounts that can be reached.
    #[must_use]
    pub fn is_all_known(self) -> bool {
        self.reachable().all(Account::is_all_known)
    }

    /// Whether all is known that a query asks of the accounts that can be reached.
    #[must_use]
    pub fn can_judge(self, query: &Query) -> bool {
        self.reachable().all(|account| account.can_judge(query))
    }

    /// The user at a place.
    #[must_use]
    pub fn user(self, place: UserPlace) -> Option<&'a UserRow> {
        let account = self.fleet.get(place.slot)?;
        account.users.rows().get(place.row as usize)
    }

    /// The key at a place, and whose it is.
    #[must_use]
    pub fn key(self, place: KeyPlace) -> Option<(&'a UserRow, Known<'a>)> {
        let row = self.user(place.user())?;
        Some((row, row.known_key(usize::from(place.key))?))
    }

    /// All users, account by account.
    pub fn users(self) -> impl Iterator<Item = (UserPlace, &'a UserRow)> {
        self.accounts().flat_map(|account| {
            let slot = account.session.slot;
            let rows = (0..).zip(account.users.rows());
            rows.map(move |(row, user)| (UserPlace { slot, row }, user))
        })
    }

    /// Where a user of an account stands, by name without case.
    #[must_use]
    pub fn find(self, slot: Slot, name: &str) -> Option<UserPlace> {
        let row = self.account(slot)?.users.find(name)?;
        let row = u32::try_from(row).ok()?;
        Some(UserPlace { slot, row })
    }
}
