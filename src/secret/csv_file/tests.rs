use super::{
    super::place::{
        Step,
        testing::{full_at, killed_at, litter, orders, steps},
    },
    *,
};
use crate::engine::destination::default_name;
use std::fs;

const ID: &str = "AKIACSVFILE0EXAMPLE0";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const CONSOLE: &str = "\u{feff}Access key ID,Secret access key\r\n\
                       AKIACSVFILE0EXAMPLE0,wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\r\n";

fn secret() -> SecretKey {
    SecretKey::new(SECRET.into())
}

fn contents(path: &Path) -> SecretKey {
    text(path, Layout::Console, "ada", Key::new(ID, &secret())).unwrap()
}

#[test]
fn a_console_file_is_as_the_console_s() {
    let home = tempfile::tempdir().unwrap();
    let path = home
        .path()
        .join(default_name("ada,lovelace+x=y@z.example-1"));
    assert_eq!(
        path.file_name().unwrap(),
        "ada,lovelace+x=y@z.example-1_accessKeys.csv"
    );
    write(&path, Layout::Console, "ada,lovelace", ID, &secret()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), CONSOLE);
    #[cfg(unix)]
    assert_eq!(super::super::place::testing::mode(&path), 0o600);
}

#[test]
fn an_importable_file_has_the_user_first() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.csv");
    write(&path, Layout::Importable, "ada+=.@-_1", ID, &secret()).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("User Name,Access key ID,Secret access key\r\nada+=.@-_1,{ID},{SECRET}\r\n")
    );
}

#[test]
fn a_name_that_the_importer_would_misread_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.csv");
    for user in ["ada,lovelace", "", "\"ada\"", "ada\nbob", " ada", "ada]"] {
        for done in [
            write(&path, Layout::Importable, user, ID, &secret()),
            prove_writable(&path, Layout::Importable, user),
        ] {
            let error = done.unwrap_err();
            assert!(matches!(error, Error::Refused { .. }), "{user}: {error:?}");
        }
        prove_writable(&path, Layout::Console, user).unwrap();
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_key_that_is_none_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.csv");
    for odd in ["", "a,b", "a\r\nb", "\"a\"", "=1+1 ", "a b"] {
        let odd_secret = SecretKey::new(odd.into());
        write(&path, Layout::Console, "ada", odd, &secret()).unwrap_err();
        write(&path, Layout::Console, "ada", ID, &odd_secret).unwrap_err();
    }
    assert!(!path.exists());
}

#[test]
fn a_name_cannot_lead_elsewhere() {
    assert_eq!(
        default_name("../../etc/x\\y\n:"),
        ".._.._etc_x_y___accessKeys.csv"
    );
}

#[test]
fn what_is_there_stays() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.csv");
    fs::write(&path, "another secret").unwrap();
    for done in [
        write(&path, Layout::Console, "ada", ID, &secret()),
        prove_writable(&path, Layout::Console, "ada"),
    ] {
        assert!(matches!(done, Err(Error::Exists { .. })), "{done:?}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "another secret");

    let folder = write(home.path(), Layout::Console, "ada", ID, &secret());
    assert!(matches!(folder, Err(Error::NotAFile { .. })), "{folder:?}");
    let nowhere = home.path().join("no").join("x.csv");
    write(&nowhere, Layout::Console, "ada", ID, &secret()).unwrap_err();
    prove_writable(&nowhere, Layout::Console, "ada").unwrap_err();
    assert!(litter(home.path()).is_empty());
}

/// Another program makes the file between the check and the last step.
#[test]
fn what_comes_meanwhile_stays_too() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.csv");
    let seam = |step| match step {
        Step::Checked => fs::write(&path, "another secret"),
        _ => Ok(()),
    };
    let text = contents(&path);
    let done = place::create(&path, Mode::Commit, &seam, &text);
    assert!(matches!(done, Err(Error::Exists { .. })), "{done:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "another secret");
    assert!(litter(home.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_never_followed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.csv");
    let elsewhere = home.path().join("elsewhere.csv");
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    let done = write(&path, Layout::Console, "ada", ID, &secret());
    assert!(matches!(done, Err(Error::Exists { .. })), "{done:?}");
    assert!(path.is_symlink() && !elsewhere.exists());
    // And one that comes at the last moment.
    fs::remove_file(&path).unwrap();
    let seam = |step| match step {
        Step::Checked => std::os::unix::fs::symlink(&elsewhere, &path),
        _ => Ok(()),
    };
    let text = contents(&path);
    let done = place::create(&path, Mode::Commit, &seam, &text);
    assert!(matches!(done, Err(Error::Exists { .. })), "{done:?}");
    assert!(!elsewhere.exists());
}

#[test]
fn a_full_disk_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.csv");
    let text = contents(&path);
    for step in every_step() {
        let error = place::create(&path, Mode::Commit, &full_at(step), &text).unwrap_err();
        if matches!(step, Step::Placed | Step::Confirmed) {
            assert!(matches!(error, Error::Unconfirmed { .. }), "{step:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), CONSOLE);
            fs::remove_file(&path).unwrap();
        }
        let left = fs::read_dir(home.path()).unwrap().count();
        assert_eq!(left, 0, "{step:?}: {error:?}");
    }
}

fn every_step() -> Vec<Step> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.csv");
    let text = contents(&path);
    let seen = steps(|seam| place::create(&path, Mode::Commit, seam, &text).unwrap());
    assert_eq!(seen.len(), Step::ALL.len() - 1, "all but reading: {seen:?}");
    seen
}

/// Only in a child.
#[test]
fn child() {
    if let Some((target, seam)) = orders() {
        let path = Path::new(&target);
        let text = contents(path);
        place::create(path, Mode::Commit, &seam, &text).unwrap();
    }
}

#[test]
fn a_killed_process_leaves_no_file_or_a_whole_one() {
    for step in every_step() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.csv");
        killed_at("secret::csv_file::tests::child", &path, step);
        let there = matches!(step, Step::Placed | Step::Confirmed);
        assert_eq!(path.exists(), there, "{step:?}");
        if there {
            assert_eq!(fs::read_to_string(&path).unwrap(), CONSOLE, "{step:?}");
            assert!(litter(home.path()).is_empty(), "{step:?}");
            continue;
        }
        let left = litter(home.path());
        let begun = step != Step::Locked;
        assert_eq!(left.len(), usize::from(begun), "{step:?}: {left:?}");
        #[cfg(unix)]
        for left in &left {
            let mode = super::super::place::testing::mode(left);
            assert_eq!(mode, 0o600, "{step:?}");
        }
        // The next one goes through, and cleans up.
        write(&path, Layout::Console, "ada", ID, &secret()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), CONSOLE);
        assert!(litter(home.path()).is_empty(), "{step:?}");
    }
}
