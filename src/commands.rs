//! The commands that print and have no screen: `iamkeys list`, `find`, `impact` and others. They drive
//! the same [`engine`] with the same [`driver`](crate::driver) as the screen does, and wait for what they
//! are to tell: `run` is the loop, `follow` says which users are complete, `output` prints, `incomplete`
//! tells what could not be seen, and `ask` asks in the terminal what signing in needs a person for. What
//! a command does is in a file each.
//!
//! Those that change something show and confirm it in `confirm`, have it done by the engine's plans in
//! `carry`, and print what became of it (`changed`).

mod accounts;
mod ask;
mod carry;
mod change;
mod changed;
mod check;
pub mod columns;
mod completions;
mod confirm;
mod create;
mod find;
mod follow;
mod impact;
mod incomplete;
mod journal;
mod key;
mod list;
mod manual;
mod named_user;
mod output;
mod plan;
mod progress;
mod rotate;
mod run;
mod store;
mod user;
mod users;

pub use check::CheckFormat;
pub use completions::{Shell, complete, profiles, users};
pub use output::Format;

use crate::{
    cli::{Cli, PlanTask, Task, goodbye},
    driver::{Driver, DriverConfig},
    engine::{
        self, Background, BulkAction, Event, MoreAccounts, Parts, Target,
        account::Account,
        findings::{Policy, RuleIds},
        query::Query,
        text::visible,
    },
    stderr::complain,
};
use chrono::NaiveDate;
use futures::Stream;
use incomplete::Gap;
use output::{Looks, Printer, Record, Writer, Written};
use progress::Progress;
use run::{Changes, Ended, Runner, Start};
use std::{
    io::{self, ErrorKind},
    process::ExitCode,
    time::Duration,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What a document says where nothing could be read: which accounts there are, and why not, is in it as well.
const NOTHING_READ: &str = "no account could be opened and read";

/// How long the reader of what became of changes is waited for once a signal has come.
const LAST_LINES: Duration = Duration::from_secs(2);

/// What the exit code of a command says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// All of it is done. Also where a reader of the output has read enough.
    Done,
    /// It failed: nothing could be opened or read, the key was not found, the output cannot be written.
    Failed,
    /// It was not asked for in a way that is understood, and nothing was begun.
    Usage,
    /// There are findings at or above `--fail-on`. Some of what was to be judged may not have been seen,
    /// too: that is said, and has no exit code beside this one.
    Findings,
    /// Only a part could be seen or done: standard error says what of which account is missing, and the
    /// JSON.
    Incomplete,
    /// The outcome of a change is not known.
    OutcomeUnknown,
    /// SIGINT has ended it. Other signals end with 128 and their number.
    Interrupted,
}

impl ExitStatus {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Findings,
        Self::Incomplete,
        Self::OutcomeUnknown,
        Self::Interrupted,
    ];

    /// The code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Findings => 3,
            Self::Incomplete => 4,
            Self::OutcomeUnknown => 5,
            Self::Interrupted => 130,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

/// What the commands that ask an account begin with.
pub struct Prepared<S> {
    /// Where tasks run.
    pub handle: tokio::runtime::Handle,
    /// How to reach the accounts.
    pub accounts: crate::driver::Accounts,
    /// What tasks work with.
    pub driver: DriverConfig,
    /// The signals.
    pub signals: S,
    /// Which account to open first.
    pub target: Target,
    /// And which beside it.
    pub more: MoreAccounts,
}

/// A command under way.
struct Command {
    runner: Runner,
    writer: Writer,
    looks: Looks,
}

/// Whether a task is a command that asks accounts.
#[must_use]
pub fn asks_accounts(task: &Task) -> bool {
    matches!(
        task,
        Task::List(_)
            | Task::Users(_)
            | Task::Accounts(_)
            | Task::Find(_)
            | Task::Impact(_)
            | Task::Check(_)
            | Task::Create(_)
            | Task::Rotate(_)
            | Task::Deactivate(_)
            | Task::Activate(_)
            | Task::Delete(_)
    ) || matches!(task, Task::Plan(task) if plan::asks_accounts(task))
}

/// Runs a command that asks no account.
#[must_use]
pub fn run_here(cli: &Cli, task: &Task) -> ExitCode {
    match task {
        Task::Config => print(cli.describe_config(today()).as_bytes()),
        Task::Journal(args) => journal::run(cli, args),
        Task::Completions { shell } => print(&completions::script(*shell)),
        Task::Man { of, to } => manual::run(of, to.as_deref()),
        Task::Plan(PlanTask::Show(args)) => plan::show_here(args),
        Task::Leaked { .. }
        | Task::List(_)
        | Task::Users(_)
        | Task::Accounts(_)
        | Task::Find(_)
        | Task::Impact(_)
        | Task::Check(_)
        | Task::Create(_)
        | Task::Rotate(_)
        | Task::Deactivate(_)
        | Task::Activate(_)
        | Task::Delete(_)
        | Task::Plan(_) => ExitStatus::Usage.into(),
    }
}

/// Runs a command that asks accounts, to its end.
///
/// # Errors
/// When the system gives no thread to write standard output.
pub async fn run<S>(cli: &Cli, task: &Task, prepared: Prepared<S>) -> io::Result<ExitCode>
where
    S: Stream<Item = Event> + 'static,
{
    let looks = Looks::of_output();
    if let Some(refused) = refused(filter_of(task), &cli.file.policy) {
        return Ok(refused);
    }
    Ok(match task {
        Task::List(args) => {
            let plan = list::Plan::of(args, looks);
            let mut command = Command::start(cli, prepared, plan.parts(), plan.streams(), looks)?;
            let ended = plan.run(&mut command).await;
            command.end(ended).await
        }
        Task::Users(args) => {
            let plan = users::Plan::of(args, looks);
            let mut command = Command::start(cli, prepared, plan.parts(), plan.streams(), looks)?;
            let ended = plan.run(&mut command).await;
            command.end(ended).await
        }
        Task::Accounts(args) => {
            let plan = accounts::Plan::of(args, looks);
            let mut command = Command::start(cli, prepared, plan.parts(), false, looks)?;
            let ended = plan.run(&mut command).await;
            command.end(ended).await
        }
        Task::Find(args) => {
            let mut command = Command::start(cli, prepared, output::NOTHING, false, looks)?;
            let ended = find::run(args, &mut command).await;
            command.end(ended).await
        }
        Task::Impact(args) => {
            let mut command = Command::start(cli, prepared, output::NOTHING, false, looks)?;
            let ended = impact::run(args, &mut command).await;
            command.end(ended).await
        }
        Task::Check(args) => {
            let (policy, warnings) = match cli.policy_of(args) {
                Ok(read) => read,
                Err(why) => {
                    complain(format_args!("iamkeys: {}", visible(&why.to_string())));
                    return Ok(ExitStatus::Usage.into());
                }
            };
            if let Some(refused) = refused(args.filter.as_deref(), &policy) {
                return Ok(refused);
            }
            for warning in warnings.on(today()) {
                warn(&warning);
            }
            let plan = check::Plan::of(args, looks, warnings);
            let mut command = Command::start(cli, prepared, plan.parts(), plan.streams(), looks)?;
            command.runner.use_policy(policy);
            let ended = plan.run(&mut command).await;
            command.end(ended).await
        }
        Task::Deactivate(args) | Task::Activate(args) | Task::Delete(args) => {
            let action = match task {
                Task::Activate(_) => BulkAction::Activate,
                Task::Delete(_) => BulkAction::Delete,
                _ => BulkAction::Deactivate,
            };
            let mut command = Command::start_changing(cli, prepared, output::NOTHING, looks)?;
            let ended = change::run(action, args, &mut command).await;
            command.end(ended).await
        }
        Task::Create(args) => {
            let mut command = Command::start_changing(cli, prepared, output::NOTHING, looks)?;
            let ended = create::run(args, &mut command).await;
            command.end(ended).await
        }
        Task::Rotate(args) => {
            let mut command = Command::start_changing(cli, prepared, output::NOTHING, looks)?;
            let ended = rotate::run(args, &mut command).await;
            command.end(ended).await
        }
        Task::Plan(task) => plan::run(cli, task, prepared, looks).await?,
        Task::Leaked { .. }
        | Task::Config
        | Task::Journal(_)
        | Task::Completions { .. }
        | Task::Man { .. } => ExitStatus::Usage.into(),
    })
}

/// The filter of a command, as far as the policy of the config file says which rules there are.
fn filter_of(task: &Task) -> Option<&str> {
    match task {
        Task::List(args) => args.filter.as_deref(),
        Task::Users(args) => args.filter.as_deref(),
        Task::Plan(
            PlanTask::Deactivate(args) | PlanTask::Activate(args) | PlanTask::Delete(args),
        ) => Some(&args.filter),
        _ => None,
    }
}

/// The day, in UTC, as exemptions count it.
#[must_use]
pub fn today() -> NaiveDate {
    run::now().date_naive()
}

/// Says on standard error what of a policy does nothing, or not what it looks like.
fn warn(warning: &str) {
    complain(format_args!("iamkeys: warning: {}", visible(warning)));
}

/// Refuses a filter that asks for findings by rules that a policy does not have.
fn refused(filter: Option<&str>, policy: &Policy) -> Option<ExitCode> {
    let fault = Query::first_fault_by_rules(filter?, &RuleIds::of(policy))?;
    complain(format_args!("iamkeys: {fault}"));
    Some(ExitStatus::Usage.into())
}

impl Command {
    /// Begins to open the accounts, and asks these parts of them.
    fn start<S>(
        cli: &Cli,
        prepared: Prepared<S>,
        parts: Parts,
        streams: bool,
        looks: Looks,
    ) -> io::Result<Self>
    where
        S: Stream<Item = Event> + 'static,
    {
        Self::begin(cli, prepared, parts, streams, looks, Changes::None)
    }

    /// The same for a command that may change something: the journal is opened as well.
    fn start_changing<S>(
        cli: &Cli,
        prepared: Prepared<S>,
        parts: Parts,
        looks: Looks,
    ) -> io::Result<Self>
    where
        S: Stream<Item = Event> + 'static,
    {
        let changes = match prepared.driver.journal.path {
            Ok(None) => Changes::Unjournaled,
            Ok(Some(_)) | Err(_) => Changes::Journaled,
        };
        Self::begin(cli, prepared, parts, false, looks, changes)
    }

    fn begin<S>(
        cli: &Cli,
        prepared: Prepared<S>,
        parts: Parts,
        streams: bool,
        looks: Looks,
        changes: Changes,
    ) -> io::Result<Self>
    where
        S: Stream<Item = Event> + 'static,
    {
        let (outbox, inbox) = unbounded_channel();
        let driver = Driver::new(prepared.handle, outbox, prepared.accounts, prepared.driver);
        let (writer, written): (Writer, UnboundedReceiver<Written>) = Writer::stdout()?;
        let runner = Runner::start(Start {
            driver,
            inbox,
            signals: Box::pin(prepared.signals),
            settings: engine::Settings {
                background: Background::Only(parts),
                // What only reads changes nothing in any case: a plan can be made and looked at.
                read_only: cli.read_only && changes != Changes::None,
                ..cli.settings().engine
            },
            target: prepared.target,
            more: prepared.more,
            rules: cli.file.rules.clone(),
            policy: cli.file.policy.clone(),
            written,
            progress: Progress::new(streams),
            changes,
        });
        Ok(Self {
            runner,
            writer,
            looks,
        })
    }

    /// Prints what has waited and what belongs to all records, and says how complete they are.
    fn finish<R: Record>(&mut self, printer: &mut Printer<R>, gaps: &[Gap]) -> ExitStatus {
        if self.completeness(gaps) == ExitStatus::Failed {
            printer.fail(NOTHING_READ);
        }
        self.print_rest(printer, gaps);
        let status = self.status(gaps);
        if printer.is_empty_table() && status == ExitStatus::Done {
            complain(format_args!("iamkeys: no {}", R::SCHEMA.1));
        }
        status
    }

    /// Prints what has waited and what belongs to all records.
    fn print_rest<R: Record>(&mut self, printer: &mut Printer<R>, gaps: &[Gap]) {
        self.runner.clear_progress();
        printer.finish(&incomplete::accounts(&self.runner.engine), gaps);
    }

    /// Tells what could not be seen, and says what that means.
    fn status(&mut self, gaps: &[Gap]) -> ExitStatus {
        self.runner.clear_progress();
        incomplete::tell(gaps, |line| complain(format_args!("iamkeys: {line}")));
        self.completeness(gaps)
    }

    /// What it means that this could not be seen.
    fn completeness(&self, gaps: &[Gap]) -> ExitStatus {
        let mut accounts = self.runner.engine.fleet.accounts().iter();
        let is_read = |account: &Account| {
            incomplete::is_open(account) && !gaps.iter().any(|gap| gap.is_of_all(account))
        };
        if !accounts.any(is_read) {
            ExitStatus::Failed
        } else if gaps.is_empty() {
            ExitStatus::Done
        } else {
            ExitStatus::Incomplete
        }
    }

    /// Waits until all is printed, and ends.
    async fn end(mut self, ended: Result<ExitStatus, Ended>) -> ExitCode {
        let reached = ended.as_ref().ok().copied();
        let written = match ended {
            Ok(status) => {
                self.writer.end();
                self.written().await.map(|()| status)
            }
            Err(ended) => Err(ended),
        };
        self.runner.finish().await;
        match written {
            Ok(status) => self.code(status),
            // A pipe is closed by a reader that has read enough.
            Err(Ended::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
                self.code(reached.unwrap_or(ExitStatus::Done))
            }
            Err(Ended::Output(error)) => {
                complain(format_args!("iamkeys: standard output: {error}"));
                self.code(unprinted(reached, self.runner.may_change()))
            }
            Err(Ended::Exit(exit)) => {
                let (code, lines) = goodbye(exit);
                for line in lines {
                    complain(format_args!("iamkeys: {}", visible(&line)));
                }
                match reached {
                    Some(status @ ExitStatus::OutcomeUnknown) => status.into(),
                    _ => code,
                }
            }
        }
    }

    /// Waits until all is printed. Once a signal has come, a reader that takes its time is not waited for
    /// any longer than a moment.
    async fn written(&mut self) -> Result<(), Ended> {
        let is_interrupted = self.runner.is_interrupted();
        let written = self.runner.written();
        if !is_interrupted {
            return written.await;
        }
        let within = tokio::time::timeout(LAST_LINES, written).await;
        within.unwrap_or(Ok(()))
    }

    /// The exit code: that of an interrupt says which signal it was.
    fn code(&self, status: ExitStatus) -> ExitCode {
        match (status, self.runner.signal_number()) {
            (ExitStatus::Interrupted, Some(number)) => ExitCode::from(128 + number),
            _ => status.into(),
        }
    }
}

/// What a command has come to whose output could not be written: the graver of the two. Of what was
/// changed, not all could be told.
fn unprinted(reached: Option<ExitStatus>, may_change: bool) -> ExitStatus {
    match reached {
        Some(status @ (ExitStatus::OutcomeUnknown | ExitStatus::Interrupted)) => status,
        Some(ExitStatus::Done | ExitStatus::Incomplete) if may_change => ExitStatus::Incomplete,
        _ => ExitStatus::Failed,
    }
}

/// Prints what was asked for.
fn print(text: &[u8]) -> ExitCode {
    use std::io::Write as _;
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Ok(()) => ExitStatus::Done.into(),
        // Its reader has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitStatus::Done.into(),
        Err(error) => {
            complain(format_args!("iamkeys: standard output: {error}"));
            ExitStatus::Failed.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_printed_hides_no_change() {
        use ExitStatus::{Done, Failed, Incomplete, Interrupted, OutcomeUnknown};
        for (reached, of_change, of_look) in [
            (Some(Done), Incomplete, Failed),
            (Some(Incomplete), Incomplete, Failed),
            (Some(Failed), Failed, Failed),
            (Some(OutcomeUnknown), OutcomeUnknown, OutcomeUnknown),
            (Some(Interrupted), Interrupted, Interrupted),
            (None, Failed, Failed),
        ] {
            assert_eq!(unprinted(reached, true), of_change, "{reached:?}");
            assert_eq!(unprinted(reached, false), of_look, "{reached:?}");
        }
    }
}
