//! What is known better or was asked for later wins over what comes late: over the report, over a
//! listing, over an account that was open before.

use super::{
    SIZE,
    desk::{Desk, answer, now, page, people, report, settings, someone},
    error,
};
use chrono::TimeDelta;
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        self, Answer, Background, Changed, Event, Kind, Read, RequestId, SignedIn,
        account::Known,
        model::{KeyStatus, Report},
    },
    tui::{Message, Settings, keymap::Context},
};
use std::time::Duration;

fn of_the_selected() -> Settings {
    Settings {
        engine: engine::Settings {
            background: Background::Off,
            ..settings().engine
        },
        ..settings()
    }
}

/// Signed in a moment ago, with everything asked that is asked first.
fn signed_in(settings: Settings) -> (Desk, Vec<(RequestId, Read)>) {
    let mut desk = Desk::new(SIZE, settings);
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    let asked = std::iter::from_fn(|| desk.next_read()).collect();
    (desk, asked)
}

fn selected(desk: &Desk) -> Option<&str> {
    desk.screen.selected_key().map(|row| row.key.id.as_str())
}

#[test]
fn a_user_whom_a_find_has_named_stays_though_the_listing_has_passed_the_name() {
    let users = people();
    let (mut desk, asked) = signed_in(of_the_selected());
    let mut second_page = None;
    let mut asked: Vec<_> = asked;
    while let Some((request, read)) = asked.pop().or_else(|| desk.next_read()) {
        match read {
            Read::Users(None) => {
                let first = page(&users[..4], Some("more"));
                desk.answered(request, Ok(Answer::Users(first)));
            }
            Read::Users(Some(_)) => second_page = Some(request),
            read => desk.answered(request, answer(&users, read)),
        }
    }
    desk.keys("f");
    desk.send(Message::Paste("AKIAIOSFODNN7EXAMPLE".into()));
    desk.press(KeyCode::Enter);
    desk.serve(&[someone("carol", &[("AKIAIOSFODNN7EXAMPLE", true, 0, None)])]);
    assert_eq!(selected(&desk), Some("AKIAIOSFODNN7EXAMPLE"));
    let last = page(&users[4..], None);
    desk.answered(second_page.unwrap(), Ok(Answer::Users(last)));
    assert_eq!(selected(&desk), Some("AKIAIOSFODNN7EXAMPLE"));
    // The next listing can tell. Then no key goes to whoever stands there.
    desk.keys("R");
    desk.serve(&users);
    assert!(desk.account().users.get("carol").is_none());
    desk.keys("t");
    let asks = desk.screen.open_dialogs() > 0;
    desk.press(KeyCode::Esc);
    assert!(!asks || desk.screen.context() == Context::Users);
}

#[test]
fn what_was_changed_here_is_known_better_in_the_next_session_too() {
    let users = people();
    let mut desk = Desk::showing(SIZE, of_the_selected(), &users);
    desk.keys("jjjj");
    desk.serve(&users);
    assert_eq!(&*desk.screen.user().unwrap().user.name, "old-batch");
    desk.keys("t");
    desk.serve(&users);
    desk.keys("y");
    desk.serve(&users);
    let (change, _) = desk.next_change().unwrap();
    desk.changed(change, Ok(Changed::Done));
    let mut after = people();
    after[4].keys[0].0.status = KeyStatus::Inactive;
    desk.serve(&after);
    desk.keys("kR");
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::Users(_) => Err(error(Kind::Expired)),
            read => answer(&after, read),
        };
        desk.answered(request, answer);
    }
    assert!(desk.account().identity.broken.is_some());
    desk.keys("R");
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    while let Some((request, read)) = desk.next_read() {
        // The report is from before the change.
        let from = if read == Read::Report { &users } else { &after };
        desk.answered(request, answer(from, read));
    }
    let row = desk.account().users.get("old-batch").unwrap();
    let active = |key: Known<'_>| *key.status() == KeyStatus::Active;
    assert!(!row.known_keys().any(active), "{}", desk.screen());
}

#[test]
fn in_a_session_that_has_ended_nobody_waits_for_what_was_throttled() {
    let users = people();
    let mut desk = Desk::showing(SIZE, of_the_selected(), &users);
    desk.keys("R");
    let asked: Vec<_> = std::iter::from_fn(|| desk.next_read()).collect();
    for (request, read) in asked {
        let answer = match read {
            Read::Users(_) => Err(error(Kind::Throttled)),
            Read::Keys(_) => Err(error(Kind::Expired)),
            read => answer(&users, read),
        };
        desk.answered(request, answer);
    }
    desk.serve(&users);
    assert!(desk.account().identity.broken.is_some());
    desk.send(Message::Tick);
    assert!(!desk.screen.engine.is_busy(), "{}", desk.screen());
}

#[test]
fn a_report_that_takes_its_time_slows_nothing_down() {
    let users = people();
    let (mut desk, mut asked) = signed_in(settings());
    let mut report = None;
    while let Some((request, read)) = asked.pop().or_else(|| desk.next_read()) {
        match read {
            Read::Report => report = Some(request),
            read => desk.answered(request, answer(&users, read)),
        }
    }
    let room = desk.account().limiter.room();
    let session = desk.session();
    desk.send(Event::Answer {
        session,
        request: report.unwrap(),
        result: answer(&users, Read::Report),
        took: Duration::from_secs(5),
    });
    assert_eq!(desk.account().limiter.room(), room);
}

#[test]
fn a_key_that_only_the_report_knows_is_the_same_one_when_the_account_names_it() {
    let mut users = people();
    users.retain(|user| user.name == "deploy-bot");
    let (mut desk, mut asked) = signed_in(of_the_selected());
    // The second was activated again yesterday, so that no time of the report is its own.
    let yesterday = Some(now() - TimeDelta::days(1));
    let mut report: Report = report(&users);
    report.users[0].keys[1].rotated = yesterday;
    let mut late = Vec::new();
    while let Some((request, read)) = asked.pop().or_else(|| desk.next_read()) {
        match read {
            Read::Report => {
                let report = Box::new(report.clone());
                desk.answered(request, Ok(Answer::Report(report)));
            }
            Read::Keys(_) | Read::LastUsed(..) => late.push((request, read)),
            read => desk.answered(request, answer(&users, read)),
        }
    }
    desk.keys("2g");
    let created = |desk: &Desk| {
        let rows = desk.screen.rows();
        desk.screen.lists.selected_key(rows).unwrap().1.created()
    };
    if created(&desk) != yesterday {
        desk.keys("j");
    }
    assert_eq!(created(&desk), yesterday);
    // The account has them the other way round.
    users[0].keys.reverse();
    late.extend(std::iter::from_fn(|| desk.next_read()));
    for (request, read) in late {
        desk.answered(request, answer(&users, read));
    }
    assert_eq!(selected(&desk), Some("AKIADEPLOY02EXAMPLE2"));
}

#[test]
fn a_filter_typed_in_one_list_holds_in_the_other() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.serve(&people());
    desk.keys("21/alice");
    desk.press(KeyCode::Enter);
    desk.keys("2");
    let keys = desk.screen.lists.keys_window(desk.screen.rows());
    let ids: Vec<_> = keys.filter_map(|(_, _, _, key)| key.id()).collect();
    assert_eq!(ids, ["AKIAALICE001EXAMPLE1"], "{}", desk.screen());
}
