//! Where a new key's secret is to go: the name of a profile or the path of a file, and what would
//! change in a profile, before it does.

use super::{button, field, hints, marked, paragraph, pieces};
use crate::{
    action::Action,
    keymap::Context,
    message::Target,
    secret::{credentials::Fate, csv_file::Layout},
    state::{
        State,
        modal::Modal,
        store::{Agreeing, NEW_KEY, Phase, Profiles, Sink, Store, Whose},
    },
    text::{shorten_name, visible, width},
    ui::{
        Canvas,
        dialog::{Dialog, Row, inner_width, to_u16},
        theme::Theme,
    },
};
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

/// The width of the text: a key ID behind its name, and most paths.
const WIDE: u16 = 68;

/// Beyond this, a name makes a button too wide.
const ON_BUTTON: usize = 17;

pub(super) fn store(canvas: &Canvas<'_>, screen: Rect, modal: &Store) -> Dialog<'static> {
    let theme = canvas.theme;
    let cells = inner_width(screen, WIDE);
    let (title, lines, buttons) = match (&modal.phase, &modal.sink) {
        (Phase::Naming, Sink::Profile(profiles)) => {
            let lines = naming(canvas, screen, modal, profiles, cells);
            ("Write to a profile", lines, Vec::new())
        }
        (Phase::Naming, Sink::File(layout)) => {
            let lines = filing(canvas, modal, *layout, cells);
            ("Save as a file", lines, Vec::new())
        }
        (Phase::Agreeing(agreeing), _) => {
            let lines = review(canvas.state, canvas.spinner(), modal, agreeing, cells);
            let ready = modal.whose() != Whose::Asking;
            let buttons = vec![button("Cancel", "", true), button(&verb(modal), "y", ready)];
            ("What will change", lines, buttons)
        }
        (Phase::Planning { .. }, _) => {
            let text = format!("Looking at [{}]", modal.input.value());
            (
                "Write to a profile",
                working(canvas, &text, cells),
                Vec::new(),
            )
        }
        (Phase::Putting(_), _) => {
            let what = if modal.key.is_some() {
                "Writing"
            } else {
                "Seeing whether it can be written:"
            };
            let text = match &modal.sink {
                Sink::Profile(_) => format!("{what} profile {}", modal.input.value()),
                Sink::File(_) => format!("{what} {}", modal.input.value()),
            };
            ("Writing", working(canvas, &text, cells), Vec::new())
        }
    };
    let danger = matches!(modal.whose(), Whose::Another(_));
    Dialog {
        title: title.into(),
        border: if danger { theme.bad } else { theme.accent },
        width: WIDE,
        lines,
        scroll: modal.scroll,
        buttons,
        highlighted: modal.button,
    }
}

/// Something that takes a moment, and the way back.
fn working(canvas: &Canvas<'_>, text: &str, cells: u16) -> Vec<Row<'static>> {
    let mut lines = marked(canvas.spinner(), text, cells, Style::new());
    lines.push(Row::default());
    let back = [(Action::Cancel, "back")];
    lines.extend(hints(canvas.theme, Context::Plan, &back, 0, cells));
    lines
}

/// Which key it is about.
fn subject(theme: Theme, state: &State, modal: &Store, cells: u16) -> Vec<Row<'static>> {
    let mut lines: Vec<Row<'static>> = Vec::new();
    match &modal.key {
        Some(key) => {
            let text = format!("{key} of {}", modal.user);
            lines.extend(paragraph(&text, cells, theme.strong));
        }
        None => {
            let text = format!("The key to be created for {}", modal.user);
            lines.extend(paragraph(&text, cells, theme.strong));
        }
    }
    if state.stores_a_demo_key() {
        let text = "It is the demo's, and works nowhere; the file is real.";
        lines.extend(marked(theme.glyphs.warn, text, cells, theme.warn));
    }
    lines
}

fn refusal(theme: Theme, modal: &Store, cells: u16) -> Vec<Row<'static>> {
    let refused = modal.refused.iter();
    refused
        .flat_map(|why| marked(theme.glyphs.failed, why, cells, theme.bad))
        .collect()
}

/// A profile's name being typed, above those that there are.
fn naming(
    canvas: &Canvas<'_>,
    screen: Rect,
    modal: &Store,
    profiles: &Profiles,
    cells: u16,
) -> Vec<Row<'static>> {
    let theme = canvas.theme;
    let mut lines = subject(theme, canvas.state, modal, cells);
    match &profiles.found {
        None => {
            let text = "Looking for the profiles that there are";
            lines.extend(marked(canvas.spinner(), text, cells, theme.dim));
        }
        Some(found) => {
            if let Some(path) = &found.path {
                lines.extend(paragraph(&format!("in {path}"), cells, theme.dim));
            }
            if let Err(why) = &found.profiles {
                lines.extend(marked(theme.glyphs.warn, why, cells, theme.warn));
            }
        }
    }
    lines.push(Row::default());
    lines.extend(field(theme, "Profile:", &modal.input, cells));
    let name = modal.name();
    if modal.refused.is_some() {
        lines.extend(refusal(theme, modal, cells));
    } else if !name.is_empty()
        && let Some(exists) = modal.exists()
    {
        let text = if exists {
            format!("[{name}] is there: what it holds is shown before anything changes.")
        } else {
            format!("[{name}] will be new.")
        };
        lines.extend(paragraph(&text, cells, theme.dim));
    }
    let all = [
        (Action::GoOn, "go on"),
        (Action::TakeName, "take the name"),
        (Action::Cancel, "back"),
    ];
    let hints = hints(theme, Context::Profile, &all, 0, cells);
    // The rows that fit, around the highlighted one.
    let used = lines.len() + hints.len() + 2;
    let room = crate::ui::layout::dialog_room(screen.height, false);
    let room = room.saturating_sub(used).clamp(1, 10);
    let rows = modal.matches();
    let first = profiles
        .cursor
        .map_or(0, |at| (at + 1).saturating_sub(room));
    lines.push(Row::default());
    for (at, name) in rows.iter().enumerate().skip(first).take(room) {
        let style = if profiles.cursor == Some(at) {
            theme.selected
        } else {
            Style::new()
        };
        let left = rows.len() - at - 1;
        let more = if at + 1 == first + room && left > 0 {
            format!("  and {left} more")
        } else {
            String::new()
        };
        let cells = usize::from(cells).saturating_sub(2 + width(&more));
        let name = visible(name);
        let name = shorten_name(&name, cells, theme.glyphs.more);
        lines.push(Row {
            line: Line::from(vec![
                Span::styled(format!("  {name}"), style),
                Span::styled(more, theme.dim),
            ]),
            targets: vec![(0, to_u16(width(&name) + 2), Target::PaletteRow(at))],
            ..Row::default()
        });
    }
    lines.push(Row::default());
    lines.extend(hints);
    lines
}

/// A file's path being typed.
fn filing(canvas: &Canvas<'_>, modal: &Store, layout: Layout, cells: u16) -> Vec<Row<'static>> {
    let theme = canvas.theme;
    let mut lines = subject(theme, canvas.state, modal, cells);
    lines.push(Row::default());
    lines.extend(field(theme, "Path:", &modal.input, cells));
    lines.extend(refusal(theme, modal, cells));
    lines.push(Row::default());
    let (columns, other) = match layout {
        Layout::Console => (
            "Columns as in the console's file: key ID, secret.",
            "columns to import",
        ),
        Layout::Importable => (
            "Columns for aws configure import: user, key ID, secret.",
            "the console's columns",
        ),
    };
    lines.extend(paragraph(columns, cells, Style::new()));
    let text = "Always a new file, readable by you only. Relative to the working directory.";
    lines.extend(paragraph(text, cells, theme.dim));
    lines.push(Row::default());
    let all = [
        (
            Action::GoOn,
            if modal.key.is_some() {
                "save"
            } else {
                "choose"
            },
        ),
        (Action::OtherColumns, other),
        (Action::Cancel, "back"),
    ];
    lines.extend(hints(theme, Context::File, &all, 0, cells));
    lines
}

/// The verb of the button that goes on.
fn verb(modal: &Store) -> String {
    match modal.whose() {
        Whose::Another(caller) => {
            let name = visible(caller.name()).into_owned();
            if width(&name) <= ON_BUTTON {
                format!("Replace {name}'s keys")
            } else {
                "Replace their keys".into()
            }
        }
        _ if modal.key.is_none() => "Choose".into(),
        _ => "Write".into(),
    }
}

/// How many lines it takes to show what would change; none where that is not on top.
#[must_use]
pub fn plan_lines(state: &State) -> usize {
    match state.dialogs().last() {
        Some(Modal::Store(modal)) => match &modal.phase {
            Phase::Agreeing(agreeing) => {
                let screen = Rect::new(0, 0, state.size.0, state.size.1);
                let cells = inner_width(screen, WIDE);
                let rows = review(state, " ", modal, agreeing, cells);
                rows.iter().filter(|row| !row.can_go()).count()
            }
            _ => 0,
        },
        _ => 0,
    }
}

/// What would change. What decides comes first: on a small screen the rest has to be scrolled to.
fn review(
    state: &State,
    spinner: &'static str,
    modal: &Store,
    agreeing: &Agreeing,
    cells: u16,
) -> Vec<Row<'static>> {
    let theme = Theme::of(&state.settings);
    let plan = &agreeing.plan;
    let mut lines = subject(theme, state, modal, cells);
    let path = match &modal.sink {
        Sink::Profile(profiles) => profiles.found.as_ref().and_then(|found| found.path.clone()),
        Sink::File(_) => None,
    };
    let what = match (plan.file_exists, plan.section_exists()) {
        (false, _) => ", in a new file:",
        (true, false) => ", a new section in",
        (true, true) => " in",
    };
    let place = format!("[{}]{what} {}", plan.profile, path.unwrap_or_default());
    lines.extend(paragraph(&place, cells, theme.dim));
    if agreeing.again {
        let text = "It has changed since it was shown. This is what it is now; decide again.";
        lines.extend(marked(theme.glyphs.warn, text, cells, theme.warn));
    }
    lines.extend(verdict(state, theme, spinner, modal, agreeing, cells));
    for beware in &plan.beware {
        lines.extend(marked(theme.glyphs.warn, beware, cells, theme.warn));
    }
    lines.push(Row::default());
    for line in &plan.lines {
        let (mark, style) = match line.fate {
            Fate::Kept => ("  ", theme.dim),
            Fate::Removed => ("- ", theme.bad),
            Fate::Added => ("+ ", theme.good),
        };
        let text = line.text.replace(NEW_KEY, "the new key's");
        let parts = pieces(&visible(&text), usize::from(cells).saturating_sub(2));
        lines.extend(
            parts
                .into_iter()
                .map(|part| Row::from(Line::styled(format!("{mark}{part}"), style))),
        );
    }
    lines.push(Row::default());
    let all = [
        (Action::OtherName, "another name"),
        (Action::Cancel, "back"),
    ];
    lines.extend(hints(theme, Context::Plan, &all, 0, cells));
    lines
}

/// Whose key is there now.
fn verdict(
    state: &State,
    theme: Theme,
    spinner: &'static str,
    modal: &Store,
    agreeing: &Agreeing,
    cells: u16,
) -> Vec<Row<'static>> {
    let key = agreeing.holder.as_ref().map_or("", |holder| &holder.key);
    let warn = theme.glyphs.warn;
    match modal.whose() {
        Whose::Nobody => Vec::new(),
        Whose::ThisKey => marked(
            theme.glyphs.done,
            "It holds this key already.",
            cells,
            theme.good,
        ),
        Whose::Asking => marked(
            spinner,
            &format!("It holds {key}. Asking whose that is."),
            cells,
            theme.dim,
        ),
        Whose::SameUser => marked(
            theme.glyphs.done,
            &format!("It holds {key}, of {} as well.", modal.user),
            cells,
            theme.good,
        ),
        Whose::Another(caller) => {
            let text = format!("It holds {key} of somebody else: {}", caller.arn);
            let mut lines = marked(warn, &text, cells, theme.bad);
            if modal
                .number
                .as_ref()
                .is_some_and(|number| *number != caller.account)
            {
                let text = format!("That is another account: {}.", caller.account);
                lines.extend(marked(" ", &text, cells, theme.bad));
            }
            let text = "Whoever uses this profile will be somebody else then.";
            lines.extend(marked(" ", text, cells, Style::new()));
            lines
        }
        Whose::NotAccepted => {
            let text = match state.endpoint() {
                None => format!(
                    "It holds {key}, which AWS does not accept: deleted, Inactive or expired."
                ),
                Some(endpoint) => format!(
                    "It holds {key}. The endpoint of this session ({endpoint}) does not accept \
                     it; AWS was not asked."
                ),
            };
            marked(warn, &text, cells, theme.warn)
        }
        Whose::NotKnown(why) => {
            let text = format!("It holds {key}. Whose that is, is not known: {why}");
            marked(warn, &text, cells, theme.warn)
        }
    }
}
