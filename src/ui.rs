//! From the state and the time to a screen. Nothing here changes anything, and drawing costs what
//! is visible, not what is loaded.

mod activity;
mod all_keys;
mod dialog;
mod filter_line;
mod footer;
pub mod format;
mod found;
mod header;
mod heading;
mod keys;
pub mod layout;
mod modals;
pub use modals::{details_lines, entry_lines, help_lines, plan_lines};
mod signed_out;
pub mod theme;
mod users;
pub mod words;

use crate::{
    keymap::Context,
    message::Target,
    state::{Stage, State, View, modal::Modal},
    text::{visible, wrap},
};
use chrono::{DateTime, Utc};
use layout::{Layout, SMALLEST};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use theme::Theme;

/// What a frame holds beside its cells.
#[derive(Debug, Default)]
pub struct Drawn {
    /// What can be clicked, the topmost last.
    pub targets: Vec<(Rect, Target)>,
    /// How many dialogs are open on it.
    pub dialogs: usize,
    /// Which scene it shows; see [`State::scene`].
    pub scene: u64,
    /// Which order of the lists it shows; see [`crate::state::users::Users::arrangement`].
    pub arrangement: u64,
    /// The place whose keys count on it: a dialog may ask something else from one to the next.
    pub context: Option<Context>,
    /// How many rows of the list were built, users or entries: what is visible, never all there is.
    pub rows: usize,
}

impl Drawn {
    /// What is at a place of the screen.
    #[must_use]
    pub fn at(&self, column: u16, row: u16) -> Option<&Target> {
        self.targets
            .iter()
            .rev()
            .find(|(area, _)| area.contains((column, row).into()))
            .map(|(_, target)| target)
    }
}

/// What every part of the screen draws with.
struct Canvas<'a> {
    buffer: &'a mut Buffer,
    state: &'a State,
    now: DateTime<Utc>,
    theme: Theme,
    drawn: Drawn,
}

impl Canvas<'_> {
    /// Writes a line; what does not fit is cut off.
    fn line(&mut self, x: u16, y: u16, width: u16, line: &Line<'_>) -> u16 {
        let area = self.buffer.area;
        if y >= area.bottom() || x >= area.right() {
            return x;
        }
        self.buffer
            .set_line(x, y, line, width.min(area.right() - x))
            .0
    }

    /// Writes a line that ends at the right edge of the area.
    fn line_right(&mut self, area: Rect, line: &Line<'_>) {
        let width = u16::try_from(line.width())
            .unwrap_or(u16::MAX)
            .min(area.width);
        self.line(area.right() - width, area.y, width, line);
    }

    /// Notes that something can be clicked.
    fn target(&mut self, area: Rect, target: Target) {
        self.drawn.targets.push((area, target));
    }

    /// The present picture of the spinner.
    fn spinner(&self) -> &'static str {
        let frames = self.theme.glyphs.spinner;
        frames[self.state.spinner % frames.len()]
    }
}

/// Draws the whole screen.
pub fn draw(buffer: &mut Buffer, state: &State, now: DateTime<Utc>) -> Drawn {
    let area = buffer.area;
    let theme = Theme::of(&state.settings);
    let mut canvas = Canvas {
        buffer,
        state,
        now,
        theme,
        drawn: Drawn::default(),
    };
    if (area.width, area.height) != state.size {
        // The terminal has changed between two looks at it; the next frame will fit.
        return canvas.drawn;
    }
    if layout::is_too_small(state.size) {
        too_small(&mut canvas, area);
        return canvas.drawn;
    }
    let layout = Layout::of(state);
    header::draw(&mut canvas, layout.header);
    header::status(&mut canvas, layout.status);
    header::warning(&mut canvas, layout.warning);
    match &state.stage {
        Stage::SignedOut(problem) => {
            signed_out::draw(&mut canvas, layout.body, problem);
        }
        Stage::SigningIn | Stage::Browsing if state.view == View::Activity => {
            activity::draw(&mut canvas, layout.body);
        }
        Stage::SigningIn | Stage::Browsing if state.view == View::Keys => {
            all_keys::draw(&mut canvas, layout.body, layout.filter);
        }
        Stage::SigningIn | Stage::Browsing => {
            if !layout.users.is_empty() {
                users::draw(&mut canvas, layout.users, layout.filter);
            }
            if !layout.keys.is_empty() {
                keys::draw(&mut canvas, layout.keys);
            }
        }
    }
    footer::draw(&mut canvas, layout.footer);
    canvas.drawn.dialogs = state.dialogs().len();
    canvas.drawn.scene = state.scene;
    canvas.drawn.arrangement = state.users.arrangement();
    canvas.drawn.context = Some(state.context());
    for modal in state.dialogs() {
        step_back(&mut canvas);
        // Only the top dialog can be clicked.
        canvas.drawn.targets.clear();
        modals::draw(&mut canvas, area, modal);
    }
    canvas.drawn
}

fn too_small(canvas: &mut Canvas<'_>, area: Rect) {
    let text = format!(
        "terminal too small: {}x{}, needs {}x{}",
        area.width, area.height, SMALLEST.0, SMALLEST.1
    );
    // A secret must not be thought lost because it cannot be seen.
    let held = canvas.state.modals.iter().any(Modal::holds_only_copy);
    let middle = area.y + area.height / 2;
    for (at, text) in (0..).zip(
        crate::text::wrap(&text, usize::from(area.width))
            .into_iter()
            .chain(held.then(|| "a new key's secret is waiting".to_owned())),
    ) {
        canvas.line(area.x, middle + at, area.width, &Line::raw(text));
    }
}

/// Takes everything drawn so far into the background.
fn step_back(canvas: &mut Canvas<'_>) {
    let style = canvas.theme.background;
    for cell in &mut canvas.buffer.content {
        cell.set_style(style);
    }
}

/// Draws a border with a title at the left and a note at the right; returns what is inside.
fn pane(
    canvas: &mut Canvas<'_>,
    area: Rect,
    title: Line<'_>,
    note: Line<'_>,
    style: Style,
) -> Rect {
    use ratatui::widgets::{Block, Widget};
    let block = Block::bordered()
        .border_set(canvas.theme.glyphs.border)
        .border_style(style);
    let inside = block.inner(area);
    block.render(area, canvas.buffer);
    let room = area.width.saturating_sub(4);
    let note_width = u16::try_from(note.width()).unwrap_or(u16::MAX);
    let title_room = if note_width == 0 {
        room
    } else {
        room.saturating_sub(note_width + 3)
    };
    if title.width() > 0 {
        let end = canvas.line(area.x + 2, area.y, title_room, &spaced(title));
        if note_width > 0 && end + note_width + 2 < area.right() {
            let x = area.right() - note_width - 4;
            canvas.line(x, area.y, note_width + 2, &spaced(note));
        }
    }
    inside
}

/// Writes what is said where a list has nothing to show, as far as there is room.
fn paragraphs(canvas: &mut Canvas<'_>, area: Rect, text: Vec<(String, Style)>) {
    let room = usize::from(area.width).saturating_sub(4);
    let mut y = area.y;
    for (text, style) in text {
        for line in wrap(&visible(&text), room) {
            if y < area.bottom() {
                let width = area.width.saturating_sub(3);
                canvas.line(area.x + 2, y, width, &Line::styled(line, style));
                y += 1;
            }
        }
    }
}

/// Puts a space before and after.
fn spaced(mut line: Line<'_>) -> Line<'_> {
    line.spans.insert(0, Span::raw(" "));
    line.spans.push(Span::raw(" "));
    line
}
