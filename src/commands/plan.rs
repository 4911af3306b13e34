//! `iamkeys plan`: plans over many keys are made of a filter, saved, looked at, carried out and taken
//! back. They are the engine's own, as on the screen.
//!
//! `make` makes one, `document` prints what one says, `open` opens one with the accounts that it names,
//! `apply` carries it out, and `told` says what became of it.

mod apply;
mod document;
mod make;
mod open;
mod told;

pub(super) use document::PlanRecord;
pub(super) use open::tell_unfinished;

use super::{
    Command, ExitStatus, Prepared,
    changed::ChangedRecord,
    output::{self, Column, Format, Looks, Printer, Record, Writer, Written, columns_of},
    print,
};
use crate::{
    cli::{Cli, PlanShowArgs, PlanTask},
    driver,
    engine::{BulkAction, Event, bulk::Document, text::visible},
    plans,
    stderr::complain,
};
use futures::Stream;
use make::Making;
use open::Opening;
use std::{
    io::{self, ErrorKind},
    path::Path,
    process::ExitCode,
};

/// Whether accounts are asked.
pub(super) fn asks_accounts(task: &PlanTask) -> bool {
    !matches!(task, PlanTask::Show(args) if !args.compare)
}

/// Reads a saved plan. What is wrong with it is said, with its place: nothing is asked of an account then.
fn read(path: &Path) -> Result<Document, String> {
    let read = || -> Result<Document, String> {
        let text = driver::read_plan(path).map_err(|error| error.to_string())?;
        plans::read(&text)
    };
    let named = |why: String| format!("{}: {why}", path.display());
    match read() {
        Ok(document) => Ok(document),
        Err(why) => {
            let why = named(why);
            complain(format_args!("iamkeys: {}", visible(&why)));
            Err(why)
        }
    }
}

/// Prints that a plan cannot be read, and why, where a document was asked for.
fn not_read<R: Record>(format: Format, columns: &[&'static Column<R>], why: &str) -> ExitCode {
    let _ = print(&output::failed(format, columns, why));
    ExitStatus::Failed.into()
}

/// Prints what a saved plan says, and asks no account.
pub(super) fn show_here(args: &PlanShowArgs) -> ExitCode {
    let looks = Looks::of_output();
    let format = Format::chosen(args.output.format, looks);
    let columns = columns_of::<PlanRecord>(&args.columns, format);
    let document = match read(&args.file) {
        Ok(document) => document,
        Err(why) => return not_read(format, &columns, &why),
    };
    let (writer, mut written) = match Writer::stdout() {
        Ok(stdout) => stdout,
        Err(error) => {
            complain(format_args!("iamkeys: {error}"));
            return ExitStatus::Failed.into();
        }
    };
    let mut printer = Printer::new(columns, format, looks, writer.clone());
    for record in document::records(&document) {
        printer.print(record);
    }
    printer.finish(&[], &[]);
    writer.end();
    match written.blocking_recv() {
        Some(Written::Failed(error)) if error.kind() != ErrorKind::BrokenPipe => {
            complain(format_args!("iamkeys: standard output: {error}"));
            ExitStatus::Failed.into()
        }
        _ => {
            document::tell(&document);
            ExitStatus::Done.into()
        }
    }
}

/// Runs what asks accounts, to its end.
///
/// # Errors
/// When the system gives no thread to write standard output.
pub(super) async fn run<S>(
    cli: &Cli,
    task: &PlanTask,
    mut prepared: Prepared<S>,
    looks: Looks,
) -> io::Result<ExitCode>
where
    S: Stream<Item = Event> + 'static,
{
    // A plan holds no secret: its file is where it was asked for, in the demo as well.
    prepared.driver.demo_apart = false;
    let (action, args) = match task {
        PlanTask::Deactivate(args) => (BulkAction::Deactivate, args),
        PlanTask::Activate(args) => (BulkAction::Activate, args),
        PlanTask::Delete(args) => (BulkAction::Delete, args),
        PlanTask::Show(args) => {
            let document = match read(&args.file) {
                Ok(document) => document,
                Err(why) => {
                    let format = Format::chosen(args.output.format, looks);
                    let columns = columns_of::<PlanRecord>(&args.columns, format);
                    return Ok(not_read(format, &columns, &why));
                }
            };
            let mut command = Command::start(cli, prepared, output::NOTHING, false, looks)?;
            let opening = Opening { document };
            let ended = document::compare(args, opening, &mut command).await;
            return Ok(command.end(ended).await);
        }
        PlanTask::Apply(args) | PlanTask::Undo(args) => {
            let document = match read(&args.file) {
                Ok(document) => document,
                Err(why) => {
                    let format = Format::chosen(args.output.format, looks);
                    let columns = columns_of::<ChangedRecord>(&args.columns, format);
                    return Ok(not_read(format, &columns, &why));
                }
            };
            let undoes = matches!(task, PlanTask::Undo(_));
            let since = if undoes {
                Some(open::deactivated_since(cli, &document))
            } else {
                None
            };
            let mut command = Command::start_changing(cli, prepared, output::NOTHING, looks)?;
            let opening = Opening { document };
            let ended = apply::run(args, opening, since, &mut command).await;
            return Ok(command.end(ended).await);
        }
    };
    let making = Making::of(action, args);
    let mut command = Command::start(cli, prepared, making.parts(), false, looks)?;
    let ended = making.run(&mut command).await;
    Ok(command.end(ended).await)
}
