//! Raw mode and the alternate screen, given back on every way out: the end of the program, an
//! error, a panic, a signal, a suspension.

mod backend;
mod kitty;
mod writer;

pub use backend::Limited;

use super::{app::Host, keyboard};
use crate::{engine::text::visible, stderr::complain};
use crossterm::{
    cursor::Show,
    event::{DisableBracketedPaste, EnableBracketedPaste},
    queue,
    terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use ratatui::Terminal;
use std::{
    io::{self, IsTerminal},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
    time::Instant,
};

/// Whether the terminal is ours at present.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Reports of panics in background tasks: printed when the terminal is given back, because an
/// open dialog may hold a secret that must not go down with a task.
static REPORTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The terminal that this process was started in.
#[derive(Debug)]
pub struct Tty {
    terminal: Terminal<Limited>,
}

/// Whether a person sits at both ends.
#[must_use]
pub fn is_there() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

impl Tty {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn take() -> io::Result<Self> {
        take()?;
        let terminal = Terminal::new(Limited::new()).inspect_err(|_| give_back())?;
        Ok(Self { terminal })
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        give_back();
    }
}

impl Host for Tty {
    type Backend = Limited;

    fn terminal(&mut self) -> &mut Terminal<Self::Backend> {
        &mut self.terminal
    }

    fn ready_since(&self) -> Option<Instant> {
        writer::idle_since()
    }

    async fn ready(&self) -> io::Result<()> {
        writer::idle().await
    }

    fn takes_output(&self) -> bool {
        writer::wait().is_ok()
    }

    fn send(&mut self, sequence: &str) -> io::Result<()> {
        // Not left in the queue of a terminal that takes nothing: it would come at any time later.
        writer::wait()?;
        writer::send(sequence.into())?;
        match writer::wait() {
            // It is on its way, and arrives once the terminal takes output again.
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(()),
            written => written,
        }
    }

    fn expect_text(&mut self, text: bool) -> io::Result<()> {
        if kitty::is_harmless() {
            writer::send(kitty::switch(text).into())?;
        }
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        // Elsewhere there are no jobs to stop.
        #[cfg(unix)]
        {
            give_back();
            stop_this_job()?;
        }
        Ok(())
    }

    fn lend(&mut self, line: &str) -> io::Result<()> {
        // What is typed from now on is not for this program.
        keyboard::pause();
        give_back();
        lent::begin();
        writer::send(format!("{}\n", visible(line)).into_bytes())?;
        // Before anything that the program writes. Where that takes no output, it comes later.
        let _ = writer::wait();
        Ok(())
    }

    fn take_back(&mut self) -> io::Result<()> {
        let was_lent = lent::end();
        let taken = self.resume();
        if was_lent {
            // On the program's own screen, where it does not matter that the cursor goes home.
            writer::send(lent::WHOLE_SCREEN.into())?;
        }
        keyboard::go_on();
        taken
    }

    fn resume(&mut self) -> io::Result<()> {
        // What stopped this process may have changed the terminal's modes, and crossterm sets
        // them only if it has not done so already.
        let _ = disable_raw_mode();
        take()?;
        // Not `clear`: that asks the terminal where its cursor is, and ends in an error where the
        // terminal does not answer, or the stream of events swallows the answer.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let mut sequence = Vec::new();
    let taken = queue!(
        sequence,
        EnterAlternateScreen,
        EnableBracketedPaste,
        mouse::Capture
    );
    if kitty::is_harmless() {
        // Each of the terminal's two screens has a keyboard of its own.
        sequence.extend_from_slice(kitty::begin().as_bytes());
    }
    taken
        .and_then(|()| writer::send(sequence))
        .inspect_err(|_| give_back())
}

/// Gives the terminal back, if it is ours. Safe to call from anywhere, any number of times; what
/// fails here cannot be helped.
pub fn give_back() {
    if lent::end() {
        // The other program was ended, and may have meant to put this right itself.
        let mut sequence = Vec::from(lent::AS_BEFORE);
        let _ = queue!(sequence, mouse::LetGo, DisableBracketedPaste, Show);
        let _ = writer::send(sequence).and_then(|()| writer::wait());
    }
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut sequence = Vec::new();
        if kitty::is_harmless() {
            sequence.extend_from_slice(kitty::END.as_bytes());
        }
        let _ = queue!(
            sequence,
            mouse::LetGo,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = writer::send(sequence).and_then(|()| writer::wait());
        let _ = disable_raw_mode();
    }
}

/// Stops the whole job, as the terminal itself does at Ctrl-Z: with only this process stopped, a
/// shell that started it through `cargo run` would wait for ever. In a group that no shell looks
/// after the kernel ignores this signal, and the program just goes on.
///
/// The signal is the process's, not this thread's: where another thread takes it, this one may go
/// on for a moment. That is why the terminal is not taken again from here.
#[cfg(unix)]
fn stop_this_job() -> io::Result<()> {
    use rustix::process::{Signal, kill_current_process_group};
    Ok(kill_current_process_group(Signal::TSTP)?)
}

/// What has to be put right when a program that had the terminal is ended.
#[cfg(unix)]
mod lent {
    use rustix::{
        process::getpgrp,
        termios::{
            OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetpgrp, tcsetattr,
        },
    };
    use std::{
        io::stdin,
        sync::{Mutex, PoisonError},
    };

    /// Takes back where another program has let the terminal scroll, insert and count rows from: no
    /// margins, no origin mode, nothing inserted, the usual characters and colours.
    pub(super) const WHOLE_SCREEN: &[u8] = b"\x1b[?6l\x1b[r\x1b[4l\x1b(B\x1b[m";

    /// The same where the cursor stays.
    pub(super) const AS_BEFORE: &[u8] = b"\x1b7\x1b[r\x1b8\x1b[4l\x1b(B\x1b[m";

    /// The terminal's modes as they were before.
    static MODES: Mutex<Option<Termios>> = Mutex::new(None);

    /// What was typed until now is not for the program.
    pub(super) fn begin() {
        *MODES.lock().unwrap_or_else(PoisonError::into_inner) = tcgetattr(stdin()).ok();
        if is_ours() {
            let _ = tcflush(stdin(), QueueSelector::IFlush);
        }
    }

    /// Whether this job is the one in the foreground. Another that touched the terminal's modes would be
    /// stopped, and one that was ended while it was stopped would be there for ever.
    fn is_ours() -> bool {
        tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp())
    }

    /// One that was asking for a password when it was ended has left the echo off. And what was typed
    /// for it and not read any more is no command here. Says whether it was lent, and is this job's.
    pub(super) fn end() -> bool {
        let modes = MODES.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(modes) = modes.filter(|_| is_ours()) else {
            return false;
        };
        let _ = tcsetattr(stdin(), OptionalActions::Now, &modes);
        let _ = tcflush(stdin(), QueueSelector::IFlush);
        true
    }
}

/// Elsewhere it is not lent.
#[cfg(not(unix))]
mod lent {
    pub(super) const WHOLE_SCREEN: &[u8] = b"";
    pub(super) const AS_BEFORE: &[u8] = b"";
    pub(super) fn begin() {}
    pub(super) fn end() -> bool {
        false
    }
}

/// Asks for the mouse's buttons and wheel. crossterm's own command asks for every movement as well,
/// each of which would wake up a program that has nothing to do.
#[cfg(not(windows))]
mod mouse {
    use crossterm::Command;
    use std::fmt;

    /// Presses and releases (1000), with cells of any number (1006).
    pub(super) struct Capture;

    impl Command for Capture {
        fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
            f.write_str("\x1b[?1000h\x1b[?1006h")
        }
    }

    /// The opposite of [`Capture`].
    pub(super) struct LetGo;

    impl Command for LetGo {
        fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
            f.write_str("\x1b[?1006l\x1b[?1000l")
        }
    }
}

/// The console has one switch for all of it.
#[cfg(windows)]
mod mouse {
    pub(super) use crossterm::event::{
        DisableMouseCapture as LetGo, EnableMouseCapture as Capture,
    };
}

/// Installs the hooks for panics and reports. Call it on the main thread.
///
/// # Errors
/// When hooks are installed already.
pub fn install_hooks() -> color_eyre::Result<()> {
    static MAIN: OnceLock<ThreadId> = OnceLock::new();
    MAIN.get_or_init(|| thread::current().id());
    let (panics, errors) = color_eyre::config::HookBuilder::default()
        .display_env_section(false)
        // Without colors: what controls a terminal is left out of what is printed.
        .theme(color_eyre::config::Theme::new())
        .into_hooks();
    errors.install()?;
    std::panic::set_hook(Box::new(move |info| {
        let report = panics.panic_report(info).to_string();
        if MAIN.get() == Some(&thread::current().id()) {
            give_back();
            complain(report);
        } else {
            REPORTS
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(report);
        }
    }));
    Ok(())
}

/// The reports of background panics so far.
#[must_use]
pub fn take_reports() -> Vec<String> {
    std::mem::take(&mut REPORTS.lock().unwrap_or_else(PoisonError::into_inner))
}
