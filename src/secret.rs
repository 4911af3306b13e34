//! The secret of a new key: the type that holds it, and the places it can be put.

pub mod clipboard;
pub mod credentials;
pub mod csv_file;
pub mod forms;
pub mod osc52;
pub mod place;
pub mod route;

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize as _};
use std::fmt;

/// A secret access key, or a text that contains one.
///
/// It has no `Display`, prints as `[redacted]`, and wipes its own memory when dropped. Whoever
/// calls [`SecretKey::expose`] is one of the few places that puts it where a person asked for it.
#[derive(Clone)]
pub struct SecretKey(SecretString);

impl SecretKey {
    /// Takes the secret over. The string's own memory becomes the secret's where it has no room
    /// to spare; otherwise it is wiped after its text has been copied. Copies that were made
    /// before (what the SDK has read from the network, a string that has grown) are not reached.
    #[must_use]
    pub fn new(mut secret: String) -> Self {
        if secret.capacity() == secret.len() {
            return Self(SecretString::from(secret));
        }
        // Giving the spare room back could move the text, and free what held it as it is.
        let exact: Box<str> = secret.as_str().into();
        secret.zeroize();
        Self(SecretString::from(exact))
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The lines that set a key in a POSIX shell: [`forms::Form::Posix`].
    #[must_use]
    pub fn exports(&self, key_id: &str) -> Self {
        forms::Form::Posix.text(key_id, self, "")
    }

    /// Puts a text together from pieces, in memory of its exact length: a string that grew would
    /// leave copies of itself behind. The pieces are asked for twice, and must be the same.
    fn built(pieces: impl Fn(&mut dyn FnMut(&str))) -> Self {
        let mut length = 0;
        pieces(&mut |piece| length += piece.len());
        let mut text = String::with_capacity(length);
        pieces(&mut |piece| text.push_str(piece));
        debug_assert_eq!(text.len(), length, "the same pieces");
        Self::new(text)
    }
}

/// Whether a value has only what AWS gives key IDs and secrets. Such a value means itself in every
/// shell and file format here.
fn is_plain(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/+=_-.".contains(c);
    !value.is_empty() && value.chars().all(plain)
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_nothing_of_it() {
        let secret = SecretKey::new("DEMO/secretEXAMPLE".into());
        assert_eq!(
            format!("{secret:?} {:?}", Some(&secret)),
            "[redacted] Some([redacted])"
        );
    }

    #[test]
    fn memory_with_room_to_spare_is_not_given_back_unwiped() {
        let exact = String::from("DEMO/secretEXAMPLE");
        assert_eq!(exact.capacity(), exact.len());
        let place = exact.as_ptr();
        assert_eq!(SecretKey::new(exact).expose().as_ptr(), place, "taken over");

        let mut roomy = String::with_capacity(4096);
        roomy.push_str("DEMO/secretEXAMPLE");
        let place = roomy.as_ptr();
        let secret = SecretKey::new(roomy);
        assert_eq!(secret.expose(), "DEMO/secretEXAMPLE");
        assert_ne!(
            secret.expose().as_ptr(),
            place,
            "copied, so that it is wiped"
        );
    }
}
