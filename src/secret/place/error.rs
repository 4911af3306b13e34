//! What is said when a file cannot be written.

use std::{
    error::Error as StdError,
    fmt, io,
    path::{Path, PathBuf},
};

/// Why a file was not written, or cannot be. Each names the file, and none says what is in it.
#[derive(Debug)]
pub enum Error {
    /// Nobody knows where the home directory is.
    NoHome,
    /// What is there, or what was asked for, does not permit a safe change; `why` is a sentence
    /// without its full stop.
    Refused {
        /// The file.
        path: PathBuf,
        /// What is in the way, and what to do about it.
        why: String,
    },
    /// The section is no longer what the person was shown: ask again.
    Changed {
        /// The file.
        path: PathBuf,
        /// The section.
        profile: String,
    },
    /// Something is there that is not a file.
    NotAFile {
        /// Where.
        path: PathBuf,
    },
    /// There is a file already, and it stays.
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// Others keep writing, or keep the lock.
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The system refused. The file is as it was.
    Failed {
        /// The file.
        path: PathBuf,
        /// What was being done, as in "cannot … it".
        doing: &'static str,
        /// What the system says.
        error: io::Error,
    },
    /// The file has its new text, but the disk has not confirmed that it will after a power cut.
    Unconfirmed {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHome => f.write_str("there is no home directory: set HOME"),
            Self::Refused { path, why } => {
                write!(f, "{} is left as it is: {why}", path.display())
            }
            Self::Changed { path, profile } => write!(
                f,
                "[{profile}] in {} has changed since it was shown",
                path.display()
            ),
            Self::NotAFile { path } => write!(f, "{} is not a file", path.display()),
            Self::Exists { path } => {
                write!(f, "{} exists, and is not overwritten", path.display())
            }
            Self::Busy { path } => {
                write!(
                    f,
                    "another program is changing {}: try again",
                    path.display()
                )
            }
            Self::Failed { path, doing, error } => {
                write!(f, "cannot {doing} {}: {error}", path.display())
            }
            Self::Unconfirmed { path, error } => write!(
                f,
                "{} is written, but may not survive a power cut: {error}",
                path.display()
            ),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Failed { error, .. } | Self::Unconfirmed { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// The system has refused.
pub(super) fn failed(path: &Path, doing: &'static str, error: io::Error) -> Error {
    Error::Failed {
        path: path.into(),
        doing,
        error,
    }
}
