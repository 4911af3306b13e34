//! One entry of the activity with all it holds.

use super::{cancel, intend};
use crate::{
    engine::{Copied, CopyOutcome, Entry, Outcome},
    tui::prelude::*,
};

/// How wide the labels are.
const LABEL: usize = 12;

/// An entry that is read whole. It is a copy: the list goes on behind it.
#[derive(Debug)]
pub(in crate::tui) struct WholeEntry {
    entry: Entry,
    /// The entry's number in the activity.
    number: usize,
    /// The first line shown.
    scroll: usize,
}

impl WholeEntry {
    /// The entry of this number.
    pub(in crate::tui) fn new(number: usize, entry: Entry) -> Self {
        Self {
            entry,
            number,
            scroll: 0,
        }
    }

    /// Whether there is a command that does the same.
    fn can_copy(&self) -> bool {
        !self.entry.command.is_empty()
    }
}

impl Dialog for WholeEntry {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Entry
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, 70);
        let copied = canvas.engine.activity.copy_of(self.number);
        write(&mut lines, &self.entry, copied);
        let button = |action, verb| Button::of(Context::Entry, action, verb);
        let mut buttons = vec![button(Action::Cancel, "Close")];
        if self.can_copy() {
            buttons.push(button(Action::CopyCommand, "Copy command"));
        }
        Some(
            Frame::new("What happened", canvas.theme.accent, lines)
                .buttons(0, buttons)
                .scrolled(self.scroll),
        )
    }

    fn act(&mut self, action: Action, _engine: &Engine) -> Vec<Ask> {
        match action {
            Action::CopyCommand if self.can_copy() => intend(Intent::CopyCommand(self.number)),
            _ => cancel(action),
        }
    }

    fn hear(&mut self, news: &News) -> bool {
        let command = Copied::Command;
        let copied = matches!(news, News::Copied { what, .. } if *what == command);
        if copied {
            // It is said in the last line, which a small screen does not show at first.
            self.scroll = usize::MAX;
        }
        copied
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        let copy = self.can_copy().then_some(Action::CopyCommand);
        [Action::Cancel].into_iter().chain(copy).collect()
    }

    fn scroll(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.scroll)
    }
}

/// Writes the lines of an entry. None of them is empty: the dialog would drop those where there is
/// little room, and what can be scrolled would not be what is counted.
fn write(lines: &mut Lines<'_>, entry: &Entry, copied: Option<&CopyOutcome>) {
    let theme = lines.theme;
    let mut add = |label, value: &str, style| {
        lines.labelled(label, LABEL, theme.dim, value, style);
    };
    add("Time", &format::exact(entry.time), Style::new());
    add("Action", entry.action, Style::new());
    add("Target", &entry.target, theme.strong);
    if let Some(account) = &entry.account {
        add("Account", account, Style::new());
    }
    if let Some(role) = &entry.role {
        add("Role", role, Style::new());
    }
    let (mark, style) = theme.outcome(&entry.result);
    let result = match &entry.result {
        Outcome::Done(words) => words.clone(),
        Outcome::Failed(error) => format!("failed: {}", error.what()),
        Outcome::NotKnown(error) => format!("not known whether it was done: {}", error.what()),
    };
    add("Result", &format!("{mark} {result}"), style);
    if let Some(error) = entry.result.error() {
        add("", &error.message, Style::new());
    }
    add("Took", &format::took(entry.took), Style::new());
    let id = entry.request_id.as_deref();
    add("Request ID", id.unwrap_or("none is known"), Style::new());
    if entry.command.is_empty() {
        return;
    }
    // From the edge on, and on as few lines as can be: to be selected with the mouse as well.
    lines.dim("Command");
    for line in command_lines(&visible(&entry.command), lines.cells) {
        lines.push(line);
    }
    if let Some(outcome) = copied {
        let (good, text) = words::copied(Copied::Command, outcome);
        let (mark, style) = if good {
            (theme.glyphs.done, theme.good)
        } else {
            (theme.glyphs.warn, theme.warn)
        };
        lines.say(format!("{mark} {text}"), style);
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
