//! An action that is asked for while its key is being found or its user's keys are being loaded waits
//! for them, in sight, and is done when they are there: to them or to nothing. A person who presses
//! ahead loses no key press, and nothing is confirmed unseen.

use super::Screen;
use crate::{
    engine::{Effect, KeyId, READ_ONLY, Slot, account::Stage},
    tui::{
        action::Action,
        keymap::{self, Context, Key},
        pages::{Page, Pane},
        theme::Theme,
    },
};

/// An action that waits, and what for.
#[derive(Debug)]
pub(super) struct Ahead {
    action: Action,
    target: Awaited,
}

impl Ahead {
    fn name(&self) -> String {
        let mut title = self.action.title().chars();
        let first = title.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(title).collect()
    }

    fn cancelled(&self) -> String {
        format!("{}: cancelled", self.name())
    }
}

/// What an action waits for.
#[derive(Debug)]
pub(super) enum Awaited {
    /// A key that is being found.
    Key(KeyId),
    /// The keys of a user.
    KeysOf(Slot, Box<str>),
}

/// How far an action that waits is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Waiting,
    /// Its target is there, or it is known why it is not.
    Ready,
    /// Its target does not come, or the person is elsewhere.
    Cancelled,
}

impl Screen {
    /// Takes a key that is about an action that waits, or that asks for one to wait. Says whether it
    /// was such a key.
    pub(super) fn take_ahead(&mut self, key: Key, action: Option<Action>) -> bool {
        let finding = self.finding().cloned();
        if let Some(ahead) = &self.ahead {
            let on_page = finding.is_some() || self.visible_dialogs() == 0;
            if on_page && keymap::action(Context::Waiting, key) == Some(Action::Cancel) {
                let words = ahead.cancelled();
                self.ahead = None;
                self.say(words);
                return true;
            }
            let confirms = keymap::action(Context::Confirm, key) == Some(Action::Confirm);
            if confirms && on_page && ahead.action != Action::CopyId {
                let waiting = self.waiting(ahead);
                self.complain(format!("Nothing is confirmed yet. {waiting}"));
                return true;
            }
        }
        let Some(id) = finding else {
            return false;
        };
        // While the account is being opened, what the footer offers is what a key means.
        if self.account().stage != Stage::SignedIn && action.is_some() {
            return false;
        }
        match keymap::action(Context::Keys, key) {
            Some(action) if action.is_of_row() => {
                self.await_target(action, Awaited::Key(id));
                true
            }
            _ => false,
        }
    }

    /// The key that is being found in the place on top, where no key has another meaning.
    fn finding(&self) -> Option<&KeyId> {
        let key = self.engine.search_is_looking(self.slot())?;
        let opening = self.dialogs.is_empty() && self.account().stage == Stage::SigningIn;
        (opening || self.context() == Context::Find).then_some(key)
    }

    /// What an action could wait for that is not possible yet; `None` where waiting is of no use.
    pub(super) fn awaited_by(&self, action: Action) -> Option<Awaited> {
        let account = self.account();
        if self.engine.settings.read_only && action.is_change() {
            return None;
        }
        if let Some(key) = self.searched_here().filter(|_| action.is_of_key()) {
            return Some(Awaited::Key(key.clone()));
        }
        let row = self.user()?;
        let on_its_way = row.keys.known().is_none() && row.keys.error().is_none();
        let needs_keys = action.is_of_key() || action == Action::Rotate;
        (on_its_way && needs_keys && account.identity.broken.is_none())
            .then(|| Awaited::KeysOf(self.slot(), row.user.name.clone()))
    }

    /// Lets an action wait, in place of one that does.
    pub(super) fn await_target(&mut self, action: Action, target: Awaited) {
        if self.engine.settings.read_only && action.is_change() {
            self.complain(READ_ONLY);
            return;
        }
        let ahead = Ahead { action, target };
        let words = self.waiting(&ahead);
        self.ahead = Some(ahead);
        self.complain(words);
    }

    /// Does what waits, if its target is there; drops it where the target does not come or the
    /// person has gone elsewhere.
    pub(super) fn go_ahead(&mut self) -> Vec<Effect> {
        let Some(ahead) = self.ahead.take() else {
            return Vec::new();
        };
        match self.progress_of(&ahead.target) {
            Progress::Waiting => {
                if self.notice.is_none() {
                    let words = self.waiting(&ahead);
                    self.complain(words);
                }
                self.ahead = Some(ahead);
                Vec::new()
            }
            Progress::Cancelled => {
                let words = ahead.cancelled();
                self.complain(words);
                Vec::new()
            }
            Progress::Ready => {
                self.notice = None;
                if matches!(ahead.target, Awaited::KeysOf(..))
                    && ahead.action.is_of_key()
                    && self.has_several_keys()
                {
                    // None of them was in sight.
                    self.choose_a_key();
                    return Vec::new();
                }
                self.act_on_page(ahead.action)
            }
        }
    }

    fn progress_of(&self, target: &Awaited) -> Progress {
        let on_page = self.visible_dialogs() == 0 && !self.filtering;
        match target {
            Awaited::Key(key) if self.engine.search_is_looking(self.slot()) == Some(key) => {
                match self.account().stage {
                    // Nothing has begun that could find it.
                    Stage::SignedOut(_) if self.engine.search().is_none() => Progress::Cancelled,
                    _ => Progress::Waiting,
                }
            }
            Awaited::Key(_) if !on_page => Progress::Cancelled,
            Awaited::Key(key) if self.searched_here() == Some(key) => Progress::Waiting,
            Awaited::Key(key) => match self.selected_key() {
                Some(row) if row.key.id == key.as_str() => Progress::Ready,
                _ => Progress::Cancelled,
            },
            Awaited::KeysOf(slot, user) => match self.user() {
                Some(row)
                    if on_page
                        && *slot == self.slot()
                        && row.user.name == *user
                        && self.page() != Page::Activity =>
                {
                    if row.keys.known().is_some() || row.keys.error().is_some() {
                        Progress::Ready
                    } else {
                        Progress::Waiting
                    }
                }
                _ => Progress::Cancelled,
            },
        }
    }

    fn has_several_keys(&self) -> bool {
        let keys = self.user().and_then(|row| row.keys.known());
        keys.is_some_and(|keys| keys.len() > 1)
    }

    /// Asks the person to choose among the selected user's keys.
    pub(super) fn choose_a_key(&mut self) {
        let Some(user) = self.user().map(|row| row.user.name.clone()) else {
            return;
        };
        if self.page() == Page::Users {
            self.pages.users.pane = Pane::Keys;
        }
        self.complain(format!(
            "{user} has several keys: choose one, then press again"
        ));
    }

    /// What waits, what for, and what takes it back.
    fn waiting(&self, ahead: &Ahead) -> String {
        let settings = &self.settings;
        let dot = Theme::of(settings.ascii, settings.colours, self.ground)
            .glyphs
            .dot;
        let cancel = keymap::name(Context::Waiting, Action::Cancel);
        let title = ahead.name();
        match &ahead.target {
            Awaited::Key(key) => format!("{title}: waiting for {key} {dot} {cancel} cancels"),
            Awaited::KeysOf(_, user) => {
                format!("{title}: waiting for the keys of {user} {dot} {cancel} cancels")
            }
        }
    }
}
