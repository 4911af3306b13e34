//! `iamkeys deactivate`, `activate` and `delete`: keys are searched for, looked at, confirmed together
//! and changed one after the other.
//!
//! All keys are found and looked at before anything is sent: where one of them is not there or cannot be
//! changed, nothing is. From then on a failure of one does not stop the others; an outcome that is not
//! known does.

use super::{
    Command, ExitStatus,
    carry::{self, Became, Carried, OPEN_CHANGE},
    changed::{ChangedRecord, Outcome, why_all},
    confirm::{self, Way},
    find::{self, Found},
    follow::is_named,
    incomplete::Gap,
    output::{Format, Printer, columns_of},
    plan::tell_unfinished,
    run::Ended,
};
use crate::{
    cli::ChangeArgs,
    engine::{
        BulkAction, Change, Difference, Engine, Exit, KeyId, Plan, PlanId, Slot, account::Account,
        model::KeyStatus, text::visible,
    },
    stderr::complain,
};
use std::io::{self, IsTerminal as _};

/// A key that was found.
struct Target {
    slot: Slot,
    user: Box<str>,
    key: KeyId,
    /// The plan that changes it; none where nothing is left to be done to it.
    plan: Option<PlanId>,
}

/// What is known of the keys that were asked for.
struct Changing {
    action: BulkAction,
    records: Vec<ChangedRecord>,
    targets: Vec<Target>,
    printer: Printer<ChangedRecord>,
}

/// Changes keys.
pub(super) async fn run(
    action: BulkAction,
    args: &ChangeArgs,
    command: &mut Command,
) -> Result<ExitStatus, Ended> {
    let format = Format::chosen(args.output.format, command.looks);
    let columns = columns_of::<ChangedRecord>(&args.columns, format);
    let writer = command.writer.clone();
    let mut changing = Changing {
        action,
        records: Vec::new(),
        targets: Vec::new(),
        printer: Printer::new(columns, format, command.looks, writer),
    };
    let mut keys: Vec<KeyId> = Vec::new();
    for key in &args.keys {
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    if let Some(why) = confirm::read_only(&command.runner) {
        return Ok(changing.not_begun(&keys, &why, command));
    }
    let Some(way) = confirm::way(&mut command.runner, args.yes) else {
        return Ok(ExitStatus::Usage);
    };
    match confirm::no_journal(&mut command.runner).await {
        Ok(None) => {}
        Ok(Some(why)) => return Ok(changing.not_begun(&keys, &why, command)),
        Err(ended) => return changing.end(Err(ended), &keys, command),
    }
    let ended = changing.change(&keys, way, command).await;
    changing.end(ended, &keys, command)
}

impl Changing {
    /// Says of each key that nothing was begun, and why.
    fn not_begun(mut self, keys: &[KeyId], why: &str, command: &mut Command) -> ExitStatus {
        for key in keys {
            let record = ChangedRecord::of(None, None, key.as_str(), self.action.verb());
            self.put(record.with(Outcome::Skipped, why.to_owned()));
        }
        self.printer.fail(why);
        command.print_rest(&mut self.printer, &[]);
        ExitStatus::Failed
    }

    async fn change(
        &mut self,
        keys: &[KeyId],
        way: Way,
        command: &mut Command,
    ) -> Result<Vec<Gap>, Ended> {
        let gaps = self.find(keys, command).await?;
        if !gaps.is_empty() || self.records.iter().any(|it| it.outcome == Outcome::Failed) {
            self.leave_all("a key was not found, so nothing was changed", command);
            return Ok(gaps);
        }
        if !self.look(way, command).await? {
            let why = "another key cannot be changed, so nothing was changed";
            self.leave_all(why, command);
            return Ok(gaps);
        }
        let plans: Vec<PlanId> = self.targets.iter().filter_map(|it| it.plan).collect();
        let typed = match way {
            _ if plans.is_empty() => Some(Vec::new()),
            Way::Yes => Some(typed_by_yes(&command.runner.engine, &plans)),
            Way::Asked => {
                command.runner.clear_progress();
                confirm::ask(&mut command.runner, &plans).await?
            }
        };
        let Some(typed) = typed else {
            self.leave_all("it was not confirmed", command);
            complain("iamkeys: not confirmed: nothing was changed");
            return Ok(gaps);
        };
        self.carry_out(typed, command).await?;
        Ok(gaps)
    }

    /// Searches for all keys. What could not be asked is given back where one was not found.
    async fn find(&mut self, keys: &[KeyId], command: &mut Command) -> Result<Vec<Gap>, Ended> {
        let verb = self.action.verb();
        let mut gaps = Vec::new();
        for key in keys {
            match find::search(command, key).await? {
                Found::At(slot, user) => self.targets.push(Target {
                    slot,
                    user,
                    key: key.clone(),
                    plan: None,
                }),
                Found::Not(why) => {
                    gaps = find::not_found(&command.runner.engine);
                    let why = find::why_not(key, &why);
                    command.runner.clear_progress();
                    find::tell_not_found(&why);
                    let record = ChangedRecord::of(None, None, key.as_str(), verb);
                    self.put(record.with(Outcome::Failed, why));
                }
            }
        }
        Ok(gaps)
    }

    /// Looks at all keys that were found. Says whether all of them can be changed.
    async fn look(&mut self, way: Way, command: &mut Command) -> Result<bool, Ended> {
        let runner = &mut command.runner;
        let is_known = |engine: &Engine, target: &Target| {
            let account = engine.fleet.get(target.slot);
            account.is_none_or(|account| account.is_lost() || is_named(account))
        };
        // Whose account it is stands in the question, and in the journal.
        let targets = &self.targets;
        runner
            .until(|engine| targets.iter().all(|it| is_known(engine, it)).then_some(()))
            .await?;
        for target in &mut self.targets {
            target.plan = carry::begin(runner, target.slot, target.change(self.action));
        }
        for id in self.targets.iter().filter_map(|target| target.plan) {
            carry::looked(runner, id).await?;
        }
        let mut all = true;
        let action = self.action;
        for at in 0..self.targets.len() {
            let engine = &command.runner.engine;
            let target = &self.targets[at];
            let verdict = verdict(engine, target, action, way, self.others_go_too(engine, at));
            let record = target.record(engine, action);
            let (outcome, why) = match verdict {
                Verdict::Change => continue,
                Verdict::Already(words) => (Outcome::Already, words),
                Verdict::NotAsSeen(why) => (Outcome::Skipped, why),
                Verdict::Not(why) => (Outcome::Failed, why),
            };
            if outcome != Outcome::Already {
                command.runner.clear_progress();
                complain(format_args!("iamkeys: {}: {}", target.key, visible(&why)));
                all = false;
            }
            self.targets[at].plan = None;
            self.put(record.with(outcome, why));
        }
        Ok(all)
    }

    /// Changes them, one after the other.
    async fn carry_out(&mut self, typed: Vec<String>, command: &mut Command) -> Result<(), Ended> {
        let mut typed = typed.into_iter();
        for at in 0..self.targets.len() {
            let Some(id) = self.targets[at].plan else {
                continue;
            };
            if command.runner.is_interrupted() {
                return Err(Ended::Exit(Exit::Interrupted(Vec::new())));
            }
            let typed = typed.next().unwrap_or_default();
            // A person who confirms that all keys of a user are deactivated knows that the last one is.
            let goes_too = self.others_go_too(&command.runner.engine, at);
            let expected = |difference: &Difference| *difference == Difference::NoOther && goes_too;
            let carried = carry::carry_out(&mut command.runner, id, typed, expected).await?;
            let engine = &command.runner.engine;
            let record = became(self.targets[at].record(engine, self.action), carried);
            let (outcome, reason) = (record.outcome, record.reason.clone());
            command.runner.clear_progress();
            self.put(record);
            if let (Some(reason), false) = (reason, outcome == Outcome::Done) {
                let key = &self.targets[at].key;
                complain(format_args!("iamkeys: {key}: {}", visible(&reason)));
            }
            if outcome == Outcome::Unknown {
                self.leave_all("the outcome of the change before is not known", command);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether all other keys of a user that are Active, or were so before, are changed as well.
    fn others_go_too(&self, engine: &Engine, at: usize) -> bool {
        let target = &self.targets[at];
        let account = engine.fleet.get(target.slot);
        let keys = account.and_then(|account| account.users.keys(&target.user));
        let is_asked = |id: &str| self.targets.iter().any(|other| other.key.as_str() == id);
        keys.is_some_and(|keys| keys.iter().all(|row| is_asked(&row.key.id)))
    }

    /// Notes what became of a key, and prints that.
    fn put(&mut self, record: ChangedRecord) {
        self.printer.print(record.clone());
        self.printer.flush();
        self.records.push(record);
    }

    /// Leaves the keys alone of which nothing is known yet.
    fn leave_all(&mut self, why: &str, command: &Command) {
        let engine = &command.runner.engine;
        for target in std::mem::take(&mut self.targets) {
            if !self.is_told(&target.key) {
                let record = target.record(engine, self.action);
                self.put(record.with(Outcome::Skipped, why.to_owned()));
            }
        }
    }

    fn is_told(&self, key: &KeyId) -> bool {
        let mut known = self.records.iter();
        known.any(|record| record.key_id.as_deref() == Some(key.as_str()))
    }

    /// Prints what is left to be printed, and says what it has come to.
    fn end(
        mut self,
        ended: Result<Vec<Gap>, Ended>,
        keys: &[KeyId],
        command: &mut Command,
    ) -> Result<ExitStatus, Ended> {
        let (gaps, interrupted) = match ended {
            Ok(gaps) => (gaps, false),
            Err(ended) => {
                let unknown = ended.by_signal()?;
                command.runner.clear_progress();
                self.interrupted(keys, command);
                for line in unknown {
                    complain(format_args!("iamkeys: {}", visible(&line)));
                }
                (Vec::new(), true)
            }
        };
        let status = Outcome::status(self.records.iter().map(|record| record.outcome));
        if status == ExitStatus::Failed && !interrupted {
            self.printer.fail(why_all(&self.records));
        }
        command.print_rest(&mut self.printer, &gaps);
        let _ = command.status(&gaps);
        self.tell_undo(&command.runner.engine);
        tell_unfinished(&command.runner.engine);
        Ok(match status {
            ExitStatus::OutcomeUnknown => status,
            _ if interrupted => ExitStatus::Interrupted,
            status => status,
        })
    }

    /// Says what became of the keys when it was interrupted.
    fn interrupted(&mut self, keys: &[KeyId], command: &Command) {
        let engine = &command.runner.engine;
        let targets = std::mem::take(&mut self.targets);
        for key in keys
            .iter()
            .filter(|key| !self.is_told(key))
            .collect::<Vec<_>>()
        {
            let target = targets.iter().find(|target| target.key == *key);
            let record = match target {
                Some(target) => target.record(engine, self.action),
                None => ChangedRecord::of(None, None, key.as_str(), self.action.verb()),
            };
            let record = match target.map(|target| left(engine, target)) {
                Some(Left::UnderWay) => record.with(
                    Outcome::Unknown,
                    "interrupted while it was under way".to_owned(),
                ),
                Some(Left::Done) => record.with(Outcome::Done, None),
                Some(Left::NotBegun) | None => record.with(
                    Outcome::Skipped,
                    "interrupted before it was sent".to_owned(),
                ),
                Some(Left::Failed(why)) => record.with(Outcome::Failed, why),
            };
            self.put(record);
        }
    }

    /// Says how what was done is taken back.
    fn tell_undo(&self, engine: &Engine) {
        if self.action != BulkAction::Deactivate || !io::stderr().is_terminal() {
            return;
        }
        let done = self.records.iter();
        let done: Vec<&ChangedRecord> = done.filter(|it| it.outcome == Outcome::Done).collect();
        let keys: Vec<&str> = done.iter().filter_map(|it| it.key_id.as_deref()).collect();
        if keys.is_empty() {
            return;
        }
        let profile = match engine.fleet.accounts() {
            [only] => only.identity.profile.as_deref(),
            _ => None,
        };
        let profile = profile
            .map(|name| format!(" --profile {name}"))
            .unwrap_or_default();
        complain(format_args!(
            "iamkeys: to take it back: iamkeys activate {}{profile}",
            keys.join(" ")
        ));
    }
}

/// How far a change had come when the run was ended.
enum Left {
    NotBegun,
    UnderWay,
    Done,
    Failed(String),
}

fn left(engine: &Engine, target: &Target) -> Left {
    let Some(plan) = target.plan.and_then(|id| engine.plan(id)) else {
        // It was there until it was done: the answer has ended the run. One that was lost is a question.
        let is_it = |change: &Change| change.key() == Some(target.key.as_str());
        let is_open = carry::is_open(engine, target.slot, &target.user, is_it);
        return match target.plan {
            None => Left::NotBegun,
            Some(_) if is_open => Left::UnderWay,
            Some(_) => Left::Done,
        };
    };
    match &plan.current().progress {
        crate::engine::Progress::UnderWay(_) => Left::UnderWay,
        crate::engine::Progress::Failed(error) => Left::Failed(error.to_string()),
        crate::engine::Progress::Waiting | crate::engine::Progress::Done => Left::NotBegun,
    }
}

impl Target {
    fn change(&self, action: BulkAction) -> Change {
        action.change(&self.user, self.key.as_str())
    }

    fn record(&self, engine: &Engine, action: BulkAction) -> ChangedRecord {
        let account = engine.fleet.get(self.slot);
        let (user, key) = (Some(&*self.user), self.key.as_str());
        ChangedRecord::of(account, user, key, action.verb())
    }
}

/// What the look at a key says.
enum Verdict {
    Change,
    Already(String),
    /// It is not what it was a moment ago, and is confirmed beforehand only.
    NotAsSeen(String),
    Not(String),
}

/// Judges a key by the look at it. That it is the last active one of its user is no news where all others
/// go too.
fn verdict(
    engine: &Engine,
    target: &Target,
    action: BulkAction,
    way: Way,
    others_go_too: bool,
) -> Verdict {
    let Some(plan) = target.plan.and_then(|id| engine.plan(id)) else {
        return Verdict::Not("it cannot be changed now".into());
    };
    let preflight = plan.preflight();
    let different = preflight.and_then(|it| {
        let difference = it.difference.as_ref()?;
        Some((difference, engine.different(difference, plan, it)))
    });
    if let Some((Difference::NotFound | Difference::OtherSession, why)) = &different {
        return Verdict::Not(why.clone());
    }
    let not_as_seen = different.filter(|(difference, _)| {
        way == Way::Yes && !(others_go_too && **difference == Difference::NoOther)
    });
    let failed = preflight.and_then(|preflight| preflight.failed.as_ref());
    if let (Some(error), Way::Yes) = (failed, way) {
        return Verdict::Not(format!("it could not be looked at: {error}"));
    }
    let Some(status) = status_of(engine, target) else {
        return Verdict::Not("its status is not known".into());
    };
    match (action, status) {
        (BulkAction::Deactivate, KeyStatus::Inactive) => {
            Verdict::Already("already Inactive".into())
        }
        (BulkAction::Activate, KeyStatus::Active) => Verdict::Already("already Active".into()),
        (BulkAction::Delete, status) if *status != KeyStatus::Inactive && way == Way::Yes => {
            Verdict::Not(format!("it is {}: deactivate it first", status.word()))
        }
        _ if engine.has_open_change(target.slot, target.key.as_str()) => {
            Verdict::NotAsSeen(OPEN_CHANGE.into())
        }
        _ => match not_as_seen {
            Some((_, why)) => Verdict::NotAsSeen(why),
            None => Verdict::Change,
        },
    }
}

fn status_of<'a>(engine: &'a Engine, target: &Target) -> Option<&'a KeyStatus> {
    let account: &Account = engine.fleet.get(target.slot)?;
    let keys = account.users.keys(&target.user)?;
    let row = keys.iter().find(|row| row.key.id == target.key.as_str())?;
    Some(&row.key.status)
}

/// What a person would type where `--yes` confirms it.
fn typed_by_yes(engine: &Engine, plans: &[PlanId]) -> Vec<String> {
    let typed = plans.iter().map(|id| {
        let preflight = engine.plan(*id).and_then(Plan::preflight);
        preflight
            .and_then(|it| it.typed.clone())
            .unwrap_or_default()
    });
    typed.collect()
}

/// A record with what became of the change.
fn became(record: ChangedRecord, carried: Carried) -> ChangedRecord {
    let record = match carried.became {
        Became::Done(how) => record.with(Outcome::Done, how),
        Became::NotSent(why) => record.with(Outcome::Skipped, why),
        Became::Failed(error) => record.with(Outcome::Failed, error.to_string()),
        Became::NoRoom => record.with(Outcome::Failed, "no key slot is free".to_owned()),
        Became::Unknown(why) => record.with(Outcome::Unknown, why),
    };
    ChangedRecord {
        request_id: carried.request_id,
        ..record
    }
}
