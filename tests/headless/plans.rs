//! Plans through the driver: which steps are sent and when, and what an approval is worth.

use crate::session::{Session, World};
use iamkeys::{
    demo::{Fault, FaultKind, Status},
    engine::{
        Change, Difference, Exit, Intent, Kind, Need, News, Origin, PlanId, Progress, Proposal,
        Stage, Target, model::KeyStatus, unresolved::Finding,
    },
};

/// A user with two keys, of which the older is Inactive and has not been used for a year.
const USER: &str = "jenkins";
const OLD: &str = "AKIAQX7DEMO4JENKNS01";
const IN_USE: &str = "AKIAQX7DEMO4JENKNS02";

fn delete() -> Change {
    Change::Delete {
        user: USER.into(),
        key: OLD.into(),
    }
}

fn create() -> Change {
    Change::Create { user: USER.into() }
}

fn deactivate() -> Change {
    Change::SetActive {
        user: USER.into(),
        key: IN_USE.into(),
        active: false,
    }
}

fn propose(session: &mut Session<'_>, steps: Vec<Change>) -> PlanId {
    let proposal = Proposal {
        steps,
        ..Proposal::default()
    };
    session.intend(Intent::Propose(session.slot, proposal));
    session.proposed()
}

/// Proposes to delete one key and create another, and approves it once it was looked at. Nothing is
/// sent yet.
fn approved(world: &World) -> (Session<'_>, PlanId) {
    let mut session = world.start();
    session.until_quiet();
    let plan = propose(&mut session, vec![delete(), create()]);
    session.until_looked(plan);
    session.approve(plan);
    (session, plan)
}

fn progress(session: &Session<'_>, plan: PlanId) -> Vec<Progress> {
    let plan = session.engine.plan(plan);
    let steps = plan.map(|plan| &plan.steps[..]).unwrap_or_default();
    steps.iter().map(|step| step.progress.clone()).collect()
}

/// What was said of steps that were not sent.
fn not_asked_for<'a>(session: &'a Session<'_>) -> Vec<&'a str> {
    let said = session.news.iter().filter_map(|news| match news {
        News::Notice { text, bad: true } => Some(text.as_str()),
        _ => None,
    });
    said.filter(|text| text.contains("not asked for")).collect()
}

#[test]
fn the_second_step_is_sent_when_the_first_is_done() {
    let world = World::new();
    let (mut session, plan) = approved(&world);
    assert_eq!(world.calls("DeleteAccessKey"), 0);
    session.until("the request", |session| {
        session.world.calls("DeleteAccessKey") == 1
    });
    // It is done in the account, and no one here knows it yet.
    assert!(matches!(
        progress(&session, plan)[..],
        [Progress::UnderWay(_), Progress::Waiting]
    ));
    assert_eq!(session.sent(), [&delete()]);
    session.until("the answer", |session| {
        matches!(progress(session, plan)[..], [Progress::Done, _])
    });
    assert!(matches!(
        progress(&session, plan)[..],
        [Progress::Done, Progress::UnderWay(_)]
    ));
    assert_eq!(session.sent(), [&delete()], "it is about to be");
    assert_eq!(world.calls("CreateAccessKey"), 0);
    session.until("the new key", |session| session.engine.plan(plan).is_none());
    assert_eq!(session.sent(), [&delete(), &create()]);
    let keys = world.keys_of(USER);
    let new = keys[1].0.clone();
    assert_eq!(keys[0], (IN_USE.to_owned(), true));
    assert_eq!(session.needs(), [Need::NewKey(new.clone())]);
    // The second knew what was there after the first.
    let before = session.orders[1].keys_before.clone();
    assert_eq!(before, Some(vec![IN_USE.to_owned()]));
    session.until_quiet();
    session.intend(Intent::HaveIt(new));
    assert_eq!(session.quit(), Exit::Quit(Vec::new()));
}

#[test]
fn where_the_first_step_is_refused_the_second_is_never_sent() {
    let world = World::new();
    let refuse = Fault::new(FaultKind::Refuse).action("DeleteAccessKey");
    world.endpoint.fault(refuse);
    let (mut session, plan) = approved(&world);
    session.until("the refusal", |session| {
        let plan = session.engine.plan(plan).expect("it was not seen yet");
        matches!(plan.stage, Stage::NotDone)
    });
    assert!(
        matches!(&progress(&session, plan)[..], [Progress::Failed(error), Progress::Waiting] if error.kind == Kind::Denied)
    );
    assert_eq!(session.needs(), [Need::Plan(plan)]);
    // Approved once more, or looked at again, it is not sent either: it is over.
    let typed = String::new();
    session.intend(Intent::Approve { plan, typed });
    session.intend(Intent::Refresh(session.slot));
    session.until_quiet();
    assert_eq!(session.sent(), [&delete()]);
    assert_eq!(world.calls("CreateAccessKey"), 0);
    assert_eq!(
        world.keys_of(USER),
        [(OLD.to_owned(), false), (IN_USE.to_owned(), true)]
    );
    session.intend(Intent::Close(plan));
    assert_eq!(session.needs(), []);
    assert_eq!(session.engine.questions().len(), 0);
    assert_eq!(session.quit(), Exit::Quit(Vec::new()));
}

#[test]
fn where_the_first_answer_is_lost_a_question_opens_and_the_second_is_not_sent() {
    for (kind, done) in [
        (FaultKind::DropAfter, true),
        (FaultKind::Cut, true),
        (FaultKind::Garble, true),
        (FaultKind::DropBefore, false),
    ] {
        let world = World::new();
        let lost = Fault::new(kind.clone()).action("DeleteAccessKey");
        world.endpoint.fault(lost);
        let (mut session, plan) = approved(&world);
        session.until("the question", |session| {
            !session.engine.questions().is_empty()
        });
        let origin = Origin::Here(session.orders[0].id);
        assert_eq!(session.needs(), [Need::Question(origin.clone())]);
        assert!(session.engine.plan(plan).is_none(), "it ends there");
        assert_eq!(not_asked_for(&session).len(), 1, "{:?}", session.news);
        session.until("what the account says", |session| {
            let question = session.engine.question(&origin).expect("it is open");
            !matches!(question.finding, Finding::Unseen | Finding::Looking(_))
        });
        let question = session.engine.question(&origin).expect("it is open");
        assert_eq!(question.change, delete());
        let expected = if done {
            Finding::Done
        } else {
            Finding::NotDone
        };
        assert_eq!(question.finding, expected, "{kind:?}");
        session.intend(Intent::PutOff(origin));
        session.intend(Intent::Refresh(session.slot));
        session.until_quiet();
        assert_eq!(session.sent(), [&delete()], "{kind:?}");
        assert_eq!(world.calls("CreateAccessKey"), 0);
        // It was asked once: a change is not repeated.
        assert_eq!(world.calls("DeleteAccessKey"), 1);
        session.kill();
    }
}

#[test]
fn a_plan_is_not_carried_on_in_another_session() {
    let world = World::new();
    let (mut session, plan) = approved(&world);
    session.until("the request", |session| {
        session.world.calls("DeleteAccessKey") == 1
    });
    session.intend(Intent::SignIn(session.slot, Target::Demo));
    session.until("the answer", |session| session.engine.plan(plan).is_none());
    session.until_quiet();
    assert_eq!(session.sent(), [&delete()]);
    assert_eq!(world.calls("CreateAccessKey"), 0);
    assert_eq!(world.keys_of(USER), [(IN_USE.to_owned(), true)]);
    let said = not_asked_for(&session);
    assert!(
        matches!(&said[..], [text] if text.starts_with("Another session") && text.contains("create")),
        "{said:?}"
    );
    assert_eq!(session.account().session.generation, 1);
    assert_eq!(session.needs(), []);
    assert_eq!(session.quit(), Exit::Quit(Vec::new()));
}

#[test]
fn what_was_proposed_in_another_session_cannot_be_approved() {
    // Before and after the look at the account is over, and with an approval that waits for it.
    for (looked, approved) in [(false, false), (false, true), (true, false)] {
        let world = World::new();
        let mut session = world.start();
        session.until_quiet();
        let plan = propose(&mut session, vec![delete(), create()]);
        if looked {
            session.until_looked(plan);
        }
        if approved {
            session.approve(plan);
        }
        session.intend(Intent::SignIn(session.slot, Target::Demo));
        session.until_quiet();
        let preflight = session.preflight(plan);
        assert_eq!(preflight.difference, Some(Difference::OtherSession));
        session.approve(plan);
        session.until_quiet();
        assert!(session.sent().is_empty());
        assert_eq!(world.calls("DeleteAccessKey"), 0);
        assert_eq!(session.needs(), [Need::Plan(plan)], "it is told");
        session.intend(Intent::Close(plan));
        assert_eq!(session.needs(), []);
        session.kill();
    }
}

#[test]
fn an_approval_given_during_the_look_counts_where_nothing_differs() {
    let world = World::new();
    let mut session = world.start();
    session.until_quiet();
    let plan = propose(&mut session, vec![deactivate()]);
    assert!(session.preflight(plan).is_looking());
    session.approve(plan);
    assert!(session.preflight(plan).approved);
    // It waits for the look, and for nothing else.
    let looks = world.calls("ListAccessKeys");
    session.until("the deactivation", |session| {
        session.engine.plan(plan).is_none()
    });
    assert_eq!(session.sent(), [&deactivate()]);
    let calls = world.endpoint.calls();
    let change = calls
        .iter()
        .position(|call| call.action == "UpdateAccessKey");
    let before = &calls[..change.expect("it was sent")];
    let look = before.iter().filter(|call| call.action == "ListAccessKeys");
    assert_eq!(look.count(), looks + 1, "the account was looked at before");
    assert_eq!(
        world.keys_of(USER),
        [(OLD.to_owned(), false), (IN_USE.to_owned(), false)]
    );
    session.kill();
}

#[test]
fn an_approval_given_during_the_look_does_not_count_where_the_status_has_changed() {
    let world = World::new();
    let mut session = world.start();
    session.until_quiet();
    let plan = propose(&mut session, vec![deactivate()]);
    session.approve(plan);
    assert!(session.preflight(plan).approved);
    // Someone else is quicker.
    world.endpoint.account(|account| {
        assert!(account.set_key_status(IN_USE, Status::Inactive));
    });
    let asked = session.preflight(plan).asked;
    session.until_looked(plan);
    session.until_quiet();
    let preflight = session.preflight(plan);
    assert_eq!(
        preflight.difference,
        Some(Difference::Status(KeyStatus::Active))
    );
    assert!(!preflight.approved);
    assert!(preflight.asked > asked, "the question is another one");
    assert_eq!(session.needs(), [Need::Plan(plan)]);
    assert!(session.sent().is_empty());
    assert_eq!(world.calls("UpdateAccessKey"), 0);
    // Who has read it may still want it.
    session.approve(plan);
    session.until("the deactivation", |session| {
        session.engine.plan(plan).is_none()
    });
    assert_eq!(session.sent(), [&deactivate()]);
    session.kill();
}

#[test]
fn an_approval_given_during_the_look_does_not_count_where_the_key_is_gone_or_the_look_fails() {
    for gone in [true, false] {
        let world = World::new();
        let mut session = world.start();
        session.until_quiet();
        let plan = propose(&mut session, vec![delete(), create()]);
        session.approve(plan);
        if gone {
            assert!(world.endpoint.account(|account| account.remove_key(OLD)));
        } else {
            let refuse = Fault::new(FaultKind::Refuse).action("ListAccessKeys");
            world.endpoint.fault(refuse);
        }
        session.until_looked(plan);
        session.until_quiet();
        let preflight = session.preflight(plan);
        if gone {
            assert_eq!(preflight.difference, Some(Difference::NotFound));
        } else {
            assert!(preflight.failed.is_some());
        }
        assert!(!preflight.approved);
        assert!(session.sent().is_empty());
        if gone {
            session.approve(plan);
            session.until_quiet();
            assert!(session.sent().is_empty(), "there is nothing to approve");
        }
        assert_eq!(world.calls("DeleteAccessKey"), 0);
        session.kill();
    }
}
