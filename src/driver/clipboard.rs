//! The system's clipboard, as the driver uses it: a secret on it is cleared after a while, and at
//! the end.

use super::lock;
use crate::{
    engine::{Clip, CopyOutcome, Event, SecretKey},
    secret::clipboard::System,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    task::{AbortHandle, spawn_blocking},
    time::sleep,
};

/// How long clearing may take when the program ends.
const LAST_LOOK: Duration = Duration::from_millis(500);

/// A secret that was put on the clipboard, to be known again there.
#[derive(Debug)]
struct Copied {
    key: String,
    text: SecretKey,
    /// The one timer that there is.
    timer: AbortHandle,
}

/// The system's clipboard, opened when the first text comes.
#[derive(Debug)]
pub(super) struct Clipboard {
    handle: Handle,
    outbox: mpsc::UnboundedSender<Event>,
    clear_after: Option<Duration>,
    system: Option<System>,
    copied: Arc<Mutex<Option<Copied>>>,
}

impl Clipboard {
    pub(super) fn new(
        handle: Handle,
        outbox: mpsc::UnboundedSender<Event>,
        clear_after: Option<Duration>,
    ) -> Self {
        Self {
            handle,
            outbox,
            clear_after,
            system: None,
            copied: Arc::default(),
        }
    }

    /// Puts a text there.
    pub(super) fn copy(&mut self, clip: Clip) {
        let Clip { what, key, text } = clip;
        let (outbox, handle) = (self.outbox.clone(), self.handle.clone());
        let (copied, after) = (self.copied.clone(), self.clear_after);
        let kept = text.clone();
        let done = move |result| {
            // It is told of before its time begins.
            let (tell, told) = oneshot::channel();
            let outcome = match result {
                Ok(()) => {
                    let after = after.filter(|_| what.holds_secret());
                    let now = after.map(|after| Copied {
                        timer: timer(&handle, told, after, key.clone(), outbox.clone()),
                        key: key.clone(),
                        text: kept,
                    });
                    // Whatever was there before is gone.
                    replace(&copied, now);
                    CopyOutcome::InSystemClipboard
                }
                Err(error) => CopyOutcome::Failed(error),
            };
            // No one listens any more: then no one needs to know.
            let _ = outbox.send(Event::Copied { what, key, outcome });
            let _ = tell.send(());
        };
        let system = match &self.system {
            Some(system) => system,
            None => match System::start() {
                Ok(system) => self.system.insert(system),
                Err(error) => return done(Err(error.to_string())),
            },
        };
        system.copy(text, done);
    }

    /// Clears the clipboard, if it still holds the secret of this key.
    pub(super) fn clear(&mut self, key: &str) {
        let Some(system) = &self.system else { return };
        let mut copied = lock(&self.copied);
        // Another may have been copied while the word was on its way that this one is due.
        let Some(copied) = copied.take_if(|copied| copied.key == key) else {
            return;
        };
        let outbox = self.outbox.clone();
        system.clear_if(copied.text, move |result| {
            let key = copied.key;
            let _ = outbox.send(Event::Cleared { key, result });
        });
    }

    /// Clears the clipboard, if it still holds a secret of this run, and closes it.
    pub(super) async fn finish(&mut self) {
        let Some(system) = self.system.take() else {
            return;
        };
        let copied = replace(&self.copied, None);
        let last = spawn_blocking(move || {
            if let Some(copied) = copied {
                match system.clear_if_within(copied.text, LAST_LOOK) {
                    Some(Ok(cleared)) => tracing::info!(cleared, "the clipboard at the end"),
                    failed => tracing::error!(?failed, "the clipboard is not cleared"),
                }
            }
            drop(system);
        });
        // A panic there has been told of.
        let _ = last.await;
    }
}

/// Notes what the clipboard holds now, and tells what it held.
fn replace(copied: &Mutex<Option<Copied>>, now: Option<Copied>) -> Option<Copied> {
    let before = std::mem::replace(&mut *lock(copied), now);
    if let Some(before) = &before {
        before.timer.abort();
    }
    before
}

/// Tells when it is time to clear the clipboard.
fn timer(
    handle: &Handle,
    told: oneshot::Receiver<()>,
    after: Duration,
    key: String,
    outbox: mpsc::UnboundedSender<Event>,
) -> AbortHandle {
    let due = async move {
        // An error says that it was told of too.
        let _ = told.await;
        sleep(after).await;
        let _ = outbox.send(Event::ClipboardDue(key));
    };
    handle.spawn(due).abort_handle()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::Copied as What, secret::clipboard::tests::Shared};
    use tokio::time::{pause, timeout};

    const AFTER: Duration = Duration::from_secs(90);
    const KEY: &str = "AKIANEWKEY01EXAMPLE1";

    // The clock is stopped, and with it every wait over, only once the clipboard's thread has
    // nothing left to do: a stopped clock does not wait for other threads.

    /// A board on a clipboard that everybody here can look at, and what it tells.
    fn board(
        desk: &Shared,
        clear_after: Option<Duration>,
    ) -> (Clipboard, mpsc::UnboundedReceiver<Event>) {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let mut board = Clipboard::new(Handle::current(), outbox, clear_after);
        board.system = Some(desk.system());
        (board, inbox)
    }

    async fn copy(
        board: &mut Clipboard,
        inbox: &mut mpsc::UnboundedReceiver<Event>,
        what: What,
        text: &str,
    ) {
        board.copy(Clip {
            what,
            key: KEY.into(),
            text: SecretKey::new(text.into()),
        });
        let told = inbox.recv().await;
        let Some(Event::Copied { outcome, .. }) = told else {
            panic!("{told:?}");
        };
        assert_eq!(outcome, CopyOutcome::InSystemClipboard);
    }

    fn text(desk: &Shared) -> Option<String> {
        desk.look(|desk| desk.text.clone())
    }

    #[tokio::test]
    async fn a_secret_is_cleared_once_its_time_is_over() {
        let desk = Shared::default();
        let (mut board, mut inbox) = board(&desk, Some(AFTER));
        copy(&mut board, &mut inbox, What::Secret, "secretEXAMPLE").await;
        pause();
        let due = inbox.recv().await;
        assert!(matches!(due, Some(Event::ClipboardDue(key)) if key == KEY));
        assert_eq!(
            text(&desk).as_deref(),
            Some("secretEXAMPLE"),
            "not by itself"
        );
        board.clear("AKIAOTHER001EXAMPLE1");
        board.clear(KEY);
        let told = inbox.recv().await;
        let cleared = Event::Cleared {
            key: KEY.into(),
            result: Ok(true),
        };
        assert_eq!(format!("{told:?}"), format!("{:?}", Some(cleared)));
        assert_eq!(text(&desk), None);
    }

    #[tokio::test]
    async fn what_is_no_secret_has_no_time_and_ends_that_of_the_one_before() {
        let desk = Shared::default();
        let (mut board, mut inbox) = board(&desk, Some(AFTER));
        copy(&mut board, &mut inbox, What::Secret, "secretEXAMPLE").await;
        copy(&mut board, &mut inbox, What::KeyId, KEY).await;
        pause();
        let due = timeout(2 * AFTER, inbox.recv()).await;
        assert!(due.is_err(), "{due:?}");
        board.finish().await;
        assert_eq!(text(&desk).as_deref(), Some(KEY));
    }

    #[tokio::test]
    async fn copying_again_begins_the_time_anew() {
        let desk = Shared::default();
        let (mut board, mut inbox) = board(&desk, Some(AFTER));
        copy(&mut board, &mut inbox, What::Secret, "secretEXAMPLE").await;
        copy(&mut board, &mut inbox, What::Secret, "secretEXAMPLE").await;
        pause();
        assert!(matches!(inbox.recv().await, Some(Event::ClipboardDue(_))));
        let due = timeout(2 * AFTER, inbox.recv()).await;
        assert!(
            due.is_err(),
            "the time of the first is over with it: {due:?}"
        );
    }

    #[tokio::test]
    async fn at_the_end_a_secret_goes_and_what_came_after_it_stays() {
        for (since, left) in [(None, None), (Some("mine"), Some("mine"))] {
            let desk = Shared::default();
            let (mut board, mut inbox) = board(&desk, Some(AFTER));
            copy(&mut board, &mut inbox, What::Secret, "secretEXAMPLE").await;
            if let Some(since) = since {
                desk.look(|desk| desk.text = Some(since.into()));
            }
            board.finish().await;
            assert_eq!(text(&desk).as_deref(), left);
        }
    }

    #[tokio::test]
    async fn where_nobody_clears_it_it_stays() {
        let desk = Shared::default();
        let (mut board, mut inbox) = board(&desk, None);
        copy(&mut board, &mut inbox, What::Secret, "secretEXAMPLE").await;
        pause();
        let due = timeout(2 * AFTER, inbox.recv()).await;
        assert!(due.is_err(), "{due:?}");
        board.finish().await;
        assert_eq!(text(&desk).as_deref(), Some("secretEXAMPLE"));
    }
}
