//! A screen with a made-up account, in this process: what it asks is answered at once, from memory.

use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use iamkeys::{
    demo,
    engine::{
        self, Answer, Background, Effect, Event, RECENT, Read, RequestId, SignedIn, Target,
        destination::{Form, Route, Why},
        model::{
            AccessKey, Caller, KeyStatus, LastUsed, Login, Report, ReportedKey, ReportedUser,
            Summary, User, UserDetails, UserDetailsPage, UsersPage,
        },
        user_tags::UserTags,
    },
    tui::{KeyPress, Message, Screen, Settings},
};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// The most that one answer lists.
const PAGE: usize = 1000;

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("a time")
}

/// The answers of `ListUsers`, each with what the next is asked with.
pub(crate) fn pages(account: &demo::Account) -> VecDeque<UsersPage> {
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
        Read::UserDetails(_) => Answer::UserDetails(details(account)),
        Read::Report => Answer::Report(Box::new(report(account))),
    }
}

/// The tags of everybody: each has an owner.
fn details(account: &demo::Account) -> UserDetailsPage {
    let teams: Vec<Arc<str>> = (0..40).map(|team| format!("team-{team}").into()).collect();
    let users = account.users().enumerate().map(|(at, user)| {
        let owner = teams[at % teams.len()].to_string();
        UserDetails {
            name: (*user.name).into(),
            tags: UserTags::read([("owner".to_owned(), owner)], Arc::from),
            grants: Arc::default(),
        }
    });
    UserDetailsPage {
        users: users.collect(),
        ..UserDetailsPage::default()
    }
}

/// What the credential report says of everybody.
pub(crate) fn report(account: &demo::Account) -> Report {
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

pub(crate) fn last_used(key: &demo::Key) -> LastUsed {
    key.last_used
        .as_ref()
        .map_or(LastUsed::Never, |used| LastUsed::At {
            time: used.at,
            service: Some(used.service.clone()),
            region: Some(used.region.clone()),
        })
}

/// The screen right after signing in, and the questions it begins with.
pub(crate) fn signed_in(size: (u16, u16), background: Background) -> (Screen, Vec<Effect>) {
    let settings = Settings {
        engine: engine::Settings {
            read_only: false,
            clear_after: None,
            recent: RECENT,
            background,
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

pub(crate) fn answered(screen: &Screen, request: RequestId, answer: Answer) -> Message {
    answer_to(screen, request, answer).into()
}

/// The answer to a question, as the engine hears it.
pub(crate) fn answer_to(screen: &Screen, request: RequestId, answer: Answer) -> Event {
    Event::Answer {
        session: screen.account().session,
        request,
        result: Ok(answer),
        took: Duration::ZERO,
    }
}

/// Answers everything that is asked, and what that leads to.
pub(crate) fn serve(
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
pub(crate) fn loaded_as_seen(size: (u16, u16), account: &demo::Account) -> Screen {
    loaded(size, account, Background::Visible)
}

/// The screen once everything is loaded that is asked for.
pub(crate) fn loaded(size: (u16, u16), account: &demo::Account, background: Background) -> Screen {
    let (mut screen, effects) = signed_in(size, background);
    let mut pages = pages(account);
    serve(&mut screen, effects, account, &mut pages);
    assert!(!screen.engine.is_busy(), "something is still being loaded");
    assert_eq!(screen.account().users.rows().len(), account.user_count());
    screen
}

pub(crate) fn press(screen: &mut Screen, code: KeyCode) -> Vec<Effect> {
    let key = KeyEvent::new(code, KeyModifiers::NONE);
    screen.update(Message::Key(KeyPress { key, read: true }), now())
}
