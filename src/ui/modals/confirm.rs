//! The questions before a change, and what is said where there is no room for a key.

use super::{WIDTH, button, marked, paragraph};
use crate::{
    iam::{Change, KeyStatus, LastUsed},
    state::{
        confirm::{Confirm, KeyFacts, News},
        modal::{Full, Leaving},
    },
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
    let mut lines = target_lines(canvas, modal.gravest(), &modal.account, cells);
    match &modal.key {
        Some(facts) => lines.extend(stakes(canvas, modal, facts, cells)),
        None if modal.at_risk().is_none() => lines.extend(paragraph(
            "AWS shows the secret once, here, and it can be copied then.",
            cells,
            Style::new(),
        )),
        None => {}
    }
    lines.extend(looked(canvas, modal, cells));
    if let Some(typed) = &modal.typed
        && !modal.is_void()
    {
        lines.push(Row::default());
        let value = visible(typed.input.value()).into_owned();
        let style = if typed.expected.starts_with(&value) {
            theme.strong
        } else {
            theme.bad
        };
        let verb = modal.gravest().verb().to_lowercase();
        lines.push(
            Line::from(vec![
                Span::styled(
                    format!("Type its last four characters to {verb} it: "),
                    theme.dim,
                ),
                Span::styled(value, style),
                Span::styled(theme.glyphs.cursor, theme.accent),
            ])
            .into(),
        );
    }
    let key = if modal.typed.is_some() { "" } else { "y" };
    let (title, verb) = match (&modal.change, &modal.then) {
        (Change::Create { .. }, None) => ("Create key".to_owned(), "Create"),
        (change, None) => (format!("{} key", change.verb()), change.verb()),
        (_, Some(Change::Create { .. })) => (
            "Delete the key, create another".to_owned(),
            "Delete and create",
        ),
        (_, Some(_)) => ("Roll back the rotation".to_owned(), "Roll back"),
    };
    Dialog {
        title,
        border: if modal.deletes() {
            theme.bad
        } else {
            theme.accent
        },
        width: WIDTH,
        lines,
        scroll: 0,
        buttons: vec![
            button("Cancel", "", true),
            button(verb, key, modal.is_answered()),
        ],
        highlighted: modal.button,
    }
}

/// What is at stake: the state of the key, and what follows.
fn stakes(canvas: &Canvas<'_>, modal: &Confirm, facts: &KeyFacts, cells: u16) -> Vec<Row<'static>> {
    let theme = canvas.theme;
    let mark = theme.glyphs.warn;
    let in_use = words::in_use(&facts.status, &facts.last_used, canvas.now);
    let quiet = facts.status == KeyStatus::Inactive
        && matches!(facts.last_used.known(), Some(LastUsed::Never));
    let mut lines = Vec::new();
    match (&modal.change, &modal.then) {
        (Change::SetActive { active: true, .. }, None) => {
            lines.extend(paragraph(&in_use, cells, Style::new()));
            let text = "It will be accepted again within seconds.";
            lines.extend(paragraph(text, cells, Style::new()));
        }
        (Change::SetActive { .. }, None) => {
            lines.extend(marked(mark, &in_use, cells, theme.warn));
            let text = "Whatever uses it starts to fail. You can undo this.";
            lines.extend(marked(" ", text, cells, Style::new()));
        }
        (_, then) => {
            let style = if quiet { Style::new() } else { theme.bad };
            lines.extend(marked(mark, &in_use, cells, style));
            let mut text = "This cannot be undone.".to_owned();
            match then {
                None if facts.status != KeyStatus::Inactive => {
                    text.push_str(" Deactivating can: t");
                }
                Some(Change::Create { user }) => {
                    text.extend([" Then another key is created for ", user, "."]);
                }
                Some(_) => text.extend([
                    " First ",
                    modal.change.key().unwrap_or_default(),
                    " is activated again.",
                ]),
                None => {}
            }
            lines.extend(marked(" ", &text, cells, Style::new()));
        }
    }
    if facts.others_active == 0 && modal.gravest().takes_away() {
        let user = modal.change.user();
        let text = if facts.status == KeyStatus::Inactive {
            format!("No other key of {user} is active.")
        } else {
            format!("It is the only active key of {user}.")
        };
        lines.extend(marked(mark, &text, cells, theme.warn));
    }
    if facts.own {
        let text = "iamkeys is signed in with it: the session ends.";
        lines.extend(marked(mark, text, cells, theme.bad));
    }
    lines
}

/// What the look at the account has shown, or that it is still under way.
fn looked(canvas: &Canvas<'_>, modal: &Confirm, cells: u16) -> Vec<Row<'static>> {
    let theme = canvas.theme;
    let check = &modal.check;
    let mark = theme.glyphs.warn;
    if check.is_looking() {
        let text = if check.armed {
            "Looking at the account first; done at once if nothing is different. Esc stops it."
        } else if modal.at_risk().is_some() {
            "Looking whether this is still so"
        } else {
            "Looking whether there is room for it"
        };
        return marked(canvas.spinner(), text, cells, theme.dim);
    }
    let status = |facts: &KeyFacts| visible(facts.status.word()).into_owned();
    let now = modal.key.as_ref().map(status).unwrap_or_default();
    let text = match (&check.news, &check.failed) {
        (Some(News::Gone), _) => "It is not there any more. Nothing is left to be done.".into(),
        (Some(News::Status(before)), _) => format!(
            "It has changed since you looked: it was {}, and is {now} now. Decide again.",
            visible(before.word()),
        ),
        (Some(News::OtherSession), _) => {
            "Another session is open now. Close this, and look at the account again.".into()
        }
        (Some(News::NoOther), _) => {
            "Since you looked, the other key has been switched off or deleted. Decide again.".into()
        }
        (Some(News::Used), _) => "It has been used since you looked. Decide again.".into(),
        (Some(News::UseUnknown), _) => {
            "Its last use can no longer be told. Decide again.".to_owned()
        }
        (Some(News::Appeared(keys)), _) => {
            format!("Since you looked, {} has appeared.", keys.join(" and "))
        }
        (None, Some(error)) => format!(
            "It could not be looked at again, so this may be out of date. {}",
            error.short()
        ),
        (None, None) => {
            let text = if modal.at_risk().is_some() {
                "So it stands in the account right now."
            } else {
                "There is room for it."
            };
            return marked(theme.glyphs.done, text, cells, theme.dim);
        }
    };
    marked(mark, &text, cells, theme.warn)
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
