//! Why the config file was refused.

use super::{Place, Position};
use crate::engine::key_id::redacted;
use std::{fmt, path::PathBuf};

/// Why the config file was refused. Shown, it names the file and, where it can, the line, the
/// column and the key; what may be a secret is not repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    path: PathBuf,
    at: Option<Position>,
    why: String,
}

impl ConfigError {
    /// Something about the file as a whole.
    pub(super) fn of_file(place: &Place, why: impl Into<String>) -> Self {
        Self {
            path: place.path.clone().unwrap_or_default(),
            at: None,
            why: why.into(),
        }
    }

    /// A value that is not good.
    #[must_use]
    pub fn of_value(place: &Place, at: Position, key: &str, why: &str) -> Self {
        Refusal::of_key(at, key, why).in_file(place)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(at) = self.at {
            write!(f, ", {at}")?;
        }
        write!(f, ": {}", redacted(&self.why))
    }
}

impl std::error::Error for ConfigError {}

/// What is wrong in a text, before it is known which file it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) at: Position,
    pub(super) why: String,
}

impl Refusal {
    /// What is wrong with a key.
    pub(super) fn of_key(at: impl Into<Position>, key: &str, why: impl fmt::Display) -> Self {
        let why = format!("{key}: {why}");
        let at = at.into();
        Self { at, why }
    }

    pub(super) fn in_file(self, place: &Place) -> ConfigError {
        ConfigError {
            at: Some(self.at),
            ..ConfigError::of_file(place, self.why)
        }
    }
}
