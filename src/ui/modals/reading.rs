//! What is only read, or chosen from: what went wrong, a key's details, help, the palette.

use super::{WIDTH, button, marked, paragraph};
use crate::{
    iam::{Kind, LastUsed},
    keymap::{self, Context},
    message::Target,
    palette,
    state::{
        State,
        modal::{Failure, Modal, Palette},
    },
    text::{shorten, visible, width, wrap},
    ui::{
        Canvas,
        dialog::{Dialog, Row, inner_width, to_u16},
        format,
        theme::Theme,
        words,
    },
};
use chrono::{DateTime, Utc};
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use std::sync::Arc;

pub(super) fn failure(canvas: &Canvas<'_>, screen: Rect, modal: &Failure) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = inner_width(screen, WIDTH);
    let error = &modal.error;
    let what = format!(
        "{} {}",
        modal.change.verb().to_lowercase(),
        modal.change.target()
    );
    let title = match error.kind {
        Kind::Gone => "It is gone",
        _ => "Not done",
    };
    let mut lines = marked(theme.glyphs.failed, &what, cells, theme.strong);
    lines.push(Row::default());
    lines.extend(paragraph(&error.short(), cells, theme.bad));
    lines.extend(paragraph(&error.message, cells, Style::new()));
    if let Some(id) = &error.request_id {
        lines.extend(paragraph(&format!("request {id}"), cells, theme.dim));
    }
    lines.push(Row::default());
    let advice = match error.kind {
        Kind::Throttled | Kind::Server | Kind::Network | Kind::Other => {
            "Nothing was changed. You can try it again.".to_owned()
        }
        _ => error.advice(),
    };
    lines.extend(paragraph(&advice, cells, Style::new()));
    Dialog {
        title: title.into(),
        border: theme.bad,
        width: WIDTH,
        lines,
        scroll: 0,
        buttons: vec![button("Close", "Esc", true)],
        highlighted: 0,
    }
}

pub(super) fn details(
    canvas: &Canvas<'_>,
    screen: Rect,
    (user, key): (&str, &str),
    scroll: usize,
) -> Dialog<'static> {
    Dialog {
        title: "Access key".into(),
        border: canvas.theme.accent,
        width: DETAILS_WIDTH,
        lines: details_rows(canvas.state, canvas.now, screen, (user, key)),
        scroll,
        buttons: vec![button("Close", "Esc", true)],
        highlighted: 0,
    }
}

/// The width of the text in a key's details.
const DETAILS_WIDTH: u16 = 60;

/// How many lines the details on top take; none where there are none.
#[must_use]
pub fn details_lines(state: &State) -> usize {
    let Some(Modal::Details { user, key, .. }) = state.dialogs().last() else {
        return 0;
    };
    let screen = Rect::new(0, 0, state.size.0, state.size.1);
    details_rows(state, state.now, screen, (user, key)).len()
}

fn details_rows(
    state: &State,
    now: DateTime<Utc>,
    screen: Rect,
    (user, key): (&str, &str),
) -> Vec<Row<'static>> {
    const LABEL: usize = 12;
    let theme = Theme::of(&state.settings);
    let mut lines: Vec<Row<'static>> = Vec::new();
    let cells = usize::from(inner_width(screen, DETAILS_WIDTH));
    let mut add = |label: &str, value: String| {
        let mut label = label;
        for part in wrap(&visible(&value), cells.saturating_sub(LABEL)) {
            lines.push(
                Line::from(vec![
                    Span::styled(format!("{label:<LABEL$}"), theme.dim),
                    Span::raw(part),
                ])
                .into(),
            );
            label = "";
        }
    };
    let row = state.users.get(user);
    let found = row
        .and_then(|row| row.keys.known())
        .and_then(|keys| keys.iter().find(|row| row.key.id == key));
    add("Key ID", key.into());
    match (row, found) {
        (Some(row), Some(found)) => {
            add("User", row.user.name.to_string());
            add("Path", row.user.path.to_string());
            add("User since", format::exact(row.user.created));
            add("Account", state.session.account());
            match state.description_of(user, key) {
                Some(Some(text)) => add("For", text.to_owned()),
                Some(None) => add("For", "not described (n describes it)".into()),
                None if state.session.descriptions_refused => add("For", "not known".into()),
                None => add("For", "not loaded".into()),
            }
            add("Status", found.key.status.word().into());
            add(
                "Created",
                found.key.created.map_or("not known".into(), |created| {
                    format!("{}, {}", format::exact(created), format::ago(now - created))
                }),
            );
            match (&found.last_used, found.last_used.known()) {
                (
                    _,
                    Some(LastUsed::At {
                        time,
                        service,
                        region,
                    }),
                ) => {
                    add(
                        "Last used",
                        format!("{}, {}", format::exact(*time), format::ago(now - *time)),
                    );
                    let place = |known: &Option<Arc<str>>| {
                        known.as_deref().unwrap_or("not known").to_owned()
                    };
                    add("Service", place(service));
                    add("Region", place(region));
                }
                (load, _) => {
                    add("Last used", words::used(load, theme.glyphs.dot, now));
                    if let Some(error) = load.error() {
                        add("", error.short());
                        add("", error.advice());
                    }
                }
            }
            if state.is_own(key) {
                add("", "This session is signed in with this key.".into());
            }
        }
        _ => add("", "This key is not there any more.".into()),
    }
    lines.push(Row::default());
    lines.push(
        Line::styled(
            "AWS records a use once in 15 minutes and may lag.",
            theme.dim,
        )
        .into(),
    );
    lines
}

pub(super) fn help(
    canvas: &Canvas<'_>,
    screen: Rect,
    of: Context,
    scroll: usize,
) -> Dialog<'static> {
    let theme = canvas.theme;
    let lines = help_text(of, screen.width)
        .map(|(keys, does)| {
            Line::from(vec![
                Span::styled(format!("{keys:<HELP_KEYS$}"), theme.accent),
                Span::raw(does),
            ])
            .into()
        })
        .collect();
    Dialog {
        title: format!("Keys: {}", of.title()),
        border: theme.accent,
        width: HELP_WIDTH,
        lines,
        scroll,
        buttons: vec![button("Close", "Esc", true)],
        highlighted: 0,
    }
}

/// The width of the text in the help, and of the keys in it.
const HELP_WIDTH: u16 = 68;
const HELP_KEYS: usize = 18;

/// How many lines the help of a place takes on a screen of this width.
#[must_use]
pub fn help_lines(of: Context, width: u16) -> usize {
    help_text(of, width).count()
}

/// The lines of the help: keys, and what they do.
fn help_text(of: Context, width: u16) -> impl Iterator<Item = (String, String)> {
    let screen = Rect::new(0, 0, width, 0);
    let room = usize::from(inner_width(screen, HELP_WIDTH)).saturating_sub(HELP_KEYS);
    keymap::in_context(of).flat_map(move |binding| {
        let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
        let mut keys = keys.join(" ");
        wrap(binding.action.help(), room)
            .into_iter()
            .map(move |line| (std::mem::take(&mut keys), line))
    })
}

pub(super) fn command_palette(
    canvas: &Canvas<'_>,
    screen: Rect,
    modal: &Palette,
) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = usize::from(inner_width(screen, WIDTH));
    let view = canvas.state.view;
    let rows = palette::rows(view, modal.input.value());
    let mut lines: Vec<Row<'static>> = vec![
        Line::from(vec![
            Span::styled(": ", theme.accent),
            Span::raw(visible(modal.input.value()).into_owned()),
            Span::styled(theme.glyphs.cursor, theme.accent),
        ])
        .into(),
        Row::default(),
    ];
    if rows.is_empty() {
        lines.push(Line::styled("No action is called that.", theme.dim).into());
    }
    // The rows that fit, around the highlighted one.
    let room = usize::from(screen.height).saturating_sub(8).clamp(3, 14);
    let first = (modal.cursor + 1).saturating_sub(room);
    for (at, action) in rows.iter().enumerate().skip(first).take(room) {
        let key = palette::key(view, *action).map_or_else(String::new, |key| key.to_string());
        let text = shorten(action.help(), cells - 8, theme.glyphs.more).into_owned();
        let pad = " ".repeat((cells - 8).saturating_sub(width(&text)));
        let style = if at == modal.cursor {
            theme.selected
        } else if canvas.state.why_not(*action).is_some() {
            theme.dim
        } else {
            Style::new()
        };
        lines.push(Row {
            line: Line::styled(format!("{text}{pad}{key:>8}"), style),
            targets: vec![(0, to_u16(cells), Target::PaletteRow(at))],
            ..Row::default()
        });
    }
    Dialog {
        title: "Commands".into(),
        border: theme.accent,
        width: WIDTH,
        lines,
        scroll: 0,
        buttons: Vec::new(),
        highlighted: 0,
    }
}
