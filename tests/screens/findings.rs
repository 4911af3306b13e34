//! Pictures of the findings: the rules, the keys of one, the grid.

use super::{
    Desk, answer,
    desk::{details, report},
    people, pictures, settings,
};
use crossterm::event::KeyCode;
use iamkeys::engine::{
    Answer, Background, Intent, Read, SignedIn,
    model::{KeyStatus, Login},
    user_tags::UserTags,
};
use std::sync::Arc;

/// Tags of a user.
fn tags(of: &str) -> UserTags {
    let tags: &[(&str, &str)] = match of {
        "old-batch" => &[
            ("owner", "platform"),
            ("iamkeys:exempt", "2027-01-31 PLAT-212 dashboard move"),
        ],
        "web-assets" => &[
            ("team", "web"),
            ("iamkeys:exempt:AKIAWEBAST01EXAMPLE1", "next year"),
        ],
        "alice" => &[("owner", "alice")],
        _ => &[],
    };
    let tags = tags.iter();
    let tags = tags.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    UserTags::read(tags, Arc::from)
}

/// The account, with everything known that rules ask for.
fn policy(size: (u16, u16)) -> Desk {
    let mut settings = settings();
    settings.engine.background = Background::All;
    let mut desk = Desk::new(size, settings);
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    let mut people = people();
    people[1].keys[1].0.status = KeyStatus::Active;
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::UserDetails(_) => {
                let mut page = details(&people);
                for user in &mut page.users {
                    user.tags = tags(&user.name);
                }
                Ok(Answer::UserDetails(page))
            }
            Read::Report => {
                let mut report = report(&people);
                report.users[0].login = Login::new(Some(true), Some(false));
                Ok(Answer::Report(Box::new(report)))
            }
            read => answer(&people, read),
        };
        desk.answered(request, answer);
    }
    desk
}

#[test]
fn rules() {
    pictures("findings", |size| {
        let mut desk = policy(size);
        desk.keys("3");
        desk
    });
}

#[test]
fn keys_of_a_rule() {
    pictures("findings-keys", |size| {
        let mut desk = policy(size);
        desk.keys("3");
        for _ in 0..6 {
            desk.keys("j");
        }
        desk.keys("lj");
        desk
    });
}

#[test]
fn marked_keys_of_a_rule() {
    pictures("findings-marked", |size| {
        let mut desk = policy(size);
        desk.keys("3");
        for _ in 0..6 {
            desk.keys("j");
        }
        desk.keys("lj ");
        desk
    });
}

#[test]
fn the_rotations_behind_the_rules() {
    pictures("findings-rotations", |size| {
        let mut desk = policy(size);
        let slot = desk.account().session.slot;
        desk.intend(Intent::Rotate(slot, "deploy-bot".into()));
        desk.keys("3G");
        desk
    });
}

#[test]
fn the_grid() {
    pictures("findings-grid", |size| {
        let mut desk = policy(size);
        desk.keys("3");
        desk.press(KeyCode::Tab);
        desk.press(KeyCode::Tab);
        desk.keys("h");
        desk
    });
}

#[test]
fn nothing_is_known_yet() {
    pictures("findings-unknown", |size| {
        let mut desk = Desk::new(size, settings());
        desk.effects.clear();
        desk.signed_in(SignedIn::default());
        desk.keys("3");
        desk
    });
}

#[test]
fn an_exemption() {
    pictures("findings-exempt", |size| {
        let mut desk = policy(size);
        desk.keys("3");
        for _ in 0..6 {
            desk.keys("j");
        }
        desk.keys("ljx");
        desk
    });
}

#[test]
fn a_date_behind_the_one_that_is_proposed_is_no_reason() {
    let mut desk = policy((80, 24));
    desk.keys("3");
    for _ in 0..6 {
        desk.keys("j");
    }
    desk.keys("lx");
    desk.keys("2027-13-40 x");
    let screen = desk.screen();
    assert!(screen.contains("and 2027-13-40: leave one"), "{screen}");
    desk.effects.clear();
    desk.press(KeyCode::Enter);
    assert!(desk.screen().contains("Exempt from findings"), "not saved");
}

/// At 80 columns a name that takes ten cells is whole, and so is the title where the number of exempt keys
/// costs it letters.
#[test]
fn names_and_the_title_are_whole_at_80_columns() {
    let mut desk = policy((80, 24));
    desk.keys("3");
    for _ in 0..6 {
        desk.keys("j");
    }
    let screen = desk.screen();
    for whole in ["deploy-bot", "web-assets", "Older than 90 days"] {
        assert!(screen.contains(whole), "{screen}");
    }
}
