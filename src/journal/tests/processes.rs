//! Several processes, and what is left when one is killed. The other process is this test program,
//! told to run one test that does nothing unless it is told so.

use super::{
    Journal, Kind, Path, ended, fs, holding, kinds, names, nowhere, read, sent, settled, step, text,
};
use crate::journal::{Error, Event, Outcome};
use std::{
    env,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::{fs::PermissionsExt as _, fs::symlink, process::ExitStatusExt as _},
    process::{Child, Command, Stdio},
};

const PATH: &str = "IAMKEYS_TEST_JOURNAL";
const NUMBER: &str = "IAMKEYS_TEST_NUMBER";

/// What this process was told to do with which journal.
fn told() -> Option<(std::path::PathBuf, u32)> {
    let number = env::var(NUMBER).ok()?.parse().unwrap();
    Some((env::var_os(PATH)?.into(), number))
}

/// Runs a test of this file in another process.
fn command(name: &str, path: &Path, number: u32) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args([&format!("{}::{name}", module()), "--exact", "--ignored"])
        .args(["--nocapture", "--test-threads=1"])
        .env(PATH, path)
        .env(NUMBER, number.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// As the test program calls it: without the crate.
fn module() -> &'static str {
    module_path!().split_once("::").unwrap().1
}

/// Waits until it says so.
fn wait_for(child: &mut Child, word: &str) {
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with(word)), "no {word}");
}

/// Does something that takes steps, in other processes of which each dies at one more, until one
/// survives. Says how many died.
fn killed_at_each_step(name: &str, before: &[u8], look: impl Fn(&Path, u32)) -> u32 {
    for number in 1.. {
        let (_directory, path) = holding(before);
        let output = command(name, &path, number).output().unwrap();
        let survived = output.status.success();
        assert!(
            survived || output.status.signal() == Some(9),
            "step {number}: {output:?}"
        );
        look(&path, number);
        // What it left behind is no obstacle.
        let (journal, _) = Journal::open(&path).unwrap();
        journal.append(&settled("R/9")).unwrap();
        let (events, others) = read(&fs::read(&path).unwrap());
        assert_eq!((events.last(), others), (Some(&settled("R/9")), 0));
        drop(journal);
        Journal::open_shortening(&path, 0, 0).unwrap();
        assert_eq!(names(&path).len(), 2, "step {number}: {:?}", names(&path));
        if survived {
            return number - 1;
        }
    }
    unreachable!()
}

#[test]
#[ignore = "run by another test"]
fn appends_and_dies() {
    let Some((path, number)) = told() else { return };
    let (journal, _) = Journal::open(&path).unwrap();
    step::die_at(number);
    journal.append(&ended("R/1", Outcome::Unknown)).unwrap();
    assert!(step::taken() < number);
}

#[test]
fn killed_while_it_appends_it_leaves_the_whole_line_or_none() {
    let before = text(&[sent("R", "R/1")]);
    let after = text(&[sent("R", "R/1"), ended("R/1", Outcome::Unknown)]);
    let died = killed_at_each_step("appends_and_dies", &before, |path, number| {
        let now = fs::read(path).unwrap();
        let expected = if number < 3 { &before } else { &after };
        assert!(now == *expected, "step {number}: {now:?}");
    });
    assert_eq!(died, 5);
}

#[test]
fn killed_after_a_torn_line_it_leaves_that_and_the_whole_line_or_none() {
    let whole = text(&[sent("R", "R/1")]);
    let mut torn = whole.clone();
    torn.extend_from_slice(&whole[..40]);
    let died = (1..).take_while(|number| {
        let (_directory, path) = holding(&torn);
        let output = command("appends_and_dies", &path, *number).output();
        let (_, open) = Journal::open(&path).unwrap();
        let kind = [Kind::Interrupted, Kind::Unknown][usize::from(*number > 2)];
        assert_eq!(kinds(&open), [("R/1", kind)], "step {number}");
        !output.unwrap().status.success()
    });
    assert_eq!(died.count(), 5);
}

#[test]
#[ignore = "run by another test"]
fn shortens_and_dies() {
    let Some((path, number)) = told() else { return };
    step::die_at(number);
    let (journal, _) = Journal::open_shortening(&path, 0, 0).unwrap();
    assert!(step::taken() < number);
    drop(journal);
}

#[test]
fn killed_while_it_shortens_it_leaves_the_old_text_or_the_new_one() {
    let old = text(&[
        sent("R", "R/1"),
        sent("R", "R/2"),
        ended("R/1", Outcome::Unknown),
        settled("R/2"),
    ]);
    let new = text(&[sent("R", "R/1"), ended("R/1", Outcome::Unknown)]);
    let died = killed_at_each_step("shortens_and_dies", &old, |path, number| {
        let now = fs::read(path).unwrap();
        let expected = if number < 8 { &old } else { &new };
        assert!(now == *expected, "step {number}: {now:?}");
    });
    assert_eq!(died, 8);
}

#[test]
#[ignore = "run by another test"]
fn appends_many() {
    let Some((path, number)) = told() else { return };
    let (journal, _) = Journal::open(&path).unwrap();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    for change in 0..number.into() {
        let event = sent(journal.run(), &journal.id(change));
        journal.append(&event).unwrap();
    }
}

#[test]
fn processes_that_append_while_it_is_shortened_lose_nothing_and_mix_nothing() {
    const EACH: u32 = 100;
    let (_directory, path) = nowhere();
    let mut children = [0; 3].map(|_| command("appends_many", &path, EACH).spawn().unwrap());
    for child in &mut children {
        drop(child.stdin.take());
    }
    let length = || fs::metadata(&path).map_or(0, |file| file.len());
    let mut before = 0;
    loop {
        let mut all = children.iter_mut();
        let over = all.all(|child| child.try_wait().unwrap().is_some());
        // After some ten lines each time. All of it is open, so none of it may go.
        if length() > before + 3_000 {
            Journal::open_shortening(&path, 0, 0).unwrap();
            before = length();
        }
        if over {
            break;
        }
        std::thread::yield_now();
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let (events, others) = read(&fs::read(&path).unwrap());
    assert_eq!(others, 0);
    let ids = events.iter().map(|event| match event {
        Event::Sent(sent) => sent.id.clone(),
        other => panic!("{other:?}"),
    });
    let ids: std::collections::BTreeSet<_> = ids.collect();
    assert_eq!((ids.len(), events.len()), (300, 300));
    let (journal, open) = Journal::open(&path).unwrap();
    assert_eq!((open.len(), journal.skipped()), (300, 0));
}

#[test]
#[ignore = "run by another test"]
fn sends_and_waits() {
    let Some((path, number)) = told() else { return };
    let (journal, _) = Journal::open(&path).unwrap();
    let event = sent(journal.run(), &journal.id(number.into()));
    journal.append(&event).unwrap();
    println!("\nsent");
    // Until it is killed.
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn what_another_run_has_under_way_is_not_reported_until_that_is_killed() {
    let (_directory, path) = nowhere();
    let mut child = command("sends_and_waits", &path, 1).spawn().unwrap();
    wait_for(&mut child, "sent");
    let (journal, open) = Journal::open(&path).unwrap();
    assert_eq!(open, []);
    assert_eq!(names(&path).len(), 4, "{:?}", names(&path));
    child.kill().unwrap();
    child.wait().unwrap();
    let (_second, open) = Journal::open(&path).unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].kind, Kind::Interrupted);
    assert_ne!(open[0].sent.run, journal.run());
    // The two of this process, and not that one's.
    assert_eq!(names(&path).len(), 4, "{:?}", names(&path));
    let file = format!("journal.jsonl.run-{}.lock", open[0].sent.run);
    assert!(!names(&path).contains(&file));
}

#[test]
#[ignore = "run by another test"]
fn appends_until_there_is_no_room() {
    let Some((path, _)) = told() else { return };
    let (journal, _) = Journal::open(&path).unwrap();
    for number in 0..1000 {
        if let Err(error) = journal.append(&sent("R", &format!("R/{number}"))) {
            assert!(error.to_string().contains("cannot be written"), "{error}");
            assert!(journal.append(&sent("R", "R/again")).is_err());
            println!("\n{number} written");
            return;
        }
    }
    panic!("there is room");
}

/// A limit on the size of files stands in for a full disk: the write that would pass it is cut
/// short, and the next one fails.
#[test]
fn a_line_that_does_not_fit_leaves_no_half_of_it() {
    let (_directory, path) = nowhere();
    let inner = command("appends_until_there_is_no_room", &path, 0);
    let mut limited = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$@\"";
    limited.args(["-c", script, "sh"]);
    limited.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        limited.env(name, value.unwrap());
    }
    let output = limited.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let (events, others) = read(&fs::read(&path).unwrap());
    assert!(
        said.contains(&format!("\n{} written", events.len())),
        "{said}"
    );
    assert_eq!(others, 0);
    assert!(events.len() > 2);
    let (journal, open) = Journal::open(&path).unwrap();
    assert_eq!((open.len(), journal.skipped()), (events.len(), 0));
}

#[test]
fn it_is_for_this_person_only_also_when_it_was_not() {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let (_directory, path) = nowhere();
    let (journal, _) = Journal::open(&path).unwrap();
    journal.append(&sent("R", "R/1")).unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for name in names(&path) {
        assert_eq!(mode(&path.with_file_name(&name)), 0o600, "{name}");
    }
    for (before, after) in [(0o644, 0o600), (0o666, 0o600), (0o600, 0o600)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(before)).unwrap();
        Journal::open(&path).unwrap();
        assert_eq!(mode(&path), after, "{before:o}");
    }
    Journal::open_shortening(&path, 0, 0).unwrap();
    assert_eq!(mode(&path), 0o600);
    // An existing directory keeps its mode.
    let (directory, path) = holding(b"");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    Journal::open(&directory.path().join("other.jsonl")).unwrap();
    assert_eq!(mode(directory.path()), 0o755);
    // Nor is a file that is something else made anything.
    fs::write(&path, "something else").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(Journal::open(&path).is_err());
    assert_eq!(mode(&path), 0o644);
}

#[test]
fn pipes_links_and_devices_are_refused_and_never_waited_for() {
    let (directory, path) = holding(b"");
    let refused = |path: &Path, what: &str| {
        let error = Journal::open(path).unwrap_err();
        assert!(matches!(error, Error::NotAFile(..)), "{error:?}");
        assert!(error.to_string().contains(what), "{error}");
    };
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let other = directory.path().join("pipe");
    pipe(&other);
    refused(&other, "a pipe");
    let linked = directory.path().join("link");
    symlink(&path, &linked).unwrap();
    refused(&linked, "a symbolic link");
    let dangling = directory.path().join("dangling");
    symlink("nowhere", &dangling).unwrap();
    refused(&dangling, "a symbolic link");
    assert!(!directory.path().join("nowhere").exists());
    // The same where a lock should be.
    pipe(&path.with_file_name("journal.jsonl.run-x.lock"));
    refused(&path, "a pipe");
    let (_directory, path) = holding(b"");
    pipe(&path.with_file_name("journal.jsonl.lock"));
    refused(&path, "a pipe");
    // And where a journal has become one in the meantime.
    let (_directory, path) = nowhere();
    let (journal, _) = Journal::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    pipe(&path);
    assert!(journal.append(&sent("R", "R/1")).is_err());
}

#[test]
#[ignore = "run by another test"]
fn says_where_it_is() {
    if told().is_some() {
        println!("\n{}", crate::journal::usual_place().unwrap().display());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn it_is_where_the_state_of_programs_belongs() {
    for (state, expected) in [
        ("/state", "\n/state/iamkeys/journal.jsonl\n"),
        ("", "\n/home/alice/.local/state/iamkeys/journal.jsonl\n"),
        (
            "not/absolute",
            "\n/home/alice/.local/state/iamkeys/journal.jsonl\n",
        ),
    ] {
        let mut command = command("says_where_it_is", Path::new("unused"), 0);
        command
            .env("HOME", "/home/alice")
            .env("XDG_STATE_HOME", state);
        let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
        assert!(said.contains(expected), "{state}: {said}");
    }
    let mut command = command("says_where_it_is", Path::new("unused"), 0);
    command.env("HOME", "here").env_remove("XDG_STATE_HOME");
    let said = command.stderr(Stdio::piped()).output().unwrap();
    assert!(!said.status.success());
    assert!(String::from_utf8_lossy(&said.stderr).contains("NoHome"));
}
