//! The pure core on a desk: messages in by hand, state, effects and screens out. No task, no
//! clock, no SDK, and so no order of things but the one that a test chooses.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "shared by test binaries, each of which uses the part that it needs"
)]

pub mod history;

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use iamkeys::{
    engine::{
        self, Answer, Background, Change, ChangeId, Changed, Effect, Error, Event, Intent, Kind,
        Origin, PlanJob, RECENT, Read, RequestId, SecretJob, SessionId, SignedIn, Target,
        account::Account,
        bulk::PlanNews,
        destination::{Form, Multiplexer, ProfilePlan, Route},
        impact::TrailPage,
        model::{
            AccessKey, AccountsPage, Caller, KeyStatus, LastUsed, Login, Report, ReportedKey,
            ReportedUser, Summary, User, UserDetails, UserDetailsPage, UsersPage,
        },
        unresolved::{Cause, Question},
        user_tags::UserTags,
        vault::{DestinationNews, Listing},
    },
    secret::credentials::CredentialsFile,
    tui::{self, Click, KeyPress, Message, Screen, Settings},
};
use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// The present of the tests.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap()
}

/// A screen with its engine, and the effects they have asked for that were not carried out yet.
pub struct Desk {
    pub screen: Screen,
    pub effects: VecDeque<Effect>,
    /// What the clock says to the next message.
    pub clock: DateTime<Utc>,
    /// What the clock says that nobody sets.
    pub running: Duration,
}

pub fn settings() -> Settings {
    Settings {
        engine: engine::Settings {
            read_only: false,
            clear_after: None,
            recent: RECENT,
            background: Background::Visible,
        },
        ascii: false,
        colours: iamkeys::tui::Colours::Sixteen,
        clipboard: Route::Terminal(Multiplexer::None),
        form: Form::Posix,
    }
}

impl Desk {
    /// A program that has just been started.
    pub fn new(size: (u16, u16), settings: Settings) -> Self {
        Self::opening(Target::Ambient, size, settings)
    }

    /// A program that has just been started with this account.
    pub fn opening(target: Target, size: (u16, u16), settings: Settings) -> Self {
        let (screen, effects) = Screen::start(settings, target, size);
        Self {
            screen,
            effects: effects.into(),
            clock: now(),
            running: Duration::ZERO,
        }
    }

    /// A program that shows this account, everything visible loaded.
    pub fn showing(size: (u16, u16), settings: Settings, users: &[Someone]) -> Self {
        Self::showing_target(Target::Ambient, size, settings, users)
    }

    /// The same, of an account that is named.
    pub fn showing_target(
        target: Target,
        size: (u16, u16),
        settings: Settings,
        users: &[Someone],
    ) -> Self {
        let mut desk = Self::opening(target, size, settings);
        desk.effects.clear();
        desk.signed_in(SignedIn {
            key: "AKIAALICE001EXAMPLE1".into(),
            profile: Some("prod".into()),
            endpoint: None,
            ..SignedIn::default()
        });
        desk.serve(users);
        desk
    }

    pub fn send(&mut self, message: impl Into<Message>) {
        self.screen.engine.note_running(self.running);
        let effects = self.screen.update(message.into(), self.clock);
        self.effects.extend(effects);
    }

    /// The account that is shown.
    pub fn account(&self) -> &Account {
        self.screen.account()
    }

    /// The present session.
    pub fn session(&self) -> SessionId {
        self.account().session
    }

    /// The session begins.
    pub fn signed_in(&mut self, signed_in: SignedIn) {
        let session = self.session();
        let result = Ok(Box::new(signed_in));
        self.send(Event::SignedIn { session, result });
    }

    /// What a person wants, past the keyboard.
    pub fn intend(&mut self, intent: Intent) {
        let effects = self.screen.engine.intend(intent);
        self.effects.extend(effects);
        // The screen takes notice with the next message.
        self.send(Message::Resumed);
    }

    /// So many milliseconds go by.
    pub fn wait(&mut self, milliseconds: i64) {
        self.clock += TimeDelta::milliseconds(milliseconds);
        self.running += Duration::from_millis(milliseconds.unsigned_abs());
    }

    /// Presses a key with the screen in view.
    pub fn press(&mut self, key: KeyCode) {
        if self.screen.visible_dialogs() > 0 {
            // How far a dialog can be scrolled is known once it was drawn.
            self.draw();
        }
        let key = KeyEvent::new(key, KeyModifiers::NONE);
        self.send(Message::Key(KeyPress { key, read: true }));
    }

    pub fn keys(&mut self, keys: &str) {
        for c in keys.chars() {
            self.press(KeyCode::Char(c));
        }
    }

    /// Answers every read that is asked, until nothing is asked any more.
    pub fn serve(&mut self, users: &[Someone]) {
        loop {
            let is_kept = |it: &Effect| matches!(it, Effect::Plan(PlanJob::Keep(..)));
            if let Some(at) = self.effects.iter().position(is_kept) {
                // The disk is quick.
                self.effects.remove(at);
                self.send(Event::Plan(PlanNews::IsKept));
            } else if let Some((request, read)) = self.next_read() {
                self.answered(request, answer(users, read));
            } else {
                return;
            }
        }
    }

    /// The account's answer to a read.
    pub fn answered(&mut self, request: RequestId, result: Result<Answer, Error>) {
        let session = self.session();
        self.answered_in(session, request, result);
    }

    /// The answer to a read of a session.
    pub fn answered_in(
        &mut self,
        session: SessionId,
        request: RequestId,
        result: Result<Answer, Error>,
    ) {
        self.send(Event::Answer {
            session,
            request,
            result,
            took: Duration::from_millis(120),
        });
    }

    /// What came of a change.
    pub fn changed(&mut self, id: ChangeId, result: Result<Changed, Error>) {
        let session = self.session();
        self.changed_in(session, id, result);
    }

    /// What came of a change that was sent in a session.
    pub fn changed_in(&mut self, session: SessionId, id: ChangeId, result: Result<Changed, Error>) {
        self.send(Event::Changed {
            session,
            id,
            result,
            request_id: Some("0a1b2c3d-EXAMPLE".into()),
            took: Duration::from_millis(120),
        });
    }

    /// The next read that nobody has answered yet.
    pub fn next_read(&mut self) -> Option<(RequestId, Read)> {
        let at = self
            .effects
            .iter()
            .position(|effect| matches!(effect, Effect::Read(..)))?;
        match self.effects.remove(at) {
            Some(Effect::Read(_, request, read)) => Some((request, read)),
            _ => None,
        }
    }

    /// The changes that were sent and not answered yet.
    pub fn next_change(&mut self) -> Option<(ChangeId, Change)> {
        let at = self
            .effects
            .iter()
            .position(|effect| matches!(effect, Effect::Change(..)))?;
        match self.effects.remove(at) {
            Some(Effect::Change(_, order)) => Some((order.id, order.change)),
            _ => None,
        }
    }

    /// The next job at a place for secrets that was not done yet.
    pub fn next_job(&mut self) -> Option<(RequestId, SecretJob)> {
        let is_job = |effect: &Effect| matches!(effect, Effect::Secret(..));
        let at = self.effects.iter().position(is_job)?;
        match self.effects.remove(at) {
            Some(Effect::Secret(_, request, job)) => Some((request, job)),
            _ => None,
        }
    }

    /// What has become known about a place for secrets.
    pub fn heard(&mut self, request: RequestId, news: DestinationNews) {
        self.send(Event::Secret { request, news });
    }

    /// Tells of a credentials file with these profiles, and answers for each plan what a file with
    /// this text makes of it; until there is no job of the kind any more.
    pub fn serve_file(&mut self, text: &str) {
        while let Some((request, job)) = self.next_job() {
            match job {
                SecretJob::Profiles { holding } => {
                    let (_home, file) = credentials(text);
                    let profiles = file.profiles().map_err(|error| error.to_string());
                    let path = Some("/home/alice/.aws/credentials".to_owned());
                    self.heard(
                        request,
                        DestinationNews::Profiles(Listing {
                            path,
                            profiles,
                            holding: holding
                                .and_then(|key| file.holding(&key).ok())
                                .unwrap_or_default(),
                        }),
                    );
                }
                SecretJob::Plan { profile, key } => {
                    let planned = planned(text, &profile, &key);
                    self.heard(request, DestinationNews::Planned(planned));
                }
                other => {
                    let session = self.session();
                    self.effects
                        .push_front(Effect::Secret(session, request, other));
                    return;
                }
            }
        }
    }

    /// Draws the screen, and lets it take notice of that.
    pub fn draw(&mut self) -> tui::Drawn {
        let (width, height) = self.screen.size();
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let drawn = tui::draw(&mut buffer, &self.screen, self.clock);
        self.screen.drawn(&drawn);
        drawn
    }

    /// The first cell of a text on the screen.
    pub fn cell_of(&self, text: &str) -> Cell {
        let (width, height) = self.screen.size();
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        tui::draw(&mut buffer, &self.screen, self.clock);
        let cells = (0..buffer.content.len()).find(|at| {
            let symbols = buffer.content[*at..].iter().map(Cell::symbol);
            text.chars()
                .map(String::from)
                .eq(symbols.take(text.chars().count()))
        });
        buffer.content[cells.expect(text)].clone()
    }

    pub fn screen(&self) -> String {
        let (width, height) = self.screen.size();
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        tui::draw(&mut buffer, &self.screen, self.clock);
        let rows = buffer.content.chunks(usize::from(width).max(1));
        let rows = rows.map(|row| {
            let row: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
            row.trim_end().to_owned()
        });
        rows.collect::<Vec<_>>().join("\n")
    }
}

/// A credentials file with this text.
fn credentials(text: &str) -> (tempfile::TempDir, CredentialsFile) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    std::fs::write(&path, text).unwrap();
    (home, CredentialsFile::at(path))
}

/// What would change in such a file, as the runtime tells of it.
pub fn planned(
    text: &str,
    profile: &str,
    key: &str,
) -> Result<(Box<ProfilePlan>, Option<String>), String> {
    let (home, file) = credentials(text);
    let plan = file.plan(profile, key);
    let mut plan = plan.map_err(|error| {
        let home = home.path().display().to_string();
        error.to_string().replace(&home, "/home/alice/.aws")
    })?;
    let held = plan.held.take().map(|held| held.key_id);
    Ok((Box::new(plan), held))
}

/// A user of a made-up account, and their keys.
#[derive(Clone, Debug)]
pub struct Someone {
    pub name: &'static str,
    pub path: &'static str,
    pub keys: Vec<(AccessKey, LastUsed)>,
}

/// A click on this, in a dialog that was read.
pub fn click(target: tui::Target) -> Message {
    Message::Click(Click { target, read: true })
}

pub fn someone(name: &'static str, keys: &[(&str, bool, i64, Option<i64>)]) -> Someone {
    let keys = keys.iter().map(|&(id, active, age, used)| {
        let key = AccessKey {
            id: id.into(),
            status: if active {
                KeyStatus::Active
            } else {
                KeyStatus::Inactive
            },
            created: Some(now() - TimeDelta::days(age)),
        };
        let used = match used {
            None => LastUsed::Never,
            Some(hours) => LastUsed::At {
                time: now() - TimeDelta::hours(hours),
                service: Some("s3".into()),
                region: Some("us-east-1".into()),
            },
        };
        (key, used)
    });
    Someone {
        name,
        path: "/",
        keys: keys.collect(),
    }
}

/// A few users with a story each.
pub fn people() -> Vec<Someone> {
    vec![
        someone("alice", &[("AKIAALICE001EXAMPLE1", true, 12, Some(0))]),
        someone(
            "deploy-bot",
            &[
                ("AKIADEPLOY01EXAMPLE1", true, 412, Some(2)),
                ("AKIADEPLOY02EXAMPLE2", true, 3, Some(1)),
            ],
        ),
        someone(
            "former-intern",
            &[("AKIAINTERN01EXAMPLE1", false, 640, Some(9312))],
        ),
        someone("new-hire", &[]),
        someone("old-batch", &[("AKIABATCH001EXAMPLE1", true, 901, None)]),
        someone(
            "web-assets",
            &[
                ("AKIAWEBAST01EXAMPLE1", true, 150, Some(5)),
                ("AKIAWEBAST02EXAMPLE2", false, 320, None),
            ],
        ),
    ]
}

pub fn answer(users: &[Someone], read: Read) -> Result<Answer, Error> {
    let find = |name: &str| users.iter().find(|user| user.name == name);
    Ok(match read {
        Read::Caller => Answer::Caller(Caller {
            account: "123456789012".into(),
            arn: "arn:aws:iam::123456789012:user/alice".into(),
        }),
        Read::Alias => Answer::Alias(Some("acme-prod".into())),
        Read::Summary => Answer::Summary(Summary {
            keys_per_user: Some(2),
            root_keys: Some(0),
        }),
        Read::Users(_) => Answer::Users(page(users, None)),
        Read::Keys(name) => {
            let keys = find(&name).map(|user| &user.keys);
            let keys = keys.into_iter().flatten().map(|(key, _)| key.clone());
            Answer::Keys(keys.collect())
        }
        Read::LastUsed(name, key) => {
            let used = find(&name)
                .and_then(|user| user.keys.iter().find(|(known, _)| known.id == key))
                .map_or(LastUsed::Never, |(_, used)| used.clone());
            Answer::LastUsed(used)
        }
        Read::Owner(key) => {
            let (owner, last_used) = owner(users, &key)?;
            Answer::Owner(owner, last_used)
        }
        Read::KeyAccount(key) => Answer::KeyAccount(key_account(users, &key)?),
        Read::Tags(_) => Answer::Tags(UserTags::default()),
        Read::UserDetails(_) => Answer::UserDetails(details(users)),
        Read::Report => Answer::Report(Box::new(report(users))),
        Read::Accounts(_) | Read::PortalAccounts(_) => Answer::Accounts(AccountsPage::default()),
        Read::Regions => Answer::Regions(vec!["eu-west-1".into(), "us-east-1".into()]),
        Read::TrailEvents(_) => Answer::TrailEvents(TrailPage::default()),
        Read::WholeEvent(..) => Answer::WholeEvent(None),
        Read::Permissions(_) => Answer::Permissions(Box::default()),
        Read::ServicesUsed(_) => Answer::ServicesUsed(Vec::new()),
        Read::OtherCredentials(_) => Answer::OtherCredentials(Box::default()),
        Read::Quarantined => Answer::Quarantined(Vec::new()),
    })
}

/// The details of these users, none of whom has tags.
pub fn details(users: &[Someone]) -> UserDetailsPage {
    let users = users.iter().map(|user| UserDetails {
        name: user.name.into(),
        tags: UserTags::default(),
        grants: Arc::default(),
    });
    UserDetailsPage {
        users: users.collect(),
        ..UserDetailsPage::default()
    }
}

/// Whose a key is; of one that nobody has, what AWS says of it.
pub fn owner(users: &[Someone], key: &str) -> Result<(Box<str>, LastUsed), Error> {
    let found = users.iter().find_map(|user| {
        let (_, used) = user.keys.iter().find(|(known, _)| known.id == key)?;
        Some((user.name.into(), used.clone()))
    });
    found.ok_or_else(|| Error {
        action: "iam:GetAccessKeyLastUsed",
        kind: Kind::Denied,
        code: Some("AccessDenied".into()),
        message: "User: alice is not authorized to perform: iam:GetAccessKeyLastUsed".into(),
        request_id: None,
    })
}

/// Which account a key belongs to, as AWS tells it; of one of an old form that nobody here has, it does
/// not.
pub fn key_account(users: &[Someone], key: &str) -> Result<Box<str>, Error> {
    if owner(users, key).is_ok() {
        return Ok("123456789012".into());
    }
    let id = engine::key_id::account_of(key).map(Box::from);
    id.ok_or_else(|| Error {
        action: "sts:GetAccessKeyInfo",
        kind: Kind::Other,
        code: Some("ValidationError".into()),
        message: "Invalid access key".into(),
        request_id: None,
    })
}

/// The credential report on these users, made just now.
pub fn report(users: &[Someone]) -> Report {
    let key = |(key, last_used): &(AccessKey, LastUsed)| ReportedKey {
        active: key.status == KeyStatus::Active,
        rotated: key.created,
        last_used: last_used.clone(),
    };
    Report {
        generated: now(),
        root: Some(Box::default()),
        users: users
            .iter()
            .map(|user| ReportedUser {
                name: user.name.into(),
                created: Some(now() - TimeDelta::days(1000)),
                login: Login::default(),
                keys: user.keys.iter().take(2).map(key).collect(),
            })
            .collect(),
    }
}

pub fn page(users: &[Someone], next: Option<&str>) -> UsersPage {
    UsersPage {
        users: users
            .iter()
            .map(|user| User {
                name: user.name.into(),
                path: user.path.into(),
                created: now() - TimeDelta::days(1000),
            })
            .collect(),
        next: next.map(str::to_owned),
    }
}

/// A creation that an earlier run has left open, by its ID in the journal.
pub fn left_open(id: &str, user: &str, account: &str) -> Question {
    let change = Change::Create { user: user.into() };
    Question {
        account: Some(account.into()),
        sent: now(),
        before: Some(Vec::new()),
        ..Question::new(Origin::Earlier(id.into()), change, Cause::Interrupted)
    }
}
