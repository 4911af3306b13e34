//! A session with MFA that ends while it leads to other accounts, with the real program: one question
//! for all of them, at whatever moment.

#![cfg(unix)]

mod common;
#[path = "common/hands.rs"]
mod hands;
#[path = "common/pty.rs"]
mod pty;

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    eventually,
    rotating::{self, Hands, Rotation, World},
};
use iamkeys::demo::{Account, Call, Endpoint, KeyId, Role, Server, Status};
use pty::{Program, Start};
use std::{
    cell::Cell,
    net::{Ipv4Addr, SocketAddr},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    rc::Rc,
    sync::{Arc, Mutex},
};

const OWN: &str = "AKIAQX7DEMO4ALICE001";
const SERIAL: &str = "arn:aws:iam::123456789012:mfa/alice";
const DEV: &str = "111122223333";
const ROLE: &str = "OrganizationAccountAccessRole";

/// How long a session with MFA lasts by AWS's clock.
const SESSION: TimeDelta = TimeDelta::hours(12);

/// What the question for a code is called.
const QUESTION: &str = "MFA code for base";

/// The organisation of the demo on a socket, whose clock can be put back.
struct Organisation {
    endpoint: Endpoint,
    behind: Arc<Mutex<TimeDelta>>,
    server: Server,
    _tokio: tokio::runtime::Runtime,
}

impl Organisation {
    fn new() -> Self {
        let behind = Arc::new(Mutex::new(TimeDelta::zero()));
        let endpoint = Endpoint::demo_organisation(Utc::now())
            .with_report_time(TimeDelta::zero())
            .with_settling(TimeDelta::zero())
            .with_clock({
                let behind = Arc::clone(&behind);
                Arc::new(move || Utc::now() - *behind.lock().unwrap())
            });
        endpoint.in_account(DEV, |account| {
            let role = Role::new(ROLE).trusting("123456789012");
            account.add_role(role.requiring_mfa());
        });
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = tokio.block_on(endpoint.serve(any)).unwrap();
        Self {
            endpoint,
            behind,
            server,
            _tokio: tokio,
        }
    }

    /// How often an action was asked of an account.
    fn calls(&self, account: &str, action: &str) -> usize {
        let calls = self.endpoint.calls();
        let of_it =
            |call: &&Call| call.account.as_deref() == Some(account) && call.action == action;
        calls.iter().filter(of_it).count()
    }

    /// How many sessions with MFA were begun.
    fn sessions(&self) -> usize {
        self.calls("123456789012", "GetSessionToken")
    }

    /// The program with Alice's long-term key and her device, with all accounts loaded by a session
    /// that lasts so long, and is asked to be renewed half-way. Says when it ends.
    fn run(&self, lasts: TimeDelta) -> (Program, DateTime<Utc>) {
        let secret = KeyId::parse(OWN).unwrap().secret();
        let keys = format!("[base]\naws_access_key_id = {OWN}\naws_secret_access_key = {secret}\n");
        let config = format!("[profile base]\nmfa_serial = {SERIAL}\n");
        *self.behind.lock().unwrap() = SESSION - lasts;
        let mut program = Start::iamkeys(["--endpoint-url", &self.server.url()])
            .arg("--profile=base")
            .arg("--all-accounts")
            .arg("--clipboard=osc52")
            .arg("--no-journal")
            .file(".aws/credentials", &keys)
            .file(".aws/config", &config)
            .size(120, 36)
            .run();
        self.enter_code(&mut program);
        let until = Utc::now() + lasts;
        *self.behind.lock().unwrap() = TimeDelta::zero();
        program.wait_for("all accounts", |screen| {
            Utc::now() > until || screen.contents().contains("Users 40")
        });
        if Utc::now() > until {
            resume_unwind(Box::new(TooSlow));
        }
        assert_eq!(self.sessions(), 1);
        (program, until)
    }

    /// Answers the question for a code, which is the only one.
    fn enter_code(&self, program: &mut Program) {
        program.wait_text(QUESTION);
        let before = self.sessions();
        program.press(&self.endpoint.mfa_code(SERIAL));
        program.press("\r");
        program.wait_gone(QUESTION);
        eventually("another session", || self.sessions() > before);
    }

    /// The sessions of all roles are over as well.
    fn end_sessions(&self) {
        for id in self.endpoint.account_ids().into_iter().skip(1) {
            self.endpoint.in_account(&id, Account::end_sessions);
        }
    }
}

fn wait_until(until: DateTime<Utc>) {
    eventually("the end of the session", || Utc::now() > until);
}

/// The session had come to the question for a code, or to its end, before the program was where a test
/// wants it to be.
struct TooSlow;

/// Tests with a session that lasts so many seconds, by the clock of this machine as that of the program is;
/// or longer, where the machine is too slow for it.
fn with_session(seconds: i64, test: impl Fn(&Organisation, TimeDelta)) {
    for lasts in [seconds, seconds * 2, seconds * 6] {
        let organisation = Organisation::new();
        let lasts = TimeDelta::seconds(lasts);
        match catch_unwind(AssertUnwindSafe(|| test(&organisation, lasts))) {
            Err(why) if why.is::<TooSlow>() => eprintln!("too slow for {lasts}"),
            Err(why) => resume_unwind(why),
            Ok(()) => return,
        }
    }
    panic!("too slow for any session");
}

fn quit(mut program: Program) {
    program.press("q");
    program.wait_exit().assert_clean(0);
}

#[test]
fn the_code_is_asked_for_once_for_all_roles_and_may_come_when_the_session_is_over() {
    with_session(5, |organisation, lasts| {
        let (mut program, until) = organisation.run(lasts);
        program.wait_text(QUESTION);
        wait_until(until);
        organisation.end_sessions();
        let before = organisation.calls(DEV, "ListUsers");
        organisation.enter_code(&mut program);
        program.press("1R");
        eventually("what is read again", || {
            organisation.calls(DEV, "ListUsers") > before + 1
        });
        program.wait_text("Users 40");
        assert!(!program.screen().contains(QUESTION));
        assert_eq!(organisation.sessions(), 2);
        quit(program);
    });
}

#[test]
fn accounts_that_are_lost_with_their_source_come_back_with_one_code() {
    with_session(5, |organisation, lasts| {
        let (mut program, until) = organisation.run(lasts);
        program.wait_text(QUESTION);
        program.press("\x1b");
        program.wait_text("could not be renewed: Profile base needs an MFA code");
        wait_until(until);
        organisation.end_sessions();
        // Everything is asked again, and nothing answers.
        program.press("1R");
        program.press("0");
        program.wait_text("Accounts ─");
        program.wait_for("the lost accounts", |screen| {
            let text = screen.contents();
            let row = |id: &str| {
                text.lines()
                    .find(|line| line.contains(id))
                    .map(str::to_owned)
            };
            row(DEV).is_some_and(|row| row.contains('▲'))
        });
        assert_eq!(organisation.sessions(), 1);
        assert!(!program.screen().contains(QUESTION), "nobody has asked");
        program.press("/acme-dev");
        program.wait_text("1 shown");
        program.press("\rR");
        organisation.enter_code(&mut program);
        program.press("\x1b");
        program.wait_text("Users 40");
        assert_eq!(organisation.sessions(), 2);
        quit(program);
    });
}

/// acme-dev, in the hands of a program that runs already.
struct Dev<'a>(&'a Organisation);

impl World for Dev<'_> {
    fn start(&self) -> Box<dyn Hands> {
        unreachable!("it runs")
    }

    fn keys_of(&self, user: &str) -> Vec<(String, bool)> {
        self.0.endpoint.in_account(DEV, |account| {
            let keys = account.user(user).expect("there is this user").keys.iter();
            keys.map(|key| (key.id.to_string(), key.status == Status::Active))
                .collect()
        })
    }

    fn use_key(&self, _: &str, _: &str) {
        unreachable!("nothing but iamkeys is there")
    }

    fn settle(&self) -> bool {
        false
    }

    fn journal(&self) -> Option<PathBuf> {
        None
    }
}

/// The hands of a person who is asked for a code only when that is over which comes before.
struct Before {
    program: Program,
    is_over: Rc<Cell<bool>>,
}

impl Hands for Before {
    fn keys(&mut self, keys: &str) {
        Hands::keys(&mut self.program, keys);
    }

    fn until(&mut self, what: &str, is_so: &dyn Fn(&str) -> bool) -> String {
        let is_over = self.is_over.get();
        let too_soon = |screen: &str| !is_over && screen.contains(QUESTION);
        let is_so = |screen: &str| is_so(screen) || too_soon(screen);
        let screen = Hands::until(&mut self.program, what, &is_so);
        if too_soon(&screen) {
            resume_unwind(Box::new(TooSlow));
        }
        screen
    }

    fn copied(&self) -> Vec<String> {
        Hands::copied(&self.program)
    }

    fn kill(self: Box<Self>) {
        Box::new(self.program).kill();
    }
}

/// A rotation in acme-dev whose session, and the one that led to it, have ended when the new key has
/// just been stored. The question for a code has waited for that.
fn stored<'a>(world: &'a Dev<'_>, lasts: TimeDelta) -> Rotation<'a> {
    let (program, until) = world.0.run(lasts);
    let is_over = Rc::new(Cell::new(false));
    let user = "nadia";
    let mut rotation = Rotation {
        world,
        user,
        old: world.keys_of(user).remove(0).0,
        hands: Box::new(Before {
            program,
            is_over: Rc::clone(&is_over),
        }),
        secret: None,
    };
    rotation.open();
    rotation.create();
    is_over.set(true);
    wait_until(until);
    world.0.end_sessions();
    rotation.store();
    see(&mut *rotation.hands, QUESTION);
    rotation
}

fn see(hands: &mut dyn Hands, text: &str) {
    hands.until(text, &|screen| screen.contains(text));
}

fn give_code(hands: &mut dyn Hands, organisation: &Organisation) {
    see(hands, QUESTION);
    hands.keys(&organisation.endpoint.mfa_code(SERIAL));
    hands.keys("<enter>");
    hands.until("no question", &|screen| !screen.contains(QUESTION));
}

/// It is done, with each change sent once and the secret in hand.
fn is_rotated(rotation: Rotation<'_>, organisation: &Organisation) {
    let left = rotation.world.keys_of(rotation.user);
    let [(new, true)] = &left[..] else {
        panic!("{left:?}");
    };
    assert_ne!(*new, rotation.old);
    let secret = KeyId::parse(new).unwrap().secret();
    assert_eq!(rotation.secret.as_deref(), Some(&*secret));
    for action in ["CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"] {
        assert_eq!(organisation.calls(DEV, action), 1, "{action}");
    }
    assert_eq!(organisation.sessions(), 2);
    rotation.hands.kill();
}

#[test]
fn a_rotation_goes_on_when_a_code_is_asked_for_between_two_of_its_steps() {
    with_session(9, |organisation, lasts| {
        let world = Dev(organisation);
        let mut rotation = stored(&world, lasts);
        give_code(&mut *rotation.hands, organisation);
        rotation.check();
        rotation.deactivate();
        rotation.delete();
        is_rotated(rotation, organisation);
    });
}

#[test]
fn a_rotation_goes_on_after_a_session_was_let_go_of_and_begun_anew() {
    with_session(9, |organisation, lasts| {
        let world = Dev(organisation);
        let mut rotation = stored(&world, lasts);
        rotation.hands.keys("<esc>");
        see(&mut *rotation.hands, "could not be renewed");
        rotation.wait_dialog("Rotate nadia", &["✓ Store by hand"]);
        rotation.hands.keys("<esc>");
        rotation.hands.keys("0");
        see(&mut *rotation.hands, "Accounts ─");
        rotation.hands.keys("/acme-dev");
        see(&mut *rotation.hands, "1 shown");
        rotation.hands.keys("<enter>");
        // What was not noticed by then is noticed by the first.
        rotation.hands.keys("R");
        see(&mut *rotation.hands, "▲ Credentials expired");
        rotation.hands.keys("R");
        give_code(&mut *rotation.hands, organisation);
        rotation.hands.keys("<esc>");
        rotation.hands.keys("1");
        see(&mut *rotation.hands, "Users 40");
        // What was filtered for before.
        rotation.hands.keys("<esc>");
        rotation
            .hands
            .until("no filter", &|screen| !screen.contains("/ nadia"));
        rotation.open();
        rotation.check();
        rotation.deactivate();
        rotation.delete();
        is_rotated(rotation, organisation);
    });
}
