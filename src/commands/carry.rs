//! A change from the shell: proposed, so that the account is looked at; approved; and followed until it
//! is known what became of it. It is the engine's plan of one step, as on the screen: written into the
//! journal, sent once, and looked into where its answer was lost.

use super::run::{Ended, Runner};
use crate::engine::{
    Change, Difference, Engine, Error, Intent, Origin, Plan, PlanId, Progress, Proposal, Slot,
    Stage,
    account::Account,
    unresolved::{Finding, Question},
};

/// Why a key is left alone of which it is not known what became of an earlier change.
pub(super) const OPEN_CHANGE: &str = "an earlier change of it is open and may still be made: the screen \
    (iamkeys without a command) tells once the account shows it, and lets it go";

/// What became of a change.
#[derive(Clone, Debug)]
pub(super) enum Became {
    /// It is done. Its answer may have been lost, and the account have shown it since: then that is said.
    Done(Option<String>),
    /// It was not sent: why.
    NotSent(String),
    /// It was refused, or has surely failed.
    Failed(Error),
    /// The user has as many keys as the account allows.
    NoRoom,
    /// It is not known whether it is done: what the account has shown.
    Unknown(String),
}

/// What became of a change, and AWS's ID of the request.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    /// What became of it.
    pub(super) became: Became,
    /// AWS's ID of the request, where there was an answer with one.
    pub(super) request_id: Option<String>,
}

/// How far a plan is, as far as that is waited for.
enum Step {
    Gone,
    NotDone(Error),
    NoRoom,
    NotSent,
}

/// Proposes a change, and waits until the account was looked at. None where it cannot be proposed.
///
/// # Errors
/// When the run ends before.
pub(super) async fn propose(
    runner: &mut Runner,
    slot: Slot,
    proposal: impl Into<Proposal>,
) -> Result<Option<PlanId>, Ended> {
    let id = begin(runner, slot, proposal);
    if let Some(id) = id {
        looked(runner, id).await?;
    }
    Ok(id)
}

/// Proposes a change. None where it cannot be proposed.
pub(super) fn begin(
    runner: &mut Runner,
    slot: Slot,
    proposal: impl Into<Proposal>,
) -> Option<PlanId> {
    begin_by(runner, Intent::Propose(slot, proposal.into()))
}

/// The same by what else proposes a change.
pub(super) fn begin_by(runner: &mut Runner, intent: Intent) -> Option<PlanId> {
    let last = |engine: &Engine| engine.plans().last().map(|plan| plan.id);
    let before = last(&runner.engine);
    runner.intend(intent);
    last(&runner.engine).filter(|id| before != Some(*id))
}

/// Waits until the look at the account for a plan is over.
///
/// # Errors
/// When the run ends before.
pub(super) async fn looked(runner: &mut Runner, id: PlanId) -> Result<(), Ended> {
    let is_over = |engine: &Engine| {
        let preflight = engine.plan(id).and_then(Plan::preflight);
        preflight.is_none_or(|preflight| !preflight.is_looking())
    };
    runner.until(|engine| is_over(engine).then_some(())).await
}

/// Approves a plan, and waits until it is known what became of it. A look that shows something new sends
/// nothing, unless it is `expected`.
///
/// # Errors
/// When the run ends before: what is not known then is said as it ends.
pub(super) async fn carry_out(
    runner: &mut Runner,
    id: PlanId,
    typed: String,
    expected: impl Fn(&Difference) -> bool,
) -> Result<Carried, Ended> {
    let noted = runner.engine.activity.noted();
    let change = runner.engine.plan(id).map(|plan| plan.first().clone());
    // Those of earlier runs may be about the same.
    let questions = runner.engine.questions().iter();
    let before: Vec<Origin> = questions.map(|it| it.origin.clone()).collect();
    let mut approvals = [typed.clone(), typed].into_iter();
    let step = loop {
        let Some(typed) = approvals.next() else {
            break Step::NotSent;
        };
        runner.intend(Intent::Approve { plan: id, typed });
        let step = runner.until(|engine| step(engine, id)).await?;
        let preflight = runner.engine.plan(id).and_then(Plan::preflight);
        let difference = preflight.and_then(|preflight| preflight.difference.as_ref());
        if !matches!(step, Step::NotSent) || !difference.is_some_and(&expected) {
            break step;
        }
    };
    let became = match step {
        Step::NotDone(error) => Became::Failed(error),
        Step::NoRoom => Became::NoRoom,
        Step::NotSent => Became::NotSent(why_not_sent(&runner.engine, id)),
        Step::Gone => {
            let mut questions = runner.engine.questions().iter();
            let lost = questions.find(|question| {
                Some(&question.change) == change.as_ref() && !before.contains(&question.origin)
            });
            match lost.map(|question| question.origin.clone()) {
                None => Became::Done(None),
                Some(origin) => what_shows(runner, &origin).await?,
            }
        }
    };
    runner.intend(Intent::Close(id));
    Ok(Carried {
        became,
        request_id: change.and_then(|change| request_id(&runner.engine, noted, &change)),
    })
}

/// Whether it is open whether a change of this run to a user's keys was made: it is under way, or its
/// answer was lost and the account has not shown it.
pub(super) fn is_open(
    engine: &Engine,
    slot: Slot,
    user: &str,
    is_it: impl Fn(&Change) -> bool,
) -> bool {
    let is_it = |change: &Change| change.user().eq_ignore_ascii_case(user) && is_it(change);
    let mut under_way = engine.under_way();
    let mut questions = engine.questions().iter();
    under_way.any(|(plan, change)| plan.session.slot == slot && is_it(change))
        || questions.any(|question| {
            let is_here = question.session.is_some_and(|it| it.slot == slot);
            is_here && is_it(&question.change) && !question.is_answered()
        })
}

fn step(engine: &Engine, id: PlanId) -> Option<Step> {
    let Some(plan) = engine.plan(id) else {
        return Some(Step::Gone);
    };
    let progress = &plan.current().progress;
    match (&plan.stage, progress) {
        (Stage::NotDone, Progress::Failed(error)) => Some(Step::NotDone(error.clone())),
        (Stage::NotDone, _) => Some(Step::NotSent),
        (Stage::NoRoom, _) => Some(Step::NoRoom),
        (Stage::Proposed(preflight), _) if !preflight.is_looking() && !preflight.approved => {
            Some(Step::NotSent)
        }
        (Stage::Proposed(_) | Stage::UnderWay, _) => None,
    }
}

/// Why a plan that was approved was not sent.
fn why_not_sent(engine: &Engine, id: PlanId) -> String {
    let plan = engine.plan(id);
    let looked = plan.and_then(|plan| Some((plan, plan.preflight()?)));
    match looked.map(|(plan, it)| (plan, it, &it.difference, &it.failed)) {
        Some((plan, preflight, Some(difference), _)) => {
            engine.different(difference, plan, preflight)
        }
        Some((_, _, None, Some(error))) => format!("it could not be looked at again: {error}"),
        _ => "it was not confirmed".into(),
    }
}

/// Waits for what the account shows of a change whose answer was lost.
async fn what_shows(runner: &mut Runner, origin: &Origin) -> Result<Became, Ended> {
    let is_over = |engine: &Engine| {
        let question = engine.question(origin);
        let waits = question.filter(|question| {
            matches!(
                question.finding,
                Finding::Unseen | Finding::Queued | Finding::Looking(_)
            )
        });
        let account = waits.map(|question| engine.account_of(question));
        account.is_none_or(|account| account.is_none_or(Account::is_lost))
    };
    runner.until(|engine| is_over(engine).then_some(())).await?;
    let became = match runner.engine.question(origin) {
        Some(question) => shown(question),
        None => Became::Done(None),
    };
    // It stays open in the journal where the account has not answered it.
    runner.intend(Intent::PutOff(origin.clone()));
    Ok(became)
}

fn shown(question: &Question) -> Became {
    let row = question.change.row();
    match &question.finding {
        Finding::Done => Became::Done(Some(format!("its answer was lost. {}", row.is_so))),
        Finding::NotFound => Became::Unknown(
            "its answer was lost, and neither the key nor its user is there any more".into(),
        ),
        Finding::NotDone => Became::Unknown(format!("its answer was lost. {}", row.is_not_so)),
        Finding::Orphans(keys) => {
            let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
            let ids = ids.join(", ");
            Became::Unknown(format!("its answer was lost. {ids} has appeared"))
        }
        Finding::Failed(error) => Became::Unknown(format!(
            "its answer was lost, and the account could not be looked at: {error}"
        )),
        Finding::Unseen | Finding::Queued | Finding::Looking(_) | Finding::InUse => {
            Became::Unknown("its answer was lost".into())
        }
    }
}

/// AWS's ID of the request for a change that was noted since. Reads that have failed are noted as well.
fn request_id(engine: &Engine, since: usize, change: &Change) -> Option<String> {
    let activity = &engine.activity;
    let mut entries = (since..activity.noted()).filter_map(|number| activity.entry(number));
    let action = change.row().action;
    entries
        .find(|entry| entry.action == action)
        .and_then(|entry| entry.request_id.clone())
}
