//! The places that the secret of a new key can be saved to.

pub mod clipboard;
pub mod credentials;
pub mod csv_file;
pub mod forms;
pub mod osc52;
pub mod place;
pub mod route;

use crate::engine::SecretKey;

/// A key about to be written. It has no `Debug`.
#[derive(Clone, Copy)]
struct Key<'a> {
    id: &'a str,
    secret: &'a str,
}

impl<'a> Key<'a> {
    /// Stands in for a key that does not exist yet.
    const STAND_IN: Key<'static> = Key {
        id: "AKIASTANDINEXAMPLE00",
        secret: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    };

    fn new(id: &'a str, secret: &'a SecretKey) -> Self {
        let secret = secret.expose();
        Self { id, secret }
    }
}

/// Whether a value has only the characters of key IDs and secrets. Such a value needs no quoting in
/// any shell or file format here.
fn is_plain(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/+=_-.".contains(c);
    !value.is_empty() && value.chars().all(plain)
}
