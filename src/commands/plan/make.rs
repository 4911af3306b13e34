//! A plan is made of the keys that pass a filter, once all is known of them that the filter, the reasons
//! for holding back and the rules need.

use super::document::{self, PlanRecord, records};
use crate::{
    cli::PlanMakeArgs,
    commands::{
        Command, ExitStatus,
        follow::{Follow, Wanted},
        incomplete, key,
        output::{Format, Printer, columns_of},
        run::{Ended, now},
    },
    engine::{
        BulkAction, BulkIntent, Engine, Intent, PlanJob,
        account::Facts,
        bulk::{Document, Marked, PlanNews},
        fleet::Scope,
        query::{Query, Scratch},
        text::plural,
    },
    plans,
    stderr::complain,
};
use std::path::PathBuf;

/// What a plan is made of.
pub(super) struct Making {
    action: BulkAction,
    query: Query,
    wanted: Wanted,
    to: Option<PathBuf>,
}

impl Making {
    pub(super) fn of(action: BulkAction, args: &PlanMakeArgs) -> Self {
        let query = Query::parse(&args.filter);
        // Nothing is held back from being activated, but what is so already; why a key is in the plan is
        // what rules say, whatever is done.
        let wanted = Wanted::of(key::FINDINGS, &query, true, false);
        Self {
            action,
            query,
            wanted,
            to: args.to.clone(),
        }
    }

    /// What has to be asked.
    pub(super) fn parts(&self) -> crate::engine::Parts {
        self.wanted.parts
    }

    /// Makes it, and saves or prints it.
    pub(super) async fn run(self, command: &mut Command) -> Result<ExitStatus, Ended> {
        let parts = self.wanted.parts;
        let mut follow = Follow::new(self.wanted.clone());
        command
            .runner
            .until(|engine| follow.advance(engine, |_, _| {}).then_some(()))
            .await?;
        let gaps = incomplete::gaps(&command.runner.engine, parts);
        let status = command.status(&gaps);
        if status == ExitStatus::Failed {
            return Ok(status);
        }
        let (marked, unknown) = self.matching(&command.runner.engine);
        let document = made(self.action, marked, command);
        if unknown > 0 {
            complain(format_args!(
                "iamkeys: {} not in the plan: not known whether the filter matches",
                plural(unknown, "key")
            ));
        }
        let printed = match &self.to {
            Some(path) => save(path, &document, command).await?,
            None => {
                print(&document, command);
                true
            }
        };
        Ok(if !printed {
            ExitStatus::Failed
        } else if unknown > 0 {
            ExitStatus::Incomplete
        } else {
            status
        })
    }

    /// The keys that pass the filter, in order, and how many may.
    fn matching(&self, engine: &Engine) -> (Vec<Marked>, usize) {
        let now = now();
        let mut scratch = Scratch::default();
        let (mut marked, mut unknown) = (Vec::new(), 0);
        for account in engine.fleet.rows(Scope::All).accounts() {
            let facts = Facts::of(account, now);
            for row in account.users.rows() {
                let user = facts.user(row);
                for key in row.known_keys() {
                    let facts = facts.key(row, key);
                    let passes = self.query.verdict(&user, Some(&facts), now, &mut scratch);
                    match (passes, key.id()) {
                        (Some(false), _) => {}
                        (Some(true), Some(id)) => marked.push((
                            (account.label().to_owned(), row.user.name.to_lowercase()),
                            Marked {
                                slot: account.session.slot,
                                user: row.user.name.clone(),
                                key: id.into(),
                                ..Marked::default()
                            },
                        )),
                        // The report tells of it, and not which it is.
                        (Some(true), None) | (None, _) => unknown += 1,
                    }
                }
            }
        }
        marked.sort_by(|(one, a), (other, b)| (one, &a.key).cmp(&(other, &b.key)));
        (
            marked.into_iter().map(|(_, marked)| marked).collect(),
            unknown,
        )
    }
}

/// Makes a plan of keys: one without any where there are none.
fn made(action: BulkAction, keys: Vec<Marked>, command: &mut Command) -> Document {
    let runner = &mut command.runner;
    runner.intend(Intent::Bulk(BulkIntent::Make { action, keys }));
    let engine = &runner.engine;
    match engine.bulk() {
        Some(plan) => plan.document(),
        None => Document {
            action,
            made: now(),
            by: None,
            undoes: false,
            recent_days: engine.settings.recent.num_days(),
            accounts: Vec::new(),
            keys: Vec::new(),
        },
    }
}

/// Saves a plan as a new file. Says whether it is saved.
async fn save(
    path: &std::path::Path,
    document: &Document,
    command: &mut Command,
) -> Result<bool, Ended> {
    let runner = &mut command.runner;
    let typed = path.to_string_lossy().into_owned();
    runner.plan_job(PlanJob::Save(typed, Box::new(document.clone())));
    let saved = loop {
        let news = runner.plan_news().await?.into_iter();
        let mut saved = news.filter_map(|news| match news {
            PlanNews::Saved(saved) => Some(saved),
            _ => None,
        });
        if let Some(saved) = saved.next() {
            break saved;
        }
    };
    runner.clear_progress();
    document::tell(document);
    match &saved {
        Ok(place) => complain(format_args!("iamkeys: saved as {place}")),
        Err(why) => complain(format_args!("iamkeys: not saved: {why}")),
    }
    Ok(saved.is_ok())
}

/// Prints a plan: as a table for people, and otherwise as it would be saved.
fn print(document: &Document, command: &mut Command) {
    command.runner.clear_progress();
    if !command.looks.is_terminal {
        command.writer.write(plans::write(document).into_bytes());
        return document::tell(document);
    }
    let columns = columns_of::<PlanRecord>(&[], Format::Table);
    let columns = columns
        .into_iter()
        .filter(|column| column.name != "difference");
    let writer = command.writer.clone();
    let mut printer = Printer::new(columns.collect(), Format::Table, command.looks, writer);
    for record in records(document) {
        printer.print(record);
    }
    if !document.keys.is_empty() {
        command.print_rest(&mut printer, &[]);
    }
    document::tell(document);
    complain("iamkeys: nothing was saved: -o FILE saves the plan");
}
