//! Anything that can happen, in any order: what none of it can bring about.

use super::{
    SIZE, created,
    desk::{Desk, answer, left_open, now, people, planned, settings},
    error, failed, held,
    storing::{FILE, refused, written},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use iamkeys::effect::{Copied, Errand};
use iamkeys::iam::{Caller, Change, Changed, Kind};
use iamkeys::keymap;
use iamkeys::message::{CopyOutcome, KeyPress, Message, Target};
use iamkeys::state::fresh::TrialNews;
use iamkeys::state::modal::Modal;
use iamkeys::state::questions::Finding;
use iamkeys::state::sort::Column;
use iamkeys::state::store::{Listing, News, NotWritten, Owner};
use iamkeys::ui;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Anything that can happen.
#[derive(Clone, Debug)]
enum Event {
    Key(KeyCode, bool, usize),
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
    /// Does one of the open errands, well or badly.
    Errand(usize, bool),
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
            Just(Kind::Denied), Just(Kind::Gone), Just(Kind::Limit), Just(Kind::Network),
            Just(Kind::Expired), Just(Kind::Server), Just(Kind::Garbled), Just(Kind::Clock),
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
        12 => (key, prop::bool::weighted(0.05), 0usize..7).prop_map(|(k, c, r)| Event::Key(k, c, r.saturating_sub(4))),
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
        5 => (0usize..4, any::<bool>()).prop_map(|(at, well)| Event::Errand(at, well)),
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

/// What the runtime tells of an errand.
fn done(errand: Errand, well: bool) -> Vec<News> {
    let why = || "the disk is full".to_owned();
    match errand {
        Errand::Profiles => vec![News::Profiles(Listing {
            path: well.then(|| "/home/alice/.aws/credentials".into()),
            profiles: if well {
                Ok(vec!["ci".into(), "deploy".into()])
            } else {
                Err(why())
            },
        })],
        Errand::Plan { profile, key } if well => vec![
            News::Planned(planned(FILE, &profile, &key)),
            News::Owner(Owner::NotAccepted),
        ],
        Errand::Plan { .. } => vec![News::Planned(Err(why()))],
        Errand::ProveProfile(_) | Errand::ProveFile(_) if well => {
            vec![News::Proven(Ok("/home/alice/x".into()))]
        }
        Errand::ProveProfile(_) | Errand::ProveFile(_) => vec![News::Proven(Err(why()))],
        Errand::WriteProfile { .. } | Errand::WriteFile { .. } if well => vec![written()],
        Errand::WriteProfile { .. } => {
            vec![News::Written(Err(NotWritten::Changed(why())))]
        }
        Errand::WriteFile { .. } => vec![refused()],
    }
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
        let mut errands = Vec::new();
        let mut made = 0;
        let mut earlier = 0;
        for event in events {
            while let Some(read) = desk.next_read() {
                reads.push(read);
            }
            while let Some(change) = desk.next_change() {
                changes.push(change);
            }
            while let Some(errand) = desk.next_errand() {
                errands.push(errand);
            }
            let (secrets, targets) = held(&desk);
            let only_copies = desk.state.modals.iter().filter(|m| m.holds_only_copy()).count();
            let on_discard = matches!(desk.state.modals.last(), Some(Modal::Discard(_)));
            // Once it is somewhere, it is not the only copy any more.
            let stores = matches!(event, Event::Errand(..) | Event::CopiedAway);
            let by_hand = matches!(event, Event::Key(..) | Event::Click(..) | Event::Target(..));
            match event {
                Event::Key(code, ctrl, run) => {
                    let modifiers = if ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
                    let key = KeyEvent::new(code, modifiers);
                    desk.send(Message::Key(KeyPress { key, run }));
                }
                Event::Paste(text) => desk.send(Message::Paste(text)),
                Event::Resize(w, h) => desk.send(Message::Resize(w, h)),
                Event::Click(x, y) => {
                    let (width, height) = desk.state.size;
                    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
                    let drawn = ui::draw(&mut buffer, &desk.state, now());
                    if let Some(target) = drawn.at(x, y).cloned() {
                        desk.send(Message::Click(target));
                    }
                }
                Event::Scroll(by) => desk.send(Message::Scroll(by)),
                Event::Target(target) => desk.send(Message::Click(target)),
                Event::Answer(at, kind) => if !reads.is_empty() {
                    let (request, read) = reads.swap_remove(at % reads.len());
                    let answer = match kind {
                        None => answer(&users, read),
                        Some(kind) => failed(read, kind),
                    };
                    desk.answered(request, answer);
                },
                Event::Changed(at, kind) => if !changes.is_empty() {
                    let (id, change) = changes.swap_remove(at % changes.len());
                    let result = match (kind, change) {
                        (Some(kind), _) => Err(error(kind)),
                        (None, Change::Create { .. }) => {
                            made += 1;
                            Ok(created(&format!("AKIANEW{made:05}EXAMPLE{}", made % 10)))
                        }
                        (None, _) => Ok(Changed::Done),
                    };
                    desk.changed(id, result);
                },
                Event::Errand(at, well) => if !errands.is_empty() {
                    let (request, errand) = errands.swap_remove(at % errands.len());
                    for news in done(errand, well) {
                        desk.heard(request, news);
                    }
                },
                Event::Cleared(result) => {
                    let key = "AKIANEW00001EXAMPLE1".to_owned();
                    desk.send(Message::ClipboardDue(key.clone()));
                    let result = result.ok_or_else(|| "it hangs".to_owned());
                    desk.send(Message::Cleared { key, result });
                }
                Event::Journal(at, here) => {
                    let account = if here { "123456789012" } else { "999999999999" };
                    let user = users[at % users.len()].name;
                    earlier += 1;
                    desk.send(Message::Journal(Ok(vec![left_open(&format!("run/{earlier}"), user, account)])));
                }
                Event::Tried(at, well) => if let Some(fresh) = desk.state.fresh.get(at) {
                    let key = fresh.key.clone();
                    let news = if well {
                        let caller = Caller {
                            account: "123456789012".into(),
                            arn: format!("arn:aws:iam::123456789012:user/{}", fresh.user),
                        };
                        TrialNews::Accepted(caller, false)
                    } else {
                        TrialNews::GivenUp(error(Kind::BadCredentials))
                    };
                    desk.send(Message::Tried { key, news });
                },
                Event::CopiedAway => if let Some(fresh) = desk.state.fresh.last() {
                    let key = fresh.key.clone();
                    desk.send(Message::Copied {
                        what: Copied::Secret,
                        key,
                        outcome: CopyOutcome::InSystemClipboard,
                    });
                },
                Event::Tick => desk.send(Message::Tick),
                Event::Resumed => desk.send(Message::Resumed),
                Event::Panicked => desk.send(Message::TaskPanicked),
                Event::SignedIn => desk.send(Message::SignedIn(Ok(Box::default()))),
            }
            let (secrets_now, targets_now) = held(&desk);
            if !by_hand {
                prop_assert!(secrets.iter().all(|id| secrets_now.contains(id)));
                prop_assert!(targets.iter().all(|target| targets_now.contains(target)));
            }
            // Even by hand, the only copy goes only through the question.
            let only_copies_now = desk.state.modals.iter().filter(|m| m.holds_only_copy()).count();
            prop_assert!(only_copies_now >= only_copies || on_discard || stores);
            prop_assert!(only_copies_now + 1 >= only_copies);
            // What another account has left open is neither looked for nor settled here.
            let elsewhere = desk.state.questions.iter().filter(|question| {
                question.account.as_deref() == Some("999999999999")
            });
            let mut elsewhere = elsewhere.map(|question| &question.finding);
            prop_assert!(elsewhere.all(|finding| *finding == Finding::Unseen));
            desk.screen();
        }
    }
}
