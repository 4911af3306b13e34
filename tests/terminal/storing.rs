//! A new key's secret goes into files: with the real program's own idea of where those are.

use crate::{ENTER, ESC, World, pty};
use std::fs;

/// The permissions of a file, as `chmod` counts them.
fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_profile_in_the_home_directory_gets_the_new_key() {
    let world = World::demo();
    let before = "# mine\n[default]\nregion = eu-north-1\n";
    let start = world.start().file(".aws/credentials", before);
    let path = start.path(".aws/credentials");
    let mut program = start.run();
    let key = world.create_key(&mut program);
    program.press("w");
    program.wait_text("Profile: ");
    program.wait_text("  default");
    program.press("ci");
    program.wait_text("[ci] will be new.");
    program.press(ENTER);
    program.wait_text("+ aws_access_key_id = ");
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    program.press("y");
    program.wait_text("written to profile ci");
    let text = fs::read_to_string(&path).unwrap();
    let secret = key.secret();
    let section = format!("\n[ci]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n");
    assert_eq!(text, format!("{before}{section}"));
    assert_eq!(mode(&path), 0o600);
    // It has gone somewhere: nothing more is asked, and nothing of it was on the screen.
    program.press(ESC);
    program.wait_gone("New key for");
    program.press("q");
    let ended = program.wait_exit();
    ended.assert_clean(0);
    assert_eq!(pty::count(&ended.raw, secret.as_bytes()), 0);
    assert_eq!(world.changes(), ["CreateAccessKey"]);
}

#[test]
fn a_file_gets_the_new_key_and_its_whole_path_is_told() {
    let world = World::demo();
    let start = world.start();
    let path = start.path("new-hire_accessKeys.csv");
    let mut program = start.run();
    let key = world.create_key(&mut program);
    program.press("s");
    program.wait_text("Path: ");
    program.press("\x01~/");
    program.wait_text("~/");
    program.press(ENTER);
    program.wait_text("saved as /");
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.ends_with(&format!("{key},{}\r\n", key.secret())),
        "{text}"
    );
    assert_eq!(mode(&path), 0o600);
    program.press(ESC);
    program.wait_gone("New key for");
    program.press("q");
    program.wait_exit().assert_clean(0);
}
