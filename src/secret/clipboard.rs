//! The system's clipboard.

pub use super::route::{Choice, route};

use crate::engine::{SecretKey, destination::Route};

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Chooses a route from this process's environment.
#[must_use]
pub fn route_here(choice: Choice) -> Route {
    route(choice, |name| env::var_os(name))
}

/// The system's clipboard, on a thread of its own: the calls block, and on X11 and Wayland the
/// contents live only while this process serves them.
#[derive(Debug)]
pub struct System {
    jobs: Option<mpsc::Sender<Job>>,
    ended: mpsc::Receiver<()>,
}

/// How long the clipboard may take to hand its contents over at the end.
const HAND_OVER: Duration = Duration::from_millis(300);

/// Work for the thread, given the clipboard or why there is none.
type Job = Box<dyn FnOnce(Result<&mut dyn Board, String>) + Send>;

/// A clipboard, so that tests need no display.
trait Board {
    fn set(&mut self, text: &str) -> Result<(), String>;
    /// The text on the clipboard; none if that is empty or holds something else.
    fn text(&mut self) -> Result<Option<String>, String>;
    fn clear(&mut self) -> Result<(), String>;
}

impl System {
    /// Starts the thread. It opens the clipboard when the first text comes.
    ///
    /// # Errors
    /// When the system provides no thread.
    pub fn start() -> std::io::Result<Self> {
        Self::start_with(|| arboard::Clipboard::new().map_err(|error| error.to_string()))
    }

    fn start_with<B: Board>(
        open: impl Fn() -> Result<B, String> + Send + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let (alive, ended) = mpsc::channel();
        let thread = thread::Builder::new().name("clipboard".into());
        thread.spawn(move || {
            // Dropped last: the other end learns that the clipboard is closed.
            let _alive = alive;
            let mut board = None;
            for job in inbox {
                let opened = match &mut board {
                    Some(board) => Ok(board),
                    None => guarded(&open).map(|opened| board.insert(opened)),
                };
                job(opened.map(|board| board as &mut dyn Board));
            }
        })?;
        let jobs = Some(jobs);
        Ok(Self { jobs, ended })
    }

    /// Copies a text and tells `done` whether the clipboard took it.
    pub fn copy(&self, text: SecretKey, done: impl FnOnce(Result<(), String>) + Send + 'static) {
        self.send(move |board| board?.set(text.expose()), done);
    }

    /// Clears the clipboard if it still holds exactly this text, and tells `done` whether it did.
    /// A text that was copied since stays, unless it was copied in the moment between the check
    /// and the clearing: no clipboard can be locked.
    pub fn clear_if(
        &self,
        text: SecretKey,
        done: impl FnOnce(Result<bool, String>) + Send + 'static,
    ) {
        let clear = move |board: Result<&mut dyn Board, _>| {
            let board = board?;
            // Wiped, as it may be another secret.
            let current = board.text()?.map(SecretKey::new);
            if current.is_none_or(|current| current.expose() != text.expose()) {
                return Ok(false);
            }
            board.clear().map(|()| true)
        };
        self.send(clear, done);
    }

    /// The same when the program ends: waits for it, but no longer than this. None when the
    /// clipboard has not answered by then.
    #[must_use]
    pub fn clear_if_within(
        &self,
        text: SecretKey,
        patience: Duration,
    ) -> Option<Result<bool, String>> {
        let (tell, told) = mpsc::channel();
        self.clear_if(text, move |result| {
            // The receiver is gone once the time is up.
            let _ = tell.send(result);
        });
        told.recv_timeout(patience).ok()
    }

    fn send<T>(
        &self,
        work: impl FnOnce(Result<&mut dyn Board, String>) -> Result<T, String> + Send + 'static,
        done: impl FnOnce(Result<T, String>) + Send + 'static,
    ) {
        let Some(jobs) = &self.jobs else {
            return;
        };
        let job: Job = Box::new(move |board| done(guarded(|| work(board))));
        if let Err(mpsc::SendError(job)) = jobs.send(job) {
            job(Err("the clipboard's thread has ended".into()));
        }
    }
}

impl Drop for System {
    /// On X11, closing the clipboard hands its contents to a clipboard manager, if there is one.
    /// That takes a moment, and must not take longer.
    fn drop(&mut self) {
        self.jobs = None;
        let _ = self.ended.recv_timeout(HAND_OVER);
    }
}

/// A clipboard that panics has failed; the thread goes on.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("the clipboard failed".into()))
}

impl Board for arboard::Clipboard {
    /// Asks clipboard managers not to keep the text, where the platform has a way to ask.
    fn set(&mut self, text: &str) -> Result<(), String> {
        #[cfg(target_os = "macos")]
        use arboard::SetExtApple as _;
        #[cfg(all(unix, not(target_os = "macos")))]
        use arboard::SetExtLinux as _;
        #[cfg(windows)]
        use arboard::SetExtWindows as _;
        let set = self.set().exclude_from_history().text(text);
        set.map_err(|error| error.to_string())
    }

    fn text(&mut self) -> Result<Option<String>, String> {
        match self.get_text() {
            Ok(text) => Ok(Some(text)),
            Err(arboard::Error::ContentNotAvailable | arboard::Error::ConversionFailure) => {
                Ok(None)
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn clear(&mut self) -> Result<(), String> {
        self.clear().map_err(|error| error.to_string())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::{Arc, Mutex, PoisonError};

    #[derive(Default)]
    pub(crate) struct Desk {
        pub(crate) text: Option<String>,
        opened: usize,
        fails: bool,
    }

    /// A clipboard that the tests share with its thread.
    #[derive(Clone, Default)]
    pub(crate) struct Shared(Arc<Mutex<Desk>>);

    impl Shared {
        pub(crate) fn look<T>(&self, at: impl FnOnce(&mut Desk) -> T) -> T {
            at(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }

        pub(crate) fn system(&self) -> System {
            let desk = self.clone();
            System::start_with(move || {
                desk.look(|desk| desk.opened += 1);
                Ok(desk.clone())
            })
            .unwrap()
        }
    }

    impl Board for Shared {
        fn set(&mut self, text: &str) -> Result<(), String> {
            self.look(|desk| desk.text = Some(text.into()));
            Ok(())
        }

        fn text(&mut self) -> Result<Option<String>, String> {
            let (text, fails) = self.look(|desk| (desk.text.clone(), desk.fails));
            assert!(!fails, "a clipboard that panics");
            Ok(text)
        }

        fn clear(&mut self) -> Result<(), String> {
            self.look(|desk| desk.text = None);
            Ok(())
        }
    }

    const PATIENCE: Duration = Duration::from_secs(30);

    fn secret(text: &str) -> SecretKey {
        SecretKey::new(text.into())
    }

    fn copied(system: &System, text: &str) {
        let (tell, told) = mpsc::channel();
        system.copy(secret(text), move |result| tell.send(result).unwrap());
        told.recv_timeout(PATIENCE).unwrap().unwrap();
    }

    #[test]
    fn what_was_copied_is_cleared() {
        let desk = Shared::default();
        let system = desk.system();
        copied(&system, "secretEXAMPLE");
        assert_eq!(
            desk.look(|desk| desk.text.clone()),
            Some("secretEXAMPLE".into())
        );
        let cleared = system.clear_if_within(secret("secretEXAMPLE"), PATIENCE);
        assert_eq!(cleared, Some(Ok(true)));
        assert_eq!(desk.look(|desk| desk.text.clone()), None);
        assert_eq!(desk.look(|desk| desk.opened), 1, "opened once");
    }

    #[test]
    fn a_text_that_was_copied_since_stays() {
        let desk = Shared::default();
        let system = desk.system();
        copied(&system, "secretEXAMPLE");
        for since in [
            Some("secretEXAMPLE\n"),
            Some("secretEXAMPL"),
            Some(""),
            None,
        ] {
            desk.look(|desk| desk.text = since.map(Into::into));
            let cleared = system.clear_if_within(secret("secretEXAMPLE"), PATIENCE);
            assert_eq!(cleared, Some(Ok(false)), "{since:?}");
            assert_eq!(desk.look(|desk| desk.text.clone()).as_deref(), since);
        }
    }

    #[test]
    fn a_clipboard_that_panics_has_failed_and_the_next_text_is_still_taken() {
        let desk = Shared::default();
        let system = desk.system();
        desk.look(|desk| desk.fails = true);
        let cleared = system.clear_if_within(secret("x"), PATIENCE);
        assert_eq!(cleared, Some(Err("the clipboard failed".into())));
        copied(&system, "y");
    }

    #[test]
    fn without_a_clipboard_each_request_fails() {
        let system = System::start_with(|| Err::<Shared, _>("no display".into())).unwrap();
        let cleared = system.clear_if_within(secret("x"), PATIENCE);
        assert_eq!(cleared, Some(Err("no display".into())));
    }

    #[test]
    fn a_clipboard_that_hangs_is_not_waited_for_too_long() {
        let (release, held) = mpsc::channel::<()>();
        let held = Mutex::new(held);
        let system = System::start_with(move || {
            let _ = held.lock().unwrap().recv();
            Err::<Shared, _>("too late".into())
        })
        .unwrap();
        let answer = system.clear_if_within(secret("x"), Duration::from_millis(1));
        assert_eq!(answer, None);
        drop(release);
    }
}
