//! The `iamkeys` program: parse the command line, take the terminal, run, give it back.

use clap::Parser as _;
use color_eyre::eyre::WrapErr as _;
use crossterm::event::EventStream;
use iamkeys::{
    app::{App, BETWEEN_KEYS, Config},
    cli::{Cli, goodbye},
    effect::Exit,
    log,
    runtime::Runtime,
    signals::signals,
    terminal::{self, Tty},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};
use tokio::sync::mpsc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if !terminal::is_there() {
        eprintln!("iamkeys: standard input and output must be a terminal");
        return ExitCode::from(2);
    }
    if let Err(error) = terminal::install_hooks() {
        eprintln!("iamkeys: {error}");
        return ExitCode::FAILURE;
    }
    // A panic has given the terminal back and printed its report by the time it gets here.
    let ended = catch_unwind(AssertUnwindSafe(|| run(&cli)));
    terminal::give_back();
    for report in terminal::take_reports() {
        eprintln!("{report}");
    }
    match ended {
        Ok(Ok(exit)) => {
            let (code, lines) = goodbye(exit);
            for line in lines {
                eprintln!("iamkeys: {line}");
            }
            code
        }
        Ok(Err(report)) => {
            eprintln!("{report:?}");
            ExitCode::FAILURE
        }
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(cli: &Cli) -> color_eyre::Result<Exit> {
    let _log = match &cli.log_file {
        Some(path) => Some(
            log::start(path, cli.log_level)
                .wrap_err_with(|| format!("the log {} cannot be written", path.display()))?,
        ),
        None => None,
    };
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let exit = tokio.block_on(async {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let settings = cli.settings();
        let runtime = Runtime::new(
            tokio.handle().clone(),
            outbox,
            cli.accounts(),
            settings.clipboard,
        );
        let signals = signals()?;
        let config = Config {
            settings,
            target: cli.target(),
            now: Box::new(chrono::Utc::now),
            between_keys: BETWEEN_KEYS,
        };
        let mut app = App::start(Tty::take()?, runtime, inbox, config)?;
        app.run(EventStream::new(), signals).await
    })?;
    // Whatever is still under way was told of, or is a read that nobody waits for.
    tokio.shutdown_background();
    Ok(exit)
}
