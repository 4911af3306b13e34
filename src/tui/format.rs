//! Dates and ages in words. Ages are rounded down.

pub(super) use crate::engine::{
    age::{ago, long},
    text::{count, plural},
};

use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// A key older than this should be rotated.
pub(super) const OLD: TimeDelta = TimeDelta::days(90);

/// A key older than this should have been rotated long ago.
pub(super) const VERY_OLD: TimeDelta = TimeDelta::days(365);

/// An age in a few characters: `now`, `5m`, `4h`, `412d`.
#[must_use]
pub(super) fn short(age: TimeDelta) -> String {
    if age < TimeDelta::minutes(1) {
        // Also what lies ahead: clocks differ by a little.
        "now".into()
    } else if age < TimeDelta::hours(1) {
        format!("{}m", age.num_minutes())
    } else if age < TimeDelta::days(1) {
        format!("{}h", age.num_hours())
    } else {
        format!("{}d", age.num_days())
    }
}

/// How old something is: `just created`, `412 days old`.
#[must_use]
pub(super) fn old(age: TimeDelta) -> String {
    if age < TimeDelta::minutes(1) {
        "just created".into()
    } else {
        format!("{} old", long(age))
    }
}

/// A day, as everybody can read it.
#[must_use]
pub(super) fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}

/// A moment, to the minute.
#[must_use]
pub(super) fn minute(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A moment in full.
#[must_use]
pub(super) fn exact(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How long something took: `120ms`, `4.2s`, `75s`.
#[must_use]
pub(super) fn took(took: Duration) -> String {
    // Rounded down, as ages are: the parts of a second that do not count are cut off.
    match took.as_millis() {
        short @ ..1_000 => format!("{short}ms"),
        some @ 1_000..10_000 => format!("{}.{}s", some / 1_000, some % 1_000 / 100),
        _ => format!("{}s", took.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_rounded_down() {
        assert_eq!(short(TimeDelta::seconds(-5)), "now");
        assert_eq!(short(TimeDelta::seconds(59)), "now");
        assert_eq!(short(TimeDelta::seconds(119)), "1m");
        assert_eq!(short(TimeDelta::minutes(119)), "1h");
        assert_eq!(short(TimeDelta::hours(47)), "1d");
        assert_eq!(short(TimeDelta::days(1204)), "1204d");
    }

    #[test]
    fn ages_are_spelled_out_in_cards() {
        assert_eq!(long(TimeDelta::hours(24)), "1 day");
        assert_eq!(long(TimeDelta::hours(47)), "1 day");
        assert_eq!(long(TimeDelta::minutes(61)), "1 hour");
        assert_eq!(ago(TimeDelta::days(412)), "412 days ago");
        assert_eq!(ago(TimeDelta::seconds(3)), "just now");
        assert_eq!(ago(TimeDelta::minutes(1)), "1 minute ago");
        assert_eq!(ago(TimeDelta::seconds(-30)), "just now");
        assert_eq!(ago(TimeDelta::days(-300)), "in the future");
    }

    #[test]
    fn what_took_long_is_told_in_seconds() {
        assert_eq!(took(Duration::ZERO), "0ms");
        assert_eq!(took(Duration::from_micros(999_999)), "999ms");
        assert_eq!(took(Duration::from_secs(1)), "1.0s");
        assert_eq!(took(Duration::from_millis(9_999)), "9.9s");
        assert_eq!(took(Duration::from_millis(75_100)), "75s");
    }
}
