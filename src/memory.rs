//! What a crash must not leave behind: the memory of a program that holds a secret.
//!
//! A core dump is a copy of that memory in a file, kept by the system for weeks, or sent to whoever
//! collects crashes. A limit of 0 on its size is not enough on Linux: where the kernel hands the
//! dump to a program (`core_pattern` begins with `|`, as with systemd and Ubuntu), it does not look
//! at the limit. A process that is not *dumpable* is never dumped, in either way: see core(5) and
//! `PR_SET_DUMPABLE` in prctl(2).
//!
//! What that costs: no other process of the same person may attach a debugger or read this one's
//! memory, environment or open files in `/proc`. That is meant, too. Whoever wants to debug does it
//! as root, or starts the program under the debugger and lets it skip the call.
//!
//! On Windows nothing is done: error reporting there is switched on and off by the person or an
//! administrator, and a program's own wish needs calls that this crate does not make.

use std::io;

/// Switches core dumps off for this process, once and for all. A program that it starts, such as
/// a credential process, begins with the same limit and may raise it again.
///
/// # Errors
/// When the system refuses. Whatever can be switched off is off then.
#[cfg(unix)]
pub fn no_core_dumps() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let not_dumpable = {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable)
    };
    let none = Rlimit {
        current: Some(0),
        ..getrlimit(Resource::Core)
    };
    setrlimit(Resource::Core, none)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    not_dumpable?;
    Ok(())
}

/// Does nothing: there are no core dumps to be switched off by a program here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn no_core_dumps() -> io::Result<()> {
    Ok(())
}
