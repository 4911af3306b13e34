use super::*;
use crate::engine::{
    bulk::{DocumentAccount, DocumentKey, Reviewed},
    model::KeyStatus,
};
use chrono::TimeZone as _;

const KEYS: [&str; 3] = [
    "AKIABATCH001EXAMPLE1",
    "AKIABATCH002EXAMPLE1",
    "AKIABATCH003EXAMPLE1",
];

fn document() -> Document {
    let key = |id: &&str| DocumentKey {
        account: 0,
        user: "old-batch".into(),
        key: (*id).into(),
        step: BulkAction::Deactivate,
        why: "never used".into(),
        reviewed: Reviewed {
            status: KeyStatus::Active,
            created: None,
            last_used: None,
            others: Vec::new(),
            others_active: 0,
        },
        held_back: None,
        also_held: Vec::new(),
        included: true,
    };
    Document {
        action: BulkAction::Deactivate,
        made: Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).unwrap(),
        by: None,
        undoes: false,
        recent_days: 90,
        accounts: vec![DocumentAccount {
            id: Some("123456789012".into()),
            name: "acme-prod".into(),
            endpoint: None,
        }],
        keys: KEYS.iter().map(key).collect(),
    }
}

fn step(key: usize) -> KeptStep {
    KeptStep {
        account: Some("123456789012".into()),
        key: KEYS[key].into(),
    }
}

/// A directory with a journal in it, and the path that the plan is kept under.
fn place() -> (tempfile::TempDir, JournalConfig, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let journal = JournalConfig {
        path: Ok(Some(directory.path().join("journal.jsonl"))),
        demo_too: false,
    };
    let (_, name) = plans::first_line(&document());
    let path = directory.path().join(format!("journal.jsonl.plan-{name}"));
    (directory, journal, path)
}

fn job(keeper: &Keeper, journal: &JournalConfig, job: PlanJob) -> Vec<PlanNews> {
    let path = journal.path.clone().unwrap().unwrap();
    let places = Places::only_in(path.parent().unwrap());
    keeper.run(Job::Do(job, places), journal)
}

fn kept(path: &Path) -> plans::Kept {
    plans::read_kept(&fs::read_to_string(path).unwrap()).unwrap()
}

fn keep(done: Vec<KeptStep>) -> PlanJob {
    PlanJob::Keep(Box::new(document()), done)
}

#[test]
fn what_is_done_already_is_written_with_the_plan_and_once() {
    let (_directory, journal, path) = place();
    let keeper = Keeper::default();
    let news = job(&keeper, &journal, keep(vec![step(0), step(1)]));
    assert!(matches!(news[..], [PlanNews::IsKept]), "{news:?}");
    job(&keeper, &journal, PlanJob::Done(step(2)));
    assert_eq!(kept(&path), (document(), vec![step(0), step(1), step(2)]));
    // Gone on with after a pause, it is the same file.
    job(&keeper, &journal, keep(vec![step(0), step(1), step(2)]));
    assert_eq!(kept(&path).1.len(), 3);
    job(&keeper, &journal, PlanJob::Forget);
    assert!(!path.exists());
}

#[test]
fn a_first_line_that_was_cut_off_is_written_anew() {
    let (_directory, journal, path) = place();
    let (line, _) = plans::first_line(&document());
    for torn in [&line[..40], &line[..line.len() - 1]] {
        fs::write(&path, torn).unwrap();
        let keeper = Keeper::default();
        let news = job(&keeper, &journal, keep(Vec::new()));
        assert!(matches!(news[..], [PlanNews::IsKept]), "{news:?}");
        job(&keeper, &journal, PlanJob::Done(step(0)));
        assert_eq!(kept(&path), (document(), vec![step(0)]));
    }
}

#[test]
fn a_line_that_was_torn_stays_apart_from_the_next() {
    let (_directory, journal, path) = place();
    let (line, _) = plans::first_line(&document());
    let done = plans::step_line(step(0));
    let torn = plans::step_line(step(1));
    for by_find in [true, false] {
        fs::write(&path, format!("{line}{done}{}", &torn[..20])).unwrap();
        let keeper = Keeper::default();
        if by_find {
            let found = keeper.run(Job::Find, &journal);
            assert!(matches!(found[0], PlanNews::Kept(..)), "{found:?}");
            job(&keeper, &journal, PlanJob::TakeUp);
        } else {
            job(&keeper, &journal, keep(Vec::new()));
        }
        job(&keeper, &journal, PlanJob::Done(step(2)));
        assert_eq!(kept(&path).1, [step(0), step(2)], "{by_find}");
    }
}

#[test]
fn what_was_put_off_and_is_opened_from_elsewhere_is_this_process_s_own() {
    let (_directory, journal, path) = place();
    let keeper = Keeper::default();
    job(&keeper, &journal, keep(vec![step(0)]));
    drop(keeper);
    let keeper = Keeper::default();
    let found = keeper.run(Job::Find, &journal);
    assert!(matches!(found[0], PlanNews::Kept(..)), "{found:?}");
    // "Later", and then the file that it was saved to.
    let news = job(&keeper, &journal, keep(Vec::new()));
    assert!(matches!(news[..], [PlanNews::IsKept]), "{news:?}");
    job(&keeper, &journal, PlanJob::Done(step(1)));
    assert_eq!(kept(&path).1, [step(0), step(1)]);
    // Another process is told.
    let other = Keeper::default();
    let news = job(&other, &journal, keep(Vec::new()));
    assert!(matches!(news[..], [PlanNews::Elsewhere]), "{news:?}");
}

#[test]
fn what_is_only_found_is_not_locked() {
    let (_directory, journal, path) = place();
    job(&Keeper::default(), &journal, keep(vec![step(0)]));
    let (one, other) = (Keeper::default(), Keeper::default());
    for keeper in [&one, &other] {
        let found = keeper.run(Job::Find, &journal);
        assert!(matches!(found[0], PlanNews::Kept(..)), "{found:?}");
    }
    let news = job(&one, &journal, PlanJob::TakeUp);
    assert!(matches!(news[..], [PlanNews::IsKept]), "{news:?}");
    for late in [PlanJob::TakeUp, PlanJob::Look(Box::new(document()))] {
        let news = job(&other, &journal, late);
        assert!(matches!(news[0], PlanNews::Elsewhere), "{news:?}");
    }
    // It is over: who is late makes no file that no one looks for.
    let third = Keeper::default();
    *lock(&third.left) = Some(path.clone());
    job(&one, &journal, PlanJob::Forget);
    let news = job(&third, &journal, PlanJob::TakeUp);
    assert!(matches!(news[..], [PlanNews::NotKept(_)]), "{news:?}");
    assert!(!path.exists());
}

#[test]
fn of_all_that_is_left_the_plan_itself_is_found() {
    let (_directory, journal, _) = place();
    let mut others = Vec::new();
    for days in 1..4 {
        let mut other = document();
        other.made -= chrono::TimeDelta::days(days);
        let keep = PlanJob::Keep(Box::new(other), Vec::new());
        let keeper = Keeper::default();
        job(&keeper, &journal, keep);
        others.push(keeper);
    }
    job(&Keeper::default(), &journal, keep(vec![step(1)]));
    drop(others);
    let keeper = Keeper::default();
    let news = job(&keeper, &journal, PlanJob::Look(Box::new(document())));
    let [PlanNews::Kept(found, done), _, PlanNews::Looked] = &news[..] else {
        panic!("{news:?}");
    };
    assert_eq!((&**found, &done[..]), (&document(), &[step(1)][..]));
    // With other keys included, it is not the same.
    let mut other = document();
    other.keys[0].included = false;
    assert_eq!(document().judge_left(found), Left::Same);
    assert_eq!(other.judge_left(found), Left::Otherwise);
    other.keys.pop();
    assert_eq!(other.judge_left(found), Left::Other);
}

#[cfg(unix)]
#[test]
fn pipes_and_links_are_not_waited_for_and_not_followed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let (directory, journal, path) = place();
    let pipe = directory.path().join("journal.jsonl.plan-x");
    let piped = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(piped.unwrap().success());
    let keeper = Keeper::default();
    assert!(keeper.run(Job::Find, &journal).is_empty());
    let open = PlanJob::Open(pipe.to_str().unwrap().to_owned());
    let news = job(&keeper, &journal, open);
    let [PlanNews::Opened(Err(why))] = &news[..] else {
        panic!("{news:?}");
    };
    assert!(why.contains("not a regular file"), "{why}");
    let elsewhere = directory.path().join("elsewhere");
    fs::write(&elsewhere, "mine").unwrap();
    symlink(&elsewhere, &path).unwrap();
    let news = job(&keeper, &journal, keep(Vec::new()));
    assert!(matches!(news[..], [PlanNews::NotKept(_)]), "{news:?}");
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine");
    // What others could read becomes private.
    fs::remove_file(&path).unwrap();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let news = job(&keeper, &journal, keep(Vec::new()));
    assert!(matches!(news[..], [PlanNews::IsKept]), "{news:?}");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_kept_plan_that_cannot_be_read_is_told_of() {
    let (directory, journal, path) = place();
    let keeper = Keeper::default();
    job(&keeper, &journal, keep(Vec::new()));
    let whole = fs::read_to_string(&path).unwrap();
    drop(keeper);
    for text in [
        &whole[..whole.len() / 2],
        &whole.replace("deactivate", "activate"),
    ] {
        fs::write(&path, text).unwrap();
        let news = Keeper::default().run(Job::Find, &journal);
        let [PlanNews::Unreadable(told, _)] = &news[..] else {
            panic!("{news:?}");
        };
        assert_eq!(*told, path.display().to_string());
        // It is left for whoever wants to look into it.
        assert_eq!(fs::read_to_string(&path).unwrap(), *text);
    }
    drop(directory);
}

#[test]
fn without_a_journal_no_plan_is_kept_and_that_is_said() {
    let (_directory, mut journal, _) = place();
    journal.path = Ok(None);
    let news = Keeper::default().run(Job::Find, &journal);
    assert!(
        matches!(news[..], [PlanNews::Keeps(Keeping::Nothing)]),
        "{news:?}"
    );
}
