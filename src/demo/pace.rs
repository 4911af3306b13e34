//! How fast the endpoint answers, and how many requests it accepts.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::actions::Action;
use super::identifier::mix;

/// How long answers take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// About as long as the real service over a good connection: 30 to 160 ms, varied, and the same
    /// in each run.
    Plausible,
    /// Always so long.
    Fixed(Duration),
}

impl Delay {
    /// How long the `number`th answer takes.
    pub(super) fn of(self, number: u64) -> Duration {
        match self {
            Self::Plausible => Duration::from_millis(30 + mix(number) % 131),
            Self::Fixed(delay) => delay,
        }
    }
}

/// How many requests a second are let through, and which ones it counts. Each account has its own
/// count, as with the service: that of the key that signs a request. It may have one in each region.
#[derive(Debug)]
#[must_use]
pub struct Rate {
    per_second: u32,
    action: Option<String>,
    account: Option<String>,
    by_region: bool,
    /// One for each account (and region) that has sent something, and one for unsigned requests.
    buckets: HashMap<[Option<String>; 2], TokenBucket>,
}

impl Rate {
    /// So many requests a second, in each account.
    pub fn per_second(number: u32) -> Self {
        Self {
            per_second: number,
            action: None,
            account: None,
            by_region: false,
            buckets: HashMap::new(),
        }
    }

    /// Counts only requests for this action, such as `AssumeRole` or `sso:ListAccounts`.
    pub fn action(mut self, action: &str) -> Self {
        self.action = Some(action.to_owned());
        self
    }

    /// Counts only what this account's users and sessions sign.
    pub fn in_account(mut self, id: &str) -> Self {
        self.account = Some(id.to_owned());
        self
    }

    /// Counts what is signed for each region by itself.
    pub fn in_each_region(mut self) -> Self {
        self.by_region = true;
        self
    }

    /// Whether one more request may pass, from an account for a region. Those that it does not count
    /// may.
    pub(super) fn take(
        &mut self,
        action: Option<&Action>,
        (account, region): (Option<&str>, Option<&str>),
    ) -> bool {
        let wanted = self.action.as_deref();
        let counts = wanted.is_none_or(|wanted| action.is_some_and(|action| action.is(wanted)))
            && (self.account.is_none() || self.account.as_deref() == account);
        if !counts {
            return true;
        }
        let bucket = self.buckets.entry(
            [account, region.filter(|_| self.by_region)].map(|place| place.map(str::to_owned)),
        );
        let new = || TokenBucket::new(self.per_second);
        bucket.or_insert_with(new).take()
    }
}

/// Lets so many requests a second through; as many may come at once after a second without any.
#[derive(Debug)]
struct TokenBucket {
    per_second: f64,
    tokens: f64,
    filled: Instant,
}

impl TokenBucket {
    fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second);
        Self {
            per_second,
            tokens: per_second,
            filled: Instant::now(),
        }
    }

    /// Whether one more request may pass.
    fn take(&mut self) -> bool {
        let now = Instant::now();
        let rest = now.duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.tokens = (self.tokens + rest * self.per_second).min(self.per_second);
        let passes = self.tokens >= 1.0;
        if passes {
            self.tokens -= 1.0;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plausible_delays_vary_within_their_bounds() {
        let delays: Vec<_> = (0..100)
            .map(|number| Delay::Plausible.of(number).as_millis())
            .collect();
        assert!(delays.iter().all(|delay| (30..=160).contains(delay)));
        assert!(delays.iter().max() > delays.iter().min());
        assert_eq!(Delay::Plausible.of(7), Delay::Plausible.of(7));
    }
}
