//! Everything the screen is drawn from. Every transition is a method here or in the modules below.

pub mod activity;
pub mod changes;
mod clipboard;
pub mod confirm;
pub mod describe;
pub mod fetch;
pub mod filter;
pub mod find;
pub mod fresh;
pub mod leaving;
pub mod load;
pub mod modal;
pub mod pace;
pub mod questions;
pub mod rotation;
pub mod scroll;
pub mod session;
pub mod sort;
pub mod store;
pub mod table;
pub mod users;

use crate::{
    action::Action,
    effect::{Effect, RequestId, Target},
    iam::{KeyId, KeyStatus, Problem},
    keymap::Context,
    secret::{clipboard::Route, forms::Form},
    ui::layout::Layout,
};
use activity::Activity;
use changes::Pending;
use chrono::{DateTime, TimeDelta, Utc};
use fetch::{Asked, Background, Granted};
use find::Sought;
use fresh::{Fresh, Tried};
use modal::Modal;
use pace::Pace;
use questions::Question;
use session::Session;
use sort::{Column, Sort};
use std::collections::{HashMap, VecDeque};
use store::Put;
use users::{KeyRow, UserRow, Users};

/// Stands for the endpoint where what is open is the demo account: nothing of it is real, and it is
/// no account of that number.
pub const DEMO: &str = "demo";

/// What is said to who wants to change something under `--read-only`.
pub const READ_ONLY: &str = "Read-only: iamkeys was started with --read-only";

/// What was decided on the command line and does not change.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Changes are refused below; here they are dimmed.
    pub read_only: bool,
    /// Draw with ASCII only.
    pub ascii: bool,
    /// Draw without colours (`NO_COLOR`).
    pub monochrome: bool,
    /// Where a copied text goes.
    pub clipboard: Route,
    /// The form for this person's shell.
    pub form: Form,
    /// After so many seconds a copied secret is cleared from the system's clipboard; none where it
    /// stays.
    pub clear_after: Option<u32>,
    /// A key used within this time counts as in use.
    pub recent: TimeDelta,
    /// What is fetched without anybody asking for it.
    pub background: Background,
}

/// How far signing in has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Looking for credentials.
    SigningIn,
    /// There are none, or they are not good.
    SignedOut(Box<Problem>),
    /// Signed in.
    Browsing,
}

/// The views, of which the main view shows one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The users and the keys of one of them.
    #[default]
    Users,
    /// Every key of the account.
    Keys,
    /// What was done in this run, and what failed.
    Activity,
}

/// The two panes of the users' view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The list of users.
    Users,
    /// The keys of the selected user.
    Keys,
}

/// A line that tells how the last thing went, until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it says.
    pub text: String,
    /// Whether something failed or was refused.
    pub bad: bool,
}

/// The whole state.
#[derive(Debug)]
pub struct State {
    /// What does not change.
    pub settings: Settings,
    /// Which account is open, or being opened.
    pub target: Target,
    /// How far signing in has come.
    pub stage: Stage,
    /// Who is signed in, and where.
    pub session: Session,
    /// The users.
    pub users: Users,
    /// What was done in this run, and what failed, in whichever account.
    pub activity: Activity,
    /// Which view is shown.
    pub view: View,
    /// Which pane of the users' view has the keys of the keyboard.
    pub pane: Pane,
    /// A filter is being typed.
    pub filtering: bool,
    /// The ID of the selected key, among those of the selected user.
    selected_key: Option<String>,
    /// The key that is looked for as soon as somebody is signed in.
    find_first: Option<KeyId>,
    /// The key whose owner was found, and whose owner's keys are on their way.
    sought: Option<Sought>,
    /// The dialogs, the top one last: it alone gets the keys.
    pub modals: Vec<Modal>,
    /// How the last thing went.
    pub notice: Option<Notice>,
    /// Changes under way.
    pub changes: Vec<Pending>,
    /// The keys that this run has created.
    pub fresh: Vec<Fresh>,
    /// Secrets on their way to a profile or a file.
    pub puts: Vec<Put>,
    /// The key whose secret was copied to the system's clipboard last, and not cleared yet.
    pub(crate) on_clipboard: Option<String>,
    /// The keys that this run has deactivated, and when.
    pub switched_off: Vec<(String, DateTime<Utc>)>,
    /// What nobody knows: of this account, and of others that were open before.
    pub questions: Vec<Question>,
    /// Reads under way, and those that are held back.
    reads: HashMap<RequestId, Asked>,
    /// Those that were throttled and that somebody waits for: they are asked again.
    held: VecDeque<RequestId>,
    /// How many reads may be under way, and how many a second.
    pub pace: Pace,
    /// There is something to ask, and the pace does not allow it yet.
    starved: bool,
    granted: Granted,
    /// How many reads in a row nobody has answered.
    lost: usize,
    /// The users are to be listed again when the present listing ends.
    pub(crate) list_again: bool,
    /// Counts the sessions of this run.
    session_number: u64,
    next_number: u64,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Which picture of the spinner is shown.
    pub spinner: usize,
    /// Changes whenever a dialog has come up or asks something else by itself: what was drawn
    /// before is not what a key answers.
    pub scene: u64,
    /// When the latest message came.
    pub now: DateTime<Utc>,
}

impl State {
    /// The state before anything has happened, and what has to be done first.
    #[must_use]
    pub fn start(settings: Settings, target: Target, size: (u16, u16)) -> (Self, Vec<Effect>) {
        let mut state = Self {
            settings,
            target,
            stage: Stage::SigningIn,
            session: Session::default(),
            users: Users::default(),
            activity: Activity::default(),
            view: View::Users,
            pane: Pane::Users,
            filtering: false,
            selected_key: None,
            find_first: None,
            sought: None,
            modals: Vec::new(),
            notice: None,
            changes: Vec::new(),
            fresh: Vec::new(),
            puts: Vec::new(),
            on_clipboard: None,
            switched_off: Vec::new(),
            questions: Vec::new(),
            reads: HashMap::new(),
            held: VecDeque::new(),
            pace: Pace::default(),
            starved: false,
            granted: Granted::default(),
            lost: 0,
            list_again: false,
            session_number: 0,
            next_number: 0,
            size,
            spinner: 0,
            scene: 0,
            now: DateTime::UNIX_EPOCH,
        };
        state.resize(size);
        (state, vec![Effect::SignIn(target), Effect::OpenJournal])
    }

    /// Opens an account from the beginning. Dialogs stay open: one may hold a secret.
    #[must_use]
    pub fn sign_in(&mut self, target: Target) -> Vec<Effect> {
        if target != self.target {
            // It was meant for the account that was to be opened.
            self.find_first = None;
        }
        self.put_find_off(false);
        self.users = if self.target == target {
            self.users.anew()
        } else {
            Users::default()
        };
        self.target = target;
        self.stage = Stage::SigningIn;
        self.session = Session::default();
        self.selected_key = None;
        self.filtering = false;
        self.view = View::Users;
        self.pane = Pane::Users;
        // Answers of the session before belong to nothing any more.
        self.reads.clear();
        self.held.clear();
        self.pace = Pace::default();
        self.granted = Granted::default();
        self.lost = 0;
        self.forget_looks();
        self.forget_trials();
        self.void_confirmations();
        self.list_again = false;
        self.session_number += 1;
        self.resize(self.size);
        vec![Effect::SignIn(target)]
    }

    /// Where this account is, where that is not AWS's own endpoint.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        match self.target {
            Target::Demo => Some(DEMO),
            Target::Ambient => self.session.endpoint.as_deref(),
        }
    }

    /// A number that no request or change of this run has had.
    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    /// Notes the terminal's size, on which depends what is visible.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        let layout = Layout::of(self);
        self.users
            .set_heights(layout.users_height(), layout.keys_height());
        self.activity.set_height(layout.activity_height());
    }

    /// Whether something is under way, so that a spinner turns.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let trying = |fresh: &Fresh| matches!(fresh.trial, Tried::Trying(..));
        let asking = |modal: &Modal| matches!(modal, Modal::Store(store) if store.is_waiting());
        !self.reads.is_empty()
            || self.starved
            || !self.changes.is_empty()
            || !self.puts.is_empty()
            || self.fresh.iter().any(trying)
            || self.modals.iter().any(asking)
            || self.stage == Stage::SigningIn
    }

    /// How many reads are under way.
    #[must_use]
    pub fn reads_under_way(&self) -> usize {
        self.reads.len() - self.held.len()
    }

    /// Says something on the notice line.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            bad: false,
        });
    }

    /// Says on the notice line that something did not work.
    pub fn complain(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            bad: true,
        });
    }

    /// The place whose keys count.
    #[must_use]
    pub fn context(&self) -> Context {
        match self.dialogs().last() {
            Some(modal) => modal.context(),
            None => self.background(),
        }
    }

    /// The dialogs to be seen. While a filter is typed, what has come up meanwhile waits: letters
    /// on their way to the text would be commands there.
    #[must_use]
    pub fn dialogs(&self) -> &[Modal] {
        if self.filtering { &[] } else { &self.modals }
    }

    /// The place behind all dialogs.
    #[must_use]
    pub fn background(&self) -> Context {
        match self.pane {
            _ if self.stage != Stage::Browsing => Context::SignedOut,
            _ if self.view == View::Activity => Context::Activity,
            _ if self.filtering => Context::Filter,
            _ if self.view == View::Keys => Context::AllKeys,
            Pane::Keys => Context::Keys,
            Pane::Users => Context::Users,
        }
    }

    /// The dialog that gets the keys, to be changed.
    pub fn top_dialog(&mut self) -> Option<&mut Modal> {
        if self.filtering {
            None
        } else {
            self.modals.last_mut()
        }
    }

    /// The highlighted button of the dialog that gets the keys, and how many there are; nothing
    /// where there are none.
    pub fn buttons(&mut self) -> Option<(&mut usize, usize)> {
        let ways = match self.dialogs().last()? {
            Modal::Question(asked) => self.ways_on(&asked.origin).len(),
            Modal::Rotate(rotate) => self.turns(&rotate.user).len(),
            _ => 0,
        };
        let (button, count) = self.top_dialog()?.buttons(ways)?;
        // What was found may have taken a button away.
        *button = (*button).min(count - 1);
        Some((button, count))
    }

    /// The selected user; in the list of keys, whose the selected key is.
    #[must_use]
    pub fn user(&self) -> Option<&UserRow> {
        match self.view {
            View::Keys => self.users.selected_key().map(|(row, _)| row),
            View::Users | View::Activity => self.users.selected(),
        }
    }

    /// The keys of the selected user, as far as the account has named them.
    #[must_use]
    pub fn keys(&self) -> &[KeyRow] {
        self.user()
            .and_then(|user| user.keys.known())
            .map_or(&[], Vec::as_slice)
    }

    /// Where the selected key stands among those of the selected user.
    #[must_use]
    pub fn key_cursor(&self) -> usize {
        let keys = self.keys();
        self.selected_key
            .as_ref()
            .and_then(|id| keys.iter().position(|row| row.key.id == *id))
            .unwrap_or(0)
    }

    /// The selected key.
    #[must_use]
    pub fn key(&self) -> Option<&KeyRow> {
        match self.view {
            View::Keys => self.users.selected_key()?.1.live(),
            View::Users | View::Activity => self.keys().get(self.key_cursor()),
        }
    }

    /// Selects one of the keys of the selected user.
    pub fn select_key(&mut self, at: usize) {
        let keys = self.keys();
        let at = at.min(keys.len().saturating_sub(1));
        self.selected_key = keys.get(at).map(|row| row.key.id.clone());
    }

    /// Selects a key by its ID, and the user it belongs to, also if a filter hides them.
    pub fn go_to_key(&mut self, user: &str, key: &str) {
        let keys = self.users.get(user).and_then(|row| row.keys.known());
        if !keys.is_some_and(|keys| keys.iter().any(|row| row.key.id == key)) {
            self.complain(format!("{key} is not there any more"));
            return;
        }
        self.show_keys_of(user);
        self.selected_key = Some(key.into());
    }

    /// Selects a user and goes to their keys, also if a filter hides the user.
    fn show_keys_of(&mut self, user: &str) {
        self.go_to(View::Users);
        self.show_user(user);
        self.pane = Pane::Keys;
        self.filtering = false;
    }

    /// Goes to another view. Each keeps its own place: who comes back is where they were.
    pub fn go_to(&mut self, view: View) {
        if view == View::Activity && self.view != view {
            self.activity.select(0);
        }
        self.view = view;
        self.users.show_keys(view == View::Keys);
    }

    /// Goes from a key among all to the keys of its user.
    pub fn go_to_user(&mut self) {
        let user = self.user().map(|row| row.user.name.clone());
        let key = self.key().map(|row| row.key.id.clone());
        self.go_to(View::Users);
        self.pane = Pane::Keys;
        if let Some(user) = user {
            self.show_user(&user);
            self.selected_key = key.or(self.selected_key.take());
        }
    }

    /// Selects a user, also if a filter hides them.
    fn show_user(&mut self, user: &str) {
        if !self.users.is_shown(user) {
            self.users.edit_filter(|filter| filter.input.reset());
        }
        self.users.select_name(user);
    }

    /// The columns of the list that is shown, and how it is sorted by them.
    #[must_use]
    pub fn sorted(&self) -> Option<(&'static [Column], Sort)> {
        match self.view {
            View::Users => Some((Column::OF_USERS, self.users.by_user().sort())),
            View::Keys => Some((Column::OF_KEYS, self.users.by_key().sort())),
            View::Activity => None,
        }
    }

    /// Sorts the list that is shown in another way, and says so.
    pub fn sort(&mut self, sort: Sort) {
        self.users.sort(self.view == View::Keys, sort);
        self.say(sort.words());
    }

    /// Whether all users are listed, as far as the account has told.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.users.is_complete() && self.users.listing.error().is_none()
    }

    /// Whether of every user is known which keys there are, if only from the report.
    #[must_use]
    pub fn is_all_known(&self) -> bool {
        self.is_listed() && self.users.tally().unknown == 0
    }

    /// Whether this is the key that the session is signed in with.
    #[must_use]
    pub fn is_own(&self, key: &str) -> bool {
        !key.is_empty() && self.session.key == key
    }

    /// Why an action is not possible here and now, in words; nothing if it is.
    #[must_use]
    pub fn why_not(&self, action: Action) -> Option<String> {
        if self.settings.read_only
            && matches!(
                action,
                Action::Create
                    | Action::Toggle
                    | Action::Delete
                    | Action::Rotate
                    | Action::Describe
            )
        {
            return Some(READ_ONLY.into());
        }
        match action {
            Action::Create => {
                let Some(user) = self.user() else {
                    return Some("No user is selected".into());
                };
                let name = &user.user.name;
                self.pending_for(name, None)
                    .map(|_| format!("A key for {name} is being created already"))
            }
            Action::Toggle
            | Action::Delete
            | Action::Describe
            | Action::CopyId
            | Action::Details => {
                if let Some(key) = self.sought_here() {
                    return Some(format!("Looking for {key} among these keys"));
                }
                let (Some(user), Some(row)) = (self.user(), self.key()) else {
                    return Some(match self.user() {
                        None => "No user is selected".into(),
                        Some(user) if user.keys.known().is_none() => {
                            let why = user
                                .keys
                                .error()
                                .map(|error| format!(": {}", error.short()));
                            let why = why.unwrap_or_default();
                            format!("The keys of {} are not loaded{why}", user.user.name)
                        }
                        Some(user) => format!("{} has no access keys", user.user.name),
                    });
                };
                if matches!(action, Action::CopyId | Action::Details) {
                    return None;
                }
                self.pending_for(&user.user.name, Some(&row.key.id))
                    .map(|change| format!("{} is under way", change.doing()))
            }
            Action::Rotate => {
                let Some(user) = self.user() else {
                    return Some("No user is selected".into());
                };
                match user.keys.known().map(Vec::len) {
                    None => Some(format!("The keys of {} are not loaded", user.user.name)),
                    Some(0) => Some(format!("{} has no key to rotate", user.user.name)),
                    Some(_) => None,
                }
            }
            Action::OpenQuestion => {
                let user = self.user().map(|row| row.user.name.clone());
                match user.as_deref().map(|user| self.question_about(user)) {
                    Some(Some(_)) => None,
                    _ => Some("Nothing is unknown about this user".into()),
                }
            }
            Action::WholeEntry | Action::CopyCommand => match self.entry_meant() {
                None => Some("Nothing is listed yet".into()),
                Some(entry) if action == Action::CopyCommand && entry.command.is_empty() => {
                    Some("No aws command does this".into())
                }
                Some(_) => None,
            },
            _ => None,
        }
    }

    /// What an action is called here and now.
    #[must_use]
    pub fn title(&self, action: Action) -> &'static str {
        match action {
            Action::Toggle
                if self
                    .key()
                    .is_some_and(|row| row.key.status == KeyStatus::Inactive) =>
            {
                "activate"
            }
            action => action.title(),
        }
    }
}
