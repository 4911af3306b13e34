//! One sequence of a terminal, read as crossterm reads it: a character, a key, the mouse, the beginning
//! of something longer.

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};

/// What some bytes are.
pub(super) enum Step {
    Unfinished,
    Unknown,
    Is(Event),
    /// ESC was a key, and another one follows.
    Escaped,
    Reply(String),
}

fn press(code: KeyCode, modifiers: KeyModifiers) -> Step {
    Step::Is(Event::Key(KeyEvent::new(code, modifiers)))
}

/// What these bytes are, from the beginning of a sequence; `more` says that others can be read at
/// once.
pub(super) fn step(bytes: &[u8], more: bool) -> Step {
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
pub(super) fn is_string(bytes: &[u8]) -> bool {
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
