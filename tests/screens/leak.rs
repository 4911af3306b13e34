//! Pictures of the response to a leaked key.

use super::pictures;
use crate::desk::{Desk, answer, now, settings, someone};
use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        Answer, Effect, Event, REVOCATION, Read,
        impact::{
            Credential, CredentialKind, Made, NamedPolicy, OtherCredentials, Permissions, Policy,
            SessionOf, TrailEvent, TrailPage, revocation,
        },
        leak::Written,
    },
    tui::{Message, Settings},
};

const KEY: &str = "AKIAMOBILE01EXAMPLE1";
const MADE: &str = "AKIASVCBKP01EXAMPLE1";

fn event(minutes: i64, call: &str) -> TrailEvent {
    let (service, action) = call.split_once(':').unwrap();
    TrailEvent {
        id: format!("{action}-{minutes}").into(),
        at: now() - TimeDelta::minutes(minutes),
        action: action.into(),
        service: service.into(),
        region: "us-east-1".into(),
        agent: "Boto3/1.26.0".into(),
        source: "203.0.113.66".into(),
        vpc_endpoint: None,
        error: None,
        is_write: service == "iam" || service == "cloudtrail",
        target: None,
        made: None,
    }
}

fn events() -> Vec<TrailEvent> {
    let making = |event, made| TrailEvent {
        made: Some(Box::new(made)),
        ..event
    };
    let mut off = event(100, "cloudtrail:StopLogging");
    off.error = Some("AccessDenied".into());
    let role = Made::Session {
        key: "ASIAROLE0001EXAMPLE1".into(),
        until: None,
        of: SessionOf::Role("arn:aws:iam::123456789012:role/deploy".into()),
    };
    let key = Made::Key {
        key: MADE.into(),
        user: "svc-backup2".into(),
    };
    let user = Made::Thing("svc-backup2".into());
    let mut policy = event(140, "iam:AttachUserPolicy");
    policy.target = Some("svc-backup2".into());
    vec![
        off,
        making(event(130, "iam:CreateAccessKey"), key),
        policy,
        making(event(150, "iam:CreateUser"), user),
        making(event(160, "sts:AssumeRole"), role),
    ]
}

/// The page of a leaked key: whether it is off, since when its sessions are revoked, and whether they may
/// be seen.
fn leak(
    size: (u16, u16),
    settings: Settings,
    active: bool,
    cut: Option<DateTime<Utc>>,
    seen: bool,
) -> Desk {
    // What was revoked long ago was not used since.
    let is_old = cut.is_some_and(|cut| cut < now());
    let used = if is_old { 50 } else { 1 };
    let people = [
        someone("mobile-uploads", &[(KEY, active, 412, Some(used))]),
        someone("svc-backup2", &[(MADE, true, 0, None)]),
    ];
    let named = |name: &str, arn: Option<&str>, document: Option<Box<str>>| NamedPolicy {
        name: name.into(),
        arn: arn.map(Into::into),
        group: None,
        document,
        policy: Ok(Policy::default()),
    };
    let quarantine = "AWSCompromisedKeyQuarantineV3";
    let arn = format!("arn:aws:iam::aws:policy/{quarantine}");
    let mut policies = vec![named(quarantine, Some(&arn), None)];
    policies.extend(cut.map(|cut| named(REVOCATION, None, Some(revocation::document(cut)))));
    let credential = |kind, id: &str, active| Credential {
        kind,
        id: id.into(),
        active,
        created: Some(now() - TimeDelta::days(300)),
    };
    let bedrock = CredentialKind::ServiceSpecific("bedrock.amazonaws.com".into());
    let items = vec![
        credential(CredentialKind::SshKey, "APKAMOBILE01EXAMPLE1", Some(false)),
        credential(bedrock, "ACCAMOBILE01EXAMPLE1", Some(true)),
    ];
    let mut desk = Desk::showing(size, settings, &people);
    desk.keys("!");
    while let Some((request, read)) = desk.next_read() {
        let refused = super::denied(read.row().action);
        let result = match read {
            Read::Permissions(_) if !seen => Err(refused),
            Read::TrailEvents(_) if !seen => Err(refused),
            Read::Permissions(_) => Ok(Answer::Permissions(Box::new(Permissions {
                policies: policies.clone(),
                ..Permissions::default()
            }))),
            Read::OtherCredentials(_) => Ok(Answer::OtherCredentials(Box::new(OtherCredentials {
                items: items.clone(),
                missing: Vec::new(),
            }))),
            Read::TrailEvents(query) if &*query.region == "us-east-1" && &*query.key == KEY => {
                Ok(Answer::TrailEvents(TrailPage {
                    events: events(),
                    ..TrailPage::default()
                }))
            }
            read => answer(&people, read),
        };
        desk.answered(request, result);
    }
    desk
}

#[test]
fn a_leaked_key() {
    let new = |size| leak(size, settings(), true, None, true);
    pictures("leak", new);
    pictures("leak-ascii", |size| {
        let ascii = Settings {
            ascii: true,
            ..settings()
        };
        leak(size, ascii, false, None, true)
    });
    pictures("leak-revoke", |size| {
        let mut desk = leak(size, settings(), false, None, true);
        desk.press(KeyCode::Enter);
        // What is asked once more says the same of the policy.
        desk.serve(&[]);
        desk
    });
    pictures("leak-what-it-did", |size| {
        let mut desk = leak(size, settings(), false, Some(now()), true);
        desk.keys("jj");
        desk
    });
    pictures("leak-everything-else", |size| {
        let mut desk = leak(size, settings(), false, Some(now()), true);
        desk.keys("jjjjjjj");
        desk
    });
    pictures("leak-over", |size| {
        leak(
            size,
            settings(),
            false,
            Some(now() - TimeDelta::hours(37)),
            true,
        )
    });
    pictures("leak-refused", |size| {
        let mut desk = leak(size, settings(), false, None, false);
        desk.keys("j");
        desk
    });
    pictures("leak-evidence", |size| {
        let mut desk = leak(size, settings(), false, Some(now()), true);
        desk.keys("w");
        desk
    });
    pictures("leak-saved", |size| {
        let mut desk = leak(size, settings(), false, Some(now()), true);
        desk.keys("w");
        desk.press(KeyCode::Enter);
        desk.effects
            .retain(|effect| !matches!(effect, Effect::WriteEvidence(..)));
        desk.send(Event::EvidenceWritten {
            key: KEY.into(),
            result: Ok(Written {
                json: "/home/alice/leak.json".into(),
                markdown: "/home/alice/leak.md".into(),
                unsure: None,
            }),
            took: std::time::Duration::ZERO,
        });
        desk.keys("G");
        desk
    });
}

#[test]
fn a_pasted_bedrock_key() {
    pictures("find-bedrock", |size| {
        let mut desk = super::main_view(size);
        desk.keys("f");
        let secret = format!("ABSKQmVkcm9ja0FQSUtleS{}==", "aB3/".repeat(27));
        desk.send(Message::Paste(secret));
        desk
    });
}
