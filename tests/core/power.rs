//! Administrators and users under quarantine in the lists: told late, by several pages, or not at all.

use super::{
    SIZE,
    desk::{Desk, Someone, answer, people, settings},
    error,
};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        self, Answer, Background, Kind, Read, RequestId, SignedIn,
        impact::policy::{Digest, Given, Grants, Patterns, Policy, Power, Statement},
        model::{UserDetails, UserDetailsPage},
        user_tags::UserTags,
    },
    tui::{Message, Settings},
};
use std::sync::Arc;

const ADMIN: &str = "arn:aws:iam::aws:policy/Anything";
const QUARANTINE: &str = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3";

/// What a policy says that allows these actions on everything.
fn allows(actions: &[&str]) -> Digest {
    says(true, actions)
}

/// What one says that allows or denies them.
fn says(allows: bool, actions: &[&str]) -> Digest {
    let patterns = |any_of: &[&str]| Patterns {
        any_of: any_of.iter().map(|&one| one.into()).collect(),
        inverted: false,
    };
    Digest::of(
        &Policy {
            statements: vec![Statement {
                allows,
                actions: patterns(actions),
                resources: patterns(&["*"]),
                is_conditional: false,
            }],
        },
        None,
    )
}

/// What each of the people has: `deploy-bot` is in a group of administrators, and `old-batch` has a
/// policy of its own.
fn granted(users: &[Someone]) -> Vec<UserDetails> {
    let of = |user: &Someone| match user.name {
        "deploy-bot" => Grants {
            groups: ["ops".into()].into(),
            ..Grants::default()
        },
        "old-batch" => Grants {
            inline: [Some(allows(&["iam:putuserpolicy"]))].into(),
            ..Grants::default()
        },
        "web-assets" => Grants {
            inline: [None].into(),
            ..Grants::default()
        },
        _ => Grants::default(),
    };
    let tags = |user: &Someone| {
        let team = ("team".to_owned(), user.name[..3].to_owned());
        UserTags::read([team, ("stage".into(), "prod".into())], Arc::from)
    };
    let users = users.iter().map(|user| UserDetails {
        name: user.name.into(),
        tags: tags(user),
        grants: Arc::new(of(user)),
    });
    users.collect()
}

/// Pages in the order of the service: users, groups, managed policies.
fn pages(users: &[Someone]) -> [UserDetailsPage; 3] {
    let next = |next: &str| Some(next.to_owned());
    let ops = Grants {
        managed: [ADMIN.into()].into(),
        ..Grants::default()
    };
    [
        UserDetailsPage {
            users: granted(users),
            next: next("groups"),
            ..UserDetailsPage::default()
        },
        UserDetailsPage {
            groups: vec![("ops".into(), ops)],
            next: next("policies"),
            ..UserDetailsPage::default()
        },
        UserDetailsPage {
            policies: vec![(ADMIN.into(), Some(allows(&["*"])))],
            ..UserDetailsPage::default()
        },
    ]
}

/// Everything but these is answered, and the first of them is returned.
fn until(desk: &mut Desk, is: impl Fn(&Read) -> bool) -> RequestId {
    let users = people();
    loop {
        let (request, read) = desk.next_read().expect("it is asked");
        if is(&read) {
            return request;
        }
        desk.answered(request, answer(&users, read));
    }
}

fn is_details(read: &Read) -> bool {
    matches!(read, Read::UserDetails(_))
}

fn is_quarantine(read: &Read) -> bool {
    matches!(read, Read::Quarantined)
}

fn quarantined(users: &[&str]) -> Answer {
    let users = users.iter().map(|&user| user.into());
    Answer::Quarantined(users.collect())
}

fn power(desk: &Desk, user: &str) -> Option<Power> {
    desk.account().users.get(user).expect("a user").power
}

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

#[test]
fn administrators_are_known_once_all_groups_and_policies_are_told_of() {
    let mut desk = opened();
    let [users, groups, policies] = pages(&people());
    for page in [users, groups] {
        let request = until(&mut desk, is_details);
        desk.answered(request, Ok(Answer::UserDetails(page)));
        assert_eq!(power(&desk, "deploy-bot"), None, "there is more to come");
        assert_eq!(power(&desk, "old-batch"), None);
        assert!(!desk.screen().contains("adm"), "{}", desk.screen());
    }
    desk.keys("/admin");
    assert!(
        desk.screen().contains("No users match"),
        "{}",
        desk.screen()
    );
    let request = until(&mut desk, is_details);
    desk.answered(request, Ok(Answer::UserDetails(policies)));
    assert_eq!(power(&desk, "deploy-bot"), Some(Power::Everything));
    let escalates = power(&desk, "old-batch").expect("known");
    assert!(
        matches!(escalates, Power::Escalates(marker) if marker.action() == "iam:PutUserPolicy")
    );
    assert_eq!(power(&desk, "alice"), Some(Power::Nothing));
    assert_eq!(power(&desk, "web-assets"), None, "a policy that is none");
    let screen = desk.screen();
    assert!(
        screen.contains("deploy-bot adm") && screen.contains("old-batch adm"),
        "{screen}"
    );
    // One is not known to be none.
    assert!(screen.contains("2 shown so far"), "{screen}");
    assert!(!screen.contains("web-assets"), "{screen}");
    assert!(screen.contains("admin: can do everything"), "{screen}");
    desk.press(KeyCode::Esc);
    desk.keys("/-admin");
    assert!(
        desk.screen().contains("3 shown so far"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Esc);
    desk.keys("2");
    assert!(
        desk.screen().contains("deploy-bot adm"),
        "{}",
        desk.screen()
    );
    assert!(desk.next_read().is_none());
}

#[test]
fn a_later_reading_replaces_what_was_judged() {
    let mut desk = opened();
    for page in pages(&people()) {
        let request = until(&mut desk, is_details);
        desk.answered(request, Ok(Answer::UserDetails(page)));
    }
    assert_eq!(power(&desk, "deploy-bot"), Some(Power::Everything));
    desk.keys("R");
    let request = until(&mut desk, is_details);
    // What was known stays until all is read again, and where that fails.
    let [users, ..] = pages(&people());
    desk.answered(request, Ok(Answer::UserDetails(users)));
    let request = until(&mut desk, is_details);
    desk.answered(request, Err(error(Kind::Denied)));
    assert_eq!(power(&desk, "deploy-bot"), Some(Power::Everything));
    desk.keys("R");
    let request = until(&mut desk, is_details);
    let page = UserDetailsPage {
        users: granted(&people()),
        ..UserDetailsPage::default()
    };
    desk.answered(request, Ok(Answer::UserDetails(page)));
    assert_eq!(
        power(&desk, "deploy-bot"),
        None,
        "the group was not told of"
    );
}

#[test]
fn who_may_not_be_told_of_is_not_known_and_no_error() {
    let mut desk = opened();
    let request = until(&mut desk, is_quarantine);
    desk.answered(request, Err(error(Kind::Denied)));
    let request = until(&mut desk, is_details);
    desk.answered(request, Err(error(Kind::Denied)));
    assert!(desk.next_read().is_none(), "neither is asked again");
    for (filter, why) in [
        ("admin", "an administrator could"),
        ("-admin", "an administrator could"),
        ("quarantined", "under quarantine could"),
        ("-quarantined", "under quarantine could"),
        ("admin quarantined", "known of 6 users. Who is under"),
        ("tag:x", "select them one by one."),
    ] {
        desk.keys("/");
        desk.keys(filter);
        let screen = desk.screen();
        assert!(screen.contains("0 shown so far"), "{filter}: {screen}");
        assert!(list_of(&screen).contains(why), "{filter}: {screen}");
        desk.press(KeyCode::Esc);
    }
    desk.keys("R");
    let request = until(&mut desk, is_quarantine);
    desk.answered(request, Ok(quarantined(&["OLD-batch"])));
    desk.keys("/quarantined");
    assert!(desk.screen().contains("1 shown "), "{}", desk.screen());
    assert!(!desk.screen().contains("so far"), "{}", desk.screen());
}

#[test]
fn who_is_under_quarantine_is_asked_once_and_last_but_for_the_details() {
    let mut desk = opened();
    let request = until(&mut desk, is_quarantine);
    let tally = desk.account().users.tally();
    assert_eq!(tally.complete, tally.all_keys(), "keys and last uses first");
    // A throttled question is asked again.
    desk.answered(request, Err(error(Kind::Throttled)));
    desk.wait(5_000);
    desk.send(Message::Tick);
    let request = until(&mut desk, is_quarantine);
    assert_eq!(desk.account().users.is_quarantined("old-batch"), None);
    desk.answered(request, Ok(quarantined(&["old-batch"])));
    let users = &desk.account().users;
    assert_eq!(users.is_quarantined("old-batch"), Some(true));
    assert_eq!(users.is_quarantined("alice"), Some(false));
    for page in pages(&people()) {
        let request = until(&mut desk, is_details);
        desk.answered(request, Ok(Answer::UserDetails(page)));
    }
    assert!(desk.next_read().is_none());
    desk.keys("/quarantined");
    let screen = desk.screen();
    assert!(screen.contains("1 shown "), "{screen}");
    assert!(screen.contains("old-batch quar"), "{screen}");
    assert!(screen.contains("quarantined: AWS"), "{screen}");
}

#[test]
fn all_tags_of_users_are_found_and_offered() {
    let mut desk = opened();
    let [mut users, ..] = pages(&people());
    users.next = None;
    let request = until(&mut desk, is_details);
    desk.answered(request, Ok(Answer::UserDetails(users)));
    desk.keys("/tag:team=dep");
    assert!(desk.screen().contains("1 shown "), "{}", desk.screen());
    desk.press(KeyCode::Esc);
    desk.keys("/tag:st");
    desk.press(KeyCode::Tab);
    assert!(desk.screen().contains("tag:stage"), "{}", desk.screen());
    desk.keys("=");
    desk.press(KeyCode::Tab);
    let screen = desk.screen();
    // Whom a person had selected was asked about alone, and has none.
    assert!(
        screen.contains("tag:stage=prod") && screen.contains("5 shown"),
        "{screen}"
    );
}

#[test]
fn what_is_not_told_of_makes_no_one_powerless() {
    let given = Given::default();
    let grants = |inline: &[Option<Digest>], managed: &[&str]| Grants {
        inline: inline.into(),
        managed: managed.iter().map(|&arn| arn.into()).collect(),
        ..Grants::default()
    };
    let admin = allows(&["*"]);
    let told = |grants: &Grants| given.power(grants, "bob");
    assert_eq!(told(&grants(&[], &[])), Some(Power::Nothing));
    assert_eq!(told(&grants(&[], &[ADMIN])), None);
    assert_eq!(told(&grants(&[None], &[])), None);
    assert_eq!(
        told(&grants(&[Some(admin.clone()), None], &[])),
        Some(Power::Everything)
    );
    let bounded = Grants {
        boundary: Some("arn:aws:iam::123456789012:policy/limit".into()),
        ..grants(&[Some(allows(&["s3:*"]))], &[])
    };
    assert_eq!(told(&bounded), None, "the boundary is not known");
    // It may leave nothing of what the policies allow.
    let bounded = Grants {
        inline: [Some(admin)].into(),
        ..bounded
    };
    assert_eq!(told(&bounded), None, "nor is what it leaves of everything");
    // A quarantine is taken away again.
    let quarantined = Grants {
        managed: [QUARANTINE.into()].into(),
        ..grants(&[Some(allows(&["iam:*"]))], &[])
    };
    let mut given = Given::default();
    let power = given.power(&quarantined, "bob");
    assert!(power.is_some_and(Power::is_admin), "{power:?}");
    let denies = Some(says(false, &["iam:*"]));
    given.managed.insert(QUARANTINE.into(), denies);
    assert_eq!(given.power(&quarantined, "bob"), power);
    let mut given = Given::default();
    given
        .managed
        .insert("arn:aws:iam::123456789012:policy/limit".into(), None);
    assert_eq!(given.power(&bounded, "bob"), None, "it was not understood");
    given.managed.insert(
        "arn:aws:iam::123456789012:policy/limit".into(),
        Some(allows(&["iam:*"])),
    );
    let power = given.power(&bounded, "bob");
    assert!(power.is_some_and(Power::is_admin), "{power:?}");
}

/// What the pane of the users says, in one line.
fn list_of(screen: &str) -> String {
    let lines = screen.lines();
    let lines = lines.filter_map(|line| line.split('│').nth(1));
    let words = lines.flat_map(str::split_whitespace);
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn who_is_not_found_says_what_is_not_known_and_of_how_many() {
    let says = |desk: &mut Desk, filter: &str| {
        desk.keys("/");
        desk.keys(filter);
        let screen = desk.screen();
        desk.press(KeyCode::Esc);
        list_of(&screen)
    };
    let mut desk = opened();
    let request = until(&mut desk, is_quarantine);
    let said = says(&mut desk, "admin quarantined");
    let admin = "Who is an administrator is not known yet of 6 users.";
    let quarantine = "Who is under quarantine is not known yet.";
    assert!(said.contains(&format!("{admin} {quarantine}")), "{said}");
    // Whoever is selected was asked for alone.
    let tags = "Tags, owners and descriptions are not known yet of 5 users.";
    let said = says(&mut desk, "tag:x");
    assert!(said.contains(tags), "{said}");
    desk.answered(request, Ok(quarantined(&[])));
    for page in pages(&people()) {
        let request = until(&mut desk, is_details);
        desk.answered(request, Ok(Answer::UserDetails(page)));
    }
    let said = says(&mut desk, "tag:x");
    assert!(
        said.contains("What it asks is known of all users."),
        "{said}"
    );
    // A policy was not understood.
    let said = says(&mut desk, "admin quarantined");
    let admin = "Who is an administrator is not known of 1 user.";
    assert!(said.contains(admin), "{said}");
    assert!(!said.contains("key ID"), "{said}");
}
