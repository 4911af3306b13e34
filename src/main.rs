//! The `iamkeys` program: parse the command line, take the terminal, run, give it back.

use clap::Parser as _;
use iamkeys::{
    app::{App, BETWEEN_KEYS, Config},
    cli::{Cli, goodbye},
    effect::Exit,
    input, memory,
    runtime::{self, Runtime},
    signals::signals,
    terminal::{self, Tty, complain},
};
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};
use tokio::sync::mpsc;

fn main() -> ExitCode {
    // Before anything can go wrong, and before there is a secret.
    let no_dumps = memory::no_core_dumps();
    let cli = Cli::parse();
    if !terminal::is_there() {
        complain("iamkeys: standard input and output must be a terminal");
        return ExitCode::from(2);
    }
    if let Err(error) = terminal::install_hooks() {
        complain(format_args!("iamkeys: {error}"));
        return ExitCode::FAILURE;
    }
    // A panic has given the terminal back and printed its report by the time it gets here.
    let ended = catch_unwind(AssertUnwindSafe(|| run(&cli, no_dumps)));
    terminal::give_back();
    let reports = terminal::take_reports();
    let sound = reports.is_empty();
    for report in reports {
        complain(report);
    }
    match ended {
        Ok(Ok(exit)) => {
            let (code, lines) = goodbye(exit);
            for line in lines {
                complain(format_args!("iamkeys: {line}"));
            }
            if sound { code } else { ExitCode::FAILURE }
        }
        Ok(Err(report)) => {
            complain(format_args!("{report:?}"));
            ExitCode::FAILURE
        }
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(cli: &Cli, no_dumps: io::Result<()>) -> color_eyre::Result<Exit> {
    let _log = cli.start_log()?;
    if let Err(error) = no_dumps {
        tracing::warn!(%error, "a crash may leave a core dump");
    }
    let tokio = runtime::threads()?;
    let exit = tokio.block_on(async {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let settings = cli.settings();
        let handle = tokio.handle().clone();
        let runtime = Runtime::new(handle, outbox, cli.accounts(), cli.means(&settings));
        let signals = signals()?;
        let config = Config {
            settings,
            target: cli.target(),
            find: cli.key_id.clone(),
            now: Box::new(chrono::Utc::now),
            between_keys: BETWEEN_KEYS,
        };
        let mut app = App::start(Tty::take()?, runtime, inbox, config)?;
        app.run(input::events()?, signals).await
    })?;
    // Whatever is still under way was told of, or is a read that nobody waits for.
    tokio.shutdown_background();
    Ok(exit)
}
