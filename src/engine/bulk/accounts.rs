//! The accounts of a plan come and go: a session expires, another account is opened in its slot, and
//! one that was not open is signed in to. A plan holds to account IDs, not to slots.

use super::{BulkAccount, BulkStage, EntryState, Paused};
use crate::engine::{
    Engine,
    account::{Account, Stage},
    effect::SessionId,
};

impl Engine {
    /// The account of a plan, if it can be asked now.
    pub(super) fn open_account_of(&self, account: &BulkAccount) -> Option<&Account> {
        let open = self.fleet.get(account.slot?)?;
        (is_usable(open) && account.is(open)).then_some(open)
    }

    /// It is known now which account a session has open: keys of it that waited for that are compared
    /// with it, and go on where the plan does.
    pub(in crate::engine) fn bulk_account_opened(&mut self, session: SessionId) -> Option<()> {
        let account = self.fleet.of(session).filter(|it| is_usable(it))?;
        let plan = self.bulk.as_deref_mut()?;
        for at in 0..plan.accounts.len() {
            let of = &mut plan.accounts[at];
            let was_open = of.slot.is_some() && of.paused != Some(Paused::NotOpen);
            // An ID that was not known becomes known.
            if !of.is(account) || (was_open && of.id.is_some()) {
                continue;
            }
            of.open_in(account);
            if was_open {
                continue;
            }
            plan.line_up_again(at);
            if matches!(plan.stage, BulkStage::Review | BulkStage::Paused) {
                let entries = (0..).zip(&plan.entries);
                let of_it = entries.filter(|(_, entry)| entry.account == at);
                let places = of_it.map(|(place, _)| place);
                plan.comparison.queue.extend(places);
            }
            self.scene += 1;
        }
        self.await_users();
        Some(())
    }

    /// A session is over: what was looked at in it is looked at again when its account is open again.
    pub(in crate::engine) fn bulk_session_left(&mut self, session: SessionId) {
        let of_it = |plan: &crate::engine::Plan| {
            plan.session == session && plan.bulk.is_some() && plan.preflight().is_some()
        };
        while let Some(place) = self.plans.iter().position(of_it) {
            let step = self.plans.remove(place);
            if let (Some(at), Some(plan)) = (step.bulk, self.bulk.as_deref_mut()) {
                let account = plan.entries[at].account;
                plan.set_state(at, EntryState::Pending);
                plan.pause_account(account, Paused::NotOpen);
            }
        }
        if let Some(plan) = self.bulk.as_deref_mut() {
            let is_it =
                |account: &BulkAccount| account.session == Some(session) && account.slot.is_some();
            for account in plan.accounts.iter_mut().filter(|it| is_it(it)) {
                account.close();
            }
            let (accounts, entries) = (&plan.accounts, &plan.entries);
            let is_open = |at: &u32| accounts[entries[*at as usize].account].slot.is_some();
            plan.comparison.asked.retain(is_open);
        }
        self.schedule_bulk();
    }

    /// Finds the accounts of the plan anew among those that are open.
    pub(super) fn find_bulk_accounts(&mut self) {
        let Some(plan) = self.bulk.as_deref_mut() else {
            return;
        };
        for account in &mut plan.accounts {
            account.close();
        }
        let open = self.fleet.accounts().iter();
        let open: Vec<SessionId> = open.map(|account| account.session).collect();
        for session in open {
            self.bulk_account_opened(session);
        }
    }
}

fn is_usable(account: &Account) -> bool {
    account.stage == Stage::SignedIn && account.identity.broken.is_none()
}
