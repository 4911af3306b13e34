//! Questions: those that are asked before a change, and those that a lost answer leaves open.

use super::{
    SIZE,
    desk::{Desk, Someone, answer, now, people, settings, someone},
    error,
};
use chrono::TimeDelta;
use crossterm::event::KeyCode;
use iamkeys::{
    effect::{Effect, Fact, Note, Origin, Read},
    iam::{AccessKey, Change, KeyStatus, Kind, LastUsed},
    message::{Answer, Message},
    state::{
        Settings,
        load::Load,
        questions::{Cause, Finding, Question},
    },
};

/// Deploy-bot's first key with something changed about it.
fn with_deploy_key(change: impl FnOnce(&mut (AccessKey, LastUsed))) -> Vec<Someone> {
    let mut users = people();
    change(&mut users[1].keys[0]);
    users
}

/// A desk on deploy-bot's first key.
fn at_deploy_key() -> Desk {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jl");
    desk
}

#[test]
fn an_answer_given_before_the_look_counts_when_nothing_is_different() {
    let mut desk = at_deploy_key();
    desk.keys("ty");
    assert!(desk.next_change().is_none(), "the look comes first");
    assert!(desk.screen().contains("Looking at the account first"));
    desk.serve(&people());
    assert!(desk.next_change().is_some());
    assert!(desk.state.modals.is_empty());
}

#[test]
fn escape_stops_an_answer_that_waits_for_the_look() {
    let mut desk = at_deploy_key();
    desk.keys("ty");
    desk.press(KeyCode::Esc);
    desk.serve(&people());
    assert!(desk.next_change().is_none());
}

#[test]
fn what_is_different_is_said_and_asked_about_again() {
    let inactive = with_deploy_key(|key| key.0.status = KeyStatus::Inactive);
    let mut desk = at_deploy_key();
    desk.keys("dPLE1");
    desk.press(KeyCode::Enter);
    desk.serve(&inactive);
    assert!(
        desk.next_change().is_none(),
        "what was typed counts no more"
    );
    let screen = desk.screen();
    assert!(screen.contains("it was Active"), "{screen}");
    desk.keys("PLE1");
    desk.press(KeyCode::Enter);
    assert!(desk.next_change().is_some(), "decided again");
}

#[test]
fn a_use_that_was_not_seen_before_is_asked_about_again() {
    let old = Some(24 * 400);
    let users = |used| {
        [someone(
            "bob",
            &[("AKIABOB00001EXAMPLE1", false, 900, used)],
        )]
    };
    let mut desk = Desk::showing(SIZE, settings(), &users(old));
    desk.keys("dy");
    desk.serve(&users(Some(1)));
    assert!(desk.next_change().is_none());
    let screen = desk.screen();
    assert!(
        screen.contains("It has been used since you looked."),
        "{screen}"
    );
    assert!(
        screen.contains("Type its last four characters"),
        "now it is in use:\n{screen}"
    );
}

#[test]
fn a_use_within_the_days_that_were_asked_for_counts_as_use() {
    let users = [someone(
        "bob",
        &[("AKIABOB00001EXAMPLE1", false, 900, Some(24 * 20))],
    )];
    for (days, typed) in [(90, true), (10, false)] {
        let settings = Settings {
            recent: TimeDelta::days(days),
            ..settings()
        };
        let mut desk = Desk::showing(SIZE, settings, &users);
        desk.keys("d");
        desk.serve(&users);
        let screen = desk.screen();
        assert_eq!(screen.contains("Type its last four"), typed, "{screen}");
    }
}

#[test]
fn a_look_that_fails_is_said_and_the_answer_is_asked_for_again() {
    let mut desk = at_deploy_key();
    desk.keys("ty");
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::Keys(user) => Answer::Keys(user, Err(error(Kind::Network))),
            read => answer(&people(), read),
        };
        desk.answered(request, answer);
    }
    assert!(desk.next_change().is_none());
    assert!(
        desk.screen().contains("It could not be looked at again"),
        "{}",
        desk.screen()
    );
    desk.keys("y");
    assert!(desk.next_change().is_some(), "the person has decided");
}

#[test]
fn the_session_s_own_key_is_typed_to_be_deactivated() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("t");
    desk.serve(&people());
    assert!(desk.next_change().is_none());
    let screen = desk.screen();
    assert!(
        screen.contains("Type its last four characters to deactivate it"),
        "{screen}"
    );
    assert!(
        screen.contains("It is the only active key of alice."),
        "{screen}"
    );
    desk.keys("PLE1");
    desk.press(KeyCode::Enter);
    assert!(desk.next_change().is_some());
}

#[test]
fn a_key_that_appears_before_another_is_created_is_said() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    let mut users = people();
    let second = (
        AccessKey {
            id: "AKIAALICE002EXAMPLE2".into(),
            ..users[0].keys[0].0.clone()
        },
        LastUsed::Never,
    );
    users[0].keys.push(second);
    desk.keys("cy");
    desk.serve(&users);
    assert!(desk.next_change().is_none());
    assert!(
        desk.screen().contains("No room for another key"),
        "{}",
        desk.screen()
    );
    // With room for it, it is news all the same.
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.state.session.keys_per_user = Load::Ready(Some(5), now());
    desk.keys("cy");
    desk.serve(&users);
    assert!(desk.next_change().is_none());
    assert!(
        desk.screen().contains("AKIAALICE002EXAMPLE2 has"),
        "{}",
        desk.screen()
    );
    desk.keys("y");
    assert!(desk.next_change().is_some());
}

/// What the account shows once the answer to a change was lost, and the screen then.
fn lost(desk: &mut Desk, keys: &str, found: &[Someone]) -> String {
    desk.keys(keys);
    desk.serve(&people());
    let (id, _) = desk.next_change().expect("a change was sent");
    desk.changed(id, Err(error(Kind::Network)));
    desk.serve(found);
    desk.screen()
}

#[test]
fn after_a_lost_answer_the_account_says_what_is_true() {
    let as_before = people();
    let inactive = with_deploy_key(|key| key.0.status = KeyStatus::Inactive);
    let mut without = people();
    without[1].keys.remove(0);
    let mut gone = people();
    gone.remove(1);
    for (keys, found, says) in [
        ("ty", &inactive, "It was done"),
        ("ty", &as_before, "It was not done"),
        ("ty", &without, "It is gone"),
        ("dPLE1\n", &without, "It was done"),
        ("dPLE1\n", &as_before, "It was not done"),
    ] {
        let mut desk = at_deploy_key();
        let keys = match keys.strip_suffix('\n') {
            None => keys,
            Some(typed) => {
                desk.keys(typed);
                desk.press(KeyCode::Enter);
                ""
            }
        };
        let screen = lost(&mut desk, keys, found);
        assert!(screen.contains(says), "{keys}, {says}:\n{screen}");
        let settled = desk.effects.iter().any(|effect| {
            matches!(
                effect,
                Effect::Note(Note {
                    fact: Fact::Settled(_),
                    ..
                })
            )
        });
        assert_eq!(settled, says != "It was not done", "{keys}, {says}");
        desk.press(KeyCode::Esc);
        assert!(desk.state.questions.is_empty(), "a person has seen it");
    }
}

#[test]
fn only_a_key_that_was_not_there_before_is_an_orphan() {
    let mut desk = at_deploy_key();
    desk.state.session.keys_per_user = Load::Ready(Some(5), now());
    let mut found = people();
    let third = AccessKey {
        id: "AKIADEPLOY03EXAMPLE3".into(),
        ..found[1].keys[0].0.clone()
    };
    found[1].keys.push((third, LastUsed::Never));
    let screen = lost(&mut desk, "cy", &found);
    assert!(screen.contains("AKIADEPLOY03EXAMPLE3"), "{screen}");
    let [question] = &desk.state.questions[..] else {
        panic!("one question: {:?}", desk.state.questions);
    };
    let Finding::Orphans(orphans) = &question.finding else {
        panic!("an orphan: {question:?}");
    };
    assert_eq!(orphans.len(), 1);
    desk.press(KeyCode::Esc);
    assert_eq!(desk.state.questions.len(), 1, "nobody has answered it");
    assert!(desk.screen().contains("? deploy-bot"), "{}", desk.screen());
}

#[test]
fn a_question_of_another_account_is_none_of_this_one_s() {
    let question = |account: &str, id: &str| Question {
        origin: Origin::Earlier(id.into()),
        change: Change::Create {
            user: "alice".into(),
        },
        account: Some(account.into()),
        endpoint: None,
        sent: now(),
        before: Some(Vec::new()),
        cause: Cause::Interrupted,
        finding: Finding::Unseen,
    };
    let mut desk = Desk::showing(SIZE, settings(), &people());
    let other = question("999999999999", "run/1");
    desk.send(Message::Journal(Ok(vec![other])));
    assert!(desk.next_read().is_none(), "it is not looked for here");
    assert!(desk.state.modals.is_empty());
    assert!(desk.state.question_about("alice").is_none());
    desk.send(Message::Journal(Ok(vec![question(
        "123456789012",
        "run/2",
    )])));
    assert!(desk.next_read().is_some());
    assert!(desk.state.question_about("alice").is_some());
}
