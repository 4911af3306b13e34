//! The bytes that a terminal sends, as events. It reads what crossterm reads, but nothing that is
//! left unfinished holds back what comes after a silence.

use super::{
    Input,
    sequence::{Step, is_string, step},
};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

const PASTE: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// What a paste may hold; the rest of it is dropped.
const LARGEST_PASTE: usize = 1 << 20;

/// No sequence of a key or of the mouse is longer.
const LONGEST: usize = 64;

/// Ctrl-C.
const INTERRUPT: u8 = 0x03;

/// No character is longer: so many bytes may be a key that was pressed.
const KEY: usize = 4;

/// What the terminal has begun to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfinished {
    Paste,
    Sequence,
}

/// What has come and is not yet an event.
#[derive(Default)]
pub(super) struct Parser {
    pending: Vec<u8>,
    paste: Option<Paste>,
    /// A paste was given though its end had not come: what follows at once is the rest of it, and no
    /// command.
    stalled: bool,
}

#[derive(Default)]
struct Paste {
    text: Vec<u8>,
    /// The last bytes, which may be the beginning of the end.
    tail: Vec<u8>,
}

impl Parser {
    /// What has begun that a silence would end.
    pub(super) fn waits_for(&self) -> Option<Unfinished> {
        match &self.paste {
            Some(_) => Some(Unfinished::Paste),
            None => (!self.pending.is_empty()).then_some(Unfinished::Sequence),
        }
    }

    /// Takes in bytes that came together; `more` says that others can be read at once.
    pub(super) fn feed(&mut self, mut bytes: &[u8], more: bool) -> Vec<Input> {
        // Alone it is the key, and no part of a paste.
        if bytes == [INTERRUPT] && self.paste.take().is_some() {
            self.stalled = true;
        }
        if self.stalled {
            // A person presses one key at a time; a key of many bytes begins with ESC.
            let end = bytes
                .windows(PASTE_END.len())
                .position(|part| part == PASTE_END);
            self.stalled = end.is_none() && bytes.len() > KEY && bytes[0] != 0x1b;
            match end {
                Some(at) => bytes = &bytes[at + PASTE_END.len()..],
                None if self.stalled => return Vec::new(),
                None => {}
            }
        }
        let mut events = Vec::new();
        for (at, byte) in bytes.iter().enumerate() {
            self.take(*byte, more || at + 1 < bytes.len(), &mut events);
        }
        events
    }

    fn take(&mut self, byte: u8, more: bool, events: &mut Vec<Input>) {
        if let Some(paste) = &mut self.paste {
            if paste.ends_with(byte) {
                events.extend(self.silence());
                self.stalled = false;
            }
            return;
        }
        // What another one breaks off stays unknown. A byte of X10's mouse may be any.
        let breaks_off = if is_string(&self.pending) {
            // ESC \ ends it; ESC and something else begins anew.
            self.pending.len() > 2 && self.pending.ends_with(b"\x1b") && byte != b'\\'
        } else if byte == 0x1b {
            self.pending.len() > 1 || self.pending.first().is_some_and(|first| *first != 0x1b)
        } else {
            byte < 0x20
                && self.pending.starts_with(b"\x1b[")
                && !self.pending.starts_with(b"\x1b[M")
        };
        if breaks_off {
            let escaped = is_string(&self.pending);
            self.pending.clear();
            self.pending.extend(escaped.then_some(0x1b));
        }
        self.pending.push(byte);
        if self.pending == PASTE {
            self.pending.clear();
            self.paste = Some(Paste::default());
            return;
        }
        match step(&self.pending, more) {
            Step::Unfinished if self.pending.len() < LONGEST => return,
            Step::Is(event) => events.push(event.into()),
            Step::Reply(text) => events.push(Input::Reply(text)),
            Step::Escaped => {
                let escape = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
                events.push(Event::Key(escape).into());
                self.pending.clear();
                self.take(byte, more, events);
                return;
            }
            // The rest of a string that is too long is dropped up to its end.
            Step::Unfinished if is_string(&self.pending) => {
                self.pending.truncate(2);
                return;
            }
            Step::Unfinished => {}
            Step::Unknown => {
                // The last byte does not go on with what came before it: it begins anew.
                let broken = self.pending.len() > 1 && self.pending[0] >= 0x80;
                if broken && !(0x80..0xc0).contains(&byte) {
                    self.pending.clear();
                    self.take(byte, more, events);
                    return;
                }
            }
        }
        self.pending.clear();
    }

    /// Ends what is unfinished: a paste is what came of it, ESC was the key, a sequence is dropped.
    pub(super) fn silence(&mut self) -> Option<Input> {
        let pending = std::mem::take(&mut self.pending);
        let Some(mut paste) = self.paste.take() else {
            let escape = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
            return (pending == [0x1b]).then_some(Event::Key(escape).into());
        };
        if paste.tail != PASTE_END {
            self.stalled = true;
            paste.text.append(&mut paste.tail);
        }
        let text = String::from_utf8_lossy(&paste.text).into_owned();
        Some(Event::Paste(text).into())
    }
}

impl Paste {
    /// Takes in a byte; whether it was the last one of the end.
    fn ends_with(&mut self, byte: u8) -> bool {
        self.tail.push(byte);
        while !PASTE_END.starts_with(&self.tail) {
            let first = self.tail.remove(0);
            if self.text.len() < LARGEST_PASTE {
                self.text.push(first);
            }
        }
        self.tail == PASTE_END
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
    use std::slice;

    /// What comes of it when it arrives in these pieces, each followed by nothing for a moment.
    fn read(pieces: &[&[u8]]) -> Vec<Input> {
        let mut parser = Parser::default();
        let all = pieces.iter();
        let mut events: Vec<_> = all.flat_map(|piece| parser.feed(piece, false)).collect();
        events.extend(parser.silence());
        assert_eq!(parser.waits_for(), None);
        events
    }

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
        Event::Key(KeyEvent::new(code, modifiers)).into()
    }

    fn kind(c: char, kind: KeyEventKind) -> Input {
        let key = KeyEvent::new_with_kind(KeyCode::Char(c), KeyModifiers::NONE, kind);
        Event::Key(key).into()
    }

    fn at(kind: MouseEventKind, modifiers: KeyModifiers) -> Input {
        let mouse = MouseEvent {
            kind,
            column: 19,
            row: 9,
            modifiers,
        };
        Event::Mouse(mouse).into()
    }

    fn pasted(text: &str) -> Input {
        Event::Paste(text.into()).into()
    }

    fn reply(text: &str) -> Input {
        Input::Reply(text.into())
    }

    const ALL: KeyModifiers = KeyModifiers::all();

    /// As crossterm reads them.
    fn table() -> Vec<(&'static [u8], Input)> {
        use KeyModifiers as Held;
        let left = MouseButton::Left;
        vec![
            (b"a", key(KeyCode::Char('a'), Held::NONE)),
            (b"A", key(KeyCode::Char('A'), Held::SHIFT)),
            ("é".as_bytes(), key(KeyCode::Char('é'), Held::NONE)),
            ("😀".as_bytes(), key(KeyCode::Char('😀'), Held::NONE)),
            (b"\r", key(KeyCode::Enter, Held::NONE)),
            (b"\n", key(KeyCode::Char('j'), Held::CONTROL)),
            (b"\t", key(KeyCode::Tab, Held::NONE)),
            (b"\x7f", key(KeyCode::Backspace, Held::NONE)),
            (b"\x03", key(KeyCode::Char('c'), Held::CONTROL)),
            (b"\x1f", key(KeyCode::Char('7'), Held::CONTROL)),
            (b"\0", key(KeyCode::Char(' '), Held::CONTROL)),
            (b"\x1b[A", key(KeyCode::Up, Held::NONE)),
            (b"\x1bOA", key(KeyCode::Up, Held::NONE)),
            (b"\x1bOR", key(KeyCode::F(3), Held::NONE)),
            (b"\x1b[[C", key(KeyCode::F(3), Held::NONE)),
            (b"\x1b[Z", key(KeyCode::BackTab, Held::SHIFT)),
            (b"\x1b[1;5C", key(KeyCode::Right, Held::CONTROL)),
            (b"\x1b[3~", key(KeyCode::Delete, Held::NONE)),
            (b"\x1b[5;2~", key(KeyCode::PageUp, Held::SHIFT)),
            (b"\x1b[24~", key(KeyCode::F(12), Held::NONE)),
            (b"\x1b[27u", key(KeyCode::Esc, Held::NONE)),
            (b"\x1b[9;2u", key(KeyCode::BackTab, Held::SHIFT)),
            (b"\x1b[99;5u", key(KeyCode::Char('c'), Held::CONTROL)),
            (b"\x1b[97:65;2u", key(KeyCode::Char('A'), Held::NONE)),
            (
                "\x1b[1089::99;5u".as_bytes(),
                key(KeyCode::Char('c'), Held::CONTROL),
            ),
            (b"\x1b[91;5u", key(KeyCode::Esc, Held::NONE)),
            (b"\x1b[109;5u", key(KeyCode::Enter, Held::NONE)),
            (b"\x1b[5C", key(KeyCode::Right, Held::CONTROL)),
            (b"\x1b[1;256C", key(KeyCode::Right, ALL)),
            (b"\x1b[106;1:2u", kind('j', KeyEventKind::Repeat)),
            (b"\x1b[106;1:3u", kind('j', KeyEventKind::Release)),
            (
                b"\x1b[<0;20;10M",
                at(MouseEventKind::Down(left), Held::NONE),
            ),
            (b"\x1b[<0;20;10m", at(MouseEventKind::Up(left), Held::NONE)),
            (
                b"\x1b[<32;20;10M",
                at(MouseEventKind::Drag(left), Held::NONE),
            ),
            (
                b"\x1b[<68;20;10M",
                at(MouseEventKind::ScrollUp, Held::SHIFT),
            ),
            (b"\x1b[M 4*", at(MouseEventKind::Down(left), Held::NONE)),
            (b"\x1b[I", Event::FocusGained.into()),
            (b"\x1b[O", Event::FocusLost.into()),
            (b"\x1b[200~a\x1b[A\r\x1b[201~", pasted("a\x1b[A\r")),
            (b"\x1b]11;rgb:00/00/00\x1b\\", reply("11;rgb:00/00/00")),
            (b"\x1b]11;rgb:00/00/00\x07", reply("11;rgb:00/00/00")),
            (b"\x1b[200~\x1b[201~", pasted("")),
        ]
    }

    #[test]
    fn each_sequence_is_one_event_wherever_it_is_cut() {
        for (bytes, event) in table() {
            assert_eq!(read(&[bytes]), slice::from_ref(&event), "{bytes:?}");
            for cut in 1..bytes.len() {
                // ESC with nothing behind it is the key.
                if cut == 1 && bytes[0] == 0x1b {
                    continue;
                }
                let (one, other) = bytes.split_at(cut);
                assert_eq!(
                    read(&[one, other]),
                    slice::from_ref(&event),
                    "{bytes:?} {cut}"
                );
            }
        }
    }

    #[test]
    fn escape_is_a_key_at_once_unless_more_can_be_read() {
        let escape = key(KeyCode::Esc, KeyModifiers::NONE);
        assert_eq!(
            Parser::default().feed(b"\x1b", false),
            slice::from_ref(&escape)
        );
        let down = key(KeyCode::Down, KeyModifiers::NONE);
        assert_eq!(read(&[b"\x1b\x1b[B"]), [escape.clone(), down]);
        assert_eq!(read(&[b"\x1b\x1b"]), [escape.clone(), escape]);
        let mut parser = Parser::default();
        assert_eq!(parser.feed(b"\x1b", true), []);
        let alt = key(KeyCode::Char('x'), KeyModifiers::ALT);
        assert_eq!(parser.feed(b"x", false), [alt]);
    }

    #[test]
    fn a_silence_ends_what_is_unfinished() {
        let q = key(KeyCode::Char('q'), KeyModifiers::NONE);
        let mut parser = Parser::default();
        assert_eq!(parser.feed(b"\x1b[200~text\x1b[20", false), []);
        assert_eq!(parser.silence(), Some(pasted("text\x1b[20")));
        // The rest of it comes late, and is no command; what is pressed is one.
        assert_eq!(parser.feed(b"tyrd and more", false), []);
        assert_eq!(parser.feed(b"y\x1b[201~q", false), slice::from_ref(&q));
        for pressed in [&b"q"[..], b"\x1b[113;1:1u"] {
            assert_eq!(parser.feed(b"\x1b[200~text", false), []);
            assert!(parser.silence().is_some());
            assert_eq!(parser.feed(pressed, false), slice::from_ref(&q));
        }
        for begun in [&b"\x1b["[..], b"\x1b[1;", b"\x1bO", b"\x1b[M", b"\xf0\x9f"] {
            assert_eq!(parser.feed(begun, false), []);
            assert!(parser.waits_for().is_some());
            assert_eq!(parser.silence(), None);
            assert_eq!(parser.feed(b"q", false), slice::from_ref(&q), "{begun:?}");
        }
        // Nor is a sequence endless.
        parser.feed(&[b"\x1b[", &[b'1'; LONGEST - 2][..]].concat(), false);
        assert_eq!(parser.feed(b"q", false), [q]);
    }

    #[test]
    fn what_is_broken_off_takes_nothing_with_it() {
        let q = key(KeyCode::Char('q'), KeyModifiers::NONE);
        let interrupt = key(KeyCode::Char('c'), KeyModifiers::CONTROL);
        let up = key(KeyCode::Up, KeyModifiers::NONE);
        assert_eq!(read(&[b"\xc3q"]), slice::from_ref(&q));
        assert_eq!(read(&[b"\xe2\x82q"]), slice::from_ref(&q));
        assert_eq!(read(&[b"\xc3\x1b[A"]), slice::from_ref(&up));
        assert_eq!(read(&[b"\x1b[1;\x1b[A"]), [up]);
        assert_eq!(read(&[b"\x1b[\x03"]), [interrupt]);
        assert_eq!(read(&[b"\x80q"]), [q]);
        // A read may end in the middle of what was sent.
        let mut parser = Parser::default();
        assert_eq!(parser.feed(b"\x1b", true), []);
        let escape = key(KeyCode::Esc, KeyModifiers::NONE);
        assert_eq!(parser.silence(), Some(escape));
    }

    #[test]
    fn what_the_terminal_says_is_no_key() {
        let q = key(KeyCode::Char('q'), KeyModifiers::NONE);
        for text in [
            &b"\x1b_qq\x1b\\"[..],
            b"\x1bP1+rs\x1b\\",
            b"\x1bP>|s\x07",
            b"\x1b^s\x1b\\",
            b"\x1bXs\x1b\\",
        ] {
            assert_eq!(read(&[text, b"q"]), slice::from_ref(&q), "{text:?}");
        }
        let long = [b"\x1b_", &[b's'; 3 * LONGEST][..], b"\x1b\\q"].concat();
        assert_eq!(read(&[&long]), slice::from_ref(&q));
        // Without an end it is over with a silence, and with another sequence.
        let mut parser = Parser::default();
        assert_eq!(parser.feed(b"\x1b]0;sss", false), []);
        assert_eq!(parser.silence(), None);
        assert_eq!(parser.feed(b"q", false), slice::from_ref(&q));
        let up = key(KeyCode::Up, KeyModifiers::NONE);
        assert_eq!(read(&[b"\x1b]0;s\x1b[A"]), [up]);
    }

    #[test]
    fn an_interrupt_ends_a_paste_and_counts() {
        let interrupt = key(KeyCode::Char('c'), KeyModifiers::CONTROL);
        let mut parser = Parser::default();
        assert_eq!(parser.feed(b"\x1b[200~abc", false), []);
        assert_eq!(parser.feed(b"\x03", false), [interrupt]);
        assert_eq!(parser.waits_for(), None);
        let pieces: [&[u8]; 1] = [b"\x1b[200~a\x03b\x1b[201~"];
        assert_eq!(read(&pieces), [pasted("a\x03b")]);
    }

    #[test]
    fn a_paste_has_a_limit() {
        let text = vec![b'x'; LARGEST_PASTE + 9];
        let events = read(&[PASTE, &text, PASTE_END]);
        assert_eq!(events, [pasted(&"x".repeat(LARGEST_PASTE))]);
    }

    #[test]
    fn no_bytes_are_too_much() {
        let mut state = 1_u32;
        let mut parser = Parser::default();
        for _ in 0..200_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [.., byte] = (state >> 24).to_be_bytes();
            let likely = b"\x1b[<M;:0129~u";
            let one = match state >> 16 & 1 {
                0 => byte,
                _ => likely[usize::from(byte) % likely.len()],
            };
            parser.feed(&[one], byte & 4 == 0);
            assert!(parser.pending.len() < LONGEST);
            if byte == 7 {
                parser.silence();
            }
        }
    }
}
