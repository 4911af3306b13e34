//! What is done to the marked keys.

use super::BulkPage;
use crate::{
    engine::{BulkAction, BulkIntent, bulk::Marked},
    tui::prelude::*,
};

/// Asks what a plan does to the marked keys.
#[derive(Debug)]
pub(in crate::tui) struct ChooseAction {
    keys: Vec<Marked>,
    /// How many of them are not shown in the list, in words.
    unseen: Option<String>,
    /// The highlighted button: 0 is Cancel.
    button: usize,
}

impl ChooseAction {
    pub(in crate::tui) fn new(keys: Vec<Marked>, unseen: Option<String>) -> Self {
        Self {
            keys,
            unseen,
            button: 0,
        }
    }

    fn make(&self, action: BulkAction) -> Vec<Ask> {
        let keys = self.keys.clone();
        let make = Intent::Bulk(BulkIntent::Make { action, keys });
        let page = Box::new(BulkPage::default());
        vec![Ask::Close, Ask::Intend(make), Ask::Open(page)]
    }
}

impl Dialog for ChooseAction {
    fn context(&self, _engine: &Engine) -> Context {
        Context::ChoosePlan
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, WIDTH);
        let keys = format::plural(self.keys.len(), "marked key");
        lines.strong(format!("What is done to {keys}?"));
        if let Some(unseen) = &self.unseen {
            lines.warn(format!("{unseen}."));
        }
        lines.dim("Nothing is changed before you have seen the plan and applied it.");
        let button = |action, verb| Button::of(Context::ChoosePlan, action, verb);
        let buttons = vec![
            button(Action::Cancel, "Cancel"),
            button(Action::Toggle, "Deactivate"),
            button(Action::PlanActivate, "Activate"),
            button(Action::Delete, "Delete"),
        ];
        Some(Frame::new("Make a plan", canvas.theme.accent, lines).buttons(self.button, buttons))
    }

    fn act(&mut self, action: Action, _engine: &Engine) -> Vec<Ask> {
        match action {
            Action::Toggle => self.make(BulkAction::Deactivate),
            Action::PlanActivate => self.make(BulkAction::Activate),
            Action::Delete => self.make(BulkAction::Delete),
            action => super::super::cancel(action),
        }
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![
            Action::Cancel,
            Action::Toggle,
            Action::PlanActivate,
            Action::Delete,
        ]
    }

    fn highlighted(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.button)
    }
}
