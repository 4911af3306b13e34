//! What comes from the terminal: keys, pastes, the mouse, its size.
//!
//! A thread of its own waits for it. crossterm's reader never returns from a terminal that has
//! hung up, and would take the event loop with it, which then could not even answer the SIGHUP
//! that follows. Another thread waits for nothing but that end.

use crossterm::event::{self, Event};
use futures::{Stream, stream};
use std::{io, thread};
use tokio::sync::mpsc;

/// The terminal's events from now on. An error stands for the end of the terminal.
///
/// # Errors
/// When the system gives no threads.
pub fn events() -> io::Result<impl Stream<Item = io::Result<Event>> + Unpin> {
    let (sender, receiver) = mpsc::unbounded_channel();
    #[cfg(unix)]
    tell_of_the_end(sender.clone())?;
    thread::Builder::new().name("input".into()).spawn(move || {
        loop {
            let event = event::read();
            let over = event.is_err();
            if sender.send(event).is_err() || over {
                return;
            }
        }
    })?;
    Ok(Box::pin(stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|event| (event, receiver))
    })))
}

/// Waits for the terminal to hang up, without a wake-up before. Where the system cannot wait for
/// that, SIGHUP still tells.
#[cfg(unix)]
fn tell_of_the_end(sender: mpsc::UnboundedSender<io::Result<Event>>) -> io::Result<()> {
    use rustix::{
        event::{PollFd, PollFlags, poll},
        io::Errno,
    };
    thread::Builder::new()
        .name("hang-up".into())
        .spawn(move || {
            let stdin = io::stdin();
            loop {
                // Nothing is asked for: a hang-up is told all the same.
                let mut asked = [PollFd::new(&stdin, PollFlags::empty())];
                match poll(&mut asked, None) {
                    Err(Errno::INTR) => {}
                    Ok(_) if asked[0].revents().contains(PollFlags::HUP) => {
                        let _ = sender.send(Err(io::ErrorKind::UnexpectedEof.into()));
                        return;
                    }
                    _ => return,
                }
            }
        })?;
    Ok(())
}
