//! The `iamkeys` program: parse the command line, take the terminal, run, give it back; or run a
//! command, which prints and has no screen.

use iamkeys::{
    cli::{Cli, Task},
    commands, memory, program,
    tui::keyboard,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    // A shell that asks how a command line goes on is answered, and nothing else is done.
    if commands::complete() {
        return ExitCode::SUCCESS;
    }
    // Before anything can go wrong, and before there is a secret.
    let no_dumps = memory::no_core_dumps();
    match Cli::of_process() {
        Ok(cli) => match &cli.task {
            Some(Task::Leaked { .. }) | None => {
                program::run(&cli, cli.accounts(), keyboard::events, no_dumps)
            }
            Some(task) => program::run_command(&cli, task, cli.accounts(), no_dumps),
        },
        Err(code) => code,
    }
}
