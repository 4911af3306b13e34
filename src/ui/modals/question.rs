//! What is not known about a change: what was looked for, what was found, and what can be done.

use super::{WIDTH, button, marked, paragraph};
use crate::{
    iam::{AccessKey, Change},
    keymap::{self, Context},
    state::{
        modal::Asked,
        questions::{Cause, Finding, Question, Way},
    },
    ui::{
        Canvas,
        dialog::{Button, Dialog, Row, inner_width},
        format,
    },
};
use ratatui::{layout::Rect, style::Style};

pub(super) fn question(canvas: &Canvas<'_>, screen: Rect, modal: &Asked) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = inner_width(screen, WIDTH);
    let Some(question) = canvas.state.question(&modal.origin) else {
        return Dialog {
            title: "Answered".into(),
            border: theme.accent,
            width: WIDTH,
            lines: paragraph("This has been answered.", cells, Style::new()).collect(),
            scroll: 0,
            buttons: vec![button("Close", "Esc", true)],
            highlighted: 0,
        };
    };
    let mut lines = asked(canvas, question, cells);
    lines.push(Row::default());
    lines.extend(found(canvas, question, cells));
    let leave = if question.is_answered() {
        "Close"
    } else {
        "Later"
    };
    let mut buttons = vec![button(leave, "Esc", true)];
    let ways = canvas.state.ways_on(&modal.origin);
    buttons.extend(ways.iter().map(|way| way_button(*way)));
    let (title, border) = match question.finding {
        Finding::Done => ("It was done", theme.good),
        Finding::Gone => ("It is gone", theme.accent),
        Finding::InUse => ("Somebody has its secret", theme.accent),
        Finding::NotDone => ("Not done so far", theme.warn),
        Finding::Orphans(_) => ("A key whose secret nobody has", theme.bad),
        _ => ("Not known whether it was done", theme.bad),
    };
    Dialog {
        title: title.into(),
        border,
        width: WIDTH,
        lines,
        scroll: 0,
        buttons,
        highlighted: modal.button.min(ways.len()),
    }
}

fn way_button(way: Way) -> Button {
    let action = way.action();
    let key = keymap::key_of(Context::Question, action).map_or_else(String::new, |k| k.to_string());
    let mut verb = action.title().to_owned();
    verb[..1].make_ascii_uppercase();
    button(&verb, &key, true)
}

/// What was asked for, when, and why nobody knows what came of it.
fn asked(canvas: &Canvas<'_>, question: &Question, cells: u16) -> Vec<Row<'static>> {
    let theme = canvas.theme;
    let change = &question.change;
    let what = format!("{} {}", change.verb(), change.target());
    let mut lines = marked(theme.glyphs.warn, &what, cells, theme.strong);
    let when = format!(
        "Sent {} ({}).",
        format::exact(question.sent),
        format::ago(canvas.now - question.sent)
    );
    lines.extend(marked(" ", &when, cells, theme.dim));
    let why = match &question.cause {
        Cause::Lost(error) => match &error.code {
            Some(code) => format!("AWS failed: {code}: {}", error.message),
            None => format!("No answer that could be read: {}", error.message),
        },
        Cause::NoAnswer(said) => match said {
            Some(said) => format!("No answer that could be read: {said}"),
            None => "No answer that could be read.".into(),
        },
        Cause::Interrupted => "iamkeys ended before the answer came.".into(),
        Cause::SecretLost(_) => {
            "It was created, and iamkeys ended before its secret had gone anywhere.".into()
        }
    };
    lines.extend(marked(" ", &why, cells, Style::new()));
    lines
}

/// What the account says.
fn found(canvas: &Canvas<'_>, question: &Question, cells: u16) -> Vec<Row<'static>> {
    let theme = canvas.theme;
    let done = |text: &str| marked(theme.glyphs.done, text, cells, theme.good);
    match &question.finding {
        Finding::Unseen => marked(
            " ",
            "It is looked for once it is known which account this is.",
            cells,
            theme.dim,
        ),
        Finding::Looking(_) => marked(canvas.spinner(), "Looking at the account", cells, theme.dim),
        Finding::Failed(error) => {
            let mut lines = marked(
                theme.glyphs.failed,
                &format!("The account could not be looked at. {error}"),
                cells,
                theme.bad,
            );
            let text = "This stays open, also when you leave iamkeys.";
            lines.extend(marked(" ", text, cells, Style::new()));
            lines
        }
        Finding::Done => done(match question.change {
            Change::Delete { .. } => "The account no longer has it.",
            Change::Describe { .. } => "The account has this description.",
            Change::SetActive { active: true, .. } => "The account has it as Active.",
            _ => "The account has it as Inactive.",
        }),
        Finding::Gone => marked(
            theme.glyphs.done,
            "The account has no such key or user any more: nothing is left to be done.",
            cells,
            Style::new(),
        ),
        Finding::InUse => done("The key has been used: somebody has its secret."),
        Finding::NotDone => {
            let text = match question.change {
                Change::Create { .. } => {
                    "No key has appeared so far. AWS may take some seconds to show one. R looks \
                     again."
                }
                Change::Delete { .. } => "The key is still there, so far.",
                Change::Describe { .. } => "The description is another, so far.",
                Change::SetActive { active: true, .. } => "The key is not Active, so far.",
                Change::SetActive { active: false, .. } => "The key is not Inactive, so far.",
            };
            marked(" ", text, cells, Style::new())
        }
        Finding::Orphans(orphans) => {
            let mut lines = Vec::new();
            for orphan in orphans {
                lines.extend(paragraph(&orphan.id, cells, theme.strong));
                lines.extend(paragraph(&made(canvas, orphan), cells, theme.dim));
            }
            let text = "It was not there before. Unless somebody else has made it, nobody has its \
                        secret, and nobody can get it.";
            let text = match question.cause {
                Cause::SecretLost(_) => "Nobody has its secret, unless you copied it by hand.",
                _ => text,
            };
            lines.extend(paragraph(text, cells, Style::new()));
            if orphans.len() == 1 {
                let text = "Replacing deletes it and creates another. R looks again.";
                lines.extend(paragraph(text, cells, theme.dim));
            }
            lines
        }
    }
}

fn made(canvas: &Canvas<'_>, key: &AccessKey) -> String {
    match key.created {
        Some(created) => format!(
            "{}, created {} ({})",
            key.status.word(),
            format::exact(created),
            format::ago(canvas.now - created)
        ),
        None => key.status.word().to_owned(),
    }
}
