use super::{
    testing::{full_at, litter, steps},
    *,
};

use std::path::PathBuf;

const NOTHING: Seam<'static> = &|_| Ok(());

fn secret(text: &str) -> SecretKey {
    SecretKey::new(text.into())
}

fn put(path: &Path, text: &str) -> Result<(), Error> {
    replace(path, Mode::Commit, NOTHING, &|_| Ok(secret(text)))
}

#[test]
fn a_disk_that_fails_leaves_the_old_file_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    for step in Step::ALL {
        fs::write(&path, "old").unwrap();
        let error =
            replace(&path, Mode::Commit, &full_at(step), &|_| Ok(secret("new"))).unwrap_err();
        let (unconfirmed, wanted) = match step {
            Step::Placed | Step::Confirmed => (true, "new"),
            _ => (false, "old"),
        };
        assert_eq!(
            matches!(error, Error::Unconfirmed { .. }),
            unconfirmed,
            "{step:?}: {error:?}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), wanted, "{step:?}");
        assert_eq!(litter(home.path()), [""; 0].map(PathBuf::from), "{step:?}");
        let words = error.to_string();
        assert!(words.contains("credentials"), "{words}");
        assert!(!words.contains("new"), "{words}");
    }
}

#[test]
fn a_change_by_another_program_in_between_is_edited_too() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    for step in [Step::Created, Step::Written, Step::Synced] {
        fs::write(&path, "old").unwrap();
        let seen = std::cell::Cell::new(0);
        let meddling = |now: Step| {
            if now == step && seen.get() < 3 {
                seen.set(seen.get() + 1);
                fs::write(&path, format!("old and {}", seen.get()))?;
            }
            Ok(())
        };
        replace(&path, Mode::Commit, &meddling, &|text| {
            Ok(secret(&format!("{} and ours", text.unwrap())))
        })
        .unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "old and 3 and ours",
            "{step:?}"
        );
        assert!(litter(home.path()).is_empty());
    }
}

#[test]
fn a_file_that_never_stands_still_is_left_to_the_others() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    fs::write(&path, "0").unwrap();
    let round = std::cell::Cell::new(0);
    let meddling = |step: Step| {
        if step == Step::Synced {
            round.set(round.get() + 1);
            fs::write(&path, round.get().to_string())?;
        }
        Ok(())
    };
    let error = replace(&path, Mode::Commit, &meddling, &|_| Ok(secret("ours"))).unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error:?}");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        round.get().to_string(),
        "theirs"
    );
    assert!(litter(home.path()).is_empty());
}

#[test]
fn a_folder_is_made_and_goes_again_if_no_file_comes() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".aws");
    let path = folder.join("credentials");
    replace(&path, Mode::Rehearse, NOTHING, &|_| Ok(secret("new"))).unwrap();
    assert!(!folder.exists(), "a rehearsal");
    put_fails(&path);
    assert!(!folder.exists(), "a failure");
    put(&path, "new").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    #[cfg(unix)]
    {
        assert_eq!(testing::mode(&folder), 0o700);
        assert_eq!(testing::mode(&path), 0o600);
    }
    let deep = home.path().join("no").join("such").join("credentials");
    assert!(put(&deep, "new").is_err());
    assert!(!home.path().join("no").exists());
}

fn put_fails(path: &Path) {
    replace(path, Mode::Commit, &full_at(Step::Written), &|_| {
        Ok(secret("new"))
    })
    .unwrap_err();
}

#[test]
fn a_rehearsal_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    fs::write(&path, "old").unwrap();
    let before = fs::metadata(&path).unwrap();
    let seen = steps(|seam| {
        replace(&path, Mode::Rehearse, seam, &|_| Ok(secret("new"))).unwrap();
    });
    assert_eq!(seen, Step::ALL[..6], "to the disk");
    let after = fs::metadata(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
    assert!(litter(home.path()).is_empty());
}

#[test]
fn what_is_not_a_text_file_is_not_replaced() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let error = put(&folder, "new").unwrap_err();
    assert!(matches!(error, Error::NotAFile { .. }), "{error:?}");

    let latin = home.path().join("latin");
    fs::write(&latin, b"[caf\xe9]\n").unwrap();
    let error = put(&latin, "new").unwrap_err();
    assert!(error.to_string().ends_with("not text in UTF-8"), "{error}");
    assert_eq!(fs::read(&latin).unwrap(), b"[caf\xe9]\n");

    let large = home.path().join("large");
    let file = File::create(&large).unwrap();
    file.set_len(TOO_LARGE + 1).unwrap();
    let error = put(&large, "new").unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
    assert!(litter(home.path()).is_empty());
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::time::Duration;

    #[test]
    fn links_stay_and_what_they_lead_to_is_replaced() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::create_dir(at("dotfiles")).unwrap();
        fs::create_dir(at("aws")).unwrap();
        // A chain of a relative and an absolute link.
        symlink("../aws/second", at("dotfiles/first")).unwrap();
        symlink(at("dotfiles/real"), at("aws/second")).unwrap();
        for there in [false, true] {
            if there {
                fs::write(at("dotfiles/real"), "old").unwrap();
            }
            let text = if there { "new" } else { "made" };
            put(&at("dotfiles/first"), text).unwrap();
            assert_eq!(fs::read_to_string(at("dotfiles/real")).unwrap(), text);
            for link in ["dotfiles/first", "aws/second"] {
                assert!(at(link).is_symlink(), "{link}");
            }
        }
        assert!(litter(&at("dotfiles")).is_empty());

        symlink("turn", at("round")).unwrap();
        symlink("round", at("turn")).unwrap();
        let error = put(&at("round"), "new").unwrap_err();
        assert!(error.to_string().contains("form a loop"), "{error}");
    }

    #[test]
    fn only_the_owner_can_read_the_new_file_for_every_old_mode() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("credentials");
        for (before, after) in [
            (0o644, 0o600),
            (0o666, 0o600),
            (0o600, 0o600),
            (0o400, 0o400),
            (0o444, 0o400),
            (0o755, 0o600),
        ] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(before)).unwrap();
            replace(
                &path,
                Mode::Commit,
                &|step| {
                    // Not for a moment either.
                    for temporary in litter(home.path()) {
                        let mode = testing::mode(&temporary);
                        assert_eq!(mode & 0o177, 0, "{step:?}: {mode:o}");
                    }
                    Ok(())
                },
                &|_| Ok(secret("new")),
            )
            .unwrap();
            assert_eq!(testing::mode(&path), after, "{before:o}");
            fs::remove_file(&path).unwrap();
        }
    }

    /// Root passes over permissions, and is told the opposite.
    #[test]
    fn a_folder_that_may_not_be_written_to_is_found_out_beforehand() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("shut");
        fs::create_dir(&folder).unwrap();
        let path = folder.join("credentials");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
        let rehearsed = replace(&path, Mode::Rehearse, NOTHING, &|_| Ok(secret("new")));
        if rustix::process::geteuid().is_root() {
            rehearsed.unwrap();
        } else {
            let error = rehearsed.unwrap_err();
            assert!(
                error.to_string().starts_with("cannot make a file beside"),
                "{error}"
            );
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert!(litter(&folder).is_empty());
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn the_owner_is_kept_where_the_system_lets_us() {
        if !rustix::process::geteuid().is_root() {
            // Only root can give a file away.
            return;
        }
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("credentials");
        fs::write(&path, "old").unwrap();
        std::os::unix::fs::chown(&path, Some(12345), Some(23456)).unwrap();
        put(&path, "new").unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!((after.uid(), after.gid()), (12345, 23456));
    }

    #[test]
    fn a_device_is_not_a_file() {
        let error = put(Path::new("/dev/null"), "new").unwrap_err();
        assert!(matches!(error, Error::NotAFile { .. }), "{error:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_mount_point_is_known_for_one() {
        assert!(resolve::is_mount_point(Path::new("/proc")));
        assert!(!resolve::is_mount_point(Path::new("/proc/self")));
        assert!(!resolve::is_mount_point(Path::new("/no/such/thing")));
    }

    #[test]
    fn the_lock_keeps_the_second_one_out_until_the_first_is_done() {
        let home = tempfile::tempdir().unwrap();
        let now = || Lock::wait(home.path(), Duration::ZERO).unwrap();
        let first = now().unwrap();
        assert!(first.is_held());
        assert!(now().is_none());
        drop(first);
        // A child that another test is just starting may have it for a moment longer.
        let second = Lock::wait(home.path(), PATIENCE).unwrap();
        assert!(second.unwrap().is_held());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "no litter");
    }
}

/// The lock is there all the time in which there is a temporary file.
#[cfg(unix)]
#[test]
fn a_file_that_is_being_written_is_not_taken_for_a_leftover() {
    let home = tempfile::tempdir().unwrap();
    let kept_out = |step: Step| {
        let other = Lock::wait(home.path(), std::time::Duration::ZERO)?;
        assert!(other.is_none(), "{step:?}");
        Ok(())
    };
    let text = secret("new");
    create(&home.path().join("x.csv"), Mode::Commit, &kept_out, &text).unwrap();
    let path = home.path().join("credentials");
    replace(&path, Mode::Commit, &kept_out, &|_| Ok(secret("new"))).unwrap();
}
