//! The one place where messages become changes of state and effects. Bodies live beside the state
//! they change; what a person does is read in `input` and done in `act`.

mod act;
mod input;

use crate::{
    effect::{Copied, Effect, Exit, RequestId},
    iam::{Error, Kind, Problem},
    message::{Answer, CopyOutcome, Message, Session, Signal},
    state::{
        Pane, Stage, State,
        modal::{Kept, Modal},
    },
    ui::{entry_lines, layout::dialog_room, words},
};
use chrono::{DateTime, Utc};

/// Takes notice of what has happened, and says what must be done outside.
#[must_use]
pub fn update(state: &mut State, message: Message, now: DateTime<Utc>) -> Vec<Effect> {
    state.now = now;
    state.users.note(now, &state.session.key);
    let mut effects = match message {
        Message::Key(press) => input::key(state, press),
        Message::Paste(text) => {
            input::paste(state, &text);
            Vec::new()
        }
        Message::Click(target) => input::click(state, &target),
        Message::Scroll(by) => {
            input::scroll(state, by);
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
        Message::Answer {
            request,
            answer,
            took,
        } => {
            if state.answered(request, &answer, took) {
                if state.is_news(&answer) {
                    state.note_read(&answer, took, now);
                }
                file(state, request, answer)
            } else {
                Vec::new()
            }
        }
        Message::Changed {
            id,
            result,
            request_id,
            took,
        } => {
            state.note_change(id, &result, request_id, took, now);
            if matches!(&result, Err(error) if error.kind == Kind::Throttled) {
                state.pace.throttled(now);
            }
            state.changed(id, result)
        }
        Message::Copied { what, key, outcome } => copied(state, what, &key, outcome),
        Message::ClipboardDue(key) => state.clipboard_due(key),
        Message::Cleared { key, result } => {
            state.cleared(&key, result);
            Vec::new()
        }
        Message::Store { request, news } => state.heard(request, news),
        Message::Journal(Ok(left_open)) => state.remember(left_open),
        Message::Journal(Err(why)) => {
            state.complain(format!("No journal, so nothing can be changed: {why}"));
            Vec::new()
        }
        Message::NotWritten(why) => {
            state.complain(format!(
                "The journal is not up to date, and the next start may ask about this: {why}"
            ));
            Vec::new()
        }
        Message::Tried { key, news } => {
            state.tried(&key, news);
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
    state.note_place();
    state.settle_lists();
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
    // The key that somebody is after first, and everything else beside it.
    let mut effects = state.begin_find();
    effects.extend(state.first_reads());
    effects
}

/// Files an answer under what it belongs to.
fn file(state: &mut State, request: RequestId, answer: Answer) -> Vec<Effect> {
    let mut failure = answer.error().cloned();
    let mut effects = state.found(request, &answer);
    let refusal = failure.clone();
    match answer {
        Answer::Caller(answer) => {
            state.session.caller.file(request, answer);
            // IAM may have refused before STS has said who this is, which changes what the refusal
            // means: not wrong credentials, but a session without MFA.
            failure = failure.or_else(|| state.users.listing.error().cloned());
            state.account_is_known();
            effects.extend(state.take_up_questions());
        }
        Answer::Alias(answer) => {
            state.session.alias.file(request, answer);
            // Nobody needs it.
            failure = None;
        }
        Answer::Summary(answer) => {
            state.session.summary.file(request, answer);
            failure = None;
        }
        Answer::Users(Ok(page)) => {
            state.users.listing.file(request, Ok(()));
            // An answer after all: whatever looked broken is not.
            if matches!(state.stage, Stage::SignedOut(_)) {
                state.stage = Stage::Browsing;
                effects.extend(state.begin_find());
            }
            state.session.broken = None;
            state.users.add_page(page.users);
            if page.next.is_some() {
                effects.push(state.list_users(page.next));
                effects.extend(state.take_up_questions());
                return effects;
            }
            let selected = state.user().map(|row| row.user.name.clone());
            state.users.end_listing();
            if state.user().map(|row| &row.user.name) != selected.as_ref() {
                // Who was selected is gone: no key goes to somebody else's.
                state.pane = Pane::Users;
            }
            if std::mem::take(&mut state.list_again) {
                effects.push(state.list_users(None));
            }
            effects.extend(state.take_up_questions());
        }
        Answer::Users(Err(error)) => {
            let all = if state.users.is_complete() {
                "not refreshed"
            } else {
                "incomplete"
            };
            state.complain(format!("The list is {all}: {}", error.short()));
            state.users.listing.file(request, Err(error));
            effects.extend(state.take_up_questions());
        }
        Answer::Keys(user, answer) => {
            state.users.file_keys(&user, request, answer);
            state.sought_among(&user);
        }
        Answer::Owner(_, answer) => effects.extend(state.owner_told(request, answer)),
        Answer::LastUsed(user, key, answer) => {
            state.users.file_last_used(&user, &key, request, answer);
        }
        Answer::Descriptions(user, answer) => {
            // Who may not read them sees none, and is not asked again and again.
            state.session.descriptions_refused |= failure
                .as_ref()
                .is_some_and(|error| error.kind == Kind::Denied);
            failure = None;
            state.users.file_descriptions(&user, request, answer);
            state.described(&user);
        }
        Answer::Report(answer) => {
            state.reported(request, answer);
            // Without it everything is asked one by one.
            failure = None;
        }
    }
    if let Some(error) = failure {
        broken(state, &error);
    }
    effects.extend(state.checked(request, refusal.as_ref()));
    effects
}

/// Notes that nothing can be done in this session any more, if that is what an error means. With
/// nothing on screen yet, the explanation takes the whole of it.
fn broken(state: &mut State, error: &Error) {
    if !error.stops_everything() {
        return;
    }
    if state.users.rows().is_empty() {
        state.put_find_off(true);
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

/// Notes what came of copying, where the person sees it: in the dialog it was copied from, or as a
/// notice.
fn copied(state: &mut State, what: Copied, key: &str, outcome: CopyOutcome) -> Vec<Effect> {
    if what == Copied::Command {
        copied_command(state, outcome);
        return Vec::new();
    }
    state.note_copy(what, key, &outcome);
    let dialog = state.modals.iter_mut().find_map(|modal| match modal {
        Modal::NewKey(new) if new.id == key => Some(new),
        _ => None,
    });
    if let Some(new) = dialog {
        new.note(what, outcome);
        if what.holds_secret() && new.copied() == Kept::Somewhere {
            return state.note_stored(key, "clipboard");
        }
        return Vec::new();
    }
    let (good, text) = words::copied(what, &outcome);
    tell(state, good, format!("{key}: {text}"));
    Vec::new()
}

fn copied_command(state: &mut State, outcome: CopyOutcome) {
    let ((width, height), settings) = (state.size, state.settings);
    if let Some(Modal::Entry(whole)) = state.modals.last_mut() {
        whole.copied = Some(outcome);
        // It is said in the last line, which a small screen does not show at first.
        whole.scroll =
            entry_lines(whole, &settings, width).saturating_sub(dialog_room(height, true));
        return;
    }
    let (good, text) = words::copied(Copied::Command, &outcome);
    tell(state, good, text);
}

fn tell(state: &mut State, good: bool, text: String) {
    if good {
        state.say(text);
    } else {
        state.complain(text);
    }
}

fn refresh(state: &mut State) -> Vec<Effect> {
    if let Some(Modal::Rotate(_)) = state.dialogs().last() {
        return state.look_at_rotation();
    }
    if state.session.broken.is_some() {
        let selected = state.user().map(|row| row.user.name.clone());
        let view = state.view;
        let effects = state.sign_in(state.target);
        state.go_to(view);
        if let Some(name) = selected {
            state.users.select_name(&name);
        }
        return effects;
    }
    state.ask_on();
    state.users.refresh_shown(state.view);
    if state.users.listing.is_loading() {
        return Vec::new();
    }
    let mut effects = vec![state.list_users(None)];
    effects.extend(state.ask_again_who_and_where());
    // It may be granted now.
    state.session.descriptions_refused = false;
    if let Some(user) = state.user().map(|row| row.user.name.clone()) {
        effects.push(state.ask_descriptions_now(&user).1);
    }
    effects
}
