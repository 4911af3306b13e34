//! The event history of CloudTrail: who has used a key, and for what.
//!
//! Each region has a history of its own, at an endpoint of its own, which answers two requests a second
//! and account. What is asked here keeps to that ([`pace`]), also where it asks again after a failure:
//! that is done here and not by the SDK, which knows nothing of the pace. Events are read at once
//! ([`read`]); what they say beyond that is dropped.

mod identifiers;
mod pace;
mod read;
mod secrets;
mod texts;

use super::{
    Connection, Error, Kind, bodies,
    convert::{error, failed},
    patience,
    trail::{MAX_PAGES, turns_in_circles},
};
use crate::engine::impact::{TrailPage, TrailQuery};
use aws_config::{Region, retry::RetryConfig};
use aws_sdk_account::types::RegionOptStatus;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use chrono::{DateTime, Utc};
use pace::Paces;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};
use texts::Texts;
use tokio::time::{Instant, sleep};

const LIST_REGIONS: &str = "account:ListRegions";
const LOOK_UP: &str = "cloudtrail:LookupEvents";

/// The most events that an answer has.
const PAGE: i32 = 50;

/// How long the first pause is after which a failed call is repeated; the next is twice as long.
const PAUSE: Duration = Duration::from_millis(500);

/// What an account's history is asked with. Clones share it.
#[derive(Clone, Default)]
pub(super) struct EventHistory(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// By region: made when they are first needed.
    clients: Mutex<HashMap<Arc<str>, aws_sdk_cloudtrail::Client>>,
    regions: OnceLock<aws_sdk_account::Client>,
    paces: Paces,
    texts: Mutex<Texts>,
}

impl fmt::Debug for EventHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventHistory").finish_non_exhaustive()
    }
}

impl Connection {
    /// The regions that are enabled in the account.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn regions(&self) -> Result<Vec<Arc<str>>, Error> {
        let mut regions: Vec<Arc<str>> = Vec::new();
        let mut been: Vec<String> = Vec::new();
        loop {
            let call = self.account_management().list_regions();
            let call = call
                .region_opt_status_contains(RegionOptStatus::Enabled)
                .region_opt_status_contains(RegionOptStatus::EnabledByDefault)
                .set_next_token(been.last().cloned());
            let answer = call.send().await.map_err(|e| error(LIST_REGIONS, &e))?;
            let named = answer.regions.unwrap_or_default().into_iter();
            let named = named.filter_map(|region| region.region_name);
            // They become parts of host names.
            regions.extend(named.filter(|name| super::is_region(name)).map(Arc::from));
            match answer.next_token.filter(|next| !next.is_empty()) {
                None => break,
                Some(next) if been.len() < MAX_PAGES && !been.contains(&next) => been.push(next),
                Some(_) => return Err(turns_in_circles(LIST_REGIONS)),
            }
        }
        regions.sort_unstable();
        regions.dedup();
        Ok(regions)
    }

    /// A page of events.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn trail_events(&self, query: &TrailQuery) -> Result<TrailPage, Error> {
        let attribute = attribute(LookupAttributeKey::AccessKeyId, &query.key)?;
        let [since, until] = [query.since, query.until].map(seconds);
        let answer = self.look_up(&query.region, |client| {
            let call = client.lookup_events().lookup_attributes(attribute.clone());
            let call = call.start_time(since).end_time(until).max_results(PAGE);
            call.set_next_token(query.after.as_deref().map(str::to_owned))
        });
        let answer = answer.await?;
        let next = answer.next_token.filter(|next| !next.is_empty());
        // A longer way round is noticed by whoever counts pages.
        if next.is_some() && next.as_deref() == query.after.as_deref() {
            return Err(turns_in_circles(LOOK_UP));
        }
        let texts = &self.event_history.0.texts;
        let mut texts = texts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut page = TrailPage {
            next: next.map(Into::into),
            ..TrailPage::default()
        };
        for event in answer.events.unwrap_or_default() {
            match read::event(&event, &query.region, query.until, &mut texts) {
                Some(event) => page.events.push(event),
                None => page.unreadable += 1,
            }
        }
        texts.forget_unused();
        Ok(page)
    }

    /// One event whole, as JSON, but for the secrets in it; `None` where CloudTrail does not have it.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn whole_event(&self, region: &str, id: &str) -> Result<Option<Box<str>>, Error> {
        let attribute = attribute(LookupAttributeKey::EventId, id)?;
        let region: Arc<str> = region.into();
        let answer = self.look_up(&region, |client| {
            client.lookup_events().lookup_attributes(attribute.clone())
        });
        let events = answer.await?.events.unwrap_or_default();
        let mut events = events.into_iter();
        let event = events.find(|event| event.event_id.as_deref() == Some(id));
        let text = event.and_then(|event| event.cloud_trail_event);
        Ok(text.map(|text| secrets::redacted(&text).into()))
    }

    /// Asks for events, when it is its turn in the region. After no answer, and where the service
    /// fails, it asks again: as often, and for as long, as is set for all calls.
    async fn look_up(
        &self,
        region: &Arc<str>,
        call: impl Fn(
            aws_sdk_cloudtrail::Client,
        )
            -> aws_sdk_cloudtrail::operation::lookup_events::builders::LookupEventsFluentBuilder,
    ) -> Result<aws_sdk_cloudtrail::operation::lookup_events::LookupEventsOutput, Error> {
        if !super::is_region(region) {
            let message = "this is no name of a region";
            return Err(failed(LOOK_UP, Kind::Rejected, message));
        }
        let began = Instant::now();
        let attempts = self.retries().max_attempts();
        let mut pause = PAUSE;
        for attempt in 1.. {
            let turn = self.event_history.0.paces.turn(region).await;
            let answer = call(self.event_history_in(region)).send().await;
            drop(turn);
            let failed = match answer {
                Ok(answer) => return Ok(answer),
                Err(failed) => in_one_region(error(LOOK_UP, &failed)),
            };
            let may_pass = matches!(failed.kind, Kind::Network | Kind::Server);
            let in_time = began.elapsed() + pause < self.timeouts.operation;
            if !may_pass || attempt >= attempts || !in_time {
                return Err(failed);
            }
            sleep(pause).await;
            pause *= 2;
        }
        // There are more numbers than attempts.
        Err(Error::internal(LOOK_UP))
    }

    /// The client of a region, which is made when it is first needed.
    fn event_history_in(&self, region: &Arc<str>) -> aws_sdk_cloudtrail::Client {
        let clients = &self.event_history.0.clients;
        let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let config = aws_sdk_cloudtrail::config::Builder::from(&self.config)
                .region(Region::new(region.to_string()))
                .retry_config(RetryConfig::disabled())
                .timeout_config(self.timeouts.config())
                .interceptor(bodies::Bounded)
                .build();
            aws_sdk_cloudtrail::Client::from_conf(config)
        };
        clients.entry(region.clone()).or_insert_with(make).clone()
    }

    /// The client of account management, the same.
    fn account_management(&self) -> &aws_sdk_account::Client {
        self.event_history.0.regions.get_or_init(|| {
            let config = aws_sdk_account::config::Builder::from(&self.config)
                .retry_config(self.retries())
                .retry_classifier(patience::NotWhenThrottled)
                .timeout_config(self.timeouts.config())
                .interceptor(bodies::Bounded)
                .build();
            aws_sdk_account::Client::from_conf(config)
        })
    }
}

/// The only attribute that events are looked up by.
fn attribute(key: LookupAttributeKey, value: &str) -> Result<LookupAttribute, Error> {
    let attribute = LookupAttribute::builder();
    let attribute = attribute.attribute_key(key).attribute_value(value);
    attribute.build().map_err(|_| Error::internal(LOOK_UP))
}

fn seconds(time: DateTime<Utc>) -> aws_sdk_cloudtrail::primitives::DateTime {
    aws_sdk_cloudtrail::primitives::DateTime::from_secs(time.timestamp())
}

/// Where credentials are good in other regions, a region that does not know them is one that is not
/// enabled, or takes no session of the global endpoint of STS: nothing is wrong with the session.
fn in_one_region(error: Error) -> Error {
    let kind = match error.kind {
        Kind::BadCredentials => Kind::Other,
        kind => kind,
    };
    Error { kind, ..error }
}
