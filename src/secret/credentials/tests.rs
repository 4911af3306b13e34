use super::{
    super::place::{
        Step,
        testing::{child, killed_at, litter, orders},
    },
    *,
};
use crate::engine::destination::LineChange;
use std::fs;

mod edits;
mod random;

const ID: &str = "AKIANEWKEY0000EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

const OLD: &str = "\
# kept
[default]
aws_access_key_id = AKIADEFAULT00EXAMPLE
aws_secret_access_key = default/secretEXAMPLE

[work]
aws_access_key_id = AKIAOLDKEY0000EXAMPLE
aws_secret_access_key = old/secretEXAMPLE
aws_session_token = old/tokenEXAMPLE
region = eu-north-1
";
const NEW: &str = "\
# kept
[default]
aws_access_key_id = AKIADEFAULT00EXAMPLE
aws_secret_access_key = default/secretEXAMPLE

[work]
aws_access_key_id = AKIANEWKEY0000EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
region = eu-north-1
";

fn secret() -> SecretKey {
    SecretKey::new(SECRET.into())
}

fn edit(text: &str, profile: &str, key_id: &str, secret: &SecretKey) -> Result<edit::Edit, String> {
    edit::edit(Some(text), profile, Key::new(key_id, secret))
}

/// A folder with this credentials file in it.
fn with(text: &str) -> (tempfile::TempDir, CredentialsFile) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    fs::write(&path, text).unwrap();
    (home, CredentialsFile::at(path))
}

fn text(file: &CredentialsFile) -> String {
    fs::read_to_string(file.path()).unwrap()
}

#[test]
fn a_key_goes_into_its_section() {
    let (home, file) = with(OLD);
    let plan = file.plan("work", ID).unwrap();
    assert!(plan.section_exists() && plan.file_exists);
    assert_eq!(text(&file), OLD, "a plan writes nothing");
    file.write(&plan, &secret()).unwrap();
    assert_eq!(text(&file), NEW);
    assert!(litter(home.path()).is_empty());
    assert_eq!(file.profiles().unwrap(), ["default", "work"]);
}

#[test]
fn a_plan_says_who_is_there_and_shows_no_secret() {
    let (_home, file) = with(OLD);
    let plan = file.plan("work", ID).unwrap();
    let held = plan.held.as_ref().unwrap();
    assert_eq!(held.key_id, "AKIAOLDKEY0000EXAMPLE");
    assert_eq!(held.secret.expose(), "old/secretEXAMPLE");
    assert_eq!(held.token.as_ref().unwrap().expose(), "old/tokenEXAMPLE");
    let lines: Vec<(LineChange, &str)> = plan
        .lines
        .iter()
        .map(|line| (line.change, line.text.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            (LineChange::Kept, "[work]"),
            (
                LineChange::Removed,
                "aws_access_key_id = AKIAOLDKEY0000EXAMPLE"
            ),
            (
                LineChange::Added,
                "aws_access_key_id = AKIANEWKEY0000EXAMPLE"
            ),
            (LineChange::Removed, "aws_secret_access_key = [hidden]"),
            (LineChange::Added, "aws_secret_access_key = [hidden]"),
            (LineChange::Removed, "aws_session_token = [hidden]"),
            (LineChange::Kept, "region = eu-north-1"),
        ]
    );
    let printed = format!("{plan:?}");
    assert!(!printed.contains("old/"), "{printed}");
}

#[test]
fn a_plan_can_be_agreed_to_before_there_is_a_key() {
    for profile in ["work", "the-new-key"] {
        let (_home, file) = with(OLD);
        let early = file.plan(profile, "the-new-key").unwrap();
        let late = early.with_key(ID);
        assert_eq!(late.lines, file.plan(profile, ID).unwrap().lines);
        file.write(&late, &secret()).unwrap();
        assert_eq!(file.plan(profile, ID).unwrap().held.unwrap().key_id, ID);
    }
}

#[test]
fn a_file_that_is_not_there_is_made() {
    let home = tempfile::tempdir().unwrap();
    let file = CredentialsFile::from_env(|name| {
        (name == "HOME").then(|| home.path().as_os_str().to_owned())
    })
    .unwrap();
    assert_eq!(
        file.path(),
        home.path().join(".aws").join("credentials"),
        "where the SDKs look"
    );
    assert_eq!(file.profiles().unwrap(), [""; 0]);
    file.prove_writable("default").unwrap();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    let plan = file.plan("default", ID).unwrap();
    assert!(!plan.section_exists() && !plan.file_exists && plan.held.is_none());
    file.write(&plan, &secret()).unwrap();
    assert_eq!(
        text(&file),
        format!("[default]\naws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\n")
    );
}

#[test]
fn the_environment_says_where_it_is() {
    const FILE: &str = "AWS_SHARED_CREDENTIALS_FILE";
    let from = |vars: &[(&str, &str)]| {
        CredentialsFile::from_env(|name| {
            let found = vars.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).into())
        })
        .map(|file| file.path)
    };
    for (vars, wanted) in [
        (vec![("HOME", "/h"), (FILE, "/x/y")], "/x/y"),
        (vec![(FILE, "/x/y")], "/x/y"),
        (vec![("HOME", "/h"), (FILE, "~/y")], "/h/y"),
        (vec![("HOME", "/h"), (FILE, "")], "/h/.aws/credentials"),
        (vec![("HOME", "/h")], "/h/.aws/credentials"),
    ] {
        assert_eq!(from(&vars).unwrap(), Path::new(wanted), "{vars:?}");
    }
    assert!(matches!(from(&[]), Err(Error::NoHome)));
    assert!(matches!(from(&[(FILE, "~/y")]), Err(Error::NoHome)));
}

#[test]
fn what_others_change_after_the_plan_stays() {
    let (_home, file) = with(OLD);
    let plan = file.plan("work", ID).unwrap();
    let theirs = |text: &str| {
        let text = text.replace("default/secretEXAMPLE", "rotated/EXAMPLE");
        text.replace("[work]", "[more]\nregion = x\n\n[work]\n# a note") + "\n[last]\nregion = y\n"
    };
    fs::write(file.path(), theirs(OLD)).unwrap();
    file.write(&plan, &secret()).unwrap();
    assert_eq!(text(&file), theirs(NEW));
}

#[test]
fn a_section_that_is_not_as_it_was_shown_is_asked_about_again() {
    for (profile, from, to) in [
        ("work", "old/secret", "other/secret"),
        ("work", "eu-north-1", "eu-north-2"),
        ("work", "[work]", "[gone]"),
        ("fresh", "[work]", "[fresh]"),
    ] {
        let (home, file) = with(OLD);
        let plan = file.plan(profile, ID).unwrap();
        let theirs = OLD.replace(from, to);
        fs::write(file.path(), &theirs).unwrap();
        let error = file.write(&plan, &secret()).unwrap_err();
        assert!(matches!(error, Error::Changed { .. }), "{to}: {error:?}");
        assert!(error.to_string().starts_with(&format!("[{profile}] in ")));
        assert_eq!(text(&file), theirs);
        assert!(litter(home.path()).is_empty());
        let again = file.plan(profile, ID).unwrap();
        file.write(&again, &secret()).unwrap();
    }
}

/// The section changes after it was read, and before the rename.
#[test]
fn a_section_that_changes_at_the_last_moment_is_asked_about_too() {
    let (home, file) = with(OLD);
    let plan = file.plan("work", ID).unwrap();
    let theirs = OLD.replace("old/secret", "other/secret");
    let done = file.write_with(&plan, &secret(), &|step| match step {
        Step::Synced => fs::write(file.path(), &theirs),
        _ => Ok(()),
    });
    assert!(matches!(done, Err(Error::Changed { .. })), "{done:?}");
    assert_eq!(text(&file), theirs);
    assert!(litter(home.path()).is_empty());
}

#[test]
fn it_is_known_beforehand_what_cannot_be_written() {
    let (home, file) = with("[work]\nregion = x\n[work]\n");
    let error = file.prove_writable("work").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} is left as it is: the aws command cannot read it, because of line 3: the same \
             section comes a second time",
            file.path().display()
        )
    );
    assert!(file.plan("work", ID).is_err() && file.profiles().is_err());
    file.prove_writable("").unwrap_err();
    let folder = CredentialsFile::at(home.path());
    let error = folder.prove_writable("work").unwrap_err();
    assert!(matches!(error, Error::NotAFile { .. }), "{error:?}");
    let deep = CredentialsFile::at(home.path().join("no").join("such").join("file"));
    deep.prove_writable("work").unwrap_err();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn nothing_that_is_said_of_a_failure_has_a_secret_in_it() {
    let hostile = OLD.replace("[work]", "  [work\nold/secretEXAMPLE");
    for text in [
        hostile,
        OLD.replace("old/secretEXAMPLE", "old/secretEXAMPLE\n   more"),
        format!("{OLD}[work]\n"),
        OLD.replace("= old", "= \u{7}old"),
    ] {
        let (_home, file) = with(&text);
        let error = file.plan("work", ID).unwrap_err();
        for printed in [error.to_string(), format!("{error:?}")] {
            assert!(!printed.contains("EXAMPLE"), "{printed}");
        }
    }
}

/// Only in a child.
#[test]
fn killed_child() {
    if let Some((target, seam)) = orders() {
        let file = CredentialsFile::at(target);
        let plan = file.plan("work", ID).unwrap();
        file.write_with(&plan, &secret(), &seam).unwrap();
    }
}

#[test]
fn a_killed_process_leaves_the_old_file_or_the_new_one() {
    for step in Step::ALL {
        let (home, file) = with(OLD);
        killed_at(
            "secret::credentials::tests::killed_child",
            file.path(),
            step,
        );
        let (wanted, left) = match step {
            Step::Locked | Step::Read => (OLD, 0),
            Step::Placed | Step::Confirmed => (NEW, 0),
            _ => (OLD, 1),
        };
        assert_eq!(text(&file), wanted, "{step:?}");
        let litter_now = litter(home.path());
        assert_eq!(litter_now.len(), left, "{step:?}: {litter_now:?}");
        #[cfg(unix)]
        for left in &litter_now {
            let mode = super::super::place::testing::mode(left);
            assert_eq!(mode, 0o600, "{step:?}");
        }
        // The next one is kept out by no lock, goes through, and cleans up.
        let plan = file.plan("work", ID).unwrap();
        file.write(&plan, &secret()).unwrap();
        assert_eq!(text(&file), NEW, "{step:?}");
        assert!(litter(home.path()).is_empty(), "{step:?}");
    }
}

/// Only in a child whose files may not grow.
#[test]
fn limited_child() {
    if let Some((target, _)) = orders() {
        let file = CredentialsFile::at(target);
        let plan = file.plan("work", ID).unwrap();
        for done in [file.write(&plan, &secret()), file.prove_writable("work")] {
            let error = done.unwrap_err().to_string();
            assert!(error.starts_with("cannot write "), "{error}");
        }
    }
}

/// The system itself refuses the bytes.
#[cfg(unix)]
#[test]
fn a_system_that_takes_no_bytes_leaves_the_old_file() {
    use super::super::place::testing::said;
    use std::process::Command;
    let (home, file) = with(OLD);
    let ran = child("secret::credentials::tests::limited_child", file.path());
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""])
        .arg(ran.get_program())
        .args(ran.get_args());
    for (name, value) in ran.get_envs() {
        limited.env(name, value.unwrap());
    }
    let ran = limited.output().unwrap();
    assert!(ran.status.success(), "{}", said(&ran));
    assert!(said(&ran).contains("1 passed"), "{}", said(&ran));
    assert_eq!(text(&file), OLD);
    assert!(litter(home.path()).is_empty());
}

/// Only in a child: puts many keys, each into a profile of its own.
#[test]
fn busy_child() {
    if let Some((target, _)) = orders() {
        let who = std::process::id();
        let file = CredentialsFile::at(target);
        for round in 0..ROUNDS {
            let plan = file.plan(&format!("p{who}-{round}"), ID).unwrap();
            file.write(&plan, &secret()).unwrap();
        }
    }
}

const ROUNDS: usize = 6;

#[test]
fn processes_that_write_at_once_lose_nothing_of_each_other() {
    let (home, file) = with(OLD);
    let children: Vec<_> = (0..3)
        .map(|_| {
            child("secret::credentials::tests::busy_child", file.path())
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let ids: Vec<u32> = children.iter().map(std::process::Child::id).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let profiles = file.profiles().unwrap();
    assert_eq!(profiles.len(), 2 + ids.len() * ROUNDS);
    for id in ids {
        for round in 0..ROUNDS {
            assert!(profiles.contains(&format!("p{id}-{round}")));
        }
    }
    assert!(text(&file).starts_with(OLD));
    assert!(litter(home.path()).is_empty());
}

#[test]
fn the_profiles_that_hold_a_key_are_told() {
    let also =
        "\n[also]\naws_access_key_id=AKIAOLDKEY0000EXAMPLE\naws_secret_access_key=s/EXAMPLE\n";
    let (_home, file) = with(&format!("{OLD}{also}"));
    let holding = |key: &str| file.holding(key).unwrap();
    assert_eq!(holding("AKIAOLDKEY0000EXAMPLE"), ["work", "also"]);
    assert_eq!(holding("AKIADEFAULT00EXAMPLE"), ["default"]);
    assert_eq!(holding(ID), [""; 0]);
}
