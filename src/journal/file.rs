//! The journal's file and the files beside it.

use super::{
    error::{Error, refused},
    history::is_journal,
    step::step,
};
use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long another process may hold the lock. It holds it for one write.
const PATIENCE: Duration = Duration::from_secs(5);

/// The place of a journal.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) journal: PathBuf,
    pub(super) directory: PathBuf,
    name: OsString,
}

/// The lock: while it exists, no other process writes to the journal or checks which runs are over.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Place {
    /// Makes the directory, for this user only, if it is missing.
    pub(super) fn make(path: &Path) -> Result<Self, Error> {
        // Relative to the current directory, even if that is changed later.
        let journal = std::path::absolute(path).map_err(refused("be found", path))?;
        let (Some(directory), Some(name)) = (journal.parent(), journal.file_name()) else {
            return Err(Error::NotAFile(journal, "a directory"));
        };
        let (directory, name) = (directory.to_owned(), name.to_owned());
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&directory)
            .map_err(refused("be made", &directory))?;
        Ok(Self {
            journal,
            directory,
            name,
        })
    }

    /// The path of a file that belongs to this journal and to no other in the directory.
    pub(super) fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.name.clone();
        name.push(ending);
        self.directory.join(name)
    }

    /// Waits for the lock. It is on a file of its own, because the journal is replaced when it has
    /// grown. That file is never removed: a lock on a removed file keeps no other process out.
    pub(super) fn lock(&self) -> Result<Lock, Error> {
        self.lock_within(PATIENCE)
    }

    pub(super) fn lock_within(&self, patience: Duration) -> Result<Lock, Error> {
        let path = self.beside(".lock");
        let file = open(File::options().read(true).write(true).create(true), &path)?;
        if try_lock(&file, &path)? {
            return Ok(Lock { _file: file });
        }
        // Waiting for a lock cannot be cancelled, so another thread does it. It waits in the
        // system's queue: a process that only tries again and again may come too late each time. If
        // the thread gets the lock too late, it releases it.
        let (locked, lock) = mpsc::channel();
        let waits = thread::Builder::new().name("journal".into());
        let waits = waits.spawn(move || {
            let result = loop {
                match file.lock() {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    result => break result,
                }
            };
            let _ = locked.send(result.map(|()| Lock { _file: file }));
        });
        waits.map_err(refused("be locked", &path))?;
        match lock.recv_timeout(patience) {
            Ok(result) => result.map_err(refused("be locked", &path)),
            Err(_) => Err(Error::Busy(path)),
        }
    }

    /// Reads the journal; makes an empty one if it is missing. From then on only this user can
    /// read the file. A file that is no journal is left as it is.
    pub(super) fn read(&self, _: &Lock) -> Result<Vec<u8>, Error> {
        let path = &self.journal;
        let mut file = open_journal(path)?;
        let mut text = Vec::new();
        // If the path is wrong, the file may be of any size.
        let beginning = (&mut file).take(64 * 1024).read_to_end(&mut text);
        beginning.map_err(refused("be read", path))?;
        if !is_journal(&text) {
            return Err(Error::NotAJournal(path.clone()));
        }
        #[cfg(unix)] // On other systems the user's own directories are private.
        make_private(&file).map_err(refused("be made private", path))?;
        file.read_to_end(&mut text)
            .map_err(refused("be read", path))?;
        Ok(text)
    }

    /// Writes a line to the end. When this returns, the line is on the disk.
    pub(super) fn append(&self, line: &[u8]) -> Result<(), Error> {
        let path = &self.journal;
        let lock = self.lock()?;
        step();
        // Opened each time: it may have been replaced since.
        let mut file = open_journal(path)?;
        step();
        let (length, is_torn) = end(&mut file).map_err(refused("be read", path))?;
        let before: &[u8] = if is_torn { b"\n" } else { b"" };
        if let Err(error) = file.write_all(&[before, line].concat()) {
            // Removes a part of the line. Where this fails too, that is a torn line like any other.
            let _ = file.set_len(length);
            return Err(refused("be written", path)(error));
        }
        step();
        drop(lock);
        file.sync_data().map_err(refused("be written", path))?;
        step();
        if length == 0 {
            sync_directory(&self.directory)?;
        }
        step();
        Ok(())
    }

    /// Replaces the text of the journal, whole or not at all.
    pub(super) fn replace(&self, text: &[u8], _: &Lock) -> Result<(), Error> {
        let new = self.beside(".new");
        // Left behind by a process that was killed here.
        let _ = fs::remove_file(&new);
        step();
        let written = self.write_and_rename(&new, text);
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written?;
        step();
        sync_directory(&self.directory)
    }

    fn write_and_rename(&self, new: &Path, text: &[u8]) -> Result<(), Error> {
        let mut file = open(File::options().write(true).create_new(true), new)?;
        step();
        for half in [&text[..text.len() / 2], &text[text.len() / 2..]] {
            file.write_all(half).map_err(refused("be written", new))?;
            step();
        }
        file.sync_all().map_err(refused("be written", new))?;
        step();
        fs::rename(new, &self.journal).map_err(refused("be replaced", &self.journal))
    }
}

/// The length of a file, and whether it ends in the middle of a line.
pub(crate) fn end(file: &mut File) -> io::Result<(u64, bool)> {
    let length = file.metadata()?.len();
    let mut last = *b"\n";
    if length > 0 {
        file.seek(SeekFrom::Start(length - 1))?;
        file.read_exact(&mut last)?;
    }
    Ok((length, last != *b"\n"))
}

fn open_journal(path: &Path) -> Result<File, Error> {
    open(File::options().read(true).append(true).create(true), path)
}

/// The same, of a file beside the journal: from then on only this user can read it.
///
/// # Errors
/// When it is no regular file, or the system refuses.
pub(crate) fn open_private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = open(options, path).map_err(|error| match error {
        Error::Io { source, .. } => source,
        Error::NotAFile(_, what) => io::Error::other(format!("it is {what}")),
        error => io::Error::other(error.to_string()),
    })?;
    #[cfg(unix)]
    make_private(&file)?;
    Ok(file)
}

/// Opens a regular file, and makes a new one for this user only. Opening a pipe would block, and
/// another user may decide where a symbolic link points.
pub(super) fn open(options: &mut OpenOptions, path: &Path) -> Result<File, Error> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    // Other systems have no flag against following links.
    #[cfg(not(unix))]
    if let Some(error) = not_a_file(path) {
        return Err(error);
    }
    let file = options
        .open(path)
        .map_err(|error| not_a_file(path).unwrap_or_else(|| refused("be opened", path)(error)))?;
    let kind = file.metadata().map_err(refused("be opened", path))?;
    if kind.is_file() {
        Ok(file)
    } else {
        Err(not_a_file(path).unwrap_or_else(|| Error::NotAFile(path.into(), "not a file")))
    }
}

/// What there is instead of a file.
fn not_a_file(path: &Path) -> Option<Error> {
    let kind = path.symlink_metadata().ok()?.file_type();
    let what = if kind.is_dir() {
        "a directory"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_file() {
        return None;
    } else {
        "a pipe or a device"
    };
    Some(Error::NotAFile(path.into(), what))
}

/// Whether this process has the lock now.
pub(super) fn try_lock(file: &File, path: &Path) -> Result<bool, Error> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(TryLockError::Error(error)) => Err(refused("be locked", path)(error)),
    }
}

/// Removes the permissions of all other users.
#[cfg(unix)]
fn make_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// A new name is on the disk only once its directory is. Where directories cannot be opened, the
/// file system takes care of that.
pub(crate) fn sync_directory(path: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        let directory = File::open(path).map_err(refused("be opened", path))?;
        directory.sync_all().map_err(refused("be written", path))?;
    }
    Ok(())
}
