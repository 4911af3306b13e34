//! The activity: what is listed, and what stays where it is while more happens.

use super::{
    SIZE, created,
    desk::{Desk, answer, click, now, people, settings, someone},
    error, failed,
};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        self, Change, Changed, Effect, Entry, Error, Intent, Kind, Outcome, Read, SecretJob,
        SignedIn,
        activity::KEPT,
        vault::{DestinationNews, NotWritten},
    },
    tui::{self, Message, Page, Pane, Target},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::time::Duration;

/// What the activity lists, newest first: target, and what came of it.
fn listed(desk: &Desk) -> Vec<(String, Outcome)> {
    let activity = &desk.screen.engine.activity;
    let rows = (0..activity.len()).map(|row| activity.row(row).expect("it is kept"));
    rows.map(|entry| (entry.target.clone(), entry.result.clone()))
        .collect()
}

/// How many entries there have been.
fn noted(desk: &Desk) -> usize {
    desk.screen.engine.activity.noted()
}

/// The entry that is selected.
fn selected(desk: &Desk) -> &Entry {
    desk.screen.selected_entry().expect("one is selected")
}

/// Deactivates the key of old-batch, with this answer.
fn toggled(desk: &mut Desk, result: Result<Changed, Error>) {
    desk.keys("gjjjjty");
    desk.serve(&people());
    let (id, _) = desk.next_change().expect("a change was sent");
    desk.changed(id, result);
    desk.serve(&people());
    // A failure is read, and closed.
    desk.press(KeyCode::Esc);
}

/// A key of someone is deactivated, without a dialog: an entry is listed.
fn note(desk: &mut Desk, key: &str) {
    let change = Change::SetActive {
        user: "someone".into(),
        key: key.into(),
        active: false,
    };
    desk.intend(Intent::Send(desk.screen.slot(), vec![change]));
    let (id, _) = desk.next_change().expect("it is sent");
    desk.changed(id, Ok(Changed::Done));
}

/// What that entry is about.
fn target(key: &str) -> String {
    format!("{key} of someone")
}

/// A desk that shows the activity, of `count` entries.
fn with_entries(count: usize) -> Desk {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    for at in 0..count {
        note(&mut desk, &format!("entry {at}"));
    }
    desk.keys("4");
    desk
}

/// The line of the screen that the selection is on.
fn selected_line(desk: &Desk) -> (usize, String) {
    let screen = desk.screen();
    let (at, line) = (0..)
        .zip(screen.lines())
        .find(|(_, line)| line.contains('▌'))
        .expect("a row is selected");
    (at, line.into())
}

#[test]
fn what_was_done_and_what_failed_is_listed_newest_first() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    assert_eq!(noted(&desk), 0, "reads that succeed are not");
    toggled(&mut desk, Ok(Changed::Done));
    toggled(&mut desk, Err(error(Kind::Denied)));
    let key = "AKIABATCH001EXAMPLE1 of old-batch".to_owned();
    assert_eq!(
        listed(&desk),
        [
            (key.clone(), Outcome::Failed(error(Kind::Denied))),
            (key, Outcome::Done("deactivated".into())),
        ]
    );
    let activity = &desk.screen.engine.activity;
    let done = activity.row(1).unwrap();
    assert_eq!(done.action, "iam:UpdateAccessKey");
    assert_eq!(done.request_id.as_deref(), Some("0a1b2c3d-EXAMPLE"));
    assert_eq!((done.time, done.took), (now(), Duration::from_millis(120)));
    assert_eq!(
        done.command,
        "aws iam update-access-key --user-name old-batch --access-key-id AKIABATCH001EXAMPLE1 \
         --status Inactive --profile prod"
    );
    let failed = activity.row(0).unwrap();
    assert_eq!(failed.request_id.as_deref(), Some("11111111-2222"));
}

#[test]
fn a_change_that_nobody_knows_the_end_of_has_not_failed() {
    for kind in [Kind::Network, Kind::Server, Kind::InvalidResponse] {
        let mut desk = Desk::showing(SIZE, settings(), &people());
        toggled(&mut desk, Err(error(kind)));
        assert_eq!(listed(&desk)[0].1, Outcome::NotKnown(error(kind)));
        desk.keys("4");
        let screen = desk.screen();
        assert!(screen.contains("▲ UpdateAccessKey"), "{screen}");
        assert!(screen.contains("not known"), "{screen}");
        desk.press(KeyCode::Enter);
        let screen = desk.screen();
        assert!(screen.contains("not known whether it was done"), "{screen}");
        assert!(!screen.contains("failed"), "{screen}");
    }
    // Where nothing was sent, that is known.
    let mut desk = Desk::showing(SIZE, settings(), &people());
    toggled(&mut desk, Err(error(Kind::NotSent)));
    assert_eq!(listed(&desk)[0].1, Outcome::Failed(error(Kind::NotSent)));
}

#[test]
fn a_read_that_failed_is_listed_and_one_of_an_earlier_session_is_not() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("R");
    let mut asked = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        if let Read::Keys(_) = read {
            asked.push((request, read));
        } else {
            desk.answered(request, answer(&people(), read));
        }
    }
    let (request, read) = asked.remove(0);
    desk.answered(request, failed(read, Kind::Server));
    assert_eq!(
        listed(&desk),
        [("alice".into(), Outcome::Failed(error(Kind::Server)))]
    );
    let command = &selected(&desk).command;
    assert_eq!(
        command,
        "aws iam list-access-keys --user-name alice --profile prod"
    );
    let (request, read) = asked.remove(0);
    let earlier = desk.session();
    desk.intend(Intent::SignIn(desk.screen.slot(), engine::Target::Demo));
    assert_eq!(noted(&desk), 0, "it was the other account that failed");
    desk.answered_in(earlier, request, failed(read, Kind::Server));
    assert_eq!(noted(&desk), 0);
}

#[test]
fn what_was_changed_stays_listed_when_another_account_is_opened() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jjjjty");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    let session = desk.session();
    desk.changed_in(session, id, Ok(Changed::Done));
    assert_eq!(listed(&desk).len(), 1);
    desk.intend(Intent::SignIn(desk.screen.slot(), engine::Target::Demo));
    assert_eq!(listed(&desk).len(), 1);
}

#[test]
fn a_change_that_outlives_its_session_is_listed_once() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jjjjty");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    let earlier = desk.session();
    desk.intend(Intent::SignIn(desk.screen.slot(), engine::Target::Demo));
    desk.changed_in(earlier, id, Ok(Changed::Done));
    desk.changed_in(earlier, id, Ok(Changed::Done));
    assert_eq!(listed(&desk).len(), 1);
}

#[test]
fn the_newest_thousand_are_kept_and_all_are_counted() {
    let mut desk = with_entries(KEPT + 204);
    assert_eq!(desk.screen.engine.activity.len(), KEPT);
    assert_eq!(noted(&desk), KEPT + 204);
    let screen = desk.screen();
    assert!(screen.contains("4 Activity 1,204"), "{screen}");
    assert!(screen.contains("newest 1,000 of 1,204"), "{screen}");
    desk.keys("G");
    assert_eq!(selected(&desk).target, target("entry 204"));
    // The selected one is the next to go; then it is the oldest there is.
    note(&mut desk, "one more");
    assert_eq!(selected(&desk).target, target("entry 205"));
    desk.keys("g");
    assert_eq!(selected(&desk).target, target("one more"));
}

#[test]
fn the_selection_stays_where_it_is_while_more_happens() {
    // As long as everything fits, what is newer pushes the rest down; then it stays out of sight.
    for (count, stays) in [(5, false), (50, true)] {
        let mut desk = with_entries(count);
        desk.keys("jj");
        let (before, line) = selected_line(&desk);
        let entry = selected(&desk).clone();
        for at in 0..3 {
            note(&mut desk, &format!("newer {at}"));
        }
        assert_eq!(*selected(&desk), entry);
        let (after, same) = selected_line(&desk);
        assert_eq!(same, line);
        assert_eq!(after - before, if stays { 0 } else { 3 });
        assert_eq!(desk.screen().contains("3 newer above"), stays);
    }
    // Also from the top, where nobody has moved yet.
    let mut desk = with_entries(50);
    let before = selected_line(&desk);
    note(&mut desk, "newer");
    assert_eq!(selected_line(&desk), before);
    // Coming back shows what is new.
    desk.keys("14");
    assert_eq!(selected(&desk).target, target("newer"));
}

#[test]
fn a_click_selects_the_entry_that_was_seen() {
    let mut desk = with_entries(7);
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    let drawn = tui::draw(&mut buffer, &desk.screen, now());
    // The third row: below the two lines at the top, border and heading.
    let seen = drawn.at(10, 6).unwrap().clone();
    note(&mut desk, "newer");
    desk.send(click(seen));
    assert_eq!(selected(&desk).target, target("entry 4"));
}

#[test]
fn pages_and_the_wheel_move_in_the_activity() {
    let mut desk = with_entries(50);
    let at = |desk: &Desk| selected(desk).target.clone();
    desk.press(KeyCode::PageDown);
    assert_eq!(
        at(&desk),
        target("entry 32"),
        "17 on: one row stays in view"
    );
    desk.send(Message::Scroll(2));
    assert_eq!(at(&desk), target("entry 30"));
    desk.press(KeyCode::PageUp);
    desk.send(Message::Scroll(-1));
    assert_eq!(at(&desk), target("entry 48"));
    assert_eq!(
        desk.screen.lists.by_user().cursor(),
        0,
        "nothing else has moved"
    );
}

#[test]
fn tabs_are_keys_and_can_be_clicked() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    let tab = |desk: &Desk, name: &str| {
        let screen = desk.screen();
        let line = screen.lines().nth(1).unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        let drawn = tui::draw(&mut buffer, &desk.screen, now());
        let column = u16::try_from(line.find(name).unwrap()).unwrap();
        drawn.at(column, 1).cloned()
    };
    let target = tab(&desk, "Activity").unwrap();
    desk.send(click(target));
    assert_eq!(desk.screen.page(), Page::Activity);
    let target = tab(&desk, "Keys").unwrap();
    desk.send(click(target));
    assert_eq!(desk.screen.page(), Page::Keys);
    let target = tab(&desk, "Users").unwrap();
    desk.send(click(target));
    assert_eq!(desk.screen.page(), Page::Users);
    for (keys, view) in [
        ("4", Page::Activity),
        ("4", Page::Activity),
        ("1", Page::Users),
        ("1", Page::Users),
        ("2", Page::Keys),
        ("1", Page::Users),
        ("l4", Page::Activity),
    ] {
        desk.keys(keys);
        assert_eq!(desk.screen.page(), view, "{keys}");
    }
    desk.press(KeyCode::Esc);
    assert_eq!(desk.screen.page(), Page::Users);
    assert_eq!(desk.screen.pane(), Pane::Keys, "back to where one was");
}

#[test]
fn nothing_is_changed_from_where_no_key_is_seen() {
    let mut desk = with_entries(3);
    for key in "ctd/hl".chars() {
        desk.keys(&key.to_string());
        assert_eq!(desk.screen.open_dialogs(), 0, "{key} opened something");
        assert_eq!(desk.screen.page(), Page::Activity, "{key}");
    }
    assert!(desk.effects.is_empty());
}

#[test]
fn an_empty_activity_says_so_and_has_nothing_to_copy() {
    let mut desk = with_entries(0);
    for key in [KeyCode::Enter, KeyCode::Char('y')] {
        desk.press(key);
        let screen = desk.screen();
        assert!(screen.contains("▲ Nothing is listed yet"), "{screen}");
    }
    for key in [KeyCode::Char('j'), KeyCode::Char('G'), KeyCode::PageDown] {
        desk.press(key);
    }
    assert!(desk.screen().contains("No changes or failed calls yet."));
    assert!(desk.effects.is_empty());
}

#[test]
fn what_no_command_does_says_so_and_offers_none() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("cy");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.changed(id, Ok(created("AKIANEWKEY01EXAMPLE1")));
    // Its secret is to be written into a profile, and is not.
    desk.keys("w");
    desk.serve_file("");
    desk.keys("deploy");
    desk.press(KeyCode::Enter);
    desk.serve_file("");
    desk.keys("y");
    let (request, job) = desk.next_job().unwrap();
    assert!(matches!(job, SecretJob::WriteProfile { .. }), "{job:?}");
    let refused = NotWritten::Refused("the disk is full".into());
    desk.heard(request, DestinationNews::Written(Err(refused)));
    while desk.screen.open_dialogs() > 0 {
        desk.press(KeyCode::Esc);
        desk.keys("i");
    }
    desk.serve(&people());
    desk.effects.clear();
    desk.keys("4");
    assert_eq!(selected(&desk).command, "");
    assert_eq!(selected(&desk).target, "AKIANEWKEY01EXAMPLE1 of alice");
    desk.keys("y");
    assert!(desk.screen().contains("No aws command does this"));
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    assert!(screen.contains("What happened"), "{screen}");
    assert!(!screen.contains("Copy command"), "{screen}");
    desk.keys("y");
    desk.send(click(Target::Button(1)));
    assert!(desk.effects.is_empty());
}

#[test]
fn a_whole_entry_scrolls_to_its_end_and_no_further() {
    let mut desk = Desk::showing((60, 16), settings(), &people());
    let long = Error {
        message: "a long story ".repeat(40),
        ..error(Kind::Denied)
    };
    toggled(&mut desk, Err(long));
    desk.keys("4");
    assert_eq!(noted(&desk), 1);
    desk.press(KeyCode::Enter);
    assert!(!desk.screen().contains("aws iam"));
    for _ in 0..50 {
        desk.keys("j");
    }
    let end = desk.screen();
    assert!(end.contains("aws iam update-access-key"), "{end}");
    assert!(end.contains("--profile prod"), "{end}");
    desk.keys("k");
    assert_ne!(desk.screen(), end, "not one key too many was counted");
    desk.send(Message::Scroll(-9));
    desk.send(Message::Scroll(99));
    assert_eq!(desk.screen(), end);
    // It stays what it is while more happens behind it.
    note(&mut desk, "newer");
    desk.keys("G");
    assert_eq!(desk.screen(), end);
}

#[test]
fn a_session_is_renewed_from_the_activity_without_leaving_it() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("R");
    let (request, _) = desk.next_read().unwrap();
    desk.answered(request, Err(error(Kind::Expired)));
    desk.keys("4");
    desk.effects.clear();
    desk.keys("R");
    assert!(matches!(desk.effects[0], Effect::SignIn(..)));
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    desk.serve(&people());
    let screen = desk.screen();
    assert!(screen.contains("─ Activity ─"), "{screen}");
    assert!(
        screen.contains("ListUsers") || screen.contains("SomeCode"),
        "{screen}"
    );
}

#[test]
fn the_key_that_could_be_deleted_is_gone_to_from_the_activity_too() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("cy");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.keys("4");
    let full = Error {
        action: "iam:CreateAccessKey",
        ..error(Kind::Limit)
    };
    // By then, alice has a key that was never used.
    desk.serve(&[someone(
        "alice",
        &[("AKIAALICE009EXAMPLE9", false, 3, None)],
    )]);
    desk.changed(id, Err(full));
    desk.serve(&[someone(
        "alice",
        &[("AKIAALICE009EXAMPLE9", false, 3, None)],
    )]);
    desk.keys("y");
    assert_eq!(desk.screen.page(), Page::Users);
    assert_eq!(
        desk.screen.selected_key().unwrap().key.id,
        "AKIAALICE009EXAMPLE9"
    );
}

#[test]
fn drawing_the_activity_costs_what_is_visible() {
    for count in [17, 1_000] {
        let desk = with_entries(count);
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        assert_eq!(
            tui::draw(&mut buffer, &desk.screen, now()).rows,
            count.min(18)
        );
    }
}
