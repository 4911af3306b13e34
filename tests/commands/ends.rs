//! How commands end: by a reader that has read enough, by a signal, by what was typed.

use crate::{Ran, account, at, demo, iamkeys, served};
use chrono::Utc;
use iamkeys::demo::{Account, Fault, FaultKind};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Stdio},
    time::Duration,
};

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    // More than a pipe holds.
    let account = served(Account::generated(3_000, Utc::now()));
    for format in ["jsonl", "csv", "json", "table"] {
        let mut child = at(&account, &["list", "--report", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut first).unwrap();
        assert!(!first.is_empty());
        drop(out);
        let mut said = String::new();
        let mut err = child.stderr.take().unwrap();
        err.read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{format}: {said}");
        assert_eq!(said, "", "{format}");
    }
}

#[test]
fn a_check_fails_also_where_its_reader_has_read_enough() {
    let account = served(Account::generated(300, Utc::now()));
    for format in ["jsonl", "csv", "json", "table", "sarif", "ocsf"] {
        let args = ["check", "--fail-on", "low", "--format", format];
        let mut child = at(&account, &args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(3), "{format}");
    }
}

fn signal(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

#[test]
fn a_signal_ends_it_with_its_code_and_whole_lines() {
    for (by, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let account = account();
        let never = Fault::new(FaultKind::Delay(Duration::from_hours(1)));
        account
            .endpoint
            .fault(never.action("GetAccessKeyLastUsed").user("web-assets"));
        let mut child = at(&account, &["list"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        signal(&child, by);
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
        for line in first.lines().chain(rest.lines()) {
            assert!(
                serde_json::from_str::<serde_json::Value>(line).is_ok(),
                "{line}"
            );
        }
    }
}

#[test]
fn a_signal_is_heard_while_nobody_reads() {
    let account = served(Account::generated(3_000, Utc::now()));
    let mut child = at(&account, &["list", "--report"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::with_capacity(16, child.stdout.take().unwrap());
    let mut first = [0; 16];
    // It is at it, and the pipe is full soon.
    out.read_exact(&mut first).unwrap();
    signal(&child, Signal::INT);
    // Nothing more is read: it ends all the same.
    let code = child.wait().unwrap().code();
    assert!(matches!(code, Some(130)), "{code:?}");
}

#[test]
fn what_is_typed_wrongly_is_a_usage_error() {
    for (args, words) in [
        (&["lst"][..], "Did you mean list?"),
        (
            &["list", "agee>90"],
            "at character 1, agee>90: No field agee",
        ),
        (
            &["list", "never unused>x"],
            "at character 7, unused>x: unused needs",
        ),
        (
            &["list", "--demo", "never finding:nosuch"],
            "at character 7, finding:nosuch: No rule nosuch. Rules: root-key quarantined",
        ),
        (
            &["users", "--demo", "-finding:nosuch"],
            "at character 1, -finding:nosuch: No rule nosuch",
        ),
        (
            &["check", "--demo", "finding:old|olld*"],
            "at character 1, finding:old|olld*: No rule olld*",
        ),
        (
            &["plan", "deactivate", "--demo", "finding:"],
            "at character 1, finding:: finding needs",
        ),
        (
            &["plan", "deactivate", "--demo", "finding:nosuch"],
            "at character 1, finding:nosuch: No rule nosuch",
        ),
        (
            &["list", "--format", "xml"],
            "possible values: table, json, jsonl, csv",
        ),
        (&["list", "--columns", "nope"], "possible values: account, "),
        (&["impact"], "KEY_ID"),
        (
            &["impact", "AKIAIOSFODNN7EXAMPLE", "--days", "91"],
            "91 is not in 1..=90",
        ),
        (&["find", "AKIASHORT"], "Too short"),
        (
            &["completions", "tcsh"],
            "possible values: bash, zsh, fish, powershell",
        ),
        (&["man", "frobnicate"], "there is no such command"),
        (
            &["AKIAIOSFODNN7EXAMPLE", "list"],
            "cannot be used with the subcommand list",
        ),
    ] {
        let ran = Ran::of(iamkeys(args).output().unwrap());
        assert_eq!((ran.code, &*ran.out), (2, ""), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
    }
}

#[test]
fn a_secret_in_the_place_of_a_filter_is_not_repeated() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let with_field = format!("x:{secret}");
    for args in [
        &["list", &with_field][..],
        &["list", "a", secret],
        &["find", secret],
    ] {
        let ran = Ran::of(iamkeys(args).output().unwrap());
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(!ran.err.contains("MDENG"), "{args:?}: {}", ran.err);
    }
}

#[test]
fn a_disk_that_is_full_is_said() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        return;
    };
    for args in [&["list", "--demo"][..], &["config"], &["man"]] {
        let full = full.try_clone().unwrap();
        let ran = Ran::of(iamkeys(args).stdout(full).output().unwrap());
        assert_eq!(ran.code, 1, "{args:?}");
        assert!(
            ran.err.contains("standard output: No space left"),
            "{args:?}: {}",
            ran.err
        );
    }
}

#[test]
fn the_screen_and_the_settings_are_as_before() {
    let ran = demo(&["config"]).well();
    assert!(ran.out.starts_with("config file"), "{}", ran.out);
    let ran = demo(&[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("must be a terminal"), "{}", ran.err);
}
