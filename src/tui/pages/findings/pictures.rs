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

/// Draws the grid. Each cell has a shade and the number of its keys; where there is no room for both,
/// the numbers.
pub(super) fn grid(canvas: &mut Canvas<'_>, area: Rect, at: (usize, usize), focused: bool) {
    let theme = canvas.theme;
    let grid = counted(canvas);
    let most = grid.most();
    let cells = (area.width.saturating_sub(NAME + 1) / to_u16(IDLE.len())).clamp(4, 7);
    let room = usize::from(cells);
    let widest = most.to_string().len();
    let (shades, digits) = if widest > room - 2 {
        (None, room - 1)
    } else {
        (Some(theme.glyphs.shades), room - 2)
    };
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
            let shade = shades.map_or("", |shades| shade(shades, count, most));
            // Where nothing is known, nothing is known to be none.
            let number = match count {
                0 if is_unknown => "?".into(),
                count => short(count, digits),
            };
            let mark = if is_at { theme.glyphs.marker } else { " " };
            let number_style = if count == 0 { theme.dim } else { style };
            let mut cell = [
                Span::styled(mark.to_owned(), theme.accent),
                Span::styled(shade.to_owned(), style),
                Span::styled(format!("{number:<digits$}"), number_style),
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

/// A number in so many cells, of which there are three at least: whole where there is room, and
/// otherwise never more than it is.
fn short(count: usize, room: usize) -> String {
    let text = count.to_string();
    if text.len() <= room {
        return text;
    }
    let thousands = format!("{}k", count / 1_000);
    match count {
        ..1_000_000 if thousands.len() <= room => thousands,
        ..1_000_000 => format!(".{}M", count / 100_000),
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
    if plots.len() > 2 && !has_room(inside.width, plots.iter().map(|(_, bars)| needed(bars))) {
        // The grid beside it says the same.
        plots.remove(0);
    }
    let mut x = inside.x;
    let needs: Vec<usize> = plots.iter().map(|(_, bars)| needed(bars)).collect();
    for ((title, bars), cells) in plots.into_iter().zip(shares(inside.width, &needs)) {
        let place = Rect {
            x,
            width: cells,
            ..inside
        };
        plot(canvas, place, title, &bars);
        x += cells;
    }
}

/// A plot as wide as this tells names apart.
const TELLING: usize = 24;

/// Whether plots that need so much have room to be told from each other.
fn has_room(width: u16, needs: impl Iterator<Item = usize>) -> bool {
    needs.map(|need| need.min(TELLING)).sum::<usize>() <= usize::from(width)
}

/// How the width is shared out: evenly, unless the last needs more for its names; then the others keep what
/// they need for their own.
fn shares(width: u16, needs: &[usize]) -> Vec<u16> {
    let even = width / to_u16(needs.len()).max(1);
    let Some((last, others)) = needs.split_last() else {
        return Vec::new();
    };
    let mut shares: Vec<u16> = others
        .iter()
        .map(|need| {
            let missing = to_u16(*last).saturating_sub(even);
            let given = missing.div_ceil(to_u16(others.len()).max(1));
            even.saturating_sub(given).max(to_u16(*need).min(even))
        })
        .collect();
    shares.push(width - shares.iter().sum::<u16>());
    shares
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

/// Cells of a name at least.
const LABEL: usize = 6;
/// Cells around a name, its bar and its number.
const AROUND: usize = 5;
/// Shorter than this no bar tells anything.
const SHORTEST: usize = 4;

/// The cells of the longest name, and of the longest number.
fn longest(bars: &[Bar]) -> (usize, usize) {
    let names = bars.iter().map(|bar| width(&bar.name)).max();
    let numbers = bars.iter().map(|bar| bar.number.len()).max();
    (
        names.unwrap_or_default().max(LABEL),
        numbers.unwrap_or_default(),
    )
}

/// How wide a plot is at least in which each name is whole.
fn needed(bars: &[Bar]) -> usize {
    let (name, number) = longest(bars);
    name + number + AROUND + SHORTEST
}

fn plot(canvas: &mut Canvas<'_>, area: Rect, title: &str, bars: &[Bar]) {
    let theme = canvas.theme;
    let (full, _) = theme.glyphs.bar;
    let (label, numbers) = longest(bars);
    // The name comes first: what the bar says the number says as well.
    let room = usize::from(area.width).saturating_sub(numbers + AROUND);
    let label = label.min(room.saturating_sub(SHORTEST).max(LABEL));
    let room = room.saturating_sub(label);
    let most = bars.iter().map(|bar| bar.count).max();
    let most = most.unwrap_or_default().max(1);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_accounts_get_the_width_that_they_need() {
        assert_eq!(shares(70, &[18, 18]), [35, 35]);
        assert_eq!(shares(70, &[18, 18, 20]), [23, 23, 24]);
        assert_eq!(shares(70, &[18, 18, 30]), [19, 19, 32]);
        // The others keep what they need.
        assert_eq!(shares(70, &[18, 20, 50]), [18, 20, 32]);
        assert!(has_room(70, [17, 17, 40].into_iter()));
        assert!(!has_room(42, [17, 17, 23].into_iter()));
        // Where there is no room for any, each has as much.
        assert_eq!(shares(42, &[18, 18, 30]), [14, 14, 14]);
    }

    #[test]
    fn a_number_without_room_is_never_more_or_none() {
        let cases = [
            (0, "0"),
            (9, "9"),
            (100, "100"),
            (999, "999"),
            (1_000, "1k"),
            (1_999, "1k"),
            (99_999, "99k"),
            (100_000, ".1M"),
            (999_999, ".9M"),
            (1_000_000, "1M"),
        ];
        for (count, expected) in cases {
            assert_eq!(short(count, 3), expected, "{count}");
        }
        assert_eq!(short(1_007, 4), "1007");
        assert_eq!(short(100_000, 4), "100k");
    }
}
