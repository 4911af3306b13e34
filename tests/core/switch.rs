//! Choosing an account to switch to, or to open beside the others.

use super::{
    SIZE,
    desk::{Desk, answer, click, people, settings},
    error, with_new_key,
};
use chrono::TimeDelta;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use iamkeys::{
    engine::{
        Answer, Effect, Event, Intent, Kind, Means, Offer, Portal, Problem, Read, SessionId,
        SignedIn, Target,
        model::{AccountState, AccountsPage, ListedAccount},
        profiles::{Login, Profile, ProfileKind, ProfileList, SsoPortal},
    },
    tui::{self, KeyPress, Message, Page},
};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn profile(name: &str) -> Profile {
    Profile {
        name: name.into(),
        kind: ProfileKind::Keys { mfa: false },
        account: None,
        sources: Vec::new(),
        login: None,
    }
}

fn list(names: &[&str]) -> ProfileList {
    ProfileList {
        profiles: names.iter().map(|name| profile(name)).collect(),
        hidden: 0,
        files: vec!["~/.aws/config".into()],
        portals: Vec::new(),
    }
}

/// How often the profiles were asked for since the last time.
fn asked(desk: &mut Desk) -> usize {
    let before = desk.effects.len();
    desk.effects
        .retain(|it| !matches!(it, Effect::ListProfiles));
    before - desk.effects.len()
}

/// The sign-ins since the last time.
fn sign_ins(desk: &mut Desk) -> Vec<(SessionId, Target)> {
    let mut begun = Vec::new();
    desk.effects.retain(|effect| match effect {
        Effect::SignIn(session, target) => {
            begun.push((*session, target.clone()));
            false
        }
        _ => true,
    });
    begun
}

fn of(name: &str) -> Target {
    Target::Profile(name.into())
}

/// The account of profile `prod` is open, and there are these profiles to choose from.
fn choosing(names: &[&str]) -> Desk {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.effects.clear();
    desk.keys("@");
    desk.send(Event::Profiles(Ok(Box::new(list(names)))));
    desk
}

fn ctrl(desk: &mut Desk, c: char) {
    let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
    desk.send(Message::Key(KeyPress { key, read: true }));
}

/// The rows that can be clicked, as they stand on the screen.
fn rows(desk: &mut Desk) -> usize {
    let drawn = desk.draw();
    let targets = drawn.targets.iter();
    targets
        .filter(|(_, target)| matches!(target, tui::Target::PaletteRow(_)))
        .count()
}

#[test]
fn the_profiles_are_read_when_the_choice_opens() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    assert_eq!(asked(&mut desk), 0);
    desk.keys("@");
    assert_eq!(asked(&mut desk), 1);
    assert!(desk.screen().contains("Reading the profiles"));
    assert!(desk.screen.engine.is_busy());
    desk.press(KeyCode::Esc);
    desk.keys("@");
    assert_eq!(asked(&mut desk), 0, "they are being read");
    desk.send(Event::Profiles(Ok(Box::new(list(&["dev", "prod"])))));
    assert!(!desk.screen.engine.is_busy());
    assert!(desk.screen().contains("2 profiles"));
    desk.press(KeyCode::Esc);
    desk.keys("@");
    assert_eq!(asked(&mut desk), 1, "a file may have changed");
    assert!(desk.screen().contains("2 profiles"), "known meanwhile");
}

#[test]
fn enter_switches_to_the_highlighted_account() {
    let mut desk = choosing(&["dev", "prod", "staging"]);
    let before = desk.session();
    // One begins where one is.
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Enter);
    let [(session, target)] = &sign_ins(&mut desk)[..] else {
        panic!("one sign-in");
    };
    assert_eq!((session.slot, target), (before.slot, &of("staging")));
    assert_eq!(desk.screen.open_dialogs(), 0);
    assert_eq!(desk.account().target, of("staging"));
}

#[test]
fn a_click_switches_too() {
    let mut desk = choosing(&["dev", "prod"]);
    desk.send(click(tui::Target::PaletteRow(0)));
    assert_eq!(sign_ins(&mut desk)[0].1, of("dev"));
}

#[test]
fn what_is_typed_is_looked_for_in_names_and_the_name_itself_comes_first() {
    let mut desk = choosing(&["acme-prod", "my-quick-job", "prod", "production"]);
    for (typed, expected) in [("prod", "prod"), ("PRODU", "production"), ("quickj", "")] {
        desk.keys(typed);
        assert!(
            desk.screen().contains(&format!("{typed}▏")),
            "letters are text"
        );
        desk.press(KeyCode::Enter);
        let begun = sign_ins(&mut desk);
        match expected {
            "" => assert!(desk.screen().contains("No profile is like that.")),
            // It is open already.
            "prod" => assert!(begun.is_empty() && desk.screen.open_dialogs() == 0),
            name => assert_eq!(begun[0].1, of(name)),
        }
        if desk.screen.open_dialogs() == 0 {
            desk.keys("@");
        }
    }
}

#[test]
fn an_account_that_is_shown_is_not_signed_in_to_again_unless_that_is_asked_for() {
    let mut desk = choosing(&["dev", "prod"]);
    assert!(desk.screen().contains("signed in"));
    desk.press(KeyCode::Enter);
    assert!(sign_ins(&mut desk).is_empty());
    assert_eq!(desk.screen.open_dialogs(), 0);
    desk.keys("@");
    ctrl(&mut desk, 'l');
    let begun = sign_ins(&mut desk);
    assert_eq!(begun[0].1, of("prod"));
    assert_eq!(begun.len(), 1);
}

#[test]
fn space_opens_an_account_beside_the_others_once() {
    let mut desk = choosing(&["dev", "prod", "staging"]);
    let here = desk.session().slot;
    desk.press(KeyCode::Up);
    desk.press(KeyCode::Char(' '));
    let begun = sign_ins(&mut desk);
    assert_eq!((begun.len(), &begun[0].1), (1, &of("dev")));
    assert_ne!(begun[0].0.slot, here);
    assert_eq!(desk.screen.open_dialogs(), 1, "for the next one");
    desk.press(KeyCode::Char(' '));
    assert!(sign_ins(&mut desk).is_empty());
    assert!(desk.screen().contains("dev is open already"));
    // It is gone to, and not opened in place of this one.
    desk.press(KeyCode::Enter);
    assert!(sign_ins(&mut desk).is_empty());
    assert_eq!(desk.screen.slot(), begun[0].0.slot);
}

/// Signing in in this session has failed.
fn fails(desk: &mut Desk, session: SessionId, offer: Option<Offer>) {
    let result = Err(Box::new(Problem {
        title: "It failed".into(),
        offer,
        ..Problem::default()
    }));
    desk.send(Event::SignedIn { session, result });
}

#[test]
fn space_takes_an_account_out_again_that_could_not_be_opened() {
    let mut desk = choosing(&["dev", "prod", "staging"]);
    let here = desk.session().slot;
    desk.press(KeyCode::Up);
    desk.press(KeyCode::Char(' '));
    let (session, _) = sign_ins(&mut desk)[0];
    assert!(!desk.screen().contains("remove"), "it may work");
    fails(&mut desk, session, None);
    for text in ["failed: It failed", "Space remove"] {
        assert!(desk.screen().contains(text), "{text}: {}", desk.screen());
    }
    desk.press(KeyCode::Char(' '));
    assert!(sign_ins(&mut desk).is_empty());
    assert_eq!(desk.screen.engine.fleet.accounts().len(), 1);
    let screen = desk.screen();
    assert!(screen.contains("dev removed"), "{screen}");
    assert!(!screen.contains("failed"), "{screen}");
    // It can be tried again, and is another one then.
    desk.press(KeyCode::Char(' '));
    let begun = sign_ins(&mut desk);
    assert_eq!((begun.len(), &begun[0].1), (1, &of("dev")));
    assert!(begun[0].0.slot != session.slot && begun[0].0.slot != here);
    // What comes of the first one is of no interest.
    fails(&mut desk, session, None);
    assert_eq!(desk.screen.engine.fleet.accounts().len(), 2);
    // The one that is shown can be taken out as well.
    fails(&mut desk, begun[0].0, None);
    desk.press(KeyCode::Enter);
    assert_eq!(desk.screen.slot(), begun[0].0.slot);
    desk.keys("@dev");
    desk.press(KeyCode::Char(' '));
    desk.press(KeyCode::Esc);
    assert_eq!(desk.screen.slot(), here);
    assert!(desk.screen().contains("Users 6"), "{}", desk.screen());
}

#[test]
fn what_was_signed_in_to_once_is_not_taken_out() {
    let mut desk = choosing(&["dev", "prod"]);
    desk.press(KeyCode::Up);
    desk.press(KeyCode::Char(' '));
    let (session, _) = sign_ins(&mut desk)[0];
    let result = Ok(Box::new(SignedIn {
        profile: Some("dev".into()),
        ..SignedIn::default()
    }));
    desk.send(Event::SignedIn { session, result });
    ctrl(&mut desk, 'l');
    let (session, _) = sign_ins(&mut desk)[0];
    fails(&mut desk, session, None);
    desk.press(KeyCode::Char(' '));
    let begun = sign_ins(&mut desk);
    assert_eq!(begun.len(), 1, "once more");
    assert_eq!(begun[0].0.slot, session.slot);
}

#[test]
fn all_that_is_shown_is_tried_again_where_it_has_failed() {
    let mut desk = choosing(&["dev", "prod"]);
    desk.press(KeyCode::Up);
    desk.press(KeyCode::Char(' '));
    let (session, _) = sign_ins(&mut desk)[0];
    fails(&mut desk, session, None);
    ctrl(&mut desk, 'a');
    let begun = sign_ins(&mut desk);
    assert_eq!((begun.len(), begun[0].0.slot), (1, session.slot));
}

#[test]
fn the_failed_opening_of_a_portal_is_taken_out_too() {
    let mut desk = choosing(&["prod"]);
    with_portal(&mut desk, &["prod"], 3);
    desk.keys("portal");
    desk.press(KeyCode::Char(' '));
    let (session, _) = sign_ins(&mut desk)[0];
    assert!(desk.screen().contains("signing in"), "{}", desk.screen());
    fails(&mut desk, session, None);
    assert!(
        desk.screen().contains("failed: It failed"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Char(' '));
    assert_eq!(desk.screen.engine.fleet.accounts().len(), 1);
    assert!(desk.screen.engine.account_lists().is_empty());
    assert!(
        desk.screen().contains("login lasts 3h"),
        "{}",
        desk.screen()
    );
}

#[test]
fn what_needs_a_person_to_sign_in_comes_up_at_once() {
    let mut desk = choosing(&["dev", "prod"]);
    let mut profiles = list(&["dev", "half", "prod"]);
    // The file says that it is good, and the portal does not take it any more.
    profiles.profiles[0].login = Some(Login::Cached {
        expires: desk.clock + TimeDelta::hours(3),
        renewable: None,
    });
    profiles.profiles[1].kind = ProfileKind::Nothing("no keys".into());
    desk.send(Event::Profiles(Ok(Box::new(profiles))));
    desk.keys("dev");
    desk.press(KeyCode::Char(' '));
    for (offer, expected) in [(Offer::Login, Means::Login), (Offer::Code, Means::Code)] {
        let session = desk.screen.engine.fleet.accounts()[1].session;
        fails(&mut desk, session, Some(offer));
        desk.effects.clear();
        ctrl(&mut desk, 'l');
        let begun = desk.effects.iter().any(|effect| {
            matches!(effect, Effect::SignInWith(of, _, means)
                if of.slot == session.slot && *means == expected)
        });
        assert!(begun, "{offer:?}: {:?}", desk.effects);
        assert_eq!(desk.screen.open_dialogs(), 0, "what is asked is in sight");
        desk.keys("@dev");
    }
    desk.press(KeyCode::Esc);
    desk.keys("@half");
    desk.effects.clear();
    // Where one cannot sign in, that is said, and nothing is opened that would stay as a failure.
    for _ in 0..2 {
        desk.press(KeyCode::Char(' '));
        assert!(desk.screen().contains("half: no keys"), "{}", desk.screen());
        ctrl(&mut desk, 'l');
        assert!(desk.screen().contains("half: no keys"), "{}", desk.screen());
    }
    assert!(sign_ins(&mut desk).is_empty());
    assert_eq!(desk.screen.engine.fleet.accounts().len(), 2);
}

/// Of what could not be opened, as far as a person can help it, and of what is open.
#[test]
fn on_the_page_of_accounts_one_signs_in_at_once_or_is_told_why_not() {
    let mut desk = choosing(&["dev", "prod", "staging"]);
    for name in ["dev", "staging"] {
        desk.keys(name);
        desk.press(KeyCode::Char(' '));
        for _ in name.chars() {
            desk.press(KeyCode::Backspace);
        }
    }
    let begun = sign_ins(&mut desk);
    fails(&mut desk, begun[0].0, Some(Offer::Login));
    fails(&mut desk, begun[1].0, None);
    desk.press(KeyCode::Esc);
    desk.effects.clear();
    desk.keys("0/dev");
    desk.press(KeyCode::Enter);
    assert!(desk.screen().contains("l log in"), "{}", desk.screen());
    desk.keys("l");
    let (session, target) = logins(&mut desk).remove(0);
    assert_eq!((session.slot, target), (begun[0].0.slot, of("dev")));
    assert!(
        desk.screen().contains("1 shown"),
        "it stays there: {}",
        desk.screen()
    );
    desk.keys("l");
    assert!(desk.screen().contains("dev is being signed in to"));
    fails(&mut desk, session, Some(Offer::Code));
    desk.keys("l");
    assert!(desk.screen().contains("dev needs an MFA code: press m"));
    desk.press(KeyCode::Esc);
    desk.keys("/staging");
    desk.press(KeyCode::Enter);
    assert!(!desk.screen().contains("l log in"), "{}", desk.screen());
    desk.keys("l");
    assert!(desk.screen().contains("staging: It failed"));
    assert!(logins(&mut desk).is_empty());
    // It has nothing in it to be left out of the lists.
    assert!(desk.screen().contains("x remove"), "{}", desk.screen());
    desk.keys("x");
    assert!(desk.screen().contains("staging removed"));
    assert_eq!(desk.screen.engine.fleet.accounts().len(), 2);
    desk.press(KeyCode::Esc);
    desk.keys("/prod");
    desk.press(KeyCode::Enter);
    assert!(desk.screen().contains("x exclude"), "{}", desk.screen());
    desk.keys("l");
    assert!(
        desk.screen().contains("acme-prod is signed in"),
        "{}",
        desk.screen()
    );
    desk.keys("x");
    assert!(desk.screen().contains("x include"), "{}", desk.screen());
}

#[test]
fn the_page_of_accounts_is_left_with_the_last_account_but_one() {
    for hidden in [false, true] {
        let mut desk = choosing(&["dev", "prod"]);
        desk.keys("dev");
        desk.press(KeyCode::Char(' '));
        let (session, _) = sign_ins(&mut desk)[0];
        fails(&mut desk, session, None);
        desk.press(KeyCode::Esc);
        desk.keys("0");
        assert_eq!(desk.screen.page(), Page::Accounts);
        if hidden {
            // It is no row that is shown, and is removed where it is opened.
            desk.keys("/prod");
            desk.press(KeyCode::Enter);
            desk.keys("@dev");
            desk.press(KeyCode::Char(' '));
            desk.press(KeyCode::Esc);
        } else {
            desk.keys("/dev");
            desk.press(KeyCode::Enter);
            desk.keys("x");
            assert!(desk.screen().contains("dev removed"), "{}", desk.screen());
        }
        assert_eq!(desk.screen.engine.fleet.accounts().len(), 1, "{hidden}");
        assert_eq!(desk.screen.page(), Page::Users, "{hidden}");
        assert!(!desk.screen().contains("0 Accounts"), "{}", desk.screen());
    }
}

#[test]
fn a_session_that_has_ended_is_not_called_signed_in() {
    let mut desk = choosing(&["dev", "prod"]);
    desk.keys("dev");
    desk.press(KeyCode::Char(' '));
    desk.press(KeyCode::Esc);
    let request = desk
        .screen
        .engine
        .intend(Intent::Refresh(desk.session().slot));
    let request = request.into_iter().find_map(|effect| match effect {
        Effect::Read(_, request, Read::Users(_)) => Some(request),
        _ => None,
    });
    desk.answered(request.unwrap(), Err(error(Kind::Expired)));
    assert!(desk.account().identity.broken.is_some());
    desk.keys("0/prod");
    desk.press(KeyCode::Enter);
    desk.keys("l");
    let screen = desk.screen();
    let told = "acme-prod: SomeCode: iam:ListAccessKeys; press R";
    assert!(screen.contains(told), "{screen}");
    assert!(logins(&mut desk).is_empty());
}

#[test]
fn another_list_leaves_the_highlight_on_the_same_profile() {
    let mut desk = choosing(&["dev", "prod", "staging"]);
    desk.press(KeyCode::Down);
    let newer = list(&["another", "dev", "more", "prod", "staging", "z"]);
    desk.send(Event::Profiles(Ok(Box::new(newer))));
    desk.press(KeyCode::Enter);
    assert_eq!(sign_ins(&mut desk)[0].1, of("staging"));
}

#[test]
fn the_signed_out_page_has_it_too() {
    let mut desk = Desk::new(SIZE, settings());
    let session = desk.session();
    let result = Err(Box::new(Problem::default()));
    desk.send(Event::SignedIn { session, result });
    desk.effects.clear();
    desk.keys("@");
    desk.send(Event::Profiles(Ok(Box::new(list(&["dev", "prod"])))));
    assert!(desk.screen().contains("no profile"));
    desk.keys("dev");
    desk.press(KeyCode::Enter);
    assert_eq!(sign_ins(&mut desk)[0].1, of("dev"));
}

#[test]
fn one_can_go_back_to_the_credentials_that_no_profile_was_named_for() {
    let mut desk = Desk::opening(Target::Ambient, SIZE, settings());
    desk.signed_in(SignedIn {
        key: "AKIAALICE001EXAMPLE1".into(),
        ..SignedIn::default()
    });
    desk.serve(&people());
    desk.effects.clear();
    desk.keys("@");
    desk.send(Event::Profiles(Ok(Box::new(list(&["dev"])))));
    let screen = desk.screen();
    assert!(screen.contains("● no profile"), "{screen}");
    desk.keys("dev");
    desk.press(KeyCode::Enter);
    assert_eq!(sign_ins(&mut desk)[0].1, of("dev"));
    desk.signed_in(SignedIn::default());
    desk.keys("@no");
    desk.press(KeyCode::Enter);
    assert_eq!(sign_ins(&mut desk)[0].1, Target::Ambient);
}

#[test]
fn a_session_that_is_broken_is_no_open_one() {
    let mut desk = choosing(&["dev", "prod"]);
    desk.press(KeyCode::Esc);
    desk.keys("R");
    let (request, _) = desk.next_read().unwrap();
    desk.answered(request, Err(error(Kind::Expired)));
    desk.effects.clear();
    desk.keys("@");
    assert!(desk.screen().contains("▲ prod"), "{}", desk.screen());
    desk.press(KeyCode::Enter);
    assert_eq!(sign_ins(&mut desk)[0].1, of("prod"));
}

#[test]
fn a_secret_that_is_pasted_in_is_taken_out() {
    let mut desk = choosing(&["dev", "prod"]);
    desk.send(Message::Paste(SECRET.into()));
    assert!(!desk.screen().contains("MDENG"));
    assert!(
        desk.screen()
            .contains("That looks like a secret: taken out again")
    );
}

#[test]
fn no_account_is_switched_to_over_a_new_key() {
    let mut desk = with_new_key();
    desk.effects.clear();
    desk.keys("@");
    assert_eq!(asked(&mut desk), 0);
    assert!(!desk.screen().contains("Accounts to open"));
}

#[test]
fn in_the_demo_it_is_said_that_profiles_are_real() {
    let mut desk = Desk::showing_target(Target::Demo, SIZE, settings(), &people());
    desk.keys("@");
    desk.send(Event::Profiles(Ok(Box::new(list(&["dev"])))));
    assert!(
        desk.screen()
            .contains("These are real accounts, unlike the demo.")
    );
}

/// What is drawn is what is seen, and the highlighted row is among it.
#[test]
fn ten_thousand_profiles_cost_no_more_than_those_on_the_screen() {
    let names: Vec<String> = (0..10_000).map(|at| format!("profile-{at:05}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (size, expected) in [((80, 24), 12), ((60, 16), 6), ((120, 36), 16)] {
        let mut desk = Desk::showing(size, settings(), &people());
        desk.keys("@");
        desk.send(Event::Profiles(Ok(Box::new(list(&names)))));
        assert!(desk.screen().contains("10,000 profiles"));
        assert_eq!(rows(&mut desk), expected, "{size:?}");
        for _ in 0..40 {
            desk.press(KeyCode::PageDown);
        }
        assert_eq!(rows(&mut desk), expected, "{size:?}");
        desk.keys("0999");
        // 09990 to 09999, and 00999.
        assert_eq!(rows(&mut desk), expected.min(11), "{size:?}");
        assert!(desk.screen().contains("11 of 10,000 profiles"));
        desk.press(KeyCode::Enter);
        assert_eq!(sign_ins(&mut desk)[0].1, of("profile-00999"));
    }
}

#[test]
fn how_long_a_session_lasts_is_told() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.signed_in(SignedIn {
        profile: Some("prod".into()),
        expires: Some(desk.clock + TimeDelta::minutes(200)),
        ..SignedIn::default()
    });
    desk.keys("@");
    desk.send(Event::Profiles(Ok(Box::new(list(&["dev", "prod"])))));
    assert!(desk.screen().contains("signed in, 3h left"));
    desk.wait(1000 * 60 * 60 * 3);
    assert!(desk.screen().contains("signed in, 20m left"));
}

#[test]
fn where_a_login_has_ended_signing_in_anew_makes_one() {
    let login = |expires| Login::Cached {
        expires,
        renewable: None,
    };
    let mut desk = choosing(&["prod"]);
    let now = desk.clock;
    let mut profiles = list(&["ended", "good", "prod"]);
    profiles.profiles[0].login = Some(login(now - TimeDelta::hours(1)));
    profiles.profiles[1].login = Some(login(now + TimeDelta::hours(1)));
    desk.send(Event::Profiles(Ok(Box::new(profiles))));
    assert!(desk.screen().contains("login has ended"));
    desk.keys("ended");
    ctrl(&mut desk, 'l');
    let with_login = desk.effects.iter().any(|effect| {
        matches!(effect, Effect::SignInWith(_, target, Means::Login) if *target == of("ended"))
    });
    assert!(with_login, "{:?}", desk.effects);
    assert_eq!(desk.screen.open_dialogs(), 0);
    desk.effects.clear();
    desk.keys("@good");
    ctrl(&mut desk, 'l');
    assert_eq!(sign_ins(&mut desk)[0].1, of("good"));
}

#[test]
fn a_login_beside_other_accounts_takes_the_place_of_none() {
    let mut desk = choosing(&["dev", "ended", "prod"]);
    let here = desk.session();
    desk.press(KeyCode::Up);
    desk.press(KeyCode::Up);
    desk.press(KeyCode::Char(' '));
    assert_eq!(sign_ins(&mut desk)[0].1, of("dev"));
    let mut profiles = list(&["dev", "ended", "prod"]);
    profiles.profiles[1].login = Some(Login::Missing);
    desk.send(Event::Profiles(Ok(Box::new(profiles))));
    desk.keys("ended");
    ctrl(&mut desk, 'l');
    let slots: Vec<_> = desk
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::SignInWith(session, target, Means::Login) if *target == of("ended") => {
                Some(session.slot)
            }
            _ => None,
        })
        .collect();
    assert_eq!(slots.len(), 1);
    let first = desk.screen.engine.fleet.of(here);
    assert_eq!(first.map(|account| &account.target), Some(&Target::Ambient));
    assert_ne!(slots[0], here.slot);
    assert_eq!(desk.screen.slot(), slots[0], "it is shown");
}

/// The same, and an SSO portal whose login lasts for so many hours more.
fn with_portal(desk: &mut Desk, names: &[&str], hours: i64) {
    let login = Login::Cached {
        expires: desk.clock + TimeDelta::hours(hours),
        renewable: None,
    };
    let profiles = ProfileList {
        portals: vec![SsoPortal {
            name: "acme-org".into(),
            login,
        }],
        ..list(names)
    };
    desk.send(Event::Profiles(Ok(Box::new(profiles))));
}

/// What is signed in to with a new login since the last time.
fn logins(desk: &mut Desk) -> Vec<(SessionId, Target)> {
    let mut begun = Vec::new();
    desk.effects.retain(|effect| match effect {
        Effect::SignInWith(session, target, Means::Login) => {
            begun.push((*session, target.clone()));
            false
        }
        _ => true,
    });
    begun
}

fn of_portal(desk: &Desk) -> Target {
    Target::Portal(Portal {
        session: "acme-org".into(),
        roles: desk.screen.engine.roles.clone(),
        open: ["123456789012".into()].into(),
    })
}

#[test]
fn a_row_opens_all_accounts_of_a_portal() {
    let mut desk = choosing(&["dev", "prod"]);
    with_portal(&mut desk, &["dev", "prod"], 3);
    let screen = desk.screen();
    for text in [
        "2 profiles, 1 SSO portal",
        "○ SSO acme-org",
        "portal",
        "login lasts 3h",
    ] {
        assert!(screen.contains(text), "{text} in {screen}");
    }
    desk.keys("portal");
    assert!(
        desk.screen().contains("Enter open them all"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Char(' '));
    let begun = sign_ins(&mut desk);
    let [(session, target)] = &begun[..] else {
        panic!("one sign-in: {begun:?}");
    };
    assert_eq!(*target, of_portal(&desk));
    // Once it is open, it lists the others.
    let result = Ok(Box::new(SignedIn {
        portal: Some("acme-org".into()),
        role: Some("ViewOnlyAccess".into()),
        ..SignedIn::default()
    }));
    desk.send(Event::SignedIn {
        session: *session,
        result,
    });
    let asked = desk.effects.iter().find_map(|effect| match effect {
        Effect::Read(of, request, Read::PortalAccounts(None)) if of == session => Some(*request),
        _ => None,
    });
    let listed = |id: &str| ListedAccount {
        id: id.into(),
        name: "acme".into(),
        state: AccountState::Active,
    };
    let page = AccountsPage {
        accounts: vec![listed("111122223333"), listed("444455556666")],
        next: None,
    };
    desk.send(Event::Answer {
        session: *session,
        request: asked.expect("they are listed"),
        result: Ok(Answer::Accounts(page)),
        took: std::time::Duration::ZERO,
    });
    let screen = desk.screen();
    assert!(screen.contains("● SSO acme-org"), "{screen}");
    assert!(screen.contains("2 accounts"), "{screen}");
    desk.press(KeyCode::Char(' '));
    assert!(
        desk.screen()
            .contains("SSO acme-org: the accounts are open already")
    );
}

#[test]
fn a_portal_whose_login_has_ended_is_opened_with_a_new_one() {
    let mut desk = choosing(&["prod"]);
    with_portal(&mut desk, &["prod"], -1);
    assert!(desk.screen().contains("▲ SSO acme-org"));
    desk.keys("portal");
    desk.press(KeyCode::Enter);
    assert_eq!(logins(&mut desk)[0].1, of_portal(&desk));
    assert_eq!(desk.screen.open_dialogs(), 0);
}

#[test]
fn a_row_opens_the_organisation_of_the_account_that_is_shown() {
    let mut desk = choosing(&["dev", "prod"]);
    let screen = desk.screen();
    assert!(screen.contains("○ Organization"), "{screen}");
    assert!(screen.contains("from acme-prod"), "{screen}");
    desk.keys("organ");
    desk.press(KeyCode::Enter);
    let asked = desk
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Read(_, _, Read::Accounts(None))));
    assert!(asked, "{:?}", desk.effects);
    assert_eq!(desk.screen.open_dialogs(), 0);
}

#[test]
fn one_key_opens_what_is_shown_and_needs_no_person() {
    let mut desk = choosing(&["prod"]);
    let login = |hours| Login::Cached {
        expires: desk.clock + TimeDelta::hours(hours),
        renewable: None,
    };
    let of_kind = |name, kind, login| Profile {
        kind,
        login,
        ..profile(name)
    };
    let sso = || ProfileKind::Sso {
        session: "acme-org".into(),
        role: "ReadOnly".into(),
    };
    let mut profiles = list(&["job-keys", "prod", "other"]);
    profiles.profiles.extend([
        of_kind("job-mfa", ProfileKind::Keys { mfa: true }, None),
        of_kind("job-good", sso(), Some(login(1))),
        of_kind("job-ended", sso(), Some(login(-1))),
        of_kind("job-half", ProfileKind::Nothing("no keys".into()), None),
    ]);
    desk.send(Event::Profiles(Ok(Box::new(profiles))));
    desk.keys("job");
    ctrl(&mut desk, 'a');
    let begun = sign_ins(&mut desk);
    let mut targets: Vec<&Target> = begun.iter().map(|(_, target)| target).collect();
    targets.sort_by_key(|target| format!("{target:?}"));
    assert_eq!(targets, [&of("job-good"), &of("job-keys")]);
    assert!(
        desk.screen().contains("Opening 2 accounts, 3 left"),
        "{}",
        desk.screen()
    );
    ctrl(&mut desk, 'a');
    assert!(sign_ins(&mut desk).is_empty(), "they are being opened");
    assert!(desk.screen().contains("None can be opened"));
}

#[test]
fn more_than_a_hundred_are_not_opened_at_once() {
    let names: Vec<String> = (0..150).map(|at| format!("profile-{at:05}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut desk = choosing(&names);
    ctrl(&mut desk, 'a');
    assert!(sign_ins(&mut desk).is_empty());
    assert!(
        desk.screen()
            .contains("150 accounts: type to narrow them down")
    );
    desk.keys("0014");
    ctrl(&mut desk, 'a');
    assert_eq!(sign_ins(&mut desk).len(), 11);
}

#[test]
fn an_account_that_is_open_twice_is_counted_once() {
    let mut desk = Desk::showing((80, 24), settings(), &people());
    assert!(desk.screen().contains("Users 6"));
    desk.intend(Intent::Open(Target::Profile("again".into())));
    let session = desk.screen.engine.fleet.accounts()[1].session;
    let result = Ok(Box::new(SignedIn {
        key: "AKIADEPLOY02EXAMPLE2".into(),
        profile: Some("again".into()),
        ..SignedIn::default()
    }));
    desk.send(Event::SignedIn { session, result });
    while let Some(effect) = desk.effects.pop_front() {
        if let Effect::Read(session, request, read) = effect {
            desk.answered_in(session, request, answer(&people(), read));
        }
    }
    let accounts = desk.screen.engine.fleet.accounts();
    assert!(!accounts[0].excluded && accounts[1].excluded);
    let screen = desk.screen();
    assert!(
        screen.contains("Users 6") && screen.contains("is open already"),
        "{screen}"
    );
}
