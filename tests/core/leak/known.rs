//! What is known of a leak, and what is not: nothing is said that was not seen.

use super::{BACKDOOR, KEY, OTHER, SESSION, Story, denied, event, making, not_checked, stands};
use crate::desk::{Desk, now, settings, someone};
use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::KeyCode;
use iamkeys::engine::{
    self, Background, Effect, Read, SignedIn,
    impact::{Made, SessionOf, TrailEvent},
    leak::{Revocation, StepState},
    model::{KeyStatus, LastUsed},
};

#[test]
fn what_it_did_is_listed_the_worst_first_with_what_its_session_did() {
    let story = Story::new();
    let mut desk = story.open_with((120, 36), settings(), now());
    let engine = &desk.screen.engine;
    let leak = engine.leak(desk.screen.slot(), "bot", KEY).unwrap();
    let told: Vec<_> = leak
        .harm
        .iter()
        .map(|harm| (&*harm.event.action, harm.session, harm.is_denied()))
        .collect();
    assert_eq!(
        told,
        [
            ("CreateUser", None, false),
            ("CreateAccessKey", None, false),
            ("RunInstances", Some(SESSION), false),
            ("StopLogging", None, true),
        ]
    );
    let keys: Vec<_> = leak.keys_made().collect();
    assert_eq!(keys, [(BACKDOOR, "backdoor")]);
    let roles: Vec<_> = leak.roles.iter().map(|role| role.arn).collect();
    assert_eq!(roles, ["arn:aws:iam::123456789012:role/deploy"]);
    // The role's session was asked for as well, and has done nothing.
    assert!(leak.has_seen_all(), "{:?}", leak.seen);
    // The key that it created has the same page.
    desk.keys("jjjj");
    let screen = desk.screen();
    assert!(
        screen.contains("CreateAccessKey: AKIABACKDR01EXAMPLE1 of backdoor, Active"),
        "{screen}"
    );
    desk.press(KeyCode::Enter);
    story.serve(&mut desk);
    assert!(
        desk.screen().contains("Leaked AKIABACKDR01EXAMPLE1"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Esc);
    assert!(
        desk.screen().contains("Leaked AKIALEAKED01EXAMPLE1"),
        "{}",
        desk.screen()
    );
    // And the same actions.
    desk.keys("t");
    story.serve(&mut desk);
    desk.keys("y");
    let (_, change) = desk.next_change().unwrap();
    assert_eq!((change.user(), change.key()), ("backdoor", Some(BACKDOOR)));
}

#[test]
fn no_change_is_said_only_of_what_was_seen() {
    let mut story = Story::harmless();
    story.refuses = Some("cloudtrail:LookupEvents");
    let desk = story.open_with((120, 36), settings(), now());
    let (_, states, _) = stands(&desk);
    assert_eq!(states[2], StepState::Unknown);
    let leak = desk
        .screen
        .engine
        .leak(desk.screen.slot(), "bot", KEY)
        .unwrap();
    let said = "regions not told: AccessDenied: cloudtrail:LookupEvents";
    let screen = desk.screen();
    let bare: Vec<&str> = screen.split_whitespace().filter(|it| *it != "│").collect();
    let bare = bare.join(" ");
    assert!(bare.contains("3 What it did not known: "), "{screen}");
    assert!(bare.contains(said), "{screen}");
    assert!(!bare.contains("no events"), "{screen}");
    let why = leak.events_missing().expect("it is not known");
    assert!(why.contains("not told (AccessDenied"), "{why}");
    let not_checked = leak.not_checked(Some(now())).join(" ");
    assert!(
        not_checked.contains("us-east-1 (AccessDenied: cloudtrail:LookupEvents)"),
        "{not_checked}"
    );
    // With all of it, there was none: once what it did until it was off is told.
    story.refuses = None;
    let mut desk = story.open_with((120, 36), settings(), now());
    let judged = |desk: &Desk, words: &str| {
        assert_eq!(stands(desk).1[2], StepState::Judge, "{words}");
        let screen = desk.screen();
        assert!(screen.contains(words), "{words}: {screen}");
    };
    judged(&desk, "no events; its last calls may not be told yet");
    story.ask_again_after(&mut desk, 16);
    assert_eq!(stands(&desk).1[2], StepState::Done);
    // Not of a key that is older than what the history tells, nor of one that can still be used.
    story.people[1].keys[0].0.created = Some(now() - TimeDelta::days(400));
    let mut desk = story.open_with((120, 36), settings(), now());
    story.ask_again_after(&mut desk, 16);
    judged(&desk, "nothing is told from before 2026-08-23");
    story.people[1].keys[0].0.created = Some(now() - TimeDelta::days(10));
    story.people[1].keys[0].0.status = KeyStatus::Active;
    let mut desk = story.open_with((120, 36), settings(), now());
    story.ask_again_after(&mut desk, 16);
    judged(&desk, "it can still be used");
    assert!(super::not_checked(&desk).contains("What it does from now on"));
}

#[test]
fn a_missing_permission_is_named_and_nothing_is_taken_for_done() {
    let mut story = Story::new();
    story.refuses = Some("iam:ListAttachedUserPolicies");
    let mut desk = story.open_with((120, 36), settings(), now());
    let (_, states, revocation) = stands(&desk);
    assert_eq!(states[1], StepState::Unknown);
    assert_eq!(
        revocation,
        Revocation::Unknown(denied("iam:ListAttachedUserPolicies"))
    );
    desk.press(KeyCode::Char('j'));
    assert!(
        desk.screen()
            .contains("AccessDenied: iam:ListAttachedUserPolicies"),
        "{}",
        desk.screen()
    );
    // Where the policy may not be put, that is said.
    desk.press(KeyCode::Enter);
    story.serve(&mut desk);
    desk.keys("y");
    // What could not be looked at is said, and decided again.
    story.serve(&mut desk);
    if desk
        .effects
        .iter()
        .all(|effect| !matches!(effect, Effect::Change(..)))
    {
        desk.keys("y");
    }
    let (id, change) = desk.next_change().unwrap();
    desk.changed(id, Err(denied(change.action())));
    story.serve(&mut desk);
    let screen = desk.screen();
    assert!(
        screen.contains("AccessDenied: iam:PutUserPolicy"),
        "{screen}"
    );
}

#[test]
fn what_was_not_checked_is_folded_and_all_of_it_can_be_reached() {
    let many: Vec<std::sync::Arc<str>> =
        (1..=17).map(|at| format!("eu-west-{at}").into()).collect();
    let mut story = Story::new();
    story.regions = many;
    story.refuses = Some("cloudtrail:LookupEvents");
    let refused = "in 18 regions (AccessDenied: cloudtrail:LookupEvents)";
    for size in [(60, 16), (80, 24), (120, 36)] {
        let mut desk = story.open_with(size, settings(), now());
        let said = not_checked(&desk);
        assert_eq!(said.matches("LookupEvents").count(), 1, "{said}");
        assert!(said.contains(refused), "{said}");
        let (engine, slot) = (&desk.screen.engine, desk.screen.slot());
        let evidence = engine.evidence(slot, "bot", KEY).unwrap();
        let by_name = evidence.not_checked.join(" ");
        assert!(by_name.contains("eu-west-3, eu-west-4"), "{by_name}");
        // Line by line where it is longer than the page, and back.
        let mut seen = String::new();
        let mut last = String::new();
        desk.keys("g");
        for _ in 0..40 {
            let screen = desk.screen();
            seen.push_str(&screen);
            last = screen;
            desk.press(KeyCode::Char('j'));
        }
        assert!(last.contains("▌ ▲ 6 Evidence"), "{last}");
        let words = [
            "Not checked: data events",
            "CloudTrail",
            "18 regions",
            "organisation",
        ];
        for word in words {
            assert!(seen.contains(word), "{size:?} {word}");
        }
        if size.1 < 36 {
            assert!(seen.contains(" of "), "the place is in the border");
        }
        for _ in 0..60 {
            desk.press(KeyCode::Char('k'));
        }
        assert!(
            desk.screen().contains("▌ ▶ 1 Deactivate"),
            "{}",
            desk.screen()
        );
    }
}

#[test]
fn nothing_is_counted_before_it_was_told() {
    let mut story = Story::new();
    story.people[1].keys.truncate(1);
    story.withholds = Some("iam:ListSSHPublicKeys");
    let mut desk = story.open_with((120, 36), settings(), now());
    let screen = desk.screen();
    assert!(screen.contains("4 Everything else asking…"), "{screen}");
    assert!(!screen.contains("0 to look at"), "{screen}");
    desk.keys("Gkk");
    let screen = desk.screen();
    assert!(screen.contains("Still asked: console password"), "{screen}");
    // What has come is shown as it comes.
    story.people[1] = Story::new().people.remove(1);
    let mut desk = story.open_with((120, 36), settings(), now());
    desk.keys("Gkk");
    let screen = desk.screen();
    assert!(
        screen.contains("1 to look at, 0 that can be used so far"),
        "{screen}"
    );
    assert!(screen.contains(&format!("access key {OTHER}")), "{screen}");
    story.withholds = Some("cloudtrail:LookupEvents");
    let screen = story.open_with((120, 36), settings(), now()).screen();
    assert!(screen.contains("3 What it did     asking…"), "{screen}");
}

#[test]
fn nothing_is_done_while_the_regions_have_not_answered() {
    let mut story = Story::harmless();
    story.withholds = Some("account:ListRegions");
    let desk = story.open_with((120, 36), settings(), now());
    assert_eq!(stands(&desk).1[2], StepState::Unknown);
    let said = not_checked(&desk);
    assert!(said.contains("Other regions: which there are"), "{said}");
    let screen = desk.screen();
    assert!(
        screen.contains("no events, other regions not known"),
        "{screen}"
    );
    story.withholds = None;
    let mut desk = story.open_with((120, 36), settings(), now());
    story.ask_again_after(&mut desk, 16);
    assert_eq!(stands(&desk).1[2], StepState::Done);
    let screen = desk.screen();
    assert!(!screen.contains("other regions not known"), "{screen}");
}

#[test]
fn what_a_session_did_is_seen_only_where_all_its_regions_have_told() {
    let mut story = Story::harmless();
    let events = Story::new().events.into_iter();
    let made =
        |(key, event): &(&str, TrailEvent)| *key == KEY && &*event.action == "GetSessionToken";
    story.events = events.filter(made).collect();
    story.refuses_of = Some(SESSION);
    let mut desk = story.open();
    assert_eq!(stands(&desk).1[2], StepState::Unknown);
    let said = not_checked(&desk);
    let expected = format!(
        "Events of its session {SESSION} in eu-west-1 (AccessDenied: cloudtrail:LookupEvents)."
    );
    assert!(said.contains(&expected), "{said}");
    // Asked again, it tells, and may do more.
    story.refuses_of = None;
    story.ask_again_after(&mut desk, 16);
    let said = not_checked(&desk);
    assert!(!said.contains(SESSION), "{said}");
    assert!(said.contains("What its sessions do from now on"), "{said}");
    assert_eq!(stands(&desk).1[2], StepState::Judge);
    // Not once it is over.
    let mut later = story.open();
    story.ask_again_after(&mut later, 31 * 60);
    assert_eq!(stands(&later).1[2], StepState::Done);
    // It still lives: what it has done meanwhile is asked for too.
    story.events.push((SESSION, event(0, "ec2:RunInstances")));
    story.ask_again(&mut desk);
    assert_eq!(stands(&desk).1[2], StepState::Judge);
}

#[test]
fn what_could_not_be_refreshed_is_not_taken_for_done() {
    for (refuses, step) in [
        ("iam:ListAccessKeys", 0),
        ("iam:ListAttachedUserPolicies", 1),
        ("iam:GetAccessKeyLastUsed", 1),
        ("iam:ListMFADevices", 3),
    ] {
        let mut story = Story::revoked(TimeDelta::hours(3));
        story.people[1].keys.truncate(1);
        story.credentials.items.clear();
        let mut desk = story.open_with((120, 36), settings(), now());
        story.ask_again_after(&mut desk, 61);
        assert_eq!(stands(&desk).1[step], StepState::Done, "{refuses}");
        if refuses == "iam:ListMFADevices" {
            story.refuses = Some(Read::OtherCredentials("bot".into()).row().action);
        } else {
            story.refuses = Some(refuses);
        }
        story.ask_again(&mut desk);
        let state = stands(&desk).1[step];
        assert_ne!(state, StepState::Done, "{refuses}");
        let said = not_checked(&desk);
        let action = story.refuses.unwrap();
        assert!(
            said.contains(&format!("(AccessDenied: {action}).")),
            "{said}"
        );
        let screen = desk.screen();
        let expected = match refuses {
            "iam:ListAttachedUserPolicies" => "not known any more",
            "iam:GetAccessKeyLastUsed" => "whether it made others is not known",
            _ => "asking again failed",
        };
        assert!(screen.contains(expected), "{screen}");
    }
    // Nor is it said that they have expired.
    let mut story = Story::revoked(TimeDelta::hours(40));
    story.permissions.policies.clear();
    story.events.clear();
    let mut desk = story.open();
    story.ask_again_after(&mut desk, 61);
    assert!(matches!(stands(&desk).2, Revocation::Expired(Some(_))));
    story.refuses = Some("iam:GetAccessKeyLastUsed");
    story.ask_again(&mut desk);
    assert_eq!(stands(&desk).2, Revocation::None);
}

/// A session that is known of lives, whatever is told of the last use; and a use within the last hour may
/// not be told yet.
#[test]
fn that_no_session_is_left_is_said_only_where_none_can_be() {
    let mut story = Story::revoked(TimeDelta::hours(40));
    story.permissions.policies.clear();
    let sessions = story.events.clone();
    // Six hours ago it has made one, which lasts for thirty more.
    let mut desk = story.open_with((120, 36), settings(), now());
    story.ask_again_after(&mut desk, 61);
    assert_eq!(stands(&desk).2, Revocation::None);
    assert_eq!(stands(&desk).1[1], StepState::Open);
    // A call that it has signed is a use as well.
    story.events = vec![(KEY, event(6, "s3:ListBuckets"))];
    let mut desk = story.open();
    story.ask_again_after(&mut desk, 61);
    assert_eq!(stands(&desk).2, Revocation::None);
    for used in [Some(TimeDelta::hours(40)), None] {
        story.events.clear();
        story.people[1].keys[0].1 = match used {
            Some(used) => LastUsed::At {
                time: now() - used,
                service: None,
                region: None,
            },
            None => LastUsed::Never,
        };
        let at = used.map(|used| now() - used);
        let mut desk = story.open_with((120, 36), settings(), now());
        assert_eq!(stands(&desk).2, Revocation::Quiet(at));
        // To revoke what may be left is what is to be done.
        assert_eq!(stands(&desk).1[1], StepState::Open);
        let screen = desk.screen();
        assert!(screen.contains("▌ ▶ 2 Revoke sessions"), "{screen}");
        assert!(screen.contains("may not be told yet"), "{screen}");
        let evidence = desk.screen.engine.evidence(desk.screen.slot(), "bot", KEY);
        let said = evidence.unwrap().revocation;
        assert!(said.contains("may not be on record yet"), "{said}");
        story.ask_again_after(&mut desk, 61);
        assert_eq!(stands(&desk).2, Revocation::Expired(at));
        assert_eq!(stands(&desk).1[1], StepState::Done);
        assert!(desk.screen().contains("on record"), "{}", desk.screen());
        // It was on meanwhile: what is told of its use is from before.
        story.people[1].keys[0].0.status = KeyStatus::Active;
        story.ask_again_after(&mut desk, 1);
        assert_eq!(stands(&desk).2, Revocation::None);
        story.people[1].keys[0].0.status = KeyStatus::Inactive;
        story.ask_again_after(&mut desk, 1);
        assert_eq!(stands(&desk).2, Revocation::Quiet(at));
    }
    // With the policy, one that lives longer than it has to be kept does as well.
    story.events = sessions;
    let cut = now() - TimeDelta::hours(1);
    let document = engine::impact::revocation::document(cut);
    story
        .permissions
        .policies
        .push(super::policy(engine::REVOCATION, &document));
    let until = now() + TimeDelta::hours(35);
    assert_eq!(stands(&story.open()).2, Revocation::Denied(cut, until));
}

#[test]
fn of_a_key_that_is_on_only_those_before_a_time_have_expired() {
    let mut story = Story::revoked(TimeDelta::hours(50));
    story.events.clear();
    let cut = now() - TimeDelta::hours(37);
    let document = engine::impact::revocation::document(cut);
    story.permissions.policies = vec![super::policy(engine::REVOCATION, &document)];
    let screen = story.open_with((120, 36), settings(), now()).screen();
    assert!(screen.contains("policy can be removed"), "{screen}");
    story.people[1].keys[0].0.status = KeyStatus::Active;
    let screen = story.open_with((120, 36), settings(), now()).screen();
    assert!(screen.contains("those made before 2026-11-19"), "{screen}");
    assert!(!screen.contains("can be removed"), "{screen}");
    assert!(!screen.contains("all have expired"), "{screen}");
}

#[test]
fn times_that_cannot_be_are_no_reason_to_stop() {
    let mut story = Story::revoked(TimeDelta::hours(3));
    let made = |until| Made::Session {
        key: SESSION.into(),
        until,
        of: SessionOf::User,
    };
    for at in [DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC] {
        let mut odd = making(event(1, "sts:GetSessionToken"), made(None));
        odd.at = at;
        story.events = vec![
            (KEY, odd),
            (KEY, making(event(2, "sts:GetSessionToken"), made(Some(at)))),
        ];
        story.people[1].keys[0].1 = LastUsed::At {
            time: at,
            service: None,
            region: None,
        };
        for policies in [story.permissions.policies.clone(), Vec::new()] {
            let mut of_it = story.clone();
            of_it.permissions.policies = policies;
            let mut desk = of_it.open();
            of_it.ask_again_after(&mut desk, 61);
            assert!(desk.screen().contains("Leaked"), "{}", desk.screen());
            assert_ne!(stands(&desk).0, engine::LeakStep::Deactivate);
        }
    }
}

#[test]
fn a_newer_key_is_trusted_only_where_all_that_was_done_is_seen() {
    const NEWER: &str = "AKIANEWER0001EXAMPLE";
    let of = |days, events: bool| {
        let mut story = Story::new();
        story.people[1] = someone(
            "bot",
            &[(KEY, true, 400, Some(3)), (NEWER, true, days, None)],
        );
        if !events {
            story.events.clear();
        }
        story
    };
    let desk = of(1, false).open_with((120, 36), settings(), now());
    assert_eq!(stands(&desk).1[4], StepState::Done);
    let screen = desk.screen();
    let trusted = format!("{NEWER} is Active, and newer");
    assert!(screen.contains(&trusted), "{screen}");
    let mut unseen = of(1, false);
    unseen.refuses_of = Some(KEY);
    // A user that the leaked key has made may have made it; so may the key, before what is told and in
    // the last minutes.
    for story in [unseen, of(1, true), of(100, false), of(0, false)] {
        let desk = story.open_with((120, 36), settings(), now());
        assert_eq!(stands(&desk).1[4], StepState::Judge);
        let screen = desk.screen();
        assert!(screen.contains("may not be yours: see"), "{screen}");
    }
    // What was denied gave nothing.
    let mut story = of(1, true);
    story
        .events
        .retain(|(_, event)| event.error.is_some() || !event.is_write);
    let desk = story.open();
    assert_eq!(stands(&desk).1[4], StepState::Done);
}

#[test]
fn that_there_is_no_quarantine_is_said_only_where_it_was_looked_for() {
    let attached = "iam:ListAttachedUserPolicies";
    let settings = iamkeys::tui::Settings {
        engine: engine::Settings {
            background: Background::All,
            ..settings().engine
        },
        ..settings()
    };
    let page = |story: &Story| {
        let mut desk = story.open_with((120, 36), settings, now());
        desk.keys("Gk");
        let (engine, slot) = (&desk.screen.engine, desk.screen.slot());
        let evidence = engine.evidence(slot, "bot", KEY).unwrap();
        (desk.screen(), evidence)
    };
    // The policies of the user tell it.
    let mut story = Story::new();
    let (screen, evidence) = page(&story);
    let none = "No quarantine policy is attached to bot";
    assert!(screen.contains(none), "{screen}");
    assert_eq!(evidence.quarantine, None);
    // Those may be refused in part or as a whole: then the list of all who are under quarantine does.
    story.permissions.missing = vec![denied(attached)];
    let (screen, _) = page(&story);
    assert!(screen.contains(none), "{screen}");
    story.refuses = Some(attached);
    let (screen, _) = page(&story);
    assert!(screen.contains(none), "{screen}");
    // Where that is refused as well, it is not known.
    story.refuses = Some("iam:ListEntitiesForPolicy");
    let (screen, evidence) = page(&story);
    assert!(!screen.contains("No quarantine"), "{screen}");
    assert!(
        screen.contains("under quarantine is not known:"),
        "{screen}"
    );
    assert!(screen.contains("iam:ListEntitiesForPolicy"), "{screen}");
    let said = evidence.quarantine.unwrap();
    for action in [attached, "iam:ListEntitiesForPolicy"] {
        assert!(said.contains(action), "{said}");
    }
    let not_checked = evidence.not_checked.join(" ");
    assert!(
        not_checked.contains("Whether AWS has put bot under quarantine (AccessDenied"),
        "{not_checked}"
    );
}

/// The page, as words.
fn words(desk: &Desk) -> String {
    let screen = desk.screen();
    let words = screen.split_whitespace().filter(|it| *it != "│");
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn of_a_key_that_was_deleted_what_was_known_is_kept() {
    let mut story = Story::new();
    let mut desk = story.open_with((120, 36), settings(), now());
    desk.press(KeyCode::Enter);
    story.people[1].keys.remove(0);
    story.serve(&mut desk);
    // What is asked about it says that its sessions are not over.
    let screen = words(&desk);
    assert!(screen.contains("What sessions it has made"), "{screen}");
    assert!(screen.contains("may live on: revoke them."), "{screen}");
    assert!(!screen.contains("Nothing is left to be done"), "{screen}");
    desk.press(KeyCode::Esc);
    story.ask_again(&mut desk);
    desk.keys("g");
    let screen = words(&desk);
    assert!(screen.contains("It is deleted, or was never"), "{screen}");
    assert!(screen.contains("AWS last listed it"), "{screen}");
    assert!(!screen.contains("not deleted"), "{screen}");
    let engine = &desk.screen.engine;
    let evidence = engine.evidence(desk.screen.slot(), "bot", KEY).unwrap();
    assert_eq!(evidence.status.as_deref(), Some("not found"));
    assert_eq!(evidence.last_listed, Some((now(), "Active".into())));
    assert_eq!(evidence.last_used, Some(now() - TimeDelta::hours(3)));
    let created = now() - TimeDelta::days(400);
    assert_eq!(evidence.created, Some(created));
    let of_then = evidence.timeline.iter().find(|it| it.at == created);
    assert!(of_then.is_some_and(|it| it.what.ends_with("was created")));
}

#[test]
fn policies_that_could_not_be_listed_are_not_said_to_be_all() {
    let mut story = Story::new();
    story.permissions.missing = vec![denied("iam:ListGroupsForUser")];
    let desk = story.open();
    let engine = &desk.screen.engine;
    let evidence = engine.evidence(desk.screen.slot(), "bot", KEY).unwrap();
    let why = "The user's groups, and what they allow (AccessDenied: iam:ListGroupsForUser)";
    assert_eq!(evidence.policies_missing, [why]);
    let said = not_checked(&desk);
    assert!(said.contains(why), "{said}");
    let whole = Story::new().open();
    let engine = &whole.screen.engine;
    let evidence = engine.evidence(whole.screen.slot(), "bot", KEY).unwrap();
    assert!(evidence.policies_missing.is_empty());
}

#[test]
fn where_no_credentials_could_be_listed_nothing_is_known() {
    let mut story = Story::harmless();
    story.people[1].keys.truncate(1);
    story.credentials.items.clear();
    let lists = engine::impact::CredentialKind::LISTS;
    story.credentials.missing = lists.into_iter().map(denied).collect();
    let desk = story.open_with((120, 36), settings(), now());
    let screen = words(&desk);
    assert!(
        screen.contains("nothing is known: AccessDenied: iam:GetLoginProfile;"),
        "{screen}"
    );
    assert!(
        screen.contains("iam:ListServiceSpecificCredentials"),
        "{screen}"
    );
    assert!(!screen.contains("none known"), "{screen}");
    // With one of them told, it is another matter.
    story.credentials.missing.pop();
    let desk = story.open_with((120, 36), settings(), now());
    let screen = words(&desk);
    assert!(
        screen.contains("none known; not all could be listed"),
        "{screen}"
    );
}

#[test]
fn the_same_done_many_times_is_counted_in_calls() {
    let mut story = Story::harmless();
    for hours in 0..90 {
        story.events.push((KEY, event(hours, "ec2:RunInstances")));
        story.events.push((KEY, event(hours, "iam:CreateUser")));
    }
    let desk = story.open_with((120, 36), settings(), now());
    let screen = words(&desk);
    assert!(
        screen.contains("2 kinds of change in 180 calls"),
        "{screen}"
    );
}

#[test]
fn where_the_last_use_is_refused_the_report_tells_it() {
    let mut story = Story::new();
    story.refuses = Some("iam:GetAccessKeyLastUsed");
    let open = |story: &Story, is_reported: bool| {
        let mut desk = Desk::opening(engine::Target::Ambient, (120, 36), settings());
        desk.effects.clear();
        desk.signed_in(SignedIn {
            key: "AKIAALICE001EXAMPLE1".into(),
            ..SignedIn::default()
        });
        let serve = |desk: &mut Desk| {
            while let Some((request, read)) = desk.next_read() {
                let answer = match read.row().action {
                    action if !is_reported && action.ends_with("CredentialReport") => {
                        Err(denied(action))
                    }
                    _ => story.answer(read),
                };
                desk.answered(request, answer);
            }
        };
        serve(&mut desk);
        desk.press(KeyCode::Char('j'));
        desk.press(KeyCode::Tab);
        desk.keys("!");
        serve(&mut desk);
        desk
    };
    let desk = open(&story, true);
    let screen = words(&desk);
    assert!(screen.contains("It was used 3 hours ago"), "{screen}");
    assert!(screen.contains("says the report"), "{screen}");
    let engine = &desk.screen.engine;
    let evidence = engine.evidence(desk.screen.slot(), "bot", KEY).unwrap();
    assert!(evidence.used_by_report);
    assert_eq!(evidence.last_used, Some(now() - TimeDelta::hours(3)));
    let desk = open(&story, false);
    let screen = words(&desk);
    assert!(
        screen.contains("Its last use is not known (access denied)."),
        "{screen}"
    );
}
