//! Ages in words, as everybody says them. They are rounded down.

use chrono::TimeDelta;

/// An age spelled out: `5 minutes`, `1 day`, `412 days`.
#[must_use]
pub fn long(age: TimeDelta) -> String {
    let (count, unit) = if age < TimeDelta::hours(1) {
        (age.num_minutes().max(0), "minute")
    } else if age < TimeDelta::days(1) {
        (age.num_hours(), "hour")
    } else {
        (age.num_days(), "day")
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// How long ago something was: `just now`, `2 hours ago`.
#[must_use]
pub fn ago(age: TimeDelta) -> String {
    if age < TimeDelta::minutes(-1) {
        // Further ahead than clocks differ.
        "in the future".into()
    } else if age < TimeDelta::minutes(1) {
        "just now".into()
    } else {
        format!("{} ago", long(age))
    }
}
