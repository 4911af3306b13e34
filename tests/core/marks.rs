//! Marks: which keys they are on, and that nothing but a person takes them off.

use super::{
    SIZE,
    desk::{Desk, people, settings, someone},
};
use crossterm::event::KeyCode;
use iamkeys::engine::{
    BulkAction, BulkIntent, Changed, Intent, READ_ONLY, SignedIn, Slot, Target,
    bulk::{BulkStage, Marked},
    model::Caller,
};

fn desk() -> Desk {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("2");
    desk.serve(&people());
    desk
}

/// The keys of the plan that is open.
fn planned(desk: &Desk) -> Vec<String> {
    let plan = desk.screen.engine.bulk().expect("a plan");
    let entries = plan.entries().iter();
    entries.map(|entry| entry.key.to_string()).collect()
}

#[test]
fn marks_survive_sorting_filtering_refreshes_and_other_pages() {
    let mut desk = desk();
    desk.keys(" jj ");
    assert!(desk.screen().contains("2 marked"), "{}", desk.screen());
    desk.keys("sS/web");
    desk.press(KeyCode::Enter);
    assert!(desk.screen().contains("2 marked"));
    desk.press(KeyCode::Esc);
    desk.keys("R");
    desk.serve(&people());
    desk.keys("12");
    assert!(desk.screen().contains("2 marked"));
    desk.keys("t");
    assert_eq!(
        planned(&desk),
        ["AKIABATCH001EXAMPLE1", "AKIADEPLOY01EXAMPLE1"]
    );
}

#[test]
fn a_marks_what_is_shown_and_a_capital_one_takes_all_off() {
    let mut desk = desk();
    desk.keys("/web");
    desk.press(KeyCode::Enter);
    desk.keys("a");
    assert!(desk.screen().contains("2 keys marked"), "{}", desk.screen());
    desk.keys("A");
    assert!(!desk.screen().contains("2 marked"));
    desk.keys("p");
    assert!(desk.screen().contains("No key is marked"));
}

#[test]
fn in_the_list_of_users_only_keys_that_pass_the_filter_are_marked() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("/status:inactive web");
    desk.press(KeyCode::Enter);
    desk.keys(" ");
    desk.keys("d");
    assert_eq!(planned(&desk), ["AKIAWEBAST02EXAMPLE2"]);
}

#[test]
fn a_user_s_keys_are_marked_and_unmarked_together() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("j ");
    assert!(desk.screen().contains("2 marked"), "{}", desk.screen());
    desk.keys(" ");
    assert!(!desk.screen().contains("marked"), "{}", desk.screen());
    // In the other pane it is one of them.
    desk.press(KeyCode::Tab);
    desk.keys("j ");
    assert!(desk.screen().contains("1 marked"));
}

#[test]
fn a_plan_is_made_closed_and_made_again_and_nothing_is_sent() {
    let mut desk = desk();
    desk.keys("at");
    assert!(
        desk.screen()
            .contains("Plan: deactivate 1 key in acme-prod")
    );
    desk.press(KeyCode::Esc);
    assert!(desk.screen.engine.bulk().is_none());
    desk.keys("p");
    assert!(desk.screen().contains("What is done to 7 marked keys?"));
    desk.keys("d");
    desk.serve(&people());
    assert!(desk.screen().contains("Plan: delete"), "{}", desk.screen());
    assert!(desk.next_change().is_none());
}

#[test]
fn what_is_typed_confirms_and_nothing_less() {
    let mut desk = desk();
    desk.keys("at");
    desk.press(KeyCode::Enter);
    desk.draw();
    desk.keys("1");
    desk.press(KeyCode::Enter);
    assert!(desk.screen().contains("Type 1 acme-prod"));
    desk.keys(" acme-prod");
    desk.press(KeyCode::Enter);
    desk.serve(&people());
    let (_, change) = desk.next_change().expect("it is sent");
    assert_eq!(change.key(), Some("AKIABATCH001EXAMPLE1"));
    assert!(!desk.screen().contains("marked"), "it is under way");
    // Esc pauses, and does not close.
    desk.press(KeyCode::Esc);
    let stage = desk.screen.engine.bulk().map(|plan| plan.stage);
    assert_eq!(stage, Some(BulkStage::Paused));
    assert!(desk.screen().contains("pausing"), "{}", desk.screen());
}

#[test]
fn what_is_marked_while_a_plan_is_under_way_stays_marked() {
    let mut desk = desk();
    desk.keys(" t");
    desk.press(KeyCode::Enter);
    desk.draw();
    desk.keys("1 acme-prod");
    desk.press(KeyCode::Enter);
    desk.serve(&people());
    assert!(!desk.screen().contains("marked"));
    // It is paused; its first change is under way still.
    desk.press(KeyCode::Esc);
    desk.press(KeyCode::Esc);
    desk.keys("jj ");
    assert!(desk.screen().contains("1 marked"), "{}", desk.screen());
    let (id, _) = desk.next_change().expect("it was sent");
    desk.changed(id, Ok(Changed::Done));
    desk.serve(&people());
    assert!(desk.screen().contains("1 marked"), "{}", desk.screen());
}

#[test]
fn marks_are_not_left_on_the_keys_of_another_account() {
    let mut desk = desk();
    desk.keys(" jj ");
    assert!(desk.screen().contains("2 marked"));
    let sign_in = |account: &str| SignedIn {
        caller: Some(Caller {
            account: account.into(),
            arn: format!("arn:aws:iam::{account}:user/alice"),
        }),
        ..SignedIn::default()
    };
    // The same account in another session, and then another account.
    for (account, marked) in [("123456789012", true), ("999999999999", false)] {
        desk.intend(Intent::SignIn(Slot(0), Target::Ambient));
        desk.signed_in(sign_in(account));
        desk.serve(&people());
        let has = desk.screen().contains("2 marked");
        assert_eq!(has, marked, "{account}: {}", desk.screen());
    }
}

#[test]
fn marked_keys_of_which_the_status_is_not_known_are_not_activated() {
    let mut desk = desk();
    desk.keys(" ");
    // Nothing is known of them in the new session.
    desk.intend(Intent::SignIn(Slot(0), Target::Ambient));
    desk.signed_in(SignedIn {
        caller: Some(Caller {
            account: "123456789012".into(),
            arn: "arn:aws:iam::123456789012:user/alice".into(),
        }),
        ..SignedIn::default()
    });
    desk.keys("t");
    let action = desk.screen.engine.bulk().map(|plan| plan.action);
    assert_eq!(action, Some(BulkAction::Deactivate));
}

#[test]
fn what_is_included_by_hand_says_so_until_it_is_confirmed() {
    let mut desk = desk();
    desk.keys("/deploy");
    desk.press(KeyCode::Enter);
    desk.keys("at ");
    let screen = desk.screen();
    assert!(screen.contains("used today: deact"), "{screen}");
    assert!(
        screen.contains("Included by hand although: used today"),
        "{screen}"
    );
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    let said = "1 key held back, and included by hand";
    assert!(screen.contains(said), "{screen}");
}

#[test]
fn under_read_only_marks_lead_to_a_plan_that_is_not_applied() {
    let mut settings = settings();
    settings.engine.read_only = true;
    let mut desk = Desk::showing(SIZE, settings, &people());
    desk.keys("2");
    desk.serve(&people());
    desk.keys("at");
    let screen = desk.screen();
    assert!(screen.contains("Plan: deactivate 1 key"), "{screen}");
    assert!(!screen.contains("Enter apply"), "{screen}");
    desk.press(KeyCode::Enter);
    assert!(desk.screen().contains(READ_ONLY), "{}", desk.screen());
    desk.press(KeyCode::Esc);
    desk.keys("pd");
    assert!(desk.screen().contains("Plan: "), "{}", desk.screen());
}

#[test]
fn marks_that_are_not_shown_are_told_of_where_a_plan_is_made() {
    let mut desk = desk();
    desk.keys("a/batch");
    desk.press(KeyCode::Enter);
    desk.keys("p");
    let said = "6 of the marked keys are not shown here";
    assert!(desk.screen().contains(said), "{}", desk.screen());
    desk.press(KeyCode::Esc);
    desk.keys("t");
    assert!(desk.screen().contains(said), "{}", desk.screen());
    desk.press(KeyCode::Esc);
    desk.press(KeyCode::Esc);
    desk.keys("p");
    assert!(!desk.screen().contains("not shown"), "{}", desk.screen());
}

#[test]
fn however_long_a_plan_is_only_what_is_seen_is_drawn() {
    let users = [someone("a", &[("AKIAONE", true, 500, None)])];
    let mut desk = Desk::showing(SIZE, settings(), &users);
    let keys = (0..10_000).map(|at| Marked {
        user: "a".into(),
        key: format!("AKIA{at:016}").into(),
        ..Marked::default()
    });
    let make = BulkIntent::Make {
        action: BulkAction::Deactivate,
        keys: keys.collect(),
    };
    desk.intend(Intent::Bulk(make));
    desk.keys("p");
    assert!(desk.screen().contains("1/10,000"), "{}", desk.screen());
    assert!(desk.draw().targets.len() < 40);
    desk.keys("G");
    assert!(desk.screen().contains("10,000/10,000"), "{}", desk.screen());
}

#[test]
fn marked_keys_make_a_list_of_rotations_with_what_each_waits_for() {
    let mut desk = desk();
    desk.keys("/deploy");
    desk.press(KeyCode::Enter);
    desk.keys("a");
    desk.press(KeyCode::Esc);
    desk.keys("/batch");
    desk.press(KeyCode::Enter);
    desk.keys("ar");
    let screen = desk.screen();
    assert!(screen.contains("Rotations under way"), "{screen}");
    assert!(
        screen.contains("0 rotations · 2 not begun"),
        "a user once: {screen}"
    );
    assert!(screen.contains("you: create the new key"), "{screen}");
    desk.keys("j");
    desk.press(KeyCode::Enter);
    desk.serve(&people());
    assert!(desk.screen().contains("old-batch"), "{}", desk.screen());
    // What was begun is under way from now on, whether it is marked or not.
    let begun = desk.screen.engine.rotations_under_way();
    assert!(begun.iter().any(|it| &*it.user == "old-batch"), "{begun:?}");
}
