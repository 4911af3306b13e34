//! What keeps the journal from being opened.

use std::{
    error,
    fmt::{self, Display},
    io,
    path::PathBuf,
};

/// Why there is no journal, as a sentence for a person.
#[derive(Debug)]
pub enum Error {
    /// It is not known where this person's files are.
    NoHome,
    /// There is something else of that name: a directory, a symbolic link, a pipe.
    NotAFile(PathBuf, &'static str),
    /// There is a file, and none of its lines is a journal's. It was left alone.
    NotAJournal(PathBuf),
    /// Another process holds the lock, and does not let go.
    Busy(PathBuf),
    /// The system refused.
    Io {
        /// What could not be done, such as `be opened`.
        what: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the system said.
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
            Self::Busy(path) => {
                let path = path.display();
                write!(f, "another process keeps {path} locked")
            }
            Self::Io { what, path, source } => {
                let path = path.display();
                write!(f, "{path} cannot {what}: {source}")
            }
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NoHome => io::ErrorKind::NotFound,
            Error::NotAFile(..) | Error::NotAJournal(_) => io::ErrorKind::InvalidInput,
            Error::Busy(_) => io::ErrorKind::TimedOut,
            Error::Io { source, .. } => source.kind(),
        };
        Self::new(kind, error)
    }
}
