//! The one confirmation of a plan over many keys: how many there are is typed, and the name of an
//! account where production is among them.

use super::{said::origin, what};
use crate::{
    engine::{
        BulkAction, BulkIntent,
        bulk::{Asked, BulkId, BulkPlan, Confirmation},
    },
    tui::prelude::*,
};

/// So many production accounts are named.
const MOST_NAMED: usize = 4;

/// Asks for the number of keys before a plan is carried out.
#[derive(Debug)]
pub(super) struct BulkConfirm {
    plan: BulkId,
    input: Input,
    /// The highlighted button: 0 is Cancel.
    button: usize,
}

impl BulkConfirm {
    pub(super) fn new(plan: BulkId) -> Self {
        Self {
            plan,
            input: Input::default(),
            button: 0,
        }
    }

    fn asked(engine: &Engine) -> Option<Confirmation> {
        engine.bulk_confirmation()
    }

    fn accepts(&self, engine: &Engine) -> bool {
        Self::asked(engine).is_some_and(|asked| asked.accepts(self.input.value()))
    }

    /// What is confirmed; `origin` says where the plan comes from.
    fn text<'a>(
        &self,
        canvas: &'a Canvas<'a>,
        plan: &BulkPlan,
        asked: &Asked,
        confirmation: &Confirmation,
        origin: Vec<String>,
    ) -> Lines<'a> {
        let theme = canvas.theme;
        let mut lines = Lines::new(canvas, WIDTH);
        let accounts = format::plural(asked.accounts, "account");
        lines.strong(format!("{} in {accounts}", what(plan, asked.steps)));
        for text in origin {
            lines.push(Line::styled(text, theme.dim));
        }
        let production = &asked.production;
        if !production.is_empty() {
            let more = production.len().saturating_sub(MOST_NAMED);
            let named = production[..production.len() - more].join(", ");
            lines.warn(match more {
                0 => format!("Production: {named}"),
                more => format!("Production: {named} and {more} more"),
            });
        }
        if asked.overriding > 0 {
            let keys = format::plural(asked.overriding, "key");
            lines.warn(format!("{keys} held back, and included by hand"));
        }
        if asked.waiting > 0 {
            let keys = format::plural(asked.waiting, "more key");
            lines.dim(format!(
                "{keys} in accounts that are not open: left for later"
            ));
        }
        if asked.changed > 0 {
            let keys = format::plural(asked.changed, "more key");
            lines.dim(format!("{keys} not as reviewed: skipped"));
        }
        let is_kept = canvas.engine.keeps_bulk();
        if !is_kept {
            lines.warn("It is kept nowhere: leaving iamkeys, or a crash, loses its place.");
        }
        lines.gap();
        let of = |step| asked.steps.of(step) > 0;
        lines.text(match (of(BulkAction::Delete), of(BulkAction::Deactivate)) {
            (true, true) => {
                "Inactive keys are deleted: this can't be undone. Active ones are only deactivated."
            }
            (true, false) => "This can't be undone.",
            (false, true) if plan.action == BulkAction::Delete => {
                "All are Active, and only deactivated: deleting is for a later plan. Anything using \
                 these keys will fail immediately."
            }
            (false, true) => {
                "Anything using these keys will fail immediately. They can be reactivated."
            }
            (false, false) => "They will work again within seconds.",
        });
        // Where there is more to say, the line to type into stays in sight.
        if is_kept && asked.overriding + asked.waiting + asked.changed == 0 && plan.hash().is_none()
        {
            lines.dim(
                "Each key is checked again just before its step, and skipped if it has changed.",
            );
        }
        lines.gap();
        lines.text(format!("Type {} to confirm:", confirmation.text()));
        lines.field(">", &self.input);
        lines
    }
}

impl Dialog for BulkConfirm {
    fn context(&self, _engine: &Engine) -> Context {
        Context::BulkConfirm
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let (engine, theme) = (canvas.engine, canvas.theme);
        let plan = engine.bulk()?;
        let confirmation = Self::asked(engine)?;
        let asked = plan.asked();
        let room = dialog_room(canvas.buffer.area.height, true);
        let whole = Lines::new(canvas, WIDTH).cells;
        let origins = plan
            .hash()
            .map(|hash| origin(plan, hash, whole, theme.glyphs.more));
        let origins = origins.unwrap_or_default();
        // The line to type into stays in sight: who made the plan gives way to that, and then all but the
        // beginning of its hash, which is whole on the page behind.
        let short = plan
            .hash()
            .map(|hash| shorten(hash, whole, theme.glyphs.more).into_owned());
        let hash_only = origins.iter().skip(1).cloned().collect();
        let mut lines = self.text(canvas, plan, &asked, &confirmation, origins);
        for less in [hash_only, short.into_iter().collect()] {
            if lines.count(true) > room {
                lines = self.text(canvas, plan, &asked, &confirmation, less);
            }
        }
        let button = |action, verb: &str| Button::of(Context::BulkConfirm, action, verb);
        let apply = Button::plain("Apply").only_if(self.accepts(engine));
        let buttons = vec![button(Action::Cancel, "Cancel"), apply];
        let border = if asked.production.is_empty() {
            theme.warn
        } else {
            theme.bad
        };
        Some(Frame::new("Apply the plan", border, lines).buttons(self.button, buttons))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::Confirm if self.accepts(engine) => {
                let typed = self.input.value().to_owned();
                let apply = Intent::Bulk(BulkIntent::Apply { typed });
                vec![Ask::Close, Ask::Intend(apply)]
            }
            Action::Confirm => match Self::asked(engine) {
                Some(asked) => vec![Ask::Complain(format!(
                    "Type {} to apply the plan",
                    asked.text()
                ))],
                None => vec![Ask::Close],
            },
            action => super::super::cancel(action),
        }
    }

    fn is_over(&self, engine: &Engine) -> bool {
        let same = engine.bulk().is_some_and(|plan| plan.id == self.plan);
        !same || Self::asked(engine).is_none()
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Cancel, Action::Confirm]
    }

    fn highlighted(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.button)
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn edited(&mut self, _engine: &Engine) -> Vec<Ask> {
        // Who has typed means to apply it: what is wrong is said then, and nothing is closed, as what is
        // typed next would go to the plan.
        self.button = usize::from(!self.input.value().trim().is_empty());
        Vec::new()
    }
}
