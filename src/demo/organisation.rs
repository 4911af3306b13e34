//! The accounts behind the endpoint, and the organisation that they may be in.

use super::identifier::KeyId;
use super::member::State;
use super::report::Reports;
use super::store::Account;

/// Accounts in an organisation, or one account in none.
#[derive(Debug)]
pub struct Organisation {
    pub(super) members: Vec<Member>,
    /// None where the account is in no organisation.
    pub(super) directory: Option<Directory>,
}

/// An account with its credential report.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) account: Account,
    pub(super) reports: Reports,
}

/// What is true of the organisation as a whole.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    /// `o-` and ten letters and digits.
    pub(super) id: String,
    /// The ID of the management account.
    pub(super) management: String,
    /// The IDs of the accounts that are delegated administrators of a service.
    pub(super) delegated: Vec<String>,
}

impl Organisation {
    /// One account, in no organisation.
    pub(super) fn alone(account: Account) -> Self {
        Self::of(vec![account], None)
    }

    /// These accounts, each numbered by its place.
    pub(super) fn of(accounts: Vec<Account>, directory: Option<Directory>) -> Self {
        let members = accounts.into_iter().map(|account| Member {
            account,
            reports: Reports::default(),
        });
        Self {
            members: members.collect(),
            directory,
        }
    }

    /// The accounts, the first one first.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.members.iter().map(|member| &member.account)
    }

    /// The account that the endpoint's credentials are of.
    pub(super) fn first(&self) -> &Account {
        &self.members[0].account
    }

    /// The place of the account of an ID.
    pub(super) fn place_of(&self, id: &str) -> Option<usize> {
        self.accounts().position(|account| account.id() == id)
    }

    /// The place of the account that a key or a session is of.
    pub(super) fn place_of_key(&self, id: &str) -> Option<usize> {
        let holds = |account: &Account| account.key(id).is_some() || account.session(id).is_some();
        // The number in an ID names the account; those that were written by a person have none.
        let guess = Account::place_of(KeyId::parse(id)?);
        guess
            .filter(|place| {
                self.members
                    .get(*place)
                    .is_some_and(|it| holds(&it.account))
            })
            .or_else(|| self.accounts().position(holds))
    }
}

impl Directory {
    /// Whether an account may ask for what is true of the others.
    pub(super) fn may_list(&self, account: &str) -> bool {
        self.management == account || self.delegated.iter().any(|id| id == account)
    }
}

impl Account {
    /// Whether it can be used at all.
    pub(super) fn is_usable(&self) -> bool {
        let state = self.membership.as_ref().map(|member| member.state);
        state.is_none_or(State::is_usable)
    }

    /// Changes its state in the organisation; returns whether it is in one.
    pub fn set_state(&mut self, state: State) -> bool {
        self.membership
            .as_mut()
            .map(|member| member.state = state)
            .is_some()
    }
}
