//! Which account something was done in, for when it is no longer the one that is open.

use super::Account;

/// The account that a change is made in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountLabel {
    /// The account in words: alias and account ID, as far as they are known.
    pub words: String,
    /// The account ID, where it is known.
    pub id: Option<String>,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
    /// The profile that requests are signed with, where one was named.
    pub profile: Option<String>,
    /// The ARN of the role that requests are made through, where it is through one.
    pub role: Option<Box<str>>,
}

impl AccountLabel {
    pub(in crate::engine) fn of(account: &Account) -> Self {
        Self {
            words: account.identity.account(),
            id: account.identity.account_id().map(str::to_owned),
            endpoint: account.endpoint().map(str::to_owned),
            profile: account.identity.profile.clone(),
            role: account.identity.role_arn(),
        }
    }

    /// Whether it is the same account, as far as is known of both.
    pub(in crate::engine) fn is_same(&self, other: &Self) -> bool {
        let same_id = self.id.is_none() || other.id.is_none() || self.id == other.id;
        same_id && self.endpoint == other.endpoint
    }
}
