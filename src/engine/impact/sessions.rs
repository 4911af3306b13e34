//! The sessions that a key has made. They go on without it: deactivating or deleting the key does not
//! end them, and what they do is recorded under their own key IDs (`ASIA…`).

use super::{KeyTrail, Made, SessionOf, TrailEvent, revocation::LONGEST};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashSet;

/// The longest that a session of a role lasts (IAM user guide, "Maximum session duration": 12 hours).
const LONGEST_OF_ROLE: TimeDelta = TimeDelta::hours(12);

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
            until: until.unwrap_or(event.at + longest),
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

impl KeyTrail {
    /// The sessions that the key has made, as far as its events are loaded; those that live longest
    /// first.
    #[must_use]
    pub fn sessions(&self) -> Vec<KeySession<'_>> {
        let mut seen = HashSet::new();
        let sessions = self.events().filter_map(KeySession::of);
        let sessions = sessions.filter(|session| seen.insert(session.key));
        let mut sessions: Vec<KeySession<'_>> = sessions.collect();
        sessions.sort_by(|a, b| b.until.cmp(&a.until).then_with(|| a.key.cmp(b.key)));
        sessions
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
        let sessions = trail.sessions();
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
