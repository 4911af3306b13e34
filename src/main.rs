//! The `iamkeys` program: parse the command line, take the terminal, run, give it back.

use iamkeys::{
    cli::{Cli, Task},
    memory, program,
    tui::{keyboard, terminal::complain},
};
use std::{
    io::{self, ErrorKind, Write as _},
    process::ExitCode,
};

fn main() -> ExitCode {
    // Before anything can go wrong, and before there is a secret.
    let no_dumps = memory::no_core_dumps();
    match Cli::of_process() {
        Ok(cli) => match &cli.task {
            Some(Task::Config) => print(&cli.describe_config()),
            Some(Task::Leaked { .. }) | None => {
                program::run(&cli, cli.accounts(), keyboard::events, no_dumps)
            }
        },
        Err(code) => code,
    }
}

/// Prints what was asked for.
fn print(text: &str) -> ExitCode {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads it has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("iamkeys: {error}"));
            ExitCode::FAILURE
        }
    }
}
