//! The real program in a real terminal: what a person sees, what the terminal is told, how it is
//! given back. The account is the demo's own, or the embedded endpoint on a socket of this process,
//! so that a test can look at what arrived there.

#![cfg(unix)]

#[path = "../common/pty.rs"]
mod pty;

mod arguments;
mod browsing;
mod config;
mod finding;
mod gate;
mod hostile;
mod leaving;
mod lending;
#[cfg(target_os = "linux")]
mod memory;
mod mfa;
mod secret;
mod signing_in;
mod sso;
mod storing;
mod stuck;
mod suspending;
mod switching;
mod traces;

use chrono::Utc;
use gate::Gate;
use iamkeys::demo::{Account, Endpoint, KeyId, Server};
use pty::{Program, Start};
use std::net::{Ipv4Addr, SocketAddr};

const ESC: &str = "\x1b";
const ENTER: &str = "\r";
const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";

/// An account on a socket, behind a gate.
struct World {
    endpoint: Endpoint,
    gate: Gate,
    // Answers as long as it is here.
    _server: Server,
    _tokio: tokio::runtime::Runtime,
}

impl World {
    /// The demo account.
    fn demo() -> Self {
        Self::of(Endpoint::new(Account::demo(Utc::now())))
    }

    fn of(endpoint: Endpoint) -> Self {
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = tokio.block_on(endpoint.serve(any)).unwrap();
        Self {
            gate: Gate::before(server.addr()),
            endpoint,
            _server: server,
            _tokio: tokio,
        }
    }

    /// What to give to `--endpoint-url`.
    fn url(&self) -> String {
        self.gate.url()
    }

    /// The program, signed in to it with the account's own key.
    fn start(&self) -> Start {
        self.start_copying_to("osc52")
    }

    /// The same, with another clipboard.
    fn start_copying_to(&self, clipboard: &str) -> Start {
        let credentials = self.endpoint.sdk_credentials();
        Start::iamkeys(["--endpoint-url", &self.url(), "--clipboard", clipboard])
            .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
            .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
    }

    /// The actions that arrived and change something, in order.
    fn changes(&self) -> Vec<String> {
        let calls = self.endpoint.calls().into_iter();
        calls
            .map(|call| call.action)
            .filter(|action| {
                !["Get", "List", "Generate"]
                    .iter()
                    .any(|read| action.starts_with(read))
            })
            .collect()
    }

    /// The key a user has got last.
    fn newest_key(&self, user: &str) -> KeyId {
        self.endpoint
            .account(|account| account.user(user).unwrap().keys.last().unwrap().id)
    }

    /// Creates a key for a user who has none and leaves its dialog open.
    fn create_key(&self, program: &mut Program) -> KeyId {
        create_key(program, "new-hire");
        self.newest_key("new-hire")
    }
}

/// Selects a user and waits until the keys are known.
fn go_to(program: &mut Program, user: &str) {
    // The hints of the list: there is one, and it takes keys.
    program.wait_text("/ filter");
    program.press("/");
    program.wait_text("Enter keep filter");
    program.press(user);
    program.wait_text("1 shown");
    program.press(ENTER);
    program.wait_text("/ filter");
    program.wait_text("of 2 keys");
}

/// Leaves a new key's dialog whose secret was sent to a terminal that does not say whether it took
/// it: only a person can say so.
fn have_it(program: &mut Program) {
    program.press(ESC);
    program.wait_text("Have you pasted it?");
    program.press("i");
    program.wait_gone("New key for");
}

/// Creates a key and leaves its dialog open.
fn create_key(program: &mut Program, user: &str) {
    go_to(program, user);
    program.press("c");
    program.wait_text("A new access key for");
    program.press("y");
    program.wait_text("New key for");
}
