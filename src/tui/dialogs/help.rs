//! The keys of a place, and what they do; on a page in groups, with what the symbols mean, so that
//! all of it is seen at once.

use super::filter_guide::FilterGuide;
use crate::tui::{action::Group, prelude::*};
use std::slice;

/// How wide the keys are where they are one list.
const KEYS: usize = 18;

/// The most cells that keys have in a group; more go below each other.
const KEYS_IN_GROUP: usize = 13;

/// Between two columns.
const GAP: usize = 3;

/// The keys of a place.
#[derive(Debug)]
pub(in crate::tui) struct Help {
    /// The place.
    of: Context,
    /// The first line shown.
    scroll: usize,
}

impl Help {
    /// The keys of this place.
    pub(in crate::tui) fn new(of: Context) -> Self {
        Self { of, scroll: 0 }
    }

    /// Whether a filter can be typed in the place.
    fn filters(&self) -> bool {
        keymap::key_of(self.of, Action::Filter).is_some()
    }

    /// What is offered in the place.
    fn bindings(&self, engine: &Engine) -> impl Iterator<Item = &'static keymap::Binding> {
        let read_only = engine.settings.read_only;
        let bindings = keymap::in_context(self.of);
        bindings.filter(move |binding| !(read_only && binding.action.is_change()))
    }

    /// The groups of a page, in as many columns as there is room for, and with as many words.
    fn groups<'a>(&self, canvas: &'a Canvas<'a>) -> Lines<'a> {
        let most = Lines::new(canvas, u16::MAX).cells;
        let height = dialog_room(canvas.buffer.area.height, true);
        let full = self.columns(canvas, true);
        let mut short = self.columns(canvas, false);
        for column in short.iter_mut().filter(|column| column.len() > height) {
            column.retain(|line| line.width() > 0);
        }
        let columns = if width_of(&full) <= most && height_of(&full) <= height {
            full.to_vec()
        } else if width_of(&short) <= most {
            short.to_vec()
        } else {
            vec![short.join(&Line::default())]
        };
        let mut lines = Lines::new(canvas, to_u16(width_of(&columns)));
        for row in side_by_side(columns) {
            lines.push(row);
        }
        lines
    }

    /// Two columns of groups; `full` gives each action a line of its own, and more words.
    fn columns(&self, canvas: &Canvas<'_>, full: bool) -> [Vec<Line<'static>>; 2] {
        let theme = &canvas.theme;
        let group = |group| {
            let mut rows: Vec<(String, &'static str)> = Vec::new();
            for (action, keys) in self.actions(canvas, group) {
                let short = action.in_group().map(|(_, short)| short);
                let text = short.filter(|_| !full).unwrap_or(action.help());
                match rows.last_mut().filter(|(_, last)| *last == text) {
                    Some((before, _)) => before.extend([" ", &keys]),
                    None => rows.push((keys, text)),
                }
            }
            (group.title(), rows)
        };
        let left = column(theme, &[group(Group::Keys), group(Group::Move)]);
        let mut right = column(theme, &[group(Group::View)]);
        right.push(Line::default());
        right.push(Line::styled("Symbols", theme.strong));
        right.extend(side_by_side(self.symbols(theme)));
        [left, right]
    }

    /// What the symbols of the place mean, in two columns.
    fn symbols(&self, theme: &Theme) -> [Vec<Line<'static>>; 2] {
        let glyphs = theme.glyphs;
        let columns = if self.of == Context::Activity {
            [
                vec![
                    (glyphs.done, theme.good, "done"),
                    (glyphs.warn, theme.warn, "not known"),
                ],
                vec![(glyphs.failed, theme.bad, "failed")],
            ]
        } else {
            [
                vec![
                    (glyphs.active, theme.good, "Active"),
                    (glyphs.own, theme.accent, "this session"),
                    (glyphs.turning, theme.accent, "rotating"),
                    ("+", theme.warn, "more keys"),
                ],
                vec![
                    (glyphs.inactive, theme.dim, "Inactive"),
                    (words::REPORTED, Style::new(), "by the report"),
                    ("?", theme.warn, "not known"),
                    (glyphs.loading, theme.dim, "loading"),
                ],
            ]
        };
        columns.map(|symbols| {
            let longest = symbols.iter().map(|(glyph, ..)| width(glyph)).max();
            let cells = longest.unwrap_or(0);
            let line = |(glyph, style, text)| {
                let gap = " ".repeat(cells - width(glyph) + 1);
                Line::from_iter([Span::styled(glyph, style), Span::raw(gap), Span::raw(text)])
            };
            symbols.into_iter().map(line).collect()
        })
    }

    /// The actions of a group in the place, with their keys.
    fn actions(&self, canvas: &Canvas<'_>, group: Group) -> Vec<(Action, String)> {
        let ascii = canvas.settings.ascii;
        let bindings = self.bindings(canvas.engine);
        let bindings = bindings.map(|binding| (binding.action, keys(binding, ascii)));
        let of_group = |action: Action| action.in_group().is_some_and(|(of, _)| of == group);
        let mut actions: Vec<_> = bindings.filter(|(action, _)| of_group(*action)).collect();
        actions.sort();
        actions
    }
}

impl Dialog for Help {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Help
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let accent = canvas.theme.accent;
        let ascii = canvas.settings.ascii;
        let lines = if self.of.is_page() {
            self.groups(canvas)
        } else {
            let mut lines = Lines::new(canvas, 68);
            for binding in self.bindings(canvas.engine) {
                let text = binding.action.help();
                lines.labelled(&keys(binding, ascii), KEYS, accent, text, Style::new());
            }
            lines
        };
        let button = |action, verb| Button::of(Context::Help, action, verb);
        let mut buttons = vec![button(Action::Cancel, "Close")];
        if self.filters() {
            buttons.push(button(Action::FilterGuide, "How to filter"));
        }
        let title = format!("Keys: {}", self.of.title());
        let frame = Frame::new(title, accent, lines).buttons(0, buttons);
        Some(frame.scrolled(self.scroll))
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Cancel, Action::FilterGuide]
    }

    fn act(&mut self, action: Action, _engine: &Engine) -> Vec<Ask> {
        match action {
            Action::FilterGuide if self.filters() => vec![Ask::Open(Box::<FilterGuide>::default())],
            _ => super::cancel(action),
        }
    }

    fn scroll(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.scroll)
    }
}

/// The keys of a line of the table.
fn keys(binding: &keymap::Binding, ascii: bool) -> String {
    let written = |key: &keymap::Key| {
        if ascii {
            format!("{key:#}")
        } else {
            key.to_string()
        }
    };
    let keys = binding.keys.iter().map(written);
    keys.collect::<Vec<String>>().join(" ")
}

/// Groups of keys, with what they do, below each other; without those that are empty here.
fn column(
    theme: &Theme,
    groups: &[(&'static str, Vec<(String, &'static str)>)],
) -> Vec<Line<'static>> {
    let rows = groups.iter().flat_map(|(_, rows)| rows);
    let longest = rows.map(|(keys, _)| width(keys)).max().unwrap_or(0);
    let cells = longest.min(KEYS_IN_GROUP);
    let mut lines = Vec::new();
    for (title, rows) in groups.iter().filter(|(_, rows)| !rows.is_empty()) {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled((*title).to_owned(), theme.strong));
        for (keys, text) in rows {
            let mut text = *text;
            for keys in wrap(keys, cells) {
                let keys = Span::styled(format!("{keys:<cells$}  "), theme.accent);
                lines.push(Line::from_iter([keys, Span::raw(text)]));
                text = "";
            }
        }
    }
    lines
}

/// How wide columns are beside each other.
fn width_of(columns: &[Vec<Line<'_>>]) -> usize {
    let widest = |column: &Vec<Line<'_>>| column.iter().map(Line::width).max().unwrap_or(0);
    columns.iter().map(widest).sum::<usize>() + GAP * columns.len().saturating_sub(1)
}

/// How many lines columns have beside each other.
fn height_of(columns: &[Vec<Line<'_>>]) -> usize {
    columns.iter().map(Vec::len).max().unwrap_or(0)
}

/// The lines of columns beside each other.
fn side_by_side(columns: impl IntoIterator<Item = Vec<Line<'static>>>) -> Vec<Line<'static>> {
    let mut rows: Vec<Line<'static>> = Vec::new();
    let mut from = 0;
    for column in columns {
        let next = from + width_of(slice::from_ref(&column)) + GAP;
        if rows.len() < column.len() {
            rows.resize(column.len(), Line::default());
        }
        for (row, line) in rows.iter_mut().zip(column) {
            if line.width() > 0 {
                row.push_span(" ".repeat(from - row.width()));
                row.extend(line);
            }
        }
        from = next;
    }
    rows
}
