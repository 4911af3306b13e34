//! `iamkeys journal`: the changes that were made from this machine, and those left open. It is read as
//! it is: nothing is asked of an account.

use super::{
    ExitStatus, columns,
    output::{self, Column, Format, Looks, Printer, Record, Writer, Written, columns_of},
};
use crate::{
    cli::{Cli, JournalArgs},
    journal::{self, Kind, Outcome, Recorded},
    stderr::complain,
};
use chrono::{DateTime, Utc};
use std::{
    io::{self, ErrorKind},
    process::ExitCode,
};

/// A change.
#[derive(Clone, Debug)]
struct ChangeRecord {
    time: DateTime<Utc>,
    account: Option<String>,
    caller: Option<String>,
    endpoint: Option<String>,
    action: String,
    user: String,
    key_id: Option<String>,
    outcome: Option<&'static str>,
    open: Option<&'static str>,
    code: Option<String>,
    error: Option<String>,
    request_id: Option<String>,
    took_ms: Option<i64>,
}

impl From<Recorded> for ChangeRecord {
    fn from(recorded: Recorded) -> Self {
        let Recorded { sent, ended, open } = recorded;
        let outcome = ended.as_ref().map(|ended| match ended.outcome {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
            Outcome::Unknown => "unknown",
        });
        let new_key = ended.as_ref().and_then(|ended| ended.key.clone());
        let took = ended.as_ref().and_then(|ended| ended.took_ms);
        let ended = ended.as_ref();
        Self {
            time: sent.time,
            account: sent.account,
            caller: sent.caller,
            endpoint: sent.endpoint,
            action: sent.action,
            user: sent.user,
            key_id: sent.key.or(new_key),
            outcome,
            open: open.map(|kind| match kind {
                Kind::Interrupted => "interrupted",
                Kind::Unknown => "unknown",
                Kind::SecretLost => "secret_lost",
            }),
            code: ended.and_then(|ended| ended.code.clone()),
            error: ended.and_then(|ended| ended.error.clone()),
            request_id: ended.and_then(|ended| ended.request_id.clone()),
            took_ms: took.and_then(|took| i64::try_from(took).ok()),
        }
    }
}

/// What is empty where there is nothing to say.
fn or_empty(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

impl Record for ChangeRecord {
    const SCHEMA: (&'static str, &'static str) = ("iamkeys/journal/1", "changes");

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("time", "time", |it: &Self| it.time.into()),
        Column::new("account", "account ID", |it: &Self| (&it.account).into()),
        Column::new("caller", "caller", |it: &Self| (&it.caller).into()),
        Column::new("endpoint", "endpoint", |it: &Self| (&it.endpoint).into())
            .words(|it| or_empty(it.endpoint.as_deref())),
        Column::new("action", "action", |it: &Self| (&it.action).into()),
        Column::new("user", "user", |it: &Self| (&it.user).into()),
        Column::new("key_id", "key ID", |it: &Self| (&it.key_id).into())
            .words(|it| or_empty(it.key_id.as_deref())),
        Column::new("outcome", "outcome", |it: &Self| (&it.outcome).into()),
        Column::new("open", "open", |it: &Self| (&it.open).into()).words(|it| or_empty(it.open)),
        Column::new("code", "code", |it: &Self| (&it.code).into())
            .words(|it| or_empty(it.code.as_deref())),
        Column::new("error", "error", |it: &Self| (&it.error).into())
            .words(|it| or_empty(it.error.as_deref())),
        Column::new("request_id", "request ID", |it: &Self| {
            (&it.request_id).into()
        })
        .words(|it| or_empty(it.request_id.as_deref())),
        Column::new("took_ms", "ms", |it: &Self| (&it.took_ms).into()).right(),
    ];

    const USUAL: &'static [&'static str] = &columns::JOURNAL;

    const OF_TABLE: &'static [&'static str] = &[
        "time", "account", "action", "user", "key_id", "outcome", "open", "code",
    ];

    fn sort_key(&self) -> Vec<String> {
        // As they were sent: the sort keeps the order of what is alike.
        Vec::new()
    }
}

/// Prints it.
pub(super) fn run(cli: &Cli, args: &JournalArgs) -> ExitCode {
    match print(cli, args) {
        Ok(()) => ExitStatus::Done.into(),
        Err(why) => {
            complain(format_args!("iamkeys: {why}"));
            ExitStatus::Failed.into()
        }
    }
}

fn print(cli: &Cli, args: &JournalArgs) -> Result<(), String> {
    let looks = Looks::of_output();
    let format = Format::chosen(args.output.format, looks);
    let columns = columns_of::<ChangeRecord>(&args.columns, format);
    let read = cli
        .journal()
        .map_err(|error| error.to_string())
        .and_then(|path| path.ok_or("no journal is kept here (--no-journal, or the demo)".into()))
        .and_then(|path| {
            let (recorded, skipped) = journal::read(&path).map_err(|error| error.to_string())?;
            Ok((path, recorded, skipped))
        });
    let (path, recorded, skipped) = match read {
        Ok(read) => read,
        Err(why) => {
            let _ = super::print(&output::failed(format, &columns, &why));
            return Err(why);
        }
    };
    if skipped > 0 {
        complain(format_args!(
            "iamkeys: {skipped} lines of {} are no entries",
            path.display()
        ));
    }
    let (writer, mut written) = Writer::stdout().map_err(|error| error.to_string())?;
    let mut printer = Printer::new(columns, format, looks, writer.clone());
    for change in recorded {
        printer.print(ChangeRecord::from(change));
    }
    printer.finish(&[], &[]);
    writer.end();
    match written.blocking_recv() {
        Some(Written::Failed(error)) => not_written(&error),
        Some(Written::All) | None => Ok(()),
    }
}

/// Whoever reads it may have read enough.
fn not_written(error: &io::Error) -> Result<(), String> {
    if error.kind() == ErrorKind::BrokenPipe {
        return Ok(());
    }
    Err(format!("standard output: {error}"))
}
