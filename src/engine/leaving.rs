//! The wish to leave: what would be lost is asked about first, and what stays open is told.

use super::{
    Engine,
    bulk::{BulkPlan, BulkStage},
    effect::{Effect, Exit},
    vault::Kept,
};

/// How a person leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// By quitting.
    Quit,
    /// By an interrupt: Ctrl-C or SIGINT.
    Interrupt,
}

impl Leave {
    fn exit(self, unknown: Vec<String>) -> Exit {
        match self {
            Self::Quit => Exit::Quit(unknown),
            Self::Interrupt => Exit::Interrupted(unknown),
        }
    }
}

/// A wish to leave that has not been granted yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaving {
    pub(super) leave: Leave,
    /// Nothing but changes under way is in its way.
    pub(super) waits_for_changes: bool,
    /// A person has chosen to leave although a plan has keys left.
    pub(super) leaves_plan: bool,
}

/// What has to be decided before the program is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The secret of this key would be lost.
    Secret(String),
    /// Changes are under way.
    Changes,
    /// A plan over many keys is being carried out, or has keys left.
    Plan,
}

impl Engine {
    /// Leaves, unless a secret or the outcome of a change would be lost: then that is asked first.
    pub(super) fn leave(&mut self, leave: Leave) {
        self.withdraw_all();
        match self.in_the_way() {
            None => self.exit(|unknown| leave.exit(unknown)),
            Some(obstacle) => {
                self.leaving = Some(Leaving {
                    leave,
                    waits_for_changes: obstacle == Obstacle::Changes,
                    leaves_plan: false,
                });
            }
        }
    }

    /// Ends the program, and tells what is not known then.
    pub(super) fn exit(&mut self, how: impl FnOnce(Vec<String>) -> Exit) {
        let exit = Effect::Exit(how(self.unknown_at_exit()));
        self.effects.push(exit);
    }

    /// What has to be decided before a person who wants to leave can leave.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        let leaving = self.leaving?;
        let obstacle = self.in_the_way()?;
        // A secret that was in the way may be gone: what was begun since was not asked about.
        let asked = obstacle != Obstacle::Changes || leaving.waits_for_changes;
        asked.then_some(obstacle)
    }

    fn in_the_way(&self) -> Option<Obstacle> {
        let only_copy = self.vault.only_copy().map(|key| key.id.as_str());
        if let Some(key) = only_copy.or_else(|| self.only_on_clipboard()) {
            return Some(Obstacle::Secret(key.to_owned()));
        }
        let is_chosen = self.leaving.is_some_and(|it| it.leaves_plan);
        let is_unfinished = |plan: &BulkPlan| match plan.stage {
            BulkStage::Running => true,
            BulkStage::Paused => plan.has_work() && !is_chosen,
            BulkStage::Review | BulkStage::Ended => false,
        };
        if self.bulk().is_some_and(is_unfinished) {
            return Some(Obstacle::Plan);
        }
        self.under_way().next().map(|_| Obstacle::Changes)
    }

    /// Leaves without waiting for changes. A plan over many keys is paused first: what is sent of it is
    /// waited for.
    pub(super) fn leave_now(&mut self) {
        if self.obstacle() == Some(Obstacle::Plan) {
            self.pause_bulk();
            if let Some(leaving) = &mut self.leaving {
                leaving.waits_for_changes = true;
                leaving.leaves_plan = true;
            }
            self.leave_if_nothing_is_under_way();
            return;
        }
        if let Some(leaving) = self.leaving.filter(|leaving| leaving.waits_for_changes) {
            self.exit(|unknown| leaving.leave.exit(unknown));
        }
    }

    /// Leaves, if that was only waiting for changes. Nothing is decided here: between two keys of a plan
    /// no change is under way either, and whether it is left is for a person to say.
    pub(super) fn leave_if_nothing_is_under_way(&mut self) {
        let waits = self.leaving.is_some_and(|it| it.waits_for_changes);
        if waits && self.under_way().next().is_none() && self.obstacle() != Some(Obstacle::Plan) {
            self.leave_now();
        }
    }

    /// What will not be known once the program has ended now: one line each.
    #[must_use]
    pub fn unknown_at_exit(&self) -> Vec<String> {
        let several = self.fleet.accounts().len() > 1;
        let place = |words: &str| {
            if several {
                format!(" in {words}")
            } else {
                String::new()
            }
        };
        let changes = self.under_way().map(|(plan, change)| {
            let row = change.row();
            let place = place(&plan.account.words);
            format!(
                "not known: {} {}{place} was under way",
                row.doing, row.target
            )
        });
        let only_copies = self.vault.held().filter(|key| key.is_only_copy());
        let secrets = only_copies.map(|key| {
            let (id, user) = (&key.id, &key.user);
            let place = place(&key.account.words);
            if key.kept() == Kept::Perhaps {
                return format!(
                    "not known: the secret of {id} of {user}{place} was sent to the terminal's clipboard; \
                     delete that key if it is not there"
                );
            }
            format!("lost: the secret of {id} of {user}{place} was stored nowhere; delete that key")
        });
        let pasted = self.only_on_clipboard().map(|key| {
            format!("cleared: the secret of {key} was on the clipboard, and stored nowhere else")
        });
        changes
            .chain(secrets)
            .chain(pasted)
            .chain(self.open_at_exit())
            .chain(self.bulk_at_exit())
            .chain(self.journal_damaged.iter().cloned())
            .collect()
    }
}
