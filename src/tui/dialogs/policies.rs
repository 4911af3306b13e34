//! The policies that are attached to a user.

use super::{cancel, intend};
use crate::{
    engine::{Proposal, account::Load},
    tui::prelude::*,
};

/// What is attached to the user of a key.
#[derive(Debug)]
pub(in crate::tui) struct Policies {
    slot: Slot,
    user: Box<str>,
    key: String,
    /// The first line shown.
    scroll: usize,
}

impl Policies {
    /// The policies of this user, who has this key.
    pub(in crate::tui) fn new(slot: Slot, user: Box<str>, key: String) -> Self {
        Self {
            slot,
            user,
            key,
            scroll: 0,
        }
    }

    fn policies<'a>(&self, engine: &'a Engine) -> Option<&'a Load<Vec<String>>> {
        engine.fleet.get(self.slot)?.policies.get(&self.user)
    }
}

impl Dialog for Policies {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Policies
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, WIDTH);
        lines.strong(&*self.user);
        match self.policies(canvas.engine) {
            None | Some(Load::Idle | Load::Loading(_, None)) => lines.waiting("Loading"),
            Some(Load::Failed(error, None)) => lines.failed(error.short()),
            Some(known) => {
                let policies = known.known().map_or(&[][..], Vec::as_slice);
                for policy in policies {
                    lines.text(policy);
                }
                if policies.is_empty() {
                    lines.dim("No policy is attached.");
                }
            }
        }
        let there = self.policies(canvas.engine).and_then(Load::known);
        let free = there.is_some_and(|there| !there.iter().any(|name| name == Change::QUARANTINE));
        let button = Button::of(Context::Policies, Action::Quarantine, "Quarantine");
        let close = Button::of(Context::Policies, Action::Cancel, "Close");
        Some(
            Frame::new("Policies", canvas.theme.accent, lines)
                .buttons(0, vec![close, button.only_if(free)])
                .scrolled(self.scroll),
        )
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::Quarantine if engine.settings.read_only => {
                vec![Ask::Complain(crate::engine::READ_ONLY.into())]
            }
            Action::Quarantine => {
                let (user, key) = (self.user.clone(), self.key.clone());
                let change = Change::Quarantine { user, key };
                intend(Intent::Propose(self.slot, Proposal::from(change)))
            }
            _ => cancel(action),
        }
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Cancel, Action::Quarantine]
    }

    fn scroll(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.scroll)
    }
}
