//! What each dialog says.

mod activity;
mod confirm;
mod new_key;
mod question;
mod reading;
mod rotate;

use super::{
    Canvas,
    dialog::{Button, Row},
};
use crate::{
    state::modal::Modal,
    text::{visible, width, wrap},
};
use activity::entry;
pub use activity::entry_lines;
use confirm::{confirm, full, leaving};
use new_key::{discard, new_key};
use question::question;
use ratatui::{layout::Rect, style::Style, text::Line};
pub use reading::help_lines;
use reading::{command_palette, details, failure, help};
use rotate::rotate;

/// The usual width of the text in a dialog.
const WIDTH: u16 = 54;

pub(super) fn draw(canvas: &mut Canvas<'_>, screen: Rect, modal: &Modal) {
    let dialog = match modal {
        Modal::Confirm(modal) => confirm(canvas, screen, modal),
        Modal::Question(modal) => question(canvas, screen, modal),
        Modal::Rotate(modal) => rotate(canvas, screen, modal),
        Modal::Full(modal) => full(canvas, screen, modal),
        Modal::NewKey(modal) => new_key(canvas, screen, modal),
        Modal::Discard(modal) => discard(canvas, screen, modal),
        Modal::Leaving(modal) => leaving(canvas, screen, modal),
        Modal::Failure(modal) => failure(canvas, screen, modal),
        Modal::Details { user, key, scroll } => details(canvas, screen, (user, key), *scroll),
        Modal::Entry(whole) => entry(canvas, screen, whole),
        Modal::Help { of, scroll } => help(canvas, screen, *of, *scroll),
        Modal::Palette(modal) => command_palette(canvas, screen, modal),
    };
    dialog.draw(canvas, screen);
}

/// A text as lines of a dialog.
fn paragraph(text: &str, cells: u16, style: Style) -> impl Iterator<Item = Row<'static>> {
    wrap(&visible(text), usize::from(cells))
        .into_iter()
        .map(move |line| Row::from(Line::styled(line, style)))
}

/// A text behind a mark, which stands out in the margin.
fn marked(mark: &str, text: &str, cells: u16, style: Style) -> Vec<Row<'static>> {
    let indent = width(mark) + 1;
    wrap(&visible(text), usize::from(cells).saturating_sub(indent))
        .into_iter()
        .enumerate()
        .map(|(at, line)| {
            let before = if at == 0 {
                format!("{mark} ")
            } else {
                " ".repeat(indent)
            };
            Row::from(Line::styled(format!("{before}{line}"), style))
        })
        .collect()
}

fn button(verb: &str, key: &str, enabled: bool) -> Button {
    Button {
        verb: verb.into(),
        key: Some(key.to_owned()).filter(|key| !key.is_empty()),
        enabled,
    }
}
