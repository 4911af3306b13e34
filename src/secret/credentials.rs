//! The shared credentials file: a new key goes into one profile's section, and everything else
//! stays as it is, byte for byte.
//!
//! `aws configure set` truncates the file and rewrites it; an interruption loses every profile.
//! This module writes through [`place`] instead. The user agrees to a [`ProfilePlan`]; what is then written
//! is made from the file as it is at that moment, so that changes by other programs stay. If the
//! section itself has changed, the user is asked again.

mod edit;
mod masked;
mod proof;
mod readers;

pub use super::place::Error;

use super::{
    Key,
    place::{self, Mode, Seam},
};
use crate::engine::{SecretKey, destination::ProfilePlan};
use edit::Edit;
use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The place of a credentials file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialsFile {
    path: PathBuf,
}

impl CredentialsFile {
    /// The file that the SDKs and the `aws` command use, from this process's environment.
    ///
    /// # Errors
    /// [`Error::NoHome`].
    pub fn here() -> Result<Self, Error> {
        Self::from_env(|name| match env::var_os(name) {
            None if name == "HOME" => env::home_dir().map(Into::into),
            value => value,
        })
    }

    /// The same, from an environment that `var` reads: `AWS_SHARED_CREDENTIALS_FILE`, or
    /// `.aws/credentials` in `HOME`.
    ///
    /// # Errors
    /// [`Error::NoHome`].
    pub fn from_env(var: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let set = |name| var(name).filter(|value| !value.is_empty());
        let home = set("HOME").map(PathBuf::from);
        let path = match set("AWS_SHARED_CREDENTIALS_FILE") {
            Some(path) => match path.to_str() {
                Some(typed) => place::expand(typed, home)?,
                None => path.into(),
            },
            None => home.ok_or(Error::NoHome)?.join(".aws").join("credentials"),
        };
        Ok(Self { path })
    }

    /// The file at this path.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The path as it was given: it may be a symbolic link.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The profiles in the file, in its order; none where there is no file.
    ///
    /// # Errors
    /// When this program or the `aws` command cannot read the file.
    pub fn profiles(&self) -> Result<Vec<String>, Error> {
        let profiles = edit::profiles(self.read()?.text().unwrap_or_default());
        profiles.map_err(|why| Error::refused(&self.path, why))
    }

    /// The profiles that hold a key, in the file's order.
    ///
    /// # Errors
    /// When this program or the `aws` command cannot read the file.
    pub fn holding(&self, key: &str) -> Result<Vec<String>, Error> {
        let profiles = edit::holding(self.read()?.text().unwrap_or_default(), key);
        profiles.map_err(|why| Error::refused(&self.path, why))
    }

    /// What would change if this key were put into this profile. Writes nothing.
    ///
    /// # Errors
    /// When it cannot be done safely, with what to fix by hand.
    pub fn plan(&self, profile: &str, key_id: &str) -> Result<ProfilePlan, Error> {
        let before = self.read()?;
        let id = key_id;
        let key = Key {
            id,
            ..Key::STAND_IN
        };
        Ok(self.edit(before.text(), profile, key)?.plan)
    }

    /// Carries a plan out. Blocks for the disk, and for another iamkeys that is writing.
    ///
    /// # Errors
    /// [`Error::Changed`] when the section is no longer what the plan shows; [`Error::Unconfirmed`]
    /// when the file is written, but may not survive a power cut. After any other error the file is
    /// unchanged.
    pub fn write(&self, plan: &ProfilePlan, secret: &SecretKey) -> Result<(), Error> {
        self.write_with(plan, secret, &|_| Ok(()))
    }

    fn write_with(
        &self,
        plan: &ProfilePlan,
        secret: &SecretKey,
        seam: Seam<'_>,
    ) -> Result<(), Error> {
        place::replace(&self.path, Mode::Commit, seam, &|text| {
            let key = Key::new(&plan.key_id, secret);
            let edit = self.edit(text, &plan.profile, key)?;
            if edit.plan.section() == plan.section() {
                return Ok(edit.text);
            }
            Err(Error::Changed {
                path: self.path.clone(),
                profile: plan.profile.clone(),
            })
        })
    }

    /// Does everything that a write does except its last step, and leaves no file: checks that a
    /// key that is yet to be created can be put here.
    ///
    /// # Errors
    /// Those of a write.
    pub fn prove_writable(&self, profile: &str) -> Result<(), Error> {
        place::replace(&self.path, Mode::Rehearse, &|_| Ok(()), &|text| {
            Ok(self.edit(text, profile, Key::STAND_IN)?.text)
        })
    }

    fn edit(&self, text: Option<&str>, profile: &str, key: Key<'_>) -> Result<Edit, Error> {
        let edit = edit::edit(text, profile, key);
        edit.map_err(|why| Error::refused(&self.path, why))
    }

    fn read(&self) -> Result<place::Before, Error> {
        place::read(&self.path, &place::resolve(&self.path)?)
    }
}

#[cfg(test)]
mod tests;
