//! Keys in, screens out: the real event loop, driver, SDK and embedded endpoint, on a terminal
//! made of memory. Everything waits on what the screen or the endpoint shows, never on a sleep.

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "shared by test binaries, each of which uses the part that it needs"
)]

mod dialog;
pub(crate) mod rotating;
mod steps;

pub(crate) use dialog::dialog;
pub use steps::{carried, changes, eventually, go_to, have_it, holds, keep, keys_of, secret_of};

use chrono::{DateTime, TimeZone as _, Utc};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures::channel::mpsc::{UnboundedSender, unbounded};
use iamkeys::{
    aws::{self, Embedded},
    demo::{Account, Endpoint},
    driver::{Accounts, Driver, DriverConfig, JournalConfig, TrialPace},
    engine::{
        self, Background, DEFAULT_ROLES, Event as Heard, Exit, KeyId, RECENT, SecretKey, Signal,
        Target,
        account_rules::AccountRules,
        destination::{Form, Multiplexer, Route},
        roles_named,
    },
    secret::credentials::CredentialsFile,
    tui::{
        Message, MoreAccounts, Settings,
        app::{App, Config, Host},
    },
};
use ratatui::{
    Terminal,
    backend::{Backend, ClearType, TestBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use std::{
    io,
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long a condition may take on a machine with better things to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// The present of the tests.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap()
}

/// The demo account at that time, behind an endpoint that answers at once.
pub fn endpoint() -> Endpoint {
    // Its clock stands still: the report is made in no time, or never.
    Endpoint::new(Account::demo(now()))
        .with_clock(Arc::new(now))
        .with_report_time(chrono::TimeDelta::zero())
}

/// The account behind an endpoint, inside this process.
pub fn embedded(endpoint: &Endpoint) -> Embedded {
    Embedded {
        http_client: endpoint.http_client(),
        credentials: endpoint.sdk_credentials(),
    }
}

/// What the terminal shows, and what was sent to it past the frames.
#[derive(Default)]
struct Shown {
    screen: String,
    frames: usize,
    sent: Vec<String>,
    suspended: usize,
    lent: Vec<String>,
    /// How many frames there were when it was lent, and when it was taken back.
    at_lending: Vec<usize>,
    /// The frame with this text is the last that is taken, until a test says since when it was.
    keep_at: Option<String>,
    taken: Taken,
    ended: bool,
}

/// Whether the terminal has taken the last frame.
#[derive(Clone, Copy, Default)]
enum Taken {
    #[default]
    AtOnce,
    /// Not yet; whether the program waits for it.
    NotYet(bool),
    /// It had it at that time, whenever the program comes to notice.
    Since(Instant),
}

#[derive(Clone, Default)]
struct Shared(Arc<(Mutex<Shown>, Condvar)>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, f: impl FnOnce(&mut Shown)) {
        f(&mut self.lock());
        self.0.1.notify_all();
    }
}

/// A terminal made of memory that shows every finished frame to the test.
struct Screen {
    inner: TestBackend,
    size: Arc<Mutex<(u16, u16)>>,
    shared: Shared,
}

impl Backend for Screen {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), io::Error>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let (columns, rows) = *self.size.lock().unwrap();
        let area = self.inner.buffer().area;
        if (area.width, area.height) != (columns, rows) {
            self.inner.resize(columns, rows);
        }
        self.inner.draw(content).map_err(|never| match never {})
    }

    fn hide_cursor(&mut self) -> Result<(), io::Error> {
        self.inner.hide_cursor().map_err(|never| match never {})
    }

    fn show_cursor(&mut self) -> Result<(), io::Error> {
        self.inner.show_cursor().map_err(|never| match never {})
    }

    fn get_cursor_position(&mut self) -> Result<Position, io::Error> {
        self.inner
            .get_cursor_position()
            .map_err(|never| match never {})
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), io::Error> {
        self.inner
            .set_cursor_position(position)
            .map_err(|never| match never {})
    }

    fn clear(&mut self) -> Result<(), io::Error> {
        self.inner.clear().map_err(|never| match never {})
    }

    fn clear_region(&mut self, region: ClearType) -> Result<(), io::Error> {
        self.inner
            .clear_region(region)
            .map_err(|never| match never {})
    }

    fn size(&self) -> Result<Size, io::Error> {
        let (columns, rows) = *self.size.lock().unwrap();
        Ok(Size::new(columns, rows))
    }

    fn window_size(&mut self) -> Result<WindowSize, io::Error> {
        self.inner.window_size().map_err(|never| match never {})
    }

    fn flush(&mut self) -> Result<(), io::Error> {
        let buffer = self.inner.buffer();
        let screen: Vec<String> = buffer
            .content
            .chunks(usize::from(buffer.area.width))
            .map(|row| {
                let row: String = row.iter().map(Cell::symbol).collect();
                row.trim_end().to_owned()
            })
            .collect();
        self.shared.change(|shown| {
            shown.screen = screen.join("\n");
            shown.frames += 1;
            let is_there = |text: &mut String| shown.screen.contains(text.as_str());
            if shown.keep_at.take_if(is_there).is_some() {
                shown.taken = Taken::NotYet(false);
            }
        });
        Ok(())
    }
}

struct TestHost {
    terminal: Terminal<Screen>,
    shared: Shared,
}

impl Host for TestHost {
    type Backend = Screen;

    fn terminal(&mut self) -> &mut Terminal<Screen> {
        &mut self.terminal
    }

    fn ready_since(&self) -> Option<Instant> {
        match self.shared.lock().taken {
            Taken::AtOnce => Some(Instant::now()),
            Taken::NotYet(_) => None,
            Taken::Since(at) => Some(at),
        }
    }

    async fn ready(&self) -> io::Result<()> {
        self.shared.change(|shown| {
            if let Taken::NotYet(awaited) = &mut shown.taken {
                *awaited = true;
            }
        });
        // Nothing wakes it: it is left to other events that it is noticed.
        std::future::pending().await
    }

    fn send(&mut self, sequence: &str) -> io::Result<()> {
        self.shared.change(|shown| shown.sent.push(sequence.into()));
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.shared.change(|shown| shown.suspended += 1);
        Ok(())
    }

    fn lend(&mut self, line: &str) -> io::Result<()> {
        self.shared.change(|shown| {
            shown.lent.push(line.into());
            shown.at_lending.push(shown.frames);
        });
        Ok(())
    }

    fn take_back(&mut self) -> io::Result<()> {
        self.shared
            .change(|shown| shown.at_lending.push(shown.frames));
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How to start the program.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Setup {
    /// The terminal's size.
    pub size: (u16, u16),
    /// `--all-accounts`.
    pub all_accounts: bool,
    /// With a login to the endpoint's SSO portal, beside the key.
    pub portal: bool,
    /// `--read-only`.
    pub read_only: bool,
    /// `--ascii`.
    pub ascii: bool,
    /// Where copied texts go.
    pub clipboard: Route,
    /// How long a dialog is on the screen before what must be meant counts in it.
    pub to_read: Duration,
    /// How often and how long a new key is tried.
    pub pace: TrialPace,
    /// Where the journal is kept, also of the demo; none where none is wanted.
    pub journal: Option<&'static Path>,
    /// The credentials file; without one, where nothing is and nothing can be made.
    pub credentials: Option<&'static Path>,
    /// The roles that are tried in other accounts.
    pub roles: &'static [&'static str],
    /// The file that remembers which roles have worked, also of the demo; none where none does.
    pub known_roles: Option<&'static Path>,
    /// How long a call may take.
    pub timeouts: aws::Timeouts,
    /// What is fetched without anybody asking for it.
    pub background: Background,
    /// The ID of the key to look for first.
    pub find: Option<&'static str>,
    /// The leaked key that is dealt with.
    pub leaked: Option<&'static str>,
    /// What the program's clock says.
    pub clock: fn() -> DateTime<Utc>,
}

impl Setup {
    fn journal_config(&self) -> JournalConfig {
        JournalConfig {
            path: Ok(self.journal.map(Path::to_owned)),
            demo_too: true,
        }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            size: (80, 24),
            all_accounts: false,
            portal: false,
            read_only: false,
            ascii: false,
            clipboard: Route::Terminal(Multiplexer::None),
            to_read: Duration::ZERO,
            pace: TrialPace {
                pause: Duration::from_millis(20),
                patience: Duration::from_secs(20),
            },
            journal: None,
            credentials: None,
            roles: &DEFAULT_ROLES,
            known_roles: None,
            timeouts: aws::Timeouts::default(),
            background: Background::Visible,
            find: None,
            leaked: None,
            clock: now,
        }
    }
}

/// The running program, seen from where a person sits.
pub struct Person {
    /// The account's other end.
    pub endpoint: Endpoint,
    shared: Shared,
    size: Arc<Mutex<(u16, u16)>>,
    events: Option<UnboundedSender<io::Result<Event>>>,
    signals: UnboundedSender<Message>,
    /// To where the driver's events go.
    outbox: tokio::sync::mpsc::UnboundedSender<Heard>,
    thread: Option<JoinHandle<Exit>>,
}

impl Person {
    /// Starts the program in an 80×24 terminal on this endpoint.
    pub fn at(endpoint: &Endpoint) -> Self {
        Self::with(endpoint, Setup::default())
    }

    /// Starts the program.
    pub fn with(endpoint: &Endpoint, setup: Setup) -> Self {
        let shared = Shared::default();
        let size = Arc::new(Mutex::new(setup.size));
        let (events, event_stream) = unbounded();
        let (signals, signal_stream) = unbounded();
        let (served, screen, cells) = (endpoint.clone(), shared.clone(), size.clone());
        let (outbox, inbox) = tokio::sync::mpsc::unbounded_channel();
        let tasks = outbox.clone();
        let thread = thread::spawn(move || {
            let ended = screen.clone();
            let from_outside = (tasks, inbox);
            let exit = run(
                served,
                screen,
                cells,
                setup,
                event_stream,
                signal_stream,
                from_outside,
            );
            ended.change(|shown| shown.ended = true);
            exit
        });
        Self {
            endpoint: endpoint.clone(),
            shared,
            size,
            events: Some(events),
            signals,
            outbox,
            thread: Some(thread),
        }
    }

    /// Presses keys: letters as they are, others as `<esc>`, `<enter>`, `<tab>`, `<c-c>`, …
    pub fn press(&mut self, keys: &str) {
        for key in parse(keys) {
            self.event(Event::Key(key));
        }
    }

    /// Something that a task of the driver tells.
    pub fn hear(&mut self, event: Heard) {
        self.outbox.send(event).expect("the program still runs");
    }

    /// A message from the system.
    pub fn message(&mut self, message: Message) {
        self.signals
            .unbounded_send(message)
            .expect("the program still runs");
    }

    /// Waits until the terminal was given to a program, and returns what was said in it.
    pub fn wait_lent(&self) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.shared.lock();
        loop {
            if let Some(line) = shown.lent.last() {
                return line.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it is not lent:\n{}", shown.screen);
            let changed = self.shared.0.1.wait_timeout(shown, left);
            shown = changed.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets the terminal take nothing after the frame that has this text.
    pub fn keep_frame(&self, text: &str) {
        self.shared
            .change(|shown| shown.keep_at = Some(text.into()));
    }

    /// Whether the program has drawn that frame and waits until it is taken.
    pub fn awaits_frame(&self) -> bool {
        matches!(self.shared.lock().taken, Taken::NotYet(true))
    }

    /// The terminal has taken that frame since then, and the program is not told.
    pub fn frame_was_taken(&self, at: Instant) {
        self.shared.change(|shown| shown.taken = Taken::Since(at));
    }

    /// How many frames there were each time that the terminal was lent, and taken back.
    pub fn at_lending(&self) -> Vec<usize> {
        self.shared.lock().at_lending.clone()
    }

    /// Something else the terminal tells of.
    pub fn event(&mut self, event: Event) {
        self.events
            .as_ref()
            .expect("the terminal is open")
            .unbounded_send(Ok(event))
            .expect("the program still reads");
    }

    /// Closes the terminal's input.
    pub fn close_input(&mut self) {
        self.events = None;
    }

    /// Sends a signal.
    pub fn signal(&mut self, signal: Signal) {
        self.signals
            .unbounded_send(Heard::Signal(signal).into())
            .expect("the program still listens");
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        *self.size.lock().unwrap() = (columns, rows);
        self.event(Event::Resize(columns, rows));
    }

    /// Waits until the screen is as asked, and returns it.
    pub fn wait(&self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let (_, changed) = &*self.shared.0;
        let mut shown = self.shared.lock();
        loop {
            if condition(&shown.screen) {
                return shown.screen.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !shown.ended,
                "waited for {what}; the screen (program ended: {}):\n{}",
                shown.ended,
                shown.screen
            );
            shown = changed
                .wait_timeout(shown, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits until the screen shows a text, and returns it.
    pub fn see(&self, text: &str) -> String {
        self.wait(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Waits until the screen shows a text no more, and returns it.
    pub fn gone(&self, text: &str) -> String {
        self.wait(&format!("no {text:?}"), |screen| !screen.contains(text))
    }

    /// Waits until everything on screen is loaded.
    pub fn loaded(&self) -> String {
        self.wait("everything loaded", |screen| {
            let spinning = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏".chars().any(|c| screen.contains(c));
            !spinning && !screen.is_empty()
        })
    }

    /// The screen as it is.
    pub fn screen(&self) -> String {
        self.shared.lock().screen.clone()
    }

    /// How many frames were drawn so far.
    pub fn frames(&self) -> usize {
        self.shared.lock().frames
    }

    /// What was sent to the terminal past the frames.
    pub fn sent(&self) -> Vec<String> {
        self.shared.lock().sent.clone()
    }

    /// How often the program was suspended.
    pub fn suspended(&self) -> usize {
        self.shared.lock().suspended
    }

    /// Waits for the end of the program.
    pub fn exit(mut self) -> Exit {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.shared.lock();
        while !shown.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "still running:\n{}", shown.screen);
            shown = self
                .shared
                .0
                .1
                .wait_timeout(shown, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        drop(shown);
        self.thread
            .take()
            .unwrap()
            .join()
            .expect("it did not panic")
    }

    /// How many requests of an action the endpoint has had.
    pub fn calls(&self, action: &str) -> usize {
        let calls = self.endpoint.calls();
        calls.iter().filter(|call| call.action == action).count()
    }
}

fn run(
    endpoint: Endpoint,
    shared: Shared,
    size: Arc<Mutex<(u16, u16)>>,
    setup: Setup,
    events: impl futures::Stream<Item = io::Result<Event>> + Unpin,
    signals: impl futures::Stream<Item = Message> + Unpin,
    (outbox, inbox): (
        tokio::sync::mpsc::UnboundedSender<Heard>,
        tokio::sync::mpsc::UnboundedReceiver<Heard>,
    ),
) -> Exit {
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let exit = tokio.block_on(async {
        let accounts = Accounts {
            options: aws::Options {
                read_only: setup.read_only,
                timeouts: setup.timeouts,
                known_roles: setup
                    .known_roles
                    .map_or_else(aws::KnownRoles::default, |path| {
                        aws::KnownRoles::at(path.into())
                    }),
                embedded_login: setup
                    .portal
                    .then(|| SecretKey::new(endpoint.portal_token())),
                ..aws::Options::default()
            },
            demo: Arc::new(move || embedded(&endpoint)),
        };
        let config = DriverConfig {
            route: setup.clipboard,
            journal: setup.journal_config(),
            trial_pace: setup.pace,
            credentials: Ok(CredentialsFile::at(
                // Never the file of whoever runs the tests.
                setup
                    .credentials
                    .unwrap_or(Path::new("/nonexistent/iamkeys/credentials")),
            )),
            demo_apart: false,
            clear_after: None,
        };
        let driver = Driver::new(tokio.handle().clone(), outbox, accounts, config);
        let (columns, rows) = setup.size;
        let screen = Screen {
            inner: TestBackend::new(columns, rows),
            size,
            shared: shared.clone(),
        };
        let terminal = Terminal::new(screen).unwrap();
        let config = Config {
            policy: iamkeys::engine::findings::Policy::default(),
            warnings: Vec::new(),
            account_rules: AccountRules::default(),
            more: MoreAccounts {
                organisation: setup.all_accounts,
                roles: roles_named(setup.roles.iter().copied()),
                ..MoreAccounts::default()
            },
            settings: Settings {
                engine: engine::Settings {
                    read_only: setup.read_only,
                    clear_after: None,
                    recent: RECENT,
                    background: setup.background,
                },
                ascii: setup.ascii,
                colours: iamkeys::tui::Colours::Sixteen,
                clipboard: setup.clipboard,
                form: Form::Posix,
            },
            target: Target::Demo,
            find: setup.find.map(|key| KeyId::read(key).unwrap()),
            leaked: setup.leaked.map(|key| KeyId::read(key).unwrap()),
            now: Box::new(setup.clock),
            to_read: setup.to_read,
        };
        let host = TestHost { terminal, shared };
        let mut app = App::start(host, driver, inbox, config).unwrap();
        app.run(events, signals).await.unwrap()
    });
    tokio.shutdown_background();
    exit
}

/// Keys as [`Person::press`] takes them.
pub fn parse(keys: &str) -> Vec<KeyEvent> {
    let mut events = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let named = rest
            .strip_prefix('<')
            .and_then(|inner| inner.split_once('>'));
        let (code, modifiers) = match named {
            Some((name, after)) => {
                rest = after;
                match name {
                    "esc" => (KeyCode::Esc, KeyModifiers::NONE),
                    "enter" => (KeyCode::Enter, KeyModifiers::NONE),
                    "tab" => (KeyCode::Tab, KeyModifiers::NONE),
                    "left" => (KeyCode::Left, KeyModifiers::NONE),
                    "right" => (KeyCode::Right, KeyModifiers::NONE),
                    "down" => (KeyCode::Down, KeyModifiers::NONE),
                    "backspace" => (KeyCode::Backspace, KeyModifiers::NONE),
                    "pgdn" => (KeyCode::PageDown, KeyModifiers::NONE),
                    "c-c" => (KeyCode::Char('c'), KeyModifiers::CONTROL),
                    "c-u" => (KeyCode::Char('u'), KeyModifiers::CONTROL),
                    "c-z" => (KeyCode::Char('z'), KeyModifiers::CONTROL),
                    other => panic!("no key is called {other}"),
                }
            }
            None => {
                rest = &rest[c.len_utf8()..];
                (KeyCode::Char(c), KeyModifiers::NONE)
            }
        };
        events.push(KeyEvent::new(code, modifiers));
    }
    events
}
