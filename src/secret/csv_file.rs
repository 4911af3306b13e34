//! A CSV file with the key in it, as the console gives one for download.
//!
//! Always a new file: a file of this kind may hold the only copy of another secret.

pub use super::place::Error;

use super::{
    SecretKey, is_plain,
    place::{self, Mode},
};
use std::{
    env,
    path::{Path, PathBuf},
};

/// What the columns are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As the console's: key ID and secret.
    Console,
    /// As `aws configure import` takes it: the user's name, which becomes the profile's, comes
    /// first. That command splits lines at commas and knows no quotes, so a name with a comma has
    /// no place in it.
    Importable,
}

/// The name that the console gives such a file.
#[must_use]
pub fn default_name(user: &str) -> String {
    // IAM permits nothing here that a file name does not; an endpoint might.
    let safe = |c: char| c.is_alphanumeric() || "_+=,.@-".contains(c);
    let user: String = user
        .chars()
        .map(|c| if safe(c) { c } else { '_' })
        .collect();
    format!("{user}_accessKeys.csv")
}

/// A path as a person types it: `~/` is the home directory, and what is relative is relative to
/// the working directory.
///
/// # Errors
/// [`Error::NoHome`].
pub fn path(typed: &str) -> Result<PathBuf, Error> {
    place::expand(typed, env::home_dir())
}

/// Whether [`write()`] could make this file: does all it does but its last step, and leaves nothing.
///
/// # Errors
/// What [`write()`] would answer.
pub fn prove_writable(path: &Path, layout: Layout, user: &str) -> Result<(), Error> {
    let stand_in = SecretKey::new("x".repeat(40));
    let text = text(path, layout, user, "AKIASTANDINEXAMPLE00", &stand_in)?;
    place::create(path, Mode::Rehearse, &|_| Ok(()), &text)
}

/// Makes the file, readable by its owner only. It is there whole or not at all. Blocks for the
/// disk, and for another iamkeys that is writing in the same folder.
///
/// # Errors
/// [`Error::Exists`] when anything is there already; [`Error::Unconfirmed`] when it is made, but
/// perhaps not for good. After any other, nothing has been made.
pub fn write(
    path: &Path,
    layout: Layout,
    user: &str,
    key_id: &str,
    secret: &SecretKey,
) -> Result<(), Error> {
    let text = text(path, layout, user, key_id, secret)?;
    place::create(path, Mode::Commit, &|_| Ok(()), &text)
}

/// The contents. `path` is only for what is said of an error.
fn text(
    path: &Path,
    layout: Layout,
    user: &str,
    key_id: &str,
    secret: &SecretKey,
) -> Result<SecretKey, Error> {
    let refused = |why: &str| {
        Err(Error::Refused {
            path: path.into(),
            why: why.into(),
        })
    };
    if !is_plain(key_id) || !is_plain(secret.expose()) {
        return refused("the key has characters that keys do not have");
    }
    if layout == Layout::Importable {
        let known = |c: char| c.is_alphanumeric() || "_+=.@-".contains(c);
        if user.contains(',') {
            return refused(
                "aws configure import cannot read a user name with a comma: take the console's form",
            );
        }
        if user.is_empty() || !user.chars().all(known) {
            return refused("the user's name has characters that user names do not have");
        }
    }
    Ok(SecretKey::built(|push| {
        let (header, user, comma) = match layout {
            Layout::Console => ("\u{feff}Access key ID,Secret access key", "", ""),
            Layout::Importable => ("User Name,Access key ID,Secret access key", user, ","),
        };
        for piece in [
            header,
            "\r\n",
            user,
            comma,
            key_id,
            ",",
            secret.expose(),
            "\r\n",
        ] {
            push(piece);
        }
    }))
}

#[cfg(test)]
mod tests;
