//! What a frame, a key press and a page of users cost, by how many users are loaded. A frame and
//! a key press cost what is visible: the same with 24 users as with 100,000.
//!
//! ```text
//! cargo bench --bench frame
//! cargo bench --bench frame -- --test    # each once; what is built is still checked
//! ```

use chrono::{DateTime, Utc};
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use iamkeys::{
    demo,
    engine::{
        self, Answer, Background, Effect, Event, Intent, RECENT, Read, RequestId, SignedIn, Target,
        destination::{Form, Route, Why},
        findings::Policy,
        model::{
            AccessKey, Caller, KeyStatus, LastUsed, Login, Report, ReportedKey, ReportedUser,
            Summary, User, UserDetailsPage, UsersPage,
        },
        query::{KeyFacts, Query, Scratch, UserFacts},
        user_tags::UserTags,
    },
    tui::{self, KeyPress, Message, Screen, Settings},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{
    collections::VecDeque,
    hint::black_box,
    time::{Duration, Instant},
};

const USERS: [usize; 3] = [24, 5_000, 100_000];

/// A terminal's size, and how many users it shows.
const SIZES: [((u16, u16), usize); 2] = [((80, 24), 18), ((120, 36), 30)];

/// The most that one answer lists.
const PAGE: usize = 1000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("a time")
}

fn account(users: usize) -> demo::Account {
    match users {
        24 => demo::Account::demo(now()),
        users => demo::Account::generated(users, now()),
    }
}

/// The answers of `ListUsers`, each with what the next is asked with.
fn pages(account: &demo::Account) -> VecDeque<UsersPage> {
    let users: Vec<User> = account
        .users()
        .map(|user| User {
            name: (*user.name).into(),
            path: (*user.path).into(),
            created: user.created,
        })
        .collect();
    let last = users.len().div_ceil(PAGE) - 1;
    let pages = users.chunks(PAGE).enumerate().map(|(at, users)| UsersPage {
        users: users.to_vec(),
        next: (at < last).then(|| at.to_string()),
    });
    pages.collect()
}

/// What the account says to a question.
fn answer(account: &demo::Account, pages: &mut VecDeque<UsersPage>, read: Read) -> Answer {
    match read {
        Read::Caller => Answer::Caller(Caller {
            account: account.id().into(),
            arn: format!("arn:aws:iam::{}:user/people/alice", account.id()),
        }),
        Read::Alias => Answer::Alias(account.alias().map(str::to_owned)),
        Read::Summary => Answer::Summary(Summary {
            keys_per_user: Some(2),
            root_keys: Some(0),
        }),
        Read::Users(_) => Answer::Users(pages.pop_front().expect("a page")),
        Read::Keys(user) => {
            let keys = account.user(&user).expect("a user").keys.iter();
            let keys = keys.map(|key| AccessKey {
                id: key.id.as_str().into(),
                status: match key.status {
                    demo::Status::Active => KeyStatus::Active,
                    _ => KeyStatus::Inactive,
                },
                created: Some(key.created),
            });
            Answer::Keys(keys.collect())
        }
        Read::LastUsed(_, id) => {
            let (_, known) = account.key(&id).expect("a key");
            Answer::LastUsed(last_used(known))
        }
        Read::Owner(_) | Read::KeyAccount(_) => unreachable!("nobody looks for a key"),
        Read::Accounts(_) | Read::PortalAccounts(_) => unreachable!("one account is open"),
        Read::Quarantined => Answer::Quarantined(Vec::new()),
        Read::Regions
        | Read::TrailEvents(_)
        | Read::WholeEvent(..)
        | Read::Permissions(_)
        | Read::ServicesUsed(_)
        | Read::OtherCredentials(_) => unreachable!("no key is opened"),
        Read::Tags(_) => Answer::Tags(UserTags::default()),
        Read::UserDetails(_) => Answer::UserDetails(UserDetailsPage::default()),
        Read::Report => Answer::Report(Box::new(report(account))),
    }
}

/// What the credential report says of everybody.
fn report(account: &demo::Account) -> Report {
    let key = |key: &demo::Key| ReportedKey {
        active: key.status == demo::Status::Active,
        rotated: Some(key.created),
        last_used: last_used(key),
    };
    let user = |user: &demo::User| ReportedUser {
        name: (*user.name).into(),
        created: Some(user.created),
        login: Login::default(),
        keys: user.keys.iter().map(key).collect(),
    };
    Report {
        generated: now(),
        root: None,
        users: account.users().map(user).collect(),
    }
}

fn last_used(key: &demo::Key) -> LastUsed {
    key.last_used
        .as_ref()
        .map_or(LastUsed::Never, |used| LastUsed::At {
            time: used.at,
            service: Some(used.service.clone()),
            region: Some(used.region.clone()),
        })
}

/// The screen right after signing in, and the questions it begins with.
fn signed_in(size: (u16, u16)) -> (Screen, Vec<Effect>) {
    let settings = Settings {
        engine: engine::Settings {
            read_only: false,
            clear_after: None,
            recent: RECENT,
            background: Background::Visible,
        },
        ascii: false,
        colours: iamkeys::tui::Colours::Sixteen,
        clipboard: Route::Unavailable(Why::Off),
        form: Form::Posix,
    };
    let (mut screen, _) = Screen::start(settings, Target::Demo, size);
    let session = screen.account().session;
    let result = Ok(Box::new(SignedIn::default()));
    let effects = screen.update(Event::SignedIn { session, result }.into(), now());
    (screen, effects)
}

fn answered(screen: &Screen, request: RequestId, answer: Answer) -> Message {
    let event = Event::Answer {
        session: screen.account().session,
        request,
        result: Ok(answer),
        took: Duration::ZERO,
    };
    event.into()
}

/// Answers everything that is asked, and what that leads to.
fn serve(
    screen: &mut Screen,
    effects: Vec<Effect>,
    account: &demo::Account,
    pages: &mut VecDeque<UsersPage>,
) {
    let mut asked = VecDeque::from(effects);
    while let Some(effect) = asked.pop_front() {
        if let Effect::Read(_, request, read) = effect {
            let answer = answer(account, pages, read);
            let message = answered(screen, request, answer);
            asked.extend(screen.update(message, now()));
        }
    }
}

/// The screen once everything that is visible is loaded, as the program gets there.
fn loaded(size: (u16, u16), account: &demo::Account) -> Screen {
    let (mut screen, effects) = signed_in(size);
    let mut pages = pages(account);
    serve(&mut screen, effects, account, &mut pages);
    assert!(!screen.engine.is_busy(), "something is still being loaded");
    assert_eq!(screen.account().users.rows().len(), account.user_count());
    screen
}

fn press(screen: &mut Screen, code: KeyCode) -> Vec<Effect> {
    let key = KeyEvent::new(code, KeyModifiers::NONE);
    screen.update(Message::Key(KeyPress { key, read: true }), now())
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
            let mut screen = loaded(size, &account);
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
            let mut screen = loaded(size, &account(users));
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
                || (signed_in(size), pages.clone()),
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
            let (mut screen, effects) = signed_in(size);
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

/// Judging all keys by the policy, and again after one answer.
fn findings(criterion: &mut Criterion) {
    let (size, _) = SIZES[0];
    let mut group = criterion.benchmark_group("findings");
    group.sample_size(10);
    for users in USERS {
        let account = account(users);
        let mut screen = loaded(size, &account);
        group.bench_function(BenchmarkId::new("all", users), |bencher| {
            bencher.iter(|| screen.engine.use_policy(Policy::default()));
        });
        let slot = screen.account().session.slot;
        let user = screen.account().users.rows()[users / 2].user.name.clone();
        group.bench_function(BenchmarkId::new("after an answer", users), |bencher| {
            bencher.iter_custom(|times| {
                let mut took = Duration::ZERO;
                for _ in 0..times {
                    let ask = Intent::Ask(slot, Read::Tags(user.clone()));
                    let effects = screen.engine.intend(ask);
                    let Some(Effect::Read(session, request, _)) = effects.into_iter().next() else {
                        panic!("it is asked");
                    };
                    let event = Event::Answer {
                        session,
                        request,
                        result: Ok(Answer::Tags(UserTags::default())),
                        took: Duration::ZERO,
                    };
                    let before = screen.engine.findings.judged();
                    let begun = Instant::now();
                    let _ = black_box(screen.engine.hear(event));
                    took += begun.elapsed();
                    assert_eq!(screen.engine.findings.judged(), before + 1, "rows judged");
                }
                took
            });
        });
    }
    group.finish();
}

criterion_group!(benches, frames, filter, queries, listing, reports, findings);
criterion_main!(benches);
