//! The impact of a key.

use super::{at_deploy_bot, pictures};
use crate::desk::{Desk, answer, history, people, settings};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{Answer, Error, Read},
    tui::Settings,
};

fn tell(desk: &mut Desk, other: impl Fn(&Read) -> Option<Result<Answer, Error>>) {
    while let Some((request, read)) = desk.next_read() {
        let told = other(&read).or_else(|| history::answer(&read));
        let told = told.unwrap_or_else(|| answer(&people(), read));
        desk.answered(request, told);
    }
}

fn opened(size: (u16, u16)) -> Desk {
    let mut desk = at_deploy_bot(size);
    desk.keys("i");
    tell(&mut desk, |_| None);
    desk
}

#[test]
fn impact() {
    pictures("impact", opened);
    pictures("impact-end", |size| {
        let mut desk = opened(size);
        desk.keys("G");
        desk
    });
    pictures("impact-workload", |size| {
        let mut desk = opened(size);
        desk.keys("j");
        desk.press(KeyCode::Enter);
        desk
    });
    pictures("impact-event", |size| {
        let mut desk = opened(size);
        desk.press(KeyCode::Enter);
        desk.press(KeyCode::Enter);
        tell(&mut desk, |_| None);
        desk
    });
    pictures("impact-policy", |size| {
        let mut desk = opened(size);
        desk.keys("jjjjjjjj");
        desk.press(KeyCode::Enter);
        desk
    });
}

#[test]
fn impact_in_ascii() {
    pictures("impact-ascii", |size| {
        let settings = Settings {
            ascii: true,
            ..settings()
        };
        let mut desk = Desk::showing(size, settings, &people());
        desk.keys("j");
        desk.press(KeyCode::Tab);
        desk.keys("i");
        tell(&mut desk, |_| None);
        desk
    });
}

#[test]
fn impact_that_is_being_asked_for() {
    pictures("impact-asking", |size| {
        let mut desk = at_deploy_bot(size);
        desk.keys("i");
        // Its first page has come, and the regions.
        let mut left = 2;
        while let Some((request, read)) = desk.next_read() {
            let wanted = matches!(read, Read::TrailEvents(_) | Read::Regions) && left > 0;
            if wanted && !matches!(&read, Read::TrailEvents(of) if *of.key == *history::OTHER) {
                left -= 1;
                let told = history::answer(&read).expect("it is of the history");
                desk.answered(request, told);
            }
        }
        desk
    });
}

#[test]
fn impact_of_which_nothing_may_be_known() {
    pictures("impact-denied", |size| {
        let mut desk = at_deploy_bot(size);
        desk.keys("i");
        tell(&mut desk, |read| {
            let action = match read {
                Read::TrailEvents(_) => "cloudtrail:LookupEvents",
                Read::Regions => "account:ListRegions",
                Read::Permissions(_) => "iam:ListAttachedUserPolicies",
                Read::OtherCredentials(_) => "iam:GetLoginProfile",
                Read::ServicesUsed(_) => "iam:GenerateServiceLastAccessedDetails",
                _ => return None,
            };
            Some(Err(history::denied(action)))
        });
        desk
    });
}

#[test]
fn deactivating_a_key_of_which_the_users_are_known() {
    pictures("impact-deactivate", |size| {
        let mut desk = opened(size);
        desk.keys("t");
        tell(&mut desk, |_| None);
        desk
    });
}
