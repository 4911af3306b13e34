//! Points between the operations on files at which tests kill the process.

/// A point at which a test may kill the process.
#[cfg(not(test))]
pub(super) fn step() {}

#[cfg(test)]
pub(super) use seam::{die_at, step, taken};

#[cfg(test)]
mod seam {
    use std::cell::Cell;

    thread_local! {
        static TAKEN: Cell<u32> = const { Cell::new(0) };
        static LAST: Cell<u32> = const { Cell::new(u32::MAX) };
    }

    /// Kills the process if this is the step that [`die_at`] named.
    pub(in crate::journal) fn step() {
        TAKEN.set(TAKEN.get() + 1);
        if TAKEN.get() == LAST.get() {
            #[cfg(unix)]
            {
                use rustix::process::{Signal, getpid, kill_process};
                let _ = kill_process(getpid(), Signal::KILL);
            }
            std::process::abort();
        }
    }

    /// Makes the step of this number, counted from now on in this thread, kill the process.
    pub(in crate::journal) fn die_at(number: u32) {
        TAKEN.set(0);
        LAST.set(number);
    }

    /// How many steps there were since [`die_at`].
    pub(in crate::journal) fn taken() -> u32 {
        TAKEN.get()
    }
}
