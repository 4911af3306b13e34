//! The event loop: terminal events, signals and events go in; effects and frames come out.
//!
//! It blocks on nothing: a terminal that takes no output gets no further frame until it does. With
//! nothing to do it sleeps without a timer: a spinner turns only while something is under way. A flood of answers is folded into at most 60 frames a
//! second, but a key press is drawn at once.

mod lending;

use super::{
    Colours, Settings,
    canvas::Drawn,
    ground,
    guard::Guard,
    keyboard::Input,
    layout::limited,
    message::{Click, KeyPress, Message},
    screen::{self, Screen},
};
use crate::{
    driver::{self, Driver, Left},
    engine::{
        Clip, CopyOutcome, Effect, Event, Exit, KeyId, MoreAccounts, Signal, Target,
        account_rules::AccountRules, destination::Route, findings::Policy,
    },
    secret::osc52,
};
use chrono::{DateTime, Utc};
use crossterm::event::{
    Event as TerminalEvent, KeyCode, KeyEvent, KeyEventKind, MouseButton, MouseEventKind,
};
use futures::{Stream, StreamExt as _};
use ratatui::{Terminal, backend::Backend};
use std::{
    future::{Future, poll_fn},
    io,
    task::Poll,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, time::sleep_until};

/// The shortest time between two frames that no one waits for.
const FRAME: Duration = Duration::from_millis(16);

/// The time between two pictures of a spinner.
const TICK: Duration = Duration::from_millis(100);

/// A terminal that works has shown a frame within this time.
const STUCK: Duration = Duration::from_millis(250);

/// How long a stop may take to arrive, and the word that it is over.
const STOP: Duration = Duration::from_millis(100);

/// How long the terminal may take over an answer to what it was asked, before its keys are another
/// program's: that would take the answer for something typed.
const ANSWER: Duration = Duration::from_secs(1);

/// What the loop needs of a terminal; a test has another one.
pub trait Host {
    /// What frames are drawn on.
    type Backend: Backend;
    /// The terminal to draw on.
    fn terminal(&mut self) -> &mut Terminal<Self::Backend>;
    /// Since when it has taken the last frame, so that there may be another; `None` while it has not.
    fn ready_since(&self) -> Option<Instant> {
        Some(Instant::now())
    }
    /// Waits until it has.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn ready(&self) -> impl Future<Output = io::Result<()>> {
        async { Ok(()) }
    }
    /// Whether it takes what it is sent, within a moment: it may be stopped, or its connection lost.
    fn takes_output(&self) -> bool {
        true
    }
    /// Sends a control sequence past the frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn send(&mut self, sequence: &str) -> io::Result<()>;
    /// Tells the terminal whether keys are text from now on, or commands.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn expect_text(&mut self, _text: bool) -> io::Result<()> {
        Ok(())
    }
    /// Gives the terminal back and stops the process, which may take until after the return.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn suspend(&mut self) -> io::Result<()>;
    /// Gives the terminal to a program that is about to run, and says so in it with a line. Nothing is
    /// drawn or read until [`take_back`](Self::take_back).
    ///
    /// # Errors
    /// When the terminal is gone.
    fn lend(&mut self, line: &str) -> io::Result<()>;
    /// Takes the terminal again when that program has ended.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn take_back(&mut self) -> io::Result<()>;
    /// Takes the terminal again after a stop, no matter who asked for it.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn resume(&mut self) -> io::Result<()>;
}

/// What the loop is told at its start.
pub struct Config {
    /// What does not change.
    pub settings: Settings,
    /// Which account to open.
    pub target: Target,
    /// Which accounts to open beside it.
    pub more: MoreAccounts,
    /// The key to look for first.
    pub find: Option<KeyId>,
    /// The leaked key to deal with first.
    pub leaked: Option<KeyId>,
    /// The clock.
    pub now: Box<dyn Fn() -> DateTime<Utc>>,
    /// How long a dialog is on the screen before what must be meant counts in it:
    /// [`TO_READ`](super::TO_READ). Zero takes every key as meant.
    pub to_read: Duration,
    /// What a person has said of their accounts.
    pub account_rules: AccountRules,
    /// By which policy keys are judged.
    pub policy: Policy,
    /// What of the config file does nothing, or not what it looks like.
    pub warnings: Vec<String>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").finish_non_exhaustive()
    }
}

/// The running program.
pub struct App<H: Host> {
    host: H,
    driver: Driver,
    inbox: mpsc::UnboundedReceiver<Event>,
    screen: Screen,
    now: Box<dyn Fn() -> DateTime<Utc>>,
    started: Instant,
    drawn: Drawn,
    frames: usize,
    last_frame: Instant,
    guard: Guard,
    /// Whether the terminal was told that keys are text.
    text: bool,
    stale: Stale,
    /// The terminal was given back to stop; when to take it again at the latest.
    resume: Option<Instant>,
    /// A program has the terminal.
    is_lent: bool,
    /// A program had the terminal: until then an interrupt is the one that has ended it.
    deaf_until: Option<Instant>,
    /// The terminal was asked something and has not answered yet: it is lent from then on.
    lend_from: Option<Instant>,
    exit: Option<Exit>,
}

/// Whether the screen still shows the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stale {
    No,
    /// Something came from outside: the next frame may wait for more of it.
    Soon,
    /// A person did something: they wait for its frame.
    Now,
}

impl<H: Host> std::fmt::Debug for App<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl<H: Host> App<H>
where
    io::Error: From<<H::Backend as Backend>::Error>,
{
    /// Draws the first frame, and only then begins to sign in.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn start(
        mut host: H,
        driver: Driver,
        inbox: mpsc::UnboundedReceiver<Event>,
        config: Config,
    ) -> io::Result<Self> {
        let size = host.terminal().size()?;
        let (mut screen, mut effects) =
            Screen::start(config.settings, config.target, (size.width, size.height));
        screen.engine.use_account_rules(config.account_rules);
        screen.engine.use_policy(config.policy);
        screen.warn_of(&config.warnings);
        effects.extend(screen.open_more(config.more));
        if let Some(key) = config.find {
            screen.search_first(key);
        }
        if let Some(key) = config.leaked {
            screen.respond_first(key);
        }
        let mut app = Self {
            host,
            driver,
            inbox,
            screen,
            now: config.now,
            started: Instant::now(),
            drawn: Drawn::default(),
            frames: 0,
            last_frame: Instant::now(),
            guard: Guard::new(config.to_read),
            text: false,
            stale: Stale::Now,
            resume: None,
            is_lent: false,
            deaf_until: None,
            lend_from: None,
            exit: None,
        };
        app.draw()?;
        app.carry_out(effects)?;
        // The console of Windows tells keys in another way, and nothing of this.
        if cfg!(unix) && config.settings.colours == Colours::True {
            // Nothing depends on it: a terminal that takes no output yet is not asked.
            let asked = app.host.send(ground::QUERY);
            app.lend_from = asked.ok().map(|()| Instant::now() + ANSWER);
        }
        Ok(app)
    }

    /// Runs until the person leaves. `events` are the terminal's, `signals` the system's.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub async fn run(
        &mut self,
        mut events: impl Stream<Item = io::Result<impl Into<Input>>> + Unpin,
        mut signals: impl Stream<Item = Message> + Unpin,
    ) -> io::Result<Exit> {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut signals_open = true;
        loop {
            if let Some(exit) = self.exit.take() {
                self.driver.finish().await;
                return Ok(exit);
            }
            if self.is_lent && !self.screen.engine.lends_terminal() {
                self.take_back()?;
            }
            self.lend()?;
            let frame_due = self.last_frame + FRAME;
            let due = match self.stale {
                Stale::No => false,
                Stale::Soon => Instant::now() >= frame_due,
                Stale::Now => true,
            };
            // While it is stopped the terminal belongs to another program.
            if due && self.is_ready() && self.has_terminal() {
                self.draw()?;
            }
            let is_ready = self.note_shown();
            let resume = self.resume.unwrap_or(frame_due);
            let lend_from = self.lend_from.unwrap_or(frame_due);
            tokio::select! {
                biased;
                event = events.next(), if !self.is_lent => self.terminal_event(event, &mut events).await?,
                signal = signals.next(), if signals_open => match signal {
                    Some(message) => self.signal(message)?,
                    None => signals_open = false,
                },
                ready = self.host.ready(), if !is_ready => ready?,
                Some(event) = self.inbox.recv() => self.heard(event)?,
                () = sleep_until(resume.into()), if self.resume.is_some() => {
                    self.take_in(Message::Resumed, Stale::Now)?;
                }
                () = sleep_until(lend_from.into()), if self.lend_from.is_some() => {}
                () = sleep_until(frame_due.into()),
                    if self.stale == Stale::Soon && is_ready && self.has_terminal() => {}
                _ = ticks.tick(), if self.screen.engine.is_busy()
                    || self.screen.engine.has_cut_proposal() => {
                    self.take_in(Message::Tick, Stale::Soon)?;
                }
            }
        }
    }

    /// The screen, to be looked at.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// How many frames were drawn so far.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// The terminal and what belongs to it.
    pub fn host(&mut self) -> &mut H {
        &mut self.host
    }

    /// Takes in an event, and all that came with it.
    async fn terminal_event<I: Into<Input>>(
        &mut self,
        first: Option<io::Result<I>>,
        events: &mut (impl Stream<Item = io::Result<I>> + Unpin),
    ) -> io::Result<()> {
        let mut next = Some(first);
        while let Some(event) = next {
            let Some(Ok(event)) = event else {
                // The terminal is gone: asking it again would only spin.
                return self.take_in(Event::InputClosed.into(), Stale::Now);
            };
            let message = match event.into() {
                Input::Event(event) => self.message_of(event),
                Input::Reply(text) => {
                    self.lend_from = None;
                    ground::ground_of(&text).map(Message::Ground)
                }
            };
            if let Some(message) = message {
                self.take_in(message, Stale::Now)?;
            }
            if self.exit.is_some() {
                return Ok(());
            }
            // Polled with this task's own waker, which a stream may remember from here on.
            next = poll_fn(|cx| match events.poll_next_unpin(cx) {
                Poll::Ready(event) => Poll::Ready(Some(event)),
                Poll::Pending => Poll::Ready(None),
            })
            .await;
        }
        Ok(())
    }

    /// Whether what a key or a click would answer is on the screen.
    fn is_drawn(&self) -> bool {
        self.drawn.view == Some(self.screen.view())
    }

    /// Whether the terminal has taken the last frame.
    fn is_ready(&self) -> bool {
        self.host.ready_since().is_some()
    }

    /// Notes since when the terminal has had the last frame: not when this comes to notice it, as a
    /// person reads meanwhile. Says whether it has.
    fn note_shown(&mut self) -> bool {
        let ready = self.host.ready_since();
        if let Some(since) = ready {
            self.guard.shown(since.max(self.last_frame));
        }
        ready.is_some()
    }

    /// Whether the last frame is not shown yet, after a time in which a terminal shows one.
    fn is_stuck(&self) -> bool {
        !self.is_ready() && self.last_frame.elapsed() > STUCK
    }

    /// Whether a person had time to read the dialog on top.
    fn was_read(&mut self) -> bool {
        // The key may be here before anything else that would let it be noticed.
        self.note_shown();
        !self.is_stuck() && self.guard.was_read(self.screen.view(), Instant::now())
    }

    fn message_of(&mut self, event: TerminalEvent) -> Option<Message> {
        match event {
            // Nothing is done when a key is let go, nor by Shift alone.
            TerminalEvent::Key(
                KeyEvent {
                    kind: KeyEventKind::Release,
                    ..
                }
                | KeyEvent {
                    code: KeyCode::Modifier(_),
                    ..
                },
            ) => None,
            TerminalEvent::Key(key) => {
                let read = self.was_read();
                Some(Message::Key(KeyPress { key, read }))
            }
            TerminalEvent::Paste(text) => Some(Message::Paste(text)),
            TerminalEvent::Resize(columns, rows) => {
                let (columns, rows) = limited((columns, rows));
                Some(Message::Resize(columns, rows))
            }
            TerminalEvent::Mouse(mouse) => match mouse.kind {
                // A dialog that was not seen yet is not what was clicked.
                MouseEventKind::Down(MouseButton::Left)
                    if self.is_drawn()
                        && self.drawn.arrangement == self.screen.lists.arrangement() =>
                {
                    let target = self.drawn.at(mouse.column, mouse.row);
                    let target = target.cloned()?;
                    let read = self.was_read();
                    Some(Message::Click(Click { target, read }))
                }
                MouseEventKind::ScrollDown => Some(Message::Scroll(1)),
                MouseEventKind::ScrollUp => Some(Message::Scroll(-1)),
                _ => None,
            },
            TerminalEvent::FocusGained | TerminalEvent::FocusLost => None,
        }
    }

    /// Takes in a signal. An interrupt asks before it leaves a secret behind, and where nothing is
    /// shown it cannot.
    fn signal(&mut self, message: Message) -> io::Result<()> {
        if self.is_for_other(&message) {
            return Ok(());
        }
        let message = match message {
            Message::Event(Event::Signal(signal @ Signal::Interrupt))
                if !self.host.takes_output() =>
            {
                Event::Signal(Signal::Other(signal.number())).into()
            }
            message => message,
        };
        self.take_in(message, Stale::Now)
    }

    /// Takes in an event, and all that wait behind it.
    fn heard(&mut self, first: Event) -> io::Result<()> {
        // Lists are put in order once for all of them.
        let events = driver::with_waiting(first, &mut self.inbox);
        self.take_in(Message::Events(events), Stale::Soon)
    }

    /// Hands a message on, with what both clocks say.
    fn update(&mut self, message: Message) -> Vec<Effect> {
        self.screen.engine.note_running(self.started.elapsed());
        self.screen.update(message, (self.now)())
    }

    fn take_in(&mut self, message: Message, stale: Stale) -> io::Result<()> {
        if matches!(message, Message::Resumed) {
            self.resume = None;
            self.host.resume()?;
            self.text = false;
        }
        let effects = self.update(message);
        self.stale = self.stale.max(stale);
        self.carry_out(effects)?;
        if self.screen.take_suspend() {
            self.host.suspend()?;
            // The stop may be on its way still, and what ends it tells (SIGCONT). But where no
            // one would continue it, the system stops nothing.
            self.resume = Some(Instant::now() + STOP);
        }
        Ok(())
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> io::Result<()> {
        for effect in effects {
            match self.driver.carry_out(effect) {
                Some(Left::Copy(clip)) => self.copy(clip)?,
                Some(Left::Exit(exit)) => self.exit = Some(exit),
                None => {}
            }
        }
        Ok(())
    }

    /// Copies a text to the terminal's clipboard.
    fn copy(&mut self, clip: Clip) -> io::Result<()> {
        let Route::Terminal(through) = self.driver.route() else {
            return Ok(());
        };
        let sequence = osc52::sequence(&clip.text, through);
        let outcome = match self.host.send(sequence.expose()) {
            Ok(()) => CopyOutcome::SentToTerminal(through),
            Err(error) => CopyOutcome::Failed(error.to_string()),
        };
        let Clip { what, key, .. } = clip;
        let copied = Event::Copied { what, key, outcome };
        self.take_in(copied.into(), Stale::Now)
    }

    fn draw(&mut self) -> io::Result<()> {
        let size = self.host.terminal().size()?;
        if (size.width, size.height) != self.screen.size() {
            // The event that tells of it is still on its way.
            let resize = Message::Resize(size.width, size.height);
            let effects = self.update(resize);
            self.carry_out(effects)?;
        }
        let now = (self.now)();
        let screen = &self.screen;
        let drawn = &mut self.drawn;
        self.host.terminal().draw(|frame| {
            *drawn = screen::draw(frame.buffer_mut(), screen, now);
        })?;
        self.screen.drawn(&self.drawn);
        self.guard.drawn(self.drawn.view);
        let text = self.screen.context().takes_text();
        if self.text != text {
            self.text = text;
            self.host.expect_text(text)?;
        }
        self.frames += 1;
        self.last_frame = Instant::now();
        self.stale = Stale::No;
        Ok(())
    }
}
