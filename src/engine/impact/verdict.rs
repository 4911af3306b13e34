//! What follows from what is known of a key: what fails without it, and what was not looked at. It is
//! never more certain than what was seen: that nothing uses a key is said only where every region has
//! told all that it has.

use super::{
    KeyTrail, OtherCredentials, Workload,
    trail::{HISTORY, RegionTrail},
};
use crate::engine::{
    Engine, Error, Kind, Slot,
    account::{Account, KeyRow, Load},
    age::ago,
    impact::CredentialKind,
    model::{KeyStatus, LastUsed},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// What was used within this time was used today.
const TODAY: TimeDelta = TimeDelta::hours(24);

/// And this week.
const THIS_WEEK: TimeDelta = TimeDelta::days(7);

/// An event shows up some minutes after the call; so long after it is missing.
const DELAY: TimeDelta = TimeDelta::hours(1);

/// So many names stand in a sentence.
const NAMES: usize = 3;

/// Parts of a path that only machines have.
const PATHS_OF_MACHINES: &[&str] = &[
    "bot",
    "bots",
    "service",
    "services",
    "svc",
    "machine",
    "machines",
    "system",
    "ci",
    "cicd",
    "automation",
    "app",
    "apps",
    "robots",
    "integrations",
];

/// Who signs in as a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// A person: there is a password for the console.
    Person,
    /// A machine: there is none.
    Machine,
    /// Not known.
    Unknown,
}

/// Whether a user is a person or a machine, and why that is thought.
#[must_use]
pub fn nature(path: &str, credentials: &Load<OtherCredentials>) -> (Nature, String) {
    let segment = path.split('/').find(|part| {
        let part = part.to_ascii_lowercase();
        PATHS_OF_MACHINES.contains(&part.as_str())
    });
    let Some(known) = credentials.known() else {
        let why = match (credentials.error(), segment) {
            (_, Some(segment)) => format!("perhaps a machine: its path has /{segment}/"),
            (Some(error), None) => format!("person or machine: not known ({})", error.short()),
            (None, None) => "person or machine: being asked".into(),
        };
        return (Nature::Unknown, why);
    };
    let has_password = known.get(&CredentialKind::Password, "").is_some()
        || known
            .items
            .iter()
            .any(|item| item.kind == CredentialKind::Password);
    if has_password {
        let but = segment.map(|segment| format!(", though its path has /{segment}/"));
        let words = format!(
            "a person: has a console password{}",
            but.unwrap_or_default()
        );
        return (Nature::Person, words);
    }
    let action = CredentialKind::Password.list_action();
    let refused = known.missing.iter().find(|error| error.action == action);
    match refused {
        Some(error) => (
            Nature::Unknown,
            format!("person or machine: not known ({})", error.short()),
        ),
        None => (
            Nature::Machine,
            "probably a machine: no console password".into(),
        ),
    }
}

/// A key whose impact is told.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The account.
    pub account: &'a Account,
    /// The user.
    pub user: &'a str,
    /// The key's ID.
    pub key: &'a str,
    /// The present.
    pub now: DateTime<Utc>,
}

/// Whether a key is there.
#[derive(Clone, Copy, Debug)]
pub enum Presence<'a> {
    /// It is, as this row has it.
    Here(&'a KeyRow),
    /// It is not, or its user is not.
    Gone,
    /// The keys of its user are not known.
    Unknown,
}

impl<'a> Subject<'a> {
    /// Whether the key is there, as far as that is known.
    #[must_use]
    pub fn presence(&self) -> Presence<'a> {
        let users = &self.account.users;
        let Some(row) = users.get(self.user) else {
            return if users.is_complete() {
                Presence::Gone
            } else {
                Presence::Unknown
            };
        };
        let user_is_gone = |error: &Error| error.kind == Kind::NotFound;
        if row.keys.error().is_some_and(user_is_gone) {
            return Presence::Gone;
        }
        let Some(keys) = row.keys.known() else {
            return Presence::Unknown;
        };
        let mut keys = keys.iter();
        keys.find(|row| row.key.id == self.key)
            .map_or(Presence::Gone, Presence::Here)
    }

    fn trail(&self) -> Option<&'a KeyTrail> {
        self.account.impacts.trail(self.key)
    }

    /// What happens if the key is deactivated, a sentence each.
    #[must_use]
    pub fn if_deactivated(&self) -> Vec<String> {
        let mut text = Vec::new();
        let keys = self.account.users.keys(self.user).unwrap_or_default();
        let presence = self.presence();
        let works = match presence {
            Presence::Here(row) => row.key.status != KeyStatus::Inactive,
            Presence::Gone => false,
            Presence::Unknown => true,
        };
        match presence {
            Presence::Gone => text.push("It is not there any more: nothing can use it.".into()),
            _ if works => {}
            _ => text.push("It is Inactive already: nothing can use it.".into()),
        }
        text.push(self.what_fails(works));
        if let Presence::Here(row) = presence
            && let Some(trail) = self.trail()
            && let Some(words) = unseen_use(row, trail, self.now)
        {
            text.push(format!("Last used {words}."));
        }
        let others = keys.iter().filter(|other| other.key.id != self.key);
        let mut active = others
            .filter(|other| other.key.status != KeyStatus::Inactive)
            .peekable();
        if active.peek().is_none() && self.account.users.keys(self.user).is_some() {
            text.push(format!("{} has no other active key.", self.user));
        }
        for other in active {
            text.push(self.other_key(&other.key.id));
        }
        let permissions = self.account.impacts.user(self.user);
        if let Some(permissions) = permissions.and_then(|it| it.permissions.known()) {
            if let Some(policy) = permissions.quarantine() {
                text.push(format!(
                    "AWS has put {user} under quarantine ({policy}): it attaches this policy when it finds \
                     a key of a user in public. Treat each key of {user} as leaked.",
                    user = self.user
                ));
            }
            if let Some(boundary) = &permissions.boundary {
                text.push(format!(
                    "A boundary limits {}: {}.",
                    self.user, boundary.name
                ));
            }
        }
        text
    }

    /// What used it lately and would fail; or fails, where the key does not work any more.
    fn what_fails(&self, works: bool) -> String {
        let Some(trail) = self.trail().filter(|trail| !trail.regions.is_empty()) else {
            return "What uses it was not asked.".into();
        };
        let rows = trail.workloads.rows();
        let within = |time| -> Vec<&Workload> {
            let rows = rows
                .iter()
                .filter(|row| row.was_seen_within(time, self.now));
            rows.copied().collect()
        };
        let rest = self.rest(trail);
        let perhaps = match &rest {
            Some(rest) => format!(" Perhaps others: {rest}."),
            None => String::new(),
        };
        for (time, when) in [(TODAY, "today"), (THIS_WEEK, "this week")] {
            let used = within(time);
            if !used.is_empty() {
                let (count, fails) = match used.len() {
                    1 => ("1 workload".to_owned(), "fails"),
                    many => (format!("{many} workloads"), "fail"),
                };
                let fails = if works { "will fail" } else { fails };
                let names = names(&used);
                return format!("{count} that used it {when} {fails}: {names}.{perhaps}");
            }
        }
        match (rows.first(), rest) {
            (Some(last), None) => format!(
                "Nothing has used it this week, as far as management calls tell. The last one was by {}, {}.",
                last.short(),
                ago(self.now - last.last)
            ),
            (Some(last), Some(rest)) => format!(
                "The last management call that is known was by {}, {}; {rest}.",
                last.short(),
                ago(self.now - last.last)
            ),
            (None, None) if !trail.is_whole() => {
                "Not known what uses it: not everything is loaded.".into()
            }
            (None, None) => format!(
                "No management call in the last {} days, in any of {} regions.",
                trail.days(),
                trail.regions.len()
            ),
            (None, Some(rest)) => format!("Not known what uses it: {rest}."),
        }
    }

    /// Why there may be more than what was seen; `None` where there is not.
    fn rest(&self, trail: &KeyTrail) -> Option<String> {
        match (trail.unanswered(), trail.unseen()) {
            (0, 0) => {}
            (0, unseen) => {
                return Some(format!(
                    "{} not told everything yet",
                    regions(unseen, "has", "have")
                ));
            }
            (unanswered, _) => {
                return Some(format!(
                    "{} not answered yet",
                    regions(unanswered, "has", "have")
                ));
            }
        }
        let failed = trail.failed().count();
        if failed > 0 {
            return Some(format!(
                "{} not told everything",
                regions(failed, "has", "have")
            ));
        }
        match trail.unreadable() {
            0 => {}
            1 => return Some("1 event could not be read".into()),
            many => return Some(format!("{many} events could not be read")),
        }
        if self.account.impacts.limits.regions.is_some() {
            return Some("other regions were not asked".into());
        }
        if self.account.impacts.regions.known().is_none() {
            return Some("which other regions are enabled is not known".into());
        }
        let recent = trail
            .known_since()
            .is_some_and(|since| self.now - since > THIS_WEEK);
        if trail.has_older() && !recent {
            return Some("only the latest events are loaded".into());
        }
        let words = as_of(trail, self.now)?;
        Some(format!("this is {words}"))
    }

    /// Whether another key of the user has taken over.
    fn other_key(&self, other: &str) -> String {
        let user = self.user;
        let name = format!("The other key of {user}, {other},");
        let own = self
            .trail()
            .map(|trail| trail.workloads.rows())
            .unwrap_or_default();
        let own: Vec<&&Workload> = own
            .iter()
            .filter(|row| row.was_seen_within(THIS_WEEK, self.now))
            .collect();
        let Some(trail) = self.account.impacts.trail(other) else {
            return format!("{name} was not looked at.");
        };
        if trail.seen().is_err() {
            let rest = self.rest(trail).map(|rest| format!(": {rest}"));
            let rest = rest.unwrap_or_default();
            return format!(
                "Whether the other key of {user}, {other}, is used is not known{rest}."
            );
        }
        let rows = trail.workloads.rows();
        let also: Vec<&Workload> = rows
            .iter()
            .filter(|row| row.was_seen_within(THIS_WEEK, self.now))
            .filter(|row| {
                own.iter()
                    .any(|own| own.program.short() == row.program.short())
            })
            .copied()
            .collect();
        if !also.is_empty() {
            return format!("{name} is already used by {}.", names(&also));
        }
        let lately: Vec<&Workload> = rows
            .iter()
            .filter(|row| row.was_seen_within(THIS_WEEK, self.now))
            .copied()
            .collect();
        let whose = if lately.is_empty() {
            "was not seen in use this week".to_owned()
        } else {
            format!(
                "is used by {}, and not seen with any of these",
                names(&lately)
            )
        };
        match self.rest(trail) {
            None => format!("{name} {whose}."),
            Some(rest) => format!("{name} {whose}, as far as is known: {rest}."),
        }
    }

    /// What was not looked at, a phrase each; there is always something.
    #[must_use]
    pub fn not_checked(&self) -> Vec<String> {
        let mut text = vec![
            "data events (reading S3 objects, invoking functions)".to_owned(),
            "resource policies (buckets, KMS keys, role trust)".to_owned(),
            format!(
                "anything older than {} days",
                self.trail().map_or(HISTORY.num_days(), KeyTrail::days)
            ),
            "the last minutes: an event takes some to appear".to_owned(),
        ];
        let Some(trail) = self.trail() else {
            text.push("all events: not asked in this session".into());
            return text;
        };
        if let Some(until) = trail.as_of(self.now) {
            let time = clock(until, self.now);
            text.push(format!("anything after {time}, when it was asked"));
        }
        let unanswered = trail.unanswered();
        if unanswered > 0 {
            let s = if unanswered == 1 { "" } else { "s" };
            text.push(format!("{unanswered} region{s} still being asked"));
        }
        let mut failed: Vec<(String, Vec<&str>)> = Vec::new();
        for (region, of, error) in trail.failed() {
            let words = failure(error, of);
            match failed.iter_mut().find(|(known, _)| *known == words) {
                Some((_, regions)) => regions.push(region),
                None => failed.push((words, vec![region])),
            }
        }
        for (words, regions) in failed {
            text.push(match &regions[..] {
                few if few.len() <= NAMES => format!("{} ({words})", few.join(", ")),
                many => format!("{} regions ({words})", many.len()),
            });
        }
        let regions = &self.account.impacts.regions;
        if let Some(only) = &self.account.impacts.limits.regions {
            let only: Vec<&str> = only.iter().map(|name| &**name).collect();
            text.push(format!("regions other than {}", only.join(" and ")));
        } else if regions.known().is_none() {
            let asked: Vec<&str> = trail.regions.keys().map(|name| &**name).collect();
            let asked = asked.join(" and ");
            text.push(match regions.error() {
                Some(error) => format!("regions other than {asked} ({})", error.short()),
                None => format!("regions other than {asked}, until they are listed"),
            });
        }
        let cut_off: Vec<(&Arc<str>, &RegionTrail)> = trail.cut_off().collect();
        match &cut_off[..] {
            [] => {}
            [(region, only)] => text.push(format!(
                "older events of {region}: these are the latest {} of more",
                only.events.len()
            )),
            many => {
                let most = many.iter().map(|(_, region)| region.events.len()).max();
                text.push(format!(
                    "older events of {} regions: these are the latest {} of more in each",
                    many.len(),
                    most.unwrap_or(0)
                ));
            }
        }
        match trail.unreadable() {
            0 => {}
            1 => text.push("1 event that could not be read".into()),
            many => text.push(format!("{many} events that could not be read")),
        }
        text.extend(self.sessions_not_checked(trail));
        text
    }

    /// Of which sessions it was not asked what they did, or not all was told.
    fn sessions_not_checked(&self, trail: &KeyTrail) -> Option<String> {
        let (all, _) = trail.count_sessions(self.now);
        let asked = self.account.impacts.trails();
        let asked = asked.filter(|(key, _)| trail.has_made(key));
        let (mut told, mut whole) = (0, 0);
        for (_, trail) in asked {
            told += usize::from(trail.seen().is_ok());
            whole += usize::from(trail.seen().is_ok() && trail.is_whole());
        }
        match (all - told, told - whole) {
            (0, 0) => None,
            (unasked, _) if unasked == all => Some("what its sessions did".into()),
            (0, parts) => Some(format!("all that {parts} of its sessions did")),
            (unasked, _) => Some(format!("what {unasked} of its {all} sessions did")),
        }
    }
}

impl Engine {
    /// What is known of who uses a key, in a few words: `used today by GitHub Actions and boto3 in a
    /// VPC`. Nothing is asked for it, and where nothing is known, nothing is said.
    #[must_use]
    pub fn impact_words(&self, slot: Slot, key: &str) -> Option<String> {
        let account = self.fleet.get(slot)?;
        let trail = account.impacts.trail(key)?;
        let rows = trail.workloads.rows();
        let now = self.now();
        let mut keys = account
            .users
            .rows()
            .iter()
            .filter_map(|row| row.keys.known());
        let row = keys.find_map(|keys| keys.iter().find(|row| row.key.id == key));
        let unseen = row.and_then(|row| unseen_use(row, trail, now));
        let with_unseen = |words: String| match &unseen {
            Some(unseen) => format!("{words}; last used {unseen}"),
            None => words,
        };
        for (time, when) in [(TODAY, "today"), (THIS_WEEK, "this week")] {
            let used = rows.iter().filter(|row| row.was_seen_within(time, now));
            let used: Vec<&Workload> = used.copied().collect();
            if !used.is_empty() {
                return Some(with_unseen(format!("used {when} by {}", names(&used))));
            }
        }
        let subject = Subject {
            account,
            user: "",
            key,
            now,
        };
        let rest = subject.rest(trail);
        let Some(last) = rows.first() else {
            let all = rest.is_none() && trail.is_whole();
            let days = trail.days();
            return all.then(|| with_unseen(format!("no management call in the last {days} days")));
        };
        let by = format!("by {}, {}", last.short(), ago(now - last.last));
        Some(match rest {
            None => with_unseen(format!("last management call {by}")),
            Some(rest) => format!("the last management call that is known was {by}; {rest}"),
        })
    }
}

/// When a key was used last, for what and why that is none of its calls that are known; none where it is
/// one of them, or may be one that is not loaded.
fn unseen_use(row: &KeyRow, trail: &KeyTrail, now: DateTime<Utc>) -> Option<String> {
    let Some(LastUsed::At { time, service, .. }) = row.last_used.known() else {
        return None;
    };
    if !trail.is_whole() || trail.as_of(now).is_some() {
        return None;
    }
    let told = trail
        .latest()
        .and_then(|latest| latest.checked_add_signed(DELAY));
    if told.is_some_and(|told| told >= *time) {
        return None;
    }
    let service = service.as_deref().map(|it| format!(" for {it}"));
    let why = if *time < trail.since {
        "before the 90 days that the event history covers"
    } else {
        "by a call that the event history does not have: a data event, or one of the last minutes"
    };
    let (when, service) = (ago(now - *time), service.unwrap_or_default());
    Some(format!("{when}{service}, {why}"))
}

/// Until when a history tells, where the present may be another: `as of 14:02 UTC`.
#[must_use]
pub fn as_of(trail: &KeyTrail, now: DateTime<Utc>) -> Option<String> {
    let until = trail.as_of(now)?;
    Some(format!("as of {}", clock(until, now)))
}

/// A time of the last hours or days.
fn clock(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let form = if time.date_naive() == now.date_naive() {
        "%H:%M UTC"
    } else {
        "%b %-d %H:%M UTC"
    };
    time.format(form).to_string()
}

/// Why a region has not told everything. What it has told before is kept.
fn failure(error: &Error, region: &RegionTrail) -> String {
    match region.events.len() {
        0 => error.short(),
        some => format!("{} after {some} events", error.short()),
    }
}

/// So many regions with a verb.
fn regions(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 region {one}"),
        count => format!("{count} regions {many}"),
    }
}

/// Workloads in a sentence, each name once: `GitHub Actions, boto3 in a VPC and 2 others`.
fn names(rows: &[&Workload]) -> String {
    let mut names: Vec<String> = Vec::new();
    for row in rows {
        let name = row.short();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > NAMES {
        let others = names.len() - (NAMES - 1);
        names.truncate(NAMES - 1);
        names.push(format!("{others} others"));
    }
    match names.pop() {
        Some(last) if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        last => last.unwrap_or_default(),
    }
}
