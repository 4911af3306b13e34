//! One thing that is asked of the account: not yet, under way, answered, or refused.

use crate::{effect::RequestId, iam::Error};
use chrono::{DateTime, Utc};

/// Something loaded from the account. What was known before stays known while it is asked again
/// and when that fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Load<T> {
    /// Nobody has asked yet.
    #[default]
    Idle,
    /// Asked; only the answer to this request counts.
    Loading(RequestId, Option<T>),
    /// Answered.
    Ready(T, DateTime<Utc>),
    /// Refused or lost; with what was known before, now stale.
    Failed(Error, Option<T>),
}

impl<T> Load<T> {
    /// What is known, fresh or stale.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Idle => None,
            Self::Loading(_, known) | Self::Failed(_, known) => known.as_ref(),
            Self::Ready(known, _) => Some(known),
        }
    }

    /// What is known, to be changed by what a change is known to have done.
    pub fn known_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Idle => None,
            Self::Loading(_, known) | Self::Failed(_, known) => known.as_mut(),
            Self::Ready(known, _) => Some(known),
        }
    }

    fn take_known(&mut self) -> Option<T> {
        match std::mem::take(self) {
            Self::Idle => None,
            Self::Loading(_, known) | Self::Failed(_, known) => known,
            Self::Ready(known, _) => Some(known),
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

    /// Whether nobody has asked yet.
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

    /// Files an answer, if it is the answer to the latest question. Says whether it was.
    pub fn file(
        &mut self,
        request: RequestId,
        answer: Result<T, Error>,
        now: DateTime<Utc>,
    ) -> bool {
        if !matches!(self, Self::Loading(asked, _) if *asked == request) {
            return false;
        }
        *self = match answer {
            Ok(value) => Self::Ready(value, now),
            Err(error) => Self::Failed(error, self.take_known()),
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::Kind;

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
        let now = DateTime::UNIX_EPOCH;
        let mut load = Load::Idle;
        load.ask(RequestId(1));
        load.ask(RequestId(2));
        assert!(!load.file(RequestId(1), Ok("old"), now));
        assert!(load.is_loading());
        assert!(load.file(RequestId(2), Ok("new"), now));
        assert!(!load.file(RequestId(2), Ok("twice"), now));
        assert_eq!(load, Load::Ready("new", now));
    }

    #[test]
    fn what_was_known_stays_through_a_refresh_that_fails() {
        let now = DateTime::UNIX_EPOCH;
        let mut load = Load::Ready("known", now);
        load.ask(RequestId(1));
        assert_eq!(load.known(), Some(&"known"));
        load.file(RequestId(1), Err(error()), now);
        assert_eq!(load.known(), Some(&"known"));
        assert_eq!(load.error(), Some(&error()));
    }
}
