//! How long a dialog has been on the screen with its facts. What must be meant counts once a person
//! had time to read what they answer, however fast or slow the keys before it came.

use super::keymap::Context;
use std::time::{Duration, Instant};

/// How long a dialog is on the screen before what must be meant counts in it.
pub const TO_READ: Duration = Duration::from_millis(150);

/// What a key answers: another one of these is another question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Which scene it is: see [`Screen::scene`](super::Screen::scene).
    pub scene: u64,
    /// How many dialogs are open.
    pub dialogs: usize,
    /// The place whose keys count: a dialog may ask something else from one frame to the next.
    pub context: Context,
    /// Whether the dialog on top states all that it is going to.
    pub complete: bool,
}

/// Notes since when the present view has been on the screen.
#[derive(Debug)]
pub(super) struct Guard {
    /// Zero takes everything as read.
    to_read: Duration,
    view: Option<View>,
    since: Option<Instant>,
}

impl Guard {
    pub(super) fn new(to_read: Duration) -> Self {
        Self {
            to_read,
            view: None,
            since: None,
        }
    }

    /// A frame with this view was drawn.
    pub(super) fn drawn(&mut self, view: Option<View>) {
        if self.view != view {
            self.view = view;
            self.since = None;
        }
    }

    /// The terminal has taken the last frame.
    pub(super) fn shown(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// Whether a person had time to read this view.
    pub(super) fn was_read(&self, view: View, now: Instant) -> bool {
        let read = |since| now.duration_since(since) >= self.to_read;
        self.to_read.is_zero()
            || (view.complete && self.view == Some(view) && self.since.is_some_and(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: View = View {
        scene: 1,
        dialogs: 1,
        context: Context::Confirm,
        complete: true,
    };

    /// A guard over this view, shown from now on.
    fn showing(view: View) -> (Guard, Instant) {
        let mut guard = Guard::new(TO_READ);
        let now = Instant::now();
        guard.drawn(Some(view));
        guard.shown(now);
        (guard, now)
    }

    #[test]
    fn a_dialog_was_read_after_its_time_on_the_screen() {
        let (guard, now) = showing(VIEW);
        let after = |ms| guard.was_read(VIEW, now + Duration::from_millis(ms));
        assert_eq!([0, 149, 150, 9000].map(after), [false, false, true, true]);
    }

    #[test]
    fn another_frame_of_it_does_not_begin_anew() {
        let (mut guard, now) = showing(VIEW);
        guard.drawn(Some(VIEW));
        guard.shown(now + TO_READ);
        assert!(guard.was_read(VIEW, now + TO_READ));
    }

    #[test]
    fn another_question_begins_anew() {
        let (mut guard, now) = showing(VIEW);
        let other = View { scene: 2, ..VIEW };
        let later = now + TO_READ;
        assert!(!guard.was_read(other, later), "it is not drawn yet");
        guard.drawn(Some(other));
        assert!(!guard.was_read(other, later), "nor shown");
        guard.shown(later);
        assert!(!guard.was_read(other, later));
        assert!(guard.was_read(other, later + TO_READ));
    }

    #[test]
    fn what_is_not_complete_is_not_read() {
        let loading = View {
            complete: false,
            ..VIEW
        };
        let (mut guard, now) = showing(loading);
        let later = now + TO_READ;
        assert!(!guard.was_read(loading, later));
        guard.drawn(Some(VIEW));
        guard.shown(later);
        assert!(!guard.was_read(VIEW, later));
        assert!(guard.was_read(VIEW, later + TO_READ));
    }

    #[test]
    fn without_a_time_everything_was_read() {
        assert!(Guard::new(Duration::ZERO).was_read(VIEW, Instant::now()));
    }
}
