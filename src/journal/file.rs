//! The files: the journal itself, and what lies beside it.

use super::{Error, history::is_journal, step::step};
use std::{
    borrow::Cow,
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long somebody else may keep the lock. They hold it for one write.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a journal is.
#[derive(Debug)]
pub(super) struct Place {
    journal: PathBuf,
    pub(super) directory: PathBuf,
    name: OsString,
}

/// Nobody else writes to the journal, or looks which runs are over, as long as this is there.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Place {
    /// Finds the directory and makes it, for this person only, where there is none.
    pub(super) fn make(path: &Path) -> Result<Self, Error> {
        // The program may be told to work elsewhere.
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

    /// The name of a file that belongs to this journal, and to no other in the same directory.
    pub(super) fn name(&self, ending: &str) -> OsString {
        let mut name = self.name.clone();
        name.push(ending);
        name
    }

    /// Waits for the lock. It is on a file of its own, because the journal's is replaced when it
    /// has grown; that file stays, because a lock on one that somebody removes locks nobody out.
    pub(super) fn lock(&self) -> Result<Lock, Error> {
        self.lock_within(PATIENCE)
    }

    pub(super) fn lock_within(&self, patience: Duration) -> Result<Lock, Error> {
        let path = self.directory.join(self.name(".lock"));
        let mut options = OpenOptions::new();
        let file = open(options.read(true).write(true).create(true), &path)?;
        if try_lock(&file, &path)? {
            return Ok(Lock { _file: file });
        }
        // Waiting cannot be given up, so another thread does it, in the system's own queue: who
        // looks again now and then comes too late each time. If it gets the lock when nobody wants
        // it any more, it gives it back.
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

    /// Reads the journal, which is empty where there was none. The file is for this person only
    /// from then on. One that is something else is left as it was.
    pub(super) fn read(&self, _: &Lock) -> Result<Vec<u8>, Error> {
        let path = &self.journal;
        let mut file = open_journal(path)?;
        let mut text = Vec::new();
        // A name may be mistaken, and that file of any size.
        let beginning = (&mut file).take(64 * 1024).read_to_end(&mut text);
        beginning.map_err(refused("be read", path))?;
        if !is_journal(&text) {
            return Err(Error::NotAJournal(path.clone()));
        }
        only_mine(&file).map_err(refused("be made private", path))?;
        file.read_to_end(&mut text)
            .map_err(refused("be read", path))?;
        Ok(text)
    }

    /// Writes a line to the end, with one call. Returns once it is on the disk.
    pub(super) fn append(&self, line: &[u8]) -> Result<(), Error> {
        let path = &self.journal;
        let lock = self.lock()?;
        step();
        // Opened each time: it may have been replaced since.
        let mut file = open_journal(path)?;
        step();
        let end = end(&mut file).map_err(refused("be read", path))?;
        let line = match end {
            End::Torn(_) => Cow::Owned([b"\n", line].concat()),
            End::Empty | End::Line(_) => Cow::Borrowed(line),
        };
        if let Err(error) = write_once(&mut file, &line) {
            // Half a line is no use. Where this fails too, it is a torn line like any other.
            let _ = file.set_len(end.length());
            return Err(refused("be written", path)(error));
        }
        step();
        drop(lock);
        file.sync_data().map_err(refused("be written", path))?;
        step();
        if matches!(end, End::Empty) {
            sync_directory(&self.directory)?;
        }
        step();
        Ok(())
    }

    /// Puts another text in the journal's place, all of it or none.
    pub(super) fn replace(&self, text: &[u8], _: &Lock) -> Result<(), Error> {
        let new = self.directory.join(self.name(".new"));
        // Left behind by somebody who was killed here.
        let _ = fs::remove_file(&new);
        step();
        let written = (|| {
            let mut options = OpenOptions::new();
            let mut file = open(options.write(true).create_new(true), &new)?;
            step();
            let (first, second) = text.split_at(text.len() / 2);
            file.write_all(first).map_err(refused("be written", &new))?;
            step();
            file.write_all(second)
                .map_err(refused("be written", &new))?;
            step();
            file.sync_all().map_err(refused("be written", &new))?;
            step();
            fs::rename(&new, &self.journal).map_err(refused("be replaced", &self.journal))
        })();
        if let Err(error) = written {
            let _ = fs::remove_file(&new);
            return Err(error);
        }
        step();
        sync_directory(&self.directory)
    }
}

/// How a file ends, and where.
enum End {
    Empty,
    Line(u64),
    /// In the middle of a line.
    Torn(u64),
}

impl End {
    fn length(&self) -> u64 {
        match *self {
            Self::Empty => 0,
            Self::Line(length) | Self::Torn(length) => length,
        }
    }
}

fn end(file: &mut File) -> io::Result<End> {
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(End::Empty);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    file.read_exact(&mut last)?;
    Ok(if last == *b"\n" {
        End::Line(length)
    } else {
        End::Torn(length)
    })
}

fn write_once(file: &mut File, line: &[u8]) -> io::Result<()> {
    loop {
        return match file.write(line) {
            Ok(count) if count == line.len() => Ok(()),
            Ok(_) => Err(io::ErrorKind::StorageFull.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
    }
}

fn open_journal(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    open(options.read(true).append(true).create(true), path)
}

/// Opens a file, for this person only where it is new, and nothing but a file: a pipe would be
/// waited for, and what a link points to is somebody else's choice.
pub(super) fn open(options: &mut OpenOptions, path: &Path) -> Result<File, Error> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    // Elsewhere nothing keeps a link from being followed.
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

/// What is there, if it is something else.
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

/// Whether the lock is ours now.
pub(super) fn try_lock(file: &File, path: &Path) -> Result<bool, Error> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(TryLockError::Error(error)) => Err(refused("be locked", path)(error)),
    }
}

/// Takes everybody else's permissions away.
#[cfg(unix)]
fn only_mine(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// A person's own directories are private here, and files in them are as well.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
fn only_mine(_: &File) -> io::Result<()> {
    Ok(())
}

/// A new name is on the disk only once its directory is. Where directories cannot be opened, the
/// file system sees to it.
fn sync_directory(path: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        let directory = File::open(path).map_err(refused("be opened", path))?;
        directory.sync_all().map_err(refused("be written", path))?;
    }
    Ok(())
}

/// What the system refused.
pub(super) fn refused(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { what, path, source }
}
