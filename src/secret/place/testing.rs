//! For the tests of every place: stopping dead at a step, and failing at one.

use super::{PREFIX, Step};
use std::{
    cell::RefCell,
    env, fs, io,
    path::Path,
    process::{Command, Output},
};

impl Step {
    pub(in crate::secret) const ALL: [Self; 9] = [
        Self::Locked,
        Self::Read,
        Self::Created,
        Self::HalfWritten,
        Self::Written,
        Self::Synced,
        Self::Checked,
        Self::Placed,
        Self::Confirmed,
    ];
}

/// Which step a child stops dead at.
const DIE_AT: &str = "IAMKEYS_TEST_DIE_AT";
/// The file that a child writes.
const TARGET: &str = "IAMKEYS_TEST_TARGET";

/// What a child has to do; none in the process that runs the tests.
pub(in crate::secret) fn orders() -> Option<(String, impl Fn(Step) -> io::Result<()>)> {
    let target = env::var(TARGET).ok()?;
    let last = env::var(DIE_AT).unwrap_or_default();
    let seam = move |step: Step| {
        if format!("{step:?}") == last {
            stop_dead();
        }
        Ok(())
    };
    Some((target, seam))
}

/// As a power cut would: nothing is dropped, nothing flushed.
fn stop_dead() {
    #[cfg(unix)]
    {
        use rustix::process::{Signal, getpid, kill_process};
        kill_process(getpid(), Signal::KILL).unwrap();
    }
    std::process::abort();
}

/// The command that runs this one test of this program again, in another process.
pub(in crate::secret) fn child(test: &str, target: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env(TARGET, target);
    command
}

/// Runs a child that must not outlive this step.
pub(in crate::secret) fn killed_at(test: &str, target: &Path, step: Step) {
    let ran = child(test, target)
        .env(DIE_AT, format!("{step:?}"))
        .output()
        .unwrap();
    assert!(!ran.status.success(), "{step:?}: {}", said(&ran));
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        assert_eq!(ran.status.signal(), Some(9), "{step:?}: {}", said(&ran));
    }
}

pub(in crate::secret) fn said(ran: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&ran.stdout) + &text(&ran.stderr)
}

/// Every step that `work` comes by.
pub(in crate::secret) fn steps(work: impl FnOnce(&dyn Fn(Step) -> io::Result<()>)) -> Vec<Step> {
    let seen = RefCell::new(Vec::new());
    work(&|step| {
        seen.borrow_mut().push(step);
        Ok(())
    });
    seen.into_inner()
}

/// A disk that is full by the time of this step.
pub(in crate::secret) fn full_at(last: Step) -> impl Fn(Step) -> io::Result<()> {
    move |step| {
        if step == last {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

/// The temporary files in a folder.
pub(in crate::secret) fn litter(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with(PREFIX)
        })
        .collect()
}

/// A file's permissions, where there are some of this kind.
#[cfg(unix)]
pub(in crate::secret) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
