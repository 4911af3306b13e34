//! The sessions that a key has made. They go on without it: deactivating or deleting the key does not
//! end them, and what they do is recorded under their own key IDs (`ASIA…`).

use super::{KeyTrail, Made, SessionOf, TrailEvent, revocation::LONGEST};
use chrono::{DateTime, TimeDelta, Utc};
use std::{collections::HashSet, sync::Arc};

/// The longest that a session of a role lasts (IAM user guide, "Maximum session duration": 12 hours).
const LONGEST_OF_ROLE: TimeDelta = TimeDelta::hours(12);

/// So much later; the last time there is, where that would be beyond it: what comes from outside may
/// say any time.
pub(in crate::engine) fn later(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    at.checked_add_signed(by)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// A session that a key has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySession<'a> {
    /// Its key ID.
    pub key: &'a str,
    /// Whose it is.
    pub of: &'a SessionOf,
    /// When it was made.
    pub made: DateTime<Utc>,
    /// Until when it is valid: at the latest, where the event does not tell.
    pub until: DateTime<Utc>,
    /// Whether the event tells until when.
    pub is_told: bool,
}

impl<'a> KeySession<'a> {
    /// The session that a call has given; none where it has given none.
    #[must_use]
    pub fn of(event: &'a TrailEvent) -> Option<Self> {
        let Some(Made::Session { key, until, of }) = event.made.as_deref() else {
            return None;
        };
        let longest = match of {
            SessionOf::Role(_) => LONGEST_OF_ROLE,
            SessionOf::User | SessionOf::Federated(_) => LONGEST,
        };
        Some(Self {
            key,
            of,
            made: event.at,
            until: until.unwrap_or(later(event.at, longest)),
            is_told: until.is_some(),
        })
    }

    /// Whether it may still be used.
    #[must_use]
    pub fn may_live(&self, now: DateTime<Utc>) -> bool {
        self.until > now
    }

    /// The action that has made it, with its role or name: `AssumeRole deploy-role`.
    #[must_use]
    pub fn words(&self) -> String {
        match self.of {
            SessionOf::User => "GetSessionToken".into(),
            SessionOf::Federated(name) => format!("GetFederationToken {name}"),
            SessionOf::Role(arn) => {
                let name = arn.rsplit('/').next().unwrap_or(arn);
                format!("AssumeRole {name}")
            }
        }
    }
}

/// Where the sessions are among the events of a key: found as these come, for a page asks in each frame.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// Those that live longest first.
    places: Vec<Place>,
    /// Their key IDs.
    seen: HashSet<Box<str>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Place {
    until: DateTime<Utc>,
    region: Arc<str>,
    at: usize,
}

impl Sessions {
    /// Takes in events of a region, the first of which has this place among all of it.
    pub(super) fn fold(&mut self, region: &Arc<str>, first: usize, events: &[TrailEvent]) {
        let before = self.places.len();
        for (at, event) in (first..).zip(events) {
            let Some(session) = KeySession::of(event) else {
                continue;
            };
            if self.seen.insert(session.key.into()) {
                self.places.push(Place {
                    until: session.until,
                    region: region.clone(),
                    at,
                });
            }
        }
        if self.places.len() > before {
            self.places.sort_by(|a, b| {
                let place = |one: &'_ Place| (one.region.clone(), one.at);
                let longest = b.until.cmp(&a.until);
                longest.then_with(|| place(a).cmp(&place(b)))
            });
        }
    }
}

impl KeyTrail {
    /// The sessions that the key has made, as far as its events are loaded; those that live longest
    /// first.
    pub fn sessions(&self) -> impl Iterator<Item = KeySession<'_>> {
        let places = self.sessions.places.iter();
        places.filter_map(|place| KeySession::of(self.event(&place.region, place.at)?))
    }

    /// Whether a session of this ID is among them.
    pub(super) fn has_made(&self, session: &str) -> bool {
        self.sessions.seen.contains(session)
    }

    /// How many there are, and how many of them may still be used.
    #[must_use]
    pub fn count_sessions(&self, now: DateTime<Utc>) -> (usize, usize) {
        let places = &self.sessions.places;
        (
            places.len(),
            places.partition_point(|place| place.until > now),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{super::workload::tests as events, *};
    use crate::engine::impact::RegionTrail;

    #[test]
    fn a_session_lasts_as_long_as_it_may_where_that_is_not_told() {
        let made = |hours, key: &str, until, of| {
            let mut event = events::event("x", "y", hours);
            event.made = Some(Box::new(Made::Session {
                key: key.into(),
                until,
                of,
            }));
            event
        };
        let now = events::now();
        let role = || SessionOf::Role("arn:aws:iam::123456789012:role/ci/deploy".into());
        let mut trail = KeyTrail::until(now);
        let region = RegionTrail {
            events: vec![
                made(1, "ASIA1", Some(now + TimeDelta::hours(2)), role()),
                made(13, "ASIA2", None, role()),
                made(13, "ASIA3", None, SessionOf::User),
                made(40, "ASIA4", None, SessionOf::Federated("bob".into())),
                made(41, "ASIA1", None, role()),
            ],
            ..RegionTrail::default()
        };
        trail.regions.insert("us-east-1".into(), region);
        trail.fold_anew();
        let sessions: Vec<KeySession<'_>> = trail.sessions().collect();
        assert_eq!(trail.count_sessions(now), (4, 2));
        let told: Vec<(&str, bool, bool)> = sessions
            .iter()
            .map(|session| (session.key, session.may_live(now), session.is_told))
            .collect();
        assert_eq!(
            told,
            [
                ("ASIA3", true, false),
                ("ASIA1", true, true),
                ("ASIA2", false, false),
                ("ASIA4", false, false),
            ]
        );
        assert_eq!(sessions[1].words(), "AssumeRole deploy");
    }
}
