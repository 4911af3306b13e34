//! What to ask next: the selected user first, then what is on screen, what is about to be, and in the
//! background everybody else. Nothing is asked twice, and no more at once than the [`super::pace`]
//! allows.
//!
//! What is to be asked is decided at the last moment, when there is room for it: what was scrolled
//! away waits for nobody. A read that was throttled was not answered, and is asked again.

use super::{Stage, State, session::Reported, users::UserRow};
use crate::{
    effect::{Effect, Read, RequestId},
    iam::{Error, Kind, Report},
    message::Answer,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// What is fetched without anybody asking for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Background {
    /// Everything, what is on screen first.
    #[default]
    All,
    /// What is on screen.
    Visible,
    /// Of the selected user only.
    Off,
}

/// So long a read that somebody waits for is asked again while it is throttled.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);

/// After so many refusals and nothing granted, the background does not ask for more of the same.
const REFUSALS: usize = 5;

/// After so many reads in a row that nobody has answered, nothing more is asked.
const LOST: usize = 5;

/// A read under way.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    read: Read,
    /// Nobody waits for this very answer: it can be asked again with another number.
    planned: bool,
    since: DateTime<Utc>,
}

/// Whether what is asked about everybody is granted, as far as it was tried.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Granted {
    keys: Tried,
    uses: Tried,
}

/// Answers and refusals of one kind of read.
#[derive(Clone, Copy, Debug, Default)]
struct Tried {
    granted: bool,
    refused: usize,
}

impl Tried {
    fn seems_refused(self) -> bool {
        !self.granted && self.refused >= REFUSALS
    }
}

impl Granted {
    fn of(&mut self, answer: &Answer) -> Option<&mut Tried> {
        match answer {
            Answer::Keys(..) => Some(&mut self.keys),
            Answer::LastUsed(..) => Some(&mut self.uses),
            _ => None,
        }
    }

    /// Notes an answer. Says whether what seemed refused is granted after all.
    fn note(&mut self, answer: &Answer) -> bool {
        // A refusal says nothing: AWS refuses so what it does not know.
        if let Answer::Owner(_, Ok(_)) = answer {
            self.uses.granted = true;
        }
        let Some(tried) = self.of(answer) else {
            return false;
        };
        let seemed_refused = tried.seems_refused();
        match answer.error() {
            None => tried.granted = true,
            Some(error) if error.kind == Kind::Denied => tried.refused += 1,
            Some(_) => {}
        }
        seemed_refused && tried.granted
    }
}

impl State {
    /// Notes a read and makes the effect that asks it.
    pub(crate) fn read(&mut self, read: Read) -> (RequestId, Effect) {
        self.send(read, false)
    }

    fn send(&mut self, read: Read, planned: bool) -> (RequestId, Effect) {
        let request = RequestId(self.number());
        let asked = Asked {
            read: read.clone(),
            planned,
            since: self.now,
        };
        self.reads.insert(request, asked);
        self.pace.sent();
        (request, Effect::Read(request, read))
    }

    /// Notes that a read was answered. An answer to a question of an earlier session is none of
    /// this one's. Nor is one that was throttled an answer: it will be asked again.
    #[must_use]
    pub fn answered(&mut self, request: RequestId, answer: &Answer, took: Duration) -> bool {
        let Some(asked) = self.reads.get(&request) else {
            return false;
        };
        let (planned, since) = (asked.planned, asked.since);
        let throttled = answer
            .error()
            .is_some_and(|error| error.kind == Kind::Throttled);
        if throttled {
            self.pace.throttled(self.now);
        } else if planned && answer.error().is_none_or(Error::is_an_answer) {
            // Those that somebody waits for may take their time, or ask another service.
            self.pace.answered(took, self.now);
        }
        // Where nothing is answered, nothing more is asked, nor said of each.
        let nobody = self.nobody_answers(answer, planned);
        if planned && (throttled || nobody) {
            if let Some(asked) = self.reads.remove(&request) {
                self.users.put_back(&asked.read, request);
            }
            return false;
        }
        if throttled && self.now - since < PATIENCE {
            self.held.push_back(request);
            return false;
        }
        self.reads.remove(&request);
        if self.granted.note(answer) {
            self.users.sweep_again();
        }
        true
    }

    /// Notes whether somebody is there at all. Says whether, after so many reads that nobody has
    /// answered, there seems to be nobody.
    fn nobody_answers(&mut self, answer: &Answer, planned: bool) -> bool {
        match answer.error().map(|error| error.kind) {
            Some(Kind::Network | Kind::Server) => self.lost += usize::from(planned),
            Some(_) | None => self.lost = 0,
        }
        self.is_cut_off()
    }

    /// Whether nothing more is asked, since nobody answers, until somebody says so.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.lost > LOST
    }

    /// Somebody wants to try again.
    pub(crate) fn ask_on(&mut self) {
        self.lost = 0;
    }

    /// Whether a refusal is worth a line of its own: what is refused to everybody need not be said
    /// of everybody.
    pub(crate) fn is_news(&mut self, answer: &Answer) -> bool {
        self.granted
            .of(answer)
            .is_none_or(|tried| !tried.seems_refused() || tried.refused == REFUSALS)
    }

    /// Whether this session was told a last use: then it may ask for others.
    pub(crate) fn uses_are_granted(&self) -> bool {
        self.granted.uses.granted
    }

    /// The questions that a new session begins with.
    pub(crate) fn first_reads(&mut self) -> Vec<Effect> {
        let (caller, ask_caller) = self.read(Read::Caller);
        self.session.caller.ask(caller);
        let (alias, ask_alias) = self.read(Read::Alias);
        self.session.alias.ask(alias);
        let (summary, ask_summary) = self.read(Read::Summary);
        self.session.summary.ask(summary);
        let (report, ask_report) = self.read(Read::Report);
        self.session.report.ask(report);
        // The list first, and what is to be said of everybody in it: that is what the person waits
        // for.
        vec![
            self.list_users(None),
            ask_report,
            ask_caller,
            ask_alias,
            ask_summary,
        ]
    }

    /// Asks again for what was refused of who is signed in, and where: it may be granted now.
    pub(crate) fn ask_again_who_and_where(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.session.caller.error().is_some() {
            let (request, effect) = self.read(Read::Caller);
            self.session.caller.ask(request);
            effects.push(effect);
        }
        if self.session.alias.error().is_some() {
            let (request, effect) = self.read(Read::Alias);
            self.session.alias.ask(request);
            effects.push(effect);
        }
        if self.session.summary.error().is_some() {
            let (request, effect) = self.read(Read::Summary);
            self.session.summary.ask(request);
            effects.push(effect);
        }
        if self.session.report.error().is_some() {
            let (request, effect) = self.read(Read::Report);
            self.session.report.ask(request);
            effects.push(effect);
        }
        effects
    }

    /// Files the credential report.
    pub(crate) fn reported(&mut self, request: RequestId, answer: Result<Box<Report>, Error>) {
        let (beside, users) = match answer {
            Ok(report) => {
                let beside = Reported {
                    generated: report.generated,
                    root: report.root,
                };
                (Ok(beside), report.users)
            }
            Err(error) => (Err(error), Vec::new()),
        };
        if self.session.report.file(request, beside) {
            self.users.file_report(users);
        }
    }

    /// Puts the lists in order, if that is due.
    pub(crate) fn settle_lists(&mut self) {
        let quiet = self.reads.is_empty() && !self.starved;
        self.users.settle(self.now, quiet);
    }

    /// Asks for a page of users; the first one begins a new listing.
    pub(crate) fn list_users(&mut self, marker: Option<String>) -> Effect {
        let first = marker.is_none();
        let (request, effect) = self.read(Read::Users(marker));
        if first {
            self.users.begin_listing(request);
        } else {
            self.users.listing.ask(request);
        }
        effect
    }

    /// Asks for the keys of a user now, whatever else is under way: where something was changed or
    /// is about to be, only an answer to a question asked at that moment is the truth.
    pub(crate) fn ask_keys_now(&mut self, user: &str) -> (RequestId, Effect) {
        let (request, effect) = self.read(Read::Keys(user.into()));
        self.users.ask_keys(user, request);
        self.wait_for_keys(user, request);
        (request, effect)
    }

    /// Asks for the descriptions of a user's keys now.
    pub(crate) fn ask_descriptions_now(&mut self, user: &str) -> (RequestId, Effect) {
        let (request, effect) = self.read(Read::Descriptions(user.into()));
        self.users.ask_descriptions(user, request);
        (request, effect)
    }

    /// Asks for the last use of a key now.
    pub(crate) fn ask_last_used_now(&mut self, user: &str, key: &str) -> (RequestId, Effect) {
        let (request, effect) = self.read(Read::LastUsed(user.into(), key.into()));
        self.users.ask_last_used(user, key, request);
        self.wait_for_last_used(user, key, request);
        (request, effect)
    }

    /// The reads that there is room for, the most urgent first.
    #[must_use]
    pub fn plan(&mut self) -> Vec<Effect> {
        self.starved = false;
        let mut effects = Vec::new();
        if self.stage != Stage::Browsing || self.session.broken.is_some() {
            // Nobody asks them again in this session.
            for request in self.held.drain(..) {
                self.reads.remove(&request);
            }
            return effects;
        }
        self.pace.look(self.now);
        while self.pace.allows()
            && let Some(request) = self.held.pop_front()
        {
            // It may belong to a session that is over.
            if let Some(asked) = self.reads.get(&request) {
                self.pace.sent();
                effects.push(Effect::Read(request, asked.read.clone()));
            }
        }
        self.starved = !self.held.is_empty();
        if self.is_cut_off() {
            return effects;
        }
        while let Some((read, at_once)) = self.wanted() {
            if !at_once && self.reads_under_way() >= self.pace.room() {
                break;
            }
            if !self.pace.allows() {
                self.starved = true;
                break;
            }
            let (request, effect) = self.send(read.clone(), true);
            match &read {
                Read::Keys(user) => self.users.ask_keys(user, request),
                Read::LastUsed(user, key) => self.users.ask_last_used(user, key, request),
                Read::Descriptions(user) => self.users.ask_descriptions(user, request),
                _ => {}
            }
            effects.push(effect);
        }
        effects
    }

    /// What is most worth asking, and whether there is always room for it. Costs what is on screen.
    fn wanted(&mut self) -> Option<(Read, bool)> {
        if let Some(read) = self.user().and_then(|row| row.to_ask().next()) {
            return Some((read, true));
        }
        let background = self.settings.background;
        if background == Background::Off {
            return self.wanted_description().map(|read| (read, false));
        }
        let first_of = |rows: Vec<&UserRow>| rows.into_iter().find_map(|row| row.to_ask().next());
        let visible = first_of(self.users.around(self.view, 0));
        let read = visible.or_else(|| self.wanted_description());
        if read.is_some() || background == Background::Visible || self.is_paused() {
            return read.map(|read| (read, false));
        }
        let near = first_of(self.users.around(self.view, 1));
        let (keys, uses) = (self.granted.keys, self.granted.uses);
        let wanted = near.or_else(|| {
            self.users
                .next_in_sweep(keys.seems_refused(), uses.seems_refused())
        });
        wanted.map(|read| (read, false))
    }

    /// How many requests a second are sent, where AWS throttles and there is something to ask.
    #[must_use]
    pub fn slowed(&self) -> Option<u32> {
        let asks = self.starved || self.reads.values().any(|asked| asked.planned);
        self.pace.limit().filter(|_| asks)
    }

    /// Whether the background waits: a change, and the looks around it, go first.
    fn is_paused(&self) -> bool {
        !self.changes.is_empty()
            || self.reads.values().any(|asked| {
                !asked.planned && matches!(asked.read, Read::Keys(_) | Read::LastUsed(..))
            })
    }

    /// What the keys of the selected user are for, if that is worth asking: last of all.
    fn wanted_description(&self) -> Option<Read> {
        let row = self.user()?;
        let asked = !row.descriptions.is_idle() || self.session.descriptions_refused;
        let has_keys = row.keys.known().is_some_and(|keys| !keys.is_empty());
        (has_keys && !asked).then(|| Read::Descriptions(row.user.name.clone()))
    }
}
