//! A plan is carried out, or taken back: shown with what is different now, confirmed, and followed until
//! it has come to its end. What becomes of each key is printed as soon as that is known.

use super::{
    open::{self, Before, Deactivated, ELSEWHERE, KeyOf, NotKept, Opening, Purpose},
    told,
};
use crate::{
    cli::PlanApplyArgs,
    commands::{
        Command, ExitStatus,
        changed::{ChangedRecord, Outcome},
        confirm::{self, Way},
        incomplete::Gap,
        output::{Format, Printer, columns_of},
        run::Ended,
    },
    engine::{
        BulkAction, BulkIntent, BulkPlan, Engine, Exit, Intent, Origin, PlanJob,
        account::Account,
        bulk::{BulkStage, Document, Entry, EntryState, Marked, Paused, PlanNews},
        model::KeyStatus,
        text::{plural, visible},
        unresolved::Finding,
    },
    stderr::complain,
};
use std::collections::HashSet;

/// What is said where this machine has not deactivated any key of a plan.
const NOT_NAMED: &str = "the journal of this machine names no key that this plan has deactivated";

/// A plan that is carried out.
struct Applying {
    printer: Printer<ChangedRecord>,
    /// What became of the keys that were told of.
    outcomes: Vec<Outcome>,
    /// Why the first of them was not changed: one that has failed, or else one that was left alone.
    why: Option<(Outcome, String)>,
    /// What is said of those that have failed, at the end.
    failed: Vec<String>,
    /// The entries that were told of.
    told: HashSet<usize>,
    /// The keys of the saved plan that are to be changed, by their places.
    wanted: Vec<usize>,
    /// Those that an earlier run of the plan has done.
    done_before: HashSet<usize>,
    /// How many have been over.
    over: usize,
    /// What an earlier run has left.
    before: Before,
    file: String,
}

/// Carries a plan out; takes it back where it is said what it has deactivated.
pub(super) async fn run(
    args: &PlanApplyArgs,
    opening: Opening,
    undo: Option<Deactivated>,
    command: &mut Command,
) -> Result<ExitStatus, Ended> {
    let file = args.file.display().to_string();
    let format = Format::chosen(args.output.format, command.looks);
    let columns = columns_of::<ChangedRecord>(&args.columns, format);
    let writer = command.writer.clone();
    let mut printer = Printer::new(columns, format, command.looks, writer);
    if let Some(why) = confirm::read_only(&command.runner) {
        return Ok(not_begun(
            printer,
            &opening.document,
            undo.is_some(),
            why,
            (&[], command),
        ));
    }
    if !opening.document.keys.iter().any(|key| key.included) {
        complain(format_args!(
            "iamkeys: {file}: no key is included, so nothing is to be done"
        ));
        command.print_rest(&mut printer, &[]);
        return Ok(ExitStatus::Done);
    }
    let Some(way) = confirm::way(&mut command.runner, args.yes) else {
        return Ok(ExitStatus::Usage);
    };
    if let Some(why) = confirm::no_journal(&mut command.runner).await? {
        return Ok(not_begun(
            printer,
            &opening.document,
            undo.is_some(),
            why,
            (&[], command),
        ));
    }
    let purpose = match &undo {
        Some(_) => Purpose::Undo,
        None => Purpose::Apply,
    };
    let opened = opening.open(purpose, &mut command.runner).await?;
    let gaps = opening.gaps(&command.runner.engine);
    let before = match opened {
        Ok(before) => before,
        Err(why) => {
            let _ = command.status(&gaps);
            complain(format_args!("iamkeys: {}", visible(&why)));
            return Ok(not_begun(
                printer,
                &opening.document,
                undo.is_some(),
                why,
                (&gaps, command),
            ));
        }
    };
    open::compared(&mut command.runner).await?;
    let mut applying = Applying {
        printer,
        why: None,
        outcomes: Vec::new(),
        failed: Vec::new(),
        told: HashSet::new(),
        wanted: Vec::new(),
        done_before: HashSet::new(),
        over: 0,
        before,
        file,
    };
    if before.is_elsewhere {
        command.runner.clear_progress();
        complain(format_args!("iamkeys: nothing was changed: {ELSEWHERE}"));
        applying.leave_to_others(&opening.document, undo.is_some(), &command.runner.engine);
        return Ok(applying.finish(&gaps, command));
    }
    let (document, taken_back) = match undo {
        None => (opening.document, None),
        Some(deactivated) => {
            let taken = applying.take_back(&opening.document, &deactivated, way, command);
            let Some(document) = taken else {
                return Ok(applying.finish(&gaps, command));
            };
            (document, Some(opening.document))
        }
    };
    let ended = applying
        .apply(&document, taken_back.as_ref(), way, command)
        .await;
    match ended {
        Ok(()) => Ok(applying.finish(&gaps, command)),
        Err(Ended::Exit(Exit::Interrupted(lines) | Exit::Signal(_, lines))) => {
            applying.interrupted(&lines, command);
            Ok(match applying.finish(&gaps, command) {
                ExitStatus::OutcomeUnknown => ExitStatus::OutcomeUnknown,
                _ => ExitStatus::Interrupted,
            })
        }
        Err(ended) => Err(ended),
    }
}

/// Says of each key of a plan that nothing was begun, and why, which was said.
fn not_begun(
    mut printer: Printer<ChangedRecord>,
    document: &Document,
    undoes: bool,
    why: String,
    (gaps, command): (&[Gap], &mut Command),
) -> ExitStatus {
    for key in document.keys.iter().filter(|key| key.included) {
        let verb = if undoes { "activate" } else { key.step.verb() };
        let mut record = ChangedRecord::of(None, Some(&key.user), &key.key, verb);
        if let Some(account) = document.accounts.get(key.account) {
            record.account.clone_from(&account.id);
            record.account_name = Some(account.name.clone());
        }
        printer.print(record.with(Outcome::Skipped, why.clone()));
    }
    printer.fail(why);
    command.print_rest(&mut printer, gaps);
    ExitStatus::Failed
}

impl Applying {
    /// Tells of all keys that another process changes.
    fn leave_to_others(&mut self, document: &Document, undoes: bool, engine: &Engine) {
        let Some(plan) = engine.bulk().filter(|_| undoes) else {
            self.look_over(document, engine);
            return self.leave_all(ELSEWHERE, engine);
        };
        let known: HashSet<KeyOf> = open::of_plan(document).collect();
        for (at, entry) in plan.entries().iter().enumerate() {
            if known.contains(&told::key_of(plan, entry)) {
                let record = told::record(engine, plan, entry, "activate");
                self.put(at, record.with(Outcome::Skipped, ELSEWHERE.to_owned()));
            }
        }
    }

    /// Makes a plan of what another one has deactivated. None where nothing is left to be taken back.
    fn take_back(
        &mut self,
        document: &Document,
        deactivated: &Deactivated,
        way: Way,
        command: &mut Command,
    ) -> Option<Document> {
        command.runner.clear_progress();
        let engine = &command.runner.engine;
        let plan = engine.bulk()?;
        let known: HashSet<KeyOf> = open::of_plan(document).collect();
        let by_review = matches!(deactivated, Deactivated::ByReview);
        let mut keys = Vec::new();
        let mut unknown = 0;
        for (at, entry) in plan.entries().iter().enumerate() {
            let account = plan.account_of(entry);
            let key = told::key_of(plan, entry);
            if !known.contains(&key) {
                continue;
            }
            let is_its = match deactivated {
                Deactivated::ByReview => true,
                Deactivated::ByJournal(keys) => keys.contains(&key),
            };
            let record = told::record(engine, plan, entry, "activate");
            let slot = match told::left_alone(engine, entry, account, is_its) {
                Err((outcome, reason)) => {
                    self.put(at, record.with(outcome, reason));
                    continue;
                }
                Ok(_) if by_review && way == Way::Yes => {
                    let reason = "not known whether this plan has deactivated it".to_owned();
                    self.put(at, record.with(Outcome::Skipped, reason));
                    unknown += 1;
                    continue;
                }
                Ok(slot) => slot,
            };
            keys.push(Marked {
                slot,
                user: entry.user.clone(),
                key: entry.key.clone(),
                why: Some("deactivated by the plan".into()),
                exempt: None,
            });
        }
        if unknown > 0 {
            complain(format_args!(
                "iamkeys: nothing was changed: {NOT_NAMED}. {} that it was to deactivate {} Inactive now: \
                 to activate them all, confirm it in the terminal, without --yes",
                plural(unknown, "key"),
                if unknown == 1 { "is" } else { "are" },
            ));
            return None;
        }
        if keys.is_empty() {
            complain("iamkeys: nothing that this plan has deactivated is known to be Inactive now");
            return None;
        }
        if by_review {
            complain(format_args!(
                "iamkeys: {NOT_NAMED}: those are taken that were Active when it was made, and are Inactive \
                 now"
            ));
        }
        self.told.clear();
        self.over = 0;
        command
            .runner
            .intend(Intent::Bulk(BulkIntent::TakeBack(keys)));
        let engine = &command.runner.engine;
        let plan = engine.bulk().filter(|plan| plan.undoes)?;
        Some(plan.document())
    }

    /// Shows the plan, has it confirmed, and follows it to its end.
    async fn apply(
        &mut self,
        document: &Document,
        taken_back: Option<&Document>,
        way: Way,
        command: &mut Command,
    ) -> Result<(), Ended> {
        self.look_over(document, &command.runner.engine);
        command.runner.clear_progress();
        let Some(plan) = command.runner.engine.bulk() else {
            return Ok(());
        };
        let lines = told::what_is_done(document, plan, command.runner.engine.now());
        match way {
            Way::Asked => confirm::show(&lines),
            Way::Yes => lines
                .iter()
                .for_each(|line| complain(format_args!("iamkeys: {}", visible(line)))),
        }
        let asked = plan.asked();
        if !plan.has_work() || asked.steps.all() + asked.waiting == 0 {
            complain("iamkeys: nothing is left to be done");
            self.leave_all("", &command.runner.engine);
            command.runner.plan_job(PlanJob::Forget);
            return Ok(());
        }
        let mut typed = String::new();
        if let Some(confirmation) = command.runner.engine.bulk_confirmation() {
            typed = confirmation.text();
            if way == Way::Asked && !confirm::number(&mut command.runner, &confirmation).await? {
                complain("iamkeys: not confirmed: nothing was changed");
                self.leave_all("it was not confirmed", &command.runner.engine);
                return Ok(());
            }
        }
        if let Err(why) = keep(self.before.ends, taken_back, command).await? {
            let why = why.words();
            complain(format_args!("iamkeys: nothing was changed: {why}"));
            self.leave_all(&why, &command.runner.engine);
            return Ok(());
        }
        let halted = self.carry_out(typed, command).await?;
        let why = match command.runner.engine.bulk().map(|plan| plan.stage) {
            _ if halted.is_some() => halted.unwrap_or_default(),
            Some(BulkStage::Paused) => "its account is paused".into(),
            _ => String::new(),
        };
        self.leave_all(&why, &command.runner.engine);
        Ok(())
    }

    /// Notes which keys are to be changed, and which an earlier run has done.
    fn look_over(&mut self, document: &Document, engine: &Engine) {
        let keys = document.keys.iter().enumerate();
        self.wanted = keys
            .filter(|(_, key)| key.included)
            .map(|(at, _)| at)
            .collect();
        let Some(plan) = engine.bulk() else { return };
        let done = plan.entries().iter().enumerate();
        let done = done.filter(|(_, entry)| entry.state == EntryState::Done);
        self.done_before = done.map(|(at, _)| at).collect();
    }

    /// Carries it out, and goes on where an answer that was lost is known after all. Says why nothing more
    /// was begun, where that is not the matter of an account.
    async fn carry_out(
        &mut self,
        typed: String,
        command: &mut Command,
    ) -> Result<Option<String>, Ended> {
        let mut halted = None;
        let mut typed = Some(typed);
        while let Some(text) = typed.take() {
            let runner = &mut command.runner;
            runner.intend(Intent::Bulk(BulkIntent::Apply { typed: text }));
            let mut ended = 0;
            runner
                .until(|engine| {
                    let plan = engine.bulk()?;
                    if plan.tally().ended() != ended {
                        ended = plan.tally().ended();
                        self.tell_ended(engine, plan);
                    }
                    let waits = plan.is_moving() || is_looked_into(engine, plan);
                    (!waits).then_some(())
                })
                .await?;
            let engine = &runner.engine;
            if let Some(plan) = engine.bulk() {
                // What is known after all was told of as lost.
                self.tell_ended(engine, plan);
                let stopped = plan.paused().any(|(_, why)| *why == Paused::OutcomeUnknown);
                let tally = plan.tally();
                let goes_on = plan.stage == BulkStage::Paused && stopped && tally.to_do > 0;
                if goes_on && tally.unknown + tally.failed == 0 && !runner.is_interrupted() {
                    typed = Some(String::new());
                }
            }
            for news in runner.take_plan_news() {
                runner.clear_progress();
                match news {
                    PlanNews::NotKept(why) => {
                        complain(format_args!(
                            "iamkeys: a crash would lose the plan's place: {why}. Where it can be kept \
                             again, the same command goes on with the plan"
                        ));
                        halted = Some(format!("not begun: the plan's place cannot be kept: {why}"));
                    }
                    PlanNews::Elsewhere => {
                        complain(format_args!("iamkeys: paused: {ELSEWHERE}"));
                        halted = Some(format!("not begun: {ELSEWHERE}"));
                    }
                    _ => {}
                }
            }
            if halted.is_some() {
                typed = None;
            }
        }
        Ok(halted)
    }

    /// Tells of the keys that are over, each once. One whose outcome is not known is told of at the end.
    fn tell_ended(&mut self, engine: &Engine, plan: &BulkPlan) {
        let mut over = self.over;
        for at in plan.over_after(self.over) {
            over += 1;
            let entry = &plan.entries()[at];
            if entry.is_over() && !self.told.contains(&at) {
                self.tell(at, engine, plan, entry, "");
            }
        }
        self.over = over;
        self.printer.flush();
    }

    /// Tells of all other keys that were to be changed.
    fn leave_all(&mut self, why: &str, engine: &Engine) {
        let Some(plan) = engine.bulk() else { return };
        for at in std::mem::take(&mut self.wanted) {
            let entry = plan.entries().get(at);
            if let Some(entry) = entry.filter(|_| !self.told.contains(&at)) {
                self.tell(at, engine, plan, entry, why);
            }
        }
        self.printer.flush();
    }

    fn tell(&mut self, at: usize, engine: &Engine, plan: &BulkPlan, entry: &Entry, why: &str) {
        let record = told::record(engine, plan, entry, entry.step.verb());
        let is_before = self.done_before.contains(&at);
        let (outcome, reason) = told::became((plan, engine.now()), entry, &record, is_before, why);
        let account = plan.account_of(entry);
        if let (Outcome::Failed | Outcome::Unknown, Some(reason)) = (outcome, &reason) {
            self.failed.push(format!(
                "{} of {} in {}: {reason}",
                entry.key, entry.user, account.name
            ));
        }
        let mut record = record.with(outcome, reason);
        if outcome == Outcome::Done {
            // What the account has told of it may be of before.
            record.status = status_after(entry.step);
        }
        // What was not sent has none, and all that was done would be looked through for it.
        if matches!(outcome, Outcome::Done | Outcome::Failed) && !is_before {
            record.request_id = told::request_id(engine, &entry.key);
        }
        self.put(at, record);
    }

    fn put(&mut self, at: usize, record: ChangedRecord) {
        self.told.insert(at);
        self.outcomes.push(record.outcome);
        let weighs_more = match self.why {
            None => matches!(record.outcome, Outcome::Failed | Outcome::Skipped),
            Some((first, _)) => record.outcome == Outcome::Failed && first != Outcome::Failed,
        };
        if let Some(reason) = record.reason.clone().filter(|_| weighs_more) {
            self.why = Some((record.outcome, reason));
        }
        self.printer.print(record);
    }

    /// Says what became of the keys when it was interrupted, and how it goes on.
    fn interrupted(&mut self, lines: &[String], command: &mut Command) {
        command.runner.clear_progress();
        self.leave_all("interrupted before it was begun", &command.runner.engine);
        for line in lines {
            complain(format_args!("iamkeys: {}", visible(line)));
        }
        let Some(plan) = command.runner.engine.bulk() else {
            return;
        };
        // As long as a key is under way, or not known, it is not over, though none may be left to begin.
        let has_begun = plan.has_begun() || plan.is_under_way() || self.before.is_taken_up;
        if plan.undoes && has_begun {
            complain(format_args!(
                "iamkeys: iamkeys plan undo {} takes back what is left",
                self.file
            ));
        } else if has_begun {
            complain(format_args!(
                "iamkeys: iamkeys plan apply {} goes on with it, and skips what is done",
                self.file
            ));
        } else if plan.stage == BulkStage::Review {
            // Nothing was begun: nothing is left over.
            command.runner.plan_job(PlanJob::Forget);
        }
    }

    /// Prints what is left to be printed, and says what it has come to.
    fn finish(&mut self, gaps: &[Gap], command: &mut Command) -> ExitStatus {
        let status = Outcome::status(self.outcomes.iter().copied());
        if status == ExitStatus::Failed && !command.runner.is_interrupted() {
            let why = self.why.take().map(|(_, why)| why);
            self.printer
                .fail(why.unwrap_or_else(|| "nothing was done".into()));
        }
        command.print_rest(&mut self.printer, gaps);
        for line in &self.failed {
            complain(format_args!("iamkeys: {}", visible(line)));
        }
        let left_out = self.outcomes.contains(&Outcome::Skipped);
        // An account that the plan does not name is no matter.
        if left_out {
            let _ = command.status(gaps);
        }
        let count_of = |outcome| self.outcomes.iter().filter(|it| **it == outcome).count();
        let parts = [Outcome::Done, Outcome::Already, Outcome::Skipped]
            .into_iter()
            .chain([Outcome::Failed, Outcome::Unknown])
            .filter(|outcome| count_of(*outcome) > 0)
            .map(|outcome| format!("{} {}", count_of(outcome), outcome.word()));
        let parts: Vec<String> = parts.collect();
        if !parts.is_empty() {
            complain(format_args!(
                "iamkeys: {}: {}",
                plural(self.outcomes.len(), "key"),
                parts.join(", ")
            ));
        }
        status
    }
}

/// The status of a key whose step is done; none where it is deleted.
fn status_after(step: BulkAction) -> Option<String> {
    let status = match step {
        BulkAction::Deactivate => KeyStatus::Inactive,
        BulkAction::Activate => KeyStatus::Active,
        BulkAction::Delete => return None,
    };
    Some(status.word().to_owned())
}

/// Keeps the plan beside the journal, and ends what an earlier run has left where that is taken back; or says
/// why not. `taken_back` is the plan that it takes back: of two processes that do that at once, neither
/// goes on that sees the other.
async fn keep(
    ends: bool,
    taken_back: Option<&Document>,
    command: &mut Command,
) -> Result<Result<(), NotKept>, Ended> {
    let runner = &mut command.runner;
    runner.take_plan_news();
    if ends {
        runner.intend(Intent::Bulk(BulkIntent::Forget));
    }
    let Some(plan) = runner.engine.bulk() else {
        return Ok(Ok(()));
    };
    let (document, done) = (Box::new(plan.document()), plan.done_steps());
    runner.plan_job(PlanJob::Keep(document, done));
    let kept = open::kept(runner).await?;
    if ends && kept.is_err() {
        // What it would take back is carried out elsewhere: this has not begun.
        runner.plan_job(PlanJob::Forget);
    }
    // Both may have looked before either was kept.
    if let Some(document) = taken_back.filter(|_| kept.is_ok())
        && open::is_elsewhere(document, runner).await?
    {
        runner.plan_job(PlanJob::Forget);
        return Ok(Err(NotKept::Elsewhere));
    }
    Ok(kept)
}

/// Whether the account is still asked what became of a change of the plan.
fn is_looked_into(engine: &Engine, plan: &BulkPlan) -> bool {
    if plan.tally().unknown == 0 {
        return false;
    }
    plan.entries().iter().any(|entry| {
        let EntryState::OutcomeUnknown(change) = entry.state else {
            return false;
        };
        let question = engine.question(&Origin::Here(change));
        question.is_some_and(|question| {
            let account = engine.account_of(question);
            let is_lost = account.is_none_or(Account::is_lost);
            !is_lost
                && matches!(
                    question.finding,
                    Finding::Unseen | Finding::Queued | Finding::Looking(_)
                )
        })
    })
}
