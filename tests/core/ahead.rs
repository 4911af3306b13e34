//! Keys pressed ahead of what they are about: an action waits for its key or its user's keys, in sight,
//! and is done to them or to nothing.

use super::{
    SIZE, error,
    find::{
        account_refused, asked, both_asked, find, owner, selected, sign_in, started_with, waiting,
        words,
    },
};
use crate::desk::{Desk, answer, people, settings};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{Answer, Change, Effect, Kind, Problem, Read, RequestId, SignedIn},
    tui::{Message, Page, Pane, keymap::Context},
};

/// A key of a user with two.
const KEY: &str = "AKIADEPLOY02EXAMPLE2";

fn notice(desk: &Desk) -> &str {
    desk.screen.notice().map_or("", |notice| &notice.text)
}

fn copied(desk: &Desk) -> bool {
    let copy = |effect: &Effect| matches!(effect, Effect::Copy(_));
    desk.effects.iter().any(copy)
}

/// The questions for keys, of a desk that waits for everybody's; with everything else answered.
fn loading() -> (Desk, Vec<(RequestId, Read)>) {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    let mut keys = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        match read {
            Read::Keys(_) => keys.push((request, read)),
            Read::Report => desk.answered(request, Err(error(Kind::Denied))),
            read => desk.answered(request, answer(&people(), read)),
        }
    }
    (desk, keys)
}

/// The keys of a user come.
#[track_caller]
fn keys_come(desk: &mut Desk, reads: &[(RequestId, Read)], user: &str) {
    let of_user = |(_, read): &&(RequestId, Read)| matches!(read, Read::Keys(of) if **of == *user);
    let (request, read) = reads.iter().find(of_user).expect("they were asked for");
    desk.answered(*request, answer(&people(), read.clone()));
}

#[test]
fn from_the_shell_to_a_deactivated_key_at_any_speed() {
    // So much has been answered when `t` is pressed: nothing, signing in, the owner, the keys.
    for answered in 0..4 {
        let mut desk = started_with(KEY);
        if answered == 0 {
            desk.keys("t");
        }
        sign_in(&mut desk);
        if answered == 1 {
            desk.keys("t");
        }
        let (request, key) = asked(&mut desk);
        let told = owner(&people(), &key);
        desk.answered(request, told);
        if answered == 2 {
            desk.keys("t");
        }
        if answered < 3 {
            let said = format!("Deactivate: waiting for {KEY} · Esc cancels");
            assert_eq!(notice(&desk), said, "{answered}");
            // Nothing is confirmed that is not asked yet.
            desk.keys("y");
            assert_eq!(notice(&desk), format!("Nothing is confirmed yet. {said}"));
            assert!(!copied(&desk));
        }
        desk.serve(&people());
        if answered == 3 {
            desk.keys("t");
            desk.serve(&people());
        }
        assert_eq!(desk.screen.context(), Context::Confirm, "{answered}");
        assert!(desk.screen().contains("Deactivate key"));
        assert!(desk.next_change().is_none());
        desk.keys("y");
        let change = Change::SetActive {
            user: "deploy-bot".into(),
            key: KEY.into(),
            active: false,
        };
        assert_eq!(desk.next_change().unwrap().1, change, "{answered}");
    }
}

#[test]
fn what_is_asked_of_a_key_being_found_waits_for_it_and_for_no_other() {
    for (keys, name) in [
        ("t", "Deactivate"),
        ("d", "Delete"),
        ("y", "Copy ID"),
        ("n", "Describe"),
    ] {
        let (mut desk, after, request) = waiting();
        assert_eq!(selected(&desk).0, "bot");
        desk.keys(keys);
        let said = format!("{name}: waiting for AKIABOT00002EXAMPLE2 · Esc cancels");
        assert_eq!(notice(&desk), said);
        assert_eq!(desk.screen.open_dialogs(), 0, "{keys}");
        assert!(!copied(&desk));
        desk.answered(request, answer(&after, Read::Keys("bot".into())));
        assert_eq!(selected(&desk), ("bot", Some("AKIABOT00002EXAMPLE2")));
        if keys == "y" {
            assert!(copied(&desk));
        } else {
            assert_eq!(desk.screen.open_dialogs(), 1, "{keys}");
            assert!(desk.screen().contains("AKIABOT00002EXAMPLE2"));
        }
    }
}

#[test]
fn esc_or_going_elsewhere_cancels_it_and_that_is_said() {
    for keys in ["<esc>", "hk", "k", "4", "?"] {
        let (mut desk, after, request) = waiting();
        desk.keys("t");
        match keys {
            "<esc>" => desk.press(KeyCode::Esc),
            keys => desk.keys(keys),
        }
        assert_eq!(notice(&desk), "Deactivate: cancelled", "{keys}");
        if keys == "<esc>" {
            assert_eq!(desk.screen.pane(), Pane::Keys, "it does nothing else");
        }
        let before = desk.screen.open_dialogs();
        desk.answered(request, answer(&after, Read::Keys("bot".into())));
        assert_eq!(desk.screen.open_dialogs(), before, "{keys}");
    }
}

#[test]
fn another_action_takes_its_place() {
    let (mut desk, after, request) = waiting();
    desk.keys("td");
    assert!(
        notice(&desk).starts_with("Delete: waiting"),
        "{}",
        notice(&desk)
    );
    desk.answered(request, answer(&after, Read::Keys("bot".into())));
    assert!(desk.screen().contains("Delete key"), "{}", desk.screen());
}

#[test]
fn a_key_that_is_not_found_gets_nothing_and_that_is_said() {
    // AWS does not know it.
    let mut desk = Desk::showing(SIZE, settings(), &people());
    find(&mut desk, "AKIAIOSFODNN7EXAMPLE");
    desk.keys("t");
    assert!(notice(&desk).starts_with("Deactivate: waiting"));
    let (request, _, of_account) = both_asked(&mut desk);
    desk.answered(request, Err(error(Kind::Denied)));
    assert!(notice(&desk).starts_with("Deactivate: waiting"));
    account_refused(&mut desk, of_account);
    assert_eq!(notice(&desk), "Deactivate: cancelled");
    assert!(words(&desk).starts_with("No key AKIAIOSFODNN7EXAMPLE"));
    // Its owner does not have it any more.
    let (mut desk, _, request) = waiting();
    desk.keys("t");
    desk.answered(request, Ok(Answer::Keys(Vec::new())));
    assert_eq!(notice(&desk), "Deactivate: cancelled");
    assert_eq!(desk.screen.context(), Context::Find);
    // Nobody is signed in.
    let mut desk = started_with(KEY);
    desk.keys("t");
    let session = desk.session();
    let result = Err(Box::new(Problem {
        title: "No AWS credentials".into(),
        ..Problem::default()
    }));
    desk.send(iamkeys::engine::Event::SignedIn { session, result });
    assert_eq!(notice(&desk), "Deactivate: cancelled");
}

#[test]
fn what_is_typed_while_a_key_is_looked_for_is_text_where_it_is_no_action() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    find(&mut desk, KEY);
    asked(&mut desk);
    desk.press(KeyCode::Backspace);
    desk.keys("t");
    assert_eq!(notice(&desk), "", "nothing is looked for any more");
    assert!(desk.screen().contains("AKIADEPLOY02EXAMPLEt"));
}

#[test]
fn an_action_waits_for_the_keys_of_its_user() {
    let (mut desk, reads) = loading();
    desk.keys("jj");
    assert_eq!(selected(&desk).0, "former-intern");
    desk.keys("t");
    let said = "Deactivate: waiting for the keys of former-intern · Esc cancels";
    assert_eq!(notice(&desk), said);
    keys_come(&mut desk, &reads, "alice");
    assert_eq!(desk.screen.open_dialogs(), 0);
    assert_eq!(notice(&desk), said);
    keys_come(&mut desk, &reads, "former-intern");
    assert!(desk.screen().contains("Activate key"), "{}", desk.screen());
    assert!(
        desk.screen()
            .contains("AKIAINTERN01EXAMPLE1 of former-intern")
    );
}

#[test]
fn who_moves_on_takes_no_action_along() {
    let (mut desk, reads) = loading();
    desk.keys("tj");
    assert_eq!(notice(&desk), "Deactivate: cancelled");
    for user in ["alice", "deploy-bot"] {
        keys_come(&mut desk, &reads, user);
    }
    assert_eq!(desk.screen.open_dialogs(), 0);
}

#[test]
fn of_several_keys_that_come_none_is_taken_unseen() {
    for before in ["j", "jl"] {
        let (mut desk, reads) = loading();
        desk.keys(before);
        desk.keys("d");
        keys_come(&mut desk, &reads, "deploy-bot");
        assert_eq!(desk.screen.open_dialogs(), 0, "{before}");
        let said = "deploy-bot has several keys: choose one, then press again";
        assert_eq!(notice(&desk), said);
        assert_eq!(desk.screen.pane(), Pane::Keys);
    }
}

#[test]
fn keys_that_may_not_be_seen_are_said_to_be_refused() {
    let (mut desk, reads) = loading();
    desk.keys("t");
    let (request, _) = reads[0].clone();
    desk.answered(request, Err(error(Kind::Denied)));
    assert!(
        notice(&desk).starts_with("The keys of alice are not loaded: "),
        "{}",
        notice(&desk)
    );
    desk.send(Message::Tick);
    assert_eq!(desk.screen.page(), Page::Users);
    assert_eq!(desk.screen.open_dialogs(), 0);
}
