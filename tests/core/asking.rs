//! Questions: those that are asked before a change, and those that a lost answer leaves open.

use super::{
    SIZE, creating,
    desk::{Desk, Someone, answer, left_open, now, people, settings, someone},
    error,
};
use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        self, Answer, Changed, Copied, CopyOutcome, Effect, Event, Fact, Intent, Kind, Note, Read,
        SecretKey, Signal, SignedIn, Target,
        model::{AccessKey, KeyStatus, LastUsed, Summary},
        unresolved::Finding,
    },
    tui::Settings,
};
use std::time::Duration;

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

/// A desk whose users may have five keys each.
fn five_keys_each() -> Desk {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn {
        key: "AKIAALICE001EXAMPLE1".into(),
        profile: Some("prod".into()),
        endpoint: None,
        ..SignedIn::default()
    });
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::Summary => Ok(Answer::Summary(Summary {
                keys_per_user: Some(5),
                root_keys: None,
            })),
            read => answer(&people(), read),
        };
        desk.answered(request, answer);
    }
    desk
}

/// Such a desk, on deploy-bot's first key.
fn at_deploy_key_of_five() -> Desk {
    let mut desk = five_keys_each();
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
    assert_eq!(desk.screen.open_dialogs(), 0);
}

#[test]
fn an_answer_that_comes_late_is_looked_at_once_more() {
    let inactive = with_deploy_key(|key| key.0.status = KeyStatus::Inactive);
    for (after, users, sent) in [
        (900, people(), true),
        (1_100, people(), true),
        (20_000, inactive, false),
    ] {
        let mut desk = at_deploy_key();
        desk.keys("t");
        desk.serve(&people());
        desk.wait(after);
        desk.keys("y");
        let at_once = desk
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Change(..)));
        assert_eq!(at_once, after < 1_000, "{after} ms");
        desk.serve(&users);
        assert_eq!(desk.next_change().is_some(), sent, "{}", desk.screen());
    }
}

#[test]
fn a_look_is_as_old_as_either_clock_says() {
    let second = TimeDelta::seconds(1);
    for (what, set, ran) in [
        ("the clock was set back, hours ago", second * -3600, 7_000),
        ("the clock was set back a moment ago", -second, 10),
        ("it was set back by as long as it took", second / 2, 60_000),
        ("the machine was asleep", second * 3600, 10),
    ] {
        let mut desk = at_deploy_key();
        desk.keys("t");
        desk.serve(&people());
        desk.clock += set;
        desk.running += Duration::from_millis(ran);
        desk.keys("y");
        assert!(desk.next_change().is_none(), "looked at first: {what}");
        desk.serve(&people());
        assert!(desk.next_change().is_some(), "{what}");
    }
}

#[test]
fn a_key_that_may_not_be_whole_is_kept_and_the_account_is_asked() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    let id = creating(&mut desk, "alice");
    let key = AccessKey {
        id: "AKIANEWKEY01EXAMPLE1".into(),
        status: KeyStatus::Active,
        created: Some(now()),
    };
    let unsure = Changed::Unsure {
        key: key.clone(),
        secret: SecretKey::new("DEMO/half".into()),
        error: Box::new(engine::Error {
            message: "the secret is cut off".into(),
            ..error(Kind::InvalidResponse)
        }),
    };
    desk.changed(id, Ok(unsure));
    let screen = desk.screen();
    assert!(
        screen.contains("This may not be the whole key: the secret is cut off."),
        "{screen}"
    );
    let held: Vec<_> = desk.screen.engine.vault.held().collect();
    assert_eq!(held[0].secret().unwrap().expose(), "DEMO/half");
    // What came of the change stays open, here and in the journal, wherever the secret goes.
    desk.keys("y");
    desk.send(Event::Copied {
        what: Copied::Secret,
        key: key.id.clone(),
        outcome: CopyOutcome::InSystemClipboard,
    });
    let noted = |desk: &Desk| {
        let effects = desk.effects.iter();
        effects
            .filter(|effect| matches!(effect, Effect::Note(_)))
            .count()
    };
    assert_eq!(noted(&desk), 0);
    let mut users = people();
    users[0].keys.push((key.clone(), LastUsed::Never));
    desk.serve(&users);
    let question = &desk.screen.engine.questions()[0];
    assert_eq!(question.finding, Finding::Orphans(vec![key]));
    assert_eq!(noted(&desk), 0);
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
        screen.contains("Type the last 4 characters"),
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
            engine: engine::Settings {
                recent: TimeDelta::days(days),
                ..settings().engine
            },
            ..settings()
        };
        let mut desk = Desk::showing(SIZE, settings, &users);
        desk.keys("d");
        desk.serve(&users);
        let screen = desk.screen();
        assert_eq!(screen.contains("Type the last 4"), typed, "{screen}");
    }
}

#[test]
fn a_look_that_fails_is_said_and_the_answer_is_asked_for_again() {
    let mut desk = at_deploy_key();
    desk.keys("ty");
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::Keys(_) => Err(error(Kind::Network)),
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
        screen.contains("Type the last 4 characters of the key ID: "),
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
    let mut desk = five_keys_each();
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
        ("ty", &as_before, "Not done so far"),
        ("ty", &without, "It is gone"),
        ("dPLE1\n", &without, "It was done"),
        ("dPLE1\n", &as_before, "Not done so far"),
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
        assert_eq!(settled, says != "Not done so far", "{keys}, {says}");
        // What is certain is over when it is closed; what looks undone may still come about.
        desk.press(KeyCode::Esc);
        let open = usize::from(says == "Not done so far");
        assert_eq!(desk.screen.engine.questions().len(), open, "{keys}, {says}");
    }
}

/// The account with a third key of deploy-bot, created then and never used.
fn with_third_key(created: DateTime<Utc>) -> Vec<Someone> {
    let mut users = people();
    let third = AccessKey {
        id: "AKIADEPLOY03EXAMPLE3".into(),
        created: Some(created),
        ..users[1].keys[0].0.clone()
    };
    users[1].keys.push((third, LastUsed::Never));
    users
}

#[test]
fn only_a_key_that_was_not_there_before_is_an_orphan() {
    let mut desk = at_deploy_key_of_five();
    let found = with_third_key(now());
    let screen = lost(&mut desk, "cy", &found);
    assert!(screen.contains("AKIADEPLOY03EXAMPLE3"), "{screen}");
    let [question] = desk.screen.engine.questions() else {
        panic!("one question: {:?}", desk.screen.engine.questions());
    };
    let Finding::Orphans(orphans) = &question.finding else {
        panic!("an orphan: {question:?}");
    };
    assert_eq!(orphans.len(), 1);
    desk.press(KeyCode::Esc);
    assert_eq!(
        desk.screen.engine.questions().len(),
        1,
        "nobody has answered it"
    );
    assert!(desk.screen().contains("? deploy-bot"), "{}", desk.screen());
}

#[test]
fn a_key_from_long_after_is_no_orphan() {
    let mut desk = at_deploy_key_of_five();
    let found = with_third_key(now() + TimeDelta::hours(1));
    let screen = lost(&mut desk, "cy", &found);
    assert!(screen.contains("No key has appeared so far."), "{screen}");
}

#[test]
fn an_orphan_that_somebody_deletes_is_no_question_any_more() {
    let mut desk = at_deploy_key_of_five();
    let found = with_third_key(now());
    lost(&mut desk, "cy", &found);
    desk.keys("R");
    desk.serve(&people());
    let screen = desk.screen();
    assert!(screen.contains("It is gone"), "{screen}");
    desk.press(KeyCode::Esc);
    assert!(desk.screen.engine.questions().is_empty());
}

#[test]
fn asking_again_leaves_the_question_open_until_it_is_sent() {
    let mut desk = at_deploy_key();
    lost(&mut desk, "ty", &people());
    desk.keys("a");
    desk.serve(&people());
    desk.press(KeyCode::Esc);
    assert_eq!(
        desk.screen.engine.questions().len(),
        1,
        "nothing was asked again"
    );
    desk.keys("ay");
    desk.serve(&people());
    assert!(desk.next_change().is_some());
    assert!(desk.screen.engine.questions().is_empty());
}

#[test]
fn a_lost_answer_is_not_looked_up_in_another_account() {
    let mut desk = at_deploy_key();
    desk.keys("ty");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    let earlier = desk.session();
    desk.intend(Intent::SignIn(desk.screen.slot(), Target::Demo));
    desk.signed_in(SignedIn::default());
    desk.effects.clear();
    desk.changed_in(earlier, id, Err(error(Kind::Network)));
    assert!(desk.next_read().is_none(), "not there");
    let [question] = desk.screen.engine.questions() else {
        panic!("it stays: {:?}", desk.screen.engine.questions());
    };
    assert_eq!(question.finding, Finding::Unseen);
    let ways_on = desk.screen.engine.resolutions(&question.origin);
    assert!(ways_on.is_empty(), "{ways_on:?}");
}

#[test]
fn what_was_being_looked_for_is_looked_for_in_the_next_session() {
    let mut desk = at_deploy_key();
    desk.keys("ty");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.changed(id, Err(error(Kind::Network)));
    let target = desk.account().target.clone();
    desk.intend(Intent::SignIn(desk.screen.slot(), target));
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    desk.serve(&people());
    let [question] = desk.screen.engine.questions() else {
        panic!("it stays: {:?}", desk.screen.engine.questions());
    };
    assert_eq!(question.finding, Finding::NotDone);
}

#[test]
fn a_question_of_an_earlier_run_is_looked_into_again_in_the_next_session() {
    let mut desk = at_deploy_key();
    let question = left_open("run/1", "deploy-bot", "123456789012");
    desk.send(Event::Journal(Ok(vec![question])));
    let finding = |desk: &Desk| desk.screen.engine.questions()[0].finding.clone();
    assert!(matches!(finding(&desk), Finding::Looking(_)));
    let target = desk.account().target.clone();
    desk.intend(Intent::SignIn(desk.screen.slot(), target));
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    desk.serve(&people());
    assert!(!matches!(
        finding(&desk),
        Finding::Looking(_) | Finding::Unseen
    ));
}

#[test]
fn an_answer_that_waits_does_not_go_from_under_something_else() {
    let mut desk = at_deploy_key();
    desk.keys("ty?");
    desk.serve(&people());
    assert!(desk.next_change().is_none());
    desk.press(KeyCode::Esc);
    assert!(desk.screen().contains("Deactivate key"), "still asked");
}

#[test]
fn an_interrupt_takes_an_answer_back_that_waits() {
    let mut desk = at_deploy_key();
    creating(&mut desk, "new-hire");
    desk.keys("ty");
    desk.send(Event::Signal(Signal::Interrupt));
    assert!(desk.screen().contains("Waiting for AWS"));
    desk.press(KeyCode::Esc);
    desk.serve(&people());
    assert!(desk.next_change().is_none());
}

#[test]
fn a_look_that_is_overtaken_waits_for_the_later_one() {
    let mut desk = at_deploy_key();
    desk.keys("ty");
    let mut first = Vec::new();
    while let Some(read) = desk.next_read() {
        first.push(read);
    }
    // Something else asks for the same user's keys.
    let question = left_open("run/1", "deploy-bot", "123456789012");
    desk.send(Event::Journal(Ok(vec![question])));
    let asks = |effect: &Effect| matches!(effect, Effect::Read(_, _, Read::Keys(user)) if **user == *"deploy-bot");
    assert!(desk.effects.iter().any(asks));
    for (request, read) in first {
        desk.answered(request, answer(&people(), read));
    }
    assert!(desk.next_change().is_none(), "its own answer was dropped");
    desk.serve(&people());
    assert!(desk.next_change().is_some(), "the later one is there");
}

#[test]
fn the_only_active_key_is_asked_about_again() {
    let mut desk = at_deploy_key();
    desk.keys("ty");
    let mut users = people();
    users[1].keys[1].0.status = KeyStatus::Inactive;
    desk.serve(&users);
    assert!(desk.next_change().is_none());
    let screen = desk.screen();
    assert!(screen.contains("the other key has been"), "{screen}");
}

#[test]
fn a_confirmation_of_an_earlier_session_is_void() {
    let mut desk = at_deploy_key();
    desk.keys("t");
    desk.serve(&people());
    let target = desk.account().target.clone();
    desk.intend(Intent::SignIn(desk.screen.slot(), target));
    desk.signed_in(SignedIn::default());
    desk.serve(&people());
    desk.keys("y");
    desk.serve(&people());
    assert!(desk.next_change().is_none());
    assert!(desk.screen().contains("Another session is open now."));
}

#[test]
fn a_question_of_another_account_is_none_of_this_one_s() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    let slot = desk.screen.slot();
    let other = left_open("run/1", "alice", "999999999999");
    desk.send(Event::Journal(Ok(vec![other])));
    assert!(desk.next_read().is_none(), "it is not looked for here");
    assert_eq!(desk.screen.open_dialogs(), 0);
    assert!(desk.screen.engine.question_about(slot, "alice").is_none());
    let ours = left_open("run/2", "alice", "123456789012");
    desk.send(Event::Journal(Ok(vec![ours])));
    assert!(desk.next_read().is_some());
    assert!(desk.screen.engine.question_about(slot, "alice").is_some());
}
