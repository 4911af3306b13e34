//! An engine without a driver: what it asks for is kept, and a test answers it, in any order and
//! with anything.

use chrono::{DateTime, TimeDelta, Utc};
use iamkeys::engine::{
    Answer, Background, Change, Changed, Copied, CopyOutcome, Effect, Engine, Error, Event, Exit,
    Intent, Kind, Means, News, Note, Order, RECENT, Read, RequestId, SecretJob, SecretKey,
    SessionId, Settings, SignedIn, Slot, Target, account,
    impact::TrailPage,
    model::{
        AccessKey, AccountsPage, Caller, KeyStatus, LastUsed, Report, Summary, User,
        UserDetailsPage, UsersPage,
    },
    user_tags::UserTags,
};
use std::time::Duration;

/// How long each answer takes.
const TOOK: Duration = Duration::from_millis(50);

/// An account with its users and their keys.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: &'static str,
    pub(crate) users: Vec<(String, Vec<AccessKey>)>,
}

impl Account {
    pub(crate) fn new(id: &'static str, users: &[(&str, &[&str])]) -> Self {
        let keys = |ids: &[&str]| ids.iter().map(|id| key(id, KeyStatus::Active)).collect();
        let users = users
            .iter()
            .map(|(name, ids)| ((*name).to_owned(), keys(ids)));
        Self {
            id,
            users: users.collect(),
        }
    }

    pub(crate) fn answer(&self, read: &Read) -> Answer {
        let keys_of = |name: &str| {
            let user = self.users.iter().find(|(user, _)| user == name);
            user.map(|(_, keys)| keys.clone()).unwrap_or_default()
        };
        match read {
            Read::Caller => Answer::Caller(Caller {
                account: self.id.into(),
                arn: format!("arn:aws:iam::{}:user/admin", self.id),
            }),
            Read::Alias => Answer::Alias(None),
            Read::Summary => Answer::Summary(Summary::default()),
            Read::Users(_) => {
                let user = |(name, _): &(String, Vec<AccessKey>)| User {
                    name: name.as_str().into(),
                    path: "/".into(),
                    created: long_ago(),
                };
                Answer::Users(UsersPage {
                    users: self.users.iter().map(user).collect(),
                    next: None,
                })
            }
            Read::Keys(user) => Answer::Keys(keys_of(user)),
            Read::LastUsed(..) => Answer::LastUsed(LastUsed::Never),
            Read::Owner(id) => {
                let has =
                    |(_, keys): &&(String, Vec<AccessKey>)| keys.iter().any(|key| key.id == *id);
                let owner = self.users.iter().find(has);
                let owner = owner.map(|(name, _)| name.as_str()).unwrap_or_default();
                Answer::Owner(owner.into(), LastUsed::Never)
            }
            Read::KeyAccount(_) => Answer::KeyAccount(self.id.into()),
            Read::Tags(_) => Answer::Tags(UserTags::default()),
            Read::Accounts(_) | Read::PortalAccounts(_) => {
                Answer::Accounts(AccountsPage::default())
            }
            Read::UserDetails(_) => Answer::UserDetails(UserDetailsPage::default()),
            Read::Regions => Answer::Regions(vec!["us-east-1".into()]),
            Read::TrailEvents(_) => Answer::TrailEvents(TrailPage::default()),
            Read::WholeEvent(..) => Answer::WholeEvent(None),
            Read::Permissions(_) => Answer::Permissions(Box::default()),
            Read::ServicesUsed(_) => Answer::ServicesUsed(Vec::new()),
            Read::OtherCredentials(_) => Answer::OtherCredentials(Box::default()),
            Read::Quarantined => Answer::Quarantined(Vec::new()),
            Read::Report => Answer::Report(Box::new(Report {
                generated: start(),
                root: None,
                users: Vec::new(),
            })),
        }
    }
}

pub(crate) fn key(id: &str, status: KeyStatus) -> AccessKey {
    AccessKey {
        id: id.to_owned(),
        status,
        created: Some(long_ago()),
    }
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn long_ago() -> DateTime<Utc> {
    start() - TimeDelta::days(400)
}

pub(crate) fn error(action: &'static str, kind: Kind) -> Error {
    Error {
        action,
        kind,
        code: None,
        message: "so it is".into(),
        request_id: None,
    }
}

/// An engine, and all that it has asked for.
pub(crate) struct ByHand {
    pub(crate) engine: Engine,
    pub(crate) now: DateTime<Utc>,
    /// The reads that are not answered yet.
    pub(crate) reads: Vec<(SessionId, RequestId, Read)>,
    /// The sessions that are to be begun.
    pub(crate) sign_ins: Vec<(SessionId, Target)>,
    /// Those that are to be begun with a new login, or with a code.
    pub(crate) sign_ins_with: Vec<(SessionId, Target, Means)>,
    /// The changes that were sent.
    pub(crate) orders: Vec<(SessionId, Order)>,
    /// The keys that are to be tried.
    pub(crate) trials: Vec<(SessionId, String)>,
    pub(crate) jobs: Vec<(SessionId, RequestId, SecretJob)>,
    pub(crate) notes: Vec<Note>,
    pub(crate) news: Vec<News>,
    pub(crate) exits: Vec<Exit>,
}

impl ByHand {
    pub(crate) fn new() -> Self {
        Self {
            engine: Engine::new(Settings {
                read_only: false,
                clear_after: Some(45),
                recent: RECENT,
                background: Background::All,
            }),
            now: start(),
            reads: Vec::new(),
            sign_ins: Vec::new(),
            sign_ins_with: Vec::new(),
            orders: Vec::new(),
            trials: Vec::new(),
            jobs: Vec::new(),
            notes: Vec::new(),
            news: Vec::new(),
            exits: Vec::new(),
        }
    }

    /// Opens an account, and signs in.
    pub(crate) fn open(&mut self) -> Slot {
        let (slot, effect) = self.engine.open(Target::Ambient);
        assert!(matches!(effect, Effect::SignIn(..)));
        self.sign_in(slot);
        slot
    }

    /// Signing in has succeeded.
    pub(crate) fn sign_in(&mut self, slot: Slot) {
        let session = self.session(slot);
        let signed_in = SignedIn {
            key: format!("AKIASIGNEDIN{:08}", slot.0),
            ..SignedIn::default()
        };
        let result = Ok(Box::new(signed_in));
        self.hear(Event::SignedIn { session, result });
    }

    pub(crate) fn account(&self, slot: Slot) -> &account::Account {
        self.engine.fleet.get(slot).expect("it is open")
    }

    pub(crate) fn session(&self, slot: Slot) -> SessionId {
        self.account(slot).session
    }

    pub(crate) fn intend(&mut self, intent: Intent) {
        self.engine.tick(self.now);
        let effects = self.engine.intend(intent);
        self.take(effects);
    }

    pub(crate) fn hear(&mut self, event: Event) {
        self.engine.tick(self.now);
        let effects = self.engine.hear(event);
        self.take(effects);
    }

    /// Asks for what there is room for.
    pub(crate) fn plan(&mut self) {
        self.engine.tick(self.now);
        let effects = self.engine.plan_reads();
        self.take(effects);
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Read(session, request, read) => self.reads.push((session, request, read)),
                Effect::Change(session, order) => self.orders.push((session, *order)),
                Effect::Try(session, trial) => self.trials.push((session, trial.key)),
                Effect::Secret(session, request, job) => self.jobs.push((session, request, job)),
                Effect::Note(note) => self.notes.push(note),
                Effect::Exit(exit) => self.exits.push(exit),
                Effect::SignIn(session, target) => self.sign_ins.push((session, target)),
                Effect::SignInWith(session, target, means) => {
                    self.sign_ins_with.push((session, target, means));
                }
                Effect::Reply(..)
                | Effect::ListProfiles
                | Effect::OpenJournal
                | Effect::ReadJournal
                | Effect::Copy(_)
                | Effect::WriteEvidence(..)
                | Effect::Plan(_)
                | Effect::ClearClipboard(_) => {}
            }
        }
        self.news.extend(self.engine.take_news());
    }

    /// How many reads of an account are not answered.
    pub(crate) fn under_way(&self, slot: Slot) -> usize {
        let of_slot = self
            .reads
            .iter()
            .filter(|(session, ..)| session.slot == slot);
        of_slot.count()
    }

    /// Answers a read with a result of its own. It belongs to the session that it was asked in.
    pub(crate) fn answer(
        &mut self,
        (session, request, _): (SessionId, RequestId, Read),
        result: Result<Answer, Error>,
    ) {
        self.reads.retain(|(_, asked, _)| *asked != request);
        self.hear(Event::Answer {
            session,
            request,
            result,
            took: TOOK,
        });
    }

    /// The oldest read of an account that is not answered and of this sort.
    pub(crate) fn asked(
        &self,
        slot: Slot,
        sort: impl Fn(&Read) -> bool,
    ) -> Option<(SessionId, RequestId, Read)> {
        let mut reads = self.reads.iter();
        let found = reads.find(|(session, _, read)| session.slot == slot && sort(read));
        found.cloned()
    }

    /// Answers everything that is asked of an account, until nothing more is.
    pub(crate) fn load(&mut self, slot: Slot, account: &Account) {
        self.plan();
        while let Some(asked) = self.asked(slot, |_| true) {
            let answer = account.answer(&asked.2);
            self.answer(asked, Ok(answer));
            self.plan();
        }
    }

    /// Fails everything that is asked of an account at the moment.
    pub(crate) fn fail(&mut self, slot: Slot, kind: Kind) {
        for asked in self.reads.clone() {
            if asked.0.slot == slot {
                let error = error(asked.2.row().action, kind);
                self.answer(asked, Err(error));
            }
        }
    }

    /// Sends changes that need no approval, and gives back the first.
    pub(crate) fn send(&mut self, slot: Slot, change: Change) -> (SessionId, Order) {
        self.intend(Intent::Send(slot, vec![change]));
        self.orders.pop().expect("it was sent")
    }

    /// A change was answered.
    pub(crate) fn changed(
        &mut self,
        (session, order): (SessionId, Order),
        result: Result<Changed, Error>,
    ) {
        self.hear(Event::Changed {
            session,
            id: order.id,
            result,
            request_id: None,
            took: TOOK,
        });
    }

    /// Creates a key for a user.
    pub(crate) fn create(&mut self, slot: Slot, user: &str, id: &str) {
        let sent = self.send(slot, Change::Create { user: user.into() });
        self.changed(sent, Ok(created(id, self.now)));
    }

    /// The secret of a new key is on the clipboard.
    pub(crate) fn store(&mut self, id: &str) {
        self.hear(Event::Copied {
            what: Copied::Secret,
            key: id.into(),
            outcome: CopyOutcome::InSystemClipboard,
        });
    }

    pub(crate) fn secret(&self, id: &str) -> Option<&str> {
        let key = self.engine.vault.key(id)?;
        key.secret().map(SecretKey::expose)
    }

    pub(crate) fn key_ids(&self, slot: Slot, user: &str) -> Vec<String> {
        self.account(slot).key_ids(user).unwrap_or_default()
    }
}

/// A key was created: its secret is made of its ID.
pub(crate) fn created(id: &str, now: DateTime<Utc>) -> Changed {
    Changed::Created {
        key: AccessKey {
            created: Some(now),
            ..key(id, KeyStatus::Active)
        },
        secret: SecretKey::new(format!("secret/of/{id}")),
    }
}
