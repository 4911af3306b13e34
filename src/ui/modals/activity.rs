//! One entry of the activity with all it holds.

use super::{button, paragraph};
use crate::{
    effect::Copied,
    state::{
        Settings,
        activity::{Outcome, Whole},
    },
    text::{visible, width, wrap},
    ui::{
        Canvas,
        activity::symbol,
        dialog::{Dialog, Row, inner_width},
        format,
        theme::Theme,
        words,
    },
};
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

/// The width of the text, and of the labels in it.
const WIDTH: u16 = 70;
const LABEL: usize = 12;

pub(super) fn entry(canvas: &Canvas<'_>, screen: Rect, whole: &Whole) -> Dialog<'static> {
    let copies = !whole.entry.command.is_empty();
    let mut buttons = vec![button("Close", "Esc", true)];
    if copies {
        buttons.push(button("Copy command", "y", true));
    }
    Dialog {
        title: "What happened".into(),
        border: canvas.theme.accent,
        width: WIDTH,
        lines: lines(canvas.theme, screen.width, whole),
        scroll: whole.scroll,
        buttons,
        highlighted: 0,
    }
}

/// How many lines an entry takes on a screen of this width.
#[must_use]
pub fn entry_lines(whole: &Whole, settings: &Settings, width: u16) -> usize {
    lines(Theme::of(settings), width, whole).len()
}

/// The lines of an entry. None of them is empty: the dialog would drop those where there is little
/// room, and what can be scrolled would not be what is counted.
fn lines(theme: Theme, screen: u16, whole: &Whole) -> Vec<Row<'static>> {
    let entry = &whole.entry;
    let cells = inner_width(Rect::new(0, 0, screen, 0), WIDTH);
    let mut lines: Vec<Row<'static>> = Vec::new();
    let mut add = |label: &str, value: &str, style: Style| {
        let mut label = label;
        for part in wrap(&visible(value), usize::from(cells).saturating_sub(LABEL)) {
            let label = Span::styled(format!("{:<LABEL$}", std::mem::take(&mut label)), theme.dim);
            lines.push(Line::from(vec![label, Span::styled(part, style)]).into());
        }
    };
    add("Time", &format::exact(entry.time), Style::new());
    add("Action", entry.action, Style::new());
    add("Target", &entry.target, theme.strong);
    let (mark, style) = symbol(theme, &entry.result);
    add(
        "Result",
        &format!("{mark} {}", result(&entry.result)),
        style,
    );
    if let Some(error) = entry.result.error() {
        add("", &error.message, Style::new());
    }
    add("Took", &format::took(entry.took), Style::new());
    let id = entry.request_id.as_deref();
    add("Request ID", id.unwrap_or("none is known"), Style::new());
    if entry.command.is_empty() {
        return lines;
    }
    // From the edge on, and on as few lines as can be: to be selected with the mouse as well.
    lines.push(Line::styled("Command", theme.dim).into());
    let command = command_lines(&visible(&entry.command), usize::from(cells));
    lines.extend(command.into_iter().map(|line| Line::raw(line).into()));
    if let Some(outcome) = &whole.copied {
        let (good, text) = words::copied(Copied::Command, outcome);
        let (mark, style) = if good {
            (theme.glyphs.done, theme.good)
        } else {
            (theme.glyphs.warn, theme.warn)
        };
        lines.extend(paragraph(&format!("{mark} {text}"), cells, style));
    }
    lines
}

/// An outcome in words.
fn result(result: &Outcome) -> String {
    match result {
        Outcome::Done(words) => words.clone(),
        Outcome::Failed(error) => format!("failed: {}", error.what()),
        Outcome::NotKnown(error) => format!("not known whether it was done: {}", error.what()),
    }
}

/// Breaks a command so that a shell takes the lines for one command, wherever they are pasted.
/// Only a word too long for a line is broken inside, and one in quotes then without a mark: there
/// the shell would not take it for one.
fn command_lines(command: &str, cells: usize) -> Vec<String> {
    const GO_ON: &str = " \\";
    let room = cells.saturating_sub(GO_ON.len()).max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let words = shell_words(command);
    for (at, word) in words.iter().enumerate() {
        // An option and its value are read together.
        let value = words.get(at + 1);
        let value = value.filter(|value| word.starts_with("--") && !value.starts_with("--"));
        let needed = width(word) + value.map_or(0, |value| 1 + width(value));
        if !line.is_empty() && width(&line) + 1 + needed > room {
            lines.push(std::mem::take(&mut line) + GO_ON);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        let mark = if word.contains(['\'', '"']) { "" } else { "\\" };
        for c in word.chars() {
            if width(&line) + width(c.encode_utf8(&mut [0; 4])) > room {
                lines.push(std::mem::take(&mut line) + mark);
            }
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The words of a command: parted by spaces that no quotes are around.
fn shell_words(command: &str) -> Vec<String> {
    let mut quote = None;
    let words = command.split(|c| {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        c == ' ' && quote.is_none()
    });
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_command_goes_on_in_the_next_line() {
        let command = "aws iam delete-access-key --user-name deploy-bot";
        assert_eq!(
            command_lines(command, 34),
            ["aws iam delete-access-key \\", "--user-name deploy-bot"]
        );
        assert_eq!(command_lines(command, 80), [command]);
    }

    #[test]
    fn an_option_keeps_its_value_and_what_is_quoted_is_one() {
        assert_eq!(
            command_lines("aws --profile 'my own' iam", 21),
            ["aws \\", "--profile 'my own' \\", "iam"]
        );
        assert_eq!(shell_words("a 'b  c' \"d e\""), ["a", "'b  c'", "\"d e\""]);
    }

    proptest! {
        /// What a shell makes of the lines is the command.
        #[test]
        fn the_lines_are_the_command(
            words in prop::collection::vec("[a-zA-Z0-9=,.@-]{1,40}", 1..8), cells in 12usize..80
        ) {
            let command = words.join(" ");
            let lines = command_lines(&command, cells);
            prop_assert!(lines.iter().all(|line| width(line) <= cells));
            prop_assert_eq!(lines.join("\n").replace(" \\\n", " ").replace("\\\n", ""), command);
        }
    }
}
