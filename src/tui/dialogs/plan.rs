//! A plan that waits for an answer: proposed, not done, or without room for the key it would create.

use super::{confirm, failure, full, intend};
use crate::{
    engine::{Difference, Need, Plan, PlanId, Preflight, Stage},
    tui::prelude::*,
};

/// So many lines a policy is scrolled on by the key that approves it: fewer than are ever in sight.
const READ_ON: usize = 8;

/// The dialog of a plan.
#[derive(Debug)]
pub(in crate::tui) struct PlanDialog {
    id: PlanId,
    /// The highlighted button: 0 is Cancel.
    button: usize,
    /// The first line shown, where not all have room.
    scroll: usize,
    /// How many lines are below those that are shown, as it was drawn last.
    below: usize,
    /// Its end was shown since the person was asked.
    read: bool,
    /// The end of the key ID, where it has to be typed.
    input: Input,
    /// How often the person was asked anew when this was last looked up; `None` once nothing is
    /// proposed any more.
    asked: Option<u32>,
}

impl PlanDialog {
    /// A dialog for this plan.
    pub(in crate::tui) fn new(id: PlanId) -> Self {
        Self {
            id,
            button: 0,
            scroll: 0,
            below: 0,
            read: false,
            input: Input::default(),
            asked: Some(0),
        }
    }

    /// The look at the account, while the plan is proposed.
    fn preflight<'a>(&self, engine: &'a Engine) -> Option<&'a Preflight> {
        engine.plan(self.id)?.preflight()
    }

    /// What has to be typed to approve the plan, if something has to.
    fn expected<'a>(&self, engine: &'a Engine) -> Option<&'a str> {
        self.preflight(engine)?.typed.as_deref()
    }

    fn close(&self) -> Vec<Ask> {
        intend(Intent::Close(self.id))
    }

    /// Approves the plan. A policy whose end was not in sight yet is scrolled on instead: nobody
    /// approves what was not shown.
    fn approve(&mut self, plan: &Plan) -> Vec<Ask> {
        if confirm::shows_policy(plan) && !self.read && self.below > 0 {
            self.scroll += self.below.min(READ_ON);
            return vec![Ask::Complain(
                "Read the policy to its end first: scrolled on".into(),
            )];
        }
        let typed = self.input.value().to_owned();
        let plan = self.id;
        intend(Intent::Approve { plan, typed })
    }

    /// Approves the plan, or says what is missing.
    fn press_approve(&mut self, plan: &Plan, preflight: &Preflight) -> Vec<Ask> {
        if preflight.accepts(self.input.value()) {
            return self.approve(plan);
        }
        let text = match &preflight.typed {
            Some(_) if !preflight.is_void() => {
                "Type the last 4 characters of the key ID first".into()
            }
            _ if preflight.difference == Some(Difference::NotFound) => {
                "Nothing is left to be done: it is not there any more".into()
            }
            _ => "Another session is open now".into(),
        };
        vec![Ask::Complain(text)]
    }

    /// Goes to the key that could be deleted to make room.
    fn go_to_key(&self, engine: &Engine, plan: &Plan) -> Vec<Ask> {
        let Some(row) = engine.deletable(plan.session.slot, plan.user()) else {
            let text = "None of these keys is known to be safe to delete";
            return vec![Ask::Complain(text.into())];
        };
        let (slot, user) = (plan.session.slot, plan.user().into());
        let key = row.key.id.clone();
        let close = Ask::Intend(Intent::Close(self.id));
        vec![close, Ask::GoToKey { slot, user, key }]
    }
}

impl Dialog for PlanDialog {
    fn context(&self, engine: &Engine) -> Context {
        match engine.plan(self.id).map(|plan| &plan.stage) {
            Some(Stage::Proposed(preflight)) => confirm::context(preflight),
            Some(Stage::NoRoom) => Context::Full,
            Some(Stage::NotDone | Stage::UnderWay) | None => Context::Reading,
        }
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let plan = canvas.engine.plan(self.id)?;
        match &plan.stage {
            Stage::Proposed(preflight) => Some(confirm::frame(
                canvas,
                plan,
                preflight,
                &self.input,
                self.button,
                (self.scroll, self.read),
            )),
            Stage::NotDone => failure::frame(canvas, plan),
            Stage::NoRoom => full::frame(canvas, plan, self.button),
            Stage::UnderWay => None,
        }
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        let Some(plan) = engine.plan(self.id) else {
            return Vec::new();
        };
        match (action, &plan.stage) {
            (Action::Cancel, _) => self.close(),
            (Action::Confirm | Action::DeactivateInstead, Stage::Proposed(preflight))
                if preflight.is_void() =>
            {
                self.press_approve(plan, preflight)
            }
            (Action::Confirm, Stage::Proposed(preflight)) if preflight.typed.is_none() => {
                self.approve(plan)
            }
            (Action::DeactivateInstead, Stage::Proposed(_)) => {
                self.button = 0;
                intend(Intent::DeactivateInstead(self.id))
            }
            (Action::GoToKey, Stage::NoRoom) => self.go_to_key(engine, plan),
            _ => Vec::new(),
        }
    }

    /// While the account is looked at, an approval is taken ahead: of what is stated. A last use
    /// that is still asked for is not.
    fn is_complete(&self, engine: &Engine) -> bool {
        let Some(plan) = engine.plan(self.id) else {
            return true;
        };
        let looking = plan.preflight().filter(|preflight| preflight.is_looking());
        looking.is_none_or(|preflight| match &preflight.key {
            Some(facts) => !facts.last_used.is_awaited(),
            None => plan.at_risk().is_none(),
        })
    }

    fn need(&self) -> Option<Need> {
        Some(Need::Plan(self.id))
    }

    fn is_over(&self, engine: &Engine) -> bool {
        engine.plan(self.id).is_none_or(Plan::is_under_way)
    }

    fn follow(&mut self, engine: &Engine) -> bool {
        let asked = self.preflight(engine).map(|preflight| preflight.asked);
        if self.asked != asked {
            self.asked = asked;
            self.read = false;
            self.button = 0;
            self.input.reset();
        }
        false
    }

    fn cover(&self, _engine: &Engine) -> Option<Intent> {
        Some(Intent::Withdraw(self.id))
    }

    fn answers(&self, engine: &Engine) -> Vec<Action> {
        let go_on = match engine.plan(self.id).map(|plan| &plan.stage) {
            Some(Stage::NoRoom) => Action::GoToKey,
            Some(Stage::Proposed(preflight)) if preflight.is_void() => return vec![Action::Cancel],
            _ => Action::Confirm,
        };
        vec![Action::Cancel, go_on]
    }

    fn highlighted(&mut self, engine: &Engine) -> Option<&mut usize> {
        match engine.plan(self.id)?.stage {
            Stage::Proposed(_) | Stage::NoRoom => Some(&mut self.button),
            Stage::NotDone | Stage::UnderWay => None,
        }
    }

    fn enter(&mut self, button: usize, engine: &Engine) -> Vec<Ask> {
        // After something mistyped it is meant to confirm: it says what has to be typed.
        let preflight = self.preflight(engine).filter(|it| !it.is_void());
        let expected = preflight.and_then(|it| it.typed.as_deref());
        let typed = self.input.value();
        let mistyped = !typed.is_empty() && expected.is_some_and(|expected| typed != expected);
        self.press(if mistyped { 1 } else { button }, engine)
    }

    fn press(&mut self, button: usize, engine: &Engine) -> Vec<Ask> {
        let Some(plan) = engine.plan(self.id) else {
            return Vec::new();
        };
        match &plan.stage {
            Stage::Proposed(preflight) if button > 0 => self.press_approve(plan, preflight),
            Stage::NoRoom if button > 0 => self.go_to_key(engine, plan),
            _ => self.close(),
        }
    }

    fn scroll(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.scroll)
    }

    fn drawn(&mut self, drawn: &Drawn, _engine: &Engine) {
        self.below = drawn.scroll_limit.saturating_sub(self.scroll);
        self.read |= self.below == 0;
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn edited(&mut self, engine: &Engine) -> Vec<Ask> {
        // A person who has typed it means it; anything less goes back to Cancel.
        let typed = Some(self.input.value());
        self.button = usize::from(self.expected(engine) == typed);
        intend(Intent::Withdraw(self.id))
    }

    /// The end of a key ID may hold the letter that would otherwise deactivate instead.
    fn takes_as_text(&self, action: Action, engine: &Engine) -> bool {
        let letter = keymap::name(Context::Typed, action);
        let begun = !self.input.value().is_empty();
        let is_text = |expected: &str| begun || expected.contains(&letter);
        action == Action::DeactivateInstead && self.expected(engine).is_some_and(is_text)
    }
}
