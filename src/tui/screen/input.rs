//! Keys, pastes and the mouse: what they mean in the place on top, and whether they were meant.

use super::Screen;
use crate::{
    engine::{
        Effect, Intent, KeyId,
        key_id::{is_a_secret, is_of_secret, looks_like_a_secret, secret_in},
        query::sort::Sort,
        text,
    },
    tui::{
        action::Action,
        dialogs::{Ask, Find, PASTE_LIMIT},
        keymap::{self, Context, Key},
        layout,
        message::{Click, KeyPress, Target},
        pages::{Page, Pane, findings::Part},
    },
};
use chrono::TimeDelta;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tui_input::{Input, InputRequest};

/// What is typed after a secret was taken out belongs to it, where it follows as fast as this.
const BURST: TimeDelta = TimeDelta::seconds(1);

/// What sort of secret a text seems to hold, if any: `a secret`, or which one.
fn what_is_secret(text: &str) -> Option<&'static str> {
    let is_secret = looks_like_a_secret(text);
    let what = || secret_in(text).and_then(|secret| secret.secret());
    is_secret.then(|| what().unwrap_or("a secret"))
}

impl Screen {
    pub(super) fn key(&mut self, press: KeyPress) -> Vec<Effect> {
        if press.key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        let context = self.context();
        let key = Key::from(press.key);
        let action = keymap::action(context, key).filter(|action| {
            let top = self.dialogs.last().filter(|_| !self.filtering);
            !top.is_some_and(|top| top.takes_as_text(*action, &self.engine))
        });
        let too_small = layout::is_too_small(self.size);
        if !too_small && press.key.kind == KeyEventKind::Press && self.take_ahead(key, action) {
            return Vec::new();
        }
        let Some(action) = action else {
            if context.takes_text() && !too_small {
                return self.edit_with(press.key);
            }
            return Vec::new();
        };
        let leaves = matches!(action, Action::Interrupt | Action::Suspend);
        if too_small && !leaves {
            // No one sees what they would answer.
            return Vec::new();
        }
        if press.key.kind == KeyEventKind::Repeat && !action.only_moves() {
            // It is held, and was taken when it was pressed.
            return Vec::new();
        }
        if !press.read && self.must_be_meant(action) {
            self.ask_again(&format!("Press {key}"));
            return Vec::new();
        }
        self.notice = None;
        self.act(action)
    }

    /// Whether an action counts only where its dialog was read: pressing a button is what it does.
    fn must_be_meant(&mut self, action: Action) -> bool {
        let (context, engine) = (self.context(), &self.engine);
        let Some(top) = self.dialogs.last_mut().filter(|_| !self.filtering) else {
            return false;
        };
        let does = match action {
            Action::Press => top.pressed(engine),
            action => Some(action),
        };
        does.is_some_and(|does| does.must_be_meant(context))
    }

    /// Says that what must be meant did not count yet.
    fn ask_again(&mut self, how: &str) {
        self.complain(if self.view().complete {
            format!("{how} again: this dialog had just opened")
        } else {
            format!("{how} again once this dialog is loaded")
        });
    }

    pub(super) fn click(&mut self, Click { target, read }: &Click) -> Vec<Effect> {
        let context = self.context();
        let reachable = match target {
            Target::Account(_)
            | Target::User(_)
            | Target::Key(_)
            | Target::KeyRow(_)
            | Target::Rule(_)
            | Target::Found(_)
            | Target::Cell(..)
            | Target::Column(_)
            | Target::Entry(_) => self.visible_dialogs() == 0,
            Target::Action(action) => keymap::key_of(context, *action).is_some(),
            Target::Button(_) | Target::PaletteRow(_) => self.visible_dialogs() > 0,
        };
        if !reachable {
            return Vec::new();
        }
        let does = match target {
            Target::Action(action) => Some(*action),
            Target::Button(button) => {
                let top = self.dialogs.last();
                top.and_then(|top| top.answers(&self.engine).get(*button).copied())
            }
            _ => None,
        };
        if !read && does.is_some_and(|does| self.must_be_meant(does)) {
            self.ask_again("Click");
            return Vec::new();
        }
        self.notice = None;
        let rows = self.engine.fleet.rows(self.scope);
        match target {
            Target::Account(at) => self.pages.accounts.select(*at),
            Target::User(at) => {
                self.pages.users.pane = Pane::Users;
                self.lists.select(rows, *at);
            }
            Target::Key(at) => {
                self.pages.users.pane = Pane::Keys;
                let user = self.lists.selected(rows);
                self.pages.users.select_key(user, *at);
            }
            Target::KeyRow(at) => self.lists.select_key(rows, *at),
            Target::Rule(at) => {
                self.pages.findings.part = Part::Rules;
                self.pages.findings.select_rule(&self.engine, rows, *at);
            }
            Target::Found(at) => {
                self.pages.findings.part = Part::Keys;
                self.pages.findings.select_key(rows, *at);
            }
            Target::Cell(age, idle) => {
                self.pages.findings.part = Part::Grid;
                self.pages.findings.select_cell(*age, *idle);
            }
            Target::Column(column) => {
                let (_, sort) = self.sorted();
                self.sort(if sort.column == *column {
                    sort.reversed()
                } else {
                    Sort::by(*column)
                });
            }
            Target::Entry(number) => {
                if let Some(row) = self.engine.activity.row_of(*number) {
                    self.pages.activity.select(&self.engine.activity, row);
                }
            }
            Target::Action(action) => return self.act(*action),
            Target::Button(button) => return self.press(*button),
            Target::PaletteRow(row) => {
                let engine = &self.engine;
                let asks = match self.dialogs.last_mut() {
                    Some(top) => top.take_row(*row, engine),
                    None => Vec::new(),
                };
                return self.answer(asks);
            }
        }
        Vec::new()
    }

    pub(super) fn wheel(&mut self, by: isize) {
        // Where a key moves by a row, the wheel does.
        let scrolls = keymap::key_of(self.context(), Action::Down).is_some();
        if self.visible_dialogs() == 0 || scrolls {
            let effects = self.step(by);
            debug_assert!(effects.is_empty(), "moving does nothing else");
        }
    }

    /// Moves by so many rows in the place on top.
    pub(super) fn step(&mut self, by: isize) -> Vec<Effect> {
        let (limit, engine) = (self.scroll_limit, &self.engine);
        if let Some(top) = self.dialogs.last_mut().filter(|_| !self.filtering) {
            if let Some(scroll) = top.scroll(engine) {
                *scroll = scroll.saturating_add_signed(by).min(limit);
            }
            top.step(by, engine);
        } else {
            let rows = engine.fleet.rows(self.scope);
            let (lists, typing) = (&mut self.lists, self.filtering);
            self.pages.step(by, engine, rows, lists, typing);
        }
        Vec::new()
    }

    /// Moves by a page in the place on top.
    pub(super) fn turn_page(&mut self, on: bool) -> Vec<Effect> {
        let engine = &self.engine;
        let top = self.dialogs.last_mut().filter(|_| !self.filtering);
        if top.is_some_and(|top| top.turn_page(on, engine)) {
            return Vec::new();
        }
        let height = self.page_height();
        self.step(if on { height } else { -height })
    }

    fn page_height(&self) -> isize {
        let height = self.pages.height(&self.lists);
        isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1)
    }

    /// Changes the text field on top.
    fn edit(&mut self, change: impl FnOnce(&mut Input)) -> Vec<Effect> {
        if self.filtering && self.pages.shown == Page::Accounts {
            let page = &mut self.pages.accounts;
            change(&mut page.filter);
            let secret = what_is_secret(page.filter.value());
            if secret.is_some() {
                page.filter.reset();
            }
            page.arrange(&self.engine.fleet);
            page.select(0);
            if let Some(secret) = secret {
                self.complain(format!(
                    "That looks like {secret}, not a filter: taken out again"
                ));
            }
            return Vec::new();
        }
        if self.filtering {
            let rows = self.engine.fleet.rows(self.scope);
            self.lists
                .edit_filter(rows, |filter| change(&mut filter.input));
            if let Some(secret) = what_is_secret(self.lists.filter().input.value()) {
                self.lists
                    .edit_filter(rows, |filter| filter.input = Input::default());
                self.complain(format!(
                    "That looks like {secret}, not a filter: taken out again"
                ));
            }
            return Vec::new();
        }
        let engine = &self.engine;
        let Some(top) = self.dialogs.last_mut() else {
            return Vec::new();
        };
        let Some(field) = top.field() else {
            return Vec::new();
        };
        let before = field.value().to_owned();
        change(field);
        // The cursor may have moved, and nothing else.
        if field.value() == before {
            return Vec::new();
        }
        let is_secret = looks_like_a_secret(field.value());
        let taken_out = is_secret && top.context(engine).holds_no_secret();
        if taken_out && let Some(field) = top.field() {
            field.reset();
        }
        let asks = top.edited(engine);
        let effects = self.answer(asks);
        if taken_out {
            self.complain("That looks like a secret: taken out again");
        }
        effects
    }

    /// How many bytes the text field on top takes.
    fn limit(&self) -> usize {
        let top = self.dialogs.last().filter(|_| !self.filtering);
        top.map_or(PASTE_LIMIT, |dialog| dialog.limit())
    }

    fn edit_with(&mut self, key: KeyEvent) -> Vec<Effect> {
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
            KeyCode::Char(c) if !ctrl && !key.modifiers.intersects(keymap::OTHERWISE) => {
                InputRequest::InsertChar(c)
            }
            _ => return Vec::new(),
        };
        let limit = self.limit();
        let InputRequest::InsertChar(typed) = request else {
            self.taken_out = None;
            return self.edit(|input| {
                input.handle(request);
            });
        };
        if self.follows_what_was_taken_out(typed) {
            return Vec::new();
        }
        let was_empty = self.field_is_empty();
        let effects = self.edit(|input| {
            if input.value().len() < limit {
                input.handle(request);
            }
        });
        if !was_empty && self.field_is_empty() {
            self.taken_out = Some((self.context(), self.engine.now()));
        }
        effects
    }

    /// Whether what is typed belongs to a secret that was taken out a moment ago: where a terminal pastes
    /// letter by letter, the rest of it comes after that.
    fn follows_what_was_taken_out(&mut self, typed: char) -> bool {
        let (context, now) = (self.context(), self.engine.now());
        let follows = is_of_secret(typed)
            && self
                .taken_out
                .is_some_and(|(of, at)| of == context && now - at < BURST);
        self.taken_out = follows.then_some((context, now));
        follows
    }

    /// Whether nothing is in the text field on top.
    fn field_is_empty(&mut self) -> bool {
        if self.filtering {
            return match self.pages.shown {
                Page::Accounts => self.pages.accounts.filter.value().is_empty(),
                _ => self.lists.filter().input.value().is_empty(),
            };
        }
        let field = self.dialogs.last_mut().and_then(|top| top.field());
        field.is_some_and(|field| field.value().is_empty())
    }

    /// Looks for the key whose ID was pasted where no text is typed.
    fn find_pasted(&mut self, text: &str) -> Vec<Effect> {
        let key = KeyId::within(text).filter(|_| self.dialogs.is_empty());
        match key {
            Some(key) if self.why_not(Action::Find).is_none() => {
                let dialog = Find::of_pasted(self.slot(), &key, text);
                self.open(Box::new(dialog));
                self.answer(vec![Ask::Intend(Intent::Search(self.slot(), key))])
            }
            _ => {
                let find = keymap::name(Context::Users, Action::Find);
                self.complain(format!("Paste ignored. {find} finds a key by its ID."));
                Vec::new()
            }
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        if !self.context().takes_text() {
            return self.find_pasted(text);
        }
        let engine = &self.engine;
        let top = self.dialogs.last_mut().filter(|_| !self.filtering);
        if let Some(Err(asks)) = top.map(|top| top.takes_paste(text, engine)) {
            return self.answer(asks);
        }
        if self.context() == Context::File && is_a_secret(text) {
            self.complain("That looks like a secret, not a path: not pasted");
            return Vec::new();
        }
        let limit = self.limit();
        let text: String = text
            .trim()
            .chars()
            .filter(|c| !text::is_hidden(*c))
            .take(limit)
            .collect();
        self.edit(|input| {
            for c in text.chars() {
                if input.value().len() < limit {
                    input.handle(InputRequest::InsertChar(c));
                }
            }
        })
    }
}
