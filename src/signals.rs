//! The signals that concern a terminal program, as messages.

use crate::{
    engine::{Event, Signal},
    tui::Message,
};
use futures::{Stream, stream};
use std::io;

/// The signals from now on. Must be called inside the runtime.
///
/// # Errors
/// When the system refuses to deliver a signal.
#[cfg(unix)]
pub fn signals() -> io::Result<impl Stream<Item = Message> + Unpin> {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = signal(SignalKind::interrupt())?;
    let terminate = signal(SignalKind::terminate())?;
    let hang_up = signal(SignalKind::hangup())?;
    // tokio has no name for this one.
    let resumed = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
    let quit = signal(SignalKind::quit())?;
    let start = (interrupt, terminate, hang_up, resumed, quit);
    Ok(Box::pin(stream::unfold(start, |mut all| async move {
        let message = tokio::select! {
            Some(()) = all.0.recv() => Event::Signal(Signal::Interrupt).into(),
            Some(()) = all.1.recv() => Event::Signal(Signal::Terminate).into(),
            Some(()) = all.2.recv() => Event::Signal(Signal::HangUp).into(),
            Some(()) = all.3.recv() => Message::Resumed,
            Some(()) = all.4.recv() => Event::Signal(Signal::Quit).into(),
            else => return None,
        };
        Some((message, all))
    })))
}

/// The console's events from now on. Must be called inside the runtime.
///
/// # Errors
/// When the system refuses to deliver an event.
#[cfg(windows)]
pub fn signals() -> io::Result<impl Stream<Item = Message> + Unpin> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
    let start = (ctrl_c()?, ctrl_break()?, ctrl_close()?);
    Ok(Box::pin(stream::unfold(start, |mut all| async move {
        let message = tokio::select! {
            Some(()) = all.0.recv() => Event::Signal(Signal::Interrupt).into(),
            Some(()) = all.1.recv() => Event::Signal(Signal::Terminate).into(),
            Some(()) = all.2.recv() => Event::Signal(Signal::HangUp).into(),
            else => return None,
        };
        Some((message, all))
    })))
}
