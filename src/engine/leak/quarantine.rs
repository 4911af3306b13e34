//! Whether AWS has put the user of a leaked key under quarantine. That none was found is said only where
//! it was looked for.

use super::Leak;
use crate::engine::{
    account::{Account, Load},
    error::Error,
};

/// Where the policies that a user has are listed.
const ATTACHED: &str = "iam:ListAttachedUserPolicies";

/// Whether AWS has put a user under quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quarantine<'a> {
    /// It has, by the policy of this name; none where it is only known to be one of the three.
    By(Option<&'a str>),
    /// No such policy is attached to the user.
    No,
    /// It was not told yet.
    Asking,
    /// It cannot be told: what was refused or failed.
    Unknown(Vec<&'a Error>),
}

impl<'a> Quarantine<'a> {
    /// What is known of it, from the policies of the user and from the list of all who are.
    pub(super) fn of(account: &'a Account, user: &str) -> Self {
        let permissions = account.impacts.user(user).map(|known| &known.permissions);
        let known = permissions.and_then(Load::known);
        if let Some(policy) = known.and_then(|known| known.quarantine()) {
            return Self::By(Some(policy));
        }
        let refused = permissions.and_then(Load::error);
        let missing = known.map_or(&[][..], |known| &known.missing);
        let missing = missing.iter().filter(|error| error.action == ATTACHED);
        let refused: Vec<&Error> = refused.into_iter().chain(missing).collect();
        if known.is_some() && refused.is_empty() {
            return Self::No;
        }
        let of_all = account.users.quarantine_error();
        match (account.users.is_quarantined(user), of_all) {
            (Some(true), _) => Self::By(None),
            (Some(false), None) => Self::No,
            _ if refused.is_empty() => Self::Asking,
            _ => Self::Unknown(refused.into_iter().chain(of_all).collect()),
        }
    }

    /// Why it cannot be told, in AWS's codes and actions; none where it is told, or not yet.
    #[must_use]
    pub fn why_unknown(&self) -> Option<String> {
        let Self::Unknown(errors) = self else {
            return None;
        };
        let errors: Vec<String> = errors.iter().map(|error| error.short()).collect();
        Some(errors.join("; "))
    }
}

impl Leak<'_> {
    /// That it is not known whether there is a quarantine, in a sentence; none where it is known.
    pub(super) fn quarantine_not_checked(&self) -> Option<String> {
        let what = format!("Whether AWS has put {} under quarantine", self.user);
        match &self.quarantine {
            Quarantine::By(_) | Quarantine::No => None,
            Quarantine::Asking => Some(format!("{what}: that had not been told yet.")),
            unknown @ Quarantine::Unknown(_) => {
                Some(format!("{what} ({}).", unknown.why_unknown()?))
            }
        }
    }
}
