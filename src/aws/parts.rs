//! Reads that take several calls: what is asked side by side, and what becomes of a call that fails.

use super::{Error, Kind};
use futures::{StreamExt as _, future::BoxFuture, stream};
use std::time::Duration;
use tokio::time::sleep;

/// How many calls of one read are under way at once.
const SIDE_BY_SIDE: usize = 4;

/// How long a throttled call waits before it is asked again. After that, the read as a whole is
/// throttled, and who has asked for it knows when to ask again.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
];

/// What is missing of a read: an error for each action that was refused or failed.
#[derive(Debug, Default)]
pub(super) struct Missing(Vec<Error>);

impl Missing {
    /// A part, if it is there; notes what is missing otherwise.
    ///
    /// # Errors
    /// Where the read as a whole has failed: whoever signs it is signed out, or AWS goes on asking for
    /// fewer calls.
    pub(super) fn or_note<T>(&mut self, part: Result<T, Error>) -> Result<Option<T>, Error> {
        match part {
            Ok(part) => Ok(Some(part)),
            Err(error) if concerns_all(&error) => Err(error),
            Err(error) => {
                self.note(error);
                Ok(None)
            }
        }
    }

    /// Notes what is missing: of calls for the same action that failed alike, once.
    pub(super) fn note(&mut self, error: Error) {
        let same = |known: &Error| {
            known.action == error.action && known.kind == error.kind && known.code == error.code
        };
        if !self.0.iter().any(same) {
            self.0.push(error);
        }
    }

    /// Where so many parts are missing that nothing is there: why, unless it is for a lack of
    /// permissions, of which each is named.
    pub(super) fn is_all(&self, parts: usize) -> Option<&Error> {
        let nothing = self.0.len() >= parts;
        let mut failed = self.0.iter().filter(|error| error.kind != Kind::Denied);
        failed.next().filter(|_| nothing)
    }

    pub(super) fn into_errors(self) -> Vec<Error> {
        self.0
    }
}

/// Whether other calls fail for the same reason.
fn concerns_all(error: &Error) -> bool {
    matches!(
        error.kind,
        Kind::Throttled | Kind::Expired | Kind::BadCredentials | Kind::Clock
    )
}

/// Asks until the answer is not that there were too many calls, for a while.
pub(super) async fn patiently<T, F>(ask: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    // In boxes: what the clients return is large.
    for pause in PAUSES {
        match Box::pin(ask()).await {
            Err(error) if error.kind == Kind::Throttled => sleep(pause).await,
            answer => return answer,
        }
    }
    Box::pin(ask()).await
}

/// Makes some calls, a few at once; the answers are in the same order.
pub(super) async fn each<T>(calls: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    stream::iter(calls).buffered(SIDE_BY_SIDE).collect().await
}
