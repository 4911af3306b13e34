//! Which runs are over: each one holds a lock for as long as it lives, however it ends.

use super::{
    Error,
    file::{Lock, Place, open, refused, try_lock},
    step::step,
};
use chrono::{DateTime, Utc};
use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    hash::{BuildHasher as _, RandomState},
    io,
    path::PathBuf,
};

/// A run that goes on as long as this is there.
#[derive(Debug)]
pub(super) struct Run {
    /// Tells it from all other runs.
    pub(super) id: String,
    path: PathBuf,
    _file: File,
}

/// What comes before a run's ID in the name of its file.
const BEFORE: &str = ".run-";

/// What comes after it.
const AFTER: &str = ".lock";

impl Run {
    /// Begins a run. Under the lock, because until its file is locked it looks like one that is
    /// over.
    pub(super) fn begin(place: &Place, now: DateTime<Utc>, _: &Lock) -> Result<Self, Error> {
        // When, for people; the rest is random, because clocks are set back and containers all
        // have the same process IDs.
        let random = RandomState::new().hash_one(std::process::id());
        let id = format!("{}-{random:016x}", now.format("%Y%m%dT%H%M%SZ"));
        let name = place.name(&format!("{BEFORE}{id}{AFTER}"));
        let path = place.directory.join(name);
        let mut options = OpenOptions::new();
        let file = open(options.read(true).write(true).create_new(true), &path)?;
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
    /// A run without a file is over as well, so this needs no lock.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The runs that go on. The files of those that are over are removed.
pub(super) fn going_on(place: &Place, _: &Lock) -> Result<HashSet<String>, Error> {
    let directory = &place.directory;
    let entries = fs::read_dir(directory).map_err(refused("be read", directory))?;
    let prefix = place.name(BEFORE);
    let mut runs = HashSet::new();
    for entry in entries {
        let name = entry.map_err(refused("be read", directory))?.file_name();
        let id = name
            .as_encoded_bytes()
            .strip_prefix(prefix.as_encoded_bytes())
            .and_then(|rest| rest.strip_suffix(AFTER.as_bytes()))
            .and_then(|id| str::from_utf8(id).ok());
        let Some(id) = id else { continue };
        let path = directory.join(&name);
        let mut options = OpenOptions::new();
        let file = match open(options.read(true).write(true), &path) {
            Ok(file) => file,
            // It has just ended.
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => continue,
            // Not knowing whether a run is over, one would be wrong either way.
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
