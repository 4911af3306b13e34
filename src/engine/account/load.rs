//! One thing that is asked of the account: not yet, under way, answered, or refused.

use crate::engine::{effect::RequestId, error::Error};

/// Something loaded from the account. What was known before stays known while it is asked again
/// and when that fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Load<T> {
    /// Not asked for yet.
    #[default]
    Idle,
    /// Asked; only the answer to this request counts.
    Loading(RequestId, Option<T>),
    /// Answered.
    Ready(T),
    /// Refused or lost; with what was known before, now stale.
    Failed(Box<Error>, Option<T>),
}

impl<T> Load<T> {
    /// What is known, fresh or stale.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Idle => None,
            Self::Loading(_, known) | Self::Failed(_, known) => known.as_ref(),
            Self::Ready(known) => Some(known),
        }
    }

    /// What is known, to be changed by what a change is known to have done.
    pub fn known_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Idle => None,
            Self::Loading(_, known) | Self::Failed(_, known) => known.as_mut(),
            Self::Ready(known) => Some(known),
        }
    }

    fn take_known(&mut self) -> Option<T> {
        match std::mem::take(self) {
            Self::Idle => None,
            Self::Loading(_, known) | Self::Failed(_, known) => known,
            Self::Ready(known) => Some(known),
        }
    }

    /// The error of the last attempt.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(error, _) => Some(error),
            _ => None,
        }
    }

    /// Whether a request is under way.
    pub fn is_loading(&self) -> bool {
        matches!(self, Self::Loading(..))
    }

    /// Whether nothing has been told yet, not even that it could not be read.
    pub fn is_awaited(&self) -> bool {
        self.known().is_none() && self.error().is_none()
    }

    /// Whether it was not asked for yet.
    pub fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    /// Whether the last request was answered.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(..))
    }

    /// Notes that `request` asks for it now. An answer to an earlier request no longer counts.
    pub fn ask(&mut self, request: RequestId) {
        let known = self.take_known();
        *self = Self::Loading(request, known);
    }

    /// Takes what the answer to another question has told. One's own stays open: its answer is newer.
    pub fn tell(&mut self, value: T) {
        *self = match self {
            Self::Loading(request, _) => Self::Loading(*request, Some(value)),
            _ => Self::Ready(value),
        };
    }

    /// Takes the question back: it was not answered, and will be asked again. Says whether it was the
    /// latest.
    pub fn put_back(&mut self, request: RequestId) -> bool {
        if !matches!(self, Self::Loading(asked, _) if *asked == request) {
            return false;
        }
        *self = self.take_known().map_or(Self::Idle, Self::Ready);
        true
    }

    /// Files an answer, if it is the answer to the latest question. Says whether it was.
    pub fn file(&mut self, request: RequestId, answer: Result<T, Error>) -> bool {
        if !matches!(self, Self::Loading(asked, _) if *asked == request) {
            return false;
        }
        *self = match answer {
            Ok(value) => Self::Ready(value),
            Err(error) => Self::Failed(Box::new(error), self.take_known()),
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::error::Kind;

    fn error() -> Error {
        Error {
            action: "iam:ListAccessKeys",
            kind: Kind::Denied,
            code: Some("AccessDenied".into()),
            message: String::new(),
            request_id: None,
        }
    }

    #[test]
    fn a_late_answer_to_an_old_question_is_dropped() {
        let mut load = Load::Idle;
        load.ask(RequestId(1));
        load.ask(RequestId(2));
        assert!(!load.file(RequestId(1), Ok("old")));
        assert!(load.is_loading());
        assert!(load.file(RequestId(2), Ok("new")));
        assert!(!load.file(RequestId(2), Ok("twice")));
        assert_eq!(load, Load::Ready("new"));
    }

    #[test]
    fn a_question_that_is_taken_back_leaves_what_was_known() {
        let mut load = Load::<&str>::Idle;
        load.ask(RequestId(1));
        load.ask(RequestId(2));
        assert!(!load.put_back(RequestId(1)), "nobody waits for it");
        assert!(load.is_loading());
        assert!(load.put_back(RequestId(2)));
        assert_eq!(load, Load::Idle);
        let mut load = Load::Ready("known");
        load.ask(RequestId(3));
        assert!(load.put_back(RequestId(3)));
        assert_eq!(load, Load::Ready("known"));
    }

    #[test]
    fn what_another_answer_tells_is_replaced_by_the_one_that_was_asked_for() {
        let mut load = Load::Idle;
        load.ask(RequestId(1));
        load.tell("told");
        assert_eq!((load.known(), load.is_loading()), (Some(&"told"), true));
        assert!(load.file(RequestId(1), Ok("answered")));
        assert_eq!(load, Load::Ready("answered"));
        let mut failed = Load::Failed(Box::new(error()), None);
        failed.tell("told");
        assert_eq!(failed, Load::Ready("told"));
    }

    #[test]
    fn what_was_known_stays_through_a_refresh_that_fails() {
        let mut load = Load::Ready("known");
        load.ask(RequestId(1));
        assert_eq!(load.known(), Some(&"known"));
        load.file(RequestId(1), Err(error()));
        assert_eq!(load.known(), Some(&"known"));
        assert_eq!(load.error(), Some(&error()));
    }
}
