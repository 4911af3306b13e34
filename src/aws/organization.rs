//! The accounts of the organisation.

use super::{Connection, Error, bodies, convert::error, patience, trail::turns_in_circles};
use crate::engine::model::{AccountState, AccountsPage, ListedAccount};
use aws_sdk_organizations::types::{Account, AccountState as State, AccountStatus};

const ACTION: &str = "organizations:ListAccounts";

impl Connection {
    /// One page of the accounts of the organisation; the first without a marker. Only the management
    /// account and delegated administrators may ask for it.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn accounts(&self, marker: Option<String>) -> Result<AccountsPage, Error> {
        let asked = marker.clone();
        let call = self.organizations().list_accounts().set_next_token(marker);
        let answer = call.send().await.map_err(|e| error(ACTION, &e))?;
        // A page may be empty and not be the last.
        let next = answer.next_token.filter(|next| !next.is_empty());
        if let Some(next) = &next
            && !self.accounts_trail.gets_on(asked, Some(next))
        {
            return Err(turns_in_circles(ACTION));
        }
        let accounts = answer.accounts.unwrap_or_default().into_iter();
        let accounts = accounts.filter_map(|account| {
            Some(ListedAccount {
                state: state(&account),
                name: account.name.unwrap_or_default().into(),
                id: account.id?.into(),
            })
        });
        Ok(AccountsPage {
            accounts: accounts.collect(),
            next,
        })
    }

    /// The client, which is made when it is first needed: most sessions never do.
    fn organizations(&self) -> aws_sdk_organizations::Client {
        let config = aws_sdk_organizations::config::Builder::from(&self.config)
            .retry_config(self.retries())
            .retry_classifier(patience::NotWhenThrottled)
            .timeout_config(self.timeouts.config())
            .interceptor(bodies::Bounded)
            .build();
        aws_sdk_organizations::Client::from_conf(config)
    }
}

/// The state of an account. What only resembles AWS may still tell it as the `Status` that AWS retired
/// on 2026-09-09.
fn state(account: &Account) -> AccountState {
    let status = account.status.as_ref().map(AccountStatus::as_str);
    let state = account.state.as_ref().map(State::as_str);
    AccountState::read(state.or(status).unwrap_or_default())
}
