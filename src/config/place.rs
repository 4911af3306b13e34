//! Where the config file is.

use super::{ConfigError, MOST};
use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// The variable that names the config file.
pub const ENVIRONMENT: &str = "IAMKEYS_CONFIG";

/// Where the config file is, and who says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file; none where the user's home directory is not known.
    pub path: Option<PathBuf>,
    /// Whether the command line or the environment names it: then it has to be there.
    pub named: bool,
}

impl Place {
    /// The file that the command line names, or else the environment, or else the usual one. A
    /// variable that is set and empty is not set.
    #[must_use]
    pub fn of(flag: Option<&Path>, variable: Option<&str>) -> Self {
        let variable = variable.filter(|path| !path.is_empty()).map(Path::new);
        match flag.or(variable) {
            Some(path) => Self {
                path: Some(path.to_owned()),
                named: true,
            },
            None => Self {
                path: usual(),
                named: false,
            },
        }
    }

    /// The name of the file without its directory.
    #[must_use]
    pub fn file_name(&self) -> String {
        let name = self.path.as_deref().and_then(Path::file_name);
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// What is in the file; none where it is not there and need not be.
    pub(super) fn text(&self) -> Result<Option<String>, ConfigError> {
        let Some(path) = &self.path else {
            return Ok(None);
        };
        let refused = |why: String| ConfigError::of_file(self, why);
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes));
        match read {
            Ok(_) if bytes.len() as u64 > MOST => Err(refused("too long for a config file".into())),
            Ok(_) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Some(text)),
                Err(error) => {
                    let good = error.utf8_error().valid_up_to();
                    let before = &error.as_bytes()[..good];
                    let line = before.split(|byte| *byte == b'\n').count();
                    Err(refused(format!("not UTF-8 (line {line})")))
                }
            },
            Err(error) if !self.named && is_missing(&error) => Ok(None),
            Err(error) => Err(refused(format!("cannot be read: {error}"))),
        }
    }
}

/// Whether there is no such file.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The file in the directory for config files: `$XDG_CONFIG_HOME` or `~/.config`, also on macOS,
/// where people look for that of a terminal's program; `%APPDATA%` on Windows.
fn usual() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    let places = etcetera::choose_base_strategy().ok()?;
    let path = places.config_dir().join("iamkeys").join("config.toml");
    // A relative home directory would mean another file in every working directory.
    path.is_absolute().then_some(path)
}
