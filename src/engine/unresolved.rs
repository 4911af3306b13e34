//! Changes whose outcome is not known: whether one was made whose answer was lost, and where the
//! secret of a key is that was created. Each question stays open, on the user's row and in the
//! journal, until the account or a person has answered it.

mod question;
mod questions;

pub use question::{Cause, Finding, Question, Settles};
pub(super) use questions::Questions;

use super::{
    Engine,
    account::Account,
    effect::{Effect, Fact, Note, Origin, RequestId, SessionId, Slot},
    error::Error,
    plan::{Plan, Proposal},
    request::{Answer, Change, Read},
};
use std::collections::HashSet;

/// Whether a question is about an account: the one of that ID, or, where the ID is not known, that
/// of the same session, or of an earlier run at the same endpoint.
fn is_about(question: &Question, account: &Account) -> bool {
    if question.session == Some(account.session) {
        return true;
    }
    let same_id = match (&question.account, account.identity.account_id()) {
        (Some(id), now) => now == Some(id.as_str()),
        (None, _) => question.session.is_none(),
    };
    same_id && question.endpoint.as_deref() == account.endpoint()
}

/// What can be done about a change whose outcome is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Look at the account once more.
    LookAgain,
    /// Ask for the change once more.
    DoAgain,
    /// Take it that nothing was done.
    LetGo,
    /// Delete the key whose secret is lost, and create another.
    Replace,
    /// Keep the key: a person knows its secret.
    Keep,
}

impl Engine {
    /// All open questions, of any account.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        self.questions.all()
    }

    /// A question by the change it is about.
    #[must_use]
    pub fn question(&self, origin: &Origin) -> Option<&Question> {
        self.questions.get(origin)
    }

    /// Whether a question is before the person: it was not put off, and its turn has come.
    #[must_use]
    pub fn is_before_person(&self, origin: &Origin) -> bool {
        self.questions.is_shown(origin)
    }

    /// The open questions about an account.
    pub fn open_questions(&self, slot: Slot) -> impl Iterator<Item = &Question> {
        let account = self.fleet.get(slot);
        let questions = self.questions.all().iter();
        questions.filter(move |question| account.is_some_and(|account| is_about(question, account)))
    }

    /// The open question about a user's keys: the latest.
    #[must_use]
    pub fn question_about(&self, slot: Slot, user: &str) -> Option<&Question> {
        let account = self.fleet.get(slot)?;
        let places = self.questions.of_user(user).iter().rev();
        places
            .map(|at| &self.questions.all()[*at])
            .find(|question| !question.is_answered() && is_about(question, account))
    }

    /// Whether it is not known what became of an earlier change of a key: until the account shows it or a
    /// person lets it go, another one would be sent beside it.
    #[must_use]
    pub fn has_open_change(&self, slot: Slot, key: &str) -> bool {
        let is_of_key = |change: &Change| match change {
            Change::SetActive { key: of, .. } | Change::Delete { key: of, .. } => *of == *key,
            _ => false,
        };
        self.open_questions(slot)
            .any(|question| !question.is_answered() && is_of_key(&question.change))
    }

    /// The open account that a question is about.
    #[must_use]
    pub fn account_of(&self, question: &Question) -> Option<&Account> {
        let mut accounts = self.fleet.accounts().iter();
        accounts.find(|account| is_about(question, account))
    }

    /// Notes which account this is, for what was sent before it was known.
    pub(super) fn account_is_known(&mut self, session: SessionId) -> Option<()> {
        let account = self.fleet.of(session)?;
        let id = account.identity.account_id().map(str::to_owned);
        for question in self.questions.all_mut() {
            if question.session == Some(session) && question.account.is_none() {
                question.account.clone_from(&id);
            }
        }
        for plan in &mut self.plans {
            if plan.session == session && plan.account.id.is_none() {
                plan.account.id.clone_from(&id);
            }
        }
        self.vault.account_is_known(session, id.as_deref());
        self.bulk_account_opened(session);
        Some(())
    }

    /// What was being looked into in a session that is over is looked into anew, where it belongs.
    pub(super) fn forget_looks(&mut self, session: SessionId) {
        let all = self.questions.all().iter();
        let of_slot: HashSet<Origin> = self
            .open_questions(session.slot)
            .chain(all.filter(|q| q.session == Some(session)))
            .map(|question| question.origin.clone())
            .collect();
        self.questions.forget_turns(&of_slot);
        for question in self.questions.all_mut() {
            let looking = matches!(
                question.finding,
                Finding::Queued | Finding::Looking(_) | Finding::Failed(_)
            );
            if looking && of_slot.contains(&question.origin) {
                question.finding = Finding::Unseen;
            }
        }
    }

    /// Opens the question what became of a change, and looks at the account it was made in: at
    /// once, or when that is open again.
    pub(super) fn open_lost(&mut self, question: Question) -> Option<()> {
        let origin = question.origin.clone();
        self.questions.push(question);
        self.questions.show(&origin);
        self.something_came_up();
        self.look_into(&origin)
    }

    /// Takes up the questions that earlier runs have left open.
    pub(super) fn remember(&mut self, questions: Vec<Question>) {
        for question in questions {
            self.questions.push(question);
        }
        self.take_up_questions();
    }

    /// Looks at the account for each question about it that was not looked into yet, and shows it:
    /// once it is known which account this is, and which users it has. What the account says of a
    /// key is kept with its user; of one who is not listed yet, every key would seem to be gone.
    pub(super) fn take_up_questions(&mut self) {
        let is_due = |question: &&Question| {
            let Some(account) = self.account_of(question) else {
                return false;
            };
            let users = &account.users;
            let listed = users.get(question.change.user()).is_some();
            question.finding == Finding::Unseen
                && account.identity.account_id().is_some()
                && (listed || !users.listing.is_loading())
        };
        let due = self.questions.all().iter().filter(is_due);
        let due: Vec<(Slot, Origin)> = due
            .filter_map(|question| {
                let slot = self.account_of(question)?.session.slot;
                Some((slot, question.origin.clone()))
            })
            .collect();
        for (slot, origin) in due {
            if let Some(question) = self.questions.get_mut(&origin)
                && let Some(account) = self.fleet.get_mut(slot)
            {
                question.finding = Finding::Queued;
                account.loader.looks.push_back(question.change.told_by());
            }
            self.questions.show_later(origin);
        }
        self.show_next();
    }

    /// Shows the questions whose turn has come.
    fn show_next(&mut self) {
        if self.questions.show_next() {
            self.something_came_up();
        }
    }

    /// Asks for the looks that there is room for. One tells of all that is not known about the keys of
    /// a user.
    pub(super) fn plan_looks(&mut self, slot: Slot) {
        loop {
            let (spare, now) = (self.fleet.spare(), self.now);
            let account = self.fleet.get_mut(slot);
            let Some(read) = account.and_then(|account| account.next_look(spare, now)) else {
                return;
            };
            let places = self.questions.of_user(read.user().unwrap_or_default());
            let waits = |at: &usize| {
                let question = &self.questions.all()[*at];
                question.finding == Finding::Queued
                    && question.change.told_by() == read
                    && self
                        .account_of(question)
                        .is_some_and(|account| account.session.slot == slot)
            };
            let places: Vec<usize> = places.iter().copied().filter(waits).collect();
            // They may all have been told of by the look before.
            if !places.is_empty()
                && let Some(request) = self.read(slot, read)
            {
                for at in places {
                    self.questions.all_mut()[at].finding = Finding::Looking(request);
                }
            }
        }
    }

    /// Looks at the account to answer a question, if that account is open.
    fn look_into(&mut self, origin: &Origin) -> Option<()> {
        let question = self.question(origin)?;
        let slot = self.account_of(question)?.session.slot;
        let read = question.change.told_by();
        let request = self.read(slot, read)?;
        let question = self.questions.get_mut(origin)?;
        // What was seen stays in sight until the account says something else.
        if !matches!(question.finding, Finding::Orphans(_) | Finding::NotDone) {
            question.finding = Finding::Looking(request);
        }
        Some(())
    }

    /// Takes what an answer says about open questions.
    pub(super) fn questions_hear(
        &mut self,
        session: SessionId,
        request: RequestId,
        read: &Read,
        result: &Result<Answer, Error>,
    ) -> Option<()> {
        let account = self.fleet.of(session)?;
        let places = self.questions.of_user(read.user()?).to_vec();
        let mut answered = Vec::new();
        for at in places {
            let question = &mut self.questions.all_mut()[at];
            if !is_about(question, account) {
                continue;
            }
            let before = question.finding.clone();
            question.hear(request, read, result, self.now);
            if question.finding == before {
                continue;
            }
            if question.is_answered() {
                let note = settled(&question.origin, "seen in the account");
                self.effects.push(note);
                answered.push(question.origin.clone());
            }
            // Its buttons are others now.
            self.scene += 1;
        }
        for origin in answered {
            self.bulk_settled(&origin);
        }
        Some(())
    }

    /// A person or a change has answered a question.
    pub(super) fn settle(&mut self, origin: &Origin, how: &str) -> Option<()> {
        self.questions.remove(origin)?;
        self.effects.push(settled(origin, how));
        self.show_next();
        Some(())
    }

    /// Leaves a question for later. One that the account has answered is over: it is in the journal
    /// already.
    pub(super) fn put_off(&mut self, origin: &Origin) -> Option<()> {
        if self.question(origin)?.is_answered() {
            self.questions.remove(origin);
        }
        self.questions.hide(origin);
        self.show_next();
        Some(())
    }

    /// What a question leaves to be done, the most likely first.
    #[must_use]
    pub fn resolutions(&self, origin: &Origin) -> &'static [Resolution] {
        use Resolution::{DoAgain, Keep, LetGo, LookAgain, Replace};
        let Some(question) = self.question(origin) else {
            return &[];
        };
        let answers = |plan: &Plan| {
            plan.is_under_way() && matches!(&plan.settles, Some(Settles::Done(of)) if of == origin)
        };
        // What answers it may be on its way already.
        if self.account_of(question).is_none() || self.plans.iter().any(answers) {
            return &[];
        }
        match &question.finding {
            Finding::Failed(_) => &[LookAgain, LetGo],
            Finding::NotDone if question.is_late() => &[DoAgain, LetGo],
            Finding::NotDone => &[DoAgain, LookAgain],
            Finding::Orphans(orphans) if orphans.len() == 1 => &[Replace, Keep],
            Finding::Orphans(_) => &[Keep],
            // Seen, but it is not known in which account it should have been.
            finding if finding.is_certain() && !question.is_answered() => &[LetGo],
            _ => &[],
        }
    }

    /// Does what a question leaves to be done, where it is among what is possible. Looking again
    /// always is.
    pub(super) fn resolve(&mut self, origin: &Origin, how: Resolution) -> Option<()> {
        let question = self.question(origin)?;
        let slot = self.account_of(question)?.session.slot;
        if how != Resolution::LookAgain && !self.resolutions(origin).contains(&how) {
            return None;
        }
        let change = question.change.clone();
        let user: Box<str> = change.user().into();
        let in_rotation = question.in_rotation;
        let (steps, settles) = match (how, &question.finding) {
            (Resolution::LookAgain, _) => return self.look_into(origin),
            (Resolution::Keep, _) => return self.settle(origin, "kept: a person knows the key"),
            (Resolution::LetGo, _) => {
                self.bulk_let_go(origin);
                return self.settle(origin, "let go by a person");
            }
            (Resolution::DoAgain, _) => (vec![change], Settles::Sent(origin.clone())),
            (Resolution::Replace, Finding::Orphans(orphans)) if !orphans.is_empty() => {
                let user = user.clone();
                let delete = Change::Delete {
                    user: user.clone(),
                    key: orphans[0].id.clone(),
                };
                let steps = vec![delete, Change::Create { user }];
                (steps, Settles::Done(origin.clone()))
            }
            (Resolution::Replace, _) => return None,
        };
        if in_rotation {
            // The key that it creates is the rotation's, as the first one was.
            self.rotations.begin(slot, &user);
        } else if steps
            .iter()
            .any(|step| matches!(step, Change::Create { .. }))
        {
            // It is not the key of a rotation, whatever was begun meanwhile.
            self.rotations.end(slot, &user);
        }
        let settles = Some(settles);
        let proposal = Proposal {
            steps,
            settles,
            ..Proposal::default()
        };
        self.propose(slot, proposal).map(|_| ())
    }

    /// What is left open, one line each, for the person who leaves.
    pub(super) fn open_at_exit(&self) -> impl Iterator<Item = String> {
        let questions = self.questions.all().iter();
        let open = questions.filter(|question| !question.is_answered());
        open.map(|question| {
            let user = question.change.user();
            match (&question.cause, &question.finding) {
                (Cause::SecretLost(key), _) => {
                    format!("open: the secret of {key} of {user} is lost")
                }
                (_, Finding::Orphans(keys)) => {
                    let keys: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
                    let keys = keys.join(", ");
                    format!("open: the secret of {keys} of {user} is lost")
                }
                _ => {
                    let row = question.change.row();
                    format!("not known: {} {}", row.doing, row.target)
                }
            }
        })
    }
}

fn settled(origin: &Origin, how: &str) -> Effect {
    Effect::Note(Note {
        of: origin.clone(),
        fact: Fact::Settled(how.to_owned()),
    })
}
