//! The questions before a change, and what is said where there is no room for a key.

use super::{WIDTH, button, marked, paragraph};
use crate::{
    iam::{Change, KeyStatus, LastUsed},
    state::modal::{Confirm, Full, Leaving},
    text::{visible, width},
    ui::{
        Canvas,
        dialog::{Dialog, Row, inner_width},
        format, words,
    },
};
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

/// The first lines of every confirmation: what it is about, and in which account.
fn target_lines(
    canvas: &Canvas<'_>,
    change: &Change,
    account: &str,
    cells: u16,
) -> Vec<Row<'static>> {
    let theme = canvas.theme;
    let mut lines: Vec<Row<'static>> = Vec::new();
    match change.key() {
        Some(key) => {
            let key = visible(key);
            let user = visible(change.user());
            if width(&key) + 4 + width(&user) <= usize::from(cells) {
                lines.push(
                    Line::from(vec![
                        Span::styled(key.into_owned(), theme.strong),
                        Span::raw(format!(" of {user}")),
                    ])
                    .into(),
                );
            } else {
                lines.extend(paragraph(&key, cells, theme.strong));
                lines.extend(paragraph(&format!("of {user}"), cells, Style::new()));
            }
        }
        None => lines.extend(paragraph(
            &format!("A new access key for {}", change.user()),
            cells,
            theme.strong,
        )),
    }
    let style = if canvas.state.session.is_production() {
        theme.warn
    } else {
        theme.dim
    };
    lines.extend(paragraph(&format!("in {account}"), cells, style));
    lines.push(Row::default());
    lines
}

pub(super) fn confirm(canvas: &Canvas<'_>, screen: Rect, modal: &Confirm) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = inner_width(screen, WIDTH);
    let mut lines = target_lines(canvas, &modal.change, &modal.account, cells);
    let mut danger = false;
    if let Some(facts) = &modal.key {
        let in_use = words::in_use(&facts.status, &facts.last_used, canvas.now);
        let quiet = facts.status == KeyStatus::Inactive
            && matches!(facts.last_used.known(), Some(LastUsed::Never));
        let mark = theme.glyphs.warn;
        match &modal.change {
            Change::SetActive { active: true, .. } => {
                lines.extend(paragraph(&in_use, cells, Style::new()));
                lines.extend(paragraph(
                    "It will be accepted again at once.",
                    cells,
                    Style::new(),
                ));
            }
            Change::SetActive { .. } => {
                lines.extend(marked(mark, &in_use, cells, theme.warn));
                let text = "Whatever uses it starts to fail. You can undo this.";
                lines.extend(marked(" ", text, cells, Style::new()));
            }
            _ => {
                danger = true;
                let style = if quiet { Style::new() } else { theme.bad };
                lines.extend(marked(mark, &in_use, cells, style));
                let mut text = "This cannot be undone.".to_owned();
                if facts.status != KeyStatus::Inactive {
                    text.push_str(" Deactivating can: t");
                }
                lines.extend(marked(" ", &text, cells, Style::new()));
            }
        }
        if facts.own {
            let text = "This session is signed in with this key: it ends with it.";
            lines.extend(marked(mark, text, cells, theme.bad));
        }
    } else {
        lines.extend(paragraph(
            "AWS shows the secret once, here, and it can be copied then.",
            cells,
            Style::new(),
        ));
    }
    if let Some(typed) = &modal.typed {
        lines.push(Row::default());
        let value = visible(typed.input.value()).into_owned();
        let style = if typed.expected.starts_with(&value) {
            theme.strong
        } else {
            theme.bad
        };
        lines.push(
            Line::from(vec![
                Span::styled("Type its last four characters to delete it: ", theme.dim),
                Span::styled(value, style),
                Span::styled(theme.glyphs.cursor, theme.accent),
            ])
            .into(),
        );
    }
    let key = if modal.typed.is_some() { "" } else { "y" };
    Dialog {
        title: match modal.change {
            Change::Create { .. } => "Create key".into(),
            _ => format!("{} key", modal.change.verb()),
        },
        border: if danger { theme.bad } else { theme.accent },
        width: WIDTH,
        lines,
        scroll: 0,
        buttons: vec![
            button("Cancel", "", true),
            button(modal.change.verb(), key, modal.is_answered()),
        ],
        highlighted: modal.button,
    }
}

pub(super) fn full(canvas: &Canvas<'_>, screen: Rect, modal: &Full) -> Dialog<'static> {
    let theme = canvas.theme;
    let state = canvas.state;
    let cells = inner_width(screen, WIDTH);
    let keys = state
        .users
        .get(&modal.user)
        .and_then(|row| row.keys.known());
    let keys = keys.map_or(&[][..], Vec::as_slice);
    let quota = state.session.keys_per_user();
    let mut lines: Vec<Row<'static>> = Vec::new();
    let text = if keys.len() >= quota {
        format!(
            "{} has {}, and this account allows {quota}. Inactive keys count.",
            modal.user,
            format::plural(keys.len(), "key"),
        )
    } else {
        format!(
            "AWS says that {} has as many keys as there may be. Inactive keys count. They are \
             being listed again.",
            modal.user
        )
    };
    lines.extend(paragraph(&text, cells, Style::new()));
    lines.push(Row::default());
    let candidate = state.deletable(&modal.user);
    match candidate {
        Some(row) => {
            let text = format!("{} could be deleted to make room.", row.key.id);
            lines.extend(paragraph(&text, cells, theme.good));
        }
        None if keys.is_empty() => {}
        None => {
            let text = "All of them may be in use. Find out which is not, deactivate it, wait, \
                        then delete it.";
            lines.extend(paragraph(text, cells, theme.warn));
        }
    }
    lines.push(Row::default());
    for row in keys {
        let in_use = words::in_use(&row.key.status, &row.last_used, canvas.now);
        lines.extend(paragraph(&row.key.id, cells, theme.strong));
        lines.extend(marked(" ", &in_use, cells, theme.dim));
    }
    Dialog {
        title: "No room for another key".into(),
        border: theme.warn,
        width: WIDTH,
        lines,
        scroll: 0,
        buttons: vec![
            button("Cancel", "", true),
            button("Go to it", "y", candidate.is_some()),
        ],
        highlighted: modal.button,
    }
}

pub(super) fn leaving(canvas: &Canvas<'_>, screen: Rect, modal: &Leaving) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = inner_width(screen, WIDTH);
    let mut lines = Vec::new();
    for pending in &canvas.state.changes {
        let text = format!("{} {}", pending.change.doing(), pending.change.target());
        lines.extend(marked(canvas.spinner(), &text, cells, theme.strong));
    }
    lines.push(Row::default());
    lines.extend(paragraph(
        "iamkeys ends as soon as AWS has answered. Leaving now, you will not know whether it was done.",
        cells,
        Style::new(),
    ));
    Dialog {
        title: "Waiting for AWS".into(),
        border: theme.warn,
        width: WIDTH,
        lines,
        scroll: 0,
        buttons: vec![button("Stay", "Esc", true), button("Leave now", "y", true)],
        highlighted: modal.button,
    }
}
