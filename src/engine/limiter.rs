//! How many reads may be under way at once, and how many may be sent in a second: as many as the
//! account answers quickly, and fewer as soon as it throttles.
//!
//! AWS publishes neither how many requests a second it allows nor how many it lets through at once.
//! Both are found out: what may be under way grows with each quick answer, and where something is
//! throttled, what was answered in the second before tells what is allowed.

use chrono::{DateTime, TimeDelta, Utc};
use std::{collections::VecDeque, time::Duration};

/// The most reads under way at once.
pub const MOST: usize = 64;

/// So many to begin with.
const FIRST: usize = 16;

/// Never fewer: one that takes long must not hold up everything.
const FEWEST: usize = 4;

/// What tells how much is allowed: the answers within this time.
const WINDOW: TimeDelta = TimeDelta::seconds(1);

/// And where they have come for less than that, at least this: a few at once say little.
const SHORTEST: TimeDelta = TimeDelta::milliseconds(500);

/// What comes of one decision shows after this time. Sooner, nothing more is decided.
const EPOCH: TimeDelta = TimeDelta::milliseconds(250);

/// The rate grows after so long without a throttled request.
const GROWS_AFTER: TimeDelta = TimeDelta::milliseconds(500);

/// After so long without one there is no limit any more.
const FORGOTTEN: TimeDelta = TimeDelta::seconds(20);

/// A rate leaves out this much of what was allowed, which keeps the allowance from running out.
const BELOW: f64 = 0.97;

/// And grows by this part of it at first, and by half as much again each time that went well.
const GROWTH: f64 = 0.03;

/// By no more than this.
const FASTEST: f64 = 0.3;

/// What may be sent at once after a pause, in seconds' worth: the time between two looks.
const BURST: f64 = 0.15;

/// How many reads of an account may be sent.
#[derive(Debug)]
pub struct Limiter {
    /// How many may be under way.
    room: usize,
    /// The limit, once something was throttled.
    limit: Option<Limit>,
    /// When answers came, within the window.
    answers: VecDeque<DateTime<Utc>>,
    /// The quickest answer.
    quickest: Duration,
    /// When `room` was last made less.
    narrowed: DateTime<Utc>,
}

/// How many requests a second are sent.
#[derive(Debug)]
struct Limit {
    per_second: f64,
    /// What may be sent now.
    tokens: f64,
    filled: DateTime<Utc>,
    /// By which part of it it grows next.
    growth: f64,
    /// When it was last made less or more.
    changed: DateTime<Utc>,
    /// When something was throttled last.
    throttled: DateTime<Utc>,
}

impl Default for Limiter {
    fn default() -> Self {
        Self {
            room: FIRST,
            limit: None,
            answers: VecDeque::new(),
            quickest: Duration::MAX,
            narrowed: DateTime::UNIX_EPOCH,
        }
    }
}

impl Limiter {
    /// How many reads may be under way.
    #[must_use]
    pub fn room(&self) -> usize {
        self.room
    }

    /// How many requests a second are sent, where AWS throttles; none where it does not.
    #[must_use]
    pub fn limit(&self) -> Option<u32> {
        // Whole numbers are said, and `1` is the least.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is positive and below a few thousand"
        )]
        self.limit
            .as_ref()
            .map(|limit| limit.per_second.round().max(1.0) as u32)
    }

    /// Looks at the clock. What is sent is sent right after it.
    pub fn look(&mut self, now: DateTime<Utc>) {
        let Some(limit) = &mut self.limit else { return };
        if passed(limit.throttled, FORGOTTEN, now) {
            self.limit = None;
            return;
        }
        // The system's clock may be set to another time.
        let since = (now - limit.filled).clamp(TimeDelta::zero(), WINDOW);
        limit.filled = now;
        let most = (limit.per_second * BURST).max(1.0);
        limit.tokens = (limit.tokens + limit.per_second * since.as_seconds_f64()).min(most);
    }

    /// Whether one more may be sent in this moment, however many are under way.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.limit.as_ref().is_none_or(|limit| limit.tokens >= 1.0)
    }

    /// Notes that one is sent.
    pub fn sent(&mut self) {
        if let Some(limit) = &mut self.limit {
            limit.tokens -= 1.0;
        }
    }

    /// Notes an answer, whatever it says, that took so long.
    pub fn answered(&mut self, took: Duration, now: DateTime<Utc>) {
        self.answers.push_back(now);
        self.forget(now);
        self.quickest = self.quickest.min(took);
        // Twice the quickest may be chance. Several times it is a queue, which more requests would
        // only make longer.
        let slow = self.quickest.saturating_mul(4) + Duration::from_millis(500);
        if took > slow {
            self.narrow(now);
        } else if self.room < MOST {
            self.room += 1;
        }
        if let Some(limit) = &mut self.limit
            && passed(limit.changed, GROWS_AFTER, now)
            && limit.tokens < 1.0
        {
            // All of it is used, and nothing is throttled.
            limit.per_second += limit.per_second * limit.growth;
            limit.growth = (limit.growth * 1.5).min(FASTEST);
            limit.changed = now;
        }
    }

    /// Notes that a request was throttled.
    pub fn throttled(&mut self, now: DateTime<Utc>) {
        self.forget(now);
        self.narrow(now);
        let answers = u32::try_from(self.answers.len()).map_or(f64::MAX, f64::from);
        let first = self.answers.front().copied().unwrap_or(now);
        let span = (now - first).clamp(SHORTEST, WINDOW);
        let allowed = answers / span.as_seconds_f64() * BELOW;
        let limit = self.limit.get_or_insert(Limit {
            per_second: allowed.max(1.0),
            tokens: 0.0,
            growth: GROWTH,
            filled: now,
            changed: now,
            throttled: now,
        });
        limit.throttled = now;
        limit.growth = GROWTH;
        if passed(limit.changed, EPOCH, now) {
            let least = limit.per_second / 2.0;
            limit.per_second = allowed.clamp(least, limit.per_second).max(1.0);
            limit.changed = now;
        }
    }

    fn narrow(&mut self, now: DateTime<Utc>) {
        if passed(self.narrowed, EPOCH, now) {
            self.room = (self.room / 2).max(FEWEST);
            self.narrowed = now;
        }
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        let old = |at: &mut DateTime<Utc>| now - *at >= WINDOW || *at > now;
        while self.answers.pop_front_if(old).is_some() {}
    }
}

/// Whether so much time has passed. Where the clock was set back it is not known, and taken so.
fn passed(since: DateTime<Utc>, time: TimeDelta, now: DateTime<Utc>) -> bool {
    now < since || now - since >= time
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    const MS: i64 = 1_000;

    fn at(us: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_700_000_000_000_000 + us).unwrap()
    }

    /// A service that allows so many requests a second, and as many at once after a second's rest,
    /// asked as the program asks: whenever an answer comes, and at each picture of the spinner.
    struct Service {
        limiter: Limiter,
        now: i64,
        latency: i64,
        allowed: f64,
        tokens: f64,
        /// When each answer comes, whether it was throttled.
        under_way: BinaryHeap<Reverse<(i64, bool)>>,
        most_under_way: usize,
        answered: u32,
        throttled: u32,
    }

    impl Service {
        fn new(allowed: f64, latency_ms: i64) -> Self {
            Self {
                limiter: Limiter::default(),
                now: 0,
                latency: latency_ms * MS,
                allowed,
                tokens: allowed,
                under_way: BinaryHeap::new(),
                most_under_way: 0,
                answered: 0,
                throttled: 0,
            }
        }

        fn go_to(&mut self, time: i64) {
            let passed = Duration::from_micros(u64::try_from(time - self.now).unwrap());
            self.tokens = (self.tokens + passed.as_secs_f64() * self.allowed).min(self.allowed);
            self.now = time;
        }

        fn send(&mut self) {
            self.limiter.look(at(self.now));
            while self.under_way.len() < self.limiter.room() && self.limiter.allows() {
                self.limiter.sent();
                let passes = self.tokens >= 1.0;
                self.tokens -= f64::from(u8::from(passes));
                self.under_way
                    .push(Reverse((self.now + self.latency, !passes)));
            }
            self.most_under_way = self.most_under_way.max(self.under_way.len());
        }

        /// Runs for so long, and says which part of what was allowed was used.
        fn run(&mut self, seconds: i64) -> f64 {
            (self.answered, self.throttled) = (0, 0);
            let begun = self.now;
            let end = begun + seconds * 1_000 * MS;
            let mut tick = self.now;
            while self.now < end {
                self.send();
                let answer = self.under_way.peek().map(|next| next.0.0);
                match answer.filter(|answer| *answer <= tick + 100 * MS) {
                    Some(answer) => {
                        self.go_to(answer);
                        let Some(Reverse((_, throttled))) = self.under_way.pop() else {
                            unreachable!("it was looked at");
                        };
                        if throttled {
                            self.throttled += 1;
                            self.limiter.throttled(at(self.now));
                        } else {
                            self.answered += 1;
                            let took = Duration::from_micros(self.latency.unsigned_abs());
                            self.limiter.answered(took, at(self.now));
                        }
                    }
                    None => {
                        tick += 100 * MS;
                        self.go_to(tick);
                    }
                }
            }
            f64::from(self.answered) / (self.allowed * f64::from(u32::try_from(seconds).unwrap()))
        }
    }

    #[test]
    fn more_than_nine_tenths_of_what_is_allowed_are_used() {
        for allowed in [5.0, 12.0, 50.0, 200.0] {
            for latency in [5, 50, 300] {
                let mut service = Service::new(allowed, latency);
                // What may be sent at once in the beginning is beside the point.
                service.run(5);
                let used = service.run(60);
                let wasted = f64::from(service.throttled) / f64::from(service.answered);
                assert!(
                    (0.9..=1.02).contains(&used) && wasted < 0.2,
                    "{allowed} a second, {latency} ms: {used:.3} used, {wasted:.3} throttled"
                );
            }
        }
    }

    #[test]
    fn where_nothing_is_throttled_as_many_are_under_way_as_may_be_and_no_more() {
        let mut service = Service::new(1e6, 50);
        service.run(1);
        assert_eq!(service.throttled, 0);
        assert_eq!(
            (service.limiter.limit(), service.most_under_way),
            (None, MOST)
        );
        // A second of 64 at a time is 1,280; getting there costs little.
        assert!(service.answered > 1_100, "{}", service.answered);
    }

    #[test]
    fn it_follows_what_is_allowed_down_and_up() {
        let mut service = Service::new(50.0, 50);
        service.run(10);
        service.allowed = 10.0;
        service.run(5);
        assert!(service.run(30) > 0.9);
        let limit = service.limiter.limit().unwrap();
        assert!((8..=12).contains(&limit), "{limit}");
        service.allowed = 100.0;
        service.run(30);
        assert!(service.run(30) > 0.9);
        service.allowed = 1e6;
        service.run(40);
        assert_eq!(
            service.limiter.limit(),
            None,
            "nothing is throttled any more"
        );
    }

    #[test]
    fn the_first_throttled_request_is_enough() {
        let mut service = Service::new(50.0, 50);
        while service.throttled == 0 {
            service.run(1);
        }
        let limit = service.limiter.limit().unwrap();
        assert!(
            limit <= 150,
            "{limit}: some of it was what may come at once"
        );
        assert!(service.limiter.room() < FIRST * 2);
    }

    #[test]
    fn a_service_that_throttles_everything_is_asked_once_a_second() {
        let mut service = Service::new(50.0, 50);
        service.run(5);
        service.allowed = 1e-9;
        service.run(10);
        service.run(10);
        assert!(service.throttled <= 12, "{}", service.throttled);
        service.allowed = 50.0;
        service.run(30);
        assert!(service.run(10) > 0.9);
    }

    #[test]
    fn slow_answers_are_waited_for_and_not_piled_up() {
        let mut service = Service::new(1e6, 50);
        service.run(1);
        service.latency = 2_000 * MS;
        service.run(10);
        assert_eq!(service.limiter.room(), FEWEST);
        service.latency = 50 * MS;
        service.run(5);
        assert_eq!(service.limiter.room(), MOST);
    }

    #[test]
    fn a_clock_that_is_set_to_another_time_holds_nothing_up() {
        let mut service = Service::new(50.0, 50);
        service.run(5);
        let day = 24 * 3600 * 1_000 * MS;
        // Ahead, and back: the program's clock is not the service's.
        for jump in [day, -day] {
            service.now += jump;
            service.under_way.clear();
            service.run(10);
            let used = service.run(10);
            assert!(used > 0.9, "{jump}: {used}");
        }
    }
}
