//! A plan of which a step was not done, as it is drawn.

use crate::{
    engine::{Kind, Plan, Progress},
    tui::prelude::*,
};

/// The failed step, with what AWS said and what can be done.
pub(super) fn frame(canvas: &Canvas<'_>, plan: &Plan) -> Option<Frame> {
    let step = plan.current();
    let Progress::Failed(error) = &step.progress else {
        return None;
    };
    let theme = canvas.theme;
    let mut lines = Lines::new(canvas, WIDTH);
    let row = step.change.row();
    let what = format!("{} {}", row.verb.to_lowercase(), row.target);
    lines.marked(theme.glyphs.failed, what, theme.strong);
    lines.gap();
    lines.say(error.short(), theme.bad);
    lines.text(&error.message);
    if let Some(id) = &error.request_id {
        lines.dim(format!("request {id}"));
    }
    lines.gap();
    lines.text(match error.kind {
        Kind::Throttled | Kind::Server | Kind::Network | Kind::Other => {
            "Nothing was changed. You can try it again.".to_owned()
        }
        _ => words::remedy(error),
    });
    let gone = error.kind == Kind::NotFound;
    let title = if gone { "It is gone" } else { "Not done" };
    Some(Frame::new(title, theme.bad, lines).reading(0))
}
