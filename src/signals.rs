//! The signals that concern a terminal program, as messages.

use crate::message::{Message, Signal};
use futures::{Stream, stream};
use std::io;

/// The signals from now on. Call it inside the runtime.
///
/// # Errors
/// When the system refuses to tell of a signal.
#[cfg(unix)]
pub fn signals() -> io::Result<impl Stream<Item = Message> + Unpin> {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = signal(SignalKind::interrupt())?;
    let terminate = signal(SignalKind::terminate())?;
    let hang_up = signal(SignalKind::hangup())?;
    // 18 on Linux; tokio has no name for it.
    let go_on = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
    let quit = signal(SignalKind::quit())?;
    let start = (interrupt, terminate, hang_up, go_on, quit);
    Ok(Box::pin(stream::unfold(start, |mut all| async move {
        let message = tokio::select! {
            Some(()) = all.0.recv() => Message::Signal(Signal::Interrupt),
            Some(()) = all.1.recv() => Message::Signal(Signal::Terminate),
            Some(()) = all.2.recv() => Message::Signal(Signal::HangUp),
            Some(()) = all.3.recv() => Message::Resumed,
            Some(()) = all.4.recv() => Message::Signal(Signal::Quit),
            else => return None,
        };
        Some((message, all))
    })))
}

/// The console's events from now on. Call it inside the runtime.
///
/// # Errors
/// When the system refuses to tell of an event.
#[cfg(windows)]
pub fn signals() -> io::Result<impl Stream<Item = Message> + Unpin> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
    let start = (ctrl_c()?, ctrl_break()?, ctrl_close()?);
    Ok(Box::pin(stream::unfold(start, |mut all| async move {
        let message = tokio::select! {
            Some(()) = all.0.recv() => Message::Signal(Signal::Interrupt),
            Some(()) = all.1.recv() => Message::Signal(Signal::Terminate),
            Some(()) = all.2.recv() => Message::Signal(Signal::HangUp),
            else => return None,
        };
        Some((message, all))
    })))
}
