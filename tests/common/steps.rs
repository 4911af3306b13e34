//! What every person does, and what they look at.

use super::{PATIENCE, Person};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use iamkeys::demo::{Account, Endpoint, Status};
use std::{fmt::Write as _, thread, time::Instant};

/// Goes to a user by filtering for the whole name.
pub fn go_to(person: &mut Person, user: &str) {
    person.loaded();
    person.press("/");
    person.see("/ ▏");
    person.press(user);
    person.press("<enter>");
    person.wait("the filter kept", |screen| {
        screen.contains(&format!("▌ {user}")) && screen.contains("c create")
    });
    person.loaded();
}

/// Copies the secret of a new key, on top, to a terminal that does not say whether it took it; says
/// on leaving that it did.
pub fn keep(person: &mut Person) {
    person.press("y");
    person.see("✓ secret sent");
    have_it(person);
}

/// Leaves a new key's dialog whose secret was copied, saying that it was pasted.
pub fn have_it(person: &mut Person) {
    person.press("<esc>");
    person.see("─ Have you pasted it? ─");
    person.press("i");
    person.gone("─ New key for ");
}

/// The text that an OSC 52 sequence carries.
pub fn carried(sequence: &str) -> String {
    let inside = sequence
        .strip_prefix("\x1b]52;c;")
        .and_then(|rest| rest.strip_suffix('\x07'))
        .expect("one plain OSC 52 sequence");
    String::from_utf8(BASE64_STANDARD.decode(inside).unwrap()).unwrap()
}

/// The keys of a user as the account has them, in the order they were made.
pub fn keys_of(endpoint: &Endpoint, user: &str) -> Vec<(String, Status)> {
    endpoint.account(|account| {
        account
            .user(user)
            .map(|user| {
                user.keys
                    .iter()
                    .map(|key| (key.id.as_str().to_owned(), key.status))
                    .collect()
            })
            .unwrap_or_default()
    })
}

/// The secret of a key that the account has.
pub fn secret_of(endpoint: &Endpoint, key: &str) -> String {
    endpoint.account(|account| account.key(key).expect("it is there").1.id.secret())
}

/// All of an account that a change can change: a line for each user, key and tag. When keys were
/// used is left out, for each request is a use.
pub fn holds(account: &Account) -> String {
    let mut text = String::new();
    for user in account.users() {
        let _ = writeln!(text, "{}", user.name);
        for key in &user.keys {
            let _ = writeln!(text, "  {} {:?} {}", key.id, key.status, key.created);
        }
        for tag in user.tags() {
            let _ = writeln!(text, "  {}={}", tag.key, tag.value);
        }
    }
    text
}

/// The requests that change an account, in the order they came in.
pub fn changes(endpoint: &Endpoint) -> Vec<String> {
    let calls = endpoint.calls().into_iter();
    calls
        .map(|call| call.action)
        .filter(|action| {
            !["Get", "List", "Generate", "Lookup"]
                .iter()
                .any(|read| action.starts_with(read))
        })
        .collect()
}

/// Waits for something that nothing on screen tells of.
#[track_caller]
pub fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "waited for {what} in vain");
        thread::yield_now();
    }
}
