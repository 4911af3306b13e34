//! Two requests a second in each region: CloudTrail answers no more of an account.
//!
//! What counts is when they arrive, and that is not known here: one that makes a connection first may
//! be overtaken by the next. But it surely has arrived when its answer comes. So each of the two turns
//! of a region is free again a second after its answer, or after it was given up.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

/// How many requests a region takes within [`WITHIN`].
const REQUESTS: usize = 2;

/// A second, and what two clocks may differ by.
const WITHIN: Duration = Duration::from_millis(1010);

/// The turns of all regions of an account.
#[derive(Debug, Default)]
pub(super) struct Paces(Mutex<HashMap<Arc<str>, Arc<Pace>>>);

/// Those of one.
#[derive(Debug)]
struct Pace {
    turns: Arc<Semaphore>,
    /// From when on those that are free may be taken, the earliest first.
    free: Mutex<VecDeque<Instant>>,
}

/// A request's turn, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    pace: Arc<Pace>,
    /// From when on it may be sent.
    from: Instant,
    /// It may have been.
    came: bool,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(REQUESTS)),
            free: Mutex::new([Instant::now(); REQUESTS].into()),
        }
    }
}

impl Paces {
    /// Waits until a request may be sent to a region. Those who wait go on in the order in which
    /// they came.
    pub(super) async fn turn(&self, region: &Arc<str>) -> Turn {
        let pace = {
            let mut paces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            paces.entry(region.clone()).or_default().clone()
        };
        // It is never closed.
        let permit = pace.turns.clone().acquire_owned().await.ok();
        let from = pace.free().pop_front().unwrap_or_else(Instant::now);
        // Whoever gives up from here on leaves it to the next.
        let mut turn = Turn {
            pace,
            from,
            came: false,
            _permit: permit,
        };
        sleep_until(from).await;
        turn.came = true;
        turn
    }
}

impl Pace {
    fn free(&self) -> MutexGuard<'_, VecDeque<Instant>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut free = self.pace.free();
        if self.came {
            free.push_back(Instant::now() + WITHIN);
        } else {
            free.push_front(self.from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;
    use tokio::time::timeout;

    /// When a turn came, in milliseconds, and how long the request took that was then sent.
    async fn taken(paces: &Paces, region: &str, took: u64, began: Instant) -> u128 {
        let turn = paces.turn(&region.into()).await;
        let came = began.elapsed().as_millis();
        tokio::time::sleep(Duration::from_millis(took)).await;
        drop(turn);
        came
    }

    #[tokio::test(start_paused = true)]
    async fn two_are_sent_at_once_and_the_next_a_second_after_an_answer() {
        let paces = Paces::default();
        let began = Instant::now();
        let all = join_all((0..5).map(|_| taken(&paces, "us-east-1", 100, began))).await;
        assert_eq!(all, [0, 0, 1110, 1110, 2220]);
        // Another region has turns of its own, and so has one that was not asked for a while.
        assert_eq!(taken(&paces, "eu-west-1", 0, Instant::now()).await, 0);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(taken(&paces, "us-east-1", 0, Instant::now()).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn one_after_the_other_does_not_wait_for_the_second() {
        let paces = Paces::default();
        let began = Instant::now();
        assert_eq!(taken(&paces, "us-east-1", 300, began).await, 0);
        assert_eq!(taken(&paces, "us-east-1", 300, began).await, 300);
        assert_eq!(taken(&paces, "us-east-1", 300, began).await, 1310);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_given_up_is_left_to_the_next() {
        let paces = Paces::default();
        let began = Instant::now();
        join_all((0..2).map(|_| taken(&paces, "us-east-1", 0, began))).await;
        for _ in 0..3 {
            let short = Duration::from_millis(100);
            let given_up = timeout(short, paces.turn(&"us-east-1".into())).await;
            assert!(given_up.is_err());
        }
        let rest = join_all((0..2).map(|_| taken(&paces, "us-east-1", 0, began))).await;
        assert_eq!(rest, [1010, 1010]);
    }
}
