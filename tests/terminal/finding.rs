//! Finding a key by its ID, from the shell to a leaked key deactivated.

use crate::{ENTER, World, pty::Start};
use chrono::Utc;
use iamkeys::demo::{Account, Endpoint, Status};

/// Thousands of users, and a key of one of the last of them.
fn thousands() -> (World, String, String) {
    let endpoint = Endpoint::new(Account::generated(2500, Utc::now()));
    let (user, key) = endpoint.account(|account| {
        let with_keys = account.users().filter(|user| {
            let active = |key: &iamkeys::demo::Key| key.status == Status::Active;
            user.keys.iter().any(active)
        });
        let user = with_keys.last().unwrap();
        let active = user.keys.iter().find(|key| key.status == Status::Active);
        (user.name.to_string(), active.unwrap().id.to_string())
    });
    (World::of(endpoint), user, key)
}

#[test]
fn from_the_shell_to_a_leaked_key_deactivated_takes_four_key_presses() {
    let (world, user, key) = thousands();
    // The list of users does not come: nothing but the key itself can be waited for.
    world.gate.hold("ListUsersResponse");
    // What a shell has done at Enter, the first press.
    let mut program = world.start().arg(&key).run();
    program.wait_text(&format!("─ {user} ─"));
    program.wait_text(&key);
    program.wait_text("Active");
    program.wait_gone("Find a key");
    let calls = world.endpoint.calls();
    let asked = calls
        .iter()
        .filter(|call| call.action == "GetAccessKeyLastUsed");
    let asked: Vec<_> = asked.filter_map(|call| call.key_id.as_deref()).collect();
    assert_eq!(
        asked.iter().filter(|id| **id == key).count(),
        1,
        "{asked:?}"
    );
    let pages = calls.iter().filter(|call| call.action == "ListUsers");
    assert!(pages.count() <= 1, "the list has not come");
    program.press("t");
    program.wait_text("Deactivate key");
    program.press("y");
    program.wait_text("Deactivated");
    let status = world.endpoint.account(|account| {
        let mut keys = account.user(&user).unwrap().keys.iter();
        keys.find(|it| it.id == key.as_str()).unwrap().status
    });
    assert_eq!(status, Status::Inactive);
    // The listing goes on, and takes the key from nobody.
    world.gate.open();
    program.press("h");
    program.wait_text("Users 2,500");
    program.wait_text(&format!("─ {user} ─"));
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn a_key_press_ahead_of_a_slow_network_waits_for_its_key() {
    let (world, user, key) = thousands();
    for (answer, seen) in [
        (
            "GetAccessKeyLastUsedResponse",
            "Looking whose it is".to_owned(),
        ),
        ("ListAccessKeysResponse", format!("─ {user} ─")),
    ] {
        let active = |account: &mut Account| account.set_key_status(&key, Status::Active);
        world.endpoint.account(active);
        world.gate.hold(answer);
        let mut program = world.start().arg(&key).run();
        program.wait_text(&seen);
        program.press("t");
        program.wait_text(&format!("Deactivate: waiting for {key}"));
        program.press("y");
        program.wait_text("Nothing is confirmed yet");
        world.gate.open();
        program.wait_text("Deactivate key");
        program.wait_text("Verified with AWS just now");
        program.press("y");
        program.wait_text("Deactivated");
        program.press("q");
        program.wait_exit().assert_clean(0);
        let status = world.endpoint.account(|account| {
            let mut keys = account.user(&user).unwrap().keys.iter();
            keys.find(|it| it.id == key.as_str()).unwrap().status
        });
        assert_eq!(status, Status::Inactive, "{answer}");
    }
}

#[test]
fn a_confirmation_counts_once_its_dialog_could_be_read() {
    let world = World::demo();
    let mut program = world.start().arg("AKIAQX7DEMO4ZAPIER01").run();
    program.wait_text("AKIAQX7DEMO4ZAPIER01 is a key of zapier");
    program.send(b"ty");
    program.wait_text("Deactivate key");
    program.wait_text("Press y again: this dialog had just opened");
    assert_eq!(world.changes(), [""; 0]);
    program.press("y");
    program.wait_text("Deactivated");
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn a_key_named_at_the_start_is_found_in_the_demo() {
    let mut program = Start::iamkeys(["akiaqx7demo4zapier01", "--demo"]).run();
    program.wait_text("AKIAQX7DEMO4ZAPIER01 is a key of zapier");
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn a_key_of_another_account_of_the_demo_is_found_from_the_first() {
    let mut program = Start::iamkeys(["--demo"]).run();
    program.wait_text("Users 24");
    program.send(b"\x1b[200~AKIAQX7DEMO4DVCI0001\x1b[201~");
    program.wait_text("111122223333, which is not open");
    program.press(ENTER);
    program.wait_text("─ ci-dev ─");
    program.wait_text("AKIAQX7DEMO4DVCI0001");
    program.wait_gone("Find a key");
    // All accounts are open now: the next one is found at once.
    program.send(b"\x1b[200~AKIAQX7DEMO4DTKAFK01\x1b[201~");
    program.wait_text("─ kafka-connect ─");
    program.press("t");
    program.wait_text("Deactivate key");
    program.wait_text("acme-data 444455556666");
}

#[test]
fn a_key_named_at_the_start_is_found_in_any_account_of_an_organisation() {
    let world = World::of(Endpoint::demo_organisation(Utc::now()));
    let mut program = world
        .start()
        .arg("AKIAQX7DEMO4DVCI0001")
        .arg("--all-accounts")
        .run();
    program.wait_text("─ ci-dev ─");
    program.wait_text("AKIAQX7DEMO4DVCI0001");
    program.press("t");
    program.wait_text("Verified with AWS just now");
    program.press("y");
    program.wait_text("Deactivated");
    program.press("q");
    program.wait_exit().assert_clean(0);
    let status = world.endpoint.in_account("111122223333", |account| {
        let (_, key) = account.key("AKIAQX7DEMO4DVCI0001").unwrap();
        key.status
    });
    assert_eq!(status, Status::Inactive);
}

#[test]
fn a_pasted_id_is_found_and_a_pasted_secret_is_not_shown() {
    let world = World::demo();
    let mut program = world.start().run();
    program.wait_text("Users 24");
    program.press("f");
    program.wait_text("Find a key");
    program.send(b"\x1b[200~wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\x1b[201~");
    program.wait_text("That looks like a secret");
    program.send(b"\x1b[200~\"AKIAQX7DEMO4ZAPIER01\"\n\x1b[201~");
    program.wait_text("ID AKIAQX7DEMO4ZAPIER01");
    program.press(ENTER);
    program.wait_text("AKIAQX7DEMO4ZAPIER01 is a key of zapier");
    let raw = program.raw();
    assert!(!String::from_utf8_lossy(&raw).contains("wJalr"));
}

#[test]
fn what_is_no_key_id_is_told_before_the_screen_is_taken() {
    for (text, said) in [
        ("AKIAIOSFODNN7EXAMPL", "Too short for a key ID"),
        (
            "ASIAY34FZKBOKMUTVV7A",
            "in account 609629065308 (derived from the ID)",
        ),
        ("AROAIOSFODNN7EXAMPLES", "is the ID of a role"),
        (
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "That looks like a secret",
        ),
    ] {
        let mut program = Start::iamkeys([text]).size(200, 24).run();
        program.wait_text(said);
        program.wait_exit().assert_clean(2);
        let raw = program.raw();
        let raw = String::from_utf8_lossy(&raw);
        assert!(!raw.contains("\x1b[?1049h"), "{raw}");
        assert!(!raw.contains("wJalr"), "{raw}");
    }
}
