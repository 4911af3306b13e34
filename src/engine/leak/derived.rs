//! What the events of a leaked key come to: worked out once for each answer, and kept. The page is drawn
//! many times a second, and there may be ten thousands of events.

use super::{
    RoleUsed,
    harm::{Harm, HarmKind, harm_in},
    seen::{events_of, roles_in, sessions_in},
};
use crate::engine::impact::{Impacts, Made, SessionOf, TrailEvent, sessions::KeySession};
use chrono::{DateTime, Utc};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// An event, by where it is: the key or session that has signed it, the region, and the place in that.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    by: Arc<str>,
    region: Arc<str>,
    at: usize,
}

/// A [`Harm`] without what it borrows.
#[derive(Debug)]
struct HarmAt {
    kind: HarmKind,
    event: Place,
    count: usize,
    last: DateTime<Utc>,
}

/// What the events of a key come to.
#[derive(Debug)]
pub(super) struct Derived {
    key: Box<str>,
    /// Which events it was made of.
    version: u64,
    harm: Vec<HarmAt>,
    /// The event of each role that was assumed, with when it was last, and how often.
    roles: Vec<(Place, DateTime<Utc>, usize)>,
    /// Its sessions, the one that was made last first.
    pub(super) sessions: Vec<Box<str>>,
    /// When it has last made a session that is no role's.
    pub(super) made_last: Option<DateTime<Utc>>,
    /// When it has last signed a call itself.
    pub(super) used_last: Option<DateTime<Utc>>,
    /// Until when a session that is no role's lives at the latest.
    pub(super) lives_until: Option<DateTime<Utc>>,
    /// The same of any session.
    pub(super) any_lives_until: Option<DateTime<Utc>>,
}

/// The last that was derived in an account.
#[derive(Debug, Default)]
pub(in crate::engine) struct Kept(Mutex<Option<Arc<Derived>>>);

impl Derived {
    /// What the events of this key come to; what is kept, where they are the same.
    pub(super) fn of(impacts: &Impacts, key: &str) -> Arc<Self> {
        let version = impacts.version();
        // Whatever a panic has left there is whole.
        let kept = impacts.derived.0.lock();
        let mut kept = kept.unwrap_or_else(PoisonError::into_inner);
        let same = kept.as_ref();
        let same = same.filter(|it| it.version == version && *it.key == *key);
        if let Some(derived) = same {
            return derived.clone();
        }
        let derived = Arc::new(Self::anew(impacts, key));
        *kept = Some(derived.clone());
        derived
    }

    fn anew(impacts: &Impacts, key: &str) -> Self {
        let (events, sessions) = events_of(impacts, key);
        let mut places = HashMap::new();
        let signers = std::iter::once(key).chain(sessions.iter().copied());
        for by in signers {
            let Some(trail) = impacts.trail(by) else {
                continue;
            };
            let by: Arc<str> = by.into();
            for (region, of_it) in &trail.regions {
                for (at, event) in of_it.events.iter().enumerate() {
                    places.insert(address(event), (by.clone(), region.clone(), at));
                }
            }
        }
        let place = |event: &TrailEvent| {
            let (by, region, at) = places.get(&address(event))?.clone();
            Some(Place { by, region, at })
        };
        let harm = harm_in(events.iter().copied()).into_iter();
        let harm = harm.filter_map(|harm| {
            Some(HarmAt {
                kind: harm.kind,
                event: place(harm.event)?,
                count: harm.count,
                last: harm.last,
            })
        });
        let assumed: HashMap<&str, &TrailEvent> = events
            .iter()
            .filter_map(|(_, event)| Some((role_of(event)?, *event)))
            .collect();
        let roles = roles_in(&events)
            .into_iter()
            .filter_map(|role| Some((place(assumed.get(role.arn)?)?, role.last, role.count)));
        // A role's sessions are not those of the user, and are not concerned.
        let of_user = sessions_in(&events).filter(|(_, of)| !matches!(of, SessionOf::Role(_)));
        let by_itself = events.iter().filter(|(session, _)| session.is_none());
        let made = |of_user_only: bool| {
            let given = events.iter().filter(|(_, event)| event.error.is_none());
            given
                .filter_map(|(_, event)| KeySession::of(event))
                .filter(move |made| !of_user_only || !matches!(made.of, SessionOf::Role(_)))
        };
        Self {
            key: key.into(),
            version: impacts.version(),
            harm: harm.collect(),
            roles: roles.collect(),
            made_last: of_user.map(|(at, _)| at).max(),
            used_last: by_itself.map(|(_, event)| event.at).max(),
            lives_until: made(true).map(|session| session.until).max(),
            any_lives_until: made(false).map(|session| session.until).max(),
            sessions: sessions.into_iter().map(Into::into).collect(),
        }
    }

    /// The changes, the worst first.
    pub(super) fn harm<'a>(&self, impacts: &'a Impacts) -> Vec<Harm<'a>> {
        let harm = self.harm.iter().filter_map(|harm| {
            let (by, event) =
                impacts.event_at(&harm.event.by, &harm.event.region, harm.event.at)?;
            Some(Harm {
                kind: harm.kind,
                event,
                session: Some(by).filter(|by| **by != *self.key),
                count: harm.count,
                last: harm.last,
            })
        });
        harm.collect()
    }

    /// The roles that were assumed, the last one first.
    pub(super) fn roles<'a>(&self, impacts: &'a Impacts) -> Vec<RoleUsed<'a>> {
        let roles = self.roles.iter().filter_map(|(place, last, count)| {
            let (_, event) = impacts.event_at(&place.by, &place.region, place.at)?;
            Some(RoleUsed {
                arn: role_of(event)?,
                last: *last,
                count: *count,
            })
        });
        roles.collect()
    }
}

/// Where an event is kept: which of several that say the same it is.
fn address(event: &TrailEvent) -> *const TrailEvent {
    event
}

/// The role that a call has given a session of.
fn role_of(event: &TrailEvent) -> Option<&str> {
    match event.made.as_deref()? {
        Made::Session {
            of: SessionOf::Role(arn),
            ..
        } if event.error.is_none() => Some(arn),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::harm::tests::event, *};
    use crate::engine::{
        RequestId,
        impact::{KeyTrail, TrailPage, TrailQuery},
    };

    const KEY: &str = "AKIALEAKED01EXAMPLE1";
    const SESSION: &str = "ASIASESSION1EXAMPLE1";

    /// Files a page of events of a key.
    fn file(impacts: &mut Impacts, key: &str, events: Vec<TrailEvent>) {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        impacts.add_trail(key, || KeyTrail::until(now));
        let query = TrailQuery {
            key: key.into(),
            region: "us-east-1".into(),
            since: now,
            until: now,
            after: None,
        };
        let trail = impacts.trail_mut(key).unwrap();
        trail.ask(&query, RequestId(1));
        let page = TrailPage {
            events,
            ..TrailPage::default()
        };
        trail.file(RequestId(1), &query, Ok(page));
    }

    #[test]
    fn it_is_derived_once_for_each_answer() {
        let mut impacts = Impacts::default();
        let made = |of| {
            Some(Box::new(Made::Session {
                key: SESSION.into(),
                until: None,
                of,
            }))
        };
        let mut session = event(9, "sts:GetSessionToken", None);
        session.made = made(SessionOf::User);
        let mut role = event(8, "sts:AssumeRole", None);
        role.made = made(SessionOf::Role(
            "arn:aws:iam::123456789012:role/deploy".into(),
        ));
        let user = event(7, "iam:CreateUser", None);
        file(&mut impacts, KEY, vec![session, role, user]);
        let first = Derived::of(&impacts, KEY);
        for _ in 0..100 {
            assert!(Arc::ptr_eq(&first, &Derived::of(&impacts, KEY)));
        }
        assert_eq!(first.sessions, [Box::from(SESSION)]);
        assert_eq!(first.harm(&impacts).len(), 1);
        let roles = first.roles(&impacts);
        assert_eq!(roles[0].arn, "arn:aws:iam::123456789012:role/deploy");
        // Each answer is taken in, that of a session as well.
        file(
            &mut impacts,
            SESSION,
            vec![event(5, "ec2:RunInstances", None)],
        );
        let second = Derived::of(&impacts, KEY);
        assert!(!Arc::ptr_eq(&first, &second));
        let harm = second.harm(&impacts);
        let by: Vec<Option<&str>> = harm.iter().map(|harm| harm.session).collect();
        assert_eq!(by, [None, Some(SESSION)]);
        // It is what walking all of them comes to.
        let (events, _) = events_of(&impacts, KEY);
        assert_eq!(harm, harm_in(events.iter().copied()));
        assert_eq!(second.roles(&impacts), roles_in(&events));
        // Of another key it is another.
        assert!(Derived::of(&impacts, SESSION).sessions.is_empty());
    }
}
