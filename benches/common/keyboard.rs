//! Keys, and how long each takes to the frame that shows what it did.

use crate::terminal::{PATIENCE, Terminal};
use std::time::{Duration, Instant};
use vt100::Screen;

/// Somebody in a hurry presses some twenty keys a second.
const BETWEEN_MS: std::ops::Range<u64> = 30..70;

/// Moves up and down a list until something is so, or so many times, and tells how long each move
/// took to its frame.
///
/// `selected` reads from the screen what is selected, and `is_next` says whether going down (or up)
/// from one leads to another. A frame counts once it shows that: what else is drawn meanwhile (a
/// spinner, somebody's age) is no answer. A key that is late because the frame of the one before was
/// late is counted from when it should have been pressed.
pub(crate) fn walk<T>(
    terminal: &mut Terminal,
    most: usize,
    until: impl Fn(&Screen) -> bool,
    selected: impl Fn(&Screen) -> Option<T>,
    is_next: impl Fn(&T, bool, &T) -> bool,
) -> Vec<Duration> {
    let mut at = selected(terminal.parser.screen()).expect("a row is selected");
    // How far below the row it began at.
    let mut depth = 0;
    let mut times = Vec::new();
    let mut dice = 1_u64;
    let mut due = Instant::now();
    while times.len() < most {
        dice = rolled(dice);
        due += gap(dice);
        let late = Instant::now() > due;
        while let Some(rest) = due.checked_duration_since(Instant::now()) {
            terminal.next(rest);
            if until(terminal.parser.screen()) {
                return times;
            }
        }
        let down = dice >> 62 != 0 || depth == 0;
        let key = if down { "j" } else { "k" };
        // What is selected may be called otherwise by now: an account is by its name once that is known.
        at = selected(terminal.parser.screen()).unwrap_or(at);
        let pressed = if late { due } else { Instant::now() };
        terminal.press(key);
        let next = |screen: &Screen| selected(screen).filter(|now| is_next(&at, down, now));
        times.push(shown(terminal, pressed, key, |screen| {
            next(screen).is_some()
        }));
        at = next(terminal.parser.screen()).expect("it was shown");
        depth = if down { depth + 1 } else { depth - 1 };
    }
    times
}

/// How long after a key the screen showed what it did.
pub(crate) fn shown(
    terminal: &mut Terminal,
    pressed: Instant,
    key: &str,
    is_so: impl Fn(&Screen) -> bool,
) -> Duration {
    loop {
        let Some(when) = terminal.next(PATIENCE) else {
            let screen = terminal.parser.screen().contents();
            panic!("{key:?} leads to nothing:\n{screen}");
        };
        if is_so(terminal.parser.screen()) {
            return when.saturating_duration_since(pressed);
        }
    }
}

/// A time between two keys that is like no other.
pub(crate) fn gap(dice: u64) -> Duration {
    let spread = (BETWEEN_MS.end - BETWEEN_MS.start) * 1000;
    Duration::from_micros(BETWEEN_MS.start * 1000 + (dice >> 20) % spread)
}

/// The next number of a row that looks like chance, and is the same in each run.
pub(crate) fn rolled(dice: u64) -> u64 {
    dice.wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
}
