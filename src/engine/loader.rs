//! What to ask next: the selected user first, then the rows that are looked at, the rows about to be,
//! in the background all other users, and last of all what is told of many users at once. Nothing is
//! asked twice, and no more at once than the [`limiter`](super::limiter) and the cap over all accounts
//! allow.
//!
//! What is to be asked is decided at the last moment, when there is room for it: what is no longer
//! looked at drops back. A read that was throttled was not answered, and is asked again.

use super::{
    account::{Account, Order, Stage, UserRow},
    effect::{Effect, RequestId, Target},
    error::{Error, Kind},
    impact::TrailQuery,
    limiter::Limiter,
    opening::FIRST_READS,
    request::Read,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

/// What is fetched without being asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// Everything, what is on screen first.
    #[default]
    All,
    /// What is on screen.
    Visible,
    /// Of the selected user only.
    Off,
    /// These parts of every user: a program without a screen knows what it wants to tell.
    Only(Parts),
}

/// What is fetched of an account whose users are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a part of its own, and any of them may be left out"
)]
pub struct Parts {
    /// The credential report.
    pub report: bool,
    /// The account's summary, which tells of the root user's keys.
    pub summary: bool,
    /// The keys of each user.
    pub keys: bool,
    /// The last use of each key.
    pub uses: bool,
    /// Both, of those users only of whom the report does not tell: it is older than they are.
    pub unreported: bool,
    /// The details of all users: their tags, and how much their policies allow.
    pub details: bool,
    /// The tags of each user, where the details of all are refused.
    pub tags: bool,
    /// That something needs of the details how much policies allow: nothing else tells it.
    pub power: bool,
    /// Who is under quarantine.
    pub quarantine: bool,
}

impl Parts {
    /// Everything.
    pub const ALL: Self = Self {
        report: true,
        summary: true,
        keys: true,
        uses: true,
        unreported: false,
        details: true,
        tags: false,
        power: true,
        quarantine: true,
    };

    /// These and those.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            report: self.report || other.report,
            summary: self.summary || other.summary,
            keys: self.keys || other.keys,
            uses: self.uses || other.uses,
            unreported: self.unreported || other.unreported,
            details: self.details || other.details,
            tags: self.tags || other.tags,
            power: self.power || other.power,
            quarantine: self.quarantine || other.quarantine,
        }
    }
}

impl Background {
    /// What is fetched of users whom no one looks at.
    pub(super) fn parts(self) -> Parts {
        match self {
            Self::Only(parts) => parts,
            Self::All | Self::Visible | Self::Off => Parts::ALL,
        }
    }
}

/// A read that something waits for is asked again for so long while it is throttled.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);

/// After so many refusals and nothing granted, the background does not ask for more of the same.
const REFUSALS: usize = 5;

/// After so many reads in a row without an answer, nothing more is asked.
const LOST: usize = 5;

/// A read under way.
#[derive(Clone, Debug)]
struct Asked {
    read: Read,
    /// No one waits for this very answer: it can be asked again with another number.
    planned: bool,
    since: DateTime<Utc>,
}

impl Asked {
    /// Whether it is a look around a change, before it or after it.
    fn is_look(&self) -> bool {
        // What a service was last called for takes its time, and says nothing of a change.
        let is_slow = matches!(self.read, Read::ServicesUsed(_));
        !self.planned && !is_slow && self.read.user().is_some()
    }
}

/// The rows that are being looked at: places among the users of an account. A program without a
/// screen looks at none.
#[derive(Clone, Debug, Default)]
pub struct Attention {
    /// The selected user.
    pub selected: Option<u32>,
    /// The users on screen.
    pub visible: Vec<u32>,
    /// The users who would be on screen one page further in either direction.
    pub near: Vec<u32>,
}

impl Attention {
    /// Whether no row is looked at.
    pub(super) fn is_empty(&self) -> bool {
        self.selected.is_none() && self.visible.is_empty() && self.near.is_empty()
    }
}

/// The reads of one account.
#[derive(Debug, Default)]
pub(super) struct Loader {
    /// Those under way, and those that are held back.
    reads: HashMap<RequestId, Asked>,
    /// Those that were throttled and that something waits for: they are asked again.
    held: VecDeque<RequestId>,
    /// What tells of changes whose outcome is not known, the oldest first.
    pub(super) looks: VecDeque<Read>,
    /// There is something to ask, and the limiter does not allow it yet.
    starved: bool,
    granted: Granted,
    /// How many reads in a row have got no answer.
    lost: usize,
    /// The users are to be listed again when the present listing ends.
    pub(super) list_again: bool,
    pub(super) attention: Attention,
}

/// Whether what is asked about everybody is granted, as far as it was tried.
#[derive(Clone, Copy, Debug, Default)]
struct Granted {
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
    fn of(&mut self, read: &Read) -> Option<&mut Tried> {
        match read {
            Read::Keys(_) => Some(&mut self.keys),
            Read::LastUsed(..) => Some(&mut self.uses),
            _ => None,
        }
    }

    /// Notes an answer. Says whether what seemed refused is granted after all.
    fn note(&mut self, read: &Read, error: Option<&Error>) -> bool {
        // A refusal says nothing: AWS refuses a key that it does not know in the same words.
        if matches!(read, Read::Owner(_)) && error.is_none() {
            self.uses.granted = true;
        }
        let Some(tried) = self.of(read) else {
            return false;
        };
        let seemed_refused = tried.seems_refused();
        match error {
            None => tried.granted = true,
            Some(error) if error.kind == Kind::Denied => tried.refused += 1,
            Some(_) => {}
        }
        seemed_refused && tried.granted
    }
}

impl Loader {
    pub(super) fn sent(
        &mut self,
        request: RequestId,
        read: Read,
        planned: bool,
        since: DateTime<Utc>,
    ) {
        let asked = Asked {
            read,
            planned,
            since,
        };
        self.reads.insert(request, asked);
    }

    /// How many reads are under way.
    pub(super) fn under_way(&self) -> usize {
        self.reads.len() - self.held.len()
    }

    /// How many of them ask for the report.
    fn reports(&self) -> usize {
        let reports = self.reads.iter();
        let reports = reports
            .filter(|(request, asked)| asked.read == Read::Report && !self.held.contains(request));
        reports.count()
    }

    /// How many of them ask for events of a region.
    fn of_regions(&self) -> usize {
        let reads = self.reads.iter();
        let reads = reads.filter(|(request, asked)| {
            matches!(asked.read, Read::TrailEvents(_) | Read::WholeEvent(..))
                && !self.held.contains(request)
        });
        reads.count()
    }

    /// Whether anything is under way, or held back.
    pub(super) fn is_busy(&self) -> bool {
        !self.reads.is_empty() || self.starved
    }

    /// Whether this request is under way, or held back.
    pub(super) fn is_asking(&self, request: RequestId) -> bool {
        self.reads.contains_key(&request)
    }

    /// Whether the same is being asked once more, later than this request.
    pub(super) fn is_superseded(&self, request: RequestId, read: &Read) -> bool {
        let mut reads = self.reads.iter();
        reads.any(|(later, asked)| *later > request && asked.read == *read)
    }

    /// A person wants to try again.
    pub(super) fn try_again(&mut self) {
        self.lost = 0;
    }

    /// Whether this session was told a last use: then it may ask for others.
    pub(super) fn uses_are_granted(&self) -> bool {
        self.granted.uses.granted
    }

    /// Whether a refusal is worth a line of its own: what is refused for every user need not be
    /// said of each.
    pub(super) fn is_news(&mut self, read: &Read) -> bool {
        self.granted
            .of(read)
            .is_none_or(|tried| !tried.seems_refused() || tried.refused == REFUSALS)
    }
}

impl Account {
    /// How many reads are under way.
    #[must_use]
    pub fn reads_under_way(&self) -> usize {
        self.loader.under_way()
    }

    /// How much of the room that all accounts share is taken: by what is asked, and, of an account that
    /// is opened through a role, by what will be as soon as it is signed in. A report that is being made
    /// mostly waits.
    pub(super) fn room_taken(&self) -> usize {
        let through_role = matches!(self.target, Target::Member(_)) && self.is_signing_in();
        let kept = if through_role { FIRST_READS } else { 0 };
        // Of a region that does not answer, most of the time nothing is under way either.
        let waiting = self.loader.reports() + self.loader.of_regions();
        self.loader.under_way() - waiting + kept
    }

    /// Whether there may be something to ask although there is no room: of the selected user, and what
    /// something waits for.
    pub(super) fn has_urgent_reads(&self) -> bool {
        self.loader.attention.selected.is_some()
            || !self.loader.held.is_empty()
            || !self.loader.looks.is_empty()
    }

    /// Whether something is to be looked at that is not known: see [`Account::next_look`].
    pub(super) fn has_looks(&self) -> bool {
        !self.loader.looks.is_empty()
    }

    /// What limits a read: each service has limits of its own.
    pub(super) fn limiter_of(&mut self, read: &Read) -> &mut Limiter {
        match read {
            Read::Accounts(_) => &mut self.organizations,
            Read::TrailEvents(TrailQuery { region, .. }) | Read::WholeEvent(region, _) => {
                self.event_history.entry(region.clone()).or_default()
            }
            _ => &mut self.limiter,
        }
    }

    /// Something is to be asked that something waits for, as soon as the limiter allows it.
    pub(super) fn hold(&mut self, request: RequestId, read: Read, now: DateTime<Utc>) {
        self.loader.sent(request, read, false, now);
        self.loader.held.push_back(request);
    }

    /// Notes that a read was answered, and says which read it was; `None` where the answer counts
    /// for nothing: nothing waits for it, or it was throttled and will be asked again.
    pub(super) fn answered(
        &mut self,
        request: RequestId,
        error: Option<&Error>,
        took: Duration,
        now: DateTime<Utc>,
    ) -> Option<Read> {
        let asked = self.loader.reads.get(&request)?;
        let (planned, since) = (asked.planned, asked.since);
        let read = asked.read.clone();
        let listing = matches!(read, Read::Accounts(_));
        let throttled = error.is_some_and(|error| error.kind == Kind::Throttled);
        let limiter = self.limiter_of(&read);
        if throttled {
            limiter.throttled(now);
        } else if (planned || listing) && error.is_none_or(Error::is_an_answer) {
            // Those that something waits for may take their time, or ask another service.
            limiter.answered(took, now);
        }
        // Where there are no answers, nothing more is asked, nor said of each.
        let cut_off = self.note_silence(error, planned);
        if planned && (throttled || cut_off) {
            if let Some(asked) = self.loader.reads.remove(&request) {
                self.identity.alias.put_back(request);
                self.users.put_back(&asked.read, request);
            }
            return None;
        }
        // Where the clock was set back, it is not known how long it has been.
        let patient = (TimeDelta::zero()..PATIENCE).contains(&(now - since));
        if throttled && patient {
            self.loader.held.push_back(request);
            return None;
        }
        let read = self.loader.reads.remove(&request)?.read;
        if self.loader.granted.note(&read, error) {
            self.users.sweep_again();
        }
        Some(read)
    }

    /// Notes whether there are answers at all. Says whether, after so many reads without one, nothing
    /// more is asked.
    fn note_silence(&mut self, error: Option<&Error>, planned: bool) -> bool {
        match error.map(|error| error.kind) {
            Some(Kind::Network | Kind::Server) => self.loader.lost += usize::from(planned),
            Some(_) | None => self.loader.lost = 0,
        }
        self.is_cut_off()
    }

    /// Whether nothing more is asked, since there are no answers, until a person says so.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.loader.lost > LOST
    }

    /// The questions that a new session begins with: the list first, and the report on everyone in
    /// it, which is what the person waits for. Of one among many accounts a name is known as a rule (its
    /// alias is asked for later), the caller from the role that was assumed, and what the summary would
    /// say from the report.
    pub(super) fn first_reads(&self, background: Background) -> Vec<Read> {
        let parts = background.parts();
        let mut reads = vec![Read::Users(None)];
        if parts.report {
            reads.push(Read::Report);
        }
        if self.identity.caller.known().is_none() {
            reads.push(Read::Caller);
        }
        let is_member = matches!(self.target, Target::Member(_));
        // A name may say that it is production.
        if !is_member || self.identity.listed_name.is_none() {
            reads.push(Read::Alias);
        }
        if !is_member && parts.summary {
            reads.push(Read::Summary);
        }
        reads
    }

    /// What was refused of who is signed in, and where: it may be granted now.
    pub(super) fn refused_reads(&self) -> Vec<Read> {
        let identity = &self.identity;
        let refused = [
            identity.caller.error().map(|_| Read::Caller),
            identity.alias.error().map(|_| Read::Alias),
            identity.summary.error().map(|_| Read::Summary),
            identity.report.error().map(|_| Read::Report),
        ];
        refused.into_iter().flatten().collect()
    }

    /// The next look at what is not known, if there is room for it. Half of the room is for what is
    /// on the screen.
    pub(super) fn next_look(&mut self, spare: usize, now: DateTime<Utc>) -> Option<Read> {
        let is_usable = self.stage == Stage::SignedIn && self.identity.broken.is_none();
        if !is_usable || self.is_cut_off() || self.loader.looks.is_empty() || spare == 0 {
            return None;
        }
        let looks = self.loader.reads.values().filter(|asked| asked.is_look());
        if looks.count() >= self.limiter.room() / 2 {
            return None;
        }
        self.limiter.look(now);
        let allowed = self.limiter.allows();
        self.loader.looks.pop_front_if(|_| allowed)
    }

    /// The reads that there is room for, the most urgent first. `next` numbers them, `spare` is the
    /// room that all accounts leave, `changing` says that changes go first, and `opening` that other
    /// accounts wait to be opened.
    pub(super) fn plan_reads(
        &mut self,
        background: Background,
        changing: bool,
        opening: bool,
        spare: usize,
        now: DateTime<Utc>,
        last_number: &mut u64,
    ) -> Vec<Effect> {
        self.loader.starved = false;
        let mut effects = Vec::new();
        if self.stage != Stage::SignedIn || self.identity.broken.is_some() {
            // They are not asked again in this session.
            for request in self.loader.held.drain(..) {
                self.loader.reads.remove(&request);
            }
            return effects;
        }
        self.limiter.look(now);
        self.organizations.look(now);
        for limiter in self.event_history.values_mut() {
            limiter.look(now);
        }
        for request in std::mem::take(&mut self.loader.held) {
            let Some(asked) = self.loader.reads.get(&request) else {
                continue;
            };
            let read = asked.read.clone();
            let limiter = self.limiter_of(&read);
            if limiter.allows() {
                limiter.sent();
                effects.push(Effect::Read(self.session, request, read));
            } else {
                self.loader.held.push_back(request);
            }
        }
        self.loader.starved = !self.loader.held.is_empty();
        if self.is_cut_off() {
            return effects;
        }
        self.loader.starved |= !self.loader.looks.is_empty();
        // Regions may take long to tell of their events, and do not limit what the account is asked.
        let beside = self.loader.of_regions();
        let room = self.reads_under_way() - beside + spare;
        let room = self.limiter.room().min(room);
        while let Some((read, at_once)) = self.wanted(background, changing, opening) {
            if !at_once && self.reads_under_way() - beside >= room {
                break;
            }
            if !self.limiter.allows() {
                self.loader.starved = true;
                break;
            }
            *last_number += 1;
            effects.push(self.ask(RequestId(*last_number), read, true, now));
        }
        effects
    }

    /// What is most worth asking, and whether there is always room for it. Costs what is looked at.
    fn wanted(
        &mut self,
        background: Background,
        changing: bool,
        opening: bool,
    ) -> Option<(Read, bool)> {
        let attention = &self.loader.attention;
        let rows = self.users.rows();
        let row = |at: &u32| rows.get(*at as usize);
        let selected = attention.selected.as_ref().and_then(row);
        if let Some(read) = selected.and_then(|row| row.to_ask().next()) {
            return Some((read, true));
        }
        // Who is shown no account is not shown either that it is production.
        let is_only = matches!(background, Background::Only(_));
        if let Some(read) = self.wanted_alias(opening).filter(|_| !is_only) {
            return Some((read, false));
        }
        let tags = selected.and_then(|row| self.wanted_tags(row));
        if background == Background::Off {
            return tags.map(|read| (read, false));
        }
        let first_of = |places: &[u32]| {
            let mut rows = places.iter().filter_map(row);
            rows.find_map(|row| row.to_ask().next())
        };
        let read = first_of(&attention.visible).or(tags);
        if read.is_some() || background == Background::Visible || changing || self.is_paused() {
            return read.map(|read| (read, false));
        }
        let near = first_of(&attention.near);
        let (keys, uses) = (self.loader.granted.keys, self.loader.granted.uses);
        let parts = background.parts();
        // Where they are wanted by name, something waits for them to tell of a user.
        let at_once = is_only.then(|| self.wanted_of_all(parts, true)).flatten();
        let is_reported = self.identity.report.is_ready() && self.is_listed();
        let wanted = near.or(at_once).or_else(|| {
            let (keys, uses) = (keys.seems_refused(), uses.seems_refused());
            if parts.unreported {
                // Before, it is not known who they are.
                let sweep = is_reported.then(|| self.users.next_unreported(keys, uses));
                return sweep.flatten();
            }
            let order = if is_only {
                Order::OneByOne
            } else {
                Order::KeysFirst
            };
            self.users
                .next_in_sweep(order, keys || !parts.keys, uses || !parts.uses)
        });
        let wanted = wanted.or_else(|| self.wanted_at_last(parts));
        let wanted = wanted.or_else(|| {
            let is_wanted = parts.tags && !self.identity.tags_refused;
            is_wanted.then(|| self.users.next_untagged()).flatten()
        });
        wanted.map(|read| (read, false))
    }

    /// The alias of one among many accounts, whose name in the organisation is known: it may say that it
    /// is production. It is asked for once the users are listed, and the accounts are open of which
    /// nothing is to be seen yet; in those that are looked at, and may be changed, before that.
    fn wanted_alias(&self, opening: bool) -> Option<Read> {
        let is_member = matches!(self.target, Target::Member(_));
        let is_time = self.is_listed() && (!opening || !self.loader.attention.is_empty());
        (is_member && is_time && self.identity.alias.is_idle()).then_some(Read::Alias)
    }

    /// How many requests a second are sent, where AWS throttles and there is something to ask.
    #[must_use]
    pub fn slowed(&self) -> Option<u32> {
        let asks = self.loader.starved || self.loader.reads.values().any(|asked| asked.planned);
        self.limiter.limit().filter(|_| asks)
    }

    /// Whether the background waits: the looks around a change go first.
    fn is_paused(&self) -> bool {
        self.loader
            .reads
            .values()
            .any(|asked| !asked.planned && matches!(asked.read, Read::Keys(_) | Read::LastUsed(..)))
    }

    /// Who is under quarantine, and the next page of the details of all users. The answers of the latter
    /// are large, and nothing waits for them: they are asked for where nothing else that was planned is
    /// under way.
    fn wanted_at_last(&self, parts: Parts) -> Option<Read> {
        // What something waits for (the report, a search) may take long and holds nothing up; only what
        // this loader has chosen is more urgent, or is the page before.
        let busy = self.loader.reads.values().any(|asked| asked.planned);
        self.wanted_of_all(parts, false).filter(|_| !busy)
    }

    /// The same, whatever else is under way; `early` says that it need not wait for the list of users.
    fn wanted_of_all(&self, parts: Parts, early: bool) -> Option<Read> {
        let users = &self.users;
        let quarantine = || users.next_quarantine(early).filter(|_| parts.quarantine);
        let details = || users.next_details(early).filter(|_| parts.details);
        quarantine().or_else(details)
    }

    /// The tags of the selected user, if they are worth asking for: after all keys on screen.
    fn wanted_tags(&self, row: &UserRow) -> Option<Read> {
        let asked = !row.tags.is_idle() || self.identity.tags_refused;
        let has_keys = row.keys.known().is_some_and(|keys| !keys.is_empty());
        (has_keys && !asked).then(|| Read::Tags(row.user.name.clone()))
    }
}
