//! Changes: asked about, under way, and what came of them.

use super::{
    ChangeId, Pane, State,
    load::Load,
    modal::{Confirm, Failure, Full, KeyFacts, Modal, NewKey, Typed},
    users::KeyRow,
};
use crate::{
    effect::Effect,
    iam::{Change, Changed, Error, KeyStatus, Kind, LastUsed},
};
use chrono::{DateTime, TimeDelta, Utc};
use tui_input::Input;

/// A key used within this time counts as in use.
pub const RECENT: TimeDelta = TimeDelta::days(90);

/// A change that was sent and not answered yet.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its number.
    pub id: ChangeId,
    /// What was asked for.
    pub change: Change,
}

impl State {
    /// Asks before a key is created; where there is no room for one, says so instead.
    pub fn ask_create(&mut self) {
        let Some(row) = self.user() else { return };
        let user = row.user.name.clone();
        let count = row.keys.known().map_or(0, Vec::len);
        if count >= self.session.keys_per_user() {
            self.say_full(&user);
            return;
        }
        self.modals.push(Modal::Confirm(Box::new(Confirm {
            change: Change::Create { user },
            account: self.session.account(),
            key: None,
            typed: None,
            button: 0,
        })));
    }

    /// Says that a user has as many keys as there may be, and which could go.
    fn say_full(&mut self, user: &str) {
        let rows = self.users.get(user).and_then(|row| row.keys.known());
        let rows = rows.map_or(&[][..], Vec::as_slice);
        let never = |row: &&KeyRow| matches!(row.last_used.known(), Some(LastUsed::Never));
        let candidate = rows
            .iter()
            .find(|row| row.key.status == KeyStatus::Inactive)
            .or_else(|| rows.iter().find(never));
        let full = Full {
            user: user.into(),
            quota: self.session.keys_per_user(),
            candidate: candidate.map(|row| row.key.id.clone()),
            keys: rows
                .iter()
                .map(|row| {
                    let key = &row.key;
                    (key.id.clone(), key.status.clone(), row.last_used.clone())
                })
                .collect(),
            button: 0,
        };
        self.modals.push(Modal::Full(full));
    }

    /// The key that `t` and `d` mean. From the list of users that has to be plain to see.
    pub fn key_meant(&mut self) -> Option<(Box<str>, KeyRow)> {
        if self.pane == Pane::Users && self.keys().len() > 1 {
            let user = self.user()?.user.name.clone();
            self.pane = Pane::Keys;
            self.say(format!(
                "{user} has several keys: choose one, then press again"
            ));
            return None;
        }
        let user = self.user()?.user.name.clone();
        Some((user, self.key()?.clone()))
    }

    /// Asks before a key is deactivated or activated.
    pub fn ask_toggle(&mut self) {
        let Some((user, row)) = self.key_meant() else {
            return;
        };
        let active = row.key.status == KeyStatus::Inactive;
        let key = row.key.id.clone();
        self.ask_about_key(Change::SetActive { user, key, active }, &row, false);
    }

    /// Asks before a key is deleted: by typing, if it may be in use.
    pub fn ask_delete(&mut self, now: DateTime<Utc>) {
        let Some((user, row)) = self.key_meant() else {
            return;
        };
        let typed = may_be_in_use(&row, now) || self.is_own(&row.key.id);
        let key = row.key.id.clone();
        self.ask_about_key(Change::Delete { user, key }, &row, typed);
    }

    /// Turns the question about deleting a key into one about deactivating the same key.
    pub fn deactivate_instead(&mut self) {
        let Some(Modal::Confirm(confirm)) = self.modals.last_mut() else {
            return;
        };
        let Change::Delete { user, key } = &confirm.change else {
            return;
        };
        if confirm
            .key
            .as_ref()
            .is_none_or(|key| key.status == KeyStatus::Inactive)
        {
            return;
        }
        confirm.change = Change::SetActive {
            user: user.clone(),
            key: key.clone(),
            active: false,
        };
        confirm.typed = None;
        confirm.button = 0;
    }

    fn ask_about_key(&mut self, change: Change, row: &KeyRow, typed: bool) {
        let facts = KeyFacts {
            status: row.key.status.clone(),
            created: row.key.created,
            last_used: row.last_used.clone(),
            own: self.is_own(&row.key.id),
        };
        let expected = last_four(&row.key.id);
        self.modals.push(Modal::Confirm(Box::new(Confirm {
            change,
            account: self.session.account(),
            key: Some(facts),
            typed: typed.then(|| Typed {
                expected,
                input: Input::default(),
            }),
            button: 0,
        })));
    }

    /// Closes the confirmation on top and sends its change.
    #[must_use]
    pub fn send(&mut self) -> Vec<Effect> {
        let Some(Modal::Confirm(confirm)) = self
            .modals
            .pop_if(|modal| matches!(modal, Modal::Confirm(confirm) if confirm.is_answered()))
        else {
            return Vec::new();
        };
        let id = ChangeId(self.number());
        let change = confirm.change;
        self.changes.push(Pending {
            id,
            change: change.clone(),
        });
        vec![Effect::Change(id, change)]
    }

    /// Whether a change to this key is under way.
    #[must_use]
    pub fn pending_for(&self, user: &str, key: Option<&str>) -> Option<&Change> {
        self.changes
            .iter()
            .map(|pending| &pending.change)
            .find(|change| change.key() == key && change.user().eq_ignore_ascii_case(user))
    }

    /// Files what came of a change, and asks for the truth.
    #[must_use]
    pub fn changed(&mut self, id: ChangeId, result: Result<Changed, Error>) -> Vec<Effect> {
        let Some(at) = self.changes.iter().position(|pending| pending.id == id) else {
            return Vec::new();
        };
        let change = self.changes.remove(at).change;
        let user: Box<str> = change.user().into();
        let mut relist = false;
        match result {
            Ok(Changed::Created { key, secret }) => {
                self.users.add_key(&user, key.clone());
                self.stop_leaving();
                self.modals.push(Modal::NewKey(Box::new(NewKey {
                    user: user.clone(),
                    id: key.id,
                    account: self.session.account(),
                    secret,
                    revealed: false,
                    done: Vec::new(),
                })));
            }
            Ok(Changed::Done) => {
                self.apply(&change);
                self.say(format!("{} {}", change.done(), change.target()));
            }
            Err(error) => {
                self.stop_leaving();
                relist = error.kind == Kind::Gone;
                if error.kind == Kind::Limit {
                    self.say_full(&user);
                } else {
                    self.modals
                        .push(Modal::Failure(Box::new(Failure { change, error })));
                }
            }
        }
        let mut effects = Vec::new();
        if self.users.get(&user).is_some() {
            effects.push(self.read_keys(&user));
        }
        if relist && !self.users.listing.is_loading() {
            effects.push(self.list_users(None));
        }
        effects.extend(self.left_if_nothing_is_under_way());
        effects
    }

    /// Shows what a change is known to have done, until the account has said it itself.
    fn apply(&mut self, change: &Change) {
        match change {
            Change::Create { .. } => {}
            Change::SetActive { user, key, active } => self.users.edit_keys(user, |keys| {
                for row in keys.iter_mut().filter(|row| row.key.id == *key) {
                    row.key.status = if *active {
                        KeyStatus::Active
                    } else {
                        KeyStatus::Inactive
                    };
                }
            }),
            Change::Delete { user, key } => self
                .users
                .edit_keys(user, |keys| keys.retain(|row| row.key.id != *key)),
        }
    }

    /// There is something to be seen before the program is left.
    fn stop_leaving(&mut self) {
        self.modals
            .retain(|modal| !matches!(modal, Modal::Leaving(_)));
    }

    /// Leaves, if that was only waiting for changes.
    fn left_if_nothing_is_under_way(&mut self) -> Vec<Effect> {
        if !self.changes.is_empty() {
            return Vec::new();
        }
        let leaving = self.modals.iter().find_map(|modal| match modal {
            Modal::Leaving(leaving) => Some(leaving.exit),
            _ => None,
        });
        match leaving {
            Some(exit) => vec![Effect::Exit(exit(Vec::new()))],
            None => Vec::new(),
        }
    }
}

/// Whether deleting this key may break something: it is active, or was used recently, or nobody
/// could say.
fn may_be_in_use(row: &KeyRow, now: DateTime<Utc>) -> bool {
    row.key.status != KeyStatus::Inactive
        || match &row.last_used {
            Load::Ready(LastUsed::Never, _) => false,
            Load::Ready(LastUsed::At { time, .. }, _) => now - *time < RECENT,
            _ => true,
        }
}

/// The last four characters of a key ID.
fn last_four(id: &str) -> String {
    let skip = id.chars().count().saturating_sub(4);
    id.chars().skip(skip).collect()
}
