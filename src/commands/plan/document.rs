//! What a plan says, key by key, and what is different now.

use super::open::{self, Opening, Purpose};
use crate::{
    cli::PlanShowArgs,
    commands::{
        Command, ExitStatus, columns,
        output::{Column, Format, Printer, Record, columns_of},
        run::Ended,
    },
    engine::{
        BulkAction,
        bulk::{Document, DocumentKey, HeldBack, Steps},
        model::{KeyStatus, LastUsed},
        text::{plural, visible},
    },
    plans,
    stderr::complain,
};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A key of a plan.
#[derive(Clone, Debug)]
pub(in crate::commands) struct PlanRecord {
    account: Option<String>,
    account_name: String,
    user: String,
    key_id: String,
    step: &'static str,
    included: bool,
    why: String,
    status: String,
    created: Option<DateTime<Utc>>,
    last_used: Option<DateTime<Utc>>,
    never_used: Option<bool>,
    held_back: Option<&'static str>,
    held_back_words: String,
    exempt: Option<String>,
    difference: Option<String>,
}

impl PlanRecord {
    fn of(document: &Document, key: &DocumentKey) -> Self {
        let account = document.accounts.get(key.account);
        let reviewed = &key.reviewed;
        let (last_used, never_used) = match &reviewed.last_used {
            None => (None, None),
            Some(LastUsed::Never) => (None, Some(true)),
            Some(LastUsed::At { time, .. }) => (Some(*time), Some(false)),
        };
        Self {
            account: account.and_then(|account| account.id.clone()),
            account_name: account
                .map(|account| account.name.clone())
                .unwrap_or_default(),
            user: key.user.to_string(),
            key_id: key.key.to_string(),
            step: key.step.verb(),
            included: key.included,
            why: key.why.to_string(),
            status: reviewed.status.word().to_owned(),
            created: reviewed.created,
            last_used,
            never_used,
            held_back: key.held_back.as_ref().map(plans::held_name),
            held_back_words: key
                .held_back
                .as_ref()
                .map(HeldBack::words)
                .unwrap_or_default(),
            exempt: match &key.held_back {
                Some(HeldBack::Exempt(text)) => Some(text.to_string()),
                _ => None,
            },
            difference: None,
        }
    }
}

impl Record for PlanRecord {
    const SCHEMA: (&'static str, &'static str) = ("iamkeys/plan-keys/1", "keys");

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("account", "account ID", |it: &Self| (&it.account).into()),
        Column::new("account_name", "account", |it: &Self| {
            (&it.account_name).into()
        }),
        Column::new("user", "user", |it: &Self| (&it.user).into()),
        Column::new("key_id", "key ID", |it: &Self| (&it.key_id).into()),
        Column::new("step", "step", |it: &Self| it.step.into()).words(|it| {
            let left_out = if it.included { "" } else { "not: " };
            format!("{left_out}{}", it.step)
        }),
        Column::new("included", "included", |it: &Self| it.included.into()),
        Column::new("why", "why", |it: &Self| (&it.why).into()).words(|it| first_of(&it.why)),
        Column::new("status", "status", |it: &Self| (&it.status).into()),
        Column::new("created", "created", |it: &Self| (&it.created).into()),
        Column::new("last_used", "last used", |it: &Self| (&it.last_used).into())
            .words(|it| crate::commands::key::used(it.last_used, it.never_used)),
        Column::new("never_used", "never used", |it: &Self| {
            (&it.never_used).into()
        }),
        Column::new("held_back", "held back", |it: &Self| match it.held_back {
            Some(name) => name.into(),
            None => (&None::<String>).into(),
        })
        .words(|it| it.held_back_words.clone()),
        Column::new("exempt", "exempt", |it: &Self| (&it.exempt).into())
            .words(|it| it.exempt.clone().unwrap_or_default()),
        Column::new("difference", "since then", |it: &Self| {
            (&it.difference).into()
        })
        .words(|it| it.difference.clone().unwrap_or_default()),
    ];

    const USUAL: &'static [&'static str] = &columns::PLAN;

    const OF_TABLE: &'static [&'static str] = &[
        "account_name",
        "user",
        "key_id",
        "step",
        "why",
        "last_used",
        "held_back",
        "difference",
    ];

    fn sort_key(&self) -> Vec<String> {
        // As the plan has them: the sort keeps the order of what is alike.
        Vec::new()
    }
}

/// The first of several reasons, and how many there are more: a line of a table has little room.
fn first_of(why: &str) -> String {
    let mut reasons = why.split(", ");
    let first = reasons.next().unwrap_or_default();
    match reasons.count() {
        0 => first.to_owned(),
        more => format!("{first} +{more}"),
    }
}

/// The keys of a plan.
pub(super) fn records(document: &Document) -> Vec<PlanRecord> {
    let keys = document.keys.iter();
    keys.map(|key| PlanRecord::of(document, key)).collect()
}

/// What a plan comes to, in lines: how many keys in which accounts, who has made it, and what is left out.
fn summary(document: &Document) -> Vec<String> {
    let included = document.keys.iter().filter(|key| key.included);
    let accounts: BTreeSet<usize> = included.clone().map(|key| key.account).collect();
    let what = steps_words(document.action, document.steps());
    let mut lines = vec![head(document, &what, accounts.len())];
    lines.extend(left_out(document));
    let held = included.filter(|key| key.held_back.is_some()).count();
    if held > 0 {
        lines.push(format!(
            "{} held back, and included by hand",
            plural(held, "key")
        ));
    }
    lines
}

/// What is done, in words, by the steps that keys get.
pub(super) fn steps_words(action: BulkAction, steps: Steps) -> String {
    match steps.all() {
        0 => format!("{} 0 keys", action.verb()),
        _ => steps.words(),
    }
}

/// What a plan does, and who has made it when.
pub(super) fn head(document: &Document, what: &str, accounts: usize) -> String {
    let by = match &document.by {
        Some(by) => format!(" by {by}"),
        None => String::new(),
    };
    let undoes = if document.undoes {
        " (it takes another plan back)"
    } else {
        ""
    };
    format!(
        "plan to {what} in {}, made {}{by}{undoes}",
        plural(accounts, "account"),
        document.made.format("%Y-%m-%d %H:%M UTC"),
    )
}

/// How many keys are left out of a plan, and why.
pub(super) fn left_out(document: &Document) -> Option<String> {
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    for key in document.keys.iter().filter(|key| !key.included) {
        let why = match &key.held_back {
            Some(HeldBack::Exempt(_)) => "exempt",
            Some(HeldBack::AlreadySo(KeyStatus::Inactive)) => "already Inactive",
            Some(HeldBack::AlreadySo(_)) => "already Active",
            Some(HeldBack::Gone) => "no longer there",
            Some(HeldBack::Own) => "your own key",
            Some(HeldBack::InUse) => "in use",
            Some(HeldBack::LastActive) => "last active key",
            Some(HeldBack::UseUnknown) => "last use not known",
            Some(HeldBack::New) => "new, not used yet",
            Some(HeldBack::ExemptionUnknown) => "exemption not known",
            None => "left out",
        };
        *left_out.entry(why).or_default() += 1;
    }
    let all: usize = left_out.values().sum();
    let whys = left_out.iter().map(|(why, count)| format!("{count} {why}"));
    let whys: Vec<String> = whys.collect();
    (all > 0).then(|| format!("left out: {}: {}", plural(all, "key"), whys.join(", ")))
}

/// Tells of a plan on standard error.
pub(super) fn tell(document: &Document) {
    for line in summary(document) {
        complain(format_args!("iamkeys: {line}"));
    }
}

/// Opens the accounts of a plan, and prints it with what is different now.
pub(super) async fn compare(
    args: &PlanShowArgs,
    opening: Opening,
    command: &mut Command,
) -> Result<ExitStatus, Ended> {
    let document = opening.document.clone();
    let format = Format::chosen(args.output.format, command.looks);
    let columns = columns_of::<PlanRecord>(&args.columns, format);
    let writer = command.writer.clone();
    let mut printer = Printer::new(columns, format, command.looks, writer);
    if let Err(why) = opening.open(Purpose::Show, &mut command.runner).await? {
        command.runner.clear_progress();
        let gaps = opening.gaps(&command.runner.engine);
        let _ = command.status(&gaps);
        complain(format_args!("iamkeys: {why}"));
        printer.fail(why);
        command.print_rest(&mut printer, &gaps);
        return Ok(ExitStatus::Failed);
    }
    open::compared(&mut command.runner).await?;
    let engine = &command.runner.engine;
    let plan = engine.bulk();
    let (mut not_open, mut not_known) = (0, 0);
    let mut why = None;
    for (at, mut record) in records(&document).into_iter().enumerate() {
        if let Some((plan, entry)) = plan.and_then(|plan| Some((plan, plan.entries().get(at)?))) {
            record.difference = open::difference_words(entry);
            if plan.account_of(entry).slot.is_none() {
                not_open += 1;
            } else if !engine.is_compared(entry) {
                not_known += 1;
                why = why.or_else(|| engine.why_not_known(entry));
            }
        }
        printer.print(record);
    }
    let why = why.map(|error| format!(": {}", visible(&error.to_string())));
    let why = why.unwrap_or_default();
    let gaps = opening.gaps(engine);
    command.print_rest(&mut printer, &gaps);
    let _ = command.status(&gaps);
    tell(&document);
    if not_open > 0 {
        complain(format_args!(
            "iamkeys: {} not compared: their accounts are not open",
            plural(not_open, "key")
        ));
    }
    if not_known > 0 {
        complain(format_args!(
            "iamkeys: {} not compared: not all of what is compared could be read{why}",
            plural(not_known, "key")
        ));
    }
    Ok(if not_open + not_known > 0 {
        ExitStatus::Incomplete
    } else {
        ExitStatus::Done
    })
}
