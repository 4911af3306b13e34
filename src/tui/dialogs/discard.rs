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

    /// Whether the key can go with its secret: one whose secret was let go of is in use.
    fn can_delete(&self, engine: &Engine) -> bool {
        held(engine, &self.key).is_some() && engine.can_delete(&self.key)
    }
}

/// Where the secret of a new key is.
fn whereabouts(id: &str, kept: Kept) -> String {
    let place = match kept {
        Kept::Nowhere => "hasn't been saved.",
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
                    "If it is nowhere else, it is lost for good. The key itself stays with {}, and \
                     is unusable without its secret.",
                    new.user
                ));
            }
            match new.map(NewKey::kept) {
                Some(Kept::Perhaps) => ("Have you pasted it?", "Back", "Discard"),
                _ => ("Discard the only copy?", "Keep", "Discard"),
            }
        };
        let button = |action, verb| Button::of(Context::Discard, action, verb);
        let mut buttons = vec![
            button(Action::Keep, stay),
            button(Action::HaveIt, "I have it"),
            button(Action::Discard, go),
        ];
        if self.can_delete(canvas.engine) {
            // Four have room where the first has no key.
            buttons[0] = Button::plain(stay);
            buttons.push(button(Action::DiscardAndDelete, "Discard and delete"));
        }
        Some(Frame::new(title, bad, lines).buttons(self.button, buttons))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        let key = self.key.clone();
        let intent = match action {
            Action::Keep => Intent::Stay,
            Action::HaveIt => Intent::HaveIt(key),
            Action::Discard => Intent::Discard(key),
            Action::DiscardAndDelete if self.can_delete(engine) => Intent::DiscardAndDelete(key),
            _ => return Vec::new(),
        };
        // What follows may open the next question: this one is closed before.
        vec![Ask::Close, Ask::Intend(intent)]
    }

    fn answers(&self, engine: &Engine) -> Vec<Action> {
        let delete = self.can_delete(engine).then_some(Action::DiscardAndDelete);
        let answers = [Action::Keep, Action::HaveIt, Action::Discard];
        answers.into_iter().chain(delete).collect()
    }

    fn highlighted(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.button)
    }
}
