//! What to ask next: the selected user first, then what is visible, a bounded number at once, and
//! nothing twice.

use super::{
    Stage, State,
    users::{UserRow, Users},
};
use crate::effect::{Effect, Read, RequestId};

/// Reads of keys and last uses under way at once.
pub const MAX_READS: usize = 16;

impl State {
    /// Notes a read and makes the effect that asks it.
    pub(crate) fn read(&mut self, read: Read) -> (RequestId, Effect) {
        let request = RequestId(self.number());
        self.reads.insert(request);
        (request, Effect::Read(request, read))
    }

    /// Notes that a read was answered. An answer to a question of an earlier session is none of
    /// this one's.
    #[must_use]
    pub fn answered(&mut self, request: RequestId) -> bool {
        self.reads.remove(&request)
    }

    /// The questions that a new session begins with.
    pub(crate) fn first_reads(&mut self) -> Vec<Effect> {
        let (caller, ask_caller) = self.read(Read::Caller);
        self.session.caller.ask(caller);
        let (alias, ask_alias) = self.read(Read::Alias);
        self.session.alias.ask(alias);
        let (summary, ask_summary) = self.read(Read::Summary);
        self.session.summary.ask(summary);
        // The list first: it is what the person waits for.
        vec![self.list_users(None), ask_caller, ask_alias, ask_summary]
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
        effects
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

    /// The reads that the present screen asks for and that there is room for.
    #[must_use]
    pub fn plan(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.stage != Stage::Browsing || self.session.broken.is_some() {
            return effects;
        }
        let room = MAX_READS.saturating_sub(self.reads.len());
        if room == 0 {
            return effects;
        }
        let wanted = wanted(&self.users).chain(self.wanted_description());
        for read in wanted.take(room).collect::<Vec<_>>() {
            let (request, effect) = self.read(read.clone());
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

    /// What the keys of the selected user are for, if that is worth asking: last of all.
    fn wanted_description(&self) -> Option<Read> {
        let row = self.user()?;
        let asked = !row.descriptions.is_idle() || self.session.descriptions_refused;
        let has_keys = row.keys.known().is_some_and(|keys| !keys.is_empty());
        (has_keys && !asked).then(|| Read::Descriptions(row.user.name.clone()))
    }

    /// Of the users on screen, how many are completely loaded, and how many there are.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        let mut done = 0;
        let mut all = 0;
        for (_, row) in self.users.window() {
            all += 1;
            if reads_of(row).next().is_none() && !is_loading(row) {
                done += 1;
            }
        }
        (done, all)
    }
}

/// What is worth asking, most urgent first. Costs what is on screen.
fn wanted(users: &Users) -> impl Iterator<Item = Read> + '_ {
    let selected = users.selected();
    let name = selected.map(|row| &row.user.name);
    let others = users
        .window()
        .map(|(_, row)| row)
        .filter(move |row| Some(&row.user.name) != name);
    selected.into_iter().chain(others).flat_map(reads_of)
}

/// What is not known of a user and not asked for yet.
fn reads_of(row: &UserRow) -> impl Iterator<Item = Read> + '_ {
    let keys = (row.keys.is_idle() || (row.refresh && !row.keys.is_loading()))
        .then(|| Read::Keys(row.user.name.clone()));
    let uses = row
        .keys
        .known()
        .into_iter()
        .flatten()
        .filter(|key| key.last_used.is_idle() || (key.refresh && !key.last_used.is_loading()))
        .map(|key| Read::LastUsed(row.user.name.clone(), key.key.id.clone()));
    keys.into_iter().chain(uses)
}

fn is_loading(row: &UserRow) -> bool {
    row.keys.is_loading()
        || row
            .keys
            .known()
            .into_iter()
            .flatten()
            .any(|key| key.last_used.is_loading())
}
