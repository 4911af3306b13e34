//! What nobody knows: whether a change was made whose answer was lost, and where the secret of a
//! key is that was created. Each stays open, on the user's row and in the journal, until the
//! account or a person has answered it.

mod question;

pub use question::{Cause, Finding, Question, Settles, Way};

use super::{State, changes::Pending, modal::Modal};
use crate::{
    effect::{Effect, Fact, Note, Origin, RequestId},
    iam::Change,
    message::Answer,
};

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
            .filter(|question| !question.is_answered())
            .filter(|question| question.change.user().eq_ignore_ascii_case(user))
            .last()
    }

    /// A question by the change it is about.
    #[must_use]
    pub fn question(&self, origin: &Origin) -> Option<&Question> {
        self.questions.iter().find(|q| q.origin == *origin)
    }

    /// Whether a question is about the account that is open: the one of that number, or, where
    /// nobody could tell the number, that of the same session, or whatever is at that endpoint.
    fn is_of_this_account(&self, question: &Question) -> bool {
        if question.session == Some(self.session_number) {
            return true;
        }
        let same_number = match (&question.account, self.session.number()) {
            (Some(number), now) => now == Some(number.as_str()),
            (None, _) => question.session.is_none(),
        };
        same_number && question.endpoint.as_deref() == self.endpoint()
    }

    /// Notes which account this is, for what was sent before it was known.
    pub(crate) fn account_is_known(&mut self) {
        let number = self.session.number().map(str::to_owned);
        let session = self.session_number;
        for question in &mut self.questions {
            if question.session == Some(session) && question.account.is_none() {
                question.account.clone_from(&number);
            }
        }
        for pending in &mut self.changes {
            if pending.session == session && pending.number.is_none() {
                pending.number.clone_from(&number);
            }
        }
    }

    /// What was being looked for in the session before is looked for anew, where it belongs.
    pub(super) fn forget_looks(&mut self) {
        for question in &mut self.questions {
            if matches!(question.finding, Finding::Looking(_) | Finding::Failed(_)) {
                question.finding = Finding::Unseen;
            }
        }
    }

    /// Opens the question what became of a change, and looks at the account it was made in: at
    /// once, or when that is open again.
    #[must_use]
    pub(crate) fn open_lost(&mut self, question: Question) -> Vec<Effect> {
        let origin = question.origin.clone();
        let here = self.is_of_this_account(&question);
        self.questions.push(question);
        self.show(Modal::question(origin.clone()));
        if here { self.look(&origin) } else { Vec::new() }
    }

    /// Takes up the questions that earlier runs have left open.
    #[must_use]
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
            let shown = |modal: &Modal| matches!(modal, Modal::Question(q) if q.origin == origin);
            if !self.modals.iter().any(shown) {
                self.show(Modal::question(origin));
            }
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
        self.questions[at].finding = match &self.questions[at].finding {
            // What was seen stays in sight until the account says something else.
            seen @ (Finding::Orphans(_) | Finding::NotDone) => seen.clone(),
            _ => Finding::Looking(request),
        };
        vec![effect]
    }

    /// Takes what an answer says about open questions.
    #[must_use]
    pub(crate) fn found(&mut self, request: RequestId, answer: &Answer) -> Vec<Effect> {
        let mut effects = Vec::new();
        for at in 0..self.questions.len() {
            if !self.is_of_this_account(&self.questions[at]) {
                continue;
            }
            let question = &mut self.questions[at];
            let before = question.finding.clone();
            question.hear(request, answer, self.now);
            if question.finding == before {
                continue;
            }
            let origin = question.origin.clone();
            if question.is_answered() {
                effects.push(note(&origin, "seen in the account"));
            }
            self.new_buttons(&origin);
        }
        effects
    }

    /// The buttons of a question's dialog are others now: nobody has chosen one of them yet.
    fn new_buttons(&mut self, origin: &Origin) {
        for modal in &mut self.modals {
            if let Modal::Question(asked) = modal
                && asked.origin == *origin
            {
                asked.button = 0;
            }
        }
        self.scene += 1;
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

    /// The buttons of a question's dialog beyond the one that leaves it open.
    #[must_use]
    pub fn ways_on(&self, origin: &Origin) -> &'static [Way] {
        let Some(question) = self.question(origin) else {
            return &[];
        };
        let answers =
            |pending: &Pending| matches!(&pending.settles, Some(Settles::Done(of)) if of == origin);
        // What answers it may be on its way already.
        if !self.is_of_this_account(question) || self.changes.iter().any(answers) {
            return &[];
        }
        match &question.finding {
            Finding::Failed(_) => &[Way::LookAgain, Way::LetGo],
            Finding::NotDone if question.is_late() => &[Way::DoAgain, Way::LetGo],
            Finding::NotDone => &[Way::DoAgain, Way::LookAgain],
            Finding::Orphans(orphans) if orphans.len() == 1 => &[Way::Replace, Way::Keep],
            Finding::Orphans(_) => &[Way::Keep],
            // Seen, but nobody knows in which account it should have been.
            finding if finding.is_certain() && !question.is_answered() => &[Way::LetGo],
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
            None => {
                self.close_question(&origin);
                Vec::new()
            }
            Some(at) => match self.ways_on(&origin).get(at) {
                Some(way) => self.go_on(&origin, *way),
                None => Vec::new(),
            },
        }
    }

    /// Does what a question leaves to be done, where it is among what is possible. Looking again
    /// always is.
    #[must_use]
    pub fn try_way(&mut self, way: Way) -> Vec<Effect> {
        let Some(Modal::Question(asked)) = self.modals.last() else {
            return Vec::new();
        };
        let origin = asked.origin.clone();
        let here = |question| self.is_of_this_account(question);
        let may_look = way == Way::LookAgain && self.question(&origin).is_some_and(here);
        if may_look || self.ways_on(&origin).contains(&way) {
            self.go_on(&origin, way)
        } else {
            Vec::new()
        }
    }

    /// Closes the dialog of a question. What the account has answered is over with it; everything
    /// else stays open.
    fn close_question(&mut self, origin: &Origin) {
        self.modals.pop();
        if self.question(origin).is_some_and(Question::is_answered) {
            // It is in the journal already.
            self.questions.retain(|q| q.origin != *origin);
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
            (Way::LetGo, _) => self.settle(origin, "let go by a person"),
            (Way::DoAgain, _) => self.ask(change, None, Some(Settles::Sent(origin.clone()))),
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
                let create = Change::Create { user };
                self.ask(delete, Some(create), Some(Settles::Done(origin.clone())))
            }
            (Way::Replace, _) => Vec::new(),
        }
    }

    /// What is left open, one line each, for who leaves.
    pub(super) fn open_at_exit(&self) -> impl Iterator<Item = String> {
        self.questions
            .iter()
            .filter(|question| !question.is_answered())
            .map(|question| {
                let change = &question.change;
                match (&question.cause, &question.finding) {
                    (Cause::SecretLost(key), _) => {
                        format!("open: nobody has the secret of {key} of {}", change.user())
                    }
                    (_, Finding::Orphans(keys)) => {
                        let keys: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
                        let keys = keys.join(", ");
                        format!("open: nobody has the secret of {keys} of {}", change.user())
                    }
                    _ => format!("not known: {} {}", change.doing(), change.target()),
                }
            })
    }
}

fn note(origin: &Origin, how: &str) -> Effect {
    Effect::Note(Note {
        of: origin.clone(),
        fact: Fact::Settled(how.to_owned()),
    })
}
