//! The response to a leaked key: where it stands is told by the account, each change is looked at, sent
//! once and judged, and nothing is said that was not seen.

use super::{
    SIZE,
    desk::{Desk, Someone, answer, now, settings, someone},
    dialog::dialog,
    error,
};
use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        self, Answer, Background, Change, Changed, Difference, Effect, Error, Event, Kind,
        LeakStep, Need, REVOCATION, Read,
        impact::{
            Credential, CredentialKind, Made, NamedPolicy, OtherCredentials, Permissions, Policy,
            SessionOf, TrailEvent, TrailPage, revocation,
        },
        leak::{Revocation, StepState, Written},
        model::{KeyStatus, LastUsed},
        unresolved::Finding,
    },
    tui::Message,
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
    desk.keys("y");
    let (id, change) = desk.next_change().expect("it is sent");
    assert!(desk.next_change().is_none(), "and once");
    story.apply(&change);
    desk.changed(id, Ok(Changed::Done));
    story.serve(desk);
    change
}

#[test]
fn the_account_says_how_far_it_has_come_and_each_step_is_sent_once() {
    use StepState::{Done, Judge, Open};
    let mut story = Story::new();
    let mut desk = story.open();
    let (step, states, revocation) = stands(&desk);
    assert_eq!(step, LeakStep::Deactivate);
    assert_eq!(states, [Open, Open, Judge, Judge, Judge, Judge]);
    assert_eq!(revocation, Revocation::None);
    let screen = desk.screen();
    assert!(screen.contains("Leaked AKIALEAKED01EXAMPLE1"), "{screen}");
    desk.press(KeyCode::Enter);
    assert!(
        desk.screen().contains("Deactivate key"),
        "{}",
        desk.screen()
    );
    let change = approve(&mut desk, &mut story);
    assert_eq!(change.action(), "iam:UpdateAccessKey");
    // The cursor has gone on with it.
    assert_eq!(stands(&desk).0, LeakStep::Revoke);
    desk.press(KeyCode::Enter);
    story.serve(&mut desk);
    let screen = desk.screen();
    let document = revocation::document(now());
    // It is shown before it is written, word by word.
    let shown = dialog(&screen, "Revoke sessions").expect("it is asked");
    let bare: String = shown.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(bare.contains(&*document), "{screen}");
    assert!(shown.contains(REVOCATION), "{screen}");
    let change = approve(&mut desk, &mut story);
    let user = || "bot".into();
    assert_eq!(
        change,
        Change::RevokeSessions {
            user: user(),
            document
        }
    );
    let (step, states, revocation) = stands(&desk);
    assert_eq!(
        revocation,
        Revocation::Denied(now(), now() + TimeDelta::hours(36))
    );
    assert_eq!((step, &states[..2]), (LeakStep::Harm, &[Done, Done][..]));
    // Another person takes it up from the account, a day and a half later.
    let later = now() + TimeDelta::hours(37);
    let mut desk = story.open_with(SIZE, settings(), later);
    let (step, _, revocation) = stands(&desk);
    assert_eq!(
        (step, revocation),
        (LeakStep::Revoke, Revocation::Over(now()))
    );
    assert!(
        desk.screen().contains("remove the policy"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Enter);
    let change = approve(&mut desk, &mut story);
    assert_eq!(change, Change::LiftRevocation { user: user() });
    // Without the policy it is known all the same that none is left.
    let (_, states, revocation) = stands(&desk);
    let last_used = now() - TimeDelta::hours(3);
    assert_eq!(revocation, Revocation::Expired(Some(last_used)));
    assert_eq!(states[1], Done);
}

#[test]
fn a_use_after_the_revocation_is_said_and_revoked_again() {
    let mut story = Story::new();
    let cut = now() - TimeDelta::hours(10);
    story
        .permissions
        .policies
        .push(policy(REVOCATION, &revocation::document(cut)));
    let mut desk = story.open();
    let used = now() - TimeDelta::hours(3);
    assert_eq!(stands(&desk).2, Revocation::Since(cut, used));
    assert!(
        desk.screen().contains("the key was used after"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Char('j'));
    desk.press(KeyCode::Enter);
    let change = approve(&mut desk, &mut story);
    assert!(matches!(change, Change::RevokeSessions { .. }));
    assert!(matches!(stands(&desk).2, Revocation::Denied(..)));
}

#[test]
fn what_it_did_is_listed_the_worst_first_with_what_its_session_did() {
    let story = Story::new();
    let mut desk = story.open_with((120, 36), settings(), now());
    let engine = &desk.screen.engine;
    let leak = engine.leak(desk.screen.slot(), "bot", KEY).unwrap();
    let told: Vec<_> = leak
        .harm
        .iter()
        .map(|harm| (&*harm.event.action, harm.session, harm.is_denied()))
        .collect();
    assert_eq!(
        told,
        [
            ("CreateUser", None, false),
            ("CreateAccessKey", None, false),
            ("RunInstances", Some(SESSION), false),
            ("StopLogging", None, true),
        ]
    );
    let keys: Vec<_> = leak.keys_made().collect();
    assert_eq!(keys, [(BACKDOOR, "backdoor")]);
    let roles: Vec<_> = leak.roles.iter().map(|role| role.arn).collect();
    assert_eq!(roles, ["arn:aws:iam::123456789012:role/deploy"]);
    // The role's session was asked for as well, and has done nothing.
    assert!(leak.has_seen_all(), "{:?}", leak.seen);
    // The key that it created has the same page.
    desk.keys("jjjj");
    let screen = desk.screen();
    assert!(
        screen.contains("CreateAccessKey: AKIABACKDR01EXAMPLE1 of backdoor, Active"),
        "{screen}"
    );
    desk.press(KeyCode::Enter);
    story.serve(&mut desk);
    assert!(
        desk.screen().contains("Leaked AKIABACKDR01EXAMPLE1"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Esc);
    assert!(
        desk.screen().contains("Leaked AKIALEAKED01EXAMPLE1"),
        "{}",
        desk.screen()
    );
    // And the same actions.
    desk.keys("t");
    story.serve(&mut desk);
    desk.keys("y");
    let (_, change) = desk.next_change().unwrap();
    assert_eq!((change.user(), change.key()), ("backdoor", Some(BACKDOOR)));
}

#[test]
fn what_is_done_to_the_keys_that_it_made_is_in_its_evidence() {
    let mut story = Story::new();
    let mut desk = story.open();
    desk.keys("jjjjt");
    let change = approve(&mut desk, &mut story);
    assert_eq!((change.user(), change.key()), ("backdoor", Some(BACKDOOR)));
    let engine = &desk.screen.engine;
    let entry = engine.activity.row(0).unwrap();
    assert_eq!(entry.user.as_deref(), Some("backdoor"));
    assert_eq!(entry.key.as_deref(), Some(BACKDOOR));
    let alice = "arn:aws:iam::123456789012:user/alice";
    assert_eq!(entry.by.as_deref(), Some(alice));
    let done = |user: &str, key: &str| {
        let evidence = engine.evidence(desk.screen.slot(), user, key).unwrap();
        let done = evidence.done.into_iter();
        done.map(|done| (done.target, done.by)).collect::<Vec<_>>()
    };
    let expected = [(format!("{BACKDOOR} of backdoor"), Some(alice.to_owned()))];
    assert_eq!(done("bot", KEY), expected);
    assert_eq!(done("backdoor", BACKDOOR), expected);
    // The other key has made nothing.
    assert_eq!(done("bot", OTHER), []);
}

#[test]
fn no_change_is_said_only_of_what_was_seen() {
    let mut story = Story::new();
    story.events.clear();
    story.refuses = Some("cloudtrail:LookupEvents");
    let desk = story.open_with((120, 36), settings(), now());
    let (_, states, _) = stands(&desk);
    assert_eq!(states[2], StepState::Unknown);
    let leak = desk
        .screen
        .engine
        .leak(desk.screen.slot(), "bot", KEY)
        .unwrap();
    let not_checked = leak.not_checked(Some(now())).join(" ");
    assert!(
        not_checked.contains("us-east-1 (AccessDenied: cloudtrail:LookupEvents)"),
        "{not_checked}"
    );
    // With all of it, there was none.
    story.refuses = None;
    let desk = story.open();
    assert_eq!(stands(&desk).1[2], StepState::Done);
}

#[test]
fn each_other_credential_has_its_own_change() {
    let mut story = Story::new();
    let mut desk = story.open();
    // Past the changes that were made, to the other key, the password and the Bedrock key.
    for _ in 0..9 {
        desk.press(KeyCode::Char('j'));
    }
    let user = || Box::<str>::from("bot");
    // A password has no status: it is deleted.
    desk.press(KeyCode::Enter);
    let change = approve(&mut desk, &mut story);
    let id = || "".into();
    let kind = CredentialKind::Password;
    assert_eq!(
        change,
        Change::DeleteCredential {
            user: user(),
            kind,
            id: id()
        }
    );
    desk.keys("t");
    let change = approve(&mut desk, &mut story);
    let id = || Box::<str>::from("ACCABEDROCK1EXAMPLE1");
    let (kind, active) = (bedrock(), false);
    assert_eq!(
        change,
        Change::SetCredential {
            user: user(),
            kind,
            id: id(),
            active
        }
    );
    desk.keys("d");
    story.serve(&mut desk);
    assert!(
        desk.screen().contains("Delete credential"),
        "{}",
        desk.screen()
    );
    let change = approve(&mut desk, &mut story);
    assert_eq!(
        change,
        Change::DeleteCredential {
            user: user(),
            kind: bedrock(),
            id: id()
        }
    );
    assert_eq!(stands(&desk).1[3], StepState::Done);
}

#[test]
fn what_has_changed_since_it_was_looked_at_is_said_and_not_sent() {
    let mut story = Story::new();
    let mut desk = story.open();
    desk.press(KeyCode::Char('j'));
    desk.press(KeyCode::Enter);
    // Somebody else revokes them meanwhile; it was approved before that was seen.
    desk.keys("y");
    story
        .permissions
        .policies
        .push(policy(REVOCATION, &revocation::document(now())));
    story.serve(&mut desk);
    assert!(desk.next_change().is_none());
    let [Need::Plan(plan)] = desk.screen.engine.needs()[..] else {
        panic!("{:?}", desk.screen.engine.needs());
    };
    let preflight = desk.screen.engine.plan(plan).unwrap().preflight().unwrap();
    assert_eq!(preflight.difference, Some(Difference::Policy));
    assert!(
        desk.screen().contains("changed. Decide again"),
        "{}",
        desk.screen()
    );
}

#[test]
fn a_lost_answer_is_a_question_that_the_account_answers() {
    for (done, refused, expected) in [
        (true, None, Finding::Done),
        (false, None, Finding::NotDone),
        (
            false,
            Some("iam:ListUserPolicies"),
            Finding::Failed(denied("iam:ListUserPolicies")),
        ),
    ] {
        let mut story = Story::new();
        let mut desk = story.open();
        desk.press(KeyCode::Char('j'));
        desk.press(KeyCode::Enter);
        story.serve(&mut desk);
        desk.keys("y");
        let (id, change) = desk.next_change().unwrap();
        if done {
            story.apply(&change);
        }
        story.permissions.missing.extend(refused.map(denied));
        let lost = Error {
            action: change.action(),
            code: None,
            ..error(Kind::Network)
        };
        desk.changed(id, Err(lost));
        story.serve(&mut desk);
        let questions = desk.screen.engine.questions();
        assert_eq!(questions.len(), 1);
        assert_eq!(questions[0].finding, expected);
        assert!(desk.next_change().is_none(), "it is sent once");
    }
    // The same of another credential.
    for (done, expected) in [(true, Finding::Done), (false, Finding::NotDone)] {
        let mut story = Story::new();
        let mut desk = story.open();
        let change = Change::SetCredential {
            user: "bot".into(),
            kind: bedrock(),
            id: "ACCABEDROCK1EXAMPLE1".into(),
            active: false,
        };
        let slot = desk.screen.slot();
        desk.intend(engine::Intent::Propose(slot, change.into()));
        story.serve(&mut desk);
        desk.keys("y");
        let (id, change) = desk.next_change().unwrap();
        if done {
            story.apply(&change);
        }
        desk.changed(
            id,
            Err(Error {
                code: None,
                ..error(Kind::Network)
            }),
        );
        story.serve(&mut desk);
        assert_eq!(desk.screen.engine.questions()[0].finding, expected);
    }
}

#[test]
fn a_missing_permission_is_named_and_nothing_is_taken_for_done() {
    let mut story = Story::new();
    story.refuses = Some("iam:ListAttachedUserPolicies");
    let mut desk = story.open_with((120, 36), settings(), now());
    let (_, states, revocation) = stands(&desk);
    assert_eq!(states[1], StepState::Unknown);
    assert_eq!(
        revocation,
        Revocation::Unknown(denied("iam:ListAttachedUserPolicies"))
    );
    desk.press(KeyCode::Char('j'));
    assert!(
        desk.screen()
            .contains("AccessDenied: iam:ListAttachedUserPolicies"),
        "{}",
        desk.screen()
    );
    // Where the policy may not be put, that is said.
    desk.press(KeyCode::Enter);
    story.serve(&mut desk);
    desk.keys("y");
    // What could not be looked at is said, and decided again.
    story.serve(&mut desk);
    if desk
        .effects
        .iter()
        .all(|effect| !matches!(effect, Effect::Change(..)))
    {
        desk.keys("y");
    }
    let (id, change) = desk.next_change().unwrap();
    desk.changed(id, Err(denied(change.action())));
    story.serve(&mut desk);
    let screen = desk.screen();
    assert!(
        screen.contains("AccessDenied: iam:PutUserPolicy"),
        "{screen}"
    );
}

/// The look at the account has succeeded but for the part that matters: it is said, and what was
/// approved before is not sent.
#[test]
fn a_look_that_has_not_shown_what_is_changed_is_no_look() {
    let unread = || NamedPolicy {
        document: None,
        policy: Err("not read".into()),
        ..policy(REVOCATION, "")
    };
    for (action, present, said) in [
        (
            "iam:ListUserPolicies",
            None,
            "Whether a policy of this name is there is not known; it would be replaced.",
        ),
        (
            "iam:GetUserPolicy",
            Some(unread()),
            "A policy of this name is there, and what it says could not be read: it is replaced.",
        ),
    ] {
        let mut story = Story::new();
        let mut desk = story.open_with((120, 36), settings(), now());
        story.permissions.missing.push(denied(action));
        story.permissions.policies.extend(present);
        desk.press(KeyCode::Char('j'));
        desk.press(KeyCode::Enter);
        // Approved while it is being looked at.
        desk.keys("y");
        story.serve(&mut desk);
        assert!(desk.next_change().is_none(), "{action}");
        let screen = desk.screen();
        let error = format!(
            "It could not be looked at again, so this may be out of date. AccessDenied: {action}"
        );
        let shown = dialog(&screen, "Revoke sessions").expect("it is asked");
        let bare = |text: &str| -> String { text.split_whitespace().collect() };
        for text in [said, &error] {
            assert!(bare(&shown).contains(&bare(text)), "{text}\n{screen}");
        }
        assert!(!screen.contains("Verified with AWS"), "{screen}");
        // Whoever has read that may decide.
        desk.keys("y");
        story.serve(&mut desk);
        assert!(desk.next_change().is_some());
    }
    // The same of another credential.
    let mut story = Story::new();
    let mut desk = story.open();
    let action = bedrock().list_action();
    story.credentials.items.pop();
    story.credentials.missing.push(denied(action));
    let change = Change::SetCredential {
        user: "bot".into(),
        kind: bedrock(),
        id: "ACCABEDROCK1EXAMPLE1".into(),
        active: false,
    };
    let slot = desk.screen.slot();
    desk.intend(engine::Intent::Propose(slot, change.into()));
    desk.keys("y");
    story.serve(&mut desk);
    assert!(desk.next_change().is_none());
    assert!(
        !desk.screen().contains("Verified with AWS"),
        "{}",
        desk.screen()
    );
    assert!(desk.screen().contains(action), "{}", desk.screen());
}

#[test]
fn too_many_inline_policies_are_told_from_other_limits() {
    let story = Story::new();
    let mut desk = story.open();
    desk.press(KeyCode::Char('j'));
    desk.press(KeyCode::Enter);
    story.serve(&mut desk);
    desk.keys("y");
    let (id, change) = desk.next_change().unwrap();
    let limit = Error {
        action: change.action(),
        code: Some("LimitExceeded".into()),
        ..error(Kind::Limit)
    };
    desk.changed(id, Err(limit));
    story.serve(&mut desk);
    let said = dialog(&desk.screen(), "Not done").expect("it is said");
    let said: Vec<&str> = said.split_whitespace().collect();
    assert!(
        said.join(" ").contains("2,048 characters together"),
        "{said:?}"
    );
}

#[test]
fn read_only_shows_all_of_it_and_changes_nothing() {
    let story = Story::new();
    let read_only = iamkeys::tui::Settings {
        engine: engine::Settings {
            read_only: true,
            ..settings().engine
        },
        ..settings()
    };
    let mut desk = story.open_with(SIZE, read_only, now());
    assert!(desk.screen().contains("Read-only"), "{}", desk.screen());
    for keys in ["t", "d", "j"] {
        desk.keys(keys);
        desk.press(KeyCode::Enter);
        story.serve(&mut desk);
        assert!(desk.next_change().is_none());
        assert!(desk.screen.engine.plans().is_empty());
    }
}

#[test]
fn evidence_is_written_where_it_is_typed_and_holds_no_secret() {
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let mut story = Story::new();
    let mut odd = event(1, "s3:PutBucketPolicy");
    odd.agent = format!("curl/{SECRET}").into();
    odd.target = Some(format!("bucket/{SECRET}").into());
    story.events.push((KEY, odd));
    let mut desk = story.open();
    desk.press(KeyCode::Enter);
    approve(&mut desk, &mut story);
    desk.keys("w");
    let screen = desk.screen();
    assert!(
        screen.contains("leak-AKIALEAKED01EXAMPLE1-2026-11-21"),
        "{screen}"
    );
    desk.press(KeyCode::Enter);
    let wrote = desk.effects.iter().find_map(|effect| match effect {
        Effect::WriteEvidence(_, path, evidence) => Some((path.clone(), evidence.clone())),
        _ => None,
    });
    let (path, evidence) = wrote.expect("it is written");
    assert_eq!(path, "leak-AKIALEAKED01EXAMPLE1-2026-11-21");
    assert!(!format!("{evidence:?}").contains(SECRET));
    assert_eq!(evidence.events.len(), story.events.len());
    assert_eq!(evidence.status.as_deref(), Some("Inactive"));
    assert_eq!(
        evidence.keys_made,
        [(BACKDOOR.to_owned(), "backdoor".to_owned())]
    );
    let done: Vec<_> = evidence
        .done
        .iter()
        .map(|done| (&*done.action, &*done.result))
        .collect();
    assert_eq!(done, [("iam:UpdateAccessKey", "deactivated")]);
    assert_eq!(
        evidence.done[0].by.as_deref(),
        Some("arn:aws:iam::123456789012:user/alice")
    );
    assert!(!evidence.not_checked.is_empty());
    let times: Vec<_> = evidence.timeline.iter().map(|moment| moment.at).collect();
    assert!(times.is_sorted());
    // A refusal is shown where it was typed; then it is saved.
    let told = |result| Event::EvidenceWritten {
        key: KEY.into(),
        result,
        took: std::time::Duration::ZERO,
    };
    desk.send(told(Err("a.json is there already".into())));
    assert!(
        desk.screen().contains("a.json is there already"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Enter);
    desk.send(told(Ok(Written {
        json: "/tmp/a.json".into(),
        markdown: "/tmp/a.md".into(),
        unsure: None,
    })));
    assert!(
        !desk.screen().contains("Save evidence"),
        "{}",
        desk.screen()
    );
    assert_eq!(stands(&desk).1[5], StepState::Done);
}

#[test]
fn a_pasted_bedrock_key_is_taken_out_and_what_to_do_is_said() {
    let secret = format!("ABSKQmVkcm9ja0FQSUtleS{}==", "aB3/".repeat(27));
    let mut desk = Desk::showing(SIZE, settings(), &Story::new().people);
    desk.keys("f");
    desk.send(Message::Paste(secret.clone()));
    let screen = desk.screen();
    assert!(screen.contains("Bedrock API key"), "{screen}");
    assert!(
        screen.contains("list-service-specific-credentials"),
        "{screen}"
    );
    assert!(
        !screen.contains("ABSK") && !screen.contains("aB3/"),
        "{screen}"
    );
}

#[test]
fn a_secret_that_comes_letter_by_letter_is_taken_out_with_all_that_follows() {
    let bedrock = format!("ABSKQmVkcm9ja0FQSUtleS{}==", "aB3/".repeat(27));
    // Some tokens are short.
    let token = format!("IQoJb3JpZ2luX2VjE{}=", "a1B2+/".repeat(9));
    let older = format!("FwoGZXIvYXdzE{}=", "a1B2+/".repeat(18));
    for (secret, what, advice) in [
        (
            &bedrock,
            "a Bedrock API key",
            "list-service-specific-credentials",
        ),
        (&token, "the token of a session", "cannot be deactivated"),
        (&older, "the token of a session", "cannot be deactivated"),
    ] {
        // With the end of the line that was copied along, and without.
        for end in [None, Some(KeyCode::Enter)] {
            let mut desk = Desk::showing(SIZE, settings(), &Story::new().people);
            desk.keys("f");
            type_slowly(&mut desk, secret);
            end.into_iter().for_each(|key| desk.press(key));
            let screen = desk.screen();
            assert!(
                screen.contains(&format!("looks like {what}"))
                    || screen.contains(what.trim_start_matches("a ")),
                "{screen}"
            );
            assert!(screen.contains(advice), "{screen}");
            for part in [&secret[..8], &secret[20..26], &secret[secret.len() - 6..]] {
                assert!(!screen.contains(part), "{part}: {screen}");
            }
            // Afterwards an ID is an ID.
            desk.clock += TimeDelta::seconds(5);
            type_slowly(&mut desk, OTHER);
            assert!(
                desk.screen().contains(&format!("ID {OTHER}")),
                "{}",
                desk.screen()
            );
        }
        // Nor does it stay in a filter.
        let mut desk = Desk::showing(SIZE, settings(), &Story::new().people);
        desk.keys("/");
        type_slowly(&mut desk, secret);
        let screen = desk.screen();
        assert!(screen.contains(&format!("looks like {what}")), "{screen}");
        let rest = &secret[secret.len() - 6..];
        assert!(!screen.contains(rest), "{screen}");
        assert!(
            screen.contains("backdoor") && screen.contains("bot"),
            "{screen}"
        );
        desk.clock += TimeDelta::seconds(5);
        type_slowly(&mut desk, "back");
        assert!(!desk.screen().contains("bot"), "{}", desk.screen());
    }
}

/// Types as a terminal pastes that does not tell that it does.
fn type_slowly(desk: &mut Desk, text: &str) {
    for c in text.chars() {
        desk.press(KeyCode::Char(c));
        desk.clock += TimeDelta::milliseconds(2);
    }
}

#[test]
fn what_was_not_checked_is_folded_and_all_of_it_can_be_reached() {
    let many: Vec<std::sync::Arc<str>> =
        (1..=17).map(|at| format!("eu-west-{at}").into()).collect();
    let mut story = Story::new();
    story.regions = many;
    story.refuses = Some("cloudtrail:LookupEvents");
    let refused = "in 18 regions (AccessDenied: cloudtrail:LookupEvents)";
    for size in [(60, 16), (80, 24), (120, 36)] {
        let mut desk = story.open_with(size, settings(), now());
        let said = not_checked(&desk);
        assert_eq!(said.matches("LookupEvents").count(), 1, "{said}");
        assert!(said.contains(refused), "{said}");
        let (engine, slot) = (&desk.screen.engine, desk.screen.slot());
        let evidence = engine.evidence(slot, "bot", KEY).unwrap();
        let by_name = evidence.not_checked.join(" ");
        assert!(by_name.contains("eu-west-3, eu-west-4"), "{by_name}");
        // Line by line where it is longer than the page, and back.
        let mut seen = String::new();
        let mut last = String::new();
        desk.keys("g");
        for _ in 0..40 {
            let screen = desk.screen();
            seen.push_str(&screen);
            last = screen;
            desk.press(KeyCode::Char('j'));
        }
        assert!(last.contains("▌ ▲ 6 Evidence"), "{last}");
        let words = [
            "Not checked: data events",
            "may not show",
            "18 regions",
            "organisation",
        ];
        for word in words {
            assert!(seen.contains(word), "{size:?} {word}");
        }
        if size.1 < 36 {
            assert!(seen.contains(" of "), "the place is in the border");
        }
        for _ in 0..60 {
            desk.press(KeyCode::Char('k'));
        }
        assert!(
            desk.screen().contains("▌ ▶ 1 Deactivate"),
            "{}",
            desk.screen()
        );
    }
}

#[test]
fn nothing_is_counted_before_it_was_told() {
    let mut story = Story::new();
    story.people[1].keys.truncate(1);
    story.withholds = Some("iam:ListSSHPublicKeys");
    let mut desk = story.open_with((120, 36), settings(), now());
    let screen = desk.screen();
    assert!(screen.contains("4 Everything else asking…"), "{screen}");
    assert!(!screen.contains("0 to look at"), "{screen}");
    desk.keys("Gkk");
    let screen = desk.screen();
    assert!(screen.contains("Still asked: console password"), "{screen}");
    // What has come is shown as it comes.
    story.people[1] = Story::new().people.remove(1);
    let mut desk = story.open_with((120, 36), settings(), now());
    desk.keys("Gkk");
    let screen = desk.screen();
    assert!(
        screen.contains("1 to look at, 0 that can be used so far"),
        "{screen}"
    );
    assert!(screen.contains(&format!("access key {OTHER}")), "{screen}");
    story.withholds = Some("cloudtrail:LookupEvents");
    let screen = story.open_with((120, 36), settings(), now()).screen();
    assert!(screen.contains("3 What it did     asking…"), "{screen}");
}

#[test]
fn the_other_key_of_the_user_is_not_called_leaked() {
    let mut desk = Story::new().open();
    desk.keys("gjjjj");
    while !desk.screen().contains(&format!("▌ access key {OTHER}")) {
        desk.press(KeyCode::Char('j'));
    }
    assert!(
        desk.screen().contains("Enter go to the key"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    assert!(!screen.contains("Leaked"), "{screen}");
    assert_eq!(
        desk.screen.selected_key().map(|row| &*row.key.id),
        Some(OTHER)
    );
    // One that the leaked key has made has leaked with it.
    let mut desk = Story::new().open();
    while !desk.screen().contains("▌ iam CreateAccessKey") {
        desk.press(KeyCode::Char('j'));
    }
    assert!(
        desk.screen().contains("Enter deal with it"),
        "{}",
        desk.screen()
    );
    desk.press(KeyCode::Enter);
    assert!(
        desk.screen().contains(&format!("Leaked {BACKDOOR}")),
        "{}",
        desk.screen()
    );
}

#[test]
fn nothing_is_offered_that_is_refused_or_does_nothing() {
    for size in [(60, 16), (80, 24), (120, 36)] {
        for read_only in [false, true] {
            let settings = iamkeys::tui::Settings {
                engine: engine::Settings {
                    read_only,
                    ..settings().engine
                },
                ..settings()
            };
            let mut desk = Story::new().open_with(size, settings, now());
            desk.keys("g");
            for at in 0..16 {
                let screen = desk.screen();
                assert!(screen.contains("Esc back"), "{size:?} {at}: {screen}");
                let offered = |verb: &str| screen.contains(verb);
                if read_only {
                    for verb in [
                        "Enter deactivate",
                        "Enter revoke",
                        "d delete",
                        "r rotate",
                        "t deactivate",
                        "Enter delete",
                    ] {
                        assert!(!offered(verb), "{verb}: {screen}");
                    }
                }
                // A header, or what cannot be gone to.
                if screen.contains("▌ ▲ 3 What it did") || screen.contains("▌ ec2 RunInstances")
                {
                    assert!(!screen.contains("Enter "), "{screen}");
                }
                desk.press(KeyCode::Char('j'));
            }
            assert!(desk.screen().contains("Enter save"), "{}", desk.screen());
        }
    }
}

#[test]
fn what_is_denied_is_said_exactly() {
    let mut desk = Story::revoked(TimeDelta::hours(3)).open_with((120, 36), settings(), now());
    desk.keys("gj");
    let screen = desk.screen();
    for words in [
        "Every call is denied to sessions of bot itself",
        "of bot itself (GetSessionToken,",
        "issued before 2026-11-21 12:00:00 UTC",
        "takes some seconds",
        "nor sessions of roles",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    assert!(!screen.contains("Nothing that was made"), "{screen}");
}

#[test]
fn the_policy_is_whole_before_it_is_written() {
    for size in [(60, 16), (80, 24)] {
        let mut desk = Story::new().open_with(size, settings(), now());
        desk.keys("gj");
        desk.press(KeyCode::Enter);
        Story::new().serve(&mut desk);
        let mut seen = desk.screen();
        if size.1 < 24 {
            assert!(seen.contains("1-10 of"), "{seen}");
            for _ in 0..20 {
                desk.press(KeyCode::Down);
                seen.push_str(&desk.screen());
            }
        }
        for line in [
            "  \"Statement\": [{",
            "    \"Action\": \"*\",",
            "    \"Condition\": {",
            "\"DateLessThan\": {",
            "\"aws:TokenIssueTime\": \"2026-11-21T12:00:00Z\"",
            "Verified with AWS just now",
        ] {
            assert!(seen.contains(line), "{size:?} {line}: {seen}");
        }
    }
}

#[test]
fn nothing_is_done_while_the_regions_have_not_answered() {
    let mut story = Story::new();
    story.events.clear();
    story.withholds = Some("account:ListRegions");
    let desk = story.open_with((120, 36), settings(), now());
    assert_eq!(stands(&desk).1[2], StepState::Unknown);
    let said = not_checked(&desk);
    assert!(said.contains("Other regions: which there are"), "{said}");
    let screen = desk.screen();
    assert!(
        screen.contains("no events, other regions not known"),
        "{screen}"
    );
    story.withholds = None;
    let desk = story.open_with((120, 36), settings(), now());
    assert_eq!(stands(&desk).1[2], StepState::Done);
    let screen = desk.screen();
    assert!(!screen.contains("other regions not known"), "{screen}");
}

#[test]
fn what_a_session_did_is_seen_only_where_all_its_regions_have_told() {
    let mut story = Story::new();
    story
        .events
        .retain(|(key, event)| *key == KEY && &*event.action == "GetSessionToken");
    story.refuses_of = Some(SESSION);
    let mut desk = story.open();
    assert_eq!(stands(&desk).1[2], StepState::Unknown);
    let said = not_checked(&desk);
    let expected = format!(
        "Events of its session {SESSION} in eu-west-1 (AccessDenied: cloudtrail:LookupEvents)."
    );
    assert!(said.contains(&expected), "{said}");
    // Asked again, it tells.
    story.refuses_of = None;
    story.ask_again(&mut desk);
    assert_eq!(
        stands(&desk).1[2],
        StepState::Done,
        "{}",
        not_checked(&desk)
    );
    // It still lives: what it has done meanwhile is asked for too.
    story.events.push((SESSION, event(0, "ec2:RunInstances")));
    story.ask_again(&mut desk);
    assert_eq!(stands(&desk).1[2], StepState::Judge);
}

#[test]
fn what_could_not_be_refreshed_is_not_taken_for_done() {
    for (refuses, step) in [
        ("iam:ListAccessKeys", 0),
        ("iam:ListAttachedUserPolicies", 1),
        ("iam:GetAccessKeyLastUsed", 1),
        ("iam:ListMFADevices", 3),
    ] {
        let mut story = Story::revoked(TimeDelta::hours(3));
        story.people[1].keys.truncate(1);
        story.credentials.items.clear();
        let mut desk = story.open_with((120, 36), settings(), now());
        assert_eq!(stands(&desk).1[step], StepState::Done, "{refuses}");
        if refuses == "iam:ListMFADevices" {
            story.refuses = Some(Read::OtherCredentials("bot".into()).row().action);
        } else {
            story.refuses = Some(refuses);
        }
        story.ask_again(&mut desk);
        let state = stands(&desk).1[step];
        assert_ne!(state, StepState::Done, "{refuses}");
        let said = not_checked(&desk);
        let action = story.refuses.unwrap();
        assert!(
            said.contains(&format!("(AccessDenied: {action}).")),
            "{said}"
        );
        let screen = desk.screen();
        let expected = match refuses {
            "iam:ListAttachedUserPolicies" => "not known (any more)",
            "iam:GetAccessKeyLastUsed" => "whether it made others is not known",
            _ => "asking again failed",
        };
        assert!(screen.contains(expected), "{screen}");
    }
    // Nor is it said that they have expired.
    let mut story = Story::revoked(TimeDelta::hours(40));
    story.permissions.policies.clear();
    let mut desk = story.open();
    assert!(matches!(stands(&desk).2, Revocation::Expired(Some(_))));
    story.refuses = Some("iam:GetAccessKeyLastUsed");
    story.ask_again(&mut desk);
    assert_eq!(stands(&desk).2, Revocation::None);
}

#[test]
fn revoked_is_done_only_where_no_session_can_have_been_made_since() {
    let story = Story::revoked(TimeDelta::hours(3));
    assert_eq!(stands(&story.open()).1[1], StepState::Done);
    // A use shortly before may have been after it.
    let story = Story::revoked(TimeDelta::minutes(10));
    assert_eq!(stands(&story.open()).1[1], StepState::Judge);
    let mut story = Story::revoked(TimeDelta::hours(3));
    story.people[1].keys[0].0.status = KeyStatus::Active;
    let mut desk = story.open_with((120, 36), settings(), now());
    assert_eq!(stands(&desk).1[1], StepState::Open);
    let screen = desk.screen();
    assert!(screen.contains("are denied; the "), "{screen}");
    // And it can always be done again.
    desk.press(KeyCode::Char('j'));
    assert!(desk.screen().contains("revoke again"), "{}", desk.screen());
    desk.press(KeyCode::Enter);
    assert!(
        desk.screen().contains("Revoke sessions"),
        "{}",
        desk.screen()
    );
    // Sessions that are made while it is being read are denied as well.
    story.serve(&mut desk);
    let later = now() + TimeDelta::minutes(5);
    desk.clock = later;
    desk.keys("y");
    story.serve(&mut desk);
    let (_, change) = desk.next_change().expect("it is sent");
    let document = revocation::document(later);
    let user = "bot".into();
    assert_eq!(change, Change::RevokeSessions { user, document });
}

#[test]
fn a_newer_key_is_trusted_only_where_all_that_was_done_is_seen() {
    const NEWER: &str = "AKIANEWER0001EXAMPLE";
    let mut story = Story::new();
    story.people[1] = someone("bot", &[(KEY, true, 400, Some(3)), (NEWER, true, 1, None)]);
    let desk = story.open_with((120, 36), settings(), now());
    assert_eq!(stands(&desk).1[4], StepState::Done);
    let screen = desk.screen();
    let trusted = format!("{NEWER} is Active, and newer");
    assert!(screen.contains(&trusted), "{screen}");
    story.refuses_of = Some(KEY);
    let desk = story.open_with((120, 36), settings(), now());
    assert_eq!(stands(&desk).1[4], StepState::Judge);
    let screen = desk.screen();
    assert!(screen.contains("may not be yours: see"), "{screen}");
}

#[test]
fn that_there_is_no_quarantine_is_said_only_where_it_was_looked_for() {
    let attached = "iam:ListAttachedUserPolicies";
    let settings = iamkeys::tui::Settings {
        engine: engine::Settings {
            background: Background::All,
            ..settings().engine
        },
        ..settings()
    };
    let page = |story: &Story| {
        let mut desk = story.open_with((120, 36), settings.clone(), now());
        desk.keys("Gk");
        let (engine, slot) = (&desk.screen.engine, desk.screen.slot());
        let evidence = engine.evidence(slot, "bot", KEY).unwrap();
        (desk.screen(), evidence)
    };
    // The policies of the user tell it.
    let mut story = Story::new();
    let (screen, evidence) = page(&story);
    let none = "No quarantine policy is attached to bot";
    assert!(screen.contains(none), "{screen}");
    assert_eq!(evidence.quarantine, None);
    // Those may be refused in part or as a whole: then the list of all who are under quarantine does.
    story.permissions.missing = vec![denied(attached)];
    let (screen, _) = page(&story);
    assert!(screen.contains(none), "{screen}");
    story.refuses = Some(attached);
    let (screen, _) = page(&story);
    assert!(screen.contains(none), "{screen}");
    // Where that is refused as well, it is not known.
    story.refuses = Some("iam:ListEntitiesForPolicy");
    let (screen, evidence) = page(&story);
    assert!(!screen.contains("No quarantine"), "{screen}");
    assert!(
        screen.contains("under quarantine is not known:"),
        "{screen}"
    );
    assert!(screen.contains("iam:ListEntitiesForPolicy"), "{screen}");
    let said = evidence.quarantine.unwrap();
    for action in [attached, "iam:ListEntitiesForPolicy"] {
        assert!(said.contains(action), "{said}");
    }
    let not_checked = evidence.not_checked.join(" ");
    assert!(
        not_checked.contains("Whether AWS has put bot under quarantine (AccessDenied"),
        "{not_checked}"
    );
}

#[test]
fn an_mfa_device_is_deactivated_and_what_follows_is_said() {
    let mut story = Story::new();
    story.people[1].keys.truncate(1);
    let serial = "arn:aws:iam::123456789012:mfa/bot";
    story.credentials.items = vec![credential(CredentialKind::MfaDevice, serial, None)];
    let mut desk = story.open();
    for _ in 0..8 {
        desk.press(KeyCode::Char('j'));
    }
    desk.press(KeyCode::Enter);
    story.serve(&mut desk);
    let screen = desk.screen();
    assert!(screen.contains("Deactivate MFA device"), "{screen}");
    assert!(
        screen.contains("A console password alone signs in then."),
        "{screen}"
    );
}

/// What was not looked at, as it is said.
fn not_checked(desk: &Desk) -> String {
    let (engine, slot) = (&desk.screen.engine, desk.screen.slot());
    let leak = engine.leak(slot, "bot", KEY).unwrap();
    leak.not_checked(Some(now())).join(" ")
}
