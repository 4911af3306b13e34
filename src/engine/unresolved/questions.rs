//! The open questions: found by the change that they are about and by their user, however many an
//! earlier run has left, and which of them are before the person.

use super::Question;
use crate::engine::effect::Origin;
use std::collections::{HashMap, HashSet, VecDeque};

/// No more come up at once by themselves: the others wait until these are answered or put off.
pub(super) const MOST_SHOWN: usize = 8;

/// All open questions, the oldest first.
#[derive(Debug, Default)]
pub(in crate::engine) struct Questions {
    all: Vec<Question>,
    /// Where each is.
    by_origin: HashMap<Origin, usize>,
    /// Where those about each user are, by the name in lower case.
    by_user: HashMap<String, Vec<usize>>,
    /// Those that the person has not put off.
    shown: Vec<Origin>,
    /// Those that come up after them.
    waiting: VecDeque<Origin>,
}

impl Questions {
    pub(super) fn all(&self) -> &[Question] {
        &self.all
    }

    /// All of them, to be changed. What they are about stays as it is.
    pub(super) fn all_mut(&mut self) -> &mut [Question] {
        &mut self.all
    }

    pub(super) fn get(&self, origin: &Origin) -> Option<&Question> {
        self.all.get(*self.by_origin.get(origin)?)
    }

    pub(super) fn get_mut(&mut self, origin: &Origin) -> Option<&mut Question> {
        self.all.get_mut(*self.by_origin.get(origin)?)
    }

    /// The places of those about a user, the oldest first.
    pub(super) fn of_user(&self, user: &str) -> &[usize] {
        let places = self.by_user.get(&user.to_ascii_lowercase());
        places.map_or(&[], Vec::as_slice)
    }

    pub(super) fn push(&mut self, question: Question) {
        let at = self.all.len();
        let user = question.change.user().to_ascii_lowercase();
        self.by_origin.insert(question.origin.clone(), at);
        self.by_user.entry(user).or_default().push(at);
        self.all.push(question);
    }

    pub(super) fn remove(&mut self, origin: &Origin) -> Option<Question> {
        let question = self.all.remove(*self.by_origin.get(origin)?);
        let all = std::mem::take(&mut self.all);
        self.by_origin.clear();
        self.by_user.clear();
        for question in all {
            self.push(question);
        }
        self.hide(origin);
        Some(question)
    }

    /// Those before the person, the oldest first.
    pub(in crate::engine) fn shown(&self) -> &[Origin] {
        &self.shown
    }

    pub(super) fn is_shown(&self, origin: &Origin) -> bool {
        self.shown.contains(origin)
    }

    /// Puts one before the person. Says whether it was not there.
    pub(in crate::engine) fn show(&mut self, origin: &Origin) -> bool {
        let is_new = self.by_origin.contains_key(origin) && !self.is_shown(origin);
        if is_new {
            self.shown.push(origin.clone());
        }
        is_new
    }

    /// Takes one away from before the person. Its turn does not come again.
    pub(super) fn hide(&mut self, origin: &Origin) {
        self.shown.retain(|shown| shown != origin);
        self.waiting.retain(|waiting| waiting != origin);
    }

    /// Has one shown when its turn comes.
    pub(super) fn show_later(&mut self, origin: Origin) {
        self.waiting.push_back(origin);
    }

    /// Those whose turn has come by now are shown. Says whether there are any.
    pub(super) fn show_next(&mut self) -> bool {
        let before = self.shown.len();
        while self.shown.len() < MOST_SHOWN
            && let Some(origin) = self.waiting.pop_front()
        {
            self.show(&origin);
        }
        self.shown.len() > before
    }

    /// The turn of these does not come any more.
    pub(super) fn forget_turns(&mut self, of: &HashSet<Origin>) {
        self.waiting.retain(|origin| !of.contains(origin));
    }
}
