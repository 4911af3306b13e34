//! What nobody knows: whether a change was made whose answer was lost, and where the secret of a
//! key is that was created. Each stays open, on the user's row and in the journal, until the
//! account or a person has answered it.

use super::{State, changes::Pending, modal::Modal};
use crate::{
    action::Action,
    effect::{Effect, Fact, Note, Origin, RequestId},
    iam::{AccessKey, Change, Error, KeyStatus, Kind},
    message::Answer,
};
use chrono::{DateTime, TimeDelta, Utc};

/// Something that is not known about a user's keys.
#[derive(Clone, Debug)]
pub struct Question {
    /// Which change it is about.
    pub origin: Origin,
    /// What was asked for.
    pub change: Change,
    /// The account's number, where it was known.
    pub account: Option<String>,
    /// The endpoint, where it was not AWS's own.
    pub endpoint: Option<String>,
    /// When it was sent.
    pub sent: DateTime<Utc>,
    /// The IDs of the user's keys before, where they were known.
    pub before: Option<Vec<String>>,
    /// Why it is not known.
    pub cause: Cause,
    /// What a look at the account has shown.
    pub finding: Finding,
}

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The answer was lost.
    Lost(Error),
    /// An earlier run never got an answer that could be read; what it said of that.
    NoAnswer(Option<String>),
    /// iamkeys ended before the answer came.
    Interrupted,
    /// iamkeys ended before the secret of this new key had gone anywhere.
    SecretLost(String),
}

/// What a look at the account has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Nobody has looked yet.
    Unseen,
    /// The user's keys, or their descriptions, are being asked for.
    Looking(RequestId),
    /// They could not be asked for.
    Failed(Error),
    /// Keys are there whose secret nobody has.
    Orphans(Vec<AccessKey>),
    /// The account is as it would be had nothing been done.
    NotDone,
    /// It was done.
    Done,
    /// The user or the key is not there any more, so that it does not matter.
    Gone,
}

/// What can be done about something that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Ask the account once more.
    LookAgain,
    /// Ask for the change once more.
    DoAgain,
    /// Delete the key whose secret nobody has, and create another.
    Replace,
    /// Keep the key: somebody knows it.
    Keep,
}

impl Way {
    /// The action that asks for it.
    #[must_use]
    pub fn action(self) -> Action {
        match self {
            Self::LookAgain => Action::LookAgain,
            Self::DoAgain => Action::DoAgain,
            Self::Replace => Action::Replace,
            Self::Keep => Action::KeepKey,
        }
    }
}

impl Finding {
    /// Whether nothing is left to be asked.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        matches!(self, Self::Done | Self::Gone)
    }
}

impl Question {
    /// What a list of the user's keys says about it.
    fn judge(&self, keys: &[AccessKey]) -> Finding {
        let find = |id: &str| keys.iter().find(|key| key.id == id);
        if let Cause::SecretLost(id) = &self.cause {
            return match find(id) {
                Some(key) => Finding::Orphans(vec![key.clone()]),
                None => Finding::Gone,
            };
        }
        match &self.change {
            Change::Create { .. } => {
                let appeared = |key: &&AccessKey| match &self.before {
                    Some(before) => !before.contains(&key.id),
                    // Nobody knows which keys there were: the clocks decide, and those differ.
                    None => key
                        .created
                        .is_none_or(|created| created > self.sent - TimeDelta::minutes(5)),
                };
                let orphans: Vec<_> = keys.iter().filter(appeared).cloned().collect();
                if orphans.is_empty() {
                    Finding::NotDone
                } else {
                    Finding::Orphans(orphans)
                }
            }
            Change::SetActive { key, active, .. } => match find(key).map(|key| &key.status) {
                None => Finding::Gone,
                Some(KeyStatus::Active) if *active => Finding::Done,
                Some(KeyStatus::Inactive) if !*active => Finding::Done,
                Some(_) => Finding::NotDone,
            },
            Change::Delete { key, .. } => match find(key) {
                None => Finding::Done,
                Some(_) => Finding::NotDone,
            },
            // Told by the descriptions, not by the keys.
            Change::Describe { .. } => Finding::NotDone,
        }
    }

    /// What the descriptions of the user's keys say about it.
    fn judge_descriptions(&self, known: &[(String, String)]) -> Finding {
        let Change::Describe { key, text, .. } = &self.change else {
            return Finding::NotDone;
        };
        let now = known.iter().find(|(of, _)| of == key).map(|(_, now)| now);
        if now == text.as_ref() {
            Finding::Done
        } else {
            Finding::NotDone
        }
    }
}

impl State {
    /// The open questions that are about this account.
    pub fn open_questions(&self) -> impl Iterator<Item = &Question> {
        self.questions
            .iter()
            .filter(|question| self.is_of_this_account(question))
    }

    /// The open question about a user's keys: the latest.
    #[must_use]
    pub fn question_about(&self, user: &str) -> Option<&Question> {
        self.open_questions()
            .filter(|question| !question.finding.is_certain())
            .filter(|question| question.change.user().eq_ignore_ascii_case(user))
            .last()
    }

    /// A question by the change it is about.
    #[must_use]
    pub fn question(&self, origin: &Origin) -> Option<&Question> {
        self.questions.iter().find(|q| q.origin == *origin)
    }

    fn is_of_this_account(&self, question: &Question) -> bool {
        let account = self.session.number();
        question.endpoint.as_deref() == self.endpoint()
            && (question.account.as_deref() == account
                // Who is signed in may never be told; then it is whoever has been all along.
                || (account.is_none() && matches!(question.origin, Origin::Here(_))))
    }

    /// Opens a question of this run, and looks at the account.
    pub(crate) fn wonder(&mut self, question: Question) -> Vec<Effect> {
        let origin = question.origin.clone();
        self.questions.push(question);
        self.show(Modal::question(origin.clone()));
        self.look(&origin)
    }

    /// Takes up the questions that earlier runs have left open.
    pub fn remember(&mut self, questions: Vec<Question>) -> Vec<Effect> {
        self.questions.extend(questions);
        self.take_up_questions()
    }

    /// Looks at the account for each question about it that nobody has looked for yet, and shows
    /// it: once it is known which account this is, and whom it has. What the account says of a key
    /// is kept with its user; of one who is not listed yet, every key would seem to be gone.
    #[must_use]
    pub(crate) fn take_up_questions(&mut self) -> Vec<Effect> {
        if self.session.number().is_none() {
            return Vec::new();
        }
        let unseen: Vec<Origin> = self
            .open_questions()
            .filter(|question| question.finding == Finding::Unseen)
            .filter(|question| {
                let listed = self.users.get(question.change.user()).is_some();
                listed || !self.users.listing.is_loading()
            })
            .map(|question| question.origin.clone())
            .collect();
        let mut effects = Vec::new();
        for origin in unseen {
            effects.extend(self.look(&origin));
            self.show(Modal::question(origin));
        }
        effects
    }

    /// Looks at the account to answer a question.
    #[must_use]
    pub fn look(&mut self, origin: &Origin) -> Vec<Effect> {
        let Some(at) = self.questions.iter().position(|q| q.origin == *origin) else {
            return Vec::new();
        };
        let change = &self.questions[at].change;
        let user: Box<str> = change.user().into();
        let (request, effect) = if matches!(change, Change::Describe { .. }) {
            self.ask_descriptions_now(&user)
        } else {
            self.ask_keys_now(&user)
        };
        self.questions[at].finding = Finding::Looking(request);
        vec![effect]
    }

    /// Takes what an answer says about open questions.
    #[must_use]
    pub(crate) fn found(&mut self, request: RequestId, answer: &Answer) -> Vec<Effect> {
        let mut settled = Vec::new();
        for question in &mut self.questions {
            if question.finding != Finding::Looking(request) {
                continue;
            }
            question.finding = match answer {
                Answer::Keys(_, Ok(keys)) => question.judge(keys),
                Answer::Descriptions(_, Ok(known)) => question.judge_descriptions(known),
                answer => match answer.error() {
                    Some(error) if error.kind == Kind::Gone => Finding::Gone,
                    Some(error) => Finding::Failed(error.clone()),
                    None => continue,
                },
            };
            if question.finding.is_certain() {
                settled.push(question.origin.clone());
            }
        }
        let settled = settled.into_iter();
        settled
            .map(|origin| note(&origin, "seen in the account"))
            .collect()
    }

    /// A person or a change has answered a question.
    pub fn settle(&mut self, origin: &Origin, how: &str) -> Vec<Effect> {
        let before = self.questions.len();
        self.questions.retain(|q| q.origin != *origin);
        self.modals
            .retain(|modal| !matches!(modal, Modal::Question(asked) if asked.origin == *origin));
        if self.questions.len() == before {
            return Vec::new();
        }
        vec![note(origin, how)]
    }

    /// Opens the dialog of what is not known about the selected user.
    pub fn open_question(&mut self) {
        let Some(user) = self.user() else { return };
        let name = user.user.name.clone();
        if let Some(question) = self.question_about(&name) {
            let modal = Modal::question(question.origin.clone());
            self.modals.push(modal);
        }
    }

    /// The buttons of a question's dialog beyond the one that leaves things as they are.
    #[must_use]
    pub fn ways_on(&self, origin: &Origin) -> &'static [Way] {
        match self.question(origin).map(|question| &question.finding) {
            Some(Finding::Failed(_)) => &[Way::LookAgain],
            Some(Finding::NotDone) => &[Way::DoAgain, Way::LookAgain],
            Some(Finding::Orphans(orphans)) if orphans.len() == 1 => &[Way::Replace, Way::Keep],
            Some(Finding::Orphans(_)) => &[Way::Keep],
            _ => &[],
        }
    }

    /// Presses a button of the question on top.
    #[must_use]
    pub fn press_question(&mut self, button: usize) -> Vec<Effect> {
        let Some(Modal::Question(asked)) = self.modals.last() else {
            return Vec::new();
        };
        let origin = asked.origin.clone();
        match button.checked_sub(1) {
            None => self.close_question(&origin),
            Some(at) => match self.ways_on(&origin).get(at) {
                Some(way) => self.go_on(&origin, *way),
                None => Vec::new(),
            },
        }
    }

    /// Does what a question leaves to be done, where it is among what is possible.
    #[must_use]
    pub fn try_way(&mut self, way: Way) -> Vec<Effect> {
        match self.modals.last() {
            Some(Modal::Question(asked)) if self.ways_on(&asked.origin).contains(&way) => {
                let origin = asked.origin.clone();
                self.go_on(&origin, way)
            }
            _ => Vec::new(),
        }
    }

    /// Closes the dialog of a question. What the account or a person has answered is over with
    /// it; what nobody has answered stays.
    fn close_question(&mut self, origin: &Origin) -> Vec<Effect> {
        self.modals.pop();
        match self.question(origin).map(|question| &question.finding) {
            // It is in the journal already.
            Some(Finding::Done | Finding::Gone) => {
                self.questions.retain(|q| q.origin != *origin);
                Vec::new()
            }
            Some(Finding::NotDone) => self.settle(origin, "not done, as a person has seen"),
            _ => Vec::new(),
        }
    }

    fn go_on(&mut self, origin: &Origin, way: Way) -> Vec<Effect> {
        let Some(question) = self.question(origin) else {
            return Vec::new();
        };
        let change = question.change.clone();
        match (way, &question.finding) {
            (Way::LookAgain, _) => self.look(origin),
            (Way::Keep, _) => self.settle(origin, "kept: a person knows the key"),
            (Way::DoAgain, _) => {
                let mut effects = self.settle(origin, "not done, and asked for again");
                effects.extend(self.ask(change, None, None));
                effects
            }
            (Way::Replace, Finding::Orphans(orphans)) => {
                let Some(orphan) = orphans.first() else {
                    return Vec::new();
                };
                let user: Box<str> = change.user().into();
                let key = orphan.id.clone();
                let delete = Change::Delete {
                    user: user.clone(),
                    key,
                };
                self.ask(delete, Some(Change::Create { user }), Some(origin.clone()))
            }
            (Way::Replace, _) => Vec::new(),
        }
    }
}

fn note(origin: &Origin, how: &str) -> Effect {
    Effect::Note(Note {
        of: origin.clone(),
        fact: Fact::Settled(how.to_owned()),
    })
}

/// The question of a change of this run whose answer was lost.
#[must_use]
pub fn lost(pending: Pending, error: Error) -> Question {
    Question {
        origin: Origin::Here(pending.id),
        change: pending.change,
        account: pending.number,
        endpoint: pending.endpoint,
        sent: pending.sent,
        before: pending.before,
        cause: Cause::Lost(error),
        finding: Finding::Unseen,
    }
}
