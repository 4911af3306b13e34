//! The `iamkeys` program: parse the command line, take the terminal, run, give it back.

use iamkeys::{cli::Cli, memory, program, tui::keyboard};
use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything can go wrong, and before there is a secret.
    let no_dumps = memory::no_core_dumps();
    match Cli::of_process() {
        Ok(cli) => program::run(&cli, cli.accounts(), keyboard::events, no_dumps),
        Err(code) => code,
    }
}
