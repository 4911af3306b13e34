//! Thousands of users: how soon the real program has them on screen, what that costs, and what an
//! ordinary script needs for the same work.
//!
//! ```text
//! cargo bench --bench load                          # the whole table: some minutes
//! cargo bench --bench load -- --only live --only scripts
//! cargo bench --bench load -- --whole               # the slow script on the whole account, too
//! cargo bench --bench load -- --test                # small and quick; what happened is checked
//! cargo bench --bench load -- --program PATH        # another build of it
//! ```
//!
//! The embedded endpoint is served on loopback by a process of its own (this program once more), so
//! that its work is not counted as anybody else's. Everything else is seen from outside: what comes
//! out of the terminal, what the endpoint was asked, what `/proc` tells. Each line has an endpoint and
//! a program of its own.
//!
//! Two parts are no work of a process, and are measured in this one: `judging`, which asks no account,
//! and `plan`, which has the engine and the driver of the screen.
//!
//! Where numbers are measured, the requests are checked as well: whatever the screen says, a line
//! fails if the endpoint was asked too little, too much or twice.

#[cfg(target_os = "linux")]
#[path = "../common/endpoint.rs"]
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod endpoint;
#[cfg(target_os = "linux")]
mod judging;
#[cfg(target_os = "linux")]
#[path = "../common/keyboard.rs"]
mod keyboard;
#[cfg(target_os = "linux")]
mod list;
#[cfg(target_os = "linux")]
#[path = "../common/look.rs"]
mod look;
#[cfg(target_os = "linux")]
#[path = "../common/made.rs"]
#[allow(dead_code, reason = "another benchmark needs more of it")]
mod made;
#[cfg(target_os = "linux")]
mod parts;
#[cfg(target_os = "linux")]
mod plan;
#[cfg(target_os = "linux")]
mod screen;
#[cfg(target_os = "linux")]
#[path = "../common/script.rs"]
mod script;
#[cfg(target_os = "linux")]
mod shell;
#[cfg(target_os = "linux")]
#[path = "../common/table.rs"]
mod table;
#[cfg(target_os = "linux")]
#[path = "../common/terminal.rs"]
mod terminal;

fn main() {
    #[cfg(target_os = "linux")]
    linux::main();
    #[cfg(not(target_os = "linux"))]
    println!("processes are measured on Linux only");
}

#[cfg(target_os = "linux")]
mod linux {
    use crate::{
        endpoint::{self, Serving},
        parts::{Bench, Part},
        table,
    };
    use clap::Parser;
    use std::{path::PathBuf, time::Duration};

    /// What to measure, and on what.
    #[derive(Parser)]
    struct Options {
        /// A small account, once; only what happened is checked
        #[arg(long)]
        test: bool,
        /// Only these lines
        #[arg(long, value_enum, value_name = "PART")]
        only: Vec<Part>,
        /// The script that asks one at a time has the whole account to do: ten minutes
        #[arg(long)]
        whole: bool,
        /// Times to the first frame are medians of so many runs
        #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// The program to measure
        #[arg(long, default_value = env!("CARGO_BIN_EXE_iamkeys"))]
        program: PathBuf,
        /// Given by `cargo bench`, and not by `cargo test`
        #[arg(long, hide = true)]
        bench: bool,
        #[command(subcommand)]
        serve: Option<Serve>,
    }

    /// What this program does when it starts itself.
    #[derive(clap::Subcommand)]
    enum Serve {
        /// Answers for an account until its input ends
        #[command(hide = true)]
        Serve(Serving),
    }

    pub(super) fn main() {
        let options = Options::parse();
        if let Some(Serve::Serve(serving)) = options.serve {
            endpoint::serve(&serving);
            return;
        }
        let quick = options.test || !options.bench;
        let mut bench = Bench::new(options.program, quick);
        if !quick {
            bench.runs = options.runs.into();
            bench.users = 5_000;
            bench.limited_users = 600;
            bench.rate = 50;
            bench.most_users = 100_000;
            bench.slow_users = if options.whole { bench.users } else { 250 };
            bench.latency = Duration::from_millis(50);
            bench.idle = Duration::from_secs(10);
            bench.presses = 400;
            bench.most_keys = 100_000;
            bench.planned = (20, 50);
        }
        table::heading(quick);
        for part in Part::ALL {
            if options.only.is_empty() || options.only.contains(&part) {
                bench.run(part);
            }
        }
    }
}
