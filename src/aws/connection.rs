//! A connection to an account, and the calls that read it, one method each. Those that change it are
//! in `change`, and those about who signs in `identity`.

use super::{
    AccessKey, Answer, Changed, Error, Kind, LastUsed, Read, ReportPace, Summary, Timeouts,
    UsersPage, bodies,
    convert::{self, error, failed},
    endpoint_url, fetch_report, is_key_id, patience,
};
use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_iam::types::SummaryKeyType;
use std::{
    collections::HashMap,
    fmt, iter,
    sync::{Arc, Mutex, PoisonError},
};

/// The most `ListUsers` gives in one page.
const PAGE: i32 = 1000;

/// No list is longer: a server that always names another page is not followed for ever.
const MAX_PAGES: usize = 10_000;

/// A connection to an account, with one set of credentials. Cheap to clone: clones share connections.
#[derive(Clone)]
pub struct Connection {
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) sts: aws_sdk_sts::Client,
    /// What the clients were made from: the same account is seen through another key with it.
    pub(super) config: SdkConfig,
    pub(super) read_only: bool,
    pub(super) timeouts: Timeouts,
    /// The endpoint of STS, where it is set.
    pub(super) sts_endpoint: Option<String>,
    /// Each marker of the list of users, and the one whose page has named it.
    trail: Arc<Mutex<HashMap<String, String>>>,
}

/// The clients and their configuration say more about themselves than anybody should read: what
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
    /// Makes the clients. Sends nothing.
    #[must_use]
    pub fn new(config: &SdkConfig, read_only: bool, timeouts: Timeouts) -> Self {
        let retries = config.retry_config().cloned();
        let retries = retries.unwrap_or_else(patience::retries);
        let few = retries.max_attempts().min(2);
        let reads = aws_sdk_iam::config::Builder::from(config)
            .retry_config(retries)
            .retry_classifier(patience::NotWhenThrottled)
            .timeout_config(timeouts.config())
            .interceptor(bodies::Bounded)
            .build();
        // Who is signed in is asked first of all, and its answer decides what the first screen
        // says about an endpoint that cannot be reached: few attempts.
        let identity = aws_sdk_sts::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(few))
            .timeout_config(timeouts.config())
            .interceptor(bodies::Bounded)
            .build();
        Self {
            iam: aws_sdk_iam::Client::from_conf(reads),
            sts: aws_sdk_sts::Client::from_conf(identity),
            config: config.clone(),
            read_only,
            timeouts,
            sts_endpoint: endpoint_url::of(config, "STS"),
            trail: Arc::default(),
        }
    }

    /// Answers a read through the session's connection, which may be another one from one call to
    /// the next.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn ask(current: impl Fn() -> Self, read: Read) -> Result<Answer, Error> {
        let now = current();
        Ok(match read {
            Read::Caller => Answer::Caller(now.caller().await?),
            Read::Alias => Answer::Alias(now.alias().await?),
            Read::Summary => Answer::Summary(now.summary().await?),
            Read::Users(marker) => Answer::Users(now.users(marker).await?),
            Read::Keys(user) => Answer::Keys(now.keys(&user).await?),
            Read::LastUsed(_, key) => Answer::LastUsed(now.last_used(&key).await?),
            Read::Owner(key) => {
                let (user, last_used) = now.owner(&key).await?;
                Answer::Owner(user, last_used)
            }
            Read::Descriptions(user) => Answer::Descriptions(now.descriptions(&user).await?),
            Read::Report => {
                let report = fetch_report(current, ReportPace::default()).await?;
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
        if answer.is_truncated && !self.gets_on(asked, next.as_deref()) {
            return Err(turns_in_circles("iam:ListUsers"));
        }
        Ok(UsersPage {
            users: answer.users.into_iter().map(convert::user).collect(),
            next,
        })
    }

    /// Whether a page of users that names another one leads on, and not back to where the same
    /// list has been: that would be asked for ever. Lists may be under way side by side, so what
    /// is remembered is where each marker came from, not which were there.
    fn gets_on(&self, asked: Option<String>, next: Option<&str>) -> bool {
        let Some(next) = next else {
            return false;
        };
        let mut trail = self.trail.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(asked) = asked else {
            // A list begins here. What is remembered of others would only grow.
            trail.clear();
            return true;
        };
        let before: Vec<&String> =
            iter::successors(Some(&asked), |marker| trail.get(*marker)).collect();
        if before.len() >= MAX_PAGES || before.iter().any(|marker| *marker == next) {
            return false;
        }
        trail.insert(next.to_owned(), asked);
        true
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

    /// What the keys of a user are for, as somebody has written it down: key IDs and texts. The
    /// console keeps this in tags of the user, among which all others are passed over; keys that
    /// are gone may have left theirs behind.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn descriptions(&self, user: &str) -> Result<Vec<(String, String)>, Error> {
        let action = "iam:ListUserTags";
        all_pages(action, |marker| async move {
            let call = self.iam.list_user_tags().user_name(user);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            let of_keys = answer.tags.into_iter();
            let of_keys = of_keys.filter(|tag| is_key_id(&tag.key));
            let texts = of_keys.map(|tag| (tag.key, tag.value)).collect();
            Ok((texts, answer.is_truncated, answer.marker))
        })
        .await
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
async fn all_pages<T, F>(
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

fn turns_in_circles(action: &'static str) -> Error {
    let message = "truncated response without a usable Marker";
    failed(action, Kind::InvalidResponse, message)
}
