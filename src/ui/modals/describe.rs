//! What a key is for, being typed.

use super::{WIDTH, button, field, marked, paragraph};
use crate::{
    state::describe::Describe,
    ui::{
        Canvas,
        dialog::{Dialog, Row, inner_width},
    },
};
use ratatui::{layout::Rect, style::Style};

pub(super) fn describe(canvas: &Canvas<'_>, screen: Rect, modal: &Describe) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = inner_width(screen, WIDTH);
    let mut lines: Vec<Row<'static>> = Vec::new();
    lines.extend(paragraph(&modal.key, cells, theme.strong));
    let whose = format!("of {} in {}", modal.user, modal.account);
    lines.extend(paragraph(&whose, cells, theme.dim));
    lines.push(Row::default());
    lines.extend(field(theme, "For", &modal.input, cells));
    let known = canvas.state.description_of(&modal.user, &modal.key);
    if let Some(problem) = modal.problem() {
        lines.extend(marked(theme.glyphs.failed, &problem, cells, theme.bad));
    } else {
        let text = match known {
            None if canvas.state.session.descriptions_refused => {
                "What it says now may not be read. Saving replaces it.".to_owned()
            }
            None => "What it says now is not known yet.".into(),
            Some(None) => "It says nothing now.".into(),
            Some(Some(now)) if modal.input.value().trim().is_empty() => {
                format!("Now: {now}. Empty clears it.")
            }
            Some(Some(now)) => format!("Now: {now}"),
        };
        lines.extend(paragraph(&text, cells, theme.dim));
    }
    lines.push(Row::default());
    let text = "Everybody who may see the user can read it: it is a tag, as the console makes it.";
    lines.extend(paragraph(text, cells, Style::new()));
    Dialog {
        title: "Describe key".into(),
        border: theme.accent,
        width: WIDTH,
        lines,
        scroll: 0,
        buttons: vec![
            button("Cancel", "Esc", true),
            button("Save", "Enter", modal.problem().is_none()),
        ],
        highlighted: 1,
    }
}
