//! What can be pressed here and now, most useful first. What is not possible is dimmed; what does
//! not fit is dropped from the right, but never the way to everything else.

use crate::tui::prelude::*;

/// Whether there is mostly nothing to do it to.
fn is_seldom(action: Action) -> bool {
    matches!(
        action,
        Action::OpenQuestion
            | Action::Undo
            | Action::MakePlan
            | Action::StopPlan
            | Action::EnterCode
            | Action::LogIn
            | Action::Complete
            | Action::OpenDemo
            | Action::ShowAccounts
    )
}

/// What there is in a place.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Place {
    /// The place.
    pub context: Context,
    /// There is a filter to be cleared.
    pub filtered: bool,
    /// The filter has left no row to do anything to.
    pub no_rows: bool,
}

/// Draws the hints of a place: of what it `offers` now. `title` is what an action is called here and now.
pub(in crate::tui) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    place: Place,
    offers: impl Fn(Action) -> bool,
    title: impl Fn(Action) -> &'static str,
) {
    let Place {
        context,
        filtered,
        no_rows,
    } = place;
    let why_not = canvas.why_not;
    let read_only = canvas.engine.settings.read_only;
    let hints: Vec<(Action, String)> = keymap::in_context(context)
        .filter(|binding| binding.footer)
        .map(|binding| binding.action)
        // What there is seldom is shown where there is something.
        .filter(|action| *action != Action::ClearFilter || filtered)
        .filter(|action| !(no_rows && action.is_of_row()))
        // What is refused from the start to the end is no offer.
        .filter(|action| !(read_only && action.is_change()))
        .filter(|action| offers(*action))
        .filter(|action| !is_seldom(*action) || why_not(*action).is_none())
        .filter_map(|action| Some((action, keymap::key_of(context, action)?.to_string())))
        .collect();
    let cells = |(action, key): &(Action, String)| width(key) + 1 + width(title(*action)) + 2;
    let always = |action: Action| matches!(action, Action::Palette | Action::Help);
    // A margin before; behind the last there need be no gap.
    let whole = usize::from(area.width) + 1;
    let kept: usize = hints.iter().filter(|hint| always(hint.0)).map(cells).sum();
    let mut room = whole.saturating_sub(kept);
    let mut x = area.x + 1;
    let mut dropping = false;
    for hint in &hints {
        let (action, key) = hint;
        if !always(*action) {
            dropping |= cells(hint) > room;
            if dropping {
                continue;
            }
            room -= cells(hint);
        }
        let theme = canvas.theme;
        let (key_style, title_style) = if why_not(*action).is_some() {
            (theme.dim, theme.dim)
        } else {
            (theme.accent, Style::new())
        };
        let line = Line::from(vec![
            Span::styled(key.clone(), key_style),
            Span::raw(" "),
            Span::styled(title(*action), title_style),
        ]);
        let end = canvas.line(x, area.y, area.right().saturating_sub(x), &line);
        canvas.target(Rect::new(x, area.y, end - x, 1), Target::Action(*action));
        x = end + 2;
    }
}
