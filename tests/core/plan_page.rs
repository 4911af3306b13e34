//! The page of a plan over many keys: what it offers at which stage, and what it asks before it does it.

use super::desk::{Desk, people, settings, someone};
use crossterm::event::KeyCode;
use iamkeys::engine::{
    Changed, Error, Event, Kind,
    bulk::{BulkPlan, BulkStage, Keeping, PlanNews},
};

const WIDE: (u16, u16) = (120, 36);
const USUAL: (u16, u16) = (80, 24);
const SMALL: (u16, u16) = (60, 16);

/// Two keys that nobody uses go, and the rest is held back.
fn staff() -> Vec<super::desk::Someone> {
    let mut staff = people();
    staff.push(someone(
        "zeta",
        &[("AKIAZETA0001EXAMPLE1", true, 512, None)],
    ));
    staff
}

fn reviewed(size: (u16, u16)) -> Desk {
    let mut desk = Desk::showing(size, settings(), &staff());
    desk.keys("2");
    desk.serve(&staff());
    desk.keys("at");
    desk.serve(&staff());
    desk
}

fn under_way(size: (u16, u16)) -> Desk {
    let mut desk = reviewed(size);
    desk.press(KeyCode::Enter);
    desk.draw();
    desk.keys("2 acme-prod");
    desk.press(KeyCode::Enter);
    desk.serve(&staff());
    desk
}

fn plan(desk: &Desk) -> &BulkPlan {
    desk.screen.engine.bulk().expect("a plan")
}

#[test]
fn what_is_told_below_a_plan_hides_neither_its_keys_nor_who_is_signed_in() {
    let why = "a disk that is full, or a directory that somebody else has made in its place";
    for news in [PlanNews::Elsewhere, PlanNews::NotKept(why.into())] {
        for size in [SMALL, USUAL, WIDE] {
            let mut desk = under_way(size);
            desk.send(Event::Plan(news.clone()));
            let said = footer(&mut desk);
            assert!(said.starts_with(" Enter go on  Esc close"), "{said}");
            let screen = desk.screen();
            assert!(screen.starts_with(" iamkeys  acme-prod"), "{screen}");
            assert!(screen.contains("Paused: "), "{screen}");
            assert!(screen.contains("AKIAZETA0001EXAMPLE1"), "{screen}");
            assert!(
                screen.contains("Plan: deactivate 2 keys in acme-prod"),
                "{screen}"
            );
        }
    }
}

#[test]
fn the_hash_is_whole_before_a_plan_is_applied_and_where_to_type_is_in_sight() {
    let digits = "5f0c2a9d41b7e3680123456789abcdef5f0c2a9d41b7e3680123456789abcdee";
    let (first, second) = digits.split_at(32);
    for size in [SMALL, USUAL, WIDE] {
        // It is kept nowhere, which is told as well.
        let mut desk = reviewed(size);
        desk.send(Event::Plan(PlanNews::Hash(format!("sha256:{digits}"))));
        desk.send(Event::Plan(PlanNews::Keeps(Keeping::Nothing)));
        let page = desk.screen();
        desk.press(KeyCode::Enter);
        let screen = desk.screen();
        for shown in [&page, &screen] {
            assert!(shown.contains(first) && shown.contains(second), "{shown}");
        }
        assert!(screen.contains("It is kept nowhere"), "{screen}");
        assert!(screen.contains("Type 2 acme-prod to confirm"), "{screen}");
        assert!(screen.contains("> "), "{screen}");
        assert!(!screen.contains("1-10 of"), "{screen}");
    }
}

#[test]
fn a_plan_that_aws_throttles_says_so_until_it_goes_on() {
    for size in [SMALL, USUAL, WIDE] {
        let mut desk = under_way(size);
        assert!(!desk.screen().contains("throttling"));
        let (id, _) = desk.next_change().expect("the first");
        let throttled = Error {
            action: "iam:UpdateAccessKey",
            kind: Kind::Throttled,
            code: Some("Throttling".into()),
            message: "Rate exceeded".into(),
            request_id: None,
        };
        desk.changed(id, Err(throttled));
        let screen = desk.screen();
        let wanted = "AWS is throttling acme-prod; it goes on by itself";
        assert!(screen.contains(wanted), "{screen}");
        desk.press(KeyCode::Esc);
        let screen = desk.screen();
        assert!(!screen.contains(wanted), "paused, it does not: {screen}");
    }
}

/// The last line of the screen.
fn footer(desk: &mut Desk) -> String {
    let screen = desk.screen();
    screen
        .lines()
        .last()
        .unwrap_or_default()
        .trim_end()
        .to_owned()
}

#[test]
fn the_footer_offers_what_is_possible_first() {
    for size in [SMALL, USUAL, WIDE] {
        let mut desk = reviewed(size);
        let said = footer(&mut desk);
        assert!(said.starts_with(" Enter apply  Esc close"), "{said}");
        let mut desk = under_way(size);
        let said = footer(&mut desk);
        assert!(said.starts_with(" Esc pause  x stop"), "{said}");
        assert!(!said.contains("apply"), "{said}");
        desk.press(KeyCode::Esc);
        let said = footer(&mut desk);
        assert!(
            said.starts_with(" Enter go on  Esc close  x stop"),
            "{said}"
        );
        while let Some((id, _)) = desk.next_change() {
            desk.changed(id, Ok(Changed::Done));
            desk.serve(&staff());
        }
        desk.press(KeyCode::Enter);
        desk.serve(&staff());
        while let Some((id, _)) = desk.next_change() {
            desk.changed(id, Ok(Changed::Done));
            desk.serve(&staff());
        }
        assert_eq!(plan(&desk).stage, BulkStage::Ended);
        // What it has come to is said in the place of the footer until something is pressed.
        desk.keys("j");
        let said = footer(&mut desk);
        assert!(said.starts_with(" u undo  Esc close"), "{said}");
        assert!(
            !said.contains("apply") && !said.contains("include"),
            "{said}"
        );
    }
}

#[test]
fn a_wrong_number_says_what_to_type_and_closes_nothing() {
    let mut desk = reviewed(USUAL);
    desk.press(KeyCode::Enter);
    desk.draw();
    desk.keys("7");
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    assert!(
        screen.contains("Type 2 acme-prod to apply the plan"),
        "{screen}"
    );
    // What is typed next is text still, and nothing of the plan is left out by it.
    desk.keys(" w");
    assert!(
        desk.screen().contains("Apply the plan"),
        "{}",
        desk.screen()
    );
    assert_eq!(plan(&desk).tally().to_do, 2);
    assert!(desk.next_change().is_none());
    // Cancel can be chosen all the same.
    desk.press(KeyCode::Tab);
    desk.press(KeyCode::Enter);
    assert!(
        !desk.screen().contains("Type 2 acme-prod"),
        "{}",
        desk.screen()
    );
}

#[test]
fn stopping_is_asked_about_and_what_is_left_is_not_done_then() {
    let mut desk = under_way(USUAL);
    desk.keys("x");
    assert_eq!(plan(&desk).stage, BulkStage::Running, "it is asked first");
    let screen = desk.screen();
    assert!(screen.contains("End the plan?"), "{screen}");
    assert!(screen.contains("0 of 2 done, 2 left"), "{screen}");
    // Pressed once more, it is no answer; and Enter leaves the plan as it is.
    desk.keys("x");
    desk.press(KeyCode::Enter);
    assert_eq!(plan(&desk).stage, BulkStage::Running);
    desk.press(KeyCode::Esc);
    desk.keys("x");
    desk.draw();
    desk.keys("y");
    assert_eq!(plan(&desk).stage, BulkStage::Ended);
    let (id, _) = desk.next_change().expect("it was sent");
    desk.changed(id, Ok(Changed::Done));
    desk.serve(&staff());
    let screen = desk.screen();
    assert!(screen.contains("not done"), "{screen}");
    assert!(!screen.contains("pending"), "{screen}");
    assert!(desk.next_change().is_none());
}

/// The same plan from a file, after everything was done by someone else, but for the keys named here.
fn opened(size: (u16, u16), left: &[&str]) -> Desk {
    let mut desk = reviewed(size);
    let document = plan(&desk).document();
    desk.press(KeyCode::Esc);
    let mut since = staff();
    for user in &mut since {
        let both = ["old-batch", "zeta"];
        if both.contains(&user.name) && !left.contains(&user.name) {
            let id = if user.name == "zeta" {
                "AKIAZETA0001EXAMPLE1"
            } else {
                "AKIABATCH001EXAMPLE1"
            };
            *user = someone(user.name, &[(id, false, 600, None)]);
        }
    }
    desk.send(Event::Plan(PlanNews::Opened(Ok(Box::new(document)))));
    desk.serve(&since);
    desk
}

#[test]
fn a_plan_that_was_applied_before_is_not_confirmed_again() {
    let mut desk = opened(USUAL, &[]);
    let screen = desk.screen();
    assert!(screen.contains("already Inactive"), "{screen}");
    assert!(!screen.contains("already so"), "{screen}");
    assert!(screen.contains("applied before?"), "{screen}");
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    assert!(screen.contains("Nothing is left to do"), "{screen}");
    assert!(!screen.contains("Type 2"), "{screen}");
    assert_eq!(plan(&desk).stage, BulkStage::Review);
}

#[test]
fn what_is_not_as_reviewed_is_not_counted_in_what_is_typed() {
    let mut desk = opened(USUAL, &["zeta"]);
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    assert!(screen.contains("Type 1 acme-prod to confirm"), "{screen}");
    assert!(
        screen.contains("1 more key not as reviewed: skipped"),
        "{screen}"
    );
    desk.keys("1 acme-prod");
    desk.press(KeyCode::Enter);
    let tally = plan(&desk).tally();
    assert_eq!((tally.to_do, tally.skipped), (1, 1));
    desk.serve(&staff());
    let (_, change) = desk.next_change().expect("the other");
    assert_eq!(change.key(), Some("AKIAZETA0001EXAMPLE1"));
}

#[test]
fn a_key_that_was_used_lately_is_not_said_to_be_in_use_now() {
    let mut desk = reviewed(WIDE);
    let screen = desk.screen();
    assert!(screen.contains("used today"), "{screen}");
    assert!(!screen.contains("in use"), "{screen}");
    desk.press(KeyCode::Esc);
    let staff = [
        someone(
            "late",
            &[("AKIALATE0001EXAMPLE1", true, 512, Some(46 * 24))],
        ),
        someone("other", &[("AKIAOTHER001EXAMPLE1", true, 512, None)]),
    ];
    let mut desk = Desk::showing(WIDE, settings(), &staff);
    desk.keys("2");
    desk.serve(&staff);
    desk.keys("at");
    desk.serve(&staff);
    let screen = desk.screen();
    assert!(screen.contains("used 46d ago"), "{screen}");
}

#[test]
fn leaving_a_paused_plan_asks_and_says_whether_it_is_kept() {
    for (keeping, said) in [
        (Keeping::Real, "The next start offers to go on with it."),
        (Keeping::Nothing, "the next start can't go on with it."),
    ] {
        let mut desk = under_way(USUAL);
        desk.send(Event::Plan(PlanNews::Keeps(keeping)));
        let (id, _) = desk.next_change().expect("it was sent");
        desk.press(KeyCode::Esc);
        desk.changed(id, Ok(Changed::Done));
        desk.serve(&staff());
        desk.press(KeyCode::Esc);
        desk.keys("q");
        let screen = desk.screen();
        assert!(screen.contains("Leave the plan?"), "{screen}");
        assert!(screen.contains("1 of 2 done, 1 key left"), "{screen}");
        assert!(screen.contains(said), "{screen}");
    }
}

#[test]
fn that_a_plan_is_kept_nowhere_is_said_before_it_is_applied() {
    let mut desk = reviewed(USUAL);
    desk.press(KeyCode::Enter);
    assert!(!desk.screen().contains("kept nowhere"), "{}", desk.screen());
    desk.send(Event::Plan(PlanNews::Keeps(Keeping::Nothing)));
    assert!(desk.screen().contains("kept nowhere"), "{}", desk.screen());
}

#[test]
fn an_empty_path_is_asked_for() {
    let mut desk = Desk::showing(USUAL, settings(), &staff());
    desk.keys("P");
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    assert!(screen.contains("Type the path of a file"), "{screen}");
}

/// The dialog comes up by itself, over lists in which `x` means something else.
#[test]
fn a_plan_that_was_not_finished_is_forgotten_after_a_question() {
    let document = plan(&reviewed(USUAL)).document();
    let offered = || {
        let mut desk = Desk::showing(USUAL, settings(), &staff());
        let kept = PlanNews::Kept(Box::new(document.clone()), Vec::new());
        desk.send(Event::Plan(kept));
        assert!(desk.screen().contains("A plan was not finished"));
        desk.keys("x");
        assert!(desk.screen().contains("Forget this plan?"));
        assert!(desk.screen.engine.kept_plan().is_some());
        desk
    };
    for back in [KeyCode::Esc, KeyCode::Enter] {
        let mut desk = offered();
        desk.press(back);
        assert!(desk.screen().contains("A plan was not finished"));
    }
    let mut desk = offered();
    desk.keys("y");
    assert!(desk.screen().contains("Forget this plan?"), "it is no yes");
    desk.keys("x");
    assert!(desk.screen.engine.kept_plan().is_none());
    assert!(!desk.screen().contains("plan?"));
}
