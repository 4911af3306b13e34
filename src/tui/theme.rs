//! Colours and symbols. The terminal's own 16 colours, so that light and dark themes both fit, and
//! none of them without a symbol or a word that says the same.

use crate::engine::Outcome;
use ratatui::{
    style::{Color, Modifier, Style},
    symbols::border,
};

/// How things look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    /// The one accent: keys to press, the focused border.
    pub accent: Style,
    /// What is said most.
    pub strong: Style,
    /// What is said aside.
    pub dim: Style,
    /// Active, done.
    pub good: Style,
    /// Attention.
    pub warn: Style,
    /// Danger, failure.
    pub bad: Style,
    /// What a filter has found, in a text.
    pub found: Style,
    /// The selected row of the focused pane, and the highlighted button.
    pub selected: Style,
    /// What stands behind a dialog.
    pub background: Style,
    /// A word that stands out on a ground of its own.
    pub badge: Style,
    /// The symbols.
    pub glyphs: &'static Glyphs,
}

/// Symbols, in Unicode and in ASCII.
#[derive(Debug)]
pub(super) struct Glyphs {
    /// An active key.
    pub active: &'static str,
    /// The active key that this session is signed in with.
    pub own: &'static str,
    /// An inactive key.
    pub inactive: &'static str,
    /// A key of another status.
    pub other: &'static str,
    /// Before the selected row.
    pub marker: &'static str,
    /// Attention.
    pub warn: &'static str,
    /// The step that is next.
    pub next: &'static str,
    /// A rotation is under way.
    pub turning: &'static str,
    /// From one step to the next.
    pub stem: &'static str,
    /// Done.
    pub done: &'static str,
    /// Failed.
    pub failed: &'static str,
    /// Something was cut off.
    pub more: &'static str,
    /// Still to come.
    pub loading: &'static str,
    /// One cell of a hidden secret.
    pub hidden: &'static str,
    /// Between facts.
    pub dot: &'static str,
    /// Sorted upwards, and downwards.
    pub sorted: (&'static str, &'static str),
    /// A bar, and the rest of it.
    pub bar: (&'static str, &'static str),
    /// The line of a life: beginning, middle, a use, end.
    pub life: (&'static str, &'static str, &'static str, &'static str),
    /// A line across.
    pub rule: &'static str,
    /// The text cursor.
    pub cursor: &'static str,
    /// The turning spinner.
    pub spinner: &'static [&'static str],
    /// The border of panes and dialogs.
    pub border: border::Set<'static>,
}

static UNICODE: Glyphs = Glyphs {
    active: "●",
    own: "◉",
    inactive: "○",
    other: "◌",
    marker: "▌",
    warn: "▲",
    next: "▶",
    turning: "↻",
    stem: "│",
    done: "✓",
    failed: "✗",
    more: "…",
    loading: "…",
    hidden: "•",
    dot: "·",
    sorted: ("▴", "▾"),
    bar: ("━", "─"),
    life: ("├", "─", "◆", "┤"),
    rule: "─",
    cursor: "▏",
    spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
    border: border::ROUNDED,
};

static ASCII: Glyphs = Glyphs {
    active: "*",
    own: "@",
    inactive: "o",
    other: "?",
    marker: ">",
    warn: "!",
    next: ">",
    turning: "~",
    stem: "|",
    done: "+",
    failed: "x",
    more: "~",
    loading: "...",
    hidden: "*",
    dot: "-",
    sorted: ("^", "v"),
    bar: ("=", "-"),
    life: ("|", "-", "*", "|"),
    rule: "-",
    cursor: "_",
    spinner: &["|", "/", "-", "\\"],
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
};

impl Theme {
    /// The look that was asked for.
    #[must_use]
    pub(super) fn of(ascii: bool, monochrome: bool) -> Self {
        let colour = |colour: Color| {
            if monochrome {
                Style::new()
            } else {
                Style::new().fg(colour)
            }
        };
        let bold = Modifier::BOLD;
        Self {
            accent: colour(Color::Cyan).add_modifier(bold),
            strong: Style::new().add_modifier(bold),
            dim: Style::new().add_modifier(Modifier::DIM),
            good: colour(Color::Green),
            warn: colour(Color::Yellow),
            bad: colour(Color::Red).add_modifier(bold),
            found: colour(Color::Cyan).add_modifier(Modifier::UNDERLINED | bold),
            selected: colour(Color::Cyan).add_modifier(Modifier::REVERSED | bold),
            background: if monochrome {
                Style::reset().add_modifier(Modifier::DIM)
            } else {
                Style::reset().fg(Color::DarkGray)
            },
            badge: colour(Color::Yellow).add_modifier(Modifier::REVERSED | bold),
            glyphs: if ascii { &ASCII } else { &UNICODE },
        }
    }

    /// The look of a row of a list: highlighted, or else as it is.
    #[must_use]
    pub(super) fn row(&self, highlighted: bool, otherwise: Style) -> Style {
        if highlighted {
            self.selected
        } else {
            otherwise
        }
    }

    /// The symbol of what came of something, and its colour.
    #[must_use]
    pub(super) fn outcome(&self, outcome: &Outcome) -> (&'static str, Style) {
        match outcome {
            Outcome::Done(_) => (self.glyphs.done, self.good),
            Outcome::Failed(_) => (self.glyphs.failed, self.bad),
            Outcome::NotKnown(_) => (self.glyphs.warn, self.warn),
        }
    }
}
