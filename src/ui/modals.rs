//! What each dialog says.

use super::{
    Canvas,
    dialog::{Button, Dialog, Row, inner_width},
    format, words,
};
use crate::{
    action::Action,
    effect::Copied,
    iam::{Change, KeyStatus, LastUsed},
    keymap::{self, Context},
    message::{CopyOutcome, Target},
    palette,
    secret::clipboard::Route,
    state::modal::{Confirm, Discard, Failure, Full, Leaving, Modal, NewKey, Palette},
    text::{shorten, visible, width, wrap},
};
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

/// The usual width of the text in a dialog.
const WIDTH: u16 = 54;

pub(super) fn draw(canvas: &mut Canvas<'_>, screen: Rect, modal: &Modal) {
    let dialog = match modal {
        Modal::Confirm(modal) => confirm(canvas, screen, modal),
        Modal::Full(modal) => full(canvas, screen, modal),
        Modal::NewKey(modal) => new_key(canvas, screen, modal),
        Modal::Discard(modal) => discard(canvas, screen, modal),
        Modal::Leaving(modal) => leaving(canvas, screen, modal),
        Modal::Failure(modal) => failure(canvas, screen, modal),
        Modal::Details { user, key } => details(canvas, user, key),
        Modal::Help { of, scroll } => help(canvas, *of, *scroll),
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

fn confirm(canvas: &Canvas<'_>, screen: Rect, modal: &Confirm) -> Dialog<'static> {
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

fn full(canvas: &Canvas<'_>, screen: Rect, modal: &Full) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = inner_width(screen, WIDTH);
    let mut lines: Vec<Row<'static>> = Vec::new();
    let text = format!(
        "{} has {}, and this account allows {}. Inactive keys count.",
        modal.user,
        match modal.keys.len() {
            0 => "as many keys as there may be".into(),
            count => format::plural(count, "key"),
        },
        modal.quota
    );
    lines.extend(paragraph(&text, cells, Style::new()));
    lines.push(Row::default());
    for (id, status, last_used) in &modal.keys {
        let in_use = words::in_use(status, last_used, canvas.now);
        lines.extend(paragraph(id, cells, theme.strong));
        lines.extend(marked(" ", &in_use, cells, theme.dim));
    }
    lines.push(Row::default());
    let mut buttons = vec![button("Cancel", "", true)];
    if let Some(candidate) = &modal.candidate {
        let text = format!("{candidate} could be deleted to make room.");
        lines.extend(paragraph(&text, cells, Style::new()));
        buttons.push(button("Go to it", "y", true));
    } else {
        let text = "All of them may be in use. Find out which is not, deactivate it, wait, then delete it.";
        lines.extend(paragraph(text, cells, theme.warn));
    }
    Dialog {
        title: "No room for another key".into(),
        border: theme.warn,
        width: WIDTH,
        lines,
        scroll: 0,
        buttons,
        highlighted: modal.button,
    }
}

fn new_key(canvas: &Canvas<'_>, screen: Rect, modal: &NewKey) -> Dialog<'static> {
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
    lines.push(Row::default());
    let rule = theme.glyphs.rule.repeat(usize::from(cells));
    lines.push(Row {
        line: Line::styled(rule, theme.dim),
        divides: true,
        ..Row::default()
    });
    lines.extend(done_so_far(canvas, modal, cells));
    lines.push(hints(
        canvas,
        Context::NewKey,
        &[(Action::CloseNewKey, Action::CloseNewKey.title())],
        28,
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

/// What has been done with a new key so far; and if nothing can be, how to get at the secret.
fn done_so_far(canvas: &Canvas<'_>, modal: &NewKey, cells: u16) -> Vec<Row<'static>> {
    let theme = canvas.theme;
    let route = canvas.state.settings.clipboard;
    let mut lines = Vec::new();
    for (what, outcome) in &modal.done {
        let (good, text) = words::copied(*what, outcome, route);
        let (mark, style) = if good {
            (theme.glyphs.done, theme.good)
        } else {
            (theme.glyphs.failed, theme.bad)
        };
        lines.extend(marked(mark, &text, cells, style));
    }
    let sent = |what: &Copied, outcome: &CopyOutcome| {
        what.holds_secret() && *outcome == CopyOutcome::SentToTerminal
    };
    let failed = modal.done.iter().any(|(_, outcome)| {
        matches!(
            outcome,
            CopyOutcome::Failed(_) | CopyOutcome::Unavailable(_)
        )
    });
    if failed || matches!(route, Route::Unavailable(_)) {
        lines.extend(marked(" ", words::WITHOUT_CLIPBOARD, cells, Style::new()));
    } else if modal.done.iter().any(|(what, outcome)| sent(what, outcome)) {
        // Nobody acknowledges OSC 52: the person is the only one who can.
        lines.extend(marked(
            " ",
            "Paste it somewhere to be sure before you close this.",
            cells,
            theme.dim,
        ));
    } else if !modal.is_somewhere() {
        lines.extend(paragraph(
            "The secret is nowhere else yet.",
            cells,
            theme.dim,
        ));
    }
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

fn discard(canvas: &Canvas<'_>, screen: Rect, modal: &Discard) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = inner_width(screen, WIDTH);
    let key = canvas
        .state
        .modals
        .iter()
        .rev()
        .find_map(|modal| match modal {
            Modal::NewKey(new) if modal.holds_only_copy() => Some(new),
            _ => None,
        });
    let mut lines = Vec::new();
    if let Some(new) = key {
        let text = format!("The secret of {} has gone nowhere.", new.id);
        lines.extend(marked(theme.glyphs.warn, &text, cells, theme.bad));
        let text = format!(
            "Nobody can ever get it back. The key itself stays with {}, and works for nobody.",
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
        buttons: vec![button("Keep", "Esc", true), button("Discard", "d", true)],
        highlighted: modal.button,
    }
}

fn leaving(canvas: &Canvas<'_>, screen: Rect, modal: &Leaving) -> Dialog<'static> {
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

fn failure(canvas: &Canvas<'_>, screen: Rect, modal: &Failure) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = inner_width(screen, WIDTH);
    let error = &modal.error;
    let what = format!(
        "{} {}",
        modal.change.verb().to_lowercase(),
        modal.change.target()
    );
    let mut lines = Vec::new();
    let title;
    if error.outcome_unknown() {
        title = "Not known whether it was done".to_owned();
        let text = format!("AWS did not say what came of this: {what}");
        lines.extend(marked(theme.glyphs.warn, &text, cells, theme.warn));
        lines.push(Row::default());
        let text = match modal.change {
            Change::Create { .. } => {
                "A key may exist whose secret nobody has. It was asked for once, and not again. \
                 The user's keys are being listed now: if one has appeared, delete it and create \
                 another."
            }
            _ => "The user's keys are being listed now: they show what is true.",
        };
        lines.extend(paragraph(text, cells, Style::new()));
    } else {
        title = match error.kind {
            crate::iam::Kind::Gone => "It is gone".to_owned(),
            _ => "Not done".to_owned(),
        };
        lines.extend(marked(theme.glyphs.failed, &what, cells, theme.strong));
    }
    lines.push(Row::default());
    lines.extend(paragraph(&error.short(), cells, theme.bad));
    lines.extend(paragraph(&error.message, cells, Style::new()));
    if let Some(id) = &error.request_id {
        lines.extend(paragraph(&format!("request {id}"), cells, theme.dim));
    }
    if !error.outcome_unknown() {
        lines.push(Row::default());
        lines.extend(paragraph(&error.advice(), cells, Style::new()));
    }
    Dialog {
        title,
        border: theme.bad,
        width: WIDTH,
        lines,
        scroll: 0,
        buttons: vec![button("Close", "Esc", true)],
        highlighted: 0,
    }
}

fn details(canvas: &Canvas<'_>, user: &str, key: &str) -> Dialog<'static> {
    const LABEL: usize = 12;
    let theme = canvas.theme;
    let mut lines: Vec<Row<'static>> = Vec::new();
    let mut add = |label: &str, value: String| {
        let text = visible(&value).into_owned();
        lines.push(
            Line::from(vec![
                Span::styled(format!("{label:<LABEL$}"), theme.dim),
                Span::raw(text),
            ])
            .into(),
        );
    };
    let row = canvas.state.users.get(user);
    let found = row
        .and_then(|row| row.keys.known())
        .and_then(|keys| keys.iter().find(|row| row.key.id == key));
    add("Key ID", key.into());
    match (row, found) {
        (Some(row), Some(found)) => {
            add("User", row.user.name.to_string());
            add("Path", row.user.path.to_string());
            add("User since", format::exact(row.user.created));
            add("Account", canvas.state.session.account());
            add("Status", found.key.status.word().into());
            add(
                "Created",
                found.key.created.map_or("not known".into(), |created| {
                    format!(
                        "{}, {}",
                        format::exact(created),
                        format::ago(canvas.now - created)
                    )
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
                        format!(
                            "{}, {}",
                            format::exact(*time),
                            format::ago(canvas.now - *time)
                        ),
                    );
                    let unknown = || "not known".to_owned();
                    add("Service", service.clone().unwrap_or_else(unknown));
                    add("Region", region.clone().unwrap_or_else(unknown));
                }
                (load, _) => {
                    add("Last used", words::used(load, theme.glyphs.dot, canvas.now));
                    if let Some(error) = load.error() {
                        add("", error.short());
                        add("", error.advice());
                    }
                }
            }
            if canvas.state.is_own(key) {
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
    Dialog {
        title: "Access key".into(),
        border: theme.accent,
        width: 60,
        lines,
        scroll: 0,
        buttons: vec![button("Close", "Esc", true)],
        highlighted: 0,
    }
}

fn help(canvas: &Canvas<'_>, of: Context, scroll: usize) -> Dialog<'static> {
    const KEYS: usize = 18;
    let theme = canvas.theme;
    let lines = keymap::in_context(of)
        .map(|binding| {
            let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
            Line::from(vec![
                Span::styled(format!("{:<KEYS$}", keys.join(" ")), theme.accent),
                Span::raw(binding.action.help()),
            ])
            .into()
        })
        .collect();
    Dialog {
        title: format!("Keys: {}", of.title()),
        border: theme.accent,
        width: 62,
        lines,
        scroll,
        buttons: vec![button("Close", "Esc", true)],
        highlighted: 0,
    }
}

fn command_palette(canvas: &Canvas<'_>, screen: Rect, modal: &Palette) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = usize::from(inner_width(screen, WIDTH));
    let rows = palette::rows(modal.input.value());
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
        let key = palette::key(*action).map_or_else(String::new, |key| key.to_string());
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

fn to_u16(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
