//! A whole rotation without a screen: in one run, and cut off between any two of its steps and gone
//! on with by another run, from what the account and the journal say.

use crate::session::{Session, World};
use chrono::TimeDelta;
use iamkeys::{
    aws,
    demo::{Fault, FaultKind, KeyId, LastUsed},
    engine::{
        Blocker, Change, Event, Exit, Intent, Need, News, Origin, PlanId, Progress, Resolution,
        RotationAction, RotationStep, SecretKey, StoreIn,
        unresolved::{Cause, Finding},
        vault::{Chosen, DestinationKind, Phase, Tried, Whose},
    },
};
use std::time::Duration;

/// A user with one active key that was used a few minutes ago.
const USER: &str = "grafana";

/// An answer that takes so long does not come.
const NEVER: Duration = Duration::from_hours(1);

/// The profile that the new key goes into.
const PROFILE: &str = "monitoring";

fn old_key(world: &World) -> String {
    let [(old, true)] = &world.keys_of(USER)[..] else {
        panic!("not one active key: {:?}", world.keys_of(USER));
    };
    old.clone()
}

/// The secret that belongs to a key in the demo account.
fn secret_of(key: &str) -> String {
    KeyId::parse(key).expect("the ID of a key").secret()
}

fn begin(session: &mut Session<'_>) {
    session.intend(Intent::Rotate(session.slot, USER.into()));
    session.until_quiet();
}

fn stand(session: &Session<'_>) -> (RotationStep, Option<Blocker>) {
    let rotation = session.engine.rotation(session.slot, USER);
    (rotation.step, rotation.blocker)
}

fn act(session: &mut Session<'_>, action: RotationAction) -> PlanId {
    session.intend(Intent::RotationAction(session.slot, USER.into(), action));
    session.proposed()
}

fn look(session: &mut Session<'_>) {
    session.intend(Intent::Rotate(session.slot, USER.into()));
    session.until_quiet();
}

/// Chooses the profile for a key, or for the one that is about to be created, up to where it would
/// be written.
fn choose(session: &mut Session<'_>, key: Option<String>) {
    session.intend(Intent::ChooseDestination(StoreIn {
        slot: session.slot,
        user: USER.into(),
        key,
        kind: DestinationKind::Profile,
    }));
    session.until("the credentials file", |session| {
        let choosing = session.engine.vault.choosing().expect("it is chosen");
        !choosing.is_waiting()
    });
    session.intend(Intent::NameDestination(PROFILE.into()));
    session.until("what would change", |session| {
        let choosing = session.engine.vault.choosing().expect("it is chosen");
        assert_eq!(choosing.refused, None);
        matches!(choosing.phase, Phase::Agreeing(_)) && choosing.whose() != Whose::Asking
    });
    session.intend(Intent::Write);
}

fn tried(session: &Session<'_>, key: &str) -> Tried {
    let new = session.engine.vault.key(key).expect("it is this run's");
    new.tried.clone()
}

/// The lines of the journal that are about a key or an action, as their kinds.
fn journal_of(world: &World, about: &str) -> Vec<String> {
    let text = world.journal();
    let lines = text.lines().filter(|line| line.contains(about));
    let kind = |line: &str| {
        let (_, rest) = line.split_once("\"event\":\"").expect("an event");
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    lines.map(kind).collect()
}

#[expect(
    clippy::too_many_lines,
    reason = "one step of the rotation after the other"
)]
#[test]
fn a_key_is_rotated_without_a_screen() {
    let world = World::new();
    let old = old_key(&world);
    let mut session = world.start();
    session.until_quiet();
    let listed: Vec<&str> = session
        .account()
        .users
        .rows()
        .iter()
        .map(|row| &*row.user.name)
        .collect();
    let there = world.endpoint.account(|account| {
        account
            .users()
            .map(|user| user.name.to_string())
            .collect::<Vec<_>>()
    });
    assert_eq!(listed, there);

    begin(&mut session);
    assert_eq!(stand(&session), (RotationStep::Create, None));
    choose(&mut session, None);
    session.until("a destination that can be written", |session| {
        session.engine.destination(session.slot, USER).is_some()
    });
    let chosen = session.engine.destination(session.slot, USER);
    assert!(matches!(chosen, Some(Chosen::Profile(plan)) if plan.profile == PROFILE));
    assert_eq!(world.profile(PROFILE), None, "there is no key yet");

    // Created, and written where it was chosen: nobody is asked again.
    let plan = act(&mut session, RotationAction::Create);
    assert_eq!(session.needs(), []);
    assert_eq!(session.sent().len(), 0, "the account is looked at first");
    session.until("the new key", |session| session.engine.plan(plan).is_none());
    let new = world.keys_of(USER).pop().expect("two keys").0;
    assert_ne!(new, old);
    assert_eq!(session.needs(), [Need::NewKey(new.clone())]);
    assert_eq!(
        stand(&session),
        (RotationStep::Store, Some(Blocker::SecretNotStored))
    );
    session.until("the profile", |session| {
        let key = session.engine.vault.key(&new).expect("it is this run's");
        !key.stored.is_empty()
    });
    assert_eq!(world.profile(PROFILE), Some((new.clone(), secret_of(&new))));

    // Tried: refused at first, as AWS does with a key that was just created.
    assert_eq!(
        stand(&session),
        (RotationStep::Check, Some(Blocker::Trying))
    );
    session.until("a refusal", |session| {
        matches!(tried(session, &new), Tried::Trying(1.., _))
    });
    let may_deactivate = |session: &Session<'_>| {
        let actions = session.engine.rotation_actions(session.slot, USER);
        actions.contains(&RotationAction::Deactivate)
    };
    assert!(!may_deactivate(&session), "the new key does not work yet");
    world.advance(TimeDelta::seconds(4));
    session.until("a key that works", |session| {
        matches!(tried(session, &new), Tried::Works(_))
    });
    assert!(matches!(tried(&session, &new), Tried::Works(caller) if caller.name() == USER));
    assert_eq!(session.needs(), [Need::NewKey(new.clone())]);
    session.intend(Intent::Release(new.clone()));
    assert_eq!(session.needs(), []);
    assert!(!session.engine.vault.key(&new).expect("it is").is_held());

    // The old key is deactivated, watched, and deleted.
    assert_eq!(stand(&session), (RotationStep::Deactivate, None));
    let plan = act(&mut session, RotationAction::Deactivate);
    session.until("the deactivation", |session| {
        session.engine.plan(plan).is_none()
    });
    assert_eq!(
        world.keys_of(USER),
        [(old.clone(), false), (new.clone(), true)]
    );
    assert_eq!(
        stand(&session),
        (RotationStep::Watch, Some(Blocker::StillWarm))
    );
    world.advance(TimeDelta::days(8));
    look(&mut session);
    assert_eq!(stand(&session), (RotationStep::Delete, None));
    let plan = act(&mut session, RotationAction::Delete);
    session.until_looked(plan);
    let typed = old[old.len() - 4..].to_owned();
    assert_eq!(session.preflight(plan).typed.as_ref(), Some(&typed));
    for wrong in ["", "nope", &old[..4]] {
        session.intend(Intent::Approve {
            plan,
            typed: wrong.into(),
        });
    }
    session.until_quiet();
    assert_eq!(world.calls("DeleteAccessKey"), 0, "it was not confirmed");
    session.intend(Intent::Approve { plan, typed });
    session.until("the deletion", |session| {
        session.engine.plan(plan).is_none()
    });
    let done = News::RotationDone {
        slot: session.slot,
        user: USER.into(),
    };
    assert!(session.news.contains(&done), "{:?}", session.news);
    session.until_quiet();
    assert_eq!(session.quit(), Exit::Quit(Vec::new()));

    assert_eq!(world.keys_of(USER), [(new.clone(), true)]);
    assert_eq!(world.profile(PROFILE), Some((new.clone(), secret_of(&new))));
    let journal = world.journal();
    assert!(!journal.contains(&secret_of(&new)), "{journal}");
    assert_eq!(journal_of(&world, "\"event\":\"sent\"").len(), 3);
    assert_eq!(journal_of(&world, "\"outcome\":\"done\"").len(), 3);
    assert_eq!(journal_of(&world, "profile monitoring"), ["stored"]);
    // What creates it names the user; what is said of it later, the key.
    assert_eq!(
        journal_of(&world, &format!("\"key\":\"{new}\"")),
        ["ended", "stored"]
    );
    assert_eq!(
        journal_of(&world, &format!("\"key\":\"{old}\"")),
        ["sent", "sent"]
    );
}

/// Where a run is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// The rotation was begun.
    Begun,
    /// A destination was chosen and found writable.
    Chosen,
    /// This change was proposed.
    Proposed(&'static str),
    /// It was written into the journal, and has not been made: the account says so, to no one.
    NotMade(&'static str),
    /// It was made, and its answer is on its way.
    OnItsWay(&'static str),
    /// It was answered, and nothing that follows from the answer has begun.
    Answered(&'static str),
    /// The secret was written, and the journal does not know it.
    Written,
    /// The journal knows it. The key is being tried.
    Trying,
    /// The key works.
    Tried,
    /// The secret was let go of.
    LetGo,
    /// The old key is watched.
    Watched,
}

const CUTS: [Cut; 18] = [
    Cut::Begun,
    Cut::Chosen,
    Cut::Proposed("CreateAccessKey"),
    Cut::NotMade("CreateAccessKey"),
    Cut::OnItsWay("CreateAccessKey"),
    Cut::Answered("CreateAccessKey"),
    Cut::Written,
    Cut::Trying,
    Cut::Tried,
    Cut::LetGo,
    Cut::Proposed("UpdateAccessKey"),
    Cut::NotMade("UpdateAccessKey"),
    Cut::OnItsWay("UpdateAccessKey"),
    Cut::Answered("UpdateAccessKey"),
    Cut::Watched,
    Cut::NotMade("DeleteAccessKey"),
    Cut::OnItsWay("DeleteAccessKey"),
    Cut::Answered("DeleteAccessKey"),
];

/// A person, or a program, that rotates a key with as many runs as it takes: what is next, each run
/// says itself.
struct Rotating<'a> {
    world: &'a World,
    session: Session<'a>,
    old: String,
    begun: bool,
    /// Where runs are killed, each once.
    cuts: Vec<Cut>,
    /// The questions that were answered: why there was one, and what was found.
    questions: Vec<(Cause, Finding)>,
}

impl<'a> Rotating<'a> {
    fn new(world: &'a World, cuts: &[Cut]) -> Self {
        let mut session = world.start();
        session.until_quiet();
        Self {
            world,
            session,
            old: old_key(world),
            begun: false,
            cuts: cuts.to_vec(),
            questions: Vec::new(),
        }
    }

    fn is_due(&self, cut: Cut) -> bool {
        self.cuts.contains(&cut)
    }

    /// Kills the run, if it is to be killed here, and begins another one.
    fn cut(&mut self, cut: Cut) -> bool {
        if !self.is_due(cut) {
            return false;
        }
        self.cuts.retain(|other| *other != cut);
        // Nothing of the next run begins before something is waited for.
        let next = self.world.start();
        std::mem::replace(&mut self.session, next).kill();
        self.session.until_quiet();
        self.begun = false;
        true
    }

    fn is_done(&self) -> bool {
        let keys = self.world.keys_of(USER);
        matches!(&keys[..], [(key, true)] if *key != self.old)
    }

    /// Goes on until the rotation is done and nothing is left open.
    fn finish(&mut self) {
        for _ in 0..60 {
            if self.answer_question() {
                continue;
            }
            if self.is_done() && self.session.needs().is_empty() {
                return;
            }
            self.step();
        }
        panic!("it does not get on: {:?}", stand(&self.session));
    }

    /// Answers a question that is open, as the account has answered it.
    fn answer_question(&mut self) -> bool {
        let mut needs = self.session.needs().into_iter();
        let question = |need| match need {
            Need::Question(origin) => Some(origin),
            _ => None,
        };
        let Some(origin) = needs.find_map(question) else {
            return false;
        };
        let session = &mut self.session;
        session.until("what the account says", |session| {
            let question = session.engine.question(&origin).expect("it is open");
            !matches!(question.finding, Finding::Unseen | Finding::Looking(_))
        });
        let question = session.engine.question(&origin).expect("it is open");
        assert!(matches!(origin, Origin::Earlier(_)), "{question:?}");
        self.questions
            .push((question.cause.clone(), question.finding.clone()));
        let how = session.engine.resolutions(&origin).first().copied();
        match how {
            None => {
                assert!(question.is_answered(), "{question:?}");
                session.intend(Intent::PutOff(origin));
            }
            Some(how @ (Resolution::Replace | Resolution::DoAgain)) => {
                session.intend(Intent::Resolve(origin, how));
                let plan = session.proposed();
                self.carry(plan);
            }
            Some(how) => panic!("{how:?} first, of {question:?}"),
        }
        true
    }

    /// Carries a plan out, unless the run is killed meanwhile.
    fn carry(&mut self, plan: PlanId) {
        let is_approved = |plan: &iamkeys::engine::Plan| plan.is_approved();
        let approved = self.session.engine.plan(plan).is_some_and(is_approved);
        if !approved {
            self.session.until_looked(plan);
        }
        let action = |session: &Session<'_>| {
            let plan = session.engine.plan(plan)?;
            let waits = |step: &&iamkeys::engine::Step| step.progress != Progress::Done;
            let step = plan.steps.iter().find(waits)?;
            let (_, action) = step.change.action().split_once(':')?;
            CUTS.iter().find_map(|cut| match cut {
                Cut::OnItsWay(name) if *name == action => Some(*name),
                _ => None,
            })
        };
        let first = action(&self.session).expect("one of three");
        if self.cut(Cut::Proposed(first)) {
            return;
        }
        if !approved {
            self.session.approve(plan);
        }
        while let Some(name) = action(&self.session) {
            for (cut, made) in [(Cut::NotMade(name), false), (Cut::OnItsWay(name), true)] {
                if self.is_due(cut) {
                    let late = Fault::new(FaultKind::Delay(NEVER)).action(name);
                    self.world.endpoint.fault(late);
                    if !made {
                        let refused = Fault::new(FaultKind::Refuse).action(name);
                        self.world.endpoint.fault(refused);
                    }
                    let before = self.world.calls(name);
                    self.session
                        .until("the request", |session| session.world.calls(name) > before);
                    self.world.endpoint.clear_faults();
                    self.cut(cut);
                    return;
                }
            }
            let is_next = |session: &Session<'_>| action(session) == Some(name);
            self.session
                .until("the answer", |session| !is_next(session));
            if self.cut(Cut::Answered(name)) {
                return;
            }
        }
    }

    fn step(&mut self) {
        if !self.begun {
            begin(&mut self.session);
            self.begun = true;
            if self.cut(Cut::Begun) {
                return;
            }
        }
        let session = &mut self.session;
        let (slot, stand) = (session.slot, stand(session));
        let new = session.engine.rotation(slot, USER).new;
        let new = new.map(|row| row.key.id.clone());
        match (stand, new) {
            ((RotationStep::Create, None), _) => {
                if session.engine.destination(slot, USER).is_some() {
                    let plan = act(session, RotationAction::Create);
                    self.carry(plan);
                } else {
                    choose(session, None);
                    session.until("a destination that can be written", |session| {
                        session.engine.destination(slot, USER).is_some()
                    });
                    self.cut(Cut::Chosen);
                }
            }
            ((RotationStep::Store, Some(Blocker::SecretNotStored)), Some(new)) => {
                assert!(session.needs().contains(&Need::NewKey(new.clone())));
                if !session.engine.vault.is_busy() {
                    choose(session, Some(new.clone()));
                }
                session.until("the profile", |session| {
                    let key = session.engine.vault.key(&new).expect("it is this run's");
                    !key.stored.is_empty()
                });
                self.cut(Cut::Written);
            }
            ((RotationStep::Check, Some(Blocker::Trying)), Some(new)) => {
                // Each refusal is told, so that this is looked at again until it is so.
                session.until("the journal", |session| {
                    let known = journal_of(session.world, &format!("\"key\":\"{new}\""));
                    let tried = tried(session, &new);
                    known.contains(&"stored".into()) && matches!(tried, Tried::Trying(1.., _))
                });
                if self.cut(Cut::Trying) {
                    return;
                }
                self.world.advance(TimeDelta::seconds(4));
                self.session.until("a key that works", |session| {
                    matches!(tried(session, &new), Tried::Works(_))
                });
                if self.cut(Cut::Tried) {
                    return;
                }
                self.session.intend(Intent::Release(new.clone()));
                assert_eq!(self.session.needs(), []);
                self.cut(Cut::LetGo);
            }
            // This run does not know that the secret is stored. What uses the key tells it.
            ((RotationStep::Store, Some(Blocker::SecretMayBeLost)), Some(new)) => {
                self.use_key(&new);
                look(&mut self.session);
            }
            ((RotationStep::Deactivate, None), _) => {
                let plan = act(session, RotationAction::Deactivate);
                self.carry(plan);
            }
            ((RotationStep::Watch, Some(Blocker::StillWarm)), _) => {
                self.world.advance(TimeDelta::days(8));
                look(session);
                self.cut(Cut::Watched);
            }
            ((RotationStep::Delete, None), _) => {
                let plan = act(session, RotationAction::Delete);
                self.carry(plan);
            }
            other => panic!("not gone on with: {other:?}"),
        }
    }

    /// What has the key from the profile signs a request with it; then it is used for S3.
    fn use_key(&self, key: &str) {
        let (id, secret) = self.world.profile(PROFILE).expect("it was written there");
        assert_eq!(id, key, "the profile has the key that the account has");
        self.world.advance(TimeDelta::seconds(4));
        let embedded = aws::Embedded {
            http_client: self.world.endpoint.http_client(),
            credentials: self.world.endpoint.sdk_credentials(),
        };
        let connection = aws::sign_in_embedded(embedded, &aws::Options::default()).connection;
        let secret = SecretKey::new(secret);
        let runtime = iamkeys::driver::threads().unwrap();
        let caller = runtime.block_on(connection.identity_of(&id, &secret, None));
        assert_eq!(caller.expect("it is accepted").name(), USER);
        let used = LastUsed {
            at: self.world.now(),
            service: "s3".into(),
            region: "eu-central-1".into(),
        };
        assert!(
            self.world
                .endpoint
                .account(|account| account.set_last_used(&id, Some(used)))
        );
    }

    /// What has to be so at the end, wherever runs were killed.
    fn check(self) -> Vec<(Cause, Finding)> {
        let Self {
            world,
            session,
            old,
            questions,
            cuts,
            ..
        } = self;
        assert_eq!(cuts, [], "each was come to");
        let [(new, true)] = &world.keys_of(USER)[..] else {
            panic!("not one active key: {:?}", world.keys_of(USER));
        };
        assert_ne!(*new, old);
        assert_eq!(world.profile(PROFILE), Some((new.clone(), secret_of(new))));
        let journal = world.journal();
        let calls = world.endpoint.calls();
        let of_new = |action: &str| {
            let is_it = |call: &iamkeys::demo::Call| {
                call.action == action
                    && call.signed_by.as_ref() == Some(new)
                    && call.outcome == iamkeys::demo::Outcome::Done
            };
            calls.iter().position(is_it)
        };
        // Nothing was taken from the old key before the new one was known to work.
        let works = of_new("GetCallerIdentity").expect("it was tried, or used");
        let of_old = |call: &iamkeys::demo::Call| {
            call.key_id.as_ref() == Some(&old) && call.action != "GetAccessKeyLastUsed"
        };
        let first = calls.iter().position(of_old).expect("it was deactivated");
        assert!(works < first, "{calls:#?}");
        for key in calls.iter().filter_map(|call| call.key_id.as_ref()) {
            assert!(!journal.contains(&secret_of(key)), "{journal}");
        }
        assert_eq!(session.quit(), Exit::Quit(Vec::new()));
        // Nothing is left open for the next run.
        let mut next = world.start();
        next.until_quiet();
        assert_eq!(next.engine.questions().len(), 0);
        assert_eq!(next.needs(), []);
        assert_eq!(next.quit(), Exit::Quit(Vec::new()));
        questions
    }
}

fn rotate(cuts: &[Cut]) -> Vec<(Cause, Finding)> {
    let world = World::new();
    let mut rotating = Rotating::new(&world, cuts);
    rotating.finish();
    rotating.check()
}

#[test]
fn a_rotation_that_was_killed_anywhere_is_gone_on_with_by_another_run() {
    for cut in CUTS {
        println!("{cut:?}");
        let questions = rotate(&[cut]);
        let asked = match cut {
            Cut::NotMade(_)
            | Cut::OnItsWay(_)
            | Cut::Answered("CreateAccessKey")
            | Cut::Written => 1,
            // Whether the answer was written down before the end is a matter of chance.
            Cut::Answered(_) => questions.len().min(1),
            _ => 0,
        };
        assert_eq!(questions.len(), asked, "{cut:?}: {questions:?}");
        for (cause, finding) in questions {
            let orphan = matches!(finding, Finding::Orphans(_));
            match cut {
                Cut::NotMade(_) => assert_eq!(finding, Finding::NotDone, "{cut:?}: {cause:?}"),
                Cut::OnItsWay("CreateAccessKey") => {
                    assert!(
                        orphan && cause == Cause::Interrupted,
                        "{cause:?} {finding:?}"
                    );
                }
                Cut::Answered("CreateAccessKey") | Cut::Written => assert!(orphan, "{finding:?}"),
                _ => assert_eq!(finding, Finding::Done, "{cut:?}: {cause:?}"),
            }
        }
    }
}

#[test]
fn a_rotation_that_is_killed_again_and_again_is_gone_on_with() {
    // A run that is killed while it tries the key does not find out that it works, and what was
    // made without an answer is not made again.
    let not_both = [Cut::Tried, Cut::LetGo, Cut::Answered("UpdateAccessKey")];
    let most = CUTS.into_iter().filter(|cut| !not_both.contains(cut));
    rotate(&most.collect::<Vec<_>>());
    let created = Cut::Answered("CreateAccessKey");
    let deactivated = Cut::Answered("UpdateAccessKey");
    rotate(&[created, Cut::Written, Cut::Tried, deactivated]);
    rotate(&[created, Cut::Written, Cut::LetGo, deactivated]);
}

#[test]
fn a_key_whose_creation_was_cut_off_is_an_orphan_and_is_replaced() {
    let world = World::new();
    let late = Fault::new(FaultKind::Delay(NEVER)).action("CreateAccessKey");
    world.endpoint.fault(late);
    let old = old_key(&world);
    let mut session = world.start();
    session.until_quiet();
    begin(&mut session);
    act(&mut session, RotationAction::Create);
    session.until("the request", |session| {
        session.world.calls("CreateAccessKey") == 1
    });
    session.kill();
    world.endpoint.clear_faults();
    let orphan = world.keys_of(USER).pop().expect("it was created").0;
    assert_ne!(orphan, old);
    assert_eq!(journal_of(&world, "CreateAccessKey"), ["sent"]);

    let mut session = world.start();
    session.until_quiet();
    let [Need::Question(origin)] = &session.needs()[..] else {
        panic!("not one question: {:?}", session.needs());
    };
    let question = session.engine.question(origin).expect("it is open");
    assert_eq!(question.cause, Cause::Interrupted);
    assert!(
        matches!(&question.finding, Finding::Orphans(keys) if keys.len() == 1 && keys[0].id == orphan),
        "{:?}",
        question.finding
    );
    assert_eq!(
        session.engine.resolutions(origin),
        [Resolution::Replace, Resolution::Keep]
    );
    let origin = origin.clone();
    session.intend(Intent::Resolve(origin.clone(), Resolution::Replace));
    let plan = session.proposed();
    session.until_looked(plan);
    session.approve(plan);
    session.until("another key", |session| session.engine.plan(plan).is_none());
    let user: Box<str> = USER.into();
    let delete = Change::Delete {
        user: user.clone(),
        key: orphan.clone(),
    };
    assert_eq!(session.sent(), [&delete, &Change::Create { user }]);
    let new = world.keys_of(USER).pop().expect("two keys").0;
    assert!(![&old, &orphan].contains(&&new));
    assert_eq!(session.engine.questions().len(), 0);
    assert_eq!(session.needs(), [Need::NewKey(new.clone())]);
    let held = session.engine.vault.key(&new).and_then(|key| key.secret());
    assert_eq!(held.map(SecretKey::expose), Some(&*secret_of(&new)));
    // It is asked once: what was answered is in the journal.
    session.intend(Intent::HaveIt(new));
    assert_eq!(session.quit(), Exit::Quit(Vec::new()));
    assert_eq!(journal_of(&world, "\"event\":\"settled\""), ["settled"]);
    let mut next = world.start();
    next.until_quiet();
    assert_eq!(next.engine.questions().len(), 0);
    next.kill();
}

/// What a signal does: it asks nothing, and tells what will not be known.
#[test]
fn a_run_that_is_told_to_end_says_what_is_lost() {
    let world = World::new();
    let mut session = world.start();
    session.until_quiet();
    begin(&mut session);
    let plan = act(&mut session, RotationAction::Create);
    session.until("the new key", |session| session.engine.plan(plan).is_none());
    let new = world.keys_of(USER).pop().expect("two keys").0;
    session.hear(Event::Signal(iamkeys::engine::Signal::Terminate));
    session.until("the exit", |session| session.exit.is_some());
    let Some(Exit::Signal(15, told)) = session.exit.take() else {
        panic!("another exit");
    };
    assert!(
        matches!(&told[..], [line] if line.starts_with("lost: ") && line.contains(&new)),
        "{told:?}"
    );
    session.kill();
}
