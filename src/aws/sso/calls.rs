//! Calls to the portal: which accounts a login opens, and which roles it has in one.
//!
//! The portal answers some 20 calls a second, of all who use a login together, and refuses the rest.
//! A few calls are under way at once; one that is refused is made again, later and later.

use super::{Access, Token};
use crate::{
    aws::{
        Error, Kind, Turns,
        assume::Failure,
        convert::{self, deepest, error, failed},
        trail::{MAX_PAGES, turns_in_circles},
    },
    engine::model::{AccountState, AccountsPage, ListedAccount},
};
use aws_sdk_ssooidc::error::{ProvideErrorMetadata, SdkError};
use std::time::Duration;
use tokio::time::sleep;

const LIST_ACCOUNTS: &str = "sso:ListAccounts";
const LIST_ROLES: &str = "sso:ListAccountRoles";

/// The most that is on a page.
const PAGE: i32 = 100;

/// A call is made so often, and then the refusal is told.
const ATTEMPTS: u32 = 24;

/// How long it is waited after the first refusal, and at most after another: as other programs do.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Access<'_> {
    /// Makes a call when it is its turn, and again when the portal has had too many.
    pub(super) async fn patiently<T, E, R, F>(
        &self,
        turns: &Turns,
        call: impl Fn() -> F,
    ) -> Result<T, SdkError<E, R>>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, R>>>,
    {
        let _turn = turns.take().await;
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match call().await {
                Err(SdkError::ServiceError(context))
                    if context.err().code() == Some("TooManyRequestsException") =>
                {
                    sleep(scattered(pause)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                answer => return answer,
            }
        }
        call().await
    }

    /// A page of the accounts; the first without a marker.
    pub(in crate::aws) async fn accounts(
        &self,
        marker: Option<String>,
    ) -> Result<AccountsPage, Error> {
        let token = self.token_for(LIST_ACCOUNTS).await?;
        let client = self.portal();
        let call = || {
            let call = client.list_accounts().max_results(PAGE);
            call.access_token(token.access.expose())
                .set_next_token(marker.clone())
                .send()
        };
        let turns = self.options.logins.of(self.sso).lists;
        let answer = self.patiently(&turns, call).await;
        let answer = answer.map_err(|e| told(error(LIST_ACCOUNTS, &e)))?;
        let accounts = answer.account_list.unwrap_or_default().into_iter();
        let accounts = accounts.filter_map(|account| {
            Some(ListedAccount {
                name: account.account_name.unwrap_or_default().into(),
                id: account.account_id?.into(),
                // It names none that are closed.
                state: AccountState::Active,
            })
        });
        Ok(AccountsPage {
            accounts: accounts.collect(),
            next: answer.next_token.filter(|next| !next.is_empty()),
        })
    }

    /// The names of the roles that the login has in an account.
    pub(in crate::aws) async fn roles(&self, account: &str) -> Result<Vec<String>, Error> {
        let token = self.token_for(LIST_ROLES).await?;
        let client = self.portal();
        let turns = self.options.logins.of(self.sso).turns;
        let mut roles = Vec::new();
        let mut been: Vec<String> = Vec::new();
        loop {
            let call = || {
                let call = client.list_account_roles().max_results(PAGE);
                call.access_token(token.access.expose())
                    .account_id(account)
                    .set_next_token(been.last().cloned())
                    .send()
            };
            let answer = self.patiently(&turns, call).await;
            let answer = answer.map_err(|e| told(error(LIST_ROLES, &e)))?;
            let page = answer.role_list.unwrap_or_default().into_iter();
            roles.extend(page.filter_map(|role| role.role_name));
            match answer.next_token.filter(|next| !next.is_empty()) {
                None => return Ok(roles),
                Some(next) if been.len() < MAX_PAGES && !been.contains(&next) => been.push(next),
                Some(_) => return Err(turns_in_circles(LIST_ROLES)),
            }
        }
    }

    /// A login that is good, for a call of this action.
    async fn token_for(&self, action: &'static str) -> Result<Token, Error> {
        self.token(false).await.map_err(|failure| match failure {
            Failure::Told(problem) => failed(action, Kind::Expired, problem.title),
            Failure::Credentials(error) => {
                let lost =
                    convert::find::<aws_smithy_runtime_api::client::result::ConnectorError>(&error);
                let kind = lost.map_or(Kind::Other, |_| Kind::Network);
                failed(action, kind, deepest(&error))
            }
        })
    }
}

/// What a code of the portal means, which other services have not.
fn told(error: Error) -> Error {
    let kind = match error.code.as_deref() {
        Some("UnauthorizedException") => Kind::Expired,
        Some("ForbiddenException") => Kind::Denied,
        Some("ResourceNotFoundException") => Kind::NotFound,
        _ => error.kind,
    };
    Error { kind, ..error }
}

/// Half of a time at least, and all of it at most: those who were refused together do not come back
/// together.
fn scattered(time: Duration) -> Duration {
    let mut random = [0];
    // Without it they do.
    let _ = getrandom::fill(&mut random);
    time / 2 + time / 2 * u32::from(random[0]) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_between_half_and_all() {
        for _ in 0..100 {
            let pause = scattered(LONGEST_PAUSE);
            assert!(
                pause >= LONGEST_PAUSE / 2 && pause <= LONGEST_PAUSE,
                "{pause:?}"
            );
        }
    }
}
