//! A plan without room for the key that it would create, as it is drawn. Which keys there are is read
//! from the account as it is known at the moment: AWS may have refused because of a key that was not
//! listed yet.

use crate::{engine::Plan, tui::prelude::*};

/// The keys that there are, and which could go.
pub(super) fn frame(canvas: &Canvas<'_>, plan: &Plan, highlighted: usize) -> Option<Frame> {
    let slot = plan.session.slot;
    let account = canvas.engine.fleet.get(slot)?;
    let theme = canvas.theme;
    let user = plan.user();
    let keys = account.users.keys(user).unwrap_or_default();
    let quota = account.identity.keys_per_user();
    let candidate = canvas.engine.deletable(slot, user);
    let mut lines = Lines::new(canvas, WIDTH);
    lines.text(if keys.len() >= quota {
        format!(
            "{user} has {}, and this account allows {quota}. Inactive keys count \
             toward the limit.",
            format::plural(keys.len(), "key"),
        )
    } else {
        format!(
            "AWS says that {user} has as many keys as there may be. Inactive keys count toward the limit. \
             They are being listed again."
        )
    });
    lines.gap();
    if let Some(row) = candidate {
        let text = format!("{} could be deleted to make room.", row.key.id);
        lines.say(text, theme.good);
    } else if !keys.is_empty() {
        let all = if keys.len() == 2 { "Both" } else { "All" };
        let text = format!(
            "{all} may be in use. Work out which isn't, deactivate it, wait, then delete it."
        );
        lines.say(text, theme.warn);
    }
    lines.gap();
    for row in keys {
        let in_use = words::in_use(&row.key.status, &row.last_used, canvas.now);
        lines.strong(&row.key.id);
        lines.marked(" ", in_use, theme.dim);
    }
    let go = Button::of(Context::Full, Action::GoToKey, "Show key");
    let buttons = vec![Button::plain("Cancel"), go.only_if(candidate.is_some())];
    Some(Frame::new("No room for another key", theme.warn, lines).buttons(highlighted, buttons))
}
