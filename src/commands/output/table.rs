//! A table for people: as wide as what is in it, and nothing cut off.

use super::{Looks, value::Column};
use crate::engine::text::{visible, width};

/// What stands between a column and the next.
const GAP: &str = "  ";

/// The table; nothing where there is no row.
pub(super) fn of<R>(columns: &[&'static Column<R>], rows: &[R], looks: Looks) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let cells = columns.iter().map(|column| {
                let words = column.told(row);
                visible(&words).into_owned()
            });
            cells.collect()
        })
        .collect();
    let titles: Vec<String> = columns.iter().map(|it| it.title.to_owned()).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            let all = std::iter::once(&titles).chain(&cells);
            all.map(|row| width(&row[at])).max().unwrap_or(0)
        })
        .collect();
    let line = |row: &[String]| {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            if at > 0 {
                line.push_str(GAP);
            }
            let pad = " ".repeat(widths[at].saturating_sub(width(cell)));
            if columns[at].is_right {
                line += &pad;
                line += cell;
            } else {
                line += cell;
                line += &pad;
            }
        }
        line.truncate(line.trim_end().len());
        line
    };
    let mut text = looks.strong(&line(&titles));
    text.push('\n');
    for row in &cells {
        let is_inactive = row.iter().any(|cell| cell == "Inactive");
        let row = line(row);
        text += &if is_inactive { looks.dim(&row) } else { row };
        text.push('\n');
    }
    text
}
