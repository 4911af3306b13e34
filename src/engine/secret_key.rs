//! The secret of a key: printed by nothing, and wiped when it is dropped.

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize as _};
use std::fmt;

/// A secret access key, or a text that contains one.
///
/// It has no `Display`, prints as `[redacted]`, and wipes its own memory when dropped. Only code
/// that puts the secret where the user asked for it calls [`SecretKey::expose`].
#[derive(Clone)]
pub struct SecretKey(SecretString);

impl SecretKey {
    /// Takes the secret over. A string without spare capacity is reused; one with spare capacity
    /// is copied and wiped. Copies made earlier (what the SDK has read from the network, a string
    /// that has grown) are out of reach.
    #[must_use]
    pub fn new(mut secret: String) -> Self {
        if secret.capacity() == secret.len() {
            return Self(SecretString::from(secret));
        }
        // Shrinking could move the text and free the old memory without wiping it.
        let exact: Box<str> = secret.as_str().into();
        secret.zeroize();
        Self(SecretString::from(exact))
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Joins pieces in memory of their exact total length: a string that grew would leave copies
    /// of itself behind.
    pub(crate) fn joined(pieces: &[&str]) -> Self {
        Self::new(pieces.concat())
    }
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
    fn debug_prints_no_part_of_the_secret() {
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

    #[test]
    fn joining_grows_no_string() {
        let secret = "DEMO/secretEXAMPLE";
        for count in 0..20 {
            let joined = vec![secret; count].concat();
            assert_eq!(joined.capacity(), joined.len());
            assert_eq!(SecretKey::joined(&vec![secret; count]).expose(), joined);
        }
    }
}
