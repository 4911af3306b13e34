//! The terminal while another program has it: when it is lent, when it is taken back, and what of the
//! system's signals is that program's.

use super::{App, Host, Stale};
use crate::{
    engine::{Event, Signal},
    tui::message::Message,
};
use ratatui::backend::Backend;
use std::{
    io,
    time::{Duration, Instant},
};

/// How long the signal of a Ctrl-C may still be on its way here after the program that had the terminal
/// has ended by it. The key itself is no signal where the terminal is this program's.
const ECHO: Duration = Duration::from_secs(1);

impl<H: Host> App<H>
where
    io::Error: From<<H::Backend as Backend>::Error>,
{
    /// Whether the terminal is not another program's: one's that was given it, or the shell's that has
    /// stopped this one.
    pub(super) fn has_terminal(&self) -> bool {
        self.resume.is_none() && !self.is_lent
    }

    /// Gives the terminal to a program that waits for it, if there is one.
    pub(super) fn lend(&mut self) -> io::Result<()> {
        self.lend_from.take_if(|from| *from <= Instant::now());
        if !self.has_terminal() || !self.is_ready() || self.lend_from.is_some() {
            return Ok(());
        }
        let Some((line, effects)) = self.screen.lend_terminal() else {
            return Ok(());
        };
        self.is_lent = true;
        self.host.lend(&line)?;
        self.carry_out(effects)
    }

    /// Takes the terminal back from a program that has ended.
    pub(super) fn take_back(&mut self) -> io::Result<()> {
        self.is_lent = false;
        self.deaf_until = Some(Instant::now() + ECHO);
        self.host.take_back()?;
        self.text = false;
        self.stale = Stale::Now;
        Ok(())
    }

    /// Whether a signal is meant for the program that has the terminal: what its keys send comes here as
    /// well, an interrupt, and the end of a stop (Ctrl-Z).
    pub(super) fn is_for_other(&self, message: &Message) -> bool {
        let was_lent = self.deaf_until.is_some_and(|until| Instant::now() < until);
        match message {
            Message::Resumed => self.is_lent,
            Message::Event(Event::Signal(Signal::Interrupt | Signal::Quit)) => {
                self.is_lent || was_lent
            }
            _ => false,
        }
    }
}
