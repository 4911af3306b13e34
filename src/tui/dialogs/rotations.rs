//! Rotations under way: each with its step and what it waits for. Which they are is looked up when the
//! page is opened and when a person asks again; where each stands, with every frame.

use super::Rotate;
use crate::{engine::RotationUnderWay, tui::prelude::*};

/// Lines that are not the list's.
const AROUND: usize = 3;

/// The page of the rotations under way.
#[derive(Debug)]
pub(in crate::tui) struct RotationsPage {
    rows: Vec<RotationUnderWay>,
    /// Those of marked keys stay, whether they are begun or not.
    marked: Vec<RotationUnderWay>,
    /// How many are under way.
    begun: usize,
    at: usize,
}

impl RotationsPage {
    /// The rotations under way, after those of marked keys.
    pub(in crate::tui) fn new(marked: Vec<RotationUnderWay>, engine: &Engine) -> Self {
        let mut page = Self {
            rows: Vec::new(),
            marked,
            begun: 0,
            at: 0,
        };
        page.look(engine);
        page
    }

    fn look(&mut self, engine: &Engine) {
        self.rows.clone_from(&self.marked);
        let under_way = engine.rotations_under_way();
        self.begun = under_way.len();
        for found in under_way {
            if !self.rows.contains(&found) {
                self.rows.push(found);
            }
        }
        self.at = self.at.min(self.rows.len().saturating_sub(1));
    }

    fn open(&self) -> Vec<Ask> {
        let Some(RotationUnderWay { slot, user }) = self.rows.get(self.at) else {
            return Vec::new();
        };
        vec![
            Ask::Open(Box::new(Rotate::new(*slot, user.clone()))),
            Ask::Intend(Intent::Rotate(*slot, user.clone())),
        ]
    }
}

fn row(canvas: &Canvas<'_>, cells: usize, it: &RotationUnderWay, selected: bool) -> Line<'static> {
    let (engine, theme) = (canvas.engine, canvas.theme);
    let more = theme.glyphs.more;
    let rotation = engine.rotation(it.slot, &it.user);
    let account = engine.fleet.get(it.slot);
    let several = engine.fleet.accounts().len() > 1;
    let fit = |text: &str, cells: usize| {
        let text = visible(text);
        let text = shorten(&text, cells, more);
        format!("{text}{}", " ".repeat(cells.saturating_sub(width(&text))))
    };
    let (account_cells, user_cells) = match cells {
        ..66 => (0, 14),
        66..100 if several => (12, 16),
        _ if several => (18, 26),
        _ => (0, 24),
    };
    let marker = if selected { theme.glyphs.marker } else { " " };
    let mut spans = vec![
        Span::styled(format!("{marker:<2}"), theme.accent),
        Span::styled(fit(&it.user, user_cells), theme.strong),
    ];
    if account_cells > 0 {
        let name = account.map_or("", Account::label);
        let production = account.is_some_and(|account| account.identity.is_production());
        let style = if production { theme.bad } else { Style::new() };
        spans.push(Span::raw("  "));
        spans.push(Span::styled(fit(name, account_cells), style));
    }
    let step = format!("  {:<10}  ", rotation.step.title());
    let taken: usize = spans.iter().map(Span::width).sum::<usize>() + width(&step);
    let style = if rotation.blocker.is_some() {
        theme.warn
    } else {
        Style::new()
    };
    spans.push(Span::styled(step, theme.accent));
    let room = cells.saturating_sub(taken);
    spans.push(Span::styled(fit(rotation.waits_for(), room), style));
    if selected {
        for span in &mut spans[1..] {
            span.style = theme.row(true, span.style);
        }
    }
    Line::from(spans)
}

impl Dialog for RotationsPage {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Rotations
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, 110);
        let room = dialog_room(canvas.buffer.area.height, false);
        let room = room.saturating_sub(AROUND).max(1);
        let last = self.rows.len().saturating_sub(room);
        let first = self.at.saturating_sub(room / 2).min(last);
        for (at, it) in self.rows.iter().enumerate().skip(first).take(room) {
            let cells = lines.cells;
            lines.choice(at, cells, row(canvas, cells, it, at == self.at));
        }
        if self.rows.is_empty() {
            lines.text("No rotation is under way, as far as the keys are loaded.");
        }
        let title = "Rotations under way";
        let mut note = format::plural(self.begun, "rotation");
        let others = self.rows.len().saturating_sub(self.begun);
        if others > 0 {
            note = format!("{note} {} {others} not begun", canvas.theme.glyphs.dot);
        }
        Some(Frame::new(title, canvas.theme.accent, lines).note(note))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::ShowItem => self.open(),
            Action::Refresh => {
                self.look(engine);
                Vec::new()
            }
            Action::Back | Action::Cancel => vec![Ask::Close],
            _ => Vec::new(),
        }
    }

    fn step(&mut self, by: isize, _engine: &Engine) {
        let last = self.rows.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
    }

    fn take_row(&mut self, row: usize, _engine: &Engine) -> Vec<Ask> {
        if row == self.at {
            return self.open();
        }
        self.at = row;
        Vec::new()
    }
}
