//! Keys, pastes and the mouse: what they mean in the place on top, and whether they were meant.

use super::act::{act, copy_as, press, run_palette};
use crate::{
    action::Action,
    effect::Effect,
    iam::key_id::holds_secret,
    keymap::{self, Context},
    message::{KeyPress, Target},
    palette,
    secret::forms::Form,
    state::{Pane, State, View, modal::Modal, sort::Sort},
    text,
    ui::{details_lines, entry_lines, help_lines, layout, plan_lines},
};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tui_input::{Input, InputRequest};

/// More keys than this in a row, faster than a person presses them, are a paste or a cat on the
/// keyboard: from then on they only move about.
const BURST: usize = 4;

/// The most that a text field takes, in bytes.
const PASTE_LIMIT: usize = 128;

/// The most that one takes for a path or a description: more than either may have, so that what is
/// too long can be said to be.
const LONG_LIMIT: usize = 2048;

pub(super) fn key(state: &mut State, press: KeyPress) -> Vec<Effect> {
    if press.key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let context = state.context();
    let key = keymap::Key::from(press.key);
    let action = keymap::action(context, key).filter(|action| {
        // The end of a key ID may hold the letter that would otherwise switch to deactivating.
        !(*action == Action::DeactivateInstead && context == Context::Typed && typing(state))
    });
    let Some(action) = action else {
        if context.takes_text() && !layout::is_too_small(state.size) {
            edit(state, press.key);
        }
        return Vec::new();
    };
    let leaves = matches!(action, Action::Interrupt | Action::Suspend);
    if layout::is_too_small(state.size) && !leaves {
        // Nobody sees what they would answer.
        return Vec::new();
    }
    if too_fast(context, action, press.run) {
        state.complain("Keys came faster than a person types them, and were ignored");
        return Vec::new();
    }
    if press.key.kind == KeyEventKind::Repeat && !action.only_moves() {
        return Vec::new();
    }
    state.notice = None;
    act(state, action)
}

/// Whether a key came too closely behind others to have been meant: nobody has seen what it would
/// answer, or it is one of a paste.
fn too_fast(context: Context, action: Action, run: usize) -> bool {
    match action {
        Action::Interrupt | Action::Suspend => false,
        action if action.must_be_meant() => run > 0,
        action => run >= BURST && !action.only_moves() && !context.takes_text(),
    }
}

/// Whether the typed confirmation on top has begun to be answered.
fn typing(state: &State) -> bool {
    matches!(
        state.modals.last(),
        Some(Modal::Confirm(confirm))
            if confirm.typed.as_ref().is_some_and(|typed| !typed.input.value().is_empty()
                || typed.expected.contains('t'))
    )
}

pub(super) fn click(state: &mut State, target: &Target) -> Vec<Effect> {
    let context = state.context();
    let reachable = match target {
        Target::User(_)
        | Target::Key(_)
        | Target::KeyRow(_)
        | Target::Column(_)
        | Target::Entry(_) => state.dialogs().is_empty(),
        Target::Action(action) => keymap::key_of(context, *action).is_some(),
        Target::Button(_) | Target::PaletteRow(_) => true,
    };
    if !reachable {
        return Vec::new();
    }
    state.notice = None;
    match target {
        Target::User(at) => {
            state.pane = Pane::Users;
            state.users.select(*at);
        }
        Target::Key(at) => {
            state.pane = Pane::Keys;
            state.select_key(*at);
        }
        Target::KeyRow(at) => state.users.select_key(*at),
        Target::Column(column) => {
            if let Some((_, sort)) = state.sorted() {
                state.sort(if sort.column == *column {
                    sort.reversed()
                } else {
                    Sort::by(*column)
                });
            }
        }
        Target::Entry(number) => state.activity.select_number(*number),
        Target::Action(action) => return act(state, *action),
        Target::Button(button) => return press(state, *button),
        Target::PaletteRow(row) => {
            return match state.top_dialog() {
                Some(Modal::Palette(palette)) => {
                    palette.cursor = *row;
                    run_palette(state)
                }
                Some(Modal::CopyAs(_)) => match Form::ALL.get(*row) {
                    Some(form) => copy_as(state, *form),
                    None => Vec::new(),
                },
                Some(Modal::Store(store)) => {
                    store.take_row(*row);
                    Vec::new()
                }
                _ => Vec::new(),
            };
        }
    }
    Vec::new()
}

pub(super) fn scroll(state: &mut State, by: isize) {
    let scrolls = matches!(
        state.context(),
        Context::Reading
            | Context::Entry
            | Context::Palette
            | Context::Profile
            | Context::Plan
            | Context::CopyAs
    );
    if state.dialogs().is_empty() || scrolls {
        step(state, by);
    }
}

pub(super) fn step(state: &mut State, by: isize) {
    let width = state.size.0;
    let room = layout::dialog_room(state.size.1, true);
    let (view, settings) = (state.view, state.settings);
    let plan = plan_lines(state).saturating_sub(room);
    let details = details_lines(state).saturating_sub(room);
    let keys = state.pane == Pane::Keys && !state.filtering;
    match state.top_dialog() {
        Some(Modal::Help { of, scroll }) => {
            let most = help_lines(*of, width).saturating_sub(room);
            *scroll = scroll.saturating_add_signed(by).min(most);
        }
        Some(Modal::Details { scroll, .. }) => {
            *scroll = scroll.saturating_add_signed(by).min(details);
        }
        Some(Modal::Entry(whole)) => {
            let most = entry_lines(whole, &settings, width).saturating_sub(room);
            whole.scroll = whole.scroll.saturating_add_signed(by).min(most);
        }
        Some(Modal::Palette(palette)) => {
            let last = palette::rows(view, palette.input.value())
                .len()
                .saturating_sub(1);
            palette.cursor = palette.cursor.saturating_add_signed(by).min(last);
        }
        Some(Modal::CopyAs(chosen)) => {
            let last = Form::ALL.len() - 1;
            chosen.cursor = chosen.cursor.saturating_add_signed(by).min(last);
        }
        Some(Modal::Store(store)) => {
            store.step(by);
            store.scroll = store.scroll.saturating_add_signed(by).min(plan);
        }
        Some(_) => {}
        None if view == View::Activity => state.activity.step(by),
        None if view == View::Keys => state.users.step_key(by),
        None if keys => {
            state.select_key(state.key_cursor().saturating_add_signed(by));
        }
        None => state.users.step(by),
    }
}

pub(super) fn page(state: &State) -> isize {
    let height = match state.view {
        View::Users => state.users.by_user().height(),
        View::Keys => state.users.by_key().height(),
        View::Activity => state.activity.height(),
    };
    isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1)
}

/// The text field that letters go to.
fn field(state: &mut State, change: impl FnOnce(&mut Input)) {
    let filtering = state.filtering;
    match state.top_dialog() {
        Some(Modal::Palette(palette)) => {
            change(&mut palette.input);
            palette.cursor = 0;
        }
        Some(Modal::Confirm(confirm)) => {
            confirm.check.armed = false;
            let mut answered = false;
            if let Some(typed) = &mut confirm.typed {
                change(&mut typed.input);
                answered = typed.input.value() == typed.expected;
            }
            // Who has typed it means it; anything less goes back to Cancel.
            confirm.button = usize::from(answered);
        }
        Some(Modal::Store(store)) => {
            change(&mut store.input);
            store.edited();
        }
        Some(Modal::Describe(describe)) => {
            change(&mut describe.input);
            describe.touched = true;
        }
        Some(Modal::Find(find)) => {
            let before = find.input.value().to_owned();
            change(&mut find.input);
            // The cursor may have moved, and nothing else.
            if find.input.value() != before {
                find.edited();
            }
        }
        Some(_) => {}
        None if filtering => state.users.edit_filter(|filter| change(&mut filter.input)),
        None => {}
    }
}

/// How many bytes the text field on top takes.
fn limit(state: &State) -> usize {
    match state.context() {
        Context::File | Context::Describe => LONG_LIMIT,
        _ => PASTE_LIMIT,
    }
}

fn edit(state: &mut State, key: KeyEvent) {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let request = match key.code {
        KeyCode::Backspace => InputRequest::DeletePrevChar,
        KeyCode::Delete => InputRequest::DeleteNextChar,
        KeyCode::Left => InputRequest::GoToPrevChar,
        KeyCode::Right => InputRequest::GoToNextChar,
        KeyCode::Home => InputRequest::GoToStart,
        KeyCode::End => InputRequest::GoToEnd,
        KeyCode::Char('w') if ctrl => InputRequest::DeletePrevWord,
        KeyCode::Char('u') if ctrl => InputRequest::DeleteLine,
        KeyCode::Char('a') if ctrl => InputRequest::GoToStart,
        KeyCode::Char('e') if ctrl => InputRequest::GoToEnd,
        KeyCode::Char(c) if !ctrl && !key.modifiers.contains(KeyModifiers::ALT) => {
            InputRequest::InsertChar(c)
        }
        _ => return,
    };
    let limit = limit(state);
    field(state, |input| {
        if input.value().len() < limit || !matches!(request, InputRequest::InsertChar(_)) {
            input.handle(request);
        }
    });
}

pub(super) fn paste(state: &mut State, text: &str) {
    if !state.context().takes_text() {
        state.complain("Nothing here takes a paste; it was ignored");
        return;
    }
    if let Some(Modal::Find(find)) = state.top_dialog()
        && holds_secret(text)
    {
        find.refuse_secret();
        return;
    }
    let limit = limit(state);
    let text: String = text
        .trim()
        .chars()
        .filter(|c| !text::is_hidden(*c))
        .take(limit)
        .collect();
    field(state, |input| {
        for c in text.chars() {
            if input.value().len() < limit {
                input.handle(InputRequest::InsertChar(c));
            }
        }
    });
}
