//! The system's own clipboard, and the way to it from here.

pub use super::route::{Choice, Route, Why, route};

use super::SecretKey;
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
/// contents live only while somebody here answers for them.
#[derive(Debug)]
pub struct System {
    requests: Option<mpsc::Sender<Request>>,
    ended: mpsc::Receiver<()>,
}

/// How long the clipboard may take to hand its contents over at the end.
const HAND_OVER: Duration = Duration::from_millis(300);

type Done<T> = Box<dyn FnOnce(Result<T, String>) + Send>;

enum Request {
    Copy(SecretKey, Done<()>),
    ClearIf(SecretKey, Done<bool>),
}

impl Request {
    /// Tells whoever asked that nobody will do it.
    fn refuse(self, why: &str) {
        match self {
            Self::Copy(_, done) => done(Err(why.into())),
            Self::ClearIf(_, done) => done(Err(why.into())),
        }
    }
}

/// What this needs of a clipboard: a seam, so that it can be tested without a display.
trait Board {
    fn set(&mut self, text: &str) -> Result<(), String>;
    /// The text on it; none where it holds something else, or nothing.
    fn text(&mut self) -> Result<Option<String>, String>;
    fn clear(&mut self) -> Result<(), String>;
}

impl System {
    /// Starts the thread. The clipboard itself is opened when the first text comes.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        Self::start_with(|| arboard::Clipboard::new().map_err(|error| error.to_string()))
    }

    fn start_with<B: Board>(
        open: impl Fn() -> Result<B, String> + Send + 'static,
    ) -> std::io::Result<Self> {
        let (requests, inbox) = mpsc::channel::<Request>();
        let (alive, ended) = mpsc::channel();
        thread::Builder::new()
            .name("clipboard".into())
            .spawn(move || {
                // Dropped last: whoever waits for it knows that the clipboard is closed.
                let _alive = alive;
                let mut board = None;
                for request in inbox {
                    serve(request, &mut board, &open);
                }
                drop(board);
            })?;
        Ok(Self {
            requests: Some(requests),
            ended,
        })
    }

    /// Puts a text there and tells `done` whether the clipboard took it.
    pub fn copy(&self, text: SecretKey, done: impl FnOnce(Result<(), String>) + Send + 'static) {
        self.send(Request::Copy(text, Box::new(done)));
    }

    /// Clears the clipboard if it still holds exactly this text, and tells `done` whether it did.
    /// What somebody has copied since stays; between the look and the clearing there is a moment
    /// in which no clipboard can be held still.
    pub fn clear_if(
        &self,
        text: SecretKey,
        done: impl FnOnce(Result<bool, String>) + Send + 'static,
    ) {
        self.send(Request::ClearIf(text, Box::new(done)));
    }

    /// The same, waiting for it, but no longer than this: for the way out. None when the clipboard
    /// has not answered by then.
    #[must_use]
    pub fn clear_if_within(
        &self,
        text: SecretKey,
        patience: Duration,
    ) -> Option<Result<bool, String>> {
        let (tell, told) = mpsc::channel();
        self.clear_if(text, move |result| {
            // Nobody may be waiting any more.
            let _ = tell.send(result);
        });
        told.recv_timeout(patience).ok()
    }

    fn send(&self, request: Request) {
        let Some(requests) = &self.requests else {
            return;
        };
        if let Err(mpsc::SendError(request)) = requests.send(request) {
            request.refuse("the clipboard's thread has ended");
        }
    }
}

impl Drop for System {
    /// On X11 the contents are handed to a clipboard manager, if there is one, when the clipboard
    /// is closed. That takes a moment, and must not take longer.
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.ended.recv_timeout(HAND_OVER);
    }
}

fn serve<B: Board>(request: Request, board: &mut Option<B>, open: &impl Fn() -> Result<B, String>) {
    match request {
        Request::Copy(text, done) => done(guarded(|| opened(board, open)?.set(text.expose()))),
        Request::ClearIf(text, done) => done(guarded(|| clear_if(opened(board, open)?, &text))),
    }
}

/// A clipboard that panics has failed; the thread goes on.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("the clipboard failed".into()))
}

fn opened<'b, B>(
    board: &'b mut Option<B>,
    open: &impl Fn() -> Result<B, String>,
) -> Result<&'b mut B, String> {
    match board {
        Some(board) => Ok(board),
        None => Ok(board.insert(open()?)),
    }
}

fn clear_if(board: &mut impl Board, text: &SecretKey) -> Result<bool, String> {
    // Whatever it is, it is wiped: it may be another secret.
    let holds = board.text()?.map(SecretKey::new);
    if holds.is_none_or(|holds| holds.expose() != text.expose()) {
        return Ok(false);
    }
    board.clear().map(|()| true)
}

impl Board for arboard::Clipboard {
    fn set(&mut self, text: &str) -> Result<(), String> {
        unrecorded(self.set())
            .text(text)
            .map_err(|error| error.to_string())
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

/// Asks clipboard managers not to keep the text, where the platform has a way to ask.
#[cfg(any(windows, target_os = "macos"))]
fn unrecorded(set: arboard::Set<'_>) -> arboard::Set<'_> {
    #[cfg(target_os = "macos")]
    use arboard::SetExtApple as _;
    #[cfg(windows)]
    use arboard::SetExtWindows as _;
    set.exclude_from_history()
}

/// Asks clipboard managers not to keep the text, where the platform has a way to ask.
#[cfg(all(unix, not(target_os = "macos")))]
fn unrecorded(set: arboard::Set<'_>) -> arboard::Set<'_> {
    use arboard::SetExtLinux as _;
    set.exclude_from_history()
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

    /// A clipboard that everybody here can look at.
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
    fn what_somebody_has_copied_since_stays() {
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
    fn without_a_clipboard_everybody_is_told() {
        let system = System::start_with(|| Err::<Shared, _>("no display".into())).unwrap();
        let cleared = system.clear_if_within(secret("x"), PATIENCE);
        assert_eq!(cleared, Some(Err("no display".into())));
    }

    #[test]
    fn nobody_waits_longer_than_they_want_for_a_clipboard_that_hangs() {
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
