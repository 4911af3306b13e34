//! What each dialog says.

mod activity;
mod confirm;
mod describe;
mod find;
mod new_key;
mod question;
mod reading;
mod rotate;
mod store;

use super::{
    Canvas,
    dialog::{Button, Row, to_u16},
    theme::Theme,
};
use crate::{
    action::Action,
    keymap::{self, Context},
    message::Target,
    state::modal::Modal,
    text::{visible, width, wrap},
};
use activity::entry;
pub use activity::entry_lines;
use confirm::{confirm, full, leaving};
use describe::describe;
use find::find;
use new_key::{copy_as, discard, new_key};
use question::question;
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use reading::{command_palette, details, failure, help};
pub use reading::{details_lines, help_lines};
use rotate::rotate;
pub use store::plan_lines;
use store::store;
use tui_input::Input;
use unicode_width::UnicodeWidthChar as _;

/// The usual width of the text in a dialog.
const WIDTH: u16 = 54;

pub(super) fn draw(canvas: &mut Canvas<'_>, screen: Rect, modal: &Modal) {
    let dialog = match modal {
        Modal::Confirm(modal) => confirm(canvas, screen, modal),
        Modal::Question(modal) => question(canvas, screen, modal),
        Modal::Rotate(modal) => rotate(canvas, screen, modal),
        Modal::Full(modal) => full(canvas, screen, modal),
        Modal::NewKey(modal) => new_key(canvas, screen, modal),
        Modal::CopyAs(modal) => copy_as(canvas, screen, modal),
        Modal::Store(modal) => store(canvas, screen, modal),
        Modal::Describe(modal) => describe(canvas, screen, modal),
        Modal::Find(modal) => find(canvas, screen, modal),
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

/// A text field: what is typed, with the cursor in it, whole.
fn field(theme: Theme, label: &str, input: &Input, cells: u16) -> Vec<Row<'static>> {
    /// Stands for the cursor: nothing visible holds it.
    const HERE: char = '\0';
    let value = visible(input.value());
    let at = value.char_indices().nth(input.cursor());
    let (before, after) = value.split_at(at.map_or(value.len(), |(at, _)| at));
    let indent = width(label) + 1;
    let text = format!("{before}{HERE}{after}");
    let mut label = format!("{label} ");
    // The cursor takes a cell.
    let lines = pieces(&text, usize::from(cells).saturating_sub(indent + 1));
    let lines = lines.into_iter().map(|line| {
        let label = std::mem::replace(&mut label, " ".repeat(indent));
        let mut spans = vec![Span::styled(label, theme.dim)];
        match line.split_once(HERE) {
            Some((before, after)) => spans.extend([
                Span::styled(before.to_owned(), theme.strong),
                Span::styled(theme.glyphs.cursor, theme.accent),
                Span::styled(after.to_owned(), theme.strong),
            ]),
            None => spans.push(Span::styled(line, theme.strong)),
        }
        Row::from(Line::from(spans))
    });
    lines.collect()
}

/// Breaks a text anywhere into lines of at most `cells`, and keeps every space in it.
fn pieces(text: &str, cells: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for c in text.chars() {
        let next = c.width().unwrap_or(0);
        if used + next > cells.max(2) {
            lines.push(String::new());
            used = 0;
        }
        used += next;
        if let Some(line) = lines.last_mut() {
            line.push(c);
        }
    }
    lines
}

/// Keys with what they do, to be pressed or clicked: side by side, and below each other where they
/// do not fit.
fn hints(
    theme: Theme,
    context: Context,
    actions: &[(Action, &str)],
    column: u16,
    cells: u16,
) -> Vec<Row<'static>> {
    let mut rows = Vec::new();
    let mut row = Row::default();
    let mut x = 0;
    for (action, title) in actions {
        let key = keymap::key_of(context, *action).map_or_else(String::new, |key| key.to_string());
        let long = to_u16(width(&key) + 1 + width(title));
        if x > 0 && x + long > cells {
            rows.push(std::mem::take(&mut row));
            x = 0;
        }
        let next = column.max(long + 2);
        let pad = " ".repeat(usize::from(next - long));
        row.line.push_span(Span::styled(key, theme.accent));
        row.line.push_span(Span::raw(format!(" {title}{pad}")));
        row.targets.push((x, long, Target::Action(*action)));
        x += next;
    }
    rows.push(row);
    rows
}

fn button(verb: &str, key: &str, enabled: bool) -> Button {
    Button {
        verb: verb.into(),
        key: Some(key.to_owned()).filter(|key| !key.is_empty()),
        enabled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        secret::{clipboard::Route, forms::Form, route::Why},
        state::{Settings, confirm::RECENT, fetch::Background},
    };
    use proptest::prelude::*;

    fn theme(ascii: bool) -> Theme {
        Theme::of(&Settings {
            read_only: false,
            ascii,
            monochrome: true,
            clipboard: Route::Unavailable(Why::Off),
            form: Form::Posix,
            clear_after: None,
            recent: RECENT,
            background: Background::Visible,
        })
    }

    #[test]
    fn the_cursor_is_where_it_is_also_among_characters_like_it() {
        let input = Input::new("a_b_c".into()).with_cursor(3);
        for (ascii, wanted) in [(true, "Path: a_b__c"), (false, "Path: a_b▏_c")] {
            let rows = field(theme(ascii), "Path:", &input, 40);
            assert_eq!(rows.len(), 1);
            let spans: Vec<&str> = rows[0].line.spans.iter().map(|s| &*s.content).collect();
            assert_eq!(spans.concat(), wanted);
            assert_eq!(spans[1], "a_b");
        }
    }

    proptest! {
        #[test]
        fn a_text_field_fits_and_shows_all_that_is_typed(
            typed in "[a-z_ 日/.]{0,200}", at in 0usize..220, cells in 20u16..80
        ) {
            let input = Input::new(typed.clone()).with_cursor(at);
            let rows = field(theme(false), "Path:", &input, cells);
            let mut shown = String::new();
            for row in &rows {
                prop_assert!(row.line.width() <= usize::from(cells));
                shown.extend(row.line.spans[1..].iter().map(|span| &*span.content));
            }
            prop_assert_eq!(shown.replace('▏', ""), typed);
        }
    }
}
