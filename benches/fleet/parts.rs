//! The lines of the table.

use crate::{
    endpoint::{Asked, Served, Serving},
    keyboard, screen,
    script::{self, processor},
    table::{count, judged, megabytes, millis, not_measured, percentiles, seconds, told},
    terminal::{Terminal, memory},
};
use clap::ValueEnum;
use std::{path::PathBuf, time::Duration};

/// The most requests that the program has under way, over all accounts.
const AT_ONCE: usize = 64;

/// How much longer than the answers alone it may take.
const BOUND: f64 = 1.3;

/// How much longer than without slow accounts the others may take.
const NOT_SLOWED: f64 = 1.1;

/// Lines that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// From the start until all accounts are there.
    Load,
    /// Keys pressed meanwhile.
    Keys,
    /// The same work done by a script.
    Script,
    /// Services that allow few requests.
    Rate,
}

impl Part {
    pub(crate) const ALL: [Self; 4] = [Self::Load, Self::Keys, Self::Script, Self::Rate];
}

/// What is measured, and how thoroughly.
pub(crate) struct Bench {
    program: PathBuf,
    home: tempfile::TempDir,
    /// On a machine with better things to do: then times say nothing.
    quick: bool,
    pub(crate) accounts: usize,
    /// In each account.
    pub(crate) users: usize,
    pub(crate) latency: Duration,
    /// Pages of accounts a second that are allowed, where few are.
    pub(crate) listing_rate: u32,
    /// Requests a second that some accounts allow.
    pub(crate) slow_rate: u32,
    /// One account in so many does.
    pub(crate) slow_one_in: usize,
    /// How long the accounts took, for comparison.
    load: Option<Duration>,
}

impl Bench {
    /// A small one.
    pub(crate) fn new(program: PathBuf, quick: bool) -> Self {
        Self {
            program,
            home: tempfile::tempdir().expect("a directory for a home"),
            quick,
            // More than the SDK keeps credentials of in one place, which is 64.
            accounts: 70,
            users: 4,
            latency: Duration::from_millis(2),
            listing_rate: 3,
            slow_rate: 8,
            slow_one_in: 20,
            load: None,
        }
    }

    pub(crate) fn run(&mut self, part: Part) {
        match part {
            Part::Load => self.load(),
            Part::Keys => self.keys(),
            Part::Script => self.script(),
            Part::Rate => self.rate(),
        }
    }

    /// A line with a bound. The numbers of a trial say nothing.
    fn judge(&self, what: &str, measured: &str, target: &str, met: bool) {
        if self.quick {
            told(what, measured);
        } else {
            judged(what, measured, target, met);
        }
    }

    fn serving(&self) -> Serving {
        Serving {
            accounts: Some(self.accounts),
            ..Serving::users(self.users, self.latency)
        }
    }

    /// The program, with all accounts being opened.
    fn start(&self, served: &Served) -> Terminal {
        let mut args = served.session.args().to_vec();
        args.push("--all-accounts");
        let env = served.session.env();
        Terminal::start(&self.program, self.home.path(), screen::SIZE, &args, &env)
    }

    /// The keys of the first account, then all accounts, and what that takes.
    fn load(&mut self) {
        let mut served = Served::start(&self.serving());
        let mut terminal = self.start(&served);
        let first = terminal.wait("a key", screen::first_keys);
        let what = "start to the keys of the first account";
        let met = first <= Duration::from_millis(600);
        self.judge(what, &seconds(first), "≤ 0.60 s", met);

        let time = all_loaded(&mut terminal, &served);
        // Later by as long as it takes to ask, which is less than an answer takes.
        let asked = served.asked();
        let now = memory(&terminal.proc(), "VmRSS:");
        let ran = processor(&terminal.proc());
        check_accounts(&asked, &served);
        self.judge_load(&whole(&served), time, asked.all());
        tell_of_calls(&asked);
        told("processor time of that", &seconds(ran));
        let met = now <= 120_000_000;
        self.judge("resident then", &megabytes(now), "≤ 120 MB", met);
        self.load = Some(time);
    }

    /// All that was asked was answered in time.
    fn judge_load(&self, what: &str, time: Duration, calls: usize) {
        let bound = self.bound(calls);
        let target = format!("≤ {}", seconds(bound.mul_f64(BOUND)));
        let met = time <= bound.mul_f64(BOUND);
        self.judge(what, &seconds(time), &target, met);
        let by = format!("{} in {}", count(calls), seconds(bound));
        told("calls until then, and how long their answers take", &by);
    }

    /// How long the answers to so many calls take.
    fn bound(&self, calls: usize) -> Duration {
        let at_once = u32::try_from(AT_ONCE).expect("a small number");
        self.latency * u32::try_from(calls).expect("not so many") / at_once
    }

    /// Keys pressed while the accounts are being opened, and after that while everything is asked for.
    fn keys(&self) {
        let served = Served::start(&self.serving());
        let mut terminal = self.start(&served);
        terminal.wait("a user", |screen| screen::selected(screen).is_some());
        let opened = |screen: &vt100::Screen| is_loaded(screen, &served);
        let times = walk(&mut terminal, usize::MAX, opened);
        let what = "key press to its frame while accounts are opened";
        self.judge_keys(what, times);
        let most = if self.quick { 20 } else { 200 };
        let times = walk(&mut terminal, most, |_| false);
        self.judge_keys("key press to its frame while keys are asked for", times);
    }

    fn judge_keys(&self, what: &str, times: Vec<Duration>) {
        if times.is_empty() {
            not_measured(what, "it was over too soon");
            return;
        }
        let presses = times.len();
        let [median, most, worst] = percentiles(times);
        let what = format!("{what}, {presses} presses: median");
        told(&what, &millis(median));
        let met = most <= Duration::from_millis(16);
        self.judge("the same: 99th percentile", &millis(most), "≤ 16 ms", met);
        told("the same: the longest", &millis(worst));
    }

    /// The same work done by a script.
    fn script(&self) {
        let name = "boto3, 32 threads";
        let python = match script::python(!self.quick) {
            Ok(python) => python,
            Err(why) => {
                not_measured(name, &why);
                return;
            }
        };
        let mut served = Served::start(&self.serving());
        let script = ["fleet/fetch.py"];
        let needed = script::run(&python, &script, self.home.path(), &mut served);
        let (accounts, users, keys) = (served.accounts, served.users, served.keys);
        assert_eq!(needed.line, format!("{accounts} {users} {keys}\n"));
        check_accounts(&needed.asked, &served);
        told(
            &format!("{name}: {}", whole(&served)),
            &seconds(needed.time),
        );
        tell_of_calls(&needed.asked);
        told("processor time of that", &seconds(needed.processor));
        told("resident at most", &megabytes(needed.memory));
        if let Some(load) = self.load {
            let ratio = load.as_secs_f64() / needed.time.as_secs_f64();
            let measured = format!("{ratio:.2} of it");
            let what = "iamkeys' time against boto3's";
            self.judge(what, &measured, "≤ 1", ratio <= 1.0);
        }
    }

    /// Few pages of accounts are allowed, and some accounts allow few requests: nothing is lost, and
    /// the other accounts are as fast as they are without those.
    fn rate(&self) {
        let listing = Serving {
            listing_rate: Some(self.listing_rate),
            ..self.serving()
        };
        let even = self.every_key(&listing);
        // As many as are allowed in a second may come at once in the beginning.
        let pages = u32::try_from(self.accounts.div_ceil(20)).expect("not so many");
        let rate = self.listing_rate;
        let least = Duration::from_secs(pages.saturating_sub(rate).into()) / rate;
        let target = format!("≤ {}", seconds(least.mul_f64(BOUND)));
        let met = even.opened <= least.mul_f64(BOUND);
        let what = format!("accounts listed at {rate} pages/s, all there");
        self.judge(&what, &seconds(even.opened), &target, met);
        told("as fast as they can be listed", &seconds(least));
        let bound = self.bound(even.asked.all() - even.calls_to_open);
        let name = "then every key asked for, no account slow";
        told(name, &seconds(even.sweep()));
        told("how long the answers to that take", &seconds(bound));

        let some = self.every_key(&Serving {
            slow_rate: Some(self.slow_rate),
            slow_one_in: self.slow_one_in,
            ..listing
        });
        let what = format!(
            "one account in {} at {} requests/s: the others",
            self.slow_one_in, self.slow_rate
        );
        let target = format!("≤ {}", seconds(even.others().mul_f64(NOT_SLOWED)));
        let met = some.others() <= even.others().mul_f64(NOT_SLOWED);
        self.judge(&what, &seconds(some.others()), &target, met);
        told("the slow ones as well", &seconds(some.sweep()));
        told("throttled in all", &count(some.asked.throttled()));
        self.judge("calls lost", &some.lost.to_string(), "0", some.lost == 0);
        tell_of_calls(&some.asked);
    }

    /// The program from its start until every key of every account was asked for.
    fn every_key(&self, serving: &Serving) -> Swept {
        let mut served = Served::start(serving);
        let mut terminal = self.start(&served);
        let opened = all_loaded(&mut terminal, &served);
        let asked = served.asked();
        check_accounts(&asked, &served);
        let (accounts, users, keys) = (served.accounts, served.users, served.keys);
        let live = terminal.wait("every key", |screen| {
            screen::live(screen, accounts, users, keys)
        });
        let calls_to_open = asked.all();
        let asked = served.check_sweep();
        Swept {
            opened,
            live,
            calls_to_open,
            lost: served.whole_sweep().saturating_sub(asked.sweep()),
            asked,
        }
    }
}

/// How long it took until every key was asked for.
struct Swept {
    /// From the start until all accounts were there.
    opened: Duration,
    /// From the start until every key was asked for.
    live: Duration,
    calls_to_open: usize,
    lost: usize,
    asked: Asked,
}

impl Swept {
    /// From when all accounts were there: until then, pages of accounts are waited for.
    fn sweep(&self) -> Duration {
        self.live.saturating_sub(self.opened)
    }

    /// The same, but only of the accounts that are never slow, by when they were asked for the last
    /// time.
    fn others(&self) -> Duration {
        let until = Duration::from_millis(self.asked.others_until);
        until.saturating_sub(self.opened)
    }
}

/// What there is of what is asked for.
fn whole(served: &Served) -> String {
    let [accounts, users, keys] = [served.accounts, served.users, served.keys].map(count);
    format!("{accounts} accounts, {users} users, {keys} keys")
}

fn is_loaded(screen: &vt100::Screen, served: &Served) -> bool {
    screen::loaded(screen, served.accounts, served.users, served.keys)
}

/// Waits until all accounts are there; says when, from the start.
fn all_loaded(terminal: &mut Terminal, served: &Served) -> Duration {
    terminal.wait("all accounts", |screen| is_loaded(screen, served))
}

/// Moves about in the list of the users of all accounts. Those of different accounts have the same
/// names.
fn walk(
    terminal: &mut Terminal,
    most: usize,
    until: impl Fn(&vt100::Screen) -> bool,
) -> Vec<Duration> {
    let selected = screen::selected;
    keyboard::walk(terminal, most, until, selected, |at, _, now| at != now)
}

/// Fails unless each account was opened, listed and told of by its report, and nothing was refused.
#[track_caller]
fn check_accounts(asked: &Asked, served: &Served) {
    let accounts = served.accounts;
    for (action, expected) in [
        ("AssumeRole", accounts - 1),
        ("ListUsers", accounts),
        ("GetCredentialReport", accounts),
    ] {
        assert_eq!(asked.done(action), expected, "{action}: {asked:?}");
    }
    let refused = asked.calls.values().map(|calls| calls.refused);
    assert_eq!(refused.sum::<usize>(), 0, "{asked:?}");
    assert!(asked.most_at_once <= AT_ONCE, "{asked:?}");
}

fn tell_of_calls(asked: &Asked) {
    let most = asked.most_at_once.to_string();
    told("under way at most, seen there", &most);
}
