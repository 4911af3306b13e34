//! The steps: each change is looked at, sent once and judged.

use super::{KEY, Story, approve, bedrock, credential, denied, event, policy, stands};
use crate::{
    SIZE,
    desk::{now, settings},
    dialog::dialog,
    error,
};
use chrono::TimeDelta;
use crossterm::event::KeyCode;
use iamkeys::engine::{
    self, Change, Difference, Error, Kind, LeakStep, Need, REVOCATION,
    impact::{CredentialKind, NamedPolicy, revocation},
    leak::{Revocation, StepState},
    model::KeyStatus,
    unresolved::Finding,
};
use iamkeys::tui::Message;

#[test]
fn the_account_says_how_far_it_has_come_and_each_step_is_sent_once() {
    use StepState::{Done, Judge, Open};
    let mut story = Story::new();
    let mut desk = story.open();
    let (step, states, revocation) = stands(&desk);
    assert_eq!(step, LeakStep::Deactivate);
    assert_eq!(states, [Open, Open, Judge, Judge, Judge, Judge]);
    assert_eq!(revocation, Revocation::None);
    let screen = desk.screen();
    assert!(screen.contains("Leaked AKIALEAKED01EXAMPLE1"), "{screen}");
    desk.press(KeyCode::Enter);
    assert!(
        desk.screen().contains("Deactivate key"),
        "{}",
        desk.screen()
    );
    let change = approve(&mut desk, &mut story);
    assert_eq!(change.action(), "iam:UpdateAccessKey");
    // The cursor has gone on with it.
    assert_eq!(stands(&desk).0, LeakStep::Revoke);
    desk.press(KeyCode::Enter);
    story.serve(&mut desk);
    let screen = desk.screen();
    let document = revocation::document(now());
    // It is shown before it is written, word by word.
    let shown = dialog(&screen, "Revoke sessions").expect("it is asked");
    let bare: String = shown.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(bare.contains(&*document), "{screen}");
    assert!(shown.contains(REVOCATION), "{screen}");
    let change = approve(&mut desk, &mut story);
    let user = || "bot".into();
    assert_eq!(
        change,
        Change::RevokeSessions {
            user: user(),
            document
        }
    );
    let (step, states, revocation) = stands(&desk);
    assert_eq!(
        revocation,
        Revocation::Denied(now(), now() + TimeDelta::hours(36))
    );
    // A use shortly before it was off may not be told yet; meanwhile there is more to do.
    assert_eq!((step, &states[..2]), (LeakStep::Harm, &[Done, Judge][..]));
    story.ask_again_after(&mut desk, 61);
    assert_eq!(stands(&desk).1[..2], [Done, Done]);
    // Another person takes it up from the account, a day and a half later.
    let later = now() + TimeDelta::hours(37);
    let mut desk = story.open_with(SIZE, settings(), later);
    let (step, _, revocation) = stands(&desk);
    assert_eq!(
        (step, revocation),
        (LeakStep::Revoke, Revocation::Over(now()))
    );
    assert!(
        desk.screen().contains("remove the policy"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Enter);
    let change = approve(&mut desk, &mut story);
    assert_eq!(change, Change::LiftRevocation { user: user() });
    // Without the policy it is known all the same that none is left.
    story.ask_again_after(&mut desk, 61);
    let (_, states, revocation) = stands(&desk);
    let last_used = now() - TimeDelta::hours(3);
    assert_eq!(revocation, Revocation::Expired(Some(last_used)));
    assert_eq!(states[1], Done);
}

#[test]
fn a_use_after_the_revocation_is_said_and_revoked_again() {
    let mut story = Story::new();
    let cut = now() - TimeDelta::hours(10);
    story
        .permissions
        .policies
        .push(policy(REVOCATION, &revocation::document(cut)));
    let mut desk = story.open();
    let used = now() - TimeDelta::hours(3);
    assert_eq!(stands(&desk).2, Revocation::Since(cut, used));
    assert!(
        desk.screen().contains("the key was used after"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Char('j'));
    desk.press(KeyCode::Enter);
    let change = approve(&mut desk, &mut story);
    assert!(matches!(change, Change::RevokeSessions { .. }));
    assert!(matches!(stands(&desk).2, Revocation::Denied(..)));
}

#[test]
fn each_other_credential_has_its_own_change() {
    let mut story = Story::new();
    let mut desk = story.open();
    // Past the changes that were made, to the other key, the password and the Bedrock key.
    for _ in 0..9 {
        desk.press(KeyCode::Char('j'));
    }
    let user = || Box::<str>::from("bot");
    // A password has no status: it is deleted.
    desk.press(KeyCode::Enter);
    let change = approve(&mut desk, &mut story);
    let id = || "".into();
    let kind = CredentialKind::Password;
    assert_eq!(
        change,
        Change::DeleteCredential {
            user: user(),
            kind,
            id: id()
        }
    );
    desk.keys("t");
    let change = approve(&mut desk, &mut story);
    let id = || Box::<str>::from("ACCABEDROCK1EXAMPLE1");
    let (kind, active) = (bedrock(), false);
    assert_eq!(
        change,
        Change::SetCredential {
            user: user(),
            kind,
            id: id(),
            active
        }
    );
    desk.keys("d");
    story.serve(&mut desk);
    assert!(
        desk.screen().contains("Delete credential"),
        "{}",
        desk.screen()
    );
    let change = approve(&mut desk, &mut story);
    assert_eq!(
        change,
        Change::DeleteCredential {
            user: user(),
            kind: bedrock(),
            id: id()
        }
    );
    assert_eq!(stands(&desk).1[3], StepState::Done);
}

#[test]
fn what_has_changed_since_it_was_looked_at_is_said_and_not_sent() {
    let mut story = Story::new();
    let mut desk = story.open();
    desk.press(KeyCode::Char('j'));
    desk.press(KeyCode::Enter);
    // Somebody else revokes them meanwhile; it was approved before that was seen.
    desk.keys("y");
    story
        .permissions
        .policies
        .push(policy(REVOCATION, &revocation::document(now())));
    story.serve(&mut desk);
    assert!(desk.next_change().is_none());
    let [Need::Plan(plan)] = desk.screen.engine.needs()[..] else {
        panic!("{:?}", desk.screen.engine.needs());
    };
    let preflight = desk.screen.engine.plan(plan).unwrap().preflight().unwrap();
    assert_eq!(preflight.difference, Some(Difference::Policy));
    assert!(
        desk.screen().contains("changed. Decide again"),
        "{}",
        desk.screen()
    );
}

#[test]
fn a_lost_answer_is_a_question_that_the_account_answers() {
    for (done, refused, expected) in [
        (true, None, Finding::Done),
        (false, None, Finding::NotDone),
        (
            false,
            Some("iam:ListUserPolicies"),
            Finding::Failed(denied("iam:ListUserPolicies")),
        ),
    ] {
        let mut story = Story::new();
        let mut desk = story.open();
        desk.press(KeyCode::Char('j'));
        desk.press(KeyCode::Enter);
        story.serve(&mut desk);
        desk.keys("y");
        let (id, change) = desk.next_change().unwrap();
        if done {
            story.apply(&change);
        }
        // Not every refusal is one of what would have told it.
        story
            .permissions
            .missing
            .push(denied("iam:ListGroupsForUser"));
        story.permissions.missing.extend(refused.map(denied));
        let lost = Error {
            action: change.action(),
            code: None,
            ..error(Kind::Network)
        };
        desk.changed(id, Err(lost));
        story.serve(&mut desk);
        let questions = desk.screen.engine.questions();
        assert_eq!(questions.len(), 1);
        assert_eq!(questions[0].finding, expected);
        assert!(desk.next_change().is_none(), "it is sent once");
    }
    // The same of another credential.
    for (done, expected) in [(true, Finding::Done), (false, Finding::NotDone)] {
        let mut story = Story::new();
        let mut desk = story.open();
        let change = Change::SetCredential {
            user: "bot".into(),
            kind: bedrock(),
            id: "ACCABEDROCK1EXAMPLE1".into(),
            active: false,
        };
        let slot = desk.screen.slot();
        desk.intend(engine::Intent::Propose(slot, change.into()));
        story.serve(&mut desk);
        desk.keys("y");
        let (id, change) = desk.next_change().unwrap();
        if done {
            story.apply(&change);
        }
        desk.changed(
            id,
            Err(Error {
                code: None,
                ..error(Kind::Network)
            }),
        );
        story.serve(&mut desk);
        assert_eq!(desk.screen.engine.questions()[0].finding, expected);
    }
}

#[test]
fn a_look_that_has_not_shown_what_is_changed_is_no_look() {
    let unread = || NamedPolicy {
        document: None,
        policy: Err("not read".into()),
        ..policy(REVOCATION, "")
    };
    for (action, present, said) in [
        (
            "iam:ListUserPolicies",
            None,
            "Whether a policy of this name is there is not known; it would be replaced.",
        ),
        (
            "iam:GetUserPolicy",
            Some(unread()),
            "A policy of this name is there, and what it says could not be read: it is replaced.",
        ),
    ] {
        let mut story = Story::new();
        let mut desk = story.open_with((120, 36), settings(), now());
        story.permissions.missing.push(denied(action));
        story.permissions.policies.extend(present);
        desk.press(KeyCode::Char('j'));
        desk.press(KeyCode::Enter);
        // Approved while it is being looked at.
        desk.keys("y");
        story.serve(&mut desk);
        assert!(desk.next_change().is_none(), "{action}");
        let screen = desk.screen();
        let error = format!(
            "It could not be looked at again, so this may be out of date. AccessDenied: {action}"
        );
        let shown = dialog(&screen, "Revoke sessions").expect("it is asked");
        let bare = |text: &str| -> String { text.split_whitespace().collect() };
        for text in [said, &error] {
            assert!(bare(&shown).contains(&bare(text)), "{text}\n{screen}");
        }
        assert!(!screen.contains("Verified with AWS"), "{screen}");
        // Whoever has read that may decide.
        desk.keys("y");
        story.serve(&mut desk);
        assert!(desk.next_change().is_some());
    }
    // The same of another credential.
    let mut story = Story::new();
    let mut desk = story.open();
    let action = bedrock().list_action();
    story.credentials.items.pop();
    story.credentials.missing.push(denied(action));
    let change = Change::SetCredential {
        user: "bot".into(),
        kind: bedrock(),
        id: "ACCABEDROCK1EXAMPLE1".into(),
        active: false,
    };
    let slot = desk.screen.slot();
    desk.intend(engine::Intent::Propose(slot, change.into()));
    desk.keys("y");
    story.serve(&mut desk);
    assert!(desk.next_change().is_none());
    assert!(
        !desk.screen().contains("Verified with AWS"),
        "{}",
        desk.screen()
    );
    assert!(desk.screen().contains(action), "{}", desk.screen());
}

#[test]
fn too_many_inline_policies_are_told_from_other_limits() {
    let story = Story::new();
    let mut desk = story.open();
    desk.press(KeyCode::Char('j'));
    desk.press(KeyCode::Enter);
    story.serve(&mut desk);
    desk.keys("y");
    let (id, change) = desk.next_change().unwrap();
    let limit = Error {
        action: change.action(),
        code: Some("LimitExceeded".into()),
        ..error(Kind::Limit)
    };
    desk.changed(id, Err(limit));
    story.serve(&mut desk);
    let said = dialog(&desk.screen(), "Not done").expect("it is said");
    let said: Vec<&str> = said.split_whitespace().collect();
    assert!(
        said.join(" ").contains("2,048 characters together"),
        "{said:?}"
    );
}

#[test]
fn the_policy_is_whole_before_it_is_written() {
    for size in [(60, 16), (80, 24)] {
        let mut desk = Story::new().open_with(size, settings(), now());
        desk.keys("gj");
        desk.press(KeyCode::Enter);
        Story::new().serve(&mut desk);
        let mut seen = desk.screen();
        if size.1 < 24 {
            assert!(seen.contains("1-10 of"), "{seen}");
            for _ in 0..20 {
                desk.press(KeyCode::Down);
                seen.push_str(&desk.screen());
            }
        }
        for line in [
            "  \"Statement\": [{",
            "    \"Action\": \"*\",",
            "    \"Condition\": {",
            "\"DateLessThan\": {",
            "\"aws:TokenIssueTime\": \"2026-11-21T12:00:00Z\"",
            "Verified with AWS just now",
        ] {
            assert!(seen.contains(line), "{size:?} {line}: {seen}");
        }
    }
}

#[test]
fn revoked_is_done_only_where_no_session_can_have_been_made_since() {
    let story = Story::revoked(TimeDelta::hours(3));
    let mut desk = story.open_with((120, 36), settings(), now());
    // A use within the last hour may not be told yet.
    assert_eq!(stands(&desk).1[1], StepState::Judge);
    let screen = desk.screen();
    assert!(
        screen.contains("within the last hour may not be told yet"),
        "{screen}"
    );
    story.ask_again_after(&mut desk, 61);
    assert_eq!(stands(&desk).1[1], StepState::Done);
    // A use shortly before may have been after it.
    let story = Story::revoked(TimeDelta::minutes(10));
    let mut desk = story.open();
    story.ask_again_after(&mut desk, 61);
    assert_eq!(stands(&desk).1[1], StepState::Judge);
    let mut story = Story::revoked(TimeDelta::hours(3));
    story.people[1].keys[0].0.status = KeyStatus::Active;
    let mut desk = story.open_with((120, 36), settings(), now());
    assert_eq!(stands(&desk).1[1], StepState::Open);
    let screen = desk.screen();
    assert!(screen.contains("are denied; the "), "{screen}");
    // And it can always be done again.
    desk.press(KeyCode::Char('j'));
    assert!(desk.screen().contains("revoke again"), "{}", desk.screen());
    desk.press(KeyCode::Enter);
    assert!(
        desk.screen().contains("Revoke sessions"),
        "{}",
        desk.screen()
    );
    // Sessions that are made while it is being read are denied as well: it is shown anew.
    story.serve(&mut desk);
    let (scene, soon) = (desk.screen.scene(), now() + TimeDelta::minutes(2));
    assert!(desk.screen.engine.has_cut_proposal());
    desk.clock = soon;
    desk.send(Message::Tick);
    assert!(
        desk.screen().contains("2026-11-21T12:02:00Z"),
        "{}",
        desk.screen()
    );
    assert!(
        desk.screen.scene() > scene,
        "what was drawn before is not approved"
    );
    // Nobody has seen it for long: what was shown is not what would be sent, and is shown first.
    let later = now() + TimeDelta::minutes(5);
    desk.clock = later;
    desk.keys("y");
    story.serve(&mut desk);
    assert!(desk.next_change().is_none(), "it is shown first");
    assert!(
        desk.screen().contains("2026-11-21T12:05:00Z"),
        "{}",
        desk.screen()
    );
    desk.keys("y");
    story.serve(&mut desk);
    let (_, change) = desk.next_change().expect("it is sent");
    let document = revocation::document(later);
    let user = "bot".into();
    assert_eq!(change, Change::RevokeSessions { user, document });
}

/// A key that has done very much: what is out of sight is not laid out, and yet can be gone to.
#[test]
fn a_long_list_of_what_it_did_can_be_gone_through() {
    let mut story = Story::new();
    story.events = (0..400)
        .map(|at| {
            let mut one = event(1, "s3:PutBucketPolicy");
            one.id = format!("event-{at}").into();
            one.target = Some(format!("bucket-{at:03}").into());
            (KEY, one)
        })
        .collect();
    let mut desk = story.open();
    desk.keys("gjj");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..400 {
        desk.keys("j");
        let screen = desk.screen();
        let on = screen
            .lines()
            .find(|line| line.contains("▌ s3 PutBucketPolicy"));
        let on = on
            .and_then(|line| line.split("bucket-").nth(1))
            .expect(&screen);
        seen.insert(on[..3].to_owned());
    }
    assert_eq!(seen.len(), 400);
}

#[test]
fn an_mfa_device_is_deactivated_and_what_follows_is_said() {
    let mut story = Story::new();
    story.people[1].keys.truncate(1);
    let serial = "arn:aws:iam::123456789012:mfa/bot";
    story.credentials.items = vec![credential(CredentialKind::MfaDevice, serial, None)];
    let mut desk = story.open();
    for _ in 0..8 {
        desk.press(KeyCode::Char('j'));
    }
    desk.press(KeyCode::Enter);
    story.serve(&mut desk);
    let screen = desk.screen();
    assert!(screen.contains("Deactivate MFA device"), "{screen}");
    assert!(
        screen.contains("One MFA device less protects this user's sign-in."),
        "{screen}"
    );
}

#[test]
fn a_policy_that_was_not_read_to_its_end_is_not_approved() {
    for size in [(60, 16), (80, 17)] {
        let story = Story::new();
        let mut desk = story.open_with(size, settings(), now());
        desk.press(KeyCode::Char('j'));
        desk.press(KeyCode::Enter);
        story.serve(&mut desk);
        let mut screens = String::new();
        while desk.screen().contains("Read on") {
            screens.push_str(&desk.screen());
            desk.keys("y");
            assert!(desk.next_change().is_none(), "{screens}");
        }
        screens.push_str(&desk.screen());
        for part in ["Version", "Deny", "aws:TokenIssueTime"] {
            assert!(screens.contains(part), "{part}: {screens}");
        }
        let screen = desk.screen();
        assert!(screen.contains("Revoke y"), "{screen}");
        desk.keys("y");
        assert!(desk.next_change().is_some(), "{screen}");
    }
    // By its button as well; and whoever scrolls has read it.
    let story = Story::new();
    let mut desk = story.open_with((60, 16), settings(), now());
    desk.press(KeyCode::Char('j'));
    desk.press(KeyCode::Enter);
    story.serve(&mut desk);
    desk.press(KeyCode::Right);
    desk.press(KeyCode::Enter);
    assert!(desk.next_change().is_none());
    let screen = desk.screen();
    assert!(screen.contains("scrolled on"), "{screen}");
    (0..30).for_each(|_| desk.press(KeyCode::Down));
    desk.press(KeyCode::Enter);
    assert!(desk.next_change().is_some(), "{}", desk.screen());
}

#[test]
fn going_on_switches_nothing_on() {
    let mut story = Story::new();
    story.credentials.items[1].active = Some(false);
    let mut desk = story.open_with((120, 36), settings(), now());
    desk.keys("G");
    while !desk
        .screen()
        .contains("▌ bedrock credential ACCABEDROCK1EXAMPLE1, Inactive")
    {
        desk.press(KeyCode::Up);
    }
    let screen = desk.screen();
    assert!(!screen.contains("Enter activate"), "{screen}");
    assert!(screen.contains("t activate"), "{screen}");
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    assert!(screen.contains("t activates it"), "{screen}");
    assert!(dialog(&screen, "Activate credential").is_none(), "{screen}");
    desk.keys("t");
    story.serve(&mut desk);
    let screen = desk.screen();
    let asked = dialog(&screen, "Activate credential").expect("it is asked");
    assert!(
        asked.contains("bot is being dealt with as leaked"),
        "{asked}"
    );
    let change = approve(&mut desk, &mut story);
    assert_eq!(change.action(), "iam:UpdateServiceSpecificCredential");
}

#[test]
fn the_leaked_key_is_not_switched_on_unsaid() {
    let story = Story::revoked(TimeDelta::hours(3));
    let mut desk = story.open_with((120, 36), settings(), now());
    desk.keys("gt");
    story.serve(&mut desk);
    let screen = desk.screen();
    let asked = dialog(&screen, "Activate key").expect("it is asked");
    assert!(asked.contains("It has leaked"), "{asked}");
}

#[test]
fn nothing_is_asked_while_a_change_to_it_is_under_way() {
    let story = Story::new();
    let mut desk = story.open_with((120, 36), settings(), now());
    desk.press(KeyCode::Enter);
    story.serve(&mut desk);
    desk.keys("y");
    let (id, _) = desk.next_change().expect("it is sent");
    desk.keys("g");
    let screen = desk.screen();
    assert!(
        screen.contains("1 Deactivate      deactivating…"),
        "{screen}"
    );
    assert!(!screen.contains("Enter deactivate"), "{screen}");
    for key in [KeyCode::Enter, KeyCode::Char('t')] {
        desk.press(key);
        let screen = desk.screen();
        assert!(screen.contains("under way: deactivating"), "{screen}");
        assert!(dialog(&screen, "Deactivate key").is_none(), "{screen}");
    }
    desk.changed(id, Ok(engine::Changed::Done));
    assert!(
        !desk.screen().contains("deactivating…"),
        "{}",
        desk.screen()
    );
}
