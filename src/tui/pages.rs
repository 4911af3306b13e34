//! The pages, one file each: what it remembers, what its keys mean, and how it is drawn. What the
//! keys of a user or a key mean is the same on every page that has one selected, and stands here.

pub(super) mod accounts;
pub(super) mod activity;
mod cards;
mod cells;
pub(super) mod findings;
pub(super) mod keys;
mod marks;
pub(super) mod signed_out;
mod unmatched;
pub(super) mod users;

pub use users::Pane;

use super::{
    action::Action,
    canvas::Canvas,
    dialogs::{Ask, Describe, Details, Dialog, Exempt, Find, Impact, LeakPage, Rotate, WholeEntry},
    format,
    keymap::Context,
    layout::Layout,
    lists::Lists,
};
use crate::engine::{
    Change, Copied, Engine, Entry, Intent, Proposal, READ_ONLY, Read, Slot,
    account::{Account, KeyRow, UserRow},
    fleet::Rows,
    model::KeyStatus,
};
use accounts::AccountsPage;
use activity::ActivityPage;
use findings::FindingsPage;
use users::UsersPage;

/// The pages, of which one is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The open accounts.
    Accounts,
    /// The users and the keys of one of them.
    #[default]
    Users,
    /// Every key of the accounts.
    Keys,
    /// What is wrong with keys.
    Findings,
    /// What was done in this run, and what failed.
    Activity,
}

/// The facts about a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageRow {
    /// Its name, as its tab shows it.
    pub title: &'static str,
    /// The action that goes there.
    pub show: Action,
    /// The places whose keys count on it.
    pub places: &'static [Context],
}

impl Page {
    /// All of them, in the order of their tabs.
    pub(super) const ALL: [Self; 5] = [
        Self::Accounts,
        Self::Users,
        Self::Keys,
        Self::Findings,
        Self::Activity,
    ];

    /// Its row.
    pub(super) fn row(self) -> PageRow {
        let row = |title, show, places| PageRow {
            title,
            show,
            places,
        };
        match self {
            Self::Accounts => row("Accounts", Action::ShowAccounts, &[Context::Accounts]),
            Self::Users => {
                const PLACES: &[Context] = &[Context::Users, Context::Keys];
                row("Users", Action::ShowUsers, PLACES)
            }
            Self::Keys => row("Keys", Action::ShowKeys, &[Context::AllKeys]),
            Self::Findings => findings::row(),
            Self::Activity => row("Activity", Action::ShowActivity, &[Context::Activity]),
        }
    }

    /// The page that an action goes to.
    pub(super) fn shown_by(action: Action) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.row().show == action)
    }

    /// How many entries it has, as its tab shows it.
    pub(super) fn count(self, engine: &Engine, rows: Rows<'_>) -> String {
        match self {
            Self::Accounts => format::count(engine.fleet.accounts().len()),
            Self::Users => users::count(rows),
            Self::Keys => keys::count(rows),
            Self::Findings => findings::count(engine, rows),
            Self::Activity => format::count(engine.activity.noted()),
        }
    }
}

/// What the pages remember, and which of them is shown.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub shown: Page,
    pub accounts: AccountsPage,
    pub users: UsersPage,
    pub findings: FindingsPage,
    pub activity: ActivityPage,
}

impl Pages {
    /// The place whose keys count on the page that is shown.
    pub(super) fn context(&self) -> Context {
        match self.shown {
            Page::Users if self.users.pane == Pane::Keys => Context::Keys,
            Page::Findings => self.findings.context(),
            page => page.row().places[0],
        }
    }

    /// Goes to another page. Each keeps its own place, but the newest entry is why one looks.
    pub(super) fn show(&mut self, page: Page, engine: &Engine) {
        if page == Page::Activity && self.shown != page {
            self.activity.select(&engine.activity, 0);
        }
        if page == Page::Findings && self.shown == page {
            self.findings.leave();
        }
        self.shown = page;
    }

    /// What is selected.
    pub(super) fn selection<'a>(
        &self,
        engine: &'a Engine,
        slot: Slot,
        rows: Rows<'a>,
        lists: &Lists,
    ) -> Selection<'a> {
        let (user, key) = match self.shown {
            Page::Keys => lists
                .selected_key(rows)
                .map_or((None, None), |(row, key)| (Some(row), key.live())),
            Page::Findings => self
                .findings
                .selected_key(rows)
                .map_or((None, None), |(row, key)| (Some(row), key.live())),
            Page::Accounts => (None, None),
            Page::Users | Page::Activity => {
                let user = lists.selected(rows);
                let keys = user.and_then(|user| user.keys.known());
                let at = self.users.key_cursor(user);
                (user, keys.and_then(|keys| keys.get(at)))
            }
        };
        let entry = match self.shown {
            Page::Activity => self.activity.selected(&engine.activity),
            Page::Accounts | Page::Users | Page::Keys | Page::Findings => None,
        };
        let of_user = self.shown == Page::Users && self.users.pane == Pane::Users;
        Selection {
            slot,
            user,
            key,
            chosen: key.filter(|_| !of_user),
            entry,
        }
    }

    /// Moves by so many rows on the page that is shown.
    pub(super) fn step(
        &mut self,
        by: isize,
        engine: &Engine,
        rows: Rows<'_>,
        lists: &mut Lists,
        typing: bool,
    ) {
        match self.shown {
            Page::Accounts => self.accounts.step(by),
            Page::Activity => self.activity.step(&engine.activity, by),
            Page::Findings => self.findings.step(by, engine, rows),
            Page::Users if self.users.pane == Pane::Keys && !typing => {
                let user = lists.selected(rows);
                let at = self.users.key_cursor(user).saturating_add_signed(by);
                self.users.select_key(user, at);
            }
            Page::Users | Page::Keys => lists.step(rows, by),
        }
    }

    /// How many rows of the page that is shown the screen has room for.
    pub(super) fn height(&self, lists: &Lists) -> usize {
        match self.shown {
            Page::Accounts => self.accounts.height(),
            Page::Users => lists.by_user().height(),
            Page::Keys => lists.by_key().height(),
            Page::Findings => self.findings.height(),
            Page::Activity => self.activity.height(),
        }
    }

    /// Notes how many rows there is room for, and what has come.
    pub(super) fn follow(
        &mut self,
        engine: &Engine,
        rows: Rows<'_>,
        lists: &mut Lists,
        layout: &Layout,
    ) {
        if self.shown == Page::Findings {
            self.findings.follow(engine, rows, layout);
        }
        lists.set_heights(layout.users_height(), layout.keys_height());
        if self.shown == Page::Accounts || self.accounts.selected().is_none() {
            let quiet = !engine.fleet.accounts().iter().any(Account::is_busy);
            self.accounts.follow(&engine.fleet, engine.now(), quiet);
            self.accounts.set_height(layout.accounts_height());
        }
        self.activity.follow(&engine.activity);
        self.activity
            .set_height(&engine.activity, layout.activity_height());
    }

    /// Draws the page that is shown.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        layout: &Layout,
        lists: &Lists,
        typing: bool,
    ) {
        match self.shown {
            Page::Accounts => {
                let (list, below) = layout.accounts();
                self.accounts
                    .draw(canvas, list, below, layout.filter, typing);
            }
            Page::Users => self.users.draw(canvas, layout, lists, typing),
            Page::Keys => keys::draw(canvas, layout.body, lists, layout.filter, typing),
            Page::Findings => self.findings.draw(canvas, layout.body),
            Page::Activity => self.activity.draw(canvas, layout.body),
        }
    }
}

const NOTHING_TO_UNDO: &str =
    "Nothing to undo: no key that this run has deactivated is Inactive here";

/// What is selected on a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selection<'a> {
    pub slot: Slot,
    pub user: Option<&'a UserRow>,
    pub key: Option<&'a KeyRow>,
    /// The key, where one was chosen and not only its user.
    pub chosen: Option<&'a KeyRow>,
    /// An entry of the activity, with its number.
    pub entry: Option<(usize, &'a Entry)>,
}

/// What an action means for what is selected; `None` where it means nothing to a user or a key.
pub(super) fn act(action: Action, engine: &Engine, selection: Selection<'_>) -> Option<Vec<Ask>> {
    let Selection {
        slot,
        user,
        key,
        chosen,
        entry,
    } = selection;
    let name = || user.map(|row| row.user.name.clone());
    let both = || Some((name()?, key?));
    let propose = |change: Change| vec![Ask::Intend(Intent::Propose(slot, Proposal::from(change)))];
    let open = |dialog: Box<dyn Dialog>| Ask::Open(dialog);
    Some(match action {
        Action::Create => name().map_or_else(Vec::new, |user| propose(Change::Create { user })),
        Action::Toggle => both().map_or_else(Vec::new, |(user, row)| {
            propose(Change::SetActive {
                user,
                key: row.key.id.clone(),
                active: row.key.status == KeyStatus::Inactive,
            })
        }),
        Action::Delete => both().map_or_else(Vec::new, |(user, row)| {
            let key = row.key.id.clone();
            propose(Change::Delete { user, key })
        }),
        Action::Rotate => name().map_or_else(Vec::new, |user| {
            let rotate = Rotate::new(slot, user.clone());
            vec![
                open(Box::new(rotate)),
                Ask::Intend(Intent::Rotate(slot, user)),
            ]
        }),
        Action::Leaked => match (both(), name()) {
            (Some((user, row)), _) => LeakPage::open(slot, user, row.key.id.as_str().into()),
            // The sessions of one that is deleted may live on.
            (None, Some(user)) => vec![open(Box::new(Find::deleted_of(slot, user)))],
            (None, None) => Vec::new(),
        },
        Action::Undo => undo(engine, slot, user, chosen).map_or_else(Vec::new, |change| {
            vec![Ask::Intend(Intent::Send(slot, vec![change]))]
        }),
        Action::OpenQuestion => {
            let question = name().and_then(|user| engine.question_about(slot, &user));
            let origin = question.map(|question| question.origin.clone());
            origin.map_or_else(Vec::new, |origin| {
                vec![Ask::Intend(Intent::OpenQuestion(origin))]
            })
        }
        Action::Describe => both().map_or_else(Vec::new, |(user, row)| {
            let Some(account) = engine.fleet.get(slot) else {
                return Vec::new();
            };
            let key = row.key.id.clone();
            let now = account.description_of(&user, &key).flatten();
            let label = account.identity.account();
            let describe = Describe::new(account.session, user.clone(), key, label, now);
            vec![
                open(Box::new(describe)),
                Ask::Intend(Intent::Ask(slot, Read::Tags(user))),
            ]
        }),
        Action::Exempt => both().map_or_else(Vec::new, |(user, row)| {
            let Some(account) = engine.fleet.get(slot) else {
                return Vec::new();
            };
            let exempt = Exempt::new(account, user.clone(), row.key.id.clone(), engine.now());
            vec![
                open(Box::new(exempt)),
                Ask::Intend(Intent::Ask(slot, Read::Tags(user))),
            ]
        }),
        Action::CopyId => both().map_or_else(Vec::new, |(_, row)| {
            vec![Ask::Intend(Intent::Copy {
                key: row.key.id.clone(),
                what: Copied::KeyId,
            })]
        }),
        Action::Impact => both().map_or_else(Vec::new, |(user, row)| {
            Impact::open(slot, user, row.key.id.clone())
        }),
        Action::Details => both().map_or_else(Vec::new, |(user, row)| {
            let details = Details::new(slot, user, row.key.id.clone());
            vec![open(Box::new(details))]
        }),
        Action::WholeEntry => entry.map_or_else(Vec::new, |(number, entry)| {
            let whole = WholeEntry::new(number, entry.clone());
            vec![open(Box::new(whole))]
        }),
        Action::CopyCommand => entry.map_or_else(Vec::new, |(number, _)| {
            vec![Ask::Intend(Intent::CopyCommand(number))]
        }),
        _ => return None,
    })
}

/// What takes back that this run has deactivated the chosen key; where only a user is, one of theirs.
fn undo(
    engine: &Engine,
    slot: Slot,
    user: Option<&UserRow>,
    chosen: Option<&KeyRow>,
) -> Option<Change> {
    let user = user?;
    let keys = user.keys.known()?;
    let name = &user.user.name;
    let is_off = |row: &&KeyRow| {
        let id = &row.key.id;
        row.key.status == KeyStatus::Inactive
            && engine.was_deactivated_here(id)
            && engine.pending_for(slot, name, Some(id)).is_none()
    };
    let row = match chosen {
        Some(chosen) => Some(chosen).filter(is_off)?,
        None => keys.iter().find(is_off)?,
    };
    Some(Change::SetActive {
        user: name.clone(),
        key: row.key.id.clone(),
        active: true,
    })
}

/// Why an action is not possible for what is selected; `None` where it is.
pub(super) fn why_not(action: Action, engine: &Engine, selection: Selection<'_>) -> Option<String> {
    let Selection {
        slot,
        user,
        key,
        chosen,
        entry,
    } = selection;
    if matches!(action, Action::WholeEntry | Action::CopyCommand) {
        return match entry {
            None => Some("Nothing is listed yet".into()),
            Some((_, entry)) if action == Action::CopyCommand && entry.command.is_empty() => {
                Some("No aws command does this".into())
            }
            Some(_) => None,
        };
    }
    if engine.settings.read_only && action.is_change() {
        return Some(READ_ONLY.into());
    }
    let Some(row) = user else {
        return match action {
            Action::OpenQuestion => Some("Nothing is unknown about this user".into()),
            Action::Undo => Some(NOTHING_TO_UNDO.into()),
            _ => action.is_of_row().then(|| "No user is selected".into()),
        };
    };
    let name = &row.user.name;
    match action {
        Action::Create => engine
            .pending_for(slot, name, None)
            .map(|_| format!("A key for {name} is being created already")),
        action if action.is_of_key() => {
            let Some(key) = key else {
                return Some(if row.keys.known().is_none() {
                    let why = row.keys.error();
                    let why = why.map(|error| format!(": {}", error.short()));
                    format!(
                        "The keys of {name} are not loaded{}",
                        why.unwrap_or_default()
                    )
                } else if action == Action::Leaked {
                    return None;
                } else {
                    format!("{name} has no access keys")
                });
            };
            if matches!(
                action,
                Action::CopyId | Action::Details | Action::Impact | Action::Leaked
            ) {
                return None;
            }
            engine
                .pending_for(slot, name, Some(&key.key.id))
                .map(|change| format!("{} is under way", change.row().doing))
        }
        Action::Rotate => match row.keys.known().map(Vec::len) {
            None => Some(format!("The keys of {name} are not loaded")),
            Some(0) => Some(format!("{name} has no key to rotate")),
            Some(_) => None,
        },
        Action::Undo => match undo(engine, slot, user, chosen) {
            Some(_) => None,
            None => Some(NOTHING_TO_UNDO.into()),
        },
        Action::OpenQuestion => match engine.question_about(slot, name) {
            Some(_) => None,
            None => Some("Nothing is unknown about this user".into()),
        },
        _ => None,
    }
}
