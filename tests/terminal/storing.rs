//! A new key's secret goes into files: with the real program's own idea of where those are.

use crate::{
    CTRL_C, ENTER, ESC, World, create_key, have_it,
    pty::{self, Start},
};
use iamkeys::demo::{Call, KeyId};
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
fn the_key_of_a_profile_is_not_shown_to_an_endpoint_somewhere_else() {
    let theirs = KeyId::parse("AKIAQX7DEMO4BACKUP01").unwrap();
    let section = format!(
        "[ci]\naws_access_key_id = {theirs}\naws_secret_access_key = {}\n",
        theirs.secret()
    );
    let ask = |start: Start, words: &str| {
        let mut program = start.file(".aws/credentials", &section).run();
        crate::create_key(&mut program, "new-hire");
        program.press("w");
        program.wait_text("Profile: ");
        program.press("ci");
        program.press(ENTER);
        program.wait_text(words);
    };
    let signed = |world: &World| {
        let calls = world.endpoint.calls();
        let by = |call: &Call| call.signed_by.as_deref() == Some(theirs.as_str());
        calls.iter().filter(|call| by(call)).count()
    };
    let world = World::demo();
    ask(world.start(), "It holds AKIAQX7DEMO4BACKUP01");
    assert_eq!(signed(&world), 1, "on this machine");

    // What is sent to an endpoint in the network arrives here.
    let world = World::demo();
    let own = world.endpoint.sdk_credentials();
    let start = Start::iamkeys(["--endpoint-url", "http://sts.example.com"])
        .env("HTTP_PROXY", world.url())
        .env("AWS_ACCESS_KEY_ID", own.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", own.secret_access_key());
    ask(start, "since http://sts.example.com is not AWS");
    assert!(!world.endpoint.calls().is_empty());
    assert_eq!(signed(&world), 0);
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

#[test]
fn a_limit_on_the_size_of_files_is_told_and_the_secret_stays() {
    let world = World::demo();
    let credentials = world.endpoint.sdk_credentials();
    let script = format!(
        "ulimit -f 0; exec {} --no-journal --clipboard osc52 --endpoint-url {}",
        env!("CARGO_BIN_EXE_iamkeys"),
        world.url()
    );
    let before = "[default]\nregion = eu-north-1\n";
    let start = pty::Start::command("sh", ["-c", &script])
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
        .file(".aws/credentials", before);
    let mut program = start.run();
    world.create_key(&mut program);
    program.press("w");
    program.wait_text("Profile: ");
    program.wait_text("  default");
    program.press("ci");
    program.wait_text("[ci] will be new.");
    program.press(ENTER);
    program.wait_text("+ aws_access_key_id = ");
    program.press("y");
    program.wait_text("File too large");
    program.press(ESC);
    program.wait_gone("File too large");
    program.press("s");
    program.wait_text("Path: ");
    program.press(ENTER);
    program.wait_text("cannot write /");
    program.press(ESC);
    program.wait_gone("Path: ");
    let folder = program.home().join(".aws");
    assert_eq!(
        fs::read_to_string(folder.join("credentials")).unwrap(),
        before
    );
    let names = |folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let left = names(folder.as_path()).chain(names(program.home()));
    let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["credentials", ".aws"]);
    program.press("y");
    program.wait_text("secret sent");
    have_it(&mut program);
    program.press(CTRL_C);
    program.wait_exit().assert_clean(130);
}

/// All files below a directory, by their names.
fn files(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn the_demo_touches_no_real_file_and_leaves_none() {
    let before = "# mine\n[ci]\nregion = eu-north-1\n";
    for from_the_start in [true, false] {
        let args: &[&str] = if from_the_start { &["--demo"] } else { &[] };
        let start = Start::iamkeys(args)
            .arg("--clipboard")
            .arg("osc52")
            .file(".aws/credentials", before)
            .file("tmp/.keep", "");
        let (home, tmp) = (start.path(""), start.path("tmp"));
        let real = start.path(".aws/credentials");
        let mut program = start.env("TMPDIR", &tmp).run();
        if !from_the_start {
            program.wait_text("d  Open the demo account");
            program.press("d");
            program.wait_text("DEMO");
        }
        create_key(&mut program, "new-hire");
        // A profile that the real file has, and the demo's has not.
        program.press("w");
        program.wait_text("Profile: ");
        program.wait_text("in /");
        program.wait_text("removed when iamkeys ends");
        program.press("ci");
        program.wait_text("[ci] will be new.");
        program.press(ENTER);
        program.wait_text("+ aws_access_key_id = ");
        program.press("y");
        program.wait_text("written to profile ci in");
        // A file: by default in the same directory, and nowhere else.
        program.press("s");
        program.wait_text("Path: new-hire_accessKeys.csv");
        program.press("\x01~/");
        program.wait_text("Path: ~/▏new-hire");
        program.press(ENTER);
        program.wait_text("the demo makes files in");
        program.press("\x15new.csv");
        program.wait_text("Path: new.csv▏");
        program.press(ENTER);
        program.wait_text("saved as");

        let state = home.join(".local");
        let others =
            |path: &std::path::PathBuf| !path.starts_with(&state) && !path.ends_with(".keep");
        let written = || files(&home).into_iter().filter(others).collect::<Vec<_>>();
        let new: Vec<_> = written().into_iter().filter(|path| *path != real).collect();
        let directory = new[0].parent().unwrap().to_owned();
        assert_eq!(directory.parent(), Some(&*tmp), "{new:?}");
        for name in ["credentials", "new.csv"] {
            assert_eq!(mode(&directory.join(name)), 0o600);
        }
        assert!(
            new.iter().all(|path| path.starts_with(&directory)),
            "{new:?}"
        );
        let text = fs::read_to_string(directory.join("credentials")).unwrap();
        assert!(text.contains("[ci]\naws_access_key_id = "), "{text}");
        assert_eq!(fs::read_to_string(&real).unwrap(), before);
        program.press(ESC);
        program.wait_gone("New key for");
        program.press("q");
        program.wait_exit().assert_clean(0);
        assert_eq!(written(), [real], "what the demo has written is gone");
        assert!(!directory.exists());
    }
}
