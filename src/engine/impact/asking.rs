//! What is asked when a person opens a key, and what follows from the answers. Each region is asked
//! by itself, page after page: one that hangs, throttles or refuses holds up no other.

use super::{HistoryLimits, KeyTrail, TrailQuery, UserImpact, trail::PAGES};
use crate::engine::{
    Engine, Read, Slot,
    account::{Account, Load, Stage},
    loader::Loader,
    model::LastUsed,
};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// So many pages of the other keys of a user: enough to see what uses them.
const PAGES_OF_OTHERS: usize = 1;

impl Engine {
    /// Limits how much of the history of keys is asked for in an account. What was asked before stays.
    pub fn limit_history(&mut self, slot: Slot, limits: HistoryLimits) {
        if let Some(account) = self.fleet.get_mut(slot) {
            account.impacts.limits = limits;
        }
    }

    /// Asks for what is not known of a key and its user beyond the lists.
    pub(in crate::engine) fn open_impact(
        &mut self,
        slot: Slot,
        user: &str,
        key: &str,
    ) -> Option<()> {
        let now = self.now;
        let trail = self.fleet.get(slot)?.impacts.trail(key);
        let is_old = trail.is_some_and(|trail| is_to_begin_anew(trail, now));
        self.open_trail(slot, key, PAGES)?;
        let account = self.fleet.get(slot)?;
        let all = account.impacts.limits.regions.is_none();
        if all && failed_or_idle(&account.impacts.regions, &account.loader, false, |_| false) {
            self.read(slot, Read::Regions);
        }
        for other in self.other_keys(slot, user, key) {
            self.open_trail(slot, &other, PAGES_OF_OTHERS);
        }
        let reads = if is_old {
            all_of_user(user).into()
        } else {
            self.reads_of_user(slot, user, false)
        };
        self.read_all(slot, reads);
        Some(())
    }

    /// What is not known of a user; with `again` also what was refused.
    fn reads_of_user(&self, slot: Slot, user: &str, again: bool) -> Vec<Read> {
        let Some(account) = self.fleet.get(slot) else {
            return Vec::new();
        };
        let nothing = UserImpact::default();
        let known = account.impacts.user(user).unwrap_or(&nothing);
        let loader = &account.loader;
        let mut reads = Vec::new();
        let part = |missing: bool| again && missing;
        if failed_or_idle(&known.permissions, loader, again, |it| {
            part(!it.missing.is_empty())
        }) {
            reads.push(Read::Permissions(user.into()));
        }
        if failed_or_idle(&known.credentials, loader, again, |it| {
            part(!it.missing.is_empty())
        }) {
            reads.push(Read::OtherCredentials(user.into()));
        }
        if failed_or_idle(&known.services, loader, again, |_| false) {
            reads.push(Read::ServicesUsed(user.into()));
        }
        reads
    }

    /// The other keys of a user.
    fn other_keys(&self, slot: Slot, user: &str, key: &str) -> Vec<String> {
        let account = self.fleet.get(slot);
        let keys = account.and_then(|account| account.key_ids(user));
        let mut keys = keys.unwrap_or_default();
        keys.retain(|other| other != key);
        keys
    }

    /// Asks for the events of a key, or goes on with that.
    fn open_trail(&mut self, slot: Slot, key: &str, pages: usize) -> Option<()> {
        let now = self.now;
        let account = self.fleet.get_mut(slot)?;
        if !is_usable(account) {
            return None;
        }
        let only = account.impacts.limits.regions.clone();
        let first = match &only {
            Some(only) => only.to_vec(),
            None => first_regions(account, key),
        };
        let Account {
            impacts, loader, ..
        } = account;
        let regions = impacts.regions.known().filter(|_| only.is_none());
        let regions = regions.cloned().unwrap_or_default();
        impacts.opened += 1;
        let opened = impacts.opened;
        let days = impacts.limits.days;
        let trail = impacts.add_trail(key, || KeyTrail::within(now, days));
        if is_to_begin_anew(trail, now) {
            trail.begin_anew(now);
        }
        trail.is_open = true;
        trail.opened = opened;
        trail.limit = trail.limit.max(pages);
        trail.forget_lost(|request| loader.is_asking(request));
        trail.add_regions(first.iter().cloned().chain(regions));
        impacts.forget_old();
        self.ask_regions(slot, key, &first)
    }

    /// Asks for the next pages of all regions of a key of which there is something to ask, these first.
    fn ask_regions(&mut self, slot: Slot, key: &str, first: &[Arc<str>]) -> Option<()> {
        let trail = self.fleet.get(slot)?.impacts.trail(key)?;
        let others = trail.regions.keys().filter(|name| !first.contains(name));
        let regions = first.iter().chain(others);
        let queries = regions.filter_map(|region| trail.query(key, region));
        let reads: Vec<Read> = queries.map(Read::TrailEvents).collect();
        self.read_all(slot, reads);
        Some(())
    }

    /// A page of events has come, or was refused: the next one is asked for while a person looks.
    pub(in crate::engine) fn events_came(&mut self, slot: Slot, query: &TrailQuery) -> Option<()> {
        let account = self.fleet.get(slot)?;
        if !is_usable(account) {
            return None;
        }
        let trail = account.impacts.trail(&query.key)?;
        let next = trail.query(&query.key, &query.region)?;
        self.read(slot, Read::TrailEvents(next));
        Some(())
    }

    /// The regions are known: those that were not asked are.
    pub(in crate::engine) fn regions_came(&mut self, slot: Slot) -> Option<()> {
        let account = self.fleet.get_mut(slot)?;
        if account.impacts.limits.regions.is_some() {
            return None;
        }
        let regions = account.impacts.regions.known()?.clone();
        let mut open = Vec::new();
        for (key, trail) in account.impacts.trails_mut() {
            trail.add_regions(regions.iter().cloned());
            if trail.is_open {
                // The one that is looked at, before those that it is compared with.
                open.push((std::cmp::Reverse(trail.limit), key.to_owned()));
            }
        }
        open.sort();
        for (_, key) in open {
            self.ask_regions(slot, &key, &[]);
        }
        Some(())
    }

    /// Asks for older events.
    pub(in crate::engine) fn more_events(&mut self, slot: Slot, key: &str) -> Option<()> {
        let account = self.fleet.get_mut(slot)?;
        if !is_usable(account) {
            return None;
        }
        let trail = account.impacts.trail_mut(key)?;
        trail.is_open = true;
        let pages = trail.capped().map(|(_, region)| region.pages).max()?;
        trail.limit = trail.limit.max(pages + PAGES);
        self.ask_regions(slot, key, &[])
    }

    /// Asks for the events of a session.
    pub(in crate::engine) fn open_session(&mut self, slot: Slot, key: &str) -> Option<()> {
        self.open_trail(slot, key, PAGES)
    }

    /// No one looks at events any more. Answers under way are kept.
    pub(in crate::engine) fn leave_events(&mut self, slot: Slot) -> Option<()> {
        let account = self.fleet.get_mut(slot)?;
        for (_, trail) in account.impacts.trails_mut() {
            trail.is_open = false;
        }
        account.impacts.forget_old();
        Some(())
    }

    /// Asks for the key itself, and again for what has failed; where nothing has, for all of it.
    pub(in crate::engine) fn look_at_impact(
        &mut self,
        slot: Slot,
        user: &str,
        key: &str,
    ) -> Option<()> {
        if is_usable(self.fleet.get(slot)?) {
            self.read(slot, Read::Keys(user.into()));
            self.read(slot, Read::LastUsed(user.into(), key.to_owned()));
        }
        self.refresh_impact(slot, user, key)
    }

    /// Asks again for what has failed; where nothing has, for all of it.
    pub(in crate::engine) fn refresh_impact(
        &mut self,
        slot: Slot,
        user: &str,
        key: &str,
    ) -> Option<()> {
        let now = self.now;
        let mut keys = self.other_keys(slot, user, key);
        keys.insert(0, key.to_owned());
        let account = self.fleet.get_mut(slot)?;
        if !is_usable(account) {
            return None;
        }
        let mut failed = false;
        for key in &keys {
            if let Some(trail) = account.impacts.trail_mut(key) {
                trail.is_open = true;
                failed |= trail.retry();
            }
        }
        let all = account.impacts.limits.regions.is_none();
        let regions = all && account.impacts.regions.error().is_some();
        let reads = self.reads_of_user(slot, user, true);
        if regions {
            self.read(slot, Read::Regions);
        }
        if failed || regions || !reads.is_empty() {
            self.read_all(slot, reads);
            for key in keys {
                self.ask_regions(slot, &key, &[]);
            }
            // What was not asked in this session yet.
            return self.open_impact(slot, user, key);
        }
        let account = self.fleet.get_mut(slot)?;
        let is_asking = |trail: &KeyTrail| trail.is_asking();
        if account.impacts.trail(key).is_some_and(is_asking) {
            return None;
        }
        for key in &keys {
            if let Some(trail) = account.impacts.trail_mut(key) {
                trail.begin_anew(now);
            }
        }
        self.open_impact(slot, user, key);
        self.read_all(slot, all_of_user(user));
        Some(())
    }
}

/// All that is asked of a user.
fn all_of_user(user: &str) -> [Read; 3] {
    [
        Read::Permissions(user.into()),
        Read::OtherCredentials(user.into()),
        Read::ServicesUsed(user.into()),
    ]
}

/// Whether whoever opens a key has to ask anew: what is known is old, and no one waits for the rest.
fn is_to_begin_anew(trail: &KeyTrail, now: DateTime<Utc>) -> bool {
    trail.as_of(now).is_some() && !(trail.is_open && trail.is_asking())
}

/// Whether something can be asked in a session.
fn is_usable(account: &Account) -> bool {
    account.stage == Stage::SignedIn && account.identity.broken.is_none()
}

/// Whether something is to be asked: it was not, or what is known of it is not all; with `again`, or it
/// was refused.
fn failed_or_idle<T>(
    load: &Load<T>,
    loader: &Loader,
    again: bool,
    in_part: impl Fn(&T) -> bool,
) -> bool {
    match load {
        Load::Idle => true,
        // The session was broken meanwhile, and no answer comes.
        Load::Loading(request, _) => !loader.is_asking(*request),
        Load::Ready(known) => in_part(known),
        Load::Failed(..) => again,
    }
}

/// Where the events of a key are most likely: what global services do is in one region, and where the
/// key was last used.
fn first_regions(account: &Account, key: &str) -> Vec<Arc<str>> {
    let arn = account.identity.caller.known().map(|caller| &*caller.arn);
    let partition = arn.and_then(|arn| arn.split(':').nth(1));
    let home = match partition.unwrap_or("aws") {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        _ => "us-east-1",
    };
    let mut first = vec![Arc::from(home)];
    let mut rows = account.users.rows().iter();
    let used = rows.find_map(|row| {
        let keys = row.keys.known()?;
        let row = keys.iter().find(|row| row.key.id == key)?;
        match row.last_used.known()? {
            LastUsed::At { region, .. } => region.clone(),
            LastUsed::Never => None,
        }
    });
    first.extend(used.filter(|used| names_a_region(used) && **used != *home));
    first
}

/// Whether a text is the name of a region, as far as its form tells, and not that of no one, such as
/// `aws-global`.
fn names_a_region(name: &str) -> bool {
    let mut parts = name.split('-');
    let is_sound = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    name.len() <= 32
        && name.ends_with(|c: char| c.is_ascii_digit())
        && parts.clone().count() >= 3
        && parts.all(is_sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_region_is_asked_as_one() {
        for region in [
            "us-east-1",
            "ap-southeast-2",
            "us-gov-west-1",
            "us-iso-east-1",
        ] {
            assert!(names_a_region(region), "{region}");
        }
        for other in [
            "",
            "N/A",
            "aws-global",
            "us-east-",
            "evil.example/us-east-1",
            "Us-East-1",
        ] {
            assert!(!names_a_region(other), "{other}");
        }
    }
}
