//! The response to a leaked key at an IAM that is not ours, with the real program; what another client
//! sees afterwards is what counts. Neither server has an event history, which the page says.

use super::{
    Program, Server, account, command,
    dialog::dialog,
    impact::{go_down_to, kinds, not_listed, wait_words},
    server,
};
use chrono::{TimeDelta, Utc};
use iamkeys::engine::{REVOCATION, impact::revocation};

/// The page of a leaked key.
fn respond_to(key: &str) -> Program {
    let mut program = command(&["leaked", key]).size(120, 50).run();
    program.wait_text(&format!("Leaked {key}"));
    program
}

/// Presses this, and agrees to what a dialog of this title says, once the account was looked at.
#[track_caller]
fn agree(program: &mut Program, keys: &str, title: &str) {
    program.press(keys);
    program.wait_for(title, |screen| {
        let asked = dialog(&screen.contents(), title);
        asked.is_some_and(|asked| asked.contains("Verified with AWS just now"))
    });
    program.press("y");
    program.wait_gone(&format!("─ {title} ─"));
}

/// Moves to the step about everything else.
#[track_caller]
fn go_to_others(program: &mut Program) {
    program.press("gjjj");
    program.wait_for("the step", |screen| {
        let screen = screen.contents();
        let mut lines = screen.lines();
        lines.any(|line| line.contains(" ▌ ") && line.contains(" 4 Everything else"))
    });
}

/// The statuses of all credentials of a kind, with their IDs.
fn of_kind(user: &str, kind: &str) -> Vec<(String, String)> {
    let words = account(&["credentials", user, kind]);
    let each = words.chunks(4);
    each.map(|it| (it[1].clone(), it[2].clone())).collect()
}

#[test]
fn a_leaked_key_is_deactivated_and_its_sessions_revoked() {
    let user = "leak-mona";
    account(&["create_users", user]);
    account(&["put_policy", user, "own", &revocation::document(Utc::now())]);
    let key = account(&["create_key", user]);
    if server() == Server::Moto {
        account(&["use_key", &key[0], &key[1]]);
        account(&["quarantine", user]);
    }
    let other = account(&["create_key", user]).remove(0);
    let before = account(&["own_policies", user]);
    let mut program = respond_to(&key[0]);
    program.wait_text("Active: whoever has it can use it");
    if server() == Server::Moto {
        wait_words(
            &mut program,
            "in public is attached to leak-mona: AWSCompromisedKeyQuarantineV2.",
        );
    }
    agree(&mut program, "\r", "Deactivate key");
    program.wait_text("✓ 1 Deactivate");
    let keys = [&*key[0], "Inactive", &*other, "Active"];
    assert_eq!(account(&["keys", user]), keys);

    // A key that was never used has made no session, as far as that is known: it may be done all the
    // same.
    match server() {
        Server::Moto => program.wait_text("not revoked: they may last for 36 hours"),
        Server::Ministack => {
            wait_words(
                &mut program,
                "not revoked: no use on record, and one may not be told yet",
            );
        }
    }
    let begun = Utc::now();
    agree(&mut program, "gj\r", "Revoke sessions");
    // Not for done: a use within the last hour may not be told yet.
    wait_words(&mut program, "2 Revoke sessions those made before");
    program.wait_text("are denied");
    let after = account(&["own_policies", user]);
    let (old, new): (Vec<_>, Vec<_>) = after.chunks(2).partition(|it| it[0] != REVOCATION);
    assert_eq!(old.concat(), before, "the user's other policy is as it was");
    let [[_, document]] = new[..] else {
        panic!("one policy: {new:?}");
    };
    let deny: serde_json::Value = serde_json::from_str(document).expect("it is JSON");
    let [statement] = &deny["Statement"].as_array().expect("a list")[..] else {
        panic!("one statement: {deny}");
    };
    assert_eq!(statement["Effect"], "Deny");
    assert_eq!(statement["Action"], "*");
    assert_eq!(statement["Resource"], "*");
    let cut = &statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"];
    let cut = cut
        .as_str()
        .expect("a text")
        .parse::<chrono::DateTime<Utc>>();
    let off = cut.expect("a time") - begun;
    assert!(off.num_seconds().abs() < 60, "{off}");

    // Nothing says that it did nothing: nobody has told.
    program.press("j");
    program.wait_text("▌ ○ 3 What it did");
    wait_words(&mut program, "cloudtrail:LookupEvents)");
    wait_words(&mut program, "account:ListRegions)");
    wait_words(&mut program, "not known: 1 of 1 region not told");
    program.press("q");
    program.wait_gone("Leaked");
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn a_revocation_that_denies_nothing_any_more_is_lifted() {
    let user = "lift-nora";
    account(&["create_users", user]);
    let key = account(&["create_key", user]).remove(0);
    account(&["deactivate_key", user, &key]);
    let of = |hours| revocation::document(Utc::now() - TimeDelta::hours(hours));
    account(&["put_policy", user, "own", &of(40)]);
    account(&["put_policy", user, REVOCATION, &of(35)]);
    let mut program = respond_to(&key);
    program.wait_text("✓ 1 Deactivate");
    // It is not known since when the key is off, so that a use may not be told yet.
    program.wait_text("▲ 2 Revoke sessions");
    // Not before its time: until then a later one can take its place.
    program.press("gj\r");
    program.wait_text("It replaces the one for sessions made before");
    program.press("\x1b");
    program.wait_gone("It replaces the one");
    assert_eq!(account(&["own_policies", user]).len(), 4);
    account(&["put_policy", user, REVOCATION, &of(37)]);
    program.press("R");
    wait_words(&mut program, "have expired: the policy can be removed");
    agree(&mut program, "gj\r", "Remove the revocation");
    wait_words(
        &mut program,
        "not revoked: no use on record, and one may not be told yet",
    );
    let left = account(&["own_policies", user]);
    assert_eq!(left.len(), 2, "{left:?}");
    assert_eq!(left[0], "own");
}

#[test]
fn what_else_the_user_has_is_deactivated_and_deleted() {
    let user = "other-olga";
    account(&["create_users", user]);
    account(&[&["give_credentials", user], kinds()].concat());
    let key = account(&["create_key", user]).remove(0);
    let mut program = respond_to(&key);
    program.wait_text("Active: whoever has it can use it");
    go_to_others(&mut program);
    for action in not_listed() {
        wait_words(&mut program, &format!("{action}."));
    }
    if server() == Server::Moto {
        let [(on, _), (off, _)] = &of_kind(user, "ssh")[..] else {
            panic!("two SSH keys");
        };
        let is = |id: &str, status: &str| (id.to_owned(), status.to_owned());
        // The one that is Active is deactivated; the other one is none of its business.
        go_down_to(&mut program, &format!("SSH key {on}, Active"));
        agree(&mut program, "t", "Deactivate SSH key");
        program.wait_text(&format!("SSH key {on}, Inactive"));
        let both = [is(on, "Inactive"), is(off, "Inactive")];
        assert_eq!(of_kind(user, "ssh"), both);
        agree(&mut program, "t", "Activate SSH key");
        program.wait_text(&format!("SSH key {on}, Active"));
        assert_eq!(
            of_kind(user, "ssh"),
            [is(on, "Active"), is(off, "Inactive")]
        );
        // It is deleted.
        agree(&mut program, "d", "Delete SSH key");
        program.wait_gone(&format!("SSH key {on},"));
        assert_eq!(of_kind(user, "ssh"), [is(off, "Inactive")]);

        let certificate = of_kind(user, "certificate").remove(0).0;
        go_down_to(&mut program, &format!("signing certificate {certificate}"));
        agree(&mut program, "t", "Deactivate certificate");
        program.wait_text(&format!("signing certificate {certificate}, Inactive"));
        let off = [is(&certificate, "Inactive")];
        assert_eq!(of_kind(user, "certificate"), off);
        agree(&mut program, "d", "Delete certificate");
        program.wait_gone(&format!("signing certificate {certificate},"));
        assert_eq!(of_kind(user, "certificate"), []);
    }
    // An MFA device has no status, and what deactivates it takes it from the user.
    go_to_others(&mut program);
    go_down_to(&mut program, "MFA device");
    agree(&mut program, "t", "Deactivate MFA device");
    program.wait_text("to look at, 1 that can be used");
    assert_eq!(of_kind(user, "mfa"), []);
    go_to_others(&mut program);
    go_down_to(&mut program, "console password");
    // What has no status is only deleted.
    program.press("t");
    program.wait_text("It has no status: d deletes it");
    agree(&mut program, "d", "Delete console password");
    // What else there is, ministack does not list.
    program.wait_text(match server() {
        Server::Moto => "to look at, 0 that can be used",
        Server::Ministack => "none known; not all could be listed",
    });
    assert_eq!(of_kind(user, "password"), []);
    // The key itself is as it was.
    assert_eq!(account(&["keys", user]), [&*key, "Active"]);
}
