//! How to write a filter, by example.

use crate::{engine::query::GUIDE, tui::prelude::*};

/// How wide the examples are.
const EXAMPLES: usize = 28;

/// The guide to filters.
#[derive(Debug, Default)]
pub(super) struct FilterGuide {
    /// The first line shown.
    scroll: usize,
}

impl Dialog for FilterGuide {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Reading
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let accent = canvas.theme.accent;
        let mut lines = Lines::new(canvas, 78);
        lines.dim("Conditions stand between spaces; a row must match all of them.");
        for (example, finds) in GUIDE {
            lines.labelled(example, EXAMPLES, accent, finds, Style::new());
        }
        Some(Frame::new("Filters", accent, lines).reading(self.scroll))
    }

    fn scroll(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.scroll)
    }
}
