//! OSC 52: the escape sequence that asks the terminal to put a text on its clipboard, also from
//! the far end of an SSH connection.
//!
//! There is no answer: the terminal may do it, ask its user, or ignore the request. So nothing here
//! ever says "copied".

use crate::engine::{SecretKey, destination::Multiplexer};
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// The bytes to write to the terminal. They contain the secret in base64, and are as secret.
#[must_use]
pub fn sequence(text: &SecretKey, through: Multiplexer) -> SecretKey {
    let data = SecretKey::new(BASE64_STANDARD.encode(text.expose()));
    let data = data.expose();
    // Ended by BEL rather than ST, so that there is no second escape to be wrapped.
    match through {
        Multiplexer::None => SecretKey::joined(&["\x1b]52;c;", data, "\x07"]),
        Multiplexer::Tmux => SecretKey::joined(&[
            "\x1b]52;c;",
            data,
            // In the wrapped form each escape is doubled.
            "\x07\x1bPtmux;\x1b\x1b]52;c;",
            data,
            "\x07\x1b\\",
        ]),
        Multiplexer::Screen => SecretKey::joined(&["\x1bP\x1b]52;c;", data, "\x07\x1b\\"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, through: Multiplexer) -> String {
        sequence(&SecretKey::new(text.into()), through)
            .expose()
            .into()
    }

    #[test]
    fn a_terminal_gets_the_plain_sequence() {
        assert_eq!(of("hello", Multiplexer::None), "\x1b]52;c;aGVsbG8=\x07");
    }

    #[test]
    fn tmux_gets_it_for_itself_and_for_the_terminal_outside() {
        assert_eq!(
            of("hello", Multiplexer::Tmux),
            "\x1b]52;c;aGVsbG8=\x07\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\x07\x1b\\"
        );
    }

    #[test]
    fn screen_gets_it_wrapped() {
        assert_eq!(
            of("hello", Multiplexer::Screen),
            "\x1bP\x1b]52;c;aGVsbG8=\x07\x1b\\"
        );
    }

    #[test]
    fn encoding_grows_no_string() {
        for length in 0..50 {
            let encoded = BASE64_STANDARD.encode("x".repeat(length));
            assert_eq!(encoded.capacity(), encoded.len(), "{length}");
        }
    }
}
