//! A connection to an account, and the calls that read it, one method each. Those that change it are
//! in `change`, and those about who signs in `identity`.

use super::{
    AccessKey, Answer, Changed, Error, Kind, LastUsed, Read, ReportPace, Summary, Timeouts, Turns,
    UserTags, UsersPage, bodies,
    convert::{self, error},
    endpoint_url,
    event_history::EventHistory,
    fetch_report,
    member::{ASSUME_ROLE, Assumed},
    patience,
    portal::Portal,
    trail::{MAX_PAGES, Trail, turns_in_circles},
};
use aws_config::{SdkConfig, retry::RetryConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_iam::types::SummaryKeyType;
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// The most that a list of all users gives in one page.
pub(super) const PAGE: i32 = 1000;

/// A connection to an account, with one set of credentials. Cheap to clone: clones share connections.
#[derive(Clone)]
pub struct Connection {
    pub(super) iam: aws_sdk_iam::Client,
    /// Who is signed in is asked with it. Of many accounts that is known from their roles.
    sts: Arc<OnceLock<aws_sdk_sts::Client>>,
    /// The same for the roles of other accounts: one client for all of them.
    pub(super) roles: Arc<OnceLock<aws_sdk_sts::Client>>,
    /// What the clients were made from: the same account is seen through another key with it.
    pub(super) config: SdkConfig,
    pub(super) read_only: bool,
    pub(super) timeouts: Timeouts,
    /// The endpoint of STS, where it is set.
    pub(super) sts_endpoint: Option<String>,
    /// The role whose session signs what is read, where it is one that was assumed.
    assumed: Option<Arc<Assumed>>,
    /// The role whose sessions sign changes, one for each, where what is read is signed with
    /// credentials that can only read.
    changes: Option<Arc<Assumed>>,
    /// The portal whose login it was signed in by, where it was.
    pub(super) portal: Option<Portal>,
    pub(super) accounts_trail: Trail,
    users_trail: Trail,
    pub(super) details_trail: Trail,
    pub(super) event_history: EventHistory,
}

/// The clients and their configuration say more about themselves than should be read: what
/// hides a secret today is theirs to change.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("read_only", &self.read_only)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Makes the client of IAM; those of other services are made when they are first needed. Sends
    /// nothing.
    #[must_use]
    pub fn new(config: &SdkConfig, read_only: bool, timeouts: Timeouts) -> Self {
        Self {
            iam: iam(config, timeouts),
            sts: Arc::default(),
            roles: Arc::default(),
            config: config.clone(),
            read_only,
            timeouts,
            sts_endpoint: endpoint_url::of(config, "STS"),
            assumed: None,
            changes: None,
            portal: None,
            accounts_trail: Trail::default(),
            users_trail: Trail::default(),
            details_trail: Trail::default(),
            event_history: EventHistory::default(),
        }
    }

    /// The same, and it is this role whose session signs what is read.
    #[must_use]
    pub(super) fn reading_with(self, assumed: Arc<Assumed>) -> Self {
        Self {
            assumed: Some(assumed),
            ..self
        }
    }

    /// The same, but what is changed is signed with sessions of this role.
    #[must_use]
    pub(super) fn changing_with(self, role: Assumed) -> Self {
        Self {
            changes: Some(Arc::new(role)),
            ..self
        }
    }

    /// The same, with the login to a portal that leads to other accounts.
    #[must_use]
    pub(super) fn with_portal(self, portal: Option<Portal>) -> Self {
        Self { portal, ..self }
    }

    /// The client that asks who is signed in.
    pub(super) fn sts(&self) -> &aws_sdk_sts::Client {
        self.sts.get_or_init(|| {
            let few = self.retries().max_attempts().min(2);
            // It is asked first of all, and the answer decides what the first screen says about an
            // endpoint that cannot be reached: few attempts.
            let config = aws_sdk_sts::config::Builder::from(&self.config)
                .retry_config(RetryConfig::standard().with_max_attempts(few))
                .timeout_config(self.timeouts.config())
                .interceptor(bodies::Bounded)
                .build();
            aws_sdk_sts::Client::from_conf(config)
        })
    }

    /// The client that makes one change. Where a role is assumed for it, that is done here and not by
    /// the client: the client would count it among the time of its only attempt, and what ran out
    /// before anything was sent would look like a change whose answer is lost.
    ///
    /// # Errors
    /// When the role cannot be assumed: then nothing was sent.
    pub(super) async fn changing(&self) -> Result<aws_sdk_iam::Client, Error> {
        Ok(match self.config_of_a_change().await? {
            Some(config) => iam(&config, self.timeouts),
            None => self.iam.clone(),
        })
    }

    /// What a client is made from that makes one change, where that is not what the others are made
    /// from.
    ///
    /// # Errors
    /// When the role cannot be assumed: then nothing was sent.
    pub(super) async fn config_of_a_change(&self) -> Result<Option<SdkConfig>, Error> {
        let Some(role) = &self.changes else {
            return Ok(None);
        };
        let credentials = role.session_for_a_change().await?;
        let config = self.config.to_builder();
        let config = config.credentials_provider(SharedCredentialsProvider::new(credentials));
        Ok(Some(config.build()))
    }

    /// How often a failed call is repeated.
    pub(super) fn retries(&self) -> RetryConfig {
        retries(&self.config)
    }

    /// Answers a read through the session's connection, which may be another one from one call to
    /// the next. Each call takes its turn. Where AWS says that the session of an assumed role is over,
    /// another one is begun and asked.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn ask(
        current: impl Fn() -> Self,
        read: Read,
        turns: &Turns,
    ) -> Result<Answer, Error> {
        if read == Read::Report {
            // It is mostly waited for, and each of its calls may come upon a session that is over.
            return current().answer(&current, read, turns).await;
        }
        let _turn = turns.take().await;
        let now = current();
        now.in_session(|| now.answer(&current, read.clone(), turns))
            .await
    }

    /// Asks in the session of the assumed role, where it is one that signs. Where AWS says that the
    /// session is over, another is begun and asked.
    pub(super) async fn in_session<T, F>(&self, ask: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let Some(assumed) = &self.assumed else {
            return ask().await;
        };
        // The key that signs may become another one after it was looked up, and that one may be
        // refused as well: then it is the one that is looked up the second time.
        for _ in 0..2 {
            let key = assumed.key();
            match ask().await {
                // Where the role could not be assumed, that is what has failed.
                Err(error) if says_over(&error) => assumed.is_over(key.as_deref()),
                answer => return answer,
            }
        }
        ask().await
    }

    async fn answer(
        &self,
        current: impl Fn() -> Self,
        read: Read,
        turns: &Turns,
    ) -> Result<Answer, Error> {
        Ok(match read {
            Read::Caller => Answer::Caller(self.caller().await?),
            Read::Alias => Answer::Alias(self.alias().await?),
            Read::Summary => Answer::Summary(self.summary().await?),
            Read::Users(marker) => Answer::Users(self.users(marker).await?),
            Read::Keys(user) => Answer::Keys(self.keys(&user).await?),
            Read::LastUsed(_, key) => Answer::LastUsed(self.last_used(&key).await?),
            Read::Owner(key) => {
                let (user, last_used) = self.owner(&key).await?;
                Answer::Owner(user, last_used)
            }
            Read::KeyAccount(key) => Answer::KeyAccount(self.account_of_key(&key).await?),
            Read::Tags(user) => Answer::Tags(self.tags(&user).await?),
            Read::UserDetails(marker) => Answer::UserDetails(self.user_details(marker).await?),
            Read::Accounts(marker) => Answer::Accounts(self.accounts(marker).await?),
            Read::PortalAccounts(marker) => Answer::Accounts(self.portal_accounts(marker).await?),
            Read::Regions => Answer::Regions(self.regions().await?),
            Read::TrailEvents(query) => Answer::TrailEvents(self.trail_events(&query).await?),
            Read::WholeEvent(region, id) => {
                Answer::WholeEvent(self.whole_event(&region, &id).await?)
            }
            Read::Permissions(user) => {
                Answer::Permissions(Box::new(self.permissions(&user).await?))
            }
            Read::ServicesUsed(user) => Answer::ServicesUsed(self.services_used(&user).await?),
            Read::OtherCredentials(user) => {
                Answer::OtherCredentials(Box::new(self.other_credentials(&user).await?))
            }
            Read::Quarantined => Answer::Quarantined(self.quarantined().await?),
            Read::Report => {
                let report = fetch_report(current, ReportPace::default(), turns).await?;
                Answer::Report(Box::new(report))
            }
        })
    }

    /// The account's alias; at most one exists.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn alias(&self) -> Result<Option<String>, Error> {
        let answer = self.iam.list_account_aliases().send().await;
        let answer = answer.map_err(|e| error("iam:ListAccountAliases", &e))?;
        Ok(answer.account_aliases.into_iter().next())
    }

    /// What holds for the account as a whole, in numbers.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn summary(&self) -> Result<Summary, Error> {
        let answer = self.iam.get_account_summary().send().await;
        let answer = answer.map_err(|e| error("iam:GetAccountSummary", &e))?;
        let map = answer.summary_map.unwrap_or_default();
        let number = |key| usize::try_from(*map.get(&key)?).ok();
        Ok(Summary {
            keys_per_user: number(SummaryKeyType::AccessKeysPerUserQuota),
            root_keys: number(SummaryKeyType::AccountAccessKeysPresent),
        })
    }

    /// One page of users; the first without a marker.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn users(&self, marker: Option<String>) -> Result<UsersPage, Error> {
        let asked = marker.clone();
        let call = self.iam.list_users().max_items(PAGE).set_marker(marker);
        let answer = call.send().await;
        let answer = answer.map_err(|e| error("iam:ListUsers", &e))?;
        // A page may be shorter than asked for: only `IsTruncated` tells whether it is the last.
        let next = answer.marker.filter(|_| answer.is_truncated);
        if answer.is_truncated && !self.users_trail.gets_on(asked, next.as_deref()) {
            return Err(turns_in_circles("iam:ListUsers"));
        }
        Ok(UsersPage {
            users: answer.users.into_iter().map(convert::user).collect(),
            next,
        })
    }

    /// The access keys of a user, all pages of them.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn keys(&self, user: &str) -> Result<Vec<AccessKey>, Error> {
        let action = "iam:ListAccessKeys";
        all_pages(action, |marker| async move {
            let call = self.iam.list_access_keys().user_name(user);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            let keys = answer.access_key_metadata.into_iter();
            let keys = keys.map(convert::access_key).collect();
            Ok((keys, answer.is_truncated, answer.marker))
        })
        .await
    }

    /// What the tags of a user say, all pages of them. The console keeps in them what keys are for.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn tags(&self, user: &str) -> Result<UserTags, Error> {
        let action = "iam:ListUserTags";
        let tags = all_pages(action, |marker| async move {
            let call = self.iam.list_user_tags().user_name(user);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            Ok((answer.tags, answer.is_truncated, answer.marker))
        });
        Ok(convert::user_tags(tags.await?, Arc::from))
    }

    /// When a key was last used. AWS answers `AccessDenied` for a key it does not know.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn last_used(&self, key: &str) -> Result<LastUsed, Error> {
        self.owner(key).await.map(|(_, last_used)| last_used)
    }

    /// Whose a key is, and when it was last used: one call, for any key of the account. Where AWS
    /// names no user, the name is empty. AWS answers `AccessDenied` for a key it does not know.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn owner(&self, key: &str) -> Result<(Box<str>, LastUsed), Error> {
        let call = self.iam.get_access_key_last_used().access_key_id(key);
        let answer = call.send().await;
        let answer = answer.map_err(|e| error("iam:GetAccessKeyLastUsed", &e))?;
        let used = answer.access_key_last_used.map(convert::last_used);
        let used = used.unwrap_or(LastUsed::Never);
        Ok((answer.user_name.unwrap_or_default().into(), used))
    }
}

/// Whether AWS has said that the session is over which has signed the request, and not that of who has
/// asked for the role.
fn says_over(error: &Error) -> bool {
    error.kind == Kind::Expired && error.code.is_some() && error.action != ASSUME_ROLE
}

/// A client of IAM. Sends nothing.
fn iam(config: &SdkConfig, timeouts: Timeouts) -> aws_sdk_iam::Client {
    let config = aws_sdk_iam::config::Builder::from(config)
        .retry_config(retries(config))
        .retry_classifier(patience::NotWhenThrottled)
        .timeout_config(timeouts.config())
        .interceptor(bodies::Bounded)
        .build();
    aws_sdk_iam::Client::from_conf(config)
}

fn retries(config: &SdkConfig) -> RetryConfig {
    let retries = config.retry_config().cloned();
    retries.unwrap_or_else(patience::retries)
}

/// A change that was made, and what AWS support would ask for.
#[derive(Debug)]
pub struct Done {
    /// What came of it.
    pub changed: Changed,
    /// The service's ID for the request; `None` where an endpoint gives none.
    pub request_id: Option<String>,
}

/// All of a list of one user's things, page by page. `page` fetches what is on one, whether there is
/// more, and the marker of that.
pub(super) async fn all_pages<T, F>(
    action: &'static str,
    page: impl Fn(Option<String>) -> F,
) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<(Vec<T>, bool, Option<String>), Error>>,
{
    let mut all = Vec::new();
    let mut been = Vec::new();
    loop {
        let (items, more, next) = page(been.last().cloned()).await?;
        all.extend(items);
        match next {
            _ if !more => return Ok(all),
            Some(next) if been.len() < MAX_PAGES && !been.contains(&next) => been.push(next),
            _ => return Err(turns_in_circles(action)),
        }
    }
}
