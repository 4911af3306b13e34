//! Why the journal cannot be opened or written.

use std::{
    error,
    fmt::{self, Display},
    io,
    path::{Path, PathBuf},
};

/// Why there is no journal, as a sentence for the user.
#[derive(Debug)]
pub enum Error {
    /// The user's home directory is not known.
    NoHome,
    /// There is something other than a file: a directory, a symbolic link, a pipe.
    NotAFile(PathBuf, &'static str),
    /// There is a file that is no journal. It is unchanged.
    NotAJournal(PathBuf),
    /// Another process holds the lock, and does not release it.
    Busy(PathBuf),
    /// The system refused.
    Io {
        /// What could not be done, such as `be opened`.
        what: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHome => f.write_str(
                "no home directory is known to keep the journal in: name a file with --journal",
            ),
            Self::NotAFile(path, what) => {
                let path = path.display();
                write!(f, "{path} is {what}: the journal must be a file of its own")
            }
            Self::NotAJournal(path) => {
                let path = path.display();
                write!(f, "{path} is not a journal of iamkeys, and was left alone")
            }
            Self::Busy(path) => write!(f, "another process keeps {} locked", path.display()),
            Self::Io { what, path, source } => {
                write!(f, "{} cannot {what}: {source}", path.display())
            }
        }
    }
}

impl error::Error for Error {}

/// An operation that the system refused.
pub(super) fn refused(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { what, path, source }
}
