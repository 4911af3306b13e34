//! The headings of a list's columns: which one it is sorted by, and where to click for another.

use super::Canvas;
use crate::{
    message::Target,
    state::sort::{Column, Sort},
    text::width,
};
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

/// A heading, in its place.
pub(super) struct Heading {
    column: Column,
    text: &'static str,
    /// Cells left empty before it.
    gap: usize,
    /// Cells of the column.
    cells: usize,
    right: bool,
}

impl Heading {
    /// One that begins where its column begins.
    pub(super) fn left(column: Column, text: &'static str, gap: usize, cells: usize) -> Self {
        Self {
            column,
            text,
            gap,
            cells,
            right: false,
        }
    }

    /// One that ends where its column ends.
    pub(super) fn right(column: Column, text: &'static str, gap: usize, cells: usize) -> Self {
        Self {
            right: true,
            ..Self::left(column, text, gap, cells)
        }
    }
}

/// Draws the headings, from left to right.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, sort: Sort, headings: &[Heading]) {
    let theme = canvas.theme;
    let (up, down) = theme.glyphs.sorted;
    let mut x = area.x;
    for heading in headings {
        let (gap, cells) = (fit(heading.gap), fit(heading.cells));
        x += gap;
        let sorted = heading.column == sort.column;
        let style = if sorted { Style::new() } else { theme.dim };
        let arrow = if sort.descending { down } else { up };
        // The arrow takes the gap where the column has no room for it.
        let mut spans = vec![Span::styled(heading.text, style)];
        if sorted && heading.right {
            spans.insert(0, Span::styled(format!("{arrow} "), style));
        } else if sorted && width(heading.text) + 2 <= heading.cells {
            spans.push(Span::styled(format!(" {arrow}"), style));
        } else if sorted {
            spans.push(Span::styled(arrow, style));
        }
        let line = Line::from(spans);
        let taken = fit(line.width());
        let from = if heading.right {
            (x + cells).saturating_sub(taken)
        } else {
            x
        };
        if from + taken <= area.right() {
            canvas.line(from, area.y, taken, &line);
        }
        let place = Rect::new(x, area.y, cells.min(area.right().saturating_sub(x)), 1);
        canvas.target(place, Target::Column(heading.column));
        x += cells;
    }
}

fn fit(cells: usize) -> u16 {
    u16::try_from(cells).unwrap_or(u16::MAX)
}
