//! The one place where messages become changes of state and effects. Bodies live beside the state
//! they change.

use crate::{
    action::Action,
    effect::{Clip, Copied, Effect, Exit, Target},
    iam::{Error, Kind, Problem},
    keymap::{self, Context},
    message::{Answer, CopyOutcome, KeyPress, Message, Session, Signal, Target as Clicked},
    palette,
    secret::SecretKey,
    state::{
        Pane, Stage, State,
        load::RequestId,
        modal::{Modal, Palette, Then},
    },
    ui::layout,
};
use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tui_input::{Input, InputRequest};

/// More keys than this in a row, faster than a person presses them, are a paste or a cat on the
/// keyboard: from then on they only move about.
const BURST: usize = 4;

/// The most lines that the details of a key can be scrolled by.
const DETAILS: usize = 12;

/// The most that a text field takes.
const PASTE_LIMIT: usize = 128;

/// Takes notice of what has happened, and says what must be done outside.
#[must_use]
pub fn update(state: &mut State, message: Message, now: DateTime<Utc>) -> Vec<Effect> {
    let mut effects = match message {
        Message::Key(press) => key(state, press, now),
        Message::Paste(text) => {
            paste(state, &text);
            Vec::new()
        }
        Message::Click(target) => click(state, &target, now),
        Message::Scroll(by) => {
            scroll(state, by);
            Vec::new()
        }
        Message::Resize(columns, rows) => {
            state.resize((columns, rows));
            Vec::new()
        }
        Message::Resumed => Vec::new(),
        Message::Tick => {
            state.spinner = state.spinner.wrapping_add(1);
            Vec::new()
        }
        Message::SignedIn(Ok(session)) => signed_in(state, *session),
        Message::SignedIn(Err(problem)) => {
            state.stage = Stage::SignedOut(problem);
            Vec::new()
        }
        Message::Answer(request, answer) => {
            if state.answered(request) {
                file(state, request, answer, now)
            } else {
                Vec::new()
            }
        }
        Message::Changed(id, result) => state.changed(id, result),
        Message::Copied { what, key, outcome } => {
            copied(state, what, &key, outcome);
            Vec::new()
        }
        Message::TaskPanicked => {
            state.complain("A background task failed: a defect of iamkeys. Its report is printed when you quit");
            Vec::new()
        }
        Message::Signal(Signal::Interrupt) => state.leave(Exit::Interrupted),
        Message::Signal(signal) => {
            let unknown = state.unknown_at_exit();
            vec![Effect::Exit(Exit::Signal(signal.number(), unknown))]
        }
        Message::InputClosed => vec![Effect::Exit(Exit::InputClosed(state.unknown_at_exit()))],
    };
    // A filter line or a dialog may have changed how many rows are visible.
    state.resize(state.size);
    effects.extend(state.plan());
    effects
}

fn signed_in(state: &mut State, session: Session) -> Vec<Effect> {
    state.stage = Stage::Browsing;
    state.session.key = session.key;
    state.session.profile = session.profile;
    state.session.endpoint = session.endpoint;
    state.first_reads()
}

/// Files an answer under what it belongs to.
fn file(state: &mut State, request: RequestId, answer: Answer, now: DateTime<Utc>) -> Vec<Effect> {
    let mut failure = answer.error().cloned();
    match answer {
        Answer::Caller(answer) => {
            state.session.caller.file(request, answer, now);
            // IAM may have refused before STS has said who this is, which changes what the refusal
            // means: not wrong credentials, but a session without MFA.
            failure = failure.or_else(|| state.users.listing.error().cloned());
        }
        Answer::Alias(answer) => {
            state.session.alias.file(request, answer, now);
            // Nobody needs it.
            failure = None;
        }
        Answer::KeysPerUser(answer) => {
            state.session.keys_per_user.file(request, answer, now);
            failure = None;
        }
        Answer::Users(Ok(page)) => {
            state.users.listing.file(request, Ok(()), now);
            // An answer after all: whatever looked broken is not.
            if matches!(state.stage, Stage::SignedOut(_)) {
                state.stage = Stage::Browsing;
            }
            state.session.broken = None;
            state.users.add_page(page.users);
            if page.next.is_some() {
                return vec![state.list_users(page.next)];
            }
            state.users.end_listing();
            if std::mem::take(&mut state.list_again) {
                return vec![state.list_users(None)];
            }
        }
        Answer::Users(Err(error)) => {
            let all = if state.users.is_complete() {
                "not refreshed"
            } else {
                "incomplete"
            };
            state.complain(format!("The list is {all}: {}", error.short()));
            state.users.listing.file(request, Err(error), now);
        }
        Answer::Keys(user, answer) => state.users.file_keys(&user, request, answer, now),
        Answer::LastUsed(user, key, answer) => {
            state
                .users
                .file_last_used(&user, &key, request, answer, now);
        }
    }
    if let Some(error) = failure {
        broken(state, &error);
    }
    Vec::new()
}

/// Notes that nothing can be done in this session any more, if that is what an error means. With
/// nothing on screen yet, the explanation takes the whole of it.
fn broken(state: &mut State, error: &Error) {
    if !error.stops_everything() {
        return;
    }
    if state.users.rows().is_empty() {
        let known_elsewhere =
            error.action.starts_with("iam:") && state.session.caller.known().is_some();
        state.stage = Stage::SignedOut(Box::new(Problem::of_error(
            error,
            known_elsewhere,
            state.session.profile.as_deref(),
            state.session.endpoint.as_deref(),
        )));
    } else if error.kind != Kind::Network {
        state.complain(format!("{}. {}", error.short(), error.advice()));
        state.session.broken = Some(error.clone());
    }
}

fn key(state: &mut State, press: KeyPress, now: DateTime<Utc>) -> Vec<Effect> {
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
        if context.takes_text() {
            edit(state, press.key);
        }
        return Vec::new();
    };
    if too_fast(context, action, press.run) {
        state.complain("Keys came faster than a person types them, and were ignored");
        return Vec::new();
    }
    if press.key.kind == KeyEventKind::Repeat && !action.only_moves() {
        return Vec::new();
    }
    state.notice = None;
    act(state, action, now)
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

/// Does what was asked for. Also the palette's and the footer's way in.
#[must_use]
pub fn act(state: &mut State, action: Action, now: DateTime<Utc>) -> Vec<Effect> {
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
        Action::Create => state.ask_create(),
        Action::Toggle => state.ask_toggle(),
        Action::Delete => state.ask_delete(now),
        Action::CopyId => {
            if let Some((_, row)) = state.key_meant() {
                return vec![copy_id(&row.key.id)];
            }
        }
        Action::Filter => {
            state.pane = Pane::Users;
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
        dialog => return act_in_dialog(state, dialog, now),
    }
    Vec::new()
}

/// What only has a meaning in a dialog.
fn act_in_dialog(state: &mut State, action: Action, now: DateTime<Utc>) -> Vec<Effect> {
    match (action, state.top_dialog()) {
        (Action::NextButton, Some(modal)) => move_button(modal, 1),
        (Action::PreviousButton, Some(modal)) => move_button(modal, -1),
        (Action::Press, Some(Modal::Palette(_))) => return run_palette(state, now),
        (Action::Press, Some(modal)) => {
            if let Some((button, _)) = modal.buttons() {
                let pressed = *button;
                return press(state, pressed);
            }
        }
        (Action::Cancel, Some(modal)) if !matches!(modal, Modal::NewKey(_)) => {
            state.modals.pop();
        }
        (Action::Confirm, Some(Modal::Confirm(confirm))) if confirm.typed.is_none() => {
            return state.send();
        }
        (Action::DeactivateInstead, Some(Modal::Confirm(_))) => state.deactivate_instead(),
        (Action::GoToKey, Some(Modal::Full(_))) => return press(state, 1),
        (Action::CopySecret, Some(Modal::NewKey(new))) => {
            return vec![copy(Copied::Secret, &new.id, new.secret.clone())];
        }
        (Action::CopyNewId, Some(Modal::NewKey(new))) => return vec![copy_id(&new.id)],
        (Action::CopyExports, Some(Modal::NewKey(new))) => {
            return vec![copy(Copied::Exports, &new.id, new.secret.exports(&new.id))];
        }
        (Action::Reveal, Some(Modal::NewKey(new))) => new.revealed = !new.revealed,
        (Action::CloseNewKey, Some(modal @ Modal::NewKey(_))) => {
            if let Some(key) = modal.only_copy() {
                state.modals.push(Modal::discard(key, Then::Stay));
            } else {
                state.modals.pop();
            }
        }
        (Action::Discard, Some(Modal::Discard(_))) => return press(state, 1),
        (Action::Keep, Some(Modal::Discard(_))) | (Action::Stay, Some(Modal::Leaving(_))) => {
            return press(state, 0);
        }
        (Action::StopWaiting, Some(Modal::Leaving(_))) => return press(state, 1),
        _ => {}
    }
    Vec::new()
}

fn move_button(modal: &mut Modal, by: isize) {
    if let Some((button, count)) = modal.buttons() {
        *button = button.wrapping_add_signed(by).wrapping_add(count) % count;
    }
}

/// Presses a button of the dialog on top. Button 0 always leaves things as they are.
fn press(state: &mut State, button: usize) -> Vec<Effect> {
    match state.top_dialog() {
        Some(Modal::Confirm(confirm)) if button > 0 => {
            if confirm.is_answered() {
                return state.send();
            }
            let expected = confirm.typed.as_ref().map_or("", |typed| &typed.expected);
            let text = format!("Type {expected} first");
            state.complain(text);
            return Vec::new();
        }
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
            state
                .modals
                .retain(|modal| !matches!(modal, Modal::NewKey(new) if new.id == key));
            state.complain(format!(
                "{key}: its secret is gone; delete the key, create another"
            ));
            return match then {
                Then::Stay => Vec::new(),
                Then::Leave(exit) => state.leave(exit),
            };
        }
        Some(Modal::Leaving(leaving)) if button > 0 => {
            let exit = leaving.exit;
            return vec![Effect::Exit(exit(state.unknown_at_exit()))];
        }
        // These are closed by keys of their own.
        Some(Modal::NewKey(_) | Modal::Palette(_)) | None => return Vec::new(),
        _ => {}
    }
    state.modals.pop();
    Vec::new()
}

fn run_palette(state: &mut State, now: DateTime<Utc>) -> Vec<Effect> {
    let Some(Modal::Palette(palette)) = state.modals.last() else {
        return Vec::new();
    };
    let chosen = palette::rows(palette.input.value())
        .get(palette.cursor)
        .copied();
    match chosen {
        Some(action) => {
            state.modals.pop();
            act(state, action, now)
        }
        None => Vec::new(),
    }
}

fn copy_id(id: &str) -> Effect {
    copy(Copied::KeyId, id, SecretKey::new(id.into()))
}

fn copy(what: Copied, key: &str, text: SecretKey) -> Effect {
    Effect::Copy(Clip {
        what,
        key: key.into(),
        text,
    })
}

/// Notes what came of copying, where the person sees it: in the key's dialog, or as a notice.
fn copied(state: &mut State, what: Copied, key: &str, outcome: CopyOutcome) {
    let dialog = state.modals.iter_mut().find_map(|modal| match modal {
        Modal::NewKey(new) if new.id == key => Some(new),
        _ => None,
    });
    if let Some(new) = dialog {
        new.note(what, outcome);
        return;
    }
    let (good, text) = crate::ui::words::copied(what, &outcome);
    let text = format!("{key}: {text}");
    if good {
        state.say(text);
    } else {
        state.complain(text);
    }
}

fn refresh(state: &mut State) -> Vec<Effect> {
    if state.session.broken.is_some() {
        let selected = state.user().map(|row| row.user.name.clone());
        let effects = state.sign_in(state.target);
        if let Some(name) = selected {
            state.users.select_name(&name);
        }
        return effects;
    }
    state.users.refresh_shown();
    state.say("Refreshing");
    if state.users.listing.is_loading() {
        return Vec::new();
    }
    let mut effects = vec![state.list_users(None)];
    effects.extend(state.ask_again_who_and_where());
    effects
}

fn page(state: &State) -> isize {
    isize::try_from(state.users.height().saturating_sub(1).max(1)).unwrap_or(1)
}

fn step(state: &mut State, by: isize) {
    let room = layout::dialog_room(state.size.1, true);
    let keys = state.pane == Pane::Keys && !state.filtering;
    match state.top_dialog() {
        Some(Modal::Help { of, scroll }) => {
            let lines = keymap::in_context(*of).count();
            let most = lines.saturating_sub(room);
            *scroll = scroll.saturating_add_signed(by).min(most);
        }
        Some(Modal::Details { scroll, .. }) => {
            *scroll = scroll.saturating_add_signed(by).min(DETAILS);
        }
        Some(Modal::Palette(palette)) => {
            let last = palette::rows(palette.input.value()).len().saturating_sub(1);
            palette.cursor = palette.cursor.saturating_add_signed(by).min(last);
        }
        Some(_) => {}
        None if keys => {
            state.select_key(state.key_cursor().saturating_add_signed(by));
        }
        None => state.users.step(by),
    }
}

fn scroll(state: &mut State, by: isize) {
    if state.dialogs().is_empty() || matches!(state.context(), Context::Reading | Context::Palette)
    {
        step(state, by);
    }
}

fn click(state: &mut State, target: &Clicked, now: DateTime<Utc>) -> Vec<Effect> {
    let context = state.context();
    let reachable = match target {
        Clicked::User(_) | Clicked::Key(_) => state.dialogs().is_empty(),
        Clicked::Action(action) => keymap::key_of(context, *action).is_some(),
        Clicked::Button(_) | Clicked::PaletteRow(_) => true,
    };
    if !reachable {
        return Vec::new();
    }
    state.notice = None;
    match target {
        Clicked::User(at) => {
            state.pane = Pane::Users;
            state.users.select(*at);
        }
        Clicked::Key(at) => {
            state.pane = Pane::Keys;
            state.select_key(*at);
        }
        Clicked::Action(action) => return act(state, *action, now),
        Clicked::Button(button) => return press(state, *button),
        Clicked::PaletteRow(row) => {
            if let Some(Modal::Palette(palette)) = state.modals.last_mut() {
                palette.cursor = *row;
                return run_palette(state, now);
            }
        }
    }
    Vec::new()
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
            let mut answered = false;
            if let Some(typed) = &mut confirm.typed {
                change(&mut typed.input);
                answered = typed.input.value() == typed.expected;
            }
            // Who has typed it means it; anything less goes back to Cancel.
            confirm.button = usize::from(answered);
        }
        Some(_) => {}
        None if filtering => state.users.edit_filter(|filter| change(&mut filter.input)),
        None => {}
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
    field(state, |input| {
        if input.value().len() < PASTE_LIMIT || !matches!(request, InputRequest::InsertChar(_)) {
            input.handle(request);
        }
    });
}

fn paste(state: &mut State, text: &str) {
    if !state.context().takes_text() {
        state.complain("Nothing here takes a paste; it was ignored");
        return;
    }
    let text: String = text
        .trim()
        .chars()
        .filter(|c| !crate::text::is_hidden(*c))
        .take(PASTE_LIMIT)
        .collect();
    field(state, |input| {
        for c in text.chars() {
            if input.value().len() < PASTE_LIMIT {
                input.handle(InputRequest::InsertChar(c));
            }
        }
    });
}
