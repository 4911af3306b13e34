//! What the screen remembers, and how it follows the engine. Messages come in, effects go out:
//! keys and clicks are read in `input` and done in `act`, or in `ahead` once they can be; what the
//! engine needs a person for is shown by `follow`.

mod act;
mod ahead;
mod follow;
mod input;
mod marks;
mod signing_in;

use super::{
    Settings,
    action::Action,
    canvas::{Canvas, Drawn},
    dialogs::Dialog,
    guard::View,
    header,
    keymap::{self, Context},
    layout::{self, Layout, Shown},
    lists::Lists,
    message::{Ground, Message},
    pages::{self, Page, Pages, Pane, Selection},
    theme::Theme,
    widgets::{
        filter_line, footer,
        notice::{self, Notice},
    },
    words,
};
use crate::engine::{
    Attention, Effect, Engine, Entry, Event, Intent, KeyId, MoreAccounts, Need, Reply, Signal,
    Slot, Target,
    account::{Account, KeyRow, Stage, UserRow},
    fleet::{Rows, Scope},
    model::KeyStatus,
};
use ahead::Ahead;
use chrono::{DateTime, Utc};
use ratatui::{buffer::Buffer, layout::Rect, text::Line};
use std::collections::HashMap;

/// Where a person is: what is selected, and what is in front of it.
#[derive(Debug, PartialEq, Eq)]
struct Whereabouts {
    page: Page,
    pane: Pane,
    dialogs: usize,
    filtering: bool,
    user: Option<(Slot, Box<str>)>,
    key: Option<String>,
}

/// The screen, and the engine that it looks at.
#[derive(Debug)]
pub struct Screen {
    /// What does not change.
    pub settings: Settings,
    /// What is known.
    pub engine: Engine,
    /// Which of the open accounts are shown.
    scope: Scope,
    pages: Pages,
    /// Which rows of the account are shown, and which are selected.
    pub lists: Lists,
    /// A filter is being typed.
    filtering: bool,
    /// The dialogs, the top one last: it alone gets the keys.
    dialogs: Vec<Box<dyn Dialog>>,
    notice: Option<Notice>,
    /// Columns and rows of the terminal.
    size: (u16, u16),
    /// What the terminal draws its texts on.
    ground: Ground,
    /// Which picture of the spinner is shown.
    turn: usize,
    /// Counts the dialogs that were opened, and those that ask something else by themselves.
    opened: u64,
    /// How far the dialog on top can be scrolled, as it was drawn last.
    scroll_limit: usize,
    /// Where the person was when the owner of a key was gone to that is searched for; `None` once
    /// they have moved.
    arrived: Option<Whereabouts>,
    /// What was asked for before its target is there.
    ahead: Option<Ahead>,
    /// The leaked key that is dealt with as soon as it is found.
    leaked: Option<KeyId>,
    /// Where a secret was taken out of a text field, and when the last of it has come.
    taken_out: Option<(Context, DateTime<Utc>)>,
    /// The process is to be stopped until the shell continues it.
    suspend: bool,
}

impl Screen {
    /// The screen before anything has happened, with an account being opened, and what has to be
    /// done first.
    #[must_use]
    pub fn start(settings: Settings, target: Target, size: (u16, u16)) -> (Self, Vec<Effect>) {
        let mut engine = Engine::new(settings.engine);
        let (slot, sign_in) = engine.open(target);
        let mut screen = Self::of(engine, slot, settings, size);
        screen.scope = Scope::All;
        (screen, vec![sign_in, Effect::OpenJournal])
    }

    /// A screen that shows an account of an engine. What that needs a person for comes up at once.
    #[must_use]
    pub fn of(engine: Engine, slot: Slot, settings: Settings, size: (u16, u16)) -> Self {
        let mut screen = Self {
            settings,
            engine,
            scope: Scope::One(slot),
            pages: Pages::default(),
            lists: Lists::default(),
            filtering: false,
            dialogs: Vec::new(),
            notice: None,
            size,
            ground: Ground::default(),
            turn: 0,
            opened: 0,
            scroll_limit: 0,
            arrived: None,
            ahead: None,
            leaked: None,
            taken_out: None,
            suspend: false,
        };
        screen.follow(false);
        screen
    }

    /// Says what of the config file does nothing, or not what it looks like.
    pub(super) fn warn_of(&mut self, warnings: &[String]) {
        let Some((first, more)) = warnings.split_first() else {
            return;
        };
        // What is cut off where a path is long is not how many there are.
        let count = match more.len() {
            0 => String::new(),
            more => format!("{} warnings (iamkeys config has all): ", more + 1),
        };
        self.complain(format!("{count}{first}"));
    }

    /// Opens other accounts beside the first one.
    pub(super) fn open_more(&mut self, more: MoreAccounts) -> Vec<Effect> {
        self.engine.open_more(self.slot(), more)
    }

    /// Searches for this key as soon as the account is open.
    pub fn search_first(&mut self, key: KeyId) {
        let effects = self.engine.intend(Intent::SearchFirst(key));
        debug_assert!(effects.is_empty(), "nothing is asked before");
    }

    /// Searches for this key as soon as the account is open, and deals with its leak then.
    pub fn respond_first(&mut self, key: KeyId) {
        self.leaked = Some(key.clone());
        self.search_first(key);
    }

    /// Takes notice of what has happened, and says what must be done outside.
    #[must_use]
    pub fn update(&mut self, message: Message, now: DateTime<Utc>) -> Vec<Effect> {
        self.engine.tick(now);
        let mut effects = match message {
            Message::Key(press) => self.key(press),
            Message::Paste(text) => self.paste(&text),
            Message::Click(click) => self.click(&click),
            Message::Scroll(by) => {
                self.wheel(by);
                Vec::new()
            }
            Message::Resize(columns, rows) => {
                self.size = (columns, rows);
                Vec::new()
            }
            Message::Resumed => Vec::new(),
            Message::Ground(ground) => {
                self.ground = ground;
                Vec::new()
            }
            Message::Tick => {
                self.turn = self.turn.wrapping_add(1);
                Vec::new()
            }
            Message::Event(event) => self.hear(vec![event]),
            Message::Events(events) => self.hear(events),
        };
        effects.extend(self.follow(false));
        effects.extend(self.go_ahead());
        self.note_whereabouts();
        self.engine.look_at(self.attention());
        effects.extend(self.engine.plan_reads());
        // After what a key has approved, and before the next frame.
        self.engine.cut_proposals_now();
        effects
    }

    /// The rows that are looked at.
    fn attention(&self) -> HashMap<Slot, Attention> {
        if self.pages.shown == Page::Findings {
            self.pages.findings.attention()
        } else {
            self.lists.attention()
        }
    }

    /// Takes notice of what has happened outside.
    fn hear(&mut self, events: Vec<Event>) -> Vec<Effect> {
        let interrupt = |event: &Event| matches!(event, Event::Signal(Signal::Interrupt));
        if events.iter().any(interrupt) {
            self.stop_typing();
        }
        let selected = self.selected_user();
        let mut effects = self.engine.hear_all(events);
        effects.extend(self.follow_event(selected.as_ref()));
        effects
    }

    /// Takes notice of what was drawn.
    pub fn drawn(&mut self, drawn: &Drawn) {
        self.scroll_limit = drawn.scroll_limit;
        let engine = &self.engine;
        let top = self.dialogs.last_mut().filter(|_| !self.filtering);
        if let Some(top) = top {
            if let Some(scroll) = top.scroll(engine) {
                *scroll = (*scroll).min(drawn.scroll_limit);
            }
            top.drawn(drawn, engine);
        }
    }

    /// Whether the process is to be stopped. It is told once.
    pub fn take_suspend(&mut self) -> bool {
        std::mem::take(&mut self.suspend)
    }

    /// A program that is to have the terminal, once the dialog of its code is the one on top and gives it:
    /// nobody is interrupted in another. Returns what is said of it in the terminal, and what tells it that it may
    /// begin, to be carried out when the terminal is free.
    #[must_use]
    pub fn lend_terminal(&mut self) -> Option<(String, Vec<Effect>)> {
        let top = self.dialogs.last().filter(|_| !self.filtering)?;
        if !top.gives_terminal(&self.engine) {
            return None;
        }
        let Some(Need::Prompt(session, id)) = top.need() else {
            return None;
        };
        let line = words::has_terminal(self.engine.wants_terminal(session, id)?);
        let reply = Intent::Reply(session, id, Reply::Terminal);
        Some((line, self.engine.intend(reply)))
    }

    /// The account of what is selected.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.engine.fleet[self.slot()]
    }

    /// The slot of the account of what is selected.
    #[must_use]
    pub fn slot(&self) -> Slot {
        match self.scope {
            _ if self.pages.shown == Page::Accounts
                && let Some(slot) = self.pages.accounts.selected() =>
            {
                slot
            }
            _ if self.pages.shown == Page::Findings
                && let Some(slot) = self.pages.findings.slot() =>
            {
                slot
            }
            Scope::One(slot) => slot,
            Scope::All => {
                let selected = self.lists.selected_slot();
                let first = || Some(self.rows().accounts().next()?.session.slot);
                let any = || Some(self.engine.fleet.accounts().first()?.session.slot);
                selected.or_else(first).or_else(any).unwrap_or_default()
            }
        }
    }

    /// The users and keys of the accounts that are shown.
    #[must_use]
    pub fn rows(&self) -> Rows<'_> {
        self.engine.fleet.rows(self.scope)
    }

    /// Which page is shown.
    #[must_use]
    pub fn page(&self) -> Page {
        self.pages.shown
    }

    /// Which pane of the page of users has the keys.
    #[must_use]
    pub fn pane(&self) -> Pane {
        self.pages.users.pane
    }

    /// The selected entry of the activity.
    #[must_use]
    pub fn selected_entry(&self) -> Option<&Entry> {
        let selected = self.pages.activity.selected(&self.engine.activity);
        selected.map(|(_, entry)| entry)
    }

    /// Columns and rows of the terminal.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        self.size
    }

    /// How the last thing went.
    #[must_use]
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// How many dialogs are open, seen or not.
    #[must_use]
    pub fn open_dialogs(&self) -> usize {
        self.dialogs.len()
    }

    /// Changes whenever a dialog has come up or asks something else: what was drawn before is not
    /// what a key answers.
    #[must_use]
    pub fn scene(&self) -> u64 {
        self.engine.scene() + self.opened
    }

    /// What a key answers at present.
    #[must_use]
    pub fn view(&self) -> View {
        let top = self.dialogs.last().filter(|_| !self.filtering);
        View {
            scene: self.scene(),
            dialogs: self.visible_dialogs(),
            context: self.context(),
            complete: top.is_none_or(|top| top.is_complete(&self.engine)),
        }
    }

    /// Opens a dialog above all others.
    fn open(&mut self, dialog: Box<dyn Dialog>) {
        self.dialogs.push(dialog);
        self.opened += 1;
    }

    /// How many dialogs are to be seen. While a filter is typed, what has come up meanwhile waits:
    /// letters on their way to the text would be commands there.
    #[must_use]
    pub fn visible_dialogs(&self) -> usize {
        if self.filtering {
            0
        } else {
            self.dialogs.len()
        }
    }

    /// The place whose keys count.
    #[must_use]
    pub fn context(&self) -> Context {
        match self.dialogs.last().filter(|_| !self.filtering) {
            Some(dialog) => dialog.context(&self.engine),
            None => self.background(),
        }
    }

    /// Whether the only account that is shown is not signed in to (yet): there is nothing else to see.
    fn shows_sign_in(&self) -> bool {
        let only = self.rows().only();
        self.page() != Page::Accounts
            && only.is_some_and(|account| account.stage != Stage::SignedIn)
    }

    /// Whether the page that is shown has no filter.
    fn is_unfiltered(&self) -> bool {
        match self.page() {
            Page::Accounts => self.pages.accounts.filter.value().trim().is_empty(),
            Page::Findings => true,
            _ => self.lists.filter().is_empty(),
        }
    }

    /// The place behind all dialogs.
    fn background(&self) -> Context {
        if self.shows_sign_in() {
            Context::SignedOut
        } else if self.filtering {
            Context::Filter
        } else {
            self.pages.context()
        }
    }

    /// The selected user; in the list of keys, whose the selected key is.
    #[must_use]
    pub fn user(&self) -> Option<&UserRow> {
        self.selection().user
    }

    /// The account and the name of the selected user.
    fn selected_user(&self) -> Option<(Slot, Box<str>)> {
        let user = self.user()?;
        Some((self.slot(), user.user.name.clone()))
    }

    /// The selected key, if the account has named it.
    #[must_use]
    pub fn selected_key(&self) -> Option<&KeyRow> {
        self.selection().key
    }

    fn selection(&self) -> Selection<'_> {
        self.pages
            .selection(&self.engine, self.slot(), self.rows(), &self.lists)
    }

    /// Why an action is not possible here and now, in words; `None` if it is.
    #[must_use]
    pub fn why_not(&self, action: Action) -> Option<String> {
        if self.context() == Context::BulkPlan
            && let Some(why) = self.why_not_in_plan(action)
        {
            return why;
        }
        let of_key = action.is_of_key();
        if let Some(key) = self.searched_here().filter(|_| of_key)
            && !(self.engine.settings.read_only && action.is_change())
        {
            return Some(format!("Looking for {key} among these keys"));
        }
        let of_account = matches!(
            action,
            Action::OpenAccount | Action::Exclude | Action::Refresh
        );
        if of_account && self.page() == Page::Accounts && self.pages.accounts.selected().is_none() {
            return Some("No account is selected".into());
        }
        if action == Action::ShowAccounts && self.shows_sign_in() && !self.has_several() {
            return Some("No other account is open".into());
        }
        if action == Action::OpenDemo && self.has_several() {
            return Some("Other accounts are open".into());
        }
        let is_of_marks = matches!(action, Action::Toggle | Action::Delete | Action::Rotate)
            && !self.lists.marks.is_empty();
        if matches!(self.context(), Context::Findings | Context::Grid)
            && matches!(action, Action::Toggle | Action::Delete)
            && !is_of_marks
        {
            let tab = keymap::name(self.context(), Action::OtherPane);
            return Some(format!(
                "No key is marked, and none is selected: {tab} goes to them"
            ));
        }
        if self.page() == Page::Findings
            && self.pages.findings.is_on_root()
            && action.is_of_row()
            && !is_of_marks
        {
            return Some("Only the root user can change its own keys: sign in as root".into());
        }
        if action == Action::ShowFound && self.pages.findings.is_of_root(&self.engine, self.rows())
        {
            return Some("The root user's keys are in no list of IAM users".into());
        }
        if action == Action::Complete && self.page() == Page::Accounts {
            return Some("Nothing completes this filter".into());
        }
        match action {
            Action::MakePlan => return self.why_no_plan(),
            Action::Rotate if !self.lists.marks.is_empty() => return None,
            Action::Toggle | Action::Delete if !self.lists.marks.is_empty() => {
                return None;
            }
            _ => {}
        }
        let account = self.account();
        match action {
            Action::EnterCode => return signing_in::why_no_code(account),
            Action::LogIn => return signing_in::why_no_login(account),
            _ => {}
        }
        pages::why_not(action, &self.engine, self.selection())
    }

    /// The key that is searched for where the selection is: what is done now would be done to
    /// another.
    fn searched_here(&self) -> Option<&KeyId> {
        let (key, user) = self.engine.search_is_loading()?;
        let searched = self.engine.search().map(|search| search.session.slot);
        let here = self.page() == Page::Users
            && searched == Some(self.slot())
            && self.user().is_some_and(|row| *row.user.name == *user)
            && self.pages.users.selected_key.as_deref() == Some(key.as_str());
        here.then_some(key)
    }

    /// What an action is called here and now.
    #[must_use]
    pub fn title(&self, action: Action) -> &'static str {
        let inactive = |row: &KeyRow| row.key.status == KeyStatus::Inactive;
        match action {
            Action::ShowFound if self.is_on_rotations() => "show rotations",
            // Which of the two depends on all of them.
            Action::Toggle if !self.lists.marks.is_empty() => "(de)activate marked",
            Action::Delete if !self.lists.marks.is_empty() => "delete marked",
            Action::Rotate if !self.lists.marks.is_empty() => "rotate marked",
            Action::Toggle if self.selected_key().is_some_and(inactive) => "activate",
            Action::ApplyPlan | Action::PausePlan => self.plan_title(action),
            Action::Exclude if self.engine.can_take_out(self.slot()) => "remove",
            Action::Exclude if self.account().excluded => "include",
            action => action.title(),
        }
    }

    /// Says something on the notice line.
    fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            bad: false,
        });
    }

    /// Says on the notice line that something did not work.
    fn complain(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            bad: true,
        });
    }

    /// What is wrong with the filter, where its list is on screen.
    fn filter_error(&self) -> Option<&str> {
        let lists = !self.shows_sign_in() && matches!(self.page(), Page::Users | Page::Keys);
        let errors = self.lists.filter().query().errors();
        errors.first().filter(|_| lists).map(String::as_str)
    }

    fn layout(&self) -> Layout {
        let explanation = self
            .filter_error()
            .map_or(0, |error| filter_line::explained(error, self.size.0).len());
        let shown = Shown {
            explanation: u16::try_from(explanation).unwrap_or(u16::MAX),
            warning: self.rows().accounts().any(|it| it.identity.root_has_keys()),
            keys_first: self.pages.users.pane == Pane::Keys && !self.filtering,
            filter: self.filtering || !self.is_unfiltered(),
        };
        Layout::of(self.size, shown)
    }
}

/// Draws the whole screen. Nothing here changes anything.
pub fn draw(buffer: &mut Buffer, screen: &Screen, now: DateTime<Utc>) -> Drawn {
    let area = buffer.area;
    let why_not = |action| screen.why_not(action);
    let mut canvas = Canvas {
        buffer,
        engine: &screen.engine,
        account: screen.account(),
        rows: screen.rows(),
        scope: screen.scope,
        settings: &screen.settings,
        now,
        theme: Theme::of(
            screen.settings.ascii,
            screen.settings.colours,
            screen.ground,
        ),
        turn: screen.turn,
        why_not: &why_not,
        marks: &screen.lists.marks,
        below: 0,
        drawn: Drawn::default(),
    };
    if (area.width, area.height) != screen.size {
        // The terminal has changed between two looks at it; the next frame will fit.
        return canvas.drawn;
    }
    if layout::is_too_small(screen.size) {
        too_small(&mut canvas, area);
        return canvas.drawn;
    }
    let layout = screen.layout();
    header::draw(&mut canvas, layout.header);
    header::status(&mut canvas, layout.status, screen.page());
    header::warning(&mut canvas, layout.warning);
    let (lists, typing) = (&screen.lists, screen.filtering);
    match &canvas.account.stage {
        Stage::SignedOut(problem) if screen.shows_sign_in() => {
            pages::signed_out::draw(&mut canvas, layout.body, problem);
        }
        _ => screen.pages.draw(&mut canvas, &layout, lists, typing),
    }
    if let Some(error) = screen.filter_error() {
        filter_line::explanation(&mut canvas, layout.explanation, error);
    }
    let filtered = !lists.filter().is_empty();
    let hints = |canvas: &mut Canvas<'_>, dialog: Option<&dyn Dialog>| {
        let place = footer::Place {
            context: screen.context(),
            filtered,
            no_rows: match screen.page() {
                Page::Activity => false,
                // Nothing can be done here to a key of the root user.
                Page::Findings => screen.pages.findings.is_on_root() && lists.marks.is_empty(),
                _ => filtered && lists.is_empty(),
            },
        };
        let offers = |action| dialog.is_none_or(|it| it.offers(action, &screen.engine));
        footer::draw(canvas, layout.footer, place, offers, |action| {
            screen.title(action)
        });
    };
    let seen = screen.visible_dialogs();
    if seen == 0 {
        hints(&mut canvas, None);
    }
    // The border of a dialog stays whole above what is said below it.
    let below = screen.notice().map_or(0, |notice| {
        notice::height(&canvas, layout.footer.width, notice)
    });
    let top = screen.dialogs[..seen].last();
    let keeps_hints = below > 0 && top.is_some_and(|dialog| dialog.keeps_hints());
    let hint_line = u16::from(keeps_hints);
    canvas.drawn.view = Some(screen.view());
    canvas.drawn.arrangement = lists.arrangement();
    for (at, dialog) in (1..).zip(&screen.dialogs[..seen]) {
        canvas.step_back();
        if at == seen {
            // Its own: those of the list behind it do nothing here.
            hints(&mut canvas, Some(&**dialog));
            canvas.below = if keeps_hints { below } else { 0 };
        }
        if let Some(frame) = dialog.draw(&canvas) {
            frame.draw(&mut canvas, area, below + hint_line);
        }
    }
    if let Some(notice) = screen.notice() {
        let mut place = layout.footer;
        place.y = place.y.saturating_sub(hint_line);
        notice::draw(&mut canvas, place, notice, seen > 0);
    }
    canvas.theme.settle(canvas.buffer);
    canvas.drawn
}

fn too_small(canvas: &mut Canvas<'_>, area: Rect) {
    let (columns, rows) = layout::SMALLEST;
    let text = format!(
        "terminal too small: {}x{}, needs {columns}x{rows}",
        area.width, area.height
    );
    // A secret must not be thought lost because it cannot be seen.
    let held = canvas.engine.vault.only_copy().is_some();
    let middle = area.y + area.height / 2;
    let lines = crate::engine::text::wrap(&text, usize::from(area.width));
    let held = held.then(|| "a new key's secret is waiting".to_owned());
    for (at, text) in (0..).zip(lines.into_iter().chain(held)) {
        canvas.line(area.x, middle + at, area.width, &Line::raw(text));
    }
}
