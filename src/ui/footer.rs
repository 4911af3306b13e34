//! What can be pressed here and now, most useful first. What is not possible is dimmed; what does
//! not fit is dropped from the right, but never the way to everything else.

use super::Canvas;
use crate::{action::Action, keymap, message::Target, text::width};
use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    let state = canvas.state;
    let context = state.background();
    let hints: Vec<(Action, String)> = keymap::in_context(context)
        .filter(|binding| binding.footer)
        .map(|binding| binding.action)
        // What there is seldom is shown where there is something.
        .filter(|action| *action != Action::ClearFilter || !state.users.filter().is_empty())
        .filter(|action| *action != Action::OpenQuestion || state.why_not(*action).is_none())
        .filter_map(|action| Some((action, keymap::key_of(context, action)?.to_string())))
        .collect();
    let cells = |(action, key): &(Action, String)| width(key) + 1 + width(state.title(*action)) + 2;
    let always = |action: Action| matches!(action, Action::Palette | Action::Help);
    let mut room = usize::from(area.width).saturating_sub(1)
        - hints
            .iter()
            .filter(|hint| always(hint.0))
            .map(cells)
            .sum::<usize>()
            .min(usize::from(area.width) - 1);
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
        let (key_style, title_style) = if state.why_not(*action).is_some() {
            (theme.dim, theme.dim)
        } else {
            (theme.accent, ratatui::style::Style::new())
        };
        let line = Line::from(vec![
            Span::styled(key.clone(), key_style),
            Span::raw(" "),
            Span::styled(state.title(*action), title_style),
        ]);
        let end = canvas.line(x, area.y, area.right().saturating_sub(x), &line);
        canvas.target(Rect::new(x, area.y, end - x, 1), Target::Action(*action));
        x = end + 2;
    }
}
