//! A CSV file with the new key, like the one the console offers for download.
//!
//! Always a new file: an existing one may hold the only copy of another secret.

pub use super::place::Error;

use super::{
    Key, is_plain,
    place::{self, Mode},
};
use crate::engine::{SecretKey, destination::Layout};
use std::{
    env,
    path::{Path, PathBuf},
};

/// The path that the user typed: `~/` is the home directory.
///
/// # Errors
/// [`Error::NoHome`].
pub fn path(typed: &str) -> Result<PathBuf, Error> {
    place::expand(typed, env::home_dir())
}

/// Checks that [`write()`] could make this file: does everything but its last step, and leaves no
/// file.
///
/// # Errors
/// Those of [`write()`].
pub fn prove_writable(path: &Path, layout: Layout, user: &str) -> Result<(), Error> {
    let text = text(path, layout, user, Key::STAND_IN)?;
    place::create(path, Mode::Rehearse, &|_| Ok(()), &text)
}

/// Makes the file, whole or not at all, readable by its owner only. Blocks for the disk, and for
/// another iamkeys that is writing in the same folder.
///
/// # Errors
/// [`Error::Exists`] when there is anything at this path; [`Error::Unconfirmed`] when the file is
/// made, but may not survive a power cut. After any other error there is no new file.
pub fn write(
    path: &Path,
    layout: Layout,
    user: &str,
    key_id: &str,
    secret: &SecretKey,
) -> Result<(), Error> {
    let text = text(path, layout, user, Key::new(key_id, secret))?;
    place::create(path, Mode::Commit, &|_| Ok(()), &text)
}

/// The contents. `path` is for the errors only.
fn text(path: &Path, layout: Layout, user: &str, key: Key<'_>) -> Result<SecretKey, Error> {
    let refused = |why| Err(Error::refused(path, why));
    if !is_plain(key.id) || !is_plain(key.secret) {
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
    let (header, user, comma) = match layout {
        Layout::Console => ("\u{feff}Access key ID,Secret access key\r\n", "", ""),
        Layout::Importable => ("User Name,Access key ID,Secret access key\r\n", user, ","),
    };
    let pieces = [header, user, comma, key.id, ",", key.secret, "\r\n"];
    Ok(SecretKey::joined(&pieces))
}

#[cfg(test)]
mod tests;
