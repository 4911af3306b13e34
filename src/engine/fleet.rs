//! The open accounts. An answer to a session that has been left is dropped here, and nowhere else;
//! and all accounts together have one cap on the reads that are under way. `rows` has their users and
//! keys as one list. A slot that an account was taken out of stands empty: what remembers it must not
//! mean another account.

mod rows;

pub use rows::{KeyPlace, Rows, Scope, UserPlace};

use super::{
    account::Account,
    effect::{SessionId, Slot, Target},
    findings::RuleIds,
    limiter::MOST,
};
use std::ops::Index;

/// The open accounts, each in its slot.
#[derive(Debug, Default)]
pub struct Fleet {
    /// In the order of their slots.
    accounts: Vec<Account>,
    /// How many slots were given.
    slots: u16,
    /// The rules that their keys are judged by.
    pub(super) rule_ids: RuleIds,
}

/// The account in a slot that [`Engine::open`](super::Engine::open) has given.
///
/// # Panics
/// Where nothing is open in that slot.
impl Index<Slot> for Fleet {
    type Output = Account;

    fn index(&self, slot: Slot) -> &Account {
        &self.accounts[self.place(slot).expect("an account in this slot")]
    }
}

impl Fleet {
    /// Opens one more account. Nothing is sent yet.
    pub(super) fn open(&mut self, target: Target) -> SessionId {
        let session = SessionId {
            slot: Slot(self.slots),
            generation: 0,
        };
        self.slots = self.slots.saturating_add(1);
        self.accounts.push(Account::new(session, target));
        session
    }

    /// Takes an account out.
    pub(super) fn remove(&mut self, slot: Slot) -> Option<Account> {
        let at = self.place(slot)?;
        Some(self.accounts.remove(at))
    }

    /// Where the account in a slot stands. None are missing before it, mostly.
    fn place(&self, slot: Slot) -> Option<usize> {
        let at = usize::from(slot.0);
        let here = |account: &Account| account.session.slot == slot;
        if self.accounts.get(at).is_some_and(here) {
            return Some(at);
        }
        let slots = |account: &Account| account.session.slot;
        self.accounts.binary_search_by_key(&slot, slots).ok()
    }

    /// All open accounts, in the order of their slots.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    pub(super) fn accounts_mut(&mut self) -> &mut [Account] {
        &mut self.accounts
    }

    /// The account in a slot.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Account> {
        self.accounts.get(self.place(slot)?)
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut Account> {
        let at = self.place(slot)?;
        self.accounts.get_mut(at)
    }

    /// The account of a session, unless that session has been left.
    #[must_use]
    pub fn of(&self, session: SessionId) -> Option<&Account> {
        self.get(session.slot)
            .filter(|account| account.session == session)
    }

    pub(super) fn of_mut(&mut self, session: SessionId) -> Option<&mut Account> {
        self.get_mut(session.slot)
            .filter(|account| account.session == session)
    }

    /// How many more reads may be under way, over all accounts.
    pub(super) fn spare(&self) -> usize {
        let taken = self.accounts.iter().map(Account::room_taken);
        MOST.saturating_sub(taken.sum())
    }
}
