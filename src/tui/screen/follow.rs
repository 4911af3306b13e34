//! The screen follows the engine: lists, notices, and a dialog for each thing that a person has to
//! see or to decide.

use super::{Screen, Whereabouts};
use crate::{
    engine::{Effect, Intent, KeyId, Need, News, Slot, account::Account, fleet::Scope},
    tui::{
        dialogs::{self, BulkPage, Dialog, Discard, Find, LeakPage, Leaving, NewKeyDialog},
        lists::Lists,
        pages::{Page, Pane, users::UsersPage},
        words,
    },
};
use std::any::Any;

impl Screen {
    /// An event was heard: `selected` was the selected user before.
    pub(super) fn follow_event(&mut self, selected: Option<&(Slot, Box<str>)>) -> Vec<Effect> {
        self.follow_lists();
        if selected.is_some()
            && self.pages.shown != Page::Keys
            && self.selected_user().as_ref() != selected
        {
            // The selected user is gone: no key goes to another's.
            self.pages.users.pane = Pane::Users;
        }
        let effects = self.take_news();
        self.follow_lists();
        effects
    }

    fn follow_lists(&mut self) {
        let now = self.engine.now();
        let rows = self.engine.fleet.rows(self.scope);
        let quiet = !rows.accounts().any(Account::is_loading);
        self.lists.follow(rows, now, quiet);
    }

    /// Brings everything on the screen up to date. What a person has asked for comes up on top, and
    /// what comes by itself under the dialog that is being answered.
    pub(super) fn follow(&mut self, asked_for: bool) -> Vec<Effect> {
        self.leave_what_is_gone();
        self.follow_marks();
        self.follow_lists();
        let mut effects = self.take_news();
        self.close_dialogs();
        self.open_dialogs_for_needs(asked_for);
        self.ask_about_leaving();
        effects.extend(self.cover_dialogs());
        let layout = self.layout();
        let rows = self.engine.fleet.rows(self.scope);
        let lists = &mut self.lists;
        self.pages.follow(&self.engine, rows, lists, &layout);
        effects
    }

    /// Shows nothing of an account that was taken out.
    fn leave_what_is_gone(&mut self) {
        let fleet = &self.engine.fleet;
        if let Scope::One(slot) = self.scope
            && fleet.get(slot).is_none()
        {
            self.scope = Scope::All;
        }
        let was_there = self.pages.accounts.forget_gone(fleet);
        // One account has no list: its tab is gone.
        if was_there && !self.has_several() && self.pages.shown == Page::Accounts {
            self.go_to(Page::Users);
        }
    }

    /// Closes the dialogs of what is over, and lets the others take notice of what has changed.
    fn close_dialogs(&mut self) {
        let engine = &self.engine;
        for dialog in &mut self.dialogs {
            self.opened += u64::from(dialog.follow(engine));
        }
        self.dialogs.retain(|dialog| !dialog.is_over(engine));
        for dialog in &mut self.dialogs {
            if let Some((button, count)) = dialog.buttons(engine) {
                // What was found may have taken a button away.
                *button = (*button).min(count - 1);
            }
        }
    }

    fn open_dialogs_for_needs(&mut self, asked_for: bool) {
        for need in self.engine.needs() {
            let mut open = self.dialogs.iter().map(|dialog| dialog.need());
            if open.any(|of| of.as_ref() == Some(&need)) {
                continue;
            }
            let dialog: Box<dyn Dialog> = match &need {
                Need::NewKey(key) => {
                    let dialog = NewKeyDialog::new(key.clone());
                    Box::new(dialog.with_form(self.settings.form))
                }
                need => dialogs::for_need(need, &self.engine),
            };
            if asked_for || self.is_for_search(&need) {
                self.open(dialog);
            } else {
                let concerns = self.concerned_by(&need);
                self.come_up(dialog, concerns);
            }
        }
    }

    /// Whether a need is what the search waits for that is in sight: what signing in asks then comes up
    /// on top of it.
    fn is_for_search(&self, need: &Need) -> bool {
        let Need::Prompt(session, _) = need else {
            return false;
        };
        self.shows_find() && self.engine.search_awaits(session.slot)
    }

    /// Whether the dialog that finds keys is the one that is answered.
    fn shows_find(&self) -> bool {
        let top = self.dialogs.last().filter(|_| !self.filtering);
        top.is_some_and(|dialog| {
            let dialog: &dyn Any = &**dialog;
            dialog.is::<Find>()
        })
    }

    /// The account and the user that a need is about.
    fn concerned_by(&self, need: &Need) -> Option<(Slot, Box<str>)> {
        let engine = &self.engine;
        match need {
            Need::Plan(id) => {
                let plan = engine.plan(*id)?;
                Some((plan.session.slot, plan.user().into()))
            }
            Need::NewKey(id) => {
                let key = engine.vault.key(id)?;
                Some((key.session.slot, key.user.clone()))
            }
            Need::Question(origin) => {
                let question = engine.question(origin)?;
                let slot = question.session.map_or(self.slot(), |session| session.slot);
                Some((slot, question.change.user().into()))
            }
            Need::Prompt(..) | Need::KeptPlan => None,
        }
    }

    /// Opens a dialog that was not asked for: under the one that is being answered, so that no key
    /// goes where it was not meant to. It comes up when that one is closed.
    fn come_up(&mut self, dialog: Box<dyn Dialog>, about: Option<(Slot, Box<str>)>) {
        if self.filtering {
            self.say("There is news: Enter shows it");
        }
        // A rotation or a question waits for what came of the change that it has asked for.
        let awaits = self.dialogs.last().and_then(|top| top.awaits(&self.engine));
        let awaited = match (awaits, about) {
            (Some((slot, user)), Some((of, whose))) => {
                slot == of && user.eq_ignore_ascii_case(&whose)
            }
            _ => false,
        };
        self.opened += 1;
        let under = self.dialogs.len().saturating_sub(usize::from(!awaited));
        self.dialogs.insert(under, dialog);
    }

    /// A person wants to leave, and something is in the way: asks about it, once.
    fn ask_about_leaving(&mut self) {
        let Some(obstacle) = self.engine.obstacle() else {
            return;
        };
        let mut open = self.dialogs.iter().map(|dialog| -> &dyn Any { &**dialog });
        if !open.any(|dialog| dialog.is::<Discard>() || dialog.is::<Leaving>()) {
            self.open(dialogs::for_obstacle(obstacle));
        }
    }

    /// What is not in sight does not wait for an answer.
    fn cover_dialogs(&mut self) -> Vec<Effect> {
        let seen = usize::from(!self.filtering);
        let covered = self.dialogs.len().saturating_sub(seen);
        let in_sight = self.dialogs[covered..].iter();
        let in_sight: Vec<Need> = in_sight.filter_map(|dialog| dialog.need()).collect();
        // What the dialog in sight asks about is no answer of those below it.
        let answered_above = |intent: &Intent| match intent {
            Intent::Withdraw(plan) => in_sight.contains(&Need::Plan(*plan)),
            _ => false,
        };
        let mut effects = Vec::new();
        for dialog in &mut self.dialogs[..covered] {
            let intent = dialog.cover(&self.engine);
            if let Some(intent) = intent.filter(|intent| !answered_above(intent)) {
                effects.extend(self.engine.intend(intent));
            }
        }
        effects
    }

    /// Tells a person what has happened, where they see it.
    fn take_news(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for news in self.engine.take_news() {
            let told = self.dialogs.iter_mut().map(|dialog| dialog.hear(&news));
            if told.fold(false, |told, here| told | here) {
                continue;
            }
            match news {
                News::Notice { text, bad: false } => self.say(text),
                News::Notice { text, bad: true } => self.complain(text),
                News::Copied { what, key, outcome } => {
                    let (good, mut text) = words::copied(what, &outcome);
                    if !key.is_empty() {
                        text = format!("{key}: {text}");
                    }
                    if good {
                        self.say(text);
                    } else {
                        self.complain(text);
                    }
                }
                News::Broken(slot, error) => {
                    let text = format!("{}. {}", error.short(), words::remedy(&error));
                    let account = self.engine.fleet.get(slot);
                    let label = account.filter(|_| self.has_several()).map(Account::label);
                    let text = match label {
                        Some(label) => format!("{label}: {text}"),
                        None => text,
                    };
                    self.complain(text);
                }
                News::SearchBegun(key) => {
                    self.open(Box::new(Find::of(self.slot(), &key)));
                }
                News::OwnerFound => {
                    if self.shows_find() {
                        self.dialogs.pop();
                        effects.extend(self.go_to_owner());
                    }
                }
                News::SearchEnded { key, user, found } => {
                    let stayed = self.arrived.take().is_some();
                    if found {
                        if self.leaked.take_if(|leaked| *leaked == key).is_some() {
                            effects.extend(self.respond_to(&key, &user));
                        } else if stayed {
                            self.say(format!("{key} is a key of {user}"));
                        }
                        continue;
                    }
                    if self.pages.users.selected_key.as_deref() == Some(key.as_str()) {
                        // What is selected instead is a key that was not searched for.
                        self.pages.users.selected_key = None;
                        self.pages.users.pane = Pane::Users;
                    }
                    if stayed {
                        let dialog = Find::of(self.slot(), &key);
                        self.come_up(Box::new(dialog), None);
                    } else {
                        effects.extend(self.engine.intend(Intent::EndSearch));
                    }
                }
                News::SearchDropped(slot) if slot == self.slot() => self.arrived = None,
                News::PlanOpened => self.open(Box::new(BulkPage::default())),
                // The rotation's dialog has heard it.
                News::RotationDone { .. } | News::SearchDropped(_) => {}
            }
        }
        effects
    }

    /// Goes to the owner of the key that is searched for, and to the key as soon as the owner's keys
    /// are known.
    pub(super) fn go_to_owner(&mut self) -> Vec<Effect> {
        let Some(search) = self.engine.search() else {
            return Vec::new();
        };
        let (key, slot) = (search.key.clone(), search.session.slot);
        let effects = self.engine.intend(Intent::GoToOwner);
        self.bring_into_scope(slot);
        self.follow_lists();
        let owner = self.engine.search_is_loading();
        let owner = owner.map(|(_, user)| Box::<str>::from(user));
        let owner = owner.or_else(|| self.owner_of(slot, key.as_str()));
        if let Some(user) = owner {
            self.show_keys_of(slot, &user);
            self.pages.users.selected_key = Some(key.to_string());
        }
        self.arrived = Some(self.whereabouts());
        effects
    }

    /// Opens the response to the leak of a key that was found.
    fn respond_to(&mut self, key: &KeyId, user: &str) -> Vec<Effect> {
        let mut accounts = self.engine.fleet.accounts().iter();
        let has_it = |account: &&Account| account.users.has_key(user, key.as_str());
        let Some(slot) = accounts.find(has_it).map(|account| account.session.slot) else {
            return Vec::new();
        };
        let (user, key) = (Box::<str>::from(user), Box::<str>::from(key.as_str()));
        self.open(Box::new(LeakPage::new(slot, user.clone(), key.clone())));
        self.engine.intend(Intent::Leak { slot, user, key })
    }

    /// Shows an account that is not among those that are shown: beside the others, or alone where it is
    /// left out of them.
    fn bring_into_scope(&mut self, slot: Slot) {
        if self.rows().account(slot).is_some() {
            return;
        }
        let account = self.engine.fleet.get(slot);
        let excluded = account.is_some_and(|account| account.excluded);
        self.look_at(if excluded {
            Scope::One(slot)
        } else {
            Scope::All
        });
    }

    fn owner_of(&self, slot: Slot, key: &str) -> Option<Box<str>> {
        let rows = self.engine.fleet.get(slot)?.users.rows().iter();
        let mut owners = rows.filter(|row| {
            let keys = row.keys.known().into_iter().flatten();
            keys.into_iter().any(|row| row.key.id == key)
        });
        owners.next().map(|row| row.user.name.clone())
    }

    fn whereabouts(&self) -> Whereabouts {
        Whereabouts {
            page: self.pages.shown,
            pane: self.pages.users.pane,
            dialogs: self.dialogs.len(),
            filtering: self.filtering,
            user: self.selected_user(),
            key: self.pages.users.selected_key.clone(),
        }
    }

    /// Notes whether the person has moved since the owner of a key was gone to.
    pub(super) fn note_whereabouts(&mut self) {
        let here = self.whereabouts();
        self.arrived.take_if(|arrived| *arrived != here);
    }

    /// The account's session begins anew: the screen shows it from the beginning. Dialogs stay open:
    /// one may hold a secret.
    pub(super) fn begin_anew(&mut self) {
        self.lists = Lists::default();
        self.pages.users = UsersPage::default();
        self.filtering = false;
        self.pages.shown = Page::Users;
    }
}
