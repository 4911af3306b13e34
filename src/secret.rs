//! The secret of a new key: the type that holds it, and the places it can be put.

pub mod clipboard;
pub mod osc52;

use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// A secret access key, or a text that contains one.
///
/// It has no `Display`, prints as `[redacted]`, and is wiped from memory when dropped. Whoever
/// calls [`SecretKey::expose`] is one of the few places that puts it where a person asked for it.
#[derive(Clone)]
pub struct SecretKey(SecretString);

impl SecretKey {
    /// Takes the secret over; the string's own memory becomes the secret's.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(SecretString::from(secret))
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
        let mut text = String::with_capacity(128);
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", key_id),
            ("AWS_SECRET_ACCESS_KEY", self.expose()),
        ] {
            text.push_str("export ");
            text.push_str(name);
            text.push('=');
            push_shell_word(&mut text, value);
            text.push('\n');
        }
        Self::new(text)
    }
}

/// Appends a value as one word of a POSIX shell.
fn push_shell_word(text: &mut String, value: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/+=_-.".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        text.push_str(value);
        return;
    }
    text.push('\'');
    for c in value.chars() {
        match c {
            '\'' => text.push_str("'\\''"),
            c => text.push(c),
        }
    }
    text.push('\'');
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
