//! How fast the endpoint answers, and how many requests it accepts.

use std::time::Duration;

use tokio::time::Instant;

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

/// Lets so many requests a second through; as many may come at once after a second without any.
#[derive(Debug)]
pub(super) struct TokenBucket {
    per_second: f64,
    tokens: f64,
    filled: Instant,
}

impl TokenBucket {
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second);
        Self {
            per_second,
            tokens: per_second,
            filled: Instant::now(),
        }
    }

    /// Whether one more request may pass.
    pub(super) fn take(&mut self) -> bool {
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
