//! The real program, as [`Hands`] take it.

use super::{pty::Program, rotating::Hands};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustix::process::Signal;

impl Hands for Program {
    fn keys(&mut self, keys: &str) {
        self.press(&keys.replace("<esc>", "\x1b").replace("<enter>", "\r"));
    }

    fn until(&mut self, what: &str, is_so: &dyn Fn(&str) -> bool) -> String {
        let mut shown = String::new();
        self.wait_for(what, |screen| {
            shown = screen.contents();
            is_so(&shown)
        });
        shown
    }

    fn copied(&self) -> Vec<String> {
        let raw = self.raw();
        let text = String::from_utf8_lossy(&raw);
        let sequences = text.split("\x1b]52;c;").skip(1);
        sequences
            .map(|rest| {
                let (base64, _) = rest.split_once('\x07').expect("it ends");
                let bytes = BASE64_STANDARD.decode(base64).expect("it is base64");
                String::from_utf8(bytes).expect("it is text")
            })
            .collect()
    }

    fn kill(mut self: Box<Self>) {
        self.signal(Signal::KILL);
        self.wait_exit();
    }
}
