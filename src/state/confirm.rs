//! The question before a change. It looks at the account again the moment it opens: what the
//! screen shows may be hours old, and the person decides by it.

mod look;

use super::{
    Pane, READ_ONLY, State, View,
    load::Load,
    modal::{Full, Modal},
    questions::Settles,
    users::KeyRow,
};
use crate::{
    effect::{Effect, RequestId},
    iam::{Change, Error, KeyStatus, LastUsed},
};
use chrono::{DateTime, TimeDelta, Utc};
use tui_input::Input;

/// Asks before a change, whose target is fixed when the dialog opens.
#[derive(Debug)]
pub struct Confirm {
    /// What will be done, complete.
    pub change: Change,
    /// What follows as soon as that is done.
    pub then: Option<Change>,
    /// The open question that this answers.
    pub settles: Option<Settles>,
    /// The account it will be done in, in words.
    pub account: String,
    /// What is known of the key at risk; nothing where none is.
    pub key: Option<KeyFacts>,
    /// The look at the account as it is now.
    pub check: Check,
    /// The end of the key ID that has to be typed, where pressing a key is too easy.
    pub typed: Option<Typed>,
    /// The highlighted button: 0 is Cancel.
    pub button: usize,
}

/// What the account says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its status.
    pub status: KeyStatus,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// When it was last used, as far as that is known.
    pub last_used: Load<LastUsed>,
    /// It is the key that this session is signed in with.
    pub own: bool,
    /// How many other keys of the user are active.
    pub others_active: usize,
}

/// The look at the account that a question takes when it opens.
#[derive(Debug, Default)]
pub struct Check {
    /// What asks for the user's keys, if that is not answered yet.
    keys: Option<RequestId>,
    /// What asks for the last use of the key at risk, if that is not answered yet.
    last_used: Option<RequestId>,
    /// The IDs of the user's keys when the dialog opened, where they were known.
    before: Option<Vec<String>>,
    /// It could not be looked at.
    pub failed: Option<Error>,
    /// What is different from what was on screen: it has to be read before it is answered.
    pub news: Option<News>,
    /// When the look was over.
    pub looked: Option<DateTime<Utc>>,
    /// The answer was given before the look was over: it counts when nothing turns out different.
    pub armed: bool,
}

/// What has changed since the screen was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The key is not there any more.
    Gone,
    /// Another session is open now.
    OtherSession,
    /// It has another status now; this was the one on screen.
    Status(KeyStatus),
    /// It has been used, and had not been for long.
    Used,
    /// Keys have appeared.
    Appeared(Vec<String>),
    /// Its last use could be told before and cannot be told now.
    UseUnknown,
    /// No other key of its user is active any more.
    NoOther,
}

/// The end of a key ID, to be typed.
#[derive(Debug)]
pub struct Typed {
    /// What has to be typed.
    pub expected: String,
    /// What is typed.
    pub input: Input,
}

impl Typed {
    fn of(id: &str) -> Self {
        let skip = id.chars().count().saturating_sub(4);
        Self {
            expected: id.chars().skip(skip).collect(),
            input: Input::default(),
        }
    }
}

impl Check {
    /// Whether the account is being looked at.
    #[must_use]
    pub fn is_looking(&self) -> bool {
        self.keys.is_some() || self.last_used.is_some()
    }

    /// Notes that a read was answered; says whether the look waited for it.
    fn end(&mut self, request: RequestId) -> bool {
        let read = [&mut self.keys, &mut self.last_used]
            .into_iter()
            .find(|read| **read == Some(request));
        read.is_some_and(|read| read.take().is_some())
    }
}

impl Confirm {
    /// Whether the person has said all that is asked of them.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        !self.is_void()
            && self
                .typed
                .as_ref()
                .is_none_or(|typed| typed.input.value() == typed.expected)
    }

    /// Whether there is nothing left to do it to.
    #[must_use]
    pub fn is_void(&self) -> bool {
        matches!(self.check.news, Some(News::Gone | News::OtherSession))
    }

    /// Whether something was typed, and not what has to be.
    #[must_use]
    pub fn is_mistyped(&self) -> bool {
        let wrong = |typed: &Typed| {
            let value = typed.input.value();
            !value.is_empty() && value != typed.expected
        };
        !self.is_void() && self.typed.as_ref().is_some_and(wrong)
    }

    /// Whether a key is deleted by it.
    #[must_use]
    pub fn deletes(&self) -> bool {
        [Some(&self.change), self.then.as_ref()]
            .into_iter()
            .flatten()
            .any(|change| matches!(change, Change::Delete { .. }))
    }

    /// Of what will be done, that which takes something away; otherwise the first.
    #[must_use]
    pub fn gravest(&self) -> &Change {
        match &self.then {
            Some(then) if then.takes_away() && !self.change.takes_away() => then,
            _ => &self.change,
        }
    }

    /// The key at risk: the one that is deactivated or deleted.
    #[must_use]
    pub fn at_risk(&self) -> Option<&str> {
        self.gravest().key()
    }

    /// Asks the person anew.
    fn ask_again(&mut self) {
        self.check.armed = false;
        self.button = 0;
        if let Some(typed) = &mut self.typed {
            typed.input.reset();
        }
    }
}

impl State {
    /// Asks before a key is created; where there is no room for one, says so instead.
    #[must_use]
    pub fn ask_create(&mut self) -> Vec<Effect> {
        let Some(row) = self.user() else {
            return Vec::new();
        };
        let user = row.user.name.clone();
        let count = row.keys.known().map_or(0, Vec::len);
        if count >= self.session.keys_per_user() {
            self.modals.push(Modal::Full(Full { user, button: 0 }));
            return Vec::new();
        }
        self.ask(Change::Create { user }, None, None)
    }

    /// The key that `t` and `d` mean. From the list of users that has to be plain to see.
    pub fn key_meant(&mut self) -> Option<(Box<str>, KeyRow)> {
        let of_user = self.view == View::Users && self.pane == Pane::Users;
        if of_user && self.keys().len() > 1 {
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
    #[must_use]
    pub fn ask_toggle(&mut self) -> Vec<Effect> {
        let Some((user, row)) = self.key_meant() else {
            return Vec::new();
        };
        let active = row.key.status == KeyStatus::Inactive;
        let key = row.key.id;
        self.ask(Change::SetActive { user, key, active }, None, None)
    }

    /// Asks before a key is deleted.
    #[must_use]
    pub fn ask_delete(&mut self) -> Vec<Effect> {
        let Some((user, row)) = self.key_meant() else {
            return Vec::new();
        };
        let key = row.key.id;
        self.ask(Change::Delete { user, key }, None, None)
    }

    /// Asks before a change and what follows it, and looks at the account meanwhile.
    #[must_use]
    pub fn ask(
        &mut self,
        change: Change,
        then: Option<Change>,
        settles: Option<Settles>,
    ) -> Vec<Effect> {
        if self.settings.read_only {
            self.complain(READ_ONLY);
            return Vec::new();
        }
        let user: Box<str> = change.user().into();
        let mut confirm = Confirm {
            change,
            then,
            settles,
            account: self.session.account(),
            key: None,
            check: Check {
                before: self.key_ids(&user),
                ..Check::default()
            },
            typed: None,
            button: 0,
        };
        let mut effects = Vec::new();
        let (request, effect) = self.ask_keys_now(&user);
        confirm.check.keys = Some(request);
        effects.push(effect);
        if let Some(key) = confirm.at_risk().map(str::to_owned) {
            confirm.key = self.facts(&user, &key);
            let (request, effect) = self.ask_last_used_now(&user, &key);
            confirm.check.last_used = Some(request);
            effects.push(effect);
        }
        self.set_typed(&mut confirm);
        self.modals.push(Modal::Confirm(Box::new(confirm)));
        effects
    }

    /// What is known of a key.
    #[must_use]
    pub fn facts(&self, user: &str, key: &str) -> Option<KeyFacts> {
        let rows = self.users.get(user)?.keys.known()?;
        let row = rows.iter().find(|row| row.key.id == key)?;
        let active = |row: &&KeyRow| row.key.status != KeyStatus::Inactive;
        Some(KeyFacts {
            status: row.key.status.clone(),
            created: row.key.created,
            last_used: row.last_used.clone(),
            own: self.is_own(key),
            others_active: rows.iter().filter(active).count() - usize::from(active(&row)),
        })
    }

    /// Decides whether something has to be typed: where what is taken away may be in use, or is
    /// what this session is signed in with.
    fn set_typed(&self, confirm: &mut Confirm) {
        let Some(key) = confirm.at_risk() else {
            return;
        };
        let own = self.is_own(key);
        let deletes = confirm.deletes();
        // A key whose secret nobody has is active, and harms nobody as long as it was never used.
        let orphan = matches!(confirm.settles, Some(Settles::Done(_)));
        let in_use = confirm.key.as_ref().is_none_or(|facts| {
            let used = self.is_recent(&facts.last_used);
            used || (facts.status != KeyStatus::Inactive && !orphan)
        });
        let takes_away = confirm.change.takes_away() || deletes;
        let must = (own && takes_away) || (deletes && in_use);
        if must && confirm.typed.is_none() {
            confirm.typed = Some(Typed::of(key));
        } else if !must {
            confirm.typed = None;
        }
    }

    /// Whether a key was used recently, as far as anybody could tell: what is not known counts.
    #[must_use]
    pub fn is_recent(&self, last_used: &Load<LastUsed>) -> bool {
        match last_used.known() {
            Some(LastUsed::Never) => false,
            Some(LastUsed::At { time, .. }) => self.now - *time < self.settings.recent,
            None => true,
        }
    }

    /// Turns the question about deleting a key into one about deactivating the same key.
    pub fn deactivate_instead(&mut self) {
        let Some(Modal::Confirm(mut confirm)) = self.modals.pop() else {
            return;
        };
        let inactive = |facts: &KeyFacts| facts.status == KeyStatus::Inactive;
        if let (Change::Delete { user, key }, None) = (&confirm.change, &confirm.then)
            && !confirm.key.as_ref().is_none_or(inactive)
        {
            confirm.change = Change::SetActive {
                user: user.clone(),
                key: key.clone(),
                active: false,
            };
            confirm.button = 0;
            confirm.check.armed = false;
            self.set_typed(&mut confirm);
        }
        self.modals.push(Modal::Confirm(confirm));
    }

    /// Takes the answer of the confirmation on top: sends the change, or waits for the look at the
    /// account to end.
    #[must_use]
    pub fn answer_confirmation(&mut self) -> Vec<Effect> {
        let Some(Modal::Confirm(confirm)) = self.modals.last_mut() else {
            return Vec::new();
        };
        if !confirm.is_answered() {
            return Vec::new();
        }
        let fresh = |looked: DateTime<Utc>| self.now - looked < FRESH;
        if confirm.check.is_looking() {
            confirm.check.armed = true;
            return Vec::new();
        }
        // Somebody has read it for long, or gone for coffee: it is looked at once more.
        if confirm.check.failed.is_none() && !confirm.check.looked.is_some_and(fresh) {
            confirm.check.armed = true;
            return self.look_again();
        }
        match self.modals.pop() {
            Some(Modal::Confirm(confirm)) => self.order_confirmed(*confirm),
            _ => Vec::new(),
        }
    }

    fn order_confirmed(&mut self, confirm: Confirm) -> Vec<Effect> {
        let Confirm {
            change,
            then,
            settles,
            account,
            ..
        } = confirm;
        self.order(change, then, settles, account)
    }

    /// The IDs of a user's keys, where they are known.
    #[must_use]
    pub fn key_ids(&self, user: &str) -> Option<Vec<String>> {
        let rows = self.users.get(user)?.keys.known()?;
        Some(rows.iter().map(|row| row.key.id.clone()).collect())
    }
}

/// A look at the account is as good as new for this long.
const FRESH: TimeDelta = TimeDelta::seconds(3);

/// A key used within this time counts as in use, unless the command line says otherwise.
pub const RECENT: TimeDelta = TimeDelta::days(90);
