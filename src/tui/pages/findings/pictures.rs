//! Pictures: how old and how idle keys are, as a grid and as bars, and which accounts have findings.

use super::{cell_style, detail::counted_words, grid as counted, is_all_in, number};
use crate::{
    engine::{
        findings::{AGES, Grid, IDLE},
        fleet::Scope,
    },
    tui::prelude::*,
};

/// Cells of the names of rows.
const NAME: u16 = 7;

/// What the columns are called where there is little room; the last has what remains.
const SHORT: [&str; IDLE.len()] = ["1d", "7d", "45d", "90d", "90+", "never"];

/// How many Active keys the pictures show.
fn active_words(canvas: &Canvas<'_>, grid: &Grid) -> String {
    counted_words(grid.all(), is_all_in(grid, canvas.rows), "Active key")
}

/// Draws the grid. Each cell has a shade and the number of its keys.
pub(super) fn grid(canvas: &mut Canvas<'_>, area: Rect, at: (usize, usize), focused: bool) {
    let theme = canvas.theme;
    let grid = counted(canvas);
    let most = grid.most();
    let cells = (area.width.saturating_sub(NAME + 1) / to_u16(IDLE.len())).clamp(4, 7);
    let room = usize::from(cells);
    // Alone it stands at the top.
    let lines = to_u16(AGES.len()) + 1;
    let mut y = area.bottom().saturating_sub(lines).min(area.y + 2);
    if y > area.y {
        let keys = active_words(canvas, &grid);
        let title = format!(" how old, how idle: {keys}");
        let title = if width(&title) > usize::from(area.width) {
            let number = number(grid.all(), is_all_in(&grid, canvas.rows));
            format!(" Active keys, age/idle: {number}")
        } else {
            title
        };
        let title = Line::styled(title, theme.dim);
        canvas.line(area.x, y - 1, area.width, &title);
    }
    let is_unknown = grid.all() == 0 && !is_all_in(&grid, canvas.rows);
    for (age, (name, _)) in AGES.iter().enumerate() {
        let mut spans = vec![Span::styled(format!("{name:>6} "), theme.dim)];
        for idle in 0..IDLE.len() {
            let count = grid.cell(age, idle);
            let is_at = at == (age, idle) && focused;
            let style = cell_style(&theme, age, idle);
            let shade = shade(theme.glyphs.shades, count, most);
            // Where nothing is known, nothing is known to be none.
            let number = match count {
                0 if is_unknown => "?".into(),
                count => short(count, room - 2),
            };
            let mark = if is_at { theme.glyphs.marker } else { " " };
            let number_style = if count == 0 { theme.dim } else { style };
            let mut cell = [
                Span::styled(mark.to_owned(), theme.accent),
                Span::styled(shade.to_owned(), style),
                Span::styled(format!("{number:<width$}", width = room - 2), number_style),
            ];
            if is_at {
                for span in &mut cell {
                    span.style = theme.select(span.style);
                }
            }
            spans.extend(cell);
            let x = area.x + NAME + cells * to_u16(idle);
            canvas.target(Rect::new(x, y, cells, 1), Target::Cell(age, idle));
        }
        canvas.line(area.x, y, area.width, &Line::from(spans));
        y += 1;
    }
    let mut spans = vec![Span::raw(" ".repeat(usize::from(NAME)))];
    let fits = IDLE.iter().all(|(name, _)| name.len() < room);
    let names = IDLE.iter().zip(SHORT);
    let names = names.map(|((name, _), short)| if fits { name } else { short });
    for name in names {
        spans.push(Span::styled(
            format!(" {name:<width$}", width = room - 1),
            theme.dim,
        ));
    }
    canvas.line(area.x, y, area.width, &Line::from(spans));
}

/// The shade of a cell: the fuller, the darker.
fn shade(shades: [&'static str; 5], count: usize, most: usize) -> &'static str {
    if count == 0 {
        return shades[0];
    }
    // A few keys are to be seen beside many.
    let level = match (count * 100).div_ceil(most.max(1)) {
        ..5 => 1,
        5..20 => 2,
        20..60 => 3,
        _ => 4,
    };
    shades[level]
}

/// A number in so many cells.
fn short(count: usize, room: usize) -> String {
    let text = count.to_string();
    if text.len() <= room {
        return text;
    }
    match count {
        ..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}M", count / 1_000_000),
    }
}

/// Draws bars: keys by age, by idleness, and the accounts with the most findings.
pub(super) fn bars(canvas: &mut Canvas<'_>, area: Rect) {
    let theme = canvas.theme;
    let grid = counted(canvas);
    let is_known = is_all_in(&grid, canvas.rows);
    let is_unknown = grid.all() == 0 && !is_known;
    let keys = active_words(canvas, &grid);
    let title = Line::styled("How old, how idle", theme.strong);
    let inside = canvas.pane(area, title, Line::styled(keys, theme.dim), theme.dim);
    let ages = AGES.iter().enumerate();
    let ages = ages.map(|(at, (name, _))| {
        let style = cell_style(&theme, at, 0);
        Bar::new(name, grid.of_age(at), !is_unknown, style)
    });
    let idle = IDLE.iter().enumerate();
    let idle = idle.map(|(at, (name, _))| {
        let style = cell_style(&theme, 2, at);
        let style = if at < 3 { theme.good } else { style };
        Bar::new(name, grid.of_idle(at), !is_unknown, style)
    });
    let mut plots: Vec<(&str, Vec<Bar>)> =
        vec![("created", ages.collect()), ("last used", idle.collect())];
    if canvas.rows.only().is_none() {
        let mut accounts: Vec<Bar> = canvas
            .rows
            .accounts()
            .map(|account| {
                let name = visible(account.label());
                let one = canvas.engine.fleet.rows(Scope::One(account.session.slot));
                Bar {
                    number: super::count(canvas.engine, one),
                    count: account.findings.found(),
                    style: theme.account(&account.identity),
                    name: name.into_owned(),
                }
            })
            .collect();
        accounts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        accounts.truncate(6);
        plots.push(("findings", accounts));
    }
    let count = to_u16(plots.len());
    let cells = inside.width / count;
    for (at, (title, bars)) in (0..).zip(plots) {
        let place = Rect {
            x: inside.x + at * cells,
            width: cells,
            ..inside
        };
        plot(canvas, place, title, &bars);
    }
}

/// A bar.
struct Bar {
    name: String,
    count: usize,
    /// Its number in words.
    number: String,
    style: Style,
}

impl Bar {
    fn new(name: &str, count: usize, is_certain: bool, style: Style) -> Self {
        Self {
            name: name.to_owned(),
            count,
            number: number(count, is_certain),
            style,
        }
    }
}

fn plot(canvas: &mut Canvas<'_>, area: Rect, title: &str, bars: &[Bar]) {
    let theme = canvas.theme;
    let (full, _) = theme.glyphs.bar;
    let longest = bars.iter().map(|bar| width(&bar.name)).max();
    let label = longest.unwrap_or_default().clamp(6, 10);
    let most = bars.iter().map(|bar| bar.count).max();
    let most = most.unwrap_or_default().max(1);
    let numbers = bars.iter().map(|bar| bar.number.len()).max();
    let numbers = numbers.unwrap_or_default();
    let room = usize::from(area.width).saturating_sub(label + numbers + 5);
    let title = Line::styled(title.to_owned(), theme.dim);
    canvas.line(area.x + 1, area.y, area.width.saturating_sub(2), &title);
    for (y, bar) in (area.y + 1..area.bottom()).zip(bars) {
        let length = (bar.count * room).div_ceil(most);
        let name = shorten_name(&bar.name, label, theme.glyphs.more);
        let padding = " ".repeat(label.saturating_sub(width(&name)));
        let line = Line::from(vec![
            Span::styled(format!(" {padding}{name} "), theme.dim),
            Span::styled(full.repeat(length), bar.style),
            Span::raw(format!(" {}", bar.number)),
        ]);
        canvas.line(area.x, y, area.width.saturating_sub(1), &line);
    }
}
