//! The signals that concern a terminal program, as messages.

use crate::{
    engine::{Event, Signal},
    tui::Message,
};
use futures::{Stream, StreamExt as _, stream};
#[cfg(unix)]
use rustix::process::Signal as System;
use std::io;

/// The signals that end the program in an orderly way, with their variants for the engine. Those
/// that a fault of the program itself raises are not among them: their handler could not go on.
#[cfg(unix)]
const ENDING: &[(System, Signal)] = &[
    (System::INT, Signal::Interrupt),
    (System::TERM, Signal::Terminate),
    (System::HUP, Signal::HangUp),
    (System::QUIT, Signal::Quit),
    (System::ALARM, other(System::ALARM)),
    (System::PROF, other(System::PROF)),
    (System::USR1, other(System::USR1)),
    (System::USR2, other(System::USR2)),
    (System::VTALARM, other(System::VTALARM)),
    // The limit on processor time: the system sends it each second until the hard limit.
    (System::XCPU, other(System::XCPU)),
    #[cfg(target_os = "linux")]
    (System::IO, other(System::IO)),
    #[cfg(target_os = "linux")]
    (System::POWER, other(System::POWER)),
];

#[cfg(unix)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the numbers of signals are below 128"
)]
const fn other(signal: System) -> Signal {
    Signal::Other(signal.as_raw() as u8)
}

/// The signals from now on. Must be called inside the runtime.
///
/// From then on a write beyond the limit on the size of files (`ulimit -f`) fails, and does not kill
/// the program: the write tells of it, so that SIGXFSZ itself says nothing new.
///
/// # Errors
/// When the system refuses to deliver a signal.
#[cfg(unix)]
pub fn signals() -> io::Result<impl Stream<Item = Message> + Unpin> {
    use tokio::signal::unix::{SignalKind, signal};
    // tokio has no names for most of them.
    let kind = |signal: System| SignalKind::from_raw(signal.as_raw());
    // Its handler stays when this is dropped. A program that is started from here has the system's
    // own again, which it would not have if the signal were ignored.
    drop(signal(kind(System::XFSZ))?);
    let mut all = Vec::new();
    for (number, ends) in ENDING {
        let told = signal(kind(*number))?;
        all.push(
            stream::unfold(told, move |mut told| async move {
                told.recv().await?;
                Some((Event::Signal(*ends).into(), told))
            })
            .boxed(),
        );
    }
    let resumed = signal(kind(System::CONT))?;
    all.push(
        stream::unfold(resumed, |mut told| async move {
            told.recv().await?;
            Some((Message::Resumed, told))
        })
        .boxed(),
    );
    Ok(stream::select_all(all))
}

/// The signals that end a program without a screen, from now on; see [`signals`].
///
/// # Errors
/// When the system refuses to deliver a signal.
pub fn events() -> io::Result<impl Stream<Item = Event> + Unpin> {
    let ending = |message| async move {
        match message {
            Message::Event(event) => Some(event),
            _ => None,
        }
    };
    Ok(signals()?.filter_map(ending).boxed_local())
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
