//! Actions: what was asked for is done to the state, or becomes an effect.

use super::{
    input::{page, step},
    refresh,
};
use crate::{
    action::Action,
    effect::{Clip, Copied, Effect, Exit, Target},
    palette,
    secret::{SecretKey, forms::Form},
    state::{
        Pane, Stage, State, View,
        modal::{CopyAs, Modal, Palette, Then},
        questions::Way,
        rotation::Turn,
    },
};

/// Does what was asked for. Also the palette's and the footer's way in.
#[must_use]
pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    if let Some(reason) = state.why_not(action) {
        state.complain(reason);
        return Vec::new();
    }
    match action {
        Action::Down => step(state, 1),
        Action::Up => step(state, -1),
        Action::PageDown => step(state, page(state)),
        Action::PageUp => step(state, -page(state)),
        Action::First => step(state, isize::MIN),
        Action::Last => step(state, isize::MAX),
        Action::OtherPane => {
            state.pane = match state.pane {
                Pane::Users => Pane::Keys,
                Pane::Keys => Pane::Users,
            }
        }
        Action::FocusUsers => state.pane = Pane::Users,
        Action::FocusKeys => state.pane = Pane::Keys,
        Action::ShowUsers => state.go_to(View::Users),
        Action::ShowKeys => state.go_to(View::Keys),
        Action::ShowActivity => state.go_to(View::Activity),
        Action::GoToUser => state.go_to_user(),
        Action::Sort => {
            if let Some((columns, sort)) = state.sorted() {
                state.sort(sort.next(columns));
            }
        }
        Action::ReverseSort => {
            if let Some((_, sort)) = state.sorted() {
                state.sort(sort.reversed());
            }
        }
        Action::WholeEntry => state.read_entry(),
        Action::CopyCommand => return copy_command(state),
        Action::Details => {
            if let (Some(user), Some(key)) = (state.user(), state.key()) {
                let modal = Modal::Details {
                    user: user.user.name.clone(),
                    key: key.key.id.clone(),
                    scroll: 0,
                };
                state.modals.push(modal);
            }
        }
        Action::Create => return state.ask_create(),
        Action::Toggle => return state.ask_toggle(),
        Action::Delete => return state.ask_delete(),
        Action::Rotate => return state.open_rotation(),
        Action::OpenQuestion => state.open_question(),
        Action::Describe => return state.ask_description(),
        Action::CopyId => {
            if let Some((_, row)) = state.key_meant() {
                return vec![copy_id(&row.key.id)];
            }
        }
        Action::Find => state.ask_which_key(),
        Action::Filter => {
            if state.view == View::Users {
                state.pane = Pane::Users;
            }
            state.filtering = true;
        }
        Action::KeepFilter => state.filtering = false,
        Action::ClearFilter => {
            state.filtering = false;
            state.users.edit_filter(|filter| filter.input.reset());
        }
        Action::Refresh => return refresh(state),
        Action::Palette => state.modals.push(Modal::Palette(Palette::default())),
        Action::Help => {
            let of = state.context();
            state.modals.push(Modal::Help { of, scroll: 0 });
        }
        Action::Quit => return state.leave(Exit::Quit),
        Action::Interrupt => return state.leave(Exit::Interrupted),
        Action::Suspend => return vec![Effect::Suspend],
        Action::TryAgain => {
            if matches!(state.stage, Stage::SignedOut(_)) {
                return state.sign_in(state.target);
            }
        }
        Action::OpenDemo => {
            if state.stage != Stage::Browsing {
                return state.sign_in(Target::Demo);
            }
        }
        dialog => return act_in_dialog(state, dialog),
    }
    Vec::new()
}

/// What only has a meaning in a dialog.
fn act_in_dialog(state: &mut State, action: Action) -> Vec<Effect> {
    match (action, state.top_dialog()) {
        (Action::NextButton, Some(_)) => move_button(state, 1),
        (Action::PreviousButton, Some(_)) => move_button(state, -1),
        (Action::Press, Some(Modal::Palette(_))) => return run_palette(state),
        (Action::Press, Some(Modal::Confirm(confirm))) if confirm.is_mistyped() => {
            return press(state, 1);
        }
        (Action::Press, Some(_)) => {
            if let Some((button, _)) = state.buttons() {
                let pressed = *button;
                return press(state, pressed);
            }
        }
        (Action::NextStep, Some(Modal::Rotate(_))) => {
            return state.try_turn(|turn| !matches!(turn, Turn::Undo | Turn::RollBack));
        }
        (Action::Undo, Some(Modal::Rotate(_))) => return state.try_turn(|t| t == Turn::Undo),
        (Action::RollBack, Some(Modal::Rotate(_))) => {
            return state.try_turn(|turn| turn == Turn::RollBack);
        }
        (Action::Cancel, Some(Modal::Question(_))) => return press(state, 0),
        (Action::Cancel, Some(modal)) if !matches!(modal, Modal::NewKey(_)) => {
            state.modals.pop();
        }
        (Action::Confirm, Some(Modal::Confirm(confirm))) if confirm.typed.is_none() => {
            return state.answer_confirmation();
        }
        (Action::Replace, Some(Modal::Question(_))) => return state.try_way(Way::Replace),
        (Action::DoAgain, Some(Modal::Question(_))) => return state.try_way(Way::DoAgain),
        (Action::LetGo, Some(Modal::Question(_))) => return state.try_way(Way::LetGo),
        (Action::KeepKey, Some(Modal::Question(_))) => return state.try_way(Way::Keep),
        (Action::LookAgain, Some(Modal::Question(_))) => return state.try_way(Way::LookAgain),
        (Action::DeactivateInstead, Some(Modal::Confirm(_))) => state.deactivate_instead(),
        (Action::GoToKey, Some(Modal::Full(_))) => return press(state, 1),
        (Action::CopySecret, Some(Modal::NewKey(new))) => {
            return vec![copy(Copied::Secret, &new.id, new.secret.clone())];
        }
        (Action::CopyNewId, Some(Modal::NewKey(new))) => return vec![copy_id(&new.id)],
        (Action::CopyAs, Some(Modal::NewKey(new))) => {
            let key = new.id.clone();
            let preset = state.settings.form;
            let cursor = Form::ALL.iter().position(|form| *form == preset);
            let cursor = cursor.unwrap_or_default();
            state.modals.push(Modal::CopyAs(CopyAs { key, cursor }));
        }
        (Action::AsPosix, _) => return copy_as(state, Form::Posix),
        (Action::AsFish, _) => return copy_as(state, Form::Fish),
        (Action::AsPowerShell, _) => return copy_as(state, Form::PowerShell),
        (Action::AsProcess, _) => return copy_as(state, Form::Process),
        (Action::AsSection, _) => return copy_as(state, Form::Section),
        (Action::GoOn, Some(Modal::CopyAs(chosen))) => {
            let form = Form::ALL.get(chosen.cursor).copied();
            return form.map_or_else(Vec::new, |form| copy_as(state, form));
        }
        (Action::GoOn, Some(Modal::Store(_))) => return state.go_on_storing(),
        (Action::GoOn, Some(Modal::Describe(_))) => return state.save_description(),
        (Action::GoOn, Some(Modal::Find(_))) => return state.find_key(),
        (Action::WriteProfile, Some(Modal::NewKey(_) | Modal::Rotate(_))) => {
            return state.ask_where(true);
        }
        (Action::SaveFile, Some(Modal::NewKey(_) | Modal::Rotate(_))) => {
            return state.ask_where(false);
        }
        (Action::TakeName, Some(Modal::Store(store))) => store.take(),
        (Action::OtherColumns, Some(Modal::Store(store))) => store.other_columns(),
        (Action::Write, Some(Modal::Store(_))) => return state.agree(),
        (Action::OtherName, Some(Modal::Store(_))) => state.other_name(),
        (Action::Reveal, Some(Modal::NewKey(new))) => new.revealed = !new.revealed,
        (Action::CloseNewKey, Some(modal @ Modal::NewKey(_))) => {
            if let Some(key) = modal.only_copy() {
                state.modals.push(Modal::discard(key, Then::Stay));
            } else {
                state.modals.pop();
            }
        }
        (Action::HaveIt, Some(Modal::Discard(_))) => return press(state, HAS_IT),
        (Action::Discard, Some(Modal::Discard(_))) => return press(state, 2),
        (Action::Keep, Some(Modal::Discard(_))) | (Action::Stay, Some(Modal::Leaving(_))) => {
            return press(state, 0);
        }
        (Action::StopWaiting, Some(Modal::Leaving(_))) => return press(state, 1),
        _ => {}
    }
    Vec::new()
}

fn move_button(state: &mut State, by: isize) {
    if let Some((button, count)) = state.buttons() {
        *button = button.wrapping_add_signed(by).wrapping_add(count) % count;
    }
}

/// The button of the question whether to throw a secret away that says that it is somewhere.
const HAS_IT: usize = 1;

/// Presses a button of the dialog on top. Button 0 always leaves things as they are.
pub(super) fn press(state: &mut State, button: usize) -> Vec<Effect> {
    match state.top_dialog() {
        Some(Modal::Confirm(confirm)) if button > 0 => {
            if confirm.is_answered() {
                return state.answer_confirmation();
            }
            if confirm.is_void() {
                state.complain("There is nothing left to do it to");
                return Vec::new();
            }
            let expected = confirm.typed.as_ref().map_or("", |typed| &typed.expected);
            let text = format!("Type {expected} first");
            state.complain(text);
            return Vec::new();
        }
        Some(Modal::Question(_)) => return state.press_question(button),
        Some(Modal::Rotate(_)) => return state.press_rotation(button),
        Some(Modal::Full(full)) if button > 0 => {
            let user = full.user.clone();
            let Some(key) = state.deletable(&user).map(|row| row.key.id.clone()) else {
                state.complain("Of none of them it is known that it could go");
                return Vec::new();
            };
            state.modals.pop();
            state.go_to_key(&user, &key);
            return Vec::new();
        }
        Some(Modal::Discard(discard)) if button > 0 => {
            let (key, then) = (discard.key.clone(), discard.then);
            state.modals.pop();
            let has_it = button == HAS_IT;
            let mut effects = state.part_with_secret(&key, has_it);
            if let Then::Leave(exit) = then {
                effects.extend(state.leave(exit));
            }
            return effects;
        }
        Some(Modal::Leaving(leaving)) if button > 0 => {
            let exit = leaving.exit;
            return vec![Effect::Exit(exit(state.unknown_at_exit()))];
        }
        Some(Modal::Describe(_)) if button > 0 => return state.save_description(),
        Some(Modal::Find(_)) if button > 0 => return state.find_key(),
        Some(Modal::Store(_)) if button > 0 => return state.agree(),
        Some(Modal::Entry(_)) if button > 0 => return copy_command(state),
        // These are closed by keys of their own.
        Some(Modal::NewKey(_) | Modal::Palette(_)) | None => return Vec::new(),
        _ => {}
    }
    state.modals.pop();
    Vec::new()
}

pub(super) fn run_palette(state: &mut State) -> Vec<Effect> {
    let Some(Modal::Palette(palette)) = state.modals.last() else {
        return Vec::new();
    };
    let chosen = palette::rows(state.view, palette.input.value())
        .get(palette.cursor)
        .copied();
    match chosen {
        Some(action) => {
            state.modals.pop();
            act(state, action)
        }
        None => Vec::new(),
    }
}

fn copy_id(id: &str) -> Effect {
    copy(Copied::KeyId, id, SecretKey::new(id.into()))
}

/// Copies the key whose forms are shown, in one of them, and goes back to it.
pub(super) fn copy_as(state: &mut State, form: Form) -> Vec<Effect> {
    let Some(Modal::CopyAs(chosen)) = state.modals.last() else {
        return Vec::new();
    };
    let key = chosen.key.clone();
    state.modals.pop();
    let new = state.modals.iter().find_map(|modal| match modal {
        Modal::NewKey(new) if new.id == key => Some(new),
        _ => None,
    });
    // A section needs a name, and nobody has chosen one.
    let text = new.map(|new| form.text(&new.id, &new.secret, &new.user));
    text.map(|text| copy(Copied::As(form), &key, text))
        .into_iter()
        .collect()
}

fn copy_command(state: &State) -> Vec<Effect> {
    let entry = state
        .entry_meant()
        .filter(|entry| !entry.command.is_empty());
    entry
        .map(|entry| copy(Copied::Command, "", SecretKey::new(entry.command.clone())))
        .into_iter()
        .collect()
}

fn copy(what: Copied, key: &str, text: SecretKey) -> Effect {
    Effect::Copy(Clip {
        what,
        key: key.into(),
        text,
    })
}
