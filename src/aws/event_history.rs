//! The event history of CloudTrail: who has used a key, and for what.

use super::{Connection, Error};
use crate::engine::impact::{TrailPage, TrailQuery};
use std::sync::Arc;

impl Connection {
    /// The regions that are enabled in the account.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn regions(&self) -> Result<Vec<Arc<str>>, Error> {
        Err(Error::internal("account:ListRegions"))
    }

    /// A page of events.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn trail_events(&self, _query: &TrailQuery) -> Result<TrailPage, Error> {
        Err(Error::internal("cloudtrail:LookupEvents"))
    }

    /// One event whole, as JSON; `None` where CloudTrail does not have it.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn whole_event(&self, _region: &str, _id: &str) -> Result<Option<Box<str>>, Error> {
        Err(Error::internal("cloudtrail:LookupEvents"))
    }
}
