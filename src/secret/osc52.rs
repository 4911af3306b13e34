//! OSC 52: asking the terminal to put a text on its clipboard, also from the far end of an SSH
//! connection.
//!
//! There is no answer: the terminal may do it, ask its user, or ignore it. That is why nothing
//! here ever says "copied".

use super::SecretKey;
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// What stands between this program and the terminal, and has to be talked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multiplexer {
    /// Nothing that we know of.
    None,
    /// tmux takes OSC 52 itself with `set-clipboard on`, and hands on a wrapped one with
    /// `allow-passthrough on`: it gets both forms.
    Tmux,
    /// GNU screen hands on what is wrapped in a device control string.
    Screen,
}

/// The bytes to write to the terminal. They contain the secret (in base64), so they are as secret
/// as it is.
#[must_use]
pub fn sequence(text: &SecretKey, through: Multiplexer) -> SecretKey {
    SecretKey::new(text_of(text, through))
}

fn text_of(text: &SecretKey, through: Multiplexer) -> String {
    // The exact room from the start: a string that grows leaves copies of itself behind.
    let plain = "\x1b]52;c;\x07".len() + text.expose().len().div_ceil(3) * 4;
    let mut out = String::with_capacity(match through {
        Multiplexer::None => plain,
        Multiplexer::Tmux => 2 * plain + "\x1bPtmux;\x1b\x1b\\".len(),
        Multiplexer::Screen => plain + "\x1bP\x1b\\".len(),
    });
    match through {
        Multiplexer::None => push_plain(&mut out, text, "\x1b"),
        Multiplexer::Tmux => {
            push_plain(&mut out, text, "\x1b");
            out.push_str("\x1bPtmux;");
            // Inside the wrapping, each escape is doubled.
            push_plain(&mut out, text, "\x1b\x1b");
            out.push_str("\x1b\\");
        }
        Multiplexer::Screen => {
            out.push_str("\x1bP");
            push_plain(&mut out, text, "\x1b");
            out.push_str("\x1b\\");
        }
    }
    out
}

/// Ends with BEL rather than ST, so that no second escape has to be wrapped.
fn push_plain(out: &mut String, text: &SecretKey, escape: &str) {
    out.push_str(escape);
    out.push_str("]52;c;");
    BASE64_STANDARD.encode_string(text.expose(), out);
    out.push('\x07');
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
    fn the_buffer_has_exactly_the_room_it_needs() {
        for length in 0..50 {
            let secret = SecretKey::new("x".repeat(length));
            for through in [Multiplexer::None, Multiplexer::Tmux, Multiplexer::Screen] {
                let out = text_of(&secret, through);
                assert_eq!(out.capacity(), out.len(), "{length} {through:?}");
            }
        }
    }
}
