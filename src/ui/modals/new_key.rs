//! The secret of a new key, and the question before it is thrown away.

use super::{WIDTH, button, hints, marked, paragraph};
use crate::{
    action::Action,
    keymap::Context,
    message::{CopyOutcome, Target},
    secret::{clipboard::Route, forms::Form},
    state::modal::{CopyAs, Discard, Kept, Modal, NewKey},
    text::{visible, width},
    ui::{
        Canvas,
        dialog::{Dialog, Row, inner_width, to_u16},
        layout::dialog_room,
        words,
    },
};
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

/// Below this height, what can be done stands in as few lines as possible.
const TALL: u16 = 24;

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
    lines.extend(actions(canvas, screen, modal, cells));
    lines.push(Row::default());
    let rule = theme.glyphs.rule.repeat(usize::from(cells));
    lines.push(Row {
        line: Line::styled(rule, theme.dim),
        divides: true,
        ..Row::default()
    });
    let room = dialog_room(screen.height, false);
    let needed = lines.iter().filter(|line| !line.can_go()).count();
    lines.extend(done_so_far(
        canvas,
        modal,
        cells,
        room.saturating_sub(needed),
    ));
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

/// What can be done with a new key: a column each where there is room for that.
fn actions(canvas: &Canvas<'_>, screen: Rect, modal: &NewKey, cells: u16) -> Vec<Row<'static>> {
    let tall = screen.height >= TALL;
    let of = |action: Action| (action, action.title());
    let short = |action: Action, title| (action, if tall { action.title() } else { title });
    let reveal = (
        Action::Reveal,
        if modal.revealed { "hide" } else { "reveal" },
    );
    let all = [
        of(Action::CopySecret),
        short(Action::WriteProfile, "to a profile"),
        of(Action::CopyNewId),
        short(Action::SaveFile, "to a file"),
        of(Action::CopyAs),
        reveal,
        of(Action::CloseNewKey),
    ];
    let column = if tall { 28 } else { 0 };
    if !tall {
        return hints(canvas.theme, Context::NewKey, &all, column, cells);
    }
    let pairs = all.chunks(2);
    pairs
        .flat_map(|pair| hints(canvas.theme, Context::NewKey, pair, column, cells))
        .collect()
}

/// What has been done with a new key so far, in at most `room` lines, of which the newest stay; and
/// if nothing can be, how to get at the secret.
fn done_so_far(canvas: &Canvas<'_>, modal: &NewKey, cells: u16, room: usize) -> Vec<Row<'static>> {
    let theme = canvas.theme;
    let mut lines = Vec::new();
    let mut add = |(good, text): (bool, String)| {
        let (mark, style) = if good {
            (theme.glyphs.done, theme.good)
        } else {
            (theme.glyphs.failed, theme.bad)
        };
        lines.extend(marked(mark, &text, cells, style));
    };
    for (what, outcome) in &modal.done {
        add(words::copied(*what, outcome));
    }
    for (place, result) in &modal.placed {
        add(words::placed(place, result));
    }
    let going = canvas.state.puts.iter().filter(|put| put.key == modal.id);
    for put in going {
        let text = format!("writing it to {}", put.place.words());
        lines.extend(marked(canvas.spinner(), &text, cells, theme.dim));
    }
    let last = remark(canvas, modal, cells);
    let more = (lines.len() + last.len()).saturating_sub(room.max(last.len()));
    lines.drain(..more.min(lines.len()));
    lines.extend(last);
    lines
}

/// What to know about where the secret is.
fn remark(canvas: &Canvas<'_>, modal: &NewKey, cells: u16) -> Vec<Row<'static>> {
    let theme = canvas.theme;
    let settings = &canvas.state.settings;
    let last = modal.done.last().map(|(_, outcome)| outcome);
    let failed = matches!(
        last,
        Some(CopyOutcome::Failed(_) | CopyOutcome::Unavailable(_))
    );
    let none = matches!(settings.clipboard, Route::Unavailable(_));
    let written = modal.placed.iter().any(|(_, result)| result.is_ok());
    let (text, style) = match modal.copied() {
        _ if !written && (failed || none) => {
            let text = if modal.revealed {
                "Select it with the mouse (hold Shift)."
            } else {
                "Press v and select it with the mouse (hold Shift)."
            };
            (text.to_owned(), Style::new())
        }
        Kept::Nowhere if written => return Vec::new(),
        Kept::Nowhere => ("The secret is nowhere else yet.".into(), theme.dim),
        Kept::Replaced => (
            "The clipboard holds the key ID now, not the secret.".into(),
            theme.warn,
        ),
        Kept::Cleared => (
            "The clipboard was cleared: the secret is not there any more.".into(),
            theme.warn,
        ),
        // Nobody acknowledges OSC 52, reads it back or clears it: the person is the only one who
        // can.
        Kept::Perhaps | Kept::Somewhere if matches!(last, Some(CopyOutcome::SentToTerminal(_))) => (
            "Paste it somewhere to be sure. It stays on that clipboard: iamkeys cannot clear it."
                .into(),
            theme.dim,
        ),
        _ => (while_it_is_there(settings.clear_after), theme.dim),
    };
    marked(" ", &text, cells, style)
}

/// How long the system's clipboard holds a secret.
fn while_it_is_there(clear_after: Option<u32>) -> String {
    // On X11 and Wayland the contents live in the program that copied them.
    let dies = cfg!(all(unix, not(target_os = "macos")));
    match clear_after {
        Some(seconds) => {
            format!("The clipboard is cleared {seconds} s after copying, and when iamkeys ends.")
        }
        None if dies => "The clipboard holds it as long as iamkeys runs.".into(),
        None => String::new(),
    }
}

pub(super) fn copy_as(canvas: &Canvas<'_>, screen: Rect, modal: &CopyAs) -> Dialog<'static> {
    const WIDE: u16 = 46;
    let theme = canvas.theme;
    let cells = usize::from(inner_width(screen, WIDE));
    let mut lines: Vec<Row<'static>> = Vec::new();
    for (at, form) in Form::ALL.iter().enumerate() {
        let style = if at == modal.cursor {
            theme.selected
        } else {
            Style::new()
        };
        let number = at + 1;
        let text = format!("{number}  {}", form.title());
        lines.push(Row {
            line: Line::styled(format!("{text:<cells$}"), style),
            targets: vec![(0, to_u16(cells), Target::PaletteRow(at))],
            ..Row::default()
        });
    }
    lines.push(Row::default());
    let all = [(Action::GoOn, "copy"), (Action::Cancel, "back")];
    lines.extend(hints(theme, Context::CopyAs, &all, 0, to_u16(cells)));
    Dialog {
        title: "Copy as".into(),
        border: theme.accent,
        width: WIDE,
        lines,
        scroll: 0,
        buttons: Vec::new(),
        highlighted: 0,
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
    let on_clipboard = canvas.state.only_on_clipboard() == Some(&modal.key);
    let (title, stay, go) = if on_clipboard {
        ("Leave without pasting it?", "Stay", "Leave")
    } else if new.is_some_and(|new| new.kept() == Kept::Perhaps) {
        ("Have you pasted it?", "Back", "Discard")
    } else {
        ("Discard the only copy?", "Keep", "Discard")
    };
    if on_clipboard {
        let text = format!(
            "The secret of {} is on the clipboard, and nowhere else that iamkeys knows of.",
            modal.key
        );
        lines.extend(marked(theme.glyphs.warn, &text, cells, theme.bad));
        let text = "The clipboard is cleared when iamkeys ends. Paste it first.";
        lines.extend(marked(" ", text, cells, Style::new()));
    } else if let Some(new) = new {
        let text = match new.kept() {
            Kept::Nowhere => format!("The secret of {} has gone nowhere.", new.id),
            Kept::Replaced => format!(
                "The secret of {} was on the clipboard, and something else is there now.",
                new.id
            ),
            Kept::Perhaps => format!(
                "The secret of {} was sent to the terminal, which does not say whether it took it. \
                 Paste it first.",
                new.id
            ),
            Kept::Cleared => format!(
                "The secret of {} was on the clipboard, which has been cleared.",
                new.id
            ),
            Kept::Somewhere => format!("The secret of {} is on the clipboard.", new.id),
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
        title: title.into(),
        border: theme.bad,
        width: WIDTH,
        lines,
        scroll: 0,
        buttons: vec![
            button(stay, "Esc", true),
            button("I have it", "i", true),
            button(go, "d", true),
        ],
        highlighted: modal.button,
    }
}
