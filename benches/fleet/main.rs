//! An organisation of hundreds of accounts: how soon the real program has all of them on screen, what
//! that costs, and what an ordinary script needs for the same work.
//!
//! ```text
//! cargo bench --bench fleet                          # the whole table: some minutes
//! cargo bench --bench fleet -- --only load --only script
//! cargo bench --bench fleet -- --test                # small and quick; what happened is checked
//! cargo bench --bench fleet -- --program PATH        # another build of it
//! ```
//!
//! As in `benches/load`, the embedded endpoint is served on loopback by a process of its own, and
//! everything else is seen from outside. The organisation lists twenty accounts on a page; in each of
//! them a role is assumed, the users are listed and the credential report is fetched, which is there
//! already. A line fails if the endpoint was asked too little, too much or twice, whatever the screen
//! says.

#[cfg(target_os = "linux")]
#[path = "../common/endpoint.rs"]
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod endpoint;
#[cfg(target_os = "linux")]
#[path = "../common/keyboard.rs"]
mod keyboard;
#[cfg(target_os = "linux")]
#[path = "../common/look.rs"]
mod look;
#[cfg(target_os = "linux")]
mod parts;
#[cfg(target_os = "linux")]
mod screen;
#[cfg(target_os = "linux")]
#[path = "../common/script.rs"]
mod script;
#[cfg(target_os = "linux")]
#[path = "../common/table.rs"]
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
        /// A small organisation; only what happened is checked
        #[arg(long)]
        test: bool,
        /// Only these lines
        #[arg(long, value_enum, value_name = "PART")]
        only: Vec<Part>,
        /// How many accounts there are
        #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..))]
        accounts: u16,
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
        /// Answers for an organisation until its input ends
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
            bench.accounts = options.accounts.into();
            bench.users = 40;
            bench.latency = Duration::from_millis(50);
            bench.listing_rate = 2;
            bench.slow_rate = 5;
            bench.slow_one_in = 50;
        }
        table::heading(quick);
        for part in Part::ALL {
            if options.only.is_empty() || options.only.contains(&part) {
                bench.run(part);
            }
        }
    }
}
