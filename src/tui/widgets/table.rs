//! The one table: headings that say by which column it is sorted and where to click for another, and
//! rows of cells, of which one is selected. Users, keys and the activity are shown in it.

use crate::{
    engine::{
        query::sort::{Column as SortColumn, Sort},
        text::width,
    },
    tui::{canvas::Canvas, format, lists::Position, message::Target},
};
use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Scrollbar, ScrollbarOrientation, ScrollbarState, StatefulWidget as _},
};

/// Cells before the first column: for the marker.
pub(in crate::tui) const MARKER: usize = 2;

/// A column, in its place.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Column {
    title: &'static str,
    /// Cells left empty before it.
    pub gap: usize,
    /// Cells of the column.
    pub cells: usize,
    right: bool,
    sort: Option<SortColumn>,
}

impl Column {
    /// One whose title and texts begin where the column begins.
    pub(in crate::tui) fn left(title: &'static str, gap: usize, cells: usize) -> Self {
        Self {
            title,
            gap,
            cells,
            right: false,
            sort: None,
        }
    }

    /// One whose title and texts end where the column ends.
    pub(in crate::tui) fn right(title: &'static str, gap: usize, cells: usize) -> Self {
        Self {
            right: true,
            ..Self::left(title, gap, cells)
        }
    }

    /// The same, to sort by.
    pub(in crate::tui) fn by(self, column: SortColumn) -> Self {
        Self {
            sort: Some(column),
            ..self
        }
    }
}

/// A row: a marker, and the text of each column in parts.
pub(in crate::tui) struct Row {
    pub marker: &'static str,
    pub cells: Vec<Vec<Span<'static>>>,
    pub selected: bool,
    pub target: Target,
}

/// A table.
pub(in crate::tui) struct Table {
    pub columns: Vec<Column>,
    pub sort: Option<Sort>,
    /// Whether the keys of the keyboard go to it: its selected row stands out then.
    pub focused: bool,
}

impl Table {
    /// Draws the headings into the first line of the area.
    pub(in crate::tui) fn headings(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let theme = canvas.theme;
        let (up, down) = theme.glyphs.sorted;
        let mut x = area.x + fit(MARKER);
        for column in &self.columns {
            let (gap, cells) = (fit(column.gap), fit(column.cells));
            x += gap;
            let sorted = self.sort.filter(|sort| column.sort == Some(sort.column));
            let style = if sorted.is_some() {
                Style::new()
            } else {
                theme.dim
            };
            let mut spans = vec![Span::styled(column.title, style)];
            if let Some(sort) = sorted {
                let arrow = if sort.descending { down } else { up };
                // The arrow takes the gap where the column has no room for it.
                if column.right {
                    spans.insert(0, Span::styled(format!("{arrow} "), style));
                } else if width(column.title) + 2 <= column.cells {
                    spans.push(Span::styled(format!(" {arrow}"), style));
                } else {
                    spans.push(Span::styled(arrow, style));
                }
            }
            let line = Line::from(spans);
            let taken = fit(line.width());
            let from = if column.right {
                (x + cells).saturating_sub(taken)
            } else {
                x
            };
            if from + taken <= area.right() {
                canvas.line(from, area.y, taken, &line);
            }
            if let Some(sort) = column.sort {
                let room = area.right().saturating_sub(x);
                let place = Rect::new(x, area.y, cells.min(room), 1);
                canvas.target(place, Target::Column(sort));
            }
            x += cells;
        }
    }

    /// Draws rows, one a line, as far as there is room; on the border around them, where one is in
    /// a list that is longer.
    pub(in crate::tui) fn rows(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        rows: impl Iterator<Item = Row>,
        position: Position,
    ) {
        for (y, row) in (area.y..area.bottom()).zip(rows) {
            let line = Rect::new(area.x, y, area.width, 1);
            self.row(canvas, line, row);
        }
        draw_position(canvas, area, position, self.focused);
    }

    fn row(&self, canvas: &mut Canvas<'_>, area: Rect, row: Row) {
        let theme = canvas.theme;
        let marker = Span::styled(format!("{:<MARKER$}", row.marker), theme.accent);
        let mut spans = vec![marker];
        for (column, cell) in self.columns.iter().zip(row.cells) {
            let taken: usize = cell.iter().map(|span| width(&span.content)).sum();
            let padding = Span::raw(" ".repeat(column.cells.saturating_sub(taken)));
            if column.gap > 0 {
                spans.push(Span::raw(" ".repeat(column.gap)));
            }
            if column.right {
                spans.push(padding);
                spans.extend(cell);
            } else {
                spans.extend(cell);
                spans.push(padding);
            }
        }
        if row.selected && self.focused {
            let taken: usize = spans.iter().map(|span| width(&span.content)).sum();
            let rest = usize::from(area.width).saturating_sub(taken);
            spans.push(Span::raw(" ".repeat(rest)));
            // One ground for the whole row.
            for span in &mut spans[1..] {
                span.style = theme.select(span.style);
            }
        }
        canvas.line(area.x, area.y, area.width, &Line::from(spans));
        canvas.target(area, row.target);
        canvas.drawn.rows += 1;
    }
}

/// Draws on the border around an area where one is in a list that is longer.
pub(in crate::tui) fn draw_position(
    canvas: &mut Canvas<'_>,
    area: Rect,
    position: Position,
    focused: bool,
) {
    if position.count <= position.height {
        return;
    }
    let theme = canvas.theme;
    let style = if focused { theme.accent } else { theme.dim };
    let bar = Scrollbar::new(ScrollbarOrientation::VerticalRight)
        .begin_symbol(None)
        .end_symbol(None)
        .track_symbol(None)
        .thumb_symbol(theme.glyphs.thumb)
        .thumb_style(style);
    let mut state = ScrollbarState::new(position.count.saturating_sub(position.height))
        .position(position.offset)
        .viewport_content_length(position.height);
    let border = Rect {
        width: area.width + 1,
        ..area
    };
    bar.render(border, canvas.buffer, &mut state);
    let text = format!(
        " {}/{} ",
        format::count(position.cursor + 1),
        format::count(position.count)
    );
    let below = Rect {
        y: area.bottom(),
        height: 1,
        ..area
    };
    canvas.line_right(below, &Line::styled(text, Style::reset().patch(theme.dim)));
}

fn fit(cells: usize) -> u16 {
    u16::try_from(cells).unwrap_or(u16::MAX)
}
