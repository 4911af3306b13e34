//! Writes to the terminal, in a thread of its own: a terminal that takes no output (a stopped one, a
//! lost connection) blocks the writer for as long as it likes, and signals, answers and the
//! journal must not wait for that.

use secrecy::zeroize::Zeroizing;
use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// How long a terminal may take over what it is sent, where something waits for that.
const PATIENCE: Duration = Duration::from_millis(500);

/// How much room a frame gets at first.
const FRAME: usize = 32 * 1024;

/// What is on its way to the terminal. A shown secret may be in it, so that it is wiped.
#[derive(Debug)]
struct Queue {
    waiting: VecDeque<Zeroizing<Vec<u8>>>,
    is_writing: bool,
    /// The thread was started.
    is_running: bool,
    /// When the last of it was written.
    last: Option<Instant>,
    /// Why the terminal takes nothing more.
    failed: Option<io::ErrorKind>,
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.is_writing
    }

    /// Whether all was written; or why nothing more is.
    fn done(&self) -> io::Result<bool> {
        match self.failed {
            Some(kind) => Err(kind.into()),
            None => Ok(self.is_empty()),
        }
    }
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    waiting: VecDeque::new(),
    is_writing: false,
    is_running: false,
    last: None,
    failed: None,
});

/// Told at every change of the queue.
static CHANGED: Condvar = Condvar::new();

/// Told whenever something was written, or could not be: the event loop waits for it.
static WRITTEN: Notify = Notify::const_new();

fn lock() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has this written after all that was given before.
pub(super) fn send(bytes: Vec<u8>) -> io::Result<()> {
    let mut queue = lock();
    queue.done()?;
    if !queue.is_running {
        thread::Builder::new().name("output".into()).spawn(write)?;
        queue.is_running = true;
    }
    queue.waiting.push_back(bytes.into());
    CHANGED.notify_all();
    Ok(())
}

/// Since when nothing is on its way to the terminal; `None` while something is.
pub(super) fn idle_since() -> Option<Instant> {
    let queue = lock();
    queue
        .is_empty()
        .then(|| queue.last.unwrap_or_else(Instant::now))
}

/// Waits until nothing is on its way any more.
pub(super) async fn idle() -> io::Result<()> {
    while !lock().done()? {
        // A write that ended in between has left its word.
        WRITTEN.notified().await;
    }
    Ok(())
}

/// Waits for the same, and not for long.
pub(super) fn wait() -> io::Result<()> {
    let busy = |queue: &mut Queue| !queue.done().unwrap_or(true);
    let waited = CHANGED.wait_timeout_while(lock(), PATIENCE, busy);
    if waited.unwrap_or_else(PoisonError::into_inner).0.done()? {
        return Ok(());
    }
    let why = "the terminal takes no output";
    Err(io::Error::new(io::ErrorKind::TimedOut, why))
}

fn write() {
    let mut queue = lock();
    loop {
        let Some(bytes) = queue.waiting.pop_front() else {
            queue = CHANGED.wait(queue).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        queue.is_writing = true;
        drop(queue);
        let mut out = io::stdout().lock();
        let written = out.write_all(&bytes).and_then(|()| out.flush());
        let now = Instant::now();
        drop((out, bytes));
        queue = lock();
        queue.last = Some(now);
        queue.is_writing = false;
        if let Err(error) = written {
            queue.failed = Some(error.kind());
            queue.waiting.clear();
        }
        CHANGED.notify_all();
        WRITTEN.notify_one();
    }
}

/// Gathers what is drawn, and sends it off in one piece.
#[derive(Debug, Default)]
pub(super) struct Gathered(Vec<u8>);

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.capacity() == 0 {
            self.0.reserve(FRAME);
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        send(std::mem::take(&mut self.0))
    }
}
