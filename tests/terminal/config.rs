//! The config file, and what is printed of it.

use crate::{World, pty::Start};
use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// Runs without a terminal, at home in this directory.
fn run(home: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iamkeys"));
    command.args(args).env_clear().stdin(Stdio::null());
    command.env("HOME", home).env("APPDATA", home);
    command.output().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Writes the usual config file.
fn write(home: &Path, config: &str) {
    let place = home.join(".config/iamkeys");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("config.toml"), config).unwrap();
}

#[test]
fn the_settings_in_force_are_printed_without_a_terminal() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &["config"]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(output.stdout);
    assert!(
        said.contains(".config/iamkeys/config.toml (not there)"),
        "{said}"
    );
    write(home.path(), "\nread_only = true\n");
    let output = run(home.path(), &["config"]);
    let said = text(output.stdout);
    assert!(!said.contains("not there"), "{said}");
    assert!(said.contains("config.toml line 2"), "{said}");
    assert_eq!(output.stderr, b"");
}

#[test]
fn a_file_that_is_not_understood_ends_it_before_the_terminal_is_taken() {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), &format!("\nregion = '{SECRET}'\n"));
    for args in [&[][..], &["--demo"], &["config"]] {
        let output = run(home.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(output.stdout, b"");
        let said = text(output.stderr);
        assert!(
            said.contains("config.toml, line 2, column 10: region: "),
            "{said}"
        );
        assert!(!said.contains("MDENG"), "{said}");
        assert!(!said.contains("must be a terminal"), "{said}");
    }
    let absent = home.path().join("absent.toml");
    let output = run(home.path(), &["--config", absent.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(output.stderr).contains("absent.toml: cannot be read"));
}

#[test]
fn the_file_decides_where_nothing_else_does() {
    let world = World::demo();
    let config = "read_only = true\n\n[[account]]\nid = '123456789012'\nlabel = 'payments'\n";
    let mut program = world
        .start()
        .file(".config/iamkeys/config.toml", config)
        .run();
    program.wait_text("READ-ONLY");
    program.wait_text("payments 123456789012");
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn a_profile_of_the_file_is_used() {
    let mut program = Start::iamkeys([""; 0])
        .file("mine.toml", "profile = 'nope'")
        .file(".aws/credentials", "[one]\naws_access_key_id = x\n")
        .env("IAMKEYS_CONFIG", "mine.toml")
        .run();
    program.wait_text("There is no profile nope");
    program.press("q");
    program.wait_exit().assert_clean(0);
}
