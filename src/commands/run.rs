//! The loop of a command: intents and events go in, effects go out, until what the command waits for is
//! so. It is the screen's loop without a screen; what a person has to give while accounts are signed in
//! to is asked for in the terminal, where there is one.
//!
//! A command that changes something opens the journal first. While a change is under way an interrupt
//! waits for its answer, and a reader that is gone does not end it: what was sent is seen to its end.

use super::{ask::Questions, output::Written, progress::Progress};
use crate::{
    driver::{self, Driver, Left},
    engine::{
        self, Change, Effect, Engine, Event, Exit, Intent, MoreAccounts, Obstacle, PlanJob, Signal,
        Target, account_rules::AccountRules, bulk::PlanNews, findings::Policy,
    },
    stderr::complain,
};
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt as _};
use std::{
    io,
    pin::Pin,
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::mpsc::UnboundedReceiver;

/// How often what waits for its turn is looked at, while something is under way: what a limit holds back
/// may go out then.
const TICK: Duration = Duration::from_millis(25);

/// How long the answer to a change is waited for once the person wants to leave.
const LAST_ANSWER: Duration = Duration::from_secs(10);

/// How long a signal that does not ask waits for the answer to a creation: with it comes a secret that
/// AWS gives once.
const LAST_KEY: Duration = Duration::from_secs(3);

/// The signals that end the program.
pub(super) type Signals = Pin<Box<dyn Stream<Item = Event>>>;

/// What a run begins with.
pub(super) struct Start {
    /// Carries effects out.
    pub(super) driver: Driver,
    /// What has happened.
    pub(super) inbox: UnboundedReceiver<Event>,
    /// The signals.
    pub(super) signals: Signals,
    /// What does not change.
    pub(super) settings: engine::Settings,
    /// Which account to open.
    pub(super) target: Target,
    /// Which beside it.
    pub(super) more: MoreAccounts,
    /// What a person has said of their accounts.
    pub(super) rules: AccountRules,
    /// By which policy keys are judged.
    pub(super) policy: Policy,
    /// What becomes of standard output.
    pub(super) written: UnboundedReceiver<Written>,
    /// Whether progress is shown.
    pub(super) progress: Progress,
    /// Whether something may be changed.
    pub(super) changes: Changes,
}

/// Whether a command may change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changes {
    /// It only reads.
    None,
    /// It may, and each change is written down before it is sent.
    Journaled,
    /// It may, and no journal is kept: that is wanted so, or nothing in the account is real.
    Unjournaled,
}

/// How it stands with the journal.
#[derive(Debug)]
enum Journal {
    /// It is not open yet; or it is not needed.
    NotOpen,
    /// It is there, or none is kept.
    Ready,
    /// It cannot be written, so that nothing can be changed: why.
    Failed(String),
}

/// Why a run has ended before what it waited for was so.
#[derive(Debug)]
pub(super) enum Ended {
    /// By a signal, or since the person wants it.
    Exit(Exit),
    /// Nothing can be printed any more.
    Output(io::Error),
}

impl Ended {
    /// What is not known, in lines, where a signal has ended it.
    ///
    /// # Errors
    /// It is given back where something else has.
    pub(super) fn by_signal(self) -> Result<Vec<String>, Self> {
        match self {
            Self::Exit(Exit::Interrupted(lines) | Exit::Signal(_, lines)) => Ok(lines),
            other => Err(other),
        }
    }
}

/// An engine, what it asks for being carried out.
pub(super) struct Runner {
    /// What is known.
    pub(super) engine: Engine,
    driver: Driver,
    inbox: UnboundedReceiver<Event>,
    signals: Signals,
    written: UnboundedReceiver<Written>,
    questions: Questions,
    progress: Progress,
    started: Instant,
    exit: Option<Exit>,
    /// A signal has come, and it may go on to an answer that is waited for.
    interrupted: bool,
    /// The number of the signal that has come, where that is not SIGINT.
    signal: Option<u8>,
    /// A signal that waits for the answer to a creation, and until when.
    held: Option<(Signal, Instant)>,
    changes: Changes,
    journal: Journal,
    /// What could not be printed of a command that goes on all the same.
    /// It goes on where nothing can be printed any more: its exit code tells something, too.
    outlives_output: bool,
    unprinted: Option<io::Error>,
    /// When a change that is under way is not waited for any longer.
    leave_at: Option<Instant>,
    /// When to look whether a time that is waited for is over.
    wake_at: Option<Instant>,
    /// What was heard of plans over many keys, and of the files they are in.
    plan_news: Vec<PlanNews>,
}

impl Runner {
    /// Begins to open the accounts, and the journal where something may be changed.
    pub(super) fn start(start: Start) -> Self {
        let mut engine = Engine::new(start.settings);
        engine.use_account_rules(start.rules);
        engine.use_policy(start.policy);
        engine.tick(now());
        let (slot, sign_in) = engine.open(start.target);
        let mut effects = vec![sign_in];
        if start.changes != Changes::None {
            effects.push(Effect::OpenJournal);
        }
        effects.extend(engine.open_more(slot, start.more));
        let mut runner = Self {
            engine,
            driver: start.driver,
            inbox: start.inbox,
            signals: start.signals,
            written: start.written,
            questions: Questions::default(),
            progress: start.progress,
            started: Instant::now(),
            exit: None,
            interrupted: false,
            signal: None,
            held: None,
            changes: start.changes,
            journal: match start.changes {
                Changes::Unjournaled => Journal::Ready,
                Changes::None | Changes::Journaled => Journal::NotOpen,
            },
            outlives_output: false,
            unprinted: None,
            leave_at: None,
            wake_at: None,
            plan_news: Vec::new(),
        };
        runner.carry_out(effects);
        runner
    }

    /// Judges keys by another policy than that of the config file.
    pub(super) fn use_policy(&mut self, policy: Policy) {
        self.engine.use_policy(policy);
    }

    /// Reads what the journal tells of deactivations: a filter or a rule may ask since when a key has
    /// been Inactive.
    ///
    /// # Errors
    /// When the run ends before.
    pub(super) async fn read_journal(&mut self) -> Result<(), Ended> {
        self.carry_out(vec![Effect::ReadJournal]);
        self.until(|engine| engine.findings.knows_journal().then_some(()))
            .await
    }

    /// Begins to do what is wanted.
    pub(super) fn intend(&mut self, intent: Intent) {
        self.note_time();
        let effects = self.engine.intend(intent);
        self.carry_out(effects);
        self.plan_reads();
    }

    /// Runs until something is reached, which is looked for whenever something has happened.
    ///
    /// # Errors
    /// When the run ends before.
    pub(super) async fn until<T>(
        &mut self,
        mut reached: impl FnMut(&Engine) -> Option<T>,
    ) -> Result<T, Ended> {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            for intent in self.questions.follow(&self.engine, &mut self.progress) {
                self.intend(intent);
            }
            self.see_to_times();
            if let Some(exit) = self.exit.take() {
                return Err(Ended::Exit(exit));
            }
            let held = self.held.map(|(_, until)| until);
            let next = [self.leave_at, self.wake_at, held];
            let next = next.into_iter().flatten().min();
            let wake_at = next.unwrap_or_else(Instant::now);
            if !self.questions.is_open()
                && let Some(reached) = reached(&self.engine)
            {
                return Ok(reached);
            }
            // Beside a question it would stand in the answer's place.
            if !self.questions.is_open() && !self.engine.lends_terminal() {
                self.progress.show(&self.engine);
            }
            tokio::select! {
                biased;
                Some(signal) = self.signals.next() => self.signal(signal),
                Some(written) = self.written.recv() => {
                    if let Written::Failed(error) = written {
                        if self.changes == Changes::None && !self.outlives_output {
                            return Err(Ended::Output(error));
                        }
                        self.unprinted = Some(error);
                    }
                }
                () = tokio::time::sleep_until(wake_at.into()), if next.is_some() => {}
                Some(event) = self.inbox.recv() => {
                    let events = driver::with_waiting(event, &mut self.inbox);
                    self.hear(events);
                }
                Some(line) = self.questions.answer() => {
                    if let Some(intent) = self.questions.take(line, &self.engine) {
                        self.intend(intent);
                    }
                }
                _ = ticks.tick(), if self.engine.is_busy() => {
                    self.note_time();
                    self.plan_reads();
                }
            }
        }
    }

    /// From now on it goes on where nothing can be printed any more.
    pub(super) fn outlive_output(&mut self) {
        self.outlives_output = true;
    }

    /// Does what is to be done at a time that has come.
    fn see_to_times(&mut self) {
        let now = Instant::now();
        let is_over = |at: &mut Instant| *at <= now;
        if self.leave_at.take_if(is_over).is_some() {
            self.intend(Intent::LeaveNow);
        }
        self.wake_at.take_if(is_over);
        let is_creating = self.is_creating();
        let held = self
            .held
            .take_if(|(_, until)| !is_creating || *until <= now);
        if let Some((signal, _)) = held {
            self.hear(vec![Event::Signal(signal)]);
        }
    }

    /// Whether a key is being created, whose secret comes with the answer.
    fn is_creating(&self) -> bool {
        let mut changes = self.engine.under_way();
        changes.any(|(_, change)| matches!(change, Change::Create { .. }))
    }

    /// Lets a time pass. Signals are heard meanwhile, and everything else.
    ///
    /// # Errors
    /// When the run ends before.
    pub(super) async fn pause(&mut self, time: Duration) -> Result<(), Ended> {
        let until = Instant::now() + time;
        self.wake_at = Some(until);
        self.until(|_| (Instant::now() >= until).then_some(()))
            .await
    }

    /// Waits until all that was printed has gone out.
    ///
    /// # Errors
    /// When it has not, or a signal ends the wait.
    pub(super) async fn written(&mut self) -> Result<(), Ended> {
        if let Some(error) = self.unprinted.take() {
            return Err(Ended::Output(error));
        }
        loop {
            if let Some(exit) = self.exit.take() {
                return Err(Ended::Exit(exit));
            }
            tokio::select! {
                biased;
                Some(signal) = self.signals.next() => self.signal(signal),
                written = self.written.recv() => return match written {
                    Some(Written::Failed(error)) => Err(Ended::Output(error)),
                    Some(Written::All) | None => Ok(()),
                },
            }
        }
    }

    /// Ends what is under way, and waits for what is on its way to the disk.
    pub(super) async fn finish(&mut self) {
        self.progress.clear();
        self.driver.finish().await;
    }

    /// Takes the line with the progress away: something else is said now.
    pub(super) fn clear_progress(&mut self) {
        self.progress.clear();
    }

    /// Waits until the journal is open, or says why nothing can be changed.
    ///
    /// # Errors
    /// When the run ends before.
    pub(super) async fn journal(&mut self) -> Result<Result<(), String>, Ended> {
        while matches!(self.journal, Journal::NotOpen) {
            self.until_heard().await?;
        }
        Ok(match &self.journal {
            Journal::Failed(why) => Err(why.clone()),
            Journal::NotOpen | Journal::Ready => Ok(()),
        })
    }

    /// Waits until something has happened.
    ///
    /// # Errors
    /// When the run ends before.
    pub(super) async fn until_heard(&mut self) -> Result<(), Ended> {
        let mut is_first = true;
        self.until(|_| (!std::mem::take(&mut is_first)).then_some(()))
            .await
    }

    /// Whether a person can be asked: there is a terminal.
    pub(super) fn can_ask(&mut self) -> bool {
        self.questions.has_terminal()
    }

    /// Asks in the terminal, and waits for the line that is typed; none where the terminal is gone.
    ///
    /// # Errors
    /// When the run ends before.
    pub(super) async fn ask(&mut self, question: &str) -> Result<Option<String>, Ended> {
        // What signing in asks comes first.
        self.until(|_| Some(())).await?;
        self.progress.clear();
        self.questions.put(question);
        self.until(|_| Some(())).await?;
        Ok(self.questions.typed())
    }

    /// Does something about a plan over many keys in files. What comes of it is among the news of plans.
    pub(super) fn plan_job(&mut self, job: PlanJob) {
        self.carry_out(vec![Effect::Plan(job)]);
    }

    /// Waits for news of plans over many keys, and takes them.
    ///
    /// # Errors
    /// When the run ends before.
    pub(super) async fn plan_news(&mut self) -> Result<Vec<PlanNews>, Ended> {
        while self.plan_news.is_empty() {
            self.until_heard().await?;
        }
        Ok(self.take_plan_news())
    }

    /// Whether a signal has come: nothing more is begun.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    /// The number of the signal that has come, where that is not SIGINT.
    pub(super) fn signal_number(&self) -> Option<u8> {
        self.signal
    }

    /// Whether it may have changed something.
    pub(super) fn may_change(&self) -> bool {
        self.changes != Changes::None
    }

    /// What was heard of plans over many keys since this was asked last.
    pub(super) fn take_plan_news(&mut self) -> Vec<PlanNews> {
        std::mem::take(&mut self.plan_news)
    }

    fn signal(&mut self, event: Event) {
        // What has the terminal has its Ctrl-C as well.
        let is_interrupt = matches!(event, Event::Signal(Signal::Interrupt | Signal::Quit));
        if is_interrupt && self.engine.lends_terminal() {
            return;
        }
        self.interrupted = true;
        if let Event::Signal(signal) = event
            && signal != Signal::Interrupt
        {
            self.signal.get_or_insert(signal.number());
            if self.held.is_none() && self.is_creating() {
                self.held = Some((signal, Instant::now() + LAST_KEY));
                self.progress.clear();
                complain("iamkeys: a key is being created: waiting for its secret, to keep it");
                return;
            }
        }
        let was_asked = self.engine.obstacle().is_some();
        let asks_no_more = !matches!(event, Event::Signal(Signal::Interrupt));
        self.hear(vec![event]);
        if asks_no_more {
            // What is left to be done is done without an answer.
            self.questions.drop_line();
        }
        match self.engine.obstacle() {
            Some(_) if !is_interrupt => {}
            // A second interrupt does not want to wait.
            Some(Obstacle::Changes | Obstacle::Plan) if was_asked => self.intend(Intent::LeaveNow),
            Some(obstacle @ (Obstacle::Changes | Obstacle::Plan)) => {
                if obstacle == Obstacle::Plan {
                    // No further key begins.
                    self.intend(Intent::LeaveNow);
                }
                if self.exit.is_none() {
                    self.leave_at = Some(Instant::now() + LAST_ANSWER);
                    self.progress.clear();
                    complain(
                        "iamkeys: a change is under way: waiting for its answer (Ctrl-C again does not \
                         wait)",
                    );
                }
            }
            // It is not asked any longer what becomes of it: it is kept.
            Some(Obstacle::Secret(_)) => self.questions.drop_line(),
            None => {}
        }
    }

    fn hear(&mut self, events: Vec<Event>) {
        self.note_time();
        if self.changes == Changes::None {
            self.plan_news.extend(events.iter().filter_map(plan_news));
        } else {
            for event in &events {
                self.note(event);
            }
        }
        let effects = self.engine.hear_all(events);
        self.carry_out(effects);
        self.plan_reads();
    }

    /// Notes what a command that changes something has to know, and tells what the screen would say.
    fn note(&mut self, event: &Event) {
        match event {
            Event::Journal(Ok(left_open)) => {
                self.journal = Journal::Ready;
                if let count @ 1.. = left_open.len() {
                    let (changes, them) = match count {
                        1 => ("1 change of an earlier run was".to_owned(), "it"),
                        _ => (format!("{count} changes of earlier runs were"), "them"),
                    };
                    self.tell(&format!(
                        "{changes} left open: see iamkeys journal, and settle {them} on the screen \
                         (iamkeys without a command)"
                    ));
                }
            }
            Event::Journal(Err(why)) => self.journal = Journal::Failed(why.clone()),
            Event::JournalDamaged(lines) => {
                if let Some(first) = lines.first() {
                    self.tell(first);
                }
            }
            Event::NotWritten(why) => self.tell(&format!(
                "the journal is not up to date, and the next start may ask about this: {why}"
            )),
            Event::TaskPanicked => {
                self.tell("a background task failed: internal error (please report it)");
            }
            _ => self.plan_news.extend(plan_news(event)),
        }
    }

    fn tell(&mut self, text: &str) {
        self.progress.clear();
        complain(format_args!("iamkeys: {text}"));
    }

    fn plan_reads(&mut self) {
        let reads = self.engine.plan_reads();
        self.carry_out(reads);
    }

    fn note_time(&mut self) {
        self.engine.note_running(self.started.elapsed());
        self.engine.tick(now());
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if matches!(effect, Effect::Read(..)) {
                self.progress.count_call();
            }
            match self.driver.carry_out(effect) {
                Some(Left::Exit(exit)) => self.exit = Some(exit),
                // There is no terminal whose clipboard a command writes to.
                Some(Left::Copy(_)) | None => {}
            }
        }
    }
}

fn plan_news(event: &Event) -> Option<PlanNews> {
    match event {
        Event::Plan(news) => Some(news.clone()),
        _ => None,
    }
}

/// The present. `Utc::now` panics where a clock is set before 1970.
pub(super) fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}
