//! Files with a secret in them: written whole or not at all, readable by their owner only. No
//! failure leaves another file with the secret.
//!
//! A text is written to a temporary file beside its target, synced to the disk, and then takes the
//! target's name in one step. A process that is killed before that leaves the old file, and perhaps
//! a temporary one, readable by its owner only; the next write in that folder removes it.

mod error;
mod lock;
mod resolve;

pub use error::Error;
pub(super) use resolve::{expand, resolve};

use crate::engine::SecretKey;
use lock::{Lock, PATIENCE};
use resolve::{check_replaceable, folder};
use secrecy::zeroize::Zeroizing;
use std::{
    fs::{self, File, Metadata},
    io::{self, ErrorKind, Read as _, Write as _},
    path::Path,
    str,
};
use tempfile::NamedTempFile;

/// A point at which tests stop the process or let the system fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Locked,
    Read,
    Created,
    HalfWritten,
    Written,
    Synced,
    Checked,
    Placed,
    Confirmed,
}

/// What happens at a step: nothing, except in tests.
pub(super) type Seam<'a> = &'a dyn Fn(Step) -> io::Result<()>;

/// Whether to write or only to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Write.
    Commit,
    /// Do everything but the last step, and leave no file.
    Rehearse,
}

/// What the name of every temporary file begins with.
const PREFIX: &str = ".iamkeys-";
/// A file of this size is no credentials file.
const TOO_LARGE: u64 = 4 << 20;
/// How often to start again when another program has changed the file.
const ATTEMPTS: usize = 16;

/// Replaces the text of a file, if there is one, with what `edit` makes of it. Follows symbolic
/// links; makes the file and its folder where they are missing.
///
/// Calls `edit` again whenever another program has changed the file.
pub(super) fn replace(
    path: &Path,
    mode: Mode,
    seam: Seam<'_>,
    edit: &dyn Fn(Option<&str>) -> Result<SecretKey, Error>,
) -> Result<(), Error> {
    let failed = |doing| Error::failed(path, doing);
    for _ in 0..ATTEMPTS {
        let target = resolve(path)?;
        let folder = folder(&target);
        // Declared first, so that it is dropped last, when the folder is empty again.
        let new_folder = NewFolder::make(folder).map_err(failed("make the folder of"))?;
        let _lock = match lock(folder, seam) {
            Ok(Some(lock)) => lock,
            Ok(None) => break,
            // Another process had made the folder, and removed it again.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(failed("lock the folder of")(error)),
        };
        let before = read(path, &target)?;
        seam(Step::Read).map_err(failed("read"))?;
        let text = edit(before.text())?;
        let temporary = match draft(path, &target, before.metadata(), &text, seam) {
            // As above.
            Err(Error::Failed { error, .. }) if error.kind() == ErrorKind::NotFound => {
                continue;
            }
            drafted => drafted?,
        };
        if mode == Mode::Rehearse {
            return temporary.close().map_err(failed("remove a file beside"));
        }
        if resolve(path)? != target || read(path, &target)?.text() != before.text() {
            continue;
        }
        seam(Step::Checked).map_err(failed("check"))?;
        let placed = temporary.persist(&target);
        placed.map_err(|error| failed("replace")(error.error))?;
        new_folder.keep();
        return confirm(path, folder, seam);
    }
    Err(Error::Busy(path.into()))
}

/// Makes a new file with this text. Never replaces a file or a symbolic link.
pub(super) fn create(
    path: &Path,
    mode: Mode,
    seam: Seam<'_>,
    text: &SecretKey,
) -> Result<(), Error> {
    let failed = |doing| Error::failed(path, doing);
    if path.file_name().is_none() || path.is_dir() {
        return Err(Error::NotAFile(path.into()));
    }
    if path.symlink_metadata().is_ok() {
        return Err(Error::Exists(path.into()));
    }
    let folder = folder(path);
    // The last step needs no lock, as it overwrites nothing. But another process must not take the
    // temporary file for a leftover.
    let _lock = lock(folder, seam)
        .map_err(failed("make"))?
        .ok_or_else(|| Error::Busy(path.into()))?;
    let temporary = draft(path, path, None, text, seam)?;
    if mode == Mode::Rehearse {
        return temporary.close().map_err(failed("remove a file beside"));
    }
    seam(Step::Checked).map_err(failed("make"))?;
    let placed = temporary.persist_noclobber(path);
    placed.map_err(|error| match error.error.kind() {
        ErrorKind::AlreadyExists => Error::Exists(path.into()),
        _ => failed("make")(error.error),
    })?;
    confirm(path, folder, seam)
}

/// Makes a new file with this text, whole or not at all, readable by its owner only. Blocks for the disk,
/// and for another iamkeys that is writing in the same folder.
///
/// # Errors
/// [`Error::Exists`] when there is anything at this path; [`Error::Unconfirmed`] when the file is made,
/// but may not survive a power cut. After any other error there is no new file.
pub fn make_new(path: &Path, text: &SecretKey) -> Result<(), Error> {
    create(path, Mode::Commit, &|_| Ok(()), text)
}

/// Does everything of [`make_new`] but its last step, and leaves no file.
///
/// # Errors
/// Those of [`make_new`].
pub fn prove_new(path: &Path, text: &SecretKey) -> Result<(), Error> {
    create(path, Mode::Rehearse, &|_| Ok(()), text)
}

/// Locks a folder and removes what killed processes have left there; none if another process still
/// holds the lock.
fn lock(folder: &Path, seam: Seam<'_>) -> io::Result<Option<Lock>> {
    let Some(lock) = Lock::wait(folder, PATIENCE)? else {
        return Ok(None);
    };
    seam(Step::Locked)?;
    // Without the lock, a temporary file may be in use.
    if lock.is_held() {
        remove_leftovers(folder);
    }
    Ok(Some(lock))
}

fn remove_leftovers(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = name.starts_with(PREFIX) && name.ends_with(".tmp");
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A file as it was found, if there is one.
pub(super) struct Before(Option<(SecretKey, Metadata)>);

impl Before {
    pub(super) fn text(&self) -> Option<&str> {
        self.0.as_ref().map(|(text, _)| text.expose())
    }

    fn metadata(&self) -> Option<&Metadata> {
        self.0.as_ref().map(|(_, metadata)| metadata)
    }
}

/// Reads a text file into memory that is wiped.
pub(super) fn read(path: &Path, target: &Path) -> Result<Before, Error> {
    let failed = || Error::failed(path, "read");
    for _ in 0..ATTEMPTS {
        let metadata = match fs::symlink_metadata(target) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Before(None)),
            Err(error) => return Err(failed()(error)),
        };
        // Checked before it is opened: opening a pipe waits for its other end.
        if !metadata.is_file() {
            return Err(Error::NotAFile(path.into()));
        }
        if metadata.len() > TOO_LARGE {
            let why = "it is too large for what it should be";
            return Err(Error::refused(path, why));
        }
        let file = File::open(target).map_err(failed())?;
        let metadata = file.metadata().map_err(failed())?;
        let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        // Room for one more byte, so that the end is found without growing: that would leave a
        // copy behind.
        let mut data = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
        let limit = metadata.len().saturating_add(1);
        file.take(limit).read_to_end(&mut data).map_err(failed())?;
        if data.len() != length {
            // Another program is writing it.
            continue;
        }
        let text =
            str::from_utf8(&data).map_err(|_| Error::refused(path, "it is not text in UTF-8"))?;
        return Ok(Before(Some((SecretKey::joined(&[text]), metadata))));
    }
    Err(Error::Busy(path.into()))
}

/// Writes the text to a temporary file, and syncs that to the disk.
fn draft(
    path: &Path,
    target: &Path,
    before: Option<&Metadata>,
    text: &SecretKey,
    seam: Seam<'_>,
) -> Result<NamedTempFile, Error> {
    if before.is_some() {
        check_replaceable(path, target)?;
    }
    // Only its owner can read it, from the start.
    let temporary = tempfile::Builder::new()
        .prefix(PREFIX)
        .suffix(".tmp")
        .tempfile_in(folder(target))
        .and_then(|file| seam(Step::Created).map(|()| file))
        .map_err(Error::failed(path, "make a file beside"))?;
    let mut file = temporary.as_file();
    keep_owner_and_mode(file, before).map_err(Error::failed(path, "protect a file beside"))?;
    let (first, second) = text.expose().as_bytes().split_at(text.expose().len() / 2);
    let written = file
        .write_all(first)
        .and_then(|()| seam(Step::HalfWritten))
        .and_then(|()| file.write_all(second))
        .and_then(|()| seam(Step::Written))
        .and_then(|()| file.sync_all())
        .and_then(|()| seam(Step::Synced));
    written.map_err(Error::failed(path, "write"))?;
    Ok(temporary)
}

/// Gives the new file the owner of the old one, where the system permits that, and its mode
/// without any permission for others.
#[cfg(unix)]
fn keep_owner_and_mode(file: &File, before: Option<&Metadata>) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let mut mode = 0o600;
    if let Some(before) = before {
        mode &= before.mode();
        let ours = file.metadata()?;
        if (ours.uid(), ours.gid()) != (before.uid(), before.gid()) {
            // Only root can. Other users may still replace the file, as the folder is theirs.
            let _ = fchown(file, Some(before.uid()), Some(before.gid()));
        }
    }
    file.set_permissions(fs::Permissions::from_mode(mode))
}

/// On other systems a file has the permissions of its folder.
#[cfg(not(unix))]
fn keep_owner_and_mode(_: &File, _: Option<&Metadata>) -> io::Result<()> {
    Ok(())
}

/// Syncs the new name to the disk. The file has its new text already: a failure here leaves it
/// written but unconfirmed.
fn confirm(path: &Path, folder: &Path, seam: Seam<'_>) -> Result<(), Error> {
    let confirmed = seam(Step::Placed)
        .and_then(|()| sync_folder(folder))
        .and_then(|()| seam(Step::Confirmed));
    let path = path.into();
    confirmed.map_err(|error| Error::Unconfirmed { path, error })
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    // Some file systems cannot sync folders.
    let impossible = [ErrorKind::InvalidInput, ErrorKind::Unsupported];
    match File::open(folder)?.sync_all() {
        Err(error) if impossible.contains(&error.kind()) => Ok(()),
        synced => synced,
    }
}

/// A folder that is removed again unless a file is put there.
struct NewFolder<'a>(Option<&'a Path>);

impl<'a> NewFolder<'a> {
    /// Makes the folder if it is missing, but not its parents: a path with several missing folders
    /// is more likely a typing error.
    fn make(folder: &'a Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(false);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(folder) {
            Ok(()) => Ok(Self(Some(folder))),
            Err(_) if folder.is_dir() => Ok(Self(None)),
            Err(error) => Err(error),
        }
    }

    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for NewFolder<'_> {
    fn drop(&mut self) {
        if let Some(folder) = self.0 {
            // Fails where another program has put a file there, as it should.
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
