//! One iamkeys at a time in a folder.
//!
//! The folder itself is locked: a lock file would be left behind, and a lock on the target would
//! stay with the file that is replaced. The lock keeps out only other iamkeys.

use std::{fs::File, io, path::Path, thread, time::Duration};

/// How long to wait for another process, which takes milliseconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(10);

/// Released when dropped, also when the process is killed.
pub(super) struct Lock(Option<File>);

impl Lock {
    /// Whether it keeps others out: not every file system has locks.
    pub(super) fn is_held(&self) -> bool {
        self.0.is_some()
    }

    /// Waits for the lock, but no longer than this; none if another process still holds it.
    pub(super) fn wait(folder: &Path, patience: Duration) -> io::Result<Option<Self>> {
        let mut waited = Duration::ZERO;
        loop {
            match attempt(folder)? {
                None if waited < patience => thread::sleep(PAUSE),
                done => return Ok(done),
            }
            waited += PAUSE;
        }
    }
}

/// None if another process holds it.
#[cfg(unix)]
fn attempt(folder: &Path) -> io::Result<Option<Lock>> {
    let folder = File::open(folder)?;
    match folder.try_lock() {
        Ok(()) => Ok(Some(Lock(Some(folder)))),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        // Without a lock, the file is still compared just before it is replaced.
        Err(std::fs::TryLockError::Error(_)) => Ok(Some(Lock(None))),
    }
}

/// Windows does not lock folders. There, a file that only one process can open serves as the lock,
/// and disappears with that process.
#[cfg(windows)]
fn attempt(folder: &Path) -> io::Result<Option<Lock>> {
    use std::os::windows::fs::OpenOptionsExt as _;
    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
    const ERROR_ACCESS_DENIED: i32 = 5;
    const ERROR_SHARING_VIOLATION: i32 = 32;
    const ERROR_DELETE_PENDING: i32 = 303;
    let path = folder.join(".iamkeys.lock");
    let opened = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .share_mode(0)
        .custom_flags(FILE_FLAG_DELETE_ON_CLOSE)
        .open(&path);
    match opened {
        Ok(file) => Ok(Some(Lock(Some(file)))),
        Err(error) => match error.raw_os_error() {
            // A file that is being deleted answers the second.
            Some(ERROR_SHARING_VIOLATION | ERROR_DELETE_PENDING) => Ok(None),
            Some(ERROR_ACCESS_DENIED) if path.exists() => Ok(None),
            _ => Err(error),
        },
    }
}
