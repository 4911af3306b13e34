//! Where a path leads, and whether a file there can be replaced.

use super::{Error, error::failed, folder, open_for_writing};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// How many links to follow: as many as Linux does.
const LINKS: usize = 40;

/// A path as a person types it: `~/` is the home directory.
pub(in crate::secret) fn expand(typed: &str, home: Option<PathBuf>) -> Result<PathBuf, Error> {
    let rest = if typed == "~" {
        ""
    } else {
        let after_tilde = typed.strip_prefix('~');
        match after_tilde.and_then(|rest| rest.strip_prefix(std::path::is_separator)) {
            Some(rest) => rest,
            None => return Ok(typed.into()),
        }
    };
    let home = home.filter(|home| !home.as_os_str().is_empty());
    Ok(home.ok_or(Error::NoHome)?.join(rest))
}

/// The file that is meant by a path: what its symbolic links lead to, also where nothing is there
/// yet. Replacing the link itself would cut the file off from whoever keeps it elsewhere.
pub(in crate::secret) fn resolve(path: &Path) -> Result<PathBuf, Error> {
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        match fs::symlink_metadata(&target) {
            Ok(found) if found.is_symlink() => {
                let next = fs::read_link(&target).map_err(|error| failed(path, "read", error))?;
                // A relative one is relative to where it is.
                target = folder(&target).join(next);
            }
            Ok(_) => return Ok(target),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(target),
            Err(error) => return Err(failed(path, "read", error)),
        }
    }
    Err(Error::Refused {
        path: path.into(),
        why: "its symbolic links lead in a circle".into(),
    })
}

/// Whether a file is mounted by itself, as containers are given one: no other can take its name.
#[cfg(target_os = "linux")]
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

/// Elsewhere nothing mounts single files.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_mount_point(_: &Path) -> bool {
    false
}

/// Refuses a file that nobody may replace, not even root (`chattr +i`). That a file cannot be
/// opened for other reasons is no obstacle: it is replaced, not written to.
#[cfg(unix)]
pub(super) fn refuse_immutable(target: &Path) -> io::Result<()> {
    let not_permitted = rustix::io::Errno::PERM.raw_os_error();
    match open_for_writing(target) {
        Err(error) if error.raw_os_error() == Some(not_permitted) => Err(error),
        _ => Ok(()),
    }
}

/// Elsewhere a file that is read-only cannot be replaced.
#[cfg(not(unix))]
pub(super) fn refuse_immutable(target: &Path) -> io::Result<()> {
    open_for_writing(target).map(drop)
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
