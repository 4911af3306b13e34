//! Which runs are over: each run holds a lock that the system releases when its process ends.

use super::{
    error::{Error, refused},
    file::{Lock, Place, open, try_lock},
    step::step,
};
use chrono::{DateTime, Utc};
use std::{
    collections::HashSet,
    fs::{self, File},
    hash::{BuildHasher as _, RandomState},
    io,
    path::PathBuf,
};

/// A run: it is over when this is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Run {
    /// Unique among all runs.
    pub(super) id: String,
    path: PathBuf,
    _file: File,
}

/// What comes before a run's ID in the name of its file.
const BEFORE: &str = ".run-";

/// What comes after it.
const AFTER: &str = ".lock";

impl Run {
    /// Starts a run. This needs the journal's lock, because until the run's file is locked it looks
    /// like one that is over.
    pub(super) fn begin(place: &Place, now: DateTime<Utc>, _: &Lock) -> Result<Self, Error> {
        // The time is for people. The rest is random, because clocks can be set back and processes
        // in different containers have the same ID.
        let random = RandomState::new().hash_one(std::process::id());
        let id = format!("{}-{random:016x}", now.format("%Y%m%dT%H%M%SZ"));
        let path = place.beside(&format!("{BEFORE}{id}{AFTER}"));
        let file = open(
            File::options().read(true).write(true).create_new(true),
            &path,
        )?;
        step();
        if !try_lock(&file, &path)? {
            return Err(Error::Busy(path));
        }
        step();
        Ok(Self {
            id,
            path,
            _file: file,
        })
    }
}

impl Drop for Run {
    /// Needs no lock, as a run without a file is over, too.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The runs that are not over. Removes the files of those that are.
pub(super) fn live(place: &Place, _: &Lock) -> Result<HashSet<String>, Error> {
    let directory = &place.directory;
    let entries = fs::read_dir(directory).map_err(refused("be read", directory))?;
    let prefix = place.beside(BEFORE);
    let prefix = prefix.file_name().unwrap_or_default().as_encoded_bytes();
    let mut runs = HashSet::new();
    for entry in entries {
        let name = entry.map_err(refused("be read", directory))?.file_name();
        let rest = name.as_encoded_bytes().strip_prefix(prefix);
        let id = rest.and_then(|rest| str::from_utf8(rest.strip_suffix(AFTER.as_bytes())?).ok());
        let Some(id) = id else { continue };
        let path = directory.join(&name);
        let file = match open(File::options().read(true).write(true), &path) {
            Ok(file) => file,
            // The run has just ended.
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => continue,
            // Whether the run is over cannot be known, and either guess may be wrong.
            Err(error) => return Err(error),
        };
        if try_lock(&file, &path)? {
            step();
            let _ = fs::remove_file(&path);
        } else {
            runs.insert(id.to_owned());
        }
    }
    Ok(runs)
}
