//! Every byte that the program writes, searched for the secrets that the endpoint has handed out.

use crate::{ENTER, ESC, World, go_to, have_it, pty};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{TimeDelta, Utc};
use iamkeys::demo::{Account, Endpoint, KeyId};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The keys that are there now.
fn keys(world: &World) -> BTreeSet<KeyId> {
    world.endpoint.account(|account| {
        let users = account.users();
        users
            .flat_map(|user| user.keys.iter().map(|key| key.id))
            .collect()
    })
}

/// All files below a directory.
fn files(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn no_secret_that_was_handed_out_is_in_any_of_it() {
    let endpoint = Endpoint::new(Account::demo(Utc::now())).with_settling(TimeDelta::zero());
    let world = World::of(endpoint);
    let mut handed_out = BTreeSet::new();
    let before = keys(&world);
    let start = world.start().arg("--log-file").arg("iamkeys.log");
    let mut program = start.arg("--log-level").arg("trace").run();

    // One that is copied.
    world.create_key(&mut program);
    handed_out.extend(keys(&world));
    program.press("y");
    program.wait_text("secret sent to the terminal's clipboard");
    have_it(&mut program);

    // One whose answer is lost, replaced by one that is shown and thrown away.
    world
        .endpoint
        .fault("CreateAccessKey=cut*1".parse().unwrap());
    program.press(ESC);
    go_to(&mut program, "old-batch");
    program.press("c");
    program.wait_text("key slots in use");
    program.press("y");
    program.wait_text("A key whose secret is lost");
    handed_out.extend(keys(&world));
    program.press("y");
    program.wait_text("Delete the key, create another");
    program.wait_text("Verified with AWS just now.");
    program.press("y");
    program.wait_text("New key for old-batch");
    let shown = world.newest_key("old-batch");
    handed_out.extend(keys(&world));
    program.press(ESC);
    program.wait_text("Discard the only copy?");
    program.press("d");
    program.wait_gone("New key for");

    // The session's own, rotated: requests are signed with it from then on.
    program.press(ESC);
    program.wait_text("backup-agent");
    program.press("gr");
    program.wait_text("continues with the new one");
    program.press("y");
    program.wait_text("New key for alice");
    handed_out.extend(keys(&world));
    program.press("y");
    program.wait_text("secret sent to the terminal's clipboard");
    have_it(&mut program);
    program.wait_text("authenticates as alice");
    program.press(ESC);
    program.wait_gone("Rotate alice");
    program.press("R");
    program.wait_gone("⠋");

    // What is told of all this.
    program.press("4");
    program.wait_text("CreateAccessKey");
    program.press(ENTER);
    program.wait_text("aws iam");
    program.press(ESC);
    program.wait_gone("What happened");
    program.press("q");
    let ended = program.wait_exit();
    ended.assert_clean(0);

    let signed_in = world.newest_key("alice");
    let calls = world.endpoint.calls();
    assert!(
        calls
            .iter()
            .any(|call| call.signed_by.as_deref() == Some(signed_in.as_str())
                && call.action != "GetCallerIdentity"),
        "it went on with the new key"
    );
    let new: Vec<KeyId> = handed_out.difference(&before).copied().collect();
    assert_eq!(new.len(), 4, "{new:?}");
    let own = before
        .iter()
        .filter(|key| key.as_str() == "AKIAQX7DEMO4ALICE001");
    let mut written = Vec::new();
    files(program.home(), &mut written);
    let named = |name: &str| written.iter().any(|path| path.ends_with(name));
    assert!(
        named("iamkeys.log") && named("journal.jsonl"),
        "{written:?}"
    );
    for key in new.iter().chain(own) {
        let plain = key.secret();
        let base64 = BASE64_STANDARD.encode(&plain);
        for path in &written {
            let bytes = fs::read(path).expect("a file");
            for text in [&plain, &base64] {
                assert_eq!(pty::count(&bytes, text.as_bytes()), 0, "{key} in {path:?}");
            }
        }
        // The terminal got those that were copied, each in one sequence, and showed none.
        assert_eq!(pty::count(&ended.raw, plain.as_bytes()), 0, "{key}");
        let times = pty::count(&ended.raw, base64.as_bytes());
        let copied = new.contains(key) && *key != shown && keys(&world).contains(key);
        assert_eq!(times, usize::from(copied), "{key}");
    }
}
