//! Asks before the only copy of a secret is thrown away.

use super::held;
use crate::{
    engine::vault::{Kept, NewKey},
    tui::prelude::*,
};

/// The question before the only copy of a key's secret is thrown away.
#[derive(Debug)]
pub(in crate::tui) struct Discard {
    /// The key whose secret it is.
    key: String,
    /// The highlighted button: 0 is to keep it.
    button: usize,
}

impl Discard {
    /// The question about this key.
    pub(in crate::tui) fn new(key: String) -> Self {
        Self { key, button: 0 }
    }
}

/// Where the secret of a new key is.
fn whereabouts(id: &str, kept: Kept) -> String {
    let place = match kept {
        Kept::Nowhere => "has gone nowhere.",
        Kept::Replaced => "was on the clipboard, and something else is there now.",
        Kept::Perhaps => {
            "was sent to the terminal, which does not say whether it took it. Paste it first."
        }
        Kept::Cleared => "was on the clipboard, which has been cleared.",
        Kept::Somewhere => "is on the clipboard.",
    };
    format!("The secret of {id} {place}")
}

impl Dialog for Discard {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Discard
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let bad = canvas.theme.bad;
        let mark = canvas.theme.glyphs.warn;
        let mut lines = Lines::new(canvas, WIDTH);
        let new = held(canvas.engine, &self.key);
        let (title, stay, go) = if canvas.engine.only_on_clipboard() == Some(&self.key) {
            let text = format!(
                "The secret of {} is on the clipboard, and nowhere else that iamkeys knows of.",
                self.key
            );
            lines.marked(mark, text, bad);
            lines.below("The clipboard is cleared when iamkeys ends. Paste it first.");
            ("Leave without pasting it?", "Stay", "Leave")
        } else {
            if let Some(new) = new {
                lines.marked(mark, whereabouts(&new.id, new.kept()), bad);
                lines.below(format!(
                    "If it is nowhere else, nobody can ever get it back. The key itself stays with \
                     {}, and works for nobody.",
                    new.user
                ));
            }
            match new.map(NewKey::kept) {
                Some(Kept::Perhaps) => ("Have you pasted it?", "Back", "Discard"),
                _ => ("Discard the only copy?", "Keep", "Discard"),
            }
        };
        let button = |action, verb| Button::of(Context::Discard, action, verb);
        let buttons = vec![
            button(Action::Keep, stay),
            button(Action::HaveIt, "I have it"),
            button(Action::Discard, go),
        ];
        Some(Frame::new(title, bad, lines).buttons(self.button, buttons))
    }

    fn act(&mut self, action: Action, _engine: &Engine) -> Vec<Ask> {
        let key = self.key.clone();
        let intent = match action {
            Action::Keep => Intent::Stay,
            Action::HaveIt => Intent::HaveIt(key),
            Action::Discard => Intent::Discard(key),
            _ => return Vec::new(),
        };
        // What follows may open the next question: this one is closed before.
        vec![Ask::Close, Ask::Intend(intent)]
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Keep, Action::HaveIt, Action::Discard]
    }

    fn highlighted(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.button)
    }
}
