//! Where things are on the screen.

use ratatui::layout::Rect;

/// The smallest terminal that everything fits into.
pub const SMALLEST: (u16, u16) = (60, 16);

/// The largest part of a terminal that is drawn on: more than any screen shows, and a frame of it fits
/// into memory.
const LARGEST: (u16, u16) = (1500, 600);

/// What is drawn on of a terminal of this size.
pub(super) fn limited(size: (u16, u16)) -> (u16, u16) {
    (size.0.min(LARGEST.0), size.1.min(LARGEST.1))
}

/// Whether nothing can be shown on a terminal of this size.
#[must_use]
pub(super) fn is_too_small(size: (u16, u16)) -> bool {
    size.0 < SMALLEST.0 || size.1 < SMALLEST.1
}

/// From this width on, both panes are shown side by side.
const TWO_PANES: u16 = 76;

/// From this width on, a row of users has room for two keys beside the pane of the keys.
const TWO_KEYS: u16 = 114;

/// From this width on, the list of users has more to show than the pane of the keys.
const WIDE: u16 = 150;

/// From this height on, the selected account is shown below the list of accounts.
const BOTH_ACCOUNTS: u16 = 26;

/// The height of what is shown of it: a border, a title, the bars, and a line about the root user.
const ONE_ACCOUNT: u16 = 11;

/// How many lines of text a dialog has room for: without its border, the lines that stay clear
/// above and below it, and its buttons.
#[must_use]
pub(super) fn dialog_room(height: u16, buttons: bool) -> usize {
    usize::from(height).saturating_sub(if buttons { 6 } else { 4 })
}

/// The places of the main view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Who and where.
    pub header: Rect,
    /// Counts, progress, notices.
    pub status: Rect,
    /// What has to be known before anything else; empty where there is nothing.
    pub warning: Rect,
    /// Everything between the lines at the top and those at the bottom.
    pub body: Rect,
    /// The list of users with its border; empty where only the keys are shown.
    pub users: Rect,
    /// The keys with their border; empty where only the users are shown.
    pub keys: Rect,
    /// What is wrong with the filter; empty where nothing is.
    pub explanation: Rect,
    /// The hints.
    pub footer: Rect,
    /// Whether the list has a line for the filter.
    pub filter: bool,
}

/// What is shown, as far as it decides where things are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shown {
    /// A warning above everything else.
    pub warning: bool,
    /// Where there is room for one pane only, it is that of the keys.
    pub keys_first: bool,
    /// The line of the filter.
    pub filter: bool,
    /// How many lines say what is wrong with it.
    pub explanation: u16,
}

impl Layout {
    /// The places on a screen of this size.
    #[must_use]
    pub(super) fn of((width, height): (u16, u16), shown: Shown) -> Self {
        let row = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
        let warning = Rect {
            height: u16::from(shown.warning).min(height.saturating_sub(2)),
            ..row(2)
        };
        let top = 2 + warning.height;
        let body = Rect::new(
            0,
            top.min(height),
            width,
            height.saturating_sub(top + shown.explanation + 1),
        );
        let (users, keys) = if width < TWO_PANES {
            if shown.keys_first {
                (Rect::ZERO, body)
            } else {
                (body, Rect::ZERO)
            }
        } else {
            // The keys need room for an ID and a status; the users, where it can be had, for two keys.
            let left = if width < TWO_KEYS {
                (width * 43 / 100).max(37)
            } else if width < WIDE {
                width / 2
            } else {
                width / 5 * 3
            };
            (
                Rect {
                    width: left,
                    ..body
                },
                Rect {
                    x: left,
                    width: width - left,
                    ..body
                },
            )
        };
        Self {
            header: row(0),
            status: row(1),
            warning,
            body,
            users,
            keys,
            explanation: Rect {
                y: body.bottom(),
                height: shown.explanation.min(height.saturating_sub(body.bottom())),
                ..body
            },
            footer: row(height.saturating_sub(1)),
            filter: shown.filter,
        }
    }

    /// How many entries of the activity are visible: without border and heading.
    #[must_use]
    pub(super) fn activity_height(&self) -> usize {
        usize::from(self.body.height).saturating_sub(3)
    }

    /// The list of accounts, and below it the selected one where there is room for both.
    #[must_use]
    pub(super) fn accounts(&self) -> (Rect, Rect) {
        let below = if self.body.height >= BOTH_ACCOUNTS {
            ONE_ACCOUNT
        } else {
            0
        };
        let list = Rect {
            height: self.body.height - below,
            ..self.body
        };
        let rest = Rect {
            y: list.bottom(),
            height: below,
            ..self.body
        };
        (list, rest)
    }

    /// How many accounts are visible: without border, heading and filter line.
    #[must_use]
    pub(super) fn accounts_height(&self) -> usize {
        usize::from(self.accounts().0.height)
            .saturating_sub(3)
            .saturating_sub(usize::from(self.filter))
    }

    /// How many keys are visible in the list of all: without border, heading and filter line.
    #[must_use]
    pub(super) fn keys_height(&self) -> usize {
        usize::from(self.body.height)
            .saturating_sub(3)
            .saturating_sub(usize::from(self.filter))
    }

    /// How many users are visible: without border, heading and filter line.
    #[must_use]
    pub(super) fn users_height(&self) -> usize {
        usize::from(self.users.height)
            .saturating_sub(3)
            .saturating_sub(usize::from(self.filter))
    }
}
