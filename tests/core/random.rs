//! Anything that can happen, in any order: what none of it can bring about.

use super::{
    SIZE, created,
    desk::{Desk, answer, click, left_open, people, planned, settings},
    error, held,
    storing::{FILE, refused, written},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use iamkeys::{
    engine::{
        self, Change, Changed, Copied, CopyOutcome, Kind, SecretJob, SignedIn, TrialNews,
        destination::Found,
        model::Caller,
        query::sort::Column,
        unresolved::Finding,
        vault::{DestinationNews, Listing, NotWritten, Owner},
    },
    tui::{
        KeyPress, Message, Target,
        keymap::{self, Context},
    },
};
use proptest::prelude::*;

/// Anything that can happen.
#[derive(Clone, Debug)]
enum Event {
    Key(KeyCode, bool, bool),
    Paste(String),
    Resize(u16, u16),
    Click(u16, u16),
    Scroll(isize),
    /// A click on something, wherever it may be, or have been.
    Target(Target),
    /// Answers one of the open reads, well or badly.
    Answer(usize, Option<Kind>),
    /// Answers one of the open changes, well or badly.
    Changed(usize, Option<Kind>),
    /// Does one of the open jobs, well or badly.
    Job(usize, bool),
    /// The clipboard's time is over, and what came of that.
    Cleared(Option<bool>),
    /// The journal tells what an earlier run has left open, about this account or another.
    Journal(usize, bool),
    /// How the trial of a new key goes.
    Tried(usize, bool),
    /// Somebody has copied a new key's secret, and a clipboard has it.
    CopiedAway,
    Tick,
    Resumed,
    Panicked,
    SignedIn,
}

fn kind() -> impl Strategy<Value = Option<Kind>> {
    prop_oneof![
        4 => Just(None),
        1 => prop_oneof![
            Just(Kind::Denied), Just(Kind::NotFound), Just(Kind::Limit), Just(Kind::Network),
            Just(Kind::Expired), Just(Kind::Server), Just(Kind::InvalidResponse), Just(Kind::Clock),
            Just(Kind::BadCredentials), Just(Kind::Throttled), Just(Kind::ReadOnly),
        ].prop_map(Some),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let key = prop_oneof![
        8 => prop::sample::select("cctdyyjkgGhlR/:?qnievaPLE113wwsbrr2225SSouxoi".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        3 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up,
            KeyCode::Down, KeyCode::Left, KeyCode::Right, KeyCode::PageDown, KeyCode::Home,
            KeyCode::Backspace, KeyCode::Delete, KeyCode::F(5),
        ]),
        1 => any::<char>().prop_map(KeyCode::Char),
    ];
    prop_oneof![
        12 => (key, prop::bool::weighted(0.05), prop::bool::weighted(0.7)).prop_map(|(k, c, r)| Event::Key(k, c, r)),
        1 => ".{0,20}".prop_map(Event::Paste),
        1 => (0u16..140, 0u16..50).prop_map(|(w, h)| Event::Resize(w, h)),
        2 => (0u16..140, 0u16..50).prop_map(|(x, y)| Event::Click(x, y)),
        1 => (-5isize..5).prop_map(Event::Scroll),
        2 => prop_oneof![
            (0usize..8).prop_map(Target::User),
            (0usize..3).prop_map(Target::Key),
            (0usize..8).prop_map(Target::KeyRow),
            prop::sample::select(Column::OF_USERS).prop_map(Target::Column),
            prop::sample::select(Column::OF_KEYS).prop_map(Target::Column),
            (0usize..3).prop_map(Target::Button),
            (0usize..25).prop_map(Target::PaletteRow),
            (0usize..8).prop_map(Target::Entry),
            prop::sample::select(keymap::BINDINGS.iter().map(|b| b.action).collect::<Vec<_>>())
                .prop_map(Target::Action),
        ].prop_map(Event::Target),
        6 => (0usize..20, kind()).prop_map(|(at, kind)| Event::Answer(at, kind)),
        4 => (0usize..4, kind()).prop_map(|(at, kind)| Event::Changed(at, kind)),
        5 => (0usize..4, any::<bool>()).prop_map(|(at, well)| Event::Job(at, well)),
        1 => prop::option::of(any::<bool>()).prop_map(Event::Cleared),
        1 => (0usize..6, any::<bool>()).prop_map(|(at, here)| Event::Journal(at, here)),
        1 => (0usize..3, any::<bool>()).prop_map(|(at, well)| Event::Tried(at, well)),
        1 => Just(Event::CopiedAway),
        1 => Just(Event::Tick),
        1 => Just(Event::Resumed),
        1 => Just(Event::Panicked),
        1 => Just(Event::SignedIn),
    ]
}

/// What the runtime tells of a job.
fn done(job: SecretJob, well: bool) -> Vec<DestinationNews> {
    let why = || "the disk is full".to_owned();
    match job {
        SecretJob::Profiles { .. } => vec![DestinationNews::Profiles(Listing {
            path: well.then(|| "/home/alice/.aws/credentials".into()),
            profiles: if well {
                Ok(vec!["ci".into(), "deploy".into()])
            } else {
                Err(why())
            },
            holding: vec!["deploy".into()],
        })],
        SecretJob::Plan { profile, key } if well => vec![
            DestinationNews::Planned(planned(FILE, &profile, &key)),
            DestinationNews::Owner(Owner::NotAccepted),
        ],
        SecretJob::Plan { .. } => vec![DestinationNews::Planned(Err(why()))],
        SecretJob::ProveProfile(_) | SecretJob::ProveFile(_) if well => {
            vec![DestinationNews::Proven(Ok("/home/alice/x".into()))]
        }
        SecretJob::ProveProfile(_) | SecretJob::ProveFile(_) => {
            vec![DestinationNews::Proven(Err(why()))]
        }
        SecretJob::Look(external) => vec![DestinationNews::Found(if well {
            Ok(Found {
                place: external.words(),
                ..Found::default()
            })
        } else {
            Err(why())
        })],
        SecretJob::WriteProfile { .. }
        | SecretJob::WriteFile { .. }
        | SecretJob::Put { .. }
        | SecretJob::Keep(_)
            if well =>
        {
            vec![written()]
        }
        SecretJob::WriteProfile { .. } => {
            vec![DestinationNews::Written(Err(NotWritten::Changed(why())))]
        }
        SecretJob::WriteFile { .. } | SecretJob::Put { .. } | SecretJob::Keep(_) => vec![refused()],
    }
}

/// How many secrets this run has that are nowhere else.
fn only_copies_of(desk: &Desk) -> usize {
    let keys = desk.screen.engine.vault.keys();
    keys.iter().filter(|key| key.is_only_copy()).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Random keys and messages never panic, never close a secret's dialog unless the person
    /// pressed a key for it, and never change the target of an open confirmation.
    #[test]
    fn nothing_that_happens_loses_a_secret_or_moves_a_target(
        events in prop::collection::vec(event(), 1..80)
    ) {
        let users = people();
        let mut desk = Desk::showing(SIZE, settings(), &users);
        let mut reads = Vec::new();
        let mut changes = Vec::new();
        let mut jobs = Vec::new();
        let mut made = 0;
        let mut earlier = 0;
        for event in events {
            while let Some(read) = desk.next_read() {
                reads.push((desk.session(), read));
            }
            while let Some(change) = desk.next_change() {
                changes.push((desk.session(), change));
            }
            while let Some(job) = desk.next_job() {
                jobs.push(job);
            }
            let (secrets, targets) = held(&desk);
            let only_copies = only_copies_of(&desk);
            let on_discard = desk.screen.context() == Context::Discard;
            // Once it is somewhere, it is not the only copy any more.
            let stores = matches!(event, Event::Job(..) | Event::CopiedAway);
            let by_hand = matches!(event, Event::Key(..) | Event::Click(..) | Event::Target(..));
            match event {
                Event::Key(code, ctrl, read) => {
                    let modifiers = if ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
                    let key = KeyEvent::new(code, modifiers);
                    desk.send(Message::Key(KeyPress { key, read }));
                }
                Event::Paste(text) => desk.send(Message::Paste(text)),
                Event::Resize(w, h) => desk.send(Message::Resize(w, h)),
                Event::Click(x, y) => {
                    let drawn = desk.draw();
                    if let Some(target) = drawn.at(x, y).cloned() {
                        desk.send(click(target));
                    }
                }
                Event::Scroll(by) => desk.send(Message::Scroll(by)),
                Event::Target(target) => desk.send(click(target)),
                Event::Answer(at, kind) => if !reads.is_empty() {
                    let (session, (request, read)) = reads.swap_remove(at % reads.len());
                    let answer = match kind {
                        None => answer(&users, read),
                        Some(kind) => Err(error(kind)),
                    };
                    desk.answered_in(session, request, answer);
                },
                Event::Changed(at, kind) => if !changes.is_empty() {
                    let (session, (id, change)) = changes.swap_remove(at % changes.len());
                    let result = match (kind, change) {
                        (Some(kind), _) => Err(error(kind)),
                        (None, Change::Create { .. }) => {
                            made += 1;
                            Ok(created(&format!("AKIANEW{made:05}EXAMPLE{}", made % 10)))
                        }
                        (None, _) => Ok(Changed::Done),
                    };
                    desk.changed_in(session, id, result);
                },
                Event::Job(at, well) => if !jobs.is_empty() {
                    let (request, job) = jobs.swap_remove(at % jobs.len());
                    for news in done(job, well) {
                        desk.heard(request, news);
                    }
                },
                Event::Cleared(result) => {
                    let key = "AKIANEW00001EXAMPLE1".to_owned();
                    desk.send(engine::Event::ClipboardDue(key.clone()));
                    let result = result.ok_or_else(|| "it hangs".to_owned());
                    desk.send(engine::Event::Cleared { key, result });
                }
                Event::Journal(at, here) => {
                    let account = if here { "123456789012" } else { "999999999999" };
                    let user = users[at % users.len()].name;
                    earlier += 1;
                    desk.send(engine::Event::Journal(Ok(vec![left_open(&format!("run/{earlier}"), user, account)])));
                }
                Event::Tried(at, well) => if let Some(new) = desk.screen.engine.vault.keys().get(at) {
                    let key = new.id.clone();
                    let news = if well {
                        let caller = Caller {
                            account: "123456789012".into(),
                            arn: format!("arn:aws:iam::123456789012:user/{}", new.user),
                        };
                        TrialNews::Accepted(caller, false)
                    } else {
                        TrialNews::GivenUp(error(Kind::BadCredentials))
                    };
                    let session = desk.session();
                    desk.send(engine::Event::Tried { session, key, news });
                },
                Event::CopiedAway => if let Some(new) = desk.screen.engine.vault.keys().last() {
                    let key = new.id.clone();
                    desk.send(engine::Event::Copied {
                        what: Copied::Secret,
                        key,
                        outcome: CopyOutcome::InSystemClipboard,
                    });
                },
                Event::Tick => desk.send(Message::Tick),
                Event::Resumed => desk.send(Message::Resumed),
                Event::Panicked => desk.send(engine::Event::TaskPanicked),
                Event::SignedIn => desk.signed_in(SignedIn::default()),
            }
            let (secrets_now, targets_now) = held(&desk);
            if !by_hand {
                prop_assert!(secrets.iter().all(|id| secrets_now.contains(id)));
                prop_assert!(targets.iter().all(|target| targets_now.contains(target)));
            }
            // What the engine needs a person for has a dialog.
            prop_assert!(desk.screen.open_dialogs() >= desk.screen.engine.needs().len());
            // Even by hand, the only copy goes only through the question.
            let only_copies_now = only_copies_of(&desk);
            prop_assert!(only_copies_now >= only_copies || on_discard || stores);
            prop_assert!(only_copies_now + 1 >= only_copies);
            // What another account has left open is neither looked for nor settled here.
            let elsewhere = desk.screen.engine.questions().iter().filter(|question| {
                question.account.as_deref() == Some("999999999999")
            });
            let mut elsewhere = elsewhere.map(|question| &question.finding);
            prop_assert!(elsewhere.all(|finding| *finding == Finding::Unseen));
            desk.screen();
        }
    }
}
