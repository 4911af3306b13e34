//! What is done with keys that are all known: a filter over them, and the policy.

use crate::{
    made::{answer_to, loaded, now, press, serve},
    parts::Bench,
    table::{count, millis, percentiles, told},
};
use crossterm::event::KeyCode;
use iamkeys::{
    demo,
    engine::{Answer, Background, Effect, Intent, Read, findings::Policy, user_tags::UserTags},
    tui::{self, Message, Screen},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

const SIZE: (u16, u16) = (120, 36);

/// Filters as people type them: words, conditions, alternatives, and what rules find.
const FILTERS: &[&str] = &[
    "deploy",
    "unused>90 -owner:*",
    "age>365 admin service:iam",
    "user:*-deploy-* status:active",
    "deploy age>90 | backup never",
    "finding:unused-90",
    "severity:high",
];

/// Measures both.
pub(crate) fn run(bench: &Bench) {
    // They have one and a half each.
    let account = demo::Account::generated(bench.most_keys * 2 / 3, now());
    let mut screen = loaded(SIZE, &account, Background::All);
    let known = screen.account().users.tally();
    assert_eq!(known.complete, account.key_count(), "each key is known");
    assert_eq!((known.untagged, known.unjudged), (0, 0), "and each user");
    let keys = count(account.key_count());
    filters(bench, &mut screen, &account, &keys);
    findings(bench, &mut screen, &keys);
}

/// From a filter that is pasted to the frame with all keys that pass.
fn filters(bench: &Bench, screen: &mut Screen, account: &demo::Account, keys: &str) {
    let effects = press(screen, KeyCode::Char('2'));
    serve(screen, effects, account, &mut VecDeque::new());
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    let medians = FILTERS.iter().map(|text| {
        let times = (0..bench.runs).map(|_| {
            let _ = press(screen, KeyCode::Char('/'));
            let begun = Instant::now();
            let effects = screen.update(Message::Paste((*text).to_owned()), now());
            buffer.reset();
            tui::draw(&mut buffer, screen, now());
            let took = begun.elapsed();
            serve(screen, effects, account, &mut VecDeque::new());
            let _ = press(screen, KeyCode::Esc);
            took
        });
        let [median, _, _] = percentiles(times.collect());
        (median, *text)
    });
    let (slowest, text) = medians.max().expect("a filter");
    let met = slowest <= Duration::from_millis(20);
    let what = format!("a filter over {keys} keys and its frame");
    bench.judge(&what, &millis(slowest), "≤ 20 ms", met);
    told("the slowest of those tried", text);
}

/// Judging all keys by the policy, and again after one answer.
fn findings(bench: &Bench, screen: &mut Screen, keys: &str) {
    let times = (0..bench.runs).map(|_| {
        let begun = Instant::now();
        screen.engine.use_policy(Policy::default());
        begun.elapsed()
    });
    let [median, _, longest] = percentiles(times.collect());
    let met = median <= Duration::from_millis(50);
    let what = format!("findings over {keys} keys");
    bench.judge(&what, &millis(median), "≤ 50 ms", met);
    told("the same: the longest", &millis(longest));

    let rows = screen.account().users.rows();
    let some = rows.iter().step_by(rows.len().div_ceil(200));
    let users: Vec<Box<str>> = some.map(|row| row.user.name.clone()).collect();
    let slot = screen.account().session.slot;
    let times = users.into_iter().map(|user| {
        let effects = screen.engine.intend(Intent::Ask(slot, Read::Tags(user)));
        let Some(Effect::Read(_, request, _)) = effects.into_iter().next() else {
            panic!("it is asked");
        };
        let event = answer_to(screen, request, Answer::Tags(UserTags::default()));
        let before = screen.engine.findings.judged();
        let begun = Instant::now();
        let _ = screen.engine.hear(event);
        let took = begun.elapsed();
        assert_eq!(screen.engine.findings.judged(), before + 1, "rows judged");
        took
    });
    let [median, _, longest] = percentiles(times.collect());
    let met = longest <= Duration::from_millis(1);
    bench.judge(
        "again after one answer: the longest",
        &format!("{:.3} ms", longest.as_secs_f64() * 1000.0),
        "≤ 1 ms",
        met,
    );
    told(
        "the same: median",
        &format!("{:.3} ms", median.as_secs_f64() * 1000.0),
    );
}
