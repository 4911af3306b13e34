//! `iamkeys create`: a key for a user, whose secret goes where it was to go. That it can go there is seen
//! before anything is created.

mod record;

use super::{
    Command, ExitStatus,
    carry::{self, Became},
    confirm::{self, Way},
    incomplete::Gap,
    named_user,
    output::{Format, Printer, columns_of},
    run::{Ended, Runner},
    store::{self, Gone, Whom},
};
use crate::{
    cli::CreateArgs,
    engine::{
        Change, Engine, Exit, Intent, PlanId, Slot,
        account::KeyRow,
        destination::Named,
        model::KeyStatus,
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
    let record = NewKeyRecord::of(None, &args.user);
    if let Some(why) = confirm::read_only(&command.runner) {
        let record = record.with("skipped", why);
        return Ok(end(command, args, record, &[], ExitStatus::Failed));
    }
    if store::cannot_be_printed(args.to.as_ref(), args.storing.show) {
        return Ok(ExitStatus::Usage);
    }
    let Some(way) = confirm::way(&mut command.runner, args.storing.yes) else {
        return Ok(ExitStatus::Usage);
    };
    match begin(args, way, command).await {
        Ok(status) => Ok(status),
        Err(ended) => {
            for line in ended.by_signal()? {
                complain(format_args!("iamkeys: {}", visible(&line)));
            }
            let record = record.with("skipped", "interrupted before it was sent".to_owned());
            Ok(end(command, args, record, &[], ExitStatus::Interrupted))
        }
    }
}

/// Creates a key, once it can be confirmed in one way or the other.
///
/// # Errors
/// When the run ends before there is a key.
async fn begin(args: &CreateArgs, way: Way, command: &mut Command) -> Result<ExitStatus, Ended> {
    let record = NewKeyRecord::of(None, &args.user);
    if let Some(why) = confirm::no_journal(&mut command.runner).await? {
        let record = record.with("skipped", why);
        return Ok(end(command, args, record, &[], ExitStatus::Failed));
    }
    let (slot, user) = match named_user::find(command, &args.user).await? {
        Ok(found) => found,
        Err(not) => {
            let record = record.with("failed", not.why);
            return Ok(end(command, args, record, &not.gaps, not.status));
        }
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
    let plan = match prepare(command, whom, named, way).await? {
        Ok(Confirmed { plan, .. }) => plan,
        Err(refused) => {
            command.runner.clear_progress();
            refused.tell("not confirmed: nothing was created");
            record = record.with(refused.outcome(), refused.why());
            return Ok(end(command, args, record, &[], ExitStatus::Failed));
        }
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
        What::Skipped(why) => ("skipped", Some(why), None, ExitStatus::Failed),
        What::Failed(why) => ("failed", Some(why), None, ExitStatus::Failed),
        What::Unknown(why, kept) => {
            let place = kept.map(|path| format!("file {path}"));
            ("unknown", Some(why), place, ExitStatus::OutcomeUnknown)
        }
    };
    record.stored_in = stored_in;
    record = record.with(outcome, reason);
    if command.runner.is_interrupted() && status != ExitStatus::OutcomeUnknown {
        status = ExitStatus::Interrupted;
    }
    Ok(end(command, args, record, &[], status))
}

/// What became of a creation.
pub(super) enum What {
    /// The key is there, and its secret is stored: where.
    Stored(String),
    /// The key is there, and its secret is in a file of this path: why it is not where it was to go.
    Kept(String, String),
    /// The key is there, and its secret is lost: why.
    Lost(String),
    /// It was not sent: why.
    Skipped(String),
    /// There is no key: why.
    Failed(String),
    /// It is not known whether there is a key: what is, and the file with what has come of it.
    Unknown(String, Option<String>),
}

/// A creation.
pub(super) struct Created {
    pub(super) what: What,
    /// The key's ID.
    pub(super) key: Option<String>,
    pub(super) request_id: Option<String>,
}

/// Sees whether there is room for a key and whether its secret can go where it is to go, and lets a person
/// confirm it.
async fn prepare(
    command: &mut Command,
    whom: Whom<'_>,
    named: &Named,
    way: Way,
) -> Result<Result<Confirmed, Refused>, Ended> {
    let Whom { slot, user, .. } = whom;
    let failed = |why| Ok(Err(Refused::Failed(why)));
    if let Err(why) = named_user::read_keys(command, slot, user).await? {
        return failed(why);
    }
    let runner = &mut command.runner;
    if let Some(why) = no_room(&runner.engine, slot, user) {
        return failed(why);
    }
    let lines = match store::choose(runner, whom, named, way).await? {
        Ok(lines) => lines,
        Err(why) => return failed(why),
    };
    let create = Change::Create { user: user.into() };
    let Some(id) = carry::propose(runner, slot, create).await? else {
        return failed("no key can be created now".into());
    };
    confirmed(runner, id, &lines, way).await
}

/// A plan that was confirmed.
pub(super) struct Confirmed {
    pub(super) plan: PlanId,
    /// What was typed for it.
    pub(super) typed: String,
}

/// Why a plan is not carried out.
pub(super) enum Refused {
    /// A person has not confirmed it.
    NotConfirmed,
    /// The account is not as it was a moment ago, and it is confirmed beforehand only: what is different.
    NotAsSeen(String),
    /// It cannot be done: why.
    Failed(String),
}

impl Refused {
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::NotConfirmed | Self::NotAsSeen(_) => "skipped",
            Self::Failed(_) => "failed",
        }
    }

    /// Why, for the record.
    pub(super) fn why(self) -> String {
        match self {
            Self::NotConfirmed => "it was not confirmed".into(),
            Self::NotAsSeen(why) | Self::Failed(why) => why,
        }
    }

    /// Says it; of what is not confirmed, in these words.
    pub(super) fn tell(&self, not_confirmed: &str) {
        match self {
            Self::NotConfirmed => complain(format_args!("iamkeys: {not_confirmed}")),
            Self::NotAsSeen(why) | Self::Failed(why) => {
                complain(format_args!("iamkeys: {}", visible(why)));
            }
        }
    }
}

/// Lets a person confirm a plan, below lines that belong to it. What the look at the account has shown to
/// be different is shown to a person; where it is confirmed beforehand, nothing is sent then.
pub(super) async fn confirmed(
    runner: &mut Runner,
    id: PlanId,
    lines: &[String],
    way: Way,
) -> Result<Result<Confirmed, Refused>, Ended> {
    runner.clear_progress();
    let confirmed = |typed| Confirmed { plan: id, typed };
    if way == Way::Asked {
        confirm::show(lines);
        let typed = confirm::ask(runner, &[id]).await?;
        return Ok(match typed {
            Some(typed) => Ok(confirmed(typed.concat())),
            None => Err(Refused::NotConfirmed),
        });
    }
    let engine = &runner.engine;
    let looked = engine
        .plan(id)
        .and_then(|plan| Some((plan, plan.preflight()?)));
    let Some((plan, preflight)) = looked else {
        return Ok(Ok(confirmed(String::new())));
    };
    Ok(match (&preflight.difference, &preflight.failed) {
        (Some(difference), _) => Err(Refused::NotAsSeen(
            engine.different(difference, plan, preflight),
        )),
        (None, Some(error)) => Err(Refused::Failed(format!(
            "the account could not be looked at: {error}"
        ))),
        (None, None) => Ok(confirmed(preflight.typed.clone().unwrap_or_default())),
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
        Some(row) if row.key.status == KeyStatus::Inactive => {
            format!("{} could go: iamkeys delete {}", row.key.id, row.key.id)
        }
        // One that is Active is deleted only after it was watched.
        Some(row) => format!(
            "{} was never used, and may go: iamkeys deactivate {}, and delete it later",
            row.key.id, row.key.id
        ),
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
    if command.runner.is_interrupted() {
        return Err(Ended::Exit(Exit::Interrupted(Vec::new())));
    }
    let before = command.runner.engine.vault.keys().len();
    let carried = carry::carry_out(&mut command.runner, plan, String::new(), |_| false).await;
    let (became, request_id) = match carried {
        Ok(carried) => (carried.became, carried.request_id),
        Err(ended) => return cut_off(command, (whom, named, way), before, ended).await,
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
            let kept = match store::keep(&mut command.runner, key, doubt.clone()).await? {
                Gone::Kept(path, _) => Some(path),
                Gone::There(_) | Gone::Lost(_) => None,
            };
            What::Unknown(doubt, kept)
        }
        (Became::Unknown(why), None) => {
            let why = unknown(&command.runner.engine, whom, why);
            complain(format_args!("iamkeys: {}", visible(&why)));
            What::Unknown(why, None)
        }
        (Became::NotSent(why), _) => {
            complain(format_args!("iamkeys: {}", visible(&why)));
            What::Skipped(why)
        }
        (became, _) => {
            let why = match became {
                Became::Failed(error) => error.to_string(),
                Became::NoRoom => no_room(&command.runner.engine, whom.slot, user)
                    .unwrap_or_else(|| "no key slot is free".into()),
                _ => "there is no new key".into(),
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

/// What there is of a creation whose answer was waited for when a signal has ended the run: the key may
/// have come with it, and its secret is kept; or it is not known whether there is one.
async fn cut_off(
    command: &mut Command,
    (whom, named, way): (Whom<'_>, Option<&Named>, Way),
    before: usize,
    ended: Ended,
) -> Result<Created, Ended> {
    let runner = &mut command.runner;
    let is_it = |change: &Change| matches!(change, Change::Create { .. });
    let is_open = carry::is_open(&runner.engine, whom.slot, whom.user, is_it);
    let new = runner.engine.vault.keys().get(before);
    let key = new.map(|new| new.id.clone());
    if key.is_none() && !is_open {
        return Err(ended);
    }
    let lines = ended.by_signal()?;
    runner.clear_progress();
    let gone = match &key {
        Some(key) => {
            complain(format_args!(
                "iamkeys: created {key} of {}",
                visible(whom.user)
            ));
            Some(of_gone(command, whom, key, named, way).await?)
        }
        None => {
            for line in lines {
                complain(format_args!("iamkeys: {}", visible(&line)));
            }
            None
        }
    };
    let what = match gone {
        Some(gone) if !is_open => gone,
        gone => {
            let kept = match gone {
                Some(What::Kept(path, _)) => Some(path),
                _ => None,
            };
            What::Unknown("interrupted while it was under way".into(), kept)
        }
    };
    Ok(Created {
        what,
        key,
        request_id: None,
    })
}

/// Keeps the secret of a new key, where a signal has ended the run before it was stored.
async fn rescue(runner: &mut Runner, key: &str) -> Result<Gone, Ended> {
    let new = runner.engine.vault.key(key);
    if new.is_some_and(NewKey::is_only_copy) {
        let why = "interrupted while it was on its way".to_owned();
        return store::keep(runner, key, why).await;
    }
    Ok(match store::place(&runner.engine, key) {
        Ok(place) => Gone::There(place),
        Err(why) => Gone::Lost(why),
    })
}

impl From<Gone> for What {
    fn from(gone: Gone) -> Self {
        match gone {
            Gone::There(place) => Self::Stored(place),
            Gone::Kept(path, why) => Self::Kept(path, why),
            Gone::Lost(why) => Self::Lost(why),
        }
    }
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
        Err(ended) => {
            ended.by_signal()?;
            rescue(&mut command.runner, key).await?
        }
        Ok(gone) => gone,
    };
    if let Gone::There(place) = &gone {
        command.runner.clear_progress();
        complain(format_args!(
            "iamkeys: its secret is stored: {}",
            visible(place)
        ));
    }
    Ok(gone.into())
}

/// Prints the record, unless standard output is the secret's, and ends.
fn end(
    command: &mut Command,
    args: &CreateArgs,
    record: NewKeyRecord,
    gaps: &[Gap],
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
    if status == ExitStatus::Failed {
        printer.fail(record.reason());
    }
    printer.print(record);
    command.print_rest(&mut printer, gaps);
    status
}
