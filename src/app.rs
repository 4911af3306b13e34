//! The event loop: terminal events, signals and messages go in; effects and frames come out.
//!
//! It blocks on nothing but the terminal. With nothing to do it sleeps without a timer: a spinner
//! turns only while something is under way. A flood of answers is folded into at most 60 frames a
//! second, but a key press is drawn at once.

use crate::{
    effect::{Clip, Effect, Exit, Target},
    message::{CopyOutcome, KeyPress, Message},
    runtime::{Runtime, panic_if_told},
    secret::{clipboard::Route, osc52},
    state::{Settings, State},
    ui::{self, Drawn},
    update::update,
};
use chrono::{DateTime, Utc};
use crossterm::event::{Event, MouseButton, MouseEventKind};
use futures::{Stream, StreamExt as _};
use ratatui::{Terminal, backend::Backend};
use std::{
    future::poll_fn,
    io,
    task::Poll,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, time::sleep_until};

/// The shortest time between two frames that nobody waits for.
const FRAME: Duration = Duration::from_millis(16);

/// The time between two pictures of a spinner.
const TICK: Duration = Duration::from_millis(100);

/// Keys closer together than this come from no hand that has read the screen in between.
pub const BETWEEN_KEYS: Duration = Duration::from_millis(20);

/// The most messages that are taken in before a frame may be drawn.
const BATCH: usize = 1024;

/// What the loop needs of a terminal; a test has another one.
pub trait Host {
    /// What frames are drawn on.
    type Backend: Backend;
    /// The terminal to draw on.
    fn terminal(&mut self) -> &mut Terminal<Self::Backend>;
    /// Sends a control sequence past the frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn send(&mut self, sequence: &str) -> io::Result<()>;
    /// Gives the terminal back, stops the process, and takes the terminal again.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn suspend(&mut self) -> io::Result<()>;
    /// Takes the terminal again after the process was stopped by somebody else.
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
    /// The clock.
    pub now: Box<dyn Fn() -> DateTime<Utc>>,
    /// How close together two keys are that no hand has pressed: [`BETWEEN_KEYS`]. Zero takes every
    /// key as pressed by hand.
    pub between_keys: Duration,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").finish_non_exhaustive()
    }
}

/// The running program.
pub struct App<H: Host> {
    host: H,
    runtime: Runtime,
    inbox: mpsc::UnboundedReceiver<Message>,
    state: State,
    now: Box<dyn Fn() -> DateTime<Utc>>,
    drawn: Drawn,
    frames: usize,
    last_frame: Instant,
    last_key: Option<Instant>,
    between_keys: Duration,
    run: usize,
    stale: Stale,
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
        runtime: Runtime,
        inbox: mpsc::UnboundedReceiver<Message>,
        config: Config,
    ) -> io::Result<Self> {
        let size = host.terminal().size()?;
        let (state, effects) =
            State::start(config.settings, config.target, (size.width, size.height));
        let mut app = Self {
            host,
            runtime,
            inbox,
            state,
            now: config.now,
            drawn: Drawn::default(),
            frames: 0,
            last_frame: Instant::now(),
            last_key: None,
            between_keys: config.between_keys,
            run: 0,
            stale: Stale::Now,
            exit: None,
        };
        app.draw()?;
        app.carry_out(effects)?;
        Ok(app)
    }

    /// Runs until somebody leaves. `events` are the terminal's, `signals` the system's.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub async fn run(
        &mut self,
        mut events: impl Stream<Item = io::Result<Event>> + Unpin,
        mut signals: impl Stream<Item = Message> + Unpin,
    ) -> io::Result<Exit> {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut signals_open = true;
        loop {
            if let Some(exit) = self.exit.take() {
                self.runtime.drop_reads();
                return Ok(exit);
            }
            let frame_due = self.last_frame + FRAME;
            if self.stale == Stale::Now || self.stale == Stale::Soon && Instant::now() >= frame_due
            {
                self.draw()?;
            }
            tokio::select! {
                biased;
                event = events.next() => self.terminal_event(event, &mut events).await?,
                signal = signals.next(), if signals_open => match signal {
                    Some(message) => self.take_in(message, Stale::Now)?,
                    None => signals_open = false,
                },
                Some(message) = self.inbox.recv() => self.messages(message)?,
                () = sleep_until(frame_due.into()), if self.stale == Stale::Soon => {}
                _ = ticks.tick(), if self.state.is_busy() => {
                    self.take_in(Message::Tick, Stale::Soon)?;
                }
            }
        }
    }

    /// The state, to be looked at.
    pub fn state(&self) -> &State {
        &self.state
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
    async fn terminal_event(
        &mut self,
        first: Option<io::Result<Event>>,
        events: &mut (impl Stream<Item = io::Result<Event>> + Unpin),
    ) -> io::Result<()> {
        let mut next = Some(first);
        while let Some(event) = next {
            let Some(Ok(event)) = event else {
                // The terminal is gone: asking it again would only spin.
                return self.take_in(Message::InputClosed, Stale::Now);
            };
            if let Some(message) = self.message_of(event) {
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

    fn message_of(&mut self, event: Event) -> Option<Message> {
        match event {
            Event::Key(key) => {
                let now = Instant::now();
                let close = self
                    .last_key
                    .is_some_and(|last| now.duration_since(last) < self.between_keys);
                // Nor has anybody seen what is not drawn yet, however long this machine took over
                // the keys before.
                let unseen = self.drawn.dialogs != self.state.dialogs().len()
                    || self.last_key.is_some()
                        && self.stale == Stale::Now
                        && !self.between_keys.is_zero();
                self.run = if close || unseen { self.run + 1 } else { 0 };
                self.last_key = Some(now);
                Some(Message::Key(KeyPress { key, run: self.run }))
            }
            Event::Paste(text) => {
                panic_if_told("paste");
                Some(Message::Paste(text))
            }
            Event::Resize(columns, rows) => Some(Message::Resize(columns, rows)),
            Event::Mouse(mouse) => match mouse.kind {
                // A dialog that nobody has seen yet is not what was clicked.
                MouseEventKind::Down(MouseButton::Left)
                    if self.drawn.dialogs == self.state.dialogs().len() =>
                {
                    let target = self.drawn.at(mouse.column, mouse.row);
                    target.cloned().map(Message::Click)
                }
                MouseEventKind::ScrollDown => Some(Message::Scroll(1)),
                MouseEventKind::ScrollUp => Some(Message::Scroll(-1)),
                _ => None,
            },
            Event::FocusGained | Event::FocusLost => None,
        }
    }

    /// Takes in a message, and all that wait behind it.
    fn messages(&mut self, first: Message) -> io::Result<()> {
        self.take_in(first, Stale::Soon)?;
        for _ in 1..BATCH {
            match self.inbox.try_recv() {
                Ok(message) if self.exit.is_none() => self.take_in(message, Stale::Soon)?,
                _ => break,
            }
        }
        Ok(())
    }

    fn take_in(&mut self, message: Message, stale: Stale) -> io::Result<()> {
        if matches!(message, Message::Resumed) {
            self.host.resume()?;
        }
        let effects = update(&mut self.state, message, (self.now)());
        self.stale = self.stale.max(stale);
        self.carry_out(effects)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> io::Result<()> {
        for effect in effects {
            match effect {
                Effect::SignIn(target) => self.runtime.sign_in(target),
                Effect::Read(request, read) => self.runtime.read(request, read),
                Effect::Change(id, change) => self.runtime.change(id, change),
                Effect::Copy(clip) => self.copy(clip)?,
                Effect::Suspend => {
                    self.host.suspend()?;
                    self.stale = Stale::Now;
                }
                Effect::Exit(exit) => self.exit = Some(exit),
            }
        }
        Ok(())
    }

    fn copy(&mut self, clip: Clip) -> io::Result<()> {
        let outcome = match self.runtime.route() {
            Route::System => {
                self.runtime.copy_to_system(clip);
                return Ok(());
            }
            Route::Terminal(through) => {
                let sequence = osc52::sequence(&clip.text, through);
                match self.host.send(sequence.expose()) {
                    Ok(()) => CopyOutcome::SentToTerminal(through),
                    Err(error) => CopyOutcome::Failed(error.to_string()),
                }
            }
            Route::Unavailable(why) => CopyOutcome::Unavailable(why),
        };
        let Clip { what, key, .. } = clip;
        self.take_in(Message::Copied { what, key, outcome }, Stale::Now)
    }

    fn draw(&mut self) -> io::Result<()> {
        let size = self.host.terminal().size()?;
        if (size.width, size.height) != self.state.size {
            // The event that tells of it is still on its way.
            let resize = Message::Resize(size.width, size.height);
            let effects = update(&mut self.state, resize, (self.now)());
            self.carry_out(effects)?;
        }
        let now = (self.now)();
        let state = &self.state;
        let drawn = &mut self.drawn;
        self.host.terminal().draw(|frame| {
            *drawn = ui::draw(frame.buffer_mut(), state, now);
        })?;
        self.frames += 1;
        self.last_frame = Instant::now();
        self.stale = Stale::No;
        Ok(())
    }
}
