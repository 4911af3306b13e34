//! Raw mode and the alternate screen, given back on every way out: the end of the program, an
//! error, a panic, a signal, a suspension.

use super::app::Host;
use crate::engine::text::visible;
use crossterm::{
    cursor::Show,
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute,
    terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use ratatui::{Terminal, backend::CrosstermBackend};
use std::{
    fmt::Display,
    io::{self, BufWriter, IsTerminal, Stdout, Write},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
};

/// Whether the terminal is ours at present.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Reports of panics in background tasks: printed when the terminal is given back, because an
/// open dialog may hold a secret that must not go down with a task.
static REPORTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The terminal that this process was started in.
#[derive(Debug)]
pub struct Tty {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
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
        let writer = BufWriter::with_capacity(32 * 1024, io::stdout());
        let terminal = Terminal::new(CrosstermBackend::new(writer)).inspect_err(|_| give_back())?;
        Ok(Self { terminal })
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        give_back();
    }
}

impl Host for Tty {
    type Backend = CrosstermBackend<BufWriter<Stdout>>;

    fn terminal(&mut self) -> &mut Terminal<Self::Backend> {
        &mut self.terminal
    }

    fn send(&mut self, sequence: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(sequence.as_bytes())?;
        out.flush()
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

    fn resume(&mut self) -> io::Result<()> {
        // Whoever stopped this process may have changed the terminal's modes, and crossterm sets
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
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        mouse::Capture
    )
    .inspect_err(|_| give_back())
}

/// Gives the terminal back, if it is ours. Safe to call from anywhere, any number of times; what
/// fails here cannot be helped.
pub fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            io::stdout(),
            mouse::LetGo,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
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

/// Writes lines to standard error, or does not: `eprintln!` would panic where the terminal is gone.
/// What of them comes from outside drives no terminal.
pub fn complain(lines: impl Display) {
    for line in lines.to_string().lines() {
        let _ = writeln!(io::stderr(), "{}", visible(line));
    }
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
