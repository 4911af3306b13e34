//! The workloads of a key, a row each, and the calls a day as a plot.

use crate::{
    engine::impact::{KeyTrail, Workload},
    tui::prelude::*,
};

/// Below this width, a workload takes several lines.
const WIDE: usize = 100;

/// The cells between the columns.
const AIR: usize = 6;

/// The columns of the table, in cells, each with one of air behind it.
struct Columns {
    program: usize,
    from: usize,
    calls: usize,
    services: usize,
    region: usize,
    last: usize,
    errors: usize,
}

impl Columns {
    fn of(cells: usize) -> Self {
        // Where there is more room, the program has it, and what it calls.
        let services = 13 + cells.saturating_sub(112).min(10);
        let (from, number, region, last, errors) = (23, 6, 12, 11, 9);
        let fixed = 2 + from + number + services + region + last + errors + AIR;
        Self {
            program: cells.saturating_sub(fixed),
            from,
            calls: number,
            services,
            region,
            last,
            errors,
        }
    }
}

/// Writes the heads of the columns.
pub(super) fn head(lines: &mut Lines<'_>) {
    if lines.cells < WIDE {
        return;
    }
    let columns = Columns::of(lines.cells);
    let mut text = String::from("  ");
    let mut cell = |title: &str, cells: usize, right: bool| {
        let title = if right {
            format!("{title:>cells$} ")
        } else {
            format!("{title:<cells$} ")
        };
        text.push_str(&title);
    };
    cell("workload", columns.program, false);
    cell("from", columns.from, false);
    cell("calls", columns.calls, true);
    cell("service", columns.services, false);
    cell("region", columns.region, false);
    cell("last seen", columns.last, false);
    cell("errors", columns.errors, false);
    let line = Line::styled(text.trim_end().to_owned(), lines.theme.dim);
    lines.push(line);
}

/// Writes a workload, which a click chooses.
pub(super) fn row(lines: &mut Lines<'_>, place: usize, workload: &Workload, selected: bool) {
    let theme = lines.theme;
    let (dot, more) = (theme.glyphs.dot, theme.glyphs.more);
    let now = lines.canvas.now;
    let mark = if selected { theme.glyphs.marker } else { " " };
    let margin = Span::styled(format!("{mark:<2}"), theme.accent);
    let style = |look| theme.row(selected, look);
    let program = visible(&workload.program.words(dot)).into_owned();
    let from = visible(&workload.from()).into_owned();
    let note = workload.from_note();
    let list = |counts: Vec<(&str, usize)>, most: usize| {
        let names: Vec<&str> = counts.iter().take(most).map(|(name, _)| *name).collect();
        let rest = if counts.len() > most { more } else { "" };
        visible(&format!("{}{rest}", names.join(", "))).into_owned()
    };
    let services = workload.services.most_first();
    let regions = workload.regions.most_first();
    let errors = match (workload.denied, workload.failed) {
        (0, 0) => String::new(),
        (0, failed) => format!("{} failed", format::count(failed)),
        (denied, _) => format!("{} denied", format::count(denied)),
    };
    let error_look = if workload.denied > 0 {
        theme.warn
    } else {
        theme.dim
    };
    let calls = format::count(workload.calls);
    let age = now - workload.last;
    let recent = age < chrono::TimeDelta::days(1);
    let last_look = if recent { theme.strong } else { Style::new() };
    if lines.cells < WIDE {
        let room = lines.cells - 2;
        let first = Line::from_iter([
            margin.clone(),
            Span::styled(
                shorten(&program, room, more).into_owned(),
                style(theme.strong),
            ),
        ]);
        lines.choice(place, lines.cells, first);
        let mut facts = vec![from];
        facts.extend((!note.is_empty()).then(|| note.to_owned()));
        let noun = if workload.calls == 1 { "call" } else { "calls" };
        facts.push(format!("{calls} {noun}"));
        facts.push(list(services, 2));
        facts.push(list(regions, 1));
        facts.push(format::ago(age));
        facts.extend((!errors.is_empty()).then_some(errors));
        let facts = facts.join(&format!(" {dot} "));
        for part in wrap(&facts, room.saturating_sub(2)) {
            let rest = Line::from_iter([
                margin.clone(),
                Span::styled(format!("  {part}"), style(Style::new())),
            ]);
            lines.choice(place, lines.cells, rest);
        }
        return;
    }
    let columns = Columns::of(lines.cells);
    let mut spans = vec![margin];
    let mut cell = |text: &str, cells: usize, right: bool, look: Style| {
        if cells == 0 {
            return;
        }
        let text = shorten(text, cells, more);
        let pad = " ".repeat(cells - width(&text).min(cells));
        let text = if right {
            format!("{pad}{text} ")
        } else {
            format!("{text}{pad} ")
        };
        spans.push(Span::styled(text, style(look)));
    };
    let with_note = format!("{from}  {note}");
    let from = Some(with_note.trim_end())
        .filter(|text| width(text) <= columns.from)
        .unwrap_or(&from);
    cell(&program, columns.program, false, Style::new());
    cell(from, columns.from, false, Style::new());
    cell(&calls, columns.calls, true, Style::new());
    cell(&list(services, 3), columns.services, false, theme.dim);
    let regions = match regions.len() {
        0 | 1 => list(regions, 1),
        more => format!("{more} regions"),
    };
    cell(&regions, columns.region, false, theme.dim);
    cell(&format::ago(age), columns.last, false, last_look);
    cell(&errors, columns.errors, false, error_look);
    lines.choice(place, lines.cells, Line::from(spans));
}

/// The calls a day, as one line of bars of at most so many cells, and what is below it.
pub(super) fn plot(trail: &KeyTrail, bars: [&str; 8], cells: usize) -> (String, String) {
    let days = trail.workloads.days();
    if days.is_empty() || cells < 12 {
        return Default::default();
    }
    let each = days.len().div_ceil(cells);
    // From the end: the last one is that of today.
    let mut sums: Vec<u32> = days
        .rchunks(each)
        .map(|days| days.iter().copied().fold(0, u32::saturating_add))
        .collect();
    sums.reverse();
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    let bar = |sum: &u32| match *sum {
        0 => " ",
        sum => {
            let level = (u64::from(sum) * 7).div_ceil(u64::from(most));
            bars[usize::try_from(level).unwrap_or(7).min(7)]
        }
    };
    let line: String = sums.iter().map(bar).collect();
    let first = trail.since.format("%b %-d").to_string();
    let gap = sums.len().saturating_sub(first.len() + "today".len());
    (line, format!("{first}{}today", " ".repeat(gap)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_fill_the_line_and_leave_a_program_room() {
        for cells in WIDE..=140 {
            let it = Columns::of(cells);
            let sum = 2 + it.program + it.from + it.calls + it.services + it.region + it.last;
            assert_eq!(sum + it.errors + AIR, cells);
            assert!(it.program >= 18, "{cells}");
        }
    }
}
