//! Ordinary scripts that do the same work, run by a Python that has boto3.

use crate::{
    endpoint::{Asked, Served},
    terminal::memory,
};
use std::{
    env,
    ffi::OsString,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Names a Python that has boto3.
const PYTHON: &str = "IAMKEYS_BOTO3_PYTHON";

/// The version that works the keys of our endpoint in the tests, too.
fn version() -> &'static str {
    include_str!("../../tests/interop/run")
        .lines()
        .find_map(|line| line.strip_prefix("boto3="))
        .expect("the version of boto3")
}

/// A Python that has boto3: the one that the environment names, or else, where there is time for it,
/// one of our own.
pub(crate) fn python(may_install: bool) -> Result<PathBuf, String> {
    if let Some(python) = env::var_os(PYTHON) {
        return Ok(python.into());
    }
    let why = format!("no Python with boto3, see {PYTHON}");
    if !may_install {
        return Err(why);
    }
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("boto3-{}", version()));
    let python = venv.join("bin/python");
    let run = |program: &Path, args: &[OsString]| {
        let mut command = Command::new(program);
        let ended = command.args(args).stdout(Stdio::null()).status();
        ended.is_ok_and(|status| status.success())
    };
    let has_boto3 = || run(&python, &["-c".into(), "import boto3".into()]);
    let package = OsString::from(format!("boto3=={}", version()));
    let made = has_boto3()
        || run(
            Path::new("python3"),
            &["-m".into(), "venv".into(), venv.clone().into()],
        ) && run(
            &venv.join("bin/pip"),
            &["install".into(), "--quiet".into(), package],
        ) && has_boto3();
    if made { Ok(python) } else { Err(why) }
}

/// What a script needed.
pub(crate) struct Needed {
    /// What it has printed: how much it knew.
    pub(crate) line: String,
    /// From its start until it knew everything.
    pub(crate) time: Duration,
    pub(crate) processor: Duration,
    /// The most memory it had, in bytes.
    pub(crate) memory: u64,
    pub(crate) asked: Asked,
}

/// Runs a script of these benchmarks, which prints a line once it knows everything.
pub(crate) fn run(python: &Path, script: &[&str], home: &Path, served: &mut Served) -> Needed {
    let (name, args) = script.split_first().expect("the name of the script");
    let started = Instant::now();
    let mut child = Command::new(python)
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("benches")
                .join(name),
        )
        .args(args)
        .env_clear()
        .env("HOME", home)
        .env("NO_PROXY", "127.0.0.1")
        .env("AWS_ENDPOINT_URL", &served.session.url)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .envs(served.session.env())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python");
    let mut line = String::new();
    let out = child.stdout.take().expect("its output");
    BufReader::new(out).read_line(&mut line).expect("a line");
    let time = started.elapsed();
    // It waits for the end of its input, and can be looked at.
    let proc = Path::new("/proc").join(child.id().to_string());
    let needed = Needed {
        line,
        time,
        processor: processor(&proc),
        memory: memory(&proc, "VmHWM:"),
        asked: served.asked(),
    };
    drop(child.stdin.take());
    let status = child.wait().expect("its end");
    assert!(status.success(), "the script: {status}");
    needed
}

/// How long a process has run so far, itself and for itself in the kernel: with all threads, also
/// those that have ended. Told in hundredths of a second.
pub(crate) fn processor(proc: &Path) -> Duration {
    let stat = fs::read_to_string(proc.join("stat")).expect("its times");
    // What is in parentheses is a name, and may be anything.
    let (_, after) = stat.rsplit_once(')').expect("its name");
    let hundredths: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().expect("a time"))
        .sum();
    Duration::from_millis(hundredths * 10)
}
