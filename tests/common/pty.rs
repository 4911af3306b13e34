//! The real program in a pseudo terminal: keys go in, a screen comes out.
//!
//! Nothing here waits for a time in the hope that something has happened by then: tests wait for
//! what the screen shows. The one clock is a person's: the program takes no answer before anybody
//! could have read the question, so keys are pressed at a person's pace.

// Each test file uses a part of this.
#![allow(dead_code)]

use portable_pty::{CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use std::{
    ffi::{OsStr, OsString},
    fmt::Write as _,
    io::{Read as _, Write as _},
    num::NonZeroU16,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a test waits before it says that something does not happen. Generous: it is spent in
/// full only by a test that fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// The least time between seeing something and answering it. The program takes no confirmation within
/// 150 ms of showing the question, and on a busy machine it notes the moment a little after the
/// terminal has the bytes.
const REACTION: Duration = Duration::from_millis(250);

/// How soon a terminal sends a held key again.
const HELD: Duration = Duration::from_millis(30);

/// How to start the program.
pub(crate) struct Start {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    size: (u16, u16),
    home: TempDir,
}

impl Start {
    /// The program itself, in a terminal of 80 columns and 24 rows, with a home of its own and
    /// nothing in its environment that a test did not put there.
    pub(crate) fn iamkeys<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Self {
        Self::command(env!("CARGO_BIN_EXE_iamkeys"), args)
    }

    /// Some other program: a shell that starts ours.
    pub(crate) fn command<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().to_owned();
        Self {
            program: program.as_ref().to_owned(),
            args: args.into_iter().map(|arg| arg.as_ref().into()).collect(),
            env: Vec::new(),
            size: (80, 24),
            home,
        }
        .env("HOME", path)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm-256color")
        .env("AWS_EC2_METADATA_DISABLED", "true")
    }

    /// Another argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().into());
        self
    }

    /// A variable of the environment; the last one of a name counts.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Columns and rows.
    pub(crate) fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = (columns, rows);
        self
    }

    /// A file in the home directory.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let path = self.home.path().join(path);
        let folder = path.parent().expect("it is in the home directory");
        std::fs::create_dir_all(folder).expect("a directory");
        std::fs::write(path, text).expect("a file");
        self
    }

    /// Where a file in the home directory is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    /// Starts it.
    pub(crate) fn run(self) -> Program {
        let (columns, rows) = self.size;
        let pair = native_pty_system()
            .openpty(pty_size(columns, rows))
            .expect("a pseudo terminal");
        let modes_before = modes(&*pair.master);
        let mut command = CommandBuilder::new(&self.program);
        command.args(&self.args);
        command.env_clear();
        for (name, value) in &self.env {
            command.env(name, value);
        }
        command.cwd(self.home.path());
        let mut child = pair.slave.spawn_command(command).expect("it starts");
        let id = child.process_id().expect("it runs");
        let shared = Arc::new(Shared {
            seen: Mutex::new(Seen {
                parser: vt100::Parser::new(cells(rows), cells(columns), 0),
                raw: Vec::new(),
                ended: false,
                code: None,
                last_picture: None,
                is_paused: false,
            }),
            news: Condvar::new(),
        });
        let mut from = pair.master.try_clone_reader().expect("its output");
        let reader = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let mut buffer = [0; 8192];
                // An error is how Linux says that the last one has closed the terminal.
                while let Ok(count @ 1..) = from.read(&mut buffer) {
                    let mut seen = shared.lock();
                    seen.raw.extend_from_slice(&buffer[..count]);
                    seen.parser.process(&buffer[..count]);
                    shared.news.notify_all();
                    let paused = shared.news.wait_while(seen, |seen| seen.is_paused);
                    let seen = paused.unwrap_or_else(PoisonError::into_inner);
                    let last = seen.last_picture.as_ref();
                    if last.is_some_and(|last| *last != picture(seen.parser.screen())) {
                        break;
                    }
                }
                drop(from);
                shared.lock().ended = true;
                shared.news.notify_all();
            }
        });
        thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let code = child.wait().map_or(u32::MAX, |status| status.exit_code());
                shared.lock().code = Some(code);
                shared.news.notify_all();
            }
        });
        Program {
            id,
            to: pair.master.take_writer().expect("its input"),
            master: Some(pair.master),
            slave: Some(pair.slave),
            shared,
            reader: Some(reader),
            modes_before,
            last: Instant::now(),
            home: self.home,
        }
    }
}

/// What has come out so far.
struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// Nothing more will come out.
    ended: bool,
    /// The exit code, once there is one.
    code: Option<u32>,
    /// Once there is another picture, nobody reads any more.
    last_picture: Option<String>,
    /// Nobody reads at present.
    is_paused: bool,
}

struct Shared {
    seen: Mutex<Seen>,
    news: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The running program and its terminal. Killed when dropped.
pub(crate) struct Program {
    id: u32,
    to: Box<dyn std::io::Write + Send>,
    master: Option<Box<dyn MasterPty + Send>>,
    // Kept open so that the terminal's modes can be looked at when the program has ended.
    slave: Option<Box<dyn SlavePty + Send>>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
    modes_before: String,
    last: Instant,
    home: TempDir,
}

/// What is left when the program has ended.
pub(crate) struct Ended {
    /// Its exit code.
    pub(crate) code: u32,
    /// What the terminal shows now.
    pub(crate) screen: String,
    /// Every byte it wrote.
    pub(crate) raw: Vec<u8>,
    /// Whether the terminal is as it was before.
    restored: Result<(), String>,
}

impl Program {
    /// Waits until the screen is as it should be.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, what: &str, mut is_so: impl FnMut(&vt100::Screen) -> bool) {
        self.wait_until(what, |seen| is_so(seen.parser.screen()));
    }

    /// Waits until the screen shows a text, within one line.
    #[track_caller]
    pub(crate) fn wait_text(&mut self, text: &str) {
        self.wait_for(&format!("{text:?}"), |screen| {
            screen.contents().contains(text)
        });
    }

    /// Waits until the screen shows a text no more.
    #[track_caller]
    pub(crate) fn wait_gone(&mut self, text: &str) {
        self.wait_for(&format!("no {text:?}"), |screen| {
            !screen.contents().contains(text)
        });
    }

    /// Waits until these bytes have been written so many times.
    #[track_caller]
    pub(crate) fn wait_raw(&mut self, bytes: &[u8], times: usize) {
        let what = format!("{times} times {:?}", String::from_utf8_lossy(bytes));
        self.wait_until(&what, |seen| count(&seen.raw, bytes) >= times);
    }

    #[track_caller]
    fn wait_until(&mut self, what: &str, mut is_so: impl FnMut(&Seen) -> bool) {
        let until = Instant::now() + PATIENCE;
        let mut seen = self.shared.lock();
        loop {
            if is_so(&seen) {
                break;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.ended {
                let why = if seen.ended { "it ended" } else { "in vain" };
                let screen = picture(seen.parser.screen());
                drop(seen);
                panic!("waited for {what}, {why}; the screen:\n{screen}");
            }
            let woken = self.shared.news.wait_timeout(seen, left);
            seen = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(seen);
        self.last = Instant::now();
    }

    /// Presses keys one by one, as a person does who looks at the screen. `\x1b` is Esc.
    pub(crate) fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            self.press_key(key.encode_utf8(&mut [0; 4]));
        }
        // What is waited for next may be on the screen already.
        self.last = Instant::now();
    }

    /// Presses one key that is written with several bytes, such as an arrow.
    pub(crate) fn press_key(&mut self, sequence: &str) {
        // Since the program was last seen to have done something: it may have got the key before
        // long after that was sent.
        let at = self.last + REACTION;
        thread::sleep(at.saturating_duration_since(Instant::now()));
        self.send(sequence.as_bytes());
    }

    /// Holds a key until the screen is as it should be, and for some repeats more; or until the
    /// program ends.
    #[track_caller]
    pub(crate) fn hold(
        &mut self,
        key: &str,
        what: &str,
        mut is_so: impl FnMut(&vt100::Screen) -> bool,
    ) {
        let until = Instant::now() + PATIENCE;
        let mut more = 10;
        self.press_key(key);
        while more > 0 {
            let seen = self.shared.lock();
            if seen.code.is_some() {
                return;
            }
            if is_so(seen.parser.screen()) {
                more -= 1;
            }
            drop(seen);
            assert!(Instant::now() < until, "waited for {what} in vain");
            thread::sleep(HELD);
            // It may have ended by now, which the caller looks at.
            let _ = self.to.write_all(key.as_bytes());
            self.last = Instant::now();
        }
    }

    /// Waits until the screen shows a text, or the program has ended; says whether it still runs.
    #[track_caller]
    pub(crate) fn wait_text_or_end(&mut self, text: &str) -> bool {
        let until = Instant::now() + PATIENCE;
        let mut seen = self.shared.lock();
        while seen.code.is_none() && !seen.parser.screen().contents().contains(text) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited for {text:?} in vain");
            let woken = self.shared.news.wait_timeout(seen, left);
            seen = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        let runs = seen.code.is_none();
        drop(seen);
        self.last = Instant::now();
        runs
    }

    /// Writes bytes at once, as a paste or a cat on the keyboard does.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.to.write_all(bytes).expect("the terminal takes input");
        self.to.flush().expect("the terminal takes input");
        self.last = Instant::now();
    }

    /// Reads nothing more of what it writes, and waits until the terminal takes nothing more of it.
    /// Something must be there to be drawn all the time.
    #[cfg(unix)]
    #[track_caller]
    pub(crate) fn stop_reading(&mut self) {
        use rustix::{
            event::{PollFd, PollFlags, Timespec, poll},
            fs::{Mode, OFlags, open},
        };
        let master = self.master.as_ref().expect("the terminal is there");
        let name = master.tty_name().expect("it has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK;
        let slave = open(&name, flags, Mode::empty()).expect("it can be opened");
        let takes_more = || {
            let mut asked = [PollFd::new(&slave, PollFlags::OUT)];
            poll(&mut asked, Some(&Timespec::default())).expect("it can be asked") > 0
        };
        self.shared.lock().is_paused = true;
        let until = Instant::now() + PATIENCE;
        for turn in (0..2).cycle() {
            // Every change of the size is a whole new frame.
            self.set_size(250 + turn, 70);
            // Once full, it stays full.
            if !takes_more() {
                break;
            }
            assert!(Instant::now() < until, "it takes everything");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Reads on.
    pub(crate) fn read_on(&self) {
        self.shared.lock().is_paused = false;
        self.shared.news.notify_all();
    }

    /// Changes the terminal's size, but not that of the screen of the test.
    pub(crate) fn set_size(&self, columns: u16, rows: u16) {
        let master = self.master.as_ref().expect("the terminal is there");
        master
            .resize(pty_size(columns, rows))
            .expect("the terminal changes its size");
    }

    /// Waits until it has ended, whatever it has left behind.
    #[track_caller]
    pub(crate) fn wait_code(&mut self) -> u32 {
        self.wait_child()
    }

    /// Changes the terminal's size.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        // First here, so that nothing drawn for the new size is taken for the old one.
        let mut seen = self.shared.lock();
        seen.parser
            .screen_mut()
            .set_size(cells(rows), cells(columns));
        drop(seen);
        self.set_size(columns, rows);
    }

    /// Sends a signal to the program.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        send_signal(self.id, signal).expect("it takes a signal");
    }

    /// Waits until it has ended by itself.
    #[track_caller]
    pub(crate) fn wait_exit(&mut self) -> Ended {
        let code = self.wait_child();
        // Still open at this end, so its modes can be seen.
        let modes_after = modes(&**self.master.as_ref().expect("the terminal is there"));
        // The last one to close it: now the reader comes to an end.
        drop(self.slave.take());
        self.wait_end();
        let seen = self.shared.lock();
        let screen = seen.parser.screen();
        let mut wrong = String::new();
        for (is_so, what) in [
            (screen.alternate_screen(), "the alternate screen is left on"),
            (screen.bracketed_paste(), "bracketed paste is left on"),
            (screen.hide_cursor(), "the cursor is left hidden"),
            (
                screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None,
                "the mouse is left captured",
            ),
        ] {
            if is_so {
                let _ = writeln!(wrong, "{what}");
            }
        }
        if modes_after != self.modes_before {
            let before = &self.modes_before;
            let _ = writeln!(wrong, "modes were {before}\nand are now {modes_after}");
        }
        Ended {
            code,
            screen: screen.contents(),
            raw: seen.raw.clone(),
            restored: if wrong.is_empty() { Ok(()) } else { Err(wrong) },
        }
    }

    /// Takes the terminal away, as closing its window does, and returns the exit code. On the screen
    /// there must be something that Page Down changes.
    #[track_caller]
    pub(crate) fn hang_up(mut self) -> u32 {
        self.shared.lock().last_picture = Some(self.picture());
        // Whoever writes to the terminal says Ctrl-D (Page Down) as they go. Once that is drawn, the
        // reader lets go too, and a program with nothing to do learns of its terminal's end only by
        // waiting for it.
        let nowhere: Box<dyn std::io::Write + Send> = Box::new(std::io::sink());
        drop(std::mem::replace(&mut self.to, nowhere));
        self.wait_end();
        drop(self.slave.take());
        drop(self.master.take());
        self.wait_child()
    }

    #[track_caller]
    fn wait_child(&mut self) -> u32 {
        let until = Instant::now() + PATIENCE;
        let mut seen = self.shared.lock();
        loop {
            if let Some(code) = seen.code {
                return code;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let screen = picture(seen.parser.screen());
                drop(seen);
                panic!("it does not end; the screen:\n{screen}");
            }
            let woken = self.shared.news.wait_timeout(seen, left);
            seen = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    #[track_caller]
    fn wait_end(&mut self) {
        let until = Instant::now() + PATIENCE;
        let mut seen = self.shared.lock();
        while !seen.ended {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "somebody keeps the terminal open");
            let woken = self.shared.news.wait_timeout(seen, left);
            seen = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(seen);
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader reads");
        }
    }

    /// What the screen shows.
    pub(crate) fn screen(&self) -> String {
        self.shared.lock().parser.screen().contents()
    }

    /// The screen with a frame around it, for people.
    pub(crate) fn picture(&self) -> String {
        picture(self.shared.lock().parser.screen())
    }

    /// Every byte written so far.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.shared.lock().raw.clone()
    }

    /// Whether the terminal echoes and gives lines, as a shell has it, right now.
    pub(crate) fn is_cooked(&self) -> bool {
        let modes = modes(&**self.master.as_ref().expect("the terminal is there"));
        modes.contains("ICANON") && modes.contains("ECHO")
    }

    /// Its home directory.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        #[cfg(unix)]
        if self.shared.lock().code.is_none() {
            let _ = send_signal(self.id, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(unix)]
fn send_signal(id: u32, signal: rustix::process::Signal) -> rustix::io::Result<()> {
    let id = i32::try_from(id)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(id.expect("a process ID"), signal)
}

impl Ended {
    /// Fails unless the program ended with this code and gave the terminal back as it was.
    #[track_caller]
    pub(crate) fn assert_clean(&self, code: u32) {
        assert_eq!(self.code, code, "{}", self.screen);
        if let Err(wrong) = &self.restored {
            panic!("the terminal is not as it was:\n{wrong}");
        }
    }
}

/// How often a sequence of bytes occurs.
pub(crate) fn count(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes
        .windows(wanted.len())
        .filter(|window| *window == wanted)
        .count()
}

fn modes(master: &dyn MasterPty) -> String {
    #[cfg(unix)]
    {
        let modes = master.get_termios().expect("the terminal has modes");
        format!(
            "{:?} {:?} {:?} {:?}",
            modes.input_flags, modes.output_flags, modes.control_flags, modes.local_flags
        )
    }
    #[cfg(not(unix))]
    {
        let _ = master;
        String::new()
    }
}

fn picture(screen: &vt100::Screen) -> String {
    let (_, columns) = screen.size();
    let rule = "-".repeat(usize::from(columns.get()));
    let rows: Vec<String> = screen.rows(0, columns.get()).collect();
    format!("{rule}\n{}\n{rule}", rows.join("\n"))
}

fn cells(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("a terminal has cells")
}

fn pty_size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}
