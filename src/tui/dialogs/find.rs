//! The ID of a key, being typed, and what is said of the search for it.

use super::{LeakPage, intend};
use crate::{
    engine::{
        Again, KeyId, SearchPhase,
        key_id::{NotAKey, may_become_secret, secret_in},
    },
    tui::prelude::*,
};
use std::fmt;

/// Asks which key to find, and tells what became of the search.
pub(in crate::tui) struct Find {
    slot: Slot,
    /// What is typed.
    input: Input,
    /// The text that the answers are about: moving the cursor does not change it.
    text: String,
    /// Why what was typed is not a key ID. A secret is not in the field any more.
    not_a_key: Option<NotAKey>,
    /// The user that it was a key of, where one that is deleted has leaked: it is not searched for.
    user: Option<Box<str>>,
    /// A secret was pasted with the ID, and left out.
    left_out: bool,
    /// What is typed may become a secret: it is not shown until the field is empty again.
    hidden: bool,
    /// No key is searched for any more: the session has ended.
    dropped: bool,
}

/// A secret may be pasted where an ID belongs: what is typed is not printed.
impl fmt::Debug for Find {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Find")
            .field("slot", &self.slot)
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}

impl Find {
    /// Begins with an empty field.
    pub(in crate::tui) fn new(slot: Slot) -> Self {
        Self {
            slot,
            input: Input::default(),
            text: String::new(),
            not_a_key: None,
            user: None,
            left_out: false,
            hidden: false,
            dropped: false,
        }
    }

    /// Begins with this key in the field.
    pub(in crate::tui) fn of(slot: Slot, key: &KeyId) -> Self {
        let mut find = Self::new(slot);
        find.put(key.as_str());
        find
    }

    /// Asks which key of a user has leaked: one that is deleted.
    pub(in crate::tui) fn deleted_of(slot: Slot, user: Box<str>) -> Self {
        Self {
            user: Some(user),
            ..Self::new(slot)
        }
    }

    /// The same, of one that was taken out of what was pasted around it.
    pub(in crate::tui) fn of_pasted(slot: Slot, key: &KeyId, pasted: &str) -> Self {
        let mut find = Self::of(slot, key);
        find.left_out = secret_in(pasted).is_some();
        find
    }

    /// Puts a text into the field.
    fn put(&mut self, text: &str) {
        self.input = Input::new(text.to_owned());
        text.clone_into(&mut self.text);
        (self.left_out, self.hidden) = (false, false);
    }

    /// Takes a key ID out of what was typed or pasted with it.
    fn take(&mut self, key: &KeyId, around: &str) {
        let left_out = self.left_out || secret_in(around).is_some();
        self.put(key.as_str());
        self.left_out = left_out;
        self.not_a_key = None;
    }

    /// What the field shows: dots where it may become a secret.
    fn shown(&self, hidden: &str) -> Input {
        if !self.hidden {
            return self.input.clone();
        }
        let count = self.input.value().chars().count();
        Input::new(hidden.repeat(count)).with_cursor(self.input.cursor())
    }

    /// Takes everything out of the field, and says why.
    fn refuse_secret(&mut self, secret: NotAKey) {
        self.put("");
        self.not_a_key = Some(secret);
    }

    /// Whether a secret was taken out, and nothing was typed since.
    fn has_refused(&self) -> bool {
        let why = self.not_a_key.as_ref();
        why.is_some_and(|why| why.secret().is_some())
    }

    /// Goes to the response to the leak of a key that is no more.
    fn respond(engine: &Engine) -> Vec<Ask> {
        let Some(search) = engine.search() else {
            return Vec::new();
        };
        let (SearchPhase::Gone { user } | SearchPhase::Lost { user, .. }) = &search.phase else {
            return Vec::new();
        };
        let (slot, key) = (search.session.slot, search.key.as_str());
        let mut asks = vec![Ask::Close, Ask::Intend(Intent::EndSearch)];
        asks.extend(LeakPage::open(slot, user.clone(), key.into()));
        asks
    }

    /// Searches for what is typed; where AWS has named the owner already, goes there.
    fn go_on(&mut self, engine: &Engine) -> Vec<Ask> {
        if self.user.is_some() {
            return self.take_typed();
        }
        if engine.search_waits_for().is_some() {
            return Vec::new();
        }
        match engine.search_words().map(|words| words.again) {
            Some(Again::GoThere) => {
                return vec![Ask::Intend(Intent::GoToOwner), Ask::Close];
            }
            Some(Again::OpenIt | Again::OpenOrganisation | Again::SignInAgain) => {
                return intend(Intent::OpenForSearch);
            }
            Some(Again::Respond) => return Self::respond(engine),
            Some(Again::No | Again::AskAnyway | Again::AskAgain) | None => {}
        }
        self.take_typed()
    }

    /// Goes on with the key that is typed, or says why it is none.
    fn take_typed(&mut self) -> Vec<Ask> {
        let typed = self.input.value();
        match KeyId::within(typed).map_or_else(|| KeyId::read(typed), Ok) {
            Ok(key) => {
                let typed = typed.to_owned();
                self.take(&key, &typed);
                if let Some(user) = &self.user {
                    let mut asks = vec![Ask::Close];
                    let key = key.as_str().into();
                    asks.extend(LeakPage::open(self.slot, user.clone(), key));
                    return asks;
                }
                return intend(Intent::Search(self.slot, key));
            }
            Err(why) if why.secret().is_some() => self.refuse_secret(why),
            // The end of a line may follow a secret: what was said of that stays.
            Err(NotAKey::Nothing) if self.has_refused() => {}
            Err(why) => self.not_a_key = Some(why),
        }
        Vec::new()
    }
}

impl Dialog for Find {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Find
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let (engine, theme) = (canvas.engine, canvas.theme);
        let go_on = keymap::name(Context::Find, Action::GoOn);
        let mut lines = Lines::new(canvas, WIDTH);
        match &self.user {
            Some(user) => lines.text(format!(
                "{user} has no access keys. Sessions of one that was deleted live on for up to 36 \
                 hours: which key has leaked?"
            )),
            None => lines.dim(place(self.slot, engine)),
        }
        lines.gap();
        lines.field("ID", &self.shown(theme.glyphs.hidden));
        lines.gap();
        if self.left_out {
            lines.warn(
                "A secret was pasted with it, and is left out. It may be on the clipboard still, and \
                 where it was copied from.",
            );
        }
        let mut verb = if self.user.is_some() {
            "Leaked"
        } else {
            "Find"
        };
        let searches = self.user.is_none();
        let waits_for = engine.search_waits_for().filter(|_| searches);
        let looking = self.not_a_key.is_none() && waits_for.is_some();
        if let Some(why) = &self.not_a_key {
            lines.failed(why.to_string());
        } else if self.hidden {
            lines.failed(
                "That is no key ID, which has twenty letters and digits: it is hidden, since it may be \
                 a secret.",
            );
        } else if let Some(waits_for) = waits_for {
            lines.waiting(waits_for);
        } else if let Some(found) = engine.search_words().filter(|_| searches) {
            let text = found.text;
            match found.again {
                Again::No => lines.failed(text),
                Again::AskAgain => lines.failed(format!("{text} {go_on} asks again.")),
                Again::AskAnyway => {
                    verb = "Ask AWS";
                    lines.warn(format!("{text} {go_on} asks AWS all the same."));
                }
                Again::OpenIt => {
                    verb = "Open it";
                    lines.warn(format!("{text} {go_on} opens it and looks there."));
                }
                Again::OpenOrganisation => {
                    verb = "Open all";
                    lines.warn(format!(
                        "{text} {go_on} opens the accounts of the organisation and looks there."
                    ));
                }
                Again::SignInAgain => {
                    verb = "Sign in";
                    lines.failed(format!("{text} {go_on} signs in there again."));
                }
                Again::Respond => {
                    verb = "Leaked";
                    lines.warn(format!("{text} {go_on} deals with its leak."));
                }
                Again::GoThere => {
                    verb = "Go there";
                    lines.done(format!("{text} {go_on} goes there."));
                }
            }
        } else {
            lines.dim(NotAKey::Nothing.to_string());
        }
        let button = |action, verb| Button::of(Context::Find, action, verb);
        let find = button(Action::GoOn, verb).only_if(!looking);
        let buttons = vec![button(Action::Cancel, "Cancel"), find];
        let title = if searches {
            "Find a key"
        } else {
            "A leaked key"
        };
        Some(Frame::new(title, theme.accent, lines).buttons(1, buttons))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::GoOn => self.go_on(engine),
            Action::Cancel => {
                let mut asks = end_search(engine);
                asks.push(Ask::Close);
                asks
            }
            _ => Vec::new(),
        }
    }

    fn is_over(&self, _engine: &Engine) -> bool {
        self.dropped
    }

    fn hear(&mut self, news: &News) -> bool {
        self.dropped |= *news == News::SearchDropped(self.slot);
        false
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Cancel, Action::GoOn]
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn edited(&mut self, engine: &Engine) -> Vec<Ask> {
        if self.input.value() == self.text {
            return Vec::new();
        }
        self.input.value().clone_into(&mut self.text);
        self.not_a_key = None;
        self.left_out = false;
        self.hidden = !self.text.is_empty() && (self.hidden || may_become_secret(&self.text));
        if let Some(secret) = secret_in(&self.text) {
            self.refuse_secret(secret);
        }
        end_search(engine)
    }

    fn takes_paste(&mut self, text: &str, engine: &Engine) -> Result<(), Vec<Ask>> {
        // What is around it is left out, be it a secret.
        if let Some(key) = KeyId::within(text) {
            self.left_out = false;
            self.take(&key, text);
            return Err(end_search(engine));
        }
        if let Some(secret) = secret_in(text) {
            self.refuse_secret(secret);
            return Err(end_search(engine));
        }
        Ok(())
    }
}

/// Where a key is looked for from this account: there, or in whichever of several it is.
fn place(slot: Slot, engine: &Engine) -> String {
    match engine.fleet.accounts() {
        [_, _, ..] => format!("in all {} accounts", engine.fleet.accounts().len()),
        _ => {
            let account = engine.fleet.get(slot);
            let account = account.map_or_else(String::new, |it| it.identity.account());
            format!("in {account}")
        }
    }
}

/// Ends the search that this dialog shows. One that has named the owner and loads the owner's keys
/// is not shown here any more, and goes on.
fn end_search(engine: &Engine) -> Vec<Ask> {
    match engine.search_is_loading() {
        Some(_) => Vec::new(),
        None => intend(Intent::EndSearch),
    }
}
