//! The lines of the table.

use crate::{
    endpoint::{Asked, EVERYWHERE, SOMEWHERE, Served, Serving},
    fold,
    keyboard::{gap, rolled, shown},
    screen,
    table::{count, judged, megabytes, millis, percentiles, seconds, told},
    terminal::{Terminal, memory},
};
use clap::ValueEnum;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// The regions that the embedded account has.
const REGIONS: usize = 18;

/// The events of an answer.
const PAGE: usize = 50;

/// Threads that have nothing to do any more have ended.
const SETTLED: Duration = Duration::from_secs(2);

/// How much longer than without the details it may take until every key was asked for.
const NOT_SLOWED: f64 = 1.1;

const DETAILS: &str = "GetAccountAuthorizationDetails";
const LOOK_UP: &str = "LookupEvents";

/// Lines that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// From `i` to the first workload.
    First,
    /// Ten thousand events in all regions, and keys pressed meanwhile.
    History,
    /// What folding and drawing as many costs.
    Fold,
    /// The details of all users, read in the background.
    Details,
}

impl Part {
    pub(crate) const ALL: [Self; 4] = [Self::First, Self::History, Self::Fold, Self::Details];
}

/// What is measured, and how thoroughly.
pub(crate) struct Bench {
    program: PathBuf,
    home: tempfile::TempDir,
    /// On a machine with better things to do: then times say nothing.
    quick: bool,
    pub(crate) users: usize,
    pub(crate) latency: Duration,
    /// Keys pressed at most while events come.
    pub(crate) presses: usize,
}

impl Bench {
    /// A small one.
    pub(crate) fn new(program: PathBuf, quick: bool) -> Self {
        Self {
            program,
            home: tempfile::tempdir().expect("a directory for a home"),
            quick,
            users: 1_200,
            latency: Duration::from_millis(2),
            presses: 20,
        }
    }

    pub(crate) fn run(&self, part: Part) {
        match part {
            Part::First => self.first(),
            Part::History => self.history(),
            Part::Fold => self.fold(),
            Part::Details => self.details(),
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

    fn start(&self, served: &Served, background: &str) -> Terminal {
        let mut args = served.session.args().to_vec();
        args.extend(["--background", background]);
        let env = served.session.env();
        Terminal::start(&self.program, self.home.path(), screen::SIZE, &args, &env)
    }

    /// Two users whose keys have something to tell, with one of them selected and nothing under way.
    fn beside(&self, user: &str, history_latency_ms: u64) -> (Served, Terminal) {
        let served = Served::start(&Serving {
            busy: true,
            history_latency_ms,
            ..Serving::users(1, self.latency)
        });
        let mut terminal = self.start(&served, "all");
        terminal.wait("the users", |screen| screen::settled(screen, user));
        if !screen::is_selected(terminal.parser.screen(), user) {
            terminal.press("j");
            terminal.wait(user, |screen| screen::is_selected(screen, user));
        }
        terminal.quiet(SETTLED);
        (served, terminal)
    }

    /// How many answers it takes until something is known. All that were sent when the frame came are
    /// counted, also those that were not in it.
    fn first(&self) {
        for (user, where_used) in [
            (EVERYWHERE, "used in each region"),
            (SOMEWHERE, "used in one"),
        ] {
            // The next answers come so much later that it is clear which the frame was made of, also
            // where others keep the machine busy.
            let (mut served, mut terminal) = self.beside(user, 1500);
            let pressed = Instant::now();
            terminal.press("i");
            let time = shown(&mut terminal, pressed, "i", |screen| {
                screen::seen(screen).is_some_and(|seen| seen > 0)
            });
            let asked = served.asked();
            let answers = asked.histories.answered;
            assert!((1..=2).contains(&answers), "{answers} answers: {asked:?}");
            let what = format!("a key {where_used}: answers until its first workload");
            judged(&what, &answers.to_string(), "≤ 2", answers <= 2);
            let what = "that took, each answer taking 1.50 s longer than others";
            told(what, &seconds(time));
        }
    }

    /// All of a long history.
    fn history(&self) {
        let (mut served, mut terminal) = self.beside(EVERYWHERE, 0);
        let before = memory(&terminal.proc(), "VmRSS:");
        let began = Instant::now();
        terminal.press("i");
        terminal.wait("the workloads", |screen| {
            screen::workloads(screen).len() >= 3
        });
        let mut times = self.walk(&mut terminal);
        wait(&mut terminal, "the latest events", screen::capped);
        let first = screen::seen(terminal.parser.screen()).unwrap_or_default();
        assert_eq!(first, REGIONS * 10 * PAGE, "ten pages of each region");
        terminal.press("m");
        wait(&mut terminal, "more being asked for", screen::asking);
        times.extend(self.walk(&mut terminal));
        wait(&mut terminal, "the whole history", |screen| {
            !screen::asking(screen) && !screen::capped(screen)
        });
        let took = began.elapsed();
        let seen = screen::seen(terminal.parser.screen()).unwrap_or_default();
        assert!(seen >= 10_000, "{seen} events");
        terminal.quiet(SETTLED);
        let [now, most] = ["VmRSS:", "VmHWM:"].map(|field| memory(&terminal.proc(), field));

        let asked = served.asked();
        let pages = REGIONS * (seen / REGIONS).div_ceil(PAGE);
        assert_eq!(asked.done(LOOK_UP), pages, "{asked:?}");
        assert_eq!(asked.histories.regions, REGIONS, "{asked:?}");
        assert_eq!(asked.throttled(), 0, "{asked:?}");
        let most_in_a_second = asked.histories.most_in_a_second;
        assert!(most_in_a_second <= 2, "{asked:?}");
        let what = format!("{} events of {REGIONS} regions, all there", count(seen));
        told(&what, &seconds(took));
        told("calls of that, throttled", &format!("{pages}, 0"));
        let met = most_in_a_second <= 2;
        let what = "the most requests within a second in one region";
        judged(what, &most_in_a_second.to_string(), "≤ 2", met);
        let three = asked.histories.three_within.unwrap_or_default();
        let what = "the least time from a request to the next but one there";
        told(what, &format!("{three} ms"));
        let grown = now.saturating_sub(before);
        let what = "resident, grown by that";
        self.judge(what, &megabytes(grown), "≤ 15 MB", grown <= 15_000_000);
        let what = "the same at most meanwhile";
        told(what, &megabytes(most.saturating_sub(before)));
        let presses = times.len();
        let [median, late, worst] = percentiles(times);
        let what = format!("key press to its frame meanwhile, {presses} presses: median");
        told(&what, &millis(median));
        let met = late <= Duration::from_millis(16);
        self.judge("the same: 99th percentile", &millis(late), "≤ 16 ms", met);
        told("the same: the longest", &millis(worst));
    }

    /// Moves from the first workload to the second and back while events come.
    fn walk(&self, terminal: &mut Terminal) -> Vec<Duration> {
        let mut times = Vec::new();
        let mut dice = 1_u64;
        let mut due = Instant::now();
        let names = screen::workloads(terminal.parser.screen());
        for (key, to) in ["j", "k"].iter().zip([1, 0]).cycle() {
            // It ends where it began.
            let over = times.len() >= self.presses || !screen::asking(terminal.parser.screen());
            if over && *key == "j" {
                break;
            }
            dice = rolled(dice);
            due += gap(dice);
            let late = Instant::now() > due;
            while let Some(rest) = due.checked_duration_since(Instant::now()) {
                terminal.next(rest);
            }
            let pressed = if late { due } else { Instant::now() };
            terminal.press(key);
            times.push(shown(terminal, pressed, key, |screen| {
                screen::selected(screen).as_ref() == Some(&names[to])
            }));
        }
        times
    }

    /// What the events cost in the program.
    fn fold(&self) {
        let folded = fold::measure(if self.quick { 1 } else { 21 });
        let what = format!("{} events filed and folded", count(folded.events));
        let met = folded.filed <= Duration::from_millis(10);
        self.judge(&what, &millis(folded.filed), "≤ 10 ms", met);
        told("a frame with all of them", &millis(folded.frame));
        told(
            "a frame with all of them that has to scroll",
            &millis(folded.small),
        );
    }

    /// The details are read when there is nothing else to ask, so that they delay nothing. Nobody can
    /// switch them off: they are compared with a service that refuses them.
    fn details(&self) {
        let mut live = Vec::new();
        for refuse in [Some(DETAILS.to_owned()), None] {
            let with = refuse.is_none();
            let mut served = Served::start(&Serving {
                policies: true,
                refuse,
                ..Serving::users(self.users, self.latency)
            });
            let mut terminal = self.start(&served, "all");
            let mut asked = served.asked();
            let needed = served.whole_sweep();
            while asked.sweep() < needed {
                terminal.next(Duration::from_millis(100));
                asked = served.asked();
            }
            let until = |asked: &Asked| asked.last("GetAccessKeyLastUsed");
            live.push(until(&asked));
            if !with {
                continue;
            }
            terminal.wait("the end", |screen| !screen::busy(screen));
            terminal.quiet(SETTLED);
            let asked = served.check_sweep();
            let calls = asked.done(DETAILS);
            let pages = served.pages();
            assert!((pages..=pages + 1).contains(&calls), "{asked:?}");
            let one_by_one = asked.done("ListUserTags");
            assert!(one_by_one <= 40, "only those on screen: {asked:?}");
            let what = format!(
                "details of {} users with policies: calls",
                count(self.users)
            );
            let most = pages + 1;
            let target = format!("≤ {most}");
            judged(&what, &calls.to_string(), &target, calls <= most);
            let what = "tags asked for one by one, of users on screen";
            told(what, &one_by_one.to_string());
            let after = asked.last(DETAILS).saturating_sub(until(&asked));
            told("the last of them after the last key", &seconds(after));
        }
        let [without, with] = live[..] else {
            unreachable!("there are two");
        };
        told("every key asked for, details refused", &seconds(without));
        let bound = without.mul_f64(NOT_SLOWED);
        let target = format!("≤ {}", seconds(bound));
        let what = "every key asked for, details read";
        self.judge(what, &seconds(with), &target, with <= bound);
    }
}

/// Waits until the screen is so, if it is not yet.
fn wait(terminal: &mut Terminal, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
    if !is_so(terminal.parser.screen()) {
        terminal.wait(what, is_so);
    }
}
