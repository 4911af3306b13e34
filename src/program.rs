//! The program from its start to its end: the terminal is taken, the event loop runs, and the
//! terminal is given back, whatever has happened. A command has no screen, and begins in the same way.

use crate::{
    cli::{Cli, NoAccount, NoLog, Task, goodbye},
    commands::{self, Prepared},
    driver::{self, Accounts, Driver},
    engine::{Exit, key_id::redacted, text::visible},
    signals::{events, signals},
    stderr::complain,
    tui::{
        TO_READ,
        app::{App, Config},
        keyboard::Input,
        terminal::{self, Tty},
    },
};
use futures::Stream;
use std::{
    env, io,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    time::SystemTime,
};
use tokio::{runtime::Runtime, sync::mpsc};
use tracing_appender::non_blocking::WorkerGuard;

/// Runs the screen until the person leaves. `events` begins to read the terminal, `no_dumps` tells
/// whether core dumps were switched off.
pub fn run<S>(
    cli: &Cli,
    accounts: Accounts,
    events: impl FnOnce() -> io::Result<S>,
    no_dumps: io::Result<()>,
) -> ExitCode
where
    S: Stream<Item = io::Result<Input>> + Unpin,
{
    if !terminal::is_there() {
        complain("iamkeys: standard input and output must be a terminal");
        return ExitCode::from(2);
    }
    if !can_move_the_cursor(env::var("TERM").ok().as_deref()) {
        complain(
            "iamkeys: TERM=dumb names a terminal that cannot move its cursor, which iamkeys needs; \
             set TERM to what this terminal is, such as xterm-256color",
        );
        return ExitCode::from(2);
    }
    if let Err(error) = terminal::install_hooks() {
        complain(format_args!("iamkeys: {error}"));
        return ExitCode::FAILURE;
    }
    // A panic has given the terminal back and printed its report by the time it gets here.
    let ended = catch_unwind(AssertUnwindSafe(|| {
        run_screen(cli, accounts, events, no_dumps)
    }));
    terminal::give_back();
    let reports = terminal::take_reports();
    let sound = reports.is_empty();
    complain(reports.join("\n"));
    match ended {
        Ok(Ok(exit)) => {
            let (code, lines) = goodbye(exit);
            // A line break in a user's name would begin another.
            let lines = lines
                .iter()
                .map(|line| format!("iamkeys: {}", visible(line)));
            complain(lines.collect::<Vec<_>>().join("\n"));
            if sound { code } else { ExitCode::FAILURE }
        }
        Ok(Err(report)) => not_begun(&report),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Runs a command, which has no screen, to its end. `no_dumps` tells whether core dumps were switched
/// off.
#[must_use]
pub fn run_command(
    cli: &Cli,
    task: &Task,
    accounts: Accounts,
    no_dumps: io::Result<()>,
) -> ExitCode {
    if !commands::asks_accounts(task) {
        return commands::run_here(cli, task);
    }
    let ended = begin(cli, no_dumps, events).and_then(|(tokio, signals, _log)| {
        let (target, more) = tokio.block_on(cli.opening()).map_err(NoAccount)?;
        let prepared = Prepared {
            handle: tokio.handle().clone(),
            accounts,
            driver: cli.driver_config(&cli.settings()),
            signals,
            target,
            more,
        };
        let code = tokio.block_on(commands::run(cli, task, prepared))?;
        // What is still under way is a read that is not waited for.
        tokio.shutdown_background();
        Ok(code)
    });
    ended.unwrap_or_else(|report| not_begun(&report))
}

/// What every run begins with: threads, signals, and the log, which goes on until its guard is dropped.
fn begin<S>(
    cli: &Cli,
    no_dumps: io::Result<()>,
    signals: impl FnOnce() -> io::Result<S>,
) -> color_eyre::Result<(Runtime, S, Option<WorkerGuard>)> {
    let tokio = driver::threads()?;
    // Before anything is written: a limit on the size of files would end the program there.
    let inside = tokio.enter();
    let signals = signals()?;
    drop(inside);
    let log = cli.start_log()?;
    if let Err(error) = no_dumps {
        tracing::warn!(%error, "a crash may leave a core dump");
    }
    Ok((tokio, signals, log))
}

/// Says why nothing was begun.
fn not_begun(report: &color_eyre::Report) -> ExitCode {
    // It may repeat what was typed in the place of a file. That the file of the log is not writable is
    // nothing to trace.
    let (text, code) = if let Some(no_log) = report.downcast_ref::<NoLog>() {
        (format!("iamkeys: {no_log}"), ExitCode::FAILURE)
    } else if let Some(no_account) = report.downcast_ref::<NoAccount>() {
        (
            format!("iamkeys: {}", visible(&no_account.0)),
            ExitCode::from(2),
        )
    } else {
        (format!("{report:?}"), ExitCode::FAILURE)
    };
    complain(redacted(&text));
    code
}

/// Whether a terminal of this name can be drawn on. Only one that says that it cannot is turned away:
/// the others are not looked up.
fn can_move_the_cursor(term: Option<&str>) -> bool {
    term != Some("dumb")
}

fn run_screen<S>(
    cli: &Cli,
    accounts: Accounts,
    events: impl FnOnce() -> io::Result<S>,
    no_dumps: io::Result<()>,
) -> color_eyre::Result<Exit>
where
    S: Stream<Item = io::Result<Input>> + Unpin,
{
    let (tokio, signals, _log) = begin(cli, no_dumps, signals)?;
    let (target, more) = tokio.block_on(cli.opening()).map_err(NoAccount)?;
    let exit = tokio.block_on(async {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let settings = cli.settings();
        let handle = tokio.handle().clone();
        let driver = Driver::new(handle, outbox, accounts, cli.driver_config(&settings));
        let config = Config {
            settings,
            target,
            more,
            find: cli.key_id.clone(),
            leaked: cli.leaked().cloned(),
            now: Box::new(|| SystemTime::now().into()),
            to_read: TO_READ,
            account_rules: cli.file.rules.clone(),
            policy: cli.file.policy.clone(),
            warnings: cli.file.warnings.on(commands::today()),
        };
        let mut app = App::start(Tty::take()?, driver, inbox, config)?;
        app.run(events()?, signals).await
    })?;
    // What is still under way was told of, or is a read that is not waited for.
    tokio.shutdown_background();
    Ok(exit)
}
