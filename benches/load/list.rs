//! Keys that mean something in the list of users.

use crate::{
    keyboard::{self, gap, rolled, shown},
    screen::{busy, filtered, selected},
    terminal::Terminal,
};
use std::time::{Duration, Instant};
use vt100::Screen;

const PAGE_DOWN: &str = "\x1b[6~";

/// Nothing is drawn any more that a key led to.
const STILL: Duration = Duration::from_millis(300);

/// Moves up and down the list until something is so, or so many times: see [`keyboard::walk`]. Users
/// are numbered in the order of the list.
pub(crate) fn walk(
    terminal: &mut Terminal,
    most: usize,
    until: impl Fn(&Screen) -> bool,
) -> Vec<Duration> {
    let is_next = |at: &usize, down, next: &usize| {
        let (above, below) = if down { (at, next) } else { (next, at) };
        *below == above + 1
    };
    keyboard::walk(terminal, most, until, selected, is_next)
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
