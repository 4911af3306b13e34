//! The bytes that a terminal sends, as events. It reads what crossterm reads, but nothing that is
//! left unfinished holds back what comes after a silence.

use super::Input;
use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};

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

enum Step {
    Unfinished,
    Unknown,
    Is(Event),
    /// ESC was a key, and another one follows.
    Escaped,
    Reply(String),
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

fn press(code: KeyCode, modifiers: KeyModifiers) -> Step {
    Step::Is(Event::Key(KeyEvent::new(code, modifiers)))
}

fn step(bytes: &[u8], more: bool) -> Step {
    match bytes {
        [0x1b] if more => Step::Unfinished,
        [0x1b] => press(KeyCode::Esc, KeyModifiers::NONE),
        [0x1b, 0x1b] => Step::Escaped,
        _ if is_string(bytes) => string(&bytes[1..]),
        [0x1b, b'[' | b'O'] => Step::Unfinished,
        [0x1b, b'O', key] => known(letter(*key), KeyModifiers::NONE),
        [0x1b, b'[', rest @ ..] => csi(rest),
        [0x1b, rest @ ..] => match character(rest) {
            Step::Is(Event::Key(mut key)) => {
                key.modifiers |= KeyModifiers::ALT;
                Step::Is(Event::Key(key))
            }
            other => other,
        },
        _ => character(bytes),
    }
}

/// Whether a string of the terminal begins here: DCS, SOS, OSC, PM or APC. Alone, the first two bytes
/// may be a key with Alt.
fn is_string(bytes: &[u8]) -> bool {
    matches!(bytes, [0x1b, b'P' | b'X' | b']' | b'^' | b'_', ..])
}

/// A string up to its end, BEL or ESC \. Only those of OSC are answers.
fn string(bytes: &[u8]) -> Step {
    let text = bytes
        .strip_suffix(b"\x1b\\")
        .or_else(|| bytes.strip_suffix(b"\x07"));
    match text {
        None => Step::Unfinished,
        Some([b']', text @ ..]) => Step::Reply(String::from_utf8_lossy(text).into_owned()),
        Some(_) => Step::Unknown,
    }
}

fn known(code: Option<KeyCode>, modifiers: KeyModifiers) -> Step {
    code.map_or(Step::Unknown, |code| press(code, modifiers))
}

fn character(bytes: &[u8]) -> Step {
    let ctrl = |first: u8, byte: u8, from: u8| {
        let c = char::from(first + byte - from);
        press(KeyCode::Char(c), KeyModifiers::CONTROL)
    };
    match bytes {
        [b'\r'] => press(KeyCode::Enter, KeyModifiers::NONE),
        [b'\t'] => press(KeyCode::Tab, KeyModifiers::NONE),
        [0x7f] => press(KeyCode::Backspace, KeyModifiers::NONE),
        [0] => press(KeyCode::Char(' '), KeyModifiers::CONTROL),
        [byte @ 0x01..=0x1a] => ctrl(b'a', *byte, 0x01),
        [byte @ 0x1c..=0x1f] => ctrl(b'4', *byte, 0x1c),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => match text.chars().next() {
                Some(c) if c.is_uppercase() => press(KeyCode::Char(c), KeyModifiers::SHIFT),
                Some(c) => press(KeyCode::Char(c), KeyModifiers::NONE),
                None => Step::Unfinished,
            },
            Err(error) if error.error_len().is_none() => Step::Unfinished,
            Err(_) => Step::Unknown,
        },
    }
}

fn letter(key: u8) -> Option<KeyCode> {
    Some(match key {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(1 + key - b'P'),
        _ => return None,
    })
}

/// What follows `ESC [`.
fn csi(rest: &[u8]) -> Step {
    match rest {
        [b'['] => return Step::Unfinished,
        [b'[', key @ b'A'..=b'E'] => {
            return press(KeyCode::F(1 + key - b'A'), KeyModifiers::NONE);
        }
        [b'M', cb, x, y] => {
            let place = |byte: u8| u16::from(byte.saturating_sub(33));
            return cb
                .checked_sub(32)
                .map_or(Step::Unknown, |cb| mouse(cb, place(*x), place(*y), false));
        }
        [b'M', ..] => return Step::Unfinished,
        _ => {}
    }
    let Some((last @ 0x40..=0x7e, text)) = rest.split_last() else {
        return Step::Unfinished;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return Step::Unknown;
    };
    let event = match (text.as_bytes().first(), last) {
        (None, b'Z') => return press(KeyCode::BackTab, KeyModifiers::SHIFT),
        (None, b'I') => return Step::Is(Event::FocusGained),
        (None, b'O') => return Step::Is(Event::FocusLost),
        // Without a number it is the third function key; with one it is where the cursor is.
        (_, b'R') => None,
        (None, key) => return known(letter(*key), KeyModifiers::NONE),
        (Some(b'<'), b'M' | b'm') => return sgr_mouse(&text[1..], *last == b'm'),
        (Some(b'0'..=b'9'), b'~') => numbered(text),
        (Some(b'0'..=b'9'), b'u') => kitty(text),
        (Some(b'0'..=b'9' | b';'), key) => letter(*key).map(|code| {
            // Some terminals leave the first parameter out.
            let alone = format!(";{text}");
            let (modifiers, kind, _) = held(if text.contains(';') { text } else { &alone });
            KeyEvent::new_with_kind(code, modifiers, kind)
        }),
        _ => None,
    };
    event.map_or(Step::Unknown, |key| Step::Is(Event::Key(key)))
}

/// The second parameter: what was held, and whether it was pressed, repeated or released.
fn held(text: &str) -> (KeyModifiers, KeyEventKind, KeyEventState) {
    let mut parts = text.split(';').nth(1).unwrap_or_default().split(':');
    let mut number = || parts.next().and_then(|part| part.parse::<u16>().ok());
    let mask = number().unwrap_or_default().saturating_sub(1);
    let kind = match number() {
        Some(2) => KeyEventKind::Repeat,
        Some(3) => KeyEventKind::Release,
        _ => KeyEventKind::Press,
    };
    // crossterm's own bits are in another order.
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
        (16, KeyModifiers::HYPER),
        (32, KeyModifiers::META),
    ] {
        modifiers.set(modifier, mask & bit != 0);
    }
    let mut state = KeyEventState::NONE;
    state.set(KeyEventState::CAPS_LOCK, mask & 64 != 0);
    state.set(KeyEventState::NUM_LOCK, mask & 128 != 0);
    (modifiers, kind, state)
}

fn numbered(text: &str) -> Option<KeyEvent> {
    let code = match text.split(';').next()?.parse::<u8>().ok()? {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        n @ 11..=15 => KeyCode::F(n - 10),
        n @ 17..=21 => KeyCode::F(n - 11),
        n @ 23..=26 => KeyCode::F(n - 12),
        n @ 28..=29 => KeyCode::F(n - 15),
        n @ 31..=34 => KeyCode::F(n - 17),
        _ => return None,
    };
    let (modifiers, kind, state) = held(text);
    Some(KeyEvent::new_with_kind_and_state(
        code, modifiers, kind, state,
    ))
}

/// The keys of the keypad from 57399 on.
const KEYPAD: &[KeyCode] = &[
    KeyCode::Char('0'),
    KeyCode::Char('1'),
    KeyCode::Char('2'),
    KeyCode::Char('3'),
    KeyCode::Char('4'),
    KeyCode::Char('5'),
    KeyCode::Char('6'),
    KeyCode::Char('7'),
    KeyCode::Char('8'),
    KeyCode::Char('9'),
    KeyCode::Char('.'),
    KeyCode::Char('/'),
    KeyCode::Char('*'),
    KeyCode::Char('-'),
    KeyCode::Char('+'),
    KeyCode::Enter,
    KeyCode::Char('='),
    KeyCode::Char(','),
    KeyCode::Left,
    KeyCode::Right,
    KeyCode::Up,
    KeyCode::Down,
    KeyCode::PageUp,
    KeyCode::PageDown,
    KeyCode::Home,
    KeyCode::End,
    KeyCode::Insert,
    KeyCode::Delete,
    KeyCode::KeypadBegin,
];

/// What letters are with Ctrl, and always were.
const CONTROLLED: [(char, KeyCode); 3] = [
    ('[', KeyCode::Esc),
    ('i', KeyCode::Tab),
    ('m', KeyCode::Enter),
];

/// `CSI u`, as kitty has extended it.
fn kitty(text: &str) -> Option<KeyEvent> {
    let mut points = text.split(';').next()?.split(':');
    let point = points.next()?.parse::<u32>().ok()?;
    let (mut modifiers, kind, mut state) = held(text);
    let keypad = point
        .checked_sub(57399)
        .and_then(|n| usize::try_from(n).ok());
    let mut code = if let Some(code) = keypad.and_then(|n| KEYPAD.get(n)) {
        state |= KeyEventState::KEYPAD;
        *code
    } else {
        match point {
            0x1b => KeyCode::Esc,
            0x0d => KeyCode::Enter,
            0x09 if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            0x09 => KeyCode::Tab,
            0x7f => KeyCode::Backspace,
            n @ 57376..=57398 => KeyCode::F(u8::try_from(n - 57363).ok()?),
            // Keys that nothing is bound to.
            57344..=63743 => return None,
            n => KeyCode::Char(char::from_u32(n)?),
        }
    };
    let mut other = || points.next()?.parse().ok().and_then(char::from_u32);
    let (shifted, base) = (other(), other());
    if modifiers.contains(KeyModifiers::CONTROL) {
        // As without the protocol: the key where it stands on a Latin layout, and three that are
        // others with Ctrl.
        if let (KeyCode::Char(c), Some(base)) = (code, base)
            && !c.is_ascii()
        {
            code = KeyCode::Char(base);
        }
        let is_it = |(c, _): &&(char, KeyCode)| code == KeyCode::Char(*c);
        if let Some((_, key)) = CONTROLLED.iter().find(is_it)
            && modifiers == KeyModifiers::CONTROL
        {
            (code, modifiers) = (*key, KeyModifiers::NONE);
        }
    } else if let Some(c) = shifted.filter(|_| modifiers.contains(KeyModifiers::SHIFT)) {
        code = KeyCode::Char(c);
        modifiers.remove(KeyModifiers::SHIFT);
    } else if let KeyCode::Char(c) = code
        && state.contains(KeyEventState::CAPS_LOCK)
        && modifiers.is_empty()
    {
        code = KeyCode::Char(c.to_uppercase().next().unwrap_or(c));
    }
    Some(KeyEvent::new_with_kind_and_state(
        code, modifiers, kind, state,
    ))
}

fn sgr_mouse(text: &str, released: bool) -> Step {
    let mut numbers = text.split(';').map(|part| part.parse::<u16>().ok());
    let mut number = || numbers.next().flatten();
    let (Some(cb), Some(x), Some(y)) = (number(), number(), number()) else {
        return Step::Unknown;
    };
    u8::try_from(cb).map_or(Step::Unknown, |cb| {
        mouse(cb, x.saturating_sub(1), y.saturating_sub(1), released)
    })
}

fn mouse(cb: u8, column: u16, row: u16, released: bool) -> Step {
    let kind = match ((cb & 3) | ((cb & 0xc0) >> 4), cb & 32 != 0) {
        (n @ 0..=2, dragging) => {
            let all = [MouseButton::Left, MouseButton::Middle, MouseButton::Right];
            let button = all[usize::from(n)];
            match (dragging, released) {
                (true, _) => MouseEventKind::Drag(button),
                (false, true) => MouseEventKind::Up(button),
                (false, false) => MouseEventKind::Down(button),
            }
        }
        (3, false) => MouseEventKind::Up(MouseButton::Left),
        (3..=5, true) => MouseEventKind::Moved,
        (4, false) => MouseEventKind::ScrollUp,
        (5, false) => MouseEventKind::ScrollDown,
        (6, false) => MouseEventKind::ScrollLeft,
        (7, false) => MouseEventKind::ScrollRight,
        _ => return Step::Unknown,
    };
    let mut modifiers = KeyModifiers::NONE;
    modifiers.set(KeyModifiers::SHIFT, cb & 4 != 0);
    modifiers.set(KeyModifiers::ALT, cb & 8 != 0);
    modifiers.set(KeyModifiers::CONTROL, cb & 16 != 0);
    Step::Is(Event::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
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
