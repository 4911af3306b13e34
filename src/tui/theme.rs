//! Colours and symbols, no colour without a symbol or a word that says the same. Where the terminal
//! has all colours they are designed, for a dark ground and for a light one; elsewhere they are its
//! own sixteen, which fit either.

use super::{Colours, message::Ground};
use crate::engine::{Outcome, account::Identity, account_rules::Colour};
use ratatui::{
    buffer::Buffer,
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
    /// The highlighted button, and what is selected.
    pub selected: Style,
    /// Where there are colours enough: what the ground of a selected row is, which keeps its own.
    soft: Option<Color>,
    /// The border of dialogs.
    pub frame: &'static border::Set<'static>,
    /// What stands behind a dialog.
    pub background: Style,
    /// A word that stands out on a ground of its own.
    pub badge: Style,
    /// On a light background: the colours that only symbols have. Coloured words are hard to read there.
    of_symbols: Option<[Color; 3]>,
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
    /// The parts of a bar of ages: young, old, very old. The older, the thicker.
    pub ages: [&'static str; 3],
    /// The line of a life: beginning, middle, a use, end.
    pub life: (&'static str, &'static str, &'static str, &'static str),
    /// The part of a scrollbar that is on screen.
    pub thumb: &'static str,
    /// A line across.
    pub rule: &'static str,
    /// The bars of a plot, from the lowest.
    pub plot: [&'static str; 8],
    /// The text cursor.
    pub cursor: &'static str,
    /// The marks of severities: critical, high, medium, low.
    pub severities: [&'static str; 4],
    /// The shades of a cell, from none to the darkest.
    pub shades: [&'static str; 5],
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
    severities: ["◆", "▲", "△", "·"],
    shades: ["·", "░", "▒", "▓", "█"],
    hidden: "•",
    dot: "·",
    sorted: ("▴", "▾"),
    bar: ("━", "─"),
    ages: ["─", "═", "━"],
    life: ("├", "─", "◆", "┤"),
    thumb: "┃",
    rule: "─",
    plot: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
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
    turning: "%",
    stem: "|",
    done: "+",
    failed: "x",
    more: "~",
    loading: "...",
    severities: ["#", "!", "*", "."],
    shades: [".", ":", "+", "*", "#"],
    hidden: "*",
    dot: "-",
    sorted: ("^", "v"),
    bar: ("=", "-"),
    ages: ["-", "=", "#"],
    life: ("|", "-", "*", "|"),
    thumb: "#",
    rule: "-",
    plot: [".", ":", "-", "=", "+", "*", "#", "@"],
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

/// The border of dialogs where there are neither colours nor Unicode.
static ASCII_FRAME: border::Set<'static> = border::Set {
    top_left: "#",
    top_right: "#",
    bottom_left: "#",
    bottom_right: "#",
    vertical_left: "#",
    vertical_right: "#",
    horizontal_top: "=",
    horizontal_bottom: "=",
};

/// Colours that go with one another, as `0xRRGGBB`.
struct Colouring {
    accent: u32,
    good: u32,
    warn: u32,
    bad: u32,
    /// What is said aside.
    aside: u32,
    /// What stands behind a dialog.
    behind: u32,
    /// The ground of a selected row.
    soft: u32,
    /// A text on one of the colours.
    on_colour: u32,
}

/// On a dark ground.
const DARK: Colouring = Colouring {
    accent: 0x7a_a2_f7,
    good: 0x9e_ce_6a,
    warn: 0xe0_af_68,
    bad: 0xf7_76_8e,
    aside: 0x97_9d_c0,
    behind: 0x52_57_73,
    soft: 0x28_34_57,
    on_colour: 0x1a_1b_26,
};

/// On a light ground: dark enough to be read on white.
const LIGHT: Colouring = Colouring {
    accent: 0x2a_55_b8,
    good: 0x3c_6e_1c,
    warn: 0x8a_57_00,
    bad: 0xb8_23_45,
    aside: 0x5a_5f_78,
    behind: 0xa4_a8_b8,
    soft: 0xdc_e5_f8,
    on_colour: 0xff_ff_ff,
};

impl Theme {
    /// The look that was asked for, on such a ground.
    #[must_use]
    pub(super) fn of(ascii: bool, colours: Colours, ground: Ground) -> Self {
        let glyphs = if ascii { &ASCII } else { &UNICODE };
        match colours {
            Colours::None => Self::without_colours(glyphs, ascii),
            Colours::Sixteen => Self::of_terminal(glyphs),
            Colours::True => Self::designed(glyphs, ground),
        }
    }

    /// Nothing but weight, and a frame of its own around what is in front.
    fn without_colours(glyphs: &'static Glyphs, ascii: bool) -> Self {
        let plain = Style::new();
        let strong = plain.add_modifier(Modifier::BOLD);
        let reversed = strong.add_modifier(Modifier::REVERSED);
        Self {
            accent: strong,
            strong,
            dim: plain.add_modifier(Modifier::DIM),
            good: plain,
            warn: plain,
            bad: strong,
            found: strong.add_modifier(Modifier::UNDERLINED),
            selected: reversed,
            soft: None,
            frame: if ascii { &ASCII_FRAME } else { &border::DOUBLE },
            background: Style::reset().add_modifier(Modifier::DIM),
            badge: reversed,
            of_symbols: None,
            glyphs,
        }
    }

    /// The terminal's own sixteen colours: they were chosen to go with its ground.
    fn of_terminal(glyphs: &'static Glyphs) -> Self {
        let colour = |colour: Color| Style::new().fg(colour);
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
            soft: None,
            frame: &glyphs.border,
            background: Style::reset().fg(Color::DarkGray),
            badge: colour(Color::Yellow).add_modifier(Modifier::REVERSED | bold),
            of_symbols: None,
            glyphs,
        }
    }

    /// Quiet greys for what is said aside, a soft ground for what is selected, one accent.
    fn designed(glyphs: &'static Glyphs, ground: Ground) -> Self {
        let palette = match ground {
            Ground::Dark => &DARK,
            Ground::Light => &LIGHT,
        };
        let colour = |colour: u32| Style::new().fg(Color::from_u32(colour));
        let bold = Modifier::BOLD;
        let on = |ground: u32| colour(palette.on_colour).bg(Color::from_u32(ground));
        Self {
            accent: colour(palette.accent).add_modifier(bold),
            strong: Style::new().add_modifier(bold),
            dim: colour(palette.aside),
            good: colour(palette.good),
            warn: colour(palette.warn),
            bad: colour(palette.bad).add_modifier(bold),
            found: colour(palette.accent).add_modifier(Modifier::UNDERLINED | bold),
            selected: on(palette.accent).add_modifier(bold),
            soft: Some(Color::from_u32(palette.soft)),
            frame: &glyphs.border,
            background: Style::reset().fg(Color::from_u32(palette.behind)),
            badge: on(palette.warn).add_modifier(bold),
            of_symbols: (ground == Ground::Light)
                .then(|| [palette.good, palette.warn, palette.bad].map(Color::from_u32)),
            glyphs,
        }
    }

    /// Whether an age that stands out needs a mark: its digits have no colour of their own.
    pub(super) fn marks_ages(&self) -> bool {
        self.of_symbols.is_some() || self.warn.fg.is_none()
    }

    /// Leaves the colours of good, attention and danger to symbols, where the background is light: what
    /// words and numbers say is in the colour of the text.
    pub(super) fn settle(&self, buffer: &mut Buffer) {
        let Some(of_symbols) = self.of_symbols else {
            return;
        };
        for cell in &mut buffer.content {
            if cell.symbol().chars().all(is_text) && of_symbols.contains(&cell.fg) {
                cell.fg = Color::Reset;
            }
        }
    }

    /// The look of a row of a list: highlighted, or else as it is.
    #[must_use]
    pub(super) fn row(&self, highlighted: bool, otherwise: Style) -> Style {
        if highlighted {
            self.select(otherwise)
        } else {
            otherwise
        }
    }

    /// A part of a selected row. On a soft ground it keeps its colour; on the terminal's own, which
    /// may be any, colours would be hard to read. Lines are not.
    #[must_use]
    pub(super) fn select(&self, part: Style) -> Style {
        match self.soft {
            Some(soft) => part.bg(soft),
            None => {
                let line = part.add_modifier & Modifier::UNDERLINED;
                self.selected.add_modifier(line)
            }
        }
    }

    /// The name of an account: in the colour that a rule gives it, or else as production looks.
    #[must_use]
    pub(super) fn account(&self, identity: &Identity) -> Style {
        match identity.style().colour {
            // Without colours there is none to choose.
            Some(colour) if self.warn.fg.is_some() => self.strong.fg(of_terminal(colour)),
            _ if identity.is_production() => self.bad,
            _ => self.strong,
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

/// A colour as the terminal has it.
fn of_terminal(colour: Colour) -> Color {
    match colour {
        Colour::Black => Color::Black,
        Colour::Red => Color::Red,
        Colour::Green => Color::Green,
        Colour::Yellow => Color::Yellow,
        Colour::Blue => Color::Blue,
        Colour::Magenta => Color::Magenta,
        Colour::Cyan => Color::Cyan,
        Colour::White => Color::Gray,
        Colour::BrightBlack => Color::DarkGray,
        Colour::BrightRed => Color::LightRed,
        Colour::BrightGreen => Color::LightGreen,
        Colour::BrightYellow => Color::LightYellow,
        Colour::BrightBlue => Color::LightBlue,
        Colour::BrightMagenta => Color::LightMagenta,
        Colour::BrightCyan => Color::LightCyan,
        Colour::BrightWhite => Color::White,
    }
}

/// Whether a character is one of words and numbers, and no symbol of ours.
fn is_text(c: char) -> bool {
    c.is_alphanumeric() || (c.is_ascii_punctuation() && !"?+~*!".contains(c))
}
