//! What earlier runs have left open, in large numbers.

use super::{
    MOST, SIZE,
    desk::{Desk, Someone, answer, left_open, settings, someone},
};
use crossterm::event::KeyCode;
use iamkeys::engine::{Effect, Event, Intent, Read, SignedIn, unresolved::Finding};
use std::collections::HashMap;

const ACCOUNT: &str = "123456789012";

/// So many users without a key.
fn users(count: usize) -> Vec<Someone> {
    let names = (0..count).map(|at| &*format!("user-{at:05}").leak());
    names.map(|name| someone(name, &[])).collect()
}

/// A journal with so many questions about each of these users, and an account that is being loaded.
fn with_questions(users: &[Someone], each: usize) -> Desk {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    let questions = (0..each).flat_map(|of| {
        users.iter().map(move |user| {
            let id = format!("run/{of}/{}", user.name);
            left_open(&id, user.name, ACCOUNT)
        })
    });
    desk.send(Event::Journal(Ok(questions.collect())));
    desk.signed_in(SignedIn::default());
    desk
}

/// Answers everything, and counts: how often each user's keys were asked for, and how many reads were
/// under way at most.
fn serve(desk: &mut Desk, users: &[Someone]) -> (HashMap<Box<str>, usize>, usize) {
    let (mut asked, mut most) = (HashMap::new(), 0);
    loop {
        let is_read = |effect: &&Effect| matches!(effect, Effect::Read(..));
        most = most.max(desk.effects.iter().filter(is_read).count());
        let Some((request, read)) = desk.next_read() else {
            return (asked, most);
        };
        if let Read::Keys(user) = &read {
            *asked.entry(user.clone()).or_default() += 1;
        }
        desk.answered(request, answer(users, read));
    }
}

#[test]
fn their_looks_are_paced_like_all_reads_and_one_tells_of_all_about_a_user() {
    let users = users(1_500);
    let mut desk = with_questions(&users, 2);
    let (asked, most) = serve(&mut desk, &users);
    assert!(most <= MOST, "{most} under way");
    assert_eq!(asked.len(), users.len());
    // What is on the screen is asked for on its own.
    let calls: usize = asked.values().sum();
    assert!(calls <= users.len() + 60, "{calls} calls");
    let questions = desk.screen.engine.questions();
    assert_eq!(questions.len(), 3_000);
    assert!(
        questions
            .iter()
            .all(|question| question.finding == Finding::NotDone)
    );
    assert!(!desk.screen.engine.is_busy());
}

#[test]
fn they_come_up_a_few_at_a_time() {
    let users = users(30);
    let mut desk = with_questions(&users, 1_000);
    serve(&mut desk, &users);
    let shown = |desk: &Desk| (desk.screen.engine.needs().len(), desk.screen.open_dialogs());
    assert_eq!(desk.screen.engine.questions().len(), 30_000);
    assert_eq!(shown(&desk), (8, 8));
    let first = desk.screen.engine.needs();
    desk.press(KeyCode::Esc);
    // The next one takes the place of the one that was put off.
    assert_eq!(shown(&desk), (8, 8));
    let now = desk.screen.engine.needs();
    let stay = now.iter().filter(|need| first.contains(need)).count();
    assert_eq!(stay, 7);
}

#[test]
fn one_that_was_asked_for_before_its_turn_does_not_come_up_again() {
    let users = users(20);
    let mut desk = with_questions(&users, 1);
    serve(&mut desk, &users);
    let last = desk.screen.engine.questions()[19].origin.clone();
    desk.intend(Intent::OpenQuestion(last.clone()));
    let is_up = |desk: &Desk| desk.screen.engine.is_before_person(&last);
    assert!(is_up(&desk));
    desk.intend(Intent::PutOff(last.clone()));
    for _ in 0..20 {
        assert!(!is_up(&desk));
        desk.press(KeyCode::Esc);
    }
    assert_eq!(desk.screen.open_dialogs(), 0);
}

#[test]
fn those_of_a_few_all_come_up_and_none_again_that_was_put_off() {
    let users = users(10);
    let mut desk = with_questions(&users, 1);
    serve(&mut desk, &users);
    let mut seen = 0;
    while desk.screen.open_dialogs() > 0 {
        desk.press(KeyCode::Esc);
        seen += 1;
        assert!(seen <= 10, "one comes up again");
    }
    assert_eq!(seen, 10);
    assert_eq!(desk.screen.engine.questions().len(), 10);
}
