//! What a crash leaves behind: no core dump, whatever the system does with those.

use crate::pty::{Program, Start};
use rustix::process::{Pid, Resource, Rlimit, Signal, getuid, kill_process, prlimit};
use std::{fs, os::unix::fs::MetadataExt as _};

/// A program that is as others are, once it is ready.
const CAT: &str = "sh -c \"echo ready; exec cat\"";

/// Starts a command below a shell, which tells what became of it, and waits until it shows a text.
fn below_a_shell(command: &str, shows: &str) -> (Program, Pid) {
    let script = format!("sh -c 'echo $$ >pid; exec {command}'; printf 'it is %s\\n' over");
    let mut program = Start::command("sh", ["-c", &script]).run();
    program.wait_text(shows);
    let id = fs::read_to_string(program.home().join("pid")).unwrap();
    let id = Pid::from_raw(id.trim().parse().unwrap()).unwrap();
    (program, id)
}

/// What the shell says of a command that is aborted where any size of core dump is welcome.
fn aborted(command: &str, shows: &str) -> String {
    let (mut program, id) = below_a_shell(command, shows);
    let welcome = Rlimit {
        current: None,
        maximum: None,
    };
    prlimit(Some(id), Resource::Core, welcome).unwrap();
    kill_process(id, Signal::ABORT).unwrap();
    program.wait_raw(b"it is over", 1);
    let raw = String::from_utf8_lossy(&program.raw()).into_owned();
    assert!(raw.contains("Aborted"), "{raw}");
    raw
}

#[test]
fn the_limit_is_zero() {
    let (_program, id) = below_a_shell(
        &format!("{} --demo", env!("CARGO_BIN_EXE_iamkeys")),
        "Users 24",
    );
    let limits = fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
    let core = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max core file size"));
    let soft = core.unwrap().split_whitespace().next();
    assert_eq!(soft, Some("0"), "{limits}");
}

/// The limit is not what counts everywhere, so it is lifted first. Root may do that, and root alone
/// cannot see it any other way: to others the kernel shows it as an owner they are not.
#[test]
fn it_is_not_dumped_even_where_the_limit_does_not_count() {
    let iamkeys = format!("{} --demo", env!("CARGO_BIN_EXE_iamkeys"));
    if !getuid().is_root() {
        let owner = |id: Pid| fs::metadata(format!("/proc/{id}/environ")).unwrap().uid();
        let (_cat, id) = below_a_shell(CAT, "ready");
        assert_eq!(owner(id), getuid().as_raw());
        let (_program, id) = below_a_shell(&iamkeys, "Users 24");
        assert_ne!(owner(id), getuid().as_raw());
        return;
    }
    let dumps = aborted(CAT, "ready").contains("core dumped");
    // Where dumps go nowhere, that must be so for the other program as well.
    if !dumps {
        let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
        eprintln!("nothing is dumped on this machine, whose pattern is {pattern:?}");
    }
    assert!(!aborted(&iamkeys, "Users 24").contains("core dumped"));
}
