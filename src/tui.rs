//! The screen: it shows what the engine knows, and turns keys into intents.
//!
//! [`Screen`] is what the screen itself remembers: which page, which row, what is being typed, which
//! dialogs are open. It holds no facts: thrown away and made anew from the same engine, it shows the
//! same dialogs. A page and a dialog are one file each: what it remembers, what its keys mean, and
//! how it is drawn. Drawing gives back what it laid out ([`Drawn`]) and costs what is visible, not
//! what is loaded.

pub mod action;
pub mod app;
mod canvas;
mod dialogs;
mod format;
mod ground;
mod guard;
mod header;
pub mod keyboard;
pub mod keymap;
mod layout;
mod lists;
pub mod message;
mod pages;
pub mod palette;
mod prelude;
mod screen;
pub mod terminal;
mod theme;
mod widgets;
mod words;

pub use canvas::Drawn;
pub use guard::{TO_READ, View};
pub use layout::SMALLEST;
pub use lists::{Filter, List, Lists};
pub use message::{Click, Ground, KeyPress, Message, Target};
pub use pages::{Page, Pane};
pub use screen::{Screen, draw};
pub use widgets::notice::Notice;

/// Which accounts to open: the engine's, named here as well for who starts a screen.
pub use crate::engine::MoreAccounts;

use crate::engine::{self, destination::Form, destination::Route};

/// The colours that the terminal has, and the person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// None (`NO_COLOR`).
    None,
    /// The terminal's own sixteen.
    Sixteen,
    /// Any (`COLORTERM`).
    True,
}

/// What was decided on the command line and does not change.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What the engine has to know.
    pub engine: engine::Settings,
    /// Draw with ASCII only.
    pub ascii: bool,
    /// The colours there are.
    pub colours: Colours,
    /// Where a copied text goes.
    pub clipboard: Route,
    /// The form for this person's shell.
    pub form: Form,
}
