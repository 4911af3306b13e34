//! `iamkeys list` into a pipe: how soon all keys are printed, and the first of them.

use crate::{
    endpoint::{Asked, Served},
    parts::{AT_ONCE, Bench},
    table::{count, megabytes, percentiles, seconds, told},
    terminal::number,
};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How often the memory of the program is looked at: what it had at most counts, which only grows.
const LOOK: Duration = Duration::from_millis(2);

/// The line that tells of it.
const MOST: &str = "VmHWM:";

/// A run of it.
struct Listed {
    /// From its start until the first line was there.
    first: Duration,
    /// How many answers had been sent by then.
    answered: usize,
    /// Until the last line was there and it had ended.
    all: Duration,
    /// The most memory it had, in bytes.
    memory: u64,
    asked: Asked,
}

/// By the report, and with each key asked for.
pub(crate) fn list(bench: &Bench) {
    by_report(bench);
    live(bench);
}

fn by_report(bench: &Bench) {
    let runs = bench.runs.min(5);
    let runs: Vec<Listed> = (0..runs)
        .map(|_| {
            let mut served = bench.serve(bench.users);
            let listed = run(bench, &mut served, &["--report"]);
            let asked = &listed.asked;
            for (action, expected) in [
                ("ListUsers", served.pages()),
                ("GetCredentialReport", 1),
                ("GetAccountAuthorizationDetails", served.pages()),
                ("ListAccessKeys", 0),
                ("GetAccessKeyLastUsed", 0),
            ] {
                assert_eq!(asked.done(action), expected, "{action}: {asked:?}");
            }
            listed
        })
        .collect();
    let [time, _, longest] = percentiles(runs.iter().map(|run| run.all).collect());
    let what = format!("list --report --format jsonl, {} users", count(bench.users));
    let met = time <= Duration::from_millis(600);
    bench.judge(&what, &seconds(time), "≤ 0.60 s", met);
    told("the same: the longest", &seconds(longest));
    let calls: Vec<usize> = runs.iter().map(|run| run.asked.all()).collect();
    told("calls of that", &count(calls[0]));
    let most = runs.iter().map(|run| run.memory).max().unwrap_or(0);
    judge_memory(bench, most);
}

fn live(bench: &Bench) {
    let mut served = bench.serve(bench.users);
    let listed = run(bench, &mut served, &[]);
    let asked = served.check_sweep();
    assert!(asked.most_at_once <= AT_ONCE, "{asked:?}");
    let calls = served.whole_sweep();
    let bound = bench.bound(calls);
    let of = format!("{} users, {} keys", count(served.users), count(served.keys));
    let target = format!("≤ {}", seconds(bound.mul_f64(1.15)));
    bench.judge(
        &format!("list --format jsonl, {of}, each asked for"),
        &seconds(listed.all),
        &target,
        listed.all <= bound.mul_f64(1.15),
    );
    told("latency bound of that", &seconds(bound));
    let of = format!("{} of {}", count(asked.sweep()), count(calls));
    told("calls of that, of how many are needed", &of);
    let all = asked.all();
    bench.judge(
        "answers sent when the first line was read",
        &format!("{} of {}", count(listed.answered), count(all)),
        "not all",
        listed.answered < all,
    );
    assert!(
        listed.answered < all,
        "the first line waits for all answers"
    );
    told("start to that line", &seconds(listed.first));
    judge_memory(bench, listed.memory);
}

fn judge_memory(bench: &Bench, most: u64) {
    let met = most <= 40_000_000;
    bench.judge("resident at most", &megabytes(most), "≤ 40 MB", met);
}

/// Runs it, and reads what it prints as fast as it comes.
fn run(bench: &Bench, served: &mut Served, args: &[&str]) -> Listed {
    let started = Instant::now();
    let mut child = Command::new(&bench.program)
        .args(["list", "--format", "jsonl"])
        .args(args)
        .args(served.session.args())
        .env_clear()
        .env("HOME", bench.home.path())
        .envs(served.session.env())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let watch = Watch::start(Path::new("/proc").join(child.id().to_string()));
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    out.read_line(&mut line).expect("the first line");
    let first = started.elapsed();
    let answered = served.asked().answered;
    let mut lines = 1;
    loop {
        line.clear();
        if out.read_line(&mut line).expect("a line") == 0 {
            break;
        }
        assert!(line.starts_with('{') && line.ends_with("}\n"), "{line}");
        lines += 1;
    }
    let status = child.wait().expect("its end");
    let all = started.elapsed();
    assert!(status.success(), "{status}");
    assert_eq!(lines, served.keys, "a line for each key");
    Listed {
        first,
        answered,
        all,
        memory: watch.most(),
        asked: served.asked(),
    }
}

/// Looks at a process as long as it runs: once it has ended, nothing tells how much memory it had.
struct Watch {
    most: Arc<AtomicU64>,
    thread: thread::JoinHandle<()>,
}

impl Watch {
    fn start(proc: PathBuf) -> Self {
        let most = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&most);
        let thread = thread::spawn(move || {
            // What has ended has no memory, and no line that tells of it.
            while let Ok(status) = fs::read_to_string(proc.join("status"))
                && status.contains(MOST)
            {
                seen.fetch_max(number(&status, MOST) * 1024, Ordering::Relaxed);
                thread::sleep(LOOK);
            }
        });
        Self { most, thread }
    }

    fn most(self) -> u64 {
        self.thread.join().expect("it ends with the process");
        self.most.load(Ordering::Relaxed)
    }
}
