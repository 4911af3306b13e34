//! The impact of a key: who uses it, what it can do, what would break without it, and what was not
//! looked at. All of it comes from the engine; this holds where the person is in it.

mod power;
mod sections;
mod table;

use super::{
    LeakPage, Rotate,
    document::{Document, What},
    events::Events,
    intend,
};
use crate::{
    engine::{
        Copied, Proposal, READ_ONLY,
        account::Load,
        impact::{
            KeyTrail, Permissions, UserImpact, WorkloadId,
            verdict::{Presence, Subject},
        },
    },
    tui::prelude::*,
};
use chrono::{DateTime, Utc};
use std::ops::Range;

/// From this width on, labels stand beside their texts, and a workload takes one line.
const WIDE: usize = 66;

/// So many workloads are listed: their events tell of all.
const MOST_WORKLOADS: usize = 30;

/// So many sessions are listed of those that may live, and so many at least where there are others.
const MOST_SESSIONS: usize = 8;
const LEAST_SESSIONS: usize = 3;

/// The impact of a key.
#[derive(Debug)]
pub(in crate::tui) struct Impact {
    slot: Slot,
    user: Box<str>,
    key: String,
    /// Where the cursor is among the [`Item`]s.
    at: usize,
    /// The workload that it is on: it stays there while others come.
    on: Option<WorkloadId>,
    /// The first line shown, once a page was turned: until then the cursor is in the middle.
    top: Option<usize>,
    /// A page was turned, and the cursor follows.
    turned: bool,
    /// The lines that were shown last, and how many there are.
    shown: (Range<usize>, usize),
}

/// Something that the cursor stops at.
#[derive(Clone, Debug)]
enum Item {
    /// A workload: its events.
    Workload(WorkloadId),
    /// A session, by its key ID: its events.
    Session(Box<str>),
    /// A policy, by its place among those of the user; the boundary has none.
    Policy(Option<usize>),
    /// A part that is only read.
    Part(Part),
}

/// A part that is only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// That there are no workloads, or how many are left out.
    Use,
    Days,
    Sessions,
    Power,
    Services,
    Owner,
    IfDeactivated,
    NotChecked,
}

impl Impact {
    /// Opens the page, and asks for what is not known.
    pub(in crate::tui) fn open(slot: Slot, user: Box<str>, key: String) -> Vec<Ask> {
        let id = Box::from(&*key);
        let ask = Intent::Impact {
            slot,
            user: user.clone(),
            key: id,
        };
        let dialog = Self {
            slot,
            user,
            key,
            at: 0,
            on: None,
            top: None,
            turned: false,
            shown: (0..0, 0),
        };
        vec![Ask::Open(Box::new(dialog)), Ask::Intend(ask)]
    }

    fn account<'a>(&self, engine: &'a Engine) -> Option<&'a Account> {
        engine.fleet.get(self.slot)
    }

    fn trail<'a>(&self, engine: &'a Engine) -> Option<&'a KeyTrail> {
        self.account(engine)?.impacts.trail(&self.key)
    }

    fn known<'a>(&self, engine: &'a Engine) -> Option<&'a UserImpact> {
        self.account(engine)?.impacts.user(&self.user)
    }

    fn permissions<'a>(&self, engine: &'a Engine) -> Option<&'a Permissions> {
        self.known(engine)?.permissions.known()
    }

    /// The user's row, while it is there.
    fn row<'a>(&self, engine: &'a Engine) -> Option<&'a UserRow> {
        self.account(engine)?.users.get(&self.user)
    }

    fn subject<'a>(&'a self, engine: &'a Engine, now: DateTime<Utc>) -> Option<Subject<'a>> {
        Some(Subject {
            account: self.account(engine)?,
            user: &self.user,
            key: &self.key,
            now,
        })
    }

    /// Whether the key is there.
    fn presence<'a>(&'a self, engine: &'a Engine) -> Presence<'a> {
        let subject = self.subject(engine, engine.now());
        subject.map_or(Presence::Unknown, |subject| subject.presence())
    }

    /// What the cursor stops at, from top to bottom.
    fn items(&self, engine: &Engine) -> Vec<Item> {
        let mut items = Vec::new();
        let trail = self.trail(engine);
        let rows = trail
            .map(|trail| trail.workloads.rows())
            .unwrap_or_default();
        let listed = rows.iter().take(MOST_WORKLOADS);
        items.extend(listed.map(|row| Item::Workload(row.id.clone())));
        if rows.is_empty() || rows.len() > MOST_WORKLOADS {
            items.push(Item::Part(Part::Use));
        }
        if !rows.is_empty() {
            items.push(Item::Part(Part::Days));
        }
        items.push(Item::Part(Part::Sessions));
        if let Some(trail) = trail {
            let listed = listed_sessions(trail, engine.now());
            let sessions = trail.sessions().take(listed);
            items.extend(sessions.map(|session| Item::Session(session.key.into())));
        }
        items.push(Item::Part(Part::Power));
        if let Some(permissions) = self.permissions(engine) {
            let policies = 0..permissions.policies.len();
            items.extend(policies.map(|at| Item::Policy(Some(at))));
            items.extend(permissions.boundary.iter().map(|_| Item::Policy(None)));
        }
        let parts = [
            Part::Services,
            Part::Owner,
            Part::IfDeactivated,
            Part::NotChecked,
        ];
        items.extend(parts.map(Item::Part));
        items
    }

    /// Writes the page, with the cursor on this item. Returns the lines of each item, and those before
    /// which there is a line of air where there is room.
    fn write(&self, lines: &mut Lines<'_>, at: usize) -> (Vec<Range<usize>>, Vec<usize>) {
        let items = self.items(lines.canvas.engine);
        let mut on = Vec::new();
        let mut begins = Vec::new();
        self.write_head(lines);
        for (place, item) in items.iter().enumerate() {
            let from = lines.count(false);
            if matches!(item, Item::Part(part) if *part != Part::Use) {
                begins.push(from);
            }
            self.write_item(lines, place, item, place == at);
            on.push(from..lines.count(false));
        }
        (on, begins)
    }

    /// Does what `Enter` does to an item.
    fn show(&self, engine: &Engine, at: usize) -> Vec<Ask> {
        let slot = self.slot;
        match self.items(engine).get(at) {
            Some(Item::Workload(id)) => {
                let events = Events::new(slot, Box::from(&*self.key), Some(id.clone()));
                vec![Ask::Open(Box::new(events))]
            }
            Some(Item::Session(key)) => vec![
                Ask::Intend(Intent::SessionEvents(slot, key.clone())),
                Ask::Open(Box::new(Events::new(slot, key.clone(), None))),
            ],
            Some(Item::Policy(policy)) => {
                let what = What::Policy(self.user.clone(), *policy);
                vec![Ask::Open(Box::new(Document::new(slot, what)))]
            }
            Some(Item::Part(Part::Use | Part::Days)) => self.list_events(),
            Some(Item::Part(_)) => vec![Ask::Complain("Nothing to open here".into())],
            None => Vec::new(),
        }
    }

    /// Whether `Enter` shows something.
    fn opens(&self, item: &Item, engine: &Engine) -> bool {
        match item {
            Item::Part(Part::Use | Part::Days) => {
                let trail = self.trail(engine);
                trail.is_some_and(|trail| trail.workloads.calls() > 0)
            }
            Item::Part(_) => false,
            Item::Workload(_) | Item::Session(_) | Item::Policy(_) => true,
        }
    }

    /// Puts the cursor on an item.
    fn go_to(&mut self, at: usize, engine: &Engine) {
        self.at = at;
        self.on = match self.items(engine).get(at) {
            Some(Item::Workload(id)) => Some(id.clone()),
            _ => None,
        };
    }

    fn list_events(&self) -> Vec<Ask> {
        let events = Events::new(self.slot, Box::from(&*self.key), None);
        vec![Ask::Open(Box::new(events))]
    }

    /// Proposes a change to the key.
    fn propose(&self, engine: &Engine, change: Change) -> Vec<Ask> {
        if engine.settings.read_only {
            return vec![Ask::Complain(READ_ONLY.into())];
        }
        match self.presence(engine) {
            Presence::Here(_) => {}
            Presence::Gone => {
                return vec![Ask::Complain(format!("{} is not there any more", self.key))];
            }
            Presence::Unknown => {
                let text = format!("The keys of {} are not loaded", self.user);
                return vec![Ask::Complain(text)];
            }
        }
        if let Some(change) = engine.pending_for(self.slot, &self.user, Some(&self.key)) {
            let doing = change.row().doing;
            return vec![Ask::Complain(format!("{doing} is under way"))];
        }
        intend(Intent::Propose(self.slot, Proposal::from(change)))
    }

    /// Whose key it is. Where there is no room for all, the user's name gives way: in production the
    /// account is named.
    fn title(&self, canvas: &Canvas<'_>, room: usize) -> String {
        /// A shorter part of a name says nothing.
        const LEAST: usize = 6;
        let user = visible(&self.user);
        let account = super::confirm::in_production(canvas, self.slot, String::new());
        let left = room.saturating_sub(width(&self.key) + " of ".len() + width(&account));
        if left < LEAST.min(width(&user)) && !account.is_empty() {
            return format!("{}{account}", self.key);
        }
        let user = shorten(&user, left.max(LEAST), canvas.theme.glyphs.more);
        format!("{} of {user}{account}", self.key)
    }

    /// What the key is, for the border: `Active · 412 days old`.
    fn note(&self, canvas: &Canvas<'_>) -> String {
        let row = match self.presence(canvas.engine) {
            Presence::Here(row) => row,
            Presence::Gone => return "not there any more".into(),
            Presence::Unknown => return "not known".into(),
        };
        let dot = canvas.theme.glyphs.dot;
        let status = row.key.status.word();
        match row.key.created {
            // The border has room for the key's ID first.
            _ if canvas.buffer.area.width < 100 => status.to_owned(),
            Some(created) => format!("{status} {dot} {}", format::old(canvas.now - created)),
            None => status.to_owned(),
        }
    }
}

impl Dialog for Impact {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Impact
    }

    fn offers(&self, action: Action, engine: &Engine) -> bool {
        match action {
            Action::ShowItem => {
                let items = self.items(engine);
                let item = items.get(self.at.min(items.len().saturating_sub(1)));
                item.is_some_and(|item| self.opens(item, engine))
            }
            Action::MoreEvents => {
                let trail = self.trail(engine);
                trail.is_some_and(|trail| trail.capped().next().is_some())
            }
            Action::Toggle | Action::Delete | Action::Rotate => {
                matches!(self.presence(engine), Presence::Here(_))
            }
            _ => true,
        }
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let room = dialog_room(canvas.buffer.area.height, false);
        let last = self.items(canvas.engine).len().saturating_sub(1);
        let mut at = self.at.min(last);
        let mut lines = Lines::new(canvas, 140);
        let (mut places, mut begins) = self.write(&mut lines, at);
        if let Some(top) = self.top.filter(|_| self.turned) {
            // On the first item of the page that was turned to; at the end, on the last one.
            let most = lines.count(false).saturating_sub(room);
            let first = places.iter().position(|place| place.start >= top);
            at = match first {
                _ if top == 0 => 0,
                Some(first) if top < most => first,
                _ => last,
            };
            lines = Lines::new(canvas, 140);
            (places, begins) = self.write(&mut lines, at);
        }
        let mut on = places.get(at).cloned().unwrap_or_default();
        if lines.count(false) + begins.len() < room {
            let above = begins.iter().filter(|at| **at <= on.start).count();
            on = on.start + above..on.end + above;
            lines.gaps_before(&begins);
        }
        // The cursor in the middle, as far as there is something on both sides.
        let middle = usize::midpoint(on.start, on.end.saturating_sub(1));
        let scroll = match self.top {
            Some(top) if self.turned => top,
            // It moves no further than the cursor does.
            Some(top) => top.max(on.end.saturating_sub(room)).min(on.start),
            None => middle.saturating_sub(room / 2).min(on.start),
        };
        let note = self.note(canvas);
        // Behind it the frame says which lines are shown, where they are not all.
        let place = if lines.count(false) > room { 14 } else { 0 };
        let border = usize::from(canvas.buffer.area.width).min(lines.cells + 6);
        let title = self.title(canvas, border.saturating_sub(9 + width(&note) + place));
        let frame = Frame::new(title, canvas.theme.accent, lines).note(note);
        Some(frame.scrolled(scroll).cursor(at))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        let (slot, user, key) = (self.slot, self.user.clone(), self.key.clone());
        match action {
            Action::ShowItem => self.show(engine, self.at),
            Action::ListEvents => self.list_events(),
            Action::MoreEvents => {
                let trail = self.trail(engine);
                if trail.is_some_and(|trail| trail.capped().next().is_some()) {
                    return intend(Intent::MoreEvents(slot, key.into()));
                }
                vec![Ask::Complain("No older events are known of".into())]
            }
            Action::Refresh => intend(Intent::RefreshImpact {
                slot,
                user,
                key: key.into(),
            }),
            Action::CopyId => intend(Intent::Copy {
                key,
                what: Copied::KeyId,
            }),
            Action::Toggle => {
                let active = matches!(
                    self.presence(engine),
                    Presence::Here(row) if row.key.status == KeyStatus::Inactive
                );
                self.propose(engine, Change::SetActive { user, key, active })
            }
            Action::Delete => self.propose(engine, Change::Delete { user, key }),
            Action::Leaked => {
                let key = Box::<str>::from(key);
                let (of, id) = (user.clone(), key.clone());
                let beneath = Intent::Impact {
                    slot,
                    user: of,
                    key: id,
                };
                LeakPage::open_over(slot, user, key, beneath)
            }
            Action::Rotate => vec![
                Ask::Open(Box::new(Rotate::new(slot, user.clone()))),
                Ask::Intend(Intent::Rotate(slot, user)),
            ],
            Action::Back | Action::Cancel => {
                vec![Ask::Intend(Intent::LeaveEvents(slot)), Ask::Close]
            }
            _ => Vec::new(),
        }
    }

    /// Stays on a workload while others come before it; at the top, at the top.
    fn follow(&mut self, engine: &Engine) -> bool {
        let items = self.items(engine);
        if self.at > 0
            && let Some(on) = &self.on
        {
            let place = items.iter().position(|item| match item {
                Item::Workload(id) => id == on,
                _ => false,
            });
            self.at = place.unwrap_or(self.at);
        }
        self.at = self.at.min(items.len().saturating_sub(1));
        false
    }

    fn step(&mut self, by: isize, engine: &Engine) {
        if matches!(by, isize::MIN | isize::MAX) {
            self.top = None;
        }
        self.turned = false;
        let last = self.items(engine).len().saturating_sub(1);
        self.go_to(self.at.saturating_add_signed(by).min(last), engine);
    }

    /// The last line of a page is the first of the next.
    fn turn_page(&mut self, on: bool, _engine: &Engine) -> bool {
        let (shown, all) = &self.shown;
        let by = shown.len().saturating_sub(1).max(1);
        let top = match self.top {
            Some(top) if self.turned => top,
            _ => shown.start,
        };
        let most = all.saturating_sub(shown.len());
        let top = if on {
            (top + by).min(most)
        } else {
            top.saturating_sub(by)
        };
        (self.top, self.turned) = (Some(top), true);
        true
    }

    fn drawn(&mut self, drawn: &Drawn, engine: &Engine) {
        self.shown = drawn.lines.clone();
        if self.top.is_some() {
            self.top = Some(drawn.lines.0.start);
        }
        if let Some(at) = drawn.cursor.filter(|_| self.turned) {
            self.go_to(at, engine);
            self.turned = false;
        }
    }

    fn take_row(&mut self, row: usize, engine: &Engine) -> Vec<Ask> {
        if row == self.at {
            return self.show(engine, row);
        }
        self.step(isize::MIN, engine);
        self.step(isize::try_from(row).unwrap_or(0), engine);
        Vec::new()
    }
}

/// How many sessions are listed: those that may live stand first.
fn listed_sessions(trail: &KeyTrail, now: DateTime<Utc>) -> usize {
    let (all, live) = trail.count_sessions(now);
    live.clamp(LEAST_SESSIONS, MOST_SESSIONS).min(all)
}

/// Whether something is being asked for the first time.
fn is_awaited<T>(load: Option<&Load<T>>) -> bool {
    load.is_some_and(|load| load.is_loading() && load.is_awaited())
}
