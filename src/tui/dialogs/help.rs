//! The keys of a place, and what they do.

use crate::{engine::query::GUIDE, tui::prelude::*};

/// How wide the keys are.
const KEYS: usize = 18;

/// How wide the examples of filters are.
const FILTERS: usize = 26;

/// The keys of a place.
#[derive(Debug)]
pub(in crate::tui) struct Help {
    /// The place.
    of: Context,
    /// The first line shown.
    scroll: usize,
}

impl Help {
    /// The keys of this place.
    pub(in crate::tui) fn new(of: Context) -> Self {
        Self { of, scroll: 0 }
    }
}

impl Dialog for Help {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Reading
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let accent = canvas.theme.accent;
        let mut lines = Lines::new(canvas, 68);
        let read_only = canvas.engine.settings.read_only;
        let offered = |action: Action| !(read_only && action.is_change());
        for binding in keymap::in_context(self.of).filter(|binding| offered(binding.action)) {
            let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
            let help = binding.action.help();
            lines.labelled(&keys.join(" "), KEYS, accent, help, Style::new());
        }
        if let Some(filter) = keymap::key_of(self.of, Action::Filter) {
            lines.gap();
            lines.dim(format!("What {filter} finds:"));
            for (example, finds) in GUIDE {
                lines.labelled(example, FILTERS, accent, finds, Style::new());
            }
        }
        let title = format!("Keys: {}", self.of.title());
        Some(Frame::new(title, accent, lines).reading(self.scroll))
    }

    fn scroll(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.scroll)
    }
}
