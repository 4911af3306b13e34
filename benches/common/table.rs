//! The table of what was measured, as the README has it.

use chrono::Utc;
use std::{fs, time::Duration};

/// Who measures, and when.
pub(crate) fn heading(quick: bool) {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let told = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = told("/proc/cpuinfo");
    let model = (cpuinfo.lines())
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("an unknown processor", |(_, model)| model);
    let kernel = told("/proc/sys/kernel/osrelease");
    let date = Utc::now().format("%Y-%m-%d");
    println!("{cores} cores of {model}, Linux {}, {date}", kernel.trim());
    if quick {
        println!("a trial: what happened is checked, the numbers say nothing");
    }
    println!();
    row("what", "measured", "target", "met");
    row("---", "---", "---", "---");
}

/// Something that has a bound.
pub(crate) fn judged(what: &str, measured: &str, target: &str, met: bool) {
    row(what, measured, target, if met { "yes" } else { "**no**" });
}

/// Something that tells of the lines around it.
pub(crate) fn told(what: &str, measured: &str) {
    row(what, measured, "", "");
}

/// Something that could not be looked at, and why.
pub(crate) fn not_measured(what: &str, why: &str) {
    row(what, &format!("not measured: {why}"), "", "");
}

fn row(what: &str, measured: &str, target: &str, met: &str) {
    println!("| {what:<64} | {measured:<24} | {target:<12} | {met:<6} |");
}

/// Seconds, with two places.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// Milliseconds, with one place.
pub(crate) fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// Megabytes of a million bytes, with one place.
pub(crate) fn megabytes(bytes: u64) -> String {
    crate::terminal::tenths(bytes, 1_000_000, "MB")
}

/// A number with its thousands set apart.
pub(crate) fn count(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = (digits.as_bytes().rchunks(3).rev())
        .map(String::from_utf8_lossy)
        .collect();
    groups.join(",")
}

/// The median, the 99th percentile and the longest.
pub(crate) fn percentiles(mut times: Vec<Duration>) -> [Duration; 3] {
    times.sort_unstable();
    let at = |hundredths: usize| times[(times.len() * hundredths).div_ceil(100).max(1) - 1];
    [at(50), at(99), at(100)]
}
