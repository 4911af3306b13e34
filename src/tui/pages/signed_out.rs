//! Not signed in: why, what was looked at, what to do.

use crate::{
    engine::{Offer, Problem},
    tui::prelude::*,
};

/// Draws the page.
pub(in crate::tui) fn draw(canvas: &mut Canvas<'_>, area: Rect, problem: &Problem) {
    let theme = canvas.theme;
    let title = Line::styled("Not signed in", theme.strong);
    let inside = canvas.pane(area, title, Line::default(), theme.warn);
    let cells = usize::from(inside.width).saturating_sub(4).min(90);
    let air = usize::from(inside.height) > 14;
    let mut lines: Vec<Line<'static>> = Vec::new();
    let bold = theme.warn.add_modifier(ratatui::style::Modifier::BOLD);
    add(&mut lines, &problem.title, bold, theme.glyphs.warn, cells);
    add(&mut lines, &problem.what, Style::new(), "", cells);
    if air {
        lines.push(Line::default());
    }
    for detail in &problem.details {
        add(&mut lines, detail, theme.dim, theme.glyphs.dot, cells);
    }
    if air {
        lines.push(Line::default());
    }
    for advice in &problem.advice {
        add(&mut lines, advice, Style::new(), "", cells);
    }
    let mut y = inside.y + u16::from(air);
    // The way out stays visible, whatever the service had to say.
    let offer = problem.offer.map(|offer| match offer {
        Offer::Code => Action::EnterCode,
        Offer::Login => Action::LogIn,
    });
    let more = u16::from(offer.is_some());
    let last = inside.bottom().saturating_sub(5 + more);
    for line in lines {
        if y <= last {
            canvas.line(inside.x + 2, y, inside.width.saturating_sub(3), &line);
            y += 1;
        }
    }
    y += u16::from(y < last);
    let several = canvas.engine.fleet.accounts().len() > 1;
    let elsewhere = if several {
        Action::ShowAccounts
    } else {
        Action::OpenDemo
    };
    let always = [Action::Switch, elsewhere, Action::TryAgain, Action::Quit];
    for action in offer.into_iter().chain(always) {
        let Some(key) = keymap::key_of(Context::SignedOut, action) else {
            continue;
        };
        let line = Line::from(vec![
            Span::styled(format!("{key}  "), theme.accent),
            Span::raw(action.help()),
        ]);
        if y < inside.bottom() {
            let end = canvas.line(inside.x + 2, y, inside.width.saturating_sub(3), &line);
            let row = Rect::new(inside.x + 2, y, end - inside.x - 2, 1);
            canvas.target(row, Target::Action(action));
            y += 1;
        }
    }
}

/// Adds a text, in lines of at most `cells`, behind a mark if there is one.
fn add(lines: &mut Vec<Line<'static>>, text: &str, style: Style, mark: &str, cells: usize) {
    let indent = if mark.is_empty() { 0 } else { width(mark) + 1 };
    let parts = wrap(&visible(text), cells.saturating_sub(indent));
    for (at, part) in parts.into_iter().enumerate() {
        let mark = if at == 0 { mark } else { "" };
        lines.push(Line::styled(format!("{mark:<indent$}{part}"), style));
    }
}
