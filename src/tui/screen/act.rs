//! What was asked for is done to the screen, or becomes an intent.

use super::Screen;
use crate::{
    engine::{
        Effect, Intent, Leave, Listing, Means, Offer, Slot, Target,
        account::{Account, Stage},
        fleet::Scope,
        query::sort::{Column, Sort},
    },
    tui::{
        action::Action,
        dialogs::{Ask, Find, Help, Palette, ReadyFilters, Switch},
        keymap::{self, Context},
        pages::{self, Page, Pane, accounts},
    },
};

impl Screen {
    /// Does what was asked for in the place on top.
    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Help => {
                let help = Help::new(self.context());
                self.open(Box::new(help));
                Vec::new()
            }
            Action::Quit => self.leave(Leave::Quit),
            Action::Interrupt => {
                let asked = self.context();
                let effects = self.leave(Leave::Interrupt);
                // It was asked before: once more is no answer to it.
                match asked {
                    Context::Discard => self.say_what_leaves(asked, Action::Discard, Action::Keep),
                    Context::Leaving => {
                        self.say_what_leaves(asked, Action::StopWaiting, Action::Stay);
                    }
                    _ => {}
                }
                effects
            }
            Action::Suspend => {
                self.suspend = true;
                Vec::new()
            }
            Action::Down => self.step(1),
            Action::Up => self.step(-1),
            Action::PageDown => self.turn_page(true),
            Action::PageUp => self.turn_page(false),
            Action::First => self.step(isize::MIN),
            Action::Last => self.step(isize::MAX),
            action if self.visible_dialogs() > 0 => self.act_in_dialog(action),
            action => self.act_on_page(action),
        }
    }

    fn act_in_dialog(&mut self, action: Action) -> Vec<Effect> {
        let engine = &self.engine;
        let Some(top) = self.dialogs.last_mut() else {
            return Vec::new();
        };
        let asks = match (action, top.buttons(engine)) {
            (Action::NextButton, Some((button, count))) => {
                *button = (*button + 1) % count;
                Vec::new()
            }
            (Action::PreviousButton, Some((button, count))) => {
                *button = (*button + count - 1) % count;
                Vec::new()
            }
            (Action::Press, Some((button, _))) => {
                let button = *button;
                top.enter(button, engine)
            }
            _ => top.act(action, engine),
        };
        self.answer(asks)
    }

    /// Presses a button of the dialog on top.
    pub(super) fn press(&mut self, button: usize) -> Vec<Effect> {
        let engine = &self.engine;
        let asks = match self.dialogs.last_mut() {
            Some(top) => top.press(button, engine),
            None => Vec::new(),
        };
        self.answer(asks)
    }

    /// Does what a page or the dialog on top asks for.
    pub(super) fn answer(&mut self, asks: Vec<Ask>) -> Vec<Effect> {
        let mut effects = Vec::new();
        // It means the dialog that asks, and not what comes up meanwhile.
        if asks.iter().any(|ask| matches!(ask, Ask::Close)) {
            self.dialogs.pop();
        }
        for ask in asks {
            match ask {
                Ask::Close => {}
                Ask::SignIn(target) => effects.extend(self.sign_in(target)),
                Ask::SignInWith(target, means) => {
                    effects.extend(self.sign_in_by(target, means));
                }
                Ask::Show(slot) => self.show_only(slot),
                Ask::Open(dialog) => self.open(dialog),
                Ask::Complain(text) => self.complain(text),
                Ask::Say(text) => self.say(text),
                Ask::Filter(text) => self.filter_by(text),
                Ask::Act(action) => effects.extend(self.act_on_page(action)),
                Ask::GoToKey { slot, user, key } => self.go_to_key(slot, &user, &key),
                Ask::Intend(Intent::GoToOwner) => effects.extend(self.go_to_owner()),
                Ask::Intend(intent) => effects.extend(self.intend(intent)),
            }
        }
        effects
    }

    /// Tells the engine what a person wants. What that needs them for comes up on top.
    fn intend(&mut self, intent: Intent) -> Vec<Effect> {
        let mut effects = self.engine.intend(intent);
        effects.extend(self.follow(true));
        effects
    }

    /// Does what was asked for on the page. Also the palette's and the footer's way in.
    pub(super) fn act_on_page(&mut self, action: Action) -> Vec<Effect> {
        if let Some(effects) = self.act_on_marks(action) {
            return effects;
        }
        if let Some(reason) = self.why_not(action) {
            match self.awaited_by(action) {
                Some(target) => self.await_target(action, target),
                None => self.complain(reason),
            }
            return Vec::new();
        }
        let on_key = matches!(
            action,
            Action::Toggle
                | Action::Delete
                | Action::Describe
                | Action::Exempt
                | Action::CopyId
                | Action::Impact
                | Action::Leaked
        );
        if on_key && self.must_choose_a_key() {
            return Vec::new();
        }
        if let Some(asks) = pages::act(action, &self.engine, self.selection()) {
            return self.answer(asks);
        }
        match action {
            Action::Help
            | Action::Quit
            | Action::Interrupt
            | Action::Suspend
            | Action::Down
            | Action::Up
            | Action::PageDown
            | Action::PageUp
            | Action::First
            | Action::Last => self.act(action),
            Action::Refresh => self.refresh(),
            Action::ShowAccounts => self.show_accounts(),
            Action::Exclude => self.exclude(),
            Action::TryAgain if matches!(self.account().stage, Stage::SignedOut(_)) => {
                self.sign_in(self.account().target.clone())
            }
            Action::EnterCode | Action::LogIn => self.sign_in_with(action),
            Action::Switch => {
                let dialog = Switch::new(self.slot(), &self.engine);
                self.open(Box::new(dialog));
                self.intend(Intent::ListProfiles)
            }
            Action::OpenDemo if self.account().stage != Stage::SignedIn => {
                self.sign_in(Target::Demo)
            }
            action => {
                self.move_about(action);
                Vec::new()
            }
        }
    }

    /// What changes nothing but the screen.
    fn move_about(&mut self, action: Action) {
        match action {
            Action::OtherPane | Action::StepLeft | Action::StepRight
                if self.pages.shown == Page::Findings =>
            {
                self.move_in_findings(action);
            }
            Action::ShowFound => {
                if let Some(filter) = self.pages.findings.filter(&self.engine, self.rows()) {
                    self.go_to(Page::Keys);
                    self.filter_by(&filter);
                }
            }
            Action::OtherPane => {
                self.pages.users.pane = match self.pages.users.pane {
                    Pane::Users => Pane::Keys,
                    Pane::Keys => Pane::Users,
                }
            }
            Action::FocusUsers => self.pages.users.pane = Pane::Users,
            Action::FocusKeys => self.pages.users.pane = Pane::Keys,
            Action::GoToUser => self.go_to_user(),
            Action::Sort => {
                let (columns, sort) = self.sorted();
                self.sort(sort.next(columns));
            }
            Action::ReverseSort => {
                let (_, sort) = self.sorted();
                self.sort(sort.reversed());
            }
            Action::Find => self.open(Box::new(Find::new(self.slot()))),
            Action::Filter if self.pages.shown == Page::Accounts => self.filtering = true,
            Action::Filter => {
                if self.pages.shown == Page::Users {
                    self.pages.users.pane = Pane::Users;
                }
                self.filtering = true;
                let rows = self.engine.fleet.rows(self.scope);
                self.lists.open_filter(rows);
            }
            Action::KeepFilter => self.stop_typing(),
            Action::ClearFilter if self.pages.shown == Page::Accounts => {
                self.clear_accounts_filter();
            }
            Action::ClearFilter => {
                let nothing = self.lists.filter().is_empty();
                if nothing && !self.filtering && self.is_narrowed() {
                    self.widen();
                }
                self.filtering = false;
                self.clear_filter();
            }
            Action::OpenAccount => self.open_account(),
            Action::AllAccounts if !self.pages.accounts.filter.value().is_empty() => {
                self.clear_accounts_filter();
            }
            Action::AllAccounts => {
                self.widen();
                self.go_to(Page::Users);
            }
            Action::Complete | Action::CompleteBack if self.pages.shown == Page::Accounts => {}
            Action::Complete | Action::CompleteBack => {
                let rows = self.engine.fleet.rows(self.scope);
                let back = action == Action::CompleteBack;
                self.lists.complete_filter(rows, back);
            }
            Action::ReadyFilters => self.open(Box::new(ReadyFilters::default())),
            Action::Palette => {
                let palette = Palette::new(self.pages.shown.row().places);
                self.open(Box::new(palette));
            }
            action => {
                if let Some(page) = Page::shown_by(action) {
                    self.go_to(page);
                }
            }
        }
    }

    fn move_in_findings(&mut self, action: Action) {
        let rows = self.engine.fleet.rows(self.scope);
        let page = &mut self.pages.findings;
        match action {
            Action::OtherPane => page.turn(&self.engine, rows),
            Action::StepLeft => page.step_aside(-1, &self.engine, rows),
            _ => page.step_aside(1, &self.engine, rows),
        }
    }

    /// From the list of users, the key that is meant has to be plain to see. Says whether it has to
    /// be chosen first.
    fn must_choose_a_key(&mut self) -> bool {
        let of_user = self.pages.shown == Page::Users && self.pages.users.pane == Pane::Users;
        let Some(row) = self.user().filter(|_| of_user) else {
            return false;
        };
        if row.keys.known().map_or(0, Vec::len) < 2 {
            return false;
        }
        self.choose_a_key();
        true
    }

    fn clear_accounts_filter(&mut self) {
        self.filtering = false;
        self.pages.accounts.filter.reset();
        self.pages.accounts.arrange(&self.engine.fleet);
    }

    /// Whether one account is shown although several are open.
    pub(super) fn is_narrowed(&self) -> bool {
        matches!(self.scope, Scope::One(_)) && self.has_several()
    }

    /// Shows the users and keys of all accounts.
    fn widen(&mut self) {
        if self.is_narrowed() {
            let accounts = self.engine.fleet.accounts().len();
            self.look_at(Scope::All);
            self.say(format!("All {accounts} accounts"));
        }
    }

    /// Shows the users and keys of other accounts.
    pub(super) fn look_at(&mut self, scope: Scope) {
        self.scope = scope;
        let (rows, now) = (self.engine.fleet.rows(scope), self.engine.now());
        self.lists.follow(rows, now, true);
    }

    /// Leaves the selected account out of the lists, or takes it in again.
    fn exclude(&mut self) -> Vec<Effect> {
        let account = self.account();
        let (slot, excluded) = (account.session.slot, account.excluded);
        if self.engine.can_take_out(slot) {
            // There is nothing in it to be left out.
            return self.intend(Intent::TakeOut(slot));
        }
        let mut others = self.engine.fleet.accounts().iter();
        if !excluded && !others.any(|other| other.session.slot != slot && !other.excluded) {
            self.complain("One account stays in the lists");
            return Vec::new();
        }
        let key = keymap::name(Context::Accounts, Action::Exclude);
        let label = account.label();
        self.say(if excluded {
            format!("{label} is in the lists again")
        } else {
            format!("{label} is left out of the lists; {key} takes it in again")
        });
        self.intend(Intent::Exclude(slot, !excluded))
    }

    /// Goes to the accounts. The demo's organisation is opened then; of another one a person says that
    /// they want it.
    fn show_accounts(&mut self) -> Vec<Effect> {
        let slot = self.slot();
        if self.has_several() {
            self.go_to(Page::Accounts);
            self.pages.accounts.select_slot(slot);
            return Vec::new();
        }
        if !self.account().is_demo() {
            let mut lists = self.engine.account_lists().iter();
            let failed = lists.find_map(|list| match &list.listing {
                Listing::Failed(error) => Some(error.short()),
                _ => None,
            });
            self.complain(match failed {
                Some(why) => format!("One account is open. The others are not listed: {why}"),
                None => "One account is open".into(),
            });
            return Vec::new();
        }
        self.go_to(Page::Accounts);
        self.intend(Intent::OpenOrganisation(slot))
    }

    /// Says how a question before leaving is answered.
    fn say_what_leaves(&mut self, asked: Context, leave: Action, stay: Action) {
        let key = |action| keymap::name(asked, action);
        let interrupt = key(Action::Interrupt);
        let (leave, stay) = (key(leave), key(stay));
        self.complain(format!(
            "{interrupt} again does not leave: {leave} does, {stay} stays"
        ));
    }

    fn leave(&mut self, leave: Leave) -> Vec<Effect> {
        self.stop_typing();
        self.intend(Intent::Leave(leave))
    }

    fn refresh(&mut self) -> Vec<Effect> {
        if self.pages.shown == Page::Accounts {
            return self.refresh_account();
        }
        if self.account().identity.broken.is_none() {
            let attention = self.attention();
            // Of several accounts those that are on the screen.
            let mut slots: Vec<Slot> = attention.keys().copied().collect();
            if slots.is_empty() {
                slots.push(self.slot());
            }
            slots.sort_unstable();
            self.engine.look_at(attention);
            let mut effects = Vec::new();
            for slot in slots {
                effects.extend(self.engine.intend(Intent::Refresh(slot)));
            }
            effects.extend(self.follow(true));
            return effects;
        }
        let (selected, page) = (self.selected_user(), self.pages.shown);
        let effects = self.sign_in(self.account().target.clone());
        self.go_to(page);
        if let Some((slot, name)) = selected {
            let rows = self.engine.fleet.rows(self.scope);
            self.lists.select_name(rows, slot, &name);
        }
        effects
    }

    /// Asks again for the selected account: what is in it, or how to get there.
    fn refresh_account(&mut self) -> Vec<Effect> {
        let account = self.account();
        if account.is_closed() {
            let text = format!("{} is {}", account.label(), closed(account));
            self.complain(text);
            return Vec::new();
        }
        let (slot, target) = (account.session.slot, account.target.clone());
        let is_usable = account.stage == Stage::SignedIn && account.identity.broken.is_none();
        let label = account.label().to_owned();
        self.say(format!("Asking again: {label}"));
        if is_usable {
            return self.intend(Intent::Refresh(slot));
        }
        self.intend(Intent::SignIn(slot, target))
    }

    /// Shows the users and keys of one account.
    /// Shows the selected account alone; of one that cannot be reached there is only why, unless the
    /// person can do something about it.
    fn open_account(&mut self) {
        let account = self.account();
        if let Stage::SignedOut(problem) = &account.stage
            && problem.offer.is_none()
        {
            let text = format!("{}: {}", account.label(), problem.title);
            self.complain(text);
            return;
        }
        let slot = account.session.slot;
        self.show_only(slot);
    }

    fn show_only(&mut self, slot: Slot) {
        self.look_at(Scope::One(slot));
        self.go_to(Page::Users);
    }

    fn sign_in(&mut self, target: Target) -> Vec<Effect> {
        if self.has_several() && target != self.account().target {
            // None of those that are open goes: one more is, and is shown alone.
            let effects = self.intend(Intent::Open(target));
            if let Some(account) = self.engine.fleet.accounts().last() {
                self.look_at(Scope::One(account.session.slot));
                self.go_to(Page::Users);
            }
            return effects;
        }
        self.begin_session(Intent::SignIn(self.slot(), target))
    }

    /// The same, by other means than the usual ones.
    fn sign_in_by(&mut self, target: Target, means: Means) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.has_several() && target != self.account().target {
            effects = self.sign_in(target.clone());
        }
        let intent = Intent::SignInWith(self.slot(), target, means);
        effects.extend(self.begin_session(intent));
        effects
    }

    /// Begins another session in place of the one that is shown.
    fn begin_session(&mut self, intent: Intent) -> Vec<Effect> {
        let effects = self.engine.intend(intent);
        if !self.has_several() {
            self.begin_anew();
        }
        effects.into_iter().chain(self.follow(true)).collect()
    }

    /// Whether several accounts are open.
    pub(super) fn has_several(&self) -> bool {
        self.engine.fleet.accounts().len() > 1
    }

    /// Signs in with a code or a login: where that is offered, and with a code also in place of
    /// long-lived keys alone.
    fn sign_in_with(&mut self, action: Action) -> Vec<Effect> {
        let account = self.account();
        let means = match (&account.stage, action) {
            (Stage::SignedOut(problem), _) => problem.offer.map(Offer::means),
            (Stage::SignedIn, Action::EnterCode) => Some(Means::Code),
            // Its login has ended.
            (Stage::SignedIn, Action::LogIn) => Some(Means::Login),
            _ => None,
        };
        let wanted = match action {
            Action::LogIn => Means::Login,
            _ => Means::Code,
        };
        if means != Some(wanted) {
            return Vec::new();
        }
        let target = account.target.clone();
        self.begin_session(Intent::SignInWith(self.slot(), target, wanted))
    }

    /// Sorts the list that is shown in another way, and says so.
    pub(super) fn sort(&mut self, sort: Sort) {
        match self.pages.shown {
            Page::Activity => return,
            Page::Findings => {
                let rows = self.engine.fleet.rows(self.scope);
                self.pages.findings.sort(&self.engine, rows, sort);
                self.say(sort.words());
                return;
            }
            Page::Accounts => {
                self.pages.accounts.sort(&self.engine.fleet, sort);
                self.say(sort.words());
                return;
            }
            Page::Users | Page::Keys => {}
        }
        let rows = self.engine.fleet.rows(self.scope);
        self.lists.sort(rows, sort);
        self.say(sort.words());
    }

    /// The columns of the list that is shown, and how it is sorted.
    pub(super) fn sorted(&self) -> (&'static [Column], Sort) {
        match self.pages.shown {
            Page::Accounts => (accounts::SORTS, self.pages.accounts.sort),
            Page::Findings => {
                let rows = self.engine.fleet.rows(self.scope);
                self.pages.findings.sorted(rows)
            }
            _ => self.lists.sorted(),
        }
    }

    pub(super) fn clear_filter(&mut self) {
        let rows = self.engine.fleet.rows(self.scope);
        self.lists.clear_filter(rows);
    }

    /// Filters by this text, as if it had been typed and kept.
    fn filter_by(&mut self, text: &str) {
        self.move_about(Action::Filter);
        let rows = self.engine.fleet.rows(self.scope);
        self.lists
            .edit_filter(rows, |filter| filter.input = text.into());
        self.stop_typing();
    }

    /// Ends typing the filter, and keeps it.
    pub(super) fn stop_typing(&mut self) {
        self.filtering = false;
        self.lists.keep_filter();
    }

    /// Goes to another page.
    pub(super) fn go_to(&mut self, page: Page) {
        self.pages.show(page, &self.engine);
        let rows = self.engine.fleet.rows(self.scope);
        self.lists.show_keys(rows, page == Page::Keys);
    }

    /// Goes from a key among all to the keys of its user.
    fn go_to_user(&mut self) {
        let user = self.selected_user();
        let key = self.selected_key().map(|row| row.key.id.clone());
        self.go_to(Page::Users);
        self.pages.users.pane = Pane::Keys;
        if let Some((slot, user)) = user {
            self.show_user(slot, &user);
            self.pages.users.selected_key = key.or(self.pages.users.selected_key.take());
        }
    }

    /// Selects a user, also if a filter hides them.
    fn show_user(&mut self, slot: Slot, user: &str) {
        if !self.lists.is_shown(self.rows(), slot, user) {
            self.clear_filter();
        }
        let rows = self.engine.fleet.rows(self.scope);
        self.lists.select_name(rows, slot, user);
    }

    /// Selects a user and goes to their keys, also if a filter hides the user.
    pub(super) fn show_keys_of(&mut self, slot: Slot, user: &str) {
        self.go_to(Page::Users);
        self.show_user(slot, user);
        self.pages.users.pane = Pane::Keys;
        self.stop_typing();
    }

    /// Selects a key by its ID, and the user it belongs to.
    fn go_to_key(&mut self, slot: Slot, user: &str, key: &str) {
        let account = self.engine.fleet.get(slot);
        if !account.is_some_and(|account| account.users.has_key(user, key)) {
            self.complain(format!("{key} is not there any more"));
            return;
        }
        // It is to be seen: what a person has opened above the lists is left.
        self.dialogs.retain(|dialog| dialog.need().is_some());
        self.show_keys_of(slot, user);
        self.pages.users.selected_key = Some(key.into());
    }
}

/// Why nothing can be asked of an account, in a word or two.
fn closed(account: &Account) -> &'static str {
    let listed = account.listed.as_ref();
    listed
        .and_then(|listed| listed.state.why_closed())
        .unwrap_or_default()
}
