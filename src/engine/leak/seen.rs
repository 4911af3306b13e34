//! How far the events of a leaked key are loaded, and those of the sessions that it has made: what was
//! not seen is not known not to be.

use super::{DELAY, HarmKind, Leak, RoleUsed};
use crate::engine::{
    account::KeyRow,
    account::Load,
    error::Error,
    impact::{Impacts, KeyTrail, Made, RegionState, SessionOf, TrailEvent, sessions::later},
};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// How far the events of the key are loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen<'a> {
    /// How many events are loaded, those of its sessions among them.
    pub events: usize,
    /// How many regions are asked, or will be.
    pub regions: usize,
    /// Of how many all is loaded.
    pub whole: usize,
    /// Those of which there is more than was asked for.
    pub capped: Vec<&'a str>,
    /// Those that were refused or failed, and why.
    pub failed: Vec<(&'a str, &'a Error)>,
    /// How many events could not be read.
    pub unreadable: usize,
    /// How many of its sessions there are whose own events were not asked for.
    pub sessions_unseen: usize,
    /// Those of its sessions that were asked for, and of which not all is loaded.
    pub sessions: Vec<SessionSeen<'a>>,
    /// Whether it is known which regions there are.
    pub knows_regions: bool,
    /// Which regions there are was refused.
    pub regions_refused: Option<&'a Error>,
    /// Events from then on were asked for, of the key and of all its sessions; none where none were.
    pub since: Option<DateTime<Utc>>,
    /// And until then.
    pub until: Option<DateTime<Utc>>,
}

/// How far the events of a session are loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionSeen<'a> {
    /// Its key ID.
    pub key: &'a str,
    /// How many regions have not told all yet.
    pub waiting: usize,
    /// Those of which there is more than was asked for.
    pub capped: Vec<&'a str>,
    /// Those that were refused or failed, and why.
    pub failed: Vec<(&'a str, &'a Error)>,
}

/// What the events cannot tell although all of them are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncovered {
    /// The key can still be used.
    Live,
    /// Whether it can is not known.
    StatusUnknown,
    /// They were asked for before CloudTrail shows all that was done until the key was off.
    Latest,
    /// A session of it may have been used since they were asked for, or so shortly before that
    /// CloudTrail does not show it.
    Sessions,
    /// The key is older than what they tell of, which begins then; or it is not known when it was created.
    Before(Option<DateTime<Utc>>),
}

impl Uncovered {
    /// What is not covered, in a few words.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Live => "it can still be used".into(),
            Self::StatusUnknown => "whether it can still be used is not known".into(),
            Self::Latest => "its last calls may not be told yet".into(),
            Self::Sessions => "its sessions may do more".into(),
            Self::Before(Some(since)) => {
                format!("nothing is told from before {}", since.format("%Y-%m-%d"))
            }
            Self::Before(None) => "how much was before is not known".into(),
        }
    }
}

/// What is not known where nothing of a user's permissions could be read.
const ALL_POLICIES: &str = "The user's policies, groups and permissions boundary";

/// What an action would have told of a user and of a key.
fn tells(action: &str) -> &'static str {
    match action {
        "iam:ListAccessKeys" => "The user's access keys",
        "iam:GetAccessKeyLastUsed" => "When the key was last used",
        "iam:ListAttachedUserPolicies" => "The managed policies attached to the user",
        "iam:ListUserPolicies" => "The user's inline policies",
        "iam:GetUserPolicy" => "What the user's inline policies say",
        "iam:ListGroupsForUser" => "The user's groups, and what they allow",
        "iam:GetUser" => "The user's permissions boundary",
        "iam:ListAttachedGroupPolicies" => "The managed policies attached to the user's groups",
        "iam:ListGroupPolicies" => "The inline policies of the user's groups",
        "iam:GetGroupPolicy" => "What the inline policies of the user's groups say",
        "iam:GetPolicy" | "iam:GetPolicyVersion" => "What the managed policies say",
        "iam:GetLoginProfile" => "The user's console password",
        "iam:ListMFADevices" => "The user's MFA devices",
        "iam:ListSSHPublicKeys" => "The user's SSH keys",
        "iam:ListSigningCertificates" => "The user's signing certificates",
        "iam:ListServiceSpecificCredentials" => "The user's credentials of single services",
        _ => "What was refused or failed",
    }
}

/// So many of several are named, where not all have to be.
const NAMES: usize = 2;

/// These, by name as far as they are few: `eu-west-1 and us-east-1`, `17 regions`; with `all`, all of
/// them.
fn several(names: &[&str], what: &str, all: bool) -> String {
    match names {
        [one] => (*one).to_owned(),
        few if few.len() <= NAMES => few.join(" and "),
        many if all => format!("{} {what} ({})", many.len(), many.join(", ")),
        many => format!("{} {what}", many.len()),
    }
}

/// Things for each reason, each reason once; the first one first.
fn by_reason<'a, R: PartialEq>(
    things: impl IntoIterator<Item = (&'a str, R)>,
) -> Vec<(R, Vec<&'a str>)> {
    let mut folded: Vec<(R, Vec<&str>)> = Vec::new();
    for (thing, reason) in things {
        match folded.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, of_it)) => of_it.push(thing),
            None => folded.push((reason, vec![thing])),
        }
    }
    folded
}

impl SessionSeen<'_> {
    /// What of it was not seen: what is said before the session, and behind it.
    fn gaps(&self, all: bool) -> Vec<(&'static str, String)> {
        let mut gaps = Vec::new();
        if self.waiting > 0 {
            let regions = match self.waiting {
                1 => "a region".into(),
                count => format!("{count} regions"),
            };
            gaps.push(("Events of", format!(": {regions} had not answered yet.")));
        }
        let failed = self.failed.iter();
        for (error, regions) in by_reason(failed.map(|(name, error)| (*name, error.short()))) {
            let regions = several(&regions, "regions", all);
            gaps.push(("Events of", format!(" in {regions} ({error}).")));
        }
        if !self.capped.is_empty() {
            let regions = several(&self.capped, "regions", all);
            gaps.push(("Older events of", format!(" in {regions}.")));
        }
        gaps
    }
}

impl Leak<'_> {
    /// Whether the events of all regions there are, are loaded, of the key and of all its sessions, and
    /// nothing is known to be missing.
    #[must_use]
    pub fn has_seen_all(&self) -> bool {
        let seen = &self.seen;
        seen.has_key_whole() && seen.sessions.is_empty() && seen.sessions_unseen == 0
    }

    /// What the events do not cover, however many are loaded; none where they tell all that it did, but
    /// for what CloudTrail does not record at all.
    #[must_use]
    pub fn uncovered(&self) -> Option<Uncovered> {
        if self.is_live() {
            return Some(match self.row {
                Some(_) => Uncovered::Live,
                None => Uncovered::StatusUnknown,
            });
        }
        let (true, Some(off)) = (self.is_off(), self.off_since) else {
            return Some(Uncovered::StatusUnknown);
        };
        let told_after = |at| {
            self.seen
                .until
                .is_some_and(|until| until >= later(at, DELAY))
        };
        if !told_after(off) {
            return Some(Uncovered::Latest);
        }
        if self.sessions_until.is_some_and(|end| !told_after(end)) {
            return Some(Uncovered::Sessions);
        }
        let created = self.row.and_then(|row| row.key.created);
        let is_younger = created.is_some_and(|created| Some(created) >= self.seen.since);
        (!is_younger).then_some(Uncovered::Before(self.seen.since))
    }

    /// Whether the events tell that nothing which the leaked key did lets anybody make other keys, and
    /// cover the time when this one was created: what was done before, or in the last minutes, is not
    /// told.
    pub(super) fn clears(&self, row: &KeyRow) -> bool {
        let grants = |kind| {
            matches!(
                kind,
                HarmKind::Users
                    | HarmKind::Keys
                    | HarmKind::LoginProfiles
                    | HarmKind::Policies
                    | HarmKind::Trust
                    // Machines and functions have roles.
                    | HarmKind::Instances
            )
        };
        let granted = self
            .harm
            .iter()
            .any(|harm| !harm.has_failed() && grants(harm.kind));
        let (Some(since), Some(until)) = (self.seen.since, self.seen.until) else {
            return false;
        };
        let told = |created| created >= since && later(created, DELAY) <= until;
        self.has_seen_all() && !granted && row.key.created.is_some_and(told)
    }

    /// Why not all that the key did is known; none where it is.
    #[must_use]
    pub fn events_missing(&self) -> Option<String> {
        let seen = &self.seen;
        if seen.regions == 0 {
            return Some("its events were not asked for".into());
        }
        let untold = seen.untold();
        if untold > 0 {
            let why = seen.failed.first();
            let why = why.map(|(_, error)| format!(" ({})", error.short()));
            return Some(format!(
                "{untold} of {} regions not told{}",
                seen.regions,
                why.unwrap_or_default()
            ));
        }
        if let Some(error) = seen.regions_refused {
            return Some(format!("which regions there are ({})", error.short()));
        }
        (!self.has_seen_all()).then(|| "not all events were told".into())
    }

    /// Why the user's policies that are known are not all: each refusal with what it would have told.
    #[must_use]
    pub fn policies_missing(&self) -> Vec<String> {
        let known = self.permissions.and_then(Load::known);
        let refused = self.permissions.and_then(Load::error);
        if known.is_none() && refused.is_none() {
            return vec!["they had not been told".into()];
        }
        let part = known.map_or(&[][..], |known| &known.missing);
        let all = refused.into_iter().map(|error| (ALL_POLICIES, error));
        let all = all.chain(part.iter().map(|error| (tells(error.action), error)));
        all.map(|(what, error)| format!("{what} ({})", error.short()))
            .collect()
    }

    /// What was not looked at, or could not be, in whole sentences. Where the same is to be said of many
    /// regions or sessions, it is said once.
    #[must_use]
    pub fn not_checked(&self, since: Option<DateTime<Utc>>) -> Vec<String> {
        self.unchecked(since, false)
    }

    /// The same, and each region and session by its name.
    #[must_use]
    pub fn not_checked_by_name(&self, since: Option<DateTime<Utc>>) -> Vec<String> {
        self.unchecked(since, true)
    }

    fn unchecked(&self, since: Option<DateTime<Utc>>, all: bool) -> Vec<String> {
        let seen = &self.seen;
        let mut said = vec![
            "Data events: reading S3 objects, invoking functions or models, items of tables."
                .into(),
            match since {
                Some(since) => format!("Anything before {}.", since.format("%Y-%m-%d")),
                None => "The event history was not asked for.".into(),
            },
            "Calls of the 15 minutes before it was asked: CloudTrail may not show them yet.".into(),
            "Policies of resources and of the organisation.".into(),
        ];
        match self.uncovered() {
            Some(Uncovered::Live) => {
                said.push("What it does from now on: it can still be used.".into());
            }
            Some(Uncovered::StatusUnknown) => said
                .push("What it has done since, or does: since when it is off is not known.".into()),
            Some(Uncovered::Sessions) => {
                said.push("What its sessions do from now on: not all of them are over.".into());
            }
            Some(Uncovered::Latest | Uncovered::Before(_)) | None => {}
        }
        match seen.regions_refused {
            Some(error) => said.push(format!(
                "Other regions: which there are is not known ({}).",
                error.short()
            )),
            None if !seen.knows_regions => {
                said.push("Other regions: which there are had not been told yet.".into());
            }
            None => {}
        }
        let failed = seen.failed.iter();
        for (error, regions) in by_reason(failed.map(|(name, error)| (*name, error.short()))) {
            let regions = several(&regions, "regions", all);
            said.push(format!("Events in {regions} ({error})."));
        }
        let asked = seen.regions - seen.whole - seen.capped.len() - seen.failed.len();
        if asked > 0 {
            let regions = match asked {
                1 => "a region".into(),
                asked => format!("{asked} regions"),
            };
            said.push(format!("Events of {regions} that had not answered yet."));
        }
        if !seen.capped.is_empty() {
            let regions = several(&seen.capped, "regions", all);
            said.push(format!(
                "Older events in {regions}: only the latest were asked for."
            ));
        }
        match seen.unreadable {
            0 => {}
            1 => said.push("An event that could not be read.".into()),
            many => said.push(format!("{many} events that could not be read.")),
        }
        if seen.sessions_unseen > 0 {
            said.push(match seen.sessions_unseen {
                1 => "What a session of it did: its events were not asked for.".into(),
                many => {
                    format!("What {many} of its sessions did: their events were not asked for.")
                }
            });
        }
        let gaps = seen.sessions.iter().flat_map(|session| {
            let gaps = session.gaps(all).into_iter();
            gaps.map(move |gap| (session.key, gap))
        });
        for ((before, behind), sessions) in by_reason(gaps) {
            let sessions = match &sessions[..] {
                [one] => format!("its session {one}"),
                many => several(many, "of its sessions", all),
            };
            said.push(format!("{before} {sessions}{behind}"));
        }
        said.extend(self.quarantine_not_checked());
        let one = |error: &'_ Error| tells(error.action);
        // Of what is refused as a whole one of its actions is named.
        let refused = [
            self.keys_error.map(|it| (one(it), it)),
            self.row
                .and_then(|row| row.last_used.error())
                .map(|it| (one(it), it)),
            self.permissions
                .and_then(Load::error)
                .map(|it| (ALL_POLICIES, it)),
            self.credentials
                .and_then(Load::error)
                .map(|it| ("What else the user can sign in with", it)),
        ];
        let permissions = self.permissions.and_then(Load::known);
        let missing = permissions.map_or(&[][..], |known| &known.missing);
        let in_part = missing.iter().chain(self.others_missing());
        let in_part = in_part.map(|it| (one(it), it));
        for (what, error) in refused.into_iter().flatten().chain(in_part) {
            let sentence = format!("{what} ({}).", error.short());
            if !said.contains(&sentence) {
                said.push(sentence);
            }
        }
        said
    }
}

impl Seen<'_> {
    /// A history was asked for from one time to another: all of them only from the latest of the first
    /// to the earliest of the second.
    fn note_span(&mut self, trail: &KeyTrail) {
        self.since = self.since.max(Some(trail.since));
        self.until = Some(
            self.until
                .map_or(trail.until, |until| until.min(trail.until)),
        );
    }

    /// How many regions have not told even their latest events.
    #[must_use]
    pub fn untold(&self) -> usize {
        self.regions - self.whole - self.capped.len()
    }

    /// Whether all that the key itself has signed is loaded.
    #[must_use]
    pub fn has_key_whole(&self) -> bool {
        self.regions > 0
            && self.whole == self.regions
            && self.knows_regions
            && self.regions_refused.is_none()
            && self.unreadable == 0
    }
}

/// Events, each with the session that has signed it; none where the key itself has.
pub(super) type Signed<'a> = (Option<&'a str>, &'a TrailEvent);

/// The events of a key and of its sessions, and those sessions: the ones that were made last first.
pub(super) fn events_of<'a>(impacts: &'a Impacts, key: &str) -> (Vec<Signed<'a>>, Vec<&'a str>) {
    let mut events: Vec<Signed<'a>> = Vec::new();
    let mut made: HashMap<&'a str, DateTime<Utc>> = HashMap::new();
    let mut open: Vec<(Option<&'a str>, &'a KeyTrail)> = Vec::new();
    open.extend(impacts.trail(key).map(|trail| (None, trail)));
    while let Some((session, trail)) = open.pop() {
        for event in trail.events() {
            events.push((session, event));
            if let Some(Made::Session { key, .. }) = event.made.as_deref()
                && event.error.is_none()
                && made.insert(key, event.at).is_none()
            {
                let trail = impacts.trail(key);
                open.extend(trail.map(|trail| (Some(&**key), trail)));
            }
        }
    }
    let mut sessions: Vec<(&str, DateTime<Utc>)> = made.into_iter().collect();
    sessions.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let sessions = sessions.into_iter().map(|(key, _)| key);
    (events, sessions.collect())
}

/// The sessions that a key has made: when, and whose they are.
pub(super) fn sessions_in<'a>(
    events: &[Signed<'a>],
) -> impl Iterator<Item = (DateTime<Utc>, &'a SessionOf)> {
    events
        .iter()
        .filter_map(|(_, event)| match event.made.as_deref() {
            Some(Made::Session { of, .. }) if event.error.is_none() => Some((event.at, of)),
            _ => None,
        })
}

/// The roles that were assumed, the last one first.
pub(super) fn roles_in<'a>(events: &[Signed<'a>]) -> Vec<RoleUsed<'a>> {
    let mut roles: Vec<RoleUsed<'a>> = Vec::new();
    for (at, of) in sessions_in(events) {
        let SessionOf::Role(arn) = of else {
            continue;
        };
        match roles.iter_mut().find(|role| role.arn == &**arn) {
            Some(role) => {
                role.count += 1;
                role.last = role.last.max(at);
            }
            None => roles.push(RoleUsed {
                arn,
                last: at,
                count: 1,
            }),
        }
    }
    roles.sort_by(|a, b| b.last.cmp(&a.last).then(a.arn.cmp(b.arn)));
    roles
}

/// How far the events of a key and of these sessions of it are loaded.
pub(super) fn seen<'a>(impacts: &'a Impacts, key: &str, sessions: &[Box<str>]) -> Seen<'a> {
    let regions = &impacts.regions;
    let mut seen = Seen {
        knows_regions: regions.known().is_some(),
        regions_refused: regions.error(),
        ..Seen::default()
    };
    for session in sessions {
        let Some((session, trail)) = impacts.trail_of(session) else {
            seen.sessions_unseen += 1;
            continue;
        };
        seen.note_span(trail);
        let mut of_it = SessionSeen {
            key: session,
            ..SessionSeen::default()
        };
        for (name, region) in &trail.regions {
            seen.events += region.events.len();
            seen.unreadable += region.unreadable;
            match &region.state {
                RegionState::Whole => {}
                RegionState::More(_) => of_it.capped.push(name),
                RegionState::Failed(error, _) => of_it.failed.push((name, error)),
                RegionState::Waiting | RegionState::Asking(_) => of_it.waiting += 1,
            }
        }
        let has_gap = of_it.waiting > 0 || !of_it.capped.is_empty() || !of_it.failed.is_empty();
        if has_gap || trail.regions.is_empty() {
            seen.sessions.push(of_it);
        }
    }
    let Some(trail) = impacts.trail(key) else {
        return seen;
    };
    seen.note_span(trail);
    for (name, region) in &trail.regions {
        seen.regions += 1;
        seen.events += region.events.len();
        seen.unreadable += region.unreadable;
        match &region.state {
            RegionState::Whole => seen.whole += 1,
            RegionState::More(_) => seen.capped.push(name),
            RegionState::Failed(error, _) => seen.failed.push((name, error)),
            RegionState::Waiting | RegionState::Asking(_) => {}
        }
    }
    seen
}
