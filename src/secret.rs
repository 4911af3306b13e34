//! The secret of a new key: the type that holds it, and the places it can be put.

pub mod clipboard;
pub mod osc52;
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

    /// The lines that set a key in a POSIX shell. Quoted where it has to be, so that an endpoint
    /// that answers with odd characters cannot make the shell run anything.
    #[must_use]
    pub fn exports(&self, key_id: &str) -> Self {
        Self::built(|push| {
            for (name, value) in [
                ("AWS_ACCESS_KEY_ID", key_id),
                ("AWS_SECRET_ACCESS_KEY", self.expose()),
            ] {
                push("export ");
                push(name);
                push("=");
                push_shell_word(push, value);
                push("\n");
            }
        })
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

/// Gives a value as one word of a POSIX shell.
fn push_shell_word(push: &mut dyn FnMut(&str), value: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/+=_-.".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        push(value);
        return;
    }
    push("'");
    for (place, part) in value.split('\'').enumerate() {
        if place > 0 {
            push("'\\''");
        }
        push(part);
    }
    push("'");
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

    #[test]
    fn exports_are_two_lines_a_shell_can_read() {
        let secret = SecretKey::new("a/b+c".into());
        assert_eq!(
            secret.exports("AKIAEXAMPLE").expose(),
            "export AWS_ACCESS_KEY_ID=AKIAEXAMPLE\nexport AWS_SECRET_ACCESS_KEY=a/b+c\n"
        );
    }

    #[test]
    fn exports_of_hostile_values_stay_data() {
        let secret = SecretKey::new("$(reboot)'; reboot".into());
        assert!(
            secret
                .exports("AKIAEXAMPLE")
                .expose()
                .ends_with("SECRET_ACCESS_KEY='$(reboot)'\\''; reboot'\n")
        );
    }
}
