//! Who uses a key: how soon the real program shows it, what that costs, and what the permissions of
//! everybody cost, which are read in the background.
//!
//! ```text
//! cargo bench --bench impact                        # the whole table: two minutes
//! cargo bench --bench impact -- --only history --only fold
//! cargo bench --bench impact -- --test              # small and quick; what happened is checked
//! cargo bench --bench impact -- --program PATH      # another build of it
//! ```
//!
//! As in `benches/load`, the embedded endpoint is served on loopback by a process of its own, and the
//! program is seen from outside. One key has more than ten thousand events, in all regions; how many
//! requests came to a region in a second is counted where they arrive. Only what folding the events
//! costs is measured within this process.

#[cfg(target_os = "linux")]
#[path = "../common/endpoint.rs"]
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod endpoint;
#[cfg(target_os = "linux")]
mod fold;
#[cfg(target_os = "linux")]
#[path = "../common/keyboard.rs"]
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod keyboard;
#[cfg(target_os = "linux")]
#[path = "../common/look.rs"]
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod look;
#[cfg(target_os = "linux")]
mod parts;
#[cfg(target_os = "linux")]
mod screen;
#[cfg(target_os = "linux")]
#[path = "../common/table.rs"]
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod table;
#[cfg(target_os = "linux")]
#[path = "../common/terminal.rs"]
#[allow(dead_code, reason = "other benchmarks need more of it")]
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
        /// A small account; only what happened is checked
        #[arg(long)]
        test: bool,
        /// Only these lines
        #[arg(long, value_enum, value_name = "PART")]
        only: Vec<Part>,
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
            bench.users = 5_000;
            bench.latency = Duration::from_millis(50);
            bench.presses = usize::MAX;
        }
        table::heading(quick);
        for part in Part::ALL {
            if options.only.is_empty() || options.only.contains(&part) {
                bench.run(part);
            }
        }
    }
}
