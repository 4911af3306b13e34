//! Changes: asked about, under way, and what came of them.

use super::{
    Pane, State,
    load::Load,
    modal::{Confirm, Failure, Full, KeyFacts, Modal, NewKey, Typed},
    users::KeyRow,
};
use crate::{
    effect::{ChangeId, Effect, Order},
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
    /// The account it is made in, in words.
    pub account: String,
    /// The session it was sent in. What is shown of another one is another account's.
    pub session: u64,
}

impl State {
    /// Asks before a key is created; where there is no room for one, says so instead.
    pub fn ask_create(&mut self) {
        let Some(row) = self.user() else { return };
        let user = row.user.name.clone();
        let count = row.keys.known().map_or(0, Vec::len);
        if count >= self.session.keys_per_user() {
            self.modals.push(Modal::Full(Full { user, button: 0 }));
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

    /// The key of a user that could be deleted with the least harm, as far as that is known.
    #[must_use]
    pub fn deletable(&self, user: &str) -> Option<&KeyRow> {
        let rows = self.users.get(user)?.keys.known()?;
        let never = |row: &&KeyRow| matches!(row.last_used.known(), Some(LastUsed::Never));
        rows.iter()
            .find(|row| row.key.status == KeyStatus::Inactive)
            .or_else(|| rows.iter().find(never))
    }

    /// The key that `t` and `d` mean. From the list of users that has to be plain to see.
    pub fn key_meant(&mut self) -> Option<(Box<str>, KeyRow)> {
        if self.pane == Pane::Users && self.keys().len() > 1 {
            let user = self.user()?.user.name.clone();
            self.pane = Pane::Keys;
            self.complain(format!(
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
            account: confirm.account,
            session: self.session_number,
        });
        vec![Effect::Change(Box::new(Order {
            id,
            change,
            account: self.session.number().map(str::to_owned),
            caller: self.session.caller.known().map(|caller| caller.arn.clone()),
            endpoint: self.session.endpoint.clone(),
            keys_before: None,
        }))]
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
        let Pending {
            change,
            account,
            session,
            ..
        } = self.changes.remove(at);
        let user: Box<str> = change.user().into();
        let mut relist = false;
        let same_session = session == self.session_number;
        match result {
            Ok(Changed::Created { key, secret }) => {
                if same_session {
                    self.users.add_key(&user, key.clone());
                }
                self.show(Modal::NewKey(Box::new(NewKey {
                    user: user.clone(),
                    id: key.id,
                    account,
                    secret,
                    revealed: false,
                    done: Vec::new(),
                })));
            }
            Ok(Changed::Done) => {
                if same_session {
                    self.apply(&change);
                }
                self.say(format!("{} {}", change.done(), change.target()));
            }
            Err(error) => {
                relist = error.kind == Kind::Gone;
                let no_room = error.kind == Kind::Limit && change.key().is_none();
                self.show(if no_room {
                    Modal::Full(Full {
                        user: user.clone(),
                        button: 0,
                    })
                } else {
                    Modal::Failure(Box::new(Failure { change, error }))
                });
            }
        }
        let mut effects = Vec::new();
        if same_session && self.users.get(&user).is_some() {
            effects.push(self.read_keys(&user));
        }
        if relist && same_session {
            if self.users.listing.is_loading() {
                // Its pages may have been made before this was gone.
                self.list_again = true;
            } else {
                effects.push(self.list_users(None));
            }
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

    /// Opens a dialog that nobody has asked for: under the one that somebody is answering, so that
    /// no key goes where it was not meant to. It comes up when that one is closed. The program is
    /// not left before it was seen.
    fn show(&mut self, modal: Modal) {
        self.modals
            .retain(|modal| !matches!(modal, Modal::Leaving(_)));
        if self.filtering {
            self.say("There is news: Enter shows it");
        }
        let under = self.modals.len().saturating_sub(1);
        self.modals.insert(under, modal);
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
