//! What nearly every part of the screen draws with, under one name.

pub(super) use super::{
    action::Action,
    canvas::{Canvas, Drawn},
    dialogs::{Ask, Dialog},
    format,
    keymap::{self, Context},
    layout::dialog_room,
    message::Target,
    theme::Theme,
    widgets::dialog::{Button, Frame, Lines, WIDTH, to_u16},
    words,
};
pub(super) use crate::engine::{
    Change, Engine, Intent, News, Slot,
    account::{Account, KeyRow, UserRow},
    fleet::Rows,
    model::{KeyStatus, LastUsed},
    text::{shorten, shorten_name, shorten_path, visible, width, wrap},
};
pub(super) use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
pub(super) use tui_input::Input;
