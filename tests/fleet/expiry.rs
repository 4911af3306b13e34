//! Sessions of roles that end at the worst moment: while an account is loaded, between a question and
//! its answer, and between the steps of a rotation.

use crate::{
    DATA, DEV, KEY_OF_DEV, SANDBOX, all_accounts, calls,
    common::{
        Person, Setup, carried, embedded, eventually,
        rotating::{Hands, Rotation, World},
    },
    now, organisation, status,
};
use chrono::TimeDelta;
use iamkeys::{
    aws::{
        Connection, KnownRoles, Options, SignedIn, Timeouts, Turns, sign_in_embedded,
        sign_in_to_member,
    },
    demo::{Account, Endpoint, Fault, FaultKind, Outcome, Role, Status},
    engine::{Answer, Change, Kind, Member, Read, Signal, Slot, Through, roles_named},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const ROLE_OF_DEV: &str = "OrganizationAccountAccessRole";

/// What its sessions in an account were good for is over, whatever this machine's clock says.
fn end_sessions(endpoint: &Endpoint, account: &str) {
    endpoint.in_account(account, Account::end_sessions);
}

/// How many requests of an account were refused with a code.
fn refused(endpoint: &Endpoint, account: &str, wanted: &str) -> usize {
    let calls = endpoint.calls();
    let calls = calls.iter().filter(|call| {
        let code = matches!(&call.outcome, Outcome::Refused { code, .. } if code == wanted);
        code && call.account.as_deref() == Some(account)
    });
    calls.count()
}

/// How often the roles of the accounts were asked for.
fn roles_asked(endpoint: &Endpoint) -> [usize; 3] {
    [DEV, DATA, SANDBOX].map(|id| calls(endpoint, id, "AssumeRole"))
}

/// The lists of acme-dev come page by page, and not at once.
fn slow_pages() -> Endpoint {
    let endpoint = organisation().with_pages_of(2);
    let late = Fault::new(FaultKind::Delay(Duration::from_millis(500)));
    endpoint.fault(late.action("ListUsers").in_account(DEV));
    endpoint
}

/// The session of acme-dev, opened from the management account.
pub(crate) async fn member_of_dev(endpoint: &Endpoint, options: &Options) -> SignedIn {
    let source = sign_in_embedded(embedded(endpoint), options);
    let member = Member {
        account: DEV.into(),
        roles: roles_named([ROLE_OF_DEV]),
        source: Slot(0),
        through: Through::Role,
        opener: None,
        session: "iamkeys".into(),
    };
    let known = KnownRoles::default();
    let member = sign_in_to_member(&source.connection, &member, &known).await;
    member.expect("it is signed in")
}

/// Waits until the second page of acme-dev is on its way.
fn second_page(endpoint: &Endpoint) {
    eventually("the second page", || calls(endpoint, DEV, "ListUsers") == 2);
}

/// The row of an account on the page of accounts, once it is as asked.
fn row(person: &Person, id: &str, is_so: impl Fn(&str) -> bool) -> String {
    let find = |screen: &str| {
        let mut rows = screen.lines().filter(|line| line.contains(id));
        rows.find(|row| is_so(row)).map(str::to_owned)
    };
    let screen = person.wait(id, |screen| find(screen).is_some());
    find(&screen).expect("it was seen")
}

#[test]
fn a_session_that_ends_while_its_account_is_loaded_is_renewed_without_a_question() {
    let endpoint = slow_pages();
    let mut person = all_accounts(&endpoint);
    second_page(&endpoint);
    eventually("the others", || {
        roles_asked(&endpoint)[1..].iter().all(|asked| *asked > 0)
    });
    let before = roles_asked(&endpoint);
    end_sessions(&endpoint, DEV);
    person.press("0");
    row(&person, DEV, |row| row.contains(" 7      9"));
    let screen = person.loaded();
    assert!(screen.contains("2 not reachable"), "{screen}");
    assert!(
        screen.contains("Users 40") && screen.contains("Keys 51"),
        "{screen}"
    );
    assert!(!screen.contains("xpired"), "{screen}");
    let [dev, data, sandbox] = before;
    assert_eq!(roles_asked(&endpoint), [dev + 1, data, sandbox]);
    assert!(refused(&endpoint, DEV, "ExpiredToken") > 0, "it had ended");
    // Four pages, and one that was refused: nothing begins anew.
    let pages = calls(&endpoint, DEV, "ListUsers");
    assert!((4..=5).contains(&pages), "{pages}");
}

#[test]
fn a_session_that_ends_by_this_machines_clock_is_renewed_before_aws_refuses_it() {
    // At first the endpoint's clock is so far behind that a session of an hour lasts a little longer
    // than what is renewed at once; then it is right, and the next ones last.
    let right = Arc::new(AtomicBool::new(false));
    let clock = {
        let right = Arc::clone(&right);
        move || {
            if right.load(Ordering::SeqCst) {
                now()
            } else {
                now() - TimeDelta::hours(1) + TimeDelta::seconds(62)
            }
        }
    };
    let endpoint = slow_pages().with_pages_of(1).with_clock(Arc::new(clock));
    let mut person = all_accounts(&endpoint);
    second_page(&endpoint);
    let before = roles_asked(&endpoint)[0];
    right.store(true, Ordering::SeqCst);
    person.press("0");
    row(&person, DEV, |row| row.contains(" 7      9"));
    assert_eq!(roles_asked(&endpoint)[0], before + 1);
    assert_eq!(refused(&endpoint, DEV, "ExpiredToken"), 0);
}

#[test]
fn where_the_role_is_gone_the_row_says_why_and_what_was_loaded_stays() {
    let endpoint = slow_pages();
    let mut person = all_accounts(&endpoint);
    second_page(&endpoint);
    endpoint.in_account(DEV, |account| assert!(account.remove_role(ROLE_OF_DEV)));
    end_sessions(&endpoint, DEV);
    person.press("0");
    let shown = row(&person, DEV, |row| row.contains("▲"));
    assert!(shown.contains("▲ AccessDenied: sts:AssumeRole"), "{shown}");
    row(&person, DATA, |row| row.contains(" 9     11"));
    let screen = person.loaded();
    assert!(!screen.contains("2 not reachable"), "{screen}");
    // Those of the first pages are there, and it is not said that they are all.
    person.press(&format!("1/account:{DEV}<enter>"));
    let screen = person.see("ci-dev");
    assert!(!screen.contains("terraform-dev"), "{screen}");
    // As many requests as were under way, and no more.
    let asked = roles_asked(&endpoint)[0];
    assert!(asked < 10, "{asked}");
    // It may be given back.
    let role = Role::new(ROLE_OF_DEV).trusting("123456789012");
    endpoint.in_account(DEV, |account| account.add_role(role));
    person.press("<esc>0");
    person.see("Accounts ─");
    person.press("/acme-dev<enter>R");
    row(&person, DEV, |row| row.contains(" 7      9"));
}

/// All accounts, and the question whether the key of acme-dev is to be deactivated.
fn asked_to_deactivate(endpoint: &Endpoint) -> Person {
    let mut person = all_accounts(endpoint);
    person.see("2 not reachable");
    person.loaded();
    let (key, user) = KEY_OF_DEV;
    person.press(&format!("/{user}<enter>"));
    person.see(key);
    ask(&mut person);
    person
}

/// Asks for the key to be deactivated, or activated, and waits until the account was looked at.
fn ask(person: &mut Person) {
    let (key, user) = KEY_OF_DEV;
    person.press("t");
    person.see(&format!("{key} of {user}"));
    person.see("Verified with AWS just now");
}

fn changes(endpoint: &Endpoint) -> usize {
    calls(endpoint, DEV, "UpdateAccessKey")
}

#[test]
fn a_change_is_sent_once_where_the_session_ends_before_it_is_confirmed() {
    let endpoint = organisation();
    let mut person = asked_to_deactivate(&endpoint);
    let before = roles_asked(&endpoint)[0];
    end_sessions(&endpoint, DEV);
    person.press("y");
    person.see("Deactivated");
    assert_eq!(status(&endpoint, DEV, KEY_OF_DEV.0), Status::Inactive);
    assert_eq!(changes(&endpoint), 1);
    // Its own session; and that of the reads, which the look after the change has renewed.
    person.loaded();
    assert_eq!(roles_asked(&endpoint)[0], before + 2);

    // What the change before was signed with has ended as well.
    ask(&mut person);
    end_sessions(&endpoint, DEV);
    person.press("y");
    person.see("Activated");
    assert_eq!(status(&endpoint, DEV, KEY_OF_DEV.0), Status::Active);
    assert_eq!(changes(&endpoint), 2);
}

#[test]
fn a_change_waits_for_the_look_that_a_session_which_has_ended_is_renewed_for() {
    let endpoint = organisation();
    let mut person = asked_to_deactivate(&endpoint);
    person.press("<esc>");
    person.gone("Verified with AWS");
    let before = changes(&endpoint);
    // It ends before the look, whose answer comes late: confirmed meanwhile.
    let late = Fault::new(FaultKind::Delay(Duration::from_millis(300)));
    endpoint.fault(late.action("ListAccessKeys").in_account(DEV));
    end_sessions(&endpoint, DEV);
    let (key, user) = KEY_OF_DEV;
    person.press("t");
    person.see(&format!("{key} of {user}"));
    person.press("y");
    person.see("Deactivated");
    assert_eq!(changes(&endpoint), before + 1);
    let all = endpoint.calls();
    let place = |action: &str| all.iter().rposition(|call| call.action == action);
    assert!(place("UpdateAccessKey") > place("GetAccessKeyLastUsed"));
}

#[test]
fn a_change_that_no_session_can_be_begun_for_is_not_sent_and_it_is_said_why() {
    let endpoint = organisation();
    let mut person = asked_to_deactivate(&endpoint);
    endpoint.in_account(DEV, |account| assert!(account.remove_role(ROLE_OF_DEV)));
    end_sessions(&endpoint, DEV);
    person.press("y");
    person.see("Ask for permission to call sts:AssumeRole.");
    assert_eq!(changes(&endpoint), 0);
    assert_eq!(status(&endpoint, DEV, KEY_OF_DEV.0), Status::Active);
}

/// Asked for by the change's client, the role would be asked for in the time of its only attempt: time
/// that has run out would look like an answer that is lost.
#[tokio::test]
async fn a_change_whose_role_is_not_given_in_time_is_not_sent_and_opens_no_question() {
    let endpoint = organisation();
    let timeouts = Timeouts {
        attempt: Duration::from_secs(1),
        operation: Duration::from_secs(2),
        ..Timeouts::default()
    };
    let options = Options {
        timeouts,
        ..Options::default()
    };
    let member = member_of_dev(&endpoint, &options).await.connection;
    let (key, user) = KEY_OF_DEV;
    let change = Change::SetActive {
        user: user.into(),
        key: key.into(),
        active: false,
    };
    for kind in [
        FaultKind::Delay(Duration::from_secs(20)),
        FaultKind::InternalFailure,
    ] {
        let fault = Fault::new(kind).action("AssumeRole");
        endpoint.fault(fault.in_account(DEV).times(20));
        let error = member
            .change(&change)
            .await
            .expect_err("no role, no change");
        endpoint.clear_faults();
        assert_eq!(error.action, "sts:AssumeRole");
        assert_eq!(error.kind, Kind::NotSent, "{error:?}");
        assert!(!error.outcome_unknown(), "{error:?}");
        assert!(error.message.starts_with("not sent: "), "{error:?}");
        assert_eq!(changes(&endpoint), 0);
    }
    // Together they take longer than an attempt may.
    let slow = Fault::new(FaultKind::Delay(Duration::from_millis(700)));
    endpoint.fault(slow.in_account(DEV).times(2));
    member.change(&change).await.expect("each has its own time");
    assert_eq!(status(&endpoint, DEV, key), Status::Inactive);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_while_the_report_is_made_is_renewed() {
    let endpoint = organisation().with_report_time(TimeDelta::seconds(2));
    let member = member_of_dev(&endpoint, &Options::default())
        .await
        .connection;
    let before = roles_asked(&endpoint)[0];
    // Before the first call, and between two of those that wait for it.
    end_sessions(&endpoint, DEV);
    let report = tokio::spawn(async move {
        Connection::ask(|| member.clone(), Read::Report, &Turns::new(4)).await
    });
    let making = || calls(&endpoint, DEV, "GenerateCredentialReport") > 0;
    tokio::task::block_in_place(|| eventually("the report", making));
    end_sessions(&endpoint, DEV);
    let report = report.await.expect("it does not panic");
    assert!(matches!(report, Ok(Answer::Report(_))), "{report:?}");
    assert_eq!(roles_asked(&endpoint)[0], before + 2);
    assert_eq!(refused(&endpoint, DEV, "ExpiredToken"), 2);
}

/// The key that is looked up first is not the one that signs: that is renewed at once.
#[tokio::test]
async fn a_session_that_has_just_been_renewed_and_is_over_is_renewed_again() {
    let seconds_left = || now() - TimeDelta::minutes(60) + TimeDelta::seconds(5);
    let endpoint = organisation().with_clock(Arc::new(seconds_left));
    let member = member_of_dev(&endpoint, &Options::default()).await;
    let endpoint = endpoint.with_clock(Arc::new(now));
    let over = FaultKind::Code {
        status: 403,
        code: "ExpiredToken".into(),
        message: "The security token included in the request is expired".into(),
    };
    let over = Fault::new(over).action("ListAccountAliases").times(2);
    endpoint.fault(over.in_account(DEV));
    let turns = Turns::new(4);
    let ask = Connection::ask(|| member.connection.clone(), Read::Alias, &turns);
    ask.await.expect("in the session after that");
    let all = endpoint.calls();
    let asked = all
        .iter()
        .filter(|call| call.action == "ListAccountAliases");
    let keys: Vec<_> = asked.map(|call| call.signed_by.clone()).collect();
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert!(keys[0] == keys[1] && keys[1] != keys[2], "{keys:?}");
}

#[test]
fn a_throttled_renewal_is_waited_for_and_breaks_nothing() {
    let endpoint = slow_pages();
    let mut person = all_accounts(&endpoint);
    second_page(&endpoint);
    // More often than the SDK asks again by itself.
    let throttled = Fault::new(FaultKind::Throttle).action("AssumeRole");
    endpoint.fault(throttled.in_account(DEV).times(7));
    end_sessions(&endpoint, DEV);
    person.press("0");
    row(&person, DEV, |row| row.contains(" 7      9"));
}

/// acme-dev, seen from the management account.
struct Dev(Endpoint);

struct Seat(Person);

impl World for Dev {
    fn start(&self) -> Box<dyn Hands> {
        let setup = Setup {
            size: (120, 36),
            all_accounts: true,
            clock: now,
            ..Setup::default()
        };
        let person = Person::with(&self.0, setup);
        person.see("2 not reachable");
        person.loaded();
        Box::new(Seat(person))
    }

    fn keys_of(&self, user: &str) -> Vec<(String, bool)> {
        self.0.in_account(DEV, |account| {
            let keys = &account.user(user).expect("there is this user").keys;
            let keys = keys.iter();
            keys.map(|key| (key.id.to_string(), key.status == Status::Active))
                .collect()
        })
    }

    fn use_key(&self, _: &str, _: &str) {
        unreachable!("nothing but iamkeys is there");
    }

    fn settle(&self) -> bool {
        false
    }

    fn journal(&self) -> Option<std::path::PathBuf> {
        None
    }
}

impl Hands for Seat {
    fn keys(&mut self, keys: &str) {
        self.0.press(keys);
    }

    fn until(&mut self, what: &str, is_so: &dyn Fn(&str) -> bool) -> String {
        self.0.wait(what, is_so)
    }

    fn copied(&self) -> Vec<String> {
        let sent = self.0.sent();
        sent.iter().map(|sent| carried(sent)).collect()
    }

    fn kill(mut self: Box<Self>) {
        self.0.signal(Signal::Terminate);
        self.0.exit();
    }
}

#[test]
fn a_rotation_goes_on_whenever_the_session_of_its_account_ends() {
    let endpoint = organisation().with_settling(TimeDelta::zero());
    let dev = Dev(endpoint.clone());
    let user = "nadia";
    let (old, _) = dev.keys_of(user).remove(0);
    let mut rotation = Rotation {
        world: &dev,
        user,
        old: old.clone(),
        hands: dev.start(),
        secret: None,
    };
    let end = || end_sessions(&endpoint, DEV);
    rotation.open();
    end();
    rotation.create();
    end();
    rotation.store();
    end();
    rotation.check();
    end();
    rotation.deactivate();
    end();
    rotation.undo();
    end();
    rotation.deactivate();
    end();
    rotation.delete();
    let left = dev.keys_of(user);
    let [(new, true)] = &left[..] else {
        panic!("{left:?}");
    };
    assert_ne!(*new, old);
    let secret = endpoint.in_account(DEV, |account| account.key(new).unwrap().1.id.secret());
    assert_eq!(rotation.secret.as_deref(), Some(&*secret));
    for (action, times) in [
        ("CreateAccessKey", 1),
        ("UpdateAccessKey", 3),
        ("DeleteAccessKey", 1),
    ] {
        assert_eq!(calls(&endpoint, DEV, action), times, "{action}");
    }
    rotation.hands.kill();
}
