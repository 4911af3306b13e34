//! The config file: the defaults of the command line's flags, and what a person has to say of their
//! accounts. It is read once, before anything else happens, and strictly: what is not understood is
//! refused with the key, the line, the column and the file, and a secret that was pasted into it is not repeated.
//!
//! Which flags there are is the command line's business, so it brings the [`Key`]s along; a value is
//! read here as far as TOML goes, and checked there as if it had been typed.

mod accounts_file;
mod error;
mod place;
mod read;
mod warnings;

pub use accounts_file::accounts_of;
pub use error::ConfigError;
pub use place::{ENVIRONMENT, Place};
pub use warnings::Warnings;

use crate::engine::{SecretKey, account_rules::AccountRules, findings::Policy};
use std::{fmt, path::Path};

/// The most that a config file may hold, in bytes: any more is another file.
const MOST: u64 = 1 << 20;

/// The keys beside those of flags.
pub const OTHER_KEYS: [&str; 7] = [
    "mfa_process",
    "mfa_process_terminal",
    "write_role_cache",
    "account",
    "policy",
    "rule",
    "exempt",
];

/// The keys of an `[[account]]`.
pub const ACCOUNT_KEYS: [&str; 8] = [
    "id",
    "name",
    "label",
    "alias",
    "production",
    "colour",
    "role",
    "profile",
];

/// A key that the file may have, with what its value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in the file.
    pub name: String,
    /// What its value is.
    pub kind: Kind,
}

/// What the value of a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Switch,
    /// A whole number.
    Number,
    /// A string.
    Text,
    /// A string that is a path: `~/` at its start is the home directory, which no shell has replaced.
    Path,
    /// A string, or a list of strings.
    Texts,
}

impl Kind {
    /// What it must be, in words.
    fn words(self) -> &'static str {
        match self {
            Self::Switch => "true or false",
            Self::Number => "a whole number",
            Self::Text | Self::Path => "a string",
            Self::Texts => "a string or a list of strings",
        }
    }
}

/// A key of the file, with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub name: String,
    /// Where its value stands.
    pub at: Position,
    /// The value.
    pub value: Value,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// Which character of it, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Switch(bool),
    /// Strings, or a number as one: as the command line takes them.
    Texts(Vec<String>),
}

/// What the config file says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where it is.
    pub place: Place,
    /// Whether it is there.
    pub is_there: bool,
    /// The defaults of flags, in the order of their lines.
    pub settings: Vec<Setting>,
    /// The command that prints an MFA code, which may hold the seed of a device, and its line.
    pub mfa_process: Option<(SecretKey, usize)>,
    /// Whether that command gets the terminal while it runs, and its line. Windows has no such thing.
    pub mfa_process_terminal: Option<(bool, usize)>,
    /// Whether roles that were assumed with MFA are kept in the `aws` command's cache, and its line.
    pub write_role_cache: Option<(bool, usize)>,
    /// What a person has said of their accounts.
    pub rules: AccountRules,
    /// The line of each of the rules.
    pub rule_lines: Vec<usize>,
    /// By which policy keys are judged.
    pub policy: Policy,
    /// The lines of what the policy says, in its order: what is said, and where.
    pub policy_lines: Vec<(&'static str, usize)>,
    /// What of it does nothing, or not what it looks like.
    pub warnings: Warnings,
}

impl Config {
    /// Reads the file in a place.
    ///
    /// # Errors
    /// When it was named and is not there, cannot be read, or holds what is not understood.
    pub fn read(place: Place, keys: &[Key]) -> Result<Self, ConfigError> {
        let Some(text) = place.text()? else {
            return Ok(Self {
                place,
                ..Self::default()
            });
        };
        let read = read::read(&text, keys);
        let mut config = read.map_err(|refusal| refusal.in_file(&place))?;
        config.is_there = true;
        config.warnings.place = place.clone();
        config.place = place;
        Ok(config)
    }
}

/// Reads a file that holds a policy and nothing else: `[policy]`, `[[rule]]` and `[[exempt]]`, as the
/// config file has them. With it comes what of it does nothing, or not what it looks like.
///
/// # Errors
/// When it is not there, cannot be read, or holds what is not understood.
pub fn policy_of(path: &Path) -> Result<(Policy, Warnings), ConfigError> {
    let place = Place::of(Some(path), None);
    let text = place.text()?.unwrap_or_default();
    let read = read::read_policy(&text);
    let (policy, mut warnings) = read.map_err(|refusal| refusal.in_file(&place))?;
    warnings.place = place;
    Ok((policy, warnings))
}
