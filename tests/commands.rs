//! The commands of the real program: what they print, ask and say, in pipes and in a terminal. The
//! account is the demo's own, or the embedded endpoint on a socket of this process.

#![cfg(unix)]

#[path = "common/pty.rs"]
mod pty;
#[path = "common/served.rs"]
mod served;

#[path = "commands/asked.rs"]
mod asked;
#[path = "commands/changes.rs"]
mod changes;
#[path = "commands/check.rs"]
mod check;
#[path = "commands/ends.rs"]
mod ends;
#[path = "commands/failed.rs"]
mod failed;
#[path = "commands/incomplete.rs"]
mod incomplete;
#[path = "commands/plans.rs"]
mod plans;
#[path = "commands/schema.rs"]
mod schema;
#[path = "commands/secrets.rs"]
mod secrets;
#[path = "commands/shapes.rs"]
mod shapes;
#[path = "commands/shell.rs"]
mod shell;
#[path = "commands/terminal.rs"]
mod terminal;

use chrono::Utc;
use iamkeys::demo::{Account, Endpoint};
use serde_json::Value;
use served::Served;
use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

/// What a command has printed, and how it has ended.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// The lines, each an object.
    #[track_caller]
    fn lines(&self) -> Vec<Value> {
        let lines = self.out.lines();
        let lines = lines.map(|line| serde_json::from_str(line).expect("a JSON object a line"));
        lines.collect()
    }

    /// All of it as one document.
    #[track_caller]
    fn document(&self) -> Value {
        serde_json::from_str(&self.out).expect("a JSON document")
    }

    /// It ended well, and had nothing to say.
    #[track_caller]
    fn well(self) -> Self {
        assert_eq!((self.code, &*self.err), (0, ""), "{}", self.out);
        self
    }
}

/// The program with nothing in its environment that a test did not put there, and a home that is not
/// there.
fn iamkeys(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iamkeys"));
    command
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null());
    command
}

/// Runs it against the demo.
fn demo(args: &[&str]) -> Ran {
    let output = iamkeys(args).arg("--demo").output();
    Ran::of(output.expect("it runs"))
}

/// An account that answers at once.
fn account() -> Served {
    served(Account::demo(Utc::now()))
}

fn served(account: Account) -> Served {
    let endpoint = Endpoint::new(account).with_report_time(chrono::TimeDelta::zero());
    Served::of(&endpoint)
}

/// The program, signed in to it.
fn at(served: &Served, args: &[&str]) -> Command {
    let credentials = served.endpoint.sdk_credentials();
    let mut command = iamkeys(args);
    command
        .args(["--endpoint-url", &served.url(), "--no-journal"])
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
    command
}

fn run_at(served: &Served, args: &[&str]) -> Ran {
    Ran::of(at(served, args).output().expect("it runs"))
}

/// The schema of this name.
fn schema(name: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("assets/schema").join(format!("{name}.json"));
    let text = std::fs::read_to_string(path).expect("a schema");
    serde_json::from_str(&text).expect("JSON")
}
