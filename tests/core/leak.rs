//! The response to a leaked key: where it stands is told by the account, each change is looked at, sent
//! once and judged, and nothing is said that was not seen.

mod evidence;
mod known;
mod page;
mod secrets;
mod steps;

use crate::{
    SIZE,
    desk::{Desk, Someone, answer, now, settings, someone},
    error,
};
use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::KeyCode;
use iamkeys::engine::{
    Answer, Change, Changed, Error, Kind, LeakStep, REVOCATION, Read,
    impact::{
        Credential, CredentialKind, Made, NamedPolicy, OtherCredentials, Permissions, Policy,
        SessionOf, TrailEvent, TrailPage, revocation,
    },
    leak::{Revocation, StepState},
    model::{KeyStatus, LastUsed},
};

const KEY: &str = "AKIALEAKED01EXAMPLE1";
const OTHER: &str = "AKIASECOND01EXAMPLE1";
const BACKDOOR: &str = "AKIABACKDR01EXAMPLE1";
const SESSION: &str = "ASIASESSION1EXAMPLE1";

/// An account with a leaked key, as far as it is asked about here.
#[derive(Clone)]
struct Story {
    people: Vec<Someone>,
    permissions: Permissions,
    credentials: OtherCredentials,
    /// By key.
    events: Vec<(&'static str, TrailEvent)>,
    /// The reads of this sort are refused.
    refuses: Option<&'static str>,
    /// Those of this sort are not answered.
    withholds: Option<&'static str>,
    /// The events of this key are refused in one region.
    refuses_of: Option<&'static str>,
    /// The regions there are, beside the usual ones.
    regions: Vec<std::sync::Arc<str>>,
}

fn event(hours: i64, call: &str) -> TrailEvent {
    let (service, action) = call.split_once(':').unwrap();
    TrailEvent {
        id: format!("{action}-{hours}").into(),
        at: now() - TimeDelta::hours(hours),
        action: action.into(),
        service: service.into(),
        region: "us-east-1".into(),
        agent: "aws-cli/2.15.0".into(),
        source: "203.0.113.66".into(),
        vpc_endpoint: None,
        error: None,
        is_write: action != "GetSessionToken" && action != "AssumeRole",
        target: None,
        made: None,
    }
}

fn making(event: TrailEvent, made: Made) -> TrailEvent {
    TrailEvent {
        made: Some(Box::new(made)),
        ..event
    }
}

fn policy(name: &str, document: &str) -> NamedPolicy {
    NamedPolicy {
        name: name.into(),
        arn: None,
        group: None,
        document: Some(document.into()),
        policy: Ok(Policy::default()),
    }
}

fn credential(kind: CredentialKind, id: &str, active: Option<bool>) -> Credential {
    Credential {
        kind,
        id: id.into(),
        active,
        created: Some(now() - TimeDelta::days(20)),
    }
}

fn bedrock() -> CredentialKind {
    CredentialKind::ServiceSpecific("bedrock.amazonaws.com".into())
}

fn denied(action: &'static str) -> Error {
    Error {
        action,
        code: Some("AccessDenied".into()),
        ..error(Kind::Denied)
    }
}

impl Story {
    /// Leaked, and used from somewhere odd five hours ago.
    fn new() -> Self {
        let session = Made::Session {
            key: SESSION.into(),
            until: Some(now() + TimeDelta::hours(30)),
            of: SessionOf::User,
        };
        let role = Made::Session {
            key: "ASIAROLE0001EXAMPLE1".into(),
            until: None,
            of: SessionOf::Role("arn:aws:iam::123456789012:role/deploy".into()),
        };
        let key = Made::Key {
            key: BACKDOOR.into(),
            user: "backdoor".into(),
        };
        let mut denied = event(4, "cloudtrail:StopLogging");
        denied.error = Some("AccessDenied".into());
        Self {
            people: vec![
                someone("backdoor", &[(BACKDOOR, true, 0, None)]),
                someone(
                    "bot",
                    &[(KEY, true, 400, Some(3)), (OTHER, false, 500, None)],
                ),
            ],
            permissions: Permissions::default(),
            credentials: OtherCredentials {
                items: vec![
                    credential(CredentialKind::Password, "", None),
                    credential(bedrock(), "ACCABEDROCK1EXAMPLE1", Some(true)),
                ],
                missing: Vec::new(),
            },
            events: vec![
                (KEY, denied),
                (KEY, making(event(5, "iam:CreateAccessKey"), key)),
                (
                    KEY,
                    making(event(5, "iam:CreateUser"), Made::Thing("backdoor".into())),
                ),
                (KEY, making(event(6, "sts:GetSessionToken"), session)),
                (KEY, making(event(7, "sts:AssumeRole"), role)),
                (SESSION, event(4, "ec2:RunInstances")),
            ],
            refuses: None,
            withholds: None,
            refuses_of: None,
            regions: Vec::new(),
        }
    }

    fn answer(&self, read: Read) -> Result<Answer, Error> {
        let action = read.row().action;
        if self.refuses == Some(action) {
            return Err(denied(action));
        }
        if let Read::TrailEvents(query) = &read
            && &*query.region == "eu-west-1"
            && self.refuses_of == Some(&*query.key)
        {
            return Err(denied(action));
        }
        Ok(match read {
            Read::Regions if !self.regions.is_empty() => {
                let mut regions = self.regions.clone();
                regions.push("us-east-1".into());
                Answer::Regions(regions)
            }
            Read::Permissions(_) => Answer::Permissions(Box::new(self.permissions.clone())),
            Read::OtherCredentials(_) => {
                Answer::OtherCredentials(Box::new(self.credentials.clone()))
            }
            Read::TrailEvents(query) if &*query.region == "us-east-1" => {
                let of_it = self.events.iter().filter(|(key, _)| *key == &*query.key);
                Answer::TrailEvents(TrailPage {
                    events: of_it.map(|(_, event)| event.clone()).collect(),
                    ..TrailPage::default()
                })
            }
            read => return answer(&self.people, read),
        })
    }

    /// Answers everything that is asked.
    fn serve(&self, desk: &mut Desk) {
        while let Some((request, read)) = desk.next_read() {
            if self.withholds != Some(read.row().action) {
                desk.answered(request, self.answer(read));
            }
        }
    }

    /// Asks again, and answers that.
    fn ask_again(&self, desk: &mut Desk) {
        desk.press(KeyCode::Char('R'));
        self.serve(desk);
    }

    /// The same once so many minutes have gone by.
    fn ask_again_after(&self, desk: &mut Desk, minutes: i64) {
        desk.clock += TimeDelta::minutes(minutes);
        self.ask_again(desk);
    }

    /// The leaked key is Inactive and ten days old, and has done nothing.
    fn harmless() -> Self {
        let mut story = Self::new();
        story.events.clear();
        story.people[1] = someone(
            "bot",
            &[(KEY, false, 10, Some(3)), (OTHER, false, 500, None)],
        );
        story
    }

    /// The leaked key is Inactive, was used last so long ago, and its sessions are revoked now.
    fn revoked(used: TimeDelta) -> Self {
        let mut story = Self::new();
        let (row, last_used) = &mut story.people[1].keys[0];
        row.status = KeyStatus::Inactive;
        *last_used = LastUsed::At {
            time: now() - used,
            service: Some("s3".into()),
            region: None,
        };
        let policy = policy(REVOCATION, &revocation::document(now()));
        story.permissions.policies.push(policy);
        story
    }

    /// Does a change.
    fn apply(&mut self, change: &Change) {
        match change {
            Change::SetActive { key, active, .. } => {
                let keys = self.people.iter_mut().flat_map(|user| &mut user.keys);
                for (row, _) in keys.filter(|(row, _)| row.id == *key) {
                    row.status = if *active {
                        KeyStatus::Active
                    } else {
                        KeyStatus::Inactive
                    };
                }
            }
            Change::RevokeSessions { document, .. } => {
                self.permissions
                    .policies
                    .retain(|policy| &*policy.name != REVOCATION);
                self.permissions.policies.push(policy(REVOCATION, document));
            }
            Change::LiftRevocation { .. } => {
                self.permissions
                    .policies
                    .retain(|policy| &*policy.name != REVOCATION);
            }
            Change::SetCredential { id, active, .. } => {
                let mut items = self.credentials.items.iter_mut();
                items.find(|item| item.id == *id).unwrap().active = Some(*active);
            }
            Change::DeleteCredential { kind, id, .. } => {
                self.credentials
                    .items
                    .retain(|item| item.kind != *kind || item.id != *id);
            }
            other => panic!("{other:?}"),
        }
    }

    /// A desk with the page of the leaked key open.
    fn open(&self) -> Desk {
        self.open_with(SIZE, settings(), now())
    }

    fn open_with(
        &self,
        size: (u16, u16),
        settings: iamkeys::tui::Settings,
        clock: DateTime<Utc>,
    ) -> Desk {
        let mut desk = Desk::showing(size, settings, &self.people);
        desk.clock = clock;
        if self.refuses == Some("iam:ListEntitiesForPolicy") {
            self.ask_again(&mut desk);
        }
        desk.press(KeyCode::Char('j'));
        desk.press(KeyCode::Tab);
        desk.keys("!");
        self.serve(&mut desk);
        desk
    }
}

/// How the steps stand, the next one, and the sessions.
fn stands(desk: &Desk) -> (LeakStep, Vec<StepState>, Revocation) {
    let (engine, slot) = (&desk.screen.engine, desk.screen.slot());
    let leak = engine.leak(slot, "bot", KEY).unwrap();
    let states = LeakStep::ALL.map(|step| leak.state(step));
    (leak.step(), states.to_vec(), leak.revocation.clone())
}

/// Approves the confirmation that is open, and does what is sent.
fn approve(desk: &mut Desk, story: &mut Story) -> Change {
    story.serve(desk);
    // What is longer than the screen is read on first.
    let mut pages = 0..4;
    let sent = pages.find_map(|_| {
        desk.keys("y");
        desk.next_change()
    });
    let (id, change) = sent.expect("it is sent");
    assert!(desk.next_change().is_none(), "and once");
    story.apply(&change);
    desk.changed(id, Ok(Changed::Done));
    story.serve(desk);
    change
}

/// What was not looked at, as it is said.
fn not_checked(desk: &Desk) -> String {
    let (engine, slot) = (&desk.screen.engine, desk.screen.slot());
    let leak = engine.leak(slot, "bot", KEY).unwrap();
    leak.not_checked(Some(now())).join(" ")
}
