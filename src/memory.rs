//! Core dumps are off: a crash must not leave the memory of a program that holds a secret behind.
//!
//! The system keeps core dumps for weeks, or sends them to a crash collector. On Linux a size limit
//! of 0 is not enough: where the kernel pipes the dump to a program (`core_pattern` begins with `|`,
//! as with systemd and Ubuntu), it ignores the limit. A process that is not *dumpable* is never
//! dumped: see core(5) and `PR_SET_DUMPABLE` in prctl(2).
//!
//! As intended, other processes of the same user cannot attach a debugger then, or read this one's
//! memory, environment or open files in `/proc`. To debug, do it as root, or start the program under
//! the debugger and skip the call.
//!
//! Nothing is done on Windows: there the user or an administrator configures error reporting, and a
//! program's own request needs calls that this crate does not make.

use std::io;

/// Switches core dumps off for this process. A program that it starts, such as a credential process,
/// inherits the limit and may raise it again.
///
/// # Errors
/// When the system refuses one of the calls. The other one has been made then.
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

/// Does nothing: on this system a program cannot switch core dumps off.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn no_core_dumps() -> io::Result<()> {
    Ok(())
}
