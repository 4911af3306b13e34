//! `iamkeys rotate`: the rotation of a user's key, step by step, as far as was asked for. Where it stands
//! is derived from the account, so that another run, person or machine can go on with it.

mod record;

use super::{
    Command, ExitStatus,
    carry::{self, Became},
    confirm::{self, Way},
    create::{self, Confirmed, Refused, What},
    find,
    incomplete::Gap,
    named_user::{self, NotFound},
    output::{Format, Printer, columns_of},
    run::Ended,
    store::{self, Whom},
};
use crate::{
    cli::{RotateArgs, Until},
    engine::{
        Blocker, Engine, Exit, Intent, KeyId, Read, RotationAction, RotationStep, Slot,
        account::KeyRow, model::KeyStatus, text::visible, vault::Tried,
    },
    stderr::complain,
};
use chrono::{DateTime, SecondsFormat, Utc};
use record::RotationRecord;
use std::time::Duration;

/// How often it is looked whether AWS lists a key that was just created, and how long it is waited
/// between.
const LOOKS: u32 = 20;
const BETWEEN: Duration = Duration::from_secs(1);

/// A rotation that is carried out.
struct Rotating<'a> {
    args: &'a RotateArgs,
    slot: Slot,
    user: Box<str>,
    /// The key that was named.
    key: Option<KeyId>,
    way: Way,
    record: RotationRecord,
    /// Something was changed in this run.
    has_changed: bool,
}

/// How far it has come, in the end.
struct Ending {
    outcome: &'static str,
    reason: Option<String>,
    status: ExitStatus,
}

/// Where a rotation stands.
#[derive(Clone, Debug)]
struct Stand {
    step: RotationStep,
    blocker: Option<Blocker>,
    is_under_way: bool,
    old: Option<String>,
    old_is_off: bool,
    new: Option<String>,
    waits_for: &'static str,
    warm_until: Option<DateTime<Utc>>,
}

/// Rotates a key, or goes on with it.
pub(super) async fn run(args: &RotateArgs, command: &mut Command) -> Result<ExitStatus, Ended> {
    if let Some(why) = confirm::read_only(&command.runner) {
        let not = NotFound::failed(why);
        return Ok(not_begun(args, "skipped", not, command));
    }
    if store::cannot_be_printed(args.to.as_ref(), args.storing.show) {
        return Ok(ExitStatus::Usage);
    }
    if args.to.is_some() && args.resume {
        complain(
            "iamkeys: --resume goes on with a key that was created before, whose secret is not in this run: \
             --to has no use there",
        );
        return Ok(ExitStatus::Usage);
    }
    if args.to.is_none() && !args.resume {
        complain("iamkeys: --to says where the secret of the new key goes; --resume needs none");
        return Ok(ExitStatus::Usage);
    }
    let Some(way) = confirm::way(&mut command.runner, args.storing.yes) else {
        return Ok(ExitStatus::Usage);
    };
    let key = KeyId::read(&args.of).ok();
    let found = match find_it(args, key.as_ref(), command).await {
        Ok(found) => found,
        Err(ended) => {
            for line in ended.by_signal()? {
                complain(format_args!("iamkeys: {}", visible(&line)));
            }
            let not = NotFound {
                status: ExitStatus::Interrupted,
                ..NotFound::failed("interrupted".into())
            };
            return Ok(not_begun(args, "skipped", not, command));
        }
    };
    let (slot, user) = match found {
        Ok(found) => found,
        Err((outcome, not)) => return Ok(not_begun(args, outcome, not, command)),
    };
    let account = command.runner.engine.fleet.get(slot);
    let mut rotating = Rotating {
        record: RotationRecord::of(account, &user),
        args,
        slot,
        user,
        key,
        way,
        has_changed: false,
    };
    let ended = rotating.rotate(command).await;
    rotating.end(ended, command)
}

/// Whose key is rotated; or why nothing is begun, and what that comes to.
async fn find_it(
    args: &RotateArgs,
    key: Option<&KeyId>,
    command: &mut Command,
) -> Result<Result<(Slot, Box<str>), (&'static str, NotFound)>, Ended> {
    if let Some(why) = confirm::no_journal(&mut command.runner).await? {
        return Ok(Err(("skipped", NotFound::failed(why))));
    }
    let found = match key {
        Some(key) => of_key(command, key).await?,
        None => named_user::find(command, &args.of).await?,
    };
    Ok(found.map_err(|not| ("failed", not)))
}

/// Prints that nothing was begun, and why, which was said.
fn not_begun(
    args: &RotateArgs,
    outcome: &'static str,
    not: NotFound,
    command: &mut Command,
) -> ExitStatus {
    if args.to.as_ref().is_some_and(store::prints) {
        return not.status;
    }
    let is_key = KeyId::read(&args.of).is_ok();
    let mut record = RotationRecord::of(None, if is_key { "" } else { &args.of });
    record.old_key_id = is_key.then(|| args.of.clone());
    record.outcome = outcome;
    record.reason = Some(not.why);
    print(args, record, &not.gaps, not.status, command);
    not.status
}

/// Prints the record.
fn print(
    args: &RotateArgs,
    record: RotationRecord,
    gaps: &[Gap],
    status: ExitStatus,
    command: &mut Command,
) {
    let format = Format::chosen(args.output.format, command.looks);
    let columns = columns_of::<RotationRecord>(&args.columns, format);
    let writer = command.writer.clone();
    let mut printer = Printer::new(columns, format, command.looks, writer);
    if status == ExitStatus::Failed {
        printer.fail(record.reason.clone().unwrap_or_default());
    }
    printer.print(record);
    command.print_rest(&mut printer, gaps);
}

/// Whose a key is.
async fn of_key(command: &mut Command, key: &KeyId) -> Result<named_user::Found, Ended> {
    Ok(match find::search(command, key).await? {
        find::Found::At(slot, user) => Ok((slot, user)),
        find::Found::Not(why) => {
            let gaps = find::not_found(&command.runner.engine);
            command.runner.clear_progress();
            let _ = command.status(&gaps);
            find::tell_not_found(&why);
            Err(NotFound {
                gaps,
                ..NotFound::failed(find::why_not(key, &why))
            })
        }
    })
}

impl Rotating<'_> {
    fn stand(&self, engine: &Engine) -> Stand {
        let rotation = engine.rotation(self.slot, &self.user);
        let id = |row: Option<&KeyRow>| row.map(|row| row.key.id.clone());
        Stand {
            step: rotation.step,
            blocker: rotation.blocker,
            is_under_way: rotation.evidence.is_some(),
            old: id(rotation.old),
            old_is_off: rotation
                .old
                .is_some_and(|old| old.key.status == KeyStatus::Inactive),
            new: id(rotation.new),
            waits_for: rotation.waits_for(),
            warm_until: rotation.old.and_then(|old| engine.warm_until(old)),
        }
    }

    /// Takes its steps, as far as was asked for.
    async fn rotate(&mut self, command: &mut Command) -> Result<Ending, Ended> {
        if let Err(why) = self.read(command).await? {
            return Ok(self.failed(why));
        }
        let stand = self.stand(&command.runner.engine);
        if let Some(why) = self.wrong_beginning(&command.runner.engine, &stand) {
            return Ok(self.failed(why));
        }
        let is_new = !stand.is_under_way;
        self.note(&stand);
        if is_new && let Some(ending) = self.create(command).await? {
            return Ok(ending);
        }
        loop {
            if self.record.step >= Some(self.args.until) {
                return Ok(Ending {
                    outcome: "done",
                    reason: None,
                    status: ExitStatus::Done,
                });
            }
            if command.runner.is_interrupted() {
                return Err(Ended::Exit(Exit::Interrupted(Vec::new())));
            }
            let stand = self.settled(command).await?;
            let before = self.record.step;
            self.note(&stand);
            if self.record.step != before {
                self.tell_check(&command.runner.engine, before);
                continue;
            }
            let action = match (stand.step, stand.blocker) {
                (RotationStep::Deactivate, None) => RotationAction::Deactivate,
                (RotationStep::Delete, None) => RotationAction::Delete,
                _ => return Ok(Self::waiting(&stand)),
            };
            if let Some(ending) = self.act(action, command).await? {
                return Ok(ending);
            }
        }
    }

    /// Reads the keys as they are now, and how recently each was used.
    async fn read(&self, command: &mut Command) -> Result<Result<(), String>, Ended> {
        let (slot, user) = (self.slot, &*self.user);
        let runner = &mut command.runner;
        runner.intend(Intent::Ask(slot, Read::Keys(user.into())));
        let keys = runner
            .until(|engine| named_user::keys(engine, slot, user))
            .await?;
        if let Err(why) = keys {
            return Ok(Err(why));
        }
        runner.intend(Intent::Rotate(slot, user.into()));
        runner
            .until(|engine| {
                let account = engine.fleet.get(slot)?;
                let row = account.users.get(user)?;
                let keys = row.keys.known().into_iter().flatten();
                let waits =
                    row.keys.is_loading() || keys.clone().any(|row| row.last_used.is_loading());
                (!waits || account.is_lost()).then_some(())
            })
            .await?;
        Ok(Ok(()))
    }

    /// Why it cannot begin here, or go on.
    fn wrong_beginning(&self, engine: &Engine, stand: &Stand) -> Option<String> {
        let user = &self.user;
        let old = stand.old.as_deref().unwrap_or("?");
        let new = stand.new.as_deref().unwrap_or("?");
        if let Some(key) = self.key.as_ref().map(KeyId::as_str)
            && stand.is_under_way
            && key != old
        {
            return Some(format!(
                "{key} is the new key of a rotation of {user} that is under way: {old} is the one that goes"
            ));
        }
        if stand.is_under_way {
            let why = format!(
                "a rotation of {user} is under way, {old} to {new}, and waits for {}: pass --resume to go \
                 on with it",
                stand.waits_for
            );
            return (!self.args.resume).then_some(why);
        }
        match stand.blocker {
            None if self.args.resume => Some(format!(
                "no rotation of {user} is under way: there is one key, {old}"
            )),
            None => None,
            Some(Blocker::NoKey) => Some(format!(
                "{user} has no key to rotate: iamkeys create {user} creates one"
            )),
            Some(Blocker::TwoKeys | Blocker::BothInUse | Blocker::Asking) => Some(format!(
                "{user} has two keys, {old} and {new}, and nothing tells that one replaces the other. {}",
                create::no_room(engine, self.slot, user).unwrap_or_default()
            )),
            Some(Blocker::NewIsInactive) => Some(format!(
                "{user} has two keys, and the newer one, {new}, is Inactive. {}",
                create::no_room(engine, self.slot, user).unwrap_or_default()
            )),
            Some(_) => create::no_room(engine, self.slot, user)
                .or_else(|| Some(format!("it waits for {}", stand.waits_for))),
        }
    }

    /// Creates the new key, and sees its secret to where it goes.
    async fn create(&mut self, command: &mut Command) -> Result<Option<Ending>, Ended> {
        let Some(named) = self.args.to.clone() else {
            return Ok(Some(self.failed("--to is missing".into())));
        };
        let user = self.user.clone();
        let whom = Whom {
            slot: self.slot,
            user: &user,
            key: None,
        };
        let runner = &mut command.runner;
        let lines = match store::choose(runner, whom, &named, self.way).await? {
            Ok(lines) => lines,
            Err(why) => return Ok(Some(self.failed(why))),
        };
        let confirmed = match self
            .propose(RotationAction::Create, &lines, command)
            .await?
        {
            Ok(confirmed) => confirmed,
            Err(ending) => return Ok(Some(ending)),
        };
        let way = self.way;
        let created = create::create(command, confirmed.plan, whom, Some(&named), way).await?;
        self.has_changed |= created.key.is_some();
        self.record.new_key_id.clone_from(&created.key);
        let incomplete = ExitStatus::Incomplete;
        let (outcome, reason, status) = match created.what {
            What::Stored(place) => {
                self.record.stored_in = Some(place);
                self.record.step = Some(Until::Store);
                self.record.waits_for = self.stand(&command.runner.engine).waits_for;
                return Ok(None);
            }
            What::Kept(path, why) => {
                self.record.stored_in = Some(format!("file {path}"));
                // AWS may not list the new key yet.
                self.record.waits_for =
                    "you: put the secret where it belongs, and delete that file";
                ("kept", why, incomplete)
            }
            What::Lost(why) => ("lost", why, incomplete),
            What::Skipped(why) => return Ok(Some(self.ending("skipped", why))),
            What::Failed(why) => return Ok(Some(self.ending("failed", why))),
            What::Unknown(why, kept) => {
                self.record.stored_in = kept.map(|path| format!("file {path}"));
                ("unknown", why, ExitStatus::OutcomeUnknown)
            }
        };
        if outcome != "unknown" {
            self.record.step = Some(Until::Create);
        }
        Ok(Some(Ending {
            outcome,
            reason: Some(reason),
            status,
        }))
    }

    /// Proposes what is next, and lets a person confirm it.
    async fn propose(
        &mut self,
        action: RotationAction,
        lines: &[String],
        command: &mut Command,
    ) -> Result<Result<Confirmed, Ending>, Ended> {
        let runner = &mut command.runner;
        let intent = Intent::ProposeRotationAction(self.slot, self.user.clone(), action);
        let Some(id) = carry::begin_by(runner, intent) else {
            return Ok(Err(self.failed("that cannot be done now".into())));
        };
        carry::looked(runner, id).await?;
        Ok(
            match create::confirmed(runner, id, lines, self.way).await? {
                Ok(confirmed) => Ok(confirmed),
                Err(refused) => {
                    runner.intend(Intent::Close(id));
                    refused.tell("not confirmed: nothing more was changed");
                    Err(self.ending(refused.outcome(), refused.why()))
                }
            },
        )
    }

    /// Deactivates or deletes the old key.
    async fn act(
        &mut self,
        action: RotationAction,
        command: &mut Command,
    ) -> Result<Option<Ending>, Ended> {
        let confirmed = match self.propose(action, &[], command).await? {
            Ok(confirmed) => confirmed,
            Err(ending) => return Ok(Some(ending)),
        };
        let runner = &mut command.runner;
        if runner.is_interrupted() {
            return Err(Ended::Exit(Exit::Interrupted(Vec::new())));
        }
        let Confirmed { plan, typed } = confirmed;
        let carried = carry::carry_out(runner, plan, typed, |_| false).await?;
        runner.clear_progress();
        let old = self.record.old_key_id.clone().unwrap_or_default();
        let (step, verb) = match action {
            RotationAction::Delete => (Until::Delete, "deleted"),
            _ => (Until::Deactivate, "deactivated"),
        };
        Ok(match carried.became {
            Became::Done(_) => {
                complain(format_args!("iamkeys: {verb} {old}"));
                self.has_changed = true;
                self.record.step = Some(step);
                self.record.waits_for = match step {
                    Until::Delete => "",
                    _ => self.stand(&runner.engine).waits_for,
                };
                None
            }
            Became::NotSent(why) => {
                let refused = Refused::NotAsSeen(why);
                refused.tell("");
                Some(self.ending(refused.outcome(), refused.why()))
            }
            Became::Failed(error) => Some(self.failed(error.to_string())),
            Became::NoRoom => Some(self.failed("no key slot is free".into())),
            Became::Unknown(why) => {
                complain(format_args!("iamkeys: {}", visible(&why)));
                Some(Ending {
                    outcome: "unknown",
                    reason: Some(why),
                    status: ExitStatus::OutcomeUnknown,
                })
            }
        })
    }

    /// Waits until what is asked and tried has been answered.
    async fn settled(&self, command: &mut Command) -> Result<Stand, Ended> {
        let runner = &mut command.runner;
        for _ in 0..LOOKS {
            runner
                .until(|engine| (!self.is_waiting(engine)).then_some(()))
                .await?;
            let stand = self.stand(&runner.engine);
            if stand.blocker != Some(Blocker::NotListed) || runner.is_interrupted() {
                return Ok(stand);
            }
            // AWS does not list a new key at once.
            runner.pause(BETWEEN).await?;
            runner.intend(Intent::Ask(self.slot, Read::Keys(self.user.clone())));
        }
        Ok(self.stand(&runner.engine))
    }

    fn is_waiting(&self, engine: &Engine) -> bool {
        let account = engine.fleet.get(self.slot);
        if account.is_none_or(crate::engine::account::Account::is_lost) {
            return false;
        }
        let row = account.and_then(|account| account.users.get(&self.user));
        let is_read = |row: &crate::engine::account::UserRow| {
            let mut keys = row.keys.known().into_iter().flatten();
            !row.keys.is_loading() && !keys.any(|row| row.last_used.is_loading())
        };
        let stand = self.stand(engine);
        let is_tried = match (stand.step, stand.blocker) {
            (_, Some(Blocker::Trying)) => false,
            (RotationStep::Check, None) => !engine.vault.is_busy(),
            _ => true,
        };
        !(row.is_some_and(is_read) && is_tried)
    }

    /// Notes where it stands.
    fn note(&mut self, stand: &Stand) {
        if stand.old.is_some() {
            self.record.old_key_id.clone_from(&stand.old);
        }
        if stand.new.is_some() {
            self.record.new_key_id.clone_from(&stand.new);
        }
        self.record.waits_for = stand.waits_for;
        if !stand.is_under_way {
            return;
        }
        let reached = match stand.step {
            RotationStep::Before | RotationStep::Create => None,
            RotationStep::Store => Some(Until::Create),
            RotationStep::Check => Some(Until::Store),
            RotationStep::Deactivate => Some(Until::Check),
            RotationStep::Watch => Some(Until::Deactivate),
            RotationStep::Delete => Some(Until::Watch),
        };
        let reached = if stand.old_is_off {
            // Whatever is not known of the new key.
            reached.max(Some(Until::Deactivate))
        } else {
            reached
        };
        self.record.step = self.record.step.max(reached);
    }

    /// Says that AWS accepts the new key, where that has just been found.
    fn tell_check(&self, engine: &Engine, before: Option<Until>) {
        let key = self.record.new_key_id.as_deref().unwrap_or_default();
        let new = engine.vault.key(key);
        if before < Some(Until::Check)
            && let Some(Tried::Works(caller)) = new.map(|new| &new.tried)
        {
            complain(format_args!(
                "iamkeys: AWS accepts {key}, as {}",
                visible(&caller.arn)
            ));
        }
    }

    /// It cannot go on by itself.
    fn waiting(stand: &Stand) -> Ending {
        let new = stand.new.as_deref().unwrap_or("the new key");
        let old = stand.old.as_deref().unwrap_or("the old key");
        let reason = match (stand.blocker, stand.warm_until) {
            (Some(Blocker::StillWarm), Some(until)) => format!(
                "{old} may still be in demand until {}",
                until.to_rfc3339_opts(SecondsFormat::Secs, true)
            ),
            (Some(Blocker::SecretMayBeLost), _) if stand.old_is_off => format!(
                "{old} is Inactive already. {new} was never used, and its secret is not in this run. Where it \
                 is stored, put it to use and resume then; where it is lost: iamkeys activate {old}, \
                 iamkeys deactivate {new}, iamkeys delete {new}, and rotate once more"
            ),
            (Some(Blocker::SecretMayBeLost), _) => format!(
                "{new} was never used, and its secret is not in this run. Where it is stored, put it to \
                 use and resume then; where it is lost: iamkeys deactivate {new}, iamkeys delete {new}, and \
                 rotate once more"
            ),
            _ => format!("it waits for {}", stand.waits_for),
        };
        complain(format_args!("iamkeys: {}", visible(&reason)));
        Ending {
            outcome: "waiting",
            reason: Some(reason),
            status: ExitStatus::Incomplete,
        }
    }

    fn failed(&self, why: String) -> Ending {
        complain(format_args!("iamkeys: {}", visible(&why)));
        self.ending("failed", why)
    }

    fn ending(&self, outcome: &'static str, why: String) -> Ending {
        Ending {
            outcome,
            reason: Some(why),
            status: if self.has_changed {
                ExitStatus::Incomplete
            } else {
                ExitStatus::Failed
            },
        }
    }

    /// Prints the record, or says it where standard output is the secret's, and ends.
    fn end(
        mut self,
        ended: Result<Ending, Ended>,
        command: &mut Command,
    ) -> Result<ExitStatus, Ended> {
        command.runner.clear_progress();
        let ending = match ended {
            Ok(ending) => ending,
            Err(ended) => {
                for line in ended.by_signal()? {
                    complain(format_args!("iamkeys: {}", visible(&line)));
                }
                self.interrupted(&command.runner.engine)
            }
        };
        let is_interrupted = command.runner.is_interrupted();
        self.record.outcome = ending.outcome;
        self.record.reason = ending.reason;
        let status = match ending.status {
            ExitStatus::OutcomeUnknown => ExitStatus::OutcomeUnknown,
            _ if is_interrupted => ExitStatus::Interrupted,
            status => status,
        };
        if self.args.to.as_ref().is_some_and(store::prints) {
            complain(format_args!("iamkeys: {}", visible(&self.record.words())));
            return Ok(status);
        }
        print(self.args, self.record, &[], status, command);
        Ok(status)
    }

    /// It was interrupted: what is under way is not known, nor is it while a lost answer is looked for.
    fn interrupted(&self, engine: &Engine) -> Ending {
        if carry::is_open(engine, self.slot, &self.user, |_| true) {
            return Ending {
                outcome: "unknown",
                reason: Some("interrupted while a change was under way".into()),
                status: ExitStatus::OutcomeUnknown,
            };
        }
        let outcome = if self.has_changed {
            "interrupted"
        } else {
            "skipped"
        };
        Ending {
            outcome,
            reason: Some("interrupted".into()),
            status: ExitStatus::Interrupted,
        }
    }
}
