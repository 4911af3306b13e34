//! Files with a secret in them: whole or not at all, for the eyes of their owner, and whatever
//! goes wrong on the way, no other file with the secret is left.
//!
//! A text goes to a temporary file beside its target, to the disk, and then takes the target's
//! name in one step. Whoever is killed before that leaves the old file, and perhaps a temporary
//! one, readable by its owner only; the next who writes there removes it.

mod error;
mod lock;
mod resolve;

pub use error::Error;
pub(super) use resolve::{expand, resolve};

use super::SecretKey;
use error::failed;
use lock::{Lock, PATIENCE};
use secrecy::zeroize::Zeroizing;
use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
    str,
};
use tempfile::NamedTempFile;

/// A point on the way. Tests stop here, or fail here.
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

impl Step {
    #[cfg(test)]
    pub(super) const ALL: [Self; 9] = [
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

/// What happens at a step: nothing, but in tests.
pub(super) type Seam<'a> = &'a dyn Fn(Step) -> io::Result<()>;

/// Whether it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Do it.
    Commit,
    /// Do all but the last step, and leave nothing behind.
    Rehearse,
}

/// What every temporary file's name begins with.
const PREFIX: &str = ".iamkeys-";
/// A credentials file of this size is none.
const TOO_LARGE: u64 = 4 << 20;
/// How often to begin again when somebody else has written in between.
const ATTEMPTS: usize = 16;

/// Gives a file the text that `edit` makes of the one it has, if it has one. Follows symbolic
/// links; makes the file, and the folder it is in, where they are missing.
///
/// `edit` is called again whenever somebody else has written in between.
pub(super) fn replace(
    path: &Path,
    mode: Mode,
    seam: Seam<'_>,
    edit: &dyn Fn(Option<&str>) -> Result<SecretKey, Error>,
) -> Result<(), Error> {
    let failed = |doing| move |error| failed(path, doing, error);
    for _ in 0..ATTEMPTS {
        let target = resolve(path)?;
        let folder = folder(&target);
        // Declared first, so that it goes last, when nothing else is in it.
        let parent = Made::folder(folder).map_err(failed("make the folder of"))?;
        let lock = match Lock::wait(folder, PATIENCE) {
            Ok(Some(lock)) => lock,
            Ok(None) => break,
            // The folder was made by somebody who has thought better of it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed("lock the folder of")(error)),
        };
        seam(Step::Locked).map_err(failed("lock the folder of"))?;
        if lock.is_held() {
            sweep(folder);
        }
        if resolve::is_mount_point(&target) {
            return Err(Error::Refused {
                path: path.into(),
                why: "it is mounted there by itself, and cannot be replaced".into(),
            });
        }
        let before = read(path, &target)?;
        seam(Step::Read).map_err(failed("read"))?;
        let text = edit(before.text())?;
        let temporary = match draft(path, folder, &before, &text, seam) {
            // As above.
            Err(Error::Failed { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                continue;
            }
            drafted => drafted?,
        };
        if mode == Mode::Rehearse {
            return temporary.close().map_err(failed("remove a file beside"));
        }
        let still = resolve(path)? == target && read(path, &target)?.same_text(&before);
        if !still {
            continue;
        }
        seam(Step::Checked).map_err(failed("check"))?;
        temporary
            .persist(&target)
            .map_err(|error| failed("replace")(error.error))?;
        parent.keep();
        return confirm(path, folder, seam);
    }
    Err(Error::Busy { path: path.into() })
}

/// Makes a new file with this text. What is there already stays, and a symbolic link is there.
pub(super) fn create(
    path: &Path,
    mode: Mode,
    seam: Seam<'_>,
    text: &SecretKey,
) -> Result<(), Error> {
    let failed = |doing| move |error| failed(path, doing, error);
    if path.file_name().is_none() || path.is_dir() {
        return Err(Error::NotAFile { path: path.into() });
    }
    if path.symlink_metadata().is_ok() {
        return Err(Error::Exists { path: path.into() });
    }
    let folder = folder(path);
    // The last step needs no lock, as it overwrites nothing. But the next one's sweep must not take
    // this one's file for a dead one's.
    let lock = Lock::wait(folder, PATIENCE)
        .map_err(failed("make"))?
        .ok_or_else(|| Error::Busy { path: path.into() })?;
    seam(Step::Locked).map_err(failed("make"))?;
    if lock.is_held() {
        sweep(folder);
    }
    let temporary = draft(path, folder, &Before::Missing, text, seam)?;
    if mode == Mode::Rehearse {
        return temporary.close().map_err(failed("remove a file beside"));
    }
    seam(Step::Checked).map_err(failed("make"))?;
    temporary
        .persist_noclobber(path)
        .map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists { path: path.into() },
            _ => failed("make")(error.error),
        })?;
    confirm(path, folder, seam)
}

/// The folder a file is in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// What was found where the text is to go.
pub(super) enum Before {
    Missing,
    There {
        data: Zeroizing<Vec<u8>>,
        metadata: Metadata,
    },
}

impl Before {
    /// Its text; [`read`] has made sure that it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Missing => None,
            Self::There { data, .. } => str::from_utf8(data).ok(),
        }
    }

    fn same_text(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

/// Reads a file as a text, in memory that is wiped.
pub(super) fn read(path: &Path, target: &Path) -> Result<Before, Error> {
    let failed = |error| failed(path, "read", error);
    for _ in 0..ATTEMPTS {
        let metadata = match fs::symlink_metadata(target) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Before::Missing),
            Err(error) => return Err(failed(error)),
        };
        // Asked before it is opened: opening a pipe waits for its other end.
        if !metadata.is_file() {
            return Err(Error::NotAFile { path: path.into() });
        }
        if metadata.len() > TOO_LARGE {
            return Err(Error::Refused {
                path: path.into(),
                why: "it is too large for what it should be".into(),
            });
        }
        let file = File::open(target).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        // Room for one more, so that the end is seen without growing: that would leave a copy.
        let mut data = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
        let limit = metadata.len().saturating_add(1);
        file.take(limit).read_to_end(&mut data).map_err(failed)?;
        if data.len() != length {
            // Somebody is writing it.
            continue;
        }
        if str::from_utf8(&data).is_err() {
            return Err(Error::Refused {
                path: path.into(),
                why: "it is not text in UTF-8".into(),
            });
        }
        return Ok(Before::There { data, metadata });
    }
    Err(Error::Busy { path: path.into() })
}

/// Writes the text to a temporary file, and to the disk.
fn draft(
    path: &Path,
    folder: &Path,
    before: &Before,
    text: &SecretKey,
    seam: Seam<'_>,
) -> Result<NamedTempFile, Error> {
    let failed = |doing| move |error| failed(path, doing, error);
    if let Before::There { .. } = before {
        resolve::refuse_immutable(&resolve(path)?).map_err(failed("change"))?;
    }
    // Only its owner may read it, from its first moment.
    let temporary = tempfile::Builder::new()
        .prefix(PREFIX)
        .suffix(".tmp")
        .tempfile_in(folder)
        .map_err(failed("make a file beside"))?;
    seam(Step::Created).map_err(failed("make a file beside"))?;
    keep_owner_and_mode(temporary.as_file(), before).map_err(failed("protect a file beside"))?;
    let (first, second) = text.expose().as_bytes().split_at(text.expose().len() / 2);
    let write = |data, step| {
        temporary.as_file().write_all(data)?;
        seam(step)
    };
    write(first, Step::HalfWritten).map_err(failed("write"))?;
    write(second, Step::Written).map_err(failed("write"))?;
    temporary.as_file().sync_all().map_err(failed("write"))?;
    seam(Step::Synced).map_err(failed("write"))?;
    Ok(temporary)
}

/// The owner of the file that is replaced, where the system lets us; and its mode, but never
/// anything for others than the owner.
#[cfg(unix)]
fn keep_owner_and_mode(file: &File, before: &Before) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let mut mode = 0o600;
    if let Before::There { metadata, .. } = before {
        mode &= metadata.mode();
        let ours = file.metadata()?;
        if (ours.uid(), ours.gid()) != (metadata.uid(), metadata.gid()) {
            // Root can. Whoever cannot may still replace the file, as the folder is theirs.
            let _ = fchown(file, Some(metadata.uid()), Some(metadata.gid()));
        }
    }
    file.set_permissions(fs::Permissions::from_mode(mode))
}

/// Elsewhere a file has the permissions of its folder.
#[cfg(not(unix))]
fn keep_owner_and_mode(_: &File, _: &Before) -> io::Result<()> {
    Ok(())
}

/// Brings the new name to the disk. The file has its new text by now, so this is no failure.
fn confirm(path: &Path, folder: &Path, seam: Seam<'_>) -> Result<(), Error> {
    let confirmed = seam(Step::Placed)
        .and_then(|()| sync_folder(folder))
        .and_then(|()| seam(Step::Confirmed));
    confirmed.map_err(|error| Error::Unconfirmed {
        path: path.into(),
        error,
    })
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems have nothing of the kind.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Removes what a killed process has left. Only under the lock: then nobody is using it.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = name.starts_with(PREFIX) && name.ends_with(".tmp");
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A folder that was made for a file, and goes again unless the file came.
struct Made<'a>(Option<&'a Path>);

impl<'a> Made<'a> {
    /// Makes the folder if it is missing, but not what it is in: a path that is wrong by more than
    /// one step is more likely mistyped.
    fn folder(folder: &'a Path) -> io::Result<Self> {
        if folder.is_dir() {
            return Ok(Self(None));
        }
        match make_private(folder) {
            Ok(()) => Ok(Self(Some(folder))),
            // Somebody else was quicker.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {
                Ok(Self(None))
            }
            Err(error) => Err(error),
        }
    }

    fn keep(mut self) {
        self.0 = None;
    }
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        if let Some(folder) = self.0 {
            // Fails where there is something in it, as it should.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Opens for writing, changing nothing.
fn open_for_writing(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
