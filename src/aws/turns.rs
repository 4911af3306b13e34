//! How many calls are under way at once, over all accounts.

use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// A read waits for its turn no longer.
const PATIENCE: Duration = Duration::from_millis(250);

/// So many calls may be under way at once. Clones share them.
#[derive(Clone, Debug)]
pub struct Turns {
    all: Arc<Semaphore>,
    /// What is for no row in particular leaves some to the rows.
    general: Arc<Semaphore>,
}

/// A call's turn.
#[derive(Debug)]
pub struct Turn(
    #[expect(dead_code, reason = "dropped, they are free")] [Option<OwnedSemaphorePermit>; 2],
);

impl Turns {
    /// So many at once.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(most)),
            general: Arc::new(Semaphore::new((most - most / 8).max(1))),
        }
    }

    /// Waits until there is room for a call, which is taken until this is dropped; but not for long: how
    /// many are asked for is decided where they are planned, and what a person looks at is not held up
    /// by calls that are not answered.
    pub async fn take(&self) -> Turn {
        let turn = timeout(PATIENCE, self.all.clone().acquire_owned()).await;
        // They are never closed.
        Turn([None, turn.ok().and_then(Result::ok)])
    }

    /// The same for what belongs to an account as a whole: to sign in, to make its report. A person does
    /// not wait for it as for the row that they look at.
    pub async fn take_general(&self) -> Turn {
        let general = self.general.clone().acquire_owned().await.ok();
        Turn([general, self.all.clone().acquire_owned().await.ok()])
    }
}
