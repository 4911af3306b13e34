//! The person at the screen, as far as signing in has to ask them something.
//!
//! One thing is asked at a time, and under a number, so that an answer to what is over answers nothing
//! else. Where no one is there, and where the session was left, every question is answered with
//! [`Reply::Cancel`].

use crate::engine::{PromptId, PromptNews, Reply, prompt::Asked};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{Mutex, MutexGuard, mpsc};

/// An answer, to the prompt of this number.
pub type Answered = (PromptId, Reply);

/// Whom to ask. Clones ask the same person.
#[derive(Clone)]
pub struct Person(Arc<Inner>);

struct Inner {
    tell: Box<dyn Fn(PromptNews) + Send + Sync>,
    replies: Mutex<mpsc::UnboundedReceiver<Answered>>,
    last: AtomicU64,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").finish_non_exhaustive()
    }
}

impl Person {
    /// A person who is told of questions by `tell`, and where their answers go.
    #[must_use]
    pub fn new(
        tell: impl Fn(PromptNews) + Send + Sync + 'static,
    ) -> (Self, mpsc::UnboundedSender<Answered>) {
        let (answers, replies) = mpsc::unbounded_channel();
        let inner = Inner {
            tell: Box::new(tell),
            replies: Mutex::new(replies),
            last: AtomicU64::new(0),
        };
        (Self(Arc::new(inner)), answers)
    }

    /// No one, who answers nothing.
    #[must_use]
    pub fn absent() -> Self {
        Self::new(|_| {}).0
    }

    /// Asks something. Waits until what was asked before is over.
    pub(super) async fn ask(&self, asked: Asked) -> Question<'_> {
        let replies = self.0.replies.lock().await;
        let id = PromptId(self.0.last.fetch_add(1, Ordering::Relaxed) + 1);
        let question = Question {
            id,
            inner: &self.0,
            replies,
        };
        question.now(asked);
        question
    }
}

/// Something that is being asked. Dropped, it is asked no more.
pub(super) struct Question<'a> {
    id: PromptId,
    inner: &'a Inner,
    replies: MutexGuard<'a, mpsc::UnboundedReceiver<Answered>>,
}

impl Question<'_> {
    /// Asks this now, in place of what was asked before.
    pub(super) fn now(&self, asked: Asked) {
        (self.inner.tell)(PromptNews::Asked(self.id, Box::new(asked)));
    }

    /// Waits for an answer. Dropped before one has come, it loses none.
    pub(super) async fn reply(&mut self) -> Reply {
        loop {
            match self.replies.recv().await {
                Some((id, reply)) if id == self.id => return reply,
                Some(_) => {}
                None => return Reply::Cancel,
            }
        }
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        (self.inner.tell)(PromptNews::Over(self.id));
    }
}
