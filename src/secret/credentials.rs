//! The shared credentials file: a new key goes into one profile's section, and all else stays as
//! it is, byte for byte.
//!
//! `aws configure set` opens the file and writes it anew; whoever interrupts it loses every
//! profile. This goes through [`place`] instead. What a person agrees to is a [`Plan`]; what is
//! then written is made from the file as it is at that moment, so that what others have changed
//! meanwhile stays. Only where the section itself has changed, the person is asked again.

mod edit;
mod masked;
mod proof;
mod readers;

pub use super::place::Error;
pub use edit::{Fate, Held, Shown};

use super::{
    SecretKey,
    place::{self, Mode, Seam},
};
use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Where the credentials file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialsFile {
    path: PathBuf,
}

/// What a write would change, to be agreed to. There is no secret in what it shows.
#[derive(Debug)]
pub struct Plan {
    /// The profile.
    pub profile: String,
    /// The key that goes there.
    pub key_id: String,
    /// Whether there is a file.
    pub file_exists: bool,
    /// The section's lines, each with what becomes of it.
    pub lines: Vec<Shown>,
    /// Who is in the section now, so that one can ask whose they are.
    pub held: Option<Held>,
    /// What stays and may get in the key's way, and who will not see it; a sentence each.
    pub beware: Vec<String>,
    /// The section as it was shown.
    said: Option<SecretKey>,
}

impl Plan {
    /// Whether there is a section of this name already.
    #[must_use]
    pub fn section_exists(&self) -> bool {
        self.said.is_some()
    }

    /// The same plan for a key that did not have its ID yet when the person agreed: planned with
    /// any word in its place.
    #[must_use]
    pub fn with_key(mut self, key_id: &str) -> Self {
        for line in &mut self.lines {
            if line.fate == Fate::Added
                && let Some(rest) = line.text.strip_suffix(self.key_id.as_str())
                && !rest.starts_with('[')
            {
                line.text = format!("{rest}{key_id}");
            }
        }
        self.key_id = key_id.into();
        self
    }
}

impl CredentialsFile {
    /// Where the SDKs and the `aws` command look, from this process's environment.
    ///
    /// # Errors
    /// [`Error::NoHome`].
    pub fn here() -> Result<Self, Error> {
        Self::from_env(|name| match env::var_os(name) {
            None if name == "HOME" => env::home_dir().map(Into::into),
            value => value,
        })
    }

    /// The same from an environment that `var` reads: `AWS_SHARED_CREDENTIALS_FILE`, or
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

    /// A file of one's own.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The path as it was given; it may be a symbolic link.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The profiles in it, in its order; none where there is no file.
    ///
    /// # Errors
    /// When the file cannot be read, by us or by the `aws` command.
    pub fn profiles(&self) -> Result<Vec<String>, Error> {
        let before = self.read()?;
        let text = before.text().unwrap_or_default();
        edit::profiles(text).map_err(|why| self.refused(why))
    }

    /// What would change if this key were put into this profile. Writes nothing.
    ///
    /// # Errors
    /// When it cannot be done safely, with what to mend by hand.
    pub fn plan(&self, profile: &str, key_id: &str) -> Result<Plan, Error> {
        let before = self.read()?;
        let edit = edit::edit(
            before.text().unwrap_or_default(),
            profile,
            key_id,
            &stand_in(),
        )
        .map_err(|why| self.refused(why))?;
        Ok(Plan {
            profile: profile.into(),
            key_id: key_id.into(),
            file_exists: before.text().is_some(),
            lines: edit.shown,
            held: edit.held,
            beware: edit.beware,
            said: edit.said,
        })
    }

    /// Carries a plan out. Blocks: for the disk, and for another iamkeys that is writing.
    ///
    /// # Errors
    /// [`Error::Changed`] when the section is no longer what the plan shows; [`Error::Unconfirmed`]
    /// when it is done, but perhaps not for good. After any other, the file is as it was.
    pub fn write(&self, plan: &Plan, secret: &SecretKey) -> Result<(), Error> {
        self.write_with(plan, secret, &|_| Ok(()))
    }

    fn write_with(&self, plan: &Plan, secret: &SecretKey, seam: Seam<'_>) -> Result<(), Error> {
        place::replace(&self.path, Mode::Commit, seam, &|text| {
            let text = text.unwrap_or_default();
            let edit = edit::edit(text, &plan.profile, &plan.key_id, secret)
                .map_err(|why| self.refused(why))?;
            if edit.said.as_ref().map(SecretKey::expose)
                != plan.said.as_ref().map(SecretKey::expose)
            {
                return Err(Error::Changed {
                    path: self.path.clone(),
                    profile: plan.profile.clone(),
                });
            }
            Ok(edit.text)
        })
    }

    /// Does all that a write does except its last step, and leaves nothing: for when a key is to
    /// be created that has to go here.
    ///
    /// # Errors
    /// What a write would answer.
    pub fn prove_writable(&self, profile: &str) -> Result<(), Error> {
        place::replace(&self.path, Mode::Rehearse, &|_| Ok(()), &|text| {
            let text = text.unwrap_or_default();
            edit::edit(text, profile, STAND_IN_ID, &stand_in())
                .map(|edit| edit.text)
                .map_err(|why| self.refused(why))
        })
    }

    fn read(&self) -> Result<place::Before, Error> {
        place::read(&self.path, &place::resolve(&self.path)?)
    }

    fn refused(&self, why: String) -> Error {
        Error::Refused {
            path: self.path.clone(),
            why,
        }
    }
}

/// Instead of a key that does not exist yet.
const STAND_IN_ID: &str = "AKIASTANDINEXAMPLE00";

fn stand_in() -> SecretKey {
    SecretKey::new("x".repeat(40))
}

#[cfg(test)]
mod tests;
