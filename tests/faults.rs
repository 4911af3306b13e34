//! Every change under every fault, through the real event loop: it is sent once, the account holds
//! what the network let happen, and the screen says so.
//!
//! Two tables say what is expected: [`DEEDS`], one row for each change, and [`FAULTS`], one for each
//! fault. Each pair of them is a cell, and each cell a program of its own.

mod common;

use common::{Person, Setup, changes, dialog, endpoint, go_to, holds, now};
use iamkeys::{
    aws::Timeouts,
    demo::{Account, Fault, FaultKind, Status, Tag},
    engine::{Exit, REVOCATION, impact::revocation},
};
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// A change, and what is said of it for each way it can end.
struct Deed {
    /// The request.
    call: &'static str,
    /// Whom it is about.
    user: &'static str,
    /// What leads to where it is asked for, from the list: keys, and what is on the screen then.
    way: &'static [(&'static str, &'static str)],
    /// The key that asks for it, the title of the dialog before it, and what is answered there.
    ask: (&'static str, &'static str, &'static str),
    /// What has to be in the account before.
    given: fn(&mut Account),
    /// What it does to the account's users, keys and tags.
    does: fn(&mut Account),
    /// Whether something else in the account is as it was asked for.
    holds: Option<fn(&Account) -> bool>,
    /// What is said when the answer came.
    done: Said,
    /// What is said when the answer was lost, and the account shows that it was done.
    found: Said,
    /// What is said when the answer was lost, and the account shows nothing of it so far.
    missing: Said,
    /// What is printed on leaving while that is open.
    open: &'static str,
}

/// A dialog's title, or nothing for a line at the bottom of the screen; and words in it. `NEW` is
/// the ID of the key that was created.
type Said = (&'static str, &'static [&'static str]);

const DEEDS: &[Deed] = &[
    Deed {
        call: "CreateAccessKey",
        user: "bob",
        way: &[],
        ask: ("c", "Create key", "y"),
        given: |_| {},
        does: |account| {
            account.create_key("bob", now()).unwrap();
        },
        holds: None,
        done: ("New key for bob", &["NEW", "Not saved anywhere yet"]),
        found: (
            "A key whose secret is lost",
            &[
                "Create a key for bob",
                "NEW",
                "returns a secret only once",
                "Replace it y",
                "Keep",
            ],
        ),
        missing: (
            "Not done so far",
            &[
                "Create a key for bob",
                "No key has appeared so far.",
                "AWS may take some seconds to show one.",
            ],
        ),
        open: "not known: creating a key for bob",
    },
    Deed {
        call: "UpdateAccessKey",
        user: "bob",
        way: &[],
        ask: ("t", "Deactivate key", "y"),
        given: |_| {},
        does: |account| assert!(account.set_key_status("AKIAQX7DEMO4BOBBY001", Status::Inactive)),
        holds: None,
        done: ("", &["✓ Deactivated AKIAQX7DEMO4BOBBY001 of bob"]),
        found: (
            "It was done",
            &[
                "Deactivate AKIAQX7DEMO4BOBBY001 of bob",
                "AWS confirms: Inactive.",
            ],
        ),
        missing: (
            "Not done so far",
            &[
                "Deactivate AKIAQX7DEMO4BOBBY001 of bob",
                "The key is not Inactive, so far.",
            ],
        ),
        open: "not known: deactivating AKIAQX7DEMO4BOBBY001 of bob",
    },
    Deed {
        call: "UpdateAccessKey",
        user: "former-intern",
        way: &[],
        ask: ("t", "Activate key", "y"),
        given: |_| {},
        does: |account| assert!(account.set_key_status("AKIAQX7DEMO4INTERN01", Status::Active)),
        holds: None,
        done: ("", &["✓ Activated AKIAQX7DEMO4INTERN01 of former-intern"]),
        found: (
            "It was done",
            &[
                "Activate AKIAQX7DEMO4INTERN01 of former-intern",
                "AWS confirms: Active.",
            ],
        ),
        missing: (
            "Not done so far",
            &[
                "Activate AKIAQX7DEMO4INTERN01 of former-intern",
                "The key is not Active, so far.",
            ],
        ),
        open: "not known: activating AKIAQX7DEMO4INTERN01 of former-intern",
    },
    Deed {
        call: "DeleteAccessKey",
        user: "former-intern",
        way: &[],
        ask: ("d", "Delete key", "y"),
        given: |_| {},
        does: |account| assert!(account.remove_key("AKIAQX7DEMO4INTERN01")),
        holds: None,
        done: ("", &["✓ Deleted AKIAQX7DEMO4INTERN01 of former-intern"]),
        found: (
            "It was done",
            &[
                "Delete AKIAQX7DEMO4INTERN01 of former-intern",
                "The account no longer has it.",
            ],
        ),
        missing: (
            "Not done so far",
            &[
                "Delete AKIAQX7DEMO4INTERN01 of former-intern",
                "The key is still there, so far.",
            ],
        ),
        open: "not known: deleting AKIAQX7DEMO4INTERN01 of former-intern",
    },
    Deed {
        call: "TagUser",
        user: "bob",
        way: &[],
        ask: ("n", "Describe key", "nightly backups<enter>"),
        given: |_| {},
        does: |account| {
            let tag = Tag {
                key: "AKIAQX7DEMO4BOBBY001".into(),
                value: TEXT.into(),
            };
            account.tag_user("bob", vec![tag]).unwrap();
        },
        holds: None,
        done: ("", &["✓ Described AKIAQX7DEMO4BOBBY001 of bob"]),
        found: (
            "It was done",
            &[
                "Describe AKIAQX7DEMO4BOBBY001 of bob",
                "The account has this description.",
            ],
        ),
        missing: (
            "Not done so far",
            &[
                "Describe AKIAQX7DEMO4BOBBY001 of bob",
                "The description is another, so far.",
            ],
        ),
        open: "not known: describing AKIAQX7DEMO4BOBBY001 of bob",
    },
    Deed {
        call: "PutUserPolicy",
        user: "bob",
        given: |_| {},
        way: &[
            ("!", "▌ ▶ 1 Deactivate"),
            ("j", "▌ ▶ 2 Revoke sessions not revoked"),
        ],
        ask: ("<enter>", "Revoke sessions", "y"),
        does: |_| {},
        holds: Some(|account| account.user_policy("bob", REVOCATION).is_some()),
        done: ("", &["✓ Revoked the sessions of bob"]),
        found: (
            "It was done",
            &["Revoke the sessions of bob", "The user has the policy."],
        ),
        missing: (
            "Not done so far",
            &[
                "Revoke the sessions of bob",
                "The user does not have the policy, so far.",
            ],
        ),
        open: "not known: revoking the sessions of bob",
    },
    Deed {
        call: "DeleteUserPolicy",
        user: "former-intern",
        given: |account| {
            let cut = now() - chrono::TimeDelta::hours(37);
            let document = revocation::document(cut);
            let user = "former-intern";
            account
                .put_user_policy(user, REVOCATION, &document)
                .unwrap();
        },
        way: &[("!", "▌ ▶ 2 Revoke sessions those made before")],
        ask: ("<enter>", "Remove the revocation", "y"),
        does: |_| {},
        holds: Some(|account| account.user_policy("former-intern", REVOCATION).is_none()),
        done: (
            "",
            &["✓ Removed the revocation of the sessions of former-intern"],
        ),
        found: (
            "It was done",
            &[
                "Remove the revocation of the sessions of former-intern",
                "The user does not have the policy any more.",
            ],
        ),
        missing: (
            "Not done so far",
            &[
                "Remove the revocation of the sessions of former-intern",
                "The user still has the policy, so far.",
            ],
        ),
        open: "not known: removing the revocation of the sessions of former-intern",
    },
    Deed {
        call: "UpdateServiceSpecificCredential",
        user: "mobile-uploads",
        given: |_| {},
        way: &[
            ("!", "▶ 1 Deactivate"),
            ("G", "▌ ▲ 6 Evidence"),
            ("", "2 to look at"),
            ("k", "▌ ▲ 5 Replace"),
            ("k", "▌ bedrock credential ACCAQX7DEMO4MOBILE01, Active"),
        ],
        ask: ("t", "Deactivate credential", "y"),
        does: |_| {},
        holds: Some(|account| bedrock(account) == Some(Status::Inactive)),
        done: (
            "",
            &["✓ Deactivated bedrock credential ACCAQX7DEMO4MOBILE01 of mobile-uploads"],
        ),
        found: (
            "It was done",
            &[
                "Deactivate bedrock credential ACCAQX7DEMO4MOBILE01 of mobile-uploads",
                "AWS confirms its status.",
            ],
        ),
        missing: (
            "Not done so far",
            &[
                "Deactivate bedrock credential ACCAQX7DEMO4MOBILE01 of mobile-uploads",
                "Its status is another, so far.",
            ],
        ),
        open: "not known: deactivating bedrock credential ACCAQX7DEMO4MOBILE01 of mobile-uploads",
    },
    Deed {
        call: "DeleteServiceSpecificCredential",
        user: "mobile-uploads",
        given: |_| {},
        way: &[
            ("!", "▶ 1 Deactivate"),
            ("G", "▌ ▲ 6 Evidence"),
            ("", "2 to look at"),
            ("k", "▌ ▲ 5 Replace"),
            ("k", "▌ bedrock credential ACCAQX7DEMO4MOBILE01, Active"),
        ],
        ask: ("d", "Delete credential", "y"),
        does: |_| {},
        holds: Some(|account| bedrock(account).is_none()),
        done: (
            "",
            &["✓ Deleted bedrock credential ACCAQX7DEMO4MOBILE01 of mobile-uploads"],
        ),
        found: (
            "It was done",
            &[
                "Delete bedrock credential ACCAQX7DEMO4MOBILE01 of mobile-uploads",
                "The user does not have it any more.",
            ],
        ),
        missing: (
            "Not done so far",
            &[
                "Delete bedrock credential ACCAQX7DEMO4MOBILE01 of mobile-uploads",
                "The user still has it, so far.",
            ],
        ),
        open: "not known: deleting bedrock credential ACCAQX7DEMO4MOBILE01 of mobile-uploads",
    },
];

/// The status of the Bedrock key of a user, where there is one.
fn bedrock(account: &Account) -> Option<Status> {
    let mut all = account.credentials("mobile-uploads").iter();
    let found = all.find(|credential| credential.id == "ACCAQX7DEMO4MOBILE01");
    found.map(|credential| credential.status)
}

/// What a key is said to be for.
const TEXT: &str = "nightly backups";

/// The ways on from what is not done so far: it stays open, and it is too early to let it go.
const OPEN: &[&str] = &["Later Esc", "Do it again a", "Look again R"];

/// How a change ends for the person.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    /// It was done, and that is said.
    Done,
    /// It was not done, and the service's reason is said.
    Refused,
    /// The answer was lost; the account shows that it was done.
    Found,
    /// The answer was lost; the account shows nothing of it so far.
    Missing,
}
use Ends::{Done, Found, Missing, Refused};

/// What the network does, how that ends, and the words that say why.
const FAULTS: &[(&str, FaultKind, Ends, &[&str])] = &[
    // The waits come first: the others pass meanwhile.
    (
        "timeout",
        FaultKind::Delay(LATE),
        Found,
        &["The answer could not be read: request timed out"],
    ),
    ("slow", FaultKind::Delay(SLOW), Done, &[]),
    (
        "refused",
        FaultKind::Refuse,
        Refused,
        &[
            "AccessDenied: iam:CALL",
            "not authorized to perform",
            "Ask for permission to call iam:CALL.",
        ],
    ),
    (
        "throttled",
        FaultKind::Throttle,
        Refused,
        &[
            "Throttling: iam:CALL",
            "Rate exceeded",
            "Nothing was changed. You can try it again.",
        ],
    ),
    (
        "500",
        FaultKind::InternalFailure,
        Missing,
        &["AWS failed: InternalFailure: "],
    ),
    (
        "503",
        FaultKind::Unavailable,
        Missing,
        &["AWS failed: ServiceUnavailable: "],
    ),
    (
        "dropped before",
        FaultKind::DropBefore,
        Missing,
        &["The answer could not be read: connection reset"],
    ),
    (
        "dropped after",
        FaultKind::DropAfter,
        Found,
        &["The answer could not be read: connection reset"],
    ),
    (
        "500 after",
        FaultKind::ErrorAfter(500),
        Found,
        &["AWS failed: InternalFailure: "],
    ),
    (
        "cut",
        FaultKind::Cut,
        Found,
        &["The answer could not be read: the answer was cut short or is not what AWS sends"],
    ),
    (
        "garbled",
        FaultKind::Garble,
        Found,
        &["The answer could not be read: the answer"],
    ),
];

/// The time limit of an attempt where an answer is to miss it, and answers that miss and keep it.
const LIMIT: Duration = Duration::from_millis(1500);
const LATE: Duration = Duration::from_hours(1);
const SLOW: Duration = Duration::from_millis(300);

/// So many programs run at once: most of them wait for something.
const AT_ONCE: usize = 4;

#[test]
fn every_change_under_every_fault_is_sent_once_and_told_as_it_is() {
    let cells: Vec<_> = FAULTS
        .iter()
        .flat_map(|fault| DEEDS.iter().map(move |deed| (deed, fault)))
        .collect();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((deed, fault)) = cells.get(at) else {
                return;
            };
            let failed = match catch_unwind(AssertUnwindSafe(|| cell(deed, fault))) {
                Ok(found) => found,
                Err(panic) => vec![
                    panic
                        .downcast_ref::<String>()
                        .map_or("it panicked", |text| text)
                        .to_owned(),
                ],
            };
            if !failed.is_empty() {
                let row = format!("{} × {}", deed.ask.1, fault.0);
                wrong
                    .lock()
                    .unwrap()
                    .insert(at, format!("{row}: {}", failed.join("; ")));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let rows: Vec<String> = wrong.into_values().collect();
    let (count, all) = (rows.len(), cells.len());
    assert!(
        rows.is_empty(),
        "{count} of {all} cells:\n{}",
        rows.join("\n")
    );
}

/// Runs one cell; says what is not as it has to be.
#[expect(
    clippy::too_many_lines,
    reason = "one thing after the other, as a person sees them"
)]
fn cell(deed: &Deed, (_, kind, ends, why): &(&str, FaultKind, Ends, &[&str])) -> Vec<String> {
    let endpoint = endpoint();
    endpoint.account(deed.given);
    let before = endpoint.account(|account| account.clone());
    let mut after = before.clone();
    if matches!(ends, Done | Found) {
        (deed.does)(&mut after);
    }
    // Once: whoever asks again succeeds, and is found out by that too.
    endpoint.fault(Fault::new(kind.clone()).action(deed.call).times(1));
    let mut setup = Setup::default();
    if *kind == FaultKind::Delay(LATE) {
        setup.timeouts = Timeouts {
            attempt: LIMIT,
            ..Timeouts::default()
        };
    }
    let mut person = Person::with(&endpoint, setup);
    go_to(&mut person, deed.user);
    for (keys, then) in deed.way {
        person.press(keys);
        person.see(then);
    }
    person.press(deed.ask.0);
    person.wait("the question", |screen| {
        let asked = dialog(screen, deed.ask.1);
        // What is approved before it was looked at is looked at all the same.
        asked.is_some_and(|asked| deed.way.is_empty() || asked.contains("Verified with AWS"))
    });
    person.press(deed.ask.2);
    let screen = person.wait("an end", |screen| is_over(screen, deed));

    let mut wrong = Vec::new();
    let new = new_key(
        &before,
        &endpoint.account(|account| account.clone()),
        deed.user,
    );
    let (title, words) = match ends {
        Done => deed.done,
        Refused => ("Not done", &[][..]),
        Found => deed.found,
        Missing => deed.missing,
    };
    let told = match title {
        "" => Some(screen.clone()),
        title => dialog(&screen, title),
    };
    match told {
        None => wrong.push(format!("no {title:?} on screen:\n{screen}")),
        Some(told) => {
            let ways = if *ends == Missing { OPEN } else { &[] };
            for word in words.iter().chain(*why).chain(ways) {
                let word = word.replace("CALL", deed.call);
                let word = word.replace("NEW", new.as_deref().unwrap_or("a key"));
                if !told.contains(&word) {
                    wrong.push(format!("not told {word:?}, but:\n{told}"));
                }
            }
        }
    }
    // A secret that was handed out is before the person, or they are told whose nobody has.
    if let Some(new) = &new {
        let has_it = dialog(&screen, "New key for bob").is_some_and(|told| told.contains(new));
        if has_it {
            person.press("v");
            person.see(&common::secret_of(&endpoint, new));
            common::keep(&mut person);
        } else {
            let orphan = dialog(&screen, "A key whose secret is lost");
            if !orphan.is_some_and(|told| told.contains(new)) {
                wrong.push(format!("the secret of {new} was lost and nobody told"));
            }
        }
    }
    // Whatever the dialog says, the list behind it has to be true, and say what is open.
    let stays_open = !left_open(deed, *ends, new.as_deref()).is_empty();
    person.press("<esc>");
    if !deed.way.is_empty() && *ends != Done {
        // The page that it was asked for on.
        person.see(&format!(
            "Leaked {}",
            common::keys_of(&endpoint, deed.user)[0].0
        ));
        person.press("<esc>");
    }
    let keys = common::keys_of(&endpoint, deed.user);
    let listed = |screen: &str| {
        let count = format!("{} of 2 keys", keys.len());
        let mut all = keys.iter().map(|(key, status)| {
            let mut lines = screen.lines();
            lines.any(|line| line.contains(key) && line.contains(status.as_str()))
        });
        let open = screen.contains(&format!("? {}", deed.user));
        screen.contains(&count)
            && all.all(|found| found)
            && screen.contains(TEXT) == (deed.call == "TagUser" && matches!(ends, Done | Found))
            && open == stays_open
    };
    if wrong.is_empty() {
        person.wait("the keys as they are, and what is open", listed);
    }
    person.press("q");
    let printed = match person.exit() {
        Exit::Quit(lines) => lines,
        other => panic!("{other:?}"),
    };
    let open = left_open(deed, *ends, new.as_deref());
    if printed != open {
        wrong.push(format!("printed at the end: {printed:?}"));
    }
    let sent = changes(&endpoint);
    let held = endpoint.account(|account| holds(account));
    if sent != [deed.call] {
        wrong.push(format!("sent: {sent:?}"));
    }
    let is_so = deed
        .holds
        .map(|holds| endpoint.account(|account| holds(account)));
    if is_so.is_some_and(|is_so| is_so != matches!(ends, Done | Found)) {
        wrong.push(format!("the account has it as it is to be: {is_so:?}"));
    }
    if held != holds(&after) {
        wrong.push(format!("the account holds:\n{held}"));
    }
    wrong
}

/// What is printed on leaving: what nobody has answered.
fn left_open(deed: &Deed, ends: Ends, new: Option<&str>) -> Vec<String> {
    match (ends, new) {
        (Found, Some(new)) => vec![format!("open: the secret of {new} of bob is lost")],
        (Missing, _) => vec![deed.open.to_owned()],
        _ => Vec::new(),
    }
}

/// Whether the change has come to some end, expected or not: nobody waits long for a cell that is
/// wrong.
fn is_over(screen: &str, deed: &Deed) -> bool {
    let ends = [
        "Not done",
        "It was done",
        "Not done so far",
        "It is gone",
        "The key is in use",
        "No room for another key",
        deed.done.0,
        deed.found.0,
    ];
    let mut titles = ends.into_iter().filter(|title| !title.is_empty());
    let said = deed.done.0.is_empty() && screen.contains(deed.done.1[0]);
    said || titles.any(|title| dialog(screen, title).is_some())
}

/// The ID of a key of a user that was not there before.
fn new_key(before: &Account, now: &Account, user: &str) -> Option<String> {
    let mut keys = now.user(user)?.keys.iter().map(|key| key.id.as_str());
    keys.find(|key| before.key(key).is_none())
        .map(str::to_owned)
}
