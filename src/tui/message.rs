//! What reaches the screen: what a person does, and what the engine is to hear.

use super::action::Action;
use crate::engine::{Event, query::sort::Column};
use crossterm::event::KeyEvent;

/// Something that has happened. A message that carries a secret moves it.
#[derive(Debug)]
pub enum Message {
    /// A key was pressed.
    Key(KeyPress),
    /// A text was pasted.
    Paste(String),
    /// The mouse was clicked on something.
    Click(Click),
    /// The wheel was turned, by so many rows; negative is up.
    Scroll(isize),
    /// The terminal has this size now, in columns and rows.
    Resize(u16, u16),
    /// The terminal was used by another program; all of it must be drawn again.
    Resumed,
    /// The terminal has such a ground.
    Ground(Ground),
    /// Time for the next picture of a spinner.
    Tick,
    /// Something has happened outside.
    Event(Event),
    /// Several things have, and are told of at once: in this order.
    Events(Vec<Event>),
}

/// What the terminal draws its texts on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// A dark colour; also what is assumed where the terminal does not tell.
    #[default]
    Dark,
    /// A light colour.
    Light,
}

impl From<Event> for Message {
    fn from(event: Event) -> Self {
        Self::Event(event)
    }
}

/// A key press, and whether what it answers was read.
#[derive(Clone, Copy, Debug)]
pub struct KeyPress {
    /// The key.
    pub key: KeyEvent,
    /// Whether the dialog on top was on the screen with its facts for long enough to be read. Only
    /// what must be meant asks for it.
    pub read: bool,
}

/// A click with the left button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    /// What was clicked.
    pub target: Target,
    /// As of a [`KeyPress`].
    pub read: bool,
}

/// Something on the screen that can be clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A row of the accounts.
    Account(usize),
    /// A row of the list of users.
    User(usize),
    /// A card of the key pane.
    Key(usize),
    /// A row of the list of all keys.
    KeyRow(usize),
    /// A rule of the findings.
    Rule(usize),
    /// A key that a rule finds.
    Found(usize),
    /// A cell of the grid: its age, and how idle.
    Cell(usize, usize),
    /// The heading of a column.
    Column(Column),
    /// An entry of what has happened, by its number: its row changes with the next one.
    Entry(usize),
    /// A tab, a hint of the footer, or of a dialog.
    Action(Action),
    /// A button of a dialog.
    Button(usize),
    /// A row of a list in a dialog: of the palette, of profiles, of forms.
    PaletteRow(usize),
}
