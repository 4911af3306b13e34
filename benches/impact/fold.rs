//! What ten thousand events cost within the program, without asking for them.

use crate::table::percentiles;
use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use iamkeys::{
    engine::{
        self, Answer, Background, Effect, Event, RECENT, Read, RequestId, SignedIn, Target,
        destination::{Form, Route, Why},
        impact::{TrailEvent, TrailPage, TrailQuery},
        model::{
            AccessKey, Caller, KeyStatus, LastUsed, Report, Summary, User, UserDetailsPage,
            UsersPage,
        },
        user_tags::UserTags,
    },
    tui::{self, Colours, KeyPress, Message, Screen, Settings},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{
    collections::VecDeque,
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

/// So many regions tell ten pages each of fifty events: what is asked for at once.
const REGIONS: usize = 20;
const PAGES: usize = 10;
const PAGE: usize = 50;

/// A terminal in which the page fits, and one in which it has to scroll.
const SIZES: [(u16, u16); 2] = [(120, 60), (80, 24)];

/// What was measured: medians.
pub(crate) struct Folded {
    pub(crate) events: usize,
    /// All pages taken in.
    pub(crate) filed: Duration,
    /// A frame with what is known then.
    pub(crate) frame: Duration,
    /// The same in a terminal in which the page has to scroll.
    pub(crate) small: Duration,
}

/// Takes all events in so often, and draws each time.
pub(crate) fn measure(times: usize) -> Folded {
    let median = |times: Vec<Duration>| percentiles(times)[0];
    let runs = |size| (0..times).map(|_| run(size)).unzip();
    let [large, small] = SIZES.map(runs);
    let (filed, frames): (Vec<Duration>, Vec<Duration>) = large;
    Folded {
        events: REGIONS * PAGES * PAGE,
        filed: median(filed),
        frame: median(frames),
        small: median(small.1),
    }
}

/// The time to take the events in, and that of a frame after it.
fn run(size: (u16, u16)) -> (Duration, Duration) {
    let settings = Settings {
        engine: engine::Settings {
            read_only: false,
            clear_after: None,
            recent: RECENT,
            background: Background::Visible,
        },
        ascii: false,
        colours: Colours::Sixteen,
        clipboard: Route::Unavailable(Why::Off),
        form: Form::Posix,
    };
    let (mut screen, _) = Screen::start(settings, Target::Demo, size);
    let session = screen.account().session;
    let result = Ok(Box::new(SignedIn::default()));
    let effects = screen.update(Event::SignedIn { session, result }.into(), now());
    let mut history = History::default();
    let _ = serve(&mut screen, effects, &mut history);
    let key = KeyEvent::new(KeyCode::Char('i'), KeyModifiers::NONE);
    let effects = screen.update(Message::Key(KeyPress { key, read: true }), now());
    let filed = serve(&mut screen, effects, &mut history);
    let impacts = &screen.account().impacts;
    let trail = impacts.trail(KEY).expect("the key was opened");
    assert_eq!(trail.workloads.calls(), REGIONS * PAGES * PAGE);
    assert_eq!(trail.workloads.rows().len(), AGENTS.len());

    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    let began = Instant::now();
    black_box(tui::draw(&mut buffer, &screen, now()));
    (filed, began.elapsed())
}

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

const AGENTS: [&str; 3] = [
    "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#5.15.0 lang/python#3.10.12",
    "aws-sdk-go-v2/1.25.3 os/linux lang/go#1.22.1 md/GOOS#linux md/GOARCH#amd64",
    "APN/1.0 HashiCorp/1.0 Terraform/1.5.7 aws-sdk-go/1.44.241 (go1.20.12; linux; amd64)",
];

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("a time")
}

/// Texts that events share, as they do in the program.
struct History {
    agents: Vec<Arc<str>>,
    sources: Vec<Arc<str>>,
    actions: Vec<[Arc<str>; 2]>,
    made: usize,
}

impl Default for History {
    fn default() -> Self {
        let actions = [
            ["sqs", "ListQueues"],
            ["ec2", "DescribeInstances"],
            ["s3", "ListBuckets"],
        ];
        Self {
            agents: AGENTS.map(Arc::from).to_vec(),
            sources: (1..=9)
                .map(|host| format!("198.51.100.{host}").into())
                .collect(),
            actions: actions.map(|names| names.map(Arc::from)).to_vec(),
            made: 0,
        }
    }
}

impl History {
    fn page(&mut self, query: &TrailQuery) -> TrailPage {
        let page: usize = query
            .after
            .as_ref()
            .map_or(0, |it| it.parse().expect("a page"));
        let event = |at: usize| {
            self.made += 1;
            let [service, action] = &self.actions[at % self.actions.len()];
            TrailEvent {
                id: format!("00000000-0000-4000-9000-{:012x}", self.made).into(),
                at: now() - TimeDelta::hours(3 + i64::try_from(at * 4).expect("not so many")),
                action: action.clone(),
                service: service.clone(),
                region: query.region.clone(),
                agent: self.agents[at % self.agents.len()].clone(),
                source: self.sources[at % self.sources.len()].clone(),
                vpc_endpoint: None,
                error: None,
                is_write: false,
                target: None,
                made: None,
            }
        };
        TrailPage {
            events: (page * PAGE..(page + 1) * PAGE).map(event).collect(),
            unreadable: 0,
            next: (page + 1 < PAGES).then(|| (page + 1).to_string().into()),
        }
    }
}

/// Answers everything that is asked, and what that leads to. Returns how long the pages of events took
/// to be taken in.
fn serve(screen: &mut Screen, effects: Vec<Effect>, history: &mut History) -> Duration {
    let mut asked = VecDeque::from(effects);
    let mut took = Duration::ZERO;
    while let Some(effect) = asked.pop_front() {
        let Effect::Read(_, request, read) = effect else {
            continue;
        };
        let is_page = matches!(read, Read::TrailEvents(_));
        let message = answered(screen, request, answer(read, history));
        let began = Instant::now();
        asked.extend(screen.update(message, now()));
        if is_page {
            took += began.elapsed();
        }
    }
    took
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

/// What an account of one user with one key says.
fn answer(read: Read, history: &mut History) -> Answer {
    let created = now() - TimeDelta::days(400);
    match read {
        Read::Caller => Answer::Caller(Caller {
            account: "123456789012".into(),
            arn: "arn:aws:iam::123456789012:user/alice".into(),
        }),
        Read::Alias => Answer::Alias(None),
        Read::Summary => Answer::Summary(Summary {
            keys_per_user: Some(2),
            root_keys: Some(0),
        }),
        Read::Users(_) => Answer::Users(UsersPage {
            users: vec![User {
                name: "bob".into(),
                path: "/".into(),
                created,
            }],
            next: None,
        }),
        Read::Keys(_) => Answer::Keys(vec![AccessKey {
            id: KEY.into(),
            status: KeyStatus::Active,
            created: Some(created),
        }]),
        Read::LastUsed(..) => Answer::LastUsed(LastUsed::Never),
        Read::Owner(_) | Read::KeyAccount(_) => unreachable!("nobody looks for a key"),
        Read::Accounts(_) | Read::PortalAccounts(_) => unreachable!("one account is open"),
        Read::Quarantined => Answer::Quarantined(Vec::new()),
        Read::Regions => {
            let names = (1..=REGIONS).map(|number| format!("eu-west-{number}").into());
            // That which is asked first is one of them.
            let others = names.skip(1).chain([Arc::from("us-east-1")]);
            Answer::Regions(others.collect())
        }
        Read::TrailEvents(query) => Answer::TrailEvents(history.page(&query)),
        Read::WholeEvent(..) => unreachable!("no event is opened"),
        Read::Permissions(_) => Answer::Permissions(Box::default()),
        Read::ServicesUsed(_) => Answer::ServicesUsed(Vec::new()),
        Read::OtherCredentials(_) => Answer::OtherCredentials(Box::default()),
        Read::Tags(_) => Answer::Tags(UserTags::default()),
        Read::UserDetails(_) => Answer::UserDetails(UserDetailsPage::default()),
        Read::Report => Answer::Report(Box::new(Report {
            generated: now(),
            root: None,
            users: Vec::new(),
        })),
    }
}
