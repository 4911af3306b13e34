//! The frame of a dialog: centred, as large as its text, with buttons at the bottom; and the text in
//! it, line by line.

use crate::tui::prelude::*;
use ratatui::widgets::{Clear, Widget as _};
use std::mem;
use unicode_width::UnicodeWidthChar as _;

/// The usual width of the text in a dialog.
pub(in crate::tui) const WIDTH: u16 = 54;

/// What a dialog shows.
pub(in crate::tui) struct Frame {
    title: String,
    border: Style,
    /// How wide the text inside is.
    width: u16,
    rows: Vec<Row>,
    /// The first line shown, where not all fit.
    scroll: usize,
    buttons: Vec<Button>,
    /// Which button is highlighted.
    highlighted: usize,
    /// What is said in the border at the right.
    note: String,
    /// How far it can be scrolled further, by itself: it holds only the lines that it shows.
    inside: usize,
    /// Which row the cursor is on, where it follows the lines that are shown.
    cursor: Option<usize>,
}

/// A button.
pub(in crate::tui) struct Button {
    verb: String,
    /// The key that presses it; empty where none is shown.
    key: String,
    /// Whether it can be pressed now.
    enabled: bool,
}

impl Button {
    /// A button that shows no key.
    pub(in crate::tui) fn plain(verb: &str) -> Self {
        Self {
            verb: verb.into(),
            key: String::new(),
            enabled: true,
        }
    }

    /// A button that shows the key of an action.
    pub(in crate::tui) fn of(context: Context, action: Action, verb: &str) -> Self {
        Self {
            key: keymap::name(context, action),
            ..Self::plain(verb)
        }
    }

    /// Says whether it can be pressed now.
    pub(in crate::tui) fn only_if(self, enabled: bool) -> Self {
        Self { enabled, ..self }
    }
}

/// A line of a dialog.
#[derive(Default)]
pub(in crate::tui) struct Row {
    line: Line<'static>,
    /// What a click on a part of it does: first cell, width, target.
    targets: Vec<(u16, u16, Target)>,
    /// It only divides: the first to go where there is little room.
    divides: bool,
}

impl Row {
    /// Whether it goes where there is too little room.
    fn can_go(&self) -> bool {
        self.divides || self.line.width() == 0
    }
}

impl<T: Into<Line<'static>>> From<T> for Row {
    fn from(line: T) -> Self {
        Self {
            line: line.into(),
            ..Self::default()
        }
    }
}

impl Frame {
    /// A dialog with this text.
    pub(in crate::tui) fn new(title: impl Into<String>, border: Style, lines: Lines<'_>) -> Self {
        Self {
            title: title.into(),
            border,
            width: to_u16(lines.cells),
            rows: lines.rows,
            scroll: 0,
            buttons: Vec::new(),
            highlighted: 0,
            note: String::new(),
            inside: 0,
            cursor: None,
        }
    }

    /// Says on which row the cursor is, which follows the lines that are shown.
    pub(in crate::tui) fn cursor(self, cursor: usize) -> Self {
        Self {
            cursor: Some(cursor),
            ..self
        }
    }

    /// Shows only a part of what it has, and can be scrolled by so many lines.
    pub(in crate::tui) fn scrolled_inside(self, inside: usize) -> Self {
        Self { inside, ..self }
    }

    /// Says something in the border at the right, where there is room beside the title.
    pub(in crate::tui) fn note(self, note: String) -> Self {
        Self { note, ..self }
    }

    /// Gives it buttons; the first leaves things as they are.
    pub(in crate::tui) fn buttons(mut self, highlighted: usize, buttons: Vec<Button>) -> Self {
        self.highlighted = highlighted;
        self.buttons = buttons;
        self
    }

    /// Shows it from this line on.
    pub(in crate::tui) fn scrolled(self, scroll: usize) -> Self {
        Self { scroll, ..self }
    }

    /// Shows it from this line on, with the one button of a text that is only read.
    pub(in crate::tui) fn reading(self, scroll: usize) -> Self {
        let close = Button::of(Context::Reading, Action::Cancel, "Close");
        self.buttons(0, vec![close]).scrolled(scroll)
    }

    /// Draws it over what is there. So many lines at the bottom are left clear.
    pub(in crate::tui) fn draw(mut self, canvas: &mut Canvas<'_>, screen: Rect, below: u16) {
        let buttons = if self.buttons.is_empty() { 0 } else { 2 };
        let room = dialog_room(screen.height, buttons > 0);
        let room = room.saturating_sub(canvas.below.into());
        // A line of air at the top and the bottom, as long as there is room.
        let spare = |lines: usize| room.saturating_sub(lines);
        while spare(self.rows.len()) == 0
            && let Some(at) = self.rows.iter().rposition(Row::can_go)
        {
            self.rows.remove(at);
        }
        let air = u16::from(spare(self.rows.len()) >= 2);
        let visible = self.rows.len().min(room);
        let height = to_u16(visible + buttons + 2) + 2 * air;
        let height = height.min(screen.height);
        let width = (self.width + 6).min(screen.width);
        let x = screen.x + (screen.width - width) / 2;
        let lowest = screen.height.saturating_sub(height + below);
        let y = screen.y + ((screen.height - height) / 2).min(lowest);
        let area = Rect::new(x, y, width, height);
        Clear.render(area, canvas.buffer);
        let title = Line::styled(self.title, canvas.theme.strong);
        let most = self.rows.len() - visible;
        let scroll = self.scroll.min(most);
        let (first, last, all) = (scroll + 1, scroll + visible, self.rows.len());
        let mut note = self.note;
        if most > 0 {
            if !note.is_empty() {
                note.extend([" ", canvas.theme.glyphs.dot, " "]);
            }
            let place = format!("{first}-{last} of {all}");
            note.push_str(&place);
        }
        let note = Line::styled(note, canvas.theme.dim);
        let frame = canvas.theme.frame;
        let inside = canvas.bordered(area, *frame, title, note, self.border);
        canvas.drawn.scroll_limit = most.max(self.inside);
        canvas.drawn.lines = (scroll..scroll + visible, all);
        canvas.drawn.cursor = self.cursor;
        let x = inside.x + 2;
        let mut y = inside.y + air;
        for row in self.rows.into_iter().skip(scroll).take(visible) {
            canvas.line(x, y, self.width, &row.line);
            for (from, cells, target) in row.targets {
                canvas.target(Rect::new(x + from, y, cells, 1), target);
            }
            y += 1;
        }
        if !self.buttons.is_empty() {
            let row = Rect::new(inside.x, y + 1, inside.width, 1);
            draw_buttons(canvas, row, &self.buttons, self.highlighted);
        }
    }
}

fn draw_buttons(canvas: &mut Canvas<'_>, area: Rect, buttons: &[Button], highlighted: usize) {
    let theme = canvas.theme;
    let text = |button: &Button| format!("{} {}", button.verb, button.key);
    let words = buttons.iter().map(|button| width(text(button).trim_end()));
    let words: usize = words.sum();
    // Where there is little room, the buttons are narrower and closer together.
    let wide = words + 7 * buttons.len() <= usize::from(area.width);
    let (side, gap) = if wide { ("  ", 3) } else { (" ", 1) };
    let lines: Vec<Line<'_>> = buttons
        .iter()
        .enumerate()
        .map(|(at, button)| {
            let base = match (at == highlighted, button.enabled) {
                (true, _) => theme.selected,
                (false, true) => theme.strong,
                (false, false) => theme.dim,
            };
            let mut spans = vec![Span::styled(format!("{side}{}", button.verb), base)];
            if !button.key.is_empty() {
                let accent = if at == highlighted {
                    base
                } else {
                    theme.accent
                };
                spans.push(Span::styled(format!(" {}", button.key), accent));
            }
            spans.push(Span::styled(side, base));
            Line::from(spans)
        })
        .collect();
    let total: usize = lines.iter().map(Line::width).sum::<usize>() + gap * (lines.len() - 1);
    let mut x = area.x + area.width.saturating_sub(to_u16(total)) / 2;
    for (at, line) in lines.iter().enumerate() {
        let end = canvas.line(x, area.y, area.right().saturating_sub(x), line);
        canvas.target(Rect::new(x, area.y, end - x, 1), Target::Button(at));
        x = end + to_u16(gap);
    }
}

/// A number of cells; more than a screen has where it does not fit.
pub(in crate::tui) fn to_u16(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// The text of a dialog, from top to bottom.
pub(in crate::tui) struct Lines<'a> {
    /// What it is drawn with.
    pub canvas: &'a Canvas<'a>,
    /// How it looks.
    pub theme: Theme,
    /// How wide it is.
    pub cells: usize,
    /// How wide the columns of its hints are, at least.
    pub column: usize,
    rows: Vec<Row>,
}

impl<'a> Lines<'a> {
    /// No text yet, which will be so wide, if the screen is.
    pub(in crate::tui) fn new(canvas: &'a Canvas<'a>, wide: u16) -> Self {
        let room = canvas.buffer.area.width.saturating_sub(8);
        Self {
            canvas,
            theme: canvas.theme,
            cells: wide.min(room).into(),
            column: 0,
            rows: Vec::new(),
        }
    }

    /// How many lines there are; without those that go where there is little room, if it has to be.
    pub(in crate::tui) fn count(&self, needed: bool) -> usize {
        let rows = self.rows.iter();
        rows.filter(|row| !needed || !row.can_go()).count()
    }

    /// Keeps so many lines, and of those after them the last `room`.
    pub(in crate::tui) fn keep_last(&mut self, from: usize, room: usize) {
        let until = self.rows.len().saturating_sub(room).max(from);
        self.rows.drain(from..until);
    }

    /// Keeps so many lines from this one on.
    pub(in crate::tui) fn keep_window(&mut self, first: usize, room: usize) {
        self.rows.drain(..first.min(self.rows.len()));
        self.rows.truncate(room);
    }

    /// Adds the lines of another text.
    pub(in crate::tui) fn append(&mut self, other: Lines<'_>) {
        self.rows.extend(other.rows);
    }

    /// Adds a line.
    pub(in crate::tui) fn push(&mut self, row: impl Into<Row>) {
        self.rows.push(row.into());
    }

    /// Adds an empty line.
    pub(in crate::tui) fn gap(&mut self) {
        self.push("");
    }

    /// Adds an empty line before each of these lines, which are in order.
    pub(in crate::tui) fn gaps_before(&mut self, lines: &[usize]) {
        for at in lines.iter().rev() {
            self.rows.insert(*at, "".into());
        }
    }

    /// Adds empty lines until there are so many.
    pub(in crate::tui) fn pad(&mut self, until: usize) {
        while self.rows.len() < until {
            self.gap();
        }
    }

    /// Adds a line that only divides.
    pub(in crate::tui) fn divider(&mut self, glyphs: impl Into<String>) {
        self.rows.push(Row {
            divides: true,
            ..Line::styled(glyphs.into(), self.theme.dim).into()
        });
    }

    /// Adds a row that can be chosen, of which so many cells can be clicked.
    pub(in crate::tui) fn choice(&mut self, at: usize, cells: usize, line: impl Into<Row>) {
        self.rows.push(Row {
            targets: vec![(0, to_u16(cells), Target::PaletteRow(at))],
            ..line.into()
        });
    }

    /// Adds a text behind something that is in its first line only, and something else in the others.
    pub(in crate::tui) fn behind(
        &mut self,
        first: impl Into<Line<'static>>,
        others: impl Into<Line<'static>>,
        text: impl AsRef<str>,
        style: Style,
    ) {
        let (mut before, others) = (first.into(), others.into());
        let room = self.cells.saturating_sub(others.width());
        for part in wrap(&visible(text.as_ref()), room) {
            let mut line = mem::replace(&mut before, others.clone());
            line.push_span(Span::styled(part, style));
            self.push(line);
        }
    }

    /// Adds a text behind a label of so many cells.
    pub(in crate::tui) fn labelled(
        &mut self,
        label: &str,
        cells: usize,
        look: Style,
        text: impl AsRef<str>,
        style: Style,
    ) {
        let padded = |label: &str| Span::styled(format!("{label:<cells$}"), look);
        self.behind(padded(label), padded(""), text, style);
    }

    /// Adds a text.
    pub(in crate::tui) fn say(&mut self, text: impl AsRef<str>, style: Style) {
        self.behind("", "", text, style);
    }

    /// Adds a text that looks like nothing else.
    pub(in crate::tui) fn text(&mut self, text: impl AsRef<str>) {
        self.say(text, Style::new());
    }

    /// Adds a text that is said aside.
    pub(in crate::tui) fn dim(&mut self, text: impl AsRef<str>) {
        self.say(text, self.theme.dim);
    }

    /// Adds a text that stands out.
    pub(in crate::tui) fn strong(&mut self, text: impl AsRef<str>) {
        self.say(text, self.theme.strong);
    }

    /// Adds a text behind a mark, which stands out in the margin.
    pub(in crate::tui) fn marked(&mut self, mark: &str, text: impl AsRef<str>, style: Style) {
        self.labelled(mark, width(mark) + 1, style, text, style);
    }

    /// Adds a text that goes on with the one behind a mark above it.
    pub(in crate::tui) fn below(&mut self, text: impl AsRef<str>) {
        self.marked(" ", text, Style::new());
    }

    /// Adds a warning.
    pub(in crate::tui) fn warn(&mut self, text: impl AsRef<str>) {
        self.marked(self.theme.glyphs.warn, text, self.theme.warn);
    }

    /// Adds what is well.
    pub(in crate::tui) fn done(&mut self, text: impl AsRef<str>) {
        self.marked(self.theme.glyphs.done, text, self.theme.good);
    }

    /// Adds what has failed.
    pub(in crate::tui) fn failed(&mut self, text: impl AsRef<str>) {
        self.marked(self.theme.glyphs.failed, text, self.theme.bad);
    }

    /// Adds what is under way.
    pub(in crate::tui) fn waiting(&mut self, text: impl AsRef<str>) {
        self.marked(self.canvas.spinner(), text, self.theme.dim);
    }

    /// Adds a text field.
    pub(in crate::tui) fn field(&mut self, label: &str, input: &Input) {
        let lines = field(self.theme, label, input, self.cells);
        self.rows.extend(lines.into_iter().map(Row::from));
    }

    /// Adds a text field with a note at its right, where that fits beside what is typed.
    pub(in crate::tui) fn field_with_note(&mut self, label: &str, input: &Input, note: &str) {
        let mut field = field(self.theme, label, input, self.cells);
        let note = visible(note);
        if let [line] = &mut field[..]
            && let room = self.cells.saturating_sub(line.width())
            && room > width(&note)
        {
            line.push_span(Span::raw(" ".repeat(room - width(&note))));
            line.push_span(Span::styled(note.into_owned(), self.theme.dim));
        }
        self.rows.extend(field.into_iter().map(Row::from));
    }

    /// Adds keys with what they do, to be pressed or clicked: side by side, and below each
    /// other where they do not fit.
    pub(in crate::tui) fn hints(&mut self, context: Context, actions: &[(Action, &str)]) {
        let mut row = Row::default();
        let mut x = 0;
        for (action, title) in actions {
            let key = keymap::name(context, *action);
            let long = width(&key) + 1 + width(title);
            if x > 0 && x + long > self.cells {
                self.rows.push(mem::take(&mut row));
                x = 0;
            }
            let next = self.column.max(long + 2);
            let pad = " ".repeat(next - long);
            row.line.push_span(Span::styled(key, self.theme.accent));
            row.line.push_span(Span::raw(format!(" {title}{pad}")));
            let target = Target::Action(*action);
            row.targets.push((to_u16(x), to_u16(long), target));
            x += next;
        }
        self.rows.push(row);
    }
}

/// A text field: what is typed, with the cursor in it, whole.
fn field(theme: Theme, label: &str, input: &Input, cells: usize) -> Vec<Line<'static>> {
    /// Stands for the cursor: nothing visible holds it.
    const HERE: char = '\0';
    let value = visible(input.value());
    let at = value.char_indices().nth(input.cursor());
    let (before, after) = value.split_at(at.map_or(value.len(), |(at, _)| at));
    let indent = width(label) + 1;
    let text = format!("{before}{HERE}{after}");
    let mut label = format!("{label} ");
    // The cursor takes a cell.
    let lines = pieces(&text, cells.saturating_sub(indent + 1));
    let lines = lines.into_iter().map(|line| {
        let label = mem::replace(&mut label, " ".repeat(indent));
        let mut spans = vec![Span::styled(label, theme.dim)];
        match line.split_once(HERE) {
            Some((before, after)) => spans.extend([
                Span::styled(before.to_owned(), theme.strong),
                Span::styled(theme.glyphs.cursor, theme.accent),
                Span::styled(after.to_owned(), theme.strong),
            ]),
            None => spans.push(Span::styled(line, theme.strong)),
        }
        Line::from(spans)
    });
    lines.collect()
}

/// Breaks a text anywhere into lines of at most `cells`, and keeps every space in it.
pub(in crate::tui) fn pieces(text: &str, cells: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for c in text.chars() {
        let next = c.width().unwrap_or(0);
        if used + next > cells.max(2) {
            lines.push(String::new());
            used = 0;
        }
        used += next;
        if let Some(line) = lines.last_mut() {
            line.push(c);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::{Colours, Ground};
    use proptest::prelude::*;

    fn theme(ascii: bool) -> Theme {
        Theme::of(ascii, Colours::None, Ground::Dark)
    }

    #[test]
    fn the_cursor_is_where_it_is_also_among_characters_like_it() {
        let input = Input::new("a_b_c".into()).with_cursor(3);
        for (ascii, wanted) in [(true, "Path: a_b__c"), (false, "Path: a_b▏_c")] {
            let rows = field(theme(ascii), "Path:", &input, 40);
            assert_eq!(rows.len(), 1);
            let spans: Vec<&str> = rows[0].spans.iter().map(|s| &*s.content).collect();
            assert_eq!(spans.concat(), wanted);
            assert_eq!(spans[1], "a_b");
        }
    }

    proptest! {
        #[test]
        fn a_text_field_fits_and_shows_all_that_is_typed(
            typed in "[a-z_ 日/.]{0,200}", at in 0usize..220, cells in 20usize..80
        ) {
            let input = Input::new(typed.clone()).with_cursor(at);
            let rows = field(theme(false), "Path:", &input, cells);
            let mut shown = String::new();
            for row in &rows {
                prop_assert!(row.width() <= cells);
                shown.extend(row.spans[1..].iter().map(|span| &*span.content));
            }
            prop_assert_eq!(shown.replace('▏', ""), typed);
        }
    }
}
