//! The ID of a key, being typed, and what is said of it.

use super::{WIDTH, button, field, marked, paragraph};
use crate::{
    iam::key_id::NotAKey,
    state::find::{Find, Phase},
    ui::{
        Canvas,
        dialog::{Dialog, Row, inner_width},
    },
};
use ratatui::layout::Rect;

pub(super) fn find(canvas: &Canvas<'_>, screen: Rect, modal: &Find) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = inner_width(screen, WIDTH);
    let mut lines: Vec<Row<'static>> = Vec::new();
    let place = format!("in {}", canvas.state.session.account());
    lines.extend(paragraph(&place, cells, theme.dim));
    lines.push(Row::default());
    lines.extend(field(theme, "ID", &modal.input, cells));
    lines.push(Row::default());
    let mut verb = "Find";
    match (&modal.phase, canvas.state.words_on(modal)) {
        (Phase::Looking { .. }, _) => {
            let text = "Looking whose it is";
            lines.extend(marked(canvas.spinner(), text, cells, theme.dim));
        }
        (_, None) => {
            lines.extend(paragraph(&NotAKey::Nothing.to_string(), cells, theme.dim));
        }
        (Phase::Found { .. }, Some(words)) => {
            verb = "Go there";
            lines.extend(marked(theme.glyphs.done, &words, cells, theme.good));
        }
        (Phase::Elsewhere { .. }, Some(words)) => {
            verb = "Ask AWS";
            lines.extend(marked(theme.glyphs.warn, &words, cells, theme.warn));
        }
        (_, Some(words)) => {
            lines.extend(marked(theme.glyphs.failed, &words, cells, theme.bad));
        }
    }
    let looking = matches!(modal.phase, Phase::Looking { .. });
    Dialog {
        title: "Find a key".into(),
        border: theme.accent,
        width: WIDTH,
        lines,
        scroll: 0,
        buttons: vec![
            button("Cancel", "Esc", true),
            button(verb, "Enter", !looking),
        ],
        highlighted: 1,
    }
}
