//! What is asked, in which order, and how often: the queue of reads, message by message.

use super::{
    SIZE,
    desk::{Desk, Someone, answer, now, page, people, settings, someone},
    error,
};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        self, Answer, Background, Change, Changed, Effect, Intent, Kind, Parts, Read, RequestId,
        SignedIn,
        account::UserRow,
        model::{UserDetails, UserDetailsPage},
        user_tags::UserTags,
    },
    tui::{Message, Settings},
};
use proptest::prelude::*;
use std::{collections::HashMap, sync::Arc};

/// So many users with a key each, but for every fourth, who has two, and every seventh, who has
/// none.
fn crowd(count: usize) -> Vec<Someone> {
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let user = |at: usize| {
        let first = leak(format!("AKIACROWD{at:04}FIRSTX"));
        let second = leak(format!("AKIACROWD{at:04}SECOND"));
        let age = i64::try_from(at % 900).unwrap();
        let keys = [(first, true, age, Some(3)), (second, false, age / 2, None)];
        let count = match at {
            at if at % 7 == 6 => 0,
            at if at % 4 == 3 => 2,
            _ => 1,
        };
        someone(leak(format!("user-{at:04}")), &keys[..count])
    };
    (0..count).map(user).collect()
}

fn name(at: usize) -> String {
    format!("user-{at:04}")
}

/// Signed in, the first questions asked and not answered.
fn opened(background: Background) -> Desk {
    let settings = Settings {
        engine: engine::Settings {
            background,
            ..settings().engine
        },
        ..settings()
    };
    let mut desk = Desk::new(SIZE, settings);
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    desk
}

/// Those of the reads that are asked and not answered that are of this kind.
fn take(desk: &mut Desk, of: impl Fn(&Read) -> bool) -> Vec<(RequestId, Read)> {
    let all: Vec<_> = std::iter::from_fn(|| desk.next_read()).collect();
    let (these, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, read)| of(read));
    for (request, read) in others {
        let session = desk.session();
        desk.effects.push_back(Effect::Read(session, request, read));
    }
    these
}

/// The users are listed, and nothing else is answered yet.
fn listed(background: Background, users: &[Someone]) -> Desk {
    let mut desk = opened(background);
    for (request, read) in take(&mut desk, |read| !matches!(read, Read::Keys(_))) {
        desk.answered(request, answer(users, read));
    }
    desk
}

/// Answers everything in the order it was asked, and tells of it.
fn serve(desk: &mut Desk, users: &[Someone]) -> Vec<Read> {
    let mut asked = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        asked.push(read.clone());
        desk.answered(request, answer(users, read));
    }
    asked
}

/// The users whose keys were asked for, by their number.
fn keys_of(reads: &[Read]) -> Vec<usize> {
    let number = |read: &Read| match read {
        Read::Keys(user) => user.strip_prefix("user-")?.parse().ok(),
        _ => None,
    };
    reads.iter().filter_map(number).collect()
}

#[test]
fn the_selected_user_comes_first_then_the_screen_then_what_is_near_then_everybody_else() {
    let users = crowd(200);
    let mut desk = listed(Background::All, &users);
    let height = desk.screen.lists.by_user().height();
    assert_eq!(height, 18);
    desk.keys("G");
    let asked = keys_of(&serve(&mut desk, &users));
    let begun = asked.iter().position(|user| *user == 199).unwrap();
    // What there was room for before.
    assert!(begun <= 24, "{begun}");
    let mut expected: Vec<usize> = (0..begun).collect();
    expected.push(199);
    expected.extend(182..199);
    expected.extend(164..182);
    expected.extend(begun..164);
    assert_eq!(asked, expected);
}

#[test]
fn the_last_uses_on_screen_come_before_the_keys_of_those_who_are_not() {
    let users = crowd(200);
    let mut desk = listed(Background::All, &users);
    let asked = serve(&mut desk, &users);
    let last_visible = asked
        .iter()
        .rposition(|read| matches!(read, Read::LastUsed(user, _) if **user < *name(18)))
        .unwrap();
    let before = keys_of(&asked[..last_visible]);
    // Besides what was under way at the time, nobody.
    assert!(before.iter().all(|user| *user < 18 + 18), "{before:?}");
    // And all keys come before the last uses of those who are out of sight.
    let everybody = asked.iter().rposition(|read| matches!(read, Read::Keys(_)));
    let uses_before = asked[..everybody.unwrap()]
        .iter()
        .filter(|read| matches!(read, Read::LastUsed(user, _) if **user >= *name(36)));
    assert_eq!(uses_before.count(), 0);
}

#[test]
fn the_background_is_everybody_or_what_is_on_screen_or_nobody() {
    let users = crowd(100);
    for (background, expected) in [
        (Background::All, 100),
        (Background::Visible, 18),
        (Background::Off, 1),
    ] {
        let mut desk = listed(background, &users);
        serve(&mut desk, &users);
        assert_eq!(
            desk.account().users.tally().users,
            expected,
            "{background:?}"
        );
        let tags = &desk.screen.user().unwrap().tags;
        assert!(tags.is_ready(), "{background:?}");
        assert!(!desk.screen.engine.is_busy(), "{background:?}");
        desk.keys("G");
        let asked = serve(&mut desk, &users);
        let more = match background {
            Background::All => vec![],
            Background::Visible => std::iter::once(99).chain(82..99).collect(),
            Background::Off | Background::Only(_) => vec![99],
        };
        assert_eq!(keys_of(&asked), more, "{background:?}");
    }
}

#[test]
fn what_was_scrolled_past_waits_until_nothing_else_does() {
    let users = crowd(300);
    let mut desk = listed(Background::All, &users);
    let first = take(&mut desk, |_| true);
    for _ in 0..8 {
        desk.press(KeyCode::PageDown);
    }
    let begun = keys_of(
        &first
            .iter()
            .map(|(_, read)| read.clone())
            .collect::<Vec<_>>(),
    )
    .len();
    let stops = (1..=8).map(|page| page * 17);
    let stops: Vec<usize> = stops.filter(|stop| *stop >= begun).collect();
    assert!(stops.len() >= 6);
    let at_once: Vec<Read> = take(&mut desk, |_| true)
        .into_iter()
        .map(|(_, read)| read)
        .collect();
    // There was room for nobody but whom the selection stopped at.
    assert_eq!(keys_of(&at_once), stops);
    // As soon as there is room it goes to what is on screen now, and only then to the rest.
    for (request, read) in first {
        desk.answered(request, answer(&users, read));
    }
    let asked = keys_of(&serve(&mut desk, &users));
    let on_screen = desk.screen.lists.by_user().on_screen();
    let expected: Vec<usize> = on_screen.filter(|at| !stops.contains(at)).collect();
    assert_eq!(asked[..expected.len()], expected);
    let mut all = asked;
    all.extend(stops);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 300 - begun, "everybody else, and nobody twice");
}

#[test]
fn the_selected_user_is_asked_for_also_where_there_is_no_room() {
    let users = crowd(300);
    let mut desk = listed(Background::All, &users);
    assert!(desk.account().reads_under_way() >= desk.account().limiter.room());
    let before = take(&mut desk, |_| true).len();
    assert_eq!(before, desk.account().reads_under_way());
    desk.keys("G");
    let (request, read) = desk.next_read().expect("it is asked at once");
    assert_eq!(read, Read::Keys(name(299).as_str().into()));
    assert!(desk.next_read().is_none(), "and nothing else is");
    // So is when the key was last used.
    desk.answered(request, answer(&users, read));
    let (_, read) = desk.next_read().expect("the last use");
    assert!(matches!(read, Read::LastUsed(user, _) if *user == *name(299)));
}

#[test]
fn what_is_throttled_is_put_back_and_nobody_sees_an_error() {
    let users = crowd(40);
    let mut desk = listed(Background::All, &users);
    let mut numbers: HashMap<String, Vec<RequestId>> = HashMap::new();
    let mut throttled = 0;
    for turn in 0.. {
        assert!(turn < 10_000, "it ends");
        desk.wait(20);
        let Some((request, read)) = desk.next_read() else {
            if !desk.screen.engine.is_busy() {
                break;
            }
            desk.wait(80);
            desk.send(Message::Tick);
            continue;
        };
        numbers
            .entry(format!("{read:?}"))
            .or_default()
            .push(request);
        if turn % 5 == 0 {
            throttled += 1;
            desk.answered(request, Err(error(Kind::Throttled)));
        } else {
            desk.answered(request, answer(&users, read));
        }
    }
    assert!(throttled > 10, "{throttled}");
    assert_eq!(desk.screen.engine.activity.noted(), 0);
    let rows = desk.account().users.rows();
    for row in rows {
        assert!(row.keys.is_ready(), "{}", row.user.name);
        let keys = row.keys.known().unwrap();
        assert!(keys.iter().all(|key| key.last_used.is_ready()));
    }
    // Each was asked as often as it was throttled, and once more; nobody waited for the number.
    let asked: usize = numbers.values().map(Vec::len).sum();
    assert_eq!(asked, numbers.len() + throttled);
    for (read, numbers) in numbers {
        let mut distinct = numbers.clone();
        distinct.dedup();
        assert_eq!(distinct, numbers, "{read}");
    }
    let tally = desk.account().users.tally();
    assert_eq!((tally.unknown, tally.complete), (0, tally.keys));
}

#[test]
fn an_answer_that_somebody_waits_for_keeps_its_number_while_it_is_throttled() {
    let users = people();
    let mut desk = Desk::showing(SIZE, settings(), &users);
    desk.keys("jjjj");
    desk.serve(&users);
    desk.keys("ty");
    let (request, read) = desk.next_read().expect("the look before the change");
    assert_eq!(read, Read::Keys("old-batch".into()));
    let others = take(&mut desk, |_| true);
    for turn in 0..5 {
        desk.answered(request, Err(error(Kind::Throttled)));
        let again = loop {
            if let Some(asked) = desk.next_read() {
                break asked;
            }
            assert!(
                desk.screen.engine.is_busy(),
                "turn {turn}: the clock goes on"
            );
            desk.wait(100);
            desk.send(Message::Tick);
        };
        assert_eq!(again, (request, read.clone()));
    }
    assert!(desk.next_change().is_none());
    desk.answered(request, answer(&users, read));
    for (request, read) in others {
        desk.answered(request, answer(&users, read));
    }
    while desk.screen.engine.under_way().next().is_none() && desk.screen.engine.is_busy() {
        desk.serve(&users);
        desk.wait(100);
        desk.send(Message::Tick);
    }
    assert!(desk.next_change().is_some(), "{}", desk.screen());
}

#[test]
fn who_waits_for_a_minute_is_told_that_it_is_throttled() {
    let users = people();
    let mut desk = Desk::showing(SIZE, settings(), &users);
    desk.keys("ty");
    let (request, _) = desk.next_read().expect("the look before the change");
    let mut asked = 0;
    while desk.clock - now() < chrono::TimeDelta::seconds(65) {
        desk.wait(100);
        desk.send(Message::Tick);
        while let Some((again, _)) = desk.next_read() {
            asked += usize::from(again == request);
            desk.answered(again, Err(error(Kind::Throttled)));
        }
        if asked == 0 {
            desk.answered(request, Err(error(Kind::Throttled)));
            asked += 1;
        }
    }
    assert!(asked > 20, "{asked}");
    assert!(!desk.account().users.get("alice").unwrap().keys.is_loading());
    assert!(desk.screen.engine.activity.noted() > 0);
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait_longer_than_a_minute() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("ty");
    desk.clock -= chrono::TimeDelta::hours(1);
    while let Some((request, _)) = desk.next_read() {
        desk.answered(request, Err(error(Kind::Throttled)));
    }
    assert!(!desk.account().users.get("alice").unwrap().keys.is_loading());
}

#[test]
fn the_background_stops_at_the_fifth_refusal_and_says_it_five_times() {
    let users = crowd(500);
    let mut desk = listed(Background::All, &users);
    let mut asked = 0;
    while let Some((request, read)) = desk.next_read() {
        if matches!(read, Read::Keys(_)) {
            asked += 1;
            desk.answered(request, Err(error(Kind::Denied)));
        } else {
            desk.answered(request, answer(&users, read));
        }
    }
    // What is on screen, and about to be, and what was under way.
    assert!(asked <= 18 + 18 + 24, "{asked}");
    assert_eq!(desk.screen.engine.activity.noted(), 5);
    assert!(!desk.screen.engine.is_busy());
    // What somebody looks at is asked for all the same.
    desk.keys("G");
    let (request, read) = desk.next_read().unwrap();
    assert_eq!(read, Read::Keys(name(499).as_str().into()));
    // And once it is granted, so is everybody.
    desk.answered(request, answer(&users, read));
    serve(&mut desk, &users);
    let idle = desk
        .account()
        .users
        .rows()
        .iter()
        .filter(|row| row.keys.is_idle());
    assert_eq!(idle.count(), 0, "the background goes on");
}

#[test]
fn refused_last_uses_stop_the_last_uses_and_not_the_keys() {
    let users = crowd(500);
    let mut desk = listed(Background::All, &users);
    let mut refused = 0;
    while let Some((request, read)) = desk.next_read() {
        if matches!(read, Read::LastUsed(..)) {
            refused += 1;
            desk.answered(request, Err(error(Kind::Denied)));
        } else {
            desk.answered(request, answer(&users, read));
        }
    }
    assert_eq!(desk.account().users.tally().users, 500);
    assert!(refused <= 2 * (18 + 18), "{refused}");
    assert_eq!(desk.screen.engine.activity.noted(), 5);
    assert!(!desk.screen.engine.is_busy());
}

#[test]
fn a_refusal_here_and_there_stops_nothing() {
    let users = crowd(100);
    let mut desk = listed(Background::All, &users);
    let mut turn = 0;
    while let Some((request, read)) = desk.next_read() {
        turn += 1;
        let answer = if matches!(read, Read::Keys(_)) && turn % 3 == 0 {
            Err(error(Kind::Denied))
        } else {
            answer(&users, read)
        };
        desk.answered(request, answer);
    }
    let idle = desk
        .account()
        .users
        .rows()
        .iter()
        .filter(|row| row.keys.is_idle());
    assert_eq!(idle.count(), 0);
}

#[test]
fn a_change_and_the_looks_around_it_go_before_the_background() {
    let users = crowd(300);
    let mut desk = listed(Background::All, &users);
    // All that is on screen is answered, and the background is well under way.
    while desk.account().users.tally().users < 100 {
        let (request, read) = desk.next_read().unwrap();
        desk.answered(request, answer(&users, read));
    }
    let under_way = take(&mut desk, |_| true);
    desk.keys("ty");
    let looks = take(&mut desk, |_| true);
    assert!(!looks.is_empty());
    for (_, read) in &looks {
        assert!(
            matches!(read, Read::Keys(user) | Read::LastUsed(user, _) if **user == *name(0)),
            "{read:?}"
        );
    }
    for (request, read) in under_way {
        desk.answered(request, answer(&users, read));
        assert_eq!(desk.next_read(), None, "the background waits for the look");
    }
    for (request, read) in looks {
        desk.answered(request, answer(&users, read));
    }
    let (id, _) = desk.next_change().expect("it is asked for");
    let begun = desk.account().users.tally();
    desk.serve(&users);
    assert_eq!(desk.account().users.tally(), begun, "and for the change");
    // What is on screen does not wait.
    desk.keys("G");
    let asked = keys_of(&serve(&mut desk, &users));
    let on_screen: Vec<usize> = std::iter::once(299).chain(282..299).collect();
    assert_eq!(asked, on_screen);
    desk.changed(id, Ok(Changed::Done));
    desk.serve(&users);
    assert_eq!(
        desk.account().users.tally().users,
        300,
        "and then it goes on"
    );
}

#[test]
fn a_user_made_anew_is_asked_for_again() {
    let users = crowd(60);
    let mut desk = listed(Background::All, &users);
    serve(&mut desk, &users);
    desk.keys("R");
    let mut page = page(&users, None);
    page.users[50].created += chrono::TimeDelta::days(3);
    let mut asked = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        asked.push(read.clone());
        let answer = match read {
            Read::Users(_) => Ok(Answer::Users(page.clone())),
            read => answer(&users, read),
        };
        desk.answered(request, answer);
    }
    assert!(keys_of(&asked).contains(&50), "{asked:?}");
    assert_eq!(desk.account().users.tally().unknown, 0);
}

#[test]
fn what_was_to_be_refreshed_is_also_after_it_has_scrolled_away() {
    let users = crowd(400);
    let mut desk = listed(Background::All, &users);
    serve(&mut desk, &users);
    // More rows than there is room for reads.
    desk.send(Message::Resize(80, 90));
    desk.keys("R");
    let asked = take(&mut desk, |_| true);
    desk.keys("G");
    for (request, read) in asked {
        desk.answered(request, answer(&users, read));
    }
    serve(&mut desk, &users);
    let left = desk.account().users.rows().iter().filter(|row| row.refresh);
    assert_eq!(left.count(), 0);
}

#[test]
fn where_nobody_answers_nothing_more_is_asked_until_somebody_says_so() {
    let users = crowd(70);
    let mut desk = opened(Background::All);
    let mut asked = 0;
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::Keys(_) | Read::LastUsed(..) => {
                asked += 1;
                Err(error(Kind::Network))
            }
            read => answer(&users, read),
        };
        desk.answered(request, answer);
    }
    assert!(asked <= 64, "no more than were on their way: {asked}");
    assert!(!desk.screen.engine.is_busy());
    assert!(
        desk.screen().contains("no answer; R asks again"),
        "{}",
        desk.screen()
    );
    assert_eq!(desk.screen.engine.activity.noted(), 5);
    // What was not told of is not taken for failed, and everything comes in the end.
    desk.keys("R");
    serve(&mut desk, &users);
    let tally = desk.account().users.tally();
    assert_eq!((tally.users, tally.failed), (70, 0));
    assert_eq!(tally.complete, tally.keys);
}

#[test]
fn a_failure_that_is_asked_for_again_is_not_counted_twice() {
    let users = people();
    let mut desk = Desk::showing(SIZE, settings(), &[]);
    let all = users.iter().map(|user| user.keys.len()).sum();
    for _ in 0..3 {
        desk.keys("R");
        while let Some((request, read)) = desk.next_read() {
            let answer = match read {
                Read::LastUsed(..) => Err(error(Kind::Other)),
                read => answer(&users, read),
            };
            desk.answered(request, answer);
            let tally = desk.account().users.tally();
            assert!(tally.complete <= tally.keys, "{tally:?}");
        }
        let tally = desk.account().users.tally();
        assert_eq!((tally.keys, tally.complete, tally.failed), (all, 0, all));
    }
}

/// What can happen while everything is being asked.
#[derive(Clone, Debug)]
enum Step {
    /// So many milliseconds go by, and the spinner turns.
    Tick(i64),
    /// One of what is under way is answered.
    Answer(usize),
    /// It fails, and is not asked again.
    Fail(usize),
    Throttle(usize),
    Press(KeyCode),
}

fn step() -> impl Strategy<Value = Step> {
    let key = prop_oneof![
        6 => prop::sample::select("jkGg12s3S".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
        2 => prop::sample::select(vec![KeyCode::PageDown, KeyCode::PageUp, KeyCode::Tab]),
    ];
    prop_oneof![
        2 => (1i64..400).prop_map(Step::Tick),
        12 => (0usize..64).prop_map(Step::Answer),
        2 => (0usize..64).prop_map(Step::Fail),
        2 => (0usize..64).prop_map(Step::Throttle),
        2 => key.prop_map(Step::Press),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Pages, answers, failures and throttling in any order, and somebody who moves about: in the
    /// end everything was asked, nothing twice, and nothing while it was under way already.
    #[test]
    fn everything_is_asked_exactly_once(
        mut order in Just((0..70).collect::<Vec<usize>>()).prop_shuffle(),
        sorted in any::<bool>(),
        per_page in 5usize..40,
        steps in prop::collection::vec(step(), 0..250),
    ) {
        if sorted {
            order.sort_unstable();
        }
        let crowd = crowd(70);
        let users: Vec<Someone> = order.iter().map(|at| crowd[*at].clone()).collect();
        let mut desk = opened(Background::All);
        let mut under_way: Vec<(RequestId, Read)> = Vec::new();
        // How often each was asked and is not to be again, for each that was answered or failed.
        let mut settled: HashMap<String, usize> = HashMap::new();
        let mut failures: Vec<String> = Vec::new();
        // A listing that fails is the person's to repeat.
        let may_fail = |read: &Read| matches!(read, Read::Keys(_) | Read::LastUsed(..));
        let paged = |read: Read| match read {
            Read::Users(marker) => {
                let from = marker.map_or(0, |marker| marker.parse().unwrap());
                let to = (from + per_page).min(users.len());
                let next = (to < users.len()).then(|| to.to_string());
                Ok(Answer::Users(page(&users[from..to], next.as_deref())))
            }
            read => answer(&users, read),
        };
        let mut steps = steps.into_iter();
        for turn in 0.. {
            prop_assert!(turn < 20_000, "it ends");
            while let Some((request, read)) = desk.next_read() {
                let planned = may_fail(&read);
                prop_assert!(!planned || !under_way.iter().any(|(_, other)| *other == read), "{read:?}");
                prop_assert!(!settled.contains_key(&format!("{read:?}")) || !planned, "{read:?}");
                under_way.push((request, read));
            }
            prop_assert_eq!(desk.account().reads_under_way(), under_way.len());
            let next = steps.next().unwrap_or(Step::Answer(0));
            desk.wait(3);
            match next {
                Step::Tick(time) => {
                    desk.wait(time);
                    desk.send(Message::Tick);
                }
                Step::Press(key) => desk.press(key),
                Step::Answer(_) | Step::Fail(_) | Step::Throttle(_) if under_way.is_empty() => {
                    if !desk.screen.engine.is_busy() {
                        break;
                    }
                    desk.wait(100);
                    desk.send(Message::Tick);
                }
                Step::Answer(at) => {
                    let (request, read) = under_way.swap_remove(at % under_way.len());
                    *settled.entry(format!("{read:?}")).or_default() += 1;
                    desk.answered(request, paged(read));
                }
                Step::Fail(at) => {
                    let at = at % under_way.len();
                    if may_fail(&under_way[at].1) {
                        let (request, read) = under_way.swap_remove(at);
                        *settled.entry(format!("{read:?}")).or_default() += 1;
                        failures.push(format!("{read:?}"));
                        desk.answered(request, Err(error(Kind::Other)));
                    }
                }
                Step::Throttle(at) => {
                    let (request, _) = under_way.swap_remove(at % under_way.len());
                    desk.answered(request, Err(error(Kind::Throttled)));
                }
            }
        }
        prop_assert_eq!(desk.account().users.rows().len(), 70);
        for someone in &users {
            let keys = format!("{:?}", Read::Keys(someone.name.into()));
            prop_assert_eq!(settled.get(&keys), Some(&1), "{}", keys);
            for (key, _) in &someone.keys {
                let used = Read::LastUsed(someone.name.into(), key.id.clone());
                let asked = settled.get(&format!("{used:?}")).copied();
                // Nobody knows the keys of whom they are refused for.
                let expected = (!failures.contains(&keys)).then_some(1);
                prop_assert_eq!(asked, expected, "{:?}", used);
            }
        }
        let tally = desk.account().users.tally();
        let lost = failures.iter().filter(|read| read.starts_with("LastUsed")).count();
        prop_assert_eq!(tally.complete + lost, tally.keys);
        prop_assert_eq!(tally.failed, failures.len());
    }
}

/// What is told of users by their details: an owner each, and what a key is for.
fn tagged(users: &[Someone], owner: &str, next: Option<&str>) -> Answer {
    let users = users.iter().map(|user| {
        let of_key = user.keys.first().map(|(key, _)| {
            let text = format!("the first of {}", user.name);
            (key.id.clone(), text)
        });
        let owner = ("Owner".to_owned(), owner.to_owned());
        UserDetails {
            name: user.name.into(),
            tags: UserTags::read(of_key.into_iter().chain([owner]), Arc::from),
            grants: Arc::default(),
        }
    });
    Answer::UserDetails(UserDetailsPage {
        users: users.collect(),
        next: next.map(str::to_owned),
        ..UserDetailsPage::default()
    })
}

fn is_details(read: &Read) -> bool {
    matches!(read, Read::UserDetails(_))
}

/// Everything but the details is answered; the first page of these is asked for.
fn all_but_details(desk: &mut Desk, users: &[Someone]) -> (RequestId, Read) {
    loop {
        let (request, read) = desk.next_read().expect("the details are asked for");
        if is_details(&read) {
            assert!(desk.next_read().is_none(), "last of all");
            return (request, read);
        }
        desk.answered(request, answer(users, read));
    }
}

fn owner_of(desk: &Desk, user: &str) -> Option<String> {
    let row = desk.account().users.get(user).expect("a user");
    row.known_owner()?.map(str::to_owned)
}

#[test]
fn details_are_read_page_by_page_once_there_is_nothing_else_to_ask() {
    let users = crowd(100);
    let mut desk = listed(Background::All, &users);
    let (request, read) = all_but_details(&mut desk, &users);
    assert_eq!(read, Read::UserDetails(None));
    let tally = desk.account().users.tally();
    assert_eq!(tally.complete, tally.all_keys(), "keys and last uses first");
    assert_eq!(tally.untagged, 99, "all but the selected one");
    desk.answered(request, Ok(tagged(&users[..50], "web", Some("more"))));
    let (request, read) = desk.next_read().expect("the second page");
    assert_eq!(read, Read::UserDetails(Some("more".into())));
    assert_eq!(desk.account().users.tally().untagged, 50);
    // A throttled page is asked for again, and nobody sees an error.
    desk.answered(request, Err(error(Kind::Throttled)));
    assert!(desk.next_read().is_none(), "not at once");
    desk.wait(5_000);
    desk.send(Message::Tick);
    let (request, read) = desk.next_read().expect("the second page, again");
    assert_eq!(read, Read::UserDetails(Some("more".into())));
    desk.answered(request, Ok(tagged(&users[50..], "ops", None)));
    assert!(desk.next_read().is_none());
    assert!(!desk.screen.engine.is_busy());
    assert_eq!(desk.account().users.tally().untagged, 0);
    assert_eq!(owner_of(&desk, &name(99)), Some("ops".into()));
    // Who is selected now needs no call of their own.
    desk.keys("G");
    assert!(desk.next_read().is_none());
}

#[test]
fn details_are_read_only_where_everything_is() {
    let users = crowd(10);
    for background in [Background::Visible, Background::Off] {
        let mut desk = listed(background, &users);
        let asked = serve(&mut desk, &users);
        assert!(!asked.iter().any(is_details), "{background:?}");
    }
}

/// What a command asks of every user that prints whose keys are.
fn details_only() -> Background {
    Background::Only(Parts {
        details: true,
        quarantine: true,
        ..Parts::default()
    })
}

#[test]
fn without_a_screen_details_are_read_beside_the_list_and_wait_for_it() {
    let users = crowd(60);
    let mut desk = opened(details_only());
    let details = take(&mut desk, is_details);
    let [(request, read)] = &details[..] else {
        panic!("the first page, and no other: {details:?}");
    };
    assert_eq!(*read, Read::UserDetails(None));
    // Who is told of is not listed yet.
    desk.answered(*request, Ok(tagged(&users[..30], "web", Some("more"))));
    let (last, _) = take(&mut desk, is_details).remove(0);
    let listing = take(&mut desk, |read| matches!(read, Read::Users(_)));
    for (request, read) in listing {
        desk.answered(request, answer(&users, read));
    }
    assert_eq!(owner_of(&desk, &name(29)), Some("web".into()));
    assert_eq!(owner_of(&desk, &name(30)), None);
    assert!(!desk.account().users.details_are_over());
    desk.answered(last, Ok(tagged(&users[30..], "ops", None)));
    assert_eq!(owner_of(&desk, &name(59)), Some("ops".into()));
    assert!(desk.account().users.details_are_over());
    assert!(take(&mut desk, is_details).is_empty(), "each page once");
    let power = |row: &UserRow| row.power.is_some();
    assert!(desk.account().users.rows().iter().all(power));
}

#[test]
fn who_is_missing_from_details_that_were_read_beside_the_list_is_read_with_all_others() {
    let users = crowd(21);
    let mut desk = opened(details_only());
    let (request, _) = take(&mut desk, is_details).remove(0);
    // The last one was made after it, and before the list came to them.
    desk.answered(request, Ok(tagged(&users[..20], "web", None)));
    assert!(!desk.account().users.details_are_over(), "nor listed");
    loop {
        let others = take(&mut desk, |read| !is_details(read));
        if others.is_empty() {
            break;
        }
        for (request, read) in others {
            desk.answered(request, answer(&users, read));
        }
    }
    let again = take(&mut desk, is_details);
    let [(request, Read::UserDetails(None))] = &again[..] else {
        panic!("once more: {again:?}");
    };
    desk.answered(*request, Ok(tagged(&users[..20], "web", None)));
    // Who is in neither is not known, and is not asked for without an end.
    assert!(take(&mut desk, is_details).is_empty());
    assert!(desk.account().users.details_are_over());
    assert_eq!(owner_of(&desk, &name(20)), None);
}

#[test]
fn details_that_are_denied_are_asked_for_again_only_by_a_refresh() {
    let users = crowd(10);
    let mut desk = listed(Background::All, &users);
    let (request, _) = all_but_details(&mut desk, &users);
    desk.answered(request, Err(error(Kind::Denied)));
    assert!(desk.account().users.details_failed());
    let activity = &desk.screen.engine.activity;
    assert_eq!(activity.noted(), 1, "said once");
    assert!(desk.next_read().is_none());
    // What is selected is asked about alone, as long as that is not denied.
    desk.keys("j");
    let asked = serve(&mut desk, &users);
    assert_eq!(asked, [Read::Tags(name(1).as_str().into())]);
    desk.keys("/-owner:*");
    let screen = desk.screen();
    assert!(screen.contains("2 shown so far"), "{screen}");
    desk.press(KeyCode::Esc);
    desk.keys("R");
    let (request, read) = all_but_details(&mut desk, &users);
    assert_eq!(read, Read::UserDetails(None));
    assert!(!desk.account().users.details_failed());
    desk.answered(request, Ok(tagged(&users, "web", None)));
    desk.keys("/-owner:*");
    assert!(!desk.screen().contains("so far"), "{}", desk.screen());
}

#[test]
fn what_is_newer_than_the_details_is_kept() {
    let users = crowd(4);
    let tags = |owner: &str| {
        let owner = ("Owner".to_owned(), owner.to_owned());
        Ok(Answer::Tags(UserTags::read([owner], Arc::from)))
    };
    let mut desk = listed(Background::All, &users);
    let (details, _) = all_but_details(&mut desk, &users);
    // While the page is on its way, one user is asked about alone and has answered, one has not.
    let slot = desk.session().slot;
    let ask = |desk: &mut Desk, at: usize| {
        let read = Read::Tags(name(at).as_str().into());
        desk.intend(Intent::Ask(slot, read));
        desk.next_read().expect("it is asked at once").0
    };
    let first = ask(&mut desk, 1);
    desk.answered(first, tags("newer"));
    let late = ask(&mut desk, 2);
    desk.answered(details, Ok(tagged(&users, "page", None)));
    let owner = |desk: &Desk, at: usize| owner_of(desk, &name(at));
    assert_eq!(owner(&desk, 1).as_deref(), Some("newer"));
    assert_eq!(owner(&desk, 2).as_deref(), Some("page"));
    assert_eq!(owner(&desk, 3).as_deref(), Some("page"));
    desk.answered(late, tags("answered"));
    assert_eq!(owner(&desk, 2).as_deref(), Some("answered"));
    // A later one replaces what the details have said, and a refusal does not.
    let again = ask(&mut desk, 3);
    desk.answered(again, Err(error(Kind::Denied)));
    assert_eq!(owner(&desk, 3).as_deref(), Some("page"));
    // After a refresh the details are the newest there is, but not those asked for before.
    desk.keys("R");
    let (old, _) = all_but_details(&mut desk, &users);
    desk.keys("R");
    desk.answered(old, Ok(tagged(&users, "old", None)));
    assert_eq!(owner(&desk, 3).as_deref(), Some("page"));
    let (request, _) = all_but_details(&mut desk, &users);
    desk.answered(request, Ok(tagged(&users, "refreshed", None)));
    assert_eq!(owner(&desk, 1).as_deref(), Some("refreshed"));
}

#[test]
fn a_description_of_a_user_who_was_never_selected_is_found() {
    let users = crowd(20);
    let mut desk = listed(Background::All, &users);
    let (request, _) = all_but_details(&mut desk, &users);
    desk.keys("/description:*user-0012");
    assert!(desk.screen().contains("Tags, owners and descriptions"));
    desk.answered(request, Ok(tagged(&users, "web", None)));
    let screen = desk.screen();
    assert!(screen.contains("1 shown ─"), "{screen}");
    assert!(screen.contains("user-0012"), "{screen}");
    desk.press(KeyCode::Esc);
    // A user who is new is not known until the details are read again.
    desk.keys("R");
    let users = crowd(21);
    let (request, _) = all_but_details(&mut desk, &users);
    desk.keys("/-owner:*");
    assert!(desk.screen().contains("so far"), "{}", desk.screen());
    desk.answered(request, Ok(tagged(&users, "web", None)));
    assert!(!desk.screen().contains("so far"), "{}", desk.screen());
}

#[test]
fn a_lost_page_of_the_details_is_asked_for_again_but_not_for_ever() {
    let users = crowd(100);
    let mut desk = listed(Background::All, &users);
    let (request, _) = all_but_details(&mut desk, &users);
    desk.answered(request, Ok(tagged(&users[..50], "web", Some("more"))));
    // A 503, and a timeout: the reading goes on where it was.
    for kind in [Kind::Server, Kind::Network] {
        let (request, read) = desk.next_read().expect("the second page");
        assert_eq!(read, Read::UserDetails(Some("more".into())), "{kind:?}");
        desk.answered(request, Err(error(kind)));
        assert!(!desk.account().users.details_failed(), "{kind:?}");
    }
    let (request, read) = desk.next_read().expect("the second page, again");
    assert_eq!(read, Read::UserDetails(Some("more".into())));
    desk.answered(request, Ok(tagged(&users[50..], "ops", None)));
    assert_eq!(desk.account().users.tally().untagged, 0);
    // One that never comes is given up, and nothing else is.
    desk.keys("R");
    let (request, _) = all_but_details(&mut desk, &users);
    desk.answered(request, Ok(tagged(&users[..50], "web", Some("more"))));
    let mut asked = 0;
    while let Some((request, read)) = desk.next_read() {
        assert_eq!(read, Read::UserDetails(Some("more".into())));
        desk.answered(request, Err(error(Kind::Server)));
        asked += 1;
    }
    assert_eq!(asked, 3);
    assert!(desk.account().users.details_failed());
    assert!(!desk.account().is_cut_off());
    // What cannot be understood would not be understood the next time.
    desk.keys("R");
    let (request, _) = all_but_details(&mut desk, &users);
    desk.answered(request, Err(error(Kind::InvalidResponse)));
    assert!(desk.account().users.details_failed());
    assert!(desk.next_read().is_none());
}

#[test]
fn a_description_that_was_just_changed_is_kept_when_the_details_are_read_again() {
    let users = crowd(4);
    let mut desk = listed(Background::All, &users);
    let (request, _) = all_but_details(&mut desk, &users);
    desk.answered(request, Ok(tagged(&users, "web", None)));
    let change = Change::SetDescription {
        user: name(1).into(),
        key: users[1].keys[0].0.id.clone(),
        text: Some("backups".into()),
    };
    desk.intend(Intent::Send(desk.session().slot, vec![change]));
    let (id, _) = desk.next_change().expect("it is described");
    desk.changed(id, Ok(Changed::Done));
    let refresh = |desk: &mut Desk| {
        desk.keys("R");
        let (request, _) = all_but_details(desk, &users);
        desk.answered(request, Ok(tagged(&users, "web", None)));
        let account = desk.account();
        let key = &users[1].keys[0].0.id;
        let text = account.description_of(&name(1), key).expect("it is known");
        text.map(str::to_owned)
    };
    // Another user is selected, so that only the details tell of this one. AWS may still tell what was true before.
    for _ in 0..2 {
        assert_eq!(refresh(&mut desk).as_deref(), Some("backups"));
    }
    desk.wait(60_000);
    desk.send(Message::Tick);
    assert_eq!(
        refresh(&mut desk).as_deref(),
        Some("the first of user-0001")
    );
}

#[test]
fn users_who_are_listed_after_the_details_began_are_read_with_all_others() {
    let users = crowd(21);
    // The reading may be over when they are listed, or a page is on its way.
    for is_over in [true, false] {
        let mut desk = listed(Background::All, &users[..20]);
        let (details, _) = all_but_details(&mut desk, &users[..20]);
        if is_over {
            desk.answered(details, Ok(tagged(&users[..20], "web", None)));
        }
        let slot = desk.session().slot;
        desk.intend(Intent::Ask(slot, Read::Users(None)));
        if !is_over {
            // There is one page at a time, and this one does not count any more.
            serve(&mut desk, &users);
            desk.answered(details, Ok(tagged(&users[..20], "old", None)));
        }
        let (request, read) = all_but_details(&mut desk, &users);
        assert_eq!(read, Read::UserDetails(None), "{is_over}");
        desk.answered(request, Ok(tagged(&users, "web", None)));
        assert_eq!(owner_of(&desk, &name(20)), Some("web".into()), "{is_over}");
        assert_eq!(desk.account().users.tally().untagged, 0, "{is_over}");
        // Where nobody is new, nothing is read again.
        desk.intend(Intent::Ask(slot, Read::Users(None)));
        let asked = serve(&mut desk, &users);
        assert!(!asked.iter().any(is_details), "{is_over}");
    }
}
