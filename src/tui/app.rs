//! The event loop: terminal events, signals and events go in; effects and frames come out.
//!
//! It blocks on nothing: a terminal that takes no output gets no further frame until it does. With nothing to do it sleeps without a timer: a spinner
//! turns only while something is under way. A flood of answers is folded into at most 60 frames a
//! second, but a key press is drawn at once.

use super::{
    Colours, Settings,
    canvas::Drawn,
    ground,
    layout::limited,
    message::{KeyPress, Message},
    screen::{self, Screen},
};
use crate::{
    driver::{Driver, Left},
    engine::{Clip, CopyOutcome, Effect, Event, Exit, KeyId, Signal, Target, destination::Route},
    secret::osc52,
};
use chrono::{DateTime, Utc};
use crossterm::event::{
    Event as TerminalEvent, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton,
    MouseEventKind,
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

/// The shortest time between two frames that nobody waits for.
const FRAME: Duration = Duration::from_millis(16);

/// The time between two pictures of a spinner.
const TICK: Duration = Duration::from_millis(100);

/// Keys closer together than this come from no hand that has read the screen in between.
pub const BETWEEN_KEYS: Duration = Duration::from_millis(50);

/// The same key closer to its last press than this is being held: terminals send it again every 30
/// to 120 ms and do not say so, and hardly a finger is that quick. What they send first comes after a
/// person's time, and cannot be told from a second press.
const HELD: Duration = Duration::from_millis(130);

/// A terminal that works has shown a frame within this time.
const STUCK: Duration = Duration::from_millis(250);

/// How long a stop may take to arrive, and the word that it is over.
const STOP: Duration = Duration::from_millis(100);

/// The most messages that are taken in before a frame may be drawn.
const BATCH: usize = 1024;

/// What the loop needs of a terminal; a test has another one.
pub trait Host {
    /// What frames are drawn on.
    type Backend: Backend;
    /// The terminal to draw on.
    fn terminal(&mut self) -> &mut Terminal<Self::Backend>;
    /// Whether it has taken the last frame, so that there may be another.
    fn is_ready(&self) -> bool {
        true
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
    /// Gives the terminal back and stops the process, which may take until after the return.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn suspend(&mut self) -> io::Result<()>;
    /// Takes the terminal again after a stop, whoever asked for it.
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
    /// The key to look for first.
    pub find: Option<KeyId>,
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
    driver: Driver,
    inbox: mpsc::UnboundedReceiver<Event>,
    screen: Screen,
    now: Box<dyn Fn() -> DateTime<Utc>>,
    started: Instant,
    drawn: Drawn,
    frames: usize,
    last_frame: Instant,
    keyboard: Keyboard,
    /// What the terminal answers of its ground.
    ground: ground::Answer,
    /// Whether a key, a paste or a click came after the last frame.
    answered: bool,
    stale: Stale,
    /// The terminal was given back to stop; when to take it again at the latest.
    resume: Option<Instant>,
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
        let (mut screen, effects) =
            Screen::start(config.settings, config.target, (size.width, size.height));
        if let Some(key) = config.find {
            screen.search_first(key);
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
            keyboard: Keyboard::new(config.between_keys),
            ground: ground::Answer::default(),
            answered: false,
            stale: Stale::Now,
            resume: None,
            exit: None,
        };
        app.draw()?;
        app.carry_out(effects)?;
        // The console of Windows tells keys in another way, and nothing of this.
        if cfg!(unix) && config.settings.colours == Colours::True {
            // Nothing depends on it: a terminal that takes no output yet is not asked.
            if app.host.send(ground::QUERY).is_ok() {
                app.ground.wait();
            }
        }
        Ok(app)
    }

    /// Runs until somebody leaves. `events` are the terminal's, `signals` the system's.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub async fn run(
        &mut self,
        mut events: impl Stream<Item = io::Result<TerminalEvent>> + Unpin,
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
            let frame_due = self.last_frame + FRAME;
            let due = match self.stale {
                Stale::No => false,
                Stale::Soon => Instant::now() >= frame_due,
                Stale::Now => true,
            };
            // While it is stopped the terminal is somebody else's.
            if due && self.host.is_ready() && self.resume.is_none() {
                self.draw()?;
            }
            let is_ready = self.host.is_ready();
            let resume = self.resume.unwrap_or(frame_due);
            tokio::select! {
                biased;
                event = events.next() => self.terminal_event(event, &mut events).await?,
                signal = signals.next(), if signals_open => match signal {
                    Some(message) => self.signal(message)?,
                    None => signals_open = false,
                },
                ready = self.host.ready(), if !is_ready => ready?,
                Some(event) = self.inbox.recv() => self.heard(event)?,
                () = sleep_until(resume.into()), if self.resume.is_some() => {
                    self.take_in(Message::Resumed, Stale::Now)?;
                }
                () = sleep_until(frame_due.into()),
                    if self.stale == Stale::Soon && is_ready && self.resume.is_none() => {}
                _ = ticks.tick(), if self.screen.engine.is_busy() => {
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
    async fn terminal_event(
        &mut self,
        first: Option<io::Result<TerminalEvent>>,
        events: &mut (impl Stream<Item = io::Result<TerminalEvent>> + Unpin),
    ) -> io::Result<()> {
        let mut next = Some(first);
        while let Some(event) = next {
            let Some(Ok(event)) = event else {
                // The terminal is gone: asking it again would only spin.
                return self.take_in(Event::InputClosed.into(), Stale::Now);
            };
            let (events_left, ground) = self.ground.sift(event);
            if let Some(ground) = ground {
                self.take_in(Message::Ground(ground), Stale::Now)?;
            }
            for event in events_left {
                if let Some(message) = self.message_of(event) {
                    self.take_in(message, Stale::Now)?;
                }
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
        let context = self.screen.context();
        self.drawn.scene == self.screen.scene()
            && self.drawn.dialogs == self.screen.visible_dialogs()
            && self.drawn.context.is_none_or(|drawn| drawn == context)
    }

    /// Whether the last frame is not shown yet, after a time in which a terminal shows one.
    fn is_stuck(&self) -> bool {
        !self.host.is_ready() && self.last_frame.elapsed() > STUCK
    }

    fn message_of(&mut self, event: TerminalEvent) -> Option<Message> {
        let message = match event {
            TerminalEvent::Key(key) => {
                // Nobody has seen what is not drawn yet, however long this machine took over what
                // was done before.
                let unseen = self.answered || !self.is_drawn() || self.is_stuck();
                let press = self.keyboard.press(key, Instant::now(), unseen)?;
                Some(Message::Key(press))
            }
            TerminalEvent::Paste(text) => Some(Message::Paste(text)),
            TerminalEvent::Resize(columns, rows) => {
                let (columns, rows) = limited((columns, rows));
                Some(Message::Resize(columns, rows))
            }
            TerminalEvent::Mouse(mouse) => match mouse.kind {
                // A dialog that nobody has seen yet is not what was clicked.
                MouseEventKind::Down(MouseButton::Left)
                    if self.is_drawn()
                        && self.drawn.arrangement == self.screen.lists.arrangement() =>
                {
                    let target = self.drawn.at(mouse.column, mouse.row);
                    target.cloned().map(Message::Click)
                }
                MouseEventKind::ScrollDown => Some(Message::Scroll(1)),
                MouseEventKind::ScrollUp => Some(Message::Scroll(-1)),
                _ => None,
            },
            TerminalEvent::FocusGained | TerminalEvent::FocusLost => None,
        };
        self.answered |= matches!(
            message,
            Some(Message::Key(_) | Message::Paste(_) | Message::Click(_))
        );
        message
    }

    /// Takes in a signal. An interrupt asks before it leaves a secret behind, and where nothing is
    /// shown it cannot.
    fn signal(&mut self, message: Message) -> io::Result<()> {
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
        self.take_in(first.into(), Stale::Soon)?;
        for _ in 1..BATCH {
            match self.inbox.try_recv() {
                Ok(event) if self.exit.is_none() => self.take_in(event.into(), Stale::Soon)?,
                _ => break,
            }
        }
        Ok(())
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
        }
        let effects = self.update(message);
        self.stale = self.stale.max(stale);
        self.carry_out(effects)?;
        if self.screen.take_suspend() {
            self.host.suspend()?;
            // The stop may be on its way still, and whoever ends it tells (SIGCONT). But where no
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
        self.frames += 1;
        self.last_frame = Instant::now();
        self.stale = Stale::No;
        self.answered = false;
        Ok(())
    }
}

/// Tells keys that a person presses from those of a paste and those of a held key.
#[derive(Debug)]
struct Keyboard {
    /// Zero takes every key as pressed by hand.
    between_keys: Duration,
    last: Option<Instant>,
    /// The key that is down, as far as can be known.
    down: Option<(KeyCode, KeyModifiers)>,
    run: usize,
}

impl Keyboard {
    fn new(between_keys: Duration) -> Self {
        Self {
            between_keys,
            last: None,
            down: None,
            run: 0,
        }
    }

    /// What to make of a key that comes now; `unseen` if what was done before it is not drawn yet.
    fn press(&mut self, mut key: KeyEvent, now: Instant, unseen: bool) -> Option<KeyPress> {
        if key.kind == KeyEventKind::Release {
            // Where releases are told of, whatever comes next is pressed anew.
            self.down = None;
            return None;
        }
        let since = self.last.replace(now).map(|last| now.duration_since(last));
        let pressed = (key.code, key.modifiers);
        let same = self.down.replace(pressed) == Some(pressed);
        if self.between_keys.is_zero() {
            return Some(KeyPress { key, run: 0 });
        }
        let within = |time| since.is_some_and(|since| since < time);
        self.run = if unseen || within(self.between_keys) {
            self.run + 1
        } else {
            0
        };
        if same && within(HELD) {
            key.kind = KeyEventKind::Repeat;
        }
        Some(KeyPress { key, run: self.run })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys as `(ms since the one before, key)`; what becomes of each: its run, whether it repeats.
    fn pressed(keys: &[(u64, char)]) -> Vec<(usize, bool)> {
        let mut keyboard = Keyboard::new(BETWEEN_KEYS);
        let mut now = Instant::now();
        let keys = keys.iter().filter_map(|(after, key)| {
            now += Duration::from_millis(*after);
            let key = KeyEvent::new(KeyCode::Char(*key), KeyModifiers::NONE);
            keyboard.press(key, now, false)
        });
        keys.map(|press| (press.run, press.key.kind == KeyEventKind::Repeat))
            .collect()
    }

    #[test]
    fn a_held_key_repeats_until_it_is_let_go() {
        assert_eq!(
            pressed(&[(0, 'q'), (30, 'q'), (129, 'q'), (130, 'q'), (30, 'q')]),
            [(0, false), (1, true), (0, true), (0, false), (1, true)]
        );
    }

    #[test]
    fn another_key_does_not_repeat() {
        assert_eq!(
            pressed(&[(0, 'q'), (60, 'y'), (60, 'q')]),
            [(0, false), (0, false), (0, false)]
        );
    }

    #[test]
    fn a_paste_is_a_run_of_keys() {
        assert_eq!(
            pressed(&[(0, 'a'), (1, 'b'), (49, 'c'), (50, 'd')]),
            [(0, false), (1, false), (2, false), (0, false)]
        );
    }

    #[test]
    fn what_was_not_drawn_yet_was_not_seen() {
        let mut keyboard = Keyboard::new(BETWEEN_KEYS);
        let key = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        let press = keyboard.press(key, Instant::now(), true);
        assert_eq!(press.map(|press| press.run), Some(1));
    }

    #[test]
    fn a_key_let_go_in_between_is_pressed_anew() {
        let mut keyboard = Keyboard::new(BETWEEN_KEYS);
        let mut now = Instant::now();
        let key = |kind| KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, kind);
        for kind in [KeyEventKind::Press, KeyEventKind::Release] {
            let told = keyboard.press(key(kind), now, false).is_some();
            assert_eq!(told, kind == KeyEventKind::Press);
            now += Duration::from_millis(30);
        }
        let press = keyboard.press(key(KeyEventKind::Press), now, false);
        assert!(press.is_some_and(|press| press.key.kind == KeyEventKind::Press));
    }

    #[test]
    fn without_a_clock_every_key_is_pressed_by_hand() {
        let mut keyboard = Keyboard::new(Duration::ZERO);
        let (key, now) = (KeyEvent::from(KeyCode::Char('q')), Instant::now());
        for _ in 0..3 {
            let press = keyboard.press(key, now, true).expect("it is pressed");
            assert_eq!((press.run, press.key.kind), (0, KeyEventKind::Press));
        }
    }
}
