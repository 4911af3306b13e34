//! Plans over many keys through the driver, against the embedded organisation: what the endpoint has
//! seen of them, what a kill leaves, and what stands in files.

use crate::session::{Session, World};
use chrono::TimeDelta;
use iamkeys::{
    demo::{Fault, FaultKind, Outcome, Status},
    engine::{
        Intent, Need, Slot,
        bulk::{BulkAction, BulkIntent, BulkPlan, BulkStage, EntryState, Marked, Saving},
    },
};
use std::{collections::HashMap, fs};

/// Every key of every open account.
fn all_keys(session: &Session<'_>) -> Vec<Marked> {
    let mut all = Vec::new();
    for account in session.engine.fleet.accounts() {
        for row in account.users.rows() {
            let keys = row.keys.known().into_iter().flatten();
            all.extend(keys.map(|key| Marked {
                slot: account.session.slot,
                user: row.user.name.clone(),
                key: key.key.id.as_str().into(),
                ..Marked::default()
            }));
        }
    }
    all
}

fn plan<'a>(session: &'a Session<'_>) -> &'a BulkPlan {
    session.engine.bulk().expect("a plan")
}

fn bulk(session: &mut Session<'_>, intent: BulkIntent) {
    session.intend(Intent::Bulk(intent));
}

/// A run with all accounts open and loaded.
fn start(world: &World, accounts: usize) -> Session<'_> {
    let mut session = world.start();
    session.until_quiet();
    if accounts > 1 {
        session.intend(Intent::OpenOrganisation(session.slot));
        session.until("all accounts", |session| {
            let open = session.engine.fleet.accounts();
            open.len() == accounts
                && open
                    .iter()
                    .all(iamkeys::engine::account::Account::is_all_known)
                && !session.engine.is_busy()
        });
    }
    session
}

/// Makes a plan that deactivates every Active key but those of this program's sessions.
fn make(session: &mut Session<'_>) -> usize {
    let keys = all_keys(session);
    let action = BulkAction::Deactivate;
    bulk(session, BulkIntent::Make { action, keys });
    for at in 0..plan(session).entries().len() {
        let entry = &plan(session).entries()[at];
        let own = entry.held_back == Some(iamkeys::engine::bulk::HeldBack::Own);
        if !entry.included && !own {
            bulk(session, BulkIntent::Toggle(at));
        }
    }
    plan(session).tally().to_do
}

fn apply(session: &mut Session<'_>) {
    let typed = session.engine.bulk_confirmation();
    let typed = typed.map(|it| it.text()).unwrap_or_default();
    bulk(session, BulkIntent::Apply { typed });
}

/// Runs a plan until it goes no further. What is throttled waits by the account's clock.
fn run(session: &mut Session<'_>) {
    for _ in 0..10_000 {
        // Until there is nothing left but to wait for the clock.
        session.until("the steps under way", |session| {
            let mut accounts = session.engine.fleet.accounts().iter();
            !plan(session).is_being_kept()
                && session.engine.under_way().next().is_none()
                && accounts.all(|account| account.reads_under_way() == 0)
        });
        if !plan(session).is_moving() {
            return;
        }
        session.world.advance(TimeDelta::milliseconds(700));
        session.intend(Intent::Stay);
    }
    panic!("it never ends: {:?}", plan(session).tally());
}

/// How often each key was asked to be changed.
fn changes(session: &Session<'_>) -> HashMap<String, usize> {
    let mut changes = HashMap::new();
    for change in session.sent() {
        let key = change.key().expect("of a key").to_owned();
        *changes.entry(key).or_default() += 1;
    }
    changes
}

fn active_keys(world: &World) -> usize {
    let ids = world.endpoint.account_ids();
    let active = ids.iter().map(|id| {
        world.endpoint.in_account(id, |account| {
            let users = account.users();
            let keys = users.flat_map(|user| user.keys.iter());
            keys.filter(|key| key.status == Status::Active).count()
        })
    });
    active.sum()
}

#[test]
fn each_key_of_several_accounts_is_changed_once() {
    let world = World::generated(5, 8);
    let mut session = start(&world, 5);
    let before = active_keys(&world);
    let keys = make(&mut session);
    assert!(keys > 20, "{keys}");
    apply(&mut session);
    run(&mut session);
    assert_eq!(plan(&session).tally().done, keys);
    assert_eq!(plan(&session).stage, BulkStage::Ended);
    assert_eq!(world.calls("UpdateAccessKey"), keys, "none is sent twice");
    assert!(changes(&session).values().all(|count| *count == 1));
    assert_eq!(active_keys(&world), before - keys);
    // Each step is in the journal like any change.
    let journal = world.journal();
    let sent = journal
        .lines()
        .filter(|line| line.contains("UpdateAccessKey"));
    assert_eq!(sent.count(), keys, "{journal}");
    // And all of it can be taken back.
    bulk(&mut session, BulkIntent::Undo);
    apply(&mut session);
    run(&mut session);
    assert_eq!(active_keys(&world), before);
}

#[test]
fn with_permission_for_half_the_accounts_those_are_done_and_the_others_paused() {
    let world = World::generated(4, 6);
    let mut session = start(&world, 4);
    let keys = make(&mut session);
    let id = |session: &Session<'_>, at: usize| plan(session).accounts()[at].id.clone().unwrap();
    // In one the change is refused, in another already the look before it.
    for (at, action) in [(2, "UpdateAccessKey"), (3, "ListAccessKeys")] {
        let refuse = Fault::new(FaultKind::Refuse).action(action);
        world.endpoint.fault(refuse.in_account(&id(&session, at)));
    }
    apply(&mut session);
    run(&mut session);
    let there = |at: usize| plan(&session).accounts()[at].included;
    let tally = plan(&session).tally();
    assert_eq!(
        (tally.done, tally.failed),
        (keys - there(2) - there(3), 2),
        "the first of each"
    );
    let paused = plan(&session)
        .paused()
        .map(|(account, _)| account.id.clone());
    let paused: Vec<_> = paused.collect();
    assert_eq!(paused, [2, 3].map(|at| Some(id(&session, at))));
    assert_eq!(plan(&session).stage, BulkStage::Paused);
    let sent = world.calls("UpdateAccessKey");
    assert_eq!(
        sent,
        tally.done + 1,
        "what could not be looked at is not sent"
    );
    world.endpoint.clear_faults();
    apply(&mut session);
    run(&mut session);
    assert_eq!(plan(&session).tally().done, keys);
}

#[test]
fn throttled_throughout_it_loses_nothing() {
    let world = World::generated(3, 5);
    let mut session = start(&world, 3);
    let keys = make(&mut session);
    for action in ["UpdateAccessKey", "ListAccessKeys", "GetAccessKeyLastUsed"] {
        let throttle = Fault::new(FaultKind::Throttle).action(action);
        world.endpoint.fault(throttle.times(12));
    }
    apply(&mut session);
    run(&mut session);
    let tally = plan(&session).tally();
    assert_eq!((tally.done, tally.failed, tally.skipped), (keys, 0, 0));
}

#[test]
fn where_every_third_call_is_throttled_all_is_done_and_nothing_twice() {
    let world = World::generated(4, 12);
    let mut session = start(&world, 4);
    let keys = make(&mut session);
    for action in ["UpdateAccessKey", "ListAccessKeys", "GetAccessKeyLastUsed"] {
        let throttle = Fault::new(FaultKind::Throttle).one_in(3);
        world.endpoint.fault(throttle.action(action));
    }
    apply(&mut session);
    run(&mut session);
    let tally = plan(&session).tally();
    assert_eq!((tally.done, tally.failed, tally.skipped), (keys, 0, 0));
    // What was throttled was not done, and what was done was asked for once.
    let mut done: HashMap<String, usize> = HashMap::new();
    let mut throttled = 0;
    for call in world.endpoint.calls() {
        match call.outcome {
            Outcome::Done if call.action == "UpdateAccessKey" => {
                *done.entry(call.key_id.unwrap_or_default()).or_default() += 1;
            }
            Outcome::Refused { .. } => throttled += 1,
            _ => {}
        }
    }
    assert_eq!(done.len(), keys);
    assert!(done.values().all(|times| *times == 1), "{done:?}");
    assert!(throttled >= keys, "a third of the calls: {throttled}");
}

#[cfg(unix)]
const IN_LITTLE_ROOM: &str = "IAMKEYS_TEST_LITTLE_ROOM";

/// A limit on the size of files stands in for a full disk: the journal has room for some changes, and
/// the plan does not fit.
#[cfg(unix)]
#[test]
fn where_the_disk_is_full_no_further_key_is_begun_and_no_half_of_a_file_stays() {
    let name = "bulk::where_the_disk_is_full_no_further_key_is_begun_and_no_half_of_a_file_stays";
    if std::env::var_os(IN_LITTLE_ROOM).is_none() {
        let mut limited = std::process::Command::new("sh");
        limited.args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"]);
        limited.arg(std::env::current_exe().unwrap());
        let output = limited
            .args(["--exact", name])
            .env(IN_LITTLE_ROOM, "1")
            .output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{said}"
        );
        return;
    }
    let world = World::generated(4, 40);
    let mut session = start(&world, 4);
    let keys = make(&mut session);
    assert!(keys > 100, "{keys}");
    let path = world.folder().join("plan.json");
    let typed = path.to_str().unwrap().to_owned();
    bulk(&mut session, BulkIntent::Save(typed));
    session.until("a word about the disk", |session| {
        matches!(session.engine.bulk_saving(), Some(Saving::Failed(_)))
    });
    let there = fs::read_dir(world.folder()).unwrap();
    let there: Vec<_> = there.map(|entry| entry.unwrap().file_name()).collect();
    assert!(!there.iter().any(|name| name == "plan.json"), "{there:?}");
    let before = there.len();
    apply(&mut session);
    run(&mut session);
    let tally = plan(&session).tally();
    assert_eq!(plan(&session).stage, BulkStage::Paused, "{tally:?}");
    assert_eq!((tally.done, tally.to_do), (0, keys), "none has begun");
    assert_eq!(world.calls("UpdateAccessKey"), 0);
    let news = format!("{:?}", session.news);
    assert!(news.contains("place cannot be kept"), "{news}");
    assert_eq!(kept_files(&world), [""; 0]);
    let there = fs::read_dir(world.folder()).unwrap().count();
    assert!(there <= before + 1, "nothing but the journal");
}

#[test]
fn keys_that_vanish_and_keys_that_are_used_are_skipped() {
    let world = World::generated(1, 6);
    let mut session = start(&world, 1);
    let keys = make(&mut session);
    let entry = plan(&session).entries().iter().find(|entry| entry.included);
    let key = entry.unwrap().key.clone();
    let id = world.endpoint.account_ids().remove(0);
    world.endpoint.in_account(&id, |account| {
        assert!(account.remove_key(&key));
    });
    apply(&mut session);
    run(&mut session);
    let tally = plan(&session).tally();
    assert_eq!((tally.done, tally.skipped), (keys - 1, 1));
    assert_eq!(world.calls("UpdateAccessKey"), keys - 1);
}

#[test]
fn a_plan_that_was_killed_is_gone_on_with_and_sends_nothing_twice() {
    let world = World::generated(3, 6);
    let mut session = start(&world, 3);
    let before = active_keys(&world);
    let keys = make(&mut session);
    apply(&mut session);
    session.until("some of them", |session| plan(session).tally().done >= 5);
    session.kill();
    let kept = kept_files(&world);
    assert_eq!(kept.len(), 1, "{kept:?}");
    let mut session = start(&world, 1);
    session.until("the plan that was left", |session| {
        session.engine.needs().contains(&Need::KeptPlan)
    });
    session.intend(Intent::OpenOrganisation(session.slot));
    session.until("all accounts", |session| {
        let open = session.engine.fleet.accounts();
        open.len() == 3 && !session.engine.is_busy()
    });
    bulk(&mut session, BulkIntent::GoOn);
    apply(&mut session);
    run(&mut session);
    assert_eq!(active_keys(&world), before - keys);
    assert_eq!(world.calls("UpdateAccessKey"), keys, "none is sent twice");
    // Also those whose answer came to nobody are this plan's: the journal has them.
    let tally = plan(&session).tally();
    assert_eq!((tally.done, tally.skipped), (keys, 0));
    bulk(&mut session, BulkIntent::Undo);
    apply(&mut session);
    run(&mut session);
    assert_eq!(active_keys(&world), before);
    session.quit();
    assert_eq!(kept_files(&world), [""; 0]);
}

/// The plans that are kept.
fn kept_files(world: &World) -> Vec<String> {
    let names = fs::read_dir(world.folder()).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.to_string_lossy().into_owned()
    });
    names.filter(|name| name.contains(".plan-")).collect()
}

#[test]
fn a_plan_is_saved_for_another_person_and_opened_as_it_was_reviewed() {
    let world = World::generated(1, 6);
    let path = world.folder().join("plan.json");
    let typed = path.to_str().unwrap().to_owned();
    let mut session = start(&world, 1);
    let keys = make(&mut session);
    bulk(&mut session, BulkIntent::Save(typed.clone()));
    session.until("the file", |session| {
        session.engine.bulk_saving() == Some(&Saving::Done(typed.clone()))
    });
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let failed = |state: Option<&Saving>| match state {
        Some(Saving::Failed(why)) => Some(why.clone()),
        _ => None,
    };
    // Nothing that is there is replaced.
    bulk(&mut session, BulkIntent::Save(typed.clone()));
    session.until("a refusal", |session| {
        failed(session.engine.bulk_saving()).is_some()
    });
    session.kill();

    let mut session = start(&world, 1);
    bulk(&mut session, BulkIntent::Open(typed.clone()));
    session.until("the plan", |session| session.engine.bulk().is_some());
    assert_eq!(plan(&session).tally().to_do, keys);
    assert_eq!(plan(&session).changed_since(), 0);
    apply(&mut session);
    run(&mut session);
    assert_eq!(plan(&session).tally().done, keys);
    // Applied once more it finds nothing to do.
    bulk(&mut session, BulkIntent::Open(typed.clone()));
    session.until("the comparison", |session| {
        plan(session).stage == BulkStage::Review && plan(session).is_applied_already()
    });
    let text = fs::read_to_string(&path).unwrap();
    let changed = text.replacen("\"included\": true", "\"included\": false", 1);
    fs::write(&path, changed).unwrap();
    bulk(&mut session, BulkIntent::Open(typed));
    session.until("a refusal", |session| {
        let why = failed(session.engine.bulk_opening());
        why.is_some_and(|why| why.contains("changed since it was saved"))
    });
    let pending = |state: &EntryState| *state == EntryState::Pending;
    let entries = plan(&session).entries();
    assert!(entries.iter().all(|entry| pending(&entry.state)));
    assert_eq!(session.slot, Slot(0));
}

#[test]
fn two_at_once_do_not_carry_out_the_same_plan() {
    let world = World::generated(1, 6);
    let mut one = start(&world, 1);
    make(&mut one);
    let path = world.folder().join("plan.json");
    let typed = path.to_str().unwrap().to_owned();
    bulk(&mut one, BulkIntent::Save(typed.clone()));
    one.until("the file", |session| {
        matches!(session.engine.bulk_saving(), Some(Saving::Done(_)))
    });
    bulk(&mut one, BulkIntent::Open(typed.clone()));
    one.until("the plan", |session| {
        matches!(session.engine.bulk_opening(), Some(Saving::Done(_)))
    });
    apply(&mut one);
    one.until("it is kept", |session| {
        !kept_files(session.world).is_empty()
    });
    let mut two = start(&world, 1);
    bulk(&mut two, BulkIntent::Open(typed));
    two.until("the plan", |session| session.engine.bulk().is_some());
    apply(&mut two);
    two.until("a word about the other", |session| {
        let news = format!("{:?}", session.news);
        news.contains("another iamkeys carries this plan out")
    });
    assert_ne!(plan(&two).stage, BulkStage::Running);
    run(&mut one);
    run(&mut two);
    // By each of them no more than once: what one has done, the other finds done.
    for session in [&one, &two] {
        assert!(changes(session).values().all(|count| *count == 1));
    }
    assert_eq!(plan(&one).stage, BulkStage::Ended);
}
