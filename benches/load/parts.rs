//! The lines of the table.

use crate::{
    endpoint::{Asked, Report, Served, Serving},
    judging, list, plan, screen,
    script::{self, Needed, processor},
    shell,
    table::{count, judged, megabytes, millis, not_measured, percentiles, seconds, told},
    terminal::{Terminal, first_frame, memory, wake_ups},
};
use clap::ValueEnum;
use std::{path::PathBuf, time::Duration};

/// The most requests that the program has under way.
pub(crate) const AT_ONCE: usize = 64;

/// Threads that have nothing to do any more have ended.
const SETTLED: Duration = Duration::from_secs(2);

/// Lines that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// From the start to the first frame.
    First,
    /// Everybody's facts from the credential report.
    Report,
    /// Every key asked for.
    Live,
    /// Keys pressed meanwhile.
    Keys,
    /// A service that allows few requests.
    Rate,
    /// As many users as there can be.
    Large,
    /// The keys printed from the shell.
    List,
    /// The same work done by scripts.
    Scripts,
    /// A filter and the policy over as many keys as there can be.
    Judging,
    /// A plan over many keys of many accounts.
    Plan,
}

impl Part {
    pub(crate) const ALL: [Self; 10] = [
        Self::First,
        Self::Report,
        Self::Live,
        Self::Keys,
        Self::Rate,
        Self::Large,
        Self::List,
        Self::Scripts,
        Self::Judging,
        Self::Plan,
    ];
}

/// What is measured, and how thoroughly.
pub(crate) struct Bench {
    pub(crate) program: PathBuf,
    pub(crate) home: tempfile::TempDir,
    /// On a machine with better things to do: then times and wake-ups say nothing.
    pub(crate) quick: bool,
    pub(crate) runs: usize,
    pub(crate) users: usize,
    /// Users where few requests are allowed.
    pub(crate) limited_users: usize,
    /// Requests a second that are allowed there.
    pub(crate) rate: u32,
    pub(crate) most_users: usize,
    /// Users for the script that asks one at a time.
    pub(crate) slow_users: usize,
    pub(crate) latency: Duration,
    pub(crate) idle: Duration,
    /// Keys pressed where nothing else ends the pressing.
    pub(crate) presses: usize,
    /// Keys that a filter and the policy are asked of.
    pub(crate) most_keys: usize,
    /// Accounts of a plan, and how many keys of each are in it.
    pub(crate) planned: (usize, usize),
    /// What the whole load needed, for comparison.
    live: Option<Live>,
}

/// What the whole load needed.
struct Live {
    time: Duration,
    processor: Duration,
}

impl Bench {
    /// A small one.
    pub(crate) fn new(program: PathBuf, quick: bool) -> Self {
        Self {
            program,
            home: tempfile::tempdir().expect("a directory for a home"),
            quick,
            runs: 1,
            users: 200,
            limited_users: 30,
            rate: 40,
            most_users: 2_500,
            slow_users: 20,
            latency: Duration::from_millis(2),
            idle: Duration::from_secs(1),
            presses: 40,
            most_keys: 2_500,
            planned: (6, 3),
            live: None,
        }
    }

    pub(crate) fn run(&mut self, part: Part) {
        match part {
            Part::First => self.first_frame(),
            Part::Report => self.report(),
            Part::Live => self.live(),
            Part::Keys => self.keys(),
            Part::Rate => self.rate(),
            Part::Large => self.large(),
            Part::List => shell::list(self),
            Part::Scripts => self.scripts(),
            Part::Judging => judging::run(self),
            Part::Plan => plan::run(self),
        }
    }

    /// A line with a bound. The numbers of a trial say nothing.
    pub(crate) fn judge(&self, what: &str, measured: &str, target: &str, met: bool) {
        if self.quick {
            told(what, measured);
        } else {
            judged(what, measured, target, met);
        }
    }

    pub(crate) fn serve(&self, users: usize) -> Served {
        Served::start(&Serving::users(users, self.latency))
    }

    /// The program, signed in to an account, asking for what is on screen or for everything.
    fn start(&self, served: &Served, background: &str) -> Terminal {
        let mut args = served.session.args().to_vec();
        args.extend(["--background", background]);
        let env = served.session.env();
        Terminal::start(&self.program, self.home.path(), screen::SIZE, &args, &env)
    }

    /// How long the answers to so many calls take.
    pub(crate) fn bound(&self, calls: usize) -> Duration {
        let at_once = u32::try_from(AT_ONCE).expect("a small number");
        self.latency * u32::try_from(calls).expect("not so many") / at_once
    }

    fn first_frame(&self) {
        let served = self.serve(self.users);
        let times = (0..self.runs).map(|_| self.start(&served, "all").wait("a frame", first_frame));
        let [median, _, _] = percentiles(times.collect());
        let met = median <= Duration::from_millis(10);
        self.judge("start to first frame", &millis(median), "≤ 10 ms", met);
    }

    /// Everybody is on screen with ages and last uses, long before each was asked for.
    fn report(&self) {
        for (report, state, background, target) in [
            (
                Report::There,
                "there already",
                "all",
                Some(Duration::from_secs(1)),
            ),
            // Where few are asked for one by one, so that it is the report that tells.
            (Report::Absent, "to be made first", "visible", None),
        ] {
            let what = format!("{} users by the report, {state}", count(self.users));
            let serving = Serving {
                report,
                ..Serving::users(self.users, self.latency)
            };
            let mut served = Served::start(&serving);
            let (users, keys) = (served.users, served.keys);
            let mut terminal = self.start(&served, background);
            let time = terminal.wait("the report", |screen| {
                screen::told_of_all(screen, users, keys)
            });
            let asked = served.asked();
            assert_eq!(asked.done("GetCredentialReport"), 1, "{asked:?}");
            assert_eq!(asked.done("ListUsers"), served.pages(), "{asked:?}");
            match target {
                Some(target) => self.judge(&what, &seconds(time), "≤ 1.0 s", time <= target),
                None => told(&what, &seconds(time)),
            }
        }
    }

    /// Every user and key asked for, what that takes, and that nothing happens after it.
    fn live(&mut self) {
        let mut served = self.serve(self.users);
        let mut terminal = self.start(&served, "all");
        let time = Self::load_all(&mut terminal, &served);
        let ran = processor(&terminal.proc());
        let asked = served.check_sweep();
        assert!(asked.most_at_once <= AT_ONCE, "{asked:?}");

        let calls = served.whole_sweep();
        let of = format!("{} users, {} keys", count(served.users), count(served.keys));
        let bound = self.bound(calls);
        let target = format!("≤ {}", seconds(bound.mul_f64(1.15)));
        let met = time <= bound.mul_f64(1.15);
        self.judge(
            &format!("{of}, each asked for"),
            &seconds(time),
            &target,
            met,
        );
        told("latency bound of that", &seconds(bound));
        tell_of_calls(&asked, calls);
        told("processor time of that", &seconds(ran));
        self.live = Some(Live {
            time,
            processor: ran,
        });

        terminal.quiet(SETTLED);
        // Their tags come last, a page after the other.
        let settled = served.asked();
        let details = settled.done("GetAccountAuthorizationDetails");
        assert_eq!(details, served.pages(), "{settled:?}");
        let [now, most] = ["VmRSS:", "VmHWM:"].map(|field| memory(&terminal.proc(), field));
        let name = format!("resident after that, {} users", count(self.users));
        self.judge(&name, &megabytes(now), "≤ 30 MB", now <= 30_000_000);
        self.judge(
            "at most until then",
            &megabytes(most),
            "≤ 30 MB",
            most <= 30_000_000,
        );
        self.idle(&mut terminal);
        assert_eq!(served.asked().all(), settled.all(), "asked while idle");
    }

    /// Nothing happens where nothing is to be done.
    fn idle(&self, terminal: &mut Terminal) {
        let (bytes, before) = (terminal.bytes, terminal.switches());
        let ran = processor(&terminal.proc());
        terminal.quiet(self.idle);
        let ran = processor(&terminal.proc()).saturating_sub(ran);
        let wakes = wake_ups(&before, &terminal.switches());
        let bytes = terminal.bytes - bytes;
        let what = format!("idle after it for {} s: wake-ups", self.idle.as_secs());
        self.judge(&what, &wakes.to_string(), "0", wakes == 0);
        let what = "idle after it: bytes drawn, processor time";
        let measured = format!("{bytes}, {}", millis(ran));
        self.judge(what, &measured, "0, 0.0 ms", bytes == 0 && ran.is_zero());
    }

    /// Keys pressed while everything is being asked for.
    fn keys(&self) {
        let mut served = self.serve(self.users);
        let (users, keys) = (served.users, served.keys);
        let mut terminal = self.start(&served, "all");
        terminal.wait("a user", |screen| screen::selected(screen) == Some(0));
        let loaded = |screen: &vt100::Screen| screen::live(screen, users, keys);
        let times = list::walk(&mut terminal, users - 1, loaded);
        let what = format!("key press to its frame meanwhile, {} presses", times.len());
        self.judge_keys(&what, times);
        Self::load_all(&mut terminal, &served);
        served.check_sweep();
    }

    fn judge_keys(&self, what: &str, times: Vec<Duration>) {
        if times.is_empty() {
            not_measured(what, "it was over too soon");
            return;
        }
        let [median, most, worst] = percentiles(times);
        told(&format!("{what}: median"), &millis(median));
        let met = most <= Duration::from_millis(16);
        self.judge("the same: 99th percentile", &millis(most), "≤ 16 ms", met);
        told("the same: the longest", &millis(worst));
    }

    /// A service that allows few requests: all is there in the end, and what is allowed was used.
    fn rate(&self) {
        let serving = Serving {
            rate: Some(self.rate),
            ..Serving::users(self.limited_users, self.latency)
        };
        let mut served = Served::start(&serving);
        let mut terminal = self.start(&served, "all");
        let time = Self::load_all(&mut terminal, &served);
        let asked = served.asked();
        let failed = list::pages_with(&mut terminal, served.users, screen::something_failed);

        let (users, rate) = (count(self.limited_users), self.rate);
        let what = format!("{users} users, {rate} requests/s allowed: each asked for");
        told(&what, &seconds(time));
        let lost = served.whole_sweep().saturating_sub(asked.sweep());
        self.judge(
            "calls lost, screens that show something failed",
            &format!("{lost}, {failed}"),
            "0, 0",
            lost + failed == 0,
        );
        told("throttled", &count(asked.throttled()));
        // After a rest a second's worth may come at once.
        let allowed = f64::from(rate) * (time.as_secs_f64() + 1.0);
        let done = asked.calls.values().map(|calls| calls.done).sum::<usize>();
        let done = u32::try_from(done).expect("not so many");
        let used = f64::from(done) / allowed;
        self.judge(
            "rate used, of what was allowed",
            &format!("{:.0} %", used * 100.0),
            "> 90 %",
            used > 0.9,
        );
        served.check_sweep();
        assert_eq!(failed, 0, "screens that show something failed");
    }

    /// As many users as there can be.
    fn large(&self) {
        for users in [24, self.most_users] {
            let mut served = self.serve(users);
            let keys = served.keys;
            // Asking for each key would take minutes; what is on screen is asked for.
            let mut terminal = self.start(&served, "visible");
            let time = terminal.wait("all users", |screen| {
                !screen::busy(screen) && screen::told_of_all(screen, users, keys)
            });
            terminal.quiet(SETTLED);
            let name = format!("{} users", count(users));
            if users == self.most_users {
                told(&format!("{name} on screen"), &seconds(time));
                let [now, most] = ["VmRSS:", "VmHWM:"].map(|field| memory(&terminal.proc(), field));
                let met = now <= 200_000_000;
                self.judge(
                    &format!("resident, {name}"),
                    &megabytes(now),
                    "≤ 200 MB",
                    met,
                );
                told("at most until then", &megabytes(most));
            }
            let moves = self.presses.min(users - 1);
            let times = list::walk(&mut terminal, moves, |_| false);
            self.judge_keys(&format!("{name}: key press to its frame"), times);
            if users == self.most_users {
                let words: &[_] = if self.quick {
                    &["97"]
                } else {
                    &["deploy", "mobile-export", "9917"]
                };
                let times = list::type_filters(&mut terminal, words);
                self.judge_keys(&format!("{name}: letter in the filter to its frame"), times);
            }
            assert_eq!(served.asked().twice.len(), 0, "asked twice");
        }
    }

    /// The same work done by scripts.
    fn scripts(&self) {
        let python = script::python(!self.quick);
        for (how, name, users) in [
            ("threads", "boto3, 32 threads", self.users),
            ("one-at-a-time", "boto3, one at a time", self.slow_users),
            (
                "inventory",
                "boto3, 32 threads, each key a line",
                self.users,
            ),
        ] {
            let python = match &python {
                Ok(python) => python,
                Err(why) => {
                    not_measured(name, why);
                    continue;
                }
            };
            let mut served = self.serve(users);
            let script = ["load/fetch.py", how];
            let needed = script::run(python, &script, self.home.path(), &mut served);
            served.check_sweep();
            assert_eq!(needed.line, format!("{} {}\n", served.users, served.keys));
            let of = format!("{} users, {} keys", count(served.users), count(served.keys));
            told(&format!("{name}: {of}"), &seconds(needed.time));
            tell_of_calls(&needed.asked, served.whole_sweep());
            told("processor time of that", &seconds(needed.processor));
            told("resident at most", &megabytes(needed.memory));
            if how == "threads" {
                self.compare(&needed);
            }
        }
    }

    fn compare(&self, script: &Needed) {
        let Some(live) = &self.live else {
            return;
        };
        let times = |ours: Duration, theirs: Duration| ours.as_secs_f64() / theirs.as_secs_f64();
        let ratio = times(live.time, script.time);
        let measured = format!("{ratio:.2} of it");
        self.judge(
            "iamkeys' time against boto3's",
            &measured,
            "≤ 1",
            ratio <= 1.0,
        );
        let ratio = times(live.processor, script.processor);
        let measured = format!("{ratio:.2} of it");
        let met = ratio <= 1.0 / 3.0;
        self.judge(
            "iamkeys' processor time against boto3's",
            &measured,
            "≤ 1/3",
            met,
        );
    }

    /// Waits until everything was asked for; says when, from the start.
    fn load_all(terminal: &mut Terminal, served: &Served) -> Duration {
        let (users, keys) = (served.users, served.keys);
        if screen::live(terminal.parser.screen(), users, keys) {
            return terminal.started.elapsed();
        }
        terminal.wait("everything", |screen| screen::live(screen, users, keys))
    }
}

fn tell_of_calls(asked: &Asked, needed: usize) {
    let calls = format!("{} of {}", count(asked.sweep()), count(needed));
    told("calls of that, of how many are needed", &calls);
    told("answered twice", &asked.twice.len().to_string());
    told(
        "under way at most, seen there",
        &asked.most_at_once.to_string(),
    );
}
