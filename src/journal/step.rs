//! Where the tests end the process: between any two steps of what is done to a file.

/// The process could be dead from here on.
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

    /// The process is dead from here on, if this is the step that [`die_at`] named.
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

    /// Ends the process at the step of this number from now on, in this thread.
    pub(in crate::journal) fn die_at(number: u32) {
        TAKEN.set(0);
        LAST.set(number);
    }

    /// How many steps there were since [`die_at`].
    pub(in crate::journal) fn taken() -> u32 {
        TAKEN.get()
    }
}
