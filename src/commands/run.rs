//! The loop of a command: intents and events go in, effects go out, until what the command waits for is
//! so. It is the screen's loop without a screen; what a person has to give while accounts are signed in
//! to is asked for in the terminal, where there is one.

use super::{ask::Questions, output::Written, progress::Progress};
use crate::{
    driver::{self, Driver, Left},
    engine::{
        self, Effect, Engine, Event, Exit, Intent, MoreAccounts, Signal, Target,
        account_rules::AccountRules, findings::Policy,
    },
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
}

/// Why a run has ended before what it waited for was so.
#[derive(Debug)]
pub(super) enum Ended {
    /// By a signal, or since the person wants it.
    Exit(Exit),
    /// Nothing can be printed any more.
    Output(io::Error),
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
}

impl Runner {
    /// Begins to open the accounts. The journal is not opened: nothing is changed.
    pub(super) fn start(start: Start) -> Self {
        let mut engine = Engine::new(start.settings);
        engine.use_account_rules(start.rules);
        engine.use_policy(start.policy);
        engine.tick(now());
        let (slot, sign_in) = engine.open(start.target);
        let mut effects = vec![sign_in];
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
            if let Some(exit) = self.exit.take() {
                return Err(Ended::Exit(exit));
            }
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
                        return Err(Ended::Output(error));
                    }
                }
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

    /// Waits until all that was printed has gone out.
    ///
    /// # Errors
    /// When it has not, or a signal ends the wait.
    pub(super) async fn written(&mut self) -> Result<(), Ended> {
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

    fn signal(&mut self, event: Event) {
        // What has the terminal has its Ctrl-C as well.
        let is_interrupt = matches!(event, Event::Signal(Signal::Interrupt | Signal::Quit));
        if is_interrupt && self.engine.lends_terminal() {
            return;
        }
        self.hear(vec![event]);
    }

    fn hear(&mut self, events: Vec<Event>) {
        self.note_time();
        let effects = self.engine.hear_all(events);
        self.carry_out(effects);
        self.plan_reads();
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

/// The present. `Utc::now` panics where a clock is set before 1970.
pub(super) fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}
