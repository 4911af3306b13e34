//! The credential report in the rows: a first word on everybody, which live answers replace and
//! which never replaces them.

use super::{
    SIZE, created,
    desk::{Desk, Someone, answer, now, page, people, report, settings, someone},
    error,
};
use chrono::TimeDelta;
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        self, Answer, Background, Changed, Effect, Intent, KeyId, Kind, Read, RequestId, SignedIn,
        account::{Known, Tally, UserRow},
        model::{KeyStatus, LastUsed, Report, ReportedKey, Summary},
    },
    tui::{Message, Settings},
};

/// Whether anything that is known of the user's keys is the report's.
fn is_reported(row: &UserRow) -> bool {
    row.known_keys().any(Known::is_reported)
}

/// Signed in, nothing answered; the background asks for everything.
fn opened() -> Desk {
    let settings = Settings {
        engine: engine::Settings {
            background: Background::All,
            ..settings().engine
        },
        ..settings()
    };
    let mut desk = Desk::new(SIZE, settings);
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    desk
}

/// The next read of this kind. The others wait.
fn next(desk: &mut Desk, of: impl Fn(&Read) -> bool) -> Option<(RequestId, Read)> {
    let at = desk
        .effects
        .iter()
        .position(|effect| matches!(effect, Effect::Read(_, _, read) if of(read)))?;
    match desk.effects.remove(at) {
        Some(Effect::Read(_, request, read)) => Some((request, read)),
        _ => None,
    }
}

fn tell_report(desk: &mut Desk, report: Report) {
    let (request, _) = next(desk, |read| *read == Read::Report).expect("it is asked for");
    desk.answered(request, Ok(Answer::Report(Box::new(report))));
}

fn list(desk: &mut Desk, users: &[Someone]) {
    let (request, _) = next(desk, |read| matches!(read, Read::Users(_))).expect("it is asked");
    desk.answered(request, Ok(Answer::Users(page(users, None))));
}

/// Answers the keys of a user, and not when they were used.
fn name_keys(desk: &mut Desk, users: &[Someone], user: &str) {
    let (request, read) = next(desk, |read| *read == Read::Keys(user.into())).expect("it is asked");
    desk.answered(request, answer(users, read));
}

/// Listed, with the report, and nobody's keys.
fn reported(users: &[Someone], report: Report) -> Desk {
    let mut desk = opened();
    list(&mut desk, users);
    tell_report(&mut desk, report);
    desk
}

/// What is shown of everybody's keys.
fn shown(desk: &Desk) -> Vec<String> {
    let rows = desk.account().users.rows().iter();
    rows.map(|row| {
        let keys: Vec<String> = row
            .known_keys()
            .map(|key| {
                let used = key.last_used();
                format!(
                    "{:?} {:?} {used:?} {}",
                    key.status(),
                    key.created(),
                    key.is_reported()
                )
            })
            .collect();
        format!("{}: {keys:?}", row.user.name)
    })
    .collect()
}

fn key<'a>(desk: &'a Desk, user: &str, at: usize) -> Known<'a> {
    let row = desk.account().users.get(user).expect("a user");
    row.known_key(at).expect("a key")
}

/// Whose keys are changed, the keys pressed for it, what comes of it, and how many keys are left.
type Change = (&'static str, &'static str, fn() -> Changed, usize);

/// The marked last uses on screen.
fn marks(desk: &Desk) -> usize {
    desk.screen().matches('~').count()
}

#[test]
fn it_is_the_same_before_the_listing_and_after_it() {
    let users = people();
    let after = reported(&users, report(&users));
    let mut before = opened();
    tell_report(&mut before, report(&users));
    assert!(before.account().users.rows().is_empty());
    list(&mut before, &users);
    assert_eq!(shown(&before), shown(&after));
    // And in the middle of it.
    let mut between = opened();
    let (request, _) = next(&mut between, |read| matches!(read, Read::Users(_))).unwrap();
    between.answered(request, Ok(Answer::Users(page(&users[3..], Some("more")))));
    tell_report(&mut between, report(&users));
    list(&mut between, &users[..3]);
    assert_eq!(shown(&between), shown(&after));

    assert_eq!(marks(&after), 5, "{}", after.screen());
    let expected = Tally {
        reported: 7,
        untagged: users.len(),
        unjudged: users.len(),
        ..Tally::default()
    };
    for desk in [&before, &after, &between] {
        assert_eq!(desk.account().users.tally(), expected);
    }
}

#[test]
fn live_answers_replace_it_user_by_user() {
    let users = people();
    let mut desk = reported(&users, report(&users));
    let mut left = marks(&desk);
    // What the account says has changed since.
    let mut lately = users.clone();
    for (_, last_used) in lately.iter_mut().flat_map(|user| &mut user.keys) {
        *last_used = LastUsed::At {
            time: now() - TimeDelta::minutes(61),
            service: None,
            region: None,
        };
    }
    for user in [
        "alice",
        "deploy-bot",
        "former-intern",
        "new-hire",
        "old-batch",
        "web-assets",
    ] {
        if desk.account().users.get(user).unwrap().keys.is_loading() {
            name_keys(&mut desk, &lately, user);
        }
        while let Some((request, read)) = next(
            &mut desk,
            |read| matches!(read, Read::LastUsed(of, _) if **of == *user),
        ) {
            assert!(is_reported(desk.account().users.get(user).unwrap()));
            desk.answered(request, answer(&lately, read));
        }
        let row = desk.account().users.get(user).unwrap();
        assert!(!is_reported(row), "{user}");
        if !row.known_keys().all(|key| key.live().is_some()) || row.key_count() == Some(0) {
            continue;
        }
        let used = row.foremost().and_then(Known::last_used);
        let LastUsed::At { time, .. } = used.expect("known") else {
            panic!("{user}: used");
        };
        assert_eq!(*time, now() - TimeDelta::minutes(61));
        left -= 1;
        assert_eq!(marks(&desk), left, "{user}: {}", desk.screen());
    }
    assert_eq!(left, 0);
    let tally = desk.account().users.tally();
    assert_eq!((tally.keys, tally.complete, tally.reported), (7, 7, 0));
}

#[test]
fn the_counts_say_what_is_live_and_what_is_not_known() {
    let users = people();
    let mut desk = opened();
    desk.send(Message::Resize(120, 24));
    let (request, _) = next(&mut desk, |read| matches!(read, Read::Users(_))).unwrap();
    desk.answered(request, Ok(Answer::Users(page(&users[..3], Some("more")))));
    let screen = desk.screen();
    assert!(
        screen.contains("Users 3 so far") && screen.contains("Keys ?"),
        "{screen}"
    );
    tell_report(
        &mut desk,
        Report {
            generated: now() - TimeDelta::hours(3),
            ..report(&users)
        },
    );
    let screen = desk.screen();
    assert!(screen.contains("Keys 4 so far"), "{screen}");
    list(&mut desk, &users[3..]);
    let screen = desk.screen();
    assert!(
        screen.contains("Users 6 ") && screen.contains("Keys 7 "),
        "{screen}"
    );
    assert!(!screen.contains("so far"), "{screen}");
    assert!(
        screen.contains("the report, 3h old · 0 of 7 keys live"),
        "{screen}"
    );
    for (user, live) in [("alice", 1), ("deploy-bot", 3), ("web-assets", 5)] {
        if desk.account().users.get(user).unwrap().keys.is_loading() {
            name_keys(&mut desk, &users, user);
        }
        while let Some((request, read)) = next(
            &mut desk,
            |read| matches!(read, Read::LastUsed(of, _) if **of == *user),
        ) {
            desk.answered(request, answer(&users, read));
        }
        let text = format!("{live} of 7 keys live");
        let screen = desk.screen();
        assert!(screen.contains(&text), "{text}: {screen}");
    }
    desk.serve(&users);
    let screen = desk.screen();
    assert!(
        !screen.contains("live") && !screen.contains("the report"),
        "{screen}"
    );
}

/// The owner of a key that is searched for turns out to be this user.
fn find_a_key_of(desk: &mut Desk, user: &str) {
    let key = KeyId::read("AKIAIOSFODNN7EXAMPLE").unwrap();
    desk.intend(Intent::Search(desk.screen.slot(), key));
    let (request, _) = next(desk, |read| matches!(read, Read::Owner(_))).expect("it is asked");
    let owner = Answer::Owner(user.into(), LastUsed::Never);
    desk.answered(request, Ok(owner));
    desk.intend(Intent::GoToOwner);
    assert!(desk.account().users.get(user).is_some());
}

/// A key of this user, whatever their keys are, is changed.
fn change_a_key_of(desk: &mut Desk, user: &str) {
    let change = engine::Change::SetActive {
        user: user.into(),
        key: "AKIAALICE001EXAMPLE1".into(),
        active: false,
    };
    desk.intend(Intent::Send(desk.screen.slot(), vec![change]));
    let (id, _) = desk.next_change().unwrap();
    desk.changed(id, Ok(Changed::Done));
}

#[test]
fn another_user_of_the_same_name_is_not_meant() {
    let users = people();
    let mut old = report(&users);
    old.users[1].created = Some(now() - TimeDelta::days(2000));
    old.users[1].name = "Deploy-Bot".into();
    for first in [true, false] {
        let mut desk = opened();
        if first {
            tell_report(&mut desk, old.clone());
            list(&mut desk, &users);
        } else {
            list(&mut desk, &users);
            tell_report(&mut desk, old.clone());
        }
        let row = desk.account().users.get("deploy-bot").unwrap();
        assert_eq!(row.key_count(), None, "{first}");
        assert_eq!(desk.account().users.tally().unknown, 1);
        assert!(desk.screen().contains("Keys 5 so far"), "{}", desk.screen());
    }
    // Also one whom a key's last use has named before the listing has.
    let mut desk = opened();
    find_a_key_of(&mut desk, "deploy-bot");
    tell_report(&mut desk, old);
    list(&mut desk, &users);
    assert_eq!(
        desk.account().users.get("deploy-bot").unwrap().key_count(),
        None
    );
    // And who is the same one is, as soon as the listing has said so.
    let mut desk = opened();
    find_a_key_of(&mut desk, "deploy-bot");
    tell_report(&mut desk, report(&users));
    list(&mut desk, &users);
    let row = desk.account().users.get("deploy-bot").unwrap();
    assert_eq!(row.key_count(), Some(2));
    // The same one in other letters is.
    let mut same = report(&users);
    same.users[1].name = "Deploy-Bot".into();
    let desk = reported(&users, same);
    assert_eq!(
        desk.account().users.get("deploy-bot").unwrap().key_count(),
        Some(2)
    );
}

#[test]
fn the_account_knows_better_how_many_keys_there_are() {
    let users = people();
    // One has been deleted since, and one created.
    let mut old = report(&users);
    let extra = old.users[5].keys[0].clone();
    old.users[0].keys = vec![old.users[0].keys[0].clone(), extra].into();
    old.users[1].keys = vec![old.users[1].keys[0].clone()].into();
    let mut desk = reported(&users, old);
    assert_eq!(desk.account().users.tally().all_keys(), 7);
    name_keys(&mut desk, &users, "alice");
    name_keys(&mut desk, &users, "deploy-bot");
    let tally = desk.account().users.tally();
    assert_eq!((tally.users, tally.keys, tally.reported), (2, 3, 4));
    // Of the one that is in both the report tells the last use, and of the new one nobody.
    assert!(key(&desk, "deploy-bot", 0).is_reported());
    assert!(key(&desk, "deploy-bot", 0).last_used().is_some());
    assert_eq!(key(&desk, "deploy-bot", 1).last_used(), None);
    // The row tells of the older one only, with the age and the last use of that one.
    let row = desk.account().users.get("deploy-bot").unwrap();
    let foremost = row.foremost().expect("a key");
    assert_eq!(foremost.id(), key(&desk, "deploy-bot", 0).id());
    assert!(foremost.is_reported());
    desk.serve(&users);
    assert_eq!(marks(&desk), 0);
}

#[test]
fn a_key_that_was_activated_again_is_not_taken_for_another() {
    let users = people();
    let mut old = report(&users);
    // It says when it was activated, and not when it was created.
    old.users[0].keys[0].rotated = Some(now() - TimeDelta::days(2));
    old.users[0].keys[0].last_used = LastUsed::Never;
    let mut desk = reported(&users, old);
    assert_eq!(
        key(&desk, "alice", 0).created(),
        Some(now() - TimeDelta::days(2))
    );
    name_keys(&mut desk, &users, "alice");
    let alice = key(&desk, "alice", 0);
    assert_eq!(alice.created(), Some(now() - TimeDelta::days(12)));
    assert_eq!((alice.last_used(), alice.is_reported()), (None, false));
}

#[test]
fn of_keys_made_at_the_same_second_nobody_knows_which_is_meant() {
    let twins = || {
        vec![someone(
            "twins",
            &[
                ("AKIATWIN0001EXAMPLE1", true, 40, Some(3)),
                ("AKIATWIN0002EXAMPLE2", true, 40, None),
            ],
        )]
    };
    // Two live ones and one in the report, one live one and two in the report, two and two.
    for (live, in_report) in [(2, 1), (1, 2), (2, 2)] {
        let mut old = report(&twins());
        old.users[0].keys = old.users[0].keys[..in_report].into();
        let mut users = twins();
        users[0].keys.truncate(live);
        let mut desk = reported(&users, old);
        assert!(is_reported(desk.account().users.get("twins").unwrap()));
        name_keys(&mut desk, &users, "twins");
        for at in 0..live {
            assert_eq!(
                key(&desk, "twins", at).last_used(),
                None,
                "{live} {in_report}"
            );
        }
    }
}

#[test]
fn what_was_changed_here_is_not_undone_by_a_report_that_comes_later() {
    let users = people();
    let changes: [Change; 3] = [
        ("alice", "cy", || created("AKIANEWKEY01EXAMPLE1"), 2),
        ("old-batch", "ty", || Changed::Done, 1),
        ("old-batch", "dPLE1", || Changed::Done, 0),
    ];
    for (user, keys, done, count) in changes {
        let mut desk = opened();
        let (report_request, _) = next(&mut desk, |read| *read == Read::Report).unwrap();
        desk.serve(&users);
        let at = users
            .iter()
            .position(|someone| someone.name == user)
            .unwrap();
        desk.keys(&"j".repeat(at));
        desk.serve(&users);
        desk.keys(keys);
        if keys.starts_with('d') {
            desk.press(KeyCode::Enter);
        }
        desk.serve(&users);
        let (id, _) = desk
            .next_change()
            .unwrap_or_else(|| panic!("{}", desk.screen()));
        desk.changed(id, Ok(done()));
        // Listing anew has not answered yet, and the report does not know.
        let live = |desk: &Desk| {
            let row = desk.account().users.get(user).unwrap();
            let keys: Vec<_> = row
                .known_keys()
                .map(|key| (key.id().map(str::to_owned), key.status().clone()))
                .collect();
            keys
        };
        let before = live(&desk);
        assert_eq!(before.len(), count, "{keys}");
        if keys == "ty" {
            assert_eq!(before[0].1, KeyStatus::Inactive);
        }
        let old = Ok(Answer::Report(Box::new(report(&users))));
        desk.answered(report_request, old);
        assert_eq!(live(&desk), before, "{keys}");
        assert!(
            !is_reported(desk.account().users.get(user).unwrap()),
            "{keys}"
        );
    }
}

#[test]
fn a_user_changed_here_whose_keys_are_not_known_is_not_the_report_s_either() {
    let users = people();
    for first in [true, false] {
        let mut desk = opened();
        list(&mut desk, &users);
        if first {
            tell_report(&mut desk, report(&users));
        }
        change_a_key_of(&mut desk, "Alice");
        if !first {
            tell_report(&mut desk, report(&users));
        }
        assert_eq!(desk.account().users.get("alice").unwrap().key_count(), None);
        assert_eq!(desk.account().users.tally().unknown, 1);
    }
}

#[test]
fn who_is_not_listed_is_not_there_whatever_the_report_says() {
    let users = people();
    for first in [true, false] {
        let mut desk = opened();
        if first {
            tell_report(&mut desk, report(&users));
            list(&mut desk, &users[..4]);
        } else {
            list(&mut desk, &users[..4]);
            tell_report(&mut desk, report(&users));
        }
        assert_eq!(desk.account().users.rows().len(), 4);
        assert_eq!(desk.account().users.tally().all_keys(), 4);
        // And comes without it, should they be listed later: it may be somebody else.
        desk.serve(&users[..4]);
        desk.keys("R");
        list(&mut desk, &users);
        assert_eq!(
            desk.account().users.get("web-assets").unwrap().key_count(),
            None,
            "{first}"
        );
    }
    // Who is gone from the listing is gone from the counts.
    let mut desk = reported(&users, report(&users));
    desk.serve(&users);
    desk.keys("R");
    desk.serve(&users[..4]);
    assert_eq!(desk.account().users.tally().all_keys(), 4);
}

#[test]
fn a_refused_report_is_one_quiet_line_and_everything_is_asked_for_live() {
    let users = people();
    let mut desk = opened();
    list(&mut desk, &users);
    let (request, _) = next(&mut desk, |read| *read == Read::Report).unwrap();
    desk.answered(request, Err(error(Kind::Denied)));
    assert!(desk.screen.notice().is_none(), "nobody is disturbed");
    desk.send(Message::Resize(100, 24));
    let screen = desk.screen();
    assert!(screen.contains("no report: access denied"), "{screen}");
    assert_eq!(desk.screen.engine.activity.noted(), 1);
    desk.serve(&users);
    let tally = desk.account().users.tally();
    assert_eq!((tally.users, tally.complete, tally.unknown), (6, 7, 0));
    assert_eq!(
        desk.screen.engine.activity.noted(),
        1,
        "one line, and no more"
    );
    let screen = desk.screen();
    assert!(!screen.contains("report") && marks(&desk) == 0, "{screen}");
    // It may be granted later.
    desk.keys("R");
    let asked: Vec<Read> = std::iter::from_fn(|| desk.next_read())
        .map(|(_, read)| read)
        .collect();
    assert!(asked.contains(&Read::Report), "{asked:?}");
}

#[test]
fn root_s_own_keys_are_a_warning_at_the_top() {
    let users = people();
    let summary = |root_keys| {
        Ok(Answer::Summary(Summary {
            keys_per_user: Some(2),
            root_keys,
        }))
    };
    let root = |active, days: i64| ReportedKey {
        active,
        rotated: Some(now() - TimeDelta::days(days)),
        last_used: LastUsed::At {
            time: now() - TimeDelta::days(5),
            service: None,
            region: None,
        },
    };
    let warned = |desk: &Desk| {
        let screen = desk.screen();
        let line = screen
            .lines()
            .find(|line| line.contains("The root user has"));
        line.map(|line| line.trim().to_owned())
    };
    let tell_summary = |desk: &mut Desk, keys| {
        let (request, _) = next(desk, |read| *read == Read::Summary).unwrap();
        desk.answered(request, summary(keys));
    };
    // From the summary alone, and then with what the report knows of them.
    let mut desk = opened();
    desk.send(Message::Resize(120, 24));
    list(&mut desk, &users);
    assert_eq!(warned(&desk), None);
    tell_summary(&mut desk, Some(1));
    let text = "▲ The root user has an access key";
    assert_eq!(warned(&desk).as_deref(), Some(text));
    let window = desk.screen.lists.by_user().on_screen();
    assert!(window.len() <= desk.screen.lists.by_user().height());
    let mut old = report(&users);
    old.root = Some(vec![root(true, 800), root(false, 20)].into());
    tell_report(&mut desk, old.clone());
    let line = warned(&desk).expect("a warning");
    assert!(
        line.contains("2 access keys, ") && line.contains(", used 5 days ago"),
        "{line}"
    );
    // The report alone is enough.
    let mut desk = opened();
    desk.send(Message::Resize(120, 24));
    list(&mut desk, &users);
    old.root = Some(vec![root(false, 20)].into());
    tell_report(&mut desk, old);
    let line = warned(&desk).expect("a warning");
    assert!(line.contains("an inactive access key"), "{line}");
    // None is none.
    let mut desk = opened();
    list(&mut desk, &users);
    tell_summary(&mut desk, Some(0));
    tell_report(&mut desk, report(&users));
    assert_eq!(warned(&desk), None);
}

#[test]
fn of_two_keys_the_one_that_the_account_has_told_of_is_not_marked() {
    let users = people();
    let mut old = report(&users);
    for key in old.users.iter_mut().flat_map(|user| &mut user.keys) {
        key.last_used = LastUsed::Never;
    }
    let mut desk = reported(&users, old);
    name_keys(&mut desk, &users, "deploy-bot");
    let second =
        |read: &Read| matches!(read, Read::LastUsed(_, key) if key == "AKIADEPLOY02EXAMPLE2");
    let (request, read) = next(&mut desk, second).expect("it is asked for");
    desk.answered(request, answer(&users, read));
    let (first, second) = (key(&desk, "deploy-bot", 0), key(&desk, "deploy-bot", 1));
    assert_eq!((first.is_reported(), second.is_reported()), (true, false));
    assert_eq!(first.last_used(), Some(&LastUsed::Never));
    assert_eq!(second.last_used(), Some(&users[1].keys[1].1));
    // A last use that is refused leaves the report's, and its mark.
    let first =
        |read: &Read| matches!(read, Read::LastUsed(_, key) if key == "AKIADEPLOY01EXAMPLE1");
    let (request, _) = next(&mut desk, first).expect("it is asked for");
    desk.answered(request, Err(error(Kind::Denied)));
    let first = key(&desk, "deploy-bot", 0);
    assert!(first.is_reported() && first.error().is_none());
}
