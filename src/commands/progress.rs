//! The progress, in one line on standard error, where that is a terminal and standard output does not
//! print lines into the same one meanwhile.

use crate::engine::{
    Engine,
    account::{Account, Stage},
    fleet::Scope,
    text::visible,
};
use std::{
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

/// The time between two pictures of it, and before the first: what is quick shows none.
const PAUSE: Duration = Duration::from_millis(200);

/// The line with the progress.
#[derive(Debug)]
pub(super) struct Progress {
    is_shown: bool,
    calls: usize,
    /// What the terminal shows.
    line: String,
    last: Instant,
}

impl Progress {
    /// Shown where that makes sense; `streams` says that lines are printed meanwhile.
    pub(super) fn new(streams: bool) -> Self {
        let same = streams && io::stdout().is_terminal();
        Self {
            is_shown: io::stderr().is_terminal() && !same,
            calls: 0,
            line: String::new(),
            last: Instant::now(),
        }
    }

    /// A request has gone out.
    pub(super) fn count_call(&mut self) {
        self.calls += 1;
    }

    /// Shows how far everything is.
    pub(super) fn show(&mut self, engine: &Engine) {
        if !self.is_shown || self.last.elapsed() < PAUSE {
            return;
        }
        self.last = Instant::now();
        let line = words(engine, self.calls);
        if line != self.line {
            put(&format!("\r{}\x1b[K", visible(&line)));
            self.line = line;
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if !std::mem::take(&mut self.line).is_empty() {
            put("\r\x1b[K");
        }
    }
}

fn put(text: &str) {
    let mut stderr = io::stderr().lock();
    // Nothing depends on it.
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

/// How far everything is, in a few words that fit into a line.
fn words(engine: &Engine, calls: usize) -> String {
    let rows = engine.fleet.rows(Scope::All);
    let accounts = rows.accounts().count();
    let is_open = |account: &&Account| account.stage == Stage::SignedIn;
    let open = rows.accounts().filter(is_open).count();
    let mut parts = Vec::new();
    if let Some(plan) = engine.bulk().filter(|plan| plan.has_begun()) {
        let tally = plan.tally();
        parts.push(format!("{} of {} keys", tally.ended(), tally.included()));
        let failed = tally.failed + tally.unknown;
        if failed > 0 {
            parts.push(format!("{failed} not done"));
        }
    }
    if accounts > 1 {
        parts.push(format!("{open} of {accounts} accounts"));
    } else if open == 0 {
        parts.push("signing in".to_owned());
    }
    parts.push(format!("{} users", rows.count_users()));
    let keys = rows.tally().all_keys();
    if keys > 0 {
        parts.push(format!("{keys} keys"));
    }
    parts.push(format!("{calls} calls"));
    if let Some(slowed) = rows.accounts().filter_map(Account::slowed).min() {
        parts.push(format!("throttled to {slowed} a second"));
    }
    parts.join(", ")
}
