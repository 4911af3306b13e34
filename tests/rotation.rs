//! A rotation that is cut off between each two of its steps, and taken up by another run: in this
//! process, and with the real program killed in a pseudo terminal.

mod common;
#[cfg(unix)]
#[path = "common/hands.rs"]
mod hands;
#[cfg(unix)]
#[path = "common/pty.rs"]
mod pty;
#[cfg(unix)]
#[path = "common/served.rs"]
mod served;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    Person, Setup, dialog, keys_of, now,
    rotating::{self, Hands, Rotation, Stop, Then, World, cut_off},
};
use iamkeys::{
    aws,
    demo::{Account, Clock, Endpoint, LastUsed, Status},
    engine::{SecretKey, Signal},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use tempfile::TempDir;

const STOPS: [Stop; 9] = [
    Stop::Looked,
    Stop::Created,
    Stop::Stored,
    Stop::Checked,
    Stop::TooSoon,
    Stop::Used,
    Stop::Deactivated,
    Stop::Undone,
    Stop::Deleted,
];

/// Somebody with one active key that was used a few minutes ago.
const USER: &str = "grafana";

/// An account whose clock stands still until new keys are to be accepted: four seconds later.
struct Embedded {
    endpoint: Endpoint,
    clock: Clock,
    settled: Arc<AtomicBool>,
    journal: Option<TempDir>,
}

impl Embedded {
    fn at(time: DateTime<Utc>, journal: bool) -> Self {
        let settled = Arc::new(AtomicBool::new(false));
        let clock: Clock = {
            let settled = Arc::clone(&settled);
            Arc::new(move || {
                let later = if settled.load(Ordering::SeqCst) { 4 } else { 0 };
                time + TimeDelta::seconds(later)
            })
        };
        Self {
            endpoint: Endpoint::new(Account::demo(time))
                .with_clock(Arc::clone(&clock))
                .with_report_time(TimeDelta::zero())
                .with_settling(TimeDelta::seconds(4)),
            clock,
            settled,
            journal: journal.then(|| tempfile::tempdir().unwrap()),
        }
    }

    fn keys_of(&self, user: &str) -> Vec<(String, bool)> {
        let keys = keys_of(&self.endpoint, user).into_iter();
        keys.map(|(id, status)| (id, status == Status::Active))
            .collect()
    }

    fn use_key(&self, id: &str, secret: &str) {
        let embedded = common::embedded(&self.endpoint);
        let connection = aws::sign_in_embedded(embedded, &aws::Options::default()).connection;
        let secret = SecretKey::new(secret.to_owned());
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let caller = tokio.block_on(connection.identity_of(id, &secret, None));
        assert_eq!(caller.expect("the secret is the key's").name(), USER);
        // A use is recorded once in a quarter of an hour; this one came after that.
        let used = LastUsed {
            at: (self.clock)(),
            service: "s3".into(),
            region: "eu-central-1".into(),
        };
        let known = self
            .endpoint
            .account(|account| account.set_last_used(id, Some(used)));
        assert!(known);
    }

    fn settle(&self) -> bool {
        !self.settled.swap(true, Ordering::SeqCst)
    }

    fn journal_path(&self) -> Option<PathBuf> {
        let directory = self.journal.as_ref()?.path();
        Some(directory.join("journal.jsonl"))
    }
}

/// The real program, which a signal kills.
#[cfg(unix)]
struct There(Embedded, served::Served);

#[cfg(unix)]
impl World for There {
    fn start(&self) -> Box<dyn Hands> {
        let journal = self.0.journal_path();
        Box::new(self.1.start(journal.as_deref()).run())
    }

    fn keys_of(&self, user: &str) -> Vec<(String, bool)> {
        self.0.keys_of(user)
    }

    fn use_key(&self, id: &str, secret: &str) {
        self.0.use_key(id, secret);
    }

    fn settle(&self) -> bool {
        self.0.settle()
    }

    fn journal(&self) -> Option<PathBuf> {
        self.0.journal_path()
    }
}

#[cfg(unix)]
#[test]
fn the_real_program_killed_anywhere_is_gone_on_with() {
    let mut cases: Vec<_> = STOPS.iter().map(|stop| (*stop, true, Then::GoOn)).collect();
    cases.push((Stop::Created, false, Then::GoOn));
    cases.push((Stop::Stored, false, Then::RollBack));
    cases.push((Stop::Deactivated, false, Then::RollBack));
    side_by_side(&cases, |(stop, journal, then)| {
        let embedded = Embedded::at(Utc::now(), journal);
        let served = served::Served::of(&embedded.endpoint);
        cut_off(&There(embedded, served), USER, stop, then);
    });
}

/// The event loop in this process.
struct Here(Embedded);

struct PersonHere {
    person: Person,
    directory: Option<PathBuf>,
}

impl World for Here {
    fn start(&self) -> Box<dyn Hands> {
        let journal = self.0.journal_path();
        let setup = Setup {
            // As long as the tests run.
            journal: journal.map(|path| &*Box::leak(path.into_boxed_path())),
            ..Setup::default()
        };
        Box::new(PersonHere {
            person: Person::with(&self.0.endpoint, setup),
            directory: self.0.journal.as_ref().map(|dir| dir.path().to_owned()),
        })
    }

    fn keys_of(&self, user: &str) -> Vec<(String, bool)> {
        self.0.keys_of(user)
    }

    fn use_key(&self, id: &str, secret: &str) {
        self.0.use_key(id, secret);
    }

    fn settle(&self) -> bool {
        self.0.settle()
    }

    fn journal(&self) -> Option<PathBuf> {
        self.0.journal_path()
    }
}

impl Hands for PersonHere {
    fn keys(&mut self, keys: &str) {
        self.person.press(keys);
    }

    fn until(&mut self, what: &str, is_so: &dyn Fn(&str) -> bool) -> String {
        self.person.wait(what, is_so)
    }

    fn copied(&self) -> Vec<String> {
        let sent = self.person.sent();
        sent.iter().map(|sent| common::carried(sent)).collect()
    }

    fn kill(self: Box<Self>) {
        let Self {
            mut person,
            directory,
        } = *self;
        // What asks nothing, and writes nothing down.
        person.signal(Signal::Terminate);
        person.exit();
        if let Some(directory) = directory {
            is_over(&directory);
        }
    }
}

/// Waits until no run holds the journal in this directory: tasks of one that has just ended may be
/// on their way out still.
fn is_over(directory: &Path) {
    common::eventually("the end of the run", || {
        let names = fs::read_dir(directory).unwrap();
        !names
            .map(|entry| entry.unwrap().file_name())
            .any(|name| name.to_string_lossy().contains(".run-"))
    });
}

/// Runs each of these, some at once.
fn side_by_side<T: Copy + Send + Sync + std::fmt::Debug>(cases: &[T], run: impl Fn(T) + Sync) {
    let left = Mutex::new(cases.to_vec());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(case) = left.lock().unwrap().pop() else {
                        return;
                    };
                    println!("{case:?}");
                    run(case);
                }
            });
        }
    });
}

#[test]
fn a_rotation_that_was_cut_off_anywhere_goes_on_in_another_run_or_back() {
    let mut cases = Vec::new();
    for stop in STOPS {
        for journal in [true, false] {
            cases.push((stop, journal, Then::GoOn));
            if !matches!(stop, Stop::Looked | Stop::Deleted) {
                cases.push((stop, journal, Then::RollBack));
            }
        }
    }
    side_by_side(&cases, |(stop, journal, then)| {
        cut_off(&Here(Embedded::at(now(), journal)), USER, stop, then);
    });
}

#[test]
fn rotating_ones_own_key_goes_on_signed_in_with_the_new_one() {
    let world = Here(Embedded::at(now(), true));
    // The report is asked for again and again, from before the rotation until after it.
    let endpoint = world.0.endpoint.clone();
    let endpoint = endpoint.with_report_time(TimeDelta::days(1));
    let (old, _) = world.keys_of("alice").remove(0);
    let mut rotation = Rotation {
        world: &world,
        user: "alice",
        old: old.clone(),
        hands: world.start(),
        secret: None,
    };
    rotation.open();
    rotation.wait_dialog(
        "Rotate alice",
        &["iamkeys is signed in with the old key, and continues with the new one."],
    );
    rotation.create();
    let new = world.keys_of("alice").pop().unwrap().0;
    rotation.store();
    assert_eq!(
        world.keys_of("alice"),
        [(old.clone(), true), (new.clone(), true)]
    );
    rotation.check();
    rotation.wait_dialog(
        "Rotate alice",
        &["iamkeys is signed in with the new key now."],
    );
    // The old key goes, and the session does not.
    rotation.deactivate();
    let since_then = || {
        let mut calls = endpoint.calls();
        let then = calls
            .iter()
            .position(|call| call.action == "UpdateAccessKey");
        calls.split_off(then.expect("the old key deactivated"))
    };
    rotation.hands.until("the report asked for again", &|_| {
        let calls = since_then();
        calls
            .iter()
            .any(|call| call.action == "GenerateCredentialReport")
    });
    rotation.hands.keys("R");
    rotation.step("Watch");
    rotation.delete();
    let asked = endpoint.calls().len();
    rotation.hands.keys("R");
    rotation.hands.until("the account read again", &|screen| {
        let calls = endpoint.calls();
        let list = calls[asked..]
            .iter()
            .find(|call| call.action == "ListUsers");
        list.is_some() && !screen.contains("InvalidClientTokenId") && screen.contains("1 of 2 keys")
    });
    for call in since_then() {
        assert_eq!(call.signed_by.as_deref(), Some(&*new), "{call:?}");
    }
    assert_eq!(world.keys_of("alice"), [(new, true)]);
    rotation.hands.kill();
}

#[test]
fn rolling_back_ones_own_key_ends_the_session_and_the_next_has_the_old_one() {
    let world = Here(Embedded::at(now(), true));
    let endpoint = world.0.endpoint.clone();
    let (old, _) = world.keys_of("alice").remove(0);
    let mut rotation = Rotation {
        world: &world,
        user: "alice",
        old: old.clone(),
        hands: world.start(),
        secret: None,
    };
    rotation.open();
    rotation.create();
    let new = world.keys_of("alice").pop().unwrap().0;
    rotation.store();
    rotation.check();
    rotation.hands.keys("b");
    rotation.wait_dialog(
        "Roll back the rotation",
        &[&new, "iamkeys is signed in with it: the session ends."],
    );
    rotation.confirm_typed("Roll back the rotation", &new);
    // It was the last thing that this session could do, and R begins another one.
    rotation.hands.until("the end of the session", &|screen| {
        let list = dialog(screen, "Roll back the rotation").is_none()
            && dialog(screen, "Rotate alice").is_none();
        list && screen.contains("InvalidClientTokenId") && screen.contains("then press R.")
    });
    assert_eq!(world.keys_of("alice"), [(old.clone(), true)]);
    let calls = endpoint.calls();
    let deletion = calls.iter().find(|call| call.action == "DeleteAccessKey");
    assert_eq!(deletion.unwrap().signed_by.as_deref(), Some(&*new));
    rotation.hands.keys("R");
    rotation.hands.until("the account again", &|screen| {
        screen.contains("1 of 2 keys") && !screen.contains("InvalidClientTokenId")
    });
    rotation.open();
    rotation.step("Create");
    let last = endpoint.calls().pop().unwrap();
    assert_eq!(last.signed_by.as_deref(), Some(&*old));
    rotation.hands.kill();
}
