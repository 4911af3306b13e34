//! The rotation of a key: seven steps, which is next, and what is known of each.

use super::{button, hints, marked};
use crate::{
    action::Action,
    iam::{KeyStatus, LastUsed},
    keymap::{self, Context},
    state::{
        fresh::Tried,
        rotation::{Hindrance, Rotate, Rotation, Step, Turn},
        store::Ahead,
        users::KeyRow,
    },
    text::{visible, wrap},
    ui::{
        Canvas,
        dialog::{Button, Dialog, Row, inner_width},
        format, words,
    },
};
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use std::cmp::Ordering;

/// The width of the text, and of the name of a step.
const WIDE: u16 = 78;
const TITLE: usize = 12;

/// Below this height, the steps that are done share a line, and those that are still to come.
const TALL: u16 = 24;

pub(super) fn rotate(canvas: &Canvas<'_>, screen: Rect, modal: &Rotate) -> Dialog<'static> {
    let theme = canvas.theme;
    let rotation = canvas.state.rotation(&modal.user);
    let ahead = modal.ahead.as_ref();
    let cells = inner_width(screen, WIDE);
    let mut lines: Vec<Row<'static>> = Vec::new();
    let tall = screen.height >= TALL;
    let next = rotation.step as usize;
    let together = |mark, title, steps: &[Step]| {
        let steps: Vec<&str> = steps.iter().map(|step| step.title()).collect();
        let lines = (!steps.is_empty())
            .then(|| row(canvas, mark, title, &steps.join(", "), theme.dim, cells));
        lines.into_iter().flatten()
    };
    if !tall {
        lines.extend(together(theme.glyphs.done, "done", &Step::ALL[..next]));
        lines.extend(step_lines(canvas, &rotation, ahead, rotation.step, cells));
        lines.extend(together("", "then", &Step::ALL[next + 1..]));
    }
    for step in Step::ALL.into_iter().filter(|_| tall) {
        if step > Step::Before {
            lines.push(Row {
                line: Line::styled(theme.glyphs.stem, theme.dim),
                divides: true,
                ..Row::default()
            });
        }
        lines.extend(step_lines(canvas, &rotation, ahead, step, cells));
    }
    let rule = theme.glyphs.rule.repeat(usize::from(cells));
    lines.push(Row {
        line: Line::styled(rule, theme.dim),
        // The stems go first where there is room for them.
        divides: !tall,
        ..Row::default()
    });
    for (text, style) in advice(canvas, &rotation, tall) {
        let lines_of = wrap(&visible(&text), usize::from(cells));
        lines.extend(
            lines_of
                .into_iter()
                .map(|l| Row::from(Line::styled(l, style))),
        );
    }
    let turns = canvas.state.turns(&modal.user);
    if turns.contains(&Turn::Create) {
        // Where the steps share a line, it is said nowhere else.
        if let (Some(ahead), false) = (ahead, tall) {
            let text = format!(
                "Its secret goes to {}, which can be written.",
                ahead.place().words()
            );
            lines.extend(marked(theme.glyphs.done, &text, cells, theme.good));
        }
        let all = [
            (Action::WriteProfile, "secret to a profile"),
            (Action::SaveFile, "to a file"),
        ];
        lines.extend(hints(theme, Context::Rotate, &all, 0, cells));
    }
    let mut buttons = vec![button("Leave for now", "", true)];
    buttons.extend(turns.into_iter().map(turn_button));
    Dialog {
        title: format!("Rotate {}", visible(&modal.user)),
        border: theme.accent,
        width: WIDE,
        lines,
        scroll: 0,
        highlighted: modal.button.min(buttons.len() - 1),
        buttons,
    }
}

fn turn_button(turn: Turn) -> Button {
    let (verb, action) = match turn {
        Turn::Create => ("Create", Action::NextStep),
        Turn::Deactivate => ("Deactivate", Action::NextStep),
        Turn::Delete => ("Delete", Action::NextStep),
        Turn::DeleteNew => ("Delete the newer", Action::NextStep),
        Turn::GoToDeletable => ("Go to one that can go", Action::NextStep),
        Turn::Undo => ("Undo", Action::Undo),
        Turn::RollBack => ("Roll back", Action::RollBack),
    };
    let key = keymap::key_of(Context::Rotate, action).map_or_else(String::new, |k| k.to_string());
    button(verb, &key, true)
}

/// A line with a mark, a name and a text, which goes on below itself.
fn row(
    canvas: &Canvas<'_>,
    mark: &str,
    title: &str,
    text: &str,
    style: Style,
    cells: u16,
) -> Vec<Row<'static>> {
    const INDENT: usize = 3 + TITLE;
    let room = usize::from(cells).saturating_sub(INDENT);
    let mut head = format!("{mark:<3}{title:<TITLE$}");
    let next = format!("{:<INDENT$}", canvas.theme.glyphs.stem);
    let mut lines = wrap(&visible(text), room);
    if lines.is_empty() {
        lines.push(String::new());
    }
    let lines = lines.into_iter().map(|line| {
        let before = std::mem::replace(&mut head, next.clone());
        Row::from(Line::from(vec![
            Span::styled(before, style),
            Span::styled(line, style),
        ]))
    });
    lines.collect()
}

/// A step: done, next, or still to come.
fn step_lines(
    canvas: &Canvas<'_>,
    rotation: &Rotation<'_>,
    ahead: Option<&Ahead>,
    step: Step,
    cells: u16,
) -> Vec<Row<'static>> {
    let theme = canvas.theme;
    let glyphs = theme.glyphs;
    let text = text_of(canvas, rotation, ahead, step);
    match step.cmp(&rotation.step) {
        Ordering::Less if step == Step::Check && was_not_tried(rotation) => row(
            canvas,
            glyphs.inactive,
            step.title(),
            &text,
            Style::new(),
            cells,
        ),
        Ordering::Less => row(
            canvas,
            glyphs.done,
            step.title(),
            &text,
            Style::new(),
            cells,
        ),
        Ordering::Greater => row(
            canvas,
            glyphs.inactive,
            step.title(),
            &text,
            theme.dim,
            cells,
        ),
        Ordering::Equal => {
            let mut lines = row(
                canvas,
                glyphs.next,
                step.title(),
                &text,
                theme.strong,
                cells,
            );
            let warning = warning(canvas, rotation, step).unwrap_or_default();
            let room = cells.saturating_sub(15);
            for mut line in marked(glyphs.warn, &warning, room, theme.warn) {
                let before = format!("{:<15}", glyphs.stem);
                // The stem is none of the warning.
                line.line.style = Style::new();
                for span in &mut line.line.spans {
                    span.style = theme.warn;
                }
                line.line.spans.insert(0, Span::styled(before, theme.dim));
                lines.push(line);
            }
            lines
        }
    }
}

/// Whether nobody has seen the new key work.
fn was_not_tried(rotation: &Rotation<'_>) -> bool {
    let tried = rotation
        .fresh
        .is_some_and(|fresh| matches!(fresh.trial, Tried::Works(_)));
    let used = rotation
        .new
        .is_some_and(|new| matches!(new.last_used.known(), Some(LastUsed::At { .. })));
    !tried && !used
}

fn text_of(
    canvas: &Canvas<'_>,
    rotation: &Rotation<'_>,
    ahead: Option<&Ahead>,
    step: Step,
) -> String {
    let id = |row: Option<&KeyRow>| row.map(|row| row.key.id.clone()).unwrap_or_default();
    let age = |row: &KeyRow| match row.key.created {
        Some(created) => format::long(canvas.now - created),
        None => "an unknown number of days".into(),
    };
    match step {
        Step::Before => match (rotation.hindrance, rotation.old, rotation.new) {
            (Some(Hindrance::NotLoaded), ..) => "the keys are being asked for".into(),
            (Some(Hindrance::NoKey), ..) => "no key".into(),
            (Some(Hindrance::NoRoom), ..) => "no room for a new key beside the old".into(),
            (_, Some(old), None) => format!("one key, {} old; room for a second", age(old)),
            (_, Some(old), Some(_)) => format!("two keys; the older is {} old", age(old)),
            _ => String::new(),
        },
        Step::Create => match rotation.new {
            None => "a second key, beside the old one".into(),
            Some(new) => match new.key.created {
                Some(created) => {
                    format!("{}, {}", new.key.id, format::ago(canvas.now - created))
                }
                None => new.key.id.clone(),
            },
        },
        Step::Store => match (rotation.fresh, rotation.new) {
            (Some(fresh), _) if !fresh.stored.is_empty() => fresh.stored.join(", "),
            (Some(_), Some(_)) if rotation.hindrance == Some(Hindrance::NobodyMayHaveIt) => {
                "its secret was thrown away".into()
            }
            (Some(_), Some(_)) => "its secret has gone nowhere yet".into(),
            (None, Some(new)) if new.was_used_by_others() => {
                "somebody has it: it has been used".into()
            }
            (None, Some(new)) => words::used(&new.last_used, canvas.theme.glyphs.dot, canvas.now),
            _ => match ahead {
                Some(ahead) => format!("{}: can be written", ahead.place().words()),
                None => "put its secret where it is needed".into(),
            },
        },
        Step::Check => match (rotation.fresh.map(|fresh| &fresh.trial), rotation.new) {
            (Some(Tried::Works(caller)), _) => {
                format!("answers as {} in {}", caller.name(), caller.account)
            }
            (Some(Tried::Trying(times, since)), _) => format!(
                "tried {}, {} s; AWS takes some seconds {}",
                match times {
                    1 => "once".to_owned(),
                    times => format!("{times} times"),
                },
                (canvas.now - *since).num_seconds().clamp(0, 60),
                canvas.spinner()
            ),
            (Some(Tried::Refused(error)), _) => format!("not accepted: {}", error.short()),
            (_, Some(new)) if was_used(new) => {
                words::used(&new.last_used, canvas.theme.glyphs.dot, canvas.now)
            }
            (_, Some(_)) if rotation.step > Step::Check => "not seen to work yet".into(),
            _ => "is it accepted, and whose is it?".into(),
        },
        Step::Deactivate => id(rotation.old),
        Step::Watch => match rotation.old {
            Some(old) if rotation.step >= Step::Watch => {
                words::used(&old.last_used, canvas.theme.glyphs.dot, canvas.now)
            }
            _ => "is the old key still asked for?".into(),
        },
        Step::Delete => id(rotation.old),
    }
}

fn was_used(row: &KeyRow) -> bool {
    matches!(row.last_used.known(), Some(LastUsed::At { .. }))
}

/// What to beware of in the step that is next.
fn warning(canvas: &Canvas<'_>, rotation: &Rotation<'_>, step: Step) -> Option<String> {
    match (step, rotation.hindrance) {
        (_, Some(Hindrance::NewIsInactive)) => Some(format!(
            "{} is the newer, and Inactive: rolled back, or switched off",
            rotation.new?.key.id
        )),
        (_, Some(Hindrance::WrongOwner)) => Some("it belongs to somebody else".into()),
        (Step::Deactivate, _) => {
            let old = rotation.old?;
            let used = words::used_at(&old.last_used, canvas.now);
            Some(format!("{used} (may lag some minutes)"))
        }
        _ => None,
    }
}

/// Whether it is known when the old key was used, or that it never was.
fn is_use_known(rotation: &Rotation<'_>) -> bool {
    rotation
        .old
        .is_some_and(|old| old.last_used.known().is_some())
}

/// What to do about a new key whose secret may be lost.
fn nobody_may_have_it(rotation: &Rotation<'_>) -> &'static str {
    let off = |old: &KeyRow| old.key.status == KeyStatus::Inactive;
    if rotation.old.is_some_and(off) {
        "The old key is off, and nobody has used the newer one but iamkeys, if that has tried it. If \
         somebody has its secret, wait for its first use. If nobody has, roll back."
    } else if rotation.fresh.is_some() {
        "Nobody has the secret of the new key: delete it and begin again."
    } else if rotation.new.is_some_and(was_used) {
        "Two keys, and the newer was only tried, as iamkeys tries a new one. If somebody has its \
         secret, wait for its first use. If nobody has, delete it and begin again."
    } else {
        "Two keys, and the newer was never used. If somebody has its secret, wait for its first \
         use. If nobody has, delete it and begin again."
    }
}

/// What this means, and what to do: below the steps.
fn advice(canvas: &Canvas<'_>, rotation: &Rotation<'_>, tall: bool) -> Vec<(String, Style)> {
    let theme = canvas.theme;
    let plain = Style::new();
    let mut lines: Vec<(String, Style)> = Vec::new();
    let own = rotation
        .old
        .is_some_and(|old| canvas.state.is_own(&old.key.id));
    if own && (rotation.step <= Step::Create || rotation.fresh.is_some()) {
        let text = "iamkeys is signed in with the old key, and goes on with the new one.";
        lines.push((text.into(), theme.warn));
    } else if rotation.fresh.is_some_and(|fresh| fresh.replaces_own) && !own {
        lines.push((
            "iamkeys is signed in with the new key now.".into(),
            theme.good,
        ));
    }
    let text = match (rotation.step, rotation.hindrance) {
        (_, Some(Hindrance::NotLoaded)) => return lines,
        (_, Some(Hindrance::NoKey)) => "Nothing to rotate: c creates a key.",
        (_, Some(Hindrance::NoRoom)) => {
            "A key has to go first: one that is Inactive or was never used. Of no other is it \
             offered."
        }
        (_, Some(Hindrance::NewIsInactive)) => {
            "It can be deleted to begin again, or activated in the list (t) to go on with it."
        }
        (_, Some(Hindrance::Asking)) => "Whether the newer key was ever used is being asked.",
        (_, Some(Hindrance::UseUnknown)) => {
            "Whether the newer key was ever used cannot be told, and so not whether anybody has its \
             secret. Ask who created it; t and d in the list work as ever."
        }
        (_, Some(Hindrance::NobodyMayHaveIt)) => nobody_may_have_it(rotation),
        (_, Some(Hindrance::SecretNowhere)) => {
            "Nothing is done to the old key before the new secret is somewhere."
        }
        (_, Some(Hindrance::Trying)) => "A new key is not accepted everywhere at once.",
        (_, Some(Hindrance::Refused)) => {
            "The new key was not accepted. Leave the old one as it is: once the new one is used, \
             this goes on (R looks again). Or roll back."
        }
        (_, Some(Hindrance::NotListed)) => {
            "A new key was created, and AWS does not list it yet: R looks again."
        }
        (_, Some(Hindrance::WrongOwner)) => "Do not go on.",
        (_, Some(Hindrance::StillWarm)) if !is_use_known(rotation) => {
            "Its last use is not known. See whether everything still runs before you delete it."
        }
        (_, Some(Hindrance::StillWarm))
            if rotation.old.is_some_and(|old| {
                !canvas.state.is_warm(old) && canvas.state.was_switched_off(&old.key.id)
            }) =>
        {
            "It was switched off just now: nothing can have missed it yet. See whether everything \
             still runs, and wait some days before you delete it."
        }
        (_, Some(Hindrance::StillWarm)) => {
            "It was in use not long ago. See whether everything still runs, and wait some days \
             before you delete it."
        }
        (Step::Create, None)
            if rotation
                .old
                .is_some_and(|old| old.key.status == KeyStatus::Inactive) =>
        {
            "The old key is off already."
        }
        (Step::Create, None) => "The old key stays as it is until you say so.",
        (Step::Check, None) => {
            "Nobody has tried the new key yet. Its first use shows here; R looks again."
        }
        (Step::Deactivate, None) if !is_use_known(rotation) => {
            "Whether the old key is in use is not known. Deactivating can be undone with one key."
        }
        (Step::Deactivate, None) if rotation.old.is_some_and(|old| canvas.state.is_warm(old)) => {
            "The old key is still in use: whatever uses it must have the new one first. \
             Deactivating can be undone with one key."
        }
        (Step::Deactivate, None) => "Deactivating can be undone with one key.",
        (Step::Delete, None) => "It was not used this week. Deleting cannot be undone.",
        _ => "",
    };
    if !text.is_empty() {
        lines.push((text.into(), plain));
    }
    if rotation
        .old
        .is_some_and(|old| matches!(old.key.status, KeyStatus::Active | KeyStatus::Inactive))
        && rotation.new.is_some()
        && tall
    {
        let text = "You can leave here and come back: the account itself remembers.";
        lines.push((text.into(), theme.dim));
    }
    lines
}
