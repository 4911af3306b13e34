//! The evidence: what is in it, and where it goes.

use super::{BACKDOOR, KEY, OTHER, Story, approve, event, stands};
use crossterm::event::KeyCode;
use iamkeys::engine::{
    Effect, Event,
    leak::{StepState, Written},
};

#[test]
fn what_is_done_to_the_keys_that_it_made_is_in_its_evidence() {
    let mut story = Story::new();
    let mut desk = story.open();
    desk.keys("jjjjt");
    let change = approve(&mut desk, &mut story);
    assert_eq!((change.user(), change.key()), ("backdoor", Some(BACKDOOR)));
    let engine = &desk.screen.engine;
    let entry = engine.activity.row(0).unwrap();
    assert_eq!(entry.user.as_deref(), Some("backdoor"));
    assert_eq!(entry.key.as_deref(), Some(BACKDOOR));
    let alice = "arn:aws:iam::123456789012:user/alice";
    assert_eq!(entry.by.as_deref(), Some(alice));
    let done = |user: &str, key: &str| {
        let evidence = engine.evidence(desk.screen.slot(), user, key).unwrap();
        let done = evidence.done.into_iter();
        done.map(|done| (done.target, done.by)).collect::<Vec<_>>()
    };
    let expected = [(format!("{BACKDOOR} of backdoor"), Some(alice.to_owned()))];
    assert_eq!(done("bot", KEY), expected);
    assert_eq!(done("backdoor", BACKDOOR), expected);
    // The other key has made nothing.
    assert_eq!(done("bot", OTHER), []);
}

#[test]
fn evidence_is_written_where_it_is_typed_and_holds_no_secret() {
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let mut story = Story::new();
    let mut odd = event(1, "s3:PutBucketPolicy");
    odd.agent = format!("curl/{SECRET}").into();
    odd.target = Some(format!("bucket/{SECRET}").into());
    story.events.push((KEY, odd));
    let mut desk = story.open();
    desk.press(KeyCode::Enter);
    approve(&mut desk, &mut story);
    desk.keys("w");
    let screen = desk.screen();
    assert!(
        screen.contains("leak-AKIALEAKED01EXAMPLE1-2026-11-21"),
        "{screen}"
    );
    desk.press(KeyCode::Enter);
    let wrote = desk.effects.iter().find_map(|effect| match effect {
        Effect::WriteEvidence(_, path, evidence) => Some((path.clone(), evidence.clone())),
        _ => None,
    });
    let (path, evidence) = wrote.expect("it is written");
    assert_eq!(path, "leak-AKIALEAKED01EXAMPLE1-2026-11-21");
    assert!(!format!("{evidence:?}").contains(SECRET));
    assert_eq!(evidence.events.len(), story.events.len());
    assert_eq!(evidence.status.as_deref(), Some("Inactive"));
    assert_eq!(
        evidence.keys_made,
        [(BACKDOOR.to_owned(), "backdoor".to_owned())]
    );
    let done: Vec<_> = evidence
        .done
        .iter()
        .map(|done| (&*done.action, &*done.result))
        .collect();
    assert_eq!(done, [("iam:UpdateAccessKey", "deactivated")]);
    assert_eq!(
        evidence.done[0].by.as_deref(),
        Some("arn:aws:iam::123456789012:user/alice")
    );
    assert!(!evidence.not_checked.is_empty());
    let times: Vec<_> = evidence.timeline.iter().map(|moment| moment.at).collect();
    assert!(times.is_sorted());
    // A refusal is shown where it was typed; then it is saved.
    let told = |result| Event::EvidenceWritten {
        key: KEY.into(),
        result,
        took: std::time::Duration::ZERO,
    };
    desk.send(told(Err("a.json is there already".into())));
    assert!(
        desk.screen().contains("a.json is there already"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Enter);
    desk.send(told(Ok(Written {
        json: "/tmp/a.json".into(),
        markdown: "/tmp/a.md".into(),
        unsure: None,
    })));
    assert!(
        !desk.screen().contains("Save evidence"),
        "{}",
        desk.screen()
    );
    assert_eq!(stands(&desk).1[5], StepState::Done);
}
