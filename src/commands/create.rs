//! `iamkeys create`: a key for a user, whose secret goes where it was to go. That it can go there is seen
//! before anything is created.

mod record;

use super::{
    Command, ExitStatus,
    carry::{self, Became},
    confirm::{self, Way},
    named_user,
    output::{Format, Printer, columns_of},
    run::{Ended, Runner},
    store::{self, Gone, Whom},
};
use crate::{
    cli::CreateArgs,
    engine::{
        Change, Engine, Exit, Intent, Plan, PlanId, Slot,
        account::KeyRow,
        destination::Named,
        stakes::{sentence, used_at},
        text::visible,
        unresolved::Finding,
        vault::NewKey,
    },
    stderr::complain,
};
use record::NewKeyRecord;

/// Creates a key.
pub(super) async fn run(args: &CreateArgs, command: &mut Command) -> Result<ExitStatus, Ended> {
    if confirm::is_read_only(&command.runner)
        || store::is_shown_unasked(args.to.as_ref(), args.storing.show)
    {
        return Ok(if command.runner.engine.settings.read_only {
            ExitStatus::Failed
        } else {
            ExitStatus::Usage
        });
    }
    let Some(way) = confirm::way(&mut command.runner, args.storing.yes) else {
        return Ok(ExitStatus::Usage);
    };
    if !confirm::has_journal(&mut command.runner).await? {
        return Ok(ExitStatus::Failed);
    }
    let (slot, user) = match named_user::find(command, &args.user).await? {
        Ok(found) => found,
        Err(status) => return Ok(status),
    };
    let Some(named) = &args.to else {
        return Ok(ExitStatus::Usage);
    };
    let account = command.runner.engine.fleet.get(slot);
    let mut record = NewKeyRecord::of(account, &user);
    let whom = Whom {
        slot,
        user: &user,
        key: None,
    };
    let confirmed = match prepare(command, whom, named, way).await? {
        Ok(confirmed) => confirmed,
        Err(why) => {
            command.runner.clear_progress();
            complain(format_args!("iamkeys: {}", visible(&why)));
            record = record.with("failed", why);
            return Ok(end(command, args, record, ExitStatus::Failed));
        }
    };
    let Some(Confirmed { plan, .. }) = confirmed else {
        complain("iamkeys: not confirmed: nothing was created");
        record = record.with("skipped", "it was not confirmed".to_owned());
        return Ok(end(command, args, record, ExitStatus::Failed));
    };
    let created = create(command, plan, whom, Some(named), way).await?;
    if let Some(key) = &created.key {
        // Where it is stored, it need not be held any longer.
        command.runner.intend(Intent::Release(key.clone()));
    }
    record.request_id = created.request_id;
    record.key_id.clone_from(&created.key);
    record.created = created.key.and_then(|key| {
        let new = command.runner.engine.vault.key(&key)?;
        new.created
    });
    let (outcome, reason, stored_in, mut status) = match created.what {
        What::Stored(place) => ("done", None, Some(place), ExitStatus::Done),
        What::Kept(path, why) => {
            let place = format!("file {path}");
            ("kept", Some(why), Some(place), ExitStatus::Incomplete)
        }
        What::Lost(why) => ("lost", Some(why), None, ExitStatus::Incomplete),
        What::Failed(why) => ("failed", Some(why), None, ExitStatus::Failed),
        What::Unknown(why) => ("unknown", Some(why), None, ExitStatus::OutcomeUnknown),
    };
    record.stored_in = stored_in;
    record = record.with(outcome, reason);
    if command.runner.is_interrupted() && status != ExitStatus::OutcomeUnknown {
        status = ExitStatus::Interrupted;
    }
    Ok(end(command, args, record, status))
}

/// What became of a creation.
pub(super) enum What {
    /// The key is there, and its secret is stored: where.
    Stored(String),
    /// The key is there, and its secret is in a file of this path: why it is not where it was to go.
    Kept(String, String),
    /// The key is there, and its secret is lost: why.
    Lost(String),
    /// There is no key: why.
    Failed(String),
    /// It is not known whether there is a key: what is.
    Unknown(String),
}

/// A creation.
pub(super) struct Created {
    pub(super) what: What,
    /// The key's ID.
    pub(super) key: Option<String>,
    pub(super) request_id: Option<String>,
}

/// Sees whether there is room for a key and whether its secret can go where it is to go, and lets a person
/// confirm it. None where that is not confirmed.
async fn prepare(
    command: &mut Command,
    whom: Whom<'_>,
    named: &Named,
    way: Way,
) -> Result<Result<Option<Confirmed>, String>, Ended> {
    let Whom { slot, user, .. } = whom;
    if let Err(why) = named_user::read_keys(command, slot, user).await? {
        return Ok(Err(why));
    }
    let runner = &mut command.runner;
    if let Some(why) = no_room(&runner.engine, slot, user) {
        return Ok(Err(why));
    }
    let lines = match store::choose(runner, whom, named).await? {
        Ok(lines) => lines,
        Err(why) => return Ok(Err(why)),
    };
    let create = Change::Create { user: user.into() };
    let Some(id) = carry::propose(runner, slot, create).await? else {
        return Ok(Err("no key can be created now".into()));
    };
    confirmed(runner, id, &lines, way).await
}

/// A plan that was confirmed.
pub(super) struct Confirmed {
    pub(super) plan: PlanId,
    /// What was typed for it.
    pub(super) typed: String,
}

/// Lets a person confirm a plan, below lines that belong to it. None where that is not confirmed.
pub(super) async fn confirmed(
    runner: &mut Runner,
    id: PlanId,
    lines: &[String],
    way: Way,
) -> Result<Result<Option<Confirmed>, String>, Ended> {
    runner.clear_progress();
    if way == Way::Asked {
        confirm::show(lines);
        let typed = confirm::ask(runner, &[id]).await?;
        return Ok(Ok(typed.map(|typed| Confirmed {
            plan: id,
            typed: typed.concat(),
        })));
    }
    let preflight = runner.engine.plan(id).and_then(Plan::preflight);
    Ok(match preflight.and_then(|it| it.failed.as_ref()) {
        Some(error) => Err(format!("the account could not be looked at: {error}")),
        None => Ok(Some(Confirmed {
            plan: id,
            typed: preflight
                .and_then(|it| it.typed.clone())
                .unwrap_or_default(),
        })),
    })
}

/// Why there is no room for another key of a user, and which could go; none where there is some.
pub(super) fn no_room(engine: &Engine, slot: Slot, user: &str) -> Option<String> {
    let account = engine.fleet.get(slot)?;
    let rows = account.users.keys(user)?;
    let most = account.identity.keys_per_user();
    if rows.len() < most {
        return None;
    }
    let describe = |row: &KeyRow| {
        let status = row.key.status.word();
        let last = used_at(&row.last_used, engine.now());
        format!("{} ({status}, {last})", row.key.id)
    };
    let keys: Vec<String> = rows.iter().map(describe).collect();
    let what = match engine.deletable(slot, user) {
        Some(row) => format!("{} could go: iamkeys delete {}", row.key.id, row.key.id),
        None => sentence("none of them is known to be safe to delete"),
    };
    Some(format!(
        "{user} has {} of {most} keys: {}. {what}",
        rows.len(),
        keys.join(", ")
    ))
}

/// Creates the key that was confirmed, and sees its secret to where it goes. Each step is told as it is
/// done.
///
/// # Errors
/// When the run ends before there is a key.
pub(super) async fn create(
    command: &mut Command,
    plan: PlanId,
    whom: Whom<'_>,
    named: Option<&Named>,
    way: Way,
) -> Result<Created, Ended> {
    let failed = |why: String| Created {
        what: What::Failed(why),
        key: None,
        request_id: None,
    };
    if command.runner.is_interrupted() {
        return Err(Ended::Exit(Exit::Interrupted(Vec::new())));
    }
    let before = command.runner.engine.vault.keys().len();
    let carried = carry::carry_out(&mut command.runner, plan, String::new(), |_| false).await;
    let (became, request_id) = match carried {
        Ok(carried) => (carried.became, carried.request_id),
        // A second interrupt did not wait for the answer.
        Err(Ended::Exit(Exit::Interrupted(lines)))
            if command.runner.engine.under_way().next().is_some() =>
        {
            for line in lines {
                complain(format_args!("iamkeys: {}", visible(&line)));
            }
            let why = "interrupted while it was under way".to_owned();
            return Ok(Created {
                what: What::Unknown(why),
                ..failed(String::new())
            });
        }
        Err(ended) => return Err(ended),
    };
    command.runner.clear_progress();
    let keys = command.runner.engine.vault.keys();
    let new = keys.get(before).map(|new| new.id.clone());
    let user = whom.user;
    let what = match (became, &new) {
        (Became::Done(_), Some(key)) => {
            complain(format_args!("iamkeys: created {key} of {}", visible(user)));
            of_gone(command, whom, key, named, way).await?
        }
        // Something that may be a key has come: it is not let go of.
        (Became::Unknown(why), Some(key)) => {
            let doubt = format!("{why}. {key} may not be the key that was created");
            complain(format_args!("iamkeys: {}", visible(&doubt)));
            store::keep(&mut command.runner, key, doubt.clone()).await?;
            What::Unknown(doubt)
        }
        (Became::Unknown(why), None) => {
            let why = unknown(&command.runner.engine, whom, why);
            complain(format_args!("iamkeys: {}", visible(&why)));
            What::Unknown(why)
        }
        (became, _) => {
            let why = match became {
                Became::NotSent(why) => why,
                Became::Failed(error) => error.to_string(),
                Became::NoRoom => no_room(&command.runner.engine, whom.slot, user)
                    .unwrap_or_else(|| "no key slot is free".into()),
                Became::Done(_) | Became::Unknown(_) => "there is no new key".into(),
            };
            complain(format_args!("iamkeys: {}", visible(&why)));
            What::Failed(why)
        }
    };
    Ok(Created {
        what,
        key: new,
        request_id,
    })
}

/// What to do about a creation whose answer was lost.
fn unknown(engine: &Engine, whom: Whom<'_>, why: String) -> String {
    let mut questions = engine.questions().iter();
    let question = questions.find(|question| {
        question.change.user().eq_ignore_ascii_case(whom.user)
            && matches!(question.change, Change::Create { .. })
    });
    let orphans = match question.map(|question| &question.finding) {
        Some(Finding::Orphans(keys)) => &keys[..],
        _ => &[],
    };
    let ids: Vec<&str> = orphans.iter().map(|key| key.id.as_str()).collect();
    match &ids[..] {
        [] => why,
        ids => {
            let ids = ids.join(" ");
            format!(
                "{why}. Its secret is lost: iamkeys deactivate {ids}, then iamkeys delete {ids}"
            )
        }
    }
}

async fn of_gone(
    command: &mut Command,
    whom: Whom<'_>,
    key: &str,
    named: Option<&Named>,
    way: Way,
) -> Result<What, Ended> {
    let whom = Whom {
        key: Some(key),
        ..whom
    };
    let gone = match store::settle(command, whom, named, way).await {
        // Another signal than an interrupt ends at once; the secret is kept all the same.
        Err(ended @ Ended::Exit(_)) => {
            let new = command.runner.engine.vault.key(key);
            if new.is_some_and(NewKey::is_only_copy) {
                let why = "ended while it was on its way".to_owned();
                let _ = store::keep(&mut command.runner, key, why).await;
            }
            return Err(ended);
        }
        gone => gone?,
    };
    Ok(match gone {
        Gone::There(place) => {
            command.runner.clear_progress();
            complain(format_args!(
                "iamkeys: its secret is stored: {}",
                visible(&place)
            ));
            What::Stored(place)
        }
        Gone::Kept(path, why) => What::Kept(path, why),
        Gone::Lost(why) => What::Lost(why),
    })
}

/// Prints the record, unless standard output is the secret's, and ends.
fn end(
    command: &mut Command,
    args: &CreateArgs,
    record: NewKeyRecord,
    status: ExitStatus,
) -> ExitStatus {
    command.runner.clear_progress();
    if args.to.as_ref().is_some_and(store::prints) {
        return status;
    }
    let format = Format::chosen(args.output.format, command.looks);
    let columns = columns_of::<NewKeyRecord>(&args.columns, format);
    let writer = command.writer.clone();
    let mut printer = Printer::new(columns, format, command.looks, writer);
    printer.print(record);
    command.print_rest(&mut printer, &[]);
    status
}
