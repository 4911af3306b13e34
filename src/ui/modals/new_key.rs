//! The secret of a new key, and the question before it is thrown away.

use super::{WIDTH, button, marked, paragraph};
use crate::{
    action::Action,
    keymap::{self, Context},
    message::{CopyOutcome, Target},
    secret::clipboard::Route,
    state::modal::{Discard, Kept, Modal, NewKey},
    text::{visible, width},
    ui::{
        Canvas,
        dialog::{Dialog, Row, inner_width, to_u16},
        words,
    },
};
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

pub(super) fn new_key(canvas: &Canvas<'_>, screen: Rect, modal: &NewKey) -> Dialog<'static> {
    const LABEL: &str = "Secret access key  ";
    let theme = canvas.theme;
    let wanted = to_u16((width(LABEL) + width(modal.secret.expose()).min(64)).max(62));
    let cells = inner_width(screen, wanted);
    let mut lines: Vec<Row<'static>> = Vec::new();
    lines.extend(paragraph(
        &format!("in {}", modal.account),
        cells,
        theme.dim,
    ));
    lines.push(Row::default());
    let mut labelled = |label: &str, value: &str, style| {
        let room = usize::from(cells).saturating_sub(width(LABEL));
        let pad = width(LABEL);
        if width(value) <= room {
            lines.push(
                Line::from(vec![
                    Span::styled(format!("{label:<pad$}"), theme.dim),
                    Span::styled(value.to_owned(), style),
                ])
                .into(),
            );
        } else {
            // Never cut off: below the label, and in lines if it has to be.
            lines.push(Line::styled(label.to_owned(), theme.dim).into());
            lines.extend(paragraph(value, cells, style));
        }
    };
    labelled("Access key ID", &visible(&modal.id), theme.strong);
    let secret = modal.secret.expose();
    if modal.revealed {
        labelled(LABEL.trim_end(), &visible(secret), theme.warn);
    } else {
        let hidden = theme.glyphs.hidden.repeat(width(secret));
        labelled(LABEL.trim_end(), &hidden, theme.dim);
    }
    lines.push(Row::default());
    lines.extend(paragraph(
        "AWS shows this secret once. Put it somewhere before you go on.",
        cells,
        theme.warn,
    ));
    lines.push(Row::default());
    let hide = if modal.revealed { "hide" } else { "reveal" };
    let actions = [
        (Action::CopySecret, Action::CopySecret.title()),
        (Action::CopyNewId, Action::CopyNewId.title()),
        (Action::CopyExports, Action::CopyExports.title()),
        (Action::Reveal, hide),
    ];
    for pair in actions.chunks(2) {
        lines.push(hints(canvas, Context::NewKey, pair, 28));
    }
    let close = (Action::CloseNewKey, Action::CloseNewKey.title());
    lines.push(hints(canvas, Context::NewKey, &[close], 28));
    lines.push(Row::default());
    let rule = theme.glyphs.rule.repeat(usize::from(cells));
    lines.push(Row {
        line: Line::styled(rule, theme.dim),
        divides: true,
        ..Row::default()
    });
    lines.extend(done_so_far(canvas, modal, cells));
    Dialog {
        title: format!("New key for {}", visible(&modal.user)),
        border: theme.accent,
        width: wanted,
        lines,
        scroll: 0,
        buttons: Vec::new(),
        highlighted: 0,
    }
}

/// What has been done with a new key so far; and if nothing can be, how to get at the secret.
fn done_so_far(canvas: &Canvas<'_>, modal: &NewKey, cells: u16) -> Vec<Row<'static>> {
    let theme = canvas.theme;
    let mut lines = Vec::new();
    for (what, outcome) in &modal.done {
        let (good, text) = words::copied(*what, outcome);
        let (mark, style) = if good {
            (theme.glyphs.done, theme.good)
        } else {
            (theme.glyphs.failed, theme.bad)
        };
        lines.extend(marked(mark, &text, cells, style));
    }
    let route = canvas.state.settings.clipboard;
    let last = modal.done.last().map(|(_, outcome)| outcome);
    let failed = matches!(
        last,
        Some(CopyOutcome::Failed(_) | CopyOutcome::Unavailable(_))
    );
    let (text, style) = match modal.kept() {
        _ if failed || matches!(route, Route::Unavailable(_)) => {
            let text = if modal.revealed {
                "Select it with the mouse (hold Shift)."
            } else {
                "Press v and select it with the mouse (hold Shift)."
            };
            (text, Style::new())
        }
        Kept::Nowhere => ("The secret is nowhere else yet.", theme.dim),
        Kept::Replaced => (
            "The clipboard holds the key ID now, not the secret.",
            theme.warn,
        ),
        // Nobody acknowledges OSC 52: the person is the only one who can.
        Kept::Perhaps | Kept::Somewhere if matches!(last, Some(CopyOutcome::SentToTerminal(_))) => {
            (
                "Paste it somewhere to be sure before you close this.",
                theme.dim,
            )
        }
        // On X11 and Wayland the contents live in the program that copied them.
        _ if cfg!(all(unix, not(target_os = "macos"))) => {
            ("The clipboard holds it as long as iamkeys runs.", theme.dim)
        }
        _ => ("", theme.dim),
    };
    lines.extend(marked(" ", text, cells, style));
    lines
}

/// Keys with what they do, side by side, to be pressed or clicked.
fn hints(
    canvas: &Canvas<'_>,
    context: Context,
    actions: &[(Action, &str)],
    column: u16,
) -> Row<'static> {
    let mut spans = Vec::new();
    let mut targets = Vec::new();
    let mut x = 0;
    for (action, title) in actions {
        let key = keymap::key_of(context, *action).map_or_else(String::new, |key| key.to_string());
        let cells = to_u16(width(&key) + 1 + width(title));
        let pad = " ".repeat(usize::from(column.saturating_sub(cells)));
        spans.push(Span::styled(key, canvas.theme.accent));
        spans.push(Span::raw(format!(" {title}{pad}")));
        targets.push((x, cells, Target::Action(*action)));
        x += column.max(cells);
    }
    Row {
        line: Line::from(spans),
        targets,
        ..Row::default()
    }
}

pub(super) fn discard(canvas: &Canvas<'_>, screen: Rect, modal: &Discard) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = inner_width(screen, WIDTH);
    let new = canvas.state.modals.iter().find_map(|open| match open {
        Modal::NewKey(new) if new.id == modal.key => Some(new),
        _ => None,
    });
    let mut lines = Vec::new();
    if let Some(new) = new {
        let text = match new.kept() {
            Kept::Nowhere => format!("The secret of {} has gone nowhere.", new.id),
            Kept::Replaced => format!(
                "The secret of {} was on the clipboard, and something else is there now.",
                new.id
            ),
            Kept::Perhaps => format!(
                "The secret of {} was sent through a multiplexer, which may have ignored it.",
                new.id
            ),
            Kept::Somewhere => format!("The secret of {} has been copied.", new.id),
        };
        lines.extend(marked(theme.glyphs.warn, &text, cells, theme.bad));
        let text = format!(
            "If it is nowhere else, nobody can ever get it back. The key itself stays with {}, and \
             works for nobody.",
            new.user
        );
        lines.extend(marked(" ", &text, cells, Style::new()));
    }
    Dialog {
        title: "Discard the only copy?".into(),
        border: theme.bad,
        width: WIDTH,
        lines,
        scroll: 0,
        buttons: vec![
            button("Keep", "Esc", true),
            button("I have it", "i", true),
            button("Discard", "d", true),
        ],
        highlighted: modal.button,
    }
}
