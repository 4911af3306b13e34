//! The events of a key, of one of its workloads or of a session, the newest first.

use super::document::{Document, What};
use crate::{
    engine::{
        Read,
        impact::{KeyTrail, TrailEvent, Unseen, WorkloadId, verdict},
    },
    tui::prelude::*,
};
use std::sync::Arc;

/// Below this width an event takes two lines.
const WIDE: usize = 66;

/// Which events are listed, and where one is among them.
#[derive(Debug)]
pub(super) struct Events {
    slot: Slot,
    /// The key's ID, or that of a session.
    key: Box<str>,
    /// One workload of it; `None` for all.
    workload: Option<WorkloadId>,
    /// The selected event.
    at: usize,
    /// Which events they are: a region and a place in it, the newest first. They are found anew when
    /// others have come.
    places: Vec<(Arc<str>, usize)>,
    /// How much of the trail that was.
    version: Option<u64>,
}

impl Events {
    /// These events.
    pub(super) fn new(slot: Slot, key: Box<str>, workload: Option<WorkloadId>) -> Self {
        Self {
            slot,
            key,
            workload,
            at: 0,
            places: Vec::new(),
            version: None,
        }
    }

    fn trail<'a>(&self, engine: &'a Engine) -> Option<&'a KeyTrail> {
        engine.fleet.get(self.slot)?.impacts.trail(&self.key)
    }

    fn find(&mut self, engine: &Engine) {
        let trail = self.trail(engine);
        let version = trail.map(KeyTrail::version);
        if version == self.version && version.is_some() {
            return;
        }
        self.version = version;
        let Some(trail) = trail else {
            self.places.clear();
            return;
        };
        let workloads = &trail.workloads;
        let workload = self.workload.as_ref().and_then(|id| workloads.get(id));
        let selected = self.places.get(self.at).and_then(|(region, at)| {
            let event = trail.event(region, *at)?;
            Some(event.id.clone())
        });
        let mut found: Vec<(&Arc<str>, usize, &TrailEvent)> = Vec::new();
        for (name, region) in &trail.regions {
            let events = region.events.iter().enumerate();
            let wanted = events.filter(|(_, event)| match (&self.workload, workload) {
                (None, _) => true,
                (Some(_), Some(workload)) => workloads.is_of(event, workload),
                (Some(_), None) => false,
            });
            found.extend(wanted.map(|(at, event)| (name, at, event)));
        }
        found.sort_by(|a, b| b.2.at.cmp(&a.2.at).then_with(|| a.2.id.cmp(&b.2.id)));
        // Who has looked at one goes on looking at it; at the newest, at what is newest then.
        let again = selected.filter(|_| self.at > 0);
        let again = again.and_then(|id| found.iter().position(|(.., event)| event.id == id));
        let places = found.iter().map(|(name, at, _)| ((*name).clone(), *at));
        self.places = places.collect();
        self.at = again
            .unwrap_or(self.at)
            .min(self.places.len().saturating_sub(1));
    }

    fn event<'a>(&self, engine: &'a Engine, at: usize) -> Option<(&Arc<str>, &'a TrailEvent)> {
        let (region, at) = self.places.get(at)?;
        Some((region, self.trail(engine)?.event(region, *at)?))
    }

    fn show(&self, engine: &Engine, at: usize) -> Vec<Ask> {
        let Some((region, event)) = self.event(engine, at) else {
            return Vec::new();
        };
        let title = format!("{}:{}", visible(&event.service), visible(&event.action));
        let what = What::Event(event.id.clone(), title);
        let read = Read::WholeEvent(region.clone(), event.id.clone());
        let mut asks = Vec::new();
        let account = engine.fleet.get(self.slot);
        let known = account.and_then(|account| account.impacts.event(&event.id));
        if known.is_none_or(|known| known.known().is_none() && !known.is_loading()) {
            asks.push(Ask::Intend(Intent::Ask(self.slot, read)));
        }
        asks.push(Ask::Open(Box::new(Document::new(self.slot, what))));
        asks
    }

    /// Why there is none.
    fn none(&self, trail: &KeyTrail, canvas: &Canvas<'_>) -> String {
        let account = canvas.engine.fleet.get(self.slot);
        let listed = account.is_some_and(|it| it.impacts.regions.known().is_some());
        match (trail.seen(), verdict::as_of(trail, canvas.now)) {
            (Err(Unseen::NotYet), _) => "Not known yet: the regions are being asked.".into(),
            (Err(Unseen::Denied), _) => "Not allowed.".into(),
            (Err(Unseen::Failed), _) => "Not known.".into(),
            (Ok(_), Some(when)) => format!("None was seen {when}."),
            (Ok(_), None) if !trail.is_whole() => {
                "None is seen so far: not everything is known.".into()
            }
            (Ok(_), None) if listed => "No management call in the last 90 days.".into(),
            (Ok(_), None) => {
                let asked: Vec<&str> = trail.regions.keys().map(|name| &**name).collect();
                let asked = asked.join(" and ");
                format!("No management call in the last 90 days in {asked}.")
            }
        }
    }

    fn write_event(&self, lines: &mut Lines<'_>, at: usize, event: &TrailEvent) {
        let theme = lines.theme;
        let selected = at == self.at;
        let mark = if selected { theme.glyphs.marker } else { " " };
        let margin = Span::styled(format!("{mark:<2}"), theme.accent);
        let style = |style| theme.row(selected, style);
        let action = format!("{}:{}", visible(&event.service), visible(&event.action));
        let what = match &event.target {
            Some(target) => format!("{action} {}", visible(target)),
            None => action,
        };
        let source = visible(&event.source).into_owned();
        let more = theme.glyphs.more;
        let time = event.at.format("%m-%d %H:%M:%S").to_string();
        let error = event
            .error
            .as_deref()
            .map(|code| visible(code).into_owned());
        let error = error.unwrap_or_default();
        let error_style = if event.is_denied() {
            theme.bad
        } else {
            theme.warn
        };
        let cells = lines.cells;
        let cell = |text: &str, cells: usize, look| {
            let text = shorten(text, cells, more);
            let pad = " ".repeat(cells.saturating_sub(width(&text)) + 1);
            Span::styled(format!("{text}{pad}"), style(look))
        };
        if cells >= WIDE {
            let (source_cells, error_cells) = if cells >= 96 { (18, 18) } else { (16, 13) };
            let region_cells = if cells >= 96 { 14 } else { 0 };
            let fixed = 2 + 15 + source_cells + 1 + error_cells + 1;
            let region_room = if region_cells > 0 {
                region_cells + 1
            } else {
                0
            };
            let room = cells.saturating_sub(fixed + region_room + 1);
            let mut spans = vec![
                margin,
                cell(&time, 14, theme.dim),
                cell(&what, room, Style::new()),
                cell(&source, source_cells, theme.dim),
            ];
            if region_cells > 0 {
                spans.push(cell(&visible(&event.region), region_cells, theme.dim));
            }
            spans.push(cell(&error, error_cells, error_style));
            lines.choice(at, cells, Line::from(spans));
            return;
        }
        let first = vec![
            margin.clone(),
            cell(&time, 14, theme.dim),
            cell(&what, cells.saturating_sub(18), Style::new()),
        ];
        lines.choice(at, cells, Line::from(first));
        let rest = cells.saturating_sub(2 + 15);
        let mut spans = vec![
            margin,
            cell("", 14, theme.dim),
            cell(&source, rest.saturating_sub(15).min(20), theme.dim),
        ];
        let room = rest.saturating_sub(width(&spans[2].content) + 1);
        spans.push(cell(&error, room, error_style));
        lines.choice(at, cells, Line::from(spans));
    }
}

/// How far the events of a key are loaded, where they are not; empty where they are.
pub(super) fn progress(trail: &KeyTrail, canvas: &Canvas<'_>) -> String {
    let (unanswered, all) = (trail.unanswered(), trail.regions.len());
    if unanswered > 0 && trail.is_asking() {
        let spinner = canvas.spinner();
        let done = all - unanswered;
        return format!("{spinner} asking CloudTrail: {done} of {all} regions");
    }
    if trail.is_asking() {
        return format!("{} the latest of more, asking for older", canvas.spinner());
    }
    match (trail.failed().count(), trail.capped().count()) {
        (0, 0) => String::new(),
        (0, _) => "the latest of more".into(),
        (1, _) => "1 region failed".into(),
        (failed, _) => format!("{failed} regions failed"),
    }
}

impl Dialog for Events {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Events
    }

    fn offers(&self, action: Action, engine: &Engine) -> bool {
        match action {
            Action::ShowItem => !self.places.is_empty(),
            Action::MoreEvents => {
                let trail = self.trail(engine);
                trail.is_some_and(|trail| trail.capped().next().is_some())
            }
            _ => true,
        }
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let theme = canvas.theme;
        let mut lines = Lines::new(canvas, 132);
        let key = visible(&self.key);
        let trail = self.trail(canvas.engine);
        let workload = self.workload.as_ref();
        let workload = workload.and_then(|id| trail?.workloads.get(id));
        let head = match workload {
            Some(workload) => {
                let dot = theme.glyphs.dot;
                format!(
                    "by {} from {}",
                    workload.program.words(dot),
                    workload.from()
                )
            }
            None => "all of its management calls that are loaded".into(),
        };
        lines.dim(head);
        let Some(trail) = trail else {
            lines.text("Not asked in this session: go back, and open it again.");
            return Some(Frame::new(format!("Events of {key}"), theme.accent, lines));
        };
        let rows_each = if lines.cells >= WIDE { 1 } else { 2 };
        let room = dialog_room(canvas.buffer.area.height, false).saturating_sub(2 + 1) / rows_each;
        let room = room.max(1);
        let first = self.at.saturating_sub(room / 2);
        let first = first.min(self.places.len().saturating_sub(room));
        let last = (first + room).min(self.places.len());
        for at in first..last {
            if let Some((_, event)) = self.event(canvas.engine, at) {
                self.write_event(&mut lines, at, event);
            }
        }
        if self.places.is_empty() {
            lines.text(self.none(trail, canvas));
        }
        let progress = progress(trail, canvas);
        if !progress.is_empty() {
            let more = trail.capped().next().is_some() && !trail.is_asking();
            let key = keymap::name(Context::Events, Action::MoreEvents);
            let more = if more {
                format!("; {key} asks for older events")
            } else {
                String::new()
            };
            lines.dim(format!("{progress}{more}"));
        }
        for (region, _, error) in trail.failed().take(1) {
            lines.say(format!("{region}: {}", error.short()), theme.warn);
        }
        let note = match self.places.len() {
            0 => String::new(),
            all => format!("{} of {}", format::count(self.at + 1), format::count(all)),
        };
        Some(Frame::new(format!("Events of {key}"), theme.accent, lines).note(note))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::ShowItem => self.show(engine, self.at),
            Action::MoreEvents => {
                let trail = self.trail(engine);
                if trail.is_some_and(|trail| trail.capped().next().is_some()) {
                    return super::intend(Intent::MoreEvents(self.slot, self.key.clone()));
                }
                vec![Ask::Complain("No older events are known of".into())]
            }
            Action::Back | Action::Cancel => vec![Ask::Close],
            _ => Vec::new(),
        }
    }

    fn follow(&mut self, engine: &Engine) -> bool {
        self.find(engine);
        false
    }

    fn step(&mut self, by: isize, _engine: &Engine) {
        let last = self.places.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
    }

    fn take_row(&mut self, row: usize, engine: &Engine) -> Vec<Ask> {
        if row == self.at {
            return self.show(engine, row);
        }
        self.at = row.min(self.places.len().saturating_sub(1));
        Vec::new()
    }
}
