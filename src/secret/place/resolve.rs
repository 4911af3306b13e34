//! Where a path leads, and whether a file there can be replaced.

use super::error::Error;
use std::{
    fs, io,
    path::{Path, PathBuf, is_separator},
};

/// How many symbolic links to follow: as many as Linux does.
const LINKS: usize = 40;

/// A path that the user typed: `~/` is the home directory.
pub(in crate::secret) fn expand(typed: &str, home: Option<PathBuf>) -> Result<PathBuf, Error> {
    let rest = match typed.strip_prefix('~') {
        Some("") => "",
        Some(rest) if rest.starts_with(is_separator) => &rest[1..],
        _ => return Ok(typed.into()),
    };
    let home = home.filter(|home| !home.as_os_str().is_empty());
    Ok(home.ok_or(Error::NoHome)?.join(rest))
}

/// The folder a file is in.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// The file that a path leads to through symbolic links, also where that does not exist yet.
/// Replacing the link itself would detach it from the user's real file.
pub(in crate::secret) fn resolve(path: &Path) -> Result<PathBuf, Error> {
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        match fs::symlink_metadata(&target) {
            Ok(found) if found.is_symlink() => {
                let next = fs::read_link(&target).map_err(Error::failed(path, "read"))?;
                // A relative link starts from the folder it is in.
                target = folder(&target).join(next);
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::failed(path, "read")(error));
            }
            _ => return Ok(target),
        }
    }
    Err(Error::refused(path, "its symbolic links form a loop"))
}

/// Whether a file is mounted by itself, as in some containers: no other file can take its name.
/// Systems other than Linux do not mount single files, and do not have the list that is read here.
pub(super) fn is_mount_point(target: &Path) -> bool {
    let Ok(target) = target.canonicalize() else {
        return false;
    };
    let escaped = target
        .to_string_lossy()
        .replace('\\', "\\134")
        .replace(' ', "\\040")
        .replace('\t', "\\011")
        .replace('\n', "\\012");
    fs::read_to_string("/proc/self/mountinfo").is_ok_and(|mounts| {
        mounts
            .lines()
            .any(|mount| mount.split(' ').nth(4) == Some(&escaped))
    })
}

/// Refuses a file that cannot be replaced, not even by root: one that is mounted by itself or
/// immutable (`chattr +i`). A file that cannot be opened for other reasons can still be replaced,
/// as it is not written to; but not on systems other than Unix, where it is read-only.
pub(super) fn check_replaceable(path: &Path, target: &Path) -> Result<(), Error> {
    if is_mount_point(target) {
        let why = "it is mounted there by itself, and cannot be replaced";
        return Err(Error::refused(path, why));
    }
    let opened = fs::OpenOptions::new().write(true).open(target).map(drop);
    #[cfg(unix)]
    let opened = opened.or_else(|error| match rustix::io::Errno::from_io_error(&error) {
        Some(rustix::io::Errno::PERM) => Err(error),
        _ => Ok(()),
    });
    opened.map_err(Error::failed(path, "change"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_home_directory_only_where_it_stands_alone() {
        let home = || Some(PathBuf::from("/home/ada"));
        for (typed, wanted) in [
            ("~/keys.csv", "/home/ada/keys.csv"),
            ("~", "/home/ada"),
            ("~ada/keys.csv", "~ada/keys.csv"),
            ("./~/keys.csv", "./~/keys.csv"),
            ("keys.csv", "keys.csv"),
            ("/tmp/~", "/tmp/~"),
        ] {
            assert_eq!(expand(typed, home()).unwrap(), Path::new(wanted), "{typed}");
        }
        assert!(matches!(expand("~/keys.csv", None), Err(Error::NoHome)));
        assert!(expand("keys.csv", None).is_ok());
    }
}
