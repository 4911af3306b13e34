//! What comes from the terminal: keys, pastes, the mouse, its size.
//!
//! A thread of its own waits for it, and for the end of the terminal. It reads the bytes itself:
//! crossterm's reader keeps an unfinished paste for ever, so that no later key would do anything,
//! and never returns from a terminal that has hung up.

#[cfg(unix)]
mod parser;
#[cfg(unix)]
mod sequence;

use crossterm::event::Event;
use futures::{Stream, stream};
#[cfg(unix)]
use std::sync::MutexGuard;
use std::{
    io,
    sync::{Condvar, Mutex, PoisonError},
    thread,
};
use tokio::sync::mpsc;

/// Something from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key, a paste, the mouse, another size.
    Event(Event),
    /// What it replies to a question (OSC), without what begins and ends that.
    Reply(String),
}

impl From<Event> for Input {
    fn from(event: Event) -> Self {
        Self::Event(event)
    }
}

/// What comes from the terminal from now on. An error stands for the end of the terminal.
///
/// # Errors
/// When the system gives no thread, or there is no terminal.
pub fn events() -> io::Result<impl Stream<Item = io::Result<Input>> + Unpin> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut reader = Reader::new()?;
    thread::Builder::new().name("input".into()).spawn(move || {
        loop {
            let (events, over) = match reader.read() {
                Ok(events) => (events.into_iter().map(Ok).collect(), false),
                Err(error) => (vec![Err(error)], true),
            };
            let unheard = events.into_iter().any(|event| sender.send(event).is_err());
            if unheard || over {
                return;
            }
        }
    })?;
    Ok(Box::pin(stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|event| (event, receiver))
    })))
}

/// Whether the terminal is somebody else's to read. Whoever reads it holds this.
static PAUSED: Mutex<bool> = Mutex::new(false);

/// Told when it is not any more.
static WENT_ON: Condvar = Condvar::new();

/// Reads nothing more from the terminal until [`go_on`]: another program does. What has come until then
/// was read. The console of Windows is read on.
pub(super) fn pause() {
    *PAUSED.lock().unwrap_or_else(PoisonError::into_inner) = true;
}

/// Reads on.
pub(super) fn go_on() {
    *PAUSED.lock().unwrap_or_else(PoisonError::into_inner) = false;
    WENT_ON.notify_all();
}

/// Waits until it may be read, and keeps it so as long as this is held.
#[cfg(unix)]
fn reading() -> MutexGuard<'static, bool> {
    let paused = PAUSED.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = WENT_ON.wait_while(paused, |paused| *paused);
    waited.unwrap_or_else(PoisonError::into_inner)
}

#[cfg(not(unix))]
struct Reader;

#[cfg(not(unix))]
impl Reader {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    fn read(&mut self) -> io::Result<Vec<Input>> {
        crossterm::event::read().map(|event| vec![event.into()])
    }
}

#[cfg(unix)]
use unix::Reader;

#[cfg(unix)]
mod unix {
    use super::{
        Input, io,
        parser::{Parser, Unfinished},
        reading,
    };
    use crossterm::{event::Event, terminal};
    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        io::Errno,
    };
    use std::{
        fs::File,
        io::{IsTerminal as _, Read as _},
        os::{fd::AsFd as _, unix::net::UnixStream},
    };

    /// After it, a paste that has begun and not ended is over.
    const SILENCE: Timespec = Timespec {
        tv_sec: 1,
        tv_nsec: 0,
    };

    /// After it, any other sequence is.
    const SHORT_SILENCE: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 250_000_000,
    };

    /// Reads the terminal, and is told of its size by SIGWINCH.
    pub(super) struct Reader {
        terminal: File,
        resized: UnixStream,
        parser: Parser,
    }

    impl Reader {
        pub(super) fn new() -> io::Result<Self> {
            let stdin = io::stdin();
            let terminal = if stdin.is_terminal() {
                File::from(stdin.as_fd().try_clone_to_owned()?)
            } else {
                File::options().read(true).write(true).open("/dev/tty")?
            };
            let (resized, told) = UnixStream::pair()?;
            resized.set_nonblocking(true)?;
            signal_hook::low_level::pipe::register(signal_hook::consts::SIGWINCH, told)?;
            Ok(Self {
                terminal,
                resized,
                parser: Parser::default(),
            })
        }

        /// Waits for what comes next: without a limit, unless something is unfinished.
        pub(super) fn read(&mut self) -> io::Result<Vec<Input>> {
            let mut asked = [
                PollFd::new(&self.terminal, PollFlags::IN),
                PollFd::new(&self.resized, PollFlags::IN),
            ];
            let limit = match self.parser.waits_for() {
                None => None,
                Some(Unfinished::Paste) => Some(&SILENCE),
                Some(Unfinished::Sequence) => Some(&SHORT_SILENCE),
            };
            match poll(&mut asked, limit) {
                Err(Errno::INTR) => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
                Ok(0) => return Ok(self.parser.silence().into_iter().collect()),
                Ok(_) => {}
            }
            // Another program may have had the terminal since, and have read what was there.
            let reading = reading();
            match poll(&mut asked, Some(&Timespec::default())) {
                Err(Errno::INTR) => return Ok(Vec::new()),
                known => known?,
            };
            let [input, resized] = asked.map(|one| one.revents());
            let mut events = Vec::new();
            let mut bytes = [0; 1024];
            if !resized.is_empty() {
                // However often it was told, the size is the one of now.
                while matches!(self.resized.read(&mut bytes), Ok(1..)) {}
                // One that cannot be read has not changed, as far as is known.
                let size = terminal::size();
                events.extend(size.map(|(columns, rows)| Event::Resize(columns, rows).into()));
            }
            if !input.is_empty() {
                match self.terminal.read(&mut bytes) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(count) => {
                        let more = count == bytes.len();
                        events.extend(self.parser.feed(&bytes[..count], more));
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            drop(reading);
            Ok(events)
        }
    }
}
