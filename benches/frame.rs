//! What a frame, a key press and a page of users cost, by how many users are loaded. A frame and
//! a key press cost what is visible: the same with 24 users as with 100,000.
//!
//! ```text
//! cargo bench --bench frame
//! cargo bench --bench frame -- --test    # each once; what is built is still checked
//! ```

#[path = "common/made.rs"]
mod made;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use crossterm::event::KeyCode;
use iamkeys::{
    demo,
    engine::{
        Answer, Background, Effect, Read,
        model::LastUsed,
        query::{KeyFacts, Query, Scratch, UserFacts},
    },
    tui::{self, Screen},
};
use made::{answered, last_used, loaded_as_seen, now, pages, press, report, serve, signed_in};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{collections::VecDeque, hint::black_box};

const USERS: [usize; 3] = [24, 5_000, 100_000];

/// A terminal's size, and how many users it shows.
const SIZES: [((u16, u16), usize); 2] = [((80, 24), 18), ((120, 36), 30)];

fn account(users: usize) -> demo::Account {
    match users {
        24 => demo::Account::demo(now()),
        users => demo::Account::generated(users, now()),
    }
}

fn draw(buffer: &mut Buffer, screen: &Screen) -> usize {
    buffer.reset();
    tui::draw(buffer, screen, now()).rows
}

fn frames(criterion: &mut Criterion) {
    for (size, visible) in SIZES {
        let name = |what: &str| format!("{what} {}x{}", size.0, size.1);
        for users in USERS {
            let account = account(users);
            let mut screen = loaded_as_seen(size, &account);
            // What the keys of a user are for is asked when somebody looks at them first.
            for code in [KeyCode::Down, KeyCode::Up] {
                let effects = press(&mut screen, code);
                serve(&mut screen, effects, &account, &mut VecDeque::new());
            }
            let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
            assert_eq!(draw(&mut buffer, &screen), visible.min(users), "rows built");

            let mut group = criterion.benchmark_group(name("frame"));
            group.bench_function(BenchmarkId::from_parameter(users), |bencher| {
                bencher.iter(|| draw(&mut buffer, black_box(&screen)));
            });
            group.finish();

            let effects = press(&mut screen, KeyCode::Char('2'));
            serve(&mut screen, effects, &account, &mut VecDeque::new());
            assert!(draw(&mut buffer, &screen) <= visible, "rows built");
            let mut group = criterion.benchmark_group(name("frame of all keys"));
            group.bench_function(BenchmarkId::from_parameter(users), |bencher| {
                bencher.iter(|| draw(&mut buffer, black_box(&screen)));
            });
            group.finish();
            let _ = press(&mut screen, KeyCode::Char('1'));

            let mut group = criterion.benchmark_group(name("key and frame"));
            group.bench_function(BenchmarkId::from_parameter(users), |bencher| {
                bencher.iter(|| {
                    let top = screen.lists.by_user().cursor() == 0;
                    let code = if top { KeyCode::Down } else { KeyCode::Up };
                    let effects = press(&mut screen, code);
                    assert!(effects.is_empty(), "all that is visible is loaded");
                    draw(&mut buffer, &screen)
                });
            });
            group.finish();
        }
    }
}

/// A letter typed into the filter looks at everybody who is loaded, or at all their keys.
fn filter(criterion: &mut Criterion) {
    let (size, _) = SIZES[0];
    for (name, view) in [
        ("letter in the filter and frame", '1'),
        ("letter in the filter of all keys and frame", '2'),
    ] {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20);
        for users in USERS {
            let mut screen = loaded_as_seen(size, &account(users));
            let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
            for key in [view, '/', 'd'] {
                let _ = press(&mut screen, KeyCode::Char(key));
            }
            group.bench_function(BenchmarkId::from_parameter(users), |bencher| {
                bencher.iter(|| {
                    let short = screen.lists.filter().input.value() == "d";
                    let next = if short {
                        KeyCode::Char('e')
                    } else {
                        KeyCode::Backspace
                    };
                    let _ = press(&mut screen, next);
                    draw(&mut buffer, &screen)
                });
            });
        }
        group.finish();
    }
}

/// Which of so many users with all their keys known pass, and how well they match: without the
/// list around it.
fn queries(criterion: &mut Criterion) {
    let account = account(USERS[2]);
    let people: Vec<(&demo::User, Vec<(String, LastUsed)>)> = account
        .users()
        .map(|user| {
            let keys = user
                .keys
                .iter()
                .map(|key| (key.id.as_str().to_owned(), last_used(key)));
            (user, keys.collect())
        })
        .collect();
    let mut scratch = Scratch::default();
    let mut ask = |query: &Query, score: bool| {
        let passing = people.iter().filter(|(user, known)| {
            let keys = user
                .keys
                .iter()
                .zip(known)
                .map(|(key, (id, used))| KeyFacts {
                    id: Some(id),
                    active: Some(key.status == demo::Status::Active),
                    created: Some(key.created),
                    last_used: Some(used),
                    own: false,
                    description: None,
                    ..KeyFacts::default()
                });
            let user = UserFacts {
                account: [None; 5],
                name: &user.name,
                path: &user.path,
                keys: Some(known.len()),
                ..UserFacts::default()
            };
            if score {
                let score = query.user_score(&user, keys, now(), &mut scratch);
                score.is_some()
            } else {
                query.user_passes(&user, keys, now(), &mut scratch)
            }
        });
        passing.count()
    };
    let mut group = criterion.benchmark_group(format!("query of {}", USERS[2]));
    group.sample_size(20);
    for text in [
        "d",
        "de",
        "deploy",
        "xyzzy",
        "user:*-deploy-*",
        "age>90 unused>45 status:inactive",
        "deploy age>90 service:s3",
        "deploy|backup|xyzzy",
        "-deploy",
        "-status:inactive used<30 -service:s3|ec2",
        "deploy age>90 | backup never | xyzzy",
    ] {
        let query = Query::parse(text);
        for (name, score) in [("passes", false), ("score", true)] {
            group.bench_function(BenchmarkId::new(name, text), |bencher| {
                bencher.iter(|| ask(black_box(&query), score));
            });
        }
    }
    group.finish();
}

/// All pages, from the first answer to the end of the list.
fn listing(criterion: &mut Criterion) {
    let (size, _) = SIZES[0];
    let mut group = criterion.benchmark_group("all pages");
    group.sample_size(10);
    for users in USERS {
        let pages = pages(&account(users));
        group.bench_function(BenchmarkId::from_parameter(users), |bencher| {
            bencher.iter_batched(
                || (signed_in(size, Background::Visible), pages.clone()),
                |((mut screen, mut effects), pages)| {
                    for page in pages {
                        let request = effects.iter().find_map(|effect| match effect {
                            Effect::Read(_, request, Read::Users(_)) => Some(*request),
                            _ => None,
                        });
                        let request = request.expect("the next page is asked for");
                        let message = answered(&screen, request, Answer::Users(page));
                        effects = screen.update(message, now());
                    }
                    assert_eq!(screen.account().users.rows().len(), users);
                    screen
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// The credential report, when all users are listed already: one event, between two keys.
fn reports(criterion: &mut Criterion) {
    let (size, _) = SIZES[0];
    let mut group = criterion.benchmark_group("report");
    group.sample_size(10);
    for users in USERS {
        let account = account(users);
        let listed = || {
            let (mut screen, effects) = signed_in(size, Background::Visible);
            let (later, now): (Vec<_>, Vec<_>) = effects
                .into_iter()
                .partition(|effect| matches!(effect, Effect::Read(_, _, Read::Report)));
            serve(&mut screen, now, &account, &mut pages(&account));
            let Some(Effect::Read(_, request, _)) = later.first() else {
                panic!("the report is asked for");
            };
            let message = answered(
                &screen,
                *request,
                Answer::Report(Box::new(report(&account))),
            );
            (screen, message)
        };
        group.bench_function(BenchmarkId::from_parameter(users), |bencher| {
            bencher.iter_batched(
                listed,
                |(mut screen, message)| {
                    let effects = screen.update(message, now());
                    (screen, effects)
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, frames, filter, queries, listing, reports);
criterion_main!(benches);
