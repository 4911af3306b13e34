//! Why a file cannot be written.

use std::{
    error, fmt, io,
    path::{Path, PathBuf},
};

/// Why a file was not or cannot be written. Each names the file, and none tells its contents.
#[derive(Debug)]
pub enum Error {
    /// The home directory is not known.
    NoHome,
    /// A safe change is not possible; `why` is a sentence without its full stop.
    Refused {
        /// The file.
        path: PathBuf,
        /// What prevents it, and what to do about that.
        why: String,
    },
    /// The section is no longer what the user was shown: ask again.
    Changed {
        /// The file.
        path: PathBuf,
        /// The section.
        profile: String,
    },
    /// There is something other than a file.
    NotAFile(PathBuf),
    /// There is a file already, and it is not overwritten.
    Exists(PathBuf),
    /// Other programs keep changing the file or hold the lock.
    Busy(PathBuf),
    /// The system refused. The file is unchanged.
    Failed {
        /// The file.
        path: PathBuf,
        /// What was being done: the verb in "cannot write it".
        doing: &'static str,
        /// The system's error.
        error: io::Error,
    },
    /// The file has its new text, but the disk has not confirmed that it survives a power cut.
    Unconfirmed {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHome => f.write_str("there is no home directory: set HOME"),
            Self::Refused { path, why } => write!(f, "{} is left as it is: {why}", path.display()),
            Self::Changed { path, profile } => {
                let path = path.display();
                write!(f, "[{profile}] in {path} has changed since it was shown")
            }
            Self::NotAFile(path) => write!(f, "{} is not a file", path.display()),
            Self::Exists(path) => write!(f, "{} exists, and is not overwritten", path.display()),
            Self::Busy(path) => {
                let path = path.display();
                write!(f, "another program is changing {path}: try again")
            }
            Self::Failed { path, doing, error } => {
                write!(f, "cannot {doing} {}: {error}", path.display())
            }
            Self::Unconfirmed { path, error } => {
                let path = path.display();
                write!(
                    f,
                    "{path} is written, but may not survive a power cut: {error}"
                )
            }
        }
    }
}

impl error::Error for Error {}

impl Error {
    /// A change that is not safe.
    pub(in crate::secret) fn refused(path: &Path, why: impl Into<String>) -> Self {
        let (path, why) = (path.into(), why.into());
        Self::Refused { path, why }
    }

    /// An operation that the system refused.
    pub(super) fn failed(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Failed { path, doing, error }
    }
}
