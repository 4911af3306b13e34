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

type Request = (SecretKey, Box<dyn FnOnce(Result<(), String>) + Send>);

impl System {
    /// Starts the thread. The clipboard itself is opened when the first text comes.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let (requests, inbox) = mpsc::channel::<Request>();
        let (alive, ended) = mpsc::channel();
        thread::Builder::new()
            .name("clipboard".into())
            .spawn(move || {
                // Dropped last: whoever waits for it knows that the clipboard is closed.
                let _alive = alive;
                let mut clipboard = None;
                for (text, done) in inbox {
                    let result = catch_unwind(AssertUnwindSafe(|| set(&mut clipboard, &text)));
                    done(result.unwrap_or_else(|_| Err("the clipboard failed".into())));
                }
                drop(clipboard);
            })?;
        Ok(Self {
            requests: Some(requests),
            ended,
        })
    }

    /// Puts a text there and tells `done` whether the clipboard took it.
    pub fn copy(&self, text: SecretKey, done: impl FnOnce(Result<(), String>) + Send + 'static) {
        let Some(requests) = &self.requests else {
            return;
        };
        if let Err(mpsc::SendError((_, done))) = requests.send((text, Box::new(done))) {
            done(Err("the clipboard's thread has ended".into()));
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

fn set(clipboard: &mut Option<arboard::Clipboard>, text: &SecretKey) -> Result<(), String> {
    let open = match clipboard {
        Some(open) => open,
        None => clipboard.insert(arboard::Clipboard::new().map_err(|error| error.to_string())?),
    };
    unrecorded(open.set())
        .text(text.expose())
        .map_err(|error| error.to_string())
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
