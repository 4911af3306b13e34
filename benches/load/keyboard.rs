//! Keys, and how long each takes to the frame that shows what it did.

use crate::{
    screen::{busy, filtered, selected},
    terminal::{PATIENCE, Terminal},
};
use std::time::{Duration, Instant};
use vt100::Screen;

/// Somebody in a hurry presses some twenty keys a second.
const BETWEEN_MS: std::ops::Range<u64> = 30..70;

const PAGE_DOWN: &str = "\x1b[6~";

/// Nothing is drawn any more that a key led to.
const STILL: Duration = Duration::from_millis(300);

/// Moves up and down the list until something is so, or so many times, and tells how long each move
/// took to its frame.
///
/// A frame counts once it shows the user whom the key leads to: what else is drawn meanwhile (a
/// spinner, somebody's age) is no answer. A key that is late because the frame of the one before was
/// late is counted from when it should have been pressed.
pub(crate) fn walk(
    terminal: &mut Terminal,
    most: usize,
    until: impl Fn(&Screen) -> bool,
) -> Vec<Duration> {
    let mut at = selected(terminal.parser.screen()).expect("a user is selected");
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
        let (key, next) = if dice >> 62 == 0 && at > 0 {
            ("k", at - 1)
        } else {
            ("j", at + 1)
        };
        let pressed = if late { due } else { Instant::now() };
        terminal.press(key);
        times.push(shown(terminal, pressed, key, |screen| {
            selected(screen) == Some(next)
        }));
        at = next;
    }
    times
}

/// Types words into the filter, and tells how long each letter took to the frame with the letter and
/// with all that pass. How many that are is found out by typing the same slowly before.
pub(crate) fn type_filters(terminal: &mut Terminal, words: &[&str]) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut dice = 1;
    for word in words {
        // What is on screen is asked for, and then more key IDs are known that may match.
        let mut passing = type_slowly(terminal, word);
        loop {
            let again = type_slowly(terminal, word);
            if again == passing {
                break;
            }
            passing = again;
        }
        open_filter(terminal);
        for (at, passing) in passing.into_iter().enumerate() {
            dice = rolled(dice);
            let due = Instant::now() + gap(dice);
            while let Some(rest) = due.checked_duration_since(Instant::now()) {
                terminal.next(rest);
            }
            let pressed = Instant::now();
            let typed = &word[..=at];
            terminal.press(&word[at..=at]);
            times.push(shown(terminal, pressed, typed, |screen| {
                filtered(screen, typed) == Some(passing)
            }));
        }
        clear_filter(terminal);
    }
    times
}

/// Types a word letter by letter, and says how many pass the filter after each.
fn type_slowly(terminal: &mut Terminal, word: &str) -> Vec<usize> {
    open_filter(terminal);
    let letters = (0..word.len()).map(|at| {
        terminal.press(&word[at..=at]);
        terminal.quiet(STILL);
        let passing = filtered(terminal.parser.screen(), &word[..=at]);
        passing.expect("the filter tells how many pass")
    });
    let passing = letters.collect();
    clear_filter(terminal);
    passing
}

fn clear_filter(terminal: &mut Terminal) {
    terminal.press("\x1b");
    terminal.quiet(STILL);
}

/// Goes through the list and waits on each page until it is loaded; says on how many something is so.
pub(crate) fn pages_with(
    terminal: &mut Terminal,
    users: usize,
    is_so: impl Fn(&Screen) -> bool,
) -> usize {
    let mut found = 0;
    terminal.press("g");
    settle(terminal, |screen| selected(screen) == Some(0));
    loop {
        settle(terminal, |screen| !busy(screen));
        let screen = terminal.parser.screen();
        found += usize::from(is_so(screen));
        let at = selected(screen);
        if at == Some(users - 1) {
            return found;
        }
        terminal.press(PAGE_DOWN);
        settle(terminal, |screen| {
            selected(screen).is_some() && selected(screen) != at
        });
    }
}

/// Waits until the screen is so, if it is not yet.
fn settle(terminal: &mut Terminal, is_so: impl Fn(&Screen) -> bool) {
    if !is_so(terminal.parser.screen()) {
        terminal.wait("what the list was asked for", is_so);
    }
}

fn open_filter(terminal: &mut Terminal) {
    terminal.press("/");
    terminal.wait("the filter", |screen| screen.contents().contains(" / ▏"));
    terminal.quiet(STILL);
}

/// How long after a key the screen showed what it did.
fn shown(
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
fn gap(dice: u64) -> Duration {
    let spread = (BETWEEN_MS.end - BETWEEN_MS.start) * 1000;
    Duration::from_micros(BETWEEN_MS.start * 1000 + (dice >> 20) % spread)
}

fn rolled(dice: u64) -> u64 {
    dice.wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
}
