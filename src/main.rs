//! The `iamkeys` program: parse the command line, take the terminal, run, give it back.

use clap::Parser as _;
use iamkeys::{cli::Cli, memory, program, tui::keyboard};
use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything can go wrong, and before there is a secret.
    let no_dumps = memory::no_core_dumps();
    let cli = Cli::parse();
    program::run(&cli, cli.accounts(), keyboard::events, no_dumps)
}
